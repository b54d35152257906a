"""A result as a reader would write it, before it is written as arrays.

Assumed sums have their value, and -Xᵀ(y - Xw) is Xᵀ(Xw - y).  What is made of it is proved equal to the
result as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from gradproof.assumptions import facts
from gradproof.lines import rebuilt, replaced, summed, times

__all__ = ["tidied"]


def tidied(e: sp.Expr, relations: Sequence[Any] = ()) -> sp.Expr:
    """`e`, equal under the relations wherever it is defined, with fewer signs and sums."""
    return _signed(_without_abs(_with_sums(e, facts(relations).sums)))


def _with_sums(e: Any, sums: Any) -> Any:
    """Sums of an entry over one index that are assumed to have a value."""
    if isinstance(e, sp.Sum) and isinstance(e.function, sp.Indexed) and e.function.base in sums:
        ((index, lo, hi),) = e.limits
        fact, indices = sums[e.function.base], e.function.indices
        if indices[fact.axis] == index and (lo, hi) == (fact.lo, fact.hi) and indices.count(index) == 1:
            others = [i for n, i in enumerate(indices) if n != fact.axis]
            return replaced(fact.value, dict(zip(fact.template, others, strict=True)))
    if not e.args or isinstance(e, sp.Indexed):
        return e
    args = [_with_sums(a, sums) for a in e.args]
    return e if all(a is b for a, b in zip(args, e.args, strict=True)) else rebuilt(e, args)


def _without_abs(e: Any) -> Any:
    """sign(u)/|u| is 1/u."""
    if not e.args or isinstance(e, sp.Indexed):
        return e
    args = [_without_abs(a) for a in e.args]
    if isinstance(e, sp.Mul):
        for sign in [a for a in args if isinstance(a, sp.sign)]:
            below = sp.Pow(sp.Abs(sign.args[0]), -1)
            if below in args:
                return times(*(a for a in args if a not in (sign, below)), sp.Pow(sign.args[0], -1))
    return e if all(a is b for a, b in zip(args, e.args, strict=True)) else rebuilt(e, args)


def _signed(e: Any) -> Any:
    """`e` with the minus sign of a product in a difference among its factors, where there is one."""
    if not e.args or isinstance(e, sp.Indexed):
        return e
    args = [_signed(a) for a in e.args]
    e = e if all(a is b for a, b in zip(args, e.args, strict=True)) else rebuilt(e, args)
    number, *rest = e.args if isinstance(e, sp.Mul) else (None,)
    if number is None or not (number.is_number and number.is_negative):
        return e
    found = [(n, turned) for n, factor in enumerate(rest) if (turned := _turned(factor)) is not None]
    if len(found) != 1:  # of two differences, which are often one, neither is turned
        return e
    n, turned = found[0]
    return times(-number, *rest[:n], turned, *rest[n + 1 :])


def _turned(e: sp.Expr) -> sp.Expr | None:
    """-e, if a difference in `e` takes the sign."""
    if isinstance(e, sp.Add):
        return sp.Add(*(-t for t in e.args)) if any(t.could_extract_minus_sign() for t in e.args) else None
    if isinstance(e, sp.Sum):
        ((index, lo, hi),) = e.limits
        body = _turned(e.function)
        return None if body is None else summed(body, index, lo, hi)
    if isinstance(e, sp.Mul):
        found = [(n, turned) for n, factor in enumerate(e.args) if (turned := _turned(factor)) is not None]
        if len(found) == 1:
            n, turned = found[0]
            return times(*e.args[:n], turned, *e.args[n + 1 :])
    return None
