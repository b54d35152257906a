"""Building lines of mathematics and publishing them.

Bound indices inside the engine are `Bound` dummies, so that no step can capture an index;
`publish` gives them readable names again, primed where a name is taken.  Nodes are built past
SymPy's constructors where those are slow or would change a line that is to be shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cmp_to_key
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.functions.elementary.piecewise import ExprCondPair

from gradproof.elementary import ELEMENTARY, piecewise

__all__ = [
    "Bound",
    "array_name",
    "copied",
    "derivative",
    "fresh",
    "head",
    "index_name",
    "index_range",
    "is_partial",
    "kronecker",
    "mentions",
    "publish",
    "publish_names",
    "rebuilt",
    "renamed",
    "replaced",
    "summed",
    "times",
]

_ONE = sp.Integer(1)

#: factors that SymPy leaves as they are beside others
_PLAIN = (
    *(sp.Symbol, sp.Indexed, sp.Sum, sp.Add, sp.Pow, sp.KroneckerDelta, sp.Derivative, AppliedUndef),
    *(function for function in ELEMENTARY if function is not sp.exp),
)


class Bound(sp.Dummy):  # type: ignore[misc] # SymPy has no types
    """A bound index; `origin` is the index that the user wrote."""

    origin: sp.Basic


def fresh(origin: sp.Basic) -> Bound:
    """A bound index that equals no other and remembers the name it had."""
    dummy = Bound(index_name(origin), integer=True)
    dummy.origin = origin.origin if isinstance(origin, Bound) else origin
    return dummy


def head(e: sp.Basic) -> sp.Basic:
    """The array of an entry; of anything else, the thing itself (a power has a base too)."""
    return e.base if isinstance(e, sp.Indexed) else e


def mentions(e: sp.Basic, name: sp.Basic) -> bool:
    """Whether a symbol, or any entry of the array that `name` is one of, occurs in `e`."""
    if isinstance(name, sp.Indexed):
        return any(a.base == name.base for a in e.atoms(sp.Indexed))
    return bool(e.has(name))


def is_partial(e: sp.Derivative) -> bool:
    """Whether ∂f/∂v of an undefined function is its derivative in one slot: no other argument mentions v."""
    f, v = e.expr, e.variables[0]
    if not isinstance(f, AppliedUndef) or len(e.variables) != 1 or v not in f.args:
        return False
    return sum(mentions(a, v) for a in f.args) == 1


def index_name(index: sp.Basic) -> str:
    """The letter of an index."""
    return str(getattr(index, "name", index))


def array_name(entry: sp.Indexed) -> str:
    """The name of the array that an entry belongs to."""
    return str(entry.base.label)


def index_range(index: sp.Basic) -> tuple[sp.Expr, sp.Expr] | None:
    """The declared range of an index, if it has one."""
    if isinstance(index, sp.Idx) and index.lower is not None and index.upper is not None:
        return index.lower, index.upper
    return None


# -- building without SymPy's slow constructors -------------------------------------------
def summed(body: sp.Expr, index: sp.Basic, lo: sp.Expr, hi: sp.Expr) -> sp.Expr:
    """Sum(body, (index, lo, hi)), exactly as SymPy builds it, a hundred times as fast."""
    total = sp.Expr.__new__(sp.Sum, body, sp.Tuple(index, lo, hi))
    total.is_commutative = True
    return total


def derivative(body: sp.Expr, wrt: sp.Expr) -> sp.Expr:
    """Derivative(body, wrt), left standing: SymPy turns some of them into 0 at once."""
    return sp.Expr.__new__(sp.Derivative, body, sp.Tuple(wrt, _ONE))


def kronecker(one: sp.Basic, other: sp.Basic) -> sp.Expr:
    """KroneckerDelta(one, other); that nothing is known of two different indices SymPy finds out at length."""
    if one != other and isinstance(one, (sp.Idx, Bound)) and isinstance(other, (sp.Idx, Bound)):
        return sp.Expr.__new__(sp.KroneckerDelta, *sorted((one, other), key=sp.default_sort_key))
    return sp.KroneckerDelta(one, other)


# -- rebuilding -------------------------------------------------------------------------
def replaced(e: Any, values: Mapping[sp.Basic, sp.Basic]) -> Any:
    """`e` with nodes put for nodes, bottom up; bound indices are dummies, so nothing is captured."""
    if e in values:
        return values[e]
    if not e.args:
        return e
    args = [replaced(a, values) for a in e.args]
    if all(a is b for a, b in zip(args, e.args, strict=True)):
        return e
    return renamed(e, args)


def rebuilt(e: sp.Basic, args: list[Any]) -> Any:
    """A node of the kind of `e` with other parts, as SymPy would build it."""
    if isinstance(e, sp.Sum):
        total = sp.Expr.__new__(sp.Sum, *args)
        total.is_commutative = True
        return total
    if isinstance(e, sp.Derivative):
        return sp.Expr.__new__(sp.Derivative, *args)
    if isinstance(e, sp.Piecewise):
        return piecewise(*(row.args for row in args))
    if isinstance(e, ExprCondPair):
        return sp.Basic.__new__(ExprCondPair, *args)
    if isinstance(e, sp.KroneckerDelta):
        return kronecker(*args)
    return times(*args) if isinstance(e, sp.Mul) else e.func(*args)


def renamed(e: sp.Basic, args: list[Any]) -> Any:
    """`rebuilt` without asking functions and powers for a simpler value.

    Where indices get other names nothing new can simplify, and asking takes most of the time.
    """
    if type(e) in ELEMENTARY:
        return sp.Expr.__new__(type(e), *args)
    if isinstance(e, sp.Pow):
        power = sp.Expr.__new__(sp.Pow, *args)
        power.is_commutative = True
        return power
    return rebuilt(e, args)


def copied(e: sp.Expr) -> sp.Expr:
    """A copy whose bound indices are its own."""
    if not e.args or isinstance(e, sp.Indexed):
        return e
    if isinstance(e, sp.Sum):
        ((index, lo, hi),) = e.limits
        own = fresh(index)
        return summed(copied(replaced(e.function, {index: own})), own, lo, hi)
    args = [copied(a) for a in e.args]
    return e if all(a is b for a, b in zip(args, e.args, strict=True)) else renamed(e, args)


def times(*factors: sp.Expr) -> sp.Expr:
    """A product that keeps its factors: SymPy turns 2·(a + b) into 2a + 2b."""
    result = _side_by_side(factors) or sp.Mul(*factors)
    if isinstance(result, sp.Add):
        sums = [f for f in factors if isinstance(f, sp.Add)]
        number = sp.Mul(*(f for f in factors if not isinstance(f, sp.Add)))
        if len(sums) == 1 and number not in (0, 1):
            return sp.Mul(number, sums[0], evaluate=False)
    return result


def _side_by_side(factors: tuple[sp.Expr, ...]) -> sp.Expr | None:
    """The product of factors no two of which have one base, as SymPy builds it; None for any other.

    SymPy asks of each base at length whether it is a number, of a sum in a sum in a sum by building it anew.
    """
    number, others = (factors[0], factors[1:]) if factors and isinstance(factors[0], sp.Rational) else (_ONE, factors)
    alone = len(others) == 1 and (number == 1 or isinstance(others[0], sp.Add))
    if number == 0 or not others or alone or not all(isinstance(f, _PLAIN) for f in others):
        return None
    bases = [f.base if isinstance(f, sp.Pow) else f for f in others]
    if len(set(bases)) < len(bases) or not all(isinstance(b, _PLAIN) and b.is_commutative for b in bases):
        return None
    ordered = sorted(others, key=cmp_to_key(sp.Basic.compare))
    return sp.Mul._from_args(ordered if number == 1 else [number, *ordered], is_commutative=True)


# -- publishing ---------------------------------------------------------------------------
def publish(e: Any) -> Any:
    """Give bound indices readable names: the user's own, primed where that name is taken."""
    return _Publisher(e).published(e, {})


class _Publisher:
    """One expression's way out; what an expression leaves free is computed once."""

    def __init__(self, line: sp.Basic) -> None:
        self._seen: dict[sp.Basic, frozenset[sp.Basic]] = {}
        self._taken = {index_name(s) for s in self.free(line) if not isinstance(s, Bound)}

    def free(self, e: sp.Basic) -> frozenset[sp.Basic]:
        """The symbols and indices that `e` leaves free, those of a Derivative's variable too."""
        found = self._seen.get(e)
        if found is None:
            if isinstance(e, (sp.Symbol, sp.Idx)):
                found = frozenset((e,))
            elif isinstance(e, sp.Indexed):
                found = frozenset().union(*(self.free(i) for i in e.indices))
            else:
                found = frozenset().union(*(self.free(a) for a in e.args))
                if isinstance(e, sp.Sum):
                    found -= {limit[0] for limit in e.limits}
            self._seen[e] = found
        return found

    def published(self, e: sp.Basic, env: Mapping[sp.Basic, sp.Basic]) -> Any:
        if e in env:
            return env[e]
        if isinstance(e, sp.Sum) and len(e.limits) == 1:
            ((index, lo, hi),) = e.limits
            named = self._readable(index, lo, hi, e.function, env)
            return summed(self.published(e.function, {**env, index: named}), named, lo, hi)
        if not e.args:
            return e
        args = [self.published(a, env) for a in e.args]
        return e if all(a is b for a, b in zip(args, e.args, strict=True)) else renamed(e, args)

    def _readable(
        self, index: sp.Basic, lo: sp.Expr, hi: sp.Expr, body: sp.Expr, env: Mapping[sp.Basic, sp.Basic]
    ) -> sp.Basic:
        """The user's index, if its letter means nothing else in the sum's body, free in the line or around it; else primed."""
        origin = getattr(index, "origin", index)
        used = self._taken | {index_name(env.get(s, s)) for s in self.free(body) if s != index}
        used |= {index_name(i) for i in env.values() if index_range(i) not in (None, (lo, hi))}
        name = index_name(origin)
        if name not in used and index_range(origin) in (None, (lo, hi)):
            return origin
        while name in used:
            name += "'"
        return sp.Idx(name, (lo, hi)) if isinstance(origin, sp.Idx) else sp.Symbol(name, integer=True)


def publish_names(e: Any) -> Any:
    """`e`, whose bound indices were taken out of their sums, with the user's names for them."""
    return replaced(e, {b: b.origin for b in e.atoms(Bound)})
