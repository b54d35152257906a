"""A surface over a square, seen from above and aside, by parallel projection.

The map from (x, y, z) to the drawing is linear, so that the script needs eight numbers to repeat it.
Patches are painted from the back to the front, each over what lies behind it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gradproof.figures.drawing import Point, element, label, path, spread, ticks

__all__ = ["Space"]

SHADES = 8


@dataclass(frozen=True)
class Space:
    """How a box is seen: `turn` and `tilt` of the eye in degrees, units per step, where (0, 0, 0) lies."""

    turn: float
    tilt: float
    scale: float
    origin: Point
    floor: float
    reach: float

    @property
    def matrix(self) -> list[float]:
        """The map as [right by x, right by y, down by x, down by y, down by z]."""
        turn, tilt = math.radians(self.turn), math.radians(self.tilt)
        s = self.scale
        down = s * math.sin(tilt)
        return [
            s * math.cos(turn),
            s * math.sin(turn),
            down * math.sin(turn),
            -down * math.cos(turn),
            -s * math.cos(tilt),
        ]

    def at(self, x: float, y: float, z: float) -> Point:
        a, b, c, d, e = self.matrix
        return self.origin[0] + a * x + b * y, self.origin[1] + c * x + d * y + e * z

    def ground(self, x: float, y: float) -> Point:
        return self.at(x, y, self.floor)

    def surface(self, f: Callable[[float, float], float], low: float, high: float, count: int) -> str:
        """Return the graph of f as patches, shaded by height."""
        values = spread(-self.reach, self.reach, count + 1)
        patches = []
        for i in range(count):
            for j in range(count):
                corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
                points = [(values[p], values[q], f(values[p], values[q])) for p, q in corners]
                height = sum(z for *_, z in points) / 4
                shade = min(SHADES - 1, max(0, int((height - low) / (high - low) * SHADES)))
                nearness = self.at(points[0][0], points[0][1], 0)[1]
                patches.append((nearness, shade, path((self.at(*p) for p in points), closed=True)))
        patches.sort(key=lambda patch: patch[0])
        return _grouped([(shade, d) for _, shade, d in patches])

    def plane(self, at: Sequence[float]) -> str:
        """Return the ground: its outline, and ticks along the two sides nearest to the eye."""
        r = self.reach
        corners = [self.ground(*corner) for corner in ((-r, -r), (r, -r), (r, r), (-r, r))]
        texts, marks = [], []
        for t, name in ticks(*at):
            for start, out, classes in (
                ((t, -r), (0.0, -0.12), "gp-tick gp-middle"),
                ((self._near_x(), t), (0.12 * self._side(), 0.0), "gp-tick " + ("" if self._side() > 0 else "gp-end")),
            ):
                end = (start[0] + out[0], start[1] + out[1])
                marks.append(path([self.ground(*start), self.ground(*end)]))
                x, y = self.ground(start[0] + 2.2 * out[0], start[1] + 2.2 * out[1])
                texts.append(label((x, y + (11 if out[1] else 6)), name, classes))
        outline = element("path", "gp-ground", d=path(corners, closed=True))
        return outline + element("path", "gp-axis", d="".join(marks)) + "".join(texts) + self._names()

    def _side(self) -> int:
        """On which side the left or right edge is nearer to the eye."""
        return 1 if self.turn > 0 else -1

    def _near_x(self) -> float:
        return self.reach * self._side()

    def _names(self) -> str:
        r = self.reach
        x, y = self.ground(0, -1.34 * r)
        u, v = self.ground(1.3 * self._near_x(), 0)
        return label((x, y + 12), "*x*", "gp-middle") + label((u, v + 6), "*y*", "gp-middle")


def _grouped(patches: Sequence[tuple[int, str]]) -> str:
    """Return one path for each run of patches of one shade."""
    runs: list[tuple[int, list[str]]] = []
    for shade, d in patches:
        if runs and runs[-1][0] == shade:
            runs[-1][1].append(d)
        else:
            runs.append((shade, [d]))
    return "".join(element("path", f"gp-patch gp-shade-{shade}", d="".join(ds)) for shade, ds in runs)
