"""No function gives one thing from another: two points at which the one agrees and the other does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from gradproof.arithmetic import Exact, interval_text
from gradproof.checks.enclosure import point_of
from gradproof.checks.second_enclosure import apart, printed_as, seconded
from gradproof.latex import to_latex
from gradproof.statements.base import EXACT, value_at
from gradproof.verdict import Evidence, Verdict

__all__ = ["NoFunction"]


@dataclass(frozen=True)
class NoFunction:
    """There is no g with target = g(source), whatever is held fixed being the same at both points.

    source, target: scalars, which may hold derivatives of named quantities.  one, other: the
    two points; fixed: the names whose values g may use as constants, which must agree.
    """

    source: sp.Expr
    target: sp.Expr
    one: Mapping[Any, Any]
    other: Mapping[Any, Any]
    fixed: tuple[Any, ...] = ()
    definitions: tuple[sp.Eq, ...] = ()

    def latex(self) -> str:
        fixed = r",\; ".join(map(to_latex, self.fixed))
        given = rf" \quad\text{{with }} {fixed} \text{{ fixed}}" if fixed else ""
        return rf"\nexists\, g: \quad {to_latex(self.target)} = g\!\left({to_latex(self.source)}\right){given}"

    def scope(self) -> str:
        return "by two points"

    def __str__(self) -> str:
        return f"no function g gives {self.target} = g({self.source})"

    def verify(self) -> Verdict:
        for name in self.fixed:
            if self.one[name] != self.other[name]:
                return Verdict("undecided", reason=f"{name} is to be held fixed, and differs between the two points")
        sources, targets = (
            [value_at(e, at, self.definitions) for at in (self.one, self.other)] for e in (self.source, self.target)
        )
        if not isinstance(sources[0], Fraction) or sources[0] != sources[1]:
            return Verdict("undecided", reason=f"{self.source} is not the same exact number at both points")
        sign = Exact().sign_or_none(Exact().join(lambda a, b: a - b, *targets))
        if not sign:
            return Verdict("undecided", reason=f"{self.target} does not differ between the two points")
        moved = ", ".join(f"{k} = {self.one[k]} or {self.other[k]}" for k in self.one if self.one[k] != self.other[k])
        says = (
            f"with {moved}: {self.source} is {interval_text(sources[0])} at both points,"
            f" {self.target} is {interval_text(targets[0])} at one and {interval_text(targets[1])} at the other"
        )
        verdict = Verdict("proved", evidence=(Evidence("two points", "agrees", says, EXACT),))
        return seconded(verdict, lambda: self._by_balls([interval_text(v) for v in (sources[0], *targets)]))

    def _by_balls(self, printed: list[str]) -> str:
        """What the second enclosure says of the two points."""
        source, *targets = printed
        balls = [point_of(at, (self.source, self.target), self.definitions) for at in (self.one, self.other)]
        for point in balls:
            printed_as(point.value(self.source), source)
        apart([printed_as(b.value(self.target), text) for b, text in zip(balls, targets, strict=True)], balls[0].field)
        return f"by balls too {self.source} is {source} at both points, {self.target} is {targets[0]} and {targets[1]}"
