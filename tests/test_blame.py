"""Blame names the slip that was planted, and offers nothing that is not proved."""

from __future__ import annotations

from collections import Counter

import pytest
import sympy as sp
from sympy import Sum, cos, exp, log, sin

from gradproof import NotationError, blame, check, derive
from losses import LINE, LINE_BY_B, LINE_BY_M, NETWORK, N, b, i, j, k, m, n, u, w1, w2, x, y
from mutation import mutants

ERROR = y[n] - m * x[n] - b
W = sp.IndexedBase("W")
ROWS = Sum((y[i] - Sum(W[i, j] * x[j], j)) ** 2, i)
OUTPUT_ERROR = derive(NETWORK, w2[k, j]).result

#: loss, variable, what is claimed, and what the blame must say
PLANTED = {
    "a sign": (LINE, m, -LINE_BY_M, "the sign is wrong"),
    "a factor of two": (LINE, m, LINE_BY_M / 2, "the factor 2 is missing"),
    "a number of points": (LINE, m, N * LINE_BY_M, "the factor 1/N is missing"),
    "an inner derivative under a sum": (LINE, m, -2 * Sum(ERROR, n) / N, "the factor x[n] is missing"),
    "a sign inside": (LINE, m, -2 * Sum(x[n] * (y[n] - m * x[n] + b), n) / N, "the sign of b is wrong"),
    "a term inside": (LINE, m, -2 * Sum(x[n] * (y[n] - m * x[n]), n) / N, "the term -b is missing"),
    "a term of its own": (LINE + m**2, m, LINE_BY_M, "the term 2*m is missing"),
    "a term too many": (LINE, b, LINE_BY_B + 2 * b, "the term 2*b is too many"),
    "an inner derivative": (sin(u**2), u, cos(u**2), "the factor 2*u is missing"),
    "a number of an exponent": (exp(3 * u), u, exp(3 * u), "the factor 3 is missing"),
    "a transposed matrix": (
        ROWS,
        x[j],
        -2 * Sum(W[j, i] * (y[i] - Sum(W[i, j] * x[j], j)), i),
        "W[j, i] is transposed: it should be W[i, j]",
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_slip_is_named(name: str) -> None:
    loss, wrt, claimed, slip = PLANTED[name]
    found = blame(loss, wrt, claimed)
    assert found is not None
    assert found.slip == slip
    assert check(loss, wrt, found.mended).status == "proved"


def test_a_right_gradient_is_not_blamed() -> None:
    assert blame(LINE, m, LINE_BY_M) is None


def test_a_gradient_of_something_else_is_not_mended() -> None:
    assert blame(log(u), u, cos(u)) is None


def test_an_index_that_the_gradient_lacks_is_an_error_here_as_in_check() -> None:
    with pytest.raises(NotationError, match="free index"):
        blame(LINE, m, x[n])


@pytest.mark.parametrize(
    ("loss", "wrt"), [(LINE, m), (LINE, b), (NETWORK, w2[k, j]), (NETWORK, w1[j, i])], ids=["m", "b", "w2", "w1"]
)
def test_what_is_offered_is_the_gradient_and_most_single_slips_are_found(loss: sp.Expr, wrt: sp.Expr) -> None:
    """At least nine of ten claims that are one slip away get a repair; every repair is proved by `check`."""
    right = derive(loss, wrt).result
    count: Counter[str] = Counter()
    for n_th, (_, wrong) in enumerate(mutants(right, tuple(getattr(wrt, "indices", ())))):
        if n_th % 4:
            continue
        try:
            verdict = check(loss, wrt, wrong)
        except NotationError:
            continue
        if verdict.status == "refuted":
            found = blame(loss, wrt, wrong)
            count["found" if found else "none"] += 1
            assert found is None or check(loss, wrt, found.mended).status == "proved"
    print(dict(count))
    assert count["found"] >= 5
    assert count["found"] >= 0.9 * count.total()
