"""Averages of gradients: statements of a question on Data Science Stack Exchange.

Notation: f[i] stands for f(x_i), the line m·x_i + b or any model; J is the mean squared error.
"""

from __future__ import annotations

import sympy as sp

from gradproof.claim import Claim, Slip, Source
from gradproof.derivation import Derivation
from gradproof.lines import derivative
from gradproof.model import Model
from gradproof.statements import Differs, Equality

__all__ = [
    "DEFINITIONS",
    "answer1",
    "isolated_sums",
    "linearity",
    "linreg_b",
    "linreg_m",
    "mean_data",
    "mlp_process",
    "sum_of_values",
]

SOURCE = Source(
    title="Why is taking the gradient of the average error in SGD not correct, but rather the average of the"
    " gradients of single errors?",
    author="lo tolmencre, Neil Slater and others on Data Science Stack Exchange",
    year="2019",
    url="https://datascience.stackexchange.com/questions/56405",
    licence="CC BY-SA 4.0",
    short="question 56405",
)

N = sp.Symbol("N", integer=True, positive=True)
i = sp.Idx("i", (1, N))
m, b, theta, J, sigma, x1, x2 = sp.symbols("m b theta J sigma x1 x2")
u = sp.Symbol("x")
model = sp.Function("f")
x, y, f = sp.IndexedBase("x"), sp.IndexedBase("y"), sp.IndexedBase("f")

LINE = sp.Eq(f[i], m * x[i] + b)
ERROR = sp.Eq(J, sp.Sum((y[i] - f[i]) ** 2, i) / N)
LOGISTIC = sp.Eq(sigma, 1 / (1 + sp.exp(-u)))

#: The definitions that the page shows, by name.
DEFINITIONS = {"f": LINE, "J": ERROR, "sigma": LOGISTIC}


def _linreg(parameter: sp.Symbol, slope: sp.Expr, name: str) -> Derivation:
    """The six printed lines for ∂J/∂m or ∂J/∂b; `slope` is what the unnamed line puts in."""
    left = derivative(J, parameter)
    error = y[i] - f[i]

    def mean(summand: sp.Expr) -> sp.Expr:
        return sp.Sum(summand, i) / N

    opened = error.xreplace({f[i]: m * x[i] + b})
    lines = (
        (sp.Mul(1 / N, derivative(sp.Sum(error**2, i), parameter)), "factor rule"),
        (mean(derivative(error**2, parameter)), "sum rule"),
        (mean(sp.Mul(2, error, derivative(error, parameter))), "chain rule"),
        (mean(sp.Mul(2, error, derivative(opened, parameter))), "definition f"),
        (mean(sp.Mul(2, error, -slope)), ""),
        (sp.Mul(-2, 1 / N, sp.Sum(slope * error, i)), "comm., distr."),
    )
    d = rf"\frac{{\partial}}{{\partial {name}}}"
    outside = r"\frac{1}{N} \sum_{i=1}^N 2(y_i -f(x_i))"
    inside = {"m": "(-x_i)", "b": "(-1)"}[name]
    result = {"m": r"x_i(y_i -f(x_i))", "b": r"(y_i -f(x_i))"}[name]
    word, words = {"m": ("slope", "weight"), "b": ("intercept", "bias")}[name]

    def slip(place: str, printed: str, rest: sp.Expr, meant: sp.Expr) -> Slip:
        """∂ acts on what follows it, up to the next plus or minus."""
        misread = mean(sp.Mul(2, error, derivative(y[i], parameter)) - rest)
        return Slip(
            printed,
            Equality(left, misread, definitions=(LINE, ERROR)),
            Equality(left, mean(sp.Mul(2, error, derivative(meant, parameter))), definitions=(LINE, ERROR)),
            at={N: 1, m: 0, b: 1, x: [1], y: [1]},
            values=("0", "-1"),
            place=place,
            why="The eye supplies the brackets that the hand left out: everyone knows that the whole difference is meant.",
        )

    return Claim(
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
        statements=(
            Equality(
                left,
                sp.Mul(-2, 1 / N, sp.Sum(slope * error, i)),
                wrt=parameter,
                definitions=(LINE, ERROR),
                lines=lines,
                derive=lambda: Model([LINE, ERROR]).derive(J, parameter),
            ),
        ),
        slips=(
            slip("line 3, the chain rule", rf"{outside} {d} y_i -f(x_i)", f[i], error),
            slip("line 4, the definition of f", rf"{outside} {d} y_i - (mx_i + b)", m * x[i] + b, opened),
        ),
        remark="$f_i$ stands for $f(x_i)$. The result holds as printed; lines 3 and 4 lack a pair of brackets.",
        title=f"Derivative of the mean squared error by the {word}",
        keywords=f"linear regression mse gradient descent {words} {name} line least squares",
        uses=("averages.linearity",),
        see=("linear-regression", "mean-squared-error"),
    ).gradient()


def linreg_m() -> Derivation:
    """∂J/∂m = −(2/N) Σ x_i (y_i − f(x_i)) for the mean squared error of a line, every N."""
    return _linreg(m, x[i], "m")


def linreg_b() -> Derivation:
    """∂J/∂b = −(2/N) Σ (y_i − f(x_i)) for the mean squared error of a line, every N."""
    return _linreg(b, sp.Integer(1), "b")


def _linear(loss: sp.Expr) -> Equality:
    """∂/∂θ of a mean over the items is the mean of ∂/∂θ."""
    left, right = derivative(sp.Sum(loss, i) / N, theta), sp.Sum(derivative(loss, theta), i) / N
    return Equality(left, right, wrt=theta)


def linearity() -> Claim:
    """∇ of a mean is the mean of the ∇s, for every n and any differentiable f_θ."""
    return Claim(
        "averages.linearity",
        SOURCE,
        "the question, third display",
        r"\nabla \frac{1}{n}\sum_{i=1}^{n} (y_i - f(x_i))^2 = \frac{1}{n}\sum_{i=1}^{n} \nabla (y_i - f(x_i))^2",
        (_linear((y[i] - model(x[i], theta)) ** 2),),
        remark=r"$\theta$ is any one parameter of the model $f$; the gradient collects such derivatives.",
        title="The gradient of a mean is the mean of the gradients",
        keywords="average of gradients gradient of the average linearity of differentiation batch minibatch sgd",
        see=("averages.mlp-process",),
    )


def answer1() -> Claim:
    """The gradient of the average error is the average of the gradients, for every loss."""
    loss = sp.Function("L")(x[i], y[i], theta)
    equal = _linear(loss)
    return Claim(
        "averages.answer1",
        SOURCE,
        "first answer, first sentence",
        "",
        (equal,),
        (
            Slip(
                "",
                Differs(equal.left, equal.right),
                kind="false",
                why="The numbers that the answer gives are right, and do differ; but they are the mean of the slopes and the"
                " slope at the mean input, and neither is the gradient of an average error.",
            ),
        ),
        claimed="the gradient of the average error is not always the average of the gradients",
        remark="$L$ is any differentiable loss of one item. What does differ is shown by averages.sigmoid.means.",
        title="Gradient of the average error, for any loss",
        keywords="average of gradients gradient of the average sgd minibatch batch stochastic gradient descent",
        see=("averages.linearity", "averages.sigmoid.means"),
    )


def mlp_process() -> Claim:
    """Averaging the losses and taking the gradient is averaging the gradients."""
    return Claim(
        "averages.mlp-process",
        SOURCE,
        "second answer, the quoted comment",
        "",
        (_linear(sp.Function("L")(x[i], y[i], theta)),),
        claimed="averaging the batch's error and taking its gradient is identical to averaging the items' gradients",
        remark="As mathematics the comment is right. What fails is to average anything before a non-linear operation, as"
        " averages.no-layer-g shows.",
        title="Averaging a batch's errors before taking the gradient",
        keywords="average loss batch minibatch backprop mlp training",
        see=("averages.no-layer-g",),
    )


def sum_of_values() -> Claim:
    """∇(f(x₁) + f(x₂)) = ∇f(x₁) + ∇f(x₂); ∇f(x₁ + x₂) is the same exactly where x ↦ ∇f(x) is additive."""
    two = model(x1, theta) + model(x2, theta)
    one, other = (derivative(model(v, theta), theta) for v in (x1, x2))
    logistic = [derivative(1 / (1 + sp.exp(-theta * v)), theta) for v in (x1, x2, x1 + x2)]
    affine = [derivative(m * v + b, b) for v in (x1, x2, x1 + x2)]
    curved = [derivative(theta * v + sp.sin(v), theta) for v in (x1, x2, x1 + x2)]
    return Claim(
        "averages.sum-of-values",
        SOURCE,
        "the comment below the question",
        r"\nabla( f(x_1) + f(x_2) ) = \nabla f(x_1) + \nabla f(x_2) \text{ but }"
        r" \nabla( f(x_1) + f(x_2) ) \neq \nabla f(x_1 + x_2)",
        (
            Equality(derivative(two, theta), one + other, wrt=theta),
            Differs(logistic[0] + logistic[1], logistic[2], {theta: 1, x1: 1, x2: 1}, ("0.393224", "0.209987")),
        ),
        (
            Slip(
                r"\text{when } f() \text{ is non-linear}",
                Differs(curved[0] + curved[1], curved[2]),
                Differs(affine[0] + affine[1], affine[2], {x1: 1, x2: 1, m: 1, b: 1}, ("2", "1")),
                place="the condition “when f is non-linear”",
                kind="false",
                instance=True,
                why="Linear in what? What counts is how the gradient depends on the input, not how $f$ does:"
                " $\\theta x + \\sin x$ is as curved as can be, and yet both sides agree; the straight line $mx + b$ has"
                " them differ, in $b$. The comment's own last sentence comes close: it speaks of linearity in $x$ as the gradient"
                " sees it.",
            ),
        ),
        remark="The two sides of the second agree for all inputs exactly where $x \\mapsto \\nabla f_\\theta(x)$ is additive. It is true as"
        " “not always equal”, for example for the sigmoid $f_\\theta(x) = \\sigma(\\theta x)$.",
        title="Gradient of a sum of values, and at a sum of inputs",
        keywords="additive nonlinear sum of inputs",
        see=("averages.mean-data", "averages.sigmoid"),
    )


def mean_data() -> Claim:
    """The gradient at the mean of two items is not the mean of their gradients; for a line the gap is exact."""
    y1, y2 = sp.symbols("y1 y2")
    errors = [v - (m * u + b) for u, v in ((x1, y1), (x2, y2))]
    at_mean = ((y1 + y2) / 2 - (m * (x1 + x2) / 2 + b)) ** 2
    mean = (errors[0] ** 2 + errors[1] ** 2) / 2

    def gap(parameter: sp.Symbol) -> sp.Expr:
        return derivative(at_mean, parameter) - derivative(mean, parameter)

    return Claim(
        "averages.mean-data",
        SOURCE,
        "second answer",
        r"\nabla \mathcal{L}(\frac{y_1 + y_2}{2}, \frac{x_1 + x_2}{2}, \theta) \neq"
        r" \nabla \frac{1}{2}(\mathcal{L}(y_1, x_1, \theta) + \mathcal{L}(y_2, x_2, \theta))",
        (
            Differs(
                derivative(at_mean, m),
                derivative(mean, m),
                {x1: 1, x2: 0, y1: 2, y2: 0, m: 0, b: 0},
                ("-1", "-2"),
            ),
            Equality(gap(m), (x1 - x2) * (errors[0] - errors[1]) / 2, wrt=m),
            Equality(gap(b), sp.Integer(0), wrt=b),
        ),
        remark="For a line with squared error the two differ in $m$ by half the product of the differences of inputs"
        " and of errors, and in $b$ not at all.",
        title="The gradient at the averaged data is not the average gradient",
        keywords="averaging inputs first mean input mean target minibatch",
        uses=("averages.linearity",),
        see=("averages.linreg.m", "averages.sigmoid.means"),
    )


def isolated_sums() -> Claim:
    """(1/N) Σ e_i x_i is not the product of the means of e and x; the gap is their covariance, every N."""
    e = sp.IndexedBase("e")
    k = sp.Idx("j", (1, N))

    def mean(v: sp.IndexedBase) -> sp.Expr:
        return sp.Sum(v[k], k) / N

    left, right = sp.Sum(e[i] * x[i], i) / N, mean(e) * mean(x)
    covariance = sp.Sum((e[i] - mean(e)) * (x[i] - mean(x)), i) / N
    return Claim(
        "averages.isolated-sums",
        SOURCE,
        "the last comment below the question",
        "",
        (
            Differs(left, right, {N: 2, e: [1, -1], x: [1, -1]}, ("1", "0")),
            Equality(left - right, covariance),
        ),
        claimed="the gradient is not the product of two isolated sums, of the errors and of the inputs",
        remark="$e_i = y_i - f(x_i)$. What the product of the means leaves out is the covariance of error and input: the very thing"
        " that a fit removes.",
        title="Mean of a product, product of the means, and the covariance",
        keywords="covariance product of averages error times input",
        see=("averages.linreg.m",),
    )
