"""Enclosures by Arb: the value of a formula at a rational point, between two numbers that are certain.

The tree is walked by dual.py over the balls of balls.py; nothing is shared with values.py and
intervals.py, so that the two enclosures of one number can be held against each other
(second_enclosure.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy.core.relational import Relational

from gradproof.checks.balls import PRECISIONS, BallField, Polynomial, ball_text, ends, head_of, precision
from gradproof.checks.dual import Walk, bound_to, free_values
from gradproof.checks.fields import UnsupportedError
from gradproof.given import starts
from gradproof.intervals import UndefinedError
from gradproof.lines import index_range
from gradproof.notation import NotationError

__all__ = ["BallPoint", "Enclosure", "Numbers", "enclosed", "point_of"]

#: the numbers of a point: by name and index, () for a symbol
Numbers = Mapping[str, Mapping[tuple[int, ...], Any]]

_CLEAR = Fraction(1, 10**20)  # a ball this narrow, for its size, shows digits enough
_ROWS = 200  # values of an assumption's indices


@dataclass(frozen=True)
class Enclosure:
    """A number between `low` and `high`; `text` is exact, or has only digits that are certain."""

    low: Fraction
    high: Fraction
    text: str

    def __str__(self) -> str:
        return self.text


def enclosed(e: Any, at: Mapping[Any, Any], definitions: Sequence[sp.Eq] = ()) -> Enclosure:
    """The value of a formula at a point, rigorously: rounding errors are part of the enclosure.

    e: a scalar expression in index notation; it may hold derivatives, also of named quantities.
    at: numbers by symbol or name: whole ones for sizes and free indices, rational ones for symbols, nested lists
    for arrays, whose indices start at 1 unless a lower one is used, and Lambdas that are polynomials for undefined
    functions.  definitions: equations of named quantities, which get their values from these.
    Raises NotationError for what has no meaning, UndefinedError (or KinkError) where there is no value, and
    ImportError without python-flint.
    """
    if isinstance(e, (int, Fraction)) and not isinstance(e, bool):
        e = sp.Rational(e.numerator, e.denominator)
    if not isinstance(at, Mapping):
        raise TypeError(f"the point is {at!r}, not a mapping such as {{'N': 2, 'x': [1, 2]}}")
    if not isinstance(e, sp.Basic):
        raise TypeError(f"the expression is {e!r} ({type(e).__name__}), not a SymPy expression")
    if not isinstance(e, sp.Expr) or isinstance(e, sp.IndexedBase) or getattr(e, "is_Matrix", False):
        raise NotationError(f"the expression is {e} ({type(e).__name__}); accepted is a scalar in index notation")
    for bits in PRECISIONS:
        with precision(bits):
            try:
                value = point_of(at, [e], definitions).value(e)
            except UnsupportedError as error:
                raise NotationError(str(error)) from error
            low, high = ends(value)
            if high - low <= _CLEAR * abs(low + high) or bits == PRECISIONS[-1]:
                return Enclosure(low, high, ball_text(value))
    raise AssertionError


def point_of(
    at: Mapping[Any, Any],
    bodies: Sequence[sp.Basic],
    definitions: Sequence[sp.Eq] = (),
    relations: Sequence[Relational] = (),
) -> BallPoint:
    """A point that someone gives, as in `enclosed`; bodies: what will be evaluated there."""
    known = {head_of(d.lhs): (tuple(getattr(d.lhs, "indices", ())), d.rhs) for d in definitions}
    first = starts([*bodies, *(d.rhs for d in definitions), *relations])
    numbers: dict[str, dict[tuple[int, ...], Fraction]] = {}
    functions: dict[str, Polynomial] = {}
    for key, value in at.items():
        name = _label(key)
        if isinstance(value, sp.Lambda):
            functions[name] = _polynomial(name, value)
        else:
            numbers[name] = dict(_entries(name, value, first.get(name, ()), ()))
            if len(set(map(len, numbers[name]))) > 1:
                raise NotationError(f"the value of {name} is {value!r}, a list of numbers and of lists")
    for name in map(_label, known):
        if name in numbers:
            raise NotationError(f"{name} is defined, and given a value too")
    return BallPoint(numbers, functions, known, relations)


def _label(name: Any) -> str:
    """The name of a symbol, an array or a function."""
    return name.__name__ if isinstance(name, sp.core.function.FunctionClass) else str(getattr(name, "label", name))


def _entries(
    name: str, value: Any, first: Sequence[int], index: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], Fraction]]:
    """The numbers of nested lists, by index."""
    if isinstance(value, (list, tuple)):
        start = first[len(index)] if len(index) < len(first) else 1
        for n, inner in enumerate(value, start):
            yield from _entries(name, inner, first, (*index, n))
        return
    try:
        yield index, Fraction(str(value)) if isinstance(value, (float, sp.Basic)) else Fraction(value)
    except (TypeError, ValueError):
        raise NotationError(
            f"the value of {name} is {value!r}; accepted are rational numbers and nested lists of them"
        ) from None


def _polynomial(name: str, function: sp.Lambda) -> Polynomial:
    """The coefficients of a function."""
    try:
        terms = sp.Poly(function.expr, *function.variables).terms()
        return {powers: Fraction(int(c.p), int(c.q)) for powers, c in terms}
    except (sp.PolynomialError, AttributeError):
        says = f"the function {name} is given as {function.expr}; accepted are polynomials with rational coefficients"
        raise NotationError(says) from None


class BallPoint:
    """A point, and what is evaluated there by balls.

    definitions: of named quantities, by array or symbol.  relations: what is assumed; an equation
    `entry = expression` among them gives values to entries that the point lacks.
    box: for symbols, two ends between which all numbers are meant.  anywhere: sizes and indices that the point
    lacks may have any value, and get the least.
    """

    def __init__(
        self,
        numbers: Numbers,
        functions: Mapping[str, Polynomial],
        definitions: Mapping[sp.Basic, tuple[tuple[sp.Basic, ...], sp.Basic]],
        relations: Sequence[Relational] = (),
        box: Mapping[str, tuple[Fraction, Fraction]] | None = None,
        anywhere: bool = False,
    ) -> None:
        self.numbers, self.relations, self.box, self.anywhere = numbers, relations, box or {}, anywhere
        self.field = BallField(self._leaf, functions=functions)
        self.walk = Walk(self.field, {}, definitions)
        self._pending: set[tuple[str, tuple[int, ...]]] = set()

    def value(self, e: sp.Basic) -> Any:
        """The value of a formula; an undefined one, or one that is not finite, raises UndefinedError."""
        return self._checked(e, self.walk.value(e, self._indices(e)))

    def slope(self, e: sp.Basic, symbol: sp.Basic) -> Any:
        """The derivative by a symbol."""
        return self._checked(e, self.walk.slope(e, self._indices(e), (symbol, ())))

    def _checked(self, e: sp.Basic, value: Any) -> Any:
        if hasattr(value, "mid") and not value.is_finite():
            raise UndefinedError(f"the value of {e} is not enclosed")
        return value

    def holds(self, relation: Relational) -> bool:
        """Whether a relation is certain here, or certainly false, for every value of its free indices.

        Raises UndefinedError where that cannot be told.
        """
        return all(self.walk.holds(relation, {**self._indices(relation), **env}) for env in self._rows(relation))

    def _indices(self, e: sp.Basic) -> dict[sp.Basic, int]:
        """The whole letters of a formula that the point has."""
        found = {}
        for s in e.atoms(sp.Symbol, sp.Idx):
            value = self.numbers.get(str(s), {}).get(()) if s.is_integer else None
            if value is not None:
                if Fraction(value).denominator != 1:
                    raise NotationError(f"the value of {s} is {value}, and it is declared to be a whole number")
                found[s] = int(value)
                continue
            span = index_range(s) if self.anywhere and isinstance(s, sp.Idx) else None
            if span is not None:
                lo, hi = (self.walk.integer(end, {}) for end in span)
                if lo <= hi:
                    found[s] = lo
        return found

    def _rows(self, relation: Relational) -> list[dict[sp.Basic, int]]:
        """All values of a relation's free indices: of an index without a range, those of the entries that are known."""
        spans: dict[sp.Basic, range] = {}
        for entry, axis, index in _free(relation, frozenset()):
            if entry is None and str(index) in self.numbers:  # an index of the point, and not one of a template
                continue
            span = index_range(index)
            if span is not None:
                lo, hi = (self.walk.integer(end, {}) for end in span)
                spans[index] = range(lo, hi + 1)
            elif str(index) not in self.numbers and entry is not None:
                used = [place[axis] for place in self.numbers.get(_label(entry.base), {})]
                spans.setdefault(index, range(min(used), max(used) + 1) if used else range(1, 2))
        return free_values(spans, _ROWS)

    # -- values of letters ------------------------------------------------------------------------
    def _leaf(self, name: sp.Basic, index: tuple[int, ...]) -> Any:
        key = _label(name)
        if not index and key in self.box:
            return self.field.between(*self.box[key])
        known = self.numbers.get(key, {})
        if index in known:
            return known[index]
        value = self._by_equation(name, index)
        if value is not None:
            return value
        if self.anywhere and name.is_integer and name.is_positive and not index:
            return 1
        if not known:
            raise NotationError(f"no value is given for {_entry(key, index)}")
        depth = len(next(iter(known)))
        if depth != len(index):
            given = f"with {depth} ind{'ex' if depth == 1 else 'ices'}" if depth else "as a number"
            raise NotationError(f"{key} is given {given}, and {_entry(key, index)} is asked for")
        spans = ", ".join(f"{min(axis)}..{max(axis)}" for axis in zip(*known, strict=True))
        raise NotationError(f"no value is given for {_entry(key, index)}: {key} has the indices {spans}")

    def _by_equation(self, name: sp.Basic, index: tuple[int, ...]) -> Any:
        """The value that an assumed equation gives to an entry, if one does."""
        if (_label(name), index) in self._pending:
            return None
        self._pending.add((_label(name), index))
        try:
            for relation in self.relations:
                for side, other in (relation.args, relation.args[::-1]):
                    if isinstance(relation, sp.Eq) and self._speaks_of(side, name, index):
                        env = bound_to(getattr(side, "indices", ()), index)
                        return self.walk.value(other, {**self._indices(other), **env})
        except NotationError:
            return None
        finally:
            self._pending.discard((_label(name), index))
        return None

    def _speaks_of(self, side: sp.Basic, name: sp.Basic, index: tuple[int, ...]) -> bool:
        """Whether a side of an equation is an entry with free indices, and this one is among those it stands for."""
        template = getattr(side, "indices", ())
        letters = all(isinstance(i, (sp.Symbol, sp.Idx)) and not i.is_positive for i in template)
        if not isinstance(side, (sp.Symbol, sp.Indexed)) or head_of(side) != name or not letters:
            return False
        if len(set(template)) != len(template) or len(template) != len(index):
            return False
        spans = [index_range(i) for i in template]
        return all(
            span is None or self.walk.integer(span[0], {}) <= n <= self.walk.integer(span[1], {})
            for span, n in zip(spans, index, strict=True)
        )


def _entry(name: str, index: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def _free(e: sp.Basic, bound: frozenset[sp.Basic]) -> Iterator[tuple[sp.Indexed | None, int, sp.Basic]]:
    """The free indices of a relation, with an entry that each stands in, and where."""
    if isinstance(e, sp.Sum):
        bound = bound | {limit[0] for limit in e.limits}
    if isinstance(e, sp.Idx) and e not in bound:
        yield None, 0, e
    if isinstance(e, sp.Indexed):
        for axis, index in enumerate(e.indices):
            if not isinstance(index, (sp.Symbol, sp.Idx)):
                yield from _free(index, bound)
            elif index not in bound and not index.is_positive:
                yield e, axis, index
        return
    for a in e.args:
        yield from _free(a, bound)
