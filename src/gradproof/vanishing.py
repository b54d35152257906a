"""Whether a normal form is zero: what is tried when its terms do not cancel at once.

Each of these keeps "vanishes" true: splitting by the sign of what an indicator asks about,
multiplying by denominators (they are not zero where both sides are defined), extending ranges
to one, looking at the summands of like sums for each index.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from gradproof.canonical import Atom, BudgetExceededError, Number, Poly, Term, add_exponents, fresh_index
from gradproof.notation import Kink
from gradproof.products import Range
from gradproof.translate import Translator

__all__ = ["vanishes"]

MAX_FORMS = 6  # forms whose sign is split: 3**6 cases
_TOTAL = {"tanh", "sinh", "cosh", "sech", "sin", "cos", "atan", "asinh", "erf", "erfc"}


def vanishes(poly: Poly, translator: Translator, kinks: Sequence[Kink] = ()) -> bool:
    """Whether a normal form is zero wherever it is defined and off the given kinks."""
    return _Vanishing(translator, [_kink_form(translator, k) for k in kinks]).holds(poly)


def _kink_form(translator: Translator, kink: Kink) -> Poly:
    """The form whose zero is a kink, as an indicator would hold it."""
    equation, spans = kink
    env = {}
    for index, (lo, hi) in spans.items():
        label = translator.algebra.fresh(translator.span(lo, hi))
        env[index] = Poly.atom(Atom("index", label))
    gap = translator.poly(equation.lhs - equation.rhs, env)
    form = translator.algebra.positive_part(gap).single
    return form.args[0] if form is not None and form.kind == "positive" else Poly()


class _Vanishing:
    """Whether a normal form is zero wherever it is defined and off the given kinks."""

    def __init__(self, translator: Translator, off: Sequence[Poly] = ()) -> None:
        self.algebra, self.translator, self.off = translator.algebra, translator, off
        self.steps = 60

    def holds(self, poly: Poly) -> bool:
        if not poly:
            return True
        self.steps -= 1
        if self.steps < 0:
            raise BudgetExceededError("too many cases")
        forms = self._forms(poly)
        if forms:
            return self._by_cases(poly, forms)
        delta = self._free_delta(poly)
        if delta is not None:
            return all(self.holds(self._with(poly, {delta: value})) for value in (0, 1))
        cleared = self._cleared(poly)
        if cleared is not None:
            return self.holds(cleared)
        levelled = self._on_one_range(poly)
        if levelled is not None:
            return self.holds(levelled)
        return self._by_summands(poly)

    # -- indicators ---------------------------------------------------------------------
    @staticmethod
    def _forms(poly: Poly) -> dict[str, Poly]:
        """The forms u whose sign an indicator asks about, free of bound indices."""
        found: dict[str, Poly] = {}
        for _, t in poly:
            for atom, _ in t.factors.values():
                if atom.kind == "positive" and atom.labels.isdisjoint(t.bound):
                    u = atom.args[0]
                    if (-u).key not in found:
                        found[u.key] = u
        return found if len(found) <= MAX_FORMS else {}

    def _by_cases(self, poly: Poly, forms: Mapping[str, Poly]) -> bool:
        u = next(iter(forms.values()))
        above, below = (Atom("positive", "", (side,)).key for side in (u, -u))
        cases = [self._with(poly, {above: up, below: 1 - up}) for up in (1, 0)]
        if not all(self.holds(c) for c in cases):
            return False
        level = self._with(poly, {above: 0, below: 0})
        return self._is_excluded(u) or self.holds(level) or self._on_level(level, u)

    def _is_excluded(self, u: Poly) -> bool:
        """Whether u = 0 is a kink of the loss: a kink's indices put at indices that u has, within their ranges."""
        indices = {a.key: a for a in _indices(u)}
        for kink in self.off:
            labels = sorted(kink.labels)
            for chosen in itertools.product(indices.values(), repeat=len(labels)):
                values = {i: Poly.atom(a) for i, a in zip(labels, chosen, strict=True)}
                if not all(self._within(v, i) for i, v in values.items()):
                    continue
                here = self.algebra.substitute(kink, values)
                if here.key in (u.key, (-u).key):
                    return True
        return False

    def _within(self, value: Poly, index: int) -> bool:
        span = self.algebra.ranges[index]
        gaps = (self.translator.least(value - span.lo), self.translator.least(span.hi - value))
        return all(g is not None and g >= 0 for g in gaps)

    @staticmethod
    def _free_delta(poly: Poly) -> str | None:
        """The key of a delta that no sum of its term binds."""
        return next(
            (
                a.key
                for _, t in poly
                for a, _ in t.factors.values()
                if a.kind == "delta" and a.labels.isdisjoint(t.bound)
            ),
            None,
        )

    def _with(self, poly: Poly, values: Mapping[str, int]) -> Poly:
        """`poly` with values, 0 or 1, for indicators and deltas that are factors."""
        total = Poly()
        for c, t in poly:
            weight = math.prod(values[key] for key in t.factors if key in values)
            if weight:
                total = total + self.algebra.term(c, t.bound, {k: f for k, f in t.factors.items() if k not in values})
        return total

    def _on_level(self, poly: Poly, u: Poly) -> bool:
        """Whether poly vanishes where u = 0: solve u for an atom and put it in."""
        for c, t in u:
            single = Poly([(1, t)]).single
            if single is None or single.kind not in ("symbol", "entry"):
                continue
            rest = u - Poly([(c, t)])
            if any(_uses(s, single) for _, s in rest):
                continue
            solved = self._replaced(poly, single, rest.scaled(Fraction(-1) / c))
            if solved is not None:
                return self.holds(solved)
        return False

    def _replaced(self, poly: Poly, atom: Atom, value: Poly) -> Poly | None:
        """`poly` with a polynomial for an atom that occurs only as a power (not inside another)."""
        total = Poly()
        for c, t in poly:
            factors = dict(t.factors)
            _, exponent = factors.pop(atom.key, (atom, 0))
            if _uses(Term({}, factors), atom) or not isinstance(exponent, int) or exponent < 0:
                return None
            body = self.algebra.product(
                Poly([(c, Term(t.bound, factors))]), self.algebra.power(value, Poly.number(exponent))
            )
            total = total + body
        return total

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
            poly = self._times_power(poly, atom, exponent)
        return poly

    def _times_power(self, poly: Poly, atom: Atom, exponent: Number) -> Poly:
        total = Poly()
        for c, t in poly:
            old = t.factors.get(atom.key, (atom, 0))[1]
            joined = {**t.factors, atom.key: (atom, add_exponents(old, exponent))}
            total = total + self.algebra.term(c, t.bound, joined)
        return total

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
    def _by_summands(self, poly: Poly) -> bool:
        """Σ_i f(i) vanishes if the sum of like summands vanishes for each i."""
        groups: dict[tuple[str, ...], list[tuple[Number, Term]]] = {}
        for c, t in self._as_sums(poly):
            if not t.bound:
                return False
            groups.setdefault(tuple(sorted(t.bound.values())), []).append((c, t))
        return all(len(g) > 1 and self._summands_vanish(g) for g in groups.values())

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

    def _summands_vanish(self, group: Sequence[tuple[Number, Term]]) -> bool:
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
        return self.holds(total)


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
