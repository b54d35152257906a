"""Equalities that need cases: branches within branches, orders that are given, signs, powers with a variable exponent.

Each true one has false neighbours, so that a proof by cases that drops a case is seen.
"""

from __future__ import annotations

import pytest
import sympy as sp
from sympy import Abs, And, Eq, Ge, Gt, Lt, Max, Min, Piecewise, Sum, cosh, exp, log, sech, sign, sqrt, tanh

from gradproof import check, derive, equal

t, s, b = sp.symbols("t s b", real=True)
alpha, delta, gamma, p = sp.symbols("alpha delta gamma p", positive=True)
K = sp.Symbol("K", integer=True, positive=True)
k, l, c = (sp.Idx(name, (1, K)) for name in "klc")
x, y, z = map(sp.IndexedBase, "xyz")


def sigma(u: sp.Expr) -> sp.Expr:
    return 1 / (1 + exp(-u))


PROVED = [
    (Max(-1, Min(1, t)), Min(1, Max(-1, t)), ()),
    (Max(-1, Min(1, t)), (Abs(t + 1) - Abs(t - 1)) / 2, ()),
    (Max(0, t - s, s - t), Abs(t - s), ()),
    (Max(alpha * t, t), Piecewise((t, t > 0), (alpha * t, True)), (Lt(alpha, 1),)),
    (Min(1, Max(0, s)), Piecewise((0, s < 0), (1, s > 1), (s, True)), ()),
    (Abs(t) * Abs(s), Abs(t * s), ()),
    (log(1 + exp(t)), Max(t, 0) + log(1 + exp(-Abs(t))), ()),
    (Abs(Sum(x[k] ** 2, k)), Sum(x[k] ** 2, k), ()),
    (log(1 - sigma(t)), -t - log(1 + exp(-t)), ()),
    ((1 - sigma(t)) ** gamma, (1 + exp(t)) ** (-gamma), ()),
    (sech(log(1 + exp(t))), 2 * (1 + exp(t)) / ((1 + exp(t)) ** 2 + 1), ()),
    (t * Abs(t) ** (p - 2), sign(t) * Abs(t) ** (p - 1), (sp.Ne(t, 0),)),
    ((Sum(exp(x[k]), k) ** (1 / p)) ** (1 - p), Sum(exp(x[k]), k) ** (1 / p - 1), ()),
    (Abs(b) * (1 - b * t), Abs(b) - t * sign(b), (Eq(b**2, 1),)),
    (log(1 + exp(-b * t)), Piecewise((log(1 + exp(-t)), b > 0), (log(1 + exp(t)), True)), (Eq(b**2, 1),)),
    (Sum((x[k] - y[k]) ** 2, k), 2 - 2 * Sum(x[k] * y[k], k), (Eq(Sum(x[k] ** 2, k), 1), Eq(Sum(y[k] ** 2, k), 1))),
    (Max(s, t), s, (Ge(s, t),)),
]  # fmt: skip

REFUTED = [
    (Max(-1, Min(1, t)), Min(1, Max(-2, t)), ()),
    (Max(-1, Min(1, t)), (Abs(t + 1) + Abs(t - 1)) / 2, ()),
    (Max(0, t - s, s - t), t - s, ()),
    (Max(alpha * t, t), Piecewise((t, t > 0), (alpha * t, True)), ()),
    (Min(1, Max(0, s)), Piecewise((0, s < 0), (s, True)), ()),
    (Abs(t) * Abs(s), t * Abs(s), ()),
    (log(1 + exp(t)), Max(t, 0) + log(1 + exp(Abs(t))), ()),
    (log(1 - sigma(t)), t - log(1 + exp(-t)), ()),
    ((1 - sigma(t)) ** gamma, (1 + exp(-t)) ** (-gamma), ()),
    (t * Abs(t) ** (p - 2), Abs(t) ** (p - 1), (sp.Ne(t, 0),)),
    (Abs(b) * (1 - b * t), 1 - t, (Eq(b**2, 1),)),
    (Abs(b), 1, (Eq(b**2, 4),)),
    (Sum((x[k] - y[k]) ** 2, k), 2 - 2 * Sum(x[k] * y[k], k), (Eq(Sum(x[k] ** 2, k), 1),)),
    (Max(s, t), t, (Ge(s, t),)),
    (Max(s, t), s, (Ge(s, t - 1),)),
    (sqrt((t - 1) ** 2), t - 1, ()),
    (Abs(cosh(t) - 2), cosh(t) - 2, ()),
]  # fmt: skip


@pytest.mark.parametrize(("left", "right", "assumptions"), PROVED, ids=str)
def test_cases_that_cover_everything_prove(left: sp.Expr, right: sp.Expr, assumptions: tuple[sp.Basic, ...]) -> None:
    assert equal(left, right, assumptions).status == "proved"


@pytest.mark.parametrize(("left", "right", "assumptions"), REFUTED, ids=str)
def test_a_false_neighbour_is_refuted(left: sp.Expr, right: sp.Expr, assumptions: tuple[sp.Basic, ...]) -> None:
    verdict = equal(left, right, assumptions)
    assert verdict.status == "refuted"
    assert verdict.witness is not None


GRADIENTS = [
    (Piecewise((t**2 / 2, Abs(t) <= delta), (delta * (Abs(t) - delta / 2), True)), t, Max(-delta, Min(delta, t)), ()),
    (Max(-1, Min(1, t)), t, Piecewise((1, And(t > -1, t < 1)), (0, True)), ()),
    (Min(Max(t, 0), 6), t, Piecewise((1, And(t > 0, t < 6)), (0, True)), ()),
    (Max(t, alpha * t), t, Piecewise((1, t > 0), (alpha, True)), (Lt(alpha, 1),)),
    (t * tanh(log(1 + exp(t))), t, tanh(log(1 + exp(t))) + t * sech(log(1 + exp(t))) ** 2 * sigma(t), ()),
    (-(1 - sigma(t)) ** gamma * log(sigma(t)), t,
     (1 - sigma(t)) ** gamma * (gamma * sigma(t) * log(sigma(t)) - (1 - sigma(t))), ()),
    (Sum(Abs(x[k]) ** p, k) ** (1 / p), x[c], x[c] * Abs(x[c]) ** (p - 2) * Sum(Abs(x[k]) ** p, k) ** (1 / p - 1), ()),
    (Sum(Max(0, 1 + z[k] - z[c]) * (1 - sp.KroneckerDelta(k, c)), k), z[l],
     Sum(Piecewise((1, 1 + z[k] - z[c] > 0), (0, True)) * (1 - sp.KroneckerDelta(k, c))
         * (sp.KroneckerDelta(k, l) - sp.KroneckerDelta(c, l)), k), ()),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "wrt", "claim", "assumptions"), GRADIENTS, ids=str)
def test_the_gradient_is_proved_off_the_kinks_and_its_neighbours_are_refuted(
    loss: sp.Expr, wrt: sp.Expr, claim: sp.Expr, assumptions: tuple[sp.Basic, ...]
) -> None:
    assert check(loss, wrt, claim, assumptions).status == "proved"
    for wrong in (-claim, 2 * claim, claim + 1):
        assert check(loss, wrt, wrong, assumptions).status == "refuted"


def test_a_triangular_sum_is_a_condition_within_the_widest_range() -> None:
    i, j = sp.symbols("i j", integer=True)
    below = Sum(x[k] * x[j], (j, 1, k), k)
    assert check(below, x[c], Sum(x[k], k) + x[c]).status == "proved"
    assert check(below, x[c], 2 * Sum(x[k], k)).status == "refuted"
    assert check(Sum(x[j] ** 2, (j, 1, k)), x[c], Piecewise((2 * x[c], c <= k), (0, True))).status == "proved"
    assert check(Sum(x[j] ** 2, (j, 1, k)), x[c], Piecewise((2 * x[c], c < k), (0, True))).status == "refuted"
    above = Sum(Sum(x[i] * y[j], (j, i + 1, K)), (i, 1, K))
    assert check(above, y[c], Sum(Piecewise((x[k], k < c), (0, True)), k)).status == "proved"
    assert check(above, y[c], Sum(Piecewise((x[k], k <= c), (0, True)), k)).status == "refuted"


def test_a_triangular_sum_in_a_condition_keeps_its_index() -> None:
    """SymPy moves what branches in a condition out of its sum."""
    j = sp.Symbol("j", integer=True)
    margin = Sum(x[j], (j, 1, k)) - y[k]
    derivation = derive(Sum(Max(0, margin), k), x[c])
    assert derivation.verify().status == "proved"
    assert derivation.at({K: 2, "x": [1, 2], "y": [2, 1]}) == [1, 1]
    assert check(Sum(Max(0, margin), k), x[c], derivation.result).status == "proved"
    assert check(Sum(Max(0, margin), k), x[c], 2 * derivation.result).status == "refuted"


def test_off_the_kinks_one_sign_is_what_the_other_is_not() -> None:
    j = sp.Symbol("j", integer=True)
    margin = Sum(x[j], (j, 1, k)) - y[k]
    loss, later = Sum(Max(0, margin), k), Piecewise((1, k >= c), (0, True))
    assert check(loss, x[c], Sum(sp.Heaviside(margin) * later, k)).status == "proved"
    assert check(loss, x[c], Sum(Piecewise((later, margin > 0), (0, True)), k)).status == "proved"
    assert check(loss, x[c], Sum(Piecewise((later, margin < 0), (0, True)), k)).status == "refuted"
    assert check(loss, x[c], K - c + 1 - Sum(Piecewise((later, margin < 0), (0, True)), k)).status == "proved"
    assert equal(Sum(sp.Heaviside(margin), k), Sum(Piecewise((1, margin > 0), (0, True)), k)).status == "refuted"


def test_a_denominator_of_absolute_values() -> None:
    total, scores = Sum(Abs(x[k]), k), Sum(y[k] * x[k], k)
    claim = (y[c] - sign(x[c]) * scores / total) / total
    assert check(scores / total, x[c], claim).status == "proved"
    assert check(scores / total, x[c], claim - 2 * y[c] / total).status == "refuted"
    assert equal(scores / total**2 * total, scores / total).status == "proved"


def test_sums_beside_a_branch_stay_as_they_are() -> None:
    loss = Max(Sum(y[k], (l, 1, K), k), Piecewise((s, t > 0), (b, True)))
    assert derive(loss, y[c]).verify().status == "proved"


def test_a_sum_over_branches_cancels_against_one_without() -> None:
    n, w = sp.Idx("n", (1, sp.Symbol("N", integer=True, positive=True))), sp.IndexedBase("w")
    u = Sum(w[k] * z[n, k], k) + b
    assert equal(Sum(Max(0, u), n), Sum(u * sp.Heaviside(u), n)).status == "proved"
    assert equal(Sum(Max(0, u), n), Sum(u * sp.Heaviside(-u), n)).status == "refuted"
    assert check(Sum(Max(0, u) ** 2, n), b, 2 * Sum(sp.Heaviside(u) * u, n)).status == "proved"


def test_a_kink_for_every_index_is_one_at_the_index_that_is_named() -> None:
    margin = Sum(Max(0, z[k] - z[1] + s), k)
    claim = sp.Heaviside(s) - Sum(sp.Heaviside(z[k] - z[1] + s), k)
    assert check(margin, z[1], claim).status == "proved"
    assert check(margin, z[1], claim - sp.Heaviside(s)).status == "refuted"


def test_an_order_that_is_not_given_is_not_used() -> None:
    assert check(Max(t, alpha * t), t, Piecewise((1, t > 0), (alpha, True))).status == "refuted"


def test_a_branch_on_a_variable_that_follows_from_another_is_not_split_in_vain() -> None:
    nested = Piecewise((Piecewise((1, t > 2), (5, True)), t > 3), (0, True))
    assert equal(nested, Piecewise((1, t > 3), (0, True))).status == "proved"
    assert equal(nested, Piecewise((1, t > 2), (0, True))).status == "refuted"
    assert equal(Piecewise((1, Gt(t * s, 0)), (0, True)), Piecewise((1, Gt(t, 0)), (0, True))).status == "refuted"
