"""SymPy's matrices in: shapes, layouts, assumptions, inverses, and the formulas of a public list."""

from __future__ import annotations

import random

import numpy as np
import pytest
import sympy as sp
from sympy import Eq, HadamardProduct, Identity, MatrixSymbol, OneMatrix, Q, Symbol, Trace, symbols

from cookbook import LONG_ROWS, ROWS, Row
from gradproof import Model, NotationError, blame, check, derive, equal
from gradproof.arithmetic import Digits
from gradproof.forms import index_form
from gradproof.given import Given
from gradproof.notation import read
from gradproof.values import evaluate
from plain_matrices import worth

n, d, k = symbols("n d k", integer=True, positive=True)
lam, t = Symbol("lambda", positive=True), Symbol("t")
X, Y, W, V = (MatrixSymbol(s, *shape) for s, shape in (("X", (n, d)), ("Y", (n, k)), ("W", (d, k)), ("V", (k, d))))
A, B = MatrixSymbol("A", n, n), MatrixSymbol("B", n, n)
w, y, x, c, b = (MatrixSymbol(s, size, 1) for s, size in (("w", d), ("y", n), ("x", n), ("c", n), ("b", k)))
r = X * w - y
i, j = sp.Idx("i", (1, n)), sp.Idx("j", (1, d))
ones = OneMatrix(n, 1)


def applied(function, matrix):
    return matrix.applyfunc(function)


# -- a public list --------------------------------------------------------------------------
@pytest.mark.parametrize("row", [*ROWS, *LONG_ROWS], ids=lambda row: row[0])
def test_the_matrix_cookbook(row: Row) -> None:
    """Each formula is proved for every size as it is printed, and refuted with its sign changed."""
    _, loss, wrt, claim, assumptions = row
    right, wrong = (check(loss, wrt, sign * claim, assumptions) for sign in (1, -1))
    assert (right.status, right.reason) == ("proved", "")
    assert wrong.status == "refuted"
    assert wrong.witness is not None


H = applied(sp.tanh, X * W + ones * b.T)
E_XW = applied(sp.exp, X * W)
P = sp.DiagMatrix(sp.HadamardPower(E_XW * OneMatrix(k, 1), -1)) * E_XW
LOSSES = {
    "least squares": (r.T * r / n, w, 2 * X.T * r / n, ()),
    "ridge": ((r.T * r + lam * w.T * w) / 2, w, X.T * r + lam * w, ()),
    "weighted": (r.T * sp.DiagMatrix(c) * r, w, 2 * X.T * HadamardProduct(c, r), ()),
    "logistic": (
        Trace(applied(lambda u: sp.log(1 + sp.exp(u)), X * w) * ones.T) - (y.T * X * w)[0, 0],
        w,
        X.T * (applied(lambda u: 1 / (1 + sp.exp(-u)), X * w) - y),
        (),
    ),
    "log-sum-exp": (
        sp.log(sp.DotProduct(ones, applied(sp.exp, X * w))),
        w,
        X.T * applied(sp.exp, X * w) / sp.DotProduct(ones, applied(sp.exp, X * w)),
        (),
    ),
    "softmax cross-entropy": (
        sp.DotProduct(ones, applied(sp.log, E_XW * OneMatrix(k, 1))) - Trace(Y.T * X * W),
        W,
        X.T * (P - Y),
        (),
    ),
    "tanh layer": (
        Trace((H - Y).T * (H - Y)) / 2,
        W,
        X.T * HadamardProduct(H - Y, applied(lambda u: 1 - sp.tanh(u) ** 2, X * W + ones * b.T)),
        (),
    ),
    "tanh layer's bias": (
        Trace((H - Y).T * (H - Y)) / 2,
        b,
        HadamardProduct(H - Y, applied(lambda u: 1 - sp.tanh(u) ** 2, X * W + ones * b.T)).T * ones,
        (),
    ),
    "two linear layers": (Trace((X * W * V).T * X * W * V), W, 2 * X.T * X * W * V * V.T, ()),
    "Frobenius norm": (sp.sqrt(Trace(X.T * X)), X, X / sp.sqrt(Trace(X.T * X)), ()),
    "quadratic form": (x.T * A * x, x, 2 * A * x, (Eq(A, A.T),)),
    "Gaussian by its mean": (
        sp.log(sp.Determinant(A)) / 2 + ((x - c).T * A.I * (x - c))[0, 0] / 2,
        c,
        -A.I * (x - c),
        (Q.symmetric(A),),
    ),
    "Gaussian by its covariance": (
        sp.log(sp.Determinant(A)) / 2 + ((x - c).T * A.I * (x - c))[0, 0] / 2,
        A,
        (A.I - A.I * (x - c) * (x - c).T * A.I).T / 2,
        (),
    ),
    "Gaussian process": (
        sp.log(sp.Determinant(A + lam * Identity(n))) / 2 + (y.T * (A + lam * Identity(n)).I * y)[0, 0] / 2,
        lam,
        Trace((A + lam * Identity(n)).I) / 2 - (y.T * (A + lam * Identity(n)).I ** 2 * y)[0, 0] / 2,
        (),
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses_as_they_are_written_in_matrices(name: str) -> None:
    loss, wrt, claim, assumptions = LOSSES[name]
    assert str(check(loss, wrt, claim, assumptions)).startswith("proved\n")
    assert check(loss, wrt, 2 * claim, assumptions).status == "refuted"


def test_a_derivation_has_every_step_checked() -> None:
    for loss, wrt in ((r.T * r / n, w), (sp.log(sp.Determinant(A)), A), (c.T * (A + B).I * x, A)):
        assert derive(loss, wrt).verify().status == "proved"


# -- layouts --------------------------------------------------------------------------------
def test_the_transposed_layout_is_a_convention_and_is_named() -> None:
    verdict = check(r.T * r, w, 2 * r.T * X)
    assert str(verdict).startswith("proved: in the transposed (numerator) layout")
    square = check(Trace(A * B), A, B)  # only the transpose is right
    assert (square.status, square.reason[:37]) == ("proved", "in the transposed (numerator) layout:"[:37])
    assert check(Trace(A * B), A, B.T).reason == ""
    assert check(Trace(A * B), A, B + B.T).status == "refuted"
    assert blame(Trace(A * B), A, B) is None


def test_a_jacobian_has_a_row_for_each_entry_of_the_function() -> None:
    assert check(X * w, w, X).reason == ""
    assert "denominator" in check(X * w, w, X.T).reason
    assert check(A * x, x, A.T).reason != ""
    assert (
        check(applied(sp.tanh, x), x, Identity(n) - sp.DiagMatrix(applied(lambda u: sp.tanh(u) ** 2, x))).reason == ""
    )
    assert check(t**2 * A, t, 2 * t * A).reason == ""
    assert check(t * y.T, t, y.T).reason == ""
    result = derive(X * w, w).result
    assert str(result) == "X[i, a]"


def test_a_row_of_variables_has_a_row_for_its_gradient() -> None:
    row = MatrixSymbol("v", 1, n)
    assert check(row * A * row.T, row, row * (A + A.T)).reason == ""
    assert "transposed" in check(row * A * row.T, row, (A + A.T) * row.T).reason


# -- reading ----------------------------------------------------------------------------------
def test_entries_count_from_zero_in_sympy_and_from_one_here() -> None:
    assert index_form(X[0, 1]) == sp.IndexedBase("X")[1, 2]
    a = sp.Symbol("a")
    total = sp.Sum(X[a, 0] ** 2, (a, 0, n - 1))
    assert equal(total, Trace(X.T * X * MatrixSymbol("u", d, 1) * MatrixSymbol("u", d, 1).T)).status == "refuted"
    assert str(index_form(total)) == "Sum(X[i, 1]**2, (i, 1, n))"
    assert check(total, X[0, 0], 2 * X[0, 0]).status == "proved"
    p, q = symbols("p q")
    assert check(Trace(A * B), A[p, q], B[q, p]).status == "proved"


def test_bare_sizes_are_positive_integers() -> None:
    size = Symbol("n")
    bare, u = MatrixSymbol("A", size, size), MatrixSymbol("u", size, 1)
    assert check(u.T * bare * u / size, u, (bare + bare.T) * u / size).status == "proved"


def test_concrete_sizes_and_explicit_matrices() -> None:
    u = MatrixSymbol("u", 3, 1)
    rotation = sp.ImmutableMatrix([[0, 1, 0], [-1, 0, 0], [0, 0, 2]])
    assert check(u.T * rotation * u, u, sp.ImmutableMatrix.diag(0, 0, 4) * u).status == "proved"
    assert check(u.T * rotation * u, u, rotation * u).status == "refuted"


def test_a_product_that_is_1_by_1_is_a_scalar() -> None:
    assert equal(y.T * y * X, Trace(y * y.T) * X).status == "proved"
    assert equal(X * w.T * w, (w.T * w)[0, 0] * X).status == "proved"
    assert equal(sp.exp(y.T * x), sp.exp(sp.DotProduct(x, y))).status == "proved"


def test_random_matrix_expressions_have_the_value_that_numpy_computes() -> None:
    """An entry in index notation, at a point, is the entry of the product that NumPy makes there."""
    rng = random.Random(7)
    sizes = {"n": 2, "d": 3, "k": 2}
    numbers = np.random.default_rng(3)
    leaves = [X, Y, W, V, A, w, y, x, b, Identity(n), OneMatrix(d, k)]
    at = {
        m.name: numbers.integers(-3, 4, [sizes[str(s)] if s != 1 else 1 for s in m.shape]).tolist() for m in leaves[:9]
    }
    point = {name: [v[0] for v in value] if len(value[0]) == 1 else value for name, value in at.items()} | sizes
    for _ in range(25):
        e = rng.choice(leaves)
        for _ in range(rng.randint(1, 5)):
            e = _larger(e, leaves, rng)
        indices = [sp.Idx(s, (1, size)) for s, size in zip("pq", e.shape, strict=True) if size != 1]
        body = read(index_form(e, indices))
        expected = worth(e, at | sizes)
        for place in np.ndindex(expected.shape):
            env = {i: v + 1 for i, v in zip("pq", place, strict=True)}
            env = {i: env[str(i)] for i in indices}
            got = evaluate(body, Given(point, [body]), Digits(), env=env)
            assert float(got) == pytest.approx(expected[place], abs=1e-9), e


def _larger(e, leaves, rng):
    """A larger expression around e, whose shapes fit."""
    kind = rng.randrange(7)
    if kind == 0:
        return e.T
    if kind == 1:
        fits = [m for m in leaves if m.shape[0] == e.shape[1]]
        return e * rng.choice(fits) if fits else 2 * e
    if kind == 2 and e.shape != (1, 1):
        return HadamardProduct(e, e.applyfunc(lambda u: u - 1))
    if kind == 3:
        return e + rng.choice([m for m in [*leaves, 3 * e] if m.shape == e.shape])
    if kind == 4 and e.shape[0] == e.shape[1]:
        return Trace(e) * e
    if kind == 5 and e.shape[1] == 1:
        return sp.DiagMatrix(e) if e.shape[0] != 1 else e / 2
    return e.T * e


# -- inverses and determinants ----------------------------------------------------------------
def test_what_is_true_of_inverses() -> None:
    assert equal(A.I * A, Identity(n)).status == "proved"
    assert equal((A + B).I * (A + B), Identity(n)).status == "proved"
    assert equal((A * B).I, B.I * A.I).status == "proved"
    assert equal(A.T.I, A.I.T).status == "proved"
    assert equal(A.I, A.I.T, [Eq(A, A.T)]).status == "proved"
    assert equal((X.T * X).I, (X.T * X).I.T).status == "proved"
    assert equal(A * A.I.T, Identity(n), [Q.symmetric(A)]).status == "proved"
    assert equal(sp.Determinant(2 * A), 2**n * sp.Determinant(A)).status == "proved"


def test_what_is_not_true_of_inverses() -> None:
    assert equal(A * A.I.T, Identity(n)).status == "refuted"
    assert equal(A.I, A.I.T).status == "refuted"
    assert equal((A + B).I, A.I + B.I).status == "refuted"
    assert equal(sp.Determinant(2 * A), 2 * sp.Determinant(A)).status == "refuted"
    assert check(c.T * A.I * x, A, -A.I * c * x.T * A.I).status == "refuted"


def test_an_inverse_is_of_a_whole_matrix_only() -> None:
    """Σ_k A⁻¹_ik A_kj is δ_ij for columns of the matrix that was inverted, and for no others."""
    from gradproof.inverse import InverseBase

    base = sp.IndexedBase("A")
    wide = sp.Idx("m", (1, n + 1))
    block = InverseBase.matrix(base, sp.Integer(1), n)
    p = sp.Idx("p", (1, n))
    product = sp.Sum(block[i, p] * base[p, wide], p)
    assert equal(product, sp.KroneckerDelta(i, wide)).status != "proved"
    assert equal(sp.Sum(block[i, p] * base[p, j.subs(d, n)], p), sp.KroneckerDelta(i, j.subs(d, n))).status == "proved"


def test_a_partly_symmetric_matrix_has_no_symmetric_inverse() -> None:
    from gradproof.inverse import InverseBase

    base = sp.IndexedBase("A")
    p, q = sp.Idx("p", (1, n - 1)), sp.Idx("q", (1, n - 1))
    inverse = InverseBase.matrix(base, sp.Integer(1), n)
    assert equal(inverse[p, q], inverse[q, p], [Eq(base[p, q], base[q, p])]).status != "proved"


def test_an_inverse_has_exact_values() -> None:
    found = derive(sp.log(sp.Determinant(A)), A).at({"n": 2, "A": [[2, 1], [5, 3]]})
    assert found == [[3, -5], [-1, 2]]  # the transpose of the inverse
    with pytest.raises(ValueError, match="singular"):
        derive(c.T * A.I * x, A).at({"n": 2, "A": [[1, 2], [2, 4]], "c": [1, 1], "x": [1, 1]})


# -- assumptions and blame ------------------------------------------------------------------
def test_which_assumption_a_claim_needs() -> None:
    verdict = check(x.T * A * x, x, 2 * A * x, [Eq(A, A.T)])
    assert [need.status for need in verdict.needs] == ["needed"]
    assert check(x.T * A * x, x, 2 * A * x).status == "refuted"
    assert check(x.T * A * x, x, (A + A.T) * x).status == "proved"


def test_blame_reads_matrices() -> None:
    found = blame(r.T * r / n, w, X.T * r / n)
    assert found is not None
    assert "factor 2" in found.slip
    assert blame(r.T * r / n, w, 2 * X.T * r / n) is None


# -- errors -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: derive(Trace(X.T * y * X), X), r"the product X.T\*y\*X does not fit: y has 1 columns, X has n rows"),
        (lambda: derive(Trace(X * X), X), r"X\*\*2 needs a square matrix, not one that is n by d"),
        (lambda: derive(Trace(X), X), r"Trace\(X\) needs a square matrix"),
        (lambda: derive(X + A, A), r"the shapes in A \+ X do not fit: n by n and n by d"),
        (lambda: derive(Trace(A**t), A), r"the power A\*\*t of a matrix is accepted only for a whole number"),
        (lambda: derive(sp.sin(A), A), r"for each entry write A.applyfunc\(sin\)"),
        (lambda: derive(Trace(A), A * B), r"wrt is A\*B; accepted are a MatrixSymbol"),
        (lambda: check(X * W * b, W, W), r"the derivative has 3 indices, i, p, q, which no matrix has"),
        (lambda: check(A * B, A, A), r"the derivative has 4 indices, i, j, a, b, which no matrix has"),
        (
            lambda: derive(MatrixSymbol("Z", -Symbol("m", negative=True, integer=True), 2)[0, 0], t),
            "not declared a positive",
        ),
        (lambda: derive(Trace(A), A, [Q.orthogonal(A)]), r"of predicates, Q.symmetric is accepted"),
        (lambda: derive(Trace(A) + Trace(MatrixSymbol("A", d, d)), A), r"A has two shapes: . by ., and . by ."),
        (lambda: derive(sp.BlockMatrix([[A, B]]) * sp.BlockMatrix([[A, B]]).T, A), r"BlockMatrix\) is not understood"),
        (lambda: equal(y, y.T), r"y and y.T differ in shape"),
        (lambda: derive(X[sp.Symbol("p"), sp.Symbol("p")], X), r"the index p of X\[p, p\] runs over axes of two sizes"),
        (lambda: index_form(X, [i]), "X has 2 indices, not 1"),
        (lambda: derive("tr(A)", A), "the loss is 'tr\\(A\\)'"),
    ],
)
def test_bad_input_is_named(make, says: str) -> None:
    with pytest.raises((NotationError, TypeError), match=says):
        make()


def test_a_claim_of_another_shape_is_refuted_by_its_shape() -> None:
    verdict = check(r.T * r, w, X)
    assert verdict.status == "refuted"
    assert verdict.reason == "the claim X is n by d; the derivative is d by 1, or 1 by d in the transposed layout"


# -- models of matrices ---------------------------------------------------------------------
NAMED, HIDDEN, E = MatrixSymbol("r", n, 1), MatrixSymbol("H", n, k), Symbol("E")
slope = sp.Lambda(t, 1 - t**2)
NETWORK = Model([Eq(HIDDEN, applied(sp.tanh, X * W)), Eq(NAMED, HIDDEN * b - y), Eq(E, Trace(NAMED.T * NAMED) / 2)])


def test_a_model_of_matrices() -> None:
    """Back-propagation through a layer of tanh units, in matrix notation."""
    assert NETWORK.check(E, b, HIDDEN.T * NAMED).status == "proved"
    back = HadamardProduct(NAMED * b.T, HIDDEN.applyfunc(slope))
    assert NETWORK.check(E, W, X.T * back).status == "proved"
    assert NETWORK.check(E, W, X.T * (NAMED * b.T)).status == "refuted"
    derivation = NETWORK.gradient(E, b)
    assert derivation.forms().matrix == HIDDEN.T * NAMED
    assert derivation.verify().status == "proved"
    assert NETWORK.derive(E, b).verify().status == "proved"
    slip = NETWORK.blame(E, b, 2 * HIDDEN.T * NAMED)
    assert slip is not None
    assert slip.slip == "a factor 2 is too many"


def test_a_model_with_an_inverse() -> None:
    solved = MatrixSymbol("s", n, 1)
    model = Model([Eq(solved, A.I * y)])
    assert model.check(y.T * solved, y, 2 * solved, [Q.symmetric(A)]).status == "proved"
    assert model.check(y.T * solved, y, 2 * solved).status == "refuted"


@pytest.mark.parametrize(
    ("definition", "says"),
    [
        (lambda: Eq(E, y.T * y), "one is a 1x1 matrix, for which write Trace"),
        (lambda: Eq(X * w, NAMED), r"has Sum\(.* on its left; accepted are a symbol or an entry"),
        (lambda: Eq(NAMED, w, evaluate=False), r"r, w\) differ in shape: .n, 1. and .d, 1."),
    ],
)
def test_a_definition_that_is_none(definition, says: str) -> None:
    with pytest.raises(NotationError, match=says):
        Model([definition()])
