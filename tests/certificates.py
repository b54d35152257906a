"""Certificates as they are made, with whatever a test plants in one."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from gradproof.formal import coqc, runner
from gradproof.formal.certificate import Certificate, Part, Theorem

needs_coq = pytest.mark.skipif(
    shutil.which("coqc") is None, reason="coqc is not installed here; CONTRIBUTING.md says how"
)

OPENING = "Variables (N : Z) (x : Z -> R).\nDefinition twice (i : Z) : R := 2 * x i."


def certificate(
    name: str, statement: str = "1 + 1 = 2", proof: str = "ring.", opening: str = OPENING, uses_interval: bool = False
) -> Certificate:
    theorem = Theorem("holds", "holds", statement, proof, f"what {name} says")
    return Certificate(name, (Part("for_every_size", opening, (theorem,), uses_interval=uses_interval),))


def changed(part: Part, old: str, new: str) -> Part:
    """The part with another last statement."""
    last = part.theorems[-1]
    assert old in last.statement
    return replace(part, theorems=(*part.theorems[:-1], replace(last, statement=last.statement.replace(old, new))))


def objection(folder: Path, name: str, certificates: Sequence[Certificate]) -> str:
    """What Coq has against a file with these certificates; "" where it accepts all."""
    folder = folder / name
    folder.mkdir()
    head = runner.header(any(c.uses_interval for c in certificates))
    (folder / f"{name}.v").write_text(head + "".join(c.text() for c in certificates), "utf-8")
    return coqc.run(folder, name, coqc.compiled_library(), seconds=lambda _: 120.0).failed
