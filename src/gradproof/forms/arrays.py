"""Symbolic arrays: axes, and a function from indices to an entry in index notation.

    X @ w  is  the array over (1..n) whose entry at i is  Sum(X[i, k]*w[k], (k, 1, d))

Products, traces, diagonals, transposes and sums over an axis are all `einsum`; everything else
is elementwise, with NumPy's broadcasting.  Entries are made afresh each time, with bound indices
that equal no others; `readable` gives them letters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from gradproof.lines import fresh, index_name, renamed, summed, times
from gradproof.notation import NotationError

__all__ = ["Array", "Axis", "Known", "Names", "einsum", "elementwise", "equal_sizes", "names_of", "readable", "scalar"]

_ONE = sp.Integer(1)
_LETTERS = "ijklpqrstuvghabcdefmnoxyzw"


@dataclass(frozen=True)
class Axis:
    """The indices lo..hi of one axis."""

    lo: sp.Expr
    hi: sp.Expr

    @property
    def size(self) -> sp.Expr:
        return sp.expand(self.hi - self.lo + 1)


@dataclass(frozen=True)
class Array:
    """axes: one for each dimension.  entry: the entry at given indices, one for each axis."""

    axes: tuple[Axis, ...]
    entry: Callable[..., sp.Expr]

    @property
    def shape(self) -> tuple[sp.Expr, ...]:
        return tuple(a.size for a in self.axes)

    def at(self, axes: Sequence[Axis], indices: Sequence[sp.Expr]) -> sp.Expr:
        """The entry where this array is stretched over `axes`, which end in its own."""
        own = []
        offset = len(axes) - len(self.axes)
        for here, there, index in zip(self.axes, axes[offset:], indices[offset:], strict=True):
            single = here.size == 1 and there.size != 1
            own.append(here.lo if single else index - there.lo + here.lo)
        return self.entry(*own)


@dataclass(frozen=True)
class Known:
    """An array of index notation, with the range of each axis."""

    base: sp.IndexedBase
    axes: tuple[Axis, ...]

    @property
    def shape(self) -> tuple[sp.Expr, ...]:
        return tuple(a.size for a in self.axes)

    @property
    def array(self) -> Array:
        return Array(self.axes, lambda *indices: self.base[indices])


def scalar(value: sp.Expr) -> Array:
    """A number as an array without axes."""
    return Array((), lambda: value)


def equal_sizes(a: sp.Expr, b: sp.Expr) -> bool:
    """Whether two sizes are one, whatever their symbols stand for."""
    return bool(sp.expand(a - b) == 0)


def elementwise(function: Callable[..., sp.Expr], *arrays: Array) -> Array:
    """function(entries) for each entry, under NumPy's broadcasting."""
    axes: list[Axis] = []
    for n in range(max(len(a.axes) for a in arrays)):
        there = [a.axes[-1 - n] for a in arrays if n < len(a.axes)]
        long = [a for a in there if a.size != 1]
        if any(not equal_sizes(a.size, long[0].size) for a in long):
            shapes = " and ".join(_shape_text(a.shape) for a in arrays)
            raise NotationError(f"the shapes {shapes} do not fit together")
        axes.append(_first(long or there))
    axes.reverse()
    return Array(tuple(axes), lambda *indices: function(*(a.at(axes, indices) for a in arrays)))


def _first(axes: Sequence[Axis]) -> Axis:
    """Of axes of one size, that which starts first: slices x[1:] and x[:-1] meet at the indices of x[:-1]."""
    chosen = axes[0]
    for a in axes[1:]:
        if (a.lo - chosen.lo).is_negative:
            chosen = a
    return chosen


def einsum(inputs: Sequence[Sequence[object]], output: Sequence[object], *arrays: Array) -> Array:
    """Sum products over every label that `output` lacks: A @ B has the labels ["ij", "jk"] and the output "ik"."""
    spans: dict[object, Axis] = {}
    for labels, array in zip(inputs, arrays, strict=True):
        if len(labels) != len(array.axes):
            raise NotationError(f"{len(labels)} indices for an array of shape {_shape_text(array.shape)}")
        for label, axis in zip(labels, array.axes, strict=True):
            if not equal_sizes(spans.setdefault(label, axis).size, axis.size):
                shapes = " and ".join(_shape_text(a.shape) for a in arrays)
                raise NotationError(f"the shapes {shapes} do not fit: {spans[label].size} against {axis.size}")
    if not set(output) <= spans.keys() or len(set(output)) != len(output):
        raise NotationError(f"the output indices {tuple(output)} are not distinct ones of the operands")
    bound = [label for label in spans if label not in output]

    def entry(*indices: sp.Expr) -> sp.Expr:
        here: dict[object, sp.Expr] = dict(zip(output, indices, strict=True))
        for label in bound:
            here[label] = spans[label].lo if spans[label].size == 1 else fresh(sp.Symbol("i", integer=True))
        factors = []
        for labels, array in zip(inputs, arrays, strict=True):
            own = [here[label] - spans[label].lo + axis.lo for label, axis in zip(labels, array.axes, strict=True)]
            factors.append(array.entry(*own))
        total = times(*factors)
        for label in reversed(bound):
            if spans[label].size != 1:
                total = summed(total, here[label], spans[label].lo, spans[label].hi)
        return total

    return Array(tuple(spans[label] for label in output), entry)


def _shape_text(shape: Sequence[sp.Expr]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


# -- letters ------------------------------------------------------------------------------
class Names:
    """Letters for indices: each range has its own, so that i always runs over the rows."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = set(taken)
        self.owned: dict[tuple[sp.Expr, sp.Expr], list[str]] = {}

    def letter(self, lo: sp.Expr, hi: sp.Expr, used: Iterable[str]) -> str:
        """A letter for an index over lo..hi that is not among `used`."""
        own = self.owned.setdefault((lo, hi), [])
        used = set(used)
        for name in own:
            if name not in used:
                return name
        others = {n for names in self.owned.values() for n in names} | self.taken | used
        pool = [*_LETTERS, *(f"i{n}" for n in range(1, len(others) + 2))]
        own.append(next(n for n in pool if n not in others))
        return own[-1]

    def index(self, lo: sp.Expr, hi: sp.Expr, used: Iterable[str] = ()) -> sp.Idx:
        return sp.Idx(self.letter(lo, hi, used), (lo, hi))


def names_of(*expressions: sp.Basic) -> set[str]:
    """The names that expressions use for anything but a bound index."""
    found: set[str] = set()
    for e in expressions:
        found |= {s.name for s in e.atoms(sp.Symbol) if not isinstance(s, sp.Dummy)}
        found |= {s.name for s in e.atoms(sp.MatrixSymbol)} | {index_name(i) for i in e.atoms(sp.Idx)}
    return found


def readable(e: sp.Basic, names: Names, env: Mapping[sp.Basic, sp.Basic] | None = None) -> sp.Basic:
    """`e` with a letter for each bound index that has none."""
    env = env or {}
    if e in env:
        return env[e]
    if isinstance(e, sp.Sum):
        ((index, lo, hi),) = e.limits
        named = names.index(lo, hi, [index_name(i) for i in env.values()])
        return summed(readable(e.function, names, {**env, index: named}), named, lo, hi)
    if not e.args:
        return e
    args = [readable(a, names, env) for a in e.args]
    return e if all(a is b for a, b in zip(args, e.args, strict=True)) else renamed(e, args)
