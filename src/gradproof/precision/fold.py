"""A gradient's formula in double precision, as a fold of a page: what was found, the rewritten form, the picture."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from gradproof.cache import digest, engine_digest, remember
from gradproof.pieces import display, formula, inline, prose, sign, tex

if TYPE_CHECKING:
    from gradproof.precision.accuracy import Accuracy
    from gradproof.statements import Equality

__all__ = ["laws_table", "precision_fold", "precision_of", "precision_record", "summary"]

Found = Sequence[tuple["Equality", "Accuracy"]]

_HOW = (
    "Computed in doubles as it is written, and beside it in Arb’s balls; the error is the largest of an entry, over the largest"
    " true entry."
)


def precision_of(statements: Sequence[Any]) -> Found:
    """The accuracy of each statement that is a gradient."""
    from gradproof.precision.accuracy import accuracy_of
    from gradproof.statements import Equality

    pairs = ((s, accuracy_of(s)) for s in statements if isinstance(s, Equality))
    return [(s, found) for s, found in pairs if found is not None]


def precision_fold(found: Found, name: str) -> str:
    """Return what was found of all gradients of a claim or an entry, folded; nothing if there are none."""
    if not found:
        return ""
    shown: set[Any] = set()
    parts = "".join(_part(s, one, name, len(found) > 1, shown) for s, one in found)
    return (
        f'<details class="gp-fold"><summary>In double precision: {escape(_summary(found))}</summary>'
        f"{parts}<p><small>{_HOW}</small></p></details>"
    )


def precision_record(found: Found) -> list[dict[str, Any]]:
    """Return the same as plain data."""
    return [
        {
            "wrt": tex(one.wrt),
            "says": str(one),
            "kept": one.is_kept,
            "rewritten": None if one.rewritten is None else tex(one.rewritten.form),
        }
        for _, one in found
    ]


def _summary(found: Found) -> str:
    from gradproof.precision.accuracy import precise

    results = [one for _, one in found]
    if not all(one.is_kept for one in results):
        return "digits are lost at some arguments" if all(one.samples for one in results) else "not known"
    worst = max(one.worst(one.forms - 1) for one in results)
    if all(one.rewritten is None for one in results):
        return precise(worst)
    return f"digits are lost; the rewritten form is {precise(worst)}"


def _part(statement: Equality, found: Accuracy, name: str, several: bool, shown: set[Any]) -> str:
    title = f"<p>{inline(tex(statement.left))}</p>" if several else ""
    says = prose(found.told(lambda letter: f"${tex(letter)}$"))
    return f"{title}<p>{says}</p>{_rewritten(statement, found, name, shown)}{_picture(found)}"


def _rewritten(statement: Equality, found: Accuracy, name: str, shown: set[Any]) -> str:
    """Return the rewritten gradient, its definitions and choices that were not shown before, and the laws."""
    new = found.rewritten
    if new is None:
        return ""
    before = {d.lhs: d.rhs for d in (statement.derivation.definitions if statement.derivation is not None else ())}
    lines = [formula(f"{tex(statement.left)} = {tex(new.form)}", name, "checked")]
    changed = [d for d in new.definitions if before.get(d.lhs) != d.rhs]
    lines += [display(d, name) for d in changed if d not in shown]
    if any(d in shown for d in changed):
        lines.append("<p>with the definitions above.</p>")
    choice = ", ".join(inline(f"{tex(d.lhs)} = {tex(d.rhs)}") for d in new.chosen if d not in shown)
    shown.update(changed, new.chosen)
    positive = " positive" if any(letter.is_positive for d in new.chosen for letter in d.lhs.free_symbols) else ""
    chosen = f"<p>Any{positive} value gives the same; a good one is {choice}.</p>" if choice else ""
    laws = escape(", ".join(law.name for law in new.laws))
    return f'{"".join(lines)}{chosen}<p class="gp-verdict">{sign("proved", "Proved equal")} by {laws}</p>'


def _picture(found: Accuracy) -> str:
    """Return the errors by the size of what is moved, drawn."""
    from gradproof.figures.precision import draw
    from gradproof.precision.sampling import SCALES

    if len(found.samples) < 3:
        return ""
    tried = sorted([*SCALES, *(-size for size in SCALES)])
    curves = [[(s.size, s.errors[form]) for s in found.samples] for form in range(found.forms)]
    says = f"Relative error by the size of {' and '.join(map(str, found.moved))}. {found}"
    return draw(says, tried, *curves)


def summary() -> str:
    """Return how many gradients of the site keep their digits, and what is known of those that do not."""
    from gradproof import page, reference, reference_page, sources
    from gradproof.related import address

    records = [(address(i), i, r) for i in sources.IDS for r in page.record(i)["precision"]]
    for i in reference.IDS:
        made = reference_page.record(i)
        records += [(address(i), made["title"], r) for r in made["precision"]]
    lost = [one for one in records if not one[2]["kept"]]
    kept = sum(r["kept"] and r["rewritten"] is None for _, _, r in records)
    rows = "".join(
        f'<li><a href="site:{where}">{escape(title)}</a>, by {inline(r["wrt"])}: {escape(r["says"])}</li>'
        for where, title, r in lost
    )
    return (
        f"<p>Of {len(records)} gradients, {kept} keep at least half of their digits as they stand, and {len(records) - kept - len(lost)}"
        f" once they are rewritten. {len(lost)} do not:</p><ul>{rows}</ul>"
    )


def laws_table() -> str:
    """Return the table of the rewritings, each law proved, or raise `PageError`."""
    return remember(digest("rewritings", engine_digest()), _laws)


def _laws() -> str:
    from gradproof.page import proved
    from gradproof.precision.stable import LAWS

    rows = []
    for law in LAWS:
        verdict = proved(law.verify(), f"the law “{law.name}”", law.law)
        title = f'<th scope="row">{escape(law.name)}<small>{sign(verdict.status)}</small></th>'
        given = ", ".join(inline(tex(a)) for a in law.assumptions)
        where = f"<small>where {given}</small>" if given else ""
        rows.append(f"<tr>{title}<td>{display(law.law, law.name)}{where}<small>{escape(law.why)}</small></td></tr>")
    head = '<tr><th scope="col">Rewriting</th><th scope="col">Law, and what goes wrong on its left</th></tr>'
    return f'<table class="gp-rules"><thead>{head}</thead><tbody>{"".join(rows)}</tbody></table>'
