"""No mutant of a right formula is called proved, and nearly all are refuted with a witness.

A mutant is a formula with one slip (sign, factor, index, dropped term, dropped factor), first
shown to differ from the right one at an exact point that the library does not choose itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

import pytest
import sympy as sp

from gradproof import CLAIMS, NotationError, Verdict, check, derive
from gradproof.arithmetic import Exact
from gradproof.checks.steps import LineChecker
from gradproof.notation import read
from gradproof.points import Point
from gradproof.trials.mutants import mutants
from gradproof.values import UndefinedError, evaluate
from losses import LINE, NAMED, NAMED_GRADIENTS, NETWORK, E, b, i, j, k, m, w1, w2


def differ(one: sp.Expr, other: sp.Expr, definitions: tuple[sp.Eq, ...], wrt: sp.Expr) -> bool:
    """Whether the two differ at an exact point of our own: sizes 2 and 3, seeds that `points` never uses."""
    cut = getattr(wrt, "base", wrt)
    facts = [sp.Eq(d.lhs, read(d.rhs), evaluate=False) for d in definitions if getattr(d.lhs, "base", d.lhs) != cut]
    for seed, size in ((501, 2), (502, 3), (503, 2)):
        bounds = {
            s
            for e in (one, other, *(d.rhs for d in facts))
            for s in e.atoms(sp.Symbol)
            if s.is_integer and s.is_positive
        }
        point = Point(dict.fromkeys(sorted(bounds, key=str), size), seed, facts)
        try:
            gap = Exact().join(lambda p, q: p - q, evaluate(one, point), evaluate(other, point))
        except UndefinedError:
            continue
        if Exact().sign_or_none(gap):
            return True
    return False


def tally(results: Iterator[tuple[str, Verdict | None]]) -> Counter[str]:
    """Count the outcomes; a mutant that is refused for a stray index is caught as well."""
    count: Counter[str] = Counter()
    for kind, verdict in results:
        count["refused" if verdict is None else verdict.status] += 1
        assert verdict is None or verdict.status != "proved", f"a mutant ({kind}) was proved"
        if verdict is not None and verdict.status == "refuted":
            assert verdict.witness is not None
    return count


Checker = Callable[[sp.Expr], Verdict]


def formulas() -> Iterator[tuple[str, sp.Expr, sp.Expr, tuple[sp.Eq, ...], Checker]]:
    """The gradients of linear regression and of the network, with and without names."""
    for name, loss, wrt in (
        ("line", LINE, m),
        ("line", LINE, b),
        ("network", NETWORK, w1[j, i]),
        ("network", NETWORK, w2[k, j]),
    ):
        yield f"{name} by {wrt}", wrt, derive(loss, wrt).result, (), partial(check, loss, wrt)
    for wrt, right in NAMED_GRADIENTS.items():
        yield f"named network by {wrt}", wrt, right, NAMED.definitions, partial(NAMED.check, E, wrt)


FORMULAS = {name: rest for name, *rest in formulas()}


def checked(checker: Checker, mutant: sp.Expr) -> Verdict | None:
    """The verdict, or None where the mutant is refused for an index that the gradient lacks."""
    try:
        return checker(mutant)
    except NotationError:
        return None


def steps(identity: str) -> Iterator[tuple[str, Verdict | None]]:
    """Single steps of a claim's derivation, with one slip in the line after."""
    derivation = CLAIMS[identity].derivation
    assert derivation is not None
    checker = LineChecker(derivation.definitions, derivation.assumptions, derivation.loss, derivation.name)
    for part in (*derivation.adjoints, derivation):
        for step in part.steps:
            right = checker.evaluated(read(step.before))
            for kind, e in mutants(step.after, tuple(getattr(part.wrt, "indices", ()))):
                if differ(right, checker.evaluated(read(e)), derivation.definitions, part.wrt):
                    yield kind, checker.equal(step.before, e, part.wrt)


@pytest.mark.parametrize("name", FORMULAS)
def test_no_mutant_of_a_gradient_is_proved(name: str) -> None:
    wrt, right, definitions, checker = FORMULAS[name]
    wrongs = [
        (kind, e)
        for kind, e in mutants(right, tuple(getattr(wrt, "indices", ())))
        if differ(right, e, definitions, wrt)
    ]
    report(tally((kind, checked(checker, e)) for kind, e in wrongs), 10)


@pytest.mark.parametrize("identity", ["averages.linreg.m", "backprop.5.2", "backprop.5.11"])
def test_no_mutant_of_a_single_step_is_proved(identity: str) -> None:
    report(tally(steps(identity)), 20)


def report(total: Counter[str], least: int) -> None:
    """Print the tally (pytest -rP shows it) and hold it to the bar: 98% refuted."""
    print(sum(total.values()), "mutants:", dict(total))
    assert total["refuted"] >= least
    assert total["undecided"] <= 0.02 * sum(total.values())
