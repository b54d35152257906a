"""From index notation to SymPy's matrices: the notation of `walk` in which arrays are matrices.

A vector is a column; a function of one matrix, entry by entry, is an `applyfunc` whose Lambda holds
all of it, such as 1 - tanh(u)**2.  Whatever `matrix_form` returns was read back and proved equal.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sympy as sp
from sympy.matrices import expressions as mx
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.matexpr import MatrixElement

from gradproof.forms.arrays import Known
from gradproof.forms.walk import NoFormError, Value, Walk, in_order, is_symmetric, joint_labels
from gradproof.inverse import Determinant, InverseBase

__all__ = ["Matrices"]

_U = sp.Dummy("u")  # the entry that an applyfunc's Lambda is a function of
_ZERO, _ONE = sp.Integer(0), sp.Integer(1)


class Matrices:
    """The notation of SymPy's matrices; see `walk.Notation`.

    known: the arrays by name.  symmetric: the names of those that are assumed to be.  inverted: the matrices that
    have a name only because of their inverse or determinant.
    """

    walk: Walk

    def __init__(
        self, known: Mapping[str, Known], symmetric: Container[str], inverted: Mapping[str, sp.MatrixExpr]
    ) -> None:
        self.known, self.symmetric, self.inverted = known, symmetric, inverted
        self.same: set[sp.MatrixExpr] = set()  # matrices that are their own transposes

    # -- leaves -----------------------------------------------------------------------------
    def entry(self, e: sp.Indexed, labels: Sequence[sp.Basic]) -> Value:
        if tuple(e.indices) != tuple(labels) or not 1 <= len(labels) <= 2:
            raise NoFormError(f"{e} is not one entry for each row and column")
        matrix = self._matrix(e.base, tuple(self.walk.size(i) for i in labels))
        if len(set(labels)) < len(labels):
            return Value((labels[0],), mx.DiagonalOf(matrix))
        if is_symmetric(e, self.symmetric):
            self.same.add(matrix)
        return Value(tuple(labels), matrix)

    def _matrix(self, base: sp.IndexedBase, used: tuple[sp.Expr, ...]) -> sp.MatrixExpr:
        if isinstance(base, InverseBase):
            name = str(base.of.label)
            return sp.Inverse(self.inverted[name] if name in self.inverted else self._matrix(base.of, used))
        known = self.known.get(str(base.label))
        if known is None or known.shape != used:
            raise NoFormError(f"an index of {base} takes only some of the values of its axis")
        if set(used) == {_ONE}:
            raise NoFormError(f"{base} has one entry: SymPy's 1x1 matrices turn into scalars")
        return sp.MatrixSymbol(str(base.label), *(*used, _ONE)[:2])

    def scalar(self, e: sp.Expr) -> Value:
        if isinstance(e, Determinant):
            name, size = str(e.of.label), sp.expand(e.span[1] - e.span[0] + 1)
            return Value((), sp.Determinant(self.inverted.get(name, self._matrix(e.of, (size, size)))))
        if e.atoms(sp.Indexed) or not isinstance(e, (sp.Symbol, sp.Number, sp.NumberSymbol, sp.Add, sp.Mul, sp.Pow)):
            raise NoFormError(f"{e} is not a scalar")
        return Value((), e)

    def position(self, index: sp.Basic) -> Value:
        raise NoFormError(f"the index {index} stands as a number")

    def delta(self, labels: tuple[sp.Basic, sp.Basic]) -> Value:
        return Value(labels, sp.Identity(self.walk.size(labels[0])))

    def unit(self, index: sp.Basic, place: sp.Expr) -> Value:
        raise NoFormError(f"SymPy has no matrix that is 1 where {index} is {place}")

    # -- entry by entry ---------------------------------------------------------------------
    def added(self, values: Sequence[Value]) -> Value:
        labels = _labels(values, self.walk)
        number = sp.Add(*(v.data for v in values if not v.labels))
        if not labels:
            return Value((), number)
        terms = [self._stretched(v, labels) for v in values if 0 < len(v.labels) < len(labels)]
        groups: dict[sp.MatrixExpr, list[tuple[sp.Expr, bool]]] = {}
        for v in values:
            if len(v.labels) == len(labels):
                for factor, base in _terms(self._turned(v, labels)):
                    template, unit = _template(base)
                    groups.setdefault(unit, []).append((factor * template, isinstance(base, ElementwiseApplyFunction)))
        for unit, templates in groups.items():
            if any(applied for _, applied in templates):  # c + f(M) + g(M) is one function of M, entry by entry
                terms.append(_apply(sp.Add(number, *(t for t, _ in templates)), unit))
                number = _ZERO
            else:
                terms += [_power_or_function(t, unit) for t in sp.Add.make_args(sp.Add(*(t for t, _ in templates)))]
        if number != 0:
            terms.append(self._stretched(Value((), number), labels))
        return Value(labels, terms[0] if len(terms) == 1 else mx.MatAdd(*terms))

    def multiplied(self, values: Sequence[Value]) -> Value:
        labels = _labels(values, self.walk)
        number = sp.Mul(*(v.data for v in values if not v.labels))
        vectors = {i: self._hadamard([v for v in values if v.labels == (i,)], (i,)) for i in labels}
        full = self._hadamard([v for v in values if len(v.labels) == 2], labels)
        if len(labels) < 2:
            result = vectors[labels[0]] if labels else _ONE
            return Value(labels, _scaled(number, result))
        row, column = (vectors[i] for i in labels)
        sides = [v for v in (row, column) if v is not None]
        if full is None:
            (first, left), (second, right) = _split(row), _split(column)
            return Value(labels, _scaled(number * first * second, _product(left, self._transposed(right))))
        if isinstance(full, sp.Identity) and sides:
            diagonal = self._hadamard([Value(labels[:1], v) for v in sides], labels[:1])
            return Value(labels, _scaled(number, mx.DiagMatrix(diagonal)))
        before, after = ([] if v is None else [mx.DiagMatrix(v)] for v in (row, column))
        return Value(labels, _scaled(number, _product(*before, full, *after) if sides else full))

    def _hadamard(self, values: Sequence[Value], labels: tuple[sp.Basic, ...]) -> sp.MatrixExpr | None:
        """The product of arrays with the same axes; functions of one matrix are joined."""
        if not values:
            return None
        number: sp.Expr = _ONE
        groups: dict[sp.MatrixExpr, sp.Expr] = {}
        for v in values:
            factor, base = _split(self._turned(v, labels))
            number *= factor
            for part in base.args if isinstance(base, mx.HadamardProduct) else [base]:
                template, unit = _template(part)
                groups[unit] = groups.get(unit, _ONE) * template
        parts = [_power_or_function(t, u) for u, t in groups.items()]
        return _scaled(number, parts[0] if len(parts) == 1 else mx.HadamardProduct(*parts))

    def power(self, base: Value, exponent: sp.Expr) -> Value:
        power = self.walk.value(exponent)
        if power.labels:
            return self._joint(sp.Pow, [base, power])
        if not base.labels:
            return Value((), sp.Pow(base.data, power.data))
        number, matrix = _split(base.data)
        template, unit = _template(matrix)
        return Value(base.labels, _power_or_function(sp.Pow(number * template, power.data), unit))

    def function(self, e: sp.Basic, values: Sequence[Value]) -> Value:
        return self._joint(lambda *args: e.func(*args), values)

    def _joint(self, function: Any, values: Sequence[Value]) -> Value:
        """A function of several values that are functions of one matrix."""
        labels = _labels(values, self.walk)
        if not labels:
            return Value((), function(*(v.data for v in values)))
        parts = [self._as_applied(v, labels) for v in values]
        units = {p[1] for p in parts if p is not None and p[1] is not None}
        if any(p is None for p in parts) or len(units) != 1:
            raise NoFormError("a function of several matrices")
        return Value(labels, _apply(function(*(p[0] for p in parts if p is not None)), units.pop()))

    def _as_applied(self, value: Value, labels: tuple[sp.Basic, ...]) -> tuple[sp.Expr, sp.MatrixExpr | None] | None:
        """(template, matrix) of a value on all of the axes, or of a scalar."""
        if not value.labels:
            return value.data, None
        if len(value.labels) != len(labels):
            return None
        number, base = _split(self._turned(value, labels))
        template, unit = _template(base)
        return number * template, unit

    def branches(self, pairs: Sequence[tuple[Value, Any]]) -> Value:
        try:
            return self._branches_of_one(pairs)
        except NoFormError:
            return self._branches_by_indicator(pairs)

    def _branches_of_one(self, pairs: Sequence[tuple[Value, Any]]) -> Value:
        flat = [v for value, c in pairs for v in ((value,) if c is True else (value, c[1], c[2]))]

        def function(*args: sp.Expr) -> sp.Expr:
            left, branches = list(args), []
            for _, c in pairs:
                value = left.pop(0)
                branches.append((value, True if c is True else c[0].func(left.pop(0), left.pop(0))))
            return sp.Piecewise(*branches)

        return self._joint(function, flat)

    def _branches_by_indicator(self, pairs: Sequence[tuple[Value, Any]]) -> Value:
        """[c]∘u + (1 − [c])∘v where the branches are not functions of the matrix in the condition."""
        (value, c), *rest = pairs
        if c is True:
            return value
        zero, one = Value((), _ZERO), Value((), _ONE)
        yes = self._joint(lambda a, b: sp.Piecewise((1, c[0].func(a, b)), (0, True)), c[1:])
        terms = [] if value.data == 0 else [self.multiplied([yes, value])]
        other = self.branches(rest) if rest else zero
        if other.data != 0:
            no = self.added([one, self.multiplied([Value((), sp.Integer(-1)), yes])])
            terms.append(self.multiplied([no, other]))
        return self.added(terms) if terms else zero

    # -- sums over indices ------------------------------------------------------------------
    def reduced(self, value: Value, index: sp.Basic) -> Value:
        number, base = _split(value.data)
        ones = sp.OneMatrix(self.walk.size(index), 1)
        rest = tuple(i for i in value.labels if i != index)
        if not rest:
            return Value((), number * _single(_product(self._transposed(ones), base)))
        return Value(rest, _scaled(number, _product(self._turned(replace(value, data=base), (*rest, index)), ones)))

    def matmul(self, a: Value, b: Value, index: sp.Basic) -> Value:
        a, b = in_order(a, b, index, self.walk)
        rows, columns = (tuple(i for i in v.labels if i != index) for v in (a, b))
        (number, first), (factor, second) = _split(a.data), _split(b.data)
        left = self._turned(replace(a, data=first), (*rows, index))
        right = self._turned(replace(b, data=second), (index, *columns))
        product = _product(self._transposed(left) if not rows else left, right)
        if not rows and not columns:
            return Value((), number * factor * _single(product))
        return Value((*rows, *columns), _scaled(number * factor, product))

    def total(self, value: Value) -> Value:
        number, base = _split(value.data)
        parts = list(base.args) if isinstance(base, mx.HadamardProduct) else [base]
        if parts == [base] and isinstance(base, mx.HadamardPower) and base.exp == 2:
            parts = [base.base, base.base]
        if len(parts) > 1:
            first, rest = parts[0], parts[1] if len(parts) == 2 else mx.HadamardProduct(*parts[1:])
            product = _product(self._transposed(first), rest)
            return Value((), number * (_single(product) if len(value.labels) == 1 else sp.Trace(product)))
        if isinstance(base, mx.DiagonalOf):
            return Value((), number * sp.Trace(base.arg))
        for index in value.labels[::-1]:
            value = self.reduced(value, index)
        return value

    def contracted(self, values: Sequence[Value], bound: Sequence[sp.Basic]) -> Value:
        raise NoFormError(f"the indices {tuple(bound)} join {len(values)} matrices")

    # -- shapes -----------------------------------------------------------------------------
    def _stretched(self, value: Value, labels: tuple[sp.Basic, ...]) -> sp.MatrixExpr:
        """The matrix on all of these axes."""
        sizes = [self.walk.size(i) for i in labels]
        if not value.labels:
            shape = (*sizes, _ONE)[:2]
            return sp.ZeroMatrix(*shape) if value.data == 0 else _scaled(value.data, sp.OneMatrix(*shape))
        if len(value.labels) == len(labels):
            return self._turned(value, labels)
        number, base = _split(value.data)
        if value.labels[0] == labels[0]:
            return _scaled(number, _product(base, sp.OneMatrix(1, sizes[1])))
        return _scaled(number, _product(sp.OneMatrix(sizes[0], 1), self._transposed(base)))

    def _turned(self, value: Value, labels: Sequence[sp.Basic]) -> sp.MatrixExpr:
        return value.data if value.labels == tuple(labels) else self._transposed(value.data)

    def _transposed(self, m: sp.MatrixExpr) -> sp.MatrixExpr:
        """The transpose; of a product, the transposes in the other order.  What stands as a unit stays one."""
        if m in self.same:
            return m
        match m:
            case sp.Transpose():
                return m.arg
            case sp.MatMul():
                number, factors = m.as_coeff_matrices()
                return _scaled(number, _product(*map(self._transposed, factors[::-1])))
            case sp.Identity() | mx.DiagMatrix():
                return m
            case sp.OneMatrix():
                return sp.OneMatrix(m.cols, m.rows)
        return sp.Transpose(m)

    def finished(self, value: Value, labels: tuple[sp.Basic, ...]) -> sp.Expr:
        """The matrix with these axes in this order."""
        return self._stretched(value, labels) if labels else value.data


def _labels(values: Sequence[Value], walk: Walk) -> tuple[sp.Basic, ...]:
    labels = joint_labels(values, walk)
    if len(labels) > 2:
        raise NoFormError("more than two indices")
    return labels


def _product(*factors: sp.MatrixExpr) -> sp.MatrixExpr:
    """A product of matrices without brackets."""
    return mx.MatMul(*(f for m in factors for f in (m.args if isinstance(m, sp.MatMul) else [m])))


def _single(product: sp.MatrixExpr) -> sp.Expr:
    """A 1x1 product as a scalar."""
    return MatrixElement(product, 0, 0)


def _split(m: sp.MatrixExpr) -> tuple[sp.Expr, sp.MatrixExpr]:
    """A matrix as (a scalar, the rest)."""
    if isinstance(m, sp.MatMul):
        number, rest = m.as_coeff_mmul()
        return number, rest.args[0] if isinstance(rest, sp.MatMul) and len(rest.args) == 1 else rest
    return _ONE, m


def _terms(m: sp.MatrixExpr) -> list[tuple[sp.Expr, sp.MatrixExpr]]:
    """The terms of a sum of matrices, each as (a scalar, the rest); a multiple of a sum is one term."""
    return [_split(t) for t in m.args] if isinstance(m, sp.MatAdd) else [_split(m)]


def _scaled(number: sp.Expr, m: sp.MatrixExpr) -> sp.MatrixExpr:
    if not isinstance(m, sp.MatrixExpr):
        return number * m
    inner, base = _split(m)
    number = number * inner
    if number == 1:
        return base
    return mx.MatMul(number, *(base.args if isinstance(base, sp.MatMul) else [base]))


def _template(m: sp.MatrixExpr) -> tuple[sp.Expr, sp.MatrixExpr]:
    """A matrix as a function of the entries of another."""
    if isinstance(m, ElementwiseApplyFunction):
        return m.function.expr, m.expr
    if isinstance(m, mx.HadamardPower) and not isinstance(m.exp, sp.MatrixExpr):
        return _U**m.exp, m.base
    return _U, m


def _apply(template: sp.Expr, unit: sp.MatrixExpr) -> sp.MatrixExpr:
    if template == _U:
        return unit
    return ElementwiseApplyFunction(sp.Lambda(_U, template), unit)


def _power_or_function(template: sp.Expr, unit: sp.MatrixExpr) -> sp.MatrixExpr:
    """Powers stay powers: M∘M, M^∘-1."""
    number, rest = template.as_independent(_U, as_Add=False)
    if rest == _U:
        return _scaled(number, unit)
    if isinstance(rest, sp.Pow) and rest.base == _U and not rest.exp.has(_U):
        return _scaled(number, mx.HadamardPower(unit, rest.exp))
    return _apply(template, unit)
