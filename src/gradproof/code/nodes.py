"""Array programs as a graph: each node is one operation on whole arrays, and equal operations are one node.

A node knows its shape in symbolic sizes.  The operations:

    array                the array or number of a name            number, size, pi, e    a number
    range                lo..hi as a vector                        eye                    the identity
    add, multiply, divide, power, negative, maximum, minimum, where, less, ...            entry by entry
    exp, tanh, ...       a function, entry by entry                sum, max               along axes, which go
    matmul               of matrices or stacks of them             dot                    of all entries of two arrays
    contract             a matmul over several axes at once        rowdot                 of the last axes of two arrays
    gather, guarded      entries at places, nan outside            permute, expand, squeeze, slice, diagonal     another view
    inv, det             of a matrix                               broadcast, full        the same along new axes
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

__all__ = ["COMPARISONS", "VIEWS", "Graph", "Node", "Shape", "stretched"]

Shape = tuple[sp.Expr, ...]

COMPARISONS = ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")
#: the same numbers, looked at in another way
VIEWS = frozenset({"expand", "permute", "slice", "squeeze", "diagonal"})

_ONE = sp.Integer(1)
_MOST = 8  # a whole power up to this one is a product


@dataclass(frozen=True, eq=False)
class Node:
    """One operation; nodes of one graph are equal only if they are the same object.

    data: what the operation needs besides its arguments: a name, a number, axes.  shape: 1 for an axis that is stretched.
    """

    op: str
    args: tuple[Node, ...]
    data: Any
    shape: Shape

    @property
    def rank(self) -> int:
        return len(self.shape)


class Graph:
    """Makes nodes; what was made once is not made again."""

    def __init__(self) -> None:
        self._made: dict[Hashable, Node] = {}
        self.fixed: set[Node] = set()  # products of matrices that are not turned round any more

    def node(self, op: str, args: Sequence[Node] = (), data: Hashable = None, shape: Shape | None = None) -> Node:
        """A node; entry by entry unless its shape is given."""
        key = (op, tuple(map(id, args)), data, shape)
        if key not in self._made:
            self._made[key] = Node(
                op, tuple(args), data, stretched([a.shape for a in args]) if shape is None else shape
            )
        return self._made[key]

    def number(self, value: sp.Expr) -> Node:
        """A rational number, or a size."""
        return self.node("number" if value.is_Rational else "size", (), sp.expand(value), ())

    # -- signs stand outside ------------------------------------------------------------------
    def negative(self, a: Node) -> Node:
        if a.op == "negative":
            return a.args[0]
        return self.number(-a.data) if a.op == "number" else self.node("negative", [a])

    def signed(self, a: Node) -> tuple[int, Node]:
        """1 or -1, and what it stands before."""
        if a.op == "negative":
            return -1, a.args[0]
        if a.op == "number" and a.data < 0:
            return -1, self.number(-a.data)
        return 1, a

    def with_sign(self, sign: int, a: Node) -> Node:
        return a if sign > 0 else self.negative(a)

    def multiply(self, a: Node, b: Node) -> Node:
        """a·b, with numbers multiplied at once and the sign outside."""
        (s, a), (t, b) = self.signed(a), self.signed(b)
        if a.op == b.op == "number":
            return self.number(s * t * a.data * b.data)
        for one, other in ((a, b), (b, a)):
            if one.op == "number" and one.data == 1:
                return self.with_sign(s * t, other)
        return self.with_sign(s * t, self.node("multiply", [a, b]))

    def divide(self, a: Node, b: Node) -> Node:
        (s, a), (t, b) = self.signed(a), self.signed(b)
        if b.op == "number" and b.data == 1:
            return self.with_sign(s * t, a)
        return self.with_sign(s * t, self.node("divide", [a, b]))

    def linear(self, op: str, args: Sequence[Node], data: Hashable, shape: Shape) -> Node:
        """An operation that is linear in each argument: signs go outside."""
        sign, bare = 1, list[Node]()
        for a in args:
            s, inner = self.signed(a)
            sign, bare = sign * s, [*bare, inner]
        return self.with_sign(sign, self.node(op, bare, data, shape))

    def power(self, n: Node, exponent: Any) -> Node:
        """N to a rational power: products and a root."""
        if exponent < 0:
            if exponent.is_Integer:  # the power of the quotient: that of a large number would overflow
                return self.power(self.divide(self.number(_ONE), n), -exponent)
            return self.divide(self.number(_ONE), self.power(n, -exponent))
        whole, rest = divmod(exponent, 1)
        if rest not in (0, sp.Rational(1, 2)) or whole > _MOST:
            return self.node("power", [n, self.number(exponent)])
        powers, square = [self.node("sqrt", [n])] if rest else [], n
        while whole:
            if whole % 2:
                powers.append(square)
            whole //= 2
            square = self.square(square) if whole else square
        total = powers[-1]
        for p in powers[-2::-1]:
            total = self.multiply(total, p)
        return total

    def square(self, n: Node) -> Node:
        """n·n; of a quotient, the quotient squared."""
        _, n = self.signed(n)
        return self.node("multiply", [n, n])

    # -- views --------------------------------------------------------------------------------
    def permute(self, a: Node, axes: tuple[int, ...]) -> Node:
        """The axes in another order; the transpose of a product is the product of the transposes."""
        if axes == tuple(range(a.rank)):
            return a
        s, a = self.signed(a)
        if a.op == "permute":
            inner: tuple[int, ...] = a.data
            return self.with_sign(s, self.permute(a.args[0], tuple(inner[n] for n in axes)))
        shape = tuple(a.shape[n] for n in axes)
        if a.op == "matmul" and a not in self.fixed and a.rank == 2 and all(x.rank == 2 for x in a.args):
            left, right = a.args
            return self.with_sign(
                s, self.node("matmul", [self.permute(right, (1, 0)), self.permute(left, (1, 0))], None, shape)
            )
        if a.op == "eye":
            return self.with_sign(s, a)
        return self.with_sign(s, self.node("permute", [a], axes, shape))

    def expand(self, a: Node, places: tuple[int, ...]) -> Node:
        """New axes of length 1 at these places of the result."""
        if not places:
            return a
        sizes = iter(a.shape)
        shape = tuple(_ONE if n in places else next(sizes) for n in range(a.rank + len(places)))
        return self.linear("expand", [a], places, shape)

    def reduce(self, op: str, a: Node, axes: tuple[int, ...]) -> Node:
        """The sum or the largest along some axes."""
        shape = tuple(size for n, size in enumerate(a.shape) if n not in axes)
        return self.linear("sum", [a], axes, shape) if op == "sum" else self.node(op, [a], axes, shape)


def stretched(shapes: Sequence[Shape]) -> Shape:
    """The shape of arrays taken entry by entry, by NumPy's broadcasting."""
    rank = max((len(s) for s in shapes), default=0)
    padded = [(_ONE,) * (rank - len(s)) + s for s in shapes]
    return tuple(next((size for size in sizes if size != 1), _ONE) for sizes in zip(*padded, strict=True))
