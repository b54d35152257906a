"""Second derivatives: Hessians, products with a vector, and what approximates them."""

from __future__ import annotations

import sympy as sp
from sympy import Eq, KroneckerDelta, Sum, exp, log

from gradproof.reference.entry import Entry, Gradient, Stable, Wrong
from gradproof.reference.letters import (
    OVERFLOW,
    SHIFTED,
    SOFTMAX,
    WARM_SHIFTED,
    WARM_SOFTMAX,
    D,
    K,
    L,
    N,
    W,
    X,
    d,
    e,
    f,
    g,
    k,
    l,
    lam,
    n,
    p,
    s,
    sigmoid,
    tau,
    w,
    y,
    z,
)

v = sp.IndexedBase("v")
G, J, P, Y, Z, a, top = map(sp.IndexedBase, ["G", "J", "P", "Y", "Z", "a", "M"])
F, Q = sp.symbols("F q")
LINEAR = Eq(f[n], Sum(X[n, d] * w[d], d))
SIGMOID = Eq(s[n], sigmoid(f[n]))
LOGISTIC = Eq(L, -Sum(y[n] * log(s[n]) + (1 - y[n]) * log(1 - s[n]), n))
SLOPE = Eq(g[d], Sum((s[n] - y[n]) * X[n, d], n))


def least_squares_hessian() -> Entry:
    """∂²L/∂w_d∂w_e = (2/N) Σ_n X_nd X_ne + 2λ δ_de."""
    loss = Sum((f[n] - y[n]) ** 2, n) / N + lam * Sum(w[d] ** 2, d)
    return Entry(
        "least-squares-hessian",
        "Hessian of least squares",
        "Of ridge regression: constant, and positive definite for $\\lambda > 0$.",
        "second derivative hessian ridge regression gram matrix normal equations newton",
        (LINEAR, Eq(g[d], 2 * Sum((f[n] - y[n]) * X[n, d], n) / N + 2 * lam * w[d]), Eq(L, loss)),
        (
            Gradient(w[d], g[d]),
            Gradient(
                w[e],
                2 * Sum(X[n, d] * X[n, e], n) / N + 2 * lam * KroneckerDelta(d, e),
                (
                    Wrong(2 * Sum(X[n, d] * X[n, e], n) / N + 2 * lam, "The penalty adds to the diagonal only."),
                    Wrong(
                        2 * Sum(X[n, d] ** 2, n) / N + 2 * lam * KroneckerDelta(d, e),
                        "That is the diagonal; features interact.",
                    ),
                ),
                g[d],
            ),
        ),
        "For $\\lambda = 0$ its condition number is the square of that of $X$: solve with a QR factorisation of $X$ instead of the normal equations.",
        uses=("ridge-regression",),
        see=("symmetric-quadratic-form",),
    )


def logistic_hessian() -> Entry:
    """∂²L/∂w_d∂w_e = Σ_n s_n (1 − s_n) X_nd X_ne."""
    return Entry(
        "logistic-hessian",
        "Hessian of logistic regression",
        "The gradient $g_d$, and its derivative: a Gram matrix weighted with $s(1 - s)$, so the loss is convex.",
        "second derivative hessian logistic regression binary cross entropy irls newton fisher information",
        (LINEAR, SIGMOID, SLOPE, LOGISTIC),
        (
            Gradient(w[d], g[d]),
            Gradient(
                w[e],
                Sum(s[n] * (1 - s[n]) * X[n, d] * X[n, e], n),
                (
                    Wrong(
                        Sum((s[n] - y[n]) * X[n, d] * X[n, e], n),
                        "The residual takes the place of the slope of the sigmoid.",
                    ),
                    Wrong(Sum(s[n] * (1 - s[n]) * X[n, d], n), "The inner derivative, $X_{ne}$, is forgotten."),
                ),
                g[d],
            ),
        ),
        "The weights go to 0 for examples that are surely right: Newton's method then needs a penalty.",
        uses=("binary-cross-entropy",),
        see=("least-squares-hessian",),
    )


def logistic_hessian_vector() -> Entry:
    """Σ_e H_de v_e = Σ_n s_n (1 − s_n) (Σ_e X_ne v_e) X_nd."""
    product = Sum(s[n] * (1 - s[n]) * Sum(X[n, e] * v[e], e) * X[n, d], n)
    return Entry(
        "logistic-hessian-vector",
        "Hessian-vector product of logistic regression",
        "The derivative of $q = \\sum_d g_d v_d$ is the product of the Hessian with $v$: the matrix is never formed.",
        "hessian vector product hvp pearlmutter conjugate gradient newton second derivative",
        (LINEAR, SIGMOID, SLOPE, Eq(Q, Sum(g[d] * v[d], d))),
        (
            Gradient(
                w[d],
                product,
                (
                    Wrong(
                        Sum(s[n] * (1 - s[n]) * v[d] * X[n, d], n), "The vector must first pass through the data, $Xv$."
                    ),
                ),
            ),
        ),
        "Two products with $X$. A finite difference of gradients needs no formula, and loses half of the digits.",
        uses=("logistic-hessian",),
    )


def poisson_hessian() -> Entry:
    """∂²L/∂w_d∂w_e = Σ_n e^{f_n} X_nd X_ne."""
    return Entry(
        "poisson-hessian",
        "Hessian of Poisson regression",
        "A Gram matrix weighted with the rates.",
        "second derivative hessian poisson regression glm newton irls",
        (
            LINEAR,
            Eq(g[d], Sum((exp(f[n]) - y[n]) * X[n, d], n)),
            Eq(L, Sum(exp(f[n]) - y[n] * f[n], n)),
        ),
        (
            Gradient(w[d], g[d]),
            Gradient(
                w[e],
                Sum(exp(f[n]) * X[n, d] * X[n, e], n),
                (
                    Wrong(
                        Sum((exp(f[n]) - y[n]) * X[n, d] * X[n, e], n), "The targets drop out of the second derivative."
                    ),
                ),
                g[d],
            ),
        ),
        "One large rate dominates the sum.",
        uses=("poisson-regression",),
        see=("logistic-hessian",),
    )


def log_sum_exp_hessian() -> Entry:
    """∂²F/∂z_k∂z_l = p_k (δ_kl − p_l)/τ."""
    return Entry(
        "log-sum-exp-hessian",
        "Hessian of log-sum-exp",
        "The gradient is the softmax $p$, so this is the softmax's Jacobian: the covariance of one draw from $p$, over $\\tau$.",
        "second derivative hessian logsumexp softmax covariance convex",
        (WARM_SOFTMAX, Eq(F, tau * log(Sum(exp(z[k] / tau), k)))),
        (
            Gradient(z[k], p[k]),
            Gradient(
                z[l],
                p[k] * (KroneckerDelta(k, l) - p[l]) / tau,
                (Wrong(p[k] * (1 - p[k]) / tau, "That is the diagonal."),),
                p[k],
            ),
        ),
        "Rows sum to 0: the Hessian is singular along $(1, \\ldots, 1)$.",
        (WARM_SHIFTED,),
        uses=("log-sum-exp", "softmax-temperature"),
    )


def softmax_cross_entropy_hessian() -> Entry:
    """∂²L/∂z_k∂z_l = p_k (δ_kl − p_l)."""
    return Entry(
        "softmax-cross-entropy-hessian",
        "Hessian of softmax cross-entropy",
        "By the logits: it does not depend on the targets.",
        "second derivative hessian cross entropy logits gauss newton fisher",
        (SOFTMAX, Eq(g[k], p[k] - y[k]), Eq(L, -Sum(y[k] * log(p[k]), k))),
        (
            Gradient(z[k], g[k]),
            Gradient(
                z[l],
                p[k] * (KroneckerDelta(k, l) - p[l]),
                (
                    Wrong(KroneckerDelta(k, l) - p[k] * p[l], "The first term is $p_k$ on the diagonal, not 1."),
                    Wrong(
                        p[k] * (KroneckerDelta(k, l) - p[l]) - y[k], "The targets drop out of the second derivative."
                    ),
                ),
                g[k],
            ),
        ),
        "Of rank $K - 1$ at most: it is singular along $(1, \\ldots, 1)$.",
        (SHIFTED,),
        (Eq(Sum(y[k], k), 1),),
        uses=("softmax", "softmax-cross-entropy"),
        see=("log-sum-exp-hessian",),
    )


def softmax_regression_hessian() -> Entry:
    """∂²L/∂W_dk∂W_el = (1/N) Σ_n X_nd X_ne P_nk (δ_kl − P_nl)."""
    score = Eq(Z[n, k], Sum(X[n, d] * W[d, k], d))
    softmax = Eq(P[n, k], exp(Z[n, k]) / Sum(exp(Z[n, l]), l))
    slope = Eq(G[d, k], Sum(X[n, d] * (P[n, k] - Y[n, k]), n) / N)
    return Entry(
        "softmax-regression-hessian",
        "Hessian of softmax regression",
        "By two weights: the Gram matrix of the inputs, weighted for every pair of classes.",
        "second derivative hessian multinomial logistic regression kronecker product weights",
        (score, softmax, slope, Eq(L, -Sum(Y[n, k] * log(P[n, k]), n, k) / N)),
        (
            Gradient(W[d, k], G[d, k]),
            Gradient(
                W[e, l],
                Sum(X[n, d] * X[n, e] * P[n, k] * (KroneckerDelta(k, l) - P[n, l]), n) / N,
                (
                    Wrong(
                        KroneckerDelta(k, l) * Sum(X[n, d] * X[n, e] * P[n, k] * (1 - P[n, k]), n) / N,
                        "The classes are treated as independent: blocks off the diagonal are not 0.",
                    ),
                ),
                G[d, k],
            ),
        ),
        "It has $D^2K^2$ entries: use products with vectors.",
        (
            Stable(
                softmax.rhs,
                exp(Z[n, k] - top[n]) / Sum(exp(Z[n, l] - top[n]), l),
                {N: 1, K: 2, n: 1, k: 1, Z: [[1000, 1001]], top: [1001]},
                OVERFLOW,
                {top: "Z.max(axis=1)"},
            ),
        ),
        assumptions=(Eq(Sum(Y[n, k], k), 1),),
        uses=("softmax-regression", "softmax-cross-entropy-hessian"),
        see=("logistic-hessian",),
    )


def softmax_hessian_vector() -> Entry:
    """Σ_l H_kl v_l = p_k (v_k − Σ_l p_l v_l)."""
    return Entry(
        "softmax-hessian-vector",
        "Hessian-vector product of softmax cross-entropy",
        "The derivative of $q = \\sum_k g_k v_k$ by the logits.",
        "hessian vector product hvp gauss newton fisher vector product cross entropy",
        (SOFTMAX, Eq(g[k], p[k] - y[k]), Eq(Q, Sum(g[k] * v[k], k))),
        (
            Gradient(
                z[k],
                p[k] * (v[k] - Sum(p[l] * v[l], l)),
                (Wrong(p[k] * (1 - p[k]) * v[k], "Only the diagonal of the Hessian is used."),),
            ),
        ),
        "One softmax and one sum.",
        (SHIFTED,),
        uses=("softmax-cross-entropy-hessian", "softmax-backward"),
    )


def gauss_newton() -> Entry:
    """∂g_d/∂w_e = Σ_n (J_nd J_ne + (f_n − y_n) ∂J_nd/∂w_e), for a tanh model."""
    return Entry(
        "gauss-newton",
        "Hessian of a nonlinear fit, and Gauss–Newton",
        "Half the squared error of $f_n = \\tanh a_n$ with slopes $J_{nd}$. The first term alone is the Gauss–Newton matrix; the second vanishes with the residuals.",
        "gauss newton levenberg marquardt nonlinear least squares second derivative hessian jacobian",
        (
            Eq(a[n], Sum(X[n, d] * w[d], d)),
            Eq(f[n], sp.tanh(a[n])),
            Eq(J[n, d], (1 - f[n] ** 2) * X[n, d]),
            Eq(g[d], Sum((f[n] - y[n]) * J[n, d], n)),
            Eq(L, Sum((f[n] - y[n]) ** 2, n) / 2),
        ),
        (
            Gradient(w[d], g[d]),
            Gradient(
                w[e],
                Sum(J[n, d] * J[n, e], n) - 2 * Sum((f[n] - y[n]) * f[n] * J[n, d] * X[n, e], n),
                (
                    Wrong(
                        Sum(J[n, d] * J[n, e], n),
                        "That is the Gauss–Newton matrix: equal only where the residuals vanish.",
                        {N: 1, D: 1, d: 1, e: 1, w: [1], X: [[1]], y: [0]},
                    ),
                ),
                g[d],
            ),
        ),
        "The Gauss–Newton matrix is never indefinite; the Hessian can be.",
        uses=("tanh",),
        see=("least-squares-hessian",),
    )
