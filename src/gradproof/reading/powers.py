"""What stands above a value, and what stands below it in a fraction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sympy as sp

from gradproof.lines import times
from gradproof.reading import matrices, tree
from gradproof.reading.heads import Head
from gradproof.reading.matrices import is_matrix
from gradproof.reading.numbers import raised_number

if TYPE_CHECKING:
    from gradproof.reading.meaning import Env, Meaning

__all__ = ["exponential", "is_number", "power", "quotient", "raised"]


def quotient(m: Meaning, top: Any, bottom: Any, node: tree.Node) -> Any:
    """A quotient; a zero below is refused."""
    if bottom == 0:
        raise m.fail("a division by zero", node)
    if is_matrix(top) or is_matrix(bottom):
        return matrices.quotient(m, top, bottom, node)
    return times(top, raised_number(m, bottom, sp.Integer(-1), node))


def raised(m: Meaning, base: Any, exponent: Any, node: tree.Node) -> Any:
    """A power of a number or a matrix."""
    if is_matrix(base) or is_matrix(exponent):
        return matrices.raised(m, base, exponent, node)
    return raised_number(m, base, exponent, node)


def power(m: Meaning, value: Any, above: tree.Node | None, node: tree.Node, env: Env) -> Any:
    """A value, raised to what stands above it."""
    if above is None:
        return value
    if is_matrix(value):
        return matrices.above_matrix(m, value, above, node, env)
    if isinstance(above, tree.Command) and above.name in ("top", "intercal"):
        raise m.fail(
            "a transpose needs a matrix",
            above,
            'Declare it, shapes={"x": "n"} for a vector, shapes={"A": ("m", "n")} for a matrix; or write the entries.',
        )
    if isinstance(above, tree.Name) and above.name == "T" and not is_number(m, "T"):
        raise m.unclear(
            f"{m.shown(node)}",
            above,
            ("a transpose", "a power"),
            'For a transpose declare what it is of, shapes={"x": "n"} for a vector, shapes={"A": ("m", "n")} for a'
            r" matrix, or write ^{\top}; for a power declare the number: names=[Symbol('T')].",
        )
    if isinstance(above, (tree.Lone, tree.Group)) and not (isinstance(above, tree.Group) and above.kind == ""):
        raise m.fail(f"{m.shown(node)}: what stands above is no power and no layer", above)
    return raised(m, value, m.value(above, env), node)


def exponential(m: Meaning, head: Head, above: tree.Node, env: Env) -> Any:
    """e^x; a bare number above it is reported, since e may be an error that is squared."""
    if isinstance(above, tree.Number) and not m.table.euler:
        raise m.unclear(
            f"{m.shown(head.node)}",
            head.node,
            ("the exponential", "a power of a number called e"),
            rf"Write \exp({m.shown(above)}) for the exponential; for a number declare it: names=[Symbol('e')].",
        )
    return raised(m, sp.E, m.value(above, env), head.node)


def is_number(m: Meaning, key: str) -> bool:
    """Whether a name is known as a number."""
    return isinstance(m.table.names.get(key), sp.Symbol)
