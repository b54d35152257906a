"""Numbers as a reader sees them; `write` in docs/assets/figures.js gives the same texts.

A format is `fixed:4` (digits after the point), `short:3` (significant digits, with a power of ten
where the number is very large or small) or `count` (an integer in groups of three).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

__all__ = ["power_of_ten", "write"]

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
GROUPED_BELOW = 10**6


def write(value: float, kind: str) -> str:
    """Return a number as text, with a true minus sign."""
    name, _, digits = kind.partition(":")
    if name == "fixed":
        return _fixed(value, int(digits))
    if name == "short" or value >= GROUPED_BELOW:
        return _short(value, int(digits or 3))
    return f"{Decimal(_fixed(value, 0)):,}".replace(",", "\u202f")


def _fixed(value: float, digits: int) -> str:
    rounded = Decimal(value).quantize(
        Decimal(1).scaleb(-digits), ROUND_HALF_UP
    )  # a tie away from zero, as in JavaScript
    return f"{abs(rounded) if rounded == 0 else rounded:f}".replace("-", "−")


def _short(value: float, digits: int) -> str:
    if value == 0:
        return "0"
    rounded = Context(digits, ROUND_HALF_UP).create_decimal(Decimal(value))
    exponent = rounded.adjusted()
    if -4 < exponent < 5:
        return _fixed(value, max(0, digits - 1 - exponent))
    mantissa = f"{rounded.scaleb(-exponent):.{digits - 1}f}".replace("-", "−")
    return f"{mantissa} × {power_of_ten(exponent)}"


def power_of_ten(exponent: int) -> str:
    """Return 10 with a raised exponent; ten to the power 0 is written 1."""
    return f"10{str(exponent).translate(RAISED)}" if exponent else "1"
