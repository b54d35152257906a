"""What each kind of evidence catches by itself: false gradients that are one slip away from a right one.

Run with the tests session's python: .nox/tests/bin/python benchmarks/checkers.py [--each 12] [--jax]
Every gradient of the claims and of the reference is mutated (a sign, a factor, an index, a term or a factor that is
dropped); a mutant counts as false if it differs from the right one at an exact point of our own.  "missed" is the
number that matters: a false one with which a check agrees.  The detection limit is the smallest relative slip
10⁻ᵏ of the whole gradient that a check sees.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import sympy as sp

from gradproof import CLAIMS, REFERENCE, Derivation, NotationError
from gradproof.checks.autodiff import LIBRARIES, compared
from gradproof.checks.remainder import remainder_slopes
from gradproof.checks.second_prover import second_prover_evidence
from gradproof.checks.steps import LineChecker

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from mutation import mutants
from test_mutants import differ

SLIPS = tuple(range(3, 31, 3))  # relative, 10**-k


def gradients() -> Iterator[tuple[str, Derivation]]:
    """Every gradient, with the id of its claim or entry."""
    for identity, claim in CLAIMS.items():
        yield from ((identity, derivation) for derivation in claim.derivations)
    for identity, entry in REFERENCE.items():
        yield from ((identity, entry.derivation(gradient)) for gradient in entry.gradients)


def by_normal_form(derivation: Derivation, claim: sp.Expr) -> str:
    """What the normal form says of a claim, without looking at any point."""
    d = derivation
    verdict = LineChecker(d.definitions, d.assumptions, d.loss, d.name).equal(d.result, claim, d.wrt)
    return {"proved": "agrees", "refuted": "disagrees"}.get(verdict.status, "missing")


def by_remainder(derivation: Derivation, claim: sp.Expr) -> str:
    """What the slope of the remainder says."""
    slopes = remainder_slopes(derivation, claim)
    if not slopes:
        return "missing"
    return "agrees" if all(s.agrees for s in slopes) else "disagrees"


def by_second_prover(derivation: Derivation, claim: sp.Expr) -> str:
    """What the second prover says."""
    return second_prover_evidence(derivation, claim).outcome


def by_jax(derivation: Derivation, claim: sp.Expr) -> str:
    """What automatic differentiation says."""
    found = compared(derivation, LIBRARIES["jax"](), claim)
    if not found or any(c.gap is None for c in found):
        return "missing"
    return "agrees" if all(c.agrees for c in found) else "disagrees"


def false_ones(derivation: Derivation, number: int, seed: str) -> list[tuple[str, sp.Expr]]:
    """So many mutants that are false, each of another shape."""
    d = derivation
    letters = {s for e in (d.result, d.wrt) for s in e.free_symbols if isinstance(s, sp.Idx)}
    found = {str(e): (kind, e) for kind, e in mutants(d.result, tuple(sorted(letters, key=str)))}
    pool = list(found.values())
    random.Random(seed).shuffle(pool)
    kept: list[tuple[str, sp.Expr]] = []
    for kind, e in pool:
        try:
            if differ(d.result, e, d.definitions, d.wrt):
                kept.append((kind, e))
        except (NotationError, ValueError, TypeError):
            continue
        if len(kept) == number:
            break
    return kept


def table(checks: dict[str, Callable[[Derivation, sp.Expr], str]], each: int) -> None:
    """Print what every check made of the mutants, and of ever smaller slips."""
    count: dict[str, Counter[str]] = defaultdict(Counter)
    limit: dict[str, Counter[int]] = defaultdict(Counter)
    for n, (identity, derivation) in enumerate(gradients()):
        wrong = false_ones(derivation, each, f"{identity} {n}")
        for name, check in checks.items():
            for kind, e in wrong:
                outcome = check(derivation, e)
                count[name][outcome] += 1
                if outcome == "agrees":
                    print(f"MISSED by {name}: {identity}, {kind}: {e}", flush=True)
            for k in SLIPS:
                claim = (1 + sp.Rational(1, 10**k)) * derivation.result
                if derivation.result == 0 or check(derivation, claim) != "disagrees":
                    break
                limit[name][k] += 1
    print(
        f"{'check':16} {'tried':>6} {'caught':>7} {'missing':>8} {'missed':>7}   slips of 1e-k seen, of all gradients"
    )
    for name in checks:
        c = count[name]
        seen = ", ".join(f"{k}: {limit[name][k]}" for k in SLIPS if limit[name][k])
        print(f"{name:16} {sum(c.values()):6} {c['disagrees']:7} {c['missing']:8} {c['agrees']:7}   {seen}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=12, help="mutants of each gradient")
    parser.add_argument("--jax", action="store_true", help="automatic differentiation too, some minutes more")
    asked = parser.parse_args()
    checks = {"normal form": by_normal_form, "remainder": by_remainder, "second prover": by_second_prover}
    table(checks | ({"autodiff": by_jax} if asked.jax else {}), asked.each)


if __name__ == "__main__":
    main()
