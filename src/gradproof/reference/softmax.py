"""Softmax and log-sum-exp, with a temperature τ: the functions and what comes back through them."""

from __future__ import annotations

import sympy as sp
from sympy import Eq, KroneckerDelta, Sum, exp, log

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
    g,
    k,
    l,
    p,
    sigmoid,
    tau,
    z,
)

a = sp.IndexedBase("a")
F, both, one, two = sp.symbols("F p z_1 z_2")


def log_sum_exp() -> Entry:
    """∂F/∂z_k = softmax(z/τ)_k."""
    total = Sum(exp(z[k] / tau), k)
    return Entry(
        "log-sum-exp",
        "Log-sum-exp",
        "A smooth maximum: it lies between the largest $z_k$ and that plus $\\tau \\log K$.",
        "logsumexp smooth maximum softmax temperature free energy partition function",
        (WARM_SOFTMAX, Eq(F, tau * log(total))),
        (
            Gradient(
                z[k],
                p[k],
                (
                    Wrong(p[k] / tau, "The inner derivative $1/\\tau$ cancels the factor $\\tau$ in front."),
                    Wrong(1 / Sum(exp(z[l] / tau), l), "The inner derivative, the exponential itself, is forgotten."),
                ),
            ),
            Gradient(
                tau,
                (F - Sum(p[k] * z[k], k)) / tau,
                (Wrong(F / tau, "The temperature stands inside the exponentials too."),),
            ),
        ),
        "Subtract the largest $z_k$, as $M$, before the exponential, and add it to the result.",
        (
            Stable(
                log(Sum(exp(z[l]), l)),
                M + log(Sum(exp(z[l] - M), l)),
                {K: 2, z: [1000, 1001], M: 1001},
                "An exponential overflows, although the result is of the size of the largest logit.",
            ),
            WARM_SHIFTED,
        ),
        see=("softmax",),
    )


def softmax() -> Entry:
    """∂p_k/∂z_l = p_k (δ_kl − p_l)."""
    return Entry(
        "softmax",
        "Softmax: the Jacobian",
        "Positive numbers that sum to one, from any numbers $z_k$.",
        "softmax jacobian derivative diag p minus p p transpose normalised exponential",
        (SOFTMAX,),
        (
            Gradient(
                z[l],
                p[k] * (KroneckerDelta(k, l) - p[l]),
                (
                    Wrong(p[k] * (1 - p[k]), "That is the diagonal, $k = l$; off the diagonal stands $-p_k p_l$."),
                    Wrong(p[k] * (1 - p[l]), "The 1 belongs to the diagonal only."),
                ),
                p[k],
            ),
        ),
        "Any logits are allowed once the largest is subtracted.",
        (SHIFTED,),
    )


def softmax_backward() -> Entry:
    """∂L/∂z_k = p_k (g_k − Σ_l g_l p_l)."""
    return Entry(
        "softmax-backward",
        "Softmax: the backward pass",
        "What comes back through a softmax when $g_k$ is the gradient by its outputs: the Jacobian is never formed.",
        "softmax vjp vector jacobian product backward pass backprop",
        (SOFTMAX, Eq(L, Sum(g[k] * p[k], k))),
        (
            Gradient(
                z[k],
                p[k] * (g[k] - Sum(g[l] * p[l], l)),
                (
                    Wrong(
                        p[k] * (1 - p[k]) * g[k],
                        "Only the diagonal of the Jacobian is used, as for an elementwise activation.",
                    ),
                    Wrong(p[k] * (g[k] - Sum(g[l], l)), "The mean that is subtracted is weighted with $p$."),
                ),
            ),
        ),
        "Needs the outputs $p_k$ only, which are at hand.",
        (SHIFTED,),
        uses=("softmax",),
        see=("log-softmax-backward",),
    )


def log_softmax() -> Entry:
    """∂a_k/∂z_l = δ_kl − p_l."""
    value = z[k] - log(Sum(exp(z[l]), l))
    return Entry(
        "log-softmax",
        "Log-softmax",
        "The logarithm of the softmax, which is what a cross-entropy needs.",
        "log softmax logprobs log probabilities jacobian",
        (SOFTMAX, Eq(a[k], value)),
        (
            Gradient(
                z[l],
                KroneckerDelta(k, l) - p[l],
                (
                    Wrong(1 - p[l], "The 1 stands on the diagonal only."),
                    Wrong(
                        KroneckerDelta(k, l) - p[k],
                        "The row's probability is taken in place of the column's: the Jacobian is not symmetric.",
                    ),
                ),
            ),
        ),
        "Never take the logarithm of a softmax: it is infinite where the probability underflows.",
        (
            LOG_SHIFTED,
            SHIFTED,
        ),
        uses=("log-sum-exp",),
        see=("softmax",),
    )


def log_softmax_backward() -> Entry:
    """∂L/∂z_k = g_k − p_k Σ_l g_l."""
    return Entry(
        "log-softmax-backward",
        "Log-softmax: the backward pass",
        "What comes back through a log-softmax when $g_k$ is the gradient by its outputs $a_k$.",
        "log softmax vjp vector jacobian product backward pass backprop",
        (SOFTMAX, Eq(a[k], z[k] - log(Sum(exp(z[l]), l))), Eq(L, Sum(g[k] * a[k], k))),
        (
            Gradient(
                z[k],
                g[k] - p[k] * Sum(g[l], l),
                (
                    Wrong(
                        g[k] - Sum(p[l] * g[l], l),
                        "The transposed Jacobian is applied: the sum is over the gradients, and $p_k$ stands outside.",
                    ),
                    Wrong(g[k] * (1 - p[k]), "Only the diagonal of the Jacobian is used."),
                ),
            ),
        ),
        "Any logits are allowed once the largest is subtracted.",
        (SHIFTED,),
        uses=("log-softmax",),
    )


def softmax_temperature() -> Entry:
    """∂p_k/∂z_l = p_k (δ_kl − p_l)/τ, ∂p_k/∂τ = p_k (Σ_l p_l z_l − z_k)/τ²."""
    return Entry(
        "softmax-temperature",
        "Softmax with a temperature",
        "A large $\\tau$ flattens the distribution, a small one sharpens it.",
        "temperature scaling calibration softmax sharpness",
        (WARM_SOFTMAX,),
        (
            Gradient(
                z[l],
                p[k] * (KroneckerDelta(k, l) - p[l]) / tau,
                (Wrong(p[k] * (KroneckerDelta(k, l) - p[l]), "The inner derivative, $1/\\tau$, is forgotten."),),
                p[k],
            ),
            Gradient(
                tau,
                p[k] * (Sum(p[l] * z[l], l) - z[k]) / tau**2,
                (
                    Wrong(
                        p[k] * (z[k] - Sum(p[l] * z[l], l)) / tau**2,
                        "The derivative of $1/\\tau$ is negative: warming lowers the largest.",
                    ),
                ),
                p[k],
            ),
        ),
        "Divide by $\\tau$, then subtract the largest. As $\\tau$ goes to 0 the Jacobian grows without bound where logits tie.",
        (WARM_SHIFTED,),
        uses=("softmax",),
    )


def gumbel_softmax() -> Entry:
    """∂s_k/∂a_l = s_k (δ_kl − s_l)/τ."""
    s, noise = sp.IndexedBase("s"), sp.IndexedBase("G")
    return Entry(
        "gumbel-softmax",
        "Gumbel-softmax",
        "A soft sample from a categorical distribution with log-probabilities $a_k$, where $G_k$ is Gumbel noise that was drawn before.",
        "gumbel softmax concrete distribution reparameterisation trick relaxation categorical sampling",
        (Eq(s[k], exp((a[k] + noise[k]) / tau) / Sum(exp((a[l] + noise[l]) / tau), l)),),
        (
            Gradient(
                a[l],
                s[k] * (KroneckerDelta(k, l) - s[l]) / tau,
                (Wrong(s[k] * (KroneckerDelta(k, l) - s[l]), "The inner derivative, $1/\\tau$, is forgotten."),),
                s[k],
            ),
        ),
        "The noise $-\\log(-\\log u)$ is infinite for $u = 0$ or 1; draw $u$ from the open interval.",
        uses=("softmax-temperature",),
    )


def boltzmann_maximum() -> Entry:
    """∂F/∂z_k = p_k (1 + (z_k − F)/τ)."""
    return Entry(
        "boltzmann-maximum",
        "Softmax-weighted mean (Boltzmann operator)",
        "The mean of the $z_k$ under their own softmax: another smooth maximum, and the expected value of a soft policy.",
        "boltzmann operator smooth maximum soft argmax expected value attention pooling",
        (WARM_SOFTMAX, Eq(F, Sum(p[k] * z[k], k))),
        (
            Gradient(
                z[k],
                p[k] * (1 + (z[k] - F) / tau),
                (Wrong(p[k], "The weights depend on $z$ too; $p_k$ alone is the gradient of log-sum-exp."),),
            ),
        ),
        "The gradient can be negative: this maximum is not monotonic.",
        (WARM_SHIFTED,),
        uses=("softmax-temperature",),
        see=("log-sum-exp",),
    )


def softmax_two_classes() -> Entry:
    """∂p/∂z_1 = p (1 − p), with p = σ(z_1 − z_2)."""
    return Entry(
        "softmax-two-classes",
        "Softmax of two classes",
        "With two classes the softmax is the sigmoid of the difference of the logits, so one logit is enough.",
        "sigmoid softmax equivalence binary two classes",
        (Eq(both, exp(one) / (exp(one) + exp(two))),),
        (
            Gradient(
                one,
                both * (1 - both),
                (
                    Wrong(
                        times(sp.Integer(2), both, 1 - both),
                        "Both logits are counted, though each has its own derivative.",
                    ),
                ),
            ),
            Gradient(two, -both * (1 - both)),
        ),
        "Take the difference first.",
        (
            Stable(
                exp(one) / (exp(one) + exp(two)),
                sigmoid(one - two),
                {one: 1000, two: 1001},
                "The exponentials overflow, and infinity by infinity has no value.",
            ),
        ),
        uses=("softmax", "sigmoid"),
    )
