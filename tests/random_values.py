"""What a formula is worth, with nothing of gradproof: every sum written out, by NumPy or JAX or with 150 digits.

`Values` evaluates at all points of a scene at once, in double precision; `Digits` at one, with mpmath.
What is not a real number is nan: a power with a real exponent has a positive base, or is 0 to a positive exponent,
and an empty sum has a value where the parts of its summand have one that it does not bind.  `gaps` holds how far the
points are from where the formula branches.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
from mpmath import mp
from sympy.core.function import AppliedUndef

from random_points import Key, Scene, slope

DIGITS = 150
MOST_DIGITS = 3000
_HUGE = 10**6  # an argument of which these have no value here, nor is it an exponent
_PERIODIC = ("exp", "sin", "cos", "tan", "sinh", "cosh", "tanh", "coth", "sech", "csch", "erf", "erfc")
Env = Mapping[sp.Basic, Any]


def heading(e: sp.Basic) -> str:
    """The name of an array or symbol."""
    return str(getattr(e.base if isinstance(e, sp.Indexed) else e, "label", e))


def _whole(e: sp.Basic) -> bool:
    """Whether a formula is made of sizes, indices and whole numbers."""
    kinds = (sp.Integer, sp.Symbol, sp.Idx, sp.Add, sp.Mul, sp.Tuple, sp.Indexed, sp.IndexedBase)
    return bool(e.is_integer) and all(isinstance(part, kinds) for part in sp.preorder_traversal(e))


class Values:
    """Formulas at the points of a scene.

    definitions: of named quantities.  leaves: values that are put in the place of the scene's, by name and index.
    varying: the names of letters that branches are noted of in `gaps`; None for all.
    """

    def __init__(
        self,
        scene: Scene,
        definitions: Sequence[sp.Eq] = (),
        leaves: Mapping[Key, Any] | None = None,
        module: Any = np,
        varying: frozenset[str] | None = None,
    ) -> None:
        self.scene, self.xp, self.leaves = scene, module, dict(leaves or {})
        self.definitions = {heading(d.lhs): d for d in definitions}
        self.varying, self.gaps = varying, []
        self.used: set[Key] = set()
        self._named: dict[Key, Any] = {}

    # -- numbers ------------------------------------------------------------------------
    def constant(self, value: Fraction) -> Any:
        return float(value)

    def numbers(self, name: str, index: tuple[int, ...], positive: bool) -> Any:
        return self.xp.asarray([float(v) for v in self.scene.numbers(name, index, positive)])

    def where(self, holds: Any, one: Any, other: Any) -> Any:
        if isinstance(holds, (bool, np.bool_)):
            return one() if holds else other()
        return self.xp.where(holds, one(), other())

    def both(self, one: Any, other: Any) -> Any:
        return one & other

    def nowhere(self, value: Any, undefined: Any) -> Any:
        """The value, nan where a condition holds."""
        return self.xp.where(undefined, math.nan, value)

    def elementary(self, name: str, u: Any) -> Any:
        xp = self.xp
        match name:
            case "log":
                return xp.log(self.nowhere(u, u <= 0))
            case "sech" | "csch" | "coth":
                below = {"sech": xp.cosh, "csch": xp.sinh, "coth": xp.tanh}[name](u)
                return 1 / self.nowhere(below, below == 0)
            case "asin" | "acos" | "atanh":
                return getattr(xp, f"arc{name[1:]}")(self.nowhere(u, abs(u) >= 1))
            case "acosh":
                return xp.arccosh(self.nowhere(u, u <= 1))
            case "atan" | "asinh":
                return getattr(xp, f"arc{name[1:]}")(u)
            case "erf" | "erfc":
                erf = self._erf(u)
                return erf if name == "erf" else 1 - erf
        return getattr(xp, name)(u)

    def _erf(self, u: Any) -> Any:
        if self.xp is np:
            return np.vectorize(math.erf, otypes=[float])(u)
        import jax

        return jax.scipy.special.erf(u)

    def whole_power(self, base: Any, n: int) -> Any:
        if n < 0:
            return 1 / self.whole_power(self.nowhere(base, base == 0), -n)
        result: Any = 1.0
        for _ in range(n):
            result = result * base
        return result

    def real_power(self, base: Any, exponent: Any) -> Any:
        """For a positive base; and 0 to a positive exponent."""
        power = self.xp.exp(exponent * self.xp.log(self.nowhere(base, base <= 0)))
        return self.xp.where((base == 0) & (exponent > 0), 0.0, power)

    def finite(self, value: Any) -> Any:
        return self.xp.isfinite(value)

    # -- formulas -------------------------------------------------------------------------
    def value(self, e: sp.Basic, env: Env | None = None) -> Any:
        env = env or {}
        if e in env:
            return env[e]
        match e:
            case sp.Rational():
                return self.constant(Fraction(int(e.p), int(e.q)))
            case sp.Float():
                return self.constant(Fraction(repr(float(e))))
            case sp.Idx() | sp.Symbol():
                return self._letter(e, env)
            case sp.Indexed():
                return self._leaf(
                    heading(e), tuple(self.integer(i, env) for i in e.indices), e.base.is_positive is True
                )
            case sp.Add() | sp.Mul():
                total = self.value(e.args[0], env)
                for a in e.args[1:]:
                    total = total + self.value(a, env) if isinstance(e, sp.Add) else total * self.value(a, env)
                return total
            case sp.Pow():
                return self._power(e, env)
            case sp.Sum():
                return self._sum(e.function, list(e.limits), env)
            case sp.Piecewise():
                return self._branches(list(e.args), env)
            case sp.Derivative() | sp.Subs():
                return self._slope(e, env)
            case AppliedUndef():
                return self._polynomial(e, (0,) * len(e.args), env)
            case sp.NumberSymbol():
                return self.elementary("exp", self.constant(Fraction(1))) if e == sp.E else self.pi()
        return self._function(e, env)

    def pi(self) -> Any:
        return math.pi

    def integer(self, e: sp.Basic, env: Env) -> int:
        """A whole number: indices, sizes and sums and products of these."""
        if e in env:
            return int(env[e])
        match e:
            case sp.Idx():
                return int(env[e.label]) if e.label in env else self._size(e)
            case sp.Symbol():
                return self._size(e)
            case sp.Add():
                return sum(self.integer(a, env) for a in e.args)
            case sp.Indexed():
                key = (heading(e), tuple(self.integer(at, env) for at in e.indices))
                self.used.add(key)
                return int(self.scene.numbers(*key)[0])
            case sp.Mul():
                return math.prod(self.integer(a, env) for a in e.args)
        return int(e)

    def _size(self, e: sp.Basic) -> int:
        name = heading(e)
        return self.scene.sizes[name] if name in self.scene.sizes else int(self.scene.numbers(name)[0])

    def _letter(self, e: sp.Basic, env: Env) -> Any:
        if e.is_integer:
            return self.constant(Fraction(self.integer(e, env)))
        return self._leaf(heading(e), (), e.is_positive is True)

    def entry(self, name: str, index: tuple[int, ...]) -> Any:
        """The value of a letter, or of an entry, by name."""
        return self._leaf(name, index, False)

    def _leaf(self, name: str, index: tuple[int, ...], positive: bool) -> Any:
        key = (name, index)
        if key in self.leaves:
            return self.leaves[key]
        if name not in self.definitions:
            self.used.add(key)
            return self.numbers(name, index, positive)
        if key not in self._named:
            d = self.definitions[name]
            self._named[key] = self.value(d.rhs, dict(zip(getattr(d.lhs, "indices", ()), index, strict=True)))
        return self._named[key]

    def _power(self, e: sp.Pow, env: Env) -> Any:
        base, exponent = e.args
        if base == sp.E:
            return self.elementary("exp", self.value(exponent, env))
        u = self.value(base, env)
        if isinstance(exponent, sp.Integer):
            return self.whole_power(u, int(exponent))
        if exponent.is_integer:
            return self.whole_power(u, self.integer(exponent, env))
        if not isinstance(exponent, sp.Rational):
            return self.real_power(u, self.value(exponent, env))
        self._branch(base, u)
        root = self.real_power(self.nowhere(u, u <= 0), self.constant(Fraction(int(exponent.p), int(exponent.q))))
        return self.where(self.both(u == 0, bool(exponent > 0)), lambda: 0 * u, lambda: root)

    def _sum(self, body: sp.Expr, limits: list[sp.Tuple], env: Env) -> Any:
        if not limits:
            return self.value(body, env)
        *inner, (index, low, high) = limits
        total = self.constant(Fraction(0))
        span = range(self.integer(low, env), self.integer(high, env) + 1)
        if not span:
            known = self._defined(body, [limit[0] for limit in limits], env)
            return total if known is True else self.where(known, lambda: total, lambda: math.nan)
        for n in span:
            total = total + self._sum(body, inner, {**env, index: n, getattr(index, "label", index): n})
        return total

    def _defined(self, e: sp.Basic, bound: list[sp.Basic], env: Env) -> Any:
        """Whether the parts without a bound letter have values."""
        if isinstance(e, sp.Expr) and not e.has(*bound):
            return self.finite(self.value(e, env))
        if isinstance(e, sp.Sum):
            return self._defined(e.function, [*bound, *(limit[0] for limit in e.limits)], env)
        known: Any = True
        for a in () if isinstance(e, sp.Indexed) else e.args:
            known = self.both(known, self._defined(a, bound, env))
        return known

    # -- branches -------------------------------------------------------------------------
    def _branch(self, e: sp.Basic, gap: Any) -> None:
        if self.varying is None or not self.varying.isdisjoint({heading(x) for x in e.free_symbols}):
            self.gaps.append(gap)

    def _branches(self, branches: list[sp.Tuple], env: Env) -> Any:
        if not branches:
            return math.nan
        (value, condition), *others = branches
        holds, known = self._truth(condition, env)
        chosen = self.where(holds, lambda: self.value(value, env), lambda: self._branches(others, env))
        return chosen if known is True else self.where(known, lambda: chosen, lambda: math.nan)

    def _truth(self, c: sp.Basic, env: Env) -> tuple[Any, Any]:
        """(whether a condition holds, whether its sides have values)."""
        match c:
            case sp.logic.boolalg.BooleanTrue() | sp.logic.boolalg.BooleanFalse():
                return bool(c), True
            case sp.Not():
                holds, known = self._truth(c.args[0], env)
                return (not holds if isinstance(holds, bool) else ~holds), known
            case sp.And() | sp.Or():
                parts = [self._truth(a, env) for a in c.args]
                holds, known = parts[0]
                for other, sure in parts[1:]:
                    holds, known = (holds & other if isinstance(c, sp.And) else holds | other), self.both(known, sure)
                return holds, known
            case sp.ITE():
                return self._truth(sp.Or(sp.And(c.args[0], c.args[1]), sp.And(sp.Not(c.args[0]), c.args[2])), env)
        if all(map(_whole, c.args)):
            gap: Any = self.integer(c.args[0], env) - self.integer(c.args[1], env)
            known: Any = True
        else:
            gap = self.value(c.args[0], env) - self.value(c.args[1], env)
            self._branch(c, gap)
            known = self.finite(gap)
        holds = {sp.Gt: gap > 0, sp.Ge: gap >= 0, sp.Lt: gap < 0, sp.Le: gap <= 0, sp.Eq: gap == 0, sp.Ne: gap != 0}
        return holds[type(c)], known

    def _function(self, e: sp.Basic, env: Env) -> Any:
        if isinstance(e, sp.KroneckerDelta):
            if all(map(_whole, e.args[:2])):
                return self.constant(Fraction(self.integer(e.args[0], env) == self.integer(e.args[1], env)))
            return self._branches(
                [sp.Tuple(sp.S.One, sp.Eq(*e.args[:2], evaluate=False)), sp.Tuple(sp.S.Zero, sp.true)], env
            )
        args = [self.value(a, env) for a in e.args]
        u = args[0]
        if isinstance(e, (sp.Max, sp.Min)):
            for v in args[1:]:
                gap = v - u
                self._branch(e, gap)
                u = self.where(gap > 0 if isinstance(e, sp.Max) else gap < 0, lambda v=v: v, lambda u=u: u) + 0 * gap
            return u
        if isinstance(e, (sp.Abs, sp.sign, sp.Heaviside)):
            self._branch(e, u)
            low, level, high = {
                sp.Abs: (-u, u, u), sp.sign: (-1.0, 0.0, 1.0), sp.Heaviside: (0.0, args[-1], 1.0),
            }[type(e)]  # fmt: skip
            return self.where(u > 0, lambda: high, lambda: self.where(u < 0, lambda: low, lambda: level)) + 0 * u
        return self.elementary(type(e).__name__, u)

    # -- undefined functions ----------------------------------------------------------------
    def _slope(self, e: sp.Basic, env: Env) -> Any:
        if isinstance(e, sp.Subs):
            return self._slope(
                e.expr, {**env, **{v: self.value(p, env) for v, p in zip(e.variables, e.point, strict=True)}}
            )
        if not isinstance(e.expr, AppliedUndef) or any(v not in e.expr.args for v in e.variables):
            raise NotImplementedError(f"the value of {e}")
        return self._polynomial(e.expr, tuple(sum(v == a for v in e.variables) for a in e.expr.args), env)

    def _polynomial(self, e: AppliedUndef, orders: tuple[int, ...], env: Env) -> Any:
        args = [self.value(a, env) for a in e.args]
        total: Any = self.constant(Fraction(0))
        for powers, c in slope(self.scene.polynomial(e.func.__name__, len(args)), orders).items():
            term = self.constant(c)
            for u, p in zip(args, powers, strict=True):
                term = term * self.whole_power(u, p)
            total = total + term
        return total


class Digits(Values):
    """A formula at the first point of a scene, with 150 digits; call within `mp.workdps(DIGITS)`."""

    largest: Any = 0  # of all values on the way

    def value(self, e: sp.Basic, env: Env | None = None) -> Any:
        value = super().value(e, env)
        if mp.isfinite(value) and abs(value) > self.largest:
            self.largest = abs(value)
        return value

    def constant(self, value: Fraction) -> Any:
        return mp.mpf(value.numerator) / value.denominator

    def numbers(self, name: str, index: tuple[int, ...], positive: bool) -> Any:
        return self.constant(self.scene.numbers(name, index, positive)[0])

    def where(self, holds: Any, one: Any, other: Any) -> Any:
        return one() if holds else other()

    def nowhere(self, value: Any, undefined: Any) -> Any:
        return mp.nan if undefined else value

    def finite(self, value: Any) -> Any:
        return bool(mp.isfinite(value))

    def pi(self) -> Any:
        return +mp.pi

    def elementary(self, name: str, u: Any) -> Any:
        if not mp.isfinite(u) or (abs(u) > _HUGE and name in _PERIODIC) or (name == "log" and u <= 0):
            return mp.nan
        value = getattr(mp, name)(u) if name not in ("csch", "coth") or u else mp.nan
        return value if isinstance(value, mp.mpf) else mp.nan

    def real_power(self, base: Any, exponent: Any) -> Any:
        if not (mp.isfinite(base) and abs(exponent) < _HUGE):
            return mp.nan
        if base == 0:
            return base if exponent > 0 else mp.nan
        return mp.power(base, exponent) if base > 0 else mp.nan


def precisely(e: sp.Basic, point: Scene, definitions: Sequence[sp.Eq] = (), env: Env | None = None) -> Any:
    """The value at a point, with digits enough for what cancels on the way; None where it has none."""
    digits = DIGITS
    while digits < MOST_DIGITS:
        with mp.workdps(digits):
            numbers = Digits(point, definitions)
            value = numbers.value(e, env)
            if not mp.isfinite(value):
                return None
            needed = DIGITS + 2 * int(mp.log10(1 + numbers.largest))  # twice: a small one may be what is left
        if needed <= digits + 20:
            return value
        digits = needed
    return None
