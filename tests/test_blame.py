"""Blame names the slip that was planted, and offers nothing that is not proved.

The benchmark plants slips that typist.py makes, and knows nothing of the repairer: a sample here,
hundreds with ``GRADPROOF_BLAME=all`` (and ``-rP`` for the table).
"""

from __future__ import annotations

import ast
import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sympy as sp
from sympy import Abs, Derivative, Eq, Idx, MatrixSymbol, Max, Piecewise, Sum, cos, exp, log, sin

from gradproof import Blame, NotationError, blame, check, equal
from losses import LINE, LINE_BY_B, LINE_BY_M, NAMED, E, N, b, h, i, j, k, m, n, t, theta, u, w1, w2, x, y, z
from right_gradients import RIGHT, Right
from typist import slips

ALL = os.environ.get("GRADPROOF_BLAME") == "all"
EACH = 2  # of a kind for each gradient, where all are asked for
SAMPLE = 15

ERROR = y[n] - m * x[n] - b
W, A, q = sp.IndexedBase("W"), sp.IndexedBase("A"), sp.IndexedBase("q")
ROWS = Sum((y[i] - Sum(W[i, j] * x[j], j)) ** 2, i)
p, c, l = (Idx(s, (1, N)) for s in "pcl")
QUADRATIC = Sum(x[n] * A[n, p] * x[p], n, p)
CROSS_ENTROPY = -Sum(q[n] * log(exp(z[n]) / Sum(exp(z[p]), p)), n)
SOFTMAX = exp(z[n]) / Sum(exp(z[p]), p)

#: loss, variable, what is claimed, and what the blame must say
PLANTED = {
    "a sign": (LINE, m, -LINE_BY_M, "the sign is wrong"),
    "a factor of two": (LINE, m, LINE_BY_M / 2, "the factor 2 is missing"),
    "a number of points": (LINE, m, N * LINE_BY_M, "the factor 1/N is missing"),
    "an inner derivative under a sum": (LINE, m, -2 * Sum(ERROR, n) / N, "the factor x[n] is missing"),
    "a sign inside": (LINE, m, -2 * Sum(x[n] * (y[n] - m * x[n] + b), n) / N, "the sign of b is wrong"),
    "a term inside": (LINE, m, -2 * Sum(x[n] * (y[n] - m * x[n]), n) / N, "the term -b is missing"),
    "a term of its own": (LINE + m**2, m, LINE_BY_M, "the term 2*m is missing"),
    "a term too many": (LINE, b, LINE_BY_B + 2 * b, "a term 2*b is too many"),
    "an inner derivative": (sin(u**2), u, cos(u**2), "the factor 2*u is missing"),
    "a number of an exponent": (exp(3 * u), u, exp(3 * u), "the factor 3 is missing"),
    "a power": (u**3, u, 3 * u**3, "the power of u**3 is wrong: it should be u**2"),
    "a square of a bracket": (
        sp.tanh(u),
        u,
        (1 - sp.tanh(u)) ** 2,
        "the power in (1 - tanh(u))**2 belongs to tanh(u) alone: it should be 1 - tanh(u)**2",
    ),
    "a bracket": (
        LINE + m**2,
        m,
        (LINE_BY_M + 2 * m) / 1 - 2 * m + 2 * m / N,
        "the factor N is missing",
    ),
    "a transposed matrix": (
        ROWS,
        x[j],
        -2 * Sum(W[j, i] * (y[i] - Sum(W[i, j] * x[j], j)), i),
        "W[j, i] is transposed: it should be W[i, j]",
    ),
    "a transposed factor": (
        Sum(x[n] * A[n, p] * y[p], n, p),
        x[c],
        Sum(A[p, c] * y[p], p),
        "A[p, c] is transposed: it should be A[c, p]",
    ),
    "a wrong index": (
        QUADRATIC,
        x[c],
        Sum((A[c, p] + A[p, c]) * x[c], p),
        "x[c] has the wrong index: it should be x[p]",
    ),
    "a delta": (SOFTMAX, z[l], SOFTMAX * (1 - SOFTMAX.xreplace({n: l})), "the factor KroneckerDelta(l, n) is missing"),
    "a sum": (LINE, m, -2 * ERROR * x[n] / N, "the sum over n of (2*b + 2*m*x[n] - 2*y[n])*x[n]/N is missing"),
    "a branch": (
        Max(0, theta),
        theta,
        Piecewise((1, theta < 0), (0, True)),
        "the condition theta < 0 is turned round: it should be 0 < theta",
    ),
    "an assumption of symmetry": (
        QUADRATIC,
        x[c],
        2 * Sum(A[c, p] * x[p], p),
        "an assumption is missing: Eq(A[n, p], A[p, n])",
    ),
    "an assumption of a sum": (
        CROSS_ENTROPY,
        z[c],
        SOFTMAX.xreplace({n: c}) - q[c],
        "an assumption is missing: Eq(Sum(q[n], (n, 1, N)), 1)",
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_slip_is_named(name: str) -> None:
    loss, wrt, claimed, slip = PLANTED[name]
    found = blame(loss, wrt, claimed)
    assert found is not None
    assert found.slip == slip
    given = [] if found.assumption is None else [found.assumption]
    assert check(loss, wrt, found.mended, given).status == "proved"


def test_a_right_gradient_is_not_blamed() -> None:
    assert blame(LINE, m, LINE_BY_M) is None
    assert blame(LINE, m, sp.expand(LINE_BY_M)) is None


def test_a_gradient_of_something_else_is_not_mended() -> None:
    assert blame(log(u), u, cos(u)) is None
    assert blame(LINE, m, exp(b) * Sum(cos(y[n]), n)) is None


def test_an_index_that_no_single_sum_binds_is_an_error_here_as_in_check() -> None:
    with pytest.raises(NotationError, match="free index n, which the gradient lacks"):
        blame(LINE, m, cos(x[n]))


def test_bad_input_is_refused_as_by_check() -> None:
    with pytest.raises(TypeError, match="strings are never evaluated"):
        blame(LINE, m, "m")
    with pytest.raises(NotationError, match="complex"):
        blame(LINE, m, sp.I)


def test_the_part_that_is_wrong_is_shown_as_it_stands_and_as_it_should_be() -> None:
    found = blame(LINE, m, -2 * Sum(ERROR, n) / N)
    assert found is not None
    assert equal(found.written, ERROR).status == "proved"
    assert equal(found.meant, ERROR * x[n]).status == "proved"
    assert str(found).startswith("the factor x[n] is missing (written -b - m*x[n] + y[n], meant ")
    assert "the factor x[n] is missing" in found._repr_html_()


def test_a_claim_that_forgot_a_sign_may_have_forgotten_an_assumption_instead() -> None:
    found = blame(Abs(theta), theta, 1)
    assert found is not None
    assert found.slip == "the factor sign(theta) is missing"
    assert [str(other.assumption) for other in found.alternatives] == ["theta > 0"]


@pytest.mark.parametrize("kind", ["labels", "a unit vector", "orthonormal columns", "zero mean"])
def test_a_claim_that_took_an_assumption_for_granted(kind: str) -> None:
    line, cut = Sum(A[n, p] * x[p], p), Sum(A[n, p] * A[n, c], n)
    loss, claimed, assumption = {
        "labels": (Sum((1 - y[n] * line) ** 2, n) / 2, Sum((line - y[n]) * A[n, c], n), Eq(y[n] ** 2, 1)),
        "a unit vector": (Sum(x[n] * q[n], n) * Sum(q[p] ** 2, p), q[c], Eq(Sum(q[p] ** 2, p), 1)),
        "orthonormal columns": (Sum(line**2, n) / 2, x[c], Eq(cut, sp.KroneckerDelta(p, c))),
        "zero mean": (Sum((x[n] + q[n]) ** 2, n) + Sum(q[n], n) * x[c], 2 * (x[c] + q[c]), Eq(Sum(q[n], n), 0)),
    }[kind]
    found = blame(loss, x[c], claimed)
    assert found is not None
    offers = [offer.assumption for offer in (found, *found.alternatives) if offer.assumption is not None]
    assert any(check(loss, x[c], claimed, [offer]).status == "proved" for offer in offers)
    assert check(loss, x[c], claimed, [assumption]).status == "proved"


def test_other_slips_that_would_explain_the_claim_are_offered_behind_the_likeliest() -> None:
    loss = Sum(x[n] * A[n, p] * y[p], n, p)
    found = blame(loss, y[c], Sum(A[c, p] * x[p], p))
    assert found is not None
    assert found.kind == "transposed"
    assert [other.kind for other in found.alternatives] == ["assumption"]
    assert found.alternatives[0].assumption == Eq(A[n, p], A[p, n])


def test_given_assumptions_hold_in_the_repair_too() -> None:
    found = blame(QUADRATIC, x[c], Sum(A[c, p] * x[p], p), [Eq(A[n, p], A[p, n])])
    assert found is not None
    assert found.slip == "the factor 2 is missing"


def test_a_models_gradient_is_blamed_in_its_own_names() -> None:
    found = NAMED.blame(E, w1[j, i], Derivative(E, z[j]) * x[i])
    assert found is not None
    assert found.slip == "the factor 1 - z[j]**2 is missing"
    assert found.mended == (1 - z[j] ** 2) * Derivative(E, z[j]) * x[i]
    swapped = NAMED.blame(E, w1[j, i], Derivative(E, h[j]) * h[j])
    assert swapped is not None
    assert str(swapped.mended) == "Derivative(E, h[j])*x[i]"
    assert NAMED.blame(E, w2[k, j], (y[k] - t[k]) * z[j]) is None


def test_a_claim_in_matrices_is_blamed_too() -> None:
    rows, columns = sp.symbols("r s", integer=True, positive=True)
    X, w, v = MatrixSymbol("X", rows, columns), MatrixSymbol("w", columns, 1), MatrixSymbol("v", rows, 1)  # noqa: N806
    loss = (X * w - v).T * (X * w - v) / rows
    found = blame(loss, w, 2 * X.T * (X * w + v) / rows)
    assert found is not None
    assert found.slip == "the sign of v[i] is wrong"


# -- the benchmark ----------------------------------------------------------------------------
Plant = tuple[str, str, sp.Expr]  # gradient, kind, claim


def plants(each: int) -> list[Plant]:
    """Slips in every gradient: of each kind as many as asked for, drawn by a fixed seed."""
    found: list[Plant] = []
    for name, right in RIGHT.items():
        kinds: dict[str, dict[sp.Expr, None]] = {}
        for kind, claim in slips(right.gradient, right.free):
            if claim != right.gradient:
                kinds.setdefault(kind, {})[claim] = None
        draw = random.Random(name)
        for kind, claims in sorted(kinds.items()):
            ordered = sorted(claims, key=str)
            found += [(name, kind, e) for e in draw.sample(ordered, min(each, len(ordered)))]
    return found


def is_false(right: Right, claim: sp.Expr) -> bool:
    """Whether a planted claim is certainly no gradient: refuted, or with an index too many."""
    try:
        return verdict(right, claim) == "refuted"
    except NotationError as error:
        return "which the gradient lacks" in str(error)


def verdict(right: Right, claim: Any, more: tuple[Any, ...] = ()) -> str:
    checker = check if right.model is None else right.model.check
    return checker(right.loss, right.wrt, claim, (*right.assumptions, *more)).status


def named(right: Right, claim: sp.Expr) -> Blame | None:
    blamer = blame if right.model is None else right.model.blame
    try:
        return blamer(right.loss, right.wrt, claim, right.assumptions)
    except NotationError:  # a lost sum that was not found
        return None


@pytest.mark.parametrize("name", RIGHT)
def test_the_benchmarks_gradients_are_right(name: str) -> None:
    assert verdict(RIGHT[name], RIGHT[name].gradient) == "proved"


def test_the_benchmark_shares_no_code_with_the_repairer() -> None:
    tree = ast.parse((Path(__file__).parent / "typist.py").read_text(encoding="utf-8"))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    assert modules == {"__future__", "collections.abc", "sympy"}


def test_nine_of_ten_planted_slips_are_named_and_every_repair_is_right() -> None:
    every = plants(EACH if ALL else 1)
    chosen = every if ALL else random.Random(1).sample(every, SAMPLE)
    table: dict[str, Counter[str]] = {}
    gradients, literal = set(), 0  # literal: the right formula came back as it was typed
    for name, kind, claim in chosen:
        right = RIGHT[name]
        if not is_false(right, claim):
            continue
        found = named(right, claim)
        gradients.add(name)
        count = table.setdefault(kind, Counter())
        count["named" if found else "missed"] += 1
        literal += found is not None and found.mended == right.gradient
        for offer in () if found is None else (found, *found.alternatives):
            given = () if offer.assumption is None else (offer.assumption,)
            assert verdict(right, offer.mended, given) == "proved", f"{name}: {claim} was mended to {offer.mended}"
    total = sum(table.values(), Counter[str]())
    for kind, count in sorted({**table, "all": total}.items()):
        print(f"{kind:15s} tried {count.total():4d}  named {count['named']:4d}  missed {count['missed']:4d}")
    print(f"over {len(gradients)} gradients: {total['named'] / total.total():.1%} named, {literal} as typed")
    assert total["named"] >= 0.9 * total.total()
    if ALL:
        assert total.total() >= 300
        assert len(gradients) >= 30
