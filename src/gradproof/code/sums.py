"""Sums that no parameter enters: taken once, so that each further gradient costs the same for any amount of data.

    Σ_n (b + m·x_n − y_n)²  =  N·B² + 2·B·m·Σ u + m²·Σ u² − 2·B·Σ v − 2·m·Σ u·v + Σ v²,    B = b + m·c − d

with x_n = u_n + c and y_n = v_n + d.  Without c and d, which are near the means, most digits would cancel where the data
lie far from zero; what is free of data, B, stays one quantity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product as pairs
from typing import Any

import sympy as sp

from gradproof.code.assignments import Assignment, CodeError, name_of
from gradproof.lines import Bound, array_name, copied, fresh, head, publish, rebuilt, replaced, summed, times

__all__ = ["Separated", "separated"]

_ONE = sp.Integer(1)
Span = tuple[sp.Expr, sp.Expr]


@dataclass(frozen=True)
class Separated:
    """A program in two parts.

    data: the arrays of the data.  span: what is summed over.  centres: what is taken off them.  sums: the lines of the
    sums over what is left.  rest: those of the loss and the gradients.
    """

    data: tuple[str, ...]
    span: Span
    centres: Mapping[str, tuple[str, int]]  # centre -> (the array, the axis of the data index)
    left: Mapping[str, str]  # the array -> its name less the centre
    sums: tuple[Assignment, ...]
    rest: tuple[Assignment, ...]


def separated(lines: Sequence[Assignment], constant: Sequence[Any], spans: Mapping[str, tuple[Span, ...]]) -> Separated:
    """The program of the loss and the gradients with all sums over data taken out.

    constant: the arrays of the data, as symbols or names.  spans: the range of each axis of the arguments.  Raises CodeError, naming it, for what is no argument, and for a
    sum whose terms are no polynomials in the data with coefficients that are free of them.
    """
    names = [str(getattr(c, "label", c)) for c in constant]
    for n in names:
        if not spans.get(n):
            accepted = ", ".join(name for name, axes in spans.items() if axes)
            raise CodeError(f"{n}, in constant, is none of the arrays: {accepted or 'there are none'}")
    return _Separation(lines, {n: spans[n] for n in names}).result()


@dataclass(frozen=True)
class _Term:
    """The sum over `bound` indices of coefficient · data, a product of entries with the data index."""

    bound: tuple[tuple[sp.Basic, Span], ...]
    coefficient: sp.Expr
    data: tuple[sp.Expr, ...]


class _Separation:
    def __init__(self, lines: Sequence[Assignment], constant: Mapping[str, tuple[Span, ...]]) -> None:
        self.constant = constant
        self.lines = {a.name: a for a in lines}
        self.spans: set[Span] = set()
        self.centres: dict[str, tuple[str, int]] = {}
        self.sums: dict[tuple[Any, ...], Assignment] = {}
        self.offsets: dict[sp.Expr, Assignment] = {}
        self.taken = set(self.lines) | {s.name for a in lines for s in a.body.free_symbols if isinstance(s, sp.Symbol)}

    def result(self) -> Separated:
        kept = [a for a in self.lines.values() if a.kind in ("loss", "gradient")]
        rest = [replace(a, body=self._separate(self._opened(a.body))) for a in kept]
        if len(self.spans) != 1:
            raise CodeError(
                f"there is no sum over {', '.join(sorted(self.constant))} alone, or there are several ranges of such sums"
            )
        (span,) = self.spans
        left = {name: self._named("centred", name) for name, _ in self.centres.values()}
        return Separated(
            tuple(self.constant), span, self.centres, left, (*self.sums.values(),), (*self.offsets.values(), *rest)
        )

    def _opened(self, e: Any) -> Any:
        """`e` with the body of each named quantity in its place."""
        if isinstance(e, (sp.Indexed, sp.Symbol)) and name_of(head(e)) in self.lines:
            a = self.lines[name_of(head(e))]
            return self._opened(copied(replaced(a.body, dict(zip(a.indices, getattr(e, "indices", ()), strict=True)))))
        if not e.args or isinstance(e, sp.Indexed):
            return e
        args = [self._opened(a) for a in e.args]
        return e if all(x is y for x, y in zip(args, e.args, strict=True)) else rebuilt(e, args)

    # -- taking sums out ------------------------------------------------------------------------
    def _separate(self, e: Any) -> Any:
        """`e` with each sum over the data as products of constant sums and of what is free of data."""
        if isinstance(e, sp.Sum):
            index, lo, hi = e.limits[0]
            if self._is_data(e.function, index):
                self.spans.add((lo, hi))
                return sp.Add(*(self._taken(t, index, (lo, hi)) for t in self._terms(e.function, index)))
        if not e.args or isinstance(e, sp.Indexed):
            if isinstance(e, sp.Indexed) and array_name(e) in self.constant:
                raise CodeError(f"{e} stands outside of a sum over the data, so that it cannot be taken once")
            return e
        args = [self._separate(a) for a in e.args]
        return e if all(x is y for x, y in zip(args, e.args, strict=True)) else rebuilt(e, args)

    def _is_data(self, e: sp.Expr, index: sp.Basic) -> bool:
        """Whether an index runs over the data: it stands in entries of the data, and in none of a parameter."""
        entries = [n for n in e.atoms(sp.Indexed) if n.has(index)]
        return bool(entries) and all(array_name(n) in self.constant for n in entries)

    def _terms(self, e: Any, index: sp.Basic) -> list[_Term]:
        """The terms of a polynomial in the data; what is free of data is one of them."""
        if index not in e.free_symbols:
            return [_Term((), e, ())]
        match e:
            case sp.Indexed():
                entry, centre = self._centre(e, index)
                return [_Term((), centre, ()), _Term((), _ONE, (entry,))]
            case sp.Add():
                return [self._with_name(t) for t in _joined([t for a in e.args for t in self._terms(a, index)])]
            case sp.Mul():
                return self._product([self._terms(a, index) for a in e.args])
            case sp.Pow() if e.exp.is_Integer and e.exp > 0:
                return self._product([self._terms(e.base, index)] * int(e.exp))
            case sp.Sum():
                inner, lo, hi = e.limits[0]
                return [self._under(t, inner, (lo, hi)) for t in self._terms(e.function, index)]
        if self._is_constant(e) and all(n.indices.count(index) == 1 for n in e.atoms(sp.Indexed)):
            return [_Term((), _ONE, (e,))]
        raise CodeError(f"{publish(e)} is no polynomial in the data, so that no sum over them can be taken once")

    def _with_name(self, t: _Term) -> _Term:
        """A term with a name for what is free of data, which is not to be multiplied out."""
        e = t.coefficient
        if (
            t.data
            or t.bound
            or not isinstance(e, sp.Add)
            or any(isinstance(s, (sp.Idx, Bound)) for s in e.free_symbols)
        ):
            return t
        sign = -1 if e.could_extract_minus_sign() else 1
        e = sp.Add(*(sign * term for term in e.args))
        if e not in self.offsets:
            name = self._named("offset", str(len(self.offsets) + 1))
            self.offsets[e] = Assignment(sp.Symbol(name, real=True), e, {}, "definition")
        return replace(t, coefficient=sign * self.offsets[e].target)

    def _is_constant(self, e: sp.Expr) -> bool:
        """Whether an expression is made of data alone."""
        arrays = {array_name(n) for n in e.atoms(sp.Indexed)}
        numbers = {s.name for s in e.free_symbols if isinstance(s, sp.Symbol) and not s.is_integer}
        return arrays <= self.constant.keys() and numbers <= arrays

    def _product(self, factors: Sequence[list[_Term]]) -> list[_Term]:
        total = [_Term((), _ONE, ())]
        for terms in factors:
            total = _joined([_multiplied(a, _renewed(b)) for a, b in pairs(total, terms)])
        return total

    @staticmethod
    def _under(t: _Term, index: sp.Basic, span: Span) -> _Term:
        """A term under a sum over another index, which goes into the coefficient where the data do not have it."""
        if any(index in f.free_symbols for f in t.data):
            return _Term(((index, span), *t.bound), t.coefficient, t.data)
        return _Term(t.bound, summed(t.coefficient, index, *span), t.data)

    def _centre(self, e: sp.Indexed, index: sp.Basic) -> tuple[sp.Expr, sp.Expr]:
        """An entry of the data less a centre, and that centre, which has the other indices."""
        name, axis = array_name(e), list(e.indices).index(index) if index in e.indices else -1
        if axis < 0 or sum(i.has(index) for i in e.indices) > 1:
            raise CodeError(f"{e} is no entry at the index {index} itself")
        centre = self._named("centre", name)
        self.centres[centre] = (name, axis)
        others = tuple(i for n, i in enumerate(e.indices) if n != axis)
        here = sp.IndexedBase(centre)[others] if others else sp.Symbol(centre, real=True)
        return sp.IndexedBase(self._named("centred", name))[e.indices], here

    def _named(self, kind: str, name: str) -> str:
        while f"{kind}_{name}" in self.taken:
            kind += "s"
        return f"{kind}_{name}"

    def _taken(self, t: _Term, index: sp.Basic, span: Span) -> sp.Expr:
        """Coefficient · (sum over the data), which gets a name."""
        if not t.data:
            return times(t.coefficient, sp.expand(span[1] - span[0] + 1))
        data = sorted(t.data, key=lambda f: (str(head(f)), sp.default_sort_key(f)))
        ranges = {
            i: s for f in data for e in f.atoms(sp.Indexed) for i, s in zip(e.indices, self._axes(e), strict=True)
        }
        free = [i for f in data for e in sp.preorder_traversal(f) if isinstance(e, sp.Indexed) for i in e.indices]
        free = [i for i in dict.fromkeys(free) if i != index and not i.is_Integer]
        places = {i: sp.Symbol(f" {n}", integer=True) for n, i in enumerate([index, *free])}
        key = tuple(replaced(f, places) for f in data)
        if key not in self.sums:
            own = {i: fresh(i) for i in free}
            name = self._named("sum", str(len(self.sums) + 1))
            target = sp.IndexedBase(name)[tuple(own.values())] if free else sp.Symbol(name, real=True)
            body = summed(sp.Mul(*(replaced(f, own) for f in data)), index, *span)
            self.sums[key] = Assignment(target, body, {own[i]: ranges[i] for i in free}, "definition")
        target = head(self.sums[key].target)
        value = times(t.coefficient, target[tuple(free)] if free else target)
        for i, (lo, hi) in t.bound:
            value = summed(value, i, lo, hi)
        return value

    def _axes(self, e: sp.Indexed) -> tuple[Span, ...]:
        """The ranges of an entry's indices."""
        name = array_name(e)
        return self.constant[name] if name in self.constant else self.constant[name.partition("_")[2]]


def _joined(terms: Sequence[_Term]) -> list[_Term]:
    """Terms of the same data as one, if they have no sums of their own."""
    found: dict[Any, list[sp.Expr]] = {}
    others = [t for t in terms if t.bound]
    for t in terms:
        if not t.bound:
            found.setdefault(tuple(sorted(t.data, key=sp.default_sort_key)), []).append(t.coefficient)
    return [_Term((), sp.Add(*c), data) for data, c in found.items()] + others


def _multiplied(a: _Term, b: _Term) -> _Term:
    return _Term((*a.bound, *b.bound), times(a.coefficient, b.coefficient), (*a.data, *b.data))


def _renewed(t: _Term) -> _Term:
    """A term whose bound indices are its own."""
    new = {i: fresh(i) for i, _ in t.bound}
    bound = tuple((new[i], span) for i, span in t.bound)
    return _Term(bound, replaced(copied(t.coefficient), new), tuple(replaced(f, new) for f in t.data))
