"""Points at which a gradient's formula is computed in doubles and, beside it, truly.

A letter is given sizes from 1e-300 to 1e300; the others are random numbers between 0.1 and 3.  All are doubles, and
the truth is taken at these very doubles, in Arb's balls of 200 to 5200 bits.
"""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Iterator, Sequence
from fractions import Fraction
from importlib import import_module
from typing import Any

import sympy as sp
from sympy.core.relational import Relational

from gradproof.assumptions import read_assumptions
from gradproof.derivation import Derivation, axis_bounds
from gradproof.lines import head, index_range, mentions
from gradproof.points import Point, points, satisfied
from gradproof.precision.machine import Balls, Floats
from gradproof.precision.program import Program
from gradproof.precision.stable import Stabilised
from gradproof.values import UndefinedError, evaluate, index_values

__all__ = ["LOST", "ROUNDINGS", "SCALES", "Case", "Tried", "cases"]

LOST = 1e-8  # relative error from which a formula is said to lose digits: half of them are gone
ROUNDINGS = 100  # times the effect of rounding the inputs: what a careful computation may add to it
_BITS = (200, 1300, 5200)  # tried in turn
_SURE = 2**100  # how much larger a true value is than what is not known of it: 30 digits
_SMALLEST, _LARGEST = 2.0**-1022, math.ldexp(2 - 2.0**-52, 1023)
_SEEDS = 40  # points that are drawn for each choice of sizes
_MOVES = 6  # ways in which the inputs are rounded

_OUTER = (3.5, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20, 30, 50, 80, 120, 150, 160, 200, 250, 300)
#: the sizes that are tried, close together from 1e-3 to 1e3
SCALES = tuple(10.0**e for e in sorted([*_OUTER, *(n / 8 for n in range(-24, 25)), *(-e for e in _OUTER)]))

#: why a point says nothing
OFF, UNDEFINED = "the assumptions do not hold", "it has no value"

Key = tuple[sp.Basic, tuple[int, ...]]


def cases(d: Derivation, e: sp.Expr) -> Iterator[Case]:
    """Points with random numbers that meet the assumptions, at several sizes of the arrays.

    What is differentiated is moved; if the formula does not mention it, each of its letters in turn, at one point.
    """
    bodies = [d.loss, *(x.rhs for x in d.definitions)]
    bounds = axis_bounds(bodies, d.wrt)
    relations = read_assumptions(d.assumptions)
    some = next(points([e, d.wrt, *bodies], relations, (), bounds), None)
    names = [] if some is None else list(some.sizes)
    choices = ([3] * len(names), [4 - n % 2 for n in range(len(names))], [3 + n % 2 for n in range(len(names))])
    for n, chosen in enumerate(choices if some is not None else ()):
        for seed in range(_SEEDS):
            point = Point(dict(zip(names, chosen, strict=True)), seed, relations, bounds)
            point.random = random.Random(f"{seed} {n}")
            point.pool = [_number(point.random) for _ in range(24)]
            try:
                case = Case(point, d, e, bounds, relations) if all(satisfied(r, point) for r in relations) else None
            except UndefinedError:
                continue
            if case is not None and (case.moved is not None or not case.program.leaves):
                yield case
                break
            if case is not None:
                used = sorted({name for name, _ in case.program.leaves}, key=str)
                yield from (Case(point, d, e, bounds, relations, name) for name in used)
                return


def _number(draw: random.Random) -> Fraction:
    """A number between 0.1 and 3 in size, which no double is."""
    return Fraction(draw.choice((1, -1)) * round(1009 * 10 ** draw.uniform(-1, 0.477)) or 1, 1009)


class Case:
    """One point, the programs of the formula and of its rewritten form, and the letter that is moved.

    That is what is differentiated, unless another is given; None if the formula does not mention it.
    """

    other: Program
    other_steps: list[int]

    def __init__(
        self,
        point: Point,
        d: Derivation,
        e: sp.Expr,
        bounds: Any,
        relations: Sequence[Relational],
        moved: sp.Basic | None = None,
    ) -> None:
        self.point, self.wrt, self.relations = point, head(d.wrt), relations
        self.program = Program(point, d.definitions, cut=self.wrt)
        self.places = _places(e, d.wrt, bounds, point)
        self.steps = [self.program.add(e, env) for env in self.places]
        self._bases: dict[Program, list[tuple[Fraction, bool]]] = {}
        own = [key for key in self.program.leaves if key[0] == (moved or self.wrt)]
        self.moved: Any = own[0][0] if own else None
        self.size = max((abs(self.base(key)) for key in own), default=Fraction(not self.program.leaves))
        self.domain = self._domain(d)

    def _domain(self, d: Derivation) -> tuple[Program, list[int]] | None:
        """What has a value only where the loss has one."""
        program = Program(self.point, d.definitions, cut=self.wrt)
        try:
            return program, [program.add(d.loss, self.places[0])]
        except UndefinedError:
            return None

    def rewrite(self, new: Stabilised) -> None:
        self.other = Program(self.point, (*new.definitions, *new.chosen), cut=self.wrt)
        self.other_steps = [self.other.add(new.form, env) for env in self.places]

    def base(self, key: Key) -> Fraction:
        """The number that the point gives to a letter."""
        name, index = key
        value = self.point.entry(name, index) if isinstance(name, sp.IndexedBase) else self.point.symbol(name)
        return value if isinstance(value, Fraction) else Fraction(float(value.mid))

    def leaves(self, program: Program, size: float) -> list[float]:
        """What a program is run with: doubles, of which the largest that is moved has this size."""
        factor = Fraction(size) / self.size
        if program not in self._bases:
            self._bases[program] = [(self.base(key), key[0] == self.moved) for key in program.leaves]
        return [_double(value * factor if moves else value) for value, moves in self._bases[program]]

    def tried(self, balls: Balls) -> Iterator[Tried]:
        """The point at all sizes, with the truth at each; at its own only, where an assumption allows no other."""
        if self.moved is None:
            yield Tried(self, 1.0, balls)
            return
        one_sided = bool(getattr(self.moved, "label", self.moved).is_nonnegative)
        found = [Tried(self, sign * size, balls) for size in SCALES for sign in ((1,) if one_sided else (-1, 1))]
        yield from found
        if all(t.left_out == OFF for t in found):
            yield Tried(self, float(self.size), balls)

    def is_allowed(self, leaves: Sequence[float]) -> bool:
        """Whether the assumptions hold where something is moved."""
        touched = [r for r in self.relations if mentions(r, _probe(self.moved))]
        if not touched:
            return True
        point = copy.copy(self.point)
        point.symbols, point.entries = dict(point.symbols), dict(point.entries)
        for (name, index), value in zip(self.program.leaves, leaves, strict=True):
            if isinstance(name, sp.IndexedBase):
                point.entries[str(name.label), index] = Fraction(value)
            else:
                point.symbols[name] = Fraction(value)
        try:
            return all(satisfied(r, point) for r in touched)
        except UndefinedError:
            return False


def _places(e: sp.Expr, wrt: sp.Expr, bounds: Any, point: Point) -> list[dict[sp.Basic, int]]:
    """The values of all indices that are free in the gradient; one without a range keeps the point's."""
    spans = {}
    for i in sorted({s for x in (e, wrt) for s in x.free_symbols if isinstance(s, sp.Idx) or s in bounds}, key=str):
        span = bounds.get(i) or index_range(i)
        ends = (i, i) if span is None else span
        spans[i] = range(int(evaluate(ends[0], point)), int(evaluate(ends[1], point)) + 1)
    return [dict(zip(spans, values, strict=True)) for values in index_values(list(spans.values()))]


def _probe(name: sp.Basic) -> sp.Basic:
    """An entry of an array, or the symbol."""
    return name[sp.Symbol(" ", integer=True)] if isinstance(name, sp.IndexedBase) else name


def _double(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, value)


# -- one point at one size ------------------------------------------------------------------------
class Tried:
    """A point at one size: the truth there and the errors of the forms; or, in `left_out`, why nothing can be said."""

    def __init__(self, case: Case, size: float, balls: Balls) -> None:
        self.case, self.size, self.balls = case, size, balls
        self.errors: list[float] = []
        self.own, self.far = 0.0, False
        leaves = case.leaves(case.program, size)
        self.left_out, self.truth, self.bits = OFF, list[Any](), _BITS[0]
        if case.is_allowed(leaves):
            self.left_out, self.truth, self.bits = self._true(case.program, case.steps, leaves)

    def _true(self, program: Program, steps: Sequence[int], leaves: Sequence[float]) -> tuple[str, list[Any], int]:
        """(why it is left out or "", the true entries, the bits that were needed)."""
        why = UNDEFINED
        for bits in _BITS:
            with _precision(bits):
                found = self._run(program, leaves)
                entries = [found[step] for step in steps]
                if not all(e.is_finite() for e in entries):
                    continue
                most, least = self._most(e.abs_upper() for e in entries), self._most(e.abs_lower() for e in entries)
                if most < _SMALLEST and not most.is_zero():
                    return "the true value is too small for a double", [], bits
                if least > _LARGEST:
                    return "the true value is too large for a double", [], bits
                if self._most(e.rad() for e in entries) * _SURE <= least:
                    return "", [e.mid() for e in entries], bits
                why = "the true value is not certain"
        return why, [], _BITS[-1]

    def _run(self, program: Program, leaves: Sequence[float]) -> list[Any]:
        return program.run(self.balls, [self.balls.arb(value) for value in leaves])

    def _most(self, numbers: Iterator[Any]) -> Any:
        return self.balls.largest(*numbers)

    def judge(self, program: Program, steps: Sequence[int]) -> None:
        """Compute a form in doubles; its error is that of an entry, the largest, over the largest true entry."""
        leaves = self.case.leaves(program, self.size)
        values = program.run(Floats(), leaves)
        error = self._apart([values[step] for step in steps])
        self.errors.append(error)
        if error > LOST and not self.has_loss():
            self.left_out = "the loss has no value"
        elif error > LOST:
            self.own = self.own or self._own(error)
            self.far = self._leaves_range(program, leaves)

    def _apart(self, values: Sequence[Any]) -> float:
        if not all(isinstance(value, self.balls.arb) or math.isfinite(value) for value in values):
            return math.inf
        with _precision(self.bits):
            gap = self._most(abs(t - self.balls.arb(value)) for t, value in zip(self.truth, values, strict=True))
            if gap.is_zero():
                return 0.0
            most = self._most(map(abs, self.truth))
            return math.inf if most.is_zero() else float(gap / most)

    def _own(self, error: float) -> float:
        """How far the truth moves when each input moves by up to its rounding."""
        case, draw, most = self.case, random.Random(1), 0.0
        leaves, arb = case.leaves(case.program, self.size), self.balls.arb
        for _ in range(_MOVES):
            with _precision(self.bits):
                near = [arb(value) * (1 + draw.choice((-8, -5, 5, 8)) * arb(2) ** -56) for value in leaves]
                found = case.program.run(self.balls, near)
                there = [found[step] for step in case.steps]
                most = max(most, self._apart(there) if all(e.is_finite() for e in there) else 0.0)
            if error <= ROUNDINGS * most:
                break
        return most

    def has_loss(self) -> bool:
        """Whether the loss has a value here: a formula is not blamed for what it does elsewhere."""
        if self.case.domain is None:
            return True
        program, steps = self.case.domain
        return self._true(program, steps, self.case.leaves(program, self.size))[0] != UNDEFINED

    def _leaves_range(self, program: Program, leaves: Sequence[float]) -> bool:
        """Whether a number on the way is too large or too small for a double."""
        with _precision(self.bits):
            found = [x for x in self._run(program, leaves) if isinstance(x, self.balls.arb) and x.is_finite()]
            return any(x.abs_lower() > _LARGEST or (x.abs_upper() < _SMALLEST and not x.is_zero()) for x in found)

    def is_lost(self, form: int) -> bool:
        """Whether a form loses digits, and more than the inputs explain."""
        return not (self.errors[form] <= LOST or self.errors[form] <= ROUNDINGS * self.own)


def _precision(bits: int) -> Any:
    return import_module("flint").ctx.workprec(bits)
