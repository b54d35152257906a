"""Each page of the site, on a desktop, a phone and a narrow phone, in the light and in the dark, with all folds open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from checks import axe, check, dead_links, found

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
    for width, scheme in ((1280, "light"), (1280, "dark"), (390, "dark"), (390, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        problems += found(f"{width} px, {scheme}", axe(page))
    assert not problems, "\n".join(problems)


def test_a_page_can_be_heard(visit: Callable[..., Page], path: str) -> None:
    """Every formula has a spoken form, every drawing a text alternative."""
    problems = check(visit(path), "unspoken")
    assert not problems, "\n".join(found(path, problems))
