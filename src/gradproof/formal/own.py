"""Certificates on request: of a user's gradient or claim, or of what gradproof has decided; written, and given to Coq."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradproof.formal.axioms import INTEGERS, REAL_ANALYSIS
from gradproof.formal.certificate import Certificate
from gradproof.formal.coqc import LIBRARY, CoqMissingError, library_files
from gradproof.formal.emission import emitted
from gradproof.formal.runner import check, standalone
from gradproof.problem import ProblemError

if TYPE_CHECKING:
    from gradproof.answer import Answer
    from gradproof.formal.runner import Checked

__all__ = ["Certified", "Wanted", "certified", "of_answer", "of_decided"]

_HYPOTHESIS = re.compile(r"^Hypothesis \S+ : (.*)\.$", re.MULTILINE)


@dataclass(frozen=True)
class Wanted:
    """A certificate, or why there is none; refutes: whether it says that what is claimed is false."""

    id: str
    certificate: Certificate | None
    reason: str = ""
    refutes: bool = False


def of_decided(identity: str) -> Iterator[Wanted]:
    """The certificates of a claim of the sources or an entry of the reference."""
    for one in emitted(identity):
        yield Wanted(one.id, one) if isinstance(one, Certificate) else Wanted(one.id, None, one.reason)


def of_answer(answer: Answer, identity: str) -> Wanted:
    """The certificate of a user's gradient.

    Where nothing is claimed, what was derived is proved.  A claim that the engine refutes is refuted at its witness; any
    other is proved, or has no certificate.
    """
    from gradproof.formal.writing import NoCertificateError

    if answer.statement is not None:
        return Wanted(identity, None, "it is made for gradients, and this is an equation")
    if len(answer.lines) > 1:
        raise ProblemError(f"the gradient is one formula here, not a derivation of {len(answer.lines)} lines")
    refutes = bool(answer.lines) and answer.status == "refuted"
    try:
        return Wanted(identity, _made(answer, identity, refutes), refutes=refutes)
    except (NoCertificateError, RecursionError) as error:
        return Wanted(identity, None, str(error))


def _made(answer: Answer, identity: str, refutes: bool) -> Certificate:
    from gradproof.formal.gradient import proved
    from gradproof.formal.points import example, refutation

    d = answer.derivation
    claim = answer.claim if answer.lines else d.closed
    general = proved(d.loss, d.wrt, d.closed if refutes else claim, d.definitions, d.assumptions)
    more = (refutation("as_claimed", general, claim, answer.verdict.witness),) if refutes else ()
    return Certificate(identity, (general.part, example(general), *more))


# --- what becomes of it -------------------------------------------------------------------
@dataclass(frozen=True)
class Certified:
    """What became of the wish for a certificate.

    status: "proved" or "refuted" only where Coq's kernel accepts the certificate; "rejected" where it does not.
    says: in words.  certificate: None where none could be made.  folder: where it was written.
    """

    id: str
    status: str
    says: str
    certificate: Certificate | None = None
    folder: Path | None = None
    assumptions: tuple[str, ...] = ()
    versions: str = ""

    @property
    def file(self) -> str | None:
        """Where the certificate was written."""
        written = self.certificate is not None and self.folder is not None
        return str(self.folder / _name(self.certificate)) if written else None  # type: ignore[arg-type, operator]

    @property
    def command(self) -> str | None:
        """What checks it, in the folder where it was written beside our library."""
        if self.certificate is None or self.folder is None:
            return None
        needed = [name for name in library_files() if self.certificate.uses_interval or name == f"{LIBRARY}.v"]
        return " && ".join(f"coqc -Q . {LIBRARY} {name}" for name in (*needed, _name(self.certificate)))

    @property
    def states(self) -> tuple[str, ...]:
        """What it states, in words: for every value of the letters, and what is wrong at a point."""
        parts = self.certificate.parts if self.certificate else ()
        return tuple(t.says for p in parts for t in p.theorems if t.kind == ("holds" if p.general else "refuted"))

    @property
    def supposes(self) -> tuple[str, ...]:
        """The hypotheses of what it states for every value, as Coq reads them."""
        openings = (p.opening for p in (self.certificate.parts if self.certificate else ()) if p.general)
        return tuple(says for opening in openings for says in _HYPOTHESIS.findall(opening))

    def data(self) -> Mapping[str, Any]:
        """All of it as plain data."""
        theorems = self.certificate.theorems if self.certificate else ()
        return {
            "id": self.id,
            "status": self.status,
            "says": self.says,
            "file": self.file,
            "command": self.command,
            "supposes": list(self.supposes),
            "theorems": [
                {"name": name, "kind": t.kind, "says": t.says, "statement": t.statement} for name, t in theorems
            ],
            "assumptions": list(self.assumptions),
            "checked_by": self.versions,
        }


def certified(asked: Sequence[Wanted], folder: Path | None) -> Iterator[Certified]:
    """Write the certificates into a folder, unless it is None, and have Coq check them, one file at a time.

    Raises ProblemError where the folder cannot be written, and for two that would have one file.
    """
    there = [one.certificate for one in asked if one.certificate is not None]
    if len({_name(one) for one in there}) < len(there):
        raise ProblemError("two of the certificates would have one file; give each problem another id")
    if folder is not None and there:
        _write(folder, there)
    answers: Mapping[str, Checked] = {}
    absent = ""
    try:
        answers = check(there, workers=1) if there else {}
    except (CoqMissingError, RuntimeError) as error:
        absent = str(error)
    for one in asked:
        if one.certificate is None:
            yield Certified(one.id, "undecided", f"no certificate: {one.reason}")
        elif absent:
            says = f"not checked, and nothing is claimed: {absent}"
            yield Certified(one.id, "undecided", says, one.certificate, folder)
        else:
            yield _told(one, one.certificate, folder, answers[one.id])


def _told(asked: Wanted, certificate: Certificate, folder: Path | None, answer: Checked) -> Certified:
    if not answer.accepted:
        says = f"rejected by Coq's kernel, and nothing is claimed: {answer.says}"
        return Certified(asked.id, "rejected", says, certificate, folder, (), answer.versions)
    count = len(tuple(certificate.theorems))
    rests = [name.rpartition(".")[2] for name in answer.assumptions if name in REAL_ANALYSIS]
    rests += ["the machine's integers of 63 bits"] * any(name in INTEGERS for name in answer.assumptions)
    status, by = (
        ("refuted", "by a proof that Coq's kernel accepts") if asked.refutes else ("proved", "accepted by Coq's kernel")
    )
    says = f"{by}: {count} theorems, axioms: {', '.join(rests) or 'none'}"
    return Certified(asked.id, status, says, certificate, folder, answer.assumptions, answer.versions)


# --- files --------------------------------------------------------------------------------
def _name(certificate: Certificate) -> str:
    return f"{certificate.module}.v"


def _write(folder: Path, certificates: Sequence[Certificate]) -> None:
    """Write what a reader needs to check each certificate alone: each file is whole, or as it was before."""
    texts = {**library_files(), **{_name(one): standalone(one) for one in certificates}}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".gradproof-", dir=folder) as new:
            for file, text in texts.items():
                Path(new, file).write_text(text, "utf-8")
            for file in texts:
                Path(new, file).replace(folder / file)
    except OSError as error:
        raise ProblemError(f"the certificate cannot be written into {folder}: {error.strerror}") from error
