r"""Matrix notation: products, transposes, norms and functions entry by entry, as SymPy's MatrixExpr.

Letters are matrices where they are declared with a shape.  A 1x1 matrix is the number in it.
A number added to a vector or a matrix is added to each entry, and a function of one, or a
power of a vector, is taken of each entry.  \mathbf{1} and \mathbf{I} have the size that fits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy.matrices.expressions import DiagMatrix, DiagonalOf, HadamardPower, HadamardProduct
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.matexpr import MatrixElement

from gradproof.lines import times
from gradproof.reading import tree
from gradproof.reading.heads import label
from gradproof.reading.numbers import raised_number

if TYPE_CHECKING:
    from gradproof.reading.meaning import Env, Meaning

__all__ = ["above_matrix", "diagonal", "element", "entrywise", "hadamard", "identity", "is_matrix", "norm", "number", "ones", "product", "quotient",
           "raised", "settled", "total"]  # fmt: skip

_U = sp.Dummy("u")


def is_matrix(value: Any) -> bool:
    """Whether a value is a matrix, be it 1x1."""
    return isinstance(value, sp.MatrixExpr)


def _is_single(value: Any) -> bool:
    return is_matrix(value) and value.shape == (1, 1)


def number(value: Any) -> Any:
    """A 1x1 matrix as the number in it; anything else as it is."""
    return MatrixElement(value, sp.Integer(0), sp.Integer(0)) if _is_single(value) else value


def _open() -> sp.Symbol:
    """A size that is found by what stands beside it."""
    return sp.Dummy("size", integer=True, positive=True)


def ones() -> sp.MatrixExpr:
    r"""\mathbf{1}, a column whose length is found later."""
    return sp.OneMatrix(_open(), 1)


def identity() -> sp.MatrixExpr:
    """The identity, whose size is found later."""
    return sp.Identity(_open())


def settled(m: Meaning, value: Any, node: tree.Node) -> Any:
    """The value, if the sizes of all that is in it were found."""
    if is_matrix(value) and len(m.table.lengths) == 1:
        (length,) = m.table.lengths
        value = value.xreplace({s: length for size in value.shape for s in _dummies(size)})
    if is_matrix(value) and any(_dummies(size) for size in value.shape):
        raise m.fail("the size of a \\mathbf{1} or an identity is not told by what stands beside it", node)
    return value


def _dummies(size: Any) -> set[sp.Dummy]:
    return {s for s in sp.sympify(size).free_symbols if isinstance(s, sp.Dummy)}


def _fitted(
    m: Meaning, a: Any, b: Any, sizes: Sequence[tuple[Any, Any]], node: tree.Node, what: str
) -> tuple[Any, Any]:
    """Two matrices whose sizes are made equal where one is open."""
    for one, other in sizes:
        found = {one: other} if isinstance(one, sp.Dummy) else {other: one} if isinstance(other, sp.Dummy) else {}
        if not found and one != other:
            raise m.fail(f"{what}: {_shape(a)} and {_shape(b)}", node, "Write \\odot for a product entry by entry.")
        a, b = a.xreplace(found), b.xreplace(found)
        sizes = [(p.xreplace(found) if isinstance(p, sp.Basic) else p, q) for p, q in sizes]
    return a, b


def _shape(matrix: Any) -> str:
    return " by ".join("?" if isinstance(s, sp.Dummy) else str(s) for s in matrix.shape)


# -- sums and products ----------------------------------------------------------------------
def total(m: Meaning, values: Sequence[Any], node: tree.Node) -> Any:
    """A sum; a number is added to each entry."""
    wide = [v for v in values if is_matrix(v) and not _is_single(v)]
    if not any(map(is_matrix, values)):
        return sp.Add(*values)
    if not wide:
        return sum(values[1:], values[0]) if all(map(_is_single, values)) else sp.Add(*map(number, values))
    found = wide[0]
    for value in wide[1:]:
        one, other = _same_shape(m, found, value, node)
        found = one + other
    numbers = sp.Add(*(number(v) for v in values if not is_matrix(v) or _is_single(v)))
    if numbers == 0:
        return found
    m.table.note("a number added to a vector or a matrix is added to each entry")
    return found + numbers * sp.OneMatrix(*found.shape)


def _same_shape(m: Meaning, a: Any, b: Any, node: tree.Node) -> tuple[Any, Any]:
    a, b = _fitted(m, a, b, [(a.shape[0], b.shape[0])], node, "a sum, or a product entry by entry, of two shapes")
    return _fitted(m, a, b, [(a.shape[1], b.shape[1])], node, "a sum, or a product entry by entry, of two shapes")


def product(m: Meaning, factors: Sequence[Any], node: tree.Node) -> Any:
    """A product, in the order in which it stands."""
    if not any(map(is_matrix, factors)):
        return times(*factors)
    found: Any = sp.Integer(1)
    for factor in factors:
        if not is_matrix(found) or not is_matrix(factor):
            one, other = number(found) if not is_matrix(factor) else found, factor
            found = one * other if is_matrix(one) or is_matrix(other) else times(one, other)
        elif _is_single(found) or _is_single(factor):
            one, other = (number(found), factor) if _is_single(found) else (number(factor), found)
            found = one * other
        else:
            one, other = _fitted(
                m, found, factor, [(found.shape[1], factor.shape[0])], node, "a product that does not fit"
            )
            found = one * other
    return found


def hadamard(m: Meaning, a: Any, b: Any, node: tree.Node) -> Any:
    """The product entry by entry."""
    if not is_matrix(a) or not is_matrix(b):
        return product(m, [a, b], node)
    return HadamardProduct(*_same_shape(m, a, b, node))


def quotient(m: Meaning, top: Any, bottom: Any, node: tree.Node) -> Any:
    """Divided by a number; by a vector or a matrix, entry by entry."""
    bottom = number(bottom)
    if not is_matrix(bottom):
        return product(m, [raised_number(m, bottom, sp.Integer(-1), node), top], node)
    below = HadamardPower(bottom, -1)
    return (
        hadamard(m, top, below, node)
        if is_matrix(top) and not _is_single(top)
        else product(m, [number(top), below], node)
    )


# -- functions ------------------------------------------------------------------------------
def entrywise(m: Meaning, function: Callable[..., Any], values: Sequence[Any], node: tree.Node) -> Any:
    """A function of values of which one at most is a matrix, of each of its entries."""
    values = [number(v) for v in values]
    wide = list(dict.fromkeys(v for v in values if is_matrix(v)))
    if not wide:
        return function(*values)
    if len(wide) > 1:
        raise m.fail("a function of two matrices at once is not read", node)
    body = function(*(_U if is_matrix(v) else v for v in values))
    return ElementwiseApplyFunction(sp.Lambda(_U, body), settled(m, wide[0], node))


def raised(m: Meaning, base: Any, exponent: Any, node: tree.Node) -> Any:
    """A power of a vector is one of each entry; of a matrix that is reported, but for -1."""
    base, exponent = number(base), number(exponent)
    if not is_matrix(base) and not is_matrix(exponent):
        return raised_number(m, base, exponent, node)
    if is_matrix(exponent):
        return entrywise(m, lambda v: raised_number(m, base, v, node), [exponent], node)
    if 1 not in base.shape:
        if exponent == -1:
            return sp.Inverse(base)
        raise m.unclear(
            f"{m.shown(node)} is a power of a matrix",
            node,
            ("the product of the matrix with itself", "the power of each entry"),
            r"Write A A for the product, A^{\odot 2} for the entries.",
        )
    return entrywise(m, lambda v: raised_number(m, v, exponent, node), [base], node)


def above_matrix(m: Meaning, base: Any, above: tree.Node, node: tree.Node, env: Env) -> Any:
    r"""What stands above a matrix: ^\top, ^T, ^{-1}, ^{-\top}, ^{\odot k}, or a power."""
    text = label(above)
    if isinstance(above, tree.Command) and above.name in ("top", "intercal"):
        return base.T
    if isinstance(above, tree.Name) and above.name == "T" and "T" not in m.table.names:
        return base.T
    if isinstance(above, tree.Terms) and len(above.parts) == 1 and isinstance(above.parts[0][1], tree.Command):
        return sp.Transpose(sp.Inverse(base)) if above.parts[0][1].name == "top" else base
    if isinstance(above, tree.Lone) and text.startswith("odot"):
        exponent = sp.Integer(text.removeprefix("odot"))
        return entrywise(m, lambda v: raised_number(m, v, exponent, node), [base], node)
    return raised(m, base, m.value(above, env), node)


def norm(m: Meaning, body: Any, below: tree.Node | None, above: tree.Node | None, node: tree.Node) -> Any:
    r"""\|v\|^2, \|v\|_2, \|v\|_1, \|A\|_F^2; None where the norm of a matrix has no letter."""
    kind, power = label(below), label(above)
    vector = 1 in body.shape
    if power not in ("", "2") or kind not in ("", "1", "2", "F") or (not vector and kind != "F"):
        raise m.fail(
            f"the norm {m.shown(node)} is not read",
            node,
            r"Accepted are \|v\|, \|v\|_2, \|v\|_1 of vectors and \|A\|_F.",
        )
    if kind == "1":
        sizes = entrywise(m, sp.Abs, [body], node)
        found = number(
            sp.OneMatrix(1, body.shape[0]) * sizes if body.shape[1] == 1 else sizes * sp.OneMatrix(body.shape[1], 1)
        )
        return found**2 if power else found
    square = sp.Trace(body.T * body) if not vector else number(body.T * body if body.shape[1] == 1 else body * body.T)
    return square if power else sp.sqrt(square)


def diagonal(m: Meaning, value: Any, node: tree.Node) -> Any:
    """The matrix with a vector on its diagonal, or the diagonal of a matrix."""
    if not is_matrix(value):
        raise m.fail(f"{m.shown(node)} is read of vectors and matrices", node)
    return DiagMatrix(settled(m, value, node)) if 1 in value.shape else DiagonalOf(value)


def element(m: Meaning, matrix: sp.MatrixSymbol, indices: Sequence[sp.Expr], node: tree.Node) -> sp.Expr:
    """An entry of a matrix, counted from 1."""
    wanted = 1 if 1 in matrix.shape else 2
    if len(indices) != wanted:
        raise m.fail(f"{m.shown(node)} has {len(indices)} indices, and {matrix} has {wanted}", node)
    at = [i - 1 for i in indices]
    if wanted == 1:
        at = [at[0], sp.Integer(0)] if matrix.shape[1] == 1 else [sp.Integer(0), at[0]]
    return MatrixElement(matrix, *at)
