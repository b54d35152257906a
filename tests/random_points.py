"""Points for random formulas: sizes, and exact rational numbers for letters, which meet what is given.

Nothing of gradproof is used.  A `Scene` is a batch of points of one size, so that a formula can be
evaluated at all of them at once.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

Key = tuple[str, tuple[int, ...]]
Terms = Mapping[tuple[int, ...], Fraction]  # a polynomial: its coefficients by powers

#: how the numbers of a point are drawn: whole and half ones meet branches, positive ones logarithms
MANNERS = (
    "plain",
    "plain",
    "plain",
    "large",
    "whole",
    "half",
    "positive",
    "positive",
    "share",
    "share",
    "whole",
    "huge",
)
_WHOLE = (-2, -1, -1, 0, 0, 1, 1, 2, 3)


def _drawn(choice: random.Random, manner: str) -> Fraction:
    low, high, below = {"plain": (-2500, 2500, 1024), "large": (1024, 8192, 1024), "huge": (8192, 32768, 1024),
                        "positive": (20, 3000, 1024), "share": (20, 1000, 1024)}.get(manner, (0, 0, 1))  # fmt: skip
    if manner in ("whole", "half"):
        return Fraction(choice.choice(_WHOLE), 1 if manner == "whole" else 2)
    sign = choice.choice((-1, 1)) if manner in ("large", "huge") else 1
    return Fraction(sign * choice.randint(low, high), below)


@dataclass(frozen=True)
class Given:
    """An assumption, and how points meet it.

    kind: "symmetric", "one" (the entries over 1..N have the sum 1), "unit" (their squares have), "sign" (the
    square is 1), "above" (another letter, or a number), "label" (a number from 1 to M, the same at all points).
    """

    kind: str
    name: str
    relation: sp.Basic
    other: str | int = 0


class Scene:
    """Points at which every letter has a number, the same whenever it is asked for.

    fixed, functions: the numbers and polynomials that are known; what else is asked for is drawn.
    """

    def __init__(
        self,
        sizes: Mapping[str, int],
        seed: int = 0,
        given: Sequence[Given] = (),
        manners: Sequence[str] = MANNERS,
        fixed: Mapping[Key, Fraction] | None = None,
        functions: Mapping[str, Terms] | None = None,
    ) -> None:
        self.sizes, self.seed, self.manners = dict(sizes), seed, tuple(manners)
        self.given = {g.name: g for g in given}
        self.functions = dict(functions or {})
        self.known: dict[Key, tuple[Fraction, ...]] = {k: (v,) for k, v in (fixed or {}).items()}

    def numbers(self, name: str, index: tuple[int, ...] = (), positive: bool = False) -> tuple[Fraction, ...]:
        """The numbers of a symbol, or of an entry of an array, one for each point."""
        key = (name, index)
        if key not in self.known:
            self.known[key] = tuple(self._number(name, index, n, positive) for n in range(len(self.manners)))
        return self.known[key]

    def _number(self, name: str, index: tuple[int, ...], n: int, positive: bool) -> Fraction:
        given = self.given.get(name)
        drawn = self._free(name, index, n)
        match given.kind if given else "":
            case "symmetric":
                return self._free(name, tuple(sorted(index)), n)
            case "one":
                return drawn if index[0] < self.sizes["N"] else 1 - sum(self._others(name, n), Fraction(0))
            case "unit":  # (2t, 1 − |t|²)/(1 + |t|²)
                square = sum((t * t for t in self._others(name, n)), Fraction(0))
                return (2 * drawn if index[0] < self.sizes["N"] else 1 - square) / (1 + square)
            case "label":
                return Fraction(random.Random(f"{self.seed} {name} {index}").randint(1, self.sizes["M"]))
            case "sign":
                return Fraction(-1 if drawn < 0 else 1)
            case "above" if given:
                low = self.numbers(given.other)[n] if isinstance(given.other, str) else given.other
                return low + (abs(drawn) or 1)
        return (abs(drawn) or Fraction(1)) if positive else drawn

    def _free(self, name: str, index: tuple[int, ...], n: int) -> Fraction:
        return _drawn(random.Random(f"{self.seed} {n} {name} {index}"), self.manners[n])

    def _others(self, name: str, n: int) -> list[Fraction]:
        return [self._free(name, (i,), n) for i in range(1, self.sizes["N"])]

    def polynomial(self, name: str, arguments: int) -> Terms:
        """The cubic that stands for an undefined function."""
        if name not in self.functions:
            choice = random.Random(f"{self.seed} {name}")
            powers = [p for p in itertools.product(range(4), repeat=arguments) if 0 < sum(p) <= 3]
            self.functions[name] = {p: Fraction(choice.choice((-3, -2, -1, 1, 2, 3)), 2) for p in powers}
        return self.functions[name]

    def point(self, n: int) -> Scene:
        """One of the points; what is new is drawn as for all."""
        return _Point(self, n)


class _Point(Scene):
    """One point of a scene."""

    def __init__(self, scene: Scene, n: int) -> None:
        super().__init__(scene.sizes, scene.seed, tuple(scene.given.values()), scene.manners, None, scene.functions)
        self.scene, self.n = scene, n
        self.functions = scene.functions
        for key in scene.known:
            self.numbers(*key)

    def numbers(self, name: str, index: tuple[int, ...] = (), positive: bool = False) -> tuple[Fraction, ...]:
        self.known[name, index] = (self.scene.numbers(name, index, positive)[self.n],)
        return self.known[name, index]


def slope(terms: Terms, orders: Sequence[int]) -> dict[tuple[int, ...], Fraction]:
    """A partial derivative of a polynomial."""
    return {
        tuple(p - n for p, n in zip(powers, orders, strict=True)): c * math.prod(map(math.perm, powers, orders))
        for powers, c in terms.items()
        if all(p >= n for p, n in zip(powers, orders, strict=True))
    }


def arrays(scene: Scene, spans: Mapping[str, Sequence[range]], n: int) -> dict[str, Any]:
    """The numbers of arrays at one point, as nested lists."""

    def nest(name: str, left: Sequence[range], index: tuple[int, ...]) -> Any:
        if not left:
            return scene.numbers(name, index)[n]
        return [nest(name, left[1:], (*index, i)) for i in left[0]]

    return {name: nest(name, axes, ()) for name, axes in spans.items()}
