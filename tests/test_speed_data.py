"""The benchmark of generated code, and what the site shows of it: the file's form, tables and plot.  Nothing here is timed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from gradproof.figures import speed
from gradproof.page import PageError

DATA = Path(__file__).parents[1] / "docs/data/speed.json"
SAME = {"low": 1.0, "median": 1.0, "high": 1.0}


@cache
def text() -> str:
    return DATA.read_text("utf-8")


def content() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text())
    return found


def parsed(html: str) -> ET.Element:
    return ET.fromstring(f"<div>{html.replace(' data-search-exclude', '')}</div>")  # noqa: S314 - our own


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    """A file with other content."""

    def write(found: dict[str, Any]) -> Path:
        path = tmp_path / "speed.json"
        path.write_text(json.dumps(found), "utf-8")
        return path

    return write


# -- the benchmark itself ----------------------------------------------------------------------------
@pytest.fixture
def benchmark_module(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """A module of benchmarks/ by its name."""
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
    return lambda name: import_module(name)


@pytest.mark.parametrize("loss", speed.LOSSES)
def test_what_is_written_by_hand_is_what_gradproof_derives(loss: str, benchmark_module: Callable[[str], Any]) -> None:
    bench, by_hand = benchmark_module("speed"), benchmark_module("by_hand")
    for case in [next(c for c in bench.cases() if (c.loss, c.dtype) == (loss, dtype)) for dtype in speed.DTYPES]:
        data = bench.data_of(case)
        found = bench.program_of(loss).to_numpy()(**data)
        bench.compare(str(case), found, getattr(by_hand, loss)(**data), bench.TOLERANCE[case.dtype])


def test_linear_regression_in_blocks_is_linear_regression(
    benchmark_module: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, by_hand = benchmark_module("speed"), benchmark_module("by_hand")
    data = bench.data_of(next(c for c in bench.cases() if c.loss == "line"))
    monkeypatch.setattr(by_hand, "BLOCK", 7)
    bench.compare("in blocks", by_hand.line_in_blocks(**data), by_hand.line(**data), 1e-12)


def test_a_contestant_that_is_wrong_ends_the_run(benchmark_module: Callable[[str], Any]) -> None:
    compare, right = benchmark_module("speed").compare, (1.0, np.ones((2, 3)))
    compare("right", right, right, 1e-9)
    with pytest.raises(SystemExit, match=r"twice: result 1 differs by 1\.0e\+00"):
        compare("twice", (1.0, 2 * np.ones((2, 3))), right, 1e-9)
    with pytest.raises(SystemExit, match="not a number: result 0"):
        compare("not a number", (float("nan"), right[1]), right, 1e-9)
    with pytest.raises(SystemExit, match=r"turned: result 1 has the shape \(3, 2\)"):
        compare("turned", (1.0, np.ones((3, 2))), right, 1e-9)
    with pytest.raises(SystemExit, match="gives 1 results in place of 2"):
        compare("one", (1.0,), right, 1e-9)


# -- the file of the site ----------------------------------------------------------------------------
def test_the_file_has_every_loss_and_says_where_it_comes_from() -> None:
    run = speed.read(DATA)
    assert date.fromisoformat(run.made) <= date.today()
    assert {"numpy", "jax", "torch", "casadi", "autograd", "numba"} <= set(run.versions)
    assert {case.loss for case in run.cases} == set(speed.LOSSES)


def test_the_network_is_measured_at_every_size_and_batch_of_the_goals() -> None:
    sizes = {(case.size, case.batch) for case in speed.read(DATA).of("network")}
    assert sizes == {(s, p) for s in ("2×3×2", "10×20×5", "64×128×32", "784×256×10") for p in (1, 64, 256)}


def test_generated_code_is_in_every_case_and_a_peer_has_a_ratio_or_a_reason() -> None:
    for case in speed.read(DATA).cases:
        assert {"numpy", "loops"} <= set(case.ratios)
        if case.dtype == "float64":
            assert set(speed.PEERS) <= set(case.ratios) | set(case.left_out)
            assert not set(case.ratios) & set(case.left_out)


def test_the_file_names_no_host_and_no_path() -> None:
    assert not re.search(r"://|/home|/root|/tmp|/work|\.local\b", text())


# -- a wrong file --------------------------------------------------------------------------------------
def without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda found: found.pop(name)


def case(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda found: found["cases"][1].update(changes)


def ratio(**numbers: Any) -> Callable[[dict[str, Any]], None]:
    return lambda found: found["cases"][1]["ratios"]["jax"].update(numbers)


WRONG: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "no day": (without("made"), "the file has no 'made'"),
    "no cases": (without("cases"), "the file has no 'cases'"),
    "no processor": (lambda found: found["machine"].pop("processor"), "the machine's processor is not told"),
    "a loss missing": (lambda found: found["cases"].__delitem__(slice(12, None)), "there is no case of line, softmax"),
    "another loss": (case(loss="tanh"), r"case 2 \(tanh 2×3×2\) is of none of network, line"),
    "another precision": (case(dtype="float16"), "in float64 or float32"),
    "no time": (case(hand="fast"), r"case 2 \(network 2×3×2\) has no 'hand' of its kind, but 'fast'"),
    "no ratio": (case(ratios={}), "has no ratio of generated code"),
    "negative": (ratio(low=-1), "'jax' has .* no quartiles of a known contestant"),
    "out of order": (ratio(low=1e9), "'jax' has .* no quartiles"),
    "infinite": (ratio(high=float("inf")), "'jax' has .* no quartiles"),
    "a word": (ratio(median="1"), "'jax' has no 'median' of its kind, but '1'"),
    "a stranger": (
        lambda found: found["cases"][1]["ratios"].update(fortran=SAME),
        "'fortran' has .* no quartiles of a known",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_an_error_that_names_the_part(name: str, changed: Callable[[dict[str, Any]], Path]) -> None:
    spoil, told = WRONG[name]
    found = content()
    spoil(found)
    path = changed(found)
    with pytest.raises(PageError, match=told) as error:
        speed.by_size("network", path)
    assert str(path) in str(error.value)
    assert "nox -s speed -- --write" in str(error.value)


def test_a_file_that_is_not_there_or_no_json_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "speed.json").write_text("{", "utf-8")
    for path in (tmp_path / "speed.json", tmp_path / "none.json"):
        with pytest.raises(PageError, match="cannot be shown"):
            speed.run(path)


def test_an_unknown_loss_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(KeyError, match="'relu'; there are network, line"):
        speed.plot("relu", DATA)


# -- what is shown ---------------------------------------------------------------------------------------
def test_the_day_the_machine_and_the_versions_are_told() -> None:
    run, shown = speed.read(DATA), speed.run(DATA)
    assert f"Not made by this build, but on {run.made}" in shown
    assert all(f"{name} {number}" in shown for name, number in run.versions.items())
    assert f"{run.machine['processor']}, {run.machine['cores']} cores" in shown


@pytest.mark.parametrize("loss", speed.LOSSES)
def test_the_tables_have_a_row_for_each_size_and_a_cell_for_each_contestant(loss: str) -> None:
    cases = speed.read(DATA).of(loss)
    root = parsed(speed.by_size(loss, DATA))
    tables = root.findall("table")
    assert len(tables) == 2
    for table in tables:
        rows = table.findall("tbody/tr")
        assert [row.findtext("th") for row in rows] == [case.title for case in cases]
        assert {len(row.findall("td")) for row in rows} == {len(table.findall("thead/tr/th")) - 1}
    said = "".join(root.itertext())
    assert all(
        speed.NAMES[name] in said
        for case in cases
        for name in (*case.ratios, *case.left_out)
        if name not in speed.OF_DATA
    )


@pytest.mark.parametrize("loss", speed.LOSSES)
def test_a_plot_has_a_dot_for_each_ratio_inside_its_axes_and_says_the_same_in_words(loss: str) -> None:
    cases = speed.read(DATA).of(loss)
    svg = parsed(speed.plot(loss, DATA)).find("./div/svg")
    assert svg is not None
    shown = speed.OURS | speed.PEERS
    dots = svg.findall("circle")
    assert len(dots) == sum(name in shown for case in cases for name in case.ratios)
    assert all(speed.LEFT <= float(dot.attrib["cx"]) <= speed.WIDTH - 12 for dot in dots)
    assert svg.attrib["role"] == "img"
    said = svg.attrib["aria-label"]
    assert all(shown[name] in said for name in shown if any(name in case.ratios for case in cases))


def test_a_dot_stands_where_its_ratio_is(changed: Callable[[dict[str, Any]], Path]) -> None:
    """Ten times the time is one tick to the right, and twice ten times two."""
    found = content()
    chosen = [c for c in found["cases"] if c["loss"] == "line" and c["dtype"] == "float64"][:3]
    for power, one in enumerate(chosen):
        one["ratios"] = {"numpy": dict.fromkeys(("low", "median", "high"), 10.0**power)}
        one["left_out"] = {}
    others = [c for c in found["cases"] if c["loss"] != "line"]
    svg = parsed(speed.plot("line", changed(found | {"cases": others + chosen}))).find("./div/svg")
    assert svg is not None
    first, second, third = (float(dot.attrib["cx"]) for dot in svg.findall("circle"))
    assert second - first == pytest.approx(third - second, abs=0.2)
    assert second - first > 50


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0123, "0.012"), (0.0687, "0.069"), (0.15, "0.15"), (0.999, "1.00"), (1.046, "1.05"), (9.96, "9.96"), (48.53, "49"), (1234.0, "1,234")],
)  # fmt: skip
def test_a_ratio_has_the_digits_that_it_is_good_for(value: float, shown: str) -> None:
    assert speed._number(value) == shown


def test_linear_regression_shows_what_its_data_cost() -> None:
    shown = speed.data_costs(DATA)
    assert all(title in shown for title in speed.OF_DATA.values())
    assert all(title in speed.single_precision(DATA) for title, _ in speed.LOSSES.values())
