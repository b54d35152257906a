"""Lines of NumPy: sizes taken from shapes, named quantities, what is used twice, and the result."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sympy as sp

from gradproof.forms.arrays import Known
from gradproof.forms.numpy_out import Numpy
from gradproof.forms.python_nodes import safe_name
from gradproof.forms.walk import Value, Walk
from gradproof.inverse import arrays_in
from gradproof.lines import head, index_range
from gradproof.notation import read

__all__ = ["RESULT", "source_lines"]

RESULT = "gradient"
_LONG = 20  # characters of an expression that gets a name where it is used twice
_NAMES = "rstuvpqgh"

Spans = Mapping[sp.Basic, tuple[sp.Expr, sp.Expr]]


def source_lines(
    body: sp.Expr, indices: Sequence[sp.Basic], spans: Spans, notation: Numpy, definitions: Sequence[sp.Eq]
) -> str:
    """Source for the array whose entry at `indices` is `body`.  Raises NoFormError where there is none."""
    lines: list[tuple[str, ast.expr]] = []
    known = notation.known
    for d in _used(body, definitions):
        own = {i: s for i in getattr(d.lhs, "indices", ()) if (s := index_range(i)) is not None}
        lines.append((safe_name(str(head(d.lhs))), _expression(read(d.rhs), tuple(own), own, notation)))
    taken = {safe_name(n) for n in known} | {n for n, _ in lines} | {safe_name(s.name) for s in body.free_symbols}
    taken |= {n.id for _, e in lines for n in ast.walk(e) if isinstance(n, ast.Name)}
    lines.append((RESULT, _expression(body, tuple(indices), spans, notation)))
    lines = _shared(lines, taken)
    sizes = _size_lines(lines, known, {n for n, _ in lines})
    return "\n".join([*sizes, *(f"{name} = {ast.unparse(e)}" for name, e in lines)])


def _expression(body: sp.Expr, indices: tuple[sp.Basic, ...], spans: Spans, notation: Numpy) -> ast.expr:
    walk = Walk(notation, spans)
    value: Value = walk.value(body)
    return notation.finished(value, indices)


def _used(body: sp.Expr, definitions: Sequence[sp.Eq]) -> list[sp.Eq]:
    """The definitions that an expression needs, in their order."""
    needed: set[sp.Basic] = set()
    for d in reversed(definitions):
        used = [body, *(other.rhs for other in definitions if head(other.lhs) in needed)]
        if any(head(d.lhs) in arrays_in(e) | e.free_symbols for e in used):
            needed.add(head(d.lhs))
    return [d for d in definitions if head(d.lhs) in needed]


# -- what is used twice -----------------------------------------------------------------------
def _shared(lines: Sequence[tuple[str, ast.expr]], taken: set[str]) -> list[tuple[str, ast.expr]]:
    """A name for each long expression that the lines use twice, in a line before the first that uses it."""
    found = list(lines)
    free = (n for n in [*_NAMES, *(f"t{k}" for k in range(99))] if n not in taken)
    while True:
        counts: dict[str, int] = {}
        for _, e in found:
            for node in _parts(e):
                text = ast.unparse(node)
                counts[text] = counts.get(text, 0) + 1
        repeated = [t for t, n in counts.items() if n > 1 and ("@" in t or "linalg" in t or len(t) >= _LONG)]
        if not repeated:
            return found
        text = max(repeated, key=len)
        first = next(n for n, (_, e) in enumerate(found) if any(ast.unparse(p) == text for p in _parts(e)))
        whole = ast.unparse(found[first][1]) == text  # the line that defines it has a name already
        name = found[first][0] if whole else next(free)
        swap = _Swap(text, name)
        found = [(n, e if whole and k == first else swap.put(e)) for k, (n, e) in enumerate(found)]
        if not whole:
            found.insert(first, (name, ast.parse(text, mode="eval").body))


def _parts(e: ast.AST) -> Iterator[ast.expr]:
    """The expressions inside that have a value of their own."""
    for node in ast.walk(e):
        if isinstance(node, (ast.BinOp, ast.Call)):
            yield node


class _Swap(ast.NodeTransformer):
    """Puts a name for each expression that reads as `text`."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name

    def put(self, e: ast.expr) -> ast.expr:
        """The expression with the name in it."""
        found: ast.expr = self.visit(e)
        return found

    def visit(self, node: ast.AST) -> Any:
        """See `ast.NodeTransformer`."""
        if isinstance(node, (ast.BinOp, ast.Call)) and ast.unparse(node) == self.text:
            return ast.Name(self.name, ast.Load())
        return self.generic_visit(node)


# -- sizes --------------------------------------------------------------------------------------
def _size_lines(lines: Sequence[tuple[str, ast.expr]], known: Mapping[str, Known], defined: set[str]) -> list[str]:
    """Lines that take the sizes from the arrays' shapes: n, d = X.shape, or n = len(y)."""
    used = [n.id for _, e in lines for n in ast.walk(e) if isinstance(n, ast.Name)]
    arrays = {safe_name(n): k for n, k in known.items() if k.axes and safe_name(n) not in defined}
    given = sorted(arrays, key=lambda n: n not in used)  # arrays that the lines use come first
    sizes = {s for k in known.values() for size in k.shape for s in size.free_symbols}
    wanted = [s for s in sorted(sizes, key=str) if safe_name(s.name) in used]
    found: list[str] = []
    for name in given:
        shape = arrays[name].shape
        if len(shape) > 1 and set(shape) <= set(wanted) and len(set(shape)) == len(shape):
            found.append(f"{', '.join(safe_name(s.name) for s in shape)} = {name}.shape")
            wanted = [s for s in wanted if s not in shape]
    for s in wanted:
        places = [(n, axis) for n in given for axis, size in enumerate(arrays[n].shape) if (size - s).is_Integer]
        if places:
            name, axis = min(places, key=lambda p: (p[0] not in used, p[1]))
            more = arrays[name].shape[axis] - s
            text = f"len({name})" if axis == 0 else f"{name}.shape[{axis}]"
            found.append(
                f"{safe_name(s.name)} = {text}" + (f" - {more}" if more > 0 else f" + {-more}" if more < 0 else "")
            )
    return found
