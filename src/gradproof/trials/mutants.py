"""One slip in a formula: its sign, a factor of 2, an exponent, an index, a term or a factor that is dropped, a sum's last term."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import sympy as sp

from gradproof.trials.trees import changed, parts, summed

__all__ = ["Mutant", "drawn", "mutants"]

Mutant = tuple[str, sp.Expr]
Path = tuple[int, ...]


def mutants(e: sp.Expr, free: Sequence[sp.Basic]) -> Iterator[Mutant]:
    """Every expression that is one slip away from `e`, with the kind of the slip.

    free: the indices that may be put for others, beside those of the sums around.  Derivatives are left alone.
    """
    for kind, path, new in _slips(e, free):
        yield kind, changed(e, path, new)


def drawn(e: sp.Expr, free: Sequence[sp.Basic], seed: str) -> Iterator[Mutant]:
    """The mutants in an order drawn at random, but with the kinds of slip in turn, and each only once."""
    kinds: dict[str, list[tuple[str, Path, sp.Expr]]] = {}
    for slip in _slips(e, free):
        kinds.setdefault(slip[0], []).append(slip)
    choice = random.Random(seed)
    order = list(kinds.items())
    choice.shuffle(order)
    for _, left in order:
        choice.shuffle(left)
    seen = {str(e)}
    while any(left for _, left in order):
        for kind, left in order:
            while left:
                _, path, new = left.pop()
                other = changed(e, path, new)
                if str(other) not in seen and not other.has(sp.zoo, sp.nan, sp.oo, sp.I):
                    seen.add(str(other))
                    yield kind, other
                    break


def _slips(e: sp.Expr, free: Sequence[sp.Basic]) -> Iterator[tuple[str, Path, sp.Expr]]:
    for path, part, limits in parts(e):
        for kind, new in _of_part(part, [*free, *(limit[0] for limit in limits)]):
            yield kind, path, new


def _of_part(e: sp.Expr, letters: Sequence[sp.Basic]) -> Iterator[Mutant]:
    yield "sign", -e
    yield "factor", 2 * e
    match e:
        case sp.Add() | sp.Mul():
            kind = f"dropped {'term' if isinstance(e, sp.Add) else 'factor'}"
            for n in range(len(e.args)):
                yield kind, e.func(*e.args[:n], *e.args[n + 1 :])
        case sp.Pow() if e.exp.is_Rational:
            yield "exponent", e.base ** (e.exp + 1)
        case sp.Indexed():
            for n, index in enumerate(e.indices):
                for other in letters:
                    if other != index:
                        yield "index", e.base[(*e.indices[:n], other, *e.indices[n + 1 :])]
        case sp.Sum():
            *inner, (index, low, high) = e.limits
            if high.is_Symbol:
                yield "last term of a sum", summed(e.function, *inner, (index, low, high - 1))
