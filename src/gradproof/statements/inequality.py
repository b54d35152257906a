"""An inequality for every size: what is larger exceeds what is smaller by a sum of what cannot be negative.

    larger − smaller = Σ terms + Σ multiplier · (left − right of a constraint)

The identity is proved by the normal form, for every size.  No denominator or root in it may vanish
or be negative, as far as the form of an expression shows.  Each term is then seen not to be
negative from its form alone: squares, products and sums of such, and what is assumed positive.
The constraints are equations, so their multiples are zero (a certificate of Positivstellensatz
type; see Boyd & Vandenberghe, *Convex Optimization* (2004), section 5, for the idea of duality behind it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef

from gradproof.checks.enclosure import point_of
from gradproof.checks.second_enclosure import meets, seconded
from gradproof.checks.steps import LineChecker, opened
from gradproof.latex import to_latex
from gradproof.notation import read
from gradproof.statements.base import EXACT, everywhere, holds_at, joined, named
from gradproof.verdict import Evidence, Verdict

__all__ = ["Inequality", "is_nonnegative", "is_positive", "undefined"]

_EVEN = (sp.cosh, sp.exp)  # positive for every real argument
_TOTAL = (  # defined for every real argument
    *(sp.tanh, sp.sinh, sp.cosh, sp.sech, sp.sin, sp.cos, sp.atan, sp.asinh, sp.erf, sp.erfc, sp.exp),
    *(sp.Abs, sp.KroneckerDelta),
)


@dataclass(frozen=True)
class Inequality:
    """relation: Le, Lt, Ge or Gt of two scalars, true for every size wherever the conditions hold.

    terms: what the larger side exceeds the smaller by.  constraints: equations with their
    multipliers.  positive: relations Gt(e, 0) or Ge(e, 0) that are assumed.  definitions: named
    quantities.  at: a point that meets all constraints, so that the inequality is not empty.
    """

    relation: sp.core.relational.Relational
    terms: tuple[sp.Expr, ...]
    constraints: tuple[tuple[sp.Eq, sp.Expr], ...] = ()
    positive: tuple[Any, ...] = ()
    definitions: tuple[sp.Eq, ...] = ()
    assumptions: tuple[Any, ...] = ()
    at: Mapping[Any, Any] | None = None

    def latex(self) -> str:
        conditions = [to_latex(c) for c, _ in self.constraints] + [to_latex(p) for p in self.positive]
        given = r"\quad\text{where } " + r",\; ".join(conditions) if conditions else ""
        return to_latex(self.relation) + given

    def scope(self) -> str:
        return everywhere(*self.relation.args)

    def __str__(self) -> str:
        return str(self.relation)

    def verify(self) -> Verdict:
        if not self._well_formed():
            says = "accepted are Le, Lt, Ge and Gt, with constraints Eq and conditions such as Gt(e, 0)"
            return Verdict("undecided", reason=says)
        larger, smaller = self.relation.gts, self.relation.lts
        total = sp.Add(*self.terms, *(m * (c.lhs - c.rhs) for c, m in self.constraints), evaluate=False)
        checker = LineChecker(self.definitions, self.assumptions)
        identity = named(checker.equal(larger - smaller, total), "the difference is not the sum of its terms")
        if identity.status != "proved":
            return Verdict("undecided", identity.assumptions, None, (), identity.reason)
        parts = (*self.terms, *(m for _, m in self.constraints))
        wrong = undefined(parts, self.definitions, self.positive) or self._wrong_sign() or self._unmet()
        if wrong:
            return Verdict("undecided", reason=wrong)
        says = "the difference of the sides is a sum of terms that cannot be negative"
        verdict = joined([identity, Verdict("proved", evidence=(Evidence("certificate", "agrees", says, EXACT),))])
        return verdict if self.at is None else seconded(verdict, self._by_balls)

    def _by_balls(self) -> str:
        """What the second enclosure says of the point given: that it meets the conditions, and the inequality."""
        balls = point_of(self.at or {}, self.relation.args, self.definitions, (*self._given(), self.relation))
        meets(balls)
        return "by balls too the point given meets the conditions, and the inequality"

    def _given(self) -> tuple[Any, ...]:
        return (*(c for c, _ in self.constraints), *self.positive, *self.assumptions)

    def _well_formed(self) -> bool:
        orders = (sp.StrictLessThan, sp.LessThan, sp.StrictGreaterThan, sp.GreaterThan)
        equations = all(isinstance(c, sp.Eq) for c, _ in self.constraints)
        return isinstance(self.relation, orders) and equations and all(isinstance(p, orders) for p in self.positive)

    def _wrong_sign(self) -> str:
        """What keeps the terms from showing the inequality, if anything."""
        for term in self.terms:
            if not is_nonnegative(term, self.positive):
                return f"the term {term} is not seen to be non-negative"
        strict = isinstance(self.relation, (sp.StrictLessThan, sp.StrictGreaterThan))
        if strict and not any(is_positive(term, self.positive) for term in self.terms):
            return "no term is seen to be positive, so that the inequality is not seen to be strict"
        return ""

    def _unmet(self) -> str:
        """A condition that the example does not meet: conditions that contradict each other prove anything."""
        conditions = [*(c for c, _ in self.constraints), *self.positive]
        if conditions and self.at is None:
            return "no point is given that meets the conditions"
        if not conditions:
            return ""
        unmet = [c for c in self._given() if not holds_at(c, self.at or {}, self.definitions)]
        return f"the point given does not meet {unmet[0]}" if unmet else ""


def undefined(parts: Sequence[sp.Expr], definitions: Sequence[sp.Eq] = (), positive: Sequence[Any] = ()) -> str:
    """A factor that may have no value somewhere, or "": a product says nothing where a factor is undefined."""
    checker = LineChecker(definitions)
    for part in parts:
        body = opened(checker.evaluated(read(part)), checker.definitions)
        for power in body.atoms(sp.Pow):
            whole = power.base == sp.E or (power.exp.is_Integer and power.exp > 0)
            if not whole and not is_positive(power.base, positive):
                return f"{power.base} is not seen to be positive, so that {power} may be undefined"
        for function in body.atoms(sp.Function):
            if not isinstance(function, (*_TOTAL, AppliedUndef)):
                return f"{function} may be undefined"
    return ""


def is_nonnegative(e: sp.Expr, positive: Sequence[Any] = ()) -> bool:
    """Whether the form of an expression shows that it is nowhere negative."""
    if is_positive(e, positive) or any(e == p.gts and p.lts == 0 for p in positive):
        return True
    match e:
        case sp.Number():
            return bool(e >= 0)
        case sp.Pow() if e.exp.is_Integer and e.exp > 0:
            return e.exp % 2 == 0 or is_nonnegative(e.base, positive)
        case sp.Pow() if e.exp == sp.Rational(1, 2):
            return True  # a real root, where it is defined
        case sp.Mul() | sp.Add():
            return all(is_nonnegative(a, positive) for a in e.args)
        case sp.Sum():
            return is_nonnegative(e.function, positive)
        case sp.KroneckerDelta() | sp.Abs():
            return True
    return False


def is_positive(e: sp.Expr, positive: Sequence[Any] = ()) -> bool:
    """Whether the form of an expression shows that it is positive wherever it is defined."""
    if any(e == p.gts and p.lts == 0 and isinstance(p, (sp.StrictGreaterThan, sp.StrictLessThan)) for p in positive):
        return True
    match e:
        case sp.Number():
            return bool(e > 0)
        case sp.Symbol():
            return e.is_integer is True and e.is_positive is True  # a size
        case sp.Pow() if e.base == sp.E:
            return True
        case sp.Pow():
            return is_positive(e.base, positive)
        case sp.Mul():
            return all(is_positive(a, positive) for a in e.args)
        case sp.Add():
            some = any(is_positive(a, positive) for a in e.args)
            return some and all(is_nonnegative(a, positive) for a in e.args)
    return isinstance(e, _EVEN)
