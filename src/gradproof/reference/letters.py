"""What the entries share: sizes, indices with their ranges, arrays, symbols, and the softmax.

N examples (n, m), K classes (k, l, c), D features (d, e), H hidden units (h, i), T positions (t, u),
R the rank (r).  X are inputs, y targets, w and W weights, f predictions, z logits, p probabilities;
g is what comes back to a layer from above, L the loss.
"""

from __future__ import annotations

import sympy as sp

from gradproof.reference.entry import Stable

D, H, K, N, R, T = sp.symbols("D H K N R T", integer=True, positive=True)

n, m = (sp.Idx(name, (1, N)) for name in "nm")
k, l, c = (sp.Idx(name, (1, K)) for name in "klc")
d, e = (sp.Idx(name, (1, D)) for name in "de")
h, i = (sp.Idx(name, (1, H)) for name in "hi")
t, u = (sp.Idx(name, (1, T)) for name in "tu")
r = sp.Idx("r", (1, R))

W, X, f, g, p, q, s, w, y, z = map(sp.IndexedBase, ["W", "X", "f", "g", "p", "q", "s", "w", "y", "z"])

L, M, b, x = sp.symbols("L M b x")
alpha, beta, delta, epsilon, gamma, lam, tau = sp.symbols("alpha beta delta epsilon gamma lambda tau", positive=True)


def sigmoid(u: sp.Expr) -> sp.Expr:
    """The logistic function."""
    return 1 / (1 + sp.exp(-u))


SOFTMAX = sp.Eq(p[k], sp.exp(z[k]) / sp.Sum(sp.exp(z[l]), l))
WARM_SOFTMAX = sp.Eq(p[k], sp.exp(z[k] / tau) / sp.Sum(sp.exp(z[l] / tau), l))
OVERFLOW = "The exponentials overflow, and infinity by infinity has no value. Any $M$ gives the same; the largest logit keeps them at most 1."

#: the same, so that no exponential overflows
SHIFTED = Stable(
    SOFTMAX.rhs,
    sp.exp(z[k] - M) / sp.Sum(sp.exp(z[l] - M), l),
    {K: 2, k: 1, z: [1000, 1001], M: 1001},
    OVERFLOW,
    {M: "z.max()"},
)
WARM_SHIFTED = Stable(
    WARM_SOFTMAX.rhs,
    sp.exp((z[k] - M) / tau) / sp.Sum(sp.exp((z[l] - M) / tau), l),
    {K: 2, k: 1, z: [10, 11], M: 11, tau: "0.01"},
    OVERFLOW,
    {M: "z.max()"},
)
LOG_SHIFTED = Stable(
    sp.log(SOFTMAX.rhs),
    z[k] - M - sp.log(sp.Sum(sp.exp(z[l] - M), l)),
    {K: 2, k: 1, z: [-800, 0], M: 0},
    "The probability underflows to 0, and its logarithm is infinite.",
)
