"""What stands beside a formula: what it uses and what uses it, what else to see, the rules of its derivation, its source.

All of it is read from the claims and entries, and from what `gradproof.collection` keeps of them; nothing here imports
the engine.  Links between pages begin with `site:`, which the site's build makes relative to the page.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from typing import Any

from gradproof import collection, reference, sources
from gradproof.pieces import slug

__all__ = ["PAGES", "address", "attribution", "link", "page_of_rule", "related", "rules_used", "uses"]

#: The page that shows a claim: the longest of these that its id starts with.
PAGES = {
    "backprop": "backprop",
    "backprop.1": "why",
    "backprop.2": "why",
    "backprop.6": "why",
    "averages": "averages",
    "finite-step": "finite-steps",
    "symmetry": "symmetry",
}

#: The texts of licences, for those that have an address.
LICENCES = {"CC BY-SA 4.0": "https://creativecommons.org/licenses/by-sa/4.0/"}


def address(identity: str) -> str:
    """Where a claim, a definition or an entry stands, from the root of the site.

    >>> address("backprop.6.4"), address("softmax")
    ('why/#backprop.6.4', 'reference/softmax/#softmax')
    """
    if identity in reference.IDS:
        return f"reference/{reference.IDS[identity]}/#{identity}"
    known = [prefix for prefix in PAGES if f"{identity}.".startswith(f"{prefix}.")]
    return f"{PAGES[max(known, key=len)]}/#{identity}"


def page_of_rule(name: str) -> str:
    """The page of a rule, from the root of the site."""
    return f"rules/{slug(name).removeprefix('rule-')}/"


def related(identity: str) -> str:
    """Return what a claim or an entry uses, what uses it, what else to see, and its rules, as lists of links; "" if none."""
    _, used_by, seen = _graph()
    rules = [
        f'<a href="site:{page_of_rule(name)}">{escape(name)}</a>{_times(count)}'
        for name, count in rules_used(identity).most_common()
    ]
    rows = [
        ("Uses", [*map(link, uses(identity)), *_defined(identity)]),
        ("Used by", [link(i) for i in used_by[identity]]),
        ("See also", [link(i) for i in seen[identity]]),
        ("Rules", rules),
    ]
    lists = "".join(
        f"<dt>{title}</dt><dd><ul>{''.join(f'<li>{item}</li>' for item in items)}</ul></dd>"
        for title, items in rows
        if items
    )
    return f'<dl class="gp-related" data-search-exclude>{lists}</dl>' if lists else ""


def uses(identity: str) -> list[str]:
    """The claims and entries that a claim or an entry rests on."""
    found: list[str] = collection.outline(identity)["uses"]
    return found


def rules_used(identity: str) -> Counter[str]:
    """How often each rule is applied in the derivations of a claim or an entry."""
    count: Counter[str] = Counter()
    for derivation in collection.ways(identity)["derivations"]:
        count.update(derivation["rules"])
    return count


def link(identity: str) -> str:
    """Return a link to a claim or an entry: its title, and the number that its source gives it."""
    title = collection.outline(identity)["title"] or identity
    number = identity.partition(".")[2]
    numbered = f" ({number})" if identity in sources.IDS and number.replace(".", "").isdigit() else ""
    return f'<a href="site:{address(identity)}">{escape(title)}{numbered}</a>'


def _times(count: int) -> str:
    return f" <small>{count} times</small>" if count > 1 else ""


def _defined(identity: str) -> Iterator[str]:
    for name in collection.ways(identity)["definitions"]:
        yield f'<a href="site:{address(name)}">definition ({name.partition(".")[2]})</a>'


@cache
def _graph() -> tuple[dict[str, list[str]], dict[str, list[str]], dict[str, list[str]]]:
    """What each uses, what uses it, and what to see besides, in the order of the site; a link to see counts for both its ends.

    Raises KeyError where a link names what is not there.
    """
    outlines = {identity: collection.outline(identity) for identity in collection.IDS}
    forward: dict[str, list[str]] = {}
    back: dict[str, list[str]] = defaultdict(list)
    seen: dict[str, list[str]] = defaultdict(list)
    for identity, outline in outlines.items():
        for other in (*outline["uses"], *outline["see"]):
            if other not in outlines:
                raise KeyError(f"{identity} links to {other!r}, which is neither a claim nor an entry")
        forward[identity] = outline["uses"]
        for other in outline["uses"]:
            back[other].append(identity)
        for other in outline["see"]:
            seen[identity].append(other)
            seen[other].append(identity)
    return forward, back, seen


# --- where formulas come from -----------------------------------------------------------------
def attribution(identities: Iterable[str]) -> str:
    """Return from whom the formulas of a page are quoted, with licences and links; its own licence where none is.

    identities: the claims, definitions and entries that stand on the page; what else is among them is passed over.
    """
    quoted = dict.fromkeys(filter(None, map(_origin, identities)))
    own = 'Text and code: MIT licence. <a href="site:sources/">Sources and licences</a>'
    said = f"Formulas on this page are quoted from {', and from '.join(quoted)}. " if quoted else ""
    return f'<p class="gp-origin" data-search-exclude>{said}{own}</p>'


def _origin(identity: str) -> str:
    """The source of a claim or a definition; "" for whatever comes from no source."""
    text = identity.partition(".")[0]
    first = next((i for i in sources.IDS if i.partition(".")[0] == text), "")
    return _source(collection.outline(first)["source"]) if first and "." in identity else ""


def _source(source: dict[str, Any]) -> str:
    title = f"<cite>{escape(source['title'])}</cite>"
    if source["url"]:
        title = f'<a href="{escape(source["url"])}">{title}</a>'
    licence = escape(source["licence"])
    if source["licence"] in LICENCES:
        licence = f'<a href="{LICENCES[source["licence"]]}" rel="license">{licence}</a>'
    year = f", {source['year']}" if source["year"] else ""
    return f"{title} by {escape(source['author'])}{year} ({licence})"
