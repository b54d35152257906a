"""What is called in SymPy notation: sums, derivatives, pieces, and functions by their names."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from gradproof.reading import tree
from gradproof.reading.words import MANY, OF_ARRAYS, WORDS

if TYPE_CHECKING:
    from gradproof.reading.sympy_notation import Side

__all__ = ["CALLS", "KNOWN", "called"]


def called(word: tree.Node, bracket: tree.Node) -> tree.Product:
    """A name with what it is called with."""
    return tree.Product(word.at, bracket.end, (("", word), ("", bracket)))


def _counted(side: Side, part: ast.Call, least: int, most: int, such: str) -> list[ast.expr]:
    """The arguments, if there are as many as are read."""
    if not least <= len(part.args) <= most:
        raise side.fail(f"{side.shown(part.func)} has {len(part.args)} arguments", part, f"Write {such}.")
    return part.args


# -- sums and derivatives -----------------------------------------------------------------------------------
def _sum(side: Side, part: ast.Call) -> tree.Node:
    """Sum(f, (i, 1, N), (j, 1, J)): the first index is that of the inmost sum."""
    body, *limits = _counted(side, part, 2, 9, "Sum(x[i], (i, 1, N))")
    found: tree.Node = _bracket(side, body)
    for limit in limits:
        sign = _limited(side, limit)
        product = tree.Product(sign.at, max(sign.end, found.end), (("", sign), ("", found)))
        found = tree.Group(*side.span(part), "(", (product,))
    return found


def _limited(side: Side, limit: ast.expr) -> tree.Scripted:
    """The sign of a sum with its index: (i, 1, N), or i alone, whose range is known otherwise."""
    span = side.span(limit)
    sign = tree.Command(*span, "sum")
    parts = limit.elts if isinstance(limit, ast.Tuple) else [limit]
    if not isinstance(parts[0], ast.Name) or len(parts) not in (1, 3):
        raise side.fail(f"{side.shown(limit)} is no index with its range", limit, "Write (i, 1, N).")
    index = side.of(parts[0])
    if len(parts) == 1:
        return tree.Scripted(*span, sign, index, None, 0)
    low, high = (side.of(end) for end in parts[1:])
    return tree.Scripted(*span, sign, tree.Sides(index.at, low.end, (index, low), ("=",)), high, 0)


def _bracket(side: Side, part: ast.expr) -> tree.Group:
    return tree.Group(*side.span(part), "(", (side.of(part),))


def _derivative(side: Side, part: ast.Call) -> tree.Node:
    """Derivative(f, x), Derivative(f, (x, 2)), Derivative(f, x, y)."""
    of, *by = _counted(side, part, 2, 9, "Derivative(f, x)")
    span = side.span(part)
    bottom, total = list[tree.Node](), 0
    for variable in by:
        one, times = _times(side, variable)
        total += times
        bottom += [tree.Command(one.at, one.at, "partial"), one]
    sign: tree.Node = tree.Command(*span, "partial")
    if total > 1:
        sign = tree.Scripted(*span, sign, None, tree.Number(*span, str(total)), 0)
    parts = tuple(("", node) for node in (sign, side.of(of)))
    below = tuple(("", node) for node in bottom)
    return tree.Frac(*span, tree.Product(*span, parts), tree.Product(*span, below))


def _times(side: Side, variable: ast.expr) -> tuple[tree.Node, int]:
    """A variable, and how often one derives by it."""
    parts = variable.elts if isinstance(variable, ast.Tuple) else [variable]
    one, times = side.of(parts[0]), 1
    count = parts[1].value if len(parts) == 2 and isinstance(parts[1], ast.Constant) else None
    if isinstance(count, int) and 0 < count < 10:
        times = count
    elif len(parts) != 1 or not isinstance(one, (tree.Name, tree.Entry)):
        raise side.fail(
            f"{side.shown(variable)} is no variable that one derives by", variable, "Write x, x[i] or (x, 2)."
        )
    if times > 1:
        power = tree.Number(*side.span(variable), str(times))
        whole = (one.base, one.below) if isinstance(one, tree.Entry) else (one, None)
        made = tree.Entry if isinstance(one, tree.Entry) else tree.Scripted
        one = made(one.at, one.end, *whole, power, 0)
    return one, times


def _subs(side: Side, part: ast.Call) -> tree.Node:
    """Subs(f, x, u): f at x = u."""
    of, letter, point = _counted(side, part, 3, 3, "Subs(f, x, u)")
    sides = (side.of(letter), side.of(point))
    return tree.Evaluated(*side.span(part), side.of(of), tree.Sides(sides[0].at, sides[1].end, sides, ("=",)))


# -- conditions ---------------------------------------------------------------------------------------------
def _piecewise(side: Side, part: ast.Call) -> tree.Node:
    """Piecewise((a, x > 0), (b, True))."""
    rows = []
    for row in _counted(side, part, 1, 60, "Piecewise((a, x > 0), (b, True))"):
        if not isinstance(row, ast.Tuple) or len(row.elts) != 2:
            raise side.fail(f"{side.shown(row)} is no value with its condition", row, "Write (a, x > 0).")
        value, condition = row.elts
        always = isinstance(condition, ast.Constant) and condition.value is True
        rows.append((side.of(value), () if always else ((side.of(condition),),)))
    return tree.Cases(*side.span(part), tuple(rows))


def _related(relation: str) -> Callable[[Side, ast.Call], tree.Node]:
    def made(side: Side, part: ast.Call) -> tree.Node:
        sides = tuple(map(side.of, _counted(side, part, 2, 2, f"{side.shown(part.func)}(a, b)")))
        return tree.Sides(*side.span(part), sides, (relation,))

    return made


def _all_of(word: str) -> Callable[[Side, ast.Call], tree.Node]:
    def made(side: Side, part: ast.Call) -> tree.Node:
        items = tuple(map(side.of, _counted(side, part, 1, 60, f"{side.shown(part.func)}(x > 0, y > 0)")))
        return tree.Group(*side.span(part), "(", items, joins=(word,) * (len(items) - 1))

    return made


def _delta(side: Side, part: ast.Call) -> tree.Node:
    """KroneckerDelta(i, j): 1 where i = j, else 0."""
    sides = tuple(map(side.of, _counted(side, part, 2, 2, "KroneckerDelta(i, j)")))
    span = side.span(part)
    condition = tree.Sides(*span, sides, ("=",))
    return called(tree.Command(*span, "one"), tree.Group(*span, "[", (condition,)))


# -- values -------------------------------------------------------------------------------------------------
def _abs(side: Side, part: ast.Call) -> tree.Node:
    (of,) = _counted(side, part, 1, 1, "Abs(x)")
    return tree.Bars(*side.span(part), side.of(of), False)


def _root(side: Side, part: ast.Call) -> tree.Node:
    (of,) = _counted(side, part, 1, 1, "sqrt(x)")
    return tree.Root(*side.span(part), side.of(of), None)


def _rational(side: Side, part: ast.Call) -> tree.Node:
    top, bottom = (side.of(p) for p in _counted(side, part, 2, 2, "Rational(1, 2)"))
    return tree.Product(*side.span(part), (("", top), ("/", bottom)))


def _word(word: str) -> Callable[[Side, ast.Call], tree.Node]:
    """A function of a matrix, by the name that LaTeX has for it."""

    def made(side: Side, part: ast.Call) -> tree.Node:
        (of,) = _counted(side, part, 1, 1, f"{side.shown(part.func)}(A)")
        command = tree.Command(*side.span(part.func), word)
        return called(command, _bracket(side, of))

    return made


def _transpose(side: Side, part: ast.Call) -> tree.Node:
    (of,) = _counted(side, part, 1, 1, "Transpose(A)")
    return side.raised(of, tree.Command(*side.span(part.func), "top"), part)


def _inverse(side: Side, part: ast.Call) -> tree.Node:
    (of,) = _counted(side, part, 1, 1, "Inverse(A)")
    span = side.span(part.func)
    return side.raised(of, tree.Terms(*span, ((-1, tree.Number(*span, "1")),)), part)


def _hadamard(side: Side, part: ast.Call) -> tree.Node:
    """The product entry by entry."""
    factors = tuple(map(side.of, _counted(side, part, 2, 60, "HadamardProduct(A, B)")))
    return tree.Product(*side.span(part), tuple(("⊙" if n else "", factor) for n, factor in enumerate(factors)))


#: By the name that SymPy has, or that one would type.
CALLS: dict[str, Callable[[Side, ast.Call], tree.Node]] = {
    "Sum": _sum, "Derivative": _derivative, "diff": _derivative, "Subs": _subs, "Piecewise": _piecewise,
    "Eq": _related("="), "Ne": _related("≠"), "Lt": _related("<"), "Le": _related("≤"), "Gt": _related(">"),
    "Ge": _related("≥"), "And": _all_of("and"), "Or": _all_of("or"), "KroneckerDelta": _delta,
    "Abs": _abs, "abs": _abs, "sqrt": _root, "Rational": _rational,
    "Trace": _word("tr"), "trace": _word("tr"), "Determinant": _word("det"), "det": _word("det"), "diag": _word("diag"),
    "Transpose": _transpose, "transpose": _transpose, "Inverse": _inverse,
    "HadamardProduct": _hadamard, "hadamard_product": _hadamard,
}  # fmt: skip

#: Functions that are called by their names, however these are capitalised where SymPy does.
KNOWN = frozenset({*WORDS, *MANY, *OF_ARRAYS, "Max", "Min", "Heaviside", "ReLU", "SiLU"} - {*CALLS})
