"""What can be read in two ways, or not at all, is reported: where, what it could mean, and how to write it."""

from __future__ import annotations

import contextlib
import random
import time

import pytest
import sympy as sp

from gradproof import AmbiguityError, LatexError, NotationError, Reader, read_latex

#: text -> a part of the two readings, and a part of the advice
DOUBTS = {
    "a(b + c)": (("a call of the function a", r"a product a \cdot (b + c)"), r"a \cdot (b + c)"),
    r"\lambda \left(a\right)": ((r"a call of the function \lambda",), r'functions=[r"\lambda"]'),
    "x^{T} y": (("a transpose", "a power"), r"^{\top}"),
    r"\sum_{i=1}^N W_{ij}": (("an entry of the array W", "a name of its own"), 'ranges={"j": "J"}'),
    "x_k": (("an entry of the array x",), r"x_{\text{k}}"),
    "1/2x": ((r"\frac{1}{2} x", r"\frac{1}{2 x}"), r"\frac"),
    "1/2 (a+b)": ((r"\frac{1}{2} (a+b)",), "brackets"),
    r"\sin x y": ((r"\sin(x)", r"\sin(x  y)"), "Put the argument in brackets"),
    r"\log p/q": ((r"\log(p) / q", r"\log(p / q)"), "Put the argument in brackets"),
    r"\log(x)^2": ((r"(\log (x))^..",), r"\log^{2}(x)"),
    r"\sin^{-1} x": (("the inverse function", "the reciprocal"), r"\operatorname{arcsin}"),
    "|a|b|c|": (("⟨⟩⟨⟩", "⟨⟨⟩⟩"), r"\lvert"),
    r"\sum_{i=1}^N a_i b + c_i": (("the sum goes on", "another index"), "brackets"),
    r"\sum_{i=1}^N (\sum_{i=1}^N a_i + c_i)": ((r"\sum_i ( .. ) with all of it",), "brackets"),
    r"i + \sum_{i=1}^N a_i": (("the sum goes on", "another index"), "take another letter"),
    r"\sum_{i=1}^N y^i": (("a power", "i written above"), "^{(i)}"),
    r"w^1 + w^2": (("a power", "1 written above"), "^{(1)}"),
    r"\sum_{i=1}^N x_{2i} w_{i}": (("the indices 2, i", "a product"), r"\cdot"),
    "x^12": (("^{12}", "^{1} 2"), "braces"),
    r"\frac123": ((r"\frac{123}", r"\frac{1} 23"), "braces"),
    "log(x)": (("the product l o g", "the function log"), r"\log"),
    "MSE + 1": (("the product M S E", "one name, MSE"), r"\text{MSE}"),
    "e^2 + e": (("the exponential", "a power"), r"\exp(2)"),
    "2 e x": (("Euler's number", "a number called e"), r"\exp(1)"),
    "x2": (("a factor", "a part of what stands before it"), r"\cdot"),
    r"2\frac12": (("a factor",), r"\cdot"),
    r"\sigma(x) + \sigma": (("the logistic function", "a factor"), r"\operatorname{sigmoid}"),
    "softmax(z)": (("the product s o f t m a x", "the function softmax"), r"\operatorname{softmax}(z)_k"),
    "sum(x)": (("the product s u m", "the sign"), r"\sum_{i=1}^{N}"),
    "a e^-x": (("e^{-x}", "the name e^- times x"), "braces"),
    r"\sigma^{-1}(x)": (("the inverse function", "the reciprocal"), r"\frac{1}"),
    r"\sum_{j=1}^M w_j \phi_j(u)": (("a function", "a product"), r"\phi_{nj}"),
    "x dy": (("a product with the number d", "a differential"), r"\text"),
    r"\frac{\partial}{\partial a} (a) b": (("the derivative of the bracket alone",), "brackets"),
    r"\sum_{k \ne j} a_{kj}": (("over k", "over k and j"), r"\sum_{k,j,\, k \ne j}"),
    r"\sum_{i=1}^N x_i + \sum_{i=1}^M y_i + \sum_i 1": (("1..N", "1..M"), 'ranges={"i": "I"}'),
    r"\sum_{i=1}^N\sum_{j=1}^M w_{ij} x_j + \sum_{i=1}^N \sum_j w_{ji}": (("1..N", "1..M"), "swap the indices"),
    r"\sum_{i=1}^N x_i'(t)": (("a call", "a product"), "functions"),
}


@pytest.mark.parametrize("text", DOUBTS)
def test_an_ambiguity_is_reported_with_its_readings_and_a_way_out(text: str) -> None:
    readings, advice = DOUBTS[text]
    with pytest.raises(AmbiguityError) as caught:
        read_latex(text)
    error = caught.value
    assert len(error.readings) == 2
    for part in readings:
        assert any(part in reading for reading in error.readings), error.readings
    assert advice in error.advice
    assert 0 <= error.column < len(text)
    assert str(error).splitlines()[2].index("^") == 2 + error.column


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("", "there is no formula: the text is empty", 0),
        ("  \n ", "there is no formula: the text is empty", 0),
        ("$$ $$", "there is no formula in the text", 0),
        (r"a + \input{x}", r"the command \input is not read", 4),
        (r"\write18{ls}", r"the command \write is not read", 0),
        (r"\tahn x", r"did you mean \tan or \tanh", 0),
        ("a ⋅ β", "the character '⋅' (U+22C5) is not read", 2),
        ("∂E", r"the character '∂' (U+2202) is not read; write \partial", 0),
        ("((a)", "'(' is never closed", 0),
        ("a)", "')' closes nothing that is open", 1),
        (r"\left( a \right]", r"'\\right]' closes a bracket of another kind", 9),
        (r"\frac{a}{b", "'{' is never closed", 8),
        ("a +", "the formula ends where a number, a letter or a bracket is missing", 3),
        ("a */ b", "/ stands where a number, a letter or a bracket is missing", 3),
        ("x_i_j", "a second script of the same kind", 4),
        (r"\begin{align} a", r"\begin{align} is never closed", 0),
        (r"a \approx b", r"\approx is not read", 2),
        (r"\prod_{i=1}^N x_i", "products over an index are not read", 0),
        (r"\sum x_i", "the sum has no index", 0),
        (r"\sum_{i=1} x_i", "the sum has a beginning and no end", 6),
        (r"\sum_{i,j}^N x_{ij}", "the sum has an end and no beginning", 5),
        (r"\sum_i x_i", "the index i has no range", 0),
        (r"\sum_{i \in S} x_i", "a sum over this set is not read", 6),
        (r"\sum_{i=1}^i x_i", "the range depends on the index i, which has no meaning here", 11),
        (r"\sum_{i=1}^{\infty} x_i", r"\infty is not read", 12),
        (r"\sum_{i=1}^N x_i x_{ii}", "has 2 indices, and x has 1 elsewhere", 17),
        (r"\sum_{i=1}^N x_i x", "x is an array with one index elsewhere, and has none here", 17),
        (r"\|w\|^2", "does not say over which index it sums", 0),
        (r"\max_j x", r"\max with an index is not read", 0),
        (r"\max(x)", r"\max takes two arguments or more", 0),
        (r"\log", r"there is nothing behind \log", 0),
        (r"x^\top y", "a transpose needs a matrix", 2),
        (r"1 + \dots + n", r"\dots is not read as part of an expression", 4),
        (r"\sqrt{-1}", "which is no real number", 0),
        (r"\log 0", "which is no real number", 0),
        ("a/0", "a division by zero", 0),
        ("9^{9^{9^9}}", "a power of numbers that is too large", 3),
        (r"e^{e^{e^{\exp(9)}}}", "a power of numbers that is too large", 3),
        ("(a, b)", "a comma stands where one value is expected", 0),
        (r"\langle a, b \rangle", "a comma stands where one value is expected", 0),
        ("a = b = c", "one equation or inequality is expected", 0),
        (r"a \\ b", "more than one formula", 5),
        (r"\mathbb{E}[x]", "expectations are not read", 0),
        (r"\hat{\frac12}", r"\hat stands over more than a name", 0),
        (r"\frac{\partial E}{\partial (a + b)}", "no variable that one derives by", 27),
        (r"\frac{\partial^2 E}{\partial a}", "taken 2 times above and 1 times below", 0),
        (r"\partial E", "a ∂ that belongs to no derivative", 0),
        (r"\operatorname{softmax}(z)", r"softmax(z): nothing says that z is an array", 22),
        (r"\operatorname{gelu}(z)", r"the function \operatorname{gelu} is not known", 0),
        ("p(x | z)", "a bar between two things is read at the left of a loss only", 1),
        (r"A \succ 0", r"\succ is not read", 2),
        (r"X \in \mathbb{R}^{n}", r"\mathbb{R} is not read", 6),
        (r"\|A x - b\|^2", "does not say over which index it sums", 0),
        (r"\nabla E", "a gradient is read entry by entry", 0),
        (r"\operatorname{ReLU}'(x)", "the function has a kink", 0),
        (r"\mathbb{1}[y = 1]", "not known to be whole numbers", 11),
    ],
)  # fmt: skip
def test_what_is_not_read_is_said_with_its_place(text: str, message: str, place: int) -> None:
    with pytest.raises(LatexError) as caught:
        read_latex(text)
    assert message in caught.value.message
    assert caught.value.column == place
    assert not isinstance(caught.value, AmbiguityError)


def test_a_letter_has_one_meaning_in_all_texts_of_a_reader() -> None:
    reader = Reader()
    reader.loss(r"\sum_{i=1}^N \sigma(x_i)")
    with pytest.raises(AmbiguityError, match="i was the index of a sum"):
        reader.expression("i + 1")
    with pytest.raises(LatexError, match="was a function before"):
        reader.expression(r"1 - \sigma")
    with pytest.raises(LatexError, match="x has 1 elsewhere"):
        reader.wrt("x_{ij}")
    with pytest.raises(LatexError, match="N is a sum's index here, and a name elsewhere"):
        reader.expression(r"\sum_{N=1}^K x_N")


def test_a_claim_speaks_of_the_loss() -> None:
    reader = Reader()
    reader.loss(r"L = \sum_{i=1}^N x_i^2 + a")
    with pytest.raises(LatexError, match="another thing than the loss is derived"):
        reader.claim(r"\frac{\partial E}{\partial a} = 1")
    with pytest.raises(LatexError, match="another thing than the loss is derived"):
        reader.claim(r"\frac{\partial}{\partial a} (2 a) = 1")
    with pytest.raises(LatexError, match="the left side is no derivative"):
        reader.claim("a = 1")
    assert reader.claim(r"\frac{\partial}{\partial a} \left(\sum_{i=1}^N x_i^2 + a\right) = 1") == (sp.Symbol("a"), 1)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + "x" + ")" * 5000,
        "{" * 5000 + "x" + "}" * 5000,
        "x^{" * 3000 + "x" + "}" * 3000,
        r"\frac{" * 3000,
        r"\log " * 3000 + "x",
        r"\sum_{i=1}^N " * 1000 + "x_i",
        r"\frac{\partial}{\partial x} " * 600 + "x",
        "|" * 5000,
        "|x|" * 6 + "y",
        "a<" * 9000 + "b",
        "x" * 100_000,
        "\\" * 19_999,
        "$" * 19_999,
        r"\begin{cases}" * 1000,
        r"\hat " * 5000 + "x",
        "7" * 10_000,
    ],
    ids=lambda text: text[:12],
)
def test_a_monstrous_text_is_refused_at_once(text: str) -> None:
    start = time.monotonic()
    with pytest.raises(NotationError):
        read_latex(text)
    assert time.monotonic() - start < 5


def test_a_long_flat_text_is_read() -> None:
    assert read_latex("+".join(["x"] * 3000)) == 3000 * sp.Symbol("x")


PIECES = [
    r"\frac",
    r"{",
    r"}",
    r"(",
    r")",
    r"x",
    r"y_i",
    r"^",
    r"_",
    r"2",
    r"\sum",
    r"_{i=1}^{N}",
    r"+",
    r"-",
    r"|",
    r"\log",
    r"\|",
    r"=",
    r"&",
    r"\\",
    r",",
    r"'",
    r"\partial",
    r"\cdot",
    r"/",
    r"\left(",
    r"\right)",
    r"\begin{cases}",
    r"\end{cases}",
    r"\sigma",
    r"e",
    r"d",
    r"T",
    r"\delta_{ij}",
    r"\hat",
    r"\mathbf{w}",
    r"[",
    r"]",
    r"\{",
    r"\}",
    r"\max",
    r"\text{if}",
    r"<",
    r"\ne",
    r"\mathbb{1}",
    r"\,",
    r";",
    r".",
    r"\det",
    r"(A^{-1})_{ij}",
]


@pytest.mark.parametrize("seed", range(3))
def test_a_row_of_random_pieces_is_read_or_refused(seed: int) -> None:
    """Nothing else comes out: no other exception."""
    choice = random.Random(seed)
    for _ in range(60):
        text = "".join(choice.choice(PIECES) + choice.choice(("", " ")) for _ in range(choice.randrange(1, 20)))
        for read in (read_latex, Reader().loss, Reader().claim, Reader().lines, Reader().definitions, Reader().wrt):
            with contextlib.suppress(NotationError):
                read(text)


@pytest.mark.parametrize("value", [None, 3, b"x", sp.Symbol("x"), ["x"]])
def test_only_text_is_read(value: object) -> None:
    with pytest.raises(TypeError, match="LaTeX is read from a str"):
        read_latex(value)  # type: ignore[arg-type]


def test_a_declaration_is_checked() -> None:
    with pytest.raises(NotationError, match="is no name; accepted are"):
        Reader(names=[sp.Symbol("x") + 1])
    with pytest.raises(NotationError, match="two things are called x"):
        Reader(names=[sp.Symbol("x"), sp.IndexedBase("x")])
    with pytest.raises(TypeError, match="the end of a range"):
        Reader(ranges={"k": 2.5})
    with pytest.raises(LatexError, match="this is no name"):
        Reader(functions=["f + g"])


def test_a_claim_of_another_argument_or_entry_is_refused() -> None:
    reader = Reader()
    reader.loss("f(x) = x^2")
    with pytest.raises(LatexError, match="the loss was given at x"):
        reader.claim("f'(y) = 2 y")
    with pytest.raises(LatexError, match="the loss was given at x"):
        reader.claim(r"\frac{\partial f(y)}{\partial y} = 2 y")
    reader = Reader()
    reader.loss(r"p_i = \frac{x_i}{\sum_{k=1}^n x_k}")
    with pytest.raises(LatexError, match="another thing than the loss is derived"):
        reader.claim(r"\frac{\partial p_1}{\partial x_j} = 0")


def test_a_letter_that_is_derived_may_be_a_function() -> None:
    """F in ∂L/∂f is no evidence that f(x) is a product."""
    reader = Reader()
    loss, claim = r"L = \frac12 (y - f(x))^2", r"\frac{\partial L}{\partial f} = f(x) - y"
    reader.glance([loss], [claim])
    with pytest.raises(AmbiguityError, match="a call of the function f"):
        reader.loss(loss)


@pytest.mark.parametrize(
    "norm", [r"\|f(x) - y\|", r"\|\tanh(x)\|", r"\|A x - y\|", r"\|x y\|", r"\|x_i\|", r"\|x\|_\infty"]
)
def test_a_norm_of_more_than_arrays_is_refused(norm: str) -> None:
    """F x_i - y_i is no entry of f(x) - y, and A x_i - y_i none of A x - y."""
    x, y, i = sp.IndexedBase("x"), sp.IndexedBase("y"), sp.Idx("i", (1, sp.Symbol("n", integer=True, positive=True)))
    with pytest.raises(LatexError, match="the norm"):
        Reader(like=x[i] + y[i]).expression(norm)


def test_a_layer_written_above_is_no_power() -> None:
    with pytest.raises(AmbiguityError, match="L written above"):
        read_latex("a_j^L", names=[sp.Symbol("a_j")])


def test_the_softmax_of_one_entry_is_reported() -> None:
    with pytest.raises(AmbiguityError, match="softmax of the whole array or softmax of the one entry z_k") as caught:
        read_latex(r"\operatorname{softmax}(z_k)", ranges={"k": "K"})
    assert r"\operatorname{softmax}(z)_k" in caught.value.advice
    with pytest.raises(LatexError, match="which entry of it is meant is not written"):
        read_latex(r"\operatorname{softmax}(z)", like=sp.IndexedBase("z")[sp.Idx("k", 3)])
