"""Orders of remainders: exact - model = O(step^n), and no smaller, from the derivatives by the step.

The derivatives are theorems for every step; those below the order are zero where the step is, and the mean value theorem
does the rest, one derivative at a time.  With two steps the derivatives by the first, of every order, are followed along
the second.  That an order is too high is said at a point at which the first derivative that is left is not zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Literal

import sympy as sp

from gradproof.checks.steps import LineChecker, opened
from gradproof.formal.certificate import Part, Theorem, indented
from gradproof.formal.differentiation import Condition, differentiated
from gradproof.formal.equality import equal
from gradproof.formal.gradient import Problem, Proved, Setting, needs
from gradproof.formal.normal import Normal
from gradproof.formal.place import irrational
from gradproof.formal.plain import big_o
from gradproof.formal.points import apart, applied_at, places
from gradproof.formal.round_trip import confirmed
from gradproof.formal.terms import Term, fresh_name, num, op, put, show, var
from gradproof.formal.writing import NoCertificateError
from gradproof.lines import derivative, mentions, publish, rebuilt
from gradproof.notation import NotationError, read
from gradproof.statements import Approximation
from gradproof.values import UndefinedError

__all__ = ["order", "order_too_high"]


def order(statement: Approximation) -> tuple[Part, ...]:
    """For every size: the remainder's order; and a point at which it is no higher.

    Raises NoCertificateError where the steps are others than one symbol or two, or a derivative is not seen to be zero.
    """
    made = _Remainder.of(statement, statement.order + 1)
    general = made.proved(f"the remainder is {_big_o(statement, statement.order + 1)}")
    return (general.part, made.no_more("no_smaller", "holds", general, statement.order + 2))


def order_too_high(statement: Approximation) -> tuple[Part, ...]:
    """For every size: the order that the remainder has; and a point at which it has not the one that is stated.

    Raises NoCertificateError where it is not seen to be too high.
    """
    witness = statement.verify().witness
    for n in range(1, statement.order + 1):
        made = _Remainder.of(statement, n)
        general = made.proved(f"the remainder is {_big_o(statement, n)}")
        try:
            return (general.part, made.no_more("as_printed", "refuted", general, statement.order + 1, witness))
        except NoCertificateError:
            continue
    raise NoCertificateError("no derivative below the order is seen to be left over")


# -- along one step ---------------------------------------------------------------------------------
@dataclass
class _Line:
    """The derivatives of a term by one letter, from the term itself on, and the proof of each.

    name: of its theorems.  beside: letters that stand for every number, too.
    """

    setting: Setting
    name: str
    letter: str
    beside: tuple[str, ...]
    terms: list[Term]
    lines: list[list[str]] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)

    def extend(self, times: int) -> None:
        """Take so many more derivatives."""
        for _ in range(times):
            self._extend()

    def _extend(self) -> None:
        s, names = self.setting, self.setting.names
        t = self._inner()
        taken = frozenset(names.types) | {self.letter, *self.beside}
        body, point = put(self.terms[-1], {self.letter: var(t)}), var(self.letter)
        found, tree = differentiated(body, t, point, s.definitions, taken, names.slope)
        lines, form = [*tree.lines], _shorter(found)
        if form is None:
            proof = ["at_point; reflexivity."]
        else:
            known = {**s.sizes(), **s.hypotheses}
            proof = [f"transitivity ({show(found)}); [at_point; reflexivity|]."]
            proof += equal(found, form, s.definitions, known)
        self.terms.append(form or found)
        self.lines.append(
            [f"intros {' '.join([*self.beside, self.letter])}.", "eapply d_equal.", "{", *lines, "}", *proof]
        )
        self.conditions += tree.conditions

    def _told(self, n: int) -> str:
        """The n-th derivative in words."""
        before = self.name.removeprefix("second_")
        if before == self.name:  # by the only step, or by the first
            return f"derivative {n} by the {'step' if self.name == 'slope' else 'first step'}" if n else "the remainder"
        first = f"derivative {before} by the first step" if before != "0" else "the remainder"
        return f"derivative {n} by the second step of {first}" if n else first

    def _inner(self) -> str:
        return fresh_name("t", {*self.setting.names.types, self.letter, *self.beside})

    def slopes(self) -> Iterator[Theorem]:
        t = self._inner()
        for n, ((one, next_), lines) in enumerate(zip(pairwise(self.terms), self.lines, strict=True), 1):
            says = Term("derive", t, (put(one, {self.letter: var(t)}), var(self.letter), next_))
            says = Term("forall", f"{' '.join([*self.beside, self.letter])} : R", (says,))
            yield Theorem(f"{self.name}_{n}", "step", show(says), indented(lines), self._told(n))

    def zeros(self, known: Mapping[str, Term]) -> Iterator[Theorem]:
        for n in range(len(self.lines)):
            here = put(self.terms[n], {self.letter: num(0)})
            lines = equal(here, num(0), self.setting.definitions, known)
            says = Term("relation", "=", (here, num(0)))
            told = f"{self._told(n)} is zero where the step is zero"
            yield Theorem(f"{self.name}_{n}_zero", "step", show(says), indented(lines), told)

    def chain(self, given: str = "") -> _Chain:
        """The derivatives with their theorems.  given: what these take."""
        count = range(len(self.lines))
        slopes = [f"{self.name}_{n + 1}{given}" for n in count]
        return _Chain(self.letter, self.terms, slopes, [f"{self.name}_{n}_zero{given}" for n in count])


@dataclass(frozen=True)
class _Chain:
    """Functions of a letter, each the derivative of the one before; slopes say so, and zeros that they are zero at zero."""

    letter: str
    terms: Sequence[Term]
    slopes: Sequence[str]
    zeros: Sequence[str]

    def links(self, lemma: Literal["order", "lead"]) -> Iterator[str]:
        """The lemma once for each derivative."""
        functions = [f"(fun {self.letter} => {show(term)})" for term in self.terms[:-1]]
        proofs = [f"exact ({slope}{{}}) | exact ({zero})" for slope, zero in zip(self.slopes, self.zeros, strict=True)]
        for n, ((one, next_), proof) in enumerate(zip(pairwise(functions), proofs[:-1], strict=True), 1):
            yield f"apply ({lemma}_next {len(proofs) - n} {one} {next_}); [{proof.format('')} |]."
        rest = " |" * (lemma == "lead")
        yield f"apply ({lemma}_start {functions[-1]} {show(self.last, 9)}); [{proofs[-1].format(' 0')}{rest}]."

    @property
    def last(self) -> Term:
        """The last derivative at zero."""
        return _at_zero(self.terms[-1], self.letter)

    @property
    def first(self) -> str:
        return f"(fun {self.letter} => {show(self.terms[0])})"


# -- the remainder ------------------------------------------------------------------------------------
@dataclass
class _Remainder:
    """Exact - model as a function of one step or of two.

    whole: its derivatives by the first step.  inner: with two steps, each of these along the second, where the first is
    zero.
    """

    problem: Problem
    setting: Setting
    letters: tuple[str, ...]
    whole: _Line
    inner: Sequence[_Line] = ()

    @classmethod
    def of(cls, s: Approximation, order: int) -> _Remainder:
        """With its derivatives up to the order."""
        _fit(s, order)
        single = len(s.steps) == 1
        known = {} if single else LineChecker(s.definitions).definitions
        sides = [publish(opened(read(_one_by_one(e)), known)) for e in (s.exact, s.model)]
        definitions, wrt = (s.definitions, s.steps[0]) if single else ((), None)
        problem = Problem(sides[0] - sides[1], wrt, None, definitions, s.assumptions, s.steps)
        setting = Setting.of(sides, definitions, s.assumptions, wrt)
        body = op("-", *(setting.names.term(e) for e in sides))
        letters = _letters(setting, body, len(s.steps), order)
        steps = {setting.names.letters[step]: var(x) for step, x in zip(s.steps, letters, strict=True)}
        whole = _Line(setting, "slope" if single else "first", letters[0], letters[1:], [put(body, steps)])
        whole.extend(order)
        if single:
            return cls(problem, setting, letters, whole)
        inner = [
            _Line(setting, f"second_{n}", letters[1], (), [_at_zero(t, letters[0])]) for n, t in enumerate(whole.terms)
        ]
        for n, line in enumerate(inner[:-1]):
            line.extend(order - n)
        return cls(problem, setting, letters, whole, inner[:-1])

    def proved(self, says: str) -> Proved:
        """For every size: the order that the derivatives show."""
        lines = [self.whole, *self.inner]
        statement = self._of_order(len(self.whole.lines))
        steps = {
            x: var(self.setting.names.letters[step]) for x, step in zip(self.letters, self.problem.steps, strict=True)
        }
        conditions = [replace(c, says=put(c.says, steps)) for line in lines for c in line.conditions]
        needed = needs(self.setting, conditions, [put(t, steps) for line in lines for t in line.terms])
        near = [show(h) for h in needed.hypotheses.values() if any(s.name in h.names for s in steps.values())]
        if near:
            raise NoCertificateError(f"{near[0]} need not hold for every step")
        extra = {**needed.hypotheses, **self._bounded()}
        known = {**self.setting.sizes(), **self.setting.hypotheses, **extra}
        theorems = [*needed.theorems(), *(t for line in lines for t in line.slopes())]
        theorems += [t for line in self.inner or lines for t in line.zeros(known)]
        theorems.append(Theorem("holds", "holds", show(statement), indented(self._proof()), says))
        part = Part("for_every_size", self.setting.opening(extra), tuple(theorems))
        return confirmed(Proved(self.problem, self.setting, statement, extra, part))

    def _of_order(self, n: int) -> Term:
        return Term("bigO", " ".join(self.letters), (num(n), self.whole.terms[0]))

    def _bounded(self) -> dict[str, Term]:
        """With two steps: that the last derivative by the first is bounded, if functions are in it that may be any."""
        last = self.whole.terms[-1]
        if not self.inner:
            return {}
        if not _polynomial(last, frozenset(self.letters), frozenset(self.setting.names.types)):
            raise NoCertificateError(f"no lemma that this is bounded: {show(last)}")
        if last.names.isdisjoint(self.setting.names.slopes.values()):
            return {}
        return {"bounded": Term("bigO", " ".join(self.letters), (num(0), last))}

    def _proof(self) -> Iterator[str]:
        if not self.inner:
            yield from self.whole.chain().links("order")
            return
        functions = [f"(fun {' '.join(self.letters)} => {show(term)})" for term in self.whole.terms]
        for n, ((one, next_), line) in enumerate(zip(pairwise(functions), self.inner, strict=True)):
            yield f"apply (order2_next {len(self.inner) - 1 - n} {one} {next_}); [intros; apply first_{n + 1} | |]."
            yield from ("{", *line.chain().links("order"), "}")
        yield "exact bounded." if self._bounded() else "bounded."

    def no_more(
        self, name: str, kind: Literal["holds", "refuted"], general: Proved, order: int, at: Any = None
    ) -> Part:
        """That the remainder is not of the order, at a point at which its last derivative is not zero."""
        reason = ""
        for place in places(general, self.setting, at=at):
            for chain, lemma in self._chains("".join(f" {n}" for n in general.arguments)):
                try:
                    lines = apart(place, chain.last, num(0))
                    part = applied_at(name, general, place, general.derived, "possible")
                except (UndefinedError, NotationError, NoCertificateError) as error:
                    reason = reason or str(error)
                    continue
                theorem = self._not_of_order(order, kind, chain, lemma, lines)
                uses = part.uses_interval or irrational(self.setting, chain.last)
                return replace(part, theorems=(*part.theorems, theorem), uses_interval=uses)
        raise NoCertificateError(f"no point was found at which the remainder is no smaller: {reason}")

    def _chains(self, given: str) -> Iterator[tuple[_Chain, str]]:
        """The derivatives along a step, and the lemma that an order is one along it."""
        if not self.inner:
            yield self.whole.chain(given), "{}"
            return
        yield self.inner[0].chain(given), "(order2_second _ _ {})"
        terms = [_at_zero(t, self.letters[1]) for t in self.whole.terms]
        slopes = [f"first_{n}{given} 0" for n in range(1, len(terms))]
        zeros = [f"{line.name}_0_zero{given}" for line in self.inner]
        yield _Chain(self.letters[0], terms, slopes, zeros), "(order2_first _ _ {})"

    def _not_of_order(
        self, n: int, kind: Literal["holds", "refuted"], chain: _Chain, lemma: str, lines: Sequence[str]
    ) -> Theorem:
        says = op("~", self._of_order(n))
        supposed = fresh_name("H", set(self.setting.names.types))
        given = f"[|lia|exact {lemma.format(supposed)}]"
        first = f"intro {supposed}. apply (lead_no_more {len(chain.zeros)} {n} {chain.first}); {given}."
        steps = [first, *chain.links("lead"), *lines]
        name = "refuted" if kind == "refuted" else "no_smaller"
        return Theorem(name, kind, show(says), indented(steps), f"the remainder is not {_big_o(self.problem, n)}")


def _fit(s: Approximation, order: int) -> None:
    """That the statement is one of its steps: what is assumed or defined of a step would say nothing of those that go to zero."""
    if len(s.steps) > 2 or not all(isinstance(step, sp.Symbol) for step in s.steps):
        raise NoCertificateError("the order of a remainder in many steps at once has no certificate yet")
    if order < 1 or len(set(s.steps)) < len(s.steps):
        raise NoCertificateError("it is no statement of an order in different steps")
    for step in s.steps:
        if not any(mentions(e, step) for e in (s.exact, s.model, *(d.rhs for d in s.definitions))):
            raise NoCertificateError(f"the step {step} does not occur")
        if any(d.lhs == step for d in s.definitions):
            raise NoCertificateError(f"the step {step} is defined")
        for assumption in s.assumptions:
            if mentions(assumption, step):
                raise NoCertificateError(f"the assumption {assumption} speaks of the step {step}")


def _letters(setting: Setting, body: Term, count: int, order: int) -> tuple[str, ...]:
    """Letters for the steps, which nothing else is called, nor will be: f', f'' are the derivatives of f."""
    taken = set(setting.names.types).union(body.all_names, *(d.body.all_names for d in setting.definitions.values()))
    functions = [name for name, kind in setting.names.types.items() if "R ->" in kind]
    taken |= {name + "'" * k for name in functions for k in range(1, order + 1)}
    return tuple(fresh_name(letter, taken) for letter in "xy"[:count])


def _big_o(of: Approximation | Problem, order: int) -> str:
    """An order in the steps."""
    names = ", ".join(map(str, of.steps))
    return big_o(names if len(of.steps) == 1 else f"|({names})|", order)


def _polynomial(t: Term, letters: frozenset[str], functions: frozenset[str]) -> bool:
    """Whether a term, with polynomials for functions that may be any, is a polynomial in the letters: bounded near zero."""
    if t.names.isdisjoint(letters) or t.op == "var":
        return True
    known = t.op in ("+", "-", "*", "neg", "pow") or (t.op == "app" and t.name in functions)
    return known and all(_polynomial(a, letters, functions) for a in t.args)


def _at_zero(t: Term, letter: str) -> Term:
    return put(t, {letter: num(0)})


def _shorter(t: Term) -> Term | None:
    """The normal form of a derivative, where it has one and that is shorter."""
    normal = Normal()
    try:
        form = normal.term(normal.poly(t, (), []))
    except NoCertificateError:
        return None
    return form if len(show(form)) < len(show(t)) else None


def _one_by_one(e: Any) -> Any:
    """`e` with second derivatives taken one after the other."""
    if isinstance(e, sp.Derivative):
        inner = e.expr
        for variable in e.variables:
            inner = derivative(inner, variable)
        return inner
    return rebuilt(e, [_one_by_one(a) for a in e.args]) if e.args else e
