"""What a generated function should return: points that meet what is assumed, and values by array code of another make.

`ArrayCode` walks the formula as it was given, at an index for each axis; it has no matrix product, no adjoint, no
rewritten form.  The gradient is the closed result of the derivation, which other tests hold against the loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp

from gradproof import Program
from gradproof.assumptions import read_assumptions
from gradproof.checks.arrays import ArrayCode
from gradproof.checks.complex_step import ComplexStep
from gradproof.code.arguments import Argument
from gradproof.derivation import axis_bounds
from gradproof.forms.side_by_side import axes_of_result
from gradproof.inverse import arrays_in, matrix_of
from gradproof.notation import read
from gradproof.points import Point, points
from gradproof.values import UndefinedError, evaluate

__all__ = ["Oracle", "apart"]

Case = tuple[dict[str, Any], list[Any]]


def apart(one: Any, other: Any) -> float:
    """The largest difference over the largest entry, infinite for other shapes and for what is no number."""
    one, other = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    if one.shape != other.shape:
        return np.inf
    if not one.size:
        return 0.0
    gap = float(np.max(np.abs(one - other)) / max(1e-3, float(np.max(np.abs(other)))))
    return np.inf if np.isnan(gap) else gap


class Oracle:
    """Arguments for a program, and what it should return for them."""

    def __init__(self, program: Program) -> None:
        self.program, self.derivations = program, program.derivations
        first = self.derivations[0]
        self.loss = read(first.loss)
        self.definitions = [sp.Eq(d.lhs, read(d.rhs), evaluate=False) for d in first.definitions]
        bodies = [self.loss, *(d.rhs for d in self.definitions)]
        self.bases: dict[str, Any] = {s.name: s for e in bodies for s in e.free_symbols if isinstance(s, sp.Symbol)}
        self.bases |= {str(b.label): b for e in bodies for b in map(matrix_of, arrays_in(e))}

    def cases(self, count: int) -> list[Case]:
        """Arguments by name with the values there, at points of several sizes; fewer where less is defined."""
        found: list[Case] = []
        for point in self._points():
            try:
                given = {a.parameter: self._given(a, point) for a in self.program.arguments}
                with np.errstate(all="ignore"):
                    wanted = self.values(point, given)
            except (UndefinedError, ZeroDivisionError, np.linalg.LinAlgError):
                continue
            if all(np.isfinite(v).all() for v in wanted):
                found.append((given, wanted))
            if len(found) == count:
                break
        return found

    def _points(self) -> Iterator[Point]:
        bodies = [self.loss, *(d.rhs for d in self.definitions)]
        wrts = [d.wrt for d in self.derivations]
        bounds = {i: s for wrt in wrts for i, s in axis_bounds(bodies, wrt).items()}
        assumptions = [r for d in self.derivations for r in read_assumptions(d.assumptions)]
        return points([*wrts, *bodies], assumptions, (), bounds, varied=True)

    def _given(self, argument: Argument, point: Point) -> Any:
        if argument.is_size:
            return next(n for size, n in point.sizes.items() if str(size) == argument.name)
        base = self.bases[argument.name]
        if not argument.spans:
            return float(point.symbol(base))
        spans = [_range(span, point) for span in argument.spans]
        places = (tuple(s[n] for s, n in zip(spans, at, strict=True)) for at in np.ndindex(*map(len, spans)))
        numbers = [float(point.entry(base, place)) for place in places]
        return np.array(numbers, dtype=int if argument.whole else float).reshape([len(s) for s in spans])

    def values(self, point: Point, given: Mapping[str, Any]) -> list[Any]:
        """The loss and the gradients, entry by entry."""
        leaves: dict[sp.Basic, tuple[Any, Sequence[int]]] = {s: (np.float64(n), ()) for s, n in point.sizes.items()}
        for a in (a for a in self.program.arguments if not a.is_size):
            array = np.asarray(given[a.parameter], dtype=float)
            starts = [_range(span, point)[0] if len(_range(span, point)) else 1 for span in a.spans]
            leaves[self.bases[a.name]] = (array if a.spans else np.float64(array), starts)
        code = ArrayCode(ComplexStep(), leaves, self.definitions)
        first = self.derivations[0]
        found = [self._array(code, self.loss, *axes_of_result(first.loss, first.definitions), point)]
        for d in self.derivations:
            axes = axes_of_result(d.loss, d.definitions, d.wrt)
            found.append(self._array(code, read(d.closed), *axes, point))
        return found

    @staticmethod
    def _array(code: ArrayCode, e: sp.Expr, indices: Sequence[sp.Basic], spans: Any, point: Point) -> Any:
        axes = [_range(spans[i], point) for i in indices]
        grids = np.meshgrid(*map(np.array, axes), indexing="ij") if axes else []
        value = np.real(code.value(e, dict(zip(indices, grids, strict=True)), len(axes)))
        return np.broadcast_to(value, [len(axis) for axis in axes])


def _range(span: tuple[sp.Expr, sp.Expr], point: Point) -> range:
    lo, hi = (int(evaluate(read(end), point)) for end in span)
    return range(lo, hi + 1)
