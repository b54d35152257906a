"""Powers of numbers, and values that must be real."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sympy as sp

from gradproof.reading import tree

if TYPE_CHECKING:
    from gradproof.reading.meaning import Meaning

__all__ = ["raised_number", "real"]

MAX_BITS = 1_000_000  # of a power of numbers, fifty times over where it is written out


def raised_number(m: Meaning, base: sp.Expr, exponent: sp.Expr, node: tree.Node) -> sp.Expr:
    """A power; numbers only as far as they can be written down."""
    if base == 0 and exponent.is_number and not exponent.is_positive:
        raise m.fail("zero is raised to a power that is not positive", node)
    if base.is_number and exponent.is_number and base not in (1, -1, 0):
        bits = 1 if base == sp.E else 50 * _bits(base)
        if _size(exponent) * bits > MAX_BITS:
            raise m.fail("a power of numbers that is too large", node)
    return real(m, sp.exp(exponent) if base == sp.E else base**exponent, node)


def real(m: Meaning, value: Any, node: tree.Node) -> Any:
    """The value, if it is no number beyond the real ones; SymPy doubts that letters are real."""
    if value.has(sp.re, sp.im):
        value = value.replace(sp.re, lambda u: u).replace(sp.im, lambda _: sp.Integer(0))
    if isinstance(value, (sp.exp, sp.sinh, sp.cosh)) and value.is_number and _size(value.args[0]) > MAX_BITS:
        raise m.fail("a power of numbers that is too large", node)
    if value.is_number and value.has(sp.I, sp.zoo, sp.nan, sp.oo, -sp.oo):
        raise m.fail(f"{m.shown(node)} is {value}, which is no real number", node)
    return value


def _bits(number: sp.Expr) -> int:
    """How many digits a number has, about."""
    return number.p.bit_length() + number.q.bit_length() if number.is_Rational else 2


def _size(number: sp.Expr) -> sp.Expr:
    return abs(number.p) + number.q if number.is_Rational else abs(sp.N(number, 6))
