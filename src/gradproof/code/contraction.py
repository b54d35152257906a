"""Products under sums: which arrays are multiplied entry by entry, which by a matrix product, and in which order.

The factors of a product are the nodes of a graph in which an index that two of them share is an edge; the indices that
are summed over are taken out one step after the other, the step with the fewest indices first.  One index that two
factors share is a matrix product; several are one, too, with the axes joined.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sympy as sp

from gradproof.code.nodes import VIEWS, Graph, Node, stretched

__all__ = ["Contraction", "Labels", "Value"]

_ONE = sp.Integer(1)
Labels = tuple[sp.Basic, ...]


@dataclass(frozen=True)
class Value:
    """A node whose axes are these indices, all distinct."""

    labels: Labels
    node: Node


class Contraction:
    """Multiplies and sums; `order` sorts indices as the result should have them, `size` is the size of an index."""

    def __init__(self, graph: Graph, order: Callable[[sp.Basic], int], size: Callable[[sp.Basic], sp.Expr]) -> None:
        self.graph, self.order, self.size = graph, order, size

    # -- axes -------------------------------------------------------------------------------------
    def aligned(self, value: Value, labels: Sequence[sp.Basic]) -> Node:
        """The array with axes that line up with `labels` from the last one on."""
        own = [i for i in labels if i in value.labels]
        node = self.graph.permute(value.node, tuple(value.labels.index(i) for i in own))
        if not own:
            return node
        shown = list(labels[labels.index(own[0]) :])
        return self.graph.expand(node, tuple(n for n, i in enumerate(shown) if i not in own))

    def ordered(self, value: Value, labels: Labels) -> Node:
        """The array with its axes in this order."""
        return self.graph.permute(value.node, tuple(value.labels.index(i) for i in labels))

    def joint(self, values: Sequence[Value]) -> Labels:
        """All indices of some arrays, in the order that most of the largest arrays have, computed ones above all."""
        most = max((len(v.labels) for v in values), default=0)
        votes: dict[Labels, int] = {}
        for v in values:
            if len(v.labels) == most:
                votes[v.labels] = votes.get(v.labels, 0) + (1 if v.node.op in VIEWS or v.node.op == "array" else 2)
        first = max(votes, key=lambda order: votes[order], default=())
        if {i for v in values for i in v.labels} - set(first):
            return tuple(sorted({i for v in values for i in v.labels}, key=self.order))
        return first

    # -- entry by entry ---------------------------------------------------------------------------
    def multiplied(self, values: Sequence[Value]) -> Value:
        """The product, entry by entry: what has few axes first, so that most is multiplied where there is least to do."""
        total: Value | None = None
        groups: dict[frozenset[sp.Basic], list[Value]] = {}
        for v in sorted(values, key=lambda v: len(v.labels)):
            groups.setdefault(frozenset(v.labels), []).append(v)
        for group in groups.values():
            labels = self.joint(group)
            made = self._product([self.aligned(v, labels) for v in group])
            here = Value(labels, made)
            if total is None:
                total = here
            elif not total.labels and made.op == "sum" and made.data == (1,) and made.args[0].rank == 2:
                total = Value(labels, self._weighted(made.args[0], total.node))
            else:
                both = self.joint([total, here])
                total = Value(both, self._product([self.aligned(total, both), self.aligned(here, both)]))
        return total if total is not None else Value((), self.graph.number(sp.Integer(1)))

    def _weighted(self, matrix: Node, weight: Node) -> Node:
        """The sums along rows times a number, such as means, as one product."""
        weights = self.graph.linear("full", [weight], None, matrix.shape[1:])
        return self.graph.linear("matmul", [matrix, weights], None, matrix.shape[:1])

    def _product(self, nodes: Sequence[Node]) -> Node:
        """The product of nodes that line up; what is divided by is divided by once."""
        g = self.graph
        signs, bare = zip(*map(g.signed, nodes), strict=True)
        shape = stretched([n.shape for n in bare])
        twice = [n.args[0].args[1] for n in bare if _is_squared_reciprocal(n) and n.shape == shape]
        below = [n.args[1] for n in bare if _is_reciprocal(n)]
        above = [n for n in bare if not (_is_reciprocal(n) or (_is_squared_reciprocal(n) and n.shape == shape))]
        if max(n.rank for n in bare) > 1:  # multiplying a matrix is faster than dividing it
            above = [g.divide(g.number(_ONE), n) for n in below if n.rank == 0] + above
            below = [n for n in below if n.rank]
        ratio = g.number(sp.Mul(*(n.data for n in above if n.op == "number")))
        sizes = [n for n in above if n.op == "size"]
        others = [n for n in above if n.op not in ("number", "size")]
        known = [n for n in below if n.op == "size"]
        if others and known and (ratio.data != 1 or sizes):  # 2/N is computed once, before it meets an array
            others.insert(0, g.divide(_chained(g.multiply, [ratio, *sizes]), _chained(g.multiply, known)))
            ratio, sizes, below = g.number(_ONE), [], [n for n in below if n.op != "size"]
        top = [*sizes, *others]
        product = _chained(g.multiply, [ratio, *top] if ratio.data != 1 or not top else top)
        if below:
            product = g.divide(product, _chained(g.multiply, below))
        for n in twice:  # two roundings less than the square of the reciprocal has
            product = g.divide(g.divide(product, n), n)
        return g.with_sign(math.prod(signs), product)

    # -- sums over indices ------------------------------------------------------------------------
    def contracted(self, values: Sequence[Value], bound: Sequence[sp.Basic]) -> Value:
        """The sum over the `bound` indices of the product."""
        left, open_ = list(values), [i for i in bound if any(i in v.labels for v in values)]
        left += [Value((), self.graph.number(self.size(i))) for i in bound if i not in open_]
        while open_:
            left = self._step(left, open_)
            open_ = [i for i in open_ if any(i in v.labels for v in left)]
        return self.multiplied(left)

    def _step(self, left: list[Value], bound: Sequence[sp.Basic]) -> list[Value]:
        """The cheapest of the steps that take indices out, or else the product of two factors."""
        users = {i: [v for v in left if i in v.labels] for i in bound}
        single = [v for v in left if any(users.get(i) == [v] for i in v.labels)]
        steps: list[tuple[tuple[int, int], list[Value], Callable[[], Value]]] = []
        for v in single:
            gone = tuple(i for i in v.labels if users.get(i) == [v])
            steps.append(((len(v.labels), 0), [v], lambda v=v, gone=gone: self._summed(v, gone)))  # type: ignore[misc]
        for n, a in enumerate(left):
            for b in left[n + 1 :]:
                gone = tuple(i for i in a.labels if len(users.get(i, ())) == 2 and i in b.labels)
                if gone:
                    cost = (len({*a.labels, *b.labels}), 1)
                    steps.append((cost, [a, b], lambda a=a, b=b, gone=gone: self.matmul(a, b, gone)))  # type: ignore[misc]
        if not steps:
            a, b = min(
                ((a, b) for using in users.values() for a, b in itertools.combinations(using, 2)),
                key=lambda pair: (len({*pair[0].labels, *pair[1].labels}), sum(len(v.labels) for v in pair)),
            )
            steps.append(((0, 0), [a, b], lambda: self.multiplied([a, b])))
        _, used, make = min(steps, key=lambda step: step[0])
        place = next(n for n, v in enumerate(left) if v is used[0])
        rest = [v for v in left if all(v is not u for u in used)]
        return [*rest[:place], make(), *rest[place:]]

    def _summed(self, v: Value, gone: Labels) -> Value:
        axes = tuple(n for n, i in enumerate(v.labels) if i in gone)
        return Value(tuple(i for i in v.labels if i not in gone), self.graph.reduce("sum", v.node, axes))

    def matmul(self, a: Value, b: Value, gone: Labels) -> Value:
        """The sum over the `gone` indices, which both have, of the product."""
        batch = tuple(i for i in a.labels if i in b.labels and i not in gone)
        rows = tuple(i for i in a.labels if i not in (*batch, *gone))
        columns = tuple(i for i in b.labels if i not in (*batch, *gone))
        if not rows and not columns:
            return self._dots(a, b, batch, gone)
        if self._turns(b, a, batch, columns, gone, rows) < self._turns(a, b, batch, rows, gone, columns):
            a, b, rows, columns = b, a, columns, rows
        left, right = self.ordered(a, (*batch, *rows, *gone)), self.ordered(b, (*batch, *gone, *columns))
        labels = (*batch, *rows, *columns)
        shape = tuple(self.size(i) for i in labels)
        counts = tuple(map(len, (batch, rows, gone, columns)))
        if max(counts[1:]) > 1:
            return Value(labels, self.graph.linear("contract", [left, right], counts, shape))
        stack = len(batch)
        if batch and not rows:  # a stack of vectors is one of matrices
            left = self.graph.expand(left, (stack,))
        if batch and not columns:
            right = self.graph.expand(right, (stack + 1,))
        if not batch or (rows and columns):
            return Value(labels, self.graph.linear("matmul", [left, right], None, shape))
        gap = stack + len(rows)
        node = self.graph.linear("matmul", [left, right], None, (*shape[:gap], _ONE, *shape[gap:]))
        return Value(labels, self.graph.linear("squeeze", [node], (gap,), shape))

    def _turns(
        self, a: Value, b: Value, batch: Labels, rows: Labels, gone: Labels, columns: Labels
    ) -> tuple[int, bool]:
        """How many axes are out of order in a @ b, and whether the result is."""
        turned = (a.labels != (*batch, *rows, *gone)) + (b.labels != (*batch, *gone, *columns))
        result = (*rows, *columns)
        return turned, list(result) != sorted(result, key=self.order)

    def _dots(self, a: Value, b: Value, batch: Labels, gone: Labels) -> Value:
        if not batch:
            return Value((), self.graph.linear("dot", [a.node, self.ordered(b, a.labels)], None, ()))
        if len(gone) > 1 or not (a.labels == b.labels == (*batch, *gone)):
            return self._summed(self.multiplied([a, b]), gone)
        return Value(batch, self.graph.linear("rowdot", [a.node, b.node], None, a.node.shape[:-1]))


def _is_reciprocal(n: Node) -> bool:
    return n.op == "divide" and n.args[0].op == "number" and n.args[0].data == 1


def _is_squared_reciprocal(n: Node) -> bool:
    return n.op == "multiply" and n.args[0] is n.args[1] and _is_reciprocal(n.args[0])


def _chained(op: Callable[[Node, Node], Node], nodes: Sequence[Node]) -> Node:
    total = nodes[0]
    for n in nodes[1:]:
        total = op(total, n)
    return total
