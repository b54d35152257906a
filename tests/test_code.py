"""Generated NumPy code computes what the formulas say, for float64 and float32, and names the argument that does not fit.

`GRADPROOF_CODE=all` tries every gradient of the site.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp

from code_losses import (
    LINE,
    NO_CODE,
    E,
    N,
    b,
    derived,
    drawn,
    i,
    identities,
    k,
    line,
    m,
    n,
    network,
    p,
    t,
    w,
    x,
    z,
)
from code_oracle import Oracle, apart
from gradproof import CLAIMS, CodeError, Model, Program, derive, program
from gradproof.code.nodes import Graph
from gradproof.code.programs import compiled


def agrees(
    made: Program, function: Callable[..., Any], dtype: Any = float, within: float = 1e-11, count: int = 3
) -> None:
    """The function returns what the formulas say, in arrays of its own, and leaves its arguments as they are."""
    found = Oracle(made).cases(count)
    assert found
    for given, wanted in found:
        arrays = {name: a for name, a in given.items() if isinstance(a, np.ndarray)}
        arrays = {name: a.astype(dtype) if a.dtype == float else a for name, a in arrays.items()}
        before = {name: a.copy() for name, a in arrays.items()}
        with np.errstate(all="ignore"):
            got = function(**{**given, **arrays})
        assert [np.shape(g) for g in got] == [np.shape(e) for e in wanted]
        assert max(map(apart, got, wanted)) < within
        for name, a in arrays.items():
            assert np.array_equal(a, before[name]), name
            assert not any(np.shares_memory(a, g) for g in got if np.ndim(g)), name
        results = [g for g in got if np.ndim(g)]
        assert not any(np.shares_memory(a, e) for n, a in enumerate(results) for e in results[:n])
        if any(a.dtype == dtype for a in arrays.values()):
            assert all(np.asarray(g).dtype == dtype for g in got if isinstance(g, (np.ndarray, np.generic)))


@pytest.mark.parametrize("identity", identities())
def test_what_the_formulas_say(identity: str) -> None:
    for derivations in derived(identity):
        made = program(*derivations)
        function = made.to_numpy()
        agrees(made, function)
        agrees(made, function, np.float32, 1e-3)


@pytest.mark.parametrize("identity", NO_CODE)
def test_a_function_that_is_not_defined_has_no_code(identity: str) -> None:
    with pytest.raises(CodeError, match=r"f\("):
        program(CLAIMS[identity].derivations[0]).numpy_source()


# -- beside what is written by hand -------------------------------------------------------------
def test_the_network_by_hand() -> None:
    t_, v_, w_, x_ = drawn(6, 2), drawn(2, 4), drawn(4, 3), drawn(6, 3)
    z_ = np.tanh(x_ @ w_.T)
    e = z_ @ v_.T - t_
    got = network().to_numpy()(t_, v_, w_, x_)
    assert np.shape(got[0]) == ()
    wanted = (e * e).sum() / 2, ((e @ v_) * (1 - z_**2)).T @ x_, e.T @ z_
    for one, other in zip(got, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_a_line_by_hand() -> None:
    x_, y_ = drawn(50), drawn(50)[::-1].copy()
    r = 0.5 * x_ + 0.25 - y_
    got = line().to_numpy()(b=0.25, m=0.5, x=x_, y=y_)
    np.testing.assert_allclose(got, (np.mean(r * r), 2 * np.mean(r * x_), 2 * np.mean(r)), rtol=1e-12)


def test_softmax_regression_by_hand() -> None:
    """Far outside of where exp has numbers."""
    a = sp.IndexedBase("a")
    model = Model(
        [
            sp.Eq(a[p, k], sp.Sum(w[k, i] * x[p, i], i)),
            sp.Eq(E, sp.Sum(sp.log(sp.Sum(sp.exp(a[p, k]), k)) - sp.Sum(t[p, k] * a[p, k], k), p)),
        ]
    )
    t_, w_, x_ = np.eye(3)[[0, 2, 1, 0]], drawn(3, 5), 1000 * drawn(4, 5)
    scores = x_ @ w_.T
    shifted = scores - scores.max(axis=1, keepdims=True)
    q_ = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
    loss = (np.log(np.exp(shifted).sum(axis=1)) + scores.max(axis=1) - (t_ * scores).sum(axis=1)).sum()
    got = program(model.gradient(E, w[k, i])).to_numpy()(t_, w_, x_)
    np.testing.assert_allclose(got[0], loss, rtol=1e-12)
    np.testing.assert_allclose(got[1], (q_ - t_).T @ x_, rtol=1e-10, atol=1e-9)


def test_jax_differentiates_the_loss_to_the_gradients() -> None:
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        t_, v_, w_, x_ = drawn(6, 2), drawn(2, 4), drawn(4, 3), drawn(6, 3)
        function = network().to_arrays()
        slopes = jax.grad(lambda v, w: function(*map(jax.numpy.asarray, (t_, v, w, x_)))[0], (1, 0))(v_, w_)
    for one, other in zip(network().to_numpy()(t_, v_, w_, x_)[1:], slopes, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


# -- the source -----------------------------------------------------------------------------------
def calls(source: str) -> list[str]:
    """The functions and operators of the function itself, in order."""
    body = next(d for d in ast.parse(source).body if isinstance(d, ast.FunctionDef) and d.name.startswith("loss"))
    found = []
    for node in ast.walk(body):
        if isinstance(node, ast.Call):
            found.append(ast.unparse(node.func).rpartition(".")[2])
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            found.append("@")
    return found


def test_matrix_products_and_one_forward_pass() -> None:
    """X wᵀ, z vᵀ, e v, and two for the gradients; E is one more product, of a vector with itself."""
    for source in (network().numpy_source(), network().array_source()):
        found = calls(source)
        assert found.count("tanh") == 1
        products = sum(found.count(c) for c in ("dot", "@", "matmul"))
        assert products + found.count("vdot") == 6
        assert not {"einsum", "tensordot", "loop"} & set(found)
        assert "sum" not in found


def test_one_line_for_each_named_quantity() -> None:
    source = network().numpy_source()
    for name in ("h", "z", "y", "E", "grad_w", "grad_v"):
        assert f"    {name} = " in source
    for text in ("x: real numbers, of shape (P, I)", "grad_w[j, i] = dE/dw[j, i], of shape (J, I)"):
        assert text in source


def test_the_source_is_the_function() -> None:
    made = line()
    function = compiled(made.numpy_source(), made.name)
    assert function(0.25, 0.5, drawn(5), drawn(5)) == made.to_numpy()(0.25, 0.5, drawn(5), drawn(5))


def test_a_batch_is_an_index_like_any_other() -> None:
    """The gradients of a batch are the sums of those of its points, and no point or one may be in it."""
    function = network().to_numpy()
    t_, v_, w_, x_ = drawn(6, 2), drawn(2, 4), drawn(4, 3), drawn(6, 3)
    whole = function(t_, v_, w_, x_)
    each = [function(t_[a : a + 1], v_, w_, x_[a : a + 1]) for a in range(6)]
    for n_, total in enumerate(whole):
        np.testing.assert_allclose(sum(e[n_] for e in each), total, rtol=1e-12)
    empty = function(t_[:0], v_, w_, x_[:0])
    assert [np.shape(e) for e in empty] == [(), (4, 3), (2, 4)]
    assert not any(np.any(e) for e in empty)


def test_arrays_of_any_layout() -> None:
    function = network().to_numpy()
    given = drawn(6, 2), drawn(2, 4), drawn(4, 3), drawn(6, 3)
    wanted = function(*given)
    for turned in (
        [np.asfortranarray(a) for a in given],
        [np.repeat(a, 2, axis=0)[::2] for a in given],
        [a[::-1].copy()[::-1] for a in given],
    ):
        for a in turned:
            a.flags.writeable = False
        for one, other in zip(function(*turned), wanted, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)


# -- what is refused ------------------------------------------------------------------------------
X, Y = drawn(4), drawn(4)
LABELS = sp.IndexedBase("c", integer=True)
PICKED = sp.Sum(sp.log(sp.Sum(sp.exp(z[n, k]), k)) - z[n, LABELS[n]], n)
REFUSED: dict[str, tuple[Callable[[], Program], tuple[Any, ...], type[Exception], str]] = {
    "a list": (line, (0.1, 0.2, [1.0, 2.0], Y), TypeError, "x is not a NumPy array, but list"),
    "a number for an array": (line, (0.1, 0.2, 1.0, Y), TypeError, "x is not a NumPy array, but float"),
    "nothing": (line, (0.1, 0.2, X, None), TypeError, "y is not a NumPy array, but NoneType"),
    "another rank": (line, (0.1, 0.2, drawn(4, 1), Y), ValueError, r"x has the shape \(4, 1\), not \(N,\)"),
    "no axes": (line, (0.1, 0.2, np.array(1.0), Y), ValueError, r"x has the shape \(\), not \(N,\)"),
    "another length": (line, (0.1, 0.2, X, drawn(5)), ValueError, r"y has the shape \(5,\), not \(N,\) = \(4,\)"),
    "integers": (line, (0.1, 0.2, np.arange(4), Y), TypeError, "accepted is float64, or float32, .*x: int64, y: float64"),
    "two types": (line, (0.1, 0.2, X.astype(np.float32), Y), TypeError, "alike, not x: float32, y: float64"),
    "half precision": (line, (0.1, 0.2, *[X.astype(np.float16)] * 2), TypeError, "accepted is float64, or float32"),
    "complex numbers": (line, (0.1, 0.2, X + 1j, Y), TypeError, "x: complex128"),
    "objects": (line, (0.1, 0.2, X.astype(object), Y), TypeError, "x: object"),
    "an array for a number": (line, (0.1, drawn(1), X, Y), ValueError, r"m is a number, not an array of shape \(1,\)"),
    "text for a number": (line, (0.1, "2", X, Y), TypeError, "m is a number, not str"),
    "a list for a number": (line, (0.1, [2.0], X, Y), TypeError, "m is a number, not list"),
    "a complex number": (line, (0.1, 2j, X, Y), TypeError, "m is a number, not complex"),
    "a truth value": (line, (0.1, True, X, Y), TypeError, "m is a number, not bool"),
    "no number": (line, (None, 0.2, X, Y), TypeError, "b is a number, not NoneType"),
    "a matrix turned round": (
        network, (drawn(6, 2), drawn(2, 4), drawn(4, 3), drawn(3, 6)), ValueError, r"x has the shape \(3, 6\), not \(P, I\) = \(6, 3\)"
    ),
    "labels that are not whole": (
        lambda: program(derive(PICKED, z[n, k])), (np.ones(2), drawn(2, 3)), TypeError, "c must hold whole numbers, not float64"
    ),
    "labels below": (
        lambda: program(derive(PICKED, z[n, k])), (np.array([0, 1]), drawn(2, 3)), ValueError, r"c has values from 0 to 1, outside 1\.\.K = 1\.\.3"
    ),
    "labels above": (
        lambda: program(derive(PICKED, z[n, k])), (np.array([4, 1]), drawn(2, 3)), ValueError, "c has values from 1 to 4, outside"
    ),
    "a size that is not whole": (
        lambda: program(derive(m**2 / N + sp.log(b), m)), (0.5, 0.5, 2.5), TypeError, "N is a whole number, not float"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_named(case: str) -> None:
    make, given, error, text = REFUSED[case]
    with pytest.raises(error, match=text):
        make().to_numpy()(*given)


@pytest.mark.parametrize(
    "number", [2, np.float64(2), np.float32(2), np.int32(2), np.array(2.0)], ids=lambda value: type(value).__name__
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_any_number_leaves_the_type_of_the_arrays(number: Any, dtype: Any) -> None:
    loss = sp.Sum(sp.exp(m) * x[n] + m * x[n] ** 2, n)
    given = drawn(5, dtype=dtype)
    got = program(derive(loss, m), derive(loss, x[i.func("a", (1, N))])).to_numpy()(number, given)
    assert {g.dtype for g in got} == {np.dtype(dtype)}
    e = np.exp(float(number))
    np.testing.assert_allclose(got[1], e * given.sum() + (given**2).sum(), rtol=1e-5)


def test_numbers_alone() -> None:
    got = program(derive(sp.tanh(m * b), m)).to_numpy()(0.5, 2)
    np.testing.assert_allclose(got, (np.tanh(1), 0.5 * (1 - np.tanh(1) ** 2)), rtol=1e-14)


def test_names_that_the_source_uses_itself() -> None:
    """Arguments called as NumPy, its functions, or what the source would call its own lines."""
    names = ("np", "xp", "math", "exp", "dtype", "r", "loss", "lambda", "grad_np", "add", "float")
    arrays = [sp.IndexedBase(name) for name in names]
    loss = sp.Sum(sp.exp(sp.Add(*(a[n] for a in arrays)) / 9), n)
    made = program(*(derive(loss, a[sp.Idx("e", (1, N))]) for a in arrays[:3]))
    agrees(made, made.to_numpy(), count=1)
    agrees(made, made.to_arrays(), count=1)


def test_a_size_called_as_the_largest_value_would_be() -> None:
    """log-sum-exp takes out a largest value, M: here M is a size, which the gradient has and the loss has not."""
    M = sp.Symbol("M", integer=True, positive=True)  # noqa: N806 # a size
    a = sp.IndexedBase("a")
    made = program(derive(sp.log(sp.Sum(sp.exp(a[n, 1]), n)), a[sp.Idx("e", (1, N)), sp.Idx("o", (1, M))]))
    agrees(made, made.to_numpy())


def test_derivations_of_two_losses_are_no_program() -> None:
    with pytest.raises(CodeError, match="one program is for one loss"):
        program(derive(LINE, m), derive(2 * LINE, m)).numpy_source()
    with pytest.raises(CodeError, match="needs a derivation"):
        program()


# -- slips are seen -------------------------------------------------------------------------------
SLIPS = {
    "a product the other way": (".dot(w.T)", ".dot(w[::-1].T)"),
    "an operator": ("y -= t", "y += t"),
    "a function": ("z = tanh(h)", "z = np.sin(h)"),
    "a factor": ("0.5 * ", "0.25 * "),
    "an axis": ("vdot(grad_y, grad_y)", "vdot(grad_y[:1], grad_y[:1])"),
    "an argument written over": ("    grad_v = grad", "    t *= 2\n    grad_v = grad"),
    "an argument returned": ("return E, grad_w, grad_v", "return E, grad_w, np.copyto(v, grad_v) or v"),
    "an output twice": ("return E, grad_w, grad_v", "return E, grad_w, grad_w"),
    "another type": ("return E, grad_w, grad_v", "return E, grad_w, grad_v.astype(np.longdouble)"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_in_the_source_is_seen(slip: str) -> None:
    made, (before, after) = network(), SLIPS[slip]
    source = made.numpy_source()
    assert source.count(before) == 1, source
    with pytest.raises(AssertionError):
        agrees(made, compiled(source.replace(before, after), made.name))


def test_an_entry_at_a_place_that_is_counted_down() -> None:
    """The sign of an index is not one of the entries; a condition on a number does not shorten an array."""
    size, a = sp.Symbol("N", integer=True, positive=True), sp.Symbol("a")
    index, x, y = sp.Idx("i", (1, size)), sp.IndexedBase("x"), sp.IndexedBase("y")
    reversed_ = derive(a * sp.Sum(x[index] * y[size + 1 - index], index), a).program()
    loss, gradient = reversed_.to_numpy()(2.0, np.array([1.0, 2, 3]), np.array([5.0, 7, 11]))
    assert (loss, gradient) == (80.0, 40.0)
    assert reversed_.verify().status == "proved"
    chosen = derive(sp.Sum(sp.Piecewise((a * x[index + 1], a > 0), (a * x[index], True)), index), a).program()
    assert [argument.shape for argument in chosen.arguments] == [(), (size + 1,)]
    assert chosen.to_numpy()(1.0, np.array([1.0, 2, 3])) == (5.0, 5.0)


def test_code_that_would_be_false_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slip in how arrays are multiplied: the lines are read back before they are handed out."""
    right = Graph.multiply
    monkeypatch.setattr(
        Graph,
        "multiply",
        lambda self, a, b: right(self, a, self.number(2 * b.data) if b.op == "number" else self.node("add", [a, b])),
    )
    x, y, w = sp.IndexedBase("x"), sp.IndexedBase("y"), sp.Symbol("w")
    i = sp.Idx("i", (1, sp.Symbol("N", integer=True, positive=True)))
    made = derive(sp.Sum((w * x[i] - y[i]) ** 2, i), w).program()
    for write in (made.numpy_source, made.array_source, lambda: made.numpy_source(constant=[x])):
        with pytest.raises(CodeError, match=r"this code would be false, .*: the line of loss; at N = "):
            write()
