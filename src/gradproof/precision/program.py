"""Formulas at fixed sizes as straight-line code: sums written out, what occurs twice computed once.

`Program` is a list of operations on numbers.  It is run with doubles, as a computer runs it, or with Arb's balls,
which are sure to hold the true value (machine.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef

from gradproof.elementary import ELEMENTARY, SPELLED_OUT
from gradproof.inverse import Determinant, InverseBase
from gradproof.lines import head, is_partial
from gradproof.points import Point
from gradproof.precision.rewriting import Largest
from gradproof.values import UndefinedError, evaluate, index_values

__all__ = ["Program"]

MAX_STEPS = 20_000
_COMPARED = {sp.Gt: ">", sp.Ge: ">=", sp.Lt: "<", sp.Le: "<=", sp.Eq: "=", sp.Ne: "!="}

Env = Mapping[sp.Basic, int]


class Program:
    """Straight-line code for entries of formulas at a point's sizes.

    definitions: of named quantities, each computed where it is first used; `cut` names one that is a leaf all the
    same.  Whole numbers (sizes, labels) are those of the point; every other letter is a leaf.

    `add` returns the number of the step that has a formula's value.
    """

    def __init__(self, point: Point, definitions: Sequence[sp.Eq] = (), cut: sp.Basic | None = None) -> None:
        self.point = point
        self.definitions = {head(d.lhs): d for d in definitions if head(d.lhs) != cut}
        self.steps: list[tuple[Any, ...]] = []
        self.leaves: list[tuple[sp.Basic, tuple[int, ...]]] = []
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._named: dict[Any, int] = {}
        self._ordered: dict[sp.Add, list[sp.Expr]] = {}

    def add(self, e: sp.Basic, env: Env | None = None) -> int:
        """Append what computes `e`; the operations are those of the formula, in the order of SymPy's printer."""
        return self._value(e, env or {})

    def run(self, arithmetic: Any, leaves: Sequence[Any]) -> list[Any]:
        """The value of every step; the leaves are numbers in the order of `leaves`."""
        values: list[Any] = []
        bound = {kind: getattr(arithmetic, kind) for kind in {step[0] for step in self.steps} - {"leaf"}}
        for kind, *args in self.steps:
            if kind == "leaf":
                values.append(leaves[args[0]])
            elif kind in _PLAIN:
                values.append(bound[kind](*args))
            elif kind in _NAMED:
                values.append(bound[kind](args[0], *[values[a] for a in args[1:]]))
            elif len(args) == 2:
                values.append(bound[kind](values[args[0]], values[args[1]]))
            else:
                values.append(bound[kind](*[values[a] for a in args]))
        return values

    # -- writing steps -----------------------------------------------------------------------
    def _step(self, *step: Any) -> int:
        if step not in self._numbers:
            if len(self.steps) >= MAX_STEPS:
                raise UndefinedError(f"more than {MAX_STEPS} operations")
            self._numbers[step] = len(self.steps)
            self.steps.append(step)
        return self._numbers[step]

    def _number(self, value: Any) -> int:
        return self._step("number", Fraction(value))

    def _fold(self, kind: str, parts: Sequence[int]) -> int:
        total = parts[0]
        for part in parts[1:]:
            total = self._step(kind, total, part)
        return total

    def _terms(self, e: sp.Add) -> list[sp.Expr]:
        """The terms of a sum as SymPy prints them: those that are alike stand together, and can cancel exactly."""
        if e not in self._ordered:
            self._ordered[e] = e.as_ordered_terms()
        return self._ordered[e]

    def _whole(self, e: sp.Basic, env: Env) -> int:
        """An index, an end of a range: a whole number, known from the point."""
        if e in env:
            return env[e]
        value = evaluate(e, self.point, env=env)
        if value != int(value):
            raise UndefinedError(f"the index {e} is {value}, not an integer")
        return int(value)

    def _value(self, e: sp.Basic, env: Env) -> int:
        if e in env:
            return self._number(env[e])
        match e:
            case sp.Rational():
                return self._number(Fraction(int(e.p), int(e.q)))
            case sp.Symbol() | sp.Idx():
                return self._entry(e, ())
            case sp.Indexed() if isinstance(e.base, InverseBase):
                lo, entries = self._matrix(e.base.of, e.base.span)
                i, j = (self._whole(index, env) - lo for index in e.indices)
                return self._step("inverse", (i, j), *entries)
            case Determinant():
                return self._step("determinant", *self._matrix(e.of, e.span)[1])
            case sp.Indexed():
                return self._entry(e.base, tuple(self._whole(i, env) for i in e.indices))
            case sp.Add():
                return self._fold("add", [self._value(a, env) for a in self._terms(e)])
            case sp.Mul():
                return self._product(e, env)
            case sp.Pow():
                return self._power(e, env)
            case sp.Sum() | Largest():
                return self._over_indices(e, env)
            case sp.core.numbers.Pi():
                return self._step("pi")
            case sp.core.numbers.Exp1():
                return self._step("function", "exp", self._number(1))
            case sp.Subs() | sp.Derivative() | AppliedUndef():
                return self._undefined(e, env)
            case sp.Piecewise():
                rows = [(self._condition(c, env), self._value(v, env)) for v, c in e.args]
                return self._step("chosen", *(n for row in rows for n in row))
        return self._function(e, env)

    def _entry(self, name: sp.Basic, index: tuple[int, ...]) -> int:
        """A leaf, or a named quantity."""
        if (name, index) not in self._named:
            if name in self.definitions:
                d = self.definitions[name]
                inner = dict(zip(getattr(d.lhs, "indices", ()), index, strict=True))
                self._named[name, index] = self._value(d.rhs, inner)
            elif isinstance(name, sp.Idx) or name.is_integer or self._is_label(name):
                whole = self.point.entry(name, index) if isinstance(name, sp.IndexedBase) else self.point.symbol(name)
                self._named[name, index] = self._number(whole)
            else:
                self._named[name, index] = self._step("leaf", len(self.leaves))
                self.leaves.append((name, index))
        return self._named[name, index]

    def _is_label(self, name: sp.Basic) -> bool:
        return isinstance(name, sp.IndexedBase) and bool(name.label.is_integer)

    def _product(self, e: sp.Mul, env: Env) -> int:
        """A product as it is written: what stands below the bar is multiplied first, and divided by once."""
        above, below = [], []
        for factor in e.args:
            if isinstance(factor, sp.Rational):
                above += [self._number(int(factor.p))] if factor.p != 1 else []
                below += [self._number(int(factor.q))] if factor.q != 1 else []
            elif isinstance(factor, sp.Pow) and factor.exp.is_Rational and factor.exp < 0:
                below.append(self._raised(factor.base, -factor.exp, env))
            else:
                above.append(self._value(factor, env))
        if above[:1] == [self._number(-1)] and len(above) > 1:
            first = self._step("negative", above[1])
            above = [first, *above[2:]]
        top = self._fold("multiply", above or [self._number(1)])
        return self._step("divide", top, self._fold("multiply", below)) if below else top

    def _power(self, e: sp.Pow, env: Env) -> int:
        base, exponent = e.args
        if base == sp.E:
            return self._step("function", "exp", self._value(exponent, env))
        if isinstance(exponent, sp.Rational):
            if exponent < 0:
                return self._step("divide", self._number(1), self._raised(base, -exponent, env))
            return self._raised(base, exponent, env)
        return self._step("real_power", self._value(base, env), self._value(exponent, env))

    def _raised(self, base: sp.Expr, exponent: sp.Rational, env: Env) -> int:
        value = self._value(base, env)
        if exponent == 1:
            return value
        return self._step("power", Fraction(int(exponent.p), int(exponent.q)), value)

    def _over_indices(self, e: sp.Basic, env: Env) -> int:
        """A sum, or the largest of several values."""
        limits = (e.args[1:],) if isinstance(e, Largest) else e.limits
        names = [index for index, _, _ in limits]
        spans = [range(self._whole(lo, env), self._whole(hi, env) + 1) for _, lo, hi in limits]
        parts = [
            self._value(e.args[0], {**env, **dict(zip(names, values, strict=True))}) for values in index_values(spans)
        ]
        if isinstance(e, Largest):
            return self._step("largest", *parts)
        return self._fold("add", parts) if parts else self._number(0)

    def _undefined(self, e: sp.Basic, env: Env) -> int:
        """An undefined function, or a derivative of one: the point's polynomial."""
        body, given = (e.expr, dict(zip(e.variables, e.point, strict=True))) if isinstance(e, sp.Subs) else (e, {})
        orders = (0,) * len(body.args)
        function = body
        if isinstance(body, sp.Derivative):
            if not is_partial(body):
                raise UndefinedError(f"{e} has no value here")
            function = body.expr
            orders = tuple(sum(v == a for v in body.variables) for a in function.args)
        args = [self._value(given.get(a, a), env) for a in function.args]
        self.point.function(function.func, orders, [Fraction(1)] * len(args))
        terms = []
        for powers, c in self.point.functions[function.func].items():
            factors = [self._number(c * math.prod(map(math.perm, powers, orders)))]
            for u, p, n in zip(args, powers, orders, strict=True):
                factors += [self._step("power", Fraction(p - n), u)] if p > n else []
            if all(p >= n for p, n in zip(powers, orders, strict=True)):
                terms.append(self._fold("multiply", factors))
        return self._fold("add", terms) if terms else self._number(0)

    def _matrix(self, of: sp.IndexedBase, span: tuple[sp.Expr, sp.Expr]) -> tuple[int, list[int]]:
        """The first index of a matrix, and its entries row by row."""
        lo, hi = (self._whole(x, {}) for x in span)
        along = range(lo, hi + 1)
        return lo, [self._entry(of, (i, j)) for i in along for j in along]

    def _condition(self, c: sp.Basic, env: Env) -> int:
        match c:
            case sp.logic.boolalg.BooleanTrue() | sp.logic.boolalg.BooleanFalse():
                return self._step("truth", bool(c))
            case sp.And() | sp.Or() | sp.Not():
                return self._step("logic", type(c).__name__, *(self._condition(a, env) for a in c.args))
        sides = [self._value(side, env) for side in c.args]
        return self._step("compare", _COMPARED[type(c)], *sides)

    def _function(self, e: sp.Basic, env: Env) -> int:
        args = [self._value(a, env) for a in e.args]
        match e:
            case sp.KroneckerDelta():
                same = self._step("compare", "=", *args)
                return self._step("chosen", same, self._number(1), self._step("truth", True), self._number(0))
            case sp.Heaviside():
                zero, always = self._number(0), self._step("truth", True)
                up, at = self._step("compare", ">", args[0], zero), self._step("compare", "=", args[0], zero)
                return self._step("chosen", up, self._number(1), at, args[1], always, zero)
            case sp.Max():
                return self._step("largest", *args)
            case sp.Min():
                return self._step("smallest", *args)
            case sp.sign():
                return self._step("function", "sign", *args)
            case sp.Abs():
                return self._step("function", "abs", *args)
        if type(e) not in ELEMENTARY and type(e) not in SPELLED_OUT:
            raise UndefinedError(f"{e} has no value here")
        return self._step("function", type(e).__name__, *args)


_PLAIN = ("number", "pi", "truth")  # steps whose arguments are no steps
_NAMED = ("function", "power", "logic", "compare", "inverse")  # steps whose first argument is none
