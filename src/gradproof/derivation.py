"""A derivation: from a loss to its gradient, one named rule at a time.

`derive` keeps a line of mathematics, finds what is still to be differentiated in it, and lets
the first rule that applies move it one step; then the rules for sums collapse deltas and pull
factors out.  Lines are plain SymPy; bound indices have their readable names again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

from gradproof.assumptions import read_assumptions
from gradproof.inverse import arrays_in
from gradproof.lines import derivative, head, index_range, publish, publish_names, replaced
from gradproof.notation import NotationError, consistent, has_matrices, least, read
from gradproof.ranges import axis_spans, hull
from gradproof.rules import RULES, SUM_RULES, Rule, Scope
from gradproof.ties import kinks

if TYPE_CHECKING:
    from gradproof.code import Program
    from gradproof.formal.certificate import Certificate
    from gradproof.forms import Forms
from gradproof.verdict import Verdict

__all__ = ["Derivation", "NoRuleAppliesError", "Step", "derive"]

MAX_STEPS = 2000


class NoRuleAppliesError(NotationError):
    """No rule moves this derivative."""


@dataclass(frozen=True)
class Step:
    """One application of one rule; `before` and `after` are whole lines."""

    rule: Rule
    before: sp.Expr
    after: sp.Expr

    def __str__(self) -> str:
        return f"= {self.after}    [{self.rule.name}]"


@dataclass(frozen=True)
class Derivation:
    """How `loss` was differentiated by `wrt`.

    steps: from Derivative(loss, wrt) to the result.  definitions: named quantities that
    lines may mention (a Model's); adjoints: the derivations of ∂E/∂(named quantity) that the
    steps use, the last layer's first; name: the symbol that stands for the loss in lines.
    notes: remarks for the reader, such as where the loss has a kink.
    """

    loss: sp.Expr
    wrt: sp.Expr
    steps: tuple[Step, ...]
    result: sp.Expr
    assumptions: tuple[Any, ...] = ()
    definitions: tuple[sp.Eq, ...] = ()
    adjoints: tuple[Derivation, ...] = ()
    name: sp.Expr | None = None
    notes: tuple[str, ...] = ()
    claim: Any = None

    @property
    def lines(self) -> tuple[tuple[sp.Expr, str], ...]:
        """The lines with the rule that leads to each; a source's own grouping if there is one."""
        if self.claim is not None and self.claim.lines:
            return tuple(self.claim.lines)
        return tuple((s.after, s.rule.name) for s in self.steps)

    @cached_property
    def closed(self) -> sp.Expr:
        """The result with the adjoints in it put in, where `result` has them by name (`Model.gradients`).

        It is the result itself where they would make a formula of thousands of terms.
        """
        if self.name is None or not self.adjoints or not self.result.has(sp.Derivative):
            return self.result
        from gradproof.backward import Adjoints

        formulas = {head(a.wrt): (a.wrt, read(a.result)) for a in self.adjoints}
        return publish(Adjoints(self.name, formulas).put_into(read(self.result)))

    def verify(self) -> Verdict:
        """Every step against SymPy's own `diff`, the whole against the loss, and numerically."""
        from gradproof.checks.steps import verify

        return verify(self)

    def certificate(self) -> Certificate:
        """The formal proof for every size, which Coq's kernel can check: `gradproof.formal.runner.check`.

        Nothing is proved by it before Coq has accepted it.  Raises NoCertificateError, a ValueError, which names the step
        or the function that has no lemma.
        """
        from gradproof.formal.claims import certificate_of

        return certificate_of(self)

    def forms(self) -> Forms:
        """The result in index notation, as a matrix and as NumPy, each proved equal to the first."""
        from gradproof.forms import forms

        return forms(self)

    def program(self) -> Program:
        """The loss and its gradient as one function; `gradproof.program` takes several gradients of one loss."""
        from gradproof.code import program

        return program(self)

    def numpy_source(self) -> str:
        """Source of a NumPy function that returns (loss, gradient); see `Program.numpy_source`."""
        return self.program().numpy_source()

    def to_numpy(self, constant: Sequence[Any] = ()) -> Callable[..., Any]:
        """That function; with `constant` data, a function of these that returns it; see `Program.to_numpy`."""
        return self.program().to_numpy(constant)

    def to_numba(self) -> Callable[..., Any]:
        """The same as loops that numba compiles; see `Program.to_numba`."""
        return self.program().to_numba()

    def at(self, values: Mapping[Any, Any]) -> Any:
        """The gradient's value at a point: sizes, symbols and nested lists by symbol or name.

        Raises KinkError where the derivative does not exist, UndefinedError where the loss or the
        gradient has no value.
        """
        from gradproof.given import gradient_at

        return gradient_at(self, values)

    @property
    def kinks(self) -> tuple[Any, ...]:
        """Where the gradient does not exist, and what JAX and PyTorch return there (`kinks.Kink`)."""
        from gradproof.kinks import kinks_of_gradient

        return kinks_of_gradient(self)

    def __str__(self) -> str:
        start = self.steps[0].before if self.steps else derivative(self.loss, self.wrt)
        lines = [str(a) for a in self.adjoints] + [str(start)]
        lines += [f"  {s}" for s in self.steps]
        return "\n".join(lines + [f"  ({n})" for n in self.notes])

    def _repr_latex_(self) -> str:
        from gradproof.latex import derivation_latex

        return f"$\\displaystyle {derivation_latex(self)}$"

    def _repr_html_(self) -> str:
        from gradproof.display import derivation

        return derivation(self)


def derive(loss: Any, wrt: Any, assumptions: Sequence[Any] = ()) -> Derivation:
    """The gradient of a scalar loss by a symbol or one entry of an array, step by step.

    loss: a scalar SymPy expression in index notation (Sum, IndexedBase, Idx, elementary and
    undefined functions); a free index stands for one entry for each of its values.  Or SymPy's matrices:
    a 1x1 product, a trace, a determinant; a vector or matrix, for its Jacobian.
    wrt: a Symbol, or an entry such as ``w[k, j]`` whose indices lie in the array's range; or a
    MatrixSymbol, for each of its entries.
    assumptions: relations over index templates, carried to `verify`.

    Raises NotationError, RangeError (both ValueError) or TypeError for input without a meaning.

    >>> from sympy import symbols
    >>> x, a = symbols("x a")
    >>> derive((a * x - 1)**2, x).result
    2*a*(a*x - 1)
    """
    if has_matrices(loss, wrt):
        from gradproof.forms.layouts import derive_matrices

        return derive_matrices(loss, wrt, assumptions)
    body, entry = read(loss, "the loss"), read_wrt(wrt)
    relations = (*read_assumptions(assumptions), *in_range([body], entry))
    consistent(body, entry, *relations)
    steps, _ = differentiated(body, entry)
    shown, lines = publish(body), published(steps)
    return Derivation(
        loss=shown,
        wrt=entry,
        steps=lines,
        result=lines[-1].after if lines else derivative(shown, entry),
        assumptions=tuple(publish(r) for r in relations),
        notes=(*zero_note(body, Scope(entry, moving(entry, {}))), *kink_notes(body)),
    )


def differentiated(body: sp.Expr, entry: sp.Expr) -> tuple[list[Step], sp.Expr]:
    """The steps for a loss that was read, not yet published, and the last line."""
    start = derivative(body, entry)
    scope = Scope(entry, moving(entry, {}), bounds=axis_bounds([body], entry))
    steps = rewrite(start, scope)
    return steps, steps[-1].after if steps else start


def read_wrt(wrt: Any) -> sp.Expr:
    """A checked wrt: a symbol or one entry."""
    if isinstance(wrt, sp.IndexedBase):
        raise NotationError(f"wrt is the whole array {wrt}; name one entry, such as {wrt}[k] with an index k")
    if isinstance(wrt, sp.Idx) or (isinstance(wrt, sp.Symbol) and wrt.is_integer):
        raise NotationError(f"wrt is {wrt}, an integer; a derivative needs a real symbol or an array's entry")
    if not isinstance(wrt, (sp.Symbol, sp.Indexed)):
        if isinstance(wrt, sp.Expr):
            raise NotationError(f"wrt is {wrt}; accepted are a Symbol or one entry of an IndexedBase, such as w[k, j]")
        raise TypeError(f"wrt is {wrt!r} ({type(wrt).__name__}), not a SymPy Symbol or an entry of an IndexedBase")
    entry: sp.Expr = read(wrt, "wrt")
    return entry


def moving(wrt: sp.Expr, definitions: Mapping[sp.Basic, tuple[tuple[sp.Basic, ...], sp.Expr]]) -> frozenset[sp.Basic]:
    """What changes with wrt: its array or symbol, and the named quantities that use it."""
    found = {head(wrt)}
    for name, (_, body) in definitions.items():
        if name not in found and not _used(body).isdisjoint(found):
            found.add(name)
    return frozenset(found)


@lru_cache(1024)
def _used(body: sp.Expr) -> frozenset[sp.Basic]:
    """The arrays and symbols in a definition, which is asked again for each line that is checked."""
    return frozenset(arrays_in(body) | body.free_symbols)


def axis_bounds(bodies: Sequence[sp.Expr], wrt: sp.Expr) -> dict[sp.Basic, tuple[sp.Expr, sp.Expr]]:
    """The ranges of wrt's indices: as declared, or all values that its axis takes in the loss."""
    if not isinstance(wrt, sp.Indexed):
        return {}
    bounds: dict[sp.Basic, tuple[sp.Expr, sp.Expr]] = {}
    for axis, index in enumerate(wrt.indices):
        declared = index_range(index)
        if declared is not None:
            bounds[index] = declared
        elif isinstance(index, (sp.Symbol, sp.Idx)):
            spans = [s for b in bodies for s in axis_spans(b, wrt.base, axis, {})]
            whole = hull(spans)
            if whole is not None:
                bounds[index] = whole
    return bounds


def in_range(bodies: Sequence[sp.Expr], wrt: sp.Expr) -> tuple[Relational, ...]:
    """That a fixed index of wrt, as in x[2], lies in the range of its axis: x[2] is there only for N >= 2."""
    found: dict[Relational, None] = {}
    for axis, index in enumerate(getattr(wrt, "indices", ())):
        whole = hull([s for b in bodies for s in axis_spans(b, wrt.base, axis, {})]) if index.is_Integer else None
        for large, small in () if whole is None else ((whole[1], index), (index, whole[0])):
            gap = sp.expand(large - small)
            smallest = least(gap)
            if not gap.is_Integer and (smallest is None or smallest < 0):  # a number < 0: x[1] beside a sum from 2
                found[sp.Ge(large, small, evaluate=False)] = None
    return tuple(found)


# -- the traversal --------------------------------------------------------------------------
def rewrite(line: sp.Expr, scope: Scope) -> list[Step]:
    """Apply rules until no derivative by wrt is left, then tidy the sums; lines are not yet published."""
    steps: list[Step] = []

    def go_on(nodes: Callable[[sp.Expr], list[Any]], rules: Sequence[Rule]) -> None:
        nonlocal line
        while len(steps) < MAX_STEPS:
            step = _one_step(line, nodes(line), rules, scope)
            if step is None:
                return
            steps.append(step)
            line = step.after
        raise NoRuleAppliesError(f"more than {MAX_STEPS} steps")

    go_on(lambda e: _derivatives(e, scope), RULES)
    left = _derivatives(line, scope)
    if left:
        raise NoRuleAppliesError(f"no rule for the derivative of {left[0].expr} by {scope.wrt}")
    go_on(_sums, SUM_RULES)
    return steps


def _one_step(line: sp.Expr, nodes: Sequence[Any], rules: Sequence[Rule], scope: Scope) -> Step | None:
    """The rule of the first node that has one, applied to every node whose rule it is."""
    chosen: Rule | None = None
    values: dict[sp.Basic, sp.Basic] = {}
    here = _with_sums(scope, line) if rules is SUM_RULES else scope
    for node in dict.fromkeys(nodes):
        for rule in rules:
            new = rule.rewrite(node, here)
            if new is not None:
                chosen = chosen or rule
                if rule is chosen:
                    values[node] = new
                break
    if any(v.has(sp.zoo, sp.nan) for v in values.values()):
        raise NoRuleAppliesError(
            f"a term of {line} divides by zero at an index where a factor is 0;"
            " leave that index out with Piecewise((term, Ne(i, j)), (0, True))"
        )
    return None if chosen is None else Step(chosen, line, replaced(line, values))


def _with_sums(scope: Scope, line: sp.Expr) -> Scope:
    """The scope with the ranges of the line's bound indices."""
    spans = {limit[0]: (limit[1], limit[2]) for total in line.atoms(sp.Sum) for limit in total.limits}
    return Scope(scope.wrt, scope.moving, scope.definitions, {**scope.bounds, **spans})


def _derivatives(e: sp.Basic, scope: Scope) -> list[Any]:
    """The derivatives by wrt that are still to be moved, outermost first."""
    if isinstance(e, sp.Subs):
        return []
    if isinstance(e, sp.Derivative):
        return [e] if e.variables[0] == scope.wrt and not _stands(e, scope) else []
    return [n for a in e.args for n in _derivatives(a, scope)]


def _stands(e: sp.Derivative, scope: Scope) -> bool:
    """∂f(.., θ, ..)/∂θ of an undefined f, with θ in one slot only, is as simple as it gets."""
    f = e.expr
    if not isinstance(f, AppliedUndef) or list(f.args).count(scope.wrt) != 1:
        return False
    return not any(a != scope.wrt and scope.depends(a) for a in f.args)


def _sums(e: sp.Basic) -> list[Any]:
    """The Sum nodes, innermost first."""
    inner = [n for a in e.args for n in _sums(a)]
    return [*inner, e] if isinstance(e, sp.Sum) else inner


# -- publishing -----------------------------------------------------------------------------
def published(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Steps with readable indices; each line is published once."""
    if not steps:
        return ()
    lines = [publish(steps[0].before), *(publish(s.after) for s in steps)]
    return tuple(Step(s.rule, lines[n], lines[n + 1]) for n, s in enumerate(steps))


def zero_note(body: sp.Expr, scope: Scope) -> tuple[str, ...]:
    """That the gradient is zero, where the loss does not change with wrt at all."""
    return () if scope.depends(body) else (f"{scope.wrt} does not occur in the loss, so the gradient is zero",)


def kink_notes(body: sp.Expr) -> tuple[str, ...]:
    """Where a body may have no derivative."""
    shown = [sp.Eq(*map(publish_names, equation.args), evaluate=False) for equation, _ in kinks(body)]
    return tuple(f"where {equation} the loss need not have a derivative" for equation in shown)
