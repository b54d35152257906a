"""The site in Chromium, for the tests of this directory: `nox -s docs`, then `nox -s browser`.

`--site DIRECTORY` takes another build than site/, and the variable CHROMIUM another browser than /usr/bin/chromium.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from serving import served
from watching import Watch

ROOT = Path(__file__).parents[2]
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))

#: Of the browser: no sandbox where we are root, as in a container; nothing asked of the network by the browser itself.
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--site", type=Path, default=ROOT / "site", help="the directory of a built site")


def pytest_configure(config: pytest.Config) -> None:
    """Say what is missing before hundreds of tests fail of it."""
    site = config.getoption("site")
    if not (site / "index.html").is_file():
        raise pytest.UsageError(f"{site} holds no built site; run `nox -s docs` first, or name one with --site")
    if not CHROMIUM.is_file():
        raise pytest.UsageError(
            f"{CHROMIUM} is not there: install Chromium (on Debian: apt-get install chromium),"
            " or let the variable CHROMIUM name it"
        )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `path` is run for each page of the site, the largest first."""
    if "path" in metafunc.fixturenames:
        site = metafunc.config.getoption("site")
        pages = sorted(set(site.rglob("*.html")) - {site / "404.html"}, key=lambda page: (-page.stat().st_size, page))
        metafunc.parametrize("path", [page.relative_to(site).as_posix().removesuffix("index.html") for page in pages])


@pytest.fixture(scope="session")
def site(pytestconfig: pytest.Config) -> Path:
    """The directory of the built site."""
    where: Path = pytestconfig.getoption("site")
    return where.resolve()


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """The address of the home page."""
    with served(site) as where:
        yield where


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a worker."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Open a page of the site as a new reader; whatever goes wrong on it by the end of the test fails the test.

    The options are those of a browser context: viewport, color_scheme, has_touch, reduced_motion, ….
    """
    opened = []

    def visit(path: str = "", width: int = 1280, height: int = 900, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        page = context.new_page()
        opened.append((context, Watch(page, address)))
        page.goto(address + path)
        return page

    yield visit
    problems = []
    for context, watch in opened:
        problems += watch.problems
        context.close()
    assert not problems, "\n".join(problems)
