"""Formulas as SymPy prints them and as they are typed in Python: the tree that LaTeX makes, too.

    Sum((w*x[i] + b - y[i])**2, (i, 1, N))/N

Python's own parser takes the text apart, and nothing of it is run: what is not known here is refused.  A name is
a whole word, x[i] an entry, f(x) a call; = joins the sides of an equation.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator
from itertools import islice

from gradproof.reading import tree
from gradproof.reading.errors import LatexError
from gradproof.reading.sympy_calls import CALLS, KNOWN, called
from gradproof.reading.syntax import Line
from gradproof.reading.tokens import MAX_DEPTH, MAX_DIGITS, MAX_LENGTH
from gradproof.reading.words import WRITTEN_OUT_IN_PYTHON

__all__ = ["ROW", "parsed"]

#: What stands between the formulas that are read together.
ROW = "\n\\\\\n"

_ACCEPTED = "Accepted are formulas as SymPy prints them, with * between factors and ** for powers."
_KEYWORD = "λambda"  # what `lambda`, which Python keeps for itself, is called while Python parses; as long as it is
_LAMBDA = re.compile(r"\blambda\b")
#: Operators within each other without a bracket, of which Python's parser takes each further down.
_CHAIN = re.compile(rf"(?:[-+~]\s*){{{MAX_DEPTH + 1}}}|(?:\*\*\s*[\w.]+\s*){{{MAX_DEPTH + 1}}}")
_WORDS = re.compile(r"\b(?:not|else)\b")
_EQUALS = re.compile(r"[<>!=:]=|=|[()\[\]{}]")

_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "*"}
_RELATIONS = {
    ast.Eq: "=", ast.NotEq: "≠", ast.Lt: "<", ast.LtE: "≤", ast.Gt: ">", ast.GtE: "≥", ast.In: "∈",
}  # fmt: skip
#: What many will try, by the name of its part of Python's syntax.
_REFUSED = {
    "Lambda": "a function without a name",
    "ListComp": "a list of values", "GeneratorExp": "a row of values", "SetComp": "a set of values",
    "DictComp": "a table of values", "Dict": "a table of values", "List": "a list of values",
    "Tuple": "a row of values", "Set": "a set of values", "NamedExpr": "a name that is given a value",
    "JoinedStr": "a string", "Starred": "a star before a value", "Slice": "a range of indices",
    "Await": "await", "Yield": "yield", "YieldFrom": "yield",
}  # fmt: skip
_INSTEAD = {
    "NamedExpr": "Define it in a field of its own, where.",
    "GeneratorExp": "Write Sum(x[i], (i, 1, N)).",
    "ListComp": "Write Sum(x[i], (i, 1, N)).",
}
#: Operators of Python's that no formula has.
_SIGNS = {ast.BitXor: "^", ast.FloorDiv: "//", ast.Mod: "%", ast.LShift: "<<", ast.RShift: ">>"}


def parsed(text: str) -> list[Line]:
    """Every formula of a text, of which ROW divides several.  Raises LatexError, and TypeError for no str."""
    if not isinstance(text, str):
        raise TypeError(f"a formula is read from a str, not from {text!r} ({type(text).__name__})")
    if not text.strip():
        raise LatexError("there is no formula: the text is empty")
    if len(text) > MAX_LENGTH:
        raise LatexError(f"the text has {len(text):,} characters; at most {MAX_LENGTH:,} are read at once")
    found, at = list[Line](), 0
    for row in text.split(ROW):
        found.append(_line(text, at, at + len(row)))
        at += len(row) + len(ROW)
    return found


def _line(text: str, start: int, end: int) -> Line:
    """The formula from one place to another; before its first = may stand nothing."""
    for number, sign in enumerate(text[start:end]):
        if sign in "\\#":
            what = "a backslash, as in LaTeX," if sign == "\\" else "#"
            raise LatexError(f"{what} stands in SymPy notation", text, start + number, _ACCEPTED)
    chain = _CHAIN.search(text, start, end) or next(islice(_WORDS.finditer(text, start, end), MAX_DEPTH, None), None)
    if chain is not None:
        raise LatexError(f"nested too deeply: more than {MAX_DEPTH} operators", text, chain.start())
    parts = list(_divided(text, start, end))
    headless = len(parts) > 1 and not text[slice(*parts[0])].strip()
    sides = [Side(text, *part).node for part in parts[headless:]]
    if len(sides) == 1:
        return Line(sides[0], headless, "")
    for side in sides:
        if isinstance(side, tree.Sides):
            raise LatexError("a relation stands beside an equation", text, side.at, "Write one equation, A = B.")
    relations = ("=",) * (len(sides) - 1)
    return Line(tree.Sides(sides[0].at, sides[-1].end, tuple(sides), relations), headless, "")


def _divided(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """What stands between the single equality signs that stand in no bracket."""
    depth = 0
    for match in list(_EQUALS.finditer(text, start, end)):
        if match[0] in "([{":
            depth += 1
            if depth > MAX_DEPTH:
                says = f"nested too deeply: more than {MAX_DEPTH} brackets are open"
                raise LatexError(says, text, match.start())
        elif match[0] in ")]}":
            depth -= 1
        elif match[0] == "=" and depth == 0:
            yield start, match.start()
            start = match.end()
    yield start, end


class Side:
    """One side of an equation: an expression of Python's, as a tree."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self.text, self._depth = text, 0
        source = text[start:end]
        self._start = start + len(source) - len(source.lstrip())
        source = source.strip()
        if not source:
            raise LatexError("the formula ends where a value is missing", text, min(start, len(text.rstrip())))
        self._source = _LAMBDA.sub(_KEYWORD, re.sub(r"\s", " ", source))
        self.node = self.of(self._parsed().body)

    def _parsed(self) -> ast.Expression:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                return ast.parse(self._source, mode="eval")
        except SyntaxError as error:
            at = self._start + min(max((error.offset or 1) - 1, 0), len(self._source))
            says = error.msg.partition(". ")[0].replace(_KEYWORD, "lambda")
            raise LatexError(f"this is no SymPy notation: {says}", self.text, at, _ACCEPTED) from None
        except (ValueError, Warning) as error:
            raise LatexError(f"this is no SymPy notation: {error}", self.text, self._start, _ACCEPTED) from None
        except (RecursionError, MemoryError):
            raise LatexError("the formula is nested too deeply", self.text, self._start) from None

    # -- places and errors --------------------------------------------------------------------
    def span(self, part: ast.expr | ast.keyword) -> tuple[int, int]:
        """Where a part stands; Python counts bytes."""
        return self._place(part.col_offset), self._place(part.end_col_offset or part.col_offset)

    def _place(self, column: int) -> int:
        if not self._source.isascii():
            column = len(self._source.encode()[:column].decode(errors="ignore"))
        return self._start + column

    def shown(self, part: ast.expr) -> str:
        """A part as it was typed."""
        return self.text[slice(*self.span(part))]

    def fail(self, message: str, part: ast.expr | ast.keyword, advice: str = "") -> LatexError:
        return LatexError(message, self.text, self.span(part)[0], advice)

    # -- values -------------------------------------------------------------------------------
    def of(self, part: ast.expr) -> tree.Node:
        """The tree of a part."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self.fail(f"nested too deeply: more than {MAX_DEPTH} levels", part)
        made = _PARTS.get(type(part))
        if made is None:
            raise self._refused(part)
        found = made(self, part)
        self._depth -= 1
        return found

    def _no_operator(self, part: ast.BinOp) -> LatexError:
        sign = _SIGNS[type(part.op)]
        place = self.text.find(sign, self.span(part.left)[1])
        advice = {"^": "Write ** for a power.", "//": "Write / for a quotient."}.get(sign, _ACCEPTED)
        return LatexError(f"{sign} is not read in SymPy notation", self.text, place, advice)

    def _refused(self, part: ast.expr) -> LatexError:
        kind = type(part).__name__
        what = _REFUSED.get(kind, self.shown(part))
        return self.fail(f"{what} is not read in a formula", part, _INSTEAD.get(kind, _ACCEPTED))

    def constant(self, part: ast.Constant) -> tree.Node:
        if isinstance(part.value, bool) or not isinstance(part.value, (int, float)):
            what = "a string" if isinstance(part.value, (str, bytes)) else self.shown(part)
            raise self.fail(f"{what} is no number and no name", part, "Names stand without quotation marks.")
        written = self.shown(part).replace("_", "")
        if len(written) > MAX_DIGITS:
            raise self.fail(f"a number of {len(written)} digits; at most {MAX_DIGITS} are read", part)
        if isinstance(part.value, float) and abs(int((written.lower().partition("e")[2]) or 0)) > MAX_DIGITS:
            raise self.fail(f"a power of ten beyond {MAX_DIGITS}", part)
        return tree.Number(*self.span(part), str(part.value) if isinstance(part.value, int) else written)

    def name(self, part: ast.Name) -> tree.Node:
        span, name = self.span(part), part.id.replace(_KEYWORD, "lambda")
        if name == "pi":
            return tree.Name(*span, "pi", "greek")
        if name in ("oo", "nan", "zoo"):
            raise self.fail(f"{name} is no real number in SymPy", part, "Take another name.")
        return tree.Name(*span, name, "plain")

    def entry(self, part: ast.Subscript) -> tree.Node:
        inside = part.slice.elts if isinstance(part.slice, ast.Tuple) else [part.slice]
        below = tree.Group(*self.span(part.slice), "", tuple(map(self.of, inside)), joins=(",",) * (len(inside) - 1))
        span = self.span(part)
        if isinstance(part.value, ast.Name):
            return tree.Entry(
                *span, tree.Name(*self.span(part.value), self._plain(part.value), "plain"), below, None, 0
            )
        if isinstance(part.value, ast.Call) and isinstance(whole := self.of(part.value), tree.Product):
            (_, word), (_, bracket) = whole.parts
            return called(word, tree.Scripted(*span, bracket, below, None, 0))
        advice = "Write x[i, j] for two indices."
        raise self.fail(f"{self.shown(part.value)} has an index, and is no name", part, advice)

    def _plain(self, part: ast.Name) -> str:
        return part.id.replace(_KEYWORD, "lambda")

    def transposed(self, part: ast.Attribute) -> tree.Node:
        if part.attr != "T":
            advice = WRITTEN_OUT_IN_PYTHON.get(part.attr, "Of attributes only .T is read, a transpose.")
            advice = f"Write {part.attr} alone." if part.attr in {*KNOWN, *CALLS} else advice
            raise self.fail(f"{self.shown(part)} is an attribute", part, advice)
        return self.raised(part.value, tree.Command(*self.span(part), "top"), part)

    def raised(self, base: ast.expr, above: tree.Node, whole: ast.expr) -> tree.Node:
        """A value with something above it, in a bracket, so that its own scripts are not meant."""
        inner = self.of(base)
        named = isinstance(inner, (tree.Name, tree.Entry)) and isinstance(above, tree.Number) and above.text == "2"
        if named and isinstance(inner, tree.Entry):
            return tree.Entry(*self.span(whole), inner.base, inner.below, above, 0)
        if not named:
            inner = tree.Group(*self.span(base), "(", (inner,))
        return tree.Scripted(*self.span(whole), inner, None, above, 0)

    def operation(self, part: ast.BinOp) -> tree.Node:
        if isinstance(part.op, ast.Pow):
            exponent = self.of(part.right)
            if not isinstance(exponent, tree.Number):
                exponent = tree.Group(*self.span(part.right), "", (exponent,))
            return self.raised(part.left, exponent, part)
        if isinstance(part.op, (ast.BitAnd, ast.BitOr)):
            return self._joined(part, "and" if isinstance(part.op, ast.BitAnd) else "or", [part.left, part.right])
        if type(part.op) not in _OPERATORS:
            raise self._no_operator(part)
        kinds = (ast.Add, ast.Sub) if isinstance(part.op, (ast.Add, ast.Sub)) else (ast.Mult, ast.Div, ast.MatMult)
        chain = [(_OPERATORS[type(part.op)], part.right)]  # a + b - c is one sum: no deeper for being longer
        left = part.left
        while isinstance(left, ast.BinOp) and isinstance(left.op, kinds):
            chain.append((_OPERATORS[type(left.op)], left.right))
            left = left.left
        values = [(sign, self.of(operand)) for sign, operand in [("", left), *reversed(chain)]]
        if ast.Add in kinds:
            return tree.Terms(*self.span(part), tuple((-1 if sign == "-" else 1, value) for sign, value in values))
        return tree.Product(*self.span(part), tuple(values))

    def signed(self, part: ast.UnaryOp) -> tree.Node:
        if isinstance(part.op, ast.USub):
            return tree.Terms(*self.span(part), ((-1, self.of(part.operand)),))
        if isinstance(part.op, ast.UAdd):
            return self.of(part.operand)
        raise self.fail(f"{self.shown(part)} is not read", part, "Write the condition that is meant, as in x <= 0.")

    # -- conditions ---------------------------------------------------------------------------
    def compared(self, part: ast.Compare) -> tree.Node:
        relations = [_RELATIONS.get(type(op)) for op in part.ops]
        sides = tuple(
            self._set(s) if r == "∈" else self.of(s)
            for r, s in zip(["", *relations], [part.left, *part.comparators], strict=True)
        )
        known = tuple(r for r in relations if r is not None)
        if len(known) < len(relations):
            raise self.fail(
                f"{self.shown(part)} is no relation that is read", part, "Accepted are ==, !=, <, <=, >, >= and in."
            )
        return tree.Sides(*self.span(part), sides, known)

    def _set(self, part: ast.expr) -> tree.Node:
        if not isinstance(part, (ast.Set, ast.Tuple, ast.List)):
            raise self.fail(f"{self.shown(part)} is no set of values", part, "Accepted are two values, y in {0, 1}.")
        return tree.Group(*self.span(part), "{", tuple(map(self.of, part.elts)), joins=(",",) * (len(part.elts) - 1))

    def _joined(self, part: ast.expr, word: str, parts: list[ast.expr]) -> tree.Node:
        items = tuple(map(self.of, parts))
        return tree.Group(*self.span(part), "(", items, joins=(word,) * (len(items) - 1))

    def both(self, part: ast.BoolOp) -> tree.Node:
        return self._joined(part, "and" if isinstance(part.op, ast.And) else "or", part.values)

    def either(self, part: ast.IfExp) -> tree.Node:
        rows = ((self.of(part.body), ((self.of(part.test),),)), (self.of(part.orelse), ()))
        return tree.Cases(*self.span(part), rows)

    # -- calls --------------------------------------------------------------------------------
    def call(self, part: ast.Call) -> tree.Node:
        if not isinstance(part.func, ast.Name):
            if isinstance(part.func, ast.Attribute):
                self.transposed(part.func)  # says what is read instead
            raise self.fail(f"{self.shown(part.func)} is called, and is no name", part, "Write * for a product.")
        if part.keywords:
            raise self.fail("an argument with a name is not read", part.keywords[0], _ACCEPTED)
        name = self._plain(part.func)
        if name in CALLS:
            return CALLS[name](self, part)
        known = name if name in KNOWN else None
        word = tree.Name(*self.span(part.func), name, "word" if known else "plain")
        items = tuple(map(self.of, part.args))
        if not items:
            raise self.fail(f"{name} has no argument", part)
        span = self.text.index("(", self.span(part.func)[1]), self.span(part)[1]
        return called(word, tree.Group(*span, "(", items, joins=(",",) * (len(items) - 1), called=True))


_PARTS: dict[type[ast.expr], Callable[..., tree.Node]] = {
    ast.Constant: Side.constant, ast.Name: Side.name, ast.Subscript: Side.entry, ast.Attribute: Side.transposed,
    ast.BinOp: Side.operation, ast.UnaryOp: Side.signed, ast.Compare: Side.compared, ast.BoolOp: Side.both,
    ast.IfExp: Side.either, ast.Call: Side.call,
}  # fmt: skip
