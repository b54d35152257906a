"""The value of an expression at a point: exact where it can be, otherwise enclosed.

A `Backend` says how numbers behave.  `Exact` keeps rationals as fractions and turns to
intervals (mpmath's `iv`, 50 digits, outward rounding) only where a function leaves the
rationals; so a value is either a `Fraction` or an interval that certainly holds it.
`Digits` computes with mpmath's floats, for the numeric cross-checks.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from itertools import product as cartesian
from typing import Any, Protocol

import sympy as sp
from mpmath import iv, mp
from sympy.core.function import AppliedUndef

from gradproof.intervals import DIGITS, INTERVAL, KinkError, UndefinedError, enclosed
from gradproof.inverse import Determinant, InverseBase, inverted
from gradproof.lines import is_partial

__all__ = [
    "Digits",
    "Exact",
    "KinkError",
    "Scene",
    "UndefinedError",
    "bounded",
    "evaluate",
    "index_values",
    "interval_text",
]

MAX_BITS = 20_000  # of an exact number at a point that is tried
_SHOWN = 19  # characters of an irrational number
MAX_SUMMANDS = 20_000  # of a sum at a point that is tried


class Scene(Protocol):
    """What `evaluate` asks of a point."""

    def symbol(self, symbol: sp.Basic) -> Any: ...

    def entry(self, base: sp.IndexedBase, index: tuple[int, ...]) -> Any: ...

    def function(self, function: type, orders: tuple[int, ...], args: Sequence[Any]) -> Any: ...


class Exact:
    """Fractions, and intervals where a value is irrational."""

    _exact: Mapping[str, Mapping[int, int]] = {
        "exp": {0: 1}, "log": {1: 0}, "tanh": {0: 0}, "sinh": {0: 0}, "cosh": {0: 1}, "sech": {0: 1},
        "sin": {0: 0}, "cos": {0: 1}, "tan": {0: 0}, "asin": {0: 0}, "atan": {0: 0}, "asinh": {0: 0},
        "atanh": {0: 0}, "erf": {0: 0}, "erfc": {0: 1}, "acosh": {1: 0}, "acos": {1: 0},
    }  # fmt: skip

    def number(self, value: Fraction) -> Any:
        return value

    def pi(self) -> Any:
        return _with_digits(lambda: +iv.pi)

    def join(self, op: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
        if isinstance(a, Fraction) and isinstance(b, Fraction):
            return bounded(op(a, b))
        return _with_digits(lambda: op(enclosed(a), enclosed(b)))

    def sign(self, value: Any) -> int:
        if isinstance(value, Fraction):
            return (value > 0) - (value < 0)
        if value.a > 0:
            return 1
        if value.b < 0:
            return -1
        raise UndefinedError("too close to zero to tell its sign")

    def power(self, base: Any, exponent: Fraction) -> Any:
        if exponent.denominator == 1:
            if self.sign_or_none(base) == 0 and exponent < 0:
                raise UndefinedError("division by zero")
            if isinstance(base, Fraction):
                if abs(exponent) * max(base.numerator.bit_length(), base.denominator.bit_length()) > MAX_BITS:
                    raise UndefinedError(f"the power {exponent} has too many digits")
                return base**exponent.numerator
            if self.sign_or_none(base) is None and exponent < 0:
                raise UndefinedError("division by an interval around zero")
            return _with_digits(lambda: base**exponent.numerator)
        if self.sign(base) < 0 or (self.sign(base) == 0 and exponent < 0):
            raise UndefinedError(f"the power {exponent} of a number that is not positive")
        if isinstance(base, Fraction):
            root = _exact_root(base, exponent)
            if root is not None:
                return root
        return _with_digits(lambda: iv.exp(iv.log(enclosed(base)) * exponent.numerator / exponent.denominator))

    def sign_or_none(self, value: Any) -> int | None:
        try:
            return self.sign(value)
        except UndefinedError:
            return None

    def function(self, name: str, u: Any) -> Any:
        if isinstance(u, Fraction) and u.denominator == 1 and int(u) in self._exact.get(name, {}):
            return Fraction(self._exact[name][int(u)])
        return _with_digits(lambda: INTERVAL[name](enclosed(u)))


class Digits:
    """mpmath floats of `digits` digits."""

    def __init__(self, digits: int = DIGITS) -> None:
        self.digits = digits

    def number(self, value: Any) -> Any:
        return mp.mpf(value.numerator) / value.denominator if isinstance(value, Fraction) else value

    def pi(self) -> Any:
        return +mp.pi

    def join(self, op: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
        return op(self.number(a), self.number(b))

    def sign(self, value: Any) -> int:
        return int(value > 0) - int(value < 0)

    def power(self, base: Any, exponent: Fraction) -> Any:
        base = self.number(base)
        if base == 0 and exponent < 0:
            raise UndefinedError("division by zero")
        if exponent.denominator == 1:
            return base**exponent.numerator
        if base < 0:
            raise UndefinedError(f"the power {exponent} of a negative number")
        return mp.power(base, mp.mpf(exponent.numerator) / exponent.denominator)

    def function(self, name: str, u: Any) -> Any:
        if name == "log" and u <= 0:
            raise UndefinedError("the logarithm of a number that is not positive")
        value = getattr(mp, name)(u)
        if isinstance(value, mp.mpc):
            raise UndefinedError(f"{name} outside its real domain")
        return value


def _with_digits(compute: Callable[[], Any]) -> Any:
    """A computation with intervals; where it has no value, UndefinedError."""
    try:
        if iv.dps == DIGITS + 10:
            return compute()
        with _digits():
            return compute()
    except (ValueError, ZeroDivisionError, mp.NoConvergence) as error:
        raise UndefinedError(str(error)) from None


@contextmanager
def _digits() -> Iterator[None]:
    before = iv.dps
    try:
        iv.dps = DIGITS + 10
        yield
    finally:
        iv.dps = before


def index_values(spans: Sequence[range]) -> Iterator[tuple[int, ...]]:
    """All values of indices with these ranges, if there are not too many to try."""
    if math.prod(map(len, spans)) > MAX_SUMMANDS:
        raise UndefinedError(f"more than {MAX_SUMMANDS} values of indices")
    return cartesian(*spans)


def bounded(value: Any) -> Any:
    """The value, unless it is an exact number with too many digits."""
    if isinstance(value, Fraction) and max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise UndefinedError("an exact value with too many digits")
    return value


def _exact_root(base: Fraction, exponent: Fraction) -> Fraction | None:
    """base**exponent if it is rational and the root is a square root."""
    if exponent.denominator != 2:
        return Fraction(0) if base == 0 else None
    top, bottom = math.isqrt(base.numerator), math.isqrt(base.denominator)
    if top * top == base.numerator and bottom * bottom == base.denominator:
        return Fraction(top, bottom) ** exponent.numerator
    return None


def interval_text(value: Any) -> str:
    """An exact rational, or the digits of an interval that are certain."""
    if isinstance(value, Fraction):
        return str(value)
    with mp.workdps(DIGITS):
        ends = [mp.mpf(side) for side in (value.a, value.b)]
        if max(map(abs, ends)) < mp.mpf(10) ** -(DIGITS - 5):
            return f"0 to {DIGITS - 5} digits"
        low, high = (mp.nstr(side, DIGITS - 5, min_fixed=-mp.inf, max_fixed=mp.inf) for side in ends)
    certain = "".join(p for p, _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(low, high, strict=False)))
    if not any(c in "123456789" for c in certain):
        return f"between {low[:12]} and {high[:12]}"
    if "." not in certain:
        return f"between {low[:_SHOWN]} and {high[:_SHOWN]}"
    first = next(n for n, c in enumerate(certain) if c in "123456789")
    return certain[: max(_SHOWN, first + 6)] + "…"


def evaluate(
    e: sp.Basic, scene: Scene, backend: Any = None, off_kinks: bool = False, env: Mapping[sp.Basic, int] | None = None
) -> Any:
    """The value of `e` at a point.

    `env` gives indices their values; sums are never rebuilt for that (SymPy would move a Piecewise
    out of a sum, and so change it).  With `off_kinks`, a point on a kink of `e` raises `KinkError`; a point where `e` has no
    real value raises `UndefinedError`.
    """
    with _digits():
        return _Evaluator(scene, backend or Exact(), off_kinks).value(e, env or {})


class _Evaluator:
    def __init__(self, scene: Scene, backend: Any, off_kinks: bool) -> None:
        self.scene, self.backend, self.off_kinks = scene, backend, off_kinks
        self.matrices: dict[Any, Any] = {}

    def value(self, e: sp.Basic, env: Mapping[sp.Basic, int]) -> Any:
        b = self.backend
        if e in env:
            return b.number(Fraction(env[e]))
        match e:
            case sp.Rational():
                return b.number(Fraction(int(e.p), int(e.q)))
            case sp.Symbol() | sp.Idx():
                return self.scene.symbol(e)
            case sp.Indexed() if isinstance(e.base, InverseBase):
                return self._inverse_entry(e.base, [self.integer(i, env) for i in e.indices])
            case Determinant():
                return self._inverted(e.of, e.span)[1]
            case sp.Indexed():
                return self.scene.entry(e.base, tuple(self.integer(i, env) for i in e.indices))
            case sp.Add():
                return self._fold(lambda x, y: x + y, [self.value(a, env) for a in e.args])
            case sp.Mul():
                return self._fold(lambda x, y: x * y, [self.value(a, env) for a in e.args])
            case sp.Pow():
                return self._power(e, env)
            case sp.Sum():
                return self._sum(e, env)
            case sp.core.numbers.Pi():
                return b.pi()
            case sp.core.numbers.Exp1():
                return b.function("exp", b.number(Fraction(1)))
            case sp.Subs() | sp.Derivative():
                return self._derivative(e, env)
            case AppliedUndef():
                args = [self.value(a, env) for a in e.args]
                return self.scene.function(e.func, (0,) * len(args), args)
            case sp.Piecewise():
                for branch, condition in e.args:
                    if self.holds(condition, env):
                        return self.value(branch, env)
                raise UndefinedError(f"no branch of {e} holds")
        return self._function(e, env)

    def _inverted(self, of: sp.IndexedBase, span: tuple[sp.Expr, sp.Expr]) -> Any:
        """(inverse, determinant) of a matrix whose indices run over `span`."""
        if (of, span) not in self.matrices:
            lo, hi = (self.integer(x, {}) for x in span)
            rows = [[self.scene.entry(of, (i, j)) for j in range(lo, hi + 1)] for i in range(lo, hi + 1)]
            self.matrices[of, span] = inverted(rows, self.backend)
        return self.matrices[of, span]

    def _inverse_entry(self, base: InverseBase, indices: Sequence[int]) -> Any:
        rows, start = self._inverted(base.of, base.span)[0], self.integer(base.span[0], {})
        if rows is None:
            raise UndefinedError(f"{base.of} is singular: it has no inverse")
        i, j = (n - start for n in indices)
        if not (0 <= i < len(rows) and 0 <= j < len(rows)):
            raise UndefinedError(f"the entry {tuple(indices)} lies outside the matrix {base.of}")
        return rows[i][j]

    def integer(self, e: sp.Basic, env: Mapping[sp.Basic, int]) -> int:
        if e in env:
            return env[e]
        value = self.value(e, env)
        if value == int(value):
            return int(value)
        raise UndefinedError(f"the index {e} is {value}, not an integer")

    def _fold(self, op: Callable[[Any, Any], Any], values: list[Any]) -> Any:
        total = values[0]
        for v in values[1:]:
            total = self.backend.join(op, total, v)
        return total

    def _power(self, e: sp.Pow, env: Mapping[sp.Basic, int]) -> Any:
        base, exponent = e.args
        if base == sp.E:
            return self.backend.function("exp", self.value(exponent, env))
        value = self.value(base, env)
        if isinstance(exponent, sp.Rational):
            n = Fraction(int(exponent.p), int(exponent.q))
            if self.off_kinks and n.denominator != 1 and self.backend.sign(value) == 0:
                raise KinkError(f"{e} has no derivative where {base} is 0")
            return self.backend.power(value, n)
        n = self.value(exponent, env)
        if exponent.is_integer and isinstance(n, Fraction):
            return self.backend.power(value, n)
        sign = self.backend.sign(value)
        if sign < 0 or (sign == 0 and self.backend.sign(n) <= 0):
            raise UndefinedError(f"the real power {exponent} of {base}, which is not positive")
        if sign == 0:
            return self.backend.number(Fraction(0))
        if isinstance(n, Fraction) and n.denominator == 1:
            return self.backend.power(value, n)
        log = self.backend.function("log", value)
        return self.backend.function("exp", self.backend.join(lambda x, y: x * y, log, n))

    def _sum(self, e: sp.Sum, env: Mapping[sp.Basic, int]) -> Any:
        spans = [range(self.integer(lo, env), self.integer(hi, env) + 1) for _, lo, hi in e.limits]
        if not all(spans):
            self._defined(e.function, [limit[0] for limit in e.limits], env)
        total = self.backend.number(Fraction(0))
        for values in index_values(spans):
            inner = {**env, **dict(zip((limit[0] for limit in e.limits), values, strict=True))}
            total = self.backend.join(lambda x, y: x + y, total, self.value(e.function, inner))
        return total

    def _defined(self, e: sp.Basic, bound: Sequence[sp.Basic], env: Mapping[sp.Basic, int]) -> None:
        """An empty sum has a value only where the parts of its summand that it does not bind have one."""
        if isinstance(e, sp.Expr) and not e.has(*bound):
            self.value(e, env)
        elif not isinstance(e, (sp.Sum, sp.Indexed)):
            for a in e.args:
                self._defined(a, bound, env)
        elif isinstance(e, sp.Sum):
            self._defined(e.function, [*bound, e.limits[0][0]], env)

    def _derivative(self, e: sp.Basic, env: Mapping[sp.Basic, int]) -> Any:
        body, values = (e.expr, dict(zip(e.variables, e.point, strict=True))) if isinstance(e, sp.Subs) else (e, {})
        if not isinstance(body, sp.Derivative) or not is_partial(body):
            raise UndefinedError(f"{e} has no value here")
        function = body.expr
        orders = tuple(sum(v == a for v in body.variables) for a in function.args)
        args = [self.value(values.get(a, a), env) for a in function.args]
        return self.scene.function(function.func, orders, args)

    def _compare(self, a: sp.Basic, b: sp.Basic, env: Mapping[sp.Basic, int]) -> int:
        gap = self.backend.join(lambda x, y: x - y, self.value(a, env), self.value(b, env))
        sign: int = self.backend.sign(gap)
        if sign == 0 and self.off_kinks and not (a.is_integer and b.is_integer):
            raise KinkError(f"{a} = {b}: the derivative need not exist there")
        return sign

    def holds(self, c: sp.Basic, env: Mapping[sp.Basic, int]) -> bool:
        """Whether a condition is true at this point."""
        match c:
            case sp.logic.boolalg.BooleanTrue():
                return True
            case sp.logic.boolalg.BooleanFalse():
                return False
            case sp.And():
                return all(self.holds(a, env) for a in c.args)
            case sp.Or():
                return any(self.holds(a, env) for a in c.args)
            case sp.Not():
                return not self.holds(c.args[0], env)
        sign = self._compare(c.args[0], c.args[1], env)
        return {
            sp.Gt: sign > 0, sp.Ge: sign >= 0, sp.Lt: sign < 0, sp.Le: sign <= 0, sp.Eq: sign == 0, sp.Ne: sign != 0,
        }[type(c)]  # fmt: skip

    def _function(self, e: sp.Basic, env: Mapping[sp.Basic, int]) -> Any:
        zero = sp.Integer(0)
        match e:
            case sp.KroneckerDelta():
                gap = self.backend.join(lambda x, y: x - y, self.value(e.args[0], env), self.value(e.args[1], env))
                return self.backend.number(Fraction(int(self.backend.sign(gap) == 0)))
            case sp.sign():
                return self.backend.number(Fraction(self._compare(e.args[0], zero, env)))
            case sp.Abs():
                value = self.value(e.args[0], env)
                return value if self._compare(e.args[0], zero, env) >= 0 else -value
            case sp.Heaviside():
                sign = self._compare(e.args[0], zero, env)
                return self.value(e.args[1], env) if sign == 0 else self.backend.number(Fraction(int(sign > 0)))
            case sp.Max() | sp.Min():
                best = e.args[0]
                for other in e.args[1:]:
                    sign = self._compare(other, best, env)
                    best = other if (sign > 0 if isinstance(e, sp.Max) else sign < 0) else best
                return self.value(best, env)
        return self.backend.function(type(e).__name__, self.value(e.args[0], env))
