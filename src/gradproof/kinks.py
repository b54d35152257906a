"""Where a gradient does not exist, exactly, and what automatic differentiation returns there.

A kink is a place where a function in the loss branches.  Let K be that function, u = 0 the border
between two of its branches, and κ a name for K in the loss.  Across the border ∂loss/∂θ jumps by

    (∂loss/∂κ) · (∂K₊/∂θ − ∂K₋/∂θ),    where K₊ and K₋ are the branches for u > 0 and u < 0.

The gradient exists on the border exactly where K is continuous and this jump is zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sympy as sp
from sympy.core.relational import Relational

from gradproof.assumptions import read_assumptions
from gradproof.canonical import BudgetExceededError
from gradproof.checks.steps import opened
from gradproof.derivation import Derivation, axis_bounds, differentiated
from gradproof.elementary import BRANCHING, branched, piecewise
from gradproof.lines import Bound, copied, head, index_name, mentions, publish, publish_names, replaced
from gradproof.notation import NotationError, read
from gradproof.proof import Bounds
from gradproof.translate import Translator
from gradproof.vanishing import vanishes_where

__all__ = ["Convention", "Kink", "conventions", "kinks_of_gradient"]

_ZERO, _HALF, _ONE = sp.Integer(0), sp.Rational(1, 2), sp.Integer(1)
_Spans = Mapping[sp.Basic, tuple[sp.Expr, sp.Expr]]


@dataclass(frozen=True)
class Convention:
    """What one spelling returns on the border: `share` of the branch `of`, the rest of the other one."""

    spelling: str
    share: sp.Rational
    of: sp.Expr

    def __str__(self) -> str:
        return f"{self.spelling}: " + ("half of each branch" if self.share == _HALF else f"the branch {self.of}")


@dataclass(frozen=True)
class Kink:
    """One border.

    where: the equation of the border; indices: those that it holds for, each in its range.
    of: the function that branches; above, below: its branches for u > 0 and u < 0.  jump: by how much the gradient jumps across, from u < 0 to u > 0.
    kind: "kink" (no gradient where the jump is not 0), "step" (the loss itself jumps), or "smooth" (proved: the
    gradient exists on all of the border).
    returned: what JAX and PyTorch return there, by spelling.
    """

    where: sp.Eq
    indices: tuple[sp.Basic, ...]
    of: sp.Expr
    above: sp.Expr
    below: sp.Expr
    jump: sp.Expr
    kind: Literal["kink", "step", "smooth"]
    returned: tuple[Convention, ...]

    def __str__(self) -> str:
        left, right = self.where.args
        border = f"{left} = {right}"
        if self.kind == "smooth":
            return f"at {border} the gradient exists: its two sides agree there"
        if self.kind == "step":
            return f"at {border} the loss itself may jump, and has no gradient where it does"
        known = self.jump == 1 or self.jump == -1 or bool(self.jump.is_number and self.jump != 0)
        unless = "" if known else f" unless {self.jump} = 0"
        return f"at {border} there is no gradient{unless}; it jumps by {self.jump}. " + "; ".join(
            map(str, self.returned)
        )


def kinks_of_gradient(derivation: Derivation) -> tuple[Kink, ...]:
    """The borders that moving the derivation's variable can cross."""
    body, wrt = read(derivation.loss), read(derivation.wrt)
    if derivation.definitions:
        named = {head(d.lhs): (tuple(getattr(d.lhs, "indices", ())), read(d.rhs)) for d in derivation.definitions}
        body = opened(body, named, wrt)
    relations, bounds = read_assumptions(derivation.assumptions), axis_bounds([body], wrt)
    found: dict[tuple[sp.Expr, sp.Expr], Kink] = {}
    for node, spans in _branching(body, {}):
        for one in _Border.all_of(body, node, spans, wrt):
            if (one.gap, one.branches) not in found:
                found[one.gap, one.branches] = one.kink(relations, bounds)
    return tuple(found.values())


def _branching(e: sp.Basic, spans: _Spans) -> Iterator[tuple[sp.Expr, _Spans]]:
    """What branches in an expression, with the ranges of the indices bound around it; not what stands in a condition."""
    if isinstance(e, sp.Sum):
        spans = {**spans, **{i: (lo, hi) for i, lo, hi in e.limits}}
    if isinstance(e, BRANCHING):
        yield e, {i: s for i, s in spans.items() if e.has(i)}
    for a in [v for v, _ in e.args] if isinstance(e, sp.Piecewise) else e.args:
        yield from _branching(a, spans)


@dataclass(frozen=True)
class _Border:
    """Where one function of the loss passes from a branch to another; its indices are free."""

    gap: sp.Expr
    node: sp.Expr
    branches: sp.Piecewise
    adjoint: sp.Expr
    wrt: sp.Expr
    indices: tuple[sp.Basic, ...]

    @classmethod
    def all_of(cls, loss: sp.Expr, node: sp.Expr, spans: _Spans, wrt: sp.Expr) -> Iterator[_Border]:
        free = _letters(spans, loss, wrt)
        here = copied(replaced(node, free))
        adjoint = _adjoint(loss, node, tuple(spans), free)
        branches = branched(here)
        gaps: dict[sp.Expr, None] = {}
        for _, condition in branches.args:
            for relation in condition.atoms(Relational):
                gap = relation.args[0] - relation.args[1]
                whole = all(a.is_integer for a in relation.args)
                if not whole and mentions(gap, wrt) and -gap not in gaps:
                    gaps[gap] = None
        for gap in gaps:
            yield cls(gap, here, branches, adjoint, wrt, tuple(free.values()))

    def side(self, up: bool) -> sp.Expr:
        """The function on one side of the border."""
        return piecewise(*((v, _decided(c, self.gap, up)) for v, c in self.branches.args))

    def kink(self, relations: Sequence[Any], bounds: Bounds) -> Kink:
        above, below = self.side(True), self.side(False)
        slopes = [differentiated(s, self.wrt)[1] for s in (above, below)]
        jump = self.adjoint * (slopes[0] - slopes[1])
        kind: Literal["kink", "step", "smooth"] = "kink"
        if not _vanishes(above - below, self.gap, relations, bounds):
            kind = "step"
        elif _vanishes(jump, self.gap, relations, bounds):
            kind = "smooth"
        where, jump, indices = self._at_one_index(sp.expand_mul(publish(jump)))
        of, above, below = (publish(publish_names(e)) for e in (self.node, above, below))
        return Kink(where, indices, of, above, below, jump, kind, conventions(self.node, self.gap, above, below))

    def _at_one_index(self, jump: sp.Expr) -> tuple[sp.Eq, sp.Expr, tuple[sp.Basic, ...]]:
        """The border and the jump, an index replaced by the one that a delta in the jump ties it to."""
        gap, indices = publish(self.gap), list(self.indices)
        factors = list(sp.Mul.make_args(sp.factor_terms(jump)))
        for delta in [f for f in factors if isinstance(f, sp.KroneckerDelta)]:
            tied = next((i for i in delta.args if i in indices), None)
            if tied is None:
                continue
            other = next(i for i in delta.args if i != tied)
            factors.remove(delta)
            gap = replaced(gap, {tied: other})
            factors = [replaced(f, {tied: other}) for f in factors]
            indices.remove(tied)
        return sp.Eq(gap, 0, evaluate=False), sp.Mul(*factors), tuple(indices)


def _letters(spans: _Spans, loss: sp.Expr, wrt: sp.Expr) -> dict[sp.Basic, sp.Basic]:
    """A free index for each bound one, of a letter that the loss leaves free."""
    taken = {index_name(s) for e in (loss, wrt) for s in e.free_symbols if not isinstance(s, Bound)}
    free: dict[sp.Basic, sp.Basic] = {}
    for index, (lo, hi) in spans.items():
        name = index_name(index)
        while name in taken:
            name += "'"
        taken.add(name)
        free[index] = sp.Idx(name, (lo, hi))
    return free


def _adjoint(loss: sp.Expr, node: sp.Expr, bound: Sequence[sp.Basic], free: Mapping[sp.Basic, sp.Basic]) -> sp.Expr:
    """∂loss/∂(what branches), with that put back."""
    name = sp.Dummy("kappa", real=True)
    if not bound:
        _, slope = differentiated(replaced(loss, {node: name}), name)
        return replaced(slope, {name: node})
    base = sp.IndexedBase(name)
    _, slope = differentiated(replaced(loss, {node: base[tuple(bound)]}), base[tuple(free[i] for i in bound)])
    back = {
        e: copied(replaced(node, dict(zip(bound, e.indices, strict=True))))
        for e in slope.atoms(sp.Indexed)
        if e.base == base
    }
    return replaced(slope, back)


def _decided(condition: sp.Basic, gap: sp.Expr, up: bool) -> sp.Basic:
    """A condition on one side of the border: the relations that ask for the gap's sign have their answer."""
    if isinstance(condition, (sp.And, sp.Or, sp.Not)):
        return condition.func(*(_decided(c, gap, up) for c in condition.args))
    if not isinstance(condition, Relational):
        return condition
    here = condition.args[0] - condition.args[1]
    if here not in (gap, -gap):
        return condition
    positive = up if here == gap else not up
    return sp.true if isinstance(condition, (sp.Gt, sp.Ge) if positive else (sp.Lt, sp.Le)) else sp.false


def _vanishes(e: sp.Expr, gap: sp.Expr, relations: Sequence[Any], bounds: Bounds) -> bool:
    try:
        translator = Translator(relations, bounds)
        return vanishes_where(translator.poly(e), translator.poly(gap), translator)
    except (BudgetExceededError, RecursionError, NotationError):
        return False


def conventions(node: sp.Expr, gap: sp.Expr, above: sp.Expr, below: sp.Expr) -> tuple[Convention, ...]:
    """What JAX and PyTorch return where a function's branches meet; each row is run in tests/test_kinks.py."""
    if isinstance(node, sp.Piecewise):
        return (Convention("jnp.where, torch.where, as written", _ONE, above if _holds_on(node, gap) else below),)
    if isinstance(node, sp.Abs):  # jnp.abs(0) has the slope 1
        return (Convention("jnp.abs", _ONE, above), Convention("torch.abs", _HALF, above))
    names = {sp.Max: "maximum", sp.Min: "minimum", sp.sign: "sign", sp.Heaviside: "heaviside"}
    name = names[type(node)] if len(node.args) < 3 else names[type(node)][:3]
    found = [Convention(f"jnp.{name}, torch.{'a' if len(node.args) > 2 else ''}{name}", _HALF, above)]
    fixed = next((a for a in node.args if a.is_number), None)
    if isinstance(node, (sp.Max, sp.Min)) and len(node.args) == 2 and fixed is not None:
        other = below if above == fixed else above
        if isinstance(node, sp.Max) and fixed == 0:
            found.append(Convention("jax.nn.relu, torch.relu", _ONE, _ZERO))
        found.append(Convention("torch.clamp", _ONE, other))
    return tuple(found)


def _holds_on(branches: sp.Piecewise, gap: sp.Expr) -> bool:
    """Whether the border itself belongs to the branch above it, as the conditions are written."""
    for _, condition in branches.args:
        for relation in condition.atoms(Relational):
            here = relation.args[0] - relation.args[1]
            if here in (gap, -gap):
                upwards = isinstance(relation, (sp.Gt, sp.Ge)) == (here == gap)
                return bool(upwards == isinstance(relation, (sp.Ge, sp.Le)))
    return False
