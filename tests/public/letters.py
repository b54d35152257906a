"""Letters that the formulas share: sizes, indices, arrays, and a few functions."""

from __future__ import annotations

import sympy as sp

C, D, K, M, N = sp.symbols("C D K M N", integer=True, positive=True)  # sizes
c, c1, c2, c3 = (sp.Idx(name, (1, C)) for name in ("c", "c1", "c2", "c3"))
d, d1, d2, d3 = (sp.Idx(name, (1, D)) for name in ("d", "d1", "d2", "d3"))
k, k1, k2, k3 = (sp.Idx(name, (1, K)) for name in ("k", "k1", "k2", "k3"))
m, m1, m2 = (sp.Idx(name, (1, M)) for name in ("m", "m1", "m2"))
n, n1, n2, n3 = (sp.Idx(name, (1, N)) for name in ("n", "n1", "n2", "n3"))

P, U, V, W, X, Y, Z = (sp.IndexedBase(name) for name in "PUVWXYZ")
a, b, h, o, p, q, s, t, u, v, w, x, y, z = (sp.IndexedBase(name) for name in "abhopqstuvwxyz")

E = sp.Symbol("E")
alpha, beta, gamma, delta, eps, lam, tau = sp.symbols("alpha beta gamma delta epsilon lambda tau", positive=True)


def sigma(e: sp.Expr) -> sp.Expr:
    """The logistic sigmoid."""
    return 1 / (1 + sp.exp(-e))


def softmax(scores: sp.IndexedBase, at: sp.Basic, over: sp.Idx) -> sp.Expr:
    """The softmax of scores, at one index; `over` is the index of the sum."""
    return sp.exp(scores[at]) / sp.Sum(sp.exp(scores[over]), over)
