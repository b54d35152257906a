"""What a text says of its own equations: that one follows from others, and by which numbers it cites them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from gradproof.latex import to_latex
from gradproof.proof import equal
from gradproof.statements.base import EXACT, compared_at, holds_at
from gradproof.verdict import Evidence, Verdict

__all__ = ["Cites", "Follows"]


@dataclass(frozen=True)
class Cites:
    """Each of the numbers cited is the number of an equation of the text.

    numbers: as cited; known: the numbers that the text gives to its equations.
    """

    numbers: tuple[str, ...]
    known: tuple[str, ...]

    def latex(self) -> str:
        cited = r",\ ".join(rf"\text{{({n})}}" for n in self.numbers)
        return rf"\text{{the text has equations numbered }} {cited}"

    def scope(self) -> str:
        return "from the list of the text's equation numbers"

    def __str__(self) -> str:
        return f"equations numbered {', '.join(self.numbers)}"

    def verify(self) -> Verdict:
        if not self.numbers:
            return Verdict("undecided", reason="no number is cited")
        missing = [n for n in self.numbers if n not in self.known]
        rests = "the list of the source's equation numbers, committed with its transcription"
        if missing:
            says = f"no equation has the number {' or '.join(missing)}; those of the text are {', '.join(self.known)}"
            return Verdict("refuted", evidence=(Evidence("numbers", "disagrees", says, rests),), reason=says)
        says = f"{', '.join(self.numbers)} are among the text's equations"
        return Verdict("proved", evidence=(Evidence("numbers", "agrees", says, rests),))


@dataclass(frozen=True)
class Follows:
    """The conclusion holds wherever the premises do.

    premises: equations whose left sides are symbols or entries; conclusion: an equation.
    at: a point at which the premises hold; where the conclusion fails there, it does not follow.
    """

    premises: tuple[sp.Eq, ...]
    conclusion: sp.Eq
    at: Mapping[Any, Any]

    def latex(self) -> str:
        premises = r",\; ".join(map(to_latex, self.premises))
        return rf"{premises} \;\Longrightarrow\; {to_latex(self.conclusion)}"

    def scope(self) -> str:
        return "by putting the premises in"

    def __str__(self) -> str:
        return f"{', '.join(map(str, self.premises))} implies {self.conclusion}"

    def verify(self) -> Verdict:
        for premise in self.premises:
            if not holds_at(premise, self.at):
                return Verdict("undecided", reason=f"the point given does not meet {premise}")
        verdict = equal(self.conclusion.lhs, self.conclusion.rhs, self.premises)
        if verdict.status == "proved":
            says = "the conclusion has one normal form on both sides once the premises are put in"
            evidence = Evidence("substitution", "agrees", says, verdict.evidence[0].rests_on)
            return Verdict("proved", evidence=(evidence,))
        found = compared_at(self.conclusion.lhs, self.conclusion.rhs, self.at)
        if found.status == "refuted":
            says = f"the premises hold, and the conclusion does not: {found.witness}"
            return Verdict("refuted", (), found.witness, (Evidence("enclosure", "disagrees", says, EXACT),))
        return Verdict("undecided", reason=f"neither proved nor refuted: {self.conclusion}")
