"""Losses of regression: a target y_n and its prediction f_n, often the linear model f_n = Σ_d X_nd w_d."""

from __future__ import annotations

import sympy as sp
from sympy import Abs, Eq, Max, Min, Piecewise, Sum, cosh, exp, log, sign, sqrt, tanh
from sympy.codegen.cfunctions import log1p

from gradproof.lines import times
from gradproof.reference.entry import Entry, Gradient, Stable, Wrong
from gradproof.reference.letters import L, N, X, alpha, b, d, delta, epsilon, f, lam, n, tau, w, y

HALF, TWO = sp.Rational(1, 2), sp.Integer(2)
mu, v = map(sp.IndexedBase, ("mu", "v"))
r, F, Y, S, M = sp.symbols("r f y s M")
nu = sp.Symbol("nu", positive=True)
LINEAR = Eq(f[n], Sum(X[n, d] * w[d], d))


def mean_squared_error() -> Entry:
    """∂L/∂f_n = 2 (f_n − y_n)/N."""
    return Entry(
        "mean-squared-error",
        "Mean squared error",
        "The mean of the squared differences between predictions $f_n$ and targets $y_n$.",
        "mse l2 loss quadratic least squares regression",
        (Eq(L, Sum((f[n] - y[n]) ** 2, n) / N),),
        (
            Gradient(
                f[n],
                2 / N * (f[n] - y[n]),
                (
                    Wrong(
                        2 / N * (y[n] - f[n]),
                        "The residual is written as target minus prediction, and its inner derivative −1 is forgotten.",
                    ),
                    Wrong(
                        times(TWO, f[n] - y[n]),
                        "The loss is a mean, so $1/N$ stays; without it steps grow with the batch.",
                    ),
                ),
            ),
        ),
        "Safe: one difference and one product. The squares overflow only from residuals of $10^{154}$ on.",
    )


def linear_regression() -> Entry:
    """∂L/∂w_d = (2/N) Σ_n (f_n − y_n) X_nd."""
    rest = f[n] - y[n]
    return Entry(
        "linear-regression",
        "Linear regression",
        "Mean squared error of the linear model with weights $w_d$ and a bias $b$.",
        "least squares linear model weights bias intercept normal equations",
        (Eq(f[n], Sum(X[n, d] * w[d], d) + b), Eq(L, Sum(rest**2, n) / N)),
        (
            Gradient(
                w[d],
                2 * Sum(rest * X[n, d], n) / N,
                (
                    Wrong(2 * Sum(rest, n) / N, "The inner derivative, the input $X_{nd}$, is forgotten."),
                    Wrong(
                        2 * Sum(rest, n) * Sum(X[n, d], n) / N,
                        "The sum of products is no product of sums; averaging residuals and inputs first loses how they go together.",
                    ),
                ),
            ),
            Gradient(b, 2 * Sum(rest, n) / N),
        ),
        "Forming $X^\\top X$ squares the condition number; the gradient as written, with the residual first, does not need it.",
        uses=("mean-squared-error", "linear-layer"),
    )


def weighted_least_squares() -> Entry:
    """∂L/∂w_d = Σ_n v_n (f_n − y_n) X_nd."""
    return Entry(
        "weighted-least-squares",
        "Weighted least squares",
        "Each example counts with its own weight $v_n$, such as an inverse variance.",
        "sample weights importance weighting heteroscedastic",
        (LINEAR, Eq(L, Sum(v[n] * (f[n] - y[n]) ** 2, n) / 2)),
        (
            Gradient(
                w[d],
                Sum(v[n] * (f[n] - y[n]) * X[n, d], n),
                (
                    Wrong(
                        Sum(v[n] ** 2 * (f[n] - y[n]) * X[n, d], n),
                        "The data are scaled by $v_n$ where it should be $\\sqrt{v_n}$: the weight enters twice.",
                    ),
                ),
            ),
        ),
        "Safe, unless the weights differ by many orders of magnitude: then the small ones vanish in the sum.",
        see=("linear-regression",),
    )


def ridge_regression() -> Entry:
    """∂L/∂w_d = (2/N) Σ_n (f_n − y_n) X_nd + 2λ w_d."""
    data = 2 * Sum((f[n] - y[n]) * X[n, d], n) / N
    return Entry(
        "ridge-regression",
        "Ridge regression",
        "Mean squared error with a quadratic penalty on the weights, known as weight decay.",
        "l2 regularisation regularization tikhonov weight decay",
        (LINEAR, Eq(L, Sum((f[n] - y[n]) ** 2, n) / N + lam * Sum(w[d] ** 2, d))),
        (
            Gradient(
                w[d],
                data + 2 * lam * w[d],
                (
                    Wrong(
                        data + lam * w[d],
                        "That is the gradient of the penalty $\\tfrac{\\lambda}{2} \\sum_d w_d^2$, another convention.",
                    ),
                    Wrong(
                        data + 2 * lam * Sum(w[d], d),
                        "The sum over the penalty is kept, though only one term holds this very weight.",
                    ),
                ),
            ),
        ),
        "Safe. The penalty keeps the problem well conditioned where features are nearly collinear.",
        uses=("linear-regression", "squared-norm"),
    )


def elastic_net() -> Entry:
    """∂L/∂w_d = (1/N) Σ_n (f_n − y_n) X_nd + λ(α sign w_d + (1 − α) w_d)."""
    data = Sum((f[n] - y[n]) * X[n, d], n) / N
    penalty = alpha * Sum(Abs(w[d]), d) + (1 - alpha) * Sum(w[d] ** 2, d) / 2
    return Entry(
        "elastic-net",
        "Lasso and elastic net",
        "Squared error with the sum of absolute weights as a penalty, which makes weights exactly zero; $\\alpha = 1$ is the lasso.",
        "l1 regularisation regularization lasso sparsity soft thresholding subgradient",
        (LINEAR, Eq(L, Sum((f[n] - y[n]) ** 2, n) / (2 * N) + lam * penalty)),
        (
            Gradient(
                w[d],
                data + lam * (alpha * sign(w[d]) + (1 - alpha) * w[d]),
                (
                    Wrong(
                        data + lam * (alpha + (1 - alpha) * w[d]),
                        "The derivative of $|w|$ is taken to be 1; for negative weights it is −1.",
                    ),
                ),
            ),
        ),
        "There is no gradient where a weight is 0, which is where the minimum often lies: use a proximal step (soft thresholding) for the penalty.",
        uses=("linear-regression", "one-norm", "squared-norm"),
        see=("ridge-regression",),
    )


def mean_absolute_error() -> Entry:
    """∂L/∂f_n = sign(f_n − y_n)/N."""
    return Entry(
        "mean-absolute-error",
        "Mean absolute error",
        "Its minimum is the median, so that outliers pull with the same force as any other point.",
        "mae l1 loss laplace robust median",
        (Eq(L, Sum(Abs(f[n] - y[n]), n) / N),),
        (
            Gradient(
                f[n],
                sign(f[n] - y[n]) / N,
                (
                    Wrong(
                        (f[n] - y[n]) / N,
                        "The residual itself belongs to the squared error; here only its sign counts.",
                    ),
                ),
            ),
        ),
        "The gradient does not shrink near the minimum: with a fixed step the iterates jump from side to side.",
        see=("mean-squared-error", "one-norm"),
    )


def huber() -> Entry:
    """∂L/∂r = r clipped to [−δ, δ]."""
    value = Piecewise((r**2 / 2, Abs(r) <= delta), (delta * (Abs(r) - delta / 2), True))
    return Entry(
        "huber",
        "Huber loss",
        "Quadratic for residuals up to $\\delta$, linear beyond; here for one residual $r = f - y$. PyTorch's smooth L1 loss is this, divided by $\\delta$.",
        "smooth l1 robust regression clipped gradient huber function",
        (Eq(L, value),),
        (
            Gradient(
                r,
                Max(-delta, Min(delta, r)),
                (
                    Wrong(
                        Piecewise((r, Abs(r) <= delta), (delta, True)),
                        "The sign is lost in the linear part: below $-\\delta$ the slope is $-\\delta$.",
                    ),
                    Wrong(
                        Piecewise((r, Abs(r) <= delta), (sign(r), True)),
                        "The slope of the linear part is $\\delta$, not 1; the two pieces would not join.",
                    ),
                ),
            ),
        ),
        "Safe, and bounded by $\\delta$: it is the residual, clipped.",
        see=("mean-absolute-error", "mean-squared-error"),
    )


def pseudo_huber() -> Entry:
    """∂L/∂r = r/√(1 + (r/δ)²)."""
    root = sqrt(1 + (r / delta) ** 2)
    return Entry(
        "pseudo-huber",
        "Pseudo-Huber loss",
        "A smooth version of Huber's loss, with derivatives of every order; also known as Charbonnier loss.",
        "charbonnier smooth l1 robust",
        (Eq(L, delta**2 * (root - 1)),),
        (
            Gradient(
                r,
                r / root,
                (
                    Wrong(
                        delta**2 * r / root,
                        "The inner derivative $2r/\\delta^2$ cancels the factor $\\delta^2$; only its $r$ is kept.",
                    ),
                    Wrong(
                        r / (2 * root),
                        "The 2 of the inner derivative cancels the ½ of the square root; one of them is forgotten.",
                    ),
                ),
            ),
        ),
        "The loss itself cancels for small residuals.",
        (
            Stable(
                delta**2 * (root - 1),
                r**2 / (1 + root),
                {r: "1e-9", delta: 1},
                "Near 0 the root is 1 to all digits, and nothing is left of the difference.",
            ),
        ),
        see=("huber",),
    )


def log_cosh() -> Entry:
    """∂L/∂f_n = tanh(f_n − y_n)."""
    return Entry(
        "log-cosh",
        "Log-cosh loss",
        "Like half the square for small residuals and like the absolute value for large ones.",
        "logcosh robust smooth",
        (Eq(L, Sum(log(cosh(f[n] - y[n])), n)),),
        (
            Gradient(
                f[n],
                tanh(f[n] - y[n]),
                (
                    Wrong(
                        1 / cosh(f[n] - y[n]),
                        "The derivative of the logarithm is taken, and the inner one, sinh, forgotten.",
                    ),
                ),
            ),
        ),
        "The gradient is safe and bounded by 1; the loss is not, as the hyperbolic cosine overflows from 711 on.",
        (
            Stable(
                log(cosh(r)),
                Abs(r) + log1p(exp(-2 * Abs(r))) - log(2),
                {r: 800},
                "The cosine overflows although its logarithm is small.",
            ),
        ),
        see=("huber", "tanh"),
    )


def quantile() -> Entry:
    """∂L/∂f = −τ where y > f, and 1 − τ where y < f."""
    return Entry(
        "quantile",
        "Quantile (pinball) loss",
        "Its minimum is the quantile $\\tau$ of the targets: too low a prediction $f$ costs $\\tau$, too high a one $1 - \\tau$ for each unit.",
        "pinball quantile regression asymmetric median",
        (Eq(L, Max(tau * (Y - F), (tau - 1) * (Y - F))),),
        (
            Gradient(
                F,
                Piecewise((-tau, Y > F), (1 - tau, True)),
                (
                    Wrong(
                        Piecewise((tau, Y > F), (tau - 1, True)),
                        "That is the derivative by the residual $y - f$; by the prediction it has the other sign.",
                    ),
                ),
            ),
        ),
        "Safe: two constants. As for the absolute error, the gradient does not shrink near the minimum.",
        assumptions=(sp.Lt(tau, 1),),
        see=("mean-absolute-error",),
    )


def epsilon_insensitive() -> Entry:
    """∂L/∂f = sign(f − y) outside the tube of width ε, 0 inside."""
    return Entry(
        "epsilon-insensitive",
        "ε-insensitive loss",
        "The loss of support vector regression: residuals up to $\\epsilon$ cost nothing.",
        "support vector regression svr tube epsilon",
        (Eq(L, Max(0, Abs(F - Y) - epsilon)),),
        (
            Gradient(
                F,
                Piecewise((sign(F - Y), Abs(F - Y) > epsilon), (0, True)),
                (Wrong(sign(F - Y), "The tube is forgotten: inside it the loss is flat."),),
            ),
        ),
        "Safe. A prediction within the tube gets no gradient at all.",
        see=("mean-absolute-error", "hinge"),
    )
