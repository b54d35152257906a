"""What a text says of its own equations: that one follows from others, and by which numbers it cites them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sympy as sp

from gradproof.checks.steps import LineChecker
from gradproof.latex import to_latex
from gradproof.lines import replaced
from gradproof.proof import equal
from gradproof.statements.base import EXACT, compared_at, holds_at
from gradproof.verdict import Evidence, Verdict

__all__ = ["Follows", "Substitutes"]


@dataclass(frozen=True)
class Substitutes:
    """Putting the equations `numbers` into the right side of equation `into` gives equation `gives`.

    stated: equations of the text by number; known: all the numbers of the text; definitions: the
    named quantities.  An equation is put in where its left side stands, and must stand there.
    """

    numbers: tuple[str, ...]
    into: str
    gives: str
    stated: Mapping[str, sp.Eq]
    definitions: tuple[sp.Eq, ...] = ()
    known: tuple[str, ...] = ()

    def latex(self) -> str:
        if self._missing():
            put = r",\ ".join(rf"\text{{({n})}}" for n in self.numbers)
            return rf"{put} \text{{ put into ({self.into}) give ({self.gives})}}"
        chain = zip((self.into, *self.numbers), self._lines(), strict=True)
        shown = " ".join(rf"\overset{{\text{{({n})}}}}{{=}} {to_latex(line)}" for n, line in chain)
        return rf"{to_latex(self.stated[self.into].lhs)} {shown}"

    def scope(self) -> str:
        return f"by putting one equation into another; the end is ({self.gives})"

    def __str__(self) -> str:
        return f"({'), ('.join(self.numbers)}) put into ({self.into}) give ({self.gives})"

    def _missing(self) -> list[str]:
        return [n for n in (*self.numbers, self.into, self.gives) if n not in self.stated]

    def _unknown(self) -> str:
        """Why nothing can be put in."""
        absent = [n for n in self._missing() if n not in self.known]
        if self.known and absent:
            return f"no equation has the number {' or '.join(absent)}; those of the text are {', '.join(self.known)}"
        return f"the text states no equation {' or '.join(self._missing())}" if self._missing() else "nothing is put in"

    def _lines(self) -> list[sp.Expr]:
        """The right side of `into`, and what it becomes with each equation put in."""
        lines = [self.stated[self.into].rhs]
        for number in self.numbers:
            equation = self.stated[number]
            lines.append(replaced(lines[-1], {equation.lhs: equation.rhs}))
        return lines

    def verify(self) -> Verdict:
        if self._missing() or not self.numbers:
            says = self._unknown()
            return Verdict("refuted", evidence=(Evidence("numbers", "disagrees", says, EXACT),), reason=says)
        if self.gives in (self.into, *self.numbers):
            return Verdict("undecided", reason=f"({self.gives}) is to be shown, and is among what is put together")
        lines = self._lines()
        for number, before, after in zip(self.numbers, lines, lines[1:], strict=False):
            if before == after:
                says = f"the left side of ({number}) does not stand in ({self.into})"
                return Verdict("refuted", evidence=(Evidence("numbers", "disagrees", says, EXACT),), reason=says)
        given = self.stated[self.gives]
        if given.lhs != self.stated[self.into].lhs:
            says = f"({self.into}) and ({self.gives}) are about two things"
            return Verdict("refuted", evidence=(Evidence("numbers", "disagrees", says, EXACT),), reason=says)
        verdict = LineChecker(self.definitions).equal(lines[-1], given.rhs)
        if verdict.status != "proved":
            return verdict
        says = "each equation cited stands in the line before, and the last line is the equation that they give"
        return Verdict("proved", (), None, (Evidence("substitution", "agrees", says, verdict.evidence[0].rests_on),))


@dataclass(frozen=True)
class Follows:
    """The conclusion holds wherever the premises do.

    premises: equations whose left sides are symbols or entries; conclusion: an equation.
    at: a point at which the premises hold; where the conclusion fails there, it does not follow.
    cited: the numbers by which a text cites them; stated: its equations by number, among which
    each of the cited must be a premise or the conclusion.
    """

    premises: tuple[sp.Eq, ...]
    conclusion: sp.Eq
    at: Mapping[Any, Any]
    cited: tuple[str, ...] = ()
    stated: Mapping[str, sp.Eq] = field(default_factory=dict)

    def latex(self) -> str:
        cited = r",\ ".join(rf"\text{{({n})}}" for n in self.cited)
        premises = r",\; ".join(map(to_latex, self.premises))
        return rf"{cited}{':' if cited else ''}\quad {premises} \;\Longrightarrow\; {to_latex(self.conclusion)}"

    def scope(self) -> str:
        return "by putting the premises in"

    def __str__(self) -> str:
        return f"{', '.join(map(str, self.premises))} implies {self.conclusion}"

    def _wrong(self) -> str:
        """What keeps this from being a statement, or a citation from being right."""
        relations = (*self.premises, self.conclusion)
        if not all(isinstance(r, sp.Eq) for r in relations):
            return "premises and conclusion must be equations"
        wrong = [n for n in self.cited if self.stated.get(n) not in relations]
        return f"({wrong[0]}) is none of the equations" if wrong else ""

    def verify(self) -> Verdict:
        if self._wrong():
            return Verdict("undecided", reason=self._wrong())
        for premise in self.premises:
            if not holds_at(premise, self.at):
                return Verdict("undecided", reason=f"the point given does not meet {premise}")
        verdict = equal(self.conclusion.lhs, self.conclusion.rhs, self.premises)
        if verdict.status == "proved":
            says = "the conclusion has one normal form on both sides once the premises are put in"
            evidence = Evidence("substitution", "agrees", says, verdict.evidence[0].rests_on)
            return Verdict("proved", evidence=(evidence,))
        found = compared_at(self.conclusion.lhs, self.conclusion.rhs, self.at, (), self.premises)
        if found.status == "refuted":
            says = f"the premises hold, and the conclusion does not: {found.witness}"
            return replace(found, evidence=(Evidence("enclosure", "disagrees", says, EXACT), *found.evidence[1:]))
        return replace(found, reason=f"neither proved nor refuted: {self.conclusion} ({found.reason})")
