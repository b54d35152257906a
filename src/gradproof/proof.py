"""Deciding equality: proved for every size, refuted with a witness, or undecided.

Proving.  The difference of two normal forms vanishes (see vanishing.py), with named quantities
closed, or opened, or with hyperbolic functions written through exponentials.

Refuting.  A normal form that does not vanish refutes nothing.  A point does: it meets every
assumption, lies off every kink, and the two values' enclosures do not overlap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp
from sympy.core.relational import Relational

from gradproof.assumptions import read_assumption
from gradproof.canonical import BudgetExceededError
from gradproof.elementary import BRANCHING
from gradproof.lines import publish
from gradproof.notation import Kink, NotationError, RangeError, kinks, read
from gradproof.points import Point, points, satisfied
from gradproof.translate import Translator
from gradproof.values import Exact, UndefinedError, evaluate, interval_text
from gradproof.vanishing import vanishes
from gradproof.verdict import Evidence, Verdict, Witness

__all__ = ["Bounds", "decide", "equal", "find_witness", "inadmissible"]

Bounds = Mapping[sp.Basic, tuple[sp.Expr, sp.Expr]]


_KINKED = (*BRANCHING, sp.Pow)  # what may have a kink

CANONICAL = "SymPy's arithmetic and gradproof's canonical.py and algebra.py"


def equal(a: Any, b: Any, assumptions: Sequence[Any] = ()) -> Verdict:
    """Whether two expressions are equal for every size and value at which both are defined.

    a, b: scalar SymPy expressions in index notation; free indices stand for every entry.
    assumptions: SymPy relations over index templates (see translate.py).
    Raises NotationError or TypeError for input without a meaning.
    """
    relations = [read_assumption(r) for r in assumptions]
    try:
        return decide(read(a, "the first expression"), read(b, "the second expression"), relations)
    except RangeError as error:
        return inadmissible(error)


def inadmissible(error: RangeError) -> Verdict:
    """Undecided for a range whose length may be negative; any other range error is raised again."""
    if "length of 0 or more" not in str(error):
        raise error
    return Verdict("undecided", reason=str(error))


def decide(
    a: sp.Expr,
    b: sp.Expr,
    assumptions: Sequence[Relational] = (),
    definitions: Sequence[sp.Eq] = (),
    bounds: Bounds | None = None,
    smooth: bool = False,
    kinked: sp.Expr | None = None,
) -> Verdict:
    """Decide a = b for expressions that were read already.

    definitions: equations of named quantities, which are tried closed first and then opened.
    bounds: ranges of free indices.  smooth: look only at points off every kink,
    of `kinked` (the loss) too.
    """
    shown = tuple(publish(r) for r in assumptions)
    proved, notes = False, ""
    try:
        off = kinks(kinked) if kinked is not None else []
        proved = any(_proves(a, b, *stage, off) for stage in _stages(assumptions, definitions, bounds))
    except (BudgetExceededError, RecursionError) as error:
        notes = f"the work budget ran out: {error}"
    except NotationError as error:
        notes = str(error)
    point, witness = find_witness(a, b, assumptions, definitions, bounds, smooth, proved, kinked)
    if witness is not None:
        if proved:
            return Verdict("undecided", shown, reason=f"the proof and the values disagree; please report it: {witness}")
        says = f"the two sides are {witness.left} and {witness.right}"
        enclosed = Evidence("enclosure", "disagrees", says, "exact rationals and mpmath's interval arithmetic")
        return Verdict("refuted", shown, witness, (enclosed,))
    if proved and point is None:
        return Verdict(
            "undecided", shown, reason="no point was found that meets the assumptions and defines both sides"
        )
    if proved:
        says = "both sides have one normal form, for every size"
        return Verdict("proved", shown, None, (Evidence("canonical form", "agrees", says, CANONICAL),))
    return Verdict("undecided", shown, reason=notes or "neither a proof nor a counterexample was found")


def _stages(
    assumptions: Sequence[Relational], definitions: Sequence[sp.Eq], bounds: Bounds | None
) -> list[tuple[list[Any], Bounds | None, bool]]:
    """What is tried, the cheapest first: names closed, names opened, tanh through exp."""
    stages: list[tuple[list[Any], Bounds | None, bool]] = [([*assumptions], bounds, False)]
    if definitions:
        stages.append(([*assumptions, *definitions], bounds, False))
    return [*stages, ([*assumptions, *definitions], bounds, True)]


def _proves(
    a: sp.Expr, b: sp.Expr, relations: list[Any], bounds: Bounds | None, expanded: bool, off: Sequence[Kink]
) -> bool:
    translator = Translator(relations, bounds, expanded)
    difference = translator.poly(a) - translator.poly(b)
    return vanishes(difference, translator, off)


def find_witness(
    a: sp.Expr,
    b: sp.Expr,
    assumptions: Sequence[Relational] = (),
    definitions: Sequence[sp.Eq] = (),
    bounds: Bounds | None = None,
    smooth: bool = False,
    first: bool = False,
    kinked: sp.Expr | None = None,
) -> tuple[Point | None, Witness | None]:
    """(a point that meets the assumptions and defines both sides, a witness), if found.

    With `first`, only the first such point is looked at.
    """
    met: Point | None = None
    for point in points([a, b], assumptions, definitions, bounds):
        try:
            if kinked is not None and kinked.has(*_KINKED):
                evaluate(kinked, point, off_kinks=True)
            left, right = evaluate(a, point, off_kinks=smooth), evaluate(b, point, off_kinks=smooth)
            if not all(satisfied(r, point) for r in assumptions):
                continue
        except UndefinedError:
            continue
        met = met or point
        gap = Exact().sign_or_none(Exact().join(lambda x, y: x - y, left, right))
        if gap:
            return met, _witness(point, left, right)
        if first:
            return met, None
    return met, None


def _witness(point: Point, left: Any, right: Any) -> Witness:
    return Witness(
        sizes={str(s): n for s, n in point.sizes.items()},
        values=point.table(),
        left=interval_text(left),
        right=interval_text(right),
        functions=point.function_text(),
    )
