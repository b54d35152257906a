"""One order for sums in sums: of all indices of a nest, which one stands outside.

Σ_i a(i) Σ_j u(i, j) Σ_k v(j, k) is as well Σ_k, or Σ_j of a product of two sums.  Each index is put outside, the rest
gets its own order, and the form with the fewest sums is kept, of those the first by its text.  While the orders of a
nest are compared, its indices are named by their depth: else the order would depend on what they are called.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gradproof.formal.facts import Fact, Span, above, exchanged
from gradproof.formal.polynomials import Poly
from gradproof.formal.quotients import Quotients
from gradproof.formal.terms import Term, fresh_name, put, show, show_integer, sum_over, var, walk

__all__ = ["Nests"]

#: of an inner nest with so many indices only the outermost is put outside
MOST_INDICES = 5

#: a form of a nest, and the facts that turn the nest into it
Order = tuple[Poly, list[Fact]]


@dataclass
class Nests(Quotients):
    """The part of `Normal` that orders nests, and names the indices of sums.

    letters: the names that stand for something else.  settled: sums under fewer indices than this stay as they are, as their orders are compared now.  orders: those found.
    """

    letters: frozenset[str] = frozenset()
    settled: int = 0
    orders: dict[str, Order] = field(default_factory=dict)

    def _ordered(self, total: Term, spans: Sequence[Span]) -> Order:
        """The nest in the order that is kept."""
        if len(spans) < self.settled or not _inner_sums(total):
            return self._single(total), []
        here = [s for s in spans if s[0] in total.names]
        key = " | ".join([show(total), *(f"{show_integer(lo)} {n} {show_integer(hi)}" for n, lo, hi in here)])
        if key not in self.orders:
            by_depth = {name: var(_at_depth(n)) for n, (name, _, _) in enumerate(here)}
            found = ((form, facts) for form, facts in self._all_orders(total, spans) if len(form) == 1)
            self.orders[key] = min(found, key=lambda order: _size(put(self.term(order[0]), by_depth)))
        return self.orders[key]

    def _all_orders(self, total: Term, spans: Sequence[Span]) -> Iterator[Order]:
        """The nest with each of its indices outside, its own first."""
        lo, hi, body = total.args
        name = fresh_name(_at_depth(len(spans)), self.letters | {s[0] for s in spans} | total.all_names)
        total = sum_over(name, lo, hi, put(body, {total.name: var(name)}))
        found: list[Fact] = []
        yield self._kept_outside(total, spans, found), found
        for inside in _inner_sums(total):
            for other, facts in self._rooted(inside, [*spans, (name, lo, hi)]):
                whole = exchanged(total, inside, other)
                found = []
                form = self._kept_outside(whole, spans, found)
                parts = (("sum", inside), ("as", other), ("exchanged", whole))
                yield (
                    form,
                    [self._fact(spans, total, self.term(form), "swap", parts, tuple(found), tuple(facts))],
                )

    def _rooted(self, inside: Term, spans: Sequence[Span]) -> Iterator[tuple[Term, list[Fact]]]:
        """An inner sum as it stands and, in a nest that is not too large, with each of its other indices outside."""
        yield inside, []
        if _indices(inside) >= MOST_INDICES:
            return
        for form, facts in self._all_orders(inside, spans):
            other = self.term(form)
            if other.op == "sum" and other != inside and spans[-1][0] not in other.args[0].names | other.args[1].names:
                yield other, facts

    def _kept_outside(self, total: Term, spans: Sequence[Span], used: list[Fact]) -> Poly:
        """The form in which this index stays outside; the sums in it get their order."""
        before, self.settled = self.settled, len(spans) + 1
        try:
            return self.poly(total, spans, used)
        finally:
            self.settled = before

    def _name_of(self, t: Term, spans: Sequence[Span]) -> str:
        """What a sum's index is called while its summand is looked at."""
        taken = self.letters | {s[0] for s in spans} | (t.args[2].names - {t.name})
        return fresh_name(_at_depth(len(spans)) if self.settled else t.name, taken)


def _at_depth(n: int) -> str:
    """What the index under n others is called."""
    return f"n{n}'"


def _inner_sums(total: Term) -> list[Term]:
    """The factors of a sum that are sums themselves, over a range that does not depend on its index."""
    found = above(total.args[2])
    return [f for f in found if f.op == "sum" and total.name not in f.args[0].names | f.args[1].names]


def _indices(total: Term) -> int:
    """How many indices a nest has."""
    return 1 + sum(map(_indices, _inner_sums(total)))


def _size(t: Term) -> tuple[int, str]:
    """What decides between forms: the one with fewer sums, as where a hypothesis says what one is, then by the text."""
    return sum(x.op == "sum" for x in walk(t)), show(t)
