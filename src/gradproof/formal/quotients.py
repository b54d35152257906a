"""The arithmetic of normal forms: products, and quotients in partial fractions."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from gradproof.formal.branching import Branching
from gradproof.formal.facts import times
from gradproof.formal.polynomials import Monomial, Poly, common, constant, leading, plus, scaled
from gradproof.formal.terms import Term, num, op, show
from gradproof.formal.writing import NoCertificateError

__all__ = ["Quotients"]

_ONE: Monomial = ()
MOST_TERMS = 400


@dataclass
class Quotients(Branching):
    """The part of `Normal` that multiplies and divides.

    atoms: by their text.  inverses: for an atom 1/p, the form p.
    """

    atoms: dict[str, Term] = field(default_factory=dict)
    inverses: dict[str, Poly] = field(default_factory=dict)

    # -- products and quotients ---------------------------------------------------------------------------
    def _single(self, t: Term, exponent: int = 1) -> Poly:
        key = show(t, 9)
        self.atoms.setdefault(key, t)
        return {((key, exponent),): Fraction(1)}

    def _product(self, a: Poly, b: Poly) -> Poly:
        if len(a) * len(b) > MOST_TERMS * 20:
            raise NoCertificateError("the formula has too many terms when it is multiplied out")
        total: Poly = {}
        for m, c in a.items():
            for n, d in b.items():
                exponents = dict(m)
                for k, e in n:
                    exponents[k] = exponents.get(k, 0) + e
                key = tuple(sorted((k, e) for k, e in exponents.items() if e))
                total[key] = total.get(key, Fraction(0)) + c * d
        return self._settled({m: c for m, c in total.items() if c})

    def _settled(self, p: Poly) -> Poly:
        """Roots, absolute values and deltas have powers that are simpler; what is divided by a sum is divided out."""
        total: Poly = {}
        p = self._simpler(p)
        for monomial, c in p.items():
            for k, e in monomial:
                t = self.atoms[k]
                if k in self.inverses and e < 0:
                    rest: Poly = {tuple((x, y) for x, y in monomial if x != k): c}
                    for _ in range(-e):
                        rest = self._product(rest, self.inverses[k])
                    return plus(self._settled({m: d for m, d in p.items() if m != monomial}), rest)
                if k in self.inverses and (divided := self._divided(monomial, k)) is not None:
                    others = {m: d for m, d in p.items() if m != monomial}
                    return plus(self._settled(others), scaled(divided, c))
                if t.op == "app" and t.name == "delta" and e > 1:
                    once = tuple((x, 1 if x == k else y) for x, y in monomial)
                    return plus({m: d for m, d in p.items() if m != monomial}, self._settled({once: c}))
                if t.op == "app" and t.name in ("sqrt", "Rabs") and e not in (0, 1):
                    rest = {tuple((x, y) for x, y in monomial if x != k): c}
                    inner = self.poly(t.args[0], (), [])
                    square = inner if t.name == "sqrt" else self._product(inner, inner)
                    for _ in range(abs(e // 2)):
                        rest = self._product(rest, square if e > 0 else self._inverse(square))
                    if e % 2:
                        rest = self._product(rest, {((k, 1),): Fraction(1)})
                    return plus(self._settled({m: d for m, d in p.items() if m != monomial}), rest)
            total[monomial] = c
        return total

    def _divided(self, monomial: Monomial, k: str) -> Poly | None:
        """A power of 1/P beside the first term of P, or beside 1/x for an x in P: in partial fractions; None if it is so."""
        p, exponents = self.inverses[k], dict(monomial)
        if exponents[k] < 1:
            return None
        first = leading(p)
        if first and all(exponents.get(x, 0) >= y for x, y in first):
            return self._exchanged(monomial, k, first)
        for x, e in monomial:
            if e < 0 and _ONE in p and all(dict(m).get(x, 0) > 0 for m in p if m):
                return self._exchanged(monomial, k, _ONE)
        return None

    def _exchanged(self, monomial: Monomial, k: str, term: Monomial) -> Poly:
        """m/P = (m/c t) (1 - (P - c t)/P), for a term c t of P."""
        p = self.inverses[k]
        c, exponents = p[term], dict(monomial)
        rest = {x: exponents.get(x, 0) - dict(term).get(x, 0) for x in {*exponents, *dict(term)}}
        e = rest[k]
        kept = tuple(sorted((x, y) for x, y in rest.items() if y))
        fewer = tuple(sorted((x, y) for x, y in {**rest, k: e - 1}.items() if y))
        others = {m: -d / c for m, d in p.items() if m != term}
        return plus(self._settled({fewer: 1 / c}), self._product({kept: Fraction(1)}, others))

    def _inverse(self, p: Poly) -> Poly:
        """1/p: the common factor apart, the rest without denominators, its first coefficient 1."""
        if any(k in self.test for m in p for k, _ in m):
            return self._by_cases([p], self._inverse)
        if not p:
            raise NoCertificateError("a denominator is zero")
        if len(p) == 1:
            ((monomial, c),) = p.items()
            return self._settled({tuple((k, -e) for k, e in monomial): 1 / c})
        for k in sorted({k for m in p for k, _ in m if k in self.inverses}):
            depth = max(e for m in p for x, e in m if x == k)
            below = constant(Fraction(1))
            for _ in range(depth):
                below = self._product(below, self.inverses[k])
            return self._product(self._inverse(self._product(p, below)), below)
        shared = common(p)
        if shared:
            rest = self._product(p, {tuple((k, -e) for k, e in shared): Fraction(1)})
            return self._product({tuple((k, -e) for k, e in shared): Fraction(1)}, self._inverse(rest))
        scale = abs(p[leading(p)])
        if p.get(_ONE, p[leading(p)]) < 0:  # 1 - p, not p - 1
            scale = -scale
        plain = scaled(p, 1 / scale)
        inverse = self._single(op("inv", self.term(plain)))
        self.inverses[next(iter(inverse))[0][0]] = plain
        return scaled(inverse, 1 / scale)

    # -- and back ------------------------------------------------------------------------------------
    def term(self, p: Poly) -> Term:
        """The polynomial as a term, in one order."""
        terms = [(self._monomial(m, abs(c)), c) for m, c in sorted(p.items())]
        if not terms:
            return num(0)
        total = terms[0][0] if terms[0][1] > 0 else op("neg", terms[0][0])
        for t, c in terms[1:]:
            total = op("+" if c > 0 else "-", total, t)
        return total

    def _monomial(self, monomial: Monomial, c: Fraction) -> Term:
        above = [self._powered(k, e) for k, e in monomial if e > 0]
        below = [self._powered(k, -e) for k, e in monomial if e < 0]
        if c.numerator != 1 or not above:
            above.insert(0, num(c.numerator))
        if c.denominator != 1:
            below.insert(0, num(c.denominator))
        top = times(above)
        return op("/", top, times(below)) if below else top

    def _powered(self, key: str, e: int) -> Term:
        return self.atoms[key] if e == 1 else Term("pow", str(e), (self.atoms[key],))
