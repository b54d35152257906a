"""Equations that are no gradients: read in both notations, decided as they stand, and shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gradproof import data, display, terminal
from gradproof.answer import Answer
from gradproof.cli import main
from gradproof.problem import Problem, ProblemError, read_problem


@pytest.mark.parametrize(
    "problem",
    [
        Problem(equation=r"\frac{d}{dx} \tanh x = 1 - \tanh^2 x"),
        Problem(equation=r"\sigma(x) + \sigma(-x) = 1"),
        Problem(equation="sigma(x) + sigma(-x) == 1"),
        Problem(equation="Eq(Derivative(Sum(x[n]**2, (n, 1, N)), x[k]), 2*x[k])"),
        Problem(equation=r"\sum_{n=1}^N (x_n - m) = 0", where=(r"m = \frac{1}{N} \sum_{n=1}^N x_n",)),
        Problem(equation="Derivative(E, w[k]) = 2*z*x[k]", where=("E = z**2", "z = Sum(w[k]*x[k], (k, 1, K))")),
        Problem(equation="a/b = 1/b", assume=("a = 1",)),
        Problem(equation=r"(A B)^\top = B^\top A^\top", shapes=("A = n x m, B = m x k",)),
    ],
    ids=lambda p: p.equation,
)
def test_an_equation_is_proved_as_it_stands(problem: Problem) -> None:
    found = Answer(problem)
    assert found.status == "proved", str(found.verdict)
    assert (found.loss, found.lines, found.checked, found.blame, found.witness) == (None, (), None, None, "")
    assert found.statement is not None
    assert found.scope == found.statement.scope()


@pytest.mark.parametrize(
    "problem",
    [
        Problem(equation=r"\frac{d}{dx} \tanh x = 1 + \tanh^2 x"),
        Problem(equation="Derivative(Sum(x[n]**2, (n, 1, N)), x[k]) = x[k]"),
        Problem(equation=r"(A B)^\top = A^\top B^\top", shapes=("A = n x n, B = n x n",)),
        Problem(equation="a/b = 1/b", assume=("a > 0",)),
    ],
    ids=lambda p: p.equation,
)
def test_an_equation_is_refuted_at_a_point(problem: Problem) -> None:
    found = Answer(problem)
    assert found.status == "refuted"
    assert found.witness.startswith("at ") or " = " in found.witness
    assert found.blame is None


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"equation": "a = b", "loss": "x", "wrt": "x"}, "an equation is decided as it stands, without loss and wrt"),
        ({"equation": "a + b"}, "one equation is expected"),
        ({"equation": "a = b = c"}, "one equation is expected"),
        ({"equation": "a < b"}, "one equation is expected"),
        (
            {
                "equation": r"A B = B A",
                "where": ("h_k = x_k^2",),
                "ranges": ("k = 1..K",),
                "shapes": ("A = n x n, B = n x n",),
            },
            "without definitions",
        ),
    ],
)
def test_what_is_no_equation_is_refused(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        _ = Answer(Problem(**fields)).status


def test_an_equation_has_no_derivation() -> None:
    with pytest.raises(ProblemError, match="an equation has no derivation; give a loss"):
        _ = Answer(Problem(equation="a = a")).derivation


# --- where it is shown --------------------------------------------------------------------
FALSE = read_problem("equation: E = 2 z^2\nwhere: E = z^2\nid: twice")


def test_an_equation_is_a_block_of_a_page() -> None:
    html = display.answer(Answer(FALSE, thorough=True))
    assert html.startswith(
        '<div class="gradproof gradproof-refuted" id="twice"><p tabindex="0" style="overflow-x: auto">$'
    )
    assert "E = 2 z^{2}" in html
    assert "z = " in html
    assert "<summary>Definitions</summary>" in html
    assert "gradient" not in html


def test_an_equation_is_plain_data() -> None:
    found = data.of_checked(Answer(FALSE))
    assert found["equation"]["text"] == "E = 2*z**2"
    assert (found["status"], found["definitions"][0]["sympy"]) == ("refuted", "Eq(E, z**2)")
    assert found["verdict"]["witness"]["left"] != found["verdict"]["witness"]["right"]
    json.dumps(found)


def test_an_equation_is_text() -> None:
    text = terminal.checked(Answer(FALSE))
    assert text.startswith("refuted\n  at z = ")
    assert "gradient" not in text


def test_an_equation_is_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--equation", r"\tanh(x) = \frac{e^x - e^{-x}}{e^x + e^{-x}}"]) == 0
    assert capsys.readouterr().out.startswith("proved for every value at which both sides are defined\n")
    assert main(["check", "x", "--equation", "x = x"]) == 2
    assert "an equation is decided as it stands, without loss" in capsys.readouterr().err
    assert main(["check", "--equation", "Abs(x) = x", "--assume", "x > 0", "--notation", "sympy", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["equation"]["text"] == "Abs(x) = x"
