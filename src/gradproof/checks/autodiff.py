"""Automatic differentiation beside the derived gradient: the loss as array code, differentiated by JAX or PyTorch.

At several sizes the loss is evaluated on arrays of doubles (arrays.py) and differentiated by the library; each
entry of the derived gradient, computed with 50 digits, must agree to 10⁻¹² of the largest one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import sympy as sp
from mpmath import mp

from gradproof.arithmetic import Digits
from gradproof.assumptions import read_assumptions
from gradproof.checks.arrays import ArrayCode, Library, UnsupportedError
from gradproof.checks.remainder import Moved, entries
from gradproof.derivation import Derivation, axis_bounds
from gradproof.lines import head
from gradproof.notation import read
from gradproof.points import Point, points
from gradproof.values import UndefinedError, evaluate
from gradproof.verdict import Evidence

__all__ = ["LIBRARIES", "Compared", "autodiff_evidence", "compared"]

TOLERANCE = 1e-12  # of the gradient's largest entry
_DIGITS = 50
_POINTS = 3
_LARGE = 2  # a larger number saturates tanh and its like, of which doubles then keep few digits
_SMALL = 1e-6  # a gradient whose largest entry is less tells nothing


class Jax:
    """JAX on the CPU, with doubles."""

    name = "JAX"

    def __init__(self) -> None:
        self.jax = import_module("jax")
        self.jnp = import_module("jax.numpy")
        self.erf = {"erf": import_module("jax.scipy.special").erf, "erfc": import_module("jax.scipy.special").erfc}

    def array(self, numbers: Any) -> Any:
        return self.jnp.asarray(numbers, dtype=float)

    def call(self, function: str, *args: Any) -> Any:
        if function == "sum":
            return self.jnp.sum(args[0], axis=-1)
        module, _, name = function.rpartition(".")
        return (self.erf.get(name) or getattr(self.jnp.linalg if module else self.jnp, name))(*args)

    def slope(self, loss: Callable[[Any], Any], at: Any) -> Any:
        with self.jax.enable_x64(True):
            return np.asarray(self.jax.grad(lambda u: self.jnp.reshape(loss(u), ()))(self.jnp.asarray(at, dtype=float)))


class Torch:
    """PyTorch on the CPU, with doubles."""

    name = "PyTorch"

    def __init__(self) -> None:
        self.torch = import_module("torch")

    def array(self, numbers: Any) -> Any:
        return self.torch.as_tensor(numbers, dtype=self.torch.float64)

    def call(self, function: str, *args: Any) -> Any:
        if function == "sum":
            return args[0].sum(-1)
        module, _, name = function.rpartition(".")
        tensors = [a if self.torch.is_tensor(a) else self.torch.as_tensor(a) for a in args]
        doubles = [t if t.dtype == self.torch.bool else t.to(self.torch.float64) for t in tensors]
        return getattr(self.torch.linalg if module else self.torch, name)(*doubles)

    def slope(self, loss: Callable[[Any], Any], at: Any) -> Any:
        leaf = self.torch.tensor(at, dtype=self.torch.float64, requires_grad=True)
        loss(leaf).reshape(()).backward()
        return leaf.grad.numpy()


LIBRARIES: Mapping[str, type[Library]] = {"jax": Jax, "torch": Torch}


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


def compared(derivation: Derivation, library: Library, gradient: Any = None, count: int = _POINTS) -> list[Compared]:
    """The derivation's result, or another `gradient` of its loss, beside the library's, at points of several sizes."""
    loss, wrt = read(derivation.loss), read(derivation.wrt)
    claim = read(derivation.result if gradient is None else gradient, "the gradient")
    definitions = [sp.Eq(d.lhs, read(d.rhs), evaluate=False) for d in derivation.definitions]
    bodies = [loss, *(d.rhs for d in definitions)]
    bounds = axis_bounds(bodies, wrt)
    found: list[Compared] = []
    with mp.workdps(_DIGITS):
        for point in points([claim, wrt, *bodies], read_assumptions(derivation.assumptions), (), bounds):
            sizes = {str(s): n for s, n in point.sizes.items()}
            if sizes and any(other.sizes == sizes for other in found):
                continue
            try:
                comparison = _Comparison(loss, wrt, claim, definitions, point, library)
                gap = comparison.gap(dict(entries(wrt, bounds, point, loss)))
            except UndefinedError:
                continue
            except UnsupportedError as error:
                return [Compared(sizes, None, str(error))]
            if gap is None:
                continue
            found.append(Compared(sizes, gap if np.isfinite(gap) else None, "" if np.isfinite(gap) else "no number"))
            if len(found) == count:
                break
    return found


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


class _Comparison:
    """One loss at one point."""

    def __init__(
        self, loss: sp.Expr, wrt: sp.Expr, claim: sp.Expr, definitions: Sequence[sp.Eq], point: Point, library: Library
    ) -> None:
        self.loss, self.wrt, self.claim, self.definitions = loss, wrt, claim, definitions
        self.point, self.library, self.scene = point, library, _Seen(point, wrt, definitions)

    def gap(self, places: Mapping[tuple[int, ...], Mapping[sp.Basic, int]]) -> float | None:
        """The largest difference of an entry, over the largest entry; None where doubles tell nothing."""
        evaluate(self.loss, self.scene, Digits(_DIGITS), off_kinks=True)
        if any(abs(v) > _LARGE for name, used in self.scene.used.items() if not name.is_integer for v in used.values()):
            return None
        for name in {s for e in (self.loss, *(d.rhs for d in self.definitions)) for s in e.free_symbols}:
            if isinstance(name, sp.Symbol) and not name.is_integer and name not in self.scene.definitions:
                self.scene.symbol(name)  # of a branch that is not taken
        leaves = {name: _filled(used) for name, used in self.scene.used.items()}
        mine = {i: float(evaluate(self.claim, self.scene, Digits(_DIGITS), env=env)) for i, env in places.items()}
        name = head(self.wrt)
        if name not in leaves:  # the loss does not change with it
            return None if not any(mine.values()) else 1.0
        at, starts = leaves[name]
        free = {i: int(self.point.symbol(i)) for i in self.loss.free_symbols if isinstance(i, sp.Idx)}

        def loss(leaf: Any) -> Any:
            known = {**leaves, name: (leaf, starts)}
            code = ArrayCode(self.library, known, self.definitions, self.point.functions)
            return code.value(self.loss, free)

        slopes = self.library.slope(loss, at)
        theirs = {i: self._entry(slopes, starts, i) for i in mine}
        largest = max([abs(v) for v in (*mine.values(), *theirs.values())], default=0.0)
        return max(abs(mine[i] - theirs[i]) for i in mine) / largest if not largest < _SMALL else None

    @staticmethod
    def _entry(slopes: Any, starts: Sequence[int], index: tuple[int, ...]) -> float:
        at = tuple(i - start for i, start in zip(index, starts, strict=True))
        inside = all(0 <= i < n for i, n in zip(at, slopes.shape, strict=True))
        return float(slopes[at]) if inside else 0.0


def _filled(used: Mapping[tuple[int, ...], Any]) -> tuple[Any, tuple[int, ...]]:
    """An array that holds the entries that are used, and the first index of each axis; 1 where none is used."""
    axes = list(zip(*used, strict=True))
    starts = tuple(map(min, axes))
    array = np.ones([max(a) - lo + 1 for a, lo in zip(axes, starts, strict=True)])
    for index, value in used.items():
        array[tuple(i - lo for i, lo in zip(index, starts, strict=True))] = float(value)
    return array, starts


def autodiff_evidence(derivation: Derivation, library: str = "jax") -> Evidence:
    """Whether a library's gradient agrees, as evidence; missing where the library or a point is."""
    try:
        made = LIBRARIES[library]()
    except ImportError:
        return Evidence("autodiff", "missing", f"{library} is not installed", f"{library}'s automatic differentiation")
    rests = f"{made.name}'s automatic differentiation of array code, in doubles"
    found = compared(derivation, made)
    unsupported = next((c.says for c in found if c.gap is None), "" if found else "no point was found")
    if unsupported:
        return Evidence("autodiff", "missing", unsupported, rests)
    worst = max(c.gap or 0.0 for c in found)
    says = f"{made.name}'s gradient agrees to {worst:.0e} of its largest entry, at {len(found)} sizes"
    if all(c.agrees for c in found):
        return Evidence("autodiff", "agrees", says, rests)
    apart = next(c for c in found if not c.agrees)
    return Evidence("autodiff", "disagrees", f"{made.name} differs by {apart.gap:.1e} at {dict(apart.sizes)}", rests)
