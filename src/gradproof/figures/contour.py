"""The same surface as a map: contour lines, and the gradient across them."""

from __future__ import annotations

from gradproof.figures.drawing import Axis, Panel, arrow, contours, element, handle, label, path, spread, ticks
from gradproof.figures.formulas import Formula
from gradproof.figures.frame import frame
from gradproof.figures.space import Space
from gradproof.figures.surface import LEVELS, REACH, READS, SAYS, START, STATE, readings, relief
from gradproof.figures.surface import formulas as of_surface

__all__ = ["draw", "formulas"]

MAP = Panel(
    "map", "Contour lines, with the point and the gradient", 340, 324, Axis(-2, 2, 34, 332), Axis(-2, 2, 304, 6)
)
SHOWN = {-0.6: (-0.71, 0.52), -0.3: (-0.71, 1.0), 0.0: (0.0, 1.6), 0.3: (0.71, 1.0), 0.6: (0.71, 0.52)}


def formulas() -> tuple[Formula, ...]:
    """None of its own: they are the surface's."""
    return ()


def draw() -> str:
    """The second figure of the text: a map, and the surface beside it."""
    value, gradient = of_surface()
    space = Space(24, 32, 55, (164, 78), -2.1, REACH)
    return frame(
        "contour",
        "The gradient crosses the contour lines at right angles.",
        [_map(value, gradient), relief("contour", value, gradient, space, (340, 300), still=True)],
        readings(value, gradient),
        "The surface $z = F(x, y)$ as a map, and the surface itself; point and arrow are the same in both. Along"
        " a contour line $F$ does not change (the lines are dashed where it is negative), so that all change lies"
        " across it; where the lines are close, the arrow is long.",
        "Drag the point on the map, or move it with the arrow keys.",
        STATE,
    )


def _map(value: Formula, gradient: Formula) -> str:
    grid = spread(-REACH, REACH, 61)
    body = [MAP.frame((-2, -1, 0, 1, 2), "*x*", "*y*")]
    for level in LEVELS:
        lines = contours(value, grid, grid, level)
        d = "".join(path(MAP.at(*p) for p in line) for line in lines)
        body.append(element("path", "gp-level" + (" gp-below" if level < 0 else ""), d=d))
    for level, name in ticks(*SHOWN):
        px, py = MAP.at(*SHOWN[level])
        body.append(label((px, py + 4), name, "gp-tick gp-middle gp-halo"))
    slope = gradient(*START)
    foot, tip = MAP.at(*START), MAP.at(START[0] + slope[0], START[1] + slope[1])
    body.append(element("path", "gp-arrow", "flat-arrow", d=arrow(foot, tip)))
    body.append(handle("point", foot, SAYS, READS))
    return MAP.svg("contour", *body)
