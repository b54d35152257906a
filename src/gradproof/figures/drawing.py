"""SVG by hand: panels with axes, curves, arrows, contour lines.

Everything is drawn in the units of a panel's `viewBox`.  Classes carry colour and dashes, so that
one style sheet serves light and dark; `data-part` names what the script moves.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

__all__ = [
    "Axis",
    "Panel",
    "Point",
    "arrow",
    "arrowhead",
    "contours",
    "curve",
    "element",
    "handle",
    "label",
    "path",
    "spread",
    "svg",
    "ticks",
]

Point = tuple[float, float]
HEAD, SHORT = 9.0, 0.5


@dataclass(frozen=True)
class Axis:
    """The numbers from `low` to `high` laid from `start` to `end` in the drawing, evenly or by powers of ten."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high, value = map(math.log10, (self.low, self.high, value)) if self.log else (self.low, self.high, value)
        return self.start + (value - low) / (high - low) * (self.end - self.start)


@dataclass(frozen=True)
class Panel:
    """One drawing: its size, its two axes, and its title, which names it to a screen reader."""

    name: str
    title: str
    width: float
    height: float
    x: Axis
    y: Axis

    def at(self, x: float, y: float) -> Point:
        return self.x(x), self.y(y)

    def svg(self, figure: str, *body: str) -> str:
        """Return the whole drawing; the script finds its scales in `data-axes`."""
        scales = [[a.low, a.high, a.start, a.end, int(a.log)] for a in (self.x, self.y)]
        return svg(figure, self.name, self.title, (self.width, self.height), "".join(body), axes=scales)

    def cursor(self, value: float, part: str) -> str:
        """Return a line across the drawing at a value of x."""
        x = self.x(value)
        return element("path", "gp-cursor", part, d=path([(x, self.y.end), (x, self.y.start)]))

    def axes(
        self,
        x_ticks: Sequence[tuple[float, str]],
        y_ticks: Sequence[tuple[float, str]],
        x_name: str,
        y_name: str,
    ) -> str:
        """Return two thin axes with their ticks: below the drawing and at its left."""
        left, right, bottom, top = self.x.start, self.x.end, self.y.start, self.y.end
        lines = [f"M{_n(left)},{_n(top)}V{_n(bottom)}H{_n(right)}"]
        lines += [f"M{_n(self.x(t))},{_n(bottom)}v4" for t, _ in x_ticks]
        lines += [f"M{_n(left)},{_n(self.y(t))}h-4" for t, _ in y_ticks]
        texts = [label((self.x(t), bottom + 17), text, "gp-tick gp-middle") for t, text in x_ticks]
        texts += [label((left - 7, self.y(t) + 4), text, "gp-tick gp-end") for t, text in y_ticks]
        texts.append(label((right, bottom + 34), x_name, "gp-end"))
        texts.append(label((left + 7, top + 5), y_name, "gp-halo"))
        return f'<path class="gp-axis" d="{"".join(lines)}"/>' + "".join(texts)

    def frame(self, at: Sequence[float], x_name: str, y_name: str) -> str:
        """Return a box with the same ticks on both axes: for a map, where one unit is one unit."""
        left, right, bottom, top = self.x.start, self.x.end, self.y.start, self.y.end
        lines = [f"M{_n(left)},{_n(top)}V{_n(bottom)}H{_n(right)}V{_n(top)}Z"]
        texts = []
        for t, text in ticks(*at):
            if self.x.low <= t <= self.x.high:
                lines.append(f"M{_n(self.x(t))},{_n(bottom)}v4")
                texts.append(label((self.x(t), bottom + 17), text, "gp-tick gp-middle"))
            if self.y.low <= t <= self.y.high:
                lines.append(f"M{_n(left)},{_n(self.y(t))}h-4")
                texts.append(label((left - 7, self.y(t) + 4), text, "gp-tick gp-end"))
        between = (at[len(at) // 2] + at[len(at) // 2 + 1]) / 2
        texts.append(label((self.x(between), bottom + 17), x_name, "gp-middle"))
        texts.append(label((left - 9, self.y(between) + 4), y_name, "gp-end"))
        return f'<path class="gp-axis" d="{"".join(lines)}"/>' + "".join(texts)


def svg(figure: str, name: str, title: str, size: Point, body: str, **data: object) -> str:
    """Return a drawing that is named by its title; `data` is what the script has to know of it."""
    identity = f"figure-{figure}-{name}"
    known = "".join(f' data-{key}="{json.dumps(value)}"' for key, value in data.items())
    return (
        f'<svg viewBox="0 0 {_n(size[0])} {_n(size[1])}" role="img" aria-labelledby="{identity}"'
        f' data-panel="{name}"{known}><title id="{identity}">{escape(title)}</title>{body}</svg>'
    )


def _n(value: float) -> str:
    """A coordinate, to a tenth of a unit."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def ticks(*values: float) -> list[tuple[float, str]]:
    """Return where ticks stand, each with its number."""
    return [(value, _tick(value)) for value in values]


def _tick(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def element(tag: str, classes: str = "", part: str = "", text: str = "", **attributes: float | str) -> str:
    """Return one SVG element; numbers are rounded, and an underscore in a name is a hyphen."""
    shown = "".join(
        f' {name.replace("_", "-")}="{escape(value) if isinstance(value, str) else _n(value)}"'
        for name, value in attributes.items()
    )
    shown = (f' class="{classes}"' if classes else "") + (f' data-part="{part}"' if part else "") + shown
    return f"<{tag}{shown}>{text}</{tag}>" if text else f"<{tag}{shown}/>"


def label(at: Point, text: str, classes: str = "", part: str = "") -> str:
    """Return a text; what stands between asterisks is a variable, set in italics."""
    pieces = escape(text).split("*")
    body = "".join(f'<tspan class="gp-variable">{t}</tspan>' if n % 2 else t for n, t in enumerate(pieces))
    return element("text", classes, part, body, x=at[0], y=at[1])


def path(points: Iterable[Point], closed: bool = False) -> str:
    """Return the `d` of a line through points: a start, then moves in tenths of a unit."""
    whole = [(round(10 * x), round(10 * y)) for x, y in points]
    moves = [(x - u, y - v) for (u, v), (x, y) in pairwise(whole) if (u, v) != (x, y)]
    start = ",".join(_n(value / 10) for value in whole[0])
    steps = "".join(_signed(value) for move in moves for value in move)
    return f"M{start}" + (f"l{steps.removeprefix(' ')}" if steps else "") + ("Z" if closed else "")


def _signed(tenths: int) -> str:
    """A number of tenths in as few characters as SVG allows, told from the one before it."""
    text = _n(abs(tenths) / 10).removeprefix("0") or "0"
    return ("-" if tenths < 0 else " ") + text


def arrow(start: Point, end: Point) -> str:
    """Return the `d` of an arrow; `arrow` in figures.js draws the same."""
    return path([start, end]) + arrowhead(start, end)


def arrowhead(start: Point, end: Point) -> str:
    """Return the `d` of an arrow's two barbs; an arrow that is too short to see has none."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy)
    if length < SHORT:
        return path([end])
    u, v = dx / length * min(HEAD, length), dy / length * min(HEAD, length)
    barbs = [(end[0] - u + side * v / 2, end[1] - v - side * u / 2) for side in (1, -1)]
    return path([barbs[0], end, barbs[1]])


def spread(low: float, high: float, count: int) -> list[float]:
    """Return `count` numbers from `low` to `high`, evenly."""
    return [low + (high - low) * k / (count - 1) for k in range(count)]


def curve(panel: Panel, function: Callable[[float], float], classes: str, values: Sequence[float]) -> str:
    """Return the graph of a function as far as the panel reaches; it may leave it and come back."""
    pieces: list[list[Point]] = [[]]
    for x in values:
        y = function(x)
        if min(panel.y.low, panel.y.high) <= y <= max(panel.y.low, panel.y.high):
            pieces[-1].append(panel.at(x, y))
        elif pieces[-1]:
            pieces.append([])
    return element("path", f"gp-curve {classes}", d="".join(path(piece) for piece in pieces if len(piece) > 1))


def handle(name: str, at: Point, says: str, reads: str, text: str = "", side: int = 1) -> str:
    """Return what can be moved: a point with a wide invisible grip round it.

    says: what it is.  reads: its value as words, with the names of shown numbers in braces.
    text: a name beside it, on the right or (`side` −1) on the left.
    """
    grip = element("circle", "gp-grip", r=17.0) + element("circle", "gp-point", r=5.0)
    shown = label((9 * side, -9), text, "gp-name" + (" gp-end" if side < 0 else "")) if text else ""
    return (
        f'<g class="gp-handle" data-handle="{name}" data-label="{escape(says)}" data-text="{escape(reads)}"'
        f' transform="translate({_n(at[0])},{_n(at[1])})">{grip}{shown}</g>'
    )


def contours(
    f: Callable[[float, float], float], xs: Sequence[float], ys: Sequence[float], level: float
) -> list[list[Point]]:
    """Return the lines on which f is `level`, by marching squares, joined end to end."""
    rows = [[f(x, y) - level for x in xs] for y in ys]
    segments: list[tuple[Point, Point]] = []
    for j in range(len(ys) - 1):
        for i in range(len(xs) - 1):
            corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
            cuts = list(_cuts(corners, rows, xs, ys))
            segments += zip(cuts[::2], cuts[1::2], strict=True)
    return _joined(segments)


def _cuts(
    corners: Sequence[tuple[int, int]], rows: Sequence[Sequence[float]], xs: Sequence[float], ys: Sequence[float]
) -> Iterator[Point]:
    """Yield where the level crosses the sides of one cell."""
    for a, b in zip(corners, [*corners[1:], corners[0]], strict=True):
        (i, j), (k, m) = sorted((a, b))  # one order, so that neighbours find the same point
        u, v = rows[j][i], rows[m][k]
        if (u < 0) != (v < 0):
            t = u / (u - v)
            yield xs[i] + t * (xs[k] - xs[i]), ys[j] + t * (ys[m] - ys[j])


def _joined(segments: Sequence[tuple[Point, Point]]) -> list[list[Point]]:
    """Join segments that share an end into long lines."""
    ends: dict[Point, list[int]] = {}
    for n, segment in enumerate(segments):
        for end in segment:
            ends.setdefault(end, []).append(n)
    unused, lines = dict.fromkeys(range(len(segments))), []
    while unused:
        n = next((n for n in unused if any(len(ends[e]) == 1 for e in segments[n])), next(iter(unused)))
        del unused[n]
        a, b = segments[n]
        line = [a, b] if len(ends[a]) == 1 or len(ends[b]) > 1 else [b, a]
        while following := [n for n in ends[line[-1]] if n in unused]:
            del unused[following[0]]
            a, b = segments[following[0]]
            line.append(b if a == line[-1] else a)
        lines.append(line)
    return lines
