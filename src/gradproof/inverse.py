"""Inverses and determinants in index notation: an entry inv(A)[i, j], and det(A).

A matrix is an array A with two indices over one range lo..hi.  Its inverse is an array that
remembers it, its determinant a scalar that does.  Their derivatives are in matrix_rules.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Self

import sympy as sp
from mpmath import mp, mpf

from gradproof.intervals import UndefinedError

__all__ = ["Determinant", "InverseBase", "arrays_in", "inverted", "matrix_of"]


class InverseBase(sp.IndexedBase):  # type: ignore[misc] # SymPy has no types
    """The inverse of the matrix `of`, whose indices run over `span`."""

    def __new__(cls, label: sp.Symbol, of: sp.IndexedBase, span: sp.Tuple) -> Self:
        base: Self = sp.Expr.__new__(cls, label, of, span)
        base._shape, base._offset, base._strides, base._name = None, sp.Integer(0), None, str(label)
        cls._set_assumptions(base, {})
        return base

    @classmethod
    def matrix(cls, of: sp.IndexedBase, lo: sp.Expr, hi: sp.Expr) -> InverseBase:
        """The inverse of `of`, whose indices run over lo..hi."""
        return cls(sp.Symbol(f"inv({of.label})"), of, sp.Tuple(lo, hi))

    @property
    def of(self) -> sp.IndexedBase:
        return self.args[1]

    @property
    def span(self) -> tuple[sp.Expr, sp.Expr]:
        lo, hi = self.args[2]
        return lo, hi


class Determinant(sp.AtomicExpr):  # type: ignore[misc]
    """The determinant of the matrix `of`, whose indices run over `span`."""

    is_commutative = True
    is_real = True

    def __new__(cls, of: sp.IndexedBase, lo: sp.Expr, hi: sp.Expr) -> Self:
        found: Self = sp.Expr.__new__(cls)
        found.of, found.span = of, (lo, hi)
        return found

    of: sp.IndexedBase
    span: tuple[sp.Expr, sp.Expr]

    def __getnewargs__(self) -> tuple[Any, ...]:
        return (self.of, *self.span)

    def _hashable_content(self) -> tuple[Any, ...]:
        return (self.of, *self.span)

    def _sympystr(self, _printer: Any) -> str:
        return f"det({self.of.label})"


def matrix_of(e: sp.Basic) -> sp.Basic:
    """The matrix of which something is the inverse; anything else itself."""
    return e.of if isinstance(e, InverseBase) else e


def arrays_in(e: sp.Basic) -> set[sp.Basic]:
    """The arrays of the entries in `e`, and the matrices of its inverses and determinants."""
    found = {entry.base for entry in e.atoms(sp.Indexed)}
    return found | set(map(matrix_of, found)) | {d.of for d in e.atoms(Determinant)}


def inverted(rows: Sequence[Sequence[Any]], backend: Any) -> tuple[list[list[Any]] | None, Any]:
    """(the inverse, the determinant) of a matrix of numbers; (None, 0) if it is singular.

    Gauss and Jordan's elimination in a backend of values.py.  Raises UndefinedError if a pivot may be zero.
    """
    size = len(rows)
    zero, one = (backend.number(Fraction(n)) for n in (0, 1))
    left = [[*row, *(one if i == j else zero for j in range(size))] for i, row in enumerate(rows)]
    largest = max((abs(v) for row in rows for v in row), default=one)
    determinant = one
    for column in range(size):
        signs = [_sign(left[row][column], largest, backend) for row in range(column, size)]
        pivot = next((column + n for n, s in enumerate(signs) if s), None)
        if pivot is None:
            if None in signs:
                raise UndefinedError("a matrix that may be singular")
            return None, zero
        if pivot != column:
            left[column], left[pivot] = left[pivot], left[column]
            determinant = -determinant
        scale = left[column][column]
        determinant = backend.join(lambda a, b: a * b, determinant, scale)
        left[column] = [backend.join(lambda a, b: a / b, v, scale) for v in left[column]]
        for row in range(size):
            if row != column:
                steps = [backend.join(lambda a, b: a * b, left[row][column], v) for v in left[column]]
                left[row] = [backend.join(lambda a, b: a - b, v, s) for v, s in zip(left[row], steps, strict=True)]
    return [row[size:] for row in left], determinant


def _sign(value: Any, largest: Any, backend: Any) -> int | None:
    """The sign, or None where it is not certain: in floats, of what is small beside the matrix's entries."""
    if isinstance(value, (float, mpf)) and abs(value) <= largest * mp.sqrt(mp.eps if isinstance(value, mpf) else 1e-16):
        return None
    try:
        return int(backend.sign(value))
    except UndefinedError:
        return None
