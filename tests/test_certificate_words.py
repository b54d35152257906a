"""What a certificate says in words is short, plain, and about what is stated below it."""

from __future__ import annotations

import pytest
import sympy as sp

from gradproof.formal.gradient import proved
from gradproof.formal.plain import LONGEST, plain, short
from gradproof.formal.points import example, refutation

x, y, a, N = *sp.symbols("x y a"), sp.Symbol("N", integer=True, positive=True)
n = sp.Idx("n", (1, N))
u, f = sp.IndexedBase("u"), sp.Function("f")
SYMPY = ("Sum(", "Derivative", "Kronecker", "Piecewise", "Abs(", "Ne(", "Eq(", "**")


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (sp.Sum((u[n] - x) ** 2, n) / N, "sum(n = 1..N: (-x + u[n])^2)/N"),
        (-a * sp.Derivative(f(x), x, x), "-a*f''(x)"),
        (a * sp.Derivative(sp.Derivative(f(x), x), x), "a*f''(x)"),
        (sp.Derivative(f(x, y), y), "(d f(x, y)/d y)"),
        (sp.KroneckerDelta(n, sp.Symbol("k")) * abs(x), "|x|*delta(k, n)"),
        (sp.Piecewise((x, x > 0), (0, True)), "(x if x > 0, 0 otherwise)"),
        (sp.Ne(x, y), "x != y"),
        (sp.Eq(x, y**2), "x = y^2"),
    ],
)
def test_an_expression_is_printed_without_the_names_of_sympy(expression: sp.Basic, text: str) -> None:
    assert plain(expression) == text


def test_what_is_too_long_for_a_sentence_is_named() -> None:
    long = sum(sp.symbols("x:40"))
    assert (short(x, "the loss"), short(long, "the loss")) == ("x", "the loss")
    assert len(plain(long)) > LONGEST


@pytest.mark.parametrize(
    ("loss", "gradient", "says"),
    [
        (a / x, -a / x**2, "no denominator is zero"),
        (sp.log(x), 1 / x, "roots, logarithms and the like have arguments that they accept"),
        (abs(x), sp.sign(x), "no kink is met"),
        (sp.Max(x, y), sp.Piecewise((1, x > y), (0, True)), "no kink is met"),
        (abs(x) / y, sp.sign(x) / y, "no denominator is zero; no kink is met"),
    ],
)
def test_what_is_well_defined_is_what_is_stated(loss: sp.Expr, gradient: sp.Expr, says: str) -> None:
    """At a kink all has a value, and there is no slope: no denominator is to blame."""
    (defined,) = [t for t in proved(loss, x, gradient).part.theorems if t.name == "defined"]
    assert defined.says == says


def test_a_root_has_no_slope_at_zero() -> None:
    """The root of 0 is defined, its derivative is not."""
    (defined,) = [t for t in proved(sp.sqrt(x), x, None).part.theorems if t.name == "defined"]
    assert "that they and their slopes accept" in defined.says


def test_nothing_of_sympy_is_said() -> None:
    loss = sp.Sum((abs(u[n]) * x - f(x)) ** 2, n)
    general = proved(loss, x, sp.diff(loss, x))
    wrong = refutation("wrong_1", general, sp.Piecewise((sp.diff(loss, x) / 2, x > 0), (1, True)))
    said = [t.says for part in (general.part, example(general), wrong) for t in part.theorems]
    assert not [text for text in said if any(name in text for name in SYMPY)]
    assert max(map(len, said)) < 2 * LONGEST
