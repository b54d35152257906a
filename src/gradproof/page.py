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
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradproof import sources
from gradproof.cache import claim_digest, digest, engine_digest, remember, sources_digest
from gradproof.typeset import typeset

if TYPE_CHECKING:
    from gradproof.claim import Claim, Examined, Slip, Source
    from gradproof.derivation import Derivation
    from gradproof.rules import Rule
    from gradproof.statements import Statement
    from gradproof.verdict import Evidence, Verdict

__all__ = ["PageError", "claim", "definition", "derivation", "example", "formula", "record", "rules_table"]

SIGNS = {"proved": "✓", "refuted": "✗", "undecided": "?", "agrees": "✓", "disagrees": "✗", "missing": "–"}
FOLDED_FROM = 5  # lines; a shorter derivation is read at once
WIDE = 60  # characters of LaTeX


class PageError(Exception):
    """What a page was to show did not pass its check."""


def claim(identity: str) -> str:
    """Return a claim of the sources as HTML, or raise `PageError` if it does not hold."""
    return str(_made(identity)["html"])


def record(identity: str) -> dict[str, Any]:
    """Return what tables and programs need of a claim, as plain data; raise `PageError` as `claim` does."""
    made = _made(identity)
    return {key: made[key] for key in made if key != "html"}


def _made(identity: str) -> dict[str, Any]:
    """Prove and render a claim, or read what was made of it before."""

    def make() -> str:
        made = sources.CLAIMS[identity]
        examined = made.examined()
        html = render_claim(made, examined)  # raises unless all of it holds
        return json.dumps(_record(made, examined) | {"html": html})

    module, function = sources.locate(identity)
    found: dict[str, Any] = json.loads(remember(digest("claim", identity, claim_digest(module, function)), make))
    return found


def definition(identity: str) -> str:
    """Return a numbered definition of a source: an entry of its module's `DEFINITIONS`."""
    module, _, number = identity.partition(".")

    def make() -> str:
        equation = importlib.import_module(f"gradproof.sources.{module}").DEFINITIONS[number]
        label = f"({number})" if number[0].isdigit() else "definition"
        anchor = f'<a class="gp-number" href="#{identity}">{label}</a>'
        return f'<div class="gp-definition" id="{identity}">{_display(equation, identity)}{anchor}</div>'

    return remember(digest("definition", identity, claim_digest(module, "DEFINITIONS")), make)


def derivation(derived: Derivation, name: str = "derivation") -> str:
    """Return a derivation with its steps, or raise `PageError` if a step is wrong."""
    verdict = _proved(derived.verify(), name, derived)
    left = _left(derived)
    steps = _fold("Steps", _lines(left, derived.lines), len(derived.lines))
    body = [_display(left, name, derived.result), _verdict(verdict, derived.loss), steps]
    return _article("gp-derivation", name, *body, _evidence(verdict.evidence))


def rules_table() -> str:
    """Return the table of rules, each with its law and, where one line shows it, an example."""

    def make() -> str:
        from gradproof.rules import CHAIN_THROUGH, RULES, SUBSTITUTION, SUM_RULES

        head = '<tr><th scope="col">Rule</th><th scope="col">Law, and an example</th></tr>'
        rows = "".join(map(_rule_row, (*RULES, CHAIN_THROUGH, SUBSTITUTION, *SUM_RULES)))
        return f'<table class="gp-rules"><thead>{head}</thead><tbody>{rows}</tbody></table>'

    return remember(digest("rules", engine_digest()), make)


def _rule_row(rule: Rule) -> str:
    """Return a rule's row; its law is proved, and its example derived and verified, as all else is."""
    shown = ""
    if len(rule.example) == 2 and rule.example[0] != rule.example[1]:
        from gradproof.derivation import derive

        derived = derive(*rule.example)
        _proved(derived.verify(), f"the example of the {rule.name}", derived)
        shown = f'<div class="gp-instance">{_display(_left(derived), rule.name, derived.result)}</div>'
    where = f"<small>{escape(rule.where)}</small>" if rule.where else ""
    name = f'<th scope="row">{escape(rule.name)}<small>{_law_verdict(rule)}</small></th>'
    return f'<tr id="{_slug(rule.name)}">{name}<td>{_display(rule.law, rule.name)}{where}{shown}</td></tr>'


def _law_verdict(rule: Rule) -> str:
    """Return what is known of a law; a refuted one is an error.

    Three speak of a model's named quantities.  With no model at hand these are mere letters, and
    both sides of the chain rule are 0: a verdict would say nothing.
    """
    from gradproof.checks.steps import LineChecker
    from gradproof.rules import CHAIN_THROUGH, DEFINITION, SUBSTITUTION

    if rule.name in (CHAIN_THROUGH.name, DEFINITION.name, SUBSTITUTION.name):
        return "checked at each use"
    verdict = LineChecker(()).equal(*rule.law.args)
    if verdict.status == "refuted":
        _proved(verdict, f"the law of the {rule.name}", rule.law)
    return _sign(verdict.status)


def example(path: str) -> str:
    """Run a Python file and return its code with what it printed, or with what its last line is worth."""
    code = Path(path).read_text("utf-8")
    rests_on = [engine_digest(), sources_digest()] if "gradproof.sources" in code else [engine_digest()]
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
    return f'<div class="gp-example">{_code(code)}{shown}</div>'


# --- the parts of a claim -------------------------------------------------------------------


def render_claim(claim: Claim, examined: Examined | None = None) -> str:
    """Return the HTML of a claim that holds; `claim` does so through the cache."""
    examined = examined or claim.examined()
    _proved(claim.judged(examined), claim.id, claim, f"{claim.place} of “{claim.source.title}”")
    slips = [
        (slip, _slip(slip, verdict, mended, claim))
        for slip, verdict, mended in zip(claim.slips, examined.slips, examined.corrections, strict=True)
    ]
    code = f'from gradproof import CLAIMS\n\nprint(CLAIMS["{claim.id}"].verify())\n'
    return _article(
        "gp-claim" if claim.kind.startswith("holds") else "gp-claim gp-failed",
        claim.id,
        _heading(claim),
        f'<p class="gp-said">Claimed: {escape(claim.claimed)}.</p>' if claim.claimed else "",
        *(html for slip, html in slips if not slip.place),
        *(_statement(s, v, claim.id) for s, v in zip(claim.statements, examined.statements, strict=True)),
        *(html for slip, html in slips if slip.place),
        f'<p class="gp-remark">{_prose(claim.remark)}</p>' if claim.remark else "",
        _source_lines(claim),
        *map(_single_steps, claim.derivations),
        _evidence(claim.judged(examined).evidence),
        _origin(claim),
        f'<details class="gp-fold"><summary>Check it yourself</summary>{_code(code)}</details>',
    )


def _statement(statement: Statement, verdict: Verdict, name: str) -> str:
    """Return one statement with the verdict on it."""
    given = ", ".join(typeset(_latex(relation)) for relation in verdict.assumptions)
    assuming = f'<span class="gp-assuming">assuming {given}</span>' if given else ""
    line = (
        f'<p class="gp-verdict gp-{verdict.status}">{_sign(verdict.status)} {escape(statement.scope())} {assuming}</p>'
    )
    return formula(statement.latex(), name, "checked") + line


def _slip(slip: Slip, verdict: Verdict, mended: Verdict, claim: Claim) -> str:
    """Show what a source printed wrongly: as printed, refuted, and mended."""
    word = "Misprint" if slip.meant else "False"
    where = escape(slip.place) + (", as printed" if slip.printed else "")
    corrected = _statement(slip.corrected, mended, claim.id) if slip.corrected else ""
    parts = (
        f'<p class="gp-verdict">{_sign("refuted", word)} {where or "as it stands"}</p>',
        formula(slip.printed, claim.id) if slip.printed else "",
        "<p>Read literally, this is</p>",
        formula(slip.reading.latex(), claim.id, "checked"),
        f"<p>which is false: {_witness(verdict)}.</p>",
        f'<p class="gp-why">{_prose(slip.why)}</p>' if slip.why else "",
        f"<p>{'What was meant' if slip.meant else 'What holds instead'}:</p>" if corrected or not slip.place else "",
        corrected,
    )
    return f'<section class="gp-misprint">{"".join(parts)}</section>'


def _witness(verdict: Verdict) -> str:
    """Return the point at which a statement fails, with the values of both sides; else what was found."""
    witness = verdict.witness
    if witness is None:
        return escape(verdict.shown())
    point = [f"{_name(name, value)} = {_value(value)}" for name, value in {**witness.sizes, **witness.values}.items()]
    point += [f"{name} = {_value(value)}" for name, value in witness.functions.items()]
    where = "at " + ", ".join(map(typeset, point)) if point else "here"
    reason = f"{escape(verdict.reason)}; " if verdict.reason else ""
    return f"{reason}{where} the two are {escape(witness.left)} and {escape(witness.right)}"


def _name(name: str, value: Any) -> str:
    from sympy import IndexedBase, Symbol

    return _latex(IndexedBase(name) if isinstance(value, tuple) else Symbol(name))


def _value(value: Any) -> str:
    """Return a number, an array, or a function's formula as LaTeX."""
    if isinstance(value, tuple):
        return r"\left(" + ",\\, ".join(map(_value, value)) + r"\right)"
    return str(value).replace("**", "^").replace("*", r"\,")


def _source_lines(claim: Claim) -> str:
    """Return the lines of the source, where it has its own."""
    if not claim.lines:
        return ""
    left = claim.statements[0].left  # type: ignore[attr-defined] # only an equality has lines
    return _fold("Steps, line by line", _lines(left, claim.lines), len(claim.lines))


def _record(claim: Claim, examined: Examined) -> dict[str, Any]:
    """Return a claim as plain data: what tables show, and what other programs may read."""
    verdict = claim.judged(examined)
    return {
        "id": claim.id,
        "source": claim.source.title,
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
                "corrected": (slip.corrected or claim.statements[0]).latex(),
            }
            for slip, v in zip(claim.slips, examined.slips, strict=True)
        ],
        "evidence": [
            {"kind": e.kind, "outcome": e.outcome, "says": e.says, "rests_on": e.rests_on} for e in verdict.evidence
        ],
    }


def _proved(verdict: Verdict, name: str, formula: object, where: str = "") -> Verdict:
    """Let a proved verdict pass; of any other, say which formula, where, and the first wrong step."""
    wrong = [item for item in verdict.evidence if item.outcome == "disagrees"]
    if verdict.status == "proved" and not wrong:
        return verdict
    lines = [f"{name}{where and f' ({where})'} is {verdict.status}, so it cannot be published", f"formula: {formula}"]
    lines += [f"first wrong step: {verdict.reason}"] if verdict.reason else []
    lines += [str(verdict.witness)] if verdict.witness else []
    raise PageError("\n  ".join([*lines, *map(str, wrong)]))


def _heading(claim: Claim) -> str:
    number = f'<a class="gp-number" href="#{claim.id}">{escape(claim.place)}</a>'
    return f'<header class="gp-source">{number} {_attribution(claim.source)}</header>'


def _origin(claim: Claim) -> str:
    """Return the formula as the source has it, and the definitions it stands on, folded."""
    printed = formula(claim.printed, claim.id) if claim.printed else ""
    stated = dict.fromkeys(d for s in claim.statements for d in getattr(s, "definitions", ()))
    defined = "".join(_display(equation, claim.id) for equation in stated)
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
    rest = [str(part) for part in (source.author, source.year, source.licence) if part]
    return f'<span class="gp-attribution">{title}, {escape(", ".join(rest))}</span>'


def _verdict(verdict: Verdict, formula: Any) -> str:
    sized = any(s.is_integer for s in formula.free_symbols)
    general = "size and every value" if sized else "value"
    scope = f" for every {general} at which both sides are defined" if formula.free_symbols else ""
    given = ", ".join(typeset(_latex(relation)) for relation in verdict.assumptions)
    assuming = f'<span class="gp-assuming">assuming {given}</span>' if given else ""
    return f'<p class="gp-verdict gp-{verdict.status}">{_sign(verdict.status)} {scope} {assuming}</p>'


def _single_steps(derived: Derivation) -> str:
    """Return every step of a derivation, and before it those of the adjoints that it uses."""
    parts = [part for part in (*derived.adjoints, derived) if part.steps]
    body = "".join(_lines(_left(part), [(step.after, step.rule.name) for step in part.steps]) for part in parts)
    summary = f"Every single step of {_inline(_latex(_left(derived)))} ({sum(len(part.steps) for part in parts)})"
    return f'<details class="gp-fold"><summary>{summary}</summary>{body}</details>' if parts else ""


def _lines(lhs: object, lines: Iterable[tuple[Any, str]]) -> str:
    """Return the lines of a derivation, aligned at their equality signs, each with its rule beside it."""
    left = _latex(lhs)
    rows, left_cell = [], _inline(left)
    if len(left) > WIDE:  # a long left side would push all lines to the right: give it a line of its own
        rows.append(f'<li><span class="gp-left gp-alone">{left_cell}</span></li>')
        left_cell = ""
    for expression, rule in lines:
        formula = _inline("{}= " + _latex(expression))
        rows.append(
            f'<li><span class="gp-left">{left_cell}</span><span class="gp-right" tabindex="0">{formula}</span>'
            f'<span class="gp-rule">{escape(rule)}</span></li>'
        )
        left_cell = ""
    return f'<ol class="gp-lines">{"".join(rows)}</ol>'


def _evidence(evidence: tuple[Evidence, ...]) -> str:
    agreeing = [item for item in evidence if item.outcome == "agrees"]
    rows = "".join(
        f"<li>{_sign(item.outcome, item.kind)} <span>{escape(item.says)}</span> "
        f"<small>rests on {escape(item.rests_on)}</small></li>"
        for item in evidence
    )
    kinds = ", ".join(dict.fromkeys(item.kind for item in agreeing))
    summary = f"Rests on {len(agreeing)} check{'s' if len(agreeing) != 1 else ''}: {escape(kinds)}"
    return f'<details class="gp-fold gp-evidence"><summary>{summary}</summary><ul>{rows}</ul></details>'


# --- small pieces ---------------------------------------------------------------------------


def _article(kind: str, name: str, *body: str) -> str:
    return f'<article class="{kind}" id="{escape(name)}">{"".join(body)}</article>\n'


def _fold(title: str, body: str, length: int) -> str:
    state = "" if length >= FOLDED_FROM else " open"
    return f'<details class="gp-fold"{state}><summary>{title} ({length})</summary>{body}</details>'


def _sign(status: str, word: str = "") -> str:
    """Return a verdict as a sign and a word: colour alone would tell some readers nothing."""
    sign = f'<span aria-hidden="true">{SIGNS[status]}</span>'
    return f'<strong class="gp-{status}">{sign} {escape(word) or status.title()}</strong>'


def _left(derived: Derivation) -> Any:
    from gradproof.lines import derivative

    return derivative(derived.loss if derived.name is None else derived.name, derived.wrt)


def _latex(expression: object) -> str:
    from gradproof.latex import to_latex

    return to_latex(expression)


def _display(expression: object, name: str, equals: object = None) -> str:
    latex = _latex(expression) if equals is None else f"{_latex(expression)} = {_latex(equals)}"
    return formula(latex, name, "checked")


def formula(latex: str, name: str, mark: str = "quoted", display: bool = True) -> str:
    """Return a formula on its own: quoted as its author printed it, or printed from a checked object.

    What a source has as plain text is quoted as such; a line of a longer display keeps its alignment.
    """
    if not latex.isascii():
        return f'<p class="gp-plain" data-{mark}="{escape(name)}">{escape(latex)}</p>'
    if "&" in latex and r"\begin" not in latex:
        latex = rf"\begin{{aligned}} {latex} \end{{aligned}}"
    body = typeset(latex, display=True) if display else _inline(latex)
    kind = "gp-formula" if display else "gp-cell"
    return f'<div class="{kind}" tabindex="0" data-{mark}="{escape(name)}">{body}</div>'


def _inline(latex: str) -> str:
    return typeset(rf"\displaystyle {latex}") if latex else ""


def _slug(name: str) -> str:
    return "rule-" + "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def _prose(text: str) -> str:
    """Return a sentence as HTML; formulas in it stand between dollar signs."""
    parts = text.split("$")
    return "".join(typeset(part) if n % 2 else escape(part) for n, part in enumerate(parts))


def _code(source: str) -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return str(highlight(source, PythonLexer(), HtmlFormatter(cssclass="highlight", wrapcode=True)))
