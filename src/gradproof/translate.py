"""From SymPy to the normal form, under a set of assumptions.

An assumption is used for entries whose indices are known to lie in its template's ranges:
equal entries are written in one order, sums and entries with a value are replaced by it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

from gradproof.algebra import Algebra, Range
from gradproof.assumptions import Template, facts
from gradproof.canonical import Atom, Number, Poly
from gradproof.inverse import Determinant, InverseBase, matrix_of
from gradproof.lines import head, index_range, is_partial
from gradproof.notation import NotationError

__all__ = ["Translator"]

_ONE = Poly.number(1)
_Env = Mapping[sp.Basic, Poly]


class Translator:
    """Translates expressions into normal forms that can be compared with each other.

    `bounds` gives the ranges of free indices; `expanded` writes hyperbolic functions
    through exponentials.
    """

    def __init__(
        self,
        assumptions: Sequence[Relational] = (),
        bounds: Mapping[sp.Basic, tuple[sp.Expr, sp.Expr]] | None = None,
        expanded: bool = False,
    ) -> None:
        self.bounds, self.expanded = dict(bounds or {}), expanded
        self._heads: dict[sp.Basic, str] = {}
        self._symbols: dict[str, sp.Basic] = {}
        self._spans: dict[tuple[sp.Expr, sp.Expr], Range] = {}
        self._facts = facts(assumptions)
        self.algebra = Algebra(self.least, self.positive, self._sum_of, self.root_of, self.is_index, self._contracted)

    # -- facts for the algebra --------------------------------------------------------
    def positive(self, atom: Atom) -> bool:
        if atom.kind not in ("symbol", "entry"):
            return False
        symbol = self._symbols[str(atom.head)]
        template = self._facts.positive.get(symbol)
        return symbol.is_positive is True or (template is not None and self._covers(template, atom.args))

    def is_index(self, atom: Atom) -> bool:
        """Whether an atom is an index, a size or another whole number."""
        return atom.kind == "index" or (atom.kind == "symbol" and self._symbols[str(atom.head)].is_integer is True)

    def _covers(self, template: Template, args: Sequence[Poly]) -> bool:
        """Whether an assumption's indices take these values."""
        for index, value in zip(template, args, strict=True):
            declared = index_range(index)
            if declared is None:
                continue
            if not self._within(value, self.span(*declared)):
                return False
        return True

    def _within(self, value: Poly, span: Range) -> bool:
        """Whether an index is known to lie in a range."""
        known = None if value.single is None else self.range_of(value.single)
        if known is not None and known.key == span.key:
            return True
        gaps = (self.least(value - span.lo), self.least(span.hi - value))
        return all(g is not None and g >= 0 for g in gaps)

    def _contracted(self, a: Atom, b: Atom, index: int) -> Poly | None:
        """Σ_k (A⁻¹)_ik A_kj = δ_ij, and Σ_k A_ik (A⁻¹)_kj = δ_ij; None for any other product."""
        for inverse, matrix in ((a, b), (b, a)):
            base = self._symbols[str(inverse.head)]
            if not isinstance(base, InverseBase) or self._symbols[str(matrix.head)] != base.of:
                continue
            span, either = self.span(*base.span), bool(inverse.swaps and matrix.swaps)
            for m, n in ((1, 0), (0, 1), (0, 0), (1, 1)):
                used, left = [inverse.args[m].single, matrix.args[n].single], [inverse.args[1 - m], matrix.args[1 - n]]
                if (m != n or either) and all(u is not None and u.head == index for u in used):
                    known = self.algebra.ranges[index].key == span.key and all(self._within(i, span) for i in left)
                    return self.algebra.delta(left[0] - left[1]) if known else None
        return None

    def root_of(self, atom: Atom) -> Poly | None:
        """The number that an entry or symbol is, up to its sign, if that is assumed."""
        known = self._facts.roots.get(self._symbols[str(atom.head)]) if atom.kind in ("symbol", "entry") else None
        return self._poly(known[1], {}) if known is not None and self._covers(known[0], atom.args) else None

    def _sum_of(self, atom: Atom, index: int, power: object) -> Poly | None:
        """The assumed value of the sum of a power of an entry over one of its indices."""
        fact = self._facts.sums.get(self._symbols[str(atom.head)])
        if fact is None or fact.power != power or self.algebra.ranges[index].key != self.span(fact.lo, fact.hi).key:
            return None
        here, others = atom.args[fact.axis].single, [a for n, a in enumerate(atom.args) if n != fact.axis]
        if here is None or here.head != index or any(index in a.labels for a in others):
            return None
        return self._poly(fact.value, {}) if self._covers(fact.template, others) else None

    def least(self, poly: Poly) -> Number | None:
        """The smallest value of an integer polynomial, as far as ranges and sizes tell."""
        for _ in range(8):
            found = self._bounded_index(poly)
            if found is None:
                break
            coefficient, atom, span = found
            poly = poly - Poly.atom(atom).scaled(coefficient)
            poly = poly + (span.lo if coefficient > 0 else span.hi).scaled(coefficient)
        shifted = Poly()
        for c, t in poly:
            product = Poly.number(c)
            for atom, exponent in t.factors.values():
                symbol = self._symbols.get(str(atom.head)) if atom.kind == "symbol" else None
                if t.bound or symbol is None or not symbol.is_integer or not isinstance(exponent, int) or exponent < 0:
                    return None
                if not symbol.is_nonnegative or symbol in self.bounds:
                    return None
                base = Poly.atom(atom) + _ONE if symbol.is_positive else Poly.atom(atom)
                product = self.algebra.product(product, self.algebra.power(base, Poly.number(exponent)))
            shifted = shifted + product
        constant: Number = 0
        for c, t in shifted:
            if not t.factors:
                constant = c
            elif c < 0:
                return None
        return constant

    def _bounded_index(self, poly: Poly) -> tuple[Number, Atom, Range] | None:
        """A linear term c·i of an index with a known range that occurs nowhere else."""
        for c, t in poly:
            if t.bound or len(t.factors) != 1:
                continue
            ((atom, exponent),) = t.factors.values()
            span = self.range_of(atom)
            if span is None or exponent != 1:
                continue
            if sum(atom.key in s.factors for _, s in poly) == 1:
                return c, atom, span
        return None

    @cached_property
    def inequalities(self) -> list[tuple[Poly, bool]]:
        """What is assumed to be positive (True), or at least not negative (False)."""
        return [(self.poly(e), strict) for e, strict in self._facts.signs]

    def range_of(self, atom: Atom) -> Range | None:
        if atom.kind == "index":
            return self.algebra.ranges.get(atom.head)  # type: ignore[call-overload,no-any-return]
        if atom.kind == "symbol":
            bounds = self.bounds.get(self._symbols[str(atom.head)])
            return self.span(*bounds) if bounds is not None else None
        return None

    # -- translation --------------------------------------------------------------------
    def _head(self, symbol: sp.Basic) -> str:
        """A name that no other symbol of this translation has."""
        if symbol not in self._heads:
            name = re.sub(r"\W", "_", str(getattr(symbol, "label", symbol)))
            head = f"{name}.{len(self._heads)}"
            self._heads[symbol] = head
            self._symbols[head] = symbol
            span = index_range(symbol)
            if span is not None:
                self.bounds.setdefault(symbol, span)
        return self._heads[symbol]

    def span(self, lo: sp.Expr, hi: sp.Expr) -> Range:
        if (lo, hi) not in self._spans:
            self._spans[lo, hi] = Range(self.poly(lo), self.poly(hi))
        return self._spans[lo, hi]

    def poly(self, e: sp.Basic, env: _Env | None = None) -> Poly:
        """The normal form of an expression; `env` gives bound indices their normal forms."""
        return self._poly(e, env or {})

    def _poly(self, e: sp.Basic, env: _Env) -> Poly:
        match e:
            case sp.Integer():
                return Poly.number(int(e))
            case sp.Rational():
                return Poly.number(Fraction(int(e.p), int(e.q)))
            case sp.Symbol() | sp.Idx():
                return self._symbol(e, env)
            case sp.Indexed():
                return self._entry(e, env)
            case sp.Add():
                total = Poly()
                for a in e.args:
                    total = total + self._poly(a, env)
                return total
            case sp.Mul():
                result = _ONE
                for a in e.args:
                    result = self.algebra.product(result, self._poly(a, env))
                return result
            case sp.Pow():
                return self._power(e, env)
            case sp.Sum():
                return self._sum(e, env)
            case sp.Derivative() | sp.Subs():
                return self._derivative(e, env)
            case sp.core.numbers.Exp1():
                return self.algebra.exp(_ONE)
            case sp.core.numbers.Pi():
                return Poly.atom(Atom("pi", ""))
            case Determinant():
                return Poly.atom(Atom("determinant", self._head(e)))
        return self._function(e, env)

    def _symbol(self, e: sp.Basic, env: _Env) -> Poly:
        if e in env:
            return env[e]
        if e in self._facts.values:
            return self._poly(self._facts.values[e][1], {})
        return Poly.atom(Atom("symbol", self._head(e)))

    def _entry(self, e: sp.Indexed, env: _Env) -> Poly:
        args = tuple(self._poly(i, env) for i in e.indices)
        if e.base in self._facts.values:
            template, body = self._facts.values[e.base]
            if self._covers(template, args):
                return self._poly(body, dict(zip(template, args, strict=True)))
        template, orders = self._facts.swaps.get(matrix_of(e.base), ((), ()))
        if isinstance(e.base, InverseBase) and any(index_range(i) not in (None, e.base.span) for i in template):
            orders = ()  # symmetric in a part only, which says nothing of the inverse
        swaps = orders if orders and self._covers(template, args) else ()
        return Poly.atom(Atom("entry", self._head(e.base), args, swaps))

    def _power(self, e: sp.Pow, env: _Env) -> Poly:
        base, exponent = e.args
        if base == sp.E:
            return self.algebra.exp(self._poly(exponent, env))
        if isinstance(base, sp.Abs):
            power = self._poly(exponent, env)
            known = power.constant
            return self.algebra.absolute_power(self._poly(base.args[0], env), power if known is None else known)
        return self.algebra.power(self._poly(base, env), self._poly(exponent, env))

    def _sum(self, e: sp.Sum, env: _Env) -> Poly:
        inner, opened = dict(env), []
        for index, lo, hi in reversed(e.limits):
            label = self.algebra.fresh(self.span(lo, hi))
            inner[index] = Poly.atom(Atom("index", label))
            if isinstance(index, sp.Idx):
                inner[index.label] = inner[index]
            opened.append(label)
        body = self._poly(e.function, inner)
        for label in reversed(opened):
            body = self.algebra.over(body, label)
        return body

    def _derivative(self, e: sp.Basic, env: _Env) -> Poly:
        """f′(args) of an undefined function, or ∂E/∂z of named quantities, as an atom."""
        body, values = (e.expr, dict(zip(e.variables, e.point, strict=True))) if isinstance(e, sp.Subs) else (e, {})
        if not isinstance(body, sp.Derivative):
            raise NotationError(f"{e} is not the derivative of an undefined function")
        function, wrt = body.expr, body.variables
        if is_partial(body):
            order = ",".join(str(int(a == wrt[0])) for a in function.args)
            args = tuple(self._poly(values.get(a, a), env) for a in function.args)
            return Poly.atom(Atom("function", f"{self._head(function.func)}'{order}", args))
        if (
            isinstance(function, (sp.Symbol, sp.Indexed))
            and len(wrt) == 1
            and isinstance(wrt[0], (sp.Symbol, sp.Indexed))
        ):
            sides = [function, wrt[0]]
            args = tuple(self._poly(i, env) for s in sides for i in getattr(s, "indices", ()))
            heads = "/".join(self._head(head(s)) for s in sides)
            return Poly.atom(Atom("partial", heads, args))
        raise NotationError(f"{e} is neither the derivative of an undefined function nor one of named quantities")

    def _function(self, e: sp.Basic, env: _Env) -> Poly:
        a = self.algebra
        if isinstance(e, sp.Piecewise):
            return self._piecewise(e, env)
        if isinstance(e, AppliedUndef):
            return Poly.atom(Atom("function", f"{self._head(e.func)}'", tuple(self._poly(x, env) for x in e.args)))
        if not e.args:
            raise NotationError(f"{e} is not a number that an expression can contain")
        args = [self._poly(x, env) for x in e.args]
        u = args[0]
        match e:
            case sp.exp():
                return a.exp(u)
            case sp.log():
                return a.log(self._poly(_without_abs(e.args[0]), env))
            case sp.Abs():
                return a.absolute_power(u, 1)
            case sp.sign():
                return a.sign(u)
            case sp.Max() | sp.Min():
                for v in args[1:]:
                    gap = v - u if isinstance(e, sp.Max) else u - v
                    u = u + a.product(v - u, a.positive_part(gap))
                return u
            case sp.Heaviside():
                up, down = a.positive_part(u), a.positive_part(-u)
                return up + a.product(_ONE - up - down, args[1])
            case sp.KroneckerDelta():
                gap = args[0] - args[1]
                if all(x.is_integer for x in e.args[:2]):
                    return a.delta(gap)
                return _ONE - a.positive_part(gap) - a.positive_part(-gap)
            case sp.erfc():
                return _ONE - a.function("erf", (u,))
            case sp.tan():
                return a.product(a.function("sin", (u,)), a.power(a.function("cos", (u,)), Poly.number(-1)))
        if self.expanded and isinstance(e, _HYPERBOLIC):
            return self._through_exp(type(e).__name__, u)
        return a.function(type(e).__name__, tuple(args))

    def _through_exp(self, name: str, u: Poly) -> Poly:
        """A hyperbolic function as a fraction of sums of exponentials."""
        a = self.algebra
        cosh, sinh = ((a.exp(u) + a.exp(-u).scaled(s)).scaled(Fraction(1, 2)) for s in (1, -1))
        above, below = {
            "cosh": (cosh, _ONE), "sinh": (sinh, _ONE), "tanh": (sinh, cosh), "coth": (cosh, sinh),
            "sech": (_ONE, cosh), "csch": (_ONE, sinh),
        }[name]  # fmt: skip
        return a.product(above, a.power(below, Poly.number(-1)))

    def _piecewise(self, e: sp.Piecewise, env: _Env) -> Poly:
        total, left = Poly(), _ONE
        for value, condition in e.args:
            holds = self._truth(condition, env)
            branch = self.algebra.product(left, holds)
            if branch:
                total = total + self.algebra.product(branch, self._poly(value, env))
            left = left - branch
        if left:
            total = total + self.algebra.product(left, Poly.atom(Atom("undefined", "no branch")))
        return total

    def _truth(self, c: sp.Basic, env: _Env) -> Poly:
        """The condition as an indicator: 1 where it holds, 0 elsewhere."""
        a = self.algebra
        match c:
            case sp.logic.boolalg.BooleanTrue():
                return _ONE
            case sp.logic.boolalg.BooleanFalse():
                return Poly()
            case sp.And():
                result = _ONE
                for part in c.args:
                    result = a.product(result, self._truth(part, env))
                return result
            case sp.Or():
                return _ONE - self._truth(sp.And(*(sp.Not(x) for x in c.args)), env)
            case sp.Not():
                return _ONE - self._truth(c.args[0], env)
        gap = self._poly(c.args[0], env) - self._poly(c.args[1], env)
        whole = all(x.is_integer for x in c.args)
        above = a.positive_part(gap)
        below = a.positive_part(-gap)
        equal = a.delta(gap) if whole else _ONE - above - below
        match c:
            case sp.Gt():
                return above
            case sp.Lt():
                return below
            case sp.Ge():
                return a.positive_part(gap + _ONE) if whole else _ONE - below
            case sp.Le():
                return a.positive_part(-gap + _ONE) if whole else _ONE - above
            case sp.Eq():
                return equal
            case sp.Ne():
                return _ONE - equal
        raise NotationError(f"the condition {c} is not understood")


def _without_abs(e: sp.Expr) -> sp.Expr:
    """The argument of a logarithm, whose sign does not matter, without the Abs of its factors."""
    factors = [f.args[0] if isinstance(f, sp.Abs) else f for f in sp.Mul.make_args(e)]
    return e if all(a is b for a, b in zip(factors, sp.Mul.make_args(e), strict=True)) else sp.Mul(*factors)


_HYPERBOLIC = (sp.tanh, sp.sinh, sp.cosh, sp.coth, sp.sech, sp.csch)
