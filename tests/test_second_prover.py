"""The second prover: right gradients agree, wrong ones never do, and what it cannot do is missing.

It is given losses and claims without a derivation, so that nothing of the first proof is used.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sympy as sp
from sympy import (
    Abs,
    Eq,
    Gt,
    Heaviside,
    Idx,
    IndexedBase,
    KroneckerDelta,
    Max,
    Ne,
    Piecewise,
    Sum,
    exp,
    log,
    sqrt,
    tanh,
)

from false_statements import GRADIENTS
from gradproof import REFERENCE, derive, equal
from gradproof.checks import flint_field, flint_ring, second_prover
from gradproof.checks.second_prover import second_proofs, second_prover_evidence
from gradproof.derivation import Derivation
from gradproof.trials.mutants import mutants
from gradproof.verdict import Evidence
from losses import LINE, LINE_BY_M, NAMED, NAMED_GRADIENTS, E, N, f, h, i, j, k, m, n, theta, u, v, w1, w2, x, y, z
from right_gradients import RIGHT

ENTRIES = dict(REFERENCE)
GIVEN = [(identity, g) for identity, entry in ENTRIES.items() for g in range(len(entry.gradients))]
s, g_ = sp.symbols("s g", positive=True)
o, l, q = (Idx(name, (1, N)) for name in "olq")
A = IndexedBase("A")


def given(
    loss: Any, wrt: Any, claim: Any, assumptions: Sequence[Any] = (), definitions: Sequence[sp.Eq] = ()
) -> Derivation:
    """A claim without any step that leads to it."""
    return Derivation(sp.sympify(loss), wrt, (), sp.sympify(claim), tuple(assumptions), tuple(definitions))


def found(loss: Any, wrt: Any, claim: Any, assumptions: Sequence[Any] = (), definitions: Any = ()) -> Evidence:
    return second_prover_evidence(given(loss, wrt, claim, assumptions, definitions))


def reference(identity: str, n: int) -> Derivation:
    entry = ENTRIES[identity]
    gradient = entry.gradients[n]
    return given(entry.of(gradient), gradient.wrt, gradient.formula, entry.assumptions, entry.definitions)


def identical(one: Any, other: Any, assumptions: Sequence[Any] = ()) -> str:
    """What is found of one = other: t·one has the derivative `other` by t."""
    t = sp.Symbol("t_")
    return found(t * one, t, other, assumptions).outcome


# -- right gradients --------------------------------------------------------------------------
@pytest.mark.parametrize(("identity", "n"), GIVEN)
def test_the_reference_agrees_and_its_usual_slips_do_not(identity: str, n: int) -> None:
    question = reference(identity, n)
    assert second_prover_evidence(question).outcome == "agrees"
    for wrong in ENTRIES[identity].gradients[n].wrong:
        assert second_prover_evidence(question, wrong.formula).outcome != "agrees", wrong.formula


@pytest.mark.parametrize("name", RIGHT)
def test_right_gradients_agree(name: str) -> None:
    right = RIGHT[name]
    definitions = right.model.definitions if right.model else ()
    evidence = found(right.loss, right.wrt, right.gradient, right.assumptions, definitions)
    assert evidence.outcome == "agrees", evidence


def test_the_gradients_of_a_named_network_agree() -> None:
    """Also by a named quantity, whose definition is then cut, and with derivatives in the claim."""
    claims = {**NAMED_GRADIENTS, w1[j, i]: sp.Derivative(E, h[j]) * x[i], w2[k, j]: sp.Derivative(E, y[k]) * z[j]}
    for wrt, claim in (*NAMED_GRADIENTS.items(), *claims.items()):
        assert found(E, wrt, claim, (), NAMED.definitions).outcome == "agrees", (wrt, claim)
        assert found(E, wrt, 2 * claim, (), NAMED.definitions).outcome == "disagrees"


EQUAL: list[tuple[Any, Any]] = [
    (exp(u + v), exp(u) * exp(v)), (exp(v) * exp(u) * exp(-v), exp(u)), (exp(u / 2) ** 2, exp(u)),
    (exp(u / 3) * exp(u / 2), exp(5 * u / 6)), (exp(u / (1 + v**2) + v), exp(v) * exp(u / (1 + v**2))),
    (log(s * g_), log(s) + log(g_)), (log(exp(u) / (1 + exp(v))), u - log(1 + exp(v))), (log(s**2 / 4), 2 * log(s) - 2 * log(2)),
    (sqrt(u**2), Abs(u)), (sqrt(8), 2 * sqrt(2)), (sqrt(s) * sqrt(g_), sqrt(s * g_)), (sqrt(1 + u**2) ** 2, 1 + u**2),
    (exp(log(s) / 2), sqrt(s)), (s**g_ * s, s ** (g_ + 1)), ((s**g_) ** 2, s ** (2 * g_)), (exp(g_ * log(s)), s**g_),
    (sp.sin(u) ** 2 + sp.cos(u) ** 2, 1), (sp.tan(u) * sp.cos(u), sp.sin(u)), (sp.sin(-u), -sp.sin(u)),
    (tanh(u), (exp(2 * u) - 1) / (exp(2 * u) + 1)), (sp.cosh(u) ** 2 - sp.sinh(u) ** 2, 1), (sp.sech(u) ** 2, 1 - tanh(u) ** 2),
    (sp.erfc(u), 1 - sp.erf(u)), (sp.acos(u), sp.pi / 2 - sp.asin(u)), (sp.atanh(u), log((1 + u) / (1 - u)) / 2),
    (Abs(u) ** 2, u**2), (Max(u, v) + sp.Min(u, v), u + v), (Max(u, v), (u + v + Abs(u - v)) / 2), (sp.sign(u) * Abs(u), u),
    (Max(0, u) - Max(0, -u), u), (Piecewise((u, u > v), (v, True)), Max(u, v)), (Abs(u * v), Abs(u) * Abs(v)),
    (Heaviside(u, 0) + Heaviside(-u, 1), 1), (Max(-1, sp.Min(1, u)), sp.Min(1, Max(-1, u))), (sp.sign(u) ** 3, sp.sign(u)),
    (Piecewise((0, Eq(u, 2)), (u - 2, True)), u - 2), (Sum(x[n], n) ** 2, Sum(x[n] * x[o], n, o)),
    (Sum(KroneckerDelta(n, o) * x[o], n, o), Sum(x[n], n)), (Sum(1, (n, 1, N)), N), (Sum(x[o], (o, 1, n)) + Sum(x[o], (o, n + 1, N)), Sum(x[o], o)),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_equal_formulas_agree(one: Any, other: Any) -> None:
    assert identical(one, other) == "agrees"
    assert identical(other, one) == "agrees"
    assert identical(one, other + TINY) == "disagrees"


TINY = sp.Rational(1, 10**30)


# -- wrong gradients --------------------------------------------------------------------------
@pytest.mark.parametrize("number", range(len(GRADIENTS)))
def test_gradients_that_fail_on_a_branch_at_one_size_or_at_one_point_disagree(number: int) -> None:
    loss, wrt, claim, _ = GRADIENTS[number]
    assert second_prover_evidence(derive(loss, wrt), claim).outcome == "disagrees"


@pytest.mark.parametrize(("identity", "n"), GIVEN[::5])
def test_slips_disagree(identity: str, n: int) -> None:
    """Two slips of each kind; one that agrees is no slip, which the first prover says too."""
    question = reference(identity, n)
    letters = tuple(sorted(question.result.atoms(Idx) | question.wrt.atoms(Idx), key=str))
    seen: Counter[str] = Counter()
    for kind, wrong in mutants(question.result, letters) if not question.result.has(Piecewise, sp.I) else ():
        seen[kind] += 1
        if seen[kind] <= 2 and not wrong.has(sp.zoo, sp.I):
            evidence = second_prover_evidence(question, wrong)
            if evidence.outcome == "agrees":
                assert equal(wrong, question.result).status == "proved"
            else:
                assert evidence.outcome == "disagrees", (wrong, evidence)


def test_a_disagreement_shows_a_point_that_can_be_checked_by_hand() -> None:
    evidence = found(Sum(x[n] ** 2, n), x[n], x[n])
    assert evidence.says == "N = 1: at n = 1, x = [3] the derivative is 6, not 3"
    evidence = found(f(u) ** 2, u, f(u))
    assert "f(u1) = " not in evidence.says
    assert evidence.outcome == "disagrees"


def test_a_wrong_claim_that_nearly_holds_disagrees() -> None:
    """A slip in the 25th digit, which no double has."""
    claim = 2 * x[n] * (1 + sp.Rational(1, 10**25))
    assert found(Sum(x[n] ** 2, n), x[n], claim).outcome == "disagrees"
    assert found(exp(u), u, exp(u) * (1 + sp.Rational(1, 10**25))).outcome == "disagrees"


# -- assumptions ------------------------------------------------------------------------------
def test_an_assumption_that_is_needed_is_used_and_without_it_the_claim_disagrees() -> None:
    total, form = Eq(Sum(y[o], o), 1), Sum(A[n, o] * x[n] * x[o], n, o)
    loss = -Sum(y[n] * log(exp(x[n]) / Sum(exp(x[o]), o)), n)
    cases = [
        (loss, x[n], exp(x[n]) / Sum(exp(x[o]), o) - y[n], [total]),
        (form, x[n], 2 * Sum(A[n, o] * x[o], o), [Eq(A[n, o], A[o, n])]),
        (Sum(x[n] * y[n] ** 2, n), x[n], 1, [Eq(y[n] ** 2, 1)]),
        (Sum(x[n] ** 2, n) * u, u, 4, [Eq(Sum(x[n] ** 2, n), 4)]),
        (u * Abs(v), u, v, [Gt(v, 0)]), (u * Abs(v - 1), u, v - 1, [Gt(v, 1)]), (u * sqrt(v**2) / v, u, -1, [sp.Lt(v, 0)]),
    ]  # fmt: skip
    for body, wrt, claim, assumptions in cases:
        assert found(body, wrt, claim, assumptions).outcome == "agrees", (body, found(body, wrt, claim, assumptions))
        assert found(body, wrt, claim).outcome == "disagrees", body


def test_assumptions_that_cannot_be_met_prove_nothing() -> None:
    for nothing in ([Gt(u, 0), sp.Lt(u, 0)], [Eq(u, 1), Eq(u, 2)], [Gt(-(u**2), 0)]):
        assert found(u**2, u, 2 * u, nothing).outcome == "missing"


# -- what is missing --------------------------------------------------------------------------
def test_not_installed_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flint", None)
    evidence = found(u**2, u, 2 * u)
    assert (evidence.outcome, evidence.says) == ("missing", "python-flint is not installed")


@pytest.mark.parametrize("error", [ZeroDivisionError, MemoryError, RecursionError, ValueError, ImportError])
@pytest.mark.parametrize("where", [(flint_field.RationalField, "apply"), (flint_ring.Rational, "__mul__")])
def test_a_failure_inside_is_missing(monkeypatch: pytest.MonkeyPatch, error: type[Exception], where: Any) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(*where, fails)
    assert found(Sum(exp(x[n]) * y[n], n), x[n], exp(x[n]) * y[n]).outcome == "missing"


def test_a_field_that_says_zero_of_everything_is_caught_by_the_point(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_prover._Question, "_agree", lambda *_: True)
    assert found(u**2, u, u).outcome == "disagrees"


def test_too_large_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flint_ring, "_WORK", 20)
    assert found(Sum(x[n], n) ** 6, x[n], 6 * Sum(x[n], n) ** 5).outcome == "missing"


@pytest.mark.parametrize(
    ("loss", "claim"),
    [(sp.gamma(u), sp.gamma(u) * sp.digamma(u)), (sp.I * u, sp.I), (sp.zoo * u, 1), (f(u), sp.Symbol("nan") * sp.nan)],
)
def test_what_it_has_no_meaning_for_is_missing(loss: Any, claim: Any) -> None:
    assert found(loss, u, claim).outcome == "missing"


def test_a_claim_that_is_nowhere_defined_is_missing() -> None:
    assert found(u**2, u, 2 * u + 0 * log(-1 - v**2) + log(-1 - v**2) - log(-1 - v**2)).outcome != "disagrees"
    assert found(log(-(u**2)), u, 2 / u).outcome == "missing"
    assert found(sqrt(-1 - u**2), u, u / sqrt(-1 - u**2)).outcome == "missing"


# -- every size -------------------------------------------------------------------------------
def bound(evidence: Evidence) -> str:
    assert evidence.outcome == "agrees"
    return evidence.says.partition("letters for functions of sums at ")[2].partition(" too, and")[0]


def test_the_bound_of_known_gradients() -> None:
    assert bound(found(E, w1[j, i], NAMED_GRADIENTS[w1[j, i]], (), NAMED.definitions)) == "D = 1, K = 1..2, M = 2..3"
    assert bound(found(Sum(x[n] ** 2, n), x[n], 2 * x[n])) == "N = 1"
    assert bound(found(LINE, m, LINE_BY_M)) == "N = 1..2"
    softmax = exp(x[n]) / Sum(exp(x[o]), o)
    assert bound(found(log(Sum(exp(x[n]), n)), x[n], softmax)) == "N = 1"


def test_what_the_theorem_does_not_cover_is_proved_at_the_sizes_tried_and_no_more() -> None:
    cases = [
        (Sum(Abs(x[n]), n), x[n], sp.sign(x[n])), (Sum(n * x[n], n), x[n], n), (Sum(x[o], (o, 1, N - 1)), x[1], 1),
        (Sum(x[n], n) * exp(u / N), u, Sum(x[n], n) * exp(u / N) / N), (x[1] * Sum(x[n], n), x[1], x[1] + Sum(x[n], n)),
        (u * Sum(1 / (x[n] + y[o]), n, o), u, Sum(1 / (x[n] + y[o]), n, o)), (u * Sum(log(x[n] * y[o]), n, o), u, Sum(log(x[n] * y[o]), n, o)),
        (u * Sum(1 / tanh(x[n] + y[o]), n, o), u, Sum(1 / tanh(x[n] + y[o]), n, o)), (u * Sum(KroneckerDelta(n, 2), n), u, Sum(KroneckerDelta(n, 2), n)),
        (u * Sum(x[o] * y[n], (o, 1, n), (n, 1, N)), u, Sum(x[o] * y[n], (o, 1, n), (n, 1, N))),
    ]  # fmt: skip
    for loss, wrt, claim in cases:
        evidence = second_prover_evidence(replace(derive(loss, wrt), result=sp.sympify(claim)))
        assert evidence.outcome == "agrees", evidence
        assert "every size" not in evidence.says


def apart(*letters: Idx) -> sp.Expr:
    """1 where all indices differ, otherwise 0."""
    pairs = [(a, b) for place, a in enumerate(letters) for b in letters[:place]]
    return sp.Mul(*(1 - KroneckerDelta(a, b) for a, b in pairs))


POWERS = [Sum(x[o] ** p, o) for p in range(5)]
FOURTH = (
    POWERS[1] ** 4 - 6 * POWERS[1] ** 2 * POWERS[2] + 3 * POWERS[2] ** 2 + 8 * POWERS[1] * POWERS[3] - 6 * POWERS[4]
)
HIDDEN = {
    "a polynomial in the size": (N - 1) * (N - 2) * (N - 3) * u,
    "with negative powers": (N - 1) * (N - 2) * (N - 3) / N**2,
    "the fourth elementary symmetric polynomial": FOURTH,
    "four different indices": Sum(apart(o, l, q, n), o, l, q),
    "four different entries": Sum(apart(o, l, q, n) * x[o] * x[l] * exp(x[q]), o, l, q),
    "in a function": exp(Sum(x[o], o)) * (N - 1) * (N - 2) * (N - 3),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_what_is_zero_for_one_to_three_points_is_found_at_the_bound(name: str) -> None:
    """Each of these is zero at every size that is tried at first: only the theorem tells where to look."""
    for loss in (Sum(x[n] ** 2, n), log(Sum(exp(x[n]), n)), Sum(tanh(x[n] + u), n)):
        right = derive(loss, x[n]).result
        assert "and so for every size" in found(loss, x[n], right).says
        question = given(loss, x[n], right + HIDDEN[name])
        assert {p.outcome for p in second_proofs(question, sizes=[{"N": size} for size in (1, 2, 3)])} == {"agrees"}
        assert {p.outcome for p in second_proofs(question, sizes=[{"N": size} for size in (4, 5)])} == {"disagrees"}
        assert second_prover_evidence(question).outcome == "disagrees"


# -- independence -----------------------------------------------------------------------------
def test_it_shares_no_rule_no_normal_form_and_no_diff() -> None:
    """By what its files import and call."""
    folder = Path(second_prover.__file__).parent
    names = ["second_prover", "size_bound", "dual", "fields", "flint_field", "flint_ring", "balls", "guard"]
    shared = {"intervals", "inverse", "points", "assumptions", "derivation", "verdict", "lines"}
    for name in names:
        tree = ast.parse((folder / f"{name}.py").read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("gradproof"):
                part = node.module.removeprefix("gradproof.")
                assert part in shared or part.removeprefix("checks.") in names, (name, part)
            if isinstance(node, ast.ImportFrom) and node.module in ("gradproof.derivation", "gradproof.lines"):
                assert {a.name for a in node.names} <= {"Derivation", "axis_bounds", "index_range"}
            if isinstance(node, ast.Attribute):
                assert node.attr not in ("diff", "doit", "subs", "simplify", "expand", "xreplace"), (name, node.attr)


def test_the_same_question_has_the_same_answer() -> None:
    for _ in range(2):
        one, other = (second_prover_evidence(reference("softmax-regression", 0)) for _ in range(2))
        assert one == other


def test_kinks_of_the_loss_are_left_out() -> None:
    assert found(Abs(u), u, Piecewise((sp.sign(u), Ne(u, 0)), (7, True))).outcome == "agrees"
    assert found(u * Abs(v), u, Abs(v) * sp.sign(v) ** 2).outcome == "agrees"
    assert found(u * (1 + Abs(v)), u, (1 + Abs(v)) * sp.sign(v) ** 2).outcome == "disagrees"
    assert found(theta * Max(u, 1), theta, Piecewise((u, u > 1), (1, True))).outcome == "agrees"
