"""The row of tools below each claim and each entry: its address, its code, how to cite it, the same as data.

Links to other pages of the site begin with `site:`, and its own address within other text with `site-url:`;
the build puts both right.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from gradproof.pieces import inline, python_code, tex

if TYPE_CHECKING:
    from gradproof.claim import Claim
    from gradproof.reference.entry import Entry

__all__ = ["RELATED", "RESTS_ON", "bibtex", "claim_row", "entry_row"]

YEAR = "2026"  # of this version
RELATED = "<!--related-->"  # what is related depends on all claims, so that it is put in when a page is made
RESTS_ON = "<!--rests on-->"  # and so is the evidence, since Coq's answer may come later than all else
SPECIAL = str.maketrans({letter: f"\\{letter}" for letter in "&%$#_{}"})


def claim_row(claim: Claim) -> str:
    """Return the tools of a claim."""
    from gradproof.asking import of_claim
    from gradproof.related import address

    code = f'from gradproof import CLAIMS\n\nprint(CLAIMS["{claim.id}"].verify())\n'
    title = f"{claim.place[:1].upper()}{claim.place[1:]} of “{claim.source.title}”, decided"
    return _row(claim.id, [("Try it", of_claim(claim.id))], code, bibtex(claim.id, title, address(claim.id)))


def entry_row(entry: Entry) -> str:
    """Return the tools of an entry; each of several gradients can be tried."""
    from gradproof.asking import of_gradient
    from gradproof.related import address

    code = (
        f'from gradproof import REFERENCE\n\nentry = REFERENCE["{entry.id}"]\n'
        "print(entry.verify())\nprint(entry.statements[0].derivation)  # every single step\n"
    )
    several = len(entry.statements) > 1
    tries = [
        (f"Try {inline(tex(statement.left))}" if several else "Try it", of_gradient(entry.id, n))
        for n, statement in enumerate(entry.statements)
    ]
    return _row(entry.id, tries, code, bibtex(entry.id, f"{entry.title}, with its gradient proved", address(entry.id)))


def bibtex(identity: str, title: str, place: str) -> str:
    r"""Return how to cite a page's claim.

    >>> print(bibtex("a.1", "Rates & signs", "a/#a.1"))
    @misc{gradproof:a.1,
      title        = {Rates \& signs},
      author       = {{The gradproof maintainers}},
      year         = {2026},
      howpublished = {gradproof 0.1.0},
      url          = {site-url:a/#a.1},
    }
    """
    from gradproof import __version__

    fields = {
        "title": title.translate(SPECIAL),
        "author": "{The gradproof maintainers}",
        "year": YEAR,
        "howpublished": f"gradproof {__version__}",
        "url": f"site-url:{place}",
    }
    lines = "".join(f"  {name:<12} = {{{value}}},\n" for name, value in fields.items())
    return f"@misc{{gradproof:{identity},\n{lines}}}"


def _row(identity: str, tries: list[tuple[str, str]], code: str, citation: str) -> str:
    links = "".join(f'<a class="gp-try" href="site:check/#{escape(asked)}">{title}</a>' for title, asked in tries)
    cited = f'<div class="highlight"><pre><code>{escape(citation)}</code></pre></div>'
    return (
        f'{RELATED}<footer class="gp-row" data-search-exclude>'
        f'{links}<a class="gp-permalink" href="#{identity}">#{identity}</a><a href="site:claims/{identity}.json">JSON</a>'
        f"<details><summary>Python</summary>{python_code(code)}</details>"
        f"<details><summary>Cite</summary>{cited}</details></footer>"
    )
