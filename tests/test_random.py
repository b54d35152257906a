"""Random losses (a sample; `nox -s random` is the long run), and false statements that nearly hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp
from hypothesis import HealthCheck, given, settings
from mpmath import mp

from false_statements import EQUALITIES, GRADIENTS
from gradproof import check, equal
from random_checks import Examination, Report, apart
from random_losses import Problem, problems
from random_points import Scene
from random_slopes import difference
from random_values import DIGITS, Digits, heading


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems())
def test_a_random_loss_has_the_gradient_of_automatic_differentiation_and_its_claims_are_judged_rightly(
    problem: Problem,
) -> None:
    """Without JAX, differences with 150 digits stand in for automatic differentiation."""
    report = Report()
    Examination(problem, report, share=0.25).run()
    assert not report.faults, report.faults[0]


def scene(at: Mapping[str, Any]) -> Scene:
    fixed: dict[Any, Fraction] = {}

    def note(name: str, value: Any, index: tuple[int, ...]) -> None:
        if isinstance(value, Sequence) and not isinstance(value, str):
            for place, part in enumerate(value, 1):
                note(name, part, (*index, place))
        else:
            fixed[name, index] = Fraction(value)

    for name, value in at.items():
        note(name, value, ())
    return Scene({name: at[name] for name in ("N", "M", "q", "l", "e") if name in at}, fixed=fixed)


@pytest.mark.parametrize(("left", "right", "at", "assumptions"), EQUALITIES, ids=str)
def test_a_false_equality_is_not_proved(
    left: Any, right: Any, at: dict[str, Any], assumptions: tuple[Any, ...]
) -> None:
    with mp.workdps(DIGITS):
        values = [Digits(scene(at)).value(sp.sympify(e)) for e in (left, right)]
    assert all(map(mp.isfinite, values))
    assert apart(*values, 9), "it is true there"
    verdict = equal(left, right, assumptions)
    assert verdict.status != "proved"
    assert "disagree" not in verdict.reason


@pytest.mark.parametrize(("loss", "wrt", "claim", "at"), GRADIENTS, ids=str)
def test_a_false_gradient_is_not_proved(loss: Any, wrt: Any, claim: Any, at: dict[str, Any]) -> None:
    point = scene(at)
    with mp.workdps(DIGITS):
        slope = difference(loss, (heading(wrt), tuple(map(int, getattr(wrt, "indices", ())))), point)
        assert apart(slope, Digits(point).value(claim), 9), "it is true there"
    verdict = check(loss, wrt, claim)
    assert verdict.status != "proved"
    assert "disagree" not in verdict.reason
