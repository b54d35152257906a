"""Each figure, moved by mouse, touch and keyboard: what it shows is what the library computes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from itertools import product
from typing import Any

import pytest
from playwright.sync_api import Locator, Page

from gradproof.figures import NAMES, circle, copies, cost, sigmoid, surface, taylor
from gradproof.figures.formulas import Formula

WHERE = {
    "surface": "why/",
    "contour": "why/",
    "sigmoid": "averages/",
    "taylor": "finite-steps/",
    "circle": "finite-steps/",
    "copies": "symmetry/",
    "cost": "finite-steps/",
}

Numbers = dict[str, float]


@cache
def made(module: Any) -> dict[str, Formula]:
    return {formula.name: formula for formula in module.formulas()}


def on_surface(x: float, y: float) -> Numbers:
    functions = made(surface)
    slope = functions["gradient"](x, y)
    return {"F": functions["value"](x, y), "Fx": slope[0], "Fy": slope[1], "length": math.hypot(*slope)}


def between(first: float, second: float) -> Numbers:
    slope = made(sigmoid)["slope"]
    mean, at = (slope(first) + slope(second)) / 2, slope((first + second) / 2)
    return {"mean": mean, "at": at, "gap": mean - at}


def errors(step: float) -> Numbers:
    functions = made(taylor)
    return {name: abs(functions[name](step) - functions["loss"](step)) for name, *_ in taylor.MODELS}


def steps(u: float, v: float, length: float) -> Numbers:
    functions = made(circle)
    loss, gradient = functions["loss"], functions["gradient"](u, v)
    down = [-length * g / math.hypot(*gradient) for g in gradient]
    best = circle.best_step(functions, (u, v), length)
    cosine = (best[0] * down[0] + best[1] * down[1]) / length**2
    losses = {"here": loss(u, v), "down": loss(u + down[0], v + down[1]), "best": loss(u + best[0], v + best[1])}
    return {**losses, "turn": math.degrees(math.acos(min(1, cosine)))}


def trained(step: float) -> Numbers:
    numbers = {}
    for name in copies.STARTS:
        run = copies.train(name)
        weights = run.weights[round(step)]
        numbers |= {f"{name}-loss": run.losses[round(step)], f"{name}-apart": max(weights) - min(weights)}
    return numbers


def counted(n: float) -> Numbers:
    width = round(math.sqrt(n / 2))
    functions = made(cost)
    backward, differences = functions["backward"](width), functions["differences"](width)
    return {"n": 2 * width**2, "backward": backward, "differences": differences, "ratio": differences / backward}


#: What each figure computes, from the numbers that a reader sets.
COMPUTED: Mapping[str, Callable[..., Numbers]] = {
    "surface": on_surface,
    "contour": on_surface,
    "sigmoid": between,
    "taylor": errors,
    "circle": steps,
    "copies": trained,
    "cost": counted,
}

#: The handles of each figure, and the numbers that each sets.
HANDLES = {
    "surface": {"point": ("x", "y")},
    "contour": {"point": ("x", "y")},
    "sigmoid": {"first": ("first",), "second": ("second",)},
    "taylor": {"step": ("step",)},
    "circle": {"point": ("u", "v"), "length": ("length",)},
    "copies": {"step": ("step",)},
    "cost": {"width": ("n",)},
}


#: How far a number may be off besides its rounding: the script has the weights of the training in five digits.
SLACK = {"copies": 2e-5}
LOOK = """root => Object.fromEntries(Array.from(
    root.querySelectorAll("[data-value]"), (node) => [node.dataset.value, [node.textContent, node.dataset.format]]))"""


class Shown:
    """A figure in the page."""

    def __init__(self, page: Page, name: str) -> None:
        self.page, self.name = page, name
        self.root = page.locator(f"#figure-{name}.gp-live")
        self.root.scroll_into_view_if_needed()

    def handle(self, name: str) -> Locator:
        return self.root.locator(f'[data-handle="{name}"][tabindex]')

    def centre(self, name: str) -> tuple[float, float]:
        """Where a handle is in the window."""
        box = self.handle(name).locator(".gp-grip").bounding_box()
        assert box
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def texts(self) -> dict[str, tuple[str, str]]:
        """The numbers below the figure as they are written, and their formats."""
        found: dict[str, tuple[str, str]] = self.root.evaluate(LOOK)
        return found

    def inputs(self) -> Numbers:
        """What the reader has set: as a handle says of itself, which has more digits, or as it is written below."""
        texts, found = self.texts(), {}
        for handle, names in HANDLES[self.name].items():
            now = float(self.handle(handle).get_attribute("aria-valuenow") or "nan")
            found |= {name: now if n == 0 else number(texts[name][0]) for n, name in enumerate(names)}
        return found

    def must_agree(self, exact: bool) -> None:
        """Compare all numbers with the library's.

        exact: the inputs are what is written; else each is only known to within its rounding.
        """
        inputs, compute = self.inputs(), COMPUTED[self.name]
        around = [[value] if exact else [value - 0.006, value, value + 0.006] for value in inputs.values()]
        expected = compute(*inputs.values())
        possible = [compute(*point) for point in product(*around)]
        for name, (text, kind) in self.texts().items():
            if name in expected:
                doubt = max(abs(numbers[name] - expected[name]) for numbers in possible)
                allowed = doubt + unit(text) * 0.51 + SLACK.get(self.name, 0)
                assert number(text) == pytest.approx(expected[name], abs=allowed, rel=0), f"{name} at {inputs}"
            elif kind.startswith("fixed"):
                assert abs(number(text) - inputs[name]) <= unit(text) * 0.51
        for handle in HANDLES[self.name]:
            said = self.handle(handle).get_attribute("aria-valuetext") or ""
            assert any(text in said for text, _ in self.texts().values())


def number(text: str) -> float:
    """A number as gradproof.figures.numerals.write made it."""
    mantissa, _, power = text.replace("−", "-").replace("\u202f", "").partition(" × 10")
    return float(mantissa) * 10.0 ** int(power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) or 0)


def unit(text: str) -> float:
    """The value of the last digit that is written."""
    mantissa, _, power = text.partition(" × ")
    digits = len(mantissa.partition(".")[2])
    return 10.0**-digits * (number(f"1 × {power}") if power else 1)


@pytest.mark.parametrize(("name", "handle"), [(name, handle) for name in NAMES for handle in HANDLES[name]])
class TestMoved:
    """A handle of a figure."""

    def test_by_mouse(self, visit: Callable[..., Page], name: str, handle: str) -> None:
        """The handle follows the pointer, and stays where it was let go."""
        shown = Shown(visit(WHERE[name]), name)
        shown.must_agree(exact=True)
        before, (x, y) = shown.texts(), shown.centre(handle)
        mouse = shown.page.mouse
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + 30, y - 14, steps=4)
        shown.must_agree(exact=False)
        assert shown.centre(handle)[0] == pytest.approx(x + 30, abs=5)
        mouse.up()
        after = shown.texts()
        assert after != before
        mouse.move(x - 60, y + 50, steps=2)
        assert shown.texts() == after

    def test_by_touch(self, visit: Callable[..., Page], name: str, handle: str) -> None:
        """On a phone; the page does not scroll meanwhile."""
        page = visit(WHERE[name], width=390, height=844, has_touch=True, is_mobile=True)
        shown = Shown(page, name)
        before, (x, y), scrolled = shown.texts(), shown.centre(handle), page.evaluate("scrollY")
        finger = page.context.new_cdp_session(page)

        def touch(kind: str, *points: tuple[float, float]) -> None:
            at = [{"x": u, "y": v} for u, v in points]
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

        touch("touchStart", (x, y))
        for k in range(1, 5):
            touch("touchMove", (x + 6 * k, y - 3 * k))
        touch("touchEnd")
        shown.must_agree(exact=False)
        assert shown.texts() != before
        assert shown.centre(handle)[0] == pytest.approx(x + 24, abs=5)
        assert page.evaluate("scrollY") == scrolled

    def test_by_keyboard(self, visit: Callable[..., Page], name: str, handle: str) -> None:
        """Every key moves it, to numbers that are known to the last digit, and never out of its range."""
        shown = Shown(visit(WHERE[name]), name)
        node = shown.handle(handle)
        node.focus()
        low, high = (float(node.get_attribute(f"aria-value{end}") or "nan") for end in ("min", "max"))
        keys = ["ArrowRight", "ArrowUp", "Shift+ArrowRight", "ArrowLeft", "ArrowDown", "PageUp", "PageDown"]
        flat = node.get_attribute("aria-roledescription") is None
        for key in [*keys, *(["Home", "ArrowRight", "End", "ArrowLeft"] if flat else [])]:
            before = shown.texts()
            page_scrolled = shown.page.evaluate("scrollY")
            shown.page.keyboard.press(key)
            assert shown.texts() != before, key
            shown.must_agree(exact=True)
            assert low <= float(node.get_attribute("aria-valuenow") or "nan") <= high
            assert shown.page.evaluate("scrollY") == page_scrolled
