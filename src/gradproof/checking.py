"""Checking a claimed gradient: the loss is derived, and the claim compared with the result."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import sympy as sp
from sympy.core.relational import Relational

from gradproof.assumptions import read_assumptions
from gradproof.derivation import axis_bounds, differentiated, in_range, moving, read_wrt
from gradproof.intervals import NoBranchError, UndefinedError
from gradproof.lines import derivative, head, publish
from gradproof.notation import NotationError, RangeError, consistent, has_matrices, read
from gradproof.points import points
from gradproof.proof import Bounds, confirmed, decide, inadmissible
from gradproof.values import evaluate
from gradproof.verdict import Need, Verdict, Witness

__all__ = ["Question", "asked", "check", "free_indices", "no_stray_index"]


_POINTS = 40  # at which a claim in cases is tried


def check(loss: Any, wrt: Any, claimed: Any, assumptions: Sequence[Any] = ()) -> Verdict:
    """Whether `claimed` is the gradient of `loss` by `wrt`, for every size.

    Proved: wherever the loss is differentiable and both are defined, under the assumptions; the
    verdict's `needs` tell which of them the claim needs.  Refuted: with a witness, off every kink.
    Raises NotationError or TypeError for input without a meaning, such as a free index in the
    claim that the gradient lacks.

    Loss, wrt and claim may be SymPy matrices, as for `derive`.  A claim that is the transpose of the
    derivative is proved too, and the verdict's `reason` says so: it is another layout, not an error.
    """
    try:
        return asked(loss, wrt, assumptions).check(claimed)
    except RangeError as error:
        return inadmissible(error)


def _itself(e: sp.Expr) -> sp.Expr:
    return e


@dataclass(frozen=True)
class Question:
    """A gradient, as the rules leave it, and what is known where a claim is compared with it.

    loss, wrt, relations (the assumptions): as they were read.  definitions: equations of named
    quantities.  resolve: puts what they are for derivatives of named quantities in a claim.
    derived: whether the result is the derivative of `loss`, which a second enclosure then takes anew.
    """

    result: sp.Expr
    loss: sp.Expr
    wrt: sp.Expr
    relations: tuple[Relational, ...] = ()
    definitions: tuple[sp.Eq, ...] = ()
    resolve: Callable[[sp.Expr], sp.Expr] = _itself
    derived: bool = True

    @cached_property
    def bounds(self) -> Bounds:
        """The ranges of wrt's indices."""
        return axis_bounds([self.loss, *(d.rhs for d in self.definitions)], self.wrt)

    def read(self, claimed: Any) -> sp.Expr:
        """A claim, read; its letters mean what they mean in the loss."""
        claim = read(claimed, "the claimed gradient")
        consistent(self.loss, self.wrt, claim, *self.definitions)
        return claim

    def check(self, claimed: Any) -> Verdict:
        """See `check`."""
        claim = self.resolve(self.read(claimed))
        no_stray_index(claim, self.wrt, self.loss)
        return self.verdict(claim)

    def verdict(self, claim: sp.Expr) -> Verdict:
        """Whether the gradient is this, and what that needs; for a claim that was read and resolved."""
        verdict = self.confirmed(claim, self.decided(claim))
        if verdict.status != "proved":
            return verdict
        return replace(verdict, needs=self.needs(claim), reason=self.uncovered(claim))

    def confirmed(self, claim: sp.Expr, verdict: Verdict) -> Verdict:
        """The verdict with its witness enclosed a second time, with the derivative by dual numbers."""
        left = derivative(self.loss, self.wrt) if self.derived else self.result
        return confirmed(verdict, left, claim, self.relations, self._known)

    @cached_property
    def _known(self) -> dict[sp.Basic, tuple[tuple[sp.Basic, ...], sp.Expr]]:
        """The definitions, by array or symbol."""
        return {head(d.lhs): (tuple(getattr(d.lhs, "indices", ())), d.rhs) for d in self.definitions}

    def uncovered(self, claim: sp.Expr) -> str:
        """Where the gradient has a value and no branch of the claim holds, if such a point is found."""
        branches = claim.atoms(sp.Piecewise)
        if all(branch.args[-1][1] == sp.true for branch in branches):
            return ""
        for point in itertools.islice(
            points([self.result, claim], self.relations, self.definitions, self.bounds), _POINTS
        ):
            try:
                evaluate(self.result, point, off_kinks=True, varying=self.varying)
                evaluate(claim, point, off_kinks=True, varying=self.varying)
            except NoBranchError:
                shown = Witness({str(s): n for s, n in point.sizes.items()}, point.table(), "", "").where
                return f"where the claim has a value; at {shown} no branch of it holds"
            except UndefinedError:
                continue
        return ""

    def decided(self, claim: sp.Expr) -> Verdict:
        """`verdict` without what it needs."""
        relations = (*self.relations, *in_range([self.loss, *(d.rhs for d in self.definitions)], self.wrt))
        return decide(
            self.result,
            claim,
            relations,
            self.definitions,
            self.bounds,
            smooth=True,
            kinked=self.loss,
            varying=self.varying,
        )

    @cached_property
    def varying(self) -> frozenset[sp.Basic]:
        """What changes with wrt."""
        return moving(self.wrt, {head(d.lhs): ((), d.rhs) for d in self.definitions})

    def needs(self, claim: sp.Expr) -> tuple[Need, ...]:
        """Each assumption of a claim that was proved, dropped in turn while the others stay."""
        found = []
        for n, relation in enumerate(self.relations):
            others = (*self.relations[:n], *self.relations[n + 1 :])
            without = replace(self, relations=others)
            verdict = without.confirmed(claim, without.decided(claim))
            found.append(Need.of(publish(relation), verdict, bool(others)))
        return tuple(found)


def asked(loss: Any, wrt: Any, assumptions: Sequence[Any] = ()) -> Question:
    """The question whether something is the gradient of `loss` by `wrt`; arguments as for `check`."""
    if has_matrices(loss, wrt):
        from gradproof.forms.layouts import asked_of_matrices

        return asked_of_matrices(loss, wrt, assumptions)
    body, entry = read(loss, "the loss"), read_wrt(wrt)
    consistent(body, entry)
    _, result = differentiated(body, entry)
    return Question(result, body, entry, read_assumptions(assumptions))


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
