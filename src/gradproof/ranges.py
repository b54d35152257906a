"""Ranges of indices: how small a whole number can be, which ranges are admitted, ranges that depend on an index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import sympy as sp
from sympy.core.relational import Relational

from gradproof.lines import Bound, index_name, index_range

__all__ = [
    "NotationError",
    "RangeError",
    "Spans",
    "admit",
    "axis_spans",
    "declared",
    "hull",
    "label_ranges",
    "least",
    "within",
]

Spans = dict[sp.Basic, tuple[sp.Expr, sp.Expr]]


class NotationError(ValueError):
    """The input is outside the notation that gradproof gives a meaning to."""


class RangeError(NotationError):
    """An index range that may be empty or inverted, or an index outside its range."""


def least(expr: sp.Expr, bounds: Mapping[sp.Basic, tuple[sp.Expr, sp.Expr]] | None = None) -> sp.Expr | None:
    """The smallest value of an integer expression over all sizes, or None if unknown.

    Sizes are at least 1 (at least 0 where declared only non-negative); `bounds` gives the
    ranges of indices.  Sufficient, not necessary: None means "not shown".
    """
    expr = sp.expand(expr)
    for index, (lo, hi) in (bounds or {}).items():
        slope = expr.coeff(index, 1)
        if expr.has(index):
            if not slope.is_Integer or (expr - slope * index).has(index):
                return None
            expr = sp.expand(expr - slope * index + slope * (lo if slope > 0 else hi))
    start = {}
    for s in expr.free_symbols:
        if not (s.is_integer and s.is_nonnegative):
            return None
        if s.is_positive:
            start[s] = s + 1
    expr = sp.expand(expr.xreplace(start))
    constant, rest = expr.as_coeff_Add()
    terms = rest.as_coefficients_dict().values() if rest != 0 else ()
    return constant if all(c >= 0 for c in terms) else None


def admit(index: sp.Basic, lo: sp.Expr, hi: sp.Expr) -> None:
    """A range is admitted only if its length cannot be negative."""
    for bound in (lo, hi):
        parts = sp.preorder_traversal(bound)
        if not all(isinstance(p, (sp.Integer, sp.Symbol, sp.Add, sp.Mul, sp.Pow)) or p.is_infinite for p in parts):
            raise RangeError(f"the range {lo}..{hi} of {index_name(index)} is not made of sizes and whole numbers")
        if bound.is_infinite or bound.has(sp.oo, -sp.oo):
            raise RangeError(f"the range of {index_name(index)} is infinite: {lo}..{hi}; only finite sums are accepted")
        for s in bound.free_symbols:
            if s.is_integer is not True:
                raise RangeError(
                    f"the range {lo}..{hi} of {index_name(index)} uses {s}, which is not declared an integer;"
                    f" declare a size as Symbol({str(s)!r}, integer=True, positive=True)"
                )
    shortest = least(hi - lo + 1)
    if shortest is None or shortest < 0:
        raise RangeError(
            f"the range {lo}..{hi} of {index_name(index)} is not known to have a length of 0 or more for all sizes;"
            f" declare its sizes positive, or write the range in a size that makes it so{_larger(lo, hi, shortest)}"
        )


def _larger(lo: sp.Expr, hi: sp.Expr, shortest: sp.Expr | None) -> str:
    """With which size a range that is too short at its smallest is long enough."""
    sizes = (hi - lo).free_symbols
    if shortest is None or len(sizes) != 1:
        return ""
    (size,) = sizes
    return f": {size} as K + {-shortest}, with a positive size K"


def declared(*bounds: sp.Expr) -> Spans:
    """The declared ranges of the indices that a range is made of."""
    return {i: span for b in bounds for i in b.atoms(sp.Idx) if (span := index_range(i)) is not None}


def within(
    index: sp.Basic, dummy: Bound, lo: sp.Expr, hi: sp.Expr, spans: Spans
) -> tuple[sp.Basic, tuple[sp.Expr, sp.Expr]] | None:
    """A range that depends on other indices, such as 1..k, as a condition within the widest one; None for any other.

    The widest is the index' declared range; without one, at least the range of the index that lo..hi depends on.
    """
    others = {i: span for i, span in spans.items() if lo.has(i) or hi.has(i)}
    if not others:
        return None
    shortest, low, high = least(hi - lo + 1, others), _end(lo, others, 0), _end(hi, others, 1)
    if shortest is None or shortest < 0 or low is None or high is None:
        raise RangeError(
            f"the range {lo}..{hi} of {index_name(index)} depends on another index, and is not known to have a length"
            " of 0 or more for all of its values; accepted are ranges such as 1..k or k + 1..N, with 1 <= k <= N declared"
        )
    conditions = [c for c, b in ((sp.Ge(dummy, lo), lo), (sp.Le(dummy, hi), hi)) if any(b.has(i) for i in others)]
    return sp.And(*conditions), index_range(index) or (low, high)


def _end(bound: sp.Expr, spans: Spans, end: int) -> sp.Expr | None:
    """A number below (end 0) or above (end 1) all values of a bound that is ± an index plus a size."""
    for i, span in spans.items():
        slope = sp.expand(bound).coeff(i, 1)
        if slope not in (0, 1, -1) or span[0].has(*spans) or span[1].has(*spans):
            return None
        reached = sp.expand(bound - slope * i + slope * span[end if slope > 0 else 1 - end])
        if slope == 1:  # the index' own range, if that is wider by a number: it is the range of other sums
            beyond = sp.expand(reached - span[end])
            bound = span[end] if beyond.is_Integer and (beyond > 0) == (end == 0) else reached
        else:
            bound = reached
    return bound


def axis_spans(
    e: sp.Basic, base: sp.Basic, axis: int, env: Mapping[sp.Basic, tuple[sp.Expr, sp.Expr]]
) -> Iterator[tuple[sp.Expr, sp.Expr]]:
    """The ranges over which an array's axis is summed in an expression; `env` has those of the sums around it."""
    if isinstance(e, sp.Sum):
        env = {**env, **{index: (lo, hi) for index, lo, hi in e.limits}}
    if isinstance(e, sp.Indexed) and e.base == base:
        used = e.indices[axis]
        for index in used.free_symbols & env.keys():
            lo, hi = env[index]
            shift = used - index
            if not shift.has(index):
                yield lo + shift, hi + shift
    for a in e.args:
        yield from axis_spans(a, base, axis, env)


def hull(spans: Sequence[tuple[sp.Expr, sp.Expr]]) -> tuple[sp.Expr, sp.Expr] | None:
    """The smallest range that holds all of them, if they can be compared for all sizes."""
    if not spans:
        return None
    lo, hi = spans[0]
    for low, high in spans[1:]:
        lower, higher = _ordered(lo, low), _ordered(hi, high)
        if lower is None or higher is None:
            return None
        lo, hi = lower[0], higher[1]
    return lo, hi


def _ordered(a: sp.Expr, b: sp.Expr) -> tuple[sp.Expr, sp.Expr] | None:
    for low, high in ((a, b), (b, a)):
        gap = least(high - low)
        if gap is not None and gap >= 0:
            return low, high
    return None


def label_ranges(*expressions: sp.Basic) -> tuple[Relational, ...]:
    """That a label, as y[n] in z[n, y[n]] or in a delta of k and y[n], lies in the range of that axis or of k."""
    found: dict[Relational, None] = {}
    for e in expressions:
        for label, span in _labels(e, {}, expressions):
            named = label.base[tuple(getattr(i, "origin", i) for i in label.indices)]
            if all(i.is_number or index_range(i) is not None for i in named.indices):
                found[sp.Ge(named, span[0], evaluate=False)] = None
                found[sp.Le(named, span[1], evaluate=False)] = None
    return tuple(sorted(found, key=str))


def _labels(
    e: sp.Basic, env: Spans, expressions: Sequence[sp.Basic]
) -> Iterator[tuple[sp.Indexed, tuple[sp.Expr, sp.Expr]]]:
    if isinstance(e, sp.Sum):
        env = {**env, **{index: (lo, hi) for index, lo, hi in e.limits}}
    if isinstance(e, sp.Indexed):
        for axis, index in enumerate(e.indices):
            if _is_label(index):
                whole = hull([s for x in expressions for s in axis_spans(x, e.base, axis, {})])
                if whole is not None:
                    yield index, whole
    if isinstance(e, sp.KroneckerDelta):
        for index, label in (e.args[:2], e.args[1::-1]):
            span = env.get(index) or index_range(index)
            if span is not None and _is_label(label):
                yield label, span
    for a in e.args:
        yield from _labels(a, env, expressions)


def _is_label(e: sp.Basic) -> bool:
    return isinstance(e, sp.Indexed) and bool(e.is_integer)
