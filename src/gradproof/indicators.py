"""Deltas and indicators: [u = 0] and [u > 0] of normal forms, and what is known of a form's sign.

An indicator whose form is known to be positive is 1, and one whose form is not is 0.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from gradproof.canonical import Atom, Factors, Number, Poly, Term, content, sign_of

__all__ = ["ONE", "Indicators", "Range"]

MAX_SHIFT = 4  # of a whole number that an indicator asks about
_ABOVE_ZERO = {("function", "cosh"), ("function", "sech")}

ONE = Poly.number(1)


@dataclass(frozen=True)
class Range:
    """lo, lo + 1, …, hi; both are integer polynomials in the sizes."""

    lo: Poly
    hi: Poly

    @property
    def key(self) -> str:
        return f"{self.lo.key}|{self.hi.key}"

    @property
    def length(self) -> Poly:
        return self.hi - self.lo + ONE


@dataclass
class Indicators:
    """What is known of normal forms, and the deltas and indicators that follow from it.

    `least` says how small an integer polynomial can be, or None if unknown; `positive` tells whether an atom is
    known to be positive; `sum_of` gives the assumed value of a power of an entry summed over an index, `roots_of`
    the two numbers one of which an atom is, `is_index` whether it is a whole number, `contracted` the product of a
    matrix and its inverse, `total_of` the assumed value of a sum; `ranges` gives the range of each bound index.
    """

    least: Callable[[Poly], Number | None]
    positive: Callable[[Atom], bool]
    sum_of: Callable[[Atom, int, object], Poly | None]
    roots_of: Callable[[Atom], tuple[Poly, Poly] | None]
    is_index: Callable[[Atom], bool]
    contracted: Callable[[Atom, Atom, int], Poly | None]
    total_of: Callable[[Term], Poly | None]
    ranges: dict[int, Range] = field(default_factory=dict)

    def delta(self, u: Poly) -> Poly:
        """[u = 0] for an integer polynomial u."""
        value = u.constant
        if value is not None:
            return ONE if value == 0 else Poly()
        if self.at_least(u, 1) or self.at_least(-u, 1):
            return Poly()
        if sign_of(u) < 0:
            u = -u
        return Poly.atom(Atom("delta", "", (u,)))

    def at_least(self, u: Poly, bound: int) -> bool:
        least = self.least(u)
        return least is not None and least >= bound

    def positive_part(self, u: Poly) -> Poly:
        """[u > 0]."""
        value = u.constant
        if value is not None:
            return ONE if value > 0 else Poly()
        if self.at_least(u, 1):
            return ONE
        if self.at_least(-u, 0):
            return Poly()
        u, sign = self._without_positive_factors(u.scaled(1 / Fraction(content(u))))
        if sign is not None:
            return ONE if sign > 0 else Poly()
        if self.is_positive_sum(u) or self.is_positive_sum(-u):
            return ONE if self.is_positive_sum(u) else Poly()
        return Poly.atom(Atom("positive", "", (u,)))

    def is_whole(self, u: Poly) -> bool:
        """Whether a form is a whole number: made of indices and sizes."""
        return all(
            c == int(c) and not t.bound and all(self.is_index(a) and _natural(e) for a, e in t.factors.values())
            for c, t in u
        )

    def shifted(self, u: Poly) -> Poly | None:
        """[u > 0] for a whole number u = v + n as [v > 0] and deltas, or as 1 − [1 − u > 0]; None if u is no such form."""
        n: Number = sum(c for c, t in u if not t.factors)
        if not self.is_whole(u) or abs(int(n)) > MAX_SHIFT:
            return None
        v = u - Poly.number(n)
        if sign_of(v) < 0 < sign_of(-v):
            return ONE - self.positive_part(ONE - u)
        if n == 0:
            return None
        total = self.positive_part(v)
        for k in range(abs(int(n))):
            total = total + self.delta(v + Poly.number(k)) if n > 0 else total - self.delta(v - Poly.number(k + 1))
        return total

    def _without_positive_factors(self, u: Poly) -> tuple[Poly, int | None]:
        """`u` without factors that are positive; its sign if nothing else is left."""
        if len(u) != 1:
            return u, None
        ((c, t),) = u
        if t.bound:
            return u, None
        kept = {k: (a, e) for k, (a, e) in t.factors.items() if not self.is_positive(a)}
        if not kept:
            return u, 1 if c > 0 else -1
        return Poly([(1 if c > 0 else -1, Term({}, kept))]), None

    def is_positive(self, atom: Atom) -> bool:
        """Whether the atom is known to be positive."""
        if atom.kind == "sum":
            return self.is_positive_sum(atom.args[0])
        return atom.kind in ("exp", "number", "pi") or (atom.kind, atom.head) in _ABOVE_ZERO or self.positive(atom)

    def is_positive_sum(self, poly: Poly, weak: bool = False) -> bool:
        """Whether no term can be negative, and, unless `weak`, one of them is positive for all sizes."""
        positive = weak
        for c, t in poly:
            signs = [self._sign_of_power(atom, e) for atom, e in t.factors.values()]
            if c < 0 or None in signs:
                return False
            nonempty = all(self.at_least(self.ranges[i].length, 1) for i in t.bound)
            positive = positive or (all(signs) and nonempty)
        return positive

    def _sign_of_power(self, atom: Atom, exponent: Number | Poly) -> int | None:
        """1 for what is positive, 0 for what is not negative, None where that is unknown."""
        if self.is_positive(atom):
            return 1
        return 0 if atom.kind == "absolute" or (isinstance(exponent, int) and exponent % 2 == 0) else None

    def implied(self, factors: Factors) -> Factors | None:
        """Indicators that are implied go; two that exclude each other leave None (zero)."""
        kept = dict(factors)
        forms = {k: a.args[0] for k, (a, _) in factors.items() if a.kind == "positive"}
        for key, u in forms.items():
            if any((-u).key == other.key for other in forms.values()):
                return None
            single = u.single
            if (single is not None and self.is_positive(single)) or self.at_least(u, 1):
                del kept[key]
            elif self.at_least(-u, 0):
                return None
        whole = {k: u for k, u in forms.items() if k in kept and self.is_whole(u)} if len(forms) > 1 else {}
        for (key, u), (other, v) in itertools.permutations(whole.items(), 2):
            if self.at_least(ONE - u - v, 0):  # both would be 1 or more
                return None
            if other in kept and self.at_least(u - v, 0):  # v > 0 says it already
                kept.pop(key, None)
        return kept


def _natural(exponent: Number | Poly) -> bool:
    return isinstance(exponent, int) and exponent > 0
