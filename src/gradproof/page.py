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
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradproof import sources
from gradproof.cache import claim_digest, digest, engine_digest, remember, sources_digest
from gradproof.typeset import typeset

if TYPE_CHECKING:
    from gradproof.claim import Claim, Misprint, Source
    from gradproof.derivation import Derivation
    from gradproof.rules import Rule
    from gradproof.verdict import Evidence, Verdict, Witness

__all__ = ["PageError", "claim", "definition", "derivation", "example", "rules_table"]

SIGNS = {"proved": "✓", "refuted": "✗", "undecided": "?", "agrees": "✓", "disagrees": "✗", "missing": "–"}
FOLDED_FROM = 5  # lines; a shorter derivation is read at once
WIDE = 60  # characters of LaTeX


class PageError(Exception):
    """What a page was to show did not pass its check."""


def claim(identity: str) -> str:
    """Return a claim of the sources as HTML, or raise `PageError` if it does not hold."""
    module, function = sources.locate(identity)
    return remember(digest("claim", claim_digest(module, function)), lambda: render_claim(sources.claim(identity)))


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


def render_claim(claim: Claim) -> str:
    """Return the HTML of a claim that holds; `claim` does so through the cache."""
    verdict = _proved(claim.verify(), claim.id, claim.statement, f"{claim.place} of “{claim.source.title}”")
    code = f'from gradproof.sources import claim\n\nprint(claim("{claim.id}").verify())\n'
    steps = ""
    if claim.lines:
        steps = _fold("Steps, line by line", _lines(claim.statement.lhs, claim.lines), len(claim.lines))
    return _article(
        "gp-claim",
        claim.id,
        _heading(claim),
        _display(claim.statement, claim.id),
        _verdict(verdict, claim.statement),
        *(_misprint(misprint, claim) for misprint in claim.misprints),
        f'<p class="gp-remark">{_prose(claim.remark)}</p>' if claim.remark else "",
        steps,
        _single_steps(claim.derivation),
        _evidence(verdict.evidence),
        _origin(claim),
        f'<details class="gp-fold"><summary>Check it yourself</summary>{_code(code)}</details>',
    )


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
    printed = _printed(claim.printed, claim.id) if claim.printed else ""
    defined = "".join(_display(equation, claim.id) for equation in claim.definitions)
    titles = ["As printed"] * bool(printed) + ["Definitions"] * bool(defined)
    given = f"<p>The letters stand for</p>{defined}" if printed and defined else defined
    if not titles:
        return ""
    summary = " · ".join(titles)
    return f'<details class="gp-fold"><summary>{summary}</summary>{printed}{given}</details>'


def _attribution(source: Source) -> str:
    title = f'<a href="{escape(source.url)}"><cite>{escape(source.title)}</cite></a>'
    rest = [str(part) for part in (source.author, source.year, source.licence) if part]
    return f'<span class="gp-attribution">{title}, {escape(", ".join(rest))}</span>'


def _verdict(verdict: Verdict, formula: Any) -> str:
    sized = any(s.is_integer for s in formula.free_symbols)
    general = "size and every value" if sized else "value"
    scope = f" for every {general} at which both sides are defined" if formula.free_symbols else ""
    given = ", ".join(typeset(_latex(relation)) for relation in verdict.assumptions)
    assuming = f'<span class="gp-assuming">assuming {given}</span>' if given else ""
    return f'<p class="gp-verdict gp-{verdict.status}">{_sign(verdict.status)} {scope} {assuming}</p>'


def _misprint(misprint: Misprint, claim: Claim) -> str:
    """Show a line that a source printed wrongly: as printed, refuted, and mended."""
    verdict = misprint.verdict
    if verdict.status != "refuted":
        raise PageError(f"{claim.id}: the misprint at {misprint.place} is {verdict.status}, not refuted")
    parts = (
        f'<p class="gp-verdict">{_sign("refuted", "Misprint")} {escape(misprint.place)}, as printed</p>',
        _printed(misprint.printed, claim.id),
        "<p>Read literally, this is</p>",
        _display(misprint.reading, claim.id),
        f"<p>which is false: {escape(_refutation(verdict.witness))}</p>" if verdict.witness else "",
        "<p>What was meant:</p>",
        _display(misprint.corrected, claim.id),
    )
    return f'<section class="gp-misprint">{"".join(parts)}</section>'


def _refutation(witness: Witness) -> str:
    """Say which side has which value."""
    where = str(witness).rpartition(":")[0]
    return f"{where} the left side is {witness.left}, and the right side {witness.right}."


def _single_steps(derived: Derivation | None) -> str:
    """Return every step of a derivation, and before it those of the adjoints that it uses."""
    parts = [part for part in (*derived.adjoints, derived) if part.steps] if derived else []
    if not parts:
        return ""
    body = "".join(_lines(_left(part), [(step.after, step.rule.name) for step in part.steps]) for part in parts)
    summary = f"Every single step ({sum(len(part.steps) for part in parts)})"
    return f'<details class="gp-fold"><summary>{summary}</summary>{body}</details>'


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
    return _printed(latex, name, "checked")


def _printed(latex: str, name: str, mark: str = "quoted") -> str:
    """A formula on a line of its own: quoted as its author printed it, or printed from a checked object."""
    return f'<div class="gp-formula" tabindex="0" data-{mark}="{escape(name)}">{typeset(latex, display=True)}</div>'


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
