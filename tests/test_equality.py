"""Equality for every size: what is proved, what is refuted, and what must never be proved."""

from __future__ import annotations

import pytest
import sympy as sp

from gradproof import equal
from losses import D, M, N, S, a, b, f, g, i, j, k, m, n, t, u, v, w1, x, y

i2, l, p = sp.Idx("i2", (1, D)), sp.Idx("l", k.args[1]), sp.Symbol("p", integer=True)
n2 = sp.Idx("n2", (1, N))

EQUAL = {
    "a square of a sum is expanded": (
        sp.Sum((x[n] - t[n]) ** 2, n),
        sp.Sum(x[n] ** 2 - 2 * x[n] * t[n] + t[n] ** 2, n),
    ),
    "a sum of terms is split": (sp.Sum(x[n] + y[n], n), sp.Sum(x[n], n) + sp.Sum(y[n], n)),
    "a bound index may have any name": (sp.Sum(x[n], n), sp.Sum(x[n2], n2)),
    "the order of summation does not matter": (sp.Sum(w1[j, i] * x[i], i, j), sp.Sum(w1[j, i] * x[i], j, i)),
    "a product of sums is a double sum": (sp.Sum(x[n], n) ** 2, sp.Sum(x[n] * x[n2], n, n2)),
    "a constant leaves a sum": (sp.Sum(m * x[n], n), m * sp.Sum(x[n], n)),
    "a sum of ones is the size": (sp.Sum(1, n), N),
    "one term survives a delta": (sp.Sum(x[n] * sp.KroneckerDelta(n, a), n), x[a]),
    "exponents add": (sp.exp(u) * sp.exp(v), sp.exp(u + v)),
    "a common exponential leaves a sum": (sp.Sum(sp.exp(x[n] - u), n), sp.exp(-u) * sp.Sum(sp.exp(x[n]), n)),
    "log-sum-exp may be shifted": (sp.log(sp.Sum(sp.exp(x[n] - u), n)) + u, sp.log(sp.Sum(sp.exp(x[n]), n))),
    "a softmax sums to one": (sp.Sum(sp.exp(x[n]) / sp.Sum(sp.exp(x[n2]), n2), n), sp.Integer(1)),
    "a sigmoid and its mirror image sum to one": (1 / (1 + sp.exp(-u)), 1 - 1 / (1 + sp.exp(u))),
    "the same inside a sum": (sp.Sum(1 / (1 + sp.exp(-x[n])), n), N - sp.Sum(1 / (1 + sp.exp(x[n])), n)),
    "tanh through exponentials": (sp.tanh(u), (sp.exp(u) - sp.exp(-u)) / (sp.exp(u) + sp.exp(-u))),
    "tanh of a sine through exponentials": (1 - 2 / (sp.exp(2 * sp.sin(u)) + 1), sp.tanh(sp.sin(u))),
    "1 - tanh² is sech²": (1 - sp.tanh(u) ** 2, sp.sech(u) ** 2),
    "sin² + cos² is one": (sp.sin(u) ** 2 + sp.cos(u) ** 2, sp.Integer(1)),
    "√(u²) is |u|": (sp.sqrt(u**2), sp.Abs(u)),
    "the logarithm of a product": (sp.log(u * v), sp.log(u) + sp.log(v)),
    "u·sign(u) is |u|": (u * sp.sign(u), sp.Abs(u)),
    "a maximum does not depend on the order": (sp.Max(u, v), v + sp.Max(0, u - v)),
    "a rectifier is Piecewise": (sp.Max(u, 0), sp.Piecewise((u, u > 0), (0, True))),
    "undefined functions are opaque": (sp.Sum(f(x[n]) * u, n), u * sp.Sum(f(x[n2]), n2)),
    "radicals of numbers": (sp.sqrt(8) * u, 2 * sp.sqrt(2) * u),
    "powers with a symbolic exponent": (u**N * u, u ** (N + 1)),
    "the first term leaves a range": (sp.Sum(x[p], (p, 1, N)), x[1] + sp.Sum(x[p], (p, 2, N))),
    "the last term leaves a range": (sp.Sum(x[p] * u, (p, 0, N)), u * x[N] + u * sp.Sum(x[p], (p, 0, N - 1))),
    "fractions are joined": (1 / u - 1 / (u + 1), 1 / (u * (u + 1))),
}


@pytest.mark.parametrize("name", EQUAL)
def test_equal_forms_are_proved_for_every_size(name: str) -> None:
    verdict = equal(*EQUAL[name])
    assert verdict.status == "proved", str(verdict)
    assert verdict.evidence[0].kind == "canonical form"


DIFFERENT = {
    "a square of a sum is no sum of squares": (sp.Sum(x[n], n) ** 2, sp.Sum(x[n] ** 2, n)),
    "an index is not another": (sp.Sum(w1[j, i] * x[i], i), sp.Sum(w1[i, j] * x[i], i)),
    "a transposed matrix": (sp.Sum(S[n, n2] * x[n], n), sp.Sum(S[n2, n] * x[n], n)),
    "a missing 1/N": (sp.Sum(x[n], n) / N, sp.Sum(x[n], n)),
    "a free index is not a summed one": (x[a], sp.Sum(x[n], n)),
    "√(u²) is not u": (sp.sqrt(u**2), u),
    "two functions": (f(u), g(u)),
    "one part in a billion": (sp.erf(u), sp.erf(u) + sp.Rational(1, 10**9)),
    "ranges that start elsewhere": (sp.Sum(x[p], (p, 1, N)), sp.Sum(x[p], (p, 0, N - 1))),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_different_forms_are_refuted_with_a_witness(name: str) -> None:
    verdict = equal(*DIFFERENT[name])
    assert verdict.status == "refuted", str(verdict)
    assert verdict.witness is not None
    assert verdict.witness.left != verdict.witness.right


def test_a_witness_can_be_checked_by_hand() -> None:
    """Σx against N·Σx: the sizes, the entries and both exact values are given."""
    witness = equal(sp.Sum(x[n], n), N * sp.Sum(x[n], n)).witness
    assert witness is not None
    size = witness.sizes["N"]
    total = sum(witness.values["x"])
    assert len(witness.values["x"]) == size
    assert (witness.left, witness.right) == (str(total), str(size * total))


NEVER_PROVED = {
    # design.md: each of these was once called equal by a plausible shortcut
    "H(0): Heaviside is ½ there": (sp.Heaviside(u), sp.Piecewise((1, u > 0), (0, True))),
    "sign² is 0 at 0": (sp.sign(u) ** 2, sp.Integer(1)),
    "Piecewise that differs at one point": (sp.Piecewise((0, sp.Eq(u, 1)), (u, True)), u),
    "captured index": (sp.Sum(sp.Sum(w1[i, i2] * x[i2], i2), i), sp.Sum(sp.Sum(w1[i, i] * x[i], i2), i)),
    "ranges of one length": (sp.Sum(x[p], (p, 1, N)), sp.Sum(x[p], (p, 2, N + 1))),
    "a shifted delta out of range": (sp.Sum(x[p] * sp.KroneckerDelta(p + 1, a), (p, 1, N)), x[a - 1]),
    "a delta of a gathered index": (sp.Sum(sp.KroneckerDelta(2 * p, a), (p, 1, N)), sp.Integer(1)),
    "different sizes": (sp.Sum(1, (p, 1, N)), sp.Sum(1, (p, 1, M))),
}


@pytest.mark.parametrize("name", NEVER_PROVED)
def test_what_only_looks_equal_is_not_proved(name: str) -> None:
    assert equal(*NEVER_PROVED[name]).status != "proved"


def test_a_range_that_may_be_inverted_is_not_decided() -> None:
    """At N = 1 SymPy's sum from 1 to N - 2 is negative; the range is not admitted."""
    verdict = equal(sp.Sum(1, (p, 1, N - 2)), N - 2)
    assert verdict.status == "undecided"
    assert "length of 0 or more" in verdict.reason


@pytest.mark.parametrize(
    "assumptions",
    [
        (sp.Gt(u, 0), sp.Lt(u, 0)),
        (sp.Eq(u, 1), sp.Eq(u, 2)),
        (sp.Eq(u, u + 1),),
        (sp.Eq(u**2, -1),),
        (sp.Eq(sp.Sum(y[n] ** 2, n), -1),),
    ],
)
def test_contradictory_assumptions_prove_nothing(assumptions: tuple[sp.Basic, ...]) -> None:
    assert equal(u, v, assumptions).status == "undecided"
    assert equal(u, u, assumptions).status == "undecided"


def test_nothing_is_proved_where_nothing_is_defined() -> None:
    assert equal(sp.log(-1 - u**2), sp.log(-1 - u**2)).status == "undecided"


def test_a_symmetric_matrix_may_be_transposed() -> None:
    left, right = sp.Sum(S[n, a] * x[n], n), sp.Sum(S[a, n] * x[n], n)
    assert equal(left, right, [sp.Eq(S[n, a], S[a, n])]).status == "proved"
    assert equal(left, right).status == "refuted"


def test_targets_that_sum_to_one() -> None:
    assert equal(sp.Sum(u * y[n], n), u, [sp.Eq(sp.Sum(y[n], n), 1)]).status == "proved"
    assert equal(sp.Sum(u * y[n] ** 2, n), u, [sp.Eq(sp.Sum(y[n], n), 1)]).status == "refuted"


def test_a_positive_argument() -> None:
    assert equal(sp.sqrt(u**2), u, [sp.Gt(u, 0)]).status == "proved"
    assert equal(sp.Sum(sp.Abs(x[n]), n), sp.Sum(x[n], n), [sp.Gt(x[n], 0)]).status == "proved"


def test_witnesses_meet_the_assumptions() -> None:
    """The refuting point has y summing to one."""
    witness = equal(sp.Sum(y[n] ** 2, n), u, [sp.Eq(sp.Sum(y[n], n), 1)]).witness
    assert witness is not None
    assert sum(witness.values["y"]) == 1


def test_a_verdict_reads_as_text() -> None:
    text = str(equal(m * sp.Sum(x[n], n), b))
    assert text.startswith("refuted")
    assert "against" in text


p0 = sp.Symbol("p0", integer=True)


@pytest.mark.parametrize(
    ("left", "right", "assumption"),
    [
        (S[a, n], sp.Integer(0), sp.Eq(S[a, a], 0)),  # a diagonal is not the matrix
        (x[a], sp.Integer(0), sp.Eq(x[N], 0)),  # the last entry is not every entry
        (sp.Abs(x[a]), x[a], sp.Gt(x[N], 0)),
        (x[N + 1], sp.Integer(0), sp.Eq(x[a], 0)),  # beyond the template's range
        (sp.Abs(x[0]), x[0], sp.Gt(x[a], 0)),
        (S[a, N + 1], S[N + 1, a], sp.Eq(S[a, n], S[n, a])),
        (sp.Sum(y[p0], (p0, 0, N)), sp.Integer(1), sp.Eq(sp.Sum(y[n], n), 1)),  # another range
    ],
)
def test_an_assumption_says_nothing_beyond_its_template(left: sp.Expr, right: sp.Expr, assumption: sp.Basic) -> None:
    assert equal(left, right, [assumption]).status != "proved"


def test_an_equation_may_be_turned_round() -> None:
    assert equal(sp.Sum(u * y[n], n), u, [sp.Eq(1, sp.Sum(y[n], n), evaluate=False)]).status == "proved"
