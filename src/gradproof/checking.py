"""Checking a claimed gradient: the loss is derived, and the claim compared with the result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from gradproof.assumptions import read_assumptions
from gradproof.derivation import axis_bounds, differentiated, read_wrt
from gradproof.notation import NotationError, RangeError, consistent, read
from gradproof.proof import decide, inadmissible
from gradproof.verdict import Verdict

__all__ = ["against", "check", "free_indices", "no_stray_index"]


def check(loss: Any, wrt: Any, claimed: Any, assumptions: Sequence[Any] = ()) -> Verdict:
    """Whether `claimed` is the gradient of `loss` by `wrt`, for every size.

    Proved: wherever the loss is differentiable and both are defined, under the assumptions.
    Refuted: with a witness, off every kink.
    Raises NotationError or TypeError for input without a meaning, such as a free index in the
    claim that the gradient lacks.
    """
    try:
        body, entry, claim = read(loss, "the loss"), read_wrt(wrt), read(claimed, "the claimed gradient")
        consistent(body, entry, claim)
        _, result = differentiated(body, entry)
        return against(result, claim, body, entry, assumptions)
    except RangeError as error:
        return inadmissible(error)


def against(
    result: sp.Expr,
    claim: sp.Expr,
    loss: sp.Expr,
    wrt: sp.Expr,
    assumptions: Sequence[Any],
    definitions: Sequence[sp.Eq] = (),
) -> Verdict:
    """The verdict on a claim that was read, against the gradient."""
    no_stray_index(claim, wrt, loss)
    bounds = axis_bounds([loss, *(d.rhs for d in definitions)], wrt)
    relations = read_assumptions(assumptions)
    return decide(result, claim, relations, definitions, bounds, smooth=True, kinked=loss)


def no_stray_index(claim: sp.Expr, wrt: sp.Expr, loss: sp.Expr) -> None:
    """Every free index of the claim is one of wrt's or of the loss's."""
    stray_ones = free_indices(claim) - free_indices(wrt) - free_indices(loss)
    stray = sorted(map(str, stray_ones - loss.free_symbols)) if stray_ones else []
    if stray:
        have = ", ".join(sorted(map(str, free_indices(wrt) | free_indices(loss)))) or "none"
        raise NotationError(
            f"the claim has the free index {', '.join(stray)}, which the gradient lacks; free in the gradient: {have}."
            " Sum over it, or rename it"
        )


def free_indices(e: sp.Basic) -> set[sp.Basic]:
    """The indices that an expression leaves free; those of sums are dummies."""
    if isinstance(e, sp.Indexed):
        return {s for i in e.indices for s in i.free_symbols if not isinstance(s, (sp.Dummy, sp.Indexed))}
    if isinstance(e, sp.Idx):
        return {e}
    return {i for a in e.args for i in free_indices(a)}
