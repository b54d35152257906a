"""Averages of gradients: statements of a question on Data Science Stack Exchange.

Notation: f[i] stands for f(x_i), the line m·x_i + b or any model; J is the mean squared error.
"""

from __future__ import annotations

import sympy as sp

from gradproof.claim import Claim, Figure, Misprint, Source, grouped
from gradproof.derivation import Derivation, derive
from gradproof.lines import derivative
from gradproof.model import Model

__all__ = ["CLAIMS", "DEFINITIONS", "linearity", "linreg_b", "linreg_m", "sigmoid", "sigmoid_means"]

SOURCE = Source(
    title="Why is taking the gradient of the average error in SGD not correct, but rather the average of the"
    " gradients of single errors?",
    author="lo tolmencre, Neil Slater and others on Data Science Stack Exchange",
    year="2019",
    url="https://datascience.stackexchange.com/questions/56405",
    licence="CC BY-SA 4.0",
)

N = sp.Symbol("N", integer=True, positive=True)
i = sp.Idx("i", (1, N))
m, b, theta, J, sigma = sp.symbols("m b theta J sigma")
u = sp.Symbol("x")
x, y, f = sp.IndexedBase("x"), sp.IndexedBase("y"), sp.IndexedBase("f")

LINE = sp.Eq(f[i], m * x[i] + b)
ERROR = sp.Eq(J, sp.Sum((y[i] - f[i]) ** 2, i) / N)
LOGISTIC = sp.Eq(sigma, 1 / (1 + sp.exp(-u)))

#: The definitions that the page shows, by name.
DEFINITIONS = {"f": LINE, "J": ERROR, "sigma": LOGISTIC}


def _linreg(parameter: sp.Symbol, slope: sp.Expr, name: str) -> Derivation:
    """The six printed lines for ∂J/∂m or ∂J/∂b; `slope` is what the unnamed line puts in."""
    model = Model([LINE, ERROR])
    derivation = model.derive(J, parameter)
    left = derivative(J, parameter)
    error = y[i] - f[i]

    def mean(summand: sp.Expr) -> sp.Expr:
        return sp.Sum(summand, i) / N

    lines = grouped(
        derivation,
        [
            ("factor rule", "factor rule"),
            ("sum rule over an index", "sum rule"),
            ("chain rule", "chain rule"),
            ("definition", "definition f"),
            ("", ""),
            ("distributivity", "comm., distr."),
        ],
    )
    d = rf"\frac{{\partial}}{{\partial {name}}}"
    outside = r"\frac{1}{N} \sum_{i=1}^N 2(y_i -f(x_i))"
    inside = {"m": "(-x_i)", "b": "(-1)"}[name]
    result = {"m": r"x_i(y_i -f(x_i))", "b": r"(y_i -f(x_i))"}[name]
    opened = error.xreplace({f[i]: m * x[i] + b})
    misprints = (
        Misprint(
            place="line 3, the chain rule",
            printed=rf"{outside} {d} y_i -f(x_i)",
            reading=sp.Eq(left, mean(sp.Mul(2, error, derivative(y[i], parameter)) - f[i]), evaluate=False),
            corrected=sp.Eq(left, mean(sp.Mul(2, error, derivative(error, parameter))), evaluate=False),
            definitions=(LINE, ERROR),
        ),
        Misprint(
            place="line 4, the definition of f",
            printed=rf"{outside} {d} y_i - (mx_i + b)",
            reading=sp.Eq(left, mean(sp.Mul(2, error, derivative(y[i], parameter)) - (m * x[i] + b)), evaluate=False),
            corrected=sp.Eq(left, mean(sp.Mul(2, error, derivative(opened, parameter))), evaluate=False),
            definitions=(LINE, ERROR),
        ),
    )
    claim = Claim(
        id=f"averages.linreg.{name}",
        source=SOURCE,
        place="the question, " + {"m": "first", "b": "second"}[name] + " derivation",
        printed=rf"\begin{{aligned}} \frac{{\partial J(\theta)}}{{\partial {name}}}"
        rf" &= \frac{{1}}{{N}} {d} \sum_{{i=1}}^N (y_i -f(x_i))^2 & \texttt{{factor rule}}\\"
        rf" &= \frac{{1}}{{N}} \sum_{{i=1}}^N {d} (y_i -f(x_i))^2 & \texttt{{sum rule}}\\"
        rf" &= {outside} {d} y_i -f(x_i) & \texttt{{chain rule}}\\"
        rf" &= {outside} {d} y_i - (mx_i + b) & \texttt{{definition }} f\\"
        rf" &= {outside} {inside} & \texttt{{}}\\"
        rf" &= -\frac{{2}}{{N}} \sum_{{i=1}}^N {result} & \texttt{{comm., distr.}} \end{{aligned}}",
        statement=sp.Eq(left, sp.Mul(-2, 1 / N, sp.Sum(slope * error, i)), evaluate=False),
        definitions=(LINE, ERROR),
        lines=lines,
        misprints=misprints,
        corrected=tuple(p.corrected for p in misprints),
        remark="$f_i$ stands for $f(x_i)$. The result holds as printed; lines 3 and 4 lack a pair of brackets.",
        wrt=parameter,
        derive=lambda: derivation,
    )
    made = claim.derivation
    if made is None:
        raise ValueError("a gradient has a derivation")
    return made


def linreg_m() -> Derivation:
    """∂J/∂m = −(2/N) Σ x_i (y_i − f(x_i)) for the mean squared error of a line, every N."""
    return _linreg(m, x[i], "m")


def linreg_b() -> Derivation:
    """∂J/∂b = −(2/N) Σ (y_i − f(x_i)) for the mean squared error of a line, every N."""
    return _linreg(b, sp.Integer(1), "b")


def linearity() -> Claim:
    """∇ of a mean is the mean of the ∇s, for every n and any differentiable f_θ."""
    model = sp.Function("f")
    n = sp.Symbol("n", integer=True, positive=True)
    k = sp.Idx("i", (1, n))
    square = (y[k] - model(x[k], theta)) ** 2
    left, right = derivative(sp.Sum(square, k) / n, theta), sp.Sum(derivative(square, theta), k) / n
    return Claim(
        id="averages.linearity",
        source=SOURCE,
        place="the question, third display",
        printed=r"\nabla \frac{1}{n}\sum_{i=1}^{n} (y_i - f(x_i))^2 = \frac{1}{n}\sum_{i=1}^{n} \nabla (y_i - f(x_i))^2",
        statement=sp.Eq(left, right, evaluate=False),
        remark=r"$\theta$ is any one parameter of the model $f$; the gradient collects such derivatives.",
        wrt=theta,
    )


def sigmoid() -> Derivation:
    """σ′(x) = σ(x)(1 − σ(x)) for σ(x) = 1/(1 + e^(−x))."""
    claim = Claim(
        id="averages.sigmoid",
        source=SOURCE,
        place="first answer, the formulas that were pictures",
        printed="",
        statement=sp.Eq(derivative(sigma, u), sigma * (1 - sigma), evaluate=False),
        definitions=(LOGISTIC,),
        remark="The source showed both formulas as pictures, which are lost; these are the standard ones.",
        wrt=u,
        derive=lambda: derive(LOGISTIC.rhs, u),
    )
    made = claim.derivation
    if made is None:
        raise ValueError("a gradient has a derivation")
    return made


def sigmoid_means() -> Claim:
    """At 0 and 1 the mean of σ′ (0.2233…) is not σ′ at the mean (0.2350…)."""
    slope = sigmoid().result
    at_0, at_1, at_mean = (slope.xreplace({u: sp.Rational(v)}) for v in ("0", "1", "1/2"))
    mean = (at_0 + at_1) / 2
    return Claim(
        id="averages.sigmoid.means",
        source=SOURCE,
        place="first answer, the numbers",
        printed=r"\text{the mean gradient is} \sim 0.2233, \text{ and the gradient of means is} \sim 0.235",
        statement=sp.Ne(mean, at_mean, evaluate=False),
        figures=(Figure(mean, "0.2233"), Figure(at_mean, "0.235")),
        remark="The two inputs stood in a picture that is lost. They were recovered from the two numbers: at the inputs 0 and 1"
        " (or their mirror images 0 and -1) both come out as printed.",
    )


#: id -> the function that makes it
CLAIMS = {
    "averages.linearity": linearity,
    "averages.linreg.m": linreg_m,
    "averages.linreg.b": linreg_b,
    "averages.sigmoid": sigmoid,
    "averages.sigmoid.means": sigmoid_means,
}
