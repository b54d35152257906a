"""M. Nielsen, Neural Networks and Deep Learning (2015), chapters 2 and 3, by the numbers of its equations."""

from __future__ import annotations

import sympy as sp

from public.letters import N, W, X, Y, a, b, c, c2, d, d1, k, lam, n, sigma, w, x, y, z
from public.record import Source, right

NIELSEN = Source(
    "Nielsen", "M. Nielsen, Neural Networks and Deep Learning (2015)", "http://neuralnetworksanddeeplearning.com"
)
_true = right(NIELSEN)

act = sp.Function("sigma")
cost, u, bias, target, rate = sp.symbols("C w b y r")
w1, w2, b1, b2, a0, a1, a2, z1, z2 = map(sp.IndexedBase, ["w1", "w2", "b1", "b2", "a0", "a1", "a2", "z1", "z2"])

#: two layers with an activation that is not named, and the quadratic cost
_net = (
    sp.Eq(z1[d], sp.Sum(w1[d, k] * a0[k], k) + b1[d]),
    sp.Eq(a1[d], act(z1[d])),
    sp.Eq(z2[c], sp.Sum(w2[c, d] * a1[d], d) + b2[c]),
    sp.Eq(a2[c], act(z2[c])),
    sp.Eq(cost, sp.Sum((a2[c] - y[c]) ** 2, c) / 2),
)
_slope1, _slope2 = sp.Derivative(act(z1[d]), z1[d]), sp.Derivative(act(z2[c]), z2[c])
_by = sp.Derivative

#: one neuron, several inputs, averaged over the training set
_neuron = sp.Sum(w[d] * X[n, d], d) + bias
_logs = -sp.Sum(y[n] * sp.log(sigma(_neuron)) + (1 - y[n]) * sp.log(1 - sigma(_neuron)), n) / N
_inner = sp.Sum(w[d1] * X[n, d1], d1) + bias

#: an output layer, averaged: a[n, d] are the activations before it
_zl = sp.Sum(W[c, d] * a[n, d], d) + b[c]
_zl1 = sp.Sum(W[c, d1] * a[n, d1], d1) + b[c]
_quadratic = sp.Sum((sigma(_zl) - Y[n, c]) ** 2, n, c) / (2 * N)
_entropy = -sp.Sum(Y[n, c] * sp.log(sigma(_zl)) + (1 - Y[n, c]) * sp.log(1 - sigma(_zl)), n, c) / N
_linear = sp.Sum((_zl - Y[n, c]) ** 2, n, c) / (2 * N)

#: a softmax layer with the log-likelihood cost, one example of class 1
_scores = (
    sp.Eq(z[c], sp.Sum(W[c, d] * x[d], d) + b[c]),
    sp.Eq(a[c], sp.exp(z[c]) / sp.Sum(sp.exp(z[c2]), c2)),
    sp.Eq(cost, -sp.Sum(sp.KroneckerDelta(c, 1) * sp.log(a[c]), c)),
)
_slow = (target - sigma(u * rate + bias)) ** 2 / 2
_at = sigma(u * rate + bias)
_pen = sp.Function("C_0")

FORMULAS = (
    _true("(BP1)", r"\delta^L_j=\frac{\partial C}{\partial a^L_j}\sigma'(z^L_j)", cost, z2[c],
          _by(cost, a2[c]) * _slope2, definitions=_net),
    _true("(30)", r"\delta^L=(a^L-y)\odot\sigma'(z^L)", cost, z2[c], (a2[c] - y[c]) * _slope2, definitions=_net),
    _true("(BP2)", r"\delta^l=((w^{l+1})^T\delta^{l+1})\odot\sigma'(z^l)", cost, z1[d],
          sp.Sum(w2[c, d] * _by(cost, z2[c]), c) * _slope1, definitions=_net),
    _true("(BP3)", r"\frac{\partial C}{\partial b^l_j}=\delta^l_j", cost, b1[d], _by(cost, z1[d]), definitions=_net),
    _true("(BP4)", r"\frac{\partial C}{\partial w^l_{jk}}=a^{l-1}_k\delta^l_j", cost, w1[d, k],
          a0[k] * _by(cost, z1[d]), definitions=_net),
    _true("(55)", r"\frac{\partial C}{\partial w}=(a-y)\sigma'(z)x", _slow, u,
          (_at - target) * _at * (1 - _at) * rate),
    _true("(56)", r"\frac{\partial C}{\partial b}=(a-y)\sigma'(z)=a\sigma'(z)", _slow, bias, _at * _at * (1 - _at),
          assumptions=[sp.Eq(rate, 1), sp.Eq(target, 0)]),
    _true("(59)", r"-\frac1n\sum_x\left(\frac{y}{\sigma(z)}-\frac{1-y}{1-\sigma(z)}\right)\sigma'(z)x_j", _logs, w[d],
          -sp.Sum((y[n] / sigma(_inner) - (1 - y[n]) / (1 - sigma(_inner))) * sigma(_inner) * (1 - sigma(_inner))
                  * X[n, d], n) / N),
    _true("(61)", r"\frac1n\sum_x x_j(\sigma(z)-y)", _logs, w[d], sp.Sum(X[n, d] * (sigma(_inner) - y[n]), n) / N),
    _true("(62)", r"\frac1n\sum_x(\sigma(z)-y)", _logs, bias, sp.Sum(sigma(_inner) - y[n], n) / N),
    _true("(65)", r"\frac1n\sum_x a^{L-1}_k(a^L_j-y_j)\sigma'(z^L_j)", _quadratic, W[c, d],
          sp.Sum(a[n, d] * (sigma(_zl1) - Y[n, c]) * sigma(_zl1) * (1 - sigma(_zl1)), n) / N),
    _true("(67)", r"\frac1n\sum_x a^{L-1}_k(a^L_j-y_j)", _entropy, W[c, d],
          sp.Sum(a[n, d] * (sigma(_zl1) - Y[n, c]), n) / N),
    _true("(69)", r"\frac1n\sum_x a^{L-1}_k(a^L_j-y_j)\text{, linear neurons}", _linear, W[c, d],
          sp.Sum(a[n, d] * (_zl1 - Y[n, c]), n) / N),
    _true("(70)", r"\frac1n\sum_x(a^L_j-y_j)\text{, linear neurons}", _linear, b[c], sp.Sum(_zl - Y[n, c], n) / N),
    _true("(75)", r"\frac{\partial C}{\partial a}=\frac{a-y}{a(1-a)}",
          -target * sp.log(u) - (1 - target) * sp.log(1 - u), u, (u - target) / (u * (1 - u))),
    _true("(81)", r"\frac{\partial C}{\partial b^L_j}=a^L_j-y_j", cost, b[c], a[c] - sp.KroneckerDelta(c, 1),
          definitions=_scores),
    _true("(82)", r"\frac{\partial C}{\partial w^L_{jk}}=a^{L-1}_k(a^L_j-y_j)", cost, W[c, d],
          x[d] * (a[c] - sp.KroneckerDelta(c, 1)), definitions=_scores),
    _true("(84)", r"\delta^L_j=a^L_j-y_j", cost, z[c], a[c] - sp.KroneckerDelta(c, 1), definitions=_scores),
    _true("(88)", r"\frac{\partial C}{\partial w}=\frac{\partial C_0}{\partial w}+\frac{\lambda}{n}w",
          sp.Sum(_pen(w[d]), d) + lam / (2 * N) * sp.Sum(w[d] ** 2, d), w[d],
          sp.Derivative(_pen(w[d]), w[d]) + lam / N * w[d]),
    _true("(96)",
          r"\frac{\partial C}{\partial w}=\frac{\partial C_0}{\partial w}+\frac{\lambda}{n}\operatorname{sgn}(w)",
          sp.Sum(_pen(w[d]), d) + lam / N * sp.Sum(sp.Abs(w[d]), d), w[d],
          sp.Derivative(_pen(w[d]), w[d]) + lam / N * sp.sign(w[d])),
)  # fmt: skip
