"""What a formula may have lost or taken too much of: the parts of the loss, the gradient and the claim.

A part that stood under a sum is offered wherever an index of the same range is in scope, its own
letter first.  Parts with one table of numbers are one part, the simplest of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from typing import Any

import sympy as sp

from gradproof.elementary import BRANCHING, ELEMENTARY
from gradproof.lines import index_name, index_range, replaced, times
from gradproof.repair.grids import Grid, Place, Scope, is_number, places
from gradproof.values import UndefinedError

__all__ = ["Span", "Vocabulary", "factors_of", "ranges", "size_of"]

MAX_READINGS = 6  # of a part's indices as indices in scope
MAX_COPIES = 4  # of a power's base
MAX_FACTORS = 6  # of a product whose parts are taken two by two
MAX_PIECES = 500  # of all formulas
MAX_PARTS = 160  # of them in one scope

Span = tuple[sp.Expr, sp.Expr]


class Vocabulary:
    """Parts for each scope.

    sources: formulas that were read.  free: the indices that stand free, with their ranges.
    """

    def __init__(self, sources: Sequence[sp.Expr], free: Mapping[sp.Basic, Span], grids: Sequence[Grid]) -> None:
        self.sources, self.free, self.grids = sources, free, grids
        self._known: dict[Scope, list[sp.Expr]] = {}

    @cached_property
    def sizes(self) -> list[sp.Symbol]:
        """The sizes that the sources mention."""
        found = {s for e in self.sources for s in e.free_symbols if s.is_integer and s.is_positive}
        return sorted((s for s in found if not isinstance(s, (sp.Idx, sp.Dummy))), key=str)

    def indices(self, scope: Scope) -> dict[sp.Basic, Span]:
        """The indices in scope with their ranges, the innermost first."""
        bound = {limit[0]: (limit[1], limit[2]) for limit in reversed(scope.limits)}
        return {**bound, **self.free}

    def parts(self, scope: Scope) -> list[sp.Expr]:
        """The parts that have a meaning in this scope, the simplest first."""
        if scope not in self._known:
            self._known[scope] = self._distinct(self._in_scope(scope), scope)
        return self._known[scope]

    def arrays(self, rank: int) -> list[sp.IndexedBase]:
        """The arrays with so many indices that the sources mention."""
        found = {a.base for e in self.sources for a in e.atoms(sp.Indexed) if len(a.indices) == rank}
        return sorted(found, key=str)

    @cached_property
    def functions(self) -> list[type[sp.Function]]:
        """The elementary functions that the sources mention."""
        return sorted({type(f) for e in self.sources for f in e.atoms(sp.Function)} & ELEMENTARY.keys(), key=str)

    @cached_property
    def _pieces(self) -> list[tuple[sp.Expr, Scope]]:
        """The parts of the sources, each with the scope that it stands in; the simplest first, and no more than a bound."""
        found: dict[sp.Expr, Scope] = {}
        for source in self.sources:
            for place in places(source):
                if isinstance(place.node, sp.Expr):
                    for part in _parts(place):
                        found.setdefault(part, place.scope)
        return sorted(found.items(), key=lambda piece: size_of(piece[0]))[:MAX_PIECES]

    def _in_scope(self, scope: Scope) -> Iterator[sp.Expr]:
        yield from self.sizes
        here = self.indices(scope)
        for part, around in self._pieces:
            yield from _readings(part, {limit[0]: (limit[1], limit[2]) for limit in around.limits}, here, self.free)

    def _distinct(self, parts: Iterable[sp.Expr], scope: Scope) -> list[sp.Expr]:
        """Parts with different values, the simplest first; neither 0, 1 nor −1."""
        seen: dict[Any, sp.Expr] = {}
        for part in sorted(dict.fromkeys(parts), key=size_of):
            try:
                values = [v for grid in self.grids for v in grid.table(part, scope)]
            except UndefinedError:
                continue
            if all(v in (0, 1) for v in values) or all(v == -1 for v in values):
                continue
            seen.setdefault((part.has(*BRANCHING), *(f"{float(v):.9e}" for v in values)), part)
            if len(seen) == MAX_PARTS:
                break
        return list(seen.values())


@lru_cache(maxsize=10_000)
def size_of(e: sp.Basic) -> int:
    """How much there is to write: symbols, entries, numbers and operations."""
    if isinstance(e, (sp.Indexed, sp.KroneckerDelta)) or not e.args:
        return 1
    if isinstance(e, sp.Sum):
        return 1 + size_of(e.function)
    return 1 + sum(map(size_of, e.args))


def _parts(place: Place) -> Iterator[sp.Expr]:
    """What a place holds: itself, and factors of a product or power that are no nodes of their own."""
    e = place.node
    if not is_number(e) or e.is_Rational:
        yield e
    if isinstance(e, (sp.Mul, sp.Add)):
        yield from factors_of(e)
    if isinstance(e, sp.Mul):
        for inner in e.args:
            if isinstance(inner, sp.Add):
                rest = times(*(f for f in e.args if f != inner))
                yield from (times(rest, term) for term in inner.args)
    elif isinstance(e, sp.Pow) and e.exp.is_Rational:
        yield 1 / e
        if abs(e.exp) != 1:
            yield e.base
            yield e / e.base
    if isinstance(e, (sp.Function, sp.Pow)) and not isinstance(e, sp.Piecewise) and not is_number(e):
        yield 1 - e


def factors_of(e: sp.Expr) -> list[sp.Expr]:
    """What a product is made of: one or two of its factors, and all but one, with its number and without."""
    number, rest = e.as_coeff_Mul()
    factors = [part for f in sp.Mul.make_args(rest) for part in _single(f)]
    few = factors if len(factors) <= MAX_FACTORS else []
    found = [*factors, *(times(*pair) for pair in itertools.combinations(few, 2))]
    if len(factors) > 1:
        found += [times(*factors[:n], *factors[n + 1 :]) for n in range(len(factors))]
    return list(dict.fromkeys([*found, rest, *(times(number, f) for f in found if number != 1)]))


def _single(factor: sp.Expr) -> list[sp.Expr]:
    """A factor taken apart: u² into u and u, exp(a + b) into exp(a) and exp(b), ab + ac into a and b + c."""
    if isinstance(factor, sp.Pow) and factor.exp.is_Integer and 1 < abs(factor.exp) <= MAX_COPIES:
        return [sp.Pow(factor.base, sp.sign(factor.exp))] * int(abs(factor.exp))
    if isinstance(factor, sp.exp) and isinstance(factor.args[0], sp.Add):
        return [sp.exp(a) for a in factor.args[0].args]
    if isinstance(factor, sp.Add):
        common = set.intersection(*(set(sp.Mul.make_args(t)) for t in factor.args))
        shared = [f for f in sp.Mul.make_args(factor.args[0]) if f in common and not is_number(f)]
        if shared:
            rest = [times(*(f for f in sp.Mul.make_args(t) if f not in shared)) for t in factor.args]
            return [*shared, sp.Add(*rest)]
    return [factor]


def _readings(
    part: sp.Expr, around: Mapping[sp.Basic, Span], here: Mapping[sp.Basic, Span], free: Mapping[sp.Basic, Span]
) -> Iterator[sp.Expr]:
    """A part with its indices read as others in scope of the same range, like letters first.

    An entry's may be any; other parts keep those that are in scope, but that free ones may be exchanged.
    """
    own = {**here, **around}
    entry = isinstance(part, sp.Indexed)
    used = dict.fromkeys(part.indices) if entry else own
    open_ones = [i for i in used if i in own and (entry or ((i in free or i not in here) and part.has(i)))]
    choices = []
    for i in open_ones:
        others = here if entry or i not in free else free
        choices.append(sorted((j for j in others if others[j] == own[i]), key=partial(_unlike, i)))
    readings = [c for c in itertools.product(*choices) if len(set(c)) == len(c) or entry]
    readings.sort(key=lambda c: sum(_unlike(i, j) for i, j in zip(open_ones, c, strict=True)))
    for reading in readings if entry else readings[:MAX_READINGS]:
        yield replaced(part, dict(zip(open_ones, reading, strict=True)))


def _unlike(one: sp.Basic, other: sp.Basic) -> int:
    return 0 if one == other else 1 if index_name(one) == index_name(other) else 2


def ranges(indices: Iterable[sp.Basic], bounds: Mapping[sp.Basic, Span]) -> dict[sp.Basic, Span]:
    """Indices with the ranges that are known of them."""
    known = {i: bounds.get(i) or index_range(i) for i in indices}
    return {i: span for i, span in known.items() if span is not None}
