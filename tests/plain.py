"""Formulas at points of our own, with nothing of gradproof: sizes are numbers, and sums are written out.

An entry x[1, 2] becomes a symbol of that name, a named quantity its definition, an undefined function
a polynomial; derivatives are SymPy's own, and of ∂/∂z the definition of z is cut.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sympy as sp
from mpmath import mp
from sympy.core.function import AppliedUndef

DIGITS = 60
POOL = [sp.Rational(p) for p in ("2/3", "-5/4", "7/3", "1/5", "-3/7", "11/6", "4", "-2", "3/5", "-1/3")]


def head(e: sp.Basic) -> sp.Basic:
    return e.base if isinstance(e, sp.Indexed) else e


class Plain:
    """Writes formulas out for given sizes."""

    def __init__(self, sizes: Mapping[sp.Basic, int], definitions: Sequence[sp.Eq] = (), index: int = 1) -> None:
        self.sizes, self.index = sizes, index
        self.definitions = {head(d.lhs): d for d in definitions}
        self.known: dict[Any, sp.Expr] = {}

    def written(self, e: sp.Basic) -> Any:
        """The formula without sums, indices and names; done once for each."""
        if e not in self.known:
            self.known[e] = self.out(e)
        return self.known[e]

    def out(
        self, e: sp.Basic, env: Mapping[sp.Basic, int] | None = None, cut: frozenset[sp.Basic] = frozenset()
    ) -> Any:
        """The formula without sums, indices and names."""
        env = env or {}
        match e:
            case sp.Idx() | sp.Symbol():
                return self._letter(e, env, cut)
            case sp.Indexed():
                return self._entry(e, env, cut)
            case sp.Sum():
                (index, low, high), *rest = reversed(e.limits)
                body = sp.Sum(e.function, *reversed(rest)) if rest else e.function
                span = range(int(self.out(low, env)), int(self.out(high, env)) + 1)
                return sp.Add(
                    *(self.out(body, {**env, index: n, getattr(index, "label", index): n}, cut) for n in span)
                )
            case sp.Derivative():
                return self._slope(e, env, cut)
        if not e.args:
            return e
        args = [self.out(a, env, cut) for a in e.args]
        if isinstance(e, AppliedUndef):
            return polynomial(e.func.__name__, args)
        return e.func(*args)

    def _letter(self, e: sp.Basic, env: Mapping[sp.Basic, int], cut: frozenset[sp.Basic]) -> sp.Expr:
        if e in env:
            return sp.Integer(env[e])
        if e in self.sizes:
            return sp.Integer(self.sizes[e])
        if isinstance(e, sp.Idx):  # left free: another entry for each letter
            drawn = random.Random(f"{e.label} {self.index}").randrange(int(self.out(e.upper)))
            return sp.Integer(1 + (drawn if self.index else 0))
        if e in self.definitions and e not in cut:
            return self.out(self.definitions[e].rhs, {}, cut)
        return sp.Symbol(str(e))

    def _entry(self, e: sp.Indexed, env: Mapping[sp.Basic, int], cut: frozenset[sp.Basic]) -> sp.Expr:
        index = tuple(int(self.out(i, env)) for i in e.indices)
        if e.base not in self.definitions or e.base in cut:
            return entry(e.base, index)
        key = (e.base, index, cut)
        if key not in self.known:
            d = self.definitions[e.base]
            self.known[key] = self.out(d.rhs, dict(zip(d.lhs.indices, index, strict=True)), cut)
        return self.known[key]

    def _slope(self, e: sp.Derivative, env: Mapping[sp.Basic, int], cut: frozenset[sp.Basic]) -> sp.Expr:
        inside = cut | {head(v) for v in e.variables if head(v) in self.definitions}
        slope = self.out(e.expr, env, inside)
        for v in e.variables:
            slope = sp.diff(slope, self.out(v, env, inside))
        if inside == cut:
            return slope
        back = {}
        for name in inside - cut:
            d = self.definitions[name]
            for index in self._indices(d.lhs):
                mark = entry(name, index) if index else sp.Symbol(str(name))
                if slope.has(mark):
                    back[mark] = self._entry(name[index], {}, cut) if index else self._letter(name, {}, cut)
        return slope.xreplace(back)

    def _indices(self, template: sp.Basic) -> list[tuple[int, ...]]:
        spans = [range(1, int(self.out(i.upper)) + 1) for i in getattr(template, "indices", ())]
        return list(itertools.product(*spans))

    def values(
        self,
        letters: Iterable[sp.Basic],
        assumptions: Sequence[Any] = (),
        seed: int = 0,
        known: Mapping[Any, Any] | None = None,
    ) -> dict[Any, Any]:
        """Numbers for the letters of a written-out formula, such that the equations assumed hold.

        known: numbers that are given, by letter.
        """
        choice = random.Random(seed)
        given: dict[sp.Basic, sp.Expr] = {}
        positive: set[sp.Basic] = set()
        for relation in assumptions:
            if isinstance(relation, sp.Gt) and relation.rhs == 0 and relation.lhs.is_Symbol:
                positive.add(self.out(relation.lhs))
            if isinstance(relation, sp.Eq):
                given |= self._given(relation)
        found: dict[Any, Any] = dict(known or {})

        def value(letter: sp.Symbol, depth: int = 0) -> Any:
            if depth > 40:
                raise RecursionError(letter)
            if letter not in found:
                if letter in given:
                    body = given[letter]
                    found[letter] = body.xreplace({s: value(s, depth + 1) for s in body.free_symbols})
                else:
                    drawn = choice.choice(POOL)
                    found[letter] = abs(drawn) if letter in positive else drawn
            return found[letter]

        for letter in sorted({*letters, *(s for r in given.values() for s in r.free_symbols)}, key=str):
            value(letter)
        return found

    def _given(self, relation: sp.Eq) -> dict[sp.Basic, sp.Expr]:
        """An assumed equation as values of its left side."""
        left, right = relation.args
        if isinstance(left, sp.Sum):  # the last entry is what the others leave
            *_, last = sorted(self.out(left).free_symbols, key=str)
            return {last: last - self.out(left) + self.out(right)}
        found = {}
        for index in self._indices(left) if isinstance(left, sp.Indexed) else [()]:
            env = dict(zip(getattr(left, "indices", ()), index, strict=True))
            env |= {i.label: n for i, n in env.items() if isinstance(i, sp.Idx)}
            mark, body = self.out(left, env), self.out(right, env)
            if mark.is_Symbol and mark != body and body not in found:  # x = y, not y = x besides
                found[mark] = body
        return found


def entry(base: sp.Basic, index: tuple[int, ...]) -> sp.Symbol:
    return sp.Symbol(f"{getattr(base, 'label', base)}[{','.join(map(str, index))}]")


def polynomial(name: str, args: Sequence[sp.Expr]) -> sp.Expr:
    """A polynomial of degree 4 that stands for an undefined function: the same for the same name."""
    choice = random.Random(f"{name} {len(args)}")
    powers = [p for p in itertools.product(range(5), repeat=len(args)) if sum(p) <= 4]
    return sp.Add(*(choice.choice((1, 2, 3, -1, -2)) * sp.Mul(*map(sp.Pow, args, p)) for p in powers))


def number(e: sp.Expr, values: Mapping[Any, Any]) -> sp.Float | None:
    """The value with 60 digits; None where there is none that is real."""
    known: dict[sp.Basic, Any] = {}

    def value(e: sp.Basic) -> Any:
        if e not in known:
            known[e] = here(e)
        return known[e]

    def here(e: sp.Basic) -> Any:
        match e:
            case sp.Rational():
                return mp.mpf(int(e.p)) / int(e.q)
            case sp.Symbol():
                return value(sp.sympify(values[e], strict=True))
            case sp.Add():
                return mp.fsum(map(value, e.args))
            case sp.Mul():
                return mp.fprod(map(value, e.args))
            case sp.Pow() if e.exp.is_Integer:
                return value(e.base) ** int(e.exp)
            case sp.Pow():
                return mp.power(value(e.base), value(e.exp))
            case sp.Function():
                return getattr(mp, type(e).__name__)(*map(value, e.args))
        return mp.mpf(sp.N(e, DIGITS))

    if e.has(sp.zoo, sp.nan, sp.oo, sp.I):
        return None
    with mp.workdps(DIGITS):
        try:
            found = value(e)
        except ZeroDivisionError:
            return None
        return sp.Float(found, DIGITS) if isinstance(found, mp.mpf) and mp.isfinite(found) else None


def apart(one: sp.Expr | None, other: sp.Expr | None) -> bool:
    """Whether two values are certainly different."""
    return one is not None and other is not None and bool(abs(one - other) > sp.Rational(1, 10**30))


def sizes(*parts: Any) -> list[sp.Basic]:
    """The sizes that occur in expressions and relations."""
    found = {s for e in parts for s in e.atoms(sp.Symbol) if s.is_integer and s.is_positive}
    found |= {s for e in parts for i in e.atoms(sp.Idx) if i.upper is not None for s in i.upper.free_symbols}
    return sorted((s for s in found if not isinstance(s, sp.Idx)), key=str)


def letters(at: Mapping[Any, Any]) -> dict[sp.Basic, sp.Expr]:
    """A given point as numbers by letter; arrays start at 1, and functions are left out."""
    found: dict[sp.Basic, sp.Expr] = {}

    def note(name: str, value: Any, index: tuple[int, ...]) -> None:
        if isinstance(value, (list, tuple)):
            for n, part in enumerate(value, 1):
                note(name, part, (*index, n))
        else:
            found[entry(sp.IndexedBase(name), index) if index else sp.Symbol(name)] = sp.Rational(str(value))

    for key, value in at.items():
        if not isinstance(value, sp.Lambda):
            note(str(getattr(key, "label", key)), value, ())
    return found
