"""From a few sizes to every size: how many are enough, and a proof at these.

For gradients that are sums of local terms, agreement at finitely many sizes is agreement at all of them; the theorem
and its proof stand on the page that explains verification.  `Counting` reads the numbers that it needs from the
formulas, and refuses those that it does not cover.  `FormalWalk` is a walk in which a function of a sum, such as
tanh(Σ w·x), is one letter of its own: then what is left is local.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from gradproof.checks.dual import Env, Seed, Walk
from gradproof.checks.flint_ring import Rational
from gradproof.inverse import InverseBase

__all__ = ["Counting", "FormalWalk", "NoBoundError", "distinct"]

#: functions that have a value everywhere, or where their argument is positive, and are analytic there
_EVERYWHERE = (sp.exp, sp.tanh, sp.sinh, sp.cosh, sp.sech, sp.sin, sp.cos, sp.erf, sp.erfc, sp.atan, sp.asinh)

Definitions = Mapping[sp.Basic, tuple[tuple[sp.Basic, ...], sp.Basic]]
Place = tuple[sp.Basic, int]  # of an index: its size, and the sum that binds it; 0 for a free one
Places = Mapping[sp.Basic, Place]
_NAMES = (sp.Symbol, sp.IndexedBase)


class NoBoundError(ValueError):
    """The theorem does not cover this formula."""


@dataclass(frozen=True)
class _Profile:
    """Of the terms that a formula expands to, by size: the most indices that are summed, and the powers of the size."""

    count: Mapping[sp.Basic, int]
    low: Mapping[sp.Basic, sp.Rational]
    high: Mapping[sp.Basic, sp.Rational]

    def either(self, other: _Profile) -> _Profile:
        return _Profile(
            _joined(max, self.count, other.count),
            _joined(min, self.low, other.low),
            _joined(max, self.high, other.high),
        )

    def times(self, other: _Profile) -> _Profile:
        def add(a: int, b: int) -> int:
            return a + b

        return _Profile(
            _joined(add, self.count, other.count),
            _joined(add, self.low, other.low),
            _joined(add, self.high, other.high),
        )


_UNIT = _Profile({}, {}, {})


def _joined(op: Any, a: Mapping[sp.Basic, int], b: Mapping[sp.Basic, int]) -> dict[sp.Basic, int]:
    return {key: op(a.get(key, 0), b.get(key, 0)) for key in {**a, **b}}


def _natural(e: sp.Basic) -> bool:
    return bool(e.is_Integer and e > 0)


def _name(e: sp.Basic) -> sp.Basic:
    return e.base if isinstance(e, sp.Indexed) else e


def is_open(e: sp.Basic, definitions: Definitions) -> bool:
    """Whether a sum stands in a formula and not in a function of it."""
    name = _name(e)
    if name in definitions:
        return is_open(definitions[name][1], definitions)
    if isinstance(e, (sp.Add, sp.Mul)) or (isinstance(e, sp.Pow) and _natural(e.exp)):
        return any(is_open(a, definitions) for a in e.args)
    return isinstance(e, sp.Sum)


def distinct(entries: Sequence[Env], ranges: Mapping[sp.Basic, tuple[sp.Expr, sp.Expr]]) -> list[Env]:
    """One of the entries that a renaming of index values carries into each other: 1, 1 and 1, 2 for two indices."""

    def first(entry: Env) -> bool:
        most: dict[sp.Basic, int] = {}
        for index, (_, size) in ranges.items():
            if entry[index] > most.get(size, 0) + 1:
                return False
            most[size] = max(most.get(size, 0), entry[index])
        return True

    return [entry for entry in entries if first(entry)]


class Counting:
    """The sizes that are enough for the derivative of `loss` by `wrt` to be `claim` at every size.

    definitions: name -> (its indices, its body).  sizes: the symbols that ranges are made of.
    """

    def __init__(self, wrt: sp.Basic, definitions: Definitions, sizes: Sequence[sp.Basic]) -> None:
        self.wrt, self.definitions, self.sizes = wrt, definitions, tuple(sizes)
        self.name = _name(wrt)
        self.axes: dict[tuple[sp.Basic, int], sp.Basic] = {}
        self.sums = 0
        self.roots: set[sp.Basic] = set()  # the sizes of which a square root stands somewhere

    def enough(
        self, loss: sp.Basic, claim: sp.Basic, free: Mapping[sp.Basic, tuple[sp.Expr, sp.Expr]]
    ) -> dict[sp.Basic, range]:
        """For each size the values to try, all combinations of them; raises NoBoundError."""
        places = {index: (self._size(*span), 0) for index, span in free.items()}
        self.value(loss, places)  # refuses what is not covered
        self.value(self.wrt, places)
        slope, whole = self.slope(loss, places), self.value(claim, places)
        whole = whole if slope is None else whole.either(slope)
        found = {}
        for size in self.sizes:
            count = max(whole.count.get(size, 0), 0)
            least = max(count + sum(place[0] == size for place in places.values()), 1)
            spread = whole.high.get(size, 0) - whole.low.get(size, 0) + count
            found[size] = range(least, least + int(spread * (2 if size in self.roots else 1)) + 1)
        return found

    def is_local(self, relation: sp.Basic) -> bool:
        """Whether an assumption gives the sign of all entries of an array, or makes entries equal by exchanging indices."""
        left, right = relation.args
        if not isinstance(left, (sp.Symbol, sp.Indexed)) or not (right == 0 or isinstance(right, sp.Indexed)):
            return False
        indices = getattr(left, "indices", ())
        if right == 0 and isinstance(relation, (sp.Eq, sp.Ne)):
            return False
        if right != 0 and not (isinstance(relation, sp.Eq) and right.base == getattr(left, "base", None)):
            return False
        if right != 0 and {*indices} != {*right.indices}:
            return False
        sides = [side for side in (left, right) if isinstance(side, sp.Indexed)]
        spans = all(
            isinstance(i, sp.Idx)
            and i.upper is not None
            and self.axes.get((side.base, axis)) == i.upper
            and i.lower == 1
            for side in sides
            for axis, i in enumerate(side.indices)
        )
        return spans and len({*indices}) == len(indices) and _name(left) not in self.definitions

    def _size(self, lo: sp.Basic, hi: sp.Basic) -> sp.Basic:
        if lo != 1 or hi not in self.sizes:
            raise NoBoundError(f"the range {lo}..{hi}")
        return hi

    def _bound(self, e: sp.Sum, places: Places) -> tuple[Places, dict[sp.Basic, int]]:
        """The places inside a sum, and how many indices it binds by size."""
        inside, counts = dict(places), dict.fromkeys((limit[2] for limit in e.limits), 0)
        for index, lo, hi in e.limits:
            self.sums += 1
            inside[index] = (self._size(lo, hi), self.sums)
            counts[hi] += 1
        return inside, counts

    def _opened(self, e: sp.Basic, places: Places) -> tuple[sp.Basic, Places] | None:
        """A named quantity's body, with the places of its indices."""
        name = _name(e)
        if name not in self.definitions:
            return None
        template, body = self.definitions[name]
        return body, {i: places[j] for i, j in zip(template, getattr(e, "indices", ()), strict=True)}

    def value(self, e: sp.Basic, places: Places) -> _Profile:
        """The profile of a formula's value."""
        match e:
            case sp.Rational() | sp.core.numbers.Pi() | sp.core.numbers.Exp1():
                return _UNIT
            case sp.Symbol() if e in self.sizes:
                return _Profile({}, {e: 1}, {e: 1})
            case sp.Pow() if e.base in self.sizes and (2 * e.exp).is_Integer:
                self.roots |= {e.base} if e.exp.q == 2 else set()
                return _Profile({}, {e.base: e.exp}, {e.base: e.exp})
            case sp.Indexed() if not isinstance(e.base, InverseBase):
                self._check_axes(e, places)
            case sp.Sum():
                inside, counts = self._bound(e, places)
                return _Profile(counts, {}, {}).times(self.value(e.function, inside))
            case sp.Add():
                return self._either([self.value(a, places) for a in e.args])
            case sp.Mul():
                return self._times([self.value(a, places) for a in e.args])
            case sp.Pow() if _natural(e.exp):
                return self._times([self.value(e.base, places)] * int(e.exp))
            case sp.Pow() if e.exp.is_Rational or e.base == sp.E:
                return self._local(e.exp if e.base == sp.E else e.base, places)
            case sp.KroneckerDelta():
                if not all(i in places for i in e.args) or len({places[i][0] for i in e.args}) != 1:
                    raise NoBoundError(f"{e} is not a delta of two indices over one range")
                return _UNIT
            case sp.Symbol() if not isinstance(e, sp.Idx) and e not in places:
                pass
            case _ if isinstance(e, (sp.log, *_EVERYWHERE)):
                return self._local(e.args[0], places)
            case _:
                raise NoBoundError(f"{e}")
        opened = self._opened(e, places)
        return _UNIT if opened is None else self.value(*opened)

    def _local(self, argument: sp.Basic, places: Places) -> _Profile:
        """A function of a sum is a letter; one of anything else may not depend on sizes."""
        inner = self.value(argument, places)
        if not is_open(argument, self.definitions) and (any(inner.low.values()) or any(inner.high.values())):
            raise NoBoundError(f"a function of {argument}")
        return _UNIT

    def _check_axes(self, e: sp.Indexed, places: Places) -> None:
        for axis, index in enumerate(e.indices):
            size = places[index][0] if index in places else None
            if size is None or self.axes.setdefault((e.base, axis), size) != size:
                raise NoBoundError(f"the index {index} of {e}")

    def _either(self, profiles: Sequence[_Profile]) -> _Profile:
        found = profiles[0]
        for other in profiles[1:]:
            found = found.either(other)
        return found

    def _times(self, profiles: Sequence[_Profile]) -> _Profile:
        found = _UNIT
        for other in profiles:
            found = found.times(other)
        return found

    def slope(self, e: sp.Basic, places: Places) -> _Profile | None:
        """The profile of a formula's derivative, or None for zero."""
        name = _name(e)
        if name == self.name:  # the derivative is a delta, which ties each summed index of the entry to a free one
            tied = {places[i] for i in getattr(e, "indices", ()) if places[i][1]}
            return _Profile({size: -sum(p[0] == size for p in tied) for size, _ in tied}, {}, {})
        opened = self._opened(e, places) if isinstance(e, (sp.Symbol, sp.Indexed)) else None
        if opened is not None:
            return self.slope(*opened)
        match e:
            case sp.Sum():
                inside, counts = self._bound(e, places)
                inner = self.slope(e.function, inside)
                return None if inner is None else _Profile(counts, {}, {}).times(inner)
            case sp.Add():
                parts = [p for p in (self.slope(a, places) for a in e.args) if p is not None]
                return self._either(parts) if parts else None
            case sp.Mul():
                return self._factors_slope(e.args, places)
            case sp.Pow() if _natural(e.exp):
                return self._factors_slope([e.base] * int(e.exp), places)
        argument = e.base if isinstance(e, sp.Pow) and e.base != sp.E else e.args[-1] if e.args else None
        known = isinstance(e, (sp.Pow, sp.log, *_EVERYWHERE)) and argument is not None
        return self.slope(argument, places) if known else None

    def _factors_slope(self, factors: Sequence[sp.Basic], places: Places) -> _Profile | None:
        parts = []
        for n, factor in enumerate(factors):
            inner = self.slope(factor, places)
            if inner is not None:
                others = (self.value(g, places) for m, g in enumerate(factors) if m != n)
                parts.append(self._times([inner, *others]))
        return self._either(parts) if parts else None


class FormalWalk(Walk):
    """A walk in which functions of sums are letters, and every other function is one that has a value everywhere."""

    def _value(self, e: sp.Basic, env: Env) -> Any:
        if isinstance(e, sp.Pow) and e.base != sp.E and not _natural(e.exp):
            exponent = Fraction(int(e.exp.p), int(e.exp.q)) if e.exp.is_Rational else None
            if exponent is None:
                raise NoBoundError(f"the power {e}")
            if is_open(e.base, self.definitions):
                return self._letter_power(e.base, exponent, env)
            base = self.value(e.base, env)
            if not self._is_positive(base) and (exponent.denominator > 1 or not self._is_free(base)):
                raise NoBoundError(f"{e.base} may be zero")
            return self.field.power(base, exponent)
        if isinstance(e, (sp.log, *_EVERYWHERE)):
            if is_open(e.args[0], self.definitions):
                return self._letter(e, env)
            u = self.value(e.args[0], env)
            if isinstance(e, sp.log) and not (self._is_positive(u) or self._is_free(u, alone=True)):
                raise NoBoundError(f"{e.args[0]} may be zero")
        return super()._value(e, env)

    def _is_positive(self, u: Rational) -> bool:
        return self._is_positive_part(u.num) and self._is_positive_part(u.den)

    def _is_free(self, u: Rational, alone: bool = False) -> bool:
        """Whether the zeros of u are a matter of one entry or letter each: of a product's factors, or of the only one.

        alone: u must be a single one, but for a number.
        """
        degrees = u.num.degrees()
        used = [key for key, n in self.field.generators.items() if degrees[n]]  # type: ignore[attr-defined]
        if not all(isinstance(key, tuple) and (key[0] == "letter" or isinstance(key[0], _NAMES)) for key in used):
            return False
        if alone:
            return len(u.num) == 1 and u.num.total_degree() == 1 and self._is_positive_part(u.den)
        return len(u.num) == 1 or sum(key[0] == "letter" or key[1] != () for key in used) <= 1

    def _is_positive_part(self, p: Any) -> bool:
        return bool(self.field.possible(p) == {1})  # type: ignore[attr-defined]

    def _generator(self, key: Any, signs: tuple[int, ...]) -> Any:
        return self.field.generator(("letter", *key), frozenset(signs))[0]  # type: ignore[attr-defined]

    def _letter(self, e: sp.Basic, env: Env) -> Any:
        """A function of a sum; e^(−u) is 1/e^u."""
        argument = e.args[0]
        if isinstance(e, sp.exp) and argument.as_coeff_Mul()[0] < 0:
            return self.field.inverse(self._generator((sp.exp, self._key(-argument, env, ())), (1,)))
        signs = (1,) if isinstance(e, (sp.exp, sp.cosh)) else (-1, 0, 1)
        return self._generator((type(e), self._key(argument, env, ())), signs)

    def _letter_power(self, base: sp.Basic, exponent: Fraction, env: Env) -> Any:
        """A power of a sum: of its root, where it cannot be negative."""
        key = self._key(base, env, ())
        if self._not_negative(base):
            return self.field.power(self._generator(("root", key), (1,)), 2 * exponent)
        return self.field.power(self._generator(("sum", key), (-1, 1)), exponent)

    def slope(self, e: sp.Basic, env: Env, seed: Seed) -> Any:
        function = isinstance(e, (sp.log, *_EVERYWHERE))
        if not function and not (isinstance(e, sp.Pow) and not _natural(e.exp) and e.base != sp.E):
            return super().slope(e, env, seed)
        argument = e.args[0]
        if not is_open(argument, self.definitions):
            self.value(e, env)  # refuses what may have no value
            return super().slope(e, env, seed)
        inner = self.slope(argument, env, seed)
        if self.field.constant(inner) == 0:
            return self.zero
        match e:
            case sp.exp():
                return self.value(e, env) * inner
            case sp.tanh():
                return (self.one - self.value(e, env) * self.value(e, env)) * inner
            case sp.log():
                return self._letter_power(argument, Fraction(-1), env) * inner
            case sp.Pow():
                n = Fraction(int(e.exp.p), int(e.exp.q))
                return self.field.number(n) * self._letter_power(argument, n - 1, env) * inner
        raise NoBoundError(f"the derivative of {e}")

    def _key(self, e: sp.Basic, env: Env, bound: tuple[sp.Basic, ...]) -> Any:
        """What a formula is once its free indices have values: the same for other names of summed indices."""
        if e in bound:
            return ("bound", len(bound) - 1 - bound[::-1].index(e))
        if e in env:
            return ("at", env[e])
        if isinstance(e, sp.Sum):
            limits = [*reversed(e.limits)]
            while isinstance(e.function, sp.Sum):
                e = e.function
                limits += reversed(e.limits)
            inside = bound + tuple(limit[0] for limit in limits)
            return ("sum", tuple(limit[1:] for limit in limits), self._key(e.function, env, inside))
        if isinstance(e, sp.Indexed):
            return (e.base, *(self._key(i, env, bound) for i in e.indices))
        if not e.args or isinstance(e, sp.Idx):
            return e
        parts = [self._key(a, env, bound) for a in e.args]
        return (type(e), *(sorted(parts, key=str) if isinstance(e, (sp.Add, sp.Mul)) else parts))

    def _not_negative(self, e: sp.Basic) -> bool:
        """Whether a formula cannot be negative, seen from its form."""
        name = _name(e)
        if name in self.definitions:
            return self._not_negative(self.definitions[name][1])
        match e:
            case sp.Sum():
                return self._not_negative(e.function)
            case sp.Add() | sp.Mul():
                return all(self._not_negative(a) for a in e.args)
            case sp.Pow():
                return bool(e.exp.is_Integer and e.exp % 2 == 0) or self._not_negative(e.base)
            case sp.exp() | sp.cosh():
                return True
        return bool(name.is_nonnegative)
