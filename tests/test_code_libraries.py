"""Array code runs on the libraries of the Python array API: NumPy, JAX, PyTorch, and array_api_strict, which has nothing else.

`GRADPROOF_CODE=all` tries every gradient of the site.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import sympy as sp

from code_losses import ALL, N, b, derived, drawn, i, identities, k, line, m, n, network, x, z
from code_oracle import Oracle, apart
from gradproof import Derivation, derive, program
from gradproof.code.programs import compiled

LABELS = sp.IndexedBase("c", integer=True)
FEW = ("sparse-cross-entropy", "gelu", "attention", "determinant")
SPECIAL = ("gelu", "geglu")  # erf, which the standard does not have
LIBRARIES = ("numpy", "array_api_strict", "jax", "jax.jit", "torch")


@contextmanager
def library(name: str) -> Iterator[Any]:
    """The namespace of a library, with doubles."""
    if name.startswith("jax"):
        jax = pytest.importorskip("jax")
        with jax.enable_x64(True):
            yield jax.numpy
    elif name == "array_api_strict":
        strict = pytest.importorskip(name)
        with strict.ArrayAPIStrictFlags(api_version="2024.12"):  # the first with places as arrays
            yield strict
    else:
        yield pytest.importorskip(name)


def transformed(name: str, function: Callable[..., Any], sizes: Sequence[str] = ()) -> Callable[..., Any]:
    if name != "jax.jit":
        return function
    import jax

    return jax.jit(function, static_argnames=sizes)


def type_of(a: Any) -> str:
    return str(a.dtype).rpartition(".")[2]


def as_numpy(a: Any) -> Any:
    return np.asarray(getattr(a, "_array", a))


def run(derivations: Sequence[Derivation], name: str, dtype: str, within: float, source: str | None = None) -> None:
    made = program(*derivations)
    sizes = [a.parameter for a in made.arguments if a.is_size]
    function = made.to_arrays() if source is None else compiled(source, made.name)
    found = Oracle(made).cases(2)
    assert found
    with library(name) as xp, np.errstate(all="ignore"):
        function = transformed(name, function, sizes)
        kind = type(xp.asarray(1.0))
        for given, wanted in found:
            arrays = {
                name: value if name in sizes else xp.asarray(np.asarray(value), dtype=_type(xp, value, dtype))
                for name, value in given.items()
            }
            got = function(**arrays)
            assert all(isinstance(g, kind | np.generic) for g in got)
            if any(hasattr(a, "dtype") for a in arrays.values()):
                assert {type_of(g) for g in got} == {dtype}
            assert max(map(apart, map(as_numpy, got), wanted)) < within


def _type(xp: Any, value: Any, dtype: str) -> Any:
    return getattr(xp, dtype if np.asarray(value).dtype == float else "int64")


@pytest.mark.parametrize(("dtype", "within"), [("float64", 1e-10), ("float32", 1e-3)])
@pytest.mark.parametrize("name", LIBRARIES if ALL else [name for name in LIBRARIES if name != "jax"])
@pytest.mark.parametrize("identity", identities(FEW))
def test_what_the_formulas_say(identity: str, name: str, dtype: str, within: float) -> None:
    for derivations in derived(identity):
        if name == "array_api_strict" and identity in SPECIAL:
            with pytest.raises(
                TypeError, match=r"erf and erfc .*JAX and PyTorch; array_api_strict is not known to have"
            ):
                run(derivations, name, dtype, within)
        else:
            run(derivations, name, dtype, within)


@pytest.mark.parametrize("name", LIBRARIES)
@pytest.mark.parametrize("number", [2, 2.0, "float32", "float64"])
def test_any_number_leaves_the_type_of_the_arrays(name: str, number: Any) -> None:
    made = program(derive(sp.Sum(sp.exp(m) * x[n] + m * x[n] ** 2, n), m))
    with library(name) as xp:
        given = xp.asarray(drawn(5), dtype=xp.float32)
        value = xp.asarray(2.0, dtype=getattr(xp, number)) if isinstance(number, str) else number
        got = transformed(name, made.to_arrays())(value, given)
        assert {type_of(g) for g in got} == {"float32"}
        wanted = np.exp(2) * drawn(5).sum() + (drawn(5) ** 2).sum()
        np.testing.assert_allclose(as_numpy(got[1]), wanted, rtol=1e-5)


@pytest.mark.parametrize("name", LIBRARIES)
def test_numbers_alone(name: str) -> None:
    """One of them is an array, which says whose functions are meant."""
    function = program(derive(sp.tanh(m * b), m)).to_arrays()
    with library(name) as xp:
        for number in (0.5, xp.asarray(0.5, dtype=xp.float32)):
            got = transformed(name, function)(number, xp.asarray(2.0, dtype=xp.float32))
            assert {type_of(g) for g in got} == {"float32"}
            np.testing.assert_allclose([as_numpy(g) for g in got], (np.tanh(1), 0.5 * (1 - np.tanh(1) ** 2)), rtol=1e-6)
    with pytest.raises(TypeError, match="give one of b, m as an array without axes: it says which library is meant"):
        function(0.5, 2.0)


@pytest.mark.parametrize("name", LIBRARIES)
def test_labels(name: str) -> None:
    loss = sp.Sum(sp.log(sp.Sum(sp.exp(z[n, k]), k)) - z[n, LABELS[n]], n)
    function = program(derive(loss, z[i.func("a", (1, N)), k])).to_arrays()
    scores, labels = drawn(3, 4), np.array([2, 4, 1])
    e = np.exp(scores)
    with library(name) as xp:
        got = transformed(name, function)(xp.asarray(labels), xp.asarray(scores))
        wanted = e / e.sum(axis=1, keepdims=True) - np.eye(4)[labels - 1]
        np.testing.assert_allclose(as_numpy(got[1]), wanted, rtol=1e-12)
        with pytest.raises(TypeError, match=r"c must hold whole numbers, not .*float"):
            function(xp.asarray(labels, dtype=xp.float64), xp.asarray(scores))


REFUSED: dict[str, tuple[Callable[[Any], tuple[Any, ...]], type[Exception], str]] = {
    "a list": (lambda xp: (0.1, 0.2, [1.0], xp.ones(1)), TypeError, "x is not an array, but list"),
    "a number for an array": (lambda xp: (0.1, 0.2, xp.ones(1), 1.0), TypeError, "y is not an array, but float"),
    "another rank": (lambda xp: (0.1, 0.2, xp.ones((1, 2)), xp.ones(1)), ValueError, r"x has the shape .*1, 2.*, not \(N,\)"),
    "another length": (lambda xp: (0.1, 0.2, xp.ones(4), xp.ones(5)), ValueError, r"y has the shape .*5.*, not \(N,\) = \(4,\)"),
    "integers": (
        lambda xp: (0.1, 0.2, xp.ones(4), xp.ones(4, dtype=xp.int64)), TypeError, "accepted is float64, or float32, .*y: .*int64"
    ),
    "two types": (
        lambda xp: (0.1, 0.2, xp.ones(4, dtype=xp.float64), xp.ones(4, dtype=xp.float32)), TypeError, "alike, not x: .*64, y: .*32"
    ),
    "an array for a number": (lambda xp: (0.1, xp.ones(1), xp.ones(4), xp.ones(4)), ValueError, "m is a number, not an array of shape"),
    "text for a number": (lambda xp: ("1", 0.2, xp.ones(4), xp.ones(4)), TypeError, "b is a number, not str"),
    "a list for a number": (lambda xp: ([1.0], 0.2, xp.ones(4), xp.ones(4)), TypeError, "b is a number, not list"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("name", [name for name in LIBRARIES if name != "jax.jit"])
def test_what_does_not_fit_is_named(name: str, case: str) -> None:
    make, error, text = REFUSED[case]
    with library(name) as xp, pytest.raises(error, match=text):
        line().to_arrays()(*make(xp))


def test_arrays_of_two_libraries() -> None:
    text = r"arrays of one library, not x: .*strict, y: .*numpy"
    with library("array_api_strict") as strict, pytest.raises(TypeError, match=text):
        line().to_arrays()(0.1, 0.2, strict.ones(4), np.ones(4))


@pytest.mark.parametrize("name", ["jax", "torch"])
def test_the_library_differentiates_what_it_ran(name: str) -> None:
    """Automatic differentiation goes through the source: the loss has the slopes that are its other results."""
    t_, v_, w_, x_ = drawn(6, 2), drawn(2, 4), drawn(4, 3), drawn(6, 3)
    function = network().to_arrays()
    with library(name) as xp:
        if name == "jax":
            import jax

            slope = jax.grad(lambda w: function(*map(xp.asarray, (t_, v_, w, x_)))[0])(xp.asarray(w_))
        else:
            leaf = xp.asarray(w_).requires_grad_(True)
            function(xp.asarray(t_), xp.asarray(v_), leaf, xp.asarray(x_))[0].backward()
            slope = leaf.grad
        np.testing.assert_allclose(as_numpy(slope), network().to_numpy()(t_, v_, w_, x_)[1], rtol=1e-12)


def test_jax_maps_over_it() -> None:
    """Per-example gradients, by `vmap` over the index of the batch."""
    with library("jax") as xp:
        import jax

        t_, v_, w_, x_ = (xp.asarray(a) for a in (drawn(6, 2), drawn(2, 4), drawn(4, 3), drawn(6, 3)))
        each = jax.vmap(lambda t, x: network().to_arrays()(t[None], v_, w_, x[None]))(t_, x_)
        for one, total in zip(each, network().to_arrays()(t_, v_, w_, x_), strict=True):
            np.testing.assert_allclose(one.sum(axis=0), total, rtol=1e-12)


@pytest.mark.parametrize(("before", "after"), [("- t", "+ t"), ("xp.tanh(", "xp.sin("), ("0.5 * ", "0.25 * ")])
def test_a_slip_in_the_source_is_seen(before: str, after: str) -> None:
    source = network().array_source()
    assert source.count(before) == 1, source
    with pytest.raises(AssertionError):
        run(network().derivations, "numpy", "float64", 1e-10, source.replace(before, after))


def test_nothing_but_the_standard() -> None:
    """What is called is in the namespace; of an array's own, only what the standard has."""
    tree = ast.parse(network().array_source())
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert {c for c in calls if "." in c} <= {
        "xp.tanh",
        "xp.cosh",
        "xp.reshape",
        "xp.isdtype",
        "xp.exp",
        "str(t.dtype).rpartition",
    }
    own = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and ast.unparse(node.value) != "xp"}
    assert own <= {"T", "shape", "dtype", "ndim", "__name__", "rpartition"}
