"""A formula as array code: an index is an axis, a sum adds along it, and an entry is looked up.

The code is the same for JAX and for PyTorch (`Library`): each evaluates it on arrays of doubles, and differentiates
what it did.  It shares nothing with values.py, which takes one number at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
import sympy as sp
from sympy.core.function import AppliedUndef

from gradproof.inverse import Determinant, InverseBase
from gradproof.lines import head

__all__ = ["ArrayCode", "Library", "UnsupportedError"]

#: functions whose name in the libraries is not SymPy's
_MADE: Mapping[str, Callable[[Any, Any], Any]] = {
    "sech": lambda call, u: 1 / call("cosh", u),
    "csch": lambda call, u: 1 / call("sinh", u),
    "coth": lambda call, u: 1 / call("tanh", u),
}
_RELATIONS: Mapping[type, str] = {
    sp.Gt: "__gt__", sp.Ge: "__ge__", sp.Lt: "__lt__", sp.Le: "__le__", sp.Eq: "__eq__", sp.Ne: "__ne__",
}  # fmt: skip

Env = Mapping[sp.Basic, Any]
Polynomials = Mapping[type, Mapping[tuple[int, ...], Fraction]]


class UnsupportedError(Exception):
    """The formula holds something that is not written as array code."""


class Library(Protocol):
    """What is asked of an array library."""

    name: str

    def number(self, value: Any) -> Any:
        """A fraction, or a number of mpmath's, as one of its numbers."""

    def array(self, numbers: Any) -> Any:
        """Numbers as one of its arrays."""

    def real(self, u: Any) -> Any:
        """What is compared where a formula branches."""

    def call(self, function: str, *args: Any) -> Any:
        """One of its functions, by NumPy's name, on its arrays or numbers."""

    def slope(self, loss: Callable[[Any], Any], at: Any) -> Any:
        """The gradient of a scalar function of one array, by automatic differentiation, as a NumPy array."""


class ArrayCode:
    """Formulas on arrays.

    leaves: name -> (array, the first index of each axis).  definitions: of the names that are no leaves.
    polynomials: what stands for each undefined function.

    Every array on the way is a number, or has one axis for each index that is open there, the outermost first.
    """

    def __init__(
        self,
        library: Library,
        leaves: Mapping[sp.Basic, tuple[Any, Sequence[int]]],
        definitions: Sequence[sp.Eq] = (),
        polynomials: Polynomials | None = None,
    ) -> None:
        self.call, self.array, self.number, self.real = library.call, library.array, library.number, library.real
        self.leaves, self.polynomials = leaves, polynomials or {}
        self.definitions = {head(d.lhs): d for d in definitions}

    def value(self, e: sp.Basic, env: Env, open_axes: int = 0) -> Any:
        """The formula, for all values of the open indices; `env` gives these as arrays of whole numbers."""
        if e in env:
            return self.array(_lifted(env[e], open_axes))
        match e:
            case sp.Rational():
                return self.number(Fraction(int(e.p), int(e.q)))
            case sp.core.numbers.Pi():
                return 4 * self.call("atan", self.number(Fraction(1)))
            case sp.core.numbers.Exp1():
                return self.call("exp", self.number(Fraction(1)))
            case sp.Symbol() | sp.Idx():
                return self._named(e, (), open_axes)
            case sp.Indexed() if isinstance(e.base, InverseBase):
                inverse = self.call("linalg.inv", self._matrix(e.base.of, e.base.span))
                start = self._whole(e.base.span[0], {}, 0)
                return inverse[tuple(self._whole(i, env, open_axes) - start for i in e.indices)]
            case Determinant():
                return self.call("linalg.det", self._matrix(e.of, e.span))
            case sp.Indexed():
                return self._named(e.base, tuple(self._whole(i, env, open_axes) for i in e.indices), open_axes)
            case sp.Sum():
                return self._sum(e, env, open_axes)
            case sp.Piecewise():
                return self._chosen(e, env, open_axes)
        args = [self.value(a, env, open_axes) for a in e.args]
        return self._applied(e, args)

    def _applied(self, e: sp.Basic, args: Sequence[Any]) -> Any:
        match e:
            case sp.Add():
                return sum(args[1:], args[0])
            case sp.Mul():
                return math.prod(args)
            case sp.Pow():
                return self.call("exp", args[1]) if e.args[0] == sp.E else args[0] ** args[1]
            case sp.KroneckerDelta():
                return self.call("where", args[0] == args[1], 1.0, 0.0)
            case sp.Max() | sp.Min():
                best = args[0]
                for other in args[1:]:
                    best = self.call("maximum" if isinstance(e, sp.Max) else "minimum", best, other)
                return best
            case sp.Heaviside():
                u = self.real(args[0])
                return self.call("where", u > 0, 1.0, self.call("where", u < 0, 0.0, args[1]))
            case AppliedUndef():
                terms = self.polynomials[e.func].items()
                return sum(self.number(c) * self._monomial(args, powers) for powers, c in terms)
            case sp.Function() if len(args) == 1:
                name = type(e).__name__.lower()
                made = _MADE.get(name)
                return made(self.call, args[0]) if made else self.call(name, args[0])
        raise UnsupportedError(f"{type(e).__name__} is not written as array code")

    @staticmethod
    def _monomial(args: Sequence[Any], powers: Sequence[int]) -> Any:
        return math.prod(u**n for u, n in zip(args, powers, strict=True))

    def _sum(self, e: sp.Sum, env: Env, open_axes: int) -> Any:
        """The summand with one more axis, the last, added up along it."""
        ((index, lo, hi),) = e.limits
        span = np.arange(self._whole(lo, env, 0), self._whole(hi, env, 0) + 1)
        along = span.reshape((1,) * open_axes + (len(span),))
        body = self.value(e.function, {**env, index: along}, open_axes + 1)
        if getattr(body, "ndim", 0) == 0:
            return body * len(span)
        count = len(span) if body.shape[-1] == 1 else 1
        return self.call("sum", body) * count

    def _named(self, name: sp.Basic, at: tuple[Any, ...], open_axes: int) -> Any:
        """An entry, looked up or computed by the name's definition."""
        if name in self.leaves:
            array, starts = self.leaves[name]
            array = self.array(array) if isinstance(array, np.ndarray) else array
            # an entry outside stands in a branch that is not taken: any number will do
            inside = (np.clip(i - lo, 0, n - 1) for i, lo, n in zip(at, starts, array.shape, strict=True))
            return array[tuple(inside)] if at else array
        if name not in self.definitions:
            raise UnsupportedError(f"{name} has no value")
        d = self.definitions[name]
        return self.value(d.rhs, dict(zip(getattr(d.lhs, "indices", ()), at, strict=True)), open_axes)

    def _matrix(self, of: sp.IndexedBase, span: tuple[sp.Expr, sp.Expr]) -> Any:
        first, last = (self._whole(end, {}, 0) for end in span)
        along = np.arange(first, last + 1)
        return self._named(of, (along.reshape(-1, 1), along.reshape(1, -1)), 2)

    def _chosen(self, e: sp.Piecewise, env: Env, open_axes: int) -> Any:
        chosen: Any = float("nan")
        for value, condition in reversed(e.args):
            chosen = self.call(
                "where", self._holds(condition, env, open_axes), self.value(value, env, open_axes), chosen
            )
        return chosen

    def _holds(self, c: sp.Basic, env: Env, open_axes: int) -> Any:
        if c in (sp.true, sp.false):
            return bool(c)
        if isinstance(c, (sp.And, sp.Or)):
            held = [self._holds(a, env, open_axes) for a in c.args]
            total = held[0]
            for one in held[1:]:
                total = total & one if isinstance(c, sp.And) else total | one
            return total
        if isinstance(c, sp.Not):
            return self._holds(c.args[0], env, open_axes) ^ True
        left, right = (self.value(side, env, open_axes) for side in c.args)
        return getattr(self.real(left - right), _RELATIONS[type(c)])(0.0)

    def _whole(self, e: sp.Basic, env: Env, open_axes: int) -> Any:
        """A whole number, or an array of them: an index, an end of a range, a label."""
        if e in env:
            return _lifted(env[e], open_axes)
        match e:
            case sp.Integer():
                return int(e)
            case sp.Add():
                return sum(self._whole(a, env, open_axes) for a in e.args)
            case sp.Mul():
                return math.prod(self._whole(a, env, open_axes) for a in e.args)
            case sp.Symbol() | sp.Idx() | sp.Indexed():
                found = np.rint(np.asarray(self.value(e, env, open_axes), dtype=float)).astype(int)
                return found if found.ndim else int(found)
        raise UnsupportedError(f"the index {e} is not written as array code")


def _lifted(index: Any, axes: int) -> Any:
    """An index with axes of length 1 for what was opened after it."""
    return index if np.ndim(index) == 0 else index.reshape(index.shape + (1,) * (axes - index.ndim))
