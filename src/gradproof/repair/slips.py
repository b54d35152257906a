"""The slips that are made in gradients: one row each, in one table.

A row proposes, for one place of a claim, what may have been meant there.  `cost` says how
unlikely a slip is: the cheapest change whose numbers agree is proved and offered first.

To add a slip, add a row to `TIERS`, and the function above it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import NamedTuple

import sympy as sp
from sympy.core.relational import Relational

from gradproof.elementary import ELEMENTARY, slope
from gradproof.lines import replaced, summed, times
from gradproof.repair.change import Change, Changes, takes_factor
from gradproof.repair.grids import Place, is_number
from gradproof.repair.indices import (
    index_throughout,
    missing_delta,
    missing_sum,
    needless_sum,
    one_of_two,
    transposed,
    wrong_index,
    wrong_letter,
)
from gradproof.repair.vocabulary import Vocabulary, factors_of, size_of

__all__ = ["TIERS", "Slip"]

_NUMBERS = tuple(map(sp.Rational, ("2", "1/2", "3", "1/3", "4", "1/4", "-2", "-1/2")))
_ADDED = tuple(map(sp.Rational, ("1", "-1", "1/2", "-1/2", "2", "-2")))
_POWERS = tuple(map(sp.Rational, ("2", "3", "1/2", "-1", "-2", "-1/2")))


class Slip(NamedTuple):
    """A kind of slip: its short name, how unlikely it is, and what it may have been at a place."""

    kind: str
    cost: float
    changes: Callable[[Place, Vocabulary], Changes]


# -- signs, numbers and sizes ---------------------------------------------------------------
def _sign(place: Place, _: Vocabulary) -> Changes:
    if takes_factor(place) and place.node != 0:
        yield Change("times", sp.Integer(-1), "the sign of {old} is wrong" if place.above else "the sign is wrong")


def _constant(place: Place, _: Vocabulary) -> Changes:
    if takes_factor(place):
        for number in _NUMBERS:
            much, wrong = abs(number), ", and the sign is wrong" if number < 0 else ""
            extra = float(bool(number < 0)) + 0.1 * (much not in (2, sp.Rational(1, 2)))
            words = f"the factor {much} is missing" if much > 1 else f"a factor {1 / much} is too many"
            yield Change("times", number, words + wrong, extra)
        written = abs(sp.sympify(place.node.as_coeff_Mul()[0]))
        for meant in (*map(sp.Integer, range(1, 5)), *_NUMBERS[1:6:2]) if written.is_Rational and written != 1 else ():
            if meant / written not in (1, *_NUMBERS):
                yield Change("times", meant / written, f"the number {written} should be {meant}", 0.2)


def _size(place: Place, known: Vocabulary) -> Changes:
    if takes_factor(place):
        for size in known.sizes:
            yield Change("over", size, "the factor 1/{part} is missing")
            yield Change("times", size, "the factor {part} is missing", 0.3)


# -- factors and terms ----------------------------------------------------------------------
def _factor(place: Place, known: Vocabulary) -> Changes:
    if takes_factor(place):
        for part in known.parts(place.scope):
            extra = 0.05 * size_of(part)
            yield Change("times", part, "the factor {part} is missing", extra)
            yield Change("times", -part, "the factor {part} is missing", extra + 0.1)
            yield Change("over", part, "a factor {part} is too many", extra + 0.5)


def _factor_too_many(place: Place, _: Vocabulary) -> Changes:
    if isinstance(place.node, sp.Mul):
        for factor in place.node.args:
            if not is_number(factor):
                rest = times(*(f for f in place.node.args if f != factor))
                yield Change("instead", rest, "a factor {part} is too many", 0, factor)


def _term(place: Place, known: Vocabulary) -> Changes:
    if isinstance(place.node, sp.Expr) and not isinstance(place.parent, sp.Add):
        for number in _ADDED:
            yield Change("plus", number, "the term {part} is missing", 0.2)
        for part in known.parts(place.scope):
            extra = 0.05 * size_of(part)
            yield Change("plus", part, "the term {part} is missing", extra)
            yield Change("minus", part, "the term {part} is missing", extra + 0.05, -part)


def _term_too_many(place: Place, _: Vocabulary) -> Changes:
    if isinstance(place.node, sp.Add):
        for term in place.node.args:
            rest = sp.Add(*(t for t in place.node.args if t != term))
            yield Change("instead", rest, "a term {part} is too many", 0, term)


def _bracket(place: Place, _: Vocabulary) -> Changes:
    """a(b + c) was meant by ab + c, or was written for it."""
    e = place.node
    if isinstance(e, sp.Add):
        for term in e.args:
            rest = e - term
            for factor in factors_of(term):
                yield Change(
                    "instead", term + times(factor, rest), "a bracket is missing: {part} multiplies all", 0, factor
                )
            yield from _into_a_sum(term, [rest] if len(e.args) == 2 else [rest, *(t for t in e.args if t != term)], e)
    elif isinstance(e, sp.Mul):
        for inner in e.args:
            if isinstance(inner, sp.Add):
                factor = times(*(f for f in e.args if f != inner))
                for term in inner.args:
                    yield Change("instead", times(factor, inner - term) + term, _TOO_FAR, 0, term)
    elif isinstance(e, sp.Sum) and isinstance(e.function, sp.Add):
        (limit,) = e.limits
        for term in e.function.args:
            if not term.has(limit[0]):
                yield Change("instead", summed(e.function - term, *limit) + term, _TOO_FAR, 0, term)


_TOO_FAR = "a bracket reaches too far: {part} stands outside it"


def _into_a_sum(term: sp.Expr, moved: list[sp.Expr], e: sp.Add) -> Changes:
    """A·Σ(b + c) was meant by A·Σb + c."""
    factors = sp.Mul.make_args(term)
    for total in factors:
        if isinstance(total, sp.Sum):
            index, lo, hi = total.limits[0]
            beside = times(*(f for f in factors if f != total))
            for other in moved:
                own = {s: index for s in other.free_symbols if s == index.origin}
                inner = summed(total.function + replaced(other, own), index, lo, hi)
                yield Change(
                    "instead",
                    e - term - other + times(beside, inner),
                    "a bracket is missing: {part} stands under the sum",
                    0,
                    other,
                )


# -- powers, functions and branches -----------------------------------------------------------
def _power(place: Place, _: Vocabulary) -> Changes:
    e = place.node
    if not isinstance(e, sp.Expr) or is_number(e):
        return
    if isinstance(e, sp.Pow):
        for exponent in (e.exp - 1, e.exp + 1, -e.exp, 2 * e.exp, e.exp / 2):
            yield Change("instead", sp.Pow(e.base, exponent), "the power of {old} is wrong: it should be {new}")
        for term in e.base.args if isinstance(e.base, sp.Add) else ():
            number, rest = term.as_coeff_Mul()
            own = e.base - term + times(number, sp.Pow(rest, e.exp))
            yield Change("instead", own, "the power in {old} belongs to {part} alone: it should be {new}", 0, rest)
    else:
        for exponent in _POWERS:
            extra = 0.0 if exponent == 2 else 0.3
            yield Change("instead", sp.Pow(e, exponent), "the power of {old} is wrong: it should be {new}", extra)
    root = _root(e)
    if root is not None:
        yield Change("instead", root, "{old} is squared: it should be {new}")
        yield Change("instead", -root, "{old} is squared: it should be {new}", 0.2)


def _root(e: sp.Expr) -> sp.Expr | None:
    """What an expression is the square of, if that shows."""
    if isinstance(e, sp.exp):
        return sp.exp(e.args[0] / 2)
    if isinstance(e, sp.Pow) and e.exp.is_Integer:
        return sp.Pow(e.base, e.exp / 2)
    if e.is_Rational and e > 0 and sp.sqrt(e).is_Rational:
        return sp.sqrt(e)
    roots = [_root(f) for f in e.args] if isinstance(e, sp.Mul) else [None]
    return None if None in roots else times(*roots)


def _argument(place: Place, _: Vocabulary) -> Changes:
    e = place.node
    if isinstance(e, sp.Expr) and not isinstance(e, sp.Sum) and not is_number(e):
        yield Change("instead", 1 - e, "{new} is meant where {old} stands", 0.02 * size_of(e))
    if type(e) in ELEMENTARY:
        yield Change("instead", slope(e), "{old} is not differentiated: it should be {new}", 0.2)


def _function(place: Place, known: Vocabulary) -> Changes:
    e = place.node
    if type(e) in ELEMENTARY:
        for other in known.functions:
            yield Change("instead", other(e.args[0]), "{old} is the wrong function: it should be {new}")
    if isinstance(e, (sp.Max, sp.Min)):
        other = sp.Min if isinstance(e, sp.Max) else sp.Max
        yield Change("instead", other(*e.args), "{old} should be {new}")


def _branch(place: Place, _: Vocabulary) -> Changes:
    e = place.node
    if isinstance(e, Relational):
        yield Change("instead", e.func(*e.args[::-1]), "the condition {old} is turned round: it should be {new}")
        for n in (0, 1):
            sides = [-a if m == n else a for m, a in enumerate(e.args)]
            yield Change("instead", e.func(*sides), "the condition {old} should be {new}", 0.3)
    if isinstance(e, sp.Piecewise):
        for one, other in itertools.combinations(range(len(e.args)), 2):
            values = [v for v, _ in e.args]
            values[one], values[other] = values[other], values[one]
            turned = sp.Piecewise(*zip(values, (c for _, c in e.args), strict=True), evaluate=False)
            yield Change("instead", turned, "two branches are exchanged: it should be {new}", 0.3)


def _instead(place: Place, known: Vocabulary) -> Changes:
    """Something else of about the size of what stands there; anything for a number, which may be all that is left."""
    e = place.node
    if not place.above or not isinstance(e, sp.Expr) or isinstance(e, (sp.Indexed, sp.Symbol)):
        return
    for part in known.parts(place.scope):
        if is_number(e) or size_of(part) <= 2 * size_of(e) + 2:
            yield Change("instead", part, "{new} is meant where {old} stands", 0.05 * abs(size_of(part) - size_of(e)))


#: every kind of slip, the commonest first; the second tier is tried where the first mends nothing
TIERS: tuple[tuple[Slip, ...], ...] = (
    (
        Slip("sign", 1.0, _sign),
        Slip("branch", 1.0, _branch),
        Slip("constant", 1.1, _constant),
        Slip("size", 1.2, _size),
        Slip("transposed", 1.3, transposed),
        Slip("index", 1.4, wrong_index),
        Slip("delta", 1.4, missing_delta),
        Slip("sum", 1.4, missing_sum),
        Slip("sum", 1.5, needless_sum),
    ),
    (
        Slip("factor", 1.5, _factor),
        Slip("factor", 1.6, _factor_too_many),
        Slip("term", 1.6, _term),
        Slip("term", 1.6, _term_too_many),
        Slip("power", 1.7, _power),
        Slip("letter", 1.7, wrong_letter),
        Slip("argument", 1.7, _argument),
        Slip("bracket", 1.8, _bracket),
        Slip("function", 1.9, _function),
        Slip("index", 1.9, one_of_two),
        Slip("index", 2.0, index_throughout),
        Slip("part", 2.5, _instead),
    ),
)
