"""A reader finds a formula: by the search, by the filters of the reference, from another program."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

#: What people type, and where one of the first three results must lead.
WANTED = {
    "mse": "mean-squared-error",
    "mean squared error gradient": "mean-squared-error",
    "logistic loss": "logistic-loss",
    "log loss": "logistic-loss binary-cross-entropy",
    "bce with logits": "binary-cross-entropy",
    "backprop": "backprop.5.9 backprop.5.10 backprop.5.11 backprop.5.12",
    "delta rule": "backprop.5.11 backprop.5.12 three-layer-network",
    "5.12": "backprop.5.12",
    "jacobian of softmax": "softmax",
    "softmax backward": "softmax-backward",
    "softmax cross-entropy gradient": "softmax-cross-entropy",
    "categorical crossentropy": "softmax-cross-entropy",
    "multinomial logistic regression": "softmax-regression",
    "hessian logistic regression": "logistic-hessian",
    "batchnorm backward": "batch-norm",
    "layer norm gradient": "layer-norm",
    "relu derivative": "relu",
    "swish": "silu",
    "derivative of tanh": "tanh backprop.5.7",
    "sigmoid derivative": "sigmoid averages.sigmoid",
    "attention gradient": "attention",
    "lstm": "lstm-cell",
    "kl divergence": "kl-divergence kl-softmax reverse-kl-softmax",
    "vae kl": "gaussian-kl",
    "ridge": "ridge-regression",
    "lasso": "elastic-net",
    "dpo loss": "dpo",
    "infonce": "info-nce",
    "reinforce": "policy-gradient",
    "log determinant": "log-determinant",
    "matrix inverse derivative": "inverse-form",
    "average of gradients": "averages.linearity averages.answer1",
    "prediction minus target": "averages.output-delta",
    "zero initialization": "symmetry.zero",
    "steepest descent": "backprop.2.steepest",
    "total differential": "backprop.6.3",
    "newton step": "finite-step.preconditioning",
    "word2vec": "symmetry.zero",
    "chain rule": "backprop.4.1 chain-rule",
    "quotient rule": "quotient-rule",
}


def test_search_finds_a_formula_by_the_words_people_use(visit: Callable[..., Page]) -> None:
    page = visit("")
    field = page.locator(".md-search__input")
    field.click()
    shown = page.locator("a.md-search-result__link:visible")
    missed = {}
    for query, wanted in WANTED.items():
        field.fill("")
        field.press("Backspace")  # the search listens to keys
        expect(shown).to_have_count(0)
        field.press_sequentially(query)
        shown.first.wait_for()
        page.wait_for_timeout(150)  # the results of what was typed before the last key
        links = [str(link.get_attribute("href")) for link in shown.all()[:3]]
        places = [
            re.sub(r"\?[^#]*", "", link).rstrip("/") for link in links
        ]  # without what the search adds to mark words
        if not any(place.endswith((f"#{name}", f"/rules/{name}")) for place in places for name in wanted.split()):
            missed[query] = links
    assert not missed, "\n".join(f"{query}: {links}" for query, links in missed.items())


# --- the reference's table ------------------------------------------------------------------
@pytest.fixture
def reference(visit: Callable[..., Page]) -> Callable[[str], Page]:
    return lambda fragment="": visit(f"reference/{fragment}")


def rows(page: Page) -> Locator:
    return page.locator("table.gp-index tbody tr:visible")


def fragment(page: Page) -> str:
    return urlsplit(page.url).fragment


def test_rows_are_found_by_their_synonyms_in_any_spelling(reference: Callable[[str], Page]) -> None:
    page = reference("")
    every = rows(page).count()
    for typed, found in (
        ("mse", "mean-squared-error"),
        ("Cross–Entropy logits", "softmax-cross-entropy"),
        ("swish", "silu"),
    ):
        page.get_by_label("Find").fill(typed)
        assert found in [row.get_attribute("id") for row in rows(page).all()]
        assert rows(page).count() < every
        expect(page.get_by_role("status").first).to_have_text(f"{rows(page).count()} of {every} rows")
    page.get_by_role("button", name="Show all").click()
    assert rows(page).count() == every
    assert fragment(page) == ""


def test_a_filtered_table_can_be_linked_to(reference: Callable[[str], Page]) -> None:
    """What is asked stands in the address, and a page that is opened there shows the same rows in the same order."""
    page = reference("")
    page.get_by_label("Group").select_option("Activations")
    page.get_by_label("kinks").check()
    page.get_by_role("button", name="Function").click()
    page.get_by_role("button", name="Function").click()
    asked, shown = fragment(page), [row.get_attribute("id") for row in rows(page).all()]
    assert asked == "kind=Activations&with=kinks&sort=0down"
    assert shown[0] == "squared-relu"
    again = reference(f"#{asked}")
    assert [row.get_attribute("id") for row in rows(again).all()] == shown
    assert again.get_by_label("kinks").is_checked()
    assert again.locator("th[aria-sort=descending]").count() == 1


def test_a_link_within_the_page_is_followed_and_nonsense_is_passed_over(reference: Callable[[str], Page]) -> None:
    page = reference("#kind=Nothing&with=wings&sort=9up&find=gelu")
    assert {"gelu", "gelu-tanh"} <= {row.get_attribute("id") for row in rows(page).all()}
    page.evaluate("location.hash = 'find=huber'")
    expect(page.locator("tr#gelu")).to_be_hidden()
    expect(page.locator("tr#huber")).to_be_visible()


def test_a_link_to_a_row_still_leads_there(reference: Callable[[str], Page]) -> None:
    page = reference("#softmax-cross-entropy")
    expect(page.locator("tr#softmax-cross-entropy")).to_be_in_viewport()


def test_the_filters_need_no_mouse(reference: Callable[[str], Page]) -> None:
    page = reference("")
    page.get_by_label("Find").focus()
    page.keyboard.type("norm")
    found = rows(page).count()
    names = []
    for _ in range(8):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.value || document.activeElement.textContent"))
        if names[-1] == "stable":
            page.keyboard.press("Space")
            break
    assert "matrix" in names
    assert 0 < rows(page).count() < found
    assert fragment(page) == "find=norm&with=stable"


# --- for other programs -----------------------------------------------------------------------
def test_every_link_for_programs_leads_to_a_file(site: Path) -> None:
    """The site's address before each is that for which it was built."""
    index = json.loads((site / "claims" / "index.json").read_text("utf-8"))
    home = index[0]["data"].removesuffix(f"claims/{index[0]['id']}.json")
    text = (site / "llms.txt").read_text("utf-8")
    links = re.findall(r"\]\(([^)]*)\)", text) + [row[key] for row in index for key in ("page", "data")]
    assert home
    assert len(links) > 2 * len(index)
    for link in links:
        place, _, anchor = link.removeprefix(home).partition("#")
        file = site / place / "index.html" if not place or place.endswith("/") else site / place
        assert file.is_file(), link
        assert not anchor or f'id="{anchor}"' in file.read_text("utf-8"), link
