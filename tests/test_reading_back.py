"""LaTeX out reads back: what is printed is read to an expression that is proved equal.

`GRADPROOF_READBACK=all pytest -s tests/test_reading_back.py` runs every page of the site and counts.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from gradproof import CLAIMS, RULES, derive, read_latex
from gradproof.inverse import Determinant, InverseBase
from gradproof.latex import derivation_latex, to_latex
from gradproof.lines import derivative, summed
from gradproof.reading import Reader
from losses import LINE, NAMED, NETWORK, E
from readback import compared, is_formula, recorded, run_page, trouble

ROOT = Path(__file__).parent.parent
N, M = sp.symbols("N M", integer=True, positive=True)
i, j, i2, o = sp.Idx("i", (1, N)), sp.Idx("j", (1, M)), sp.Idx("i'", (1, N)), sp.Idx("o1", (0, M - 1))
x, w1, W, deltas, e_ = (sp.IndexedBase(name) for name in ("x", "w1", "W_out", "delta", "e"))
a, b, T, loss, e = sp.symbols("a b T loss e")
f, net = sp.Function("f"), sp.Function("net")
ONE = sp.Integer(1)


@pytest.mark.parametrize(
    "expression",
    [
        sp.exp(a) * e + a**e,
        sp.exp(a) + sp.E**2 + sp.E + sp.pi,
        e_[i] ** 2 * sp.exp(x[i]),
        loss * a + sp.Symbol("E_train") ** 2 - sp.Symbol("S_xy"),
        sp.log(a) ** 2 + 1 / sp.log(b) + sp.sqrt(sp.log(a)),
        sp.tanh(a) ** 2 * sp.asin(b) * sp.atanh(a) ** 2 * sp.sech(b),
        sp.Max(a, b) ** 2 + sp.Min(a, b, 1) - abs(a) ** 3 + sp.sign(b) ** 2,
        sp.Heaviside(a) * sp.Heaviside(b) ** 2,
        sp.Piecewise((a, (a > 0) & (b > 0)), (b, (a < -1) | (b < -1)), (0, True)) ** 2,
        sp.Symbol("w__1") ** 2 + sp.Symbol("w__l") + sp.Symbol("y__*"),
        sp.Symbol("x'") ** 2 + sp.Symbol("theta'"),
        sp.Symbol("Alpha") + sp.Symbol("lamda") + sp.Symbol("what") + sp.Symbol("beta1") + sp.Symbol("H_11"),
        sp.Symbol("losshat") + sp.Symbol("wbold") * sp.Symbol("Lcal"),
        sp.Symbol("Delta_theta_1") ** 2 * sp.Symbol("theta_1") + sp.Symbol("Delta_x"),
        w1[i, j] ** 2 + 1 / w1[i, j] + W[i, j] * W[1, o],
        x[i + 1] * x[2 * i] + x[N] + x[1] + deltas[i],
        sp.Piecewise((a, sp.ITE(a > b, a > 1, b > 1)), (b, True)),
        sp.KroneckerDelta(i, i2) * x[i2] ** 2,
        a * sp.Sum(x[i], i) * sp.Sum(x[i] ** 2, i) + b,
        sp.Sum(x[i], i) + x[i],
        sp.Sum(x[i] * sp.Sum(x[i], i), i),
        sp.Sum(-x[i], i) ** 2 + sp.Sum(a + x[i], i) + sp.exp(sp.Sum(x[i], i)),
        sp.Sum(i * x[i], i) / N,
        sp.Sum(x[sp.Symbol("p", integer=True)], (sp.Symbol("p", integer=True), 1, N - 1)),
        f(x[i], a) ** 2 + net(a) * sp.Function("phi")(b) - sp.Function("f_1")(a),
        sp.Function("sigma")(a) * (1 - sp.Function("sigma")(a)),
        sp.Symbol("sigma") * (1 - sp.Symbol("sigma")) + sp.Symbol("f") * (a + b) + a**T,
        sp.Subs(derivative(f(b, 2 * a), b), b, a**2),
        derivative(sp.tanh(a), a) * b + derivative(-a * b, a) + derivative(-ONE, a),
        derivative(derivative(E, a), b) * derivative(E, x[i]),
        sp.Symbol("d") * a / (sp.Symbol("d") + 1),
        sp.Rational(3, 7) * a + sp.Float("0.25") * b,
        sp.Sum(InverseBase.matrix(x, ONE, N)[i, i2] * a, i2) * Determinant(x, ONE, N) ** 2,
        sp.Eq(a, b + 1, evaluate=False),
        sp.Ne(a, sp.Sum(x[i], i)),
    ],
    ids=str,
)
def test_a_printed_expression_reads_back(expression: sp.Basic) -> None:
    assert trouble(to_latex(expression), expression) == ""


def test_the_claims_read_back() -> None:
    """Each side of each statement, slip and correction, each definition and each of the sources' lines."""
    with recorded() as printed:
        for claim in CLAIMS.values():
            statements = [*claim.statements, *(s for slip in claim.slips for s in (slip.reading, slip.corrected) if s)]
            for statement in statements:
                statement.latex()
                for definition in getattr(statement, "definitions", ()):
                    to_latex(definition)
            for line, _ in claim.lines:
                to_latex(line)
    wrong = [found for text, e in printed.items() if is_formula(e) and (found := trouble(text, e))]
    assert len(printed) > 250
    assert wrong == []


def test_the_rules_and_their_examples_read_back() -> None:
    with recorded() as printed:
        for rule in RULES:
            to_latex(rule.law)
            if len(rule.example) == 2:
                for step in derive(*rule.example).steps:
                    to_latex(step.after)
    assert [found for text, e in printed.items() if is_formula(e) and (found := trouble(text, e))] == []


@pytest.mark.parametrize(
    "derivation",
    [
        derive(LINE, sp.Symbol("m")),
        NAMED.gradient(E, w1[j, sp.Idx("i", (1, sp.Symbol("D", integer=True, positive=True)))]),
    ],
)
def test_a_derivation_reads_back_line_by_line(derivation: Any) -> None:
    start = derivation.steps[0].before
    lines = Reader(like=[start, *(value for value, _ in derivation.lines)]).lines(derivation_latex(derivation))
    assert lines.rules == tuple(rule for _, rule in derivation.lines)
    assert [compared(value, found) for (value, _), found in zip(derivation.lines, lines.values, strict=True)] == [
        ""
    ] * len(lines.values)


NOT_READ = (sp.zoo, sp.nan, sp.oo, sp.I, sp.re, sp.im)  # what SymPy makes of some, and gradproof refuses


# -- random expressions -----------------------------------------------------------------------
@st.composite
def expressions(draw: Any, free: tuple[sp.Basic, ...] = (), depth: int = 4) -> sp.Expr:
    """A scalar in index notation whose free indices are among `free`."""
    leaves = [a, b, T, loss, N, sp.Integer(2), sp.Rational(-1, 3), sp.pi, sp.Symbol("w_1"), sp.Symbol("xbar"), x[1]]
    leaves += [entry for index in free for entry in (x[index], e_[index], x[index + 1])] * 2
    leaves += [array[p, q] for p in free for q in free if p != q for array in (w1, W)]
    kinds = ["add", "mul", "minus", "sum", "sum", "power", "function", "ratio", "call", "cases", "delta", "partial"]
    kind = draw(st.sampled_from(kinds)) if depth else "leaf"
    inner = expressions(free, depth - 1)
    match kind:
        case "add":
            return draw(inner) + draw(inner)
        case "mul":
            return draw(inner) * draw(inner)
        case "minus":
            return -draw(inner) - draw(inner)
        case "sum":
            index = draw(st.sampled_from([i, j, o]))
            return summed(draw(expressions((*free, index), depth - 1)), index, index.lower, index.upper)
        case "power":
            return draw(inner) ** draw(st.sampled_from([2, 3, -1, -2, sp.Rational(1, 2), a]))
        case "function":
            return draw(st.sampled_from([sp.tanh, sp.exp, sp.log, sp.sin, sp.atan, sp.Abs, sp.erf, sp.sign]))(
                draw(inner)
            )
        case "ratio":
            return draw(inner) / (1 + draw(inner) ** 2)
        case "call":
            return draw(st.sampled_from([f, net]))(draw(inner), a)
        case "cases":
            left, right = (draw(st.sampled_from([a, b, T, *(x[index] for index in free)])) for _ in range(2))
            return sp.Piecewise((draw(inner), (left > 1) | ((right < 0) & (right <= b))), (draw(inner), True))
        case "delta" if len(free) > 1:
            return sp.KroneckerDelta(free[0], free[1]) * draw(inner)
        case "partial":
            return derivative(E, draw(st.sampled_from([a, x[1], *(x[index] for index in free)]))) * draw(inner)
    return draw(st.sampled_from(leaves))


@settings(max_examples=150, deadline=None)
@given(expressions())
def test_a_random_expression_reads_back(expression: sp.Expr) -> None:
    if expression.has(*NOT_READ):
        return
    text = to_latex(expression)
    found = read_latex(text, like=expression)
    assert to_latex(found) == text or trouble(text, expression) == ""


@settings(max_examples=40, deadline=None)
@given(expressions(depth=3))
def test_a_random_expression_is_proved_equal_to_what_is_read(expression: sp.Expr) -> None:
    if expression.has(*NOT_READ, sp.Derivative):
        return
    verdict = trouble(to_latex(expression), expression)
    assert verdict == "" or "undecided" in verdict


# -- all ----------------------------------------------------------------------------------------
@pytest.mark.skipif(os.environ.get("GRADPROOF_READBACK") != "all", reason="minutes: set GRADPROOF_READBACK=all")
def test_every_formula_of_the_site_reads_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path))
    monkeypatch.chdir(ROOT)
    with recorded() as printed:
        for page in sorted(Path("docs").rglob("*.md")):
            run_page(page)
    formulas = {text: e for text, e in printed.items() if is_formula(e)}
    wrong = [f"{text}\n{found}" for text, e in formulas.items() if (found := trouble(text, e))]
    print(f"{len(formulas)} formulas are printed; {len(formulas) - len(wrong)} read back to what is proved equal")
    assert wrong == []


def test_the_derivation_of_a_network_reads_back() -> None:
    with recorded() as printed:
        for step in derive(NETWORK, w1[j, sp.Idx("i", (1, sp.Symbol("D", integer=True, positive=True)))]).steps:
            to_latex(step.after)
    assert [found for text, e in printed.items() if (found := trouble(text, e))] == []
