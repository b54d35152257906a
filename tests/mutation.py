"""One slip in a formula: its sign, a factor of 2, an index, a term or a factor that is dropped."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

Mutant = tuple[str, sp.Expr]


def mutants(e: sp.Expr, free: tuple[sp.Basic, ...]) -> Iterator[Mutant]:
    """Every expression that is one slip away from `e`; derivatives are left alone."""
    if isinstance(e, sp.Derivative):
        return
    yield from _here(e, free)
    if isinstance(e, sp.Piecewise):
        for n, (value, condition) in enumerate(e.args):
            for kind, other in mutants(value, free):
                yield kind, sp.Piecewise(*e.args[:n], (other, condition), *e.args[n + 1 :])
        return
    inner = free + tuple(limit[0] for limit in e.limits) if isinstance(e, sp.Sum) else free
    parts = (e.function,) if isinstance(e, sp.Sum) else () if isinstance(e, (sp.Indexed, sp.KroneckerDelta)) else e.args
    for n, part in enumerate(parts):
        for kind, other in mutants(part, inner):
            yield (
                kind,
                sp.Sum(other, *e.limits) if isinstance(e, sp.Sum) else e.func(*e.args[:n], other, *e.args[n + 1 :]),
            )


def _here(e: sp.Expr, free: tuple[sp.Basic, ...]) -> Iterator[Mutant]:
    yield "sign", -e
    yield "factor", 2 * e
    if isinstance(e, (sp.Add, sp.Mul)) and len(e.args) > 1:
        kind = "dropped term" if isinstance(e, sp.Add) else "dropped factor"
        for n in range(len(e.args)):
            yield kind, e.func(*e.args[:n], *e.args[n + 1 :])
    if isinstance(e, sp.Indexed):
        for n, index in enumerate(e.indices):
            for other in free:
                if other != index:
                    yield "index", e.base[(*e.indices[:n], other, *e.indices[n + 1 :])]
