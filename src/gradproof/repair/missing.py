"""Assumptions under which a claim may be right as it stands, suited to the arrays and symbols of the loss.

A square array is symmetric; along an axis an array's entries sum to one or to zero, or their
squares to one; its columns are orthonormal; its entries are positive, are 1 or −1, or are 0 or 1;
a symbol is positive.  Not tried on what is computed from a definition, and, but for the sign, not on what is
differentiated by.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import sympy as sp
from sympy.core.relational import Relational

from gradproof.checking import Question
from gradproof.lines import fresh, head, index_name, index_range, replaced, summed
from gradproof.repair.grids import places

__all__ = ["suited"]

_SYMMETRIC, _SUM_ONE, _UNIT, _POSITIVE, _LABEL, _ORTHONORMAL, _SUM_ZERO = 1.45, 1.5, 1.8, 1.9, 1.9, 2.0, 2.1


def suited(question: Question, likely: bool) -> Iterator[tuple[float, Question]]:
    """The question with one more assumption, and how unlikely it is that it was left out.

    likely: those that are left out as often as a factor is; else the others.
    """
    for cost, relation in _relations(question):
        if relation not in question.relations and (cost <= _SUM_ONE) == likely:
            yield cost, replace(question, relations=(*question.relations, relation))


def _relations(question: Question) -> Iterator[tuple[float, Relational]]:
    fixed = {head(d.lhs) for d in question.definitions}
    for entry in _entries(question):
        if entry.base not in fixed:
            if entry.base != head(question.wrt):
                yield from _of_array(entry)
            if not entry.is_positive:
                yield _POSITIVE, sp.Gt(entry, 0, evaluate=False)
    for symbol in sorted(question.loss.free_symbols, key=str):
        if type(symbol) is sp.Symbol and not symbol.is_integer and not symbol.is_positive and symbol not in fixed:
            yield _POSITIVE, sp.Gt(symbol, 0, evaluate=False)


def _of_array(entry: sp.Indexed) -> Iterator[tuple[float, Relational]]:
    """Equations for an array's entry, each of whose indices has a letter of its own."""
    for one, other in itertools.combinations(range(len(entry.indices)), 2):
        indices = list(entry.indices)
        indices[one], indices[other] = indices[other], indices[one]
        if index_range(indices[one]) == index_range(indices[other]):
            yield _SYMMETRIC, sp.Eq(entry, entry.base[tuple(indices)], evaluate=False)
    for index in entry.indices:
        total = _total(entry, index)
        yield _SUM_ONE, sp.Eq(total, 1, evaluate=False)
        yield _SUM_ZERO, sp.Eq(total, 0, evaluate=False)
        yield _UNIT, sp.Eq(_total(entry**2, index), 1, evaluate=False)
    if len(entry.indices) == 2:
        row, column = entry.indices
        other = _letters(entry.base[row, column, column], [index_range(i) for i in (row, column, column)])[2]
        product = _total(entry * entry.base[row, other], row)
        yield _ORTHONORMAL, sp.Eq(product, sp.KroneckerDelta(column, other), evaluate=False)
    yield _LABEL, sp.Eq(entry**2, 1, evaluate=False)
    yield _LABEL, sp.Eq(entry**2, entry, evaluate=False)


def _entries(question: Question) -> list[sp.Indexed]:
    """One entry of each array, with distinct indices of the ranges that it has in the loss."""
    found: dict[sp.Basic, sp.Indexed] = {}
    for body in (question.loss, *(d.rhs for d in question.definitions), question.wrt):
        for place in places(body):
            e = place.node
            if isinstance(e, sp.Indexed) and e.base not in found:
                spans = {limit[0]: (limit[1], limit[2]) for limit in place.scope.limits}
                known = (spans.get(i) or question.bounds.get(i) or index_range(i) for i in e.indices)
                here = [span for span in known if span is not None]
                if len(here) == len(e.indices):
                    found[e.base] = e.base[_letters(e, here)]
    return list(found.values())


def _letters(entry: sp.Indexed, spans: Sequence[Any]) -> tuple[sp.Idx, ...]:
    """An index for each axis: the one that stands there, or its letter primed where that is taken."""
    letters: list[sp.Idx] = []
    for index, span in zip(entry.indices, spans, strict=True):
        name = index_name(index) if isinstance(index, (sp.Idx, sp.Symbol)) else "i"
        while name in map(str, letters):
            name += "'"
        letters.append(sp.Idx(name, span))
    return tuple(letters)


def _total(e: sp.Expr, index: sp.Idx) -> sp.Expr:
    """Σ e over an index."""
    own, (lo, hi) = fresh(index), index.args[1]
    return summed(replaced(e, {index: own}), own, lo, hi)
