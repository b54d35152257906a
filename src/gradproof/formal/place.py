"""The letters of a setting with values, and what terms are worth there.

A proof about numbers is asked of Coq only where its outcome is known: terms are evaluated here first, exactly or with
intervals that certainly hold the value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import sympy as sp

from gradproof.arithmetic import Exact
from gradproof.formal.differentiation import opened as unfolded
from gradproof.formal.gradient import Setting
from gradproof.formal.reading import split_type
from gradproof.formal.terms import Term, fresh_name, number, op, show, var
from gradproof.formal.writing import NoCertificateError
from gradproof.intervals import INTERVAL
from gradproof.values import Scene, UndefinedError
from gradproof.verdict import Witness

__all__ = ["Place", "Seen", "irrational", "reached"]

#: functions that rational arithmetic does not reach, by Coq's name: the name that `Exact` has for them
_FUNCTIONS = {
    **{name: name for name in ("exp", "tanh", "sinh", "cosh", "coth", "sech", "csch", "sin", "cos", "tan", "asin", "acos")},
    **{name: name for name in ("atan", "acosh", "atanh", "erf", "erfc")},
    "ln": "log", "arcsinh": "asinh",
}  # fmt: skip
_IRRATIONAL = frozenset(_FUNCTIONS) | {"sqrt", "PI", "Rpower"}
_CASES = {"<": lambda s: s < 0, "<=": lambda s: s <= 0, "=": lambda s: s == 0, "<>": lambda s: s != 0}


class Seen:
    """A witness as a scene: its numbers by name and index, its polynomials by powers."""

    def __init__(self, witness: Witness) -> None:
        self.witness = witness
        self.known: dict[tuple[str, tuple[int, ...]], Any] = {(name, ()): n for name, n in witness.sizes.items()}
        for name, values in witness.numbers.items():
            self.known |= {(name, index): value for index, value in values.items()}

    def symbol(self, symbol: sp.Basic) -> Any:
        return self._number(str(symbol), ())

    def entry(self, base: sp.IndexedBase, index: tuple[int, ...]) -> Any:
        return self._number(str(base.label), index)

    def _number(self, name: str, index: tuple[int, ...]) -> Any:
        if (name, index) not in self.known:
            raise UndefinedError(f"the witness has no rational value for {name}{list(index) or ''}")
        return Fraction(self.known[name, index])

    def function(self, function: type, orders: tuple[int, ...], args: Sequence[Any]) -> Any:  # noqa: ARG002 # a Scene
        raise UndefinedError(f"the function {function} is read as a polynomial")

    @property
    def functions(self) -> Mapping[str, Mapping[tuple[int, ...], Any]]:
        return self.witness.polynomials


@dataclass
class Place:
    """Values of letters by Coq name, drawn from a scene when they are first asked for.

    indices: the free indices by name, as the scene knows them.
    """

    setting: Setting
    scene: Scene
    indices: Mapping[str, sp.Idx] = field(default_factory=dict)
    numbers: dict[str, Fraction] = field(default_factory=dict)
    entries: dict[str, dict[tuple[int, ...], Fraction]] = field(default_factory=dict)
    polynomials: dict[str, dict[tuple[int, ...], Fraction]] = field(default_factory=dict)
    _known: dict[tuple[str, tuple[int, ...]], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._letters = {name: letter for letter, name in self.setting.names.letters.items()}

    # -- letters -----------------------------------------------------------------------------------
    def number(self, name: str) -> Fraction:
        if name not in self.numbers:
            letter = self._letters[name]
            self.numbers[name] = _rational(self.scene.symbol(self.indices.get(str(letter), letter)), name)
        return self.numbers[name]

    def entry(self, name: str, index: tuple[int, ...]) -> Fraction:
        known = self.entries.setdefault(name, {})
        if index not in known:
            letter = self._letters[name]
            base = letter if isinstance(letter, sp.IndexedBase) else sp.IndexedBase(letter)
            known[index] = _rational(self.scene.entry(base, index), name)
        return known[index]

    def polynomial(self, name: str, arguments: int) -> Mapping[tuple[int, ...], Fraction]:
        slopes = {slope: of for of, slope in self.setting.names.slopes.items()}
        if name in slopes:
            function, slot = slopes[name]
            return _derived(self.polynomial(function, arguments), slot)
        if name not in self.polynomials:
            self.polynomials[name] = _polynomial(self.scene, self._letters[name], arguments)
        return self.polynomials[name]

    # -- terms --------------------------------------------------------------------------------------
    def whole(self, z: Term, env: Mapping[str, int]) -> int:
        """An integer term."""
        match z.op:
            case "num":
                return int(z.name)
            case "neg":
                return -self.whole(z.args[0], env)
            case "+" | "-" | "*":
                a, b = (self.whole(t, env) for t in z.args)
                return a + b if z.op == "+" else a - b if z.op == "-" else a * b
            case "var":
                value = Fraction(env[z.name]) if z.name in env else self.number(z.name)
            case "app":
                value = self.entry(z.name, tuple(self.whole(a.args[0], env) for a in z.args))
            case _:
                raise NoCertificateError(f"the index {show(z)} has no value yet")
        if value.denominator != 1:
            raise UndefinedError(f"the index {show(z)} is {value}, not an integer")
        return int(value)

    def value(self, t: Term, env: Mapping[str, int] | None = None) -> Any:
        """A real term: a fraction, or an interval that holds it."""
        env, exact = env or {}, Exact()
        match t.op:
            case "num":
                return Fraction(t.name)
            case "var":
                return self.number(t.name)
            case "real":
                return Fraction(self.whole(t.args[0], env))
            case "neg":
                return exact.join(lambda a, b: a - b, Fraction(0), self.value(t.args[0], env))
            case "inv":
                return exact.power(self.value(t.args[0], env), Fraction(-1))
            case "pow":
                return exact.power(self.value(t.args[0], env), Fraction(int(t.name)))
            case "+" | "-" | "*" | "/":
                a, b = (self.value(x, env) for x in t.args)
                if t.op == "/":
                    b = exact.power(b, Fraction(-1))
                return exact.join(_OPERATIONS[t.op], a, b)
            case "sum":
                lo, hi = (self.whole(a, env) for a in t.args[:2])
                total: Any = Fraction(0)
                for n in range(lo, hi + 1):
                    total = exact.join(_OPERATIONS["+"], total, self.value(t.args[2], {**env, t.name: n}))
                return total
            case "if":
                return self.value(t.args[2 if self._compared(t.name, t.args[:2], env) else 3], env)
            case "app":
                return self._applied(t, env)
        raise NoCertificateError(f"{show(t)} has no value yet")

    def _applied(self, t: Term, env: Mapping[str, int]) -> Any:
        exact = Exact()
        if t.name == "PI":
            return exact.pi()
        if t.name == "delta":
            a, b = (self.whole(x.args[0], env) for x in t.args)
            return Fraction(int(a == b))
        if t.name in self.setting.definitions:
            return self._defined(t, env)
        kinds = split_type(self.setting.names.types.get(t.name, ""))
        if kinds[-1] == "R" and t.args and all(k == "Z" for k in kinds[:-1]):
            return self.entry(t.name, tuple(self.whole(_bare(a), env) for a in t.args))
        args = [self.value(a, env) for a in t.args if a.op != "index"]
        if t.name in self.setting.names.types and len(args) == len(t.args):
            return _at(self.polynomial(t.name, len(args)), args)
        match t.name, args:
            case "sqrt", [u]:
                return exact.power(u, Fraction(1, 2))
            case "Rabs" | "sign", [u]:
                side = exact.sign(u)
                return Fraction(side) if t.name == "sign" else exact.join(_OPERATIONS["*"], Fraction(side), u)
            case "Rmax" | "Rmin", [u, w]:
                larger = exact.sign(exact.join(_OPERATIONS["-"], u, w)) >= 0
                return u if larger == (t.name == "Rmax") else w
            case "Rpower", [u, w]:
                if exact.sign(u) <= 0:
                    raise UndefinedError("a real power of what is not positive")
                return exact.function("exp", exact.join(_OPERATIONS["*"], w, exact.function("log", u)))
            case name, [u] if _FUNCTIONS.get(name) in INTERVAL:
                return exact.function(_FUNCTIONS[name], u)
        raise NoCertificateError(f"{t.name} has no value at a point yet")

    def _defined(self, t: Term, env: Mapping[str, int]) -> Any:
        """A named quantity; what moves is at its place."""
        d = self.setting.definitions[t.name]
        kinds = split_type(self.setting.names.types[t.name])[:-1]
        moved = [a for a, k in zip(t.args, kinds, strict=True) if k != "Z"]
        if any(a.op == "num" for a in moved):
            return self.value(unfolded(t, self.setting.definitions), env)
        if any(a.args or a.name not in self._letters for a in moved):
            raise NoCertificateError(f"{show(t)} has no value at a point yet")
        index = tuple(self.whole(_bare(a), env) for a, k in zip(t.args, kinds, strict=True) if k == "Z")
        if (t.name, index) not in self._known:
            names = d.parameters[len(moved) :]
            self._known[t.name, index] = self.value(d.body, dict(zip(names, index, strict=True)))
        return self._known[t.name, index]

    # -- propositions -----------------------------------------------------------------------------------
    def holds(self, t: Term, env: Mapping[str, int] | None = None) -> bool:
        """Whether a hypothesis is certainly true here; raises UndefinedError where that cannot be told."""
        env = env or {}
        match t.op:
            case "forall" if t.name.endswith(" : Z") and t.args[0].op == "->" and t.args[0].args[0].op == "integers":
                name, (span, says) = t.name.removesuffix(" : Z"), t.args[0].args
                lo, hi = self.whole(span.args[0], env), self.whole(span.args[2], env)
                return all(self.holds(says, {**env, name: n}) for n in range(lo, hi + 1))
            case "/\\":
                return all(self.holds(a, env) for a in t.args)
            case "->":
                return not self.holds(t.args[0], env) or self.holds(t.args[1], env)
            case "~":
                return not self.holds(t.args[0], env)
            case "integers":
                sides = [self.whole(a, env) for a in t.args]
                signs = t.name.split()
                return all(_CASES[s](a - b) for s, a, b in zip(signs, sides, sides[1:], strict=False))
            case "relation":
                signs = t.name.split()
                pairs = zip(signs, t.args, t.args[1:], strict=False)
                return all(self._compared(s, (a, b), env) for s, a, b in pairs)
        raise NoCertificateError(f"{show(t)} is not decided at a point yet")

    def _compared(self, sign: str, sides: Sequence[Term], env: Mapping[str, int]) -> bool:
        left, right = sides
        return bool(_CASES[sign](self.sign(left, right, env)))

    def sign(self, left: Term, right: Term, env: Mapping[str, int] | None = None) -> int:
        """Of left - right."""
        a, b = (self.value(t, env) for t in (left, right))
        return Exact().sign(Exact().join(_OPERATIONS["-"], a, b))

    # -- text ------------------------------------------------------------------------------------------
    def opening(self) -> str:
        """Letters with their values, and the definitions."""
        types, lines = self.setting.names.types, []
        taken = set(types)
        for name, kind in types.items():
            *kinds, result = split_type(kind)
            if name in self.setting.definitions:
                continue
            if kind == "Z":
                lines.append(f"Definition {name} : Z := {_whole_text(self.number(name))}.")
                continue
            given = [fresh_name(c, taken) for c, _ in zip("abcdefg", kinds, strict=False)]
            binders = "".join(f" ({g} : {k})" for g, k in zip(given, kinds, strict=True))
            lines.append(f"Definition {name}{binders} : {result} := {self._body(name, kinds, result, given)}.")
        return "\n".join([*lines, *map(self.setting.definition, self.setting.definitions)]) + "\n"

    def _body(self, name: str, kinds: Sequence[str], result: str, given: Sequence[str]) -> str:
        if not kinds:
            return _text(self.number(name))
        if set(kinds) == {"R"}:
            return show(_polynomial_term(self.polynomial(name, len(kinds)), given))
        if set(kinds) != {"Z"}:
            raise NoCertificateError(f"a value of {name} : {self.setting.names.types[name]} is not written yet")
        text = "0%Z" if result == "Z" else "0"
        for index, value in sorted(self.entries.get(name, {}).items(), reverse=True):
            tests = [f"Z.eqb {g} {_whole_text(n, bare=True)}" for g, n in zip(given, index, strict=True)]
            test = tests[0] if len(tests) == 1 else f"({' && '.join(tests)})%bool"
            text = f"if {test} then {_whole_text(value) if result == 'Z' else _text(value)} else {text}"
        return text


_OPERATIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a * b,  # by the inverse
}


def reached(setting: Setting, *terms: Term) -> Mapping[str, None]:
    """The names of functions, arrays and reals in terms, and in the definitions that these use."""
    seen: dict[str, None] = {}

    def visit(t: Term) -> None:
        if t.op in ("app", "var") and t.name not in seen:
            seen[t.name] = None
            if t.name in setting.definitions:
                visit(setting.definitions[t.name].body)
        for a in t.args:
            visit(a)

    for t in terms:
        visit(t)
    return seen


def irrational(setting: Setting, *terms: Term) -> bool:
    """Whether a term has a function in it that rational arithmetic does not reach, or a definition that it uses has."""
    return not _IRRATIONAL.isdisjoint(reached(setting, *terms))


def _bare(a: Term) -> Term:
    return a.args[0] if a.op == "index" else a


def _rational(value: Any, name: str) -> Fraction:
    if not isinstance(value, Fraction):
        raise UndefinedError(f"the value of {name} is no rational number")
    return value


def _polynomial(scene: Any, function: Any, arguments: int) -> dict[tuple[int, ...], Fraction]:
    """The polynomial that stands for an undefined function."""
    name = function.__name__
    given = getattr(scene, "values", {}).get(name)
    if isinstance(given, sp.Lambda):
        if not given.expr.is_polynomial(*given.variables):
            raise NoCertificateError(f"{name} is given as {given.expr}, which is no polynomial")
        terms = sp.Poly(given.expr, *given.variables).terms()
        return {p: Fraction(int(c.p), int(c.q)) for p, c in terms}
    if hasattr(scene, "random"):
        scene.function(function, (0,) * arguments, [Fraction(0)] * arguments)  # draws it
    found = {getattr(f, "__name__", f): terms for f, terms in scene.functions.items()}
    if name not in found:
        raise UndefinedError(f"no polynomial stands for {name}")
    return {p: Fraction(c) for p, c in found[name].items()}


def _at(terms: Mapping[tuple[int, ...], Fraction], args: Sequence[Any]) -> Any:
    exact, total = Exact(), Fraction(0)
    for powers, c in terms.items():
        value: Any = c
        for u, p in zip(args, powers, strict=True):
            value = exact.join(_OPERATIONS["*"], value, exact.power(u, Fraction(p))) if p else value
        total = exact.join(_OPERATIONS["+"], total, value)
    return total


def _derived(terms: Mapping[tuple[int, ...], Fraction], slot: int) -> dict[tuple[int, ...], Fraction]:
    """The derivative of a polynomial by one of its arguments."""
    return {(*p[:slot], p[slot] - 1, *p[slot + 1 :]): c * p[slot] for p, c in terms.items() if p[slot]}


def _polynomial_term(terms: Mapping[tuple[int, ...], Fraction], given: Sequence[str]) -> Term:
    total = number(0, 1)
    for powers, c in sorted(terms.items()):
        term = number(c.numerator, c.denominator)
        for name, p in zip(given, powers, strict=True):
            if p:
                term = op("*", term, var(name) if p == 1 else Term("pow", str(p), (var(name),)))
        total = term if total == number(0, 1) else op("+", total, term)
    return total


def _text(value: Fraction) -> str:
    return show(number(value.numerator, value.denominator))


def _whole_text(value: Fraction | int, bare: bool = False) -> str:
    if Fraction(value).denominator != 1:
        raise UndefinedError(f"{value} is not an integer")
    text = str(int(value)) if value >= 0 else f"({int(value)})"
    return text if bare and value >= 0 else f"{text}%Z"
