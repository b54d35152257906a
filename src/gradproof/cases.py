"""Cases: by the sign of what is asked about, by what a delta says, by the two roots of a square.

A case keeps what is known in it: forms that are positive, forms that are nowhere zero (the kinks,
which are left out), and forms that are zero.  A case whose forms contradict each other is empty.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

from gradproof.canonical import Atom, Poly, Term, sign_of
from gradproof.products import ONE
from gradproof.signs import contradictory
from gradproof.translate import Translator

__all__ = ["Case", "Cases"]

MAX_FORMS = 8  # forms whose sign is split


@dataclass(frozen=True)
class Case:
    """A branch: forms that are positive in it, that are nowhere zero (kinks, which are left out), and that are zero.

    gaps: the kinks as they are for any index, before the changes that led into the branch.
    """

    positive: tuple[Poly, ...]
    nonzero: tuple[Poly, ...]
    zero: tuple[Poly, ...] = ()
    gaps: tuple[Poly, ...] = ()
    changes: tuple[Callable[[Poly], Poly], ...] = ()

    def after(self, change: Callable[[Poly], Poly], *positive: Poly) -> Case:
        """The branch with its forms changed, and forms more that are positive."""
        parts = (tuple(map(change, forms)) for forms in (self.positive, self.nonzero, self.zero))
        above, nonzero, zero = parts
        return Case((*above, *positive), nonzero, zero, self.gaps, (*self.changes, change))

    def without_idle_kinks(self) -> Case:
        """The branch without kinks that are zero all over it: there nothing is left out."""
        return replace(self, nonzero=tuple(form for form in self.nonzero if form))


class Cases:
    """Whether a normal form vanishes in each of the cases that it makes; `holds` decides one case."""

    def __init__(self, translator: Translator) -> None:
        self.algebra, self.translator = translator.algebra, translator

    def holds(self, poly: Poly, case: Case) -> bool:
        """Whether poly is zero in a case; see vanishing.py."""
        raise NotImplementedError

    def by_cases(self, poly: Poly, case: Case) -> bool | None:
        """Whether poly vanishes in all cases of the first thing that it branches on; None if there is none."""
        forms = _forms(poly)
        if 0 < len(forms) <= MAX_FORMS:
            return self._by_sign(poly, next(iter(forms.values())), case)
        delta = _free(poly, lambda a: a.kind == "delta")
        if delta is not None:
            apart, together = (self.algebra.put(poly, {delta.key: value}) for value in (Poly(), ONE))
            return self.holds(apart, case) and (self._on_level(poly, delta.args[0], case) or self.holds(together, case))
        either = _free(poly, lambda a: self.translator.roots_of(a) is not None)
        if either is not None:
            return all(self._at(poly, either, value, case) for value in self.translator.roots_of(either) or ())
        return None

    def _by_sign(self, poly: Poly, u: Poly, case: Case) -> bool:
        """The cases u > 0 and u < 0, and u = 0 if that is not left out."""
        above, below = (Atom("positive", "", (side,)).key for side in (u, -u))
        size = Atom("absolute", "", (u.scaled(sign_of(u)),)).key
        for side, up in ((u, ONE), (-u, Poly())):
            change = partial(self.algebra.put, values={above: up, below: ONE - up, size: side})
            here = case.after(change, side).without_idle_kinks()
            if not self._is_empty(here) and not self._on_side(change(poly), side, here):
                return False
        change = partial(self.algebra.put, values={above: Poly(), below: Poly(), size: Poly()})
        level = case.after(change)
        level = replace(level, zero=(*level.zero, u))
        if self._is_empty(level) or self._is_left_out(change(poly), u, level):
            return True
        return self._on_level(change(poly), u, level) or self.holds(change(poly), level)

    def _on_side(self, poly: Poly, side: Poly, case: Case) -> bool:
        """Whether poly vanishes where a form is positive; if it is one of two numbers, it is the one of that sign."""
        single = side.single or (-side).single
        roots = self.translator.roots_of(single) if single is not None else None
        if single is None or roots is None:
            return self.holds(poly, case)
        sign = 1 if side.single else -1
        return all(self._at(poly, single, r, case) for r in roots if (r.constant or 0) * sign > 0)

    def _is_empty(self, case: Case) -> bool:
        """Whether nothing is in a branch: its forms contradict each other."""
        if not all(case.nonzero):
            return True
        known = [*self.translator.inequalities, *self._in_range(case.positive)]
        known += [(z.scaled(sign), False) for z in case.zero if z for sign in (1, -1)]
        return contradictory(case.positive, known, self.algebra.is_positive_sum, self.algebra.product)

    def _in_range(self, forms: Sequence[Poly]) -> Iterator[tuple[Poly, bool]]:
        """That the indices in the forms lie in their ranges."""
        seen: dict[str, Atom] = {a.key: a for f in forms for _, t in f for a, _ in t.factors.values()}
        for atom in seen.values():
            span = self.translator.range_of(atom)
            if span is not None:
                yield Poly.atom(atom) - span.lo, False
                yield span.hi - Poly.atom(atom), False

    def _is_nonzero(self, u: Poly, case: Case) -> bool:
        """Whether u = 0 is a kink of the loss, at some indices within their ranges."""
        for gap in case.gaps:
            indices = {p.key: p for f in (u, gap) for p in _indices(f) if p.labels.isdisjoint(gap.labels)}
            labels = sorted(gap.labels)
            for chosen in itertools.product(indices.values(), repeat=len(labels)):
                values = dict(zip(labels, chosen, strict=True))
                if not all(self._within(v, i) for i, v in values.items()):
                    continue
                here = self.algebra.substitute(gap, values)
                for change in case.changes:
                    here = change(here)
                kink = self.algebra.positive_part(here).single
                if kink is not None and kink.kind == "positive" and kink.args[0].key in (u.key, (-u).key):
                    return True
        return False

    def _is_left_out(self, poly: Poly, u: Poly, level: Case) -> bool:
        """Whether u = 0 is a kink, and poly vanishes for the indices and sizes for which u is zero whatever the values."""
        return self._is_nonzero(u, level) and (self._varies(u) or self._on_diagonal(poly, u, level))

    def _varies(self, u: Poly) -> bool:
        """Whether u is zero identically for no indices and sizes.

        It changes with a letter or an array that stands in one term only; or where all letters are 0 it is a number
        that is not.
        """
        rest = [t for _, t in u if t.factors]
        if len(rest) < len(u) and all(self._is_monomial(t) and self._names(t, deep=False) for t in rest):
            return True
        names = [self._names(t) for _, t in u]
        return any(
            self._is_monomial(t) and bool(self._names(t, deep=False) - set().union(*names[:n], *names[n + 1 :]))
            for n, (_, t) in enumerate(u)
        )

    def _is_monomial(self, t: Term) -> bool:
        """Whether a term is a product of entries and of what is positive, under sums that are not empty."""
        lengths = (self.translator.least(self.algebra.ranges[i].length) for i in t.bound)
        return all(length is not None and length >= 1 for length in lengths) and all(
            not isinstance(e, Poly)
            and (
                (a.kind in ("symbol", "entry") and e > 0) or a.kind in ("exp", "number") or self.algebra.is_positive(a)
            )
            for a, e in t.factors.values()
        )

    def _names(self, t: Term, deep: bool = True) -> set[str]:
        """The real letters and arrays that a term is made of; not `deep`: only those that are its factors."""
        found = set()
        for atom, e in t.factors.values():
            if atom.kind in ("symbol", "entry") and not self.algebra.is_index(atom):
                found.add(str(atom.head))
            if deep:
                parts = (*atom.args, *((e,) if isinstance(e, Poly) else ()))
                found |= {name for part in parts for _, s in part for name in self._names(s)}
        return found

    def _on_diagonal(self, poly: Poly, u: Poly, level: Case) -> bool:
        """Whether u = x_i − x_j, and poly vanishes where i = j, if that can be."""
        entries = [Poly([(1, t)]).single for _, t in u]
        if len(u) != 2 or sum(c for c, _ in u) != 0 or not all(a is not None and a.kind == "entry" for a in entries):
            return False
        one, other = (a for a in entries if a is not None)
        if one.head != other.head or len(one.args) != len(other.args):
            return False
        gaps = [a - b for a, b in zip(one.args, other.args, strict=True)]
        if any(gap and gap.constant is not None for gap in gaps):
            return True
        return any(self._on_level(poly, gap, level.without_idle_kinks()) for gap in gaps if gap)

    def _within(self, value: Poly, index: int) -> bool:
        span = self.algebra.ranges[index]
        gaps = (self.translator.least(value - span.lo), self.translator.least(span.hi - value))
        return all(g is not None and g >= 0 for g in gaps)

    def on_level(self, poly: Poly, u: Poly, case: Case) -> bool:
        """Whether poly vanishes where u = 0, in each of the cases that u makes."""
        forms = _forms(u)
        if not forms:
            flat = self.algebra.put(poly, {Atom("positive", "", (side,)).key: Poly() for side in (u, -u)})
            return _is_multiple(flat, u) or self._is_empty(case) or self._on_level(flat, u, case)
        form = next(iter(forms.values()))
        above, below = (Atom("positive", "", (side,)).key for side in (form, -form))
        size = Atom("absolute", "", (form.scaled(sign_of(form)),)).key
        for up, down, value in ((ONE, Poly(), form), (Poly(), ONE, -form), (Poly(), Poly(), Poly())):
            change = partial(self.algebra.put, values={above: up, below: down, size: value})
            here = case.after(change, *([value] if value else []))
            if not value:
                here = replace(here, zero=(*here.zero, form))
            if not self._is_empty(here) and not self.on_level(change(poly), change(u), here):
                return False
        return True

    def _on_level(self, poly: Poly, u: Poly, case: Case) -> bool:
        """Whether poly vanishes where u = 0: a factor of u is zero, or u is solved for an atom, which is put in."""
        if len(u) == 1:
            ((_, t),) = u
            zeros = [atom for atom, _ in t.factors.values() if not self.algebra.is_positive(atom)]
            return not t.bound and all(self._at(poly, atom, Poly(), case) for atom in zeros)
        for c, t in u:
            atom = Poly([(1, t)]).single
            rest = u - Poly([(c, t)])
            if (
                atom is not None
                and atom.kind in ("symbol", "entry", "index")
                and not any(_uses(s, atom) for _, s in rest)
            ):
                return self._at(poly, atom, rest.scaled(Fraction(-1) / c), case)
        return False

    def _at(self, poly: Poly, atom: Atom, value: Poly, case: Case) -> bool:
        """Whether poly vanishes where an atom has a value."""
        here = case.after(change := partial(self.algebra.put, values={atom.key: value}))
        if atom.kind == "index" or self.translator.algebra.is_whole(Poly.atom(atom)):
            here = here.without_idle_kinks()
        here = replace(here, zero=(*here.zero, Poly.atom(atom) - value))
        if self.algebra.is_positive(atom):
            here = replace(here, positive=(*here.positive, value))
        return self._is_empty(here) or self.holds(change(poly), here)


def _forms(poly: Poly, bound: frozenset[int] = frozenset()) -> dict[str, Poly]:
    """The forms u whose sign is asked about, free of bound indices, the innermost first."""
    found: dict[str, Poly] = {}
    for _, t in poly:
        inner = bound | t.bound.keys()
        for atom, e in t.factors.values():
            for part in (*atom.args, *((e,) if isinstance(e, Poly) else ())):
                found |= {k: u for k, u in _forms(part, inner).items() if (-u).key not in found}
            if atom.kind in ("positive", "absolute") and atom.labels.isdisjoint(inner):
                u = atom.args[0]
                if (-u).key not in found:
                    found[u.key] = u
    return found


def _free(poly: Poly, wanted: Callable[[Atom], bool], bound: frozenset[int] = frozenset()) -> Atom | None:
    """An atom of a kind that no sum around it binds, the innermost first."""
    for _, t in poly:
        inner = bound | t.bound.keys()
        for atom, e in t.factors.values():
            for part in (*atom.args, *((e,) if isinstance(e, Poly) else ())):
                found = _free(part, wanted, inner)
                if found is not None:
                    return found
            if wanted(atom) and atom.labels.isdisjoint(inner):
                return atom
    return None


def _is_multiple(poly: Poly, u: Poly) -> bool:
    """Whether poly is a number times u."""
    if not poly:
        return True
    key, (c, _) = next(iter(u.terms.items()))
    return key in poly.terms and not poly - u.scaled(Fraction(poly.terms[key][0]) / c)


def _indices(poly: Poly) -> Iterator[Poly]:
    """What stands as an index of an entry in poly."""
    for _, t in poly:
        for atom, _ in t.factors.values():
            if atom.kind == "entry":
                yield from atom.args
            for arg in atom.args:
                yield from _indices(arg)


def _uses(term: Term, atom: Atom) -> bool:
    """Whether an atom of that head occurs anywhere in the term."""

    def inside(a: Atom) -> bool:
        return (a.kind, a.head) == (atom.kind, atom.head) or any(inside_term(t) for p in a.args for _, t in p)

    def inside_term(t: Term) -> bool:
        return any(
            inside(a) or (isinstance(e, Poly) and any(inside_term(s) for _, s in e)) for a, e in t.factors.values()
        )

    return inside_term(term)
