"""The way in for formulas as they are typed: LaTeX, and what its letters mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import sympy as sp

from gradproof.lines import index_name
from gradproof.reading import tree
from gradproof.reading.conditions import assumed
from gradproof.reading.errors import LatexError
from gradproof.reading.evidence import Evidence
from gradproof.reading.heads import key_of
from gradproof.reading.left import Left, left_side, plain
from gradproof.reading.losses import Loss, Side, turned
from gradproof.reading.operators import derived_by
from gradproof.reading.statement import Statement
from gradproof.reading.syntax import parsed

__all__ = ["Claimed", "Lines", "Reader", "read_latex"]


class Claimed(NamedTuple):
    """A claimed gradient: what it is derived by (None where the text does not say), and its value."""

    wrt: sp.Expr | None
    value: sp.Expr


class Lines(NamedTuple):
    """A derivation, line by line: what is derived by, the value of each line, and the words beside it."""

    wrt: sp.Expr | None
    values: tuple[sp.Expr, ...]
    rules: tuple[str, ...]


class Reader(Statement):
    """Reads formulas that belong together: what one gives a meaning to, the next ones know.

    names: known SymPy objects, as an iterable, or by the LaTeX of their names.  ranges: of indices, by
    letter: "K" is 1..K, a pair is a range.  functions: letters that are functions.  shapes: of vectors
    and matrices, by letter: "n", or ("n", "d").  like: expressions whose letters are meant.
    notation: of the texts, "latex" or "sympy".  notes: the conventions that a reading rested on, in words.  loss_name: the symbol, or the entry, before
    the "=" of the loss.  defined: the definitions that were read with it, in order.
    Symbols and arrays are plain, as gradproof reads them; sizes are positive integers.
    Raises NotationError: LatexError for what is not read, AmbiguityError for what has two readings.
    """

    # -- what can be read --------------------------------------------------------------------
    def glance(self, statement: Iterable[str], later: Iterable[str] = ()) -> None:
        """Take in all texts of a problem before they are read: the loss and its definitions, then all others.

        What stands without a bracket somewhere is no function; a letter of which no text says that it is an index
        is none.
        """
        seen = self.table.evidence
        claims = Evidence()
        for texts, taken in ((statement, seen), (later, claims)):
            for text in texts:
                with suppress(LatexError):
                    for row in self.parsed(text):
                        taken.see(row.node)
        seen.turn_to(claims)
        seen.whole = True

    def expression(self, text: str) -> sp.Expr:
        """A value."""
        node = self._single(text)
        if isinstance(node, tree.Sides):
            raise LatexError("an equation stands where one value is expected", text, node.sides[1].at)
        return self._meant(text, [node], lambda m, env: m.value(node, env))

    def relation(self, text: str) -> Any:
        """An equation or an inequality; indices that no sum binds stand for every value."""
        found = self.relations(text)
        if len(found) > 1:
            raise LatexError("one equation or inequality is expected", text, 0)
        return found[0]

    def relations(self, text: str) -> list[Any]:
        r"""What a text assumes, which may be a chain, 0 < p < 1; y \in \{-1, 1\} is y^2 = 1."""
        node = self._single(text)
        if not isinstance(node, tree.Sides):
            raise LatexError("one equation or inequality is expected", text, node.at)
        return self._meant(text, [node], lambda m, env: assumed(m, node, env), free=True)

    def wrt(self, text: str) -> sp.Expr:
        r"""What is derived by: w_{jk}, or \frac{\partial L}{\partial w_{jk}}; its indices may stand free from now on."""
        side = self._derivative_side(self._single(text), text)
        if side is None:
            side = self._derived_by(self._single(text), text)
        if side.factor != 1:
            raise LatexError(
                "this is no variable that one derives by",
                text,
                0,
                r"State the claim with its left side, \frac{\partial L}{\partial \sigma^2} = .., or derive by the letter.",
            )
        return side.wrt

    def claim(self, text: str) -> Claimed:
        """A claimed gradient, with or without its left side."""
        node = self._single(text)
        if not isinstance(node, tree.Sides):
            return Claimed(None, self._value(node, text))
        if set(node.relations) != {"="} or len(node.sides) != 2:
            raise LatexError(
                "a claim is one equation, or a value", text, node.sides[-1].at, "For more lines use lines()."
            )
        side = self._left_side(node.sides[0], text)
        return Claimed(side.wrt, side.of(self._value(node.sides[1], text)))

    def lines(self, text: str) -> Lines:
        """The lines of a derivation: everything that stands behind an equals sign, in order."""
        rows = self.parsed(text)
        nodes, rules = list[tree.Node](), list[str]()
        side: Side | None = None
        for number, row in enumerate(rows):
            sides = list(row.node.sides) if isinstance(row.node, tree.Sides) else [row.node]
            if isinstance(row.node, tree.Sides) and set(row.node.relations) != {"="}:
                raise LatexError("the lines of a derivation are joined by =", text, row.node.at)
            if number == 0 and not row.headless and len(sides) > 1:
                side = self._first_side(sides, text)
            elif number and not row.headless:
                raise LatexError("a new left side", text, sides[0].at, "A line that goes on starts with =.")
            nodes += sides
            rules += [""] * (len(sides) - 1) + [row.remark]
        values = self._meant(text, nodes, lambda m, env: tuple(m.value(n, env) for n in nodes))
        values = tuple(map(self._put, values))
        if side is None:
            return Lines(None, values, tuple(rules))
        return Lines(side.wrt, tuple(map(side.of, values)), tuple(rules))

    # -- values ----
    def _value(self, node: tree.Node, text: str) -> Any:
        return self._put(self._meant(text, [node], lambda m, env: m.value(node, env)))

    def _put(self, value: Any) -> Any:
        """A claim in which the loss' own name stands for the loss."""
        if self._loss is None:
            return value
        found = self._loss.put(value)
        if found is not value:
            self.table.note(f"{self._loss.name} at the right of an equation is the loss")
        return found

    # -- left sides of claims ------------------------------------------------------------------
    def _first_side(self, sides: list[tree.Node], text: str) -> Side | None:
        r"""What stands before the first = of a derivation, taken off: ∂L/∂w, \delta_k = ∂L/∂a_k, or the loss' name."""
        node = sides[0]
        side = self._derivative_side(node, text)
        if side is None and len(sides) > 2 and left_side(node) is not None:
            side = self._derivative_side(sides[1], text)
            if side is not None:
                del sides[:2]
                return side
        if side is None and not (self._loss is None or self._loss.is_named(node, text)):
            raise self._no_derivative(node, text)
        del sides[0]
        return side

    def _derivative_side(self, node: tree.Node, text: str) -> Side | None:
        r"""The variable of \frac{\partial L}{\partial w}, \nabla_w L, f'(x), \partial_x L; None for anything else."""
        left = left_side(node)
        primed = left is not None and left.primes > 0
        found = (None, left.node) if left is not None and primed else derived_by(node)
        if found is None:
            return None
        variable, operand = found
        if primed and not (self._loss and self._loss.is_primed(left)):
            return None
        if operand is not None and not primed and not self._is_loss(operand, text):
            raise LatexError(
                "another thing than the loss is derived", text, operand.at, "Read its definition as the loss first."
            )
        if variable is not None:
            self._same_argument(operand, variable, text)
            side = self._derived_by(variable, text)
        else:
            side = self._by_its_argument(left if primed else left_side(operand or node), node, text)
        return self._turned(side, operand)

    def _same_argument(self, operand: tree.Node | None, variable: tree.Node, text: str) -> None:
        """Refuse ∂f(y)/∂y where the loss was f(x)."""
        left = left_side(operand) if operand is not None else None
        bracket = left.arguments if left is not None else None
        key = key_of(variable)
        if self._loss is None or not self._loss.given or bracket is None or key is None or key in self._loss.inside:
            return
        if key in map(key_of, bracket.items):
            raise LatexError(
                f"the loss was given at {', '.join(self._loss.given)}",
                text,
                bracket.at,
                "Write the claim with the same letter.",
            )

    def _by_its_argument(self, left: Left | None, node: tree.Node, text: str) -> Side:
        r"""f'(x) and \nabla f(x): by the one argument with which the loss was given."""
        given = self._loss.given if self._loss else ()
        if len(given) != 1:
            raise LatexError(
                "by what the loss is derived is not said", text, node.at, r"Write \frac{\partial L}{\partial w_k} = .."
            )
        here = left.arguments if left is not None else None
        if here is not None and plain(text[here.at : here.end])[1:-1] != plain(given[0]):
            raise LatexError(
                f"the loss was given at {given[0]}", text, here.at, "Write the claim with the same letter."
            )
        return self._derived_by(self._single(given[0]), given[0])

    def _turned(self, side: Side, operand: tree.Node | None) -> Side:
        """For a loss p_i and ∂p_k/∂z_j: the claim with i for k."""
        letters = self._loss.other_letters(operand) if self._loss and operand is not None else {}
        for index in (i for i in letters.values() if isinstance(i, sp.Idx) and index_name(i) not in self.table.ranges):
            self.table.indices.setdefault(index_name(index), index)
        return Side(turned(side.wrt, letters), turned(side.factor, letters), letters) if letters else side

    def _is_loss(self, operand: tree.Node, text: str) -> bool:
        if self._loss is None:
            self._loss = Loss(None) if key_of(operand) else Loss(self._value(operand, text))
            return True
        if self._loss.is_named(operand, text):
            return True
        left = left_side(operand)
        if left is not None and left.arguments is None:
            return False
        return bool(self._meant(text, [operand], lambda m, env: m.value(operand, env)) == self._loss.value)

    def _left_side(self, node: tree.Node, text: str) -> Side:
        side = self._derivative_side(node, text)
        if side is None:
            raise self._no_derivative(node, text)
        return side

    def _no_derivative(self, node: tree.Node, text: str) -> LatexError:
        return LatexError(
            "the left side is no derivative",
            text,
            node.at,
            r"Write \frac{\partial L}{\partial w_k} = .., or the right side alone.",
        )

    def _derived_by(self, node: tree.Node, text: str) -> Side:
        found = self._meant(text, [node], lambda m, env: m.value(node, env), free=True)
        factor: sp.Expr = sp.Integer(1)
        if isinstance(found, sp.Pow) and found.exp == 2:
            found, factor = found.base, 2 * found.base
            self.table.note(f"the derivative by the square of {found} is the one by {found}, divided by {factor}")
        if not isinstance(found, (sp.Symbol, sp.Indexed, sp.MatrixSymbol)) or isinstance(found, sp.Idx):
            raise LatexError(
                "this is no variable that one derives by", text, node.at, "Accepted are a letter and an entry, w_{jk}."
            )
        return Side(found, factor)


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
