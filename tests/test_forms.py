"""Matrix form and NumPy code beside index form: what a person would write, proved, and run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import sympy as sp
from sympy import Eq, HadamardPower, HadamardProduct, Idx, IndexedBase, MatrixSymbol, OneMatrix, Sum, Symbol

from gradproof import Model, NotationError, derive, equal
from gradproof.forms import matrix_form, matrix_latex, numpy_form, read_numpy
from plain_matrices import worth

N, D, K = sp.symbols("N D K", integer=True, positive=True)
n, d, e, k, l = Idx("n", (1, N)), Idx("d", (1, D)), Idx("e", (1, D)), Idx("k", (1, K)), Idx("l", (1, K))
o = Idx("o", (1, N))
X, W, Y, A, w, y, x, b, v, c = map(IndexedBase, ("X", "W", "Y", "A", "w", "y", "x", "b", "v", "c"))
lam, delta = Symbol("lambda", positive=True), Symbol("delta", positive=True)

score = Sum(X[n, e] * w[e], e)
logit = Sum(X[n, e] * W[e, l], e)
hidden = sp.tanh(Sum(X[n, e] * W[e, l], e) + b[l])
softmax = [Eq(Sum(Y[n, k], k), 1)]

MX, Mw, My = MatrixSymbol("X", N, D), MatrixSymbol("w", D, 1), MatrixSymbol("y", N, 1)
MW, MY, Mx, MA = MatrixSymbol("W", D, K), MatrixSymbol("Y", N, K), MatrixSymbol("x", N, 1), MatrixSymbol("A", N, N)
Mb, Mc = MatrixSymbol("b", K, 1), MatrixSymbol("c", N, 1)
r = MX * Mw - My
dot = lambda p, q: (p.T * q)[0, 0]

#: name -> (loss, wrt, assumptions, the matrix as a person writes it, the code's last line)
CASES: dict[str, tuple[Any, Any, Any, Any, str]] = {
    "ridge": (
        Sum((score - y[n]) ** 2, n) / N + lam * Sum(w[d] ** 2, d),
        w[d],
        (),
        2 * MX.T * r / N + 2 * lam * Mw,
        "2 * lambda_ * w + 2 * (X.T @ (X @ w - y)) / N",
    ),
    "log-sum-exp": (
        sp.log(Sum(sp.exp(x[n]), n)),
        x[o],
        (),
        Mx.applyfunc(sp.exp) / sp.DotProduct(OneMatrix(N, 1), Mx.applyfunc(sp.exp)),
        "np.exp(x) / np.exp(x).sum()",
    ),
    "softmax regression": (
        -Sum(Y[n, k] * (logit.subs(l, k) - sp.log(Sum(sp.exp(logit), l))), k, n) / N,
        W[d, k],
        softmax,
        MX.T
        * (
            sp.DiagMatrix(HadamardPower((MX * MW).applyfunc(sp.exp) * OneMatrix(K, 1), -1))
            * (MX * MW).applyfunc(sp.exp)
            - MY
        )
        / N,
        "X.T @ (r / r.sum(axis=1, keepdims=True) - Y) / N",
    ),
    "logistic": (
        Sum(sp.log(1 + sp.exp(-y[n] * score)), n),
        w[d],
        (),
        -MX.T * HadamardProduct(My, HadamardProduct(My, MX * Mw).applyfunc(lambda u: sp.exp(-u) / (1 + sp.exp(-u)))),
        "-(X.T @ (y * r / (1 + r)))",
    ),
    "hinge": (
        Sum(sp.Max(0, 1 - y[n] * score), n),
        w[d],
        (),
        None,
        "-(X.T @ (np.where(y * (X @ w) > 1, 0, 1) * y))",
    ),
    "absolute": (
        Sum(sp.Abs(score - y[n]), n),
        w[d],
        (),
        MX.T * r.applyfunc(sp.sign),
        "-(X.T @ np.sign(y - X @ w))",
    ),
    "tanh layer's bias": (
        Sum((hidden - Y[n, l]) ** 2, n, l) / 2,
        b[k],
        (),
        None,
        "((1 - r ** 2) * (r - Y)).sum(axis=0)",
    ),
    "tanh layer's weights": (
        Sum((hidden - Y[n, l]) ** 2, n, l) / 2,
        W[d, k],
        (),
        MX.T
        * HadamardProduct(
            (MX * MW + OneMatrix(N, 1) * Mb.T).applyfunc(lambda u: 1 - sp.tanh(u) ** 2),
            (MX * MW + OneMatrix(N, 1) * Mb.T).applyfunc(sp.tanh) - MY,
        ),
        "X.T @ ((1 - r ** 2) * (r - Y))",
    ),
    "norm": (sp.sqrt(Sum(x[n] ** 2, n)), x[o], (), Mx / sp.sqrt(dot(Mx, Mx)), "x / np.sqrt((x ** 2).sum())"),
    "trace": (Sum(A[n, n], n), A[n, o], (), sp.Identity(N), "np.eye(N)"),
    "sum": (Sum(x[n], n), x[o], (), OneMatrix(N, 1), "np.ones(N)"),
    "outer product": (Sum(x[n] * A[n, o] * c[o], n, o), A[n, o], (), Mx * Mc.T, "np.outer(x, c)"),
    "quadratic form": (Sum(x[n] * A[n, o] * x[o], n, o), x[n], (), MA * Mx + MA.T * Mx, "A.T @ x + A @ x"),
    "symmetric form": (
        Sum(x[n] * A[n, o] * x[o], n, o),
        x[n],
        [Eq(A[n, o], A[o, n])],
        2 * MA * Mx,
        "2 * (A @ x)",
    ),
    "two traces": (
        Sum(A[n, o] * A[o, n], n, o) * Sum(A[n, n], n),
        A[n, o],
        (),
        sp.Trace(MA * MA) * sp.Identity(N) + 2 * sp.Trace(MA) * MA.T,
        "(A.T * A).sum() * np.eye(N) + 2 * np.trace(A) * A.T",
    ),
    "weights": (
        Sum(c[n] * (score - y[n]) ** 2, n),
        w[d],
        (),
        2 * MX.T * HadamardProduct(Mc, r),
        "2 * (X.T @ ((X @ w - y) * c))",
    ),
    "scaled rows": (Sum(X[n, d] ** 2 * c[n], n, d), X[n, d], (), 2 * sp.DiagMatrix(Mc) * MX, "2 * c[:, None] * X"),
}


def _numbers(place: Any, rng: np.random.Generator) -> dict[str, Any]:
    """Random sizes and arrays for a result: rational, and small."""
    at: dict[str, Any] = {"N": 3, "D": 2, "K": 4}
    for name, known in place.known.items():
        shape = [int(s.subs({N: 3, D: 2, K: 4})) for s in known.shape]
        at[name] = (rng.integers(-8, 9, shape) / 4).tolist()
    return at | {"lambda": 0.5, "delta": 0.75}


def _run(code: str, at: Mapping[str, Any]) -> Any:
    arrays = {name: np.asarray(v) if isinstance(v, list) else v for name, v in at.items() if name not in "NDK"}
    scope = {"np": np, "lambda_": at["lambda"], **arrays}
    exec(code, scope)  # noqa: S102 # the code that the library wrote
    return scope["gradient"]


def _floats(value: Any) -> Any:
    if isinstance(value, list):
        return [_floats(part) for part in value]
    return float(value.mid) if hasattr(value, "mid") else float(value)


@pytest.mark.parametrize("name", CASES)
def test_the_three_forms(name: str) -> None:
    """The matrix is what a person writes, the code too; both are proved, and the code gives the gradient's numbers."""
    loss, wrt, assumptions, matrix, line = CASES[name]
    derivation = derive(loss, wrt, assumptions)
    found = derivation.forms()
    assert found.verify().status == "proved"
    assert found.matrix is not None
    assert found.latex
    if matrix is not None:
        assert equal(found.matrix, matrix, [Eq(MY * OneMatrix(K, 1), OneMatrix(N, 1))] if assumptions is softmax else [
            Eq(MA, MA.T)] if assumptions else ()).status == "proved"  # fmt: skip
    assert found.code is not None
    assert found.code.splitlines()[-1] == f"gradient = {line}"
    at = _numbers(found.place, np.random.default_rng(1))
    if assumptions:
        at["A"] = [[2, 1, 0.5], [1, -1, 3], [0.5, 3, 0]]
        at["Y"] = np.eye(4)[[1, 3, 0]].tolist()
    expected = _floats(derivation.at(at))
    assert np.allclose(_run(found.code, at), expected, atol=1e-12, rtol=1e-12)
    assert np.allclose(np.reshape(worth(found.matrix, at), np.shape(expected)), expected, atol=1e-12, rtol=1e-12)


def test_a_matrix_in_comes_out_as_it_is_written() -> None:
    for loss, wrt, matrix in (
        (r.T * r, Mw, 2 * MX.T * r),
        (sp.log(sp.Determinant(MA)), MA, MA.I.T),
        (Mc.T * MA.I * Mx, MA, -MA.I.T * Mc * Mx.T * MA.I.T),
        (sp.log(sp.Determinant(MX.T * MX)), MX, 2 * MX * (MX.T * MX).I),
    ):
        found = derive(loss, wrt).forms()
        assert equal(found.matrix, matrix).status == "proved"
        assert found.verify().status == "proved"


def test_latex_is_bold_and_short() -> None:
    def latex(loss: Any, wrt: Any, assumptions: Any = ()) -> str | None:
        return derive(loss, wrt, assumptions).forms().latex

    assert latex(r.T * r / N, Mw) == r"\frac{2}{N} \mathbf{X}^{\top} \left(\mathbf{X} \mathbf{w} - \mathbf{y}\right)"
    assert latex(sp.log(sp.Determinant(MA)), MA) == r"\mathbf{A}^{-\top}"
    assert latex(sp.log(Sum(sp.exp(x[n]), n)), x[o]) == r"\frac{e^{\mathbf{x}}}{\mathbf{1}^{\top} e^{\mathbf{x}}}"
    assert latex(Sum(sp.tanh(x[n]), n), x[o]) == r"1 - \tanh^{2}{\left(\mathbf{x} \right)}"
    assert latex(Sum(sp.tanh(score), n), w[d]) == (
        r"\mathbf{X}^{\top} \left(1 - \tanh^{2}{\left(\mathbf{X} \mathbf{w}\right)}\right)"
    )
    assert matrix_latex(MatrixSymbol("mu2", N, 1).T) == r"\left(\boldsymbol{\mu}^{(2)}\right)^{\top}"
    assert matrix_latex(HadamardProduct(Mx, HadamardPower(Mc, -1))) == r"\mathbf{x} \oslash \mathbf{c}"


def test_named_quantities_are_lines_of_code() -> None:
    """A model's names stay names in the matrix, and become lines of code, each proved to be its definition."""
    h, z, q = IndexedBase("h"), IndexedBase("z"), IndexedBase("q")
    model = Model([
        Eq(h[n, k], Sum(X[n, d] * W[d, k], d)),
        Eq(z[n, k], sp.tanh(h[n, k])),
        Eq(q[n], Sum(z[n, k] * v[k], k)),
    ])  # fmt: skip
    derivation = model.gradient(Sum((q[n] - y[n]) ** 2, n) / 2, W[d, k])
    found = derivation.forms()
    assert found.verify().status == "proved"
    assert found.code is not None
    last = "gradient = X.T @ ((1 - z ** 2) * (q - y)[:, None]) * v"
    assert found.code.splitlines() == ["h = X @ W", "z = np.tanh(h)", "q = z @ v", last]
    at = _numbers(found.place, np.random.default_rng(2))
    inputs = {name: value for name, value in at.items() if name not in ("h", "z", "q")}
    assert np.allclose(_run(found.code, inputs), _floats(derivation.at(inputs)))
    wrong = found.code.replace("z = np.tanh(h)", "z = np.sin(h)")
    with pytest.raises(NotationError, match="z is not what its definition says"):
        replace(found, code=wrong).verify()


def test_more_than_two_indices_have_code_and_no_matrix() -> None:
    p, T = IndexedBase("p"), IndexedBase("T")  # noqa: N806
    loss = Sum(T[n, d, k] * p[n] * w[d] * v[k], n, d, k)
    found = derive(loss, T[n, d, k]).forms()
    assert found.matrix is None
    assert found.code == "gradient = p[:, None, None] * v * w[:, None]"
    found = derive(loss, p[n]).forms()
    assert found.verify().status == "proved"
    assert "einsum" in str(found.code)
    jacobian = derive(sp.exp(x[n]) / Sum(sp.exp(x[o]), o), x[Idx("q", (1, N))]).forms()
    assert jacobian.matrix is not None
    at = _numbers(jacobian.place, np.random.default_rng(4))
    z = np.exp(at["x"]) / np.exp(at["x"]).sum()
    assert np.allclose(_run(str(jacobian.code), at), np.diag(z) - np.outer(z, z))


def test_ranges_from_zero_and_slices() -> None:
    p = Idx("p", N)
    found = derive(Sum(x[p] ** 2 * y[p], p), x[p]).forms()
    assert found.code == "gradient = 2 * x * y"
    inner = Idx("p", (1, N - 1))
    difference = Sum((x[inner + 1] - x[inner]) ** 2, inner)
    assert numpy_form(difference) == "gradient = ((x[1:] - x[:-1]) ** 2).sum()"
    assert matrix_form(difference) is None
    assert numpy_form(x[1] * x[N], ()) is None  # how long x is cannot be told
    assert numpy_form(Sum(n * x[n], n)) is not None
    assert numpy_form(sp.KroneckerDelta(n, N), (n,)) == "gradient = np.eye(N)[-1]"


def test_a_form_that_is_not_the_result_is_found_out() -> None:
    found = derive(Sum((score - y[n]) ** 2, n), w[d]).forms()
    assert found.code is not None
    for wrong in (found.code.replace("- y", "+ y"), found.code.replace("2 *", "3 *"), "gradient = w"):
        assert replace(found, code=wrong).verify().status == "refuted"
    assert replace(found, matrix=-found.matrix).verify().status == "refuted"
    assert replace(found, matrix=None, code=None).verify().status == "undecided"


# -- NumPy in -------------------------------------------------------------------------------
ARRAYS = {"X": X[n, d], "w": w[d], "y": y[n], "A": A[n, o], "N": N, "t": Symbol("t")}


@pytest.mark.parametrize(
    ("source", "indices", "same"),
    [
        ("X.T @ (X @ w - y) * 2 / len(y)", (d,), 2 * Sum((score - y[n]) * X[n, d], n) / N),
        ("np.mean((X @ w - y)**2)", (), Sum((score - y[n]) ** 2, n) / N),
        ("z = X @ w\ne = np.exp(z)\nreturn e / e.sum()", (n,), sp.exp(score) / Sum(sp.exp(Sum(X[o, e] * w[e], e)), o)),
        ("def f(X, w):\n    '''A loss.'''\n    return np.linalg.norm(X, axis=1)", (n,), sp.sqrt(Sum(X[n, d] ** 2, d))),
        ("np.trace(A @ A.T)", (), Sum(A[n, o] ** 2, n, o)),
        ("np.einsum('ij,ij->', A, A)", (), Sum(A[n, o] ** 2, n, o)),
        ("np.einsum('ij,j', X, w)", (n,), score),
        ("(A - A.mean(axis=0, keepdims=True))", (n, o), A[n, o] - Sum(A[n, o], n) / N),
        ("np.where(y > 0, y, 0)", (n,), sp.Max(y[n], 0)),
        ("np.maximum(y, 0) - y * (y > 0)", (n,), sp.Integer(0)),
        ("np.diag(np.diag(A))", (n, o), A[n, o] * sp.KroneckerDelta(n, o)),
        ("y[:, None] * X", (n, d), y[n] * X[n, d]),
        ("y[..., np.newaxis] - y", (n, o), y[n] - y[o]),
        ("X[0] + X[-1]", (d,), X[1, d] + X[N, d]),
        ("y[1:].sum() + y[0]", (), Sum(y[n], n)),
        ("np.outer(y, y).sum()", (), Sum(y[n], n) ** 2),
        ("n, k = X.shape\nnp.ones((n, k)) / k", (n, d), 1 / D),
        ("np.linalg.inv(A) @ A", (n, o), sp.KroneckerDelta(n, o)),
        ("np.linalg.solve(A, A @ y)", (n,), y[n]),
        ("-np.log1p(np.exp(-t)) + np.logaddexp(0, -t)", (), sp.Integer(0)),
        ("np.dot(y, y) - np.vdot(y, y) + np.square(t) ** 0.5", (), sp.Abs(Symbol("t"))),
    ],
)
def test_numpy_reads_as_what_it_computes(source: str, indices: Any, same: Any) -> None:
    assert equal(read_numpy(source, ARRAYS, indices), same).status == "proved"


@pytest.mark.parametrize(
    ("source", "indices", "not_same"),
    [
        ("X @ w + y", (n,), score - y[n]),
        ("X.sum(axis=1)", (n,), Sum(X[n, d], d) / D),
        ("A @ y", (n,), Sum(A[o, n] * y[o], o)),
        ("y[1:].sum()", (), Sum(y[n], n)),
        ("np.where(y > 0, y, 1)", (n,), sp.Max(y[n], 0)),
    ],
)
def test_numpy_that_computes_something_else_is_refuted(source: str, indices: Any, not_same: Any) -> None:
    assert equal(read_numpy(source, ARRAYS, indices), not_same).status == "refuted"


def test_a_function_is_read_and_not_run() -> None:
    def gradient(X: Any, w: Any, y: Any) -> Any:  # noqa: N803
        residual = X @ w - y
        return 2 * X.T @ residual

    assert equal(read_numpy(gradient, ARRAYS, (d,)), 2 * Sum((score - y[n]) * X[n, d], n)).status == "proved"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("X @ y", r"in line 1, X @ y: the shapes \(N, D\) and \(N,\) do not fit: D against N"),
        ("X + y", r"the shapes \(N, D\) and \(N,\) do not fit together"),
        ("z + 1", "the name z is not known; known are A, N, X, t, w, y"),
        ("__import__('os').system('true')", "is not accepted"),
        ("open('f')", r"the function open is not accepted; those of np are"),
        ("np.cumsum(y)", r"the function np.cumsum is not accepted"),
        ("y.tofile('f')", r"is not accepted"),
        ("for a in y: pass", "accepted are assignments to names, an expression and return"),
        ("y[::2]", "a slice with a step is not accepted"),
        ("y[t]", "t is not a whole number"),
        ("y[0, 0]", "has more indices than y has axes"),
        ("y.sum(axis=1)", "there is no axis 1 in an array with 1"),
        ("y.sum(dtype=float)", "sum is accepted with an array, axis and keepdims"),
        ("y.real", "the attribute .real is not accepted"),
        ("np.exp(y, out=y)", r"exp is accepted with 1 arguments, not \(y, out=\)"),
        ("np.exp(y, y)", r"exp is accepted with 1 arguments, not \(y, y\)"),
        ("np.linalg.inv(X)", "is not that of a square matrix"),
        ("np.einsum('ij,k->ijk', X)", "do not name 1 arrays by letters"),
        ("lambda: y", r"\(Lambda\) is not accepted"),
        ("y if t else w", r"\(IfExp\) is not accepted"),
        ("'y'", "the source does not end with an array"),
        ("y +", "the source is no Python"),
        ("X", r"an array of shape \(N, D\) is not one over the indices"),
    ],
)
def test_source_that_is_not_accepted_is_named(source: str, says: str) -> None:
    with pytest.raises(NotationError, match=says):
        read_numpy(source, ARRAYS, (d,))


def test_arrays_need_ranges() -> None:
    with pytest.raises(NotationError, match="the array y is y; give an entry at indices with ranges, or a symbol"):
        read_numpy("y", {"y": y}, (n,))
    with pytest.raises(NotationError, match="the index i has no range; declare it as Idx"):
        numpy_form(x[Symbol("i", integer=True)], (Symbol("i", integer=True),))
