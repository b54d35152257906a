"""Whether a normal form is zero: what is tried when its terms do not cancel at once.

Each of these keeps "vanishes" true: splitting by the sign of what an indicator asks about,
multiplying by denominators (they are not zero where both sides are defined), extending ranges
to one, looking at the summands of like sums for each index.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

from gradproof.canonical import Atom, BudgetExceededError, Number, Poly, Term, fresh_index, sign_of
from gradproof.notation import Kink
from gradproof.products import ONE, Range
from gradproof.signs import contradictory
from gradproof.translate import Translator

__all__ = ["vanishes"]

MAX_FORMS = 8  # forms whose sign is split
_TOTAL = {"tanh", "sinh", "cosh", "sech", "sin", "cos", "atan", "asinh", "erf", "erfc"}


def vanishes(poly: Poly, translator: Translator, kinks: Sequence[Kink] = ()) -> bool:
    """Whether a normal form is zero wherever it is defined and off the given kinks."""
    gaps = tuple(g for k in kinks if (g := _gap(translator, k)) is not None)
    return _Vanishing(translator).holds(poly, _Case((), gaps))


def _gap(translator: Translator, kink: Kink) -> Poly | None:
    """What is zero on a kink, with the indices that the kink binds free in it; None if a range may be empty."""
    equation, spans = kink
    env = {}
    for index, (lo, hi) in spans.items():
        span = translator.span(lo, hi)
        shortest = translator.least(span.length)
        if shortest is None or shortest < 1:
            return None
        env[index] = Poly.atom(Atom("index", translator.algebra.fresh(span)))
    return translator.poly(equation.lhs - equation.rhs, env)


@dataclass(frozen=True)
class _Case:
    """A branch: forms that are positive in it, that are nowhere zero (kinks, which are left out), and that are zero."""

    positive: tuple[Poly, ...]
    nonzero: tuple[Poly, ...]
    zero: tuple[Poly, ...] = ()

    def after(self, change: Callable[[Poly], Poly], *positive: Poly) -> _Case:
        """The branch with its forms changed, and forms more that are positive."""
        parts = (tuple(map(change, forms)) for forms in (self.positive, self.nonzero, self.zero))
        above, nonzero, zero = parts
        return _Case((*above, *positive), nonzero, zero)


class _Vanishing:
    """Whether a normal form is zero wherever it is defined and off the given kinks."""

    def __init__(self, translator: Translator) -> None:
        self.algebra, self.translator = translator.algebra, translator
        self.steps = 120

    def holds(self, poly: Poly, case: _Case) -> bool:
        if not poly:
            return True
        self.steps -= 1
        if self.steps < 0:
            raise BudgetExceededError("too many cases")
        forms = _forms(poly)
        if 0 < len(forms) <= MAX_FORMS:
            return self._by_sign(poly, next(iter(forms.values())), case)
        delta = _free(poly, lambda a: a.kind == "delta")
        if delta is not None:
            apart, together = (self.algebra.put(poly, {delta.key: value}) for value in (Poly(), ONE))
            return self.holds(apart, case) and (self._on_level(poly, delta.args[0], case) or self.holds(together, case))
        signed = _free(poly, lambda a: self.translator.root_of(a) is not None)
        if signed is not None:
            root = self.translator.root_of(signed) or ONE
            return all(self._at(poly, signed, value, case) for value in (root, -root))
        for simpler in (self._cleared, self._without_powers, self._on_one_range):
            changed = simpler(poly)
            if changed is not None:
                return self.holds(changed, case)
        return self._by_summands(poly, case)

    # -- indicators ---------------------------------------------------------------------
    def _by_sign(self, poly: Poly, u: Poly, case: _Case) -> bool:
        """The cases u > 0 and u < 0, and u = 0 if that is not left out."""
        above, below = (Atom("positive", "", (side,)).key for side in (u, -u))
        size = Atom("absolute", "", (u.scaled(sign_of(u)),)).key
        for side, up in ((u, ONE), (-u, Poly())):
            change = partial(self.algebra.put, values={above: up, below: ONE - up, size: side})
            here = case.after(change, side)
            if not self._is_empty(here) and not self._on_side(change(poly), side, here):
                return False
        change = partial(self.algebra.put, values={above: Poly(), below: Poly(), size: Poly()})
        level = case.after(change)
        level = replace(level, zero=(*level.zero, u))
        if self._is_nonzero(u, level) or self._is_empty(level):
            return True
        return self._on_level(change(poly), u, level) or self.holds(change(poly), level)

    def _on_side(self, poly: Poly, side: Poly, case: _Case) -> bool:
        """Whether poly vanishes where a form is positive; if its square is known, so is the form."""
        single = side.single or (-side).single
        root = self.translator.root_of(single) if single is not None else None
        if single is None or root is None:
            return self.holds(poly, case)
        return self._at(poly, single, root if side.single else -root, case)

    def _is_empty(self, case: _Case) -> bool:
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

    def _is_nonzero(self, u: Poly, case: _Case) -> bool:
        """Whether u = 0 is a kink of the loss: a kink's indices put at indices that u has, within their ranges."""
        indices = {a.key: a for a in _indices(u)}
        for gap in case.nonzero:
            labels = sorted(gap.labels)
            for chosen in itertools.product(indices.values(), repeat=len(labels)):
                values = {i: Poly.atom(a) for i, a in zip(labels, chosen, strict=True)}
                if not all(self._within(v, i) for i, v in values.items()):
                    continue
                kink = self.algebra.positive_part(self.algebra.substitute(gap, values)).single
                if kink is not None and kink.kind == "positive" and kink.args[0].key in (u.key, (-u).key):
                    return True
        return False

    def _within(self, value: Poly, index: int) -> bool:
        span = self.algebra.ranges[index]
        gaps = (self.translator.least(value - span.lo), self.translator.least(span.hi - value))
        return all(g is not None and g >= 0 for g in gaps)

    def _on_level(self, poly: Poly, u: Poly, case: _Case) -> bool:
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

    def _at(self, poly: Poly, atom: Atom, value: Poly, case: _Case) -> bool:
        """Whether poly vanishes where an atom has a value."""
        here = case.after(change := partial(self.algebra.put, values={atom.key: value}))
        here = replace(here, zero=(*here.zero, Poly.atom(atom) - value))
        if self.algebra.is_positive(atom):
            here = replace(here, positive=(*here.positive, value))
        return self._is_empty(here) or self.holds(change(poly), here)

    # -- denominators -------------------------------------------------------------------
    def _cleared(self, poly: Poly) -> Poly | None:
        """`poly` times the denominators that no sum binds; None if there are none."""
        if _has_indicator(poly):
            return None  # a denominator may stand in a branch that does not hold, or be an indicator
        needed: dict[str, tuple[Atom, Number]] = {}
        for _, t in poly:
            for key, (atom, exponent) in t.factors.items():
                if isinstance(exponent, Poly) or exponent >= 0 or not atom.labels.isdisjoint(t.bound):
                    continue
                if key not in needed or needed[key][1] < -exponent:
                    needed[key] = (atom, -exponent)
        if not needed:
            return None
        for atom, exponent in needed.values():
            poly = self.algebra.times_power(poly, atom, exponent)
        return poly

    def _without_powers(self, poly: Poly) -> Poly | None:
        """`poly` times powers u^−γ of what is positive, so that no power u^γ is left; None if there are none."""
        if _has_indicator(poly):
            return None
        for _, t in poly:
            for atom, e in t.factors.values():
                if (
                    isinstance(e, Poly)
                    and atom.kind != "exp"
                    and atom.labels.isdisjoint(t.bound)
                    and e.labels.isdisjoint(t.bound)
                ):
                    shifted = self.algebra.times_power(poly, atom, -e)
                    if self.algebra.is_positive(atom) and _powers(shifted) < _powers(poly):
                        return shifted
        return None

    # -- ranges -----------------------------------------------------------------------------
    def _on_one_range(self, poly: Poly) -> Poly | None:
        """Ranges whose ends differ by numbers are extended to the largest, and the added terms taken off.

        Only summands that are defined for every index are extended.  None if nothing changes.
        """
        spans = {s.key: s for _, t in poly for s in (self.algebra.ranges[i] for i in t.bound)}
        total, changed = Poly(), False
        for c, t in poly:
            part = None
            for index in t.bound:
                wider = _widest(self.algebra.ranges[index], spans.values())
                if wider is not None and _total(t, index):
                    part = self._extended(c, t, index, wider)
                    break
            changed = changed or part is not None
            total = total + (part if part is not None else Poly([(c, t)]))
        return total if changed else None

    def _extended(self, c: Number, t: Term, index: int, wider: Range) -> Poly:
        span = self.algebra.ranges[index]
        rest = {i: s for i, s in t.bound.items() if i != index}
        body = Poly([(c, Term(rest, t.factors))])
        label = self.algebra.fresh(wider)
        total = self.algebra.over(self.algebra.substitute(body, {index: Poly.atom(Atom("index", label))}), label)
        below, above = int((span.lo - wider.lo).constant or 0), int((wider.hi - span.hi).constant or 0)
        ends = [wider.lo + Poly.number(n) for n in range(below)] + [wider.hi - Poly.number(n) for n in range(above)]
        for end in ends:
            total = total - self.algebra.substitute(body, {index: end})
        return total

    # -- summands -------------------------------------------------------------------------
    def _by_summands(self, poly: Poly, case: _Case) -> bool:
        """Σ_i f(i) vanishes if the sum of like summands vanishes for each i."""
        groups: dict[tuple[str, ...], list[tuple[Number, Term]]] = {}
        for c, t in self._as_sums(poly):
            if not t.bound:
                return False
            groups.setdefault(tuple(sorted(t.bound.values())), []).append((c, t))
        return all(len(g) > 1 and self._summands_vanish(g, case) for g in groups.values())

    def _as_sums(self, poly: Poly) -> Poly:
        """N·c is written as Σ_n c where the other terms are sums over that one range."""
        spans = {i: s for _, t in poly for i, s in t.bound.items()}
        free = [(c, t) for c, t in poly if not t.bound]
        if not free or len(set(spans.values())) != 1:
            return poly
        span = self.algebra.ranges[next(iter(spans))]
        size = span.length.single
        if size is None or any(t.factors.get(size.key, (size, 0))[1] != 1 for _, t in free):
            return poly
        label = self.algebra.fresh(span)
        sums = [(c, t) for c, t in poly if t.bound]
        lifted = [(c, Term({label: span.key}, {k: f for k, f in t.factors.items() if k != size.key})) for c, t in free]
        return Poly([*sums, *lifted])

    def _summands_vanish(self, group: Sequence[tuple[Number, Term]], case: _Case) -> bool:
        label = fresh_index()
        total = Poly()
        span: str | None = None
        for c, t in group:
            index = min(t.bound, key=lambda i: (span is not None and t.bound[i] != span, _role(t, i)))
            span = t.bound[index] if span is None else span
            if t.bound[index] != span:
                return False
            self.algebra.ranges[label] = self.algebra.ranges[index]
            left = {i: s for i, s in t.bound.items() if i != index}
            body = self.algebra.substitute(Poly([(c, Term({}, t.factors))]), {index: Poly.atom(Atom("index", label))})
            for other in left:
                body = self.algebra.over(body, other)
            total = total + body
        return self.holds(total, case)


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


def _powers(poly: Poly) -> int:
    """How many powers have a variable exponent."""
    return sum(isinstance(e, Poly) and a.kind != "exp" for _, t in poly for a, e in t.factors.values())


def _widest(span: Range, spans: Iterable[Range]) -> Range | None:
    """The range over all of `spans` whose ends differ from this one's by numbers, if it is larger."""
    lo, hi = span.lo, span.hi
    for other in spans:
        down, up = (lo - other.lo).constant, (other.hi - hi).constant
        if (span.lo - other.lo).constant is None or (other.hi - span.hi).constant is None:
            continue
        lo = other.lo if down is not None and down > 0 else lo
        hi = other.hi if up is not None and up > 0 else hi
    return None if (lo.key, hi.key) == (span.lo.key, span.hi.key) else Range(lo, hi)


def _total(term: Term, index: int) -> bool:
    """Whether the factors with this index are defined for every value: no division, root or logarithm."""

    def safe(t: Term) -> bool:
        return all(
            atom.kind in ("entry", "index", "symbol", "exp", "pi") + (("function",) if atom.head in _TOTAL else ())
            and not atom.swaps  # an assumption, which holds only inside the range
            and (all(safe(s) for _, s in e) if isinstance(e, Poly) else isinstance(e, int) and e > 0)
            and all(safe(s) for p in atom.args for _, s in p)
            for atom, e in t.factors.values()
        )

    used = {
        k: (a, e)
        for k, (a, e) in term.factors.items()
        if index in a.labels or (isinstance(e, Poly) and index in e.labels)
    }
    return safe(Term({}, used))


def _role(term: Term, index: int) -> tuple[int, str]:
    """How an index occurs: those in denominators and branches come first."""
    names = dict.fromkeys(term.bound, "?") | {index: "@"}
    texts = [
        f"{atom.write(names)}^{exponent if not isinstance(exponent, Poly) else exponent.write(names)}"
        for atom, exponent in term.factors.values()
        if index in atom.labels and (atom.kind == "positive" or (not isinstance(exponent, Poly) and exponent < 0))
    ]
    return (0 if texts else 1), "*".join(sorted(texts))


def _has_indicator(poly: Poly) -> bool:
    """Whether a delta or an indicator occurs anywhere in poly."""
    return any(
        atom.kind in ("positive", "delta")
        or any(map(_has_indicator, atom.args))
        or (isinstance(e, Poly) and _has_indicator(e))
        for _, t in poly
        for atom, e in t.factors.values()
    )


def _indices(poly: Poly) -> Iterator[Atom]:
    """The indices and symbols that stand alone as an index of an entry in poly."""
    for _, t in poly:
        for atom, _ in t.factors.values():
            for arg in atom.args:
                single = arg.single
                if atom.kind == "entry" and single is not None:
                    yield single
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
