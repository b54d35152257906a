"""The slips of someone who types a formula: every expression that is one slip away from a right one.

Written for the benchmark of `blame` and sharing no code with it: nodes are built past SymPy's
constructors of sums, which change what stands in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sympy as sp

__all__ = ["Slip", "slips"]

#: a kind of slip and the expression with it
Slip = tuple[str, sp.Expr]
Span = tuple[sp.Expr, sp.Expr]
Scope = dict[sp.Idx, Span]


def slips(right: sp.Expr, free: Sequence[sp.Idx] = ()) -> Iterator[Slip]:
    """Every single slip in `right`; free: the indices that the gradient leaves free."""
    scope = {i: (i.lower, i.upper) for i in free}
    entries = sorted(right.atoms(sp.Indexed), key=str)
    yield "sign", -right
    yield from _typed(right, scope, entries)
    yield from _moved_sizes(right)


def _typed(e: sp.Basic, scope: Scope, entries: Sequence[sp.Indexed]) -> Iterator[Slip]:
    yield from _here(e, scope, entries)
    if isinstance(e, (sp.Indexed, sp.KroneckerDelta, sp.Derivative)) or not e.args:
        return
    inner = dict(scope)
    if isinstance(e, sp.Sum):
        inner |= {index: (lo, hi) for index, lo, hi in e.limits}
    for n, part in enumerate(e.args[:1] if isinstance(e, sp.Sum) else e.args):
        for kind, other in _typed(part, inner, entries):
            yield kind, built(e, [*e.args[:n], other, *e.args[n + 1 :]])


def built(e: sp.Basic, args: Sequence[sp.Basic]) -> sp.Expr:
    """A node like `e` with other parts; a sum is not asked to rewrite what stands in it."""
    if isinstance(e, sp.Sum):
        total = sp.Expr.__new__(sp.Sum, *args)
        total.is_commutative = True
        return total
    return e.func(*args)


def put(e: sp.Basic, old: sp.Basic, new: sp.Basic) -> sp.Basic:
    """`e` with an index renamed, in entries and deltas."""
    if e == old:
        return new
    return built(e, [put(a, old, new) for a in e.args]) if e.args and not isinstance(e, sp.Idx) else e


def _here(e: sp.Basic, scope: Scope, entries: Sequence[sp.Indexed]) -> Iterator[Slip]:
    match e:
        case sp.Add():
            yield from _in_a_sum_of_terms(e, entries)
        case sp.Mul():
            yield from _in_a_product(e)
        case sp.Pow():
            yield from _in_a_power(e)
        case sp.Sum():
            yield from _in_a_sum(e, scope)
        case sp.Indexed():
            yield from _in_an_entry(e, scope, entries)
        case sp.KroneckerDelta():
            yield "delta", sp.Integer(1)
        case sp.core.relational.Relational():
            yield "branch", e.reversedsign.func(*e.args[::-1]) if e.args[1] == 0 else e.func(*e.args[::-1])
        case sp.Function() if not isinstance(e, sp.Piecewise):
            yield from _in_a_function(e)


def _in_a_sum_of_terms(e: sp.Add, entries: Sequence[sp.Indexed]) -> Iterator[Slip]:
    for n, term in enumerate(e.args):
        rest = [*e.args[:n], *e.args[n + 1 :]]
        yield "sign", sp.Add(-term, *rest)
        yield "lost term", sp.Add(*rest)
        yield "constant", sp.Add(2 * term, *rest)
        yield "extra factor", sp.Add(term**2, *rest)
    if len(e.args) == 2 and e.args[0].is_number:
        yield "argument", e - e.args[0]  # s for 1 - s, with the sign below
        yield "argument", e.args[0] - e
    for entry in entries[:2]:
        if all(isinstance(i, sp.Idx) for i in entry.indices) and entry.free_symbols <= e.free_symbols:
            yield "extra term", e + entry


def _in_a_product(e: sp.Mul) -> Iterator[Slip]:
    number, _ = e.as_coeff_Mul()
    if number not in (1, -1):
        yield "constant", e / abs(number)
    yield "constant", 2 * e
    for n, factor in enumerate(e.args):
        rest = sp.Mul(*e.args[:n], *e.args[n + 1 :])
        if factor.is_number:
            continue
        base, exponent = factor.as_base_exp()
        kind = "1/N" if base.is_integer and exponent.is_negative else "lost factor"
        if isinstance(factor, sp.KroneckerDelta):
            kind = "delta"
        yield kind, rest
        if exponent.is_negative and not base.is_integer:
            yield "inverted", rest * base**-exponent
        if isinstance(factor, sp.Add):
            first, *others = factor.args
            yield "bracket", sp.Add(rest * first, *others)
            yield "bracket", sp.Add(first, *(rest * t for t in others))


def _in_a_power(e: sp.Pow) -> Iterator[Slip]:
    base, exponent = e.args
    if base.is_number or (exponent == -1 and base.is_integer):
        return
    if exponent.is_Rational:
        for other in (exponent - 1, exponent + 1):
            yield "power", sp.Pow(base, other)
    else:
        yield "power", sp.Pow(base, exponent - 1)
    if exponent == -1:
        yield "argument", 1 - e
        yield "inverted", base


def _in_a_function(e: sp.Basic) -> Iterator[Slip]:
    if len(e.args) == 1:
        yield "argument", e.func(-e.args[0])
        if not isinstance(e, sp.sign):
            yield "argument", 1 - e
        yield "power", e**2


def _in_a_sum(e: sp.Sum, scope: Scope) -> Iterator[Slip]:
    for n, (index, lo, hi) in enumerate(e.limits):
        limits = [*e.limits[:n], *e.limits[n + 1 :]]
        yield "lost sum", built(e, [e.function, *limits]) if limits else e.function
        for other, span in scope.items():
            if span == (lo, hi) and other != index:
                bare = put(e.function, index, other)
                yield "lost sum", built(e, [bare, *limits]) if limits else bare
                if other in e.function.free_symbols:
                    yield "sum index", built(e, [e.function, *limits, sp.Tuple(other, lo, hi)])
        terms = sp.Add.make_args(e.function)
        outside = [t for t in terms if not t.has(index) and not t.is_number]
        if outside and len(terms) > 1 and not limits:
            yield "bracket", built(e, [e.function - sp.Add(*outside), *e.limits]) + sp.Add(*outside)


def _in_an_entry(e: sp.Indexed, scope: Scope, entries: Sequence[sp.Indexed]) -> Iterator[Slip]:
    if len(e.indices) == 2 and e.indices[0] != e.indices[1]:
        yield "transposed", e.base[e.indices[::-1]]
    for n, index in enumerate(e.indices):
        for other, span in scope.items():
            own = scope.get(index) or (getattr(index, "lower", None), getattr(index, "upper", None))
            if other != index and span == own:
                yield "index", e.base[(*e.indices[:n], other, *e.indices[n + 1 :])]
    for base in sorted({x.base for x in entries if len(x.indices) == len(e.indices)} - {e.base}, key=str):
        if any(x.indices == e.indices for x in entries if x.base == base):
            yield "letter", base[e.indices]


def _moved_sizes(right: sp.Expr) -> Iterator[Slip]:
    """(a + b)/N for a/N + b, and a/N + b for (a + b)/N."""
    sizes = sorted((s for s in right.free_symbols if s.is_integer and s.is_positive), key=str)
    for size in sizes:
        if isinstance(right, sp.Add):
            over = [t for t in right.args if 1 / size in sp.Mul.make_args(t)]
            if over and len(over) < len(right.args):
                yield "1/N", sp.Add(*(t if t in over else t / size for t in right.args))
        factors = sp.Mul.make_args(right)
        for total in factors:
            if isinstance(total, sp.Add) and 1 / size in factors:
                others = sp.Mul(*(f for f in factors if f not in (total, 1 / size)))
                first, *rest = total.args
                yield "1/N", others * sp.Add(first / size, *rest)
