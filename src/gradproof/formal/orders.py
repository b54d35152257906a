"""Inequalities for every size, and differences that are zero only where a factor is: theorems from their certificates.

What is larger exceeds what is smaller by terms that cannot be negative, and by multiples of what the hypotheses say is
zero; two sides differ by a product.  That these identities hold is proved as any other; the rest is one lemma a term.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from gradproof.formal.certificate import Part, Theorem, indented
from gradproof.formal.equality import equal
from gradproof.formal.gradient import Needs, Problem, Proved, Setting, closed, needs
from gradproof.formal.plain import LONGEST, plain, short
from gradproof.formal.round_trip import confirmed
from gradproof.formal.terms import Term, num, op, show
from gradproof.formal.writing import NoCertificateError
from gradproof.lines import publish
from gradproof.notation import read
from gradproof.statements import DiffersWhen, Inequality
from gradproof.statements.inequality import is_positive

__all__ = ["differs_when", "inequality"]


def inequality(statement: Inequality) -> Proved:
    """For every size: what is larger is no less, under the constraints.

    Raises NoCertificateError where the difference is not seen to be the sum of the statement's terms.
    """
    s = statement
    strict = isinstance(s.relation, (sp.StrictLessThan, sp.StrictGreaterThan))
    positive = [t for t in s.terms if strict and is_positive(t, s.positive)][:1]
    if strict and not positive:
        raise NoCertificateError("no term is seen to be positive")
    terms = [*positive, *(t for t in s.terms if t not in positive)]
    constraints = [c for c, _ in s.constraints]
    given = (*constraints, *s.positive, *s.assumptions)
    sides = [publish(read(e)) for e in (s.relation.lts, s.relation.gts)]
    setting = Setting.of([*sides, *terms, *(m for _, m in s.constraints)], s.definitions, given)
    write = setting.names.term
    smaller, larger = map(write, sides)
    parts = [write(publish(read(t))) for t in terms]
    multiples = []
    for n, (c, m) in enumerate(s.constraints, 1):
        says = setting.hypotheses[f"given_{n}"]
        if says.op != "relation":
            raise NoCertificateError(f"the constraint {c} has free indices")
        multiples.append(op("*", write(publish(read(m))), op("-", *says.args)))
    total = _total([*parts, *multiples])
    needed = needs(setting, (), [smaller, larger, *parts, *multiples])
    says = Term("relation", "<" if strict else "<=", (smaller, larger))
    known = {**setting.sizes(), **setting.hypotheses, **needed.hypotheses}
    known = {n: h for n, h in known.items() if n not in {f"given_{k}" for k, _ in enumerate(constraints, 1)}}
    gap = op("-", larger, smaller)
    lines = [
        f"assert (gap : {show(gap)} = {show(total)}).",
        *_braced(equal(gap, total, setting.definitions, known)),
        f"apply {'Rminus_gt_0_lt' if strict else 'Rminus_le_0'}. rewrite gap.",
    ]
    for n, _ in enumerate(parts):
        first = strict and n == 0
        lemma, tactic = ("Rplus_lt_le_0_compat", "positive") if first else ("Rplus_le_le_0_compat", "nonnegative")
        lines.append(f"apply {lemma}; [{tactic}|].")
    for n, _ in enumerate(multiples, 1):
        lines.append(
            f"apply Rplus_le_le_0_compat; [right; rewrite (Rminus_diag_eq _ _ given_{n}); symmetry; apply Rmult_0_r|]."
        )
    problem = Problem(sides[0], None, sides[1], s.definitions, given, sign=s.relation.rel_op.replace(">", "<"))
    return _proved(short(s.relation, "the inequality"), problem, setting, says, [*lines, "lra."], needed)


def differs_when(statement: DiffersWhen) -> Proved:
    """For every size: two sides differ exactly where every one of the conditions holds.

    Raises NoCertificateError where their difference is not seen to be the product.
    """
    s = statement
    taken = [closed(e, s.definitions, s.assumptions) for e in (s.left, s.right, s.factor)]
    pairs = [[closed(e, s.definitions, s.assumptions) for e in c.args] for c in s.conditions]
    setting = Setting.of([*taken, *(e for pair in pairs for e in pair)], s.definitions, s.assumptions)
    left, right, factor = map(setting.names.term, taken)
    apart = [tuple(map(setting.names.term, pair)) for pair in pairs]
    product = factor
    for a, b in apart:
        product = op("*", product, op("-", a, b))
    needed = needs(setting, (), [left, right, product])
    known = {**setting.sizes(), **setting.hypotheses, **needed.hypotheses}
    differ = Term("relation", "<>", (left, right))
    conditions = [Term("relation", "<>", pair) for pair in apart]
    both = conditions[0]
    for c in conditions[1:]:
        both = op("/\\", both, c)
    says = op("/\\", op("->", differ, both), op("->", both, differ))
    given = [f"H{n}" for n, _ in enumerate(apart, 1)]
    pattern = given[0]
    for g in given[1:]:
        pattern = f"[{pattern} {g}]"
    gap = op("-", left, right)
    lines = [
        f"assert (gap : {show(gap)} = {show(product)}).",
        *_braced(equal(gap, product, setting.definitions, known)),
        f"assert (factor : {show(factor)} <> 0) by side.",
        "split.",
        "{ intro H. repeat split; intro E; apply H; apply Rminus_diag_uniq.",
        "  all: rewrite gap, (Rminus_diag_eq _ _ E), ?Rmult_0_r, ?Rmult_0_l; reflexivity. }",
        f"intros {pattern} E. apply Rminus_diag_eq in E. rewrite gap in E.",
        *(
            f"apply Rmult_integral in E; destruct E as [E|E]; [|apply Rminus_diag_uniq in E; exact ({g} E)]."
            for g in reversed(given)
        ),
        "exact (factor E).",
    ]
    where = tuple(sp.Ne(*pair, evaluate=False) for pair in pairs)
    problem = Problem(taken[0], None, taken[1], s.definitions, s.assumptions, sign="<>", conditions=where)
    told = " and ".join(map(plain, s.conditions))
    if len(told) > LONGEST:
        told = "the pairs below differ"
    return _proved(f"the two sides differ exactly when {told}", problem, setting, says, lines, needed)


def _proved(told: str, problem: Problem, setting: Setting, says: Term, lines: Sequence[str], needed: Needs) -> Proved:
    theorem = Theorem("holds", "holds", show(says), indented(lines), told)
    part = Part("for_every_size", setting.opening(needed.hypotheses), (*needed.theorems(), theorem))
    return confirmed(Proved(problem, setting, says, needed.hypotheses, part))


def _total(parts: Sequence[Term]) -> Term:
    """Write p + (q + ... + 0)."""
    total = num(0)
    for part in reversed(parts):
        total = op("+", part, total)
    return total


def _braced(lines: Sequence[str]) -> list[str]:
    return (
        ["{ " + lines[0], *(f"  {line}" for line in lines[1:-1]), f"  {lines[-1]} }}"]
        if len(lines) > 1
        else [f"{{ {lines[0]} }}"]
    )
