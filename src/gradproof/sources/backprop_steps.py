"""Back-propagation, sections 1, 2 and 6: what a small step does.

The source and the network are those of `backprop`; the step is (Delta_x, Delta_y), or d1 and d2
for the two layers of weights.
"""

from __future__ import annotations

import sympy as sp

from gradproof.claim import Claim, Slip
from gradproof.derivation import derive
from gradproof.lines import derivative
from gradproof.sources.backprop import (
    HIDDEN,
    LAYER,
    NETWORK,
    SOURCE,
    D,
    E,
    K,
    M,
    eq_5_9,
    eq_5_12,
    equation,
    h,
    i,
    j,
    k,
    w,
    w1,
    w2,
    x,
    y,
    yhat,
)
from gradproof.statements import Approximation, Equality, Follows, Inequality, OnBox, Statement

__all__ = [
    "eq_1_1",
    "eq_2_1",
    "eq_2_steepest",
    "eq_6_1",
    "eq_6_2",
    "eq_6_2_refs",
    "eq_6_3",
    "eq_6_4",
    "eq_6_4_refs",
]

x0, y0, dx, dy, eta, X, Y = sp.symbols("x0 y0 Delta_x Delta_y eta x y")
f, F = sp.Function("f"), sp.Function("F")

EQUALS = (
    "Close to the point the two sides are so nearly the same that the sign “=” is often written for “≈”, and the text"
    " around it says that the step must be small."
)


def eq_1_1() -> Claim:
    """E(w − ηg) = E(w) − η‖g‖² + O(η²), and less than E(w) for every η below 2/L."""
    a, b, s, L = sp.symbols("w_1 w_2 S L")
    loss = sp.Function("E")(a, b)
    by_a, by_b = derivative(loss, a), derivative(loss, b)
    moved = loss.func(a - eta * by_a, b - eta * by_b)
    here, after = sp.symbols("E_0 E_1")
    room = here - eta * s + L * eta**2 * s / 2 - after
    bound = Inequality(
        sp.Lt(after, here, evaluate=False),
        (room, eta * s * (2 - L * eta) / 2),
        positive=(sp.Gt(eta, 0), sp.Gt(s, 0), sp.Gt(2 - L * eta, 0, evaluate=False), sp.Ge(room, 0, evaluate=False)),
        at={eta: 1, s: 1, L: 1, here: 1, after: 0},
    )
    return equation(
        "1.1",
        r"\mathbf{w}^{\tau + 1} = \mathbf{w}^{\tau} - \eta \nabla_{\mathbf{w}^{\tau}} E",
        Approximation(moved, loss - eta * (by_a**2 + by_b**2), (eta,), 1, note="any loss of two weights"),
        _network_step(),
        bound,
        *_small_network(),
        claimed="a small step against the gradient lowers E",
        remark="$E$ has two continuous derivatives, and $S = \\lVert\\nabla E\\rVert^2$. Where $L$ bounds"
        " the norm of the Hessian on the segment from $w$ to $w - \\eta_0\\nabla E$, Taylor's theorem gives the last condition of the"
        " inequality, for the loss $E_0$ before the step and $E_1$ after it: so the loss falls for every $0 < \\eta < \\min(\\eta_0, 2/L)$. No $L$ serves"
        " everywhere: with one unit in each layer and weights $u_1$, $u_2$ the second derivative at $u_1 = 0$ is $x^2u_2^2$, and grows without bound."
        " But on a given segment one can be enclosed: for $x = \\hat{y} = 1$, from $u_1 = \\frac{1}{2}$, $u_2 = 1$ and up to"
        " $\\eta_0 = \\frac{1}{2}$, the square of the Hessian's norm stays below 4, so that $L = 2$.",
        title="One step of gradient descent lowers the loss",
        keywords="gradient descent update rule learning rate step size descent lemma lipschitz smoothness convergence",
        uses=("backprop.2.1", "backprop.5.9", "backprop.5.12"),
        see=("finite-step.length", "finite-step.taylor1"),
    )


def _network_step() -> Approximation:
    """E(w − ηg) = E(w) − η‖g‖² + O(η²) for the tanh network of every width."""
    g1, g2 = sp.IndexedBase("g1"), sp.IndexedBase("g2")
    moved, by_1, by_2 = _moved_error(-eta * g1[j, i], -eta * g2[k, j])
    squared = sp.Sum(sp.Sum(g1[j, i] ** 2, i), j) + sp.Sum(sp.Sum(g2[k, j] ** 2, j), k)
    names = (*NETWORK, sp.Eq(g1[j, i], by_1), sp.Eq(g2[k, j], by_2))
    return Approximation(moved, E - eta * squared, (eta,), 1, definitions=names, note="the tanh network, every width")


def _moved_error(d1: sp.Expr, d2: sp.Expr) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """The network's error with d1 added to w1[j, i] and d2 to w2[k, j], and its two gradients as derived."""
    unit = sp.Sum((w1[j, i] + d1) * x[i], i)
    output = sp.Sum((w2[k, j] + d2) * sp.tanh(unit), j)
    by_1, by_2 = (gradient().lines[-1][0] for gradient in (eq_5_12, eq_5_9))
    return sp.Sum((output - yhat[k]) ** 2, k) / 2, by_1, by_2


def _small_network() -> tuple[Statement, ...]:
    """One unit in each layer: no bound on the Hessian everywhere, one on a segment, and the loss falls there."""
    a, b, t, step, p, q = sp.symbols("u_1 u_2 yhat s p_1 p_2")
    second = sp.symbols("H_11 H_12 H_22")
    error = sp.Eq(E, (b * sp.tanh(a * X) - t) ** 2 / 2)
    start = {a: sp.Rational(1, 2), b: sp.Integer(1)}
    loss = (b * sp.tanh(a) - 1) ** 2 / 2
    slopes = {v: derive(loss, v).result for v in (a, b)}
    pairs = ((a, a), (a, b), (b, b))
    hessian = [sp.Eq(h, derive(slopes[u], v).result, evaluate=False) for h, (u, v) in zip(second, pairs, strict=True)]
    segment = [sp.Eq(name, slopes[v].xreplace(start), evaluate=False) for name, v in ((p, a), (q, b))]
    path = [*segment, sp.Eq(a, start[a] - step * p), sp.Eq(b, start[b] - step * q)]
    norm = second[0] ** 2 + 2 * second[1] ** 2 + second[2] ** 2
    return (
        Equality(derivative(derivative(E, a), a), X**2 * b**2, definitions=(error,), assumptions=(sp.Eq(a, 0),)),
        OnBox(sp.Lt(norm, 4, evaluate=False), {step: ("0", "1/2")}, (*path, *hessian)),
        OnBox(sp.Lt(loss, loss.xreplace(start), evaluate=False), {step: ("1/100", "1/2")}, tuple(path)),
    )


def eq_2_1() -> Claim:
    """F(r₀ + r) = F(r₀) + ∇F·r + O(‖r‖²), and ∇F·r = ‖∇F‖ ‖r‖ cos θ for every dimension."""
    exact, model = F(x0 + dx, y0 + dy), _plane(F)
    n = sp.Symbol("n", integer=True, positive=True)
    c = sp.Idx("i", (1, n))
    g, r = sp.IndexedBase("g"), sp.IndexedBase("r")
    cosine = sp.Symbol(r"\cos\theta")
    lengths = [sp.sqrt(sp.Sum(v**2, c)) for v in (g[c], r[c])]
    law = sum(size**2 for size in lengths) - sp.Sum((g[c] - r[c]) ** 2, c)
    angle = sp.Eq(cosine, law / (2 * lengths[0] * lengths[1]), evaluate=False)
    product = Equality(sp.Sum(g[c] * r[c], c), lengths[0] * lengths[1] * cosine, definitions=(angle,))
    return equation(
        "2.1",
        r"\begin{aligned} F(\mathbf{r_0} + \mathbf{r}) &= F(\mathbf{r}_0) + \nabla_{\mathbf{r}_0}F \cdot \mathbf{r}\\"
        r" &= F(\mathbf{r}_0) + \|\nabla_{\mathbf{r}_0}F\|\cdot \|\mathbf{r}\| \cdot \cos \theta \end{aligned}",
        Approximation(exact, model, (dx, dy), 1),
        product,
        slips=(_equals_sign(exact, model, F, "the first sign “=”"),),
        claimed="F(r₀ + r) = F(r₀) + ∇F·r, and ∇F·r = ‖∇F‖ ‖r‖ cos θ",
        remark="The second equality is exact, in every dimension: $\\theta$ is the angle between $g = \\nabla F$ and $r$, which the"
        " law of cosines defines by the third side $g - r$.",
        title="Change of a function along a direction",
        keywords="taylor first order linearisation linearization directional derivative dot product angle cosine",
        uses=("backprop.6.1",),
        see=("finite-step.taylor1",),
    )


def _plane(function: sp.Function) -> sp.Expr:
    """The tangent plane at (x₀, y₀), at the step (Δx, Δy)."""
    here = function(x0, y0)
    return here + derivative(here, x0) * dx + derivative(here, y0) * dy


def _equals_sign(
    exact: sp.Expr,
    model: sp.Expr,
    function: sp.Function,
    place: str = "the sign “=”",
    definitions: tuple[sp.Eq, ...] = (),
) -> Slip:
    """“=” for “≈”: for the function xy the sides differ one step from the origin."""
    at = {x0: 0, y0: 0, dx: 1, dy: 1, function: sp.Lambda((X, Y), X * Y)}
    return Slip(
        "",
        Equality(exact, model, definitions=definitions, small=(dx, dy)),
        at=at,
        values=("1", "0"),
        place=place,
        kind="sign",
        why=EQUALS,
    )


def eq_2_steepest() -> Claim:
    """−‖g‖ ≤ g·u ≤ ‖g‖ for every unit vector u and every dimension; attained at ±g/‖g‖."""
    n = sp.Symbol("n", integer=True, positive=True)
    c, d = sp.Idx("i", (1, n)), sp.Idx("k", (1, n))
    g, u, G = sp.IndexedBase("g"), sp.IndexedBase("u"), sp.Symbol("G")
    slope = sp.Sum(g[c] * u[c], c)

    def bound(sign: int) -> Inequality:
        relation = sp.Le(slope, G, evaluate=False) if sign > 0 else sp.Ge(slope, -G, evaluate=False)
        return Inequality(
            relation,
            (G / 2 * sp.Sum((u[c] - sign * g[c] / G) ** 2, c),),
            ((sp.Eq(sp.Sum(u[c] ** 2, c), 1), -G / 2), (sp.Eq(sp.Sum(g[c] ** 2, c), G**2), -1 / (2 * G))),
            (sp.Gt(G, 0),),
            at={n: 2, g: [3, 4], u: [1, 0], G: 5},
        )

    size = sp.sqrt(sp.Sum(g[c] ** 2, c))
    unit = sp.sqrt(sp.Sum(g[d] ** 2, d))

    def attained(sign: int) -> Equality:
        return Equality(sp.Sum(g[c] * (sign * g[c] / unit), c), sign * size)

    def stationary(sign: int) -> Equality:
        """The multiplier is ±G; then the Lagrangian's derivative vanishes at u = ±g/G."""
        lagrangian = slope - sign * G / 2 * (sp.Sum(u[c] ** 2, c) - 1)
        here = sp.Eq(u[c], sign * g[c] / G)
        return Equality(derivative(lagrangian, u[d]), sp.Integer(0), wrt=u[d], assumptions=(here,))

    return Claim(
        "backprop.2.steepest",
        SOURCE,
        "section 2",
        "",
        (bound(+1), bound(-1), attained(+1), attained(-1), stationary(+1), stationary(-1)),
        claimed="of all directions of one length the gradient's is the steepest ascent, its opposite the steepest descent",
        remark="$g = \\nabla F$, $G$ is its length, and $u$ is any direction of length 1. What is left over is a sum of squares,"
        " zero only for $u = \\pm g/G$: no other direction is as steep. Lagrange's multiplier gives the same answer.",
        title="The gradient is the direction of steepest ascent",
        keywords="why negative gradient steepest descent direction cauchy schwarz lagrange multiplier unit vector",
        uses=("backprop.2.1",),
        see=("finite-step.best-direction", "averages.optimising-needs-theta"),
    )


def eq_6_1() -> Claim:
    """f(x, y) = f(x₀, y₀) + f_x (x − x₀) + f_y (y − y₀) + O(‖(x − x₀, y − y₀)‖²)."""
    exact, model = f(x0 + dx, y0 + dy), _plane(f)
    return equation(
        "6.1",
        r"f(x, y) = f(x_0, y_0) + f_x (x- x_0) + f_y(y-y_0)",
        Approximation(exact, model, (dx, dy), 1),
        slips=(_equals_sign(exact, model, f),),
        remark="$\\Delta x = x - x_0$ and $\\Delta y = y - y_0$.",
        title="First-order Taylor expansion of a function of two variables",
        keywords="taylor series tangent plane linearisation linearization approximation",
        see=("finite-step.taylor1",),
    )


def eq_6_2() -> Claim:
    """f(x, y) − f(x₀, y₀) = f_x (x − x₀) + f_y (y − y₀) + O(‖(x − x₀, y − y₀)‖²)."""
    here = f(x0, y0)
    exact = f(x0 + dx, y0 + dy) - here
    model = derivative(here, x0) * (X - x0) + derivative(here, y0) * (Y - y0)
    step = (sp.Eq(X, x0 + dx), sp.Eq(Y, y0 + dy))
    return equation(
        "6.2",
        r"f(x,y) - f(x_{0},y_0) &= f_x (x- x_0) + f_y(y-y_0)",
        Approximation(exact, model, (dx, dy), 1, definitions=step),
        slips=(_equals_sign(exact, model, f, definitions=step),),
        remark="$x = x_0 + \\Delta x$ and $y = y_0 + \\Delta y$.",
        title="Change of a function, to first order",
        keywords="taylor increment difference approximation small step",
        uses=("backprop.6.1",),
    )


def eq_6_3() -> Claim:
    """Δf = f_x Δx + f_y Δy + O(‖(Δx, Δy)‖²)."""
    exact, model = f(x0 + dx, y0 + dy) - f(x0, y0), _plane(f) - f(x0, y0)
    return equation(
        "6.3",
        r"\implies \Delta f &= f_x \Delta x + f_y \Delta y",
        Approximation(exact, model, (dx, dy), 1),
        slips=(_equals_sign(exact, model, f),),
        remark="$\\Delta f$ is the left side.",
        title="Total differential of a function of two variables",
        keywords="total differential delta f partial derivatives small change",
        uses=("backprop.6.2",),
    )


#: (6.1) and (6.3) in letters, with the definitions of section 5 whose numbers the text gives in their place.
f_0, f_x, f_y, f_here, df = sp.symbols("f_0 f_x f_y f Delta_f")
STATED = {
    "5.1": LAYER,
    "5.3": HIDDEN,
    "6.1": sp.Eq(f_here, f_0 + f_x * (X - x0) + f_y * (Y - y0)),
    "6.3": sp.Eq(df, f_x * dx + f_y * dy),
}


def eq_6_2_refs() -> Claim:
    """(6.3) follows from (6.1); the text says “(5.1) into (5.3)”, which are equations of the network."""
    premises = (STATED["6.1"], sp.Eq(df, f_here - f_0), sp.Eq(dx, X - x0), sp.Eq(dy, Y - y0))
    at = {f_0: 1, f_x: 2, f_y: 3, f_here: 6, df: 5, X: 1, Y: 1, x0: 0, y0: 0, dx: 1, dy: 1}
    given = {D: 1, M: 1, j: 1, w: [[1]], x: [1], y: [1], w1: [[1]], h: [0]}
    return Claim(
        "backprop.6.2.refs",
        SOURCE,
        "the sentence before (6.2)",
        "",
        (Follows(premises, STATED["6.3"], at, ("6.1", "6.3"), STATED),),
        (
            Slip(
                "",
                Follows((LAYER,), HIDDEN, given, ("5.1", "5.3"), STATED),
                why="The numbers are right but for the section, as in the sentence before (5.12).",
            ),
        ),
        claimed="“(5.1)” can be transformed into “(5.3)”",
        remark="With (6.1) for (5.1) and (6.3) for (5.3) it is a change of names. Read as printed, one layer's outputs would"
        " have to follow from another's.",
        title="How the total differential follows from the Taylor expansion",
        keywords="wrong equation number reference",
        uses=("backprop.6.1", "backprop.6.3"),
    )


def eq_6_4() -> Claim:
    """E(w + Δw) − E(w) = ∇E·Δw + O(‖Δw‖²), for the network of every width."""
    d1, d2 = sp.IndexedBase("d1"), sp.IndexedBase("d2")
    moved, by_1, by_2 = _moved_error(d1[j, i], d2[k, j])
    model = sp.Sum(sp.Sum(by_1 * d1[j, i], i), j) + sp.Sum(sp.Sum(by_2 * d2[k, j], j), k)
    at = {D: 1, M: 1, K: 1, x: [1], yhat: [0], w1: [[0]], w2: [[0]], d1: [[1]], d2: [[1]]}
    sign = Slip(
        "",
        Equality(moved - E, model, definitions=NETWORK, small=(d1, d2)),
        at=at,
        values=("0.2900", "0"),
        place="the sign “=”",
        kind="sign",
        why=EQUALS,
    )
    return equation(
        "6.4",
        r"\Delta E(\mathbf{w}) = \nabla_{\mathbf{w}}E(\mathbf{w}) \Delta \mathbf{w}",
        Approximation(moved - E, model, (d1, d2), 1, definitions=NETWORK),
        slips=(sign,),
        remark="$d^{(1)}$ and $d^{(2)}$ are the changes of the two layers of weights, and the product is an inner product.",
        title="Change of a network's error under a small change of all weights",
        keywords="taylor first order weights perturbation gradient dot product delta w",
        uses=("backprop.5.9", "backprop.5.12", "backprop.6.3"),
        see=("backprop.1.1",),
    )


def eq_6_4_refs() -> Claim:
    """(6.4) is (6.3) for the error; the text says “(5.3)”, a definition of the network."""
    change, by_1, by_2, d_1, d_2 = sp.symbols("Delta_E g_1 g_2 Delta_w_1 Delta_w_2")
    names = (sp.Eq(change, df), sp.Eq(f_x, by_1), sp.Eq(f_y, by_2), sp.Eq(dx, d_1), sp.Eq(dy, d_2))
    conclusion = sp.Eq(change, by_1 * d_1 + by_2 * d_2)
    at = {f_x: 2, f_y: 3, by_1: 2, by_2: 3, d_1: 1, d_2: 1, dx: 1, dy: 1, df: 5, change: 5}
    given = {D: 1, M: 1, j: 1, x: [1], w1: [[1]], h: [1], change: 0, by_1: 1, by_2: 0, d_1: 1, d_2: 0}
    return Claim(
        "backprop.6.4.refs",
        SOURCE,
        "the sentence before (6.4)",
        "",
        (Follows((STATED["6.3"], *names), conclusion, at, ("6.3",), STATED),),
        (
            Slip(
                "",
                Follows((HIDDEN,), conclusion, given, ("5.3",), STATED),
                why="Again the section's number only: (6.3) was meant.",
            ),
        ),
        claimed="applying “(5.3)” gives (6.4)",
        remark="$g_1$ and $g_2$ are the derivatives of $E$ with respect to two weights; more weights give more terms.",
        title="Which equation gives the change of the error",
        keywords="wrong equation number reference",
        uses=("backprop.6.3", "backprop.6.4"),
    )
