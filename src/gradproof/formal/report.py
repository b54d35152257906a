"""`nox -s formal`: every certificate given to Coq's kernel, and a table of what it says."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradproof import collection, sources
from gradproof.formal.axioms import INTEGERS, REAL_ANALYSIS
from gradproof.formal.certificate import Certificate, Missing
from gradproof.formal.coqc import library_files
from gradproof.formal.emission import emitted_by
from gradproof.formal.runner import WORKERS, Checked, CoqMissingError, check, standalone, tools

__all__ = ["main", "table", "write"]

REJECTED, CANNOT = 1, 2  # exit codes


def main(arguments: Sequence[str] | None = None) -> int:
    """Check, print the table, and return the exit code: 1 if a certificate is rejected, 2 if there is no Coq."""
    options = _parser().parse_args(arguments)
    begun = time.monotonic()
    wanted = [i for i in collection.IDS if not options.id or i in options.id or collection.group(i) in options.id]
    if unknown := set(options.id) - {*wanted, *map(collection.group, wanted)}:
        return _cannot(f"nothing has the id {', '.join(sorted(unknown))}; `gradproof list` shows every id")
    try:
        versions = tools()
        found = dict(emitted_by(wanted, options.workers))
        made = time.monotonic()
        certificates = [one for some in found.values() for one in some if isinstance(one, Certificate)]
        if options.write:
            write(options.write, certificates)
        answers = check(certificates, options.workers, _told, options.twice)
    except (CoqMissingError, RuntimeError) as error:
        return _cannot(str(error))
    print(table(found, answers))
    print(f"{versions}; {made - begun:.1f} s to make the certificates, {time.monotonic() - made:.1f} s to check them")
    return 0 if all(answer.accepted for answer in answers.values()) else REJECTED


def _parser() -> ArgumentParser:
    parser = ArgumentParser("nox -s formal --", description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    add("id", nargs="*", metavar="ID", help="ids or groups, as `gradproof list` has them; all unless given")
    add("--workers", type=int, default=WORKERS, metavar="N", help="so many files at a time (default: %(default)s)")
    add("--twice", action="store_true", help="check all anew, and have the compiled files read by coqchk as well")
    add(
        "--write",
        type=Path,
        metavar="FOLDER",
        help="write our library and a file for each certificate, for `coqc -Q . Gradproof FILE`",
    )
    return parser


def write(folder: Path, certificates: Iterable[Certificate]) -> None:
    """Write what a reader needs to check each certificate alone: our library, which is compiled first, and its file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in library_files().items():
        (folder / name).write_text(text, "utf-8")
    for certificate in certificates:
        (folder / f"{certificate.module}.v").write_text(standalone(certificate), "utf-8")


def _cannot(why: str) -> int:
    print(f"formal: {why}", file=sys.stderr)
    return CANNOT


def _told(certificate: Certificate, checked: Checked) -> None:
    """Tell of a rejection as soon as it is known, where somebody looks."""
    if not checked.accepted and sys.stderr.isatty():
        print(f"{certificate.id}: rejected: {checked.says}", file=sys.stderr, flush=True)


@dataclass
class _Count:
    """Totals of one part of the collection."""

    certificates: int = 0
    accepted: int = 0
    theorems: int = 0
    missing: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        wanted = self.certificates + self.missing
        share = f" ({100 * self.accepted / wanted:.0f} %)" if wanted else ""
        return (
            f"{self.accepted} of {wanted} certificates{share} accepted (theorems: {self.theorems}, seconds: {self.seconds:.1f});"
            f" {self.certificates - self.accepted} rejected, {self.missing} without a certificate"
        )


def table(found: Mapping[str, Iterable[Certificate | Missing]], answers: Mapping[str, Checked]) -> str:
    """A line for each certificate, or for what has none, and the totals of sources and reference."""
    rows = []
    counts = {"sources": _Count(), "reference": _Count()}
    for identity, some in found.items():
        count = counts["sources" if identity in sources.IDS else "reference"]
        for one in some:
            if isinstance(one, Missing):
                count.missing += 1
                rows.append((one.id, "", "", f"no certificate: {one.reason}"))
                continue
            answer, theorems = answers[one.id], len(tuple(one.theorems))
            count.certificates += 1
            if answer.accepted:
                count.accepted, count.theorems = count.accepted + 1, count.theorems + theorems
                count.seconds += answer.seconds
            word = "accepted" if answer.accepted else f"rejected: {answer.says}"
            rows.append((one.id, str(theorems), f"{answer.seconds:.2f}", word))
    width = max((len(row[0]) for row in rows), default=0)
    lines = [f"{name:{width}}  {theorems:>8}  {seconds:>7}  {word}" for name, theorems, seconds, word in rows]
    head = f"{'id':{width}}  {'theorems':>8}  {'seconds':>7}"
    rests = {name for answer in answers.values() if answer.accepted for name in answer.assumptions}
    listed = sorted(rests & {*REAL_ANALYSIS}) + ["the machine's integers of 63 bits"] * bool(rests & {*INTEGERS})
    totals = [f"{part}: {count}" for part, count in counts.items() if count.certificates + count.missing]
    if not rows:
        return "there is nothing that could have a certificate"
    return "\n".join(
        [head, *lines, "", *totals, f"what was accepted rests on {', '.join(listed) or 'nothing but the kernel'}"]
    )
