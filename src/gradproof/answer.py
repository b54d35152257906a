"""A problem, read and decided: its derivation, verdict and slip, each found when it is asked for.

The formulas are LaTeX or SymPy notation, which gradproof.reading reads with one table of names.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import sympy as sp

import gradproof
from gradproof import checking
from gradproof.checks.steps import LineChecker
from gradproof.lines import publish
from gradproof.model import Model
from gradproof.notation import NotationError, has_matrices
from gradproof.problem import NOTATIONS, Problem, ProblemError, listed
from gradproof.reading import LatexError, Reader
from gradproof.reading.told import in_fields
from gradproof.statements import Equality
from gradproof.statements.base import everywhere, joined

if TYPE_CHECKING:
    from gradproof.derivation import Derivation
    from gradproof.forms.side_by_side import Forms
    from gradproof.reading import Lines
    from gradproof.repair import Blame
    from gradproof.typed import CheckedLines
    from gradproof.verdict import Status, Verdict

__all__ = ["EITHER", "Answer"]

#: How the note begins that says in which notation formulas are read that do not tell it.
EITHER = "the formulas are read "


def _reader(problem: Problem, notation: str) -> Reader:
    """A reader that knows what the fields declare."""
    names = {letter: sp.Symbol(_plain(letter)) for letter in listed(problem.numbers)}
    names |= {letter: sp.Symbol(_plain(letter), integer=True, positive=True) for letter in listed(problem.sizes)}
    names |= {letter: sp.IndexedBase(_plain(letter), integer=True) for letter in listed(problem.labels)}
    functions, spans, shapes = listed(problem.functions), problem.spans, problem.matrices
    return Reader(names=names, ranges=spans, functions=functions, shapes=shapes, notation=notation)


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


class _Reading(NamedTuple):
    """What the fields of a problem say, in SymPy; the attributes are those of Answer."""

    loss: Any
    wrt: Any
    lines: tuple[sp.Expr, ...]
    rules: tuple[str, ...]
    statement: Equality | None
    definitions: tuple[sp.Eq, ...]
    assumptions: tuple[Any, ...]
    notes: tuple[str, ...]
    name: sp.Expr | None = None


def _read(problem: Problem, notation: str) -> _Reading:
    """A problem, in one notation."""
    reader = _reader(problem, notation)
    reader.glance((problem.loss, *problem.where), (problem.wrt, problem.gradient, problem.equation, *problem.assume))
    if problem.equation:
        left, right = reader.equation(problem.equation, problem.where)
        assumptions = _assumed(reader, problem)
        statement = Equality(left, right, None, reader.defined, assumptions)
        return _Reading(None, None, (), (), statement, reader.defined, assumptions, tuple(reader.notes))
    loss = reader.loss(problem.loss, problem.where)
    named = reader.wrt(problem.wrt) if problem.wrt.strip() else None
    stated: sp.Expr | None = None
    lines: tuple[sp.Expr, ...] = ()
    rules: tuple[str, ...] = ()
    if problem.gradient:
        stated, lines, rules = _lines(reader, problem)
    wrt = stated if named is None else named
    if wrt is None:
        raise ProblemError("wrt is missing, and the gradient is no equation ∂L/∂w = … that names it")
    if stated is not None and stated != wrt:
        raise ProblemError(f"wrt is {wrt}, and the gradient is stated by {stated}")
    assumptions = _assumed(reader, problem)
    said = (reader.defined, assumptions, tuple(reader.notes), reader.loss_name)
    return _Reading(loss, wrt, lines, rules, None, *said)


def _assumed(reader: Reader, problem: Problem) -> tuple[Any, ...]:
    return tuple(relation for text in problem.assume for relation in reader.relations(text))


def _read_either(problem: Problem) -> _Reading:
    """A problem whose signs tell no notation: as LaTeX, unless only SymPy notation has a meaning for it."""
    found, refused = dict[str, _Reading](), list[Exception]()
    for notation in NOTATIONS:
        try:
            found[notation] = _read(problem, notation)
        except (NotationError, ProblemError) as error:
            refused.append(error)
    if not found:
        raise refused[0]
    taken, other = next(iter(found.values())), next(reversed(found.values()))
    if "latex" not in found:
        return taken._replace(notes=(f"{EITHER}in SymPy notation, since they are no LaTeX", *taken.notes))
    if other._replace(notes=()) != taken._replace(notes=()):
        note = f"{EITHER}as LaTeX; in SymPy notation, {_says(other)} (choose with notation: sympy)"
        return taken._replace(notes=(note, *taken.notes))
    return taken


def _says(reading: _Reading) -> str:
    """What a reading says, in a line."""
    if reading.statement is not None:
        return f"it is {reading.statement}"
    return f"the loss is {reading.loss}" + "".join(f", the gradient {line}" for line in reading.lines[:1])


class Answer:
    """A problem in SymPy, and what was found of it.

    loss, wrt: what is differentiated, and by what.  lines: the claimed gradient; several, where it is
    derived, each with its rule in `rules` ("" if unnamed); none, where nothing is claimed.
    statement: the equation, where there is one instead of a loss; then the loss is None, and nothing is derived.
    assumptions: relations.  definitions: the named quantities.  name: of the loss, if it has one.  notes: conventions that the reading
    of the formulas rests on, in words.  id: an anchor.
    thorough: whether a claim counts as proved only if each step of the derivation that is shown is, too.

    Raises ProblemError, NotationError or TypeError, naming the offending part.
    """

    def __init__(self, problem: Problem, thorough: bool = False) -> None:
        notation = problem.told
        try:
            found = _read(problem, notation) if notation else _read_either(problem)
        except LatexError as error:
            raise ProblemError(in_fields(error, notation)) from error
        self.loss, self.wrt, self.lines, self.rules, self.statement = found[:5]
        self.definitions, self.assumptions, self.notes, self.name = found[5:]
        self.id = problem.id
        self.thorough = thorough
        named = {"name": str(self.name)} if isinstance(self.name, sp.Symbol) else {}
        self._engine: Any = Model(self.definitions, **named) if self.definitions else gradproof

    @cached_property
    def derivation(self) -> Derivation:
        """The gradient, step by step.  Raises ProblemError for an equation, which has none."""
        if self.statement is not None:
            raise ProblemError("an equation has no derivation; give a loss")
        derive = self._engine.gradient if self.definitions else self._engine.derive
        found: Derivation = derive(self.loss, self.wrt, self.assumptions)
        return found

    @cached_property
    def claim(self) -> sp.Expr:
        """The claim, its first line, in index notation, with the derivatives of named quantities put in."""
        asked = self._engine.asked if self.definitions else checking.asked
        question = asked(self.loss, self.wrt, self.assumptions)
        return publish(question.resolve(question.read(self.lines[0])))

    @cached_property
    def checked(self) -> CheckedLines | None:
        """The claimed derivation, line by line; None if the claim is one line without derivatives, or none."""
        if not self.lines or (len(self.lines) == 1 and not self.lines[0].has(sp.Derivative)):
            return None
        found: CheckedLines = self._engine.check_lines(self.loss, self.wrt, self.lines, self.assumptions)
        return found

    @cached_property
    def verdict(self) -> Verdict:
        """On the claim, or on its first wrong line; on the equation; where nothing is claimed, on the derivation."""
        if self.statement is not None:
            return self._decided(self.statement)
        if not self.lines:
            return self.derivation.verify()
        found: Verdict
        if self.checked is None:
            found = self._engine.check(self.loss, self.wrt, self.lines[0], self.assumptions)
        else:
            found = (self.checked.first_wrong or self.checked.lines[-1]).verdict
        shown = self.thorough and found.status == "proved"
        return replace(joined([found, self.derivation.verify()]), needs=found.needs) if shown else found

    @staticmethod
    def _decided(equation: Equality) -> Verdict:
        """The verdict on an equation of numbers or of matrices."""
        if not has_matrices(equation.left, equation.right):
            checker = LineChecker(equation.definitions, equation.assumptions)
            return checker.compared(equation.left, equation.right)
        if equation.definitions:
            raise ProblemError("an equation of matrices is decided without definitions: write out what they stand for")
        found: Verdict = gradproof.equal(equation.left, equation.right, equation.assumptions)
        return found

    @property
    def status(self) -> Status:
        """Proved only if every line is."""
        worst = None if self.checked is None or self.checked.status == "proved" else self.checked.status
        return worst or self.verdict.status

    @cached_property
    def blame(self) -> Blame | None:
        """The slip that makes the claim false, where one change mends it."""
        if self.status != "refuted" or self.statement is not None:
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
        if self.statement is not None:
            return str(found)
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
        if self.statement is not None:
            return self.statement.scope()
        sides = (self.loss, *self.lines, *(d.rhs for d in self.definitions))
        shapes = (size for side in sides for matrix in side.atoms(sp.MatrixSymbol) for size in matrix.shape)
        return everywhere(*sides, *shapes)
