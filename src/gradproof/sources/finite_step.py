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
    short="finite steps",
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
        title="Length and direction of a gradient step",
        keywords="learning rate step size norm of the gradient normalised",
        see=("unit-vector",),
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
        title="First-order Taylor expansion of a loss",
        keywords="taylor series linear approximation gradient",
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
            Equality(
                _quadratic(d[i]),
                _quadratic(sp.Integer(0))
                + sp.Sum((sp.Sum(H[i, j] * w[j], j) + b[i]) * d[i], i)
                + _form(d[i], d[j]) / 2,
                assumptions=(SYMMETRIC,),
                small=(d,),
                note="exact for a quadratic loss, of any number of parameters",
            ),
            Approximation(after, model + second * change**2 / 2, (change,), 2),
            Approximation(after, model + second * change, (change,), 0, note="as printed, in one dimension"),
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
        title="Second-order Taylor expansion of a loss",
        keywords="taylor series quadratic approximation hessian one half newton",
        uses=("finite-step.taylor1",),
        see=("gauss-newton", "least-squares-hessian"),
    )


def hessian_size() -> Claim:
    """N first derivatives, n² second ones, of which n(n + 1)/2 may differ."""
    ones = sp.Sum(sp.Sum(sp.Integer(1), (j, 1, n)), (i, 1, n))
    diagonal = sp.Sum(sp.Sum(sp.KroneckerDelta(i, j), j), i)
    loss = sp.Sum(w[i] ** 2, i) * sp.Sum(b[i] * w[i], i) ** 2
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
        title="How many second derivatives a Hessian has",
        keywords="hessian size n squared symmetric schwarz clairaut mixed partial derivatives",
        see=("logistic-hessian-vector", "softmax-hessian-vector"),
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
    bent = sp.Eq(H[i, j], -sp.Sum(B[k, i] * B[k, j], k) - mu * sp.KroneckerDelta(i, j))
    worst = Inequality(
        sp.Le(model(q), model(p), evaluate=False),
        (squares,),
        ((same, mu / 2),),
        assumptions=(bent, stationary),
        at={n: 1, p: [1], q: [-1], B: [[2]], mu: 1, H: [[-5]], g: [4]},
    )
    return Claim(
        "finite-step.best-direction",
        SOURCE,
        "third answer",
        r"l(w-\eta\delta^*)\leq l(w-\eta\frac{\nabla_w l(w)}{\Vert\nabla_w l(w)\Vert})",
        (best, worst, *_bowl()),
        remark="The inequality holds by the definition of $\\delta^*$. For a quadratic loss the best step is $p = -\\eta\\delta^*$ where"
        " $(H + \\mu I)p = -g$, and $H + \\mu I = B^\\top B$ has no negative eigenvalue: no other step $q$ of the same length"
        " is better: it loses by a sum of squares. The negative gradient is itself best only where the equation makes it an eigenvector of $H$."
        " (Where it has no positive one, the same equation gives the worst step: the second line.)"
        " The last lines take the bowl $\\frac{1}{2}(w_1^2 + 10w_2^2)$ at $(10, 1)$ with $\\eta = 5$: the step $q = (-4, -3)$ does better"
        " than the negative gradient's $p$, whose direction is not that of an eigenvector.",
        title="Best step of a given length for a quadratic loss",
        keywords="trust region subproblem levenberg marquardt damping eigenvector better than the gradient direction",
        see=("symmetric-quadratic-form", "gauss-newton"),
    )


def _bowl() -> tuple[Equality | OnBox, ...]:
    """On ½(w₁² + 10w₂²) from (10, 1) with η = 5: the step (−4, −3) beats the gradient's by far."""
    l, a, c, g1, g2 = sp.symbols("l w_1 w_2 g_1 g_2")
    steps = p1, p2, q1, q2 = sp.symbols("p_1 p_2 q_1 q_2")
    here = {a: sp.Integer(10), c: sp.Integer(1)}
    loss = (a**2 + 10 * c**2) / 2
    slopes = [derive(loss, v).result.xreplace(here) for v in (a, c)]
    size = sp.sqrt(g1**2 + g2**2)
    values = (-5 * g1 / size, -5 * g2 / size, sp.Integer(-4), sp.Integer(-3))
    known = (sp.Eq(g1, slopes[0]), sp.Eq(g2, slopes[1]), *map(sp.Eq, steps, values))

    def after(one: sp.Symbol, other: sp.Symbol) -> sp.Expr:
        return loss.xreplace({a: 10 + one, c: 1 + other})

    gradient = [
        Equality(derivative(l, v), slope, definitions=(sp.Eq(l, loss),), assumptions=(sp.Eq(a, 10), sp.Eq(c, 1)))
        for v, slope in zip((a, c), slopes, strict=True)
    ]
    lengths = [Equality(one**2 + other**2, sp.Integer(25), definitions=known) for one, other in ((p1, p2), (q1, q2))]
    better = OnBox(sp.Lt(after(q1, q2), after(p1, p2), evaluate=False), definitions=known)
    return (*gradient, *lengths, better)


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
            _close(),
            Approximation(stationary, G * u[k], (eta,), 1, definitions=names),
            Approximation(sp.Sum(best[i] ** 2, i), length, (eta,), 1, definitions=names),
        ),
        claimed="in a small enough neighbourhood the gradient's direction is the best",
        remark="$u = g/\\lVert g\\rVert$, $G = \\lVert g\\rVert > 0$, and $L$ bounds the norm of the Hessian on the ball of radius $\\eta$."
        " With $l_0$ the loss here, $l_1$ after the best step $-\\eta\\delta$ and $l_2$ after the gradient's, $l_1 \\le l_2$, and Taylor's"
        " theorem gives the other two conditions; so $\\delta$ tends to $u$ with $\\eta$. How fast, the other lines say: to first order"
        " $\\delta = u - \\frac{\\eta}{G}(I - uu^\\top)Hu$, with the multiplier $G - \\eta c$, for both conditions on the best step of a"
        " quadratic, $\\eta H\\delta + \\nu\\delta = g$ and $\\lVert\\delta\\rVert = 1$, hold to order 1 (where $\\lVert u\\rVert = 1$), and they"
        " determine it near $\\eta = 0$.",
        title="For short steps the gradient's direction is the best",
        keywords="small learning rate neighbourhood trust region limit",
        uses=("finite-step.best-direction", "finite-step.taylor2"),
        see=("backprop.2.steepest",),
    )


def _close() -> Inequality:
    """‖δ* − u‖² ≤ 2Lη/G: the best direction δ* tends to the gradient's, u, where L bounds the Hessian's norm.

    lower: Taylor's bound at the best step, from below; upper: at the gradient's, from above.
    """
    best, u = sp.IndexedBase("delta"), sp.IndexedBase("u")
    L, here, at_best, at_gradient = sp.symbols("L l_0 l_1 l_2")
    lower = at_best - here + eta * G * sp.Sum(u[i] * best[i], i) + L * eta**2 / 2
    upper = here - eta * G + L * eta**2 / 2 - at_gradient
    chosen = at_gradient - at_best

    def share(e: sp.Expr) -> sp.Expr:
        return sp.Mul(2, 1 / eta, 1 / G, e, evaluate=False)

    one, other = (sp.Eq(sp.Sum(v[i] ** 2, i), 1) for v in (best, u))
    return Inequality(
        sp.Le(sp.Sum((best[i] - u[i]) ** 2, i), 2 * L * eta / G, evaluate=False),
        tuple(map(share, (chosen, lower, upper))),
        ((one, sp.Integer(-1)), (other, sp.Integer(-1))),
        (sp.Gt(eta, 0), sp.Gt(G, 0), *(sp.Ge(e, 0, evaluate=False) for e in (chosen, lower, upper))),
        at={n: 2, u: [1, 0], best: [1, 0], eta: 1, G: 1, L: 0, here: 1, at_best: 0, at_gradient: 0},
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
        title="Operations of a gradient, beside those of its function",
        keywords="cheap gradient principle reverse mode automatic differentiation complexity backprop flops",
        see=("three-layer-network",),
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
        title="Newton step of a quadratic loss",
        keywords="newton's method preconditioner preconditioning inverse hessian quadratic minimum",
        see=("symmetric-quadratic-form", "least-squares-hessian"),
    )
