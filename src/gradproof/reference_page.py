"""The reference of gradients as HTML: an entry with all that is known of it, a group of them, the table of all.

As on the other pages, every formula is printed from what was checked, and an entry that does not pass
raises `PageError`.  Nothing imports the engine before the cache has been asked.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from gradproof import reference
from gradproof.cache import digest, drawing_digest, group_digest, remember
from gradproof.page import completed, proved
from gradproof.pieces import (
    display,
    evidence_fold,
    formula,
    inline,
    left_side,
    prose,
    python_code,
    sheet,
    sign,
    step_lines,
    tex,
    witness_text,
)
from gradproof.precision.fold import precision_fold, precision_of, precision_record
from gradproof.related import address
from gradproof.stated import verdict_line
from gradproof.tool_row import RESTS_ON, entry_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradproof.derivation import Derivation
    from gradproof.forms.side_by_side import Forms
    from gradproof.kinks import Kink
    from gradproof.precision.fold import Found
    from gradproof.reference.entry import Entry, Examined, Gradient, Stable, Wrong
    from gradproof.statements import Equality
    from gradproof.verdict import Verdict

FEW = 4  # steps; a longer derivation is shown by its first line and its last

__all__ = ["data", "entry", "group", "index", "key", "kink_shown", "record", "render_entry", "summary"]


def entry(identity: str) -> str:
    """Return an entry as HTML, with links to what is related; raise `PageError` if a part of it does not hold."""
    made = _kept(identity)
    return completed(identity, str(made["html"]), made["data"])


def record(identity: str) -> dict[str, Any]:
    """Return what tables and programs need of an entry, as plain data; raise `PageError` as `entry` does."""
    from gradproof.formal import shown

    made = _kept(identity)
    kernel = [{key: getattr(e, key) for key in ("kind", "outcome", "says")} for e in shown.evidence(identity)]
    rest = {key: made[key] for key in made if key not in ("html", "data")}
    return rest | {"evidence": [*made["evidence"], *kernel]}


def data(identity: str) -> dict[str, Any]:
    """Return an entry as `gradproof show --json` has it; raise `PageError` as `entry` does."""
    from gradproof.formal import published

    return {**_kept(identity)["data"], "certificate": published.data(identity)}


def key(identity: str) -> str:
    """Return the name under which an entry's HTML and record are kept: it changes with all that they depend on."""
    return digest("entry", identity, group_digest(reference.locate(identity)[0]), drawing_digest())


@cache
def _kept(identity: str) -> dict[str, Any]:
    """Return an entry's record and HTML, as they were made before if nothing beneath them has changed."""

    def make() -> str:
        from gradproof.data import of_entry

        made, name = reference.REFERENCE[identity], reference.IDS[identity]
        examined, found = made.examined(), precision_of(made.statements)
        html = render_entry(made, examined, found, RESTS_ON)  # raises unless all of it holds
        shown = _record(made, examined) | {"precision": precision_record(found)}
        told = of_entry(made, name, reference.GROUPS[name][0], examined)
        return json.dumps(shown | {"html": html, "data": told})

    found: dict[str, Any] = json.loads(remember(key(identity), make))
    return found


def group(name: str) -> str:
    """Return all entries of a group as Markdown, so that their headings stand in the page's contents."""
    _, identities = reference.GROUPS[name]
    return "\n\n".join(f"## {record(i)['title']} {{ #{i} }}\n\n{entry(i)}" for i in identities)


def summary() -> str:
    """Return one sentence with what was proved and refuted."""
    records = [record(identity) for identity in reference.IDS]
    count = {key: sum(len(r[key]) for r in records) for key in ("gradients", "wrong", "stable")}
    return (
        f'<p class="gp-summary">{len(records)} entries: {count["gradients"]} gradients and {count["stable"]} numerically stable forms,'
        f" all proved for every size, and {count['wrong']} usual slips, each refuted at a point.</p>"
    )


#: What readers look for in an entry, as the filters of the table call it; `_marks` says which has it.
MARKS = {
    "matrix": "matrix form",
    "code": "NumPy code",
    "stable": "stable form",
    "kinks": "kinks",
    "certified": "formal certificate",
}
SHAPES = ("a number", "a vector", "a matrix")  # what a gradient is, by the number of its indices


def index() -> str:
    """Return the table of all entries: what is differentiated, its first gradient, and what else is there."""
    rows = "".join(map(_row, reference.IDS))
    titles = ("Function", "Definition", "Gradient", "With")
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    given = {mark for identity in reference.IDS for mark in _marks(record(identity))}
    marks = ";".join(f"{mark}={said}" for mark, said in MARKS.items() if mark in given)
    return (
        f'<table class="gp-ledger gp-index" data-sortable data-choices="kind=Group;shape=Gradient is" data-marks="{marks}"'
        f" data-search-exclude><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(identity: str) -> str:
    found, title = record(identity), reference.GROUPS[reference.IDS[identity]][0]
    first, marks = found["gradients"][0], _marks(found)
    shape = SHAPES[first["indices"]] if first["indices"] < len(SHAPES) else "of more indices"
    others = f"<span hidden>{escape(found['keywords'])}</span>"
    return (
        f'<tr id="{identity}" data-kind="{escape(title)}" data-shape="{shape}" data-has="{" ".join(marks)}">'
        f'<th scope="row"><a href="site:{address(identity)}">{escape(found["title"])}</a>{others}<small>{escape(title)}</small></th>'
        f"<td>{formula(found['definitions'][-1], identity, 'checked', display=False)}</td>"
        f"<td>{formula(first['latex'], identity, 'checked', display=False)}</td>"
        f'<td data-sort="{len(marks)}">{", ".join(MARKS[mark] for mark in marks)}</td></tr>'
    )


def _marks(found: dict[str, Any]) -> list[str]:
    """What an entry has, of all its gradients: names of MARKS.  A number needs no form as a matrix."""
    arrays = [gradient["matrix"] for gradient in found["gradients"] if gradient["indices"]]
    has = {
        "matrix": bool(arrays) and None not in arrays,
        "code": all(gradient["code"] is not None for gradient in found["gradients"]),
        "stable": bool(found["stable"]),
        "kinks": bool(found["kinks"]),
        "certified": any(e["kind"] == "kernel" and e["outcome"] == "agrees" for e in found["evidence"]),
    }
    return [mark for mark in MARKS if has[mark]]


# --- the parts of an entry ------------------------------------------------------------------


def render_entry(entry: Entry, examined: Examined | None = None, found: Found = (), rests_on: str | None = None) -> str:
    """Return the HTML of an entry that holds, with what was found of its precision; `entry` does so through the cache.

    rests_on: stands in place of the evidence.
    """
    examined = examined or entry.examined()
    verdict = proved(examined.joined(), entry.id, entry, f"“{entry.title}” in the reference")
    rows = [
        ("Function", "".join(display(definition, entry.id) for definition in entry.definitions)),
        *_gradients(entry, examined),
        *_kinks(entry),
        ("Precision", _precision(entry)),
        ("Slips", _slips(entry, examined)),
    ]
    return "".join(
        (
            '<article class="gp-claim gp-entry">',
            f"<p>{prose(entry.about)}<span hidden> {escape(entry.keywords)}</span></p>",
            sheet(rows),
            *map(_steps, entry.statements),
            evidence_fold(verdict.evidence) if rests_on is None else rests_on,
            precision_fold(found, entry.id),
            f"{entry_row(entry)}</article>",
        )
    )


def _gradients(entry: Entry, examined: Examined) -> Iterator[tuple[str, str]]:
    """Yield each gradient in its forms; neighbours with one verdict, word for word, share its line."""
    lines = [
        verdict_line(verdict, escape(statement.scope()) + _signs(entry))
        for statement, verdict in zip(entry.statements, examined.gradients, strict=True)
    ]
    for n, (gradient, statement) in enumerate(zip(entry.gradients, entry.statements, strict=True)):
        shown = lines[n] if n == 0 or lines[n] != lines[n - 1] else ""
        stated = formula(statement.latex(), entry.id, "checked") + shown
        yield "Gradient", f'<div class="gp-statement">{stated}</div>'
        forms = examined.forms[n]
        if forms.indices:
            yield "Matrices", _matrix(entry, gradient, forms)
        code = entry.code(forms)
        yield "NumPy", "None was found." if code is None else python_code(code)


def _signs(entry: Entry) -> str:
    """Return the signs that letters were declared with."""
    letters = {s for d in entry.definitions for s in d.free_symbols if s.is_positive and not s.is_integer}
    return "".join(f", {inline(tex(s) + ' > 0')}" for s in sorted(letters, key=str))


def _matrix(entry: Entry, gradient: Gradient, forms: Forms) -> str:
    """Return a gradient as a matrix, or why it is none."""
    if forms.latex is not None:
        left = rf"\frac{{\partial {_whole(entry.of(gradient))}}}{{\partial {_whole(gradient.wrt)}}}"
        return formula(f"{left} = {forms.latex}", entry.id, "checked")
    if len(forms.indices) > 2:
        return f"None: the gradient has {len(forms.indices)} indices."
    return "None was found: an index is shifted." if _shifted(gradient.formula) else "None was found."


def _shifted(e: Any) -> bool:
    from sympy import Indexed

    return any(index.args and index.is_Add for entry in e.atoms(Indexed) for index in entry.indices)


def _whole(e: Any) -> str:
    """Return the array of an entry, as matrices are set."""
    from sympy import MatrixSymbol

    from gradproof.forms.matrix_latex import matrix_latex
    from gradproof.lines import array_name

    sizes = [2] * len(getattr(e, "indices", ()))
    return matrix_latex(MatrixSymbol(array_name(e), *(*sizes, 1)[:2])) if sizes else tex(e)


def _steps(statement: Equality) -> str:
    """Return the way to a gradient, folded: each adjoint that it uses, from the loss backwards, then itself."""
    derived = statement.derivation
    parts = [part for part in (*derived.adjoints, derived) if part.steps] if derived is not None else []
    body = "".join(step_lines(left_side(part), _main_lines(part)) for part in parts)
    count = sum(len(part.steps) for part in parts)
    summary = f"How {inline(tex(statement.left))} is found ({count} steps)"
    return f'<details class="gp-fold"><summary>{summary}</summary>{body}</details>' if parts else ""


def _main_lines(part: Derivation) -> list[tuple[Any, str]]:
    """Return all lines of a short derivation; of a long one the first and the last, with the rules that lead there."""
    first, *others = part.steps
    if len(others) < FEW:
        return [(step.after, step.rule.name) for step in part.steps]
    rules = dict.fromkeys(step.rule.name for step in others)
    return [(first.after, first.rule.name), (part.steps[-1].after, ", ".join(rules))]


def _kinks(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield where the gradients do not exist, and what other programs return there, if there are such places."""
    if found := _kinks_of(entry):
        yield "Kinks", "".join(kink_shown(kink, entry.id) for kink in found)


def _kinks_of(entry: Entry) -> list[Kink]:
    derivations = (statement.derivation for statement in entry.statements)
    return list(dict.fromkeys(kink for d in derivations if d is not None for kink in d.kinks))


def kink_shown(kink: Kink, name: str) -> str:
    """Return a border at which there may be no gradient, and what other programs return there."""
    border = formula(tex(kink.where), name, "checked", display=False)
    if kink.kind == "smooth":
        return f"{border}<p>There the gradient exists: its two sides agree.</p>"
    if kink.kind == "step":
        return f"{border}<p>There the function itself may jump.</p>"
    unless = "" if kink.jump.is_zero is False else f" unless {inline(tex(kink.jump))} is 0"
    returned = "; ".join(
        f"{_code(c.spelling)}: {'half of each' if c.share < 1 else 'that of ' + inline(tex(c.of))}"
        for c in kink.returned
    )
    return f"{border}<p>There is no gradient{unless}. The slope that is returned there: {returned}.</p>"


def _code(names: str) -> str:
    return ", ".join(f"<code>{escape(name)}</code>" if "." in name else escape(name) for name in names.split(", "))


def _precision(entry: Entry) -> str:
    """Return what to know in double precision, and the forms that are safe there."""
    return f"<p>{prose(entry.stability)}</p>" + "".join(_stable(entry, form) for form in entry.stable)


def _stable(entry: Entry, form: Stable) -> str:
    """Return a form that is safe, proved, with what both sides gave where they were tried."""
    found = form.measured()
    at = ", ".join(inline(f"{tex(letter)} = {_number(value)}") for letter, value in form.at.items())
    equation = formula(f"{tex(form.of)} = {tex(form.form)}", entry.id, "checked")
    scope = escape(form.equality(entry.definitions, entry.assumptions).scope())
    tried = f"tried at {at}, where the left side gives {found.plain} and the right side {found.stable}"
    return f'<p>{prose(form.why)}</p>{equation}<p class="gp-verdict">{sign("proved")} {scope}; {tried}</p>'


def _number(value: Any) -> str:
    """Return a number, or a nested list of numbers, as LaTeX."""
    return rf"\left({', '.join(map(_number, value))}\right)" if isinstance(value, list) else str(value)


def _slips(entry: Entry, examined: Examined) -> str:
    """Return what is often written instead, each with the point at which it fails."""
    slips = [(gradient, slip) for gradient in entry.gradients for slip in gradient.wrong]
    return "".join(_slip(entry, *pair, verdict) for pair, verdict in zip(slips, examined.slips, strict=True))


def _slip(entry: Entry, gradient: Gradient, slip: Wrong, verdict: Verdict) -> str:
    from gradproof.lines import derivative

    claimed = rf"{tex(derivative(entry.of(gradient), gradient.wrt))} \neq {tex(slip.formula)}"
    equation = formula(claimed, entry.id, "checked")
    point = witness_text(_shortened(verdict))
    return f'{equation}<p class="gp-verdict">{sign("refuted")} {point}</p><p>{prose(slip.why)}</p>'


def _shortened(verdict: Verdict) -> Verdict:
    """The verdict with so many digits of its witness as tell the two sides apart, and no fewer than six."""
    witness = verdict.witness
    if witness is None:
        return verdict
    sides = {(_cut(witness.left, n), _cut(witness.right, n)) for n in range(6, 20)}
    left, right = min((pair for pair in sides if pair[0] != pair[1]), key=lambda pair: sum(map(len, pair)))
    return replace(verdict, witness=replace(witness, left=left, right=right))


def _cut(number: str, digits: int) -> str:
    """The first significant digits of a number; zero is 0, to however many digits it is known."""
    found = re.match(rf"-?[0.]*(\d\.?){{1,{digits}}}(?=.*…)", number)
    return f"{found[0].rstrip('.')}…" if found else re.sub("^0 to .*", "0", number)


def _record(entry: Entry, examined: Examined) -> dict[str, Any]:
    """Return an entry as plain data: what tables show, and what other programs may read."""
    slips = [slip for gradient in entry.gradients for slip in gradient.wrong]
    return {
        "id": entry.id,
        "title": entry.title,
        "keywords": entry.keywords,
        "definitions": [tex(definition) for definition in entry.definitions],
        "assumptions": [tex(relation) for relation in entry.assumptions],
        "gradients": [
            {
                "latex": s.latex(),
                "indices": len(f.indices),
                "matrix": f.latex,
                "code": entry.code(f),
                "status": v.status,
            }
            for s, f, v in zip(entry.statements, examined.forms, examined.gradients, strict=True)
        ],
        "kinks": [tex(kink.where) for kink in _kinks_of(entry)],
        "stable": [f"{tex(s.of)} = {tex(s.form)}" for s in entry.stable],
        "wrong": [
            {"latex": tex(slip.formula), "why": slip.why, "witness": verdict.shown()}
            for slip, verdict in zip(slips, examined.slips, strict=True)
        ],
        "evidence": [{"kind": e.kind, "outcome": e.outcome, "says": e.says} for e in examined.joined().evidence],
    }
