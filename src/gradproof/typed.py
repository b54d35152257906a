"""A derivation typed line by line: the first wrong line, and why.

Each line is compared with the gradient and with the line before, so that a slip which a later one
makes up for is seen too.  A line may hold derivatives that are still to be taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import sympy as sp

from gradproof.checking import Question, asked, no_stray_index
from gradproof.derivation import differentiated
from gradproof.latex import to_latex
from gradproof.lines import is_partial, publish, rebuilt
from gradproof.notation import NotationError
from gradproof.repair import Blame, blamed
from gradproof.verdict import Status, Verdict

__all__ = ["CheckedLine", "CheckedLines", "check_lines", "lines_checked"]


@dataclass(frozen=True)
class CheckedLine:
    """One line: as it was typed, and what was decided of it.

    number: from 1.  verdict: whether it is the gradient.  step: whether it follows from the line
    before.  says: the outcome in words.  blame: of the first wrong line, the slip in it.
    """

    number: int
    line: Any
    verdict: Verdict
    step: Verdict
    says: str
    blame: Blame | None = None

    def __str__(self) -> str:
        return f"line {self.number}: {self.line}\n  {self.says}"


@dataclass(frozen=True)
class CheckedLines:
    """A typed derivation of the gradient of `loss` by `wrt`; `result` is the gradient."""

    loss: Any
    wrt: Any
    lines: tuple[CheckedLine, ...]
    result: Any

    @property
    def first_wrong(self) -> CheckedLine | None:
        """The first line that is not the gradient."""
        return next((line for line in self.lines if line.verdict.status == "refuted"), None)

    @property
    def status(self) -> Status:
        """Proved if every line is, refuted if one is wrong."""
        if self.first_wrong is not None:
            return "refuted"
        return "proved" if all(line.verdict.status == "proved" for line in self.lines) else "undecided"

    def __str__(self) -> str:
        wrong = self.first_wrong
        head = f"{self.status}: line {wrong.number} is the first wrong one" if wrong else self.status
        return "\n".join([head, *map(str, self.lines)])

    def _repr_html_(self) -> str:
        head, *_ = str(self).split("\n")
        rows = "".join(
            f"<tr><td>{line.number}</td><td>$\\displaystyle {escape(to_latex(line.line))}$</td>"
            f"<td>{escape(line.says)}</td></tr>"
            for line in self.lines
        )
        return f"<div><strong>{escape(head)}</strong><table>{rows}</table></div>"


def check_lines(loss: Any, wrt: Any, lines: Sequence[Any], assumptions: Sequence[Any] = ()) -> CheckedLines:
    """Whether each of `lines` is the gradient of `loss` by `wrt`; the first wrong one, and the slip in it.

    lines: expressions that are claimed to be equal in turn, the first to the derivative.  They may
    hold derivatives that are still to be taken, ``Derivative(u, wrt)``.  Other arguments as for `check`.
    Raises NotationError or TypeError for input without a meaning.
    """
    return lines_checked(asked(loss, wrt, assumptions), lines)


def lines_checked(question: Question, lines: Sequence[Any]) -> CheckedLines:
    """See `check_lines`; for a gradient that was derived."""
    if isinstance(lines, str) or not isinstance(lines, Sequence):
        raise TypeError(f"the lines are {lines!r}, not a list of expressions")
    question = replace(question, resolve=_taken(question))
    found: list[CheckedLine] = []
    before: sp.Expr | None = None  # the last line that has a meaning, as an expression
    for number, typed in enumerate(lines, 1):
        line, value = _checked(question, number, typed, found, before)
        found.append(line)
        before = before if value is None else value
    return CheckedLines(publish(question.loss), question.wrt, tuple(found), publish(question.result))


def _taken(question: Question) -> Callable[[sp.Expr], sp.Expr]:
    """What takes the derivatives that a line holds."""

    def taken(e: Any) -> Any:
        if isinstance(e, sp.Derivative) and not is_partial(e):
            return differentiated(taken(e.expr), e.variables[0])[1]
        if not e.args or isinstance(e, (sp.Indexed, sp.Derivative, sp.Subs)):
            return e
        args = [taken(a) for a in e.args]
        return e if all(a is b for a, b in zip(args, e.args, strict=True)) else rebuilt(e, args)

    return lambda e: taken(question.resolve(e))


def _checked(
    question: Question, number: int, typed: Any, lines: Sequence[CheckedLine], before: sp.Expr | None
) -> tuple[CheckedLine, sp.Expr | None]:
    """The line, and its value, which a line with a stray index has not."""
    try:
        value = question.resolve(question.read(typed))
    except NotationError as error:
        raise type(error)(f"line {number}: {error}") from None
    first = all(line.verdict.status != "refuted" for line in lines)
    right = not lines or lines[-1].verdict.status == "proved"
    given = question if before is None or not right else replace(question, result=before)  # what the line is held to
    try:
        no_stray_index(value, question.wrt, question.loss)
    except NotationError as error:
        none = Verdict("refuted", reason=str(error).replace("the claim", "the line"))
        slip = _slip((given, question), typed) if first else None
        return CheckedLine(number, typed, none, none, _with_slip(none.reason, slip), slip), None
    verdict = question.check(typed)
    step = verdict
    if before is not None and not (right and verdict.status == "proved"):
        step = replace(question, result=before).decided(value)
    slip = _slip((given, question), typed) if first and verdict.status == "refuted" else None
    return CheckedLine(number, typed, verdict, step, _with_slip(_words(verdict, step, lines), slip), slip), value


def _slip(questions: Sequence[Question], typed: Any) -> Blame | None:
    """What went wrong between the line before, or else the gradient, and this line."""
    for question in questions:
        try:
            found = blamed(question, typed)
        except NotationError:  # an index that no single sum binds
            continue
        if found is not None:
            return found
    return None


def _with_slip(words: str, slip: Blame | None) -> str:
    if slip is None:
        return words
    return f"{words}; {slip.slip}" + ("" if slip.assumption is not None else f"; the line should be {slip.mended}")


def _words(verdict: Verdict, step: Verdict, before: Sequence[CheckedLine]) -> str:
    """The outcome for one line, which may follow from a wrong one, or undo it."""
    follows_a_wrong_one = bool(before) and before[-1].verdict.status == "refuted"
    match verdict.status:
        case "proved" if follows_a_wrong_one:
            return "holds again: it does not follow from the line before, whose slip it makes up for"
        case "proved":
            return f"holds {verdict.reason}".strip()
        case "refuted" if follows_a_wrong_one and step.status == "proved":
            return "wrong, and follows from the line before"
        case "refuted":
            return f"wrong: {_at(verdict)}" + (
                ", and does not follow from the line before" if follows_a_wrong_one else ""
            )
    if step.status == "proved" and before:
        return f"follows from the line before; whether it is the gradient is undecided: {verdict.reason}"
    return f"undecided: {verdict.reason}"


def _at(verdict: Verdict) -> str:
    """A point where the line is wrong, with both values."""
    witness = verdict.witness
    if witness is None:
        return verdict.reason
    point, _, _ = str(witness).rpartition(": ")
    return f"{point} the gradient is {witness.left}, this line {witness.right}"
