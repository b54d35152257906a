"""The graph of an array program as Python: one line for each named quantity and for what is used more than once.

The functions are those of the Python array API standard (2023.12), in the namespace `xp`; numpy_source.py writes for
NumPy alone.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import sympy as sp

from gradproof.code.assignments import CodeError
from gradproof.code.nodes import COMPARISONS, VIEWS, Node
from gradproof.forms.python_nodes import safe_name

__all__ = ["FREE", "FUNCTIONS", "Library", "Writer", "axis_keyword", "path", "size_expression"]

Library = Literal["numpy", "array"]

_BINARY: Mapping[str, ast.operator] = {
    "add": ast.Add(), "subtract": ast.Sub(), "multiply": ast.Mult(), "divide": ast.Div(), "power": ast.Pow(),
    "matmul": ast.MatMult(), "and": ast.BitAnd(), "or": ast.BitOr(),
}  # fmt: skip
_COMPARED: Mapping[str, ast.cmpop] = dict(
    zip(COMPARISONS, (ast.Lt(), ast.LtE(), ast.Gt(), ast.GtE(), ast.Eq(), ast.NotEq()), strict=True)
)
_IN_STANDARD: Mapping[str, str] = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh",
                                   "arccosh": "acosh", "arctanh": "atanh"}  # fmt: skip
FUNCTIONS = frozenset({
    "exp", "log", "log1p", "expm1", "sqrt", "tanh", "sinh", "cosh", "sin", "cos", "tan", "abs", "sign", "floor", *_IN_STANDARD,
})  # fmt: skip
#: what costs nothing is written again wherever it is used
FREE = frozenset({"number", "size", "constant", "array", *VIEWS})
_LETTERS = ("r", "s", "u", "c", "d", "g")


class Writer:
    """Writes nodes of one program for any array library: a line for each named quantity and for what is used twice.

    names: what nodes are called, in the order of their lines.  outputs: the nodes that are returned.  taken: names that
    are not to be used.
    """

    library: Library = "array"
    namespace = "xp"

    def __init__(self, names: Mapping[Node, str], outputs: Sequence[Node], taken: set[str]) -> None:
        self.outputs, self.taken = list(dict.fromkeys(outputs)), taken | set(names.values())
        self.uses = _uses(self.outputs)
        self.names = {n: name for n, name in names.items() if n in self.uses}
        self.lines: list[str] = []
        self.written: dict[Node, str] = {}
        self.needs: set[str] = set()  # dtype, erf, erfc, math
        for node in self._order():
            self.write(node)

    def _order(self) -> list[Node]:
        """The nodes that get a line, each after what it uses."""
        found: dict[Node, None] = {}
        seen: set[Node] = set()

        def visit(n: Node) -> None:
            if n not in seen:
                seen.add(n)
                for a in n.args:
                    visit(a)
                if self.has_line(n):
                    found[n] = None

        for n in (*self.names, *self.outputs):
            visit(n)
        return list(found)

    def has_line(self, n: Node) -> bool:
        """Whether a node is written in a line of its own."""
        if n in self.names or n in self.outputs:
            return n.op != "array"
        return n.op not in FREE and self.uses[n] > 1 and not self._only_squared(n)

    def _only_squared(self, n: Node) -> bool:
        """Whether a node is used only to be squared, which is written as a power."""
        return self.uses[n] == 2 and any(u.op == "multiply" and u.args[0] is u.args[1] is n for u in self.uses)

    def write(self, n: Node) -> None:
        """The line of a node."""
        expression = ast.unparse(self.inline(n))
        self.written[n] = self.name_for(n)
        self.lines.append(f"{self.written[n]} = {expression}")

    def name_for(self, n: Node) -> str:
        """The name of a node; for what has none, exp_a or a letter."""
        if n in self.names:
            return self.names[n]
        inner = self._called(n.args[0]) if len(n.args) == 1 else None
        if inner is not None and n.op in (*FUNCTIONS, "max", "sum") and f"{n.op}_{inner}" not in self.taken:
            self.taken.add(f"{n.op}_{inner}")
            return f"{n.op}_{inner}"
        return self.letter()

    def letter(self) -> str:
        """A new letter."""
        numbered = (f"{c}{k}" for k in range(1, 1000) for c in _LETTERS)
        name = next(c for c in (*_LETTERS, *numbered) if c not in self.taken)
        self.taken.add(name)
        return name

    def _called(self, n: Node) -> str | None:
        """The name of a named quantity or an argument."""
        return safe_name(str(n.data)) if n.op == "array" else self.names.get(n)

    def returned(self, outputs: Sequence[Node]) -> list[str]:
        """What is returned for nodes: each a new array, never an argument, another one that is returned, or a part of these."""
        found, seen = list[str](), set[Node]()
        for n in outputs:
            bare = n
            while bare.op in VIEWS:
                bare = bare.args[0]
            name = self.written.get(n) or ast.unparse(self.inline(n))
            own = n.rank == 0 or (bare.op != "array" and bare not in seen)
            found.append(name if own else f"{self.namespace}.asarray({name}, copy=True)")
            seen.add(bare)
        return found

    # -- expressions --------------------------------------------------------------------------------
    def inline(self, n: Node) -> ast.expr:
        """The expression of a node; what has a line is called by its name."""
        if n in self.written:
            return ast.Name(self.written[n], ast.Load())
        if n.op == "multiply" and n.args[0] is n.args[1] and n.args[0] not in self.written and n.args[0].op != "array":
            return ast.BinOp(self.inline(n.args[0]), ast.Pow(), ast.Constant(2))
        writer: Callable[[Node], ast.expr] | None = getattr(self, f"_{n.op}", None)
        if writer is not None:
            return writer(n)
        args = [self.inline(a) for a in n.args]
        if n.op in _BINARY:
            return ast.BinOp(args[0], _BINARY[n.op], args[1])
        if n.op in _COMPARED:
            return ast.Compare(args[0], [_COMPARED[n.op]], [args[1]])
        if n.op in FUNCTIONS and _is_weak(n):
            self.needs.add("math")
            return ast.Call(path(f"math.{_IN_STANDARD.get(n.op, 'fabs' if n.op == 'abs' else n.op)}"), args, [])
        if n.op in FUNCTIONS or n.op in ("maximum", "minimum"):
            return self._call(self.function(n.op), *args)
        raise CodeError(f"there is no code for the function {n.op}")

    def function(self, op: str) -> str:
        """The library's name of a function."""
        return _IN_STANDARD.get(op, op)

    def _call(self, function: str, *args: ast.expr, **keywords: ast.expr) -> ast.expr:
        return ast.Call(
            path(f"{self.namespace}.{function}"), list(args), [ast.keyword(k, v) for k, v in keywords.items()]
        )

    @staticmethod
    def _method(value: ast.expr, name: str, *args: ast.expr, **keywords: ast.expr) -> ast.expr:
        return ast.Call(
            ast.Attribute(value, name, ast.Load()), list(args), [ast.keyword(k, v) for k, v in keywords.items()]
        )

    # -- leaves -------------------------------------------------------------------------------------
    def _array(self, n: Node) -> ast.expr:
        return ast.Name(safe_name(str(n.data)), ast.Load())

    def _number(self, n: Node) -> ast.expr:
        value: Any = n.data
        if value.is_Integer:
            return ast.Constant(int(value))
        p, q = int(value.p), int(value.q)
        return ast.Constant(p / q) if q & (q - 1) == 0 else ast.BinOp(ast.Constant(p), ast.Div(), ast.Constant(q))

    def _size(self, n: Node) -> ast.expr:
        return size_expression(n.data)

    def _constant(self, n: Node) -> ast.expr:
        return path(f"{self.namespace}.{n.data}")

    def _dtype(self) -> ast.expr:
        self.needs.add("dtype")
        return ast.Name("dtype", ast.Load())

    def _eye(self, n: Node) -> ast.expr:
        return self._call("eye", size_expression(n.data), dtype=self._dtype())

    def _range(self, n: Node) -> ast.expr:
        lo, hi = n.data
        ends = [size_expression(sp.expand(hi + 1))]
        return self._call("arange", *([size_expression(lo)] if lo != 0 else []), *ends)

    # -- entry by entry -----------------------------------------------------------------------------
    def _negative(self, n: Node) -> ast.expr:
        return ast.UnaryOp(ast.USub(), self.inline(n.args[0]))

    def _not(self, n: Node) -> ast.expr:
        return ast.UnaryOp(ast.Invert(), self.inline(n.args[0]))

    def _real(self, n: Node) -> ast.expr:
        return self._call("astype", self.inline(n.args[0]), self._dtype())

    def _where(self, n: Node) -> ast.expr:
        args = [self.inline(a) for a in n.args]
        chosen = self._call("where", *args)
        if any(a.op not in ("number", "size", "constant") for a in n.args[1:]):
            return chosen
        one, other = (self._call("asarray", a, dtype=self._dtype()) for a in args[1:])
        return self._call("where", args[0], one, other)

    def _careful(self, n: Node) -> ast.expr:
        """A function of careful.py, which is told the library."""
        self.needs.add(f"_{n.op}")
        library: list[ast.expr] = [path("xp")] if self.library == "array" else []
        given = [ast.Constant(float(n.data))] if n.op == "bell" else []
        return ast.Call(path(f"_{n.op}"), [*library, self.inline(n.args[0]), *given], [])

    _sigmoid = _bell = _careful

    def _erf(self, n: Node) -> ast.expr:
        """A function that the standard does not have."""
        weak = _is_weak(n.args[0])
        self.needs.add("math" if weak else n.op)
        return ast.Call(path(f"math.{n.op}") if weak else self.special(n.op), [self.inline(n.args[0])], [])

    _erfc = _erf

    def special(self, function: str) -> ast.expr:
        """What a function is called that the standard does not have."""
        found = ast.Call(path("special_functions"), [path(self.namespace)], [])
        return ast.Attribute(found, function, ast.Load())

    # -- along axes ---------------------------------------------------------------------------------
    def _reduced(self, n: Node) -> ast.expr:
        return self._call(n.op, self.inline(n.args[0]), **axis_keyword(n))

    _sum = _max = _reduced

    def _dot(self, n: Node) -> ast.expr:
        a, b = (self.inline(x) for x in n.args)
        if n.args[0].rank > 1:
            flat = ast.Tuple([ast.Constant(-1)], ast.Load())
            a, b = self._call("reshape", a, flat), self._call("reshape", b, flat)
        return ast.BinOp(a, ast.MatMult(), b)

    def _rowdot(self, n: Node) -> ast.expr:
        return self._call("vecdot", *(self.inline(x) for x in n.args))

    def _inv(self, n: Node) -> ast.expr:
        return self._call("linalg.inv", self.inline(n.args[0]))

    def _det(self, n: Node) -> ast.expr:
        return self._call("linalg.det", self.inline(n.args[0]))

    def _diagonal(self, n: Node) -> ast.expr:
        return self._call("linalg.diagonal", self.inline(n.args[0]))

    # -- views ----------------------------------------------------------------------------------------
    def _permute(self, n: Node) -> ast.expr:
        inner = self.inline(n.args[0])
        if n.rank == 2:
            return ast.Attribute(inner, "T", ast.Load())
        axes = ast.Tuple([ast.Constant(a) for a in n.data], ast.Load())
        return self._call("permute_dims", inner, axes)

    def _expand(self, n: Node) -> ast.expr:
        parts: list[ast.expr] = [ast.Constant(None) if k in n.data else ast.Slice() for k in range(n.rank)]
        return _subscript(self.inline(n.args[0]), parts)

    def _squeeze(self, n: Node) -> ast.expr:
        return _subscript(
            self.inline(n.args[0]), [ast.Constant(0) if k in n.data else ast.Slice() for k in range(n.args[0].rank)]
        )

    def _reshaped(self, value: ast.expr, sizes: Sequence[ast.expr]) -> ast.expr:
        return self._call("reshape", value, ast.Tuple(list(sizes), ast.Load()))

    def _product(self, a: ast.expr, b: ast.expr, stacked: bool) -> ast.expr:  # noqa: ARG002 # NumPy's differs
        """The product of two matrices or vectors, or of stacks of matrices."""
        return ast.BinOp(a, ast.MatMult(), b)

    def _contract(self, n: Node) -> ast.expr:
        """A product of matrices whose rows, columns or sums are several axes, joined to one."""
        batch, rows, gone, columns = n.data
        parts = [(batch, rows, gone), (batch, gone, columns)]
        a, b = (self._reshaped(self.inline(a), _joined(a, counts)) for a, counts in zip(n.args, parts, strict=True))
        product = self._product(a, b, stacked=batch > 0)
        return product if rows == columns == 1 else self._reshaped(product, self._sizes(n))

    @staticmethod
    def _sizes(n: Node) -> list[ast.expr]:
        return [size_expression(s) for s in n.shape]

    def _broadcast(self, n: Node) -> ast.expr:
        """The same along axes on which it does not depend, as a new array."""
        return self._call("full", ast.Tuple(self._sizes(n), ast.Load()), self.inline(n.args[0]), dtype=self._dtype())

    _full = _broadcast

    def _slice(self, n: Node) -> ast.expr:
        inner, places = n.args[0], n.data
        parts: list[ast.expr] = []
        for place, size in zip(places, inner.shape, strict=True):
            if place is None:
                parts.append(ast.Slice())
            elif isinstance(place, tuple):
                first, stop = place
                whole = sp.expand(stop - size) == 0
                parts.append(
                    ast.Slice(size_expression(first) if first != 0 else None, None if whole else size_expression(stop))
                )
            else:
                parts.append(size_expression(place))
        return _subscript(self.inline(inner), parts)

    def _gather(self, n: Node) -> ast.expr:
        array, *places = n.args
        shape = [self.inline(p) for p in places]
        return _subscript(self.inline(array), shape)

    def _guarded(self, n: Node) -> ast.expr:
        """Entries at places, nan outside: the place is brought inside first."""
        array, *places = n.args
        clipped: list[ast.expr] = []
        inside: ast.expr | None = None
        for place, size in zip(places, array.shape, strict=True):
            p, end = self.inline(place), size_expression(size)
            last = size_expression(sp.expand(size - 1))
            clipped.append(self._call("clip", p, ast.Constant(0), last))
            here = ast.BinOp(
                ast.Compare(p, [ast.GtE()], [ast.Constant(0)]), ast.BitAnd(), ast.Compare(p, [ast.Lt()], [end])
            )
            inside = here if inside is None else ast.BinOp(inside, ast.BitAnd(), here)
        return self._call(
            "where",
            inside or ast.Constant(True),
            _subscript(self.inline(array), clipped),
            path(f"{self.namespace}.nan"),
        )


def _joined(n: Node, counts: Sequence[int]) -> list[ast.expr]:
    """A shape whose axes are joined by groups, but for the first group's; a group without axes has size 1."""
    first, *others = counts
    sizes, place = list(n.shape[:first]), first
    for count in others:
        sizes.append(sp.Mul(*n.shape[place : place + count]))
        place += count
    return [size_expression(s) for s in sizes]


def _subscript(value: ast.expr, parts: Sequence[ast.expr]) -> ast.expr:
    return ast.Subscript(value, parts[0] if len(parts) == 1 else ast.Tuple(list(parts), ast.Load()), ast.Load())


def _is_weak(n: Node) -> bool:
    """Whether a node is made of Python's numbers alone, so that it must not decide the type of arrays."""
    return n.op in ("number", "size", "constant") or (bool(n.args) and n.rank == 0 and all(map(_is_weak, n.args)))


def path(text: str) -> ast.expr:
    """The name a.b.c."""
    first, *rest = text.split(".")
    node: ast.expr = ast.Name(first, ast.Load())
    for part in rest:
        node = ast.Attribute(node, part, ast.Load())
    return node


def axis_keyword(n: Node) -> dict[str, ast.expr]:
    """axis=..., where a node does not take all axes."""
    axes: tuple[int, ...] = n.data
    places: list[ast.expr] = [ast.Constant(a) for a in axes]
    if len(axes) == n.args[0].rank:
        return {}
    return {"axis": places[0] if len(places) == 1 else ast.Tuple(places, ast.Load())}


def size_expression(e: sp.Expr) -> ast.expr:
    """A size as Python writes it."""
    renamed = e.xreplace({s: sp.Symbol(safe_name(s.name), integer=True) for s in e.free_symbols})
    return ast.parse(str(renamed), mode="eval").body


def _uses(roots: Sequence[Node]) -> dict[Node, int]:
    """How often each node that the roots need is an argument or a root."""
    counts: dict[Node, int] = {}

    def visit(n: Node) -> None:
        counts[n] = counts.get(n, 0) + 1
        if counts[n] == 1:
            for a in n.args:
                visit(a)

    for root in dict.fromkeys(roots):
        visit(root)
    return counts
