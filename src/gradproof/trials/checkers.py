"""The kinds of evidence, as they are put on trial: each is asked about a line of a gradient, and nothing else is looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import sympy as sp

from gradproof.canonical import BudgetExceededError
from gradproof.checks.autodiff import LIBRARIES
from gradproof.checks.complex_step import ComplexStep
from gradproof.checks.guard import guarded
from gradproof.checks.remainder import Remainders
from gradproof.checks.remainder import summarised as remainder_says
from gradproof.checks.second_prover import second_prover_evidence
from gradproof.checks.steps import LineChecker, opened
from gradproof.derivation import Derivation, axis_bounds
from gradproof.lines import derivative
from gradproof.notation import NotationError, read
from gradproof.proof import kinks_of
from gradproof.translate import Translator
from gradproof.vanishing import vanishes
from gradproof.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from gradproof.checks.arrays import Library

__all__ = ["BUILT", "ORACLES", "Answer", "Ask", "Checker", "Line", "asked", "result_line"]

Answer = tuple[Outcome, str]  # and the reason
OPENED = 60  # nodes of the tree of a line with its names opened, at most, for its normal form to be asked for


@dataclass(frozen=True)
class Line:
    """A line of a derivation, and the one before it, which it equals."""

    before: sp.Expr
    after: sp.Expr
    wrt: sp.Expr


Ask = Callable[[sp.Expr, Line], Answer]


@dataclass(frozen=True)
class Checker:
    """One kind of evidence.

    exact: it works with formulas or exact numbers, so that no slip is too small for it; a numeric one has a limit.
    made: what answers for a derivation, once what does not depend on the claim was computed.  of: whether it looks at
    the last line of a derivation, or at each of its steps.  slow: on long lines it is asked about fewer mutants.
    """

    name: str
    exact: bool
    made: Callable[[Derivation], Ask]
    of: str = "result"
    slow: bool = False


def asked(ask: Ask, claim: sp.Expr, line: Line) -> Answer:
    """What a checker answers; one that raises, hangs, or answers with no outcome says nothing."""
    evidence = guarded("", "", lambda: ask(claim, line))
    if evidence.outcome in get_args(Outcome):
        return evidence.outcome, evidence.says
    return "missing", f"its answer is {evidence.outcome!r}"


def result_line(d: Derivation) -> Line:
    """The last line of a derivation, after the question."""
    return Line(derivative(d.loss, d.wrt), d.result, d.wrt)


# -- exact kinds --------------------------------------------------------------------------------
def _found(verdict: Verdict) -> Answer:
    """A verdict as an outcome; a proof that a point contradicts is a proof of something false."""
    if verdict.status == "proved" or verdict.reason.startswith("the proof and the values disagree"):
        return "agrees", verdict.reason
    return ("disagrees" if verdict.status == "refuted" else "missing"), verdict.shown()


def _line_checker(d: Derivation) -> LineChecker:
    return LineChecker(d.definitions, d.assumptions, d.loss, d.name)


def _of_lines(d: Derivation) -> Ask:
    """SymPy's diff of the line before, against the claim."""
    checker = _line_checker(d)
    return lambda claim, line: _found(checker.equal(line.before, claim, line.wrt))


def _of_forms(d: Derivation) -> Ask:
    """The normal forms of the line and of the claim; where they differ, a point is looked for."""
    checker = _line_checker(d)
    equations = checker.equations
    bodies = [read(d.loss), *(e.rhs for e in equations)]
    bounds, kinks = axis_bounds(bodies, read(d.wrt)), kinks_of(read(d.loss), equations)

    def ask(claim: sp.Expr, line: Line) -> Answer:
        answer = _found(checker.equal(line.after, claim, line.wrt))
        # a point was found before the last way to a proof was tried; of a long line that takes minutes
        if answer[0] == "disagrees" and _length(opened(read(line.after), checker.definitions)) <= OPENED:
            translator = Translator([*checker.relations, *equations], bounds, expanded=True)
            one, other = (translator.poly(checker.evaluated(read(e))) for e in (line.after, claim))
            try:
                if vanishes(one - other, translator, kinks):
                    return "agrees", "one normal form, and a point at which the values differ"
            except (BudgetExceededError, RecursionError, NotationError):
                pass
        return answer

    return ask


def _length(e: sp.Expr) -> int:
    return sum(1 for _ in sp.preorder_traversal(e))


def _of_second_prover(d: Derivation) -> Ask:
    def ask(claim: sp.Expr, _: Line) -> Answer:
        found = second_prover_evidence(d, claim)
        return found.outcome, found.says

    return ask


# -- numeric kinds ------------------------------------------------------------------------------
def _of_remainders(d: Derivation) -> Ask:
    remainders = Remainders(d)
    return lambda claim, _: remainder_says(remainders.slopes(claim))


def _of_complex_steps(d: Derivation) -> Ask:
    return _of_slopes(d, ComplexStep)


def _of_slopes(d: Derivation, library: Callable[[], Library]) -> Ask:
    from gradproof.checks.slopes import ArraySlopes, summarised  # needs NumPy

    made = library()
    slopes = ArraySlopes(d, made)
    return lambda claim, _: summarised(made.name, slopes.compared(claim))


def _of_library(name: str) -> Callable[[Derivation], Ask]:
    return lambda d: _of_slopes(d, LIBRARIES[name])


#: The kinds that a build of the site tries.
BUILT = (
    Checker("canonical form", True, _of_forms),
    Checker("each step", True, _of_lines, of="step", slow=True),
    Checker("whole", True, _of_lines, slow=True),
    Checker("second prover", True, _of_second_prover),
    Checker("remainder", False, _of_remainders),
    Checker("complex step", False, _of_complex_steps),
)

#: The libraries that differentiate array code, which a build does not have.
ORACLES: Mapping[str, Checker] = {
    name: Checker(f"autodiff by {library.name}", False, _of_library(name)) for name, library in LIBRARIES.items()
}
