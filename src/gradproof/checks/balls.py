"""Numbers for dual.py at one point: exact fractions, and Arb's balls where a function leaves the rationals.

A ball has 200 bits, or more where these do not tell enough; it is sure to hold its number.
"""

from __future__ import annotations

import itertools
import math
import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from importlib import import_module
from typing import Any

import sympy as sp

from gradproof.checks.fields import UnsupportedError
from gradproof.intervals import KinkError, UndefinedError

__all__ = ["PRECISIONS", "BallField", "Polynomial", "ball_text", "ends", "flint", "head_of", "precision", "sloped"]

BITS = 200
PRECISIONS = (BITS, 4 * BITS, 16 * BITS)  # that are tried in turn
_DIGITS = 50
_SHOWN = 22  # characters of a number
_PLACES = 15  # before the point, at most; a larger number is written with a power of ten
_ZEROS = 30  # after the point, at most
_LARGEST = 10**6  # argument of a function
_LOCK = threading.RLock()  # FLINT has one precision for all threads

#: the terms of a polynomial that stands for an undefined function: coefficients by powers
Polynomial = Mapping[tuple[int, ...], Fraction]


def flint() -> Any:
    """python-flint, which is needed only here and in the second prover."""
    try:
        return import_module("flint")
    except ImportError as error:
        raise ImportError("python-flint is not installed: pip install 'gradproof[evidence]'", name="flint") from error


@contextmanager
def precision(bits: int = BITS) -> Iterator[None]:
    """Balls have their bits within."""
    with _LOCK, flint().ctx.workprec(bits):
        yield


class BallField:
    """Fractions and balls, at one point: a field for dual.py.

    leaves: (name, index) -> its value, a number or a ball; asked for once each.  functions: by name, the polynomials
    that stand for undefined functions; without them, `seed` chooses cubic ones.
    """

    def __init__(self, leaves: Any, seed: int = 0, functions: Mapping[str, Polynomial] | None = None) -> None:
        module = flint()
        self.fmpq, self.arb = module.fmpq, module.arb
        self.leaves, self.seed, self.functions = leaves, seed, functions

    def number(self, value: int | Fraction) -> Any:
        return self.fmpq(value.numerator, value.denominator)

    def constant(self, u: Any) -> Fraction | None:
        return Fraction(int(u.p), int(u.q)) if isinstance(u, self.fmpq) else None

    def leaf(self, name: sp.Basic, index: tuple[int, ...]) -> Any:
        value = self.leaves(name, index)
        return self.number(value) if isinstance(value, (int, Fraction)) else value

    def between(self, low: Fraction, high: Fraction) -> Any:
        """A ball that holds all numbers between two."""
        if low == high:
            return self.number(low)
        return self.arb(self.number(low)).union(self.arb(self.number(high)))

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
        return self._times_itself(self.inverse(u) if n < 0 else u, abs(n))

    def _times_itself(self, u: Any, n: int) -> Any:
        """A whole power by squaring: python-flint's own is nan for a ball whose middle is zero."""
        if n < 2:
            return u if n else self.number(1)
        half = self._times_itself(u, n // 2)
        return half * half * u if n % 2 else half * half

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
        if not abs(ball) < _LARGEST and function != "log":
            raise UndefinedError(f"{function} of a number that is larger than {_LARGEST}")
        if isinstance(u, self.fmpq) and u == 0 and function in _AT_ZERO:
            return self.fmpq(_AT_ZERO[function])
        if isinstance(u, self.fmpq) and u == 1 and function in _ZERO_AT_ONE:
            return self.fmpq(0)
        return self._finite(getattr(ball, function)(), function)

    def undefined(self, function: Any, orders: tuple[int, ...], args: Sequence[Any]) -> Any:
        """The value of a polynomial that stands for an undefined function, or of a derivative of it."""
        if self.functions is not None and function.__name__ not in self.functions:
            raise UndefinedError(f"no polynomial is given for the function {function}")
        terms = self._cubic(function, len(args)) if self.functions is None else self.functions[function.__name__]
        total = self.number(0)
        for powers, coefficient in sloped(terms, orders).items():
            total = total + math.prod(map(self._times_itself, args, powers), start=self.number(coefficient))
        return total

    def _cubic(self, function: Any, slots: int) -> Polynomial:
        """A cubic polynomial with whole coefficients."""
        draw = random.Random(f"{function.__name__} {self.seed}")
        chosen = {
            powers: Fraction(draw.choice((1, 2, -1, 3, -2))) for powers in itertools.product(range(4), repeat=slots)
        }
        return {powers: coefficient for powers, coefficient in chosen.items() if 0 < sum(powers) <= 3}

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
_ZERO_AT_ONE = ("log", "acos", "acosh")


def sloped(terms: Polynomial, orders: Sequence[int]) -> Polynomial:
    """The coefficients of a derivative of a polynomial: so many times by each variable."""
    return {
        tuple(p - n for p, n in zip(powers, orders, strict=True)): c * math.prod(map(math.perm, powers, orders))
        for powers, c in terms.items()
        if all(p >= n for p, n in zip(powers, orders, strict=True))
    }


def head_of(e: sp.Basic) -> sp.Basic:
    """The array of an entry, or the symbol itself."""
    return e.base if isinstance(e, sp.Indexed) else e


def ends(value: Any) -> tuple[Fraction, Fraction]:
    """The ends of a ball; a fraction is both of its own."""
    if not hasattr(value, "mid"):
        exact = Fraction(int(value.p), int(value.q))
        return exact, exact
    low, high = (end.fmpq() for end in (value.lower(), value.upper()))
    return Fraction(int(low.p), int(low.q)), Fraction(int(high.p), int(high.q))


def ball_text(value: Any) -> str:
    """An exact fraction; or the digits that all numbers of the ball begin with; without these, middle and radius."""
    if not hasattr(value, "mid"):
        return str(Fraction(int(value.p), int(value.q)))
    low, high = ends(value)
    power = _power(low) if low else 0
    scaled = not -_ZEROS < power < _PLACES
    sides = [_decimal(end / Fraction(10) ** (power if scaled else 0)) for end in (low, high)]
    certain = "".join(a for a, _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(*sides, strict=False)))
    if low <= 0 <= high or "." not in certain or not any(c in "123456789" for c in certain):
        return str(value.str(20))
    first = len(certain) - len(certain.lstrip("-0."))
    return certain[: max(_SHOWN, 8 + first)] + "…" + (f"e{power:+d}" if scaled else "")


def _power(q: Fraction) -> int:
    """The power of ten of a number's first digit."""
    power = math.floor((abs(q.numerator).bit_length() - q.denominator.bit_length()) * math.log10(2))
    while abs(q) >= Fraction(10) ** (power + 1):
        power += 1
    while abs(q) < Fraction(10) ** power:
        power -= 1
    return power


def _decimal(q: Fraction) -> str:
    """The first digits, cut off and not rounded."""
    whole, rest = divmod(abs(q.numerator) * 10**_DIGITS // q.denominator, 10**_DIGITS)
    return f"{'-' if q < 0 else ''}{whole}.{rest:0{_DIGITS}d}"
