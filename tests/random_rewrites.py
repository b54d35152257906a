"""Another form of a formula: one with the same value, by a law taken at random, or one with a slip.

Nothing of gradproof is used, and SymPy's Sum only where it leaves the summand as it is.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import sympy as sp
from sympy import Abs, Heaviside, KroneckerDelta, Max, Min, Piecewise, cosh, exp, log, sign, sinh, sqrt, tanh

from random_points import Given

Path = tuple[int, ...]
N = sp.Symbol("N", integer=True, positive=True)


def summed(body: sp.Expr, *limits: Any) -> sp.Expr:
    """A Sum as it stands: SymPy's own moves a Piecewise out of it."""
    total = sp.Expr.__new__(sp.Sum, body, *(sp.Tuple(*limit) for limit in limits))
    total.is_commutative = True
    return total


def rebuilt(e: sp.Basic, args: list[Any]) -> Any:
    return summed(*args) if isinstance(e, sp.Sum) else e.func(*args)


def places(e: sp.Basic, path: Path = ()) -> Iterator[tuple[Path, sp.Basic]]:
    """The parts of a formula, with the way to each; indices and ranges are no parts."""
    yield path, e
    if isinstance(e, (sp.Indexed, KroneckerDelta, sp.Derivative, sp.Subs)):
        return
    for at, part in enumerate(e.args):
        if isinstance(part, sp.Basic) and not (isinstance(e, sp.Sum) and at):
            yield from places(part, (*path, at))


def changed(e: sp.Basic, path: Path, new: sp.Basic) -> Any:
    """`e` with another part."""
    if not path:
        return new
    args = list(e.args)
    args[path[0]] = changed(args[path[0]], path[1:], new)
    return rebuilt(e, args)


def put(e: sp.Basic, letter: sp.Basic, value: sp.Basic) -> Any:
    """`e` with a value for a letter; None where a sum inside would capture it."""
    if e in (letter, getattr(letter, "label", letter)):
        return value
    if not e.args or isinstance(e, sp.Idx):
        return e
    if isinstance(e, sp.Sum):
        bound = {limit[0] for limit in e.limits}
        if letter in bound:
            return e
        if value.free_symbols & {x for b in bound for x in b.free_symbols}:
            return None
    args = [put(a, letter, value) for a in e.args]
    return None if any(a is None for a in args) else rebuilt(e, args)


# -- laws ---------------------------------------------------------------------------------------
def laws(e: sp.Basic) -> list[Callable[[], Any]]:
    """Ways to write one part otherwise; each keeps its value wherever both have one."""
    args = e.args
    match e:
        case sp.Sum():
            return _of_sum(e)
        case Abs():
            (u,) = args
            return [
                lambda: sqrt(u**2),
                lambda: Max(u, -u),
                lambda: u * sign(u),
                lambda: Piecewise((u, u > 0), (-u, True)),
                lambda: Piecewise((-u, u < 0), (u, True)),
            ]
        case Max() | Min():
            u, v = args[0], e.func(*args[1:])
            way = 1 if isinstance(e, Max) else -1
            return [lambda: (u + v + way * Abs(u - v)) / 2, lambda: Piecewise((u, way * (u - v) > 0), (v, True)),
                    lambda: v + e.func(u - v, 0), lambda: -(Min if way > 0 else Max)(-u, -v), lambda: Piecewise((v, way * (u - v) <= 0), (u, True))]  # fmt: skip
        case sign():
            return [
                lambda: Heaviside(args[0]) - Heaviside(-args[0]),
                lambda: Piecewise((1, args[0] > 0), (-1, args[0] < 0), (0, True)),
                lambda: -sign(-args[0], evaluate=False),
            ]
        case Heaviside():
            return [lambda: (1 + sign(args[0])) / 2] if args[1] == sp.Rational(1, 2) else []
        case Piecewise():
            return _of_branches(e)
        case exp():
            return [lambda: cosh(args[0]) + sinh(args[0]), lambda: (1 + tanh(args[0] / 2)) / (1 - tanh(args[0] / 2))]
        case log():
            return _of_log(args[0])
        case tanh():
            u = args[0]
            return [
                lambda: (exp(2 * u) - 1) / (exp(2 * u) + 1),
                lambda: 2 / (1 + exp(-2 * u)) - 1,
                lambda: sinh(u) / cosh(u),
            ]
        case sp.sech():
            return [lambda: 1 / cosh(args[0]), lambda: 2 / (exp(args[0]) + exp(-args[0]))]
        case sp.coth() | sp.csch():
            return [lambda: (cosh(args[0]) if isinstance(e, sp.coth) else 1) / sinh(args[0])]
        case sp.sin() | sp.cos():
            return [lambda: sp.tan(args[0]) * sp.cos(args[0])] if isinstance(e, sp.sin) else []
        case sp.erfc():
            return [lambda: 1 - sp.erf(args[0])]
        case KroneckerDelta():
            return [
                lambda: Piecewise((1, sp.Eq(*args[:2])), (0, True)),
                lambda: 1 - Piecewise((1, sp.Ne(*args[:2])), (0, True)),
            ]
        case sp.Mul():
            return [lambda: sp.expand_mul(e)]
        case sp.Pow():
            return _of_power(*args)
        case sp.Add():
            common = sp.gcd_terms(e, clear=False) if not e.has(sp.Sum, Piecewise) else e
            return [lambda: common, lambda: (2 * e).expand() / 2, lambda: sp.Mul(-1, -e, evaluate=False)]
    return []


def _of_log(u: sp.Expr) -> list[Callable[[], Any]]:
    found: list[Callable[[], Any]] = []
    if isinstance(u, sp.Mul):
        found.append(lambda: sp.Add(*(log(f) for f in u.args)))
        found.append(lambda: log(Abs(u.args[0])) + log(Abs(sp.Mul(*u.args[1:]))))
    if isinstance(u, sp.Pow):
        found.append(lambda: u.exp * log(Abs(u.base)) if u.base != sp.E else u.exp)
    if isinstance(u, sp.Add) and len(u.args) == 2 and u.args[0] == 1 and isinstance(u.args[1], exp):
        w = u.args[1].args[0]
        found += [lambda: w + log(1 + exp(-w)), lambda: Max(w, 0) + log(1 + exp(-Abs(w)))]
    return [*found, lambda: log(u**2) / 2, lambda: -log(1 / u)]


def _of_power(base: sp.Expr, exponent: sp.Expr) -> list[Callable[[], Any]]:
    found: list[Callable[[], Any]] = [lambda: sp.expand_mul(base**exponent)]
    if exponent == 2:
        found += [lambda: Abs(base) ** 2, lambda: 1 + (base - 1) * (base + 1)]
        if isinstance(base, (sp.sin, sp.cos)):
            found.append(lambda: 1 - (sp.cos if isinstance(base, sp.sin) else sp.sin)(base.args[0]) ** 2)
    if exponent == sp.Rational(1, 2) and isinstance(base, sp.Pow) and base.exp == 2:
        found.append(lambda: Abs(base.base))
    if isinstance(base, Max) and len(base.args) == 2 and base.args[0] == 0 and exponent.is_positive:
        u = base.args[1]
        found += [lambda: Piecewise((u**exponent, u > 0), (0, True)), lambda: ((u + Abs(u)) / 2) ** exponent]
    if not exponent.is_number:
        found += [
            lambda: base * base ** (exponent - 1),
            lambda: base ** (exponent + 1) / base,
            lambda: 1 / base ** (-exponent),
        ]
    return found


def _of_sum(e: sp.Sum) -> list[Callable[[], Any]]:
    body, *rest, (letter, low, high) = e.args
    inner = summed(body, *rest) if rest else body
    names = {str(x) for x in e.free_symbols} | {
        str(a) for a in sp.preorder_traversal(e) if isinstance(a, (sp.Idx, sp.Symbol))
    }
    fresh = next(x for x in ("n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8") if x not in names)
    other = sp.Idx(fresh, (low, high)) if isinstance(letter, sp.Idx) else sp.Symbol(fresh, integer=True)
    moved = sp.Symbol(fresh, integer=True)
    free = [f for f in sp.Mul.make_args(inner) if not f.has(letter)]
    found: list[Callable[[], Any]] = [
        lambda: _over(put(inner, letter, other), other, low, high),
        lambda: _over(put(inner, letter, moved + 1), moved, low - 1, high - 1),
        lambda: sp.Add(*(_over(part, letter, low, high) for part in sp.Add.make_args(sp.expand_mul(inner)))),
        lambda: sp.Mul(*free, _over(sp.Mul(*(f for f in sp.Mul.make_args(inner) if f not in free)), letter, low, high)),
    ]
    if (high - low + 1 - N) == 0 or high.is_number:  # not empty
        found += [lambda: _plus(_over(put(inner, letter, moved), moved, low + 1, high), put(inner, letter, low)),
                  lambda: _plus(_over(put(inner, letter, moved), moved, low, high - 1), put(inner, letter, high))]  # fmt: skip
    if rest:
        found.append(
            lambda: summed(body, (letter, low, high), *rest) if len(rest) == 1 and not rest[0].has(letter) else None
        )
    return found


def _over(body: Any, letter: sp.Basic, low: sp.Expr, high: sp.Expr) -> Any:
    return None if body is None else summed(body, (letter, low, high))


def _plus(one: Any, other: Any) -> Any:
    return None if one is None or other is None else one + other


def _of_branches(e: Piecewise) -> list[Callable[[], Any]]:
    (value, c), *rest = e.args
    others = Piecewise(*rest) if rest else value
    found: list[Callable[[], Any]] = [lambda: Piecewise((others, sp.Not(c)), (value, True))] if rest else []
    if rest and rest[-1][1] == sp.true:
        found.append(lambda: Piecewise((value, c), (0, True)) + Piecewise((0, c), (others, True)))
        found.append(lambda: Piecewise((value - others, c), (0, True)) + others)
    return found


def rewritten(e: sp.Expr, choice: random.Random, steps: int = 1) -> sp.Expr:
    """The formula with some of its parts written otherwise."""
    for _ in range(steps):
        ways = [(path, law) for path, part in places(e) if isinstance(part, sp.Expr) for law in laws(part)]
        choice.shuffle(ways)
        for path, law in ways[:6]:
            new = law()
            if new is not None:
                e = changed(e, path, new)
                break
    return e


def assumed(e: sp.Expr, given: Given, choice: random.Random) -> sp.Expr:
    """The formula in a form that is equal only under an assumption."""
    relation, letter = given.relation, sp.Idx("n9", (1, N))
    base = sp.IndexedBase(given.name, **({"integer": True} if given.kind == "label" else {}))
    match given.kind:
        case "symmetric":
            found = [(path, part) for path, part in places(e) if isinstance(part, sp.Indexed) and part.base == base]
            path, part = choice.choice(found) if found else ((), e)
            return changed(e, path, base[part.indices[::-1]]) if found else e + base[1, N] - base[N, 1]
        case "one":
            return e * summed(base[letter], (letter, 1, N))
        case "unit":
            return e * summed(base[letter] ** 2, (letter, 1, N))
        case "sign":
            square = relation.lhs.subs({at: 1 for at in relation.lhs.free_symbols if isinstance(at, sp.Idx)})
            return choice.choice([e * square, e / square, e * Abs(square.base)])
    if given.kind == "label":
        return choice.choice(
            [e * Heaviside(base[1] - 0.5), e + KroneckerDelta(base[N], 0), e * Max(base[1], 1) / base[1]]
        )
    gap = relation.gts - relation.lts
    gap = gap.subs({at: 1 for at in gap.free_symbols if isinstance(at, sp.Idx)})
    return choice.choice(
        [
            e + Abs(gap) - gap,
            e + Max(gap, 0) - gap,
            e * (1 + Heaviside(-gap)) if isinstance(relation, sp.Gt) else e + Min(gap, 0),
        ]
    )


# -- slips --------------------------------------------------------------------------------------
_SWAPPED = {Max: Min, Min: Max, tanh: sp.sin, sp.sin: sp.cos, sp.cos: sp.sin, exp: cosh, cosh: sinh, sinh: cosh, log: sp.atan,
            sp.erf: tanh, sp.sech: cosh, sp.atan: tanh, sp.asinh: sp.atan, sp.tan: sp.sin}  # fmt: skip


def slips(e: sp.Basic, letters: list[sp.Basic]) -> list[Callable[[], Any]]:
    """Ways in which one part is written wrongly."""
    found: list[Callable[[], Any]] = []
    if isinstance(e, sp.Expr) and not isinstance(e, sp.Number):
        found += [lambda: -e, lambda: 2 * e]
    args = e.args
    match e:
        case sp.Number():
            found += [lambda: e + 1, lambda: -e]
        case sp.Add() | sp.Mul():
            found += [lambda at=at: e.func(*args[:at], *args[at + 1 :]) for at in range(len(args))]
        case sp.Indexed():
            for at in range(len(args) - 1):
                found += [
                    lambda at=at, to=to: e.base[(*e.indices[:at], to, *e.indices[at + 1 :])]
                    for to in letters
                    if to != e.indices[at]
                ]
            found.append(lambda: e.base[e.indices[::-1]])
        case sp.Pow():
            found += [
                lambda: e.base,
                lambda: e.base ** (e.exp + 1),
                lambda: e.base ** (-e.exp),
                lambda: Abs(e.base) ** e.exp,
            ]
        case Abs() | sign() | Heaviside():
            found += [
                lambda: args[0],
                lambda: sp.S.One,
                lambda: sp.S.Zero,
                lambda: e.func(-args[0]),
                lambda: e.func(args[0] - 1),
            ]
        case Max() | Min():
            found += [lambda: args[0], lambda: args[1], lambda: e.func(args[0] + 1, *args[1:])]
        case KroneckerDelta():
            found += [lambda: sp.S.One, lambda: sp.S.Zero, lambda: KroneckerDelta(args[0] + 1, args[1])]
        case sp.Sum():
            letter, low, high = args[-1]
            inner, other = summed(*args[:-1]) if len(args) > 2 else args[0], sp.Symbol(f"{letter}_", integer=True)
            found += [lambda: _over(put(inner, letter, other), other, low + 1, high), lambda: _over(put(inner, letter, other), other, low, high - 1),
                      lambda: put(inner, letter, low)]  # fmt: skip
        case Piecewise():
            found += _of_conditions(e)
    if type(e) in _SWAPPED:
        found.append(lambda: _SWAPPED[type(e)](*args))
    return found


def _of_conditions(e: Piecewise) -> list[Callable[[], Any]]:
    found: list[Callable[[], Any]] = [lambda: e.args[0][0], lambda: e.args[-1][0]]
    opposite = {sp.Gt: sp.Lt, sp.Lt: sp.Gt, sp.Ge: sp.Le, sp.Le: sp.Ge, sp.Eq: sp.Ne, sp.Ne: sp.Eq}
    for at, (value, c) in enumerate(e.args):
        found.append(lambda at=at, value=value, c=c: Piecewise(*e.args[:at], (value + 1, c), *e.args[at + 1 :]))
        others: list[Callable[[], Any]] = []
        if type(c) in opposite:
            others = [lambda c=c: opposite[type(c)](*c.args), lambda c=c: c.func(c.args[0], c.args[1] + 1)]
        elif isinstance(c, (sp.And, sp.Or)):
            others = [lambda c=c: (sp.Or if isinstance(c, sp.And) else sp.And)(*c.args), lambda c=c: c.args[0]]
        found += [
            lambda at=at, value=value, other=other: Piecewise(*e.args[:at], (value, other()), *e.args[at + 1 :])
            for other in others
        ]
    return found


def degenerate(e: sp.Expr, symbols: list[sp.Basic], choice: random.Random) -> sp.Expr:
    """The formula changed in a few places only: for one size, at one value, or on one side of a branch."""
    v = choice.choice(symbols) if symbols else sp.Integer(3)
    only = Piecewise((1, sp.Eq(v, choice.choice((0, 1)))), (0, True)) if symbols else sp.S.One
    return choice.choice([
        lambda: e * (1 + KroneckerDelta(N, choice.choice((1, 2, 3)))), lambda: e + KroneckerDelta(N, choice.choice((1, 2))), lambda: e * N, lambda: e + only,
        lambda: e * sign(v) ** 2, lambda: e * (1 + Max(0, v - 2)), lambda: e * Abs(v) / v, lambda: e + Heaviside(-v) * Max(0, -v - 1), lambda: e * sqrt(v**2) / v,
        lambda: Piecewise((e, v > 0), (-e, True)), lambda: Piecewise((e, v < 2), (0, True)), lambda: e + Max(0, Min(v, 1) - Max(v, 0)) + Max(0, Abs(v) - 3),
    ])()  # fmt: skip


def mistaken(e: sp.Expr, letters: list[sp.Basic], choice: random.Random) -> sp.Expr:
    """The formula with one slip."""
    symbols = sorted(
        (s for s in e.free_symbols if isinstance(s, sp.Symbol) and not s.is_integer and not isinstance(s, sp.Idx)),
        key=str,
    )
    symbols = [s for s in symbols if s not in {b.label for b in e.atoms(sp.IndexedBase)}]
    if choice.random() < 0.2:
        return degenerate(e, symbols, choice)
    ways = [(path, slip) for path, part in places(e) for slip in slips(part, letters)]
    choice.shuffle(ways)
    for path, slip in ways[:6]:
        new = slip()
        with suppress(ValueError):  # of SymPy, where a letter gets another range
            if new is not None:
                return changed(e, path, new)
    return e + 1
