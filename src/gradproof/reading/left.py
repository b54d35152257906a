r"""Left sides: the name of a loss or of a quantity, as L, J(w, b), p_i, \sigma^2, D_{KL}(p \| q) or f'(x)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from gradproof.reading import tree
from gradproof.reading.binders import is_bracket
from gradproof.reading.heads import items, key_of, label, letters_of, name_of

__all__ = ["Defined", "Left", "is_logarithm", "keys_in", "left_side", "plain"]


@dataclass(frozen=True)
class Left:
    """A name at the left of an equation.

    node: the name, without its arguments, its square and its primes.  key: of the whole name, with its scripts.
    stem: of the name without what stands below it.  below: the letters that stand there, which may be indices.
    arguments: the bracket behind it.
    """

    node: tree.Node
    key: str
    stem: str
    below: tuple[tree.Node, ...] = ()
    arguments: tree.Group | None = None
    square: bool = False
    primes: int = 0


@dataclass(frozen=True)
class Defined:
    """What a name with arguments stands for.  given: the arguments as typed; params: where these are plain letters."""

    given: str
    params: tuple[sp.Symbol, ...]
    value: Any


def plain(text: str) -> str:
    """A text without what only sets its looks."""
    return re.sub(r"\\(left|right|quad|[bB]igg?[lrm]?)(?![A-Za-z])|\\[,;:! ]|\s|[{}]", "", text)


def left_side(node: tree.Node) -> Left | None:
    """The name that a left side is; None for anything else."""
    while isinstance(node, tree.Group) and node.kind == "" and len(node.items) == 1:
        node = node.items[0]
    if isinstance(node, tree.Product):
        return _of_product(node)
    if isinstance(node, tree.Terms):
        return None
    square, primes = False, 0
    if isinstance(node, tree.Scripted):
        primes = node.primes
        above = node.above
        square = isinstance(above, tree.Number) and above.text == "2" and isinstance(node.base, tree.Name)
        if square:
            above = None
        node = tree.Scripted(node.at, node.end, node.base, node.below, above, 0)
        node = node.base if node.below is None and above is None else node
    key = key_of(node)
    if key is None:
        return None
    below = node.below if isinstance(node, tree.Scripted) else None
    raised = node.above if isinstance(node, tree.Scripted) and isinstance(node.above, tree.Group) else None
    stem = key_of(replace(node, below=None)) if isinstance(node, tree.Scripted) else key
    if isinstance(raised, tree.Group):
        stem = name_of(node.base) if isinstance(node, tree.Scripted) and isinstance(node.base, tree.Name) else key
    letters = _letters(raised) + _letters(below)
    return Left(node, key, stem or key, letters, None, square, primes)


def _letters(below: tree.Node | None) -> tuple[tree.Node, ...]:
    parts = [p for item in (items(below) if below is not None else []) for p in (letters_of(item) or [item])]
    if isinstance(below, tree.Group) and below.kind:
        parts = list(below.items)
    return tuple(parts)


def _of_product(node: tree.Product) -> Left | None:
    parts = [part for _, part in node.parts]
    if any(op for op, _ in node.parts):
        return None
    bracket = is_bracket(parts[-1]) if not isinstance(parts[-1], tree.Scripted) else None
    names = parts[:-1] if bracket is not None else parts
    if len(names) == 1:
        inner = left_side(names[0])
        return None if inner is None else replace(inner, arguments=bracket)
    if not all(isinstance(n, tree.Name) and n.kind == "letter" for n in names):
        return None
    key = "".join(label(n) for n in names)
    return Left(tree.Product(names[0].at, names[-1].end, node.parts[: len(names)]), key, key, (), bracket)


def is_logarithm(node: tree.Node) -> bool:
    r"""Whether a left side is \log of a name, as in \log p(x | z) = .., or that with a minus."""
    if isinstance(node, tree.Terms) and len(node.parts) == 1:
        node = node.parts[0][1]
    if not isinstance(node, tree.Product) or not isinstance(node.parts[0][1], tree.Command):
        return False
    rest = node.parts[1:]
    name = tree.Product(rest[0][1].at, rest[-1][1].end, rest) if len(rest) > 1 else rest[0][1]
    return node.parts[0][1].name in ("log", "ln") and left_side(name) is not None


def keys_in(node: tree.Node) -> set[str]:
    """The keys of the names in a part."""
    if isinstance(node, (tree.Name, tree.Scripted)) and (key := key_of(node)) is not None:
        return {key}
    if isinstance(node, tree.Scripted):
        return keys_in(node.base) | (keys_in(node.above) if node.above is not None else set())
    return set().union(*map(keys_in, tree.children(node)))
