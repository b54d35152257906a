"""What one gradient costs: back-propagation against one dimension at a time.

Operations are counted in the formulas themselves, by `gradproof.statements.counting`.  The network has two layers of one width s, hence n = 2s² parameters.
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from gradproof.figures.drawing import Axis, Panel, element, handle, label, path
from gradproof.figures.formulas import Formula, proved
from gradproof.figures.frame import Reading, frame
from gradproof.figures.numerals import power_of_ten
from gradproof.latex import to_latex
from gradproof.model import Model
from gradproof.statements import Counts

__all__ = ["counts", "draw", "formulas"]

s = sp.Symbol("s", integer=True, positive=True)
i, j, k = (sp.Idx(name, (1, s)) for name in "ijk")
x, h, z, y, target, w1, w2 = (sp.IndexedBase(name) for name in ("x", "h", "z", "y", "t", "w1", "w2"))
E = sp.Symbol("E")
NETWORK = Model(
    [
        sp.Eq(h[j], sp.Sum(w1[j, i] * x[i], i)),
        sp.Eq(z[j], sp.tanh(h[j])),
        sp.Eq(y[k], sp.Sum(w2[k, j] * z[j], j)),
        sp.Eq(E, sp.Sum((y[k] - target[k]) ** 2, k) / 2),
    ]
)

START, WIDEST = 1000, 50000
PANEL = Panel(
    "cost",
    "Operations for one gradient against the number of parameters",
    400,
    290,
    Axis(1, 1e10, 52, 388, True),
    Axis(1, 1e21, 246, 12, True),
)
READS = "{n}; by back-propagation {backward} operations, one dimension at a time {differences}"
KEYS = {"backward": "gp-one", "differences": "gp-two"}


@cache
def counts() -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """Parameters, operations by back-propagation, operations one dimension at a time, by the width s."""
    weights = (w1[j, i], w2[k, j])
    for wrt in weights:
        proved("cost", f"the gradient by {wrt}", NETWORK.gradient(E, wrt).verify())
    counted = Counts.of(NETWORK.definitions, E, weights)
    return counted.parameters, counted.gradient, counted.one_at_a_time


def formulas() -> tuple[Formula, ...]:
    """The three counts as functions of the width."""
    return tuple(Formula(name, (s,), (e,)) for name, e in zip(("parameters", *KEYS), counts(), strict=True))


def draw() -> str:
    """Both counts on logarithmic axes, with a marker."""
    parameters, backward, differences = map(to_latex, counts())
    made = {formula.name: formula for formula in formulas()}
    n, one, many = (made[name](START) for name in ("parameters", *KEYS))
    return frame(
        "cost",
        "Back-propagation costs a few evaluations; one dimension at a time costs $n$ of them.",
        [_plot(made)],
        [
            (Reading("parameters", "n", n, "count"),),
            (Reading("back-propagation", "backward", one, "count", "line gp-one"),),
            (Reading("one dimension at a time", "differences", many, "count", "line gp-two"),),
            (Reading("ratio", "ratio", many / one, "count"),),
        ],
        "Operations (multiplications, additions and tanh, counted in the formulas) for one gradient of a tanh"
        f" network with two layers of width $s$, which has $n = {parameters}$ parameters. Back-propagation takes"
        f" ${backward}$; to move one parameter at a time and evaluate anew takes ${differences}$. The axes are"
        " logarithmic: the slopes are 1 and 2.",
        "Drag the marker over the number of parameters, or move it with the arrow keys.",
        {"width": START, "widest": WIDEST},
    )


def _plot(made: dict[str, Formula]) -> str:
    n = made["parameters"](START)
    widths = [WIDEST ** (e / 40) for e in range(41)]
    body = [
        PANEL.cursor(n, "cursor"),
        PANEL.axes(
            [(10.0**e, power_of_ten(e)) for e in (0, 3, 6, 9)],
            [(10.0**e, power_of_ten(e)) for e in (0, 5, 10, 15, 20)],
            "parameters *n*",
            "operations",
        ),
    ]
    for name, key in KEYS.items():
        points = [PANEL.at(made["parameters"](width), made[name](width)) for width in widths]
        body.append(element("path", f"gp-curve {key}", d=path(points)))
        x, y = PANEL.at(n, made[name](START))
        body.append(element("circle", f"gp-mark {key}", name, cx=x, cy=y, r=4.5))
    return PANEL.svg(
        "cost",
        *body,
        label((PANEL.x(1e7), PANEL.y(1e17)), "one dimension at a time: *n*²", "gp-end gp-halo"),
        label((PANEL.x.end, PANEL.y(1e4)), "back-propagation: *n*", "gp-end gp-halo"),
        handle("width", (PANEL.x(n), PANEL.y.start), "number of parameters", READS),
    )
