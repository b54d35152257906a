"""The certificates of everything that gradproof has decided, made once and kept: nothing here imports the engine before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from gradproof import collection, workers
from gradproof.cache import digest, formal_digest, is_kept, remember
from gradproof.formal.certificate import Certificate, Missing, Part, Theorem

__all__ = ["emitted", "emitted_by"]

Emitted = tuple[Certificate | Missing, ...]


def emitted(identity: str) -> Emitted:
    """The certificates of a claim or an entry, or why there is none; nothing where it says nothing that has one."""
    try:
        made = remember(_key(identity), lambda: json.dumps(_made(identity)))
    except Exception as error:  # noqa: BLE001 # one that cannot be made takes no other with it
        return (Missing(identity, f"to make it failed: {type(error).__name__}: {error}"),)
    return tuple(map(_object, json.loads(made)))


def emitted_by(identities: Sequence[str], jobs: int) -> Iterator[tuple[str, Emitted]]:
    """Those of several, made by so many processes; where one of these fails, that is why there is no certificate."""
    todo = [identity for identity in identities if not is_kept(_key(identity))]
    failed: dict[str, str] = {}
    if len(todo) > 1 and jobs > 1:
        made = zip(todo, workers.by_processes(emitted, todo, min(jobs, len(todo))), strict=True)
        failed = {identity: one.reason for identity, one in made if isinstance(one, workers.Missing)}
    for identity in identities:
        yield identity, (Missing(identity, failed[identity]),) if identity in failed else emitted(identity)


def _key(identity: str) -> str:
    return digest("certificates", identity, collection.rests_on(identity), formal_digest())


def _made(identity: str) -> list[dict[str, Any]]:
    from gradproof.formal import certificates

    return [asdict(one) for one in certificates(identity)]


def _object(fields: dict[str, Any]) -> Certificate | Missing:
    if "reason" in fields:
        return Missing(**fields)
    parts = [Part(**{**part, "theorems": tuple(Theorem(**t) for t in part["theorems"])}) for part in fields["parts"]]
    return Certificate(**{**fields, "parts": tuple(parts)})
