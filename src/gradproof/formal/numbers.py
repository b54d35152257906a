"""Numbers that a source prints, and inequalities on a box: proved in Coq by enclosures."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy as sp

from gradproof.formal.certificate import Part, Theorem
from gradproof.formal.gradient import Setting
from gradproof.formal.place import Place, reached
from gradproof.formal.plain import short
from gradproof.formal.points import ENCLOSED, differing_part, hypothesis, opened
from gradproof.formal.terms import Term, app, number, op, show
from gradproof.formal.writing import NoCertificateError
from gradproof.given import Given
from gradproof.lines import publish
from gradproof.notation import read
from gradproof.statements import Differs, OnBox, Rounded
from gradproof.statements.base import Statement

__all__ = ["number_parts"]

_DEPTH = 60  # times that a box is halved, at most


def number_parts(statement: Statement, name: str = "numbers") -> tuple[Part, ...]:
    """The parts of a statement about numbers; raises NoCertificateError for one of another kind, or one that fails."""
    match statement:
        case Rounded():
            return (_rounded(name, statement),)
        case OnBox():
            return _on_box(name, statement)
        case Differs() if statement.at is not None:
            s = statement
            return (differing_part(name, s.left, s.right, s.at or {}, s.definitions, s.assumptions, kind="holds"),)
    raise NoCertificateError(f"{type(statement).__name__} is no statement about numbers")


def _rounded(name: str, statement: Rounded) -> Part:
    """That a number is within half a unit of the last digit that is printed."""
    if statement.verify().status != "proved":
        raise NoCertificateError(f"{statement.expression} does not round to {statement.printed}")
    setting = Setting.of([statement.expression], (), ())
    term = setting.names.term(publish(read(statement.expression)))
    place = Place(setting, Given(statement.at, [read(statement.expression)]))
    place.value(term)
    digits, shown = len(statement.printed.partition(".")[2]), Fraction(statement.printed)
    if digits == 0:
        raise NoCertificateError(f"{statement.printed} has no decimals to round to")
    near = app("Rabs", op("-", term, number(shown.numerator, shown.denominator)))
    says = Term("relation", "<=", (near, number(1, 2 * 10**digits)))
    told = f"{short(statement.expression, 'the number')} rounds to {statement.printed}: it is within half a unit of the last digit"
    theorem = Theorem("rounded", "holds", show(says), f"  {opened(setting, says, ENCLOSED)}.", told)
    return Part(name, place.opening(), (theorem,), general=False, uses_interval=True)


def _on_box(name: str, statement: OnBox) -> tuple[Part, ...]:
    """An inequality for every point of a box, and a point of the box."""
    if statement.verify().status != "proved":
        raise NoCertificateError(f"{statement} is not proved")
    relation = statement.relation
    sides = [publish(read(e)) for e in (relation.lts, relation.gts)]
    setting = Setting.of([*sides, *statement.box], statement.definitions, ())
    sign = "<" if isinstance(relation, (sp.StrictLessThan, sp.StrictGreaterThan)) else "<="
    says = Term("relation", sign, tuple(map(setting.names.term, sides)))
    letters = [setting.names.term(s) for s in statement.box]
    spans = {f"box_{x.name}": _between(x, ends) for x, ends in zip(letters, statement.box.values(), strict=True)}
    halved = "".join(f", i_bisect {x.name}" for x in letters) + (f", i_depth {_DEPTH}" if letters else "")
    named = [n for n in reached(setting, says) if n in setting.definitions]
    unfolding = f"cbv beta delta [{' '.join(named)}]; " if named else ""
    gap = "apply Rminus_gt_0_lt" if sign == "<" else "apply Rminus_le_0"  # from what is larger to what is smaller
    proof = f"  {unfolding}elementary; {gap}; interval with (i_prec 60{halved})."
    box = ", ".join(f"{x} from {lo} to {hi}" for x, (lo, hi) in statement.box.items())
    told = short(relation, "the inequality") + f", for {box}" * bool(box)
    theorem = Theorem("holds", "holds", show(says), proof, told)
    whole = Part(name, setting.opening(spans), (theorem,), uses_interval=True)
    if not spans:
        return (whole,)
    middle = {str(s): (Fraction(str(lo)) + Fraction(str(hi))) / 2 for s, (lo, hi) in statement.box.items()}
    place = Place(setting, Given(middle))
    inside = tuple(hypothesis(n, h, place) for n, h in spans.items() if place.holds(h))
    return whole, Part(f"{name}_example", place.opening(), inside, general=False)


def _between(letter: Term, ends: tuple[Any, Any]) -> Term:
    low, high = (Fraction(str(end)) for end in ends)
    return Term(
        "relation", "<= <=", (number(low.numerator, low.denominator), letter, number(high.numerator, high.denominator))
    )
