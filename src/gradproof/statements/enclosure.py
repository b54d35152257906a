"""What intervals certify: numbers that are printed rounded, and inequalities on a box.

On a box the sides are evaluated with intervals for its letters, which are halved until the
inequality is certain on every part; at a point it is one evaluation.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import sympy as sp
from mpmath import iv

from gradproof.arithmetic import Exact, interval_text
from gradproof.checks.balls import ball_text
from gradproof.checks.enclosure import point_of
from gradproof.checks.second_enclosure import KIND, Box, fails, holds_on_box, printed_as, rounded, seconded
from gradproof.checks.steps import LineChecker
from gradproof.given import Given
from gradproof.latex import to_latex
from gradproof.notation import read
from gradproof.statements.base import ENCLOSED, not_defined_too, rounds_to, value_at
from gradproof.values import UndefinedError, evaluate
from gradproof.verdict import Evidence, Verdict, Witness

__all__ = ["NoMinimum", "OnBox", "Rounded"]

_PARTS = 4000  # boxes that are looked at before giving up
_NOWHERE = (-1, 1)  # bounds where a value is not known to exist: nothing is settled


@dataclass(frozen=True)
class Rounded:
    """A number that a source prints rounded: the expression, and the digits as printed."""

    expression: sp.Expr
    printed: str
    at: Mapping[Any, Any] = field(default_factory=dict)

    def latex(self) -> str:
        digits = interval_text(self.value).replace("…", r"\ldots")
        return f"{to_latex(self.expression)} = {digits}"

    def scope(self) -> str:
        return f"by an enclosure; printed as {self.printed}"

    def __str__(self) -> str:
        return f"{self.expression} = {interval_text(self.value)}, printed as {self.printed}"

    @property
    def value(self) -> Any:
        return value_at(self.expression, self.at)

    def verify(self) -> Verdict:
        """Proved if the whole enclosure rounds to the printed digits."""
        agrees, digits = rounds_to(self.value, self.printed), interval_text(self.value)
        evidence = Evidence("enclosure", "agrees" if agrees else "disagrees", str(self), ENCLOSED)
        verdict = Verdict("proved" if agrees else "refuted", evidence=(evidence,), reason="" if agrees else str(self))

        def tell() -> str:
            value = point_of(self.at, [self.expression]).value(self.expression)
            rounded(printed_as(value, digits), self.printed, agrees)
            return f"{self.expression} = {ball_text(value)} by balls too"

        return seconded(verdict, tell)


@dataclass(frozen=True)
class OnBox:
    """relation: Le, Lt, Ge or Gt of two scalars, for every point of a box of real letters.

    box: (lower, upper) by symbol; nothing in it means a relation between numbers.
    """

    relation: sp.core.relational.Relational
    box: Mapping[sp.Symbol, tuple[Any, Any]] = field(default_factory=dict)
    definitions: tuple[sp.Eq, ...] = ()

    def latex(self) -> str:
        spans = [rf"{to_latex(s)} \in \left[{lo}, {hi}\right]" for s, (lo, hi) in self.box.items()]
        return to_latex(self.relation) + (r"\quad\text{for } " + r",\; ".join(spans) if spans else "")

    def scope(self) -> str:
        return "on the whole box, by enclosures" if self.box else "by enclosures"

    def __str__(self) -> str:
        return f"{self.relation} on {dict(self.box)}"

    def verify(self) -> Verdict:
        not_defined_too(self.box, self.definitions)
        checker = LineChecker(self.definitions)
        sides = [checker.evaluated(read(side)) for side in self.relation.args]
        gap = checker.evaluated(read(self.relation.gts - self.relation.lts))
        strict = isinstance(self.relation, (sp.StrictLessThan, sp.StrictGreaterThan))
        todo = [self._ends()]
        if any(lo > hi for lo, hi in todo[0]):
            return Verdict("undecided", reason=f"the box {dict(self.box)} is empty")
        parts = 0
        while todo:
            box, parts = todo.pop(), parts + 1
            low, high = self._range(gap, box, checker.equations)
            if any(self._range(side, box, checker.equations) is _NOWHERE for side in sides):
                low, high = _NOWHERE
            if low > 0 or (low == 0 and not strict):
                continue
            middle = [(lo + hi) / 2 for lo, hi in box]
            value, _ = self._range(gap, tuple((m, m) for m in middle), checker.equations)[::-1]
            if value < 0 or (value == 0 and strict):
                return self._refuted(middle, value)
            if parts > _PARTS or not box or high < 0:
                return Verdict("undecided", reason=f"{self.relation} was not settled on {parts} parts of the box")
            widest = max(range(len(box)), key=lambda n: box[n][1] - box[n][0])
            todo += [(*box[:widest], half, *box[widest + 1 :]) for half in _halves(*box[widest])]
        says = f"{self.relation} on the whole box, in {parts} part{'s' if parts != 1 else ''}"
        verdict = Verdict("proved", evidence=(Evidence("enclosure", "agrees", says, ENCLOSED),))
        return seconded(
            verdict, lambda: holds_on_box(self.relation, tuple(self.box), self._ends(), checker.definitions)
        )

    def _ends(self) -> Box:
        return tuple((Fraction(str(lo)), Fraction(str(hi))) for lo, hi in self.box.values())

    def _range(self, gap: sp.Expr, box: Sequence[tuple[Fraction, Fraction]], equations: Sequence[sp.Eq]) -> Any:
        """Bounds of larger − smaller on a part of the box."""
        spans = {str(s): _interval(*ends) for s, ends in zip(self.box, box, strict=True)}
        try:
            value = evaluate(gap, Given(spans, [gap], equations), Exact())
        except UndefinedError:
            return _NOWHERE
        return (value, value) if isinstance(value, Fraction) else (value.a, value.b)

    def _refuted(self, point: Sequence[Fraction], value: Any) -> Verdict:
        values = {str(s): v for s, v in zip(self.box, point, strict=True)}
        shown = str(value) if isinstance(value, Fraction) else interval_text(value)
        evidence = Evidence("enclosure", "disagrees", f"larger minus smaller is {shown}", ENCLOSED)
        verdict = Verdict("refuted", (), Witness({}, values, shown, "0"), (evidence,))

        def tell() -> str:
            balls = point_of(values, self.relation.args, self.definitions)
            printed_as(balls.value(self.relation.gts - self.relation.lts), shown)
            fails(balls, self.relation)
            return f"by balls too larger minus smaller is {shown}"

        return seconded(verdict, tell)


@dataclass(frozen=True)
class NoMinimum:
    """The cost has no minimiser on a box; refuted by a corner that no other point of the box undercuts."""

    cost: sp.Expr
    box: Mapping[sp.Symbol, tuple[Any, Any]]

    def latex(self) -> str:
        spans = r",\; ".join(rf"{to_latex(s)} \in \left[{lo}, {hi}\right]" for s, (lo, hi) in self.box.items())
        return rf"{to_latex(self.cost)} \quad\text{{has no minimum for }} {spans}"

    def scope(self) -> str:
        return "by enclosures"

    def __str__(self) -> str:
        return f"{self.cost} has no minimum on {dict(self.box)}"

    def verify(self) -> Verdict:
        for corner in itertools.product(*self.box.values()):
            at = dict(zip(self.box, corner, strict=True))
            least = value_at(self.cost, at)
            if isinstance(least, Fraction):
                floor = sp.Rational(least.numerator, least.denominator)
                attained = OnBox(sp.Ge(self.cost, floor, evaluate=False), self.box).verify()
                if attained.status == "proved":
                    return self._attained(attained, at, str(floor))
                if any(e.kind == KIND and e.outcome == "disagrees" for e in attained.evidence):
                    return attained
        return Verdict("undecided", reason="no corner of the box was shown to be a minimiser")

    def _attained(self, bound: Verdict, at: Mapping[Any, Any], floor: str) -> Verdict:
        """The verdict where the cost is nowhere less than at a corner."""
        where = ", ".join(f"{s} = {v}" for s, v in at.items())
        reason = f"at {where} it is {floor}, and on the whole box it is no less"

        def tell() -> str:
            printed_as(point_of(at, [self.cost]).value(self.cost), floor)
            return f"by balls too it is {floor} at {where}"

        return seconded(Verdict("refuted", evidence=bound.evidence, reason=reason), tell)


def _interval(low: Fraction, high: Fraction) -> Any:
    if low == high:
        return low
    ends = [iv.mpf(n.numerator) / n.denominator for n in (low, high)]
    return iv.mpf([ends[0].a, ends[1].b])


def _halves(low: Fraction, high: Fraction) -> Sequence[tuple[Fraction, Fraction]]:
    return (low, (low + high) / 2), ((low + high) / 2, high)
