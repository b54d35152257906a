"""The best step of a given length in an ill-conditioned bowl, beside the negative gradient.

The bowl is l(w) = ½ wᵀHw, with curvature 1 along e₁ = (2, 1)/√5 and 10 along e₂ = (−1, 2)/√5.  The
best step p of length η solves (H + μI)p = −g with H + μI positive semidefinite (Moré & Sorensen,
“Computing a trust region step”, 1983).  Along the axes it is p = −(a/t) e₁ − b/(9 + t) e₂, where a
and b are the gradient's parts and t = 1 + μ ≥ 0; its length falls as t grows, so that t is found
by halving an interval.  With t at 0, where a/t has no value, the rest of η goes along e₁.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import sympy as sp

from gradproof.figures.drawing import Axis, Panel, Point, arrow, arrowhead, element, handle, path
from gradproof.figures.formulas import Formula, derivative, must_equal
from gradproof.figures.frame import Reading, frame

__all__ = ["best_step", "draw", "formulas"]

u, v, a, b, p, q, t = sp.symbols("u v a b p q t", real=True)
H = sp.Matrix([[14, -18], [-18, 41]]) / 5
LOSS = (14 * u**2 - 36 * u * v + 41 * v**2) / 10
FIRST, SECOND = sp.Matrix([2, 1]) / sp.sqrt(5), sp.Matrix([-1, 2]) / sp.sqrt(5)
FLAT, STEEP = 1, 10  # the curvatures along the two

START, LENGTH = (-2.6, -0.4), 1.1
SHORTEST, LONGEST = 0.1, 2.5
HALVINGS = 100
READS = "loss along the negative gradient {down}, in the best direction {best}, {turn} degrees apart"
LEVELS = (0.1, 0.4, 0.9, 1.6, 2.5, 3.6, 4.9, 6.4, 8.1, 10.0, 12.1, 14.4, 16.9)
PANEL = Panel(
    "bowl", "The bowl's contour lines, and a circle of steps", 400, 260, Axis(-4, 4, 36, 392), Axis(-2.6, 2.6, 239.4, 8)
)


def formulas() -> tuple[Formula, ...]:
    """The loss, its gradient, and the step along the bowl's axes, which solves its equation."""
    gradient = sp.Matrix([derivative("circle", LOSS, w) for w in (u, v)])
    parts = (gradient.dot(FIRST), gradient.dot(SECOND))
    flat, steep = -a / t, -b / (STEEP - FLAT + t)
    step = p * FIRST + q * SECOND
    solution = step.subs({p: flat, q: steep})
    left = (H + (t - FLAT) * sp.eye(2)) * solution + a * FIRST + b * SECOND
    along_axes = parts[0] * FIRST + parts[1] * SECOND
    for n in range(2):
        must_equal("circle", f"entry {n + 1} of g = Hw", gradient[n], (H * sp.Matrix([u, v]))[n])
        must_equal("circle", f"entry {n + 1} of g along the axes", gradient[n], along_axes[n])
        must_equal("circle", f"entry {n + 1} of (H + μI)p = −g", left[n], sp.S.Zero)
    must_equal("circle", "the squared length of the step", solution.dot(solution), flat**2 + steep**2)
    return (
        Formula("loss", (u, v), (LOSS,)),
        Formula("gradient", (u, v), tuple(gradient)),
        Formula("parts", (u, v), parts),
        Formula("steep", (t, b), (steep,)),
        Formula("squared", (t, a, b), (flat**2 + steep**2,)),
        Formula("step", (p, q), tuple(step)),
    )


def best_step(made: Mapping[str, Formula], at: Point, length: float) -> Point:
    """Return the step of this length to the least loss; `bestStep` in figures.js is the same."""
    along, across = made["parts"](*at)
    low, high = 0.0, math.hypot(along, across) / length
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if middle > 0 and made["squared"](middle, along, across) > length**2:
            low = middle
        else:
            high = middle
    steep = made["steep"](high, across)
    flat = math.sqrt(max(0.0, length**2 - steep**2))
    x, y = made["step"](-flat if along > 0 else flat, steep)
    return x, y


def draw() -> str:
    """The bowl from above, with both steps."""
    made = {formula.name: formula for formula in formulas()}
    best = best_step(made, START, LENGTH)
    gradient = made["gradient"](*START)
    down = (-LENGTH * gradient[0] / math.hypot(*gradient), -LENGTH * gradient[1] / math.hypot(*gradient))
    turn = math.degrees(math.acos((best[0] * down[0] + best[1] * down[1]) / LENGTH**2))
    downhill, least = ((START[0] + step[0], START[1] + step[1]) for step in (down, best))
    return frame(
        "circle",
        "The best step of a given length is not the negative gradient.",
        [_bowl(downhill, least)],
        [
            (Reading(r"length $\eta =$", "length", LENGTH, "fixed:2"),),
            (Reading("at", "u", START[0], "fixed:2", "", ","), Reading("", "v", START[1], "fixed:2")),
            (Reading("loss there", "here", made["loss"](*START), "fixed:3"),),
            (Reading("along the negative gradient", "down", made["loss"](*downhill), "fixed:3", "line gp-two"),),
            (Reading("in the best direction", "best", made["loss"](*least), "fixed:3", "line gp-one"),),
            (Reading("angle between them", "turn", turn, "fixed:1", "", "°"),),
        ],
        r"Contour lines of $\ell(w) = \tfrac12 w^{\mathsf T}Hw$, which curves ten times as strongly across the"
        r" valley as along it; the cross marks the minimum. All steps of length $\eta$ end on the circle. The"
        " negative gradient (dashed) knows only the slope at $w$; the best step (solid) knows the whole circle."
        r" Let $\eta$ shrink, and the two become one.",
        r"Drag $w$, or the circle by its handle $\eta$; or use the arrow keys on either.",
        {"u": START[0], "v": START[1], "length": LENGTH, "least": SHORTEST, "most": LONGEST},
    )


def _bowl(downhill: Point, least: Point) -> str:
    """Return the map with the circle, the two arrows to their ends, and the two handles."""
    centre, rim = PANEL.at(*START), PANEL.at(START[0] + LENGTH, START[1])
    window = element("rect", x=PANEL.x.start, y=PANEL.y.end, width=356.0, height=231.4)
    return PANEL.svg(
        "circle",
        f'<clipPath id="figure-circle-clip">{window}</clipPath>',
        PANEL.frame((-4, -2, 0, 2, 4), "*w*₁", "*w*₂"),
        '<g clip-path="url(#figure-circle-clip)">',
        *map(_level, LEVELS),
        element("circle", "gp-round", "round", cx=centre[0], cy=centre[1], r=rim[0] - centre[0]),
        element("path", "gp-arrow gp-two", "down", d=path([centre, PANEL.at(*downhill)])),
        element("path", "gp-arrow gp-two gp-head", "down-head", d=arrowhead(centre, PANEL.at(*downhill))),
        element("path", "gp-arrow gp-one", "best", d=arrow(centre, PANEL.at(*least))),
        element("path", "gp-lowest", d="M{:.1f},{:.1f}m-4,0h8m-4,-4v8".format(*PANEL.at(0, 0))),
        "</g>",
        handle("length", rim, "step length η", f"{{length}}; {READS}", text="*η*"),
        handle("point", centre, "weights w", f"{{u}}, {{v}}; {READS}", text="*w*", side=-1),
    )


def _level(level: float) -> str:
    """Return a contour line: an ellipse, as the curvatures along the axes say."""
    unit = PANEL.x(1) - PANEL.x(0)
    turn = math.degrees(math.atan2(FIRST[1], FIRST[0]))
    x, y = PANEL.at(0, 0)
    return element(
        "ellipse",
        "gp-level",
        rx=unit * math.sqrt(2 * level / FLAT),
        ry=unit * math.sqrt(2 * level / STEEP),
        transform=f"translate({x:.1f},{y:.1f}) rotate({-turn:.3f})",
    )
