"""Losses of two classes: labels y_n of ±1, or of 0 and 1, and a score f_n, often the linear model f_n = Σ_d X_nd w_d."""

from __future__ import annotations

import sympy as sp
from sympy import Abs, Eq, Max, Piecewise, Sum, exp, log
from sympy.codegen.cfunctions import log1p

from gradproof.reference.entry import Entry, Gradient, Stable, Wrong
from gradproof.reference.letters import L, N, X, beta, d, f, gamma, lam, n, p, s, sigmoid, w, y

F, S, Y = sp.symbols("f s y")
LINEAR = Eq(f[n], Sum(X[n, d] * w[d], d))
SIGMOID = Eq(s[n], sigmoid(f[n]))


def binary_cross_entropy() -> Entry:
    """∂L/∂w_d = (1/N) Σ_n (σ(f_n) − y_n) X_nd."""
    value = -Sum(y[n] * log(s[n]) + (1 - y[n]) * log(1 - s[n]), n) / N
    data = Sum((s[n] - y[n]) * X[n, d], n) / N
    return Entry(
        "binary-cross-entropy",
        "Binary cross-entropy with logits",
        "Logistic regression with labels $y_n$ of 0 or 1, or anything between: $s_n$ is the predicted probability.",
        "bce logits sigmoid cross entropy log loss logistic regression bcewithlogitsloss",
        (LINEAR, SIGMOID, Eq(L, value)),
        (
            Gradient(f[n], (s[n] - y[n]) / N),
            Gradient(
                w[d],
                data,
                (
                    Wrong(
                        Sum((s[n] - y[n]) * s[n] * (1 - s[n]) * X[n, d], n) / N,
                        "The slope of the sigmoid is kept, as with the squared error; here the logarithm cancels it.",
                    ),
                    Wrong(-data, "The minus sign of the loss is applied to the result a second time."),
                ),
            ),
        ),
        "Compute the loss from the logit $f$, never from the probability: from $f = 37$ on, $1 - s$ is 0 in double precision.",
        (
            Stable(
                -Y * log(sigmoid(F)) - (1 - Y) * log(1 - sigmoid(F)),
                Max(F, 0) - Y * F + log1p(exp(-Abs(F))),
                {Y: 0, F: 40},
                "The probability is rounded to 1, and its complement is gone.",
            ),
        ),
        uses=("sigmoid", "binary-cross-entropy-probabilities"),
        see=("softmax-cross-entropy", "logistic-loss"),
    )


def binary_cross_entropy_probabilities() -> Entry:
    """∂L/∂p_n = (p_n − y_n)/(p_n (1 − p_n))."""
    return Entry(
        "binary-cross-entropy-probabilities",
        "Binary cross-entropy of probabilities",
        "The same loss as a function of the probability $p_n$ itself.",
        "bce bceloss probability log loss bernoulli likelihood",
        (Eq(L, -Sum(y[n] * log(p[n]) + (1 - y[n]) * log(1 - p[n]), n)),),
        (
            Gradient(
                p[n],
                (p[n] - y[n]) / (p[n] * (1 - p[n])),
                (
                    Wrong(p[n] - y[n], "That is the derivative by the logit, in which the denominator has cancelled."),
                    Wrong(-y[n] / p[n] - (1 - y[n]) / (1 - p[n]), "The inner derivative of $1 - p$ is −1."),
                ),
            ),
        ),
        "Divides by $p(1 - p)$: without bound as the prediction becomes certain. Differentiate by the logit instead.",
    )


def weighted_binary_cross_entropy() -> Entry:
    """∂L/∂f_n = (1 − y_n) σ(f_n) − β y_n (1 − σ(f_n))."""
    return Entry(
        "weighted-binary-cross-entropy",
        "Binary cross-entropy with a positive weight",
        "Positive examples count $\\beta$ times, for classes of unequal size.",
        "pos_weight class imbalance weighted bce",
        (SIGMOID, Eq(L, -Sum(beta * y[n] * log(s[n]) + (1 - y[n]) * log(1 - s[n]), n))),
        (
            Gradient(
                f[n],
                (1 - y[n]) * s[n] - beta * y[n] * (1 - s[n]),
                (Wrong(beta * (s[n] - y[n]), "The weight multiplies the positive term only, not the whole loss."),),
            ),
        ),
        "As for the unweighted loss: use the logit.",
        (
            Stable(
                -beta * Y * log(sigmoid(F)) - (1 - Y) * log(1 - sigmoid(F)),
                (1 - Y) * F + (1 + (beta - 1) * Y) * (Max(-F, 0) + log1p(exp(-Abs(F)))),
                {Y: 0, F: 40, beta: 3},
                "The probability is rounded to 1, and its complement is gone.",
            ),
        ),
        uses=("sigmoid",),
        see=("binary-cross-entropy", "focal-loss"),
    )


def logistic_loss() -> Entry:
    """∂L/∂w_d = −Σ_n y_n X_nd / (1 + e^{y_n f_n})."""
    return Entry(
        "logistic-loss",
        "Logistic loss",
        "Logistic regression with labels $y_n = \\pm 1$: $\\log(1 + e^{-y_n f_n})$ is the negative log-likelihood.",
        "logistic regression log loss binary classification soft margin labels plus minus one",
        (LINEAR, Eq(L, Sum(log(1 + exp(-y[n] * f[n])), n))),
        (
            Gradient(
                w[d],
                -Sum(y[n] * X[n, d] / (1 + exp(y[n] * f[n])), n),
                (
                    Wrong(
                        -Sum(X[n, d] / (1 + exp(y[n] * f[n])), n),
                        "The inner derivative is $-y_n X_{nd}$; its label is forgotten.",
                    ),
                    Wrong(
                        -Sum(y[n] * X[n, d] / (1 + exp(-y[n] * f[n])), n),
                        "$e^{-u}/(1 + e^{-u})$ is $1/(1 + e^{u})$: where the exponential is divided out, its sign changes.",
                    ),
                ),
            ),
        ),
        "The gradient is bounded, and an overflow of $e^{y f}$ correctly gives 0. The loss needs another form.",
        (
            Stable(
                log(1 + exp(-Y * F)),
                Max(0, -Y * F) + log1p(exp(-Abs(Y * F))),
                {Y: 1, F: -800},
                "For a confident mistake the exponential overflows.",
            ),
        ),
        uses=("log-sigmoid",),
        see=("hinge", "exponential-loss"),
    )


def hinge() -> Entry:
    """∂L/∂w_d = −Σ_n y_n X_nd over the examples inside the margin, plus λ w_d."""
    return Entry(
        "hinge",
        "Hinge loss",
        "The loss of support vector machines, with labels $y_n = \\pm 1$ and a quadratic penalty.",
        "svm support vector machine margin max margin subgradient",
        (LINEAR, Eq(L, Sum(Max(0, 1 - y[n] * f[n]), n) + lam * Sum(w[d] ** 2, d) / 2)),
        (
            Gradient(
                w[d],
                lam * w[d] - Sum(Piecewise((y[n] * X[n, d], y[n] * f[n] < 1), (0, True)), n),
                (
                    Wrong(
                        lam * w[d] - Sum(Piecewise((y[n] * X[n, d], y[n] * f[n] < 0), (0, True)), n),
                        "The condition asks for mistakes; the margin is at 1, not at 0 (that is the perceptron).",
                    ),
                    Wrong(
                        -Sum(Piecewise((y[n] * X[n, d], y[n] * f[n] < 1), (0, True)), n),
                        "The penalty is forgotten.",
                    ),
                ),
            ),
        ),
        "Safe: sums of inputs.",
        uses=("squared-norm",),
        see=("relu",),
    )


def squared_hinge() -> Entry:
    """∂L/∂f_n = −2 y_n max(0, 1 − y_n f_n)."""
    return Entry(
        "squared-hinge",
        "Squared hinge loss",
        "The hinge loss squared, which makes it differentiable everywhere.",
        "l2 svm support vector machine margin",
        (Eq(L, Sum(Max(0, 1 - y[n] * f[n]) ** 2, n)),),
        (
            Gradient(
                f[n],
                -2 * y[n] * Max(0, 1 - y[n] * f[n]),
                (Wrong(2 * Max(0, 1 - y[n] * f[n]), "The inner derivative, $-y_n$, is forgotten."),),
            ),
        ),
        "Safe.",
        uses=("squared-relu",),
        see=("hinge",),
    )


def exponential_loss() -> Entry:
    """∂L/∂f_n = −y_n e^{−y_n f_n}."""
    return Entry(
        "exponential-loss",
        "Exponential loss",
        "The loss that AdaBoost minimises; its gradient's size is the weight of an example.",
        "adaboost boosting exponential",
        (Eq(L, Sum(exp(-y[n] * f[n]), n)),),
        (
            Gradient(
                f[n], -y[n] * exp(-y[n] * f[n]), (Wrong(-exp(-y[n] * f[n]), "The inner derivative is $-y_n$, not −1."),)
            ),
        ),
        "Overflows for a margin below −709, and one mislabelled example can outweigh all others.",
    )


def focal_loss() -> Entry:
    """∂L/∂f = (1 − s)^γ (γ s log s − (1 − s)), for a positive example."""
    return Entry(
        "focal-loss",
        "Focal loss",
        "Cross-entropy in which examples that are already right count little; here for one positive example with logit $f$.",
        "focal loss object detection retinanet class imbalance",
        (Eq(S, sigmoid(F)), Eq(L, -((1 - S) ** gamma) * log(S))),
        (
            Gradient(
                F,
                (1 - S) ** gamma * (gamma * S * log(S) - (1 - S)),
                (
                    Wrong(
                        -((1 - S) ** (gamma + 1)),
                        "The factor $(1 - s)^\\gamma$ is treated as a constant weight; it depends on the logit too.",
                    ),
                ),
            ),
        ),
        "Take $\\log s$ from the logit, as below; for a confident mistake $s$ underflows.",
        (
            Stable(
                log(sigmoid(F)),
                -(Max(-F, 0) + log1p(exp(-Abs(F)))),
                {F: -800},
                "The logarithm of an underflow is infinite.",
            ),
        ),
        uses=("sigmoid",),
        see=("binary-cross-entropy",),
    )


def dice_loss() -> Entry:
    """∂L/∂p_n = −2 (y_n − I/U)/U with I = Σ p y, twice, over U = Σ p + Σ y."""
    both, total = sp.symbols("I U")
    return Entry(
        "dice-loss",
        "Dice loss",
        "One minus the overlap $2I/U$ of predicted probabilities and a mask, for segmentation.",
        "dice f1 overlap segmentation sorensen iou",
        (
            Eq(both, Sum(p[n] * y[n], n)),
            Eq(total, Sum(p[n], n) + Sum(y[n], n)),
            Eq(L, 1 - 2 * both / total),
        ),
        (
            Gradient(
                p[n],
                2 / total**2 * (both - y[n] * total),
                (Wrong(-2 * y[n] / total, "The denominator holds $p_n$ too: the quotient rule has a second term."),),
            ),
        ),
        "0/0 for an empty mask without predictions; a small constant in $I$ and $U$ settles it.",
        see=("binary-cross-entropy-probabilities",),
    )
