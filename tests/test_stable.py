"""Rewritings for double precision: each law is proved, a wrong one is not, and what is rewritten stays equal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp
from sympy import Abs, Eq, KroneckerDelta, Max, Sum, erf, erfc, exp, log, sech, sqrt, tanh
from sympy.codegen.cfunctions import expm1, log1p

from gradproof import REFERENCE, stable_form
from gradproof.arithmetic import Digits
from gradproof.checks.remainder import Moved
from gradproof.points import points
from gradproof.precision import stable
from gradproof.precision.rewriting import Largest, u
from gradproof.precision.stable import LAWS, Law, plain
from gradproof.values import UndefinedError, evaluate

K, N = sp.symbols("K N", integer=True, positive=True)
k, l, n = sp.Idx("k", (1, K)), sp.Idx("l", (1, K)), sp.Idx("n", (1, N))
x, y, a, b, f, r, s, h, F = sp.symbols("x y a b f r s h F")
z, g, p, Z, W = map(sp.IndexedBase, ("z", "g", "p", "Z", "W"))
SOFTMAX = Eq(p[k], exp(z[k]) / Sum(exp(z[l]), l))


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_each_law_is_proved(law: Law) -> None:
    assert law.verify().status == "proved"
    assert law.why


REWRITTEN = [
    (1 - tanh(x) ** 2, sech(x) ** 2),
    (3 * a - 3 * tanh(a * b) ** 2 + 3, 3 * a + 3 * sech(a * b) ** 2),
    (x * (tanh(y) ** 2 - 1), -x * sech(y) ** 2),
    (1 - 1 / (1 + exp(-x)), 1 / (1 + exp(x))),
    (exp(x) / (1 + exp(x)), 1 / (1 + exp(-x))),
    (a * exp(x) / (exp(x) + exp(y)), a / (1 + exp(y - x))),
    (log(1 + exp(-x * y)), Max(-x * y, 0) + log1p(exp(-Abs(x * y)))),
    (log(1 - 1 / (1 + exp(-x))), -Max(x, 0) - log1p(exp(-Abs(x)))),
    (log(1 + x**2 / a), log1p(x**2 / a)),
    (exp(x) - 1 + y, expm1(x) + y),
    ((1 - erf(x)) / 2, erfc(x) / 2),
    (sqrt(1 + x) - 1, x / (1 + sqrt(1 + x))),
    (y + a**2 - x**2, y + (a - x) * (a + x)),
]


@pytest.mark.parametrize(("e", "form"), REWRITTEN)
def test_a_pattern_is_found_anywhere_in_a_formula(e: sp.Expr, form: sp.Expr) -> None:
    found = stable_form(e)
    assert found is not None
    assert str(found.form) == str(form)
    assert found.verdict.status == "proved"


def test_it_is_found_under_a_sum_and_in_a_condition() -> None:
    found = stable_form(Sum(sp.Piecewise((1 - tanh(z[k]) ** 2, 1 - 1 / (1 + exp(x)) > a), (0, True)), k))
    assert found is not None
    assert found.form == Sum(sp.Piecewise((sech(z[k]) ** 2, 1 / (1 + exp(-x)) > a), (0, True)), k)


@pytest.mark.parametrize("e", [x**2 + 1, tanh(x) ** 2, exp(x), 1 - tanh(x) ** 3, 1 - tanh(x) * tanh(y), Sum(z[k], k)])
def test_what_no_law_fits_stays(e: sp.Expr) -> None:
    assert stable_form(e) is None


def test_a_name_is_opened_where_a_law_needs_it() -> None:
    found = stable_form((1 - y**2) * y, (Eq(y, tanh(a * x)),))
    assert found is not None
    assert found.form == sech(a * x) ** 2 * y
    assert found.verdict.status == "proved"


def test_what_is_differentiated_is_never_opened() -> None:
    assert stable_form(1 - y**2, (Eq(y, tanh(x)),), wrt=y) is None


def test_the_definitions_that_are_used_are_rewritten_too() -> None:
    found = stable_form(p[k] * (g[k] - Sum(g[l] * p[l], l)), (SOFTMAX, Eq(F, log(1 + exp(x)))))
    assert found is not None
    assert found.verdict.status == "proved"
    (letter,) = found.chosen
    assert letter.rhs == Largest(z[l], l, 1, K)
    assert found.definitions == (Eq(p[k], exp(z[k] - letter.lhs) / Sum(exp(z[l] - letter.lhs), l)),)
    assert found.form == p[k] * Sum((g[k] - g[l]) * p[l], l)
    assert [law.name for law in found.laws] == ["distance from a mean", "softmax"]


def test_a_largest_value_is_one_for_each_row() -> None:
    found = stable_form(log(Sum(exp(Z[n, k]), k)))
    assert found is not None
    (letter,) = found.chosen
    assert letter.lhs.indices == (n,)
    assert found.verdict.status == "proved"


def test_a_letter_that_is_taken_is_not_chosen() -> None:
    found = stable_form(sp.Symbol("M") * log(Sum(exp(z[k]), k)))
    assert found is not None
    assert str(found.chosen[0].lhs) == "m"


def test_squares_are_scaled_by_the_largest() -> None:
    found = stable_form(x / sqrt(a**2 + x**2))
    assert found is not None
    (letter,) = found.chosen
    assert letter.lhs.is_positive
    assert letter.rhs == Max(Abs(a), Abs(x), evaluate=False)
    assert found.verdict.status == "proved"


def test_the_complement_of_a_softmax_is_the_sum_of_the_others() -> None:
    found = stable_form(KroneckerDelta(k, l) - p[l], (SOFTMAX,))
    assert found is not None
    assert isinstance(found.form, Sum)
    assert found.verdict.status == "proved"


WRONG = [
    Eq(1 - tanh(u) ** 2, sech(u)),
    Eq(1 - 1 / (1 + exp(u)), 1 / (1 + exp(u))),
    Eq(exp(u) - 1, expm1(u) + u * 10**-9),
]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_law_is_refused(wrong: sp.Eq, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither by itself nor where it is used is it proved."""
    law = Law("planted", wrong, "nothing")
    assert law.verify().status == "refuted"
    monkeypatch.setattr(stable, "LAWS", (law,))
    found = stable_form(3 * wrong.lhs.xreplace({u: x * y}))
    assert found is not None
    assert found.verdict.status == "refuted"


def test_a_wrong_use_of_a_right_law_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a law about weights that sum to one is used for weights that do not."""
    law = next(law for law in LAWS if law.name == "distance from a mean")
    careless = replace(law, rewrite=lambda e, _: Sum(g[l] * (x - z[l]), l) if e.is_Add else None, first=False)
    monkeypatch.setattr(stable, "LAWS", (careless,))
    found = stable_form(x - Sum(g[l] * z[l], l))
    assert found is not None
    assert found.verdict.status == "refuted"


def test_most_stable_forms_of_the_reference_are_found() -> None:
    """All that were written by hand, but three that no law of the table makes."""
    missed = []
    for identity, entry in REFERENCE.items():
        for form in entry.stable:
            found = stable_form(form.of, (), entry.assumptions)
            if found is None or found.verdict.status != "proved":
                missed.append(identity)
    assert missed == ["kl-divergence", "variance", "euclidean-distance"]


# -- random formulas -------------------------------------------------------------------------------
LEAVES = (x, a, z[k], 2 * z[k], x * y)


@st.composite
def formulas(draw: Any, depth: int = 3) -> sp.Expr:
    """Formulas over k in which the laws have something to do."""
    if depth == 0:
        return draw(st.sampled_from(LEAVES))
    inner = formulas(depth - 1)
    one, other = draw(inner), draw(inner)
    return draw(
        st.sampled_from(
            (
                one + other,
                one * other,
                1 - tanh(one) ** 2,
                one * (1 - 1 / (1 + exp(other))),
                exp(one) / (exp(one) + exp(other)),
                log(1 + exp(one)),
                exp(one) - 1,
                one**2 - other**2,
                1 + erf(one),
                one / sqrt(1 + other**2),
                Sum(one, k) if one.has(k) else one,
                exp(z[k]) / Sum(exp(z[l]), l) * other,
                log(Sum(exp(z[l] * other.subs(k, l)), l)),
                other - p[k],
                p[k] * (x - Sum(p[l] * g[l], l)),
            )
        )
    )


@settings(max_examples=25, deadline=None)
@given(formulas())
def test_what_is_rewritten_is_equal(e: sp.Expr) -> None:
    """Never refuted; and at a point, with any value for the chosen letters, the two agree to thirty digits."""
    found = stable_form(e, (SOFTMAX,))
    if found is None:
        return
    assert found.verdict.status != "refuted", (e, found.form)
    with mp.workdps(60):
        for point in points([e, SOFTMAX.rhs]):
            scenes = (Moved(point, a, (SOFTMAX,)), Moved(point, a, found.definitions))
            try:
                old, new = (evaluate(x, at, Digits(60)) for x, at in zip((e, plain(found.form)), scenes, strict=True))
            except UndefinedError:
                continue
            assert abs(old - new) <= mp.mpf(10) ** -30 * (1 + abs(old)), (e, found.form)
            break
