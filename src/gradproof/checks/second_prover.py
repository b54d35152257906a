"""A second prover: the gradient by dual numbers over rational functions, at several small sizes.

At fixed sizes a gradient is finitely many formulas without a sum.  The loss is differentiated by dual numbers
(dual.py) over rational functions whose generators are the entries and the values of exp, log and so on
(flint_field.py).  Where the difference to the claim is the zero polynomial, on every branch, the claim is
proved at that size.  A difference that is not zero refutes nothing, since generators may be related; it is then
evaluated by balls (balls.py) at rational points, and disagrees only if a ball excludes zero.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy.core.relational import Relational

from gradproof.assumptions import read_assumptions
from gradproof.checks.balls import BallField, ball_text, head_of, precision
from gradproof.checks.dual import Env, Seed, Walk, free_values
from gradproof.checks.fields import TOO_LARGE, UnsupportedError
from gradproof.checks.flint_field import RationalField
from gradproof.checks.flint_ring import AgainError, Setup
from gradproof.checks.guard import guarded
from gradproof.checks.size_bound import Counting, FormalWalk, NoBoundError, distinct
from gradproof.derivation import Derivation, axis_bounds
from gradproof.intervals import UndefinedError
from gradproof.lines import index_range
from gradproof.points import Point
from gradproof.verdict import Evidence, Outcome

__all__ = ["ProofAtSize", "second_proofs", "second_prover_evidence"]

_RESTS = "python-flint's polynomials and balls, and dual numbers of its own; no rule, no normal form, not SymPy's diff"
_CASE = 20_000  # products of terms for which a way counts twice
_CASES = 100  # ways in which the branches are tried at one size
_ENTRIES = 40  # of a gradient at one size
_GRID = 40  # choices of sizes that a bound may ask for
_POINTS = 150  # at which balls are tried
_FEW = 3  # of them, where other sizes will tell
_EXPANDABLE = (sp.tanh, sp.sinh, sp.cosh, sp.coth, sp.sech, sp.csch)
_BRANCHING = (sp.Abs, sp.sign, sp.Max, sp.Min, sp.Heaviside, sp.Piecewise)


@dataclass(frozen=True)
class ProofAtSize:
    """What was found at one choice of sizes; `says` is the reason, or the point at which the claim fails."""

    sizes: Mapping[str, int]
    outcome: Outcome
    says: str = ""

    def __str__(self) -> str:
        return ", ".join(f"{name} = {n}" for name, n in self.sizes.items()) or "no sizes"


def second_prover_evidence(derivation: Derivation, gradient: Any = None) -> Evidence:
    """What the second prover finds, as evidence; what it cannot do, or has not the means for, is missing."""
    return guarded("second prover", _RESTS, lambda: _found(_Question(derivation, gradient)))


def _found(question: _Question) -> tuple[Outcome, str]:
    proofs: list[ProofAtSize] = []
    for sizes in question.choices():
        hopeless = any(p.outcome == "missing" and p.says != TOO_LARGE for p in proofs)
        proofs.append(question.proof(sizes, only_points=hopeless))
        if proofs[-1].outcome == "disagrees":
            return "disagrees", f"{proofs[-1]}: {proofs[-1].says}"
    agreed = [p for p in proofs if p.outcome == "agrees"]
    unsure = [p for p in proofs if p.outcome == "missing" and p.says != TOO_LARGE]
    if unsure or not agreed:
        first = next(iter(unsure or proofs), None)
        return "missing", f"{first}: {first.says}" if first else "no size was tried"
    if not question.sizes:
        return "agrees", "an exact identity of rational functions"
    says = f"an exact identity at {len(agreed)} choices of sizes: {'; '.join(map(str, agreed))}"
    enough, other = question.bound()
    if other:  # a formula that hides at small sizes may show itself there
        proof = question.proof(other)
        if proof.outcome == "disagrees":
            return "disagrees", f"{proof}: {proof.says}"
    if enough:
        says += f"; with letters for functions of sums at {enough} too, and so for every size"
    return "agrees", says


_APART = "each entry has its own branches"


def second_proofs(
    derivation: Derivation, gradient: Any = None, sizes: Sequence[Mapping[Any, int]] | None = None
) -> tuple[ProofAtSize, ...]:
    """Whether a derivation's result, or another `gradient`, is the derivative of its loss, size by size.

    sizes: choices of sizes, by symbol or name; without them, several small ones.  Raises ImportError without python-flint.
    """
    question = _Question(derivation, gradient)
    chosen = question.choices() if sizes is None else [question.named(choice) for choice in sizes]
    return tuple(question.proof(choice) for choice in chosen)


class _Question:
    """A loss, its variable and a claim, as they stand."""

    def __init__(self, derivation: Derivation, gradient: Any = None) -> None:
        d = derivation
        self.loss, self.wrt, self.claim = d.loss, d.wrt, d.result if gradient is None else sp.sympify(gradient)
        self.relations = read_assumptions(d.assumptions)
        self.definitions = {head_of(e.lhs): (tuple(getattr(e.lhs, "indices", ())), e.rhs) for e in d.definitions}
        if d.name is not None:
            self.definitions.setdefault(d.name, ((), d.loss))
        self.bodies = [self.loss, self.wrt, self.claim, *(body for _, body in self.definitions.values())]
        self.ranges = self._ranges()
        self.sizes = self._sizes()
        self.setup = Setup()
        self.cases, self.points = _CASES, _POINTS
        self.modes = (False, True) if any(e.has(*_EXPANDABLE) for e in self.bodies) else (False,)

    # -- sizes and entries ------------------------------------------------------------------------
    def _ranges(self) -> dict[sp.Basic, tuple[sp.Expr, sp.Expr]]:
        """The ranges of the indices that loss, variable and claim leave free."""
        bounds = axis_bounds([self.loss, *(body for _, body in self.definitions.values())], self.wrt)
        free = {i: None for e in (self.wrt, self.loss, self.claim) for i in sorted(_free(e), key=str)}
        found = {}
        for index in free:
            span = bounds.get(index) or index_range(index)
            if span is not None:
                found[index] = span
        return found

    def _sizes(self) -> list[sp.Symbol]:
        """The symbols that ranges are made of, and other whole positive ones."""
        bodies = [*self.bodies, *self.relations]
        ends = {end for span in self.ranges.values() for end in span}
        for e in bodies:
            ends |= {end for s in e.atoms(sp.Sum) for limit in s.limits for end in limit[1:]}
            ends |= {end for i in e.atoms(sp.Idx) for end in index_range(i) or ()}
            ends |= {s for s in e.atoms(sp.Symbol) if s.is_integer and s.is_positive and s not in self.ranges}
        bound = {limit[0] for e in bodies for s in e.atoms(sp.Sum) for limit in s.limits}
        bound |= {i for template, _ in self.definitions.values() for i in template} | set(self.ranges)
        bound |= {i.label for i in bound if isinstance(i, sp.Idx)}
        found = {s for end in ends for s in end.atoms(sp.Symbol)} - bound
        labels = {i.label for e in bodies for i in e.atoms(sp.Idx)}
        return sorted(found - labels, key=str)

    def named(self, choice: Mapping[Any, int]) -> dict[sp.Symbol, int]:
        given = {str(k): n for k, n in choice.items()}
        return {s: given[str(s)] for s in self.sizes}

    def choices(self) -> list[dict[sp.Symbol, int]]:
        """Small sizes that differ from axis to axis."""
        n = len(self.sizes)
        rows = [(1,) * n, (2,) * n, *(tuple(1 + (i + shift) % 3 for i in range(n)) for shift in range(3))]
        rows += [tuple(k + up for k in row) for up in (1, 2) for row in rows]
        made = [dict(zip(self.sizes, row, strict=True)) for row in dict.fromkeys(rows)]
        return [sizes for sizes in made if self._admitted(sizes)][: 5 if n > 1 else 3]

    def _admitted(self, sizes: Mapping[sp.Symbol, int]) -> bool:
        """Whether the assumptions that speak of sizes alone hold."""
        walk = Walk(BallField(None), sizes, {})
        return all(walk.holds(r, {}) for r in self.relations if r.free_symbols <= sizes.keys())

    # -- one size ---------------------------------------------------------------------------------
    def proof(self, sizes: Mapping[sp.Symbol, int], only_points: bool = False) -> ProofAtSize:
        """What is found at one choice of sizes; with `only_points`, no proof is sought."""
        shown = {str(s): n for s, n in sizes.items()}
        try:
            entries = self._entries(Walk(RationalField(Setup()), sizes, {}))
            if not entries:
                return ProofAtSize(shown, "missing", "the gradient has no entry at this size")
            self.cases = _CASES
            reason = "it is not proved at another size" if only_points else self._undecided(sizes, entries)
            outcome, says = self._tried(sizes, entries, reason)
        except UnsupportedError as error:
            return ProofAtSize(shown, "missing", str(error))
        return ProofAtSize(shown, outcome, says)

    def _entries(self, walk: Walk) -> list[dict[sp.Basic, int]]:
        """The values of the free indices at the walk's sizes."""
        ends = {i: [walk.integer(end, {}) for end in span] for i, span in self.ranges.items()}
        return free_values({i: range(lo, hi + 1) for i, (lo, hi) in ends.items()}, _ENTRIES)

    def _undecided(self, sizes: Mapping[sp.Symbol, int], entries: Sequence[Env]) -> str:
        """Why nothing is proved at these sizes; "" for a proof."""
        apart = any(e.has(*_BRANCHING) for e in self.bodies)
        groups = [[entry] for entry in entries] if apart else [list(entries)]
        while groups:
            group, reason = groups.pop(), ""
            for expanded in self.modes:
                self.setup.expanded = expanded
                reason = self._cases(sizes, group)
                if not reason:
                    break
            if reason == _APART:
                groups = [[entry] for entry in group]
            elif reason:
                return reason
        return ""

    def _cases(self, sizes: Mapping[sp.Symbol, int], entries: Sequence[Env]) -> str:
        """Go through all decisions on signs; "" if the difference vanishes in each that is possible."""
        decisions: list[int] = []
        met = 0
        while self.cases > 0:
            field = RationalField(self.setup, decisions)
            self.cases -= 1
            try:
                if not self._vanish(field, sizes, entries):
                    return "the difference is not the zero polynomial"
                met += 1
            except AgainError:
                continue
            except UndefinedError:  # no point meets these decisions, and defines both sides
                pass
            except UnsupportedError as error:
                return str(error)
            self.cases -= field.work // _CASE
            if field.branched and len(entries) > 1:
                return _APART
            following = _next(field)
            if following is None:
                return "" if met else "it has no value anywhere"
            decisions = following
        return TOO_LARGE

    def _vanish(self, field: RationalField, sizes: Mapping[sp.Symbol, int], entries: Sequence[Env]) -> bool:
        walk = Walk(field, sizes, self.definitions)
        for relation, env in self._assumed(walk, self.relations):
            self._use(walk, relation, env)
        return self._agree(walk, entries)

    def _agree(self, walk: Walk, entries: Sequence[Env]) -> bool:
        """Whether derivative and claim are one fraction, for every entry."""
        field: RationalField = walk.field  # type: ignore[assignment]
        for env in entries:
            derivative = walk.slope(self.loss, env, self._seed(walk, env))
            difference = derivative - walk.value(self.claim, env)
            if field.reduced(difference.num):
                return False
        return True

    def bound(self) -> tuple[str, dict[sp.Symbol, int]]:
        """(the sizes from which every size follows, if the claim is proved at them; the size at which it is not)."""
        counting = Counting(self.wrt, self.definitions, self.sizes)
        sizes: dict[sp.Symbol, int] = {}
        try:
            enough = counting.enough(self.loss, self.claim, self.ranges)
            if math.prod(map(len, enough.values())) > _GRID:
                return "", {}
            local = [r for r in self.relations if counting.is_local(r)]
            for choice in itertools.product(*enough.values()):
                sizes = dict(zip(enough, choice, strict=True))
                if not self._formal(sizes, local):
                    return "", sizes
        except (NoBoundError, UnsupportedError, UndefinedError):
            return "", sizes
        return ", ".join(f"{s} = {_span(r)}" for s, r in enough.items()), {}

    def _formal(self, sizes: Mapping[sp.Symbol, int], relations: Sequence[Relational]) -> bool:
        """Whether the claim holds at these sizes with letters for functions of sums, under these assumptions alone."""
        for expanded in self.modes:
            self.setup.expanded = expanded
            for _ in range(_CASES):
                field = RationalField(self.setup)
                try:
                    walk = FormalWalk(field, sizes, self.definitions)
                    for relation, env in self._assumed(walk, relations):
                        self._use(walk, relation, env)
                    if self._agree(walk, distinct(self._entries(walk), self.ranges)) and not field.options:
                        return True
                    break
                except AgainError:
                    continue
        return False

    def _seed(self, walk: Walk, env: Env) -> Seed:
        return head_of(self.wrt), walk.index(self.wrt, env)

    # -- assumptions ------------------------------------------------------------------------------
    def _assumed(self, walk: Walk, relations: Sequence[Relational]) -> Iterator[tuple[Relational, Env]]:
        """Assumptions, for all values of their indices."""
        for relation in relations:
            spans = {}
            for index in sorted(_free(relation), key=str):
                span = index_range(index) or self.ranges.get(index)
                if span is None:
                    raise UnsupportedError(f"the index {index} of {relation} has no range")
                lo, hi = (walk.integer(end, {}) for end in span)
                spans[index] = range(lo, hi + 1)
            for env in free_values(spans, 200):
                yield relation, env

    def _use(self, walk: Walk, relation: Relational, env: Env) -> None:
        """Tell the field; what it cannot use is left out, and then more is proved than is claimed."""
        field: RationalField = walk.field  # type: ignore[assignment]
        try:
            gap = walk.value(relation.args[0], env) - walk.value(relation.args[1], env)
            if gap.den.is_constant() and isinstance(relation, sp.Eq):
                field.relate(gap.num)
            elif gap.den.is_constant():
                field.assume(gap.num, _SIGNS_OF[type(relation)])
        except UnsupportedError:
            return

    # -- points -----------------------------------------------------------------------------------
    def _tried(self, sizes: Mapping[sp.Symbol, int], entries: Sequence[Env], reason: str) -> tuple[Outcome, str]:
        """The values by balls at points that meet the assumptions; for a proof, with no reason against it, one is enough."""
        defined = False
        turns = _FEW if reason == TOO_LARGE else self.points
        self.points = self.points // 2 + 1 if reason else self.points  # fewer at the sizes after this one
        with precision():
            for turn in range(turns):
                try:
                    point = Point(dict(sizes), turn, self.relations, self.ranges)
                    env = entries[turn % len(entries)]
                    left, right = self._values(point, sizes, env, turn)
                    defined = True
                    gap = left - right
                    if BallField(point, 0).sure(gap):
                        return "disagrees", self._witness(point, env, left, right)
                except UndefinedError:
                    continue
                if not reason:
                    return "agrees", ""
        return "missing", reason if defined else "no point was found at which both sides are defined"

    def _values(self, point: Point, sizes: Mapping[sp.Symbol, int], env: Env, turn: int) -> tuple[Any, Any]:
        """The derivative and the claim at a point off the loss's kinks."""

        def leaf(name: sp.Basic, index: tuple[int, ...]) -> Fraction:
            value = point.entry(name, index) if index else point.symbol(name)
            if not isinstance(value, Fraction):
                raise UndefinedError("a point that is not rational")
            return value

        field = BallField(leaf, turn)
        walk = Walk(field, sizes, self.definitions)
        for relation, here in self._assumed(walk, self.relations):
            if not walk.holds(relation, here):
                raise UndefinedError("the assumptions do not hold")
        Walk(field, sizes, self.definitions, off_kinks=head_of(self.wrt)).value(self.loss, env)
        return walk.slope(self.loss, env, self._seed(walk, env)), walk.value(self.claim, env)

    def _witness(self, point: Point, env: Env, left: Any, right: Any) -> str:
        names = {str(i): n for i, n in env.items()} | point.table() | point.function_text()
        shown = ", ".join(f"{name} = {_plain(value)}" for name, value in names.items())
        return f"at {shown or 'every point'} the derivative is {ball_text(left)}, not {ball_text(right)}"


_SIGNS_OF = {
    sp.Gt: frozenset((1,)), sp.Ge: frozenset((0, 1)), sp.Lt: frozenset((-1,)), sp.Le: frozenset((-1, 0)),
    sp.Ne: frozenset((-1, 1)),
}  # fmt: skip


def _next(field: RationalField) -> list[int] | None:
    """The decisions after those of a run, or None after the last."""
    made = field.decisions[: len(field.options)]
    while made:
        options = field.options[len(made) - 1]
        place = options.index(made[-1])
        if place + 1 < len(options):
            return [*made[:-1], options[place + 1]]
        made.pop()
    return None


def _free(e: sp.Basic) -> set[sp.Basic]:
    """The indices that a formula leaves free."""
    if isinstance(e, sp.Sum):
        inside = _free(e.function) - {limit[0] for limit in e.limits}
        return inside | {i for limit in e.limits for end in limit[1:] for i in _free(end)}
    if isinstance(e, sp.Idx):
        return {e}
    if isinstance(e, sp.Symbol):
        return {e} if e.is_integer and not e.is_positive else set()
    return {i for a in e.args for i in _free(a)}


def _span(values: range) -> str:
    return str(values[0]) if len(values) == 1 else f"{values[0]}..{values[-1]}"


def _plain(value: Any) -> str:
    return f"[{', '.join(map(_plain, value))}]" if isinstance(value, tuple) else str(value)
