"""What texts say of their letters by where these stand, before any of them is read.

A letter is an index where a sum binds it, where it is declared, or where it stands below an array; a name is an
array where an index stands below it.  A name that stands without a bracket behind it is no function.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field

from gradproof.reading import tree
from gradproof.reading.binders import is_bracket, is_sum
from gradproof.reading.heads import items, label, letters_of, name_of, names_in

__all__ = ["Evidence"]


def is_derivative(node: tree.Frac) -> bool:
    """Whether a fraction is one of ∂ or of d."""
    return all(_first(part) in ("partial", "d") for part in (node.top, node.bottom))


def _first(node: tree.Node) -> str:
    while isinstance(node, (tree.Product, tree.Scripted)):
        node = node.parts[0][1] if isinstance(node, tree.Product) else node.base
    return node.name if isinstance(node, (tree.Command, tree.Name)) else ""


@dataclass
class Evidence:
    """Where letters stood.

    alone: names without a bracket behind them.  bound: the letters of sums.  ends: the letters in their bounds.
    compared: the letters below a Kronecker delta.  grounded: names that stand elsewhere than above others.
    scripts: below each name, the rows of letters that stood there.  whole: whether all texts of a problem were
    seen, so that a letter of which nothing says that it is an index is none.
    """

    alone: set[str] = field(default_factory=set)
    bound: set[str] = field(default_factory=set)
    ends: set[str] = field(default_factory=set)
    compared: set[str] = field(default_factory=set)
    grounded: set[str] = field(default_factory=set)
    scripts: dict[str, set[tuple[str, ...]]] = field(default_factory=dict)
    arrays: set[str] = field(default_factory=set)
    whole: bool = False

    def copy(self) -> Evidence:
        return deepcopy(self)

    def see(self, node: tree.Node, called: bool = False, raised: bool = False) -> None:
        """Take in a formula."""
        match node:
            case tree.Name():
                if not called:
                    self.alone.add(name_of(node))
                if not raised:
                    self.grounded.add(name_of(node))
            case tree.Scripted() if is_sum(node):
                self._binds(node)
            case tree.Entry():
                self._entry(node)
            case tree.Scripted():
                self._scripted(node, called)
            case tree.Product():
                for n, (_, part) in enumerate(node.parts):
                    behind = node.parts[n + 1] if n + 1 < len(node.parts) else None
                    base = behind[1].base if behind and isinstance(behind[1], tree.Scripted) else behind and behind[1]
                    argument = bool(behind and base and not behind[0] and is_bracket(base) is not None)
                    self.see(part, called or argument, raised)
            case tree.Frac() if is_derivative(node):
                for part in (node.top, node.bottom):
                    self.see(part, True, raised)  # what is derived, and by what, may be a function
            case _:
                for child in tree.children(node):
                    self.see(child, called and isinstance(node, tree.Group), raised)

    def _scripted(self, node: tree.Scripted, called: bool) -> None:
        if not isinstance(node.base, tree.Name):
            self.see(node.base)
            if isinstance(node.below, tree.Sides):
                self.see(node.below)
        else:
            key = name_of(node.base)
            row = tuple(n.name for n in self._letters(node.below) if n.kind == "letter")
            upper = node.above if isinstance(node.above, tree.Group) and node.above.kind else None
            row = tuple(n.name for n in self._letters(upper) if n.kind == "letter") + row
            if row and key == "delta" and len(row) == 2:
                self.compared |= set(row)
            elif row:
                self.scripts.setdefault(key, set()).add(row)
            elif node.below is None:
                self.alone |= set() if called else {key}
                self.grounded.add(key)
        if node.above is not None and not (isinstance(node.above, tree.Group) and node.above.kind):
            self.see(node.above, False, isinstance(node.base, tree.Name) and node.base.name != "e")

    def _entry(self, node: tree.Entry) -> None:
        """x[i]: x is an array by its form, and all letters below it are indices."""
        key = label(node.base)
        self.arrays.add(key)
        self.scripts.setdefault(key, set()).add(tuple(n.name for n in self._letters(node.below)))
        for item in items(node.below) if node.below is not None else []:
            for inner in names_in(item):
                if isinstance(inner, tree.Entry):
                    self._entry(inner)

    @staticmethod
    def _letters(node: tree.Node | None) -> list[tree.Name]:
        parts = [p for item in (items(node) if node is not None else []) for p in (letters_of(item) or names_in(item))]
        return [p for p in parts if isinstance(p, tree.Name)]

    def _binds(self, node: tree.Scripted) -> None:
        for item in items(node.below) if node.below is not None else []:
            sides = item.sides if isinstance(item, tree.Sides) else (item,)
            if isinstance(item, tree.Sides) and item.relations == ("=",):
                self._end(sides[1])
                sides = sides[:1]
            elif isinstance(item, tree.Sides) and len(sides) > 2:
                self._end(sides[0], sides[-1])
                sides = sides[1:-1]
            self.bound |= {n.name for side in sides for n in names_in(side) if isinstance(n, tree.Name)}
        self._end(*[node.above] if node.above is not None else [])

    def _end(self, *nodes: tree.Node) -> None:
        self.ends |= {n.name for node in nodes for n in names_in(node) if isinstance(n, tree.Name)}

    def indices(self, declared: Iterable[str], known: Iterable[str]) -> set[str]:
        """The letters that are indices, as far as the texts say; known: letters that are something else."""
        found = self.bound | set(declared)
        known = (set(known) | self.ends) - found
        found |= self.compared - known
        while True:
            rows = [row for key, rows in self.scripts.items() for row in rows if self._is_array(key, found)]
            more = {letter for row in rows for letter in row} - known - found
            if not more:
                return found
            found |= more

    def _is_array(self, key: str, indices: set[str]) -> bool:
        return key in self.arrays or any(letter in indices for row in self.scripts[key] for letter in row)

    def rows(self, key: str) -> set[tuple[str, ...]]:
        """What stood below a name."""
        return self.scripts.get(key, set())

    def turn_to(self, later: Evidence) -> None:
        """Join what a later text says; a name with other letters below it than before is an array."""
        for key, rows in later.scripts.items():
            if key in self.scripts and rows - self.scripts[key]:
                self.arrays.add(key)
            self.scripts.setdefault(key, set()).update(rows)
        self.arrays |= later.arrays
        self.alone |= later.alone
        self.bound |= later.bound
        self.ends |= later.ends
        self.compared |= later.compared
        self.grounded |= later.grounded
