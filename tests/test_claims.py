"""All 53 statements of the ledger: each is there, proved, and of the kind that was expected of it."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from gradproof import CLAIMS, ledger
from gradproof.checks.steps import INDEPENDENT
from gradproof.statements import Approximation, Statement

if TYPE_CHECKING:
    from gradproof.claim import Slip

FIRST_ORDER, HOLDS, MISPRINT, FALSE = "holds to order 1", "holds", "misprint", "false"

#: What a first check by hand expects of each, in the order of the sources.
EXPECTED = {
    "backprop.1.1": FIRST_ORDER,
    "backprop.2.1": FIRST_ORDER,
    "backprop.2.steepest": HOLDS,
    "backprop.4.1": HOLDS,
    "backprop.5.2": HOLDS,
    "backprop.5.6": HOLDS,
    "backprop.5.7": HOLDS,
    "backprop.5.8.name": MISPRINT,
    "backprop.5.9": HOLDS,
    "backprop.5.10": HOLDS,
    "backprop.5.11": HOLDS,
    "backprop.5.12": HOLDS,
    "backprop.5.12.refs": MISPRINT,
    "backprop.6.1": FIRST_ORDER,
    "backprop.6.2": FIRST_ORDER,
    "backprop.6.2.refs": MISPRINT,
    "backprop.6.3": FIRST_ORDER,
    "backprop.6.4": FIRST_ORDER,
    "backprop.6.4.refs": MISPRINT,
    "averages.linearity": HOLDS,
    "averages.linreg.m": HOLDS,
    "averages.linreg.b": HOLDS,
    "averages.sum-of-values": HOLDS,
    "averages.mean-data": HOLDS,
    "averages.isolated-sums": HOLDS,
    "averages.answer1": FALSE,
    "averages.mlp-process": HOLDS,
    "averages.sigmoid": HOLDS,
    "averages.sigmoid.means": HOLDS,
    "averages.sigmoid.when": HOLDS,
    "averages.output-delta": HOLDS,
    "averages.no-layer-g": HOLDS,
    "averages.unavoidable": FALSE,
    "averages.no-g": HOLDS,
    "averages.nontrivial-g": HOLDS,
    "averages.linear-cost": HOLDS,
    "averages.optimising-needs-theta": FALSE,
    "finite-step.length": HOLDS,
    "finite-step.taylor1": FIRST_ORDER,
    "finite-step.taylor2": MISPRINT,
    "finite-step.hessian-size": HOLDS,
    "finite-step.best-direction": HOLDS,
    "finite-step.limit": HOLDS,
    "finite-step.cost": HOLDS,
    "finite-step.preconditioning": HOLDS,
    "symmetry.general": MISPRINT,
    "symmetry.roles": HOLDS,
    "symmetry.network": FALSE,
    "symmetry.zero": HOLDS,
    "symmetry.linear": HOLDS,
    "symmetry.update": HOLDS,
    "symmetry.pathological": HOLDS,
    "symmetry.vectors": FALSE,
}

#: What fails in a statement that holds as a whole.
PLACES = {
    "backprop.2.1": ["the first sign “=”"],
    "backprop.6.1": ["the sign “=”"],
    "backprop.6.2": ["the sign “=”"],
    "backprop.6.3": ["the sign “=”"],
    "backprop.6.4": ["the sign “=”"],
    "averages.linreg.m": ["line 3, the chain rule", "line 4, the definition of f"],
    "averages.linreg.b": ["line 3, the chain rule", "line 4, the definition of f"],
    "averages.sum-of-values": ["the condition “when f is non-linear”"],
}

SLIPS = [(name, slip) for name, claim in CLAIMS.items() for slip in claim.slips]


def test_the_ledger_has_these_53_rows() -> None:
    assert list(CLAIMS) == list(EXPECTED)
    assert len(EXPECTED) == 53
    assert Counter(EXPECTED.values()) == {HOLDS: 35, FIRST_ORDER: 7, MISPRINT: 6, FALSE: 5}


@pytest.mark.parametrize("identity", EXPECTED)
def test_every_claim_is_proved_and_of_the_kind_expected(identity: str) -> None:
    claim = CLAIMS[identity]
    verdict = claim.verify()
    assert claim.id == identity
    assert verdict.status == "proved", str(verdict)
    assert verdict.evidence
    assert all(e.outcome == "agrees" for e in verdict.evidence)
    assert claim.kind == EXPECTED[identity]
    if claim.derivation is not None:  # four kinds of different code: the proof's own, and three others
        others = {check.__name__.removesuffix("_evidence").replace("_", " ") for check in INDEPENDENT}
        assert {"canonical form", "each step", "whole", *others} <= {e.kind for e in verdict.evidence}
        assert len(others & {*ledger.OTHER_CODE}) == 3


@pytest.mark.parametrize("identity", EXPECTED)
def test_what_fails_in_a_claim_that_holds_is_named(identity: str) -> None:
    places = [slip.place for slip in CLAIMS[identity].slips]
    assert places == PLACES.get(identity, [""] if EXPECTED[identity] in (MISPRINT, FALSE) else [])


@pytest.mark.parametrize(("identity", "slip"), SLIPS, ids=[f"{name} {slip.place}".strip() for name, slip in SLIPS])
def test_what_fails_is_refuted_by_something_that_a_reader_can_check(identity: str, slip: Slip) -> None:
    """A point with both values, or what is there in its place: a missing number, a proof of what is denied, a minimum."""
    verdict, claim = slip.verify(), CLAIMS[identity]
    assert verdict.status == "refuted"
    assert verdict.witness or re.match(
        r"no equation has the number 4\.11 or 4\.10|the two sides are always equal|at theta = 1 it is 0", verdict.reason
    )
    assert slip.mended().status == "proved"
    assert slip.reading not in (*claim.statements, slip.corrected)


def test_at_least_eight_statements_fail_at_a_point() -> None:
    with_point = {name for name, slip in SLIPS if slip.verify().witness}
    assert len(with_point) >= 8
    assert {"symmetry.general", "symmetry.network", "symmetry.vectors", "finite-step.taylor2"} <= with_point


def test_an_order_is_that_of_the_first_statement() -> None:
    orders = {
        name: claim.statements[0].order
        for name, claim in CLAIMS.items()
        if isinstance(claim.statements[0], Approximation) and not any(slip.place == "" for slip in claim.slips)
    }
    assert {name for name, order in orders.items() if order == 1} == {
        n for n, k in EXPECTED.items() if k == FIRST_ORDER
    }
    assert set(orders.values()) == {1}


@pytest.mark.parametrize("identity", EXPECTED)
def test_every_statement_shows_itself(identity: str) -> None:
    for statement in CLAIMS[identity].statements:
        assert isinstance(statement, Statement)
        assert statement.latex()
        assert str(statement)
