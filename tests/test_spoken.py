"""The spoken form of a formula: what is said of KaTeX's MathML, and that it leaves nothing out."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from itertools import product
from pathlib import Path

import pytest
import sympy as sp

from gradproof import REFERENCE
from gradproof.latex import to_latex
from gradproof.mathml import read
from gradproof.one_line import from_mathml
from gradproof.spoken import spoken
from gradproof.typeset import TypesetError, typeset

ROOT = Path(__file__).parent.parent
MATHML = re.compile(r"<math\b.*?</math>", re.DOTALL)
NO_MATTER = re.compile(
    r"<annotation.*?</annotation>|</?(?:math|semantics|mrow|mstyle|mspace)\b[^>]*>|<mtext>[\s\u2063\u200b]*</mtext>"
    r'| (?!mathvariant|linethickness)[a-z]+="[^"]*"',
    re.DOTALL,
)
LABEL = re.compile(r'<math aria-label="([^"]*)"')
PROSE = re.compile(r"(?<![\\$`\w])\$([^$\n`]+)\$(?![\w`])")
SPOKEN = re.compile(r"[A-Za-z0-9 ,.()'-]+")
ENTRIES = [
    "batch-norm",
    "attention",
    "lstm-cell",
    "huber",
    "softmax-cross-entropy",
    "gelu",
    "log-determinant",
    "p-norm",
]

WORDS = {
    r"w": "w",
    r"W": "capital W",
    r"\theta + \Theta": "theta plus capital theta",
    r"\epsilon \varepsilon": "epsilon curly epsilon",
    r"-0.25": "minus 0.25",
    r"2.86\ldots": "2.86 dot dot dot",
    r"w_{kj}": "w sub k j",
    r"w_k j": "w sub k times j",
    r"w_{k,j}": "w subscript k comma j, end subscript",
    r"w_{k_j}": "w sub k sub j",
    r"x_{i+1}": "x subscript i plus 1, end subscript",
    r"w^{(2)}_{kj}": "w superscript 2 sub k j",
    r"a^{(l+1)}": "a bracketed superscript l plus 1, end superscript",
    r"x_i^2": "x sub i squared",
    r"x^3 y": "x cubed times y",
    r"x_{i'}": "x sub i prime",
    r"x'_i": "x prime sub i",
    r"x'^2": "x prime squared",
    r"A^{-1} A^\top A^{-\top}": "capital A inverse times capital A transpose times capital A inverse transpose",
    r"\mathbf{z}^{\odot 2}": "bold z to the elementwise power 2",
    r"\mathbf{1}\mathbf{1}^\top": "bold 1 bold 1 transpose",
    r"e^{-x}": "e to the power minus x",
    r"e^{-x + 1}": "e to the exponent minus x plus 1, end exponent",
    r"\frac{a_i}{N}": "a sub i over capital N",
    r"\frac{1}{N} x": "1 over capital N times x",
    r"\frac{1}{N x}": "the fraction with numerator 1, and denominator capital N x, end fraction",
    r"1/N": "1 divided by capital N",
    r"\binom{n}{k}": "the binomial n choose k, end binomial",
    r"\frac{\partial E}{\partial w_{kj}}": "the partial derivative of capital E with respect to w sub k j",
    r"\frac{\partial}{\partial w} (w x)": "the partial derivative with respect to w of open bracket w x close bracket",
    r"\frac{dz}{dx}": "the derivative of z with respect to x",
    r"\frac{d_x}{d_y}": "d sub x over d sub y",
    r"\frac{\partial^2 L}{\partial x\,\partial y}": "the second partial derivative of capital L with respect to x and y",
    r"\frac{\partial^{2} L}{\partial x_1^{2}}": "the second partial derivative of capital L with respect to x sub 1",
    r"\partial E/\partial z": "partial capital E divided by partial z",
    r"\left. f \right|_{x=1}": "the value of f at x, equals 1, end value",
    r"\nabla E": "the gradient of capital E",
    r"\nabla_w l": "the gradient with respect to w of l",
    r"\sum_{i=1}^{N} x_i": "the sum over i from 1 to capital N of x sub i",
    r"\sum_i x_i": "the sum over i of x sub i",
    r"\sum_{W \subseteq U} w": "the sum with capital W, is a subset of capital U below, of w",
    r"\prod_{i=1}^{n-1} i": "the product with i, equals 1 below, with n minus 1 above, of i",
    r"\int_0^1 f(x)\,\mathrm{d}x": "the integral from 0 to 1 of f of x times d x",
    r"\max_c a_c": "the maximum over c of a sub c",
    r"\max(0, x)": "maximum of open bracket 0 comma x close bracket",
    r"\operatorname*{argmin}_w E": "the arg min over w of capital E",
    r"\lim_{x \to 0} x": "the limit as x goes to 0 of x",
    r"\sqrt{x}\,y": "the square root of x times y",
    r"\sqrt{x y}": "the square root of the expression x y, end root",
    r"\sqrt[3]{x}": "the cube root of x",
    r"\hat y_k": "y hat sub k",
    r"\bar x + \tilde x": "x bar plus x tilde",
    r"\overline{x y}": "overline over x y, end overline",
    r"|x| y": "the absolute value of x times y",
    r"\left|x - y\right|": "the absolute value of the expression x minus y, end absolute value",
    r"\lVert x \rVert^2": "the norm of the expression x, end norm, squared",
    r"2 |x| |y|": "2 times the absolute value of x times the absolute value of y",
    r"f(x)": "f of x",
    r"f(x) \neq f(x + 1)": "f of x, does not equal f of open bracket x plus 1 close bracket",
    r"p(y|x)": "p of open bracket y vertical bar x close bracket",
    r"m (x + 1)": "m open bracket x plus 1 close bracket",
    r"2 (x + 1)": "2 times open bracket x plus 1 close bracket",
    r"\tanh(h_j)": "tanh of h sub j",
    r"\tanh h_j": "tanh h sub j",
    r"\operatorname{sech}^{2}{\left(h \right)}": "sech squared of h",
    r"a \le b \ge c \approx d": "a, is at most b, is at least c, is approximately d",
    r"a \not\equiv b": "a, is not identical to b",
    r"w \leftarrow w - 1": "w, becomes w minus 1",
    r"a \overset{\text{(5.10)}}{=} b": "a, equals with, (5.10) above, b",
    r"x \in [0, 1)": "x, is in the left-closed interval from 0 to 1, end interval",
    r"x \in \{a, b\}": "x, is in the set a comma b, end set",
    r"a \odot b \oslash c \otimes d": "a elementwise times b elementwise divided by c tensor d",
    r"2 \cdot 3 \pm c \cdot d": "2 times 3 plus or minus c dot d",
    r"\mathbb{1}[i = j]": "double-struck 1 open square bracket i, equals j close square bracket",
    r"\begin{cases} x & \text{for } x > 0 \\ 0 & \text{otherwise} \end{cases}":
        "2 cases, case 1, x, for x, is greater than 0, case 2, 0, otherwise, end cases",
    r"\begin{cases} x & x > 0 \end{cases}": "1 case, case 1, x, when x, is greater than 0, end cases",
    r"\begin{pmatrix} a & b \end{pmatrix}":
        "open bracket the 1 by 2 matrix, row 1 column 1, a, row 1 column 2, b, end matrix, close bracket",
    r"\begin{aligned} a &= b \\ &= c \end{aligned}": "2 lines, line 1, a, equals b, line 2, equals c, end of lines",
    r"\exists\, \mho": "there is inverted ohm sign",
    "{}": "blank",
}  # fmt: skip

LINES = {
    r"\frac{\partial E}{\partial w_{kj}} = (y_k - t_k)\, z_j": "∂E/∂w_kj = (y_k − t_k) z_j",
    r"\frac{\partial}{\partial w} (w x)": "∂/∂w (w x)",
    r"\partial E/\partial z": "∂E / ∂z",
    r"w_k j": "w_k j",
    r"w_{k,j}": "w_{k, j}",
    r"x_{i'} x'_i x_i^2 x_{i^2}": "x_i′ x′_i x_i² x_{i²}",
    r"w^{(2)}_{kj}": "w_kj^(2)",
    r"x^{-1} x^n x^{n+1} x^{12} f''": "x⁻¹ x^n x^{n + 1} x¹² f″",
    r"\mathbf{A}^\top \mathbf{1} + \boldsymbol{\gamma}": "𝐀ᵀ 𝟏 + 𝜸",
    r"\frac{a + b}{2 c} - \frac{-1}{N}": "(a + b)/(2 c) − (−1)/N",
    r"\sum_{i=1}^{N} x_i \max_c a_c": "∑_{i=1}^N x_i max_c a_c",
    r"\sqrt{2} \sqrt[3]{x y}": "√2 √[3](x y)",
    r"\hat y_k + \overline{x y}": "ŷ_k + overline(x y)",
    r"|x - y| \lVert x \rVert^2": "|x − y| ‖x‖²",
    r"f(x) + m (x + 1) - \tanh(h) + \tanh h": "f(x) + m (x + 1) − tanh(h) + tanh h",
    r"a = -1,\ b \in [0, 1)": "a = −1, b ∈ [0, 1)",
    r"\nabla E \odot -0.25\ldots": "∇E ⊙ −0.25…",
    r"\begin{cases} x & \text{for } x > 0 \\ 0 & \text{otherwise} \end{cases}": "{x for x > 0; 0 otherwise}",
    r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}": "(a, b; c, d)",
    r"\left. f \right|_{x=1}": "f|_{x = 1}",
    r"\binom{n}{k}": "binomial(n, k)",
}


def mathml(latex: str) -> str:
    return MATHML.search(typeset(latex))[0]  # type: ignore[index]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path))


@pytest.mark.parametrize("latex", WORDS)
def test_a_formula_is_said_as_a_reader_would_say_it(latex: str) -> None:
    assert spoken(mathml(latex)) == WORDS[latex]


@pytest.mark.parametrize("latex", LINES)
def test_a_formula_is_one_line_of_text(latex: str) -> None:
    assert from_mathml(mathml(latex)) == LINES[latex]


def test_the_formula_is_named_by_its_words_and_stays_mathml() -> None:
    """A screen reader that knows MathML walks through it; another one reads its name."""
    html = typeset(r"a < \text{the reader's \& my b}")
    assert unescape(LABEL.search(html)[1]) == "a, is less than, the reader's ampersand my b"  # type: ignore[index]
    assert "<mi>a</mi><mo>&lt;</mo>" in html
    assert html.count("aria-label") == html.count("<math") == 1


@pytest.mark.parametrize(
    ("inside", "named"),
    [
        ("<merror><mi>x</mi></merror>", "the MathML element 'merror'"),
        ('<mi mathvariant="looped">x</mi>', "the style 'looped'"),
        ('<mover accent="true"><mi>x</mi><mo>*</mo></mover>', r"the accent '\*' has no spoken form; known are \^"),
        ("<mtext>\u200e</mtext>", r"'\\u200e' \(U\+200E\)"),
        ("<mrow><mo fence='true'>/</mo><mi>x</mi><mo fence='true'>/</mo></mrow>", r"the bracket '/' .*known are \("),
    ],
)
def test_what_has_no_words_is_an_error_that_names_it(inside: str, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        spoken(f"<math>{inside}</math>")


def test_a_formula_without_words_is_not_typeset() -> None:
    with pytest.raises(TypesetError, match=r"cannot be said in words: the MathML element 'menclose'") as error:
        typeset(r"\cancel{x}")
    assert repr(r"\cancel{x}") in str(error.value)


# No two formulas with the same words


def heard(formula: str) -> str:
    """The words without the pauses."""
    words = spoken(formula)
    assert SPOKEN.fullmatch(words), words
    return " ".join(words.replace(",", " ").split())


def as_read(formula: str) -> str:
    return repr(read(formula))


def as_written(formula: str) -> str:
    """The MathML itself, of which only space, size and grouping are left out."""
    return NO_MATTER.sub("", formula)


def unlike(
    formulas: Iterable[str], says: Callable[[str], str], seen: Callable[[str], str] = as_read
) -> dict[str, set[str]]:
    """What is said of formulas that differ: all of one entry sound alike."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for formula in formulas:
        found[says(formula)].setdefault(seen(formula), formula)
    return {words: set(different.values()) for words, different in found.items() if len(different) > 1}


def printed() -> Iterator[str]:
    """The formulas of the four texts, and those in the prose of the site."""
    claims = tomllib.loads((ROOT / "tests/printed.toml").read_text("utf-8"))["claims"]
    quoted = [
        claim["printed"].replace("’", "'").replace("align*", "aligned") for claim in claims.values() if claim["printed"]
    ]
    for formula in (part for text in quoted for part in text.split("$")[1::2] or [text]):
        yield formula if "{aligned}" in formula or "&" not in formula else rf"\begin{{aligned}}{formula}\end{{aligned}}"
    for page in sorted((ROOT / "docs").glob("*.md")):
        prose = re.sub(r"^(\s*)(`{3,}|~{3,}).*?^\1\2", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
        yield from PROSE.findall(prose)


def reference() -> Iterator[str]:
    """Some gradients of the reference, and what is often taken for them."""
    for entry in map(REFERENCE.__getitem__, ENTRIES):
        yield from map(to_latex, entry.definitions)
        for gradient in entry.gradients:
            left = sp.Derivative(entry.of(gradient), gradient.wrt)
            for right in (gradient.formula, *(wrong.formula for wrong in gradient.wrong)):
                yield to_latex(sp.Eq(left, right, evaluate=False))


@pytest.mark.parametrize("formulas", [printed, reference])
def test_no_two_formulas_of_the_site_sound_alike(formulas: Callable[[], Iterator[str]]) -> None:
    latex = set(formulas())
    assert len(latex) > 40
    formulas = list(map(mathml, latex))
    for says, seen in product((heard, from_mathml), (as_read, as_written)):
        assert not unlike(formulas, says, seen)


def row(*parts: str) -> str:
    return f"<mrow>{''.join(parts)}</mrow>"


def sign(text: str) -> str:
    return f"<mo>{text}</mo>"


def script(tag: str, *parts: str) -> str:
    return f"<{tag}>{''.join(map(row, parts))}</{tag}>"


I, D = "<mi>i</mi>", "<mi mathvariant='normal'>∂</mi>"
ONE: tuple[Callable[[str], str], ...] = (
    lambda a: f"{sign('(')}{a}{sign(')')}",
    lambda a: f"{sign('−')}{a}",
    lambda a: f'<mrow><mo fence="true">∣</mo>{a}<mo fence="true">∣</mo></mrow>',
    lambda a: f"<msqrt>{a}</msqrt>",
    lambda a: f'<mover accent="true">{row(a)}<mo>^</mo></mover>',
    lambda a: f"<mi>tanh</mi><mo>\u2061</mo>{a}",
    lambda a: f"<mi>∇</mi>{a}",
    lambda a: script("msub", "<mi>∇</mi>", a),
    lambda a: script("msup", a, sign("′")),
    lambda a: script("msup", a, "<mi>⊤</mi>"),
    lambda a: script("msub", a, I),
    lambda a: script("munder", sign("∑"), a),
    lambda a: f"<mfrac>{D}{row(D, a)}</mfrac>",
)
TWO: tuple[Callable[[str, str], str], ...] = (
    lambda a, b: a + b,
    lambda a, b: f"{a}{sign('−')}{b}",
    lambda a, b: f"{a}{sign(',')}{b}",
    lambda a, b: f"{a}{sign('=')}{b}",
    lambda a, b: f"{a}<mi>/</mi>{b}",
    lambda a, b: f"<mi>f</mi>{sign('(')}{a}{sign(')')}{b}",
    lambda a, b: script("mfrac", a, b),
    lambda a, b: script("mfrac", D + a, D + b),
    lambda a, b: script("msub", a, b),
    lambda a, b: script("msup", a, b),
    lambda a, b: script("msup", a, f"{sign('(')}{b}{sign(')')}"),
    lambda a, b: script("msubsup", "<mi>y</mi>", a, b),
    lambda a, b: script("munderover", sign("∑"), I + sign("=") + a, b),
    lambda a, b: script("mroot", a, b),
    lambda a, b: script("msub", f'{a}<mo fence="true">∣</mo>', b),
)


X = "<mi>x</mi>"
JOINS = TWO[:2]


def built(parts: list[str]) -> list[str]:
    """All formulas that are one construction over these parts, one of which is a letter."""
    return [make(a) for make in ONE for a in parts] + [
        make(*pair) for make in TWO for a in parts for pair in {(X, a), (a, X)}
    ]


def grown(one: list[Callable[[str], str]], two: list[Callable[[str, str], str]], steps: int) -> list[str]:
    """All formulas that take at most so many steps, each of which is one of these constructions."""
    levels = [[X]]
    for _ in range(steps):
        longer = [make(a) for make in one for a in levels[-1]]
        for n, left in enumerate(levels):
            longer += [make(a, b) for make in two for a, b in product(left, levels[len(levels) - 1 - n])]
        levels.append(longer)
    return [formula for level in levels for formula in level]


def test_no_two_small_formulas_sound_alike() -> None:
    """Whatever a construction makes of another: each bracket, index, bar and root is heard, and where it ends."""
    formulas = built([X, *built([X])])
    for join in JOINS:
        for make in ONE:
            formulas += grown([make], [join], 4)
        for made in TWO:
            formulas += grown([], [made, join], 4)
    assert len(formulas) > 10_000
    assert not unlike((f"<math>{formula}</math>" for formula in formulas), heard)
