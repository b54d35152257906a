"""Checked objects as HTML, for the pages of a site.

Each function returns one piece of a page.  Every formula in it is printed from the object that
was checked, and an object that does not pass its check is an error here, so that a page with a
false formula cannot be built.  Where an engraved formula stands on its own it carries
`data-checked`, the name of the object behind it, or `data-quoted` where a source is quoted as it
was printed; the site's build refuses any that carries neither.

Nothing here knows MkDocs, and nothing imports the engine, or SymPy beneath it, before the cache
has been asked: see `gradproof.cache`.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import io
import json
from dataclasses import asdict
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradproof import sources
from gradproof.cache import claim_digest, digest, drawing_digest, engine_digest, remember, sources_digest
from gradproof.pieces import (
    article,
    display,
    evidence_fold,
    fold,
    formula,
    left_side,
    numbered,
    prose,
    python_code,
    single_steps,
    step_lines,
    witness_text,
)
from gradproof.precision.fold import precision_fold, precision_of, precision_record
from gradproof.related import related
from gradproof.stated import claimed, conflicting, slip_section, statements, verdict_line
from gradproof.tool_row import RELATED, RESTS_ON, claim_row

if TYPE_CHECKING:
    from gradproof.claim import Claim, Examined, Source
    from gradproof.derivation import Derivation
    from gradproof.precision.fold import Found
    from gradproof.verdict import Verdict

__all__ = [
    "PageError",
    "claim",
    "completed",
    "data",
    "definition",
    "derivation",
    "example",
    "key",
    "proved",
    "record",
    "render_claim",
    "verdict_line",
]


#: Where the text of a licence stands.
LICENCES = {"CC BY-SA 4.0": "https://creativecommons.org/licenses/by-sa/4.0/"}


class PageError(Exception):
    """What a page was to show did not pass its check."""


def claim(identity: str) -> str:
    """Return a claim of the sources as HTML, with links to what is related; raise `PageError` if it does not hold."""
    made = _made(identity)
    return completed(identity, str(made["html"]), made["data"])


def record(identity: str) -> dict[str, Any]:
    """Return what tables and programs need of a claim, as plain data; raise `PageError` as `claim` does."""
    from gradproof.formal import shown

    made = _made(identity)
    rest = {key: made[key] for key in made if key not in ("html", "data")}
    return rest | {"evidence": [*made["evidence"], *map(asdict, shown.evidence(identity))]}


def data(identity: str) -> dict[str, Any]:
    """Return a claim as `gradproof show --json` has it; raise `PageError` as `claim` does."""
    from gradproof.formal import published

    return {**_made(identity)["data"], "certificate": published.data(identity)}


def completed(identity: str, html: str, found: dict[str, Any]) -> str:
    """Return the HTML of a claim or an entry with what depends on more than itself: what is related, what Coq says of it."""
    from gradproof.formal import shown  # here, since a reader's browser draws claims too, and runs no Coq

    rests_on = shown.rests_on(identity, found["verdict"]["evidence"])
    return html.replace(RELATED, related(identity)).replace(RESTS_ON, rests_on)


def key(identity: str) -> str:
    """Return the name under which a claim's HTML and record are kept: it changes with all that they depend on."""
    return digest("claim", identity, claim_digest(*sources.locate(identity)), drawing_digest())


def _made(identity: str) -> dict[str, Any]:
    """Prove and render a claim, or read what was made of it before."""
    return _kept(identity, key(identity))


@cache
def _kept(identity: str, key: str) -> dict[str, Any]:
    """Return what is stored under a key, which names all that it depends on; several tables ask for it in one build."""

    def make() -> str:
        from gradproof.data import of_claim

        made = sources.CLAIMS[identity]
        examined, found = made.examined(), precision_of(made.statements)
        html = render_claim(made, examined, found, RESTS_ON)  # raises unless all of it holds
        shown = _record(made, examined) | {"precision": precision_record(found)}
        return json.dumps(shown | {"html": html, "data": of_claim(made, examined)})

    found: dict[str, Any] = json.loads(remember(key, make))
    return found


def definition(identity: str) -> str:
    """Return a numbered definition of a source: an entry of its module's `DEFINITIONS`."""
    module, _, number = identity.partition(".")

    def make() -> str:
        equation = importlib.import_module(f"gradproof.sources.{module}").DEFINITIONS[number]
        label = f"({number})" if number[0].isdigit() else "definition"
        anchor = f'<a class="gp-number" href="#{identity}">{label}</a>'
        return f'<div class="gp-definition" id="{identity}">{numbered(display(equation, identity), anchor)}</div>'

    return remember(digest("definition", identity, claim_digest(module, "DEFINITIONS")), make)


def derivation(derived: Derivation, name: str = "derivation") -> str:
    """Return a derivation with its steps, or raise `PageError` if a step is wrong."""
    from gradproof.statements.base import everywhere

    verdict = proved(derived.verify(), name, derived)
    left = left_side(derived)
    steps = fold("Steps", step_lines(left, derived.lines), len(derived.lines))
    body = [display(left, name, derived.result), verdict_line(verdict, everywhere(derived.loss)), steps]
    return article("gp-derivation", name, *body, evidence_fold(verdict.evidence))


def example(path: str) -> str:
    """Run a Python file and return its code with what it printed, or with what its last line is worth."""
    code = Path(path).read_text("utf-8")
    uses_claims = "gradproof.sources" in code or "CLAIMS" in code
    rests_on = [engine_digest(), sources_digest()] if uses_claims else [engine_digest()]
    return remember(digest("example", path, code, *rests_on), lambda: _run(code, path))


def _run(code: str, path: str) -> str:
    tree = ast.parse(code, path)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None  # as a notebook shows it
    names: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(tree, path, "exec"), names)  # noqa: S102 -- running our own file is the purpose
        value: Any = None
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), path, "eval"), names)  # noqa: S307
    text = printed.getvalue()
    shown = f'<pre class="gp-output"><code>{escape(text)}</code></pre>' if text else ""
    if hasattr(value, "lines"):
        shown += derivation(value, Path(path).stem)
    elif value is not None:
        shown += f'<pre class="gp-output"><code>{escape(str(value))}</code></pre>'
    return f'<div class="gp-example">{python_code(code)}{shown}</div>'


# --- the parts of a claim -------------------------------------------------------------------


def render_claim(claim: Claim, examined: Examined | None = None, found: Found = (), rests_on: str | None = None) -> str:
    """Return the HTML of a claim that holds, with what was found of its precision; `claim` does so through the cache.

    rests_on: stands in place of the evidence.
    """
    examined = examined or claim.examined()
    proved(claim.judged(examined), claim.id, claim, f"{claim.place} of “{claim.source.title}”")
    slips = list(zip(claim.slips, examined.slips, examined.corrections, strict=True))
    stated = statements(claim, examined)
    whole = [slip_section(*one, claim, stated) for one in slips if not one[0].place]
    held = any(not one.place and one.corrected is None for one in claim.slips)  # they stand among a slip's rows
    return article(
        "gp-claim" if claim.kind.startswith("holds") else "gp-claim gp-failed",
        claim.id,
        _heading(claim),
        f'<p class="gp-said">{claimed(claim.claimed)}</p>' if claim.claimed else "",
        *whole,
        "" if held else stated,
        *(slip_section(*one, claim, "") for one in slips if one[0].place),
        f'<p class="gp-remark">{prose(claim.remark)}</p>' if claim.remark else "",
        _source_lines(claim),
        *map(single_steps, claim.derivations),
        evidence_fold(claim.judged(examined).evidence) if rests_on is None else rests_on,
        precision_fold(found, claim.id),
        _origin(claim),
        claim_row(claim),
    )


def _source_lines(claim: Claim) -> str:
    """Return the lines of the source, where it has its own."""
    if not claim.lines:
        return ""
    left = claim.statements[0].left  # type: ignore[attr-defined] # only an equality has lines
    return fold("Steps, line by line", step_lines(left, claim.lines), len(claim.lines))


def _record(claim: Claim, examined: Examined) -> dict[str, Any]:
    """Return a claim as plain data: what tables show, and what other programs may read."""
    verdict = claim.judged(examined)
    return {
        "id": claim.id,
        "source": claim.source.title,
        "text": claim.source.short,
        "author": claim.source.author,
        "licence": claim.source.licence,
        "place": claim.place,
        "printed": claim.printed,
        "claimed": claim.claimed,
        "kind": claim.kind,
        "statements": [
            {"kind": type(s).__name__, "latex": s.latex(), "status": v.status, "scope": s.scope()}
            for s, v in zip(claim.statements, examined.statements, strict=True)
        ],
        "slips": [
            {
                "kind": slip.kind,
                "place": slip.place,
                "printed": slip.printed,
                "reading": slip.reading.latex(),
                "witness": v.shown(),
                "shown": witness_text(v),
                "corrected": (slip.corrected or claim.statements[0]).latex(),
            }
            for slip, v in zip(claim.slips, examined.slips, strict=True)
        ],
        "evidence": [
            {"kind": e.kind, "outcome": e.outcome, "says": e.says, "rests_on": e.rests_on} for e in verdict.evidence
        ],
    }


def proved(verdict: Verdict, name: str, formula: object, where: str = "") -> Verdict:
    """Let a proved verdict pass; of any other, say which formula, where, and the first wrong step."""
    wrong = [item for item in verdict.evidence if item.outcome == "disagrees"]
    if verdict.status == "proved" and not wrong:
        return verdict
    lines = [f"{name}{where and f' ({where})'} is {verdict.status}, so it cannot be published", f"formula: {formula}"]
    lines += [f"first wrong step: {verdict.reason}"] if verdict.reason else []
    lines += [str(verdict.witness)] if verdict.witness else []
    lines += verdict.fault.told() if verdict.fault else []
    raise PageError("\n  ".join([*lines, *map(str, wrong)]))


def _heading(claim: Claim) -> str:
    place = escape(claim.place[:1].upper() + claim.place[1:])
    link = f'<a class="gp-place" href="#{claim.id}">{place}</a>'
    return f'<header class="gp-source">{link} {_attribution(claim.source)}</header>'


def _origin(claim: Claim) -> str:
    """Return the formula as the source has it, and the definitions it stands on, folded."""
    shown = any(slip.printed == claim.printed for slip in claim.slips)
    printed = formula(claim.printed, claim.id) if claim.printed and not shown else ""
    stated = dict.fromkeys(d for s in claim.statements for d in getattr(s, "definitions", ()))
    if conflicting(claim):
        stated = {}  # they stand below each statement
    defined = "".join(display(equation, claim.id) for equation in stated)
    titles = ["As printed"] * bool(printed) + ["Definitions"] * bool(defined)
    given = f"<p>The letters stand for</p>{defined}" if printed and defined else defined
    if not titles:
        return ""
    summary = " · ".join(titles)
    return f'<details class="gp-fold"><summary>{summary}</summary>{printed}{given}</details>'


def _attribution(source: Source) -> str:
    title = f"<cite>{escape(source.title)}</cite>"
    if source.url:
        title = f'<a href="{escape(source.url)}">{title}</a>'
    licence = escape(source.licence)
    if source.licence in LICENCES:
        licence = f'<a rel="license" href="{LICENCES[source.licence]}">{licence}</a>'
    rest = [escape(str(part)) for part in (source.author, source.year) if part] + [licence] * bool(licence)
    return f'<span class="gp-attribution">{title}, {", ".join(rest)}</span>'
