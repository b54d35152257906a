"""The loss as claims speak of it: by its name, also at other indices, or by what stood at its left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from gradproof.lines import index_name, index_range, publish, replaced
from gradproof.notation import read
from gradproof.reading import tree
from gradproof.reading.heads import label
from gradproof.reading.left import Left, left_side, plain
from gradproof.reading.matrices import is_matrix, number

__all__ = ["Loss", "Side", "turned"]


@dataclass
class Side:
    """The left side of a claim: what is derived by; what its values are multiplied by; letters that change places."""

    wrt: sp.Expr
    factor: sp.Expr = sp.S.One
    turn: Mapping[str, sp.Basic] = field(default_factory=dict)

    def of(self, value: Any) -> Any:
        """A value of the claim, as one of the derivative by wrt."""
        if self.turn and not is_matrix(value):
            value = turned(value, self.turn)
        return value if self.factor == 1 else self.factor * value


def turned(value: Any, letters: Mapping[str, sp.Basic]) -> Any:
    """A value with other indices for the free ones that have these letters."""
    line = read(value)
    free = {i: letters[index_name(i)] for i in line.atoms(sp.Idx) if index_name(i) in letters}
    return publish(replaced(line, free))


@dataclass
class Loss:
    """value: what is derived.  left: its name, None where it has none that is a name.

    shown: the left side as it was typed.  given: its arguments.  name: the symbol or the entry that the name is.
    inside: the names that it is made of.
    """

    value: Any
    left: Left | None = None
    shown: str = ""
    given: tuple[str, ...] = ()
    name: sp.Expr | None = None
    inside: frozenset[str] = frozenset()

    def is_named(self, node: tree.Node, text: str) -> bool:
        """Whether a part is the loss' name, with or without its arguments, at any index."""
        if self.shown and plain(text[node.at : node.end]) == plain(self.shown):
            return True
        return self._is_called(left_side(node), 0)

    def is_primed(self, left: Left | None) -> bool:
        """Whether a left side is the loss' name with one prime more."""
        return self._is_called(left, 1)

    def _is_called(self, found: Left | None, primes: int) -> bool:
        if found is None:
            return False
        if self.left is None:
            return not self.shown and not found.square and found.primes == primes and found.stem not in self.inside
        if found.primes != self.left.primes + primes:
            return False
        if isinstance(self.name, sp.Indexed):
            letters = {label(part) for part in found.below if isinstance(part, tree.Name)}
            return found.stem == self.left.stem and len(letters) == len(found.below) == len(self.left.below)
        bare = found.key == self.left.stem and found.key not in self.inside  # L for L_\delta
        return (found.key == self.left.key or bare) and found.square == self.left.square

    def other_letters(self, node: tree.Node) -> dict[str, sp.Basic]:
        """What the letters of a claim stand for where they are others: of ∂p_k/∂z_j for the loss p_i, i for k, k for i."""
        found = left_side(node)
        if not isinstance(self.name, sp.Indexed) or self.left is None or found is None:
            return {}
        pairs = [(label(part), index) for part, index in zip(found.below, self.name.indices, strict=False)]
        pairs = [(letter, index) for letter, index in pairs if letter != index_name(index)]
        back = {index_name(index): sp.Idx(letter, index_range(index)) for letter, index in pairs}
        return back | dict(pairs)

    def put(self, value: Any) -> Any:
        """A claim in which the loss' name, as y in dy/dx = -x y or p_j beside p_i, stands for the loss."""
        name = self.name
        if name is None or self.value.has(name.base if isinstance(name, sp.Indexed) else name):
            return value
        if is_matrix(value) or is_matrix(self.value) or value.has(sp.MatrixSymbol):
            return value.xreplace({name: number(self.value)}) if isinstance(name, sp.Symbol) else value
        if not value.has(name.base if isinstance(name, sp.Indexed) else name):
            return value
        line, loss = read(value), read(self.value)
        if isinstance(name, sp.Symbol):
            return publish(replaced(line, {name: loss}))
        entries = [e for e in line.atoms(sp.Indexed) if e.base == name.base]
        at = {e: replaced(loss, dict(zip(name.indices, e.indices, strict=True))) for e in entries}
        return publish(replaced(line, at))
