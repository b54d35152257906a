"""Deciding equality: proved for every size, refuted with a witness, or undecided.

Proving.  The difference of two normal forms vanishes (see vanishing.py), with named quantities
closed, or opened, or with hyperbolic functions written through exponentials.

Refuting.  A normal form that does not vanish refutes nothing.  A point does: it meets every
assumption, lies off every kink, and the two values' enclosures do not overlap.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import sympy as sp
from sympy.core.relational import Relational

from gradproof.arithmetic import Exact, texts_apart
from gradproof.assumptions import read_assumptions
from gradproof.canonical import BudgetExceededError
from gradproof.lines import publish, publish_names
from gradproof.notation import NotationError, RangeError, consistent, has_matrices, read
from gradproof.points import Point, points, satisfied
from gradproof.ranges import label_ranges
from gradproof.ties import Kink, apart, is_thin, kinks
from gradproof.translate import Translator
from gradproof.values import UndefinedError, crossed, evaluate, index_values, touching
from gradproof.vanishing import vanishes
from gradproof.verdict import Evidence, Verdict, Witness

__all__ = ["Bounds", "confirmed", "decide", "equal", "inadmissible", "kinks_of", "same"]

#: what has no value, or no slope, at some numbers
_PARTIAL = (sp.Pow, sp.log, sp.asin, sp.acos, sp.acosh, sp.atanh, sp.coth, sp.csch, sp.tan)
_LONG = 16  # terms, multiplied out, of what is first compared as it stands
_FIRST = 6  # points that are tried before the later stages of a proof

Bounds = Mapping[sp.Basic, tuple[sp.Expr, sp.Expr]]


CANONICAL = "SymPy's arithmetic and gradproof's normal form (translate, canonical, products, algebra, vanishing)"


def equal(a: Any, b: Any, assumptions: Sequence[Any] = ()) -> Verdict:
    """Whether two expressions are equal for every size and value at which both are defined.

    a, b: scalar SymPy expressions in index notation; free indices stand for every entry.  Or SymPy matrices of
    one shape.
    assumptions: SymPy relations over index templates (see assumptions.py).
    Raises NotationError or TypeError for input without a meaning.
    """
    if has_matrices(a, b):
        from gradproof.forms.layouts import equal_matrices

        return equal_matrices(a, b, assumptions)
    relations = read_assumptions(assumptions)
    try:
        left, right = read(a, "the first expression"), read(b, "the second expression")
        return confirmed(decide(left, right, relations), left, right, relations)
    except RangeError as error:
        return inadmissible(error)


def confirmed(
    verdict: Verdict,
    left: sp.Expr,
    right: sp.Expr,
    relations: Sequence[Relational],
    definitions: Mapping[sp.Basic, tuple[tuple[sp.Basic, ...], sp.Expr]] = MappingProxyType({}),
) -> Verdict:
    """A refuted verdict whose witness was enclosed a second time; undecided if the two enclosures disagree.

    left, right: what differs; they may hold derivatives, which are then taken by dual numbers.
    relations: what was assumed.  definitions: of named quantities, by array or symbol.
    """
    if verdict.status != "refuted" or verdict.witness is None:
        return verdict
    from gradproof.checks.second_enclosure import differ, seconded, witness_point

    found, given = verdict.witness, set(map(publish, relations))
    # a tie that is left out may hold at some indices; the slopes tell whether there is a kink
    assumed = [r for r in verdict.assumptions if not isinstance(r, sp.Ne) or r in given]

    def tell() -> str:
        point = witness_point(found, definitions, assumed)
        return differ(point, left, right, (found.left, found.right))

    return seconded(verdict, tell)


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
    varying: frozenset[sp.Basic] | None = None,
) -> Verdict:
    """Decide a = b for expressions that were read already.

    definitions: equations of named quantities, which are tried closed first and then opened.
    bounds: ranges of free indices.  smooth: look only at points off every kink,
    of `kinked` (the loss) too; of these only what changes with the variable, if `varying` says what does.
    """
    consistent(a, b, *assumptions, *definitions)
    bodies = [e for e in (a, b, kinked, *(d.rhs for d in definitions)) if e is not None]
    assumptions = (*assumptions, *(r for r in label_ranges(*bodies) if r not in assumptions))
    shown = tuple(publish(r) for r in assumptions)
    off = [k for k in kinks_of(kinked, definitions) if crossed(k[0].args, varying)] if smooth else None
    thin = _told(k for k, _ in off or () if is_thin(k))
    search = partial(_find_witness, a, b, assumptions=assumptions, off=off, kinked=kinked, varying=varying)
    candidates = points([a, b], assumptions, definitions, bounds)
    proved, notes, witness = False, "", None
    for n, stage in enumerate(_stages(a, b, assumptions, definitions, bounds)):
        try:
            proved = stage(a, b, off or ())
        except (BudgetExceededError, RecursionError) as error:
            notes = f"the work budget ran out: {error}"
        except NotationError as error:
            notes = str(error)
        if proved:
            break
        if n == 0:  # most false claims differ at once: before what takes long is tried
            _, witness = search(itertools.islice(candidates, _FIRST), proved=False)
            if witness is not None:
                break
    point = None
    if witness is None:
        point, witness = search(
            points([a, b], assumptions, definitions, bounds) if proved else candidates, proved=proved
        )
    if witness is not None:
        if proved:
            return Verdict(
                "undecided", (*shown, *thin), reason=f"the proof and the values disagree; please report it: {witness}"
            )
        says = f"the two sides are {witness.left} and {witness.right}"
        enclosed = Evidence("enclosure", "disagrees", says, "exact rationals and mpmath's interval arithmetic")
        return Verdict("refuted", (*shown, *thin), witness, (enclosed,))
    shown += _told(tie for k, _ in off or () for tie in apart(k))
    if proved and point is None:
        return Verdict(
            "undecided", shown, reason="no point was found that meets the assumptions and defines both sides"
        )
    if proved:
        says = "both sides have one normal form, for every size"
        return Verdict("proved", shown, None, (Evidence("canonical form", "agrees", says, CANONICAL),))
    return Verdict("undecided", shown, reason=notes or "neither a proof nor a counterexample was found")


def _told(ties: Iterable[sp.Eq]) -> tuple[sp.Ne, ...]:
    """What is left out, as a reader sees it."""
    return tuple(dict.fromkeys(sp.Ne(*map(publish_names, tie.args), evaluate=False) for tie in ties))


def _stages(
    a: sp.Expr, b: sp.Expr, assumptions: Sequence[Relational], definitions: Sequence[sp.Eq], bounds: Bounds | None
) -> list[Callable[..., bool]]:
    """What is tried, the cheapest first: names closed, names opened, tanh through exp; long products as they stand before all."""
    known = [*assumptions, *definitions]
    stages = [partial(_proves, relations=[*assumptions], bounds=bounds)]
    if definitions:
        stages.append(partial(_proves, relations=known, bounds=bounds))
    if max(_terms(a), _terms(b)) > _LONG:
        stages.insert(0, partial(_as_they_stand, relations=known, bounds=bounds))
    return [*stages, partial(_proves, relations=known, bounds=bounds, expanded=True)]


def _terms(e: sp.Basic) -> int:
    """How many terms an expression has, multiplied out."""
    match e:
        case sp.Add():
            return sum(map(_terms, e.args))
        case sp.Mul():
            return math.prod(map(_terms, e.args))
        case sp.Pow() if e.exp.is_Integer and e.exp > 0:
            return int(_terms(e.base) ** min(int(e.exp), _LONG))
        case sp.Sum():
            return _terms(e.function)
    return 1


def _proves(
    a: sp.Expr,
    b: sp.Expr,
    off: Sequence[Kink],
    relations: list[Any],
    bounds: Bounds | None,
    expanded: bool = False,
) -> bool:
    translator = Translator(relations, bounds, expanded)
    difference = translator.poly(a) - translator.poly(b)
    return vanishes(difference, translator, off)


def _as_they_stand(a: sp.Expr, b: sp.Expr, _off: Sequence[Kink], relations: list[Any], bounds: Bounds | None) -> bool:
    """Whether they are equal with no product multiplied out, which would take 2ⁿ terms for n layers."""
    translator = Translator(relations, bounds, factored=True)
    return not translator.poly(a) - translator.poly(b)


def same(
    a: sp.Expr, b: sp.Expr, assumptions: Sequence[Relational], definitions: Sequence[sp.Eq], bounds: Bounds
) -> bool:
    """Whether a = b follows with named quantities closed; False means "not shown"."""
    if publish(a) == publish(b):
        return True
    try:
        return _proves(a, b, kinks_of(None, definitions), [*assumptions], bounds)
    except (BudgetExceededError, RecursionError, NotationError):
        return False


def _find_witness(
    a: sp.Expr,
    b: sp.Expr,
    candidates: Iterable[Point],
    assumptions: Sequence[Relational],
    off: Sequence[Kink] | None,
    kinked: sp.Expr | None,
    varying: frozenset[sp.Basic] | None,
    proved: bool,
) -> tuple[Point | None, Witness | None]:
    """(a point that meets the assumptions and defines both sides, a witness), if found.

    off: the kinks to stay away from; None where kinks do not matter.  With `proved`, only two
    such points are looked at, of different sizes where there are any.
    """
    met: Point | None = None
    for point in candidates:
        try:
            if proved and met is not None and met.sizes == point.sizes and point.sizes:
                continue
            if any(_is_on(kink, point) for kink in off or ()):
                continue
            if kinked is not None and kinked.has(*_PARTIAL):
                evaluate(kinked, point, off_kinks=True, varying=varying)
            left, right = (evaluate(e, point, off_kinks=off is not None, varying=varying) for e in (a, b))
            if not all(satisfied(r, point) for r in assumptions):
                continue
        except UndefinedError:
            continue
        again, met = met is not None, met or point
        gap = Exact().sign_or_none(Exact().join(lambda x, y: x - y, left, right))
        if gap:
            return met, _witness(point, left, right)
        if proved and (again or not point.sizes):
            return met, None
    return met, None


def kinks_of(loss: sp.Expr | None, definitions: Sequence[sp.Eq]) -> list[Kink]:
    """The kinks of a loss and of the definitions that it may use."""
    bodies = [(d.rhs, tuple(getattr(d.lhs, "indices", ()))) for d in definitions]
    return [k for e, template in [(loss, ()), *bodies] if e is not None for k in kinks(e, template)]


def _is_on(kink: Kink, point: Point) -> bool:
    """Whether the point lies on a kink, for any value of the kink's indices."""
    equation, spans = kink
    ranges = [range(int(evaluate(lo, point)), int(evaluate(hi, point)) + 1) for lo, hi in spans.values()]
    for values in index_values(ranges):
        if touching(equation.lhs, equation.rhs, point, dict(zip(spans, values, strict=True))):
            return True
    return False


def _witness(point: Point, left: Any, right: Any) -> Witness:
    return point.witness(*texts_apart(left, right))
