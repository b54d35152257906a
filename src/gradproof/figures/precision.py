"""The errors of a gradient's formula in double precision, by the size of its argument; it does not move.

The axis runs from the largest negative numbers through the smallest ones to the largest: an exponent e stands at
e/(|e| + 4), so that half of each side is left for 1e-4 to 1e4.  An error of 1 or more is drawn on the top line.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Sequence
from html import escape

from gradproof.figures.drawing import Axis, Panel, element, path
from gradproof.figures.numerals import power_of_ten

__all__ = ["draw"]

_HALF = 4.0  # the exponent at the middle of a side
_LEAST = 1e-17

Errors = Sequence[tuple[float, float | None]]


def draw(says: str, tried: Sequence[float], plain: Errors, stable: Errors = ()) -> str:
    """Return the curves of the errors by size as HTML.

    tried: all sizes, in their order; a curve breaks where one of them says nothing.  says: the picture in words.
    """
    sided = any(size < 0 for size, _ in plain)
    ends = (-2.0, 2.0) if sided else (0.0, 2.0)
    panel = Panel("precision", says, 444, 200, Axis(*ends, 48, 428), Axis(_LEAST, 100, 160, 8, log=True))
    if sided:
        ticks = [(_place(sign * 10.0**e), _power(e, sign)) for sign in (-1, 1) for e in (-3, 0, 3, 300)]
        ticks.append((0.0, "±" + power_of_ten(-300)))
    else:
        ticks = [(_place(10.0**e), power_of_ten(e)) for e in (-300, -10, -3, 0, 3, 10, 300)]
    levels = [(10.0**e, power_of_ten(e)) for e in (0, -4, -8, -12, -16)]
    middle = element("path", "gp-cursor", d=path([(panel.x(0), 8), (panel.x(0), 160)])) if sided else ""
    curves = _curve(panel, tried, plain, "gp-plain") + (_curve(panel, tried, stable, "gp-stable") if stable else "")
    body = panel.axes(ticks, levels, "size of the argument", "relative error")
    key = _key("gp-plain", "as it stands") + (_key("gp-stable", "rewritten") if stable else "")
    drawn = f'<svg viewBox="0 0 444 200" role="img" aria-label="{escape(says)}">{middle}{body}{curves}</svg>'
    return f'<div class="gp-figure gp-panels gp-precision" data-search-exclude>{drawn}<p>{key}</p></div>'


def _place(size: float) -> float:
    """Where a number stands on the axis: −2 to 0 for the negative ones, 0 to 2 for the positive ones."""
    exponent = math.log10(abs(size))
    return math.copysign(1 + exponent / (abs(exponent) + _HALF), size)


def _power(exponent: int, sign: int) -> str:
    return ("−" if sign < 0 else "") + power_of_ten(exponent)


def _curve(panel: Panel, tried: Sequence[float], errors: Errors, kind: str) -> str:
    pieces: list[list[tuple[float, float]]] = [[]]
    last = -1
    for size, error in errors:
        here = bisect(tried, size)
        if here != last + 1 or error is None or (pieces[-1] and (size > 0) != (tried[last - 1] > 0)):
            pieces.append([])
        last = here
        if error is not None:
            clipped = 1.0 if math.isnan(error) else min(max(error, _LEAST), 1.0)
            pieces[-1].append(panel.at(_place(size), clipped))
    drawn = "".join(
        path(piece if len(piece) > 1 else [*piece, (piece[0][0] + 0.1, piece[0][1])]) for piece in pieces if piece
    )
    return element("path", f"gp-curve {kind}", d=drawn) if drawn else ""


def _key(kind: str, words: str) -> str:
    sample = f'<svg class="gp-key {kind}" viewBox="0 0 24 10" aria-hidden="true"><path d="M1,5H23"/></svg>'
    return f"<span>{sample}{escape(words)}</span> "
