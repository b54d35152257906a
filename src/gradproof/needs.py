"""Which assumptions a gradient needs: each is dropped in turn, and a counterexample looked for.

How a letter was declared is an assumption too: one that was declared positive is tried as a
real one.  SymPy may have used the declaration before gradproof saw the loss (Abs(s) is s for a
positive s), so that a declaration is listed where it is needed, and never said not to be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import sympy as sp

from gradproof.checking import Question, asked
from gradproof.lines import replaced
from gradproof.notation import NotationError
from gradproof.verdict import Need

__all__ = ["needed"]


def needed(loss: Any, wrt: Any, claimed: Any, assumptions: Sequence[Any] = ()) -> tuple[Need, ...]:
    """What the gradient `claimed` needs of the assumptions and of declarations; arguments as for `check`.

    Raises NotationError for a claim that is not proved under all of them.
    """
    question = asked(loss, wrt, assumptions)
    verdict = question.check(claimed)
    if verdict.status != "proved":
        raise NotationError(
            f"the claim {claimed} is {verdict.status} under the assumptions; only a proved one has needs"
        )
    return (*verdict.needs, *_declared(question, question.read(claimed)))


def _declared(question: Question, claim: sp.Expr) -> Iterator[Need]:
    """The declarations without which the claim fails."""
    if question.definitions:  # the gradient of a model is not derived afresh
        return
    for letter in _positive_letters([question.loss, question.wrt, claim]):
        loss, wrt, here, *relations = (
            _undeclared(e, letter) for e in (question.loss, question.wrt, claim, *question.relations)
        )
        without = replace(asked(loss, wrt), relations=tuple(relations))
        verdict = without.confirmed(here, without.decided(here))
        if verdict.status == "refuted":
            positive = sp.Gt(letter if isinstance(letter, sp.Symbol) else letter.label, 0, evaluate=False)
            yield replace(Need.of(positive, verdict, bool(relations)), declared=True)


def _positive_letters(expressions: Sequence[sp.Expr]) -> list[sp.Basic]:
    """Symbols and arrays that were declared positive; a size is no such letter."""
    symbols = {s for e in expressions for s in e.free_symbols if type(s) is sp.Symbol}
    arrays = {a.base for e in expressions for a in e.atoms(sp.Indexed)}
    named = {str(a.label) for a in arrays}
    letters = [s for s in symbols | arrays if s.is_positive and not s.is_integer]
    return sorted((s for s in letters if isinstance(s, sp.IndexedBase) or str(s) not in named), key=str)


def _undeclared(e: Any, letter: Any) -> Any:
    """`e` with the letter declared no more than real."""
    if isinstance(letter, sp.Symbol):
        return replaced(e, {letter: sp.Symbol(letter.name, real=True)})
    base = sp.IndexedBase(sp.Symbol(letter.label.name, real=True), shape=letter.shape)
    return replaced(e, {a: base[a.indices] for a in e.atoms(sp.Indexed) if a.base == letter})
