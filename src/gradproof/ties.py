"""Ties: the equations on which a formula may have a kink or a jump.

Max(a, b) has a kink only where a = b.  But where a and b branch themselves they may agree on an open set, as in
Max(r, clip(r)), and there Max has none: cases.py leaves out a tie only in the branches, and for the indices, in which
it is thin, and values.py looks at both sides around a point.  A tie that may be fat is told to the reader by the ties
of all that its sides can be, which cover its thin parts.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import sympy as sp
from sympy.core.relational import Relational

from gradproof.elementary import BRANCHING
from gradproof.lines import index_range
from gradproof.ranges import Spans

__all__ = ["Kink", "apart", "is_thin", "kinks"]

_MOST = 12  # things that one side can be
_ZERO = sp.Integer(0)

#: an equation, and the ranges of its bound indices
Kink = tuple[sp.Eq, dict[sp.Basic, tuple[sp.Expr, sp.Expr]]]


def kinks(e: sp.Basic, template: Sequence[sp.Basic] = ()) -> list[Kink]:
    """Where an expression may have a kink or a jump: an equation, and the ranges of its bound indices.

    The indices in `template` (of a definition) count as bound.
    """
    found: dict[sp.Basic, Kink] = {}

    def note(left: sp.Expr, right: sp.Expr, spans: Spans) -> None:
        equation = sp.Eq(left, right, evaluate=False)
        found[equation] = (equation, {i: s for i, s in spans.items() if equation.has(i)})

    def visit(node: sp.Basic, spans: Spans) -> None:
        match node:
            case sp.Sum():
                spans = {**spans, **{i: (lo, hi) for i, lo, hi in node.limits}}
            case sp.Abs() | sp.sign() | sp.Heaviside():
                note(node.args[0], _ZERO, spans)
            case sp.Max() | sp.Min():
                for one, other in itertools.combinations(node.args, 2):
                    note(one, other, spans)
            case sp.Piecewise():
                for _, condition in node.args:
                    for r in condition.atoms(Relational):
                        if not all(a.is_integer for a in r.args):
                            note(r.args[0], r.args[1], spans)
        for a in node.args:
            visit(a, spans)

    visit(e, {i: span for i in template if (span := index_range(i)) is not None})
    return list(found.values())


def apart(tie: sp.Eq) -> list[sp.Eq]:
    """The tie; if it may be fat, the equations between what its sides can be, but for those that always or never hold."""
    if is_thin(tie):
        return [tie]
    sides = [_alternatives(side) for side in tie.args]
    if not all(sides) or len(sides[0]) * len(sides[1]) > _MOST:
        return [tie]
    pairs = ((a, b, sp.expand(a - b)) for a, b in itertools.product(*sides))
    return [sp.Eq(a, b, evaluate=False) for a, b, gap in pairs if not gap.is_number]


def is_thin(equation: sp.Eq) -> bool:
    """Whether no open set solves the equation, as far as that is seen; False means "not seen".

    Its sides do not branch, or it can be solved for a letter or an entry that occurs nowhere else.
    """
    gap = sp.expand(equation.lhs - equation.rhs)
    if gap.is_number:
        return False
    if not any(map(_branches, sp.preorder_traversal(gap))):
        return True
    for term in sp.Add.make_args(gap):
        number, letter = term.as_coeff_Mul()
        name = letter.base if isinstance(letter, sp.Indexed) else letter
        alone = isinstance(letter, (sp.Symbol, sp.Indexed)) and not letter.is_integer
        if alone and number.is_Rational and not (gap - term).has(name):
            return True
    return False


def _branches(node: sp.Basic) -> bool:
    """Whether a node branches on more than indices and sizes."""
    if not isinstance(node, BRANCHING):
        return False
    asked = {r for _, c in node.args for r in c.atoms(Relational)} if isinstance(node, sp.Piecewise) else {node}
    return not all(side.is_integer for r in asked for side in r.args)


def _alternatives(e: sp.Basic) -> list[sp.Expr]:
    """What a formula can be, without branches; none if they are too many, or stand in a sum."""
    if not any(map(_branches, sp.preorder_traversal(e))):
        return [e]
    found = list(dict.fromkeys(itertools.islice(_chosen(e), _MOST + 1)))
    return found if len(found) <= _MOST else []


def _chosen(e: sp.Basic) -> Iterator[sp.Expr]:
    match e:
        case sp.Sum() | sp.KroneckerDelta():
            return
        case sp.Max() | sp.Min():
            values: Sequence[sp.Basic] = e.args
        case sp.Abs():
            values = (e.args[0], -e.args[0])
        case sp.sign():
            values = (sp.Integer(1), sp.Integer(-1))
        case sp.Heaviside():
            values = (sp.Integer(1), _ZERO)
        case sp.Piecewise():
            values = [v for v, _ in e.args]
        case _:
            for args in itertools.product(*map(_alternatives, e.args)):
                yield e.func(*args)
            return
    for value in values:
        yield from _alternatives(value)
