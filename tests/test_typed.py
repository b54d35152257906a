"""A derivation typed line by line: the first wrong line is found, with the slip in it."""

from __future__ import annotations

import pytest
import sympy as sp
from sympy import Derivative, Eq, Sum

from gradproof import CheckedLines, NotationError, check_lines, equal
from gradproof.lines import derivative
from losses import LINE, LINE_BY_M, NAMED, E, N, a, b, f, h, i, j, k, m, n, t, theta, u, w1, w2, x, y, z

ERROR = y[n] - m * x[n] - b
OPEN = Derivative(LINE, m)
CHAIN = Sum(2 * ERROR * Derivative(ERROR, m), n) / N
RIGHT = [OPEN, CHAIN, -2 * Sum(ERROR * x[n], n) / N, LINE_BY_M]


def checked(*lines: sp.Expr) -> CheckedLines:
    return check_lines(LINE, m, lines)


def statuses(found: CheckedLines) -> list[str]:
    return [line.verdict.status for line in found.lines]


def test_a_right_derivation_is_proved_line_by_line() -> None:
    found = checked(*RIGHT)
    assert found.status == "proved"
    assert found.first_wrong is None
    assert statuses(found) == ["proved"] * 4
    assert all(line.blame is None and line.says == "holds" for line in found.lines)


@pytest.mark.parametrize("at", [1, 2, 3])
def test_the_first_wrong_line_is_the_one_where_the_slip_was_made(at: int) -> None:
    """Every later line follows from it, and is wrong with it."""
    found = checked(*RIGHT[:at], *(-line for line in RIGHT[at:]))
    wrong = found.first_wrong
    assert found.status == "refuted"
    assert wrong is not None
    assert wrong.number == at + 1
    assert wrong.blame is not None
    assert wrong.blame.slip == "the sign is wrong"
    assert equal(wrong.blame.mended, LINE_BY_M).status == "proved" or at == 1
    assert [line.says for line in found.lines[at + 1 :]] == ["wrong, and follows from the line before"] * (3 - at)
    assert all(line.step.status == "proved" for line in found.lines[at + 1 :])


def test_a_wrong_line_that_a_later_one_makes_up_for_is_seen() -> None:
    found = checked(OPEN, CHAIN / 2, LINE_BY_M)
    assert statuses(found) == ["proved", "refuted", "proved"]
    assert [line.step.status for line in found.lines] == ["proved", "refuted", "refuted"]
    assert found.lines[2].says == "holds again: it does not follow from the line before, whose slip it makes up for"
    assert str(found).startswith("refuted: line 2 is the first wrong one\nline 1: ")


def test_a_second_slip_is_told_from_one_that_is_carried_on() -> None:
    found = checked(-LINE_BY_M, -LINE_BY_M / 2)
    assert statuses(found) == ["refuted", "refuted"]
    assert found.lines[1].step.status == "refuted"
    assert found.lines[1].says.endswith("and does not follow from the line before")
    assert found.lines[1].blame is None  # only the first wrong line is explained


def test_the_witness_is_a_point_where_the_line_differs() -> None:
    (line,) = checked(2 * LINE_BY_M).lines
    witness = line.verdict.witness
    assert witness is not None
    assert sp.Rational(witness.right) == 2 * sp.Rational(witness.left)
    assert f"the gradient is {witness.left}, this line {witness.right}" in line.says


def test_the_slip_is_sought_against_the_line_before() -> None:
    """The inner derivative is missing in the shape of the line before, not in that of the result."""
    (_, wrong) = checked(CHAIN, Sum(2 * ERROR, n) / N).lines
    assert wrong.blame is not None
    assert wrong.blame.kind == "factor"
    assert "missing" in wrong.blame.slip


def test_a_lost_sum_is_a_wrong_line_not_an_error() -> None:
    found = checked(OPEN, -2 * ERROR * x[n] / N, LINE_BY_M)
    wrong = found.first_wrong
    assert wrong is not None
    assert wrong.number == 2
    assert "the line has the free index n, which the gradient lacks" in wrong.says
    assert wrong.blame is not None
    assert wrong.blame.slip.startswith("the sum over n of ")
    assert found.lines[2].verdict.status == "proved"


def test_derivatives_are_taken_inside_sums_and_of_undefined_functions() -> None:
    loss = Sum((y[n] - f(m * x[n])) ** 2, n)
    open_line = -2 * Sum((y[n] - f(m * x[n])) * Derivative(f(m * x[n]), m), n)
    assert check_lines(loss, m, [open_line]).status == "proved"
    assert check_lines(loss, m, [-open_line]).status == "refuted"


def test_a_derivative_of_a_derivative_is_taken_from_inside() -> None:
    inner = derivative(derivative(theta**2 * u, theta), u)  # 2θ; SymPy would make one derivative of them
    assert check_lines(theta**3, theta, [3 * theta * inner / 2]).status == "proved"


def test_a_models_lines_may_hold_its_names_and_their_derivatives() -> None:
    chain = Derivative(E, z[j]) * Derivative(z[j], h[j]) * Derivative(h[j], w1[j, i])
    opened = Derivative(E, z[j]) * Derivative(sp.tanh(h[j]), h[j]) * x[i]
    right = Sum((y[k] - t[k]) * w2[k, j], k) * (1 - z[j] ** 2) * x[i]
    assert NAMED.check_lines(E, w1[j, i], [chain, opened, right]).status == "proved"
    found = NAMED.check_lines(E, w1[j, i], [chain, opened, Derivative(E, z[j]) * (1 - z[j]) ** 2 * x[i], right])
    assert found.first_wrong is not None
    assert found.first_wrong.number == 3
    assert found.first_wrong.blame is not None
    assert "the power in (1 - z[j])**2 belongs to z[j] alone" in found.first_wrong.says


def test_assumptions_hold_for_every_line() -> None:
    square, p, c = sp.IndexedBase("A"), sp.Idx("p", (1, N)), sp.Idx("c", (1, N))
    loss = Sum(x[n] * square[n, a] * x[a], n, a)
    lines = [Sum((square[c, p] + square[p, c]) * x[p], p), 2 * Sum(square[c, p] * x[p], p)]
    assert check_lines(loss, x[c], lines, [Eq(square[n, a], square[a, n])]).status == "proved"
    found = check_lines(loss, x[c], lines)
    assert found.first_wrong is not None
    assert found.first_wrong.number == 2
    assert found.first_wrong.blame is not None
    assert found.first_wrong.blame.kind == "assumption"


def test_an_undecided_line_is_told_and_does_not_count_as_right() -> None:
    unknown = sp.Function("g")(theta) - sp.Function("g")(theta + 0)
    assert check_lines(theta**2, theta, [2 * theta + unknown]).status == "proved"
    hard = sp.cos(sp.sin(theta)) ** 2 + sp.sin(sp.sin(theta)) ** 2 - sp.atan(sp.tan(theta / 9)) + theta / 9
    found = check_lines(theta**2, theta, [2 * theta, 2 * theta * hard])
    assert found.status in ("proved", "undecided")
    assert found.first_wrong is None


def test_a_line_without_a_meaning_is_an_error_that_names_it() -> None:
    with pytest.raises(NotationError, match=r"line 2: .*complex"):
        checked(LINE_BY_M, LINE_BY_M + sp.I)
    with pytest.raises(TypeError, match="not a list of expressions"):
        check_lines(LINE, m, LINE_BY_M)
    with pytest.raises(TypeError, match="strings are never evaluated"):
        checked("2*m")  # type: ignore[arg-type]


def test_a_notebook_shows_each_line_with_its_outcome() -> None:
    shown = checked(OPEN, -LINE_BY_M)._repr_html_()
    assert shown.count("<tr>") == 2
    assert "line 2 is the first wrong one" in shown
    assert "the sign is wrong" in shown
