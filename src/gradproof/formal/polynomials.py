"""Polynomials over named atoms, with rational coefficients; exponents may be negative."""

from __future__ import annotations

from fractions import Fraction

__all__ = ["Monomial", "Poly", "common", "constant", "leading", "plus", "scaled"]

#: atoms by their text, with exponents
Monomial = tuple[tuple[str, int], ...]
Poly = dict[Monomial, Fraction]


def constant(c: Fraction | int) -> Poly:
    """A number."""
    return {(): Fraction(c)} if c else {}


def scaled(p: Poly, c: Fraction | int) -> Poly:
    """A number times the polynomial."""
    return {m: c * d for m, d in p.items()}


def plus(a: Poly, b: Poly) -> Poly:
    """The sum of two."""
    total = dict(a)
    for m, c in b.items():
        total[m] = total.get(m, Fraction(0)) + c
    return {m: c for m, c in total.items() if c}


def common(p: Poly) -> Monomial:
    """The factor of all terms: each atom with its least exponent, where that is not zero."""
    keys = {k for m in p for k, _ in m}
    least = {k: min(dict(m).get(k, 0) for m in p) for k in keys}
    return tuple(sorted((k, e) for k, e in least.items() if e))


def leading(p: Poly) -> Monomial:
    """The term of the highest degree, the first of those by name."""
    return min(p, key=lambda m: (-sum(e for _, e in m), m))
