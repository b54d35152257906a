"""What MkDocs would let pass, this hook does not.

MkDocs and markdown-exec build a site, and report success, when a block of a page never ran, when
a block ends the program, or when a link to a heading inside generated HTML is dead.  Here each
of these is a warning, which `strict: true` turns into a failed build; so is a displayed equation
with no checked object behind it, a formula that KaTeX rejects, and a page that loads anything
from a third party.  The hook also typesets the inline mathematics of the prose.

All of the project's dependence on MkDocs is in this file and in mkdocs.yml.
"""

from __future__ import annotations

import logging
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit

from gradproof.typeset import TypesetError, typeset

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page
    from mkdocs.structure.toc import AnchorLink

log = logging.getLogger("mkdocs.hooks.gradproof")

TRACEBACK = "Traceback (most recent call last)"
FENCE = re.compile(r"^\s*(?P<marks>`{3,}|~{3,})(?P<info>[^`]*)$")
IDENTITY = re.compile(r"""\bid=["']?([^"'\s}]+)""")
INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
TYPED_DISPLAY = re.compile(r'class="arithmatex">\\\[(.*?)\\\]', re.DOTALL)
DISPLAY = '<gp-tex><span class="katex-display"'
CHECKED = re.compile(r'data-(?:checked|quoted)="[^"]+">' + DISPLAY)
UNSEARCHED = re.compile(r'<details class="gp-fold.*?</details>|<gp-tex>.*?</gp-tex>', re.DOTALL)
ASIDE = re.compile(r'<gp-tex data-n="(\d+)"></gp-tex>')
ANCHOR = re.compile(r'\s(?:id|name)="([^"]+)"')
LINK = re.compile(r'<a\b[^>]*?\shref="([^"]*)"')
LOADED = re.compile(r"<(?:script|img|iframe|source|audio|video|embed|track|link)\b[^>]*>")
ADDRESS = re.compile(r'\s(?:src|href|srcset|data)="?((?:https?:)?//[^"\s>]+)')
NOT_LOADED = re.compile(r'\srel="?(?:canonical|alternate|next|prev|me|license)')
FORMULAS = "assets/figure-formulas.js"
IMPORTED = re.compile(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""")


@dataclass
class State:
    """What is known of the build, and of the page at hand: the blocks its author wrote, and those that ran."""

    serving: bool = False
    aside: list[str] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)
    page: str = ""
    written: Counter[str] = field(default_factory=Counter)
    ran: Counter[str] = field(default_factory=Counter)


state = State()


def on_config(config: MkDocsConfig) -> None:
    """Watch each block run: wrap what markdown-exec, already configured, registered."""
    for fence in config.mdx_configs.get("pymdownx.superfences", {}).get("custom_fences", ()):
        if getattr(fence["format"], "__module__", "").startswith("markdown_exec"):
            fence["format"] = _watched(fence["format"])


def on_startup(command: str, **_: Any) -> None:
    """Remember whether the site is built once, or again at each change."""
    state.serving = command == "serve"


def on_pre_build(config: MkDocsConfig) -> None:  # noqa: ARG001
    """Let `mkdocs serve` see edited modules: a block imports the package afresh in each build."""
    state.aside.clear()
    state.pages.clear()
    for name in [name for name in sys.modules if state.serving and name.partition(".")[0] == "gradproof"]:
        del sys.modules[name]


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Add what is printed from checked objects: the figures' formulas as a script, all claims as JSON."""
    from mkdocs.structure.files import File

    from gradproof import figures, ledger  # afresh in each build, as the blocks do

    if FORMULAS in map(str, config.extra_javascript):
        files.append(File.generated(config, FORMULAS, content=figures.javascript()))
    if files.get_file_from_path("ledger.md"):
        files.append(File.generated(config, "claims.json", content=ledger.as_json()))


def on_page_markdown(markdown: str, page: Page, **_: Any) -> None:
    """Take down which blocks are to run."""
    state.page, state.ran = page.file.src_uri, Counter()
    state.written = Counter(_executed(markdown))
    for mark in ("data-checked", "data-quoted"):
        if mark in markdown:
            _report(f"only gradproof.page may write {mark}")


def on_page_content(html: str, page: Page, **_: Any) -> str:
    """Compare the blocks with those that ran, and turn mathematics into HTML."""
    for name in state.written - state.ran:
        _report(f"the block {name} did not run; look for a misspelt option or a fence left open")
    if TRACEBACK in html:
        _report("a block printed a traceback")
    for formula in TYPED_DISPLAY.findall(html):
        _report(f"a displayed equation has no checked object behind it: {unescape(formula).strip()}")
    if html.count(DISPLAY) != len(CHECKED.findall(html)):
        _report("a displayed equation was typeset with no checked object behind it")
    for heading in _headings(page.toc):
        if "\\(" in heading.title:
            _report(f"a heading holds mathematics, which search and contents cannot show: {heading.title}")
    return UNSEARCHED.sub(_put_aside, INLINE.sub(_typeset, html))


def _put_aside(match: re.Match[str]) -> str:
    """Keep formulas and what folds from other plugins: to parse them all, search would take half the build."""
    if ' id="' in match[0] or "<a " in match[0]:
        return match[0]  # links and their targets stay where they are checked
    state.aside.append(match[0])
    return f'<gp-tex data-n="{len(state.aside) - 1}"></gp-tex>'


def on_post_page(output: str, page: Page, **_: Any) -> str:
    """Put into the finished page what was put aside."""
    state.pages[page.file.dest_uri] = output
    return ASIDE.sub(lambda match: state.aside[int(match[1])], output)


def on_post_build(config: MkDocsConfig) -> None:
    """Read the site as a browser would: every link must lead somewhere, every file be our own."""
    site = Path(config.site_dir)
    base = urlsplit(config.site_url or "").path.rstrip("/") + "/"
    for path in site.rglob("*.html"):
        if (name := path.relative_to(site).as_posix()) not in state.pages:
            state.pages[name] = path.read_text("utf-8")
    anchors = {name: {unescape(a) for a in ANCHOR.findall(html)} for name, html in state.pages.items()}
    for name, html in state.pages.items():
        state.page = name
        for href in sorted(set(LINK.findall(html))):
            if problem := _dead(unescape(href), name, base, site, anchors):
                _report(problem)
        for tag in LOADED.findall(html):
            if (address := ADDRESS.search(tag)) and not NOT_LOADED.search(tag):
                _report(f"the page loads {address[1]} from a third party")
    for path in site.rglob("*.css"):
        state.page = path.relative_to(site).as_posix()
        for address in IMPORTED.findall(path.read_text("utf-8")):
            _report(f"the style sheet loads {address} from a third party")


def _report(problem: str) -> None:
    log.warning("%s: %s", state.page, problem)


def _watched(run: Callable[..., str]) -> Callable[..., str]:
    """Note that a block ran, and let none end the build: `sys.exit(0)` would look like success."""

    def watched(source: str, language: str, css_class: str, options: dict[str, Any], md: Any, **kwargs: Any) -> str:
        name = str(options.get("id") or "without id=")
        try:
            with _heard() as warnings:
                html = run(source, language, css_class, options, md, **kwargs)
        except SystemExit as error:
            _report(f"the block {name} called sys.exit({error.code!r})")
            return ""
        state.ran[name] += 1
        for warning in warnings:
            _report(f"the block {name} raised {_end(warning)}")
        return html

    return watched


@contextmanager
def _heard() -> Iterator[list[str]]:
    """Collect the warnings of plugins: markdown-exec turns a block's error into one that names no page."""
    heard: list[str] = []
    listener = logging.Handler(logging.WARNING)
    listener.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
    plugins = logging.getLogger("mkdocs.plugins")
    plugins.addHandler(listener)
    try:
        yield heard
    finally:
        plugins.removeHandler(listener)


def _end(trace: str) -> str:
    """Return the end of an indented traceback: the line that names the error, and what follows it."""
    lines = dedent(trace.partition(TRACEBACK)[2].partition("\n")[2]).strip("\n").splitlines()
    start = max((i for i, line in enumerate(lines) if line[:1].strip()), default=0)
    return "\n".join(lines[start:])


def _executed(markdown: str) -> Iterator[str]:
    """Yield the id of each fence that has options: none but executed blocks have any."""
    closing = ""
    for line in markdown.splitlines():
        fence = FENCE.match(line)
        if closing:
            if fence and not fence["info"].strip() and fence["marks"].startswith(closing):
                closing = ""
        elif fence:
            closing = fence["marks"]
            if "=" in fence["info"]:
                name = IDENTITY.search(fence["info"])
                yield name[1] if name else "without id="
    if closing:
        _report("a fence is left open at the end of the page")


def _headings(items: Iterable[AnchorLink]) -> Iterator[AnchorLink]:
    for item in items:
        yield item
        yield from _headings(item.children)


def _typeset(match: re.Match[str]) -> str:
    try:
        return typeset(unescape(match[1]).strip())
    except TypesetError as error:
        _report(str(error))
        return ""


def _dead(href: str, page: str, base: str, site: Path, anchors: dict[str, set[str]]) -> str:
    """Return what is wrong with a link of our own site, or nothing."""
    target = urlsplit(href)
    if target.scheme or target.netloc:
        return ""
    place = unquote(urljoin(base + page, target.path or "")) if target.path else base + page
    name = place.removeprefix(base)
    if name.endswith("/") or not name:
        name += "index.html"
    if not (site / name).is_file() and (site / name / "index.html").is_file():
        name += "/index.html"
    if not (site / name).is_file():
        return f"the link {href} leads nowhere"
    fragment = unquote(target.fragment)
    if fragment and not fragment.startswith("__") and name in anchors and fragment not in anchors[name]:
        return f"the link {href} leads to no heading and no formula"
    return ""
