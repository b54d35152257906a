"""Named quantities put back into a line: exp(a_k)·g_k / Σ exp(a) is p_k·g_k where p is defined as that softmax.

What is computed under a name is then not computed again.  Products are searched, also where some of the factors stand
outside of a sum and others inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from gradproof.lines import Bound, fresh, head, rebuilt, replaced, summed, times

__all__ = ["with_names"]

_ONE = sp.Integer(1)
_places: dict[tuple[int, sp.Expr, sp.Expr], Bound] = {}


def with_names(e: sp.Expr, definitions: Sequence[sp.Eq]) -> sp.Expr:
    """`e` with each product that a definition computes called by its name."""
    rows = [(d.lhs, _factors(alike(d.rhs))) for d in definitions]
    found: sp.Expr = _named(alike(e), [row for row in rows if len(row[1]) > 1])
    return found


def alike(e: Any) -> Any:
    """`e` with bound indices called by how many sums they have inside, so that equal sums are the same."""
    if not e.args or isinstance(e, sp.Indexed):
        return e
    args = [alike(a) for a in e.args]
    if isinstance(e, sp.Sum):
        index, lo, hi = e.limits[0]
        body = args[0]
        key = (1 + max((_height(s) for s in body.atoms(sp.Sum)), default=0), lo, hi)
        place = _places.setdefault(key, fresh(index))
        return summed(replaced(body, {index: place}), place, lo, hi)
    return e if all(a is b for a, b in zip(args, e.args, strict=True)) else rebuilt(e, args)


def _height(e: sp.Sum) -> int:
    return 1 + max((_height(s) for s in e.function.atoms(sp.Sum)), default=0)


def _factors(e: sp.Expr) -> list[sp.Expr]:
    """The factors of a product, a whole power as often as it says."""
    found: list[sp.Expr] = []
    for f in sp.Mul.make_args(e):
        whole = isinstance(f, sp.Pow) and f.exp.is_Integer and f.base != sp.E
        found += [f.base ** sp.sign(f.exp)] * abs(int(f.exp)) if whole else [f]
    return found


_Row = tuple[sp.Expr, list[sp.Expr]]


def _named(e: Any, rows: Sequence[_Row]) -> Any:
    if not e.args or isinstance(e, sp.Indexed):
        return e
    args = [_named(a, rows) for a in e.args]
    e = e if all(a is b for a, b in zip(args, e.args, strict=True)) else rebuilt(e, args)
    if not isinstance(e, sp.Mul):
        return e
    factors = _factors(e)
    changed = False
    while (found := _put(factors, rows)) is not None:
        factors, changed = found, True
    return times(*factors) if changed else e


def _put(factors: list[sp.Expr], rows: Sequence[_Row]) -> list[sp.Expr] | None:
    """The factors with one name put in, outside of sums first; None where no definition fits."""
    for name, wanted in rows:
        used, here = _match(factors, name, wanted)
        if used:
            return [here, *_less(factors, used)]
    for total in (f for f in factors if isinstance(f, sp.Sum)):
        index, lo, hi = total.limits[0]
        inner, outer = _factors(total.function), [f for f in factors if f is not total and index not in f.free_symbols]
        for name, wanted in rows:
            used, here = _match([*inner, *outer], name, wanted)
            from_inside = [u for u in used if u in inner]
            if used and index in here.free_symbols:
                body = times(here, *_less(inner, from_inside))
                rest = _less([f for f in factors if f is not total], _less(used, from_inside))
                return [*rest, summed(body, index, lo, hi)]
    return None


def _less(factors: Sequence[sp.Expr], used: Sequence[sp.Expr]) -> list[sp.Expr]:
    left = list(factors)
    for u in used:
        left.remove(u)
    return left


def _match(factors: Sequence[sp.Expr], name: sp.Expr, wanted: Sequence[sp.Expr]) -> tuple[list[sp.Expr], sp.Expr]:
    """Which of the factors make up the definition at some indices, and its name there; none if they do not."""
    template = getattr(name, "indices", ())
    pivot = next((w for w in wanted if all(w.has(i) for i in template)), None)
    for f in factors if pivot is not None else ():
        found: dict[sp.Basic, sp.Basic] = {}
        if not _fits(pivot, f, template, found):
            continue
        used = [replaced(w, found) for w in wanted]
        if all(factors.count(u) >= used.count(u) for u in used):
            return used, head(name)[tuple(found[i] for i in template)] if template else name
    return [], _ONE


def _fits(pattern: sp.Basic, e: sp.Basic, template: Sequence[sp.Basic], found: dict[sp.Basic, sp.Basic]) -> bool:
    """Whether an expression is a pattern at some indices, which are noted."""
    if pattern in template:
        index = isinstance(e, (sp.Symbol, sp.Idx)) and bool(e.is_integer)
        return index and found.setdefault(pattern, e) == e
    if not pattern.args or isinstance(pattern, sp.Symbol):
        return bool(pattern == e)
    alike_in_kind = type(pattern) is type(e) and len(pattern.args) == len(e.args)
    return alike_in_kind and all(_fits(p, q, template, found) for p, q in zip(pattern.args, e.args, strict=True))
