"""A claim as HTML shows all that is known of it, and is not shown at all when it is false."""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import sys
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from sympy import Symbol

from gradproof import CLAIMS, Evidence, Verdict, derive, page, pieces, sources, stated
from gradproof.glance import glance
from gradproof.tool_row import bibtex

DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path))
    return tmp_path


def text_of(html: str) -> str:
    """What a reader sees, save the formulas."""
    html = re.sub(r"<gp-tex>.*?</gp-tex>", "…", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def test_a_claim_shows_where_it_is_from_what_was_decided_and_why() -> None:
    html = page.claim("backprop.5.12")
    text = text_of(html)
    assert 'id="backprop.5.12"' in html
    for shown in ("Equation (5.12)", "Yunpeng Tai, 2022", "✓ Proved for every size", "Rests on", "As printed"):
        assert shown in text
    assert 'href="https://yunpengtai.top/posts/back-propagation"' in html


def test_a_verdict_is_a_word_beside_its_sign() -> None:
    html = page.claim("backprop.5.7")
    assert re.search(r'<strong class="gp-proved"><span aria-hidden="true">✓</span> Proved</strong>', html)


def test_the_code_below_a_claim_runs_and_proves_it() -> None:
    html = page.claim("backprop.5.9")
    code = unescape(re.sub(r"<[^>]*>", "", re.findall(r"<summary>Python</summary>(.*?</pre>)", html, re.DOTALL)[0]))
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, {})  # noqa: S102
    assert printed.getvalue().startswith("proved")


def test_a_claim_can_be_linked_to_tried_cited_and_read_as_data() -> None:
    html = page.claim("backprop.5.9")
    row = html[html.index('<footer class="gp-row"') :]
    assert 'href="#backprop.5.9"' in row
    assert re.search(r'href="site:check/#[^"]+">Try it<', row)
    assert 'href="site:claims/backprop.5.9.json"' in row
    assert re.search(r"@misc\{gradproof:backprop\.5\.9,\n.* title += \{Equation \(5\.9\) of ", row, re.DOTALL)
    assert "{site-url:backprop/#backprop.5.9}" in row
    assert html.count('<dl class="gp-related"') == 1
    assert "<!--related-->" not in html  # the links have taken its place


def test_the_title_of_a_citation_is_read_by_latex() -> None:
    """A letter that LaTeX would take for an order is written as one to print it."""
    assert r"{50\% of w\_1 \& b}" in bibtex("a.b", "50% of w_1 & b", "a/#a.b")


def test_rules_are_links_to_their_pages_and_a_sources_own_words_are_none() -> None:
    assert pieces.rule_links("chain rule") == '<a href="site:rules/chain-rule/">chain rule</a>'
    assert pieces.rule_links("chain rule, sum rule").count("<a ") == 2
    assert pieces.rule_links("(5.7) and (5.11) into (5.10)") == "(5.7) and (5.11) into (5.10)"


def test_an_equation_has_its_number_beside_it_and_a_sentence_has_none() -> None:
    assert page.claim("backprop.5.7").count('<span class="gp-number">(5.7)</span>') == 1
    assert "gp-number" not in page.claim("backprop.5.8.name")


def test_at_a_glance_a_slip_is_as_printed_failing_and_mended() -> None:
    text = text_of(glance("symmetry.general", "A sign", "More"))
    assert re.search(r"^A sign .* As printed … ✗ Refuted at .* ✓ Meant … ✓ Proved for every .* More$", text)
    holds = text_of(glance("backprop.5.7", "A slope", "More"))
    assert "… ✓ Proved for every" in holds
    assert "As printed" not in holds


def test_the_home_page_explains_the_words_that_claims_use() -> None:
    home = (DOCS / "index.md").read_text("utf-8")
    assert [status for status in ("proved", "refuted", "undecided") if pieces.sign(status) not in home] == []
    for html in (glance("symmetry.general", "A sign", "More"), page.claim("averages.linreg.m")):
        assert f"<dt>{pieces.sign('refuted')}</dt>" in html
        assert pieces.sign("proved") in html


def test_a_misprint_is_shown_as_printed_refuted_at_a_point_and_mended() -> None:
    text = text_of(page.claim("averages.linreg.m"))
    assert re.search(
        r"✗ Misprint line 3, the chain rule As printed … Read literally … ✗ Refuted at …(, …)*, the two sides are … and … "
        r".+? ✓ Meant … ✓ Proved for every",
        text,
    )


def test_a_misprint_that_is_none_is_an_error() -> None:
    claim = CLAIMS["averages.linreg.m"]
    right = replace(claim.slips[0], reading=claim.slips[0].corrected)
    with pytest.raises(page.PageError) as error:
        page.render_claim(replace(claim, slips=(right,)))
    assert str(error.value).startswith("averages.linreg.m (")
    assert "first wrong step: line 3, the chain rule is undecided, not refuted" in str(error.value)


def test_a_false_claim_is_an_error_that_names_the_formula_and_a_point() -> None:
    claim = CLAIMS["backprop.5.9"]
    false = replace(claim.statements[0], right=-claim.statements[0].right)
    with pytest.raises(page.PageError) as error:
        page.render_claim(replace(claim, statements=(false,)))
    message = str(error.value)
    assert message.startswith("backprop.5.9 (equation (5.9) of “Going Deeper into Back-propagation”) is refuted")
    assert f"formula: backprop.5.9 (equation (5.9) of 'Going Deeper into Back-propagation'): {false}" in message
    assert "first wrong step: the statement" in message
    assert re.search(r"at .* against ", message)
    before, after, slip = message.splitlines()[4:7]
    assert (before, after) == (f"  before: {false.left}", f"  after: {false.right}")
    assert slip == f"  suspected slip: the sign is wrong; the gradient is {claim.statements[0].right}"


def test_a_false_line_is_named() -> None:
    claim = CLAIMS["averages.linreg.m"]
    lines = tuple((-line if n == 2 else line, rule) for n, (line, rule) in enumerate(claim.lines))
    with pytest.raises(
        page.PageError, match=r"(?s)first wrong step: line 3 \(chain rule\).* rule: chain rule\n.*slip: the sign"
    ):
        page.render_claim(replace(claim, statements=(replace(claim.statements[0], lines=lines),)))


def test_evidence_against_a_proof_is_an_error() -> None:
    against = Evidence("remainder", "disagrees", "falls with slope 1.00", "mpmath")
    with pytest.raises(page.PageError, match=r"falls with slope 1\.00"):
        page.proved(Verdict("proved", evidence=(against,)), "some claim", "a = b")


def test_a_derivation_of_ones_own_shows_its_steps() -> None:
    x = Symbol("x")
    html = page.derivation(derive((3 * x - 1) ** 2, x), "mine")
    assert "chain rule" in text_of(html)
    assert 'data-checked="mine"' in html


def test_an_example_shows_what_it_printed_and_what_its_last_line_is_worth(tmp_path: Path) -> None:
    file = tmp_path / "sample.py"
    file.write_text("print('a < b')\n6 * 7\n")
    assert text_of(page.example(str(file))).endswith("a < b 42")


def test_a_remark_may_hold_formulas() -> None:
    assert pieces.prose("a < $f_i$").startswith("a &lt; <gp-tex>")


def test_every_claim_has_its_place_on_a_page() -> None:
    pages = "".join(path.read_text("utf-8") for path in DOCS.glob("*.md"))
    assert [name for name in sources.IDS if f'claim("{name}")' not in pages] == []


def test_what_is_kept_is_shown_without_the_engine() -> None:
    """A build without a change does not wait for SymPy to be imported."""
    show = "from gradproof import page\nprint(page.claim('backprop.5.7'), page.definition('backprop.5.8'))\n"
    show += "import sys\nassert ('sympy' in sys.modules) is {}"
    first, second = (
        subprocess.run([sys.executable, "-c", show.format(cold)], capture_output=True, text=True, check=True).stdout
        for cold in (True, False)
    )
    assert first == second


def test_letters_that_stand_for_two_things_are_explained_below_each_statement() -> None:
    """Three layers define E in averages.output-delta; one network does in backprop.5.12."""
    assert stated.conflicting(CLAIMS["averages.output-delta"])
    assert text_of(page.claim("averages.output-delta")).count("The letters where") == 4
    assert not stated.conflicting(CLAIMS["backprop.5.12"])
    assert "The letters where" not in text_of(page.claim("backprop.5.12"))
