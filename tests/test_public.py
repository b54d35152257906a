"""Public derivative formulas: the right ones are proved, the wrong ones refuted, and nothing false is proved.

`-rP` prints the table.  That a formula is right or wrong is found a second time, without gradproof.
"""

from __future__ import annotations

import time
from functools import cache

import pytest

from gradproof import Verdict
from public import formulas
from public.outside import differs
from public.record import Formula

FORMULAS = formulas()
BAR = 0.95
each = pytest.mark.parametrize("formula", FORMULAS, ids=[f.id for f in FORMULAS])


@cache
def decided(number: int) -> tuple[Verdict, float]:
    """The verdict on a formula, and how long it took."""
    start = time.perf_counter()
    return FORMULAS[number].decide(), time.perf_counter() - start


def verdict_on(formula: Formula) -> Verdict:
    return decided(FORMULAS.index(formula))[0]


def test_the_list_is_long_and_each_formula_is_named_once() -> None:
    assert len(FORMULAS) >= 200
    assert len({f.source.key for f in FORMULAS}) >= 40
    assert len([f for f in FORMULAS if not f.true]) >= 40
    assert len({f.id for f in FORMULAS}) == len(FORMULAS)
    assert len([f for f in FORMULAS if f.seen]) >= 0.9 * len(FORMULAS)


@each
def test_a_formula_is_right_or_wrong_as_it_is_said_to_be(formula: Formula) -> None:
    """At points of our own, with nothing of gradproof."""
    found = differs(formula)
    assert found, "no point was found"
    assert any(found) is not formula.true


@each
def test_what_is_right_is_never_refuted_and_what_is_wrong_never_proved(formula: Formula) -> None:
    verdict = verdict_on(formula)
    assert verdict.status != ("refuted" if formula.true else "proved"), str(verdict)
    if verdict.status == "refuted":
        assert verdict.witness is not None
        assert verdict.witness.left != verdict.witness.right
    if verdict.status == "undecided":
        assert verdict.reason


def test_at_least_95_of_100_are_proved_or_refuted() -> None:
    rows = []
    reached = {True: 0, False: 0}
    for number, formula in enumerate(FORMULAS):
        verdict, seconds = decided(number)
        reached[formula.true] += verdict.status == ("proved" if formula.true else "refuted")
        shown = verdict.shown().split("\n")[0][:90] if verdict.status != "proved" else ""
        rows.append(
            f"{verdict.status:10}{'right' if formula.true else 'wrong':6}{seconds:6.2f} s  {formula.id}  {shown}"
        )
    print("\n".join(rows))
    for true, name in ((True, "right formulas proved"), (False, "wrong formulas refuted")):
        all_of_them = [f for f in FORMULAS if f.true is true]
        print(f"{name}: {reached[true]} of {len(all_of_them)}")
        assert reached[true] >= BAR * len(all_of_them)
