"""One gradient on trial, and all of them: what each checker makes of its mutants, its rewritings, and ever smaller slips."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from gradproof.cache import digest
from gradproof.derivation import Derivation
from gradproof.trials.checkers import Answer, Checker, Line, asked, result_line
from gradproof.trials.mutants import drawn
from gradproof.trials.numbers import Ground
from gradproof.trials.rewritings import rewritings
from gradproof.trials.trees import free_indices

__all__ = [
    "MUTANTS",
    "REWRITINGS",
    "SMALLEST",
    "Material",
    "Mutated",
    "Rewritten",
    "by_one",
    "formula_digest",
    "material",
    "tried",
]

MUTANTS, REWRITINGS = 11, 3  # of each gradient
LONG, FEW = 40, 3  # of a longer line, in nodes of its tree, a slow checker is asked about so few mutants
SMALLEST = 40  # a relative slip of 10**-40 is the smallest that is tried: points are enclosed with 50 digits

Data = dict[str, Any]


@dataclass(frozen=True)
class Mutated:
    """A line with a slip; `size` is by which part of itself it differs at a point."""

    line: Line
    slip: str
    formula: sp.Expr
    size: float


@dataclass(frozen=True)
class Rewritten:
    """A line written otherwise, by some laws."""

    line: Line
    laws: tuple[str, ...]
    formula: sp.Expr


@dataclass(frozen=True)
class Material:
    """What is made of some lines; `line` is the one that small slips are made in, one that is not zero."""

    ground: Ground
    mutants: tuple[Mutated, ...]
    rewritings: tuple[Rewritten, ...]
    line: Line


def formula_digest(d: Derivation) -> str:
    """Name a gradient by its formulas."""
    return digest(*map(str, (d.loss, d.wrt, d.result, *d.definitions, *d.assumptions)))


def material(d: Derivation, of: str, seed: str) -> Material:
    """The mutants and rewritings of a derivation's result, or of its steps; what is not seen to be false or equal is left out."""
    ground, lines = Ground(d), [result_line(d)]
    if of == "step":
        lines = [Line(s.before, s.after, part.wrt) for part in (*d.adjoints, d) for s in part.steps]
        random.Random(seed).shuffle(lines)
    false = _in_turn([_false(ground, line, f"{seed} {n}") for n, line in enumerate(lines)])
    equal = _in_turn([_equal(ground, line, f"{seed} {n}") for n, line in enumerate(lines)])
    return Material(
        ground,
        tuple(itertools.islice(false, MUTANTS)),
        tuple(itertools.islice(equal, REWRITINGS)),
        next((line for line in lines if ground.apart(line.after, sp.Integer(0))), lines[0]),
    )


def _false(ground: Ground, line: Line, seed: str) -> Iterator[Mutated]:
    free = sorted(free_indices(line.after) | free_indices(line.wrt), key=str)
    for slip, formula in drawn(line.after, free, seed):
        size = ground.apart(line.after, formula)
        if size is not None:
            yield Mutated(line, slip, formula, size)


def _equal(ground: Ground, line: Line, seed: str) -> Iterator[Rewritten]:
    for made in rewritings(line.after, seed):
        if ground.same(line.after, made.formula):
            yield Rewritten(line, made.laws, made.formula)


def _in_turn(sources: Sequence[Iterator[Any]]) -> Iterator[Any]:
    """One of each, then another one of each."""
    left = list(sources)
    while left:
        for source in list(left):
            try:
                yield next(source)
            except StopIteration:
                left.remove(source)


def tried(d: Derivation, checkers: Sequence[Checker], seed: str) -> Data:
    """What each checker makes of the right line, of mutants, of rewritings, and of ever smaller slips, as plain data.

    Raises ArithmeticError if the gradient is not right by the trial's own numbers.
    """
    right = result_line(d)
    if not Ground(d).same(right.before, right.after):
        raise ArithmeticError(f"by differences, {d.result} is not the derivative by {d.wrt}")
    made = {of: material(d, of, seed) for of in dict.fromkeys(checker.of for checker in checkers)}
    return {
        "digest": formula_digest(d),
        "kinds": {checker.name: by_one(checker, d, made[checker.of]) for checker in checkers},
    }


def by_one(checker: Checker, d: Derivation, m: Material) -> Data:
    """What one checker makes of them; a reason stands where an answer is not the right one."""
    ask = _begun(checker, d)
    long = any(sum(1 for _ in sp.preorder_traversal(f.line.after)) > LONG for f in m.mutants)
    mutants = m.mutants[:FEW] if checker.slow and long else m.mutants
    answers = [asked(ask, f.formula, f.line) for f in mutants]
    missed = [_missed(m.ground, f, a) for f, a in zip(mutants, answers, strict=True) if a[0] != "disagrees"]
    found = [asked(ask, e.formula, e.line) for e in m.rewritings]
    unsure = [
        {"laws": list(e.laws), "formula": str(e.formula), "outcome": outcome, "why": why}
        for e, (outcome, why) in zip(m.rewritings, found, strict=True)
        if outcome != "agrees"
    ]
    limit, unseen = _limit(ask, m.line)
    return {
        "right": asked(ask, m.line.after, m.line)[0],
        "slips": [f.slip for f in mutants],
        "mutants": [outcome for outcome, _ in answers],
        "missed": missed,
        "rewritings": [outcome for outcome, _ in found],
        "unsure": unsure,
        "limit": limit,
        "unseen": unseen,
    }


def _begun(checker: Checker, d: Derivation) -> Callable[[sp.Expr, Line], Answer]:
    """What answers; a checker that cannot begin says nothing."""
    try:
        return checker.made(d)
    except Exception as error:  # noqa: BLE001 # whatever it is
        reason = f"it failed: {type(error).__name__}: {error}"
        return lambda *_: ("missing", reason)


def _missed(ground: Ground, f: Mutated, answer: Answer) -> Data:
    """A mutant that was not caught, and at which part of the trial's points it differs."""
    outcome, why = answer
    share = ground.share(f.line.after, f.formula)
    return {"slip": f.slip, "formula": str(f.formula), "outcome": outcome, "why": why, "size": f.size, "share": share}


def _limit(ask: Callable[[sp.Expr, Line], Answer], line: Line) -> tuple[int | None, str]:
    """(the largest k such that a relative slip of 10**-k is seen, the answer to the next smaller one).

    Found by halving: what is seen is taken to be seen when it is larger.  None where not even twice the line is seen.
    """

    def answer(k: int) -> str:
        return asked(ask, (1 + sp.Rational(1, 10**k)) * line.after, line)[0]

    seen, unseen, last = -1, SMALLEST + 1, ""
    for k in (SMALLEST, 0):
        found = answer(k)
        if found == "disagrees":
            seen = max(seen, k)
        else:
            unseen, last = k, found
    while unseen - seen > 1:
        middle = (seen + unseen) // 2
        found = answer(middle)
        if found == "disagrees":
            seen = middle
        else:
            unseen, last = middle, found
    return (seen if seen >= 0 else None), last
