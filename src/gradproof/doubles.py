"""The value of an expression in double precision, as NumPy computes it: what a formula is worth in practice.

Too large is infinite, and without a value is nan; nothing is raised.  The operations are taken in the
order in which SymPy holds them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import sympy as sp

from gradproof.given import Given
from gradproof.values import evaluate

__all__ = ["Doubles", "in_doubles"]


def in_doubles(e: sp.Expr, at: Mapping[Any, Any]) -> float:
    """The value of `e` at a given point; log1p and expm1 of sympy.codegen.cfunctions are computed as such.

    Raises NotationError, naming it, for a letter that has no value.
    """
    return float(evaluate(e, Given(at, [e]), Doubles()))


class Doubles:
    """A backend of `values.evaluate`: IEEE 754 doubles."""

    def number(self, value: Any) -> float:
        return float(value)

    def pi(self) -> float:
        return math.pi

    def join(self, op: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
        return op(float(a), float(b))

    def sign(self, value: float) -> int:
        return (value > 0) - (value < 0)

    def power(self, base: Any, exponent: Fraction) -> float:
        base = float(base)
        whole = exponent.denominator == 1
        try:
            return float(base ** (exponent.numerator if whole else float(exponent))) if whole or base >= 0 else math.nan
        except (OverflowError, ZeroDivisionError):
            odd = whole and exponent.numerator % 2 == 1
            return math.copysign(math.inf, base) if odd else math.inf

    def function(self, name: str, u: Any) -> float:
        u = float(u)
        try:
            return float(getattr(math, name)(u))
        except OverflowError:
            return -math.inf if u < 0 and name == "sinh" else math.inf
        except ValueError:  # outside its domain: the logarithm is infinite at its edge
            return -math.inf if (name, u) in (("log", 0.0), ("log1p", -1.0)) else math.nan
