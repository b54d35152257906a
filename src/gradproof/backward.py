"""Back-propagation: the chain rule through a model's definitions, from the loss towards wrt.

    ∂E/∂z_j = Σ_k ∂E/∂y_k · ∂y_k/∂z_j

Each adjoint is derived from the later ones, and is never expanded on the way.  Where a quantity
reaches another along several paths, each definition's own part is taken with the other names
held, as in Griewank & Walther, *Evaluating Derivatives* (2008), section 3.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from gradproof.checking import free_indices
from gradproof.derivation import Step, axis_bounds, rewrite
from gradproof.inverse import arrays_in
from gradproof.lines import copied, derivative, fresh, head, index_range, rebuilt, replaced, summed, times
from gradproof.rules import CHAIN_THROUGH, DEFINITION, SUBSTITUTION, Scope

__all__ = ["Adjoints", "Backward", "Definitions", "loss_name", "names_in"]

MAX_NODES = 5000  # a result larger than this keeps its adjoints by name

Definitions = Mapping[Any, tuple[tuple[sp.Basic, ...], sp.Expr]]


def names_in(e: sp.Expr) -> set[sp.Basic]:
    """The arrays and symbols that an expression uses."""
    return arrays_in(e) | {s for s in e.free_symbols if isinstance(s, sp.Symbol)}


@dataclass(frozen=True)
class Adjoints:
    """What the derivatives of `name` by named quantities are, in terms of later ones.

    formulas: quantity -> (an entry of it, the derivative by that entry).
    """

    name: sp.Expr
    formulas: Mapping[sp.Basic, tuple[sp.Expr, sp.Expr]]

    def put_into(self, e: sp.Expr) -> sp.Expr:
        """`e` with every adjoint replaced by its formula, down to the loss; unchanged where that is too large to read."""
        return e if self._size(e) > MAX_NODES else self._closed(e)

    def _closed(self, e: sp.Expr) -> sp.Expr:
        if isinstance(e, sp.Derivative) and e.expr == self.name:
            entry = e.variables[0]
            if head(entry) in self.formulas:
                template, formula = self.formulas[head(entry)]
                here = zip(getattr(template, "indices", ()), getattr(entry, "indices", ()), strict=True)
                return self._closed(copied(replaced(formula, dict(here))))
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
                if quantity in self.formulas:
                    if quantity not in sizes:
                        sizes[quantity] = count(self.formulas[quantity][1])
                    return sizes[quantity]
            return 1 + sum(count(a) for a in node.args)

        return count(e)


class Backward:
    """One back-propagation: adjoints from the loss towards each of `wrts`.

    An adjoint is derived once, for all of them: it depends on what is downstream of its quantity only.
    """

    def __init__(self, definitions: Definitions, loss: sp.Expr, name: sp.Expr, wrts: Sequence[sp.Expr]) -> None:
        self.definitions, self.loss, self.name = definitions, loss, name
        self.uses = {quantity: names_in(body) for quantity, (_, body) in definitions.items()}
        self.users: dict[sp.Basic, list[sp.Basic]] = {}  # what uses a name or an array, in the order of definition
        for quantity, used in self.uses.items():
            for base in used:
                self.users.setdefault(base, []).append(quantity)
        self.changed: dict[sp.Basic, frozenset[sp.Basic]] = {}
        for quantity in list(definitions)[::-1]:
            self.changed[quantity] = self.changed_by(quantity)
        self.reached = self._reached_by_loss()
        self.taken = {str(i) for i in free_indices(loss)}
        self.adjoints: dict[sp.Basic, tuple[sp.Expr, list[Step]]] = {}  # quantity -> (its entry, the steps)
        on_path = set[sp.Basic]().union(*(self.changed_by(head(wrt)) for wrt in wrts))
        for quantity in list(definitions)[::-1]:
            if quantity in on_path and quantity in self.reached:
                indices = tuple(self._letter(i) for i in definitions[quantity][0])
                entry = quantity[indices] if indices else quantity
                self.adjoints[quantity] = entry, self._local_steps(entry)

    def changed_by(self, base: sp.Basic) -> frozenset[sp.Basic]:
        """The names that change with an array or symbol, through any definitions but its own."""
        users = self.users.get(base, ())
        return frozenset(users).union(*(self.changed[q] for q in users))

    def _letter(self, index: sp.Basic) -> sp.Basic:
        """The definition's own index, primed where the loss leaves that letter free."""
        name = str(index)
        while name in self.taken:
            name += "'"
        return index if name == str(index) else sp.Idx(name, index_range(index))

    def _reached_by_loss(self) -> dict[sp.Basic, int]:
        """The names that the loss depends on, numbered in the order of discovery, which is the same in every run."""
        found: dict[sp.Basic, int] = {}
        todo = [self.loss]
        while todo:
            for used in sorted(names_in(todo.pop()) & self.definitions.keys(), key=str):
                if used not in found and used != self.name:
                    found[used] = len(found)
                    todo.append(self.definitions[used][1])
        return found

    def steps(self, wrt: sp.Expr, closed: bool = True) -> list[Step]:
        """The chain rule, the rules, and, unless they are to keep their names, the adjoints put in."""
        steps = self._local_steps(wrt)
        if not closed:
            return steps
        line = steps[-1].after
        formulas = {quantity: (entry, known[-1].after) for quantity, (entry, known) in self.adjoints.items()}
        found = Adjoints(self.name, formulas).put_into(line)
        return steps if found == line else [*steps, Step(SUBSTITUTION, line, found)]

    def _local_steps(self, wrt: sp.Expr) -> list[Step]:
        """From ∂E/∂wrt to its formula in terms of later adjoints."""
        base = head(wrt)
        direct = self.users.get(base, [])
        bodies = [self.loss, *(self.definitions[q][1] for q in direct)]
        scope = Scope(wrt, frozenset({base}), {}, axis_bounds(bodies, wrt))
        self.moving = self.changed_by(base)
        start = derivative(self.name, wrt)
        terms: list[sp.Expr] = []
        opened: dict[sp.Basic, sp.Basic] = {}
        if scope.depends(self.loss):
            terms.append(self._explicit(self.loss, scope))
        users = [q for q in reversed(direct) if q in self.adjoints]
        terms += [self._through(q, scope, opened) for q in users]
        chained = sp.Add(*terms)
        steps = [Step(CHAIN_THROUGH if users else DEFINITION, start, chained)]
        if opened:
            steps.append(Step(DEFINITION, chained, replaced(chained, opened)))
        steps += rewrite(steps[-1].after, scope)
        line = steps[-1].after
        named = self._named(line, sorted((q for q in direct if q in self.reached), key=self.reached.__getitem__))
        return steps if named == line else [*steps, Step(DEFINITION, line, named)]

    def _named(self, e: sp.Expr, users: Sequence[Any]) -> sp.Expr:
        """`e` with what one of these definitions computes called by its name: tanh(h_j) is z_j."""
        for quantity in users:
            template, body = self.definitions[quantity]
            if quantity != self.name and not isinstance(body, (sp.Symbol, sp.Indexed, sp.Number)):
                here = _match(body, e, template)
                if here is not None:
                    return quantity[tuple(here[i] for i in template)] if template else quantity
        if not e.args or isinstance(e, (sp.Indexed, sp.Derivative, sp.Subs)):
            return e
        args = [self._named(a, users) for a in e.args]
        return e if all(a is b for a, b in zip(args, e.args, strict=True)) else rebuilt(e, args)

    def _explicit(self, body: sp.Expr, scope: Scope) -> sp.Expr:
        """∂body/∂wrt with all names held: left standing where no name in it changes with wrt.

        Where one does, ∂ would be read as the total derivative, so the rules are applied at once.
        """
        start = derivative(body, scope.wrt)
        if not names_in(body) & self.moving:
            return start
        steps = rewrite(start, scope)
        return steps[-1].after if steps else start

    def _through(self, quantity: sp.Basic, scope: Scope, opened: dict[sp.Basic, sp.Basic]) -> sp.Expr:
        """Σ ∂E/∂quantity · ∂quantity/∂wrt over the quantity's indices."""
        indices, body = self.definitions[quantity]
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


def loss_name(expressions: Sequence[sp.Expr], definitions: Definitions, first: str) -> sp.Symbol:
    """A symbol for the loss that nothing else is called, the first one if it can be."""
    bodies = [*expressions, *(body for _, body in definitions.values())]
    taken = {str(s) for e in bodies for s in e.free_symbols} | {str(n) for n in definitions}
    names = (first, "E", "L", "J", *(f"E_{k}" for k in range(len(taken) + 1)))
    return next(sp.Symbol(n) for n in names if n not in taken)
