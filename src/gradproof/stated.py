"""What a claim states as HTML: its statements with the verdict on each, and its slips, as printed, failing, mended."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from gradproof.pieces import display, formula, numbered, prose, sheet, sign, tex, witness_text
from gradproof.typeset import typeset

if TYPE_CHECKING:
    from gradproof.claim import Claim, Examined, Slip
    from gradproof.statements import Statement
    from gradproof.verdict import Verdict

__all__ = ["SLIPS", "claimed", "conflicting", "slip_rows", "slip_section", "statements", "verdict_line"]

SLIPS = {"misprint": "Misprint", "sign": "“=” for “≈”", "false": "False"}


def claimed(text: str) -> str:
    """Return what is claimed as a sentence; a question is asked."""
    asked = text.startswith("(asked) ")
    return f"Asked: {escape(text.removeprefix('(asked) '))}" if asked else f"Claimed: {escape(text)}."


def statements(claim: Claim, examined: Examined) -> str:
    """Return the statements; neighbours with one verdict, word for word, share its line."""
    pairs = list(zip(claim.statements, examined.statements, strict=True))
    lines = [*(_verdict_line(statement, verdict) for statement, verdict in pairs), ""]
    own = conflicting(claim)
    number = claim.place.removeprefix("equation ")
    number = f'<span class="gp-number">{number}</span>' if number.startswith("(") else ""
    shown = []
    for n, (statement, _) in enumerate(pairs):
        shown.append(_noted(statement, claim.id, own, "" if n else number))
        if lines[n] != lines[n + 1]:
            shown.append(lines[n])
    return f'<div class="gp-statement">{"".join(shown)}</div>'


def _noted(statement: Statement, name: str, own: bool = False, number: str = "") -> str:
    """Return a statement's formula below its note, with its number; with `own`, its definitions below it."""
    note = getattr(statement, "note", "")
    head = f'<p class="gp-note">{prose(note)}</p>' if note else ""
    defined = getattr(statement, "definitions", ()) if own else ()
    where = "<p>where</p>" + "".join(display(d, name) for d in defined) if defined else ""
    folded = f'<details class="gp-fold"><summary>The letters</summary>{where}</details>' if where else ""
    return head + numbered(formula(statement.latex(), name, "checked"), number) + folded


def conflicting(claim: Claim) -> bool:
    """Whether a letter stands for two things in a claim's statements: defined twice, or defined and free."""
    defined: dict[str, set[Any]] = {}
    free: set[str] = set()
    for statement in claim.statements:
        own = {_head(d.lhs): d for d in getattr(statement, "definitions", ())}
        for name, definition in own.items():
            defined.setdefault(name, set()).add(definition)
        sides = [getattr(statement, side, None) for side in ("left", "right", "exact", "model")]
        used = {_head(e) for side in sides if side is not None for e in side.free_symbols}
        free |= used - own.keys()
    return any(len(ways) > 1 or name in free for name, ways in defined.items())


def _head(e: Any) -> str:
    """Return the name of a symbol, or of the array of an entry."""
    return str(getattr(getattr(e, "base", e), "label", e))


def _verdict_line(statement: Statement, verdict: Verdict) -> str:
    return verdict_line(verdict, witness_text(verdict) if verdict.witness else escape(statement.scope()))


def verdict_line(verdict: Verdict, scope: str) -> str:
    """Return a verdict, for what it holds, and what is assumed."""
    given = ", ".join(typeset(tex(relation)) for relation in verdict.assumptions)
    assuming = f'<span class="gp-assuming">assuming {given}</span>' if given else ""
    return f'<p class="gp-verdict">{sign(verdict.status)} {scope} {assuming}</p>'


def slip_section(slip: Slip, verdict: Verdict, mended: Verdict, claim: Claim, held: str) -> str:
    """Show what a source printed wrongly: as printed, where it fails, and mended, by the claim's statements if by no other."""
    where = escape(slip.place) or f"false as {'printed' if slip.printed else 'it stands'}"
    holds = _noted(slip.corrected, claim.id) + _verdict_line(slip.corrected, mended) if slip.corrected else held
    rows = slip_rows(slip.kind, slip.printed, witness_text(verdict), holds, claim.id)
    says = "For one case" if slip.instance else "Read literally"
    rows.insert(bool(slip.printed), (says, formula(slip.reading.latex(), claim.id, "checked")))
    if slip.why:
        rows.insert(len(rows) - bool(holds), ("How so", f"<p>{prose(slip.why)}</p>"))
    head = f'<p class="gp-verdict">{sign("refuted", SLIPS[slip.kind])} {where}</p>'
    return f'<section class="gp-slip">{head}{sheet(rows)}</section>'


def slip_rows(kind: str, printed: str, fails: str, holds: str, name: str) -> list[tuple[str, str]]:
    """Return a slip in the order in which it is grasped: as printed, where it fails, and what holds; each as HTML."""
    rows = [("As printed", formula(printed, name) if printed else "")]
    rows.append((sign("refuted"), f"<p>{fails}</p>"))
    rows.append((sign("proved", "Holds" if kind == "false" else "Meant"), holds))
    return [row for row in rows if row[1]]
