"""Whether a public formula is true, found without gradproof: at points, with sizes that are numbers.

Formulas in index notation are written out by `plain`, and SymPy differentiates; matrices are matrices
of numbers, and the derivative is a difference quotient in exact numbers.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sympy as sp

from plain import POOL, Plain, apart, sizes
from public.record import Formula

__all__ = ["differs"]

DIGITS = 60
STEP = sp.Rational(1, 10**20)
ENOUGH = 3


def differs(formula: Formula) -> list[bool]:
    """At a few points where both sides have a value and the assumptions hold: whether they differ."""
    matrices = any(e.has(sp.MatrixSymbol) for e in (formula.loss, formula.claimed))
    return list(itertools.islice(_of_matrices(formula) if matrices else _of_indices(formula), ENOUGH))


# -- index notation ----------------------------------------------------------------------------------
def _of_indices(formula: Formula) -> Iterator[bool]:
    loss, claimed = (_rooted(e) for e in (formula.loss, formula.claimed))
    definitions = [sp.Eq(d.lhs, _rooted(d.rhs), evaluate=False) for d in formula.definitions]
    definitions += [sp.Eq(e, 1 + sp.Mod(e.indices[0], 2), evaluate=False) for e in _whole(loss)]
    slope = sp.Derivative(loss, formula.wrt, evaluate=False)
    names = sizes(loss, formula.wrt, claimed, *definitions)
    for seed in range(20):
        size = 3 if seed == 1 and not definitions else 2
        plain = Plain(dict.fromkeys(names, size), definitions, seed % 3)
        sides = [plain.written(e) for e in (slope, claimed)]
        relations = [r for relation in formula.assumptions for r in _instances(relation, size)]
        given = [(r.func, *map(plain.written, r.args)) for r in relations]
        letters = {s for e in [*sides, *(e for _, *pair in given for e in pair)] for s in e.free_symbols}
        values = plain.values(letters, relations, seed, _drawn_letters(formula, letters, given, seed))
        if all(_holds(kind, _value(one, values), _value(other, values)) for kind, one, other in given):
            left, right = (_value(e, values) for e in sides)
            if left is not None and right is not None:
                yield apart(left, right)


def _whole(loss: sp.Expr) -> set[sp.Indexed]:
    """Entries that stand as an index, which are 1 and 2 in turn."""
    return {e for e in loss.atoms(sp.Indexed) if e.base.is_integer}


def _rooted(e: sp.Expr) -> sp.Expr:
    """|u| as the root of a square, which SymPy differentiates."""
    return e.replace(sp.Abs, lambda u: sp.sqrt(u**2)).replace(sp.sign, lambda u: u / sp.sqrt(u**2))


def _instances(relation: Any, size: int) -> list[Any]:
    """An equation about a sum, for each value of its free index."""
    free = [i for i in relation.lhs.free_symbols if isinstance(i, sp.Idx)] if relation.lhs.has(sp.Sum) else []
    spans = itertools.product(range(1, size + 1), repeat=len(free))
    return [
        relation.func(
            *(e.xreplace(dict(zip(free, map(sp.Integer, at), strict=True))) for e in relation.args), evaluate=False
        )
        for at in spans
    ]


def _drawn_letters(formula: Formula, letters: set[sp.Symbol], given: Sequence[Any], seed: int) -> dict[Any, Any]:
    """Different numbers for the letters that no equation speaks of; a letter whose square is 1 is 1 or -1."""
    choice = random.Random(seed)
    parts = [formula.loss, formula.claimed, *formula.definitions]
    positive = {str(s) for e in parts for s in e.atoms(sp.Symbol) if s.is_positive}
    bound = {s for kind, *pair in given if kind is sp.Eq for e in pair for s in e.free_symbols}
    scales = (1000, 10000)
    found = {
        s: sp.Rational(choice.randrange(-2000, 2000) * 2 + 1, choice.choice(scales))
        for s in sorted(letters - bound, key=str)
    }
    found = {s: abs(v) if str(s) in positive else v for s, v in found.items()}
    squares = [one.base for kind, one, other in given if kind is sp.Eq and other == 1 and one.is_Pow]
    return found | {s: sp.Integer(-1 if seed % 2 else 1) for s in squares}


def _holds(kind: type, one: sp.Expr | None, other: sp.Expr | None) -> bool:
    if one is None or other is None:
        return False
    return not apart(one, other) if kind is sp.Eq else bool(kind(one, other))


def _value(e: sp.Expr, values: Mapping[Any, Any]) -> sp.Expr | None:
    """The value of a written-out formula, or None where it is none that is real."""
    found = sp.N(e.xreplace({s: sp.sympify(v) for s, v in values.items()}), DIGITS)
    return found if found.is_Float or found.is_Rational else None


# -- matrices ----------------------------------------------------------------------------------------
def _of_matrices(formula: Formula) -> Iterator[bool]:
    lengths = {s: 3 if str(s) == "n" else 2 for s in sizes(formula.loss, formula.wrt, formula.claimed)}
    for seed in range(3):
        values = _drawn(formula, lengths, seed)
        here = values[formula.wrt]
        slope = sp.zeros(*here.shape)
        for entry in itertools.product(*map(range, here.shape)):
            moved = []
            for step in (STEP, -STEP):
                there = here.copy()
                there[entry] += step
                moved.append(_matrix(formula.loss, {**values, formula.wrt: there}, lengths)[0])
            slope[entry] = (moved[0] - moved[1]) / (2 * STEP)
        gap = slope - _matrix(formula.claimed, values, lengths)
        yield any(abs(sp.N(e, 30)) > sp.Rational(1, 10**15) for e in gap)


def _drawn(formula: Formula, lengths: Mapping[Any, int], seed: int) -> dict[Any, sp.Matrix]:
    choice = random.Random(seed)
    symmetric = {s for r in formula.assumptions for s in r.atoms(sp.MatrixSymbol)}
    letters = {s for e in (formula.loss, formula.claimed) for s in e.free_symbols if s not in lengths} | {formula.wrt}
    found: dict[Any, sp.Matrix] = {}
    for letter in sorted(letters, key=str):
        shape = [int(s.xreplace(dict(lengths))) for s in getattr(letter, "shape", (sp.S.One, sp.S.One))]
        drawn = sp.Matrix(*shape, lambda i, j: choice.choice(POOL) + (5 if i == j else 0))
        found[letter] = drawn + drawn.T if letter in symmetric else drawn
    return found


def _matrix(e: Any, values: Mapping[Any, sp.Matrix], lengths: Mapping[Any, int]) -> sp.Matrix:
    """A matrix expression as a matrix of numbers; a scalar is 1 by 1."""
    if e in values:
        return values[e]
    shape = [int(s.xreplace(dict(lengths))) for s in getattr(e, "shape", ())]
    parts = (
        [_matrix(p, values, lengths) for p in e.args]
        if not isinstance(e, (sp.Identity, sp.ZeroMatrix, sp.OneMatrix))
        else []
    )
    match e:
        case sp.Identity():
            return sp.eye(shape[0])
        case sp.ZeroMatrix():
            return sp.zeros(*shape)
        case sp.OneMatrix():
            return sp.ones(*shape)
        case sp.Transpose():
            return parts[0].T
        case sp.Inverse():
            return parts[0].inv()
        case sp.Trace():
            return sp.Matrix([[parts[0].trace()]])
        case sp.Determinant():
            return sp.Matrix([[parts[0].det()]])
        case sp.MatPow() | sp.Pow():
            return parts[0] ** parts[1][0]
        case sp.MatAdd() | sp.Add():
            return sum(parts[1:], parts[0])
        case sp.MatMul() | sp.Mul():
            found = parts[0]
            for part in parts[1:]:
                found = (
                    found[0] * part if found.shape == (1, 1) else found * (part[0] if part.shape == (1, 1) else part)
                )
            return found
        case sp.log():
            return sp.Matrix([[sp.N(sp.log(abs(parts[0][0])), DIGITS)]])
    return sp.Matrix([[lengths.get(e, e)]])
