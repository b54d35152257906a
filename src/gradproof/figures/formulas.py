"""Checked expressions as functions: of floats in Python, and printed as JavaScript for the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy as sp

from gradproof import derive
from gradproof.figures import FigureError
from gradproof.proof import equal
from gradproof.verdict import Verdict

__all__ = ["Formula", "derivative", "must_equal", "proved"]


@dataclass(frozen=True)
class Formula:
    """One function of a figure; with several expressions it returns their list."""

    name: str
    arguments: tuple[sp.Symbol, ...]
    expressions: tuple[sp.Expr, ...]

    @cached_property
    def _python(self) -> Callable[..., Any]:
        what = self.expressions[0] if len(self.expressions) == 1 else list(self.expressions)
        function: Callable[..., Any] = sp.lambdify(self.arguments, what, modules="math")
        return function

    def __call__(self, *values: float) -> Any:
        return self._python(*values)

    def javascript(self) -> str:
        """The same function as a JavaScript expression."""
        values = [sp.jscode(e) for e in self.expressions]
        result = values[0] if len(values) == 1 else f"[{', '.join(values)}]"
        return f"({', '.join(map(str, self.arguments))}) => {result}"


def derivative(figure: str, loss: sp.Expr, wrt: sp.Symbol) -> sp.Expr:
    """The derivative that the rules make, once it is proved."""
    derivation = derive(loss, wrt)
    proved(figure, f"the derivative of {loss} by {wrt}", derivation.verify())
    return derivation.result


def must_equal(figure: str, what: str, left: sp.Expr, right: sp.Expr) -> None:
    """Raise unless two expressions are proved equal."""
    proved(figure, what, equal(left, right))


def proved(figure: str, what: str, verdict: Verdict) -> None:
    """Raise `FigureError` unless the verdict is a proof."""
    if verdict.status != "proved":
        raise FigureError(f"the figure {figure}: {what} is {verdict}")
