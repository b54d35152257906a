"""Negative log-likelihoods of counts, amounts and measurements with noise."""

from __future__ import annotations

import sympy as sp
from sympy import Eq, Rational, Sum, exp, log
from sympy.codegen.cfunctions import log1p

from gradproof.lines import times
from gradproof.reference.entry import Entry, Gradient, Stable, Wrong
from gradproof.reference.letters import L, X, d, f, n, s, w, y

HALF = Rational(1, 2)
mu = sp.IndexedBase("mu")
r, F, Y, S, M = sp.symbols("r f y s M")
nu = sp.Symbol("nu", positive=True)
LINEAR = Eq(f[n], Sum(X[n, d] * w[d], d))


def poisson_regression() -> Entry:
    """∂L/∂w_d = Σ_n (e^{f_n} − y_n) X_nd."""
    return Entry(
        "poisson-regression",
        "Poisson regression",
        "Negative log-likelihood of counts $y_n$ with rate $e^{f_n}$, without the term that depends on $y_n$ only.",
        "poisson loss count data log link generalised linear model glm",
        (LINEAR, Eq(L, Sum(exp(f[n]) - y[n] * f[n], n))),
        (
            Gradient(
                w[d],
                Sum((exp(f[n]) - y[n]) * X[n, d], n),
                (
                    Wrong(
                        Sum((f[n] - y[n]) * X[n, d], n),
                        "The mean of the model is $e^{f_n}$: the log link is forgotten.",
                    ),
                ),
            ),
        ),
        "The rate overflows for $f_n > 709$; one large step can get there, so bound $f_n$ or the step.",
        (
            Stable(
                exp(F) - Y * log(exp(F)),
                exp(F) - Y * F,
                {F: -800, Y: 3},
                "Computed from the rate, the logarithm of an underflow is infinite.",
            ),
        ),
    )


def gamma_regression() -> Entry:
    """∂L/∂w_d = Σ_n (1 − y_n e^{−f_n}) X_nd."""
    return Entry(
        "gamma-regression",
        "Gamma regression",
        "For positive targets whose spread grows with their mean $e^{f_n}$, such as amounts and durations.",
        "gamma deviance log link generalised linear model glm positive",
        (LINEAR, Eq(L, Sum(f[n] + y[n] * exp(-f[n]), n))),
        (
            Gradient(
                w[d],
                Sum((1 - y[n] * exp(-f[n])) * X[n, d], n),
                (
                    Wrong(
                        Sum((1 + y[n] * exp(-f[n])) * X[n, d], n), "The inner derivative −1 of $e^{-f}$ is forgotten."
                    ),
                ),
            ),
        ),
        "$e^{-f_n}$ overflows for $f_n < -709$: start from weights for which the mean is of the size of the targets.",
        see=("poisson-regression",),
    )


def gaussian_likelihood() -> Entry:
    """∂L/∂μ_n = (μ_n − y_n) e^{−s_n}, ∂L/∂s_n = (1 − (y_n − μ_n)² e^{−s_n})/2."""
    return Entry(
        "gaussian-likelihood",
        "Gaussian likelihood with a learnt variance",
        "A model that predicts a mean $\\mu_n$ and the logarithm of a variance, $s_n = \\log \\sigma_n^2$.",
        "gaussian nll negative log likelihood heteroscedastic regression variance log-variance uncertainty",
        (Eq(L, Sum(s[n] + (y[n] - mu[n]) ** 2 * exp(-s[n]), n) / 2),),
        (
            Gradient(mu[n], (mu[n] - y[n]) * exp(-s[n])),
            Gradient(
                s[n],
                times(HALF, 1 - (y[n] - mu[n]) ** 2 * exp(-s[n])),
                (
                    Wrong(
                        times(HALF, exp(-s[n]) - (y[n] - mu[n]) ** 2 * exp(-2 * s[n])),
                        "That is the derivative by the variance $\\sigma^2$ itself; by its logarithm there is a factor $\\sigma^2$ more.",
                    ),
                ),
            ),
        ),
        "The logarithm keeps the variance positive. $e^{-s}$ still grows without bound as the fit becomes exact: bound $s_n$ from below.",
        (
            Stable(
                (log(exp(S)) + (Y - M) ** 2 / exp(S)) / 2,
                (S + (Y - M) ** 2 * exp(-S)) / 2,
                {S: 720, Y: 1, M: 0},
                "Computed from the variance, its logarithm is infinite.",
            ),
        ),
        see=("mean-squared-error", "gaussian-covariance"),
    )


def student_likelihood() -> Entry:
    """∂L/∂r = (ν + 1) r/(ν + r²)."""
    value = (nu + 1) / 2 * log(1 + r**2 / nu)
    return Entry(
        "student-likelihood",
        "Student's t and Cauchy loss",
        "Negative log-likelihood of a residual $r$ with heavy tails; $\\nu = 1$ is the Cauchy or Lorentzian loss.",
        "student t cauchy lorentzian robust heavy tails outliers redescending",
        (Eq(L, value),),
        (
            Gradient(
                r,
                (nu + 1) * r / (nu + r**2),
                (
                    Wrong(
                        (nu + 1) * r / (1 + r**2 / nu), "The inner derivative is $2r/\\nu$; its $1/\\nu$ is forgotten."
                    ),
                ),
            ),
        ),
        "The gradient falls to 0 for large residuals: outliers are given up, and the loss is not convex.",
        (
            Stable(
                value,
                (nu + 1) / 2 * log1p(r**2 / nu),
                {r: "1e-9", nu: 3},
                "Added to 1, a small square is lost.",
            ),
        ),
        see=("gaussian-likelihood", "log-cosh"),
    )
