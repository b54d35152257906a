"""A claim: a statement of a source, as printed and as a checked object, with its verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from gradproof.checks.steps import LineChecker
from gradproof.derivation import Derivation
from gradproof.notation import read
from gradproof.points import Point
from gradproof.values import Exact, evaluate, interval_text
from gradproof.verdict import Evidence, Verdict

__all__ = ["Claim", "Figure", "Misprint", "Source", "grouped"]


@dataclass(frozen=True)
class Source:
    """Where a claim was published."""

    title: str
    author: str
    year: str
    url: str
    licence: str


@dataclass(frozen=True)
class Misprint:
    """A line that is false as printed: its literal reading, and what was meant.

    printed: LaTeX as the source has it; reading, corrected: equations.
    """

    place: str
    printed: str
    reading: sp.Eq
    corrected: sp.Eq
    definitions: tuple[sp.Eq, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The verdict on the literal reading: refuted, or the misprint is none."""
        return LineChecker(self.definitions).equal(*self.reading.args)

    @property
    def mended(self) -> Verdict:
        """The verdict on the corrected line."""
        return LineChecker(self.definitions).equal(*self.corrected.args)


@dataclass(frozen=True)
class Figure:
    """A number that a source prints rounded: the expression, and the digits as printed."""

    expression: sp.Expr
    printed: str

    @property
    def value(self) -> Any:
        return evaluate(read(self.expression), Point({}, 0))

    def evidence(self) -> Evidence:
        """Whether the whole enclosure rounds to the printed digits."""
        half = sp.Rational(1, 2) * sp.Rational(10) ** -len(self.printed.partition(".")[2])
        printed = sp.Rational(self.printed)
        inside = all(
            Exact().sign(evaluate(side, Point({}, 0))) >= 0
            for side in (self.expression - printed + half, printed + half - self.expression)
        )
        says = f"{self.expression} = {interval_text(self.value)}, printed as {self.printed}"
        return Evidence("enclosure", "agrees" if inside else "disagrees", says, "mpmath's interval arithmetic")


@dataclass(frozen=True)
class Claim:
    """One statement of a source.

    id: as in the ledger.  place: where it stands.  printed: LaTeX exactly as printed.
    statement: the checked relation (Eq, or Ne between numbers).  lines: the source's own
    lines, corrected where it misprints, as (expression, rule's name); each equals the left
    side.  definitions: the named quantities that statement and lines use.  figures: numbers
    that are printed rounded.  derive: makes the derivation, where the claim is a gradient.
    """

    id: str
    source: Source
    place: str
    printed: str
    statement: Any
    assumptions: tuple[Any, ...] = ()
    definitions: tuple[sp.Eq, ...] = ()
    lines: tuple[tuple[sp.Expr, str], ...] = ()
    corrected: Any = None
    misprints: tuple[Misprint, ...] = ()
    figures: tuple[Figure, ...] = ()
    remark: str = ""
    wrt: sp.Expr | None = None
    derive: Callable[[], Derivation] | None = None

    def __str__(self) -> str:
        return f"{self.id} ({self.place} of {self.source.title!r}): {self.statement}"

    def _repr_latex_(self) -> str:
        from gradproof.latex import to_latex

        return f"$\\displaystyle {to_latex(self.statement)}$"

    @property
    def derivation(self) -> Derivation | None:
        """The derivation behind a gradient, which knows this claim."""
        return None if self.derive is None else replace(self.derive(), claim=self)

    def verify(self) -> Verdict:
        """The verdict on the statement, with all that speaks for it.

        Proved only if the derivation's every step, each line, each correction and each printed
        figure hold; `reason` names the first that does not.
        """
        checker = LineChecker(self.definitions, self.assumptions)
        verdict = self._statement(checker)
        evidence = list(verdict.evidence)
        derivation = self.derivation
        if verdict.status == "proved" and derivation is not None:
            verdict = derivation.verify()
            evidence += [e for e in verdict.evidence if e.kind not in {known.kind for known in evidence}]
        left = self.statement.lhs
        for n, (line, rule) in enumerate(self.lines):
            if verdict.status == "proved":
                verdict = _named(checker.equal(left, line, self.wrt), f"line {n + 1} ({rule or 'unnamed'}): {line}")
        for misprint in self.misprints:
            if verdict.status == "proved":
                verdict = _named(misprint.mended, f"the correction of {misprint.place}: {misprint.corrected}")
        figures = [f.evidence() for f in self.figures]
        wrong = [f.says for f in figures if f.outcome != "agrees"]
        if verdict.status == "proved" and wrong:
            return Verdict("refuted", evidence=tuple(figures), reason=wrong[0])
        if verdict.status != "proved":
            return verdict
        if self.lines:
            says = f"each of the source's {len(self.lines)} lines equals the left side"
            evidence.append(
                Evidence("the source's lines", "agrees", says, "SymPy's own diff, and gradproof's normal form")
            )
        return Verdict("proved", verdict.assumptions, None, (*evidence, *figures))

    def _statement(self, checker: LineChecker) -> Verdict:
        numbers = isinstance(self.statement, sp.Ne) and not self.statement.free_symbols
        if not numbers and not isinstance(self.statement, sp.Eq):
            raise TypeError(f"{self.id}: the statement {self.statement} is neither an equation nor Ne between numbers")
        if numbers:
            return _differ(*self.statement.args)
        return _named(
            checker.equal(self.statement.lhs, self.statement.rhs, self.wrt), f"the statement {self.statement}"
        )


def _named(verdict: Verdict, where: str) -> Verdict:
    """The verdict with the place that it speaks of, unless it is proved."""
    if verdict.status == "proved":
        return verdict
    return replace(verdict, reason=where + (f" ({verdict.reason})" if verdict.reason else ""))


def _differ(left: sp.Expr, right: sp.Expr) -> Verdict:
    """Whether two numbers differ: proved if their enclosures do not overlap."""
    a, b = (evaluate(read(side), Point({}, 0)) for side in (left, right))
    sign = Exact().sign_or_none(Exact().join(lambda x, y: x - y, a, b))
    says = f"{interval_text(a)} is not {interval_text(b)}"
    evidence = Evidence("enclosure", "agrees" if sign else "missing", says, "mpmath's interval arithmetic")
    if sign:
        return Verdict("proved", evidence=(evidence,))
    status: Any = "undecided" if sign is None else "refuted"
    return Verdict(status, evidence=(evidence,), reason=f"the enclosures of {left} and {right} overlap")


def grouped(derivation: Derivation, groups: Sequence[tuple[str, str]]) -> tuple[tuple[sp.Expr, str], ...]:
    """The derivation's lines as a source prints them.

    groups: for each printed line, (the rule of the last step it takes, the rule as printed);
    with "" for the rule, the line takes all steps up to the next group's.
    Raises ValueError if the derivation has no such step.
    """
    names = [s.rule.name for s in derivation.steps]
    lines, start = [], 0
    for n, (last, printed) in enumerate(groups):
        wanted = last or groups[n + 1][0]
        if wanted not in names[start:]:
            raise ValueError(
                f"the derivation has no step {wanted!r} after step {start}; its rules are {', '.join(names)}"
            )
        found = names.index(wanted, start)
        start = found + 1 if last else found
        lines.append((derivation.steps[start - 1].after, printed))
    return tuple(lines)
