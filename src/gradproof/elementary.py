"""The elementary functions: one row each, with the derivative as an equation.

A function of one argument that stands in no row and is not undefined is unknown to gradproof:
it is refused with a clear error.  The derivatives are those of Abramowitz & Stegun, *Handbook
of Mathematical Functions* (1964), 4.1–4.6 and 7.1; each is compared with SymPy's in the tests.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

__all__ = ["BRANCHING", "ELEMENTARY"]

#: function -> its derivative at u, where f is the function's value there
ELEMENTARY: dict[type[sp.Function], Callable[[sp.Expr, sp.Expr], sp.Expr]] = {
    sp.exp: lambda u, f: f,
    sp.log: lambda u, f: 1 / u,
    sp.tanh: lambda u, f: 1 - f**2,
    sp.sinh: lambda u, f: sp.cosh(u),
    sp.cosh: lambda u, f: sp.sinh(u),
    sp.coth: lambda u, f: 1 - f**2,
    sp.sech: lambda u, f: -f * sp.tanh(u),
    sp.csch: lambda u, f: -f * sp.coth(u),
    sp.sin: lambda u, f: sp.cos(u),
    sp.cos: lambda u, f: -sp.sin(u),
    sp.tan: lambda u, f: 1 + f**2,
    sp.asin: lambda u, f: 1 / sp.sqrt(1 - u**2),
    sp.acos: lambda u, f: -1 / sp.sqrt(1 - u**2),
    sp.atan: lambda u, f: 1 / (1 + u**2),
    sp.asinh: lambda u, f: 1 / sp.sqrt(1 + u**2),
    sp.acosh: lambda u, f: 1 / (sp.sqrt(u - 1) * sp.sqrt(u + 1)),
    sp.atanh: lambda u, f: 1 / (1 - u**2),
    sp.erf: lambda u, f: 2 * sp.exp(-(u**2)) / sp.sqrt(sp.pi),
    sp.erfc: lambda u, f: -2 * sp.exp(-(u**2)) / sp.sqrt(sp.pi),
}

#: functions with kinks or jumps: rules.py rewrites them branch by branch
BRANCHING: tuple[type[sp.Basic], ...] = (sp.Abs, sp.sign, sp.Max, sp.Min, sp.Heaviside, sp.Piecewise)
