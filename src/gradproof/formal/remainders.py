"""Orders of remainders: exact - model = O(step^n), and no smaller, from the derivatives by the step.

The derivatives are theorems for every step; those below the order are zero where the step is, and the mean value theorem
does the rest, one derivative at a time.  That an order is too high is said at a point at which the first derivative that
is left is not zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import sympy as sp

from gradproof.formal.certificate import Part, Theorem
from gradproof.formal.differentiation import Condition, differentiated, moved
from gradproof.formal.equality import equal
from gradproof.formal.gradient import Problem, Proved, Setting, needs
from gradproof.formal.normal import Normal
from gradproof.formal.place import irrational
from gradproof.formal.plain import big_o
from gradproof.formal.points import apart, applied_at, places
from gradproof.formal.round_trip import confirmed
from gradproof.formal.terms import Term, fresh_name, num, op, put, show, var
from gradproof.formal.writing import NoCertificateError
from gradproof.lines import derivative, publish, rebuilt
from gradproof.notation import NotationError, read
from gradproof.statements import Approximation
from gradproof.values import UndefinedError

__all__ = ["order", "order_too_high"]


def order(statement: Approximation) -> tuple[Part, ...]:
    """For every size: the remainder's order; and a point at which it is no higher.

    Raises NoCertificateError where the steps are several, or a derivative is not seen to be zero.
    """
    chain = _Chain.of(statement)
    for _ in range(statement.order + 1):
        chain.extend()
    general = chain.proved(f"the remainder is {big_o(chain.step, statement.order + 1)}")
    return (general.part, chain.no_more("no_smaller", "holds", general, statement.order + 2))


def order_too_high(statement: Approximation) -> tuple[Part, ...]:
    """For every size: the order that the remainder has; and a point at which it has not the one that is stated.

    Raises NoCertificateError where it is not seen to be too high.
    """
    chain = _Chain.of(statement)
    for _ in range(statement.order):
        chain.extend()
        general = chain.proved(f"the remainder is {big_o(chain.step, len(chain.lines))}")
        try:
            return (general.part, chain.no_more("as_printed", "refuted", general, statement.order + 1))
        except NoCertificateError:
            continue
    raise NoCertificateError("no derivative below the order is seen to be left over")


@dataclass
class _Chain:
    """The derivatives of a remainder by its step, as functions of it, from the remainder on.

    lines: for each after the first, the proof that it is the derivative of the one before.
    """

    statement: Approximation
    problem: Problem
    setting: Setting
    step: str
    letter: str
    at: str
    terms: list[Term]
    lines: list[list[str]] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)

    @classmethod
    def of(cls, s: Approximation) -> _Chain:
        if len(s.steps) != 1 or not isinstance(s.steps[0], sp.Symbol):
            raise NoCertificateError("the order of a remainder in several steps at once has no certificate yet")
        (step,) = s.steps
        sides = [publish(read(_one_by_one(e))) for e in (s.exact, s.model)]
        setting = Setting.of(sides, s.definitions, s.assumptions, step)
        term = op("-", *(setting.names.term(e) for e in sides))
        taken = set(setting.names.types).union(
            term.all_names, *(d.body.all_names for d in setting.definitions.values())
        )
        letter = fresh_name("t", taken)
        problem = Problem(sides[0] - sides[1], step, None, s.definitions, s.assumptions)
        name = setting.names.name_of_moving()
        return cls(s, problem, setting, name, letter, fresh_name("x", taken | {letter}), [term])

    def function(self, n: int, at: str = "") -> Term:
        """The n-th derivative at a letter that stands for the step."""
        return moved(self.terms[n], self.step, [], at or self.letter)

    def extend(self) -> None:
        """Take one more derivative."""
        s, names = self.setting, self.setting.names
        body, point = self.function(len(self.terms) - 1), var(self.at)
        found, tree = differentiated(body, self.letter, point, s.definitions, frozenset(names.types), names.slope)
        lines = ["eapply d_equal.", "{", *tree.lines, "}"]
        form = _shorter(found)
        if form is None:
            lines.append("at_point; reflexivity.")
        else:
            lines.append(f"transitivity ({show(found)}); [at_point; reflexivity|].")
            lines += equal(found, form, s.definitions, {**s.sizes(), **s.hypotheses})
        self.terms.append(put(form or found, {self.at: var(self.step)}))
        self.lines.append([f"intro {self.at}.", *lines])
        self.conditions += tree.conditions

    def proved(self, says: str) -> Proved:
        """For every size: the order that the derivatives taken so far show."""
        statement = Term("bigO", self.letter, (num(len(self.lines)), self.function(0)))
        conditions = [replace(c, says=put(c.says, {self.at: var(self.step)})) for c in self.conditions]
        needed = needs(self.setting, conditions, self.terms)
        near = [show(h) for h in needed.hypotheses.values() if self.step in h.names]
        if near:
            raise NoCertificateError(f"{near[0]} need not hold for every step")
        known = {**self.setting.sizes(), **self.setting.hypotheses, **needed.hypotheses}
        theorems = [*needed.theorems(), *self._slopes(), *self._zeros(known)]
        theorems.append(Theorem("holds", "holds", show(statement), _indented(self._links("order")), says))
        part = Part("for_every_size", self.setting.opening(needed.hypotheses), tuple(theorems))
        return confirmed(Proved(self.problem, self.setting, statement, needed.hypotheses, part))

    def _slopes(self) -> Iterator[Theorem]:
        for n, lines in enumerate(self.lines, 1):
            body, value = self.function(n - 1), self.function(n, self.at)
            says = Term("forall", f"{self.at} : R", (Term("derive", self.letter, (body, var(self.at), value)),))
            yield Theorem(
                f"slope_{n}", "step", show(says), _indented(lines), f"derivative {n} of the remainder by {self.step}"
            )

    def _zeros(self, known: dict[str, Term]) -> Iterator[Theorem]:
        for n in range(len(self.lines)):
            here = put(self.terms[n], {self.step: num(0)})
            lines = equal(here, num(0), self.setting.definitions, known)
            says = f"derivative {n} of the remainder" if n else "the remainder"
            yield Theorem(
                f"zero_{n}",
                "step",
                show(Term("relation", "=", (here, num(0)))),
                _indented(lines),
                f"{says} is zero where the step is zero",
            )

    def _links(self, lemma: str, given: str = "") -> Iterator[str]:
        """The lemma once for each derivative, the last one's first step last; `given`: the theorems' arguments."""
        last = len(self.lines)
        functions = [f"(fun {self.letter} => {show(self.function(n))})" for n in range(last)]
        for n, (one, next_) in enumerate(zip(functions, functions[1:], strict=False), 1):
            yield f"apply ({lemma}_next {last - n} {one} {next_}); [exact (slope_{n}{given}) | exact (zero_{n - 1}{given}) |]."
        end = show(put(self.terms[last], {self.step: num(0)}), 9)
        rest = "" if lemma == "order" else " |"
        yield f"apply ({lemma}_start {functions[-1]} {end}); [exact (slope_{last}{given} 0) | exact (zero_{last - 1}{given}){rest}]."

    def no_more(self, name: str, kind: Any, general: Proved, order: int) -> Part:
        """That the remainder is no O(step^order), at a point at which its last derivative is not zero."""
        says = op("~", Term("bigO", self.letter, (num(order), self.function(0))))
        last = put(self.terms[-1], {self.step: num(0)})
        given = "".join(f" {n}" for n in general.arguments)
        reason = ""
        for place in places(general, self.setting, at=self.statement.verify().witness):
            try:
                lines = apart(place, last, num(0))
                part = applied_at(name, general, place, general.derived, "possible")
            except (UndefinedError, NotationError, NoCertificateError) as error:
                reason = reason or str(error)
                continue
            links = self._links("lead", given)
            steps = [f"apply (lead_no_more {len(self.lines)}); [|lia].", *links, *lines]
            told = f"at this point the remainder is not {big_o(self.step, order)}"
            theorem = Theorem("no_smaller" if kind == "holds" else "refuted", kind, show(says), _indented(steps), told)
            uses = part.uses_interval or irrational(self.setting, last)
            return replace(part, theorems=(*part.theorems, theorem), uses_interval=uses)
        raise NoCertificateError(f"no point was found at which the remainder is no smaller: {reason}")


def _shorter(t: Term) -> Term | None:
    """The normal form of a derivative, where it has one and that is shorter."""
    normal = Normal()
    try:
        form = normal.term(normal.poly(t, (), []))
    except NoCertificateError:
        return None
    return form if len(show(form)) < len(show(t)) else None


def _indented(lines: Any) -> str:
    return "\n".join(f"  {line}" for line in lines)


def _one_by_one(e: Any) -> Any:
    """`e` with second derivatives taken one after the other."""
    if isinstance(e, sp.Derivative):
        inner = e.expr
        for variable in e.variables:
            inner = derivative(inner, variable)
        return inner
    return rebuilt(e, [_one_by_one(a) for a in e.args]) if e.args else e
