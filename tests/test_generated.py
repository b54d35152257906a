"""Files that no author writes: pages of rules, claims as JSON, llms.txt, and what the search finds."""

from __future__ import annotations

import importlib.util
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from gradproof import CLAIMS, collection, reference, related, rule_page
from gradproof.one_line import one_line

ROOT = Path(__file__).parent.parent
_SPEC = importlib.util.spec_from_file_location("generated", ROOT / "tools" / "generated.py")
assert _SPEC is not None
generated = importlib.util.module_from_spec(_SPEC)
assert _SPEC.loader is not None
_SPEC.loader.exec_module(generated)

FEW = ("backprop.5.7", "symmetry.general", "sigmoid", "squared-norm")


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four of the claims and entries: to prove all takes minutes."""
    monkeypatch.setattr(generated, "_ids", lambda: FEW)
    monkeypatch.setattr(generated, "_record", collection.record)
    monkeypatch.setattr(generated, "_certificates", dict)


@pytest.fixture
def files() -> dict[str, str]:
    made: dict[str, str] = generated.files(ROOT / "docs")
    return made


def test_each_rule_has_a_page_whose_blocks_print_it(files: dict[str, str]) -> None:
    pages = {path: text for path, text in files.items() if path.endswith(".md")}
    assert [f"{path.removesuffix('.md')}/" for path in pages] == [related.page_of_rule(n) for n in rule_page.laws()]
    for name, text in zip(rule_page.laws(), pages.values(), strict=True):
        assert text.startswith("---\ndescription: ")
        assert re.findall(r"^print\((\w+)\((.*)\)\)$", text, re.MULTILINE) == [
            (function, repr(name)) for function in ("law", "example", "in_coq", "used")
        ]
        assert "data-checked" not in text, "only gradproof.page may write it"


def test_each_claim_is_a_file_with_what_the_command_line_shows(files: dict[str, str]) -> None:
    for identity in FEW:
        assert json.loads(files[f"claims/{identity}.json"]) == collection.record(identity)


def test_the_index_names_every_file_and_page(files: dict[str, str]) -> None:
    index = json.loads(files["claims/index.json"])
    assert [row["id"] for row in index] == list(FEW)
    for row in index:
        assert row["data"].removeprefix("site-url:") in files
        assert row["page"] == f"site-url:{related.address(row['id'])}"
    assert index[1]["verdict"] == "misprint"
    assert index[1]["formula"] == one_line(CLAIMS["symmetry.general"].statements[0].latex())
    assert index[1]["formula"].startswith("∂J/∂θ = −2 (x_1 − f(x_0, θ))")
    assert index[2]["rules"] == dict(related.rules_used("sigmoid"))


def test_llms_txt_has_its_form(files: dict[str, str]) -> None:
    """A title, a quoted summary, then sections of links: https://llmstxt.org."""
    first, _, rest = files["llms.txt"].partition("\n\n")
    assert first == "# gradproof"
    assert rest.startswith("> ")
    sections = re.split(r"^## ", rest, flags=re.MULTILINE)
    titles = [section.partition("\n")[0] for section in sections[1:]]
    assert titles[0] == "Pages"
    assert titles[-1] == "Optional"
    assert {title for title, _ in reference.GROUPS.values()} <= set(titles)
    for section in sections[1:]:
        lines = [line for line in section.split("\n")[1:] if line]
        assert all(re.fullmatch(r"- \[[^\]]+\]\(site-url:[^)]*\): .+", line) for line in lines), section


def test_llms_txt_names_every_page_that_an_author_wrote(files: dict[str, str]) -> None:
    for path in (ROOT / "docs").rglob("*.md"):
        place = path.relative_to(ROOT / "docs").with_suffix("").as_posix()
        assert f"(site-url:{'' if place == 'index' else place + '/'}):" in files["llms.txt"]


def test_the_whole_text_has_statements_and_slips(files: dict[str, str]) -> None:
    text = files["llms-full.txt"]
    claim = CLAIMS["symmetry.general"]
    assert f"LaTeX: {claim.statements[0].latex()}" in text
    assert f"SymPy: {claim.statements[0]}" in text
    assert "fails: at x0 = 0, x1 = 1, theta = 0" in text
    assert claim.source.url in text


def test_no_file_names_a_path_of_this_machine(files: dict[str, str]) -> None:
    assert not [path for path, text in files.items() if str(ROOT) in text]


# --- search -----------------------------------------------------------------------------------
def built(*docs: dict[str, Any]) -> str:
    return json.dumps({"config": {"fields": {"title": {"boost": 1000.0}, "text": {"boost": 1.0}}}, "docs": list(docs)})


def test_a_formula_is_found_by_its_title_its_names_and_its_text() -> None:
    found = {doc["location"]: doc for doc in json.loads(generated.searchable(built()))["docs"]}
    doc = found["backprop/#backprop.5.7"]
    assert doc["title"] == "Derivative of tanh (5.7)"
    assert "hyperbolic tangent" in doc["keywords"]
    assert unescape(doc["text"]) == "<p>∂/∂h tanh(h) = 1 − tanh²(h)</p>"


def test_what_the_index_has_of_a_place_stays_and_stands_once() -> None:
    place = {"location": "reference/activations/#sigmoid", "title": "Sigmoid", "text": "<p>The logistic function.</p>"}
    other = {"location": "why/", "title": "Why", "text": "a < b"}
    data = json.loads(generated.searchable(built(other, place)))
    assert data["config"]["fields"]["keywords"]["boost"] > 1
    assert [doc["location"] for doc in data["docs"]].count(place["location"]) == 1
    assert data["docs"][0] == other
    assert data["docs"][1]["text"].endswith(place["text"])
    assert "logistic" in data["docs"][1]["keywords"]


def test_blocks_of_code_are_not_searched() -> None:
    text = "<p>Call <code>derive</code>:</p>{}<p>so.</p>"
    code = "<pre><code>import gradproof\n\n1 &lt; 2</code></pre>"
    page = {"location": "use/", "title": "In Python", "text": text.format(code) + code}
    assert json.loads(generated.searchable(built(page)))["docs"][0]["text"] == text.format("")


# --- formulas as one line ---------------------------------------------------------------------
@pytest.mark.parametrize("identity", collection.IDS)
def test_every_formula_of_the_site_has_a_line_without_latex(identity: str) -> None:
    made = CLAIMS[identity] if identity in CLAIMS else reference.REFERENCE[identity]
    for statement in made.statements:
        line = one_line(statement.latex())
        assert "\\" not in line
        assert line.count("(") == line.count(")")
