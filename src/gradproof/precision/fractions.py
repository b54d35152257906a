"""Laws of terms that cancel, which are found by what the terms are worth: see stable.py, where the laws stand."""

from __future__ import annotations

import itertools

import sympy as sp

from gradproof.precision.rewriting import Scope

__all__ = ["absolute", "fraction"]


def absolute(e: sp.Expr, _: Scope) -> sp.Expr | None:
    """|u| for u·sign(u), among other factors."""
    factors = list(sp.Mul.make_args(e))
    for f in factors:
        if isinstance(f, sp.sign) and f.args[0] in factors:
            factors.remove(f)
            factors.remove(f.args[0])
            return sp.Mul(*factors, sp.Abs(f.args[0]))
    return None


def fraction(e: sp.Expr, scope: Scope) -> sp.Expr | None:
    """Two terms w/(c + u) and −w u/(c + u)² as w c/(c + u)²; names are opened to see that they are."""
    for one, other in itertools.permutations(e.args, 2) if isinstance(e, sp.Add) else ():
        for f in sp.Mul.make_args(one):
            if not (isinstance(f, sp.Pow) and f.exp == -1 and isinstance(f.base, sp.Add)):
                continue
            ratio = _signless(sp.Mul(_opened(other, scope), 1 / _opened(one, scope)), scope)
            left = f.base + sp.Mul(ratio, f.base)
            if left.is_Rational and left > 0:
                return sp.Add(*(t for t in e.args if t not in (one, other)), sp.Mul(one, left, f))
    return None


def _opened(e: sp.Expr, scope: Scope) -> sp.Expr:
    """A product with the bodies of its named factors."""
    return sp.Mul(*(f if (body := scope.opened(f)) is None else body for f in sp.Mul.make_args(e)))


def _signless(e: sp.Expr, scope: Scope) -> sp.Expr:
    return absolute(e, scope) or e
