"""A point on a surface, and the gradient on the ground beneath it.

F(x, y) = 2x·exp(−x² − y²) has one hill and one pit, is flat far out, and is short enough to
differentiate by hand.  With the factor 2 the longest gradient has length 2, so that the arrow can
be drawn at its true length and stays on the square.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import sympy as sp

from gradproof.figures.drawing import Point, arrow, contours, element, handle, path, spread, svg
from gradproof.figures.formulas import Formula, derivative
from gradproof.figures.frame import Reading, frame
from gradproof.figures.space import Space

__all__ = ["LEVELS", "REACH", "START", "STATE", "draw", "formulas", "readings", "relief"]

x, y = sp.symbols("x y", real=True)
F = 2 * x * sp.exp(-(x**2) - y**2)

REACH = 2.0
START = (-0.2, -0.7)
TOP = 0.858  # the hill's height is √(2/e)
LEVELS = (-0.75, -0.6, -0.45, -0.3, -0.15, 0.0, 0.15, 0.3, 0.45, 0.6, 0.75)
STATE = {"x": START[0], "y": START[1], "reach": REACH}
PATCHES = 22
SAYS, READS = "point", "x {x}, y {y}, height {F}, gradient {Fx} along x and {Fy} along y"


def formulas() -> tuple[Formula, ...]:
    """F, and its gradient as the rules make it."""
    gradient = tuple(derivative("surface", F, v) for v in (x, y))
    return Formula("value", (x, y), (F,)), Formula("gradient", (x, y), gradient)


def draw() -> str:
    """The surface alone: the first figure of the text."""
    value, gradient = formulas()
    return frame(
        "surface",
        "The gradient points where the surface rises fastest.",
        [relief("surface", value, gradient, Space(24, 32, 66, (194, 92), -2.1, REACH), (400, 352))],
        readings(value, gradient),
        r"The black point lies on $z = F(x, y) = 2x\,e^{-x^2-y^2}$. The arrow starts on the ground right below it"
        " and is the gradient at its true length: its direction is that of the fastest rise, its length is how"
        " fast. Where the surface is level, on the hilltop and in the pit, no arrow is left.",
        "Drag the point, or move it with the arrow keys.",
        STATE,
    )


def relief(figure: str, value: Formula, gradient: Formula, space: Space, size: Point, still: bool = False) -> str:
    """Return the surface over its contour lines, with the point, the drop to the ground and the arrow."""
    lines = [
        element("path", "gp-level" + (" gp-below" if level < 0 else ""), d=_on_ground(space, value, level))
        for level in LEVELS
    ]
    foot, top = space.ground(*START), space.at(*START, value(*START))
    slope = gradient(*START)
    tip = space.ground(START[0] + slope[0], START[1] + slope[1])
    point = (
        handle("point", top, SAYS, READS)
        if not still
        else element("circle", "gp-point", "top", r=5.0, cx=top[0], cy=top[1])
    )
    body = [
        space.plane((-2, -1, 0, 1, 2)),
        *lines,
        space.surface(value, -TOP, TOP, PATCHES),
        element("path", "gp-drop", "drop", d=path([top, foot])),
        element("path", "gp-arrow", "arrow", d=arrow(foot, tip)),
        element("circle", "gp-foot", "foot", r=3.0, cx=foot[0], cy=foot[1]),
        point,
    ]
    title = "The surface, with a point on it and the gradient on the ground below"
    return svg(
        figure, "relief", title, size, "".join(body), matrix=space.matrix, origin=space.origin, floor=space.floor
    )


def readings(value: Formula, gradient: Formula) -> Sequence[Sequence[Reading]]:
    """The numbers at the point."""
    slope = gradient(*START)
    return [
        (Reading("at", "x", START[0], "fixed:2", "dot gp-point", ","), Reading("", "y", START[1], "fixed:2")),
        (Reading("$F =$", "F", value(*START), "fixed:3"),),
        (
            Reading(r"$\nabla F =$ (", "Fx", slope[0], "fixed:3", "arrow gp-arrow", ","),
            Reading("", "Fy", slope[1], "fixed:3", "", ")"),
        ),
        (Reading("length", "length", math.hypot(*slope), "fixed:3"),),
    ]


def _on_ground(space: Space, value: Formula, level: float) -> str:
    grid = spread(-REACH, REACH, 41)
    return "".join(path(space.ground(*p) for p in line) for line in contours(value, grid, grid, level))
