"""Hidden units that start alike stay copies; units that start at random part.

A network of one input and three tanh units, ŷ = Σ c_j tanh(a_j x), learns four points by plain
gradient descent, with the gradients that back-propagation makes.  Both starts, and the seed of
the random one, are written out here.  The difference between copies is exactly zero, not merely
small: the same operations on the same numbers give the same bits.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sympy as sp

from gradproof.figures.drawing import Axis, Panel, element, handle, label, path, ticks
from gradproof.figures.formulas import Formula, proved
from gradproof.figures.frame import Reading, frame
from gradproof.model import Model

__all__ = ["RATE", "STARTS", "Run", "draw", "formulas", "train"]

N, M = sp.symbols("N M", integer=True, positive=True)
n, j = sp.Idx("n", (1, N)), sp.Idx("j", (1, M))
x, z, y, target, a, c = (sp.IndexedBase(name) for name in ("x", "z", "y", "t", "a", "c"))
E = sp.Symbol("E")
NETWORK = Model(
    [
        sp.Eq(z[n, j], sp.tanh(a[j] * x[n])),
        sp.Eq(y[n], sp.Sum(c[j] * z[n, j], j)),
        sp.Eq(E, sp.Sum((y[n] - target[n]) ** 2, n) / 2),
    ]
)

INPUTS, TARGETS = (0.5, 1.0, 1.5, 2.0), (0.8, 1.0, 0.6, 0.2)
RATE, STEPS, EVERY = 0.1, 300, 5
SEED = 7
UNITS = 3
_RANDOM = random.Random(SEED)
STARTS = {
    "equal": ([0.5] * UNITS, [0.5] * UNITS),
    "random": (
        [round(_RANDOM.uniform(0, 1), 1) for _ in range(UNITS)],
        [round(_RANDOM.uniform(-1, 1), 1) for _ in range(UNITS)],
    ),
}
KEYS = ("gp-one", "gp-two", "gp-three")
START = 150
READS = (
    "step {step}; loss from the equal start {equal-loss}, units {equal-apart} apart;"
    " from the random start {random-loss}, units {random-apart} apart"
)
PANELS = {
    name: Panel(name, title, 340, 262, Axis(0, STEPS, 36, 296), Axis(-2.2, 2.4, 214, 24))
    for name, title in (("equal", "equal start"), ("random", "random start"))
}


@dataclass(frozen=True)
class Run:
    """One training: the incoming weights and the loss before each step."""

    weights: list[list[float]]
    losses: list[float]


@cache
def gradients() -> tuple[Any, Any]:
    """The summands of ∂E/∂a_j and ∂E/∂c_j over the examples, from derivations that were proved."""
    found = []
    for wrt in (a[j], c[j]):
        derivation = NETWORK.gradient(E, wrt)
        proved("copies", f"the gradient by {wrt}", derivation.verify())
        found.append(derivation.result)
    return found[0], found[1]


def formulas() -> tuple[Formula, ...]:
    """None: the script shows what was trained here."""
    return ()


@cache
def train(start: str) -> Run:
    """Gradient descent from one of the starts: the definitions forward, then the derived gradients."""
    slopes = [_compiled(gradient) for gradient in gradients()]
    forward = [(d.lhs, _compiled(d.rhs)) for d in NETWORK.definitions]
    values: dict[str, Any] = {"N": len(INPUTS), "M": UNITS, "x": _numbered(INPUTS), "t": _numbered(TARGETS)}
    values["a"], values["c"] = map(_numbered, STARTS[start])
    run = Run([], [])
    for _ in range(STEPS + 1):
        for left, right in forward:
            values[_name(left)] = _entries(left, right, values)
        run.weights.append(list(values["a"].values()))
        run.losses.append(values["E"])
        steps = [{k: slope({**values, "j": k}) for k in values["a"]} for slope in slopes]
        for name, step in zip("ac", steps, strict=True):
            values[name] = {k: weight - RATE * step[k] for k, weight in values[name].items()}
    return run


def _compiled(e: sp.Expr) -> Callable[[dict[str, Any]], float]:
    """Return an expression in index notation as a function of its names: arrays are dictionaries."""
    names = [x, z, y, target, a, c, N, M, n, j]
    function = sp.lambdify(names, e, modules="math")
    return lambda values: function(*(values.get(str(name)) for name in names))


def _entries(left: sp.Expr, right: Callable[[dict[str, Any]], float], values: dict[str, Any]) -> Any:
    """Return what a definition gives: a number, or one for each index."""
    match len(getattr(left, "indices", ())):
        case 0:
            return right(values)
        case 1:
            return {k: right({**values, "n": k}) for k in values["x"]}
        case _:
            return {(k, m): right({**values, "n": k, "j": m}) for k in values["x"] for m in values["a"]}


def _name(left: sp.Expr) -> str:
    return str(getattr(left, "base", left))


def _numbered(numbers: Sequence[float]) -> dict[int, float]:
    return dict(enumerate(numbers, 1))


def draw() -> str:
    """Both trainings, with one cursor over the steps."""
    runs = {name: train(name) for name in STARTS}
    kept = {
        name: [[round(v, 5) for v in (*run.weights[step], run.losses[step])] for step in range(0, STEPS + 1, EVERY)]
        for name, run in runs.items()
    }
    readings: list[tuple[Reading, ...]] = [(Reading("after step", "step", START, "count"),)]
    for name, run in runs.items():
        apart = Reading(
            f"{name} start: units differ by up to", f"{name}-apart", _apart(run.weights[START]), "short:3", "", ","
        )
        readings.append((apart, Reading("loss", f"{name}-loss", run.losses[START], "fixed:3")))
    return frame(
        "copies",
        "Hidden units that start alike stay copies.",
        [_panel(name, run) for name, run in runs.items()],
        readings,
        r"Incoming weights $a_1, a_2, a_3$ of the three hidden units in $\hat y = \sum_j c_j \tanh(a_j x)$,"
        f" trained on four points by gradient descent (rate {RATE:g}). From the equal start, all weights at 0.5,"
        " the three lines are one, bit for bit, and the network is worth one unit. From a random start (seed"
        f" {SEED}: {_list('a', 'random', 0)}, {_list('c', 'random', 1)}), the units part.",
        "Drag the cursor over the steps, or move it with the arrow keys.",
        {"step": START, "every": EVERY, **kept},
    )


def _list(letter: str, start: str, which: int) -> str:
    numbers = r",\ ".join(f"{number:g}" for number in STARTS[start][which])
    return f"${letter} = ({numbers})$"


def _apart(weights: Sequence[float]) -> float:
    return max(weights) - min(weights)


def _panel(name: str, run: Run) -> str:
    panel = PANELS[name]
    body = [
        panel.cursor(START, f"{name}-cursor"),
        panel.axes(
            ticks(0, 100, 200, 300),
            ticks(-2, -1, 0, 1, 2),
            "step",
            f"incoming weights, {panel.title}",
        ),
    ]
    for unit, key in enumerate(KEYS):
        points = [panel.at(step, run.weights[step][unit]) for step in range(0, STEPS + 1, EVERY // 2)]
        body.append(element("path", f"gp-curve {key}", d=path(points)))
    for unit, key in enumerate(KEYS):
        x, y = panel.at(START, run.weights[START][unit])
        size = 7 - 2 * unit if name == "equal" else 4.5  # copies are drawn inside each other
        body.append(element("circle", f"gp-mark {key}", f"{name}-{unit}", cx=x, cy=y, r=size))
    last = run.weights[-1]
    names = {last[0]: "*a*₁₋₃"} if name == "equal" else {weight: f"*a*{'₁₂₃'[k]}" for k, weight in enumerate(last)}
    body += [label((panel.x.end + 10, panel.y(weight) + 4), text) for weight, text in names.items()]
    body.append(handle("step", (panel.x(START), panel.y.start), "training step", READS))
    return panel.svg("copies", *body)
