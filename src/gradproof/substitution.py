"""Putting normal forms in place of indices and of atoms; what comes out is normal again."""

from __future__ import annotations

from collections.abc import Mapping

from gradproof.canonical import Atom, Number, Poly, Term
from gradproof.products import Products

__all__ = ["Substitution"]


class Substitution(Products):
    """Products and sums in which something is put for something else."""

    def substitute(self, poly: Poly, values: Mapping[int, Poly]) -> Poly:
        """`poly` with polynomials for bound indices; sums inside keep their own indices."""
        if poly.labels.isdisjoint(values):
            return poly
        total = Poly()
        for c, t in poly:
            if t.labels.isdisjoint(values):
                total += Poly([(c, t)])
                continue
            inner = {i: v for i, v in values.items() if i not in t.bound}
            if any(i in v.labels for v in inner.values() for i in t.bound):
                t = self._freshened(t)
            body = Poly([(c, Term({}, {}))])
            for atom, exponent in t.factors.values():
                body = self.product(body, self._substituted(atom, exponent, inner))
            for index in t.bound:
                body = self.over(body, index)
            total += body
        return total

    def _substituted(self, atom: Atom, exponent: Number | Poly, values: Mapping[int, Poly]) -> Poly:
        e = self.substitute(exponent, values) if isinstance(exponent, Poly) else exponent
        if atom.labels.isdisjoint(values):
            return self.term(1, {}, {atom.key: (atom, e)})
        if atom.kind == "index":
            base = values.get(atom.head, Poly.atom(atom))  # type: ignore[call-overload]
            return self.power(base, e if isinstance(e, Poly) else Poly.number(e))
        return self._rebuilt(atom, tuple(self.substitute(a, values) for a in atom.args), e)

    def put(self, poly: Poly, values: Mapping[str, Poly]) -> Poly:
        """`poly` with normal forms for atoms, given by their keys, wherever they occur, inside functions too."""
        total = Poly()
        for c, t in poly:
            body = Poly([(c, Term({}, {}))])
            for key, (atom, exponent) in t.factors.items():
                e = self.put(exponent, values) if isinstance(exponent, Poly) else exponent
                if key in values:
                    factor = self.power(values[key], e if isinstance(e, Poly) else Poly.number(e))
                elif atom.args:
                    factor = self._rebuilt(atom, tuple(self.put(a, values) for a in atom.args), e)
                else:
                    factor = self.term(1, {}, {key: (atom, e)})
                body = self.product(body, factor)
            for index in t.bound:
                body = self.over(body, index)
            total += body
        return total

    def _rebuilt(self, atom: Atom, args: tuple[Poly, ...], e: Number | Poly) -> Poly:
        """The power of an atom of that kind with other arguments."""
        if atom.kind == "delta":
            return self.delta(args[0])
        if atom.kind == "positive":
            return self.positive_part(args[0])
        exponent = e if isinstance(e, Poly) else Poly.number(e)
        if atom.kind == "sum":
            return self.power(args[0], exponent)
        if atom.kind in ("log", "absolute", "function"):
            return self.power(self.applied(atom, args), exponent)
        new = Atom(atom.kind, atom.head, args, atom.swaps)
        return self.term(1, {}, {new.key: (new, e)})

    def applied(self, atom: Atom, args: tuple[Poly, ...]) -> Poly:
        """The function that an atom is, of other arguments; see algebra.py."""
        raise NotImplementedError
