"""What is known of the certificates of a claim or an entry, and the files with which a reader can check them.

Nothing here runs Coq: a certificate counts as accepted only where `kept` has that answer for its very text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from gradproof.formal.certificate import HEADER, NUMBERS, Certificate, Missing
from gradproof.formal.coqc import LIBRARY, library_files, library_text
from gradproof.formal.emission import emitted
from gradproof.formal.runner import Checked, kept
from gradproof.formal.vernacular import refusal

__all__ = ["Known", "Status", "command", "data", "file_name", "files", "known", "text"]

#: accepted: all of it.  in part: the rest was rejected or has no certificate.  unchecked: Coq's answer to a part of it is
#: not known here.  none: it states nothing that could have a certificate.
Status = Literal["accepted", "in part", "unchecked", "rejected", "missing", "none"]

FOLDER = "certificates"  # of the site


@dataclass(frozen=True)
class Known:
    """The certificates of a claim or an entry, each with Coq's answer where it is known, and what has none."""

    identity: str
    decided: tuple[tuple[Certificate, Checked | None], ...]
    missing: tuple[Missing, ...]

    @property
    def status(self) -> Status:
        """What may be said of all together."""
        if any(answer is None for _, answer in self.decided):
            return "unchecked"
        if not self.decided:
            return "missing" if self.missing else "none"
        if not self.shown:
            return "rejected"
        return "in part" if self.rejected or self.missing else "accepted"

    @property
    def shown(self) -> tuple[Certificate, ...]:
        """The certificates that a reader is shown: all but those that were rejected."""
        return tuple(certificate for certificate, answer in self.decided if answer is None or answer.accepted)

    @property
    def rejected(self) -> tuple[tuple[Certificate, Checked], ...]:
        """What Coq does not accept, with what it says."""
        return tuple((one, answer) for one, answer in self.decided if answer is not None and not answer.accepted)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why a part of it has no certificate that Coq accepts."""
        rejected = (f"Coq does not accept what was made: {answer.says}" for _, answer in self.rejected)
        return tuple(dict.fromkeys((*(one.reason for one in self.missing), *rejected)))

    @property
    def count(self) -> int:
        """The number of theorems that are shown."""
        return sum(len(tuple(certificate.theorems)) for certificate in self.shown)

    @property
    def refuted(self) -> int:
        """The number of formulas that are shown to be wrong."""
        return sum(theorem.kind == "refuted" for one in self.shown for _, theorem in one.theorems)

    @property
    def every_size(self) -> bool:
        """Whether what it states holds for every size: some letters are sizes, and no certificate is of numbers only."""
        holds = [[part for part in one.parts if any(t.kind == "holds" for t in part.theorems)] for one in self.shown]
        general = [[part for part in parts if part.general] for parts in holds if parts]
        sized = any("Hypothesis size_" in part.opening for parts in general for part in parts)
        return sized and all(general)


def known(identity: str) -> Known:
    """What is known of a claim or an entry."""
    found = emitted(identity)
    certificates = [one for one in found if isinstance(one, Certificate)]
    return Known(
        identity,
        tuple((certificate, _answer(certificate)) for certificate in certificates),
        tuple(one for one in found if isinstance(one, Missing)),
    )


def _answer(certificate: Certificate) -> Checked | None:
    """What Coq said, where that is known, or that it was not asked, since the text is none that may be believed."""
    found = kept(certificate)
    if found is None and (why := refusal(certificate, library_text())):
        return Checked(False, 0.0, f"refused before Coq saw it: {why}", (), "")
    return found


# --- files -----------------------------------------------------------------------------------
def file_name(found: Known) -> str:
    """The file of a claim or an entry, which Coq calls by this name."""
    return f"{Certificate(found.identity, ()).module}.v"


def command(found: Known) -> str:
    """What checks the file, in a folder with it and the library."""
    return " && ".join(f"coqc -Q . {LIBRARY} {name}" for name in (*library_files(), file_name(found)))


def text(found: Known) -> str:
    """The file: certificates, each below the imports with which it was checked, and at the end what all of them rest on."""
    plain, with_numbers = ([one for one in found.shown if one.uses_interval == uses] for uses in (False, True))
    parts = [
        HEADER,
        *(one.text() for one in plain),
        *[NUMBERS][: len(with_numbers)],
        *(one.text() for one in with_numbers),
    ]
    names = (f"let _ := {name} in" for one in found.shown for name, _ in one.theorems)
    return "\n".join((*parts, "Definition every_theorem : True :=", *names, "I.", "Print Assumptions every_theorem.\n"))


def files(identities: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The library, and a file for each claim and entry that has a certificate, by their places on the site."""
    yield from ((f"{FOLDER}/{name}", content) for name, content in library_files().items())
    taken: dict[str, str] = {}
    for found in map(known, identities):
        name = file_name(found)
        if found.shown:
            if name in taken:
                raise ValueError(f"{found.identity} and {taken[name]} would have one file: {name}")
            taken[name] = found.identity
            yield f"{FOLDER}/{name}", text(found)


# --- as data ----------------------------------------------------------------------------------
def data(identity: str) -> dict[str, Any]:
    """What is known as plain data; the place of the file is from the root of the site."""
    found = known(identity)
    return {
        "status": found.status,
        "reasons": list(found.reasons),
        "file": f"{FOLDER}/{file_name(found)}" if found.shown else None,
        "command": command(found) if found.shown else None,
        "theorems": [
            {
                "name": name,
                "kind": theorem.kind,
                "says": theorem.says,
                "statement": theorem.statement,
                "accepted": answer is not None and answer.accepted,
            }
            for certificate, answer in found.decided
            if certificate in found.shown
            for name, theorem in certificate.theorems
        ],
        "checked_by": sorted(
            {answer.versions for _, answer in found.decided if answer is not None and answer.versions}
        ),
    }
