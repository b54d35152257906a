"""Branches in normal forms: |u|, sign(u), the larger of two and every `if` become polynomials in indicators.

An indicator [0 < p] or [p < 0] has a test p without branches and with first coefficient 1; what branches in an argument of
a function is taken apart before the function.  So what branches in the same way has one form.  Where u = 0 is excluded
by a hypothesis, [u < 0] = 1 - [0 < u].  Forms that still differ are compared for every choice of signs of their tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product

from gradproof.formal.facts import Fact, Span
from gradproof.formal.polynomials import Poly, constant, leading, plus, scaled
from gradproof.formal.terms import Term, num, op, put, show, show_integer, walk
from gradproof.signs import solvable

__all__ = ["Branching", "Supposed", "branches", "supposed"]

#: the cases and the difference of the sides of a hypothesis that two terms are not equal
Gap = tuple[list[tuple[str, Poly]], Poly]
#: forms that are positive (True) or not negative
Rows = list[tuple[Poly, bool]]


@dataclass(frozen=True)
class Supposed:
    """A hypothesis: for the indices of its spans, in these cases, a relation of two reals."""

    name: str
    spans: tuple[Span, ...]
    cases: tuple[Term, ...]
    says: Term

    def at(self, values: Sequence[Term]) -> Supposed:
        """For these values of the indices."""
        here = {s[0]: v for s, v in zip(self.spans, values, strict=True)}
        given = "".join(f" {show_integer(v, 9)}%Z" for v in values) + " ltac:(lia)" * len(values)
        return Supposed(self.name + given, (), tuple(put(c, here) for c in self.cases), put(self.says, here))


def supposed(hypotheses: Mapping[str, Term]) -> tuple[Supposed, ...]:
    """The hypotheses about reals, taken apart."""
    found = []
    for name, t in hypotheses.items():
        spans: list[Span] = []
        cases: list[Term] = []
        while t.op in ("forall", "->"):
            if t.op == "->":
                cases.append(t.args[0])
                t = t.args[1]
            else:
                bounds, rest = t.args[0].args
                spans.append((t.name.split(" : ")[0], bounds.args[0], bounds.args[2]))
                t = rest
        if t.op == "relation" and len(t.args) == 2:
            found.append(Supposed(name, tuple(spans), tuple(cases), t))
    return tuple(found)


def branches(t: Term) -> bool:
    """Whether something in the term branches."""
    return any(x.op == "if" or (x.op == "app" and x.name in ("Rabs", "sign", "Rmax", "Rmin")) for x in walk(t))


@dataclass
class Branching:
    """The part of `Normal` that knows indicators.

    supposed: the hypotheses.  partner: of an indicator the one of the other sign; test: what it tests, by its text;
    tested: the forms of the tests.  kinks: for an indicator [0 < p] the hypothesis that p is not zero, as a fact.
    """

    supposed: tuple[Supposed, ...] = ()
    partner: dict[str, str] = field(default_factory=dict)
    test: dict[str, str] = field(default_factory=dict)
    tested: dict[str, Poly] = field(default_factory=dict)
    kinks: dict[str, Fact] = field(default_factory=dict)

    def poly(self, t: Term, spans: Sequence[Span], used: list[Fact]) -> Poly:
        raise NotImplementedError

    def _product(self, a: Poly, b: Poly) -> Poly:
        raise NotImplementedError

    def _single(self, t: Term, exponent: int = 1) -> Poly:
        raise NotImplementedError

    def term(self, p: Poly) -> Term:
        raise NotImplementedError

    def _fact(
        self,
        spans: Sequence[Span],
        left: Term,
        right: Term,
        kind: str,
        parts: tuple[tuple[str, Term], ...] = (),
        inner: tuple[Fact, ...] = (),
        after: tuple[Fact, ...] = (),
    ) -> Fact:
        raise NotImplementedError

    def _kink(self, hypothesis: Supposed, facts: list[Fact]) -> Fact:
        """The use of a hypothesis, which these facts bring to its form."""
        left, right = hypothesis.says.args
        return Fact(hypothesis.name, (), left, right, "kink", inner=tuple(facts))

    # -- what branches, as a form -----------------------------------------------------------------
    def _branch(self, t: Term, spans: Sequence[Span], used: list[Fact]) -> Poly:
        parts = [self.poly(a, spans, used) for a in t.args]
        match t.name:
            case "Rabs" | "sign":
                sign = self._by_cases(parts, lambda p: self._sign(p, used))
                return self._product(parts[0], sign) if t.name == "Rabs" else sign
            case "Rmax" | "Rmin":
                a, b = parts
                low, high, yes, no = (b, a, a, b) if t.name == "Rmax" else (a, b, a, b)
            case _:
                low, high, yes, no = parts
        holds = self._by_cases([plus(high, scaled(low, -1))], lambda p: self._holds(p, t.name, used))
        return plus(no, self._product(holds, plus(yes, scaled(no, -1))))

    def _by_cases(self, polys: Sequence[Poly], then: Callable[..., Poly]) -> Poly:
        """`then` of the forms, taken apart by the indicators in them."""
        here = next((k for p in polys for m in p for k, _ in m if k in self.test), None)
        if here is None:
            return then(*polys)
        other = self.partner[here]
        both = any(k == other for p in polys for m in p for k, _ in m)
        total: Poly = {}
        rest = constant(1)
        for key in (here, other) if both else (here,):
            chosen: Poly = {((key, 1),): constant(1)[()]}
            values = {here: int(key == here), other: int(key == other)}
            total = plus(total, self._product(chosen, self._by_cases([_at(p, values) for p in polys], then)))
            rest = plus(rest, scaled(chosen, -1))
        values = {here: 0, other: 0} if both else {here: 0}
        return plus(total, self._product(rest, self._by_cases([_at(p, values) for p in polys], then)))

    def _sign(self, p: Poly, used: list[Fact]) -> Poly:
        return plus(self._indicator(p, used), scaled(self._indicator(scaled(p, -1), used), -1))

    def _holds(self, gap: Poly, relation: str, used: list[Fact]) -> Poly:
        """1 where the gap is positive (<), not negative (<=) or zero (=), elsewhere 0."""
        if relation == "=":
            either = plus(self._indicator(gap, used), self._indicator(scaled(gap, -1), used))
            return plus(constant(1), scaled(either, -1))
        if relation == "<=":
            return plus(constant(1), scaled(self._indicator(scaled(gap, -1), used), -1))
        return self._indicator(gap, used)

    def _indicator(self, p: Poly, used: list[Fact]) -> Poly:
        """[0 < p], for p without branches."""
        if set(p) <= {()}:
            return constant(p.get((), 0) > 0)
        lead = p[leading(p)]
        test = scaled(p, 1 / lead)
        t = self.term(test)
        above, below = (Term("if", "<", (*sides, num(1), num(0))) for sides in ((num(0), t), (t, num(0))))
        key, one, other = show(t, 9), show(above, 9), show(below, 9)
        if key not in self.tested:
            self.tested[key] = test
            self.test |= {one: key, other: key}
            self.partner |= {one: other, other: one}
            self._look_for_kink(one, t, test)
        if lead > 0:
            return self._single(above)
        if one in self.kinks:
            used.append(self.kinks[one])
            return plus(constant(1), scaled(self._single(above), -1))
        return self._single(below)

    def _simpler(self, p: Poly) -> Poly:
        """Powers of an indicator are the indicator, and nothing is both positive and negative."""
        if not self.test:
            return p
        total: Poly = {}
        for monomial, c in p.items():
            tests = [self.test[k] for k, _ in monomial if k in self.test]
            if len(set(tests)) == len(tests):
                total = plus(total, {tuple((k, 1 if k in self.test else e) for k, e in monomial): c})
        return total

    # -- kinks ----------------------------------------------------------------------------------------
    def _look_for_kink(self, indicator: str, t: Term, test: Poly) -> None:
        """The hypothesis, if there is one, that the test is not zero."""
        for s in self.supposed:
            if s.says.name != "<>" or s.cases or branches(s.says):
                continue
            for values in _candidates(t, len(s.spans)):
                facts: list[Fact] = []
                here = s.at(values)
                p = self.poly(op("-", *here.says.args), (), facts)
                if p and scaled(p, 1 / p[leading(p)]) == test:
                    self.kinks[indicator] = self._kink(here, facts)
                    return

    def agree(self, one: Poly, other: Poly, same: Callable[[Poly, Poly], bool], used: list[Fact]) -> bool:
        """Whether two forms are the same for every choice of signs of their tests; `used` gets the hypotheses for this."""
        facts: list[Fact] = []
        rows: Rows = []
        kinks: list[Supposed] = []
        for s in self.supposed:
            if s.spans:
                continue
            if s.says.name == "<>":
                kinks.append(s)
            elif not s.cases and not branches(s.says):
                rows += _rows(s.says.name, self.poly(op("-", *reversed(s.says.args)), (), facts))
        gaps = [
            (
                [(c.name, self.poly(op("-", *reversed(c.args)), (), facts)) for c in s.cases],
                self.poly(op("-", *s.says.args), (), facts),
            )
            for s in kinks
        ]
        if not self._agree(one, other, rows, gaps, same):
            return False
        used += [self._kink(s, facts) for s in kinks]
        return True

    def _agree(self, one: Poly, other: Poly, rows: Rows, gaps: list[Gap], same: Callable[[Poly, Poly], bool]) -> bool:
        keys = [k for p in (one, other, *(g for _, g in gaps)) for m in p for k, _ in m if k in self.test]
        if not keys:
            return same(one, other) or self._impossible(rows, gaps) or _zero(plus(one, scaled(other, -1)), rows)
        test = self.tested[self.test[keys[0]]]
        above, below = (keys[0], self.partner[keys[0]])
        if show(Term("if", "<", (num(0), self.term(test), num(1), num(0))), 9) != above:
            above, below = below, above
        for sign in (1, -1, 0):
            here = [*rows, *([(test, False), (scaled(test, -1), False)] if sign == 0 else [(scaled(test, sign), True)])]
            if _contradictory(here):
                continue
            values = {above: int(sign > 0), below: int(sign < 0)}
            left = [([(n, _at(c, values)) for n, c in cases], _at(g, values)) for cases, g in gaps]
            if not self._agree(_at(one, values), _at(other, values), here, left, same):
                return False
        return True

    def meet(self, gap: Poly, pairs: Sequence[tuple[Poly, Poly]]) -> bool:
        """Whether the forms of each pair are the same where the gap is zero; of forms without quotients, up to squares."""
        differences = [plus(p, scaled(q, -1)) for p, q in pairs]
        if any(e < 0 or sum(x for _, x in m) > 4 for p in (gap, *differences) for m in p for _, e in m):
            return False
        return all(
            _contradictory(_rows("=", g) + rows) or all(self._vanishes(d, [g, *zero]) for d in rest)
            for (g, *rest), rows, zero in self._leaves([gap, *differences], [], [])
        )

    def _leaves(
        self, polys: Sequence[Poly], rows: Rows, zero: list[Poly]
    ) -> Iterator[tuple[Sequence[Poly], Rows, list[Poly]]]:
        """The forms for every choice of signs of their tests that linear arithmetic does not exclude."""
        key = next((k for p in polys for m in p for k, _ in m if k in self.test), None)
        if key is None:
            yield polys, rows, zero
            return
        test = self.tested[self.test[key]]
        positive = show(Term("if", "<", (num(0), self.term(test), num(1), num(0))), 9)
        for sign in (1, -1, 0):
            here = [*rows, *(_rows("<", scaled(test, sign)) if sign else _rows("=", test))]
            values = {k: int(sign == (1 if k == positive else -1)) for k in (key, self.partner[key])}
            if not _contradictory(here):
                yield from self._leaves([_at(p, values) for p in polys], here, [*zero, *([] if sign else [test])])

    def _vanishes(self, p: Poly, zero: list[Poly]) -> bool:
        """Whether a form is zero where these are, each of which gives one of its letters."""
        for n, z in enumerate(zero):
            for ((k, e), *more), c in ((m, c) for m, c in z.items() if m):
                rest = {m: d for m, d in z.items() if m != ((k, e),)}
                if more or e != 1 or any(x == k for m in rest for x, _ in m):
                    continue
                value = scaled(rest, -1 / c)
                left = [self._replaced(q, k, value) for q in zero[n + 1 :]]
                return self._vanishes(self._replaced(p, k, value), left)
        return not p

    def _replaced(self, p: Poly, key: str, value: Poly) -> Poly:
        """A form with another for one of its atoms."""
        total: Poly = {}
        for monomial, c in p.items():
            part: Poly = {tuple((k, e) for k, e in monomial if k != key): c}
            for _ in range(dict(monomial).get(key, 0)):
                part = self._product(part, value)
            total = plus(total, part)
        return total

    def _impossible(self, rows: Rows, gaps: list[Gap]) -> bool:
        """Whether a kink that is excluded is met."""
        return any(_zero(gap, rows) and all(_follows(name, p, rows) for name, p in cases) for cases, gap in gaps)


def _candidates(t: Term, count: int) -> Iterator[tuple[Term, ...]]:
    """Index terms of `t`, `count` at a time."""
    found = dict.fromkeys(x.args[0] for x in walk(t) if x.op == "index" and x.args[0].names <= t.names)
    return product(found, repeat=count)


def _at(p: Poly, values: Mapping[str, int]) -> Poly:
    """The form where these indicators are 0 or 1."""
    total: Poly = {}
    for monomial, c in p.items():
        if all(values.get(k, 1) for k, _ in monomial):
            total = plus(total, {tuple((k, e) for k, e in monomial if k not in values): c})
    return total


def _rows(relation: str, gap: Poly) -> Rows:
    """A relation of two terms, of which this is the difference."""
    if relation in ("<", "<="):
        return [(gap, relation == "<")]
    return [(gap, False), (scaled(gap, -1), False)] if relation == "=" else []


def _follows(relation: str, gap: Poly, rows: Rows) -> bool:
    """Whether a relation of two terms, of which this is the difference, is so."""
    against = {"<": (scaled(gap, -1), False), "<=": (scaled(gap, -1), True)}.get(relation)
    return _contradictory([*rows, against]) if against else relation == "=" and _zero(gap, rows)


def _zero(p: Poly, rows: Rows) -> bool:
    """Whether a form is zero."""
    return not p or all(_contradictory([*rows, (scaled(p, s), True)]) for s in (1, -1))


def _contradictory(rows: Rows) -> bool:
    """Whether the forms cannot be so at once, by linear arithmetic in their products; False: not shown."""
    columns = dict.fromkeys(m for p, _ in rows for m in p if m)
    zero, one = Fraction(0), Fraction(1)
    table = [[*(p.get(m, zero) for p, _ in rows), zero] for m in columns]
    table.append([*(p.get((), zero) for p, _ in rows), one])
    table.append([*(Fraction(strict) for _, strict in rows), one])
    return solvable(table, [zero] * (len(table) - 1) + [one])
