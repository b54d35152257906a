"""What MkDocs would let pass, this hook does not; and what a page says of the site, it fills in.

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
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import generated
import live_runtime
from blocks import TRACEBACK, Blocks
from finished import anchors_of, dead_links, imported_elsewhere, inside, loaded_elsewhere, secured
from gradproof.typeset import TypesetError, typeset

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page
    from mkdocs.structure.toc import AnchorLink

log = logging.getLogger("mkdocs.hooks.gradproof")

INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
TYPED_DISPLAY = re.compile(r'class="arithmatex">\\\[(.*?)\\\]', re.DOTALL)
DISPLAY = '<gp-tex><span class="katex-display"'
CHECKED = re.compile(r'data-(?:checked|quoted)="[^"]+">' + DISPLAY)
SHOWN = re.compile(r'\s(?:id|data-checked|data-quoted)="([^"]+)"')
FOLD = re.compile(r'<details(?= class="gp-fold).*?</details>', re.DOTALL)
FORMULA = re.compile(r"<gp-tex>.*?</gp-tex>", re.DOTALL)
ASIDE = re.compile(r'<gp-tex data-n="(\d+)"></gp-tex>')
FORMULAS = "assets/figure-formulas.js"
LEDGER = "ledger.md"  # it shows every claim; a site without it is one of a few pages, as tests make them
LIVE = "check/index.html"
ADDRESS = "site-url:"  # in any text that is made: the address of the site


@dataclass
class State:
    """What is known of the build: the page at hand, what was put aside of it, and the finished pages."""

    serving: bool = False
    page: str = ""
    address: str = ""
    aside: list[str] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)


state = State()


def _report(problem: str) -> None:
    log.warning("%s: %s", state.page, problem)


blocks = Blocks(_report)


# --- before the pages ----------------------------------------------------------------------
def on_startup(command: str, **_: Any) -> None:
    """Remember whether the site is built once, or again at each change."""
    state.serving = command == "serve"


def on_config(config: MkDocsConfig) -> None:
    """Watch each block run: wrap what markdown-exec, already configured, registered."""
    state.address = f"{(config.site_url or '').rstrip('/')}/"
    for fence in config.mdx_configs.get("pymdownx.superfences", {}).get("custom_fences", ()):
        if getattr(fence["format"], "__module__", "").startswith("markdown_exec"):
            fence["format"] = blocks.watched(fence["format"])


def on_pre_build(config: MkDocsConfig) -> None:  # noqa: ARG001
    """Let `mkdocs serve` see edited modules: a block imports the package afresh in each build."""
    state.aside.clear()
    state.pages.clear()
    for name in [name for name in sys.modules if state.serving and name.partition(".")[0] == "gradproof"]:
        del sys.modules[name]


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Add what no author writes: the figures' formulas as a script, pages of rules, all claims as data."""
    from mkdocs.structure.files import File

    from gradproof import ahead, figures  # afresh in each build, as the blocks do

    made: dict[str, str] = {}
    if FORMULAS in map(str, config.extra_javascript):
        made[FORMULAS] = figures.javascript()
    if files.get_file_from_path(LEDGER):
        ahead.prove()
        made |= generated.files(Path(config.docs_dir))
    for name, content in made.items():
        files.append(File.generated(config, name, content=content.replace(ADDRESS, state.address)))


# --- a page --------------------------------------------------------------------------------
def on_page_markdown(markdown: str, page: Page, **_: Any) -> None:
    """Take down which blocks are to run."""
    state.page = page.file.src_uri
    blocks.of(markdown)
    for mark in ("data-checked", "data-quoted"):
        if mark in markdown:
            _report(f"only gradproof.page may write {mark}")


def on_page_content(html: str, page: Page, **_: Any) -> str:
    """Compare the blocks with those that ran, and turn mathematics into HTML."""
    blocks.compare()
    if TRACEBACK in html:
        _report("a block printed a traceback")
    for formula in TYPED_DISPLAY.findall(html):
        _report(f"a displayed equation has no checked object behind it: {unescape(formula).strip()}")
    if html.count(DISPLAY) != len(CHECKED.findall(html)):
        _report("a displayed equation was typeset with no checked object behind it")
    for heading in _headings(page.toc):
        if "\\(" in heading.title:
            _report(f"a heading holds mathematics, which search and contents cannot show: {heading.title}")
    placed = inside(INLINE.sub(_typeset, html) + _attribution(html), page.url).replace(ADDRESS, state.address)
    return FORMULA.sub(_put_aside, FOLD.sub(_put_fold_aside, placed))


def _attribution(html: str) -> str:
    """Whose formulas are quoted on a page: the sources of the claims that stand on it, or of which a formula does."""
    from gradproof import related, sources

    quoted = [identity for identity in SHOWN.findall(html) if identity in sources.IDS]
    return related.attribution(quoted) if quoted else ""


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


def _put_fold_aside(fold: re.Match[str]) -> str:
    """Keep what folds from the search and, where it holds neither links nor their targets, from all plugins."""
    html = f"<details data-search-exclude{fold[0].removeprefix('<details')}"
    return html if ' id="' in html or "<a " in html else _aside(html)


def _put_aside(formula: re.Match[str]) -> str:
    """Keep a formula from other plugins: to parse them all, search would take half the build."""
    return _aside(formula[0])


def _aside(html: str) -> str:
    state.aside.append(html)
    return f'<gp-tex data-n="{len(state.aside) - 1}"></gp-tex>'


def on_post_page(output: str, page: Page, **_: Any) -> str:
    """Put into the finished page what was put aside, and say what a browser may run of it."""
    state.page = page.file.src_uri
    state.pages[page.file.dest_uri] = output
    return _secured(ASIDE.sub(lambda match: state.aside[int(match[1])], output))


def on_post_template(output_content: str, template_name: str, **_: Any) -> str:
    """Pages that have no text of their own, such as 404.html, obey the same policy."""
    state.page = template_name
    return _secured(output_content) if template_name.endswith(".html") else output_content


def _secured(html: str) -> str:
    try:
        return secured(html)
    except ValueError as error:
        _report(str(error))
        return html


# --- the site ------------------------------------------------------------------------------
def on_post_build(config: MkDocsConfig) -> None:
    """Add the live page's program and what the search finds; then read the site as a browser would."""
    site = Path(config.site_dir)
    if (site / LIVE).exists():
        state.page = LIVE
        try:
            live_runtime.write(site)
        except live_runtime.LiveRuntimeError as error:
            _report(str(error))
    index = site / "search" / "search_index.json"
    if index.exists() and (site / LEDGER).with_suffix("").exists():
        index.write_text(generated.searchable(index.read_text("utf-8")), "utf-8")
    _check(site, config)


def _check(site: Path, config: MkDocsConfig) -> None:
    """Every link must lead somewhere, every file be our own."""
    base = urlsplit(config.site_url or "").path.rstrip("/") + "/"
    for path in site.rglob("*.html"):
        if (name := path.relative_to(site).as_posix()) not in state.pages:
            state.pages[name] = path.read_text("utf-8")
    anchors = anchors_of(state.pages)
    for name, html in state.pages.items():
        state.page = name
        for problem in dead_links(name, html, base, site, anchors):
            _report(problem)
        for address in loaded_elsewhere(html):
            _report(f"the page loads {address} from a third party")
    for path in site.rglob("*.css"):
        state.page = path.relative_to(site).as_posix()
        for address in imported_elsewhere(path.read_text("utf-8")):
            _report(f"the style sheet loads {address} from a third party")
