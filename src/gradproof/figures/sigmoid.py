"""Two inputs of a sigmoid: the mean of the slopes, and the slope at the mean.

With m the mean of the inputs, d half their distance, c = cosh m and C = cosh d, the first less the
second is (C − 1)(c² − c − 1 − C) / (2(1 + c)(c + C)²), which is proved.  Its sign is that of
c² − c − 1 − C: negative near 0, where the slope's curve is a dome, positive on its hollow flanks.
"""

from __future__ import annotations

import sympy as sp

from gradproof.figures.drawing import Axis, Panel, curve, element, handle, path, spread, ticks
from gradproof.figures.formulas import Formula, derivative, must_equal
from gradproof.figures.frame import Reading, frame

__all__ = ["draw", "formulas"]

x, m, d = sp.symbols("x m d", real=True)
SIGMOID = 1 / (1 + sp.exp(-x))
COSH, SPREAD = sp.cosh(m), sp.cosh(d)
GAP = (SPREAD - 1) * (COSH**2 - COSH - 1 - SPREAD) / (2 * (1 + COSH) * (COSH + SPREAD) ** 2)

START = (0.0, 1.0)
REACH = 4.0
PANEL = Panel(
    "slopes",
    "The sigmoid's slope, at two inputs and at their mean",
    400,
    300,
    Axis(-REACH, REACH, 40, 390),
    Axis(0, 0.28, 256, 12),
)


def formulas() -> tuple[Formula, ...]:
    """The sigmoid's slope as the rules make it, and the gap in closed form."""
    slope = derivative("sigmoid", SIGMOID, x)
    mean = (slope.subs(x, m + d) + slope.subs(x, m - d)) / 2
    must_equal("sigmoid", "the gap between the two", mean - slope.subs(x, m), GAP)
    return Formula("slope", (x,), (slope,)), Formula("gap", (m, d), (GAP,))


def draw() -> str:
    """The slope's curve with two inputs, 0 and 1 at first."""
    slope, gap = formulas()
    first, second = START
    middle, half = (first + second) / 2, (first - second) / 2
    mean, at_mean = (slope(first) + slope(second)) / 2, slope(middle)
    says = "mean of the slopes {mean}, slope at the mean {at}, difference {gap}"
    ends = [PANEL.at(v, slope(v)) for v in START]
    low, high = PANEL.at(middle, mean), PANEL.at(middle, at_mean)
    body = [
        PANEL.axes(
            ticks(-4, -2, 0, 2, 4),
            ticks(0, 0.1, 0.2),
            "input *x*",
            "slope *σ*′(*x*)",
        ),
        curve(PANEL, slope, "gp-quiet", spread(-REACH, REACH, 121)),
        element("path", "gp-drop", "drop", d=path([(high[0], PANEL.y.start), high])),
        element("path", "gp-curve gp-two", "chord", d=path(ends)),
        element("path", "gp-gap", "gap", d=path([low, high])),
        element("rect", "gp-mark gp-two", "mean", x=low[0] - 4, y=low[1] - 4, width=8.0, height=8.0),
        element("circle", "gp-mark gp-one", "at", cx=high[0], cy=high[1], r=4.5),
        handle("first", ends[0], "first input", f"{{first}}; {says}", text="*x*₁"),
        handle("second", ends[1], "second input", f"{{second}}; {says}", text="*x*₂"),
    ]
    return frame(
        "sigmoid",
        "The mean of two slopes is not the slope at the mean.",
        [PANEL.svg("sigmoid", *body)],
        [
            (
                Reading("inputs", "first", first, "fixed:2", "dot gp-point"),
                Reading("and", "second", second, "fixed:2"),
            ),
            (Reading("mean of their slopes", "mean", mean, "fixed:4", "square gp-mark gp-two"),),
            (Reading("slope at their mean", "at", at_mean, "fixed:4", "dot gp-mark gp-one"),),
            (Reading("difference", "gap", gap(middle, half), "fixed:4"),),
        ],
        "The curve is the sigmoid's derivative. The square, halfway along the dashed chord, is the mean of the"
        " slopes at $x_1$ and $x_2$; the round mark on the curve is the slope at the mean input. Near the top,"
        " where the curve is a dome, the chord lies below it; on the flanks it lies above, and the difference is"
        r" positive. With $c = \cosh m$ for the mean $m$ and $C = \cosh d$ for half the distance $d$, it has the"
        " sign of $c^2 - c - 1 - C$.",
        "Drag either input, or move it with the arrow keys.",
        {"first": first, "second": second, "reach": REACH},
    )
