"""Each page of the site, on a desktop and on phones, in the light and in the dark, with all folds open."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page

from checks import axe, check, colours, dead_links, found
from serving import served
from watching import Watch

#: A desktop, the same at 200% zoom, a phone, and the narrowest that WCAG asks for (1.4.10).
WIDTHS = (1280, 640, 390, 320)


def test_a_page_is_whole(visit: Callable[..., Page], path: str, address: str, site: Path) -> None:
    """No error, no request off the site, no formula as source text, nothing too wide or cut off, no dead link."""
    page = visit(path)
    page.evaluate("document.fonts.ready")
    check(page, "open")
    problems = check(page, "formulas") + dead_links(page, address, site)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        problems += found(f"{width} px", check(page, "overflow") + check(page, "clipped"))
    assert not problems, "\n".join(problems)


def test_axe_finds_nothing(visit: Callable[..., Page], path: str) -> None:
    """Desktop and phone, light and dark."""
    page = visit(path, reduced_motion="reduce")
    check(page, "open")
    check(page, "shorten")
    problems = []
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        problems += found(f"{width} px", axe(page))
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            problems += found(f"{width} px, {scheme}", colours(page))
    assert not problems, "\n".join(problems)


def test_a_page_can_be_heard(visit: Callable[..., Page], path: str) -> None:
    """Every formula has a spoken form, every drawing a text alternative."""
    problems = check(visit(path), "unspoken")
    assert not problems, "\n".join(found(path, problems))


def test_dark_is_dark(visit: Callable[..., Page]) -> None:
    """The scheme follows the reader's system without a reload, so that the tests above see both."""
    page = visit("", color_scheme="light")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.emulate_media(color_scheme="dark")
    page.wait_for_selector("body[data-md-color-scheme=slate]")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light


def test_nothing_moves_for_those_who_asked_for_rest(visit: Callable[..., Page]) -> None:
    """Not while the page is opened, scrolled and searched."""
    page = visit("averages/", reduced_motion="reduce")
    problems = check(page, "moving")
    page.locator("details summary").first.click()
    problems += check(page, "moving")
    page.mouse.wheel(0, 2000)
    problems += check(page, "moving")
    page.keyboard.press("/")
    problems += check(page, "moving")
    assert not problems, "\n".join(problems)


def test_what_is_not_there_is_told_in_the_sites_own_words(browser: Browser, site: Path) -> None:
    """The 404 page names its style sheets from the host's root, and is tried where the site says that it stands."""
    base = re.search(r'href="(/[^"]*?)assets/', (site / "404.html").read_text("utf-8"))
    assert base, "the page does not know where the site stands"
    with served(site, base[1]) as address:
        page = browser.new_page()
        watch = Watch(page, address)
        page.goto(f"{address}reference/no-such-page/")
        assert page.evaluate("getComputedStyle(document.querySelector('.md-header')).position") == "sticky"
        problems = [problem for problem in watch.problems if not problem.endswith("no-such-page/")]
        assert not [problem for problem in problems if "status of 404" not in problem], problems
        assert page.locator(".md-content a, header a").first.evaluate("link => link.href").startswith(address)
        page.close()
