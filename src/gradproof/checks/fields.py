"""Numbers for dual.py: what a field is, and the slope of each function in it.

The table is this prover's own; no line of it is shared with elementary.py or with SymPy's `diff`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Protocol

import sympy as sp

__all__ = ["SLOPES", "TOO_LARGE", "Field", "UnsupportedError", "cofactor", "determinant"]


#: says that a formula has too many terms at some sizes
TOO_LARGE = "too large"


class UnsupportedError(ValueError):
    """Something that this prover has no meaning for, or not enough room: it says nothing then."""


class Field(Protocol):
    """Numbers that can be added and multiplied with Python's operators, and what else is asked of them."""

    def number(self, value: int | Fraction) -> Any: ...

    def constant(self, u: Any) -> Fraction | None:
        """The rational number that u is, if it is one."""
        ...

    def leaf(self, name: sp.Basic, index: tuple[int, ...]) -> Any:
        """A symbol, or an array's entry."""
        ...

    def pi(self) -> Any: ...

    def inverse(self, u: Any) -> Any: ...

    def power(self, u: Any, exponent: Fraction) -> Any: ...

    def whole_power(self, u: Any, exponent: Any) -> Any:
        """U to a whole number that is not known; u may be negative."""
        ...

    def apply(self, function: str, u: Any) -> Any: ...

    def undefined(self, function: Any, orders: tuple[int, ...], args: Sequence[Any]) -> Any:
        """A derivative of an undefined function at a point."""
        ...

    def sign(self, u: Any, kink: bool) -> int:
        """The sign of u; with `kink`, where u is zero nothing is claimed."""
        ...


def _root(f: Field, u: Any) -> Any:
    return f.power(u, Fraction(1, 2))


def _bell(f: Field, u: Any) -> Any:
    return f.number(2) * f.inverse(_root(f, f.pi())) * f.apply("exp", -(u * u))


#: function -> its slope at u
SLOPES: dict[str, Callable[[Field, Any], Any]] = {
    "exp": lambda f, u: f.apply("exp", u),
    "log": lambda f, u: f.inverse(u),
    "tanh": lambda f, u: f.number(1) - f.power(f.apply("tanh", u), Fraction(2)),
    "coth": lambda f, u: f.number(1) - f.power(f.apply("coth", u), Fraction(2)),
    "sinh": lambda f, u: f.apply("cosh", u),
    "cosh": lambda f, u: f.apply("sinh", u),
    "sech": lambda f, u: -(f.apply("sech", u) * f.apply("tanh", u)),
    "csch": lambda f, u: -(f.apply("csch", u) * f.apply("coth", u)),
    "sin": lambda f, u: f.apply("cos", u),
    "cos": lambda f, u: -f.apply("sin", u),
    "tan": lambda f, u: f.power(f.apply("cos", u), Fraction(-2)),
    "asin": lambda f, u: f.inverse(_root(f, f.number(1) - u * u)),
    "acos": lambda f, u: -f.inverse(_root(f, f.number(1) - u * u)),
    "atan": lambda f, u: f.inverse(f.number(1) + u * u),
    "asinh": lambda f, u: f.inverse(_root(f, f.number(1) + u * u)),
    "acosh": lambda f, u: f.inverse(_root(f, u - f.number(1)) * _root(f, u + f.number(1))),
    "atanh": lambda f, u: f.inverse(f.number(1) - u * u),
    "erf": _bell,
    "erfc": lambda f, u: -_bell(f, u),
}


def determinant(f: Field, rows: Sequence[Sequence[Any]]) -> Any:
    """By the first row; the determinant of nothing is one."""
    if not rows:
        return f.number(1)
    total = f.number(0)
    for j, entry in enumerate(rows[0]):
        total = total + entry * cofactor(f, rows, 0, j)
    return total


def cofactor(f: Field, rows: Sequence[Sequence[Any]], i: int, j: int) -> Any:
    """The determinant without row i and column j, with its sign."""
    minor = [[*row[:j], *row[j + 1 :]] for n, row in enumerate(rows) if n != i]
    return f.number((-1) ** (i + j)) * determinant(f, minor)
