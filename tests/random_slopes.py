"""Slopes of random losses, with nothing of gradproof: by JAX, and by differences with 150 digits."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from mpmath import mp

from random_points import Key, Scene
from random_values import DIGITS, Digits, Values, heading

try:
    import jax
except ImportError:  # the differences stand in for it
    jax = None
else:
    jax.config.update("jax_enable_x64", True)

NEAR = 1e-6  # a point this close to a branch is left out
Env = Mapping[sp.Basic, int]


@dataclass(frozen=True)
class Truth:
    """The slopes by each entry, at each point, and whether the loss is smooth there."""

    slopes: Mapping[Key, Any]
    sure: Any


def places(wrt: sp.Expr, scene: Scene) -> Iterator[tuple[dict[sp.Basic, int], Key]]:
    """The entries that wrt stands for: values of its letters, and the entry."""
    indices = getattr(wrt, "indices", ())
    free = [at for at in dict.fromkeys(indices) if not at.is_number]
    numbers = Values(scene)
    spans = [range(numbers.integer(at.lower, {}), numbers.integer(at.upper, {}) + 1) for at in free]
    for chosen in itertools.product(*spans):
        env = dict(zip(free, chosen, strict=True))
        env |= {at.label: n for at, n in env.items()}
        yield env, (heading(wrt), tuple(numbers.integer(at, env) for at in indices))


def varying(name: str, definitions: Sequence[sp.Eq]) -> frozenset[str]:
    """What changes with a letter: itself, and the named quantities that use it."""
    found = {name}
    for d in definitions:
        if found & {heading(s) for s in d.rhs.free_symbols}:
            found.add(heading(d.lhs))
    return frozenset(found)


def smooth(loss: sp.Expr, wrt: sp.Expr, scene: Scene, definitions: Sequence[sp.Eq]) -> tuple[Any, set[Key]]:
    """At which points the loss has a value and is off the branches that wrt can cross, and the letters that it uses."""
    numbers = Values(scene, definitions, varying=varying(heading(wrt), definitions))
    with np.errstate(all="ignore"):
        value = np.broadcast_to(np.asarray(numbers.value(loss), dtype=float), (len(scene.manners),))
        sure = np.isfinite(value)
        for gap in numbers.gaps:
            sure = sure & ~(abs(np.asarray(gap)) < NEAR)
    return sure, numbers.used


def gradients(loss: sp.Expr, wrt: sp.Expr, scene: Scene, definitions: Sequence[sp.Eq] = ()) -> Truth:
    """The slopes of a loss by all entries of an array, or by a symbol."""
    sure, used = smooth(loss, wrt, scene, definitions)
    keys = [key for key in used if key[0] == heading(wrt)]
    if jax is None:
        return Truth({key: _few(loss, key, scene, definitions, sure) for key in keys}, sure)
    leaves = _leaves(keys, wrt, scene)
    found = jax.grad(lambda at: _total(loss, scene, definitions, at))(leaves) if keys else {}
    return Truth({key: np.asarray(slope) for key, slope in found.items()}, sure)


def gradients_twice(
    loss: sp.Expr, wrt: sp.Expr, key: Key, again: sp.Expr, scene: Scene, definitions: Sequence[sp.Eq] = ()
) -> Truth | None:
    """The slopes, by all entries of `again`, of the slope by one entry; None without JAX."""
    sure, used = smooth(loss, wrt, scene, definitions)
    if jax is None or key not in used:
        return None
    firsts, others = {key: 0}, [k for k in used if k[0] == heading(again)]
    known = {**_leaves(firsts, wrt, scene), **_leaves(others, again, scene)}

    def slope(at: Any) -> Any:
        inner = jax.grad(lambda one: _total(loss, scene, definitions, {**at, key: one}))
        return inner(at.get(key, known[key])).sum()

    found = jax.grad(slope)({k: known[k] for k in others}) if others else {}
    return Truth({k: np.asarray(v) for k, v in found.items()}, sure)


def _leaves(keys: Any, wrt: sp.Expr, scene: Scene) -> dict[Key, Any]:
    positive = (wrt.base if isinstance(wrt, sp.Indexed) else wrt).is_positive is True
    return {key: jax.numpy.asarray([float(v) for v in scene.numbers(*key, positive=positive)]) for key in keys}


def _total(loss: sp.Expr, scene: Scene, definitions: Sequence[sp.Eq], leaves: Mapping[Key, Any]) -> Any:
    value = Values(scene, definitions, leaves, jax.numpy).value(loss)
    return jax.numpy.sum(jax.numpy.broadcast_to(value, (len(scene.manners),)))


def _few(loss: sp.Expr, key: Key, scene: Scene, definitions: Sequence[sp.Eq], sure: Any) -> Any:
    slopes = np.full(len(scene.manners), np.nan)
    for at in np.flatnonzero(sure)[:3]:
        slope = difference(loss, key, scene.point(int(at)), definitions)
        slopes[at] = np.nan if slope is None else float(slope)
    return slopes


def difference(
    loss: sp.Expr,
    key: Key,
    point: Scene,
    definitions: Sequence[sp.Eq] = (),
    env: Env | None = None,
    digits: int = DIGITS,
) -> Any:
    """The slope by an entry at a point, by a central difference; None where there is none or a branch is near.

    It is right to a third of the digits, of the slope itself or behind the point.
    """
    with mp.workdps(digits):
        step = mp.mpf(10) ** -(digits // 4)
        numbers = Digits(point, definitions, varying=varying(key[0], definitions))
        middle = numbers.value(loss, env)
        beside = any(abs(gap) < mp.mpf(10) ** -9 for gap in numbers.gaps)
        if not mp.isfinite(middle) or numbers.largest * step > 1 or beside:
            return None
        if key not in numbers.used:
            return mp.mpf(0)
        at = numbers.numbers(key[0], key[1], False)
        above, below = (Digits(point, definitions, {key: at + way * step}).value(loss, env) for way in (1, -1))
        slope = (above - below) / (2 * step)
        return slope if mp.isfinite(slope) else None
