"""What all kinds of statement share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, Protocol, runtime_checkable

import sympy as sp
from sympy.core.relational import Relational

from gradproof.arithmetic import Exact, texts_apart
from gradproof.checking import free_indices
from gradproof.checks.enclosure import point_of
from gradproof.checks.second_enclosure import KIND as SECOND
from gradproof.checks.second_enclosure import differ, rounded, seconded
from gradproof.checks.steps import LineChecker
from gradproof.given import Given, point_text
from gradproof.lines import head, index_range
from gradproof.notation import NotationError, read
from gradproof.values import evaluate, index_values
from gradproof.verdict import Evidence, Verdict, Witness

__all__ = [
    "ENCLOSED",
    "EXACT",
    "Statement",
    "compared_at",
    "counterexample",
    "everywhere",
    "holds_at",
    "joined",
    "named",
    "not_defined_too",
    "rounds_to",
    "value_at",
    "values_at",
]

EXACT = "exact rationals and mpmath's interval arithmetic"
ENCLOSED = "mpmath's interval arithmetic"


@runtime_checkable
class Statement(Protocol):
    """Something that is true or false: it decides itself, and prints what it decides."""

    def verify(self) -> Verdict:
        """Proved, refuted with a witness, or undecided with a reason."""
        ...

    def scope(self) -> str:
        """For what it holds, where it does: the words after "proved"."""
        ...

    def latex(self) -> str:
        """The statement as a formula, printed from the expressions that `verify` decides."""
        ...


def everywhere(*sides: sp.Expr) -> str:
    """The scope of what holds for all letters."""
    letters = {s for side in sides for s in side.free_symbols}
    if not letters:
        return ""
    sizes = {s for s in letters if s.is_integer} or any(side.has(sp.Sum) for side in sides)
    return f"for every {'size and every ' if sizes else ''}value at which both sides are defined"


def named(verdict: Verdict, where: str) -> Verdict:
    """The verdict with the place that it speaks of, unless it is proved."""
    if verdict.status == "proved":
        return verdict
    return replace(verdict, reason=where + (f" ({verdict.reason})" if verdict.reason else ""))


def joined(verdicts: Sequence[Verdict]) -> Verdict:
    """Proved if all are; otherwise the first that is not.  Evidence of one kind is shown once."""
    for verdict in verdicts:
        if verdict.status != "proved":
            return verdict
    evidence = dict.fromkeys(e for v in verdicts for e in v.evidence)
    assumptions = dict.fromkeys(a for v in verdicts for a in v.assumptions)
    return Verdict("proved", tuple(assumptions), None, tuple(evidence))


def counterexample(where: str, verdict: Verdict) -> Verdict:
    """Of a refuted part, that it fails, with what says so."""
    rests = verdict.evidence[0].rests_on if verdict.evidence else "gradproof's normal form"
    seen = Evidence("counterexample", "agrees", f"{where} fails: {verdict.shown()}", rests)
    again = (replace(e, says=f"{where} fails: {e.says}") for e in verdict.evidence if e.kind == SECOND)
    return Verdict("proved", evidence=(seen, *again))


def value_at(e: sp.Expr, at: Mapping[Any, Any], definitions: Sequence[sp.Eq] = ()) -> Any:
    """The value at a given point, exact or enclosed; derivatives are taken by SymPy's own diff.

    Raises NotationError where a named quantity is given a value, KinkError where a derivative does not exist.
    """
    return values_at([e], at, definitions)[0]


def values_at(sides: Sequence[sp.Expr], at: Mapping[Any, Any], definitions: Sequence[sp.Eq] = ()) -> list[Any]:
    """As `value_at`, of several expressions: where the indices of an array start, all of them tell together."""
    not_defined_too(at, definitions)
    checker = LineChecker(definitions)
    lines = [read(e) for e in sides]
    bodies = [checker.evaluated(line) for line in lines]
    given = Given(at, bodies, checker.equations)
    return [
        evaluate(body, given, Exact(), off_kinks=line.has(sp.Derivative))
        for line, body in zip(lines, bodies, strict=True)
    ]


def not_defined_too(at: Mapping[Any, Any], definitions: Sequence[sp.Eq]) -> None:
    """Raise NotationError where a point gives a value to what a definition computes."""
    given = point_text(at)
    for definition in definitions:
        if str(getattr(head(definition.lhs), "label", head(definition.lhs))) in given:
            raise NotationError(f"{definition.lhs} is defined, and given a value too")


def compared_at(
    left: sp.Expr,
    right: sp.Expr,
    at: Mapping[Any, Any],
    definitions: Sequence[sp.Eq] = (),
    assumptions: Sequence[Relational] = (),
    stated: Sequence[str] = (),
) -> Verdict:
    """Whether two sides have one value at a given point: refuted, with that point, where they have not.

    stated: the two values as someone wrote them down, which the second enclosure looks at too.
    """
    unmet = [r for r in assumptions if not holds_at(r, at, definitions)]
    if unmet:
        return Verdict("undecided", reason=f"the given point does not meet the assumption {unmet[0]}")
    a, b = values_at((left, right), at, definitions)
    sign = Exact().sign_or_none(Exact().join(lambda x, y: x - y, a, b))
    if not sign:
        return Verdict("undecided", reason="at the given point the two sides are not told apart")
    sizes = {str(s) for e in (left, right, *(d.rhs for d in definitions)) for s in e.free_symbols if s.is_integer}
    point = point_text(at)
    functions = {k: str(v) for k, v in point.items() if "(" in k}
    printed = texts_apart(a, b)
    witness = Witness(
        sizes={k: int(v) for k, v in point.items() if k in sizes},
        values={k: _nested(v) for k, v in point.items() if k not in sizes and k not in functions},
        left=printed[0],
        right=printed[1],
        functions=functions,
    )
    says = f"the two sides are {witness.left} and {witness.right}"
    evidence = Evidence("enclosure", "disagrees", says, EXACT)

    def tell() -> str:
        balls = point_of(at, (left, right), definitions, assumptions)
        for side, value, text in zip((left, right), (a, b), stated, strict=False):
            rounded(balls.value(side), text, rounds_to(value, text))
        return differ(balls, left, right, printed)

    return seconded(Verdict("refuted", (), witness, (evidence,)), tell)


def _nested(value: Any) -> Any:
    return tuple(map(_nested, value)) if isinstance(value, (list, tuple)) else value


def holds_at(relation: Relational, at: Mapping[Any, Any], definitions: Sequence[sp.Eq] = ()) -> bool:
    """Whether a relation holds at a given point, for every value of its indices: one given stands for all too.

    Raises NotationError for an index that has neither a range nor a value.
    """
    given, spans = point_text(at), {}
    for index in sorted({i for side in relation.args for i in free_indices(side)}, key=str):
        span = index_range(index)
        if span is not None:
            spans[index] = range(int(value_at(span[0], at)), int(value_at(span[1], at)) + 1)
        elif str(index) not in given:
            raise NotationError(f"the index {index} of {relation} has neither a value nor a range")
    return all(
        _holds(relation, {**at, **dict(zip(spans, values, strict=True))}, definitions)
        for values in index_values(list(spans.values()))
    )


def _holds(relation: Relational, at: Mapping[Any, Any], definitions: Sequence[sp.Eq]) -> bool:
    left, right = (value_at(side, at, definitions) for side in relation.args)
    sign = Exact().sign(Exact().join(lambda x, y: x - y, left, right))
    return {
        sp.Eq: sign == 0, sp.Ne: sign != 0, sp.Gt: sign > 0, sp.Ge: sign >= 0, sp.Lt: sign < 0, sp.Le: sign <= 0,
    }[type(relation)]  # fmt: skip


def rounds_to(value: Any, printed: str) -> bool:
    """Whether a value is a printed rational, or for sure rounds to printed digits."""
    stated, exact = Fraction(printed), Exact()
    half = Fraction(1, 2 * 10 ** len(printed.partition(".")[2])) if "." in printed else Fraction(0)
    gaps = [exact.join(lambda a, b: a - b, value, stated - half), exact.join(lambda a, b: b - a, value, stated + half)]
    return all(sign is not None and sign >= 0 for sign in map(exact.sign_or_none, gaps))
