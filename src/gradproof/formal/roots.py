"""Squares under roots: the root of c^2 q is c times the root of q, where c is known not to be negative."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from gradproof.formal.by_form import holds_by_form
from gradproof.formal.facts import Fact, Span, instance
from gradproof.formal.polynomials import Monomial, Poly, common, constant
from gradproof.formal.quotients import Quotients
from gradproof.formal.terms import Term, app, num, show

__all__ = ["Roots"]


@dataclass
class Roots(Quotients):
    """The part of `Normal` that takes squares out of roots.

    known: the hypotheses by their text.  ranges: of the indices that are letters.
    """

    known: frozenset[str] = frozenset()
    ranges: Mapping[str, tuple[Term, Term]] = field(default_factory=dict)

    def _root(self, t: Term, p: Poly, spans: Sequence[Span], inner: list[Fact], used: list[Fact]) -> Poly | None:
        """The root `t` of the form p without the squares in p; None if nothing can be taken out."""
        if any(k in self.test for m in p for k, _ in m):
            return None
        out = tuple((k, int(e / 2)) for k, e in common(p) if abs(e) > 1 and self._sure(k, e, spans))
        if not out:
            return None
        c: Poly = {out: Fraction(1)}
        twice: Monomial = tuple((k, -2 * e) for k, e in out)
        rest = self._product(p, {twice: Fraction(1)})
        under = self.term(rest)
        result = c if rest == constant(1) else self._product(c, self._single(app("sqrt", under)))
        parts = (("out", self.term(c)), ("under", under))
        used.append(self._fact(spans, t, self.term(result), "root", parts, inner=tuple(inner)))
        return result

    def _sure(self, key: str, e: int, spans: Sequence[Span]) -> bool:
        """Whether Coq's tactics see that an atom is not negative, or, as a denominator, that it is positive."""
        atom = self.atoms[key]
        says = Term("relation", "<=" if e > 0 else "<", (num(0), atom))
        return holds_by_form(says, self.known | {*self._instances(atom, spans)})

    def _instances(self, atom: Term, spans: Sequence[Span]) -> Iterator[str]:
        """What hypotheses for all values of indices say of this atom: its indices have to have their ranges."""
        ranges = {**self.ranges, **{name: (lo, hi) for name, lo, hi in spans}}
        for s in self.supposed:
            if not s.spans or s.cases or s.says.name not in ("<", "<=") or s.says.args[0] != num(0):
                continue
            found = instance(s.says.args[1], atom, frozenset(n for n, _, _ in s.spans))
            if found is not None and all(
                n in found and found[n].op == "var" and ranges.get(found[n].name) == (lo, hi) for n, lo, hi in s.spans
            ):
                yield f"0 {s.says.name} {show(atom)}"
