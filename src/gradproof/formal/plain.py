"""Expressions as the comments of a certificate print them: plain, short, in letters that every file has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.printing.str import StrPrinter

__all__ = ["LONGEST", "big_o", "plain", "short"]

LONGEST = 72  # characters; the theorem below the comment says the same in full


def short(e: Any, otherwise: str) -> str:
    """The expression, or what to call it where it is too long to be read in a sentence."""
    text = plain(e)
    return text if len(text) <= LONGEST else otherwise


def plain(e: Any) -> str:
    """A sum as sum(i = 1..N: ...), a derivative of f(x) as f'(x), of anything else as (d E/d w)."""
    return str(_Plain().doprint(e))


def big_o(step: str, order: int) -> str:
    """An order in a step, as one writes it."""
    return f"O({step}^{order})" if order > 1 else f"O({step})"


class _Plain(StrPrinter):  # type: ignore[misc] # SymPy has no types
    """SymPy's own text, without the names of SymPy's classes; what is made of parts stands in brackets."""

    def _print_Pow(self, e: Any, rational: bool = False) -> str:
        return str(super()._print_Pow(e, rational)).replace("**", "^")

    def _print_Sum(self, e: Any) -> str:
        return self._over("sum", self._print(e.function), e.limits)

    def _print_Product(self, e: Any) -> str:
        return self._over("product", self._print(e.function), e.limits)

    def _over(self, word: str, body: str, limits: Sequence[Any]) -> str:
        for i, lo, hi in limits:
            body = f"{word}({self._print(i)} = {self._print(lo)}..{self._print(hi)}: {body})"
        return body

    def _print_Derivative(self, e: Any) -> str:
        inner, by = e.expr, [*e.variables]
        while type(inner) is type(e):
            inner, by = inner.expr, [*inner.variables, *by]
        if isinstance(inner, AppliedUndef) and inner.args == (by[0],) and len({*by}) == 1:
            return f"{inner.func.__name__}{chr(39) * len(by)}({self._print(by[0])})"
        text = self._print(inner)
        for variable in by:
            text = f"(d {text}/d {self._print(variable)})"
        return str(text)

    def _print_KroneckerDelta(self, e: Any) -> str:
        return f"delta({', '.join(map(self._print, e.args))})"

    def _print_Abs(self, e: Any) -> str:
        return f"|{self._print(e.args[0])}|"

    def _print_Piecewise(self, e: Any) -> str:
        told = (
            f"{self._print(value)} {'otherwise' if test == sp.true else f'if {self._print(test)}'}"
            for value, test in e.args
        )
        return f"({', '.join(told)})"

    def _print_Relational(self, e: Any) -> str:
        return f"{self._print(e.lhs)} {e.rel_op.replace('==', '=')} {self._print(e.rhs)}"
