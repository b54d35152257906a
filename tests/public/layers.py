"""Backward passes of layers: normalisation, attention, recurrent gates, distances."""

from __future__ import annotations

import sympy as sp

from public.activations import CHAINER
from public.letters import (
    D,
    E,
    K,
    N,
    P,
    U,
    V,
    W,
    X,
    Y,
    Z,
    b,
    beta,
    c,
    d,
    d1,
    d2,
    d3,
    eps,
    gamma,
    h,
    k,
    k1,
    k2,
    lam,
    n,
    n1,
    n2,
    sigma,
    w,
    x,
    y,
    z,
)  # fmt: skip
from public.record import Source, right

LLMC = Source(
    "llm.c",
    "A. Karpathy, llm.c, train_gpt2.c at f1e2ace",
    "https://github.com/karpathy/llm.c/blob/f1e2ace/train_gpt2.c",
)
BATCHNORM = Source("batch norm", "S. Ioffe, C. Szegedy, Batch Normalization (2015)", "https://arxiv.org/abs/1502.03167")
CAFFE = Source(
    "Caffe", "Caffe, src/caffe/layers at 9b89154", "https://github.com/BVLC/caffe/tree/9b89154/src/caffe/layers"
)
TORCH = Source("Torch7 nn", "Torch7 nn", "https://github.com/torch/nn")
DARKNET = Source(
    "darknet BN", "darknet, src/batchnorm_layer.c, pull request 29", "https://github.com/pjreddie/darknet/pull/29"
)
MALLYA = Source(
    "Mallya LSTM",
    "A. Mallya, LSTM Forward and Backward Pass (at 4f4c8e4)",
    "http://arunmallya.github.io/writeups/nn/lstm/",
)
DLIB = Source("dlib", "dlib, dlib/dnn/loss.h after bdb1089", "https://github.com/davisking/dlib/pull/2680")
GGML = Source(
    "ggml",
    "ggml, src/ggml-cpu/ggml-cpu.c at 9a4acb3",
    "https://github.com/ggerganov/ggml/blob/9a4acb3/src/ggml-cpu/ggml-cpu.c",
)
_llm, _bn, _caffe, _chainer = right(LLMC), right(BATCHNORM), right(CAFFE), right(CHAINER)
_lstm, _torch = right(MALLYA), right(TORCH)
_by, _delta = sp.Derivative, sp.KroneckerDelta

# -- normalisation: g[d] is the gradient that arrives, w the scale ------------------------------
g = sp.IndexedBase("g")


def _mean(e: sp.Expr, over: sp.Idx, size: sp.Expr = D) -> sp.Expr:
    return sp.Sum(e, over) / size


_mu = _mean(x[d3], d3)
_var = _mean((x[d2] - _mu) ** 2, d2)
_rstd = 1 / sp.sqrt(_var + eps)


def _norm(at: sp.Idx) -> sp.Expr:
    return (x[at] - _mu) * _rstd


_layer = sp.Sum(g[d] * (w[d] * _norm(d) + b[d]), d)
_back = _rstd * (w[d] * g[d] - _mean(w[d1] * g[d1], d1) - _norm(d) * _mean(w[d1] * g[d1] * _norm(d1), d1))
_plain = sp.Sum(g[d] * _norm(d), d)
_plain_back = _rstd * (g[d] - _mean(g[d1], d1) - _mean(g[d1] * _norm(d1), d1) * _norm(d))

mu, var = sp.symbols("mu sigma2")
xh = sp.IndexedBase("xhat")
_batch = (
    sp.Eq(mu, sp.Sum(x[n], n) / N),
    sp.Eq(var, sp.Sum((x[n] - mu) ** 2, n) / N),
    sp.Eq(xh[n], (x[n] - mu) / sp.sqrt(var + eps)),
    sp.Eq(y[n], gamma * xh[n] + beta),
    sp.Eq(E, sp.Sum(g[n] * y[n], n)),
)
_by_xh, _by_var, _by_mu = _by(E, xh[n]), _by(E, var), _by(E, mu)
_ms = sp.Sum(x[d1] ** 2, d1) / D + eps
_length = sp.sqrt(sp.Sum(x[d1] ** 2, d1))

_token = sp.IndexedBase("inp", integer=True)  # the index of each token

# -- attention of one query over N keys ---------------------------------------------------------
scale = 1 / sp.sqrt(K)
out, pre, att, q, o = (sp.IndexedBase(name) for name in ("dout", "preatt", "att", "q", "o"))
_attend = (
    sp.Eq(pre[n], scale * sp.Sum(q[k] * P[n, k], k)),
    sp.Eq(att[n], sp.exp(pre[n]) / sp.Sum(sp.exp(pre[n2]), n2)),
    sp.Eq(o[k], sp.Sum(att[n] * V[n, k], n)),
    sp.Eq(E, sp.Sum(out[k] * o[k], k)),
)

# -- recurrent gates ----------------------------------------------------------------------------
names = ["ahat", "ihat", "fhat", "ohat", "a", "i", "f", "o", "c", "c0"]
ah, ih, fh, oh, ga, gi, gf, go, ct, c0 = (sp.IndexedBase(name) for name in names)
_gates = (
    sp.Eq(ah[d], sp.Sum(W[1, d, k] * x[k], k) + sp.Sum(U[1, d, d1] * h[d1], d1)),
    sp.Eq(ih[d], sp.Sum(W[2, d, k] * x[k], k) + sp.Sum(U[2, d, d1] * h[d1], d1)),
    sp.Eq(fh[d], sp.Sum(W[3, d, k] * x[k], k) + sp.Sum(U[3, d, d1] * h[d1], d1)),
    sp.Eq(oh[d], sp.Sum(W[4, d, k] * x[k], k) + sp.Sum(U[4, d, d1] * h[d1], d1)),
    sp.Eq(ga[d], sp.tanh(ah[d])),
    sp.Eq(gi[d], sigma(ih[d])),
    sp.Eq(gf[d], sigma(fh[d])),
    sp.Eq(go[d], sigma(oh[d])),
    sp.Eq(ct[d], gi[d] * ga[d] + gf[d] * c0[d]),
    sp.Eq(z[d], go[d] * sp.tanh(ct[d])),
    sp.Eq(E, sp.Sum(g[d] * z[d], d)),
)
_by_c = _by(E, ct[d])
_all_gates = sum(sp.Sum(U[row, d1, d] * _by(E, gate[d1]), d1) for row, gate in enumerate((ah, ih, fh, oh), start=1))

# -- distances ----------------------------------------------------------------------------------
_w1 = sp.Sum(x[d1] * y[d1], d1)
_w22, _w32 = 1 / (sp.Sum(x[d1] ** 2, d1) + eps), 1 / (sp.Sum(y[d1] ** 2, d1) + eps)
_gap = sp.Sum((x[d1] - y[d1]) ** 2, d1)
_p = sp.Symbol("p", positive=True)
_distance = sp.Sum(sp.Abs(x[d1] - y[d1]) ** _p, d1) ** (1 / _p)
_corr = sp.Sum(X[n, k1] * Y[n, k2], n) / N
_twins = sp.Sum((_corr * (1 - _delta(k1, k2))) ** 2, k1, k2)

FORMULAS = (
    _llm("lines 153-156",
         r"\text{dinp}=(d-\overline{d}-\text{norm}\,\overline{d\,\text{norm}})\,\text{rstd},\ d=\text{dnorm}",
         _layer, x[d], _back),
    _llm("line 150", r"\text{dweight}=\text{norm}\cdot\text{dout}", _layer, w[d], g[d] * _norm(d)),
    _llm("line 148", r"\text{dbias}=\text{dout}", _layer, b[d], g[d]),
    _llm("line 248", r"\text{dinp}_i=\sum_o w_{oi}\,\text{dout}_o", sp.Sum(g[c] * sp.Sum(W[c, d] * x[d], d), c), x[d],
         sp.Sum(W[c, d] * g[c], c)),
    _llm("line 264", r"\text{dweight}_{oi}=\sum \text{inp}_i\,\text{dout}_o",
         sp.Sum(Z[n, c] * sp.Sum(W[c, d] * X[n, d], d), n, c), W[c, d], sp.Sum(X[n, d] * Z[n, c], n)),
    _llm("line 375", r"\text{datt}=\sum v\,\text{dout}", E, att[n], sp.Sum(V[n, k] * out[k], k), definitions=_attend),
    _llm("line 376", r"\text{dvalue}=\text{att}\,\text{dout}", E, V[n, k], att[n] * out[k], definitions=_attend),
    _llm("lines 385-386", r"\text{dpreatt}_3=\sum_2\text{att}_2(1[2=3]-\text{att}_3)\,\text{datt}_2", E, pre[n],
         sp.Sum(att[n1] * (_delta(n1, n) - att[n]) * _by(E, att[n1]), n1), definitions=_attend),
    _llm("line 398", r"\text{dquery}=\sum k\,\text{dpreatt}\,\text{scale}", E, q[k],
         sp.Sum(P[n, k] * _by(E, pre[n]), n) * scale, definitions=_attend),
    _llm("line 399", r"\text{dkey}=q\,\text{dpreatt}\,\text{scale}", E, P[n, k], q[k] * _by(E, pre[n]) * scale,
         definitions=_attend),
    _llm("line 71", r"\text{dwte}_{ix}\mathrel{+}=\text{dout}", sp.Sum(Z[n, d] * (W[_token[n], d] + P[n, d]), n, d),
         W[k, d],
         sp.Sum(_delta(_token[n], k) * Z[n, d], n)),
    right(GGML)("line 7202, rms_norm_back", r"dx=(dz-x\,\overline{x\,dz}/\mathrm{mean\_eps})\,\mathrm{rrms}",
                sp.Sum(g[d] * x[d], d) / sp.sqrt(_ms), x[d],
                (g[d] - x[d] * sp.Sum(x[d2] * g[d2], d2) / D / _ms) / sp.sqrt(_ms)),
    right(GGML)("line 2109, silu", r"dy\,s(1+x(1-s))", sp.Sum(g[d] * x[d] * sigma(x[d]), d), x[d],
                g[d] * sigma(x[d]) * (1 + x[d] * (1 - sigma(x[d])))),
    _bn("section 3, ∂l/∂x̂", r"\frac{\partial l}{\partial y_i}\gamma", E, xh[n], g[n] * gamma, definitions=_batch),
    _bn("section 3, ∂l/∂σ²",
        r"\sum\frac{\partial l}{\partial\hat x_i}(x_i-\mu)\frac{-1}2(\sigma^2+\epsilon)^{-3/2}",
        E, var,
        sp.Sum(_by_xh * (x[n] - mu) * sp.Rational(-1, 2) * (var + eps) ** sp.Rational(-3, 2), n), definitions=_batch),
    _bn("section 3, ∂l/∂μ",
        r"\sum\frac{\partial l}{\partial\hat x_i}\frac{-1}{\sqrt{\sigma^2+\epsilon}}"
        r"+\frac{\partial l}{\partial\sigma^2}\frac{\sum-2(x_i-\mu)}m",
        E, mu, sp.Sum(-_by_xh / sp.sqrt(var + eps), n) + _by_var * sp.Sum(-2 * (x[n] - mu), n) / N, definitions=_batch),
    _bn("section 3, ∂l/∂x",
        r"\frac{\partial l}{\partial\hat x_i}\frac1{\sqrt{\sigma^2+\epsilon}}"
        r"+\frac{\partial l}{\partial\sigma^2}\frac{2(x_i-\mu)}m+\frac{\partial l}{\partial\mu}\frac1m",
        E, x[n], _by_xh / sp.sqrt(var + eps) + _by_var * 2 * (x[n] - mu) / N + _by_mu / N, definitions=_batch),
    _bn("section 3, ∂l/∂γ", r"\sum\frac{\partial l}{\partial y_i}\hat x_i", E, gamma, sp.Sum(g[n] * xh[n], n),
        definitions=_batch),
    right(DARKNET)("mean_delta_cpu", r"\sum\frac{\partial l}{\partial\hat x_i}\frac{-1}{\sqrt{\sigma^2+\epsilon}}",
                   E, mu, sp.Sum(-_by_xh / sp.sqrt(var + eps), n), definitions=_batch),
    _caffe("batch_norm_layer.cpp:190",
           r"(\tfrac{dE}{dY}-\overline{\tfrac{dE}{dY}}-\overline{\tfrac{dE}{dY}Y}\,Y)/\sqrt{\mathrm{var}+\epsilon}",
           _plain, x[d], _plain_back),
    _caffe("issue 3878", r"\ldots-(\overline{\tfrac{dE}{dY}Y}\,Y+\overline{\tfrac{dE}{dY}}\,\overline{Y})", _plain,
           x[d],
           _plain_back - _rstd * _mean(g[d1], d1) * _mean(_norm(d1), d1)),
    _caffe("contrastive_loss_layer.cpp:91", r"-\alpha\,(a-b)\text{ if }m>d^2", sp.Max(lam - _gap, 0) / 2, x[d],
           -sp.Heaviside(lam - _gap) * (x[d] - y[d])),
    _chainer("layer_normalization.py:61-76",
             r"g_{x1}-\tfrac1n\sum g_{x1},\ g_{x1}=g\,\mathrm{inv}-\tfrac1n\mathrm{inv}^3 x_\mu\sum g x_\mu",
             _plain, x[d], g[d] * _rstd - _rstd**3 * (x[d] - _mu) * _mean(g[d1] * (x[d1] - _mu), d1)
             - _mean(g[d2] * _rstd - _rstd**3 * (x[d2] - _mu) * _mean(g[d1] * (x[d1] - _mu), d1), d2)),
    _chainer("l2_normalization.py:74-75", r"(g\,\mathrm{norm}-x\,\tfrac{\sum xg}{\|x\|})/\mathrm{norm}^2",
             sp.Sum(g[d] * x[d], d) / (_length + eps), x[d],
             (g[d] * (_length + eps) - sp.Sum(x[d2] * g[d2], d2) / _length * x[d]) / (_length + eps) ** 2),
    _torch("CosineDistance.lua:87-88", r"(x_2-w_1w_{22}x_1)\,w", _w1 * sp.sqrt(_w22 * _w32), x[d],
           (y[d] - _w1 * _w22 * x[d]) * sp.sqrt(_w22 * _w32)),
    _torch("PairwiseDistance.lua after 4be845e", r"\frac{x_k|x_k|^{p-2}}{\|x\|_p^{p-1}}", _distance, x[d],
           (x[d] - y[d]) * sp.Abs(x[d] - y[d]) ** (_p - 2) * _distance ** (1 - _p)),
    right(DLIB)("line 4136, off-diagonal term", r"\frac{\partial}{\partial A}=\frac2N B(C'\circ D)", _twins, X[n, k],
                2 / N * sp.Sum(Y[n, k2] * sp.Sum(X[n1, k] * Y[n1, k2], n1) / N * (1 - _delta(k, k2)), k2)),
    _lstm("line 230", r"\delta o^t=\delta h^t\odot\tanh(c^t)", E, go[d], g[d] * sp.tanh(ct[d]), definitions=_gates),
    _lstm("line 234", r"\delta c^t=\delta h^t\odot o^t\odot(1-\tanh^2(c^t))", E, ct[d],
          g[d] * go[d] * (1 - sp.tanh(ct[d]) ** 2), definitions=_gates),
    _lstm("line 266", r"\delta i^t=\delta c^t\odot a^t", E, gi[d], _by_c * ga[d], definitions=_gates),
    _lstm("line 267", r"\delta f^t=\delta c^t\odot c^{t-1}", E, gf[d], _by_c * c0[d], definitions=_gates),
    _lstm("line 276", r"\delta c^{t-1}=\delta c^t\odot f^t", E, c0[d], _by_c * gf[d], definitions=_gates),
    _lstm("line 301", r"\delta\hat a^t=\delta a^t\odot(1-\tanh^2(\hat a^t))", E, ah[d],
          _by(E, ga[d]) * (1 - sp.tanh(ah[d]) ** 2), definitions=_gates),
    _lstm("line 303", r"\delta\hat f^t=\delta f^t\odot f^t\odot(1-f^t)", E, fh[d],
          _by(E, gf[d]) * gf[d] * (1 - gf[d]), definitions=_gates),
    _lstm("line 332", r"\delta W^t=\delta z^t\times(I^t)^T", E, W[3, d, k], _by(E, fh[d]) * x[k], definitions=_gates),
    _lstm("line 329", r"\delta I^t=W^T\times\delta z^t", E, h[d], _all_gates, definitions=_gates),
    _chainer("rnn/lstm.py:164", r"g_a=g_c\,\sigma_i\,(1-\tanh^2 a)", E, ah[d], _by_c * gi[d] * (1 - ga[d] ** 2),
             definitions=_gates),
)  # fmt: skip
