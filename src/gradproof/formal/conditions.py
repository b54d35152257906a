"""When a term is well defined: Coq's division, logarithm and root have a value everywhere, so what they need is stated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gradproof.formal.differentiation import Condition
from gradproof.formal.facts import Span
from gradproof.formal.terms import Term, num, op, show, show_integer

__all__ = ["conditions", "holds_by_form", "stated"]


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


def holds_by_form(says: Term, known: frozenset[str]) -> bool:
    """Whether the tactic `side` proves the condition without a hypothesis; `known` are hypotheses by their text."""
    if says.op == "->":
        return holds_by_form(says.args[1], known | {show(says.args[0])})
    left, right = says.args
    match says.name:
        case "<>":
            return right == num(0) and _nonzero(left, known)
        case "<":
            return left == num(0) and _positive(right, known)
        case "<=":
            return left == num(0) and _nonnegative(right, known)
    return False


def _nonzero(t: Term, known: frozenset[str]) -> bool:
    if show(t) + " <> 0" in known or _positive(t, known):
        return True
    if t.op in ("*", "/"):
        return all(_nonzero(a, known) for a in t.args)
    return t.op in ("pow", "inv", "neg") and _nonzero(t.args[0], known)


def _positive(t: Term, known: frozenset[str]) -> bool:
    if "0 < " + show(t) in known:
        return True
    match t.op:
        case "num":
            return t.name != "0"
        case "real":
            return f"(1 <= {show_integer(t.args[0])})%Z" in known
        case "app" if t.name in ("exp", "cosh", "Rpower", "PI"):
            return True
        case "app" if t.name == "sqrt":
            return _positive(t.args[0], known)
        case "app" if t.name == "Rabs":
            return _nonzero(t.args[0], known)
        case "*" | "/":
            return all(_positive(a, known) for a in t.args)
        case "inv":
            return _positive(t.args[0], known)
        case "pow":
            return _positive(t.args[0], known) or (t.name == "2" and _nonzero(t.args[0], known))
        case "+":
            a, b = t.args
            return (_positive(a, known) and _nonnegative(b, known)) or (_nonnegative(a, known) and _positive(b, known))
        case "sum":
            return (
                t.args[0] == num(1) and f"(1 <= {show_integer(t.args[1])})%Z" in known and _positive(t.args[2], known)
            )
    return False


def _nonnegative(t: Term, known: frozenset[str]) -> bool:
    if "0 <= " + show(t) in known or _positive(t, known):
        return True
    match t.op:
        case "num":
            return True
        case "pow":
            return t.name == "2" or _nonnegative(t.args[0], known)
        case "app":
            return t.name in ("sqrt", "Rabs")
        case "+" | "*":
            return all(_nonnegative(a, known) for a in t.args)
        case "/":
            return _nonnegative(t.args[0], known) and _positive(t.args[1], known)
        case "sum":
            return _nonnegative(t.args[2], known)
    return False
