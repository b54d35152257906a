"""Whether some forms can all be positive at once, as far as linear arithmetic tells.

Each product of atoms counts as a variable of its own, positive where all its factors are; the
given forms are multiplied in pairs, so that a < 1 and x < 0 give (1 − a)x < 0.  What is then
contradictory, by exact linear programming, is contradictory.  (SymPy 1.14's `linprog` is no help: it returns
points that break a constraint.)
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

from gradproof.canonical import Poly

__all__ = ["contradictory", "solvable"]

_ZERO, _ONE = Fraction(0), Fraction(1)
MAX_PAIRED = 10  # forms that are multiplied in pairs
MAX_COLUMNS = 40  # products of atoms in one linear programme


def contradictory(
    forms: Sequence[Poly],
    known: Iterable[tuple[Poly, bool]],
    positive: Callable[[Poly], bool],
    product: Callable[[Poly, Poly], Poly],
) -> bool:
    """Whether the forms, all > 0, contradict each other and what is known (a form, and whether it is > 0 or only ≥ 0).

    False means "not shown".
    """
    rows = [*((f, True) for f in forms), *known]
    if _contradict(rows, positive):
        return True
    pairs = itertools.combinations(rows[:MAX_PAIRED], 2)
    products = [(product(f, g), strict and also) for (f, strict), (g, also) in pairs]
    return _contradict([*rows, *products], positive)


def _contradict(rows: Sequence[tuple[Poly, bool]], positive: Callable[[Poly], bool]) -> bool:
    """Whether a sum of non-negative multiples of the rows is a number that it cannot be.

    The multiples λ solve Σ λ·row = −s in each product of atoms, with s ≥ 0, and Σ λ over the rows that are
    > 0, plus s, is 1.
    """
    columns = {key: t for f, _ in rows for key, (_, t) in f.terms.items() if t.factors or t.bound}
    if len(columns) > MAX_COLUMNS:
        return False
    alone = (Poly([(1, t)]) for t in columns.values())
    rows = [*rows, *((f, True) for f in alone if positive(f))]
    table = [[Fraction(f.terms[key][0]) if key in f.terms else _ZERO for f, _ in rows] + [_ZERO] for key in columns]
    table.append([sum((Fraction(c) for c, t in f if not (t.factors or t.bound)), _ZERO) for f, _ in rows] + [_ONE])
    table.append([Fraction(strict) for _, strict in rows] + [_ONE])
    return solvable(table, [_ZERO] * (len(table) - 1) + [_ONE])


def solvable(table: Sequence[Sequence[Fraction]], right: Sequence[Fraction]) -> bool:
    """Whether table · λ = right has a solution λ ≥ 0, for right ≥ 0: the simplex method's first phase, by Bland's rule.

    The solution is put in before it is believed.
    """
    width = len(table[0])
    rows = [
        [*row, *(Fraction(m == n) for m in range(len(table))), b]
        for n, (row, b) in enumerate(zip(table, right, strict=True))
    ]
    basis = [width + n for n in range(len(rows))]
    while True:
        gains = [sum(row[m] for row, b in zip(rows, basis, strict=True) if b >= width) for m in range(width)]
        entering = next((m for m, gain in enumerate(gains) if gain > 0), None)
        if entering is None:
            break
        ratios = [(row[-1] / row[entering], basis[n], n) for n, row in enumerate(rows) if row[entering] > 0]
        leaving = min(ratios)[2]
        pivot = rows[leaving][entering]
        rows[leaving] = [v / pivot for v in rows[leaving]]
        for n, row in enumerate(rows):
            if n != leaving and row[entering]:
                rows[n] = [v - row[entering] * w for v, w in zip(row, rows[leaving], strict=True)]
        basis[leaving] = entering
    solution = [_ZERO] * width
    for b, row in zip(basis, rows, strict=True):
        if b < width:
            solution[b] = row[-1]
    sums = [sum(v * x for v, x in zip(row, solution, strict=True)) for row in table]
    return min(solution) >= 0 and all(a == b for a, b in zip(sums, right, strict=True))
