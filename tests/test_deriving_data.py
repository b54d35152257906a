"""The benchmark of deriving, and what the site shows of it: the bars, the operations, the tables and the plot.  Nothing here is timed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from gradproof.figures import deriving
from gradproof.page import PageError

ROOT = Path(__file__).parents[1]
DATA = ROOT / "docs/data/deriving.json"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return import_module("deriving")


def parsed(html: str) -> ET.Element:
    return ET.fromstring(f"<div>{html.replace(' data-search-exclude', '')}</div>")  # noqa: S314 - our own


@pytest.mark.parametrize("width", [3, 10])
def test_operations_are_those_that_are_counted_by_hand(benchmark: Any, width: int) -> None:
    """One row: a layer takes s(2s − 1) + s for its value; (2 + 1)s for tanh′, s(2s − 1) for what goes back, s² for its weights."""
    for depth in (1, 4):
        forward = (
            depth * (width * (2 * width - 1) + width) + 3 * width
        )  # the loss: s differences, squares, s − 1 sums, a half
        backward = depth * (3 * width + width**2) + (depth - 1) * width * (2 * width - 1) + width
        assert benchmark.ratio_of_operations(depth, width, 1) == pytest.approx(
            (forward + backward) / forward, rel=1e-12
        )


@pytest.mark.parametrize(("batch", "most"), [(1, 3.0), (64, 3.5)])
def test_a_gradient_is_cheap_up_to_64_layers(benchmark: Any, batch: int, most: float) -> None:
    assert benchmark.ratio_of_operations(64, 3, batch) <= most
    stored = [ratio for size, _, _, ratio in deriving.read(DATA).operations if size == batch]
    assert max(stored) <= most


def test_an_exponent_is_that_of_a_power(benchmark: Any) -> None:
    points = [{"n": n, "seconds": 3.0 * n**1.5} for n in (1, 2, 4, 8, 16)]
    assert benchmark.exponent(points, "seconds") == pytest.approx(1.5)
    assert benchmark.exponent(points[:4], "seconds") is None


def test_the_time_of_deriving_grows_at_most_linearly_with_depth_and_not_with_width() -> None:
    """As it was measured when the file was written."""
    found = {s.what: s for s in deriving.read(DATA).series if s.who == "gradproof"}
    assert [n for n, *_ in found["depth"].points] == [1, 2, 4, 8, 16, 32, 64]
    assert found["depth"].exponent <= 1.2
    assert abs(found["width"].exponent) < 0.1
    assert all(median <= 1.2 for _, median, *_ in deriving.read(DATA).first)


def test_the_file_says_when_and_on_what_it_was_made_and_names_no_path() -> None:
    found = deriving.read(DATA)
    assert date.fromisoformat(found.made) <= date.today()
    assert {"processor", "cores", "system", "python"} == found.machine.keys()
    assert "/" not in "".join(map(str, (*found.machine.values(), *(s.stopped for s in found.series))))


@pytest.mark.parametrize("what", deriving.GROWS)
def test_tables_and_plots_show_every_time(what: str) -> None:
    series = deriving.read(DATA).of(what)
    drawn = parsed(deriving.plot(what, DATA))
    assert len(list(drawn.iter("circle"))) == sum(len(s.points) for s in series)
    rows = list(parsed(deriving.times(what, DATA)).iter("tr"))
    assert len(rows) == 2 + len({n for s in series for n, *_ in s.points})
    for page in (deriving.operations(DATA), deriving.first(DATA), deriving.run(DATA)):
        assert list(parsed(page))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda found: found.pop("machine"), "machine"),
        (lambda found: found["series"].clear(), "no times of gradproof against depth"),
        (lambda found: found["series"][0]["points"][0].update(seconds=-1), "-1 is no time"),
        (lambda found: found["series"][1].update(who="somebody"), "times of somebody; known are gradproof"),
        (lambda found: found["operations"].clear(), "no operations"),
    ],
)
def test_a_file_of_another_form_is_refused(spoil: Callable[[dict[str, Any]], Any], says: str, tmp_path: Path) -> None:
    found = json.loads(DATA.read_text("utf-8"))
    spoil(found)
    spoilt = tmp_path / "deriving.json"
    spoilt.write_text(json.dumps(found), "utf-8")
    with pytest.raises(PageError, match=says):
        deriving.read(spoilt)


def test_what_does_not_grow_is_refused_by_name() -> None:
    with pytest.raises(KeyError, match="nothing that grows is called 'height'; there are depth"):
        deriving.read(DATA).of("height")
