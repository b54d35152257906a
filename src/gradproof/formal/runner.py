"""Certificates given to Coq's kernel: in batches, in parallel, under limits, and what it said of each is kept.

A file that Coq checks is a header (imports), the texts of several certificates, and one `Print Assumptions` on all
their theorems.  Where Coq stops at a certificate, that one is rejected, and those before it and after it are given to
it anew: one that is bad condemns no other.  What is accepted was read before (vernacular.py), and rests on nothing
that is not on a list (axioms.py).

What Coq says is kept by the content of what it was asked, so that whoever has no Coq can still read it; see `kept`.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from itertools import accumulate
from pathlib import Path
from threading import Event

from gradproof import cache as kept_results
from gradproof.cache import digest
from gradproof.formal import coqc
from gradproof.formal.axioms import assumptions, not_allowed
from gradproof.formal.certificate import HEADER, NUMBERS, Certificate
from gradproof.formal.coqc import CoqMissingError, library_text, tools
from gradproof.formal.vernacular import is_usual, refusal

__all__ = [
    "Checked",
    "CoqMissingError",
    "check",
    "header",
    "kept",
    "library_text",
    "standalone",
    "tools",
]

SECONDS = 60.0  # for one certificate
BESIDE = 120.0  # seconds for the imports of a file, and for its assumptions, which take 6 with Interval
WORKERS = os.cpu_count() or 1
#: Certificates in a file. To load Coquelicot and to print the assumptions takes 2 s, with Interval 7 s.
IN_A_FILE, WITH_INTERVAL_IN_A_FILE = 25, 100

_OWN = ("axioms", "coqc", "runner", "vernacular")  # what decides which certificates are accepted


@dataclass(frozen=True)
class Checked:
    """What Coq said of a certificate: whether its kernel accepts every theorem of it, or why not.

    `assumptions` are those of all theorems that were checked in one file with it; each of them is on a list.
    """

    accepted: bool
    seconds: float
    says: str
    assumptions: tuple[str, ...]
    versions: str


Report = Callable[[Certificate, Checked], None]


def header(uses_interval: bool) -> str:
    """The imports of a file; those of Interval take a second and are for the certificates that need them."""
    return HEADER + NUMBERS * uses_interval


def kept(certificate: Certificate) -> Checked | None:
    """What Coq said of this very text with this library, here or wherever the kept results come from."""
    found = kept_results.find(_key(certificate)) if kept_results.NAMED else None
    if found is None:
        return None
    fields = json.loads(found)
    return Checked(**fields | {"assumptions": tuple(fields["assumptions"])})


def check(
    certificates: Iterable[Certificate], workers: int | None = None, report: Report | None = None, twice: bool = False
) -> dict[str, Checked]:
    """What Coq says of each certificate, by its id; `report` is told of each as soon as it is known.

    What it said before is not asked again, unless its versions are others now.  `twice` asks of all of them, and has
    the compiled files read by coqchk as well.
    Raises CoqMissingError, RuntimeError where our library does not compile, and ValueError for two that have one name.
    """
    versions = tools()
    given = _named_apart(certificates)
    found: dict[str, Checked] = {}

    def tell(certificate: Certificate, checked: Checked) -> None:
        found[certificate.id] = checked
        if report is not None:
            report(certificate, checked)

    todo = []
    for certificate in given.values():
        before = None if twice else kept(certificate)
        if before is not None and before.versions == versions:
            tell(certificate, before)
        elif refused := refusal(certificate, library_text()):
            tell(certificate, Checked(False, 0.0, f"refused before Coq saw it: {refused}", (), versions))
        else:
            todo.append(certificate)
    if todo:
        coqc.compiled_library()
        _all_batches(todo, workers or WORKERS, twice, tell)
    return {identity: found[identity] for identity in given}


def _named_apart(certificates: Iterable[Certificate]) -> dict[str, Certificate]:
    """Certificates by their ids; two that Coq could take for one are an error."""
    named: dict[str, Certificate] = {}
    for certificate in certificates:
        other = named.setdefault(certificate.module, certificate)
        if other != certificate:
            raise ValueError(f"{other.id} and {certificate.id} have one name in Coq: {certificate.module}")
    return {certificate.id: certificate for certificate in named.values()}


def _all_batches(todo: Sequence[Certificate], workers: int, twice: bool, tell: Report) -> None:
    session = _Session(twice)
    parts = [(with_interval, [c for c in todo if c.uses_interval == with_interval]) for with_interval in (True, False)]
    batches = [
        b for uses, some in parts for b in _batches(some, WITH_INTERVAL_IN_A_FILE if uses else IN_A_FILE, workers)
    ]
    with ThreadPoolExecutor(workers) as pool:
        try:
            for future in as_completed([pool.submit(_decide, batch, session) for batch in batches]):
                for certificate, checked, lasting in future.result():
                    if lasting:
                        kept_results.keep(_key(certificate), json.dumps(asdict(checked)))
                    tell(certificate, checked)
        except BaseException:
            session.stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def _batches(certificates: Sequence[Certificate], most: int, workers: int) -> list[list[Certificate]]:
    """Files of about the same size, none with more than `most` certificates if that can be, and no worker without one."""
    count = len(certificates)
    files = min(count, workers * -(-count // (workers * most)))
    batches: list[list[Certificate]] = [[] for _ in range(files)]
    sizes = [0] * files
    for certificate in sorted(certificates, key=lambda c: (-len(c.text()), c.id)):
        least = sizes.index(min(sizes))
        batches[least].append(certificate)
        sizes[least] += len(certificate.text())
    return batches


_Decided = tuple[Certificate, Checked, bool]  # the last: another day it would be the same


@dataclass(frozen=True)
class _Session:
    """What all workers of one call share: whether coqchk is asked as well, and whether to go on."""

    twice: bool
    stop: Event = field(default_factory=Event)


class _File:
    """A file for Coq: imports, certificates, and at the end the assumptions of all their theorems.

    Its parts are numbered: -1 are the imports, n the n-th certificate, and behind the last come the assumptions.
    """

    def __init__(self, batch: Sequence[Certificate]) -> None:
        head = header(batch[0].uses_interval).encode() + b"\n"
        texts = [f"{certificate.text().strip()}\n\n".encode() for certificate in batch]
        theorems = [f"let _ := {theorem} in" for certificate in batch for theorem, _ in certificate.theorems]
        # a tuple of all theorems would do, but its type takes Coq seconds
        ends = ["Definition every_theorem : True :=", *theorems, "I.", "Print Assumptions every_theorem.", ""]
        self.starts = list(accumulate(map(len, texts), initial=len(head)))
        self.text = head + b"".join(texts) + "\n".join(ends).encode()

    def part(self, place: int) -> int:
        """The part in which the next sentence after this place stands."""
        following = _INK.search(self.text, place)
        return bisect_right(self.starts, following.start() if following else place) - 1

    def seconds(self, part: int) -> float:
        """How long a part may take."""
        return SECONDS if 0 <= part < len(self.starts) - 1 else BESIDE

    def where(self, reached: int) -> str:
        """The sentence after this place, and which theorem it states or proves."""
        end = _STOP.search(self.text, reached + 1)
        last = end.end() if end else len(self.text)
        sentence = " ".join(self.text[reached:last].decode(errors="replace").split())
        stated = _STATED.findall(self.text[self.starts[max(self.part(reached), 0)] : last])
        theorem = f"{stated[-1].decode()}, " if stated else ""
        return f"{theorem}at “{sentence if len(sentence) <= 80 else sentence[:77] + '...'}”: "


_INK, _STOP, _STATED = (
    re.compile(rb"\S"),
    re.compile(rb"\.\s"),
    re.compile(rb"^\s*(?:Theorem|Lemma)\s+([\w']+)", re.MULTILINE),
)


def standalone(certificate: Certificate) -> str:
    """A file for one certificate, which prints what its theorems rest on: `coqc -Q . Gradproof FILE`, beside our library."""
    return _File([certificate]).text.decode()


def _decide(batch: Sequence[Certificate], session: _Session) -> list[_Decided]:
    """What Coq says of each certificate of a batch."""
    if not batch or session.stop.is_set():
        return []
    file = _File(batch)
    ran = _ran(file, session)
    if session.stop.is_set():
        return []
    here = file.part(ran.reached)
    if ran.failed and here < 0:
        raise RuntimeError(f"the imports of a file of certificates fail: {ran.failed}")
    if ran.failed and here < len(batch):
        return _without(batch, here, session, file.where(ran.reached) + ran.failed, not ran.stopped)
    if ran.failed:  # where it fails is not known: at the assumptions of all, or in coqchk
        return _halved(batch, session, ran.failed, not ran.stopped)
    for first, last, _ in ran.done:  # the text was read before, but it counts how Coq reads it
        here, sentence = file.part(first), file.text[first:last].decode(errors="replace")
        if 0 <= here < len(batch) and not is_usual(sentence):
            return _without(batch, here, session, f"Coq read a command that no certificate needs: {sentence}", True)
    found = assumptions(ran.printed)
    if wrong := not_allowed(found, batch[0].uses_interval):
        return _halved(batch, session, f"it rests on what is on no list: {_several(wrong)}", True, found)
    took = [0.0] * len(batch)
    for first, _, seconds in ran.done:
        if 0 <= file.part(first) < len(batch):
            took[file.part(first)] += seconds
    return [
        (c, Checked(True, round(t, 3), _accepted(c), found, tools()), True) for c, t in zip(batch, took, strict=True)
    ]


def _ran(file: _File, session: _Session) -> coqc.Run:
    with tempfile.TemporaryDirectory(prefix="gradproof-") as name:
        folder, library = Path(name), coqc.compiled_library()
        (folder / "batch.v").write_bytes(file.text)
        ran = coqc.run(folder, "batch", library, file.part, file.seconds, session.stop)
        again = "" if ran.failed or not session.twice else coqc.checked_again(folder, "batch", library, BESIDE)
    return replace(ran, failed=again, stopped=True) if again else ran


def _without(batch: Sequence[Certificate], here: int, session: _Session, why: str, lasting: bool) -> list[_Decided]:
    """Reject one certificate of a batch, and decide the others anew."""
    bad = _rejected(batch[here], why, lasting)
    return [*_decide(batch[:here], session), bad, *_decide(batch[here + 1 :], session)]


def _halved(
    batch: Sequence[Certificate], session: _Session, why: str, lasting: bool, found: tuple[str, ...] = ()
) -> list[_Decided]:
    """Find out of which certificate of a batch it is true that something is wrong with it."""
    if len(batch) == 1:
        return [_rejected(batch[0], why, lasting, found)]
    middle = len(batch) // 2
    return [*_decide(batch[:middle], session), *_decide(batch[middle:], session)]


def _accepted(certificate: Certificate) -> str:
    count = len(tuple(certificate.theorems))
    return f"{count} theorem{'s' * (count != 1)} accepted"


def _several(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _rejected(certificate: Certificate, why: str, lasting: bool, found: tuple[str, ...] = ()) -> _Decided:
    return certificate, Checked(False, 0.0, why, found, tools()), lasting


def _key(certificate: Certificate) -> str:
    return digest("certificate", _rules(), library_text(), header(certificate.uses_interval), certificate.text())


@cache
def _rules() -> str:
    """Name the code that decides what is accepted."""
    return digest(*(Path(__file__).with_name(f"{name}.py").read_text("utf-8") for name in _OWN))
