"""Balls hold the values that others print, and the digits shown are certain."""

from __future__ import annotations

import sys
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp
from mpmath import mp

from gradproof.checks.enclosure import BallField, Enclosure, enclosed, precision
from gradproof.checks.fields import SLOPES
from gradproof.intervals import UndefinedError
from gradproof.statements.base import value_at
from losses import LINE, NAMED, NETWORK, E, N, b, m, u, x

#: digits from Abramowitz & Stegun's Handbook, tables 1.1, 4.2, 4.10 and 7.1, and from OEIS
PRINTED: list[tuple[Any, str]] = [
    (sp.pi, "3.14159265358979323846"),
    (sp.exp(u), "2.71828182845904523536"),
    (sp.log(1 + u), "0.69314718055994530941"),
    (sp.sqrt(1 + u), "1.41421356237309504880"),
    (sp.sin(u), "0.84147098480789650665"),
    (sp.erf(u), "0.84270079294971486934"),
    (sp.tanh(u), "0.76159415595576488811"),
    (sp.cosh(u), "1.54308063481524377847"),
    (sp.atan(u) * 4, "3.14159265358979323846"),
    (-sp.exp(-u), "-0.36787944117144232159"),
]


@pytest.mark.parametrize(("e", "printed"), PRINTED)
def test_the_digits_are_those_of_the_tables(e: sp.Expr, printed: str) -> None:
    found = enclosed(e, {u: 1})
    assert found.text.startswith(printed[:-1])
    assert found.high - found.low < Fraction(1, 10**50)


def test_a_rational_value_stays_exact() -> None:
    at = {"N": 2, "x": [1, 3], "y": ["1/2", 4], "m": "1/3", "b": 1}
    found = enclosed(LINE, at)
    exact = (Fraction(-5, 6) ** 2 + 2**2) / 2
    assert found == Enclosure(exact, exact, "169/72")
    assert enclosed(sp.sqrt(m**2), {"m": "-3/4"}).text == "3/4"
    assert enclosed(sp.exp(b) + sp.log(1 + b), {"b": 0}).text == "1"


def test_a_ball_holds_what_the_intervals_of_mpmath_hold() -> None:
    at: Any = {"K": 2, "D": 2, "M": 1, "x": [1, "1/2"], "w1": [["1/3", -1]], "w2": [["2/5"], [1]], "t": [0, 1]}
    ball, other = enclosed(NETWORK, at), value_at(NETWORK, at)
    assert not ball.text.startswith("between")
    low, high = (mp.mpf(end.numerator) / end.denominator for end in (ball.low, ball.high))
    assert low <= mp.mpf(other.b)
    assert mp.mpf(other.a) <= high
    assert enclosed(E, at, NAMED.definitions).text == ball.text


@pytest.mark.parametrize(
    ("e", "at"),
    [
        (1 / u, {u: 0}), (sp.log(u), {u: 0}), (sp.log(u), {u: -1}), (sp.sqrt(u), {u: -1}), (sp.exp(u), {u: 10**9}),
        (sp.asin(u), {u: 2}), (x[1], {"x": []}), (u, {}), (1 / (sp.exp(u) - sp.exp(b)), {u: 1, b: 1}),
    ],
)  # fmt: skip
def test_where_there_is_no_value_none_is_given(e: sp.Expr, at: Any) -> None:
    with pytest.raises(UndefinedError):
        enclosed(e, at)


def test_a_ball_around_zero_shows_no_digit() -> None:
    """sin² + cos² − 1 is zero, which no ball can tell; nor is its sign known, or its inverse."""
    e = sp.sin(u, evaluate=False) ** 2 + sp.cos(u) ** 2 - 1
    found = enclosed(e, {u: 1})
    assert found.low < 0 < found.high
    assert "+/-" in found.text
    with pytest.raises(UndefinedError, match="zero"):
        enclosed(sp.Abs(e, evaluate=False), {u: 1})
    with pytest.raises(UndefinedError, match="zero"):
        enclosed(1 / e, {u: 1})


def test_sizes_and_free_indices_are_numbers_of_the_point() -> None:
    i = sp.Idx("i", (1, N))
    assert enclosed(sp.Sum(x[i], i) / N, {"N": 3, "x": [1, 2, 4]}).text == "7/3"
    assert enclosed(x[i] * i, {"i": 2, "x": [1, 2, 4]}).text == "4"


@pytest.mark.parametrize("name", SLOPES)
def test_the_table_of_slopes_is_that_of_differences(name: str) -> None:
    """Against mpmath's numerical derivative of mpmath's own function, with 40 digits."""
    at = Fraction(7, 4) if name == "acosh" else Fraction(3, 7)
    with precision(), mp.workdps(50):
        ball = SLOPES[name](field := BallField(None), field.number(at))
        right = mp.diff(getattr(mp, name), mp.mpf(at.numerator) / at.denominator)
        middle = field.arb(ball)
        assert abs(mp.mpf(middle.mid().str(45, radius=False)) - right) < mp.mpf(10) ** -20
        assert middle.rad() < field.arb(10) ** -40


def test_without_python_flint_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flint", None)
    with pytest.raises(ImportError, match="flint"):
        enclosed(u, {u: 1})
