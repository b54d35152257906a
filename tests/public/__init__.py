"""Public derivative formulas, right and wrong, each with the place where it is printed.

A formula is one record.  Right ones are what a source prints, or what a program computes, and
true; wrong ones were printed or computed too, unless the note says that it is a slip which the
source warns of.  One module holds one source, or one theme; `formulas()` is all of them.
"""

from __future__ import annotations

from importlib import import_module

from public.record import Formula

MODULES = (
    "activations",
    "boosting",
    "courses",
    "layers",
    "losses",
    "matrices",
    "networks",
    "slips",
    "slips_in_layers",
)


def formulas() -> tuple[Formula, ...]:
    """All formulas, module by module."""
    return tuple(f for m in MODULES for f in import_module(f"public.{m}").FORMULAS)
