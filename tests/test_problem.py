"""The fields of a problem, and the blocks of a Markdown text."""

from __future__ import annotations

import pytest

from gradproof.problem import Block, Problem, ProblemError, blocks, listed, read_problem

BLOCK = "```gradproof\nloss: x^2\nwrt: x\n```"


def texts(markdown: str) -> list[str]:
    return [block.text for block in blocks(markdown.split("\n"))]


def test_fields_are_read_by_name_in_any_order() -> None:
    text = "wrt: w\nassume: w > 0\nloss: w^2\nassume: w < 9\nid: square\nranges: k = 1..K, n=0..N-1\nfunctions: f, g\n"
    problem = read_problem(text)
    assert problem == Problem(
        "w^2",
        "w",
        assume=("w > 0", "w < 9"),
        ranges=("k = 1..K, n=0..N-1",),
        functions=("f, g",),
        id="square",
    )
    assert problem.spans == {"k": ("1", "K"), "n": ("0", "N-1")}
    assert listed(problem.functions) == ("f", "g")


def test_a_line_that_names_no_field_goes_on_with_the_one_above() -> None:
    problem = read_problem("  loss: x^2\n  gradient: \\frac{\\partial L}{\\partial x}\n    = 2 x\n  L := nothing\n")
    assert problem.gradient == "\\frac{\\partial L}{\\partial x}\n= 2 x\nL := nothing"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "lost: x",
            "line 1: there is no field 'lost'; the fields are loss, wrt, gradient, equation, where, assume, ranges,",
        ),
        ("loss: x\nloss: y\nwrt: x", "line 2: loss is given twice"),
        ("x^2\nwrt: x", "line 1: 'x^2' is no field, such as loss: x^2"),
        ("wrt: x", "the loss is missing"),
        ("", "the loss is missing"),
        ("loss: x^2", "wrt is missing: name the variable"),
    ],
)
def test_what_is_no_problem_is_refused_and_named(text: str, says: str) -> None:
    with pytest.raises(ProblemError, match=says.replace("^", r"\^")):
        read_problem(text)


def test_a_range_has_two_ends() -> None:
    with pytest.raises(ProblemError, match=r"the range 'k = K' is not of the form k = 1\.\.K"):
        Problem("x", "x", ranges=("k = K",)).spans  # noqa: B018


def test_a_shape_has_one_size_or_two() -> None:
    shapes = (r"X = n x d, w = d", r"A \in \mathbb{R}^{m \times n}", r"\beta \in \mathbb R^p", "B=2m*n")
    problem = Problem("x", "x", shapes=shapes)
    assert problem.matrices == {"X": ("n", "d"), "w": ("d",), "A": ("m", "n"), r"\beta": ("p",), "B": ("2m", "n")}
    with pytest.raises(ProblemError, match="the shape 'X' is not of the form X = n x d"):
        Problem("x", "x", shapes=("X",)).matrices  # noqa: B018


def test_blocks_are_found_where_they_stand() -> None:
    found = list(blocks(f"Text\n\n{BLOCK}\n\n- item\n\n    ~~~~ gradproof\n    loss: y\n    ~~~~".split("\n")))
    assert found == [Block(2, 5, "", "loss: x^2\nwrt: x", ""), Block(9, 11, "    ", "loss: y", "")]


def test_a_block_that_another_fence_quotes_is_none() -> None:
    assert texts(f"````markdown\n{BLOCK}\n````\n\n~~~\n{BLOCK}\n~~~") == []
    assert texts(f"```python\n'gradproof'\n```\n{BLOCK}") == ["loss: x^2\nwrt: x"]


@pytest.mark.parametrize(
    ("markdown", "fault"),
    [
        ("```gradproof\nloss: x", "the block has no closing fence"),
        ("> ```gradproof\n> loss: x\n> ```", "the block stands in a quotation, where it is not read"),
        ('```gradproof id="a"\nloss: x\n```', "only gradproof may stand behind the opening fence"),
    ],
)
def test_a_block_that_would_pass_unread_is_a_fault(markdown: str, fault: str) -> None:
    (block,) = blocks(markdown.split("\n"))
    assert block.fault.startswith(fault)
