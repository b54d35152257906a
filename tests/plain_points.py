"""Where the statements of the claims are tried, and whether they hold there: `plain`, and nothing of gradproof."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import sympy as sp
from mpmath import mp

from plain import DIGITS, Plain, apart, letters, number, sizes

At = Callable[[sp.Expr], Any]

REVERSED = {sp.Le: sp.Ge, sp.Ge: sp.Le, sp.Lt: sp.Gt, sp.Gt: sp.Lt}
TRIES = ((2, 1, 1), (2, 2, 0), (3, 3, 1), (2, 4, 2), (2, 5, 1))  # size, seed, which entries free indices stand for
EPSILONS = (sp.Rational(1, 10**6), sp.Rational(1, 10**8))


def scenes(
    parts: Sequence[sp.Expr], definitions: Sequence[sp.Eq], assumptions: Sequence[Any], coincide: Sequence[sp.Expr] = ()
) -> Iterator[At]:
    """Points, each as a function that gives an expression its value; with `coincide`, points where one of these is 0 too."""
    for n, (size, seed, index) in enumerate(TRIES):
        plain = _writer(tuple(sizes(*parts, *definitions, *assumptions)), tuple(definitions), size, index)
        written = {e: plain.written(e) for e in parts}
        free = {s for e in written.values() for s in e.free_symbols}
        values = plain.values(free, assumptions, seed)
        yield _at(plain, written, values)
        for e in coincide if n < 2 else ():
            zero = _zero(plain, plain.written(e), free, assumptions, seed)
            if zero is not None:
                yield _at(plain, written, zero)


@cache
def _writer(names: tuple[sp.Basic, ...], definitions: tuple[sp.Eq, ...], size: int, index: int) -> Plain:
    return Plain(dict.fromkeys(names, size), definitions, index)


def _at(plain: Plain, written: dict[sp.Expr, sp.Expr], values: Mapping[Any, Any]) -> At:
    return lambda e: number(written[e] if e in written else plain.written(e), values)


def _zero(
    plain: Plain, e: sp.Expr, free: set[sp.Basic], assumptions: Sequence[Any], seed: int
) -> dict[Any, Any] | None:
    """A point at which an expression is zero: one letter of it is solved for."""
    fixed = plain.values(free | e.free_symbols, assumptions, seed)
    lines = {letter: e.xreplace({k: v for k, v in fixed.items() if k != letter}) for letter in e.free_symbols}
    order = sorted(lines, key=lambda letter: (not lines[letter].is_polynomial(letter), str(letter)))
    for letter in order:
        for root in _roots(lines[letter], letter):
            at = plain.values(free | e.free_symbols, assumptions, seed, {letter: root})
            value = number(e, at)
            if value is not None and not apart(value, sp.Integer(0)):
                return at
    return None


def _roots(e: sp.Expr, letter: sp.Symbol) -> Iterator[sp.Expr]:
    if e.is_polynomial(letter) and sp.degree(e, letter) == 1:
        yield -e.subs(letter, 0) / sp.diff(e, letter)
        return
    yield sp.Integer(0)
    for start in (1, 3):
        with contextlib.suppress(ValueError, ZeroDivisionError):  # it found none
            yield sp.nsolve(e, letter, start, prec=80)


def shown_at(points: Iterator[At], seen: Callable[[At], bool]) -> bool:
    return any(seen(at) for at in points)


# -- orders -------------------------------------------------------------------------------------
def grows(s: Any) -> bool:
    """Whether |exact − model| falls as the step to the power order + 1, measured at points of our own."""
    plain = Plain(dict.fromkeys(sizes(s.exact, s.model, *s.definitions), 2), s.definitions)
    gap = plain.out(s.exact) - plain.out(s.model)
    names = {str(getattr(step, "label", step)) for step in s.steps}
    slopes = []
    for seed in (1, 2, 3):
        values = plain.values(gap.free_symbols, s.assumptions, seed)
        rests = []
        for epsilon in EPSILONS:
            here = {k: v * epsilon if str(k).partition("[")[0] in names else v for k, v in values.items()}
            rests.append(abs(number(gap, here) or sp.Integer(0)))
        if all(rest > sp.Rational(1, 10**52) for rest in rests):
            slopes.append(float(sp.log(rests[0] / rests[1]) / sp.log(100)))
    return bool(slopes) and min(slopes) > s.order + 0.8 and min(slopes) < s.order + 1.2


# -- inequalities -------------------------------------------------------------------------------
def places(identity: str) -> list[dict[sp.Basic, sp.Expr]]:
    """Points for the claim's inequalities: where equality holds, in the midst, and where a condition fails."""
    return [letters(at) for at in PLACES.get(identity, [])]


_UNIT = [["3/5", "4/5"], ["-3/5", "-4/5"], [1, 0], ["-4/5", "3/5"], [3, 4], [-3, -4]]
PLACES: dict[str, list[dict[Any, Any]]] = {
    "backprop.2.steepest": [
        {"g": [3, 4], "u": u, "G": size} for u in _UNIT for size in (5, -5, 1)
    ],
    "backprop.1.1": [
        {"eta": eta, "S": size, "L": L, "E_0": 1, "E_1": after}
        for eta in (1, "1/3", -1, 3) for size in (1, 2, 0, -1) for L in (1, "1/2", -7) for after in (0, "1/2", 1, 5)
    ],
    "averages.sigmoid.when": [
        {"c": c, "C": C} for c, C in ((2, 1), (3, 5), ("3/2", "-1/4"), (-2, 5), (0, 3))
    ],
    "finite-step.limit": [
        {"u": u, "delta": delta, "eta": eta, "G": G, "L": L, "l_0": l0, "l_1": l1, "l_2": l2}
        for u in ([1, 0], [0, 2]) for delta in ([1, 0], [-1, 0], [3, 0]) for eta in (1, -1) for G in (1, -1)
        for L in (0, 1) for l0, l1, l2 in ((1, 0, 0), (0, 1, 0), (0, 0, 5), (5, 0, 0))
    ],
    "averages.optimising-needs-theta": [
        {"c": [3, 4], "v": v, "C": size, "r": r} for v in [*_UNIT, [0, 0]] for size in (5, -5, 1) for r in (1, 2, -1)
    ],
    "finite-step.best-direction": [
        {"p": [1, 2], "q": q, "B": [[1, 2], [0, 1]], "mu": mu, "n": 2, **more}
        for q in ([1, 2], [2, -1], [-1, -2], [7, 5], [0, 0])
        for mu in ("1/3", -2, 9)
        for more in ({}, {"g": [5, -3]}, {"H": [[-4, 1], [1, -9]]})
    ],
    "finite-step.preconditioning": [
        {"w": [1, 2], "s": ["1/2", -1], "v": v, "B": [[1, 2], [0, 1]], **more}
        for v in (["1/2", 3], [0, 0], [5, -7])
        for more in ({}, {"b": [5, -3]}, {"H": [[-4, 1], [1, -9]]})
    ],
}  # fmt: skip


def holds(relation: Any, s: Any, point: Mapping[Any, Any]) -> bool:
    """Whether a relation holds at a point, to 30 digits; the equations assumed give what the point leaves open."""
    plain = Plain(_sizes(s, relation, point), getattr(s, "definitions", ()))
    left, right = (plain.out(side) for side in relation.args)
    values = plain.values(left.free_symbols | right.free_symbols, getattr(s, "assumptions", ()), 1, point)
    return _true(type(relation), number(left, values), number(right, values))


def _true(kind: type, a: sp.Expr | None, b: sp.Expr | None) -> bool:
    """Whether two values stand in a relation; values that are not told apart are equal."""
    if a is None or b is None or not apart(a, b):
        return a is not None and b is not None and kind in (sp.Eq, sp.Le, sp.Ge)
    return kind is sp.Ne or kind in ((sp.Le, sp.Lt) if a < b else (sp.Ge, sp.Gt))


def fails_on_box(s: Any) -> bool:
    """Whether a relation fails at one of some points of its box."""
    plain = Plain({}, s.definitions)
    sides = [plain.out(side) for side in s.relation.args]
    if any(side.has(sp.zoo, sp.nan, sp.oo) for side in sides):
        return True
    values = sp.lambdify(list(s.box), sides, "mpmath", cse=True)
    with mp.workdps(DIGITS):
        points = [[mp.mpf(v.p) / v.q for v in at.values()] for at in bounded(s.box)]
        return any(not _true(type(s.relation), *_real(values, point)) for point in points)


def _real(values: Callable[..., list[Any]], point: Sequence[Any]) -> list[sp.Expr | None]:
    """The values of both sides; None where one has none that is real."""
    try:
        return [sp.Float(v, DIGITS) if mp.isfinite(v) and mp.im(v) == 0 else None for v in values(*point)]
    except (ZeroDivisionError, ValueError):
        return [None, None]


def _sizes(s: Any, relation: Any, point: Mapping[Any, Any]) -> dict[sp.Basic, int]:
    found = sizes(*relation.args, *getattr(s, "assumptions", ()))
    return {z: int(point.get(sp.Symbol(str(z)), 2)) for z in found}


def met(s: Any, point: Mapping[Any, Any], given: bool = True) -> bool:
    """Whether all conditions of an inequality hold at a point; with `given`, what is assumed of all entries too."""
    conditions = [*(c for c, _ in s.constraints), *s.positive]
    if not all(holds(c, s, point) for c in conditions):
        return False
    if not given:
        return True
    for relation in s.assumptions:
        indices = [i for i in getattr(relation.lhs, "indices", ()) if isinstance(i, sp.Idx)]
        for at in itertools.product((1, 2), repeat=len(indices)):
            env = dict(zip(indices, at, strict=True))
            env |= {i.label: n for i, n in env.items()}
            plain = Plain(_sizes(s, relation, point))
            left, right = (plain.out(side, env) for side in relation.args)
            values = plain.values(left.free_symbols | right.free_symbols, s.assumptions, 1, point)
            if apart(number(left, values), number(right, values)):
                return False
    return True


def bounded(box: Mapping[sp.Symbol, tuple[Any, Any]]) -> Iterator[dict[sp.Basic, sp.Expr]]:
    """The corners of a box, its middle, and points between."""
    shares = (sp.Integer(0), sp.Rational(1, 3), sp.Rational(1, 2), sp.Rational(7, 8), sp.Integer(1))
    spans = [
        [lo + share * (hi - lo) for share in shares] for lo, hi in (map(sp.Rational, ends) for ends in box.values())
    ]
    for values in itertools.product(*spans):
        yield dict(zip(box, values, strict=True))


# -- steps --------------------------------------------------------------------------------------
def descends(s: Any) -> bool:
    """Whether gradient descent, carried out for two steps from the start, keeps the form at each."""
    for seed in (1, 2):
        plain = Plain(dict.fromkeys(sizes(*s.definitions, *s.form, *s.start), 2), s.definitions)
        loss = plain.out(s.loss)
        names = [mark for e in s.form for mark, _ in _written(plain, e.lhs, e.rhs)]
        given = [*s.start, *s.assumptions]
        values = plain.values({*loss.free_symbols, *names}, given, seed)
        gradient = {mark: sp.diff(loss, mark) for mark in names}
        for _ in range(3):
            if not _has_form(plain, s.form, values):
                return False
            slopes = {mark: number(slope, values) for mark, slope in gradient.items()}
            if None in slopes.values():
                break
            values = values | {mark: values[mark] - sp.Rational(1, 3) * slope for mark, slope in slopes.items()}
    return True


def _written(plain: Plain, left: sp.Expr, right: sp.Expr) -> list[tuple[sp.Expr, sp.Expr]]:
    """An equation for every value of the indices."""
    indices = getattr(left, "indices", ())
    spans = [range(1, int(plain.out(i.upper)) + 1) for i in indices]
    rows = []
    for at in itertools.product(*spans):
        env = dict(zip(indices, at, strict=True))
        env |= {i.label: n for i, n in env.items()}
        rows.append((plain.out(left, env), plain.out(right, env)))
    return rows


def _has_form(plain: Plain, form: Sequence[sp.Eq], values: Mapping[Any, Any]) -> bool:
    """Whether all entries that share a letter are equal, and those with a number have it."""
    shared: dict[sp.Expr, Any] = {}
    for equation in form:
        for mark, letter in _written(plain, *equation.args):
            stated = letter if letter.is_number else shared.setdefault(letter, values[mark])
            if apart(values[mark], stated):
                return False
    return True
