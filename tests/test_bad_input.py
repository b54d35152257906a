"""Bad input gets a clear error that names the offending part and what is accepted."""

from __future__ import annotations

import pytest
import sympy as sp

from gradproof import KinkError, Model, NotationError, RangeError, UndefinedError, check, derive, equal
from losses import E, K, M, N, a, f, h, i, j, k, m, n, t, u, w1, w2, x, y, z

A = sp.MatrixSymbol("A", 3, 3)
c = sp.Symbol("c", complex=True)
q, plain = sp.Symbol("q", integer=True), sp.Symbol("plain")
short = sp.IndexedBase("short", shape=(M,))

DERIVE = {
    "an explicit matrix": (sp.Matrix([u, 1]), u, NotationError, r"not a scalar"),
    "a list": ([u, u], u, NotationError, r"not a scalar"),
    "a whole array": (x, u, NotationError, r"not a scalar"),
    "an equation": (sp.Eq(u, 1), u, NotationError, r"not a scalar expression"),
    "a string": ("x**2", u, TypeError, r"strings are never evaluated"),
    "None": (None, u, TypeError, r"None.*not a SymPy expression"),
    "an unknown function": (sp.zeta(u), u, NotationError, r"unknown function zeta.*accepted are .*tanh"),
    "a product over an index": (sp.Product(x[n], n), u, NotationError, r"Product.*accepted"),
    "an integral": (sp.Integral(u, u), u, NotationError, r"Integral.*accepted"),
    "a complex symbol": (c**2, c, NotationError, r"symbol c is declared complex"),
    "the imaginary unit": (sp.I * u, u, NotationError, r"complex.*real"),
    "infinity": (u + sp.oo, u, NotationError, r"oo is not a number"),
    "an infinite range": (sp.Sum(x[q], (q, 1, sp.oo)), u, RangeError, r"range of q is infinite"),
    "a size without declaration": (sp.Sum(x[q], (q, 1, plain)), u, RangeError, r"plain.*positive=True"),
    "a range that may be inverted": (sp.Sum(x[q], (q, 1, N - 2)), u, RangeError, r"1\.\.N - 2 of q.*all sizes"),
    "a range that depends on an index": (sp.Sum(w1[q, n], (q, 1, n - 2), n), u, RangeError, r"1\.\.n - 2 of q depends on another index, and is not known"),
    "an index that is no integer": (x[plain], x[plain], NotationError, r"index plain.*Idx\('plain', N\)"),
    "an index out of its declared range": (sp.Sum(short[n], n), u, RangeError, r"n runs over 1\.\.N.*axis 0 of short has M"),
    "two ranges for one dummy": (sp.Sum(sp.Sum(x[n] * y[sp.Idx("n", (1, M))], (n, 1, N)), j), u, RangeError, r"two ranges for the index n"),
    "wrt is an array": (u, x, NotationError, r"whole array x; name one entry"),
    "wrt is an expression": (u, 2 * u, NotationError, r"accepted are a Symbol or one entry"),
    "wrt is an index": (u, n, NotationError, r"integer"),
    "wrt is a size": (u, N, NotationError, r"integer"),
    "wrt is a string": (u, "u", TypeError, r"not a SymPy Symbol"),
}  # fmt: skip


@pytest.mark.parametrize("name", DERIVE)
def test_derive_refuses(name: str) -> None:
    loss, wrt, error, message = DERIVE[name]
    with pytest.raises(error, match=message):
        derive(loss, wrt)


def test_an_index_declared_over_one_range_and_summed_over_another() -> None:
    index = sp.Idx("p", (1, N))
    with pytest.raises(
        RangeError, match=r"two ranges for the index p: it is declared over 1\.\.N and summed over 1\.\.M"
    ):
        derive(sp.Sum(x[index], (index, 1, M)), u)


def test_a_sum_over_one_letter_with_two_ranges() -> None:
    with pytest.raises(RangeError, match="two ranges for the index q"):
        derive(sp.Sum(x[q], (q, 1, N), (q, 1, M)), u)
    assert equal(sp.Sum(x[q], (q, 1, N), (q, 1, N)), N * sp.Sum(x[q], (q, 1, N))).status == "proved"


def test_a_free_index_that_the_gradient_lacks() -> None:
    claimed = 2 * sp.Sum(x[n], n) * y[j]
    with pytest.raises(NotationError, match="free index j, which the gradient lacks; free in the gradient: a"):
        check(sp.Sum(x[n], n) ** 2, x[a], claimed)


def test_a_point_where_the_derivative_does_not_exist() -> None:
    with pytest.raises(KinkError, match=r"u = 0: the derivative need not exist"):
        derive(sp.Abs(u), u).at({u: 0})
    with pytest.raises(KinkError, match=r"sqrt\(u\) has no derivative where u is 0"):
        derive(sp.sqrt(u), u).at({u: 0})


def test_a_point_where_the_loss_has_no_value() -> None:
    with pytest.raises(UndefinedError, match="logarithm"):
        derive(sp.log(u), u).at({u: -1})
    with pytest.raises(UndefinedError, match="division by zero"):
        derive(1 / u, u).at({u: 0})


@pytest.mark.parametrize(
    ("point", "message"),
    [({}, "no value is given for N"), ({N: 1, x: [1]}, "no values are given for the array y"),
     ({N: 3, x: [1], y: [1, 2, 3]}, "x has 1 entries along axis 0"), ({N: 1, x: ["one"], y: [1]}, "accepted are rational numbers")],
)  # fmt: skip
def test_a_point_that_is_incomplete(point: dict[object, object], message: str) -> None:
    with pytest.raises(NotationError, match=message):
        derive(sp.Sum(x[n] ** 2 * y[n], n), x[a]).at(point)


@pytest.mark.parametrize(
    ("definitions", "message"),
    [
        ([sp.Eq(z[j], sp.tanh(h[j])), sp.Eq(h[j], sp.Sum(w1[j, i], i))], "uses h, which is not defined before it"),
        ([sp.Eq(h[j], h[j] ** 2 + u)], "uses h"),
        ([sp.Eq(h[j], u), sp.Eq(h[j], 2 * u)], "h is defined twice"),
        ([sp.Eq(h[j], x[i])], "leaves the index i free"),
        ([sp.Eq(h[q], u)], "must be distinct and have ranges"),
        ([sp.Eq(w2[j, j], u)], "must be distinct"),
        ([sp.Eq(2 * u, m)], "accepted are a symbol or an entry"),
        ([u + 1], "is not an equation"),
    ],
)
def test_a_model_refuses(definitions: list[sp.Eq], message: str) -> None:
    with pytest.raises(NotationError, match=message):
        Model(definitions)


@pytest.mark.parametrize("assumption", [u, "u > 0", sp.And(u > 0, m > 0)])
def test_an_assumption_is_a_relation(assumption: object) -> None:
    with pytest.raises(NotationError, match="is not a relation"):
        equal(u, u, [assumption])


def test_names_are_not_shared_between_models_and_undefined_functions() -> None:
    """An undefined function has no value at a given point, and says so."""
    with pytest.raises(NotationError, match="undefined function f has no value"):
        derive(f(u) ** 2, u).at({u: 1})


def test_errors_are_value_errors() -> None:
    assert issubclass(NotationError, ValueError)
    assert issubclass(RangeError, NotationError)
    assert issubclass(KinkError, ValueError)
    assert {E, K, k, t} != None
