"""Results as text for a terminal; formulas stand as SymPy writes them."""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from gradproof.problem import ProblemError

if TYPE_CHECKING:
    from gradproof.answer import Answer
    from gradproof.formal.own import Certified
    from gradproof.verdict import Verdict

__all__ = ["Progress", "certified", "checked", "code", "counted", "derived", "latex", "shown", "table", "verified"]

_COLOURS = {"proved": 32, "refuted": 31, "rejected": 31, "undecided": 33}
_WIDTH = 100  # of a line where no terminal says how wide it is

Data = dict[str, Any]


def derived(answer: Answer) -> str:
    """A derivation with the rule beside each step, and the verdict on it."""
    made = answer.derivation
    names = (
        []
        if made.name is None
        else [f"{made.name} = {made.loss}", *(f"{d.lhs} = {d.rhs}" for d in made.definitions), ""]
    )
    kinks = [f"  {kink}" for kink in made.kinks]
    return "\n".join([*names, str(made), "", *_verdict(answer.verdict, answer.scope), *kinks, *_notes(answer)])


def latex(answer: Answer) -> str:
    """A derivation as LaTeX."""
    from gradproof.latex import derivation_latex

    return derivation_latex(answer.derivation)


def code(answer: Answer) -> str:
    """The gradient as NumPy code; raises ProblemError where there is none that was proved to be it."""
    if answer.forms.code is None:
        raise ProblemError(f"no NumPy code was found for the gradient {answer.derivation.result}")
    return answer.forms.code


def checked(answer: Answer) -> str:
    """The verdict on a claim; where it is false, a point, the slip and the gradient."""
    if answer.checked is not None:
        first, *lines = str(answer.checked).split("\n")
        scope = f" {answer.scope}" if answer.status == "proved" else ""
        lines = [_coloured(answer.status, first + scope), *lines]
    else:
        lines = _verdict(answer.verdict, answer.scope)
        lines = [line.replace(str(answer.verdict.witness), answer.witness) for line in lines]
        lines += [f"  slip: {answer.blame}"] if answer.blame is not None else []
    if answer.status == "refuted" and answer.blame is None and answer.statement is None:
        lines.append(f"  the gradient is {answer.derivation.result}")
    return "\n".join([*lines, *_notes(answer)])


def certified(found: Certified) -> str:
    """What became of a certificate: what Coq says of it, where it is written, what it states, how to check it."""
    lines = [f"{found.id}: {_coloured(found.status, found.status)}, {found.says}"]
    if found.certificate is not None:
        lines += [f"  states: {says}" for says in found.states]
        lines += [f"  supposes: {says}" for says in found.supposes]
    if found.file:
        lines += [f"  written: {found.file}, beside our library; to check it there:", f"    {found.command}"]
    return "\n".join(lines)


def _verdict(verdict: Verdict, scope: str) -> list[str]:
    first, *rest = str(verdict).split("\n")
    if verdict.status == "proved":
        first = f"{first} {scope}".rstrip()
    return [_coloured(verdict.status, first), *rest]


def _notes(answer: Answer) -> list[str]:
    return [f"  read: {note}" for note in answer.notes]


def _coloured(status: str, text: str) -> str:
    """Coloured where a person reads it; NO_COLOR is respected."""
    plain = not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return text if plain else f"\033[{_COLOURS[status]}m{text}\033[0m"


# --- what gradproof has decided itself ----------------------------------------------------
def table(rows: Sequence[Data]) -> str:
    """One line for each: id, what became of it, what it says, as much as has place."""
    wide = shutil.get_terminal_size((_WIDTH, 0)).columns
    columns = [max((len(row[key]) for row in rows), default=0) for key in ("id", "verdict")]
    lines = [f"{row['id']:{columns[0]}}  {row['verdict']:{columns[1]}}  {row['says']}" for row in rows]
    return "\n".join([*(_cut(line, wide) for line in lines), f"{len(rows)} in all"])


def _cut(line: str, wide: int) -> str:
    return line if len(line) <= wide else f"{line[: wide - 1]}…"


def shown(record: Data) -> str:
    """All of a record: what is said, what holds, the steps, what fails, what the verdict rests on."""
    source, verdict = record["source"], record["verdict"]
    lines = [f"{record['id']}: {record['says']}", f"  {record['place']}"]
    if source is not None:
        lines.append("  " + ", ".join(source[key] for key in ("author", "year", "url", "licence") if source[key]))
    lines += _part("as printed", filter(None, [record["printed"]]))
    for statement in record["statements"]:
        scope = " ".join((statement["status"], statement["scope"])).strip()
        code = (statement.get("code") or "").split("\n")
        lines += _part("holds", [statement["text"], f"[{scope}]", *filter(None, code)])
    lines += _part("where", (definition["sympy"] for definition in record["definitions"]))
    for slip in record["slips"]:
        says = [
            slip["reading"]["text"],
            f"fails: {slip['fails']}",
            f"instead: {slip['corrected']['text']}",
            slip["why"],
        ]
        lines += _part(f"{slip['kind']}, {slip['place'] or 'as it stands'}", filter(None, says))
    for derivation in record["derivations"]:
        lines += _steps(derivation)
    lines += _part("remark", filter(None, [record["remark"]]))
    first = f"{verdict['status']}: {verdict['reason']}" if verdict["reason"] else verdict["status"]
    evidence = [f"{e['kind']}: {e['says']} [rests on {e['rests_on']}]" for e in verdict["evidence"]]
    assumed = [f"assuming {a['sympy']}" for a in verdict["assumptions"]]
    return "\n".join([*lines, "", _coloured(verdict["status"], first), *(f"  {text}" for text in assumed + evidence)])


def _part(title: str, texts: Iterable[str]) -> list[str]:
    """A title with what belongs to it below, if there is anything."""
    body = [f"  {text}" for text in texts]
    return ["", title, *body] if body else []


def _steps(derivation: Data) -> list[str]:
    """The steps of a derivation below those that it uses."""
    before = [line for adjoint in derivation["adjoints"] for line in _steps(adjoint)]
    title = f"the derivative of {derivation['of']['sympy']} by {derivation['wrt']['sympy']}"
    return before + _part(title, (f"= {step['sympy']}{_ruled(step['rule'])}" for step in derivation["steps"]))


def _ruled(rule: str) -> str:
    return f"    [{rule}]" if rule else ""


def verified(record: Data) -> str:
    """One line for a record that was decided; where it was not proved, the reason, and below it what is known."""
    verdict = record["verdict"]
    kind = record["kind"]
    says = kind if kind.startswith("holds") or kind == "missing" else f"{kind}: refuted, and what holds instead proved"
    reason = f", {verdict['reason']}" if verdict["reason"] else ""
    first = f"{_coloured(verdict['status'], verdict['status'])} {record['id']} ({says}){reason}"
    return "\n".join([first, *(f"  {line}" for line in _known(verdict))]) if verdict["status"] != "proved" else first


def _known(verdict: Data) -> list[str]:
    """The wrong step, the point with both values, the likeliest slip, and what speaks against a proof."""
    fault, witness = verdict["fault"], verdict["witness"]
    lines = []
    if fault is not None:
        lines += [f"rule: {fault['rule']}"] if fault["rule"] else []
        lines += [f"before: {fault['before']['sympy']}", f"after: {fault['after']['sympy']}"]
    lines += [witness["text"]] if witness is not None else []
    lines += [f"suspected slip: {fault['slip']}"] if fault is not None and fault["slip"] else []
    return lines + [f"{e['kind']}: {e['says']}" for e in verdict["evidence"] if e["outcome"] == "disagrees"]


def counted(verdicts: Sequence[Data]) -> str:
    """How many there are of each verdict, and of how many each check is missing, with the first reason."""
    count = Counter(verdict["status"] for verdict in verdicts)
    first = f"{len(verdicts)} in all: " + ", ".join(f"{count[status]} {status}" for status in _COLOURS if count[status])
    missing: dict[str, list[str]] = {}
    for verdict in verdicts:
        for e in verdict["evidence"]:
            if e["outcome"] == "missing":
                missing.setdefault(e["kind"], []).append(e["says"])
    return "\n".join([first, *(f"missing: {kind}, of {len(says)} ({says[0]})" for kind, says in missing.items())])


class Progress:
    """How far a long run is, on the standard error: one line that is written over, where a person looks at it."""

    def __init__(self, total: int, always: bool) -> None:
        self.total = total
        self.live = sys.stderr.isatty()
        self.quiet = not (always or self.live)

    def show(self, done: int) -> None:
        """Say how many are done."""
        if not self.quiet and (done < self.total or not self.live):
            text = f"{done} of {self.total} are done"
            print(f"\r\033[K{text}" if self.live else text, end="" if self.live else "\n", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Wipe the line, before another is printed."""
        if self.live and not self.quiet:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
