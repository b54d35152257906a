"""Products and sums of normal forms: powers of one atom join, deltas collapse, indicators exclude.

- ``x·x⁻¹ = 1``; ``e^a e^b = e^(a+b)``; ``S⁻¹·Σ_k f_k = 1`` where S = Σ_k f_k;
- ``[u>0]² = [u>0]``; ``[u>0][−u>0] = 0``;
- ``Σ_i δ(i, e) f(i) = [e in range] f(e)``; ``Σ_i c = (hi − lo + 1)·c`` (ranges have length ≥ 0).

An indicator that is 0 annihilates what it multiplies, defined or not: that is what a branch
of a `Piecewise` means.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gradproof.canonical import (
    Atom,
    BudgetExceededError,
    Factors,
    Number,
    Poly,
    Term,
    add_exponents,
    fresh_index,
    independent,
    tidy,
)
from gradproof.indicators import ONE, Indicators, Range

__all__ = ["ONE", "Products", "Range"]

MAX_TERMS = 4000  # terms of one expanded product
MAX_WORK = 8_000  # terms of one comparison, long ones counted more than once; the reference needs 1,300 at most
_LONG = 4_000  # characters of a term that cost as much as a term


@dataclass
class Products(Indicators):
    """Sums and products of normal forms; `Algebra` adds powers and functions."""

    work: int = 0

    # -- sums and products ---------------------------------------------------------------
    def product(self, a: Poly, b: Poly) -> Poly:
        if len(a) * len(b) > MAX_TERMS:
            raise BudgetExceededError(f"more than {MAX_TERMS} terms in a product")
        result: list[tuple[Number, Term]] = []
        for c, s in a:
            for d, t in b:
                result.extend(self.times(c * d, s, t))
        return Poly(result)

    def times(self, c: Number, s: Term, t: Term) -> Poly | list[tuple[Number, Term]]:
        if s.bound and any(i in s.bound for i in t.bound):
            t = self._freshened(t)
        factors = dict(s.factors)
        special = False
        for key, (atom, exponent) in t.factors.items():
            if key in factors:
                exponent = add_exponents(factors[key][1], exponent)
                special = True
            factors[key] = (atom, exponent)
        bound = s.bound | t.bound
        if special or any(a.kind in ("delta", "positive") for a, _ in factors.values()):
            return self.term(c, bound, factors)
        return [(c, Term(bound, factors))]

    def times_power(self, poly: Poly, atom: Atom, exponent: Number | Poly) -> Poly:
        """`poly` times a power of an atom, in each of its terms."""
        total = Poly()
        for c, t in poly:
            old = t.factors.get(atom.key, (atom, 0))[1]
            joined = {**t.factors, atom.key: (atom, add_exponents(old, exponent))}
            total = total + self.term(c, t.bound, joined)
        return total

    def _freshened(self, term: Term) -> Term:
        renaming = {i: self.fresh(self.ranges[i]) for i in term.bound}
        names = {i: Poly.atom(Atom("index", j)) for i, j in renaming.items()}
        inner = self.substitute(Poly([(1, Term({}, term.factors))]), names)
        parts = list(inner)
        if len(parts) != 1 or parts[0][0] != 1:
            raise BudgetExceededError("a term changed its shape when its indices were renamed")
        body = parts[0][1]
        return Term({renaming[i]: span for i, span in term.bound.items()}, body.factors)

    def fresh(self, span: Range) -> int:
        index = fresh_index()
        self.ranges[index] = span
        return index

    def over(self, body: Poly, index: int) -> Poly:
        """The sum of `body` over a bound index whose range is registered."""
        span = self.ranges[index].key
        total = Poly()
        for c, t in body:
            bound = {**t.bound, index: span}
            total += self.term(c, bound, t.factors)
        return total

    def term(self, c: Number, bound: dict[int, str], factors: Factors) -> Poly:
        """The normal form of one term: powers, deltas and indicators, then idle indices."""
        self.work += 1 + sum(map(len, factors)) // _LONG
        if self.work > MAX_WORK:
            raise BudgetExceededError(f"more than {MAX_WORK} terms in all")
        plain: Factors = {}
        extra = ONE
        for key, (atom, exponent) in factors.items():
            if exponent == 0 or (isinstance(exponent, Poly) and not exponent):
                continue
            if atom.kind in ("delta", "positive"):
                if isinstance(exponent, Poly) and self.is_whole(exponent) and not self.at_least(exponent, 1):
                    raise BudgetExceededError("a power of an indicator whose exponent may be 0")
                plain[key] = (atom, 1)
                continue
            if isinstance(exponent, Poly) and atom.kind != "exp" and exponent.constant is not None:
                exponent = exponent.constant
            if isinstance(exponent, Poly):
                plain[key] = (atom, exponent)
                continue
            left, whole = self.opened(atom, tidy(exponent))
            if left:
                plain[key] = (atom, left)
            if whole is not None:
                extra = self.product(extra, whole)
        if extra is not ONE:
            return self.product(Poly([(c, Term(bound, plain))]), extra)
        if any(a.kind == "positive" for a, _ in plain.values()):
            reduced = self.implied(plain)
            if reduced is None:
                return Poly()
            plain = reduced
        for atom, _ in list(plain.values()):
            if atom.kind == "delta":
                collapsed = self._collapse(c, bound, plain, atom)
                if collapsed is not None:
                    return collapsed
        if bound and any(a.kind == "sum" for a, _ in plain.values()):
            cancelled = self._cancel(c, bound, plain)
            if cancelled is not None:
                return cancelled
        if bound:
            valued = self._valued(c, bound, plain)
            if valued is not None:
                return valued
        return self._idle(c, bound, plain)

    def _cancel(self, c: Number, bound: dict[int, str], factors: Factors) -> Poly | None:
        """S⁻¹·Σ_k f_k = 1 where S = Σ_k f_k stands in the denominator; what S leaves free may be bound outside."""
        for key, (atom, exponent) in factors.items():
            if atom.kind != "sum" or isinstance(exponent, Poly) or exponent > -1:
                continue
            groups = independent({i: s for i, s in bound.items() if i not in atom.labels}, factors)
            for group in groups:
                if group.bound and Poly([(1, group)]).key == atom.args[0].key:
                    rest = _product_of(g for g in groups if g is not group)
                    rest[key] = (atom, exponent + 1)
                    left = {i: s for i, s in bound.items() if i not in group.bound}
                    return self.term(c, left, rest)
        return None

    def _valued(self, c: Number, bound: dict[int, str], factors: Factors) -> Poly | None:
        """A sum that is a factor of the term and whose value is assumed is replaced by it."""
        for group in (groups := independent(bound, factors)):
            value = self.total_of(group) if group.bound else None
            if value is not None:
                rest = _product_of(g for g in groups if g is not group)
                left = {i: s for i, s in bound.items() if i not in group.bound}
                return self.product(self.term(c, left, rest), value)
        return None

    def _idle(self, c: Number, bound: dict[int, str], factors: Factors) -> Poly:
        """Σ_i c = length·c for an index that no factor uses; then the assumed sums."""
        term = Term({}, factors)
        idle = [i for i in bound if i not in term.labels]
        for index in bound:
            if index in idle:
                continue
            whole = self._contraction(c, index, bound, factors)
            if whole is not None:
                return whole
            law = self._sum_law(index, factors)
            if law is not None:
                key, value = law
                rest = {k: f for k, f in factors.items() if k != key}
                left = {i: s for i, s in bound.items() if i != index}
                return self.product(self.term(c, left, rest), value)
        body = Poly([(c, Term({i: s for i, s in bound.items() if i not in idle}, factors))])
        for index in idle:
            body = self.product(body, self.ranges[index].length)
        return body

    def _contraction(self, c: Number, index: int, bound: dict[int, str], factors: Factors) -> Poly | None:
        """A sum over an index that a matrix and its inverse share."""
        users = [
            (k, a, e)
            for k, (a, e) in factors.items()
            if index in a.labels or (isinstance(e, Poly) and index in e.labels)
        ]
        if len(users) != 2 or any(a.kind != "entry" or e != 1 for _, a, e in users):
            return None
        delta = self.contracted(users[0][1], users[1][1], index)
        if delta is None:
            return None
        left = {i: s for i, s in bound.items() if i != index}
        rest = {k: f for k, f in factors.items() if k not in (users[0][0], users[1][0])}
        total = Poly()
        for d, t in delta:
            total += self.term(c * d, left, {**rest, **t.factors})
        return total

    def _sum_law(self, index: int, factors: Factors) -> tuple[str, Poly] | None:
        """A factor whose sum over the index is known, and that sum, where no other factor has the index."""
        users = [
            (k, a, e)
            for k, (a, e) in factors.items()
            if index in a.labels or (isinstance(e, Poly) and index in e.labels)
        ]
        if len(users) != 1:
            return None
        key, atom, power = users[0]
        value = None
        if atom.kind == "entry":
            value = self.sum_of(atom, index, power)
        elif atom.kind == "positive":
            value = self._count(atom.args[0], index)
        return None if value is None else (key, value)

    def _count(self, u: Poly, index: int) -> Poly | None:
        """How many values of an index make a whole number u = r ± index positive, if r lies within its range."""
        target = _solve(u, index)
        if target is None or not self.is_whole(u):
            return None
        span, rises = self.ranges[index], (u + target - Poly.atom(Atom("index", index))).constant == 0
        count = span.hi - target if rises else target - span.lo
        return count if self.at_least(count, 0) and self.at_least(span.length - count, 0) else None

    def power(self, base: Poly, exponent: Poly) -> Poly:
        """base**exponent; see algebra.py."""
        raise NotImplementedError

    def substitute(self, poly: Poly, values: Mapping[int, Poly]) -> Poly:
        """`poly` with polynomials for bound indices; see substitution.py."""
        raise NotImplementedError

    def opened(self, atom: Atom, exponent: Number) -> tuple[Number, Poly | None]:
        """The power of an atom that stays, and what is multiplied out; see algebra.py."""
        raise NotImplementedError

    def _collapse(
        self,
        c: Number,
        bound: dict[int, str],
        factors: Factors,
        delta: Atom,
    ) -> Poly | None:
        """Only the term i = e of a sum over i survives δ(i, e), if e lies in the range."""
        u = delta.args[0]
        if u.constant is not None or self.at_least(u, 1) or self.at_least(-u, 1):
            value = self.delta(u)
            rest = {k: f for k, f in factors.items() if k != delta.key}
            return self.product(self.term(c, bound, rest), value)
        for index in bound:
            solved = _solve(u, index)
            if solved is None:
                continue
            rest = {k: f for k, f in factors.items() if k != delta.key}
            left = {i: s for i, s in bound.items() if i != index}
            span = self.ranges[index]
            body = self.substitute(Poly([(c, Term({}, rest))]), {index: solved})
            for inside in (solved - span.lo + ONE, span.hi - solved + ONE):
                body = self.product(body, self.positive_part(inside))
            total = Poly()
            for d, t in body:
                total += self.term(d, left | t.bound, t.factors)
            return total
        return None


def _product_of(terms: Iterable[Term]) -> Factors:
    factors: Factors = {}
    for term in terms:
        for key, (atom, exponent) in term.factors.items():
            if key in factors:
                exponent = add_exponents(factors[key][1], exponent)
            factors[key] = (atom, exponent)
    return factors


def _solve(u: Poly, index: int) -> Poly | None:
    """The e with u = ±(index − e), if u is of that form and e is free of the index."""
    rest: list[tuple[Number, Term]] = []
    factor: Number = 0
    for c, t in u:
        if index not in t.labels:
            rest.append((c, t))
            continue
        single = Poly([(1, t)]).single
        if single is None or single.kind != "index" or abs(c) != 1:
            return None
        factor = c
    return Poly(rest).scaled(-factor) if factor else None
