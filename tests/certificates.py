"""Certificates as they are made, with whatever a test plants in one."""

from __future__ import annotations

from gradproof.formal.certificate import Certificate, Part, Theorem

OPENING = "Variables (N : Z) (x : Z -> R).\nDefinition twice (i : Z) : R := 2 * x i."


def certificate(
    name: str, statement: str = "1 + 1 = 2", proof: str = "ring.", opening: str = OPENING, uses_interval: bool = False
) -> Certificate:
    theorem = Theorem("holds", "holds", statement, proof, f"what {name} says")
    return Certificate(name, (Part("for_every_size", opening, (theorem,), uses_interval=uses_interval),))
