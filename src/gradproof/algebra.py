"""The laws under which normal forms are raised to powers and put into functions.

With products.py, every law keeps the value wherever the original is defined (and may define
it at more points), so equal normal forms are equal wherever both sides are defined:

- ``(ab)ⁿ = aⁿbⁿ`` for integer n; ``√(x²) = |x|``; cos² = 1 − sin²;
- ``log(ab) = log|a| + log|b|`` and ``log x = log|x|`` (where log is defined);
- ``e^(r·log|v|) = |v|^r``; ``|u| = u([u>0] − [−u>0])``.
"""

from __future__ import annotations

import math
from fractions import Fraction

from gradproof.canonical import (
    Atom,
    BudgetExceededError,
    Factors,
    Number,
    Poly,
    Term,
    anonymous,
    content,
    independent,
    sign_of,
    tidy,
)
from gradproof.products import ONE, Range
from gradproof.substitution import Substitution

__all__ = ["Algebra", "Range"]

MAX_POWER = 64  # of a sum that is multiplied out

_EXP = Atom("exp", "e")
_ODD = {"tanh", "sinh", "sin", "tan", "erf", "asinh", "atan", "asin", "atanh"}
_INCREASING = {"tanh", "sinh", "erf", "asinh", "atan", "asin", "atanh"}  # odd ones, on all of their domain
_EVEN = {"cosh", "cos", "sech"}


class Algebra(Substitution):
    """Arithmetic of normal forms under a set of assumptions."""

    # -- powers ---------------------------------------------------------------------------
    def power(self, base: Poly, exponent: Poly) -> Poly:
        n = exponent.constant
        if n is None:
            return self._symbolic_power(base, exponent)
        n = tidy(n)
        if isinstance(n, int) and n >= 0:
            return self._whole_power(base, n)
        return self._rational_power(base, n)

    def _whole_power(self, base: Poly, n: int) -> Poly:
        """base**n multiplied out; a single factor only gets its exponent."""
        single = base.single
        if single is not None and n > 1 and self.roots_of(single) is None:
            return self.term(1, {}, _power_term(single, n).factors)
        if n > MAX_POWER:
            raise BudgetExceededError(f"the power {n} of a sum")
        result = ONE
        for _ in range(n):
            result = self.product(result, base)
        return result

    def _symbolic_power(self, base: Poly, exponent: Poly) -> Poly:
        """base**exponent, a whole number in the exponent apart: u^(γ−1) = u^γ·u⁻¹."""
        value = base.constant
        if value == 0:
            return Poly.atom(Atom("power", "0", (exponent,)))
        if value is not None and value > 0:
            return self.exp(self.product(exponent, self.log(base)))
        whole = sum(c for c, t in exponent if not (t.factors or t.bound) and c == int(c))
        rest = exponent - Poly.number(whole)
        above, below = self.levelled(base)
        result = self.product(self.power(base, Poly.number(whole)), self._variable_power(above, rest))
        for atom, n in below:
            result = self.product(result, self._variable_power(_of(atom), rest.scaled(-n)))
        return result

    def _variable_power(self, base: Poly, exponent: Poly) -> Poly:
        """base**exponent of a real exponent, what is positive in the base apart."""
        number, factors, inside = self.split(base, any_sign=False)
        result = self.exp(self.product(exponent, _log_number(number)))
        for atom, e in factors.values():
            if self.is_positive(atom) or isinstance(e, Poly):  # what is split has a positive base
                power = self.product(exponent, e) if isinstance(e, Poly) else exponent.scaled(e)
                result = self.product(result, self.term(1, {}, {atom.key: (atom, power)}))
            else:
                inside.append(Poly.atom(atom, e))
        for part in inside:
            single = part.single
            atom = single if single is not None else Atom("sum", "", (part,))
            result = self.product(result, Poly.atom(atom, exponent))
        return result

    def levelled(self, base: Poly, any_sign: bool = False) -> tuple[Poly, list[tuple[Atom, int]]]:
        """Base = (first) / (product of powers of its denominators, which are positive unless any sign will do)."""
        needed: dict[str, tuple[Atom, int]] = {}
        for _, t in base if len(base) > 1 else ():
            for key, (atom, e) in t.factors.items():
                if not isinstance(e, int) or e >= 0 or not atom.labels.isdisjoint(t.bound):
                    continue
                if any_sign or self.is_positive(atom):
                    needed[key] = (atom, max(-e, needed.get(key, (atom, 0))[1]))
        for atom, n in needed.values():
            base = self.times_power(base, atom, n)
        return base, list(needed.values())

    def _rational_power(self, base: Poly, n: Number) -> Poly:
        """base**n for a negative or fractional n."""
        if not base:
            return Poly.atom(Atom("undefined", f"0**{n}"))
        base, below = self.levelled(base, any_sign=isinstance(n, int))
        number, factors, inside = self.split(base, any_sign=isinstance(n, int))
        result = self._number_power(number, n)
        for atom, k in below:
            result = self.product(result, self.power(_of(atom), Poly.number(tidy(-n * k))))
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
        if isinstance(n, int) or self.is_positive(atom) or not (isinstance(e, int) and e % 2 == 0):
            return self.term(1, {}, {atom.key: (atom, tidy(Fraction(e) * n))})
        return self.absolute_power(Poly.atom(atom), tidy(Fraction(e) * n))

    @staticmethod
    def _number_power(c: Number, n: Number) -> Poly:
        """c**n for rational c: integer part as a coefficient, roots of primes as atoms."""
        if isinstance(n, int):
            return Poly.number(tidy(Fraction(c) ** n))
        coefficient: Number = 1
        factors: Factors = {}
        value = Fraction(c)
        for part, sign in ((value.numerator, 1), (value.denominator, -1)):
            for prime, times in _factorised(part).items():
                e = times * sign * Fraction(n)
                whole = math.floor(e)
                coefficient = tidy(Fraction(coefficient) * Fraction(prime) ** whole)
                if e != whole:
                    atom = Atom("number", prime)
                    factors[atom.key] = (atom, e - whole)
        return Poly([(coefficient, Term({}, factors))])

    def split(self, base: Poly, any_sign: bool) -> tuple[Number, Factors, list[Poly]]:
        """Base = (number and factors that leave a power) × (parts that stay inside).

        With `any_sign` false only what is not negative leaves (as √ needs).
        """
        whole = content(base)
        rest = base.scaled(1 / Fraction(whole))
        number: Number = whole
        if any_sign and sign_of(rest) < 0:
            rest, number = -rest, -whole
        common = self._common(rest)
        if not any_sign:
            common = {
                k: (a, e)
                for k, (a, e) in common.items()
                if isinstance(e, Poly) or self.is_positive(a) or (isinstance(e, int) and e % 2 == 0)
            }
        for atom, e in common.values():
            inverse = e.scaled(-1) if isinstance(e, Poly) else -e
            rest = Poly([p for c, t in rest for p in self.times(c, t, _power_term(atom, inverse))])
        parts = self._components(rest, any_sign)
        return number, common, parts

    def _common(self, poly: Poly) -> Factors:
        """The factors that every term has and that no sum inside `poly` binds."""
        terms = [t for _, t in poly]
        result: Factors = {}
        first = terms[0]
        for key, (atom, exponent) in first.factors.items():
            if atom.kind in ("exp", "delta", "positive"):
                continue
            if isinstance(exponent, Poly):
                alone = len(terms) == 1 and (atom.labels | exponent.labels).isdisjoint(first.bound)
                if alone and (self.is_positive(atom) or not self.is_whole(exponent)):
                    result[key] = (atom, exponent)  # a real power has a positive base
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
            names = anonymous(by)
            return "/".join(sorted((p - by).write(names) for p in frees))

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
        return [Poly([(1, group)]) for group in independent(t.bound, t.factors)]

    def opened(self, atom: Atom, exponent: Number) -> tuple[Number, Poly | None]:
        """Split atom**exponent into the power that stays and what is multiplied out.

        Roots of numbers keep exponents between 0 and 1; a sum keeps no positive whole power.
        """
        whole = math.floor(exponent)
        if atom.kind == "number" and not 0 < exponent < 1:
            number = Fraction(int(str(atom.head))) ** whole
            return tidy(exponent - whole), Poly.number(tidy(number))
        if atom.kind == "sum" and exponent >= 1:
            return tidy(exponent - whole), self.power(atom.args[0], Poly.number(whole))
        if (exponent >= 2 or exponent < 0) and isinstance(exponent, int):
            roots = self.roots_of(atom)
            if roots is not None and not roots[0] + roots[1]:
                return exponent % 2, self.power(roots[0], Poly.number(exponent - exponent % 2))
            if roots is not None and exponent > 0:  # 0 or 1
                return 1, None
        if atom.kind == "function" and atom.head == "cos" and exponent >= 2:
            sine = self.function("sin", atom.args)
            square = ONE - self.product(sine, sine)
            return tidy(exponent - whole + whole % 2), self.power(square, Poly.number(whole // 2))
        return exponent, None

    # -- functions ------------------------------------------------------------------------
    def exp(self, u: Poly) -> Poly:
        """e**u, with e^(r·log|v|) = |v|^r."""
        result, rest = ONE, []
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

    def absolute_power(self, u: Poly, r: Number | Poly) -> Poly:
        """|u|**r: uʳ for even r, uʳ·sign(u) for odd r."""
        r = r if isinstance(r, Poly) else tidy(r)
        if self.is_positive_sum(u, weak=True):
            return self.power(u, r if isinstance(r, Poly) else Poly.number(r))
        if isinstance(r, int):
            power = self.power(u, Poly.number(r))
            return power if r % 2 == 0 else self.product(power, self.sign(u))
        size = content(u)
        number = self.power(Poly.number(size), r if isinstance(r, Poly) else Poly.number(r))
        u = u.scaled(1 / Fraction(size * sign_of(u)))
        return self.product(number, self.term(1, {}, _power_term(Atom("absolute", "", (u,)), r).factors))

    def log(self, u: Poly) -> Poly:
        """log|u|, split into the logs of its factors."""
        if not u:
            return Poly.atom(Atom("undefined", "log 0"))
        u, below = self.levelled(u, any_sign=True)
        number, factors, inside = self.split(u, any_sign=True)
        total = _log_number(max(number, -number))
        for atom, e in [*factors.values(), *((atom, -n) for atom, n in below)]:
            if atom.kind == "exp":
                total += e if isinstance(e, Poly) else Poly.number(e)
                continue
            if atom.kind == "number":
                log = _log_number(Fraction(str(atom.head)))
            else:
                log = Poly.atom(Atom("log", "", (_of(atom),)))
            total += self.product(e, log) if isinstance(e, Poly) else log.scaled(e)
        for part in inside:
            total += Poly.atom(Atom("log", "", (part,)))
        return total

    def positive_part(self, u: Poly) -> Poly:
        """[u > 0]; of a function that increases through 0 at 0, its argument is asked."""
        positive = {k: (a, e) for k, (a, e) in (self._common(u) if len(u) > 1 else {}).items() if self.is_positive(a)}
        for atom, e in positive.values():
            u = self.times_power(u, atom, -e)
        return super().positive_part(self._argument(u))

    def _argument(self, u: Poly) -> Poly:
        """What has the sign of u: a − b for eᵃ − eᵇ, v for tanh v and its like; else u."""
        atom = u.single or (-u).single
        if atom is not None and atom.kind == "function" and atom.head in _INCREASING:
            return self._argument(atom.args[0] if u.single else -atom.args[0])
        if len(u) != 2 or sum(c for c, _ in u) != 0 or any(t.bound or set(t.factors) - {_EXP.key} for _, t in u):
            return u
        above, below = (next(t for c, t in u if c * side > 0) for side in (1, -1))
        return self._argument(self.log(Poly([(1, above)])) - self.log(Poly([(1, below)])))

    def sign(self, u: Poly) -> Poly:
        """Return the sign as indicators: [u > 0] − [−u > 0]; it is odd in u."""
        flip = sign_of(u)
        u = u.scaled(flip)
        return (self.positive_part(u) - self.positive_part(-u)).scaled(flip)

    def applied(self, atom: Atom, args: tuple[Poly, ...]) -> Poly:
        """The logarithm, absolute value or function that an atom is, of other arguments."""
        if atom.kind == "log":
            return self.log(args[0])
        if atom.kind == "absolute":
            return self.absolute_power(args[0], 1)
        return self.function(str(atom.head), args)

    def function(self, name: str, args: tuple[Poly, ...]) -> Poly:
        """A function of normal forms as an atom; odd and even ones lose the sign."""
        if len(args) == 1 and name in _ODD | _EVEN:
            flip = sign_of(args[0])
            if not args[0]:
                return Poly() if name in _ODD else ONE
            return Poly.atom(Atom("function", name, (args[0].scaled(flip),))).scaled(flip if name in _ODD else 1)
        return Poly.atom(Atom("function", name, args))


def _of(atom: Atom) -> Poly:
    """What an atom is; of a sum, the sum."""
    return atom.args[0] if atom.kind == "sum" else Poly.atom(atom)


def _power_term(atom: Atom, exponent: Number | Poly) -> Term:
    return Term({}, {atom.key: (atom, exponent)})


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
