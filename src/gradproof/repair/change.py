"""What may have been meant at a place of a claim: to numbers, and to expressions."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import sympy as sp

from gradproof.lines import copied, times
from gradproof.repair.grids import Grid, Place, Table

__all__ = ["Change", "Changes", "takes_factor"]

#: what is done with a place and a part: to numbers, and to expressions
_DOINGS: Mapping[str, tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]] = {
    "times": (operator.mul, times),
    "over": (lambda a, b: a / b if b else math.nan, lambda a, b: times(a, 1 / b)),
    "plus": (operator.add, operator.add),
    "minus": (operator.sub, operator.sub),
    "instead": (lambda _, b: b, lambda _, b: b),
}


class Change(NamedTuple):
    """What may have been meant at a place: a part joined to what stands there, or put instead of it.

    words: what went wrong; {old}, {new} and {part} are put in.  told: what {part} is, if not the
    part.  extra: by how much it is less likely than others of its kind.
    """

    doing: str
    part: sp.Basic
    words: str
    extra: float = 0.0
    told: sp.Basic | None = None

    def table(self, grid: Grid, place: Place) -> Table:
        """The numbers that stand at the place afterwards."""
        part = grid.table(self.part, place.scope)
        if self.doing == "instead":
            return part
        return list(map(_DOINGS[self.doing][0], grid.table(place.node, place.scope), part))

    def made(self, place: Place) -> sp.Basic:
        """What stands at the place afterwards."""
        return _DOINGS[self.doing][1](place.node, copied(self.part))


Changes = Iterator[Change]


def takes_factor(place: Place) -> bool:
    """Whether a factor here is another one than beside the product that the place is in."""
    return isinstance(place.node, sp.Expr) and not isinstance(place.parent, sp.Mul)
