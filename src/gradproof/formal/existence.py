"""That no function gives one quantity from another: at two points the one is the same, and the other is not."""

from __future__ import annotations

import sympy as sp

from gradproof.checks.steps import LineChecker, opened
from gradproof.formal.certificate import Part, Theorem, indented
from gradproof.formal.equality import equal
from gradproof.formal.gradient import Problem, Setting, closed
from gradproof.formal.place import Place, irrational
from gradproof.formal.points import apart, at_place, scene
from gradproof.formal.points import opened as unfolding
from gradproof.formal.round_trip import read_as
from gradproof.formal.terms import Term, app, fresh_name, op, put, show
from gradproof.formal.writing import NoCertificateError
from gradproof.statements import NoFunction

__all__ = ["no_function"]


def no_function(statement: NoFunction) -> Part:
    """What differs between the two points may be any number, all else is as there.

    Raises NoCertificateError where that is no symbol, or Coq is not known to see that the points are such.
    """
    s = statement
    moved = [k for k in s.one if s.one[k] != s.other[k]]
    if not all(isinstance(k, sp.Symbol) and not k.is_integer for k in moved):
        raise NoCertificateError("between the two points more than real numbers differ")
    known = LineChecker(s.definitions).definitions
    sides = [closed(opened(closed(e, s.definitions, ()), known), (), ()) for e in (s.source, s.target)]
    setting = Setting.of(sides, (), ())
    source, target = (setting.names.term(e) for e in sides)
    read_as(setting, Term("relation", "=", (source, target)), Problem(sides[0], None, sides[1]))
    letters = [setting.names.letters[k] for k in moved]
    values = [[setting.names.term(sp.Rational(at[k])) for k in moved] for at in (s.one, s.other)]
    ends = [[put(e, dict(zip(letters, v, strict=True))) for v in values] for e in (source, target)]
    place = Place(setting, scene(s.one, sides, ()), {})
    taken = set(setting.names.types)
    g, supposed, one, other, same = (fresh_name(name, taken) for name in ("g", "H", "A", "B", "E"))
    says = Term("forall", f"{' '.join(letters)} : R", (Term("relation", "=", (target, app(g, source))),))
    says = op("~", Term("exists", f"{g} : R -> R", (says,)))
    lines = [
        f"intros [{g} {supposed}].",
        *(
            f"assert ({n} := {supposed} {' '.join(show(x, 9) for x in v)})."
            for n, v in zip((one, other), values, strict=True)
        ),
        f"assert ({same} : {show(ends[0][0])} = {show(ends[0][1])}).",
        f"{{ {_same(setting, place, *ends[0])} }}",
        f"rewrite {same} in {one}. rewrite <- {one} in {other}. symmetry in {other}. revert {other}.",
        *at_place(lambda: apart(place, *ends[1])),
    ]
    told = "no function gives the one from the other: at two points the one is the same, and the other is not"
    theorem = Theorem("holds", "holds", show(says), indented(lines), told)
    opening = "".join(
        f"{line}\n"
        for line in place.opening().splitlines()
        if not line.startswith(tuple(f"Definition {n} " for n in letters))
    )
    return Part("two_points", opening, (theorem,), general=False, uses_interval=irrational(setting, *ends[1]))


def _same(setting: Setting, place: Place, one: Term, other: Term) -> str:
    """The tactics for two numbers that are equal: by their forms, where they are not rational."""
    says = Term("relation", "=", (one, other))
    if not irrational(setting, one, other):
        if place.sign(one, other) != 0:
            raise NoCertificateError(f"{show(one)} and {show(other)} are not the same number")
        return unfolding(setting, says, "exactly") + "."
    letters = {n: place.number(n) for n, kind in setting.names.types.items() if kind == "R"}
    known = {n: setting.names.term(sp.Rational(v.numerator, v.denominator)) for n, v in letters.items()}
    opening = unfolding(setting, says, "idtac")
    return " ".join([f"{opening}.", *equal(put(one, known), put(other, known), {})])
