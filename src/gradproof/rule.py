"""What a rule is: a record, and what it may know where it is applied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from gradproof.inverse import Determinant, matrix_of
from gradproof.lines import head, replaced

__all__ = ["Rule", "Scope"]


@dataclass(frozen=True)
class Scope:
    """What a rule may know besides the node.

    `moving`: the array labels and symbols that change with wrt; `definitions`: named
    quantity -> (template indices, body); `bounds`: ranges of free indices.
    """

    wrt: sp.Expr
    moving: frozenset[sp.Basic]
    definitions: Mapping[sp.Basic, tuple[tuple[sp.Basic, ...], sp.Expr]] = field(default_factory=dict)
    bounds: Mapping[sp.Basic, tuple[sp.Expr, sp.Expr]] = field(default_factory=dict)

    def depends(self, e: sp.Basic) -> bool:
        """Whether `e` changes with wrt."""
        if isinstance(e, sp.Symbol):
            return e in self.moving
        if isinstance(e, sp.Indexed):
            return matrix_of(e.base) in self.moving or any(self.depends(i) for i in e.indices)
        if isinstance(e, Determinant):
            return e.of in self.moving
        return any(self.depends(a) for a in e.args)

    def unfolded(self, e: sp.Expr) -> sp.Expr | None:
        """The definition of a named quantity at its indices, if `e` is one."""
        found = self.definitions.get(head(e))
        if found is None:
            return None
        template, body = found
        return replaced(body, dict(zip(template, getattr(e, "indices", ()), strict=True)))


Rewrite = Callable[[Any, Scope], sp.Expr | None]


def _never(_node: Any, _scope: Scope) -> sp.Expr | None:
    return None


@dataclass(frozen=True)
class Rule:
    """One law.

    name: as printed beside a step.  law: the equation, as printed on the site.
    example: (loss, wrt) on which the rule is one of the first steps, or the sum that it
    rewrites; () for a rule that needs a model.
    rewrite: (Derivative or Sum, Scope) -> the node moved one step, or None.
    where: what the law's letters stand for, where that is not plain.
    lemmas: what proves it in Coq (formal/library/Gradproof.v), the first that fits is applied; () where there is none yet.
    """

    name: str
    law: sp.Basic
    example: tuple[sp.Expr, ...] = ()
    rewrite: Rewrite = _never
    where: str = ""
    lemmas: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name
