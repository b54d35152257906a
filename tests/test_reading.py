"""LaTeX in: what is typed becomes the expression that it says, and gradients as they are written in notes are decided."""

from __future__ import annotations

from typing import Any

import pytest
import sympy as sp

from gradproof import Model, Reader, check, equal, read_latex
from gradproof.checks.steps import LineChecker
from gradproof.inverse import Determinant, InverseBase
from gradproof.lines import derivative

N, K, M, n_ = (sp.Symbol(s, integer=True, positive=True) for s in ("N", "K", "M", "n"))
i, j, k, l = sp.Idx("i", (1, N)), sp.Idx("j", (1, M)), sp.Idx("k", (1, K)), sp.Idx("l", (1, N))
x, y, z, w, t, p, e_ = (sp.IndexedBase(s) for s in ["x", "y", "z", "w", "t", "p", "e"])
yhat, w1 = sp.IndexedBase("yhat"), sp.IndexedBase("w1")
a, b, m, theta, lam, u = sp.symbols("a b m theta lambda u")
f = sp.Function("f")
q = sp.Symbol("q", integer=True)
ONE = sp.Integer(1)
short = sp.Idx("i", (1, N - 1))


def means(found: sp.Expr, meant: sp.Expr) -> bool:
    """Whether two expressions are one, or proved equal; SymPy makes one sum of two."""
    return bool(found == meant) or equal(found, meant).status == "proved"


def logistic(v: sp.Expr) -> sp.Expr:
    return 1 / (1 + sp.exp(-v))


@pytest.mark.parametrize(
    ("latex", "meant"),
    [
        (r"\frac12 m", m / 2),
        (r"\tfrac{1}{2}\dfrac m3", m / 6),
        (r"0.25\,a", a / 4),
        (r"2a^2b", 2 * a**2 * b),
        ("-a - -b", b - a),
        (r"a \cdot -b", -a * b),
        (r"a \times b / m", a * b / m),
        (r"\sqrt{a} \sqrt[3]{b} \sqrt2", sp.sqrt(a) * sp.cbrt(b) * sp.sqrt(2)),
        (r"(a+b)(a-b)", (a + b) * (a - b)),
        (r"\bigl[ a + \bigl\{ b - m \bigr\} \bigr]^2", (a + b - m) ** 2),
        (r"\left|a\right| + |b - m| + \lvert a b\rvert", abs(a) + abs(b - m) + abs(a * b)),
        (r"|e^a| \lvert a^{b}\rvert", sp.exp(a) * abs(a**b)),
        (r"||a| - |b||", abs(abs(a) - abs(b))),
        (r"e^{-a/2} \exp(b)", sp.exp(-a / 2) * sp.exp(b)),
        (r"\log a + \ln(b) + \log_2 m", sp.log(a) + sp.log(b) + sp.log(m) / sp.log(2)),
        (r"\log^2 a", sp.log(a) ** 2),
        (r"\sin 2 \cos a", sp.sin(2) * sp.cos(a)),
        (r"\tanh^{2}{\left(a \right)}", sp.tanh(a) ** 2),
        (r"\log\cosh(a)", sp.log(sp.cosh(a))),
        (r"\sigma(a)", logistic(a)),
        (r"\sigma'(a)", logistic(a) * (1 - logistic(a))),
        (r"\tanh'(a)", 1 - sp.tanh(a) ** 2),
        (r"\operatorname{ReLU}(a)", sp.Max(a, 0)),
        (r"\text{max}(0, a)^2 + \max\{a, b, 1\}", sp.Max(a, 0) ** 2 + sp.Max(a, b, 1)),
        (r"[a - b]_+", sp.Max(a - b, 0)),
        (r"\mathrm{softplus}(a) - \operatorname{erf}(b)", sp.log(1 + sp.exp(a)) - sp.erf(b)),
        (r"\operatorname{sgn}(a)", sp.sign(a)),
        (r"\mathbb{1}[a > 0] \, b", sp.Piecewise((1, a > 0), (0, True)) * b),
        (r"\begin{cases} a, & \text{if}\ a > 0 \\ b, & \text{otherwise} \end{cases}", sp.Piecewise((a, a > 0), (b, True))),
        (r"\left\{\begin{array}{ll} a & 0 < a \le b \\ 0 & \text{else} \end{array}\right.", sp.Piecewise((a, (a > 0) & (a <= b)), (0, True))),
        (r"E_{\text{train}} + w_1", sp.Symbol("E_train") + sp.Symbol("w_1")),
        (r"\hat y \bar x \tilde\theta \mathcal{L} x' y^*", sp.prod(sp.symbols("yhat xbar thetatilde Lcal x' y__*"))),
        (r"\mathrm{loss} \, \alpha_{0}", sp.Symbol("loss") * sp.Symbol("alpha_0")),
        (r"\Delta x^{2}", sp.Symbol("Delta_x") ** 2),
        (r"\left(w^{(1)}\right)^2", sp.Symbol("w__1") ** 2),
        (r"\sum_{i=1}^{N} x_i", sp.Sum(x[i], i)),
        (r"\sum\limits_{i=1}^N x_i^2 y_i", sp.Sum(x[i] ** 2 * y[i], i)),
        (r"\sum^{N}_{i=1} x_i + b", sp.Sum(x[i], i) + b),
        (r"\sum_{i=1}^N \sum_{j=1}^M w_{ij}", sp.Sum(sp.Sum(w[i, j], j), i)),
        (r"\sum_{i,l=1}^{N} w_{i,l}", sp.Sum(sp.Sum(w[i, l], l), i)),
        (r"\sum_{1 \le i \le N} x_i", sp.Sum(x[i], i)),
        (r"\sum_{i \in \{1, \ldots, N\}} x_{i}", sp.Sum(x[i], i)),
        (r"\sum_{i \in [N]} x_{i}", sp.Sum(x[i], i)),
        (r"1/N \sum_{i=1}^N x_i", sp.Sum(x[i], i) / N),
        (r"\sum_{i=1}^{N} i x_i", sp.Sum(i * x[i], i)),
        (r"\sum_{i=1}^{N} \sum_{j=1}^{i} x_j", sp.Sum(sp.Sum(x[q], (q, 1, i)), i)),
        (r"\sum_{i=1}^{N-1} (x_{i+1} - x_i)", sp.Sum(x[short + 1] - x[short], short)),
        (r"\sum_{i=1}^N x_i^{2} + x_N + x_1", sp.Sum(x[i] ** 2, i) + x[N] + x[1]),
        (r"\sum_{i=1}^N w^{(1)}_{i} {w^{(1)}_{i}}^{2}", sp.Sum(w1[i] ** 3, i)),
        (r"\sum_{i=1}^N x^{(i)} \hat{y_i}", sp.Sum(x[i] * yhat[i], i)),
        (r"\sum_{i=1}^N \sum_{j=1}^M x_j^{(i)}", sp.Sum(sp.Sum(x[i, j], j), i)),
        (r"\sum_{i=1}^N \sum_{l=1}^N \delta_{il} x_i", sp.Sum(sp.Sum(sp.KroneckerDelta(i, l) * x[i], l), i)),
        (r"\sum_{i=1}^N\sum_{\substack{l=1 \\ l \ne i}}^N y_l", sp.Sum(sp.Sum((1 - sp.KroneckerDelta(i, l)) * y[l], l), i)),
        (r"\sum_{i=1}^N\sum_{l: l \ne i} y_l", sp.Sum(sp.Sum((1 - sp.KroneckerDelta(i, l)) * y[l], l), i)),
        (r"x_{\max} x^{\prime}", sp.Symbol("x_max") * sp.Symbol("x'")),
        (r"\frac{\mathrm d}{\mathrm d a} \boxed{b}", derivative(b, a)),
        (r"\sum_{i=1}^N\sum_{l \ne i} x_i y_l", sp.Sum(sp.Sum((1 - sp.KroneckerDelta(i, l)) * x[i] * y[l], l), i)),
        (r"\sum_{i=1}^N e^{x_i} \sum_i x_i", sp.Sum(sp.exp(x[i]) * sp.Sum(x[i], i), i)),
        (r"\sum_{k=1}^K p_k \log \sum_k e^{z_k}", sp.Sum(p[k] * sp.log(sp.Sum(sp.exp(z[k]), k)), k)),
        (r"\sum_{i=1}^{N} e_i^2", sp.Sum(e_[i] ** 2, i)),
        (r"\sum_{i=1}^{N} f(x_i; \theta)", sp.Sum(f(x[i], theta), i)),
        (r"\frac{\partial a^2}{\partial a}", derivative(a**2, a)),
        (r"\partial u / \partial a", derivative(u, a)),
        (r"\frac{\partial^2 u}{\partial a \partial b}", derivative(derivative(u, b), a)),
        (r"\frac{d}{d a} a b", derivative(a * b, a)),
    ],
)  # fmt: skip
def test_a_formula_is_read_as_it_is_meant(latex: str, meant: sp.Expr) -> None:
    assert means(read_latex(latex), meant)


#: a loss and a claimed gradient as they stand in notes; whether the claim is true
CLAIMS = {
    "line": (
        r"L = \frac{1}{N}\sum_{i=1}^N (y_i - m x_i - b)^2",
        r"\frac{\partial L}{\partial m} = -\frac{2}{N}\sum_i x_i (y_i - m x_i - b)",
        True,
    ),
    "a lost sign": (
        r"L = \frac{1}{N}\sum_{i=1}^N (y_i - m x_i - b)^2",
        r"\frac{\partial L}{\partial m} = \frac{2}{N}\sum_i x_i (y_i - m x_i - b)",
        False,
    ),
    "logistic regression": (
        (
            r"J(\theta) = -\frac{1}{m}\sum_{i=1}^{m}\left[y^{(i)}\log(\sigma(\sum_{j=1}^n \theta_j x_j^{(i)}))"
            r" + (1-y^{(i)})\log(1-\sigma(\sum_{j=1}^n\theta_j x_j^{(i)}))\right]"
        ),
        (
            r"\frac{\partial J}{\partial \theta_j} = \frac{1}{m}\sum_{i=1}^{m}"
            r"\left(\sigma\left(\sum_{k=1}^n\theta_k x_k^{(i)}\right) - y^{(i)}\right)x_j^{(i)}"
        ),
        True,
    ),
    "softmax": (
        r"$$L = -\sum_{k=1}^K y_k \log \frac{e^{z_k}}{\sum_{j=1}^K e^{z_j}}$$",
        r"\[ \partial L/\partial z_i = \frac{e^{z_i}}{\sum_{j=1}^{K} e^{z_j}} \sum_{k=1}^K y_k - y_i. \]",
        True,
    ),
    "back-propagation": (
        r"E = \frac12 \sum_{k=1}^K \Big( \sum_{j=1}^M w_{kj} \tanh\big(\sum_{i=1}^D v_{ji} x_i\big) - t_k \Big)^2",
        (
            r"\frac{\partial E}{\partial v_{ji}} = \left(1 - \tanh^2\left(\sum_{i'=1}^D v_{ji'} x_{i'}\right)\right) x_i"
            r"\sum_k \left(\sum_{j'=1}^M w_{kj'} \tanh\left(\sum_{i'=1}^D v_{j'i'} x_{i'}\right) - t_k\right) w_{kj}"
        ),
        True,
    ),
    "hinge": (
        r"\ell = \sum_{n=1}^{N} \max(0,\, 1 - y_n \sum_{d=1}^{D} w_d x_{nd}) + \frac{\lambda}{2} \sum_{d} w_d^2",
        (
            r"\frac{\partial \ell}{\partial w_d} ="
            r" -\sum_{n=1}^N \mathbb{1}[1 - y_n \sum_{c=1}^{D} w_c x_{nc} > 0]\, y_n x_{nd} + \lambda w_d"
        ),
        True,
    ),
    "absolute error": (
        r"\mathcal{L} = \sum_{i=1}^n |y_i - \hat y_i|",
        r"\frac{\partial \mathcal{L}}{\partial \hat y_i} = -\operatorname{sign}(y_i - \hat y_i)",
        True,
    ),
    "Poisson": (
        r"L = \sum_{i=1}^n (\lambda_i - y_i \ln \lambda_i)",
        r"\frac{\mathrm{d} L}{\mathrm{d} \lambda_i} = 1 - \frac{y_i}{\lambda_i}",
        True,
    ),
    "temperature": (
        r"\text{LSE} = T \log \sum_{i=1}^n e^{x_i/T}",
        r"\frac{\partial\, \text{LSE}}{\partial x_j} = \frac{e^{x_j/T}}{\sum_i e^{x_i/T}}",
        True,
    ),
    "Rayleigh": (
        r"R = \frac{\sum_{i,j=1}^n A_{ij} x_i x_j}{\sum_{i=1}^n x_i^2}",
        (
            r"\nabla_{x_k} R = \frac{\sum_{j} (A_{kj} + A_{jk}) x_j}{\sum_i x_i^2}"
            r" - \frac{2 x_k \sum_{i,j} A_{ij} x_i x_j}{(\sum_i x_i^2)^2}"
        ),
        True,
    ),
    "variance": (
        r"V = \frac{1}{N}\sum_{i=1}^N \left(x_i - \frac{1}{N}\sum_{j=1}^N x_j\right)^2",
        r"\frac{\partial V}{\partial x_k} = \frac{2}{N}\left(x_k - \frac1N \sum_{j=1}^N x_j\right)",
        True,
    ),
    "charges": (
        r"G = \sum_{i=1}^N \sum_{j\neq i} \frac{q_i q_j}{(x_i - x_j)^2}",
        r"\frac{\partial G}{\partial q_k} = 2\sum_{j \ne k} \frac{q_j}{(x_k - x_j)^2}",
        True,
    ),
    "Gaussian": (
        r"Z = \sum_{s=1}^{S} \exp\left\{ -\frac{(x_s - \mu)^2}{2\sigma^2} \right\}",
        (
            r"\frac{\partial Z}{\partial \sigma} ="
            r" \sum_{s} \frac{(x_s-\mu)^2}{\sigma^3} \exp\left(-\frac{(x_s-\mu)^2}{2\sigma^2}\right)"
        ),
        True,
    ),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_from_notes_is_decided(name: str) -> None:
    loss, claim, true = CLAIMS[name]
    reader = Reader()
    body = reader.loss(loss)
    wrt, claimed = reader.claim(claim)
    assert wrt is not None
    assert check(body, wrt, claimed).status == ("proved" if true else "refuted")


def test_a_reader_keeps_what_the_letters_mean() -> None:
    reader = Reader()
    loss = reader.loss(r"E = \sum_{i=1}^N\sum_{j=1}^M w_{ij} x_i z_j")
    assert reader.loss_name == sp.Symbol("E")
    assert means(loss, sp.Sum(w[i, j] * x[i] * z[j], j, i))
    assert reader.wrt("w_{ij}") == w[i, j]
    assert reader.wrt(r"\partial E/\partial x_l") == x[l]
    assert reader.claim(r"\sum_j w_{lj} z_j") == (None, sp.Sum(w[l, j] * z[j], j))


def test_a_sum_takes_its_range_from_the_places_of_its_index() -> None:
    reader = Reader()
    reader.loss(r"\sum_{i=1}^N\sum_{j=1}^M w_{ij} z_j")
    assert means(reader.expression(r"\sum_a \sum_b w_{ab}"), sp.Sum(w[i, j], j, i))


def test_a_failed_reading_leaves_no_trace() -> None:
    reader = Reader()
    reader.loss(r"\sum_{i=1}^N x_i y")
    with pytest.raises(ValueError, match="is used outside"):
        reader.expression(r"q \sum_{r=1}^{Q} x_r + x_r")
    assert "q" not in reader.table.names
    assert "Q" not in reader.table.names
    assert "r" not in reader.table.seen


@pytest.mark.parametrize(
    ("declared", "latex", "meant"),
    [
        ({"ranges": {"k": "K"}}, "p_k", p[k]),
        ({"ranges": {"k": ("0", "K-1")}}, "p_k", p[sp.Idx("k", (0, K - 1))]),
        ({"ranges": {"k": k}}, r"\sum_k p_k", sp.Sum(p[k], k)),
        ({"functions": ["f"]}, "f(a)^2 f'(b)", f(a) ** 2 * derivative(f(b), b)),
        ({"functions": ["f"]}, "f'(2a)", sp.Subs(derivative(f(u), u), (u,), (2 * a,))),
        ({"functions": [r"\sigma"]}, r"\sigma(a)", sp.Function("sigma")(a)),
        ({"names": [sp.Symbol("S_xy")]}, "2 S_{xy}", 2 * sp.Symbol("S_xy")),
        ({"names": {r"\hat y": sp.Symbol("q")}}, r"\hat{y}^2", sp.Symbol("q") ** 2),
        ({"names": [a]}, "a(b+m)", a * (b + m)),
        ({"names": [sp.Symbol("T")]}, "a^{T}", a ** sp.Symbol("T")),
        ({"names": [sp.Symbol("e")]}, "e^2", sp.Symbol("e") ** 2),
        ({"like": p[k] + z[k]}, "p_k - z_k", p[k] - z[k]),
        ({"like": [f(a), sp.Sum(x[i], i)]}, r"f(\sum_i x_i)", f(sp.Sum(x[i], i))),
        ({"names": [sp.IndexedBase("x", shape=(N, M))], "ranges": {"i": "N", "j": "M"}}, r"\sum_i \sum_j x_{ij}",
         sp.Sum(sp.Sum(sp.IndexedBase("x", shape=(N, M))[i, j], j), i)),
    ],
)  # fmt: skip
def test_a_declaration_gives_a_letter_its_meaning(declared: Any, latex: str, meant: sp.Expr) -> None:
    found = read_latex(latex, **declared)
    assert found.dummy_eq(meant) if found.has(sp.Subs) else means(found, meant)


def test_the_lines_of_a_display_are_read_in_order() -> None:
    reader = Reader()
    loss = reader.loss(r"J = \frac1N \sum_{i=1}^N (y_i - m x_i)^2")
    lines = reader.lines(
        r"""\begin{align*}
        \frac{\partial J}{\partial m} &= \frac{\partial}{\partial m} \frac1N \sum_{i=1}^{N} (y_i - m x_i)^2 \tag{1}\\
          &= \frac1N \sum_i 2 (y_i - m x_i)
             \frac{\partial}{\partial m} (y_i - m x_i) && \text{chain rule} \\[2pt]
          &= -\frac2N \sum_i x_i (y_i - m x_i) .
        \end{align*}"""
    )
    assert lines.wrt == m
    assert lines.rules == ("", "chain rule", "")
    verdicts = [LineChecker(()).equal(derivative(loss, m), value, m) for value in lines.values]
    assert [v.status for v in verdicts] == ["proved"] * 3


def test_a_long_line_goes_on_after_a_break() -> None:
    assert Reader().lines(r"L(a) &= b \\ &\quad + m \\ &= u") == (None, (b + m, u), ("", ""))


def test_named_quantities_become_a_model() -> None:
    reader = Reader(ranges={"i": "D"})
    equations = reader.definitions(
        r"h_j = \sum_i v_{ji} x_i \\ z_j = \tanh(h_j) \\ y_k = \sum_{j=1}^M w_{kj} z_j \\ E = \frac12 \sum_{k=1}^K (y_k - t_k)^2"
    )
    wrt, claimed = reader.claim(r"\frac{\partial E}{\partial v_{ji}} = (1 - z_j^2) x_i \sum_k (y_k - t_k) w_{kj}")
    assert Model(equations).check(sp.Symbol("E"), wrt, claimed).status == "proved"


def test_an_assumption_is_an_equation_of_templates() -> None:
    reader = Reader()
    loss = reader.loss(r"\frac12 \sum_{i,j=1}^{N} A_{ij} x_i x_j")
    wrt, claimed = reader.claim(r"\frac{\partial L}{\partial x_k} = \sum_j A_{kj} x_j")
    symmetric = reader.relation("A_{ij} = A_{ji}")
    assert check(loss, wrt, claimed).status == "refuted"
    assert check(loss, wrt, claimed, [symmetric]).status == "proved"


def test_an_inverse_and_a_determinant_are_read_entry_by_entry() -> None:
    reader = Reader()
    matrix = sp.IndexedBase("A")
    reader.loss(r"\sum_{i,l=1}^N A_{il} x_i x_l")
    assert means(
        reader.expression(r"\sum_{i,l} x_i (A^{-1})_{il} x_l"),
        sp.Sum(x[i] * InverseBase.matrix(matrix, ONE, N)[i, l] * x[l], l, i),
    )
    assert reader.expression(r"\log\det A") == sp.log(Determinant(matrix, ONE, N))


def test_an_equation_is_read_as_one() -> None:
    assert read_latex("a = b + m") == sp.Eq(a, b + m)
    assert read_latex(r"a \neq b") == sp.Ne(a, b)
    assert read_latex(r"a \leq b") == sp.Le(a, b)


def test_conventions_are_noted() -> None:
    reader = Reader()
    reader.loss(r"\sigma(a) + \pi b")
    assert reader.notes == ["σ(x) is the logistic function 1/(1 + e^(-x))", "π is the number 3.14…"]
