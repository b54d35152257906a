r"""An equality as the fields of a problem: printed in LaTeX or in SymPy notation, and read back.

What is printed is read again, and what was read is compared with what was meant, object by object; a problem that
says anything else is not returned.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

from gradproof.answer import EITHER, Answer
from gradproof.latex import to_latex
from gradproof.lines import head, index_range, publish, replaced
from gradproof.notation import read
from gradproof.problem import Problem
from gradproof.reading.losses import Loss
from gradproof.reading.table import object_key
from gradproof.statements import Differs, Equality, Statement

__all__ = ["asked"]

#: Before what is declared: as few kinds of declarations as will do.
_LEVELS = (("functions",), ("functions", "ranges"), ("functions", "ranges", "labels", "sizes"),
           ("functions", "ranges", "labels", "sizes", "numbers"))  # fmt: skip


@dataclass(frozen=True)
class _Meant:
    """What the fields are to say.  loss, wrt: None for an equation, whose sides left and right are then."""

    loss: Any
    wrt: Any
    name: Any
    left: Any
    right: Any
    definitions: tuple[sp.Eq, ...]
    assumptions: tuple[Any, ...]

    def put(self, letters: Mapping[sp.Basic, sp.Basic]) -> _Meant:
        """With other letters."""
        sides = (self.loss, self.wrt, self.name, self.left, self.right)
        loss, wrt, name, left, right = (None if side is None else _put(side, letters) for side in sides)
        definitions = tuple(_relation_put(d, letters) for d in self.definitions)
        assumptions = tuple(_relation_put(r, letters) for r in self.assumptions)
        return _Meant(loss, wrt, name, left, right, definitions, assumptions)

    @property
    def parts(self) -> list[Any]:
        sides = (self.loss, self.wrt, self.left, self.right)
        defined = [side for d in self.definitions for side in d.args]
        return [*(s for s in sides if s is not None), *defined, *self.assumptions]


def asked(statement: Statement) -> Problem | None:
    """The problem that states an equality, or the equation that is denied; None for what no fields say."""
    if isinstance(statement, Differs):
        statement = Equality(statement.left, statement.right, None, statement.definitions, statement.assumptions)
    if not isinstance(statement, Equality):
        return None
    for meant in _meanings(statement):
        for notation, printer in (("latex", short_latex), ("latex", to_latex), ("sympy", str)):
            problem = _written(meant, notation, printer)
            if problem is not None:
                return problem
    return None


# -- what is meant ------------------------------------------------------------------------------------------
def _meanings(statement: Equality) -> Iterator[_Meant]:
    """As a gradient, if it is one, and as an equation."""
    plain = _plain_letters(statement)
    left, right = (_put(side, plain) for side in (statement.left, statement.right))
    definitions = tuple(_relation_put(d, plain) for d in statement.definitions)
    assumptions = tuple(_relation_put(r, plain) for r in statement.assumptions)
    assumptions += tuple(sp.Gt(letter, 0) for letter in plain.values())
    gradient = isinstance(left, sp.Derivative) and (statement.derive is not None or statement.wrt is not None)
    if gradient and left.derivative_count == 1:
        of, wrt = left.expr, left.variables[0]
        own = [d for d in definitions if d.lhs == of]
        rest = tuple(d for d in definitions if d.lhs != of)
        if own or head(of) not in {head(d.lhs) for d in definitions}:
            loss, name = (own[0].rhs, of) if own else (of, None)
            used = _reached([loss, wrt, right, *assumptions], rest)
            yield _Meant(loss, wrt, name, None, right, used, assumptions)
    yield _Meant(None, None, None, left, right, _reached([left, right, *assumptions], definitions), assumptions)


def _plain_letters(statement: Equality) -> dict[sp.Basic, sp.Basic]:
    """The letters that are declared positive, which fields assume instead."""
    found = [
        statement.left,
        statement.right,
        *statement.assumptions,
        *(a for d in statement.definitions for a in d.args),
    ]
    letters = {
        s for e in found for s in e.free_symbols if isinstance(s, sp.Symbol) and s.is_positive and not s.is_integer
    }
    return {s: sp.Symbol(s.name) for s in sorted(letters, key=str)}


def _relation_put(relation: Any, letters: Mapping[sp.Basic, sp.Basic]) -> Any:
    return relation.func(*(_put(side, letters) for side in relation.args), evaluate=False)


def _put(e: Any, letters: Mapping[sp.Basic, sp.Basic]) -> Any:
    return publish(replaced(read(e), letters)) if e.atoms(sp.Symbol) & letters.keys() else e


def _reached(start: Sequence[Any], definitions: Sequence[sp.Eq]) -> tuple[sp.Eq, ...]:
    """The definitions of what is named in some expressions, and of what is named in these."""
    names = {head(d.lhs): d for d in definitions}
    waiting, found = list(start), set[Any]()
    while waiting:
        e = waiting.pop()
        for name in {head(n) for n in e.atoms(sp.Symbol, sp.Indexed)} & (names.keys() - found):
            found.add(name)
            waiting += names[name].args
    return tuple(d for name, d in names.items() if name in found)


# -- what is written ----------------------------------------------------------------------------------------
def _written(meant: _Meant, notation: str, printer: Callable[[Any], str]) -> Problem | None:
    """The problem in a notation, with no declaration that it can do without; None if it does not read back."""
    meant = _spelled(meant) if notation == "latex" else meant
    try:
        bare = _fields(meant, printer)
        declared = _declarations(meant, printer)
    except ValueError:
        return None
    before: Problem | None = None
    for level in _LEVELS:
        problem = _declaring(bare, {name: declared[name] for name in level})
        for told in (problem, replace(problem, notation=notation)):
            if told != before and _says(told, meant, notation):
                return _pruned(told, meant, notation, level)
        before = problem
    return None


def _declaring(problem: Problem, declared: Mapping[str, tuple[str, ...]]) -> Problem:
    return replace(problem, **declared)  # type: ignore[arg-type] # each is a field of several values


def _spelled(meant: _Meant) -> _Meant:
    """With symbols by the names that they have once they are read: x1 is printed as x_1."""
    names = {s for e in meant.parts for s in e.atoms(sp.Symbol)}
    arrays = {str(n.label) for e in meant.parts for n in e.atoms(sp.IndexedBase, sp.Idx)}
    letters = {s: s.func(object_key(s), **s.assumptions0) for s in names if s.name not in arrays}
    letters = {s: other for s, other in letters.items() if s != other and other not in names}
    return meant.put(letters) if letters else meant


def _pruned(problem: Problem, meant: _Meant, notation: str, level: Sequence[str]) -> Problem:
    for name in level:
        for one in getattr(problem, name):
            fewer = _declaring(problem, {name: tuple(v for v in getattr(problem, name) if v != one)})
            if _says(fewer, meant, notation):
                problem = fewer
    return problem


def _fields(meant: _Meant, printer: Callable[[Any], str]) -> Problem:
    where = tuple(f"{printer(d.lhs)} = {printer(d.rhs)}" for d in meant.definitions)
    assume = tuple(map(_relation(printer), meant.assumptions))
    if meant.loss is None:
        return Problem(equation=f"{printer(meant.left)} = {printer(meant.right)}", where=where, assume=assume)
    name = "" if meant.name is None else f"{printer(meant.name)} = "
    return Problem(f"{name}{printer(meant.loss)}", printer(meant.wrt), printer(meant.right), where, assume)


def _relation(printer: Callable[[Any], str]) -> Callable[[Any], str]:
    def made(relation: Relational) -> str:
        if isinstance(relation, sp.Eq):
            return f"{printer(relation.lhs)} = {printer(relation.rhs)}"
        return printer(relation)

    return made


def _declarations(meant: _Meant, printer: Callable[[Any], str]) -> dict[str, tuple[str, ...]]:
    """All that could be declared of the letters, by field."""
    letters = sorted({s for e in meant.parts for s in e.free_symbols}, key=str)
    indices = [s for s in letters if isinstance(s, sp.Idx)]
    spans = {printer(i): span for i in indices if (span := index_range(i)) is not None}
    functions = sorted({f.func for e in meant.parts for f in e.atoms(AppliedUndef)}, key=str)
    symbols = [s for s in letters if isinstance(s, sp.Symbol) and not _is_label(s, meant)]
    arrays = sorted({e.base for part in meant.parts for e in part.atoms(sp.Indexed)}, key=str)
    return {
        "functions": tuple(printer(f(sp.Symbol("x"))).partition("(")[0].partition("{")[0] for f in functions),
        "ranges": tuple(f"{i} = {printer(low)}..{printer(high)}" for i, (low, high) in spans.items()),
        "labels": tuple(printer(a) for a in arrays if a.is_integer),
        "sizes": tuple(printer(s) for s in symbols if s.is_integer),
        "numbers": tuple(printer(s) for s in symbols if not s.is_integer),
    }


def _is_label(symbol: sp.Symbol, meant: _Meant) -> bool:
    """Whether a symbol is only the name of an array or of an index."""
    return not any(node == symbol for e in meant.parts for node in _walk(e))


def _walk(e: sp.Basic) -> Iterator[sp.Basic]:
    yield e
    for a in e.indices if isinstance(e, sp.Indexed) else () if isinstance(e, sp.Idx) else e.args:
        yield from _walk(a)


_FENCES = re.compile(r"\\left\(|\s?\\right\)")
#: What stands before the braces round a function's argument, which need not be typed.
_CALLED = re.compile(
    r"(?<![A-Za-z])(?:\\(?!d?frac|sqrt|left|right)[A-Za-z]+|\\operatorname\{\w+\}|[A-Za-z])(?:\^\{\w+\})?$"
)
_SHORTER = (
    (re.compile(r"([_^])\{(\w)\}"), r"\1\2"),
    (re.compile(r"\\left\|\{([^{}|]+)\}\\right\|"), r"|\1|"),
    (re.compile(r"_\{(\w) (\w)\}"), r"_{\1\2}"),
    (re.compile(r"(?<![^{(])- "), "-"),  # a sign, and no operation
    (re.compile(r",(?=\S)"), ", "),
    (re.compile(r"\\\\(?=[\\\w-])"), r"\\\\ "),
)


def short_latex(e: Any) -> str:
    r"""LaTeX as one types it: \log(x) for \log{\left(x \right)}, x_n for x_{n}."""
    text = to_latex(e)
    opened, cut = list[int](), list[tuple[int, int, str]]()
    for fence in _FENCES.finditer(text):
        if "left" in fence[0]:
            opened.append(len(cut))
            cut.append((*fence.span(), "("))
            continue
        at, end, _ = cut[opened.pop()]
        braces = text[at - 1 : at] + text[fence.end() : fence.end() + 1] == "{}" and _CALLED.search(text, 0, at - 1)
        cut[cut.index((at, end, "("))] = (at - bool(braces), end, "(")
        cut.append((fence.start(), fence.end() + bool(braces), ")"))
    for at, end, sign in sorted(cut, reverse=True):
        text = text[:at] + sign + text[end:]
    for long, short in _SHORTER:
        text = long.sub(short, text)
    return text


# -- and read back ------------------------------------------------------------------------------------------
def _says(problem: Problem, meant: _Meant, notation: str) -> bool:
    """Whether a problem, read, is what is meant, and nothing else in another notation."""
    if problem.told not in ("", notation):
        return False
    try:
        found = Answer(problem)
    except (ValueError, TypeError):
        return False
    if any(note.startswith(EITHER) for note in found.notes):
        return False
    definitions = {d.lhs: d.rhs for d in found.definitions}
    wanted = {d.lhs: d.rhs for d in meant.definitions}
    if definitions.keys() != wanted.keys() or len(found.assumptions) != len(meant.assumptions):
        return False
    pairs = [(definitions[name], wanted[name]) for name in wanted]
    for one, other in zip(found.assumptions, meant.assumptions, strict=True):
        if type(one) is not type(other):
            return False
        pairs += zip(one.args, other.args, strict=True)
    if meant.loss is None:
        if found.statement is None:
            return False
        pairs += [(found.statement.left, meant.left), (found.statement.right, meant.right)]
    else:
        if found.wrt != meant.wrt or len(found.lines) != 1:
            return False
        right = meant.right if meant.name is None else Loss(meant.loss, name=meant.name).put(meant.right)
        pairs += [(found.loss, meant.loss), (found.lines[0], right)]
    return all(same(one, other) for one, other in pairs)


def same(one: Any, other: Any) -> bool:
    """Whether two expressions are one to the engine, which reads Sum(f, i, j) as the sum of a sum."""
    return bool(one == other) or bool(publish(read(one)) == publish(read(other)))
