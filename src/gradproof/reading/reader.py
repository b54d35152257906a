"""The way in for formulas as they are typed: LaTeX, and what its letters mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import sympy as sp

from gradproof.lines import index_range, publish, replaced
from gradproof.notation import NotationError, read
from gradproof.reading import tree
from gradproof.reading.conditions import RELATIONS
from gradproof.reading.errors import LatexError
from gradproof.reading.heads import items, key_of, label, names_in
from gradproof.reading.matrices import settled
from gradproof.reading.meaning import Env, Meaning, array_name
from gradproof.reading.operators import derived_by
from gradproof.reading.survey import Survey
from gradproof.reading.syntax import Line, parsed
from gradproof.reading.table import Range, Table

__all__ = ["Claimed", "Lines", "Reader", "read_latex"]

_T = TypeVar("_T")


class Claimed(NamedTuple):
    """A claimed gradient: what it is derived by (None where the text does not say), and its value."""

    wrt: sp.Expr | None
    value: sp.Expr


class Lines(NamedTuple):
    """A derivation, line by line: what is derived by, the value of each line, and the words beside it."""

    wrt: sp.Expr | None
    values: tuple[sp.Expr, ...]
    rules: tuple[str, ...]


class Reader:
    """Reads formulas that belong together: what one gives a meaning to, the next ones know.

    names: known SymPy objects, as an iterable, or by the LaTeX of their names.  ranges: of indices, by
    letter: "K" is 1..K, a pair is a range.  functions: letters that are functions.  shapes: of vectors
    and matrices, by letter: "n", or ("n", "d").  like: expressions whose letters are meant.
    notes: the conventions that a reading rested on, in words.  loss_name: the symbol before "=".
    Symbols and arrays are plain, as gradproof reads them; sizes are positive integers.
    Raises NotationError: LatexError for what is not read, AmbiguityError for what has two readings.
    """

    def __init__(
        self,
        *,
        names: Mapping[str, Any] | Iterable[Any] = (),
        ranges: Mapping[str, Any] | None = None,
        functions: Iterable[Any] = (),
        shapes: Mapping[str, Any] | None = None,
        like: Any = (),
    ) -> None:
        self.table = Table()
        self.loss_name: sp.Symbol | None = None
        self._loss: sp.Expr | None = None
        for e in like if isinstance(like, (list, tuple)) else (like,):
            self.table.learn(e)
        keys = {latex: _key(latex) for latex in names} if isinstance(names, Mapping) else {}
        self.table.declare(names, keys)
        for function in functions:
            key = _key(function) if isinstance(function, str) else ""
            self.table.declare([sp.Function(key) if key else function], {})
        for letter, span in (ranges or {}).items():
            self.table.ranges[_key(letter)] = self._range(span)
        for latex, shape in (shapes or {}).items():
            sizes = [self._bound(s) for s in (shape if isinstance(shape, (tuple, list)) else (shape,))]
            if len(sizes) not in (1, 2):
                raise NotationError(f"{latex} has {len(sizes)} sizes; a vector has one, a matrix two")
            key = _key(latex)
            name = array_name(key.replace("bold", ""))
            self.table.matrix(sp.MatrixSymbol(name, *sizes, *[1] * (2 - len(sizes))), key)

    @property
    def notes(self) -> list[str]:
        return self.table.notes

    # -- what can be read --------------------------------------------------------------------
    def expression(self, text: str) -> sp.Expr:
        """A value."""
        node = self._single(text)
        if isinstance(node, tree.Sides):
            raise LatexError("an equation stands where one value is expected", text, node.sides[1].at)
        return self._meant(text, [node], lambda m, env: m.value(node, env))

    def relation(self, text: str) -> Any:
        """An equation or an inequality; indices that no sum binds stand for every value."""
        node = self._single(text)
        if not isinstance(node, tree.Sides) or len(node.relations) != 1:
            raise LatexError("one equation or inequality is expected", text, node.at)
        return self._meant(text, [node], lambda m, env: _related(m, node, env), free=True)

    def loss(self, text: str) -> sp.Expr:
        """A loss, with or without a name, as in L = .. or J(w, b) := .."""
        node = self._single(text)
        name: sp.Symbol | None = None
        if isinstance(node, tree.Sides):
            if node.relations != ("=",):
                raise LatexError("a loss has one = at most, behind its name", text, node.sides[-1].at)
            name = self._name_of_loss(node.sides[0], text)
            node = node.sides[1]
        value = self._meant(text, [node], lambda m, env: m.value(node, env))
        self._loss, self.loss_name = value, name
        return value

    def wrt(self, text: str) -> sp.Expr:
        r"""What is derived by: w_{jk}, or \frac{\partial L}{\partial w_{jk}}; its indices may stand free from now on."""
        node = self._single(text)
        variable = self._variable(node, text)
        return self._derived_by(node if variable is None else variable, text)

    def claim(self, text: str) -> Claimed:
        """A claimed gradient, with or without its left side."""
        node = self._single(text)
        if not isinstance(node, tree.Sides):
            return Claimed(None, self._with_loss(self._meant(text, [node], lambda m, env: m.value(node, env))))
        if set(node.relations) != {"="} or len(node.sides) != 2:
            raise LatexError(
                "a claim is one equation, or a value", text, node.sides[-1].at, "For more lines use lines()."
            )
        wrt = self._left_side(node.sides[0], text)
        right = node.sides[1]
        return Claimed(wrt, self._with_loss(self._meant(text, [right], lambda m, env: m.value(right, env))))

    def lines(self, text: str) -> Lines:
        """The lines of a derivation: everything that stands behind an equals sign, in order."""
        rows = parsed(text)
        wrt, nodes, rules = None, [], []
        for number, row in enumerate(rows):
            sides = list(row.node.sides) if isinstance(row.node, tree.Sides) else [row.node]
            if isinstance(row.node, tree.Sides) and set(row.node.relations) != {"="}:
                raise LatexError("the lines of a derivation are joined by =", text, row.node.at)
            if number == 0 and not row.headless and len(sides) > 1:
                left = sides.pop(0)
                wrt = None if self._is_name_of_loss(left) else self._left_side(left, text)
            elif number and not row.headless:
                raise LatexError("a new left side", text, sides[0].at, "A line that goes on starts with =.")
            nodes += sides
            rules += [""] * (len(sides) - 1) + [row.remark]
        values = self._meant(text, nodes, lambda m, env: tuple(m.value(n, env) for n in nodes))
        return Lines(wrt, tuple(map(self._with_loss, values)), tuple(rules))

    def definitions(self, text: str) -> list[sp.Eq]:
        """Named quantities, one line each, as in h_j = ..; the indices at the left are templates."""
        rows: list[tree.Sides] = []
        templates: set[str] = set()
        for row in parsed(text):
            node = row.node
            if not isinstance(node, tree.Sides) or node.relations != ("=",):
                raise LatexError("a definition is one equation", text, node.at)
            templates |= _template(node.sides[0], text)
            rows.append(node)
        return self._meant(text, rows, lambda m, env: [_related(m, node, env) for node in rows], templates=templates)

    # -- how ---------------------------------------------------------------------------------
    def _single(self, text: str) -> tree.Node:
        rows: Sequence[Line] = parsed(text)
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
        templates: frozenset[str] | set[str] = frozenset(),
    ) -> _T:
        """Survey the parts, find the ranges, and build; the table is written on only where all succeeds."""
        table = self.table.copy()
        survey = Survey(table, text, free, set(templates))
        meaning = Meaning(table, survey, text)
        try:
            for node in nodes:
                survey.look(node)
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

    def _name_of_loss(self, node: tree.Node, text: str) -> sp.Symbol:
        """The name at the left of a loss: a letter, a word, or a call, whose arguments are only shown."""
        if isinstance(node, tree.Product) and len(node.parts) == 2 and isinstance(node.parts[1][1], tree.Group):
            node = node.parts[0][1]
        if isinstance(node, tree.Product) and all(isinstance(p, tree.Name) and not op for op, p in node.parts):
            return sp.Symbol("".join(p.name for _, p in node.parts if isinstance(p, tree.Name)))
        key = key_of(node)
        if key is None:
            raise LatexError("the left side of a loss is its name", text, node.at, "Write L = .. or the loss alone.")
        return sp.Symbol(key)

    def _is_name_of_loss(self, node: tree.Node) -> bool:
        base = node.parts[0][1] if isinstance(node, tree.Product) and len(node.parts) == 2 else node
        key = key_of(base)
        return key is not None and (self.loss_name is None or key == self.loss_name.name)

    def _with_loss(self, value: sp.Expr) -> sp.Expr:
        """A claim in which the loss' own name, as y in dy/dx = -x y, stands for the loss."""
        if self._loss is None or self.loss_name is None or self._loss.has(self.loss_name):
            return value
        if isinstance(value, sp.MatrixExpr) or not value.has(self.loss_name):
            return value
        note = f"{self.loss_name} at the right of an equation is the loss"
        if note not in self.notes:
            self.notes.append(note)
        return publish(replaced(read(value), {self.loss_name: read(self._loss)}))

    def _variable(self, node: tree.Node, text: str) -> tree.Node | None:
        """What stands below a derivative of the loss; None for anything else."""
        found = derived_by(node)
        if found is None:
            return None
        variable, operand = found
        if operand is None or self._is_loss(operand, text):
            return variable
        raise LatexError(
            "another thing than the loss is derived", text, operand.at, "Read its definition as the loss first."
        )

    def _is_loss(self, operand: tree.Node, text: str) -> bool:
        if self._is_name_of_loss(operand):
            return True
        if key_of(operand) is not None:
            return False
        value = self._meant(text, [operand], lambda m, env: m.value(operand, env))
        if self._loss is None:
            self._loss = value
        return bool(value == self._loss)

    def _left_side(self, node: tree.Node, text: str) -> sp.Expr:
        variable = self._variable(node, text)
        if variable is None:
            raise LatexError(
                "the left side is no derivative",
                text,
                node.at,
                r"Write \frac{\partial L}{\partial w_k} = .., or the right side alone.",
            )
        return self._derived_by(variable, text)

    def _derived_by(self, node: tree.Node, text: str) -> sp.Expr:
        found = self._meant(text, [node], lambda m, env: m.value(node, env), free=True)
        if not isinstance(found, (sp.Symbol, sp.Indexed, sp.MatrixSymbol)) or isinstance(found, sp.Idx):
            raise LatexError(
                "this is no variable that one derives by", text, node.at, "Accepted are a letter and an entry, w_{jk}."
            )
        return found


def read_latex(
    text: str,
    *,
    names: Mapping[str, Any] | Iterable[Any] = (),
    ranges: Mapping[str, Any] | None = None,
    functions: Iterable[Any] = (),
    shapes: Mapping[str, Any] | None = None,
    like: Any = (),
) -> Any:
    """One formula: an expression, or for an equation or an inequality a relation.  The arguments are Reader's."""
    reader = Reader(names=names, ranges=ranges, functions=functions, shapes=shapes, like=like)
    rows = parsed(text)
    return reader.relation(text) if isinstance(rows[0].node, tree.Sides) else reader.expression(text)


def _related(m: Meaning, node: tree.Sides, env: Env) -> Any:
    left, right = (m.value(side, env) for side in node.sides)
    relation = RELATIONS.get(node.relations[0])
    if relation is None:
        raise m.fail(f"the relation {node.relations[0]} is not read here", node)
    return relation(left, right, evaluate=False)


def _template(node: tree.Node, text: str) -> set[str]:
    """The letters below and above the name that is defined."""
    if key_of(node) is None:
        raise LatexError("a definition has a name at its left", text, node.at)
    if not isinstance(node, tree.Scripted):
        return set()
    scripts = [s for s in (node.below, node.above if isinstance(node.above, tree.Group) else None) if s is not None]
    return {label(n) for s in scripts for item in items(s) for n in names_in(item) if not _upright(n)}


def _upright(node: tree.Node) -> bool:
    return isinstance(node, tree.Name) and node.kind == "word"


def _key(latex: str) -> str:
    """The key of a name that is given as LaTeX."""
    if not isinstance(latex, str):
        raise TypeError(f"a name is given as LaTeX, not as {latex!r}")
    key = key_of(parsed(latex)[0].node)
    if key is None:
        raise LatexError("this is no name: a letter, or a word in \\text{..}, with its scripts", latex, 0)
    return key
