"""What `benchmarks/speed.py` measured, as a plot and as tables; it does not move, and no build measures it anew.

The figures come from docs/data/speed.json, with the day, the machine and the versions of the run that wrote it.
All are ratios: a time over that of hand-written NumPy in the same run, so less than 1 is faster.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from gradproof.figures.drawing import Axis, Panel, element, label
from gradproof.figures.numerals import power_of_ten
from gradproof.page import PageError
from gradproof.pieces import table

__all__ = ["FILE", "Case", "Ratio", "Run", "by_size", "data_costs", "plot", "read", "run", "single_precision"]

FILE = "docs/data/speed.json"
DTYPES = ("float64", "float32")

#: the losses, and what their sizes are
LOSSES = {
    "network": ("tanh network", "inputs × hidden units × outputs"),
    "line": ("linear regression", "points"),
    "softmax": ("softmax regression", "inputs × classes"),
    "layer_norm": ("layer normalisation", "numbers in a row"),
    "attention": ("attention", "rows × numbers in each"),
}
OURS = {
    "numpy": "generated: NumPy",
    "loops": "generated: loops",
    "arrays_jax": "generated, on JAX",
    "arrays_torch": "generated, on PyTorch",
}
PEERS = {
    "casadi": "CasADi",
    "jax": "JAX, jit",
    "torch_compiled": "PyTorch, compiled",
    "torch": "PyTorch, eager",
    "tensorgrad": "tensorgrad",
    "autograd": "HIPS autograd",
    "sympy_cse": "SymPy, cse",
    "sympy": "SymPy",
}
OF_DATA = {
    "read": "both arrays read once",
    "in_blocks": "by hand, in blocks",
    "constant_pass": "constant data: its one pass",
    "constant_gradient": "constant data: each gradient",
}
NAMES = OURS | PEERS | OF_DATA

LEFT, WIDTH, ROW, TOP = 148, 444, 17, 24  # of the drawing


@dataclass(frozen=True)
class Ratio:
    """A time over that of hand-written NumPy: the median over the rounds of a run, and the quartiles."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Case:
    """What was measured of one loss at one size; `hand` is the time of hand-written NumPy in seconds."""

    loss: str
    size: str
    batch: int | None
    dtype: str
    hand: float
    ratios: Mapping[str, Ratio]
    left_out: Mapping[str, str]

    @property
    def title(self) -> str:
        return self.size + (f", batch {self.batch}" if self.batch else "")


@dataclass(frozen=True)
class Run:
    """One run of the benchmark."""

    made: str
    machine: Mapping[str, Any]
    versions: Mapping[str, str]
    cases: tuple[Case, ...]

    def of(self, loss: str, dtype: str = "float64") -> list[Case]:
        """The cases of one loss, by size."""
        if loss not in LOSSES:
            raise KeyError(f"no loss of the benchmark is called {loss!r}; there are {', '.join(LOSSES)}")
        return [case for case in self.cases if (case.loss, case.dtype) == (loss, dtype)]


# -- the file ----------------------------------------------------------------------------------------
def read(path: str | Path = FILE) -> Run:
    """The run of a file.  Raises PageError, which names the part, for a file that is not of the benchmark's form."""
    try:
        return _run(json.loads(Path(path).read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise PageError(f"{path} cannot be shown: {error}; `nox -s speed -- --write` writes it") from error


def _run(found: Any) -> Run:
    cases = tuple(_case(n, part) for n, part in enumerate(_part(found, "cases", list)))
    made = Run(_part(found, "made", str), _part(found, "machine", dict), _part(found, "versions", dict), cases)
    if missing := [name for name in ("processor", "cores", "system", "python") if name not in made.machine]:
        raise ValueError(f"the machine's {', '.join(missing)} is not told")
    if missing := [loss for loss in LOSSES if not made.of(loss)]:
        raise ValueError(f"there is no case of {', '.join(missing)} in double precision")
    return made


def _part(found: Any, name: str, kind: type | tuple[type, ...], where: str = "the file") -> Any:
    part = found.get(name) if isinstance(found, dict) else None
    if not isinstance(part, kind):
        raise ValueError(f"{where} has no {name!r} of its kind, but {part!r:.40}")  # noqa: TRY004 - a fault of the file
    return part


def _case(n: int, part: Any) -> Case:
    where = f"case {n + 1}"
    loss, size, dtype = (_part(part, name, str, where) for name in ("loss", "size", "dtype"))
    where += f" ({loss} {size})"
    if loss not in LOSSES or dtype not in DTYPES:
        raise ValueError(f"{where} is of none of {', '.join(LOSSES)} in {' or '.join(DTYPES)}")
    ratios = {}
    for name, ratio in _part(part, "ratios", dict, where).items():
        numbers = [_part(ratio, key, (float, int), f"{where}: {name!r}") for key in ("low", "median", "high")]
        if name not in NAMES or not 0 < numbers[0] <= numbers[1] <= numbers[2] < math.inf:
            raise ValueError(f"{where}: {name!r} has {numbers}, which are no quartiles of a known contestant")
        ratios[name] = Ratio(numbers[1], numbers[0], numbers[2])
    if "numpy" not in ratios:
        raise ValueError(f"{where} has no ratio of generated code")
    left_out = _part(part, "left_out", dict, where)
    return Case(loss, size, part.get("batch"), dtype, _part(part, "hand", float, where), ratios, left_out)


# -- what a page shows ---------------------------------------------------------------------------------
def run(path: str | Path = FILE) -> str:
    """Return in a sentence where the figures come from."""
    found = read(path)
    packages = ", ".join(f"{name} {number}" for name, number in found.versions.items())
    machine = found.machine
    return (
        f"<p>Not made by this build, but on {escape(found.made)} by <code>nox -s speed</code>, on one thread of:"
        f" {escape(str(machine['processor']))}, {machine['cores']} cores, {escape(str(machine['system']))},"
        f" Python {escape(str(machine['python']))}, {escape(packages)}.</p>"
    )


def by_size(loss: str, path: str | Path = FILE) -> str:
    """Return two tables, of generated code and of the other libraries: their ratios at each size; then what was left out."""
    cases = read(path).of(loss)
    first = escape(LOSSES[loss][1] + (", batch" if any(case.batch for case in cases) else ""))
    often = [name for name in PEERS if 2 * sum(name in case.ratios for case in cases) > len(cases)]
    return _table(first, cases, OURS, hand=True) + _table(first, cases, often) + _seldom(cases, set(PEERS) - set(often))


def _table(first: str, cases: Sequence[Case], names: Iterable[str], hand: bool = False) -> str:
    """The ratios of some contestants, those that have any; `hand` shows the time of hand-written NumPy, too."""
    shown = [name for name in names if any(name in case.ratios for case in cases)]
    titles = (first, *(["by hand"] * hand), *(escape(NAMES[name]) for name in shown))
    rows = [
        (escape(case.title), *([_time(case.hand)] * hand), *(_cell(case, name) for name in shown)) for case in cases
    ]
    return table(titles, rows, cards=True)


def single_precision(path: str | Path = FILE) -> str:
    """Return a table of generated code in float32, over hand-written NumPy in float32."""
    found = read(path)
    return "".join(
        _table(f"{LOSSES[loss][0]}: {escape(LOSSES[loss][1])}", found.of(loss, "float32"), OURS, hand=True)
        for loss in LOSSES
    )


def data_costs(path: str | Path = FILE) -> str:
    """Return a table of what linear regression's data cost: read once, as loops, in blocks, and taken as constant."""
    return _table("points", read(path).of("line"), ("read", "loops", *list(OF_DATA)[1:]), hand=True)


def _cell(case: Case, name: str) -> str:
    """A ratio, with its quartiles where the pointer rests on it."""
    ratio = case.ratios.get(name)
    if ratio is None:
        return "–"
    spread = f"{_number(ratio.low)} to {_number(ratio.high)}"
    return f'<span title="half of the rounds: {spread}">{_number(ratio.median)}</span>'


def _seldom(cases: Sequence[Case], names: set[str]) -> str:
    """What contestants that are left out somewhere reached, and why they are not at all sizes, in a sentence each."""
    items = []
    for name in NAMES:
        reasons = dict.fromkeys(case.left_out[name] for case in cases if name in case.left_out)
        reached = [f"{_cell(case, name)} at {escape(case.title)}" for case in cases if name in case.ratios]
        shown = f"{'; '.join(reached)}; " * (name in names and bool(reached))
        if reasons:
            items.append(
                f"<li>{escape(NAMES[name])}: {shown}left out{' elsewhere' if reached else ''}: {escape('; '.join(reasons))}.</li>"
            )
    return f"<ul>{''.join(items)}</ul>" if items else ""


def _time(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{_number(seconds / size)}\N{NO-BREAK SPACE}{unit}"
    return f"{_number(seconds * 1e6)}\N{NO-BREAK SPACE}µs"


def _number(value: float) -> str:
    """Three digits, two from 10 on and below 1; no power of ten."""
    if value >= 10:
        return f"{value:,.0f}"
    digits = 2 if value >= 0.095 else 1 - math.floor(math.log10(value))
    return f"{value:.{digits}f}"


# -- the plot -------------------------------------------------------------------------------------------
def plot(loss: str, path: str | Path = FILE) -> str:
    """Return the ratios of one loss at all sizes as HTML: a row for each contestant, a dot for each size.

    The axis of ratios goes by powers of ten; a line marks hand-written NumPy, and a stroke in each row its median.
    """
    cases = read(path).of(loss)
    rows = {
        name: [(case.title, case.ratios[name].median) for case in cases if name in case.ratios] for name in OURS | PEERS
    }
    rows = {name: found for name, found in rows.items() if found}
    every = [ratio for found in rows.values() for _, ratio in found]
    powers = range(math.floor(math.log10(min([*every, 0.9]))), math.ceil(math.log10(max([*every, 9.0]))) + 1)
    bottom = TOP + ROW * len(rows)
    across = Axis(10.0 ** powers[0], 10.0 ** powers[-1], LEFT, WIDTH - 12, log=True)
    panel = Panel("speed", "", WIDTH, bottom + 40, across, Axis(len(rows), 0, bottom, TOP))
    ticks = [(10.0**e, power_of_ten(e) if abs(e) > 3 else f"{10.0**e:g}") for e in powers]
    body = panel.axes(ticks, [], "time over that of hand-written NumPy", "")
    body += element("path", "gp-cursor", d=f"M{across(1.0):.1f},{TOP}V{bottom}")
    body += label((across(1.0), TOP - 8), "by hand", "gp-tick gp-middle")
    for n, (name, found) in enumerate(rows.items()):
        body += _row(panel, n + 0.5, name, found)
    says = _says(loss, rows)
    drawn = f'<svg viewBox="0 0 {WIDTH} {bottom + 40}" role="img" aria-label="{escape(says)}">{body}</svg>'
    return f'<div class="gp-figure gp-panels gp-precision gp-speed" data-search-exclude>{drawn}</div>'


def _row(panel: Panel, at: float, name: str, found: Sequence[tuple[str, float]]) -> str:
    """The dots of one contestant, its name at their left; a dot tells its size where the pointer rests on it."""
    kind = "gp-stable" if name in OURS else "gp-plain"
    dots = "".join(
        element("circle", kind, "", f"<title>{escape(title)}: {_number(ratio)}</title>", cx=x, cy=y, r=3.2)
        for title, ratio in found
        for x, y in [panel.at(ratio, at)]
    )
    x, y = panel.at(_middle([ratio for _, ratio in found]), at)
    stroke = element("path", f"gp-median {kind}", d=f"M{x:.1f},{y - 6:.1f}v12")
    return label((LEFT - 7, y + 4), NAMES[name], "gp-tick gp-end") + dots + stroke


def _middle(ratios: Sequence[float]) -> float:
    """The median by ratios: of an even number, the geometric mean of the two in the middle."""
    ordered = sorted(ratios)
    return math.sqrt(ordered[(len(ordered) - 1) // 2] * ordered[len(ordered) // 2])


def _says(loss: str, rows: Mapping[str, Sequence[tuple[str, float]]]) -> str:
    """The picture in words."""
    told = [
        f"{NAMES[name]} {_number(min(ratios))} to {_number(max(ratios))}"
        for name, found in rows.items()
        for ratios in [[ratio for _, ratio in found]]
    ]
    return (
        f"Times for the loss and all gradients of {LOSSES[loss][0]} over those of hand-written NumPy: {'; '.join(told)}"
    )
