"""The code of derivatives keeps its digits over the whole range of floats, and gives no warning where it is right.

`GRADPROOF_DIGITS=all` tries thousands of numbers for each function, and the loops.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp
from mpmath import mp

from gradproof import program
from gradproof.precision.digits import ACTIVATIONS, GIVEN, OF_VALUE, Truth, digits, grid, of_arrays, with_given, within
from gradproof.reference import activations
from gradproof.reference.entry import Entry

pytest.importorskip("flint")

ALL = os.environ.get("GRADPROOF_DIGITS") == "all"
POINTS = grid(8 if ALL else 1)
MORE = {
    "mish": 5,
    "gelu": 5,
    "gelu-tanh": 6,
}  # in place of 4: their terms have more roundings, one of half a unit or more each


def named(make: Callable[[], Entry]) -> str:
    return make.__name__


def bar(entry: Entry) -> float:
    return 6 if entry.id in OF_VALUE else MORE.get(entry.id, 4)


# -- activations ----------------------------------------------------------------------------------
@pytest.mark.parametrize("make", ACTIVATIONS, ids=named)
def test_derivatives_of_arrays(make: Callable[[], Entry]) -> None:
    """Within 6 units of the value, or 4 of the largest term, for every size of x; many at once, as NumPy's vector code."""
    found = digits(make(), within(make(), POINTS))
    assert found.error <= bar(make()), found


@pytest.mark.parametrize("make", ACTIVATIONS, ids=named)
def test_derivatives_of_numbers(make: Callable[[], Entry]) -> None:
    """The same for one number at a time."""
    entry = make()
    derivative = with_given(program(entry.derivation(entry.gradients[0])).to_numpy())
    points = within(entry, POINTS if ALL else POINTS[::5])
    assert digits(entry, points, lambda x: [derivative(float(v)) for v in x]).error <= bar(entry)


@pytest.mark.skipif(not ALL, reason="numba takes seconds for each")
@pytest.mark.parametrize("make", ACTIVATIONS, ids=named)
def test_derivatives_in_loops(make: Callable[[], Entry]) -> None:
    """The same for loops."""
    pytest.importorskip("numba")
    points = within(make(), POINTS)
    found = digits(make(), points[np.abs(points) < 1e280], with_given(of_arrays(make()).to_numba()))
    assert found.error <= bar(make()), found


@pytest.mark.parametrize("make", ACTIVATIONS, ids=named)
def test_no_warning_and_no_nan(make: Callable[[], Entry]) -> None:
    """Also where the bar does not hold; only the tanh approximation of GELU has no value where x³ overflows.

    NumPy warns of cosh beyond 710, of no other thing.
    """
    points = POINTS[np.abs(POINTS) < 1e100] if make is activations.gelu_tanh else POINTS
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "overflow encountered in cosh")
        assert np.isfinite(with_given(of_arrays(make()).to_numpy())(points)).all()


def logistic(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


BAD: Mapping[str, tuple[Callable[[], Entry], Callable[[Any], Any]]] = {
    "1 - tanh²": (activations.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "σ(1 - σ)": (activations.sigmoid, lambda x: logistic(x) * (1 - logistic(x))),
    "σ(x) σ(-x), in which the exponential overflows too soon": (activations.sigmoid, lambda x: logistic(x) * logistic(-x)),
    "σ(x), the same": (activations.softplus, logistic),
    "8 units off": (
        activations.gelu, lambda x: with_given(of_arrays(activations.gelu()).to_numpy())(x) * (1 + 8 * 2.0**-52),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "bad"), BAD.values(), ids=BAD)
def test_a_bad_form_fails(make: Callable[[], Entry], bad: Callable[[Any], Any]) -> None:
    """The forms that are written most, and a planted error of 8 units, are found by the same measure."""
    with np.errstate(all="ignore"):
        assert digits(make(), within(make(), POINTS), bad).error > 8 - 2


def test_the_truth() -> None:
    """Arb's value of the stated derivative is that of mpmath's, of another form that cancels nowhere."""
    forms: Mapping[Callable[[], Entry], Callable[[Any], Any]] = {
        activations.tanh: lambda x: 1 / mp.cosh(x) ** 2,
        activations.sigmoid: lambda x: 1 / (2 + 2 * mp.cosh(x)),
        activations.softplus: lambda x: 1 / (1 + mp.exp(-x)),
        activations.elu: lambda x: GIVEN["lambda"] * (1 if x > 0 else GIVEN["alpha"] * mp.exp(x)),
    }
    with mp.workdps(60):
        for make, form in forms.items():
            truth = Truth(make())
            for x in (-740.25, -30.5, -1e-3, 1e-300, 0.7, 19.3, 354.9, 371.0):
                assert truth.error(x, float(form(mp.mpf(x)))) <= 0.5, (make, x)


# -- whole gradients ------------------------------------------------------------------------------
def entrywise(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return np.frompyfunc(function, 1, 1)  # type: ignore[no-any-return]


def network(t: Any, v: Any, w: Any, x: Any) -> Any:
    return ((entrywise(mp.tanh)(x @ w.T) @ v.T - t) ** 2).sum() / 2


def line(b: Any, m: Any, x: Any, y: Any) -> Any:
    return ((y - m * x - b) ** 2).sum() / len(x)


def softmax(b: Any, t: Any, w: Any, x: Any) -> Any:
    s = x @ w.T + b
    return entrywise(mp.log)(entrywise(mp.exp)(s).sum(axis=1)).sum() - (t * s).sum()


def layer_norm(b: Any, eps: Any, g: Any, t: Any, x: Any) -> Any:
    size = x.shape[1]
    u = x - x.sum(axis=1)[:, None] / size
    z = u / entrywise(mp.sqrt)((u * u).sum(axis=1) / size + eps)[:, None]
    return ((g * z + b - t) ** 2).sum() / 2


def attention(k: Any, q: Any, t: Any, v: Any) -> Any:
    e = entrywise(mp.exp)(q @ k.T / mp.sqrt(q.shape[1]))
    return (((e / e.sum(axis=1)[:, None]) @ v - t) ** 2).sum() / 2


LOSSES: Mapping[str, Callable[..., Any]] = {
    "network": network, "line": line, "softmax": softmax, "layer_norm": layer_norm, "attention": attention,
}  # fmt: skip
SIZES = {"A": 4, "B": 5, "C": 3, "D": 2, "I": 4, "J": 3, "K": 2, "N": 12, "P": 3}


def true_gradients(name: str, given: Mapping[str, Any], wrt: Sequence[str]) -> list[Any]:
    """By central differences with steps of 1e-40 and 150 digits, of the loss written for mpmath."""
    step, found = mp.mpf(10) ** -40, []
    exact = {key: entrywise(mp.mpf)(value) if np.ndim(value) else mp.mpf(value) for key, value in given.items()}
    for key in wrt:
        entries = np.empty(np.shape(given[key]), object)
        for place in np.ndindex(entries.shape):
            ends = []
            for sign in (1, -1):
                moved = np.array(exact[key], object)
                moved[place] += sign * step
                ends.append(LOSSES[name](**{**exact, key: moved if moved.ndim else moved[()]}))
            entries[place] = (ends[0] - ends[1]) / (2 * step)
        found.append(entries)
    return found


@pytest.fixture(name="models")
def models_of_the_benchmark(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The five losses by name, of benchmarks/models.py."""
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
    return import_module("models").MODELS


def drawn(name: str, arguments: Sequence[Any], seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    given = {
        a.name: rng.normal(size=[SIZES[str(n)] for n in a.shape]) * 2 if a.shape else float(rng.uniform(0.1, 2))
        for a in arguments
    }
    if name == "softmax":
        given["t"] = np.eye(SIZES["C"])[rng.integers(SIZES["C"], size=SIZES["P"])]
    return given


def off(found: Sequence[Any], truth: Sequence[Any]) -> float:
    """The largest error of an entry over the largest true entry, of the worst gradient."""
    gaps = (np.max(np.abs(np.asarray(f, object) - t)) / np.max(np.abs(t)) for f, t in zip(found, truth, strict=True))
    return float(max(gaps))


@pytest.mark.parametrize("name", LOSSES)
def test_whole_gradients(models: Any, name: str) -> None:
    """Within 1e-13 of the largest entry, for the five losses of the benchmark at random points, with arrays and loops."""
    problem = models[name]()
    made = problem.program()
    functions = [made.to_numpy(), *([made.to_numba()] if ALL else [])]
    wrt = [str(getattr(e, "base", e)) for e in problem.wrt]
    with mp.workdps(150):
        for seed in range(20 if ALL else 3):
            given = drawn(name, made.arguments, seed)
            truth = true_gradients(name, given, wrt)
            for function in functions:
                assert off(function(*given.values())[1:], truth) <= 1e-13
            planted = [t * (1 + mp.mpf("1e-12")) for t in truth]
            assert off(functions[0](*given.values())[1:], planted) > 1e-13


@pytest.mark.parametrize(("m", "b"), [(0.5, 0.25), (-3.0, 2e6), (2.0, 1.0)])
def test_sums_over_data_far_from_zero(models: Any, m: float, b: float) -> None:
    """Of constant data with mean 1e6 and spread 1, the gradient is as exact as that of a pass over the data."""
    rng = np.random.default_rng(1)
    x = 1e6 + rng.normal(size=1000)
    y = 1e6 + rng.normal(size=1000)
    gradient = models["line"]().program().to_numpy(constant=[sp.IndexedBase("x"), sp.IndexedBase("y")])(x, y)
    with mp.workdps(150):
        truth = true_gradients("line", {"b": b, "m": m, "x": x, "y": y}, ["m", "b"])
        assert off(gradient(b, m)[1:], truth) <= 1e-13
