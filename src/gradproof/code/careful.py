"""Functions that code computes with care, since their formula as it stands loses digits, or warns, far from zero.

- The sigmoid, 1/(1 + exp(-u)): the exponential overflows at -710, although the value is a double down to -745.
- The bell, exp(-c u²) with c = 1/2, say: where u² is rounded, c u² of the result's last digits are wrong.

Both are equal to their formula; code that uses one has it as a function of its own.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sympy as sp

__all__ = ["BELL", "SIGMOID", "as_bell", "as_sigmoid", "careful_functions", "guards"]

SIGMOID, BELL = "_sigmoid", "_bell"
_MOST = 64  # c and 1/c up to this one: the squares of what is rounded to 1/1024 are exact

_SIGMOID_LINES = (
    "{start}",
    '    """1 / (1 + exp(-u)) without overflow: from 50 on it is rounded to 1."""',
    "    r = {exp}({below_50})",
    "    return r / (1 + r)",
)
_BELL_LINES = (
    "{start}",
    '    """exp(-c * u * u), where the square of a rounded u is exact, and what is left is small; from far on it is 0."""',
    "    far = 28 / c**0.5",
    "    u = {clipped}",
    "    r = {floor}(1024 * u) / 1024",
    "    s = {exp}(-c * r * r)",
    "    return s + s * {expm1}(c * (r - u) * (r + u))",
)
_WORDS = {
    "numpy": {"exp": "np.exp", "expm1": "np.expm1", "floor": "np.floor", "below_50": "np.minimum(u, 50)", "clipped": "np.minimum(np.maximum(u, -far), far)"},
    "array": {"exp": "xp.exp", "expm1": "xp.expm1", "floor": "xp.floor", "below_50": "xp.clip(u, max=50)", "clipped": "xp.clip(u, -far, far)"},
    "loops": {"exp": "np.exp", "expm1": "np.expm1", "floor": "np.floor", "below_50": "min(u, 50.0)", "clipped": "min(max(u, -far), far)"},
}  # fmt: skip


def as_sigmoid(e: sp.Basic) -> sp.Expr | None:
    """w, if the expression is a power of 1/(1 + exp(w))."""
    if not (isinstance(e, sp.Pow) and e.exp.is_Integer and e.exp < 0):
        return None
    if (
        isinstance(e.base, sp.Add)
        and len(e.base.args) == 2
        and e.base.args[0] == 1
        and isinstance(e.base.args[1], sp.exp)
    ):
        return e.base.args[1].args[0]
    return None


def as_bell(e: sp.Basic) -> tuple[sp.Expr, sp.Rational] | None:
    """(u, c), if the expression is exp(-c·u²) with a number c = p/2^q that is neither large nor small."""
    if not isinstance(e, sp.exp):
        return None
    number, square = e.args[0].as_coeff_Mul(rational=True)
    if not (isinstance(square, sp.Pow) and square.exp == 2 and -_MOST <= number <= sp.Rational(-1, _MOST)):
        return None
    return (square.base, -number) if number.q & (number.q - 1) == 0 else None


def careful_functions(used: Collection[str], library: str) -> list[str]:
    """The lines that define those that are used: for "numpy", "array" or "loops"."""
    found: list[str] = []
    for name, lines, given in ((SIGMOID, _SIGMOID_LINES, "u"), (BELL, _BELL_LINES, "u, c")):
        if name in used:
            start = f"def {name}({'xp, ' * (library == 'array')}{given}):"
            decorator = ['@numba.njit(error_model="numpy")'] if library == "loops" else []
            found += ["", "", *decorator, *(_filled(line, {**_WORDS[library], "start": start}) for line in lines)]
    return found


def guards(needs: Collection[str]) -> list[str]:
    """The lines before a function for NumPy that would else warn in ordinary use, where its values are right.

    Where cosh overflows, beyond 710, NumPy warns too; its reciprocal is 0, as it should be. A guard costs as much as two
    operations on a small array, so that there is none for that.
    """
    return ['@np.errstate(all="ignore")  # a branch is computed where it is not taken, too'] if "where" in needs else []


def _filled(line: str, words: Any) -> str:
    return line.format(**words)
