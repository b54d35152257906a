"""Which assumptions a gradient needs, each with the counterexample that appears without it."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy as sp
from sympy import Abs, Eq, Gt, Idx, IndexedBase, Lt, Max, Piecewise, Sum, exp, log, sign

from gradproof import Need, NotationError, Verdict, check, needed

D, K = sp.symbols("D K", integer=True, positive=True)
d, e, f = (Idx(s, (1, D)) for s in "def")
k, l, c = (Idx(s, (1, K)) for s in "klc")
A, x, y, z, p, q = (IndexedBase(s) for s in ["A", "x", "y", "z", "p", "q"])
theta = sp.Symbol("theta", real=True)
alpha = sp.Symbol("alpha", positive=True)

QUADRATIC = Sum(x[d] * A[d, f] * x[f], d, f)
BY_X = 2 * Sum(A[e, d] * x[d], d)
SYMMETRIC = Eq(A[d, f], A[f, d])
CROSS_ENTROPY = -Sum(y[k] * log(exp(z[k]) / Sum(exp(z[l]), l)), k)
BY_Z = exp(z[c]) / Sum(exp(z[l]), l) - y[c]
SUMS_TO_ONE = Eq(Sum(y[k], k), 1)


def statuses(found: tuple[Need, ...]) -> dict[str, str]:
    return {str(need.assumption): need.status for need in found}


@pytest.mark.parametrize(
    ("loss", "wrt", "claimed", "assumption"),
    [(QUADRATIC, x[e], BY_X, SYMMETRIC), (CROSS_ENTROPY, z[c], BY_Z, SUMS_TO_ONE)],
    ids=["symmetric", "sums to one"],
)
def test_a_needed_assumption_comes_with_the_point_that_appears_without_it(
    loss: sp.Expr, wrt: sp.Expr, claimed: sp.Expr, assumption: sp.Basic
) -> None:
    (need,) = check(loss, wrt, claimed, [assumption]).needs
    assert need.status == "needed"
    assert need.assumption == assumption
    assert need.witness is not None
    assert check(loss, wrt, claimed).status == "refuted"


def test_the_counterexample_breaks_the_assumption_and_can_be_checked_by_hand() -> None:
    (need,) = check(QUADRATIC, x[e], BY_X, [SYMMETRIC]).needs
    assert need.witness is not None
    values = {**need.witness.values}
    size, at = need.witness.sizes["D"], values["e"]
    entries = {
        (i, j): Fraction(values.get(f"A[{i}, {j}]", 0)) if "A" not in values else Fraction(values["A"][i - 1][j - 1])
        for i in range(1, size + 1)
        for j in range(1, size + 1)
    }
    xs = [Fraction(v) for v in values["x"]]
    right = sum((entries[at, i] + entries[i, at]) * xs[i - 1] for i in range(1, size + 1))
    claimed = sum(2 * entries[at, i] * xs[i - 1] for i in range(1, size + 1))
    assert (str(right), str(claimed)) == (need.witness.left, need.witness.right)
    assert right != claimed


def test_check_says_in_words_what_a_claim_needs() -> None:
    text = str(check(QUADRATIC, x[e], BY_X, [SYMMETRIC]))
    assert "needs Eq(A[d, f], A[f, d]): without it, at D = 2" in text
    assert " against " in text


def test_a_claim_that_holds_wherever_it_is_defined_needs_no_positive_argument() -> None:
    """log(s) has a value only for s > 0, so that its derivative 1/s needs no such assumption."""
    s = sp.Symbol("s")
    (need,) = check(log(s), s, 1 / s, [Gt(s, 0)]).needs
    assert need.status == "not needed"
    assert "does not need s > 0: without it, the claim holds wherever both sides are defined" in str(need)


def test_each_assumption_is_dropped_in_turn_beside_the_others() -> None:
    loss = Sum(p[k] * log(p[k] / (exp(z[k]) / Sum(exp(z[l]), l))), k)
    claimed = exp(z[c]) / Sum(exp(z[l]), l) - p[c]
    found = check(loss, z[c], claimed, [Eq(Sum(p[k], k), 1), Gt(p[k], 0)]).needs
    assert statuses(found) == {"Eq(Sum(p[k], (k, 1, K)), 1)": "needed", "p[k] > 0": "not needed"}
    assert "beside the others" in str(found[1])


def test_without_assumptions_and_where_a_claim_is_false_nothing_is_needed() -> None:
    assert check(CROSS_ENTROPY, z[c], BY_Z * Sum(y[k], k)).needs == ()
    assert check(QUADRATIC, x[e], 2 * BY_X, [SYMMETRIC]).needs == ()


def test_where_neither_is_found_it_is_said_so() -> None:
    undecided = Need.of(Gt(theta, 0), Verdict("undecided"))
    assert undecided.status == "undecided"
    assert str(undecided) == "may need theta > 0: without it, neither a proof nor a counterexample was found"


def test_the_slope_of_a_leaky_unit_below_one_is_needed() -> None:
    loss = Max(theta, alpha * theta)
    claimed = Piecewise((1, theta > 0), (alpha, True))
    assert statuses(check(loss, theta, claimed, [Lt(alpha, 1)]).needs) == {"alpha < 1": "needed"}


def test_a_declaration_that_is_needed_is_listed_as_one() -> None:
    """The derivative of max(0, αθ) is α for θ > 0 only because α was declared positive."""
    found = needed(Max(0, alpha * theta), theta, Piecewise((alpha, theta > 0), (0, True)))
    assert statuses(found) == {"alpha > 0": "needed"}
    assert found[0].declared
    assert "needs alpha > 0 (declared): without it, at " in str(found[0])


def test_the_declaration_of_an_array_is_tried_too() -> None:
    weights = IndexedBase(sp.Symbol("q", positive=True))
    loss = Sum(Max(0, weights[k] * theta), k)
    found = needed(loss, theta, Piecewise((Sum(weights[k], k), theta > 0), (0, True)))
    assert statuses(found) == {"q > 0": "needed"}


def test_a_declaration_that_makes_no_difference_is_not_listed() -> None:
    tau = sp.Symbol("tau", positive=True)
    loss = tau * log(Sum(exp(z[k] / tau), k))
    assert needed(loss, z[c], exp(z[c] / tau) / Sum(exp(z[l] / tau), l)) == ()


def test_what_is_not_proved_has_no_needs() -> None:
    with pytest.raises(NotationError, match=r"the claim .* is refuted under the assumptions"):
        needed(theta**2, theta, theta)


def test_an_absolute_value_needs_its_sign() -> None:
    assert statuses(check(Abs(theta), theta, 1, [Gt(theta, 0)]).needs) == {"theta > 0": "needed"}
    assert statuses(check(Abs(theta), theta, sign(theta), [Gt(theta, 0)]).needs) == {"theta > 0": "not needed"}
