"""What a normal form rests on: equations between terms, for every value of the indices around, and how each is proved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gradproof.formal.terms import Term, fresh_name, num, op, put, show, sum_over, var

__all__ = [
    "Equation",
    "Fact",
    "Span",
    "above",
    "beside",
    "exchanged",
    "factors",
    "instance",
    "same_sum",
    "times",
    "to_the",
]

#: an index bound around: its name and its range
Span = tuple[str, Term, Term]


@dataclass(frozen=True)
class Fact:
    """left = right for every value of the indices around, and how to prove it.

    kind: how; parts: what this needs, such as a sum's summands as the lemmas take them; inner: facts that its proof uses.
    """

    name: str
    spans: tuple[Span, ...]
    left: Term
    right: Term
    kind: str
    parts: tuple[tuple[str, Term], ...] = ()
    inner: tuple[Fact, ...] = ()
    after: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class Equation:
    """A hypothesis left = right, for every value of its indices; it is used from left to right."""

    name: str
    indices: frozenset[str]
    left: Term
    right: Term

    def rewritten(self, t: Term) -> Term | None:
        """What stands for `t`; None if it is no instance of the left side, or if that is no simpler."""
        found = instance(self.left, t, self.indices)
        if found is None:
            return None
        new = put(self.right, found)
        return new if instance(self.left, new, self.indices) is None or show(new) < show(t) else None


def above(t: Term) -> list[Term]:
    """The factors of a product, or of what is divided."""
    return factors(t.args[0] if t.op == "/" else t)


def beside(t: Term, factor: Term) -> Term:
    """What a factor above is multiplied by."""
    rest = times([f for f in above(t) if f is not factor] or [num(1)])
    return op("/", rest, t.args[1]) if t.op == "/" else rest


def exchanged(total: Term, inside: Term, other: Term) -> Term:
    """Σ_j Σ_i of all factors, for Σ_i of factors of which `inside` is `other`, Σ_j."""
    i = total.name
    j = fresh_name(other.name, total.all_names)
    last = put(other.args[2], {other.name: var(j)})
    body = sum_over(i, total.args[0], total.args[1], op("*", beside(total.args[2], inside), last))
    return sum_over(j, other.args[0], other.args[1], body)


def instance(pattern: Term, t: Term, indices: frozenset[str]) -> dict[str, Term] | None:
    """The indices with which a pattern is the term; None if there are none."""
    found: dict[str, Term] = {}

    def fits(p: Term, e: Term, env: Mapping[str, str]) -> bool:
        if p.op == "var" and p.name in env:
            return e.op == "var" and e.name == env[p.name]
        if p.op == "var" and p.name in indices:
            return e.names.isdisjoint(env.values()) and found.setdefault(p.name, e) == e
        if p.op != e.op or len(p.args) != len(e.args) or (p.op != "sum" and p.name != e.name):
            return False
        inside = {**env, p.name: e.name} if p.op == "sum" else env
        return all(fits(a, b, inside if n == 2 else env) for n, (a, b) in enumerate(zip(p.args, e.args, strict=True)))

    return found if fits(pattern, t, {}) else None


def factors(t: Term) -> list[Term]:
    """The factors of a product."""
    return [*factors(t.args[0]), *factors(t.args[1])] if t.op == "*" else [t]


def times(factors: Sequence[Term]) -> Term:
    """The product."""
    result = factors[0]
    for f in factors[1:]:
        result = op("*", result, f)
    return result


def to_the(t: Term, n: int) -> Term:
    """A power with a whole exponent."""
    power = t if abs(n) == 1 else Term("pow", str(abs(n)), (t,))
    return power if n > 0 else op("inv", power)


def same_sum(a: Term, b: Term) -> bool:
    """Whether two sums differ in the name of their index only."""
    if a.op != "sum" or b.op != "sum" or a.args[:2] != b.args[:2]:
        return False
    return put(a.args[2], {a.name: var(b.name)}) == b.args[2]
