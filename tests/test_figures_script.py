"""The script that moves the figures computes, writes and draws what Python does."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import quickjs

from drawn import points, read, shown
from gradproof import figures
from gradproof.figures import circle, copies, cost, sigmoid, surface, taylor
from gradproof.figures.numerals import write

ASSETS = Path(__file__).parent.parent / "docs" / "assets"
SCRIPTS = [(ASSETS / name).read_text("utf-8") for name in ("figures.js", "figure-moves.js")]


@pytest.fixture(scope="module", autouse=True)
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """All figures are made once, into a cache of this module's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADPROOF_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield Path()


PAGE = """
class Node {
  constructor({tag, at, text}) { Object.assign(this, {tag, at, textContent: text, heard: {}, children: []}); }
  get dataset() {
    const camel = (name) => name.slice(5).replace(/-(.)/g, (_, c) => c.toUpperCase());
    const data = Object.entries(this.at).filter(([name]) => name.startsWith("data-"));
    return Object.fromEntries(data.map(([name, value]) => [camel(name), value]));
  }
  get classList() { return {add: (name) => { this.at.class += " " + name; }}; }
  getAttribute(name) { return this.at[name] ?? null; }
  hasAttribute(name) { return name in this.at; }
  setAttribute(name, value) { this.at[name] = String(value); }
  addEventListener(name, hear) { this.heard[name] = hear; }
  fits(selector) {
    const [, name, , value] = selector.match(/^\\[([\\w-]+)(="([^"]*)")?\\]$/) || [];
    if (name) return name in this.at && (value === undefined || this.at[name] === value);
    if (selector === "figure.gp-figure:not(.gp-live)") return this.tag === "figure";
    if (selector === ".gp-panels > svg") return this.tag === "svg" && "data-panel" in this.at;
    if (selector === ".gp-handle") return "data-handle" in this.at;
    throw new Error("selector " + selector);
  }
  querySelectorAll(selector) {
    return this.children.flatMap((node) => [...(node.fits(selector) ? [node] : []), ...node.querySelectorAll(selector)]);
  }
  querySelector(selector) { return this.querySelectorAll(selector)[0] || null; }
}
const window = globalThis, document = new Node({tag: "body", at: {}, text: ""});
document.readyState = "complete";
function load(text) {
  const nodes = JSON.parse(text).map((known) => [new Node(known), known.in]);
  for (const [node, parent] of nodes) (parent < 0 ? document : nodes[parent][0]).children.push(node);
  return "" ;
}
function known(kind) {
  return JSON.stringify(document.querySelectorAll(`[data-${kind}]`).map((node) => [node.at, node.textContent]));
}
function press(handle, key, shiftKey) {
  let kept = false;
  const node = document.querySelectorAll(`[data-handle="${handle}"]`)[0];
  node.heard.keydown({key, shiftKey, preventDefault() { kept = true; }});
  return kept;
}
"""


class Page:
    """A page with one figure in QuickJS, with as much of a document as figures.js asks for."""

    def __init__(self, name: str = "") -> None:
        self.js = quickjs.Context()
        self.js.eval(PAGE)
        self.js.eval(figures.javascript())
        if name:
            self.js.get("load")(json.dumps(read(name)))
        for script in SCRIPTS:
            self.js.eval(script)

    def known(self, kind: str) -> dict[str, tuple[dict[str, str], str]]:
        """The elements with `data-<kind>`, by its value: attributes and text. Of two, the first."""
        found = json.loads(self.js.get("known")(kind))
        return {at[f"data-{kind}"]: (at, text) for at, text in reversed(found)}

    def numbers(self) -> dict[str, str]:
        return {name: text for name, (_, text) in self.known("value").items()}

    def press(self, handle: str, *keys: str) -> None:
        for key in keys:
            assert self.js.get("press")(handle, key.removeprefix("Shift+"), key.startswith("Shift+"))

    def call(self, code: str, *values: Any) -> Any:
        return json.loads(self.js.eval(f"JSON.stringify(gradproofFigures.{code}(...{json.dumps(values)}))"))


@pytest.fixture(scope="module")
def page() -> Page:
    return Page()


@pytest.mark.parametrize("module", [surface, sigmoid, taylor, circle], ids=["surface", "sigmoid", "taylor", "circle"])
def test_the_script_computes_what_python_does(page: Page, module: Any) -> None:
    chosen = random.Random(1)
    for formula in module.formulas():
        for _ in range(20):
            values = [chosen.uniform(0.1, 2) for _ in formula.arguments]
            answer = page.call(f"{module.__name__.rpartition('.')[2]}.{formula.name}", *values)
            assert answer == pytest.approx(formula(*values), rel=1e-12)


def test_the_script_counts_what_python_does(page: Page) -> None:
    for formula in cost.formulas():
        assert page.call(f"cost.{formula.name}", 12345) == pytest.approx(formula(12345), rel=1e-14)


def test_the_script_finds_the_same_best_step(page: Page) -> None:
    made = {formula.name: formula for formula in circle.formulas()}
    chosen = random.Random(2)
    for _ in range(20):
        at, length = [chosen.uniform(-4, 4), chosen.uniform(-2.6, 2.6)], chosen.uniform(0.05, 2.5)
        step = json.loads(
            page.js.eval(f"JSON.stringify(gradproofFigures.tools.bestStep(gradproofFigures.circle, {at}, {length}))")
        )
        assert step == pytest.approx(circle.best_step(made, (at[0], at[1]), length), abs=1e-9)


def test_the_script_writes_numbers_as_python_does(page: Page) -> None:
    chosen = random.Random(3)
    numbers = [
        0.0,
        -0.00001,
        1e-5,
        999999.4,
        1e6,
        123456.7,
        -12.5,
        *(chosen.uniform(-1, 1) * 10**k for k in range(-9, 22)),
    ]
    for kind in ("fixed:0", "fixed:3", "short:3"):
        assert [page.call("tools.write", n, kind) for n in numbers] == [write(n, kind) for n in numbers]
    counted = [round(abs(n)) for n in numbers]
    assert [page.call("tools.write", n, "count") for n in counted] == [write(n, "count") for n in counted]


@pytest.mark.parametrize("name", figures.NAMES)
def test_the_script_draws_first_what_python_drew(name: str) -> None:
    live = Page(name)
    assert live.numbers() == shown(name)
    for kind in ("part", "handle"):
        moved = live.known(kind)
        for node in read(name):
            if which := node["at"].get(f"data-{kind}"):
                for attribute, value in node["at"].items():
                    same(value, moved[which][0][attribute], attribute)


def same(drawn: str, live: str, attribute: str) -> None:
    if attribute == "d":
        assert sum(points(live), ()) == pytest.approx(sum(points(drawn), ()), abs=0.16)
    elif attribute == "transform":
        assert points(f"M{live[10:-1]}")[0] == pytest.approx(points(f"M{drawn[10:-1]}")[0], abs=0.11)
    elif attribute in ("x", "y", "cx", "cy", "r"):
        assert float(live) == pytest.approx(float(drawn), abs=0.06)
    else:
        assert live == drawn


@pytest.mark.parametrize("name", figures.NAMES)
def test_every_handle_can_be_reached_and_says_what_it_is(name: str) -> None:
    for at, _ in Page(name).known("handle").values():
        assert (at["role"], at["tabindex"]) == ("slider", "0")
        assert at["aria-label"]
        assert float(at["aria-valuemin"]) <= float(at["aria-valuenow"]) <= float(at["aria-valuemax"])
        assert re.search(r"\d", at["aria-valuetext"])
        assert "{" not in at["aria-valuetext"]
        assert "undefined" not in at["aria-valuetext"]


def test_arrow_keys_move_the_point_in_both_drawings() -> None:
    live = Page("contour")
    live.press("point", "ArrowRight", "Shift+ArrowUp")
    value, gradient = surface.formulas()
    x, y = -0.15, -0.2
    expected = {
        "x": "−0.15",
        "y": "−0.20",
        "F": write(value(x, y), "fixed:3"),
        "Fx": write(gradient(x, y)[0], "fixed:3"),
    }
    assert live.numbers().items() >= expected.items()
    drop = points(live.known("part")["drop"][0]["d"])
    assert drop[0] == pytest.approx([float(live.known("part")["top"][0][c]) for c in ("cx", "cy")])


def test_the_gap_changes_its_sign_on_the_flank() -> None:
    live = Page("sigmoid")
    live.press("first", "End")
    live.press("second", "Shift+ArrowRight")
    assert (live.numbers()["first"], live.numbers()["second"]) == ("4.00", "2.00")
    slope, _ = sigmoid.formulas()
    mean, at = (slope(4) + slope(2)) / 2, slope(3)
    assert mean > at
    assert live.numbers()["gap"] == write(mean - at, "fixed:4")


def test_the_two_directions_become_one_as_the_circle_shrinks() -> None:
    live = Page("circle")
    wide = float(live.numbers()["turn"])
    live.press("length", "Home")
    assert float(live.numbers()["turn"]) < wide / 10


def test_the_cursor_over_the_steps_shows_the_training() -> None:
    live = Page("copies")
    live.press("step", "End")
    assert live.numbers()["step"] == str(copies.STEPS)
    assert live.numbers()["random-loss"] == write(copies.train("random").losses[-1], "fixed:3")
