"""An answer as HTML, in the visual language of the site: verdict, what was read, steps, what the verdict rests on.

`display.py` writes answers for pages and notebooks that have no style sheet of ours; here the pieces of the site's own
pages are used.  An answer has two stages, because the second may take longer: first the verdict on the claim; then the
check of every step that is shown, and the gradient as code.  What the second stage may change stands in `data-stage`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar

from gradproof.pieces import (
    FOLDED_FROM,
    display,
    evidence_fold,
    formula,
    inline,
    left_side,
    number,
    python_code,
    sign,
    step_lines,
    tex,
    witness_point,
)
from gradproof.problem import FIELDS

if TYPE_CHECKING:
    from gradproof.answer import Answer
    from gradproof.problem import Problem
    from gradproof.repair import Blame
    from gradproof.verdict import Verdict

__all__ = ["AnswerPage", "EquationPage", "command", "heading"]

NAME = "answer"  # the object behind each formula
_MARKS = {"proved": "✓ holds", "refuted": "✗ wrong", "undecided": "? undecided"}


def heading(status: str, word: str = "") -> str:
    """The heading of an answer, to which the page moves the focus."""
    shown = sign(status, word) if status != "derived" else "<strong>Derived</strong>"
    return f'<h2 class="gp-answer-title" id="answer-title" tabindex="-1">{shown}</h2>'


def code(text: str) -> str:
    """Text to copy."""
    return f'<div class="highlight"><pre><code>{escape(text)}</code></pre></div>'


@dataclass(frozen=True)
class AnswerPage:
    """An answer; steps: the verdict on the derivation that is shown, None as long as it is not known."""

    found: Answer
    problem: Problem
    steps: Verdict | None = None
    sides: ClassVar[tuple[str, str]] = ("the gradient is", "the claim is")

    @cached_property
    def verdict(self) -> Verdict | None:
        """On the claim, which is proved only if the steps are, too; where nothing is claimed, on the steps."""
        from gradproof.statements.base import joined

        if not self.found.lines:
            return self.steps
        claim = self.found.verdict
        if self.steps is None or claim.status != "proved":
            return claim
        both = joined([claim, self.steps])
        return replace(both, needs=claim.needs, reason=both.reason or claim.reason)

    @property
    def status(self) -> str:
        """That of the whole; "derived" where nothing is claimed and the steps are still to be checked."""
        if self.verdict is None:
            return "derived"
        claimed = self.found.status if self.found.lines else "proved"  # of several lines, one may be wrong
        return claimed if claimed != "proved" else self.verdict.status

    def html(self) -> str:
        """All that is known so far."""
        parts = (
            _stage("title", heading(self.status)),
            f'<div class="gp-statement">{self._claimed()}</div>',
            _stage("scope", self._scope()),
            self._refutation() if self.status == "refuted" else "",
            self._read(),
            self._steps(),
            _stage("evidence", self._evidence()),
            _stage("forms", self._forms()),
        )
        return f'<article class="gp-claim gp-answer gp-is-{self.status}">{"".join(parts)}</article>'

    # --- the claim and the verdict on it ---------------------------------------------------
    def _claimed(self) -> str:
        """The claim as it was read, line by line where it has several; the gradient, where nothing is claimed."""
        found, left = self.found, self._left()
        if found.checked is None or len(found.lines) == 1:
            return display(left, NAME, (found.lines or (found.derivation.result,))[0])
        marks = (_MARKS[line.verdict.status] for line in found.checked.lines)
        beside = (f"{rule} {mark}".strip() for rule, mark in zip(found.rules, marks, strict=True))
        return step_lines(left, zip(found.lines, beside, strict=True))

    def _left(self) -> Any:
        """The derivative, by the name of the loss if it was given one."""
        from gradproof.lines import derivative

        found = self.found
        return left_side(found.derivation) if found.name is None else derivative(found.name, found.wrt)

    def _scope(self) -> str:
        """For what the verdict holds, or why there is none."""
        verdict = self.verdict
        if verdict is None:
            return '<p class="gp-verdict">Nothing was claimed: this is the gradient. Its steps are being checked.</p>'
        says = {"proved": f"Holds {self.found.scope}".strip() + "."}.get(self.status, "")
        if self.status == "refuted":
            says = "It does not hold for every size and every value."
        reason = "" if verdict.witness is not None else _sentence(escape(verdict.reason))
        given = ", ".join(inline(tex(relation)) for relation in verdict.assumptions)
        assuming = f'<span class="gp-assuming">assuming {given}</span>' if given else ""
        first = f'<p class="gp-verdict gp-{self.status}">{" ".join(filter(None, (says, reason, assuming)))}</p>'
        needs = "".join(f"<p>{_worded(str(need), [need.assumption])}</p>" for need in verdict.needs)
        advice = f"<p>{_UNDECIDED}</p>" if self.status == "undecided" else ""
        return first + needs + advice

    def _refutation(self) -> str:
        """The point where the claim fails with both values, the slip, and what holds instead."""
        checked = self.found.checked
        wrong = checked.first_wrong if checked is not None else None
        line = (
            f"<p>Line {wrong.number} is the first wrong one.</p>"
            if wrong is not None and len(self.found.lines) > 1
            else ""
        )
        return f'<section class="gp-refutation">{line}{self._point()}{self._slip()}</section>'

    def _point(self) -> str:
        witness = self.verdict.witness if self.verdict is not None else None
        if witness is None:
            return ""
        point = witness_point(witness)
        rows = [("At the point", point)] if point else []
        rows += zip(self.sides, map(number, (witness.left, witness.right)), strict=True)
        return f'<dl class="gp-point">{"".join(f"<dt>{title}</dt><dd>{html}</dd>" for title, html in rows)}</dl>'

    def _slip(self) -> str:
        blame, derived = self.found.blame, self.found.derivation
        if blame is None:
            return f"<p>No single change was found that mends it. The gradient is</p>{display(self._left(), NAME, derived.result)}"
        first = f"<p>Suspected slip: <strong>{_worded(blame.slip, _parts(blame))}</strong>{_written(blame)}.</p>"
        if blame.assumption is not None:
            return f"{first}<p>Under it the claim is right.</p>"
        others = dict.fromkeys(
            _worded(other.slip, _parts(other)) for other in blame.alternatives if other.slip != blame.slip
        )
        also = f"<p>It could also be that {', or that '.join(others)}.</p>" if others else ""
        mended = display(self._left(), NAME, blame.mended)
        return f'{first}<p>Without it:</p>{mended}<p class="gp-verdict">{sign("proved")} {escape(self.found.scope)}</p>{also}'

    # --- what opens --------------------------------------------------------------------------
    def _read(self) -> str:
        """How the fields were understood."""
        found, rows = self.found, [*self._asked()]
        if found.definitions:
            rows.append(("Where", "".join(display(d, NAME) for d in found.definitions)))
        if found.assumptions:
            rows.append(("Assuming", "".join(display(a, NAME) for a in found.assumptions)))
        rows += [
            ("Letters", f"<p>{'; '.join(_letters(found))}</p>"),
            *(("Convention", f"<p>{escape(note)}</p>") for note in found.notes),
        ]
        sheet = "".join(f"<dt>{title}</dt><dd>{html}</dd>" for title, html in rows)
        return _fold("How it was read", f'<dl class="gp-sheet">{sheet}</dl>', is_open=True)

    def _asked(self) -> Iterator[tuple[str, str]]:
        """What is differentiated, and by what."""
        found = self.found
        yield "Loss", display(found.loss, NAME) if found.name is None else display(found.name, NAME, found.loss)
        yield "By", display(found.wrt, NAME)

    def _steps(self) -> str:
        """Every step of the gradient, below those of the adjoints that it uses."""
        derived = self.found.derivation
        parts = [part for part in (*derived.adjoints, derived) if part.steps]
        if not parts:
            return ""
        body = "".join(step_lines(left_side(part), part.lines) for part in parts)
        kinks = [kink.where for kink in derived.kinks] if derived.notes else []
        notes = "".join(f"<p>{_sentence(_worded(note, kinks))}</p>" for note in derived.notes)
        count = sum(len(part.lines) for part in parts)
        return _fold(f"The gradient, step by step ({count})", body + notes, is_open=count < FOLDED_FROM)

    def _evidence(self) -> str:
        """What the verdict rests on and, where that is another matter, what the steps do."""
        waiting = '<p class="gp-waiting">Each step of the derivation is being checked …</p>' * (self.steps is None)
        if self.verdict is None:
            return waiting
        own = evidence_fold(self.verdict.evidence, outcome="disagrees" if self.status == "refuted" else "agrees")
        if self.steps is None or self.status == "proved":
            return own + waiting
        return own + evidence_fold(self.steps.evidence, "The steps rest on")

    def _forms(self) -> str:
        """The gradient to copy: as LaTeX and, once the steps are checked, as matrices and as NumPy code."""
        from gradproof.latex import derivation_latex

        latex = derivation_latex(self.found.derivation).replace(r" \\ ", " \\\\\n")  # a line for each of its lines
        proved = self.steps is not None and self.steps.status == "proved"
        folds = [*(self._kinks() if proved else ()), _fold("As LaTeX", code(latex))]
        if proved:
            forms = self.found.forms
            if forms.latex is not None and forms.indices:
                folds.append(_fold("As matrices", formula(forms.latex, NAME, "checked") + code(forms.latex)))
            folds.append(
                _fold("As NumPy code", "<p>None was found.</p>" if forms.code is None else python_code(forms.code))
            )
        return "".join((*folds, self._command()))

    def _kinks(self) -> Iterator[str]:
        """Where there is no gradient, and what other programs return there."""
        from gradproof.reference_page import kink_shown

        found = "".join(kink_shown(kink, NAME) for kink in self.found.derivation.kinks)
        if found:
            yield _fold("Where there is no gradient", found)

    def _command(self) -> str:
        """The same question elsewhere."""
        return _fold("On the command line", code(command(self.problem)))


@dataclass(frozen=True)
class EquationPage(AnswerPage):
    """An equation A = B, decided as it stands: there is nothing to derive."""

    sides: ClassVar[tuple[str, str]] = ("the left side is", "the right side is")

    @cached_property
    def verdict(self) -> Verdict:
        """On the equation."""
        return self.found.verdict

    def _claimed(self) -> str:
        return formula(self.found.statement.latex(), NAME, "checked") if self.found.statement is not None else ""

    def _refutation(self) -> str:
        return f'<section class="gp-refutation">{self._point()}</section>'

    def _asked(self) -> Iterator[tuple[str, str]]:
        yield from ()

    def _steps(self) -> str:
        return ""

    def _evidence(self) -> str:
        return evidence_fold(self.verdict.evidence, outcome="disagrees" if self.status == "refuted" else "agrees")

    def _forms(self) -> str:
        return self._command()


_UNDECIDED = (
    "So nothing is said of it. It may help to state an assumption (a sign, a range), to split the claim "
    'into lines, or to write it closer to the gradient below. <a href="site:reach/">What can be decided</a>'
)


def command(problem: Problem) -> str:
    """The same question on the command line."""
    given = [problem.loss, problem.gradient] if problem.loss else []
    words = ["gradproof", "derive" if problem.loss and not problem.gradient else "check", *filter(None, given)]
    for name, many in FIELDS.items():
        value = getattr(problem, name)
        if name not in ("loss", "gradient", "id"):
            words += [word for one in (value if many else [value]) if one for word in (f"--{name}", one)]
    return " ".join(map(shlex.quote, words))


def _stage(place: str, html: str) -> str:
    return f'<div data-stage="{place}">{html}</div>'


def _fold(title: str, body: str, is_open: bool = False) -> str:
    return f'<details class="gp-fold"{" open" * is_open}><summary>{title}</summary>{body}</details>'


def _sentence(html: str) -> str:
    """Words as a sentence of their own."""
    return f"{html[:1].upper()}{html[1:].rstrip('.')}." if html else ""


def _parts(blame: Blame) -> list[Any]:
    return [e for e in (blame.assumption, blame.written, blame.meant, blame.mended) if e is not None]


def _written(blame: Blame) -> str:
    """The part of the claim that is wrong, and what it should be."""
    if blame.written is None or str(blame.written) in blame.slip:
        return ""
    return f": written {inline(tex(blame.written))}, meant {inline(tex(blame.meant))}"


def _worded(text: str, within: Iterable[Any]) -> str:
    """A sentence with each expression in it, as SymPy prints it, set as a formula; a mere word is none."""
    from sympy import preorder_traversal

    printed = {str(e): e for whole in within for e in preorder_traversal(whole)}
    names = sorted((name for name in printed if not name.isalpha() and not name.isdigit()), key=len, reverse=True)
    if not names:
        return escape(text)
    pattern = rf"(?<![\w\]])({'|'.join(map(re.escape, names))})(?![\w\[])"
    pieces = re.split(pattern, text)
    return "".join(inline(tex(printed[piece])) if n % 2 else escape(piece) for n, piece in enumerate(pieces))


def _letters(found: Answer) -> Iterator[str]:
    """What each letter was taken for, kind by kind."""
    import sympy as sp

    from gradproof.lines import index_range

    equation = found.statement
    sides = (found.loss, found.wrt, *found.lines) if equation is None else (equation.left, equation.right)
    whole = (*sides, *found.assumptions, *found.definitions)
    every = {e for side in whole for e in sp.preorder_traversal(side)}
    entries = {e.base: e for e in sorted((e for e in every if isinstance(e, sp.Indexed)), key=str, reverse=True)}
    indices = {e for e in every if isinstance(e, sp.Idx)}
    names = {base.label for base in entries} | {index.label for index in indices}
    symbols = {e for e in every if isinstance(e, sp.Symbol)} - names
    kinds = {
        "sizes": [s for s in symbols if s.is_integer],
        "numbers": [s for s in symbols if not s.is_integer],
        "arrays of whole numbers": [e for base, e in entries.items() if base.label.is_integer],
        "arrays": [e for base, e in entries.items() if not base.label.is_integer],
        "matrices and vectors": [e for e in every if isinstance(e, sp.MatrixSymbol)],
        "functions": [e for e in every if isinstance(e, sp.core.function.AppliedUndef)],
    }
    for kind, members in kinds.items():
        if members:
            yield f"{kind} {', '.join(inline(tex(m)) for m in sorted(members, key=str))}"
    spans = {i: span for i in indices if (span := index_range(i)) is not None}
    if spans:
        shown = (rf"{tex(i)} = {tex(lo)} \ldots {tex(hi)}" for i, (lo, hi) in sorted(spans.items(), key=str))
        yield f"indices {', '.join(map(inline, shown))}"
