"""Equal for every size; different at a point; different exactly when something is.

A gradient is an equality that carries its derivation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import sympy as sp

from gradproof.arithmetic import interval_text
from gradproof.checks.steps import LineChecker
from gradproof.derivation import Derivation
from gradproof.latex import to_latex
from gradproof.lines import derivative
from gradproof.model import Model
from gradproof.statements.base import EXACT, compared_at, everywhere, joined, named, rounds_to, value_at
from gradproof.statements.inequality import is_positive, undefined
from gradproof.verdict import Evidence, Verdict

__all__ = ["Differs", "DiffersWhen", "Equality"]

Lines = tuple[tuple[sp.Expr, str], ...]


@dataclass(frozen=True)
class Equality:
    """left = right for every size and value at which both are defined.

    The sides may hold derivatives of named quantities.  wrt: the variable of a gradient.
    definitions: the named quantities.  assumptions: relations over index templates.
    lines: the source's own lines, mended where it misprints, as (expression, rule's name);
    each equals the left side.  derive: makes the derivation, where this is a gradient.
    small: the letters that are small steps, whose terms are printed last.  note: a few words above it.
    """

    left: sp.Expr
    right: sp.Expr
    wrt: sp.Expr | None = None
    definitions: tuple[sp.Eq, ...] = ()
    assumptions: tuple[Any, ...] = ()
    lines: Lines = ()
    derive: Callable[[], Derivation] | None = field(default=None, compare=False)
    small: tuple[sp.Basic, ...] = ()
    note: str = ""

    @classmethod
    def gradient(
        cls,
        loss: sp.Symbol,
        wrt: sp.Expr,
        right: sp.Expr,
        definitions: tuple[sp.Eq, ...],
        assumptions: tuple[Any, ...] = (),
        lines: Lines = (),
        note: str = "",
    ) -> Equality:
        """∂loss/∂wrt = right, by back-propagation through the definitions, of which the loss is one."""

        def derive() -> Derivation:
            return Model(definitions).gradient(loss, wrt, assumptions)

        return cls(derivative(loss, wrt), right, wrt, definitions, assumptions, lines, derive, note=note)

    def latex(self) -> str:
        return f"{to_latex(self.left, self.small)} = {to_latex(self.right, self.small)}"

    def scope(self) -> str:
        return everywhere(self.left, self.right)

    def __str__(self) -> str:
        return f"{self.left} = {self.right}"

    @cached_property
    def derivation(self) -> Derivation | None:
        return None if self.derive is None else self.derive()

    def verify(self) -> Verdict:
        """Proved if the sides, every step of the derivation and every line of the source agree."""
        checker = LineChecker(self.definitions, self.assumptions)
        verdicts = [self._line(checker, "", self.right, f"the statement {self}")]
        derivation = self.derivation
        if derivation is not None and verdicts[0].status == "proved":
            verdicts.append(derivation.verify())
            result = checker.compared(derivation.result, self.right, self.wrt)
            verdicts.append(named(result, f"the derivation's result {derivation.result}"))
        for n, (line, rule) in enumerate(self.lines):
            if all(v.status == "proved" for v in verdicts):
                verdicts.append(self._line(checker, rule, line, f"line {n + 1} ({rule or 'unnamed'}): {line}"))
        if self.lines:
            says = f"each of the source's {len(self.lines)} lines equals the left side"
            rests = "SymPy's own diff, and gradproof's normal form"
            verdicts.append(Verdict("proved", evidence=(Evidence("the source's lines", "agrees", says, rests),)))
        return joined(verdicts)

    def _line(self, checker: LineChecker, rule: str, line: sp.Expr, where: str) -> Verdict:
        """Whether a line is the left side; if it is not, the verdict says which line, and by which rule it is said to be."""
        verdict = checker.compared(self.left, line, self.wrt)
        if verdict.status == "proved":
            return verdict
        return replace(named(verdict, where), fault=checker.fault(rule, self.left, line, self.wrt))


@dataclass(frozen=True)
class Differs:
    """left and right are not identically equal: at a point they have the two values given.

    at: the point, by name; values: what the sides are worth there, exact or as rounded digits.
    Without a point the statement is "they are not equal", which equality everywhere refutes.
    """

    left: sp.Expr
    right: sp.Expr
    at: Mapping[Any, Any] | None = None
    values: tuple[str, str] | None = None
    definitions: tuple[sp.Eq, ...] = ()
    assumptions: tuple[Any, ...] = ()
    wrt: sp.Expr | None = None

    def latex(self) -> str:
        return rf"{to_latex(self.left)} \not\equiv {to_latex(self.right)}"

    def scope(self) -> str:
        return "at a point"

    def __str__(self) -> str:
        return f"{self.left} is not identically {self.right}"

    def verify(self) -> Verdict:
        if self.at is None:
            verdict = LineChecker(self.definitions, self.assumptions).compared(self.left, self.right, self.wrt)
        else:
            stated = self.values or ()
            verdict = compared_at(self.left, self.right, self.at, self.definitions, self.assumptions, stated)
        if verdict.status == "proved":
            return Verdict("refuted", verdict.assumptions, None, verdict.evidence, "the two sides are always equal")
        if verdict.status == "undecided":
            return verdict
        wrong = self._misstated()
        if wrong:
            return Verdict("refuted", witness=verdict.witness, reason=wrong)
        evidence = Evidence("enclosure", "agrees", str(verdict.witness), EXACT)
        return replace(verdict, status="proved", evidence=(evidence, *verdict.evidence[1:]))

    def _misstated(self) -> str:
        """A value that was stated and is not the one at the point."""
        for side, stated in zip((self.left, self.right), self.values or (), strict=False):
            value = value_at(side, self.at or {}, self.definitions)
            if not rounds_to(value, stated):
                return f"{side} is {interval_text(value)} at the point, not {stated}"
        return ""


@dataclass(frozen=True)
class DiffersWhen:
    """left ≠ right exactly when every one of the conditions a ≠ b holds.

    Proved as left − right = factor · (a₁ − b₁)(a₂ − b₂)…, where the factor is a number other than
    zero, or is seen from its form to be positive.
    """

    left: sp.Expr
    right: sp.Expr
    conditions: tuple[sp.Ne, ...]
    factor: sp.Expr
    definitions: tuple[sp.Eq, ...] = ()
    assumptions: tuple[Any, ...] = ()

    def latex(self) -> str:
        when = r" \text{ and } ".join(map(to_latex, self.conditions))
        return rf"{to_latex(self.left)} \ne {to_latex(self.right)} \iff {when}"

    def scope(self) -> str:
        return everywhere(self.left, self.right, *(d.rhs for d in self.definitions))

    def __str__(self) -> str:
        return f"{self.left} differs from {self.right} exactly when {', '.join(map(str, self.conditions))}"

    def verify(self) -> Verdict:
        factors = (self.factor, *(c.args[0] - c.args[1] for c in self.conditions))
        known = bool(self.conditions) and all(isinstance(c, sp.Ne) for c in self.conditions)
        wrong = undefined(factors, self.definitions) if known else "the conditions must be of the form a ≠ b"
        if wrong:
            return Verdict("undecided", reason=wrong)
        product = sp.Mul(self.factor, *(c.lhs - c.rhs for c in self.conditions))
        verdict = LineChecker(self.definitions, self.assumptions).compared(self.left - self.right, product)
        if verdict.status != "proved":
            return named(verdict, f"the difference is not {product}")
        if not (self.factor.is_Rational and self.factor.is_nonzero) and not is_positive(self.factor):
            return Verdict("undecided", reason=f"the factor {self.factor} is not seen to be other than zero")
        says = "the difference of the sides is a product, which is zero exactly when a factor is"
        return joined([verdict, Verdict("proved", evidence=(Evidence("factors", "agrees", says, EXACT),))])
