"""The laws under which normal forms are multiplied, raised to powers and summed.

Every law here keeps the value wherever the original is defined (and may define it at more
points), so equal normal forms are equal wherever both sides are defined:

- ``x·x⁻¹ = 1``; ``(ab)ⁿ = aⁿbⁿ`` for integer n; ``√(x²) = |x|``;
- ``e^a e^b = e^(a+b)``; ``log(ab) = log|a| + log|b|`` and ``log x = log|x|`` (where log is defined);
- ``|u| = u([u>0] − [−u>0])``; ``[u>0]² = [u>0]``; ``[u>0][−u>0] = 0``;
- ``Σ_i δ(i, e) f(i) = [e in range] f(e)``; ``Σ_i c = (hi − lo + 1)·c`` (ranges have length ≥ 0).

An indicator that is 0 annihilates what it multiplies, defined or not: that is what a branch
of a `Piecewise` means.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from gradproof.canonical import Atom, BudgetExceeded, Factors, Number, Poly, Term, fresh_index

__all__ = ["Algebra", "Range", "SumLaw"]

MAX_TERMS = 4000  # terms of one expanded product

_ONE = Poly.number(1)
_EXP = Atom("exp", "e")
_ODD = {"tanh", "sinh", "sin", "tan", "erf", "asinh", "atan", "asin", "atanh"}
_EVEN = {"cosh", "cos", "sech"}


@dataclass(frozen=True)
class Range:
    """lo, lo + 1, …, hi; both are integer polynomials in the sizes."""

    lo: Poly
    hi: Poly

    @property
    def key(self) -> str:
        return f"{self.lo.key}|{self.hi.key}"

    @property
    def length(self) -> Poly:
        return self.hi - self.lo + _ONE


@dataclass(frozen=True)
class SumLaw:
    """An assumption ``Σ_k y[.., k, ..] = value``: the entry's head, the axis, the range, the value.

    `fixed` gives the other axes' index texts, None for any index.
    """

    head: object
    axis: int
    span: str
    fixed: tuple[str | None, ...]
    value: Poly


@dataclass
class Algebra:
    """Arithmetic of normal forms under a set of assumptions.

    `least` says how small an integer polynomial can be, or None if unknown; `positive` tells
    whether an atom is known to be positive; `ranges` gives the range of each bound index.
    """

    least: Callable[[Poly], Number | None]
    positive: Callable[[Atom], bool] = lambda atom: False
    sum_laws: tuple[SumLaw, ...] = ()
    ranges: dict[int, Range] = field(default_factory=dict)

    # -- sums and products ---------------------------------------------------------------
    def product(self, a: Poly, b: Poly) -> Poly:
        if len(a) * len(b) > MAX_TERMS:
            raise BudgetExceeded(f"a product of more than {MAX_TERMS} terms")
        result: list[tuple[Number, Term]] = []
        for c, s in a:
            for d, t in b:
                result.extend(self._times(c * d, s, t))
        return Poly(result)

    def _times(self, c: Number, s: Term, t: Term) -> Poly | list[tuple[Number, Term]]:
        if s.bound and any(i in s.bound for i in t.bound):
            t = self._freshened(t)
        factors = dict(s.factors)
        special = False
        for key, (atom, exponent) in t.factors.items():
            if key in factors:
                exponent = self.add_exponents(factors[key][1], exponent)
                special = True
            factors[key] = (atom, exponent)
        bound = s.bound | t.bound
        if special or any(a.kind in ("delta", "positive") for a, _ in factors.values()):
            return self.term(c, bound, factors)
        return [(c, Term(bound, factors))]

    @staticmethod
    def add_exponents(a: Number | Poly, b: Number | Poly) -> Number | Poly:
        if not isinstance(a, Poly) and not isinstance(b, Poly):
            return _tidy(a + b)
        total = (a if isinstance(a, Poly) else Poly.number(a)) + (
            b if isinstance(b, Poly) else Poly.number(b)
        )
        return total

    def _freshened(self, term: Term) -> Term:
        renaming = {i: self.fresh(self.ranges[i]) for i in term.bound}
        names = {i: Poly.atom(Atom("index", j)) for i, j in renaming.items()}
        inner = self.substitute(Poly([(1, Term({}, term.factors))]), names)
        parts = list(inner)
        if len(parts) != 1 or parts[0][0] != 1:
            raise BudgetExceeded("a term changed its shape when its indices were renamed")
        body = parts[0][1]
        return Term({renaming[i]: span for i, span in term.bound.items()}, body.factors)

    def fresh(self, span: Range) -> int:
        index = fresh_index()
        self.ranges[index] = span
        return index

    def over(self, body: Poly, index: int) -> Poly:
        """The sum of `body` over a bound index whose range is registered."""
        span = self.ranges[index].key
        total = Poly()
        for c, t in body:
            bound = {**t.bound, index: span}
            total += self.term(c, bound, t.factors)
        return total

    def term(self, c: Number, bound: dict[int, str], factors: Factors) -> Poly:
        """The normal form of one term: powers, deltas and indicators, then idle indices."""
        plain: Factors = {}
        extra = _ONE
        for key, (atom, exponent) in factors.items():
            if exponent == 0 or (isinstance(exponent, Poly) and not exponent):
                continue
            if atom.kind in ("delta", "positive"):
                plain[key] = (atom, 1)
                continue
            if isinstance(exponent, Poly) and atom.kind != "exp" and exponent.constant is not None:
                exponent = exponent.constant
            if isinstance(exponent, Poly):
                plain[key] = (atom, exponent)
                continue
            left, whole = self._opened(atom, _tidy(exponent))
            if left:
                plain[key] = (atom, left)
            if whole is not None:
                extra = self.product(extra, whole)
        if extra is not _ONE:
            return self.product(Poly([(c, Term(bound, plain))]), extra)
        if any(a.kind == "positive" for a, _ in plain.values()):
            reduced = self._indicators(plain)
            if reduced is None:
                return Poly()
            plain = reduced
        for atom, _ in list(plain.values()):
            if atom.kind == "delta":
                collapsed = self._collapse(c, bound, plain, atom)
                if collapsed is not None:
                    return collapsed
        if bound and any(a.kind == "sum" for a, _ in plain.values()):
            cancelled = self._cancel(c, bound, plain)
            if cancelled is not None:
                return cancelled
        return self._idle(c, bound, plain)

    def _cancel(self, c: Number, bound: dict[int, str], factors: Factors) -> Poly | None:
        """S⁻¹·Σ_k f_k = 1 where S = Σ_k f_k stands in the denominator."""
        groups = _independent(bound, factors)
        for key, (atom, exponent) in factors.items():
            if atom.kind != "sum" or isinstance(exponent, Poly) or exponent > -1:
                continue
            for group in groups:
                if group.bound and Poly([(1, group)]).key == atom.args[0].key:
                    rest = _product_of(g for g in groups if g is not group)
                    rest[key] = (atom, exponent + 1)
                    left = {i: s for i, s in bound.items() if i not in group.bound}
                    return self.term(c, left, rest)
        return None

    def _idle(self, c: Number, bound: dict[int, str], factors: Factors) -> Poly:
        """Σ_i c = length·c for an index that no factor uses; then the assumed sums."""
        term = Term({}, factors)
        idle = [i for i in bound if i not in term.labels]
        for index in bound:
            if index in idle:
                continue
            law = self._sum_law(index, factors)
            if law is not None:
                key, value = law
                rest = {k: f for k, f in factors.items() if k != key}
                left = {i: s for i, s in bound.items() if i != index}
                return self.product(self.term(c, left, rest), value)
        body = Poly([(c, Term({i: s for i, s in bound.items() if i not in idle}, factors))])
        for index in idle:
            body = self.product(body, self.ranges[index].length)
        return body

    def _sum_law(self, index: int, factors: Factors) -> tuple[str, Poly] | None:
        users = [
            (k, a, e)
            for k, (a, e) in factors.items()
            if index in a.labels or (isinstance(e, Poly) and index in e.labels)
        ]
        if len(users) != 1 or users[0][2] != 1 or users[0][1].kind != "entry":
            return None
        key, atom, _ = users[0]
        for law in self.sum_laws:
            if law.head != atom.head or law.span != self.ranges[index].key:
                continue
            others = [a for n, a in enumerate(atom.args) if n != law.axis]
            here = atom.args[law.axis].single
            if here is None or here.head != index or any(index in a.labels for a in others):
                continue
            if all(want is None or want == a.key for want, a in zip(law.fixed, others, strict=True)):
                return key, law.value
        return None

    # -- deltas and indicators -----------------------------------------------------------
    def delta(self, u: Poly) -> Poly:
        """[u = 0] for an integer polynomial u."""
        value = u.constant
        if value is not None:
            return _ONE if value == 0 else Poly()
        if self._at_least(u, 1) or self._at_least(-u, 1):
            return Poly()
        if sign_of(u) < 0:
            u = -u
        return Poly.atom(Atom("delta", "", (u,)))

    def _at_least(self, u: Poly, bound: int) -> bool:
        least = self.least(u)
        return least is not None and least >= bound

    def positive_part(self, u: Poly, integer: bool = False) -> Poly:
        """[u > 0]."""
        value = u.constant
        if value is not None:
            return _ONE if value > 0 else Poly()
        if integer and self._at_least(u, 1):
            return _ONE
        if integer and self._at_least(-u, 0):
            return Poly()
        content = _content(u)
        if not integer:
            u, sign = self._without_positive_factors(u.scaled(1 / Fraction(content)))
            if sign is not None:
                return _ONE if sign > 0 else Poly()
        return Poly.atom(Atom("positive", "", (u,)))

    def _without_positive_factors(self, u: Poly) -> tuple[Poly, int | None]:
        """u without factors that are positive; its sign if nothing else is left."""
        if len(u) != 1:
            return u, None
        ((c, t),) = u
        if t.bound:
            return u, None
        kept = {k: (a, e) for k, (a, e) in t.factors.items() if not self.is_positive(a, e)}
        if not kept:
            return u, 1 if c > 0 else -1
        return Poly([(1 if c > 0 else -1, Term({}, kept))]), None

    def is_positive(self, atom: Atom, exponent: Number | Poly) -> bool:
        return atom.kind in ("exp", "number", "pi") or self.positive(atom)

    def _indicators(
        self, factors: Factors
    ) -> Factors | None:
        """Indicators that are implied go; two that exclude each other leave None (zero)."""
        kept = dict(factors)
        forms = {k: a.args[0] for k, (a, _) in factors.items() if a.kind == "positive"}
        for key, u in forms.items():
            if any((-u).key == other.key for other in forms.values()):
                return None
            single = u.single
            if single is not None and self.is_positive(single, 1):
                del kept[key]
            elif self._at_least(u, 1):
                del kept[key]
            elif self._at_least(-u, 0):
                return None
        return kept

    def _collapse(
        self,
        c: Number,
        bound: dict[int, str],
        factors: Factors,
        delta: Atom,
    ) -> Poly | None:
        """Only the term i = e of a sum over i survives δ(i, e), if e lies in the range."""
        u = delta.args[0]
        if u.constant is not None or self._at_least(u, 1) or self._at_least(-u, 1):
            value = self.delta(u)
            rest = {k: f for k, f in factors.items() if k != delta.key}
            return self.product(self.term(c, bound, rest), value)
        for index in bound:
            solved = _solve(u, index)
            if solved is None:
                continue
            rest = {k: f for k, f in factors.items() if k != delta.key}
            left = {i: s for i, s in bound.items() if i != index}
            span = self.ranges[index]
            body = self.substitute(Poly([(c, Term({}, rest))]), {index: solved})
            for inside in (solved - span.lo + _ONE, span.hi - solved + _ONE):
                body = self.product(body, self.positive_part(inside, integer=True))
            total = Poly()
            for d, t in body:
                total += self.term(d, left | t.bound, t.factors)
            return total
        return None

    # -- powers ---------------------------------------------------------------------------
    def power(self, base: Poly, exponent: Poly) -> Poly:
        n = exponent.constant
        if n is None:
            return self._symbolic_power(base, exponent)
        n = _tidy(n)
        if isinstance(n, int) and n >= 0:
            result = _ONE
            for _ in range(n):
                result = self.product(result, base)
            return result
        return self._rational_power(base, n)

    def _symbolic_power(self, base: Poly, exponent: Poly) -> Poly:
        value = base.constant
        if value is not None and value > 0:
            return self.exp(self.product(exponent, self.log(base)))
        atom = base.single
        if atom is not None and atom.kind != "exp":
            return Poly.atom(atom, exponent)
        return Poly.atom(Atom("sum", "", (base,)), exponent)

    def _rational_power(self, base: Poly, n: Number) -> Poly:
        """base**n for a negative or fractional n."""
        if not base:
            return Poly.atom(Atom("undefined", f"0**{n}"))
        outside, inside = self.split(base, any_sign=isinstance(n, int))
        result = _ONE
        for c, factors in outside:
            result = self.product(result, self._number_power(c, n))
            for atom, e in factors.values():
                result = self.product(result, self._factor_power(atom, e, n))
        for part in inside:
            single = part.single
            atom = single if single is not None else Atom("sum", "", (part,))
            result = self.product(result, Poly.atom(atom, n))
        return result

    def _factor_power(self, atom: Atom, e: Number | Poly, n: Number) -> Poly:
        """(atom**e)**n where atom**e may leave the root."""
        if isinstance(e, Poly):
            return self.term(1, {}, {atom.key: (atom, e.scaled(n))})
        if isinstance(n, int) or self.is_positive(atom, e) or not (isinstance(e, int) and e % 2 == 0):
            return self.term(1, {}, {atom.key: (atom, _tidy(Fraction(e) * n))})
        return self.absolute_power(Poly.atom(atom), _tidy(Fraction(e) * n))

    @staticmethod
    def _number_power(c: Number, n: Number) -> Poly:
        """c**n for rational c: integer part as a coefficient, roots of primes as atoms."""
        if isinstance(n, int):
            return Poly.number(_tidy(Fraction(c) ** n))
        result = _ONE
        coefficient: Number = 1
        factors: Factors = {}
        value = Fraction(c)
        for part, sign in ((value.numerator, 1), (value.denominator, -1)):
            for prime, times in _factorised(part).items():
                e = times * sign * Fraction(n)
                whole = math.floor(e)
                coefficient = _tidy(Fraction(coefficient) * Fraction(prime) ** whole)
                if e != whole:
                    atom = Atom("number", prime)
                    factors[atom.key] = (atom, e - whole)
        result = Poly([(coefficient, Term({}, factors))])
        return result

    def split(
        self, base: Poly, any_sign: bool
    ) -> tuple[list[tuple[Number, Factors]], list[Poly]]:
        """base = (number and factors that leave a power) × (parts that stay inside).

        With `any_sign` false only what is not negative leaves (as √ needs).
        """
        content = _content(base)
        rest = base.scaled(1 / Fraction(content))
        number: Number = content
        if any_sign and sign_of(rest) < 0:
            rest, number = -rest, -content
        common = self._common(rest)
        if not any_sign:
            common = {
                k: (a, e)
                for k, (a, e) in common.items()
                if self.is_positive(a, e) or (isinstance(e, int) and e % 2 == 0)
            }
        for atom, e in common.values():
            inverse = e.scaled(-1) if isinstance(e, Poly) else -e
            rest = Poly([p for c, t in rest for p in self._times(c, t, _power_term(atom, inverse))])
        parts = self._components(rest, any_sign)
        return [(number, common)], parts

    def _common(self, poly: Poly) -> Factors:
        """The factors that every term has and that no sum inside `poly` binds."""
        terms = [t for _, t in poly]
        result: Factors = {}
        first = terms[0]
        for key, (atom, exponent) in first.factors.items():
            if atom.kind in ("exp", "delta", "positive") or isinstance(exponent, Poly):
                continue
            others = [t.factors.get(key) for t in terms]
            powers = [f[1] for f in others if f is not None and not isinstance(f[1], Poly)]
            if len(powers) == len(terms) and all(atom.labels.isdisjoint(t.bound) for t in terms):
                result[key] = (atom, min(powers))
        shift = self._common_exponent(terms)
        if shift:
            result[_EXP.key] = (_EXP, shift)
        return result

    def _common_exponent(self, terms: list[Term]) -> Poly:
        """The e^p to take out of a sum of exponentials, so that equal sums look equal."""
        frees = []
        for t in terms:
            exponent = t.factors.get(_EXP.key, (_EXP, Poly()))[1]
            if not isinstance(exponent, Poly):
                return Poly()
            frees.append(Poly([(c, s) for c, s in exponent if s.labels.isdisjoint(t.bound)]))
        distinct = {p.key: p for p in frees}
        if len(distinct) == 1:
            return frees[0]

        def shifted(by: Poly) -> str:
            anonymous = _anonymous(by)
            return "/".join(sorted((p - by).write(anonymous) for p in frees))

        return distinct[min(distinct, key=lambda k: (shifted(distinct[k]), k))]

    def _components(self, poly: Poly, any_sign: bool) -> list[Poly]:
        """A single sum of independent sums is a product of sums; plain 1 has no parts."""
        if poly.constant == 1:
            return []
        if len(poly) != 1 or not any_sign:
            return [poly]
        ((c, t),) = poly
        if c != 1:
            return [poly]
        return [Poly([(1, group)]) for group in _independent(t.bound, t.factors)]

    def _opened(self, atom: Atom, exponent: Number) -> tuple[Number, Poly | None]:
        """Split atom**exponent into the power that stays and what is multiplied out.

        Roots of numbers keep exponents between 0 and 1; a sum keeps no positive whole power.
        """
        whole = math.floor(exponent)
        if atom.kind == "number" and not 0 < exponent < 1:
            number = Fraction(int(str(atom.head))) ** whole
            return _tidy(exponent - whole), Poly.number(_tidy(number))
        if atom.kind == "sum" and exponent >= 1:
            return _tidy(exponent - whole), self.power(atom.args[0], Poly.number(whole))
        if atom.kind == "function" and atom.head == "cos" and exponent >= 2:
            sine = self.function("sin", atom.args)
            square = _ONE - self.product(sine, sine)
            return _tidy(exponent - whole + whole % 2), self.power(square, Poly.number(whole // 2))
        return exponent, None

    # -- functions ------------------------------------------------------------------------
    def exp(self, u: Poly) -> Poly:
        """e**u, with e^(r·log|v|) = |v|^r."""
        result, rest = _ONE, []
        for c, t in u:
            factor = next(iter(t.factors.values())) if len(t.factors) == 1 and not t.bound else None
            if factor is not None and factor[0].kind == "log" and factor[1] == 1:
                result = self.product(result, self.absolute_power(factor[0].args[0], c))
            else:
                rest.append((c, t))
        exponent = Poly(rest)
        if not exponent:
            return result
        return self.product(result, Poly.atom(_EXP, exponent))

    def absolute_power(self, u: Poly, r: Number) -> Poly:
        """|u|**r: uʳ for even r, uʳ·sign(u) for odd r."""
        single, r = u.single, _tidy(r)
        if single is not None and self.is_positive(single, 1):
            return self.power(u, Poly.number(r))
        if isinstance(r, int):
            power = self.power(u, Poly.number(r))
            return power if r % 2 == 0 else self.product(power, self.sign(u))
        return self.term(1, {}, _power_term(Atom("absolute", "", (u.scaled(sign_of(u)),)), r).factors)

    def log(self, u: Poly) -> Poly:
        """log|u|, split into the logs of its factors."""
        if not u:
            return Poly.atom(Atom("undefined", "log 0"))
        outside, inside = self.split(u, any_sign=True)
        total = Poly()
        for number, factors in outside:
            total += _log_number(abs(number))
            for atom, e in factors.values():
                if atom.kind == "exp":
                    total += e if isinstance(e, Poly) else Poly.number(e)
                    continue
                if atom.kind == "number":
                    log = _log_number(int(str(atom.head)))
                else:
                    log = Poly.atom(Atom("log", "", (Poly.atom(atom),)))
                total += self.product(e, log) if isinstance(e, Poly) else log.scaled(e)
        for part in inside:
            total += Poly.atom(Atom("log", "", (part,)))
        return total

    def sign(self, u: Poly) -> Poly:
        """sign(u) = [u > 0] − [−u > 0], with sign(−u) = −sign(u)."""
        flip = sign_of(u)
        u = u.scaled(flip)
        return (self.positive_part(u) - self.positive_part(-u)).scaled(flip)

    def function(self, name: str, args: tuple[Poly, ...]) -> Poly:
        """A function of normal forms as an atom; odd and even ones lose the sign."""
        if len(args) == 1 and name in _ODD | _EVEN:
            flip = sign_of(args[0])
            if not args[0]:
                return Poly() if name in _ODD else _ONE
            return Poly.atom(Atom("function", name, (args[0].scaled(flip),))).scaled(
                flip if name in _ODD else 1
            )
        return Poly.atom(Atom("function", name, args))

    # -- substitution ---------------------------------------------------------------------
    def substitute(self, poly: Poly, values: Mapping[int, Poly]) -> Poly:
        """Put polynomials for bound indices; sums inside keep their own indices."""
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
        args = tuple(self.substitute(a, values) for a in atom.args)
        if atom.kind == "delta":
            return self.delta(args[0])
        if atom.kind == "positive":
            return self.positive_part(args[0], integer=True)
        if atom.kind == "sum":
            return self.power(args[0], e if isinstance(e, Poly) else Poly.number(e))
        new = Atom(atom.kind, atom.head, args, atom.swaps)
        return self.term(1, {}, {new.key: (new, e)})


def _tidy(value: Number) -> Number:
    return int(value) if isinstance(value, Fraction) and value.denominator == 1 else value


def _power_term(atom: Atom, exponent: Number | Poly) -> Term:
    return Term({}, {atom.key: (atom, exponent)})


def _independent(bound: dict[int, str], factors: Factors) -> list[Term]:
    """The term as a product of terms that share no bound index; e^(a+b) is split as e^a e^b."""
    pieces: list[tuple[str, Atom, Number | Poly]] = []
    for key, (atom, exponent) in factors.items():
        if isinstance(exponent, Poly) and atom.kind == "exp":
            pieces += [(key, atom, Poly([part])) for part in exponent]
        else:
            pieces.append((key, atom, exponent))
    groups: list[tuple[set[int], list[tuple[str, Atom, Number | Poly]]]] = []
    for piece in pieces:
        exponent = piece[2]
        used = piece[1].labels | (exponent.labels if isinstance(exponent, Poly) else frozenset())
        labels, members = set(used & bound.keys()), [piece]
        for group in [g for g in groups if g[0] & labels or g[0] == labels]:
            groups.remove(group)
            labels, members = labels | group[0], members + group[1]
        groups.append((labels, members))
    terms = []
    for labels, members in groups:
        joined: Factors = {}
        for key, atom, exponent in members:
            if key in joined:
                exponent = Algebra.add_exponents(joined[key][1], exponent)
            joined[key] = (atom, exponent)
        terms.append(Term({i: bound[i] for i in bound if i in labels}, joined))
    return terms


def _product_of(terms: Iterable[Term]) -> Factors:
    factors: Factors = {}
    for term in terms:
        for key, (atom, exponent) in term.factors.items():
            if key in factors:
                exponent = Algebra.add_exponents(factors[key][1], exponent)
            factors[key] = (atom, exponent)
    return factors


def _solve(u: Poly, index: int) -> Poly | None:
    """e with u = ±(index − e), if u is of that form and e is free of the index."""
    rest: list[tuple[Number, Term]] = []
    factor: Number = 0
    for c, t in u:
        if index not in t.labels:
            rest.append((c, t))
            continue
        single = Poly([(1, t)]).single
        if single is None or single.kind != "index" or abs(c) != 1:
            return None
        factor = c
    return Poly(rest).scaled(-factor) if factor else None


def _anonymous(poly: Poly) -> dict[int, str]:
    return dict.fromkeys(poly.labels, "?")


def sign_of(poly: Poly) -> int:
    """+1 or −1, chosen so that u and −u get opposite signs whatever their indices are called."""
    names = _anonymous(poly)
    weights: dict[str, Number] = {}
    for c, t in poly:
        text = t.write(names)
        weights[text] = weights.get(text, 0) + c
    leading = next((weights[k] for k in sorted(weights) if weights[k]), 1)
    return 1 if leading > 0 else -1


def _content(poly: Poly) -> Fraction:
    """The positive rational that leaves coprime integer coefficients."""
    top = math.gcd(*(Fraction(c).numerator for c, _ in poly))
    bottom = math.lcm(*(Fraction(c).denominator for c, _ in poly))
    return Fraction(top, bottom) if top else Fraction(1)


def _factorised(n: int) -> dict[int, int]:
    """Prime factors by trial division; a large rest is kept whole (still a valid base)."""
    result: dict[int, int] = {}
    p = 2
    while p * p <= n and p < 10_000:
        while n % p == 0:
            result[p] = result.get(p, 0) + 1
            n //= p
        p += 1
    if n > 1:
        result[n] = result.get(n, 0) + 1
    return result


def _log_number(value: Number) -> Poly:
    total = Poly()
    for part, sign in ((Fraction(value).numerator, 1), (Fraction(value).denominator, -1)):
        for prime, times in _factorised(part).items():
            total += Poly.atom(Atom("log", "", (Poly.number(prime),))).scaled(sign * times)
    return total
