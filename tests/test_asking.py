"""What "try it" opens: every gradient and equality as fields that read back, with the verdict that they had.

`GRADPROOF_ASKING=all pytest -s tests/test_asking.py` decides all of them, and counts.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from gradproof import CLAIMS, REFERENCE, asking, reference, sources
from gradproof.answer import Answer
from gradproof.fields import asked, same, short_latex
from gradproof.lines import derivative
from gradproof.problem import FIELDS, Problem
from gradproof.statements import Differs, Equality

N, D = sp.symbols("N D", integer=True, positive=True)
n, d = sp.Idx("n", (1, N)), sp.Idx("d", (1, D))
w, x, y = map(sp.IndexedBase, "wxy")
a, b, tau, L = *sp.symbols("a b"), sp.Symbol("tau", positive=True), sp.Symbol("L")

#: By id and number: what no fields say.  A symbol whose name is a formula has no letter to type.
UNSAID = {("backprop.2.1", 1)}


def opened(identity: str) -> Iterator[tuple[str, str, str]]:
    """Each equality of a claim or an entry: its place, its fragment, and the verdict on it."""
    if identity in reference.IDS:
        for number in range(len(REFERENCE[identity].gradients)):
            yield f"gradient {number}", asking.of_gradient(identity, number), "proved"
        wrong = [slip for gradient in REFERENCE[identity].gradients for slip in gradient.wrong]
        for number in range(len(wrong)):
            yield f"slip {number}", asking.of_slip(identity, number), "refuted"
        return
    claim = CLAIMS[identity]
    for number, statement in enumerate(claim.statements):
        if isinstance(statement, (Equality, Differs)) and (identity, number) not in UNSAID:
            status = "proved" if isinstance(statement, Equality) else "refuted"
            yield f"statement {number}", asking.of_statement(identity, number), status
    for number, slip in enumerate(claim.slips):
        if isinstance(slip.reading, (Equality, Differs)):
            status = "refuted" if isinstance(slip.reading, Equality) else "proved"
            yield f"slip {number}", asking.of_slip(identity, number), status


IDS = (*sources.IDS, *reference.IDS)
EVERY = os.environ.get("GRADPROOF_ASKING") == "all"
DECIDED = IDS if EVERY else (
    "backprop.5.12", "backprop.5.8.name", "averages.linreg.m", "averages.mean-data", "symmetry.general", "symmetry.zero",
    "finite-step.length", "symmetry.vectors", "softmax-cross-entropy", "leaky-relu", "log-determinant", "softmax-temperature",
)  # fmt: skip


def test_every_gradient_and_equality_has_fields() -> None:
    """The functions raise where a fragment does not read back, and name the claim where no fields say it."""
    count = Counter[str]()
    for identity in IDS:
        for place, fragment, _ in opened(identity):
            problem = asking.problem_of(fragment)
            assert problem is not None, (identity, place)
            count[f"{problem.told}, {'equation' if problem.equation else 'gradient'}"] += 1
    print(count)
    assert sum(count.values()) > 450


@pytest.mark.parametrize("identity", DECIDED)
def test_what_is_opened_has_the_verdict_that_it_had(identity: str) -> None:
    found = {place: (fragment, status) for place, fragment, status in opened(identity)}
    for place, (fragment, status) in found.items():
        problem = asking.problem_of(fragment)
        assert problem is not None
        assert Answer(problem).status == status, (place, problem)


def test_a_false_claim_is_opened_as_it_was_printed() -> None:
    problem = asking.problem_of(asking.of_claim("symmetry.general"))
    assert problem is not None
    assert (problem.loss, problem.wrt) == (r"J = (x_1 - f(x_0, \theta))^2", r"\theta")
    answer = Answer(problem)
    assert answer.status == "refuted"
    assert answer.blame is not None
    assert Answer(_problem(asking.of_statement("symmetry.general"))).status == "proved"
    assert asking.of_claim("symmetry.general") == asking.of_slip("symmetry.general")


def _problem(fragment: str) -> Problem:
    found = asking.problem_of(fragment)
    assert found is not None
    return found


def test_a_claim_that_is_no_equality_is_named() -> None:
    assert asking.of_claim("finite-step.limit") == "claim=finite-step.limit"
    assert asking.of_slip("backprop.6.2.refs") == "claim=backprop.6.2.refs"
    assert asking.problem_of("claim=backprop.6.2.refs") is None


def test_a_gradient_is_short_and_declares_nothing_that_is_told() -> None:
    assert _problem(asking.of_gradient("softmax-cross-entropy")) == Problem(
        r"L = -\sum_{k=1}^K \log(p_k) y_k", "z_k", "p_k - y_k",
        (r"p_k = \frac{e^{z_k}}{\sum_{l=1}^K e^{z_l}}",), (r"\sum_{k=1}^K y_k = 1",),
    )  # fmt: skip


def test_an_address_holds_every_field() -> None:
    values = {name: ("a = b & c", "+ #%") if many else f"{name} + é&=%" for name, many in FIELDS.items()}
    values |= {"equation": "", "notation": "sympy"}
    problem = Problem(**values)  # type: ignore[arg-type] # as declared
    fragment = asking.fragment(problem)
    assert asking.problem_of(fragment) == problem
    assert fragment.startswith("loss=loss+%2B+%C3%A9%26%3D%25&wrt=")
    assert not set(fragment) & set(' "<>#\\')


@settings(deadline=None)
@given(st.lists(st.text(min_size=1), max_size=3), st.text(), st.text(min_size=1).filter(str.strip))
def test_any_text_comes_back_from_an_address(where: list[str], wrt: str, loss: str) -> None:
    problem = Problem(loss, wrt or "x", "1", where=tuple(where))
    assert asking.problem_of(asking.fragment(problem)) == problem


# --- what is said of an equality ----------------------------------------------------------
def _gradient(loss: sp.Expr, wrt: sp.Expr, right: sp.Expr) -> Equality:
    return Equality.gradient(L, wrt, right, (sp.Eq(L, loss, evaluate=False),))


def test_ranges_are_declared_only_where_nothing_tells_them() -> None:
    told = asked(_gradient(sp.Sum((w[d] * x[d] - y[d]) ** 2, d), w[d], 2 * x[d] * (w[d] * x[d] - y[d])))
    untold = asked(_gradient(w[d] ** 2, w[n], 2 * w[d] * sp.KroneckerDelta(d, n)))
    assert told is not None
    assert untold is not None
    assert (told.ranges, untold.ranges) == ((), ("d = 1..D", "n = 1..N"))


def test_letters_are_declared_where_they_would_mean_something_else() -> None:
    found = [asked(Equality(2 * e, b)) for e in (sp.Symbol("pi"), sp.Function("sigma")(a), sp.pi)]
    assert [(p.numbers, p.functions) for p in found if p is not None] == [((r"\pi",), ()), ((), (r"\sigma",)), ((), ())]


def test_signs_are_assumed() -> None:
    made = asked(_gradient(sp.log(tau) * a, a, sp.log(tau)))
    assert made is not None
    assert made.assume == (r"\tau > 0",)
    assert made.wrt == "a"


def test_definitions_that_nothing_uses_are_left_out() -> None:
    statement = Equality(derivative(L, a), 2 * a, a, (sp.Eq(b, a**3), sp.Eq(L, a**2)))
    made = asked(statement)
    assert made is not None
    assert (made.loss, made.where) == ("L = a^2", ())


@pytest.mark.parametrize(
    "statement",
    [
        Equality(sp.Symbol("x**2"), a),  # no name in any notation, and so another thing when it is read
        Equality(sp.Symbol("a b"), a),
        Equality(a, b, definitions=(sp.Eq(a, sp.Symbol("1+1"), evaluate=False),)),
    ],
    ids=str,
)
def test_what_does_not_read_back_is_not_said(statement: Equality) -> None:
    assert asked(statement) is None


def test_names_that_latex_has_not_are_written_in_sympy_notation() -> None:
    made = asked(Equality(sp.Symbol("loss_rate") * sp.Symbol("x1y") + a, sp.Symbol("q")))
    assert made == Problem(equation="a + loss_rate*x1y = q", notation="sympy")


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (sp.log(a), r"\log(a)"),
        (sp.tanh(a) ** 2, r"\tanh^2(a)"),
        (sp.exp(-a) / (1 + sp.exp(-a)) ** 2, r"\frac{e^{-a}}{(1 + e^{-a})^2}"),
        ((a - b) ** 2 / 2, r"\frac{(a - b)^2}{2}"),
        (sp.sqrt((a - b) ** 3), r"\sqrt{(a - b)^3}"),
        (sp.Sum(x[n] ** 2, n), r"\sum_{n=1}^N x_n^2"),
        (2 ** (a * (1 - b)), r"2^{a (1 - b)}"),
        (sp.Abs(a + 1) * sp.KroneckerDelta(n, d), r"|a + 1| \delta_{dn}"),
        (
            sp.Piecewise((-a, a > 0), (sp.Symbol("beta"), True)),
            r"\begin{cases} - a & \text{for}\: a > 0 \\ \beta & \text{otherwise} \end{cases}",
        ),
        (sp.Function("f")(a, b), "f(a, b)"),
        (sp.erf((a + 1) * (b + 1)), r"\operatorname{erf}((a + 1) (b + 1))"),
    ],
    ids=str,
)
def test_latex_is_as_one_types_it(expression: sp.Expr, text: str) -> None:
    assert short_latex(expression) == text


def test_two_formulas_are_the_same_if_they_are_read_alike() -> None:
    m = sp.Idx("m", (1, N))
    assert same(sp.Sum(x[n] * w[d], n, d), sp.Sum(sp.Sum(x[n] * w[d], n), d))
    assert not same(sp.Sum(x[n] * a, n), sp.Sum(x[m] * a, m))
    assert not same(a * b + 1, a * b)
    assert not same(x[n], x[m])


def test_nothing_imports_the_engine_once_it_is_kept() -> None:
    asking.of_claim("backprop.5.12"), asking.of_gradient("softmax")
    code = (
        "import sys; from gradproof import asking\n"
        "asking.of_claim('backprop.5.12'); asking.of_gradient('softmax'); assert 'sympy' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
