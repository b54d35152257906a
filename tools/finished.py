"""Finished pages: where their links lead, what they load, and which scripts the browser may run.

Nothing here knows MkDocs.
"""

from __future__ import annotations

import posixpath
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

__all__ = ["anchors_of", "dead_links", "imported_elsewhere", "inside", "loaded_elsewhere", "secured"]

ANCHOR = re.compile(r'\s(?:id|name)="([^"]+)"')
LINK = re.compile(r'<a\b[^>]*?\shref="([^"]*)"')
INSIDE = re.compile(r'(?<=\shref=")site:([^"]*)(?=")')
LOADED = re.compile(r"<(?:script|img|iframe|source|audio|video|embed|track|link)\b[^>]*>")
ADDRESS = re.compile(r'\s(?:src|href|srcset|data)="?((?:https?:)?//[^"\s>]+)')
NOT_LOADED = re.compile(r'\srel="?(?:canonical|alternate|next|prev|me|license)')
IMPORTED = re.compile(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""")
SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.DOTALL)
CHARSET = re.compile(r'<meta charset="?utf-8"?\s*/?>', re.IGNORECASE)
DATA = re.compile(r'\btype="?application/(?:ld\+)?json')
HANDLER = re.compile(r"<[a-z][^<>]*\son[a-z]+=", re.IGNORECASE)

#: Everything is our own.  Scripts are files, or stand in the page with their hash; formulas are placed by `style`
#: attributes, as KaTeX makes them, and no style sheet stands in a page; images in style sheets are data.
POLICY = (
    "default-src 'none'; script-src 'self'{hashes}; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
    "base-uri 'self'; form-action 'self'"
)


# --- links ---------------------------------------------------------------------------------
def inside(html: str, page: str) -> str:
    """Make links of the form site:reference/softmax/#id relative to a page, whose address from the root is given."""
    return INSIDE.sub(lambda match: _relative(match[1], page), html)


def _relative(target: str, page: str) -> str:
    path, mark, rest = re.match(r"([^?#]*)([?#]?)(.*)", target, re.DOTALL).groups()  # type: ignore[union-attr] # always matches
    slash = "/" if path.endswith("/") or not path else ""
    steps = posixpath.relpath(f"/{path}", posixpath.dirname(f"/{page}"))
    return f"{steps}{slash}{mark}{rest}"


def anchors_of(pages: Mapping[str, str]) -> dict[str, set[str]]:
    """What can be linked to in each page, by its path."""
    return {name: {unescape(anchor) for anchor in ANCHOR.findall(html)} for name, html in pages.items()}


def dead_links(name: str, html: str, base: str, site: Path, anchors: Mapping[str, set[str]]) -> Iterator[str]:
    """Yield what is wrong with each link of a page within the site, whose address begins with `base`."""
    for href in sorted(set(LINK.findall(html))):
        if problem := _dead(unescape(href), name, base, site, anchors):
            yield problem


def _dead(href: str, page: str, base: str, site: Path, anchors: Mapping[str, set[str]]) -> str:
    target = urlsplit(href)
    if target.scheme or target.netloc:
        return "" if target.scheme != "site" else f"the link {href} was not made relative"
    place = unquote(urljoin(base + page, target.path or "")) if target.path else base + page
    name = place.removeprefix(base)
    if name.endswith("/") or not name:
        name += "index.html"
    if not (site / name).is_file() and (site / name / "index.html").is_file():
        name += "/index.html"
    if not (site / name).is_file():
        return f"the link {href} leads nowhere"
    fragment = unquote(target.fragment)
    if not fragment or fragment.startswith("__") or "=" in fragment:  # "=": what a live page is asked
        return ""
    if name in anchors and fragment not in anchors[name]:
        return f"the link {href} leads to no heading and no formula"
    return ""


# --- what is loaded ------------------------------------------------------------------------
def loaded_elsewhere(html: str) -> Iterator[str]:
    """Yield each address of a third party that a page loads."""
    for tag in LOADED.findall(html):
        if (address := ADDRESS.search(tag)) and not NOT_LOADED.search(tag):
            yield address[1]


def imported_elsewhere(css: str) -> list[str]:
    """The addresses of third parties that a style sheet loads."""
    return IMPORTED.findall(css)


def secured(html: str) -> str:
    """Return a page with its Content-Security-Policy, which names the hash of every script that stands in it.

    Raises ValueError for an event handler in an attribute, which no hash can allow.
    """
    if handler := HANDLER.search(SCRIPT.sub("", html)):
        raise ValueError(f"an event handler stands in the page, which its policy forbids: {handler[0]}")
    own = (
        body for attributes, body in SCRIPT.findall(html) if " src=" not in attributes and not DATA.search(attributes)
    )
    hashes = "".join(f" 'sha256-{b64encode(sha256(body.encode()).digest()).decode()}'" for body in dict.fromkeys(own))
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY.format(hashes=hashes)}">'
    return CHARSET.sub(lambda match: match[0] + policy, html, count=1)
