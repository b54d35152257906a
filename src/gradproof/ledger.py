"""All claims at once: the ledger and the errata.

Everything is taken from what was proved when the claim's own block was made; see `page.record`.
Nothing here imports the engine.
"""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import Any

from gradproof import page, sources
from gradproof.pieces import formula, sign
from gradproof.related import address
from gradproof.stated import SLIPS

__all__ = ["errata", "ledger", "summary"]

#: Kinds of evidence whose slopes or numbers share no code with the proof's: three for each gradient, one for each number.
OTHER_CODE = ("remainder", "second prover", "complex step", "second enclosure")


def _records() -> list[dict[str, Any]]:
    return [page.record(identity) for identity in sources.IDS]


def summary() -> str:
    """Return one sentence with the numbers of claims by verdict."""
    count = Counter(record["kind"].partition(" to order")[0] for record in _records())
    slips = [slip["kind"] for record in _records() for slip in record["slips"]]
    return (
        f'<p class="gp-summary">{sum(count.values())} statements: {count["holds"]} hold, some of them as approximations of a'
        f" stated order; {count['misprint']} are misprinted and {count['false']} are false. Counting single lines and signs,"
        f" {len(slips)} things need mending, of which {slips.count('sign')} are an “=” for “≈”.</p>"
    )


def ledger() -> str:
    """Return the table of all claims: what is said, the verdict, what it rests on, where it stands."""
    rows = "".join(map(_row, _records()))
    titles = ("Claim", "Verdict", "Statement", "Rests on")
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    return f'<table class="gp-ledger" data-sortable data-choices="kind=Verdict" data-search-exclude><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _row(record: dict[str, Any]) -> str:
    name, kind = record["id"], record["kind"]
    first = record["statements"][0]
    said = f"<small>{escape(record['claimed'])}</small>" if record["claimed"] else ""
    formula = _formula(first["latex"], name)
    kinds = dict.fromkeys(e["kind"] for e in record["evidence"] if e["outcome"] == "agrees")
    proof, others = (", ".join(k for k in kinds if (k in OTHER_CODE) == other) for other in (False, True))
    by_others = f"<small>and by other code: {escape(others)}</small>" if others else ""
    return (
        f'<tr data-kind="{_word(kind).lower()}"><th scope="row"><a href="site:{address(name)}">{escape(name)}</a>'
        f"<small>{escape(record['text'])}, {escape(record['place'])}</small></th>"
        f'<td data-sort="{escape(kind)}">{_sign(kind)}</td><td>{said}{formula}</td><td>{escape(proof)}{by_others}</td></tr>'
    )


def errata() -> str:
    """Return the table of all that failed as printed: as printed, why it fails, what holds."""
    rows = "".join(_erratum(record, slip) for record in _records() for slip in record["slips"])
    titles = ("Where", "As printed, or read", "Refuted", "Holds")
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    return f'<table class="gp-errata" data-sortable data-choices="kind=Verdict" data-search-exclude><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _erratum(record: dict[str, Any], slip: dict[str, Any]) -> str:
    name = record["id"]
    where = ", ".join(filter(None, (record["text"], record["place"], slip["place"])))
    said = f"<small>{escape(record['claimed'])}</small>" if record["claimed"] and not slip["place"] else ""
    printed = _formula(slip["printed"], name, "quoted") if slip["printed"] else ""
    if not printed or slip["kind"] == "false":
        printed += _formula(slip["reading"], name)
    return (
        f'<tr data-kind="{slip["kind"]}"><th scope="row"><a href="site:{address(name)}">{escape(name)}</a><small>{escape(where)}</small></th>'
        f"<td>{_sign(slip['kind'])}{said}{printed}</td><td><div>{slip['shown']}</div></td>"
        f"<td>{_formula(slip['corrected'], name)}</td></tr>"
    )


def _word(kind: str) -> str:
    return SLIPS.get(kind, "Holds")


def _sign(kind: str) -> str:
    """Return the verdict as a sign and words."""
    return sign("proved" if kind.startswith("holds") else "refuted", SLIPS.get(kind) or kind.capitalize())


def _formula(latex: str, name: str, mark: str = "checked") -> str:
    return formula(latex, name, mark, display=False)
