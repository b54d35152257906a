"""Finished pages: links, and what a browser may run of them."""

from __future__ import annotations

import importlib.util
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location("finished", Path(__file__).parent.parent / "tools" / "finished.py")
assert _SPEC is not None
finished = importlib.util.module_from_spec(_SPEC)
assert _SPEC.loader is not None
_SPEC.loader.exec_module(finished)

HEAD = '<head><meta charset="utf-8"></head>'


@pytest.mark.parametrize(
    ("target", "page", "link"),
    [
        ("reference/softmax/#id", "backprop/", "../reference/softmax/#id"),
        ("check/#loss=x%5E2&wrt=x", "reference/softmax/", "../../check/#loss=x%5E2&wrt=x"),
        ("claims/backprop.5.12.json", "./", "claims/backprop.5.12.json"),
        ("", "backprop/", "../"),
        ("backprop/#backprop.5.12", "backprop/", "./#backprop.5.12"),
    ],
)
def test_a_link_inside_the_site_is_relative_to_its_page(target: str, page: str, link: str) -> None:
    assert finished.inside(f'<a href="site:{target}">', page) == f'<a href="{link}">'


def test_a_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "index.html").write_text("")
    anchors = {"there/index.html": {"known"}, "index.html": set()}
    links = "".join(
        f'<a href="{href}">'
        for href in (
            "there/#known",
            "there/#unknown",
            "nowhere/",
            "site:there/",
            "https://example.org/x",
            "there/#loss=x&wrt=x",
        )
    )
    assert list(finished.dead_links("index.html", links, "/", tmp_path, anchors)) == [
        "the link nowhere/ leads nowhere",
        "the link site:there/ was not made relative",
        "the link there/#unknown leads to no heading and no formula",
    ]


def test_scripts_of_a_page_are_allowed_by_their_hashes_alone() -> None:
    scripts = '<script>a("&amp;")</script><script src="b.js"></script><script type="application/json">{}</script>'
    policy = re.search('Security-Policy" content="([^"]*)"', finished.secured(HEAD + scripts))
    assert policy is not None
    digest = b64encode(sha256(b'a("&amp;")').digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in policy[1]
    assert policy[1].count("sha256-") == 1
    assert "script-src 'self' 'unsafe" not in policy[1]


def test_an_event_handler_in_a_page_is_refused() -> None:
    with pytest.raises(ValueError, match=r"event handler .*<p onclick="):
        finished.secured(HEAD + '<p onclick="x()">')


def test_what_a_page_loads_from_others_is_found() -> None:
    page = '<img src="https://a.org/x.png"><a href="https://b.org"><link rel="canonical" href="https://c.org">'
    assert list(finished.loaded_elsewhere(page)) == ["https://a.org/x.png"]
    assert finished.imported_elsewhere("a { background: url(//d.org/x) } b { mask: url(data:,) }") == ["//d.org/x"]
