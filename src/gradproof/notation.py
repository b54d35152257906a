"""Reading index notation: plain SymPy in, checked, with a fresh dummy for every bound index.

`read` is the only door into the engine.  It refuses what gradproof has no meaning for, each
with an error that names the offending part and what is accepted, and renames every bound
index to a `Bound` dummy, so that no later step can capture an index.  `lines.publish` is
the way out.

Conventions.  Symbols are real.  Sizes are positive integers.  A range ``lo..hi`` must have
hi − lo + 1 ≥ 0 for all sizes.  The offset of an entry in an array is its index minus the
lower bound of that axis.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef

from gradproof.elementary import BRANCHING, ELEMENTARY, SPELLED_OUT, piecewise, spelled_out
from gradproof.inverse import Determinant
from gradproof.lines import Bound, derivative, fresh, index_name, index_range, renamed, summed
from gradproof.ranges import NotationError, RangeError, Spans, admit, declared, least, within

__all__ = [
    "NotationError",
    "RangeError",
    "consistent",
    "has_matrices",
    "least",
    "read",
]

_DOUBLE = 53  # bits of a float, which is read as the decimal that it prints
_ZERO, _ONE = sp.Integer(0), sp.Integer(1)


# -- reading ----------------------------------------------------------------------------
def has_matrices(*values: Any) -> bool:
    """Whether any of the values has a SymPy matrix in it; forms/matrices_in.py reads those."""
    return any(isinstance(v, sp.MatrixExpr) or (isinstance(v, sp.Basic) and v.has(sp.MatrixExpr)) for v in values)


def read(value: Any, what: str = "the expression") -> sp.Expr:
    """A checked copy of `value` in which every bound index is a fresh dummy.

    Raises `NotationError` (a ValueError) or TypeError, naming the offending part.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = sp.Integer(value) if isinstance(value, int) else sp.Float(value)
    if isinstance(value, str):
        raise TypeError(f"{what} is the string {value!r}; strings are never evaluated: build it from SymPy objects")
    if isinstance(value, (list, tuple, sp.Tuple, sp.MatrixBase, sp.MatrixExpr, sp.NDimArray, sp.IndexedBase)):
        raise NotationError(
            f"{what} is not a scalar: {value} ({type(value).__name__});"
            " write a scalar in index notation, such as Sum(x[i]**2, i)"
        )
    if not isinstance(value, sp.Basic):
        raise TypeError(f"{what} is {value!r} ({type(value).__name__}), not a SymPy expression")
    if not isinstance(value, sp.Expr):
        raise NotationError(f"{what} is not a scalar expression: {value} ({type(value).__name__})")
    try:
        return _read(value, {}, {})
    except RecursionError:
        raise NotationError(f"{what} is nested too deeply") from None


_Env = dict[sp.Basic, sp.Basic]


def _read(e: sp.Basic, env: _Env, spans: Spans) -> Any:
    match e:
        case sp.Idx():
            return env.get(e) or env.get(e.label) or _checked_idx(e)
        case sp.Symbol():
            return env[e] if e in env else _checked_symbol(e)
        case sp.Indexed():
            return _read_entry(e, env, spans)
        case sp.Sum():
            return _read_sum(e, env, spans)
        case Determinant():
            return e
        case sp.Float():
            return sp.Rational(repr(float(e))) if e._prec == _DOUBLE else sp.Rational(e)
        case sp.Rational() | sp.core.numbers.Pi() | sp.core.numbers.Exp1():
            return e
        case sp.Add() | sp.Mul() | sp.Pow():
            args = [_read(a, env, spans) for a in e.args]
            return e if all(a is b for a, b in zip(args, e.args, strict=True)) else renamed(e, args)
        case sp.Derivative() | sp.Subs():
            return _read_derivative(e, env, spans)
        case sp.Piecewise():
            _refuse_moved(e)
            return piecewise(*((_read(v, env, spans), _read_condition(c, env, spans)) for v, c in e.args))
        case sp.Function() | sp.Max() | sp.Min():
            return _read_function(e, env, spans)
    raise NotationError(_refusal(e))


def _refusal(e: sp.Basic) -> str:
    if e.has(sp.I):
        return f"{e} is complex; gradproof reads every symbol and number as real"
    if e in (sp.oo, -sp.oo, sp.zoo, sp.nan):
        return f"{e} is not a number that a loss can contain"
    if isinstance(e, (sp.MatrixExpr, sp.MatrixBase)):
        return f"{e} is a matrix, not a scalar; write it in index notation: IndexedBase entries and Sum"
    return (
        f"{e} ({type(e).__name__}) is not understood; accepted are numbers, symbols, IndexedBase entries,"
        " Sum, elementary and undefined functions, Abs, Max, Min, sign, Piecewise and KroneckerDelta"
    )


def _checked_symbol(s: sp.Symbol) -> sp.Symbol:
    if s.is_real is False or (s.is_complex and s.is_real is not True) or s.is_commutative is False:
        raise NotationError(f"the symbol {s} is declared complex or non-commutative; gradproof reads symbols as real")
    return s


def _checked_idx(i: sp.Idx) -> sp.Idx:
    span = index_range(i)
    if span is not None:
        admit(i, *span)
    return i


def _read_entry(e: sp.Indexed, env: _Env, spans: Spans) -> sp.Indexed:
    base = e.base
    if not isinstance(base, sp.IndexedBase):
        raise NotationError(f"{e} is an entry of {type(base).__name__}; only entries of an IndexedBase are accepted")
    if base.is_real is False or (base.is_complex and base.is_real is not True):
        raise NotationError(f"the array {base} is declared complex; gradproof reads entries as real")
    indices = [_read(i, env, spans) for i in e.indices]
    for i in indices:
        if not i.is_integer:
            raise NotationError(
                f"the index {i} of {e} is not an integer; declare it as Idx({str(i)!r}, N) or Symbol({str(i)!r}, integer=True)"
            )
    if base.shape is not None:
        _check_shape(e, spans)
    return e if all(a is b for a, b in zip(indices, e.indices, strict=True)) else sp.Indexed(base, *indices)


def _check_shape(e: sp.Indexed, spans: Spans) -> None:
    """Each index must have room in its axis: its range is no longer than the axis."""
    shape = e.base.shape
    if len(shape) != len(e.indices):
        raise NotationError(f"{e} has {len(e.indices)} indices, but {e.base} has shape {tuple(shape)}")
    for axis, (index, size) in enumerate(zip(e.indices, shape, strict=True)):
        span = spans.get(index) or index_range(index)
        if span is not None:
            room = least(size - (span[1] - span[0] + 1))
            if room is None or room < 0:
                raise RangeError(
                    f"{index_name(index)} runs over {span[0]}..{span[1]} in {e}, which is out of the declared range:"
                    f" axis {axis} of {e.base} has {size} entries"
                )
        elif index.is_Integer and (index < 0 or (room := least(size - index)) is None or room < 0):
            raise RangeError(f"the index {index} of {e} is out of its declared range: axis {axis} has {size} entries")


def _read_sum(e: sp.Sum, env: _Env, spans: Spans) -> sp.Expr:
    inner, inside = dict(env), dict(spans)
    opened: list[tuple[Bound, sp.Expr, sp.Expr]] = []
    conditions: list[sp.Basic] = []
    seen: dict[object, sp.Basic] = {}
    for limit in reversed(e.limits):
        index = limit[0]
        span = index_range(index)
        if len(limit) != 3:
            raise RangeError(
                f"{index_name(index)} has no range in {e}; give it one: Sum(..., (i, 1, N)) or Idx('i', N)"
            )
        lo, hi = limit[1], limit[2]
        if span is not None and span != (lo, hi) and not _inside(lo, hi, span, {**declared(lo, hi), **inside}):
            raise RangeError(
                f"two ranges for the index {index_name(index)}: it is declared over {span[0]}..{span[1]}"
                f" and summed over {lo}..{hi} in {e}; the second must lie in the first"
            )
        letter = index if isinstance(index, Bound) else index_name(index)
        if letter in seen and inside[seen[letter]] != (lo, hi):
            raise RangeError(f"two ranges for the index {letter}: {inside[seen[letter]]} and {(lo, hi)} in {e}")
        seen[letter] = index
        dummy = fresh(index)
        narrow = within(index, dummy, lo, hi, {**declared(lo, hi), **inside})
        if narrow is not None:
            condition, (lo, hi) = narrow
            conditions.append(_read_condition(condition, {**inner, dummy: dummy}, spans))
        admit(index, lo, hi)
        inner = {k: v for k, v in inner.items() if k not in (index, getattr(index, "label", index))}
        inner[index] = dummy
        if isinstance(index, sp.Idx):
            inner[index.label] = dummy
        inside[index] = (lo, hi)
        opened.append((dummy, lo, hi))
    _check_other_ranges(e.function, seen)
    body = _read(e.function, inner, inside)
    if conditions:
        body = piecewise((body, sp.And(*conditions)), (_ZERO, True))
    for dummy, lo, hi in reversed(opened):
        body = summed(body, dummy, lo, hi)
    return body


def _inside(lo: sp.Expr, hi: sp.Expr, span: tuple[sp.Expr, sp.Expr], others: Spans) -> bool:
    """Whether lo..hi lies in a range, for all sizes and all values of the indices that it is made of (an empty one may touch it)."""
    gaps = (least(lo - span[0], others), least(span[1] - hi, others))
    return all(gap is not None and gap >= 0 for gap in gaps)


def _check_other_ranges(body: sp.Basic, seen: Mapping[object, sp.Basic]) -> None:
    """An Idx in the body that has the bound letter but another range is a slip."""
    for other in body.atoms(sp.Idx):
        index = seen.get(index_name(other))
        if index is not None and not isinstance(index, Bound) and other != index and index_range(other) is not None:
            raise RangeError(
                f"two ranges for the index {index_name(other)}: {index_range(index)} in the sum and"
                f" {index_range(other)} in {body}"
            )


def _read_function(e: sp.Basic, env: _Env, spans: Spans) -> sp.Expr:
    if type(e) in SPELLED_OUT:
        return spelled_out(e, _read(e.args[0], env, spans))
    known = isinstance(e, AppliedUndef) or type(e) in ELEMENTARY or isinstance(e, (*BRANCHING, sp.KroneckerDelta))
    if not known:
        accepted = ", ".join(sorted(f.__name__ for f in (*ELEMENTARY, *SPELLED_OUT)))
        raise NotationError(
            f"unknown function {type(e).__name__} in {e}; accepted are {accepted},"
            " powers, Abs, Max, Min, sign, Heaviside, Piecewise and undefined functions Function('f')"
        )
    if isinstance(e, AppliedUndef) and e.func._kwargs:
        raise NotationError(
            f"the undefined function {e.func.__name__} is declared {e.func._kwargs}; declare it without"
        )
    args = [_read(a, env, spans) for a in e.args]
    return e if all(a is b for a, b in zip(args, e.args, strict=True)) else renamed(e, args)


def _refuse_moved(e: sp.Piecewise) -> None:
    """Refuse what SymPy makes of a Piecewise inside two sums: it moves it out, and loses an index."""
    bound = {limit[0] for v, _ in e.args for s in v.atoms(sp.Sum) for limit in s.limits}
    stray = {i for _, c in e.args for i in c.free_symbols} & bound
    if stray and not any(isinstance(i, Bound) for i in stray):
        raise NotationError(
            f"SymPy moved a Piecewise out of the sum over {', '.join(map(str, stray))}, which changes it: {e};"
            " write it with Max, Min or Abs, or name it in a Model"
        )


def _read_condition(c: sp.Basic, env: _Env, spans: Spans) -> sp.Basic:
    if c in (sp.true, sp.false):
        return c
    if isinstance(c, sp.ITE):  # what SymPy makes of a condition on something that branches
        c = sp.Or(sp.And(c.args[0], c.args[1]), sp.And(sp.Not(c.args[0]), c.args[2]))
    if isinstance(c, (sp.And, sp.Or, sp.Not)):
        return c.func(*(_read_condition(a, env, spans) for a in c.args))
    if isinstance(c, sp.core.relational.Relational):
        return c.func(*(_read(a, env, spans) for a in c.args))
    raise NotationError(f"the condition {c} is not understood; accepted are relations joined by And, Or, Not")


def _read_derivative(e: sp.Basic, env: _Env, spans: Spans) -> sp.Expr:
    """Derivatives of undefined functions, and ∂E/∂z of named quantities, stay as they stand."""
    if isinstance(e, sp.Subs):
        inner = {k: v for k, v in env.items() if k not in e.variables}
        body = _read(e.expr, inner, spans)
        return sp.Subs(body, e.variables, tuple(_read(p, env, spans) for p in e.point))
    body = _read(e.expr, env, spans)
    if any(n != 1 for _, n in e.variable_count) or len(e.variables) != 1:
        raise NotationError(f"{e}: only first derivatives are accepted; derive them one after the other")
    return derivative(body, _read(e.variables[0], env, spans))


# -- one name, one thing ------------------------------------------------------------------
def consistent(*expressions: sp.Basic) -> None:
    """Raise NotationError where a name stands for two things, or an array has two numbers of indices."""
    things: dict[tuple[str, str], sp.Basic] = {}
    ranks: dict[tuple[str, str], int] = {}

    def note(kind: str, name: str, thing: sp.Basic, rank: int) -> None:
        if things.setdefault((kind, name), thing) != thing:
            raise NotationError(f"two different {kind}s are called {name}; they differ in their declarations")
        if ranks.setdefault((kind, name), rank) != rank:
            raise NotationError(f"the {kind} {name} has {rank} indices in one place and {ranks[kind, name]} in another")

    def visit(e: sp.Basic) -> None:
        if isinstance(e, sp.Indexed):
            note("array", str(e.base.label), e.base, len(e.indices))
            for i in e.indices:
                visit(i)
        elif isinstance(e, sp.Symbol) and not isinstance(e, sp.Dummy) and not e.is_integer:
            note("symbol", str(e), e, 0)
        elif not isinstance(e, (sp.Idx, sp.Subs)):
            if isinstance(e, AppliedUndef):
                note("function", e.func.__name__, e.func, len(e.args))
            for a in e.args:
                visit(a)

    for expression in expressions:
        visit(expression)
