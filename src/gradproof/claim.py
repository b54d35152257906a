"""A claim: what a source says, as printed and as checked statements, with its verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import sympy as sp

from gradproof.arithmetic import interval_text
from gradproof.derivation import Derivation
from gradproof.statements import Approximation, Equality, Statement
from gradproof.statements.base import compared_at, counterexample, joined, named, rounds_to, value_at
from gradproof.verdict import Verdict

__all__ = ["Claim", "Examined", "Slip", "Source"]


@dataclass(frozen=True)
class Source:
    """Where a claim was published."""

    title: str
    author: str
    year: str
    url: str
    licence: str
    short: str = ""  # for tables


@dataclass(frozen=True)
class Slip:
    """What fails as printed: its literal reading, a witness, and what is true instead.

    printed: LaTeX as the source has it ("" where it is prose).  reading: the statement, read
    literally.  corrected: what was meant, or holds in its place; None: the claim's own statements.
    at and values: where the reading is an equality, a point and the sides' values there, to be
    checked by hand.  place: the part of the claim; "" if all of it fails.  kind: "misprint" where
    the text shows what was meant, "sign" for an “=” that the text itself calls an approximation,
    otherwise "false".  instance: whether the reading is one case of what is said in general.
    why: what makes the slip easy, for the reader.
    """

    printed: str
    reading: Statement
    corrected: Statement | None = None
    at: Mapping[Any, Any] | None = None
    values: tuple[str, str] | None = None
    place: str = ""
    kind: Literal["misprint", "sign", "false"] = "misprint"
    instance: bool = False
    why: str = ""

    def verify(self) -> Verdict:
        """The verdict on the literal reading: refuted, or the slip is none."""
        if self.at is None or not isinstance(self.reading, Equality):
            return self.reading.verify()
        reading = self.reading
        given = (reading.definitions, reading.assumptions, self.values or ())
        verdict = compared_at(reading.left, reading.right, self.at, *given)
        if verdict.status != "refuted":
            return verdict
        for side, stated in zip((reading.left, reading.right), self.values or (), strict=False):
            value = value_at(side, self.at, reading.definitions)
            if not rounds_to(value, stated):
                says = f"{side} is {interval_text(value)} at the point given, not {stated}"
                return Verdict("undecided", witness=verdict.witness, reason=says)
        return verdict

    def mended(self) -> Verdict:
        """The verdict on the corrected form."""
        return Verdict("proved") if self.corrected is None else self.corrected.verify()


@dataclass(frozen=True)
class Claim:
    """One statement of a source.

    id: as in the ledger.  place: where it stands.  printed: LaTeX exactly as printed, "" for
    prose.  statements: what is true and proved, the claim itself or what stands in its place.
    slips: what fails as printed.  claimed: a few words, for tables.  remark: for the reader.
    title: what it is about, in words; keywords: other words people search by.  uses: the ids of the
    claims and entries that it rests on; see: others to look at, named on one of the two sides only.
    """

    id: str
    source: Source
    place: str
    printed: str
    statements: tuple[Statement, ...]
    slips: tuple[Slip, ...] = ()
    claimed: str = ""
    remark: str = ""
    title: str = ""
    keywords: str = ""
    uses: tuple[str, ...] = ()
    see: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.id} ({self.place} of {self.source.title!r}): {self.statements[0]}"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.statements[0].latex()}$"

    @property
    def kind(self) -> str:
        """What is said of the claim as printed, once `verify` has proved all that it rests on."""
        whole = [slip for slip in self.slips if not slip.place]
        if whole:
            return whole[0].kind
        first = self.statements[0]
        return f"holds to order {first.order}" if isinstance(first, Approximation) else "holds"

    @property
    def derivations(self) -> tuple[Derivation, ...]:
        """The derivations of the statements that are gradients; each knows this claim."""
        made = [s.derivation for s in self.statements if isinstance(s, Equality)]
        return tuple(replace(d, claim=self) for d in made if d is not None)

    @property
    def derivation(self) -> Derivation | None:
        """The derivation of the first statement that is a gradient."""
        return next(iter(self.derivations), None)

    def gradient(self) -> Derivation:
        """The derivation; raises ValueError if the claim is no gradient."""
        made = self.derivation
        if made is None:
            raise ValueError(f"{self.id} is no gradient")
        return made

    @property
    def lines(self) -> tuple[tuple[sp.Expr, str], ...]:
        """The source's own lines of the derivation, if it has any."""
        first = self.statements[0]
        return first.lines if isinstance(first, Equality) else ()

    def examined(self) -> Examined:
        """The verdict on every part."""
        return Examined(
            tuple(_decided(statement.verify) for statement in self.statements),
            tuple(_decided(slip.verify) for slip in self.slips),
            tuple(_decided(slip.mended) for slip in self.slips),
        )

    def verify(self) -> Verdict:
        """Proved only if every statement is, every slip is refuted, and every correction proved.

        `reason` names the first that is not.
        """
        return self.judged(self.examined())

    def judged(self, examined: Examined) -> Verdict:
        """The verdict on the whole, from those on the parts; its assumptions are those of every part."""
        verdicts = list(examined.statements)
        for slip, verdict, mended in zip(self.slips, examined.slips, examined.corrections, strict=True):
            where = slip.place or "the statement as printed"
            if verdict.status != "refuted":
                says = f"{where} is {verdict.status}, not refuted"
                verdicts.append(Verdict("undecided", reason=says + (f" ({verdict.reason})" if verdict.reason else "")))
                continue
            verdicts += [counterexample(where, verdict), named(mended, f"the correction of {where}")]
        shared = [a for a in examined.statements[0].assumptions if all(a in v.assumptions for v in examined.statements)]
        return replace(joined(verdicts), assumptions=tuple(shared))


@dataclass(frozen=True)
class Examined:
    """The verdicts on the parts of a claim: its statements, and its slips as printed and as mended."""

    statements: tuple[Verdict, ...]
    slips: tuple[Verdict, ...]
    corrections: tuple[Verdict, ...]


def _decided(verify: Callable[[], Verdict]) -> Verdict:
    """The verdict; a statement that has no meaning is undecided, and the reason says why."""
    try:
        return verify()
    except (ValueError, TypeError) as error:
        return Verdict("undecided", reason=f"{type(error).__name__}: {error}")
