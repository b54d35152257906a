"""Arithmetic at a point: exact where it can be, otherwise enclosed; or with many digits.

`Exact` keeps rationals as fractions and turns to intervals (mpmath's `iv`, 50 digits, outward
rounding) only where a function leaves the rationals; so a value is either a `Fraction` or an
interval that certainly holds it.  `Digits` computes with mpmath's floats, for the numeric
cross-checks.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from mpmath import iv, mp

from gradproof.intervals import DIGITS, INTERVAL, UndefinedError, enclosed

__all__ = ["Digits", "Exact", "bounded", "enclosing", "interval_text", "texts_apart"]

MAX_ARGUMENT = 10**6  # of a function
MAX_BITS = 20_000  # of an exact number at a point that is tried
_SHOWN = 19  # characters of an irrational number
_ZEROS = 30  # after the point, at most


class Exact:
    """Fractions, and intervals where a value is irrational."""

    _exact: Mapping[str, Mapping[int, int]] = {
        "exp": {0: 1}, "log": {1: 0}, "tanh": {0: 0}, "sinh": {0: 0}, "cosh": {0: 1}, "sech": {0: 1},
        "sin": {0: 0}, "cos": {0: 1}, "tan": {0: 0}, "asin": {0: 0}, "atan": {0: 0}, "asinh": {0: 0},
        "atanh": {0: 0}, "erf": {0: 0}, "erfc": {0: 1}, "acosh": {1: 0}, "acos": {1: 0},
    }  # fmt: skip

    def number(self, value: Fraction) -> Any:
        return value

    def pi(self) -> Any:
        return _with_digits(lambda: +iv.pi)

    def join(self, op: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
        if isinstance(a, Fraction) and isinstance(b, Fraction):
            return bounded(op(a, b))
        return _with_digits(lambda: op(enclosed(a), enclosed(b)))

    def sign(self, value: Any) -> int:
        if isinstance(value, Fraction):
            return (value > 0) - (value < 0)
        if value.a > 0:
            return 1
        if value.b < 0:
            return -1
        raise UndefinedError("too close to zero to tell its sign")

    def power(self, base: Any, exponent: Fraction) -> Any:
        if exponent.denominator == 1:
            if self.sign_or_none(base) == 0 and exponent < 0:
                raise UndefinedError("division by zero")
            if isinstance(base, Fraction):
                if abs(exponent) * max(base.numerator.bit_length(), base.denominator.bit_length()) > MAX_BITS:
                    raise UndefinedError(f"the power {exponent} has too many digits")
                return base**exponent.numerator
            if self.sign_or_none(base) is None and exponent < 0:
                raise UndefinedError("division by an interval around zero")
            return _with_digits(lambda: base**exponent.numerator)
        if self.sign(base) < 0 or (self.sign(base) == 0 and exponent < 0):
            raise UndefinedError(f"the power {exponent} of a number that is not positive")
        if isinstance(base, Fraction):
            root = _exact_root(base, exponent)
            if root is not None:
                return root
        return _with_digits(lambda: iv.exp(iv.log(enclosed(base)) * exponent.numerator / exponent.denominator))

    def sign_or_none(self, value: Any) -> int | None:
        try:
            return self.sign(value)
        except UndefinedError:
            return None

    def function(self, name: str, u: Any) -> Any:
        if isinstance(u, Fraction) and u.denominator == 1 and int(u) in self._exact.get(name, {}):
            return Fraction(self._exact[name][int(u)])
        _within_reach(name, u if isinstance(u, Fraction) else max(abs(u.a), abs(u.b)))
        return _with_digits(lambda: INTERVAL[name](enclosed(u)))


class Digits:
    """mpmath floats of `digits` digits."""

    def __init__(self, digits: int = DIGITS) -> None:
        self.digits = digits

    def number(self, value: Any) -> Any:
        return mp.mpf(value.numerator) / value.denominator if isinstance(value, Fraction) else value

    def pi(self) -> Any:
        return +mp.pi

    def join(self, op: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
        return op(self.number(a), self.number(b))

    def sign(self, value: Any) -> int:
        return int(value > 0) - int(value < 0)

    def power(self, base: Any, exponent: Fraction) -> Any:
        base = self.number(base)
        if base == 0 and exponent < 0:
            raise UndefinedError("division by zero")
        if exponent.denominator == 1:
            return base**exponent.numerator
        if base < 0:
            raise UndefinedError(f"the power {exponent} of a negative number")
        return mp.power(base, mp.mpf(exponent.numerator) / exponent.denominator)

    def function(self, name: str, u: Any) -> Any:
        if name == "log" and u <= 0:
            raise UndefinedError("the logarithm of a number that is not positive")
        _within_reach(name, u)
        try:
            value = getattr(mp, name)(u)
        except ZeroDivisionError:
            raise UndefinedError(f"{name} of {u}") from None
        if isinstance(value, mp.mpc) or not mp.isfinite(value):
            raise UndefinedError(f"{name} outside its real domain")
        return value


def _within_reach(name: str, u: Any) -> None:
    """Refuse what would fill the memory: e to the power of a number with many digits."""
    if abs(u) > MAX_ARGUMENT and name != "log":
        raise UndefinedError(f"{name} of a number that is larger than {MAX_ARGUMENT}")


def _with_digits(compute: Callable[[], Any]) -> Any:
    """A computation with intervals; where it has no value, UndefinedError."""
    try:
        if iv.dps == DIGITS + 10:
            return compute()
        with enclosing():
            return compute()
    except (ValueError, ZeroDivisionError, mp.NoConvergence) as error:
        raise UndefinedError(str(error)) from None


@contextmanager
def enclosing() -> Iterator[None]:
    """Intervals have their digits within."""
    before = iv.dps
    try:
        iv.dps = DIGITS + 10
        yield
    finally:
        iv.dps = before


def bounded(value: Any) -> Any:
    """The value, unless it is an exact number with too many digits."""
    if isinstance(value, Fraction) and max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise UndefinedError("an exact value with too many digits")
    return value


def _exact_root(base: Fraction, exponent: Fraction) -> Fraction | None:
    """base**exponent if it is rational and the root is a square root."""
    if exponent.denominator != 2:
        return Fraction(0) if base == 0 else None
    top, bottom = math.isqrt(base.numerator), math.isqrt(base.denominator)
    if top * top == base.numerator and bottom * bottom == base.denominator:
        return Fraction(top, bottom) ** exponent.numerator
    return None


def texts_apart(left: Any, right: Any) -> tuple[str, str]:
    """Two different values as text, with more digits where they are close."""
    with mp.workdps(DIGITS):
        a, b = (Digits().number(v) if isinstance(v, Fraction) else mp.mpf(v.mid) for v in (left, right))
        shown = DIGITS if abs(a - b) < mp.mpf(10) ** (5 - _SHOWN) * abs(a) else _SHOWN
    return interval_text(left, shown), interval_text(right, shown)


def interval_text(value: Any, shown: int = _SHOWN) -> str:
    """An exact rational, or the digits of an interval that are certain, at most so many characters."""
    if isinstance(value, Fraction):
        return str(value)
    with mp.workdps(DIGITS):
        low, high = (mp.mpf(side) for side in (value.a, value.b))
        if low == high == 0:
            return "0"
        if low <= 0 <= high:
            close = max(-low, high) < mp.mpf(10) ** -(DIGITS - 5)
            return f"0 to {DIGITS - 5} digits" if close else f"between {mp.nstr(low, 6)} and {mp.nstr(high, 6)}"
        plain = mp.mpf(10) ** -_ZEROS < abs(low) < mp.mpf(10) ** (_SHOWN - 4)
        reach = (-mp.inf, mp.inf) if plain else (mp.inf, -mp.inf)  # else as 1.5e+40
        ends = [
            mp.nstr(side, DIGITS - 5, strip_zeros=False, min_fixed=reach[0], max_fixed=reach[1]) for side in (low, high)
        ]
    (one, power), (other, same) = (end.partition("e")[::2] for end in ends)
    certain = "".join(p for p, _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    if power != same or "." not in certain or not any(c in "123456789" for c in certain):
        return f"between {mp.nstr(low, 12)} and {mp.nstr(high, 12)}"
    first = next(n for n, c in enumerate(certain) if c in "123456789")
    return certain[: max(shown, first + 6)] + "…" + (f"e{power}" if power else "")
