"""The slope of the remainder: a numeric check with no tolerance to tune.

For the right gradient g, E(θ + εd) − E(θ) − ε⟨g, d⟩ falls as ε² (or is zero, for a loss that is
linear along d); for a wrong one it falls only as ε.  The slope is measured between two ε in
arithmetic of 80 digits (640 where that is not enough), at random points, for several sizes and along
a random direction in all entries at once.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp
from mpmath import mp

from gradproof.arithmetic import Digits
from gradproof.assumptions import read_assumptions
from gradproof.derivation import Derivation, axis_bounds
from gradproof.lines import head, index_range
from gradproof.notation import read
from gradproof.points import Point, points
from gradproof.values import UndefinedError, evaluate, index_values
from gradproof.verdict import Evidence

__all__ = ["Moved", "Slope", "entries", "remainder_evidence", "remainder_slopes"]

_DIGITS, _MORE_DIGITS = 80, 640
_ENOUGH = 1.5
_STEPS = (-20, -22)  # ε = 10**step
_POINTS = 4
_RESTS = "mpmath's arithmetic with at least 80 digits; no rule and no normal form"

Bounds = Mapping[sp.Basic, tuple[sp.Expr, sp.Expr]]


@dataclass(frozen=True)
class Slope:
    """One measurement: d log|remainder| / d log ε, or None where the remainder is zero."""

    sizes: Mapping[str, int]
    slope: float | None

    @property
    def agrees(self) -> bool:
        """Whether the remainder falls at least as ε² (slopes are 1 or at least 2, up to O(ε))."""
        return self.slope is None or self.slope > _ENOUGH


def remainder_slopes(derivation: Derivation, gradient: Any = None, count: int = _POINTS) -> tuple[Slope, ...]:
    """The slopes for a derivation's result, or for another `gradient` of the same loss.

    One slope for each of `count` points, of different sizes where the loss has sizes.
    """
    loss, wrt = read(derivation.loss), read(derivation.wrt)
    claim = read(derivation.result if gradient is None else gradient, "the gradient")
    definitions = [sp.Eq(d.lhs, read(d.rhs), evaluate=False) for d in derivation.definitions]
    bounds = axis_bounds([loss, *(d.rhs for d in definitions)], wrt)
    found: list[Slope] = []
    with mp.workdps(_DIGITS):
        for point in points(
            [loss, claim, wrt, *(d.rhs for d in definitions)], read_assumptions(derivation.assumptions), (), bounds
        ):
            try:
                slope = _slope(loss, wrt, claim, definitions, bounds, point)
                if slope is not None and not slope > _ENOUGH:  # where much cancels; what is wrong stays so
                    with mp.workdps(_MORE_DIGITS):
                        slope = _slope(loss, wrt, claim, definitions, bounds, point)
            except UndefinedError:
                continue
            found.append(Slope({str(s): n for s, n in point.sizes.items()}, slope))
            if len(found) == count:
                break
    return tuple(found)


def remainder_evidence(derivation: Derivation) -> Evidence:
    """The slopes of a derivation's result as evidence; "missing" where no point could be used."""
    slopes = remainder_slopes(derivation)
    if not slopes:
        return Evidence("remainder", "missing", "no point was found at which the loss is defined", _RESTS)
    shown = ", ".join(sorted({"0 (exact)" if s.slope is None else f"{s.slope:.2f}" for s in slopes}))
    outcome = "agrees" if all(s.agrees for s in slopes) else "disagrees"
    return Evidence("remainder", outcome, f"falls with slope {shown} at {len(slopes)} points", _RESTS)  # type: ignore[arg-type]


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


def _slope(
    loss: sp.Expr, wrt: sp.Expr, claim: sp.Expr, definitions: Sequence[sp.Eq], bounds: Bounds, point: Point
) -> float | None:
    draw = random.Random(sum(point.sizes.values()))
    places = dict(entries(wrt, bounds, point, loss))
    direction = {index: Fraction(draw.choice([-3, -2, -1, 1, 2, 3]), draw.choice([1, 2, 5])) for index in places}
    here = Moved(point, wrt, definitions)
    along = mp.mpf(0)
    for index, env in places.items():
        along += here.number(direction[index]) * evaluate(claim, here, Digits(_DIGITS), env=env)
    start = evaluate(loss, here, Digits(_DIGITS), off_kinks=True)
    floor = mp.mpf(10) ** -(mp.dps - 12) * (1 + abs(start) + abs(along))
    logs = []
    for step in _STEPS:
        epsilon = mp.mpf(10) ** step
        moved = Moved(point, wrt, definitions, {i: epsilon * here.number(d) for i, d in direction.items()})
        rest = evaluate(loss, moved, Digits(_DIGITS)) - start - epsilon * along
        if abs(rest) <= floor:
            return None
        logs.append(mp.log10(abs(rest)))
    return float((logs[0] - logs[1]) / (_STEPS[0] - _STEPS[1]))


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
