"""No claim with one slip in it is proved, or published: the page says which claim it is.

A sample of the slips is tried in every run, one of each kind for each claim; all of them, and the count by
kind (pytest -rP shows it), with `GRADPROOF_MUTANTS=all nox -s tests -- tests/test_claim_mutants.py -rP`.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator

import pytest

from claim_mutation import Candidate, candidates
from gradproof import CLAIMS, Claim, NotationError, UndefinedError, Verdict, page
from gradproof.claim import Examined

ALL = os.environ.get("GRADPROOF_MUTANTS") == "all"
LEAST = 3  # slips tried for each claim


def sample(claim: Claim) -> Iterator[Candidate]:
    """One slip of each kind, and three at least; all of them if asked for.  Only those that are seen by evaluation."""
    found = list(candidates(claim))
    if not ALL:
        random.Random(claim.id).shuffle(found)
    kinds: Counter[str] = Counter()
    later = []
    for candidate in found:
        kind = candidate.kind if ALL else _broad(candidate.kind)
        if not ALL and kinds[kind]:
            later.append(candidate)
        elif candidate.seen():
            kinds[kind] += 1
            yield candidate
    for candidate in later:
        if kinds.total() >= LEAST:
            return
        if candidate.seen():
            kinds[candidate.kind] += 1
            yield candidate


def _broad(kind: str) -> str:
    """The kind of a slip without the side of the statement that it stands in."""
    statement, _, what = kind.rpartition(": ")
    return f"{statement}: {what.rpartition(', ')[2]}"


AS_PROVED, AS_REFUTED = Verdict("proved"), Verdict("refuted", reason="as test_claims shows")


def examined_again(right: Claim, wrong: Claim) -> Examined:
    """The verdicts on the parts of a claim with a slip: only the part with the slip is looked at."""
    slips = list(zip(right.slips, wrong.slips, strict=True))
    return Examined(
        tuple(AS_PROVED if a is b else b.verify() for a, b in zip(right.statements, wrong.statements, strict=True)),
        tuple(AS_REFUTED if a is b else b.verify() for a, b in slips),
        tuple(AS_PROVED if a is b else b.mended() for a, b in slips),
    )


@pytest.mark.parametrize("identity", CLAIMS)
def test_no_claim_with_a_slip_is_proved_or_published(identity: str) -> None:
    """A slip that leaves a formula without a meaning is refused with an error; the page names the claim there too."""
    right = CLAIMS[identity]
    tried: Counter[str] = Counter()
    survived = []
    for kind, wrong, _ in sample(right):
        tried[kind] += 1
        try:
            parts = examined_again(right, wrong)
        except (NotationError, UndefinedError):
            tried["refused"] += 1
            with pytest.raises(page.PageError, match=rf"{identity} \("):
                page.render_claim(wrong)
            continue
        if wrong.judged(parts).status == "proved":
            survived.append(
                f"{kind}: {[b for a, b in zip(right.statements, wrong.statements, strict=True) if a is not b]}"
            )
            continue
        with pytest.raises(page.PageError, match=rf"{identity} \("):
            page.render_claim(wrong, parts)
    print(tried.total() - tried["refused"], "mutants,", len(survived), "survived:", dict(tried))
    assert survived == []
    assert tried.total() - tried["refused"] >= LEAST
