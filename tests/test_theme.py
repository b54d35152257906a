"""What tools/theme adds to Material: what a page says of itself, its faces early, a page for what is not found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from mkdocs.commands.build import build
from mkdocs.config import load_config

ROOT = Path(__file__).parent.parent
PAGES = {
    "index.md": "# Home\n\nThe first words.\n",
    "one.md": '# One\n\n<p>With <gp-tex>x</gp-tex>.</p>\n\n<p>Without, and <em>so</em>.</p>\n\n<div class="gp-claim"></div>\n',
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of two pages, with the project's theme."""
    root = tmp_path_factory.mktemp("theme")
    theme = {"name": "material", "font": False, "custom_dir": str(ROOT / "tools" / "theme")}
    config = {"site_name": "test", "site_url": "https://example.org/sub/", "theme": theme, "copyright": "Ours."}
    (root / "mkdocs.yml").write_text(yaml.safe_dump(config | {"markdown_extensions": ["md_in_html"]}))
    (root / "docs").mkdir()
    for name, text in PAGES.items():
        (root / "docs" / name).write_text(text)
    build(load_config(str(root / "mkdocs.yml")))
    return root / "site"


def test_a_page_is_described_by_its_first_words_without_a_formula(site: Path) -> None:
    home, one = (site / name for name in ("index.html", "one/index.html"))
    assert '<meta name="description" content="The first words.">' in home.read_text()
    assert '<meta property="og:description" content="Without, and so.">' in one.read_text()
    assert '<meta property="og:title" content="One - test">' in one.read_text()
    assert 'content="https://example.org/sub/assets/social.png"' in one.read_text()


def test_the_faces_that_are_fetched_early_exist_and_are_those_that_the_page_needs(site: Path) -> None:
    early = {
        name: re.findall(r'<link rel="preload" href="([^"]+)"', (site / name).read_text())
        for name in ("index.html", "one/index.html")
    }
    assert not any("KaTeX" in face for face in early["index.html"])
    assert any("KaTeX_Main" in face for face in early["one/index.html"])
    assert all((ROOT / "docs" / face.removeprefix("../")).is_file() for faces in early.values() for face in faces)


def test_what_is_not_found_leads_on_from_any_depth(site: Path) -> None:
    """Nobody knows where such a page is shown: its links begin at the root of the host."""
    html = (site / "404.html").read_text()
    links = re.findall(r'<(?:a|form)[^>]* (?:href|action)="([^"#]+)"', html[html.index("<article") :])
    assert "/sub/check/" in links
    assert all(link.startswith("/sub/") for link in links)
    assert "Nothing stands here - test" in html


def test_every_page_names_the_licence_and_leads_to_the_sources(site: Path) -> None:
    footers = [(site / name).read_text().split('class="md-copyright"')[1] for name in ("one/index.html", "404.html")]
    assert all("Ours." in footer and "sources/" in footer for footer in footers)


def test_every_face_is_licensed() -> None:
    folder = ROOT / "docs" / "assets" / "text"
    assert "SIL OPEN FONT LICENSE" in (folder / "LICENSE.txt").read_text("utf-8").upper()
    style = (ROOT / "docs" / "assets" / "book.css").read_text("utf-8")
    assert {f"text/{face.name}" for face in folder.glob("*.woff2")} == set(re.findall(r"url\((text/[^)]+)\)", style))
