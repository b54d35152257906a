"""Going from page to page without loading each anew, back, to a place within a page, and onto paper."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from checks import check, found


def go(page: Page, title: str) -> None:
    """Follow a link of the navigation, whose sections are opened."""
    page.evaluate(
        "for (const fold of document.querySelectorAll('.md-nav--primary .md-nav__toggle')) fold.checked = true"
    )
    page.locator(".md-nav--primary a", has_text=re.compile(rf"^\s*{re.escape(title)}\s*$")).first.click()
    expect(page.locator("article h1")).to_contain_text(title.split()[0])


def test_a_click_keeps_the_page_and_everything_works(visit: Callable[..., Page]) -> None:
    """Instant navigation: scripts stay, the figures of the new page move, and its tables are sorted."""
    page = visit("why/")
    page.evaluate("window.kept = true")
    go(page, "Finite steps")
    handle = page.locator("#figure-taylor.gp-live [data-handle=step][tabindex]")
    before = handle.get_attribute("aria-valuenow")
    handle.focus()
    page.keyboard.press("ArrowRight")
    assert handle.get_attribute("aria-valuenow") != before
    go(page, "Every claim")
    page.locator("table[data-live] .gp-sort").first.click()
    expect(page.locator("th[aria-sort]")).to_have_count(1)
    go(page, "Finite steps")
    assert page.evaluate("window.kept")
    assert page.locator("#figure-taylor.gp-live").count() == 1


def _late(route: Route) -> None:
    time.sleep(0.4)
    route.continue_()


def test_back_restores_the_page_and_the_place(visit: Callable[..., Page]) -> None:
    page = visit("averages/")
    page.locator("#figure-sigmoid").scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    place = page.evaluate("scrollY")
    assert place > 500
    page.evaluate("document.querySelector('.md-footer__link--next').click()")  # a hand would scroll to it
    expect(page.locator("article h1")).to_contain_text("Finite")
    assert page.evaluate("scrollY") < 200
    page.route("**/averages/", _late)  # while it is fetched, the shorter page is still there
    page.go_back()
    expect(page.locator("article h1")).to_contain_text("verage")
    for _ in range(50):  # the page's policy keeps Playwright's own waiting from evaluating a text
        if abs(page.evaluate("scrollY") - place) < 200:
            break
        page.wait_for_timeout(100)
    assert abs(page.evaluate("scrollY") - place) < 200
    page.locator("#figure-sigmoid.gp-live").wait_for()
    page.go_forward()
    expect(page.locator("article h1")).to_contain_text("Finite")


@pytest.mark.parametrize("instant", [True, False])
def test_a_link_leads_to_its_place(visit: Callable[..., Page], instant: bool) -> None:
    """To (5.12), which is then in sight, below the header; from another page, and by its address."""
    page = visit("" if instant else "backprop/#backprop.5.12")
    if instant:
        page.locator("article a[href*='#backprop.5.12']").first.click()
    place = page.locator("[id='backprop.5.12']")
    expect(place).to_be_in_viewport()
    page.wait_for_timeout(500)  # what is laid out only now must not push it away
    top = place.evaluate("node => node.getBoundingClientRect().top")
    header = page.evaluate("document.querySelector('.md-header').getBoundingClientRect().bottom")
    assert header - 1 <= top < 400


@pytest.mark.parametrize("start", ["why/", "check/"])
def test_a_link_into_a_fold_opens_it(visit: Callable[..., Page], start: str) -> None:
    """Whatever a link names is seen: a field of the live page that is folded away; from another page, and from its own."""
    folded = visit("check/").locator("#check-ranges")
    expect(folded).to_be_attached()
    expect(folded).to_be_hidden()
    page = visit(start)
    page.evaluate(
        "link => document.querySelector('article').prepend(Object.assign(document.createElement('a'), link))",
        {"href": "../check/#check-ranges", "textContent": "planted"},
    )
    page.get_by_role("link", name="planted", exact=True).click()
    expect(page.locator("#check-ranges")).to_be_visible()


#: A4 with margins of 16 mm, in CSS pixels.
PAPER = 672


@pytest.mark.parametrize("place", ["", "averages/", "reference/layers/", "reference/curvature/", "ledger/", "code/"])
def test_nothing_is_cut_off_on_paper(visit: Callable[..., Page], place: str) -> None:
    page = visit(place, width=PAPER)
    page.emulate_media(media="print")
    problems = found("print", check(page, "overflow") + check(page, "cut"))
    assert not problems, "\n".join(problems)
    assert not page.locator(".md-header").is_visible()
