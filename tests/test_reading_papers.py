"""Losses and gradients as they are printed in papers: the right ones are read and proved, the wrong ones refuted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gradproof.answer import Answer
from gradproof.problem import Problem, ProblemError, read_problem

TEXT = (Path(__file__).parent / "papers.txt").read_text("utf-8")

#: problems that are not read: a part of what is said of each
REFUSED = {
    "ng-cost": "Write a quantity with an index, h_i = ..",
    "logistic-regression": "Write entries,",
    "ranknet": "the logistic function or a factor",
    "expectation": "Write the mean",
    "max-normalise": "a maximum over an index is not read",
    "capsule-open-sum": "the sum goes on to here",
}


def problems() -> dict[str, tuple[Problem, list[str]]]:
    """Each problem with the gradients that are wrong, by its id."""
    found = {}
    for paragraph in TEXT.split("\n\n"):
        lines = [line for line in paragraph.splitlines() if line.strip() and not line.startswith("#")]
        if lines:
            wrong = [line.removeprefix("wrong: ") for line in lines if line.startswith("wrong: ")]
            problem = read_problem("\n".join(line for line in lines if not line.startswith("wrong: ")))
            found[problem.id] = problem, wrong
    return found


PROBLEMS = problems()
READ = [name for name in PROBLEMS if name not in REFUSED]
WRONG = [(name, claim) for name in READ for claim in PROBLEMS[name][1]]


@pytest.mark.parametrize("name", READ)
def test_a_right_gradient_is_proved(name: str) -> None:
    assert Answer(PROBLEMS[name][0]).status == "proved"


@pytest.mark.parametrize(("name", "claim"), WRONG[::4])
def test_a_wrong_gradient_is_refuted(name: str, claim: str) -> None:
    assert Answer(replace(PROBLEMS[name][0], gradient=claim)).status == "refuted"


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_is_said_with_what_to_write(name: str) -> None:
    with pytest.raises(ProblemError) as caught:
        Answer(PROBLEMS[name][0])
    assert REFUSED[name] in str(caught.value)


def test_the_list_is_long_and_names_each_problem_once() -> None:
    assert len(PROBLEMS) == TEXT.count("\nid: ")
    assert len(READ) >= 150
    assert len(WRONG) >= 100
