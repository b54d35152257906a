"""Random losses, as users write them: a Hypothesis strategy over everything that the engine reads.

Sums over one to three indices, nested, with shared letters, shifted, from 0 or of fixed length; entries at
letters and numbers; every elementary function; branches within branches; the shapes that losses have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp
from hypothesis import strategies as st
from sympy import Abs, And, Heaviside, KroneckerDelta, Max, Min, Not, Or, Piecewise, Sum, exp, log, sign, sqrt

from random_points import Given

N, M = sp.symbols("N M", integer=True, positive=True)
n, l, m, k = sp.Idx("n", (1, N)), sp.Idx("l", (1, N)), sp.Idx("m", (1, M)), sp.Idx("k", (1, M))
p, q, r, up = sp.symbols("p q r up", integer=True)
i, j, o, d, e = (sp.Idx(*at) for at in (("i", (1, N)), ("j", (1, N)), ("o", (1, M)), ("d", (0, N - 1)), ("e", (1, 3))))
x, y, z, w, t, A, B, S = map(sp.IndexedBase, ["x", "y", "z", "w", "t", "A", "B", "S"])
P, T = sp.IndexedBase("P", positive=True), sp.IndexedBase("T", integer=True)
a, b, c, g = sp.symbols("a b c g")
v = sp.Symbol("v", real=True)
s, tau = sp.symbols("s tau", positive=True)
f, h = sp.Function("f"), sp.Function("h")
H, G, u, L = sp.IndexedBase("H"), sp.IndexedBase("G"), sp.Symbol("u"), sp.Symbol("L")  # named quantities

#: letters that a sum binds: what they run over, and the axis that they are an index of
BINDERS = {n: n, l: l, m: m, k: k, p: (p, 1, N - 1), q: (q, 0, N - 1), r: (r, 1, 3)}
AXES = {n: "N", l: "N", up: "N", m: "M", k: "M", p: "P", q: "Z", r: "C", i: "N", j: "N", o: "M"}
ARRAYS = {x: "N", y: "N", P: "N", T: "N", w: "M", z: "Z", t: "C", A: "NM", B: "MN", S: "NN"}
SCALARS = (a, b, c, v, s, tau, g)
LABELS = Given("label", "T", sp.And(sp.Ge(T[n], 1), sp.Le(T[n], M)))
Scope = tuple[sp.Basic, ...]
Draw = Any


@dataclass(frozen=True)
class Problem:
    """A loss and what it is differentiated by, once or twice; in a model, if there are definitions."""

    loss: sp.Expr
    wrt: sp.Expr
    again: sp.Expr | None = None
    given: tuple[Given, ...] = ()
    definitions: tuple[sp.Eq, ...] = ()
    seed: int = 0

    @property
    def assumptions(self) -> list[sp.Basic]:
        return [r for given in self.given for r in sp.And.make_args(given.relation)]


# -- leaves -----------------------------------------------------------------------------------
def index(draw: Draw, axis: str, scope: Scope) -> sp.Basic:
    """An index of an axis: mostly a letter of the scope, at times a number."""
    found: list[sp.Basic] = []
    for letter in scope:
        found += {
            ("N", "N"): [letter] * 3, ("M", "M"): [letter] * 3, ("C", "C"): [letter] * 3,
            ("Z", "Z"): [letter] * 3, ("P", "N"): [letter, letter + 1, letter + 1],
            ("N", "Z"): [letter - 1], ("Z", "N"): [letter + 1], ("P", "Z"): [letter, letter - 1],
        }.get((AXES[letter], axis), [])  # fmt: skip
    numbers = {"N": [sp.Integer(1), N], "M": [sp.Integer(1)], "C": [sp.Integer(2), sp.Integer(3)], "Z": [sp.Integer(0)]}
    return draw(st.sampled_from([*found, *numbers[axis][: 1 if found else 2]]))


def entry(draw: Draw, scope: Scope) -> sp.Expr:
    axes = {AXES[letter] for letter in scope}
    fitting = [array for array, of in ARRAYS.items() if set(of) & (axes | ({"N"} if "P" in axes else set()))]
    base = draw(st.sampled_from([of for of in fitting if of != T] or [x, w]))
    return base[tuple(index(draw, axis, scope) for axis in ARRAYS[base])]


def leaf(draw: Draw, scope: Scope) -> sp.Expr:
    kind = draw(st.integers(0, 9))
    if kind < (7 if scope else 2):
        return entry(draw, scope)
    if kind == 9:
        return draw(st.sampled_from([sp.Integer(2), sp.Rational(1, 2), sp.Integer(-1), N, sp.Integer(3), sp.pi]))
    return draw(st.sampled_from(SCALARS))


# -- formulas ---------------------------------------------------------------------------------
def formula(draw: Draw, scope: Scope = (), depth: int = 3) -> sp.Expr:
    """A scalar in index notation whose free letters are those of the scope."""
    if depth <= 0:
        return leaf(draw, scope)
    kind = draw(st.sampled_from(_KINDS))
    return kind(draw, scope, lambda more=(), less=1: formula(draw, (*scope, *more), depth - less))


Inner = Callable[..., sp.Expr]


def _leaf(draw: Draw, scope: Scope, _inner: Inner) -> sp.Expr:
    return leaf(draw, scope)


def _sum(draw: Draw, scope: Scope, inner: Inner) -> sp.Expr:
    letter = draw(st.sampled_from([n, l, m, k, p, q, r, n, m]))
    if len(scope) >= 3 or sum(AXES[s] != "C" for s in scope) >= 2:
        return inner()
    if draw(st.integers(0, 5)) == 0 and not scope:
        other = draw(st.sampled_from([h for h in (n, l, m, k) if h != letter]))
        return Sum(inner((letter, other)), BINDERS[letter], BINDERS[other])
    below = [at for at in scope if AXES[at] == "N"]
    if below and up not in scope and draw(st.integers(0, 4)) == 0:
        return Sum(inner((up,)), (up, 1, below[0]))
    mean = draw(st.booleans()) and AXES[letter] == "N"
    return Sum(inner((letter,)), BINDERS[letter]) / (N if mean else 1)


def _add(draw: Draw, _scope: Scope, inner: Inner) -> sp.Expr:
    one, other = inner(), inner()
    return one + other if draw(st.booleans()) else one - other


def _mul(_draw: Draw, _scope: Scope, inner: Inner) -> sp.Expr:
    return inner() * inner()


def _ratio(draw: Draw, _scope: Scope, inner: Inner) -> sp.Expr:
    below = draw(
        st.sampled_from(
            [lambda: 1 + inner() ** 2, lambda: s, lambda: inner(less=2), lambda: 1 + exp(inner()), lambda: P[1]]
        )
    )
    return inner() / below()


def _power(draw: Draw, scope: Scope, inner: Inner) -> sp.Expr:
    base = draw(
        st.sampled_from(
            [lambda: inner(), lambda: 1 + inner() ** 2, lambda: s, lambda: Abs(inner()), lambda: entry(draw, scope)]
        )
    )
    half = sp.Rational(1, 2)
    exponent = draw(
        st.sampled_from(
            [2, 2, 3, -1, -2, half, half, 3 * half, -half, sp.Rational(1, 3), g, s, 1 - s, 1 / tau, v, tau - 1, 2 * g]
        )
    )
    return base() ** exponent


def _elementary(draw: Draw, _scope: Scope, inner: Inner) -> sp.Expr:
    e = inner()
    makers: list[Callable[[], sp.Expr]] = [
        lambda: exp(e), lambda: exp(-(e**2)), lambda: sp.tanh(e), lambda: log(1 + exp(e)), lambda: 1 / (1 + exp(-e)), lambda: sp.sin(e),
        lambda: sp.cos(e), lambda: log(s + e**2), lambda: log(Abs(e)), lambda: log(e), lambda: sqrt(e), lambda: sqrt(1 + e**2),
        lambda: sp.atan(e), lambda: sp.erf(e), lambda: sp.erfc(e), lambda: sp.sinh(e), lambda: sp.cosh(e), lambda: sp.sech(e),
        lambda: sp.asinh(e), lambda: sp.asin(e), lambda: sp.asin(sp.tanh(e)), lambda: sp.acos(e / 4), lambda: sp.acosh(1 + exp(e)),
        lambda: sp.atanh(e / 4), lambda: sp.tan(e), lambda: sp.coth(e), lambda: sp.csch(e), lambda: log(1 - sp.tanh(e)),
        lambda: exp(-Abs(e)), lambda: e * (1 + sp.erf(e / sqrt(2))) / 2, lambda: f(e), lambda: h(e, leaf(draw, ())),
    ]  # fmt: skip
    return draw(st.sampled_from(makers))()


def _branch(draw: Draw, scope: Scope, inner: Inner) -> sp.Expr:
    one = inner()
    makers: list[Callable[[], sp.Expr]] = [
        lambda: Abs(one), lambda: Max(0, one), lambda: Max(one, inner()), lambda: Min(one, inner()), lambda: Max(one, inner(), leaf(draw, scope)),
        lambda: sign(one) * inner(), lambda: Min(1, Max(-1, one)), lambda: Max(-s, Min(s, one)), lambda: Heaviside(one) * inner(),
        lambda: Piecewise((one, condition(draw, scope, inner)), (inner(), True)),
        lambda: Piecewise((one, condition(draw, scope, inner)), (inner(), condition(draw, scope, inner)), (leaf(draw, scope), True)),
        lambda: Piecewise((one**2 / 2, Abs(one) <= s), (s * (Abs(one) - s / 2), True)), lambda: Max(one, s * one),
        lambda: Piecewise((one, one > 0), (exp(one) - 1, True)), lambda: Max(0, 1 - leaf(draw, scope) * one) ** 2,
    ]  # fmt: skip
    return draw(st.sampled_from(makers))()


def condition(draw: Draw, scope: Scope, inner: Inner, depth: int = 1) -> sp.Basic:
    kind = draw(
        st.sampled_from(["above", "above", "order", "and", "or", "not", "index"] if depth else ["above", "order"])
    )
    if kind in ("and", "or"):
        both = [condition(draw, scope, inner, 0) for _ in range(2)]
        return And(*both) if kind == "and" else Or(*both)
    if kind == "not":
        return Not(condition(draw, scope, inner, 0))
    relation = draw(st.sampled_from([sp.Gt, sp.Lt, sp.Ge, sp.Le]))
    if kind == "index":
        letters = [letter for letter in scope if AXES[letter] in "NM"]
        if letters:
            other = draw(st.sampled_from([sp.Integer(1), N, *(x for x in letters[1:] if AXES[x] == AXES[letters[0]])]))
            return draw(st.sampled_from([relation, sp.Eq, sp.Ne]))(letters[0], other)
    left = leaf(draw, scope) if draw(st.booleans()) else inner(less=2)
    right = draw(st.sampled_from([0, 0, 1])) if kind == "above" else leaf(draw, scope)
    return relation(left, right)


def _delta(draw: Draw, scope: Scope, inner: Inner) -> sp.Expr:
    letters = [letter for letter in scope if AXES[letter] in "NM"]
    one = draw(st.sampled_from(letters or [sp.Integer(1)]))
    others = [letter for letter in letters if letter != one and AXES[letter] == AXES[one]] + [
        sp.Integer(1),
        N if one != N else sp.Integer(2),
    ]
    delta = KroneckerDelta(one, draw(st.sampled_from(others)))
    return (delta if draw(st.booleans()) else 1 - delta) * inner()


# -- shapes -----------------------------------------------------------------------------------
def vector(draw: Draw) -> Callable[[sp.Basic], sp.Expr]:
    """A vector over 1..N, as what is its entry."""
    number = draw(st.sampled_from(SCALARS))
    makers: list[Callable[[sp.Basic], sp.Expr]] = [
        lambda at: x[at], lambda at: x[at] - y[at], lambda at: number * x[at], lambda at: Sum(A[at, m] * w[m], m),
        lambda at: Sum(S[at, l] * x[l], l) if at != l else x[at] ** 2, lambda at: Sum(B[m, at] * w[m], m) + b, lambda at: log(P[at]),
        lambda at: number * x[at] + b - y[at], lambda at: sp.tanh(number * x[at]), lambda at: x[at] * S[at, at], lambda at: Max(0, x[at] - number),
        lambda at: z[at - 1], lambda at: Abs(x[at]) - y[at],
    ]  # fmt: skip
    return draw(st.sampled_from(makers))


def _shape(draw: Draw, scope: Scope, _inner: Inner) -> sp.Expr:
    one, other = vector(draw), vector(draw)
    free = [letter for letter in scope if AXES[letter] == "N"]
    at = draw(st.sampled_from([*free, *free, sp.Integer(1)]))
    g1, g2 = draw(st.sampled_from([(n, l), (l, n), (n, n), (j, i)]))
    if len(scope) >= 2:
        return one(at)
    total = Sum(one(g1), g1)
    mean = total / N
    variance = Sum((one(g2) - mean) ** 2, g2) / N
    partition = Sum(exp(one(g2) / tau), g2)
    soft = exp(one(at) / tau) / partition
    makers: list[Callable[[], sp.Expr]] = [
        lambda: soft, lambda: tau * log(partition), lambda: mean, lambda: variance, lambda: sqrt(Sum(one(g1) ** 2, g1)),
        lambda: sqrt(Sum(one(g1) ** 2, g1) + s), lambda: Sum(one(g1) * other(g1), g1) / sqrt(Sum(one(g1) ** 2, g1) * Sum(other(g2) ** 2, g2)),
        lambda: Sum(Abs(one(g1)) ** s, g1) ** (1 / s), lambda: Sum(Max(0, 1 - y[g1] * one(g1)), g1),
        lambda: Sum(Piecewise((one(g1) ** 2 / 2, Abs(one(g1)) <= s), (s * (Abs(one(g1)) - s / 2), True)), g1),
        lambda: Sum(log(1 + exp(-y[g1] * one(g1))), g1), lambda: -Sum(y[g1] * log(exp(one(g1)) / Sum(exp(one(g2)), g2)), g1),
        lambda: Sum(P[g1] * log(P[g1] / (exp(one(g1)) / Sum(exp(one(g2)), g2))), g1), lambda: Sum(exp(one(g1)) - y[g1] * one(g1), g1),
        lambda: (one(at) - mean) / sqrt(variance + s), lambda: one(at) / sqrt(Sum(one(g1) ** 2, g1) / N), lambda: Sum(x[n] * S[n, l] * x[l], n, l),
        lambda: -((1 - soft) ** g) * log(soft), lambda: Sum(exp(S[at, g1]) * other(g1), g1) / Sum(exp(S[at, g2]), g2),
        lambda: Sum((x[p + 1] - x[p]) ** 2, (p, 1, N - 1)), lambda: Sum(Abs(x[p + 1] - x[p]), (p, 1, N - 1)), lambda: Sum(P[g1] * log(P[g1]), g1),
        lambda: Sum(Abs(x[n] - x[l]), n, l) / 2, lambda: Sum(Max(0, one(g1) - one(at) + 1) * (1 - KroneckerDelta(g1, at)), g1),
        lambda: Sum(sqrt((one(g1)) ** 2 + s), g1), lambda: Max(total, 0), lambda: Abs(total), lambda: Sum(A[n, m] * B[m, n], n, m),
        lambda: Sum((S[n, l] - KroneckerDelta(n, l)) ** 2, n, l), lambda: Sum(one(g1) * z[q], g1, (q, 0, N - 1)), lambda: Sum(t[r] * one(1), (r, 1, 3)) ** 2,
        lambda: log(Sum(P[g1] ** s, g1)) / (1 - s), lambda: Sum(Max(-s, Min(s, one(g1))) * other(g1), g1), lambda: Sum(log(P[g1]) - one(g1) / P[g1], g1),
    ]  # fmt: skip
    return draw(st.sampled_from(makers))()


_KINDS = [
    _leaf,
    _sum,
    _sum,
    _shape,
    _shape,
    _add,
    _mul,
    _ratio,
    _power,
    _power,
    _elementary,
    _elementary,
    _branch,
    _branch,
    _delta,
]


# -- problems ---------------------------------------------------------------------------------
def entries(body: sp.Basic) -> list[sp.Expr]:
    """What a formula can be differentiated by: its symbols, and entries of its arrays."""
    letters = {"N": (i, j), "M": (o, o), "Z": (d, d), "C": (e, e)}
    found: list[sp.Expr] = [letter for letter in (*SCALARS, u) if letter in body.free_symbols]
    for base in sorted({at.base for at in body.atoms(sp.Indexed)}, key=str):
        axes = ARRAYS.get(base, {H: "N", G: "NM"}.get(base))
        if axes is None:
            continue
        found.append(base[tuple(letters[axis][place] for place, axis in enumerate(axes))])
        if set(axes) == {"N"}:
            found += [base[tuple(n for _ in axes)], base[tuple(1 for _ in axes)]]
    return found


def givens(draw: Draw, free: set[sp.Basic]) -> tuple[Given, ...]:
    """Assumptions on letters that occur."""
    menu = [
        (S, Given("symmetric", "S", sp.Eq(S[n, l], S[l, n]))), (y, Given("one", "y", sp.Eq(Sum(y[l], l), 1))),
        (y, Given("sign", "y", sp.Eq(y[n] ** 2, 1))), (x, Given("unit", "x", sp.Eq(Sum(x[l] ** 2, l), 1))),
        (x, Given("above", "x", sp.Gt(x[n], 0))), (v, Given("sign", "v", sp.Eq(v**2, 1))), (a, Given("above", "a", sp.Gt(a, 0))),
        (a, Given("above", "a", sp.Gt(a, b), "b")), (a, Given("above", "a", sp.Ge(a, b), "b")), (c, Given("above", "c", sp.Gt(c, 1), 1)),
        (g, Given("above", "g", sp.Gt(g, 1), 1)), (a, Given("above", "a", sp.Gt(a, c), "c")), (b, Given("above", "b", sp.Lt(-1, b), -1)),
    ]  # fmt: skip
    fitting = [given for letter, given in menu if getattr(letter, "label", letter) in free]
    chosen = [LABELS] if T.label in free else []
    if fitting and not draw(st.integers(0, 2)):
        chosen += draw(st.lists(st.sampled_from(fitting), min_size=1, max_size=2))
    return tuple({given.name: given for given in chosen}.values())


def model(draw: Draw) -> tuple[tuple[sp.Eq, ...], sp.Expr]:
    """Definitions of named quantities, and a loss in them."""
    act = draw(st.sampled_from([sp.tanh, lambda e: Max(0, e), lambda e: 1 / (1 + exp(-e)), lambda e: e, Abs, f]))
    first = draw(
        st.sampled_from(
            [
                lambda: formula(draw, (n,), 2),
                lambda: act(Sum(A[n, m] * w[m], m) + b),
                lambda: act(vector(draw)(n)),
            ]
        )
    )()
    found = [sp.Eq(H[n], first, evaluate=False)]
    if draw(st.booleans()):
        found.append(sp.Eq(G[n, m], act(H[n] * w[m] + a), evaluate=False))
        found.append(sp.Eq(u, Sum(G[n, m] * B[m, n], n, m), evaluate=False))
    else:
        found.append(
            sp.Eq(
                u,
                draw(st.sampled_from([Sum(H[n] ** 2, n), log(Sum(exp(H[n]), n)), Sum(H[n] * y[n], n) / N])),
                evaluate=False,
            )
        )
    loss = draw(
        st.sampled_from(
            [
                u,
                u**2,
                Sum((H[l] - y[l]) ** 2, l),
                u * Sum(H[n], n),
                sp.tanh(u) * a,
                Sum(Max(0, H[n] - u), n),
                exp(H[1]) / u,
            ]
        )
    )
    return tuple(found), loss


@st.composite
def problems(draw: Draw) -> Problem:
    """A loss that moves with what it is differentiated by."""
    definitions: tuple[sp.Eq, ...] = ()
    if draw(st.integers(0, 6)) == 0:
        definitions, loss = model(draw)
    else:
        loss = draw(st.sampled_from([_sum, _shape, _sum, _add, _elementary, _branch, _power]))(
            draw, (), lambda more=(), less=1: formula(draw, more, 3 - less)
        )
    bodies = sp.Tuple(loss, *(x.rhs for x in definitions))
    by = entries(bodies) or [a]
    wrt = draw(st.sampled_from(by))
    again = draw(st.sampled_from(by)) if draw(st.integers(0, 3)) == 0 and not definitions else None
    return Problem(loss, wrt, again, givens(draw, bodies.free_symbols), definitions, draw(st.integers(0, 10**6)))
