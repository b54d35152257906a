"""What a problem states: the loss by its name, and the definitions of what it is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import sympy as sp

from gradproof.lines import head, index_range
from gradproof.reading import tree
from gradproof.reading.conditions import related
from gradproof.reading.core import Core
from gradproof.reading.errors import LatexError
from gradproof.reading.heads import key_of, label, names_in
from gradproof.reading.left import Defined, Left, is_logarithm, keys_in, left_side, plain
from gradproof.reading.losses import Loss
from gradproof.reading.matrices import is_matrix
from gradproof.reading.meaning import array_name
from gradproof.reading.operators import derived_by
from gradproof.reading.sympy_notation import ROW

__all__ = ["Statement"]


class Statement(Core):
    """Reads the loss and the definitions."""

    def loss(self, text: str, where: Iterable[str] = ()) -> sp.Expr:
        """A loss, with or without a name, as in L = .., J(w, b) := .. or p_i = ..

        where: definitions of what it is made of, read together with it, in any order; then they are in `defined`.
        """
        self._single(text)
        texts = [_unframed(t) for t in (text, *where)]
        whole = ROW.join(texts) if len(texts) > 1 else text
        before, loss = self.table, self._loss
        self.table = before.copy()
        try:
            rows = [row.node for row in self.parsed(whole)]
            value = self._read_loss(rows[0], rows[1:], whole)
        except Exception:
            self.table, self._loss = before, loss
            raise
        return value

    def equation(self, text: str, where: Iterable[str] = ()) -> tuple[Any, Any]:
        """Both sides of one equation; indices that no sum binds stand for every value.  where: as of `loss`."""
        definitions = [_unframed(t) for t in where]
        if definitions:
            self.defined = tuple(self.definitions(ROW.join(definitions)))
        node = self._single(text)
        if not isinstance(node, tree.Sides) or node.relations != ("=",):
            raise LatexError("one equation is expected", text, node.at, "Write A = B.")
        one, other = self._meant(text, [node], lambda m, env: [m.value(side, env) for side in node.sides], free=True)
        return one, other

    def definitions(self, text: str) -> list[sp.Eq]:
        """Named quantities, one line each, as in h_j = ..; the indices at the left are templates."""
        rows: list[tree.Sides] = []
        for row in self.parsed(text):
            rows.append(self._equation(row.node, text))
            self.table.evidence.see(row.node)
        return self._defined(rows, text)

    # -- the loss ------------------------------------------------------------------------------
    def _read_loss(self, node: tree.Node, rows: Sequence[tree.Node], text: str) -> Any:
        for row in (node, *rows):
            self.table.evidence.see(row)
        left: Left | None = None
        shown, body = "", node
        if isinstance(node, tree.Sides):
            if node.relations != ("=",):
                raise LatexError("a loss has one = at most, behind its name", text, node.sides[-1].at)
            left, body = left_side(node.sides[0]), node.sides[1]
            shown = text[node.sides[0].at : node.sides[0].end]
            if left is None and not is_logarithm(node.sides[0]) and derived_by(node.sides[0]) is None:
                raise LatexError(
                    "the left side of a loss is its name", text, node.at, "Write L = .. or the loss alone."
                )
        equations = self._abbreviated([self._equation(row, text) for row in rows], text)
        free = self._templates(left)
        name_of_square = left is not None and left.square and self._name_square(left, free)
        nodes = [body, *equations]
        templates = [free, *(self._templates(left_side(e.sides[0])) for e in equations)]
        for equation in equations:
            self._enter(left_side(equation.sides[0]))
        value, *defined = self._meant(
            text,
            nodes,
            lambda m, env: [m.value(body, env), *(related(m, e, env) for e in equations)],
            templates=templates,
        )
        self.defined = tuple(_in_order(defined))
        if is_matrix(value) and value.shape != (1, 1):
            rows_and_columns = " by ".join(map(str, value.shape))
            raise LatexError(
                f"the loss is no number, but {rows_and_columns}",
                text,
                body.at,
                "Declare every letter that is a vector or a matrix, or write entries: \\sum_{j=1}^{d} w_j x_{ij}.",
            )
        name = None if left is None else name_of_square or self._own_name(left, free)
        given = () if left is None or left.arguments is None else left.arguments.items
        inside = frozenset((*self.table.names, *self.table.ranks))
        self._loss = Loss(value, left, shown, tuple(text[a.at : a.end] for a in given), name or None, inside)
        self.loss_name = name or None
        self._define_call(left, value, text)
        return value

    def _templates(self, left: Left | None) -> set[str]:
        """The letters below a left side that are indices."""
        if left is None:
            return set()
        known = self.table.evidence.indices((*self.table.indices, *self.table.ranges), self.table.names)
        found = {label(n) for part in left.below for n in names_in(part)}
        return found if found and found <= known else set()

    def _own_name(self, left: Left, free: set[str]) -> sp.Expr | None:
        """The symbol or the entry that the loss is called by, which may stand in what is read from now on."""
        table = self.table
        if free:
            indices = [table.indices[label(part)] for part in left.below if label(part) in table.indices]
            if len(indices) != len(left.below) or left.stem in table.names:
                return None
            base = sp.IndexedBase(array_name(left.stem))
            table.known(left.stem, base)
            table.ranks[left.stem] = len(indices)
            for axis, index in enumerate(indices):
                table.axes[left.stem, axis] = {span: None for span in [index_range(index)] if span is not None}
            return sp.Indexed(base, *indices)
        if not isinstance(table.names.setdefault(left.key, sp.Symbol(left.key)), sp.Symbol):
            return None
        return None if table.names[left.key].is_integer else table.names[left.key]

    def _name_square(self, left: Left, free: set[str]) -> sp.Expr:
        """The name of what is defined as a square, sigma^2 = ..: from now on sigma is its root."""
        stem = left.stem if free else left.key
        made = sp.IndexedBase(f"{array_name(stem)}_sq") if free else sp.Symbol(f"{array_name(stem)}_sq")
        self.table.squares[stem] = made
        return made

    def _enter(self, left: Left | None) -> None:
        """Enter the name of a definition."""
        if left is None:
            return
        free = self._templates(left)
        if left.square:
            self._name_square(left, free)
        elif not free and (left.below or left.key == "E"):  # E is a number in SymPy notation where nothing defines it
            self.table.names.setdefault(left.key, sp.Symbol(left.key))

    def _define_call(self, left: Left | None, value: Any, text: str) -> None:
        """Let f(x) = .. be known, where it is called later."""
        if left is None or left.arguments is None or left.square or self._templates(left):
            return
        params = [self.table.names.get(key_of(a) or "") for a in left.arguments.items]
        letters = tuple(p for p in params if isinstance(p, sp.Symbol))
        given = plain(text[left.arguments.at : left.arguments.end])
        self.table.defined[left.key] = Defined(given, letters if len(letters) == len(params) else (), value)

    # -- definitions ---------------------------------------------------------------------------
    def _equation(self, node: tree.Node, text: str) -> tree.Sides:
        if not isinstance(node, tree.Sides) or node.relations != ("=",):
            raise LatexError("a definition is one equation", text, node.at)
        if left_side(node.sides[0]) is None:
            raise LatexError("a definition has a name at its left", text, node.at)
        return node

    def _defined(self, rows: Sequence[tree.Sides], text: str) -> list[sp.Eq]:
        rows = self._abbreviated(rows, text)
        lefts = [left_side(row.sides[0]) for row in rows]
        templates = [self._templates(left) for left in lefts]
        for left in lefts:
            self._enter(left)
        found = self._meant(text, rows, lambda m, env: [related(m, row, env) for row in rows], templates=templates)
        return _in_order(found)

    def _abbreviated(self, rows: Sequence[tree.Sides], text: str) -> list[tree.Sides]:
        """The definitions but for functions, f(x) = .., and matrices, which are put where their names stand."""
        waiting = [(row, left) for row in rows if (left := left_side(row.sides[0])) is not None]
        waiting = [(row, left) for row, left in waiting if self._is_abbreviation(left)]
        kept = [row for row in rows if all(row is not other for other, _ in waiting)]
        while waiting:
            ready = [(r, f) for r, f in waiting if not any(f2.key in keys_in(r.sides[1]) for _, f2 in waiting)]
            if not ready:
                raise LatexError("these definitions use each other", text, waiting[0][0].at)
            for row, left in ready:
                self._abbreviate(row.sides[1], left, text)
            waiting = [w for w in waiting if w not in ready]
        return kept

    def _is_abbreviation(self, left: Left) -> bool:
        if left.arguments is not None:
            return left.key not in self.table.evidence.alone
        return self.table.has_matrices() and not left.square and not self._templates(left)

    def _abbreviate(self, body: tree.Node, left: Left, text: str) -> None:
        before = set(self.table.names)
        if left.arguments is not None and not all(isinstance(a, tree.Name) for a in left.arguments.items):
            raise LatexError(
                "a function is defined at letters, f(x) = ..",
                text,
                left.node.at,
                "Write a quantity with an index, h_i = .., and h_i where it is used.",
            )
        value = self._meant(text, [body], lambda m, env: m.value(body, env))
        if left.arguments is None:
            self.table.names[left.key] = value
            return
        self._define_call(left, value, text)
        for key in [key_of(a) for a in left.arguments.items]:
            if key is not None and key not in before:
                self.table.names.pop(key, None)  # x is the function's own letter


def _in_order(equations: Iterable[sp.Eq]) -> list[sp.Eq]:
    """Definitions, each behind those that it uses; as they stand, where they use each other."""
    waiting = list(equations)
    found: list[sp.Eq] = []
    while waiting:
        names = {head(e.lhs) for e in waiting}
        ready = next((e for e in waiting if not any(e.rhs.has(n) for n in names)), waiting[0])
        waiting.remove(ready)
        found.append(ready)
    return found


def _unframed(text: str) -> str:
    """A text without the dollars or brackets of a display."""
    return re.sub(r"^\s*(\$\$?|\\\[|\\\()|(\$\$?|\\\]|\\\))[\s.,;]*$", "", text)
