"""The slope of the remainder: a numeric check with no tolerance to tune.

For the right gradient g, E(θ + εd) − E(θ) − ε⟨g, d⟩ falls as ε² (or is zero, for a loss that is
linear along d); for a wrong one it falls only as ε.  The slope is measured between two ε in
80-digit arithmetic, at random points, for several sizes and along a random direction in all
entries at once.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp
from mpmath import mp

from gradproof.assumptions import read_assumptions
from gradproof.derivation import Derivation, axis_bounds
from gradproof.lines import array_name, head, index_range
from gradproof.notation import NotationError, read
from gradproof.points import Point, points
from gradproof.values import Digits, Exact, UndefinedError, evaluate, index_values
from gradproof.verdict import Evidence

__all__ = ["Slope", "remainder_evidence", "remainder_slopes", "value_at"]

_DIGITS = 80
_STEPS = (-20, -22)  # ε = 10**step
_POINTS = 4
_RESTS = "mpmath's arithmetic with 80 digits; no rule and no normal form"

Bounds = Mapping[sp.Basic, tuple[sp.Expr, sp.Expr]]


@dataclass(frozen=True)
class Slope:
    """One measurement: d log|remainder| / d log ε, or None where the remainder is zero."""

    sizes: Mapping[str, int]
    slope: float | None

    @property
    def agrees(self) -> bool:
        """Whether the remainder falls at least as ε² (slopes are 1 or at least 2, up to O(ε))."""
        return self.slope is None or self.slope > 1.5


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


class _Moved:
    """A point whose wrt is moved by ε·d; definitions are computed from what they use."""

    def __init__(
        self, point: Point, wrt: sp.Expr, definitions: Sequence[sp.Eq], shift: Mapping[tuple[int, ...], Any]
    ) -> None:
        self.point, self.wrt, self.shift = point, wrt, shift
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
            self.known[name, index] = evaluate(body, self, Digits(_DIGITS), env=env)
        return self.known[name, index]

    def function(self, function: type, orders: tuple[int, ...], args: Sequence[Any]) -> Any:
        return self.point.function(function, orders, args)


def _slope(
    loss: sp.Expr, wrt: sp.Expr, claim: sp.Expr, definitions: Sequence[sp.Eq], bounds: Bounds, point: Point
) -> float | None:
    draw = random.Random(sum(point.sizes.values()))
    entries = dict(_entries(wrt, bounds, point, loss))
    direction = {index: Fraction(draw.choice([-3, -2, -1, 1, 2, 3]), draw.choice([1, 2, 5])) for index in entries}
    here = _Moved(point, wrt, definitions, {})
    along = mp.mpf(0)
    for index, env in entries.items():
        along += here.number(direction[index]) * evaluate(claim, here, Digits(_DIGITS), env=env)
    start = evaluate(loss, here, Digits(_DIGITS), off_kinks=True)
    floor = mp.mpf(10) ** -(_DIGITS - 12) * (1 + abs(start) + abs(along))
    logs = []
    for step in _STEPS:
        epsilon = mp.mpf(10) ** step
        moved = _Moved(point, wrt, definitions, {i: epsilon * here.number(d) for i, d in direction.items()})
        rest = evaluate(loss, moved, Digits(_DIGITS)) - start - epsilon * along
        if abs(rest) <= floor:
            return None
        logs.append(mp.log10(abs(rest)))
    return float((logs[0] - logs[1]) / (_STEPS[0] - _STEPS[1]))


def _entries(
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


# -- the gradient at a given point --------------------------------------------------------
class _Given:
    """A point that a user gives: numbers and nested lists, by symbol, array or name."""

    def __init__(self, values: Mapping[Any, Any], starts: Mapping[str, Sequence[int]]) -> None:
        self.values = {str(getattr(k, "label", k)): v for k, v in values.items()}
        self.starts = starts

    def symbol(self, symbol: sp.Basic) -> Any:
        name = str(symbol)
        if name not in self.values:
            raise NotationError(f"no value is given for {name}")
        return _rational(self.values[name], name)

    def entry(self, base: sp.IndexedBase, index: tuple[int, ...]) -> Any:
        name = str(base.label)
        if name not in self.values:
            raise NotationError(f"no values are given for the array {name}")
        value = self.values[name]
        for axis, i in enumerate(index):
            offset = i - self.starts.get(name, (0,) * len(index))[axis]
            if not 0 <= offset < len(value):
                raise NotationError(f"{name} has {len(value)} entries along axis {axis}; the entry {i} is out of range")
            value = value[offset]
        return _rational(value, name)

    def function(self, function: type, _orders: tuple[int, ...], _args: Sequence[Any]) -> Any:
        raise NotationError(f"the undefined function {function.__name__} has no value")


def _rational(value: Any, name: str) -> Fraction:
    try:
        return Fraction(str(value)) if isinstance(value, (float, sp.Basic)) else Fraction(value)
    except (TypeError, ValueError):
        raise NotationError(
            f"the value of {name} is {value!r}; accepted are rational numbers and nested lists of them"
        ) from None


def value_at(derivation: Derivation, values: Mapping[Any, Any]) -> Any:
    """See `Derivation.at`."""
    loss, wrt, result = read(derivation.loss), read(derivation.wrt), read(derivation.result)
    definitions = [sp.Eq(d.lhs, read(d.rhs), evaluate=False) for d in derivation.definitions]
    bodies = [loss, result, *(d.rhs for d in definitions)]
    scene = _WithDefinitions(_Given(values, _starts(bodies)), definitions)
    evaluate(loss, scene, Exact(), off_kinks=True)
    bounds = axis_bounds(bodies, wrt)
    free = [
        i for i in dict.fromkeys(getattr(wrt, "indices", ())) if not i.is_number and str(i) not in scene.given.values
    ]

    def nest(env: dict[sp.Basic, int], left: Sequence[sp.Basic]) -> Any:
        if not left:
            return evaluate(result, scene, Exact(), env=env)
        lo, hi = bounds[left[0]]
        span = range(int(evaluate(lo, scene)), int(evaluate(hi, scene)) + 1)
        return [nest({**env, left[0]: n}, left[1:]) for n in span]

    return nest({}, free)


class _WithDefinitions:
    """A given point, with named quantities computed from their definitions unless given."""

    def __init__(self, given: _Given, definitions: Sequence[sp.Eq]) -> None:
        self.given, self.definitions = given, {head(d.lhs): d for d in definitions}

    def symbol(self, symbol: sp.Basic) -> Any:
        if symbol in self.definitions and str(symbol) not in self.given.values:
            return evaluate(self.definitions[symbol].rhs, self, Exact())
        return self.given.symbol(symbol)

    def entry(self, base: sp.IndexedBase, index: tuple[int, ...]) -> Any:
        if base in self.definitions and str(base.label) not in self.given.values:
            d = self.definitions[base]
            return evaluate(d.rhs, self, Exact(), env=dict(zip(d.lhs.indices, index, strict=True)))
        return self.given.entry(base, index)

    def function(self, function: type, orders: tuple[int, ...], args: Sequence[Any]) -> Any:
        return self.given.function(function, orders, args)


def _starts(bodies: Sequence[sp.Expr]) -> dict[str, list[int]]:
    """The lower bound of each axis: offset = index − lower bound."""
    found: dict[str, list[int]] = {}

    def visit(e: sp.Basic, env: Mapping[sp.Basic, sp.Expr]) -> None:
        if isinstance(e, sp.Sum):
            env = {**env, **{i: lo for i, lo, _ in e.limits}}
        if isinstance(e, sp.Indexed):
            lows = found.setdefault(array_name(e), [10**9] * len(e.indices))
            for axis, index in enumerate(e.indices):
                span = index_range(index)
                low = index.xreplace(dict(env)) if index.free_symbols & env.keys() else (span[0] if span else index)
                if low.is_Integer:
                    lows[axis] = min(lows[axis], int(low))
        for a in e.args:
            visit(a, env)

    for body in bodies:
        visit(body, {})
    return {name: [0 if n == 10**9 else n for n in lows] for name, lows in found.items()}
