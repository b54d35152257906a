"""What `benchmarks/deriving.py` measured, as a plot and as tables; it does not move, and no build measures it anew.

The figures come from docs/data/deriving.json, with the day, the machine and the versions of the run that wrote it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from gradproof.figures.drawing import Axis, Panel, element, label, path
from gradproof.figures.numerals import power_of_ten
from gradproof.page import PageError
from gradproof.pieces import table

__all__ = ["FILE", "Run", "Series", "first", "operations", "plot", "read", "run", "times"]

FILE = "docs/data/deriving.json"

#: what grows -> what a value of it counts
GROWS = {
    "depth": "layers",
    "width": "units a layer",
    "terms": "terms",
    "depth, proof": "layers",
    "terms, proof": "terms",
}
WHO = {"gradproof": "gradproof", "sympy": "SymPy, written out", "casadi": "CasADi"}
CURVES = {"gradproof": "gp-stable", "sympy": "gp-plain", "casadi": "gp-plain gp-dashed"}


@dataclass(frozen=True)
class Series:
    """One contestant: (n, seconds, mebibytes or None), the exponent of n with which the time grows, and why it ends."""

    what: str
    who: str
    points: tuple[tuple[int, float, float | None], ...]
    exponent: float | None
    stopped: str


@dataclass(frozen=True)
class Run:
    """One run of the benchmark; `operations` has (batch, width, depth, ratio), `first` (loss, median, low, high)."""

    made: str
    machine: Mapping[str, Any]
    versions: Mapping[str, str]
    series: tuple[Series, ...]
    operations: tuple[tuple[int, int, int, float], ...]
    first: tuple[tuple[str, float, float, float], ...]

    def of(self, what: str) -> list[Series]:
        """All contestants on one thing that grows."""
        if what not in GROWS:
            raise KeyError(f"nothing that grows is called {what!r}; there are {', '.join(GROWS)}")
        return [s for s in self.series if s.what == what]


def read(file: str | Path = FILE) -> Run:
    """The run of a file.  Raises PageError for a file that is not of the benchmark's form."""
    try:
        return _run(json.loads(Path(file).read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        hint = "`python benchmarks/deriving.py --write` writes it"
        raise PageError(f"{file} cannot be shown: {type(error).__name__}: {error}; {hint}") from error


def _run(found: Any) -> Run:
    series = tuple(
        Series(
            s["what"],
            s["who"],
            tuple((p["n"], _positive(p["seconds"]), p.get("mebibytes")) for p in s["points"]),
            s["exponent"],
            s["stopped"],
        )
        for s in found["series"]
    )
    operations = tuple((o["batch"], o["width"], o["depth"], _positive(o["ratio"])) for o in found["operations"])
    ratios = tuple((f["loss"], *(_positive(f[name]) for name in ("median", "low", "high"))) for f in found["first"])
    machine = {name: found["machine"][name] for name in ("processor", "cores", "system", "python")}
    made = Run(found["made"], machine, found["versions"], series, operations, ratios)
    for what in GROWS:
        if not any(s.who == "gradproof" and s.points for s in made.of(what)):
            raise ValueError(f"it has no times of gradproof against {what}")
    if unknown := {s.who for s in series} - WHO.keys():
        raise ValueError(f"it has times of {', '.join(sorted(unknown))}; known are {', '.join(WHO)}")
    if not (operations and ratios):
        raise ValueError("it has no operations or no first derivations")
    return made


def _positive(value: Any) -> float:
    if not 0 < value < math.inf:
        raise ValueError(f"{value!r} is no time and no ratio")
    return float(value)


# -- what a page shows ---------------------------------------------------------------------------------
def run(file: str | Path = FILE) -> str:
    """Return in a sentence where the figures come from."""
    found = read(file)
    packages = ", ".join(f"{name} {found.versions[name]}" for name in ("sympy", "casadi") if name in found.versions)
    machine = found.machine
    return (
        f"<p>Not made by this build, but on {escape(found.made)} by <code>benchmarks/deriving.py</code>, on one thread of:"
        f" {escape(str(machine['processor']))}, {machine['cores']} cores, {escape(str(machine['system']))},"
        f" Python {escape(str(machine['python']))}, {escape(packages)}.</p>"
    )


def times(what: str, file: str | Path = FILE) -> str:
    """Return a table of the times and the memory against what grows, with the fitted exponents; then why a contestant ends."""
    found = read(file).of(what)
    values = sorted({n for s in found for n, *_ in s.points})
    cells = {s.who: {n: (seconds, memory) for n, seconds, memory in s.points} for s in found}
    rows = [(f"{n:,}", *(_cell(cells[s.who].get(n)) for s in found)) for n in values]
    grows = ("grows as n to the power", *("–" if s.exponent is None else f"{s.exponent:.2f}" for s in found))
    stopped = "".join(f"<li>{escape(WHO[s.who])}: {escape(s.stopped)}.</li>" for s in found if s.stopped)
    titles = (GROWS[what], *(WHO[s.who] for s in found))
    return table(titles, [*rows, grows], cards=True) + (f"<ul>{stopped}</ul>" if stopped else "")


def _cell(found: tuple[float, float | None] | None) -> str:
    """A time and what memory it takes."""
    if found is None:
        return "–"
    seconds, memory = found
    size = "" if memory is None else f", {_number(memory)}\N{NO-BREAK SPACE}MiB"
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale or unit == "µs":
            return f"{_number(seconds / scale)}\N{NO-BREAK SPACE}{unit}{size}"
    return ""


def _number(value: float) -> str:
    """Two digits, and all of them before the point."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def operations(file: str | Path = FILE) -> str:
    """Return a table of the operations of the loss with all gradients over those of the loss."""
    found = read(file).operations
    kinds = sorted({(batch, width) for batch, width, *_ in found})
    ratios = {(batch, width, depth): ratio for batch, width, depth, ratio in found}
    titles = ("layers", *(f"batch {batch}, width {width}" for batch, width in kinds))
    depths = sorted({depth for *_, depth, _ in found})
    return table(titles, [(str(d), *(f"{ratios[*kind, d]:.2f}" for kind in kinds)) for d in depths], cards=True)


def first(file: str | Path = FILE) -> str:
    """Return a table of a first derivation's time, with the import, over that of SymPy and its diff."""
    rows = [(escape(loss), f"{median:.2f}", f"{low:.2f} to {high:.2f}") for loss, median, low, high in read(file).first]
    return table(("loss", "over SymPy", "half of the runs"), rows)


def plot(what: str, file: str | Path = FILE) -> str:
    """Return the times against what grows as HTML, both by powers of ten: a straight line is a power, its slope the exponent."""
    found = [s for s in read(file).of(what) if s.points]
    sizes = [n for s in found for n, *_ in s.points]
    seconds = [t for s in found for _, t, _ in s.points]
    low, high = math.floor(math.log10(min(seconds))), math.ceil(math.log10(max(seconds)))
    across = Axis(min(sizes), max(sizes), 56, 340, log=True)
    panel = Panel("deriving", "", 444, 230, across, Axis(10.0**low, 10.0 ** max(high, low + 1), 184, 10, log=True))
    ticks = [(float(n), f"{n:,}") for n in sorted(set(sizes))]
    levels = [(10.0**e, power_of_ten(e)) for e in range(low, max(high, low + 1) + 1)]
    body = panel.axes(ticks, levels, GROWS[what], "seconds") + "".join(_curve(panel, s) for s in found)
    drawn = f'<svg viewBox="0 0 444 230" role="img" aria-label="{escape(_says(what, found))}">{body}</svg>'
    return f'<div class="gp-figure gp-panels gp-precision gp-deriving" data-search-exclude>{drawn}</div>'


def _curve(panel: Panel, series: Series) -> str:
    """A line through the times of one contestant, with its name at the end."""
    points = [panel.at(n, seconds) for n, seconds, _ in series.points]
    dots = "".join(
        element("circle", CURVES[series.who], "", f"<title>{n:,}: {_cell((t, m))}</title>", cx=x, cy=y, r=2.6)
        for (n, t, m), (x, y) in zip(series.points, points, strict=True)
    )
    x, y = points[-1]
    return (
        element("path", CURVES[series.who], d=path(points)) + dots + label((x + 7, y + 4), WHO[series.who], "gp-tick")
    )


def _says(what: str, found: Sequence[Series]) -> str:
    """The picture in words."""
    told = [
        f"{WHO[s.who]} {_cell((s.points[0][1], None))} at {s.points[0][0]} to {_cell((s.points[-1][1], None))} at {s.points[-1][0]}"
        for s in found
    ]
    return f"Times against {what}, in {GROWS[what]}: {'; '.join(told)}"
