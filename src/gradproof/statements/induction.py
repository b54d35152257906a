"""What gradient descent keeps at every step, by induction over the steps.

Base: the initial values have the property.  Step: if the parameters have it, so have
parameter − rate · ∂loss/∂parameter.  Both are proved for every size and every rate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from gradproof.checks.steps import LineChecker
from gradproof.latex import to_latex
from gradproof.lines import derivative, head, index_range, replaced
from gradproof.notation import NotationError
from gradproof.proof import equal
from gradproof.statements.base import joined, named
from gradproof.verdict import Evidence, Verdict

__all__ = ["Induction"]


@dataclass(frozen=True)
class Induction:
    """Gradient descent keeps the parameters in one form, at every step and for every rate.

    loss: the name of a defined quantity.  form: the parameters in terms of fewer letters, such as
    Eq(w1[j, i], a[i]) for "the same in all rows", Eq(w[i], 0) for "zero", or two equations with
    one letter for "equal".  start: the initial values.  assumptions: of the data.  note: a few words above it.
    """

    loss: sp.Symbol
    definitions: tuple[sp.Eq, ...]
    form: tuple[sp.Eq, ...]
    start: tuple[sp.Eq, ...]
    rate: sp.Symbol
    assumptions: tuple[Any, ...] = ()
    note: str = ""

    @property
    def pairs(self) -> tuple[tuple[sp.Expr, sp.Expr], ...]:
        """What the form says without its letters: parameters that are equal, or equal to a number."""
        found: list[tuple[sp.Expr, sp.Expr]] = []
        first: dict[sp.Basic, sp.Eq] = {}
        for equation in self.form:
            entry, body = equation.args
            if body.is_number:
                found.append((entry, body))
                continue
            _check_letter(equation, self.definitions)
            left_out = [i for i in getattr(entry, "indices", ()) if not body.has(i)]
            if left_out:
                found.append((entry, replaced(entry, {i: _primed(i) for i in left_out})))
            known = first.setdefault(head(body), equation)
            if known is not equation:
                if known.rhs != body:
                    raise NotationError(f"{equation} and {known} use one letter with different indices")
                found.append((known.lhs, entry))
        if not found:
            raise NotationError("the form says nothing: it leaves every parameter a letter with all of its indices")
        return tuple(found)

    def latex(self) -> str:
        kept = r",\; ".join(f"{to_latex(a)} = {to_latex(b)}" for a, b in self.pairs)
        moved = ", ".join(dict.fromkeys(to_latex(head(e.lhs)) for e in self.form))
        start = r",\; ".join(map(to_latex, self.start))
        descent = rf"\text{{ at every step of gradient descent on }} {to_latex(self.loss)} \text{{ in }} {moved} \text{{ from }} {start}"
        data = r",\; ".join(map(to_latex, self.assumptions))
        return kept + descent + (rf"\text{{, if }} {data}" if data else "")

    def scope(self) -> str:
        return "for every size, every rate and every number of steps, by induction"

    def __str__(self) -> str:
        return "at every step " + ", ".join(f"{a} = {b}" for a, b in self.pairs)

    def moved(self, parameter: sp.Expr) -> sp.Expr:
        """The parameter after one step; a number stays what it is."""
        return parameter if parameter.is_number else parameter - self.rate * derivative(self.loss, parameter)

    def _check_scope(self) -> None:
        """Raise NotationError where something restricts what is to hold for every rate and every state."""
        letters = {head(e.rhs) for e in self.form if not e.rhs.is_number} | {self.rate}
        letters |= {head(e.lhs) for e in self.form}
        said = {head(e) for r in self.assumptions for e in r.atoms(sp.Symbol, sp.Indexed)}
        if letters & said:
            raise NotationError(f"the assumptions restrict {', '.join(map(str, letters & said))}, which must be free")
        parameters = {head(e.lhs) for e in self.form}
        if any(not isinstance(e, sp.Eq) or head(e.lhs) not in parameters for e in self.start):
            raise NotationError("the start must give values to the parameters of the form, and to nothing else")

    def verify(self) -> Verdict:
        self._check_scope()
        checker = LineChecker(self.definitions, (*self.form, *self.assumptions))
        verdicts = []
        for left, right in self.pairs:
            verdicts.append(named(equal(left, right, self.start), f"the base: {left} = {right} at the start"))
            step = checker.equal(self.moved(left), self.moved(right))
            verdicts.append(named(step, f"the step: {left} = {right} is not kept"))
        says = "the initial values have the property, and one step of any rate keeps it"
        rests = "SymPy's own diff, and gradproof's normal form; induction over the steps"
        verdicts.append(Verdict("proved", evidence=(Evidence("induction", "agrees", says, rests),)))
        return replace(joined(verdicts), assumptions=self.assumptions)


def _check_letter(equation: sp.Eq, definitions: tuple[sp.Eq, ...]) -> None:
    """A form is no restriction beyond its pairs only if its right side is a letter of its own."""
    letter = equation.rhs
    used = {head(e) for d in definitions for e in d.atoms(sp.Symbol, sp.Indexed)}
    indices = getattr(letter, "indices", ())
    own = len(set(indices)) == len(indices) and set(indices) <= set(getattr(equation.lhs, "indices", ()))
    if not isinstance(letter, (sp.Symbol, sp.Indexed)) or head(letter) in used or not own:
        raise NotationError(
            f"the right side of {equation} must be a number, or a letter that nothing else is called, with indices of the left side"
        )


def _primed(index: sp.Basic) -> sp.Idx:
    return sp.Idx(f"{index.label}'", index_range(index))
