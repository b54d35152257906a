"""Whether a normal form is zero: what is tried when its terms do not cancel at once.

Each of these keeps "vanishes" true: splitting by the sign of what an indicator asks about,
multiplying by denominators (they are not zero where both sides are defined), extending ranges
to one, looking at the summands of like sums for each index.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from gradproof.canonical import Atom, BudgetExceededError, Number, Poly, Term, fresh_index, sign_of, tidy
from gradproof.cases import Case, Cases
from gradproof.products import ONE, Range
from gradproof.ties import Kink
from gradproof.translate import Translator

__all__ = ["vanishes", "vanishes_where"]

_TOTAL = {"tanh", "sinh", "cosh", "sech", "sin", "cos", "atan", "asinh", "erf", "erfc"}


def vanishes(poly: Poly, translator: Translator, kinks: Sequence[Kink] = ()) -> bool:
    """Whether a normal form is zero wherever it is defined and off the given kinks."""
    gaps = tuple(g for k in kinks if (g := _gap(translator, k)) is not None)
    return _Vanishing(translator).holds(poly, Case((), gaps, gaps=gaps))


def vanishes_where(poly: Poly, zero: Poly, translator: Translator) -> bool:
    """Whether a normal form is zero, and has a value, wherever another one is zero."""
    return _Vanishing(translator, everywhere=True).on_level(poly, zero, Case((), ()))


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


class _Vanishing(Cases):
    """Whether a normal form is zero wherever it is defined and off the given kinks."""

    def __init__(self, translator: Translator, everywhere: bool = False) -> None:
        super().__init__(translator)
        self.everywhere = everywhere  # also where it has no value
        self.steps = 120

    def holds(self, poly: Poly, case: Case) -> bool:
        if not poly or _is_nowhere_defined(poly):
            return not (poly and self.everywhere)
        self.steps -= 1
        if self.steps < 0:
            raise BudgetExceededError("too many cases")
        branched = self.by_cases(poly, case)
        if branched is not None:
            return branched
        for simpler in (self._cleared, self._without_powers, self._levelled, partial(self._oriented, case=case)):
            changed = simpler(poly)
            if changed is not None:
                return self.holds(changed, case)
        for other in (self._on_one_range, self._from_one, self._shifted):
            changed = other(poly)
            if changed is not None and self.holds(changed, case):
                return True
        return self._by_summands(poly, case)

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

    def _levelled(self, poly: Poly) -> Poly | None:
        """`poly` with the powers of each denominator brought to the lowest: S⁻¹ = S·S⁻², which have a value at the same points.

        Terms may stand in branches, and none is given a denominator that it has not.  None if nothing changes.
        """
        lowest: dict[tuple[str, Number], Number] = {}
        for key, _, e in (power for _, t in poly for power in _denominators(t)):
            lowest[key, e % 1] = min(e, lowest.get((key, e % 1), e))
        total = Poly()
        for c, t in poly:
            factors, raised = dict(t.factors), ONE
            for key, atom, e in _denominators(t):
                low = lowest[key, e % 1]
                factors[key] = (atom, low)
                raised = self.algebra.product(raised, self.algebra.power(atom.args[0], Poly.number(tidy(e - low))))
            total = total + self.algebra.product(Poly([(c, Term(t.bound, factors))]), raised)
        return None if total.key == poly.key else total

    def _oriented(self, poly: Poly, case: Case) -> Poly | None:
        """`poly` with [u > 0] as 1 − [−u > 0] in its sums where u is nowhere zero, one of each pair; None if nothing changes."""
        total = Poly()
        for c, t in poly:
            turned = {
                k: a.args[0]
                for k, (a, _) in t.factors.items()
                if a.kind == "positive"
                and not a.labels.isdisjoint(t.bound)
                and sign_of(a.args[0]) < 0
                and self._is_nonzero(a.args[0], case)
            }
            body = Poly([(c, Term({}, {k: f for k, f in t.factors.items() if k not in turned}))])
            for u in turned.values():
                body = self.algebra.product(body, ONE - self.algebra.positive_part(-u))
            for index in t.bound if turned else ():
                body = self.algebra.over(body, index)
            total = total + (body if turned else Poly([(c, t)]))
        return None if total.key == poly.key else total

    # -- ranges -----------------------------------------------------------------------------
    def _on_one_range(self, poly: Poly) -> Poly | None:
        """Ranges whose ends differ by numbers are extended to the largest, and the added terms taken off.

        Only summands that are defined for every index, or guarded by an indicator, are extended.  None if nothing
        changes.
        """
        spans = {s.key: s for _, t in poly for s in (self.algebra.ranges[i] for i in t.bound)}
        total, changed = Poly(), False
        for c, t in poly:
            part = None
            for index in t.bound:
                wider = _widest(self.algebra.ranges[index], spans.values())
                if wider is not None and (_total(t, index) or self._is_guarded(t, index, wider)):
                    part = self._extended(c, t, index, wider)
                    break
            changed = changed or part is not None
            total = total + (part if part is not None else Poly([(c, t)]))
        return total if changed else None

    def _extended(self, c: Number, t: Term, index: int, wider: Range) -> Poly:
        rest = {i: s for i, s in t.bound.items() if i != index}
        body = Poly([(c, Term(rest, t.factors))])
        label = self.algebra.fresh(wider)
        total = self.algebra.over(self.algebra.substitute(body, {index: Poly.atom(Atom("index", label))}), label)
        if _total(t, index):
            for end in _ends(self.algebra.ranges[index], wider):
                total = total - self.algebra.substitute(body, {index: end})
        return total

    def _is_guarded(self, t: Term, index: int, wider: Range) -> bool:
        """Whether an indicator is 0 wherever a wider range goes beyond an index' own."""
        guards = [a.args[0] for a, _ in t.factors.values() if a.kind == "positive" and index in a.labels]
        return all(
            any(not self.algebra.positive_part(self.algebra.substitute(u, {index: end})) for u in guards)
            for end in _ends(self.algebra.ranges[index], wider)
        )

    def _from_one(self, poly: Poly) -> Poly | None:
        """`poly` with every sum that starts from another number starting from 1; None if all do."""
        total, changed = Poly(), False
        for c, t in poly:
            body, bound = Poly([(c, Term({}, t.factors))]), list(t.bound)
            for n, index in enumerate(bound):
                span = self.algebra.ranges[index]
                start = span.lo.constant
                if start not in (None, 1):
                    bound[n], changed = self.algebra.fresh(Range(ONE, span.length)), True
                    place = Poly.atom(Atom("index", bound[n])) + span.lo - ONE
                    body = self.algebra.substitute(body, {index: place})
            for index in bound:
                body = self.algebra.over(body, index)
            total = total + body
        return total if changed else None

    def _shifted(self, poly: Poly) -> Poly | None:
        """`poly` with the indicators of whole numbers brought to one shape; None if they have it."""
        total, changed = Poly(), False
        for c, t in poly:
            parts = {k: self.algebra.shifted(a.args[0]) for k, (a, _) in t.factors.items() if a.kind == "positive"}
            news = {k: part for k, part in parts.items() if part is not None}
            body = Poly([(c, Term({}, {k: f for k, f in t.factors.items() if k not in news}))])
            for part in news.values():
                body = self.algebra.product(body, part)
            for index in t.bound:
                body = self.algebra.over(body, index)
            total, changed = total + body, changed or bool(news)
        return total if changed else None

    # -- summands -------------------------------------------------------------------------
    def _by_summands(self, poly: Poly, case: Case) -> bool:
        """Σ_i f(i) vanishes if the sum of the summands vanishes for each i: over a range that all terms have, or like terms apart."""
        for span in sorted({span for _, t in poly for span in t.bound.values()}):
            terms = self._over(poly, span)
            if terms and self._summands_vanish(terms, span, case):
                return True
        groups: dict[tuple[str, ...], list[tuple[Number, Term]]] = {}
        for c, t in poly:
            groups.setdefault(tuple(sorted(t.bound.values())), []).append((c, t))
        return len(groups) > 1 and all(
            any(self._summands_vanish(group, span, case) for span in sorted(set(spans)))
            for spans, group in groups.items()
        )

    def _over(self, poly: Poly, span: str) -> list[tuple[Number, Term]]:
        """The terms as sums over a range, N·c written as Σ_n c; none if a term is no such sum."""
        whole = next(self.algebra.ranges[i] for _, t in poly for i, s in t.bound.items() if s == span)
        size = whole.length.single
        terms: list[tuple[Number, Term]] = []
        for c, t in poly:
            _, power = t.factors.get(size.key, (size, 0)) if size is not None else (None, 0)
            if span in t.bound.values():
                terms.append((c, t))
            elif size is not None and isinstance(power, int) and power > 0:
                factors = {k: f for k, f in t.factors.items() if k != size.key}
                if power > 1:
                    factors[size.key] = (size, power - 1)
                terms.append((c, Term({**t.bound, self.algebra.fresh(whole): span}, factors)))
            else:
                return []
        return terms

    def _summands_vanish(self, group: Sequence[tuple[Number, Term]], span: str, case: Case) -> bool:
        """Whether the terms cancel for each value of one index of a range that each of them has."""
        if len(group) < 2:
            return False
        label, total = fresh_index(), Poly()
        for c, t in group:
            index = min((i for i in t.bound if t.bound[i] == span), key=lambda i: _role(t, i))
            self.algebra.ranges[label] = self.algebra.ranges[index]
            body = self.algebra.substitute(Poly([(c, Term({}, t.factors))]), {index: Poly.atom(Atom("index", label))})
            for other in t.bound:
                if other != index:
                    body = self.algebra.over(body, other)
            total = total + body
        return self.holds(total, case)


def _is_nowhere_defined(poly: Poly) -> bool:
    """Whether a term has no value, whatever the rest: normal forms are defined wherever what they stand for is.

    Where something branches it is not said: 1 − [u > 0] is a branch too.
    """
    undefined = any(not t.bound and any(a.kind == "undefined" for a, _ in t.factors.values()) for _, t in poly)
    return undefined and not _has_indicator(poly)


def _denominators(t: Term) -> list[tuple[str, Atom, Number]]:
    """The sums in a denominator that no index of the term binds, with their powers."""
    return [
        (key, atom, e)
        for key, (atom, e) in t.factors.items()
        if atom.kind == "sum" and not isinstance(e, Poly) and e < 0 and atom.labels.isdisjoint(t.bound)
    ]


def _powers(poly: Poly) -> int:
    """How many powers have a variable exponent."""
    return sum(isinstance(e, Poly) and a.kind != "exp" for _, t in poly for a, e in t.factors.values())


def _ends(span: Range, wider: Range) -> list[Poly]:
    """The indices of a wider range that are not in a range."""
    below, above = int((span.lo - wider.lo).constant or 0), int((wider.hi - span.hi).constant or 0)
    return [wider.lo + Poly.number(n) for n in range(below)] + [wider.hi - Poly.number(n) for n in range(above)]


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
