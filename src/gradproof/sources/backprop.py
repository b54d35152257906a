"""Back-propagation through a tanh network: equations (5.1) to (5.12) of a blog post.

Notation: x[i] inputs (i = 1..D), h[j] and z[j] hidden units before and after tanh (j = 1..M),
y[k] outputs and yhat[k] targets (k = 1..K), w1[j, i] and w2[k, j] weights.
"""

from __future__ import annotations

import sympy as sp

from gradproof.claim import Claim, Source
from gradproof.derivation import Derivation, derive
from gradproof.lines import derivative
from gradproof.model import Model

__all__ = ["CLAIMS", "DEFINITIONS", "NETWORK", "eq_5_2", "eq_5_6", "eq_5_7", "eq_5_9", "eq_5_10", "eq_5_11", "eq_5_12"]

SOURCE = Source(
    title="Going Deeper into Back-propagation",
    author="Yunpeng Tai",
    year="2022",
    url="https://yunpengtai.top/posts/back-propagation",
    licence="quoted for review",
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


def _equation(number: str, printed: str, statement: sp.Eq, **more: object) -> Claim:
    """The claim of a numbered equation."""
    return Claim(f"backprop.{number}", SOURCE, f"equation ({number})", printed, statement, **more)  # type: ignore[arg-type]


def _gradient(claim: Claim) -> Derivation:
    made = claim.derivation
    if made is None:
        raise ValueError(f"{claim.id} is no gradient")
    return made


def _of_network(number: str, printed: str, wrt: sp.Expr, *lines: tuple[sp.Expr, str]) -> Derivation:
    """A gradient of the network's error; the last line is what the equation states."""
    statement = sp.Eq(derivative(E, wrt), lines[-1][0], evaluate=False)
    return _gradient(
        _equation(
            number,
            printed,
            statement,
            definitions=NETWORK,
            lines=lines,
            wrt=wrt,
            derive=lambda: Model(NETWORK).gradient(E, wrt),
        )
    )


def eq_5_2() -> Derivation:
    """∂y_j/∂x_i = w_ji for y_j = Σ_i w_ji x_i, every width."""
    printed = r"\frac{\partial y_j}{\partial x_{i}}= w_{ji}"
    statement = sp.Eq(derivative(y[j], x[i]), w[j, i], evaluate=False)
    return _gradient(
        _equation("5.2", printed, statement, definitions=(LAYER,), wrt=x[i], derive=lambda: derive(LAYER.rhs, x[i]))
    )


def eq_5_6() -> Claim:
    """Tanh h = (e^h − e^(−h))/(e^h + e^(−h))."""
    printed = r"f(h) = \tanh(h) = \frac{e^h - e^{-h}}{e^h + e^{-h}}"
    ratio = (sp.exp(u) - sp.exp(-u)) / (sp.exp(u) + sp.exp(-u))
    return _equation("5.6", printed, sp.Eq(sp.tanh(u), ratio, evaluate=False))


def eq_5_7() -> Derivation:
    """f′(h) = 1 − f(h)² for f = tanh."""
    statement = sp.Eq(derivative(sp.tanh(u), u), 1 - sp.tanh(u) ** 2, evaluate=False)
    return _gradient(_equation("5.7", r"f'(h) = 1 - f(h)^2", statement, wrt=u, derive=lambda: derive(sp.tanh(u), u)))


def eq_5_9() -> Derivation:
    """∂E/∂w2_kj = (y_k − ŷ_k) z_j, every width."""
    printed = (
        r"\frac{\partial E(\mathbf{w})}{\partial w_{kj}^{(2)}} = \frac{\partial E(\mathbf{w})}{\partial y_{k}}"
        r" \frac{\partial y_k}{\partial w_{kj}^{(2)}} = (y_{k}- \hat{y}_k)z_{j}"
    )
    factors = derivative(E, y[k]) * derivative(y[k], w2[k, j])
    return _of_network("5.9", printed, w2[k, j], (factors, "chain rule"), ((y[k] - yhat[k]) * z[j], ""))


def eq_5_10() -> Derivation:
    """∂E/∂w1_ji = (∂E/∂z_j ∂z_j/∂h_j) x_i, every width."""
    printed = (
        r"\frac{\partial E(\mathbf{w})}{\partial w_{ji}^{(1)}} = \frac{\partial E(\mathbf{w})}{\partial h_{j}}"
        r"\frac{\partial h_j}{\partial w_{ji}^{(1)}} = \left(\frac{\partial E(\mathbf{w})}{\partial z_{j}}"
        r" \frac{\partial z_j}{\partial h_j}\right)x_{i}"
    )
    first = derivative(E, h[j]) * derivative(h[j], w1[j, i])
    second = derivative(E, z[j]) * derivative(z[j], h[j]) * x[i]
    return _of_network("5.10", printed, w1[j, i], (first, "chain rule"), (second, "chain rule"))


def eq_5_11() -> Derivation:
    """∂E/∂z_j = Σ_k (y_k − ŷ_k) w2_kj, every width."""
    printed = (
        r"\frac{\partial E(\mathbf{w})}{\partial z_j} = \sum\limits_{k}\frac{\partial E(\mathbf{w})}{\partial y_{k}}"
        r"\frac{\partial y_k}{\partial z_{j}}= \sum\limits_{k} (y_{k}- \hat{y}_{k}) w_{kj}^{(2)}"
    )
    paths = sp.Sum(derivative(E, y[k]) * derivative(y[k], z[j]), k)
    return _of_network("5.11", printed, z[j], (paths, "chain rule"), (sp.Sum((y[k] - yhat[k]) * w2[k, j], k), ""))


def eq_5_12() -> Derivation:
    """∂E/∂w1_ji = (1 − z_j²) x_i Σ_k (y_k − ŷ_k) w2_kj, every width."""
    printed = (
        r"\frac{\partial E(\mathbf{w})}{\partial w_{ji}^{(1)}} = (1 - z_j^2)x_{i} \sum\limits_{k}"
        r" (y_{k}- \hat{y}_{k}) w_{kj}^{(2)}"
    )
    result = (1 - z[j] ** 2) * x[i] * sp.Sum((y[k] - yhat[k]) * w2[k, j], k)
    return _of_network("5.12", printed, w1[j, i], (result, "(5.7) and (5.11) into (5.10)"))


#: id -> the function that makes it
CLAIMS = {
    "backprop.5.2": eq_5_2,
    "backprop.5.6": eq_5_6,
    "backprop.5.7": eq_5_7,
    "backprop.5.9": eq_5_9,
    "backprop.5.10": eq_5_10,
    "backprop.5.11": eq_5_11,
    "backprop.5.12": eq_5_12,
}
