"""Slips in indices, letters, deltas and sums; see slips.py for the table of all."""

from __future__ import annotations

import itertools

import sympy as sp

from gradproof.lines import fresh, replaced, summed, times
from gradproof.repair.change import Change, Changes, takes_factor
from gradproof.repair.grids import Place, is_number
from gradproof.repair.vocabulary import Vocabulary, size_of

__all__ = [
    "index_throughout",
    "missing_delta",
    "missing_sum",
    "needless_sum",
    "one_of_two",
    "transposed",
    "wrong_index",
    "wrong_letter",
]


def wrong_index(place: Place, known: Vocabulary) -> Changes:
    """One index of an entry or a delta for another."""
    e = place.node
    if not isinstance(e, (sp.Indexed, sp.KroneckerDelta)):
        return
    own = e.indices if isinstance(e, sp.Indexed) else e.args
    here = known.indices(place.scope)
    for n, index in enumerate(own):
        for other in here:
            if other != index and here.get(index, here[other]) == here[other]:
                indices = (*own[:n], other, *own[n + 1 :])
                new = e.base[indices] if isinstance(e, sp.Indexed) else sp.KroneckerDelta(*indices)
                yield Change("instead", new, "{old} has the wrong index: it should be {new}")


def index_throughout(place: Place, known: Vocabulary) -> Changes:
    """One index written for another wherever it occurs in a part, or two exchanged."""
    e, here = place.node, known.indices(place.scope)
    if isinstance(e, (sp.Indexed, sp.KroneckerDelta)) or not isinstance(e, sp.Expr):
        return
    used = [i for i in here if e.has(i)]
    for index, other in itertools.permutations(here, 2):
        if index in used and here[index] == here[other]:
            yield Change("instead", replaced(e, {index: other}), "the index of {old} is wrong: it should be {new}", 0.2)
            if other in used and str(index) < str(other):
                turned = replaced(e, {index: other, other: index})
                yield Change("instead", turned, "two indices are exchanged in {old}: it should be {new}", 0.2)


def one_of_two(place: Place, known: Vocabulary) -> Changes:
    """U u′ where u² stands, and u + u′ where 2u does: u′ has another index, or another array."""
    e = place.node
    if isinstance(e, sp.Pow) and e.exp == 2:
        part, joined = e.base, times
    elif isinstance(e, sp.Mul) and e.args[0] == 2:
        part, joined = times(*e.args[1:]), sp.Add
    else:
        return
    here = known.indices(place.scope)
    used = [i for i in here if part.has(i)]
    for one in used:
        for other in here:
            if other != one and here[other] == here[one]:
                yield Change("instead", joined(part, replaced(part, {one: other})), _ONE_OF_TWO)
                if other in used:
                    yield Change("instead", joined(part, replaced(part, {one: other, other: one})), _ONE_OF_TWO)
    for entry in sorted(part.atoms(sp.Indexed), key=str):
        for base in known.arrays(len(entry.indices)):
            turned = {a: base[a.indices] for a in part.atoms(sp.Indexed) if a.base == entry.base}
            yield Change("instead", joined(part, replaced(part, turned)), _ONE_OF_TWO, 0.2)


_ONE_OF_TWO = "one of the two in {old} is another: it should be {new}"


def transposed(place: Place, _: Vocabulary) -> Changes:
    """Two indices of an entry, or of every entry of an array, exchanged."""
    e = place.node
    if isinstance(e, sp.Indexed) and len(e.indices) > 1:
        for one, other in itertools.combinations(range(len(e.indices)), 2):
            indices = list(e.indices)
            indices[one], indices[other] = indices[other], indices[one]
            yield Change("instead", e.base[tuple(indices)], "{old} is transposed: it should be {new}")
    elif not place.above:
        entries = [a for a in sorted(e.atoms(sp.Indexed), key=str) if len(a.indices) == 2]
        for base in dict.fromkeys(a.base for a in entries):
            turned = {a: base[a.indices[::-1]] for a in entries if a.base == base}
            if len(turned) > 1:
                yield Change("instead", replaced(e, turned), "{part} is transposed", 0.1, base.label)


def wrong_letter(place: Place, known: Vocabulary) -> Changes:
    """One array or symbol for another, at one place or, two exchanged, everywhere."""
    e = place.node
    if isinstance(e, (sp.Indexed, sp.Symbol)) and not e.is_integer:
        for part in known.parts(place.scope):
            if isinstance(part, (sp.Indexed, sp.Symbol, sp.KroneckerDelta)) and part != e:
                other_shape = isinstance(part, sp.Indexed) and part.indices != getattr(e, "indices", part.indices)
                yield Change("instead", part, "{new} is meant where {old} stands", 0.3 * other_shape)
    elif not place.above:
        entries = sorted(e.atoms(sp.Indexed), key=str)
        for one, other in itertools.combinations(sorted({a.base for a in entries}, key=str), 2):
            swap = {one: other, other: one}
            if all(
                len(a.indices) == len(b.indices) for a in entries for b in entries if {a.base, b.base} == {one, other}
            ):
                turned = {a: swap[a.base][a.indices] for a in entries if a.base in swap}
                yield Change(
                    "instead", replaced(e, turned), "two arrays are exchanged: {part}", 0.2, sp.Tuple(one, other)
                )


def missing_delta(place: Place, known: Vocabulary) -> Changes:
    """A delta that is no factor or term, or that is 1."""
    here = known.indices(place.scope)
    for one, other in itertools.combinations(here, 2):
        if here[one] == here[other]:
            delta = sp.KroneckerDelta(one, other)
            if takes_factor(place):
                yield Change("times", delta, "the factor {part} is missing")
            if is_number(place.node) and isinstance(place.node, sp.Expr):
                yield Change("instead", times(sp.sign(place.node), delta), "{new} is meant where {old} stands")
            if isinstance(place.node, sp.Expr) and not isinstance(place.parent, sp.Add):
                yield Change("plus", delta, "the term {part} is missing")
                yield Change("minus", delta, "the term {part} is missing", 0, -delta)


def missing_sum(place: Place, known: Vocabulary) -> Changes:
    """A sum over an index of the part, which is then its own."""
    e = place.node
    if not isinstance(e, sp.Expr) or is_number(e):
        return
    for index, (lo, hi) in known.indices(place.scope).items():
        if e.has(index):
            own = fresh(index)
            new = summed(replaced(e, {index: own}), own, lo, hi)
            yield Change("instead", new, "the sum over {part} of {old} is missing", 0.02 * size_of(e), index)


def needless_sum(place: Place, known: Vocabulary) -> Changes:
    """A sum that should not be there, or that runs over another index."""
    e = place.node
    if not isinstance(e, sp.Sum):
        return
    index, lo, hi = e.limits[0]
    here = known.indices(place.scope)
    for other, span in here.items():
        if span == (lo, hi):
            bare = replaced(e.function, {index: other})
            yield Change("instead", bare, "the sum over {part} is too many", 0.1, index)
    for meant, (low, high) in here.items():
        if e.function.has(meant):
            for other in [o for o, span in here.items() if span == (lo, hi)] if e.function.has(index) else [index]:
                own = fresh(meant)
                body = replaced(e.function, {meant: own, index: other})
                yield Change(
                    "instead",
                    summed(body, own, low, high),
                    "the sum runs over the wrong index: it should be {part}",
                    0.1,
                    meant,
                )
