"""Points in words: as the engine tells of them in a witness, and as a user gives them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy as sp
from mpmath import mp

from gradproof import Witness
from random_losses import ARRAYS
from random_points import Given, Key, Scene, arrays
from random_values import DIGITS, Digits


def number(value: Any) -> Any:
    """A fraction, or the middle of an enclosure, with 150 digits."""
    with mp.workdps(DIGITS):
        if isinstance(value, Fraction):
            return mp.mpf(value.numerator) / value.denominator
        low, high = (mp.make_mpf(side) for side in value._mpi_)
        return (low + high) / 2


def shown(point: Scene) -> str:
    return f"{point.sizes} " + ", ".join(
        f"{name}{list(at) or ''} = {v[0]}" for (name, at), v in sorted(point.known.items())
    )


def given_values(scene: Scene, at: int, used: set[Key]) -> dict[Any, Any]:
    """A point as a user gives it: numbers, nested lists, and functions."""
    size, width = scene.sizes["N"], scene.sizes["M"]
    axes = {"N": range(1, size + 1), "M": range(1, width + 1), "Z": range(size), "C": range(1, 4)}
    spans = {
        str(base.label): [axes[axis] for axis in of]
        for base, of in {**ARRAYS, sp.IndexedBase("H"): "N", sp.IndexedBase("G"): "NM"}.items()
    }
    names = {name for name, _ in used}
    for key in sorted(used):
        scene.numbers(*key)
    values: dict[Any, Any] = {name: scene.numbers(name)[at] for name, index in used if not index}
    values |= arrays(scene, {name: span for name, span in spans.items() if name in names}, at)
    for name, terms in scene.functions.items():
        letters = sp.symbols(f"u1:{len(next(iter(terms))) + 1}")
        body = sp.Add(
            *(
                sp.Rational(c.numerator, c.denominator) * sp.Mul(*(v**n for v, n in zip(letters, powers, strict=True)))
                for powers, c in terms.items()
            )
        )
        values[name] = sp.Lambda(letters, body)
    return {**values, **scene.sizes}


class NamedScene(Scene):
    """A point at which the entries of a named quantity have the values of its definition."""

    def __init__(self, point: Scene, name: str, definitions: Sequence[sp.Eq]) -> None:
        super().__init__(point.sizes, point.seed, manners=("plain",), functions=point.functions)
        self.known, self.name, self.values = dict(point.known), name, Digits(point, definitions)

    def numbers(self, name: str, index: tuple[int, ...] = (), positive: bool = False) -> tuple[Any, ...]:
        if name == self.name and (name, index) not in self.known:
            with mp.workdps(DIGITS):
                value = self.values.entry(name, index)
            self.known[name, index] = (Fraction(int(value * 2**400), 2**400),)
        return super().numbers(name, index, positive)


_ENTRY = re.compile(r"(\w+)\[([-\d, ]+)\]")


def at_witness(witness: Witness, given: Sequence[Given], sizes: Mapping[str, int], seed: int) -> Scene:
    """The point that a witness tells of; what it leaves out is drawn."""
    fixed: dict[Key, Fraction] = {(name, ()): Fraction(n) for name, n in zip("ijolmkned", "111111110", strict=True)}

    def note(name: str, value: Any, index: tuple[int, ...]) -> None:
        if isinstance(value, tuple):
            for at, part in enumerate(value):
                note(name, part, (*index, at + (0 if name == "z" else 1)))
        else:
            fixed[name, index] = value if isinstance(value, Fraction) else Fraction(int(number(value) * 2**400), 2**400)

    for name, value in witness.values.items():
        single = _ENTRY.fullmatch(name)
        if single:
            note(single[1], value, tuple(int(n) for n in single[2].split(",")))
        else:
            note(name, value, ())
    for symmetric in (g.name for g in given if g.kind == "symmetric"):
        fixed |= {(name, at[::-1]): value for (name, at), value in list(fixed.items()) if name == symmetric}
    functions = {}
    for head, text in witness.functions.items():
        letters = sp.symbols([v.strip() for v in head[head.index("(") + 1 : -1].split(",")])
        terms = sp.Poly(sp.parse_expr(text), *letters).terms()
        functions[head[: head.index("(")]] = {powers: Fraction(int(c.p), int(c.q)) for powers, c in terms}
    return Scene({**sizes, **witness.sizes}, seed, manners=("plain",), fixed=fixed, functions=functions)
