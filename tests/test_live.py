"""The live page: what is asked as JSON is answered as JSON, whatever it is.

KaTeX runs under QuickJS here, and in the reader's browser there; all else is the same.
"""

from __future__ import annotations

import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradproof.derivation import Derivation
from gradproof.live import answer
from gradproof.live_examples import EXAMPLES, Example, examples
from gradproof.problem import FIELDS, Problem

LOSS = r"L = \frac{1}{N} \sum_{n=1}^{N} (w x_n + b - y_n)^2"
RIGHT = r"\frac{2}{N} \sum_{n=1}^{N} x_n (w x_n + b - y_n)"
WRONG = r"\frac{2}{N} \sum_{n=1}^{N} (w x_n + b - y_n)"


def ask(quick: bool = False, **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer(json.dumps({"fields": fields, "quick": quick})))
    return found


def fields(problem: Problem) -> dict[str, Any]:
    return {name: value for name, value in vars(problem).items() if value}


class Elements(HTMLParser):
    """The elements of a piece of HTML, which must be closed in order; its text, and what KaTeX was given."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.text = ""
        self.tex: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {(name, value or "") for name, value in attrs}
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["annotation"]:
            self.tex.append(data)
        elif "math" not in self.open and "gp-tex" not in self.open:
            self.text += data


# --- the verdicts -------------------------------------------------------------------------
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.title)
def test_each_example_of_the_page_has_its_answer(example: Example) -> None:
    """In both stages; where nothing is claimed, the first one says that the steps are still to be checked."""
    quick, whole = ask(quick=True, **fields(example.problem)), ask(**fields(example.problem))
    claims = example.problem.gradient or example.problem.equation
    assert quick["status"] == (example.status if claims else "derived")
    assert whole["status"] == example.status
    assert (quick["more"], whole["more"]) == (not example.problem.equation, False)  # an equation has no steps
    assert whole["data"]["status"] == example.status
    for found in (quick, whole):
        Elements(found["html"])
        assert found["seconds"] > 0


def test_a_false_gradient_comes_with_a_point_both_values_the_slip_and_what_holds() -> None:
    found = Elements(ask(quick=True, loss=LOSS, wrt="w", gradient=WRONG)["html"])
    assert "✗ Refuted" in found.text
    assert {"N = 1", "b = 3", "w = -1", "-2", "2"} <= set(found.tex)  # as the command line has it
    assert "Suspected slip: the factor " in found.text
    assert r"\displaystyle x_{n}" in found.tex
    assert (
        r"\frac{\partial L}{\partial w} = \frac{2}{N} \sum_{n=1}^{N} \left(b + w x_{n} - y_{n}\right) x_{n}"
        in found.tex
    )
    assert "✓ Proved" in found.text


def test_a_slip_without_a_mending_shows_the_gradient() -> None:
    found = Elements(ask(loss="L = x^3", wrt="x", gradient=r"\cos(x) + 7 x^5")["html"])
    assert "No single change" in found.text
    assert r"\frac{\partial L}{\partial x} = 3 x^{2}" in found.tex


def test_the_first_wrong_line_is_named() -> None:
    found = Elements(ask(loss="x^2", wrt="x", gradient="2 x\n= 3 x\n= 3 x")["html"])
    assert "Line 2 is the first wrong one." in found.text
    assert "✓ holds" in found.text


def test_an_equation_is_decided_as_it_stands() -> None:
    found = Elements(ask(equation=r"\tanh(2 x) = 2 \tanh x")["html"])
    assert "✗ Refuted" in found.text
    assert "the left side is" in found.text
    assert "Loss" not in found.text
    assert r"gradproof check --equation '\tanh(2 x) = 2 \tanh x'" in found.text


def test_what_was_read_is_shown() -> None:
    """The loss, the variable, definitions, assumptions, what each letter was taken for, conventions."""
    shown = ask(
        loss=r"L = \sum_{n=1}^{N} \sigma(s_n)^{c_n}", wrt="w_d", where=[r"s_n = \sum_{d=1}^{D} w_d x_{nd}"],
        gradient="0", assume=["w_d > 0"], labels="c",
    )["html"]  # fmt: skip
    found = Elements(shown)
    for title in ("Loss", "By", "Where", "Assuming", "Letters", "Convention"):
        assert title in found.text
    assert r"s_{n} = \sum_{d=1}^{D} w_{d} x_{nd}" in found.tex
    assert "sizes , ; arrays of whole numbers ; arrays , , ; indices , " in found.text
    assert "the logistic function" in found.text


def test_an_assumption_that_is_not_needed_is_said_to_be_so() -> None:
    found = Elements(ask(loss="x^2", wrt="x", gradient="2 x", assume=["x > 0"])["html"])
    assert "does not need" in found.text


def test_the_first_stage_checks_no_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def verify(_: Derivation) -> None:
        raise AssertionError("a step was checked")

    monkeypatch.setattr(Derivation, "verify", verify)
    assert ask(quick=True, loss="x^4", wrt="x", gradient="4 x^3")["status"] == "proved"
    assert ask(quick=True, loss="x^4", wrt="x")["status"] == "derived"
    failed = ask(loss="x^4", wrt="x", gradient="4 x^3")
    assert failed["status"] == "undecided"
    assert "a step was checked" in failed["error"]


def test_a_wrong_step_makes_a_true_claim_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown as its steps must hold, not the claim alone."""
    from gradproof.verdict import Verdict

    monkeypatch.setattr(Derivation, "verify", lambda _: Verdict("undecided", reason="step 2 is not proved"))
    found = ask(loss="x^5", wrt="x", gradient="5 x^4")
    assert found["status"] == "undecided"
    assert "Step 2 is not proved." in Elements(found["html"]).text


def test_checks_whose_libraries_the_browser_lacks_are_listed_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("flint", "numpy"):
        monkeypatch.setitem(sys.modules, name, None)
    found = Elements(ask(loss="x^6", wrt="x", gradient="6 x^5")["html"])
    assert "Rests on 4 checks: canonical form, each step, whole, remainder; 2 could not run here" in found.text
    assert "python-flint is not installed" in found.text


def test_a_formula_that_cannot_be_set_is_no_fault_of_the_reader() -> None:
    found = ask(quick=True, loss="x^{" * 30 + "x" + "}" * 30, wrt="x")
    assert found["status"] == "undecided"
    assert "the answer cannot be set: KaTeX rejects" in found["error"]


def test_the_gradient_can_be_copied_as_latex_as_code_and_as_a_command() -> None:
    found = Elements(ask(loss=LOSS, wrt="w", gradient=RIGHT, assume=["w > 0"])["html"])
    last = r"&= \frac{2}{N} \sum_{n=1}^{N} \left(b + w x_{n} - y_{n}\right) x_{n}"
    assert f"\\text{{identity}} \\\\\n{last}" in found.text
    assert "gradient = 2 * ((b + w * x - y) @ x) / N" in found.text
    assert f"gradproof check '{LOSS}' '{RIGHT}' --wrt w --assume 'w > 0'" in found.text


# --- what cannot be read ------------------------------------------------------------------
@pytest.mark.parametrize(
    ("asked", "says", "place"),
    [
        ({"loss": "", "wrt": "x"}, "the loss is missing", {}),
        ({"loss": "x^2"}, "wrt is missing", {}),
        ({"loss": r"\frac{1}{2", "wrt": "x"}, "'{' is never closed", {"field": "loss", "number": 0, "column": 8}),
        ({"loss": "f(x)^2", "wrt": "x"}, "declare it: functions: f", {"field": "loss", "number": 0, "column": 0}),
        ({"loss": "x^2", "wrt": "x", "gradient": "2 x +"}, "the formula ends", {"field": "gradient", "number": 0, "column": 5}),
        ({"loss": "x^2", "wrt": "x", "assume": ["x > 0", "y"]}, "one equation or inequality", {"field": "assume", "number": 1, "column": 0}),
        ({"loss": "x^2", "wrt": "x", "assume": "x"}, "one equation or inequality", {}),  # two fields say x
        ({"loss": "x^2", "wrt": "x", "where": ["a = 2", r"b = \frac{1}{2"]}, "never closed", {"field": "where", "number": 1, "column": 12}),
        ({"loss": "f(x)^2", "wrt": "x", "where": ["a = 2"]}, "functions: f", {"field": "loss", "number": 0, "column": 0}),
        ({"equation": "x + = 2"}, "is missing", {"field": "equation", "number": 0, "column": 4}),
        ({"loss": "Sum(x[n]**2, (n, 1, N)", "wrt": "x[a]"}, "SymPy notation", {"field": "loss", "number": 0, "column": 3}),
        ({"equation": "x = x", "loss": "x"}, "an equation is decided as it stands, without loss", {}),
        ({"loss": "x^2", "wrt": "x", "notation": "tex"}, "the notation is 'tex'; accepted are latex, sympy", {}),
        ({"loss": "x^2", "wrt": "x", "ranges": "k"}, "is not of the form k = 1..K", {}),
        ({"loss": "x", "wrt": "x", "where": ["a = b", "a = c"]}, "a is defined twice", {}),
        ({"lost": "x^2"}, "there is no field 'lost'; the fields are loss, wrt, gradient", {}),
        ({"loss": ["x", "y"], "wrt": "x"}, "loss is given 2 times", {}),
        ({"loss": 3, "wrt": "x"}, "the field loss is 3, no text", {}),
        ({"loss": "(" * 4000, "wrt": "x"}, "nested too deeply", {"field": "loss", "number": 0, "column": 40}),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_with_its_place(asked: dict[str, Any], says: str, place: dict[str, Any]) -> None:
    found = ask(**asked)
    assert found["status"] == "input"
    assert says in found["error"]
    assert found["place"] == place
    shown = Elements(found["html"])
    assert "Not understood" in shown.text
    assert says in shown.text
    assert ("mark" in shown.tags) >= bool(place)


@pytest.mark.parametrize(
    ("typed", "shown"), [("L = ", "L"), ("J = ", "E"), ("", "E"), (r"\mathcal{L} = ", r"\mathcal{L}")]
)
def test_the_loss_keeps_its_name_through_the_definitions(typed: str, shown: str) -> None:
    """In the steps and in what is to be copied, as in the claim; without a name, or with that of a size, the loss is called E."""
    where = [r"y_k = \sum_{j=1}^{J} w_{kj} z_j", r"z_j = \tanh(h_j)"]
    loss = rf"{typed}\sum_{{k=1}}^{{K}} (y_k - t_k)^2"
    html = ask(loss=loss, wrt="w_{ab}", where=where, gradient="2 (y_a - t_a) z_b")["html"]
    found = re.findall(r"\\frac\{\\partial (\S+)\}\{\\partial [wy]_", html)
    assert {name for name in found if name[0] not in "wy"} == {shown}


@pytest.mark.parametrize(
    ("asked", "declare"),
    [
        ({"loss": r"\sum_n (w x_n - y_n)^2", "wrt": "w"}, {"ranges": "n = 1..N"}),
        ({"loss": "Sum((w*x[n] - y[n])**2, n)", "wrt": "w"}, {"ranges": "n = 1..N"}),
        ({"loss": r"\sum_{k=1}^{K} \phi(x_k)", "wrt": "x_j", "ranges": "j = 1..K"}, {"functions": r"\phi"}),
        ({"loss": r"e^{x} + e", "wrt": "x"}, {"numbers": "e"}),
    ],
)
def test_what_an_error_advises_to_declare_is_data_and_lets_it_be_read(
    asked: dict[str, str], declare: dict[str, str]
) -> None:
    found = ask(quick=True, **asked)
    assert (found["status"], found["declare"]) == ("input", declare)
    assert ask(quick=True, **asked, **declare)["status"] == "derived"


@pytest.mark.parametrize(
    "loss",
    [
        r"\| X w - y \|^2",  # the advice takes x for an example
        r"\sum_{k=1}^{K} a_k + \sum_{n=1}^{N} a_n w + \sum_j a_j",  # two ranges that j can have
        r"\sum_{n=1}^{N} x_n w + x_n",  # a missing bracket, more likely
        r"\frac{w",  # nothing to declare
    ],
)
def test_advice_that_would_be_a_guess_is_not_offered(loss: str) -> None:
    found = ask(quick=True, loss=loss, wrt="w")
    assert (found["status"], found["declare"]) == ("input", {})


@pytest.mark.parametrize(
    "text", ["", "{", "null", "[]", "3", '"loss"', "{}", '{"fields": 1}', '{"fields": {}}', '{"claim": []}', '{"claim": {}, "fields": {}}',
             '{"fields": {"loss": null}}', '{"fields": {"loss": {"a": 1}}}', "[" * 100_000, '{"claim": "no such claim"}'],
)  # fmt: skip
def test_no_request_raises(text: str) -> None:
    found = json.loads(answer(text))
    assert found["status"] in ("input", "undecided")
    assert found["error"]
    Elements(found["html"])


# --- nothing that is typed becomes HTML ---------------------------------------------------
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</article><script>alert(1)</script>",
    '" onmouseover="alert(1)',
    r"\text{<img src=x onerror=alert(1)>}",
    r"x_{\text{<b>}}",
    r"\operatorname{<svg/onload=alert(1)>}",
    r"\href{javascript:alert(1)}{x}",
    r"\url{javascript:alert(1)}",
    r"\htmlData{a=b}{x}",
    r"\includegraphics{x}",
    "x &lt;b&gt;",
)
SAFE_TAGS = {
    *("article", "div", "section", "h2", "p", "span", "strong", "small", "mark", "pre", "code", "dl", "dt", "dd", "ol", "ul", "li"),
    *("details", "summary", "a", "gp-tex", "svg", "path", "line"),
    *("math", "semantics", "annotation", "mrow", "mi", "mo", "mn", "mtext", "mfrac", "msup", "msub", "msubsup", "munder", "munderover"),
    *("mover", "msqrt", "mroot", "mspace", "mstyle", "mtable", "mtr", "mtd", "mpadded", "mphantom", "menclose"),
}  # fmt: skip


def harmless(html: str) -> bool:
    found = Elements(html)
    return (
        found.tags <= SAFE_TAGS
        and not any(name.startswith("on") for name, _ in found.attributes)
        and all(value.startswith(("site:", "#")) for name, value in found.attributes if name in ("href", "src"))
    )


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("field", [name for name in FIELDS if name != "id"])
def test_what_is_typed_stays_text(field: str, hostile: str) -> None:
    for base in ({"loss": "x^2", "wrt": "x", "gradient": "2 x"}, {"loss": "x^2", "wrt": "x", "gradient": "x"}):
        found = ask(**{**base, field: hostile})
        assert harmless(found["html"])


@pytest.mark.parametrize("hostile", HOSTILE)
def test_requests_of_other_kinds_stay_text(hostile: str) -> None:
    for request in ({"claim": hostile}, {hostile: 1}, {"fields": {hostile: "x"}}, {"fields": {"loss": [hostile] * 2}}):
        assert harmless(json.loads(answer(json.dumps(request)))["html"])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([*HOSTILE, "x", "2", "+", "^2", "<", ">", "&", '"', "'", "\\", "{", "}", "\n", "é", "\0"]), max_size=6)
    .map(" ".join)
    .filter(lambda text: len(text) < 200)
)  # fmt: skip
def test_any_text_is_answered(text: str) -> None:
    assert harmless(ask(quick=True, loss=text, wrt="x")["html"])


# --- claims and examples ------------------------------------------------------------------
@pytest.mark.parametrize(
    ("identity", "status"),
    [("backprop.4.1", "proved"), ("symmetry.general", "refuted"), ("mean-squared-error", "proved")],
)
def test_what_gradproof_has_decided_is_decided_anew_by_its_id(identity: str, status: str) -> None:
    """A claim that is wrong as printed is refuted, and what holds instead is proved."""
    found = json.loads(answer(json.dumps({"claim": identity})))
    assert found["status"] == status, found.get("error")
    assert found["data"]["id"] == identity
    assert found["data"]["verdict"]["status"] == "proved"
    assert "Proved" in Elements(found["html"]).text


def test_a_claim_with_no_such_id_is_named() -> None:
    found = json.loads(answer('{"claim": "backprop.9"}'))
    assert "nothing has the id 'backprop.9'" in found["error"]


def test_the_links_of_the_examples_hold_their_problems() -> None:
    found = Elements(examples())
    links = [value for name, value in found.attributes if name == "href"]
    assert len(links) == len(EXAMPLES)
    for example in EXAMPLES:
        pairs = [
            (name, one)
            for name, value in fields(example.problem).items()
            for one in ([value] if isinstance(value, str) else value)
        ]
        assert pairs in [parse_qsl(link[1:]) for link in links]


def test_the_form_of_the_page_has_every_field() -> None:
    page = (Path(__file__).parent.parent / "docs/check.md").read_text("utf-8")
    assert {name for name in FIELDS if f'name="{name}"' in page} == FIELDS.keys() - {"id"}
