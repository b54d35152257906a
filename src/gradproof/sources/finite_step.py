"""Finite steps: statements of a question on Stack Exchange, and of its answers.

Notation: g is the gradient and H the Hessian of a loss at a point, all in entries; eta is the
length of a step, alpha a learning rate.
"""

from __future__ import annotations

import sympy as sp

from gradproof.claim import Claim, Slip, Source
from gradproof.derivation import derive
from gradproof.lines import derivative
from gradproof.statements import (
    Approximation,
    Equality,
    GradientCost,
    Inequality,
    OnBox,
)

__all__ = [
    "DEFINITIONS",
    "best_direction",
    "cost",
    "deep_network",
    "hessian_size",
    "length",
    "limit",
    "preconditioning",
    "taylor1",
    "taylor2",
]

SOURCE = Source(
    title="A question about finite steps",
    author="Leo Juhlin (question), D.W., Karl and others (answers), on Stack Exchange",
    year="",
    url="",
    licence="CC BY-SA",
)

n = sp.Symbol("n", integer=True, positive=True)
i, j, k = (sp.Idx(letter, (1, n)) for letter in "ijk")
g, p, q, w, v, s, d = (sp.IndexedBase(name) for name in ("g", "p", "q", "w", "v", "s", "d"))
b, B, H = (sp.IndexedBase(name) for name in ("b", "B", "H"))
alpha, eta, mu, G, theta, change = sp.symbols("alpha eta mu G theta Delta")

#: No definition of this source stands on a page of its own.
DEFINITIONS: dict[str, sp.Eq] = {}


def _dot(a: sp.IndexedBase, c: sp.IndexedBase) -> sp.Expr:
    return sp.Sum(a[i] * c[i], i)


def _form(left: sp.Expr, right: sp.Expr) -> sp.Expr:
    """Σᵢ Σⱼ leftᵢ Hᵢⱼ rightⱼ; left is an expression in i, right in j."""
    return sp.Sum(sp.Sum(left * H[i, j] * right, j), i)


SYMMETRIC = sp.Eq(H[i, j], H[j, i])


def length() -> Claim:
    """‖αg‖ = α‖g‖ for α > 0, in every dimension: the step is as long as the gradient, scaled."""
    size = sp.sqrt(sp.Sum(g[i] ** 2, i))
    step = sp.sqrt(sp.Sum((alpha * g[i]) ** 2, i))
    positive = (sp.Gt(alpha, 0),)
    return Claim(
        "finite-step.length",
        SOURCE,
        "first and second answer",
        "",
        (
            Equality(step, alpha * size, assumptions=positive),
            Equality(alpha * g[k] / step, g[k] / size, assumptions=positive),
        ),
        claimed="the step α∇L is as long as the gradient's magnitude times α, and the gradient directs it",
        remark="$g = \\nabla L$. The second line is the step's direction: the rate does not occur in it.",
    )


# -- Taylor's models -------------------------------------------------------------------------
def _loss() -> tuple[sp.Expr, sp.Expr, sp.Expr, tuple[sp.Symbol, sp.Symbol]]:
    """A loss of two parameters, at a point and after a step, and its first-order terms."""
    a, c = sp.symbols("theta_1 theta_2")
    da, dc = sp.symbols("Delta_theta_1 Delta_theta_2")
    here = sp.Function("L")(a, c)
    slope = derivative(here, a) * da + derivative(here, c) * dc
    return here, here.func(a + da, c + dc), slope, (da, dc)


def _quadratic(step: sp.Expr) -> sp.Expr:
    """½ wᵀHw + bᵀw, of n parameters; step is what is added to w[i]."""
    at = w[i] + step
    return _form(at, at.xreplace({i: j})) / 2 + sp.Sum(b[i] * at, i)


def taylor1() -> Claim:
    """L(θ + Δ) = L(θ) + ∇L·Δ + O(‖Δ‖²)."""
    here, moved, slope, steps = _loss()
    first = sp.Sum((sp.Sum(H[i, j] * w[j], j) + b[i]) * d[i], i)
    return Claim(
        "finite-step.taylor1",
        SOURCE,
        "second answer",
        "Loss(θ + Δθ) ≈ Loss(θ) + ∇Loss(θ) * Δθ",
        (
            Approximation(moved, here + slope, steps, 1),
            Approximation(_quadratic(d[i]) - _quadratic(sp.Integer(0)), first, (d,), 1, assumptions=(SYMMETRIC,)),
        ),
        remark="For any loss of two parameters, and for a quadratic one of any number.",
    )


def taylor2() -> Claim:
    """L(θ + Δ) = L(θ) + ∇L·Δ + ½ ΔᵀHΔ + O(‖Δ‖³); as printed the last term is wrong."""
    here, moved, slope, (da, dc) = _loss()
    a, c = here.args
    curve = sp.Derivative(here, (a, 2)) * da**2 + 2 * sp.Derivative(here, a, c) * da * dc
    curve += sp.Derivative(here, (c, 2)) * dc**2
    line = sp.Function("L")(theta)
    second = sp.Derivative(line, (theta, 2))
    after = line.func(theta + change)
    model = line + derivative(line, theta) * change
    return Claim(
        "finite-step.taylor2",
        SOURCE,
        "second answer",
        "Loss(θ + Δθ) ≈ Loss(θ) + ∇Loss(θ) * Δθ + ∇∇Loss(θ) * Δθ",
        (
            Approximation(moved, here + slope + curve / 2, (da, dc), 2),
            Approximation(after, model + second * change**2 / 2, (change,), 2),
            Approximation(after, model + second * change, (change,), 0),
        ),
        (
            Slip(
                "Loss(θ + Δθ) ≈ Loss(θ) + ∇Loss(θ) * Δθ + ∇∇Loss(θ) * Δθ",
                Approximation(after, model + second * change, (change,), 2),
                why="Each term adds one more $\\nabla$, so that it looks as if each added no more than that. The step comes in"
                " as often as the derivative, and the second time with a half. Try $L = \\theta^2$ from $\\theta = 0$: the step"
                " $\\Delta$ changes it by $\\Delta^2$, and the printed formula says $2\\Delta$.",
            ),
        ),
        remark="With several parameters the printed shapes do not agree: $\\nabla\\nabla L\\,\\Delta$ is a vector, and is added to a"
        " number. With one parameter it can be read, and is worse than no second term: its error falls only as $|\\Delta|$"
        " (the last line), where the first-order model's falls as $\\Delta^2$.",
    )


def hessian_size() -> Claim:
    """N first derivatives, n² second ones, of which n(n + 1)/2 may differ."""
    ones = sp.Sum(sp.Sum(sp.Integer(1), (j, 1, n)), (i, 1, n))
    diagonal = sp.Sum(sp.Sum(sp.KroneckerDelta(i, j), j), i)
    loss = sp.Sum(sp.tanh(w[i]) ** 2, i) * sp.Sum(b[i] * w[i], i)
    twice = [derive(derive(loss, w[one]).result, w[two]).result for one, two in ((i, j), (j, i))]
    return Claim(
        "finite-step.hessian-size",
        SOURCE,
        "second answer",
        "",
        (
            Equality(sp.Sum(sp.Integer(1), (i, 1, n)), n),
            Equality(ones, n**2),
            Equality((ones - diagonal) / 2 + diagonal, n * (n + 1) / 2),
            Equality(*twice),
        ),
        claimed="n first derivatives, and n × n second ones",
        remark="The Hessian of a loss with two continuous derivatives is symmetric, as the last line shows for one, so that only"
        " the entries on its diagonal and half of the others can differ. The source calls the vector of first derivatives"
        " the Jacobian; for a scalar loss the usual name is the gradient, the Jacobian's transpose.",
    )


# -- the best direction ------------------------------------------------------------------------
def best_direction() -> Claim:
    """No step of the same length does better than p with (H + μI)p = −g, where H + μI ⪰ 0."""

    def model(step: sp.IndexedBase) -> sp.Expr:
        return _dot(g, step) + _form(step[i], step[j]) / 2

    root = sp.Eq(H[i, j], sp.Sum(B[k, i] * B[k, j], k) - mu * sp.KroneckerDelta(i, j))
    stationary = sp.Eq(g[i], -sp.Sum(H[i, j] * p[j], j) - mu * p[i])
    squares = sp.Sum(sp.Sum(B[k, i] * (q[i] - p[i]), i) ** 2, k) / 2
    same = sp.Eq(sp.Sum(q[i] ** 2, i), sp.Sum(p[i] ** 2, i))
    best = Inequality(
        sp.Ge(model(q), model(p), evaluate=False),
        (squares,),
        ((same, -mu / 2),),
        assumptions=(root, stationary),
        at={n: 1, p: [1], q: [-1], B: [[2]], mu: 1, H: [[3]], g: [-4]},
    )
    return Claim(
        "finite-step.best-direction",
        SOURCE,
        "third answer",
        r"l(w-\eta\delta^*)\leq l(w-\eta\frac{\nabla_w l(w)}{\Vert\nabla_w l(w)\Vert})",
        (best, *_bowl()),
        remark="The inequality holds by the definition of $\\delta^*$. For a quadratic loss the best step is $p = -\\eta\\delta^*$ where"
        " $(H + \\mu I)p = -g$, and $H + \\mu I = B^\\top B$ has no negative eigenvalue: any other step $q$ of the same length is"
        " worse by a sum of squares. The negative gradient is itself best only where the equation makes it an eigenvector of $H$."
        " (Without that condition the equation has other solutions; the worst step is one.)"
        " The last lines take the bowl $\\frac{1}{2}(w_1^2 + 10w_2^2)$ at $(10, 1)$ with $\\eta = 5$: the step $(-4, -3)$ is better than"
        " the negative gradient's, which is not an eigenvector's direction.",
    )


def _bowl() -> tuple[OnBox, Equality]:
    """On ½(w₁² + 10w₂²) from (10, 1) with η = 5: the step (−4, −3) beats the gradient's by far."""

    def loss(a: sp.Expr, c: sp.Expr) -> sp.Expr:
        return a**2 / 2 + 5 * c**2

    along = 5 / sp.sqrt(2)
    by_gradient, other = loss(10 - along, 1 - along), loss(sp.Integer(6), sp.Integer(-2))
    five = Equality(sp.sqrt(sp.Integer(4) ** 2 + sp.Integer(3) ** 2), sp.Integer(5))
    return OnBox(sp.Lt(other, by_gradient, evaluate=False)), five


def limit() -> Claim:
    """δ*(η) = ĝ − (η/‖g‖)(H ĝ − (ĝᵀHĝ)ĝ) + O(η²): the best direction tends to the gradient's."""
    u, a, best = (sp.IndexedBase(name) for name in ("u", "a", "delta"))  # u: the gradient's direction, of length one
    curvature = sp.Symbol("c")
    names = (
        sp.Eq(a[k], sp.Sum(H[k, j] * u[j], j)),
        sp.Eq(curvature, sp.Sum(u[i] * a[i], i)),
        sp.Eq(best[k], u[k] - eta / G * (a[k] - curvature * u[k])),
    )
    size = sp.Sum(u[i] ** 2, i)
    stationary = eta * sp.Sum(H[k, i] * best[i], i) + (G - eta * curvature) * best[k]
    length = size + 2 * eta / G * curvature * (size - 1)
    return Claim(
        "finite-step.limit",
        SOURCE,
        "first and third answer",
        "",
        (
            Equality(best[k], u[k], definitions=names, assumptions=(sp.Eq(eta, 0),)),
            Approximation(stationary, G * u[k], (eta,), 1, definitions=names),
            Approximation(sp.Sum(best[i] ** 2, i), length, (eta,), 1, definitions=names),
        ),
        claimed="in a small enough neighbourhood the gradient's direction is the best",
        remark="$u = g/\\lVert g\\rVert$ and $G = \\lVert g\\rVert > 0$. The best direction is $\\delta = u -"
        " \\frac{\\eta}{G}(I - uu^\\top)Hu + O(\\eta^2)$, with the multiplier $\\nu = G - \\eta c$: both conditions for it,"
        " $\\eta H\\delta + \\nu\\delta = g$ and $\\lVert\\delta\\rVert = 1$, hold to order 1 (the last line, where $\\lVert u\\rVert = 1$),"
        " and they determine it, since at $\\eta = 0$ their derivative is invertible. So it tends to the gradient's direction, and leaves it at the rate"
        " $\\frac{\\eta}{G}\\lVert(I - uu^\\top)Hu\\rVert$.",
    )


def cost() -> Claim:
    """The gradient takes less than 3 times the function's operations, O(n); one dimension at a time O(n²)."""
    return Claim(
        "finite-step.cost",
        SOURCE,
        "first answer",
        "",
        (GradientCost(tuple(deep_network(depth) for depth in (1, 2, 3, 4)), 3),),
        claimed="the gradient takes O(n) time, something separate for each dimension O(n²)",
        remark="Counted in the derived expressions of tanh networks with 1 to 4 hidden layers, all widths being letters; $n$ is the"
        " number of weights. The cheap-gradient principle allows a factor of 5; these networks need less than 3.",
    )


def deep_network(depth: int) -> tuple[tuple[sp.Eq, ...], sp.Symbol, tuple[sp.Expr, ...]]:
    """The definitions of a tanh network with `depth` hidden layers, its error, and its weights."""
    sizes = [sp.Symbol(f"n{layer}", integer=True, positive=True) for layer in range(depth + 2)]
    units = [sp.Idx(f"i{layer}", (1, size)) for layer, size in enumerate(sizes)]
    signal = sp.IndexedBase("x")[units[0]]
    definitions, weights = [], []
    for layer in range(1, depth + 1):
        weights.append(sp.IndexedBase(f"w{layer}")[units[layer], units[layer - 1]])
        before, after = (sp.IndexedBase(f"{name}{layer}")[units[layer]] for name in "hz")
        definitions.append(sp.Eq(before, sp.Sum(weights[-1] * signal, units[layer - 1])))
        definitions.append(sp.Eq(after, sp.tanh(before)))
        signal = after
    weights.append(sp.IndexedBase(f"w{depth + 1}")[units[-1], units[-2]])
    output, target, error = sp.IndexedBase("y")[units[-1]], sp.IndexedBase("yhat")[units[-1]], sp.Symbol("E")
    definitions.append(sp.Eq(output, sp.Sum(weights[-1] * signal, units[-2])))
    definitions.append(sp.Eq(error, sp.Sum((output - target) ** 2, units[-1]) / 2))
    return tuple(definitions), error, tuple(weights)


def preconditioning() -> Claim:
    """The Newton step s, Hs = ∇l(w), of a quadratic loss leads to its minimum at once, in every dimension."""
    loss = _quadratic(sp.Integer(0))
    newton = sp.Eq(b[i], sp.Sum(H[i, j] * (s[j] - w[j]), j))  # Hs = Hw + b
    after = sp.Sum(H[k, j] * (w[j] - s[j]), j) + b[k]

    def at(point: sp.Expr) -> sp.Expr:
        return _form(point, point.xreplace({i: j})) / 2 + sp.Sum(b[i] * point, i)

    root = sp.Eq(H[i, j], sp.Sum(B[k, i] * B[k, j], k))
    square = sp.Sum(sp.Sum(B[k, i] * (v[i] - w[i] + s[i]), i) ** 2, k) / 2
    least = Inequality(sp.Ge(at(v[i]), at(w[i] - s[i]), evaluate=False), (square,), assumptions=(newton, root))
    return Claim(
        "finite-step.preconditioning",
        SOURCE,
        "third answer",
        "",
        (
            Equality(derivative(loss, w[k]), sp.Sum(H[k, j] * w[j], j) + b[k], wrt=w[k], assumptions=(SYMMETRIC,)),
            Equality(after, sp.Integer(0), assumptions=(newton,)),
            least,
        ),
        claimed="where the gradient is a poor direction for large η, preconditioning helps",
        remark="$l(w) = \\frac{1}{2}w^\\top Hw + b^\\top w$ with $H = B^\\top B$ positive definite, and the step $s$ that solves"
        " $Hs = \\nabla l(w) = Hw + b$: the gradient at $w - s$ is zero, and no point $v$ has a smaller loss.",
    )
