"""The parts of a formula as they are written; what they mean is decided in meaning.py.

Each part knows where it stands in the text, from `at` to `end`.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "Bars",
    "Cases",
    "Command",
    "Entry",
    "Evaluated",
    "Frac",
    "Group",
    "Lone",
    "Name",
    "Node",
    "Number",
    "Product",
    "Root",
    "Scripted",
    "Sides",
    "Terms",
]


@dataclass(frozen=True)
class Node:
    """A part of the text."""

    at: int
    end: int


@dataclass(frozen=True)
class Number(Node):
    """Digits, with or without a decimal point."""

    text: str


@dataclass(frozen=True)
class Name(Node):
    """A letter, a Greek letter or a word, with its accents and its font: name is SymPy's for it.

    kind: "letter", "greek", "word" (set upright), "marked" (an accent or a font on one of these), or "plain": a name
    in Python, which means nothing but itself.
    """

    name: str
    kind: str


@dataclass(frozen=True)
class Command(Node):
    """A sign with a meaning of its own: sum, partial, nabla, top, infty, dots, one, or a function's name."""

    name: str


@dataclass(frozen=True)
class Lone(Node):
    """A sign that stands alone as a superscript: a star, a plus, a minus, a dagger."""

    sign: str


@dataclass(frozen=True)
class Scripted(Node):
    """A base with what stands below and above it, and its primes."""

    base: Node
    below: Node | None
    above: Node | None
    primes: int


@dataclass(frozen=True)
class Entry(Scripted):
    """x[i, j]: what stands below is the indices, and can be nothing else."""


@dataclass(frozen=True)
class Group(Node):
    """What stands in brackets: ( [ { or < for those that are seen, "" for TeX's own braces.

    items: separated by joins, each of which is a comma, "and" or "or".  spaced: a thin space stands
    before it, which no call has.  called: what stands before it is called, and can be no factor.
    """

    kind: str
    items: tuple[Node, ...]
    spaced: bool = False
    joins: tuple[str, ...] = ()
    called: bool = False


@dataclass(frozen=True)
class Bars(Node):
    """An absolute value, or (double) a norm."""

    body: Node
    double: bool


@dataclass(frozen=True)
class Frac(Node):
    """A fraction."""

    top: Node
    bottom: Node


@dataclass(frozen=True)
class Root(Node):
    """A root; degree is None for a square root."""

    body: Node
    degree: Node | None


@dataclass(frozen=True)
class Product(Node):
    """Factors side by side ("") or joined by "*" or "/"."""

    parts: tuple[tuple[str, Node], ...]


@dataclass(frozen=True)
class Terms(Node):
    """Terms, each with its sign, 1 or -1."""

    parts: tuple[tuple[int, Node], ...]


@dataclass(frozen=True)
class Sides(Node):
    """Two or more sides with the relations between them: =, ≠, <, ≤, >, ≥, ∈."""

    sides: tuple[Node, ...]
    relations: tuple[str, ...]


@dataclass(frozen=True)
class Cases(Node):
    """Values, each with its conditions: one of the groups must hold, with all that is in it; none for "otherwise"."""

    rows: tuple[tuple[Node, tuple[tuple[Node, ...], ...]], ...]


@dataclass(frozen=True)
class Evaluated(Node):
    """A body with a bar at its right, and what is put for a letter there: the body at x = u."""

    body: Node
    point: Node


def children(node: Node) -> list[Node]:
    """The parts of a part."""
    match node:
        case Terms():
            return [part for _, part in node.parts]
        case Product():
            return [part for _, part in node.parts]
        case Group():
            return list(node.items)
        case Bars():
            return [node.body]
        case Frac():
            return [node.top, node.bottom]
        case Root():
            return [n for n in (node.body, node.degree) if n is not None]
        case Sides():
            return list(node.sides)
        case Cases():
            return [n for value, conditions in node.rows for n in (value, *(c for group in conditions for c in group))]
        case Evaluated():
            return [node.body, node.point]
    return []
