"""Zero initialisation and symmetry: statements of a question on Data Science Stack Exchange, and of its answer.

Notation: a loss J, a model f of parameters, a learning rate lambda; the tanh network is that of
`backprop`.  The source writes parameters with a hat; here they are theta.
"""

from __future__ import annotations

import sympy as sp

from gradproof.claim import Claim, Slip, Source
from gradproof.derivation import Derivation
from gradproof.lines import derivative
from gradproof.sources.backprop import NETWORK, D, E, K, M, i, j, k, w1, w2, x, y, yhat, z
from gradproof.statements import DiffersWhen, Equality, Induction

__all__ = [
    "DEFINITIONS",
    "general",
    "linear",
    "network",
    "pathological",
    "roles",
    "update",
    "vectors",
    "zero",
]

SOURCE = Source(
    title="Understanding general approach to updating optimization function parameters",
    author="wheresmycookie (question) and Esmailian (answer) on Data Science Stack Exchange",
    year="2019",
    url="https://datascience.stackexchange.com/questions/47239",
    licence="CC BY-SA 4.0",
    short="question 47239",
)

J, x0, x1, rate, eta, t0, t1 = sp.symbols("J x0 x1 lambda eta theta_0 theta_1")
i2, k2 = sp.Idx("i'", (1, D)), sp.Idx("k'", (1, K))

#: The linear loss of the source's counterexample.
LINEAR = sp.Eq(J, t0 * x0 + t1 * x1)

DEFINITIONS = {"J": LINEAR}


def general() -> Derivation:
    """∇J = −2 ∇f (x₁ − f) for J = (x₁ − f)², whatever the model."""
    model = sp.Function("f")
    theta, u, v = sp.symbols("theta u v")
    value = model(x0, theta)
    square = (sp.Eq(J, (x1 - value) ** 2),)
    left, slope = derivative(J, theta), derivative(value, theta)
    statement = Equality.gradient(J, theta, sp.Mul(-2, slope, x1 - value), square)
    printed = r"\nabla_{\hat{x}_i}J_{\theta}(x) = 2\nabla_{\hat{x}_i}f_{\theta}(x_0)(x_1 - f_{\theta}(x_0))"
    slip = Slip(
        printed,
        Equality(left, sp.Mul(2, slope, x1 - value), wrt=theta, definitions=square),
        at={x0: 0, x1: 1, theta: 0, model: sp.Lambda((u, v), v)},
        values=("-2", "2"),
        why="The model stands behind a minus sign, and the chain rule's inner derivative is easily taken for that of the model.",
    )
    return Claim(
        "symmetry.general",
        SOURCE,
        "the answer, a general problematic case",
        printed,
        (statement,),
        (slip,),
        remark=r"$\theta$ is any one parameter. What the answer concludes does not depend on the sign.",
        title="Gradient of a squared error, for any model",
        keywords="chain rule sign mse squared loss inner derivative f(x) minus y",
        see=("mean-squared-error", "averages.linreg.m"),
    ).gradient()


def roles() -> Claim:
    """∂J/∂θ₀ − ∂J/∂θ₁ = −2 (x₁ − f)(∂f/∂θ₀ − ∂f/∂θ₁): equal slopes of f give equal slopes of J."""
    value = sp.Function("f")(x0, t0, t1)
    square = (sp.Eq(J, (x1 - value) ** 2),)
    gap = sp.Mul(-2, x1 - value, derivative(value, t0) - derivative(value, t1))
    return Claim(
        "symmetry.roles",
        SOURCE,
        "the answer, a general problematic case",
        r"\nabla_{\hat{x}_i}f_{\theta} = \nabla_{\hat{x}_j}f_{\theta}",
        (
            Equality(derivative(J, t0) - derivative(J, t1), gap, definitions=square),
            DiffersWhen(
                derivative(J, t0),
                derivative(J, t1),
                (sp.Ne(derivative(value, t0), derivative(value, t1)), sp.Ne(x1, value)),
                sp.Integer(-2),
                definitions=square,
            ),
        ),
        claimed="∇ᵢf = ∇ⱼf gives ∇ᵢJ = ∇ⱼJ",
        remark="Where the model's two slopes agree the right side is zero, and so the loss's slopes agree.",
        title="Equal slopes of the model give equal slopes of the loss",
        keywords="symmetry equal gradients same update",
        uses=("symmetry.general",),
        see=("symmetry.network",),
    )


def network() -> Claim:
    """Hidden units stay copies of each other; weights into one unit do not stay equal."""
    a, c = sp.IndexedBase("a"), sp.IndexedBase("c")
    form = (sp.Eq(w1[j, i], a[i]), sp.Eq(w2[k, j], c[k]))
    copies = Induction(E, NETWORK, form, form, eta)
    back = (1 - z[j] ** 2) * sp.Sum((y[k] - yhat[k]) * w2[k, j], k)
    into_unit = DiffersWhen(
        derivative(E, w1[j, i]),
        derivative(E, w1[j, i2]),
        (sp.Ne(x[i], x[i2]), sp.Ne(back, 0)),
        sp.Integer(1),
        definitions=NETWORK,
    )
    into_outputs = DiffersWhen(
        derivative(E, w2[k, j]),
        derivative(E, w2[k2, j]),
        (sp.Ne(z[j], 0), sp.Ne(yhat[k], yhat[k2])),
        sp.Integer(-1),
        definitions=NETWORK,
        assumptions=(sp.Eq(w2[k, j], a[j]),),
    )
    slip = Slip(
        "",
        Equality(derivative(E, w1[j, i]), derivative(E, w1[j, i2]), definitions=NETWORK),
        at={D: 2, M: 1, K: 1, i: 1, i2: 2, j: 1, x: [1, 0], yhat: [1], w1: [[0, 0]], w2: [[1]]},
        values=("-1", "0"),
        kind="false",
        why="The symmetry is one of hidden units: exchange two of them with all their weights, and the network is the same."
        " Inputs cannot be exchanged, since each carries its own data, and outputs have their own targets.",
    )
    return Claim(
        "symmetry.network",
        SOURCE,
        "the answer, a general problematic case",
        "",
        (copies, into_unit, into_outputs),
        (slip,),
        claimed="in a network with equal weights all weights between two layers stay equal",
        remark="What stays equal at every step, for every width: all rows of $w^{(1)}$ and all columns of $w^{(2)}$, so that the"
        " hidden units stay copies of each other. Weights into one hidden unit part as soon as two inputs differ and its error"
        " is not zero; weights from one hidden unit into two outputs, while equal, part as soon as their targets differ and the"
        " unit is not silent ($z_j \\ne 0$).",
        title="Hidden units that start equal stay equal",
        keywords="symmetry breaking weight initialisation initialization constant identical neurons",
        uses=("backprop.5.9", "backprop.5.12"),
    )


def zero() -> Claim:
    """At zero the tanh network never moves; a softmax layer does; word2vec with both vectors zero does not."""
    nothing = (sp.Eq(w1[j, i], 0), sp.Eq(w2[k, j], 0))
    stuck = Induction(E, NETWORK, nothing, nothing, eta, note="the tanh network")
    return Claim(
        "symmetry.zero",
        SOURCE,
        "the question",
        "",
        (stuck, *_softmax_at_zero(), *_word2vec()),
        claimed="(asked) do zero parameters all get one and the same update, element by element?",
        remark="It depends on the model. The tanh network of the page on back-propagation never moves. A softmax layer"
        " (prediction $p$, one-hot target of class $c$) moves at once: its update differs from component to component with $x_j$, and"
        " between the right class and the others, though all wrong classes get the same. In word2vec (skip-gram with negative sampling: $v$ the"
        " word, $u_n$ the context words, $t_n = 1$ for those that were seen and 0 for the sampled ones) each vector moves along the other"
        " side's, so that with both zero nothing moves, and it is the random start of one that sets the components apart.",
        title="Gradients where all parameters are zero",
        keywords="zero initialisation initialization weights tanh network softmax layer word2vec skip-gram negative sampling",
        uses=("backprop.5.9", "backprop.5.12"),
        see=("symmetry.network", "softmax-cross-entropy", "softmax-regression", "info-nce-embeddings"),
    )


def _softmax_at_zero() -> tuple[Equality | DiffersWhen, ...]:
    """The gradient of cross-entropy by a softmax layer's weights, in general and where all are zero."""
    theta, p, t, a = sp.IndexedBase("theta"), sp.IndexedBase("p"), sp.IndexedBase("y"), sp.IndexedBase("a")
    c, right = sp.Idx("m", (1, K)), sp.Idx("c", (1, K))
    features, feature = sp.Idx("j", (1, D)), sp.Idx("j'", (1, D))
    layer = (
        sp.Eq(a[k], sp.Sum(theta[k, features] * x[features], features)),
        sp.Eq(p[k], sp.exp(a[k]) / sp.Sum(sp.exp(a[c]), c)),
        sp.Eq(J, -sp.Sum(t[k] * sp.log(p[k]), k)),
    )
    entry = theta[k, features]
    at_zero = sp.Eq(entry, 0)
    one_hot = (*layer[:2], sp.Eq(J, -sp.log(p[right])))  # cross-entropy where class c is the right one
    whole = sp.Eq(sp.Sum(t[k], k), 1)
    slope = derivative(J, entry)
    return (
        Equality.gradient(J, entry, (p[k] - t[k]) * x[features], layer, (whole,), note="a softmax layer"),
        Equality(
            slope,
            (1 / K - sp.KroneckerDelta(k, right)) * x[features],
            wrt=entry,
            definitions=one_hot,
            assumptions=(at_zero,),
        ),
        Equality(p[k], 1 / K, definitions=layer, assumptions=(at_zero,)),
        DiffersWhen(
            slope,
            derivative(J, theta[k2, features]),
            (sp.Ne(x[features], 0), sp.Ne(t[k], t[k2])),
            sp.Integer(-1),
            definitions=layer,
            assumptions=(at_zero, whole),
        ),
        DiffersWhen(
            slope,
            derivative(J, theta[k, feature]),
            (sp.Ne(x[features], x[feature]), sp.Ne(1 / K, t[k])),
            sp.Integer(1),
            definitions=layer,
            assumptions=(at_zero, whole),
        ),
    )


def _word2vec() -> tuple[Equality | Induction, ...]:
    """Skip-gram with negative sampling: the gradients by both vectors, and what happens at zero."""
    S = sp.Symbol("S", integer=True, positive=True)
    n, d = sp.Idx("n", (1, S)), sp.Idx("d", (1, D))
    u, v, t, q = (sp.IndexedBase(name) for name in ("u", "v", "t", "q"))
    model = (
        sp.Eq(q[n], 1 / (1 + sp.exp(-sp.Sum(u[n, d] * v[d], d)))),
        sp.Eq(J, -sp.Sum(t[n] * sp.log(q[n]) + (1 - t[n]) * sp.log(1 - q[n]), n)),
    )
    nothing = (sp.Eq(u[n, d], 0), sp.Eq(v[d], 0))

    return (
        Equality.gradient(J, u[n, d], (q[n] - t[n]) * v[d], model, note="word2vec"),
        Equality.gradient(J, v[d], sp.Sum((q[n] - t[n]) * u[n, d], n), model),
        Induction(J, model, nothing, nothing, eta),
    )


def linear() -> Derivation:
    """∂J/∂θ₀ = x₀ and ∂J/∂θ₁ = x₁ for J = θ₀x₀ + θ₁x₁."""
    return Claim(
        "symmetry.linear",
        SOURCE,
        "the answer, a specific counterexample",
        r"\frac{\partial J_{\theta}(x)}{\partial \hat{x}_0} = x_0,\mbox{and }\frac{\partial J_{\theta}(x)}{\partial \hat{x}_1} = x_1",
        (Equality.gradient(J, t0, x0, (LINEAR,)), Equality.gradient(J, t1, x1, (LINEAR,))),
        remark=r"$\theta_0$ and $\theta_1$ stand for the source's $\hat{x}_0$ and $\hat{x}_1$.",
        title="Gradient of a linear loss of two parameters",
        keywords="linear function partial derivatives counterexample",
        see=("averages.linear-cost",),
    ).gradient()


def _moved(parameter: sp.Symbol) -> sp.Expr:
    return parameter - rate * derivative(J, parameter)


def _part(given: tuple[sp.Eq, ...]) -> DiffersWhen:
    """One step takes the two parameters apart exactly when λ ≠ 0 and x₀ ≠ x₁."""
    conditions = (sp.Ne(rate, 0), sp.Ne(x0, x1))
    return DiffersWhen(_moved(t0), _moved(t1), conditions, sp.Integer(-1), definitions=(LINEAR,), assumptions=given)


def update() -> Claim:
    """After one step from zero the parameters differ exactly when λ ≠ 0 and x₀ ≠ x₁."""
    return Claim(
        "symmetry.update",
        SOURCE,
        "the answer, a specific counterexample",
        r"\hat{x}'_0 = \hat{x}_0 - \lambda\frac{\partial J_{\theta}(x)}{\partial \hat{x}_0} = 0 - \lambda x_0 \neq"
        r" 0 - \lambda x_1 = \hat{x}_1 -\lambda\frac{\partial J_{\theta}(x)}{\partial \hat{x}_1} = \hat{x}'_1",
        (
            *(
                Equality(_moved(t), -rate * v, definitions=(LINEAR,), assumptions=(sp.Eq(t0, 0), sp.Eq(t1, 0)))
                for t, v in ((t0, x0), (t1, x1))
            ),
            _part((sp.Eq(t0, 0), sp.Eq(t1, 0))),
        ),
        remark="From zero, and with the linear loss.",
        title="First step from zero, for a linear loss",
        keywords="zero initialisation initialization update parameters differ",
        uses=("symmetry.linear",),
    )


def pathological() -> Claim:
    """Equal inputs at every step keep the parameters equal; for λ ≠ 0 nothing else does."""
    s = sp.Symbol("s")
    equal = (sp.Eq(t0, s), sp.Eq(t1, s))
    start = (sp.Eq(t0, 0), sp.Eq(t1, 0))
    return Claim(
        "symmetry.pathological",
        SOURCE,
        "the answer, its last paragraph",
        "",
        (
            Induction(J, (LINEAR,), equal, start, rate, assumptions=(sp.Eq(x0, x1),)),
            _part(equal),
        ),
        claimed="if x₀ = x₁ on every point used, the parameters stay equal for ever",
        remark="The data point may be another one at each step. The second line starts from equal parameters: they part at the first"
        " step whose point has $x_0 \\ne x_1$.",
        title="Equal inputs keep parameters equal",
        keywords="symmetry zero initialisation initialization identical features",
        uses=("symmetry.linear",),
        see=("symmetry.update",),
    )


def vectors() -> Claim:
    """∂J/∂θ_ic = x_ic for J = Σ_i θ_i·x_i: the components of one vector move apart where those of x_i differ."""
    N, C = sp.symbols("N C", integer=True, positive=True)
    n, c, other = sp.Idx("i", (1, N)), sp.Idx("c", (1, C)), sp.Idx("c'", (1, C))
    theta, data = sp.IndexedBase("theta"), sp.IndexedBase("x")
    loss = (sp.Eq(J, sp.Sum(sp.Sum(theta[n, c] * data[n, c], c), n)),)
    entry, beside = theta[n, c], theta[n, other]
    at_zero = (sp.Eq(theta[n, c], 0),)

    def step(e: sp.Expr) -> sp.Expr:
        return e - rate * derivative(J, e)

    slip = Slip(
        "",
        Equality(-rate * derivative(J, entry), -rate * derivative(J, beside), definitions=loss),
        at={N: 1, C: 2, n: 1, c: 1, other: 2, rate: 1, data: [[1, 0]], theta: [[0, 0]]},
        values=("-1", "0"),
        kind="false",
        why="Written with vectors the update of all components is one formula, and it is easy to forget that $x_i$ is a vector too.",
    )
    return Claim(
        "symmetry.vectors",
        SOURCE,
        "the follow-up comment",
        "",
        (
            Equality(step(entry), -rate * data[n, c], definitions=loss, assumptions=at_zero),
            DiffersWhen(
                step(entry),
                step(beside),
                (sp.Ne(rate, 0), sp.Ne(data[n, c], data[n, other])),
                sp.Integer(-1),
                definitions=loss,
                assumptions=at_zero,
            ),
        ),
        (slip,),
        claimed="when the parameters are vectors, the components of each get the same update",
        remark="For every number of vectors and of components; $c$ and $c'$ are two components of one vector.",
        title="Updates of the components of a parameter vector",
        keywords="zero initialisation initialization vector embedding components",
        see=("symmetry.update", "embedding"),
    )
