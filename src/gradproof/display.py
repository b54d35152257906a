"""Results as HTML that needs nothing beside it: no style sheet, no script, no font.  Steps are folded.

`math` says how a formula is written: `dollars` for notebooks, which set what stands between dollar
signs, `mathml` for pages, since browsers set MathML themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradproof.answer import Answer
    from gradproof.derivation import Derivation
    from gradproof.statements import Equality
    from gradproof.verdict import Verdict

__all__ = ["answer", "derivation", "dollars", "mathml", "unread", "verdict"]

Math = Callable[[str], str]

_SIGNS = {"proved": "✓", "refuted": "✗", "undecided": "?"}
_SCROLLS = ' tabindex="0"'  # what scrolls must be reached by keyboard
_MATHML = re.compile(r"<math.*?</math>", re.DOTALL)
_SOURCE = re.compile(r"<annotation .*?</annotation>", re.DOTALL)


def dollars(latex: str) -> str:
    """A formula as notebooks read it."""
    return f"$\\displaystyle {escape(latex)}$"


def mathml(latex: str) -> str:
    """A formula as MathML, made by KaTeX, which the extra `site` can run."""
    from gradproof.typeset import typeset

    found = _MATHML.search(typeset(rf"\displaystyle {latex}"))
    if found is None:
        raise ValueError(f"KaTeX made no MathML of {latex!r}")
    return _SOURCE.sub("", found[0])


def answer(found: Answer, math: Math = dollars) -> str:
    """What is claimed, the verdict, the slip if it is false, the steps, and what the verdict rests on."""
    if found.statement is not None:
        return _equality(found, found.statement, math)
    derived = found.derivation
    body = [_claimed(found, math), _decided(found.verdict, math, found.scope, found.witness)]
    if found.blame is not None:
        body.append(
            f"<p>The slip: {escape(found.blame.slip)}. Without it</p>{_equation(_left(derived), found.blame.mended, math)}"
        )
    elif found.status == "refuted":
        body.append(f"<p>The gradient is</p>{_equation(_left(derived), derived.result, math)}")
    body.append(_definitions(found, math))
    if derived.steps:
        body.append(_steps(derived, math))
    body += [_evidence(found.verdict), *(f"<p>{escape(note)}</p>" for note in derived.notes)]
    return _framed(found, body)


def _equality(found: Answer, statement: Equality, math: Math) -> str:
    """An equation as it was read, the verdict, and what it rests on."""
    stated = _equation(statement.left, statement.right, math)
    decided = _decided(found.verdict, math, found.scope, found.witness)
    return _framed(found, [stated, decided, _definitions(found, math), _evidence(found.verdict)])


def _definitions(found: Answer, math: Math) -> str:
    from gradproof.latex import to_latex

    shown = "".join(f"<p>{math(to_latex(d))}</p>" for d in found.definitions)
    return _fold("Definitions", shown) if shown else ""


def _framed(found: Answer, body: Iterable[str]) -> str:
    name = f' id="{escape(found.id)}"' if found.id else ""
    return f'<div class="gradproof gradproof-{found.status}"{name}>{"".join(body)}</div>'


def _claimed(found: Answer, math: Math) -> str:
    """The claim as it was read; line by line, with the verdict on each, where it has several."""
    derived = found.derivation
    if found.checked is None:
        return _equation(_left(derived), (found.lines or (derived.result,))[0], math)
    rows = [
        (line.line, f"{_SIGNS[line.verdict.status]} {rule}".strip())
        for line, rule in zip(found.checked.lines, found.rules, strict=True)
    ]
    wrong = found.checked.first_wrong
    return _lines(_left(derived), rows, math) + (f"<p>Line {wrong.number}: {escape(wrong.says)}</p>" if wrong else "")


def derivation(derived: Derivation, math: Math = dollars) -> str:
    """The gradient, with its steps folded."""
    notes = "".join(f"<p>{escape(note)}</p>" for note in derived.notes)
    return f"<div>{_equation(_left(derived), derived.result, math)}{_steps(derived, math)}{notes}</div>"


def verdict(found: Verdict, math: Math = dollars) -> str:
    """The verdict, and where it fails if it is false; what it rests on is folded."""
    return f"<div>{_decided(found, math)}{_evidence(found)}</div>"


def _decided(found: Verdict, math: Math, scope: str = "", witness: str = "") -> str:
    from gradproof.latex import to_latex

    status = found.status
    head = f"<strong>{_SIGNS[status]} {status.title()}</strong>"
    says = [scope] if status == "proved" else [found.reason]
    given = ", ".join(math(to_latex(relation)) for relation in found.assumptions)
    first = " ".join([head, *map(escape, filter(None, says)), *([f"assuming {given}"] if given else [])])
    needs = "".join(
        f"<p>{escape(str(n)).replace(escape(str(n.assumption)), math(to_latex(n.assumption)), 1)}</p>"
        for n in found.needs
    )
    where = f"<p>{escape(witness or str(found.witness))}</p>" if found.witness is not None else ""
    return f"<p>{first}</p>{needs}{where}"


def unread(text: str, error: str) -> str:
    """A block that cannot be read, and why."""
    return f'<div class="gradproof gradproof-unread"><pre>{escape(text)}</pre><pre>{escape(error)}</pre></div>'


def _evidence(found: Verdict) -> str:
    rows = "".join(
        f"<li>{escape(e.kind)}: {escape(e.says)} <small>rests on {escape(e.rests_on)}</small></li>"
        for e in found.evidence
    )
    return (
        _fold(f"Rests on {len(found.evidence)} check{'s' * (len(found.evidence) != 1)}", f"<ul>{rows}</ul>")
        if rows
        else ""
    )


def _steps(derived: Derivation, math: Math) -> str:
    """Every step, below those of the adjoints that it uses."""
    parts = [part for part in (*derived.adjoints, derived) if part.steps]
    body = "".join(_lines(_left(part), part.lines, math) for part in parts)
    return _fold(f"Steps ({sum(len(part.lines) for part in parts)})", body)


def _lines(left: Any, lines: Iterable[tuple[Any, str]], math: Math) -> str:
    """Lines below each other, each with what stands beside it."""
    from gradproof.latex import to_latex

    rows = "".join(
        f"<tr><td>{math(f'= {to_latex(line)}')}</td><td>{escape(beside)}</td></tr>" for line, beside in lines
    )
    first = f"<p>{math(to_latex(left))}</p>"
    style = "overflow: auto hidden; padding: 0 0.8rem"
    return f'<div{_SCROLLS} style="{style}">{first}<table><tbody>{rows}</tbody></table></div>'


def _equation(left: Any, right: Any, math: Math) -> str:
    from gradproof.latex import to_latex

    return f'<p{_SCROLLS} style="overflow-x: auto">{math(f"{to_latex(left)} = {to_latex(right)}")}</p>'


def _fold(title: str, body: str) -> str:
    return f"<details><summary>{title}</summary>{body}</details>"


def _left(derived: Derivation) -> Any:
    """What a derivation is of: the derivative of its loss."""
    from gradproof.lines import derivative

    return derivative(derived.loss if derived.name is None else derived.name, derived.wrt)
