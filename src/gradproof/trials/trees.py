"""Formulas as trees: their parts, and a formula with another part.  No constructor moves a Piecewise out of a sum."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import sympy as sp
from sympy.functions.elementary.piecewise import ExprCondPair

__all__ = ["Part", "changed", "free_indices", "parts", "put", "summed"]

#: what is looked at as a whole
_WHOLE = (sp.Indexed, sp.KroneckerDelta, sp.Derivative, sp.Subs)


class Part(NamedTuple):
    """A part of a formula, the way to it, and the limits of the sums that it stands in."""

    path: tuple[int, ...]
    expression: sp.Expr
    limits: tuple[sp.Tuple, ...]


def parts(e: sp.Basic, path: tuple[int, ...] = (), limits: tuple[sp.Tuple, ...] = ()) -> Iterator[Part]:
    """The formula and its parts; indices, ranges and conditions are none, and derivatives are left alone."""
    if isinstance(e, (sp.Derivative, sp.Subs)):
        return
    if isinstance(e, sp.Expr):
        yield Part(path, e, limits)
    if isinstance(e, _WHOLE):
        return
    inside = (*limits, *e.limits) if isinstance(e, sp.Sum) else limits
    count = 1 if isinstance(e, (sp.Sum, ExprCondPair)) else len(e.args)
    for at, part in enumerate(e.args[:count]):
        yield from parts(part, (*path, at), inside)


def changed(e: sp.Basic, path: tuple[int, ...], new: sp.Basic) -> Any:
    """The formula with another part."""
    if not path:
        return new
    args = list(e.args)
    args[path[0]] = changed(args[path[0]], path[1:], new)
    return _rebuilt(e, args)


def summed(body: sp.Expr, *limits: Any) -> sp.Expr:
    """A sum as it stands."""
    total = sp.Expr.__new__(sp.Sum, body, *(sp.Tuple(*limit) for limit in limits))
    total.is_commutative = True
    return total


def _rebuilt(e: sp.Basic, args: list[Any]) -> Any:
    if isinstance(e, sp.Sum):
        return summed(args[0], *args[1:])
    return sp.Basic.__new__(ExprCondPair, *args) if isinstance(e, ExprCondPair) else e.func(*args)


def put(e: sp.Basic, letter: sp.Basic, value: sp.Basic) -> Any:
    """The formula with a value for an index; None where a sum inside would capture it, or a derivative stands there."""
    if e in (letter, getattr(letter, "label", letter)):
        return value
    if not e.args or isinstance(e, sp.Idx):
        return e
    if isinstance(e, (sp.Derivative, sp.Subs)):
        return None
    if isinstance(e, sp.Sum):
        bound = {limit[0] for limit in e.limits}
        if letter in bound:
            return e
        if _letters(value) & {name for index in bound for name in _letters(index)}:
            return None
    args = [put(a, letter, value) for a in e.args]
    return None if any(a is None for a in args) else _rebuilt(e, args)


def _letters(e: sp.Basic) -> set[str]:
    return {str(s) for s in e.free_symbols}


def free_indices(e: sp.Basic) -> set[sp.Basic]:
    """The indices that a formula leaves free: whole numbers that are no sizes."""
    if isinstance(e, sp.Idx) or (isinstance(e, sp.Symbol) and e.is_integer and not e.is_positive):
        return {e}
    found = {i for a in e.args for i in free_indices(a)}
    return found - {limit[0] for limit in e.limits} if isinstance(e, sp.Sum) else found
