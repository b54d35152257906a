"""Normal forms of Coq terms: polynomials over atoms, in which every sum is taken apart.

A sum becomes what the rules for sums make of it: term by term, with what is free of the index before the sum, with
the survivors of deltas, and a constant's sum.  So two terms that are equal for every size have, mostly, one form; where
they have not, no certificate is made.  `equality.py` writes the proof that a term is its form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from gradproof.formal.facts import Equation, Fact, Span, same_sum, times, to_the
from gradproof.formal.nests import Nests
from gradproof.formal.polynomials import Monomial, Poly, constant, plus, scaled
from gradproof.formal.roots import Roots
from gradproof.formal.terms import (
    Term,
    app,
    fresh_name,
    index,
    integer,
    num,
    number,
    op,
    put,
    show,
    show_integer,
    sum_over,
    var,
)
from gradproof.formal.writing import LARGEST_POWER, NoCertificateError

__all__ = ["Normal"]

#: what functions are at zero
_AT_ZERO = {"tanh": 0, "sinh": 0, "sin": 0, "atan": 0, "sqrt": 0, "cosh": 1, "cos": 1}


@dataclass
class Normal(Nests, Roots):
    """The forms of one proof's terms; atoms are shared, and so are facts."""

    facts: dict[str, Fact] = field(default_factory=dict)
    equations: Sequence[Equation] = ()

    # -- terms to polynomials -------------------------------------------------------------------
    def poly(self, t: Term, spans: Sequence[Span], used: list[Fact]) -> Poly:
        """The normal form; `used` collects the facts that turn the term into it."""
        match t.op:
            case "num":
                return constant(Fraction(t.name))
            case "neg":
                return scaled(self.poly(t.args[0], spans, used), Fraction(-1))
            case "+" | "-":
                left, right = (self.poly(a, spans, used) for a in t.args)
                return plus(left, right if t.op == "+" else scaled(right, Fraction(-1)))
            case "*":
                return self._product(*(self.poly(a, spans, used) for a in t.args))
            case "/":
                return self._product(self.poly(t.args[0], spans, used), self._under(t.args[1], spans, used))
            case "inv":
                return self._under(t.args[0], spans, used)
            case "pow":
                base, total = self.poly(t.args[0], spans, used), constant(Fraction(1))
                for _ in range(int(t.name)):
                    total = self._product(total, base)
                return total
            case "sum":
                return self._sum(t, spans, used)
        return self._atom(t, spans, used)

    def _under(self, t: Term, spans: Sequence[Span], used: list[Fact]) -> Poly:
        """1/t, of a product or power factor by factor."""
        if t.op in ("*", "/"):
            one = self._under(t.args[0], spans, used)
            other = self._under(t.args[1], spans, used) if t.op == "*" else self.poly(t.args[1], spans, used)
            return self._product(one, other)
        if t.op == "pow":
            base, total = self._under(t.args[0], spans, used), constant(Fraction(1))
            for _ in range(int(t.name)):
                total = self._product(total, base)
            return total
        return self._inverse(self.poly(t, spans, used))

    def _atom(self, t: Term, spans: Sequence[Span], used: list[Fact]) -> Poly:
        if t.op == "app" and t.name == "delta":
            return self._delta(t, spans, used)
        if t.op == "real":
            return self._integer(t.args[0])
        for equation in self.equations:
            other = equation.rewritten(t)
            if other is not None:
                used.append(self._fact(spans, t, other, equation.name))
                return self.poly(other, spans, used)
        if t.op == "if" or (t.op == "app" and t.name in ("Rabs", "sign", "Rmax", "Rmin")):
            return self._branch(t, spans, used)
        if t.op == "app" and any(a.op != "index" and (a.args or a.op == "num") for a in t.args):
            return self._function(t, spans, used)
        return self._single(t)

    def _integer(self, z: Term) -> Poly:
        """An integer as a real number, term by term."""
        match z.op:
            case "num":
                return constant(Fraction(z.name))
            case "neg":
                return scaled(self._integer(z.args[0]), Fraction(-1))
            case "+" | "-" | "*":
                left, right = map(self._integer, z.args)
                if z.op == "*":
                    return self._product(left, right)
                return plus(left, right if z.op == "+" else scaled(right, Fraction(-1)))
        return self._single(integer(z))

    def _delta(self, t: Term, spans: Sequence[Span], used: list[Fact]) -> Poly:
        one, other = sorted((a.args[0] for a in t.args), key=show)
        if one == other:
            return constant(Fraction(1))
        ordered = app("delta", index(one), index(other))
        if ordered != t:
            used.append(self._fact(spans, t, ordered, "delta_sym"))
        return self._single(ordered)

    def _function(self, t: Term, spans: Sequence[Span], used: list[Fact]) -> Poly:
        """A function of terms: its arguments get their own forms."""
        inner: list[Fact] = []
        if t.name == "Rpower" and (result := self._general_power(t, spans, used)) is not None:
            return result
        forms = [a if a.op == "index" or _array(a) else self.poly(a, spans, inner) for a in t.args]
        if t.name == "sqrt" and isinstance(forms[0], dict):
            result = self._root(t, forms[0], spans, inner, used)
            if result is not None:
                return result

        def made(*args: Poly) -> Poly:
            if args == ({},) and t.name in _AT_ZERO:
                return constant(_AT_ZERO[t.name])
            if t.name == "exp":
                return self._exponential(args[0])
            rest = iter(args)
            return self._single(app(t.name, *(self.term(next(rest)) if isinstance(a, dict) else a for a in forms)))

        result = self._by_cases([p for p in forms if isinstance(p, dict)], made)
        right = self.term(result)
        if right != t:
            kind = "zero" if right.op == "num" else "exp" if t.name == "exp" else "same"
            used.append(self._fact(spans, t, right, kind, inner=tuple(inner)))
        return result

    def _general_power(self, t: Term, spans: Sequence[Span], used: list[Fact]) -> Poly | None:
        """B ^ (u + w + n) as a product of b ^ u, b ^ w and a power with a whole exponent, for b > 0."""
        base, exponent = t.args
        while base.op == "app" and base.name == "Rpower":
            exponent, base = op("*", base.args[1], exponent), base.args[0]
        inner: list[Fact] = []
        e = self.poly(exponent, spans, inner)
        absolute: list[Fact] = []
        form = self.poly(base, spans, absolute)
        if base.op == "app" and base.name == "Rabs":
            absolute = []
            b = app("Rabs", self.term(self.poly(base.args[0], spans, absolute)))
        else:
            b = self.term(form)
        if any(k in self.test for m in (*e, *(form if b.name != "Rabs" else ())) for k, _ in m):
            return None
        whole = e.get((), Fraction(0))
        whole = whole if whole.denominator == 1 else Fraction(0)
        if abs(whole) > LARGEST_POWER:
            raise NoCertificateError(f"a power above {LARGEST_POWER} is not multiplied out")
        factors: list[Term] = []
        total = constant(1)
        for monomial, c in sorted(plus(e, constant(-whole)).items()):
            part = app("Rpower", b, self.term({monomial: Fraction(1, c.denominator)}))
            factors.append(to_the(part, c.numerator))
            total = self._product(total, self._single(part, c.numerator))
        if whole:
            factors.append(to_the(b, whole.numerator))
            once = form if whole > 0 else self._inverse(form)
            for _ in range(abs(whole.numerator)):
                total = self._product(total, once)
        right = times(factors or [num(1)])
        if right != t:
            used.append(self._fact(spans, t, right, "power", inner=(*inner, *absolute)))
        return total

    def _exponential(self, argument: Poly) -> Poly:
        """Exp of a sum: a product of powers of exp of its terms."""
        total = constant(Fraction(1))
        for monomial, c in argument.items():
            part = self.term({monomial: Fraction(1, c.denominator)}) if monomial else number(1, c.denominator)
            total = self._product(total, self._single(app("exp", part), c.numerator))
        return total

    # -- sums ---------------------------------------------------------------------------------------
    def _sum(self, t: Term, spans: Sequence[Span], used: list[Fact]) -> Poly:
        lo, hi, body = t.args
        name = self._name_of(t, spans)
        body = put(body, {t.name: var(name)}) if name != t.name else body
        inner: list[Fact] = []
        after: list[Fact] = []
        form = self.poly(body, [*spans, (name, lo, hi)], inner)
        parts: list[tuple[str, Term]] = []
        total: Poly = {}
        groups: dict[Monomial, Poly] = {}
        for monomial, c in sorted(form.items()):
            inside = tuple((k, e) for k, e in monomial if name in self.atoms[k].names)
            outside = tuple((k, e) for k, e in monomial if name not in self.atoms[k].names)
            groups.setdefault(inside, {})[outside] = c
        for inside, coefficient in groups.items():
            kind, part, value = self._part(name, lo, hi, inside, coefficient, spans, after)
            parts.append((kind, part))
            total = plus(total, value)
        right = self.term(total)
        left = sum_over(name, lo, hi, body)
        if not (len(parts) == 1 and parts[0][0] == "term" and same_sum(left, right)):
            used.append(self._fact(spans, left, right, "sum", tuple(parts), tuple(inner), tuple(after)))
        return total

    def _part(
        self,
        name: str,
        lo: Term,
        hi: Term,
        inside: Monomial,
        coefficient: Poly,
        spans: Sequence[Span],
        after: list[Fact],
    ) -> tuple[str, Term, Poly]:
        """One summand c·p(i): how a lemma takes it, as it stands in the sum, and what its sum is."""
        c = self.term(coefficient)
        if not inside:
            count = plus(plus(self._integer(hi), scaled(self._integer(lo), Fraction(-1))), constant(Fraction(1)))
            return "constant", c, self._product(coefficient, count)
        for k, _ in inside:
            t = self.atoms[k]
            if t.op == "app" and t.name == "delta":
                one, other = (a.args[0] for a in t.args)
                target = other if one == var(name) else one
                if var(name) in (one, other) and name not in target.names:
                    self._must_be_inside(target, lo, hi, spans)
                    rest = {tuple((x, y) for x, y in inside if x != k): Fraction(1)}
                    g = self.term(self._product(coefficient, rest))
                    value = self.poly(put(g, {name: target}), spans, after)
                    return "survivor", op("*", app("delta", index(var(name)), index(target)), g), value
        p = self.term({inside: Fraction(1)})
        bound = fresh_name(f"i{self._height(p)}", p.names - {name})
        inside = tuple(sorted(inside, key=lambda power: show(put(self.atoms[power[0]], {name: var(bound)}), 9)))
        p = self.term({inside: Fraction(1)})  # in an order that does not depend on what the index is called
        primitive = sum_over(bound, lo, hi, put(p, {name: var(bound)}))
        return "term", op("*", c, p), self._product(coefficient, self._known(primitive, spans, after))

    def _must_be_inside(self, target: Term, lo: Term, hi: Term, spans: Sequence[Span]) -> None:
        """An index with another range than the sum's, such as 1..N beside 1..N-1, need not survive in it."""
        known = {**self.ranges, **{name: (low, high) for name, low, high in spans}}
        if target.op == "var" and target.name in known:
            low, high = known[target.name]
            for large, small in ((low, lo), (hi, high)):
                gap = plus(self._integer(large), scaled(self._integer(small), Fraction(-1)))
                if any(m for m in gap) or gap.get((), Fraction(0)) < 0:
                    raise NoCertificateError(f"{target} need not lie between {show_integer(lo)} and {show_integer(hi)}")

    def _known(self, total: Term, spans: Sequence[Span], after: list[Fact]) -> Poly:
        """A sum that cannot be taken apart: what a hypothesis says of it, or with its sums in one order."""
        for equation in self.equations:
            other = equation.rewritten(total)
            if other is not None:
                after.append(self._fact(spans, total, other, equation.name))
                return self.poly(other, spans, after)
        form, facts = self._ordered(total, spans)
        after += facts
        return form

    def _height(self, t: Term) -> int:
        """One more than the sums in it."""
        below = max((self._height(a) for a in t.args), default=1)
        return below + 1 if t.op == "sum" else below

    def _fact(
        self,
        spans: Sequence[Span],
        left: Term,
        right: Term,
        kind: str,
        parts: tuple[tuple[str, Term], ...] = (),
        inner: tuple[Fact, ...] = (),
        after: tuple[Fact, ...] = (),
    ) -> Fact:
        here = tuple(s for s in spans if s[0] in left.names | right.names)
        key = " | ".join(
            [show(left), show(right), *(f"{show_integer(lo)} {n} {show_integer(hi)}" for n, lo, hi in here)]
        )
        if key not in self.facts:
            self.facts[key] = Fact(f"F{len(self.facts) + 1}", here, left, right, kind, parts, inner, after)
        return self.facts[key]


def _array(t: Term) -> bool:
    """An array as an argument, or one with an entry replaced."""
    return t.op == "app" and (not t.args or t.name.startswith("replace"))
