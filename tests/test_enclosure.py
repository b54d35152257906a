"""Balls hold the values that others print, and the digits shown are certain."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mpmath import mp

from gradproof import Enclosure, NotationError, enclosed
from gradproof.arithmetic import interval_text
from gradproof.checks.balls import BallField, precision
from gradproof.checks.fields import SLOPES
from gradproof.intervals import UndefinedError
from gradproof.statements.base import value_at
from losses import LINE, NAMED, NETWORK, E, N, b, m, n, u, x

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
        (sp.asin(u), {u: 2}), (1 / (sp.exp(u) - sp.exp(b)), {u: 1, b: 1}), (sp.Derivative(sp.Abs(u), u), {u: 0}),
        (sp.Derivative(sp.sqrt(u), u), {u: 0}), (sp.Piecewise((1, u > 0)), {u: 0}),
    ],
)  # fmt: skip
def test_where_there_is_no_value_none_is_given(e: sp.Expr, at: Any) -> None:
    with pytest.raises(UndefinedError):
        enclosed(e, at)


#: fifty digits from OEIS: A000796, A001113, A002162, A002193, A001622, A039661
LONG = {
    sp.pi: "3.14159265358979323846264338327950288419716939937510",
    sp.E: "2.71828182845904523536028747135266249775724709369995",
    sp.log(2): "0.69314718055994530941723212145817656807550013436025",
    sp.sqrt(2): "1.41421356237309504880168872420969807856967187537694",
    (1 + sp.sqrt(5)) / 2: "1.61803398874989484820458683436563811772030917980576",
    sp.exp(sp.pi): "23.1406926327792690057290863679485473802661062426002",
}


@pytest.mark.parametrize("e", LONG)
def test_fifty_digits_lie_between_the_two_numbers(e: sp.Expr) -> None:
    found, printed = enclosed(e, {}), LONG[e]
    unit = Fraction(1, 10 ** len(printed.partition(".")[2]))
    assert Fraction(printed) <= found.low <= found.high <= Fraction(printed) + unit


@pytest.mark.parametrize(
    ("e", "text"),
    [
        (sp.exp(100), "2.68811714181613544841…e+43"), (-sp.exp(-100), "-3.7200759760208359629…e-44"),
        (10**14 * sp.pi, "314159265358979.323846…"), (sp.pi / 10**20, "0.000000000000000000031415926…"),
        (sp.sin(sp.Rational(1, 10**60)) - sp.Rational(1, 10**60), "-1.6666666666666666666…e-181"),
        (1 - sp.tanh(u) ** 2, "0.000000000000000016993417…"), (sp.root(u - 12, 3), "[2.0000000000000000000 +/- 3e-24]"),
        (sp.Rational(22, 7), "22/7"), (3, "3"), (Fraction(1, 3), "1/3"),
    ],
)  # fmt: skip
def test_a_number_is_printed_with_the_digits_that_are_certain(e: Any, text: str) -> None:
    assert str(enclosed(e, {u: 20})) == text


def test_derivatives_and_undefined_functions_have_values() -> None:
    """By hand: (u²·f(u))' = 2u·f + u²·f' with f = u³ is 5u⁴."""
    f = sp.Function("f")
    cube = {u: 3, f: sp.Lambda(u, u**3)}
    assert enclosed(sp.Derivative(u**2 * f(u), u), cube).text == "405"
    assert enclosed(sp.Derivative(f(u), u, u), cube).text == "18"
    assert enclosed(sp.Derivative(E, b), {u: 2, b: "1/2"}, [sp.Eq(m, u * b), sp.Eq(E, m**2)]).text == "4"


def test_an_array_starts_at_one_or_at_the_lowest_index_that_is_used() -> None:
    k = sp.Symbol("k", integer=True)
    assert enclosed(sp.Sum(x[k], (k, 0, 2)), {x: [1, 2, 4]}).text == "7"
    assert enclosed(x[2], {x: [1, 2, 4]}).text == "2"


@pytest.mark.parametrize(
    ("e", "at", "error", "says"),
    [
        (u, {}, NotationError, r"no value is given for u"),
        (sp.Sum(x[n], n), {"N": 3, "x": [1, 2]}, NotationError, r"no value is given for x\[3\]: x has the indices 1\.\.2"),
        (sp.Sum(x[n], n), {"N": 2, "x": 4}, NotationError, r"x is given as a number, and x\[1\] is asked for"),
        (x[1], {"x": [[1], [2]]}, NotationError, r"x is given with 2 indices, and x\[1\] is asked for"),
        (x[1], {"x": [1, [2]]}, NotationError, r"the value of x is \[1, \[2\]\], a list of numbers and of lists"),
        (x[1], {"x": ["a"]}, NotationError, r"the value of x is 'a'; accepted are rational numbers"),
        (u, {u: float("nan")}, NotationError, r"the value of u is nan; accepted are rational numbers"),
        (u, {u: sp.pi}, NotationError, r"the value of u is pi; accepted are rational numbers"),
        (sp.Sum(x[n], n), {"N": "1/2", "x": [1]}, NotationError, r"the value of N is 1/2, and it is declared to be a whole"),
        (x[n], {"x": [1]}, NotationError, r"the index n has no value"),
        (sp.gamma(u), {u: 1}, NotationError, r"gamma is not known here"),
        (sp.I * u, {u: 1}, NotationError, r"ImaginaryUnit is not known here"),
        (sp.Function("f")(u), {u: 1, "f": sp.Lambda(u, sp.exp(u))}, NotationError, r"f is given as exp\(u\); accepted are pol"),
        (sp.Eq(u, 1), {u: 1}, NotationError, r"the expression is Eq\(u, 1\) \(Equality\); accepted is a scalar"),
        (x, {}, NotationError, r"the expression is x \(IndexedBase\)"),
        ("u + 1", {u: 1}, TypeError, r"the expression is 'u \+ 1' \(str\)"),
        (u, 3, TypeError, r"the point is 3, not a mapping"),
    ],
)  # fmt: skip
def test_what_has_no_meaning_is_named(e: Any, at: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        enclosed(e, at)


def test_a_name_has_one_value() -> None:
    with pytest.raises(NotationError, match="m is defined, and given a value too"):
        enclosed(m, {m: 1}, [sp.Eq(m, 2)])


def test_threads_do_not_take_each_others_bits() -> None:
    """FLINT has one precision for all of them."""
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda k: enclosed(sp.exp(sp.Rational(1, k)) - 1, {}), [3, 4, 5, 6] * 50))
    assert found == [enclosed(sp.exp(sp.Rational(1, k)) - 1, {}) for k in (3, 4, 5, 6)] * 50


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


def test_powers_of_a_ball_around_zero_are_balls_around_zero() -> None:
    """python-flint's own power of such a ball is nan."""
    zero = sp.log(2, evaluate=False) + sp.log(sp.Rational(1, 2), evaluate=False)
    for power in (2, 3, 7):
        found = enclosed(1 + sp.Pow(zero, power, evaluate=False), {})
        assert found.low < 1 < found.high < found.low + Fraction(1, 10**50)


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
    with pytest.raises(ImportError, match=r"python-flint is not installed: pip install 'gradproof\[evidence\]'"):
        enclosed(u, {u: 1})


# -- beside mpmath's intervals ---------------------------------------------------------------------
FUNCTIONS = [
    *(sp.exp, sp.log, sp.tanh, sp.sinh, sp.cosh, sp.coth, sp.sech, sp.csch, sp.sin, sp.cos, sp.tan),
    *(sp.asin, sp.acos, sp.atan, sp.asinh, sp.acosh, sp.atanh, sp.erf, sp.erfc, sp.Abs, sp.sqrt),
]


def closed(depth: int = 3) -> st.SearchStrategy[Callable[[], sp.Expr]]:
    """Formulas without a letter, left as they stand."""
    number = st.fractions(-4, 4, max_denominator=9).map(lambda f: lambda: sp.Rational(f.numerator, f.denominator))
    if not depth:
        return st.one_of(number, st.just(lambda: sp.pi), st.just(lambda: sp.E))
    inner = closed(depth - 1)
    return st.one_of(
        st.tuples(st.sampled_from(FUNCTIONS), inner).map(lambda t: lambda: t[0](t[1](), evaluate=False)),
        st.tuples(st.sampled_from([sp.Add, sp.Mul, sp.Max]), inner, inner).map(
            lambda t: lambda: t[0](t[1](), t[2](), evaluate=False)
        ),
        st.tuples(inner, st.sampled_from([-2, -1, 2, 3])).map(lambda t: lambda: sp.Pow(t[0](), t[1], evaluate=False)),
    )


@settings(max_examples=200, deadline=None)
@given(closed())
def test_the_interval_and_the_ball_of_a_number_meet(make: Callable[[], sp.Expr]) -> None:
    try:
        e = make()
        one, other = value_at(e, {}), enclosed(e, {})
    except (UndefinedError, ValueError, RecursionError):  # no real value, or none that is known well enough
        assume(False)
    if isinstance(one, Fraction):
        low = high = one
    else:
        low, high = (_fraction(end) for end in (one.a, one.b))
    assert low <= other.high, (e, other, interval_text(one))
    assert other.low <= high, (e, other, interval_text(one))


def _fraction(end: Any) -> Fraction:
    sign, man, exponent, _ = end._mpi_[0]
    return (-1) ** sign * Fraction(int(man)) * Fraction(2) ** int(exponent)
