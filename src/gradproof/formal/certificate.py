"""A certificate: what is stated in Coq, and the proof that its kernel accepts.

Module of the claim
  Section: variables, hypotheses, definitions; the theorems that hold for every size
  Module example, ...: the same with numbers for the letters
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = ["HEADER", "NUMBERS", "Certificate", "Missing", "Part", "Theorem", "indented"]

#: "step": a theorem that others rest on; "possible": that hypotheses can be met
Kind = Literal["step", "defined", "holds", "possible", "refuted"]


@dataclass(frozen=True)
class Theorem:
    """name: unique in its part.  statement: the proposition.  proof: what stands between Proof and Qed.  says: in words."""

    name: str
    kind: Kind
    statement: str
    proof: str
    says: str

    def text(self) -> str:
        return f"(* {self.says} *)\nTheorem {self.name} :\n  {self.statement}.\nProof.\n{self.proof}\nQed.\n"


@dataclass(frozen=True)
class Part:
    """Letters and definitions, and what is proved of them.

    name: of the section or module.  opening: its variables, hypotheses and definitions.  general: whether the letters
    stand for every value (a section), or have values (a module).  uses_interval: whether a proof encloses numbers.
    """

    name: str
    opening: str
    theorems: tuple[Theorem, ...]
    general: bool = True
    uses_interval: bool = False

    def text(self) -> str:
        body = "\n".join(t.text() for t in self.theorems)
        kind = "Section" if self.general else "Module"
        return f"{kind} {self.name}.\n{self.opening}\n{body}\nEnd {self.name}.\n"


@dataclass(frozen=True)
class Certificate:
    """id: of the claim, or of an entry's gradient with its number, such as softmax/1."""

    id: str
    parts: tuple[Part, ...]

    @property
    def uses_interval(self) -> bool:
        """Whether its proofs need enclosures of numbers."""
        return any(p.uses_interval for p in self.parts)

    @property
    def module(self) -> str:
        """The id as a name for Coq."""
        return "claim_" + re.sub(r"[^A-Za-z0-9]", "_", self.id)

    @property
    def theorems(self) -> Iterable[tuple[str, Theorem]]:
        """The theorems by the names that they have outside of the module."""
        for part in self.parts:
            inside = "" if part.general else part.name + "."
            for theorem in part.theorems:
                yield f"{self.module}.{inside}{theorem.name}", theorem

    def text(self) -> str:
        return f"Module {self.module}.\n" + "\n".join(p.text() for p in self.parts) + f"End {self.module}.\n"


@dataclass(frozen=True)
class Missing:
    """A claim without a certificate; reason: the step that has no lemma, or what else stands in the way."""

    id: str
    reason: str


def indented(lines: Iterable[str]) -> str:
    """The lines of a proof, as they stand between Proof and Qed."""
    return "\n".join(f"  {line}" for line in lines)


HEADER = """From Coq Require Import Reals ZArith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Gradproof Require Import Gradproof.
Open Scope R_scope.
"""

#: what a certificate needs beside the header that uses enclosures
NUMBERS = "From Interval Require Import Tactic.\n"
