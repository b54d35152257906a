"""The lemmas of the library, as patterns: what each says is read from the file that Coq checks.

A lemma about a derivative has the form

    forall (metavariables), premises -> is_derive (fun t => pattern) x value.

Its metavariables stand for terms, or for functions of t and of bound indices.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from gradproof.formal.reading import read_term
from gradproof.formal.terms import Term, app, fresh_name, num, put, var

__all__ = ["Goal", "Lemma", "applied", "lemmas", "library_text", "matched"]


@dataclass(frozen=True)
class Goal:
    """is_derive (fun t => body) point ?"""

    t: str
    body: Term
    point: Term


@dataclass(frozen=True)
class Lemma:
    """kinds: the types of the metavariables, in their order."""

    name: str
    kinds: Mapping[str, str]
    premises: tuple[Term, ...]
    conclusion: Term


def library_text() -> str:
    """The Coq library that all certificates use."""
    return resources.files("gradproof.formal").joinpath("library/Gradproof.v").read_text(encoding="utf-8")


_STATED = re.compile(r"^Lemma ([cd]_\w+) : (forall .*?\.)\nProof", re.MULTILINE | re.DOTALL)


@lru_cache(1)
def lemmas() -> Mapping[str, Lemma]:
    """Every lemma of the library that states a derivative, or that a function is continuous, for all its metavariables."""
    found = {}
    for name, text in _STATED.findall(library_text()):
        kinds: dict[str, str] = {}
        premises: list[Term] = []
        rest = read_term(text.rstrip("."), {})
        while rest.op in ("forall", "->"):
            if rest.op == "forall":
                names, kind = rest.name.split(" : ")
                kinds |= dict.fromkeys(names.split(), kind)
                rest = rest.args[0]
            else:
                premises.append(rest.args[0])
                rest = rest.args[1]
        found[name] = Lemma(name, kinds, tuple(premises), rest)
    return found


Values = dict[str, Term]


def matched(lemma: Lemma, goal: Goal) -> Values | None:
    """The metavariables with which the lemma's conclusion is the goal, its value left open; None if there are none."""
    pattern = lemma.conclusion
    body, point = pattern.args[:2]
    values: Values = {}
    if not _match(point, goal.point, lemma.kinds, {}, values):
        return None
    return values if _match(body, goal.body, lemma.kinds, {pattern.name: goal.t}, values) else None


def _match(p: Term, e: Term, kinds: Mapping[str, str], env: dict[str, str], values: Values) -> bool:
    if p.op == "var" and p.name in env:
        return e.op == "var" and e.name == env[p.name]
    if p.op in ("var", "app") and not p.args and p.name in kinds:
        return e.names.isdisjoint(env.values()) and _bind(p.name, e, values)
    if p.op == "index" and e.op == "index":
        return _match(p.args[0], e.args[0], kinds, env, values)
    if p.op == "app" and p.name in kinds:
        return _applied_metavariable(p, e, kinds, env, values)
    if p.op == "pow" and e.op == "pow":
        return _exponent(p.name, e.name, values) and _match(p.args[0], e.args[0], kinds, env, values)
    if p.op != e.op or len(p.args) != len(e.args):
        return False
    if p.op == "sum":
        inside = {**env, p.name: e.name}
        outer = all(_match(a, b, kinds, env, values) for a, b in zip(p.args[:2], e.args[:2], strict=True))
        return outer and _match(p.args[2], e.args[2], kinds, inside, values)
    if p.name != e.name:
        return False
    return all(_match(a, b, kinds, env, values) for a, b in zip(p.args, e.args, strict=True))


def _applied_metavariable(p: Term, e: Term, kinds: Mapping[str, str], env: dict[str, str], values: Values) -> bool:
    """A function of bound names is whatever stands there; a function of something else must be one by its name."""
    inner = [a.args[0] if a.op == "index" else a for a in p.args]
    if all(a.op == "var" and a.name in env for a in inner):
        bound = [env[a.name] for a in inner]
        hidden = set(env.values()) - set(bound)
        value = e
        for name in reversed(bound):
            value = Term("lambda", name, (value,))
        return e.names.isdisjoint(hidden) and _bind(p.name, value, values)
    one = e.op == "app" and len(e.args) == 1 and e.args[0].op != "index" and len(p.args) == 1
    if one and e.args[0].op == "var" and e.args[0].name in env.values():
        return False  # a function of t itself is no composition
    return one and _bind(p.name, app(e.name), values) and _match(p.args[0], e.args[0], kinds, env, values)


def _exponent(p: str, e: str, values: Values) -> bool:
    if p.startswith("S ") and e.isdigit() and int(e) >= 1:
        return _bind(p[2:], num(int(e) - 1), values)
    return p == e


def _bind(name: str, value: Term, values: Values) -> bool:
    return values.setdefault(name, value) == value


def applied(t: Term, values: Values) -> Term:
    """A premise or value of a lemma with terms for its metavariables; functions are applied."""
    if t.op in ("var", "app") and t.name in values:
        function = values[t.name]
        args = [applied(a.args[0] if a.op == "index" else a, values) for a in t.args]
        here: dict[str, Term] = {}
        while args and function.op == "lambda":
            here[function.name] = args.pop(0)
            function = function.args[0]
        function = put(function, here)
        return app(function.name, *function.args, *args) if args else function
    if t.op == "pow":
        n = t.name if t.name not in values else values[t.name].name
        return Term("pow", n, (applied(t.args[0], values),))
    if t.op == "real" and t.args[0].op == "app" and t.args[0].name == "Z.of_nat":
        return num(int(values["n"].name) + 1)
    if t.op in ("sum", "derive", "continuous", "lambda", "forall"):
        return _under_binder(t, values)
    return Term(t.op, t.name, tuple(applied(a, values) for a in t.args))


def _under_binder(t: Term, values: Values) -> Term:
    """A bound name of the pattern is renamed where a value has it free."""
    name, _, kind = t.name.partition(" : ")
    taken = set().union(*(v.names for v in values.values()))
    new = fresh_name(name, taken)
    inside = {**{k: v for k, v in values.items() if k != name}, name: var(new)}
    args = [applied(a, inside if n == _scoped(t) else values) for n, a in enumerate(t.args)]
    return Term(t.op, new + (f" : {kind}" if kind else ""), tuple(args))


def _scoped(t: Term) -> int:
    """Which part a binder reaches."""
    return {"sum": 2, "derive": 0, "continuous": 0, "lambda": 0, "forall": 0}[t.op]
