"""Losses that several tests use, with sizes that are never fixed."""

from __future__ import annotations

import sympy as sp

from gradproof import Model

D, M, K, N = sp.symbols("D M K N", integer=True, positive=True)
i, j, k, n = sp.Idx("i", (1, D)), sp.Idx("j", (1, M)), sp.Idx("k", (1, K)), sp.Idx("n", (1, N))
a = sp.Idx("a", (1, N))
x, y, t, h, z = (sp.IndexedBase(name) for name in ("x", "y", "t", "h", "z"))
w1, w2, S = (sp.IndexedBase(name) for name in ("w1", "w2", "S"))
u, v, m, b, theta, E = sp.symbols("u v m b theta E")
f, g = sp.Function("f"), sp.Function("g")

LINE = sp.Sum((y[n] - (m * x[n] + b)) ** 2, n) / N
LINE_BY_M = -2 * sp.Sum(x[n] * (y[n] - m * x[n] - b), n) / N
LINE_BY_B = -2 * sp.Sum(y[n] - m * x[n] - b, n) / N

#: The tanh network with nothing named: (5.3) to (5.5) put into (5.8).
OUTPUT = sp.Sum(w2[k, j] * sp.tanh(sp.Sum(w1[j, i] * x[i], i)), j)
NETWORK = sp.Sum((OUTPUT - t[k]) ** 2, k) / 2

#: The same with every quantity named.
NAMED = Model(
    [
        sp.Eq(h[j], sp.Sum(w1[j, i] * x[i], i)),
        sp.Eq(z[j], sp.tanh(h[j])),
        sp.Eq(y[k], sp.Sum(w2[k, j] * z[j], j)),
        sp.Eq(E, sp.Sum((y[k] - t[k]) ** 2, k) / 2),
    ]
)
BACK = sp.Sum((y[k] - t[k]) * w2[k, j], k)
NAMED_GRADIENTS = {
    w2[k, j]: (y[k] - t[k]) * z[j],  # (5.9)
    z[j]: BACK,  # (5.11)
    h[j]: (1 - z[j] ** 2) * BACK,
    w1[j, i]: (1 - z[j] ** 2) * x[i] * BACK,  # (5.12)
    y[k]: y[k] - t[k],
    x[i]: sp.Sum((1 - z[j] ** 2) * w1[j, i] * BACK, j),
}
