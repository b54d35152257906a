"""Conditions, and what depends on them: indicators, cases; and bars."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement

from gradproof.reading import tree
from gradproof.reading.left import left_side
from gradproof.reading.matrices import entrywise, is_matrix, norm, ones
from gradproof.reading.numbers import real
from gradproof.reading.powers import power
from gradproof.reading.vectors import norm_of_array

if TYPE_CHECKING:
    from gradproof.reading.meaning import Env, Meaning, Parts

__all__ = ["RELATIONS", "assumed", "bars", "cases", "indicator", "one", "related", "relation", "restricted"]

RELATIONS = {"=": sp.Eq, "≠": sp.Ne, "<": sp.Lt, "≤": sp.Le, ">": sp.Gt, "≥": sp.Ge}


def relation(m: Meaning, node: tree.Node, env: Env, slot: Callable[[Any], Any] = lambda value: value) -> sp.Basic:
    """One relation, or a chain of them, as a condition."""
    while isinstance(node, tree.Group) and len(node.items) == 1:
        node = node.items[0]
    if isinstance(node, tree.Group) and len(set(node.joins)) == 1 and node.joins[0] != ",":
        joined = sp.And if node.joins[0] == "and" else sp.Or
        return joined(*(relation(m, item, env, slot) for item in node.items))
    if not isinstance(node, tree.Sides) or "∈" in node.relations:
        raise m.fail(
            f"{m.shown(node)} is no condition", node, "Accepted are =, \\ne, <, \\le, >, \\ge between two values."
        )
    values = [slot(m.value(side, env)) for side in node.sides]
    parts = [RELATIONS[r](a, b) for r, a, b in zip(node.relations, values, values[1:], strict=False)]
    return sp.And(*parts) if len(parts) > 1 else parts[0]


def _indicated(m: Meaning, node: tree.Sides, env: Env) -> sp.Expr:
    """1 where a condition holds, else 0; a Kronecker delta for two whole numbers."""
    if node.relations in (("=",), ("≠",)):
        one, other = (m.value(side, env) for side in node.sides)
        if not (one.is_integer and other.is_integer):
            raise m.fail(
                f"{m.shown(node)} compares values that are not known to be whole numbers",
                node,
                "Declare an index by its range, ranges={..}; a label as such: names=[IndexedBase('y', integer=True)].",
            )
        delta = sp.KroneckerDelta(one, other)
        return delta if node.relations == ("=",) else 1 - delta
    return sp.Piecewise((1, relation(m, node, env)), (0, True))


def indicator(m: Meaning, node: tree.Node, env: Env) -> sp.Expr:
    """The indicator of a condition."""
    if not isinstance(node, tree.Sides):
        raise m.fail("an indicator needs a condition", node, r"Write \mathbb{1}[x > 0].")
    return _indicated(m, node, env)


def one(m: Meaning, parts: Parts, n: int, env: Env) -> tuple[sp.Expr, int]:
    r"""\mathbb{1}[x > 0] or \mathbb{1}_{x > 0}."""
    node = parts[n][1]
    if isinstance(node, tree.Scripted) and node.below is not None and node.above is None:
        inner = node.below
        while isinstance(inner, tree.Group) and len(inner.items) == 1:
            inner = inner.items[0]
        return indicator(m, inner, env), n + 1
    behind = parts[n + 1][1] if n + 1 < len(parts) and parts[n + 1][0] == "" else None
    scripted = behind if isinstance(behind, tree.Scripted) else None
    group = scripted.base if scripted else behind
    while isinstance(group, tree.Group) and group.kind == "" and len(group.items) == 1:
        group = group.items[0]
    if m.table.has_matrices() and not (isinstance(group, tree.Group) and isinstance(group.items[0], tree.Sides)):
        vector = ones()
        return (power(m, vector, node.above, node, env) if isinstance(node, tree.Scripted) else vector), n + 1
    if not isinstance(group, tree.Group) or len(group.items) != 1:
        raise m.fail("an indicator needs a condition", node, r"Write \mathbb{1}[x > 0].")
    value = indicator(m, group.items[0], env)
    return (power(m, value, scripted.above, scripted, env) if scripted else value), n + 2


def cases(m: Meaning, node: tree.Cases, env: Env) -> Any:
    """A function in pieces; of one matrix, it is one of each entry."""
    wide: dict[Any, sp.Symbol] = {}

    def slot(value: Any) -> Any:
        single = is_matrix(value) and value.shape == (1, 1)
        if not is_matrix(value) or single:
            return MatrixElement(value, sp.Integer(0), sp.Integer(0)) if single else value
        return wide.setdefault(value, sp.Dummy("u"))

    rows = []
    for value, conditions in node.rows:
        held = sp.Or(*(sp.And(*(relation(m, c, env, slot) for c in group)) for group in conditions))
        rows.append((slot(m.value(value, env)), held if conditions else sp.true))
    if not wide:
        return sp.Piecewise(*rows)
    if len(wide) > 1:
        raise m.fail("a function in pieces of two matrices at once is not read", node)
    ((matrix, free),) = wide.items()
    return entrywise(m, lambda u: sp.Piecewise(*rows).xreplace({free: u}), [matrix], node)


def _abs_of(m: Meaning, body: Any, node: tree.Bars) -> Any:
    if is_matrix(body) and 1 not in body.shape:
        raise m.unclear(
            f"{m.shown(node)}",
            node,
            ("the determinant", "the absolute value of each entry"),
            r"Write \det(A) for the determinant, \operatorname{abs}(A) for the entries.",
        )
    return body


def bars(m: Meaning, node: tree.Bars, below: tree.Node | None, above: tree.Node | None, env: Env) -> sp.Expr:
    """An absolute value, or a norm."""
    body = m.value(node.body, env) if m.table.has_matrices() or not node.double else None
    if node.double and is_matrix(body):
        return norm(m, body, below, above, node)
    if node.double:
        return norm_of_array(m, node, below, above, env)
    if below is not None:
        raise m.fail("a script below an absolute value is not read", below)
    return power(m, real(m, entrywise(m, sp.Abs, [_abs_of(m, body, node)], node), node), above, node, env)


def restricted(m: Meaning, condition: tree.Sides, body: sp.Expr, env: Env) -> sp.Expr:
    """The body where a condition on indices holds, else 0: as a factor, if the body is defined everywhere."""
    if all(_entire(part) for part in sp.preorder_traversal(body)):
        return _indicated(m, condition, env) * body
    return sp.Piecewise((body, relation(m, condition, env)), (0, True))


def _entire(e: sp.Basic) -> bool:
    if isinstance(e, sp.Pow):
        return bool(e.exp.is_Integer and e.exp.is_positive)
    return not isinstance(e, sp.Function) or isinstance(e, (sp.exp, sp.tanh, sp.sin, sp.cos, sp.KroneckerDelta))


# -- equations and assumptions ------------------------------------------------------------------------------
def related(m: Meaning, node: tree.Sides, env: Env) -> Any:
    """An equation, or an inequality, as it stands; the left side may have arguments, which are only shown."""
    found = RELATIONS.get(node.relations[0])
    if found is None:
        raise m.fail(f"the relation {node.relations[0]} is not read here", node)
    left = left_side(node.sides[0]) if node.relations == ("=",) else None
    if left is not None and left.square and left.arguments is None:
        left = None
    sides = (node.sides[0] if left is None else left.node, node.sides[1])
    one, other = (m.value(side, env) for side in sides)
    return found(one, other, evaluate=False)


def assumed(m: Meaning, node: tree.Sides, env: Env) -> list[Any]:
    r"""What a text assumes: 0 < p < 1 is two relations, y \in \{0, 1\} is y^2 = y, \|x\| = 1 a sum of squares."""
    if node.relations == ("∈",):
        return [_member(m, node, env)]
    if len(node.sides) > 2 and "=" in node.relations:
        raise m.fail("one equation or inequality is expected", node)
    pairs = zip(node.sides, node.sides[1:], node.relations, strict=False)
    return [_assumed_one(m, tree.Sides(a.at, b.end, (a, b), (r,)), env) for a, b, r in pairs]


def _assumed_one(m: Meaning, node: tree.Sides, env: Env) -> Any:
    found = RELATIONS.get(node.relations[0])
    if found is None:
        raise m.fail(f"the relation {node.relations[0]} is not read here", node)
    one, other = (m.value(side, env) for side in node.sides)
    root = isinstance(one, sp.Pow) and one.exp == sp.Rational(1, 2) and isinstance(one.base, sp.Sum)
    if root and found is sp.Eq and other.is_nonnegative:
        return sp.Eq(one.base, other**2, evaluate=False)
    return found(one, other, evaluate=False)


def _member(m: Meaning, node: tree.Sides, env: Env) -> Any:
    """One of two values, a or b: y^2 = (a + b) y - a b."""
    group = node.sides[1]
    if not isinstance(group, tree.Group) or group.kind != "{" or len(group.items) != 2:
        raise m.fail(
            f"{m.shown(node)} is not read",
            node,
            r"Accepted are two values, y \in \{0, 1\}, and inequalities, 0 < p < 1.",
        )
    value = m.value(node.sides[0], env)
    one, other = (m.value(item, env) for item in group.items)
    return sp.Eq(value**2, sp.expand((one + other) * value - one * other), evaluate=False)
