"""The live page: a question as JSON, its answer as JSON.

The browser runs gradproof in a worker, which calls `answer` with the fields that a reader has typed, or with the id of
something that gradproof has decided itself.  Nothing that a reader can type makes it raise.
"""

from __future__ import annotations

import json
import time
from functools import lru_cache
from html import escape
from typing import Any

from gradproof.problem import FIELDS, Problem, ProblemError

__all__ = ["answer"]

Data = dict[str, Any]


def answer(text: str) -> str:
    """The answer to a request, {"fields": {..}} or {"claim": id}; both are JSON.

    The answer has `status` (proved, refuted, undecided; derived, where nothing is claimed and its steps are still to be
    checked; input, where it cannot be read), `html`, and `seconds`.  With "quick": true the claim alone is decided, and
    `more` says whether a second request without it would tell more.  `data` is what the command line prints with
    --json; `place` says which field cannot be read, and where in it; `declare`, by field, what would let it be read.
    """
    begun = time.perf_counter()
    try:
        found = _answered(text)
    except ValueError as error:
        found = _unread(str(error))
    except RecursionError:
        found = _failed("the formulas are nested too deeply for the program")
    except Exception as error:  # noqa: BLE001 -- whatever is typed, the page has to say something
        found = _failed(f"the program failed, which is an error of its own: {type(error).__name__}: {error}")
    return json.dumps({**found, "seconds": round(time.perf_counter() - begun, 3)}, ensure_ascii=False)


def _answered(text: str) -> Data:
    request = json.loads(text)
    if not isinstance(request, dict) or ("fields" in request) == ("claim" in request):
        raise ProblemError('a request is {"fields": {..}} or {"claim": id}')
    if "claim" in request:
        return _claim(request["claim"])
    problem = _problem(request["fields"])
    return _decided(problem, bool(request.get("quick")))


# --- fields -------------------------------------------------------------------------------
def _problem(fields: Any) -> Problem:
    """The fields as a problem; a text is one value, a list several."""
    if not isinstance(fields, dict):
        raise ProblemError("the fields are no object of names and texts")
    read: dict[str, Any] = {}
    for name, value in fields.items():
        if name not in FIELDS:
            raise ProblemError(f"there is no field {name!r}; the fields are {', '.join(FIELDS)}")
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(one, str) for one in values):
            raise ProblemError(f"the field {name} is {value!r}, no text")
        values = [one.strip() for one in values if one.strip()]
        if len(values) > 1 and not FIELDS[name]:
            raise ProblemError(f"{name} is given {len(values)} times")
        read[name] = tuple(values) if FIELDS[name] else "".join(values)
    return Problem(**read)


@lru_cache(maxsize=4)  # a question comes twice: for its verdict, and for all the rest
def _read(problem: Problem) -> Any:
    from gradproof.answer import Answer

    return Answer(problem)


def _decided(problem: Problem, quick: bool) -> Data:
    """The answer to a problem; quick: without what follows the verdict on the claim."""
    from gradproof import data
    from gradproof.answer_page import AnswerPage, EquationPage
    from gradproof.typeset import TypesetError

    try:
        found = _read(problem)
        if found.statement is not None:
            page: AnswerPage = EquationPage(found, problem)
            quick = False  # an equation has no steps
        else:
            page = AnswerPage(found, problem, None if quick else found.derivation.verify())
        html = page.html()
        told = data.of_checked if found.lines or found.statement is not None else data.of_derived
        plain = told(found) if page.verdict is not None else {}
    except TypesetError as error:  # a ValueError, too, but none of what was typed
        return _failed(f"the answer cannot be set: {error}")
    except ValueError as error:
        return _unread(str(error), _place(error, problem))
    return {"status": page.status, "html": html, "data": plain, "more": quick}


def _place(error: ValueError, problem: Problem) -> Data:
    """The field that cannot be read, which of its values, and the place in it; nothing where two fields say the same."""
    from gradproof.reading.sympy_notation import ROW

    cause = error.__cause__
    text, column = getattr(cause, "text", ""), getattr(cause, "column", 0)
    start = text.rfind(ROW, 0, column) + len(ROW) if ROW in text[:column] else 0  # a loss is read with its definitions
    line = text[start:].partition(ROW)[0]
    typed = line.removeprefix("= ")  # as a claim without its left side is read
    found = []
    for name in FIELDS:
        value = getattr(problem, name)
        for number, one in enumerate((value,) if isinstance(value, str) else value):
            if typed.strip() and one == typed:
                place = max(0, column - start - (len(line) - len(typed)))
                found.append({"field": name, "number": number, "column": place})
    return found[0] if len(found) == 1 else {}


# --- what is no verdict -------------------------------------------------------------------
def _unread(message: str, place: Data | None = None) -> Data:
    """A question that cannot be read: why, where, and what is accepted."""
    from gradproof.answer_page import heading
    from gradproof.reading.told import declarations

    first, *rest = message.split("\n")
    field = f"<p>In the field “{place['field']}”:</p>" if place else ""
    marked = ""
    if len(rest) > 1 and rest[1].strip() == "^":
        marked, rest = _marked(rest[0], len(rest[1]) - 1), rest[2:]
    advice = "".join(f"<p>{escape(line)}</p>" for line in rest)
    html = f"{heading('undecided', 'Not understood')}{field}<p><strong>{escape(first)}</strong></p>{marked}{advice}"
    found = {"error": message, "place": place or {}, "declare": declarations(message), "more": False}
    return {"status": "input", "html": _article(html, "input"), **found}


def _marked(line: str, column: int) -> str:
    """The line that cannot be read, with the place in it marked."""
    before, there, after = line[:column], line[column : column + 1], line[column + 1 :]
    mark = f"<mark>{escape(there) or '&nbsp;'}</mark>"
    return f'<pre class="gp-place"><code>{escape(before.lstrip())}{mark}{escape(after)}</code></pre>'


def _failed(reason: str) -> Data:
    """A question that the program itself cannot deal with; that says nothing of the claim."""
    from gradproof.answer_page import heading

    html = f"{heading('undecided')}<p>{escape(reason)}</p>"
    return {"status": "undecided", "html": _article(html, "undecided"), "error": reason, "more": False}


def _article(html: str, status: str) -> str:
    return f'<article class="gp-claim gp-answer gp-is-{status}">{html}</article>'


# --- what gradproof has decided itself ----------------------------------------------------
def _claim(identity: Any) -> Data:
    """A claim of the sources, or an entry of the reference, decided here and now."""
    from gradproof import reference, sources
    from gradproof.page import PageError

    if identity not in (*sources.IDS, *reference.IDS):
        raise ProblemError(f"nothing has the id {identity!r}; the page “Every claim” lists those of the sources")
    try:
        return _of_source(identity) if identity in sources.IDS else _of_reference(identity)
    except PageError as error:
        return _failed(f"not proved here: {error}")


def _of_source(identity: str) -> Data:
    """A claim, which is proved, or refuted as printed; then what holds instead is proved."""
    from gradproof import data, sources
    from gradproof.answer_page import heading
    from gradproof.page import render_claim

    claim = sources.CLAIMS[identity]
    found = claim.examined()
    holds = claim.kind.startswith("holds")
    status, word = ("proved", "Proved here") if holds else ("refuted", "Refuted here, and what holds instead proved")
    html = heading(status, f"{word}: {claim.place}") + render_claim(claim, found)
    return {"status": status, "html": html, "data": data.of_claim(claim, found), "more": False}


def _of_reference(identity: str) -> Data:
    from gradproof import data, reference
    from gradproof.answer_page import heading
    from gradproof.reference_page import render_entry

    entry, group = reference.REFERENCE[identity], reference.IDS[identity]
    found = entry.examined()
    html = heading("proved", f"Proved here: {entry.title}") + render_entry(entry, found)
    plain = data.of_entry(entry, group, reference.GROUPS[group][0], found)
    return {"status": "proved", "html": html, "data": plain, "more": False}
