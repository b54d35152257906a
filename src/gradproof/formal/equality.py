"""The proof, for Coq, that two terms are equal for every size: both are brought to their normal form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial, reduce
from types import MappingProxyType

from gradproof.formal.branching import supposed
from gradproof.formal.differentiation import Definition, all_opened
from gradproof.formal.facts import Equation, Fact, beside
from gradproof.formal.normal import Normal
from gradproof.formal.polynomials import Poly
from gradproof.formal.terms import Term, app, num, op, put, show, show_integer, sum_over, walk
from gradproof.formal.writing import NoCertificateError

__all__ = ["equal"]

LONGEST = 160  # characters of a form in a reason


def equal(
    left: Term,
    right: Term,
    definitions: Mapping[str, Definition],
    hypotheses: Mapping[str, Term] = MappingProxyType({}),
) -> list[str]:
    """Lines that prove the goal left = right.  Raises NoCertificateError if their forms differ.

    Hyperbolic functions are opened where the forms differ otherwise.
    """
    try:
        return _equal(left, right, definitions, hypotheses)
    except NoCertificateError:
        names = frozenset(definitions)
        whole = [all_opened(t, definitions, names) for t in (left, right)]
        if not any(t.op == "app" and t.name in _HYPERBOLIC for side in whole for t in walk(side)):
            raise
        opening = [f"cbv beta delta [{' '.join(sorted(names))}] in *."] if names else []
        one, other = map(_in_exponentials, whole)
        return [*opening, "unfold tanh, sinh, cosh.", *_equal(one, other, {}, hypotheses)]


def _equal(
    left: Term,
    right: Term,
    definitions: Mapping[str, Definition],
    hypotheses: Mapping[str, Term] = MappingProxyType({}),
) -> list[str]:
    """Lines that prove the goal left = right.  Raises NoCertificateError if their forms differ.

    Named quantities keep their names if the forms agree so; else those without sums are opened, else all.
    """
    equations = [e for name, h in hypotheses.items() if (e := _equation(name, h)) is not None]
    ranges = {h.args[1].name: (h.args[0], h.args[2]) for h in hypotheses.values() if h.name == "<= <="}
    bodies = [d.body.names.difference(d.parameters) for d in definitions.values()]
    letters = frozenset[str]().union(*(t.names for t in (left, right, *hypotheses.values())), *bodies)
    short = frozenset(name for name, d in definitions.items() if not any(t.op == "sum" for t in walk(d.body)))
    for names in dict.fromkeys((frozenset[str](), short, frozenset(definitions))):
        sides = [all_opened(t, definitions, names) for t in (left, right)]
        opened = {n: all_opened(h, definitions, names) for n, h in hypotheses.items()}
        known = frozenset(map(show, opened.values()))
        normal = Normal(supposed=supposed(opened), known=known, letters=letters, equations=equations, ranges=ranges)
        used: list[Fact] = []
        one, other = (normal.poly(t, (), used) for t in sides)
        equal_forms = partial(_equal_forms, normal)
        if equal_forms(one, other) or (normal.test and normal.agree(one, other, equal_forms, used)):
            break
    else:
        raise NoCertificateError(f"the forms differ: {_cut(normal.term(one))} and {_cut(normal.term(other))}")
    lines = [f"cbv beta delta [{' '.join(sorted(names))}] in *."] if names else []
    written: set[str] = set()
    for fact in used:
        _write(fact, lines, written)
    return [*lines, *_by(used), *_roots([*sides, *(f.right for f in used if not f.spans)]), "finish."]


def _cut(t: Term) -> str:
    """As much of a form as one reads."""
    text = show(t)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _equation(name: str, hypothesis: Term) -> Equation | None:
    """A hypothesis that says what a term is."""
    indices, rest = set(), hypothesis
    while rest.op in ("forall", "->"):
        if rest.op == "forall":
            indices.add(rest.name.split(" : ")[0])
        rest = rest.args[-1]
    if rest.op != "relation" or rest.name != "=":
        return None
    left, right = rest.args
    if left.op == "sum":
        bound = f"i{sum(t.op == 'sum' for t in walk(left))}"
        left = sum_over(bound, left.args[0], left.args[1], put(left.args[2], {left.name: Term("var", bound)}))
    return Equation(name, frozenset(indices), left, right)


def _equal_forms(normal: Normal, one: Poly, other: Poly) -> bool:
    return one == other or _equal_fractions(normal, one, other)


def _equal_fractions(normal: Normal, one: Poly, other: Poly) -> bool:
    """Whether two forms are equal as fractions, in which the square of a root is what stands under it."""
    import sympy as sp

    atoms: dict[str, sp.Dummy] = defaultdict(sp.Dummy)

    def value(p: Poly) -> sp.Expr:
        return sp.Add(
            *(sp.Rational(c.numerator, c.denominator) * sp.Mul(*(letter(k) ** e for k, e in m)) for m, c in p.items())
        )

    def letter(key: str) -> sp.Expr:
        return 1 / value(normal.inverses[key]) if key in normal.inverses else atoms[key]

    gap = sp.numer(sp.together(value(one) - value(other)))
    for key, root in list(normal.atoms.items()):
        if root.op == "app" and root.name == "sqrt" and gap.has(atoms[key]):
            square = sp.numer(sp.together(atoms[key] ** 2 - value(normal.poly(root.args[0], (), []))))
            gap = sp.rem(sp.expand(gap), square, atoms[key])
    return bool(sp.cancel(gap) == 0)


def _write(fact: Fact, lines: list[str], written: set[str]) -> None:
    """The fact and, before it, those that it rests on."""
    if fact.name in written:
        return
    written.add(fact.name)
    for other in (*fact.inner, *fact.after):
        _write(other, lines, written)
    if fact.kind == "kink":
        return
    ranges = "".join(f"forall {n}, {_range(lo, n, hi)} -> " for n, lo, hi in fact.spans)
    if fact.kind == "root":
        lines += _squared(fact, ranges)
    lines.append(f"assert ({fact.name} : {ranges}{show(fact.left)} = {show(fact.right)}).")
    body = [f"intros {n} H{n}." for n, _, _ in fact.spans]
    body += _PROOFS[fact.kind](fact) if fact.kind in _PROOFS else [f"apply {fact.kind}; lia."]
    lines += ["{ " + body[0], *("  " + line for line in body[1:])]
    lines[-1] += " }"
    if fact.kind == "same" and fact.left.name == "sqrt":
        lines += _positive_too(fact, ranges)


def _positive_too(fact: Fact, ranges: str) -> list[str]:
    """What stands under a root is positive in its other form too, where the form in the formula shows it."""
    one, other = (show(side.args[0], 69) for side in (fact.left, fact.right))
    given = "".join(f" {n} H{n}" for n, _, _ in fact.spans)
    intros = [f"intros{given}."] if given else []
    known = f"intros{given}; " if given else ""
    rewriting = f"rewrite <- (E{fact.name}{given})"
    return [
        f"assert (E{fact.name} : {ranges}{one} = {other}).",
        "{ " + " ".join([*intros, *_by(fact.inner), "finish."]) + " }",
        f"try (assert (P{fact.name} : {ranges}0 < {other}) by ({known}{rewriting}; positive)).",
    ]


def _squared(fact: Fact, ranges: str) -> list[str]:
    """What stands under a root as the square that is taken out times the rest; and the rest is positive if the whole is seen to be."""
    (_, out), (_, rest) = fact.parts
    whole = show(fact.left.args[0], 69)
    given = "".join(f" {n} H{n}" for n, _, _ in fact.spans)
    intros = [f"intros{given}."] if given else []
    known = f"intros{given}; " if given else ""
    seen = f"apply (root_positive _ _ _ (E{fact.name}{given}))"
    return [
        f"assert (E{fact.name} : {ranges}{whole} = {show(out, 29)} ^ 2 * {show(rest, 39)}).",
        "{ " + " ".join([*intros, *_by(fact.inner), "finish."]) + " }",
        f"try (assert (P{fact.name} : {ranges}0 < {show(rest, 69)}) by ({known}{seen}; first [positive | apply root_nonzero; side])).",
    ]


def _range(lo: Term, name: str, hi: Term) -> str:
    return f"({show_integer(lo, 69)} <= {name} <= {show_integer(hi, 69)})%Z"


def _sum(fact: Fact) -> list[str]:
    """Term by term: the summand is what the lemmas take, then the lemmas."""
    lo, hi, _ = fact.left.args
    name = fact.left.name
    taken = num(0)
    for _, part in reversed(fact.parts):
        taken = op("+", part, taken)
    lines = [f"transitivity ({show(sum_over(name, lo, hi, taken))})."]
    lines += [
        "{ apply Sum_ext; intros " + f"{name} H{name}.",
        *("  " + line for line in _by(fact.inner)),
    ]
    lines += [f"  {line}" for line in _in_order(fact)]
    around = {name, *(s[0] for s in fact.spans)}
    there = [f.right for f in fact.inner if around.issuperset(s[0] for s in f.spans)]
    lines += [f"  {line}" for line in _roots([fact.left.args[2], *there, *(p for _, p in fact.parts)])]
    lines.append("  finish. }")
    chain = " ".join(_taken(kind, part, fact) for kind, part in fact.parts)
    lines.append("eapply eq_trans. { " + (chain + " " if chain else "") + "apply sum_end. }")
    return [*lines, *_by(fact.after), "finish."]


def _in_order(fact: Fact) -> list[str]:
    """The deltas that survive are written index first."""
    found = [part.args[0].args for kind, part in fact.parts if kind == "survivor"]
    return [f"rewrite ?(delta_sym {show(target)} {fact.left.name})." for _, target in found]


def _taken(kind: str, part: Term, fact: Fact) -> str:
    """The lemma that takes one term out of a sum."""
    bounds = " ".join(show_integer(z, 9) for z in fact.left.args[:2])
    if kind == "constant":
        return f"apply (sum_constant {bounds} {show(part, 9)}); [lia|]."
    if kind == "survivor":
        target = show_integer(part.args[0].args[1].args[0], 9)
        return f"apply (sum_survivor {bounds} {target} (fun {fact.left.name} => {show(part.args[1])})); [lia|]."
    return f"apply (sum_term {bounds} {show(part.args[0], 9)} (fun {fact.left.name} => {show(part.args[1])}))."


def _exponential(fact: Fact) -> list[str]:
    return [*_by(fact.inner), "exponents."]


def _power(fact: Fact) -> list[str]:
    return [*_by(fact.inner), "powers."]


def _same(fact: Fact) -> list[str]:
    return [*_by(fact.inner), "arguments."]


def _root(fact: Fact) -> list[str]:
    """The square was shown before."""
    out, rest = (show(t, 9) for _, t in fact.parts)
    given = "".join(f" {n} H{n}" for n, _, _ in fact.spans)
    return [
        f"rewrite (root_out {out} {rest} _ ltac:(nonnegative) (E{fact.name}{given})).",
        "rewrite ?sqrt_1.",
        "finish.",
    ]


def _zero(fact: Fact) -> list[str]:
    return [*_by(fact.inner), "at_zero."]


def _roots(terms: Sequence[Term]) -> list[str]:
    """For each root of a sum with a letter for a term, as in sqrt (v + epsilon): the letter as what is left of the square.

    Then `field` needs to know nothing of roots.
    """
    found: dict[str, str] = {}
    for root in (t for side in terms for t in _open(side, frozenset()) if t.op == "app" and t.name == "sqrt"):
        plus, minus = _terms(root.args[0])
        letter = next((t for t in plus if t.op == "var" and sum(t.name in o.names for o in (*plus, *minus)) == 1), None)
        if letter is not None:
            rest = reduce(lambda a, b: op("+", a, b), [t for t in plus if t is not letter] or [num(0)])
            rest = reduce(lambda a, b: op("-", a, b), minus, rest)
            found[show(root)] = f"root_by {show(root.args[0], 9)} {letter.name} {show(rest, 9)}."
    return list(found.values())


def _open(t: Term, bound: frozenset[str]) -> Iterator[Term]:
    """The parts of a term in which no index stands that is bound around them."""
    if t.names.isdisjoint(bound):
        yield t
    for n, a in enumerate(t.args):
        yield from _open(a, bound | {t.name} if t.op == "sum" and n == 2 else bound)


def _terms(t: Term) -> tuple[list[Term], list[Term]]:
    """What is added and what is subtracted."""
    if t.op in ("+", "-"):
        one, other = _terms(t.args[0]), _terms(t.args[1])
        if t.op == "-":
            other = other[::-1]
        return [*one[0], *other[0]], [*one[1], *other[1]]
    return ([], [t.args[0]]) if t.op == "neg" else ([t], [])


def _swap(fact: Fact) -> list[str]:
    """All factors go inside, the sums change places, and the form of that is found as of any other sum."""
    (_, inside), (_, other), (_, whole) = fact.parts
    lo, hi, body = fact.left.args
    bounds, inner = (" ".join(show_integer(z, 9) for z in zs) for zs in ((lo, hi), whole.args[:2]))
    i, j, last = fact.left.name, whole.name, whole.args[2].args[2]
    flat = sum_over(i, lo, hi, sum_over(j, whole.args[0], whole.args[1], last))
    scaled = f"sum_scaled {inner} {show(beside(body, inside), 9)} (fun {other.name} => {show(other.args[2])})"
    return [
        f"transitivity ({show(flat)}).",
        f"{{ apply Sum_ext; intros {i} H{i}.",
        *("  " + line for line in (_by(fact.after) if fact.after else [])),
        f"  symmetry. eapply eq_trans. {{ apply ({scaled}); intros; unfold Rdiv; ring. }} unfold Rdiv; ring. }}",
        f"rewrite (sum_swap {bounds} {inner} (fun {i} {j} => {show(last)})).",
        *_by(fact.inner),
        "finish.",
    ]


def _by(facts: Sequence[Fact]) -> list[str]:
    """Put the right sides for the left sides."""
    lines = ["cbv beta."]
    kinks = dict.fromkeys(f for f in facts if f.kind == "kink")
    lines += [f"generalize ({k.name})." for k in kinks]
    facts = [f for f in (*facts, *(x for k in kinks for x in k.inner)) if f.kind != "kink"]
    ordered = sorted(dict.fromkeys(facts), key=lambda f: -len(show(f.left)))  # a sum before those in it
    if any(f.kind not in (*_PROOFS, "delta_sym") for f in ordered):
        ordered = [*ordered, *ordered]  # what a hypothesis puts in has a form of its own
    for fact in ordered:
        given = "".join(f" {n} H{n}" for n, _, _ in fact.spans)
        lines.append(f"rewrite ?({fact.name}{given})." if given else f"rewrite ?{fact.name}.")
    return lines


def _in_exponentials(t: Term) -> Term:
    """`t` with tanh, sinh and cosh as Coq defines them."""
    args = tuple(map(_in_exponentials, t.args))
    if t.op == "app" and t.name in _HYPERBOLIC:
        return _HYPERBOLIC[t.name](args[0])
    return replace(t, args=args)


def _half(sign: str, u: Term) -> Term:
    return op("/", op(sign, app("exp", u), app("exp", op("neg", u))), num(2))


_HYPERBOLIC = {
    "sinh": lambda u: _half("-", u),
    "cosh": lambda u: _half("+", u),
    "tanh": lambda u: op("/", _half("-", u), _half("+", u)),
}

#: how a fact is proved, by its kind; any other kind is the name of what says it
_PROOFS = {
    "sum": _sum,
    "exp": _exponential,
    "same": _same,
    "zero": _zero,
    "power": _power,
    "swap": _swap,
    "root": _root,
}
