"""The lines of a program in index notation: named quantities, the loss, adjoints, gradients, each after what it uses.

An adjoint ∂E/∂z_j is the array `grad_z`: it is computed once, and whatever is before z uses it.  So the number of
operations of the loss with all gradients is a small multiple of that of the loss (Griewank & Walther, *Evaluating
Derivatives*, 2008, section 4.6).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import sympy as sp
from sympy.core.function import AppliedUndef

from gradproof.assumptions import read_assumptions
from gradproof.checks.steps import LineChecker
from gradproof.code.naming import with_names
from gradproof.derivation import Derivation
from gradproof.forms.side_by_side import axes_of_result
from gradproof.forms.tidy import tidied
from gradproof.inverse import arrays_in
from gradproof.lines import head, index_range, publish, replaced
from gradproof.notation import NotationError, read
from gradproof.precision.rewriting import Largest, Scope
from gradproof.precision.stable import plain, rewritten
from gradproof.rules import SUBSTITUTION

__all__ = ["Assignment", "CodeError", "Spans", "assignments", "name_of"]

Spans = Mapping[sp.Basic, tuple[sp.Expr, sp.Expr]]
Kind = Literal["definition", "largest", "loss", "adjoint", "gradient"]


class CodeError(NotationError):
    """There is no code for this formula; the message names the part."""


@dataclass(frozen=True)
class Assignment:
    """name[indices] = body, in the engine's own notation (`read`).

    target: the entry or the symbol that is assigned.  spans: the range of each of its indices.  kind: what it is.
    of: what it is the derivative by, for an adjoint or a gradient.  laws: the rewritings for double precision that its
    body has undergone, each proved.
    """

    target: sp.Expr
    body: sp.Expr
    spans: Spans
    kind: Kind
    of: sp.Expr | None = None
    laws: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return name_of(head(self.target))

    @property
    def indices(self) -> tuple[sp.Basic, ...]:
        return tuple(getattr(self.target, "indices", ()))

    def __str__(self) -> str:
        return f"{self.target} = {publish(self.body)}"


def name_of(base: sp.Basic) -> str:
    """The name of an array or a symbol."""
    return str(getattr(base, "label", base))


def assignments(derivations: Sequence[Derivation]) -> tuple[Assignment, ...]:
    """The lines that compute the loss and all gradients of derivations of one loss, in an order that works.

    Raises CodeError for derivations of different losses, and for what no code can compute.
    """
    first = derivations[0]
    for d in derivations[1:]:
        if (d.loss, d.definitions, d.name) != (first.loss, first.definitions, first.name):
            raise CodeError(f"one program is for one loss; here are {first.loss} and {d.loss}")
    for body in (first.loss, *(d.rhs for d in first.definitions)):
        functions = sorted(map(str, body.atoms(AppliedUndef)))
        if functions:
            raise CodeError(f"{functions[0]} is not defined, so that there is no code for it; define it in a Model")
    lines = _Lines(first)
    for d in derivations:
        lines.gradient(d)
    return _rewritten(_needed(lines.found), derivations)


class _Lines:
    """Collects the lines of derivations; each adjoint is written once."""

    def __init__(self, first: Derivation) -> None:
        self.taken = {
            name_of(b) for d in first.definitions for e in d.args for b in (head(e), *e.free_symbols, *arrays_in(e))
        }
        self.taken |= {name_of(b) for b in (*first.loss.free_symbols, *arrays_in(first.loss), head(first.wrt))}
        self.found: list[Assignment] = []
        self.adjoints: dict[sp.Basic, sp.IndexedBase | sp.Symbol] = {}
        named = head(first.name) if first.name is not None else None
        for d in first.definitions:
            spans = {i: _span(i) for i in getattr(d.lhs, "indices", ())}
            kind: Kind = "loss" if head(d.lhs) == named else "definition"
            self.found.append(Assignment(d.lhs, read(d.rhs), spans, kind))
        if not any(a.kind == "loss" for a in self.found):
            free, ranges = axes_of_result(first.loss, first.definitions)
            self.found.append(Assignment(self._new("loss", free), read(first.loss), ranges, "loss"))

    def gradient(self, d: Derivation) -> None:
        free, _ = axes_of_result(d.loss, d.definitions)
        for part in d.adjoints if not free else ():  # with a free index they would be larger than the gradient
            if head(part.wrt) not in self.adjoints:
                self._adjoint(part)
        indices, spans = axes_of_result(d.loss, d.definitions, d.wrt)
        body = read(d.result) if free else self._through_adjoints(_before_substitution(d))
        target = self._new(f"grad_{name_of(head(d.wrt))}", indices)
        self.found.append(Assignment(target, body, spans, "gradient", d.wrt))

    def _adjoint(self, part: Derivation) -> None:
        indices = tuple(getattr(part.wrt, "indices", ()))
        target = self._new(f"grad_{name_of(head(part.wrt))}", indices)
        body = self._through_adjoints(part.result)
        self.adjoints[head(part.wrt)] = head(target)
        self.found.append(Assignment(target, body, {i: _span(i) for i in indices}, "adjoint", part.wrt))

    def _through_adjoints(self, line: sp.Expr) -> sp.Expr:
        """A line of back-propagation with the adjoints as arrays."""
        line = read(line)
        found = {}
        for node in line.atoms(sp.Derivative):
            by = node.variables[0]
            if head(by) not in self.adjoints:
                raise CodeError(f"{node} has no code: it is not a derivative of a named quantity")
            adjoint = self.adjoints[head(by)]
            found[node] = adjoint[by.indices] if isinstance(by, sp.Indexed) else adjoint
        return replaced(line, found)

    def _new(self, name: str, indices: Sequence[sp.Basic]) -> sp.Expr:
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return sp.IndexedBase(name)[tuple(indices)] if indices else sp.Symbol(name)


def _span(index: sp.Basic) -> tuple[sp.Expr, sp.Expr]:
    span = index_range(index)
    if span is None:
        raise CodeError(f"the index {index} has no range; declare it as Idx({str(index)!r}, (1, n))")
    return span


def _before_substitution(d: Derivation) -> sp.Expr:
    """The gradient in terms of the adjoints."""
    last = d.steps[-1] if d.steps else None
    return last.before if last is not None and last.rule is SUBSTITUTION else d.result


def _needed(lines: Sequence[Assignment]) -> list[Assignment]:
    """The lines that the loss and the gradients use."""
    kept: list[Assignment] = []
    wanted: set[str] = set()
    for a in reversed(lines):
        if a.kind in ("loss", "gradient") or a.name in wanted:
            kept.append(a)
            wanted |= {name_of(b) for b in (*a.body.free_symbols, *arrays_in(a.body))}
    return kept[::-1]


# -- forms that keep their digits ---------------------------------------------------------------
def _rewritten(lines: Sequence[Assignment], derivations: Sequence[Derivation]) -> tuple[Assignment, ...]:
    """Each body in a form that is accurate in double precision and was proved equal, or as it was.

    A largest value that a form takes out of its exponentials gets a line of its own.
    """
    first = derivations[0]
    relations = tuple(dict.fromkeys(r for d in derivations for r in d.assumptions))
    definitions = [sp.Eq(a.target, a.body, evaluate=False) for a in lines if a.kind in ("definition", "loss")]
    sizes = {e for a in lines for span in a.spans.values() for e in span}
    scope = Scope(sp.Tuple(*(a.body for a in lines), *sizes), definitions)
    checkers = [LineChecker((), relations), LineChecker(first.definitions, relations)]  # the first is enough for most
    found: list[Assignment] = []
    for a in lines:
        tidy = tidied(a.body, read_assumptions(relations))
        if a.kind in ("adjoint", "gradient"):
            tidy = with_names(tidy, definitions)
        form, laws = rewritten(tidy, scope)
        if form == a.body or not any(_equal(checker, a, form) for checker in checkers):
            found.append(a)
            continue
        used = {name_of(b) for b in (*form.free_symbols, *arrays_in(form))} - {other.name for other in found}
        for d in scope.chosen.values():
            if name_of(head(d.lhs)) in used:
                spans = {i: s for i, s in _spans_in(form, a.spans).items() if i in getattr(d.lhs, "indices", ())}
                found.append(Assignment(d.lhs, d.rhs, spans, "largest"))
        found.append(replace(a, body=form, laws=laws))
    return tuple(found)


def _equal(checker: LineChecker, a: Assignment, form: sp.Expr) -> bool:
    return checker.equal(publish(a.body), publish(plain(form)), a.of).status == "proved"


def _spans_in(e: sp.Basic, spans: Spans) -> dict[sp.Basic, tuple[sp.Expr, sp.Expr]]:
    """The range of each index that is bound in an expression, or given."""
    found: dict[sp.Basic, Any] = dict(spans)
    for node in sp.preorder_traversal(e):
        if isinstance(node, (sp.Sum, Largest)):
            index, lo, hi = node.limits[0] if isinstance(node, sp.Sum) else node.args[1:]
            found[index] = (lo, hi)
    return found
