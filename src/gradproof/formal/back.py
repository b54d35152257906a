"""Coq terms back as SymPy expressions: what a statement says, read by other code than wrote it.

A bound index comes back as the letter of its depth, so that two expressions that differ in the names of bound indices
only are one; `nameless` brings the expression that was meant to the same letters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

import sympy as sp

from gradproof.elementary import ELEMENTARY, branched, piecewise
from gradproof.formal.terms import Term
from gradproof.formal.writing import FUNCTIONS, Names
from gradproof.lines import derivative, index_name, kronecker, mentions, renamed, summed, times

__all__ = ["ReadBackError", "Replaced", "expression", "nameless"]

_BY_NAME: Mapping[str, type[sp.Basic]] = {name: f for f, name in FUNCTIONS.items()}
_RELATIONS: Mapping[str, type[sp.Basic]] = {"<": sp.Lt, "<=": sp.Le, "=": sp.Eq}
_ONE = sp.Integer(1)
#: the argument by which an undefined function is differentiated
_SLOT = sp.Dummy("xi")


class ReadBackError(ValueError):
    """A term that says nothing that could have been meant."""


@dataclass(frozen=True)
class Replaced:
    """In the function of a derivative, `letter` stands for the variable, or for its entry at these indices."""

    letter: str
    indices: tuple[sp.Expr, ...]


def expression(
    term: Term,
    names: Names,
    given: Mapping[str, sp.Basic] = MappingProxyType({}),
    replaced: Replaced | None = None,
    whole: bool = False,
) -> sp.Expr:
    """The real expression that a term is, or the integer.  given: what the names bound around it stand for.

    Raises ReadBackError where a name is unknown, or the variable stands where its replacement has to.
    """
    letters = {name: _index(letter, names.types[name]) for letter, name in names.letters.items()}
    back = _Back(names, letters, replaced, dict(given))
    return back.integer(term) if whole else back.real(term)


def _index(letter: sp.Basic, kind: str) -> sp.Basic:
    """An index as `nameless` writes it; any other letter as it is."""
    return sp.Symbol(letter.name, integer=True) if kind == "Z" and letter.is_integer is None else letter


@lru_cache(64)
def _bound(depth: int) -> sp.Symbol:
    return sp.Symbol(f"bound_{depth}", integer=True)


def nameless(e: sp.Basic, given: Mapping[sp.Basic, sp.Basic] = MappingProxyType({}), depth: int = 0) -> sp.Expr:
    """`e` with the letters of `expression` for its indices; conditions say "less", not "greater"."""
    if e in given:
        return given[e]
    if isinstance(e, sp.Idx):
        return sp.Symbol(index_name(e), integer=True)
    if isinstance(e, sp.Sum) and len(e.limits) == 1:
        ((i, lo, hi),) = e.limits
        here = _bound(depth)
        body = nameless(e.function, {**given, i: here}, depth + 1)
        return summed(body, here, nameless(lo, given, depth), nameless(hi, given, depth))
    if isinstance(e, (sp.StrictGreaterThan, sp.GreaterThan)):
        return e.reversed.func(*(nameless(a, given, depth) for a in (e.lts, e.gts)))
    if isinstance(e, sp.Subs) and e.variables[0] != _SLOT:
        opened = nameless(e.expr, {**given, e.variables[0]: _SLOT}, depth)
        return sp.Subs(opened, (_SLOT,), (nameless(e.point[0], given, depth),))
    if isinstance(e, sp.Heaviside):
        return nameless(branched(e), given, depth)
    if not e.args or isinstance(e, sp.IndexedBase):
        return e
    args = [nameless(a, given, depth) for a in e.args]
    return e if all(a is b for a, b in zip(args, e.args, strict=True)) else renamed(e, args)


@dataclass
class _Back:
    """letters: what the free names are; bound: what those bound around are."""

    names: Names
    letters: Mapping[str, sp.Basic]
    replaced: Replaced | None
    bound: dict[str, sp.Basic] = field(default_factory=dict)
    depth: int = 0

    # -- integers -------------------------------------------------------------------------------
    def integer(self, t: Term) -> sp.Expr:
        match t.op:
            case "num":
                return sp.Integer(t.name)
            case "var":
                return self._letter(t.name)
            case "neg":
                return -self.integer(t.args[0])
            case "+" | "-" | "*":
                a, b = map(self.integer, t.args)
                return a + b if t.op == "+" else a - b if t.op == "-" else a * b
            case "app":
                return self._entry(self._letter(t.name), t.args)
        raise ReadBackError(f"{t} is no index")

    def _letter(self, name: str) -> sp.Basic:
        found = self.bound.get(name, self.letters.get(name))
        if found is None:
            raise ReadBackError(f"nothing is called {name}")
        return found

    def _entry(self, array: sp.Basic, indices: tuple[Term, ...]) -> sp.Expr:
        if any(i.op != "index" for i in indices):
            raise ReadBackError(f"{array} has an index that is none")
        base = array if isinstance(array, sp.IndexedBase) else sp.IndexedBase(array)
        return base[tuple(self.integer(i.args[0]) for i in indices)]

    # -- reals ------------------------------------------------------------------------------------
    def real(self, t: Term) -> sp.Expr:
        match t.op:
            case "num":
                return sp.Integer(t.name)
            case "var":
                return self._symbol(t.name)
            case "real":
                return self.integer(t.args[0])
            case "+" | "-":
                return sp.Add(*self._terms(t))
            case "*" | "/" | "neg" | "inv":
                return times(*self._factors(t))
            case "pow":
                return _power(self.real(t.args[0]), sp.Integer(t.name))
            case "sum":
                return self._sum(t)
            case "if":
                a, b, yes, no = map(self.real, t.args)
                return piecewise((yes, _RELATIONS[t.name](a, b)), (no, True))
            case "app":
                return self._applied(t)
        raise ReadBackError(f"{t} is no real number")

    def _symbol(self, name: str) -> sp.Expr:
        if self.replaced is None:
            return sp.pi if name == "PI" else self._letter(name)
        if name == self.replaced.letter and not self.replaced.indices:
            return self.names.moving
        self._is_not_moving(name)
        return sp.pi if name == "PI" else self._letter(name)

    def _is_not_moving(self, name: str) -> None:
        if self.replaced is not None and self.letters.get(name) == self.names.moving:
            raise ReadBackError(f"{name} stands where its replacement has to")

    def _terms(self, t: Term) -> list[sp.Expr]:
        if t.op not in ("+", "-"):
            return [self.real(t)]
        one, other = map(self._terms, t.args)
        return [*one, *(other if t.op == "+" else [times(-_ONE, x) for x in other])]

    def _factors(self, t: Term) -> list[sp.Expr]:
        match t.op:
            case "*":
                return [*self._factors(t.args[0]), *self._factors(t.args[1])]
            case "/":
                return [*self._factors(t.args[0]), *map(_inverse, self._factors(t.args[1]))]
            case "inv":
                return [_inverse(f) for f in self._factors(t.args[0])]
            case "neg":
                return [-_ONE, *self._factors(t.args[0])]
        return [self.real(t)]

    def _sum(self, t: Term) -> sp.Expr:
        lo, hi = (self.integer(a) for a in t.args[:2])
        here = _bound(self.depth)
        bound = {**self.bound, t.name: here}
        body = _Back(self.names, self.letters, self.replaced, bound, self.depth + 1).real(t.args[2])
        return summed(body, here, lo, hi)

    # -- what is applied ---------------------------------------------------------------------------
    def _applied(self, t: Term) -> sp.Expr:
        if t.name in self.letters:
            return self._named(t)
        if t.name in self.names.slopes.values():
            return self._slope(t)
        if t.name.startswith("replace"):
            return self._entry(self.names.moving, self._after_replacement(t))
        if t.name == "delta":
            return kronecker(*(self.integer(a.args[0]) for a in t.args))
        if t.name == "PI":
            return sp.pi
        a = [self.real(x) for x in t.args]
        match t.name:
            case "sqrt":
                return _power(a[0], sp.Rational(1, 2))
            case "Rpower":
                return sp.Pow(*a)
            case "Rmax" | "Rmin":
                return (sp.Max if t.name == "Rmax" else sp.Min)(*a)
            case "exp" if a[0] == 1:
                return sp.E
        function = _BY_NAME.get(t.name)
        if function is None:
            raise ReadBackError(f"nothing is called {t.name}")
        return sp.Expr.__new__(function, *a) if function in ELEMENTARY else function(*a)

    def _named(self, t: Term) -> sp.Expr:
        """An array's entry, an undefined function's value, or a named quantity, which may be told of the variable."""
        letter = self.letters[t.name]
        if isinstance(letter, sp.core.function.UndefinedFunction):
            return letter(*(self.integer(a.args[0]) if a.op == "index" else self.real(a) for a in t.args))
        self._is_not_moving(t.name)
        args = t.args
        if letter in self.names.depends:
            self._is_the_variable(args[0])
            args = args[1:]
        return self._entry(letter, args) if args else letter

    def _is_the_variable(self, t: Term) -> None:
        """What a named quantity takes first is the variable or, in the function of the derivative, its replacement."""
        if self.replaced is None:
            good = not t.args and self.letters.get(t.name) == self.names.moving
        elif self.replaced.indices:
            good = t.name.startswith("replace") and self._after_replacement(t) == ()
        else:
            good = t.name == self.replaced.letter
        if not good:
            raise ReadBackError(f"{t} is not the variable")

    def _after_replacement(self, t: Term) -> tuple[Term, ...]:
        """The indices at which the array with one entry replaced is taken; it is the variable's own entry."""
        rank, array = int(t.name[-1]), t.args[0]
        there = tuple(self.integer(i.args[0]) for i in t.args[1 : rank + 1])
        r = self.replaced
        if r is None or self.letters.get(array.name) != self.names.moving or array.args:
            raise ReadBackError(f"{t} replaces what is not the variable")
        if there != r.indices or t.args[rank + 1].name != r.letter:
            raise ReadBackError(f"{t} replaces another entry")
        return t.args[rank + 2 :]

    def _slope(self, t: Term) -> sp.Expr:
        """f′ at its arguments, as the rule for an undefined function writes it."""
        of = {slope: at for at, slope in self.names.slopes.items()}
        name, slots = t.name, list[int]()
        while name in of:  # the derivative of a derivative
            name, slot = of[name]
            slots.insert(0, slot)
        function = self.letters[name]
        args = [self.integer(a.args[0]) if a.op == "index" else self.real(a) for a in t.args]
        if all(_alone(args, slot) for slot in slots):
            return _derived(function(*args), [args[slot] for slot in slots])
        if len(set(slots)) > 1:
            raise ReadBackError(f"{t.name} is a mixed derivative where its arguments are no letters")
        opened = function(*args[: slots[0]], _SLOT, *args[slots[0] + 1 :])
        return sp.Subs(_derived(opened, [_SLOT] * len(slots)), (_SLOT,), (args[slots[0]],))


def _alone(args: Sequence[sp.Expr], slot: int) -> bool:
    """Whether an argument is a letter that no other argument mentions."""
    others = [a for n, a in enumerate(args) if n != slot]
    return isinstance(args[slot], (sp.Symbol, sp.Indexed)) and not any(mentions(a, args[slot]) for a in others)


def _derived(e: sp.Expr, by: Sequence[sp.Basic]) -> sp.Expr:
    for variable in by:
        e = derivative(e, variable)
    return e


def _power(base: sp.Expr, n: sp.Rational) -> sp.Expr:
    """baseⁿ; roots and powers of one thing are one power."""
    if isinstance(base, sp.Pow) and base.exp.is_Rational and (base.exp.q == 2 or base.exp == -1):
        return sp.Pow(base.base, base.exp * n)
    return sp.Pow(base, n)


def _inverse(f: sp.Expr) -> sp.Expr:
    if isinstance(f, sp.Pow) and f.exp.is_Rational:
        return sp.Pow(f.base, -f.exp)
    return sp.Pow(f, -1)
