"""The likeliest slip in a false gradient: one change that mends it, proved before it is offered.

Every change that the table of slips (slips.py) knows is tried at every place of the claim, in
floats at a few points (grids.py).  Those that agree with the gradient there are proved for every
size, the likeliest first; what is not proved is not offered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import sympy as sp

from gradproof.checking import Question, asked
from gradproof.latex import to_latex
from gradproof.lines import publish
from gradproof.repair.missing import suited
from gradproof.repair.search import OFFERED, agreeing, agrees, grids_of, proved, stray_index
from gradproof.repair.slips import TIERS

__all__ = ["Blame", "blame", "blamed"]

_FAR = 0.5  # a slip that is less likely by so much is not offered beside another


@dataclass(frozen=True)
class Blame:
    """What went wrong, and the claim without it, which was proved to be the gradient.

    kind: the slip's short name; slip: in words.  written, meant: the part of the claim as it
    stands and as it should be, where that is not the whole.  assumption: under which the claim is
    right as it stands, if that is what is missing.  alternatives: other slips that would explain
    the claim, each proved too, the likeliest first.
    """

    kind: str
    slip: str
    mended: sp.Expr
    written: sp.Basic | None = None
    meant: sp.Basic | None = None
    assumption: Any = None
    alternatives: tuple[Blame, ...] = ()

    def __str__(self) -> str:
        if self.assumption is not None:
            return f"{self.slip}; under it the claim is right"
        told = self.written is None or str(self.written) in self.slip
        where = "" if told else f" (written {self.written}, meant {self.meant})"
        return f"{self.slip}{where}; the gradient is {self.mended}"

    def _repr_html_(self) -> str:
        others = "".join(f"<li>{escape(other.slip)}</li>" for other in self.alternatives)
        also = f"<p>It could also be:</p><ul>{others}</ul>" if others else ""
        return f"<div><p>{escape(self.slip)}</p><p>$\\displaystyle {escape(to_latex(self.mended))}$</p>{also}</div>"


def blame(loss: Any, wrt: Any, claimed: Any, assumptions: Sequence[Any] = ()) -> Blame | None:
    """The likeliest slip in `claimed` as the gradient of `loss` by `wrt`; arguments as for `check`.

    None where the claim is right or undecided, and where no single change was proved to mend it.
    A sum that is missing is named although `check` refuses the index that it leaves free.
    The search is bounded (search.py): most claims take less than a second, long ones a few.
    Raises NotationError or TypeError for input without a meaning.
    """
    return blamed(asked(loss, wrt, assumptions), claimed)


def blamed(question: Question, claimed: Any) -> Blame | None:
    """See `blame`; for a gradient that was derived."""
    claim = question.read(claimed)
    stray = stray_index(question, claim)
    if stray is None and question.check(claimed).status != "refuted":
        return None
    grids = grids_of(question, claim)
    for slips in TIERS:
        found = [
            (one.cost, Blame(one.slip.kind, one.words(), one.mended, *one.parts()))
            for one in proved(question, agreeing(question, claim, grids, slips))
        ]
        if stray is None:
            found += _right_if(question, claim, likely=slips is TIERS[0])
        if found:
            found.sort(key=lambda f: f[0])
            least, best = found[0]
            others = [blame for cost, blame in found[1:OFFERED] if cost < least + _FAR]
            return replace(best, alternatives=tuple(others))
    if stray is not None:
        raise stray
    return None


def _right_if(question: Question, claim: sp.Expr, likely: bool) -> Iterator[tuple[float, Blame]]:
    """Assumptions under which the claim is proved as it stands."""
    for cost, under in suited(question, likely):
        if agrees(under, claim) and under.decided(question.resolve(claim)).status == "proved":
            relation = publish(under.relations[-1])
            words = f"an assumption is missing: {relation}"
            yield cost, Blame("assumption", words, publish(claim), assumption=relation)
