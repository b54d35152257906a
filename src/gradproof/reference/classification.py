"""Losses of classification: labels of ±1 or 0/1 with a score f_n, and K classes with logits z_k."""

from __future__ import annotations

import sympy as sp
from sympy import Eq, KroneckerDelta, Sum, exp, log

from gradproof.lines import times
from gradproof.reference.entry import Entry, Gradient, Stable, Wrong
from gradproof.reference.letters import (
    OVERFLOW,
    SHIFTED,
    SOFTMAX,
    K,
    L,
    M,
    N,
    W,
    X,
    c,
    d,
    epsilon,
    f,
    k,
    l,
    lam,
    n,
    p,
    q,
    s,
    sigmoid,
    w,
    y,
    z,
)

F, Y = sp.symbols("f y")
bias = sp.IndexedBase("b")
P = sp.IndexedBase("P")
targets = sp.IndexedBase("Y")
LINEAR = Eq(f[n], Sum(X[n, d] * w[d], d))
SIGMOID = Eq(s[n], sigmoid(f[n]))
ONE_EACH = Eq(Sum(y[k], k), 1)


def softmax_cross_entropy() -> Entry:
    """∂L/∂z_k = p_k − y_k."""
    return Entry(
        "softmax-cross-entropy",
        "Softmax cross-entropy",
        "Cross-entropy of the softmax of logits $z_k$ with targets $y_k$ that sum to one.",
        "cross entropy logits categorical softmax loss multiclass nll crossentropyloss",
        (SOFTMAX, Eq(L, -Sum(y[k] * log(p[k]), k))),
        (
            Gradient(
                z[k],
                p[k] - y[k],
                (
                    Wrong(
                        -y[k] / p[k] * p[k] * (1 - p[k]),
                        "Only the path through $p_k$ itself is taken; each logit moves every probability.",
                    ),
                    Wrong(y[k] - p[k], "The sign: this is the direction of descent, not the gradient."),
                    Wrong(-y[k] / p[k], "That is the derivative by the probability, before the softmax."),
                ),
            ),
        ),
        "The gradient is bounded. The loss is taken from the logits, with the largest one, $M$, subtracted.",
        (
            Stable(
                -log(exp(z[k]) / Sum(exp(z[l]), l)),
                log(Sum(exp(z[l] - M), l)) - (z[k] - M),
                {K: 2, k: 1, z: [1000, 1002], M: 1002},
                "The exponentials overflow, and infinity by infinity has no value.",
            ),
            SHIFTED,
        ),
        (ONE_EACH,),
        uses=("log-softmax", "cross-entropy"),
        see=("brier-score",),
    )


def sparse_cross_entropy() -> Entry:
    """∂L_c/∂z_k = p_k − δ_kc."""
    loss = sp.IndexedBase("L")
    return Entry(
        "sparse-cross-entropy",
        "Cross-entropy with a class label",
        "The same loss when the target is one class $c$: minus the logarithm of its probability.",
        "sparse categorical cross entropy nll integer label one hot log likelihood",
        (SOFTMAX, Eq(loss[c], -log(p[c]))),
        (
            Gradient(
                z[k],
                p[k] - KroneckerDelta(k, c),
                (
                    Wrong(p[k] - 1, "The 1 is subtracted in every row, not only in that of the class."),
                    Wrong(
                        -(1 - p[k]) * KroneckerDelta(k, c),
                        "The other classes get a gradient too: they are pushed down.",
                    ),
                ),
            ),
        ),
        "As for the softmax cross-entropy: subtract the largest logit first.",
        (SHIFTED,),
        uses=("log-softmax",),
        see=("softmax-cross-entropy", "policy-gradient"),
    )


def softmax_regression() -> Entry:
    """∂L/∂W_dk = (1/N) Σ_n X_nd (P_nk − Y_nk) + 2λ W_dk."""
    logits, top = map(sp.IndexedBase, ("Z", "M"))
    score = Eq(logits[n, k], Sum(X[n, d] * W[d, k], d) + bias[k])
    softmax = Eq(P[n, k], exp(logits[n, k]) / Sum(exp(logits[n, l]), l))
    loss = Eq(L, -Sum(targets[n, k] * log(P[n, k]), n, k) / N + lam * Sum(W[d, k] ** 2, d, k))
    return Entry(
        "softmax-regression",
        "Softmax regression",
        "Multinomial logistic regression: a linear layer, softmax and cross-entropy over $N$ examples, with a penalty on the weights.",
        "multinomial logistic regression maximum entropy linear classifier weights bias",
        (score, softmax, loss),
        (
            Gradient(
                W[d, k],
                Sum(X[n, d] * (P[n, k] - targets[n, k]), n) / N + 2 * lam * W[d, k],
                (
                    Wrong(
                        Sum(X[n, d] * (P[n, k] - targets[n, k]), n) + 2 * lam * W[d, k],
                        "The loss is a mean over the examples: $1/N$ is missing.",
                    ),
                ),
            ),
            Gradient(bias[k], Sum(P[n, k] - targets[n, k], n) / N),
        ),
        "Weights are determined up to a constant per feature unless they are penalised.",
        (
            Stable(
                softmax.rhs,
                exp(logits[n, k] - top[n]) / Sum(exp(logits[n, l] - top[n]), l),
                {N: 1, K: 2, n: 1, k: 1, logits: [[1000, 1001]], top: [1001]},
                OVERFLOW,
                {top: "Z.max(axis=1)"},
            ),
        ),
        assumptions=(Eq(Sum(targets[n, k], k), 1),),
        uses=("softmax-cross-entropy", "linear-layer", "squared-norm"),
    )


def label_smoothing() -> Entry:
    """∂L/∂z_k = p_k − (1 − ε) y_k − ε/K."""
    return Entry(
        "label-smoothing",
        "Label smoothing",
        "Cross-entropy with targets mixed with a little of the uniform distribution.",
        "label smoothing regularisation calibration soft targets",
        (SOFTMAX, Eq(q[k], (1 - epsilon) * y[k] + epsilon / K), Eq(L, -Sum(q[k] * log(p[k]), k))),
        (
            Gradient(
                z[k],
                p[k] - (1 - epsilon) * y[k] - epsilon / K,
                (Wrong((1 - epsilon) * (p[k] - y[k]), "The uniform part of the target pulls as well."),),
            ),
        ),
        "As for the softmax cross-entropy. With smoothing the loss has a minimum at finite logits.",
        (SHIFTED,),
        (ONE_EACH,),
        uses=("softmax-cross-entropy",),
        see=("distillation",),
    )


def brier_score() -> Entry:
    """∂L/∂z_k = 2 p_k (p_k − y_k − Σ_l p_l (p_l − y_l))."""
    inner = Sum(p[l] * (p[l] - y[l]), l)
    return Entry(
        "brier-score",
        "Squared error of a softmax (Brier score)",
        "The squared distance of predicted probabilities from targets, differentiated through the softmax.",
        "brier score quadratic loss softmax classification calibration",
        (SOFTMAX, Eq(L, Sum((p[k] - y[k]) ** 2, k))),
        (
            Gradient(
                z[k],
                times(sp.Integer(2), p[k], p[k] - y[k] - inner),
                (
                    Wrong(
                        2 * p[k] * (1 - p[k]) * (p[k] - y[k]), "Only the diagonal of the softmax's Jacobian is used."
                    ),
                    Wrong(
                        times(sp.Integer(2), p[k] - y[k]),
                        "That is the derivative by the probability; the softmax is forgotten.",
                    ),
                ),
            ),
        ),
        "Bounded; it vanishes for confident mistakes, which that of the cross-entropy does not.",
        (SHIFTED,),
        uses=("softmax",),
        see=("mean-squared-error",),
    )
