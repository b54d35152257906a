"""What sums bind: the letters below a sum sign, and their bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gradproof.reading import tree
from gradproof.reading.errors import AmbiguityError
from gradproof.reading.heads import items, label, names_in
from gradproof.reading.table import Range

if TYPE_CHECKING:
    from gradproof.reading.survey import Survey

__all__ = ["Binder", "conditions_of", "is_bracket", "is_determinant", "is_sum", "sum_letters"]


@dataclass
class Binder:
    """A letter that a sum binds, or (node None) that stands free: its range, and the places where it is an index."""

    letter: str
    node: tree.Node | None
    low: tree.Node | None = None
    high: tree.Node | None = None
    span: Range | None = None
    rangeless: bool = False  # declared without a range: it stands as it was given; or its range
    dependent: bool = False  # depends on another index, which the sum's place tells
    uses: dict[tuple[str, int], None] = field(default_factory=dict)
    like: dict[int, Binder] = field(default_factory=dict)  # indices that are compared with this one


def is_sum(node: tree.Node) -> bool:
    """Whether a part is a sum sign, or a product sign, with what stands below and above it."""
    base = node.base if isinstance(node, tree.Scripted) else node
    return isinstance(base, tree.Command) and base.name in ("sum", "prod")


def is_determinant(node: tree.Node) -> bool:
    r"""Whether a part is \det; a matrix stands behind it, without indices."""
    base = node.base if isinstance(node, tree.Scripted) else node
    return isinstance(base, tree.Command) and base.name == "det"


def is_bracket(node: tree.Node) -> tree.Group | None:
    """The bracket that a node is, seen through TeX's braces and without scripts."""
    while isinstance(node, tree.Group) and node.kind == "" and len(node.items) == 1:
        node = node.items[0]
    return node if isinstance(node, tree.Group) and node.kind in ("(", "[") else None


def sum_letters(
    survey: Survey, node: tree.Node, below: tree.Node, outer: set[str]
) -> list[tuple[str, tree.Node | None, tree.Node | None]]:
    """What a sum binds: (letter, low, high), each bound None where it is not written."""
    above = node.above if isinstance(node, tree.Scripted) else None
    found: list[tuple[str, tree.Node | None, tree.Node | None]] = []
    conditions: list[tree.Sides] = []
    for item in items(below):
        match item:
            case tree.Name() | tree.Scripted():
                found.append((label(item), None, None))
            case tree.Product() if all(op == "" and isinstance(p, (tree.Name, tree.Scripted)) for op, p in item.parts):
                found += [(label(p), None, None) for _, p in item.parts]
            case tree.Sides() if item.relations == ("=",):
                found.append((label(item.sides[0]), item.sides[1], above))
            case tree.Sides() if item.relations == ("≤", "≤"):
                found.append((label(item.sides[1]), item.sides[0], item.sides[2]))
            case tree.Sides() if item.relations == ("∈",):
                found.append(_member(survey, item))
            case tree.Sides():
                conditions.append(item)
            case _:
                raise survey.fail("what the sum runs over is not understood", item, r"Write \sum_{i=1}^{N}.")
    lows = {low for _, low, _ in found if low is not None}
    if above is not None:
        if not lows:
            raise survey.fail("the sum has an end and no beginning", below, r"Write \sum_{i=1}^{N}.")
        if len(lows) == 1:  # \sum_{i,j=1}^{n}
            found = [(letter, low or next(iter(lows)), high or above) for letter, low, high in found]
    elif lows and any(low is not None and high is None for _, low, high in found):
        raise survey.fail("the sum has a beginning and no end", below, r"Write \sum_{i=1}^{N}.")
    if conditions and not found:
        found = [(_conditioned(survey, conditions[0], outer), None, None)]
    if not found:
        raise survey.fail("the sum has no index", node, r"Write \sum_{i=1}^{N}.")
    return found


def conditions_of(node: tree.Node) -> list[tree.Sides]:
    """The conditions below a sum."""
    below = node.below if isinstance(node, tree.Scripted) else None
    found = [item for item in (items(below) if below is not None else []) if isinstance(item, tree.Sides)]
    return [item for item in found if item.relations not in (("=",), ("∈",), ("≤", "≤"))]


def _conditioned(survey: Survey, condition: tree.Sides, outer: set[str]) -> str:
    r"""The letter that \sum_{k \ne j} binds: the one that is not bound outside, and not free."""
    letters = [label(n) for side in condition.sides for n in names_in(side)]
    new = [a for a in letters if a not in outer and a not in survey.table.indices]
    if len(new) == 1:
        return new[0]
    one, other = (new or letters)[:2] if len(new or letters) > 1 else (letters[0], "")
    raise AmbiguityError(
        f"which index does the sum over {survey.shown(condition)} run over",
        survey.text,
        condition.at,
        (f"over {one}", f"over {one} and {other}"),
        rf"Write \sum_{{{one},{other},\, {survey.shown(condition)}}} for both; or bind or declare the other one.",
    )


def _member(survey: Survey, item: tree.Sides) -> tuple[str, tree.Node, tree.Node]:
    r"""I \in \{1, \ldots, N\} or i \in [N]; no other set is read."""
    letter, group = item.sides
    if isinstance(group, tree.Group) and group.kind == "[" and len(group.items) == 1:
        return label(letter), tree.Number(group.at, group.at + 1, "1"), group.items[0]
    if isinstance(group, tree.Group) and group.kind == "{" and len(group.items) >= 3:
        dots = [isinstance(n, tree.Command) and n.name in ("ldots", "dots", "cdots") for n in group.items]
        if sum(dots) == 1 and dots[-2]:
            return label(letter), group.items[0], group.items[-1]
    raise survey.fail("a sum over this set is not read", item, r"Write the range: \sum_{i=1}^{N}.")
