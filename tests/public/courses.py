"""Lecture notes and books: CS231n, Dive into Deep Learning, Bishop's PRML with Takada's errata."""

from __future__ import annotations

import sympy as sp

from public.letters import (
    N,
    U,
    V,
    W,
    X,
    beta,
    c,
    c1,
    c2,
    c3,
    d,
    d1,
    d2,
    h,
    k,
    k1,
    k2,
    lam,
    m,
    n,
    o,
    p,
    q,
    sigma,
    softmax,
    t,
    v,
    w,
    x,
    y,
    z,
)  # fmt: skip
from public.record import Source, right

_NOTES = "https://github.com/cs231n/cs231n.github.io/blob/3d84654/"
CS231N = Source("CS231n", "Stanford CS231n, course notes at 3d84654", _NOTES)
DIVE = Source(
    "D2L",
    "A. Zhang et al., Dive into Deep Learning, d2l-en at 23d7a5a",
    "https://github.com/d2l-ai/d2l-en/tree/23d7a5a",
)
PRML = Source(
    "PRML",
    "C. Bishop, Pattern Recognition and Machine Learning (2006)",
    "https://www.springer.com/gp/book/9780387310732",
)
TAKADA = Source("Takada", "Y. Takada, More PRML Errata (at dc64dde)", "https://github.com/yousuketakada/prml_errata")
PARR = Source(
    "Parr & Howard",
    "T. Parr, J. Howard, The Matrix Calculus You Need For Deep Learning",
    "https://explained.ai/matrix-calculus/",
)
_notes, _dive, _prml, _takada, _parr = right(CS231N), right(DIVE), right(PRML), right(TAKADA), right(PARR)
_delta, _by = sp.KroneckerDelta, sp.Derivative

s1, s2, size = sp.symbols("x y Delta")
bias = sp.Symbol("b")

# -- CS231n: the SVM loss of one example whose class is 1 ----------------------------------------
_gap = sp.Sum(W[c, d] * x[d], d) - sp.Sum(W[1, d] * x[d], d) + size
_svm = sp.Sum(sp.Max(0, _gap) * (1 - _delta(c, 1)), c)
_margin = sp.Heaviside(sp.Sum(W[c1, d1] * x[d1], d1) - sp.Sum(W[1, d1] * x[d1], d1) + size)
_attributes = -sp.Sum(y[c] * sp.log(sigma(z[c])) + (1 - y[c]) * sp.log(1 - sigma(z[c])), c)
_den = sigma(s1) + (s1 + s2) ** 2
_staged = (s1 + sigma(s2)) / _den
_dden = -(s1 + sigma(s2)) / _den**2

# -- D2L ------------------------------------------------------------------------------------------
_fit = sp.Sum(w[d] * X[n, d], d) + bias - y[n]
_fit1 = _fit.xreplace({d: d1})
_square = sp.Sum(_fit**2, n) / (2 * N)
_cross = -sp.Sum(t[c] * sp.log(softmax(z, c, c2)), c)
_simplex = [sp.Eq(sp.Sum(t[c], c), 1)]
_phi, _l = sp.Function("phi"), sp.Function("l")
_scalar = sp.Symbol("s")
w1, w2, J = sp.IndexedBase("w1"), sp.IndexedBase("w2"), sp.Symbol("J")
_mlp = (
    sp.Eq(z[k], sp.Sum(w1[k, d] * x[d], d)),
    sp.Eq(h[k], _phi(z[k])),
    sp.Eq(o[c], sp.Sum(w2[c, k] * h[k], k)),
    sp.Eq(_scalar, lam / 2 * (sp.Sum(w1[k, d] ** 2, k, d) + sp.Sum(w2[c, k] ** 2, c, k))),
    sp.Eq(J, sp.Sum(_l(o[c]), c) + _scalar),
)
_inner = sp.Sum(U[c, d1] * v[d1], d1)
_word = sp.Sum(U[1, d1] * v[d1], d1) - sp.log(sp.Sum(sp.exp(_inner), c))
_half = sp.Symbol("m", positive=True)
_bar = sp.Sum(U[c, d1] * sp.Sum(V[m, d1], m) / (2 * _half), d1)
_cbow = sp.Sum(U[1, d1] * sp.Sum(V[m, d1], m) / (2 * _half), d1) - sp.log(sp.Sum(sp.exp(_bar), c))
_bar2 = sp.Sum(U[c2, d2] * sp.Sum(V[m, d2], m) / (2 * _half), d2)
_bar3 = sp.Sum(U[c3, d2] * sp.Sum(V[m, d2], m) / (2 * _half), d2)
sw, sx, sy, sz = sp.symbols("w x y z")
_p1, _p2 = sw + sx + sy + sz, sw + sx - sy - sz
_long = ((_p1**2 + _p2**2) ** 2 + (_p1**2 - _p2**2) ** 2) ** 2
_bump = s1 * sp.exp(-(s1**2) - s2**2)
_factor = sp.exp(-(s1**2) - s2**2)

# -- PRML -----------------------------------------------------------------------------------------
_phi_n = sp.IndexedBase("phi")
_lin = sp.Sum(w[d] * _phi_n[n, d], d)
_lin1 = _lin.xreplace({d: d1})
_lnp = N / 2 * sp.log(beta) - N / 2 * sp.log(2 * sp.pi) - beta * sp.Sum((t[n] - _lin) ** 2, n) / 2
_ce = -sp.Sum(t[n] * sp.log(sigma(_lin)) + (1 - t[n]) * sp.log(1 - sigma(_lin)), n)
_ce_slope = sp.Sum((sigma(_lin1) - t[n]) * _phi_n[n, d], n)
_T = sp.IndexedBase("T")


def _yn(at: sp.Idx, over: sp.Idx, inside: sp.Idx) -> sp.Expr:
    """y_nk of (4.104), with its own bound letters."""
    score = sp.Sum(W[c, inside] * _phi_n[n, inside], inside)
    return sp.exp(score.xreplace({c: at})) / sp.Sum(sp.exp(score.xreplace({c: over})), over)


_multi = -sp.Sum(_T[n, c] * sp.log(_yn(c, c2, d)), n, c)
_multi_slope = sp.Sum((_yn(c1, c3, d1) - _T[n, c1]) * _phi_n[n, d], n)
_mult = sp.Sum(x[k] * sp.log(p[k] / sp.Sum(p[k1], k1)), k)
_mix_slope = sp.Sum(q[n] * (t[n] - sigma(_lin1)) * _phi_n[n, d], n)

# -- Parr and Howard: a neuron with a rectifier ---------------------------------------------------
_unit = sp.Sum(w[d] * X[n, d], d) + bias
_unit1 = _unit.xreplace({d: d1})
_cost = sp.Sum((y[n] - sp.Max(0, _unit)) ** 2, n) / N
_neuron = sp.Max(0, sp.Sum(w[d] * x[d], d) + bias)
_fires = sp.Heaviside(sp.Sum(w[d1] * x[d1], d1) + bias)

FORMULAS = (
    _notes("optimization-1.md:291",
           r"\nabla_{w_{y_i}}L_i=-\left(\sum_{j\ne y_i}1(w_j^Tx_i-w_{y_i}^Tx_i+\Delta>0)\right)x_i",
           _svm, W[1, d], -sp.Sum((1 - _delta(c1, 1)) * _margin, c1) * x[d]),
    _notes("optimization-1.md:297", r"\nabla_{w_j}L_i=1(w_j^Tx_i-w_{y_i}^Tx_i+\Delta>0)x_i", _svm, W[c1, d],
           (1 - _delta(c1, 1)) * _margin * x[d]
           - _delta(c1, 1) * sp.Sum((1 - _delta(c2, 1)) * _margin.xreplace({c1: c2}), c2) * x[d]),
    _notes("optimization-2.md:61", r"\frac{\partial f}{\partial x}=1(x\ge y)", sp.Max(s1, s2), s1,
           sp.Piecewise((1, s1 >= s2), (0, True))),
    _notes("optimization-2.md:161", r"(1-\sigma(x))\sigma(x)", sigma(s1), s1, (1 - sigma(s1)) * sigma(s1)),
    _notes("optimization-2.md:215-237, dx", r"dx=2(x+y)\,dden+(1-\sigma_x)\sigma_x\,dden+1/den", _staged, s1,
           2 * (s1 + s2) * _dden + (1 - sigma(s1)) * sigma(s1) * _dden + 1 / _den),
    _notes("optimization-2.md:215-237, dy", r"dy=2(x+y)\,dden+(1-\sigma_y)\sigma_y/den", _staged, s2,
           2 * (s1 + s2) * _dden + (1 - sigma(s2)) * sigma(s2) / _den),
    _notes("neural-networks-2.md:267", r"\partial L_i/\partial f_j=\sigma(f_j)-y_{ij}", _attributes, z[c],
           sigma(z[c]) - y[c]),
    _notes("neural-networks-2.md:281, L1", r"\operatorname{sign}(\delta_{ij})", sp.Sum(sp.Abs(z[c] - y[c]), c), z[c],
           sp.sign(z[c] - y[c])),
    _notes("neural-networks-case-study.md:142", r"\frac{\partial L_i}{\partial f_k}=p_k-1(y_i=k)",
           -sp.log(softmax(z, c1, c2)).xreplace({c1: 1}), z[c], softmax(z, c, c2) - _delta(c, 1)),
    _dive("eq_linreg_batch_update, w", r"\frac1{|B|}\sum x^{(i)}(w^Tx^{(i)}+b-y^{(i)})", _square, w[d],
          sp.Sum(X[n, d] * _fit1, n) / N),
    _dive("eq_linreg_batch_update, b", r"\frac1{|B|}\sum(w^Tx^{(i)}+b-y^{(i)})", _square, bias, sp.Sum(_fit, n) / N),
    _dive("softmax-regression.md:355", r"\operatorname{softmax}(o)_j-y_j", _cross, z[c1], softmax(z, c1, c2) - t[c1],
          assumptions=_simplex),
    _dive("mlp.md:487", r"\frac{e^{-x}}{(1+e^{-x})^2}", sigma(s1), s1, sp.exp(-s1) / (1 + sp.exp(-s1)) ** 2),
    _dive("eq_backprop-J-h", r"\frac{\partial J}{\partial W^{(2)}}=\frac{\partial J}{\partial o}h^T+\lambda W^{(2)}",
          J, w2[c, k],
          _by(J, o[c]) * h[k] + lam * w2[c, k], definitions=_mlp),
    _dive("backprop.md:224", r"\frac{\partial J}{\partial z}=\frac{\partial J}{\partial h}\odot\phi'(z)", J, z[k],
          _by(J, h[k]) * _by(_phi(z[k]), z[k]), definitions=_mlp),
    _dive("backprop.md:235", r"\frac{\partial J}{\partial W^{(1)}}=\frac{\partial J}{\partial z}x^T+\lambda W^{(1)}",
          J, w1[k, d],
          _by(J, z[k]) * x[d] + lam * w1[k, d], definitions=_mlp),
    _dive("eq_skip-gram-grad", r"u_o-\sum_jP(w_j|w_c)u_j", _word, v[d],
          U[1, d] - sp.Sum(sp.exp(sp.Sum(U[c2, d2] * v[d2], d2)) * U[c2, d], c2)
          / sp.Sum(sp.exp(sp.Sum(U[c3, d2] * v[d2], d2)), c3)),
    _dive("eq_cbow-gradient", r"\frac1{2m}\left(u_c-\sum_jP(w_j|W_o)u_j\right)", _cbow, V[m, d],
          (U[1, d] - sp.Sum(sp.exp(_bar2) * U[c2, d], c2) / sp.Sum(sp.exp(_bar3), c3)) / (2 * _half)),
    _dive("multivariable-calculus.md:247", r"\frac{\partial f}{\partial w}=2(\ldots)\times(\ldots)", _long, sw,
          2 * (2 * (2 * _p1 - 2 * _p2) * (_p1**2 - _p2**2) + 2 * (2 * _p2 + 2 * _p1) * (_p2**2 + _p1**2))
          * ((_p1**2 - _p2**2) ** 2 + (_p2**2 + _p1**2) ** 2)),
    _dive("multivariable-calculus.md:54", r"\frac{e^x}{e^x+e^y}", sp.log(sp.exp(s1) + sp.exp(s2)), s1,
          sp.exp(s1) / (sp.exp(s1) + sp.exp(s2))),
    _dive("multivariable-calculus.md, gradient of xe^(-x²-y²)", r"e^{-x^2-y^2}(1-2x^2)", _bump, s1,
          _factor * (1 - 2 * s1**2)),
    _dive("multivariable-calculus.md, Hessian, xx", r"e^{-x^2-y^2}(4x^3-6x)", _factor * (1 - 2 * s1**2), s1,
          _factor * (4 * s1**3 - 6 * s1)),
    _dive("multivariable-calculus.md, Hessian, yy", r"e^{-x^2-y^2}(4xy^2-2x)", _factor * (-2 * s1 * s2), s2,
          _factor * (4 * s1 * s2**2 - 2 * s1)),
    _prml("(3.13)", r"\beta\sum_n\{t_n-w^T\phi(x_n)\}\phi(x_n)^T", _lnp, w[d],
          beta * sp.Sum((t[n] - _lin1) * _phi_n[n, d], n)),
    _prml("(4.88)", r"\frac{d\sigma}{da}=\sigma(1-\sigma)", sigma(s1), s1, sigma(s1) * (1 - sigma(s1))),
    _prml("(4.91)", r"\nabla E(w)=\sum_n(y_n-t_n)\phi_n", _ce, w[d], _ce_slope, seen=False),
    _prml("(4.97)", r"H=\sum_ny_n(1-y_n)\phi_n\phi_n^T", _ce_slope, w[d2],
          sp.Sum(sigma(_lin1) * (1 - sigma(_lin1)) * _phi_n[n, d] * _phi_n[n, d2], n), seen=False),
    _prml("(4.106)", r"\frac{\partial y_k}{\partial a_j}=y_k(I_{kj}-y_j)", softmax(z, c, c3), z[c1],
          softmax(z, c, c3) * (_delta(c, c1) - softmax(z, c1, c3))),
    _prml("(4.109)", r"\nabla_{w_j}E=\sum_n(y_{nj}-t_{nj})\phi_n", _multi, W[c1, d], _multi_slope,
          assumptions=[sp.Eq(sp.Sum(_T[n, c], c), 1)]),
    _prml("(4.110)", r"\nabla_{w_k}\nabla_{w_j}E=\sum_ny_{nk}(I_{kj}-y_{nj})\phi_n\phi_n^T", _multi_slope, W[c2, d2],
          sp.Sum(_yn(c2, c, d1) * (_delta(c2, c1) - _yn(c1, c3, d1)) * _phi_n[n, d] * _phi_n[n, d2], n)),
    _takada("page 100, the multinoulli's score", r"\frac{x_k}{\tilde\mu_k}-\frac1{\sum_j\tilde\mu_j}", _mult, p[k2],
            x[k2] / p[k2] - 1 / sp.Sum(p[k1], k1), assumptions=[sp.Eq(sp.Sum(x[k], k), 1), sp.Gt(p[k], 0)]),
    _takada("(14.52) corrected", r"\nabla_k\nabla_kQ=-\sum_n\gamma_{nk}y_{nk}(1-y_{nk})\phi_n\phi_n^T", _mix_slope,
            w[d2],
            -sp.Sum(q[n] * sigma(_lin1) * (1 - sigma(_lin1)) * _phi_n[n, d] * _phi_n[n, d2], n)),
    _parr("the gradient of neuron activation",
          r"\frac{\partial}{\partial w}\max(0,w\cdot x+b)=x^T\text{ if }w\cdot x+b>0", _neuron, w[d],
          _fires * x[d]),
    _parr("the gradient with respect to the weights", r"\frac2N\sum(w\cdot x_i+b-y_i)x_i^T\text{ if }w\cdot x_i+b>0",
          _cost, w[d],
          2 / N * sp.Sum(sp.Heaviside(_unit1) * (_unit1 - y[n]) * X[n, d], n)),
    _parr("the derivative with respect to the bias", r"\frac2N\sum(w\cdot x_i+b-y_i)\text{ if }w\cdot x_i+b>0", _cost,
          bias,
          2 / N * sp.Sum(sp.Heaviside(_unit1) * (_unit1 - y[n]), n)),
)  # fmt: skip
