"""Numbers of operations, counted in the derived expressions, and how they grow with the sizes.

A named quantity is computed once for every value of its indices; a sum over n terms takes n times
its summand and n − 1 additions.  So a count is a polynomial in the sizes, and a bound on a
ratio of two counts is proved for every size.

That such a ratio exists is the cheap-gradient principle: Baur & Strassen, *The complexity of partial
derivatives*, Theoretical Computer Science 22 (1983), prove 5 for programs of arithmetic operations.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import sympy as sp

from gradproof.lines import head, index_range
from gradproof.model import Model
from gradproof.notation import least
from gradproof.rules import SUBSTITUTION
from gradproof.verdict import Evidence, Verdict

__all__ = ["Counts", "GradientCost", "operations"]

_RESTS = "the derived expressions, and arithmetic with polynomials in the sizes"


def operations(e: sp.Expr) -> sp.Expr:
    """How many additions, multiplications, divisions and function calls evaluate an expression once.

    Entries, symbols and derivatives of named quantities are looked up, which costs nothing;
    a change of sign costs nothing either.
    """
    match e:
        case sp.Sum():
            ((_, lo, hi),) = e.limits
            length = hi - lo + 1
            return sp.expand(length * operations(e.function) + length - 1)
        case sp.Indexed() | sp.Symbol() | sp.Number() | sp.Derivative():
            return sp.Integer(0)
        case sp.Add():
            return sp.Add(len(e.args) - 1, *map(operations, e.args))
        case sp.Mul():
            factors = [a for a in e.args if a != -1]
            return sp.Add(len(factors) - 1, *map(operations, factors))
        case sp.Pow() if e.exp.is_Integer:
            return sp.Add(abs(e.exp) - 1, int(bool(e.exp < 0)), operations(e.base))
    return sp.Add(1, *map(operations, e.args))


def _never_negative(count: sp.Expr) -> bool:
    """Whether a polynomial in the sizes is at least 0 for every size."""
    value = least(count)
    return value is not None and bool(value >= 0)


def _grows_as(cost: sp.Expr, power: sp.Expr) -> bool:
    """Whether power ≤ cost ≤ c·power for every size, with some c."""
    most = next((c for c in (10, 100, 1000) if _never_negative(c * power - cost)), None)
    return _never_negative(cost - power) and most is not None


def _times(entry: sp.Expr, count: sp.Expr) -> sp.Expr:
    """A count for every value of an entry's indices."""
    spans = [index_range(i) or (sp.Integer(1), sp.Integer(1)) for i in getattr(entry, "indices", ())]
    return sp.expand(sp.Mul(count, *(hi - lo + 1 for lo, hi in spans)))


@dataclass(frozen=True)
class Counts:
    """Of one model: number of parameters, operations of the function and of its whole gradient."""

    parameters: sp.Expr
    function: sp.Expr
    gradient: sp.Expr

    @property
    def one_at_a_time(self) -> sp.Expr:
        """Operations of forward differences: the function once, then once for each parameter, subtracted and divided."""
        return sp.expand((self.parameters + 1) * self.function + 2 * self.parameters)

    @staticmethod
    def of(definitions: Sequence[sp.Eq], loss: sp.Symbol, wrt: Sequence[sp.Expr]) -> Counts:
        """Count in the definitions and in the derived adjoints, each of which is computed once."""
        function = sp.Add(*(_times(d.lhs, operations(d.rhs)) for d in definitions))
        model, total = Model(definitions), function
        adjoints: dict[sp.Basic, sp.Expr] = {}
        for parameter in wrt:
            derivation = model.gradient(loss, parameter)
            closed = bool(derivation.steps) and derivation.steps[-1].rule is SUBSTITUTION
            line = derivation.steps[-1].before if closed else derivation.result
            total += _times(parameter, operations(line))
            adjoints |= {head(a.wrt): _times(a.wrt, operations(a.result)) for a in derivation.adjoints}
        count = sp.Add(*(_times(p, sp.Integer(1)) for p in wrt))
        return Counts(sp.expand(count), sp.expand(function), sp.expand(total + sp.Add(*adjoints.values())))


@dataclass(frozen=True)
class GradientCost:
    """The gradient costs less than `ratio` times the function, and grows as n; one dimension at a time as n².

    models: (definitions, loss, parameters) of growing depth.  ratio: the least whole number that
    bounds the ratio for every size of every one.  exponents: of the gradient, and of one
    dimension at a time, in the number n of parameters as all sizes grow together.
    """

    models: tuple[tuple[tuple[sp.Eq, ...], sp.Symbol, tuple[sp.Expr, ...]], ...]
    ratio: int
    exponents: tuple[int, int] = (1, 2)

    def latex(self) -> str:
        powers = [f"n^{{{p}}}" if p != 1 else "n" for p in self.exponents]
        return (
            rf"\operatorname{{cost}}(\nabla E) < {self.ratio} \operatorname{{cost}}(E),"
            rf"\qquad \operatorname{{cost}}(\nabla E) = \Theta({powers[0]}),"
            rf"\qquad (n + 1) \operatorname{{cost}}(E) + 2n = \Theta({powers[1]})"
        )

    def scope(self) -> str:
        return f"for every size, with 1 to {len(self.models)} hidden layers"

    def __str__(self) -> str:
        return f"cost of the gradient < {self.ratio} times the function, growing as n**{self.exponents[0]}"

    @cached_property
    def counts(self) -> tuple[Counts, ...]:
        return tuple(Counts.of(*model) for model in self.models)

    def verify(self) -> Verdict:
        known = self._bounded()
        if known.status != "proved":
            return known
        for depth, counts in enumerate(self.counts, 1):
            for cost, power in zip((counts.gradient, counts.one_at_a_time), self.exponents, strict=True):
                if not _grows_as(cost, counts.parameters**power):
                    reason = f"with {depth} hidden layers {cost} is not seen to grow as n^{power}"
                    return Verdict("undecided", reason=reason)
        return Verdict("proved", evidence=(*known.evidence, self._growth()))

    def _bounded(self) -> Verdict:
        """Whether the ratio bounds the gradient for every size of every model, and is the least whole number that does."""
        for depth, counts in enumerate(self.counts, 1):
            if not _never_negative(self._room(counts, self.ratio) - 1):
                fails = self._fails(counts, self.ratio)
                reason = (
                    f"with {depth} hidden layers {fails or f'{self.ratio} times is not seen to bound the gradient'}"
                )
                return Verdict("refuted" if fails else "undecided", reason=reason)
        if not any(self._fails(counts, self.ratio - 1) for counts in self.counts):
            less = all(_never_negative(self._room(counts, self.ratio - 1) - 1) for counts in self.counts)
            reason = f"{self.ratio - 1} times the function bounds the gradient already"
            return Verdict("refuted" if less else "undecided", reason=reason if less else f"perhaps {reason}")
        first = self.counts[0]
        says = (
            f"with one hidden layer {first.function} operations for the function and {first.gradient} for the"
            f" gradient; at most {self.ratio} times as many for every size, with 1 to {len(self.counts)} hidden layers"
        )
        return Verdict("proved", evidence=(Evidence("operation count", "agrees", says, _RESTS),))

    def _growth(self) -> Evidence:
        """The exponents as fitted, beside those that were proved."""
        fits = [self._exponents(counts) for counts in self.counts]
        close = all(abs(a - b) < 0.05 for fit in fits for a, b in zip(fit, self.exponents, strict=True))
        most = max(map(self._per_parameter, self.counts))
        shown = "; ".join(f"{a:.3f} and {b:.3f}" for a, b in fits)
        says = (
            "both lie between the power of n and a multiple of it, at every size; the gradient takes at most"
            f" {most} operations for each parameter; fitted exponents of n, gradient and one at a time: {shown}"
        )
        return Evidence("growth", "agrees" if close else "disagrees", says, _RESTS)

    @staticmethod
    def _room(counts: Counts, ratio: int) -> sp.Expr:
        return ratio * counts.function - counts.gradient

    @staticmethod
    def _per_parameter(counts: Counts) -> int:
        """The least whole c with gradient ≤ c·n for every size: the gradient is O(n)."""
        return next(c for c in range(1, 1000) if _never_negative(c * counts.parameters - counts.gradient))

    @staticmethod
    def _fails(counts: Counts, ratio: int) -> str:
        """A size at which ratio·function does not exceed the gradient, or ""."""
        room = GradientCost._room(counts, ratio)
        for size in (1, 2, 3, 10, 100, 10**6):
            here = room.subs(dict.fromkeys(room.free_symbols, size))
            if here <= 0:
                return f"{ratio} times the function leaves {here} operations at all sizes {size}"
        return ""

    @staticmethod
    def _exponents(counts: Counts) -> tuple[float, float]:
        """D log(operations) / d log(n), fitted as all sizes grow together from 2⁸ to 2¹²."""
        sizes = sorted(counts.parameters.free_symbols, key=str)
        logs = [
            [math.log2(int(e.subs(dict.fromkeys(sizes, 2**p)))) for p in range(8, 13)]
            for e in (counts.parameters, counts.gradient, counts.one_at_a_time)
        ]
        n, *costs = logs
        mean = sum(n) / len(n)
        spread = sum((v - mean) ** 2 for v in n)
        fits = [sum((v - mean) * c for v, c in zip(n, cost, strict=True)) / spread for cost in costs]
        return fits[0], fits[1]
