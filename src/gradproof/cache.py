"""Results kept on disk, named by the content of what made them.

A page of the site derives and proves its formulas while it is built.  What has not changed need
not be proved again: a result is stored under a digest of the engine, of the claim's own source
and of the versions beneath them.  Nothing here imports SymPy, so that a build without a change
does not either.

Claims share their modules, so a module's digest would be too coarse.  `claim_digest` takes the
claim's function and whatever module-level names it uses, and what those use, and so on; another
claim in the same file may change without disturbing it.

"""

from __future__ import annotations

import ast
import hashlib
import logging
import os
import platform
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import ParamSpec

__all__ = [
    "claim_digest",
    "digest",
    "drawing_digest",
    "engine_digest",
    "find",
    "formal_digest",
    "group_digest",
    "is_kept",
    "keep",
    "place",
    "remember",
    "sources_digest",
    "trials_digest",
]

log = logging.getLogger(__name__)

PACKAGE = Path(__file__).parent
SOURCES = PACKAGE / "sources"
FIGURES = PACKAGE / "figures"
REFERENCE = PACKAGE / "reference"
TRIALS = PACKAGE / "trials"
FORMAL = PACKAGE / "formal"
HOME = "gradproof.sources."
#: Where there is bytecode only, as in a reader's browser, content has no name, and nothing is kept.
NAMED = (PACKAGE / "cache.py").is_file()
BENEATH = ("sympy", "mpmath", "lark", "python-flint", "numpy")  # what a result may rest on, beside our own code


P = ParamSpec("P")


def _of_sources(name: Callable[P, str]) -> Callable[P, str]:
    """What names content by reading our own sources; where there are none, all have one name."""
    return name if NAMED else lambda *_, **__: ""


def digest(*parts: str) -> str:
    """Name content: one digest of all parts, in their order."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def remember(key: str, make: Callable[[], str]) -> str:
    """Return what is stored under `key`; if nothing is, or it is damaged, make it and store it."""
    if not NAMED:
        return make()
    path = place(key)
    found = _read(path)
    if found is None:
        found = make()
        _write(path, found)
    return found


def is_kept(key: str) -> bool:
    """Whether something is stored under `key`."""
    return place(key).exists()


def find(key: str) -> str | None:
    """Return what is stored under `key`, where nobody here could make it."""
    return _read(place(key)) if NAMED else None


def keep(key: str, text: str) -> None:
    """Store a text under `key`, in the place of what was there."""
    if NAMED:
        _write(place(key), text)


def place(key: str) -> Path:
    """Where what `key` names is stored."""
    return Path(os.environ.get("GRADPROOF_CACHE", ".cache/gradproof")) / key[:2] / key[2:]


def _read(path: Path) -> str | None:
    try:
        seal, _, text = path.read_bytes().decode(errors="replace").partition("\n")
    except OSError:
        return None
    if seal == digest(text):
        return text
    log.warning("a kept result was damaged, and is made again: %s", path)
    return None


def _write(path: Path, text: str) -> None:
    """Write at once or not at all: another build may be reading."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(f"{digest(text)}\n{text}".encode())
    Path(file.name).replace(path)


@cache
@_of_sources
def engine_digest() -> str:
    """Name everything that could change a result, save sources, figures, the reference, trials and certificates: our code, and what lies beneath it."""
    files = [p for p in sorted(PACKAGE.rglob("*.py")) if p.parent not in (SOURCES, FIGURES, REFERENCE, TRIALS, FORMAL)]
    files += sorted(PACKAGE.glob("katex/*.js")) + sorted(PACKAGE.glob("reading/*.lark"))
    code = [part for path in files for part in (path.relative_to(PACKAGE).as_posix(), path.read_text("utf-8"))]
    return digest(platform.python_version(), *map(_version, BENEATH), *code)


def _version(package: str) -> str:
    """Tell an absent package from every present one: evidence that is missing may appear."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} absent"


@cache
@_of_sources
def sources_digest() -> str:
    """Name all sources together, for what may use any of them."""
    return digest(*(path.read_text("utf-8") for path in sorted(SOURCES.glob("*.py"))))


@cache
@_of_sources
def drawing_digest() -> str:
    """Name the code that draws into the pages of claims and entries; the other figures are no part of these."""
    return digest(*((FIGURES / f"{name}.py").read_text("utf-8") for name in ("drawing", "numerals", "precision")))


@cache
@_of_sources
def trials_digest() -> str:
    """Name the code that puts checkers on trial; what only shows what was found is no part of it."""
    files = (
        path for path in sorted(TRIALS.glob("*.py")) if path.stem not in ("__init__", "gathering", "oracles", "tables")
    )
    return digest(*(path.read_text("utf-8") for path in files))


@cache
@_of_sources
def formal_digest() -> str:
    """Name the code that makes certificates; what gives them to Coq, and shows what it says, is no part of it."""
    beside = ("__main__", "axioms", "coqc", "emission", "own", "published", "report", "runner", "shown", "vernacular")
    files = [path for path in sorted(FORMAL.glob("*.py")) if path.stem not in beside]
    return digest(*(path.read_text("utf-8") for path in (*files, *sorted(FORMAL.glob("*.lark")))))


@cache
@_of_sources
def group_digest(group: str) -> str:
    """Name one group of the reference: the engine, the group's module and what the groups share."""
    files = (REFERENCE / f"{name}.py" for name in ("__init__", "entry", "letters", group))
    return digest(engine_digest(), *(path.read_text("utf-8") for path in files))


@_of_sources
def claim_digest(module: str, function: str) -> str:
    """Name one claim: the engine, and the part of `sources/<module>.py` that `function` reaches.

    To parse the module takes longer than all else here, so that the answer is itself kept.
    """

    def find() -> str:
        return digest(engine_digest(), module, function, *sorted(_reached(module, {function})))

    return remember(digest("reached", engine_digest(), sources_digest(), module, function), find)


@dataclass(frozen=True)
class _Statement:
    """One statement of a module: its text, the names it uses, and what it imports from other sources."""

    text: str
    loads: frozenset[str]
    siblings: tuple[tuple[str, frozenset[str] | None], ...]


def _reached(module: str, names: Iterable[str]) -> set[str]:
    """Return the statements of `module` that decide the value of `names`, each as text."""
    bindings, always = _statements(module)
    statements = set(always)
    todo, seen = set(names).union(*(statement.loads for statement in always)), set[str]()
    while todo:
        name = todo.pop()
        seen.add(name)
        for statement in bindings.get(name, ()):
            statements.add(statement)
            todo |= statement.loads - seen
    reached = {statement.text for statement in statements}
    for statement in statements:
        for sibling, wanted in statement.siblings:
            reached |= _reached(sibling, _statements(sibling)[0] if wanted is None else wanted)
    return reached


@cache
def _statements(module: str) -> tuple[dict[str, list[_Statement]], list[_Statement]]:
    """Index a module's statements by the names they bind; those that bind none count for every name."""
    bindings: dict[str, list[_Statement]] = {}
    always: list[_Statement] = []
    for node in ast.parse((SOURCES / f"{module}.py").read_text("utf-8")).body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # a docstring decides nothing
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        statement = _Statement(ast.dump(node), frozenset(names), tuple(_siblings(node)))
        bound = set(_bound(node))
        for name in bound:
            bindings.setdefault(name, []).append(statement)
        if not bound:
            always.append(statement)
    return bindings, always


def _bound(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in names)
        case _:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    yield node.id


def _siblings(statement: ast.stmt) -> Iterator[tuple[str, frozenset[str] | None]]:
    """Yield each module of `sources` that is imported in a statement, with the names taken (None: all)."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Import):
            yield from ((alias.name[len(HOME) :], None) for alias in node.names if alias.name.startswith(HOME))
        elif isinstance(node, ast.ImportFrom):
            origin = f"{HOME if node.level else ''}{node.module or ''}."
            taken = frozenset(alias.name for alias in node.names)
            if module := origin.removeprefix(HOME).rstrip(".") if origin.startswith(HOME) else "":
                yield module, taken
            elif origin.rstrip(".") == HOME.rstrip("."):
                yield from ((name, None) for name in sorted(taken) if (SOURCES / f"{name}.py").exists())
