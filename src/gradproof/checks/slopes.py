"""A claimed gradient beside the slopes of the loss as array code, which a library takes in doubles.

At several sizes the loss is evaluated on arrays (arrays.py) and its slopes are taken by the library: JAX or PyTorch
(autodiff.py), or NumPy by a complex step (complex_step.py).  Each entry of the claim, computed with 50 digits, must
agree to 10⁻¹² of the largest one.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from mpmath import mp

from gradproof.arithmetic import Digits
from gradproof.assumptions import read_assumptions
from gradproof.checks.arrays import ArrayCode, Library, UnsupportedError
from gradproof.checks.remainder import Moved, enough, entries
from gradproof.derivation import Derivation, axis_bounds
from gradproof.lines import head
from gradproof.notation import read
from gradproof.points import Point, points
from gradproof.values import UndefinedError, evaluate, evaluate_each
from gradproof.verdict import Outcome

__all__ = ["ArraySlopes", "Compared", "summarised"]

TOLERANCE = 1e-12  # of the gradient's largest entry
_DIGITS = 50
_POINTS = 4
_LARGE = 2  # a larger number saturates tanh and its like, of which doubles then keep few digits
_SMALL = 1e-6  # a gradient whose largest entry is less tells nothing

Places = Mapping[tuple[int, ...], Mapping[sp.Basic, int]]


@dataclass(frozen=True)
class Compared:
    """One comparison: the largest difference over the gradient's largest entry, or why there is none."""

    sizes: Mapping[str, int]
    gap: float | None
    says: str = ""

    @property
    def agrees(self) -> bool:
        """Whether the two agree; a difference that is no number never does."""
        return self.gap is not None and self.gap <= TOLERANCE


def summarised(name: str, found: Sequence[Compared]) -> tuple[Outcome, str]:
    """What comparisons with the slopes of this name say together."""
    without = next((c.says for c in found if c.gap is None), "" if found else "no point was found")
    if without:
        return "missing", without
    apart = next((c for c in found if not c.agrees), None)
    if apart is not None:
        at = ", ".join(f"{size} = {n}" for size, n in apart.sizes.items())
        return "disagrees", f"{name} differs by {apart.gap:.1e} of the largest entry" + (f" at {at}" if at else "")
    worst = max(c.gap or 0.0 for c in found)
    different = len({tuple(c.sizes.items()) for c in found})
    where = f"{len(found)} points" + (f" of {different} sizes" if different > 1 else "")
    return "agrees", f"{name} agrees to {worst:.0e} of the largest entry, at {where}"


class ArraySlopes:
    """The slopes of a derivation's loss at points, which any claimed gradient can be compared with."""

    def __init__(self, derivation: Derivation, library: Library) -> None:
        self.library, self.result = library, derivation.closed
        self.loss, self.wrt = read(derivation.loss), read(derivation.wrt)
        self.definitions = [sp.Eq(d.lhs, read(d.rhs), evaluate=False) for d in derivation.definitions]
        self.assumptions = read_assumptions(derivation.assumptions)
        self._taken: Iterator[_AtPoint] = self._all()

    def compared(self, gradient: Any = None, count: int | None = None) -> list[Compared]:
        """The derivation's result, or another `gradient` of its loss, beside the slopes, at points of several sizes.

        The first point that disagrees ends it; without a count there are more of them where something branches.
        """
        claim = read(self.result if gradient is None else gradient, "the gradient")
        count = enough(count, _POINTS, self.loss, claim, *(d.rhs for d in self.definitions))
        found: list[Compared] = []
        self._taken, taken = itertools.tee(self._taken)
        try:
            for at in taken:
                gap = at.gap(claim)
                if gap is not None:
                    known = math.isfinite(gap)
                    found.append(Compared(at.sizes, gap if known else None, "" if known else "no number"))
                if len(found) == count or (found and not found[-1].agrees):
                    break
        except UnsupportedError as error:
            return [Compared({}, None, str(error))]
        return found

    def _all(self) -> Iterator[_AtPoint]:
        bodies = [self.loss, *(d.rhs for d in self.definitions)]
        bounds = axis_bounds(bodies, self.wrt)
        for point in points([self.wrt, *bodies], self.assumptions, (), bounds, varied=True):
            with mp.workdps(_DIGITS):
                try:
                    places = dict(entries(self.wrt, bounds, point, self.loss))
                    at = _AtPoint(self.loss, self.wrt, self.definitions, point, places)
                    usable = at.differentiate(self.library)
                except UndefinedError:
                    continue
            if usable:
                yield at


class _Seen(Moved):
    """A point that notes which numbers the loss is made of."""

    def __init__(self, point: Point, wrt: sp.Expr, definitions: Sequence[sp.Eq]) -> None:
        super().__init__(point, wrt, definitions)
        self.used: dict[sp.Basic, dict[tuple[int, ...], Any]] = {}

    def symbol(self, symbol: sp.Basic) -> Any:
        return self._noted(symbol, (), super().symbol(symbol))

    def entry(self, base: sp.IndexedBase, index: tuple[int, ...]) -> Any:
        return self._noted(base, index, super().entry(base, index))

    def _noted(self, name: sp.Basic, index: tuple[int, ...], value: Any) -> Any:
        if name not in self.definitions or name == head(self.wrt):
            self.used.setdefault(name, {})[index] = value
        return value


class _AtPoint:
    """One loss at one point, with its slopes."""

    def __init__(self, loss: sp.Expr, wrt: sp.Expr, definitions: Sequence[sp.Eq], point: Point, places: Places) -> None:
        self.loss, self.wrt, self.definitions, self.point, self.places = loss, wrt, definitions, point, places
        self.scene = _Seen(point, wrt, definitions)
        self.sizes = {str(s): n for s, n in point.sizes.items()}
        self.slopes: dict[tuple[int, ...], float] | None = None  # none where the loss does not change with wrt

    def differentiate(self, library: Library) -> bool:
        """Take the slopes; False where doubles would tell nothing."""
        evaluate(self.loss, self.scene, Digits(_DIGITS), off_kinks=True)
        if any(abs(v) > _LARGE for name, used in self.scene.used.items() if not name.is_integer for v in used.values()):
            return False
        for name in {s for e in (self.loss, *(d.rhs for d in self.definitions)) for s in e.free_symbols}:
            if isinstance(name, sp.Symbol) and not name.is_integer and name not in self.scene.definitions:
                self.scene.symbol(name)  # of a branch that is not taken
        leaves = {name: _filled(used, library) for name, used in self.scene.used.items()}
        name = head(self.wrt)
        if name not in leaves:
            return True
        at, starts = leaves[name]
        free = {i: int(self.point.symbol(i)) for i in self.loss.free_symbols if isinstance(i, sp.Idx)}

        def loss(leaf: Any) -> Any:
            known = {**leaves, name: (leaf, starts)}
            return ArrayCode(library, known, self.definitions, self.point.functions).value(self.loss, free)

        try:
            slopes = library.slope(loss, at)
        except ZeroDivisionError:  # in a branch that is not taken
            return False
        self.slopes = {i: self._entry(slopes, starts, i) for i in self.places}
        return True

    @staticmethod
    def _entry(slopes: Any, starts: Sequence[int], index: tuple[int, ...]) -> float:
        at = tuple(i - start for i, start in zip(index, starts, strict=True))
        inside = all(0 <= i < n for i, n in zip(at, slopes.shape, strict=True))
        return float(slopes[at]) if inside else 0.0

    def gap(self, claim: sp.Expr) -> float | None:
        """The largest difference of an entry, over the largest entry; None where it would tell nothing."""
        backend = Digits(_DIGITS)
        try:
            with mp.workdps(_DIGITS):
                values = evaluate_each(claim, self.scene, backend, [*self.places.values()])
                mine = dict(zip(self.places, map(float, values), strict=True))
        except UndefinedError:
            return None
        if self.slopes is None:
            return None if not any(mine.values()) else 1.0
        gaps = [abs(mine[i] - self.slopes[i]) for i in mine]
        if any(map(math.isnan, gaps)):
            return math.nan  # max() may pass over it
        largest = max([abs(v) for v in (*mine.values(), *self.slopes.values())], default=0.0)
        return max(gaps) / largest if not largest < _SMALL else None


def _filled(used: Mapping[tuple[int, ...], Any], library: Library) -> tuple[Any, tuple[int, ...]]:
    """An array that holds the entries that are used, and the first index of each axis; 1 where none is used."""
    axes = list(zip(*used, strict=True))
    starts = tuple(map(min, axes))
    numbers = {
        tuple(i - lo for i, lo in zip(index, starts, strict=True)): library.number(v) for index, v in used.items()
    }
    one = library.number(1)
    array = np.full([max(a) - lo + 1 for a, lo in zip(axes, starts, strict=True)], one, dtype=np.asarray(one).dtype)
    for place, value in numbers.items():
        array[place] = value
    return array, starts
