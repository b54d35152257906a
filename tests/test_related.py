"""Links between claims, entries and rules: each leads somewhere, both ends know of it, and none goes round in circles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

from gradproof import CLAIMS, REFERENCE, collection, reference, related, rule_page, sources

DOCS = Path(__file__).parent.parent / "docs"
Outlines = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def outlines() -> Outlines:
    return {identity: collection.outline(identity) for identity in collection.IDS}


@pytest.fixture
def planted(outlines: Outlines, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outlines]:
    """Outlines that a test may change; the graph is made of them."""
    changed = {identity: dict(outline) for identity, outline in outlines.items()}
    monkeypatch.setattr(collection, "outline", changed.__getitem__)
    related._graph.cache_clear()
    yield changed
    related._graph.cache_clear()


def links(html: str, title: str) -> list[str]:
    """Where the links of one row lead."""
    row = re.search(rf"<dt>{title}</dt><dd>(.*?)</dd>", html)
    return re.findall('href="site:([^"]*)"', row[1]) if row else []


@pytest.mark.parametrize("identity", collection.IDS)
def test_links_name_others_that_exist_and_each_once(identity: str, outlines: Outlines) -> None:
    outline = outlines[identity]
    named = [*outline["uses"], *outline["see"]]
    assert set(named) <= set(outlines)
    assert len(set(named)) == len(named)
    assert identity not in named
    for other in outline["see"]:
        assert identity not in outlines[other]["see"], "a pair is named on one side"
        assert identity not in outlines[other]["uses"], "what is used is linked already"


def test_nothing_rests_on_itself(outlines: Outlines) -> None:
    order = TopologicalSorter({identity: outline["uses"] for identity, outline in outlines.items()})
    assert len(list(order.static_order())) == len(outlines)


def test_every_claim_has_a_title_of_its_own_and_keywords(outlines: Outlines) -> None:
    titles = [claim.title for claim in CLAIMS.values()] + [entry.title for entry in REFERENCE.values()]
    assert all(titles)
    assert len(set(titles)) == len(titles)
    assert all(outline["keywords"] for outline in outlines.values())


def test_a_link_to_nothing_is_an_error(planted: Outlines) -> None:
    planted["softmax"]["see"] = ["softmaxx"]
    with pytest.raises(KeyError, match="softmax links to 'softmaxx', which is neither a claim nor an entry"):
        related.related("backprop.5.12")


def test_what_5_12_rests_on() -> None:
    """As its source says, mended: (5.11) and (5.7) into (5.10); and the rules of its steps."""
    html = related.related("backprop.5.12")
    assert links(html, "Uses")[:3] == [f"backprop/#backprop.5.{n}" for n in (7, 10, 11)]
    assert "backprop/#backprop.5.8" in links(html, "Uses"), "the definition of the error"
    assert "why/#backprop.6.4" in links(html, "Used by")
    assert "rules/chain-rule-through-the-definitions/" in links(html, "Rules")


def test_a_link_is_seen_from_both_ends(outlines: Outlines) -> None:
    for identity, outline in outlines.items():
        for other in outline["uses"]:
            assert related.address(identity) in links(related.related(other), "Used by")
        for other in outline["see"]:
            assert related.address(identity) in links(related.related(other), "See also")
            assert related.address(other) in links(related.related(identity), "See also")


@pytest.mark.parametrize("identity", collection.IDS)
def test_every_address_is_on_the_page_that_shows_the_formula(identity: str) -> None:
    place, _, anchor = related.address(identity).partition("/#")
    text = (DOCS / f"{place}.md").read_text("utf-8")
    assert anchor == identity
    shown = identity if identity in sources.IDS else f'group("{reference.IDS[identity]}")'
    assert shown in text or identity.rpartition(".")[2] in text


def test_every_rule_beside_a_step_has_a_page() -> None:
    pages = {related.page_of_rule(name) for name in rule_page.laws()}
    assert len(pages) == len(rule_page.laws())
    assert {link for identity in collection.IDS for link in links(related.related(identity), "Rules")} <= pages


def test_a_page_says_from_whom_it_quotes() -> None:
    html = related.attribution(["other", "backprop.5.1", "averages.linreg.m", "averages.sigmoid", "softmax"])
    assert html.count("Yunpeng Tai, 2022") == 1
    assert html.count("https://datascience.stackexchange.com/questions/56405") == 1
    assert '<a href="https://creativecommons.org/licenses/by-sa/4.0/" rel="license">CC BY-SA 4.0</a>' in html
    assert "Juhlin" not in html


def test_a_page_that_quotes_nobody_says_its_own_licence() -> None:
    for identities in ([], ["softmax", "rule-chain-rule", "backprop"]):
        html = related.attribution(identities)
        assert "quoted" not in html
        assert "MIT licence" in html
