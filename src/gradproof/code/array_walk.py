"""From index notation to whole arrays: an expression is walked, and each of its parts becomes a node.

An index is an axis; a sum of products is contracted (contraction.py).  What no product of matrices says is computed
entry by entry over all indices that are free in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from gradproof.code.array_products import Products
from gradproof.code.assignments import Assignment, CodeError, name_of
from gradproof.code.careful import as_bell, as_sigmoid
from gradproof.code.contraction import Contraction, Labels, Value
from gradproof.code.nodes import Graph, Node
from gradproof.forms.arrays import Known
from gradproof.inverse import Determinant, InverseBase, arrays_in
from gradproof.lines import head
from gradproof.precision.rewriting import Largest
from gradproof.ranges import least

__all__ = ["ArrayWalk"]

_ZERO, _ONE = sp.Integer(0), sp.Integer(1)
_RELATIONS: Mapping[type, str] = {
    sp.Gt: "greater", sp.Ge: "greater_equal", sp.Lt: "less", sp.Le: "less_equal", sp.Eq: "equal", sp.Ne: "not_equal",
}  # fmt: skip
_RECIPROCALS: Mapping[type, str] = {
    sp.sech: "cosh",
    sp.csch: "sinh",
    sp.coth: "tanh",
    sp.sec: "cos",
    sp.csc: "sin",
    sp.cot: "tan",
}
_NAMES: Mapping[type, str] = {sp.Abs: "abs", sp.asin: "arcsin", sp.acos: "arccos", sp.atan: "arctan",
                              sp.asinh: "arcsinh", sp.acosh: "arccosh", sp.atanh: "arctanh"}  # fmt: skip


@dataclass(frozen=True)
class Named:
    """What a name was assigned: its indices, and the array, with axes for those on which it depends, in any order."""

    indices: Labels
    value: Value


@dataclass(frozen=True)
class _Part:
    """A part of an axis: the index that runs over it, and its place: None for all, (first, stop), or one place."""

    index: sp.Basic | None
    place: Any


class ArrayWalk:
    """Nodes for the lines of a program.

    lines: these lines.  known: the arrays that are given or defined, with the range of each axis.
    """

    def __init__(self, lines: Sequence[Assignment], known: Mapping[str, Known]) -> None:
        self.known = known
        self.first = {place for a in lines for place in _largest_along(a.body)}
        self.graph = Graph()
        self.named: dict[str, Named] = {}
        self.nodes: dict[str, Node] = {}  # of all lines
        self.labels: dict[str, Labels] = {}  # the indices of their axes
        self.spans: dict[sp.Basic, tuple[sp.Expr, sp.Expr]] = {}
        self.products = Products(self)
        self.contraction = Contraction(self.graph, lambda i: list(self.spans).index(i), self.size)

    def assigned(self, a: Assignment) -> Value:
        """The array of a line, which its name stands for from here on, with an axis for each index that it depends on."""
        self.spans = {i: a.spans[i] for i in self._laid_out(a)} | dict(a.spans)
        value = self.value(a.body)
        if a.kind == "gradient":
            value = self._whole_gradient(a, value)
        else:
            self.named[a.name] = Named(a.indices, value)
            self.graph.fixed.add(value.node)
        self.nodes[a.name] = value.node
        self.labels[a.name] = value.labels
        return value

    def _whole_gradient(self, a: Assignment, value: Value) -> Value:
        """A gradient with all of its axes, in their order."""
        labels = tuple(i for i in a.indices if i in value.labels)
        node = self.contraction.ordered(value, labels)
        if len(labels) == len(a.indices):
            return Value(labels, node)
        if labels:
            node = self.graph.expand(node, tuple(n for n, i in enumerate(a.indices) if i not in labels))
        shape = tuple(map(self.size, a.indices))
        return Value(a.indices, self.graph.linear("broadcast", [node], shape, shape))

    def _laid_out(self, a: Assignment) -> Labels:
        """The order in which the axes of a line are best: an adjoint has that of its quantity.

        Where a largest value is taken along an axis, this one comes first: down the rows is fastest.
        """
        of = self.named.get(name_of(head(a.of))) if a.kind == "adjoint" and a.of is not None else None
        if of is not None:
            order = [of.indices.index(i) for i in of.value.labels]
            return tuple(a.indices[n] for n in order)
        return tuple(sorted(a.indices, key=lambda i: (a.name, a.indices.index(i)) not in self.first))

    def size(self, index: sp.Basic) -> sp.Expr:
        lo, hi = self.spans[index]
        return sp.expand(hi - lo + 1)

    def is_index(self, e: sp.Basic) -> bool:
        return e in self.spans

    # -- expressions ----------------------------------------------------------------------------
    def value(self, e: sp.Basic) -> Value:
        """The array whose entry is `e`; its axes are the indices that are free in `e`."""
        if self.is_index(e):
            return self._entrywise("real", [self._whole(e)])
        match e:
            case sp.Sum() | sp.Mul():
                return self.products.of([e], [])
            case Largest():
                return self._largest(e)
            case sp.Indexed():
                return self._entry(e)
            case sp.Add():
                return self._added(e)
            case sp.Pow():
                return self._power(e)
            case sp.Piecewise():
                return self._branches(e)
            case sp.Symbol() | sp.Number() | sp.NumberSymbol() | Determinant():
                return Value((), self._scalar(e))
            case sp.Function() | sp.Max() | sp.Min():
                return self._function(e)
        raise CodeError(f"there is no code for {type(e).__name__}, in {e}")

    def _whole(self, e: sp.Basic) -> Value:
        """An index, a label, or what is computed from these, as whole numbers."""
        if self.is_index(e):
            return Value((e,), self.graph.node("range", (), self.spans[e], (self.size(e),)))
        if isinstance(e, sp.Add):
            return self.sum_of([self._whole(t) for t in e.args])
        if isinstance(e, sp.Mul):
            return self.contraction.multiplied([self._whole(f) for f in e.args])
        return self.value(e)

    def _scalar(self, e: Any) -> Node:
        match e:
            case sp.Symbol() if e.name in self.named:
                return self.named[e.name].value.node
            case sp.Rational():
                return self.graph.number(e)
            case sp.Symbol() if e.is_integer:
                return self.graph.number(e)
            case sp.Symbol():
                return self.graph.node("array", (), e.name, ())
            case sp.core.numbers.Pi() | sp.core.numbers.Exp1():
                return self.graph.node("constant", (), "pi" if e == sp.pi else "e", ())
            case Determinant():
                return self.graph.node("det", [self._matrix(e.of)], None, ())
        raise CodeError(f"there is no code for the number {e}")

    def _array(self, base: sp.IndexedBase) -> tuple[Node, Labels, Labels]:
        """The node of a name, the indices of its definition, and which of these its axes are; of an argument, places."""
        name = name_of(base)
        if name in self.named:
            found = self.named[name]
            return found.value.node, found.indices, found.value.labels
        if name not in self.known:
            raise CodeError(f"the ranges of the indices of {name} are not known")
        node = self.graph.node("array", (), name, self.known[name].shape)
        places = tuple(map(sp.Integer, range(node.rank)))
        return node, places, places

    def _matrix(self, base: sp.IndexedBase) -> Node:
        """A whole matrix, of which an inverse or a determinant is taken."""
        node, indices, labels = self._array(base)
        if len(labels) < len(indices):
            raise CodeError(f"{base} does not depend on all of its indices, so that it has no inverse")
        return self.graph.permute(node, tuple(labels.index(i) for i in indices))

    # -- entries ----------------------------------------------------------------------------------
    def _entry(self, e: sp.Indexed) -> Value:
        """The part of an array that an entry with free indices runs over."""
        base = e.base
        if isinstance(base, InverseBase):
            matrix = self._matrix(base.of)
            node, axes = self.graph.node("inv", [matrix], None, matrix.shape), [0, 1]
            starts = [base.span[0]] * 2
        else:
            node, template, labels = self._array(base)
            axes = [template.index(i) for i in labels]
            starts = [self.known[name_of(base)].axes[n].lo for n in axes]
        indices = [e.indices[n] for n in axes]
        parts = [self._part(index, lo, size) for index, lo, size in zip(indices, starts, node.shape, strict=True)]
        if any(p is None for p in parts):
            return self._gathered(node, indices, starts)
        taken = [p for p in parts if p is not None]
        free = tuple(p.index for p in taken if p.index is not None)
        if any(p.place is not None for p in taken):
            shape = tuple(self.size(i) for i in free)
            node = self.graph.linear("slice", [node], tuple(p.place for p in taken), shape)
        if len(set(free)) == len(free):
            return Value(free, node)
        if len(free) == 2:
            return Value(free[:1], self.graph.linear("diagonal", [node], None, node.shape[:1]))
        raise CodeError(f"{e} is a diagonal of more than two axes")

    def _part(self, index: sp.Expr, lo: sp.Expr, size: sp.Expr) -> _Part | None:
        """The part of an axis that an index takes; None where its places are to be computed."""
        free = [i for i in index.free_symbols if self.is_index(i)]
        if index.atoms(sp.Indexed):
            return None
        if not free:
            return _Part(None, sp.expand(index - lo))
        if len(free) > 1 or not sp.expand(index - free[0]).is_Integer:
            return None
        first, last = (sp.expand(x + index - free[0] - lo) for x in self.spans[free[0]])
        if not (_not_negative(first) and _not_negative(size - 1 - last)):
            return None
        whole = first == 0 and sp.expand(last + 1 - size) == 0
        return _Part(free[0], None if whole else (first, sp.expand(last + 1)))

    def _gathered(self, node: Node, indices: Sequence[sp.Expr], starts: Sequence[sp.Expr]) -> Value:
        """Entries at places that are computed: a label, or a sum of indices; nan where there is no such place.

        A place outside stands in a branch that is not taken there, or the formula has no value.
        """
        places = [self._whole(sp.expand(index - lo)) for index, lo in zip(indices, starts, strict=True)]
        inside = all(self._stays(i, lo, size) for i, lo, size in zip(indices, starts, node.shape, strict=True))
        labels = self.contraction.joint(places)
        nodes = [self.contraction.aligned(v, labels) for v in places]
        shape = tuple(self.size(i) for i in labels)
        sign, bare = self.graph.signed(node)  # of the entries: a place has a sign of its own
        found = self.graph.node("gather" if inside else "guarded", [bare, *nodes], None, shape)
        return Value(labels, self.graph.with_sign(sign, found))

    def _stays(self, index: sp.Expr, lo: sp.Expr, size: sp.Expr) -> bool:
        """Whether all places of an index lie in the axis; labels are looked at before."""
        if index.atoms(sp.Indexed):
            return True
        first = last = sp.expand(index - lo)
        for i in [i for i in index.free_symbols if self.is_index(i)]:
            slope = first.coeff(i, 1)
            ends = self.spans[i] if slope.is_positive else self.spans[i][::-1]
            first, last = (sp.expand(e.xreplace({i: end})) for e, end in zip((first, last), ends, strict=True))
        return _not_negative(first) and _not_negative(size - 1 - last)

    # -- entry by entry -----------------------------------------------------------------------------
    def _added(self, e: sp.Add) -> Value:
        return self.sum_of([self.value(t) for t in self.sorted(e.args)])

    def sorted(self, terms: Sequence[sp.Expr]) -> list[sp.Expr]:
        """Terms with named quantities first, so that y - t is no -(t - y)."""
        return sorted(
            terms, key=lambda t: (not any(name_of(b) in self.named for b in arrays_in(t)), sp.default_sort_key(t))
        )

    def sum_of(self, values: Sequence[Value]) -> Value:
        """The sum, entry by entry: what has few axes first.  The sign of the first of the largest terms stands outside."""
        g, total = self.graph, None
        groups: dict[frozenset[sp.Basic], list[Value]] = {}
        for v in sorted(values, key=lambda v: len(v.labels)):
            groups.setdefault(frozenset(v.labels), []).append(v)
        for group in groups.values():
            labels = self.contraction.joint(group)
            made = self._summed([self.contraction.aligned(v, labels) for v in group])
            here = Value(labels, made)
            if total is None:
                total = here
                continue
            both = self.contraction.joint([total, here])
            total = Value(
                both, self._summed([self.contraction.aligned(here, both), self.contraction.aligned(total, both)])
            )
        return total if total is not None else Value((), g.number(_ZERO))

    def _summed(self, nodes: Sequence[Node]) -> Node:
        g = self.graph
        outside = g.signed(nodes[0])[0]
        parts = [(outside * s, n) for s, n in map(g.signed, nodes)]
        total = parts[0][1]
        for s, n in parts[1:]:
            total = g.node("add" if s > 0 else "subtract", [total, n])
        return g.with_sign(outside, total)

    def _power(self, e: sp.Pow) -> Value:
        base, exponent = e.args
        inner = as_sigmoid(e)
        if inner is not None:
            value = self.value(inner)
            once = self.graph.node("sigmoid", [self.graph.negative(value.node)])
            return Value(value.labels, self.graph.power(once, -exponent))
        if exponent.is_Rational:
            value = self.value(base)
            return Value(value.labels, self.graph.power(value.node, exponent))
        if base == sp.E:
            inner = self.value(exponent)
            return Value(inner.labels, self.graph.node("exp", [inner.node]))
        return self._entrywise("power", [self.value(base), self.value(exponent)])

    def _entrywise(self, op: str, values: Sequence[Value], labels: Labels | None = None) -> Value:
        labels = self.contraction.joint(values) if labels is None else labels
        return Value(labels, self.graph.node(op, [self.contraction.aligned(v, labels) for v in values]))

    def _function(self, e: Any) -> Value:
        if isinstance(e, sp.KroneckerDelta):
            return self._delta(e)
        bell = as_bell(e)
        if bell is not None:
            value = self.value(bell[0])
            return Value(value.labels, self.graph.node("bell", [value.node], bell[1]))
        values = [self.value(a) for a in e.args]
        if isinstance(e, (sp.Max, sp.Min)):
            total = values[0]
            for v in values[1:]:
                total = self._entrywise("maximum" if isinstance(e, sp.Max) else "minimum", [total, v])
            return total
        if isinstance(e, sp.Heaviside):
            zero, one = Value((), self.graph.number(_ZERO)), Value((), self.graph.number(_ONE))
            right = self._entrywise("where", [self._entrywise("greater", [values[0], zero]), one, zero])
            return self._entrywise("where", [self._entrywise("equal", [values[0], zero]), values[1], right])
        if len(values) != 1:
            raise CodeError(f"there is no code for {e}")
        (u,) = values
        if type(e) in _RECIPROCALS:
            return Value(
                u.labels, self.graph.divide(self.graph.number(_ONE), self.graph.node(_RECIPROCALS[type(e)], [u.node]))
            )
        return Value(u.labels, self.graph.node(_NAMES.get(type(e), type(e).__name__), [u.node]))

    def _delta(self, e: sp.KroneckerDelta) -> Value:
        i, j = e.args[:2]
        if self.is_index(i) and self.is_index(j) and self.spans[i] == self.spans[j]:
            return Value((i, j), self.graph.node("eye", (), self.size(i), (self.size(i),) * 2))
        return self._entrywise("real", [self._entrywise("equal", [self._whole(i), self._whole(j)])])

    def _largest(self, e: Any) -> Value:
        body, index, lo, hi = e.args
        self.spans[index] = (lo, hi)
        value = self.value(body)
        if index not in value.labels:
            return value
        place = value.labels.index(index)
        return Value(tuple(i for i in value.labels if i != index), self.graph.reduce("max", value.node, (place,)))

    # -- branches ---------------------------------------------------------------------------------
    def _branches(self, e: sp.Piecewise) -> Value:
        result: Value | None = None
        for value, condition in reversed(e.args):
            here = self.value(value)
            if condition == sp.true:
                result = here
            elif result is None:
                raise CodeError(f"{e} has no last branch, which is taken where no condition holds")
            else:
                result = self._entrywise("where", [self._condition(condition), here, result])
        if result is None:
            raise CodeError(f"{e} has no branches")
        return result

    def _condition(self, c: sp.Basic) -> Value:
        if isinstance(c, (sp.And, sp.Or)):
            values = [self._condition(a) for a in sorted(c.args, key=sp.default_sort_key)]
            total = values[0]
            for v in values[1:]:
                total = self._entrywise("and" if isinstance(c, sp.And) else "or", [total, v])
            return total
        if isinstance(c, sp.Not):
            return self._entrywise("not", [self._condition(c.args[0])])
        if type(c) not in _RELATIONS:
            raise CodeError(f"there is no code for the condition {c}")
        whole = any(self.is_index(s) for side in c.args for s in side.free_symbols)
        return self._entrywise(_RELATIONS[type(c)], [(self._whole if whole else self.value)(side) for side in c.args])


def _not_negative(e: sp.Expr) -> bool:
    """Whether a number is known to be 0 or more for all sizes, and all values of labels that were looked at."""
    smallest = least(e)
    return smallest is not None and bool(smallest >= 0)


def _largest_along(e: sp.Basic) -> Iterator[tuple[str, int]]:
    """The arrays, and the places of the axes, along which a largest value is taken."""
    for node in sp.preorder_traversal(e):
        if isinstance(node, Largest):
            for entry in node.args[0].atoms(sp.Indexed):
                yield from ((name_of(entry.base), n) for n, i in enumerate(entry.indices) if i == node.args[1])
