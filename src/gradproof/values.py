"""The value of an expression at a point.

A backend says how numbers behave (arithmetic.py): exactly, or with many digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product as cartesian
from typing import Any, Protocol

import sympy as sp
from sympy.core.function import AppliedUndef

from gradproof.arithmetic import Exact, enclosing
from gradproof.intervals import KinkError, NoBranchError, UndefinedError
from gradproof.inverse import Determinant, InverseBase, arrays_in, inverted
from gradproof.lines import is_partial

__all__ = ["KinkError", "Scene", "UndefinedError", "crossed", "evaluate", "evaluate_each", "index_values", "touching"]

MAX_SUMMANDS = 20_000  # of a sum at a point that is tried


class Scene(Protocol):
    """What `evaluate` asks of a point."""

    def symbol(self, symbol: sp.Basic) -> Any: ...

    def entry(self, base: sp.IndexedBase, index: tuple[int, ...]) -> Any: ...

    def function(self, function: type, orders: tuple[int, ...], args: Sequence[Any]) -> Any: ...


def index_values(spans: Sequence[range]) -> Iterator[tuple[int, ...]]:
    """All values of indices with these ranges, if there are not too many to try."""
    if math.prod(max(span.stop - span.start, 0) for span in spans) > MAX_SUMMANDS:  # len() knows no 10**30
        raise UndefinedError(f"more than {MAX_SUMMANDS} values of indices")
    return cartesian(*spans)


def evaluate(
    e: sp.Basic,
    scene: Scene,
    backend: Any = None,
    off_kinks: bool = False,
    env: Mapping[sp.Basic, int] | None = None,
    varying: frozenset[sp.Basic] | None = None,
) -> Any:
    """The value of `e` at a point.

    `env` gives indices their values; sums are never rebuilt for that (SymPy would move a Piecewise
    out of a sum, and so change it).  With `off_kinks`, a point on a kink of `e` (one that
    what varies can cross, if `varying` names that) raises `KinkError`; a point where `e` has no
    real value raises `UndefinedError`.
    """
    with enclosing():
        return _Evaluator(scene, backend or Exact(), off_kinks, varying).value(e, env or {})


def evaluate_each(
    e: sp.Basic, scene: Scene, backend: Any, envs: Sequence[Mapping[sp.Basic, int]], off_kinks: bool = False
) -> list[Any]:
    """The values of `e` for several values of its indices; what does not change with these is computed once."""
    with enclosing():
        evaluator = _Evaluator(scene, backend, off_kinks)
        return [evaluator.value(e, env) for env in envs]


def crossed(sides: Sequence[sp.Basic], varying: frozenset[sp.Basic] | None) -> bool:
    """Whether what varies can cross the border between two sides: a condition on something else is no kink."""
    return varying is None or any((arrays_in(s) | s.free_symbols) & varying for s in sides)


def touching(a: sp.Expr, b: sp.Expr, scene: Scene, env: Mapping[sp.Basic, int]) -> bool:
    """Whether two sides are equal at a point but not all around it, or are too close to tell."""
    try:
        with enclosing():
            _Evaluator(scene, Exact(), off_kinks=True).compare(a, b, env)
    except UndefinedError:
        return True
    return False


class _Evaluator:
    def __init__(self, scene: Scene, backend: Any, off_kinks: bool, varying: frozenset[sp.Basic] | None = None) -> None:
        self.scene, self.backend, self.off_kinks, self.varying = scene, backend, off_kinks, varying
        self.matrices: dict[Any, Any] = {}
        self.totals: dict[Any, Any] = {}  # of sums, by the values of the indices in them
        self.indices: dict[sp.Basic, set[sp.Basic]] = {}

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
                return self.value(self._branch(e, env), env)
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
        """A sum in a sum, as of a layer in the next one, is added up once for each value of its indices."""
        if e not in self.indices:
            self.indices[e] = e.atoms(sp.Symbol, sp.Idx)
        key = (e, frozenset((i, n) for i, n in env.items() if i in self.indices[e]))
        if key not in self.totals:
            self.totals[key] = self._total(e, env)
        return self.totals[key]

    def _total(self, e: sp.Sum, env: Mapping[sp.Basic, int]) -> Any:
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

    def compare(self, a: sp.Basic, b: sp.Basic, env: Mapping[sp.Basic, int]) -> int:
        gap = self.backend.join(lambda x, y: x - y, self.value(a, env), self.value(b, env))
        sign: int = self.backend.sign(gap)
        moves = self.off_kinks and not (a.is_integer and b.is_integer) and crossed((a, b), self.varying)
        if sign == 0 and moves and sp.expand(self._around(a, env) - self._around(b, env)) != 0:
            raise KinkError(f"{a} = {b}: the derivative need not exist there")
        return sign

    def _around(self, e: sp.Basic, env: Mapping[sp.Basic, int]) -> Any:
        """The formula without its branches and sums, as it is at the point and all around it."""
        if e in env:
            return sp.Integer(env[e])
        match e:
            case sp.Indexed():
                return e.base[tuple(self.integer(i, env) for i in e.indices)]
            case sp.Symbol() | sp.Idx() if e.is_integer:
                return sp.Integer(self.integer(e, env))
            case sp.Sum():
                ((index, lo, hi),) = e.limits
                span = range(self.integer(lo, env), self.integer(hi, env) + 1)
                return sp.Add(*(self._around(e.function, {**env, index: n}) for n in span))
            case sp.Piecewise():
                return self._around(self._branch(e, env), env)
            case sp.Max() | sp.Min():
                return self._around(self._best(e, env), env)
            case sp.Abs() | sp.sign() | sp.Heaviside():
                side = self.compare(e.args[0], sp.Integer(0), env)
                if isinstance(e, sp.Abs):
                    return side * self._around(e.args[0], env)
                return sp.Integer(side if isinstance(e, sp.sign) else side > 0)
        args = [self._around(a, env) for a in e.args]
        return e.func(*args) if args else e

    def _branch(self, e: sp.Piecewise, env: Mapping[sp.Basic, int]) -> sp.Basic:
        """What stands beside the first condition that holds."""
        for branch, condition in e.args:
            if self.holds(condition, env):
                return branch
        raise NoBranchError(f"no branch of {e} holds")

    def _best(self, e: sp.Basic, env: Mapping[sp.Basic, int]) -> sp.Basic:
        """The argument that is the largest, or the smallest."""
        best = e.args[0]
        for other in e.args[1:]:
            sign = self.compare(other, best, env)
            best = other if (sign > 0 if isinstance(e, sp.Max) else sign < 0) else best
        return best

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
            case sp.ITE():
                return self.holds(c.args[1 if self.holds(c.args[0], env) else 2], env)
        sign = self.compare(c.args[0], c.args[1], env)
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
                return self.backend.number(Fraction(self.compare(e.args[0], zero, env)))
            case sp.Abs():
                value = self.value(e.args[0], env)
                return value if self.compare(e.args[0], zero, env) >= 0 else -value
            case sp.Heaviside():
                sign = self.compare(e.args[0], zero, env)
                return self.value(e.args[1], env) if sign == 0 else self.backend.number(Fraction(int(sign > 0)))
            case sp.Max() | sp.Min():
                return self.value(self._best(e, env), env)
        return self.backend.function(type(e).__name__, self.value(e.args[0], env))
