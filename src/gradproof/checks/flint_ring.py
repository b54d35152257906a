"""Fractions of polynomials with rational coefficients, in python-flint, and what is known of their signs.

A generator stands for an entry, or for the value of a function (flint_field.py).  Equations between generators,
such as r² = g for a root r, are relations: a polynomial is reduced by them wherever it can be.

Where a formula branches, the ring is asked for the sign of a polynomial.  One that is not known is decided,
+, − or 0, and the prover goes through all decisions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from importlib import import_module
from typing import Any

import sympy as sp

from gradproof.checks.fields import TOO_LARGE, UnsupportedError
from gradproof.intervals import UndefinedError

__all__ = ["SIGNS", "AgainError", "Rational", "Ring", "Setup", "as_fraction"]

_WORK = 300_000  # products of terms in one run
_FACTOR = 1_000  # what factoring counts
_FACTORED = 400  # terms of a polynomial that is factored
SIGNS = frozenset((-1, 0, 1))


class AgainError(Exception):
    """The run must start again, with the setup as it is now."""


@dataclass
class Setup:
    """What a run needs to know before it starts.

    room: the number of generators.  grains: e^u for this u is written by e^(u/n).  expanded: tanh is written
    through e^u.
    """

    room: int = 24
    grains: dict[str, int] = field(default_factory=dict)
    expanded: bool = False


class Rational:
    """A fraction of two polynomials without a common factor, of which the lower one is monic."""

    __slots__ = ("den", "field", "num")

    def __init__(self, of: Ring, num: Any, den: Any) -> None:
        self.field, self.num, self.den = of, num, den

    def __add__(self, other: Rational) -> Rational:
        if not self.num:
            return other
        if not other.num:
            return self
        if self.den == other.den:
            return self.field.fraction(self.num + other.num, self.den)
        self.field.spend(self.num, other.den)
        self.field.spend(other.num, self.den)
        return self.field.fraction(self.num * other.den + other.num * self.den, self.den * other.den)

    def __neg__(self) -> Rational:
        return Rational(self.field, -self.num, self.den)

    def __sub__(self, other: Rational) -> Rational:
        return self + -other

    def __mul__(self, other: Rational) -> Rational:
        self.field.spend(self.num, other.num)
        self.field.spend(self.den, other.den)
        return self.field.fraction(self.num * other.num, self.den * other.den)

    def __str__(self) -> str:
        return str(self.num) if self.den.is_one() else f"({self.num})/({self.den})"


class Ring:
    """The fractions of one run.  decisions: the signs that were decided, in the order in which they were asked for."""

    def __init__(self, setup: Setup, decisions: Sequence[int] = ()) -> None:
        flint = import_module("flint")
        self.fmpq = flint.fmpq
        self.setup, self.decisions = setup, list(decisions)
        self.ring = flint.fmpq_mpoly_ctx.get([f"g{n}" for n in range(setup.room)], flint.Ordering.degrevlex)
        self.one = self.ring.constant(1)
        self.generators: dict[Any, int] = {}
        self.signs: list[frozenset[int]] = []  # of each generator
        self.relations: dict[int, tuple[int, Any]] = {}  # generator^n = polynomial
        self.facts: dict[str, tuple[Any, frozenset[int]]] = {}  # polynomial -> the signs that it can have
        self.options: list[tuple[int, ...]] = []  # of each decision
        self.branched = False  # whether a sign was used that is not seen from a polynomial's form
        self.work = 0

    # -- arithmetic ---------------------------------------------------------------------------
    def spend(self, a: Any, b: Any) -> None:
        self.work += len(a) * len(b)
        if self.work > _WORK:
            raise UnsupportedError(TOO_LARGE)

    def fraction(self, num: Any, den: Any) -> Rational:
        """num/den in lowest terms, with the relations used."""
        num, den = self.reduced(num), self.reduced(den)
        if not den:
            raise UndefinedError("division by zero")
        if not num:
            return Rational(self, num, self.one)
        if not den.is_constant():
            self.spend(num, den)
            common = num.gcd(den)
            if not common.is_one():
                num, den = num / common, den / common
        scale = den.leading_coefficient()
        return Rational(self, num / scale, den / scale) if scale != 1 else Rational(self, num, den)

    def reduced(self, p: Any) -> Any:
        """The polynomial with every relation used as often as it can be."""
        for _ in range(60):
            degrees = p.degrees() if self.relations and not p.is_constant() else ()
            due = [g for g, (n, _) in self.relations.items() if degrees and degrees[g] >= n]
            if not due:
                return p
            p = self._without(p, due[-1])
        raise UnsupportedError("relations that do not end")

    def _without(self, p: Any, generator: int) -> Any:
        n, other = self.relations[generator]
        parts: dict[int, dict[tuple[int, ...], Any]] = {}
        for monomial, c in p.to_dict().items():
            times, rest = divmod(monomial[generator], n)
            parts.setdefault(times, {})[(*monomial[:generator], rest, *monomial[generator + 1 :])] = c
        total = self.ring.constant(0)
        for times, terms in parts.items():
            self.work += len(terms) * len(other) ** times
            if self.work > _WORK:
                raise UnsupportedError(TOO_LARGE)
            total += self.ring.from_dict(terms) * other**times
        return total

    def number(self, value: int | Fraction) -> Rational:
        value = Fraction(value)
        return Rational(self, self.ring.constant(self.fmpq(value.numerator, value.denominator)), self.one)

    def constant(self, u: Rational) -> Fraction | None:
        if not (u.num.is_constant() and u.den.is_one()):
            return None
        return as_fraction(u.num.leading_coefficient()) if u.num else Fraction(0)

    def inverse(self, u: Rational) -> Rational:
        return self.fraction(u.den, u.num)

    def generator(self, key: Any, signs: frozenset[int] = SIGNS) -> tuple[Rational, int, bool]:
        """(the generator for a key, its number, whether it is new)."""
        new = key not in self.generators
        if new:
            if len(self.generators) == self.setup.room:
                if self.setup.room >= 200:
                    raise UnsupportedError("too many different values")
                self.setup.room *= 3
                raise AgainError
            self.generators[key] = len(self.generators)
            self.signs.append(signs)
        n = self.generators[key]
        return self.fraction(self.ring.gen(n), self.one), n, new

    def leaf(self, name: sp.Basic, index: tuple[int, ...]) -> Rational:
        signs = SIGNS
        for declared, those in _DECLARED.items():
            if getattr(name, declared, None):
                signs = signs & those
        return self.generator((name, index), signs)[0]

    def pi(self) -> Rational:
        return self.generator("pi", frozenset((1,)))[0]

    def factors(self, u: Rational) -> tuple[Fraction, list[tuple[Any, int]]]:
        """(a number, irreducible polynomials with their exponents) whose product u is."""
        if max(len(u.num), len(u.den)) > _FACTORED:
            raise UnsupportedError(TOO_LARGE)
        content, factors = u.num.factor()
        below, others = u.den.factor()
        return as_fraction(content) / as_fraction(below), [
            *((g, int(n)) for g, n in factors),
            *((g, -int(n)) for g, n in others),
        ]

    # -- signs --------------------------------------------------------------------------------
    def absolute(self, u: Rational, not_zero: bool = False) -> Rational:
        return self.number(self.sign(u, not_zero)) * u

    def assume(self, p: Any, signs: frozenset[int]) -> None:
        """Note that a polynomial has one of these signs, if it has one factor whose sign is not known."""
        if not p and 0 in signs:
            return
        content, factors = self.factors(Rational(self, p, self.one))
        sign = 1 if content > 0 else -1 if content < 0 else 0
        unknown = [(g, n) for g, n in factors if self.possible(g) != {1}]
        if not unknown and sign not in signs:
            raise UndefinedError("a sign that cannot be")
        if len(unknown) == 1 and unknown[0][1] % 2:
            g = unknown[0][0]
            self._narrow(g, self.possible(g) & frozenset(sign * s for s in signs))

    def _narrow(self, g: Any, signs: frozenset[int]) -> None:
        if not signs:
            raise UndefinedError("a sign that cannot be")
        self.facts[str(g)] = (g, signs)
        for n in range(len(self.signs)):
            if g == self.ring.gen(n):
                self.signs[n] = self.signs[n] & signs

    def possible(self, p: Any) -> frozenset[int]:
        """The signs that a polynomial can have, as far as they are seen from its form and from what is known."""
        form = self._by_form(p)
        known = form & self.facts.get(str(p), (p, SIGNS))[1]
        for h, signs in list(self.facts.values()) if len(known) > 1 else ():
            if len(signs) == 1 and 0 not in signs:
                (sign,) = signs
                for scale in {p[m] / c for m, c in h.to_dict().items() if p[m] != 0}:
                    toward = sign if scale > 0 else -sign
                    if self._by_form(p - h * scale) <= {0, toward}:
                        known = known & {toward}
        self.branched = self.branched or known != form
        return known

    def _by_form(self, p: Any) -> frozenset[int]:
        """From the signs of the terms: a sum of what is not negative is not negative."""
        if not p:
            return frozenset((0,))
        total: frozenset[int] = frozenset((0,))
        for monomial, c in p.to_dict().items():
            term = frozenset((1 if c > 0 else -1,))
            for n, k in enumerate(monomial):
                if k:
                    term = frozenset(a * b**k for a in term for b in self.signs[n])
            total = frozenset(s for a in total for b in term for s in _ADDED[a, b])
            if total == SIGNS:
                return total
        return total

    def sign(self, u: Rational, kink: bool) -> int:
        if not u.num:
            if kink:
                raise UndefinedError("on a kink")
            return 0
        content, factors = self.factors(u)
        self.work += _FACTOR
        sign = 1 if content > 0 else -1
        for g, n in factors:
            found = self._decided(g, kink or n < 0)
            sign *= found ** abs(n)
        return sign

    def _decided(self, g: Any, not_zero: bool) -> int:
        options = tuple(s for s in (1, -1, 0) if s in self.possible(g) and not (not_zero and s == 0))
        if not options:
            raise UndefinedError("on a kink")
        if len(options) > 1:
            n = len(self.options)
            self.options.append(options)
            if n == len(self.decisions):
                self.decisions.append(options[0])
            self._narrow(g, frozenset((self.decisions[n],)))
            if self.decisions[n] == 0:
                self.relate(g)
            return self.decisions[n]
        return options[0]

    def relate(self, p: Any) -> None:
        """Use p = 0, by solving it for a power of a generator; raises UnsupportedError if that cannot be done."""
        p = self.reduced(p)
        if not p:
            return
        if p.is_constant():
            raise UndefinedError("an equation that cannot hold")
        terms = p.to_dict()
        degrees = p.degrees()
        best: tuple[int, int] | None = None
        for n, degree in enumerate(degrees):
            alone = tuple(int(degree) if m == n else 0 for m in range(self.setup.room))
            others = [m for m in terms if m[n] == degree]
            if degree and others == [alone] and n not in self.relations and (best is None or degree <= best[0]):
                best = (int(degree), n)
        if best is None:
            raise UnsupportedError("an equation that is not solved for one value")
        degree, n = best
        lead = self.ring.gen(n) ** degree
        alone = lead.monomial(0)
        self.relations[n] = (degree, lead - p / p[alone])


_DECLARED: Mapping[str, frozenset[int]] = {
    "is_positive": frozenset((1,)),
    "is_negative": frozenset((-1,)),
    "is_nonnegative": frozenset((0, 1)),
    "is_nonpositive": frozenset((-1, 0)),
    "is_nonzero": frozenset((-1, 1)),
}

_ADDED = {(a, b): (a or b,) if a * b >= 0 else (-1, 0, 1) for a in SIGNS for b in SIGNS}


def as_fraction(q: Any) -> Fraction:
    """A number of python-flint's as one of Python's."""
    return Fraction(int(q.p), int(q.q)) if hasattr(q, "q") else Fraction(int(q))
