"""A loss along a step, and what two Taylor models and a misprinted one say of it.

The loss is that of one weight, L(w) = (tanh w − 3/4)²/2, which is nowhere a parabola.  It starts at
w = 1/4 and the step Δ goes downhill.  The first-order model errs by a multiple of Δ² for small Δ,
the second-order one of Δ³; with L″Δ, as printed, in place of ½L″Δ², the error is a multiple of Δ.
"""

from __future__ import annotations

import math

import sympy as sp

from gradproof.figures.drawing import Axis, Panel, curve, element, handle, label, spread, ticks
from gradproof.figures.formulas import Formula, derivative
from gradproof.figures.frame import Reading, frame
from gradproof.figures.numerals import power_of_ten

__all__ = ["MODELS", "draw", "formulas"]

w, s = sp.symbols("w s", real=True)
LOSS = (sp.tanh(w) - sp.Rational(3, 4)) ** 2 / 2
AT = sp.Rational(1, 4)

#: What is drawn: name, the words for it, the class, and the slope of its error in the logarithms.
MODELS = (
    ("first", "first order", "gp-one", 2),
    ("second", "second order", "gp-three", 3),
    ("misprint", "misprint", "gp-two", 1),
)
START = 0.4
SHORTEST, LONGEST = 0.01, 1.2
STEP = Panel(
    "step", "The loss along the step, and three models of it", 340, 300, Axis(0, 1.2, 40, 330), Axis(-0.2, 0.4, 256, 14)
)
ERRORS = Panel(
    "errors",
    "Errors of the three models, on logarithmic axes",
    340,
    300,
    Axis(0.01, 2, 52, 330, log=True),
    Axis(1e-7, 10, 256, 14, log=True),
)


def formulas() -> tuple[Formula, ...]:
    """The loss after a step s, and the models from derivatives that were proved."""
    first = derivative("taylor", LOSS, w)
    second = derivative("taylor", first, w)
    here, slope, bend = (e.subs(w, AT) for e in (LOSS, first, second))
    line = here + slope * s
    made = {"loss": LOSS.subs(w, AT + s), "first": line, "second": line + bend * s**2 / 2, "misprint": line + bend * s}
    return tuple(Formula(name, (s,), (expression,)) for name, expression in made.items())


def draw() -> str:
    """The curves on the left, their errors on logarithmic axes on the right."""
    made = {formula.name: formula for formula in formulas()}
    readings = [(Reading(r"step $\Delta =$", "step", START, "fixed:2"),)]
    for name, words, key, _ in MODELS:
        error = abs(made[name](START) - made["loss"](START))
        readings.append((Reading(f"error, {words}", name, error, "short:3", f"line {key}"),))
    return frame(
        "taylor",
        "How far a Taylor model can be trusted.",
        [_step(made), _errors(made)],
        readings,
        r"The loss is $L(w) = \tfrac12(\tanh w - \tfrac34)^2$, from $w = \tfrac14$ downhill. Halve a short step,"
        r" and the error of $L + L'\Delta$ falls to about a quarter, that of $L + L'\Delta + \tfrac12L''\Delta^2$"
        r" to an eighth: slopes 2 and 3 on logarithmic axes. With $L''\Delta$ in place of $\tfrac12L''\Delta^2$ it"
        " only halves, and the model goes up where the loss goes down.",
        r"Drag the step $\Delta$, or change it with the arrow keys.",
        {"step": START, "least": SHORTEST, "most": LONGEST},
    )


def _step(made: dict[str, Formula]) -> str:
    steps = spread(0, LONGEST, 81)
    at = STEP.x(START)
    body = [
        STEP.cursor(START, "cursor"),
        STEP.axes(
            ticks(0, 0.4, 0.8, 1.2),
            ticks(-0.2, 0, 0.2, 0.4),
            "step Δ",
            "loss",
        ),
        *(curve(STEP, made[name], key, steps) for name, _, key, _ in MODELS),
        curve(STEP, made["loss"], "gp-loss", steps),
        *(
            element("circle", f"gp-mark {key}", name, cx=at, cy=STEP.y(made[name](START)), r=4.0)
            for name, _, key, _ in MODELS
        ),
        handle(
            "step",
            STEP.at(START, made["loss"](START)),
            "step",
            "{step}; errors: first order {first}, second order {second}, misprint {misprint}",
        ),
    ]
    return STEP.svg("taylor", *body)


def _errors(made: dict[str, Formula]) -> str:
    steps = [10**e for e in spread(-2, math.log10(LONGEST), 61)]
    body = [
        ERRORS.axes(
            ticks(0.01, 0.1, 1),
            [(10.0**e, power_of_ten(e)) for e in (0, -2, -4, -6)],
            "step Δ",
            "error",
        )
    ]
    for name, _, key, slope in MODELS:

        def error(step: float, name: str = name) -> float:
            return float(abs(made[name](step) - made["loss"](step)))

        body.append(curve(ERRORS, error, key, steps))
        x, y = ERRORS.at(0.03, error(0.03))
        body.append(label((x - 4, y - 4), f"slope {slope}", "gp-tick gp-end"))
        body.append(
            element("circle", f"gp-mark {key}", f"{name}-error", cx=ERRORS.x(START), cy=ERRORS.y(error(START)), r=4.0)
        )
    return ERRORS.svg("taylor", *body)
