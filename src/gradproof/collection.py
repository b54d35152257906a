"""Everything that gradproof has decided already, by id: the claims of the sources, and the reference.

`records` decides many, by any executor.  What is proved is kept on disk, see `gradproof.cache`; nothing imports the engine before the cache has been asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gradproof import reference, sources
from gradproof.cache import claim_digest, digest, group_digest, remember, sources_digest
from gradproof.workers import Missing, by_executor, by_processes

if TYPE_CHECKING:
    from gradproof.claim import Claim

__all__ = ["IDS", "group", "outline", "record", "records", "rests_on", "ways"]

#: A claim's id begins with the name of its text and a full stop; an entry's has none.
IDS = (*sources.IDS, *reference.IDS)

Data = dict[str, Any]


def group(identity: str) -> str:
    """The text that a claim stands in, or the group of an entry."""
    return reference.IDS.get(identity) or identity.partition(".")[0]


def outline(identity: str) -> Data:
    """What a list shows, none of which needs a proof.  Raises KeyError for an unknown id."""
    return _kept("outline", identity)


def ways(identity: str) -> Data:
    """What is derived, how often each rule is applied for it, and the numbered definitions beneath; nothing is proved."""
    return _kept("ways", identity)


def record(identity: str) -> Data:
    """All of it, decided.  Raises KeyError for an unknown id."""
    return _kept("record", identity)


def rests_on(identity: str) -> str:
    """The digest of all that could change what is said of a claim or an entry.  Raises KeyError for an unknown id."""
    return group_digest(group(identity)) if identity in reference.IDS else claim_digest(*sources.locate(identity))


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
    defined = sources_digest() if kind == "ways" and identity in sources.IDS else ""  # any of them may define a letter
    made = remember(digest(kind, identity, rests_on(identity), defined), lambda: json.dumps(_made(kind, identity)))
    found: Data = json.loads(made)
    return found


def _made(kind: str, identity: str) -> Data:
    from gradproof import data

    if identity in reference.IDS:
        entry, name = reference.REFERENCE[identity], group(identity)
        if kind == "ways":
            derivations = [s.derivation for s in entry.statements if s.derivation is not None]
            return {"derivations": list(map(data.rules_used, derivations)), "definitions": []}
        made = data.of_entry if kind == "record" else data.entry_outline
        return made(entry, name, reference.GROUPS[name][0])
    claim = sources.CLAIMS[identity]
    if kind == "ways":
        return {"derivations": list(map(data.rules_used, claim.derivations)), "definitions": list(_definitions(claim))}
    return data.of_claim(claim) if kind == "record" else data.claim_outline(claim)


def _definitions(claim: Claim) -> Iterator[str]:
    """The ids of the definitions that a claim uses, of those to which a source gives a number."""
    used = {d for statement in claim.statements for d in getattr(statement, "definitions", ())}
    for module in sources.MODULES:
        known = getattr(import_module(f"gradproof.sources.{module}"), "DEFINITIONS", {})
        yield from (
            f"{module}.{name}" for name, definition in known.items() if name[0].isdigit() and definition in used
        )
