"""Activations y = f(x), one number in, one number out, and gates that multiply two."""

from __future__ import annotations

import sympy as sp
from sympy import Abs, Eq, Max, Min, Piecewise, Rational, erf, erfc, exp, log, pi, sqrt
from sympy.codegen.cfunctions import expm1, log1p

from gradproof.lines import times
from gradproof.reference.entry import Entry, Gradient, Stable, Wrong
from gradproof.reference.letters import alpha, beta, lam, x
from gradproof.reference.letters import sigmoid as sigma

HALF = Rational(1, 2)
Y, S, T, Phi, phi, cubic = sp.symbols("y s t Phi varphi c")
SIGMOID = Eq(S, sigma(x))
NORMAL = (Eq(Phi, times(HALF, 1 + erf(x / sqrt(2)))), Eq(phi, exp(-(x**2) / 2) / sqrt(2 * pi)))
SOFTPLUS = Stable(
    log(1 + exp(x)),
    Max(x, 0) + log1p(exp(-Abs(x))),
    {x: 800},
    "The exponential overflows, although its logarithm is small.",
)


def activation(
    identity: str,
    title: str,
    about: str,
    keywords: str,
    value: sp.Expr,
    slope: sp.Expr,
    wrong: tuple[Wrong, ...],
    stability: str,
    stable: tuple[Stable, ...] = (),
    named: tuple[sp.Eq, ...] = (),
    assumptions: tuple[sp.Rel, ...] = (),
    uses: tuple[str, ...] = (),
    see: tuple[str, ...] = (),
) -> Entry:
    """Y = value with dy/dx = slope; named: quantities that both may use."""
    return Entry(
        identity, title, about, keywords + " activation function derivative",
        (*named, Eq(Y, value)), (Gradient(x, slope, wrong),), stability, stable, assumptions, uses, see,
    )  # fmt: skip


def sigmoid() -> Entry:
    """dy/dx = y (1 − y)."""
    return activation(
        "sigmoid",
        "Sigmoid",
        "The logistic function, from 0 to 1.",
        "sigmoid logistic expit",
        sigma(x),
        Y * (1 - Y),
        (
            Wrong(x * (1 - x), "The rule $y(1 - y)$ is applied to the input in place of the output."),
            Wrong(
                -exp(-x) / (1 + exp(-x)) ** 2, "Two minus signs, of the reciprocal and of the exponent, make a plus."
            ),
        ),
        "For very negative $x$ the exponential overflows, and the result is a correct 0. Its complement $1 - y$ is not: use $\\sigma(-x)$.",
        (Stable(1 - sigma(x), sigma(-x), {x: 40}, "The output is rounded to 1."),),
    )


def log_sigmoid() -> Entry:
    """dy/dx = σ(−x)."""
    return activation(
        "log-sigmoid",
        "Log-sigmoid",
        "The logarithm of the sigmoid: minus the softplus of $-x$.",
        "logsigmoid log likelihood logistic",
        log(sigma(x)),
        sigma(-x),
        (Wrong(sigma(x), "The derivative is the complement: it goes to 0 where the sigmoid goes to 1."),),
        "Never as the logarithm of a sigmoid.",
        (
            Stable(
                log(sigma(x)),
                Min(x, 0) - log1p(exp(-Abs(x))),
                {x: -800},
                "The sigmoid underflows, and its logarithm is infinite.",
            ),
        ),
        uses=("sigmoid",),
        see=("softplus",),
    )


def tanh() -> Entry:
    """dy/dx = 1 − y²."""
    return activation(
        "tanh",
        "Tanh",
        "The hyperbolic tangent, from −1 to 1: a sigmoid, stretched and moved.",
        "tanh hyperbolic tangent",
        sp.tanh(x),
        1 - Y**2,
        (
            Wrong(1 - Y, "The square is forgotten."),
            Wrong(1 - sp.tanh(x**2), "The square is that of the value, not of the input."),
        ),
        "Safe as a library function. As a quotient of exponentials it overflows.",
        (
            Stable(
                (exp(x) - exp(-x)) / (exp(x) + exp(-x)),
                sp.tanh(x),
                {x: 800},
                "Infinity by infinity has no value.",
            ),
        ),
        see=("sigmoid",),
    )


def softplus() -> Entry:
    """dy/dx = σ(βx)."""
    return activation(
        "softplus",
        "Softplus",
        "A smooth ReLU; the larger $\\beta$, the closer.",
        "softplus smooth relu",
        log(1 + exp(beta * x)) / beta,
        sigma(beta * x),
        (
            Wrong(beta * sigma(beta * x), "The factor $1/\\beta$ in front cancels the inner derivative."),
            Wrong(sigma(-beta * x), "The sign in the exponent: the slope goes to 1 for large inputs."),
        ),
        "Shown for $\\beta = 1$.",
        (SOFTPLUS,),
        see=("sigmoid", "relu"),
    )


def relu() -> Entry:
    """dy/dx = 1 for x > 0, 0 for x < 0."""
    return activation(
        "relu",
        "ReLU",
        "The positive part of its input.",
        "relu rectified linear unit ramp hinge",
        Max(x, 0),
        Piecewise((1, x > 0), (0, True)),
        (
            Wrong(Max(x, 0), "The value is taken for the slope."),
            Wrong(Piecewise((x, x > 0), (0, True)), "Where it is $x$, its derivative is 1."),
        ),
        "Safe. A unit whose input is negative for all examples gets no gradient and stays so.",
    )


def leaky_relu() -> Entry:
    """dy/dx = 1 or α; dy/dα = min(x, 0)."""
    return Entry(
        "leaky-relu",
        "Leaky ReLU and PReLU",
        "ReLU with a small slope $\\alpha$ for negative inputs; PReLU learns it.",
        "leaky relu prelu parametric rectified linear unit activation function derivative",
        (Eq(Y, Piecewise((x, x > 0), (alpha * x, True))),),
        (
            Gradient(
                x,
                Piecewise((1, x > 0), (alpha, True)),
                (
                    Wrong(
                        Piecewise((1, x > 0), (-alpha, True)),
                        "The slope keeps its sign: the function rises on both sides.",
                    ),
                ),
            ),
            Gradient(alpha, Min(x, 0), (Wrong(x, "For positive inputs $\\alpha$ plays no part."),)),
        ),
        "Safe.",
        see=("relu",),
    )


def elu() -> Entry:
    """dy/dx = 1 or α e^x."""
    return activation(
        "elu",
        "ELU and SELU",
        "Exponential for negative inputs, linear for positive. ELU has $\\lambda = 1$; SELU $\\lambda = 1.0507\\ldots$ and $\\alpha = 1.6732\\ldots$",
        "elu selu exponential linear unit scaled self normalising",
        Piecewise((lam * x, x > 0), (lam * alpha * (exp(x) - 1), True)),
        Piecewise((lam, x > 0), (lam * alpha * exp(x), True)),
        (
            Wrong(
                Piecewise((1, x > 0), (lam * alpha * exp(x), True)),
                "The scale $\\lambda$ multiplies both parts.",
            ),
            Wrong(
                Piecewise((lam, x > 0), (lam * alpha * (exp(x) - 1), True)),
                "The 1 is a constant and drops out.",
            ),
        ),
        "Near 0 the exponential and the 1 cancel.",
        (Stable(exp(x) - 1, expm1(x), {x: "-1e-15"}, "Most digits cancel."),),
        see=("relu",),
    )


def silu() -> Entry:
    """dy/dx = s + βx s(1 − s), s = σ(βx)."""
    return activation(
        "silu",
        "SiLU (Swish)",
        "The input times its sigmoid; $\\beta = 1$ for SiLU.",
        "silu swish sigmoid linear unit self gated",
        x * S,
        S + beta * x * S * (1 - S),
        (
            Wrong(S + x * S * (1 - S), "The inner derivative, $\\beta$, is forgotten."),
            Wrong(beta * x * S * (1 - S), "The product rule has another term, $s$."),
        ),
        "Safe once the sigmoid is: for large negative $x$ both terms go to 0.",
        named=(Eq(S, sigma(beta * x)),),
        uses=("sigmoid",),
        see=("gelu",),
    )


def gelu() -> Entry:
    """dy/dx = Φ(x) + x φ(x)."""
    return activation(
        "gelu",
        "GELU",
        "The input times the normal distribution function $\\Phi$; $\\varphi$ is its density.",
        "gelu gaussian error linear unit erf normal cdf transformer",
        x * Phi,
        Phi + x * phi,
        (
            Wrong(Phi, "The product rule has a second term, $x\\varphi(x)$."),
            Wrong(
                Phi + x * exp(-(x**2)) / sqrt(pi),
                "The inner derivative of $x/\\sqrt{2}$, and its square in the exponent, are forgotten.",
            ),
        ),
        "For negative $x$ the two terms of $1 + \\operatorname{erf}$ cancel.",
        (
            Stable(
                times(HALF, 1 - erf(x / sqrt(2))),
                erfc(x / sqrt(2)) / 2,
                {x: 8},
                "This is $\\Phi(-x)$; most digits of the difference are lost, and from 9 on all.",
            ),
        ),
        named=NORMAL,
        see=("relu",),
    )


def gelu_tanh() -> Entry:
    """dy/dx = (1 + t)/2 + x (1 − t²)(1 + 3c x²)/√(2π)."""
    half = times(HALF, 1 + T)
    return activation(
        "gelu-tanh",
        "GELU, tanh approximation",
        "The approximation of many language models, with $c = 0.044715$: nowhere further than 0.0005 from the exact one.",
        "gelu tanh approximation gelu_new gpt bert fast 0.044715",
        times(HALF, x, 1 + T),
        half + x * (1 - T**2) * (1 + 3 * cubic * x**2) / sqrt(2 * pi),
        (
            Wrong(
                half + x * (1 - T**2) * (1 + cubic * x**2) / sqrt(2 * pi),
                "The 3 of the cubic's derivative is forgotten.",
                {x: 1, cubic: "0.044715"},
            ),
            Wrong(half + x * (1 - T**2) / 2, "The inner derivative is forgotten.", {x: 1, cubic: "0.044715"}),
        ),
        "Safe: tanh does not overflow.",
        named=(Eq(T, sp.tanh(sqrt(2 / pi) * (x + cubic * x**3))),),
        uses=("tanh",),
        see=("gelu",),
    )


def mish() -> Entry:
    """dy/dx = t + x (1 − t²) σ(x), t = tanh(softplus(x))."""
    return activation(
        "mish",
        "Mish",
        "The input times the tanh of its softplus.",
        "mish self gated smooth",
        x * T,
        T + x * (1 - T**2) * sigma(x),
        (
            Wrong(T + x * (1 - T**2), "The derivative of the softplus, $\\sigma(x)$, is forgotten."),
            Wrong(T + x * sigma(x), "The derivative of tanh is forgotten."),
        ),
        "Use a softplus that does not overflow.",
        (SOFTPLUS,),
        (Eq(T, sp.tanh(log(1 + exp(x)))),),
        uses=("tanh", "softplus"),
        see=("silu",),
    )


def softsign() -> Entry:
    """dy/dx = 1/(1 + |x|)²."""
    return activation(
        "softsign",
        "Softsign",
        "Like tanh, from −1 to 1, but slower to saturate.",
        "softsign",
        x / (1 + Abs(x)),
        1 / (1 + Abs(x)) ** 2,
        (Wrong(1 / (1 + Abs(x)), "The denominator depends on $x$ too: the quotient rule has a second term."),),
        "Safe. Although $|x|$ has a kink at 0, this function has none.",
        see=("tanh",),
    )


def hardtanh() -> Entry:
    """dy/dx = 1 between −1 and 1, else 0."""
    return activation(
        "hardtanh",
        "Hardtanh",
        "The input, clipped to $[-1, 1]$; ReLU6 is clipped to $[0, 6]$ in the same way.",
        "hardtanh clip clamp relu6 saturating",
        Max(-1, Min(1, x)),
        Piecewise((0, x < -1), (1, x < 1), (0, True)),
        (Wrong(Piecewise((1, x < 1), (0, True)), "The lower bound is forgotten."),),
        "Safe. What was clipped gets no gradient.",
        see=("tanh",),
    )


def hard_sigmoid() -> Entry:
    """dy/dx = 1/6 between −3 and 3, else 0."""
    return activation(
        "hard-sigmoid",
        "Hard sigmoid",
        "A sigmoid of straight lines.",
        "hardsigmoid piecewise linear mobile",
        Max(0, Min(1, (x + 3) / 6)),
        Piecewise((0, x < -3), (Rational(1, 6), x < 3), (0, True)),
        (Wrong(Piecewise((0, x < -3), (1, x < 3), (0, True)), "The inner derivative, 1/6, is forgotten."),),
        "Safe.",
        see=("sigmoid",),
    )


def hard_swish() -> Entry:
    """dy/dx = 0, (2x + 3)/6 or 1."""
    return activation(
        "hard-swish",
        "Hard swish",
        "The input times its hard sigmoid.",
        "hardswish mobilenet",
        x * Max(0, Min(1, (x + 3) / 6)),
        Piecewise((0, x < -3), (times(Rational(1, 6), 2 * x + 3), x < 3), (1, True)),
        (
            Wrong(
                Piecewise((0, x < -3), (times(Rational(1, 6), x + 3), x < 3), (1, True)),
                "The product rule has a second term, $x/6$.",
            ),
        ),
        "Safe.",
        uses=("hard-sigmoid",),
        see=("silu",),
    )


def squared_relu() -> Entry:
    """dy/dx = 2 max(x, 0)."""
    return activation(
        "squared-relu",
        "Squared ReLU",
        "The square of a ReLU, with a continuous slope.",
        "squared relu primer",
        Max(x, 0) ** 2,
        2 * Max(x, 0),
        (Wrong(2 * x, "For negative inputs the slope is 0."),),
        "Safe.",
        uses=("relu",),
    )
