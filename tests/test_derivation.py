"""Derivations: the result, the steps, and the checks that watch over them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sympy as sp

from gradproof import Derivation, KinkError, Model, check, derive, equal, remainder_slopes
from gradproof.elementary import ELEMENTARY, SPELLED_OUT, slope
from gradproof.rules import RULES, SUM_RULES, Rule, Scope
from losses import (
    BACK,
    LINE,
    LINE_BY_B,
    LINE_BY_M,
    NAMED,
    NAMED_GRADIENTS,
    NETWORK,
    OUTPUT,
    D,
    E,
    K,
    M,
    N,
    a,
    b,
    f,
    h,
    i,
    j,
    k,
    m,
    n,
    t,
    theta,
    u,
    v,
    w1,
    w2,
    x,
    y,
    z,
)  # fmt: skip

j2, p, q = sp.Idx("j2", (1, M)), *sp.symbols("p q", integer=True)
SLOPE = 1 - sp.tanh(sp.Sum(w1[j, i] * x[i], i)) ** 2


@pytest.mark.parametrize(
    ("loss", "wrt", "claimed"),
    [
        (LINE, m, LINE_BY_M),
        (LINE, b, LINE_BY_B),
        (NETWORK, w1[j, i], SLOPE * x[i] * sp.Sum((OUTPUT.xreplace({j: j2}) - t[k]) * w2[k, j], k)),
        (sp.Sum(w1[j, i] * x[i], i), x[i], w1[j, i]),
        (sp.log(sp.Sum(sp.exp(x[n]), n)), x[a], sp.exp(x[a]) / sp.Sum(sp.exp(x[n]), n)),
        (sp.sqrt(sp.Sum(x[n] ** 2, n)), x[a], x[a] / sp.sqrt(sp.Sum(x[n] ** 2, n))),
        (sp.Sum(f(x[n], theta), n) / N, theta, sp.Sum(sp.Derivative(f(x[n], theta), theta), n) / N),
        (sp.Sum(sp.log(1 + sp.exp(-y[n] * u)), n), u, -sp.Sum(y[n] / (1 + sp.exp(y[n] * u)), n)),
        (u**v, v, u**v * sp.log(u)),
        (sp.tanh(u) / (1 + u**2), u, (1 - sp.tanh(u) ** 2) / (1 + u**2) - 2 * u * sp.tanh(u) / (1 + u**2) ** 2),
        (sp.Sum(sp.Abs(x[n]), n), x[a], sp.sign(x[a])),
        (sp.Sum(sp.Max(x[n], 0), n), x[a], sp.Piecewise((1, x[a] > 0), (0, True))),
        (sp.Sum(sp.Max(x[n], 0), n), x[a], sp.Heaviside(x[a])),
    ],
)
def test_a_gradient_is_derived_proved_and_verified(loss: sp.Expr, wrt: sp.Expr, claimed: sp.Expr) -> None:
    derivation = derive(loss, wrt)
    assert check(loss, wrt, claimed).status == "proved"
    verdict = derivation.verify()
    assert verdict.status == "proved", str(verdict)
    kinds = {e.kind: e.outcome for e in verdict.evidence}
    assert kinds == dict.fromkeys(
        ("canonical form", "each step", "whole", "remainder", "second prover", "complex step"), "agrees"
    )


@pytest.mark.parametrize("wrt", NAMED_GRADIENTS)
def test_back_propagation_gives_the_printed_equations(wrt: sp.Expr) -> None:
    """(5.9), (5.11), (5.12) of "Going Deeper into Back-propagation", and the entries between."""
    derivation = NAMED.gradient(E, wrt)
    assert equal(derivation.result, NAMED_GRADIENTS[wrt]).status == "proved", derivation.result
    assert NAMED.check(E, wrt, NAMED_GRADIENTS[wrt]).status == "proved"
    assert derivation.verify().status == "proved"


def test_the_chain_of_5_10_is_checked_factor_by_factor() -> None:
    first = sp.Derivative(E, h[j]) * sp.Derivative(h[j], w1[j, i])
    second = sp.Derivative(E, z[j]) * sp.Derivative(z[j], h[j]) * x[i]
    assert NAMED.check(E, w1[j, i], first).status == "proved"
    assert NAMED.check(E, w1[j, i], second).status == "proved"
    assert NAMED.check(E, w1[j, i], second * 2).status == "refuted"


def test_adjoints_are_reused_by_name() -> None:
    derivation = NAMED.gradient(E, w1[j, i])
    assert [d.wrt for d in derivation.adjoints] == [y[k], z[j], h[j]]
    assert derivation.adjoints[2].result == (1 - z[j] ** 2) * sp.Derivative(E, z[j])


def test_a_quantity_used_twice_gets_both_paths() -> None:
    """A skip connection: y = z + tanh(z), E = y² + z."""
    model = Model([sp.Eq(z[j], w1[j, j] * x[j]), sp.Eq(h[j], sp.tanh(z[j])), sp.Eq(y[j], z[j] + h[j])])
    loss = sp.Sum(y[j] ** 2 + z[j], j)
    derivation = model.gradient(loss, z[j])
    assert equal(derivation.result, 2 * y[j] * (2 - h[j] ** 2) + 1).status == "proved"
    assert derivation.verify().status == "proved"


def test_a_scalar_may_be_named() -> None:
    s = sp.Symbol("s")
    model = Model([sp.Eq(s, sp.Sum(x[n] ** 2, n))])
    derivation = model.gradient(sp.log(s), x[a])
    assert equal(derivation.result, 2 * x[a] / s).status == "proved"
    assert derivation.verify().status == "proved"


def test_forward_and_backward_agree() -> None:
    forward, backward = NAMED.derive(E, w1[j, i]), NAMED.gradient(E, w1[j, i])
    assert forward.verify().status == "proved"
    assert NAMED.check(E, w1[j, i], forward.result).status == "proved"
    assert "definition" in {s.rule.name for s in forward.steps}
    assert backward.steps[0].rule.name == "chain rule through the definitions"


def test_wrt_may_reuse_a_bound_letter() -> None:
    """SymPy's own diff captures the index here and gives Σ 2x_n."""
    assert derive(sp.Sum(x[n] ** 2, n), x[n]).result == 2 * x[n]


def test_lines_never_show_one_letter_for_two_indices() -> None:
    step = derive(sp.Sum(w1[j, i] * x[i], i) ** 2, x[i]).steps[1]
    assert "i'" in str(step.after)


def test_neighbours_end_at_the_borders() -> None:
    """∂/∂x_q Σ_{p<N} x_p x_{p+1} has two terms, one of them only inside the range."""
    result = derive(sp.Sum(x[p] * x[p + 1], (p, 1, N - 1)), x[q]).result
    right = sp.Piecewise((x[q + 1], q <= N - 1), (0, True)) + sp.Piecewise((x[q - 1], q >= 2), (0, True))
    assert equal(result, right).status == "proved"
    assert check(sp.Sum(x[p] * x[p + 1], (p, 1, N - 1)), x[q], x[q + 1] + x[q - 1]).status == "refuted"


def test_a_loss_without_wrt_has_the_true_gradient_zero_and_says_so() -> None:
    derivation = derive(sp.Sum(x[n], n), u)
    assert derivation.result == 0
    assert "does not occur" in derivation.notes[0]


def test_the_lines_connect_and_end_in_the_result() -> None:
    derivation = derive(NETWORK, w1[j, i])
    for one, other in zip(derivation.steps, derivation.steps[1:], strict=False):
        assert one.after == other.before
    assert derivation.steps[-1].after == derivation.result
    assert derivation.lines[-1] == (derivation.result, derivation.steps[-1].rule.name)


# -- the checkers catch planted errors ------------------------------------------------------
def _planted(derivation: Derivation, at: int, after: sp.Expr) -> Derivation:
    step = replace(derivation.steps[at], after=after)
    return replace(derivation, steps=(*derivation.steps[:at], step, *derivation.steps[at + 1 :]))


@pytest.mark.parametrize("at", range(8))
def test_a_sign_flipped_in_any_step_is_found_and_named(at: int) -> None:
    derivation = derive(LINE, m)
    verdict = _planted(derivation, at, -derivation.steps[at].after).verify()
    assert verdict.status == "refuted"
    assert f"step {at + 1} ({derivation.steps[at].rule.name})" in verdict.reason


def test_a_wrong_result_or_a_gap_is_found() -> None:
    derivation = derive(LINE, m)
    assert replace(derivation, result=2 * derivation.result).verify().status != "proved"
    assert replace(derivation, steps=derivation.steps[:3] + derivation.steps[4:]).verify().status != "proved"
    verdict = replace(derivation, steps=derivation.steps[2:]).verify()
    assert verdict.status == "undecided"
    assert "do not start from the loss" in verdict.reason


def test_the_remainder_falls_as_the_square_only_for_the_right_gradient() -> None:
    derivation = derive(NETWORK, w2[k, j])
    right, wrong = (
        remainder_slopes(derivation),
        remainder_slopes(derivation, derivation.result * (1 + sp.Rational(1, 10**12))),
    )
    assert len(right) == 4
    assert len({tuple(s.sizes.values()) for s in right}) >= 3
    assert all(s.agrees and s.slope == pytest.approx(2, abs=1e-6) for s in right)
    assert all(not s.agrees and s.slope == pytest.approx(1, abs=1e-6) for s in wrong)


def test_a_loss_that_cancels_has_its_remainder_measured_with_more_digits() -> None:
    loss = sp.log(1 - sp.tanh(100 + u**2))
    assert all(s.agrees for s in remainder_slopes(derive(loss, u)))
    assert not any(s.agrees for s in remainder_slopes(derive(loss, u), -2 * u))


def test_a_linear_loss_has_a_remainder_of_exactly_zero() -> None:
    assert {s.slope for s in remainder_slopes(derive(sp.Sum(sp.tanh(y[n]) * x[n], n), x[a]))} == {None}


# -- values and kinks ---------------------------------------------------------------------
def test_the_gradient_at_a_point() -> None:
    """Offset = index − lower bound: lists start at the first index."""
    point = {N: 2, "x": [1, 2], "y": [0, 1], m: 1, b: 0}
    assert derive(LINE, m).at(point) == 3
    assert derive(sp.Sum(x[n] ** 2 * y[n], n), x[a]).at({"N": 2, "x": [1, 2], "y": [3, 1]}) == [6, 4]
    step = sp.Symbol("step", integer=True)  # a list begins at 1, though only y_2, …, y_N are used
    later = derive(sp.Sum(x[step] * y[step + 1], (step, 1, N - 1)), x[a])
    assert later.at({N: 3, "x": [1, 2, 3], "y": [5, 6, 7]}) == [6, 7, 0]


def test_a_kink_has_no_gradient() -> None:
    derivation = derive(sp.Sum(sp.Abs(x[n]), n), x[a])
    assert derivation.at({N: 2, x: [3, -1]}) == [1, -1]
    with pytest.raises(KinkError, match=r"the derivative need not exist"):
        derivation.at({N: 2, x: [3, 0]})
    assert "need not have a derivative" in derivation.notes[0]


def test_kinks_are_excluded_and_said_to_be() -> None:
    verdict = check(sp.Abs(u), u, sp.Heaviside(u) - sp.Heaviside(-u))
    assert verdict.status == "proved"
    assert verdict.assumptions == (sp.Ne(u, 0),)


# -- the table of rules -------------------------------------------------------------------
@pytest.mark.parametrize("rule", [r for r in RULES if r.name != "definition"], ids=lambda r: r.name)
def test_a_rules_example_starts_with_that_rule(rule: Rule) -> None:
    derivation = derive(*rule.example)
    assert rule.name in [s.rule.name for s in derivation.steps][:2]
    assert derivation.verify().status == "proved"


@pytest.mark.parametrize("rule", SUM_RULES, ids=lambda r: r.name)
def test_a_rule_for_sums_keeps_the_value(rule: Rule) -> None:
    (total,) = rule.example
    after = rule.rewrite(total, Scope(u, frozenset({u})))
    assert after is not None
    assert equal(total, after).status == "proved"


@pytest.mark.parametrize("function", SPELLED_OUT, ids=lambda g: g.__name__)
def test_a_function_that_stands_for_others_is_read(function: type) -> None:
    """Against SymPy's own derivative."""
    own = function(2 * u).diff(u)
    assert check(function(2 * u), u, own).status == "proved"
    assert check(function(2 * u), u, own / 2).status == "refuted"


@pytest.mark.parametrize("function", ELEMENTARY, ids=lambda g: g.__name__)
def test_elementary_derivatives_are_sympys(function: type[sp.Function]) -> None:
    mine, theirs = slope(function(u)), sp.diff(function(u), u)
    assert mine is not None
    point = {u: sp.Rational(5, 4)} if function is sp.acosh else {u: sp.Rational(1, 3)}
    assert abs(sp.N((mine - theirs).xreplace(point), 40)) < sp.Float("1e-35", 40)


# -- reading -----------------------------------------------------------------------------
def test_a_derivation_reads_as_text_and_in_a_notebook() -> None:
    derivation = derive(LINE, m)
    assert "[sum rule over an index]" in str(derivation)
    assert derivation._repr_latex_().startswith("$")
    assert "<summary>" in derivation._repr_html_()
    assert r"\sum_{n=1}^{N}" in derivation._repr_html_()


def test_sizes_are_never_fixed() -> None:
    assert {D, M, K} <= derive(NETWORK, w1[j, i]).result.free_symbols
    assert BACK.free_symbols >= {K}
