"""From index notation to NumPy's source: the notation of `walk` in which arrays are Python expressions.

Source is built as `ast` nodes, so that brackets are Python's own.  `numpy_form` reads what it
writes back, and proves it equal.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy as sp

from gradproof.forms.arrays import Axis, Known
from gradproof.forms.numpy_functions import ONE_MEANING
from gradproof.forms.python_nodes import (
    addends,
    call,
    chain,
    fraction,
    is_call,
    joined,
    matrix_product,
    method,
    name,
    negative,
    number,
    product,
    signed,
    subscripts,
    sum_axis,
)
from gradproof.forms.walk import NoFormError, Value, Walk, in_order, is_symmetric, joint_labels
from gradproof.inverse import Determinant, InverseBase

__all__ = ["Numpy"]


_RECIPROCALS = {sp.sech: "cosh", sp.csch: "sinh", sp.coth: "tanh"}
_COMPARISONS = {sp.Gt: ast.Gt, sp.Ge: ast.GtE, sp.Lt: ast.Lt, sp.Le: ast.LtE, sp.Eq: ast.Eq, sp.Ne: ast.NotEq}


class Numpy:
    """The notation of NumPy; see `walk.Notation`.

    known: the arrays by name.  symmetric: the names of those that are assumed to be.  most: how many axes an array on
    the way may have.
    """

    walk: Walk

    def __init__(self, known: Mapping[str, Known], symmetric: Container[str], most: int) -> None:
        self.known, self.symmetric, self.most = known, symmetric, most
        self.same: set[str] = set()  # the source of matrices that are their own transposes

    # -- leaves -----------------------------------------------------------------------------
    def entry(self, e: sp.Indexed, labels: Sequence[sp.Basic]) -> Value:
        base = e.base
        array = name(str(base.of.label if isinstance(base, InverseBase) else base.label))
        axes: tuple[Axis, ...]
        if isinstance(base, InverseBase):
            array, axes = call("linalg.inv", array), (Axis(*base.span),) * 2
        else:
            axes = self._known(str(base.label)).axes
        parts = [self._part(index, axis) for index, axis in zip(e.indices, axes, strict=True)]
        if any(p is not None for p in parts):
            while parts[-1] is None:
                parts.pop()
            shown = [ast.Slice() if p is None else p for p in parts]
            array = ast.Subscript(array, shown[0] if len(shown) == 1 else ast.Tuple(shown, ast.Load()), ast.Load())
        if len(set(labels)) == len(labels):
            if is_symmetric(e, self.symmetric):
                self.same.add(ast.unparse(array))
            return Value(tuple(labels), array)
        return self._diagonal(array, labels)

    def _known(self, label: str) -> Known:
        if label not in self.known:
            raise NoFormError(f"the size of {label} is not known")
        return self.known[label]

    def _part(self, index: sp.Expr, axis: Axis) -> ast.expr | None:
        """How an index takes its part of an axis: None for all of it, a slice, or a number."""
        free = [i for i in index.free_symbols if self.walk.is_index(i)]
        if not free:
            return self._place(sp.expand(index - axis.lo), axis.size)
        lo, hi = (sp.expand(x + index - free[0]) for x in self.walk.spans[free[0]])
        start, stop = sp.expand(lo - axis.lo), sp.expand(hi - axis.hi)
        if not start.is_Integer or not stop.is_Integer or start < 0 or stop > 0:
            raise NoFormError(f"the values of the index {index} are not known to lie in the axis {axis.lo}..{axis.hi}")
        if start == 0 and stop == 0:
            return None
        return ast.Slice(number(int(start)) if start else None, number(int(stop)) if stop else None)

    @staticmethod
    def _place(offset: sp.Expr, size: sp.Expr) -> ast.expr:
        """A fixed place in an axis, from the front or from the back."""
        for place in (offset, sp.expand(offset - size)):
            if place.is_Integer:
                return number(int(place))
        raise NoFormError(f"the place {offset} in an axis is not a number")

    @staticmethod
    def _diagonal(array: ast.expr, labels: Sequence[sp.Basic]) -> Value:
        distinct = tuple(dict.fromkeys(labels))
        if len(labels) == 2:
            return Value(distinct, call("diag", array))
        return Value(distinct, call("einsum", ast.Constant(subscripts([labels], distinct)), array))

    def scalar(self, e: sp.Expr) -> Value:
        match e:
            case sp.Symbol():
                return Value((), name(e.name))
            case sp.Integer():
                return Value((), number(int(e)))
            case sp.Rational():
                value = joined(ast.Div(), number(abs(int(e.p))), number(int(e.q)))
                return Value((), value if e > 0 else negative(value))
            case sp.core.numbers.Pi() | sp.core.numbers.Exp1():
                return Value((), ast.Attribute(ast.Name("np", ast.Load()), "pi" if e == sp.pi else "e", ast.Load()))
            case Determinant():
                return Value((), call("linalg.det", name(str(e.of.label))))
            case sp.Add() | sp.Mul() | sp.Pow() if not e.atoms(sp.Indexed):
                return self.walk.value(e)
        raise NoFormError(f"{e} has no name in NumPy")

    def position(self, index: sp.Basic) -> Value:
        lo, hi = self.walk.spans[index]
        ends = [self.walk.value(sp.expand(x)).data for x in (lo, hi + 1)]
        return Value((index,), call("arange", *(ends[1:] if lo == 0 else ends)))

    def delta(self, labels: tuple[sp.Basic, sp.Basic]) -> Value:
        identity = call("eye", self.walk.value(self.walk.size(labels[0])).data)
        self.same.add(ast.unparse(identity))
        return Value(labels, identity)

    def unit(self, index: sp.Basic, place: sp.Expr) -> Value:
        lo, size = self.walk.spans[index][0], self.walk.size(index)
        row = self._place(sp.expand(place - lo), size)
        return Value((index,), ast.Subscript(call("eye", self.walk.value(size).data), row, ast.Load()))

    # -- entry by entry ---------------------------------------------------------------------
    def added(self, values: Sequence[Value]) -> Value:
        labels = self._labels(values)
        counts: dict[tuple[int, str], list[ast.expr]] = {}
        for v in values:
            for sign, term in addends(v.data):
                part = self._aligned(Value(v.labels, term), labels) if v.labels != labels else term
                counts.setdefault((sign, ast.unparse(part)), []).append(part)
        parts = [(sign, p[0] if len(p) == 1 else product([number(len(p)), p[0]])) for (sign, _), p in counts.items()]
        parts.sort(key=lambda p: p[0] < 0)
        total = parts[0][1] if parts[0][0] > 0 else negative(parts[0][1])
        for sign, part in parts[1:]:
            total = joined(ast.Add() if sign > 0 else ast.Sub(), total, part)
        return Value(labels, total)

    def multiplied(self, values: Sequence[Value]) -> Value:
        """Numbers first; what is divided by stands last."""
        values = sorted(values, key=lambda v: bool(v.labels))
        labels = self._labels(values)
        sign = 1
        above: list[ast.expr] = []
        below: list[ast.expr] = []
        values = self._whole(values, labels)
        for v in values:
            s, node = signed(v.data)
            sign *= s
            top, bottom = fraction(node)
            if isinstance(top, ast.Constant) and bottom is not None:
                above.append(top)
                below.append(self._aligned(Value(v.labels, bottom), labels))
            else:
                top, bottom = fraction(self._aligned(Value(v.labels, node), labels))
                above.append(top)
                below += [bottom] if bottom is not None else []
        ratio = Fraction(1)
        for nodes, power in ((above, 1), (below, -1)):
            for n in list(nodes):
                if isinstance(n, ast.Constant) and isinstance(n.value, int):
                    ratio *= Fraction(n.value) ** power
                    nodes.remove(n)
        if ratio.numerator != 1 or not above:
            above.insert(0, number(ratio.numerator))
        if ratio.denominator != 1:
            below.insert(0, number(ratio.denominator))
        result = product(above)
        for divisor in below:
            result = joined(ast.Div(), result, divisor)
        return Value(labels, result if sign > 0 else negative(result))

    def _whole(self, values: list[Value], labels: tuple[sp.Basic, ...]) -> list[Value]:
        """The factors, with np.outer and np.diag where they say it."""
        scalars = [v for v in values if not v.labels]
        sides = {i: [v for v in values if v.labels == (i,)] for i in labels}
        full = [v for v in values if len(v.labels) > 1]
        if len(labels) == 2 and not full:
            a, b = (self.multiplied(sides[i]).data if len(sides[i]) > 1 else sides[i][0].data for i in labels)
            return [*scalars, Value(labels, call("outer", a, b))]
        vectors = [Value(labels[:1], v.data) for side in sides.values() for v in side]
        if len(labels) == 2 and len(full) == 1 and vectors and is_call(full[0].data, "np.eye"):
            return [*scalars, Value(labels, call("diag", self.multiplied(vectors).data))]
        return values

    def power(self, base: Value, exponent: sp.Expr) -> Value:
        negative = exponent.could_extract_minus_sign()
        power = self.walk.value(-exponent if negative else exponent)
        labels = self._labels([base, power])
        root = self._aligned(base, labels)
        if exponent in (sp.Rational(1, 2), sp.Rational(-1, 2)):
            root = call("sqrt", root)
        elif exponent != -1:
            root = joined(ast.Pow(), root, self._aligned(power, labels))
        return Value(labels, joined(ast.Div(), number(1), root) if negative else root)

    def function(self, e: sp.Basic, values: Sequence[Value]) -> Value:
        labels = self._labels(values)
        args = [self._aligned(v, labels) for v in values]
        if type(e) in ONE_MEANING:
            return Value(labels, call(ONE_MEANING[type(e)], *args))
        if type(e) in _RECIPROCALS:
            return Value(labels, joined(ast.Div(), number(1), call(_RECIPROCALS[type(e)], *args)))
        if isinstance(e, (sp.erf, sp.erfc)):
            return Value(labels, call(f"scipy.special.{type(e).__name__}", *args))
        if isinstance(e, sp.Heaviside):
            return Value(labels, call("heaviside", *args))
        if isinstance(e, (sp.Max, sp.Min)):
            total = args[0]
            for a in args[1:]:
                total = call("maximum" if isinstance(e, sp.Max) else "minimum", total, a)
            return Value(labels, total)
        raise NoFormError(f"NumPy has no function {type(e).__name__}")

    def branches(self, pairs: Sequence[tuple[Value, Any]]) -> Value:
        labels = self._labels([v for value, c in pairs for v in ((value,) if c is True else (value, *c[1:]))])
        result: ast.expr | None = None
        for value, c in reversed(pairs):
            here = self._aligned(value, labels)
            if c is True:
                result = here
                continue
            if result is None:
                raise NoFormError("a Piecewise without a last branch")
            sides = [self._aligned(v, labels) for v in c[1:]]
            test = ast.Compare(sides[0], [_COMPARISONS[type(c[0])]()], [sides[1]])
            result = call("where", test, here, result)
        if result is None:
            raise NoFormError("a Piecewise without branches")
        return Value(labels, result)

    # -- sums over indices ------------------------------------------------------------------
    def reduced(self, value: Value, index: sp.Basic) -> Value:
        place = value.labels.index(index)
        return Value(tuple(i for i in value.labels if i != index), method(value.data, "sum", axis=number(place)))

    def total(self, value: Value) -> Value:
        if is_call(value.data, "np.diag"):
            return Value((), call("trace", *value.data.args))
        return Value((), method(value.data, "sum"))

    def matmul(self, a: Value, b: Value, index: sp.Basic) -> Value:
        a, b = in_order(a, b, index, self.walk)
        rows, columns = (tuple(i for i in v.labels if i != index) for v in (a, b))
        left = a.data if a.labels == (*rows, index) else self._transposed(a.data)
        right = b.data if b.labels == (index, *columns) else self._transposed(b.data)
        factors = [*(chain(left) if rows else [left]), *(chain(right) if columns else [right])]
        return Value((*rows, *columns), matrix_product(factors, vector_last=not columns))

    def contracted(self, values: Sequence[Value], bound: Sequence[sp.Basic]) -> Value:
        if self.most < len({i for v in values for i in v.labels}):
            raise NoFormError(f"more than {self.most} axes")
        labels = tuple(dict.fromkeys(i for v in values for i in v.labels if i not in bound))
        text = subscripts([v.labels for v in values], labels)
        return Value(labels, call("einsum", ast.Constant(text), *(v.data for v in values)))

    # -- shapes -----------------------------------------------------------------------------
    def _aligned(self, value: Value, labels: Sequence[sp.Basic]) -> ast.expr:
        """The array with axes that line up with `labels`, from the last one on."""
        order = [i for i in labels if i in value.labels]
        node: ast.expr = value.data
        if value.labels != tuple(order):
            node = self._permuted(value, order)
        if not order:
            return node
        shown = list(labels[labels.index(order[0]) :])
        if len(shown) == len(order):
            return node
        missing = [n for n, i in enumerate(shown) if i not in order]
        summed = sum_axis(node)
        if summed is not None and len(missing) == 1 and shown == list(labels) and summed[1] == missing[0]:
            return method(summed[0], "sum", axis=number(summed[1]), keepdims=ast.Constant(True))
        parts: list[ast.expr] = [ast.Constant(None) if n in missing else ast.Slice() for n in range(len(shown))]
        return ast.Subscript(node, ast.Tuple(parts, ast.Load()), ast.Load())

    def _permuted(self, value: Value, order: Sequence[sp.Basic]) -> ast.expr:
        if len(order) == 2:
            return self._transposed(value.data)
        return call("einsum", ast.Constant(subscripts([value.labels], order)), value.data)

    def _transposed(self, node: ast.expr) -> ast.expr:
        """The transpose: of a product, the transposes in the other order."""
        if ast.unparse(node) in self.same:
            return node
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            return matrix_product([self._transposed(f) for f in reversed(chain(node))], vector_last=False)
        if isinstance(node, ast.Attribute) and node.attr == "T":
            return node.value
        return ast.Attribute(node, "T", ast.Load())

    def finished(self, value: Value, labels: tuple[sp.Basic, ...]) -> ast.expr:
        """The array with these axes in this order, at its full size."""
        lacking = [i for i in labels if i not in value.labels]
        if lacking:
            sizes = [
                self.walk.value(self.walk.size(i)).data for i in (labels if len(lacking) == len(labels) else lacking)
            ]
            shape = sizes[0] if len(sizes) == 1 else ast.Tuple(sizes, ast.Load())
            if isinstance(value.data, ast.Constant) and value.data.value in (0, 1):
                return call("zeros" if value.data.value == 0 else "ones", shape)
            ones = Value(tuple(lacking if len(lacking) < len(labels) else labels), call("ones", shape))
            value = self._product_over(labels, value, ones)
        return self._aligned(value, labels)

    def _product_over(self, labels: tuple[sp.Basic, ...], *values: Value) -> Value:
        return Value(labels, product([self._aligned(v, labels) for v in values]))

    def _labels(self, values: Sequence[Value]) -> tuple[sp.Basic, ...]:
        labels = joint_labels(values, self.walk)
        if len(labels) > self.most:
            raise NoFormError(f"more than {self.most} axes")
        return labels
