"""What NumPy's functions compute, as symbolic arrays: one row for each that gradproof reads."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from gradproof.forms.arrays import Array, einsum, elementwise, equal_sizes
from gradproof.notation import NotationError

__all__ = ["NUMPY", "ONE_MEANING", "SPECIAL", "Function", "entrywise", "matmul", "numeric", "square"]

_ZERO, _ONE = sp.Integer(0), sp.Integer(1)

#: functions of SymPy and of NumPy with one meaning
ONE_MEANING: dict[type[sp.Basic], str] = {
    sp.exp: "exp", sp.log: "log", sp.tanh: "tanh", sp.sinh: "sinh", sp.cosh: "cosh", sp.sin: "sin", sp.cos: "cos",
    sp.tan: "tan", sp.asin: "arcsin", sp.acos: "arccos", sp.atan: "arctan", sp.asinh: "arcsinh", sp.acosh: "arccosh",
    sp.atanh: "arctanh", sp.Abs: "abs", sp.sign: "sign",
}  # fmt: skip


def numeric(array: Array) -> Array:
    """The array, with 1 and 0 where it says yes and no."""

    def entry(*indices: sp.Expr) -> sp.Expr:
        value = array.entry(*indices)
        return value if isinstance(value, sp.Expr) else sp.Piecewise((1, value), (0, True))

    return Array(array.axes, entry)


def entrywise(function: Callable[..., sp.Expr]) -> Callable[..., Array]:
    """A function of numbers as one of arrays."""
    return lambda *arrays: elementwise(function, *map(numeric, arrays))


def matmul(a: Array, b: Array) -> Array:
    """The product a @ b of vectors and matrices."""
    if not (1 <= len(a.axes) <= 2 and 1 <= len(b.axes) <= 2):
        raise NotationError(f"@ is accepted between arrays of one or two axes, not {len(a.axes)} and {len(b.axes)}")
    if not equal_sizes(a.shape[-1], b.shape[0]):
        raise NotationError(f"the shapes {a.shape} and {b.shape} do not fit: {a.shape[-1]} against {b.shape[0]}")
    left, right = "ik"[-len(a.axes) :], "kj"[: len(b.axes)]
    return einsum([left, right], (left + right).replace("k", ""), a, b)


def square(a: Array) -> Array:
    """The array, if it is a square matrix."""
    if len(a.axes) != 2 or not equal_sizes(*a.shape):
        raise NotationError(f"the shape {a.shape} is not that of a square matrix")
    return a


def _dot(a: Array, b: Array) -> Array:
    return matmul(a, b) if a.axes and b.axes else elementwise(sp.Mul, a, b)


def _transpose(a: Array) -> Array:
    labels = range(len(a.axes))
    return einsum([labels], labels[::-1], a)


def _diag(a: Array) -> Array:
    if len(a.axes) == 2:
        return einsum(["ii"], "i", a)
    (axis,) = a.axes
    return Array((axis, axis), lambda i, j: sp.KroneckerDelta(i, j) * a.entry(i))


def _choice(c: sp.Basic, u: sp.Expr, v: sp.Expr) -> sp.Expr:
    return sp.Piecewise((u, sp.Ne(c, 0) if isinstance(c, sp.Expr) else c), (v, True))


_ONE_BY_ONE: dict[int, dict[str, Callable[..., sp.Expr]]] = {
    1: {
        **{name: function for function, name in ONE_MEANING.items()}, "absolute": sp.Abs, "fabs": sp.Abs,
        "sqrt": sp.sqrt, "square": lambda u: u**2, "reciprocal": lambda u: 1 / u, "negative": lambda u: -u,
        "log1p": lambda u: sp.log(1 + u), "expm1": lambda u: sp.exp(u) - 1,
    },
    2: {
        "maximum": sp.Max, "minimum": sp.Min, "heaviside": sp.Heaviside, "power": sp.Pow, "add": sp.Add,
        "subtract": lambda u, v: u - v, "multiply": sp.Mul, "divide": lambda u, v: u / v,
        "logaddexp": lambda u, v: sp.log(sp.exp(u) + sp.exp(v)),
    },
}  # fmt: skip

Function = tuple[int, Callable[..., Array]]

#: functions of np, with the number of their arguments
NUMPY: dict[str, Function] = {
    **{name: (count, entrywise(f)) for count, table in _ONE_BY_ONE.items() for name, f in table.items()},
    "dot": (2, _dot),
    "matmul": (2, matmul),
    "vdot": (2, lambda a, b: einsum(["i", "i"], "", a, b)),
    "inner": (2, lambda a, b: einsum(["k", "k"], "", a, b) if len(a.axes) == 1 else einsum(["ik", "jk"], "ij", a, b)),
    "outer": (2, lambda a, b: einsum(["i", "j"], "ij", a, b)),
    "trace": (1, lambda a: einsum(["ii"], "", a)),
    "diagonal": (1, lambda a: einsum(["ii"], "i", a)),
    "diag": (1, _diag),
    "transpose": (1, _transpose),
    "ones_like": (1, lambda a: Array(a.axes, lambda *_: _ONE)),
    "zeros_like": (1, lambda a: Array(a.axes, lambda *_: _ZERO)),
    "where": (3, lambda c, u, v: elementwise(_choice, c, numeric(u), numeric(v))),
}

#: functions of scipy.special
SPECIAL: dict[str, Function] = {
    "erf": (1, entrywise(sp.erf)),
    "erfc": (1, entrywise(sp.erfc)),
    "expit": (1, entrywise(lambda u: 1 / (1 + sp.exp(-u)))),
    "xlogy": (2, entrywise(lambda u, v: u * sp.log(v))),
}
