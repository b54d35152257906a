"""With constant data the loss and its gradients are those of the plain function, without the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp

from code_losses import E, N, b, drawn, line, m, n
from gradproof import CodeError, Model, Program, derive, program
from gradproof.code.programs import compiled

D, K = sp.symbols("D K", integer=True, positive=True)
d, e, k, l = sp.Idx("d", (1, D)), sp.Idx("e", (1, D)), sp.Idx("k", (1, K)), sp.Idx("l", (1, K))
h, t, u, v, w, x, y = map(sp.IndexedBase, "htuvwxy")
SIZES = {N: 500, D: 3, K: 2}

several = sp.Sum((y[n] - sp.Sum(x[n, d] * w[d], d) - b) ** 2, n) / N
weighted = sp.Sum(u[n] * (y[n] - m * x[n] - b) ** 2, n)
turned = sp.Sum((y[n] - sp.Sum(x[d, n] * w[d], d)) ** 2, n) / N
outputs = sp.Sum((y[n, k] - sp.Sum(x[n, d] * v[d, k], d) - u[k]) ** 2, n, k) / N
MODEL = Model(
    [
        sp.Eq(h[n], sp.Sum(x[n, d] * w[d], d) + b),
        sp.Eq(E, sp.Sum((h[n] - y[n]) ** 2, n) / N + m * sp.Sum(w[d] ** 2, d)),
    ]
)
MADE: dict[str, tuple[Callable[[], Program], Sequence[Any]]] = {
    "a line": (line, (x, y)),
    "a line by names": (line, ("x", "y")),
    "several features": (lambda: program(derive(several, w[e]), derive(several, b)), (x, y)),
    "several outputs": (lambda: program(derive(outputs, v[e, l]), derive(outputs, u[l])), (x, y)),
    "weights": (lambda: program(derive(weighted, m), derive(weighted, b)), (u, x, y)),
    "data on the second axis": (lambda: program(derive(turned, w[e])), (x, y)),
    "a model": (lambda: program(MODEL.gradient(E, w[d]), MODEL.gradient(E, b)), (x, y)),
    "functions of the data": (lambda: program(derive(sp.Sum((y[n] - m * sp.exp(x[n])) ** 2, n), m)), (x, y)),
    "a cubic": (lambda: program(derive(sp.Sum((y[n] - m * x[n]) ** 3, n), m)), (x, y)),
}


def arguments(made: Program, constant: Sequence[Any], dtype: Any, mean: float = 0.0) -> tuple[list[Any], list[Any]]:
    """Data, and the other arguments."""
    data = {str(getattr(c, "label", c)) for c in constant}
    found: tuple[list[Any], list[Any]] = [], []
    for a in made.arguments:
        shape = tuple(int(s.xreplace(SIZES)) for s in a.shape)
        value = (drawn(len(a.name) + 3, *shape)[-1] + mean * (a.name in data)).astype(dtype) if shape else 0.37
        found[a.name not in data].append(value)
    return found


def together(made: Program, constant: Sequence[Any], data: Sequence[Any], others: Sequence[Any]) -> list[Any]:
    names = {str(getattr(c, "label", c)) for c in constant}
    left, right = iter(data), iter(others)
    return [next(left if a.name in names else right) for a in made.arguments]


@pytest.mark.parametrize(("dtype", "within"), [(np.float64, 1e-11), (np.float32, 2e-4)])
@pytest.mark.parametrize("mean", [0.0, 100.0])
@pytest.mark.parametrize("name", list(MADE))
def test_the_same_as_the_plain_function(name: str, mean: float, dtype: Any, within: float) -> None:
    make, constant = MADE[name]
    made = make()
    mean = mean if name not in ("functions of the data", "a cubic") else 0.0
    data, others = arguments(made, constant, dtype, mean)
    before = [np.copy(a) for a in data]
    given = together(made, constant, data, others)
    wanted = made.to_numpy()(*(np.asarray(a, dtype=np.float64) if np.ndim(a) else a for a in given))
    of_parameters = made.to_numpy(constant)(*data)
    for got in (of_parameters(*others), of_parameters(*others)):  # the first call leaves nothing behind
        for one, other in zip(got, wanted, strict=True):
            assert np.shape(one) == np.shape(other)
            assert not isinstance(one, np.ndarray) or one.dtype == dtype
            scale = max(1.0, float(np.max(np.abs(wanted[0])))) * (1 + mean)
            assert np.max(np.abs(one - other)) < within * scale
    assert all(np.array_equal(a, c) for a, c in zip(data, before, strict=True))


def test_no_data_are_left() -> None:
    """What is returned holds the sums, not the data."""
    given = drawn(100_000), drawn(100_000)
    function = line().to_numpy([x, y])(*given)
    held = [cell.cell_contents for cell in function.__closure__]
    assert all(np.size(a) < 10 for a in held)


@pytest.mark.parametrize("count", [1, 2, 1023, 1025, 32_768, 32_769, 100_000])
def test_blocks(count: int) -> None:
    """No point is left out or taken twice where the blocks meet."""
    given = drawn(count), drawn(count + 1)[1:]
    np.testing.assert_allclose(
        line().to_numpy([x, y])(*given)(0.25, 0.5), line().to_numpy()(0.25, 0.5, *given), rtol=1e-10, atol=1e-12
    )


def exact(b_: float, m_: float, xs: Any, ys: Any) -> tuple[Fraction, Fraction, Fraction]:
    """The loss of a line and its slopes, in rational numbers."""
    bf, mf = Fraction(b_), Fraction(m_)
    pairs = [(Fraction(float(a)), Fraction(float(c))) for a, c in zip(xs, ys, strict=True)]
    residuals = [bf + mf * a - c for a, c in pairs]
    count = len(pairs)
    by_m = 2 * sum(r * a for r, (a, _) in zip(residuals, pairs, strict=True)) / count
    return sum(r * r for r in residuals) / count, by_m, 2 * sum(residuals) / count


@pytest.mark.parametrize("mean", [0.0, 1e3, 1e6])
def test_digits_where_the_data_lie_far_from_zero(mean: float) -> None:
    """A mean of 10⁶ and a spread of 1: near the least loss and far from it, against rational numbers.

    b + m·x is itself rounded to ε·|m·mean|, which moves the loss by 2·|residual| times that, and the slope by m by
    |mean| times that: within ten of these.
    """
    random = np.random.default_rng(3)
    xs = random.normal(size=2000) + mean
    ys = 3 * (xs - mean) + random.normal(size=2000) + mean
    of_parameters = line().to_numpy([x, y])(xs, ys)
    for m_, near in ((3.0, 0.0), (2.5, 0.5), (-1.0, 4.0)):
        b_ = mean - m_ * mean + near
        rounding = 2.3e-16 * (abs(b_) + abs(m_ * mean) + mean + 10)
        loss, by_m, by_b = (float(q) for q in exact(b_, m_, xs, ys))
        got = of_parameters(b_, m_)
        assert abs(got[0] - loss) < 10 * rounding * (1 + np.sqrt(loss)) + 1e-13 * loss
        assert abs(got[1] - by_m) < 10 * rounding * (1 + mean)
        assert abs(got[2] - by_b) < 10 * rounding


def test_expanded_without_centres_it_would_be_lost() -> None:
    """The planted error: with zero for the centres the same sums keep no digit of the loss."""
    made = line()
    source = made.numpy_source([x, y])
    assert source.count("mean, 0)") == 1
    slipped = compiled(source.replace("mean, 0)", "0, 0)"), made.name)
    random = np.random.default_rng(3)
    xs = random.normal(size=2000) + 1e6
    ys = xs + random.normal(size=2000)
    loss = float(exact(0.0, 1.0, xs, ys)[0])
    assert abs(made.to_numpy([x, y])(xs, ys)(0.0, 1.0)[0] / loss - 1) < 1e-8
    assert not abs(slipped(xs, ys)(0.0, 1.0)[0] / loss - 1) < 1e-8


@pytest.mark.parametrize(("before", "after"), [("sum_4 = centred_x.dot(centred_y)", "sum_4 = centred_x.dot(centred_x)"),
                                               ("start + BLOCK", "start + BLOCK - 1"), ("2 * m", "3 * m"), ("y[part]", "x[part]")])  # fmt: skip
def test_a_slip_in_the_source_is_seen(before: str, after: str) -> None:
    made = line()
    source = made.numpy_source([x, y])
    assert source.count(before) == 1, source
    given = drawn(40_000), drawn(40_001)[1:]
    got = compiled(source.replace(before, after), made.name)(*given)(0.25, 0.5)
    assert not np.allclose(got, made.to_numpy()(0.25, 0.5, *given), rtol=1e-10, atol=1e-12)


LOGISTIC = sp.Sum(sp.log(1 + sp.exp(-y[n] * sp.Sum(w[d] * x[n, d], d))), n)
REFUSED = {
    "a loss that is no polynomial in the data": (derive(LOGISTIC, w[e]), [x, y], r"is no polynomial in the data"),
    "a name that is no array": (derive(several, w[e]), ["q"], "q, in constant, is none of the arrays: w, x, y"),
    "a number": (derive(several, w[e]), [b], "b, in constant, is none of the arrays: w, x, y"),
    "a parameter": (derive(several, w[e]), [w], r"w"),
    "data and a parameter": (derive(several, w[e]), [w, x, y], r"w"),
    "data that a parameter stands beside": (derive(sp.Sum(v[n] * x[n], n), v[sp.Idx("a", (1, N))]), [x], "x"),
    "a part of the data": (derive(sp.Sum((y[n] - m * x[n]) ** 2, n), m), [x], "x|y"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_taken_once_is_named(case: str) -> None:
    derivation, constant, text = REFUSED[case]
    with pytest.raises(CodeError, match=text):
        program(derivation).numpy_source(constant)


def test_what_does_not_fit_is_named() -> None:
    make = program(derive(several, w[e])).to_numpy([x, y])
    with pytest.raises(ValueError, match=r"y has the shape \(4,\), not \(N,\) = \(5,\)"):
        make(drawn(5, 3), drawn(4))
    with pytest.raises(TypeError, match="x is not a NumPy array, but list"):
        make([[1.0]], drawn(1))
    with pytest.raises(TypeError, match="float32, for all real arrays alike, not x: int64"):
        make(np.ones((5, 3), dtype=int), drawn(5))
    function = make(drawn(5, 3), drawn(5))
    with pytest.raises(ValueError, match=r"w has the shape \(4,\), not \(D,\) = \(3,\)"):
        function(0.5, drawn(4))
    with pytest.raises(TypeError, match="b is a number, not str"):
        function("0.5", drawn(3))


def test_sizes_and_data_called_as_lines_are() -> None:
    """A size s, data r and u: the lines within call their own quantities otherwise."""
    s = sp.Symbol("s", integer=True, positive=True)
    at, r = sp.Idx("a", (1, s)), sp.IndexedBase("r")
    loss = sp.Sum((u[at] - m * r[at] - b) ** 2, at) / s
    made = program(derive(loss, m), derive(loss, b))
    given = drawn(20), drawn(21)[1:]
    np.testing.assert_allclose(made.to_numpy([r, u])(*given)(0.25, 0.5), made.to_numpy()(0.25, 0.5, *given), rtol=1e-11)
