"""The round trip: the text of a certificate is read, and says what was meant.

Text to term: each hypothesis, definition and the theorem give the terms they were written from.  Term to SymPy: these
give the loss, the formula, the bodies of definitions and the sides of assumptions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sympy as sp
from sympy.core.relational import Relational

from gradproof.checking import free_indices
from gradproof.formal.back import ReadBackError, Replaced, expression, nameless
from gradproof.formal.reading import read_term
from gradproof.formal.terms import Term, op, show
from gradproof.formal.writing import NoCertificateError
from gradproof.lines import index_range
from gradproof.notation import NotationError, read
from gradproof.proof import same

if TYPE_CHECKING:
    from gradproof.formal.gradient import Problem, Proved, Setting

__all__ = ["confirmed", "meant", "read_as", "read_back"]

_LETTERS = re.compile(r"Variables \(([^:]*) : (.*)\)\.$")
_SUPPOSED = re.compile(r"Hypothesis (\S+) : (.*)\.$")
_DEFINED = re.compile(r"Definition (\S+)(.*) : R := (.*)\.$")
_PARAMETER = re.compile(r" \((\S+) : ((?:[^()]|\([^()]*\))*)\)")


def confirmed(made: Proved) -> Proved:
    """The same, whose text says what was meant.  Raises NoCertificateError where it does not."""
    try:
        read_back(made)
    except ReadBackError as error:
        raise _otherwise(error) from None
    read_as(made.setting, made.derived, made.problem)
    return made


def read_as(setting: Setting, statement: Term, problem: Problem) -> None:
    """That a statement, here or at a point, says what the problem does.  Raises NoCertificateError where it does not."""
    try:
        meant(setting, statement, problem)
    except ReadBackError as error:
        raise _otherwise(error) from None


def _otherwise(error: ReadBackError) -> NoCertificateError:
    return NoCertificateError(f"the statement is not read back as it was meant: {error}")


# -- text to term -----------------------------------------------------------------------------------
def read_back(made: Proved) -> None:
    """That the text gives the terms from which it was written.  Raises ReadBackError."""
    definitions = made.setting.definitions
    wanted = {**made.hypotheses, **{name: d.body for name, d in definitions.items()}, "holds": made.derived}
    types = {name: kind for name, kind in made.setting.names.types.items() if name in definitions}
    found: dict[str, tuple[str, Mapping[str, str]]] = {}
    for line in made.part.opening.splitlines():
        if m := _LETTERS.match(line):
            types |= dict.fromkeys(m[1].split(), m[2])
        elif m := _SUPPOSED.match(line):
            found[m[1]] = (m[2], {})
        elif m := _DEFINED.match(line):
            parameters = dict(_PARAMETER.findall(m[2]))
            if tuple(parameters) != definitions[m[1]].parameters:
                raise ReadBackError(f"{m[1]} takes {', '.join(parameters)}")
            found[m[1]] = (m[3], parameters)
    found["holds"] = (next(t.statement for t in made.part.theorems if t.name == "holds"), {})
    for name, term in wanted.items():
        text, bound = found.get(name, ("0", {}))
        if _plain(read_term(text, {**types, **bound})) != _plain(term):
            raise ReadBackError(f"{name} is {text}")


def _plain(t: Term) -> Term:
    """Coq tells no name from a function without arguments."""
    if t.op == "app" and not t.args:
        return Term("var", t.name)
    return Term(t.op, t.name, tuple(map(_plain, t.args))) if t.args else t


# -- term to SymPy ----------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Side:
    """A term and what it was made of; given: the expression's indices by the names that they have in the term."""

    name: str
    term: Term
    expression: sp.Expr
    given: Mapping[str, sp.Basic]
    replaced: Replaced | None = None
    whole: bool = False  # between integers


def meant(setting: Setting, statement: Term, problem: Problem) -> None:
    """That the terms say what the problem does.  Raises ReadBackError."""
    for side in (*_sides(statement, problem), *_definitions(setting), *_assumptions(setting, problem.assumptions)):
        given = {n: nameless(i) for n, i in side.given.items()}
        found = expression(side.term, setting.names, given, side.replaced, side.whole)
        wanted = nameless(side.expression, {i: nameless(i) for i in side.given.values()})
        if found != wanted and not _equal(found, wanted):
            raise ReadBackError(f"{side.name} as {found}")


def _sides(statement: Term, problem: Problem) -> Iterator[_Side]:
    if statement.op == "bigO":
        yield _remainder(statement, problem)
        return
    if problem.wrt is None:
        for term, sign, sides in _relations(statement, problem):
            if term.op != "relation" or term.name != sign:
                raise ReadBackError(f"{show(term)} is another relation than {sign}")
            for side, e in zip(term.args, sides, strict=True):
                yield _Side("a side", side, e, {})
        return
    function, point, right = statement.args
    indices = tuple(nameless(i) for i in getattr(problem.wrt, "indices", ()))
    yield _Side("the loss", function, problem.loss, {}, Replaced(statement.name, indices))
    yield _Side("the variable", point, problem.wrt, {})
    if problem.formula is not None:
        yield _Side("the formula", right, problem.formula, {})


def _relations(statement: Term, problem: Problem) -> Iterator[tuple[Term, str, Sequence[sp.Basic]]]:
    """The relations in a statement, and what each must say; of "exactly when" those of its two halves, which are one."""
    main = problem.loss, problem.formula
    if not problem.conditions:
        yield statement, problem.sign, main
        return
    differ, both = statement.args[0].args
    if statement != op("/\\", op("->", differ, both), op("->", both, differ)):
        raise ReadBackError(f"{show(statement)} is no equivalence")
    yield differ, problem.sign, main
    *others, last = problem.conditions
    for condition in reversed(others):
        yield both.args[1], "<>", last.args
        both, last = both.args[0], condition
    yield both, "<>", last.args


def _remainder(statement: Term, problem: Problem) -> _Side:
    """The letters of a remainder stand for its steps: for one as for the variable of a derivative."""
    letters = statement.name.split()
    if len(letters) == 1:
        return _Side("the remainder", statement.args[1], problem.loss, {}, Replaced(letters[0], ()))
    return _Side("the remainder", statement.args[1], problem.loss, dict(zip(letters, problem.steps, strict=True)))


def _definitions(setting: Setting) -> Iterator[_Side]:
    for letter, (template, body) in setting.names.definitions.items():
        name = setting.names.letters[letter]
        definition = setting.definitions[name]
        parameters = definition.parameters[letter in setting.names.depends :]
        yield _Side(name, definition.body, body, dict(zip(parameters, template, strict=True)))


def _assumptions(setting: Setting, assumptions: Sequence[Relational]) -> Iterator[_Side]:
    for n, relation in enumerate(assumptions, 1):
        said, bound = setting.hypotheses[f"given_{n}"], []
        while said.op == "forall":
            bound.append(said.name.split(" : ")[0])
            said = said.args[0].args[1]
        sides = relation.args if isinstance(relation, (sp.Eq, sp.Ne)) else (relation.lts, relation.gts)
        if said.op not in ("relation", "integers") or said.name != _SIGNS[relation.rel_op]:
            raise ReadBackError(f"assumption {n} as {show(said)}")
        given = dict(zip(bound, _ranged(sides), strict=True))
        for term, e in zip(said.args, sides, strict=True):
            yield _Side(f"assumption {n}", term, e, given, whole=said.op == "integers")


#: how Coq writes a relation, the smaller side first
_SIGNS = {"==": "=", "!=": "<>", "<": "<", ">": "<", "<=": "<=", ">=": "<="}


def _ranged(sides: Iterable[sp.Expr]) -> list[sp.Basic]:
    """The free indices that have ranges, in their order."""
    found = {i for s in sides for i in free_indices(read(s)) if isinstance(i, sp.Idx)}
    return [i for i in sorted(found, key=str) if index_range(i) is not None]


def _equal(found: sp.Expr, wanted: sp.Expr) -> bool:
    """Whether both have one normal form, where SymPy writes one thing in two ways."""
    try:
        return same(read(found), read(wanted), (), (), {})
    except NotationError:
        return False
