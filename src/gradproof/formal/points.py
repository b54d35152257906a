"""What holds at a point: that hypotheses can be met, and that a formula is wrong there.

A part for a point is a module in which every letter has a value.  The hypotheses of the theorem for every size are
proved for these values; then the theorem itself is applied.  A wrong formula is refuted by the value of the right one,
since a function has one derivative.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import sympy as sp
from mpmath import mp

from gradproof.arithmetic import Exact, enclosing
from gradproof.checking import free_indices
from gradproof.formal.certificate import Part, Theorem, indented
from gradproof.formal.gradient import Problem, Proved, Setting, derivative_of
from gradproof.formal.place import Place, Seen, irrational, reached
from gradproof.formal.plain import short
from gradproof.formal.round_trip import read_as
from gradproof.formal.terms import Term, fresh_name, op, show
from gradproof.formal.writing import NoCertificateError
from gradproof.given import Given
from gradproof.intervals import enclosed
from gradproof.lines import head, index_name
from gradproof.notation import NotationError, read
from gradproof.points import points
from gradproof.statements import Follows
from gradproof.values import Scene, UndefinedError
from gradproof.verdict import Witness

__all__ = [
    "ENCLOSED",
    "apart",
    "applied_at",
    "at_place",
    "differing_part",
    "example",
    "hypothesis",
    "not_following",
    "opened",
    "places",
    "refutation",
    "scene",
]

At = Witness | Mapping[Any, Any]

#: how a relation between numbers is proved that are not rational, without the machine's floating-point numbers
BITS, SPARE = 60, 20
ENCLOSED = f"enclosing ltac:(interval with (i_prec {BITS}))"
_INTEGRAL = "integral_intro r with (i_prec 60, i_relwidth 40) as B; revert B; generalize r; intros ? B"
_INTEGRATED = f"enclosing_integrals ltac:(fun r => let B := fresh in {_INTEGRAL}) ltac:(interval with (i_prec 60))"
MOST_POINTS = 200  # that are tried for an example


def example(general: Proved, at: At | None = None) -> Part:
    """A point that meets all hypotheses of a theorem, and the theorem there.

    at: the point that is tried first.  Raises NoCertificateError if none is found.
    """
    reason = ""
    for place in places(general, general.setting, at=at):
        try:
            place.value(place.setting.names.term(general.problem.loss))
            unmet = [name for name, h in general.hypotheses.items() if not _holds(place, h)]
            if not unmet:
                for side in general.derived.args[2:] if general.derived.op == "derive" else ():
                    place.value(side)
                return applied_at("example", general, place, general.derived, "possible")
            reason = reason or f"{unmet[0]} fails at the points tried"
        except (UndefinedError, NotationError) as error:
            reason = reason or str(error)
    raise NoCertificateError(f"no point was found that meets all hypotheses: {reason or 'none meets the assumptions'}")


def refutation(name: str, general: Proved, wrong: sp.Expr, at: At | None = None) -> Part:
    """That a formula is not the derivative, at a point where it differs from the one that is proved.

    at: the point that is tried first.  Raises NoCertificateError where none tells them apart.
    """
    p = general.problem
    sides = [e for e in (p.loss, p.formula, wrong) if e is not None]
    setting = Setting.of(sides, p.definitions, p.assumptions, p.wrt)
    derived, false = general.derived, derivative_of(setting, p.loss, p.wrt, wrong)
    _same_names(general.setting, setting)
    read_as(setting, false, replace(p, formula=wrong))
    reason = ""
    for place in places(general, setting, wrong, at):
        try:
            lines = apart(place, derived.args[2], false.args[2])
            part = applied_at(name, general, place, derived, "holds")
        except (UndefinedError, NotationError, NoCertificateError) as error:
            reason = reason or str(error)
            continue
        given = fresh_name("H", set(setting.names.types))
        lines = [f"intro {given}. generalize (one_derivative _ _ _ _ here {given}).", *lines]
        says = f"{short(wrong, 'this formula')} is not the derivative by {p.wrt}: at this point it has another value"
        theorem = Theorem("refuted", "refuted", show(op("~", false)), indented(lines), says)
        uses = part.uses_interval or irrational(setting, derived.args[2], false.args[2])
        return replace(part, theorems=(*part.theorems, theorem), uses_interval=uses)
    raise NoCertificateError(f"no point was found at which {wrong} is wrong: {reason or 'none meets the assumptions'}")


def differing_part(
    name: str,
    left: sp.Expr,
    right: sp.Expr,
    at: At,
    definitions: Sequence[sp.Eq] = (),
    assumptions: Sequence[Any] = (),
    kind: str = "refuted",
) -> Part:
    """That two sides are not equal at a point; kind: "holds" where that is what is claimed."""
    setting = Setting.of([left, right], definitions, assumptions)
    terms = [setting.names.term(read(e)) for e in (left, right)]
    statement = Term("relation", "=", tuple(terms))
    read_as(setting, statement, Problem(left, None, right, tuple(definitions), tuple(assumptions)))
    place = Place(setting, scene(at, [left, right], definitions), _indices(left, right))
    early, late = setting.supposed({})
    unmet = [n for n, h in (early | late).items() if not at_place(lambda h=h: _holds(place, h))]
    if unmet:
        raise NoCertificateError(f"the point does not meet {unmet[0]}")
    lines = at_place(lambda: apart(place, *terms))
    hypotheses = tuple(hypothesis(n, h, place) for n, h in (early | late).items())
    says = "the two sides differ at this point"
    theorem = Theorem(kind if kind == "refuted" else "differs", kind, show(op("~", statement)), indented(lines), says)  # type: ignore[arg-type]
    uses = irrational(setting, *terms, *setting.hypotheses.values())
    return Part(name, place.opening(), (*hypotheses, theorem), general=False, uses_interval=uses)


def not_following(name: str, statement: Follows) -> Part:
    """That a conclusion does not follow: at a point its premises hold, and it does not."""
    s = statement
    equations = [*s.premises, s.conclusion]
    setting = Setting.of([side for e in equations for side in e.args], (), ())
    says = [Term("relation", "=", tuple(setting.names.term(read(side)) for side in e.args)) for e in equations]
    for said, e in zip(says, equations, strict=True):
        read_as(setting, said, Problem(e.lhs, None, e.rhs))
    place = Place(setting, scene(s.at, [side for e in equations for side in e.args], s.premises), {})
    if not all(at_place(lambda p=p: place.holds(p)) for p in says[:-1]):
        raise NoCertificateError("the point does not meet the premises")
    one, other = (fresh_name(letter, set(setting.names.types)) for letter in ("H", "H'"))
    met = " | ".join(opened(setting, p, _decided(setting, p)) for p in says[:-1])
    lines = [f"intro {one}. assert ({other} : {show(says[-1])}) by (apply {one}; [{met}]).", f"revert {other}."]
    lines += at_place(lambda: apart(place, *says[-1].args))
    whole = says[-1]
    for p in reversed(says[:-1]):
        whole = op("->", p, whole)
    told = "what is given holds at this point, and what is concluded from it does not"
    theorem = Theorem("refuted", "refuted", show(op("~", whole)), indented(lines), told)
    return Part(name, place.opening(), (theorem,), general=False, uses_interval=irrational(setting, *says))


# -- parts of it --------------------------------------------------------------------------------------
def applied_at(name: str, general: Proved, place: Place, derived: Term, kind: str) -> Part:
    """The hypotheses at a place, and the theorem there."""
    hypotheses = {**place.setting.sizes(), **general.hypotheses}
    for n, h in hypotheses.items():
        if not _holds(place, h):
            raise NoCertificateError(f"the point does not meet {n}: {show(h)}")
    theorems = [hypothesis(n, h, place) for n, h in hypotheses.items()]
    says = "the theorem at this point, where all its hypotheses hold"
    theorems.append(Theorem("here", kind, show(derived), f"  exact (holds {' '.join(general.arguments)}).", says))  # type: ignore[arg-type]
    for n in general.arguments:  # letters that no formula asks for have a value too
        if place.setting.names.types.get(n) in ("Z", "R"):
            place.numbers.setdefault(n, Fraction(1))
    uses = irrational(place.setting, *general.hypotheses.values())
    return Part(name, place.opening(), tuple(theorems), general=False, uses_interval=uses)


def _holds(place: Place, h: Term) -> bool:
    """Whether a hypothesis holds at the place; a derivative of a polynomial is what it is, and it is bounded."""
    return h in place.setting.slopes().values() or h.op == "bigO" or place.holds(h)


def hypothesis(name: str, h: Term, place: Place) -> Theorem:
    """A hypothesis as a theorem at the place."""
    if h in place.setting.slopes().values():
        functions = [*place.setting.names.slopes.values(), *(f for f, _ in place.setting.names.slopes)]
        proof = f"  intros; cbv beta delta [{' '.join(functions)}]; auto_derive; [repeat split | ring]."
        return Theorem(name, "possible", show(h), proof, "the derivative of the function that stands here for any")
    if h.op == "bigO":
        return Theorem(
            name, "possible", show(h), f"  {opened(place.setting, h, 'bounded')}.", "a polynomial is bounded near zero"
        )
    lines, says = [], h
    while says.op == "forall":
        index = says.name.split(" : ")[0]
        given = fresh_name(f"H{index}", set(place.setting.names.types))
        lines.append(f"intros {index} {given}; each {index} {given}; ")
        says = says.args[0].args[1]
    proof = opened(place.setting, h, "".join(lines) + _decided(place.setting, says))
    return Theorem(name, "possible", show(h), f"  {proof}.", f"the hypothesis {name} at this point")


def _decided(setting: Setting, says: Term) -> str:
    """A tactic for a relation between numbers, once all names are opened."""
    if says.op == "integers":
        return "carried_out; lia"
    if says.op == "->":
        given, then = says.args
        return f"first [intros _; {_decided(setting, then)} | {_denied(setting, given)}]"
    if says.op == "/\\":
        return f"split; [{' | '.join(_decided(setting, a) for a in says.args)}]"
    if says.op != "relation":
        raise NoCertificateError(f"{show(says)} is not decided at a point yet")
    tactic = _of_numbers(setting, says)
    root = says.args[1]
    if says.name == "=" and root.name == "sqrt" and not irrational(setting, says.args[0], *root.args):
        return "square_root"
    if says.name == "=" and tactic != "exactly":
        raise NoCertificateError(f"{show(says)} is an equation between numbers that are not rational")
    if says.name == "<>":
        return f"first [apply Rlt_not_eq; {tactic} | apply Rgt_not_eq; {tactic}]"
    return tactic


def _of_numbers(setting: Setting, says: Term) -> str:
    names = reached(setting, says)
    if "asin" in names or "acos" in names:
        raise NoCertificateError("Coq has no enclosure of asin and acos")
    if "erf" in names or "erfc" in names:
        return _INTEGRATED
    return ENCLOSED if irrational(setting, says) else "exactly"


def _denied(setting: Setting, says: Term) -> str:
    """A tactic for "says -> anything", where it is false."""
    if says.op != "relation" or says.name not in _DENIED:
        raise NoCertificateError(f"{show(says)} is not denied at a point yet")
    tactic = _of_numbers(setting, says)
    ways = " | ".join(f"apply {lemma}; {tactic}" for lemma in _DENIED[says.name])
    given = fresh_name("H", set(setting.names.types))
    return f"intro {given}; exfalso; revert {given}; first [{ways}]"


#: what shows that a relation does not hold
_DENIED = {"<": ["Rle_not_lt"], "<=": ["Rlt_not_le"], "=": ["Rlt_not_eq", "Rgt_not_eq"]}


def opened(setting: Setting, says: Term, tactic: str) -> str:
    """The tactic, after the names in what is said are opened."""
    names = [n for n in reached(setting, says) if n in setting.names.types]
    return f"cbv beta delta [{' '.join(names)}]; {tactic}" if names else tactic


def apart(place: Place, left: Term, right: Term) -> list[str]:
    """Lines that prove left = right -> False."""
    a, b = (place.value(t) for t in (left, right))
    side = Exact().sign(Exact().join(operator.sub, a, b))
    if side == 0:
        raise NoCertificateError("at this point both sides have one value")
    says = Term("relation", "<" if side < 0 else ">", (left, right))
    tactic = _decided(place.setting, says).replace(f"(i_prec {BITS})", f"(i_prec {BITS + _close(a, b)})")
    return [f"apply {'Rlt_not_eq' if side < 0 else 'Rgt_not_eq'}. {opened(place.setting, says, tactic)}."]


def _close(a: Any, b: Any) -> int:
    """How many bits the difference of two values is below 1, where these are more than enclosures lose."""
    with enclosing():
        gap = enclosed(a) - enclosed(b)
        least = min(abs(mp.mpf(gap.a)), abs(mp.mpf(gap.b)))
        bits = -int(mp.floor(mp.log(least, 2)))
    return bits if bits > SPARE else 0


def at_place(compute: Any) -> Any:
    """The result; what has no value, or none that is known well enough, is named."""
    try:
        return compute()
    except (UndefinedError, NotationError) as error:
        raise NoCertificateError(f"at this point: {error}") from None


# -- points --------------------------------------------------------------------------------------------
def places(general: Proved, setting: Setting, wrong: sp.Expr | None = None, at: At | None = None) -> Iterator[Place]:
    """The point that is given, then points that meet the assumptions, as places."""
    p = general.problem
    sides = [e for e in (p.loss, p.wrt, p.formula, wrong) if e is not None]
    indices = _indices(*sides)
    if at is not None:
        yield Place(setting, scene(at, sides, p.definitions, p.wrt), indices)
    cut = None if p.wrt is None else head(p.wrt)
    known = [sp.Eq(d.lhs, read(d.rhs), evaluate=False) for d in p.definitions if head(d.lhs) != cut]
    found = points([read(e) for e in sides], p.assumptions, known)
    tried = [point for _, point in zip(range(MOST_POINTS), found, strict=False)]
    if wrong is None:  # an example with sums of two terms is worth more; what is wrong is so at the smallest sizes
        tried.sort(key=lambda p: any(n != 2 for n in p.sizes.values()))
    for point in tried:
        yield Place(setting, point, indices)


def scene(at: At, bodies: Sequence[sp.Expr], definitions: Sequence[sp.Eq], wrt: sp.Expr | None = None) -> Scene:
    """The values that a point gives to what stands in expressions."""
    if isinstance(at, Witness):
        return Seen(at)
    known = [sp.Eq(d.lhs, read(d.rhs), evaluate=False) for d in definitions if wrt is None or head(d.lhs) != head(wrt)]
    return Given(at, [read(e) for e in bodies], known)


def _indices(*sides: sp.Expr) -> dict[str, sp.Idx]:
    return {index_name(i): i for e in sides for i in free_indices(read(e)) if isinstance(i, sp.Idx)}


def _same_names(one: Setting, other: Setting) -> None:
    """That a letter of the theorem has the same name here."""
    for letter, name in one.names.letters.items():
        if other.names.letters.get(letter) != name:
            raise NoCertificateError(f"the wrong formula takes the name of {letter}")
