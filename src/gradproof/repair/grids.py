"""Formulas at a few points, in floats: one number for each value of the indices in scope.

A claim is cut into places.  What stands at a place can be exchanged and the claim's new value
found by going up from there alone, which makes a change cost microseconds.  Nothing is decided
here: a change whose numbers agree with the gradient's is proved afterwards.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import sympy as sp
from mpmath import fp
from sympy.core.function import AppliedUndef

from gradproof.lines import is_partial
from gradproof.points import Point
from gradproof.values import UndefinedError, evaluate

__all__ = ["Grid", "Place", "Scope", "Table", "close", "is_number", "places"]

Table = Sequence[Any]

MAX_ENTRIES = 3000  # of a table
_CLOSE = 1e-8
_TINY = 1e-13


class Scope:
    """The limits (index, lo, hi) of the sums around a place, outermost first; one object for each place in sums."""

    def __init__(self, limits: tuple[sp.Tuple, ...] = ()) -> None:
        self.limits = limits
        self._inner: dict[sp.Tuple, Scope] = {}

    def under(self, total: sp.Sum) -> Scope:
        """The scope of a sum's summand."""
        (limit,) = total.limits
        if limit not in self._inner:
            self._inner[limit] = Scope((*self.limits, limit))
        return self._inner[limit]


OUTSIDE = Scope()


@dataclass(frozen=True)
class Place:
    """A part of a formula: the nodes above it, each with the part's number in it and the scope there, nearest first."""

    node: sp.Basic
    above: tuple[tuple[sp.Basic, int, Scope], ...] = ()
    scope: Scope = OUTSIDE

    @property
    def parent(self) -> sp.Basic | None:
        return self.above[0][0] if self.above else None


def places(e: sp.Basic, above: tuple[Any, ...] = (), scope: Scope = OUTSIDE) -> Iterator[Place]:
    """Every part of a formula that may be changed, from the whole down to symbols, entries and numbers.

    Not: rational numbers that are a factor or a power, sizes in a power, and indices.
    """
    parent = above[0][0] if above else None
    if isinstance(e, sp.Idx) or (isinstance(parent, (sp.Mul, sp.Pow)) and e.is_Rational):
        return
    if isinstance(parent, sp.Pow) and isinstance(e, sp.Symbol) and e.is_integer:
        return
    yield Place(e, above, scope)
    if isinstance(e, sp.Sum):
        yield from places(e.function, ((e, 0, scope), *above), scope.under(e))
    elif not _is_leaf(e):
        for n, part in enumerate(e.args):
            yield from places(part, ((e, n, scope), *above), scope)


def is_number(e: sp.Basic) -> bool:
    """Whether an expression holds no letter; SymPy's own question rebuilds sums."""
    return isinstance(e, (sp.Number, sp.NumberSymbol)) or (bool(e.args) and all(map(is_number, e.args)))


class Grid:
    """The tables of formulas at one point.

    resolve: puts what they are for derivatives of named quantities.
    """

    def __init__(self, point: Point, resolve: Callable[[sp.Expr], sp.Expr]) -> None:
        self.point, self.resolve = point, resolve
        self._tables: dict[tuple[sp.Basic, Scope], Table] = {}
        self._leaves: dict[Any, float] = {}
        self._rests: dict[Any, Callable[[Table], Table]] = {}
        self._spans: dict[sp.Basic, range] = {}
        self._scenes: dict[Scope, list[dict[sp.Basic, int]]] = {}

    def value(self, e: sp.Basic) -> Any:
        """The value of a formula with no index in scope."""
        return self.table(e, OUTSIDE)[0]

    def table(self, e: sp.Basic, scope: Scope) -> Table:
        """The values of `e`, the last index of the scope the fastest."""
        found = self._tables.get((e, scope))
        if found is None:
            found = self._tables[e, scope] = self._computed(e, scope)
        return found

    def _computed(self, e: sp.Basic, scope: Scope) -> Table:
        if isinstance(e, sp.Sum):
            return self._added(self.table(e.function, scope.under(e)), e)
        if isinstance(e, sp.Derivative) and not is_partial(e):
            return self.table(self.resolve(e), scope)
        if _is_leaf(e):
            return self._leaf(e, scope)
        op = self._operation(e)
        return [op(*values) for values in zip(*(self.table(a, scope) for a in e.args), strict=True)]

    def _leaf(self, e: sp.Basic, scope: Scope) -> Table:
        """Values of a number, symbol or entry, each index value of its own once."""
        free = e.free_symbols
        own = [limit[0] for limit in scope.limits if limit[0] in free]
        values = []
        for env in self._assignments(scope):
            key = (e, *(env[i] for i in own))
            if key not in self._leaves:
                self._leaves[key] = self._at(e, env)
            values.append(self._leaves[key])
        return values

    def _at(self, e: sp.Basic, env: Mapping[sp.Basic, int]) -> Any:
        if e in (sp.true, sp.false):
            return bool(e)
        if not e.args and e.is_number and not (e.is_finite and e.is_real):
            return math.nan
        try:
            value = evaluate(e, self.point, env=env)
            return float(value) if isinstance(value, Fraction) else float(value.mid)
        except (UndefinedError, OverflowError):
            return math.nan

    def _span(self, limit: sp.Tuple) -> range:
        if limit not in self._spans:
            lo, hi = (int(evaluate(bound, self.point)) for bound in limit[1:])
            self._spans[limit] = range(lo, hi + 1)
        return self._spans[limit]

    def _assignments(self, scope: Scope) -> list[dict[sp.Basic, int]]:
        if scope not in self._scenes:
            spans = [self._span(limit) for limit in scope.limits]
            if math.prod(map(len, spans)) > MAX_ENTRIES:
                raise UndefinedError("too many values of the indices for a quick look")
            self._scenes[scope] = [
                {limit[0]: v for limit, v in zip(scope.limits, values, strict=True)} for values in product(*spans)
            ]
        return self._scenes[scope]

    def _added(self, table: Table, total: sp.Sum) -> Table:
        size = len(self._span(total.limits[0]))
        return [sum(table[n : n + size]) for n in range(0, len(table), size)] if size else [0.0]

    def _operation(self, e: sp.Basic) -> Callable[..., Any]:
        if isinstance(e, AppliedUndef):
            orders = (0,) * len(e.args)
            return _guarded(lambda *values: self.point.function(e.func, orders, values))
        return _OPERATIONS.get(type(e)) or _guarded(getattr(fp, type(e).__name__.lower()))

    # -- a change ---------------------------------------------------------------------------
    def lifted(self, place: Place, table: Table) -> Any:
        """The whole formula's value with this table at a place."""
        for node, n, scope in place.above:
            table = self._rest(node, n, scope)(table)
        return table[0]

    def _rest(self, node: sp.Basic, n: int, scope: Scope) -> Callable[[Table], Table]:
        """What a node makes of the table of its n-th part."""
        key = (node, n, scope)
        if key not in self._rests:
            self._rests[key] = self._around(node, n, scope)
        return self._rests[key]

    def _around(self, node: sp.Basic, n: int, scope: Scope) -> Callable[[Table], Table]:
        if isinstance(node, sp.Sum):
            return lambda table: self._added(table, node)
        others = [self.table(a, scope) for a in node.args]
        if isinstance(node, (sp.Add, sp.Mul)):
            op = operator.add if isinstance(node, sp.Add) else operator.mul
            rest = list(map(self._operation(node), *others[:n], *others[n + 1 :]))
            return lambda table: list(map(op, rest, table))
        whole = self._operation(node)
        return lambda table: list(map(whole, *others[:n], table, *others[n + 1 :]))


def close(one: Any, other: Any) -> bool:
    """Whether two floats may be one number; nan is close to nothing."""
    return bool(abs(one - other) <= _CLOSE * abs(other) + _TINY)


def _is_leaf(e: sp.Basic) -> bool:
    return not e.args or isinstance(e, (sp.Indexed, sp.KroneckerDelta, sp.Derivative, sp.Subs, sp.Idx))


def _guarded(op: Callable[..., Any]) -> Callable[..., Any]:
    """The operation, with nan where it has no real value."""

    def guarded(*values: Any) -> Any:
        try:
            value = op(*values)
        except (ValueError, ZeroDivisionError, OverflowError, TypeError):
            return math.nan
        return math.nan if isinstance(value, complex) else value

    return guarded


def _branch(*pairs: tuple[Any, Any]) -> Any:
    return next((value for value, holds in pairs if holds), math.nan)


_OPERATIONS: dict[type, Callable[..., Any]] = {
    sp.Add: lambda *values: sum(values),
    sp.Mul: lambda *values: math.prod(values),
    sp.Pow: _guarded(lambda base, exponent: base**exponent),
    sp.Max: max,
    sp.Min: min,
    sp.Abs: abs,
    sp.sign: lambda u: (u > 0) - (u < 0),
    sp.Heaviside: lambda u, at_zero: at_zero if u == 0 else float(u > 0),
    sp.Piecewise: _branch,
    sp.functions.elementary.piecewise.ExprCondPair: lambda value, holds: (value, holds),
    sp.Tuple: lambda value, holds: (value, holds),
    sp.Gt: operator.gt,
    sp.Ge: operator.ge,
    sp.Lt: operator.lt,
    sp.Le: operator.le,
    sp.Eq: operator.eq,
    sp.Ne: operator.ne,
    sp.And: lambda *conditions: all(conditions),
    sp.Or: lambda *conditions: any(conditions),
    sp.Not: operator.not_,
}  # fmt: skip
