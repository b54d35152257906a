"""From the home page to an answer in few clicks."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect


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
    expect(claim).to_contain_text("Refuted")
    expect(claim).to_contain_text(re.compile("sign", re.IGNORECASE))
    assert newcomer.clicks <= 4


def test_is_my_own_gradient_right(newcomer: Newcomer) -> None:
    """A derivative of the squared error with the inner derivative forgotten."""
    page = newcomer.page
    newcomer.click(newcomer.link("check your own"))
    newcomer.click(page.get_by_label("Loss", exact=True))
    page.keyboard.type(r"\sum_{n=1}^{N} (w x_n - y_n)^2")
    page.keyboard.press("Tab")
    page.keyboard.type("w")
    page.keyboard.press("Tab")
    page.keyboard.type(r"\sum_n 2 (w x_n - y_n)")
    newcomer.click(page.locator("#check-ask"))
    expect(page.locator("#check-answer")).to_contain_text("Refuted", timeout=120_000)
    expect(page.locator("#check-answer")).to_contain_text("is missing")
    assert newcomer.clicks <= 4
