"""What a formula is worth at a rational point, by code of the trial's own: it shares nothing with any checker.

Every sum is written out; numbers are mpmath's, with 300 digits; a derivative is a difference with a step of 10⁻⁶⁰,
and an undefined function a polynomial.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy as sp
from mpmath import mp
from sympy.core.function import AppliedUndef

from gradproof.derivation import Derivation
from gradproof.inverse import Determinant, InverseBase
from gradproof.trials.trees import free_indices

__all__ = ["Ground", "NoValueError", "Numbers", "Point"]

DIGITS = 300
SAME = 30  # digits: two values that differ later are taken for one
_STEP = 60  # a slope is taken over 10**-60
_SIZES = ((2,), (2, 3), (3, 2), (3,))  # in turn, for the sizes in alphabetical order
_POINTS = 48  # that are tried
_DRAWN = ((-2500, 2500), (20, 2500), (20, 400))  # over 1024: of any sign, positive, small and positive

Env = Mapping[sp.Basic, Any]
Key = tuple[str, tuple[int, ...]]
Moves = tuple[tuple[Key, Any], ...]


class NoValueError(Exception):
    """The formula has no real value at this point."""


class Point:
    """Sizes, and a rational number for every letter and entry, drawn when it is first asked for.

    Entries of an array that is assumed symmetric share a number, and the last entry of an assumed sum is what the others leave.
    """

    def __init__(self, sizes: Mapping[str, int], seed: int, assumptions: Sequence[sp.Basic] = ()) -> None:
        self.sizes, self.seed = sizes, seed
        self.numbers: dict[Key, Fraction] = {}
        self.positive: set[str] = set()
        self.symmetric: set[str] = set()
        self.sums: dict[str, tuple[int, Fraction]] = {}  # the axis, and the value
        for relation in assumptions:
            left, right = relation.args
            if isinstance(relation, sp.Gt) and right == 0:
                self.positive.add(name_of(left))
            elif isinstance(left, sp.Sum) and isinstance(left.function, sp.Indexed) and right.is_Rational:
                axis = left.function.indices.index(left.limits[0][0])
                self.sums[name_of(left.function)] = axis, Fraction(int(right.p), int(right.q))
            elif isinstance(left, sp.Indexed) and isinstance(right, sp.Indexed) and left.base == right.base:
                self.symmetric.add(name_of(left))

    def number(self, name: str, index: tuple[int, ...], ends: Sequence[int], positive: bool) -> Fraction:
        """The number of a symbol, or of an entry of an array whose axes end at `ends`."""
        key = name, tuple(sorted(index)) if name in self.symmetric else index
        if key not in self.numbers:
            axis, total = self.sums.get(name, (0, Fraction(0)))
            if name in self.sums and index[axis] == ends[axis]:
                others = [(*index[:axis], n, *index[axis + 1 :]) for n in range(1, ends[axis])]
                self.numbers[key] = total - sum(self.number(name, other, ends, positive) for other in others)
            else:
                self.numbers[key] = self._drawn(key, positive or name in self.positive)
        return self.numbers[key]

    def _drawn(self, key: Key, positive: bool) -> Fraction:
        low, high = _DRAWN[self.seed % len(_DRAWN)]
        drawn = Fraction(random.Random(f"{self.seed} {key}").randint(low, high) or 1, 1024)
        return abs(drawn) if positive else drawn


def name_of(e: sp.Basic) -> str:
    """The name of a symbol, or of the array of an entry."""
    return str(e.base.label if isinstance(e, sp.Indexed) else e)


class Numbers:
    """Formulas at one point."""

    def __init__(self, point: Point, definitions: Mapping[str, sp.Eq]) -> None:
        self.point, self.definitions = point, definitions
        self.known: dict[Any, Any] = {}
        self.polynomials: dict[str, dict[tuple[int, ...], int]] = {}

    def value(self, e: sp.Basic, env: Env, moves: Moves = ()) -> Any:
        """A real number.  env: the values of indices; moves: by how much letters are moved.  Raises NoValueError."""
        if e in env:
            return mp.mpf(env[e])
        match e:
            case sp.Rational():
                return mp.mpf(int(e.p)) / int(e.q)
            case sp.core.numbers.Pi() | sp.core.numbers.Exp1():
                return +mp.pi if e == sp.pi else +mp.e
            case sp.Symbol() | sp.Idx():
                return self._letter(e, (), (), moves)
            case sp.Indexed() if isinstance(e.base, InverseBase):
                return mp.inverse(self._matrix(e.base, moves))[tuple(self.whole(i, env) - 1 for i in e.indices)]
            case Determinant():
                return mp.det(self._matrix(e, moves))
            case sp.Indexed():
                ends = tuple(self.whole(i.upper, env) if isinstance(i, sp.Idx) else 0 for i in e.indices)
                return self._letter(e, tuple(self.whole(i, env) for i in e.indices), ends, moves)
            case sp.Sum():
                spans = self._spans(e, env)
                return mp.fsum(self.value(e.function, {**env, **inner}, moves) for inner in spans)
            case sp.Piecewise():
                for value, condition in e.args:
                    if self._holds(condition, env, moves):
                        return self.value(value, env, moves)
                raise NoValueError(f"no branch of {e} holds")
            case sp.Derivative() | sp.Subs():
                return self._slope(e, env, moves)
        return self._applied(e, [self.value(a, env, moves) for a in e.args])

    def whole(self, e: sp.Basic, env: Env) -> int:
        """A whole number: an index, or the end of a range."""
        return int(self.value(e, env))

    def _spans(self, e: sp.Sum, env: Env) -> Iterator[Env]:
        """The values of a sum's indices; an outer one may bound an inner one."""

        def go(limits: Sequence[sp.Tuple], inner: dict[sp.Basic, Any]) -> Iterator[Env]:
            if not limits:
                yield inner
                return
            index, low, high = limits[-1]
            here = {**env, **inner}
            for n in range(self.whole(low, here), self.whole(high, here) + 1):
                yield from go(limits[:-1], {**inner, index: n, getattr(index, "label", index): n})

        return go(e.limits, {})

    def _letter(self, e: sp.Basic, index: tuple[int, ...], ends: tuple[int, ...], moves: Moves) -> Any:
        name = name_of(e)
        if name in self.point.sizes:
            return mp.mpf(self.point.sizes[name])
        key = name, index
        if name in self.definitions:
            if (key, moves) not in self.known:
                d = self.definitions[name]
                template = getattr(d.lhs, "indices", ())
                env = {k: n for i, n in zip(template, index, strict=True) for k in (i, getattr(i, "label", i))}
                self.known[key, moves] = self.value(d.rhs, env, moves)
            value = self.known[key, moves]
        else:
            drawn = self.point.number(name, index, ends, bool(getattr(e, "is_positive", False)))
            value = mp.mpf(drawn.numerator) / drawn.denominator
        return value + sum(shift for moved, shift in moves if moved == key)

    def _matrix(self, e: sp.Basic, moves: Moves) -> Any:
        size = self.whole(e.span[1], {})
        return mp.matrix(
            [
                [self._letter(e.of[i, j], (i, j), (size, size), moves) for j in range(1, size + 1)]
                for i in range(1, size + 1)
            ]
        )

    def _holds(self, c: sp.Basic, env: Env, moves: Moves) -> bool:
        match c:
            case sp.logic.boolalg.BooleanTrue() | sp.logic.boolalg.BooleanFalse():
                return bool(c)
            case sp.And():
                return all(self._holds(a, env, moves) for a in c.args)
            case sp.Or():
                return any(self._holds(a, env, moves) for a in c.args)
            case sp.Not():
                return not self._holds(c.args[0], env, moves)
        gap = self.value(c.args[0], env, moves) - self.value(c.args[1], env, moves)
        gap = 0 if abs(gap) < mp.mpf(10) ** -SAME else gap
        holds = {sp.Gt: gap > 0, sp.Ge: gap >= 0, sp.Lt: gap < 0, sp.Le: gap <= 0, sp.Eq: gap == 0, sp.Ne: gap != 0}
        return bool(holds[type(c)])

    def holds(self, relation: sp.Basic) -> bool:
        """Whether an assumption holds, for all values of its indices."""
        indices = sorted(free_indices(relation), key=str)
        spans = [range(1, self.whole(i.upper, {}) + 1) for i in indices]
        return all(self._holds(relation, dict(zip(indices, at, strict=True)), ()) for at in itertools.product(*spans))

    def _slope(self, e: sp.Basic, env: Env, moves: Moves) -> Any:
        if isinstance(e, sp.Subs):
            at = {v: self.value(p, env, moves) for v, p in zip(e.variables, e.point, strict=True)}
            return self._slope(e.expr, {**env, **at}, moves)
        (variable,) = e.variables
        letters = e.free_symbols | {variable}
        key = (e, tuple((k, n) for k, n in env.items() if k in letters), moves)
        if key not in self.known:
            step = mp.mpf(10) ** -_STEP
            if variable in env:
                ahead, behind = (self.value(e.expr, {**env, variable: env[variable] + h}, moves) for h in (step, -step))
            else:
                place = name_of(variable), tuple(self.whole(i, env) for i in getattr(variable, "indices", ()))
                ahead, behind = (self.value(e.expr, env, (*moves, (place, h))) for h in (step, -step))
            self.known[key] = (ahead - behind) / (2 * step)
        return self.known[key]

    def _applied(self, e: sp.Basic, args: list[Any]) -> Any:
        match e:
            case sp.Add():
                return mp.fsum(args)
            case sp.Mul():
                return mp.fprod(args)
            case sp.Pow():
                return self._power(e, *args)
            case sp.KroneckerDelta():
                return mp.mpf(args[0] == args[1])
            case sp.Max() | sp.Min():
                return (max if isinstance(e, sp.Max) else min)(args)
            case sp.Abs():
                return abs(args[0])
            case sp.sign():
                return mp.sign(args[0])
            case sp.Heaviside():
                return args[1] if args[0] == 0 else mp.mpf(args[0] > 0)
            case AppliedUndef():
                return self._polynomial(e.func.__name__, args)
        try:
            return _real(getattr(mp, type(e).__name__)(*args))
        except ZeroDivisionError:
            raise NoValueError(str(e)) from None

    @staticmethod
    def _power(e: sp.Pow, base: Any, exponent: Any) -> Any:
        if base == 0 and exponent < 0:
            raise NoValueError(f"{e} divides by zero")
        if e.exp.is_Integer:
            return base ** int(e.exp)
        return mp.exp(exponent) if e.base == sp.E else _real(mp.power(base, exponent))

    def _polynomial(self, name: str, args: Sequence[Any]) -> Any:
        """A polynomial of degree 4 that stands for an undefined function: another one at each point."""
        if name not in self.polynomials:
            choice = random.Random(f"{self.point.seed} {name}")
            powers = [p for p in itertools.product(range(5), repeat=len(args)) if sum(p) <= 4]
            self.polynomials[name] = {p: choice.choice((1, 2, 3, -1, -2)) for p in powers}
        terms = self.polynomials[name].items()
        return mp.fsum(c * math.prod(u**n for u, n in zip(args, powers, strict=True)) for powers, c in terms)


def _real(value: Any) -> Any:
    if isinstance(value, mp.mpc) or not mp.isfinite(value):
        raise NoValueError("no real number")
    return value


class Ground:
    """A derivation's lines at points that meet its assumptions, and at which its loss has a value."""

    def __init__(self, derivation: Derivation) -> None:
        d = derivation
        self.derivation = d
        self.definitions = {name_of(e.lhs): e for e in d.definitions}
        if d.name is not None:
            self.definitions.setdefault(name_of(d.name), sp.Eq(d.name, d.loss, evaluate=False))
        bodies = [d.loss, d.wrt, *(e.rhs for e in d.definitions), *d.assumptions]
        sizes = {s for e in bodies for i in e.atoms(sp.Idx) for s in i.upper.free_symbols}
        sizes |= {s for e in bodies for s in e.atoms(sp.Symbol) if s.is_integer and s.is_positive}
        self.sizes = sorted(map(str, sizes))
        self._found: list[Numbers] = []
        self._candidates = iter(range(_POINTS))

    def _scenes(self) -> Iterator[Numbers]:
        """Usable points, found once."""
        for turn in itertools.count():
            while turn >= len(self._found):
                seed = next(self._candidates, None)
                if seed is None:
                    return
                numbers = self._usable(seed)
                if numbers is not None:
                    self._found.append(numbers)
            yield self._found[turn]

    def _usable(self, seed: int) -> Numbers | None:
        d, turn = self.derivation, _SIZES[seed // len(_DRAWN) % len(_SIZES)]
        sizes = {name: turn[n % len(turn)] for n, name in enumerate(self.sizes)}
        numbers = Numbers(Point(sizes, seed, d.assumptions), self.definitions)
        with mp.workdps(DIGITS):
            try:
                numbers.value(d.loss, self._places(numbers, d.loss, d.wrt))
                return numbers if all(numbers.holds(r) for r in d.assumptions) else None
            except NoValueError:
                return None

    @staticmethod
    def _places(numbers: Numbers, *lines: sp.Basic) -> dict[sp.Basic, int]:
        """A value for every index that is free in some lines."""
        free = sorted({i for e in lines for i in free_indices(e)}, key=str)
        draw = random.Random(f"{numbers.point.seed} indices")
        env: dict[sp.Basic, int] = {}
        for index in free:
            env[index] = env[index.label] = draw.randint(numbers.whole(index.lower, {}), numbers.whole(index.upper, {}))
        return env

    def gaps(self, one: sp.Expr, other: sp.Expr) -> Iterator[float]:
        """By how much two lines differ, as a part of the larger one, at each point where both have a value."""
        for numbers in self._scenes():
            try:
                yield self._gap(numbers, one, other)
            except NoValueError:
                continue

    def _gap(self, numbers: Numbers, one: sp.Expr, other: sp.Expr) -> float:
        with mp.workdps(DIGITS):
            env = self._places(numbers, one, other, self.derivation.wrt)
            a, b = (self._value(numbers, e, env) for e in (one, other))
            gap, largest = abs(a - b), max(abs(a), abs(b))
            return float(gap / largest) if gap > mp.mpf(10) ** -SAME * max(1, largest) else 0.0

    @staticmethod
    def _value(numbers: Numbers, e: sp.Expr, env: Env) -> Any:
        key = e, tuple(env.items())
        if key not in numbers.known:
            numbers.known[key] = numbers.value(e, env)
        return numbers.known[key]

    def apart(self, one: sp.Expr, other: sp.Expr, points: int = 12) -> float | None:
        """The relative slip at the first point that tells two lines apart; None where none of a few does."""
        return next((gap for gap in itertools.islice(self.gaps(one, other), points) if gap), None)

    def same(self, one: sp.Expr, other: sp.Expr, points: int = 3) -> bool:
        """Whether two lines have one value at a few points."""
        found = list(itertools.islice(self.gaps(one, other), points))
        return len(found) == points and not any(found)

    def share(self, one: sp.Expr, other: sp.Expr) -> float:
        """At which part of all points two lines differ."""
        found = [bool(gap) for gap in self.gaps(one, other)]
        return sum(found) / len(found) if found else 0.0
