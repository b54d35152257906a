"""A formula written otherwise: one with the same value, by one of these laws, each valid wherever both forms have a value.

No code of the engine is used; that a rewriting is equal is seen besides at points (numbers.py).
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from gradproof.trials.trees import changed, free_indices, parts, put, summed

__all__ = ["LAWS", "Rewriting", "rewritings"]

_HALF = sp.Rational(1, 2)

Law = Callable[[sp.Expr, str], Any]


def rewritings(e: sp.Expr, seed: str) -> Iterator[Rewriting]:
    """The formula written otherwise: by one law, then by two, by three, and so on, drawn at random."""
    choice = random.Random(seed)
    seen = {e}
    for turn in range(60):
        made = Rewriting(e, ())
        for _ in range(1 + turn % 3):
            made = _once_more(made, choice)
        if made.formula not in seen and not made.formula.has(sp.zoo, sp.nan, sp.oo, sp.I):
            seen.add(made.formula)
            yield made


@dataclass(frozen=True)
class Rewriting:
    """What a formula was turned into, and by which laws."""

    formula: sp.Expr
    laws: tuple[str, ...]


def _once_more(made: Rewriting, choice: random.Random) -> Rewriting:
    """A law drawn at random among those that apply somewhere, at a part drawn at random."""
    everywhere = list(parts(made.formula))
    taken = {str(s) for s in made.formula.atoms(sp.Symbol, sp.Idx)}
    fresh = next(name for n in itertools.count(1) if (name := f"a{n}") not in taken)
    names = [name for name in LAWS if name not in made.laws]
    choice.shuffle(names)
    choice.shuffle(everywhere)
    for name in names:
        for path, part, _ in everywhere:
            new = LAWS[name](part, fresh)
            if new is not None and new != part:
                return Rewriting(changed(made.formula, path, new), (*made.laws, name))
    return made


# -- laws of sums ---------------------------------------------------------------------------------
def _limits(e: sp.Expr) -> tuple[sp.Expr, sp.Basic, sp.Expr, sp.Expr] | None:
    """A sum's summand, index and ends, the outermost of its indices."""
    if not isinstance(e, sp.Sum):
        return None
    *inner, (index, low, high) = e.limits
    return (summed(e.function, *inner) if inner else e.function), index, low, high


def _over(body: Any, *limit: Any) -> Any:
    return None if body is None else summed(body, limit)


def _renamed(e: sp.Expr, fresh: str) -> Any:
    match _limits(e):
        case body, index, low, high:
            other = sp.Idx(fresh, (low, high))
            return _over(put(body, index, other), other, low, high)


def _shifted(e: sp.Expr, fresh: str) -> Any:
    match _limits(e):
        case body, index, low, high:
            other = sp.Symbol(fresh, integer=True)
            return _over(put(body, index, other + 1), other, low - 1, high - 1)


def _backwards(e: sp.Expr, fresh: str) -> Any:
    match _limits(e):
        case body, index, low, high:
            other = sp.Symbol(fresh, integer=True)
            return _over(put(body, index, low + high - other), other, low, high)


def _last_apart(e: sp.Expr, fresh: str) -> Any:
    match _limits(e):
        case body, index, low, high if low == 1 and high.is_Symbol:  # a size, which is 1 at least
            other = sp.Symbol(fresh, integer=True)
            most, last = _over(put(body, index, other), other, low, high - 1), put(body, index, high)
            return None if most is None or last is None else most + last


def _term_by_term(e: sp.Expr, _: str) -> Any:
    match _limits(e):
        case sp.Add() as body, index, low, high:
            return sp.Add(*(summed(term, (index, low, high)) for term in body.args))


def _factor_out(e: sp.Expr, _: str) -> Any:
    match _limits(e):
        case sp.Mul() as body, index, low, high:
            free = [f for f in body.args if index not in free_indices(f)]
            rest = sp.Mul(*(f for f in body.args if f not in free))
            return sp.Mul(*free, summed(rest, (index, low, high))) if free else None


def _factor_in(e: sp.Expr, _: str) -> Any:
    if not isinstance(e, sp.Mul):
        return None
    for total in e.args:
        match _limits(total):
            case body, index, low, high:
                rest = sp.Mul(*(f for f in e.args if f != total))
                if not {str(index)} & {str(s) for s in rest.atoms(sp.Symbol)}:
                    return summed(sp.Mul(rest, body), (index, low, high))
    return None


def _exchanged(e: sp.Expr, _: str) -> Any:
    match _limits(e):
        case sp.Sum() as inner, index, low, high if len(inner.limits) == 1:
            ((other, start, end),) = inner.limits
            if index not in free_indices(start) | free_indices(end):
                return summed(summed(inner.function, (index, low, high)), (other, start, end))
    return None


def _square_of_a_sum(e: sp.Expr, fresh: str) -> Any:
    """(Σ a)² = Σ Σ a a."""
    if isinstance(e, sp.Pow) and e.exp == 2:
        match _limits(e.base):
            case body, index, low, high:
                other = sp.Idx(fresh, (low, high))
                twin = put(body, index, other)
                return None if twin is None else summed(summed(body * twin, (other, low, high)), (index, low, high))
    return None


def _entry_by_deltas(e: sp.Expr, fresh: str) -> Any:
    """x_i = Σ_j δ_ij x_j."""
    if isinstance(e, sp.Indexed) and isinstance(e.indices[0], sp.Idx) and type(e.base) is sp.IndexedBase:
        first, *rest = e.indices
        other = sp.Idx(fresh, (first.lower, first.upper))
        return summed(sp.KroneckerDelta(first, other) * e.base[(other, *rest)], (other, first.lower, first.upper))
    return None


def _mean_of_itself(e: sp.Expr, fresh: str) -> Any:
    """U = Σ u / N, for a size N."""
    sizes = sorted({s for s in e.atoms(sp.Symbol) if s.is_integer and s.is_positive}, key=str)
    if not sizes or isinstance(e, sp.Symbol):
        return None
    other = sp.Idx(fresh, (1, sizes[0]))
    return summed(e / sizes[0], (other, 1, sizes[0]))


# -- laws of arithmetic ------------------------------------------------------------------------------
def _other_order(e: sp.Expr, _: str) -> Any:
    """The same terms or factors, the last first."""
    return e.func(*e.args[::-1], evaluate=False) if isinstance(e, (sp.Add, sp.Mul)) else None


def _multiplied_out(e: sp.Expr, _: str) -> Any:
    if isinstance(e, sp.Mul):
        total = next((f for f in e.args if isinstance(f, sp.Add)), None)
        if total is not None:
            rest = sp.Mul(*(f for f in e.args if f != total))
            return sp.Add(*(rest * term for term in total.args))
    if isinstance(e, sp.Pow) and e.exp == 2 and isinstance(e.base, sp.Add):
        return sp.Add(*(one * other for one in e.base.args for other in e.base.args))
    return None


def _factored(e: sp.Expr, _: str) -> Any:
    """A factor that all terms have, in front."""
    if not isinstance(e, sp.Add):
        return None
    first, *others = [sp.Mul.make_args(term) for term in e.args]
    common = [f for f in first if not f.is_Number and all(f in other for other in others)]
    if not common:
        return None
    left = [sp.Mul(*(f for f in term if f not in common)) for term in (first, *others)]
    return sp.Mul(*common, sp.Add(*left), evaluate=False)


def _one_fraction(e: sp.Expr, _: str) -> Any:
    """A/b + c = (a + bc)/b."""
    if not isinstance(e, sp.Add):
        return None
    for term in e.args:
        below = [f for f in sp.Mul.make_args(term) if isinstance(f, sp.Pow) and f.exp == -1]
        if below:
            b = below[0].base
            return sp.Mul(sp.Add(*(other / below[0] if other == term else other * b for other in e.args)), below[0])
    return None


def _twice_half(e: sp.Expr, _: str) -> Any:
    return sp.Mul(_HALF, 2 * e, evaluate=False) if isinstance(e, sp.Add) else None


def _letter(e: sp.Expr) -> sp.Expr | None:
    """A number of the formula: an entry whose indices are free there, or a letter."""
    entries = [p for _, p, limits in parts(e) if isinstance(p, sp.Indexed) and not limits]
    arrays = {base.label for base in e.atoms(sp.IndexedBase)}
    letters = [s for s in e.free_symbols - arrays if isinstance(s, sp.Symbol) and not s.is_integer]
    return min([*entries, *letters], key=str, default=None)


def _with(make: Callable[[sp.Expr, sp.Expr], Any]) -> Law:
    """A law that needs some number of the formula besides."""

    def law(e: sp.Expr, _: str) -> Any:
        letter = _letter(e)
        return None if letter is None else make(e, letter)

    return law


# -- laws of functions -----------------------------------------------------------------------------------
def _function(kind: type[sp.Basic], make: Callable[[Any], Any]) -> Law:
    """A law of a function's argument."""
    return lambda e, _: make(e.args[0]) if isinstance(e, kind) else None


def _exponential(make: Callable[[Any], Any]) -> Law:
    return lambda e, _: make(e.exp) if isinstance(e, sp.exp) else None


def _sigmoid(make: Callable[[Any], Any]) -> Law:
    """A law of 1/(1 + e^u)."""

    def law(e: sp.Expr, _: str) -> Any:
        if isinstance(e, sp.Pow) and e.exp == -1 and isinstance(e.base, sp.Add) and len(e.base.args) == 2:
            powers = [t for t in e.base.args if isinstance(t, sp.exp)]
            if e.base.args[0] == 1 and powers:
                return make(powers[0].exp)
        return None

    return law


def _slope_of_tanh(e: sp.Expr, _: str) -> Any:
    """1 − tanh² u = 1/cosh² u."""
    if isinstance(e, sp.Add):
        for term in e.args:
            factor, square = term.as_coeff_Mul()
            if isinstance(square, sp.Pow) and square.exp == 2 and isinstance(square.base, sp.tanh):
                rest = e - term + factor
                return rest - factor / sp.cosh(square.base.args[0]) ** 2
    return None


def _product_in_log(e: sp.Expr, _: str) -> Any:
    if isinstance(e, sp.log) and isinstance(e.args[0], sp.Mul):
        return sp.Add(*(sp.log(sp.Abs(f)) for f in e.args[0].args))
    return None


def _exponents_apart(e: sp.Expr, _: str) -> Any:
    if isinstance(e, sp.exp) and isinstance(e.exp, sp.Add):
        first, *rest = e.exp.args
        return sp.Mul(sp.exp(first), sp.exp(sp.Add(*rest)), evaluate=False)
    return None


def _two_branches(e: sp.Expr, _: str) -> Any:
    """The other branch first, where the first has the opposite condition."""
    if isinstance(e, sp.Piecewise) and len(e.args) == 2 and e.args[1][1] == sp.true:
        (one, condition), (other, _) = e.args
        return sp.Piecewise((other, sp.Not(condition)), (one, True))
    return None


def _largest(e: sp.Expr, _: str) -> Any:
    """The larger of two is half their sum and half their distance."""
    if isinstance(e, (sp.Max, sp.Min)) and len(e.args) == 2:
        u, v = e.args
        return (u + v + (1 if isinstance(e, sp.Max) else -1) * sp.Abs(u - v)) / 2
    return None


#: name -> another form of a formula, or None where the law does not apply; the law may use a letter that nothing else has
LAWS: Mapping[str, Law] = {
    "an index renamed": _renamed,
    "a sum's index shifted": _shifted,
    "a sum taken backwards": _backwards,
    "a sum's last term apart": _last_apart,
    "a sum split term by term": _term_by_term,
    "a factor taken out of a sum": _factor_out,
    "a factor taken into a sum": _factor_in,
    "two sums exchanged": _exchanged,
    "the square of a sum as a double sum": _square_of_a_sum,
    "an entry as a sum of deltas": _entry_by_deltas,
    "the mean of a constant": _mean_of_itself,
    "in another order": _other_order,
    "multiplied out": _multiplied_out,
    "a common factor in front": _factored,
    "over one denominator": _one_fraction,
    "half of twice": _twice_half,
    "times cos² + sin²": _with(lambda e, u: e * (sp.cos(u) ** 2 + sp.sin(u) ** 2)),
    "times cosh² − sinh²": _with(lambda e, u: e * (sp.cosh(u) ** 2 - sp.sinh(u) ** 2)),
    "times (1 + u²)/(1 + u²)": _with(lambda e, u: sp.Mul(e + e * u**2, 1 / (1 + u**2), evaluate=False)),
    "plus (u + 1)² − u² − 2u − 1": _with(lambda e, u: e + (u + 1) ** 2 - u**2 - 2 * u - 1),
    "tanh by exponentials": _function(sp.tanh, lambda u: (sp.exp(2 * u) - 1) / (sp.exp(2 * u) + 1)),
    "tanh by one exponential": _function(sp.tanh, lambda u: 2 / (1 + sp.exp(-2 * u)) - 1),
    "1 − tanh² as 1/cosh²": _slope_of_tanh,
    "σ(u) as 1 − σ(−u)": _sigmoid(lambda u: 1 - 1 / (1 + sp.exp(-u))),
    "σ by tanh": _sigmoid(lambda u: (1 - sp.tanh(u / 2)) / 2),
    "σ by the other exponential": _sigmoid(lambda u: sp.exp(-u) / (1 + sp.exp(-u))),
    "cosh by exponentials": _function(sp.cosh, lambda u: (sp.exp(u) + sp.exp(-u)) / 2),
    "sinh by exponentials": _function(sp.sinh, lambda u: (sp.exp(u) - sp.exp(-u)) / 2),
    "exp as cosh + sinh": _exponential(lambda u: sp.cosh(u) + sp.sinh(u)),
    "exp as a square": _exponential(lambda u: sp.Pow(sp.exp(u / 2), 2, evaluate=False)),
    "exp of a sum as a product": _exponents_apart,
    "log of a product as a sum": _product_in_log,
    "log as −log of the inverse": _function(sp.log, lambda u: -sp.log(1 / u)),
    "the other branch first": _two_branches,
    "max by an absolute value": _largest,
    "|u| as u sign u": _function(sp.Abs, lambda u: u * sp.sign(u)),
    "|u| as √u²": _function(sp.Abs, lambda u: sp.sqrt(u**2)),
    "sign by branches": _function(sp.sign, lambda u: sp.Piecewise((1, sp.Gt(u, 0)), (0, sp.Eq(u, 0)), (-1, True))),
}
