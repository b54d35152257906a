"""The graph of an array program as Python for NumPy, where calls and memory are what costs.

Entry by entry, each operation is a line of its own, which is computed in place where an array is not needed any more:
a new array of some hundred kilobytes costs as much as computing its entries.  Products of matrices are `.dot`, which is
twice as fast as `@` for small ones.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradproof.code.array_source import FREE, Library, Writer, axis_keyword, size_expression
from gradproof.code.nodes import COMPARISONS, Node

__all__ = ["NumpyWriter"]

_IN_PLACE = {"add": ast.Add(), "subtract": ast.Sub(), "multiply": ast.Mult(), "divide": ast.Div()}
#: what makes no new array of real numbers, entry by entry
_NOT_REUSED = frozenset({*COMPARISONS, "and", "or", "not", "range", "real", "where", "erf", "erfc"})
_WHOLE = frozenset({"sum", "max", "matmul", "dot", "rowdot", "gather", "inv", "det", "eye", "broadcast"})


class NumpyWriter(Writer):
    """See `Writer`; what is computed entry by entry reuses memory."""

    library: Library = "numpy"
    namespace = "np"

    def has_line(self, n: Node) -> bool:
        return super().has_line(n) or (n.rank > 0 and n.op not in FREE and n.op not in _NOT_REUSED)

    @staticmethod
    def _entrywise(n: Node) -> bool:
        return n.op not in FREE and n.op not in _WHOLE

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
    def function(self, op: str) -> str:
        return op

    def _divide(self, n: Node) -> ast.expr:
        above, below = n.args
        if above.op == "number" and above.data == 1 and below.rank:
            return self._call("reciprocal", self.inline(below))
        return ast.BinOp(self.inline(above), ast.Div(), self.inline(below))

    def _matmul(self, n: Node) -> ast.expr:
        a, b = n.args
        if max(a.rank, b.rank) > 2:
            return ast.BinOp(self.inline(a), ast.MatMult(), self.inline(b))
        return self._method(self.inline(a), "dot", self.inline(b))

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

    def _diagonal(self, n: Node) -> ast.expr:
        return self._call("diagonal", self.inline(n.args[0]))

    def _reshape(self, n: Node) -> ast.expr:
        return self._method(self.inline(n.args[0]), "reshape", *self._sizes(n))
