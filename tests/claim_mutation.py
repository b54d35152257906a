"""Every claim that is one slip away from a published one: see `statement_slips`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from gradproof.claim import Claim
from statement_slips import always, but, next_digit, slips

__all__ = ["Candidate", "candidates"]


class Candidate(NamedTuple):
    """One slip: its kind, the statement with it, and whether the slip is seen by evaluation."""

    kind: str
    mutated: Claim
    seen: Callable[[], bool]


def candidates(claim: Claim) -> Iterator[Candidate]:
    """Every claim that is one slip away from this one: in a statement, a correction, a line, or a reading."""
    for n, statement in enumerate(claim.statements):
        for kind, changed, seen in slips(statement, claim.id):
            statements = (*claim.statements[:n], changed, *claim.statements[n + 1 :])
            yield Candidate(f"{type(statement).__name__}: {kind}", replace(claim, statements=statements), seen)
    for n, slip in enumerate(claim.slips):
        changes: list[tuple[str, Any, Callable[[], bool]]] = []
        if slip.corrected is not None:
            for kind, changed, seen in slips(slip.corrected, claim.id):
                label = f"correction, {type(slip.corrected).__name__}: {kind}"
                changes.append((label, replace(slip, corrected=changed), seen))
        changes.append(
            ("slip: its reading is what holds", replace(slip, reading=slip.corrected or claim.statements[0]), always)
        )
        if slip.values:
            for side in (0, 1):
                values = but(slip.values, side, next_digit(slip.values[side]))
                changes.append(("slip: a value", replace(slip, values=values), always))
        for label, other, seen in changes:
            yield Candidate(label, replace(claim, slips=but(claim.slips, n, other)), seen)
