"""Gradients that are right, over the losses and layers of machine learning: the benchmark's ground."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy import (
    Abs,
    Eq,
    Gt,
    Idx,
    IndexedBase,
    KroneckerDelta,
    Max,
    Piecewise,
    Sum,
    erf,
    exp,
    log,
    pi,
    sign,
    sqrt,
    tanh,
)

from gradproof import Model
from losses import NAMED, NAMED_GRADIENTS, NETWORK, E, i, j, k, w1, w2
from losses import t as target

N, K, D, H, B, T, R, J = sp.symbols("N K D H B T R J", integer=True, positive=True)
n, m, o = (Idx(s, (1, N)) for s in "nmo")
c, l, q, kk = (Idx(s, (1, K)) for s in ("c", "l", "q", "k"))
d, e, f, g_ = (Idx(s, (1, D)) for s in "defg")
h = Idx("h", (1, H))
t, u, v_ = (Idx(s, (1, T)) for s in "tuv")
r, r2 = (Idx(s, (1, R)) for s in ("r", "s"))
x, y, w, z, p, a, b, G, g = (IndexedBase(s) for s in ["x", "y", "w", "z", "p", "a", "b", "G", "g"])
X, W, Y, A, U, V, P, Q, S, M = (IndexedBase(s) for s in ["X", "W", "Y", "A", "U", "V", "P", "Q", "S", "M"])
lam, tau, beta, eps, delta, mu = sp.symbols("lambda tau beta epsilon delta mu", positive=True)
th, s_, ls = sp.symbols("theta s ell", real=True)


@dataclass(frozen=True)
class Right:
    """A loss, what it is differentiated by, the gradient, under assumptions, through a model."""

    loss: Any
    wrt: Any
    gradient: Any
    assumptions: tuple[Any, ...] = ()
    model: Model | None = None

    @property
    def free(self) -> tuple[Idx, ...]:
        """The gradient's free indices."""
        known = {s for s in sp.sympify(self.gradient).free_symbols if isinstance(s, Idx)}
        return tuple(sorted(known | {s for s in getattr(self.wrt, "indices", ()) if isinstance(s, Idx)}, key=str))


def _sigma(e: sp.Expr) -> sp.Expr:
    return 1 / (1 + exp(-e))


def _softmax(logit: Callable[[Idx], sp.Expr], at: Idx, over: Idx) -> sp.Expr:
    return exp(logit(at)) / Sum(exp(logit(over)), over)


def _line(row: Idx, over: Idx = d) -> sp.Expr:
    return Sum(X[row, over] * w[over], over)


_MEAN, _VAR = Sum(x[f], f) / D, Sum((x[f] - Sum(x[g_], g_) / D) ** 2, f) / D
_STD = sqrt(_VAR + eps)
_NORM, _OTHER = sqrt(Sum(x[d] ** 2, d)), sqrt(Sum(y[d] ** 2, d))
_RMS = sqrt(Sum(x[d] ** 2, d) / D + eps)


def _hat(at: Idx) -> sp.Expr:
    return (x[at] - _MEAN) / _STD


def _score(row: Idx, column: Idx) -> sp.Expr:
    return Sum(Q[row, d] * P[column, d], d) / sqrt(D)


def _attention(row: Idx, column: Idx) -> sp.Expr:
    return exp(_score(row, column)) / Sum(exp(_score(row, v_)), v_)


_ATTENDED = Sum(G[t, h] * Sum(_attention(t, u) * V[u, h], u), t, h)
_TOWARDS = Sum(G[t, h] * V[u, h], h)
_PHI = (1 + erf(th / sqrt(2))) / 2


def _logit(row: Idx, column: Idx) -> sp.Expr:
    return Sum(X[row, d] * W[d, column], d)


def _class(row: Idx, column: Idx) -> sp.Expr:
    return exp(_logit(row, column)) / Sum(exp(_logit(row, q)), q)


_MARGIN = 1 - y[n] * _line(n)
_FAR = Sum((a[d] - p[d]) ** 2, d) - Sum((a[d] - b[d]) ** 2, d) + mu
ii, jj = Idx("q", (i.lower, i.upper)), Idx("l", (j.lower, j.upper))
_OUT = Sum(w2[k, jj] * tanh(Sum(w1[jj, ii] * x[ii], ii)), jj)

RIGHT: dict[str, Right] = {
    "regression": Right(Sum((_line(n) - y[n]) ** 2, n) / N, w[e], 2 * Sum((_line(n) - y[n]) * X[n, e], n) / N),
    "ridge": Right(
        Sum((_line(n) - y[n]) ** 2, n) / (2 * N) + lam * Sum(w[d] ** 2, d) / 2,
        w[e],
        Sum((_line(n) - y[n]) * X[n, e], n) / N + lam * w[e],
    ),
    "weighted regression": Right(
        Sum(a[n] * (y[n] - th * x[n]) ** 2, n) / 2, th, -Sum(a[n] * x[n] * (y[n] - th * x[n]), n)
    ),
    "absolute": Right(Sum(Abs(_line(n) - y[n]), n), w[e], Sum(sign(_line(n) - y[n]) * X[n, e], n)),
    "lasso": Right(
        Sum((y[n] - _line(n)) ** 2, n) / 2 + lam * Sum(Abs(w[d]), d),
        w[e],
        -Sum(X[n, e] * (y[n] - _line(n)), n) + lam * sign(w[e]),
    ),
    "Huber": Right(
        Piecewise((th**2 / 2, Abs(th) <= delta), (delta * (Abs(th) - delta / 2), True)),
        th,
        Piecewise((th, Abs(th) <= delta), (delta * sign(th), True)),
    ),
    "squared hinge": Right(Sum(Max(0, _MARGIN) ** 2, n), w[e], -2 * Sum(Max(0, _MARGIN) * y[n] * X[n, e], n)),
    "logistic": Right(
        Sum(log(1 + exp(-y[n] * _line(n))), n), w[e], -Sum(y[n] * X[n, e] / (1 + exp(y[n] * _line(n))), n)
    ),
    "binary cross-entropy": Right(
        -Sum(y[n] * log(_sigma(_line(n))) + (1 - y[n]) * log(1 - _sigma(_line(n))), n) / N,
        w[e],
        Sum((_sigma(_line(n)) - y[n]) * X[n, e], n) / N,
    ),
    "Poisson": Right(Sum(exp(_line(n)) - y[n] * _line(n), n), w[e], Sum((exp(_line(n)) - y[n]) * X[n, e], n)),
    "softmax Jacobian": Right(
        _softmax(lambda i: z[i], kk, l),
        z[l],
        _softmax(lambda i: z[i], kk, q) * (KroneckerDelta(kk, l) - _softmax(lambda i: z[i], l, q)),
    ),
    "cross-entropy of logits": Right(
        -Sum(y[kk] * log(_softmax(lambda i: z[i], kk, l)), kk),
        z[c],
        _softmax(lambda i: z[i], c, l) - y[c],
        (Eq(Sum(y[kk], kk), 1),),
    ),
    "softmax regression": Right(
        -Sum(Y[n, kk] * log(_class(n, kk)), n, kk) / N,
        W[e, c],
        Sum(X[n, e] * (_class(n, c) - Y[n, c]), n) / N,
        (Eq(Sum(Y[n, kk], kk), 1),),
    ),
    "log-sum-exp with temperature": Right(
        tau * log(Sum(exp(z[kk] / tau), kk)), z[c], exp(z[c] / tau) / Sum(exp(z[l] / tau), l)
    ),
    "log-sum-exp by temperature": Right(
        tau * log(Sum(exp(z[kk] / tau), kk)),
        tau,
        log(Sum(exp(z[kk] / tau), kk)) - Sum(z[kk] * exp(z[kk] / tau), kk) / (tau * Sum(exp(z[kk] / tau), kk)),
    ),
    "KL of logits": Right(
        Sum(p[kk] * log(p[kk] / _softmax(lambda i: z[i], kk, l)), kk),
        z[c],
        _softmax(lambda i: z[i], c, l) - p[c],
        (Eq(Sum(p[kk], kk), 1), Gt(p[kk], 0)),
    ),
    "KL by the first": Right(
        Sum(p[kk] * log(p[kk] / a[kk]), kk), p[c], log(p[c] / a[c]) + 1, (Gt(p[kk], 0), Gt(a[kk], 0))
    ),
    "InfoNCE": Right(
        -Sum(log(exp(S[n, n] / tau) / Sum(exp(S[n, m] / tau), m)), n) / N,
        S[n, m],
        (exp(S[n, m] / tau) / Sum(exp(S[n, o] / tau), o) - KroneckerDelta(n, m)) / (N * tau),
    ),
    "preference": Right(-log(_sigma(beta * (s_ - th))), s_, -beta * _sigma(-beta * (s_ - th))),
    "triplet": Right(Max(0, _FAR), a[e], Piecewise((2 * (b[e] - p[e]), _FAR > 0), (0, True))),
    "layer norm Jacobian": Right(
        (x[d] - _MEAN) / _STD, x[e], (KroneckerDelta(d, e) - 1 / D - _hat(d) * _hat(e) / D) / _STD
    ),
    "layer norm backwards": Right(
        Sum(g[d] * _hat(d), d),
        x[e],
        (g[e] - Sum(g[d], d) / D - _hat(e) * Sum(g[d] * _hat(d), d) / D) / _STD,
    ),
    "RMS norm": Right(Sum(g[d] * x[d], d) / _RMS, x[e], (g[e] - x[e] * Sum(g[d] * x[d], d) / (D * _RMS**2)) / _RMS),
    "variance": Right(_VAR, x[e], 2 * (x[e] - _MEAN) / D),
    "norm": Right(_NORM, x[e], x[e] / _NORM),
    "cosine": Right(
        Sum(x[d] * y[d], d) / (_NORM * _OTHER),
        x[e],
        y[e] / (_NORM * _OTHER) - Sum(x[d] * y[d], d) * x[e] / (_NORM**3 * _OTHER),
    ),
    "attention by values": Right(_ATTENDED, V[u, h], Sum(_attention(t, u) * G[t, h], t)),
    "attention by queries": Right(
        _ATTENDED,
        Q[t, e],
        Sum(_attention(t, u) * (_TOWARDS - Sum(_attention(t, v_) * Sum(G[t, h] * V[v_, h], h), v_)) * P[u, e], u)
        / sqrt(D),
    ),
    "low rank": Right(
        Sum((Y[n, kk] - Sum(U[n, r] * V[kk, r], r)) ** 2, n, kk),
        U[n, r],
        -2 * Sum((Y[n, kk] - Sum(U[n, r2] * V[kk, r2], r2)) * V[kk, r], kk),
    ),
    "quadratic form": Right(
        Sum(x[d] * A[d, f] * x[f], d, f) / 2, x[e], Sum(A[e, d] * x[d], d), (Eq(A[d, f], A[f, d]),)
    ),
    "quadratic form with no symmetry": Right(
        Sum(x[d] * A[d, f] * x[f], d, f), x[e], Sum((A[e, d] + A[d, e]) * x[d], d)
    ),
    "logistic Hessian": Right(
        Sum((_sigma(_line(n)) - y[n]) * X[n, e], n),
        w[f],
        Sum(_sigma(_line(n)) * (1 - _sigma(_line(n))) * X[n, e] * X[n, f], n),
    ),
    "Gaussian likelihood": Right(
        Sum((y[n] - th) ** 2 * exp(-ls) / 2 + ls / 2, n), ls, N / 2 - Sum((y[n] - th) ** 2, n) * exp(-ls) / 2
    ),
    "GELU": Right(th * _PHI, th, _PHI + th * exp(-(th**2) / 2) / sqrt(2 * pi)),
    "swish": Right(
        th * _sigma(beta * th), th, _sigma(beta * th) + beta * th * _sigma(beta * th) * (1 - _sigma(beta * th))
    ),
    "Dice": Right(
        1 - 2 * Sum(p[kk] * y[kk], kk) / (Sum(p[kk], kk) + Sum(y[kk], kk)),
        p[c],
        -2
        * (y[c] * (Sum(p[kk], kk) + Sum(y[kk], kk)) - Sum(p[kk] * y[kk], kk))
        / (Sum(p[kk], kk) + Sum(y[kk], kk)) ** 2,
    ),
    "tanh network, first layer": Right(
        NETWORK,
        w1[j, i],
        Sum((_OUT - target[k]) * w2[k, j] * (1 - tanh(Sum(w1[j, ii] * x[ii], ii)) ** 2) * x[i], k),
    ),
    "tanh network named, first layer": Right(E, w1[j, i], NAMED_GRADIENTS[w1[j, i]], (), NAMED),
    "tanh network named, second layer": Right(E, w2[k, j], NAMED_GRADIENTS[w2[k, j]], (), NAMED),
}
