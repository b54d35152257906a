"""The pieces of a page: formulas, verdict signs, lines of a derivation, what folds, evidence.

Each function returns a piece of HTML.  A formula that stands on its own carries `data-checked`, the
name of the object that it was printed from, or `data-quoted` where a source is quoted as it was
printed; the site's build refuses any that carries neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from gradproof import sources
from gradproof.typeset import typeset

if TYPE_CHECKING:
    from gradproof.derivation import Derivation
    from gradproof.verdict import Evidence, Verdict, Witness

__all__ = [
    "SIGNS",
    "aligned",
    "article",
    "display",
    "evidence_fold",
    "fold",
    "formula",
    "inline",
    "left_side",
    "number",
    "numbered",
    "prose",
    "python_code",
    "rule_links",
    "sheet",
    "sign",
    "single_steps",
    "slug",
    "step_lines",
    "table",
    "tex",
    "witness_point",
    "witness_text",
]

SIGNS = {"proved": "✓", "refuted": "✗", "undecided": "?", "agrees": "✓", "disagrees": "✗", "missing": "–"}
FOLDED_FROM = 5  # lines; a shorter derivation is read at once
WIDE = 60  # characters of LaTeX
_NUMBERED = re.compile(r"\bu(\d+)\b")  # the arguments of a function that a witness names
_ID = re.compile(r"\b[a-z]+(?:-[a-z]+)?\.[\w-]+(?:\.[\w-]+)*")


def single_steps(derived: Derivation) -> str:
    """Return every step of a derivation, and before it those of the adjoints that it uses."""
    parts = [part for part in (*derived.adjoints, derived) if part.steps]
    body = "".join(step_lines(left_side(part), [(step.after, step.rule.name) for step in part.steps]) for part in parts)
    summary = f"Every single step of {inline(tex(left_side(derived)))} ({sum(len(part.steps) for part in parts)})"
    return f'<details class="gp-fold"><summary>{summary}</summary>{body}</details>' if parts else ""


def step_lines(lhs: object, lines: Iterable[tuple[Any, str]]) -> str:
    """Return the lines of a derivation, aligned at their equality signs, each with its rule beside it."""
    left = tex(lhs)
    rows, left_cell = [], inline(left)
    if len(left) > WIDE:  # a long left side would push all lines to the right: give it a line of its own
        rows.append(f'<li class="gp-alone"><span class="gp-left">{left_cell}</span></li>')
        left_cell = ""
    for expression, rule in lines:
        formula = inline("{}= " + tex(expression))
        rows.append(
            f'<li><span class="gp-rule">{rule_links(rule)}</span><span class="gp-left">{left_cell}</span>'
            f'<span class="gp-right">{formula}</span></li>'
        )
        left_cell = ""
    return f'<ol class="gp-lines">{"".join(rows)}</ol>'


def rule_links(names: str) -> str:
    """Return the names of rules, each with a link to its page; a source's own words stand as they are."""
    known = _rule_names()
    shown = (
        f'<a href="site:rules/{slug(name).removeprefix("rule-")}/">{escape(name)}</a>'
        if name in known
        else escape(name)
        for name in names.split(", ")
    )
    return ", ".join(shown)


@cache
def _rule_names() -> frozenset[str]:
    from gradproof.rules import CHAIN_THROUGH, RULES, SUBSTITUTION, SUM_RULES

    return frozenset(rule.name for rule in (*RULES, CHAIN_THROUGH, SUBSTITUTION, *SUM_RULES))


def evidence_fold(evidence: tuple[Evidence, ...], title: str = "Rests on", outcome: str = "agrees") -> str:
    """Return what a verdict rests on, folded.

    Those checks are counted that agree, or had the outcome which decided; what could not run is said, too.
    """
    if not evidence:
        return ""
    counted = [item.kind for item in evidence if item.outcome in ("agrees", outcome)]
    missing = sum(item.outcome == "missing" for item in evidence)
    rows = "".join(
        f"<li>{sign(item.outcome, item.kind)} <span>{escape(item.says)}</span> "
        f"<small>rests on {escape(item.rests_on)}</small></li>"
        for item in evidence
    )
    kinds = escape(", ".join(dict.fromkeys(counted)))
    absent = f"; {missing} could not run here" * bool(missing)
    summary = f"{title} {len(counted)} check{'s' * (len(counted) != 1)}: {kinds}{absent}"
    return f'<details class="gp-fold gp-evidence"><summary>{summary}</summary><ul>{rows}</ul></details>'


def article(kind: str, name: str, *body: str) -> str:
    """Return an article that can be linked to."""
    return f'<article class="{kind}" id="{escape(name)}">{"".join(body)}</article>\n'


def fold(title: str, body: str, length: int) -> str:
    """Return what opens and closes; a short one stands open."""
    state = "" if length >= FOLDED_FROM else " open"
    return f'<details class="gp-fold"{state}><summary>{title} ({length})</summary>{body}</details>'


def sign(status: str, word: str = "") -> str:
    """Return a verdict as a sign and a word: colour alone would tell some readers nothing."""
    sign = f'<span aria-hidden="true">{SIGNS[status]}</span>'
    return f'<strong class="gp-{status}">{sign} {escape(word) or status.title()}</strong>'


def left_side(derived: Derivation) -> Any:
    """Return what a derivation is of: the derivative of its loss."""
    from gradproof.lines import derivative

    return derivative(derived.loss if derived.name is None else derived.name, derived.wrt)


def tex(expression: object) -> str:
    """Return an expression as LaTeX."""
    from gradproof.latex import to_latex

    return to_latex(expression)


def display(expression: object, name: str, equals: object = None) -> str:
    """Return a checked expression, or equation, on a line of its own."""
    latex = tex(expression) if equals is None else f"{tex(expression)} = {tex(equals)}"
    return formula(latex, name, "checked")


def formula(latex: str, name: str, mark: str = "quoted", display: bool = True) -> str:
    """Return a formula on its own: quoted as its author printed it, or printed from a checked object.

    What a source has as plain text is quoted as such; a line of a longer display keeps its alignment.
    """
    if not latex.isascii():
        return f'<p class="gp-plain" data-{mark}="{escape(name)}">{escape(latex)}</p>'
    body = typeset(aligned(latex), display=True) if display else inline(aligned(latex))
    kind = "gp-formula" if display else "gp-cell"
    return f'<div class="{kind}" data-{mark}="{escape(name)}">{body}</div>'


def numbered(html: str, number: str) -> str:
    """Return a formula with its number on the right, as in print; without one, as it is."""
    return f'<div class="gp-numbered">{html}{number}</div>' if number else html


def sheet(rows: Iterable[tuple[str, str]]) -> str:
    """Return rows, each with what it is on the left."""
    body = "".join(f"<dt>{title}</dt><dd>{html}</dd>" for title, html in rows)
    return f'<dl class="gp-sheet">{body}</dl>'


def aligned(latex: str) -> str:
    """Return LaTeX that stands alone: a line of a longer display keeps its alignment."""
    return rf"\begin{{aligned}} {latex} \end{{aligned}}" if "&" in latex and r"\begin" not in latex else latex


def inline(latex: str) -> str:
    """Return a formula within a line, with its fractions and sums at full size."""
    return typeset(rf"\displaystyle {latex}") if latex else ""


def slug(name: str) -> str:
    """Return the anchor of a rule's row."""
    return "rule-" + "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def prose(text: str) -> str:
    """Return a sentence as HTML; formulas in it stand between dollar signs, and a claim's id becomes a link."""
    parts = text.split("$")
    return "".join(typeset(part) if n % 2 else _linked(escape(part)) for n, part in enumerate(parts))


def _linked(text: str) -> str:
    """Turn the ids of claims into links to them on the same page."""
    return _ID.sub(lambda match: f'<a href="#{match[0]}">{match[0]}</a>' if match[0] in sources.IDS else match[0], text)


def python_code(source: str) -> str:
    """Return Python code, with its syntax coloured where Pygments is at hand; a reader's browser has none."""
    try:
        from pygments import highlight
        from pygments.formatters import HtmlFormatter
        from pygments.lexers import PythonLexer
    except ModuleNotFoundError:
        return f'<div class="highlight"><pre><code>{escape(source)}</code></pre></div>'

    return str(highlight(source, PythonLexer(), HtmlFormatter(cssclass="highlight", wrapcode=True)))


def witness_text(verdict: Verdict) -> str:
    """Return the point at which a statement fails, with the values of both sides; else what was found."""
    witness = verdict.witness
    if witness is None:
        return escape(verdict.shown())
    point = witness_point(witness)
    where = f"at {point}, " if point else ""
    reason = f"{escape(verdict.reason)}; " if verdict.reason else ""
    return f"{reason}{where}the two sides are {number(witness.left)} and {number(witness.right)}"


def witness_point(witness: Witness) -> str:
    """Return the point of a witness; "" if the two sides differ everywhere."""
    point = [f"{_name(name, value)} = {_value(value)}" for name, value in {**witness.sizes, **witness.values}.items()]
    point += [_NUMBERED.sub(r"u_{\1}", f"{name} = {_value(value)}") for name, value in witness.functions.items()]
    return ", ".join(map(typeset, point))


def _name(name: str, value: Any) -> str:
    from sympy import IndexedBase, Symbol

    return tex(IndexedBase(name) if isinstance(value, tuple) else Symbol(name))


def number(text: str) -> str:
    """Return a number, or the certain digits of one, as mathematics; anything else as it stands."""
    return typeset(text.replace("…", r"\ldots")) if re.fullmatch(r"-?[\d./]+…?", text) else escape(text)


def _value(value: Any) -> str:
    """Return a number, an array, or a function's formula as LaTeX."""
    if isinstance(value, tuple):
        return r"\left(" + ",\\, ".join(map(_value, value)) + r"\right)"
    return str(value).replace("**", "^").replace("*", r"\,")


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], cards: bool = False, sortable: bool = False) -> str:
    """Return a table whose first column names the row; with `cards`, a row is a card on a narrow screen."""
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    body = "".join(
        f'<tr><th scope="row">{first}</th>'
        + "".join(f'<td data-title="{title}">{cell}</td>' for title, cell in zip(titles[1:], cells, strict=True))
        + "</tr>"
        for first, *cells in rows
    )
    kind = f'class="gp-figures{" gp-cards" * cards}"{" data-sortable" * sortable}'
    return f"<table {kind}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
