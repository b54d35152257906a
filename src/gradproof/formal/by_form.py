"""What the tactics of the library see by the form of a term: that it is positive, not negative, or not zero."""

from __future__ import annotations

from gradproof.formal.terms import Term, num, show, show_integer

__all__ = ["holds_by_form"]


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
