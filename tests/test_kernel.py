"""The evidence of a proof assistant: it agrees only where every theorem of every certificate was accepted."""

from __future__ import annotations

import pytest

from gradproof.checks import kernel
from gradproof.checks.kernel import kernel_evidence
from gradproof.formal.certificate import Certificate, Missing, Part, Theorem
from gradproof.formal.runner import Checked


def certificate(name: str, uses_interval: bool = False) -> Certificate:
    theorems = tuple(Theorem(n, "holds", "1 = 1", "ring.", "a fact") for n in ("defined", "holds"))
    return Certificate(name, (Part("part", "", theorems, uses_interval=uses_interval),))


ACCEPTED = Checked(True, 0.5, "2 theorems accepted", (), "Coq 8.16.1, Coquelicot 4e63d15d, Interval cbbbedc7")
REJECTED = Checked(False, 0.0, "holds: No such lemma.", (), ACCEPTED.versions)


def test_it_agrees_where_all_was_accepted() -> None:
    found = kernel_evidence([certificate("softmax/1"), certificate("softmax/2")], lambda _: ACCEPTED)
    assert (found.kind, found.outcome, found.says) == ("kernel", "agrees", "4 theorems accepted by Coq 8.16.1")
    assert "integers of 63 bits" not in found.rests_on
    by_intervals = kernel_evidence([certificate("sigmoid", True)], lambda _: ACCEPTED)
    assert by_intervals.rests_on.endswith(", the machine's integers of 63 bits")


def test_one_rejected_certificate_among_others_is_no_evidence() -> None:
    """Nor is it evidence against the claim: a proof may be bad where the claim is true."""
    found = kernel_evidence(
        [certificate("softmax/1"), certificate("softmax/2")], lambda c: REJECTED if c.id == "softmax/2" else ACCEPTED
    )
    assert (found.outcome, found.says) == (
        "missing",
        "2 theorems accepted by Coq 8.16.1, but Coq does not accept softmax/2: holds: No such lemma.",
    )


def test_a_step_without_a_lemma_is_named() -> None:
    found = kernel_evidence(
        [certificate("softmax/1"), Missing("softmax/2", "“power” has no lemma")], lambda _: ACCEPTED
    )
    assert (found.outcome, found.says) == (
        "missing",
        "2 theorems accepted by Coq 8.16.1, but there is no certificate: “power” has no lemma",
    )
    assert kernel_evidence([]).outcome == "missing"


@pytest.mark.parametrize(("where", "says"), [(None, "`nox -s formal` asks it, and Coq is not installed here"), ("/coqc", "`nox -s formal` asks it")])  # fmt: skip
def test_what_was_not_asked_is_missing(where: str | None, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel.shutil, "which", lambda _: where)
    found = kernel_evidence([certificate("softmax")], lambda _: None)
    assert (found.outcome, found.says) == ("missing", f"what Coq says of softmax is not known: {says}")
