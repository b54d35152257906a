"""Every task of the project as one session: `nox -s docs` is the main job, `nox -s tests` its tests.

Packages come from `constraints.txt`, which `nox -s lock` writes, so that every machine builds
the same site.  uv makes the environments when it is installed, virtualenv when it is not.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["docs", "tests", "lint", "types"]

PROJECT = nox.project.load_toml("pyproject.toml")
QUIET = {"NO_MKDOCS_2_WARNING": "1"}  # Material's notice on MkDocs 2, which we do not use
GROUPS = ("docs", "tests", "browser", "lint", "types", "publish")


def install(session: nox.Session, group: str) -> None:
    """Install one dependency group and the project itself, at the locked versions.

    The project comes without dependencies, second: a locked file has hashes, and no hash
    can be given for a directory.
    """
    needed = [*PROJECT["project"]["dependencies"], *nox.project.dependency_groups(PROJECT, group)]
    session.install("-c", "constraints.txt", *needed)
    session.install("--no-deps", "-e", ".")


def site_environment(session: nox.Session) -> dict[str, str]:
    """Variables of a build: its date is that of the commit, so that two builds of one commit are the same, byte by byte."""
    if "SOURCE_DATE_EPOCH" in os.environ:
        return QUIET
    asked = session.run("git", "log", "-1", "--format=%ct", external=True, silent=True, success_codes=[0, 128])
    date = str(asked).strip()
    return QUIET | ({"SOURCE_DATE_EPOCH": date} if date.isdigit() else {})


@nox.session
def docs(session: nox.Session) -> None:
    """Derive, prove and publish: build the site into site/, strictly."""
    install(session, "docs")
    session.run("mkdocs", "build", "--strict", *session.posargs, env=site_environment(session))


@nox.session(default=False)
def same(session: nox.Session) -> None:
    """Build the site anew and compare it with site/, byte by byte; `-- from-nothing` proves everything anew as well."""
    install(session, "docs")
    other = session.create_tmp()
    environment = site_environment(session)
    if "from-nothing" in session.posargs:
        environment |= {"GRADPROOF_CACHE": f"{other}/cache"}
        if shutil.which("coqc"):  # the site shows what Coq says
            session.run("python", "-m", "gradproof.formal", env=environment, success_codes=[0, 1])
    session.run("mkdocs", "build", "--strict", "--site-dir", f"{other}/site", env=environment)
    session.run("diff", "--recursive", "--brief", "site", f"{other}/site", external=True)


@nox.session(default=False)
def publish(session: nox.Session) -> None:
    """Put the site beside its other versions on the branch gh-pages: `-- dev`, or `-- --push 0.2 latest`."""
    install(session, "docs")
    session.install("-c", "constraints.txt", *nox.project.dependency_groups(PROJECT, "publish"))
    built = site_environment(session) | {"VERSIONS_BY": "mike"}
    session.run("mike", "deploy", "--update-aliases", *session.posargs, env=built)
    push = [argument for argument in session.posargs if argument == "--push"]
    versions = str(session.run("mike", "list", silent=True))
    first = "latest" if "[latest]" in versions else session.posargs[-1]
    session.run("mike", "set-default", *push, first)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests on all cores; arguments go to pytest."""
    install(session, "tests")
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session(default=False)
def browser(session: nox.Session) -> None:
    """Use the site that `nox -s docs` built, in Chromium: pages, figures, the live page; arguments go to pytest.

    Chromium is the system's (`apt-get install chromium`, or the variable CHROMIUM): Playwright fetches none.
    """
    install(session, "browser")
    session.run("pytest", "-n", "auto", "--confcutdir", "tests/browser", "tests/browser", *session.posargs)


@nox.session(default=False)
def formal(session: nox.Session) -> None:
    """Give every certificate to Coq's kernel, at first some minutes (`-- backprop` for a group; `-- --help`).

    Coq, Coquelicot and Interval are the system's: what is absent is named, with how to get it, and nothing is installed.
    """
    evidence = PROJECT["project"]["optional-dependencies"]["evidence"]  # as in `docs`, so that both keep one result
    session.install("-c", "constraints.txt", *PROJECT["project"]["dependencies"], *evidence)
    session.install("--no-deps", "-e", ".")
    session.run("python", "-m", "gradproof.formal", *session.posargs)


@nox.session(default=False)
def random(session: nox.Session) -> None:
    """Examine 5,000 random losses, about two hours (`-- 200` for fewer); a run that was stopped goes on."""
    install(session, "tests")
    session.run("python", "tests/random_session.py", *session.posargs)


@nox.session(default=False, venv_backend="virtualenv")
def oracles(session: nox.Session) -> None:
    """Compare every gradient with JAX's and PyTorch's automatic differentiation, some minutes.

    With `-- --write`, put the two on trial besides, and write what the site tells of them: docs/data/oracles.json.

    uv would choose PyTorch's build for CUDA, which is larger by gigabytes; pip's is one for the CPU.
    """
    install(session, "tests")
    session.install("torch==2.13.0")
    every = {"GRADPROOF_ORACLES": "all"}
    asked = [argument for argument in session.posargs if argument != "--write"]
    session.run("pytest", "-n", "auto", "tests/test_autodiff.py", "tests/test_kinks.py", *asked, env=every)
    if "--write" in session.posargs:
        session.run("python", "-m", "gradproof.trials.oracles", "docs/data/oracles.json")


@nox.session(default=False, venv_backend="virtualenv")
def speed(session: nox.Session) -> None:
    """Time generated code beside hand-written NumPy and other libraries, ten minutes in which nothing else should run.

    With `-- --write`, write what the site shows of it: docs/data/speed.json.  virtualenv is for PyTorch, as in `oracles`.
    """
    locked = [*PROJECT["project"]["dependencies"], "numpy>=2", *nox.project.dependency_groups(PROJECT, "oracles")]
    session.install("-c", "constraints.txt", *locked)
    session.install(*nox.project.dependency_groups(PROJECT, "speed"))
    session.install("--no-deps", "-e", ".")
    session.run("python", "benchmarks/speed.py", *session.posargs)


@nox.session
def serve(session: nox.Session) -> None:
    """Show the site on localhost and rebuild it at each change."""
    install(session, "docs")
    session.run("mkdocs", "serve", "--no-strict", *session.posargs, env=QUIET)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting; `nox -s lint -- --fix` mends what can be mended."""
    session.install("-c", "constraints.txt", *nox.project.dependency_groups(PROJECT, "lint"))
    fix = "--fix" in session.posargs
    session.run("ruff", "check", *(["--fix"] if fix else []))
    session.run("ruff", "format", *([] if fix else ["--check"]))


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of the library, the tools and this file, strictly."""
    install(session, "types")
    session.run("mypy")


@nox.session(default=False)
def lock(session: nox.Session) -> None:
    """Write constraints.txt anew from pyproject.toml (`-- --upgrade` for newer versions)."""
    session.install("uv")
    groups = [argument for group in GROUPS for argument in ("--group", group)]
    session.run(
        *("uv", "pip", "compile", "pyproject.toml", "--all-extras", *groups),
        *("--universal", "--generate-hashes", "--no-header", "--quiet", "-o", "constraints.txt"),
        *session.posargs,
    )
    if re.search(r"\w+://", Path("constraints.txt").read_text()):
        session.error("constraints.txt names an address: compile it without extra indexes")
