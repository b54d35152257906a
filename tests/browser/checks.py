"""The checks of checks.js, called from Python: each returns the problems that it finds on an open page."""

from __future__ import annotations

import re
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

__all__ = ["axe", "check", "colours", "dead_links", "found"]

SCRIPT = (Path(__file__).parent / "checks.js").read_text("utf-8")
COLOURS = ["color-contrast", "link-in-text-block"]
NAMED = re.compile(r'\s(?:id|name)="([^"]+)"')


def check(page: Page, name: str, *arguments: str) -> list[str]:
    """Call a function of checks.js."""
    result: list[str] = page.evaluate(f"arguments => {SCRIPT}[{name!r}](...arguments)", list(arguments))
    return result


def found(where: str, problems: list[str]) -> list[str]:
    """Problems with the place where they were seen; of many, the first ten."""
    once = list(dict.fromkeys(problems))
    more = [f"{where}: and {len(once) - 10} more"] if len(once) > 10 else []
    return [f"{where}: {problem}" for problem in once[:10]] + more


def dead_links(page: Page, address: str, site: Path) -> list[str]:
    """Links of the page that lead to no file of the site, or to no place in it.

    A fragment with an equals sign is no place: it is a question for the live page.
    """
    dead = []
    for href in check(page, "links", address):
        path, anchor = unquote(urlsplit(href.removeprefix(address)).path), unquote(urlsplit(href).fragment)
        file = site / path / "index.html" if path.endswith("/") or not path else site / path
        if not file.is_file():
            dead.append(f"a dead link: {href}")
        elif anchor and "=" not in anchor and file.suffix == ".html" and anchor not in _names(file):
            dead.append(f"a dead anchor: {href}")
    return dead


@cache
def _names(file: Path) -> frozenset[str]:
    return frozenset(unescape(name) for name in NAMED.findall(file.read_text("utf-8")))


def axe(page: Page) -> list[str]:
    """What axe finds on the page, colours apart: where it is, what is wrong, and where to read on."""
    return _run(page, None, {"rules": {rule: {"enabled": False} for rule in COLOURS}})


def colours(page: Page) -> list[str]:
    """What axe finds wrong with the colours, in one text of each kind."""
    return _run(page, {"include": [[path] for path in check(page, "kinds")]}, {"runOnly": COLOURS})


def _run(page: Page, context: Any, options: dict[str, Any]) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    script = "([context, options]) => axe.run(context ?? document, options)"
    result = page.evaluate(script, [context, {"resultTypes": ["violations"], **options}])
    return [_told(violation, node) for violation in result["violations"] for node in violation["nodes"]]


def _told(violation: dict[str, Any], node: dict[str, Any]) -> str:
    wrong = " ".join(node["failureSummary"].split())
    return f"axe {violation['id']}: {node['target'][-1]} {node['html'][:120]}: {wrong} ({violation['helpUrl']})"
