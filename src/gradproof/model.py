"""Named quantities: a model is an ordered list of definitions, such as ``Eq(h[j], Sum(w1[j, i]*x[i], i))``.

The derivative of the loss by a named quantity is its *adjoint*, written ``Derivative(E, z[j])``:
it cuts z's own definition and takes every path downstream of it.  `Model.gradient` goes from the
loss backwards (backward.py); `Model.derive` opens names as the rules meet them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import sympy as sp

from gradproof.assumptions import read_assumptions
from gradproof.backward import Backward, loss_name, names_in
from gradproof.checking import Question, free_indices
from gradproof.derivation import (
    Derivation,
    Step,
    axis_bounds,
    kink_notes,
    moving,
    published,
    read_wrt,
    rewrite,
    zero_note,
)
from gradproof.lines import derivative, head, index_range, is_partial, publish, replaced
from gradproof.notation import NotationError, consistent, has_matrices, read
from gradproof.rules import Scope
from gradproof.verdict import Verdict

if TYPE_CHECKING:
    from gradproof.code import Program
    from gradproof.repair import Blame
    from gradproof.typed import CheckedLines

__all__ = ["Model"]


class Model:
    """Definitions of named quantities, each in terms of parameters, inputs and earlier names.

    definitions: ``Eq(name or entry with distinct indices, body)``; the indices need ranges
    (``Idx('j', J)``, or a shape of the array), since the chain rule sums over them.  Or a matrix:
    ``Eq(H, W*X)`` with MatrixSymbols, which is read entry by entry.
    name: what a loss that is none of them is called in the steps, where nothing else is called so; E as a rule.

    Raises NotationError, naming the definition, for one that is not of this form, uses a later
    name or itself, defines a name twice, or leaves an index of its body free.
    """

    def __init__(self, definitions: Sequence[sp.Eq], name: str = "E") -> None:
        self._name = name
        self._read: dict[sp.Basic, tuple[tuple[sp.Basic, ...], sp.Expr]] = {}
        self._taken: dict[sp.Expr, sp.Expr] = {}  # derivatives of named quantities
        self.definitions = tuple(e for d in definitions for e in _by_entries(d))
        for d in self.definitions:
            self._define(d)
        self._check_order()

    def _define(self, d: Any) -> None:
        if not isinstance(d, sp.Eq):
            hint = (
                ": its sides differ in shape, or one is a 1x1 matrix, for which write Trace(...)"
                if d == sp.false
                else ""
            )
            raise NotationError(f"the definition {d} is not an equation Eq(name, expression){hint}")
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
        stray = {s for s in free_indices(body) if isinstance(s, sp.Idx)} - set(indices)
        if stray:
            raise NotationError(f"the definition of {left} leaves the index {', '.join(map(str, stray))} free")
        self._read[name] = (indices, body)

    def _check_order(self) -> None:
        for n, name in enumerate(self._read):
            used = names_in(self._read[name][1])
            for later in list(self._read)[n:]:
                if later in used:
                    raise NotationError(f"the definition of {name} uses {later}, which is not defined before it")

    # -- derivations ----------------------------------------------------------------------
    def derive(self, loss: Any, wrt: Any, assumptions: Sequence[Any] = ()) -> Derivation:
        """The gradient from the front: names are opened by their definition as the rules meet them."""
        if has_matrices(loss, wrt):
            from gradproof.forms.layouts import derive_matrices

            return derive_matrices(loss, wrt, assumptions, self.definitions)
        entry = read_wrt(wrt)
        body = self._loss(loss, (entry,))
        consistent(body, entry, *self.definitions)
        bounds = axis_bounds([body, *(b for _, b in self._read.values())], entry)
        scope = Scope(entry, moving(entry, self._read), self._read, bounds)
        steps = rewrite(derivative(body, entry), scope)
        return self._published(body, assumptions)(
            entry, steps, notes=(*zero_note(body, scope), *self._kink_notes(body))
        )

    def gradient(self, loss: Any, wrt: Any, assumptions: Sequence[Any] = ()) -> Derivation:
        """The gradient by back-propagation: the chain rule through the definitions.

        loss: a scalar in named quantities, parameters and inputs, or the symbol of a definition.
        wrt: a parameter, an input, or an entry of a named quantity, whose definition is then cut.
        The adjoints that are used are in `Derivation.adjoints`, the last layer's first.
        """
        if has_matrices(loss, wrt):
            from gradproof.forms.layouts import derive_matrices

            return derive_matrices(loss, wrt, assumptions, self.definitions, backward=True)
        return self._backward(loss, (wrt,), assumptions, closed=True)[0]

    def gradients(self, loss: Any, wrts: Sequence[Any], assumptions: Sequence[Any] = ()) -> tuple[Derivation, ...]:
        """The gradients by several parameters, of one back-propagation: the work grows linearly with depth.

        As `gradient`, but each adjoint is derived once: in `Derivation.adjoints` it is the same object for all. And it
        keeps its name in the results, which would grow with depth themselves if all adjoints were put in.
        """
        if isinstance(wrts, sp.Basic) or not isinstance(wrts, Sequence):
            raise TypeError(f"wrts is {wrts!r} ({type(wrts).__name__}); accepted is a list, such as [v[j, i], w[k, j]]")
        if has_matrices(loss, *wrts):
            from gradproof.forms.layouts import gradients_of_matrices

            return gradients_of_matrices(loss, wrts, assumptions, self.definitions)
        return self._backward(loss, wrts, assumptions, closed=False)

    def _backward(
        self, loss: Any, wrts: Sequence[Any], assumptions: Sequence[Any], closed: bool
    ) -> tuple[Derivation, ...]:
        """The gradients by back-propagation; with `closed`, the adjoints are put in."""
        entries = [read_wrt(wrt) for wrt in wrts]
        body = self._loss(loss, entries)
        consistent(body, *entries, *self.definitions)
        named = isinstance(loss, sp.Symbol) and loss in self._read and loss not in entries
        name = loss if named else loss_name([body, *entries], self._read, self._name)
        backward = Backward(self._read, body, name, entries)
        made = self._published(body, assumptions, name)
        adjoints = {quantity: made(*found) for quantity, found in backward.adjoints.items()}
        kinks = self._kink_notes(body)
        gradients = []
        for entry in entries:
            moved = backward.changed_by(head(entry))
            notes = (*zero_note(body, Scope(entry, moved | {head(entry)})), *kinks)
            used = tuple(d for quantity, d in adjoints.items() if quantity in moved)
            gradients.append(made(entry, backward.steps(entry, closed), used, notes))
        return tuple(gradients)

    def program(self, loss: Any, wrts: Sequence[Any], assumptions: Sequence[Any] = ()) -> Program:
        """The loss and its gradients by several parameters as one function, which computes each named quantity once."""
        from gradproof.code import program

        return program(*self.gradients(loss, wrts, assumptions))

    def check(self, loss: Any, wrt: Any, claimed: Any, assumptions: Sequence[Any] = ()) -> Verdict:
        """Whether `claimed`, which may mention named quantities and ∂E/∂z_j, is the gradient."""
        return self.asked(loss, wrt, assumptions).check(claimed)

    def blame(self, loss: Any, wrt: Any, claimed: Any, assumptions: Sequence[Any] = ()) -> Blame | None:
        """The likeliest slip in a claimed gradient; see `gradproof.blame`."""
        from gradproof.repair import blamed

        return blamed(self.asked(loss, wrt, assumptions), claimed)

    def check_lines(self, loss: Any, wrt: Any, lines: Sequence[Any], assumptions: Sequence[Any] = ()) -> CheckedLines:
        """The first wrong line of a typed derivation; see `gradproof.check_lines`."""
        from gradproof.typed import lines_checked

        return lines_checked(self.asked(loss, wrt, assumptions), lines)

    def asked(self, loss: Any, wrt: Any, assumptions: Sequence[Any] = ()) -> Question:
        """The question whether something is the gradient of `loss` by `wrt`."""
        if has_matrices(loss, wrt):
            from gradproof.forms.layouts import asked_of_matrices

            return asked_of_matrices(loss, wrt, assumptions, self.definitions)
        derivation = self.gradient(loss, wrt)
        equations = tuple(
            sp.Eq(d.lhs, b, evaluate=False) for d, (_, b) in zip(self.definitions, self._read.values(), strict=True)
        )
        return Question(
            result=read(derivation.result),
            loss=read(derivation.loss),
            wrt=derivation.wrt,
            relations=read_assumptions(assumptions),
            definitions=equations,
            resolve=lambda e: self.resolved(e, loss),
        )

    def resolved(self, e: sp.Expr, loss: Any) -> sp.Expr:
        """`e` with each derivative of a named quantity replaced by its gradient."""
        found = {}
        for node in e.atoms(sp.Derivative):
            of, by = node.expr, node.variables[0]
            if isinstance(of, (sp.Symbol, sp.Indexed)) and of != loss and head(of) not in self._read:
                raise NotationError(
                    f"{node} is the derivative of {of}, which is neither the loss nor defined in the model"
                )
            if not is_partial(node):
                if node not in self._taken:
                    self._taken[node] = read(self.gradient(of, by).result, "a factor")
                found[node] = self._taken[node]
        return replaced(e, found)

    def _loss(self, loss: Any, entries: Sequence[sp.Expr]) -> sp.Expr:
        """The loss in terms of names: a defined name's own body is opened once, unless the name is a variable."""
        body = read(loss, "the loss")
        template = self._read.get(head(body))
        if template is None or head(body) in map(head, entries):
            return body
        return replaced(template[1], dict(zip(template[0], getattr(body, "indices", ()), strict=True)))

    def _published(
        self, body: sp.Expr, assumptions: Sequence[Any], name: sp.Expr | None = None
    ) -> Callable[..., Derivation]:
        """What makes derivations of one loss of their steps; what they share is published once."""
        loss, relations = publish(body), tuple(map(publish, read_assumptions(assumptions)))

        def made(
            entry: sp.Expr, steps: Sequence[Step], adjoints: tuple[Derivation, ...] = (), notes: tuple[str, ...] = ()
        ) -> Derivation:
            lines, wrt = published(steps), publish(entry)
            result = lines[-1].after if lines else derivative(loss, wrt)
            return Derivation(loss, wrt, lines, result, relations, self.definitions, adjoints, name, notes)

        return made

    def _kink_notes(self, body: sp.Expr) -> tuple[str, ...]:
        """Where the loss, or a definition, may have a kink."""
        bodies = (body, *(b for _, b in self._read.values()))
        return tuple(dict.fromkeys(note for b in bodies for note in kink_notes(b)))


def _by_entries(definition: Any) -> list[Any]:
    """A definition, of matrices entry by entry."""
    if not isinstance(definition, sp.Eq) or not has_matrices(definition):
        return [definition]
    from gradproof.forms.layouts import defined_by_entries

    return defined_by_entries(definition)
