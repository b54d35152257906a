"""Each check finds its planted error, and finds nothing on a page without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from checks import axe, check, colours, dead_links
from serving import served
from watching import Watch

SOUND = "<h1 id=top>Title</h1><p>A sentence with a <a href='other.html#here'>link</a>.</p>"
MATH = "<gp-tex><span class=katex><span class=katex-mathml>{math}</span><span class=katex-html aria-hidden=true>x</span></span></gp-tex>"
Shown = Callable[[str], tuple[Page, Watch, str]]


@pytest.fixture
def shown(browser: Browser, tmp_path: Path) -> Iterator[Shown]:
    """Open a page with this body."""
    with served(tmp_path) as address:
        page = browser.new_page()
        watch = Watch(page, address)

        def show(body: str) -> tuple[Page, Watch, str]:
            start = "<!doctype html><html lang=en><meta charset=utf-8><title>t</title><link rel=icon href=data:,>"
            (tmp_path / "index.html").write_text(f"{start}<main>{body}</main>")
            (tmp_path / "other.html").write_text('<h2 id="here">Here</h2>')
            page.goto(address)
            return page, watch, address

        yield show
        page.close()


def test_a_sound_page_has_no_problem(shown: Shown, tmp_path: Path) -> None:
    page, watch, address = shown(SOUND + MATH.format(math="<math aria-label='x'><mi>x</mi></math>"))
    for name in ("formulas", "overflow", "clipped", "unspoken", "moving"):
        assert check(page, name) == []
    assert dead_links(page, address, tmp_path) == []
    assert axe(page) + colours(page) == []
    assert watch.problems == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("<script>console.error('broken')</script>", "console error: broken"),
        ("<script>undefined.x</script>", "a script raised: Cannot read properties of undefined"),
        ("<img alt='' src='http://localhost:9/x.png'>", "a request off the site: http://localhost:9/x.png"),
        ("<img alt='' src='/x.png'>", "a request off the site: "),
        ("<img alt='' src='x.png'>", "status 404: "),
        ("<script>fetch('http://127.0.0.1:9/').catch(() => 0)</script>", "a request off the site: http://127.0.0.1:9/"),
        ("<script>new Worker('missing.js')</script>", "status 404: "),
    ],
)
def test_what_goes_wrong_is_heard(shown: Shown, body: str, told: str) -> None:
    page, watch, _ = shown(body)
    for _ in range(50):
        if any(problem.startswith(told) for problem in watch.problems):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"heard were only {watch.problems}")


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        ("formulas", r"<p>The loss \(x^2\).</p>", "raw TeX"),
        ("formulas", r"<p>The loss \frac12 x.</p>", "raw TeX"),
        ("formulas", "<p>The loss $$x$$.</p>", "raw TeX"),
        ("formulas", "<span class=katex-error title='no such command'>x</span>", "KaTeX failed: no such command"),
        ("formulas", "<gp-tex>x</gp-tex>", "a formula has no drawing"),
        ("overflow", "<div style='width: 3000px'>wide</div>", "wider than the window: <div"),
        ("clipped", "<article><p style='width: 3em; overflow: hidden; white-space: nowrap'>a long line", "cut off: <p"),
        ("clipped", "<article><p style='height: 1em; overflow: clip'>one<br>two<br>three", "cut off: <p"),
        ("unspoken", MATH.format(math="<math><mi>x</mi></math>"), "a formula has no spoken form: x"),
        ("unspoken", MATH.format(math=r"<math aria-label='\frac x y'></math>"), "holds signs of TeX"),
        ("unspoken", "<article><svg></svg></article>", "a drawing has no text alternative"),
        ("unspoken", "<article><figure></figure></article>", "a figure has no caption"),
        ("moving", "<style>@keyframes m {to {margin: 9px}} p {animation: m 9s infinite}</style><p>m", "moves: <p"),
    ],
)
def test_a_planted_error_is_found(shown: Shown, name: str, body: str, told: str) -> None:
    page, _, _ = shown(body)
    problems = check(page, name)
    assert len(problems) == 1
    assert told in problems[0]


@pytest.mark.parametrize(
    ("link", "told"),
    [("missing/", "a dead link: "), ("#missing", "a dead anchor: "), ("other.html#missing", "a dead anchor: ")],
)
def test_a_dead_link_is_found(shown: Shown, tmp_path: Path, link: str, told: str) -> None:
    page, _, address = shown(f"{SOUND}<a href='{link}'>more</a>")
    assert dead_links(page, address, tmp_path) == [f"{told}{address}{link}"]


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("<h1>t</h1><img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>", "image-alt"),
        ("<h1>t</h1><p style='color: #bbb; background: #fff'>pale</p>", "color-contrast"),
        ("<h1>t</h1><button></button>", "button-name"),
        (f"<h1>t</h1><div style='color: #bbb; background: #fff'>{MATH.format(math='<math></math>')}</div>", "contrast"),
    ],
)
def test_axe_finds_what_is_planted(shown: Shown, body: str, rule: str) -> None:
    """The last one is pale only in a formula's boxes, which are hidden from those who hear the page."""
    page, _, _ = shown(body)
    check(page, "shorten")
    problems = axe(page) + colours(page)
    assert len(problems) == 1
    assert rule in problems[0]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            "<article><div style='overflow-x: auto; width: 9em'><div style='width: 99em'>formula",
            "are lost on paper: <div",
        ),
        (
            "<article><p style='overflow: hidden; width: 3em; white-space: nowrap'>a line that is long",
            "are lost on paper",
        ),
    ],
)
def test_what_paper_cuts_off_is_found(shown: Shown, body: str, told: str) -> None:
    page, _, _ = shown(body)
    problems = check(page, "cut")
    assert len(problems) == 1
    assert told in problems[0]


def test_a_walk_tells_what_it_cannot_reach_and_does_not_see(shown: Shown) -> None:
    """The first button shows no focus; what asks not to be reached is not asked for."""
    page, _, _ = shown(
        "<button style='outline: none'>one</button><button>two</button><a href='#' tabindex=-1>three</a>"
    )
    assert [told.partition("> ")[2] for told in check(page, "usable")] == ["one", "two"]
    stops = []
    for _ in range(2):
        page.keyboard.press("Tab")
        stops.append(check(page, "focus"))
    assert [number for number, *_ in stops] == ["0", "1"]
    assert stops[1][2:] == ['<button class=""> one']
