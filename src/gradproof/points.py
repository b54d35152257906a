"""Points at which formulas are tried: sizes, rational values, polynomials for functions.

A `Point` draws each value when it is first asked for, from a seeded generator, and makes it
meet the assumptions where it can (symmetric entries share a value, the last entry of an
assumed sum is what the others leave); `satisfied` then checks every assumption exactly.
"""

from __future__ import annotations

import itertools
import math
import operator
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy as sp
from mpmath import iv
from sympy.core.relational import Relational

from gradproof.arithmetic import Digits, Exact, bounded
from gradproof.assumptions import SumFact, facts
from gradproof.lines import Bound, array_name, index_range
from gradproof.values import UndefinedError, evaluate, index_values
from gradproof.verdict import Witness

__all__ = ["Point", "points", "satisfied"]

_POOLS: tuple[tuple[str, ...], ...] = (
    ("1", "2", "-1", "3"),
    ("1", "2", "-1", "-2", "3", "1/2", "-1/3", "3/2"),
    ("2/3", "-5/4", "7/3", "1/5", "-3/7", "11/6", "4", "-2", "3/5", "4/5"),
    ("0", "1", "-1", "0", "2"),
    ("1/10", "3/10", "1/7", "-1/9", "2/11", "5/13", "1/3"),
    ("7", "-5", "9/2", "-13/2", "3", "-8", "6"),
)
_ATTEMPTS = 12  # points tried for each choice of sizes
_POINTS = 48  # that are tried at least


class Point:
    """One point; implements `values.Scene`."""

    def __init__(
        self,
        sizes: Mapping[sp.Basic, int],
        seed: int,
        relations: Sequence[Relational] = (),
        bounds: Mapping[sp.Basic, tuple[sp.Expr, sp.Expr]] | None = None,
    ) -> None:
        self.sizes = dict(sizes)
        self.random = random.Random(seed)
        self.pool = [Fraction(p) for p in _POOLS[seed % len(_POOLS)]]
        self.bounds = bounds or {}
        self.symbols: dict[sp.Basic, Any] = {s: Fraction(n) for s, n in sizes.items()}
        self.entries: dict[tuple[str, tuple[int, ...]], Any] = {}
        self.derived: set[Any] = set()
        self.functions: dict[type, dict[tuple[int, ...], Fraction]] = {}
        self._facts = facts(relations)
        self._pending: set[Any] = set()

    def _draw(self, thing: sp.Basic, positive: bool) -> Fraction:
        """A value that contradicts no declaration of the symbol or array."""
        declared = {k: v for k, v in thing.assumptions0.items() if k not in ("commutative", "hermitian")}
        pool = [abs(v) for v in self.pool if v] if positive else self.pool
        whole = [Fraction(n) for n in range(-4, 5)] if declared.get("integer") else []
        for value in (*self.random.sample(pool, len(pool)), *self.random.sample(whole, len(whole))):
            for signed in (value, -value):
                number = sp.Rational(signed.numerator, signed.denominator)
                if (signed > 0 or not positive) and _is_as(number, declared):
                    return signed
        raise UndefinedError(f"no value was found for {thing} as it is declared")

    def symbol(self, symbol: sp.Basic) -> Any:
        if isinstance(symbol, Bound):
            raise UndefinedError(f"the bound index {symbol} stands outside its sum")
        if symbol not in self.symbols:
            fixed = self._facts.values.get(symbol)
            span = self.bounds.get(symbol) or index_range(symbol)
            if fixed is not None:
                self.derived.add(symbol)
                self.symbols[symbol] = self._once(symbol, fixed[1], {})
            elif symbol in self._facts.spans:
                self.symbols[symbol] = self._whole(self._facts.spans[symbol][1])
            elif span is not None:
                low, high = (int(evaluate(side, self)) for side in span)
                if low > high:
                    raise UndefinedError(f"{symbol} has no value in the empty range {low}..{high}")
                self.symbols[symbol] = Fraction(self.random.randint(low, high))
            elif symbol.is_integer:
                self.symbols[symbol] = self._draw(symbol, positive=symbol.is_nonpositive is not True)
            elif symbol in self._facts.roots:
                self.symbols[symbol] = self._one_of(self._facts.roots[symbol][1])
            else:
                self.symbols[symbol] = self._draw(symbol, symbol in self._facts.positive)
        return self.symbols[symbol]

    def entry(self, base: sp.IndexedBase, index: tuple[int, ...]) -> Any:
        index = self._representative(base, index)
        key = (str(base.label), index)
        if key not in self.entries:
            self.entries[key] = self._new_entry(base, index, key)
        return self.entries[key]

    def _representative(self, base: sp.IndexedBase, index: tuple[int, ...]) -> tuple[int, ...]:
        """The smallest of the indices whose entries are equal by symmetry."""
        template, orders = self._facts.swaps.get(base, ((), ()))
        if not orders or not self._covers(template, index):
            return index
        return min(tuple(index[n] for n in order) for order in orders)

    def _covers(self, template: Sequence[sp.Basic], index: Sequence[int]) -> bool:
        """Whether an assumption's indices take these values."""
        spans = [index_range(i) for i in template]
        return all(
            span is None or int(evaluate(span[0], self)) <= i <= int(evaluate(span[1], self))
            for span, i in zip(spans, index, strict=True)
        )

    def _new_entry(self, base: sp.IndexedBase, index: tuple[int, ...], key: Any) -> Any:
        template, body = self._facts.values.get(base, ((), None))
        if body is not None and self._covers(template, index):
            self.derived.add(key)
            return self._once(key, body, dict(zip(template, index, strict=True)))
        signed = self._facts.roots.get(base)
        if signed is not None and self._covers(signed[0], index):
            return self._one_of(signed[1])
        if base in self._facts.columns:
            return self._orthonormal(base, index, self._facts.columns[base])
        if base in self._facts.spans:
            return self._whole(self._facts.spans[base][1])
        fact = self._facts.sums.get(base)
        if fact is not None and fact.power == 2:
            return self._on_sphere(base, index, fact)
        if fact is not None:
            before, after = index[: fact.axis], index[fact.axis + 1 :]
            last = int(evaluate(fact.hi, self))
            if index[fact.axis] == last and self._covers(fact.template, before + after):
                total = evaluate(fact.value, self)
                for n in range(int(evaluate(fact.lo, self)), last):
                    total = total - self.entry(base, (*before, n, *after))
                return total
        known = self._facts.positive.get(base)
        return self._draw(base, known is not None and self._covers(known, index))

    def _whole(self, ends: Sequence[sp.Expr | None]) -> Fraction:
        """A whole number between two ends; one that is not given is three away."""
        low, high = (None if end is None else int(evaluate(end, self)) for end in ends)
        low = low if low is not None else (high or 0) - 3
        high = high if high is not None else low + 3
        if low > high:
            raise UndefinedError(f"there is no whole number from {low} to {high}")
        return Fraction(self.random.randint(low, high))

    def _one_of(self, values: tuple[sp.Rational, sp.Rational]) -> Fraction:
        value = self.random.choice(values)
        return Fraction(int(value.p), int(value.q))

    def _orthonormal(self, base: sp.IndexedBase, index: tuple[int, ...], fact: SumFact) -> Any:
        """Columns of the reflection I − 2vvᵀ/(v·v), which are rational and orthonormal."""
        rows = range(int(evaluate(fact.lo, self)), int(evaluate(fact.hi, self)) + 1)
        columns = [int(evaluate(end, self)) for end in index_range(fact.template[0]) or (1, 0)]
        span = range(columns[0], columns[1] + 1)
        if len(span) > len(rows) or index[fact.axis] not in rows or index[1 - fact.axis] not in span:
            raise UndefinedError(f"{base} cannot have orthonormal columns at these sizes")
        v = [Fraction(self.random.choice((1, 2, -1, 3))) for _ in rows]
        square = sum((u * u for u in v), Fraction(0))
        for m, row in enumerate(rows):
            for n, column in enumerate(span):
                place = (row, column) if fact.axis == 0 else (column, row)
                self.entries[str(base.label), place] = Fraction(int(m == n)) - 2 * v[m] * v[n] / square
        return self.entries[str(base.label), index]

    def _on_sphere(self, base: sp.IndexedBase, index: tuple[int, ...], fact: SumFact) -> Any:
        """A vector whose squares have the assumed sum r²: the rational point r·(2t, 1 − |t|²)/(1 + |t|²)."""
        before, after = index[: fact.axis], index[fact.axis + 1 :]
        radius = Exact().power(evaluate(fact.value, self), Fraction(1, 2))
        span = range(int(evaluate(fact.lo, self)), int(evaluate(fact.hi, self)) + 1)
        if index[fact.axis] not in span or not self._covers(fact.template, before + after):
            return self._draw(base, False)
        t = [self.random.choice(self.pool) for _ in span[1:]]
        square = sum((v * v for v in t), Fraction(0))
        point = [*(2 * v / (1 + square) for v in t), (1 - square) / (1 + square)]
        for n, value in zip(span, point, strict=True):
            self.entries[str(base.label), (*before, n, *after)] = Exact().join(lambda a, b: a * b, radius, value)
        return self.entries[str(base.label), index]

    def _once(self, key: Any, body: sp.Expr, env: dict[sp.Basic, int]) -> Any:
        """A value given by an equation; an equation that needs itself has none."""
        if key in self._pending:
            raise UndefinedError(f"the assumptions define {key} by itself")
        self._pending.add(key)
        try:
            return evaluate(body, self, env=env)
        finally:
            self._pending.discard(key)

    def function(self, function: type, orders: tuple[int, ...], args: Sequence[Any]) -> Any:
        """A cubic with random coefficients stands for an undefined function."""
        if function not in self.functions:
            cubic = [p for p in itertools.product(range(4), repeat=len(args)) if 0 < sum(p) <= 3]
            self.functions[function] = {p: Fraction(self.random.choice([1, 2, -1, 3, -2])) for p in cubic}
        total: Any = Fraction(0)
        for powers, c in self.functions[function].items():
            term: Any = c
            for u, p, n in zip(args, powers, orders, strict=True):
                term = _joined(operator.mul, term, Fraction(math.perm(p, n)))
                term = _joined(operator.mul, term, u ** (p - n)) if p > n else term
            total = _joined(operator.add, total, term)
        return bounded(total)

    def function_text(self) -> dict[str, str]:
        """The polynomials that stand for the undefined functions, as text."""
        texts = {}
        for function, terms in self.functions.items():
            names = sp.symbols(f"u1:{len(next(iter(terms))) + 1}")
            body = sum(sp.Rational(c.numerator, c.denominator) * sp.prod(n**p for n, p in zip(names, ps, strict=True))
                       for ps, c in terms.items())  # fmt: skip
            texts[f"{function.__name__}({', '.join(map(str, names))})"] = str(body)
        return texts

    def witness(self, left: str, right: str) -> Witness:
        """This point as a witness of two values, which are given as they are printed."""
        numbers: dict[str, dict[tuple[int, ...], Fraction]] = {}
        symbols = (((str(s), ()), value) for s, value in self.symbols.items())
        for (name, index), value in itertools.chain(symbols, self.entries.items()):
            if isinstance(value, Fraction):
                numbers.setdefault(name, {})[index] = value
        polynomials = {f.__name__: terms for f, terms in self.functions.items()}
        sizes = {str(s): n for s, n in self.sizes.items()}
        return Witness(sizes, self.table(), left, right, self.function_text(), numbers, polynomials)

    def table(self) -> dict[str, Any]:
        """The values that were used, by name: numbers, and arrays as nested tuples.

        An array that was used only in part is shown entry by entry.
        """
        shown: dict[str, Any] = {
            str(s): v for s, v in self.symbols.items() if s not in self.sizes and s not in self.derived
        }
        by_name: dict[str, dict[tuple[int, ...], Any]] = {}
        for (name, index), value in self.entries.items():
            if (name, index) not in self.derived:
                by_name.setdefault(name, {})[index] = value
        for name, values in by_name.items():
            shown.update(_nested(name, values))
        return shown


def _joined(op: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    """Two numbers joined; a fraction that meets an interval or a float becomes one."""
    backend = Exact() if isinstance(a, type(iv.mpf(0))) or isinstance(b, type(iv.mpf(0))) else Digits()
    return op(a, b) if type(a) is type(b) else backend.join(op, a, b)


def _is_as(number: sp.Rational, declared: Mapping[str, bool]) -> bool:
    """Whether a number contradicts none of the declared assumptions."""
    return all(getattr(number, f"is_{k}") in (v, None) for k, v in declared.items())


def _nested(name: str, entries: dict[tuple[int, ...], Any]) -> dict[str, Any]:
    axes = [sorted({i[n] for i in entries}) for n in range(len(next(iter(entries))))]
    full = all(a[0] in (0, 1) and a == list(range(a[0], a[0] + len(a))) for a in axes) and all(
        i in entries for i in itertools.product(*axes)
    )
    if not full:
        return {f"{name}[{', '.join(map(str, i))}]": v for i, v in sorted(entries.items())}

    def nest(prefix: tuple[int, ...]) -> Any:
        if len(prefix) == len(axes):
            return entries[prefix]
        return tuple(nest((*prefix, i)) for i in axes[len(prefix)])

    return {name: nest(())}


def _sizes(expressions: Sequence[sp.Basic], bounds: Mapping[sp.Basic, tuple[sp.Expr, sp.Expr]]) -> list[sp.Basic]:
    """The symbols that ranges are made of."""
    found: set[sp.Basic] = set()
    for e in expressions:
        for s in e.atoms(sp.Sum):
            found |= {f for _, lo, hi in s.limits for f in (lo.free_symbols | hi.free_symbols)}
        for i in e.atoms(sp.Idx):
            span = index_range(i)
            if span is not None:
                found |= span[0].free_symbols | span[1].free_symbols
        found |= {s for s in e.atoms(sp.Symbol) if s.is_integer and s.is_positive and s not in bounds}
    for lo, hi in bounds.values():
        found |= lo.free_symbols | hi.free_symbols
    return sorted((s for s in found if not isinstance(s, (sp.Idx, sp.Dummy))), key=str)


def _size_choices(n: int) -> Iterator[tuple[int, ...]]:
    choices = [(1,) * n, (2,) * n, tuple(2 + i for i in range(n)), tuple(1 + n - i for i in range(n)),
               tuple(1 + i % 2 for i in range(n)), (3,) * n]  # fmt: skip
    yield from dict.fromkeys(choices)


def points(
    expressions: Sequence[sp.Basic],
    assumptions: Sequence[Relational] = (),
    definitions: Sequence[sp.Eq] = (),
    bounds: Mapping[sp.Basic, tuple[sp.Expr, sp.Expr]] | None = None,
    varied: bool = False,
) -> Iterator[Point]:
    """Points that meet every assumption, the simplest first; the same ones in every run.

    varied: neighbours differ in their sizes, and in how large their values are.
    """
    relations = [*assumptions, *definitions]
    names = _sizes([*expressions, *relations], bounds or {})
    choices = list(_size_choices(len(names)))
    for turn in range(max(_ATTEMPTS, _POINTS // len(choices))):
        for shift, chosen in enumerate(choices):
            seed = turn + shift if varied else turn
            point = Point(dict(zip(names, chosen, strict=True)), seed, relations, bounds)
            try:
                if all(satisfied(a, point) for a in assumptions):
                    yield point
            except UndefinedError:
                continue


def satisfied(relation: Relational, point: Point) -> bool:
    """Whether an assumption holds at the point, for every value of its free indices."""
    bound = {limit[0] for s in relation.atoms(sp.Sum) for limit in s.limits}
    free: list[sp.Basic] = []
    spans: list[range] = []
    for entry in relation.atoms(sp.Indexed):
        for axis, index in enumerate(entry.indices):
            if index in bound or index in free or not isinstance(index, (sp.Symbol, sp.Idx)) or index in point.sizes:
                continue
            free.append(index)
            spans.append(_span_at(index, entry, axis, point))
    left, right = relation.args
    for values in index_values(spans):
        env = dict(zip(free, values, strict=True))
        gap = Exact().join(lambda a, b: a - b, evaluate(left, point, env=env), evaluate(right, point, env=env))
        sign = Exact().sign_or_none(gap)
        if sign is None or not _sign_meets(relation, sign):
            return False
    return True


def _span_at(index: sp.Basic, entry: sp.Indexed, axis: int, point: Point) -> range:
    """The values of an assumption's free index: its range, or the entries that were used."""
    span = index_range(index) or point.bounds.get(index)
    if span is not None:
        return range(int(evaluate(span[0], point)), int(evaluate(span[1], point)) + 1)
    used = [i[axis] for (name, i) in point.entries if name == array_name(entry)]
    return range(min(used), max(used) + 1) if used else range(1, 3)


def _sign_meets(relation: Relational, sign: int) -> bool:
    return {
        sp.Eq: sign == 0, sp.Ne: sign != 0, sp.Gt: sign > 0, sp.Ge: sign >= 0, sp.Lt: sign < 0, sp.Le: sign <= 0,
    }[type(relation)]  # fmt: skip
