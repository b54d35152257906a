"""“≈”, with the order of what is left out.

    exact(Δ) = model(Δ) + O(‖Δ‖^(p+1)),   and not O(‖Δ‖^(p+2))

Along a direction, Δ = εd, the difference of the sides is a function of ε.  Its Taylor coefficients
of order 0 to p are proved to vanish for every size, every point and every direction; Taylor's
theorem with Lagrange's remainder then bounds it by ε^(p+1) for a loss with p + 1 continuous
derivatives, and the bound is uniform, since the directions of one length are compact.  The order
is sharp: the next coefficient is shown not to vanish at a point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import sympy as sp
from mpmath import mp
from sympy.core.function import AppliedUndef

from gradproof.arithmetic import Digits, Exact, interval_text
from gradproof.assumptions import read_assumptions
from gradproof.checks.balls import sloped
from gradproof.checks.second_enclosure import differ, seconded, witness_point
from gradproof.checks.steps import LineChecker, opened
from gradproof.derivation import differentiated
from gradproof.elementary import BRANCHING
from gradproof.latex import to_latex
from gradproof.lines import head, mentions, rebuilt, replaced
from gradproof.notation import read
from gradproof.points import Point, points
from gradproof.proof import decide
from gradproof.statements.inequality import is_positive
from gradproof.values import UndefinedError, evaluate
from gradproof.verdict import Evidence, Verdict, Witness

__all__ = ["Approximation", "Jets"]

_TAYLOR = "the rules of differentiation and gradproof's normal form; Taylor's theorem"
_SLOPE = "mpmath's arithmetic with 80 digits; no rule and no normal form"
_STEPS = (-12, -14)  # ε = 10**step
_DIGITS = 80


class Jets:
    """Derivatives of undefined functions as functions of their own, so that they can be differentiated again.

    ∂f/∂x of an undefined f(x, y) is another undefined function of (x, y).  Mixed ones have one name
    whatever their order: f is taken to be as smooth as the statement needs.
    """

    def __init__(self) -> None:
        self.known: dict[str, tuple[type, tuple[int, ...]]] = {}

    def named(self, e: Any) -> Any:
        """`e` with each partial derivative of an undefined function named."""
        if isinstance(e, sp.Subs) and isinstance(e.expr, sp.Derivative):
            found = self.named(e.expr)
            return replaced(found, dict(zip(e.variables, map(self.named, e.point), strict=True)))
        if isinstance(e, sp.Derivative):
            of = self.named(e.expr)
            slots = [of.args.index(v) for v in e.variables] if isinstance(of, AppliedUndef) else []
            if not slots or any(sum(mentions(a, v) for a in of.args) != 1 for v in e.variables):
                raise UndefinedError(f"{e} is not a partial derivative of an undefined function")
            return self.function(of.func, [slots.count(n) for n in range(len(of.args))])(*of.args)
        if not e.args or isinstance(e, sp.Indexed):
            return e
        args = [self.named(a) for a in e.args]
        return e if all(a is b for a, b in zip(args, e.args, strict=True)) else rebuilt(e, args)

    def function(self, function: Any, orders: Sequence[int]) -> Any:
        root, before = self.known.get(function.__name__, (function, (0,) * len(orders)))
        total = tuple(a + b for a, b in zip(before, orders, strict=True))
        name = f"{root.__name__}__{'_'.join(map(str, total))}"
        self.known[name] = (root, total)
        return sp.Function(name)


class _Scene:
    """A point at which named derivatives are those of the polynomial that stands for their function."""

    def __init__(self, point: Point, jets: Jets, epsilon: Any = None) -> None:
        self.point, self.jets, self.epsilon = point, jets, epsilon

    def symbol(self, symbol: sp.Basic) -> Any:
        return self.epsilon if self.epsilon is not None and symbol == _EPSILON else self.point.symbol(symbol)

    def entry(self, base: sp.IndexedBase, index: tuple[int, ...]) -> Any:
        return self.point.entry(base, index)

    def function(self, function: Any, orders: tuple[int, ...], args: Sequence[Any]) -> Any:
        root, before = self.jets.known.get(function.__name__, (function, (0,) * len(orders)))
        return self.point.function(root, tuple(a + b for a, b in zip(before, orders, strict=True)), args)


_EPSILON = sp.Dummy("epsilon")


@dataclass(frozen=True)
class Approximation:
    """exact = model + O(‖Δ‖^(order + 1)), where Δ are the steps, and no smaller.

    steps: symbols, and arrays as IndexedBase, that go to zero together.  Both sides are scalars
    in index notation; they may hold derivatives of undefined functions, of any order, and
    names of quantities that `definitions` define.  note: a few words above it.
    """

    exact: sp.Expr
    model: sp.Expr
    steps: tuple[sp.Basic, ...]
    order: int
    definitions: tuple[sp.Eq, ...] = ()
    assumptions: tuple[Any, ...] = ()
    note: str = ""

    def latex(self) -> str:
        sides = (to_latex(side, self.steps) for side in (self.exact, self.model))
        return f"{' = '.join(sides)} + {self._rest()}"

    def scope(self) -> str:
        once = self.order + 1
        smooth = f"wherever both sides have {once} continuous derivative{'s' if once > 1 else ''} in the steps"
        return f"to order {self.order}, {smooth}; no higher order holds everywhere"

    def __str__(self) -> str:
        return f"{self.exact} = {self.model} + O(step**{self.order + 1})"

    def _rest(self) -> str:
        names = ", ".join(to_latex(s) for s in self.steps)
        single = len(self.steps) == 1 and not isinstance(self.steps[0], sp.IndexedBase)
        inner = names if len(self.steps) == 1 else rf"\left({names}\right)"
        power = "" if self.order == 0 else f"^{{{self.order + 1}}}"
        size = f"{inner}{power}" if single else rf"\left\lVert {inner} \right\rVert{power}"
        return rf"O\!\left({size}\right)"

    @cached_property
    def _gap(self) -> tuple[Jets, sp.Expr]:
        """Exact − model at Δ = εd, read."""
        jets = Jets()
        known = LineChecker(self.definitions).definitions
        sides = [opened(read(jets.named(side)), known) for side in (self.exact, self.model)]
        found = {
            e: _EPSILON * e for side in sides for e in side.atoms(sp.Symbol, sp.Indexed) if head(e) in set(self.steps)
        }
        left, right = (replaced(side, found) for side in sides)
        return jets, left - right

    def coefficient(self, k: int) -> sp.Expr:
        """The Taylor coefficient of order k of exact − model along a direction."""
        jets, line = self._gap
        for _ in range(k):
            line = jets.named(differentiated(line, _EPSILON)[1])
        at_zero = replaced(line, {_EPSILON: sp.Integer(0)}) / sp.factorial(k)
        if at_zero.has(sp.zoo, sp.nan, sp.oo):
            raise UndefinedError(f"the term of order {k} has no value at a step of zero")
        return at_zero

    def verify(self) -> Verdict:
        if not self._gap[1].has(_EPSILON):
            return Verdict("undecided", reason="the steps do not occur in the statement")
        wrong = self._unfit()
        if wrong:
            return Verdict("undecided", reason=wrong)
        relations = read_assumptions(self.assumptions)
        if not self._has_value(relations):
            return Verdict("undecided", reason="no point was found at which the sides have a value at a step of zero")
        verdicts = []
        for k in range(self.order + 1):
            verdict = decide(self.coefficient(k), sp.Integer(0), relations)
            if verdict.status != "proved":
                return self._too_high(k, relations)
            verdicts.append(verdict)
        witness = self._nonzero(self.order + 1, relations)
        if witness is None:
            known = decide(self.coefficient(self.order + 1), sp.Integer(0), relations)
            status: Any = "refuted" if known.status == "proved" else "undecided"
            return Verdict(status, reason=f"order {self.order} is not sharp: the terms of the next order agree too")
        slope = self._slope(relations)
        says = f"the terms of order 0 to {self.order} agree, those of order {self.order + 1} do not ({witness})"
        evidence = (Evidence("Taylor series", "agrees", says, _TAYLOR), slope)
        if slope.outcome == "disagrees":
            return Verdict("undecided", evidence=evidence, reason=f"the checks disagree: {slope.says}")
        verdict = Verdict("proved", verdicts[0].assumptions, None, evidence)
        return self._by_balls(verdict, self.order + 1, witness, relations)

    def _unfit(self) -> str:
        """Why the sides may have no Taylor series in the steps, or ""."""
        gap = self._gap[1]
        if gap.has(*BRANCHING):
            return "a side has kinks, at which it has no Taylor series"
        if any("__" in f.func.__name__ for side in (self.exact, self.model) for f in side.atoms(AppliedUndef)):
            return "an undefined function's name has two underscores, which name derivatives here"
        for relation in self.assumptions:
            if any(head(e) in set(self.steps) for e in relation.atoms(sp.Symbol, sp.Indexed)):
                return f"the assumption {relation} speaks of a step"
        for power in gap.atoms(sp.Pow):
            if power.base.has(_EPSILON) and not power.exp.is_Integer and not self._starts_positive(power.base):
                return f"{power.base} is not seen to be positive, so that {power} may have no derivative"
        if any(log.has(_EPSILON) and not self._starts_positive(log.args[0]) for log in gap.atoms(sp.log)):
            return "a logarithm's argument is not seen to be positive"
        return ""

    def _has_value(self, relations: Sequence[Any]) -> bool:
        """Whether the sides are defined, with all steps zero, at a point that meets the assumptions."""
        jets, gap = self._gap
        for point in points([gap], relations):
            try:
                evaluate(gap, _Scene(point, jets, Fraction(0)), Exact())
            except UndefinedError:
                continue
            return True
        return False

    def _starts_positive(self, e: sp.Expr) -> bool:
        """Whether an expression is positive where the steps are zero, and so near by."""
        return is_positive(replaced(e, {_EPSILON: sp.Integer(0)}), self.assumptions)

    def _too_high(self, k: int, relations: Sequence[Any]) -> Verdict:
        """The verdict where the terms of order k were not shown to agree."""
        witness = self._nonzero(k, relations)
        reason = f"the terms of order {k} differ, so it does not hold to order {self.order}"
        if witness is None:
            return Verdict("undecided", reason=f"the terms of order {k} were not shown to agree")
        says = f"the coefficient of order {k} is {witness.left}"
        verdict = Verdict("refuted", (), witness, (Evidence("Taylor series", "disagrees", says, _TAYLOR),), reason)
        return self._by_balls(verdict, k, witness, relations)

    def _by_balls(self, verdict: Verdict, k: int, witness: Witness, relations: Sequence[Any]) -> Verdict:
        """The verdict with the coefficient of order k, and what stands for each derivative in it, enclosed a second time."""
        coefficient, known = self.coefficient(k), self._gap[0].known
        functions = {name: sloped(witness.polynomials[root.__name__], orders) for name, (root, orders) in known.items()
                     if root.__name__ in witness.polynomials}  # fmt: skip

        def tell() -> str:
            point = witness_point(witness, {}, relations, {**witness.polynomials, **functions})
            differ(point, coefficient, sp.Integer(0), (witness.left, "0"))
            return f"by balls too the coefficient of order {k} is {witness.left} at this point"

        return seconded(verdict, tell)

    def _nonzero(self, k: int, relations: Sequence[Any]) -> Witness | None:
        """A point at which the coefficient of order k is not zero, if one is found."""
        jets, _ = self._gap
        coefficient = self.coefficient(k)
        for point in points([coefficient], relations):
            try:
                value = evaluate(coefficient, _Scene(point, jets), Exact())
            except UndefinedError:
                continue
            if Exact().sign_or_none(value):
                return point.witness(interval_text(value), "0")
        return None

    def _slope(self, relations: Sequence[Any]) -> Evidence:
        """D log|exact − model| / d log ε, measured at points of several sizes."""
        slopes = []
        with mp.workdps(_DIGITS):
            for point in points([self._gap[1]], relations):
                slope = self._slope_at(point)
                if slope is not None:
                    slopes.append(slope)
                if len(slopes) == 4:
                    break
        if not slopes:
            return Evidence("remainder", "missing", "no point was found at which a remainder is left", _SLOPE)
        sharp = any(abs(s - self.order - 1) < 0.1 for s in slopes) and min(slopes) > self.order + 0.9
        shown = ", ".join(sorted({f"{s:.2f}" for s in slopes}))
        says = f"the remainder falls with slope {shown} at {len(slopes)} points"
        return Evidence("remainder", "agrees" if sharp else "disagrees", says, _SLOPE)

    def _slope_at(self, point: Point) -> float | None:
        jets, gap = self._gap
        logs = []
        for step in _STEPS:
            scene = _Scene(point, jets, mp.mpf(10) ** step)
            try:
                rest = abs(evaluate(gap, scene, Digits(_DIGITS)))
            except UndefinedError:
                return None
            if rest < mp.mpf(10) ** (12 - _DIGITS):
                return None
            logs.append(mp.log10(rest))
        return float((logs[0] - logs[1]) / (_STEPS[0] - _STEPS[1]))
