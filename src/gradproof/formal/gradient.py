"""The certificate of a gradient: its letters, definitions, hypotheses, and the theorem that it is the derivative."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import sympy as sp
from sympy.core.relational import Relational

from gradproof.checking import free_indices
from gradproof.checks.steps import LineChecker
from gradproof.formal.by_form import holds_by_form
from gradproof.formal.certificate import Part, Theorem
from gradproof.formal.conditions import conditions, stated
from gradproof.formal.differentiation import Condition, Definition, differentiated, moved
from gradproof.formal.equality import equal
from gradproof.formal.facts import Span, instance
from gradproof.formal.plain import short
from gradproof.formal.reading import split_type
from gradproof.formal.round_trip import confirmed
from gradproof.formal.terms import Term, app, fresh_name, num, op, show, var
from gradproof.formal.writing import Names, used
from gradproof.lines import head, index_name, index_range, publish
from gradproof.notation import read

__all__ = ["Needs", "Problem", "Proved", "Setting", "closed", "derivative_of", "needs", "proved"]

_RELATIONS: Mapping[type[sp.Basic], str] = {sp.Gt: "<", sp.Ge: "<=", sp.Lt: "<", sp.Le: "<=", sp.Ne: "<>", sp.Eq: "="}


@dataclass
class Setting:
    """The letters of a problem with their Coq names, its definitions and hypotheses, all as terms.

    definitions: by Coq name, those that are used, in order.  hypotheses: by name.
    """

    names: Names
    definitions: dict[str, Definition] = field(default_factory=dict)
    hypotheses: dict[str, Term] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        sides: Sequence[sp.Expr],
        definitions: Sequence[sp.Eq],
        assumptions: Sequence[Relational],
        wrt: sp.Expr | None = None,
    ) -> Setting:
        """What `sides`, and the variable of a derivative, need."""
        known = {head(d.lhs): (tuple(getattr(d.lhs, "indices", ())), publish(read(d.rhs))) for d in definitions}
        moving = None if wrt is None else head(wrt)
        if moving in known:
            known = {name: d for name, d in known.items() if name != moving}
        order = used([*sides, *assumptions], known)
        depends: set[sp.Basic] = set()
        for name in order:
            parts = {head(p) for p in sp.preorder_traversal(known[name][1])}
            if moving in parts or parts & depends:
                depends.add(name)
        made = cls(Names({n: known[n] for n in order}, moving, frozenset(depends)))
        made._register(wrt, sides)
        for name in order:
            made._define(name, *known[name])
        made._assume(assumptions)
        return made

    def _register(self, wrt: sp.Expr | None, sides: Sequence[sp.Expr]) -> None:
        """The free indices, then the variable: bound indices get other names."""
        free = [i for e in (*([] if wrt is None else [wrt]), *sides) for i in sorted(free_indices(read(e)), key=str)]
        for i in dict.fromkeys(i for i in free if isinstance(i, sp.Idx)):
            self.names.name(sp.Symbol(index_name(i)), "Z")
        if isinstance(wrt, sp.Indexed):
            self.names.name(wrt.base, " -> ".join(["Z"] * len(wrt.indices) + ["R"]))
        elif wrt is not None:
            self.names.name(wrt, "R")
        for i in dict.fromkeys(i for i in free if isinstance(i, sp.Idx)):
            span = index_range(i)
            if span is not None:
                name = self.names.letters[sp.Symbol(index_name(i))]
                lo, hi = (self.names.integer(e, {}) for e in span)
                self.hypotheses[f"range_{name}"] = Term("integers", "<= <=", (lo, var(name), hi))

    def _define(self, name: sp.Basic, template: Sequence[sp.Basic], body: sp.Expr) -> None:
        names = self.names
        taken = set(names.letters.values())
        bound = {}
        for i in template:
            bound[i] = fresh_name(index_name(i), taken)
            taken.add(bound[i])
        term = names.term(body, bound)
        whole = names._quantity(name, tuple(Term("index", "", (var(b),)) for b in bound.values()))
        moved_first = (names.name_of_moving(),) if name in names.depends else ()
        spans = _spans(names, bound)
        self.definitions[whole.name] = Definition((*moved_first, *bound.values()), term, spans)

    def _assume(self, assumptions: Sequence[Relational]) -> None:
        for n, relation in enumerate(assumptions, 1):
            sign = _RELATIONS[type(relation)]
            left, right = relation.args if sign in ("<>", "=") else (relation.lts, relation.gts)
            indices = sorted(
                {i for s in (left, right) for i in free_indices(read(s)) if isinstance(i, sp.Idx)}, key=str
            )
            taken = set(self.names.letters.values())
            mine = {i: fresh_name(index_name(i), taken) for i in indices}
            whole = all(s.is_integer for s in (left, right))
            if whole:
                sides = tuple(self.names.integer(s, mine) for s in (left, right))
                says = Term("integers", sign, sides)
            else:
                says = Term("relation", sign, tuple(self.names.term(s, mine) for s in (left, right)))
            spans = _spans(self.names, mine)
            self.hypotheses[f"given_{n}"] = stated(Condition(spans, says))

    # -- text -------------------------------------------------------------------------------------
    def sizes(self) -> dict[str, Term]:
        """That sizes are positive, and what else the letters are declared to be."""
        found = {}
        for letter, name in self.names.letters.items():
            if not isinstance(letter, sp.Symbol) or name in self.definitions:
                continue
            if self.names.types[name] == "Z" and letter.is_positive:
                found[f"size_{name}"] = Term("integers", "<=", (num(1), var(name)))
            elif self.names.types[name] == "R" and letter.is_positive:
                found[f"positive_{name}"] = Term("relation", "<", (num(0), var(name)))
            elif self.names.types[name] == "R" and letter.is_nonnegative:
                found[f"nonnegative_{name}"] = Term("relation", "<=", (num(0), var(name)))
        return found

    def slopes(self) -> dict[str, Term]:
        """That the derivatives of undefined functions are their derivatives."""
        found = {}
        for (function, slot), name in self.names.slopes.items():
            *kinds, _ = split_type(self.names.types[name])
            letters = [
                fresh_name(f"u{n}" if len(kinds) > 1 else "u", set(self.names.types)) for n in range(1, len(kinds) + 1)
            ]
            args = [Term("index", "", (var(u),)) if k == "Z" else var(u) for u, k in zip(letters, kinds, strict=True)]
            s = fresh_name("s", {*self.names.types, *letters})
            changed = app(function, *(var(s) if n == slot else a for n, a in enumerate(args)))
            says = Term("derive", s, (changed, args[slot], app(name, *args)))
            for u, k in zip(reversed(letters), reversed(kinds), strict=True):
                says = Term("forall", f"{u} : {k}", (says,))
            found[f"slope_{name}"] = says
        return found

    def variables(self) -> Mapping[str, list[str]]:
        """The letters that are not defined, by type: indices and sizes come first."""
        found: dict[str, list[str]] = {"Z": []}
        for name, kind in self.names.types.items():
            if name not in self.definitions:
                found.setdefault(kind, []).append(name)
        return {kind: names for kind, names in found.items() if names}

    def supposed(self, extra: Mapping[str, Term]) -> tuple[dict[str, Term], dict[str, Term]]:
        """The hypotheses by name: those about letters alone, and those that use a definition."""
        hypotheses = {**self.sizes(), **self.slopes(), **self.hypotheses, **extra}
        early = {n: h for n, h in hypotheses.items() if h.names.isdisjoint(self.definitions)}
        return early, {n: h for n, h in hypotheses.items() if n not in early}

    def opening(self, extra: Mapping[str, Term]) -> str:
        """Variables, hypotheses about them, definitions, hypotheses that use these."""
        early, late = self.supposed(extra)
        lines = [f"Variables ({' '.join(names)} : {kind})." for kind, names in self.variables().items()]
        lines += [f"Hypothesis {n} : {show(h)}." for n, h in early.items()]
        lines += [self.definition(name) for name in self.definitions]
        lines += [f"Hypothesis {n} : {show(h)}." for n, h in late.items()]
        return "\n".join(lines) + "\n"

    def definition(self, name: str) -> str:
        """The text of a definition."""
        d = self.definitions[name]
        *kinds, _ = split_type(self.names.types[name])
        given = "".join(f" ({p} : {k})" for p, k in zip(d.parameters, kinds, strict=True))
        return f"Definition {name}{given} : R := {show(d.body)}."


def _spans(names: Names, indices: Mapping[sp.Basic, str]) -> tuple[Span, ...]:
    """The indices by name with their ranges, of those that have one."""
    found = ((name, index_range(i)) for i, name in indices.items())
    return tuple((name, names.integer(r[0], {}), names.integer(r[1], {})) for name, r in found if r is not None)


@dataclass(frozen=True)
class Problem:
    """∂loss/∂wrt = formula; loss and formula are two terms where there is no wrt.

    formula: None is the derivative as the lemmas give it.  steps: of a loss that is a remainder.  sign: of the relation
    between two terms.  conditions: under which, and only under which, it holds.
    """

    loss: sp.Expr
    wrt: sp.Expr | None
    formula: sp.Expr | None
    definitions: tuple[sp.Eq, ...] = ()
    assumptions: tuple[Relational, ...] = ()
    steps: tuple[sp.Basic, ...] = ()
    sign: str = "="
    conditions: tuple[Relational, ...] = ()


@dataclass(frozen=True)
class Proved:
    """A gradient, or a relation of terms, that is proved for every size.

    derived: what the theorem `holds` says, in the letters of `setting`; extra: its hypotheses beside the setting's own.
    """

    problem: Problem
    setting: Setting
    derived: Term
    extra: Mapping[str, Term]
    part: Part

    @property
    def hypotheses(self) -> Mapping[str, Term]:
        """All hypotheses, in the order in which the theorem takes them after its letters."""
        early, late = self.setting.supposed(self.extra)
        return early | late

    @property
    def arguments(self) -> tuple[str, ...]:
        """What the theorem takes where its section is closed: the letters, then the hypotheses."""
        return (*(n for names in self.setting.variables().values() for n in names), *self.hypotheses)


def proved(
    loss: sp.Expr,
    wrt: sp.Expr,
    formula: sp.Expr | None,
    definitions: Sequence[sp.Eq] = (),
    assumptions: Sequence[Relational] = (),
) -> Proved:
    """For every size: that the formula is the derivative of the loss, and that all is well defined.

    Without a formula it is the derivative as the lemmas give it.  Raises NoCertificateError, which names the step that has no lemma.
    """
    loss, formula = publish(read(loss)), None if formula is None else closed(formula, definitions, assumptions)
    setting = Setting.of([loss] if formula is None else [loss, formula], definitions, assumptions, wrt)
    names = setting.names
    statement = derivative_of(setting, loss, wrt, loss if formula is None else formula)
    function, point, right = statement.args
    letter, body = statement.name, names.term(loss)
    found, tree = differentiated(function, letter, point, setting.definitions, frozenset(names.types), names.slope)
    if formula is None:
        right, statement = found, Term("derive", letter, (function, point, found))
    needed = needs(setting, tree.conditions, [body, right])
    proof = ["  eapply d_equal.", "  {", *tree.lines, "  }"]
    if formula is None:
        proof.append("  at_point; reflexivity.")
    else:
        known = {**setting.sizes(), **setting.hypotheses, **needed.hypotheses}
        proof.append(f"  transitivity ({show(found)}); [at_point; reflexivity|].")
        proof += ["  " + line for line in equal(found, right, setting.definitions, known)]
    count = len(tree.steps)
    value = "" if formula is None else short(formula, "")
    told = f"the derivative of {short(loss, 'the loss')} by {wrt}" + f" is {value}" * bool(value)
    says = f"{told}, proved in {count} step{'s' * (count != 1)}"
    theorem = Theorem("holds", "holds", show(statement), "\n".join(proof), says)
    part = Part("for_every_size", setting.opening(needed.hypotheses), (*needed.theorems(), theorem))
    problem = Problem(loss, wrt, formula, tuple(definitions), tuple(assumptions))
    return confirmed(Proved(problem, setting, statement, needed.hypotheses, part))


def closed(e: sp.Expr, definitions: Sequence[sp.Eq], assumptions: Sequence[Relational]) -> sp.Expr:
    """`e` with the derivatives in it taken, all but those of undefined functions."""
    line = read(e)
    if line.has(sp.Derivative):
        line = LineChecker(definitions, assumptions).evaluated(line)
    return publish(line)


def derivative_of(setting: Setting, loss: sp.Expr, wrt: sp.Expr, formula: sp.Expr) -> Term:
    """The statement that a formula is the derivative of a loss."""
    names = setting.names
    body = names.term(publish(read(loss)))
    right = names.term(publish(read(formula)))
    bodies = (body, right, *(d.body for d in setting.definitions.values()))
    letter = fresh_name("t", set(names.types).union(*(t.all_names for t in bodies)))
    point = names.term(wrt)
    indices = [a.args[0] for a in point.args]
    return Term("derive", letter, (moved(body, names.name_of_moving(), indices, letter), point, right))


@dataclass(frozen=True)
class Needs:
    """The conditions under which all is defined, and those of them that must be supposed; says: all of them, in words."""

    all: tuple[Term, ...]
    hypotheses: Mapping[str, Term]
    says: str

    def theorems(self) -> Iterator[Theorem]:
        """The theorem that they hold, if there are any."""
        if self.all:
            together = self.all[0]
            for t in self.all[1:]:
                together = op("/\\", together, t)
            yield Theorem("defined", "defined", show(together), "  side.", self.says)


def needs(setting: Setting, asked: Iterable[Condition], terms: Iterable[Term]) -> Needs:
    """What a proof asks for and what terms need, those of definitions too."""
    defined = [c for d in setting.definitions.values() for c in conditions(d.body, d.spans)]
    given = [c for h in setting.hypotheses.values() for c in _of_hypothesis(h)]
    meant = [*defined, *given, *(c for t in terms for c in conditions(t))]
    found = _distinct([*asked, *meant])
    hypotheses = {**setting.sizes(), **setting.hypotheses}.values()
    known = frozenset(show(h) for h in hypotheses) | frozenset(
        show(h.args[0].args[1]) for h in hypotheses if h.op == "forall"
    )
    supposed = {f"defined_{n}": stated(c) for n, c in enumerate(found, 1) if not holds_by_form(c.says, known)}
    return Needs(tuple(map(stated, found)), supposed, _in_words(found, meant))


def _in_words(found: Iterable[Condition], meant: Sequence[Condition]) -> str:
    """What the conditions are about.  Those that no term needs to have a value, the steps ask for: at a kink there is no slope."""
    about = {_about(c.says, any(_implies(m, c) for m in meant)) for c in found}
    if _SLOPE in about:
        about.discard(_VALUE)
    return "; ".join(told for told in (_DENOMINATOR, _VALUE, _SLOPE, _KINK) if told in about)


_DENOMINATOR, _KINK = "no denominator is zero", "no kink is met"
_VALUE = "roots, logarithms and the like have arguments that they accept"
_SLOPE = "roots, logarithms and the like have arguments that they and their slopes accept"


def _about(says: Term, meant: bool) -> str:
    while says.op == "->":
        says = says.args[1]
    if says.name != "<>":
        return _VALUE if meant else _SLOPE
    product = says.args[1] == num(0) and says.args[0].op == "*"
    return _DENOMINATOR if meant or product else _KINK


def _of_hypothesis(h: Term) -> Iterable[Condition]:
    """What the sides of a hypothesis need, for every value of its indices."""
    spans: list[Span] = []
    while h.op == "forall" and h.args[0].op == "->":
        lo, _, hi = h.args[0].args[0].args
        spans.append((h.name.split(" : ")[0], lo, hi))
        h = h.args[0].args[1]
    return [c for side in h.args for c in conditions(side, spans)] if h.op == "relation" else []


def _distinct(found: Iterable[Condition]) -> list[Condition]:
    """Each condition once, whatever its indices are called; those for all values of an index first, then what they imply is left out."""
    kept: list[Condition] = []
    for c in sorted(found, key=lambda c: -len(c.spans)):
        if not any(_implies(k, c) for k in kept):
            kept = [k for k in kept if not _implies(c, k)] + [c]
    return kept


def _implies(one: Condition, other: Condition) -> bool:
    """Whether a condition is an instance of another: 0 < u(i) for every i gives u(a) <> 0."""
    if one.says.op != "relation" or other.says.op != "relation":
        return one == other
    indices = frozenset(s[0] for s in one.spans)
    a, b = one.says, other.says
    spans = {s[0]: s[1:] for s in other.spans}

    def fits(p: Term, e: Term) -> bool:
        found = instance(p, e, indices)
        inside = found is not None and set(found) == indices
        return inside and all(
            spans.get(v.name, ranges[n]) == ranges[n] for n, v in (found or {}).items() if v.op == "var"
        )

    ranges = {s[0]: s[1:] for s in one.spans}
    if not all(v.op == "var" for v in (instance(a, b, indices) or {}).values()):
        return False
    if a.name == b.name:
        return fits(a, b)
    zero = num(0)
    if a.name == "<" and a.args[0] == zero:
        return (b.name == "<>" and b.args[1] == zero and fits(a.args[1], b.args[0])) or (
            b.name == "<=" and b.args[0] == zero and fits(a.args[1], b.args[1])
        )
    return False
