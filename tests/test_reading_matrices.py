"""Matrix notation in LaTeX: read as SymPy's matrices, decided through index notation, and printed so that it reads back."""

from __future__ import annotations

from typing import Any

import pytest
import sympy as sp
from sympy.matrices.expressions import DiagMatrix, HadamardPower, HadamardProduct
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction

from gradproof import AmbiguityError, LatexError, NotationError, Reader, check, equal, read_latex
from gradproof.forms import matrix_latex

n, d, k = (sp.Symbol(s, integer=True, positive=True) for s in "ndk")
X, W, A = sp.MatrixSymbol("X", n, d), sp.MatrixSymbol("W", d, k), sp.MatrixSymbol("A", d, d)
w, y, B, W1 = (
    sp.MatrixSymbol("w", d, 1),
    sp.MatrixSymbol("y", n, 1),
    sp.MatrixSymbol("B", n, k),
    sp.MatrixSymbol("W1", d, d),
)
a, u = sp.symbols("a u")
ALL = [X, W, A, w, y, B, W1, a]
SHAPES = {"X": ("n", "d"), "w": "d", "y": "n", "W": ("d", "k"), "B": ("n", "k"), "A": ("d", "d")}


def each(body: sp.Expr, matrix: sp.MatrixExpr) -> sp.MatrixExpr:
    return ElementwiseApplyFunction(sp.Lambda(u, body), matrix)


@pytest.mark.parametrize(
    ("latex", "meant"),
    [
        ("Xw - y", X * w - y),
        (r"\mathbf{X}^\top (\mathbf{X}\mathbf{w} - \mathbf{y})", X.T * (X * w - y)),
        (r"A^{-1} w + A^{-\top} w", A.inverse() * w + A.inverse().T * w),
        (r"2 a X^\intercal y / n", 2 * a / n * X.T * y),
        (r"w^\top A w", w.T * A * w),
        (r"\|Xw - y\|^2", (X * w - y).T * (X * w - y)),
        (r"\lVert W \rVert_F^2", sp.Trace(W.T * W)),
        (r"\operatorname{tr}(W^\top A W)", sp.Trace(W.T * A * W)),
        (r"\log\det A", sp.log(sp.Determinant(A))),
        (r"\operatorname{diag}(w) W", DiagMatrix(w) * W),
        (r"y \odot Xw", HadamardProduct(y, X * w)),
        (r"Xw \oslash y", HadamardProduct(X * w, HadamardPower(y, -1))),
        (r"\frac{1}{y}", HadamardPower(y, -1)),
        (r"w^2 + w^{\odot 3}", each(u**2, w) + each(u**3, w)),
        (r"e^{-Xw} \odot \tanh(y)", HadamardProduct(each(sp.exp(u), -X * w), each(sp.tanh(u), y))),
        (r"1 - y", sp.OneMatrix(n, 1) - y),
        (r"\mathbf{1}^\top y", sp.OneMatrix(1, n) * y),
        (r"(\mathbf{I} - \mathbf{1}\mathbf{1}^\top) A", (sp.Identity(d) - sp.OneMatrix(d, d)) * A),
        (r"A + a I", A + a * sp.Identity(d)),
        (r"\operatorname{ReLU}(w)", each(sp.Max(u, 0), w)),
        (r"\begin{cases} 1 & w > 0 \\ 0 & \text{otherwise} \end{cases}", each(sp.Piecewise((1, u > 0), (0, True)), w)),
        (r"W^{(1)} w", W1 * w),
        (r"w_1 + \sum_{i=1}^{d} w_i", w[0, 0] + sp.Sum(w[sp.Symbol("i", integer=True) - 1, 0], (sp.Symbol("i", integer=True), 1, d))),
    ],
)  # fmt: skip
def test_matrix_notation_is_read(latex: str, meant: Any) -> None:
    found = read_latex(latex, names=ALL)
    assert found == meant or equal(found, meant).status == "proved", found


#: loss, claimed gradient, whether it is true
CLAIMS = [
    (r"L = \frac{1}{n} \|Xw - y\|^2", r"\nabla_w L = \frac{2}{n} X^\top (Xw - y)", True),
    (r"L = \frac{1}{n} \|Xw - y\|^2", r"\nabla_w L = \frac{2}{n} X^\top (y - Xw)", False),
    (r"L = \frac{1}{n} (Xw - y)^T (Xw - y) + \lambda w^T w", r"\frac{\partial L}{\partial w} = \frac{2}{n} X^T (Xw - y) + 2\lambda w", True),
    (r"L = \mathbf{1}^\top \log(1 + e^{-y \odot Xw})", r"\frac{\partial L}{\partial w} = -X^\top (y \odot \sigma(-y \odot Xw))", True),
    (r"L = \|XW - B\|_F^2", r"\frac{\partial L}{\partial W} = 2 X^\top (XW - B)", True),
    (r"L = \operatorname{tr}(X^\top X W W^\top)", r"\frac{\partial L}{\partial W} = 2 X^\top X W", True),
    (r"L = w^\top A w", r"\frac{\partial L}{\partial w} = 2 A w", False),
    (r"L = w^\top A w", r"\frac{\partial L}{\partial w} = (A + A^\top) w", True),
    (r"L = \|w\|_2", r"\nabla_w L = \frac{w}{\|w\|_2}", True),
    (r"L = \log(1 + e^{w^\top w})", r"\nabla_w L = 2 \sigma(w^\top w) w", True),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "claim", "true"), CLAIMS)
def test_a_claim_in_matrix_notation_is_decided(loss: str, claim: str, true: bool) -> None:
    reader = Reader(shapes=SHAPES)
    body = reader.loss(loss)
    wrt, value = reader.claim(claim)
    assert isinstance(wrt, sp.MatrixSymbol)
    assert check(body, wrt, value).status == ("proved" if true else "refuted")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("w w", "a product that does not fit: d by 1 and d by 1"),
        ("Xw + w", "a sum, or a product entry by entry, of two shapes: n by 1 and d by 1"),
        (r"\|W\|", r"the norm \|W\| is not read"),
        (r"\operatorname{tr}(X)", "of a square matrix, and this one is n by d"),
        (r"\mathbf{1}", r"the size of a \mathbf{1} or an identity is not told"),
        (r"\max(w, y)", "a function of two matrices at once is not read"),
        ("w_{ij}", "has 2 indices, and w has 1"),
        (r"x^\top w", "a transpose needs a matrix"),
    ],
)
def test_what_does_not_fit_is_said(text: str, message: str) -> None:
    with pytest.raises(NotationError) as caught:
        read_latex(text, names=ALL, ranges={"i": "d", "j": "d"})
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "reading"), [("A^2", "the power of each entry"), ("|A|", "the determinant"), ("x^T w", "a transpose")]
)
def test_an_ambiguity_of_matrices_is_reported(text: str, reading: str) -> None:
    with pytest.raises(AmbiguityError) as caught:
        read_latex(text, names=ALL)
    assert reading in caught.value.readings


def test_a_shape_is_checked() -> None:
    with pytest.raises(NotationError, match="W has 3 sizes; a vector has one, a matrix two"):
        Reader(shapes={"W": ("n", "d", "k")})
    with pytest.raises(LatexError, match="is not known to be a whole number"):
        Reader(shapes={"W": "1.5"})


@pytest.mark.parametrize(
    "matrix",
    [
        X.T * (X * w - y) * 2 / n,
        HadamardProduct(y, each(1 / (1 + sp.exp(-u)), X * w)),
        each(-u * (a + sp.log(u)), y),
        each(sp.Piecewise((1, u > a), (0, True)), y),
        sp.OneMatrix(n, 1) * (w.T * A * w) - y,
        A.inverse().T * sp.Determinant(A) + sp.Identity(d),
        (W1.T + W1) * w,
        DiagMatrix(HadamardProduct(y, y)) * X,
        sp.Trace(W.T * A * W) * w,
    ],
    ids=str,
)  # fmt: skip
def test_a_printed_matrix_reads_back(matrix: Any) -> None:
    found = read_latex(matrix_latex(matrix), like=matrix)
    assert found == matrix or equal(found, matrix).status == "proved", found
