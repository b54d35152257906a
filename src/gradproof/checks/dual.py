"""Dual numbers on SymPy's trees: values and slopes of a formula at fixed sizes, over any numbers.

A tree is walked as it stands: sums are added up, indices are whole numbers, and named quantities are
computed from their definitions.  `value` is the first part of a dual number and `slope` the second, the
derivative by one symbol or entry; a value that no slope needs is never computed.  The numbers are a `Field` (fields.py):
rational functions (flint_field.py) or balls (balls.py).  No rule, no normal form and no derivative of SymPy's is used.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef

from gradproof.checks.fields import SLOPES, Field, UnsupportedError, cofactor, determinant
from gradproof.intervals import UndefinedError
from gradproof.inverse import Determinant, InverseBase

__all__ = ["Env", "Seed", "Walk", "bound_to", "free_values"]

Env = Mapping[sp.Basic, int]
Seed = tuple[sp.Basic, tuple[int, ...]]
Kink = Callable[[sp.Basic, sp.Basic], bool]

_SUMMANDS = 20_000  # of all sums in one formula at one size


class Walk:
    """Values and slopes at fixed sizes.

    sizes: the symbols that ranges are made of, as whole numbers.  definitions: name -> (its indices, its body).
    off_kinks: a symbol or array; a border that it moves counts as a kink.
    """

    def __init__(
        self,
        field: Field,
        sizes: Mapping[sp.Basic, int],
        definitions: Mapping[sp.Basic, tuple[tuple[sp.Basic, ...], sp.Basic]],
        off_kinks: sp.Basic | None = None,
    ) -> None:
        self.field, self.sizes, self.definitions, self.off_kinks = field, sizes, definitions, off_kinks
        self.zero, self.one = field.number(0), field.number(1)
        self.known: dict[Any, Any] = {}
        self.moving: dict[tuple[sp.Basic, sp.Basic], bool] = {}
        self.summands = 0

    # -- indices ------------------------------------------------------------------------------
    def integer(self, e: sp.Basic, env: Env) -> int:
        """The whole number that an index or a bound is."""
        if e.is_Integer:
            return int(e)
        value = self.field.constant(self.value(e, env))
        if value is None or value.denominator != 1:
            raise UnsupportedError(f"the index {e} is not a whole number here")
        return int(value)

    def index(self, e: sp.Basic, env: Env) -> tuple[int, ...]:
        return tuple(self.integer(i, env) for i in getattr(e, "indices", ()))

    def _terms(self, e: sp.Sum, env: Env) -> list[Env]:
        """The values of a sum's indices, the outermost (written last) first."""
        found = [env]
        for index, lo, hi in reversed(e.limits):
            found = [
                {**here, **bound_to((index,), (n,))}
                for here in found
                for n in range(self.integer(lo, here), self.integer(hi, here) + 1)
            ]
            self.summands += len(found)
            if self.summands > _SUMMANDS:
                raise UnsupportedError("too many summands")
        return found

    # -- values -------------------------------------------------------------------------------
    def value(self, e: sp.Basic, env: Env) -> Any:
        """The value of a formula where its indices have these values; what stands in it twice is computed once."""
        if not e.args or isinstance(e, sp.Indexed):
            return self._value(e, env)
        key = (e, *((s, env[s]) for s in _letters(e) if s in env))
        if key not in self.known:
            self.known[key] = self._value(e, env)
        return self.known[key]

    def _value(self, e: sp.Basic, env: Env) -> Any:
        f = self.field
        if e in env:
            return f.number(env[e])
        if e in self.sizes:
            return f.number(self.sizes[e])
        match e:
            case sp.Rational():
                return f.number(Fraction(int(e.p), int(e.q)))
            case sp.Float():
                return f.number(Fraction(repr(float(e))))
            case sp.Idx():
                raise UnsupportedError(f"the index {e} has no value")
            case sp.Indexed() if isinstance(e.base, InverseBase):
                i, j = self._place(e.base, self.index(e, env))
                return self._inverse(e.base)[i][j]
            case sp.Symbol():
                return self._leaf(e, ())
            case sp.Indexed():
                return self._leaf(e.base, self.index(e, env))
            case sp.Add():
                return sum((self.value(a, env) for a in e.args[1:]), start=self.value(e.args[0], env))
            case sp.Mul():
                return math.prod((self.value(a, env) for a in e.args), start=self.one)
            case sp.Sum():
                return sum((self.value(e.function, inner) for inner in self._terms(e, env)), start=self.zero)
            case sp.Pow():
                if e.base == sp.E:
                    return f.apply("exp", self.value(e.exp, env))
                return self._raised(self.value(e.base, env), self.value(e.exp, env), bool(e.exp.is_integer))
            case sp.core.numbers.Pi():
                return f.pi()
            case sp.core.numbers.Exp1():
                return f.apply("exp", self.one)
            case Determinant():
                return determinant(f, self._matrix(e.of, e.span))
            case AppliedUndef():
                return f.undefined(e.func, (0,) * len(e.args), [self.value(a, env) for a in e.args])
            case sp.Subs() | sp.Derivative():
                return self._derivative(e, env)
            case sp.Abs() | sp.Max() | sp.Min() | sp.Piecewise():
                sign, part = self._branch(e, env, None)
                return f.number(sign) * self.value(part, env)
            case sp.sign():
                return f.number(self._compared(e.args[0], _NOTHING, env, None))
            case sp.Heaviside():
                sign = self._compared(e.args[0], _NOTHING, env, None)
                return self.value(e.args[1], env) if sign == 0 else f.number(int(sign > 0))
            case sp.KroneckerDelta():
                gap = self.value(e.args[0], env) - self.value(e.args[1], env)
                return f.number(int(f.sign(gap, False) == 0))
        if isinstance(e, sp.Function) and len(e.args) == 1 and type(e).__name__ in SLOPES:
            return f.apply(type(e).__name__, self.value(e.args[0], env))
        raise UnsupportedError(f"{type(e).__name__} is not known here")

    def _leaf(self, name: sp.Basic, index: tuple[int, ...]) -> Any:
        if (name, index) not in self.known:
            if name in self.definitions:
                template, body = self.definitions[name]
                self.known[name, index] = self.value(body, bound_to(template, index))
            else:
                self.known[name, index] = self.field.leaf(name, index)
        return self.known[name, index]

    def _raised(self, u: Any, exponent: Any, whole: bool, kink: bool = False) -> Any:
        """U to a power: a rational number, a whole one that is not known, or a real one, which asks for u >= 0."""
        n = self.field.constant(exponent)
        if n is not None:
            return self.field.power(u, n)
        if whole:
            return self.field.whole_power(u, exponent)
        sign = self.field.sign(u, kink)
        if sign < 0:
            raise UndefinedError("a real power of a negative number")
        return self.zero if sign == 0 else self.field.apply("exp", exponent * self.field.apply("log", u))

    # -- slopes -------------------------------------------------------------------------------
    def _moves(self, e: sp.Basic, name: sp.Basic) -> bool:
        """Whether a symbol or array occurs in `e`, also through definitions."""
        found = self.moving.get((e, name))
        if found is None:
            if isinstance(e, (sp.Symbol, sp.IndexedBase)) or not e.args:
                matrix = getattr(e, "of", None)  # of a determinant or an inverse
                found = e == name or (matrix is not None and self._moves(matrix, name))
                found = found or (e in self.definitions and self._moves(self.definitions[e][1], name))
            else:
                found = any(self._moves(a, name) for a in e.args)
            self.moving[e, name] = found
        return found

    def slope(self, e: sp.Basic, env: Env, seed: Seed) -> Any:
        """The derivative by the symbol or entry that `seed` names; its own definition is cut."""
        f = self.field
        if e in env or not self._moves(e, seed[0]):
            return self.zero
        match e:
            case sp.Indexed() if isinstance(e.base, InverseBase):
                return self._inverse_slope(e.base, self.index(e, env), seed)
            case sp.Symbol():
                return self._leaf_slope(e, (), seed)
            case sp.Indexed():
                return self._leaf_slope(e.base, self.index(e, env), seed)
            case sp.Add():
                return sum((self.slope(a, env, seed) for a in e.args), start=self.zero)
            case sp.Sum():
                return sum((self.slope(e.function, inner, seed) for inner in self._terms(e, env)), start=self.zero)
            case sp.Mul():
                return self._product_slope(e.args, env, seed)
            case sp.Pow() if e.base != sp.E:
                return self._power_slope(e, env, seed)
            case Determinant():
                return self._determinant_slope(e, seed)
            case AppliedUndef():
                return self._undefined_slope(e.func, (0,) * len(e.args), e.args, env, seed)
            case sp.Subs() | sp.Derivative():
                return self._undefined_slope(*self._partial(e), env, seed)
            case sp.Abs() | sp.Max() | sp.Min() | sp.Piecewise():
                parts = [a.args[0] for a in e.args] if isinstance(e, sp.Piecewise) else e.args
                if all(self._is_zero(self.slope(a, env, seed)) for a in parts):
                    return self.zero
                sign, part = self._branch(
                    e, env, lambda a, b: not self._is_zero(self.slope(a, env, seed) - self.slope(b, env, seed))
                )
                return f.number(sign) * self.slope(part, env, seed)
            case sp.sign() | sp.Heaviside() | sp.KroneckerDelta():
                return self.zero
        argument = e.exp if isinstance(e, sp.Pow) else e.args[0]
        inner = self.slope(argument, env, seed)
        if self._is_zero(inner):
            return self.zero
        if type(e).__name__ not in SLOPES and not isinstance(e, sp.Pow):
            raise UnsupportedError(f"{type(e).__name__} is not known here")
        law = SLOPES["exp" if isinstance(e, sp.Pow) else type(e).__name__]
        return law(f, self.value(argument, env)) * inner

    def _is_zero(self, u: Any) -> bool:
        return self.field.constant(u) == 0

    def _leaf_slope(self, name: sp.Basic, index: tuple[int, ...], seed: Seed) -> Any:
        if name == seed[0]:
            return self.one if index == seed[1] else self.zero
        if (name, index, seed) not in self.known:
            template, body = self.definitions[name]
            self.known[name, index, seed] = self.slope(body, bound_to(template, index), seed)
        return self.known[name, index, seed]

    def _product_slope(self, factors: Sequence[sp.Basic], env: Env, seed: Seed) -> Any:
        total = self.zero
        for n, factor in enumerate(factors):
            slope = self.slope(factor, env, seed)
            if not self._is_zero(slope):
                others = (self.value(g, env) for m, g in enumerate(factors) if m != n)
                total = total + math.prod(others, start=slope)
        return total

    def _power_slope(self, e: sp.Pow, env: Env, seed: Seed) -> Any:
        whole = bool(e.exp.is_integer)
        total, inner = self.zero, self.slope(e.base, env, seed)
        if not self._is_zero(inner):
            u, n = self.value(e.base, env), self.value(e.exp, env)
            if not self._is_zero(n):
                total = n * self._raised(u, n - self.one, whole, kink=True) * inner
        outer = self.slope(e.exp, env, seed)
        if not self._is_zero(outer):
            total = total + self.value(e, env) * self.field.apply("log", self.value(e.base, env)) * outer
        return total

    def _undefined_slope(
        self, function: Any, orders: tuple[int, ...], args: Sequence[sp.Basic], env: Env, seed: Seed
    ) -> Any:
        total = self.zero
        for n, argument in enumerate(args):
            slope = self.slope(argument, env, seed)
            if not self._is_zero(slope):
                more = tuple(order + int(m == n) for m, order in enumerate(orders))
                total = total + self.field.undefined(function, more, [self.value(a, env) for a in args]) * slope
        return total

    # -- derivatives that stand in a formula ----------------------------------------------------
    def _partial(self, e: sp.Basic) -> tuple[Any, tuple[int, ...], tuple[sp.Basic, ...]]:
        """(f, orders, arguments) of a derivative of an undefined function in its own slots."""
        body, put = (e.expr, dict(zip(e.variables, e.point, strict=True))) if isinstance(e, sp.Subs) else (e, {})
        if not isinstance(body, sp.Derivative) or not isinstance(body.expr, AppliedUndef):
            raise UnsupportedError(f"the derivative {e} is not differentiated here")
        args = body.expr.args
        for v in body.variables:
            others = [a for a in args if a != v]
            if len(args) - len(others) != 1 or any(self._moves(a, getattr(v, "base", v)) for a in others):
                raise UnsupportedError(f"the derivative {e} is not one in one slot")
        orders = tuple(sum(v == a for v in body.variables) for a in args)
        return body.expr.func, orders, tuple(put.get(a, a) for a in args)

    def _derivative(self, e: sp.Basic, env: Env) -> Any:
        """A first derivative as a slope, with the variable's own definition cut; others only of undefined functions."""
        by = None if isinstance(e, sp.Subs) or len(e.variables) > 1 else e.variables[0]
        if isinstance(by, (sp.Symbol, sp.Indexed)):
            return self.slope(e.expr, env, (getattr(by, "base", by), self.index(by, env)))
        function, orders, args = self._partial(e)
        return self.field.undefined(function, orders, [self.value(a, env) for a in args])

    # -- branches -----------------------------------------------------------------------------
    def _branch(self, e: sp.Basic, env: Env, kink: Kink | None) -> tuple[int, sp.Basic]:
        """(sign, part) with e = sign·part here; kink says whether the border a = b is one."""
        if isinstance(e, sp.Abs):
            return self._compared(e.args[0], _NOTHING, env, kink), e.args[0]
        if isinstance(e, sp.Piecewise):
            for part, condition in e.args:
                if self.holds(condition, env, kink):
                    return 1, part
            raise UndefinedError(f"no branch of {e} holds")
        if self.off_kinks is not None:
            [self._compared(one, other, env, kink) for one, other in itertools.combinations(e.args, 2)]
        best = e.args[0]
        for other in e.args[1:]:
            sign = self._compared(other, best, env, kink)
            best = other if (sign > 0 if isinstance(e, sp.Max) else sign < 0) else best
        return 1, best

    def _compared(self, a: sp.Basic, b: sp.Basic, env: Env, kink: Kink | None) -> int:
        """The sign of a − b; where whole numbers are equal there is no kink."""
        moved = self.off_kinks is not None and any(self._moves(side, self.off_kinks) for side in (a, b))
        border = not (a.is_integer and b.is_integer) and (moved or (kink is not None and kink(a, b)))
        return self.field.sign(self.value(a, env) - self.value(b, env), border)

    def holds(self, c: sp.Basic, env: Env, kink: Kink | None = None) -> bool:
        """Whether a condition is true here."""
        match c:
            case sp.logic.boolalg.BooleanTrue() | sp.logic.boolalg.BooleanFalse():
                return bool(c)
            case sp.And():
                return all(self.holds(a, env, kink) for a in c.args)
            case sp.Or():
                return any(self.holds(a, env, kink) for a in c.args)
            case sp.Not():
                return not self.holds(c.args[0], env, kink)
            case sp.ITE():
                return self.holds(c.args[1 if self.holds(c.args[0], env, kink) else 2], env, kink)
            case sp.core.relational.Relational():
                sign = self._compared(c.args[0], c.args[1], env, kink)
                return sign in _MEETS[type(c)]
        raise UnsupportedError(f"the condition {c} is not known here")

    # -- matrices -----------------------------------------------------------------------------
    def _matrix(self, of: sp.Basic, span: tuple[sp.Expr, sp.Expr], seed: Seed | None = None) -> list[list[Any]]:
        """The entries of a matrix, or their slopes."""
        lo, hi = (self.integer(end, {}) for end in span)
        entries = range(lo, hi + 1)
        if len(entries) > 4:
            raise UnsupportedError("a matrix of more than four rows")
        return [
            [self._leaf(of, (i, j)) if seed is None else self._leaf_slope(of, (i, j), seed) for j in entries]
            for i in entries
        ]

    def _determinant_slope(self, e: Determinant, seed: Seed) -> Any:
        """A determinant is linear in each entry: the sum of cofactor times slope."""
        rows, slopes = self._matrix(e.of, e.span), self._matrix(e.of, e.span, seed)
        total = self.zero
        for i, j in itertools.product(range(len(rows)), repeat=2):
            if not self._is_zero(slopes[i][j]):
                total = total + cofactor(self.field, rows, i, j) * slopes[i][j]
        return total

    def _inverse(self, base: InverseBase) -> list[list[Any]]:
        if base not in self.known:
            rows = self._matrix(base.of, base.span)
            scale = self.field.inverse(determinant(self.field, rows))
            size = range(len(rows))
            self.known[base] = [[cofactor(self.field, rows, j, i) * scale for j in size] for i in size]
        found: list[list[Any]] = self.known[base]
        return found

    def _place(self, base: InverseBase, index: tuple[int, ...]) -> tuple[int, int]:
        start, size = self.integer(base.span[0], {}), len(self._inverse(base))
        i, j = (n - start for n in index)
        if not (0 <= i < size and 0 <= j < size):
            raise UndefinedError(f"the entry {index} lies outside the matrix {base.of}")
        return i, j

    def _inverse_slope(self, base: InverseBase, index: tuple[int, ...], seed: Seed) -> Any:
        """From B·A = 1: the slope of B is −B·A'·B."""
        i, j = self._place(base, index)
        inverse, slopes = self._inverse(base), self._matrix(base.of, base.span, seed)
        total = self.zero
        for k, m in itertools.product(range(len(inverse)), repeat=2):
            if not self._is_zero(slopes[k][m]):
                total = total - inverse[i][k] * slopes[k][m] * inverse[m][j]
        return total


_NOTHING = sp.Integer(0)
_MEETS = {sp.Gt: (1,), sp.Ge: (0, 1), sp.Lt: (-1,), sp.Le: (-1, 0), sp.Eq: (0,), sp.Ne: (-1, 1)}


@lru_cache(4096)
def _letters(e: sp.Basic) -> tuple[sp.Basic, ...]:
    return tuple(e.atoms(sp.Symbol, sp.Idx))


def bound_to(template: Sequence[sp.Basic], index: Sequence[int]) -> dict[sp.Basic, int]:
    """Indices with their values; an Idx is known by its label too."""
    pairs = list(zip(template, index, strict=True))
    return dict(pairs) | {i.label: n for i, n in pairs if isinstance(i, sp.Idx)}


def free_values(ranges: Mapping[sp.Basic, range], most: int) -> list[dict[sp.Basic, int]]:
    """All values of free indices with these ranges; raises UnsupportedError for more than `most`."""
    if math.prod(map(len, ranges.values())) > most:
        raise UnsupportedError(f"more than {most} entries")
    return [bound_to(list(ranges), values) for values in itertools.product(*ranges.values())]
