"""A second enclosure of what the engine's intervals decide: numbers, points at which two sides differ, boxes.

Arb's balls (enclosure.py) compute each value anew, from the formula and the point as they are shown.
They must lie where the printed digits say, the two sides of a witness must exclude each other, and the point must
meet the assumptions.  Two enclosures of one number that have nothing in common disagree, and nothing is decided then.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy.core.relational import Relational

from gradproof.checks.balls import PRECISIONS, BallField, Polynomial, ball_text, ends, precision
from gradproof.checks.enclosure import BallPoint
from gradproof.checks.fields import UnsupportedError
from gradproof.checks.guard import guarded
from gradproof.intervals import KinkError, UndefinedError
from gradproof.notation import NotationError
from gradproof.verdict import Outcome, Verdict, Witness

__all__ = [
    "KIND",
    "Box",
    "apart",
    "differ",
    "fails",
    "holds_on_box",
    "meets",
    "nearest",
    "printed_as",
    "rounded",
    "seconded",
    "witness_point",
]

KIND = "second enclosure"
_RESTS = "python-flint's balls and a walk of its own; no line of the first enclosure"
_PARTS = 4000  # boxes that are looked at before giving up
_NARROW = Fraction(1, 10**40)  # a ball this narrow shows that a number is the rational one that was found

_Definitions = Mapping[sp.Basic, tuple[tuple[sp.Basic, ...], sp.Basic]]


class DisagreementError(ValueError):
    """The balls have nothing in common with what the intervals found."""


class UnsureError(ValueError):
    """The balls are too wide to tell."""


def seconded(verdict: Verdict, tell: Callable[[], str]) -> Verdict:
    """A verdict with what the balls say of it; undecided where they disagree.

    tell: evaluates by balls of the precision that is set, and says what they agree with; it raises
    DisagreementError, UnsureError where more bits may tell, or anything else where nothing can be said.
    """
    evidence = guarded(KIND, _RESTS, lambda: _found(tell))
    shown = (*verdict.evidence, evidence)
    if evidence.outcome != "disagrees":
        return replace(verdict, evidence=shown)
    return Verdict("undecided", verdict.assumptions, None, shown, f"the two enclosures disagree: {evidence.says}")


def _found(tell: Callable[[], str]) -> tuple[Outcome, str]:
    says = ""
    for bits in PRECISIONS:
        with precision(bits):
            try:
                return "agrees", tell()
            except DisagreementError as error:
                return "disagrees", str(error)
            except KinkError:
                return "disagrees", "by balls the point lies on a kink"
            except (UnsureError, UndefinedError) as error:
                says = str(error)
            except (UnsupportedError, NotationError) as error:
                return "missing", str(error)
    return "missing", says


# -- points ---------------------------------------------------------------------------------------
def witness_point(
    witness: Witness,
    definitions: _Definitions,
    relations: Sequence[Relational],
    functions: Mapping[str, Polynomial] | None = None,
) -> BallPoint:
    """The point that a witness names."""
    return BallPoint(witness.numbers, functions or witness.polynomials, definitions, relations, anywhere=True)


def meets(point: BallPoint) -> None:
    """Raise DisagreementError where an assumption is certainly false at the point."""
    for relation in point.relations:
        if not point.holds(relation):
            raise DisagreementError(f"by balls the point does not meet {relation}")


def fails(point: BallPoint, relation: Relational) -> None:
    """Raise DisagreementError where a relation is certainly true at the point."""
    if point.holds(relation):
        raise DisagreementError(f"by balls {relation} holds at the point")


def differ(point: BallPoint, left: sp.Expr, right: sp.Expr, printed: tuple[str, str]) -> str:
    """Say that two sides differ at a point that meets the assumptions, and have the printed values."""
    meets(point)
    values = [printed_as(point.value(side), text) for side, text in zip((left, right), printed, strict=True)]
    apart(values, point.field)
    where = ", where the assumptions hold" if point.relations else ""
    return f"by balls too the two sides are {printed[0]} and {printed[1]}{where}"


def apart(values: Sequence[Any], field: BallField) -> None:
    """Raise unless two values are certain to differ."""
    gap = values[0] - values[1]
    if not field.sure(gap):
        says = f"by balls the two values are {ball_text(values[0])} and {ball_text(values[1])}, which may be equal"
        raise (UnsureError if hasattr(gap, "mid") else DisagreementError)(says)


# -- numbers --------------------------------------------------------------------------------------
def printed_as(value: Any, text: str) -> Any:
    """A value that lies where its printed digits say."""
    low, high = ends(value)
    first, last = _span(text)
    if high < first or last < low:
        raise DisagreementError(f"by balls it is {ball_text(value)}, and not {text}")
    known = high - low <= _NARROW * (1 + abs(first)) if first == last else first <= low and high <= last
    if not known:
        raise UnsureError(f"by balls it is {ball_text(value)}, which does not show the digits of {text}")
    return value


def rounded(value: Any, printed: str, right: bool = True) -> Any:
    """A value that is a printed rational, or rounds to printed digits; or, unless `right`, does not."""
    stated = Fraction(printed)
    half = Fraction(1, 2 * 10 ** len(printed.partition(".")[2])) if "." in printed else Fraction(0)
    low, high = ends(value)
    rounds, other = (stated - half <= low and high <= stated + half), (high < stated - half or stated + half < low)
    if rounds is right and (rounds or other):
        return value
    says = "rounds to" if rounds else "does not round to" if other else "does not tell whether it rounds to"
    raise (DisagreementError if rounds or other else UnsureError)(
        f"by balls it is {ball_text(value)}, which {says} {printed}"
    )


def nearest(value: Any, double: float) -> str:
    """Say that a number of double precision is the one next to a value."""
    low, high = map(float, ends(value))
    if low == high == double:
        return f"by balls too the double next to the value is {double!r}"
    error = UnsureError if low <= double <= high else DisagreementError
    raise error(f"by balls the value is {ball_text(value)}, and the double next to it is not seen to be {double!r}")


_NUMBER = re.compile(r"(-?)(\d+)(?:\.(\d+))?(…?)(?:e([+-]\d+))?")


def _span(text: str) -> tuple[Fraction, Fraction]:
    """Between which numbers a printed one lies: a fraction, digits that were cut off, or two ends."""
    about = re.fullmatch(r"0 to (\d+) digits", text)
    if about:
        return -Fraction(1, 10 ** int(about[1])), Fraction(1, 10 ** int(about[1]))
    between = re.fullmatch(r"between (\S+) and (\S+)", text)
    if between:
        low, high = (Fraction(end) for end in between.groups())  # these were rounded
        return low - abs(low) / 10**5, high + abs(high) / 10**5
    found = _NUMBER.fullmatch(text)
    if found is None or not found[4]:
        return Fraction(text), Fraction(text)
    sign, whole, places, _, power = found.groups(default="")
    scale = Fraction(10) ** int(power or 0)
    least = Fraction(int(whole + places), 10 ** len(places)) * scale
    rounding = least * _NARROW  # the ends of an interval were rounded before they were cut off
    low, high = least - rounding, least + scale / 10 ** len(places) + rounding
    return (-high, -low) if sign else (low, high)


# -- boxes ----------------------------------------------------------------------------------------
Box = tuple[tuple[Fraction, Fraction], ...]


def holds_on_box(
    relation: Relational,
    letters: Sequence[sp.Symbol],
    whole: Box,
    definitions: _Definitions,
) -> str:
    """Say that larger − smaller is certain to be positive on a whole box, or not negative.

    A part on which that is not certain is shrunk to the face on which the difference is least, where its slopes
    show one, and else halved.
    """
    strict = isinstance(relation, (sp.StrictLessThan, sp.StrictGreaterThan))
    gap, todo, parts = relation.gts - relation.lts, [whole], 0
    while todo:
        if parts == _PARTS:
            raise UnsupportedError(f"balls did not settle {relation} on {parts} parts of the box")
        box, parts = todo.pop(), parts + 1
        for face in _faces(gap, relation.args, letters, box, definitions):
            low, high = ends(face)
            if high < 0 or (strict and high <= 0):
                where = _where(letters, box)
                raise DisagreementError(f"by balls {relation} fails{where}: larger minus smaller is {ball_text(face)}")
            if low > 0 or (low == 0 and not strict):
                break
        else:
            if all(low == high for low, high in box):
                raise UnsureError(f"balls do not tell whether {relation} holds{_where(letters, box)}")
            todo += _halves(box)
    count = f", in {parts} part{'s' if parts != 1 else ''}" if letters else ""
    return f"{relation}{' on the whole box' if letters else ''} by balls too{count}"


def _faces(
    gap: sp.Expr, sides: Sequence[sp.Expr], letters: Sequence[sp.Symbol], box: Box, definitions: _Definitions
) -> Iterator[Any]:
    """The difference on a box, and then on smaller and smaller faces of it on which it is least.

    Nothing, where a side may have no value, or the difference no slope.
    """
    try:
        point = _on(letters, box, definitions)
        for side in sides:
            point.value(side)
        yield point.value(gap)
        while True:
            try:
                slopes = [point.slope(gap, s) for s in letters]
            except UnsupportedError:
                return
            shrunk = tuple(_end(span, slope) for span, slope in zip(box, slopes, strict=True))
            if shrunk == box:
                return
            box, point = shrunk, _on(letters, shrunk, definitions)
            yield point.value(gap)
    except UndefinedError:
        return


def _on(letters: Sequence[sp.Symbol], box: Box, definitions: _Definitions) -> BallPoint:
    return BallPoint({}, {}, definitions, box={str(s): span for s, span in zip(letters, box, strict=True)})


def _end(span: tuple[Fraction, Fraction], slope: Any) -> tuple[Fraction, Fraction]:
    """Where what has this slope is least, if that is one end."""
    low, high = ends(slope)
    return (span[0], span[0]) if low >= 0 else (span[1], span[1]) if high <= 0 else span


def _halves(box: Box) -> Iterator[Box]:
    """The box, cut across its longest side."""
    widest = max(range(len(box)), key=lambda n: box[n][1] - box[n][0])
    low, high = box[widest]
    for half in itertools.pairwise((low, (low + high) / 2, high)):
        yield (*box[:widest], half, *box[widest + 1 :])


def _where(letters: Sequence[sp.Symbol], box: Box) -> str:
    """A part of a box in words."""
    spans = [
        f"{s} = {low}" if low == high else f"{s} from {low} to {high}"
        for s, (low, high) in zip(letters, box, strict=True)
    ]
    return f" at {', '.join(spans)}" if spans else ""
