"""Everything that gradproof has decided already, by id: the claims of the sources, and the reference.

What is proved is kept on disk, see `gradproof.cache`; nothing imports the engine before the cache has been asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from multiprocessing import get_all_start_methods, get_context
from signal import SIG_IGN, SIGINT, signal
from typing import Any

from gradproof import reference, sources
from gradproof.cache import claim_digest, digest, group_digest, remember

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


def records(identities: Sequence[str], jobs: int = 1) -> Iterator[Data]:
    """The records of several, in this order, by so many processes; Ctrl-C ends them all."""
    if jobs == 1 or len(identities) == 1:
        yield from map(record, identities)
        return
    # never a plain fork: the caller may have threads (JAX has), and a fork of those can hang
    start = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
    with get_context(start).Pool(jobs, signal, (SIGINT, SIG_IGN)) as pool:
        yield from pool.imap(record, identities)


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
