"""A check that crashes, hangs, finds no number or is not installed is reported as missing, and never agrees."""

from __future__ import annotations

import itertools
import math
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp
from mpmath import mp

from gradproof import Derivation, derive
from gradproof.checks import complex_step, dual, guard, remainder
from gradproof.checks.autodiff import Jax, autodiff_evidence
from gradproof.checks.complex_step import complex_step_evidence
from gradproof.checks.guard import guarded
from gradproof.checks.remainder import remainder_evidence
from gradproof.checks.second_prover import second_prover_evidence
from gradproof.checks.steps import INDEPENDENT
from gradproof.verdict import Evidence
from losses import a, n, x

Check = Callable[[Derivation], Evidence]

#: each check, with something that it cannot do without
CHECKS: dict[str, tuple[Check, Any, str]] = {
    "remainder": (remainder_evidence, remainder, "evaluate"),
    "second prover": (second_prover_evidence, dual.Walk, "value"),
    "complex step": (complex_step_evidence, complex_step.ComplexStep, "slope"),
    "autodiff": (autodiff_evidence, Jax, "slope"),
}
MODULES = {"second prover": "flint", "complex step": "numpy", "autodiff": "jax"}
ERRORS = (FloatingPointError, MemoryError, RecursionError, ValueError, KeyError, AssertionError, NotImplementedError)


def a_sum() -> Derivation:
    return derive(sp.Sum(sp.tanh(x[n]), n), x[a])


def test_the_list_has_every_check_of_a_derivation() -> None:
    assert {check for check, _, _ in CHECKS.values()} == {*INDEPENDENT, autodiff_evidence}


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("error", ERRORS)
def test_one_that_crashes_is_missing(name: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any, **__: Any) -> Any:
        raise error("planted")

    check, where, what = CHECKS[name]
    monkeypatch.setattr(where, what, crash)
    evidence = check(a_sum())
    assert (evidence.outcome, evidence.says) == ("missing", f"it failed: {error.__name__}: {error('planted')}")


@pytest.mark.parametrize("name", CHECKS)
def test_one_that_hangs_is_missing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: Any, **__: Any) -> Any:
        for _ in itertools.count():  # SymPy and we catch Exception here and there: it must get through
            try:
                math.factorial(10)
            except Exception:  # noqa: BLE001, S112
                continue

    check, where, what = CHECKS[name]
    check(a_sum())  # what is imported at first use is not what is timed
    monkeypatch.setattr(where, what, hang)
    monkeypatch.setattr(guard, "SECONDS", 0.2)
    start = time.monotonic()
    evidence = check(a_sum())
    assert (evidence.outcome, evidence.says) == ("missing", "it did not answer in 0.2 s")
    assert time.monotonic() - start < 20
    monkeypatch.undo()
    assert check(a_sum()).outcome == "agrees"


@pytest.mark.parametrize("name", MODULES)
def test_one_that_is_not_installed_is_missing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in {MODULES[name], *(m for m in sys.modules if m.partition(".")[0] == MODULES[name])}:
        monkeypatch.setitem(sys.modules, module, None)
    for ours in ("slopes", "arrays"):  # they import NumPy
        monkeypatch.delitem(sys.modules, f"gradproof.checks.{ours}", raising=False)
    evidence = CHECKS[name][0](a_sum())
    assert evidence.outcome == "missing"
    assert evidence.says in ("python-flint is not installed", "NumPy is not installed", "JAX is not installed")


def test_no_number_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    right = a_sum()
    monkeypatch.setattr(complex_step.ComplexStep, "slope", lambda _, __, at: np.full(np.shape(at), np.nan))
    assert complex_step_evidence(right).outcome == "missing"
    monkeypatch.setattr(Jax, "slope", lambda _, __, at: np.full(np.shape(at), np.inf))
    assert autodiff_evidence(right).outcome != "agrees"
    monkeypatch.setattr(remainder, "evaluate", lambda *_, **__: mp.nan)
    assert remainder_evidence(right).outcome == "missing"


def test_one_entry_without_a_number_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """max() passes over a NaN that is not the first."""

    def last_is_none(self: Any, loss: Any, at: Any) -> Any:
        found = original(self, loss, at)
        found[-1] = np.nan
        return found

    original = complex_step.ComplexStep.slope
    monkeypatch.setattr(complex_step.ComplexStep, "slope", last_is_none)
    assert complex_step_evidence(a_sum()).outcome == "missing"


def test_what_is_missing_is_told_beside_a_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("remainder", "second prover", "complex step"):
        _, where, what = CHECKS[name]
        monkeypatch.setattr(where, what, lambda *_, **__: 1 / 0)
    verdict = a_sum().verify()
    assert verdict.status == "proved"
    assert {e.kind for e in verdict.evidence if e.outcome == "missing"} == {
        "remainder",
        "second prover",
        "complex step",
    }


def test_one_that_disagrees_stops_a_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(complex_step.ComplexStep, "slope", lambda _, __, at: np.full(np.shape(at), 7.0))
    verdict = a_sum().verify()
    assert verdict.status == "undecided"
    assert "the checks disagree: the slope by complex steps with 150 digits differs by" in verdict.reason


def test_undefined_functions_are_tried_in_three_instances() -> None:
    f = sp.Function("f")
    derivation = derive(sp.Sum(f(x[n]), n), x[a])
    evidence = remainder_evidence(derivation)
    assert (evidence.outcome, "choices of polynomials for f" in evidence.says) == ("agrees", True)
    assert len(remainder.instances(remainder.remainder_slopes(derivation))) >= 3
    few = remainder.summarised(remainder.remainder_slopes(derivation)[:2])
    assert few[0] == "missing"


def test_the_time_that_is_over_does_not_reach_what_comes_after() -> None:
    """The alarm may go off just when the check answers."""
    for _ in range(200):
        evidence = guarded("k", "r", lambda: ("agrees", "x"), seconds=1e-6)
        assert evidence.outcome in ("agrees", "missing")
    assert sum(range(10_000)) == 49_995_000


def test_without_threads_there_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_thread(_: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Timer, "start", no_thread)
    assert guarded("k", "r", lambda: ("agrees", "x"), seconds=0.001).outcome == "agrees"
