"""The graph of an array program as Python for NumPy, where calls and memory are what costs.

Entry by entry, each operation is a line of its own, which is computed in place where an array is not needed any more:
a new array of some hundred kilobytes costs as much as computing its entries.  Products of matrices are `.dot`, which is
twice as fast as `@` for small ones.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from gradproof.code.array_source import FREE, FUNCTIONS, Library, Writer, axis_keyword, path, size_expression
from gradproof.code.nodes import COMPARISONS, Node

__all__ = ["NumpyWriter"]

_IN_PLACE = {"add": ast.Add(), "subtract": ast.Sub(), "multiply": ast.Mult(), "divide": ast.Div()}
#: what makes no new array of real numbers, entry by entry
_NOT_REUSED = frozenset({*COMPARISONS, "and", "or", "not", "range", "real", "where", "erf", "erfc", "sigmoid", "bell"})
#: what is called most, and may be called without np
_OWN_NAMES = frozenset({
    "add", "cosh", "exp", "log", "log1p", "expm1", "maximum", "multiply", "reciprocal", "sqrt", "subtract", "tanh", "vdot", "vecdot",
})  # fmt: skip
_WHOLE = frozenset(
    {"sum", "max", "matmul", "contract", "dot", "rowdot", "gather", "guarded", "inv", "det", "eye", "broadcast", "full"}
)


class NumpyWriter(Writer):
    """See `Writer`; what is computed entry by entry reuses memory."""

    library: Library = "numpy"
    namespace = "np"

    def __init__(self, names: Mapping[Node, str], outputs: Sequence[Node], taken: set[str]) -> None:
        self.imported: set[str] = set()
        super().__init__(names, outputs, taken)
        self.needs |= {"where"} & {n.op for n in self.uses}

    def has_line(self, n: Node) -> bool:
        return (
            super().has_line(n) or (n.rank > 0 and n.op not in FREE and n.op not in _NOT_REUSED) or self._is_copied(n)
        )

    def _is_copied(self, n: Node) -> bool:
        """Whether a transposed argument is gone through more than once, so that a copy is faster."""
        if n.op != "permute" or n.args[0].op != "array":
            return False
        return sum(n in u.args and (u.op == "dot" or self._entrywise(u)) for u in self.uses) > 1

    @staticmethod
    def _entrywise(n: Node) -> bool:
        return n.op not in FREE and n.op not in _WHOLE

    def _call(self, function: str, *args: ast.expr, **keywords: ast.expr) -> ast.expr:
        """NumPy's functions by their own names, where no variable has them: looking up np costs as much as checking a shape."""
        first = function.partition(".")[0]
        if first not in _OWN_NAMES or first in self.taken:
            return super()._call(function, *args, **keywords)
        self.imported.add(first)
        return ast.Call(path(function), list(args), [ast.keyword(k, v) for k, v in keywords.items()])

    def _order(self) -> list[Node]:
        order = super()._order()
        self.last: dict[Node, int] = {}  # the place of the last line that reads a node
        for place, n in enumerate(order):
            for used in self._read_by(n, set(order)):
                self.last[used] = place
        for n in self.outputs:
            for used in (n, *self._read_by(n, set(order))) if n.op in FREE else (n,):
                self.last[used] = len(order)
        self.place = {n: k for k, n in enumerate(order)}
        return order

    def _read_by(self, n: Node, lines: set[Node]) -> Iterator[Node]:
        """The nodes with lines that the line of a node reads; of a line that is a view, what it is a view of, too."""
        for a in n.args:
            if a in lines:
                yield a
            if a not in lines or a.op in FREE:
                yield from self._read_by(a, lines)

    # -- in place -------------------------------------------------------------------------------
    def write(self, n: Node) -> None:
        """The line of a node, in place of an argument that is not needed any more."""
        buffer = self._buffer(n)
        if buffer is None:
            super().write(n)
            return
        old = self.written[buffer]
        args = [ast.Name(old, ast.Load()) if a is buffer else self.inline(a) for a in n.args]
        in_place = _IN_PLACE.get(n.op)
        if in_place is not None and (n.args[0] is buffer or n.op in ("add", "multiply")):
            other = args[1] if n.args[0] is buffer else args[0]
            self.lines.append(ast.unparse(ast.AugAssign(ast.Name(old, ast.Store()), in_place, other)))
            new = self.names.get(n, old)
            if new != old:
                self.lines.append(f"{new} = {old}")
        else:
            new = self.names.get(n) or (self.letter() if buffer in self.names else old)
            reciprocal = n.op == "divide" and n.args[0].op == "number" and n.args[0].data == 1
            function, given = ("reciprocal", args[1:]) if reciprocal else (self.function(n.op), args)
            out = ast.Name(old, ast.Load())
            named = function in ("maximum", "minimum")  # these want it by name
            call = ast.unparse(self._call(function, *given, out=out) if named else self._call(function, *given, out))
            self.lines.append(call if new == old else f"{new} = {call}")
            self.needs.add("out")
        self.written[n] = new

    def _buffer(self, n: Node) -> Node | None:
        """An argument whose array may be written over: it is our own, of the same shape, and not read later."""
        if not self._entrywise(n) or n.op in _NOT_REUSED or n.rank == 0:
            return None
        for a in n.args:
            own = a in self.written and a.op not in FREE and a.op not in _NOT_REUSED
            if own and a.shape == n.shape and self.last[a] == self.place[n]:
                return a
        return None

    # -- NumPy's own functions --------------------------------------------------------------------
    def inline(self, n: Node) -> ast.expr:
        """See `Writer.inline`; a function of numbers alone is Python's number, beside which float32 stays float32."""
        found = super().inline(n)
        strong = n not in self.written and (n.op in FUNCTIONS or n.op in ("maximum", "minimum", "where", "erf", "erfc"))
        if not strong or not _of_numbers(n) or not any(u.op == "array" and u.rank for u in self.uses):
            return found
        return ast.Call(path("float"), [found], [])

    def function(self, op: str) -> str:
        return op

    def special(self, function: str) -> ast.expr:
        return path(function)

    def _divide(self, n: Node) -> ast.expr:
        above, below = n.args
        if above.op == "number" and above.data == 1 and below.rank:
            return self._call("reciprocal", self.inline(below))
        return ast.BinOp(self.inline(above), ast.Div(), self.inline(below))

    def _product(self, a: ast.expr, b: ast.expr, stacked: bool) -> ast.expr:
        return super()._product(a, b, stacked) if stacked else self._method(a, "dot", b)

    def _matmul(self, n: Node) -> ast.expr:
        a, b = n.args
        return self._product(self.inline(a), self.inline(b), stacked=max(a.rank, b.rank) > 2)

    def _dot(self, n: Node) -> ast.expr:
        if n.args[0].rank == 1:
            return self._matmul(n)
        return self._call("vdot", *(self.inline(a) for a in n.args))

    def _real(self, n: Node) -> ast.expr:
        return self._method(self.inline(n.args[0]), "astype", self._dtype())

    def _sum(self, n: Node) -> ast.expr:
        """The sum; along the rows of a matrix as a product with ones, which is faster."""
        inner = n.args[0]
        if inner.rank == 2 and n.data == (1,):
            return self._method(
                self.inline(inner), "dot", self._call("ones", size_expression(inner.shape[1]), self._dtype())
            )
        return self._reduce("add", n)

    def _max(self, n: Node) -> ast.expr:
        return self._reduce("maximum", n)

    def _reduce(self, function: str, n: Node) -> ast.expr:
        """np.add.reduce, which costs half of np.sum for few entries."""
        axes = axis_keyword(n) or ({} if n.args[0].rank == 1 else {"axis": ast.Constant(None)})
        return self._call(f"{function}.reduce", self.inline(n.args[0]), **axes)

    def _permute(self, n: Node) -> ast.expr:
        view = super()._permute(n)
        return self._method(view, "copy") if self._is_copied(n) else view

    def _diagonal(self, n: Node) -> ast.expr:
        return self._call("diagonal", self.inline(n.args[0]))

    def _reshaped(self, value: ast.expr, sizes: Sequence[ast.expr]) -> ast.expr:
        return self._method(value, "reshape", *sizes)


def _of_numbers(n: Node) -> bool:
    """Whether a node is made of numbers and sizes alone."""
    return (n.op in ("number", "size", "constant", "array") and not n.rank) or (
        bool(n.args) and all(map(_of_numbers, n.args))
    )
