"""From a derivation to its formal proof: for each derivative that a rule moves, the rule's lemma is applied.

The rules are tried in the order of their table, as in a derivation; so the proof is the derivation from the front, in
which every named quantity is opened where a rule meets it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gradproof.formal.facts import Fact, Span
from gradproof.formal.lemmas import Goal, Lemma, applied, lemmas, matched
from gradproof.formal.normal import Normal
from gradproof.formal.polynomials import common, plus, scaled
from gradproof.formal.terms import Term, app, fresh_name, num, op, put, show, show_integer, var
from gradproof.formal.writing import NoCertificateError
from gradproof.rules import RULES

__all__ = ["Condition", "Definition", "Tree", "all_opened", "differentiated", "moved", "opened", "settled"]


@dataclass(frozen=True)
class Definition:
    """parameters: the moving argument, if it has one, and the indices.  spans: the ranges of these."""

    parameters: tuple[str, ...]
    body: Term
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Condition:
    """What a lemma asks for besides derivatives: a proposition, for every value of the indices bound around it."""

    spans: tuple[Span, ...]
    says: Term

    @classmethod
    def of(cls, spans: Sequence[Span], says: Term) -> Condition:
        """With those of the indices around that it, or a range in it, depends on."""
        if says.name == "<" and says.args[0] == num(0) and says.args[1].op == "app" and says.args[1].name == "Rabs":
            says = Term("relation", "<>", (says.args[1].args[0], num(0)))
        kept: list[Span] = []
        names = says.names
        for span in reversed(spans):
            if span[0] in names:
                kept.insert(0, span)
                names |= span[1].names | span[2].names
        return cls(tuple(kept), says)


@dataclass
class Tree:
    """A proof under way: its lines, and what has been asked for.

    steps: the names of the rules that were applied, in order.  cases: what holds in the branch that is being proved.
    """

    definitions: Mapping[str, Definition]
    taken: frozenset[str]
    point: Term
    lines: list[str] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    cases: list[Term] = field(default_factory=list)
    slope: Callable[[str, int], str] | None = None

    def prove(self, goal: Goal, spans: Sequence[Span] = (), depth: int = 1) -> Term:
        """Write the proof that the goal has a derivative; returns the derivative."""
        body = settled(goal.body, self.point)
        if self._undefined(goal.body, goal.t):
            return self._function(goal, spans, depth)
        for rule in RULES:
            if "unfold" in rule.lemmas:
                if goal.body.op == "app" and goal.body.name in self.definitions:
                    return self._unfolded(goal, spans, depth)
                continue
            for name in rule.lemmas:
                lemma = lemmas().get(name)
                values = None if lemma is None else matched(lemma, goal)
                if lemma is not None and values is not None and self._fits(lemma, values, goal, spans):
                    self.steps.append(rule.name)
                    self._apply(lemma, values, rule.name, spans, depth)
                    return settled(applied(lemma.conclusion.args[2], values), self.point)
        raise NoCertificateError(f"no rule with a lemma for the derivative of {show(body)}")

    def _write(self, depth: int, text: str, why: str = "") -> None:
        self.lines.append("  " * depth + text + (f"  (* {why} *)" if why else ""))

    def _unfolded(self, goal: Goal, spans: Sequence[Span], depth: int) -> Term:
        self.steps.append("definition")
        self._write(depth, f"unfold {goal.body.name}.", "definition")
        return self.prove(Goal(goal.t, opened(goal.body, self.definitions), goal.point), spans, depth)

    def _undefined(self, body: Term, t: str) -> bool:
        """Whether this is a function of which nothing is known but its derivative."""
        known = body.name in self.definitions or body.name.startswith("replace")
        return body.op == "app" and t in body.names and not known and body.name in self.taken

    def _function(self, goal: Goal, spans: Sequence[Span], depth: int) -> Term:
        """The chain rule for a function with a derivative that has a name."""
        f, args = goal.body.name, goal.body.args
        slots = [n for n, a in enumerate(args) if goal.t in a.names]
        if len(slots) != 1 or args[slots[0]].op == "index" or self.slope is None:
            raise NoCertificateError(f"several arguments of {f} change in {show(goal.body)}")
        (n,) = slots
        slope, inner = self.slope(f, n), args[n]
        self.steps.append("chain rule for an undefined function")
        at = settled(put(inner, {goal.t: goal.point}), self.point)
        value = app(slope, *(at if m == n else a for m, a in enumerate(args)))
        if inner == var(goal.t):
            self._write(depth, f"apply slope_{slope}.", self.steps[-1])
            return value
        s = fresh_name("s", self.taken | {x[0] for x in spans})
        whole = app(f, *(var(s) if m == n else a for m, a in enumerate(args)))
        self._write(depth, f"apply (d_chain (fun {s} => {show(whole)})).", self.steps[-1])
        self._write(depth, f"{{ apply slope_{slope}. }}")
        return op("*", value, self.prove(Goal(goal.t, inner, goal.point), spans, depth))

    def _continuous(self, goal: Goal, spans: Sequence[Span], depth: int) -> None:
        """Write the proof that the goal is continuous: part by part where it branches, elsewhere as it has a derivative."""
        if not _branches(goal.body, self.definitions):
            self._write(depth, "eapply c_derive.")
            self.prove(goal, spans, depth)
            return
        if goal.body.op == "app" and goal.body.name in self.definitions:
            self._write(depth, f"unfold {goal.body.name}.", "definition")
            self._continuous(Goal(goal.t, opened(goal.body, self.definitions), goal.point), spans, depth)
            return
        for name in _CONTINUOUS:
            values = matched(lemmas()[name], goal)
            if values is not None:
                self._apply(lemmas()[name], values, "continuous", spans, depth)
                return
        raise NoCertificateError(f"no lemma that this is continuous: {show(settled(goal.body, self.point))}")

    def _apply(self, lemma: Lemma, values: dict[str, Term], why: str, spans: Sequence[Span], depth: int) -> None:
        """Apply the lemma and prove its premises; `values` gets the derivatives that they find."""
        given = [_argument(values[n]) for n, kind in lemma.kinds.items() if _explicit(n, kind, values)]
        self._write(depth, f"apply ({' '.join([lemma.name, *given])})." if given else f"apply {lemma.name}.", why)
        branching = len(lemma.premises) > 1
        for premise in lemma.premises:
            if branching:
                self._write(depth, "{")
            self._premise(applied(premise, values), premise, values, spans, depth + branching)
            if branching:
                self._write(depth, "}")

    def _premise(
        self, premise: Term, pattern: Term, values: dict[str, Term], spans: Sequence[Span], depth: int
    ) -> None:
        """One premise: a derivative, one for each value of an index or in one case, or a condition."""
        if premise.op == "->" and premise.args[1].op == "relation" and premise.args[0].name == "=":
            self._write(depth, "meeting.")
        elif premise.op == "->" and premise.args[1].op == "relation":
            self._unless_still(settled(premise.args[0].args[0], self.point), premise.args[1], spans, depth)
        elif premise.op == "->":
            case = fresh_name(f"C{len(self.cases) + 1}", self.taken)
            self._write(depth, f"intros {case}; at_point_in {case}.")
            self.cases.append(settled(premise.args[0], self.point))
            self._premise(premise.args[1], pattern.args[1], values, spans, depth)
            self.cases.pop()
        elif premise.op == "forall":
            name, bounds = premise.name.split(" : ")[0], premise.args[0].args[0]
            new = fresh_name(name if name != "i" else "i", self.taken | {s[0] for s in spans})
            inner = put(premise.args[0].args[1], {name: var(new)})
            self._write(depth, f"intros {new} H{new}.")
            span = (new, bounds.args[0], bounds.args[2])
            if inner.op == "continuous":
                self._continuous(Goal(inner.name, *inner.args), [*spans, span], depth)
                return
            found = self.prove(Goal(inner.name, inner.args[0], inner.args[1]), [*spans, span], depth)
            unknown = pattern.args[0].args[1].args[2].name
            values[unknown] = Term("lambda", new, (found,))
        elif premise.op == "derive":
            found = self.prove(Goal(premise.name, premise.args[0], premise.args[1]), spans, depth)
            values[pattern.args[2].name] = found
        elif premise.op == "continuous":
            self._continuous(Goal(premise.name, *premise.args), spans, depth)
        else:
            self._require(premise, {}, spans, depth)

    def _fits(self, lemma: Lemma, values: Mapping[str, Term], goal: Goal, spans: Sequence[Span]) -> bool:
        """A lemma with "smooth" in its name is for parts that do not branch, "even" for branches that go over smoothly."""
        if lemma.name.endswith("_even"):
            return self._goes_over(goal, spans)
        return "smooth" not in lemma.name or not any(_branches(v, self.definitions) for v in values.values())

    def _goes_over(self, goal: Goal, spans: Sequence[Span]) -> bool:
        """Whether both branches have one value and one slope where they meet, with nothing to rewrite."""
        trial, normal, facts = Tree(self.definitions, self.taken, self.point), Normal(), list[Fact]()
        try:
            slopes = [trial.prove(Goal(goal.t, branch, goal.point), spans) for branch in goal.body.args[2:]]
            here = [settled(put(a, {goal.t: goal.point}), self.point) for a in goal.body.args]
            a, b, u, w, *found = (normal.poly(t, spans, facts) for t in (*here, *slopes))
        except NoCertificateError:
            return False
        return not facts and normal.meet(plus(a, scaled(b, -1)), [(u, w), (found[0], found[1])])

    def _require(self, premise: Term, chosen: Mapping[str, Term], spans: Sequence[Span], depth: int) -> None:
        """A condition, for the indices around or those that are chosen, in the cases around."""
        says = settled(premise, self.point)
        for case in reversed(self.cases):
            says = op("->", case, says)
        self.conditions.append(Condition.of([s for s in spans if s[0] not in chosen], put(says, chosen)))
        self._write(depth, "side_at.")

    def _unless_still(self, slope: Term, says: Term, spans: Sequence[Span], depth: int) -> None:
        """A condition that matters where a slope is not zero: for the one index that survives, if the slope has its delta."""
        normal, facts = Normal(), list[Fact]()
        form = normal.poly(slope, spans, facts)
        chosen: dict[str, Term] = {}
        for t in (normal.atoms[k] for k, _ in common(form) if all(f.kind == "delta" for f in facts)):
            if t.op == "app" and t.name == "delta":
                one, other = (a.args[0] for a in t.args)
                name, target = (one.name, other) if any(one == var(s[0]) for s in spans) else (other.name, one)
                if any(name == s[0] for s in spans) and name not in target.names and not chosen.keys() & target.names:
                    chosen[name] = target
        moves = fresh_name("C", self.taken)
        self._write(depth, f"intros {moves}.")
        for n, (name, target) in enumerate(chosen.items(), 1):
            apart = fresh_name(f"N{n}", self.taken)
            other_case = f"exfalso; apply {moves}; still {apart}"
            self._write(
                depth, f"destruct (Z.eq_dec {name} {show_integer(target, 9)}) as [->|{apart}]; [|{other_case}]."
            )
        self._require(says, chosen, spans, depth)


#: the lemmas by which something that branches is continuous
_CONTINUOUS = ("c_constant", "c_abs", "c_max", "c_min", "c_opposite", "c_sum", "c_difference", "c_product", "c_quotient",
               "c_power", "c_sum_over", "c_chain")  # fmt: skip


def _branches(t: Term, definitions: Mapping[str, Definition]) -> bool:
    """Whether something in the term branches; `definitions` are looked into."""
    if t.op == "if" or (t.op == "app" and t.name in ("Rabs", "Rmax", "Rmin", "sign")):
        return True
    if t.op == "app" and t.name in definitions and _branches(definitions[t.name].body, definitions):
        return True
    return any(_branches(a, definitions) for a in t.args)


def _explicit(name: str, kind: str, values: Mapping[str, Term]) -> bool:
    """What Coq cannot find by itself: a numeral, and a function that is applied to something."""
    return name in values and (kind == "nat" or (kind == "R -> R" and values[name].op == "app"))


def _argument(t: Term) -> str:
    return t.name


def opened(t: Term, definitions: Mapping[str, Definition]) -> Term:
    """A named quantity as its definition says."""
    d = definitions[t.name]
    args = [a.args[0] if a.op == "index" else a for a in t.args]
    values = dict(zip(d.parameters, args, strict=True))
    return _with_arrays(d.body, values)


def all_opened(t: Term, definitions: Mapping[str, Definition], names: frozenset[str]) -> Term:
    """`t` with these names opened, and those in their definitions too."""
    args = tuple(all_opened(a, definitions, names) for a in t.args)
    here = Term(t.op, t.name, args)
    if t.op == "app" and t.name in names:
        return all_opened(opened(here, definitions), definitions, names)
    return here


def _with_arrays(t: Term, values: Mapping[str, Term]) -> Term:
    """`put`, where what is put for an array may be an array with one entry replaced."""
    t = put(t, {n: v for n, v in values.items() if n not in _arrays(t)})
    return _put_arrays(t, {n: v for n, v in values.items() if n in t.names})


def _arrays(t: Term) -> frozenset[str]:
    """The names that stand for arrays: applied, or arguments without arguments of their own."""
    here = frozenset((t.name,)) if t.op == "app" else frozenset()
    return here.union(*(_arrays(a) for a in t.args))


def _put_arrays(t: Term, values: Mapping[str, Term]) -> Term:
    if not values or t.names.isdisjoint(values):
        return t
    args = tuple(_put_arrays(a, values) for a in t.args)
    if t.op == "app" and t.name in values:
        new = values[t.name]
        return app(new.name, *new.args, *args)
    return Term(t.op, t.name, args)


def settled(t: Term, point: Term) -> Term:
    """`t` without replacements of an entry by itself: at the point of the derivative the array is what it was."""
    args = tuple(settled(a, point) for a in t.args)
    if t.op == "app" and t.name.startswith("replace"):
        rank = int(t.name[-1])
        if args[rank + 1] == point:
            return app(args[0].name, *args[rank + 2 :])
    return Term(t.op, t.name, args)


def differentiated(
    body: Term,
    t: str,
    point: Term,
    definitions: Mapping[str, Definition],
    taken: frozenset[str],
    slope: Callable[[str, int], str] | None = None,
) -> tuple[Term, Tree]:
    """The derivative as the lemmas give it, and the proof.  slope: names the derivative of an undefined function."""
    tree = Tree(definitions, taken, point, slope=slope)
    return tree.prove(Goal(t, body, point)), tree


def moved(t: Term, name: str, indices: Sequence[Term], letter: str) -> Term:
    """`t` as a function of `letter`: the symbol `name`, or the entry of the array `name` at the indices."""
    if not indices:
        return put(t, {name: var(letter)})
    changed = app(f"replace{len(indices)}", app(name), *(op("index", i) for i in indices), var(letter))
    return _put_arrays(t, {name: changed})
