"""What a formula says, as SymPy in gradproof's notation: names, numbers, products and terms.

Conventions.  A sum, and a derivative sign without an operand, take the product at their right, up to
the next plus or minus.  A function without brackets takes the one factor at its right.  log is the
natural one, e^x the exponential, σ(x) the logistic function unless σ is a name.  A letter before a
bracket is a factor where it is known as a number: an index stands below it, it is declared, or it
stands without a bracket elsewhere; it is a function where it is declared as one or a comma stands in
the bracket.  Everything else that can be read in two ways is reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sympy as sp
from sympy.core.function import UndefinedFunction

from gradproof.inverse import InverseBase
from gradproof.reading import tree
from gradproof.reading.binders import is_bracket, is_sum, joined_steps
from gradproof.reading.calls import call, is_call
from gradproof.reading.conditions import bars, cases, indicator
from gradproof.reading.doubts import beside, words_without_backslash
from gradproof.reading.errors import AmbiguityError, LatexError
from gradproof.reading.heads import Head, inverse_entry, label, names_in
from gradproof.reading.matrices import element, hadamard, identity, product, total
from gradproof.reading.operators import derivative_of, evaluated, operator
from gradproof.reading.powers import exponential, power, quotient, raised
from gradproof.reading.special import is_euler, is_kronecker, is_plain
from gradproof.reading.survey import Survey
from gradproof.reading.table import Range, Table, size
from gradproof.reading.vectors import inner_product

__all__ = ["Env", "Meaning", "array_name"]

MAX_NESTED = 60  # sums, functions and brackets within each other

#: index letter -> (the index, where it is bound: the place of the sum, or -1)
Env = Mapping[str, tuple[Any, int]]
Parts = tuple[tuple[str, tree.Node], ...]


class Meaning:
    """Reads the parts of one text, which was surveyed."""

    def __init__(self, table: Table, survey: Survey, text: str) -> None:
        self.table, self.survey, self.text = table, survey, text
        self.heads = survey.heads
        self.uses: list[tuple[int, str, int]] = []  # where an index letter stands, and where it is bound
        self._depth = 0

    # -- errors ----------------------------------------------------------------------------
    def fail(self, message: str, node: tree.Node, advice: str = "") -> LatexError:
        return LatexError(message, self.text, node.at, advice)

    def unclear(self, message: str, node: tree.Node, readings: tuple[str, ...], advice: str) -> AmbiguityError:
        return AmbiguityError(message, self.text, node.at, readings, advice)

    def shown(self, *nodes: tree.Node) -> str:
        return " ".join(self.text[nodes[0].at : nodes[-1].end].split())

    @contextmanager
    def deeper(self, node: tree.Node) -> Iterator[None]:
        self._depth += 1
        if self._depth > MAX_NESTED:
            raise self.fail(f"nested too deeply: more than {MAX_NESTED} levels", node)
        try:
            yield
        finally:
            self._depth -= 1

    # -- values ----------------------------------------------------------------------------
    def value(self, node: tree.Node, env: Env) -> sp.Expr:
        """The scalar that a part stands for."""
        with self.deeper(node):
            match node:
                case tree.Number():
                    return sp.Rational(node.text)
                case tree.Terms():
                    return self._terms(node, env)
                case tree.Product():
                    return self._product(joined_steps(node, self.table, self.survey.alone), env)
                case tree.Group():
                    return self._group(node, env)
                case tree.Bars():
                    return bars(self, node, None, None, env)
                case tree.Frac():
                    return self._fraction(node, env)
                case tree.Root():
                    degree = sp.Integer(2) if node.degree is None else self.value(node.degree, env)
                    return raised(self, self.value(node.body, env), 1 / degree, node)
                case tree.Cases():
                    return cases(self, node, env)
                case tree.Evaluated():
                    return evaluated(self, node, env)
                case tree.Sides():
                    raise self.fail("a relation stands where a value is expected", node)
                case tree.Lone():
                    raise self.fail(f"{node.sign} stands where a value is expected", node)
            return self.factor((("", node),), 0, env)[0]

    def _terms(self, node: tree.Terms, env: Env) -> sp.Expr:
        found: list[sp.Expr] = []
        open_letters: set[str] = set()
        for sign, part in node.parts:
            before = len(self.uses)
            value = self.value(part, env)
            for at, letter, bound in self.uses[before:]:
                if letter in open_letters and not part.at <= bound < part.end:
                    self._ran_out(letter, at)
            open_letters |= self._left_open(part)
            found.append(value if sign > 0 else -value)
        return total(self, found, node)

    def _left_open(self, node: tree.Node) -> set[str]:
        """The letters that sums at the end of a term bind, without a bracket round them."""
        found: set[str] = set()
        parts = node.parts if isinstance(node, tree.Product) else (("", node),)
        for _, part in parts:
            if is_sum(part):
                found |= {letter for at, letter in self.survey.binders if at == part.at}
        return found

    def _ran_out(self, letter: str, at: int) -> None:
        raise AmbiguityError(
            f"{letter} stands behind a plus or minus that ends the sum over {letter}",
            self.text,
            at,
            (rf"\sum_{letter} ( .. ) with all of it", "another index of the same letter"),
            "A sum takes the product at its right. Put what it takes in brackets, or take another letter.",
        )

    def _group(self, node: tree.Group, env: Env) -> sp.Expr:
        if node.kind == "<" and len(node.items) == 2 and not self.table.has_matrices():
            inner = inner_product(self, *node.items, env)
            if inner is not None:
                return inner
        if len(node.items) != 1:
            if set(node.joins) & {"and", "or"}:
                raise self.fail("a condition stands where one value is expected", node)
            advice = r"Write the sum, \sum_i a_i b_i; or a^\top b, with a and b declared as vectors."
            raise self.fail("a comma stands where one value is expected", node, advice if node.kind == "<" else "")
        if node.kind == "<":
            raise self.fail("angle brackets are not read", node, r"Write the sum: \sum_i a_i b_i.")
        body = node.items[0]
        if isinstance(body, tree.Sides) and node.kind == "[":
            return indicator(self, body, env)
        return self.value(body, env)

    def _fraction(self, node: tree.Frac, env: Env) -> sp.Expr:
        made = derivative_of(self, node, env)
        if made is not None:
            return made
        return quotient(self, self.value(node.top, env), self.value(node.bottom, env), node)

    # -- products --------------------------------------------------------------------------
    def _product(self, parts: Parts, env: Env) -> Any:
        r"""A product; what \odot and \oslash join are products themselves."""
        words_without_backslash(self, parts)
        start, found, before = 0, None, ""
        for n in range(1, len(parts) + 1):
            if n == len(parts) or parts[n][0] in ("⊙", "⊘"):
                value = self._plain_product((("", parts[start][1]), *parts[start + 1 : n]), env)
                joined = value if found is None else hadamard(self, found, value, parts[start][1])
                found = quotient(self, found, value, parts[start][1]) if before == "⊘" else joined
                start, before = n, parts[n][0] if n < len(parts) else ""
        return found

    def _plain_product(self, parts: Parts, env: Env) -> Any:
        above: list[Any] = []
        below: list[Any] = []
        n = 0
        while n < len(parts):
            op = parts[n][0]
            if op == "" and n:
                beside(self, parts, n)
            value, following = self.factor(parts, n, env)
            (below if op == "/" else above).append(value)
            n = following
        top = product(self, above, parts[0][1])
        return quotient(self, top, product(self, below, parts[0][1]), parts[0][1]) if below else top

    def factor(self, parts: Parts, n: int, env: Env) -> tuple[sp.Expr, int]:
        """The factor at a place of a product, and the place behind all that it takes."""
        node = parts[n][1]
        made = operator(self, parts, n, env)
        if made is not None:
            return made
        head = self.heads.head(node)
        if head is None:
            return self._scripted(node, env) if isinstance(node, tree.Scripted) else self.value(node, env), n + 1
        behind = parts[n + 1][1] if n + 1 < len(parts) and parts[n + 1][0] == "" else None
        bracket = (
            is_bracket(behind.base if isinstance(behind, tree.Scripted) else behind) if behind is not None else None
        )
        if bracket is not None and is_call(self, head, bracket, env):
            value = call(self, head, bracket, env)
            return self._with_power(value, behind, env), n + 2
        if bracket is not None and isinstance(node, tree.Scripted) and node.primes:
            raise self.unclear(
                f"{self.shown(node)} stands before a bracket",
                node,
                ("a call of a derivative", "a product with a name that has a prime"),
                "Declare the function: functions=[..]; for a product write \\cdot.",
            )
        return self._head_value(head, env), n + 1

    def _with_power(self, value: sp.Expr, behind: tree.Node | None, env: Env) -> sp.Expr:
        """A call, raised to what stands above its bracket."""
        if not isinstance(behind, tree.Scripted):
            return value
        if behind.below is not None or behind.primes:
            raise self.fail("a script behind a call is not read", behind)
        return power(self, value, behind.above, behind, env)

    def _inverse(self, node: tree.Scripted, env: Env) -> sp.Expr:
        """(A^{-1})_{ij}."""
        head = self.heads.head(node)
        if head is None or len(head.indices) != 2:
            raise self.fail(f"{self.shown(node)} is read as an entry of an inverse, which has two indices", node)
        array = self.array(head)
        base = InverseBase.matrix(array, *self.side(head.key, node))
        return sp.Indexed(base, *(self.index(i, env) for i in head.indices))

    def side(self, key: str, node: tree.Node) -> Range:
        """The one range of both indices of a square matrix."""
        table, rows = self.table, self.table.evidence.rows(key)
        spans = {span for axis in (0, 1) for span in table.axes.get((key, axis), ())}
        spans = spans or {table.ranges[letter] for row in rows for letter in row if letter in table.ranges}
        if len(spans) != 1:
            raise self.fail(f"{key} has no inverse and no determinant here: its two indices need one range", node)
        return next(iter(spans))

    def _scripted(self, node: tree.Scripted, env: Env) -> sp.Expr:
        """A bracket, a norm or a fraction with scripts; an entry of an inverse."""
        inverse = inverse_entry(node)
        if inverse is not None:
            return power(self, self._inverse(inverse, env), node.above, node, env)
        base = node.base
        if isinstance(base, tree.Bars):
            return bars(self, base, node.below, node.above, env)
        if node.primes:
            raise self.fail("a prime on something that has no name", node)
        if isinstance(node.below, tree.Lone) and node.below.sign == "+" and is_bracket(base):
            return power(self, sp.Max(self.value(base, env), 0), node.above, node, env)
        if node.below is not None:
            raise self.fail("what stands below belongs to no name", node.below)
        return power(self, self.value(base, env), node.above, node, env)

    # -- names -----------------------------------------------------------------------------
    def _head_value(self, head: Head, env: Env) -> sp.Expr:
        """An entry, a symbol or an index as a number, raised to its power."""
        if head.primes:
            raise self.unclear(
                f"{self.shown(head.node)} has a prime",
                head.node,
                ("a name of its own", "a derivative"),
                "For a derivative write the argument, as in f'(x).",
            )
        above = head.power
        if is_euler(head) and above is not None and not head.indices and "e" not in self.table.names:
            return exponential(self, head, above, env)
        if head.key in self.table.squares:
            return self._root(head, above, env)
        thing = self.entry(head, env) if head.indices else self._symbol(head, env)
        if above is None:
            return thing
        self._upper_index(head, above)
        return power(self, thing, above, head.node, env)

    def _root(self, head: Head, above: tree.Node | None, env: Env) -> sp.Expr:
        """A power of sigma, where sigma^2 is defined."""
        square = self.table.squares[head.key]
        if head.indices:
            square = sp.Indexed(square, *(self.index(i, env) for i in head.indices))
        exponent = sp.Integer(1) if above is None else self.value(above, env)
        if not (exponent / 2).is_integer:
            self.table.note(f"{head.key} is the root, not negative, of its square, which is defined")
        return raised(self, square, exponent / 2, head.node)

    def _upper_index(self, head: Head, above: tree.Node) -> None:
        """Report x^i, where i is an index and x not known as a number, and w^1."""
        name = label(above)
        index = isinstance(above, (tree.Name, tree.Scripted)) and name in self.heads.letters
        number = not head.indices and head.key in self.survey.numbers
        layers = {label(n) for n in names_in(above)} & {"l", "L"} - self.table.evidence.grounded
        layer = bool(layers) and isinstance(head.node, tree.Scripted) and head.node.below is not None
        if layer or (index and not number) or (isinstance(above, tree.Number) and name == "1"):
            raise self.unclear(
                f"{self.shown(head.node)}",
                above,
                ("a power", f"{name} written above, as an index or a layer"),
                f"Write ^{{({name})}} for an index or a layer; for a power put the base in brackets: (..)^{{{name}}}.",
            )

    def entry(self, head: Head, env: Env) -> sp.Expr:
        r"""The entry of an array; \delta with two indices is Kronecker's, unless it is an array by declaration."""
        if is_kronecker(head, self.table):
            self.table.note("δ with two indices is the Kronecker delta")
            return sp.KroneckerDelta(*(self.index(i, env) for i in head.indices))
        indices = [self.index(i, env) for i in head.indices]
        known = self.table.names.get(head.key)
        if isinstance(known, sp.MatrixSymbol):
            return element(self, known, indices, head.node)
        return sp.Indexed(self.array(head), *indices)

    def array(self, head: Head) -> sp.IndexedBase:
        """The array that a name with indices is one of; a new one if the name is new."""
        known = self.table.names.get(head.key)
        if known is None:
            known = sp.IndexedBase(array_name(head.key), integer=True if head.key in self.survey.counted else None)
            self.table.known(head.key, known)
        if not isinstance(known, sp.IndexedBase):
            raise self.fail(
                f"{head.key} has indices here, and is {'a function' if isinstance(known, UndefinedFunction) else 'no array'} elsewhere",
                head.node,
            )
        return known

    def bound(self, node: tree.Node, env: Env | None = None) -> sp.Expr:
        """The end of a range: made of sizes, whole numbers, and indices that are bound further out."""
        names = [n for n in names_in(node) if label(n) not in self.table.names and label(n) not in (env or {})]
        for name in names:
            if label(name) in self.heads.letters:
                raise self.fail(f"the range depends on the index {label(name)}, which has no meaning here", name)
        self.survey.sizes |= {label(n) for n in names}
        value = self.value(node, env or {})
        if not value.is_integer:
            raise self.fail(
                f"the end of a range, {self.shown(node)}, is not known to be a whole number",
                node,
                "Declare the size: names=[Symbol('N', integer=True, positive=True)].",
            )
        return value

    def index(self, node: tree.Node, env: Env) -> sp.Expr:
        """An index expression: letters, numbers, sizes, their sums; or an entry of an array of whole numbers."""
        value = self.value(node, env)
        if not value.is_integer:
            raise self.fail(f"the index {self.shown(node)} is not known to be a whole number", node)
        return value

    def _symbol(self, head: Head, env: Env) -> Any:
        key, node = head.key, head.node
        if key in env:
            index, bound = env[key]
            self.uses.append((node.at, key, bound))
            return index
        known = self.table.names.get(key)
        if is_euler(head) and self.table.euler and not isinstance(known, sp.Symbol):
            return sp.E
        if isinstance(known, sp.IndexedBase) or (known is None and key in self.heads.arrays):
            if key == "pi":  # \sqrt{2\pi} beside \pi_k
                self.table.note("π without an index is the number 3.14…")
                return sp.pi
            rank = self.table.ranks.get(key)
            many = f"{rank} indices" if rank != 1 else "one index"
            raise self.fail(f"{self.shown(node)} is an array with {many} elsewhere, and has none here", node)
        if isinstance(known, UndefinedFunction):
            raise self.fail(f"{key} is a function, and has no argument here", node)
        if known is not None:
            return known
        if key in ("I", "Ibold") and self.table.has_matrices():
            return identity()
        if key == "E" and is_plain(head):
            self.table.note("E is Euler's number, as in SymPy")
            return sp.E
        if is_euler(head):
            raise self.unclear(
                "e stands alone",
                node,
                ("Euler's number", "a number called e"),
                r"Write \exp(1) for Euler's number; for a number declare it: names=[Symbol('e')].",
            )
        if key == "pi":
            self.table.note("π is the number 3.14…")
            return sp.pi
        if key == "sigma" and self.table.logistic:
            raise self.fail(r"\sigma was a function before, and has no argument here", node, "Write its argument.")
        self.survey.allowed(key, node)
        if key in self.table.seen:
            raise self.unclear(
                f"{key} was the index of a sum",
                node,
                ("an index that is used outside its sum", f"a number called {key}"),
                "Give one of them another letter.",
            )
        known = size(key) if key in self.survey.sizes else sp.Symbol(key)
        if key == "I" and is_plain(head) and not known.is_integer:
            self.table.note("I is a name: all values are real numbers")
        self.table.known(key, known)
        return known


def array_name(key: str) -> str:
    """The name of an array: a layer is digits at its end."""
    base, sep, above = key.partition("__")
    return base + above if sep and above.isdigit() and not base[-1:].isdigit() else key
