"""Conditions, and what depends on them: indicators, cases; and bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sympy as sp

from gradproof.reading import tree

if TYPE_CHECKING:
    from gradproof.reading.meaning import Env, Meaning, Parts

__all__ = ["RELATIONS", "bars", "cases", "indicator", "one", "relation", "restricted"]

RELATIONS = {"=": sp.Eq, "≠": sp.Ne, "<": sp.Lt, "≤": sp.Le, ">": sp.Gt, "≥": sp.Ge}


def relation(m: Meaning, node: tree.Node, env: Env) -> sp.Basic:
    """One relation, or a chain of them, as a condition."""
    while isinstance(node, tree.Group) and len(node.items) == 1:
        node = node.items[0]
    if isinstance(node, tree.Group) and len(set(node.joins)) == 1 and node.joins[0] != ",":
        joined = sp.And if node.joins[0] == "and" else sp.Or
        return joined(*(relation(m, item, env) for item in node.items))
    if not isinstance(node, tree.Sides) or "∈" in node.relations:
        raise m.fail(
            f"{m.shown(node)} is no condition", node, "Accepted are =, \\ne, <, \\le, >, \\ge between two values."
        )
    values = [m.value(side, env) for side in node.sides]
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
                "Declare a label as such: names=[IndexedBase('y', integer=True)].",
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
    if not isinstance(group, tree.Group) or len(group.items) != 1:
        raise m.fail("an indicator needs a condition", node, r"Write \mathbb{1}[x > 0].")
    value = indicator(m, group.items[0], env)
    return (m.power(value, scripted.above, scripted, env) if scripted else value), n + 2


def cases(m: Meaning, node: tree.Cases, env: Env) -> sp.Expr:
    """A function in pieces."""
    rows = []
    for value, conditions in node.rows:
        held = sp.Or(*(sp.And(*(relation(m, c, env) for c in group)) for group in conditions))
        rows.append((m.value(value, env), held if conditions else sp.true))
    return sp.Piecewise(*rows)


def bars(m: Meaning, node: tree.Bars, below: tree.Node | None, above: tree.Node | None, env: Env) -> sp.Expr:
    """An absolute value; a norm is refused with the sum to be written."""
    if node.double:
        raise m.fail(
            f"the norm {m.shown(node)} does not say over which index it sums",
            node,
            r"Write \sum_i x_i^2 for the square of a norm, \sqrt{\sum_i x_i^2} for a norm.",
        )
    if below is not None:
        raise m.fail("a script below an absolute value is not read", below)
    return m.power(m.real(sp.Abs(m.value(node.body, env)), node), above, node, env)


def restricted(m: Meaning, condition: tree.Sides, body: sp.Expr, env: Env) -> sp.Expr:
    """The body where a condition on indices holds, else 0: as a factor, if the body is defined everywhere."""
    if all(_entire(part) for part in sp.preorder_traversal(body)):
        return _indicated(m, condition, env) * body
    return sp.Piecewise((body, relation(m, condition, env)), (0, True))


def _entire(e: sp.Basic) -> bool:
    if isinstance(e, sp.Pow):
        return bool(e.exp.is_Integer and e.exp.is_positive)
    return not isinstance(e, sp.Function) or isinstance(e, (sp.exp, sp.tanh, sp.sin, sp.cos, sp.KroneckerDelta))
