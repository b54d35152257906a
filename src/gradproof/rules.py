"""The laws of differentiation, one record each, in one table.

A rule moves a derivative one step and leaves `Derivative` nodes behind; the rules for sums
then collapse deltas and pull factors out.  `rewrite` returns the new expression, or None
where the rule does not apply.  The first rule of `RULES` that applies is taken.

Notation of the laws: u, w are expressions in θ; c is free of θ; v is a vector, M a matrix.

To add a rule, add one record (and its function above it): its `example` is its test and its
row on the site's page of rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sympy as sp
from sympy.core.function import AppliedUndef

from gradproof.elementary import piecewise, slope
from gradproof.lines import derivative, index_range, kronecker, mentions, replaced, summed, times
from gradproof.matrix_rules import MATRIX_RULES
from gradproof.notation import least
from gradproof.rule import Rule, Scope

__all__ = ["CHAIN_THROUGH", "DEFINITION", "RULES", "SUBSTITUTION", "SUM_RULES", "Rule", "Scope"]

_ZERO, _ONE = sp.Integer(0), sp.Integer(1)


# -- rules for a Derivative node -----------------------------------------------------------
def _constant(node: sp.Derivative, scope: Scope) -> sp.Expr | None:
    return None if scope.depends(node.expr) else _ZERO


def _identity(node: sp.Derivative, scope: Scope) -> sp.Expr | None:
    return _ONE if node.expr == scope.wrt else None


def _entry(node: sp.Derivative, scope: Scope) -> sp.Expr | None:
    u, wrt = node.expr, scope.wrt
    if not (isinstance(u, sp.Indexed) and isinstance(wrt, sp.Indexed) and u.base == wrt.base):
        return None
    return sp.Mul(*(kronecker(i, a) for i, a in zip(u.indices, wrt.indices, strict=True)))


def _definition(node: sp.Derivative, scope: Scope) -> sp.Expr | None:
    """Open named quantities that stand alone, or added to what is constant."""
    u = node.expr
    terms = [t for t in sp.Add.make_args(u) if scope.depends(t)]
    named: dict[sp.Basic, sp.Basic] = {}
    for term in terms:
        _, factor = term.as_coeff_Mul()
        body = scope.unfolded(factor)
        if body is None:
            return None
        named[factor] = body
    return derivative(replaced(u, named), scope.wrt)


def _factor(node: sp.Derivative, scope: Scope) -> sp.Expr | None:
    if not isinstance(node.expr, sp.Mul):
        return None
    moving = [f for f in node.expr.args if scope.depends(f)]
    fixed = [f for f in node.expr.args if not scope.depends(f)]
    return times(*fixed, derivative(times(*moving), scope.wrt)) if fixed else None


def _sum_of_terms(node: sp.Derivative, scope: Scope) -> sp.Expr | None:
    if not isinstance(node.expr, sp.Add):
        return None
    return sp.Add(*(derivative(t, scope.wrt) for t in node.expr.args))


def _sum_over_index(node: sp.Derivative, scope: Scope) -> sp.Expr | None:
    if not isinstance(node.expr, sp.Sum):
        return None
    ((index, lo, hi),) = node.expr.limits
    return summed(derivative(node.expr.function, scope.wrt), index, lo, hi)


def _power(node: sp.Derivative, scope: Scope) -> sp.Expr | None:
    """nuⁿ⁻¹ ∂u: the chain rule for a power; plain power rule where u is θ itself."""
    u = node.expr
    if not isinstance(u, sp.Pow) or scope.depends(u.exp) or u.base != scope.wrt:
        return None
    return times(u.exp, sp.Pow(u.base, u.exp - 1))


def _quotient(node: sp.Derivative, scope: Scope) -> sp.Expr | None:
    if not isinstance(node.expr, sp.Mul):
        return None
    below = [f for f in node.expr.args if isinstance(f, sp.Pow) and f.exp == -1 and scope.depends(f)]
    above = [f for f in node.expr.args if f not in below]
    if not below or not above:
        return None
    u, w = times(*above), times(*(f.base for f in below))
    du, dw = derivative(u, scope.wrt), derivative(w, scope.wrt)
    return times(sp.Add(times(du, w), times(-1, u, dw)), sp.Pow(w, -2))


def _product(node: sp.Derivative, scope: Scope) -> sp.Expr | None:
    if not isinstance(node.expr, sp.Mul):
        return None
    parts = node.expr.args
    return sp.Add(*(times(*parts[:n], derivative(f, scope.wrt), *parts[n + 1 :]) for n, f in enumerate(parts)))


def _general_power(node: sp.Derivative, scope: Scope) -> sp.Expr | None:
    u = node.expr
    if not isinstance(u, sp.Pow) or not scope.depends(u.exp) or u.base == sp.E:
        return None
    base, exponent = u.args
    first = times(derivative(exponent, scope.wrt), sp.log(base))
    return times(u, sp.Add(first, times(exponent, derivative(base, scope.wrt), sp.Pow(base, -1))))


def _outer_derivative(u: sp.Expr, scope: Scope) -> tuple[sp.Expr, sp.Expr] | None:
    """(g′(inner), inner) for u = g(inner)."""
    if isinstance(u, sp.Pow):
        if u.base == sp.E:
            return u, u.exp
        return None if scope.depends(u.exp) else (times(u.exp, sp.Pow(u.base, u.exp - 1)), u.base)
    law = slope(u)
    return None if law is None else (law, u.args[0])


def _elementary(node: sp.Derivative, scope: Scope) -> sp.Expr | None:
    found = _outer_derivative(node.expr, scope)
    return found[0] if found is not None and found[1] == scope.wrt else None


def _chain(node: sp.Derivative, scope: Scope) -> sp.Expr | None:
    found = _outer_derivative(node.expr, scope)
    return None if found is None else times(found[0], derivative(found[1], scope.wrt))


def _undefined(node: sp.Derivative, scope: Scope) -> sp.Expr | None:
    u = node.expr
    if not isinstance(u, AppliedUndef):
        return None
    terms = [times(_partial(u, n), derivative(a, scope.wrt)) for n, a in enumerate(u.args) if scope.depends(a)]
    return sp.Add(*terms)


def _partial(f: AppliedUndef, slot: int) -> sp.Expr:
    """∂f/∂(its slot), written as SymPy writes it."""
    argument = f.args[slot]
    others = [a for n, a in enumerate(f.args) if n != slot]
    if isinstance(argument, (sp.Symbol, sp.Indexed)) and not any(mentions(a, argument) for a in others):
        return derivative(f, argument)
    free = sp.Dummy("xi")  # one slot only: SymPy takes two variables with one value for the same
    opened = f.func(*f.args[:slot], free, *f.args[slot + 1 :])
    return sp.Subs(derivative(opened, free), (free,), (argument,))


def _branches(node: sp.Derivative, scope: Scope) -> sp.Expr | None:
    """Branch by branch, away from the kinks; the branch conditions are kept as they are."""
    u = node.expr
    match u:
        case sp.Abs():
            return times(sp.sign(u.args[0]), derivative(u.args[0], scope.wrt))
        case sp.sign() | sp.Heaviside():
            return _ZERO
        case sp.Max() | sp.Min():
            first, rest = u.args[0], u.func(*u.args[1:])
            wins = sp.Gt(first, rest) if isinstance(u, sp.Max) else sp.Lt(first, rest)
            return piecewise((derivative(first, scope.wrt), wins), (derivative(rest, scope.wrt), True))
        case sp.Piecewise():
            return piecewise(*((derivative(v, scope.wrt), c) for v, c in u.args))
    return None


# -- rules for a Sum node -----------------------------------------------------------------
def _limits(node: sp.Sum) -> tuple[sp.Basic, sp.Expr, sp.Expr]:
    ((index, lo, hi),) = node.limits
    return index, lo, hi


def _survivor(node: sp.Sum, scope: Scope) -> sp.Expr | None:
    """Σ_i δ(i, a) f(i) = f(a), with the condition that a lies in the range where that is not known."""
    index, lo, hi = _limits(node)
    factors = sp.Mul.make_args(node.function)
    for delta in factors:
        target = _solved(delta, index) if isinstance(delta, sp.KroneckerDelta) and delta.has(index) else None
        if target is not None:
            rest = times(*(f for f in factors if f is not delta))
            inside = _inside(target, lo, hi, scope.bounds)
            kept = replaced(rest, {index: target})
            return kept if inside == sp.true else piecewise((kept, inside), (_ZERO, True))
    return None


def _solved(delta: sp.KroneckerDelta, index: sp.Basic) -> sp.Expr | None:
    """A with δ = [index = a]."""
    for one, other in (delta.args[:2], delta.args[1::-1]):
        if one == index and not other.has(index):
            return other
    gap = sp.expand(delta.args[0] - delta.args[1])
    slope = gap.coeff(index, 1)
    rest = sp.expand(gap - slope * index)
    return None if slope not in (1, -1) or rest.has(index) else -slope * rest


def _inside(a: sp.Expr, lo: sp.Expr, hi: sp.Expr, bounds: Mapping[sp.Basic, tuple[sp.Expr, sp.Expr]]) -> sp.Basic:
    """The condition lo ≤ a ≤ hi, without what follows from the declared ranges."""
    if bounds.get(a, index_range(a)) == (lo, hi):
        return sp.true
    known = {**{i: r for i in a.atoms(sp.Idx) if (r := index_range(i)) is not None}, **bounds}
    conditions = []
    for gap, condition in ((a - lo, sp.Ge(a, lo)), (hi - a, sp.Le(a, hi))):
        smallest = least(gap, {i: r for i, r in known.items() if gap.has(i)})
        if smallest is None or smallest < 0:
            conditions.append(condition)
    return sp.And(*conditions)


def _idle_sum(node: sp.Sum, _scope: Scope) -> sp.Expr | None:
    index, lo, hi = _limits(node)
    return None if node.function.has(index) else times(hi - lo + 1, node.function)


def _split_sum(node: sp.Sum, _scope: Scope) -> sp.Expr | None:
    """Distribute where a delta stands in one of several terms, so that it can collapse."""
    index, lo, hi = _limits(node)
    body = node.function
    if isinstance(body, sp.Add) and any(_has_delta(t, index) for t in body.args):
        return sp.Add(*(summed(t, index, lo, hi) for t in body.args))
    factors = sp.Mul.make_args(body)
    branching = [f for f in factors if isinstance(f, sp.Piecewise) and f.has(sp.KroneckerDelta)]
    split = _by_deltas(branching[0]) if len(branching) == 1 else None
    if split is not None:
        return summed(times(*(f for f in factors if f is not branching[0]), split), index, lo, hi)
    if isinstance(body, sp.Mul):
        for factor in body.args:
            if isinstance(factor, sp.Add) and any(_has_delta(t, index) for t in factor.args):
                others = [f for f in body.args if f is not factor]
                return summed(sp.Add(*(times(*others, t) for t in factor.args)), index, lo, hi)
    return None


def _by_deltas(branches: sp.Piecewise) -> sp.Expr | None:
    """A Piecewise as a sum of deltas times Piecewise: the deltas leave the branches, equal ones together."""
    rests: dict[tuple[sp.Basic, ...], list[sp.Expr]] = {}
    for n, (value, _) in enumerate(branches.args):
        for term in _terms(value):
            deltas = tuple(f for f in sp.Mul.make_args(term) if isinstance(f, sp.KroneckerDelta))
            rest = times(*(f for f in sp.Mul.make_args(term) if f not in deltas))
            if rest.has(sp.KroneckerDelta):
                return None
            rests.setdefault(deltas, [_ZERO] * len(branches.args))[n] += rest
    conditions = [c for _, c in branches.args]
    return sp.Add(
        *(times(*d, piecewise(*zip(v, conditions, strict=True))) for d, v in rests.items() if any(x != 0 for x in v))
    )


def _terms(e: sp.Expr) -> Iterator[sp.Expr]:
    """The terms of an expression, a factor that is a sum with deltas multiplied out."""
    for term in sp.Add.make_args(e):
        factors = sp.Mul.make_args(term)
        total = next((f for f in factors if isinstance(f, sp.Add) and f.has(sp.KroneckerDelta)), None)
        if total is None or len(factors) == 1:
            yield term
        else:
            for part in total.args:
                yield from _terms(times(*(f for f in factors if f is not total), part))


def _has_delta(e: sp.Basic, index: sp.Basic) -> bool:
    """Whether a delta of this index is a factor of e, or of a term of a factor."""
    if isinstance(e, sp.KroneckerDelta):
        return bool(e.has(index))
    return isinstance(e, (sp.Mul, sp.Add)) and any(_has_delta(a, index) for a in e.args)


def _pull_out(node: sp.Sum, _scope: Scope) -> sp.Expr | None:
    index, lo, hi = _limits(node)
    fixed = [f for f in sp.Mul.make_args(node.function) if not f.has(index)]
    if not fixed:
        return None
    moving = [f for f in sp.Mul.make_args(node.function) if f.has(index)]
    return times(*fixed, summed(times(*moving), index, lo, hi))


# -- the table --------------------------------------------------------------------------
_th, _c, _n, _x = sp.symbols("theta c n x")
_u, _w, _f = (sp.Function(name)(_th) for name in "uwf")
_N = sp.Symbol("N", integer=True, positive=True)
_i, _j, _a, _b = (sp.Idx(name, (1, _N)) for name in "ijab")
_v, _M = sp.IndexedBase("v"), sp.IndexedBase("M")


def _d(u: sp.Expr, wrt: sp.Expr = _th) -> sp.Expr:
    return derivative(u, wrt)


def _law(left: sp.Expr, right: sp.Expr) -> sp.Eq:
    return sp.Eq(left, right, evaluate=False)


_vi = sp.Function("v")(_th, _i)
_h = sp.Function("h")

RULES: tuple[Rule, ...] = (
    Rule("constant", _law(_d(_c), _ZERO), (_c**2, _th), _constant, lemmas=("d_constant",)),
    Rule("identity", _law(_d(_th), _ONE), (_th, _th), _identity, lemmas=("d_identity",)),
    Rule("entry", _law(_d(_M[_i, _j], _M[_a, _b]), sp.KroneckerDelta(_i, _a) * sp.KroneckerDelta(_j, _b)),
         (_v[_i], _v[_a]), _entry, lemmas=("d_entry1", "d_entry2", "d_entry3")),
    Rule("definition", _law(_d(_f), _d(_u)), (_th, _th), _definition, "f is defined as u", lemmas=("unfold",)),
    Rule("factor rule", _law(_d(_c * _u), _c * _d(_u)), (_c * sp.sin(_th), _th), _factor, lemmas=("d_factor", "d_factor_right", "d_factor_over", "d_opposite")),
    Rule("sum rule", _law(_d(_u + _w), _d(_u) + _d(_w)), (sp.sin(_th) + sp.exp(_th), _th), _sum_of_terms, lemmas=("d_sum", "d_difference")),
    Rule("sum rule over an index", _law(_d(sp.Sum(_vi, _i)), sp.Sum(_d(_vi), _i)),
         (sp.Sum(_th**2 * _v[_i] + sp.exp(_th * _v[_i]), _i), _th), _sum_over_index, lemmas=("d_sum_over",)),
    Rule("power rule", _law(_d(_th**_n), _n * _th ** (_n - 1)), (_th**3, _th), _power),
    Rule("quotient rule", _law(_d(_u / _w), (_d(_u) * _w - _u * _d(_w)) / _w**2), (sp.sin(_th) / (1 + _th), _th), _quotient, lemmas=("d_quotient",)),
    Rule("product rule", _law(_d(_u * _w), _d(_u) * _w + _u * _d(_w)), (sp.sin(_th) * sp.exp(_th), _th), _product, lemmas=("d_product",)),
    Rule("power rule with a variable exponent", _law(_d(_u**_w), _u**_w * (_d(_w) * sp.log(_u) + _w * _d(_u) / _u)),
         ((1 + _th**2) ** _th, _th), _general_power, lemmas=("d_variable_power",)),
    Rule("elementary derivative", _law(_d(sp.tanh(_th)), 1 - sp.tanh(_th) ** 2), (sp.tanh(_th), _th), _elementary, lemmas=("d_exp", "d_ln", "d_tanh", "d_sinh", "d_cosh", "d_sin", "d_cos", "d_tan", "d_atan", "d_sqrt", "d_asin", "d_acos", "d_arcsinh", "d_acosh", "d_atanh", "d_coth", "d_sech", "d_csch", "d_erf", "d_erfc")),
    Rule("branches", _law(_d(sp.Abs(_u)), sp.sign(_u) * _d(_u)), (sp.Max(_th, 0), _th), _branches, lemmas=("d_abs", "d_sign", "d_square_max_smooth", "d_max_smooth", "d_min_smooth", "d_max", "d_min", "d_if_fixed", "d_if_at_most_fixed", "d_if_equal_fixed", "d_if_even", "d_if_at_most_even", "d_if", "d_if_at_most", "d_if_equal")),
    Rule("chain rule", _law(_d(_h(_u)), sp.Subs(_d(_h(_x), _x), _x, _u) * _d(_u)), ((_c - 2 * _th) ** 2, _th), _chain, lemmas=("d_power", "d_inverse", "d_factor_below", "d_chain")),
    Rule("chain rule for an undefined function",
         _law(_d(_h(_u, _w)), sp.Subs(_d(_h(_x, _w), _x), _x, _u) * _d(_u) + sp.Subs(_d(_h(_u, _x), _x), _x, _w) * _d(_w)),
         (_h(_th * _c, _th**2), _th), _undefined),
    *MATRIX_RULES,
)  # fmt: skip

SUM_RULES: tuple[Rule, ...] = (
    Rule("sum of a constant", _law(sp.Sum(_c, _i), _N * _c), (sp.Sum(_c, _i),), _idle_sum, lemmas=("sum_constant",)),
    Rule("only the term i = a survives", _law(sp.Sum(sp.KroneckerDelta(_i, _a) * _v[_i], _i), _v[_a]),
         (sp.Sum(sp.KroneckerDelta(_i, _a) * _v[_i], _i),), _survivor, lemmas=("sum_survivor",)),
    Rule("distributivity", _law(sp.Sum(_c * _v[_i], _i), _c * sp.Sum(_v[_i], _i)), (sp.Sum(_c * _v[_i], _i),), _pull_out, lemmas=("sum_term",)),
    Rule("sum of sums", _law(sp.Sum(_v[_i] + _M[_i, _a], _i), sp.Sum(_v[_i], _i) + sp.Sum(_M[_i, _a], _i)),
         (sp.Sum(_v[_i] * sp.KroneckerDelta(_i, _a) + _v[_i] ** 2, _i),), _split_sum, lemmas=("sum_term",)),
)  # fmt: skip


_E, _q, _p = sp.Symbol("E"), sp.IndexedBase("q"), sp.IndexedBase("p")

#: The steps that a Model takes by itself (model.py): they need all definitions at once.
CHAIN_THROUGH = Rule(
    "chain rule through the definitions",
    _law(_d(_E, _p[_a]), sp.Sum(_d(_E, _q[_i]) * _d(_q[_i], _p[_a]), _i)),
    where="the q are the named quantities whose definitions use p",
)
_found = _law(_d(_E, _q[_i]), sp.IndexedBase("r")[_i])
SUBSTITUTION = Rule("substitution of the adjoints", _found, where="r is what an earlier derivation found")
DEFINITION = next(r for r in RULES if r.name == "definition")
