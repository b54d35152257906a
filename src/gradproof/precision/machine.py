"""The two arithmetics in which a program of program.py runs: doubles, and Arb's balls.

Nothing is raised on the way: what has no value is nan.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from importlib import import_module
from typing import Any

from gradproof.doubles import Doubles

__all__ = ["Balls", "Floats"]

_FEW = 64  # factors that are multiplied one by one
_RECIPROCALS = {"sech": "cosh", "csch": "sinh", "coth": "tanh", "sec": "cos", "csc": "sin", "cot": "tan"}


class _Arithmetic:
    """What doubles and balls share; a condition may be neither true nor false, but not known."""

    def truth(self, value: bool) -> bool:
        return value

    def add(self, a: Any, b: Any) -> Any:
        return a + b

    def multiply(self, a: Any, b: Any) -> Any:
        return a * b

    def negative(self, a: Any) -> Any:
        return -a

    def logic(self, kind: str, *held: bool | None) -> bool | None:
        """And, Or, Not of what is true, false or not known."""
        if kind == "Not":
            return None if held[0] is None else not held[0]
        decisive = kind == "Or"
        if decisive in held:
            return decisive
        return None if None in held else not decisive

    def chosen(self, *rows: Any) -> Any:
        """The value beside the first condition that holds; nan if that is not known."""
        for condition, value in zip(rows[::2], rows[1::2], strict=True):
            if condition is None:
                break
            if condition:
                return value
        return self.nan

    nan: Any = math.nan


class Floats(_Arithmetic):
    """IEEE doubles; an inverse by elimination with the largest pivot, as libraries do."""

    _doubles = Doubles()

    def number(self, value: Fraction) -> float:
        return float(value)

    def pi(self) -> float:
        return math.pi

    def divide(self, a: float, b: float) -> float:
        if b:
            return a / b
        return math.nan if not a or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1.0, b)

    def power(self, exponent: Fraction, a: float) -> float:
        if exponent == 2:
            return a * a
        if exponent == Fraction(1, 2):
            return math.sqrt(a) if a >= 0 else math.nan
        return self._doubles.power(a, exponent)

    def real_power(self, a: float, b: float) -> float:
        try:
            return math.pow(a, b)
        except OverflowError:
            return math.inf
        except ValueError:
            return math.inf if a == 0 else math.nan

    def function(self, name: str, a: float) -> float:
        if name == "abs":
            return abs(a)
        if name == "sign":
            return float((a > 0) - (a < 0)) if not math.isnan(a) else math.nan
        if name in _RECIPROCALS:
            return self.divide(1.0, self.function(_RECIPROCALS[name], a))
        return self._doubles.function(name, a)

    def compare(self, kind: str, a: float, b: float) -> bool:
        return {">": a > b, ">=": a >= b, "<": a < b, "<=": a <= b, "=": a == b, "!=": a != b}[kind]

    def largest(self, *parts: float) -> float:
        return math.nan if any(map(math.isnan, parts)) else max(parts)

    def smallest(self, *parts: float) -> float:
        return math.nan if any(map(math.isnan, parts)) else min(parts)

    def inverse(self, place: tuple[int, int], *entries: float) -> float:
        return self._solved(entries)[0][place[0]][place[1]]

    def determinant(self, *entries: float) -> float:
        return self._solved(entries)[1]

    def _solved(self, entries: Sequence[float]) -> tuple[list[list[float]], float]:
        """(the inverse, the determinant) of a matrix."""
        size = math.isqrt(len(entries))
        rows = [[*entries[n * size : (n + 1) * size], *(float(n == m) for m in range(size))] for n in range(size)]
        determinant = 1.0
        for n in range(size):
            best = max(range(n, size), key=lambda m: abs(rows[m][n]))
            if best != n:
                rows[n], rows[best], determinant = rows[best], rows[n], -determinant
            pivot = rows[n][n]
            determinant *= pivot
            rows[n] = [self.divide(v, pivot) for v in rows[n]]
            for m in range(size):
                if m != n:
                    rows[m] = [v - rows[m][n] * w for v, w in zip(rows[m], rows[n], strict=True)]
        return [row[size:] for row in rows], determinant


class Balls(_Arithmetic):
    """Arb's balls, with the precision that is set when they are used."""

    def __init__(self) -> None:
        flint = import_module("flint")
        self.arb, self.matrix, self.fmpq = flint.arb, flint.arb_mat, flint.fmpq
        self.nan = flint.arb.nan()

    def number(self, value: Fraction) -> Any:
        return self.arb(self.fmpq(value.numerator, value.denominator))

    def pi(self) -> Any:
        return self.arb.pi()

    def divide(self, a: Any, b: Any) -> Any:
        return a / b

    def power(self, exponent: Fraction, a: Any) -> Any:
        if exponent.denominator <= 2:
            root = a if exponent.denominator == 1 else a.sqrt()
            if exponent.numerator <= _FEW:
                return math.prod([root] * exponent.numerator)  # Arb's own power of a ball around zero is nan
            return root**exponent.numerator
        return a ** self.number(exponent) if a >= 0 else self.nan

    def real_power(self, a: Any, b: Any) -> Any:
        return a**b

    def function(self, name: str, a: Any) -> Any:
        if name == "abs":
            return abs(a)
        if name == "sign":
            return a.sgn() if a.is_exact() or not a.contains(0) else self.nan
        return getattr(a, name)()

    def compare(self, kind: str, a: Any, b: Any) -> bool | None:
        """What is certain of two numbers."""
        if not (a.is_finite() and b.is_finite()):
            return None
        gap = a - b
        if gap.contains(0) and not gap.is_zero():
            return None
        sign = int(gap > 0) - int(gap < 0)
        return {
            ">": sign > 0, ">=": sign >= 0, "<": sign < 0, "<=": sign <= 0, "=": sign == 0, "!=": sign != 0,
        }[kind]  # fmt: skip

    def largest(self, *parts: Any) -> Any:
        total = parts[0]
        for part in parts[1:]:
            total = total.max(part)
        return total

    def smallest(self, *parts: Any) -> Any:
        total = parts[0]
        for part in parts[1:]:
            total = total.min(part)
        return total

    def inverse(self, place: tuple[int, int], *entries: Any) -> Any:
        size = math.isqrt(len(entries))
        try:
            return self.matrix(size, size, list(entries)).inv()[place]
        except ZeroDivisionError:
            return self.nan

    def determinant(self, *entries: Any) -> Any:
        size = math.isqrt(len(entries))
        return self.matrix(size, size, list(entries)).det()
