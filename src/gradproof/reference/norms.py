"""Norms and distances, means and variances, and the layers that normalise by them."""

from __future__ import annotations

import sympy as sp
from sympy import Abs, Eq, KroneckerDelta, Sum, sign, sqrt

from gradproof.reference.entry import Entry, Gradient, Stable, Wrong
from gradproof.reference.letters import D, L, N, X, d, e, epsilon, g, n, y, z

G, H, Z, x, u = map(sp.IndexedBase, ("G", "h", "Z", "x", "u"))
o = sp.Idx("m", (1, N))
weight, shift, centre, scale = map(sp.IndexedBase, ("gamma", "beta", "mu", "s"))
length, other, cosine, M, V, S = sp.symbols("r t c mu v s")
P = sp.Symbol("p", positive=True)
m = sp.Symbol("m", positive=True)
MEAN = Eq(M, Sum(x[d], d) / D)
LENGTH = Eq(length, sqrt(Sum(x[d] ** 2, d)))
OVERFLOW = Stable(
    sqrt(Sum(x[d] ** 2, d)),
    m * sqrt(Sum(sp.Pow(x[d] / m, 2, evaluate=False), d)),
    {D: 2, x: ["3e200", "4e200"], m: "4e200"},
    "The squares overflow, although the length does not. Any $m > 0$ gives the same.",
    {m: "np.abs(x).max()"},
)


def mean() -> Entry:
    """∂μ/∂x_d = 1/D."""
    return Entry(
        "mean",
        "Mean",
        "The mean of $D$ numbers: each of them moves it by one $D$-th.",
        "mean average pooling",
        (MEAN,),
        (Gradient(x[d], 1 / D, (Wrong(sp.Integer(1), "That is the derivative of the sum."),)),),
        "Safe for numbers of like size.",
    )


def variance() -> Entry:
    """∂v/∂x_d = 2 (x_d − μ)/D."""
    return Entry(
        "variance",
        "Variance",
        "The mean squared distance from the mean, which depends on each $x_d$ too.",
        "variance second moment spread",
        (MEAN, Eq(V, Sum((x[d] - M) ** 2, d) / D)),
        (
            Gradient(
                x[d],
                2 / D * (x[d] - M),
                (
                    Wrong(
                        2 / D * (x[d] - M) * (1 - 1 / D),
                        "The path through the mean is counted for one term only; over all terms it cancels.",
                    ),
                    Wrong(2 * x[d] / D, "That is the derivative of the mean square; the mean is not subtracted."),
                ),
            ),
        ),
        "As the difference of the mean square and the squared mean it cancels.",
        (
            Stable(
                Sum(x[d] ** 2, d) / D - (Sum(x[d], d) / D) ** 2,
                Sum((x[d] - Sum(x[e], e) / D) ** 2, d) / D,
                {D: 2, x: ["100000000", "100000001"]},
                "Two large numbers are subtracted, and the digits that differ are lost.",
            ),
        ),
        uses=("mean",),
    )


def standard_deviation() -> Entry:
    """∂s/∂x_d = (x_d − μ)/(D s)."""
    return Entry(
        "standard-deviation",
        "Standard deviation",
        "The square root of the variance; $\\epsilon$ keeps it away from 0.",
        "standard deviation std spread",
        (MEAN, Eq(S, sqrt(Sum((x[d] - M) ** 2, d) / D + epsilon))),
        (
            Gradient(
                x[d],
                (x[d] - M) / (D * S),
                (Wrong(2 / (D * S) * (x[d] - M), "The ½ of the square root cancels the 2."),),
            ),
        ),
        "Without $\\epsilon$ it is 0/0 for equal numbers.",
        uses=("variance",),
    )


def layer_norm() -> Entry:
    """∂L/∂x_d = (h_d − mean h − z_d mean(h z))/s, with h = g γ."""
    back = Eq(H[d], g[d] * weight[d])
    return Entry(
        "layer-norm",
        "Layer normalisation",
        "One vector, centred and scaled, then weighted by $\\gamma_d$ and moved by $\\beta_d$; $g_d$ is the gradient by the output.",
        "layernorm layer normalization transformer gamma beta backward pass vjp",
        (
            MEAN,
            Eq(S, sqrt(Sum((x[d] - M) ** 2, d) / D + epsilon)),
            Eq(z[d], (x[d] - M) / S),
            back,
            Eq(L, Sum(g[d] * (weight[d] * z[d] + shift[d]), d)),
        ),
        (
            Gradient(
                x[d],
                (H[d] - Sum(H[e], e) / D - z[d] * Sum(H[e] * z[e], e) / D) / S,
                (
                    Wrong(H[d] / S, "Mean and deviation are held fixed; both depend on every $x_d$."),
                    Wrong((H[d] - Sum(H[e], e) / D) / S, "The path through the deviation is forgotten."),
                ),
            ),
            Gradient(weight[d], g[d] * z[d], (Wrong(g[d] * x[d], "The weight multiplies the normalised input."),)),
            Gradient(shift[d], g[d]),
        ),
        "Compute the variance from centred numbers. $\\epsilon$ bounds the gradient by $1/\\sqrt{\\epsilon}$ where all inputs are equal.",
        uses=("mean", "standard-deviation"),
        see=("rms-norm", "batch-norm"),
    )


def batch_norm() -> Entry:
    """∂L/∂X_nd = (γ_d/s_d)(G_nd − mean_n G − Z_nd mean_n(G Z))."""
    return Entry(
        "batch-norm",
        "Batch normalisation",
        "Each feature is centred and scaled over the $N$ examples of a batch; $G_{nd}$ is the gradient by the output.",
        "batchnorm batch normalization training mode gamma beta backward pass vjp",
        (
            Eq(centre[d], Sum(X[n, d], n) / N),
            Eq(scale[d], sqrt(Sum((X[n, d] - centre[d]) ** 2, n) / N + epsilon)),
            Eq(Z[n, d], (X[n, d] - centre[d]) / scale[d]),
            Eq(L, Sum(G[n, d] * (weight[d] * Z[n, d] + shift[d]), n, d)),
        ),
        (
            Gradient(
                X[n, d],
                weight[d] / scale[d] * (G[n, d] - Sum(G[o, d], o) / N - Z[n, d] * Sum(G[o, d] * Z[o, d], o) / N),
                (
                    Wrong(
                        weight[d] * G[n, d] / scale[d],
                        "That is the gradient at inference, with running statistics; in training all examples are coupled.",
                    ),
                ),
            ),
            Gradient(weight[d], Sum(G[n, d] * Z[n, d], n)),
            Gradient(shift[d], Sum(G[n, d], n)),
        ),
        "A batch of one example has no variance: the output is $\\beta$, and the gradient by the input 0.",
        uses=("mean", "standard-deviation"),
    )


def rms_norm() -> Entry:
    """∂L/∂x_d = (h_d − z_d mean(h z))/s, with h = g γ."""
    return Entry(
        "rms-norm",
        "RMS normalisation",
        "Layer normalisation without centring: divided by the root of the mean square.",
        "rmsnorm root mean square normalization llama backward pass vjp",
        (
            Eq(S, sqrt(Sum(x[d] ** 2, d) / D + epsilon)),
            Eq(z[d], x[d] / S),
            Eq(H[d], g[d] * weight[d]),
            Eq(L, Sum(g[d] * weight[d] * z[d], d)),
        ),
        (
            Gradient(
                x[d],
                (H[d] - z[d] * Sum(H[e] * z[e], e) / D) / S,
                (
                    Wrong(H[d] / S, "The root mean square is held fixed."),
                    Wrong(
                        (H[d] - z[d] * Sum(H[e] * z[e], e)) / S, "The root is of a mean of squares: $1/D$ is missing."
                    ),
                ),
            ),
            Gradient(weight[d], g[d] * z[d]),
        ),
        "In half precision the squares overflow from 256 on; the sum belongs in single precision.",
    )


def euclidean_norm() -> Entry:
    """∂r/∂x_d = x_d/r."""
    return Entry(
        "euclidean-norm",
        "Euclidean norm",
        "The length of a vector; its gradient is the unit vector.",
        "l2 norm length magnitude two-norm gradient of norm",
        (LENGTH,),
        (
            Gradient(
                x[d],
                x[d] / length,
                (
                    Wrong(2 * x[d], "That is the gradient of the squared norm."),
                    Wrong(x[d] / (2 * length), "The ½ of the square root cancels the 2."),
                ),
            ),
        ),
        "0/0 at the origin, where it has no gradient. Scale by the largest entry, $m$, if squares may overflow.",
        (OVERFLOW,),
        see=("squared-norm", "frobenius-norm"),
    )


def squared_norm() -> Entry:
    """∂L/∂x_d = 2 x_d."""
    return Entry(
        "squared-norm",
        "Squared norm",
        "The sum of squares: smooth everywhere, the origin included.",
        "sum of squares l2 penalty squared l2 norm energy",
        (Eq(L, Sum(x[d] ** 2, d)),),
        (
            Gradient(
                x[d], 2 * x[d], (Wrong(2 * Sum(x[d], d), "The sum is kept, though one term alone holds this $x_d$."),)
            ),
        ),
        "Safe.",
    )


def one_norm() -> Entry:
    """∂L/∂x_d = sign x_d."""
    return Entry(
        "one-norm",
        "Sum of absolute values",
        "The norm whose penalty makes entries exactly zero.",
        "l1 norm manhattan lasso sparsity taxicab",
        (Eq(L, Sum(Abs(x[d]), d)),),
        (
            Gradient(
                x[d],
                sign(x[d]),
                (Wrong(x[d] / Sum(Abs(x[e]), e), "The pattern $x/\\lVert x \\rVert$ belongs to the Euclidean norm."),),
            ),
        ),
        "Safe. It does not shrink near 0, so that plain descent never reaches it.",
    )


def p_norm() -> Entry:
    """∂r/∂x_d = sign(x_d) |x_d|^(p−1) r^(1−p)."""
    return Entry(
        "p-norm",
        "p-norm",
        "For $p = 1$ and 2 it is one of the norms above; for a large $p$ it comes close to the largest entry.",
        "p norm lp minkowski generalised mean",
        (Eq(length, Sum(Abs(x[d]) ** P, d) ** (1 / P)),),
        (
            Gradient(
                x[d],
                sign(x[d]) * Abs(x[d]) ** (P - 1) * length ** (1 - P),
                (
                    Wrong(
                        Abs(x[d]) ** (P - 1) * length ** (1 - P),
                        "The sign, the inner derivative of $|x|$, is forgotten.",
                    ),
                    Wrong(
                        P * sign(x[d]) * Abs(x[d]) ** (P - 1),
                        "The outer root is forgotten: that is the gradient of $r^p$.",
                    ),
                ),
            ),
        ),
        "Powers overflow soon: divide by the largest entry first, and multiply the norm by it.",
        see=("one-norm", "euclidean-norm"),
    )


def unit_vector() -> Entry:
    """∂u_d/∂x_e = (δ_de − u_d u_e)/r."""
    return Entry(
        "unit-vector",
        "Normalising to length one",
        "A vector divided by its length. Nothing comes back along the vector itself.",
        "l2 normalize normalise unit vector projection jacobian embeddings",
        (LENGTH, Eq(u[d], x[d] / length)),
        (
            Gradient(
                x[e],
                (KroneckerDelta(d, e) - u[d] * u[e]) / length,
                (
                    Wrong(KroneckerDelta(d, e) / length, "The length is held fixed."),
                    Wrong((KroneckerDelta(d, e) - x[d] * x[e]) / length, "The projection is onto the unit vector."),
                ),
                u[d],
            ),
        ),
        "Large where the vector is short; a small constant in the length bounds it.",
        (OVERFLOW,),
        uses=("euclidean-norm",),
        see=("rms-norm",),
    )


def cosine_similarity() -> Entry:
    """∂c/∂x_d = (y_d/t − c x_d/r)/r."""
    return Entry(
        "cosine-similarity",
        "Cosine similarity",
        "The product of two vectors, each divided by its length, $r$ and $t$.",
        "cosine similarity distance angle normalised dot product embeddings",
        (
            LENGTH,
            Eq(other, sqrt(Sum(y[d] ** 2, d))),
            Eq(cosine, Sum(x[d] * y[d], d) / (length * other)),
        ),
        (
            Gradient(
                x[d],
                (y[d] / other - cosine * x[d] / length) / length,
                (
                    Wrong(y[d] / (length * other), "The length in the denominator depends on $x$ too."),
                    Wrong((y[d] / other - cosine * x[d]) / length, "The part along $x$ is its unit vector."),
                ),
            ),
        ),
        "0/0 for a vector of length 0. The angle, by the arc cosine, loses half of the digits near 0.",
        uses=("euclidean-norm", "unit-vector"),
    )


def euclidean_distance() -> Entry:
    """∂r/∂x_d = (x_d − y_d)/r."""
    return Entry(
        "euclidean-distance",
        "Euclidean distance",
        "The length of a difference.",
        "l2 distance euclidean metric",
        (Eq(length, sqrt(Sum((x[d] - y[d]) ** 2, d))),),
        (
            Gradient(
                x[d],
                (x[d] - y[d]) / length,
                (Wrong((y[d] - x[d]) / length, "The gradient points away from $y$: the distance grows there."),),
            ),
            Gradient(y[d], (y[d] - x[d]) / length),
        ),
        "0/0 for equal vectors. From products, as $\\sum x^2 - 2\\sum xy + \\sum y^2$, near ones cancel.",
        (
            Stable(
                Sum(x[d] ** 2, d) - 2 * Sum(x[d] * y[d], d) + Sum(y[d] ** 2, d),
                Sum((x[d] - y[d]) ** 2, d),
                {D: 1, x: ["100000001"], y: ["100000000"]},
                "Large numbers are subtracted, and the digits that differ are lost.",
            ),
        ),
        uses=("euclidean-norm",),
        see=("cosine-similarity",),
    )


def weight_norm() -> Entry:
    """∂L/∂v_d = (γ/r)(g_d − u_d Σ g u)."""
    v, gain = sp.IndexedBase("v"), sp.Symbol("gamma")
    unit = sp.IndexedBase("u")
    return Entry(
        "weight-norm",
        "Weight normalisation",
        "Weights $\\gamma u_d$ with a length $\\gamma$ and a direction $u = v/\\lVert v \\rVert$ of their own; $g_d$ is the gradient by the weight.",
        "weight normalization reparameterisation direction magnitude",
        (
            Eq(length, sqrt(Sum(v[d] ** 2, d))),
            Eq(unit[d], v[d] / length),
            Eq(L, Sum(g[d] * gain * unit[d], d)),
        ),
        (
            Gradient(
                v[d],
                gain / length * (g[d] - unit[d] * Sum(g[e] * unit[e], e)),
                (Wrong(gain / length * g[d], "The length of $v$ is held fixed; what points along $v$ has no effect."),),
            ),
            Gradient(gain, Sum(g[d] * unit[d], d)),
        ),
        "Each step makes $v$ longer, since it is orthogonal to it, and so the next step smaller.",
        uses=("unit-vector",),
    )
