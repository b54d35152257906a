"""The elementary functions: one row each, with the derivative as an equation.

A function of one argument that stands in no row and is not undefined is unknown to gradproof:
it is refused with a clear error.  The derivatives are those of Abramowitz & Stegun, *Handbook
of Mathematical Functions* (1964), 4.1–4.6 and 7.1; each is compared with SymPy's in the tests.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.codegen.cfunctions import expm1, log1p
from sympy.functions.elementary.piecewise import ExprCondPair

__all__ = ["BRANCHING", "ELEMENTARY", "SPELLED_OUT", "branched", "piecewise", "slope", "spelled_out"]

U, F = sp.symbols("u f(u)")

#: function -> its derivative at U, where F is the function's value there
ELEMENTARY: dict[type[sp.Function], sp.Expr] = {
    sp.exp: F,
    sp.log: 1 / U,
    sp.tanh: 1 - F**2,
    sp.sinh: sp.cosh(U),
    sp.cosh: sp.sinh(U),
    sp.coth: 1 - F**2,
    sp.sech: -F * sp.tanh(U),
    sp.csch: -F * sp.coth(U),
    sp.sin: sp.cos(U),
    sp.cos: -sp.sin(U),
    sp.tan: 1 + F**2,
    sp.asin: 1 / sp.sqrt(1 - U**2),
    sp.acos: -1 / sp.sqrt(1 - U**2),
    sp.atan: 1 / (1 + U**2),
    sp.asinh: 1 / sp.sqrt(1 + U**2),
    sp.acosh: 1 / (sp.sqrt(U - 1) * sp.sqrt(U + 1)),
    sp.atanh: 1 / (1 - U**2),
    sp.erf: 2 * sp.exp(-(U**2)) / sp.sqrt(sp.pi),
    sp.erfc: -2 * sp.exp(-(U**2)) / sp.sqrt(sp.pi),
}

#: other names for what the functions above make, in U
SPELLED_OUT: dict[type[sp.Function], sp.Expr] = {
    sp.sec: 1 / sp.cos(U),
    sp.csc: 1 / sp.sin(U),
    sp.cot: sp.cos(U) / sp.sin(U),
    log1p: sp.log(1 + U),
    expm1: sp.exp(U) - 1,
}

#: functions with kinks or jumps: rules.py rewrites them branch by branch
BRANCHING: tuple[type[sp.Basic], ...] = (sp.Abs, sp.sign, sp.Max, sp.Min, sp.Heaviside, sp.Piecewise)


def spelled_out(e: sp.Function, argument: sp.Expr) -> sp.Expr:
    """What a function of the table `SPELLED_OUT` is at an argument."""
    return SPELLED_OUT[type(e)].xreplace({U: argument})


def slope(e: sp.Function) -> sp.Expr | None:
    """The derivative of an elementary function at its argument, or None for any other."""
    law = ELEMENTARY.get(type(e))
    return None if law is None else law.xreplace({U: e.args[0], F: e})


def branched(e: sp.Basic) -> sp.Basic:
    """What branches, as a Piecewise with strict conditions; anything else as it is."""
    match e:
        case sp.Abs():
            return piecewise((e.args[0], sp.Gt(e.args[0], 0)), (-e.args[0], True))
        case sp.sign():
            return piecewise((1, sp.Gt(e.args[0], 0)), (0, sp.Eq(e.args[0], 0)), (-1, True))
        case sp.Heaviside():
            return piecewise((1, sp.Gt(e.args[0], 0)), (e.args[1], sp.Eq(e.args[0], 0)), (0, True))
        case sp.Max() | sp.Min():
            first, rest = e.args[0], e.func(*e.args[1:])
            wins = sp.Gt(first, rest) if isinstance(e, sp.Max) else sp.Lt(first, rest)
            return piecewise((first, wins), (rest, True))
    return e


def piecewise(*pairs: tuple[Any, Any]) -> sp.Expr:
    """Piecewise(*pairs); but SymPy moves what branches in a condition out of its sum, and frees the index."""
    rows = [tuple(map(sp.sympify, pair)) for pair in pairs]
    if not any(c.has(sp.Piecewise) and c.has(sp.Sum) for _, c in rows):
        return sp.Piecewise(*rows)
    rows = [row for row in rows if row[1] != sp.false]
    return sp.Expr.__new__(sp.Piecewise, *(sp.Basic.__new__(ExprCondPair, *row) for row in rows))
