"""Coq text back into terms: what the printer wrote, and the lemmas of the library.

The grammar is `coq.lark`; what a name stands for, a real, an integer, an array or a function, is told by its type.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

from lark import Lark, Token

from gradproof.formal.terms import Term, index, integer

__all__ = ["TYPES", "read_term", "split_type"]

#: the types of what the library defines, beside the functions of one real argument
TYPES: Mapping[str, str] = {
    "PI": "R", "delta": "Z -> Z -> R", "Rpower": "R -> R -> R", "Rmax": "R -> R -> R", "Rmin": "R -> R -> R",
    "replace1": "(Z -> R) -> Z -> R -> Z -> R", "replace2": "(Z -> Z -> R) -> Z -> Z -> R -> Z -> Z -> R",
    "replace3": "(Z -> Z -> Z -> R) -> Z -> Z -> Z -> R -> Z -> Z -> Z -> R",
}  # fmt: skip


@lru_cache(1)
def _grammar() -> Lark:
    text = resources.files("gradproof.formal").joinpath("coq.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", maybe_placeholders=False)


def read_term(text: str, types: Mapping[str, str], scope: str = "R") -> Term:
    """The term or proposition that a text is.  types: of the names that it leaves free, such as "Z -> R"."""
    return _Reader({**TYPES, **types}).read(_grammar().parse(text), scope)


class _Reader:
    """A parse tree as a term; `types` is what is known of the names around it."""

    def __init__(self, types: Mapping[str, str]) -> None:
        self.types = dict(types)

    def read(self, t: Any, scope: str) -> Term:
        name, args = t.data, t.children
        match name:
            case "name":
                return self._name(str(args[0]), scope)
            case "literal" | "scoped":
                return Term("num", str(args[0]))
            case "bracket":
                return self.read(args[0], {"%Z": "Z", "%R": "R"}.get(str(args[1]), scope) if len(args) > 1 else scope)
            case "plus" | "minus" | "times" | "over":
                sign = {"plus": "+", "minus": "-", "times": "*", "over": "/"}[name]
                return Term(sign, "", tuple(self.read(a, scope) for a in args))
            case "negative" | "inverse":
                return Term("neg" if name == "negative" else "inv", "", (self.read(args[0], scope),))
            case "power":
                return Term("pow", _exponent(args[1]), (self.read(args[0], scope),))
            case "applied":
                return self._applied(args)
            case "function":
                *names, body = args
                return self._bound(list(map(str, names)), body, scope)
            case "branch":
                return self._branch(args)
        return self._proposition(name, args, scope)

    def _name(self, name: str, scope: str) -> Term:
        return Term("var", name) if self.types.get(name, scope) in ("R", "Z") else Term("app", name)

    def _bound(self, names: list[str], body: Any, scope: str) -> Term:
        term = self.read(body, scope)
        for name in reversed(names):
            term = Term("lambda", name, (term,))
        return term

    def _applied(self, args: list[Any]) -> Term:
        head, *rest = args
        if head.data != "name":
            raise ValueError("only a name can be applied")
        name = str(head.children[0])
        if name == "Sum":
            lo, hi = (self.read(a, "Z") for a in rest[:2])
            inside = rest[2].children[0] if rest[2].data == "bracket" else rest[2]
            if inside.data == "function":
                bound, body = str(inside.children[0]), inside.children[1]
                return Term("sum", bound, (lo, hi, _Reader({**self.types, bound: "Z"}).read(body, "R")))
            raise ValueError("a Sum needs a function of its index")
        if name == "IZR":
            return integer(self.read(rest[0], "Z"))
        if name in ("is_derive", "continuous"):
            bound, body = self._function(rest[0])
            return Term(
                "derive" if name == "is_derive" else name, bound, (body, *(self.read(a, "R") for a in rest[1:]))
            )
        if name in ("bigO", "bigO2"):
            bound, body = self._function(rest[1])
            return Term("bigO", bound, (self.read(rest[0], "Z"), body))
        *kinds, _ = split_type(self.types.get(name, " -> ".join(["R"] * len(args))))
        return Term("app", name, tuple(self._argument(a, k) for a, k in zip(rest, kinds, strict=False)))

    def _function(self, given: Any) -> tuple[str, Term]:
        """The letters and the body of a function of real numbers; one of one number may be given by its name."""
        inside = given.children[0] if given.data == "bracket" else given
        if inside.data != "function":
            return "t", Term("app", str(inside.children[0]), (Term("var", "t"),))
        *bound, body = inside.children
        names = list(map(str, bound))
        return " ".join(names), _Reader({**self.types, **dict.fromkeys(names, "R")}).read(body, "R")

    def _argument(self, a: Any, kind: str) -> Term:
        if kind == "Z":
            return index(self.read(a, "Z"))
        return self.read(a, "R")

    def _branch(self, args: list[Any]) -> Term:
        test = args[0]
        sign = {"Rlt_dec": "<", "Rle_dec": "<=", "Req_EM_T": "="}[str(test.children[0].children[0])]
        sides = [self.read(a, "R") for a in test.children[1:]]
        return Term("if", sign, (*sides, *(self.read(a, "R") for a in args[1:])))

    def _proposition(self, name: str, args: list[Any], scope: str) -> Term:
        match name:
            case "forall" | "exists":
                *groups, body = args
                bound = [
                    (list(map(str, g.children[:-1])), type_text(g.children[-1])) for b in groups for g in _groups(b)
                ]
                inner = _Reader({**self.types, **{n: kind for names, kind in bound for n in names}})
                result = inner.read(body, scope)
                for names, kind in reversed(bound):
                    result = Term(name, f"{' '.join(names)} : {kind}", (result,))
                return result
            case "implies" | "conjunction":
                return Term("->" if name == "implies" else "/\\", "", tuple(self.read(a, scope) for a in args))
            case "denied":
                return Term("~", "", (self.read(args[0], scope),))
            case "relation":
                sides = tuple(self.read(a, scope) for a in args[::2])
                signs = " ".join(map(str, args[1::2]))
                return Term("integers" if scope == "Z" else "relation", signs, sides)
        raise ValueError(f"unknown text {name}")


def _groups(binders: Any) -> list[Any]:
    first = binders.children[0]
    return [binders] if isinstance(first, Token) else list(binders.children)


def type_text(t: Any) -> str:
    """A type as it is written, such as Z -> R."""
    match t.data:
        case "name":
            return str(t.children[0])
        case "implies":
            left, right = (type_text(a) for a in t.children)
            return f"({left}) -> {right}" if "->" in left else f"{left} -> {right}"
        case "bracket":
            return type_text(t.children[0])
    raise ValueError(f"unknown type {t.data}")


def split_type(kind: str) -> list[str]:
    """The argument types and the type of the value."""
    parts, depth, here = [], 0, ""
    for piece in kind.split(" -> "):
        depth += piece.count("(") - piece.count(")")
        here = f"{here} -> {piece}" if here else piece
        if depth == 0:
            parts.append(here.removeprefix("(").removesuffix(")") if here.startswith("(") else here)
            here = ""
    return parts


def _exponent(t: Any) -> str:
    """An exponent: a literal, a name or S n."""
    inner = t.children[0] if t.data == "bracket" else t
    if inner.data == "applied":
        return " ".join(str(a.children[0]) for a in inner.children)
    return str(inner.children[0])
