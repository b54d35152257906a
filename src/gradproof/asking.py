r"""The way back: what was decided, as the fields of a problem, so that it can be opened, edited and decided again.

    of_claim("backprop.5.12"), of_gradient("softmax-cross-entropy"), fragment(problem)

Each returns what stands behind check/# in the address of the live page.  A gradient is a loss, its variable and the
claimed side; another equality is an equation; anything else is named by its id, which the page decides as it stands.
The formulas are LaTeX where that reads back, else SymPy notation; with no more declarations than they need.

Nothing imports the engine before the cache has been asked.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

from gradproof import reference, sources
from gradproof.cache import claim_digest, digest, group_digest, remember
from gradproof.problem import FIELDS, Problem

if TYPE_CHECKING:
    from gradproof.claim import Claim
    from gradproof.reference.entry import Entry

__all__ = ["fragment", "of_claim", "of_gradient", "of_slip", "of_statement", "problem_of"]


def fragment(problem: Problem) -> str:
    """The fields of a problem as the fragment of an address: name=value pairs, those that are empty left out."""
    pairs = list[str]()
    for name in (field.name for field in fields(problem) if field.name in FIELDS):
        value = getattr(problem, name)
        pairs += [f"{name}={quote(one, safe='')}" for one in (value if isinstance(value, tuple) else (value,)) if one]
    return "&".join(pairs).replace("%20", "+")


def of_claim(identity: str) -> str:
    """What "try it" opens at a claim of the sources: where all of it is false as printed, that; else what it says.

    That is its first gradient, or its first statement, if that is an equality; else the claim is named by its id.
    """
    return str(_kept(identity)["shown"])


def of_statement(identity: str, number: int = 0) -> str:
    """One of the statements of a claim; one that no fields can state is named by the claim's id."""
    return str(_kept(identity)["statements"][number])


def of_gradient(identity: str, number: int = 0) -> str:
    """One of the gradients of an entry of the reference."""
    return str(_kept(identity)["statements"][number])


def of_slip(identity: str, number: int = 0) -> str:
    """What fails: a slip of a claim as it was printed, or one of the usual slips of an entry, in their order."""
    return str(_kept(identity)["slips"][number])


def problem_of(text: str) -> Problem | None:
    """The problem that a fragment holds; None for the id of a claim."""
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(text):
        found.setdefault(name, []).append(value)
    if "claim" in found:
        return None
    return Problem(**{n: tuple(v) if FIELDS[n] else v[0] for n, v in found.items()})  # type: ignore[arg-type] # as declared


def _kept(identity: str) -> dict[str, Any]:
    entry = identity in reference.IDS
    rests_on = group_digest(reference.IDS[identity]) if entry else claim_digest(*sources.locate(identity))

    def make() -> str:
        return json.dumps(_of_entry(reference.REFERENCE[identity]) if entry else _of_claim(sources.CLAIMS[identity]))

    found: dict[str, Any] = json.loads(remember(digest("asked", identity, rests_on), make))
    return found


def _of_claim(claim: Claim) -> dict[str, Any]:
    from gradproof.fields import asked
    from gradproof.statements import Differs, Equality

    statements = [asked(s) for s in claim.statements]
    slips = [asked(slip.reading) for slip in claim.slips]
    false = [
        made
        for slip, made in zip(claim.slips, slips, strict=True)
        if not slip.place and isinstance(slip.reading, Equality)
    ]
    gradients = [n for n, s in enumerate(claim.statements) if isinstance(s, Equality) and s.derive is not None]
    first = [0] if isinstance(claim.statements[0], (Equality, Differs)) else []
    shown = [*false, *(statements[n] for n in (*gradients, *first)), None]
    return _printed(claim.id, shown[0], statements, slips)


def _of_entry(entry: Entry) -> dict[str, Any]:
    from gradproof.fields import asked

    pairs = zip(entry.statements, entry.gradients, strict=True)
    statements = [asked(s) for s in entry.statements]
    slips = [asked(replace(s, right=wrong.formula)) for s, gradient in pairs for wrong in gradient.wrong]
    return _printed(entry.id, statements[0], statements, slips)


def _printed(
    identity: str, shown: Problem | None, statements: Sequence[Problem | None], slips: Sequence[Problem | None]
) -> dict[str, Any]:
    """As fragments; raises ValueError for one that does not say what it was made of."""

    def one(problem: Problem | None) -> str:
        if problem is None:
            return f"claim={quote(identity)}"
        made = fragment(problem)
        if problem_of(made) != problem:
            raise ValueError(f"the fragment of {identity} does not say what it was made of: {made}")
        return made

    return {"shown": one(shown), "statements": [*map(one, statements)], "slips": [*map(one, slips)]}
