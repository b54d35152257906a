"""What sums bind: the letters below a sum sign, and their bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gradproof.reading import tree
from gradproof.reading.errors import AmbiguityError
from gradproof.reading.heads import items, label, name_of, names_in

if TYPE_CHECKING:
    from gradproof.reading.survey import Survey
    from gradproof.reading.table import Range, Table

__all__ = ["Binder", "conditions_of", "is_bracket", "is_determinant", "is_sum", "joined_steps", "sum_letters"]


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
            case tree.Sides() if set(item.relations) <= {"<", "≤"} and len(item.relations) == 2:
                ends = [r == "≤" for r in item.relations]
                found.append(
                    (label(item.sides[1]), _shifted(item.sides[0], ends[0], 1), _shifted(item.sides[2], ends[1], -1))
                )
            case tree.Sides() if set(item.relations) <= {"<", "≤"} and len(item.relations) == 3:
                found += _pair(item)
            case tree.Sides() if item.relations == ("∈",):
                found.append(_member(survey, item))
            case tree.Sides():
                conditions.append(item)
            case _:
                raise survey.fail("what the sum runs over is not understood", item, r"Write \sum_{i=1}^{N}.")
    lows = {low for _, low, _ in found if low is not None}
    if above is not None:
        if not lows and len(found) == 1:  # \sum_i^N
            survey.table.note(f"a sum over {found[0][0]} with an end and no beginning begins at 1")
            found = [(found[0][0], tree.Number(below.at, below.end, "1"), above)]
        elif not lows:
            raise survey.fail("the sum has an end and no beginning", below, r"Write \sum_{i=1}^{N}.")
        if len(lows) == 1:  # \sum_{i,j=1}^{n}
            found = [(letter, low or next(iter(lows)), high or above) for letter, low, high in found]
    elif lows and any(low is not None and high is None for _, low, high in found):
        raise survey.fail("the sum has a beginning and no end", below, r"Write \sum_{i=1}^{N}.")
    if conditions and not found:
        found = [(letter, None, None) for letter in _conditioned(survey, conditions[0], outer)]
    if not found:
        raise survey.fail("the sum has no index", node, r"Write \sum_{i=1}^{N}.")
    return found


def conditions_of(node: tree.Node) -> list[tree.Sides]:
    """The conditions below a sum."""
    below = node.below if isinstance(node, tree.Scripted) else None
    found = [item for item in (items(below) if below is not None else []) if isinstance(item, tree.Sides)]
    return [item for item in found if item.relations not in (("=",), ("∈",)) and len(item.relations) == 1]


def _pair(item: tree.Sides) -> list[tuple[str, tree.Node | None, tree.Node | None]]:
    r"""\sum_{1 \le i < j \le N}: i from 1, j from i + 1 to N."""
    low, one, other, high = item.sides
    ends = [r == "≤" for r in item.relations]
    low, behind, high = _shifted(low, ends[0], 1), _shifted(one, ends[1], 1), _shifted(high, ends[2], -1)
    return [(label(one), low, high), (label(other), behind, high)]


def _shifted(node: tree.Node, included: bool, by: int) -> tree.Node:
    """The end of a range next to one that is not included."""
    if included:
        return node
    return tree.Terms(node.at, node.end, ((1, node), (by, tree.Number(node.at, node.end, "1"))))


def _conditioned(survey: Survey, condition: tree.Sides, outer: set[str]) -> list[str]:
    r"""The letters that \sum_{k \ne j} binds: the one that is not bound outside, and not free; two, if both are declared."""
    letters = [label(n) for side in condition.sides for n in names_in(side)]
    known = {*outer, *survey.table.indices, *survey.table.names, *survey.free_in_row(condition)}
    new = [a for a in letters if a not in known]
    if len(new) == 1 or (len(new) == 2 and all(a in survey.table.ranges for a in new)):
        return new
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


def joined_steps(product: tree.Product, table: Table, alone: set[str]) -> tuple[tuple[str, tree.Node], ...]:
    """The factors, where Δx is one name: a capital delta and the name at its right, unless Δ is a name itself."""
    parts: list[tuple[str, tree.Node]] = []
    for op, node in product.parts:
        before = parts[-1][1] if parts else None
        if op == "" and isinstance(before, tree.Name) and before.name == "Delta":
            base = node.base if isinstance(node, tree.Scripted) else node
            if isinstance(base, tree.Name):
                name = f"Delta_{name_of(base)}"
                if ("Delta" not in table.names and "Delta" not in alone) or _known_step(name, node, table):
                    merged = tree.Name(before.at, base.end, name, "marked")
                    whole: tree.Node = merged
                    if isinstance(node, tree.Scripted):
                        whole = tree.Scripted(before.at, node.end, merged, node.below, node.above, node.primes)
                    parts[-1] = (parts[-1][0], whole)
                    continue
        parts.append((op, node))
    return tuple(parts)


def _known_step(name: str, node: tree.Node, table: Table) -> bool:
    below = label(node.below) if isinstance(node, tree.Scripted) else ""
    return name in table.names or f"{name}_{below}" in table.names
