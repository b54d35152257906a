"""Laws that move a largest value out of exponentials or squares, or use that a softmax sums to one.

Each function takes a node and returns it rewritten, or None where its law does not fit; the laws stand in stable.py.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Abs, KroneckerDelta, Max, Sum, exp, log, sqrt

from gradproof.lines import fresh, rebuilt, replaced, summed
from gradproof.precision.rewriting import Largest, Scope

__all__ = ["complement", "log_ratio", "log_softmax", "log_sum_exp", "mean", "root", "softmax"]

_Total = tuple[sp.Expr, sp.Basic, sp.Expr, sp.Expr]


def _exponentials(e: sp.Basic) -> _Total | None:
    """(a, k, lo, hi) of a sum of exponentials Σ_k exp(a)."""
    if isinstance(e, Sum) and len(e.limits) == 1 and isinstance(e.function, exp):
        ((index, lo, hi),) = e.limits
        return e.function.args[0], index, lo, hi
    return None


def _shifted(total: _Total, by: sp.Expr) -> sp.Expr:
    body, index, lo, hi = total
    return summed(exp(body - by), index, lo, hi)


def _quotient(e: sp.Expr) -> tuple[sp.Expr, _Total, sp.Expr] | None:
    """(a, the sum, what else is there) of a product exp(a) / Σ_l exp(b) · others."""
    factors = sp.Mul.make_args(e)
    above = next((f for f in factors if isinstance(f, exp)), None)
    for f in factors:
        total = _exponentials(f.base) if isinstance(f, sp.Pow) and f.exp == -1 else None
        if above is not None and total is not None:
            return above.args[0], total, sp.Mul(*(g for g in factors if g not in (above, f)))
    return None


def softmax(e: sp.Expr, scope: Scope) -> sp.Expr | None:
    """exp(a) / Σ exp(b) · others."""
    found = _quotient(e) if isinstance(e, sp.Mul) else None
    if found is None or scope.is_shifted(found[1][0]):
        return None
    above, total, others = found
    top = scope.letter(Largest(*total))
    return sp.Mul(others, exp(above - top), 1 / _shifted(total, top))


def log_sum_exp(e: sp.Expr, scope: Scope) -> sp.Expr | None:
    """Log Σ exp(b)."""
    total = _exponentials(e.args[0]) if isinstance(e, log) else None
    if total is None or scope.is_shifted(total[0]):
        return None
    top = scope.letter(Largest(*total))
    return top + log(_shifted(total, top))


def log_softmax(e: sp.Expr, scope: Scope) -> sp.Expr | None:
    """log(exp(a) / Σ exp(b) · others), where the quotient may have a name; the others keep their logarithm."""
    found = _soft_factor(e, scope)
    if found is None:
        return None
    above, total, rest = found
    if scope.is_shifted(total[0]):
        return above - log(summed(exp(total[0]), *total[1:])) + rest
    top = scope.letter(Largest(*total))
    return above - top - log(_shifted(total, top)) + rest


def _soft_factor(e: sp.Expr, scope: Scope) -> tuple[sp.Expr, _Total, sp.Expr] | None:
    """(a, the sum, the logarithm of the others) of log(exp(a) / Σ exp(b) · others)."""
    if not isinstance(e, log):
        return None
    factors = sp.Mul.make_args(e.args[0])
    named = next((f for f in factors if (body := scope.opened(f)) is not None and _quotient(body)), None)
    found = _quotient(e.args[0] if named is None else scope.opened(named))
    if found is None:
        return None
    others = sp.Mul(found[2], *(f for f in factors if f is not named)) if named is not None else found[2]
    return found[0], found[1], log(others) if others != 1 else sp.Integer(0)


def log_ratio(e: sp.Expr, scope: Scope) -> sp.Expr | None:
    """log(exp(a) / S) − log(exp(b) / S), with one sum S and whatever else there is."""
    terms = e.args if isinstance(e, sp.Add) else ()
    found = {n: part for n, t in enumerate(terms) if (part := _soft_factor(t, scope)) is not None}
    against = {n: part for n, t in enumerate(terms) if (part := _soft_factor(-t, scope)) is not None}
    for i, (one, total, rest) in found.items():
        for j, (other, same, less) in against.items():
            if _alike(total) == _alike(same):
                return sp.Add(one - other, rest - less, *(t for n, t in enumerate(terms) if n not in (i, j)))
    return None


def _alike(total: _Total) -> tuple[Any, ...]:
    """A sum whose index has no name of its own."""
    body, index, lo, hi = total
    return replaced(body, {index: sp.Symbol(" ", integer=True)}), lo, hi


def _weights(e: sp.Expr, index: sp.Basic, scope: Scope) -> tuple[sp.Expr, _Total] | None:
    """The factor of a product that is a softmax along an index, so that it sums to one, and the sum in it."""
    for f in sp.Mul.make_args(e):
        found = _quotient(scope.opened(f) or f)
        if found is not None and found[2] == 1 and found[0].has(index):
            body, bound, *_ = total = found[1]
            if replaced(found[0], {index: bound}) == body:
                return f, total
    return None


def mean(e: sp.Expr, scope: Scope) -> sp.Expr | None:
    """What a sum with −Σ_k p_k b_k in it is, with softmax weights p."""
    for term in e.args if isinstance(e, sp.Add) else ():
        sign, total = term.as_coeff_Mul()
        less, total = (scope.opened(total) or total).as_coeff_Mul()
        sign *= less
        if not isinstance(total, Sum) or len(total.limits) != 1:
            continue
        ((index, lo, hi),) = total.limits
        found, rest = _weights(total.function, index, scope), sp.Add(*(t for t in e.args if t is not term))
        if found is None or rest.has(index):
            continue
        others = sp.Mul(*(f for f in sp.Mul.make_args(total.function) if f is not found[0]))
        return summed(found[0] * (rest + sign * others), index, lo, hi)
    return None


def complement(e: sp.Expr, scope: Scope) -> sp.Expr | None:
    """δ_kl − p_l, with a softmax p along l."""
    if not isinstance(e, sp.Add) or len(e.args) != 2:
        return None
    for one, other in (e.args, e.args[::-1]):
        (sign, delta), (minus, weight) = one.as_coeff_Mul(), other.as_coeff_Mul()
        for index in delta.args if isinstance(delta, KroneckerDelta) and minus == -sign else ():
            found = _weights(weight, index, scope)
            if found is not None and found[0] is weight:
                _, bound, lo, hi = found[1]
                new = fresh(bound)
                gap = sign * (delta - KroneckerDelta(new, index))
                return summed(replaced(weight, {index: new}) * gap, new, lo, hi)
    return None


def root(e: sp.Expr, scope: Scope) -> sp.Expr | None:
    """√(Σ a² + …), or what is divided by it."""
    if not isinstance(e, sp.Pow) or abs(e.exp) != sp.Rational(1, 2) or scope.is_shifted(e):
        return None
    sizes = _sizes(e.base, scope)
    if sizes is None or all(size.is_Pow for size in sizes):  # nothing is squared
        return None
    largest = scope.letter(sizes[0] if len(sizes) == 1 else Max(*sizes, evaluate=False), positive=True)
    inner = sqrt(_divided(e.base, largest, scope))
    return largest * inner if e.exp > 0 else 1 / (largest * inner)


def _square(e: sp.Expr) -> tuple[sp.Expr, sp.Expr] | None:
    """(what is squared, the rest) of a product with an even power in it, if the rest is positive."""
    even = [f for f in sp.Mul.make_args(e) if isinstance(f, sp.Pow) and f.exp.is_Integer and f.exp % 2 == 0]
    rest = [f for f in sp.Mul.make_args(e) if f not in even]
    if not even or not all(f.is_positive for f in rest):
        return None
    return sp.Mul(*(f.base ** (f.exp / 2) for f in even)), sp.Mul(*rest)


def _inside(e: sp.Expr) -> tuple[sp.Expr, sp.Expr] | None:
    """(the sum, the rest) of a positive multiple of a sum."""
    sums = [f for f in sp.Mul.make_args(e) if isinstance(f, (Sum, sp.Add))]
    rest = [f for f in sp.Mul.make_args(e) if f not in sums]
    return (sums[0], sp.Mul(*rest)) if len(sums) == 1 and all(f.is_positive for f in rest) else None


def _sizes(e: sp.Expr, scope: Scope) -> list[sp.Expr] | None:
    """How large what is squared can be, in a sum of squares and positive numbers; None if it is no such sum."""
    if isinstance(e, sp.Add):
        parts = [_sizes(t, scope) for t in e.args]
        return None if None in parts else [s for part in parts for s in part or ()]
    if isinstance(e, Sum):
        inner = _sizes(e.function, scope)
        for limit in e.limits:
            inner = None if inner is None else [Largest(s, *limit) for s in inner]
        return inner
    square, inside = _square(e), _inside(e)
    if square is not None or inside is not None:
        return [Abs(square[0])] if square is not None else _sizes(inside[0], scope) if inside is not None else None
    body = scope.opened(e)
    if body is not None:
        return _sizes(body, scope)
    return [sqrt(e)] if e.is_positive else None


def _divided(e: sp.Expr, by: sp.Expr, scope: Scope) -> sp.Expr:
    """Such a sum divided by a square, under each of the squares."""
    if isinstance(e, sp.Add):
        return sp.Add(*(_divided(t, by, scope) for t in e.args))
    if isinstance(e, Sum):
        return rebuilt(e, [_divided(e.function, by, scope), *e.limits])
    square, inside = _square(e), _inside(e)
    if square is None and inside is not None:
        return sp.Mul(inside[1], _divided(inside[0], by, scope))
    body = scope.opened(e) if square is None else None
    if body is not None:
        return _divided(body, by, scope)
    base, rest = square or (sqrt(e), sp.Integer(1))
    return sp.Mul(rest, sp.Pow(base / by, 2, evaluate=False))
