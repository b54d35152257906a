"""The MathML that KaTeX writes, as a small tree that can be read aloud.

KaTeX's presentation MathML says how a formula looks.  Here what only places it (space, style,
size) is left out, brackets and bars that belong together become one `Fence`, and the scripts of
whatever kind one `Script`.  An element that is not known is an error: nothing is left out silently.

References: `spoken.py` says the tree in words, `one_line.py` writes it as one line of text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, TypeAlias
from unicodedata import normalize
from xml.etree import ElementTree as ET

__all__ = [
    "Accent",
    "Atom",
    "Fence",
    "Frac",
    "Node",
    "Root",
    "Row",
    "Script",
    "Table",
    "is_name",
    "is_sign",
    "parts",
    "read",
]

OPENING = {"(": ")", "[": "]", "{": "}", "⟨": "⟩", "⌊": "⌋", "⌈": "⌉"}
CLOSING = set(OPENING.values())
BARS = {"∣": "|", "|": "|", "∥": "‖", "‖": "‖"}
APPLY = "\u2061"
SPACES = dict.fromkeys(map(ord, "\u2062\u2063\u2064\u200a\u200b"), "")
SEPARATORS = {",", ";", "|"}


@dataclass(frozen=True, slots=True)
class Atom:
    """One letter, number, sign, or the name of a function; or words, as they stand."""

    kind: str  # letter, number, name, sign, text
    text: str
    variant: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """What stands side by side."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Fence:
    """A row between two brackets, or two bars; one of both may be absent, which is the empty text."""

    left: str
    items: tuple[Node, ...]
    right: str


@dataclass(frozen=True, slots=True)
class Script:
    """A base with something below and above it, as subscript and superscript or as limits."""

    base: Node
    sub: Node | None
    sup: Node | None


@dataclass(frozen=True, slots=True)
class Accent:
    """A base with a mark: a hat, a bar, a brace, above it or below."""

    base: Node
    mark: str
    below: bool


@dataclass(frozen=True, slots=True)
class Frac:
    """A fraction; without the bar it is a binomial coefficient."""

    top: Node
    bottom: Node
    bar: bool


@dataclass(frozen=True, slots=True)
class Root:
    """A root; the square root has no order."""

    body: Node
    order: Node | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells: a matrix, or lines that are aligned."""

    rows: tuple[tuple[Node, ...], ...]
    lines: bool


Node: TypeAlias = Atom | Row | Fence | Script | Accent | Frac | Root | Table


def read(mathml: str) -> Row:
    """Return the tree of one `math` element; a letter that is applied to something is the name of a function."""
    row = Row(_row(ET.fromstring(mathml)))  # noqa: S314 (KaTeX wrote it)
    found = set(_functions(row))
    return _named(row, found) if found else row


def is_name(item: Node | None) -> bool:
    """Whether an item is the name of a function, with or without scripts."""
    base = _base(item)
    return isinstance(base, Atom) and base.kind == "name"


def is_sign(item: Node | None, sign: str) -> bool:
    """Whether an item is this sign."""
    return isinstance(item, Atom) and item.kind == "sign" and item.text == sign


def parts(item: Node | None) -> tuple[Node, ...]:
    """What stands side by side in an item: in most, itself alone."""
    return () if item is None else item.items if isinstance(item, Row) else (item,)


def _base(item: Node | None) -> Node | None:
    while isinstance(item, Script | Accent):
        item = item.base
    return item


def _functions(part: object) -> Iterator[Node]:
    """The letters that stand before a bracket round one letter, or round a list: nobody would write such a product."""
    if isinstance(part, tuple):
        for before, fence in pairwise(part):
            if _letter(before) and _arguments(fence):
                yield _plain(before)
        for item in part:
            yield from _functions(item)
    elif isinstance(part, Node) and not isinstance(part, Atom):
        for field in part.__dataclass_fields__:
            yield from _functions(getattr(part, field))


def _letter(item: Node) -> str:
    base = _base(item)
    return base.text if isinstance(base, Atom) and base.kind == "letter" else ""


def _arguments(item: Node) -> bool:
    if not (isinstance(item, Fence) and item.left + item.right == "()"):
        return False
    match item.items:
        case () | (Atom(kind="letter" | "number") | Script() | Accent(),):
            return not (item.items and isinstance(_base(item.items[0]), Fence))
        case (before, inner) if _letter(before):
            return _arguments(inner)
    return any(isinstance(x, Atom) and x.text in SEPARATORS for x in item.items)


def _plain(item: Node) -> Node:
    """A letter with its index, without primes and powers: an index may make another function, or none."""
    return replace(item, sup=None) if isinstance(item, Script) and item.sub is not None else _base(item) or item


def _named(part: Any, names: set[Node]) -> Any:
    """The same tree, in which these letters are names of functions, wherever a bracket follows."""
    if isinstance(part, tuple):
        items = [_named(item, names) for item in part]
        for n, (before, fence) in enumerate(pairwise(items)):
            if isinstance(fence, Fence) and fence.left == "(" and _plain(before) in names:
                items[n] = _as_name(before)
        return tuple(items)
    if not isinstance(part, Node) or isinstance(part, Atom):
        return part
    return replace(part, **{field: _named(getattr(part, field), names) for field in part.__dataclass_fields__})


def _as_name(item: Node) -> Node:
    if isinstance(item, Script | Accent):
        return replace(item, base=_as_name(item.base))
    return replace(item, kind="name") if isinstance(item, Atom) else item


def _row(element: ET.Element) -> tuple[Node, ...]:
    """The children of an element, with brackets joined; a pair that grows has an element of its own."""
    children = list(element)
    left, right = (bool(children) and children[end].attrib == {"fence": "true"} for end in (0, -1))
    left, right = left and (children[0].text or "") not in CLOSING, right and (len(children) > 1 or not left)
    inner = children[left : len(children) - right]
    items = _joined([node for child in inner for node in _nodes(child)])
    if not (left or right):
        return items
    marks = [_sign(children[end].text or "") if there else "" for end, there in ((0, left), (-1, right))]
    return (Fence(marks[0], items, marks[1]),)


def _nodes(element: ET.Element) -> Iterator[Node]:
    """What one element says: often one node, of a row all that is in it, of a space nothing."""
    children = list(element)
    match element.tag.rpartition("}")[2]:
        case "semantics":
            yield from _nodes(children[0])
        case "mrow" | "mstyle" | "mpadded" | "mtd" | "mtable" | "mo" if children:
            yield from _group(element, children)
        case "mrow" | "mstyle" | "mpadded" | "mspace" | "mphantom" | "mtd":
            pass
        case "mi" | "mn" | "mo" | "mtext" as tag:
            yield from _atom(tag, element.text or "", element.get("mathvariant", ""))
        case "msub" | "munder" if element.get("accentunder") or _brace(children[1]):
            yield Accent(_one(children[0]), _sign(children[1].text or ""), below=True)
        case "msup" | "mover" if element.get("accent") or _brace(children[1]):
            yield Accent(_one(children[0]), _sign(children[1].text or ""), below=False)
        case "msub" | "munder" | "msup" | "mover" | "msubsup" | "munderover" as tag:
            yield from _script(tag, children)
        case "mfrac":
            yield Frac(_one(children[0]), _one(children[1]), bar=element.get("linethickness") is None)
        case "msqrt":
            yield Root(Row(_row(element)), None)
        case "mroot":
            yield Root(_one(children[0]), _one(children[1]))
        case tag:
            raise ValueError(f"the MathML element {tag!r} has no spoken form")


def _script(tag: str, children: list[ET.Element]) -> Iterator[Node]:
    sub = _one(children[1]) if "sub" in tag or "under" in tag else None
    sup = _one(children[-1]) if "sup" in tag or "over" in tag else None
    base = _one(children[0])
    if children[0].tag.endswith("mn") and isinstance(base, Row):  # bold digits, which KaTeX joined
        yield from base.items[:-1]
        base = base.items[-1]
    if isinstance(base, Script) and base.sup is None and sub is None:
        yield Script(base.base, base.sub, sup)  # an index within braces, and a power behind them
    else:
        yield Script(base, sub, sup)


def _group(element: ET.Element, children: list[ET.Element]) -> Iterator[Node]:
    if not element.tag.endswith("mtable"):
        letters = [child.text or "" for child in children if child.get("mathvariant") == "normal"]
        word = "".join(letters)
        if 1 < len(letters) == len(children) and word.isascii() and word.isalpha():
            yield Atom("name", word)  # a word in roman letters
        else:
            yield from _row(element)
        return
    rows = tuple(tuple(Row(_row(cell)) for cell in row) for row in children)
    alignment = element.get("columnalign", "").split()
    if element.get("width"):  # a numbered equation: space, the equation, space, its number
        yield from (item for row in rows for cell in row for item in cell.items)
    else:
        yield Table(rows, lines=len(set(alignment)) > 1 or alignment == ["right"])


def _brace(mark: ET.Element) -> bool:
    return mark.tag.endswith("mo") and mark.get("stretchy") == "true" and (mark.text or "") in "⏞⏟"


def _one(element: ET.Element) -> Node:
    """An element as one node."""
    items = _joined(list(_nodes(element)))
    return items[0] if len(items) == 1 else Row(items)


def _atom(tag: str, text: str, variant: str) -> Iterator[Node]:
    if tag == "mtext":
        words = " ".join(text.translate(SPACES).split())
        if words:
            yield Atom("text", words, variant)
    elif tag == "mn":
        # KaTeX writes neighbouring digits as one number: in bold these are several vectors.
        for number in text if variant.startswith("bold") else [text]:
            yield Atom("number", number, variant)
    elif text := _sign(text):
        name = all(c.isalnum() or c.isspace() for c in text)
        kind = "sign" if tag == "mo" or not name else "name" if len(text) > 1 else "letter"
        yield Atom(kind, " ".join(text.split()), variant if name else "")


def _sign(text: str) -> str:
    text = normalize("NFC", text.translate(SPACES))  # a sign and the stroke through it are one sign
    return BARS.get(text, text)


def _joined(items: Iterable[Node]) -> tuple[Node, ...]:
    """Join brackets, then bars, that stand side by side."""
    return tuple(_bars(_brackets(_applied(items))))


def _applied(items: Iterable[Node]) -> Iterator[Node]:
    """What is applied to what follows is the name of a function, even if it is one letter."""
    held: Node | None = None
    for item in items:
        if isinstance(item, Atom) and item.text == APPLY:
            held = replace(held, kind="name") if isinstance(held, Atom) else held
            continue
        if held is not None:
            yield held
        held = item
    if held is not None:
        yield held


def _mark(item: Node) -> str:
    """The sign that an item is or, with scripts, that it stands on."""
    base = item.base if isinstance(item, Script) else item
    return base.text if isinstance(base, Atom) and base.kind == "sign" else ""


def _brackets(items: Iterable[Node]) -> list[Node]:
    levels: list[list[Node]] = [[]]
    for item in items:
        mark = _mark(item)
        if mark in CLOSING and len(levels) > 1:
            level = levels.pop()
            fence = Fence(_mark(level[0]), tuple(_bars(level[1:])), mark)
            levels[-1].append(replace(item, base=fence) if isinstance(item, Script) else fence)
        elif mark in OPENING and isinstance(item, Atom):
            levels.append([item])
        else:
            levels[-1].append(item)
    return [item for level in levels for item in level]


def _bars(items: list[Node]) -> list[Node]:
    """Join bars: one opens where nothing stands before it, or where one is left that closes it."""
    done: list[Node] = []
    start: int | None = None
    for n, item in enumerate(items):
        mark = _mark(item)
        if mark not in ("|", "‖"):
            done.append(item)
        elif start is not None and _mark(done[start]) == mark and start + 1 < len(done) and _operand(done[-1]):
            fence = Fence(mark, tuple(done[start + 1 :]), mark)
            done[start:] = [replace(item, base=fence) if isinstance(item, Script) else fence]
            start = None
        else:
            left = sum(_mark(other) == mark for other in items[n + 1 :])
            if start is None and left and (left % 2 or not done or not _operand(done[-1])):
                start = len(done)
            done.append(item)
    return done


def _operand(item: Node) -> bool:
    """Whether a bar behind it may close: behind a sign such as plus, or a function's name, it opens."""
    return _mark(item) in ("", "!", "′", "∞") and not (isinstance(item, Atom) and item.kind == "name")
