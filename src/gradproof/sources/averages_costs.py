"""Averages of gradients, second part: what a cost's gradient needs to know.

The source and the letters are those of `averages`.
"""

from __future__ import annotations

import sympy as sp

from gradproof.claim import Claim, Slip
from gradproof.derivation import Derivation
from gradproof.lines import derivative
from gradproof.sources.averages import ERROR, LINE, SOURCE, J, N, b, i, m, theta, x, y
from gradproof.statements import Differs, Equality, Inequality, NoFunction, NoMinimum

__all__ = ["linear_cost", "no_g", "nontrivial_g", "optimising_needs_theta", "unavoidable"]


def unavoidable() -> Claim:
    """For a line four sums over the data, taken once, give the gradient at every (m, b)."""
    sums = sp.symbols("S_x S_y S_xx S_xy")
    sx, sy, sxx, sxy = sums
    taken = tuple(sp.Eq(name, sp.Sum(e, i)) for name, e in zip(sums, (x[i], y[i], x[i] ** 2, x[i] * y[i]), strict=True))
    known = (LINE, ERROR, *taken)
    by_m = Equality(derivative(J, m), -2 / N * (sxy - m * sxx - b * sx), definitions=known, wrt=m)
    by_b = Equality(derivative(J, b), -2 / N * (sy - m * sx - b * N), definitions=known, wrt=b)
    syy = sp.Eq(sp.Symbol("S_yy"), sp.Sum(y[i] ** 2, i))
    terms = syy.lhs - 2 * m * sxy - 2 * b * sy + m**2 * sxx + 2 * m * b * sx + N * b**2
    value = Equality(J, terms / N, definitions=(*known, syy), note="the cost itself needs one sum more")
    moved_out = _moved_out()
    return Claim(
        "averages.unavoidable",
        SOURCE,
        "second answer",
        r"\sum_i \nabla \mathcal{L}(y_i, x_i, \theta)",
        (by_m, by_b, value, moved_out, *_independent()),
        (
            Slip(
                "",
                Differs(derivative(J, m), -2 / N * (sxy - m * sxx - b * sx), definitions=known, wrt=m),
                kind="false",
                why="For a network it is so. For a line the summand holds the parameters too, and one has to multiply out to see"
                " that they can be moved in front of the sums.",
            ),
        ),
        claimed="at every step the individual terms must be calculated and summed, for linear regression too",
        remark="Read as “no expression in sums that are free of $\\theta$ gives the gradient”. Such sums serve whenever"
        " $\\nabla\\ell(x, y, \\theta) = \\sum_{r \\le R} a_r(\\theta)\\,\\varphi_r(x, y)$ with $R$ independent of $N$, as for"
        " every model that is a polynomial in $\\theta$, and only then: a fixed number $R$ of sums can serve every $\\theta$ and every"
        " $N$ only if the items' gradients, for all $\\theta$ together, are combinations of $R$ functions of the data. The tanh network has no such sum: for different weights $w > 0$ the"
        " functions $\\operatorname{sech}^2(wx)$ of the input are linearly independent, since each has its nearest poles"
        " elsewhere, at $\\pm i\\pi/2w$. The determinants show it for two and for three weights.",
        title="Sums over the data that give the gradient of linear regression",
        keywords="sufficient statistics normal equations precomputed sums separable",
        uses=("averages.linreg.m", "averages.linreg.b"),
        see=("linear-regression",),
    )


def _moved_out() -> Equality:
    """A gradient Σ_r a_r(θ) φ_r(item) of each item: the sums over the items are free of θ."""
    R = sp.Symbol("R", integer=True, positive=True)
    r, a, phi = sp.Idx("r", (1, R)), sp.IndexedBase("a"), sp.IndexedBase("varphi")
    each = sp.Sum(sp.Sum(a[r] * phi[r, i], r), i)
    return Equality(each, sp.Sum(a[r] * sp.Sum(phi[r, i], i), r), note="wherever the parameters can be moved out")


def _independent() -> tuple[Differs, ...]:
    """sech²(wx) for w = 1, 2 (and 3) at as many inputs: a determinant that is not zero."""

    def determinant(size: int) -> sp.Expr:
        entry = [[1 - sp.tanh(sp.Integer(w * v)) ** 2 for v in range(size)] for w in range(1, size + 1)]
        return sp.Matrix(entry).det(method="berkowitz")

    return tuple(
        Differs(determinant(size), sp.Integer(0), {}, (digits, "0"))
        for size, digits in ((2, "-0.349"), (3, "-0.00375"))
    )


def no_g() -> Claim:
    """No g gives ∇J = g(J): one data set, two lines with the same J and different gradients."""
    data = {N: 2, x: [1, 2], y: [0, 0], b: 0}
    return Claim(
        "averages.no-g",
        SOURCE,
        "second answer",
        r"\nabla J(\theta) = g(J(\theta))",
        (
            NoFunction(
                J, derivative(J, m), data | {m: 1}, data | {m: -1}, fixed=(N, x, y, b), definitions=(LINE, ERROR)
            ),
        ),
        claimed="for squared error no g without a sum over items has ∇J = g(J)",
        remark="The data, and so every sum over them, are the same at both points.",
        title="The gradient is no function of the cost",
        keywords="gradient from loss value alone mean squared error",
        uses=("averages.linreg.m",),
    )


def nontrivial_g() -> Claim:
    """J(θ) = e^θ · mean(y) has ∇J = J."""
    exponential = sp.Eq(J, sp.exp(theta) * sp.Sum(y[i], i) / N)
    return Claim(
        "averages.nontrivial-g",
        SOURCE,
        "second answer, near the end",
        "",
        (Equality.gradient(J, theta, J, (exponential,)),),
        claimed="a cost whose gradient is a non-trivial function of the cost alone could be possible",
        remark="It is: here $g(z) = z$. (As the source expects, it is of little use: it has no minimum; for $\\bar{y} > 0$ it only comes"
        " ever closer to 0.)",
        title="A cost that is its own gradient",
        keywords="exponential cost loss equal to gradient",
        see=("averages.no-g",),
    )


def linear_cost() -> Derivation:
    """∇J = −(1/N) Σ x_i for J = (1/N) Σ (y_i − θ x_i), every N; J has no minimum unless Σ x_i = 0."""
    cost = sp.Eq(J, sp.Sum(y[i] - theta * x[i], i) / N)
    t = sp.Symbol("t")
    slope = -sp.Sum(x[i], i) / N
    moved = sp.Sum(y[i] - (theta - t * slope) * x[i], i) / N
    statement = Equality.gradient(J, theta, slope, (cost,))
    return Claim(
        "averages.linear-cost",
        SOURCE,
        "second answer",
        r"= \frac{1}{N} \sum_i -x_i",
        (
            statement,
            Equality(moved, cost.rhs - t * slope**2),
            Equality(J, sp.Sum(y[i], i) / N, definitions=(cost,), assumptions=(sp.Eq(sp.Sum(x[i], i), 0),)),
        ),
        claimed="∇J is the mean of the −xᵢ, independent of θ, and there is no global minimum unless they sum to zero",
        remark="The second line takes a step of $t$ times the gradient against it: unless the sum is zero, $J$ falls below every bound."
        " If it is zero, $J$ is constant: the third line.",
        title="Gradient of a cost that is linear in the parameter",
        keywords="linear loss constant gradient unbounded no minimum",
        see=("averages.no-g",),
    ).gradient()


def optimising_needs_theta() -> Claim:
    """A linear cost has a minimiser on a ball: c·θ ≥ −r‖c‖ for ‖θ‖ ≤ r, attained at θ = −rc/‖c‖."""
    c, v = sp.IndexedBase("c"), sp.IndexedBase("v")
    C, r = sp.symbols("C r")
    cost = sp.Sum(c[i] * v[i], i)
    inside = r**2 - sp.Sum(v[i] ** 2, i)
    bound = Inequality(
        sp.Ge(cost, -r * C, evaluate=False),
        (C / (2 * r) * sp.Sum((v[i] + r * c[i] / C) ** 2, i), C / (2 * r) * inside),
        ((sp.Eq(sp.Sum(c[i] ** 2, i), C**2), -r / (2 * C)),),
        (sp.Gt(C, 0), sp.Gt(r, 0), sp.Ge(inside, 0, evaluate=False)),
        at={N: 2, c: [3, 4], v: [0, 0], C: 5, r: 1},
    )
    attained = Equality(
        sp.Sum(c[i] * (-r * c[i] / C), i), -r * C, assumptions=(sp.Eq(C, sp.sqrt(sp.Sum(c[i] ** 2, i))),)
    )
    inside_ball = Equality(
        sp.Sum((-r * c[i] / C) ** 2, i), r**2, assumptions=(sp.Eq(C, sp.sqrt(sp.Sum(c[i] ** 2, i))),)
    )
    fall = Equality(sp.Sum(c[i] * (v[i] - r * c[i]), i), cost - r * sp.Sum(c[i] ** 2, i))
    reading = NoMinimum(1 - theta, {theta: ("-1", "1")})
    return Claim(
        "averages.optimising-needs-theta",
        SOURCE,
        "second answer, the aside",
        "",
        (bound, attained, inside_ball, fall),
        (
            Slip(
                "",
                reading,
                kind="false",
                instance=True,
                why="The aside follows a cost on the whole line, where it is right.",
            ),
        ),
        claimed="a cost whose derivative is free of the parameters cannot be optimised",
        remark="The cost $c\\cdot v$ has the same derivative everywhere, and a minimiser on a ball of radius $r$, $v = -rc/C$. Without"
        " constraints the claim is true, unless the cost is constant: the last line takes a step against the gradient, which"
        " lowers the cost without end.",
        title="Minimum of a linear function on a ball",
        keywords="linear objective constrained optimisation optimization cauchy schwarz",
        see=("averages.linear-cost",),
    )
