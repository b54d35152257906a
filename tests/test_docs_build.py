"""The build of the site fails, and says why, whenever a page would be broken or false.

Each case is a site of one or two pages, built with the project's own hook and MkDocs' strict mode,
with a bare theme.  A case that must not end this process is built in another.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from html import unescape
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort
from mkdocs.utils.yaml import yaml_load

from gradproof import CLAIMS, ahead, figures
from gradproof.page import render_claim
from gradproof.related import attribution

ROOT = Path(__file__).parent.parent
CONFIG = yaml_load((ROOT / "mkdocs.yml").read_text("utf-8"))
EQUATION = "from gradproof.pieces import formula\nprint(formula('x = 1', 'test', 'checked'))"


def block(code: str, options: str = 'exec="on" html="on" id="b"') -> str:
    return f"```python {options}\n{code}\n```\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a configuration that differs from the project's in its theme and pages only.

    What the hook makes of all claims at once would take longer than all these tests.
    """
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    generated = import_module("generated")
    monkeypatch.setattr(generated, "files", lambda _docs: {"claims/index.json": '["every claim"]'})
    monkeypatch.setattr(generated, "searchable", str)
    monkeypatch.setattr(import_module("live_runtime"), "write", lambda _site: None)
    monkeypatch.setattr(ahead, "prove", lambda: None)
    monkeypatch.setattr(figures, "javascript", lambda: "every formula")
    theme = tmp_path / "theme"
    theme.mkdir()
    (theme / "main.html").write_text("<html><body>{{ page.content }}</body></html>")
    kept = {key: CONFIG[key] for key in ("strict", "plugins", "markdown_extensions", "validation")}
    config = kept | {
        "site_name": "test",
        "theme": {"name": None, "custom_dir": str(theme)},
        "hooks": [str(ROOT / hook) for hook in CONFIG["hooks"]],
    }
    (tmp_path / "mkdocs.yml").write_text(yaml.safe_dump(config))
    (tmp_path / "docs").mkdir()
    return tmp_path


def built(site: Path, caplog: pytest.LogCaptureFixture, **pages: str) -> str:
    """Build a site of these pages; return the first one's HTML, or raise Abort with all warnings."""
    for name, text in pages.items():
        (site / "docs" / f"{name}.md").write_text(text)
    config = load_config(str(site / "mkdocs.yml"))
    config.plugins.on_startup(command="build", dirty=False)
    caplog.clear()
    try:
        with caplog.at_level(logging.WARNING, "mkdocs"):
            build(config)
    except Abort as error:
        raise Abort("\n".join(caplog.messages)) from error
    finally:
        config.plugins.on_shutdown()
    return (site / "site" / "index.html").read_text()


def test_a_sound_page_is_built(site: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Inline mathematics is typeset, a checked equation passes, and links between pages hold."""
    text = f"# Title\n\nLet $x_i > 0$; see [there](other.md#here).\n\n{block(EQUATION)}"
    html = built(site, caplog, index=text, other="# Here\n\n[back](index.md#title)\n")
    assert html.count('class="katex"') == 2
    assert "arithmatex" not in html
    assert "$" not in html


def test_the_site_has_all_claims_as_data_and_the_formulas_of_its_figures(
    site: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (site / "mkdocs.yml").open("a") as config:
        config.write("extra_javascript: [assets/figure-formulas.js]\n")
    built(site, caplog, index="# Title\n", ledger="# Ledger\n")
    assert (site / "site" / "claims" / "index.json").read_text("utf-8") == '["every claim"]'
    assert (site / "site" / "assets" / "figure-formulas.js").read_text("utf-8") == "every formula"


@pytest.mark.parametrize("html", ["<p id='backprop.5.12'></p>", "{0}", "{1}"], ids=["a claim", "quoted", "checked"])
def test_a_page_says_from_whom_its_formulas_are(html: str, site: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Where a formula of a claim stands without the claim, too; what comes from no source is said to be from nobody."""
    formulas = "formula('x', 'backprop.5.12'), formula('x', 'backprop.5.12', 'checked'), formula('x', 'mine')"
    show = "from gradproof.pieces import formula\nprint({!r}.format(" + formulas + "))"
    sources = "# Sources\n"
    page = built(site, caplog, index=block(show.format(html.replace("'", '"'))), sources=sources)
    assert "quoted from" in page
    assert "by Yunpeng Tai, 2022" in page
    assert "gp-origin" not in built(site, caplog, index=block(show.format("{2}")), sources=sources)


FALSE = """
from gradproof.page import proved
from gradproof.verdict import Verdict
proved(Verdict("refuted", reason="step 3, the chain rule"), "backprop.5.12", "a = -b", "equation (5.12)")
"""

BROKEN = {
    "a block raises": (block("1 / 0"), "index.md: the block b raised ZeroDivisionError: division by zero"),
    "a false claim": (block(FALSE), "index.md: the block b raised gradproof.page.PageError: backprop.5.12"),
    "a false claim's formula": (block(FALSE), "\n  formula: a = -b"),
    "a false claim's first wrong step": (block(FALSE), "\n  first wrong step: step 3, the chain rule"),
    "a block exits": (block("raise SystemExit(0)"), "index.md: the block b called sys.exit(0)"),
    "a misspelt option": (block("print(1)", 'exce="on" id="b"'), "index.md: the block b did not run"),
    "an option with a bad value": (block("print(1)", 'exec="on" source="sideways" id="b"'), "the block b did not run"),
    "an open fence": ('```python exec="on" id="b"\nprint(1)\n', "index.md: a fence is left open"),
    "a block inside an open fence": (f"```text\n\n{block('print(1)')}\n\n```\n", "a fence is left open"),
    "a dead link": ("[there](nowhere.md)\n", "nowhere.md"),
    "a dead link in HTML": ('<a href="nowhere/">there</a>\n', "index.html: the link nowhere/ leads nowhere"),
    "a dead anchor": ("[there](#nothing)\n", "index.html: the link #nothing leads to no heading"),
    "a typed equation": (
        "Text\n\n$$a = b$$\n",
        "index.md: a displayed equation has no checked object behind it: a = b",
    ),
    "a typed equation in brackets": ("Text\n\n\\[\na = b\n\\]\n", "no checked object behind it: a = b"),
    "an engraved equation": (
        block("from gradproof.typeset import typeset\nprint(typeset('a = b', True))"),
        "index.md: a displayed equation was typeset with no checked object",
    ),
    "a forged mark": (block("print('<i data-checked=x></i>')"), "only gradproof.page may write data-checked"),
    "a formula KaTeX rejects": (r"Let $\frca{1}{2}$ be." + "\n", r"index.md: KaTeX rejects the formula '\\frca{1}{2}'"),
    "mathematics in a heading": ("# The $x$\n", "index.md: a heading holds mathematics"),
    "a picture of a third party": ("![a](https://example.org/a.png)\n", "loads https://example.org/a.png"),
    "a script of a third party": ('<script src="//example.org/a.js"></script>\n', "loads //example.org/a.js"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_page_is_not_built(case: str, site: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Each fault stops the build with a message that names the page and the fault."""
    text, message = BROKEN[case]
    with pytest.raises(Abort) as failure:
        built(site, caplog, index=text)
    assert message in str(failure.value)


MUTATED = """
from dataclasses import replace
from sympy import Ge
from gradproof import CLAIMS
from gradproof.page import render_claim
claim = CLAIMS[{0!r}]
slip = lambda s: {2}
print(render_claim(replace(claim, statements=tuple(slip(s) if n == {1} else s for n, s in enumerate(claim.statements)))))
"""


@pytest.mark.parametrize(
    ("identity", "statement", "slip", "says"),
    [
        (
            "backprop.5.9",
            0,
            "replace(s, right=-s.right)",
            "first wrong step: the statement Derivative(E, w2[k, j]) = -",
        ),
        ("finite-step.taylor1", 0, "replace(s, order=2)", "first wrong step: the terms of order 2 differ"),
        (
            "backprop.2.steepest",
            0,
            "replace(s, relation=Ge(*s.relation.args, evaluate=False))",
            "the difference is not the sum of its terms",
        ),
        ("averages.sigmoid.means", 1, "replace(s, printed='0.2234')", "= 0.22330596"),
    ],
    ids=["the sign of an equality", "an order", "the direction of an inequality", "a printed digit"],
)
def test_a_claim_with_a_slip_is_not_built_and_is_named(
    identity: str, statement: int, slip: str, says: str, site: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Abort) as failure:
        built(site, caplog, index=block(MUTATED.format(identity, statement, slip)))
    message = str(failure.value)
    assert f"index.md: the block b raised gradproof.page.PageError: {identity} (" in message
    assert "so it cannot be published" in message
    assert says in message


def stubs(html: str) -> dict[str, str]:
    """Pages and files, by path, with whatever a piece of HTML links to."""
    places: dict[str, list[str]] = {}
    for link in re.findall(r'href="site:([^"]+)"', html):
        path, _, anchor = unescape(link).partition("#")
        name = f"{path.rstrip('/')}.md" if path.endswith("/") else path
        places.setdefault(name, []).append(f'<a id="{anchor}"></a>\n' if anchor and "=" not in anchor else "")
    return {name: "".join(["# Stub\n\n", *anchors]) for name, anchors in places.items()}


def test_a_claim_without_a_slip_is_built(site: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The block of the tests above, with nothing changed, on a site of which only what it links to is made up."""
    linked = render_claim(CLAIMS["backprop.5.9"]) + attribution(["backprop.5.9"])
    made = stubs(linked)
    assert {"check.md", "claims/backprop.5.9.json", "rules/chain-rule.md", "sources.md"} <= made.keys()
    for name, text in made.items():
        (site / "docs" / name).parent.mkdir(exist_ok=True)
        (site / "docs" / name).write_text(text)
    html = built(site, caplog, index=block(MUTATED.format("backprop.5.9", 0, "s")))
    assert 'id="backprop.5.9"' in html
    assert "site:" not in html


def test_a_style_sheet_of_a_third_party_is_refused(site: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Fonts and images may be asked for by style sheets too."""
    (site / "docs" / "a.css").write_text("@import 'https://example.org/font.css';")
    with pytest.raises(Abort, match=r"a\.css: the style sheet loads https://example\.org/font\.css"):
        built(site, caplog, index="# A\n")


QUICK = """
from gradproof import figures
figures.javascript = str
"""


def test_exit_in_a_block_fails_the_command(site: Path) -> None:
    """`sys.exit(0)` would otherwise end `mkdocs build` with success and without a site."""
    (site / "docs" / "index.md").write_text(block("import sys; sys.exit(0)"))
    (site / "quick.py").write_text(QUICK)
    config = yaml.safe_load((site / "mkdocs.yml").read_text())
    (site / "mkdocs.yml").write_text(yaml.safe_dump(config | {"hooks": [str(site / "quick.py"), *config["hooks"]]}))
    command = [sys.executable, "-m", "mkdocs", "build", "-f", str(site / "mkdocs.yml")]
    run = subprocess.run(
        command, capture_output=True, text=True, cwd=site, env={**os.environ, "COLUMNS": "200"}, check=False
    )
    assert run.returncode != 0
    assert "index.md: the block b called sys.exit(0)" in run.stderr


def test_the_site_is_strict() -> None:
    """Every warning fails the build; the hook relies on it."""
    assert CONFIG["strict"] is True
    assert '"-q"' not in (ROOT / "noxfile.py").read_text("utf-8")
