"""Reading SymPy's matrices: a MatrixExpr becomes a symbolic array, and so index notation.

A `MatrixSymbol` X of shape (n, m) is the array X[i, j] with i in 1..n and j in 1..m; a row or a
column is an array with one index; a 1x1 matrix is a scalar.  SymPy counts from 0 in X[0, 1];
index notation from 1, so that is X[1, 2].  A size that is a bare symbol is read as a positive
integer, since that is all that it can be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sympy as sp
from sympy.matrices import expressions as mx
from sympy.matrices.expressions.matexpr import MatrixElement

from gradproof.forms.arrays import Array, Axis, Known, einsum, elementwise, equal_sizes, scalar
from gradproof.forms.inverses import Inverses
from gradproof.lines import fresh, rebuilt, replaced, summed
from gradproof.notation import NotationError, has_matrices

__all__ = ["MatrixReader"]

_ONE = sp.Integer(1)
_POINT = Axis(_ONE, _ONE)
_Env = Mapping[sp.Basic, sp.Expr]


class MatrixReader:
    """Reads several expressions that share their matrices and sizes; `known` arrays keep their ranges.

    Raises NotationError, naming the product or sum, where shapes do not fit.
    """

    def __init__(self, inverses: Inverses, known: Mapping[str, Known] | None = None) -> None:
        self.sizes: dict[str, sp.Symbol] = {}
        self.shapes: dict[str, tuple[sp.Expr, sp.Expr]] = {}
        self.inverses, self.known = inverses, known or {}

    def note(self, expressions: Iterable[sp.Basic]) -> None:
        """Take in the sizes and shapes of all matrices of some expressions, before any is read."""
        parts = [p for e in expressions for p in sp.preorder_traversal(e)]
        for part in parts:
            if isinstance(part, (sp.MatrixSymbol, sp.Identity, sp.OneMatrix, sp.ZeroMatrix)):
                for size in part.shape:
                    self._note_sizes(size, part)
        for part in parts:
            if isinstance(part, sp.MatrixSymbol):
                shape = tuple(map(self.size, part.shape))
                if self.shapes.setdefault(part.name, shape) != shape:
                    old = self.shapes[part.name]
                    raise NotationError(
                        f"{part.name} has two shapes: {old[0]} by {old[1]}, and {shape[0]} by {shape[1]}"
                    )

    # -- sizes ----------------------------------------------------------------------------
    def _note_sizes(self, size: sp.Expr, matrix: sp.Basic) -> None:
        for s in size.free_symbols:
            if s.is_integer is False or s.is_positive is False:
                raise NotationError(f"the size {s} of {matrix} is not declared a positive integer")
            self.sizes[s.name] = sp.Symbol(s.name, integer=True, positive=True)

    def size(self, size: sp.Expr) -> sp.Expr:
        return replaced(size, {s: self.sizes[s.name] for s in size.free_symbols if s.name in self.sizes})

    def _symbol(self, s: sp.Basic) -> sp.Basic:
        """A size where it stands as a number."""
        if isinstance(s, sp.Idx):
            return sp.Idx(s.label, tuple(map(self.size, s.args[1]))) if len(s.args) > 1 else s
        return s if isinstance(s, sp.Dummy) else self.sizes.get(s.name, s)

    # -- scalars --------------------------------------------------------------------------
    def scalar(self, e: Any, env: _Env | None = None) -> Any:
        """A scalar in index notation; its matrices become entries."""
        env = env or {}
        if e in env:
            return env[e]
        match e:
            case sp.MatrixExpr() | sp.MatrixBase():
                return self._single(self.array(e, env), f"{e} stands where a scalar is needed, but it")
            case MatrixElement():
                return self._element(e, env)
            case sp.Sum():
                return self._sum(e, env)
            case sp.Trace():
                m = self.array(e.arg, env)
                self._square(m, e)
                return einsum(["ii"], "", m).entry()
            case sp.Determinant():
                return self._determinant(e.arg, env)
            case sp.DotProduct():
                return self._dot(e, env)
            case sp.Idx() | sp.Symbol():
                return self._symbol(e)
            case sp.Function() if has_matrices(*e.args):
                return e.func(*(self._argument(a, e, env) for a in e.args))
        if not isinstance(e, sp.Basic) or not e.args or isinstance(e, sp.IndexedBase):
            return e
        args = [self.scalar(a, env) for a in e.args]
        return e if all(a is b for a, b in zip(args, e.args, strict=True)) else rebuilt(e, args)

    def _argument(self, a: sp.Basic, function: sp.Basic, env: _Env) -> Any:
        what = f"{function} is a function of a matrix; for each entry write {a}.applyfunc({type(function).__name__}):"
        return self._single(self.array(a, env), f"{what} {a}") if isinstance(a, sp.MatrixExpr) else self.scalar(a, env)

    @staticmethod
    def _single(m: Array, what: str) -> sp.Expr:
        if any(size != 1 for size in m.shape):
            raise NotationError(f"{what} is {_by(m)}")
        return m.entry(*(a.lo for a in m.axes))

    def _element(self, e: MatrixElement, env: _Env) -> sp.Expr:
        m = self.array(e.args[0], env)
        indices = [self.scalar(i, env) + 1 for i in e.args[1:]]
        for index, size, given in zip(indices, m.shape, e.args[1:], strict=True):
            if index.is_Integer and (index < 1 or (size.is_Integer and index > size)):
                raise NotationError(
                    f"the index {given} of {e} is out of range: {e.args[0]} is {_by(m)}, counted from 0"
                )
        return m.entry(*indices)

    def _sum(self, e: sp.Sum, env: _Env) -> sp.Expr:
        """A sum whose index counts a matrix's entries from 0 counts them from 1."""
        counted = {s for x in e.function.atoms(MatrixElement) for i in x.args[1:] for s in i.free_symbols}
        inner, opened = dict(env), []
        for limit in reversed(e.limits):
            index = limit[0]
            if len(limit) != 3:
                raise NotationError(f"{index} has no range in {e}; give it one, such as Sum(..., (i, 0, n - 1))")
            lo, hi = (self.scalar(x, env) for x in limit[1:])
            shift = 1 if index in counted or getattr(index, "label", index) in counted else 0
            dummy = fresh(index)
            inner[index] = dummy - shift
            if isinstance(index, sp.Idx):
                inner[index.label] = dummy - shift
            opened.append((dummy, lo + shift, hi + shift))
        total = self.scalar(e.function, inner)
        for dummy, lo, hi in reversed(opened):
            total = summed(total, dummy, lo, hi)
        return total

    def _determinant(self, m: sp.Basic, env: _Env) -> sp.Expr:
        match m:
            case sp.Transpose():
                return self._determinant(m.arg, env)
            case sp.MatMul() if all(f.is_square for f in m.as_coeff_matrices()[1]):
                number, factors = m.as_coeff_matrices()
                size = self.array(factors[0], env).shape[0]
                return sp.Mul(self.scalar(number, env) ** size, *(self._determinant(f, env) for f in factors))
            case sp.Inverse():
                return 1 / self._determinant(m.arg, env)
            case sp.MatPow() if m.exp.is_Integer:
                return self._determinant(m.base, env) ** m.exp
        array = self.array(m, env)
        self._square(array, sp.Determinant(m))
        return array.entry(*(a.lo for a in array.axes)) if array.shape[0] == 1 else self.inverses.determinant(array)

    def _dot(self, e: sp.DotProduct, env: _Env) -> sp.Expr:
        first, second = (self.array(a, env) for a in e.args)
        vectors = [einsum(["ij"], "j" if m.shape[0] == 1 else "i", m) for m in (first, second) if 1 in m.shape]
        if len(vectors) != 2 or not equal_sizes(vectors[0].shape[0], vectors[1].shape[0]):
            raise NotationError(f"{e} needs two vectors of one length: {_by(first)} and {_by(second)}")
        return einsum(["i", "i"], "", *vectors).entry()

    # -- matrices -------------------------------------------------------------------------
    def array(self, m: Any, env: _Env | None = None) -> Array:
        """A matrix as a symbolic array with two axes."""
        env = env or {}
        match m:
            case sp.MatrixSymbol():
                return self._named(m)
            case sp.MatrixBase():
                return self._explicit(m, env)
            case sp.Identity() | sp.OneMatrix() | sp.ZeroMatrix():
                axes = tuple(Axis(_ONE, self.size(s)) for s in m.shape)
                values = {sp.Identity: sp.KroneckerDelta, sp.OneMatrix: lambda *_: _ONE}
                return Array(axes, values.get(type(m), lambda *_: sp.Integer(0)))
            case sp.MatAdd():
                return self._added(m, env)
            case sp.MatMul():
                return self._multiplied(m, env)
            case sp.Inverse():
                return self._inverted(m.arg, env)
            case sp.MatPow():
                return self._power(m, env)
            case sp.Transpose() | mx.Adjoint():
                return _transposed(self.array(m.arg, env))
            case mx.HadamardProduct():
                return self._elementwise(m, sp.Mul, [self.array(a, env) for a in m.args])
            case mx.HadamardPower():
                base, exponent = (
                    self.array(a, env) if has_matrices(a) else scalar(self.scalar(a, env)) for a in m.args
                )
                return self._elementwise(m, sp.Pow, [base, exponent])
            case mx.applyfunc.ElementwiseApplyFunction():
                (variable,), body = m.function.variables, self.scalar(m.function.expr, env)
                return elementwise(lambda u: replaced(body, {variable: u}), self.array(m.expr, env))
            case mx.DiagMatrix() | mx.DiagonalMatrix() | mx.DiagonalOf():
                return self._diagonal(m, env)
            case mx.FunctionMatrix():
                axes = tuple(Axis(_ONE, self.size(s)) for s in m.shape)
                (row, column), body = m.lamda.variables, m.lamda.expr
                return Array(axes, lambda i, j: self.scalar(body, {**env, row: i - 1, column: j - 1}))
        raise NotationError(
            f"{m} ({type(m).__name__}) is not understood; accepted are matrix symbols, products, sums, transposes, powers,"
            " inverses, Hadamard products and powers, applyfunc, diagonals, Identity, OneMatrix and ZeroMatrix"
        )

    def _named(self, m: sp.MatrixSymbol) -> Array:
        shape = self.shapes[m.name]
        if m.name in self.known:
            known = self.known[m.name]
            base, (rows, *columns) = known.base, known.axes
            axes = (rows, columns[0] if columns else _POINT)
        else:
            base, axes = sp.IndexedBase(m.name), (Axis(_ONE, shape[0]), Axis(_ONE, shape[1]))
        if shape == (1, 1):
            return Array(axes, lambda *_: sp.Symbol(m.name))
        if 1 in shape:
            return Array(axes, (lambda _, j: base[j]) if shape[0] == 1 else (lambda i, _: base[i]))
        return Array(axes, lambda i, j: base[i, j])

    def _explicit(self, m: sp.MatrixBase, env: _Env) -> Array:
        """A matrix of given entries: that of the row and column where the deltas are 1."""
        values = {(r + 1, c + 1): self.scalar(m[r, c], env) for r in range(m.rows) for c in range(m.cols)}
        delta = sp.KroneckerDelta
        axes = (Axis(_ONE, sp.Integer(m.rows)), Axis(_ONE, sp.Integer(m.cols)))
        return Array(axes, lambda i, j: sp.Add(*(v * delta(i, r) * delta(j, c) for (r, c), v in values.items())))

    def _elementwise(self, m: sp.Basic, function: Callable[..., sp.Expr], parts: Sequence[Array]) -> Array:
        full = [p for p in parts if p.axes]
        for p in full[1:]:
            if not _same_shape(p, full[0]):
                raise NotationError(f"the shapes in {m} do not fit: {_by(full[0])} and {_by(p)}")
        return elementwise(function, *parts)

    def _added(self, m: sp.MatAdd, env: _Env) -> Array:
        return self._elementwise(m, sp.Add, [self.array(a, env) for a in m.args])

    def _multiplied(self, m: sp.MatMul, env: _Env) -> Array:
        """A product; neighbours that fit are multiplied, what comes to 1x1 elsewhere is a scalar factor."""
        factors = [self.scalar(a, env) for a in m.args if not isinstance(a, (sp.MatrixExpr, sp.MatrixBase))]
        waiting: list[tuple[Array, sp.Basic, sp.Basic]] = []  # with the first and the last of what was multiplied
        for part in m.args:
            if not isinstance(part, (sp.MatrixExpr, sp.MatrixBase)):
                continue
            waiting.append((self.array(part, env), part, part))
            while len(waiting) > 1:
                (left, first, _), (right, _, last) = waiting[-2:]
                if equal_sizes(left.shape[1], right.shape[0]):
                    waiting[-2:] = [(einsum(["ij", "jk"], "ik", left, right), first, last)]
                elif (1, 1) in (left.shape, right.shape):
                    factors.append(self._single(waiting.pop(-1 if right.shape == (1, 1) else -2)[0], str(m)))
                else:
                    break
        if len(waiting) > 1:
            (left, _, last), (right, first, _) = waiting[:2]
            raise NotationError(
                f"the product {m} does not fit: {last} has {left.shape[1]} columns, {first} has {right.shape[0]} rows"
            )
        number, product = sp.Mul(*factors), waiting[0][0]
        return product if number == 1 else elementwise(lambda u: sp.Mul(number, u), product)

    def _power(self, m: sp.MatPow, env: _Env) -> Array:
        base = self.array(m.base, env)
        if base.shape == (1, 1):
            return elementwise(lambda u: sp.Pow(u, self.scalar(m.exp, env)), base)
        self._square(base, m)
        if not m.exp.is_Integer:
            raise NotationError(f"the power {m} of a matrix is accepted only for a whole number, not for {m.exp}")
        if m.exp < 0:
            base = self._inverted(m.base, env)
        if m.exp == 0:
            return Array(base.axes, sp.KroneckerDelta)
        result = base
        for _ in range(abs(int(m.exp)) - 1):
            result = einsum(["ij", "jk"], "ik", result, base)
        return result

    def _inverted(self, m: sp.Basic, env: _Env) -> Array:
        match m:
            case sp.Transpose():
                return _transposed(self._inverted(m.arg, env))
            case sp.Inverse():
                return self.array(m.arg, env)
            case sp.MatMul() if all(f.is_square for f in m.as_coeff_matrices()[1]):
                number, factors = m.as_coeff_matrices()
                result = self._inverted(factors[-1], env)
                for f in reversed(factors[:-1]):
                    result = einsum(["ij", "jk"], "ik", result, self._inverted(f, env))
                divisor = self.scalar(number, env)
                return elementwise(lambda u: u / divisor, result)
        array = self.array(m, env)
        self._square(array, sp.Inverse(m) if getattr(m, "is_square", None) else m)
        return elementwise(lambda u: 1 / u, array) if array.shape[0] == 1 else self.inverses.inverse(array)

    def _diagonal(self, m: Any, env: _Env) -> Array:
        inner = self.array(m.arg if not isinstance(m, mx.DiagMatrix) else m.args[0], env)
        if isinstance(m, mx.DiagMatrix) and 1 in inner.shape:
            vector = einsum(["ij"], "j" if inner.shape[0] == 1 else "i", inner)
            (axis,) = vector.axes
            return Array((axis, axis), lambda i, j: sp.KroneckerDelta(i, j) * vector.entry(i))
        self._square(inner, m)
        if isinstance(m, mx.DiagonalOf):
            return Array((inner.axes[0], _POINT), lambda i, _: inner.entry(i, i))
        return Array(inner.axes, lambda i, j: sp.KroneckerDelta(i, j) * inner.entry(i, j))

    @staticmethod
    def _square(m: Array, what: sp.Basic) -> None:
        if not equal_sizes(*m.shape):
            raise NotationError(f"{what} needs a square matrix, not one that is {_by(m)}")


def _transposed(m: Array) -> Array:
    return einsum(["ij"], "ji", m)


def _same_shape(a: Array, b: Array) -> bool:
    return all(equal_sizes(x, y) for x, y in zip(a.shape, b.shape, strict=True))


def _by(m: Array) -> str:
    return " by ".join(map(str, m.shape))
