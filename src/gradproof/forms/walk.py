"""From index notation to whole arrays: a walk over an expression, and over each product's indices.

A product under sums is a graph: its factors are nodes, an index that two of them share is an edge.
The walk takes one bound index after the other out of it, by a product of two arrays, a product
entry by entry, or a sum over an axis, the one that leaves the fewest axes first.  How arrays are
written is a `Notation`: SymPy's matrices, or NumPy's source.
"""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import sympy as sp

from gradproof.inverse import matrix_of
from gradproof.lines import copied, replaced, times

__all__ = ["NoFormError", "Notation", "Value", "Walk", "in_order", "is_symmetric", "joint_labels"]

_ZERO, _ONE = sp.Integer(0), sp.Integer(1)
Spans = Mapping[sp.Basic, tuple[sp.Expr, sp.Expr]]


class NoFormError(Exception):
    """The expression cannot be written in this notation."""


@dataclass(frozen=True)
class Value:
    """An array in some notation; `labels` are the indices of its axes, all distinct."""

    labels: tuple[sp.Basic, ...]
    data: Any


class Notation(Protocol):
    """How whole arrays are written; `walk` is the walk that asks.  Each method raises NoFormError where it cannot."""

    walk: Walk

    def entry(self, e: sp.Indexed, labels: Sequence[sp.Basic]) -> Value:
        """The array of an entry at these indices."""

    def scalar(self, e: sp.Expr) -> Value:
        """A number, a symbol, or what has no indices."""

    def position(self, index: sp.Basic) -> Value:
        """An index that stands as a number."""

    def delta(self, labels: tuple[sp.Basic, sp.Basic]) -> Value:
        """The identity."""

    def unit(self, index: sp.Basic, place: sp.Expr) -> Value:
        """The vector that is 1 at a place that is no index."""

    def added(self, values: Sequence[Value]) -> Value:
        """The sum, entry by entry; fewer axes are stretched to all."""

    def multiplied(self, values: Sequence[Value]) -> Value:
        """The product, entry by entry; fewer axes are stretched to all."""

    def power(self, base: Value, exponent: sp.Expr) -> Value:
        """The power, entry by entry; the exponent is not yet an array."""

    def function(self, e: sp.Basic, values: Sequence[Value]) -> Value:
        """A function of SymPy, entry by entry."""

    def branches(self, pairs: Sequence[tuple[Value, Any]]) -> Value:
        """A Piecewise; each condition is True or (relation, left, right)."""

    def reduced(self, value: Value, index: sp.Basic) -> Value:
        """The sum over one axis."""

    def matmul(self, a: Value, b: Value, index: sp.Basic) -> Value:
        """The sum of products over the one index that both share."""

    def total(self, value: Value) -> Value:
        """The sum over all axes."""

    def contracted(self, values: Sequence[Value], bound: Sequence[sp.Basic]) -> Value:
        """The sum of products over several indices at once."""


class Walk:
    """One walk; `spans` gives the range of each index that is in scope."""

    def __init__(self, notation: Notation, spans: Spans) -> None:
        self.notation, notation.walk = notation, self
        self.spans = dict(spans)
        self.free = frozenset(spans)

    def size(self, index: sp.Basic) -> sp.Expr:
        lo, hi = self.spans[index]
        return sp.expand(hi - lo + 1)

    def is_index(self, e: sp.Basic) -> bool:
        return e in self.spans

    # -- expressions ------------------------------------------------------------------------
    def value(self, e: sp.Basic) -> Value:
        """The array whose entry is `e`; its axes are the indices that `e` leaves free."""
        n = self.notation
        if self.is_index(e):
            return n.position(e)
        match e:
            case sp.Sum():
                return self._sum(e)
            case sp.Mul():
                return self.product(sp.Mul.make_args(e) if len(e.args) > 1 else e.args, [])
            case sp.Indexed():
                return self._entry(e)
            case sp.Add():
                return n.added([self.value(a) for a in e.args])
            case sp.Pow():
                return n.power(self.value(e.base), e.exp)
            case sp.KroneckerDelta():
                i, j = sorted(e.args[:2], key=lambda i: not self.is_index(i))
                if self.is_index(i) and not any(map(self.is_index, j.free_symbols)):
                    return n.unit(i, j)
                if not self.is_index(j) or self.spans[i] != self.spans[j]:
                    raise NoFormError(f"{e} is not an entry of the identity")
                return n.delta((i, j))
            case sp.Piecewise():
                return n.branches([(self.value(v), self._condition(c)) for v, c in e.args])
            case sp.Symbol() | sp.Number() | sp.NumberSymbol():
                return n.scalar(e)
            case sp.Function() | sp.Max() | sp.Min():
                return n.function(e, [self.value(a) for a in e.args])
        return n.scalar(e)

    def _condition(self, c: sp.Basic) -> Any:
        if c == sp.true:
            return True
        if not isinstance(c, sp.core.relational.Relational):
            raise NoFormError(f"the condition {c} is not one relation")
        return c, self.value(c.args[0]), self.value(c.args[1])

    def _entry(self, e: sp.Indexed) -> Value:
        labels = []
        for index in e.indices:
            free = [i for i in index.free_symbols if self.is_index(i)]
            if len(free) > 1 or (free and not sp.expand(index - free[0]).is_Integer):
                raise NoFormError(f"the index {index} of {e} is not an index and a number")
            labels += free
        return self.notation.entry(e, labels)

    def _sum(self, e: sp.Sum) -> Value:
        """A sum of products; a sum of sums term by term only if it cannot be written otherwise."""
        body, bound = self.opened(e)
        return self.product(sp.Mul.make_args(body) if isinstance(body, sp.Mul) else [body], bound)

    def opened(self, e: sp.Expr) -> tuple[sp.Expr, list[sp.Basic]]:
        """The summand of nested sums, and their indices, whose ranges are noted."""
        bound: list[sp.Basic] = []
        while isinstance(e, sp.Sum):
            ((index, lo, hi),) = e.limits
            self.spans[index] = (lo, hi)
            bound.append(index)
            e = e.function
        return e, bound

    def ordered(self, labels: Iterable[sp.Basic]) -> tuple[sp.Basic, ...]:
        """Indices in the order in which they came into scope: those of the result first."""
        places = {i: n for n, i in enumerate(self.spans)}
        return tuple(sorted(labels, key=places.__getitem__))

    # -- products under sums ------------------------------------------------------------------
    def product(self, factors: Sequence[sp.Expr], bound: Sequence[sp.Basic]) -> Value:
        """The sum over the `bound` indices of a product."""
        pending, bound = list(factors), list(bound)
        done: list[sp.Expr] = []
        values: list[Value] = []
        while pending:
            factor = pending.pop(0)
            parts = _factors(factor, under_sum=bool(bound))
            if len(parts) > 1:
                pending = [*parts, *pending]
                continue
            same = self._same_indices(factor, bound)
            if same is not None:
                index, other = same
                rest = [replaced(f, {index: other}) for f in (*done, *pending)]
                return self.product(rest or [_ONE], [i for i in bound if i != index])
            try:
                value = self.value(factor)
            except NoFormError:
                if isinstance(factor, sp.Sum):
                    body, inner = self.opened(copied(factor))
                    bound += inner
                    pending = [body, *pending]
                    continue
                value = None
            many = isinstance(factor, sp.Add) and value is not None and len(value.labels) > 2
            if value is None or many or (not pending and not done and bound and _of_products(factor)):
                if not isinstance(factor, sp.Add) or not (bound or done or pending):
                    raise NoFormError(f"{factor} has no form")
                return self.notation.added([self.product([*done, t, *pending], bound) for t in factor.args])
            values.append(value)
            done.append(factor)
        return self._contracted(values, bound)

    def _same_indices(self, factor: sp.Expr, bound: Sequence[sp.Basic]) -> tuple[sp.Basic, sp.Basic] | None:
        """(a bound index, another) of one range, if the factor is the delta of both."""
        if isinstance(factor, sp.KroneckerDelta):
            for index, other in (factor.args[:2], factor.args[1::-1]):
                if index in bound and self.is_index(other) and self.spans[index] == self.spans[other]:
                    return index, other
        return None

    def _contracted(self, values: Sequence[Value], bound: Sequence[sp.Basic]) -> Value:
        left, open_ = list(values), list(bound)
        for index in [b for b in open_ if not any(b in v.labels for v in left)]:
            left.append(self.value(self.size(index)))
            open_.remove(index)
        while open_:
            self._step(left, open_)
        return left[0] if len(left) == 1 else self.notation.multiplied(left)

    def _step(self, left: list[Value], bound: list[sp.Basic]) -> None:
        """Take one thing out of the graph: a pair of factors, or axes."""
        n = self.notation

        def apart(*chosen: Value) -> bool:
            """Whether all axes of these are summed over, and no other factor has one of them."""
            labels = {i for v in chosen for i in v.labels}
            return labels <= set(bound) and not any(
                labels & set(v.labels) for v in left if all(v is not c for c in chosen)
            )

        for a, b in itertools.combinations(left, 2):
            if (
                set(a.labels) == set(b.labels)
                and set(a.labels) & set(bound)
                and not (len(a.labels) == 1 and apart(a, b))
            ):
                return self._put(left, [a, b], n.multiplied([a, b]))
        for v in left:
            if v.labels and apart(v):
                bound[:] = [i for i in bound if i not in v.labels]
                return self._put(left, [v], n.total(v))
        users = {i: [v for v in left if i in v.labels] for i in bound}
        pairs = [(i, u) for i, u in users.items() if len(u) == 2 and set(u[0].labels) & set(u[1].labels) == {i}]
        pairs.sort(key=lambda found: sum(len(v.labels) for v in found[1]))
        for index, (a, b) in pairs:
            if len(a.labels) <= 2 and len(b.labels) <= 2:
                bound.remove(index)
                return self._put(left, [a, b], n.matmul(a, b, index))
        for index, using in users.items():
            if len(using) == 1:
                bound.remove(index)
                return self._put(left, using, n.reduced(using[0], index))
        for using in users.values():
            for a, b in itertools.permutations(using, 2):
                if set(a.labels) < set(b.labels):
                    return self._put(left, [a, b], n.multiplied([b, a]))
        used = [v for v in left if set(v.labels) & set(bound)]
        self._put(left, used, n.contracted(used, bound))
        bound.clear()
        return None

    @staticmethod
    def _put(left: list[Value], old: Sequence[Value], new: Value) -> None:
        """Put one value where the first of the old ones stood."""
        place = min(n for n, v in enumerate(left) if any(v is o for o in old))
        left[:] = [v for v in left if not any(v is o for o in old)]
        left.insert(place, new)


def joint_labels(values: Sequence[Value], walk: Walk) -> tuple[sp.Basic, ...]:
    """All axes of some arrays, in the order that needs the fewest transposes; axes of the result as it has them."""
    labels = tuple(dict.fromkeys(i for v in sorted(values, key=lambda v: -len(v.labels)) for i in v.labels))
    if len(labels) != 2:
        return labels if len(labels) < 2 else walk.ordered(labels)
    full = [v for v in values if len(v.labels) == 2]

    def cost(order: tuple[sp.Basic, ...]) -> int:
        return sum(v.labels != order for v in full) + (set(order) <= walk.free and order != walk.ordered(order))

    return min((walk.ordered(labels), walk.ordered(labels)[::-1]), key=cost)


def is_symmetric(e: sp.Indexed, symmetric: Container[str]) -> bool:
    """Whether an entry keeps its value where its two indices are exchanged."""
    plain = len(e.indices) == 2 and all(isinstance(i, (sp.Idx, sp.Symbol)) for i in e.indices)
    return plain and str(matrix_of(e.base).label) in symmetric


def in_order(a: Value, b: Value, index: sp.Basic, walk: Walk) -> tuple[Value, Value]:
    """The two factors of a matrix product in the order that needs the fewer transposes; a vector stands last."""

    def cost(first: Value, second: Value) -> tuple[int, int, bool]:
        rest = [i for v in (first, second) for i in v.labels if i != index]
        turned = (first.labels[-1] != index) + (second.labels[0] != index)
        return int(len(first.labels) < len(second.labels)), turned, tuple(rest) != walk.ordered(rest)

    return (a, b) if cost(a, b) <= cost(b, a) else (b, a)


def _factors(e: sp.Expr, under_sum: bool) -> list[sp.Expr]:
    """The factors of a product; those that all terms of a sum share; a branch that is zero as an indicator."""
    if isinstance(e, sp.Mul):
        return list(e.args)
    if isinstance(e, sp.Add):
        first, *others = [list(sp.Mul.make_args(t)) for t in e.args]
        shared = [f for f in first if not f.is_number and all(f in o for o in others)]
        if shared:
            return [*shared, sp.Add(*(_without(t, shared) for t in [first, *others]))]
    if under_sum and isinstance(e, sp.Piecewise) and len(e.args) == 2:
        (one, c), (two, _) = e.args
        if _ZERO in (one, two) and _ONE not in (one, two) and _total(one + two):
            return [sp.Piecewise((_ZERO if one == 0 else _ONE, c), (_ZERO if two == 0 else _ONE, True)), one + two]
    return [e]


def _of_products(e: sp.Expr) -> bool:
    """Whether a sum has terms that are products of arrays."""

    def arrays(t: sp.Expr) -> int:
        return sum(bool(f.atoms(sp.Indexed)) for f in sp.Mul.make_args(t))

    return isinstance(e, sp.Add) and any(arrays(t) > 1 for t in e.args)


def _without(factors: Sequence[sp.Expr], shared: Sequence[sp.Expr]) -> sp.Expr:
    left = list(factors)
    for f in shared:
        left.remove(f)
    return times(*left)


def _total(e: sp.Expr) -> bool:
    """Whether an expression has a value at every point, so that it may be multiplied by an indicator that is 0."""
    powers = all(p.exp.is_Integer and p.exp > 0 for p in e.atoms(sp.Pow))
    return powers and e.atoms(sp.Function) <= e.atoms(
        sp.exp, sp.tanh, sp.sin, sp.cos, sp.Abs, sp.sign, sp.KroneckerDelta
    )
