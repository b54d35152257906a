"""The laws for an inverse and a determinant, by the entries of their matrix.

Reference: Magnus & Neudecker, *Matrix Differential Calculus* (1988), chapter 8, theorems 1 and 3.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from gradproof.inverse import Determinant, InverseBase
from gradproof.lines import derivative, fresh, summed, times
from gradproof.rule import Rule, Scope

__all__ = ["MATRIX_RULES", "matrix_slope"]

Slope = Callable[[sp.Expr], sp.Expr]


def matrix_slope(e: sp.Basic, slope: Slope) -> sp.Expr | None:
    """The derivative of an inverse's entry or a determinant, from those of the matrix's entries; None for any other."""
    if isinstance(e, Determinant):
        of, (lo, hi), inverse = e.of, e.span, InverseBase.matrix(e.of, *e.span)
    elif isinstance(e, sp.Indexed) and isinstance(e.base, InverseBase):
        of, (lo, hi), inverse = e.base.of, e.base.span, e.base
    else:
        return None
    k, l = (fresh(sp.Idx(letter, (lo, hi))) for letter in "kl")
    if isinstance(e, Determinant):
        return times(e, _over(k, l, lo, hi, times(inverse[l, k], slope(of[k, l]))))
    i, j = e.indices
    return times(-1, _over(k, l, lo, hi, times(inverse[i, k], slope(of[k, l]), inverse[l, j])))


def _over(k: sp.Basic, l: sp.Basic, lo: sp.Expr, hi: sp.Expr, body: sp.Expr) -> sp.Expr:
    return summed(summed(body, l, lo, hi), k, lo, hi)


def _inverse(node: sp.Derivative, scope: Scope) -> sp.Expr | None:
    return None if isinstance(node.expr, Determinant) else matrix_slope(node.expr, lambda m: derivative(m, scope.wrt))


def _determinant(node: sp.Derivative, scope: Scope) -> sp.Expr | None:
    return matrix_slope(node.expr, lambda m: derivative(m, scope.wrt)) if isinstance(node.expr, Determinant) else None


_N, _th = sp.Symbol("N", integer=True, positive=True), sp.Symbol("theta")
_i, _j, _k, _l, _a, _b = (sp.Idx(name, (1, _N)) for name in "ijklab")
_M = sp.IndexedBase("M")
_inv, _det = InverseBase.matrix(_M, sp.Integer(1), _N), Determinant(_M, sp.Integer(1), _N)
_slope = derivative(_M[_k, _l], _th)

MATRIX_RULES: tuple[Rule, ...] = (
    Rule(
        "inverse",
        sp.Eq(derivative(_inv[_i, _j], _th), -sp.Sum(_inv[_i, _k] * _slope * _inv[_l, _j], _l, _k), evaluate=False),
        (_inv[_i, _j], _M[_a, _b]),
        _inverse,
    ),
    Rule(
        "determinant",
        sp.Eq(derivative(_det, _th), _det * sp.Sum(_inv[_l, _k] * _slope, _l, _k), evaluate=False),
        (sp.log(_det), _M[_a, _b]),
        _determinant,
    ),
)
