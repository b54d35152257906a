"""False gradients on trial at Coq: none may get a certificate of truth, and nearly all get one of falsehood.

Run with the formal session's python: .nox/formal/bin/python benchmarks/false_certificates.py [--least 220] [ID ...]
Each gradient of the sources and the reference that has a certificate is given one slip, in as many ways as it takes to
have so many variants; those that the engine refutes are kept.  Of each it is asked
  emitted    whether Coq accepts a certificate that is made for it as if it were right: never
  forged     whether Coq accepts the false statement with the proof of the right one: never, though it accepts the right
             statement that is made in this very way
  refuted    whether Coq accepts the theorem that it is false
The same variants are drawn in every run.  The exit code is 1 if one gets a certificate of truth.
"""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

import sympy as sp

from gradproof import reference, sources
from gradproof.assumptions import read_assumptions
from gradproof.checking import Question, free_indices
from gradproof.derivation import Derivation
from gradproof.formal.certificate import HEADER, Certificate
from gradproof.formal.claims import certificate_of
from gradproof.formal.coqc import LIBRARY, compiled_library
from gradproof.formal.gradient import Proved, Setting, derivative_of, proved
from gradproof.formal.points import example, refutation
from gradproof.formal.runner import Checked, check
from gradproof.formal.terms import show
from gradproof.formal.writing import NoCertificateError
from gradproof.notation import read
from gradproof.trials.gathering import derivations
from gradproof.trials.mutants import drawn
from gradproof.verdict import Witness

LEAST = 220
IN_A_SESSION, SECONDS = 20, 30  # modules, and for one sentence
MEMORY = 6 << 30
NO_CERTIFICATE = "no certificate"
_THERE = re.compile(r"^(?:Coq < )*(?:control|forged)_\d+\.holds\n\s+: ", re.MULTILINE)
NONE = (NoCertificateError, RecursionError)


@dataclass(frozen=True)
class Variant:
    """A false formula: the gradient that it is made of, the kind of its slip, where it fails."""

    id: str
    general: Proved
    slip: str
    formula: sp.Expr
    witness: Witness | None

    def emitted(self) -> Certificate:
        """A certificate of truth, as if the formula were right.  Raises NoCertificateError, as it ought to."""
        p = self.general.problem
        made = proved(p.loss, p.wrt, self.formula, p.definitions, p.assumptions)
        return Certificate(f"{self.id}/emitted", (made.part, example(made)))

    @property
    def gradient(self) -> str:
        """Which gradient it is made of."""
        return self.id.rpartition("/")[0]

    def stated(self, name: str, formula: sp.Expr) -> str:
        """The statement for a formula, with the proof that is made for the right one, as a module."""
        g, p = self.general, self.general.problem
        setting = Setting.of([p.loss, p.formula, formula], p.definitions, p.assumptions, p.wrt)
        says = show(derivative_of(setting, p.loss, p.wrt, formula))
        theorems = "\n".join(
            f"Theorem {t.name} : {says if t.name == 'holds' else t.statement}.\nProof.\n{t.proof}\nQed.\nAbort All."
            for t in g.part.theorems
        )
        body = f"{setting.opening(g.extra)}{theorems}"
        return f"Module {name}.\nSection s.\n{body}\nEnd s.\nEnd {name}.\nCheck {name}.holds.\n"

    def refuted(self) -> Certificate:
        """The theorem that it is false.  Raises NoCertificateError."""
        wrong = refutation("wrong", self.general, self.formula, self.witness)
        return Certificate(f"{self.id}/refuted", (self.general.part, wrong))


def generals(identities: Sequence[str]) -> Iterator[tuple[str, Derivation, Proved]]:
    """Every gradient that has a certificate, each once."""
    seen = set()
    for identity in identities:
        for n, d in enumerate(derivations(identity), 1):
            key = str((d.loss, d.wrt, d.definitions, d.assumptions))
            if key in seen:
                continue
            seen.add(key)
            try:
                certificate_of(d)
                yield f"{identity}/{n}", d, proved(d.loss, d.wrt, d.closed, d.definitions, d.assumptions)
            except NONE:
                continue


def variants(name: str, d: Derivation, general: Proved) -> Iterator[Variant]:
    """The variants of one gradient that the engine refutes, with the kinds of slip in turn."""
    right, wrt = general.problem.formula, d.wrt
    equations = tuple(sp.Eq(e.lhs, read(e.rhs), evaluate=False) for e in d.definitions)
    question = Question(read(right), read(d.loss), wrt, read_assumptions(d.assumptions), equations)
    free = sorted(free_indices(right) | free_indices(wrt), key=str)
    number = count(1)
    for slip, formula in drawn(right, free, f"false certificates {name}"):
        verdict = question.decided(read(formula))
        if verdict.status == "refuted":
            yield Variant(f"{name}/{next(number)}", general, slip, formula, verdict.witness)


def chosen(identities: Sequence[str], least: int) -> list[Variant]:
    """One variant of each gradient, then another one of each, until there are enough."""
    left = [variants(*one) for one in generals(identities)]
    found: list[Variant] = []
    while left and len(found) < least:
        for source in list(left):
            variant = next(source, None)
            if variant is None:
                left.remove(source)
            else:
                found.append(variant)
    return found


class Forged(NamedTuple):
    """Whether a theorem is there at the end, and the first error on the way."""

    accepted: bool
    says: str


@dataclass(frozen=True)
class Outcome:
    """What became of a variant.

    control: whether Coq accepts the right statement with its proof; forged: the false one with this proof, or why not.
    """

    variant: Variant
    emitted: Checked
    control: bool
    forged: Forged
    refuted: Checked

    @property
    def certified_true(self) -> bool:
        return self.emitted.accepted or self.forged.accepted

    def __str__(self) -> str:
        truth = "CERTIFIED AS TRUE" if self.certified_true else "not certified"
        falsehood = "refuted" if self.refuted.accepted else f"not refuted: {self.refuted.says}"
        return f"{self.variant.id:42} {self.variant.slip:20} {truth:14} {falsehood}"


def tried(found: Sequence[Variant]) -> list[Outcome]:
    """What becomes of each."""
    false = answers({v.id: v.refuted for v in found})
    emitted = answers({v.id: v.emitted for v in found})
    right = forged({v.gradient: v.stated(f"control_{n}", v.general.problem.formula) for n, v in enumerate(found)})
    true = forged({v.id: v.stated(f"forged_{n}", v.formula) for n, v in enumerate(found)})
    return [Outcome(one, emitted[one.id], right[one.gradient].accepted, true[one.id], false[one.id]) for one in found]


def answers(makers: Mapping[str, Callable[[], Certificate]]) -> dict[str, Checked]:
    """What Coq says of each certificate, or why there is none."""
    found: dict[str, Checked] = {}
    made: dict[str, Certificate] = {}
    for name, make in makers.items():
        try:
            made[name] = make()
        except NONE as error:
            found[name] = Checked(False, 0.0, f"{NO_CERTIFICATE}: {error}", (), "")
    checked = check(made.values(), workers=1)
    return found | {name: checked[one.id] for name, one in made.items()}


def forged(modules: Mapping[str, str]) -> dict[str, Forged]:
    """Whether Coq accepts the theorem `holds` of each module; coqtop goes on where a sentence fails, so that one import is enough."""
    names, answers = list(modules), {}
    for first in range(0, len(names), IN_A_SESSION):
        some = names[first : first + IN_A_SESSION]
        said = _session("".join(modules[name] for name in some))
        chunks = said.split("Interactive Module ")[1:]
        if len(chunks) != len(some):
            raise RuntimeError(f"coqtop began {len(chunks)} of {len(some)} modules: {said[-400:]}")
        for name, chunk in zip(some, chunks, strict=True):
            error = " ".join(chunk.partition("Error:")[2].partition("\n\n")[0].split())
            answers[name] = Forged(bool(_THERE.search(chunk)), error[:80])
    return answers


def _session(text: str) -> str:
    command = ("coqtop", "-q", "-w", "none", "-Q", str(compiled_library()), LIBRARY)
    given = f"{HEADER}Set Default Timeout {SECONDS}.\n{text}"
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True) as process:
        resource.prlimit(process.pid, resource.RLIMIT_AS, (MEMORY, MEMORY))  # from outside: the caller may have threads
        said, _ = process.communicate(given)
    if process.returncode:
        raise RuntimeError(f"coqtop ended with {process.returncode}: {said[-400:]}")
    return said


def main() -> int:
    """Print what becomes of each, and the numbers."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("id", nargs="*", default=[*sources.IDS, *reference.IDS])
    parser.add_argument("--least", type=int, default=LEAST, metavar="N", help="so many variants (default: %(default)s)")
    options = parser.parse_args()
    begun = time.monotonic()
    found = chosen(options.id, options.least)
    drawn_in = time.monotonic() - begun
    outcomes = tried(found)
    print(*outcomes, sep="\n")
    print()
    for slip in sorted({o.variant.slip for o in outcomes}):
        some = [o for o in outcomes if o.variant.slip == slip]
        print(f"{slip:20} {sum(o.refuted.accepted for o in some)} of {len(some)} certified as false")
    false, true = sum(o.refuted.accepted for o in outcomes), sum(o.certified_true for o in outcomes)
    controls = {o.variant.gradient: o.control for o in outcomes}
    print(f"{len(outcomes)} variants of {len(controls)} gradients: {true} certified as true, {false} as false", end="")
    print(f" ({100 * false / max(1, len(outcomes)):.1f} %)")
    made = sum(not o.emitted.says.startswith(NO_CERTIFICATE) for o in outcomes)
    print(f"certificates of truth that were made, and that Coq rejects: {made}")
    print(f"the same proofs of the right statements: {sum(controls.values())} of {len(controls)} accepted")
    why = Counter(o.forged.says for o in outcomes)
    print("why Coq rejects the forged proofs:", *(f"  {n:4} {says}" for says, n in why.most_common()), sep="\n")
    print(f"{drawn_in:.0f} s to draw them, {time.monotonic() - begun - drawn_in:.0f} s to try them")
    return int(bool(true))


if __name__ == "__main__":
    sys.exit(main())
