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
        found = dict(zip(identities, by_processes(trials, identities, PROCESSES), strict=True))
        for identity, one in found.items():
            if isinstance(one, Missing):
                raise TrialError(f"{identity} could not be tried: {one.reason}")
        return json.dumps(found)

    made: dict[str, list[Data]] = json.loads(remember(digest("trials", *keys), make))
    return made


def trials(identity: str) -> list[Data]:
    """What was found of the gradients of one claim or entry."""
    found: list[Data] = json.loads(remember(_key(identity), lambda: json.dumps(_made(identity))))
    return found


def _key(identity: str) -> str:
    rests_on = (
        group_digest(reference.IDS[identity]) if identity in reference.IDS else claim_digest(*sources.locate(identity))
    )
    return digest("trial", identity, trials_digest(), rests_on)


def _made(identity: str) -> list[Data]:
    from gradproof.trials.checkers import BUILT
    from gradproof.trials.trial import tried

    return [tried(d, BUILT, f"{identity} {n}") for n, d in enumerate(derivations(identity))]
