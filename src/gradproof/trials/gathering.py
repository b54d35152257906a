"""Every gradient of the claims and of the reference on trial, kept on disk by what a result depends on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from gradproof import reference, sources
from gradproof.cache import claim_digest, digest, group_digest, remember, trials_digest
from gradproof.workers import Missing, by_processes

__all__ = ["TrialError", "all_trials", "derivations", "trials"]

PROCESSES = 2
PARCELS = 24  # for a process a parcel is one task: many unequal ones are balanced better

Data = dict[str, Any]


class TrialError(Exception):
    """A gradient could not be tried."""


def derivations(identity: str) -> list[Any]:
    """The derivations of a claim, or of an entry of the reference, in order."""
    if identity in reference.IDS:
        entry = reference.REFERENCE[identity]
        return [entry.derivation(gradient) for gradient in entry.gradients]
    return list(sources.CLAIMS[identity].derivations)


def all_trials(identities: Sequence[str] = (*sources.IDS, *reference.IDS)) -> dict[str, list[Data]]:
    """By id, what was found of each gradient; tried by processes, unless it is known.  Raises TrialError."""
    keys = [_key(identity) for identity in identities]

    def make() -> str:
        parcels = [identities[n::PARCELS] for n in range(min(PARCELS, len(identities)))]
        found: dict[str, list[Data]] = {}
        for parcel, tried in zip(parcels, by_processes(_tried, list(map(" ".join, parcels)), PROCESSES), strict=True):
            if isinstance(tried, Missing):
                raise TrialError(f"one of {', '.join(parcel)} could not be tried: {tried.reason}")
            found.update(tried)
        return json.dumps({identity: found[identity] for identity in identities})

    made: dict[str, list[Data]] = json.loads(remember(digest("trials", *keys), make))
    return made


def trials(identity: str) -> list[Data]:
    """What was found of the gradients of one claim or entry."""
    found: list[Data] = json.loads(remember(_key(identity), lambda: json.dumps(_made(identity))))
    return found


def _tried(parcel: str) -> dict[str, list[Data]]:
    """What was found of several, whose ids are joined by spaces."""
    return {identity: trials(identity) for identity in parcel.split()}


def _key(identity: str) -> str:
    rests_on = (
        group_digest(reference.IDS[identity]) if identity in reference.IDS else claim_digest(*sources.locate(identity))
    )
    return digest("trial", identity, trials_digest(), rests_on)


def _made(identity: str) -> list[Data]:
    from gradproof.trials.checkers import BUILT
    from gradproof.trials.trial import tried

    return [tried(d, BUILT, f"{identity} {n}") for n, d in enumerate(derivations(identity))]
