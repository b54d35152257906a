"""Averages of gradients, third part: non-linear layers, and the sigmoid.

The source and the letters are those of `averages`.
"""

from __future__ import annotations

import sympy as sp

from gradproof.claim import Claim
from gradproof.derivation import Derivation, derive
from gradproof.lines import derivative
from gradproof.sources.averages import LOGISTIC, SOURCE, N, i, sigma, u, x, y
from gradproof.statements import Approximation, Differs, DiffersWhen, Equality, Inequality, NoFunction, OnBox, Rounded

__all__ = ["no_layer_g", "output_delta", "sigmoid", "sigmoid_means", "sigmoid_when"]


def sigmoid() -> Derivation:
    """σ′(x) = σ(x)(1 − σ(x)) for σ(x) = 1/(1 + e^(−x))."""
    statement = Equality(
        derivative(sigma, u),
        sigma * (1 - sigma),
        wrt=u,
        definitions=(LOGISTIC,),
        derive=lambda: derive(LOGISTIC.rhs, u),
    )
    return Claim(
        "averages.sigmoid",
        SOURCE,
        "first answer, the formulas that were pictures",
        "",
        (statement,),
        claimed="σ′ = σ(1 − σ)",
        remark="The source showed both formulas as pictures, which are lost; these are the standard ones.",
        title="Derivative of the sigmoid",
        keywords="sigmoid prime logistic function activation function derivative sigma times one minus sigma",
        see=("sigmoid",),
    ).gradient()


def _slope(at: sp.Expr) -> sp.Expr:
    """σ′ at a point, as it was derived."""
    return derive(LOGISTIC.rhs, u).result.xreplace({u: at})


def sigmoid_means() -> Claim:
    """At 0 and 1 the mean of σ′ (0.2233…) is not σ′ at the mean (0.2350…); the inputs are recovered."""
    half, delta = sp.Rational(1, 2), sp.Symbol("delta")
    mean, at_mean = (_slope(sp.Integer(0)) + _slope(sp.Integer(1))) / 2, _slope(half)
    spread = (_slope(half + delta) + _slope(half - delta)) / 2
    boxes = (
        OnBox(sp.Gt(_slope(u), sp.Rational("0.2355"), evaluate=False), {u: ("0", "0.4905")}),
        OnBox(sp.Lt(_slope(u), sp.Rational("0.2345"), evaluate=False), {u: ("0.5092", "20")}),
        *_far(),
        OnBox(sp.Gt(spread, sp.Rational("0.22335"), evaluate=False), {delta: ("0", "0.4985")}),
        OnBox(sp.Lt(spread, sp.Rational("0.22325"), evaluate=False), {delta: ("0.5013", "20")}),
    )
    return Claim(
        "averages.sigmoid.means",
        SOURCE,
        "first answer, the numbers",
        "",
        (
            Differs(mean, at_mean, {}, ("0.22330597", "0.23500371")),
            Rounded(mean, "0.2233"),
            Rounded(at_mean, "0.235"),
            *boxes,
        ),
        claimed="at two inputs the mean of the slopes is about 0.2233, and the slope at the mean about 0.235",
        remark="The two inputs stood in a picture that is lost; 0 and 1 are recovered by solving. The mean of the inputs must lie"
        " between 0.4905 and 0.5092 for $\\sigma'$ to round to 0.235 there; with the mean at $\\frac{1}{2}$, the half of"
        " their distance must lie between 0.4985 and 0.5013 for the mean slope to round to 0.2233. ($\\sigma'$ is even, so"
        " that 0 and $-1$ fit as well.)",
        title="Mean of the sigmoid's slopes, and its slope at the mean",
        keywords="jensen average nonlinear sigmoid slope",
        uses=("averages.sigmoid",),
    )


def _far() -> tuple[Equality | OnBox, ...]:
    """σ′ is even, and below 0.2345 at all inputs above 20 too: there q = e^(−x) is below 0.601."""
    q = sp.Symbol("q")
    small = sp.Eq(q, sp.exp(-u))
    return (
        Equality(_slope(-u), _slope(u)),
        Equality(_slope(u), q / (1 + q) ** 2, definitions=(small,)),
        OnBox(sp.Lt(q / (1 + q) ** 2, sp.Rational("0.2345"), evaluate=False), {q: ("0", "0.6")}),
        OnBox(sp.Lt(sp.exp(sp.Integer(-20)), sp.Rational("0.6"), evaluate=False)),
    )


def sigmoid_when() -> Claim:
    """The gap between the mean of σ′ and σ′ at the mean, exactly, and where it is zero."""
    mean, delta, c, spread = sp.symbols("xbar delta c C")
    of_mean, of_spread = sp.cosh(mean), sp.cosh(delta)
    slopes = (_slope(mean + delta) + _slope(mean - delta)) / 2
    zero = (sp.Ne(of_spread, 1), sp.Ne(of_mean**2 - of_mean - 1, of_spread))
    positive = 1 / (2 * (1 + of_mean) * (of_mean + of_spread) ** 2)
    least = Inequality(
        sp.Ge(c, 2, evaluate=False),
        ((spread - 1) / (c + 1),),
        ((sp.Eq(spread, c**2 - c - 1), -1 / (c + 1)),),
        (sp.Ge(spread - 1, 0, evaluate=False), sp.Gt(c + 1, 0, evaluate=False)),
        at={c: 2, spread: 1},
    )
    third = derive(derive(_slope(u), u).result, u).result.xreplace({u: mean})
    return Claim(
        "averages.sigmoid.when",
        SOURCE,
        "first answer, what it shows",
        "",
        (
            DiffersWhen(slopes, _slope(mean), zero, positive),
            Approximation(slopes - _slope(mean), delta**2 / 2 * third, (delta,), 3),
            Equality(slopes - _slope(mean), (of_spread - 1) * (of_mean**2 - of_mean - 1 - of_spread) * positive),
            least,
            Equality(((2 + sp.sqrt(3)) + 1 / (2 + sp.sqrt(3))) / 2, sp.Integer(2)),
        ),
        claimed="(implied) the mean of the slopes and the slope at the mean differ",
        remark="For the inputs $\\bar{x} \\pm \\delta$; $c = \\cosh\\bar{x}$ and $C = \\cosh\\delta$. The gap is zero only for"
        " $\\delta = 0$ or $C = c^2 - c - 1$. Since a cosh is at least 1, the second needs $\\cosh\\bar{x} \\ge 2$, which is"
        " $|\\bar{x}| \\ge \\ln(2 + \\sqrt{3})$ (the last line is the cosh of that number). For inputs close together the gap is about"
        " $\\frac{1}{2}\\delta^2\\sigma^{(3)}(\\bar{x})$: the bracket in the second line is the third derivative of $\\sigma$.",
        title="When the mean slope of the sigmoid is its slope at the mean",
        keywords="jensen average nonlinear third derivative sigmoid cosh",
        uses=("averages.sigmoid",),
        see=("averages.sigmoid.means",),
    )


def output_delta() -> Claim:
    """∂E/∂(input of the output layer) = prediction − target, for the three matched pairs."""
    K = sp.Symbol("K", integer=True, positive=True)
    k, c = sp.Idx("k", (1, K)), sp.Idx("c", (1, K))
    a, t, p, E = sp.IndexedBase("a"), sp.IndexedBase("y"), sp.IndexedBase("yhat"), sp.Symbol("E")
    total = sp.Sum(sp.exp(a[c]), c)
    identity = (sp.Eq(p[k], a[k]), sp.Eq(E, sp.Sum((p[k] - t[k]) ** 2, k) / 2))
    logistic = (
        sp.Eq(p[k], 1 / (1 + sp.exp(-a[k]))),
        sp.Eq(E, -sp.Sum(t[k] * sp.log(p[k]) + (1 - t[k]) * sp.log(1 - p[k]), k)),
    )
    softmax = (sp.Eq(p[k], sp.exp(a[k]) / total), sp.Eq(E, -sp.Sum(t[k] * sp.log(p[k]), k)))

    def delta(note: str, layer: tuple[sp.Eq, ...], right: sp.Expr, given: tuple[sp.Eq, ...] = ()) -> Equality:
        return Equality.gradient(E, a[k], right, layer, given, note=note)

    return Claim(
        "averages.output-delta",
        SOURCE,
        "second answer, last paragraph",
        r"\hat{y}_i - y_i",
        (
            delta("identity, half the squared error", identity, p[k] - t[k]),
            delta("sigmoid, cross-entropy", logistic, p[k] - t[k]),
            delta("softmax, cross-entropy", softmax, p[k] - t[k], (sp.Eq(sp.Sum(t[k], k), 1),)),
            delta("softmax, any targets", softmax, sp.Sum(t[c], c) * p[k] - t[k]),
        ),
        claimed="the error gradient of the output layer is often just ŷ − y",
        remark="Here $\\hat{y}$ is the prediction and $y$ the target (in the text on back-propagation it is the other way"
        " round). The pairs are identity with half the squared error, sigmoid with cross-entropy, and softmax with"
        " cross-entropy for targets that sum to one; the last line is softmax for any targets.",
        title="Error of the output layer: prediction minus target",
        keywords="delta output error signal y hat minus y softmax cross entropy sigmoid binary cross entropy squared error matching loss canonical link",
        see=("softmax-cross-entropy", "binary-cross-entropy", "mean-squared-error"),
    )


def no_layer_g() -> Claim:
    """∂E/∂w₁ is no function of ∂E/∂w₂: at w₁ = 0 the one is zero for every w₂, the other is −x t w₂."""
    E, t, a, c = sp.symbols("E t w_1 w_2")
    unit = (sp.Eq(E, (c * sp.tanh(a * u) - t) ** 2 / 2),)
    at = {u: 1, t: 1, a: 0}
    zero = (sp.Eq(a, 0),)
    return Claim(
        "averages.no-layer-g",
        SOURCE,
        "second answer, last paragraph",
        r"\nabla_{W^l} J = g(\nabla_{W^{l+1}} J)",
        (
            NoFunction(derivative(E, c), derivative(E, a), at | {c: 1}, at | {c: 2}, fixed=(u, t, a), definitions=unit),
            Equality(derivative(E, c), sp.Integer(0), definitions=unit, assumptions=zero),
            Equality(derivative(E, a), -u * t * c, definitions=unit, assumptions=zero),
            *_averaged_first(),
        ),
        claimed="no g gives one layer's gradient from the next layer's: averaging ŷ − y first is wrong",
        remark="$g$ may use the data, but not the parameters. The last lines take a batch: to average the output's error and then"
        " propagate it back through the mean input is wrong for two items at the point shown, and right, for any network,"
        " where all items share one input: $g_k$, the derivative of output $k$ by a weight, is then the same for all.",
        title="A layer's gradient is no function of the next layer's",
        keywords="averaging output errors before backpropagation batch",
        see=("averages.mean-data",),
    )


def _averaged_first() -> tuple[Differs | Equality, ...]:
    """Averaging the output's errors before going back: wrong for two items, right where all have one input.

    There ∂y_k/∂w = g_k is the same for every item i, whatever the network; e_ik are the errors.
    """
    a, c = sp.symbols("w_1 w_2")
    k = sp.Idx("j", (1, N))

    def slope(v: sp.Expr) -> sp.Expr:
        return c * (1 - sp.tanh(a * v) ** 2) * v

    def error(v: sp.Expr, n: sp.Idx) -> sp.Expr:
        return c * sp.tanh(a * v) - y[n]

    mean_input = sp.Sum(x[k], k) / N
    right = derivative(sp.Sum(error(x[i], i) ** 2, i) / (2 * N), a)
    first = sp.Sum(error(x[i], i), i) / N * slope(mean_input)
    at = {N: 2, a: 0, c: 1, x: [1, -1], y: [1, -1]}
    K = sp.Symbol("K", integer=True, positive=True)
    q, e, g = sp.Idx("k", (1, K)), sp.IndexedBase("e"), sp.IndexedBase("g")
    each = sp.Sum(sp.Sum(e[i, q] * g[q], q), i) / N
    shared = sp.Sum((c * sp.tanh(a * u) - y[i]) ** 2, i) / (2 * N)
    return (
        Differs(right, first, at, ("-1", "0")),
        Equality(derivative(shared, a), sp.Sum(c * sp.tanh(a * u) - y[i], i) / N * slope(u), wrt=a),
        Equality(each, sp.Sum(sp.Sum(e[i, q], i) / N * g[q], q)),
    )
