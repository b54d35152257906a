"""How many units in the last place the code of the activations' derivatives is off, over the range of floats.

The truth is the derivative as the reference states it, in Arb's balls of as many bits as it takes, at the very doubles
that the code is given.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from typing import Any

import numpy as np
import sympy as sp

from gradproof.code.programs import Program
from gradproof.lines import publish
from gradproof.model import Model
from gradproof.points import Point
from gradproof.precision.machine import Balls
from gradproof.precision.program import Program as Steps
from gradproof.reference import activations
from gradproof.reference.entry import Entry

__all__ = [
    "ACTIVATIONS",
    "GIVEN",
    "OF_VALUE",
    "WITHIN",
    "Digits",
    "Truth",
    "digits",
    "grid",
    "of_arrays",
    "rows",
    "with_given",
    "within",
]

Numbers = np.ndarray[Any, np.dtype[np.float64]]

#: what the letters besides x are
GIVEN: Mapping[str, float] = {"alpha": 1.6732632423543772, "lambda": 1.0507009873554805, "beta": 1.0, "c": 0.044715}
#: the functions of one number, and of them those whose error is counted in units of the value itself
ACTIVATIONS: tuple[Callable[[], Entry], ...] = (
    activations.tanh, activations.sigmoid, activations.softplus, activations.log_sigmoid, activations.elu,
    activations.silu, activations.gelu, activations.gelu_tanh, activations.mish, activations.softsign, activations.relu,
    activations.leaky_relu, activations.squared_relu, activations.hardtanh, activations.hard_sigmoid, activations.hard_swish,
)  # fmt: skip
OF_VALUE = ("tanh", "sigmoid", "softplus")
#: where else the bar of 4 units does not hold, and why: from here to there it does
WITHIN: Mapping[str, tuple[float, float, str]] = {
    "silu": (-708.0, 1e300, "below, the sigmoid has no digits left to be multiplied by x"),
    "mish": (-708.0, 1e300, "below, the sigmoid has no digits left to be multiplied by x"),
    "gelu": (-37.5, 1e300, "below, SciPy's erfc is 0 too early, where the value is smaller than 1e-304"),
    "gelu-tanh": (
        -1.0,
        1e100,
        "below, the argument of tanh is rounded, which costs as many units as it is large; above, x³ overflows",
    ),
}
#: where a function that is used, or its square, over- or underflows
_EDGES = (37.5, 38.6, 355.0, 372.6, 709.0, 710.4, 745.2)
_BITS = (300, 1300, 2600, 9000)
_SURE = 2.0**-40  # in units in the last place: what may be unknown of a true value


@dataclass(frozen=True)
class Digits:
    """The largest error of a derivative among `points` points, in units in the last place, and where it is."""

    entry: Entry
    error: float
    at: float
    points: int


def grid(dense: int = 1) -> Numbers:
    """Numbers of both signs from 1e-300 to 1e300, most of them where exponentials are neither 0 nor infinite."""
    parts = [
        *(edge + np.linspace(-0.5, 0.5, 6 * dense) for edge in _EDGES),
        np.geomspace(1e-300, 1e300, 60 * dense),
        np.geomspace(1e-3, 750, 100 * dense),
        np.linspace(0, 750, 100 * dense),
        np.linspace(0, 40, 80 * dense),
    ]
    positive = np.concatenate(parts)
    return np.unique(np.concatenate([-positive, positive]))


class Truth:
    """The stated derivative of an entry at doubles, and the size of the largest of its terms."""

    def __init__(self, entry: Entry) -> None:
        self.formula = entry.gradients[0].formula
        derived = entry.derivation(entry.gradients[0]).result
        terms = [self.formula] if entry.id in OF_VALUE else sp.Add.make_args(derived)
        self.steps = Steps(Point({}, 0), entry.definitions)
        self.places = [self.steps.add(e) for e in (self.formula, *terms)]
        self.balls = Balls()
        self.relations = list(self.formula.atoms(sp.core.relational.Relational))

    def has_kink(self, x: float) -> bool:
        """Whether two branches meet at x."""
        return any(r.lhs.is_Symbol and r.rhs == Fraction(x) for r in self.relations)

    def error(self, x: float, found: float) -> float:
        """How far a number is from the derivative, in units in the last place of the largest term."""
        given = [x if str(name) == "x" else GIVEN[str(name)] for name, _ in self.steps.leaves]
        for bits in _BITS:
            with import_module("flint").ctx.workprec(bits):
                values = self.steps.run(self.balls, [self.balls.arb(v) for v in given])
                value, *terms = (values[place] for place in self.places)
                if not value.is_finite() or not math.isfinite(found):
                    continue
                unit = math.ulp(max(float(abs(t).mid()) for t in terms))
                if float(value.rad()) <= _SURE * unit:
                    return float(abs(value.mid() - self.balls.arb(found)) / unit)
        return math.inf


def of_arrays(entry: Entry) -> Program:
    """The code of an entry's derivative for many numbers x[n] at once."""
    n = sp.Idx("n", (1, sp.Symbol("N", integer=True, positive=True)))
    names = {d.lhs: sp.IndexedBase(f"{d.lhs}")[n] for d in entry.definitions}
    names[entry.gradients[0].wrt] = sp.IndexedBase("x")[n]
    lines = [sp.Eq(*(publish(side).xreplace(names) for side in d.args), evaluate=False) for d in entry.definitions]
    return Model(lines).program(sp.Sum(lines[-1].lhs, n), [names[entry.gradients[0].wrt]])


def digits(entry: Entry, points: Numbers, derivative: Callable[[Numbers], Sequence[float]] | None = None) -> Digits:
    """The largest error of the code for arrays, or of another function for the derivative, at some points."""
    truth = Truth(entry)
    x = np.array([p for p in points if not truth.has_kink(p)])
    with np.errstate(over="ignore"):  # beyond 710 cosh overflows, and what is divided by it is 0
        found = derivative(x) if derivative is not None else with_given(of_arrays(entry).to_numpy())(x)
    errors = [truth.error(float(p), float(v)) for p, v in zip(x, found, strict=True)]
    worst = int(np.argmax(errors))
    return Digits(entry, errors[worst], float(x[worst]), len(x))


def within(entry: Entry, points: Numbers) -> Numbers:
    """The points at which the bar is to hold."""
    lo, hi, _ = WITHIN.get(entry.id, (-math.inf, math.inf, ""))
    return points[(points >= lo) & (points <= hi)]


def rows(points: Numbers | None = None) -> list[Digits]:
    """One row for each function: its largest error where the bar is to hold."""
    x = grid() if points is None else points
    return [digits(make(), within(make(), x)) for make in ACTIVATIONS]


def with_given(function: Callable[..., Any]) -> Callable[[Any], Any]:
    """The gradient of a program as a function of x alone."""
    names = inspect.signature(function).parameters
    return lambda x: function(*(x if n == "x" else GIVEN[n.rstrip("_")] for n in names))[-1]
