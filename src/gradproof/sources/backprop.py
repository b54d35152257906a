"""Back-propagation through a tanh network: equations (5.1) to (5.12) of a blog post.

Notation: x[i] inputs (i = 1..D), h[j] and z[j] hidden units before and after tanh (j = 1..M),
y[k] outputs and yhat[k] targets (k = 1..K), w1[j, i] and w2[k, j] weights.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from gradproof.claim import Claim, Slip, Source
from gradproof.derivation import Derivation, derive
from gradproof.lines import derivative
from gradproof.statements import Equality, Statement, Substitutes

__all__ = [
    "DEFINITIONS",
    "EQUATIONS",
    "NETWORK",
    "eq_4_1",
    "eq_5_2",
    "eq_5_6",
    "eq_5_7",
    "eq_5_8_name",
    "eq_5_9",
    "eq_5_10",
    "eq_5_11",
    "eq_5_12",
    "eq_5_12_refs",
    "equation",
]

SOURCE = Source(
    title="Going Deeper into Back-propagation",
    author="Yunpeng Tai",
    year="2022",
    url="https://yunpengtai.top/posts/back-propagation",
    licence="quoted for review",
    short="back-propagation, a blog post",
)

D, M, K = sp.symbols("D M K", integer=True, positive=True)
i, j, k = sp.Idx("i", (1, D)), sp.Idx("j", (1, M)), sp.Idx("k", (1, K))
x, h, z, y, yhat = (sp.IndexedBase(name) for name in ("x", "h", "z", "y", "yhat"))
w, w1, w2 = (sp.IndexedBase(name) for name in ("w", "w1", "w2"))
E, u = sp.symbols("E h")

LAYER = sp.Eq(y[j], sp.Sum(w[j, i] * x[i], i))
HIDDEN = sp.Eq(h[j], sp.Sum(w1[j, i] * x[i], i))
ACTIVATION = sp.Eq(z[j], sp.tanh(h[j]))
OUTPUT = sp.Eq(y[k], sp.Sum(w2[k, j] * z[j], j))
ERROR = sp.Eq(E, sp.Sum((y[k] - yhat[k]) ** 2, k) / 2)

#: The numbered definitions of the source.
DEFINITIONS = {"5.1": LAYER, "5.3": HIDDEN, "5.4": ACTIVATION, "5.5": OUTPUT, "5.8": ERROR}

NETWORK = (HIDDEN, ACTIVATION, OUTPUT, ERROR)

#: The numbers that the source gives to its equations, in their order.
EQUATIONS = (
    *("1.1", "2.1", "4.1", "5.1", "5.2", "5.3", "5.4", "5.5", "5.6", "5.7", "5.8", "5.9", "5.10", "5.11", "5.12"),
    *("6.1", "6.2", "6.3", "6.4"),
)


def equation(number: str, printed: str, *statements: Statement, **rest: Any) -> Claim:
    """The claim of a numbered equation; `rest` are other fields of a claim."""
    return Claim(f"backprop.{number}", SOURCE, f"equation ({number})", printed, statements, **rest)


def _of_network(number: str, printed: str, wrt: sp.Expr, *lines: tuple[sp.Expr, str], **rest: Any) -> Derivation:
    """A gradient of the network's error; the last line is what the equation states."""
    statement = Equality.gradient(E, wrt, lines[-1][0], NETWORK, lines=lines)
    return equation(number, printed, statement, **rest).gradient()


def eq_4_1() -> Derivation:
    """dz/dx = dz/dy · dy/dx for z = f(y), y = g(x), whatever the functions."""
    X, inner, outer = sp.symbols("x y z")
    chain = (sp.Eq(inner, sp.Function("g")(X)), sp.Eq(outer, sp.Function("f")(inner)))
    statement = Equality.gradient(outer, X, derivative(outer, inner) * derivative(inner, X), chain)
    return equation(
        "4.1",
        r"\frac{dz}{dx} = \frac{dz}{dy} \frac{dy}{dx}",
        statement,
        title="Chain rule for a function of a function",
        keywords="chain rule composition composite nested function leibniz dz/dx",
    ).gradient()


def eq_5_2() -> Derivation:
    """∂y_j/∂x_i = w_ji for y_j = Σ_i w_ji x_i, every width."""
    printed = r"\frac{\partial y_j}{\partial x_{i}}= w_{ji}"
    statement = Equality(
        derivative(y[j], x[i]), w[j, i], wrt=x[i], definitions=(LAYER,), derive=lambda: derive(LAYER.rhs, x[i])
    )
    return equation(
        "5.2",
        printed,
        statement,
        title="Derivative of a layer's outputs by its inputs",
        keywords="jacobian of a linear layer matrix vector product weight matrix dense",
        see=("linear-layer",),
    ).gradient()


def eq_5_6() -> Claim:
    """Tanh h = (e^h − e^(−h))/(e^h + e^(−h))."""
    printed = r"f(h) = \tanh(h) = \frac{e^h - e^{-h}}{e^h + e^{-h}}"
    ratio = (sp.exp(u) - sp.exp(-u)) / (sp.exp(u) + sp.exp(-u))
    return equation(
        "5.6",
        printed,
        Equality(sp.tanh(u), ratio),
        title="Tanh in terms of exponentials",
        keywords="hyperbolic tangent definition exp identity",
        see=("tanh",),
    )


def eq_5_7() -> Derivation:
    """f′(h) = 1 − f(h)² for f = tanh."""
    tanh = sp.tanh(u)
    statement = Equality(derivative(tanh, u), 1 - tanh**2, wrt=u, derive=lambda: derive(tanh, u))
    return equation(
        "5.7",
        r"f'(h) = 1 - f(h)^2",
        statement,
        title="Derivative of tanh",
        keywords="tanh prime hyperbolic tangent activation function derivative sech squared",
        see=("backprop.5.6", "tanh", "averages.sigmoid"),
    ).gradient()


def eq_5_8_name() -> Claim:
    """(5.8) is K/2 times the mean of the squared errors: half their sum."""
    squares = sp.Sum((y[k] - yhat[k]) ** 2, k)
    slip = Slip(
        r"E(\mathbf{w}) = \frac{1}{2} \sum\limits_{k}(y_{k}- \hat{y}_k)^2",
        Equality(E, squares / K, definitions=(ERROR,)),
        at={K: 1, y: [1], yhat: [0]},
        values=("1/2", "1"),
        why="With two outputs one half of the sum is the mean, and for the place of the minimum a constant factor makes"
        " no difference. For the size of a step it does.",
    )
    return Claim(
        "backprop.5.8.name",
        SOURCE,
        "the sentence before (5.8)",
        "",
        (Equality(E, sp.Mul(K / 2, squares / K, evaluate=False), definitions=(ERROR,)),),
        (slip,),
        claimed="one half of a sum is called “mean squared errors”",
        remark="Half the sum of squared errors, which is $K/2$ times their mean over the $K$ outputs.",
        title="Half the sum of squared errors is not their mean",
        keywords="sse mse sum of squared errors mean squared error factor one half",
        see=("mean-squared-error",),
    )


def eq_5_9() -> Derivation:
    """∂E/∂w2_kj = (y_k − ŷ_k) z_j, every width."""
    printed = (
        r"\frac{\partial E(\mathbf{w})}{\partial w_{kj}^{(2)}} = \frac{\partial E(\mathbf{w})}{\partial y_{k}}"
        r" \frac{\partial y_k}{\partial w_{kj}^{(2)}} = (y_{k}- \hat{y}_k)z_{j}"
    )
    factors = derivative(E, y[k]) * derivative(y[k], w2[k, j])
    return _of_network(
        "5.9",
        printed,
        w2[k, j],
        (factors, "chain rule"),
        ((y[k] - yhat[k]) * z[j], ""),
        title="Gradient of the error by the output weights",
        keywords="backprop backpropagation back-propagation last layer second layer weights w2 squared error mlp neural network",
        uses=("backprop.4.1",),
        see=("two-layer-network", "averages.output-delta"),
    )


def eq_5_10() -> Derivation:
    """∂E/∂w1_ji = (∂E/∂z_j ∂z_j/∂h_j) x_i, every width."""
    printed = (
        r"\frac{\partial E(\mathbf{w})}{\partial w_{ji}^{(1)}} = \frac{\partial E(\mathbf{w})}{\partial h_{j}}"
        r"\frac{\partial h_j}{\partial w_{ji}^{(1)}} = \left(\frac{\partial E(\mathbf{w})}{\partial z_{j}}"
        r" \frac{\partial z_j}{\partial h_j}\right)x_{i}"
    )
    first = derivative(E, h[j]) * derivative(h[j], w1[j, i])
    second = derivative(E, z[j]) * derivative(z[j], h[j]) * x[i]
    return _of_network(
        "5.10",
        printed,
        w1[j, i],
        (first, "chain rule"),
        (second, "chain rule"),
        title="Gradient of the error by the hidden weights, through the hidden unit",
        keywords="backprop backpropagation back-propagation first layer weights w1 chain rule mlp neural network",
        uses=("backprop.4.1",),
    )


def eq_5_11() -> Derivation:
    """∂E/∂z_j = Σ_k (y_k − ŷ_k) w2_kj, every width."""
    printed = (
        r"\frac{\partial E(\mathbf{w})}{\partial z_j} = \sum\limits_{k}\frac{\partial E(\mathbf{w})}{\partial y_{k}}"
        r"\frac{\partial y_k}{\partial z_{j}}= \sum\limits_{k} (y_{k}- \hat{y}_{k}) w_{kj}^{(2)}"
    )
    paths = sp.Sum(derivative(E, y[k]) * derivative(y[k], z[j]), k)
    return _of_network(
        "5.11",
        printed,
        z[j],
        (paths, "chain rule"),
        (sp.Sum((y[k] - yhat[k]) * w2[k, j], k), ""),
        title="Gradient of the error by a hidden unit",
        keywords="backprop backpropagation back-propagation error signal delta rule hidden layer sum over the outputs",
        uses=("backprop.4.1", "backprop.5.2"),
        see=("two-layer-network",),
    )


def eq_5_12() -> Derivation:
    """∂E/∂w1_ji = (1 − z_j²) x_i Σ_k (y_k − ŷ_k) w2_kj, every width."""
    printed = (
        r"\frac{\partial E(\mathbf{w})}{\partial w_{ji}^{(1)}} = (1 - z_j^2)x_{i} \sum\limits_{k}"
        r" (y_{k}- \hat{y}_{k}) w_{kj}^{(2)}"
    )
    result = (1 - z[j] ** 2) * x[i] * sp.Sum((y[k] - yhat[k]) * w2[k, j], k)
    return _of_network(
        "5.12",
        printed,
        w1[j, i],
        (result, "(5.7) and (5.11) into (5.10)"),
        title="Gradient of the error by the hidden weights",
        keywords="backprop backpropagation back-propagation delta rule first layer weights w1 hidden layer tanh mlp multilayer perceptron neural network",
        uses=("backprop.5.7", "backprop.5.10", "backprop.5.11"),
        see=("two-layer-network",),
    )


def eq_5_12_refs() -> Claim:
    """(5.12) comes from (5.11) and (5.7) in (5.10); the text says “(4.11) into (4.10)”."""
    stated = {number: sp.Eq(s.left, s.right, evaluate=False) for number, s in _numbered().items()}
    stated["5.7"] = sp.Eq(derivative(z[j], h[j]), 1 - z[j] ** 2, evaluate=False)  # its instance for the hidden units
    return Claim(
        "backprop.5.12.refs",
        SOURCE,
        "the sentence before (5.12)",
        "",
        (
            Substitutes(("5.11", "5.7"), "5.10", "5.12", stated, NETWORK, EQUATIONS),
            Equality(stated["5.7"].lhs, stated["5.7"].rhs, definitions=NETWORK, note="(5.7), for a hidden unit"),
        ),
        (
            Slip(
                "",
                Substitutes(("4.11",), "4.10", "5.12", stated, NETWORK, EQUATIONS),
                why="The section was probably numbered 4 when the sentence was written.",
            ),
        ),
        claimed="substituting “(4.11) into (4.10)” gives (5.12)",
        remark="The text leaves (5.7) to the reader.",
        title="Which equations give the gradient by the hidden weights",
        keywords="wrong equation number reference substitution",
        uses=("backprop.5.7", "backprop.5.10", "backprop.5.11", "backprop.5.12"),
    )


def _numbered() -> dict[str, Equality]:
    """The gradients of the text by number, as they are proved."""
    made = {"5.9": eq_5_9(), "5.10": eq_5_10(), "5.11": eq_5_11(), "5.12": eq_5_12()}
    return {number: derivation.claim.statements[0] for number, derivation in made.items()}
