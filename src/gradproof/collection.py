"""Everything that gradproof has decided already, by id: the claims of the sources, and the reference.

`records` decides many, by any executor.  What is proved is kept on disk, see `gradproof.cache`; nothing imports the engine before the cache has been asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from typing import Any

from gradproof import reference, sources
from gradproof.cache import claim_digest, digest, group_digest, remember
from gradproof.workers import Missing, by_executor, by_processes

__all__ = ["IDS", "group", "outline", "record", "records"]

#: A claim's id begins with the name of its text and a full stop; an entry's has none.
IDS = (*sources.IDS, *reference.IDS)

Data = dict[str, Any]


def group(identity: str) -> str:
    """The text that a claim stands in, or the group of an entry."""
    return reference.IDS.get(identity) or identity.partition(".")[0]


def outline(identity: str) -> Data:
    """What a list shows, none of which needs a proof.  Raises KeyError for an unknown id."""
    return _kept("outline", identity)


def record(identity: str) -> Data:
    """All of it, decided.  Raises KeyError for an unknown id."""
    return _kept("record", identity)


def records(identities: Sequence[str], jobs: int = 1, executor: Executor | None = None) -> Iterator[Data]:
    """The records of several, in this order: in this process, by so many processes, or by the caller's executor.

    Where a worker raises, hangs or is killed, the record is undecided and says so.  Ctrl-C ends all processes.
    """
    if executor is not None:
        found: Iterator[Any] = by_executor(record, identities, executor)
    elif jobs == 1 or len(identities) == 1:
        found = map(record, identities)
    else:
        found = by_processes(record, identities, jobs)
    for identity, one in zip(identities, found, strict=True):
        yield _missing(identity, one.reason) if isinstance(one, Missing) else one


def _missing(identity: str, reason: str) -> Data:
    """The record of what was not decided."""
    from gradproof import data
    from gradproof.verdict import Verdict

    return {"id": identity, "kind": "missing", "verdict": data.of_verdict(Verdict("undecided", reason=reason))}


def _kept(kind: str, identity: str) -> Data:
    rests_on = group_digest(group(identity)) if identity in reference.IDS else claim_digest(*sources.locate(identity))
    made = remember(digest(kind, identity, rests_on), lambda: json.dumps(_made(kind, identity)))
    found: Data = json.loads(made)
    return found


def _made(kind: str, identity: str) -> Data:
    from gradproof import data

    if identity in reference.IDS:
        entry, name = reference.REFERENCE[identity], group(identity)
        made = data.of_entry if kind == "record" else data.entry_outline
        return made(entry, name, reference.GROUPS[name][0])
    claim = sources.CLAIMS[identity]
    return data.of_claim(claim) if kind == "record" else data.claim_outline(claim)
