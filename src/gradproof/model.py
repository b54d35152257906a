"""Named quantities, and the chain rule through their definitions: back-propagation.

A `Model` is an ordered list of definitions, such as ``Eq(h[j], Sum(w1[j, i]*x[i], i))``.  The
derivative of the loss by a named quantity is its *adjoint*, written ``Derivative(E, z[j])``;
each adjoint is derived from the later ones, and is never expanded on the way:

    ∂E/∂z_j = Σ_k ∂E/∂y_k · ∂y_k/∂z_j        (chain rule through the definitions)

``∂E/∂z_j`` cuts z's own definition and takes every path downstream of it.  Where a quantity
reaches another along several paths, each definition's own part is taken with the other
names held, as in Griewank & Walther, *Evaluating Derivatives* (2008), section 3.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp

from gradproof.assumptions import read_assumptions
from gradproof.derivation import (
    Derivation,
    Step,
    axis_bounds,
    differentiated,
    moving,
    notes_on,
    published,
    read_wrt,
    rewrite,
)
from gradproof.lines import (
    copied,
    derivative,
    fresh,
    head,
    index_range,
    is_partial,
    publish,
    rebuilt,
    replaced,
    summed,
    times,
)
from gradproof.notation import NotationError, RangeError, consistent, read
from gradproof.proof import decide, inadmissible
from gradproof.rules import CHAIN_THROUGH, DEFINITION, SUBSTITUTION, Scope
from gradproof.verdict import Verdict

__all__ = ["Model", "check"]

MAX_NODES = 5000  # a result larger than this keeps its adjoints by name


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
        return _against(result, claim, body, entry, assumptions)
    except RangeError as error:
        return inadmissible(error)


def _against(
    result: sp.Expr,
    claim: sp.Expr,
    loss: sp.Expr,
    wrt: sp.Expr,
    assumptions: Sequence[Any],
    definitions: Sequence[sp.Eq] = (),
) -> Verdict:
    """The verdict on a claim that was read, against the gradient."""
    _no_stray_index(claim, wrt, loss)
    bounds = axis_bounds([loss, *(d.rhs for d in definitions)], wrt)
    relations = read_assumptions(assumptions)
    return decide(result, claim, relations, definitions, bounds, smooth=True, kinked=loss)


def _no_stray_index(claim: sp.Expr, wrt: sp.Expr, loss: sp.Expr) -> None:
    """Every free index of the claim is one of wrt's or of the loss's."""
    stray_ones = _free_indices(claim) - _free_indices(wrt) - _free_indices(loss)
    stray = sorted(map(str, stray_ones - loss.free_symbols)) if stray_ones else []
    if stray:
        have = ", ".join(sorted(map(str, _free_indices(wrt) | _free_indices(loss)))) or "none"
        raise NotationError(
            f"the claim has the free index {', '.join(stray)}, which the gradient lacks; free in the gradient: {have}."
            " Sum over it, or rename it"
        )


def _free_indices(e: sp.Basic) -> set[sp.Basic]:
    if isinstance(e, sp.Indexed):
        return {s for i in e.indices for s in i.free_symbols if not isinstance(s, (sp.Dummy, sp.Indexed))}
    if isinstance(e, sp.Idx):
        return {e}
    return {i for a in e.args for i in _free_indices(a)}


class Model:
    """Definitions of named quantities, each in terms of parameters, inputs and earlier names.

    definitions: ``Eq(name or entry with distinct indices, body)``; the indices need ranges
    (``Idx('j', J)``, or a shape of the array), since the chain rule sums over them.

    Raises NotationError, naming the definition, for one that is not of this form, uses a later
    name or itself, defines a name twice, or leaves an index of its body free.
    """

    def __init__(self, definitions: Sequence[sp.Eq]) -> None:
        self._read: dict[sp.Basic, tuple[tuple[sp.Basic, ...], sp.Expr]] = {}
        self.definitions = tuple(definitions)
        for d in self.definitions:
            self._define(d)
        self._check_order()

    def _define(self, d: Any) -> None:
        if not isinstance(d, sp.Eq):
            raise NotationError(f"the definition {d} is not an equation Eq(name, expression)")
        left, name = d.lhs, head(d.lhs)
        if not isinstance(left, (sp.Symbol, sp.Indexed)):
            raise NotationError(
                f"the definition {d} has {left} on its left; accepted are a symbol or an entry such as h[j]"
            )
        if name in self._read:
            raise NotationError(f"{name} is defined twice")
        indices = tuple(getattr(left, "indices", ()))
        if len(set(indices)) != len(indices) or any(index_range(i) is None for i in indices):
            raise NotationError(f"the indices of {left} must be distinct and have ranges, such as Idx('j', J)")
        body = read(d.rhs, f"the definition of {left}")
        stray = {s for s in _free_indices(body) if isinstance(s, sp.Idx)} - set(indices)
        if stray:
            raise NotationError(f"the definition of {left} leaves the index {', '.join(map(str, stray))} free")
        self._read[name] = (indices, body)

    def _check_order(self) -> None:
        for n, name in enumerate(self._read):
            used = self._names_in(self._read[name][1])
            for later in list(self._read)[n:]:
                if later in used:
                    raise NotationError(f"the definition of {name} uses {later}, which is not defined before it")

    @staticmethod
    def _names_in(e: sp.Expr) -> set[sp.Basic]:
        return {a.base for a in e.atoms(sp.Indexed)} | {s for s in e.free_symbols if isinstance(s, sp.Symbol)}

    # -- derivations ----------------------------------------------------------------------
    def derive(self, loss: Any, wrt: Any, assumptions: Sequence[Any] = ()) -> Derivation:
        """The gradient from the front: names are opened by their definition as the rules meet them."""
        body, entry = self._loss(loss), read_wrt(wrt)
        consistent(body, entry, *self.definitions)
        scope = Scope(entry, moving(entry, self._read), self._read, self._bounds(body, entry))
        steps = rewrite(derivative(body, entry), scope)
        return self._derivation(body, entry, steps, assumptions, (), None)

    def gradient(self, loss: Any, wrt: Any, assumptions: Sequence[Any] = ()) -> Derivation:
        """The gradient by back-propagation: the chain rule through the definitions.

        loss: a scalar in named quantities, parameters and inputs, or the symbol of a definition.
        wrt: a parameter, an input, or an entry of a named quantity, whose definition is then cut.
        The adjoints that are used are in `Derivation.adjoints`, the last layer's first.
        """
        body, entry = self._loss(loss), read_wrt(wrt)
        consistent(body, entry, *self.definitions)
        name = loss if isinstance(loss, sp.Symbol) and loss in self._read else _loss_name(body, entry, self._read)
        backward = _Backward(self, body, name, entry)
        steps = backward.steps(entry)
        adjoints = tuple(
            self._derivation(body, a.wrt, a.steps, assumptions, (), name) for a in backward.adjoints.values()
        )
        return self._derivation(body, entry, steps, assumptions, adjoints, name)

    def check(self, loss: Any, wrt: Any, claimed: Any, assumptions: Sequence[Any] = ()) -> Verdict:
        """Whether `claimed`, which may mention named quantities and ∂E/∂z_j, is the gradient."""
        derivation = self.gradient(loss, wrt)
        claim = self.resolved(read(claimed, "the claimed gradient"), loss)
        result, body = read(derivation.result), read(derivation.loss)
        equations = [
            sp.Eq(d.lhs, b, evaluate=False) for d, (_, b) in zip(self.definitions, self._read.values(), strict=True)
        ]
        return _against(result, claim, body, derivation.wrt, assumptions, equations)

    def resolved(self, e: sp.Expr, loss: Any) -> sp.Expr:
        """`e` with each derivative of a named quantity replaced by its gradient."""
        found = {}
        for node in e.atoms(sp.Derivative):
            of, by = node.expr, node.variables[0]
            known = of == loss or head(of) in self._read
            if isinstance(of, (sp.Symbol, sp.Indexed)) and known:
                found[node] = read(self.gradient(of, by).result, "a factor")
            elif not is_partial(node):
                raise NotationError(
                    f"{node} is the derivative of {of}, which is neither the loss nor defined in the model"
                )
        return replaced(e, found)

    def _loss(self, loss: Any) -> sp.Expr:
        """The loss in terms of names: a defined name's own body is opened once."""
        body = read(loss, "the loss")
        template = self._read.get(head(body))
        if template is None:
            return body
        return replaced(template[1], dict(zip(template[0], getattr(body, "indices", ()), strict=True)))

    def _bounds(self, body: sp.Expr, entry: sp.Expr) -> dict[sp.Basic, tuple[sp.Expr, sp.Expr]]:
        return axis_bounds([body, *(b for _, b in self._read.values())], entry)

    def _derivation(
        self,
        body: sp.Expr,
        entry: sp.Expr,
        steps: Sequence[Step],
        assumptions: Sequence[Any],
        adjoints: tuple[Derivation, ...],
        name: sp.Expr | None,
    ) -> Derivation:
        scope = Scope(entry, moving(entry, self._read), self._read)
        bodies = [body, *(b for _, b in self._read.values())]
        notes = list(notes_on(body, entry, scope)) + [
            n for b in bodies[1:] for n in notes_on(b, entry, scope) if "need not" in n
        ]
        return Derivation(
            loss=publish(body),
            wrt=publish(entry),
            steps=published(steps),
            result=publish(steps[-1].after) if steps else derivative(body, entry),
            assumptions=tuple(map(publish, read_assumptions(assumptions))),
            definitions=self.definitions,
            adjoints=adjoints,
            name=name,
            notes=tuple(dict.fromkeys(notes)),
        )


class _Adjoint:
    """∂E/∂(a named quantity): its template entry, and the steps to its formula."""

    def __init__(self, wrt: sp.Expr, steps: list[Step]) -> None:
        self.wrt, self.steps = wrt, steps

    @property
    def formula(self) -> sp.Expr:
        return self.steps[-1].after


class _Backward:
    """One back-propagation: adjoints from the loss towards wrt."""

    def __init__(self, model: Model, loss: sp.Expr, name: sp.Expr, wrt: sp.Expr) -> None:
        self.model, self.loss, self.name, self.wrt = model, loss, name, wrt
        self.reached = self._reached_by_loss()
        self.adjoints: dict[sp.Basic, _Adjoint] = {}
        on_path = moving(wrt, model._read) - {head(wrt)}
        for quantity in reversed(model._read):
            if quantity in on_path and quantity in self.reached:
                indices = tuple(self._letter(i) for i in model._read[quantity][0])
                entry = quantity[indices] if indices else quantity
                self.adjoints[quantity] = _Adjoint(entry, self._local_steps(entry))

    def _letter(self, index: sp.Basic) -> sp.Basic:
        """The definition's own index, primed where the loss leaves that letter free."""
        taken = {str(i) for i in _free_indices(self.loss)}
        name = str(index)
        while name in taken:
            name += "'"
        return index if name == str(index) else sp.Idx(name, index_range(index))

    def _reached_by_loss(self) -> set[sp.Basic]:
        """The names that the loss depends on."""
        found: set[sp.Basic] = set()
        todo = [self.loss]
        while todo:
            for used in self.model._names_in(todo.pop()) & self.model._read.keys():
                if used not in found and used != self.name:
                    found.add(used)
                    todo.append(self.model._read[used][1])
        return found

    def steps(self, wrt: sp.Expr) -> list[Step]:
        """The chain rule, the rules, and the adjoints put in."""
        steps = self._local_steps(wrt)
        line = steps[-1].after
        if self._size(line) > MAX_NODES:
            return steps
        closed = self._closed(line)
        return steps if closed == line else [*steps, Step(SUBSTITUTION, line, closed)]

    def _local_steps(self, wrt: sp.Expr) -> list[Step]:
        """From ∂E/∂wrt to its formula in terms of later adjoints."""
        base = head(wrt)
        scope = Scope(wrt, frozenset({base}), {}, self.model._bounds(self.loss, wrt))
        self.moving = moving(wrt, self.model._read) - {base}
        start = derivative(self.name, wrt)
        terms: list[sp.Expr] = []
        opened: dict[sp.Basic, sp.Basic] = {}
        if scope.depends(self.loss):
            terms.append(self._explicit(self.loss, scope))
        users = [q for q in self.adjoints if scope.depends(self.model._read[q][1])]
        terms += [self._through(q, scope, opened) for q in users]
        chained = sp.Add(*terms)
        through = any(n in self.adjoints for n in self.moving)
        steps = [Step(CHAIN_THROUGH if through else DEFINITION, start, chained)]
        if opened:
            steps.append(Step(DEFINITION, chained, replaced(chained, opened)))
        steps += rewrite(steps[-1].after, scope)
        line = steps[-1].after
        named = self._named(line)
        return steps if named == line else [*steps, Step(DEFINITION, line, named)]

    def _named(self, e: sp.Expr) -> sp.Expr:
        """`e` with what a definition already computes called by its name: tanh(h_j) is z_j."""
        for quantity, (template, body) in self.model._read.items():
            if quantity != self.name and not isinstance(body, (sp.Symbol, sp.Indexed, sp.Number)):
                here = _match(body, e, template)
                if here is not None:
                    return quantity[tuple(here[i] for i in template)] if template else quantity
        if not e.args or isinstance(e, (sp.Indexed, sp.Derivative, sp.Subs)):
            return e
        args = [self._named(a) for a in e.args]
        return e if all(a is b for a, b in zip(args, e.args, strict=True)) else rebuilt(e, args)

    def _explicit(self, body: sp.Expr, scope: Scope) -> sp.Expr:
        """∂body/∂wrt with all names held: left standing where no name in it changes with wrt.

        Where one does, ∂ would be read as the total derivative, so the rules are applied at once.
        """
        start = derivative(body, scope.wrt)
        if not self.model._names_in(body) & self.moving:
            return start
        steps = rewrite(start, scope)
        return steps[-1].after if steps else start

    def _through(self, quantity: sp.Basic, scope: Scope, opened: dict[sp.Basic, sp.Basic]) -> sp.Expr:
        """Σ ∂E/∂quantity · ∂quantity/∂wrt over the quantity's indices."""
        indices, body = self.model._read[quantity]
        dummies = [fresh(i) for i in indices]
        entry = quantity[tuple(dummies)] if indices else quantity
        factor = here = self._explicit(replaced(body, dict(zip(indices, dummies, strict=True))), scope)
        if isinstance(here, sp.Derivative):
            factor = derivative(entry, scope.wrt)
            opened[factor] = here
        total = times(derivative(self.name, entry), factor)
        for index, dummy in reversed(list(zip(indices, dummies, strict=True))):
            lo, hi = index_range(index) or (sp.S.Zero, sp.S.Zero)
            total = summed(total, dummy, lo, hi)
        return total

    # -- putting adjoints in ---------------------------------------------------------------
    def _closed(self, e: sp.Expr) -> sp.Expr:
        """`e` with every adjoint replaced by its formula, down to the loss."""
        if isinstance(e, sp.Derivative) and e.expr == self.name:
            entry = e.variables[0]
            adjoint = self.adjoints.get(head(entry))
            if adjoint is not None:
                indices = getattr(adjoint.wrt, "indices", ())
                here = dict(zip(indices, getattr(entry, "indices", ()), strict=True))
                return self._closed(copied(replaced(adjoint.formula, here)))
        if not e.args or isinstance(e, sp.Indexed):
            return e
        args = [self._closed(a) for a in e.args]
        return e if all(a is b for a, b in zip(args, e.args, strict=True)) else rebuilt(e, args)

    def _size(self, e: sp.Expr) -> int:
        """How many nodes `_closed` would make, without making them."""
        sizes: dict[sp.Basic, int] = {}

        def count(node: sp.Basic) -> int:
            if isinstance(node, sp.Derivative) and node.expr == self.name:
                quantity = head(node.variables[0])
                if quantity in self.adjoints:
                    if quantity not in sizes:
                        sizes[quantity] = count(self.adjoints[quantity].formula)
                    return sizes[quantity]
            return 1 + sum(count(a) for a in node.args)

        return count(e)


def _match(pattern: sp.Basic, e: sp.Basic, template: Sequence[sp.Basic]) -> dict[sp.Basic, sp.Basic] | None:
    """The values of the template's indices with which `pattern` is `e`, if there are any."""
    found: dict[sp.Basic, sp.Basic] = {}

    def fits(p: sp.Basic, q: sp.Basic) -> bool:
        if p in template:
            if not (isinstance(q, (sp.Symbol, sp.Idx)) and q.is_integer):
                return False
            return bool(found.setdefault(p, q) == q)
        if not p.args or isinstance(p, sp.Symbol):
            return bool(p == q)
        return type(p) is type(q) and len(p.args) == len(q.args) and all(map(fits, p.args, q.args))

    return found if fits(pattern, e) and len(found) == len(template) else None


def _loss_name(
    loss: sp.Expr, wrt: sp.Expr, definitions: Mapping[sp.Basic, tuple[tuple[sp.Basic, ...], sp.Expr]]
) -> sp.Symbol:
    """A symbol for the loss that nothing else is called."""
    bodies = [loss, wrt, *(body for _, body in definitions.values())]
    taken = {str(s) for e in bodies for s in e.free_symbols} | {str(n) for n in definitions}
    return next(sp.Symbol(n) for n in ("E", "L", "J", *(f"E_{k}" for k in range(len(taken) + 1))) if n not in taken)
