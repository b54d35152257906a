"""Enclosures by Arb: the value of a formula at a rational point, as a ball that is sure to hold it.

A value stays an exact fraction until a function leaves the rationals; from there on it is a ball with
200 bits.  `enclosed` prints the digits that are certain.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from typing import Any

import sympy as sp

from gradproof.checks.dual import Walk
from gradproof.checks.fields import UnsupportedError
from gradproof.intervals import KinkError, UndefinedError

__all__ = ["BallField", "Enclosure", "ball_text", "enclosed", "precision"]

BITS = 200
_DIGITS = 50
_LARGEST = 10**6  # argument of a function


def precision() -> Any:
    """A context in which balls have their bits."""
    return import_module("flint").ctx.workprec(BITS)


class BallField:
    """Fractions and balls, at one point: a field for dual.py.

    leaves: (name, index) -> its value; asked for once each.  seed: chooses the cubic polynomials that stand for
    undefined functions.
    """

    def __init__(self, leaves: Any, seed: int = 0) -> None:
        flint = import_module("flint")
        self.fmpq, self.arb = flint.fmpq, flint.arb
        self.leaves, self.seed = leaves, seed

    def number(self, value: int | Fraction) -> Any:
        return self.fmpq(value.numerator, value.denominator)

    def constant(self, u: Any) -> Fraction | None:
        return Fraction(int(u.p), int(u.q)) if isinstance(u, self.fmpq) else None

    def leaf(self, name: sp.Basic, index: tuple[int, ...]) -> Any:
        return self.number(self.leaves(name, index))

    def pi(self) -> Any:
        return self.arb.pi()

    def inverse(self, u: Any) -> Any:
        return self._finite(1 / u if self.sure(u) else self.arb.nan(), "a division by zero")

    def sure(self, u: Any) -> bool:
        """Whether a number is sure not to be zero."""
        return bool(u != 0) if isinstance(u, self.fmpq) else not u.contains(0)

    def _finite(self, u: Any, what: str) -> Any:
        if isinstance(u, self.arb) and not u.is_finite():
            raise UndefinedError(f"{what}, or too close to one")
        return u

    def power(self, u: Any, exponent: Fraction) -> Any:
        n, q = exponent.numerator, exponent.denominator
        if abs(n) > 1000:
            raise UnsupportedError(f"the power {n}")
        if q > 1:
            return self.power(self._root(u, q), Fraction(n))
        return self.inverse(u) ** -n if n < 0 else u**n

    def _root(self, u: Any, q: int) -> Any:
        if self.sign(u, False) < 0:
            raise UndefinedError("the root of a negative number")
        if isinstance(u, self.fmpq):
            exact = [math.isqrt(int(part)) for part in (u.p, u.q)] if q == 2 else [0, 0]
            if (exact[1] and self.fmpq(exact[0], exact[1]) ** 2 == u) or u == 0:
                return self.fmpq(exact[0], exact[1] or 1)
        return self._finite(self.arb(u).root(q), "a root")

    def whole_power(self, u: Any, exponent: Any) -> Any:
        raise UnsupportedError(f"{u} to the power {exponent}")

    def apply(self, function: str, u: Any) -> Any:
        ball = self.arb(u)
        if not abs(ball) < _LARGEST:
            raise UndefinedError(f"{function} of a number that is larger than {_LARGEST}")
        if isinstance(u, self.fmpq) and u == 0 and function in _AT_ZERO:
            return self.fmpq(_AT_ZERO[function])
        if function == "log" and isinstance(u, self.fmpq) and u == 1:
            return self.fmpq(0)
        return self._finite(getattr(ball, function)(), function)

    def undefined(self, function: Any, orders: tuple[int, ...], args: Sequence[Any]) -> Any:
        """A cubic polynomial with whole coefficients stands for an undefined function."""
        draw = random.Random(f"{function.__name__} {self.seed}")
        total = self.number(0)
        for powers in itertools.product(range(4), repeat=len(args)):
            coefficient = draw.choice((1, 2, -1, 3, -2))
            if 0 < sum(powers) <= 3 and all(p >= n for p, n in zip(powers, orders, strict=True)):
                term = self.number(coefficient)
                for u, p, n in zip(args, powers, orders, strict=True):
                    term = term * math.perm(p, n) * u ** (p - n)
                total = total + term
        return total

    def sign(self, u: Any, kink: bool) -> int:
        if isinstance(u, self.fmpq):
            sign = int(u > 0) - int(u < 0)
            if sign == 0 and kink:
                raise KinkError("on a kink")
            return sign
        if u > 0:
            return 1
        if u < 0:
            return -1
        raise UndefinedError("too close to zero to tell its sign")


#: functions whose value at zero is rational
_AT_ZERO = {
    "exp": 1, "cosh": 1, "sech": 1, "cos": 1, "erfc": 1,
    "tanh": 0, "sinh": 0, "sin": 0, "tan": 0, "asin": 0, "atan": 0, "asinh": 0, "atanh": 0, "erf": 0,
}  # fmt: skip


@dataclass(frozen=True)
class Enclosure:
    """A number between `low` and `high`; `text` is exact, or has only digits that are certain."""

    low: Fraction
    high: Fraction
    text: str

    def __str__(self) -> str:
        return self.text


def enclosed(e: sp.Basic, at: Mapping[Any, Any], definitions: Sequence[sp.Eq] = ()) -> Enclosure:
    """The value of a formula at a point.

    at: numbers by symbol or name: whole ones for sizes and free indices, rational ones for symbols, nested lists
    for arrays, whose indices start at 1.  Raises UndefinedError where it has no value, ImportError without
    python-flint.
    """
    given = {str(getattr(k, "label", k)): v for k, v in at.items()}
    found = {head_of(d.lhs): (tuple(getattr(d.lhs, "indices", ())), d.rhs) for d in definitions}

    def leaf(name: sp.Basic, index: tuple[int, ...]) -> Fraction:
        value = given.get(str(getattr(name, "label", name)))
        for n in index:
            if value is None or not 1 <= n <= len(value):
                raise UndefinedError(f"no value is given for {name}{list(index)}")
            value = value[n - 1]
        if value is None:
            raise UndefinedError(f"no value is given for {name}")
        return Fraction(str(value))

    whole = e.atoms(sp.Symbol, sp.Idx)
    env = {s: int(given[str(s)]) for s in whole if s.is_integer and str(s) in given}
    with precision():
        value = Walk(BallField(leaf), {}, found).value(e, env)
        return Enclosure(*_ends(value), ball_text(value))


def head_of(e: sp.Basic) -> sp.Basic:
    """The array of an entry, or the symbol itself."""
    return e.base if isinstance(e, sp.Indexed) else e


def _ends(value: Any) -> tuple[Fraction, Fraction]:
    if not hasattr(value, "mid"):
        exact = Fraction(int(value.p), int(value.q))
        return exact, exact
    ends = [end.fmpq() for end in (value.lower(), value.upper())]
    low, high = (Fraction(int(end.p), int(end.q)) for end in ends)
    return low, high


def ball_text(value: Any) -> str:
    """An exact fraction; or the digits that all numbers of the ball begin with; without these, middle and radius."""
    if not hasattr(value, "mid"):
        return str(Fraction(int(value.p), int(value.q)))
    low, high = (_decimal(end) for end in _ends(value))
    certain = "".join(a for a, _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(low, high, strict=False)))
    if "." not in certain or not any(c in "123456789" for c in certain):
        return str(value.str(20))
    return certain[: max(22, 8 + len(certain) - len(certain.lstrip("-0.")))] + "…"


def _decimal(q: Fraction) -> str:
    """The first digits, cut off and not rounded."""
    whole, rest = divmod(abs(q.numerator) * 10**_DIGITS // q.denominator, 10**_DIGITS)
    return f"{'-' if q < 0 else ''}{whole}.{rest:0{_DIGITS}d}"
