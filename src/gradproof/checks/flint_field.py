"""Rational functions with the values of other functions as generators: a field for dual.py.

Each entry of each array is a generator, and so is each value of a function that is not rational: e^u, log|g|,
a root, tanh(u), f(u).  What is known of such values is used where it is cheap: e^(a + b) = e^a·e^b over a basis of
arguments, log(g·h) = log|g| + log|h|, r² = g for r = √g, sin² + cos² = 1.  So a fraction that is zero here is
zero wherever it has a meaning; one that is not zero may be zero all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from importlib import import_module
from typing import Any

from gradproof.checks.fields import UnsupportedError
from gradproof.checks.flint_ring import AgainError, Rational, Ring, Setup, as_fraction
from gradproof.intervals import UndefinedError

__all__ = ["RationalField"]


class RationalField(Ring):
    """The field of one run; see `Ring`."""

    def __init__(self, setup: Setup, decisions: Sequence[int] = ()) -> None:
        super().__init__(setup, decisions)
        self.matrix = import_module("flint").fmpq_mat
        self.logs: dict[int, Callable[[], Rational]] = {}  # of generators that are powers
        self.exponents: list[tuple[Rational, Callable[[Fraction], Rational]]] = []  # u, and q -> e^(q·u)
        self.cached: dict[tuple[str, str], Rational] = {}

    # -- powers and functions -----------------------------------------------------------------
    def power(self, u: Rational, exponent: Fraction) -> Rational:
        n = exponent.numerator
        if exponent.denominator > 1:
            return self.power(self._root(u, exponent.denominator, n < 0), Fraction(n))
        if abs(n) > 40:
            raise UnsupportedError(f"the power {n}")
        base = self.inverse(u) if n < 0 else u
        result = self.number(1)
        for _ in range(abs(n)):
            result = result * base
        return result

    def _root(self, u: Rational, q: int, not_zero: bool) -> Rational:
        """The q-th root of what is not negative, factor by factor where the signs are known."""
        if not u.num:
            return u
        content, factors = self.factors(u)
        result, rest = self.number(1), self.one if content > 0 else -self.one
        for g, n in [*factors, *((self.ring.constant(p), k) for p, k in _primes(abs(content)))]:
            whole, left = divmod(n, q)
            factor = Rational(self, g, self.one)
            if self.possible(g) <= {0, 1}:
                result = result * self.power(factor, Fraction(whole)) * self.power(self._root_of(g, q), Fraction(left))
            else:  # the root of g^(q·whole) is |g|^whole, if q is even
                outside = self.absolute(factor, not_zero) if whole % 2 and q % 2 == 0 else factor
                result = result * self.power(outside, Fraction(whole))
                rest = rest * g**left
        return result if rest.is_one() else result * self._root_of(rest, q)

    def _root_of(self, g: Any, q: int) -> Rational:
        self.assume(g, frozenset((0, 1)))
        zero = frozenset((0, 1)) & self.possible(g)
        root, n, new = self.generator(("root", q, str(g)), zero)
        if new:
            self.relations[n] = (q, g)
            self.logs[n] = lambda: self.apply("log", Rational(self, g, self.one)) * self.number(Fraction(1, q))
        return self.fraction(root.num, root.den)

    def whole_power(self, u: Rational, exponent: Rational) -> Rational:
        """u^(e + n) = u^n·u^e for whole numbers e, of which nothing else is used."""
        shift = Fraction(0)
        if exponent.den.is_one():
            shift = as_fraction(exponent.num[(0,) * self.setup.room])
        rest = exponent - self.number(shift)
        if shift.denominator != 1:
            raise UnsupportedError("a power that is not whole")
        if self.sign(u, False) == 0:
            raise UnsupportedError("a power of zero that is not known")
        opaque, _, _ = self.generator(("power", str(u), str(rest)), frozenset((-1, 1)))
        return self.power(u, shift) * opaque

    def apply(self, function: str, u: Rational) -> Rational:
        key = (function, str(u))
        if key not in self.cached:
            self.cached[key] = self._applied(function, u)
        found = self.cached[key]
        return self.fraction(found.num, found.den) if self.relations else found

    def _applied(self, function: str, u: Rational) -> Rational:
        one, two = self.number(1), self.number(2)
        match function:
            case "exp":
                return self._exp(u)
            case "log":
                return self._log(u)
            case "tanh" if self.setup.expanded:
                e = self.apply("exp", two * u)
                return (e - one) * self.inverse(e + one)
            case "cosh" | "sinh":
                e, other = self.apply("exp", u), self.apply("exp", -u)
                return (e + other if function == "cosh" else e - other) * self.number(Fraction(1, 2))
            case "coth" | "sech" | "csch":
                return self.inverse(self.apply({"coth": "tanh", "sech": "cosh", "csch": "sinh"}[function], u))
            case "tan":
                return self.apply("sin", u) * self.inverse(self.apply("cos", u))
            case "acos":
                return self.pi() * self.number(Fraction(1, 2)) - self.apply("asin", u)
            case "erfc":
                return one - self.apply("erf", u)
            case "asinh":
                return self.apply("log", u + self.power(u * u + one, Fraction(1, 2)))
            case "acosh":
                return self.apply("log", u + self.power(u - one, Fraction(1, 2)) * self.power(u + one, Fraction(1, 2)))
            case "atanh":
                return (self.apply("log", one + u) - self.apply("log", one - u)) * self.number(Fraction(1, 2))
            case "tanh" | "sin" | "cos" | "asin" | "atan" | "erf":
                return self._odd_or_even(function, u)
        raise UnsupportedError(f"{function} is not known to this prover")

    def _odd_or_even(self, function: str, u: Rational) -> Rational:
        if not u.num:
            return self.number(int(function == "cos"))
        if u.num.leading_coefficient() < 0:
            other = self.apply(function, -u)
            return other if function == "cos" else -other
        value, n, new = self.generator((function, str(u)))
        if new and function == "cos":
            sine = self.apply("sin", u)
            self.relations[n] = (2, self.one - sine.num**2)
        return value

    def undefined(self, function: Any, orders: tuple[int, ...], args: Sequence[Rational]) -> Rational:
        return self.generator((function, orders, *map(str, args)))[0]

    def _log(self, u: Rational) -> Rational:
        """Σ n·log|g| over the factors of u, which is positive where its logarithm has a value."""
        if not u.num:
            raise UndefinedError("the logarithm of zero")
        content, factors = self.factors(u)
        odd = [g for g, n in factors if n % 2 and self.possible(g) != {1}]
        if not odd and content < 0:
            raise UndefinedError("the logarithm of a negative number")
        if len(odd) == 1:
            self.assume(odd[0] if content > 0 else -odd[0], frozenset((1,)))
        total = self.number(0)
        for g, n in [*factors, *((self.ring.constant(p), k) for p, k in _primes(abs(content)))]:
            total = total + self._log_of(g) * self.number(n)
        return total

    def _log_of(self, g: Any) -> Rational:
        known = [self.logs[i] for i in self.logs if g == self.ring.gen(i)]
        if known:
            return known[0]()
        value, _, new = self.generator(("log", str(g)))
        if new:
            self.exponents.append((value, lambda q: self.power(self.absolute(Rational(self, g, self.one)), q)))
        return value

    def _exp(self, u: Rational) -> Rational:
        """A product of powers over the arguments so far, if u is a combination of them; otherwise a new one."""
        if not u.num:
            return self.number(1)
        combination = self._combination(u)
        if combination is None:
            grain = self.setup.grains.get(str(u), 1)
            part = u * self.number(Fraction(1, grain))
            value, n, _ = self.generator(("exp", str(part)), frozenset((1,)))
            self.logs[n] = lambda: part

            def raised(q: Fraction) -> Rational:
                if q.denominator > 1:
                    self.setup.grains[str(u)] = grain * q.denominator
                    raise AgainError
                return self.power(value, q)

            self.exponents.append((part, raised))
            return self.power(value, Fraction(grain))
        result = self.number(1)
        for q, (_, power) in zip(combination, self.exponents, strict=True):
            result = result * power(q) if q else result
        return result

    def _combination(self, u: Rational) -> list[Fraction] | None:
        """The rational numbers q with u = Σ q·(an argument so far), if there are such."""
        if not self.exponents:
            return None
        parts = [*(e for e, _ in self.exponents), u]
        common = self.one
        for part in parts:
            common = common * (part.den / common.gcd(part.den))
        columns = [(part.num * (common / part.den)).to_dict() for part in parts]
        rows = list(dict.fromkeys(m for c in reversed(columns) for m in c))
        if any(all(m not in c for c in columns[:-1]) for m in columns[-1]):
            return None
        table = self.matrix(len(rows), len(parts), [c.get(m, 0) for m in rows for c in columns])
        echelon, rank = table.rref()
        found = [Fraction(0)] * len(self.exponents)
        for row in range(rank):
            pivot = next(n for n in range(len(parts)) if echelon[row, n] != 0)
            if pivot == len(self.exponents):
                return None
            found[pivot] = as_fraction(echelon[row, len(self.exponents)])
        return found


def _primes(q: Fraction) -> list[tuple[int, int]]:
    """The prime factors of a positive number with their exponents."""
    if max(q.numerator, q.denominator) > 10**12:
        raise UnsupportedError("a number that is too large to factor")
    found = []
    for n, sign in ((q.numerator, 1), (q.denominator, -1)):
        p = 2
        while n > 1:
            if p * p > n:
                p = n
            k = 0
            while n % p == 0:
                n, k = n // p, k + 1
            if k:
                found.append((p, sign * k))
            p += 1
    return found
