"""Coq terms as a small tree, and how they are printed.

A term stands in one of two scopes: reals, and the integers Z of indices and sizes.  The printer knows
which by the place: a bound of a sum, an index of an array and what is under `IZR` are integers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

__all__ = ["Term", "app", "free_names", "fresh_name", "index", "integer", "num", "number", "op", "put", "show", "show_integer", "sum_over", "var"]  # fmt: skip


@dataclass(frozen=True)
class Term:
    """op: "num", "var", "app", "index" (an integer argument), "real" (an integer as a real), "sum", "if" or an operator.

    name: of a variable or function, the bound index of a sum, the relation of an "if", a literal or exponent as text.
    args: the parts; of a sum its bounds and its summand, of an "if" the two sides compared and the two branches.
    """

    op: str
    name: str = ""
    args: tuple[Term, ...] = ()

    @cached_property
    def names(self) -> frozenset[str]:
        """The names that it leaves free, functions' too."""
        inner: frozenset[str] = frozenset().union(*(a.names for a in self.args))
        if self.op == "sum":
            return self.args[0].names | self.args[1].names | (self.args[2].names - {self.name})
        if self.op == "derive":
            return (self.args[0].names - {self.name}) | self.args[1].names | self.args[2].names
        if self.op == "continuous":
            return (self.args[0].names - {self.name}) | self.args[1].names
        if self.op in ("lambda", "bigO", "forall", "exists"):
            return inner - set(self.name.split(" : ")[0].split())
        return inner | {self.name} if self.op in ("var", "app") else inner

    @cached_property
    def all_names(self) -> frozenset[str]:
        """The names that stand in it, bound ones too."""
        return self.names.union({self.name} if self.op == "sum" else (), *(a.all_names for a in self.args))

    def __str__(self) -> str:
        return show(self)


def num(value: int) -> Term:
    """A whole number, real or integer by its place."""
    return Term("num", str(value)) if value >= 0 else Term("neg", "", (Term("num", str(-value)),))


def number(numerator: int, denominator: int) -> Term:
    """A rational number."""
    return num(numerator) if denominator == 1 else Term("/", "", (num(numerator), num(denominator)))


def var(name: str) -> Term:
    """A letter."""
    return Term("var", name)


def index(z: Term) -> Term:
    """An integer as a function's argument."""
    return Term("index", "", (z,))


def integer(z: Term) -> Term:
    """An integer as a real number."""
    return z if z.op == "num" else Term("real", "", (z,))


def app(name: str, *args: Term) -> Term:
    """A function or an array with arguments."""
    return Term("app", name, args)


def op(sign: str, *args: Term) -> Term:
    """An operator between terms."""
    return Term(sign, "", args)


def sum_over(name: str, lo: Term, hi: Term, body: Term) -> Term:
    """The sum of `body` for the index `name` from lo to hi."""
    return Term("sum", name, (lo, hi, body))


def free_names(*terms: Term) -> set[str]:
    """The names that terms leave free."""
    return set().union(*(t.names for t in terms))


def fresh_name(name: str, taken: set[str] | frozenset[str]) -> str:
    """The name, primed until nothing else has it."""
    while name in taken:
        name += "'"
    return name


def put(t: Term, values: Mapping[str, Term]) -> Term:
    """`t` with terms for variables; bound indices are renamed where they would catch a name."""
    here = {n: v for n, v in values.items() if n in t.names}
    if not here:
        return t
    if t.op == "var":
        return here[t.name]
    if t.op != "sum":
        return replace(t, args=tuple(put(a, here) for a in t.args))
    lo, hi, body = t.args
    inside = {n: v for n, v in here.items() if n != t.name}
    name = t.name
    if any(name in v.names for n, v in inside.items() if n in body.names):
        name = fresh_name(name, free_names(body, *inside.values()))
        body = put(body, {t.name: var(name)})
    return Term("sum", name, (put(lo, here), put(hi, here), put(body, inside)))


def walk(t: Term) -> Iterator[Term]:
    yield t
    for a in t.args:
        yield from walk(a)


# -- printing -------------------------------------------------------------------------------
#: operator -> (its level, the level that its left and its right part need)
_BINARY = {"+": (50, 50, 49), "-": (50, 50, 49), "*": (40, 40, 39), "/": (40, 40, 39)}


def show(t: Term, room: int = 200) -> str:
    """A real term; `room` is the highest level that needs no brackets."""
    return _show(t, room, show)


def show_integer(t: Term, room: int = 200) -> str:
    """An integer term, in Z."""
    return _show(t, room, show_integer)


def _show(t: Term, room: int, inside: Callable[[Term, int], str]) -> str:
    match t.op:
        case "num" | "var":
            return t.name
        case "+" | "-" | "*" | "/":
            level, left, right = _BINARY[t.op]
            return _in(level, room, f"{inside(t.args[0], left)} {t.op} {inside(t.args[1], right)}")
        case "neg":
            return _in(35, room, f"- {inside(t.args[0], 34)}")
        case "inv":
            return _in(35, room, f"/ {inside(t.args[0], 34)}")
        case "pow":
            return _in(30, room, f"{inside(t.args[0], 29)} ^ {t.name}")
        case "real":
            return _in(10, room, f"IZR {show_integer(t.args[0], 9)}" + ("" if t.args[0].op == "var" else "%Z"))
        case "index":
            z = t.args[0]
            return t.args[0].name if z.op == "var" else f"{show_integer(z, 9)}%Z"
        case "app" if not t.args:
            return t.name
        case "app":
            return _in(10, room, " ".join([t.name, *(inside(a, 9) for a in t.args)]))
        case "sum":
            lo, hi = (show_integer(a, 9) for a in t.args[:2])
            return _in(10, room, f"Sum {lo} {hi} (fun {t.name} => {show(t.args[2])})")
        case "if":
            a, b, yes, no = t.args
            test = " ".join([_TESTS[t.name], *(show(x, 9) for x in (a, b))])
            return _in(190, room, f"if {test} then {show(yes)} else {show(no)}")
        case "lambda":
            return _in(200, room, f"fun {t.name} => {show(t.args[0])}")
    return _statement(t, room)


def _statement(t: Term, room: int) -> str:
    """A proposition; one between integers is a chain of relations in the scope of Z."""
    match t.op:
        case "derive":
            body, point, value = t.args
            return _in(10, room, f"is_derive (fun {t.name} => {show(body)}) {show(point, 9)} {show(value, 9)}")
        case "continuous":
            body, point = t.args
            return _in(10, room, f"continuous (fun {t.name} => {show(body)}) {show(point, 9)}")
        case "bigO":
            order, body = t.args
            name = "bigO2" if " " in t.name else "bigO"
            return _in(10, room, f"{name} {order.name} (fun {t.name} => {show(body)})")
        case "forall" | "exists":
            names, kind = t.name.split(" : ")
            return _in(200, room, f"{t.op} {names} : {kind}, {show(t.args[0])}")
        case "->" | "/\\":
            level = 99 if t.op == "->" else 80
            return _in(
                level, room, f"{show(t.args[0], level - 1)} {t.op} {show(t.args[1], 200 if t.op == '->' else level)}"
            )
        case "~":
            return _in(75, room, f"~ {show(t.args[0], 75)}")
        case "relation":
            return _in(70, room, _chain(t, show))
        case "integers":
            return f"({_chain(t, show_integer)})%Z"
    raise ValueError(f"unknown term {t.op}")


def _chain(t: Term, inside: Callable[[Term, int], str]) -> str:
    first, *rest = (inside(a, 69) for a in t.args)
    return first + "".join(f" {s} {a}" for s, a in zip(t.name.split(), rest, strict=True))


_TESTS = {"<": "Rlt_dec", "<=": "Rle_dec", "=": "Req_EM_T"}


def _in(level: int, room: int, text: str) -> str:
    return text if level <= room else f"({text})"
