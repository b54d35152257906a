"""Every statement that is one slip away from another, and how the slip is seen without any prover.

A slip has a kind, the changed statement, and a question: does it now say something false, or does its
certificate or witness no longer show it?  The answer comes from `plain`, at points of our own; for an
order, a direction or a digit there is nothing to ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import sympy as sp

from gradproof.statements import (
    Approximation,
    Differs,
    DiffersWhen,
    Equality,
    Follows,
    GradientCost,
    Induction,
    Inequality,
    NoFunction,
    OnBox,
    Rounded,
    Statement,
    Substitutes,
)
from gradproof.trials.mutants import mutants
from plain import Plain, apart, letters, number, sizes
from plain_points import REVERSED, descends, fails_on_box, grows, holds, met, places, scenes, shown_at

__all__ = ["Slips", "always", "but", "next_digit", "slips"]

Slips = Iterator[tuple[str, Any, Callable[[], bool]]]


def always() -> bool:
    """The slip needs no demonstration."""
    return True


def slips(statement: Statement, identity: str) -> Slips:
    """Every statement that is one slip away from this one."""
    match statement:
        case Equality():
            yield from _equality(statement)
        case Differs():
            yield from _differs(statement)
        case DiffersWhen():
            yield from _differs_when(statement)
        case Approximation():
            yield from _approximation(statement)
        case Inequality():
            yield from _inequality(statement, identity)
        case OnBox():
            yield from _on_box(statement)
        case Rounded():
            yield from _rounded(statement)
        case NoFunction():
            yield from _no_function(statement)
        case Induction():
            yield from _induction(statement)
        case GradientCost():
            for by in (-1, 1):
                yield "ratio", replace(statement, ratio=statement.ratio + by), always
                for n, power in enumerate(statement.exponents):
                    yield "exponent", replace(statement, exponents=but(statement.exponents, n, power + by)), always
        case Substitutes():
            for n, cited in enumerate(statement.numbers):
                for other in sorted({*statement.stated, "4.11"} - {cited}):
                    yield "number", replace(statement, numbers=but(statement.numbers, n, other)), always
            for other in sorted({*statement.stated, "4.10"} - {statement.into}):
                yield "into", replace(statement, into=other), always
            for other in sorted(set(statement.stated) - {statement.gives}):
                yield "gives", replace(statement, gives=other), always
        case Follows():
            yield from _follows(statement)
        case _:
            raise NotImplementedError(type(statement))


def but(parts: Sequence[Any], n: int, part: Any) -> tuple[Any, ...]:
    return (*parts[:n], part, *parts[n + 1 :])


def _without(parts: Sequence[Any], n: int) -> tuple[Any, ...]:
    return (*parts[:n], *parts[n + 1 :])


def next_digit(printed: str) -> str:
    """A printed number with one more in its last digit; 5.10 has 5.11 after it, and 1/2 has 3/2."""
    if "/" in printed:
        return str(sp.Rational(printed) + 1)
    value = Decimal(printed)
    return str(value + Decimal((0, (1,), value.as_tuple().exponent)))


def _indices(*parts: sp.Basic) -> tuple[sp.Basic, ...]:
    """The indices that expressions leave free."""
    bound = {limit[0] for e in parts for s in e.atoms(sp.Sum) for limit in s.limits}
    found = {i for e in parts for i in e.atoms(sp.Idx)} - bound
    return tuple(sorted(found, key=str))


# -- equalities ---------------------------------------------------------------------------------
def _equality(s: Equality) -> Slips:
    free = _indices(s.left, s.right, *((s.wrt,) if s.wrt is not None else ()))

    def fails(left: sp.Expr, right: sp.Expr, **changed: Any) -> Callable[[], bool]:
        definitions = changed.get("definitions", s.definitions)
        assumptions = changed.get("assumptions", s.assumptions)
        return lambda: shown_at(scenes((left, right), definitions, assumptions), lambda at: apart(at(left), at(right)))

    for kind, right in mutants(s.right, free):
        yield kind, replace(s, right=right), fails(s.left, right)
    yield "one more", replace(s, right=s.right + 1), fails(s.left, s.right + 1)
    if not isinstance(s.left, sp.Derivative):
        for kind, left in mutants(s.left, free):
            yield f"left side, {kind}", replace(s, left=left), fails(left, s.right)
    for n, (line, rule) in enumerate(s.lines):
        for kind, wrong in mutants(line, free):
            yield f"line, {kind}", replace(s, lines=but(s.lines, n, (wrong, rule))), fails(s.left, wrong)
    for n, d in enumerate(s.definitions):
        for kind, rhs in (("sign", -d.rhs), ("factor", 2 * d.rhs)):
            definitions = but(s.definitions, n, sp.Eq(d.lhs, rhs, evaluate=False))
            changed = replace(s, definitions=definitions)
            yield f"definition, {kind}", changed, fails(s.left, s.right, definitions=definitions)
    for n in range(len(s.assumptions)):
        fewer = _without(s.assumptions, n)
        yield "dropped assumption", replace(s, assumptions=fewer), fails(s.left, s.right, assumptions=fewer)


def _differs(s: Differs) -> Slips:
    at, values = s.at, s.values
    assert at is not None
    assert values is not None
    for side in (0, 1):
        yield "a value", replace(s, values=but(values, side, next_digit(values[side]))), always
    yield "the same twice", replace(s, right=s.left), always
    point = letters(at)
    plain = Plain({z: int(point[sp.Symbol(str(z))]) for z in sizes(s.left, s.right)}, s.definitions)

    def off(e: sp.Expr, stated: str, here: Any = None) -> bool:
        value = number(plain.out(e), here or point)
        places = len(stated.partition(".")[2])
        half = sp.Rational(1, 2 * 10**places) if places else 0
        return value is not None and bool(abs(value - sp.Rational(stated)) > half)

    for side, name in enumerate(("left", "right")):
        for kind, e in mutants(getattr(s, name), _indices(s.left, s.right)):
            seen = lambda e=e, side=side: off(e, values[side])
            yield kind, replace(s, **{name: e}), seen
    for key, value in at.items():
        if isinstance(value, int) and key not in plain.sizes:
            moved = {**at, key: value + 1}
            seen = lambda moved=moved: any(
                off(e, v, letters(moved)) for e, v in zip((s.left, s.right), values, strict=True)
            )
            yield "the point", replace(s, at=moved), seen


def _differs_when(s: DiffersWhen) -> Slips:
    free = _indices(s.left, s.right, *s.conditions)

    def fails(left: sp.Expr, right: sp.Expr, conditions: Sequence[sp.Ne], **changed: Any) -> Callable[[], bool]:
        """Whether at some point the sides differ and a condition fails, or the other way round."""
        parts = (left, right, *(side for c in conditions for side in c.args))
        given = changed.get("assumptions", s.assumptions)

        def wrong(at: Callable[[sp.Expr], Any]) -> bool:
            met = all(apart(at(c.lhs), at(c.rhs)) for c in conditions)
            return at(left) is not None and at(right) is not None and apart(at(left), at(right)) != met

        zeros = [c.lhs - c.rhs for c in s.conditions]
        return lambda: shown_at(scenes(parts, s.definitions, given, coincide=zeros), wrong)

    for name in ("left", "right"):
        for kind, e in mutants(getattr(s, name), free):
            sides = {"left": s.left, "right": s.right} | {name: e}
            yield kind, replace(s, **{name: e}), fails(sides["left"], sides["right"], s.conditions)
    for n, c in enumerate(s.conditions):
        if len(s.conditions) > 1:
            fewer = _without(s.conditions, n)
            yield "dropped condition", replace(s, conditions=fewer), fails(s.left, s.right, fewer)
        for side, e in enumerate(c.args):
            for kind, other in mutants(e, free):
                conditions = but(s.conditions, n, sp.Ne(*but(c.args, side, other), evaluate=False))
                if isinstance(conditions[n], sp.Ne):
                    yield f"condition, {kind}", replace(s, conditions=conditions), fails(s.left, s.right, conditions)
    for n in range(len(s.assumptions)):
        fewer = _without(s.assumptions, n)
        seen = fails(s.left, s.right, s.conditions, assumptions=fewer)
        yield "dropped assumption", replace(s, assumptions=fewer), seen
    for factor in (-s.factor, 2 * s.factor, sp.Integer(0)):
        yield "the factor", replace(s, factor=factor), always


# -- orders, inequalities, numbers ------------------------------------------------------------------
def _approximation(s: Approximation) -> Slips:
    for by in (-1, 1):
        yield "order", replace(s, order=s.order + by), always
    free = _indices(s.exact, s.model)
    for name in ("model", "exact"):
        for kind, e in mutants(getattr(s, name), free):
            changed = replace(s, **{name: e})
            yield kind if name == "model" else f"exact side, {kind}", changed, lambda c=changed: not grows(c)
    for n in range(len(s.assumptions)):
        changed = replace(s, assumptions=_without(s.assumptions, n))
        yield "dropped assumption", changed, lambda c=changed: not grows(c)


def _inequality(s: Inequality, identity: str) -> Slips:
    at = [*places(identity), *([letters(s.at)] if s.at else [])]
    free = _indices(s.relation.lhs, s.relation.rhs)

    def fails(changed: Inequality) -> Callable[[], bool]:
        return lambda: any(met(changed, point) and not holds(changed.relation, changed, point) for point in at)

    def broken(changed: Inequality) -> Callable[[], bool]:
        """Whether the terms no longer add up to the difference."""
        total = sp.Add(*changed.terms, *(m * (c.lhs - c.rhs) for c, m in changed.constraints), evaluate=False)
        parts = (changed.relation.gts, changed.relation.lts, total)
        seen = lambda here: apart(here(parts[0] - parts[1]), here(total))
        return lambda: shown_at(scenes(parts, s.definitions, s.assumptions), seen)

    def with_relation(kind: type, sides: Sequence[sp.Expr]) -> Inequality:
        return replace(s, relation=kind(*sides, evaluate=False))

    kind = type(s.relation)
    changed = with_relation(REVERSED[kind], s.relation.args)
    yield "direction", changed, fails(changed)
    strict = {sp.Le: sp.Lt, sp.Ge: sp.Gt}.get(kind)
    if strict:
        changed = with_relation(strict, s.relation.args)
        yield "strictness", changed, fails(changed)
    for side, e in enumerate(s.relation.args):
        for what, other in mutants(e, free):
            changed = with_relation(kind, but(s.relation.args, side, other))
            yield f"a side, {what}", changed, broken(changed)
    for n, term in enumerate(s.terms):
        for what, other in mutants(term, free):
            changed = replace(s, terms=but(s.terms, n, other))
            yield f"a term, {what}", changed, broken(changed)
    for n, (equation, multiplier) in enumerate(s.constraints):
        yield "dropped constraint", (c := replace(s, constraints=_without(s.constraints, n))), fails(c)
        for what, other in mutants(multiplier, free):
            changed = replace(s, constraints=but(s.constraints, n, (equation, other)))
            yield f"a multiplier, {what}", changed, broken(changed)
        for what, other in mutants(equation.lhs, free):
            wrong = sp.Eq(other, equation.rhs, evaluate=False)
            changed = replace(s, constraints=but(s.constraints, n, (wrong, multiplier)))
            yield f"a constraint, {what}", changed, broken(changed)
    for n in range(len(s.positive)):
        yield "dropped sign", (c := replace(s, positive=_without(s.positive, n))), fails(c)
    for n in range(len(s.assumptions)):
        yield "dropped assumption", (c := replace(s, assumptions=_without(s.assumptions, n))), fails(c)
    for key, value in (s.at or {}).items():
        if key.is_integer is not True:
            moved = {**(s.at or {}), key: _moved(value)}
            yield "the example", (c := replace(s, at=moved)), lambda c=c: not met(c, letters(c.at or {}), given=False)


def _moved(value: Any) -> Any:
    return list(map(_moved, value)) if isinstance(value, (list, tuple)) else -7 - value


def _on_box(s: OnBox) -> Slips:
    def fails(changed: OnBox) -> Callable[[], bool]:
        return lambda: fails_on_box(changed)

    kind = type(s.relation)
    yield "direction", (c := replace(s, relation=REVERSED[kind](*s.relation.args, evaluate=False))), fails(c)
    for side, e in enumerate(s.relation.args):
        for what, other in mutants(e, ()):
            changed = replace(s, relation=kind(*but(s.relation.args, side, other), evaluate=False))
            yield f"a side, {what}", changed, fails(changed)
        if e.is_Rational and not e.is_Integer:
            for by in (-1, 1):
                moved = e + sp.Rational(by, 10 ** len(str(Decimal(int(e.p)) / Decimal(int(e.q))).partition(".")[2]))
                changed = replace(s, relation=kind(*but(s.relation.args, side, moved), evaluate=False))
                yield "a number", changed, fails(changed)
    for letter, ends in s.box.items():
        for n, end in enumerate(ends):
            for by in (sp.Rational(1, 10), sp.Rational(1, 1000), sp.Rational(1, 10000), 1):
                for sign in (-1, 1):
                    changed = replace(s, box={**s.box, letter: but(ends, n, str(sp.Rational(end) + sign * by))})
                    yield "the box", changed, fails(changed)
    for n, d in enumerate(s.definitions):
        for what, rhs in mutants(d.rhs, ()):
            changed = replace(s, definitions=but(s.definitions, n, sp.Eq(d.lhs, rhs, evaluate=False)))
            yield f"definition, {what}", changed, fails(changed)


def _rounded(s: Rounded) -> Slips:
    step = sp.Rational(1, 10 ** len(s.printed.partition(".")[2]))
    for other in (next_digit(s.printed), str(2 * Decimal(s.printed) - Decimal(next_digit(s.printed)))):
        yield "a digit", replace(s, printed=other), always
    for kind, e in mutants(s.expression, ()):
        seen = lambda e=e: bool(abs((number(e, letters(s.at)) or 0) - sp.Rational(s.printed)) > step)
        yield kind, replace(s, expression=e), seen


# -- points, steps, citations -----------------------------------------------------------------------
def _no_function(s: NoFunction) -> Slips:
    def shows_nothing(c: NoFunction) -> Callable[[], bool]:
        """Whether the two points no longer have one source and two targets, with the fixed things fixed."""

        def seen() -> bool:
            points = [letters(c.one), letters(c.other)]
            plain = Plain(
                {z: int(points[0][sp.Symbol(str(z))]) for z in sizes(c.source, *c.definitions)}, c.definitions
            )
            source, target = ([number(plain.out(e), at) for at in points] for e in (c.source, c.target))
            moved = any(c.one[name] != c.other[name] for name in c.fixed)
            return moved or apart(*source) or not apart(*target)

        return seen

    yield "source and target", (c := replace(s, source=s.target, target=s.source)), shows_nothing(c)
    yield "one point twice", (c := replace(s, other=s.one)), shows_nothing(c)
    for key, value in s.one.items():
        if not isinstance(value, list) and key.is_integer is not True:
            yield "a point", (c := replace(s, one={**s.one, key: value + 1})), shows_nothing(c)
    for kind, e in mutants(s.target, ()):
        yield f"target, {kind}", (c := replace(s, target=e)), shows_nothing(c)


def _induction(s: Induction) -> Slips:
    parts = [("form", n, e) for n, e in enumerate(s.form)] + [("start", n, e) for n, e in enumerate(s.start)]
    for name, n, equation in parts:
        for what, right in _other_rights(equation):
            changed = replace(s, **{name: but(getattr(s, name), n, sp.Eq(equation.lhs, right, evaluate=False))})
            yield f"{name}, {what}", changed, lambda c=changed: not descends(c)
    for n in range(len(s.assumptions)):
        yield (
            "dropped assumption",
            (c := replace(s, assumptions=_without(s.assumptions, n))),
            lambda c=c: not descends(c),
        )


def _other_rights(equation: sp.Eq) -> Iterator[tuple[str, sp.Expr]]:
    left, right = equation.args
    if right.is_number:
        yield "number", right + 1
        return
    indices = getattr(left, "indices", ())
    fresh = sp.IndexedBase("fresh")
    if not indices:
        yield "letter", sp.Symbol("fresh")
    for index in indices:
        if not right.has(index):
            yield "index", fresh[index]
    if right.is_Indexed:
        yield "fewer indices", sp.Symbol("fresh")


def _follows(s: Follows) -> Slips:
    def shown(changed: Follows) -> Callable[[], bool]:
        """Whether the premises hold somewhere, and the conclusion does not; or the example is none."""

        def seen() -> bool:
            plain = Plain({}, ())
            sides = [tuple(map(plain.out, e.args)) for e in (*changed.premises, changed.conclusion)]
            free = {v for pair in sides for e in pair for v in e.free_symbols}
            for seed in range(4):
                at = plain.values(free, changed.premises, seed)
                values = [tuple(number(e, at) for e in pair) for pair in sides]
                if not any(apart(*pair) for pair in values[:-1]) and apart(*values[-1]):
                    return True
            at = letters(changed.at)
            return any(apart(*(number(e, at) for e in pair)) for pair in sides[:-1])

        return seen

    for n, premise in enumerate(s.premises):
        yield "dropped premise", (c := replace(s, premises=_without(s.premises, n))), shown(c)
        for kind, e in mutants(premise.rhs, ()):
            wrong = but(s.premises, n, sp.Eq(premise.lhs, e, evaluate=False))
            yield f"a premise, {kind}", (c := replace(s, premises=wrong)), shown(c)
    for kind, e in mutants(s.conclusion.rhs, ()):
        yield f"conclusion, {kind}", (c := replace(s, conclusion=sp.Eq(s.conclusion.lhs, e, evaluate=False))), shown(c)
    for n, cited in enumerate(s.cited):
        for other in sorted({*s.stated, "4.1"} - {cited}):
            if s.stated.get(other) not in (*s.premises, s.conclusion):
                yield "number", replace(s, cited=but(s.cited, n, other)), lambda: True
    for key, value in s.at.items():
        yield "the example", (c := replace(s, at={**s.at, key: value + 1})), shown(c)
