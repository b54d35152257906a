"""Formal certificates: a derivation as a proof that Coq's kernel checks, for every size."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradproof.formal.certificate import Certificate, Missing

__all__ = ["certificates"]


def certificates(identity: str) -> tuple[Certificate | Missing, ...]:
    """The certificates of a claim or an entry, or for each why there is none.  Raises KeyError for an unknown id."""
    from gradproof.formal.claims import certificates as made

    return made(identity)
