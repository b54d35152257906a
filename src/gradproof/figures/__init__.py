"""Figures: static SVG drawn by Python, which a little JavaScript moves.

Each figure is one module with two functions.  `formulas()` returns what the figure computes, and
raises `FigureError` unless every formula passed its check; `draw()` returns the figure as HTML.
The same formulas are printed as JavaScript, so that what moves cannot drift from what was proved.

- formulas.py holds a checked expression as a function, in Python and in JavaScript;
- drawing.py makes SVG: axes, curves, contour lines; space.py projects a surface; frame.py puts
  panels, numbers and caption together; numerals.py writes numbers as figures.js does;
- surface, contour, sigmoid, taylor, circle, copies and cost are the figures.

`docs/assets/figures.js` moves them; it calls the functions of `javascript()` by name and holds no
formula of its own.  As in `gradproof.page`, nothing imports SymPy before the cache has been asked.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from gradproof.cache import digest, engine_digest, remember

__all__ = ["NAMES", "FigureError", "figure", "javascript"]

NAMES = ("surface", "contour", "sigmoid", "taylor", "circle", "copies", "cost")


class FigureError(Exception):
    """What a figure was to draw did not pass its check; the message names the figure."""


def figure(name: str) -> str:
    """Return a figure as HTML, or raise `FigureError` if one of its formulas does not hold."""
    if name not in NAMES:
        raise KeyError(f"no figure is called {name!r}; there are {', '.join(NAMES)}")
    return remember(digest("figure", name, _digest()), lambda: _module(name).draw())


def javascript() -> str:
    """Return the script with the functions that the figures call, printed from checked formulas."""

    def make() -> str:
        parts = (f"  {name}: {{{_functions(name)}\n  }}" for name in NAMES if _functions(name))
        return "window.gradproofFigures = {\n" + ",\n".join(parts) + "\n};\n"

    return remember(digest("figures", _digest()), make)


def _functions(name: str) -> str:
    return ",".join(f"\n    {formula.name}: {formula.javascript()}" for formula in _module(name).formulas())


def _module(name: str) -> Any:
    return import_module(f"gradproof.figures.{name}")


@cache
def _digest() -> str:
    """Name the figures' own code and the engine beneath it."""
    return digest(engine_digest(), *(path.read_text("utf-8") for path in sorted(Path(__file__).parent.glob("*.py"))))
