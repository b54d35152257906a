"""What is known of atoms: signs, ranges, values of sums, contractions; from assumptions and declarations.

An assumption is used for entries whose indices are known to lie in its template's ranges.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property

import sympy as sp
from sympy.core.relational import Relational

from gradproof.algebra import Algebra, Range
from gradproof.assumptions import Template, facts
from gradproof.canonical import Atom, Number, Poly, Term
from gradproof.inverse import InverseBase
from gradproof.lines import index_range

__all__ = ["Knowledge"]

_ONE = Poly.number(1)


class Knowledge:
    """The facts that the algebra asks for; `translate` says how an expression becomes a normal form."""

    def __init__(
        self, assumptions: Sequence[Relational], bounds: Mapping[sp.Basic, tuple[sp.Expr, sp.Expr]] | None
    ) -> None:
        self.bounds = dict(bounds or {})
        self._heads: dict[sp.Basic, str] = {}
        self._symbols: dict[str, sp.Basic] = {}
        self._spans: dict[tuple[sp.Expr, sp.Expr], Range] = {}
        self._facts = facts(assumptions)
        self.algebra = Algebra(
            self.least, self.positive, self._sum_of, self.roots_of, self.is_index, self._contracted, self.total_of
        )
        self._ready = False  # the sums with a value are translated themselves, without their values
        self._ready = bool(self._totals)

    def poly(self, e: sp.Basic) -> Poly:
        """The normal form of an expression; see translate.py."""
        raise NotImplementedError

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
        """Σ_k (A⁻¹)_ik A_kj = δ_ij, Σ_k A_ik (A⁻¹)_kj = δ_ij, Σ_k U_ki U_kj = δ_ij; None for any other product."""
        if a.head == b.head:
            return self._orthonormal(a, b, index)
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

    def _orthonormal(self, a: Atom, b: Atom, index: int) -> Poly | None:
        """The product of two columns of a matrix whose columns are orthonormal."""
        fact = self._facts.columns.get(self._symbols[str(a.head)])
        if fact is None or self.algebra.ranges[index].key != self.span(fact.lo, fact.hi).key:
            return None
        used, left = [e.args[fact.axis].single for e in (a, b)], [e.args[1 - fact.axis] for e in (a, b)]
        known = all(u is not None and u.head == index for u in used) and self._covers(fact.template, left)
        return self.algebra.delta(left[0] - left[1]) if known and not any(index in i.labels for i in left) else None

    def roots_of(self, atom: Atom) -> tuple[Poly, Poly] | None:
        """The two numbers one of which an entry or symbol is, if that is assumed."""
        known = self._facts.roots.get(self._symbols[str(atom.head)]) if atom.kind in ("symbol", "entry") else None
        if known is None or not self._covers(known[0], atom.args):
            return None
        return self.poly(known[1][0]), self.poly(known[1][1])

    @cached_property
    def _totals(self) -> dict[str, Poly]:
        """The sums whose value is assumed, by the key of their normal form."""
        found: dict[str, Poly] = {}
        for left, right in self._facts.totals:
            poly = self.poly(left)
            if len(poly) == 1:
                ((c, t),) = poly
                found[Poly([(1, t)]).key] = self.poly(right).scaled(1 / Fraction(c))
        return found

    def total_of(self, term: Term) -> Poly | None:
        """The assumed value of a sum."""
        return self._totals.get(Poly([(1, term)]).key) if self._facts.totals and self._ready else None

    def _sum_of(self, atom: Atom, index: int, power: object) -> Poly | None:
        """The assumed value of the sum of a power of an entry over one of its indices."""
        fact = self._facts.sums.get(self._symbols[str(atom.head)])
        if fact is None or fact.power != power or self.algebra.ranges[index].key != self.span(fact.lo, fact.hi).key:
            return None
        here, others = atom.args[fact.axis].single, [a for n, a in enumerate(atom.args) if n != fact.axis]
        if here is None or here.head != index or any(index in a.labels for a in others):
            return None
        return self.poly(fact.value) if self._covers(fact.template, others) else None

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
        if atom.kind in ("entry", "symbol"):
            template, ends = self._facts.spans.get(self._symbols[str(atom.head)], ((), [None, None]))
            if ends[0] is not None and ends[1] is not None and self._covers(template, atom.args):
                return self.span(ends[0], ends[1])
        if atom.kind == "index":
            return self.algebra.ranges.get(atom.head)  # type: ignore[call-overload,no-any-return]
        if atom.kind == "symbol":
            bounds = self.bounds.get(self._symbols[str(atom.head)])
            return self.span(*bounds) if bounds is not None else None
        return None

    # -- names -----------------------------------------------------------------------------
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
