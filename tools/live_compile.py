"""Python sources as bytecode without docstrings.  Runs inside Pyodide, whose own Python makes what it will load.

Assertions stay: SymPy catches some of them.  A file loses its docstrings, which are half of SymPy; what needs one
fails loudly, since it is then None.
"""

from __future__ import annotations

import ast
import gc
import importlib.util
import io
import marshal
import zipfile
from collections.abc import Mapping
from pathlib import Path

__all__ = ["archive", "bytecode", "compiled", "undocumented"]

_UNCHECKED = (1).to_bytes(4, "little") + bytes(8)  # named by a digest of the source, which nothing compares
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def undocumented(source: bytes, name: str) -> ast.Module:
    """The syntax tree of a file, its docstrings struck out."""
    tree = ast.parse(source, name)
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            first, *rest = node.body
            node.body = rest or [ast.copy_location(ast.Pass(), first)]
    return tree


def bytecode(source: bytes, name: str) -> bytes:
    """What Python keeps of a file after its first import; equal sources give equal bytes."""
    code = compile(undocumented(source, name), name, "exec", dont_inherit=True, optimize=0)
    return importlib.util.MAGIC_NUMBER + _UNCHECKED + marshal.dumps(code)


def compiled(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same files, every .py a .pyc in its place."""
    gc.disable()  # thousands of short-lived trees
    try:
        return {
            f"{name}c" if name.endswith(".py") else name: bytecode(content, name) if name.endswith(".py") else content
            for name, content in sorted(files.items())
        }
    finally:
        gc.enable()


def archive(files: Mapping[str, bytes]) -> bytes:
    """A zip file of them, in the order of their names, without dates; not compressed, since all of it will be at once."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archived:
        for name in sorted(files):
            archived.writestr(zipfile.ZipInfo(name), files[name])
    return made.getvalue()


def main(source: str, target: str, form: str) -> None:
    """Compile an archive of sources into one of bytecode, "plain" or compressed by "zstd"."""
    with zipfile.ZipFile(source) as given:
        made = archive(compiled({name: given.read(name) for name in given.namelist()}))
    if form == "zstd":
        from compression import zstd  # Pyodide's Python has it, and makes the same bytes on every machine

        made = zstd.compress(made, 22)
    Path(target).write_bytes(made)
