"""Cases that an adversary found, or could: each was once proved, refuted or crashed wrongly, or is a near miss."""

from __future__ import annotations

import pytest
import sympy as sp

from gradproof import Model, NotationError, check, derive, equal, remainder_slopes
from gradproof import RangeError as Refused
from losses import N, S, a, b, f, h, j, k, m, n, u, v, w1, x, y, z

E, t, s, c = sp.symbols("E t s c")
p, q = sp.symbols("p q", integer=True)
even = sp.Symbol("even", even=True)
whole, plus = sp.IndexedBase("whole", integer=True), sp.IndexedBase("plus", positive=True)
size = sp.Symbol("size", integer=True, positive=True)
n2 = sp.Idx("n2", (1, N))


@pytest.mark.parametrize(
    ("definitions", "loss", "wrt", "right", "wrong"),
    [
        # a power has a base too: u**2 is not u
        ([sp.Eq(u, 3 * v)], u**2, v, 6 * u, 3),
        ([sp.Eq(u, sp.Sum(x[n] ** 2, n))], 1 / u, x[a], -2 * x[a] / u**2, 2 * x[a]),
        ([sp.Eq(u, 3 * v)], sp.sqrt(u), v, 3 / (2 * sp.sqrt(u)), 3),
        # the loss leaves free a letter that a definition uses
        ([sp.Eq(z[n], sp.tanh(w1[n, n] * v))], z[n] ** 2, v, 2 * z[n] * (1 - z[n] ** 2) * w1[n, n], 2 * z[n] * w1[n, n]),
        # a name and a parameter used together
        ([sp.Eq(u, v * b)], u + b, b, v + 1, v),
        # a parameter that is called like a loss
        ([sp.Eq(u, E + v)], sp.sin(u) + v, v, sp.cos(u) + 1, sp.cos(u)),
        # a kink inside a definition
        ([sp.Eq(z[n], sp.Max(x[n] * u, 0))], sp.Sum(z[n], n), x[a], u * sp.Heaviside(x[a] * u), sp.Heaviside(x[a] * u)),
        # a letter that is bound inside its own definition
        ([sp.Eq(h[n], x[n] + sp.Sum(x[n], n))], sp.Sum(h[n] ** 2, n), x[a], 2 * h[a] + 2 * sp.Sum(h[n], n), 2 * h[a]),
        ([sp.Eq(u, 0.5 * sp.sin(v))], sp.exp(u), v, sp.exp(u) * sp.cos(v) / 2, sp.exp(u) * sp.cos(v)),
    ],
)  # fmt: skip
def test_models(definitions: list[sp.Eq], loss: sp.Expr, wrt: sp.Expr, right: sp.Expr, wrong: sp.Expr) -> None:
    model = Model(definitions)
    assert str(model.check(loss, wrt, right).status) == "proved"
    assert model.check(loss, wrt, wrong).status == "refuted"
    verdict = model.gradient(loss, wrt).verify()
    assert verdict.status == "proved", str(verdict)
    assert model.derive(loss, wrt).verify().status == "proved"


def test_the_derivative_of_a_stranger_is_refused() -> None:
    with pytest.raises(NotationError, match="neither the loss nor defined"):
        Model([sp.Eq(u, v**3)]).check(sp.sin(u), v, sp.Derivative(E, v, evaluate=False) + sp.Derivative(x[a], y[a]))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (sp.cosh(u**3), (sp.exp(sp.Abs(u) ** 3) + sp.exp(-(u**3))) / 2),
        (sp.sqrt(u) ** 4, u**2 + sp.Rational(1, 10**40)),
        (sp.KroneckerDelta(size, 1) * u, u),
        (f(u, u**2), f(u, v**2)),
        (sp.Sum(x[p] * x[p + 1], (p, 1, N)), sp.Sum(x[p] * x[p - 1], (p, 1, N))),
    ],
)
def test_is_refuted(left: sp.Expr, right: sp.Expr) -> None:
    assert equal(left, right).status == "refuted"


def test_a_denominator_of_deltas_is_not_multiplied_away() -> None:
    below = sp.KroneckerDelta(size, 1) * u + sp.KroneckerDelta(size, 1) * v
    left = sp.Piecewise(((u + v) / below, sp.Eq(size, 1)), (c, True))
    right = sp.Piecewise((1, sp.Eq(size, 1)), (t, True))
    assert equal(left, right).status != "proved"


def test_a_bound_index_inside_subs_is_bound() -> None:
    slope = sp.Subs(sp.Derivative(f(t, x[n]), t), t, u)
    other = sp.Subs(sp.Derivative(f(t, x[a]), t), t, u)
    assert equal(sp.Sum(slope, n), N * other).status != "proved"
    assert equal(sp.Sum(slope, n), sp.Sum(slope.xreplace({n: n2}), n2)).status == "proved"


@pytest.mark.parametrize("loss", [f(u, u**2), f(u, u), f(u * v, u), f(u, v) * f(v, u)])
def test_undefined_functions_with_repeated_arguments(loss: sp.Expr) -> None:
    verdict = derive(loss, u).verify()
    assert verdict.status == "proved", str(verdict)


def test_a_total_derivative_is_not_read_as_a_partial_one() -> None:
    verdict = equal(sp.Derivative(f(u, u**2), u), sp.Subs(sp.Derivative(f(t, u**2), t), t, u))
    assert verdict.status == "undecided"
    assert "neither" in verdict.reason


@pytest.mark.parametrize(
    "loss",
    [
        sp.Sum(f(x[n], x[1]), n),
        sp.Sum(f(x[n], x[n2]), n, n2),
        sp.Sum(sp.Sum(x[p], (p, 1, N)) * y[p], (p, 1, N)),
    ],
)  # fmt: skip
def test_entries_that_may_coincide(loss: sp.Expr) -> None:
    verdict = derive(loss, x[a]).verify()
    assert verdict.status in ("proved", "undecided"), str(verdict)
    assert "disagree" not in verdict.reason


def test_a_symmetry_is_not_carried_beyond_its_range() -> None:
    i3, j3 = sp.Idx("i3", (1, 3)), sp.Idx("j3", (1, 3))
    right = sp.Sum(S[p, 1], (p, 1, 3)) + S[1, 4]
    assert equal(sp.Sum(S[p, 1], (p, 1, 4)), right, [sp.Eq(S[i3, j3], S[j3, i3])]).status == "refuted"


def test_loss_and_wrt_may_share_a_free_index() -> None:
    verdict = derive(x[a] ** 2, x[a]).verify()
    assert verdict.status == "proved", str(verdict)


@pytest.mark.parametrize(
    ("left", "right"),
    [((-u) ** even, u**even), (sp.Sum(sp.Abs(plus[n]), n), sp.Sum(plus[n], n)), (sp.Abs(whole[1] * (whole[1] - 1)), whole[1] * (whole[1] - 1))],
)  # fmt: skip
def test_points_meet_what_is_declared(left: sp.Expr, right: sp.Expr) -> None:
    assert equal(left, right).status != "refuted"


REFUSED = [
    (lambda: check(sp.Sum(sp.IndexedBase("x")[n], n), sp.IndexedBase("x", shape=(N,))[a], 0), "two different arrays are called x"),
    (lambda: check(sp.Symbol("r") ** 2, sp.Symbol("r", real=True), 0), "two different symbols are called r"),
    (lambda: derive(sp.Sum(x[n, n2], n, n2), x[a]), "the array x has 1 indices in one place and 2 in another"),
    (lambda: equal(f(u, v), f(u)), "the function f has 1 indices"),
    (lambda: equal(y[a], 1, [sp.Eq(y[n, n2], 1)]), "the array y has"),
    (lambda: derive(sp.Sum(x[p], (p, 1, sp.floor(N / 2))), x[q]), "not made of sizes and whole numbers"),
    (lambda: derive(sp.Sum(x[p], (p, 1, sp.Rational(5, 2))), x[q]), "not made of sizes and whole numbers"),
    (lambda: equal(sp.Function("g", nonnegative=True)(u), u), "declare it without"),
]  # fmt: skip


@pytest.mark.parametrize("case", range(len(REFUSED)))
def test_is_refused_with_a_reason(case: int) -> None:
    run, message = REFUSED[case]
    with pytest.raises((NotationError, Refused), match=message):
        run()


ROW = sp.Sum(w1[n, n2] * sp.Max(0, x[n2]), n2)
BENT = sp.Sum((ROW - y[n]) ** 2, n)


@pytest.mark.parametrize("loss", [BENT, BENT.replace(sp.Max, lambda *e: sp.Abs(e[1]))])
def test_a_branch_inside_two_sums_keeps_its_index(loss: sp.Expr) -> None:
    """SymPy's Sum moves a Piecewise out of an inner sum, and so loses an index; nothing here goes through it."""
    derivation = derive(loss, x[a])
    verdict = derivation.verify()
    assert verdict.status == "proved", str(verdict)
    assert all(s.agrees for s in remainder_slopes(derivation))
    assert verdict.assumptions
    ones = {N: 1, "x": [2], "y": [1], "w1": [[3]]}
    assert derivation.at(ones) == [30]


def test_a_piecewise_that_sympy_moved_is_refused() -> None:
    bent = sp.Piecewise((x[n2], x[n2] > 0), (0, True))
    with pytest.raises(NotationError, match="SymPy moved a Piecewise out of the sum over n2"):
        derive(sp.Sum((sp.Sum(w1[n, n2] * bent, n2) - y[n]) ** 2, n), x[a])


def test_only_certain_digits_are_shown() -> None:
    witness = equal(sp.log(u), sp.log(u) + sp.log(2), [sp.Eq(u, 1)]).witness
    assert witness is not None
    assert witness.right == "0.69314718055994530…"


def test_two_floats_that_differ_are_different() -> None:
    one, other = sp.Float("0.1234567890123456789012345678901", 40), sp.Float("0.1234567890123456789012345678902", 40)
    assert equal(one * u, other * u).status == "refuted"
    assert equal(0.1 * u, u / 10).status == "proved"


@pytest.mark.parametrize("power", [10**6, 10**9])
def test_a_huge_power_ends_soon(power: int) -> None:
    assert equal((u + 1) ** power, (u + 1) ** power).status in ("proved", "undecided")
    assert equal(u**power, u ** (power + 1)).status != "proved"


def test_a_huge_sum_ends_soon() -> None:
    assert check(sp.Sum(sp.Abs(x[p]), (p, 1, 10**8)), x[1], x[1]).status != "proved"
    assert equal(sp.Sum(x[p], (p, 1, 10**8)), sp.Sum(y[p], (p, 1, 10**8))).status != "proved"


def test_deep_nesting_ends_soon() -> None:
    deep = u
    for _ in range(16):
        deep = f(deep)
    assert equal(deep, f(deep)).status != "proved"
    assert {j, k, m, s, S} != None


@pytest.mark.parametrize(
    ("left", "right", "texts"),
    [
        (sp.exp(100), 0, ("2.68811714181613544…e+43", "0")),
        (sp.exp(-1000), 0, ("5.07595889754945676…e-435", "0")),
        (sp.exp(1), 3, ("2.71828182845904523…", "3")),
        (1 - sp.exp(-50), 1, ("0.999999999999999999999807", "1")),
    ],
)
def test_a_witness_shows_values_that_differ(left: sp.Expr, right: sp.Expr, texts: tuple[str, str]) -> None:
    witness = equal(left * u, right * u, [sp.Eq(u, 1)]).witness
    assert witness is not None
    assert witness.left.startswith(texts[0])
    assert witness.right == texts[1]


def test_what_is_not_known_well_enough_ends_the_search() -> None:
    """An arccosine near 1 was added up for ever."""
    steps = sp.Sum(sp.Abs(x[p + 1] - x[p]), (p, 1, N - 1))
    loss = sp.Max(-b, sp.Min(b, sp.acos(steps / 4)))
    assert check(loss, b, derive(loss, b).result, [b > 0]).status == "proved"


# -- ties -----------------------------------------------------------------------------------
r, advantage, eps = sp.symbols("r A epsilon")
CLIPPED = sp.Min(r * advantage, sp.Min(1 + eps, sp.Max(1 - eps, r)) * advantage)  # PPO
POSITIVE = [advantage > 0, eps > 0]


@pytest.mark.parametrize(
    ("loss", "wrt", "claim", "assumptions", "status"),
    [
        (CLIPPED, r, advantage * sp.Piecewise((1, r < 1 + eps), (0, True)), POSITIVE, "proved"),
        (CLIPPED, r, advantage * sp.Piecewise((1, r < 1 - eps), (0, True)), POSITIVE, "refuted"),
        (CLIPPED, r, advantage * sp.Piecewise((1, r > 1 - eps), (0, True)), [advantage < 0, eps > 0], "proved"),
        (sp.Max(u, abs(u)), u, sp.Heaviside(u) - sp.Heaviside(-u), (), "proved"),
        (sp.Max(u, abs(u)), u, sp.Piecewise((5, u > 0), (-1, True)), (), "refuted"),
        (sp.Max(0, sp.Sum(sp.Max(0, x[n]), n)), x[a], sp.Heaviside(x[a]), (), "proved"),
        (
            sp.Sum(sp.Max(0, x[n]), n),
            x[a],
            sp.Piecewise((sp.Heaviside(x[a]), sp.Sum(sp.Max(0, x[n]), n) > 0), (5, True)),
            (),
            "refuted",
        ),
        (sp.Max(-1, sp.Min(1, u)), u, sp.Piecewise((1, sp.And(u < 1, u > -1)), (0, True)), (), "proved"),
    ],
)
def test_where_two_branches_are_one_function_there_is_no_kink(loss, wrt, claim, assumptions, status) -> None:
    """A tie of two branches on an open set was left out like a kink, and any claim was proved there."""
    assert check(loss, wrt, claim, assumptions).status == status


def test_a_witness_is_where_the_loss_has_a_value() -> None:
    witness = check(sp.log(u) ** 3, u, 3 * sp.log(u) ** 2 / abs(u) + u).witness
    assert witness is not None
    assert witness.values["u"] > 0


def test_a_tie_that_never_holds_is_told_as_one() -> None:
    assert check(sp.Max(0, sp.exp(u)), u, sp.exp(u)).status == "proved"


w, v1, i, l = sp.IndexedBase("w"), sp.Symbol("v1"), sp.Idx("i", (1, N)), sp.Idx("l", (1, N))
wider = sp.Symbol("tau", positive=True)
but_first = 1 - sp.KroneckerDelta(1, N)


def above(e: sp.Expr) -> sp.Expr:
    return sp.Piecewise((1, e > 0), (0, True))


def by_larger(gap: sp.Expr, at: sp.Expr) -> sp.Expr:
    """What d Max(x_i, x_l) / d x_a is, if `at` is what stands for the case x_i < x_l."""
    return above(gap) * sp.KroneckerDelta(i, a) + at * sp.KroneckerDelta(l, a)


@pytest.mark.parametrize(
    ("loss", "wrt", "claim", "status"),
    [
        # at N = 1 the first argument is 0 whatever w is, and so is the tie with 0
        (sp.Min(but_first * w[1], w[1] - wider), w[1], sp.Piecewise((1, w[1] - wider < but_first * w[1]), (but_first, True)), "proved"),
        (sp.Abs(sp.Min(but_first * w[1], w[1] - wider)), w[1], sp.Piecewise((1, w[1] < but_first * w[1]), (but_first, True)), "refuted"),
        # x_i = x_l is no tie where i = l
        (sp.Max(x[i], x[l]), x[a], by_larger(x[i] - x[l], 1 - above(x[i] - x[l])), "proved"),
        (sp.Max(x[i], x[l]), x[a], by_larger(x[i] - x[l], above(x[l] - x[i])), "refuted"),
        # at N = 1 nothing is left of the loss
        (sp.Max(0, (N - 1) * v1), v1, sp.Piecewise((N - 1, (N - 1) * v1 > 0), (0, (N - 1) * v1 < 0), (5, True)), "refuted"),
        (sp.Sum(sp.Abs(x[i] - x[l]), i, l), x[a], 2 * sp.Sum(sp.sign(x[a] - x[i]), i), "proved"),
        (sp.Sum(sp.Abs(x[i] - x[l]), i, l), x[a], sp.Sum(sp.sign(x[a] - x[i]), i), "refuted"),
        (sp.Max(0, sp.Sum(w[i] * x[i], i)), w[a], x[a] * above(sp.Sum(w[i] * x[i], i)), "proved"),
    ],
)  # fmt: skip
def test_a_tie_at_some_indices_and_sizes_is_none_to_leave_out(loss, wrt, claim, status) -> None:
    assert check(loss, wrt, claim).status == status


def test_a_claim_in_cases_that_leaves_some_out_is_told_so() -> None:
    alpha = sp.Symbol("alpha", positive=True)
    elu = sp.Piecewise((u, u > 0), (alpha * (sp.exp(u) - 1), True))
    verdict = check(elu, u, sp.Piecewise((1, u > 1), (alpha * sp.exp(u), u <= 0)))
    assert verdict.status == "proved"
    assert verdict.reason == "where the claim has a value; at u = 2/3 no branch of it holds"
    assert check(elu, u, sp.Piecewise((1, u > 0), (alpha * sp.exp(u), u < 0))).reason == ""


def test_a_tie_with_what_a_side_is_not_there_is_none() -> None:
    """At v = 0 the first argument is pi, not the 0 that it can be elsewhere."""
    square = sp.Max(0, 1 - v1 * x[1]) ** 2
    loss = sp.Min((sp.pi - v1) * square, sp.Sum(v1, (p, 1, N - 1)))
    claim = derive(loss, v1).result
    assert check(loss, v1, claim).status == "proved"
    assert check(loss, v1, claim * sp.sign(v1) ** 2).status != "proved"


def test_a_witness_is_not_where_a_function_of_the_loss_has_a_pole() -> None:
    witness = check(sp.coth(sp.Max(0, u)), u, sp.Integer(1)).witness
    assert witness is not None
    assert witness.values["u"] > 0
