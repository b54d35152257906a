"""What formulas are worth in double precision; `GRADPROOF_ORACLES=all` looks at all 214 gradients."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sympy as sp
from sympy import Eq, Sum, cosh, exp, log, sech, sin, sqrt, tanh

from drawn import Reader, points
from gradproof import CLAIMS, REFERENCE, Derivation, accuracy, cache, derive
from gradproof.arithmetic import Digits
from gradproof.checks.remainder import Moved
from gradproof.figures.precision import draw
from gradproof.lines import head
from gradproof.points import Point
from gradproof.precision import machine, stable
from gradproof.precision.accuracy import Accuracy, accuracy_evidence, accuracy_of, short
from gradproof.precision.fold import laws_table, precision_fold, precision_of, precision_record
from gradproof.precision.machine import Balls, Floats
from gradproof.precision.program import Program
from gradproof.precision.rewriting import Largest
from gradproof.precision.sampling import LOST, SCALES, cases
from gradproof.precision.stable import Law
from gradproof.statements import Equality
from gradproof.values import evaluate

h, x, y, a = sp.symbols("h x y a")
s = sp.Symbol("s", positive=True)
N = sp.Symbol("N", integer=True, positive=True)
n, m = sp.Idx("n", (1, N)), sp.Idx("m", (1, N))
w, p, A = map(sp.IndexedBase, "wpA")
TANH = derive(tanh(h), h)


def at(found: Accuracy, size: float, form: int = 0) -> float:
    """The error at the size that is next to the given one."""
    return min(found.samples, key=lambda sample: abs(sample.size - size)).errors[form]


def test_the_slope_of_tanh_keeps_no_digit_at_20() -> None:
    """Tanh is rounded to 1 from 19.06 on, and 1 − 1 is 0, while the slope is 4·exp(−2h)."""
    found = accuracy(TANH)
    assert found.formula == 1 - tanh(h) ** 2
    assert at(found, 23.7) == at(found, -23.7) == 1
    assert 1e-9 < at(found, 10) < 1e-7
    assert at(found, 1) < 1e-15
    assert found.worst() == 1
    assert "loses all digits where h is 24 or more in size" in str(found)


def test_its_rewritten_form_is_proved_and_accurate() -> None:
    found = accuracy(TANH)
    assert found.rewritten is not None
    assert found.rewritten.form == sech(h) ** 2
    assert found.rewritten.verdict.status == "proved"
    assert found.worst(1) < 1e-15
    assert found.is_kept
    assert accuracy_evidence(TANH).outcome == "agrees"


def test_the_range_ends_where_the_true_value_does() -> None:
    """4·exp(−2h) is less than the least normal double from 355 on; sizes down to 1e-300 are all there."""
    sizes = {abs(sample.size) for sample in accuracy(TANH).samples}
    assert max(sizes) == pytest.approx(10**2.5)
    assert min(sizes) == 1e-300
    assert list(accuracy(TANH).left_out) == ["the true value is too small for a double"]


def test_a_formula_that_keeps_its_digits_is_left_as_it_is() -> None:
    found = accuracy(derive(a * x**2, x))
    assert found.rewritten is None
    assert found.worst() <= 2**-52
    assert len(found.samples) == 2 * len(SCALES)
    assert str(found).startswith("The formula is accurate to ")


@pytest.mark.parametrize(
    ("e", "value"),
    [
        (sp.Rational(1, 3), 1 / 3),
        (x / 10 + y, 0.1 + 0.2),
        (x * 10**16 + y - 10**16 * x * y, 1e16 + 0.2 - 2e15),
        (x**2 * y, 0.2 * 1.0),
        (1 / sqrt(y + 1), 1 / math.sqrt(1.2)),
        (exp(1000 * x), math.inf),
        (log(x - 1), -math.inf),
        (sp.Piecewise((x, x > y), (y, True)) - sp.Max(x, y), 0.0),
        (sech(x), 1 / math.cosh(1.0)),
    ],
)
def test_doubles_are_added_and_rounded_one_by_one(e: sp.Expr, value: float) -> None:
    program = Program(Point({}, 0))
    step = program.add(e)
    assert program.run(Floats(), [{x: 1.0, y: 0.2}[name] for name, _ in program.leaves])[step] == value


def test_what_has_no_value_is_nan_and_is_never_accurate() -> None:
    """∞/∞ at large x, where the true value is 1."""
    c = sp.Symbol("c")
    program = Program(Point({}, 0), (Eq(c, cosh(x)),))
    step = program.add(cosh(x) * exp(-x) / c)
    assert math.isnan(program.run(Floats(), [1e3])[step])
    found = accuracy(replace(derive(x, x), definitions=(Eq(c, cosh(x)),), result=cosh(x) / c))
    assert at(found, 1e5) == math.inf
    assert not found.is_kept
    assert accuracy_evidence(derive(x, x), sp.nan).outcome == "missing"


def test_balls_hold_what_doubles_lose() -> None:
    program = Program(Point({}, 0))
    step = program.add(1 - tanh(x) ** 2)
    balls = Balls()
    value = program.run(balls, [balls.arb(10)])[step]
    assert value.contains(balls.arb(10).sech() ** 2)
    assert 0 < float(value.rad()) < float(value)


def test_a_ball_around_zero_has_powers() -> None:
    around = Balls().arb("0 +/- 1e-16")
    for exponent in (1, 2, 3):
        assert float(Balls().power(Fraction(exponent), around).abs_upper()) < 1e-15


def test_a_condition_that_is_not_known_decides_nothing() -> None:
    balls = Balls()
    near = balls.arb("0.5 +/- 1e-20")
    assert balls.compare(">", near, balls.number(Fraction(1, 2))) is None
    assert balls.logic("And", None, False) is False
    assert balls.logic("And", None, True) is None
    assert balls.logic("Not", None) is None
    assert balls.chosen(None, balls.arb(1), True, balls.arb(2)).is_nan()


def test_a_matrix_is_inverted_with_the_largest_pivot() -> None:
    floats, balls = Floats(), Balls()
    entries = (1e-20, 1.0, 1.0, 1.0)
    assert floats.inverse((0, 0), *entries) == pytest.approx(-1)
    assert floats.determinant(*entries) == pytest.approx(-1)
    assert balls.inverse((0, 0), *map(balls.arb, entries)).contains(balls.arb(1) / (balls.arb(1e-20) - 1))


def test_what_the_inputs_explain_is_no_fault_of_the_formula() -> None:
    """sin(1e300) depends on digits that no double of that size has."""
    found = accuracy(derive(-sp.cos(x * a), x))
    assert found.is_kept
    assert found.sensitive
    assert "rounding its inputs" in str(found)
    assert all(abs(sample.size) > 1e3 for sample in found.sensitive)


def test_it_is_said_what_no_law_mends() -> None:
    found = accuracy(derive(log(1 + x**2), x))
    assert not found.is_kept
    assert "No law of the table mends it: a number on the way is too large" in str(found)
    assert accuracy_evidence(derive(log(1 + x**2), x)).outcome == "missing"


def test_a_law_that_is_not_proved_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Law("planted", Eq(1 - tanh(stable.u) ** 2, sech(stable.u)), "")
    monkeypatch.setattr(stable, "LAWS", (wrong,))
    found = accuracy(TANH)
    assert found.rewritten is None
    assert not found.is_kept


def test_without_the_library_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_: str) -> None:
        raise ImportError

    monkeypatch.setattr(machine, "import_module", absent)
    found = accuracy(TANH)
    assert not found.samples
    assert "python-flint is not installed" in str(found)
    assert accuracy_evidence(TANH).outcome == "missing"


def test_a_formula_without_a_value_is_missing() -> None:
    evidence = accuracy_evidence(derive(x, x), log(-(x**2) - 1))
    assert evidence.outcome == "missing"
    assert "no point was found" in evidence.says


def test_assumptions_end_the_range() -> None:
    """Where p is moved, its sum is no longer 1; so one size is tried, and said."""
    found = accuracy(derive(Sum(p[n] ** 2, n), p[m], [Eq(Sum(p[n], n), 1)]))
    assert len({abs(sample.size) for sample in found.samples}) <= 3
    assert found.left_out["the assumptions do not hold"] > 100
    one_sided = accuracy(derive(s**2, s))
    assert all(sample.size > 0 for sample in one_sided.samples)


def test_a_formula_is_not_blamed_where_the_loss_has_no_value() -> None:
    """Above 1e160 the product below the bar overflows; but the logarithms end at 1."""
    found = accuracy(derive(-y * log(x) - (1 - y) * log(1 - x), x), (x - y) / (x * (1 - x)))
    assert found.is_kept
    assert found.left_out["the loss has no value"] > 0
    assert not accuracy(derive(x, x), (x - y) / (x * (1 - x))).is_kept


def test_what_does_not_stand_in_the_formula_cannot_be_moved() -> None:
    found = accuracy(derive(x * exp(a) * y, x))
    assert set(found.moved) == {a, y}


def test_the_same_numbers_come_every_time() -> None:
    derivation = derive(Sum(tanh(w[n] * x), n), w[m])
    assert accuracy(derivation) == accuracy(derivation)


def test_what_is_computed_without_rounding_is_exact() -> None:
    assert str(accuracy(derive(x**2, x))).startswith("The formula is exact for sizes of x")


def test_a_change_of_the_drawing_reaches_the_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other figures are no part of a claim."""

    def changed(name: str) -> bool:
        before = cache.drawing_digest.__wrapped__()
        (tmp_path / f"{name}.py").write_text("changed = True")
        return before != cache.drawing_digest.__wrapped__()

    for name in ("drawing", "numerals", "precision", "circle"):
        (tmp_path / f"{name}.py").write_text("")
    monkeypatch.setattr(cache, "FIGURES", tmp_path)
    assert [changed(name) for name in ("precision", "drawing", "numerals", "circle")] == [True, True, True, False]


def test_a_number_is_told_with_two_digits() -> None:
    told = [short(value) for value in (0.0, 24.04, 0.0562, 1e16, 3.2e-16, 1e-300, 562.3, math.inf)]
    assert told == ["0", "24", "0.056", "10¹⁶", "3.2·10⁻¹⁶", "10⁻³⁰⁰", "560", "inf"]


# -- pages ------------------------------------------------------------------------------------------
def drawing(found: Accuracy) -> list[dict[str, Any]]:
    tried = sorted([*SCALES, *(-size for size in SCALES)])
    curves = [[(sample.size, sample.errors[form]) for sample in found.samples] for form in range(found.forms)]
    return Reader(draw(f"Errors. {found}", tried, *curves)).nodes


def test_the_plot_shows_what_was_measured() -> None:
    """Every point of the curve is an error, its height the error's logarithm."""
    found = accuracy(TANH)
    nodes = drawing(found)
    plain, rewritten = (
        next(v["at"]["d"] for v in nodes if v["at"].get("class") == f"gp-curve gp-{kind}")
        for kind in ("plain", "stable")
    )
    heights = [y for _, y in points(plain)]
    assert len(heights) == len(found.samples) > len(set(heights)) > 10
    top, bottom = min(heights), max(heights)
    for sample, height in zip(found.samples, heights, strict=True):
        error = min(max(sample.errors[0], 1e-17), 1)
        assert (bottom - height) / (bottom - top) == pytest.approx((math.log10(error) + 17) / 17, abs=0.01)
    assert min(y for _, y in points(rewritten)) > (top + 9 * bottom) / 10


def test_the_plot_says_what_it_shows_and_breaks_where_nothing_is_known() -> None:
    nodes = drawing(accuracy(derive(log(x), x)))
    (picture,) = (v["at"] for v in nodes if v["at"].get("role") == "img")
    assert "The formula is accurate to" in picture["aria-label"]
    gap = draw("", [1.0, 2.0, 3.0, 4.0], [(1.0, 0.1), (2.0, 0.1), (4.0, 0.2)])
    assert Reader(gap).nodes  # well formed
    assert next(v["at"]["d"] for v in Reader(gap).nodes if v["at"].get("class") == "gp-curve gp-plain").count("M") == 2


def test_the_fold_of_a_claim() -> None:
    found = precision_of(CLAIMS["backprop.5.12"].statements)
    html = precision_fold(found, "backprop.5.12")
    assert "In double precision: digits are lost; the rewritten form is accurate to" in html
    assert 'data-checked="backprop.5.12"' in html
    assert "Proved equal" in html
    assert html == precision_fold(precision_of(CLAIMS["backprop.5.12"].statements), "backprop.5.12")
    assert len(html) < 25_000
    assert ' id="' not in html  # so that the search leaves it alone
    (record,) = precision_record(found)
    assert record["kept"] is True
    assert r"\operatorname{sech}" in record["rewritten"]


def test_the_best_choice_of_a_letter_is_shown() -> None:
    html = precision_fold(precision_of(REFERENCE["euclidean-norm"].statements), "euclidean-norm")
    assert "Any positive value gives the same" in html
    assert r"\max_{d} \left|{x_{d}}\right|" in html
    assert str(Largest(w[n], n, 1, N)) not in html


def test_a_claim_without_a_gradient_has_no_fold() -> None:
    assert precision_fold(precision_of(()), "it") == ""


def test_the_table_of_laws_is_proved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path))
    assert laws_table().count("gp-proved") == len(stable.LAWS)


# -- all gradients ----------------------------------------------------------------------------------
ALL = os.environ.get("GRADPROOF_ORACLES") == "all"
FEW = ("symmetry.zero", "averages.linreg.m", "softmax", "gelu", "log-determinant", "softmax-entropy", "mean")
UNMENDED = {
    "student-likelihood", "dice-loss", "log-sum-exp", "triplet", "gelu-tanh", "p-norm", "tied-autoencoder",
    "rayleigh-quotient", "determinant",
}  # fmt: skip


def gradients() -> Iterator[tuple[str, Equality]]:
    for identity, of in [*CLAIMS.items(), *REFERENCE.items()]:
        if ALL or identity in FEW:
            yield from ((identity, s) for s in of.statements if isinstance(s, Equality) and s.derive is not None)


@pytest.mark.parametrize(("identity", "statement"), list(gradients()))
def test_every_gradient_keeps_its_digits_or_is_rewritten(identity: str, statement: Equality) -> None:
    """But nine, of which it is said where they do not."""
    found = accuracy_of(statement)
    assert found is not None
    assert found.samples
    if identity not in UNMENDED:
        assert found.is_kept, str(found)
        assert found.worst(found.forms - 1) <= LOST


@pytest.mark.parametrize(("identity", "statement"), list(gradients()))
def test_a_program_computes_what_the_formula_says(identity: str, statement: Equality) -> None:
    """The straight-line code in balls beside the walk of values.py in 50 digits, at the points as they were drawn."""
    derivation = statement.derivation
    if derivation is None or statement.right.has(sp.Derivative):
        return
    balls = Balls()
    for case in cases(derivation, statement.right):
        found = case.program.run(balls, [balls.number(case.base(key)) for key in case.program.leaves])
        scene = Moved(case.point, derivation.wrt, [d for d in derivation.definitions if head(d.lhs) != case.wrt])
        for step, env in zip(case.steps, case.places, strict=True):
            value = float(evaluate(statement.right, scene, Digits(50), env=env))
            assert float(found[step]) == pytest.approx(value, rel=1e-12, abs=1e-14), identity


def test_derivatives_in_a_statement_give_way_to_the_result() -> None:
    statement = next(s for s in CLAIMS["backprop.5.10"].statements if isinstance(s, Equality))
    derivation = statement.derivation
    found = accuracy_of(statement)
    assert isinstance(derivation, Derivation)
    assert found is not None
    assert found.formula == derivation.result
    assert accuracy_of(Equality(sin(x), sin(x))) is None
