"""A claim at a glance: what is said, the verdict, and a link to the whole of it, for pages that point there."""

from __future__ import annotations

from html import escape
from typing import Any

from gradproof.page import record
from gradproof.pieces import formula, sheet, sign
from gradproof.related import address
from gradproof.stated import slip_rows

__all__ = ["glance"]


def glance(identity: str, title: str, more: str) -> str:
    """Return a claim below a title, as its first slip if it has one; `more` names what the link leads to."""
    found = record(identity)
    link = f"site:{address(identity)}"
    where = f"{found['text'][:1].upper()}{found['text'][1:]}, {found['place']}"
    kind = "gp-claim gp-failed" if found["slips"] else "gp-claim"
    return (
        f'<section class="{kind} gp-glance"><p class="gp-glance-title"><a href="{link}">{escape(title)}</a></p>'
        f'<p class="gp-source gp-attribution">{escape(where)}</p>{_decided(found, identity)}'
        f'<p class="gp-more"><a href="{link}">{escape(more)}</a></p></section>'
    )


def _decided(found: dict[str, Any], identity: str) -> str:
    """Return the first statement with its verdict, after the slip that it mends."""
    first = found["statements"][0]
    verdict = f'<p class="gp-verdict">{sign(first["status"])} {escape(first["scope"])}</p>'
    holds = f'<div class="gp-statement">{formula(first["latex"], identity, "checked")}{verdict}</div>'
    if not found["slips"]:
        return holds
    slip = found["slips"][0]
    return (
        f'<div class="gp-slip">{sheet(slip_rows(slip["kind"], slip["printed"], slip["shown"], holds, identity))}</div>'
    )
