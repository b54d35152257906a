"""Every step of a derivation against SymPy's own `diff`, and the whole against the loss.

What is shared with the derivation: SymPy's arithmetic, reading (fresh dummies: SymPy's diff
is wrong where an index is used twice), and the normal form.  Not shared: the rules.

A `Derivative` node in a line is the total derivative, with the variable's own definition cut.  In back-propagation,
∂E/∂z is compared with the chain rule as it is stated for composed functions: SymPy's diff of each definition that uses z,
times the derivative by what it defines.  So each step takes the same time at any depth; the whole opens every name.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import sympy as sp

from gradproof.assumptions import read_assumptions
from gradproof.backward import Adjoints, names_in
from gradproof.checking import Question
from gradproof.checks.complex_step import complex_step_evidence
from gradproof.checks.remainder import remainder_evidence
from gradproof.checks.second_prover import second_prover_evidence
from gradproof.derivation import Derivation, axis_bounds, moving
from gradproof.elementary import BRANCHING, branched, piecewise
from gradproof.inverse import Determinant, InverseBase
from gradproof.lines import (
    copied,
    derivative,
    fresh,
    head,
    index_range,
    is_partial,
    rebuilt,
    renamed,
    replaced,
    summed,
    times,
)
from gradproof.matrix_rules import matrix_slope
from gradproof.notation import NotationError, read
from gradproof.proof import Bounds, confirmed, decide, same
from gradproof.verdict import Evidence, Fault, Verdict

__all__ = ["INDEPENDENT", "LineChecker", "by_sympy", "opened", "verify"]

#: Checks of a derivation that share no code with its proof.
INDEPENDENT = (remainder_evidence, second_prover_evidence, complex_step_evidence)

_RESTS = "SymPy's own diff on fresh dummies, and gradproof's normal form; not the rules"

_Definitions = Mapping[sp.Basic, tuple[tuple[sp.Basic, ...], sp.Expr]]


def verify(derivation: Derivation) -> Verdict:
    """Proved if every step and the whole hold, and none of the independent checks disagrees.

    Otherwise the verdict of the first step that fails, named in `reason`.
    """
    d = derivation
    checker = LineChecker(d.definitions, d.assumptions, d.loss, d.name)
    count = 0
    for part in (*d.adjoints, d):
        for n, step in enumerate(part.steps):
            verdict = checker.compared(step.before, step.after, part.wrt)
            if verdict.status != "proved":
                where = f"step {n + 1} ({step.rule.name}): {step.before} = {step.after}"
                fault = checker.fault(step.rule.name, step.before, step.after, part.wrt)
                return _failed(verdict, part, where, fault)
            count += 1
        start = derivative(d.loss if d.name is None else d.name, part.wrt)
        if part.steps and part.steps[0].before != start:
            verdict = checker.equal(start, part.steps[0].before, part.wrt)
            if verdict.status != "proved" or not isinstance(part.steps[0].before, sp.Derivative):
                return _failed(replace(verdict, status="undecided"), part, "the lines do not start from the loss")
        gap = _gap(part)
        if gap:
            return Verdict("undecided", d.assumptions, reason=gap)
        if part is not d:
            checker.found(part)
    whole = checker.compared(derivative(d.loss, d.wrt), d.result, d.wrt)
    if whole.status != "proved":
        fault = checker.fault("", derivative(d.loss, d.wrt), d.result, d.wrt)
        return _failed(whole, d, f"the result {d.result} against the loss", fault)
    steps = Evidence("each step", "agrees", f"every step keeps the value ({count} in all)", _RESTS)
    diff = Evidence("whole", "agrees", "the result is SymPy's derivative of the whole loss, taken sum by sum", _RESTS)
    others = tuple(check(d) for check in INDEPENDENT)
    evidence = (*whole.evidence, steps, diff, *others)
    against = next((e for e in others if e.outcome == "disagrees"), None)
    if against is not None:
        return Verdict("undecided", whole.assumptions, None, evidence, f"the checks disagree: {against.says}")
    return Verdict("proved", whole.assumptions, None, evidence)


def _failed(verdict: Verdict, part: Derivation, where: str, fault: Fault | None = None) -> Verdict:
    reason = f"∂/∂{part.wrt}: {where}" + (f" ({verdict.reason})" if verdict.reason else "")
    return Verdict(verdict.status, verdict.assumptions, verdict.witness, verdict.evidence, reason, fault=fault)


def _gap(part: Derivation) -> str:
    """Where the lines do not connect, if they do not."""
    steps = part.steps
    for n, (one, other) in enumerate(itertools.pairwise(steps)):
        if one.after != other.before:
            return (
                f"the lines do not connect: step {n + 1} ends in {one.after}, step {n + 2} starts from {other.before}"
            )
    if steps and steps[-1].after != part.result:
        return f"the last line {steps[-1].after} is not the result {part.result}"
    return ""


class LineChecker:
    """Compares lines that may hold derivatives of named quantities.

    definitions, assumptions: as in `Derivation`; loss and name: the loss and the symbol that
    stands for it in lines of back-propagation.
    """

    def __init__(
        self,
        definitions: Sequence[sp.Eq] = (),
        assumptions: Sequence[Any] = (),
        loss: sp.Expr | None = None,
        name: sp.Expr | None = None,
    ) -> None:
        self.name = name
        self.equations = [sp.Eq(d.lhs, read(d.rhs), evaluate=False) for d in definitions]
        self.definitions: _Definitions = {
            head(d.lhs): (tuple(getattr(d.lhs, "indices", ())), d.rhs) for d in self.equations
        }
        self.uses = {name: names_in(body) for name, (_, body) in self.definitions.items()}
        self.loss = None if loss is None else read(loss)
        self.relations = read_assumptions(assumptions)
        self.adjoints: dict[sp.Basic, tuple[sp.Expr, sp.Expr]] = {}
        self._known: dict[tuple[sp.Expr, bool], sp.Expr] = {}

    def equal(self, one: sp.Expr, other: sp.Expr, wrt: sp.Expr | None = None) -> Verdict:
        """Whether two lines have one value, with their derivatives by SymPy.

        wrt: the variable, whose own definition is cut.
        """
        try:
            if self.name is not None and self._same_with_adjoints(one, other, wrt):
                return Verdict("proved")
            left, right = (self._taken(e) for e in (one, other))
        except (NotationError, NotImplementedError) as error:
            return Verdict("undecided", reason=str(error))
        except RecursionError:
            return Verdict("undecided", reason="the lines are nested too deeply")
        bounds = self._bounds(wrt, left)
        cut = head(wrt)
        equations = [d for d in self.equations if head(d.lhs) != cut]
        varying = None if wrt is None else moving(read(wrt), self.definitions)
        kinked = self._kinked(one, other)
        return decide(left, right, self.relations, equations, bounds, smooth=True, kinked=kinked, varying=varying)

    def compared(self, one: sp.Expr, other: sp.Expr, wrt: sp.Expr | None = None) -> Verdict:
        """As `equal`; where the lines differ, the witness was enclosed a second time."""
        known = {name: found for name, found in self.definitions.items() if wrt is None or name != head(wrt)}
        if self.name is not None and self.loss is not None:
            known.setdefault(self.name, ((), self.loss))
        return confirmed(self.equal(one, other, wrt), one, other, self.relations, known)

    def fault(self, rule: str, before: sp.Expr, after: sp.Expr, wrt: sp.Expr | None) -> Fault:
        """A rule's step that was found wrong, for a report."""

        def suspect() -> str:
            from gradproof.repair import blamed

            if wrt is None:
                return ""
            kinked, cut = self._kinked(before, after), head(wrt)
            try:
                left = self._taken(before)
                equations = tuple(d for d in self.equations if head(d.lhs) != cut)
                loss = left if kinked is None else kinked
                question = Question(left, loss, read(wrt), self.relations, equations, self.evaluated, derived=False)
                found = blamed(question, after)
            except (NotationError, NotImplementedError):
                return ""
            return "" if found is None else str(found)

        return Fault(rule, before, after, suspect)

    def _taken(self, line: sp.Expr, adjoints: bool = True) -> sp.Expr:
        """A line, read, with its derivatives taken: once, since a line ends one step and starts the next."""
        if (line, adjoints) not in self._known:
            self._known[line, adjoints] = self.evaluated(read(line), adjoints)
        return self._known[line, adjoints]

    def _bounds(self, wrt: sp.Expr | None, line: sp.Expr) -> Bounds:
        if wrt is None:
            return {}
        users = [body for name, (_, body) in self.definitions.items() if head(wrt) in self.uses[name]]
        return axis_bounds([*([] if self.loss is None else [self.loss]), line, *users], read(wrt))

    def found(self, part: Derivation) -> None:
        """Take a quantity's adjoint for what a derivation, each step of which was proved, says that it is."""
        self.adjoints[head(part.wrt)] = part.wrt, read(part.result)

    def _same_with_adjoints(self, one: sp.Expr, other: sp.Expr, wrt: sp.Expr | None) -> bool:
        """Whether the lines agree whatever the adjoints in them are, or with those that were found, each by itself."""
        left, right = [self._taken(e, adjoints=False) for e in (one, other)]
        if wrt is not None and self.loss is not None and one == derivative(self.name, wrt):
            left = self._chained(self.loss, read(wrt))
        standing = [self._standing(e) for e in (left, right)]
        if not any(standing):
            return False
        if standing[0] != standing[1]:
            known = Adjoints(self.name, self.adjoints)
            left, right = known.put_into(left), known.put_into(right)
        bounds = self._bounds(wrt, left)
        if same(left, right, self.relations, self.equations, bounds):
            return True
        if wrt is None:
            return False
        left, right = (opened(e, self.definitions, read(wrt)) for e in (left, right))
        return same(left, right, self.relations, self.equations, bounds)

    def _standing(self, e: sp.Expr) -> set[sp.Basic]:
        """The quantities whose adjoints stand in a line."""
        return {head(d.variables[0]) for d in e.atoms(sp.Derivative) if d.expr == self.name}

    def _chained(self, loss: sp.Expr, by: sp.Expr) -> sp.Expr:
        """∂loss/∂by by the chain rule: SymPy's derivative of the loss, and of each definition that uses `by`, other names held."""
        needed = names_in(loss)
        total = by_sympy(loss, by)
        for name in [*self.definitions][::-1]:
            if name not in needed or name in (self.name, head(by)):
                continue
            needed |= self.uses[name]
            if head(by) in self.uses[name]:
                template, body = self.definitions[name]
                dummies = [fresh(i) for i in template]
                entry = name[tuple(dummies)] if template else name
                slope = by_sympy(replaced(body, dict(zip(template, dummies, strict=True))), by)
                term = times(derivative(self.name, entry), slope)
                for index, dummy in zip(template, dummies, strict=True):
                    span = index_range(index)
                    if span is None:
                        raise NotationError(f"the index {index} of {name} has no range")
                    term = summed(term, dummy, *span)
                total += term
        return total

    def _kinked(self, *lines: sp.Expr) -> sp.Expr | None:
        """What may have kinks: the loss; without one, whatever is differentiated in the lines."""
        if self.loss is not None:
            return self.loss
        bodies = {d.expr for e in lines for d in read(e).atoms(sp.Derivative) if d.expr.has(*BRANCHING)}
        return sp.Add(*bodies) if bodies else None

    def evaluated(self, line: sp.Expr, adjoints: bool = True) -> sp.Expr:
        """The line with every Derivative node taken by SymPy; the adjoints only if asked for."""
        if isinstance(line, sp.Derivative) and line.expr == self.name and not adjoints:
            return line
        if isinstance(line, sp.Derivative) and not is_partial(line):
            of, by = self.evaluated(line.expr), line.variables[0]  # a derivative of a derivative: inside first
            if of == self.name and self.loss is not None:
                return by_sympy(opened(self.loss, self.definitions, by), by, self.definitions)
            return by_sympy(opened(of, self.definitions, by), by, self.definitions)
        if not line.args or isinstance(line, (sp.Indexed, sp.Derivative, sp.Subs)):
            return line
        args = [self.evaluated(a, adjoints) for a in line.args]
        return line if all(a is b for a, b in zip(args, line.args, strict=True)) else rebuilt(line, args)


def opened(e: sp.Expr, definitions: _Definitions, cut: sp.Expr | None = None) -> sp.Expr:
    """`e` with every name that changes with `cut` replaced by its definition; without `cut`, every name."""
    names = frozenset(definitions) if cut is None else moving(cut, definitions) - {head(cut)}

    def visit(e: sp.Expr) -> sp.Expr:
        if isinstance(e, sp.Derivative) and isinstance(e.expr, sp.Symbol):
            return e  # an adjoint
        name = head(e)
        if isinstance(e, (sp.Symbol, sp.Indexed)):
            if name not in names:
                return e
            template, body = definitions[name]
            here = dict(zip(template, getattr(e, "indices", ()), strict=True))
            return visit(copied(replaced(body, here)))
        args = [visit(a) for a in e.args]
        return e if all(a is b for a, b in zip(args, e.args, strict=True)) else renamed(e, args)

    return visit(e)


def by_sympy(e: sp.Expr, wrt: sp.Expr, definitions: _Definitions = MappingProxyType({})) -> sp.Expr:
    """SymPy's derivative, sum by sum: a sum's summand, and what stands in an Abs, is differentiated apart from the rest.

    While the rest is, an undefined function of wrt stands for it: SymPy's own Sum moves a
    Piecewise out of it.  What branches is written as Piecewise, with strict conditions.  SymPy knows no inverse
    of a matrix with entries: an inverse's and a determinant's own law (matrix_rules.py) is taken as given.
    """
    kept: dict[sp.Basic, sp.Basic] = {}

    def masked(node: sp.Basic) -> sp.Basic:
        if isinstance(node, (sp.Sum, sp.Abs, Determinant)) or isinstance(head(node), InverseBase):
            mask = sp.Function(f"part {len(kept)}")(wrt)
            kept[mask] = node
            return mask
        if not node.args or isinstance(node, sp.Indexed):
            return node
        args = [masked(a) for a in node.args]
        return node if all(a is b for a, b in zip(args, node.args, strict=True)) else rebuilt(node, args)

    slope = sp.diff(masked(_by_branches(e)), wrt)
    back: dict[sp.Basic, sp.Basic] = {}
    for mask, part in kept.items():
        if isinstance(part, sp.Sum):
            ((index, lo, hi),) = part.limits
            taken = summed(by_sympy(part.function, wrt, definitions), index, lo, hi)
        elif not isinstance(part, sp.Abs):
            taken = matrix_slope(part, lambda m: by_sympy(opened(m, definitions, wrt), wrt, definitions))
        else:
            inner = by_sympy(part.args[0], wrt, definitions)
            taken = piecewise((inner, sp.Gt(part.args[0], 0)), (-inner, True))
        back[sp.Derivative(mask, wrt)] = taken
        back[mask] = part
    return read(replaced(slope, back), "SymPy's derivative")


def _by_branches(e: sp.Expr) -> sp.Expr:
    if not e.has(*BRANCHING):
        return e
    if isinstance(e, sp.Piecewise):  # its conditions are not differentiated
        return piecewise(*((_by_branches(v), c) for v, c in e.args))
    if isinstance(e, (sp.Max, sp.Min, sp.sign, sp.Heaviside)):
        return _by_branches(branched(e))
    return rebuilt(e, [_by_branches(a) for a in e.args])
