"""Enclosures of the elementary functions in mpmath's interval arithmetic, with outward rounding.

What mpmath's `iv` lacks is composed from what it has, each argument used once where that keeps
the enclosure tight; erf and atan by their alternating series with the next term as the bound.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from mpmath import iv, mp

__all__ = ["DIGITS", "INTERVAL", "KinkError", "NoBranchError", "UndefinedError", "enclosed"]

DIGITS = 50
_TERMS = 500  # of a series; those of erf up to 8, which need the most, take 270


class UndefinedError(ValueError):
    """The expression has no real value at this point."""


class KinkError(UndefinedError):
    """The derivative does not exist at this point (a kink, a jump, a root at 0)."""


class NoBranchError(UndefinedError):
    """No condition of a Piecewise holds at this point."""


def enclosed(value: Any) -> Any:
    """A fraction as an interval; an interval as it is."""
    return iv.mpf(value.numerator) / value.denominator if isinstance(value, Fraction) else value


def _log(u: Any) -> Any:
    if u.a <= 0:
        raise UndefinedError("the logarithm of a number that is not positive")
    return iv.log(u)


def _root(u: Any) -> Any:
    if u.a < 0:
        raise UndefinedError("the root of a number that is not known to be non-negative")
    return iv.sqrt(u)


def _atan(u: Any) -> Any:
    """Three halvings of the angle, then the alternating series with its next term as bound."""
    for _ in range(3):
        u = u / (1 + iv.sqrt(1 + u * u))
    return 8 * _alternating(u, lambda n: Fraction(1, 2 * n + 1))


def _erf(u: Any) -> Any:
    if max(abs(u.a), abs(u.b)) > 8:
        raise UndefinedError("erf is enclosed only for arguments up to 8")
    return 2 / iv.sqrt(iv.pi) * _alternating(u, lambda n: Fraction(1, (2 * n + 1) * math.factorial(n)))


def _alternating(u: Any, coefficient: Callable[[int], Fraction]) -> Any:
    """Σ (−1)ⁿ cₙ u^(2n+1), with the first neglected term as the error bound.

    The bound holds once the terms decrease, which the loop waits for.
    """
    total, n, last = iv.mpf(0), 0, None
    while n < _TERMS:
        size = u ** (2 * n + 1) * enclosed(coefficient(n))
        largest = max(abs(size.a), abs(size.b))
        if last is not None and largest < last and largest < mp.mpf(10) ** -(DIGITS + 8):
            return total + iv.mpf([-largest, largest])
        total, last, n = total + (-1) ** n * size, largest, n + 1
    raise UndefinedError("a number that is not known well enough for its series to be added up")


INTERVAL: dict[str, Callable[[Any], Any]] = {
    "exp": iv.exp,
    "log": _log,
    "tanh": lambda u: 1 - 2 / (iv.exp(2 * u) + 1),
    "sinh": lambda u: (iv.exp(u) - iv.exp(-u)) / 2,
    "cosh": lambda u: (iv.exp(u) + iv.exp(-u)) / 2,
    "coth": lambda u: 1 + 2 / (iv.exp(2 * u) - 1),
    "sech": lambda u: 2 / (iv.exp(u) + iv.exp(-u)),
    "csch": lambda u: 2 / (iv.exp(u) - iv.exp(-u)),
    "sin": iv.sin,
    "cos": iv.cos,
    "tan": lambda u: iv.sin(u) / iv.cos(u),
    "asin": lambda u: _atan(u / _root(1 - u * u)),
    "acos": lambda u: iv.pi / 2 - _atan(u / _root(1 - u * u)),
    "atan": _atan,
    "asinh": lambda u: iv.log(u + iv.sqrt(u * u + 1)),
    "acosh": lambda u: _log(u + _root(u - 1) * _root(u + 1)),
    "atanh": lambda u: _log((1 + u) / (1 - u)) / 2,
    "erf": _erf,
    "erfc": lambda u: 1 - _erf(u),
}
