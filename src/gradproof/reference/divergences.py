"""Entropies and divergences, by probabilities and by the logits behind them."""

from __future__ import annotations

import sympy as sp
from sympy import Eq, Gt, Rational, Sum, exp, log
from sympy.codegen.cfunctions import expm1

from gradproof.lines import times
from gradproof.reference.entry import Entry, Gradient, Stable, Wrong
from gradproof.reference.letters import (
    LOG_SHIFTED,
    SHIFTED,
    SOFTMAX,
    WARM_SHIFTED,
    WARM_SOFTMAX,
    K,
    L,
    M,
    d,
    k,
    l,
    p,
    q,
    tau,
    y,
    z,
)

HALF = Rational(1, 2)
H, S, T = sp.symbols("H s t")
mix, mu, s = map(sp.IndexedBase, ("m", "mu", "s"))
P_POSITIVE, Q_POSITIVE, ONE = Gt(p[k], 0), Gt(q[k], 0), Eq(Sum(q[k], k), 1)


def entropy() -> Entry:
    """∂H/∂p_k = −log p_k − 1."""
    return Entry(
        "entropy",
        "Entropy",
        "The entropy of probabilities, as a function of each one by itself.",
        "shannon entropy information",
        (Eq(H, -Sum(p[k] * log(p[k]), k)),),
        (
            Gradient(
                p[k],
                -log(p[k]) - 1,
                (Wrong(-log(p[k]), "The product rule has a second term, $p_k \\cdot 1/p_k = 1$."),),
            ),
        ),
        "$0 \\cdot \\log 0$ has no value in double precision, though its limit is 0: leave such terms out.",
        assumptions=(P_POSITIVE,),
        see=("cross-entropy",),
    )


def softmax_entropy() -> Entry:
    """∂H/∂z_k = −p_k (log p_k + H)."""
    return Entry(
        "softmax-entropy",
        "Entropy of a softmax",
        "By the logits, as an entropy bonus in reinforcement learning needs it.",
        "entropy regularisation bonus policy logits maximum entropy",
        (SOFTMAX, Eq(H, -Sum(p[k] * log(p[k]), k))),
        (
            Gradient(
                z[k],
                -p[k] * (log(p[k]) + H),
                (
                    Wrong(
                        -p[k] * (log(p[k]) + 1),
                        "The gradient by $p_k$ is multiplied by $p_k$; the other probabilities move as well.",
                    ),
                    Wrong(p[k] * (log(p[k]) + H), "The sign: raising a likely class lowers the entropy."),
                ),
            ),
        ),
        "Take $\\log p_k$ from the logits, not from $p_k$.",
        (LOG_SHIFTED, SHIFTED),
        uses=("softmax", "entropy"),
    )


def cross_entropy() -> Entry:
    """∂L/∂p_k = −y_k/p_k."""
    return Entry(
        "cross-entropy",
        "Cross-entropy by the probabilities",
        "Cross-entropy of targets $y_k$ with probabilities $p_k$, before any softmax.",
        "cross entropy probabilities negative log likelihood",
        (Eq(L, -Sum(y[k] * log(p[k]), k)),),
        (Gradient(p[k], -y[k] / p[k], (Wrong(p[k] - y[k], "That is the derivative by the logit of a softmax."),)),),
        "Divides by a probability that may be 0. Differentiate by the logits instead: the division cancels.",
        see=("kl-divergence", "binary-cross-entropy-probabilities"),
    )


def kl_divergence() -> Entry:
    """∂L/∂q_k = −p_k/q_k, ∂L/∂p_k = log(p_k/q_k) + 1."""
    return Entry(
        "kl-divergence",
        "Kullback–Leibler divergence",
        "The divergence of $q$ from $p$, by either of them, each number by itself.",
        "kl divergence relative entropy kullback leibler forward reverse",
        (Eq(L, Sum(p[k] * log(p[k] / q[k]), k)),),
        (
            Gradient(q[k], -p[k] / q[k], (Wrong(-log(q[k]), "The derivative of $\\log q$ is $1/q$."),)),
            Gradient(
                p[k],
                log(p[k] / q[k]) + 1,
                (Wrong(log(p[k] / q[k]), "The product rule has a second term, which is 1."),),
            ),
        ),
        "Infinite where $q_k = 0 < p_k$. Compute the difference of logarithms, not the logarithm of the quotient.",
        (Stable(log(S / T), log(S) - log(T), {S: "1e300", T: "1e-300"}, "The quotient overflows."),),
        assumptions=(P_POSITIVE, Q_POSITIVE),
    )


def kl_softmax() -> Entry:
    """∂L/∂z_k = p_k − q_k."""
    return Entry(
        "kl-softmax",
        "KL divergence of a softmax from targets",
        "The divergence of a softmax $p$ from fixed probabilities $q$; it differs from the cross-entropy by a constant.",
        "forward kl divergence logits softmax targets moment matching",
        (SOFTMAX, Eq(L, Sum(q[k] * log(q[k] / p[k]), k))),
        (
            Gradient(
                z[k],
                p[k] - q[k],
                (Wrong(-q[k] / p[k], "That is the derivative by the probability; the softmax is forgotten."),),
            ),
        ),
        "Take $\\log p_k$ from the logits.",
        (LOG_SHIFTED, SHIFTED),
        (ONE, Q_POSITIVE),
        uses=("softmax", "kl-divergence"),
        see=("softmax-cross-entropy", "reverse-kl-softmax"),
    )


def reverse_kl_softmax() -> Entry:
    """∂L/∂z_k = p_k (log(p_k/q_k) − L)."""
    return Entry(
        "reverse-kl-softmax",
        "Reverse KL divergence of a softmax",
        "The divergence of $q$ from a softmax $p$, as in variational inference and as a penalty in preference tuning.",
        "reverse kl divergence logits variational inference mode seeking rlhf penalty",
        (SOFTMAX, Eq(L, Sum(p[k] * log(p[k] / q[k]), k))),
        (
            Gradient(
                z[k],
                p[k] * (log(p[k] / q[k]) - L),
                (
                    Wrong(
                        p[k] * (log(p[k] / q[k]) + 1),
                        "The gradient by $p_k$ is multiplied by $p_k$; the other probabilities move as well.",
                    ),
                    Wrong(p[k] - q[k], "That is the gradient of the forward divergence."),
                ),
            ),
        ),
        "Take $\\log p_k$ from the logits.",
        (LOG_SHIFTED, SHIFTED),
        (Q_POSITIVE,),
        uses=("softmax", "kl-divergence"),
    )


def jensen_shannon() -> Entry:
    """∂L/∂p_k = ½ log(p_k/m_k)."""
    halves = HALF * Sum(p[k] * log(p[k] / mix[k]), k) + HALF * Sum(q[k] * log(q[k] / mix[k]), k)
    return Entry(
        "jensen-shannon",
        "Jensen–Shannon divergence",
        "The mean divergence of two distributions from their mixture $m$.",
        "jensen shannon divergence js gan symmetric",
        (Eq(mix[k], (p[k] + q[k]) / 2), Eq(L, halves)),
        (
            Gradient(
                p[k],
                log(p[k] / mix[k]) / 2,
                (Wrong((log(p[k] / mix[k]) + 1) / 2, "The mixture is held fixed: what it gives back cancels the 1."),),
            ),
        ),
        "Bounded by $\\log 2$. Its gradient is infinite at $p_k = 0 < q_k$.",
        assumptions=(P_POSITIVE, Q_POSITIVE),
        uses=("kl-divergence",),
    )


def distillation() -> Entry:
    """∂L/∂z_k = τ (p_k − q_k)."""
    return Entry(
        "distillation",
        "Knowledge distillation",
        "A student's softmax at temperature $\\tau$ follows a teacher's probabilities $q$; $\\tau^2$ keeps the gradient's size.",
        "knowledge distillation teacher student temperature soft targets",
        (WARM_SOFTMAX, Eq(L, -(tau**2) * Sum(q[k] * log(p[k]), k))),
        (
            Gradient(
                z[k],
                tau * (p[k] - q[k]),
                (
                    Wrong(tau**2 * (p[k] - q[k]), "The inner derivative $1/\\tau$ takes one power away."),
                    Wrong(p[k] - q[k], "The softmax gives one factor $1/\\tau$, not two: one $\\tau$ is left."),
                ),
            ),
        ),
        "Divide by $\\tau$, subtract the largest logit $M$, and take the logarithm as a difference.",
        (
            Stable(
                log(exp(z[k] / tau) / Sum(exp(z[l] / tau), l)),
                (z[k] - M) / tau - log(Sum(exp((z[l] - M) / tau), l)),
                {K: 2, k: 1, z: [-800, 0], M: 0, tau: 1},
                "The probability underflows to 0, and its logarithm is infinite.",
            ),
            WARM_SHIFTED,
        ),
        (ONE,),
        uses=("softmax-temperature", "cross-entropy"),
        see=("kl-softmax",),
    )


def gaussian_kl() -> Entry:
    """∂L/∂μ_d = μ_d, ∂L/∂s_d = (e^{s_d} − 1)/2."""
    return Entry(
        "gaussian-kl",
        "KL divergence of a Gaussian from the standard one",
        "The penalty of a variational autoencoder, with means $\\mu_d$ and log-variances $s_d$.",
        "vae variational autoencoder kl divergence normal gaussian reparameterisation latent",
        (Eq(L, Sum(exp(s[d]) + mu[d] ** 2 - 1 - s[d], d) / 2),),
        (
            Gradient(mu[d], mu[d]),
            Gradient(
                s[d],
                times(HALF, exp(s[d]) - 1),
                (
                    Wrong(
                        times(HALF, 1 - exp(-s[d])),
                        "That is the derivative by the variance; by its logarithm there is a factor $e^{s}$ more.",
                    ),
                    Wrong(exp(s[d]) / 2, "The derivative of $-s$ is lost."),
                ),
            ),
        ),
        "Near $s = 0$ the exponential and the 1 cancel.",
        (Stable(exp(S) - 1, expm1(S), {S: "1e-15"}, "Most digits cancel."),),
        see=("kl-divergence", "gaussian-likelihood"),
    )
