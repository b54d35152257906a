"""The likeliest slip in a false gradient: one change that mends it, proved before it is offered.

Changes are tried in the order of how often they are made; each is first compared with the
gradient at a few exact points, and the first that agrees there is then proved for every size.
Where no single change mends the claim, nothing is offered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from gradproof.assumptions import read_assumptions
from gradproof.checking import no_stray_index
from gradproof.derivation import axis_bounds, differentiated, read_wrt
from gradproof.lines import index_name, publish, publish_names, rebuilt, replaced, summed
from gradproof.notation import consistent, read
from gradproof.points import points
from gradproof.proof import decide
from gradproof.values import Exact, UndefinedError, evaluate

__all__ = ["Blame", "blame"]

_POINTS = 3  # at which a change must agree before it is proved
_NUMBERS = tuple(map(sp.Rational, ("2", "1/2", "3", "1/3", "4", "1/4")))

Changes = Iterator[tuple[str, sp.Expr]]


@dataclass(frozen=True)
class Blame:
    """What went wrong, in words, and the claim without it, which was proved to be the gradient."""

    slip: str
    mended: sp.Expr

    def __str__(self) -> str:
        return f"{self.slip}: the gradient is {self.mended}"


def blame(loss: Any, wrt: Any, claimed: Any, assumptions: Sequence[Any] = ()) -> Blame | None:
    """The likeliest slip in `claimed` as the gradient of `loss` by `wrt`; arguments as for `check`.

    None where the claim is right, and where no single change was proved to mend it.
    Raises NotationError or TypeError for input without a meaning.
    """
    body, entry, claim = read(loss, "the loss"), read_wrt(wrt), read(claimed, "the claimed gradient")
    consistent(body, entry, claim)
    no_stray_index(claim, entry, body)
    _, result = differentiated(body, entry)
    relations, bounds = read_assumptions(assumptions), axis_bounds([body], entry)
    places = _values(result, relations, bounds)
    if _agrees(claim, places):
        return None
    for slip, changed in _changes(claim, result, body):
        if _agrees(changed, places):
            verdict = decide(result, changed, relations, (), bounds, smooth=True, kinked=body)
            if verdict.status == "proved":
                return Blame(slip, publish(changed))
    return None


def _values(result: sp.Expr, relations: Sequence[Any], bounds: Any) -> list[tuple[Any, Any]]:
    """A few points, of several sizes, with the gradient's value at each."""
    found: list[tuple[Any, Any]] = []
    seen: set[tuple[int, ...]] = set()
    for point in points([result], relations, (), bounds):
        sizes = tuple(point.sizes.values())
        if sizes in seen and len(seen) < _POINTS and sizes:
            continue
        try:
            found.append((point, evaluate(result, point)))
        except UndefinedError:
            continue
        seen.add(sizes)
        if len(found) == _POINTS:
            break
    return found


def _agrees(e: sp.Expr, places: Sequence[tuple[Any, Any]]) -> bool:
    """Whether an expression has the gradient's value at the points, as far as enclosures tell."""
    for point, value in places:
        try:
            here = evaluate(e, point)
        except (UndefinedError, ValueError):
            return False
        if Exact().sign_or_none(Exact().join(lambda a, b: a - b, here, value)):
            return False
    return bool(places)


def _changes(claim: sp.Expr, result: sp.Expr, loss: sp.Expr) -> Changes:
    """Single changes of the claim, the most common slip first."""
    yield "the sign is wrong", -claim
    for number in _NUMBERS:
        yield f"the factor {number} is missing", number * claim
        yield f"the factor {number} is missing, and the sign is wrong", -number * claim
    for size in sorted((s for s in loss.free_symbols if s.is_integer and s.is_positive), key=str):
        yield f"the factor 1/{size} is missing", claim / size
        yield f"the factor {size} is missing", claim * size
    yield from _transposed(claim)
    for term in sp.Add.make_args(result):
        yield f"the term {_shown(term)} is missing", claim + term
    if isinstance(claim, sp.Add):
        for term in claim.args:
            yield f"the term {_shown(term)} is too many", claim - term
    for factor in _factors(result):
        for changed in _with_factor(claim, factor):
            yield f"the factor {_shown(factor)} is missing", changed
    free = sorted(result.atoms(sp.Idx) | claim.atoms(sp.Idx), key=str)
    yield from _inside(claim, free, sorted(result.atoms(sp.Indexed), key=str))
    yield from _lost_terms(claim, result)


def _shown(e: sp.Expr) -> str:
    """A part as the user wrote it."""
    return str(publish(publish_names(e)))


def _lost_terms(claim: sp.Expr, result: sp.Expr) -> Changes:
    """A term of a sum within the gradient that a sum within the claim lacks."""
    terms = {term for total in result.atoms(sp.Add) for term in total.args}
    for total in sorted(claim.atoms(sp.Add, sp.Indexed, sp.Symbol), key=str):
        if not total.is_integer:
            for term in sorted(terms, key=str):
                yield f"the term {_shown(term)} is missing", replaced(claim, {total: total + term})


def _transposed(claim: sp.Expr) -> Changes:
    """Two indices exchanged in every entry of an array."""
    bases = {e.base for e in claim.atoms(sp.Indexed) if len(e.indices) == 2}
    for base in sorted(bases, key=str):
        entries = {e: base[e.indices[::-1]] for e in claim.atoms(sp.Indexed) if e.base == base}
        yield f"{base} is transposed", replaced(claim, entries)


def _factors(e: sp.Expr) -> list[sp.Expr]:
    """The factors of an expression, those under its sums too, and what its number times one of them is."""
    number, rest = e.as_coeff_Mul()
    found: dict[sp.Expr, None] = {} if number == 1 else {number * f: None for f in sp.Mul.make_args(rest)}
    for factor in sp.Mul.make_args(e):
        if isinstance(factor, sp.Sum):
            found |= {factor: None} | dict.fromkeys(_factors(factor.function))
        elif not factor.is_number:
            found[factor] = None
            if isinstance(factor, sp.Pow) and factor.exp.is_Integer and factor.exp > 1:
                found[factor.base] = None
    return list(found)


def _with_factor(e: sp.Expr, factor: sp.Expr) -> Iterator[sp.Expr]:
    """The expression times a factor; under each of its sums too, where the factor's own index is the sum's."""
    yield e * factor
    for total in e.atoms(sp.Sum):
        ((index, lo, hi),) = total.limits
        bound = [s for s in factor.free_symbols if isinstance(s, type(index)) and s != index]
        inner = replaced(factor, dict.fromkeys(bound, index))
        yield replaced(e, {total: summed(total.function * inner, index, lo, hi)})


def _inside(e: sp.Expr, indices: Sequence[sp.Basic], entries: Sequence[sp.Indexed]) -> Changes:
    """A sign, a factor of two, an index or a factor changed somewhere within."""
    yield f"the sign of {_shown(e)} is wrong", -e
    yield f"the factor 2 of {_shown(e)} is missing", 2 * e
    yield f"a factor 2 of {_shown(e)} is too many", e / 2
    for entry in entries:
        here = _with_letters(entry, indices)
        yield f"the factor {_shown(here)} of {_shown(e)} is missing", e * here
    if isinstance(e, sp.Indexed):
        yield from _other_indices(e, indices)
    elif isinstance(e, sp.Sum):
        ((index, lo, hi),) = e.limits
        for slip, changed in _inside(e.function, [*indices, index], entries):
            yield slip, summed(changed, index, lo, hi)
    elif isinstance(e, (sp.Add, sp.Mul, sp.Pow, sp.Function)):
        for n, part in enumerate(e.args):
            for slip, changed in _inside(part, indices, entries):
                yield slip, rebuilt(e, [*e.args[:n], changed, *e.args[n + 1 :]])


def _other_indices(e: sp.Indexed, indices: Sequence[sp.Basic]) -> Changes:
    """An entry with its two indices exchanged, or with one of them another."""
    if len(e.indices) == 2:
        turned = e.base[e.indices[::-1]]
        yield f"{_shown(e)} is transposed: it should be {_shown(turned)}", turned
    for n, index in enumerate(e.indices):
        for other in indices:
            if other != index:
                changed = e.base[(*e.indices[:n], other, *e.indices[n + 1 :])]
                yield f"{_shown(e)} has the wrong index: it should be {_shown(changed)}", changed


def _with_letters(entry: sp.Indexed, indices: Sequence[sp.Basic]) -> sp.Indexed:
    """An entry with each index replaced by the innermost one of that letter that is in scope."""
    by_letter = {index_name(i): i for i in indices}
    return entry.base[tuple(by_letter.get(index_name(i), i) for i in entry.indices)]
