"""The slope of the remainder: a numeric check with no tolerance to tune.

For the right gradient g, E(θ + εd) − E(θ) − ε⟨g, d⟩ falls as ε² (or is zero, for a loss that is
linear along d); for a wrong one it falls only as ε.  The slope is measured between two ε in
arithmetic of 80 digits (640 where that is not enough), at random points of several sizes and scales, along
a random direction in all entries at once; each point has its own polynomials for undefined functions.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import sympy as sp
from mpmath import mp

from gradproof.arithmetic import Digits
from gradproof.assumptions import read_assumptions
from gradproof.checks.guard import guarded
from gradproof.derivation import Derivation, axis_bounds
from gradproof.elementary import BRANCHING
from gradproof.lines import head, index_range
from gradproof.notation import read
from gradproof.points import Point, points
from gradproof.values import UndefinedError, evaluate, evaluate_each, index_values
from gradproof.verdict import Evidence, Outcome

__all__ = ["Moved", "Remainders", "Slope", "enough", "entries", "remainder_evidence", "remainder_slopes", "summarised"]

_DIGITS, _MORE_DIGITS = 80, 640
_ENOUGH = 1.5
_STEPS = (-20, -22)  # ε = 10**step
_POINTS = 4
_BRANCHES = 16  # points where something branches
_INSTANCES = 3  # of an undefined function, at least
_RESTS = "mpmath's arithmetic with at least 80 digits; no rule and no normal form"

Bounds = Mapping[sp.Basic, tuple[sp.Expr, sp.Expr]]


@dataclass(frozen=True)
class Slope:
    """One measurement: d log|remainder| / d log ε, or None where the remainder is zero."""

    sizes: Mapping[str, int]
    slope: float | None
    functions: Mapping[str, str] = field(default_factory=dict)  # what stood for each undefined function

    @property
    def agrees(self) -> bool:
        """Whether the remainder falls at least as ε² (slopes are 1 or at least 2, up to O(ε))."""
        return self.slope is None or self.slope > _ENOUGH


def remainder_slopes(derivation: Derivation, gradient: Any = None, count: int | None = None) -> tuple[Slope, ...]:
    """The slopes for a derivation's result, or for another `gradient` of the same loss.

    One slope for each of `count` points, of different sizes where the loss has sizes, and of different scales; more
    where the same polynomials stood for undefined functions, fewer where one disagrees.
    """
    return Remainders(derivation).slopes(gradient, count)


def remainder_evidence(derivation: Derivation, gradient: Any = None) -> Evidence:
    """The slopes of a derivation's result, or of another `gradient`, as evidence; missing where no point could be used."""
    return guarded("remainder", _RESTS, lambda: summarised(Remainders(derivation).slopes(gradient)))


def summarised(slopes: Sequence[Slope]) -> tuple[Outcome, str]:
    """What slopes say together; of an undefined function, a few instances are asked for."""
    if not slopes:
        return "missing", "no point was found at which the loss is defined"
    shown = ", ".join(sorted({"0 (exact)" if s.slope is None else f"{s.slope:.2f}" for s in slopes}))
    different = len({tuple(s.sizes.items()) for s in slopes})
    says = f"falls with slope {shown} at {len(slopes)} points" + (f" of {different} sizes" if different > 1 else "")
    if not all(s.agrees for s in slopes):
        return "disagrees", says
    tried = instances(slopes)
    if not tried:
        return "agrees", says
    names = ", ".join(name.partition("(")[0] for name in slopes[0].functions)
    says += f", with {len(tried)} choices of polynomials for {names}"
    return ("agrees" if len(tried) >= _INSTANCES else "missing"), says


def enough(count: int | None, few: int, *bodies: sp.Expr) -> int:
    """How many points to look at: those that are asked for, or a few, or many where something branches."""
    if count is not None:
        return count
    return _BRANCHES if any(e.has(*BRANCHING, sp.Abs) for e in bodies) else few


def instances(slopes: Sequence[Slope]) -> set[tuple[tuple[str, str], ...]]:
    """The different choices of polynomials that stood for the undefined functions."""
    return {tuple(s.functions.items()) for s in slopes if s.functions}


class Remainders:
    """A loss at points and a little beside them, for which the slope of any claimed gradient's remainder is measured."""

    def __init__(self, derivation: Derivation) -> None:
        self.loss, self.wrt, self.result = read(derivation.loss), read(derivation.wrt), derivation.closed
        self.definitions = [sp.Eq(d.lhs, read(d.rhs), evaluate=False) for d in derivation.definitions]
        self.assumptions = read_assumptions(derivation.assumptions)
        self._rays: Iterator[_Ray] = self._all()

    def slopes(self, gradient: Any = None, count: int | None = None) -> tuple[Slope, ...]:
        """The slopes for the derivation's result, or another `gradient`, at so many points; one that disagrees ends it.

        Without a count there are more of them where something branches, so that its branches are met.
        """
        claim = read(self.result if gradient is None else gradient, "the gradient")
        count = enough(count, _POINTS, self.loss, claim, *(d.rhs for d in self.definitions))
        found: list[Slope] = []
        self._rays, rays = itertools.tee(self._rays)
        for ray in rays:
            try:
                slope = ray.slope(claim, _DIGITS)
                if slope is not None and not slope > _ENOUGH:  # where much cancels; what is wrong stays so
                    slope = ray.slope(claim, _MORE_DIGITS)
            except UndefinedError:
                continue
            sizes = {str(s): n for s, n in ray.point.sizes.items()}
            found.append(Slope(sizes, slope, ray.point.function_text()))
            several = not instances(found) or len(instances(found)) >= min(count, _INSTANCES)
            if not found[-1].agrees or (len(found) >= count and several):
                break
        return tuple(found)

    def _all(self) -> Iterator[_Ray]:
        bodies = [self.loss, *(d.rhs for d in self.definitions)]
        bounds = axis_bounds(bodies, self.wrt)
        for point in points([self.wrt, *bodies], self.assumptions, (), bounds, varied=True):
            try:
                ray = _Ray(self.loss, self.wrt, self.definitions, bounds, point)
                ray.beside(_DIGITS)
            except UndefinedError:
                continue
            yield ray


class _Ray:
    """A point, and a random direction in all entries at once."""

    def __init__(self, loss: sp.Expr, wrt: sp.Expr, definitions: Sequence[sp.Eq], bounds: Bounds, point: Point) -> None:
        self.loss, self.wrt, self.definitions, self.point = loss, wrt, definitions, point
        draw = random.Random(sum(point.sizes.values()))
        self.places = dict(entries(wrt, bounds, point, loss))
        self.direction = {i: Fraction(draw.choice([-3, -2, -1, 1, 2, 3]), draw.choice([1, 2, 5])) for i in self.places}
        self._beside: dict[int, tuple[Any, list[Any]]] = {}

    def beside(self, digits: int) -> tuple[Any, list[Any]]:
        """The loss at the point, and by how much it changes for each ε along the direction."""
        if digits not in self._beside:
            with mp.workdps(digits):
                start = evaluate(self.loss, self._moved(), Digits(_DIGITS), off_kinks=True)
                changes = [
                    evaluate(self.loss, self._moved(mp.mpf(10) ** step), Digits(_DIGITS)) - start for step in _STEPS
                ]
            self._beside[digits] = start, changes
        return self._beside[digits]

    def _moved(self, epsilon: Any = None) -> Moved:
        if epsilon is None:
            return Moved(self.point, self.wrt, self.definitions)
        shift = {i: epsilon * mp.mpf(d.numerator) / d.denominator for i, d in self.direction.items()}
        return Moved(self.point, self.wrt, self.definitions, shift)

    def slope(self, claim: sp.Expr, digits: int) -> float | None:
        """The exponent of the claim's remainder, None where it is zero."""
        start, changes = self.beside(digits)
        with mp.workdps(digits):
            here, along = self._moved(), mp.mpf(0)
            values = evaluate_each(claim, here, Digits(_DIGITS), [*self.places.values()])
            for index, value in zip(self.places, values, strict=True):
                along += here.number(self.direction[index]) * value
            floor = mp.mpf(10) ** -(mp.dps - 12) * (1 + abs(start) + abs(along))
            rests = [change - mp.mpf(10) ** step * along for step, change in zip(_STEPS, changes, strict=True)]
            if not all(mp.isfinite(rest) for rest in rests):
                raise UndefinedError("the remainder is no number")
            if any(abs(rest) <= floor for rest in rests):
                return None
            logs = [mp.log10(abs(rest)) for rest in rests]
            return float((logs[0] - logs[1]) / (_STEPS[0] - _STEPS[1]))


class Moved:
    """A point whose wrt is moved by ε·d; definitions are computed from what they use.

    One that is not moved lies off the kinks of the definitions.
    """

    def __init__(
        self,
        point: Point,
        wrt: sp.Expr,
        definitions: Sequence[sp.Eq],
        shift: Mapping[tuple[int, ...], Any] | None = None,
    ) -> None:
        self.point, self.wrt, self.shift, self.off_kinks = point, wrt, shift or {}, shift is None
        self.definitions = {head(d.lhs): d for d in definitions}
        self.known: dict[Any, Any] = {}
        self.number = Digits(_DIGITS).number

    def symbol(self, symbol: sp.Basic) -> Any:
        if symbol in self.definitions:
            value = self._defined(symbol, (), self.definitions[symbol].rhs, {})
        else:
            value = self.number(self.point.symbol(symbol))
        return value + self.shift.get((), 0) if symbol == self.wrt else value

    def entry(self, base: sp.IndexedBase, index: tuple[int, ...]) -> Any:
        if base in self.definitions:
            d = self.definitions[base]
            value = self._defined(base, index, d.rhs, dict(zip(d.lhs.indices, index, strict=True)))
        else:
            value = self.number(self.point.entry(base, index))
        return value + self.shift.get(index, 0) if base == head(self.wrt) else value

    def _defined(self, name: sp.Basic, index: tuple[int, ...], body: sp.Expr, env: Mapping[sp.Basic, int]) -> Any:
        if (name, index) not in self.known:
            self.known[name, index] = evaluate(body, self, Digits(_DIGITS), self.off_kinks, env)
        return self.known[name, index]

    def function(self, function: type, orders: tuple[int, ...], args: Sequence[Any]) -> Any:
        return self.point.function(function, orders, args)


def entries(
    wrt: sp.Expr, bounds: Bounds, point: Point, loss: sp.Expr
) -> Iterator[tuple[tuple[int, ...], dict[sp.Basic, int]]]:
    """Every entry that wrt stands for, with the values of its indices; an index of the loss stays as it is."""
    if not isinstance(wrt, sp.Indexed):
        yield (), {}
        return
    free = [i for i in dict.fromkeys(wrt.indices) if not i.is_number]
    spans = []
    for index in free:
        span = bounds.get(index) or index_range(index)
        if span is None or loss.has(index):
            here = int(point.symbol(index))
            spans.append(range(here, here + 1))
        else:
            spans.append(range(int(evaluate(span[0], point)), int(evaluate(span[1], point)) + 1))
    for values in index_values(spans):
        env = dict(zip(free, values, strict=True))
        yield tuple(int(evaluate(i, point, env=env)) for i in wrt.indices), env
