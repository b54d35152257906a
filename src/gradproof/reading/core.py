"""The base of the reader: what is declared of the letters, and how one text is surveyed and built."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import sympy as sp

from gradproof.lines import index_range
from gradproof.notation import NotationError
from gradproof.reading import sympy_notation, syntax, tree
from gradproof.reading.errors import LatexError
from gradproof.reading.heads import key_of
from gradproof.reading.losses import Loss
from gradproof.reading.matrices import settled
from gradproof.reading.meaning import Env, Meaning, array_name
from gradproof.reading.survey import Survey
from gradproof.reading.syntax import Line
from gradproof.reading.table import Range, Table, object_key, object_name

__all__ = ["Core"]

_T = TypeVar("_T")

#: How a text becomes a tree, by the name of its notation.
PARSERS: dict[str, Callable[[str], list[Line]]] = {"latex": syntax.parsed, "sympy": sympy_notation.parsed}


class Core:
    """Holds the table of names and reads parts with it; the arguments are Reader's."""

    def __init__(
        self,
        *,
        names: Mapping[str, Any] | Iterable[Any] = (),
        ranges: Mapping[str, Any] | None = None,
        functions: Iterable[Any] = (),
        shapes: Mapping[str, Any] | None = None,
        like: Any = (),
        notation: str = "latex",
    ) -> None:
        if notation not in PARSERS:
            raise ValueError(f"the notation is {notation!r}; accepted are {', '.join(PARSERS)}")
        self.parsed = PARSERS[notation]
        self.table = Table(key=object_name if notation == "sympy" else object_key)
        self.loss_name: sp.Expr | None = None
        self.defined: tuple[sp.Eq, ...] = ()
        self._loss: Loss | None = None
        for e in like if isinstance(like, (list, tuple)) else (like,):
            self.table.learn(e)
        keys = {latex: self._key(latex) for latex in names} if isinstance(names, Mapping) else {}
        self.table.declare(names, keys)
        for function in functions:
            key = self._key(function) if isinstance(function, str) else ""
            self.table.declare([sp.Function(key) if key else function], {})
        for letter, span in (ranges or {}).items():
            self.table.ranges[self._key(letter)] = self._range(span)
        for latex, shape in (shapes or {}).items():
            sizes = [self._bound(s) for s in (shape if isinstance(shape, (tuple, list)) else (shape,))]
            if len(sizes) not in (1, 2):
                raise NotationError(f"{latex} has {len(sizes)} sizes; a vector has one, a matrix two")
            key = self._key(latex)
            name = array_name(key.replace("bold", ""))
            self.table.matrix(sp.MatrixSymbol(name, *sizes, *[1] * (2 - len(sizes))), key)

    @property
    def notes(self) -> list[str]:
        return self.table.notes

    # -- how ---------------------------------------------------------------------------------
    def _single(self, text: str) -> tree.Node:
        rows: Sequence[Line] = self.parsed(text)
        if len(rows) > 1:
            raise LatexError(
                "more than one formula", text, rows[1].node.at, "Give one at a time, or use lines() or definitions()."
            )
        if rows[0].headless:
            raise LatexError("there is nothing before the relation", text, rows[0].node.at)
        return rows[0].node

    def _meant(
        self,
        text: str,
        nodes: Sequence[tree.Node],
        build: Callable[[Meaning, Env], _T],
        free: bool = False,
        templates: Sequence[set[str]] = (),
    ) -> _T:
        """Survey the parts, find the ranges, and build; the table is written on only where all succeeds."""
        table = self.table.copy()
        survey = Survey(table, text, free)
        meaning = Meaning(table, survey, text)
        try:
            for n, node in enumerate(nodes):
                survey.look(node, templates[n] if templates else ())
            survey.settle(meaning.bound)
            env: dict[str, tuple[Any, int]] = {a: (sp.Idx(a, span), -1) for a, span in table.ranges.items()}
            for (_, letter), binder in survey.binders.items():
                if binder.node is None and not binder.rangeless:
                    table.indices.setdefault(letter, sp.Idx(letter, binder.span))
            env |= {letter: (index, -1) for letter, index in table.indices.items()}
            built = build(meaning, env)
            built = settled(meaning, built, nodes[0]) if nodes else built
        except RecursionError:
            raise LatexError("the formula is nested too deeply", text, 0) from None
        self.table = table
        return built

    def _range(self, span: Any) -> Range:
        """A declared range: "K", a number or an expression is 1..K; a pair has both ends; an Idx has its own."""
        if isinstance(span, sp.Idx):
            found = index_range(span)
            if found is None:
                raise NotationError(f"the index {span} has no range itself")
            return found
        low, high = span if isinstance(span, (tuple, list)) and len(span) == 2 else (1, span)
        return self._bound(low), self._bound(high)

    def _bound(self, value: Any) -> sp.Expr:
        if isinstance(value, str):
            node = self._single(value)
            return self._meant(value, [], lambda m, _: m.bound(node))
        if isinstance(value, (int, sp.Expr)) and not isinstance(value, bool):
            made = sp.Integer(value) if isinstance(value, int) else value
            self.table.learn(made)
            return made
        raise TypeError(f"the end of a range is {value!r}; accepted are LaTeX, whole numbers and SymPy expressions")

    def _key(self, name: str) -> str:
        """The key of a name that is given as text."""
        if not isinstance(name, str):
            raise TypeError(f"a name is given as LaTeX, not as {name!r}")
        key = key_of(self.parsed(name)[0].node)
        if key is None:
            raise LatexError("this is no name: a letter, or a word in \\text{..}, with its scripts", name, 0)
        return key
