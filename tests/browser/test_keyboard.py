"""The keyboard alone reaches and uses everything that a mouse does."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from checks import check

#: One page of each kind: prose and figures, a figure among claims, the tables, a page of the reference, the form.
PAGES = ("", "averages/", "ledger/", "reference/", "reference/gates/", "check/", "errata/")


@pytest.mark.parametrize("place", PAGES)
@pytest.mark.parametrize("width", [1280, 390])
def test_tab_reaches_everything_and_is_seen(visit: Callable[..., Page], site: Path, place: str, width: int) -> None:
    """From the start of the page to its end, without a trap; where the focus is, something looks different."""
    if not (site / place / "index.html").is_file():
        pytest.fail(f"the site has no page {place}")
    page = visit(place, width=width, reduced_motion="reduce")
    usable = check(page, "usable")
    left, unseen, last = set(range(len(usable))), [], ""
    for _ in range(2 * len(usable) + 50):
        page.keyboard.press("Tab")
        number, told, *before = check(page, "focus")
        unseen += before
        left.discard(int(number or -1))
        if told == last == "<body":
            break
        last = told
        if not left:
            break
    assert not left, "not reached: " + "; ".join(usable[n] for n in sorted(left)[:10])
    assert not unseen, "the focus is not seen on: " + "; ".join(unseen[:10])


def test_a_fold_opens_and_closes(visit: Callable[..., Page]) -> None:
    page = visit("averages/")
    fold = page.locator("article details").first
    fold.locator("summary").first.focus()
    for state in (True, False):
        page.keyboard.press("Enter")
        assert fold.evaluate("fold => fold.open") is state


def test_a_table_is_sorted_and_filtered(visit: Callable[..., Page]) -> None:
    page = visit("ledger/")
    table = page.locator("table[data-live]").first
    first = table.locator("tbody tr:visible").first
    before = first.inner_text()
    table.locator(".gp-sort").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    expect(table.locator("th[aria-sort=descending]")).to_have_count(1)
    assert first.inner_text() != before
    rows = table.locator("tbody tr:visible").count()
    page.keyboard.press("Shift+Tab")
    page.locator(".gp-tools input").first.focus()
    page.keyboard.type("sigmoid")
    expect(page.locator(".gp-count").first).to_contain_text(re.compile(r"^\d+ of \d+"))
    assert 0 < table.locator("tbody tr:visible").count() < rows


def test_the_search_is_opened_used_and_left(visit: Callable[..., Page]) -> None:
    page = visit("averages/")
    page.keyboard.press("/")
    page.keyboard.type("softmax")
    page.locator(".md-search-result__link").first.wait_for()
    page.keyboard.press("Escape")
    assert not page.locator("#__search").is_checked()
    page.keyboard.press("/")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("softmax|classification"))


def test_code_is_copied(visit: Callable[..., Page]) -> None:
    page = visit("", permissions=["clipboard-read", "clipboard-write"])
    button = page.locator("article .md-code__button, article .gp-copy").first
    button.scroll_into_view_if_needed()
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("navigator.clipboard.readText().then((text) => text.includes('import'))")
