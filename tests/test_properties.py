"""Properties over random expressions (Hypothesis).

The oracle knows nothing of indices: it writes every sum out at small sizes, gives each entry
a symbol of its own, and lets SymPy differentiate by that symbol.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from gradproof import check, derive, equal

N, M = sp.symbols("N M", integer=True, positive=True)
n, l, m = sp.Idx("n", (1, N)), sp.Idx("l", (1, N)), sp.Idx("m", M)
x, y, w = sp.IndexedBase("x"), sp.IndexedBase("y"), sp.IndexedBase("w")
u, v = sp.symbols("u v")
f = sp.Function("f")

LEAVES = {(): (u, v, sp.Integer(2)), (n,): (x[n], y[n]), (l,): (x[l],), (m,): (w[m, 1],)}


@st.composite
def expressions(draw: Any, free: tuple[sp.Basic, ...] = (), depth: int = 3) -> sp.Expr:
    """A scalar in index notation whose free indices are among `free`."""
    leaves = [e for need, es in LEAVES.items() if set(need) <= set(free) for e in es]
    leaves += [w[m, n]] if {m, n} <= set(free) else []
    kind = draw(st.sampled_from(["leaf", "add", "mul", "sum", "square", "function", "ratio"])) if depth else "leaf"
    if kind == "leaf":
        return draw(st.sampled_from(leaves))
    inner = expressions(free, depth - 1)
    if kind in ("add", "mul"):
        one, other = draw(inner), draw(inner)
        return one - other if kind == "add" else one * other
    if kind == "sum":
        index = draw(st.sampled_from([n, l, m]))
        if index in free:
            return draw(inner)
        return sp.Sum(draw(expressions((*free, index), depth - 1)), index)
    if kind == "square":
        return draw(inner) ** 2
    if kind == "ratio":
        return draw(inner) / (1 + draw(inner) ** 2)
    return draw(st.sampled_from([sp.tanh, sp.sin, sp.atan]))(draw(inner))


def written_out(e: sp.Expr, sizes: dict[sp.Basic, int]) -> sp.Expr:
    """`e` at fixed sizes, with a symbol for each entry."""
    if isinstance(e, sp.Sum):
        total = e.function
        for index, lo, hi in e.limits:
            span = range(int(lo.xreplace(sizes)), int(hi.xreplace(sizes)) + 1)
            total = sp.Add(*(_at(total, index, value) for value in span))
        return written_out(total, sizes)
    if isinstance(e, sp.Indexed):
        return sp.Symbol("_".join(map(str, (e.base, *e.indices))))
    if not e.args:
        return sp.Integer(sizes[e]) if e in sizes else e
    return e.func(*(written_out(part, sizes) for part in e.args))


def _at(e: sp.Basic, index: sp.Basic, value: int) -> sp.Basic:
    """`e` with a value for an index, except where an inner sum binds that letter."""
    if e == index:
        return sp.Integer(value)
    if (isinstance(e, sp.Sum) and index in [limit[0] for limit in e.limits]) or not e.args:
        return e
    return e.func(*(_at(part, index, value) for part in e.args))


def near(one: sp.Expr, other: sp.Expr) -> bool:
    """Whether two expressions without indices agree to 30 digits at a rational point."""
    symbols = sorted((one.free_symbols | other.free_symbols), key=str)
    point = {s: sp.Rational(7 * k % 11 - 4, 9) + sp.Rational(1, 97) for k, s in enumerate(symbols)}
    a, b = (sp.N(e.xreplace(point), 40) for e in (one, other))
    return bool(abs(a - b) <= sp.Float("1e-30", 40) * (1 + abs(a)))


@pytest.mark.parametrize("wrt", [u, x[n], w[m, l]])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_derive_agrees_with_sympy_on_the_sums_written_out(wrt: sp.Expr, data: Any) -> None:
    """Every entry of the gradient, at N = 3 and M = 2."""
    loss = data.draw(expressions())
    sizes = {N: 3, M: 2}
    result = derive(loss, wrt).result
    indices = getattr(wrt, "indices", ())
    spans = [range(2) if i == m else range(1, 4) for i in indices]
    flat = written_out(loss, sizes)
    for values in itertools.product(*spans):
        entry, gradient = wrt, result
        for index, value in zip(indices, values, strict=True):
            entry, gradient = _at(entry, index, value), _at(gradient, index, value)
        assert near(sp.diff(flat, written_out(entry, sizes)), written_out(gradient, sizes))


@settings(max_examples=12, deadline=None)
@given(expressions(), st.sampled_from([u, x[n]]))
def test_every_derivation_verifies(loss: sp.Expr, wrt: sp.Expr) -> None:
    """Each step by SymPy's diff, the whole, and the slope of the remainder."""
    verdict = derive(loss, wrt).verify()
    assert verdict.status == "proved", f"{verdict}"


def renamed(e: sp.Expr) -> sp.Expr:
    """`e` with other letters for its bound indices."""
    if isinstance(e, sp.Sum):
        ((index, lo, hi),) = e.limits
        other = sp.Idx(f"r{index.label}", (lo, hi))
        return sp.Sum(_renamed_in(renamed(e.function), index, other), other)
    return e if not e.args or isinstance(e, sp.Indexed) else e.func(*map(renamed, e.args))


def _renamed_in(e: sp.Basic, index: sp.Basic, other: sp.Basic) -> sp.Basic:
    if e == index:
        return other
    return e if not e.args else e.func(*(_renamed_in(part, index, other) for part in e.args))


def split(e: sp.Expr) -> sp.Expr:
    """`e` with Σ(a + b) written as Σa + Σb."""
    if isinstance(e, sp.Sum):
        body = sp.expand_mul(split(e.function))
        return sp.Add(*(sp.Sum(t, *e.limits) for t in sp.Add.make_args(body)))
    return e if not e.args or isinstance(e, sp.Indexed) else e.func(*map(split, e.args))


@pytest.mark.parametrize("rewrite", [renamed, split, sp.expand, sp.factor_terms, sp.together])
@settings(max_examples=15, deadline=None)
@given(expressions())
def test_an_equal_form_is_still_proved(rewrite: Any, loss: sp.Expr) -> None:
    gradient = derive(loss, u).result
    verdict = equal(gradient, rewrite(gradient))
    assert verdict.status == "proved", f"{gradient} against {rewrite(gradient)}: {verdict}"


@settings(max_examples=25, deadline=None)
@given(expressions(), expressions())
def test_proved_means_equal_and_refuted_means_different(one: sp.Expr, other: sp.Expr) -> None:
    verdict = equal(one, other)
    same = all(near(written_out(one, s), written_out(other, s)) for s in ({N: 1, M: 2}, {N: 3, M: 1}))
    assert verdict.status == ("proved" if same else "refuted"), f"{one} against {other}: {verdict}"


@settings(max_examples=15, deadline=None)
@given(expressions(), st.sampled_from([sp.Rational(1, 10**9), -1, 2]))
def test_a_factor_is_noticed(loss: sp.Expr, slip: sp.Expr) -> None:
    gradient = derive(loss, u).result
    status = check(loss, u, gradient * (1 + slip)).status
    assert status != "proved" or gradient == 0 or equal(gradient, 0).status == "proved"
