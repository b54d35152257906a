"""From SymPy to the normal form, under a set of assumptions.

An assumption is used for entries whose indices are known to lie in its template's ranges:
equal entries are written in one order, sums and entries with a value are replaced by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

from gradproof.canonical import Atom, Poly, content, sign_of
from gradproof.inverse import Determinant, InverseBase, matrix_of
from gradproof.knowledge import Knowledge
from gradproof.lines import head, index_range, is_partial
from gradproof.notation import NotationError

__all__ = ["Translator"]

MAX_WRITTEN = 8  # terms of a sum that are written out
_ONE = Poly.number(1)
_Env = Mapping[sp.Basic, Poly]


class Translator(Knowledge):
    """Translates expressions into normal forms that can be compared with each other.

    `bounds` gives the ranges of free indices; `expanded` writes hyperbolic functions through exponentials, and sums
    of a few terms term by term.  With `factored`, a factor that has several terms is kept as it is: products are not
    multiplied out, and what is then equal is equal whatever stands for such a factor.
    """

    def __init__(
        self,
        assumptions: Sequence[Relational] = (),
        bounds: Mapping[sp.Basic, tuple[sp.Expr, sp.Expr]] | None = None,
        expanded: bool = False,
        factored: bool = False,
    ) -> None:
        self.expanded, self.factored = expanded, factored
        super().__init__(assumptions, bounds)

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
                    result = self.algebra.product(result, self._factor(a, env))
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

    def _factor(self, e: sp.Basic, env: _Env) -> Poly:
        """A factor of a product; where it is to be kept, as an atom, up to a number."""
        found = self._poly(e, env)
        if not (self.factored and isinstance(e, sp.Add) and len(found) > 1):
            return found
        number = content(found) * sign_of(found)
        return Poly.atom(Atom("function", "factor", (found.scaled(1 / number),))).scaled(number)

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
            values = self._few(label) if self.expanded else ()
            if not values:
                body = self.algebra.over(body, label)
                continue
            parts = [self.algebra.substitute(body, {label: Poly.number(n)}) for n in values]
            body = sum(parts[1:], parts[0])
        return body

    def _few(self, label: int) -> range:
        """The values of an index, if they are known and few."""
        span = self.algebra.ranges[label]
        lo, hi = span.lo.constant, span.hi.constant
        return range(0) if lo is None or hi is None or hi - lo >= MAX_WRITTEN else range(int(lo), int(hi) + 1)

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
            case sp.ITE():
                asked, then, other = (self._truth(part, env) for part in c.args)
                return a.product(asked, then) + a.product(_ONE - asked, other)
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
