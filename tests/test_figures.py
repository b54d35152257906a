"""Figures show what was proved: their numbers and drawings, against values that use nothing of theirs."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sympy as sp
from sympy import E, Matrix, Rational, exp, tanh

from drawn import part, points, read, shown
from gradproof import derive, figures
from gradproof.figures import circle, copies, cost, drawing, formulas, sigmoid, surface, taylor
from gradproof.figures.numerals import write


@pytest.fixture(scope="module", autouse=True)
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """All figures are made once, into a cache of this module's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADPROOF_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield Path()


# --- the numbers, against exact values that use nothing of the figure --------------------------


def exactly(kind: str, **values: Any) -> dict[str, str]:
    return {name: write(float(sp.N(value, 30)), kind) for name, value in values.items()}


def holds(name: str, expected: dict[str, str]) -> None:
    numbers = shown(name)
    assert {key: numbers[key] for key in expected} == expected


@pytest.mark.parametrize("name", ["surface", "contour"])
def test_the_surface_shows_its_height_and_gradient(name: str) -> None:
    x, y = Rational(-1, 5), Rational(-7, 10)
    bell = exp(-(x**2) - y**2)
    slope = Matrix([(2 - 4 * x**2) * bell, -4 * x * y * bell])
    holds(name, exactly("fixed:3", F=2 * x * bell, Fx=slope[0], Fy=slope[1], length=slope.norm()))


def test_the_sigmoid_starts_with_the_numbers_of_the_source() -> None:
    ends = (Rational(1, 4) + E / (1 + E) ** 2) / 2
    middle = exp(Rational(1, 2)) / (1 + exp(Rational(1, 2))) ** 2
    holds("sigmoid", exactly("fixed:4", mean=ends, at=middle, gap=ends - middle))
    assert shown("sigmoid")["mean"] == "0.2233"
    assert shown("sigmoid")["at"] == "0.2350"


def test_the_models_errors_are_those_of_the_taylor_series() -> None:
    w, s = sp.Symbol("w"), Rational(2, 5)
    loss = (tanh(w) - Rational(3, 4)) ** 2 / 2
    here, slope, bend = (loss.diff(w, k).subs(w, Rational(1, 4)) for k in range(3))
    there = loss.subs(w, Rational(1, 4) + s)
    errors = {
        "first": here + slope * s - there,
        "second": here + slope * s + bend * s**2 / 2 - there,
        "misprint": here + slope * s + bend * s - there,
    }
    holds("taylor", exactly("short:3", **{name: abs(error) for name, error in errors.items()}))


@pytest.mark.parametrize(("name", "_words", "_key", "order"), taylor.MODELS)
def test_a_models_error_falls_with_the_slope_that_is_written_beside_it(
    name: str, _words: str, _key: str, order: int
) -> None:
    made = {formula.name: formula for formula in taylor.formulas()}
    coarse, fine = (abs(made[name](s) - made["loss"](s)) for s in (1e-3, 1e-4))
    assert math.log10(coarse / fine) == pytest.approx(order, abs=0.01)
    assert f">slope {order}<" in figures.figure("taylor")


def test_the_best_direction_is_better_than_all_others_on_the_circle() -> None:
    numbers = shown("circle")
    around = (2 * math.pi * k / 20_000 for k in range(20_000))
    u, v, r = *circle.START, circle.LENGTH
    losses = (bowl(u + r * math.cos(t), v + r * math.sin(t)) for t in around)
    assert numbers["best"] == write(min(losses), "fixed:3")
    slope = (2.8 * u - 3.6 * v, 8.2 * v - 3.6 * u)
    down = bowl(u - r * slope[0] / math.hypot(*slope), v - r * slope[1] / math.hypot(*slope))
    assert numbers["down"] == write(down, "fixed:3")


def bowl(u: float, v: float) -> float:
    return 1.4 * u * u - 3.6 * u * v + 4.1 * v * v


@cache
def bowls() -> dict[str, formulas.Formula]:
    return {formula.name: formula for formula in circle.formulas()}


@pytest.mark.parametrize("at", [(-2.6, -0.4), (1.0, 2.0), (-0.5, 1.0), (2.0, 1.0), (0.3, -2.0), (0.0, 0.0)])
@pytest.mark.parametrize("length", [0.05, 0.7, 2.5])
def test_the_best_step_is_on_the_circle_and_the_least(at: tuple[float, float], length: float) -> None:
    """Also on the bowl's axes, where the equation for μ alone has no solution, and at the minimum."""
    step = circle.best_step(bowls(), at, length)
    assert math.hypot(*step) == pytest.approx(length)
    turns = (2 * math.pi * k / 1000 for k in range(1000))
    least = min(bowl(at[0] + length * math.cos(t), at[1] + length * math.sin(t)) for t in turns)
    assert bowl(at[0] + step[0], at[1] + step[1]) <= least + 1e-12


def test_units_that_start_alike_are_the_same_to_the_last_bit() -> None:
    run = copies.train("equal")
    assert all(len(set(weights)) == 1 for weights in run.weights)
    assert len({weights[0] for weights in run.weights}) == len(run.weights)  # and they do move


def test_units_that_start_at_random_part_and_learn_more() -> None:
    equal, apart = copies.train("equal"), copies.train("random")
    assert min(abs(p - q) for p, q in zip(apart.weights[-1], apart.weights[-1][1:], strict=False)) > 1
    assert apart.losses[-1] < equal.losses[-1] / 5
    assert equal.losses == sorted(equal.losses, reverse=True)


def test_the_first_step_of_training_is_down_the_gradient_by_finite_differences() -> None:
    def loss(a: list[float]) -> float:
        outputs = [sum(c * math.tanh(w * x) for c, w in zip(outer, a, strict=True)) for x in copies.INPUTS]
        return sum((o - t) ** 2 for o, t in zip(outputs, copies.TARGETS, strict=True)) / 2

    start, outer = copies.STARTS["random"]
    run = copies.train("random")
    assert run.losses[0] == pytest.approx(loss(start))
    for unit in range(3):
        up, down = ([w + d * (k == unit) for k, w in enumerate(start)] for d in (1e-5, -1e-5))
        slope = (loss(up) - loss(down)) / 2e-5
        assert (start[unit] - run.weights[1][unit]) / copies.RATE == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("width", [1, 2, 5])
def test_the_counts_are_those_of_a_program_that_counts(width: int) -> None:
    parameters, backward, differences = (int(e.subs(cost.s, width)) for e in cost.counts())
    s = width
    forward = 2 * s * (s + s - 1) + s + (s + s + (s - 1) + 1)  # two layers, tanh, the error
    adjoints = s + s * (s + s - 1) + s * 3  # by y, by z, by h = (1 − z²) ∂E/∂z
    assert parameters == 2 * s * s
    assert backward == forward + adjoints + s * s + s * s
    assert differences == (parameters + 1) * forward + 2 * parameters


# --- the drawing ---------------------------------------------------------------------------------


def test_the_arrow_is_the_gradient_and_starts_below_the_point() -> None:
    start, tip = points(part("contour", "flat-arrow")["d"])[:2]
    foot = next(n["at"]["transform"] for n in read("contour") if n["at"].get("data-handle") == "point")
    assert start == pytest.approx(points(f"M{foot[10:-1]}")[0], abs=0.11)
    _, gradient = surface.formulas()
    slope = gradient(*surface.START)
    unit = 298 / 4  # of the map, the same along both axes
    assert tip == pytest.approx((start[0] + unit * slope[0], start[1] - unit * slope[1]), abs=0.11)


def test_contour_lines_lie_on_their_level_and_are_whole() -> None:
    grid = drawing.spread(-2, 2, 81)
    (line,) = drawing.contours(lambda x, y: x * x + y * y, grid, grid, 1.0)
    assert line[0] == line[-1]
    assert all(math.hypot(*at) == pytest.approx(1, abs=1e-3) for at in line)
    length = sum(math.dist(p, q) for p, q in pairwise(line))
    assert length == pytest.approx(2 * math.pi, rel=1e-2)


@pytest.mark.parametrize("name", figures.NAMES)
def test_a_figure_is_whole_without_a_script_and_holds_none(name: str) -> None:
    html = figures.figure(name)
    assert not re.search(
        r"<script|\sstyle=(?!\"(height|top|margin|vertical|width|padding|min-width|position|left))|\son\w+=",
        svg_of(html),
    )
    assert "<script" not in html
    for needed in ('role="img"', "<figcaption>", "<output", f'data-figure="{name}"'):
        assert needed in html
    labels = re.findall(r'aria-labelledby="([^"]+)"', html)
    assert all(f'<title id="{label}">' in html for label in labels)


def svg_of(html: str) -> str:
    return "".join(re.findall(r'<svg viewBox="0 0 \d{3}.*?</svg>', html, re.DOTALL))


def test_an_unknown_name_is_answered_with_those_that_are_known() -> None:
    with pytest.raises(KeyError, match=r"no figure is called 'saddle'; there are surface, contour, sigmoid"):
        figures.figure("saddle")


# --- a false formula -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "name", "wrong"),
    [
        (sigmoid, "GAP", -sigmoid.GAP),
        (sigmoid, "SIGMOID", tanh(sigmoid.x)),
        (circle, "STEEP", 9),
        (circle, "LOSS", circle.LOSS + circle.u * circle.v / 100),
    ],
    ids=["a sign", "another function", "a curvature", "another bowl"],
)
def test_a_false_formula_is_an_error_that_names_the_figure(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, wrong: Any
) -> None:
    monkeypatch.setattr(module, name, wrong)
    figure = module.__name__.rpartition(".")[2]
    with pytest.raises(figures.FigureError, match=f"the figure {figure}: .* is refuted"):
        module.formulas()


@pytest.mark.parametrize("module", [surface, taylor, circle])
def test_a_false_gradient_is_an_error_that_names_the_figure(monkeypatch: pytest.MonkeyPatch, module: Any) -> None:
    def wrong(loss: sp.Expr, wrt: sp.Symbol) -> Any:
        derivation = derive(loss, wrt)
        return replace(derivation, result=2 * derivation.result)

    monkeypatch.setattr(formulas, "derive", wrong)
    figure = module.__name__.rpartition(".")[2]
    with pytest.raises(figures.FigureError, match=f"the figure {figure}: the derivative of"):
        module.formulas()


# --- the build -----------------------------------------------------------------------------------


def test_what_is_kept_is_shown_without_sympy() -> None:
    show = "import sys\nfrom gradproof import figures\n"
    show += "print(figures.figure('sigmoid') + figures.javascript(), end='')\nassert 'sympy' not in sys.modules"
    expected = figures.figure("sigmoid") + figures.javascript()
    run = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)
    assert run.stdout == expected
