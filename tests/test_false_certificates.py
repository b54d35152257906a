"""A sample of the trial of false gradients at Coq (benchmarks/false_certificates.py): none is certified, each is refuted."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from certificates import needs_coq
from gradproof.formal.writing import NoCertificateError

SAMPLE = ("backprop.5.12", "averages.linreg.m", "softmax", "softmax-cross-entropy")


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path))
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
    return import_module("false_certificates")


def test_no_false_formula_is_emitted_as_a_right_one(trial: Any) -> None:
    """What is decided before Coq is asked; the same variants are drawn each time."""
    found = trial.chosen(SAMPLE, 16)
    assert len({one.gradient for one in found}) == len(SAMPLE)
    for one in found:
        with pytest.raises(NoCertificateError):
            one.emitted()
    assert [(one.id, str(one.formula)) for one in trial.chosen(SAMPLE, 8)] == [
        (one.id, str(one.formula)) for one in found[:8]
    ]


@needs_coq
def test_coq_refutes_false_formulas_and_accepts_no_forged_proof(trial: Any) -> None:
    """The right statement with the same proof is accepted, so that it is the formula that Coq rejects."""
    outcomes = trial.tried(trial.chosen(SAMPLE, 8))
    assert len(outcomes) == 8
    assert all(one.control for one in outcomes)
    assert not any(one.certified_true for one in outcomes), "\n".join(map(str, outcomes))
    assert all(one.refuted.accepted for one in outcomes), "\n".join(map(str, outcomes))
