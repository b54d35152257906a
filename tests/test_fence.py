"""Authors' pages: a block is proved while the page is made, and what is not proved ends the build.

The how-to in docs/authors.md is followed here as it stands.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import markdown
import pytest
import yaml
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

from gradproof import authors
from gradproof.authors import FalseGradientError, proved
from gradproof.authors.fence import GradproofExtension

ROOT = Path(__file__).parent.parent
LOSS = r"\frac{1}{N} \sum_{n=1}^{N} (w x_n + b - y_n)^2"
GRADIENT = r"\frac{2}{N} \sum_{n=1}^{N} x_n (w x_n + b - y_n)"
WRONG = r"\frac{2}{N} \sum_{n=1}^{N} (w x_n + b - y_n)"


pytestmark = pytest.mark.usefixtures("elsewhere")


def block(gradient: str = GRADIENT, more: str = "", indent: str = "") -> str:
    lines = ["```gradproof", f"loss: {LOSS}", "wrt: w", f"gradient: {gradient}", *filter(None, [more]), "```"]
    return "".join(f"{indent}{line}\n" for line in lines)


def html(text: str, *extensions: Any) -> str:
    return markdown.markdown(text, extensions=[*extensions, GradproofExtension()])


class Elements(HTMLParser):
    """Which elements stand open at the end of a text, and which there were."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


# --- one block ----------------------------------------------------------------------------
def test_a_true_block_is_a_derivation_that_needs_nothing_else() -> None:
    """Steps and evidence are folded; formulas are MathML; nothing is loaded."""
    shown = html(f"# Title\n\nText\n\n{block(more='id: least-squares')}\nMore\n")
    found = Elements(shown)
    assert found.open == []
    tags = [tag for tag, _ in found.seen]
    assert tags.count("details") == 2
    assert tags.count("math") == 2 + 8  # the statement, the left side, and each step
    assert ("div", {"class": "gradproof gradproof-proved", "id": "least-squares"}) in found.seen
    assert {"script", "link", "img", "annotation"}.isdisjoint(tags)
    assert not re.search(r"[$\\]", shown)
    assert "distributivity" in shown
    assert "remainder" in shown


def test_a_block_without_a_gradient_shows_the_one_that_was_derived() -> None:
    shown = html("```gradproof\nloss: x^3\nwrt: x\n```")
    assert "gradproof-proved" in shown
    assert "<mn>3</mn><msup><mi>x</mi><mn>2</mn></msup>" in shown


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (block(WRONG), r"line 3 \(loss: .*\): refuted\n  at N = "),
        (block(WRONG), r"the gradient is .*, the claim "),
        (block(WRONG), r"slip: the factor x\[n\] is missing"),
        ("```gradproof\nloss: x \\sqrt{5 + 2\\sqrt{6}}\nwrt: x\ngradient: \\sqrt{2} + \\sqrt{3}\n```", "undecided: neither"),
        ("```gradproof\nlost: x\n```", "cannot be read: line 1: there is no field 'lost'"),
        ("```gradproof\nloss: \\frac{1}{2\nwrt: x\n```", r"cannot be read: '\{' is never closed"),
        ("```gradproof\nloss: x\nwrt: x\n", "the block has no closing fence"),
        ("> ```gradproof\n> loss: x\n> wrt: x\n> ```", "the block stands in a quotation"),
    ],
)  # fmt: skip
def test_what_is_not_proved_raises(text: str, says: str) -> None:
    with pytest.raises(FalseGradientError, match=says):
        html(f"Text\n\n{text}")


def test_a_derivation_is_checked_line_by_line() -> None:
    right, wrong = f"\\sum_n 2 x_n (w x_n + b - y_n)/N\n = {GRADIENT}", f"{GRADIENT}\n = {WRONG}"
    assert "gradproof-proved" in html(block(right))
    with pytest.raises(FalseGradientError, match="line 2 is the first wrong one"):
        html(block(wrong))


def test_a_wrong_step_makes_a_true_claim_unfit_to_print(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands on the page is the derivation, so all of it must hold, not the claim alone."""
    from gradproof.derivation import Derivation
    from gradproof.verdict import Verdict

    monkeypatch.setattr(Derivation, "verify", lambda _: Verdict("refuted", reason="step 3, the chain rule"))
    with pytest.raises(FalseGradientError, match="refuted: step 3, the chain rule"):
        html(block(more="id: another"))


@pytest.mark.parametrize("others", [[], ["fenced_code"], ["pymdownx.superfences"], ["extra", "admonition", "toc"]])
def test_blocks_stand_wherever_markdown_has_blocks(others: list[str]) -> None:
    """In lists and admonitions too, whichever extension reads other fences; a quoted block is not run."""
    text = f"- item\n\n{block(indent='    ')}\n1. two\n\n{block(indent='    ')}\n\n````markdown\n{block(WRONG)}````\n"
    shown = html(text, *others)
    assert shown.count("gradproof-proved") == 2
    assert Elements(shown.replace("<br />", "")).open == []
    assert "```gradproof" in shown or not others or "extra" not in others
    if "admonition" in others:
        assert "gradproof-proved" in html(f"!!! note\n    Text\n\n{block(indent='    ')}", *others)


def test_other_code_is_left_alone() -> None:
    text = "```python\nprint('gradproof')\n```\n\n`gradproof`\n"
    assert html(text, "fenced_code") == markdown.markdown(text, extensions=["fenced_code"])


def test_one_function_serves_pages_that_run_code() -> None:
    text = f"loss: {LOSS}\nwrt: w\ngradient: "
    assert proved(text + GRADIENT).startswith('<div class="gradproof gradproof-proved">')
    with pytest.raises(FalseGradientError, match=r"^refuted\n"):
        proved(text + WRONG)


def test_a_block_is_proved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = html(block())
    monkeypatch.setattr(authors, "_decided", None)
    assert html(block()) == first


# --- a site -------------------------------------------------------------------------------
@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site whose configuration has one line for gradproof, with a bare theme."""
    (tmp_path / "theme").mkdir()
    (tmp_path / "theme" / "main.html").write_text("<html><body>{{ page.content }}</body></html>")
    theme = {"name": None, "custom_dir": str(tmp_path / "theme")}
    (tmp_path / "mkdocs.yml").write_text(
        yaml.safe_dump({"site_name": "test", "theme": theme, "plugins": ["gradproof"]})
    )
    (tmp_path / "docs").mkdir()
    return tmp_path


def built(site: Path, caplog: pytest.LogCaptureFixture, command: str = "build", **pages: str) -> str:
    """Build a site of these pages as `mkdocs build` or `mkdocs serve` does; return the first page, or raise Abort."""
    for name, text in pages.items():
        (site / "docs" / f"{name}.md").write_text(text)
    config = load_config(str(site / "mkdocs.yml"))
    config.plugins.on_startup(command=command, dirty=False)
    try:
        with caplog.at_level(logging.ERROR, "mkdocs"):
            build(config)
    except Abort as error:
        raise Abort("\n".join(caplog.messages)) from error
    finally:
        config.plugins.on_shutdown()
    return (site / "site" / "index.html").read_text()


def test_a_site_with_true_gradients_is_built(site: Path, caplog: pytest.LogCaptureFixture) -> None:
    shown = built(site, caplog, index=f"# One\n\n{block()}", two=f"# Two\n\n{block()}")
    assert shown.count("gradproof-proved") == 1
    assert caplog.messages == []


def test_every_fault_is_named_with_its_file_and_line(site: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Lines count from the top of the file, front matter and all; strict mode is not needed."""
    page = f"---\ntitle: One\n---\n# One\n\n{block(WRONG)}\n{block()}\n{block(WRONG)}"
    with pytest.raises(Abort) as failure:
        built(site, caplog, index=page, two="```gradproof\nlost: x\n```\n")
    lines = str(failure.value).splitlines()
    assert [line for line in lines if line.startswith("gradproof: docs")] == [
        "gradproof: docs/index.md:6: refuted",
        "gradproof: docs/index.md:18: refuted",
        lines[-2],
    ]
    assert lines[-2].startswith("gradproof: docs/two.md:1: cannot be read: line 1: there is no field 'lost'")
    assert lines[-1] == ("gradproof: 3 gradients are not proved: docs/index.md:6, docs/index.md:18, docs/two.md:1")
    assert not (site / "site" / "index.html").exists()


def test_whoever_writes_sees_the_page_with_what_is_wrong(site: Path, caplog: pytest.LogCaptureFixture) -> None:
    """`mkdocs serve` goes on."""
    shown = built(site, caplog, "serve", index=f"# One\n\n{block(WRONG)}\n```gradproof\nlost: x\n```\n")
    assert "gradproof-refuted" in shown
    assert "The slip: the factor x[n] is missing" in shown
    assert "gradproof-unread" in shown
    assert caplog.messages[0].startswith("gradproof: docs/index.md:3: refuted\n")


# --- the how-to ---------------------------------------------------------------------------
HOW_TO = (ROOT / "docs" / "authors.md").read_text("utf-8")


def fenced(language: str) -> list[str]:
    return re.findall(rf"^(```+){language}\n(.*?)^\1$", HOW_TO, re.DOTALL | re.MULTILINE)


def mkdocs_build() -> tuple[int, str]:
    """The exit code and what is printed."""
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "COLUMNS": "400", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "mkdocs", "build"]
    run = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, check=False
    )
    return run.returncode, run.stdout


def test_the_how_to_does_what_it_says(tmp_path: Path) -> None:
    """Its files and its command, in an empty folder: the site is built; with the slip it says what stands there."""
    (_, configuration), *_ = fenced("yaml")
    (_, page), *_ = fenced("markdown")
    (_, said), *_ = fenced("text")
    assert "$ .venv/bin/mkdocs build\n" in [command for _, command in fenced("console")]
    (tmp_path / "mkdocs.yml").write_text(configuration)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(page)
    code, printed = mkdocs_build()
    assert code == 0, printed
    assert "gradproof-proved" in (tmp_path / "site" / "index.html").read_text()

    first, last = page.rsplit("x_n (", 1)
    (tmp_path / "docs" / "index.md").write_text(f"{first}({last}")
    code, printed = mkdocs_build()
    assert code == 1
    assert printed[printed.index("ERROR") :] == said
    assert not (tmp_path / "site" / "index.html").exists()


def test_the_how_to_names_every_field() -> None:
    from gradproof.problem import FIELDS

    assert re.findall(r"^\| `(\w+)` \|", HOW_TO, re.MULTILINE) == list(FIELDS)
