"""A pointwise expression as Python's: what one turn of a loop computes."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp

from gradproof.code.assignments import CodeError, name_of
from gradproof.code.careful import BELL, SIGMOID, as_bell, as_sigmoid
from gradproof.forms.python_nodes import safe_name

__all__ = ["ScalarCode"]

_RELATIONS: Mapping[type, type[ast.cmpop]] = {
    sp.Gt: ast.Gt, sp.Ge: ast.GtE, sp.Lt: ast.Lt, sp.Le: ast.LtE, sp.Eq: ast.Eq, sp.Ne: ast.NotEq,
}  # fmt: skip
_RECIPROCALS: Mapping[type, str] = {
    sp.sech: "cosh", sp.csch: "sinh", sp.coth: "tanh", sp.sec: "cos", sp.csc: "sin", sp.cot: "tan",
}  # fmt: skip
_INVERSES: Mapping[str, str] = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh",
}  # fmt: skip
_NUMPY = {"exp", "log", "log1p", "expm1", "tanh", "sinh", "cosh", "sin", "cos", "tan", "sign"}


def name(text: str) -> ast.expr:
    """A variable."""
    return ast.Name(text, ast.Load())


def dotted(path: str) -> ast.expr:
    """np.exp, or a name without dots."""
    first, *rest = path.split(".")
    node = name(first)
    for part in rest:
        node = ast.Attribute(node, part, ast.Load())
    return node


def call(function: str, *args: ast.expr) -> ast.expr:
    """np.exp(u)."""
    return ast.Call(dotted(function), list(args), [])


class ScalarCode:
    """Expressions in which indices count from their lower ends.

    names: what a quantity is called.  starts: the first index of each axis of an array.
    """

    def __init__(self, names: Mapping[str, str], starts: dict[str, Sequence[sp.Expr]]) -> None:
        self.names, self.starts = names, starts

    def real(self, e: Any) -> ast.expr:
        """The expression as a number that is no whole one."""
        return ast.Constant(float(e)) if isinstance(e, sp.Integer) else self.value(e)

    def value(self, e: Any) -> ast.expr:
        """The expression."""
        match e:
            case sp.Integer():
                return _signed(int(e) < 0, ast.Constant(abs(int(e))))
            case sp.Rational():
                return _signed(e < 0, ast.BinOp(ast.Constant(abs(int(e.p))), ast.Div(), ast.Constant(int(e.q))))
            case sp.core.numbers.Pi() | sp.core.numbers.Exp1():
                return dotted("np.pi" if e == sp.pi else "np.e")
            case sp.core.numbers.NegativeInfinity():
                return _signed(True, dotted("np.inf"))
            case sp.Symbol():
                return name(self.names.get(e.name, safe_name(e.name)))
            case sp.Indexed():
                return self.entry(name_of(e.base), e.indices)
            case sp.Add():
                return self._sum(e)
            case sp.Mul():
                return self._product(e)
            case sp.Pow():
                return self._power(e)
            case sp.Piecewise():
                return self._branches(e)
            case sp.KroneckerDelta():
                return ast.IfExp(self._equal(e), ast.Constant(1.0), ast.Constant(0.0))
            case sp.Heaviside():
                u = self.value(e.args[0])
                below = ast.IfExp(
                    ast.Compare(u, [ast.Lt()], [ast.Constant(0)]), ast.Constant(0.0), self.real(e.args[1])
                )
                return ast.IfExp(ast.Compare(u, [ast.Gt()], [ast.Constant(0)]), ast.Constant(1.0), below)
            case sp.Max() | sp.Min():
                first, *others = (self.real(a) for a in e.args)
                for other in others:
                    first = call("np.maximum" if isinstance(e, sp.Max) else "np.minimum", first, other)
                return first
        return self._function(e)

    def entry(self, array: str, indices: Sequence[sp.Expr]) -> ast.expr:
        """An array's entry."""
        starts = self.starts.get(array, (0,) * len(indices))
        places = [self.value(sp.expand(i - lo)) for i, lo in zip(indices, starts, strict=True)]
        of = name(self.names.get(array, safe_name(array)))
        return ast.Subscript(of, places[0] if len(places) == 1 else ast.Tuple(places, ast.Load()), ast.Load())

    def _function(self, e: sp.Basic) -> ast.expr:
        bell = as_bell(e)
        if bell is not None:
            return call(BELL, self.real(bell[0]), ast.Constant(float(bell[1])))
        function = type(e).__name__
        lower = _INVERSES.get(function, function)
        if len(e.args) == 1:
            u = self.value(e.args[0])
            if isinstance(e, sp.Abs):
                return call("abs", u)
            if function in _NUMPY or function in _INVERSES:
                return call(f"np.{lower}", u)
            if function in ("erf", "erfc"):
                return call(f"math.{function}", u)
            if type(e) in _RECIPROCALS:
                return ast.BinOp(ast.Constant(1), ast.Div(), call(f"np.{_RECIPROCALS[type(e)]}", u))
        raise CodeError(f"there is no loop for {function} in {e}")

    # -- sums, products, powers -------------------------------------------------------------------
    def _sum(self, e: sp.Add) -> ast.expr:
        """The terms without a minus sign first."""
        terms = [(t.could_extract_minus_sign() and not isinstance(t, sp.Add), t) for t in e.as_ordered_terms()]
        terms.sort(key=lambda t: t[0])
        (minus, first), *others = terms
        node = self.value(first)
        if minus:
            node = _signed(True, self.value(-first))
        for minus, t in others:
            node = ast.BinOp(node, ast.Sub() if minus else ast.Add(), self.value(-t if minus else t))
        return node

    def _product(self, e: sp.Mul) -> ast.expr:
        """Numbers first; what is divided by last; with a Kronecker delta, zero where it is."""
        number, rest = e.as_coeff_Mul(rational=True)
        factors = sp.Mul.make_args(rest)
        deltas = [f for f in factors if isinstance(f, sp.KroneckerDelta)]
        if deltas:
            test: list[ast.expr] = [self._equal(d) for d in deltas]
            others = sp.Mul(number, *(f for f in factors if f not in deltas))
            return ast.IfExp(
                test[0] if len(test) == 1 else ast.BoolOp(ast.And(), test), self.real(others), ast.Constant(0.0)
            )
        above = [f for f in factors if not _is_below(f)]
        below = [1 / f for f in factors if _is_below(f)]
        top, bottom = abs(int(number.p)), int(number.q)
        nodes = [ast.Constant(top)] if top != 1 or not above else []
        node = _chain([*nodes, *(self.value(f) for f in above)], ast.Mult())
        divisors = [*([ast.Constant(bottom)] if bottom != 1 else []), *(self.value(f) for f in below)]
        if divisors:
            node = ast.BinOp(node, ast.Div(), _chain(divisors, ast.Mult()))
        return _signed(number < 0, node)

    def _power(self, e: sp.Pow) -> ast.expr:
        inner = as_sigmoid(e)
        if inner is not None:
            once = call(SIGMOID, self.real(-inner))
            return once if e.exp == -1 else ast.BinOp(once, ast.Pow(), ast.Constant(int(-e.exp)))
        if e.exp.is_Integer and e.exp < -1:  # the power of the quotient: that of a large number would overflow
            return ast.BinOp(self.value(1 / e.base), ast.Pow(), ast.Constant(int(-e.exp)))
        if _is_below(e):
            return ast.BinOp(ast.Constant(1), ast.Div(), self.value(1 / e))
        base = self.value(e.base)
        if e.base.is_integer:  # whole numbers of a machine overflow
            base = call("float", base)
        if e.exp.is_Rational and e.exp.q == 2:
            root = call("np.sqrt", base)
            return root if e.exp.p == 1 else ast.BinOp(root, ast.Pow(), ast.Constant(int(e.exp.p)))
        if e.base == sp.E:
            return call("np.exp", self.value(e.exp))
        return ast.BinOp(base, ast.Pow(), self.value(e.exp))

    # -- branches ---------------------------------------------------------------------------------
    def _branches(self, e: sp.Piecewise) -> ast.expr:
        node: ast.expr = dotted("np.nan")
        for value, condition in reversed(e.args):
            here = self.real(value)
            node = here if condition == sp.true else ast.IfExp(self.condition(condition), here, node)
        return node

    def condition(self, c: Any) -> ast.expr:
        """A condition on numbers."""
        match c:
            case sp.logic.boolalg.BooleanTrue() | sp.logic.boolalg.BooleanFalse():
                return ast.Constant(bool(c))
            case sp.And() | sp.Or():
                parts = [self.condition(a) for a in c.args]
                return ast.BoolOp(ast.And() if isinstance(c, sp.And) else ast.Or(), parts)
            case sp.Not():
                return ast.UnaryOp(ast.Not(), self.condition(c.args[0]))
        if type(c) not in _RELATIONS:
            raise CodeError(f"there is no loop for the condition {c}")
        return self._compared(c.args[0], c.args[1], _RELATIONS[type(c)]())

    def _equal(self, e: sp.KroneckerDelta) -> ast.expr:
        return self._compared(e.args[0], e.args[1], ast.Eq())

    def _compared(self, a: sp.Expr, b: sp.Expr, relation: ast.cmpop) -> ast.expr:
        """A comparison; of whole numbers without what both sides have."""
        if a.is_integer and b.is_integer:
            terms = sp.Add.make_args(sp.expand(a - b))
            a, b = (sp.Add(*(t * s for t in terms if t.could_extract_minus_sign() == (s < 0))) for s in (1, -1))
        return ast.Compare(self.value(a), [relation], [self.value(b)])


def _is_below(f: sp.Basic) -> bool:
    """Whether a factor is divided by."""
    if as_sigmoid(f) is not None or (isinstance(f, sp.Pow) and f.exp.is_Integer and f.exp < -1):
        return False
    return isinstance(f, sp.Pow) and f.exp.could_extract_minus_sign() and f.base != sp.E


def _signed(minus: bool, node: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.USub(), node) if minus else node


def _chain(nodes: Sequence[ast.expr], op: ast.operator) -> ast.expr:
    node, *others = nodes
    for other in others:
        node = ast.BinOp(node, op, other)
    return node
