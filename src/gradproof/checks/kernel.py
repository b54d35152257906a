"""What Coq's kernel said of a claim's certificates, as evidence beside the others.

Nothing here runs Coq: `nox -s formal` does, and keeps what it says by the content of what was asked.  Where that is not
known, or no certificate could be made, the evidence is missing; it is no part of `Verdict.verify()`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence

from gradproof.formal.certificate import Certificate, Missing
from gradproof.formal.runner import Checked, kept
from gradproof.verdict import Evidence

__all__ = ["KIND", "kernel_evidence"]

KIND = "kernel"
RESTS_ON = "Coq's kernel, the four axioms of its real numbers, the definitions in our library"
_INTEGERS = ", the machine's integers of 63 bits"


def kernel_evidence(
    found: Sequence[Certificate | Missing], ask: Callable[[Certificate], Checked | None] = kept
) -> Evidence:
    """What is known of the certificates of one claim or entry: it agrees only if all their theorems were accepted."""
    answers = {one: ask(one) for one in found if isinstance(one, Certificate)}
    accepted = {one: answer for one, answer in answers.items() if answer is not None and answer.accepted}
    rests_on = RESTS_ON + _INTEGERS * any(one.uses_interval for one in answers)
    count = sum(len(tuple(one.theorems)) for one in accepted)
    versions = dict.fromkeys(answer.versions.partition(",")[0] for answer in accepted.values())
    says = f"{count} theorem{'s' * (count != 1)} accepted by {' and '.join(versions)}" if accepted else ""
    lacking = list(dict.fromkeys(_lacking(one, answers) for one in found if one not in accepted))
    if lacking or not found:
        but = f"{says}, but " if says else ""
        return Evidence(KIND, "missing", but + ("; ".join(lacking) or "there is no certificate"), rests_on)
    return Evidence(KIND, "agrees", says, rests_on)


def _lacking(one: Certificate | Missing, answers: Mapping[Certificate, Checked | None]) -> str:
    if isinstance(one, Missing):
        return f"there is no certificate: {one.reason}"
    answer = answers[one]
    if answer is None:
        absent = "" if shutil.which("coqc") else ", and Coq is not installed here"
        return f"what Coq says of {one.id} is not known: `nox -s formal` asks it{absent}"
    return f"Coq does not accept {one.id}: {answer.says}"
