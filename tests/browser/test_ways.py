"""What people come with leads to the answer: words typed into the search, and few clicks from the home page."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

QUERIES = {
    "5.12": "backprop/#backprop.5.12",
    "softmax cross entropy gradient": "#softmax-cross-entropy",
    "derivative of softmax": "#softmax",
    "log sum exp": "#log-sum-exp",
    "relu derivative": "#relu",
    "layer norm": "#layer-norm",
    "lstm": "#lstm-cell",
    "log det": "#log-determinant",
    "sigmoid derivative": "#sigmoid",
    "hinge loss": "#hinge",
    "lost sign": "#symmetry.general",
    "focal loss": "#focal-loss",
    "attention": "#attention",
    "mean squared error": "#mean-squared-error",
    "kl divergence": "#kl-divergence",
}
RESULTS = """Array.from(document.querySelectorAll(".md-search-result__link"),
    (link) => link.href.replace(/\\?h=[^#]*/, ""))"""


@pytest.fixture
def search(visit: Callable[..., Page]) -> Callable[[str], list[str]]:
    """Type a query, and return the places that are found, in their order; a page stands above its own."""
    page = visit()
    page.keyboard.press("/")
    field = page.locator(".md-search__input")

    def find(query: str) -> list[str]:
        field.press_sequentially(query)
        expect(page.locator(".md-search-result__meta")).to_contain_text(re.compile(r"\d+ matching|No matching"))
        found: list[str] = []
        for _ in range(20):  # each letter is a query of its own; the answers come from a worker
            before = found
            page.wait_for_timeout(400)
            found = page.evaluate(RESULTS)
            if found and found == before:
                break
        return [address for address in found if "#" in address]

    return find


@pytest.mark.parametrize("query", QUERIES)
def test_a_search_finds_it_among_the_first_three(search: Callable[[str], list[str]], query: str) -> None:
    results = search(query)
    assert any(address.endswith(QUERIES[query]) for address in results[:3]), results[:6]


class Newcomer:
    """Someone who opens the home page, clicks and reads; the clicks are counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks = page, 0

    def click(self, what: Locator) -> None:
        what.first.click()
        self.clicks += 1

    def link(self, name: str) -> Locator:
        return self.page.get_by_role("link", name=re.compile(name, re.IGNORECASE))


@pytest.fixture
def newcomer(visit: Callable[..., Page]) -> Newcomer:
    return Newcomer(visit())


def test_is_5_12_right(newcomer: Newcomer) -> None:
    newcomer.click(newcomer.page.locator("article").get_by_role("link", name=re.compile(r"5\.12")))
    claim = newcomer.page.locator("[id='backprop.5.12']")
    expect(claim).to_be_in_viewport()
    expect(claim).to_contain_text("Proved")
    assert newcomer.clicks <= 4


def test_what_is_wrong_with_the_sign(newcomer: Newcomer) -> None:
    newcomer.click(newcomer.page.locator("article").get_by_role("link", name=re.compile("sign", re.IGNORECASE)))
    claim = newcomer.page.locator("[id='symmetry.general']")
    expect(claim).to_be_in_viewport()
    expect(claim).to_contain_text(re.compile("Refuted|Fails"))
    expect(claim).to_contain_text(re.compile("sign", re.IGNORECASE))
    assert newcomer.clicks <= 4


def test_is_my_own_gradient_right(newcomer: Newcomer) -> None:
    """A derivative of the squared error with the inner derivative forgotten."""
    page = newcomer.page
    newcomer.click(newcomer.link("check your own"))
    newcomer.click(page.get_by_label("Loss", exact=True))
    page.keyboard.type(r"\sum_n (w x_n - y_n)^2")
    page.keyboard.press("Tab")
    page.keyboard.type("w")
    page.keyboard.press("Tab")
    page.keyboard.type(r"\sum_n 2 (w x_n - y_n)")
    newcomer.click(page.locator("#check-ask"))
    expect(page.locator("#check-answer")).to_contain_text("Refuted", timeout=120_000)
    expect(page.locator("#check-answer")).to_contain_text("inner")
    assert newcomer.clicks <= 4
