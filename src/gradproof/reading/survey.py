"""Before a formula gets a meaning: which letters its sums bind, where names stand, and the ranges of its indices.

The range of a sum is the one that is written.  Where none is: the one that was declared for the
letter; else the range of the indices that stand in the same place of the same arrays; else the
one range that the letter has elsewhere.  Where these leave two, or none, that is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import sympy as sp

from gradproof.reading import tree
from gradproof.reading.binders import (
    Binder,
    conditions_of,
    is_bracket,
    is_determinant,
    is_sum,
    joined_steps,
    sum_letters,
)
from gradproof.reading.errors import AmbiguityError, LatexError
from gradproof.reading.heads import Head, Heads, inverse_entry, items, label, name_of, names_in
from gradproof.reading.special import is_kronecker
from gradproof.reading.table import Table
from gradproof.reading.vectors import rank_of, transposed, unbold
from gradproof.reading.words import entry_word

__all__ = ["Survey"]


class Survey:
    """What one text says of its letters.

    known: names that had a meaning before.  binders: of the sums, by place and letter, and of the free letters (place -1).  alone: names that
    stand without a bracket behind them, and so are no functions.  numbers: those that were known
    before, or stand alone with no index above.  sizes: names in the bounds of sums.  counted: arrays
    whose entries are indices themselves.
    """

    def __init__(self, table: Table, text: str, free: bool) -> None:
        self.table, self.text = table, text
        self.binders: dict[tuple[int, str], Binder] = {}
        self.known = frozenset(table.names)
        self.alone: set[str] = set()
        self.numbers: set[str] = {k for k, v in table.names.items() if isinstance(v, sp.Symbol)}
        self.sizes: set[str] = set()
        self.counted: set[str] = set()
        self.letters: set[str] = {*table.indices, *table.ranges}
        if table.evidence.whole:
            self.letters |= table.evidence.indices(self.letters, table.names)
        self._rows: list[tuple[tree.Node, set[str]]] = []  # the formulas, and the letters that stand free in each
        self.heads = Heads(table, text, self.letters, self.fail, free)
        self._entries: list[tuple[tree.Scripted, tuple[Binder, ...]]] = []
        self._compared: list[tuple[list[tree.Node], tuple[Binder, ...]]] = []
        self._shorts: list[tuple[tree.Scripted, tuple[Binder, ...]]] = []  # entries within norms
        self._indexed: list[
            tuple[tree.Group, tree.Node, tuple[Binder, ...]]
        ] = []  # the bracket of a softmax, its index

    def fail(self, message: str, node: tree.Node, advice: str = "") -> LatexError:
        return LatexError(message, self.text, node.at, advice)

    def shown(self, node: tree.Node) -> str:
        return self.text[node.at : node.end]

    # -- walking ---------------------------------------------------------------------------
    def look(self, node: tree.Node, templates: Iterable[str] = ()) -> None:
        """Collect the sums and the names of a formula, in which templates stand free; `settle` comes after the last."""
        self._rows.append((node, set(templates)))
        self.letters |= set(templates)
        self._look(node, ())

    def _look(self, node: tree.Node, scope: tuple[Binder, ...], called: bool = False) -> None:
        if is_sum(node):
            self._binders(node, scope)
            return
        match node:
            case tree.Name():
                if not called:
                    self.alone.add(name_of(node))
                    self.numbers.add(name_of(node))
            case tree.Scripted():
                self._scripted(node, scope, called)
            case tree.Sides() if node.relations in (("=",), ("≠",)):
                self._labels(*node.sides)
                for side in node.sides:
                    self._look(side, scope)
            case tree.Group() if node.kind == "<":
                for item in node.items:
                    self._short(item, scope)
            case tree.Bars() if node.double and not self.table.has_matrices():
                self._short(node.body, scope)
            case tree.Product():
                self._product(joined_steps(node, self.table, set()), scope)
            case tree.Frac() if _differential(node.top) and _differential(node.bottom):
                for part in (node.top, node.bottom):
                    self._look(_without_d(part), scope)
            case _:
                for child in tree.children(node):
                    self._look(child, scope)

    def _product(self, parts: tuple[tuple[str, tree.Node], ...], scope: tuple[Binder, ...]) -> None:
        taken = -1
        for n, (_, node) in enumerate(parts):
            if is_sum(node):
                scope += self._binders(node, scope)
                self._conditions(node, scope)
                continue
            if n and is_determinant(parts[n - 1][1]) and not self.table.has_matrices():
                continue
            behind = is_bracket(_base(parts[n + 1][1])) if n + 1 < len(parts) and parts[n + 1][0] == "" else None
            if behind is not None and self._entry_of(node, parts[n + 1][1], scope):
                taken = n + 1
                continue
            column = None if self.table.has_matrices() else transposed(node, self.table)
            if column is not None and n + 1 < len(parts) and parts[n + 1][0] == "":
                self._short(column, scope)
                self._short(parts[n + 1][1], scope)
                taken = n + 1
            elif n != taken:
                self._look(node, scope, called=behind is not None)

    def _labels(self, one: tree.Node, other: tree.Node) -> None:
        """[y_i = k]: what is compared with an index is a whole number, as an index is."""
        for a, b in ((one, other), (other, one)):
            if isinstance(a, tree.Name) and name_of(a) in self.letters and isinstance(b, tree.Scripted):
                self.counted |= {name_of(b.base)} if isinstance(b.base, tree.Name) else set()

    def _short(self, node: tree.Node, scope: tuple[Binder, ...]) -> None:
        """A vector: a name in it may lack its last index."""
        match node:
            case tree.Name():
                pass
            case tree.Scripted() if isinstance(node.base, tree.Name):
                self._shorts.append((node, scope))
            case tree.Terms() | tree.Group():
                for child in tree.children(node):
                    self._short(child, scope)
            case tree.Product() if not any(is_sum(part) for _, part in node.parts):
                for child in tree.children(node):
                    self._short(child, scope)
            case tree.Frac():
                self._short(node.top, scope)
                self._look(node.bottom, scope)
            case _:
                self._look(node, scope)

    def _entry_of(self, words: tree.Node, behind: tree.Node, scope: tuple[Binder, ...]) -> bool:
        r"""\operatorname{softmax}(z)_k, \operatorname{logsumexp}(z): k is an index of z."""
        word, below = entry_word(words, behind)
        bracket = is_bracket(_base(behind))
        if word is None or bracket is None or word in self.table.names:
            return False
        for item in bracket.items:
            self._short(item, scope)
        if below is not None:
            self._indexed.append((bracket, below, scope))
        return True

    def _scripted(self, node: tree.Scripted, scope: tuple[Binder, ...], called: bool) -> None:
        above = node.above
        if isinstance(node.base, tree.Name):
            if node.below is not None or isinstance(above, tree.Group):
                self._entries.append((node, scope))
                if isinstance(node.below, tree.Node):
                    for inner in _inner_entries(node.below):
                        self._entries.append((inner, scope))
                        self.counted.add(label(inner.base))
            elif not called:
                self.alone.add(name_of(node.base))
                self.numbers |= {name_of(node.base)} if isinstance(above, tree.Number) else set()
            if isinstance(above, tree.Name) and above.name == "T":
                return
        elif (entry := inverse_entry(node)) is not None:
            self._entries.append((entry, scope))
        else:
            self._look(node.base, scope)
            if node.below is not None and not isinstance(node.base, tree.Command):
                self._look(node.below, scope)
        if above is not None and not (isinstance(node.base, tree.Name) and isinstance(above, tree.Group)):
            self._look(above, scope)

    # -- sums ------------------------------------------------------------------------------
    def _conditions(self, node: tree.Node, scope: tuple[Binder, ...]) -> None:
        r"""\sum_{k \ne j}: the two indices have one range, if nothing else tells it."""
        for item in conditions_of(node):
            names = [n for side in item.sides for n in names_in(side)]
            self._compared.append((names, scope))

    def _binders(self, node: tree.Node, scope: tuple[Binder, ...]) -> tuple[Binder, ...]:
        """The letters that a sum binds, in the order in which they stand."""
        below = node.below if isinstance(node, tree.Scripted) else None
        if below is None:
            raise self.fail("the sum has no index", node, r"Write \sum_{i=1}^{N}.")
        found: list[Binder] = []
        for letter, low, high in sum_letters(self, node, below, {b.letter for b in scope}):
            if letter in self.table.names:
                raise self.fail(
                    f"{letter} is a sum's index here, and a name elsewhere: {self.table.names[letter]}",
                    below,
                    "Give one of them another letter.",
                )
            self.letters.add(letter)
            names = {label(n) for bound in (low, high) if bound is not None for n in names_in(bound)}
            outer = names & ({b.letter for b in (*scope, *found)} | set(self.table.indices))
            self.sizes |= names - outer
            self.binders[node.at, letter] = Binder(letter, node, low, high, None, bool(outer), bool(outer))
            found.append(self.binders[node.at, letter])
        return tuple(found)

    def _row(self, node: tree.Node) -> tuple[tree.Node, set[str]]:
        return next((r for r in self._rows if r[0].at <= node.at < r[0].end), (node, set[str]()))

    def free_in_row(self, node: tree.Node) -> set[str]:
        """The letters that stand free in the formula that a part belongs to."""
        return self._row(node)[1]

    def allowed(self, letter: str, node: tree.Node) -> None:
        """Raise LatexError where a letter stands outside the sum that binds it, and may not stand free."""
        row, templates = self._row(node)
        bound = any(
            b.letter == letter and b.node is not None and row.at <= b.node.at < row.end for b in self.binders.values()
        )
        if bound and letter not in self.table.indices and letter not in self.table.ranges and letter not in templates:
            raise AmbiguityError(
                f"{letter} is used outside the sum over {letter}",
                self.text,
                node.at,
                (rf"the sum goes on to here, \sum_{letter} ( .. )", "another index"),
                "A sum takes the product at its right; brackets make it take more. For another index take another"
                f' letter, or declare it free: ranges={{"{letter}": ".."}}.',
            )

    # -- ranges ----------------------------------------------------------------------------
    def settle(self, value: Callable[[tree.Node], sp.Expr]) -> None:
        """Give every index its range; `value` reads a bound."""
        for binder in self.binders.values():
            if binder.dependent:
                continue
            if binder.low is not None and binder.high is not None:
                binder.span = (value(binder.low), value(binder.high))
                self.table.seen.setdefault(binder.letter, {})[binder.span] = None
            else:
                binder.span = self.table.ranges.get(binder.letter)
        self._use()
        waiting = list(self.binders.values())
        while waiting:
            for binder in waiting:
                self._spread(binder)
            rest = [b for b in waiting if b.span is None and not b.rangeless]
            if len(rest) == len(waiting) and not any(map(self._inferred, rest)):
                self._report(rest[0])
            waiting = rest

    def _use(self) -> None:
        """Link each index letter to the places of arrays where it stands."""
        for nodes, scope in self._compared:
            self._alike(nodes, scope)
        for _ in range(2):  # digits below an array that is only later seen to be one
            for node, _ in self._entries:
                head = self._tried(node)
                if head is not None and head.indices:
                    self.heads.arrays.add(head.key)
        shorts = set(map(id, (node for node, _ in self._shorts)))
        for node, scope in (*self._entries, *self._shorts):
            head = self.heads.head(node)
            if head is None or not head.indices:
                if head is not None:
                    self.alone.add(head.key)
                continue
            if is_kronecker(head, self.table):
                self._alike(head.indices, scope)
                continue
            head = unbold(self.table, head) if id(node) in shorts else head
            rank = rank_of(self.table, head.key) if id(node) in shorts else 0
            rank = rank or self.table.ranks.setdefault(head.key, len(head.indices))
            if rank != len(head.indices) and not (id(node) in shorts and rank > len(head.indices)):
                raise self.fail(
                    f"{self.shown(node)} has {len(head.indices)} indices, and {head.key} has {rank} elsewhere", node
                )
            for axis, index in enumerate(head.indices):
                binder = self._binder(index, scope)
                if binder is not None:
                    binder.uses[head.key, axis] = None

        for bracket, below, scope in self._indexed:
            binder = self._binder(below, scope)
            for name in names_in(bracket):
                found = self._tried(name) if isinstance(name, tree.Scripted) else self.heads.head(name)
                if binder and found and rank_of(self.table, found.key) == len(found.indices) + 1:
                    binder.uses[found.key, len(found.indices)] = None

    def _alike(self, nodes: Sequence[tree.Node], scope: tuple[Binder, ...]) -> None:
        """Indices that are compared have one range, if nothing else tells it."""
        found = [b for b in (self._binder(node, scope) for node in nodes) if b is not None]
        for one in found:
            one.like |= {id(other): other for other in found if other is not one}

    def _binder(self, index: tree.Node, scope: tuple[Binder, ...]) -> Binder | None:
        """What binds an index letter, or lets it stand free; None for anything else."""
        letter = label(index)
        if letter not in self.letters:
            return None
        return next((b for b in reversed(scope) if b.letter == letter), None) or self._free(letter, index)

    def _tried(self, node: tree.Scripted) -> Head | None:
        try:
            return self.heads.head(node)
        except LatexError:
            return None

    def _free(self, letter: str, index: tree.Node) -> Binder:
        """The letter where no sum binds it; LatexError where only a sum elsewhere does."""
        self.allowed(letter, index)
        known = self.table.indices.get(letter)
        span = self.table.ranges.get(letter)
        binder = self.binders.setdefault((-1, letter), Binder(letter, None, span=span))
        binder.rangeless = known is not None and span is None
        return binder

    def _spread(self, binder: Binder) -> None:
        """Take the range from the arrays' axes, or tell them the range."""
        table = self.table
        if binder.span is None:
            found = {span: None for use in binder.uses for span in table.axes.get(use, ())}
            found = found or {other.span: None for other in binder.like.values() if other.span is not None}
            if len(found) == 1:
                binder.span = next(iter(found))
                self._agrees(binder)
        if binder.span is not None:
            for use in binder.uses:
                table.axes.setdefault(use, {})[binder.span] = None

    def _agrees(self, binder: Binder) -> None:
        """A letter that ran over another range before is reported: its place, or the letter, may be a slip."""
        before = self.table.seen.get(binder.letter, {})
        if binder.span is not None and before and binder.span not in before:
            places = " and ".join(f"index {axis + 1} of {key}" for key, axis in binder.uses)
            ways = [f"{lo}..{hi}" for lo, hi in [binder.span, *before]]
            raise AmbiguityError(
                f"{binder.letter} stands as {places}, and had another range before",
                self.text,
                self._place(binder),
                ways,
                "Take another letter, or swap the indices if they are in the wrong order; or declare ranges={...}.",
            )

    def _place(self, binder: Binder) -> int:
        return binder.node.at if binder.node is not None else self._first(binder.letter)

    def _inferred(self, binder: Binder) -> bool:
        """Take the one range that the letter has elsewhere; False where there is none."""
        found = self.table.seen.get(binder.letter, {})
        if len(found) != 1 or any(self.table.axes.get(use) for use in binder.uses):
            return False
        binder.span = next(iter(found))
        self.table.note(f"{binder.letter} runs over {binder.span[0]}..{binder.span[1]}, as in another sum")
        return True

    def _report(self, binder: Binder) -> None:
        letter = binder.letter
        place = self._place(binder)
        found = list(dict.fromkeys(s for use in binder.uses for s in self.table.axes.get(use, ())))
        found = found or list(self.table.seen.get(letter, ()))
        advice = f'Write \\sum_{{{letter}=1}}^{{..}}, or declare it: ranges={{"{letter}": "{letter.upper()}"}}.'
        if found:
            ranges = [f"{lo}..{hi}" for lo, hi in found]
            raise AmbiguityError(f"the range of {letter} is not given", self.text, place, ranges, advice)
        raise LatexError(f"the index {letter} has no range", self.text, place, advice)

    def _first(self, letter: str) -> int:
        return next((n.at for n, _ in self._entries if letter in label(n.below)), 0)


def _base(node: tree.Node) -> tree.Node:
    return node.base if isinstance(node, tree.Scripted) else node


def _inner_entries(below: tree.Node) -> Iterator[tree.Scripted]:
    """Entries that stand as an index themselves, as in W_{c_n}."""
    for item in items(below):
        found = [item] if isinstance(item, tree.Scripted) else tree.children(item)
        for node in found:
            if isinstance(node, tree.Scripted) and isinstance(node.base, tree.Name) and node.below is not None:
                yield node


def _differential(node: tree.Node) -> bool:
    """Whether a part starts with the letter d, as in dE over dw."""
    first = _base(node.parts[0][1] if isinstance(node, tree.Product) else node)
    return isinstance(first, tree.Name) and first.name == "d"


def _without_d(node: tree.Node) -> tree.Node:
    if isinstance(node, tree.Product):
        return tree.Product(node.at, node.end, node.parts[1:])
    return tree.Number(node.at, node.end, "1")
