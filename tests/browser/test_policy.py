"""The Content-Security-Policy of the pages: each has it, it is strict, and the browser enforces it."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

META = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)"')


def policy(html: str) -> dict[str, list[str]]:
    """The directives of a page, with their sources."""
    found = META.search(html)
    parts = unescape(found[1]).split(";") if found else []
    return {name: sources for name, *sources in (part.split() for part in parts if part.strip())}


def test_every_page_has_a_strict_one(site: Path) -> None:
    """By default nothing is allowed; scripts are the site's own files, or named by their hashes."""
    for page in site.rglob("*.html"):
        directives = policy(page.read_text("utf-8"))
        assert directives.get("default-src") == ["'none'"], page
        scripts = directives["script-src"]
        assert all(re.fullmatch(r"'self'|'wasm-unsafe-eval'|'sha256-[\w+/]+=*'", source) for source in scripts), page
        for name, sources in directives.items():
            assert not any("//" in source or source in {"*", "https:", "http:"} for source in sources), (page, name)


PLANTED = {
    "an inline script": "document.body.append(Object.assign(document.createElement('script'), {textContent: 'planted = 1'}))",
    "an event handler": "document.body.insertAdjacentHTML('beforeend', '<i onclick=\"planted = 1\" id=p>p</i>'), p.click()",
    "an address that is a script": "document.body.append(Object.assign(document.createElement('a'), {id: 'p', href: 'javascript:planted=1'})), p.click()",
    "an image from elsewhere": "document.body.append(Object.assign(new Image(), {src: 'http://localhost:9/x.png'}))",
    "a request elsewhere": "fetch('http://localhost:9/').catch(() => 0)",
}


@pytest.fixture
def page(browser: Browser, address: str) -> Page:
    """A page of the site that remembers what its policy refused."""
    page = browser.new_page()
    page.goto(f"{address}averages/")
    page.evaluate(
        "addEventListener('securitypolicyviolation', (event) => { window.refused = event.violatedDirective; })"
    )
    return page


@pytest.mark.parametrize("what", PLANTED)
def test_what_is_planted_is_refused(page: Page, what: str) -> None:
    page.evaluate(f"() => {{ {PLANTED[what]} }}")
    page.wait_for_function("window.refused", timeout=5000)
    assert page.evaluate("typeof planted") == "undefined"
    page.close()
