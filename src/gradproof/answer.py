"""A problem, read and decided: its derivation, verdict and slip, each found when it is asked for.

The formulas are LaTeX, which gradproof.reading reads with one table of names.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sympy as sp

import gradproof
from gradproof.model import Model
from gradproof.problem import Problem, ProblemError, listed
from gradproof.reading import LatexError, Reader
from gradproof.statements.base import everywhere, joined

if TYPE_CHECKING:
    from gradproof.derivation import Derivation
    from gradproof.forms.side_by_side import Forms
    from gradproof.reading import Lines
    from gradproof.repair import Blame
    from gradproof.typed import CheckedLines
    from gradproof.verdict import Status, Verdict

__all__ = ["Answer"]


#: How the reader says that a letter be declared, in Python, and how a field does it.
_DECLARED = (
    (r"ranges=\{\"(.+?)\": \"(.+?)\"\}", r"ranges: \1 = 1..\2"),
    (r"ranges=\{\.+\}", "ranges: k = 1..K"),
    (r"functions=\[r?\"(.+?)\"\]", r"functions: \1"),
    (r"functions=\[\.\.\]", "functions: f"),
    (r"names=\[IndexedBase\('(.+?)', integer=True\)\]", r"labels: \1"),
    (r"names=\[Symbol\('(.+?)', integer=True, positive=True\)\]", r"sizes: \1"),
    (r"names=\[Symbol\('(.+?)'\)\]", r"numbers: \1"),
    (r"shapes=\{\"(\w+?)\": \"(.+?)\"\}", r"shapes: \1 = \2"),
    (r"shapes=\{\"(.+?)\": \(\"(.+?)\", \"(.+?)\"\)\}", r"shapes: \1 = \2 x \3"),
    (r"names=\[Symbol\(\.\.\.\)\]", "numbers: x"),
)


def _in_fields(message: str) -> str:
    """What the reader says, with declarations as fields."""
    for python, field in _DECLARED:
        message = re.sub(python, field, message)
    return message


def _reader(problem: Problem) -> Reader:
    """A reader that knows what the fields declare."""
    names = {letter: sp.Symbol(_plain(letter)) for letter in listed(problem.numbers)}
    names |= {letter: sp.Symbol(_plain(letter), integer=True, positive=True) for letter in listed(problem.sizes)}
    names |= {letter: sp.IndexedBase(_plain(letter), integer=True) for letter in listed(problem.labels)}
    return Reader(names=names, ranges=problem.spans, functions=listed(problem.functions), shapes=problem.matrices)


def _plain(letter: str) -> str:
    """The name of a letter in SymPy."""
    return letter.removeprefix("\\")


def _lines(reader: Reader, problem: Problem) -> Lines:
    """The lines of a claim: ∂L/∂w = a = b, or, since wrt is named, a = b."""
    try:
        return reader.lines(problem.gradient)
    except LatexError:
        with suppress(LatexError):
            if problem.wrt.strip():
                return reader.lines(f"= {problem.gradient}")
        raise


class Answer:
    """A problem in SymPy, and what was found of it.

    loss, wrt: what is differentiated, and by what.  lines: the claimed gradient; several, where it is
    derived, each with its rule in `rules` ("" if unnamed); none, where nothing is claimed.
    assumptions: relations.  definitions: the named quantities.  name: of the loss, if it has one.  notes: conventions that the reading
    of the formulas rests on, in words.  id: an anchor.
    thorough: whether a claim counts as proved only if each step of the derivation that is shown is, too.

    Raises ProblemError, NotationError or TypeError, naming the offending part.
    """

    def __init__(self, problem: Problem, thorough: bool = False) -> None:
        try:
            self._read(problem, _reader(problem))
        except LatexError as error:
            raise ProblemError(_in_fields(str(error))) from error
        self.id = problem.id
        self.thorough = thorough
        self._engine: Any = Model(self.definitions) if self.definitions else gradproof

    def _read(self, problem: Problem, reader: Reader) -> None:
        reader.glance((problem.loss, *problem.where), (problem.wrt, problem.gradient, *problem.assume))
        self.loss: sp.Expr = reader.loss(problem.loss, problem.where)
        self.definitions = reader.defined
        self.name = reader.loss_name
        named = reader.wrt(problem.wrt) if problem.wrt.strip() else None
        stated: sp.Expr | None = None
        self.lines: tuple[sp.Expr, ...] = ()
        self.rules: tuple[str, ...] = ()
        if problem.gradient:
            stated, self.lines, self.rules = _lines(reader, problem)
        wrt = stated if named is None else named
        if wrt is None:
            raise ProblemError("wrt is missing, and the gradient is no equation ∂L/∂w = … that names it")
        if stated is not None and stated != wrt:
            raise ProblemError(f"wrt is {wrt}, and the gradient is stated by {stated}")
        self.wrt: sp.Expr = wrt
        self.assumptions = tuple(relation for text in problem.assume for relation in reader.relations(text))
        self.notes = tuple(reader.notes)

    @cached_property
    def derivation(self) -> Derivation:
        """The gradient, step by step."""
        derive = self._engine.gradient if self.definitions else self._engine.derive
        found: Derivation = derive(self.loss, self.wrt, self.assumptions)
        return found

    @cached_property
    def checked(self) -> CheckedLines | None:
        """The claimed derivation, line by line; None if the claim is one line without derivatives, or none."""
        if not self.lines or (len(self.lines) == 1 and not self.lines[0].has(sp.Derivative)):
            return None
        found: CheckedLines = self._engine.check_lines(self.loss, self.wrt, self.lines, self.assumptions)
        return found

    @cached_property
    def verdict(self) -> Verdict:
        """On the claim, or on its first wrong line; where nothing is claimed, on the derivation."""
        if not self.lines:
            return self.derivation.verify()
        found: Verdict
        if self.checked is None:
            found = self._engine.check(self.loss, self.wrt, self.lines[0], self.assumptions)
        else:
            found = (self.checked.first_wrong or self.checked.lines[-1]).verdict
        shown = self.thorough and found.status == "proved"
        return replace(joined([found, self.derivation.verify()]), needs=found.needs) if shown else found

    @property
    def status(self) -> Status:
        """Proved only if every line is."""
        worst = None if self.checked is None or self.checked.status == "proved" else self.checked.status
        return worst or self.verdict.status

    @cached_property
    def blame(self) -> Blame | None:
        """The slip that makes the claim false, where one change mends it."""
        if self.status != "refuted":
            return None
        if self.checked is not None:
            return self.checked.first_wrong.blame if self.checked.first_wrong else None
        found: Blame | None = self._engine.blame(self.loss, self.wrt, self.lines[0], self.assumptions)
        return found

    @property
    def witness(self) -> str:
        """A point at which the claim fails, and both values there; "" if none was found."""
        found = self.verdict.witness
        if found is None:
            return ""
        point, _, _ = str(found).rpartition(": ")
        return f"{point}: the gradient is {found.left}, the claim {found.right}"

    @cached_property
    def forms(self) -> Forms:
        """The gradient in index notation, as matrices and as NumPy code, as far as it has these forms."""
        from gradproof.forms.side_by_side import forms

        return forms(self.derivation)

    @property
    def scope(self) -> str:
        """For what a proof holds: the words after "proved"."""
        sides = (self.loss, *self.lines, *(d.rhs for d in self.definitions))
        shapes = (size for side in sides for matrix in side.atoms(sp.MatrixSymbol) for size in matrix.shape)
        return everywhere(*sides, *shapes)
