"""Products under sums, factor by factor, as arrays that are then contracted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import sympy as sp

from gradproof.code.contraction import Value
from gradproof.lines import replaced, times

if TYPE_CHECKING:
    from gradproof.code.array_walk import ArrayWalk

__all__ = ["Products"]

_ONE = sp.Integer(1)


class Products:
    """Takes products and sums of products apart for a walk."""

    def __init__(self, walk: ArrayWalk) -> None:
        self.walk = walk

    def of(self, factors: Sequence[sp.Expr], bound: Sequence[sp.Basic]) -> Value:
        """The sum over the `bound` indices of a product."""
        pending, inner = list(factors), list(bound)
        values: list[Value] = []
        numbers: list[sp.Expr] = []
        done: list[sp.Expr] = []
        while pending:
            factor = pending.pop(0)
            if isinstance(factor, sp.Mul):
                pending = [*sorted(factor.args, key=sp.default_sort_key), *pending]
                continue
            if isinstance(factor, sp.Sum) and all(f.is_Number for f in (*done, *pending)):
                body, own = self._opened(factor)
                inner, pending = [*inner, *own], [body, *pending]
                continue
            if isinstance(factor, sp.Pow) and factor.exp == 2 and inner and self._uses(factor, inner):
                pending = [factor.base, factor.base, *pending]
                continue
            same = self._same_index(factor, inner)
            if same is not None:
                index, other = same
                rest = [replaced(f, {index: other}) for f in (*done, *pending)]
                return self.of(rest or [_ONE], [i for i in inner if i != index])
            if isinstance(factor, sp.Add):
                split = self._split(factor, [*done, *pending], inner)
                if split is not None:
                    return split
            if factor.is_number:
                numbers.append(factor)
            else:
                values.append(self.walk.value(factor))
            done.append(factor)
        values = [*map(self.walk.value, _one_root(numbers)), *values]
        return self.walk.contraction.contracted(values, inner)

    def _opened(self, e: sp.Expr) -> tuple[sp.Expr, list[sp.Basic]]:
        """The summand of nested sums, and their indices."""
        bound: list[sp.Basic] = []
        while isinstance(e, sp.Sum):
            ((index, lo, hi),) = e.limits
            self.walk.spans[index] = (lo, hi)
            bound.append(index)
            e = e.function
        return e, bound

    def _uses(self, e: sp.Expr, indices: Sequence[sp.Basic]) -> bool:
        return any(e.has(i) for i in indices)

    def _same_index(self, factor: sp.Expr, bound: Sequence[sp.Basic]) -> tuple[sp.Basic, sp.Basic] | None:
        """(a bound index, what it is equal to), if the factor is a delta that leaves one term."""
        if isinstance(factor, sp.KroneckerDelta):
            for index, other in (factor.args[:2], factor.args[1::-1]):
                if index in bound and self.walk.is_index(other) and self.walk.spans[index] == self.walk.spans[other]:
                    return index, other
        return None

    def _split(self, e: sp.Add, others: Sequence[sp.Expr], bound: Sequence[sp.Basic]) -> Value | None:
        """A sum of products term by term, where it would else have more axes than any of its terms; None otherwise."""
        common, rest = _shared(e)
        if common and not bound:
            return self.of([*others, *common, rest], bound)
        if not bound or not self._uses(e, bound):
            return None
        inner = [t for t in e.args if any(isinstance(f, sp.Sum) for f in sp.Mul.make_args(t))]
        if not others and inner and len(inner) < len(e.args):  # sums over more indices are products of whole arrays
            rest = sp.Add(*(t for t in e.args if t not in inner))
            return self.walk.sum_of([self.of([t], bound) for t in self.walk.sorted([rest, *inner])])
        labels = [self._labels(t) for t in e.args]
        whole = set().union(*labels)
        if any(own == whole for own in labels) and not (not others and all(map(_is_product, e.args))):
            return None
        if len(whole) <= 2 and not any(map(_is_product, e.args)):
            return None
        return self.walk.sum_of([self.of([*others, t], bound) for t in self.walk.sorted(e.args)])

    def _labels(self, e: sp.Basic) -> set[sp.Basic]:
        """The indices that are free in an expression."""
        found = {s for s in e.free_symbols if self.walk.is_index(s)}
        return found - {limit[0] for total in e.atoms(sp.Sum) for limit in total.limits}


def _one_root(numbers: Sequence[sp.Expr]) -> list[sp.Expr]:
    """Roots of fractions and of powers of pi, with the fractions beside them, as one root, which is rounded once."""
    total = sp.Mul(*numbers)
    square = total**2
    power = square.as_coeff_Mul(rational=True)[1].as_powers_dict().get(sp.pi, 0)
    if (
        not any(f.is_Pow and f.exp.is_Rational and f.exp.q == 2 for f in numbers)
        or not (square / sp.pi**power).is_Rational
    ):
        return list(numbers)
    return [*([sp.Integer(-1)] if total < 0 else []), sp.Pow(square, sp.Rational(1, 2), evaluate=False)]


def _is_product(e: sp.Expr) -> bool:
    return isinstance(e, sp.Mul) and sum(bool(f.atoms(sp.Indexed)) for f in e.args) > 1


def _shared(e: sp.Add) -> tuple[list[sp.Expr], sp.Expr]:
    """The factors that all terms share, and the sum of what is left of the terms."""
    first, *others = [list(sp.Mul.make_args(t)) for t in e.args]
    shared = [f for f in first if not f.is_number and all(f in o for o in others)]
    return shared, sp.Add(*(_without(t, shared) for t in [first, *others])) if shared else e


def _without(factors: Sequence[sp.Expr], shared: Sequence[sp.Expr]) -> sp.Expr:
    left = list(factors)
    for f in shared:
        left.remove(f)
    return times(*left)
