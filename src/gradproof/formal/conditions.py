"""When a term is well defined: Coq's division, logarithm and root have a value everywhere, so what they need is stated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gradproof.formal.differentiation import Condition
from gradproof.formal.facts import Span
from gradproof.formal.terms import Term, num, op

__all__ = ["conditions", "stated"]


def conditions(t: Term, spans: Sequence[Span] = ()) -> Iterable[Condition]:
    """What the parts of a term need, for every value of the indices around them."""
    match t.op:
        case "sum":
            lo, hi, body = t.args
            yield from conditions(body, [*spans, (t.name, lo, hi)])
            return
        case "if":
            a, b, *branches = t.args
            yield from (*conditions(a, spans), *conditions(b, spans))
            for holds, branch in zip((True, False), branches, strict=True):
                for c in conditions(branch, spans):
                    yield Condition.of(
                        (*spans, *(s for s in c.spans if s not in spans)), op("->", _tested(t, holds), c.says)
                    )
            return
        case "/" | "inv":
            yield from _other_than_zero(t.args[-1], spans)
        case "app" if t.name in ("ln", "Rpower"):
            yield Condition.of(spans, Term("relation", "<", (num(0), t.args[0])))
        case "app" if t.name == "sqrt":
            yield Condition.of(spans, Term("relation", "<=", (num(0), t.args[0])))
        case "app" if t.name in ("asin", "acos"):
            yield Condition.of(spans, Term("relation", "<=", (num(0), _one_less_square(t.args[0]))))
        case "app" if t.name == "atanh":
            yield Condition.of(spans, Term("relation", "<", (num(0), _one_less_square(t.args[0]))))
        case "app" if t.name == "acosh":
            yield Condition.of(spans, Term("relation", "<=", (num(0), op("-", t.args[0], num(1)))))
        case "app" if t.name in ("coth", "csch"):
            yield Condition.of(spans, Term("relation", "<>", (t.args[0], num(0))))
        case "app" if t.name == "tan":
            yield Condition.of(spans, Term("relation", "<>", (Term("app", "cos", t.args), num(0))))
    for a in t.args:
        if a.op != "index":
            yield from conditions(a, spans)


def _one_less_square(t: Term) -> Term:
    return op("-", num(1), Term("pow", "2", (t,)))


def _tested(t: Term, holds: bool) -> Term:
    """What a test says where it holds, or where it does not."""
    a, b = t.args[:2]
    if holds:
        return Term("relation", t.name, (a, b))
    return Term("relation", {"<": "<=", "<=": "<", "=": "<>"}[t.name], (a, b) if t.name == "=" else (b, a))


def _other_than_zero(t: Term, spans: Sequence[Span]) -> Iterable[Condition]:
    """That a denominator is not zero: each of its factors."""
    match t.op:
        case "num":
            return
        case "*":
            for a in t.args:
                yield from _other_than_zero(a, spans)
        case "pow" | "neg":
            yield from _other_than_zero(t.args[0], spans)
        case _:
            yield Condition.of(spans, Term("relation", "<>", (t, num(0))))


def stated(c: Condition) -> Term:
    """The condition as a proposition."""
    result = c.says
    for name, lo, hi in reversed(c.spans):
        inside = Term("integers", "<= <=", (lo, Term("var", name), hi))
        result = Term("forall", f"{name} : Z", (op("->", inside, result),))
    return result
