"""The certificate of an identity without a derivative: two sides that are equal for every size."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp
from sympy.core.relational import Relational

from gradproof.formal.certificate import Part, Theorem, indented
from gradproof.formal.equality import equal
from gradproof.formal.gradient import Problem, Proved, Setting, needs
from gradproof.formal.round_trip import confirmed
from gradproof.formal.terms import Term, show
from gradproof.formal.writing import NoCertificateError
from gradproof.lines import head, publish
from gradproof.notation import read
from gradproof.statements import Follows

__all__ = ["following_part", "identity"]


def identity(
    left: sp.Expr,
    right: sp.Expr,
    definitions: Sequence[sp.Eq] = (),
    assumptions: Sequence[Relational] = (),
) -> Proved:
    """For every size: that two sides are equal, and that both are well defined.

    Raises NoCertificateError where their forms are not seen to be one.
    """
    sides = [publish(read(e)) for e in (left, right)]
    setting = Setting.of(sides, definitions, assumptions)
    one, other = (setting.names.term(e) for e in sides)
    needed = needs(setting, (), (one, other))
    statement = Term("relation", "=", (one, other))
    known = {**setting.sizes(), **setting.hypotheses, **needed.hypotheses}
    proof = indented(equal(one, other, setting.definitions, known))
    theorem = Theorem("holds", "holds", show(statement), proof, "the two sides are equal")
    part = Part("for_every_size", setting.opening(needed.hypotheses), (*needed.theorems(), theorem))
    problem = Problem(sides[0], None, sides[1], tuple(definitions), tuple(assumptions))
    return confirmed(Proved(problem, setting, statement, needed.hypotheses, part))


def following_part(statement: Follows) -> Part:
    """For every size: the conclusion, where the premises define what their left sides name.

    Raises NoCertificateError where two premises define one thing, or each other.
    """
    left = {head(p.lhs): p for p in statement.premises}
    if len(left) < len(statement.premises):
        raise NoCertificateError("two premises have one left side")
    ordered: list[sp.Eq] = []
    while left:
        free = [
            name for name, p in left.items() if not any(head(part) in left for part in sp.preorder_traversal(p.rhs))
        ]
        if not free:
            raise NoCertificateError(f"the premises for {', '.join(map(str, left))} need each other")
        ordered += [left.pop(name) for name in free]
    return identity(statement.conclusion.lhs, statement.conclusion.rhs, ordered).part
