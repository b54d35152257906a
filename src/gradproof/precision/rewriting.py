"""How an equation is found in an expression: patterns, definitions that are opened for them, letters that are chosen.

A pattern is an expression in which the letters u and v stand for anything.  It is found in a part of a sum, up to a
number, in a part of a product, or in a whole node; a named quantity is opened where that lets it fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sympy as sp

from gradproof.lines import copied, head, index_name, rebuilt, replaced

__all__ = ["Largest", "Scope", "by_pattern", "u", "v"]

u, v = sp.symbols("u v")
_LETTERS = (u, v)
_NAMES = ("M", "m", "T", "t")

Names = Mapping[sp.Basic, tuple[tuple[sp.Basic, ...], sp.Expr]]
Binding = dict[sp.Basic, sp.Expr]


class Largest(sp.Function):  # type: ignore[misc] # SymPy has no types
    """Largest(e, index, lo, hi): the largest value of e as an index runs; it stands in a choice, and in no proof."""

    nargs = 4

    def _latex(self, printer: Any) -> str:
        body, index, *_ = self.args
        return rf"\max_{{{printer.doprint(index)}}} {printer.doprint(body)}"


class Scope:
    """What a law may use: definitions, and new letters, which stand neither in `e` nor in these."""

    def __init__(self, e: sp.Expr, definitions: Sequence[sp.Eq]) -> None:
        self.names: Names = {head(d.lhs): (tuple(getattr(d.lhs, "indices", ())), d.rhs) for d in definitions}
        self.chosen: dict[sp.Expr, sp.Eq] = {}
        self.opens = 0  # how many names were opened
        seen = {s for x in (e, *definitions) for s in x.free_symbols}
        self._taken = {index_name(s) for s in seen} | {str(getattr(head(s), "label", s)) for s in seen}

    def opened(self, e: sp.Basic) -> sp.Expr | None:
        """The body of a named quantity, or None for anything else."""
        if not isinstance(e, (sp.Symbol, sp.Indexed)) or head(e) not in self.names:
            return None
        template, body = self.names[head(e)]
        self.opens += 1
        return replaced(copied(body), dict(zip(template, getattr(e, "indices", ()), strict=True)))

    def letter(self, value: sp.Expr, positive: bool = False) -> sp.Expr:
        """A letter for which `value` is a good choice: one for each value of the indices that are free in it."""
        key = _by_place(value)
        if key not in self.chosen:
            free = sorted(_free_indices(value), key=str)
            names = (*_NAMES, *(f"{name}_{n}" for n in range(1, 100) for name in _NAMES))
            name = next(n for n in names if n not in self._taken)
            self._taken.add(name)
            declared = {"positive": True} if positive else {}
            letter = sp.IndexedBase(name, **declared)[tuple(free)] if free else sp.Symbol(name, **declared)
            self.chosen[key] = sp.Eq(letter, value, evaluate=False)
        return self.chosen[key].lhs

    def is_shifted(self, e: sp.Expr) -> bool:
        """Whether a chosen letter stands in `e` already."""
        return any(mention in e.free_symbols for d in self.chosen.values() for mention in d.lhs.free_symbols
                   if not isinstance(mention, sp.Idx))  # fmt: skip


def _by_place(e: sp.Basic, depth: int = 0) -> sp.Basic:
    """`e` with bound indices named by how deep they are bound, so that equal values look alike."""
    if isinstance(e, Largest):
        body, index, lo, hi = e.args
        place = sp.Symbol(f" {depth}", integer=True)
        return Largest(_by_place(replaced(body, {index: place}), depth + 1), place, lo, hi)
    if isinstance(e, sp.Sum):
        return e
    return rebuilt(e, [_by_place(x, depth) for x in e.args]) if e.args and e.has(Largest) else e


def _free_indices(e: sp.Basic) -> set[sp.Basic]:
    """The indices that are free in `e`."""
    if isinstance(e, (Largest, sp.Sum)):
        bound = {e.args[1]} if isinstance(e, Largest) else {limit[0] for limit in e.limits}
        return _free_indices(e.args[0]) - bound
    if isinstance(e, sp.Indexed):
        return {i for i in e.indices if isinstance(i, (sp.Idx, sp.Symbol))}
    return set().union(*(_free_indices(x) for x in e.args))


def by_pattern(law: sp.Eq, e: sp.Expr, scope: Scope) -> sp.Expr | None:
    """A node in which the law's left side is found, with the right side in its place; None where it is not."""
    left, right = law.args
    if isinstance(left, sp.Add) and isinstance(e, sp.Add):
        number = next((t for t in e.args if isinstance(t, sp.Rational)), sp.Integer(1))
        for scale in (number, -number):
            terms = [sp.Mul(t, 1 / scale) for t in e.args]
            for found, rest in _parts(left, sp.Add, terms, {}, scope):
                new = replaced(right, found)
                return sp.Add(*(sp.Mul(t, scale) for t in rest), sp.Mul(scale, new))
        return None
    if isinstance(left, sp.Mul) and isinstance(e, sp.Mul):
        for found, rest in _parts(left, sp.Mul, e.args, {}, scope):
            return sp.Mul(*rest, replaced(right, found))
        return None
    if isinstance(left, (sp.Add, sp.Mul)) or type(left) is not type(e):
        return None
    return next((replaced(right, found) for found in _unified(left, e, {}, scope)), None)


def _unified(pattern: sp.Basic, e: sp.Basic, known: Binding, scope: Scope) -> Iterator[Binding]:
    """The ways in which an expression is an instance of a pattern."""
    if pattern in _LETTERS:
        if known.get(pattern, e) == e:
            yield {**known, pattern: e}
    elif pattern == e:
        yield known
    elif isinstance(pattern, sp.Mul) and isinstance(e, sp.Mul) and pattern.args[0] == e.args[0] == -1:
        yield from _unified(-pattern, -e, known, scope)
    elif type(pattern) is type(e) and isinstance(pattern, (sp.Add, sp.Mul)):
        for found, rest in _parts(pattern, type(e), e.args, known, scope):
            if not rest:
                yield found
    elif type(pattern) is type(e) and pattern.args:
        yield from _all(pattern.args, e.args, known, scope)
    elif pattern.args:
        body = scope.opened(e)
        if body is not None:
            yield from _unified(pattern, body, known, scope)


def _all(patterns: Sequence[sp.Basic], terms: Sequence[sp.Basic], known: Binding, scope: Scope) -> Iterator[Binding]:
    """The ways in which terms are instances of as many patterns, one by one."""
    if len(patterns) == len(terms) == 0:
        yield known
    elif len(patterns) == len(terms):
        for found in _unified(patterns[0], terms[0], known, scope):
            yield from _all(patterns[1:], terms[1:], found, scope)


def _parts(
    pattern: sp.Basic, kind: type, terms: Sequence[sp.Basic], known: Binding, scope: Scope
) -> Iterator[tuple[Binding, tuple[sp.Basic, ...]]]:
    """The ways in which some of the terms are those of a pattern, with what is left; a bare letter takes the rest."""
    letters = [q for q in pattern.args if q in _LETTERS]

    def search(todo: Sequence[sp.Basic], left: tuple[sp.Basic, ...], known: Binding) -> Iterator[Any]:
        if not todo:
            yield known, left
        for n, term in enumerate(left if todo else ()):
            for found in _unified(todo[0], term, known, scope):
                yield from search(todo[1:], left[:n] + left[n + 1 :], found)

    for found, rest in search([q for q in pattern.args if q not in _LETTERS], tuple(terms), known):
        if not letters:
            yield found, rest
        elif len(letters) == 1 and rest:
            together = kind(*rest)
            if found.get(letters[0], together) == together:
                yield {**found, letters[0]: together}, ()
