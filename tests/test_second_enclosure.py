"""A second enclosure agrees with the first, wherever a number or a witness is shown; where they disagree, nothing is decided."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sympy as sp
from mpmath import iv

from gradproof import CLAIMS, REFERENCE, Model, Verdict, blame, check, check_lines, equal, needed
from gradproof.checking import asked
from gradproof.checks import second_enclosure
from gradproof.checks.balls import BallField, precision
from gradproof.checks.dual import Walk
from gradproof.checks.second_enclosure import DisagreementError, UnsureError, nearest, printed_as, rounded
from gradproof.claim import Slip
from gradproof.intervals import INTERVAL
from gradproof.statements import (
    Approximation,
    Differs,
    Equality,
    Follows,
    Inequality,
    NoFunction,
    NoMinimum,
    OnBox,
    Rounded,
)
from losses import E, N, S, b, m, u, v, x, y

ALL = os.environ.get("GRADPROOF_ENCLOSURES") == "all"  # else some of the claims and entries
KIND = second_enclosure.KIND
p, q = sp.symbols("p q", positive=True)
i, j, k = (sp.Idx(name, (1, N)) for name in "ijk")


def outcomes(verdict: Verdict) -> set[str]:
    return {e.outcome for e in verdict.evidence if e.kind == KIND}


def says(verdict: Verdict) -> str:
    return "; ".join(e.says for e in verdict.evidence if e.kind == KIND)


def strict(relation: Any, left: Any, right: Any) -> Any:
    return relation(left, right, evaluate=False)


#: one of each place where a number, an inequality or a witness is decided by intervals
DECIDED: dict[str, Callable[[], Verdict]] = {
    "a rounded number": Rounded(sp.tanh(1), "0.7616").verify,
    "a rounded number that is another": Rounded(sp.tanh(1), "0.7617").verify,
    "a box": OnBox(strict(sp.Lt, sp.tanh(u), sp.Rational(4, 5)), {u: ("-3", "1")}).verify,
    "a box that is touched": OnBox(strict(sp.Ge, sp.tanh(u), 0), {u: ("0", "3")}).verify,
    "a box on which it fails": OnBox(strict(sp.Lt, sp.tanh(u), sp.Rational(3, 4)), {u: ("-3", "1")}).verify,
    "two numbers": OnBox(strict(sp.Gt, sp.tanh(1), sp.Rational(3, 4))).verify,
    "a minimum": NoMinimum(1 - u, {u: ("-1", "1")}).verify,
    "no function": NoFunction(u**2, sp.tanh(u), {u: 1}, {u: -1}).verify,
    "two sides that differ somewhere": Differs(sp.tanh(u), u, {u: 1}, ("0.76159", "1")).verify,
    "two sides that differ": Differs(sp.tanh(u), u).verify,
    "an equality": Equality(sp.tanh(u), u).verify,
    "a slip": Slip("", Equality(sp.tanh(u), u), at={u: 1}, values=("0.76159", "1")).verify,
    "what does not follow": Follows((sp.Eq(u, 1),), sp.Eq(sp.tanh(u), 2), {u: 1}).verify,
    "an order": Approximation(sp.tanh(1 + u), sp.tanh(1), (u,), 0).verify,
    "an order that is too high": Approximation(sp.tanh(1 + u), sp.tanh(1), (u,), 1).verify,
    "conditions that a point meets": Inequality(
        strict(sp.Ge, u**2, 0), (u**2,), positive=(sp.Ge(sp.tanh(u), 0),), at={u: 1}
    ).verify,
    "an equality that a user asks": lambda: equal(sp.tanh(u), u),
    "matrices": lambda: equal(sp.MatrixSymbol("A", 2, 2), sp.MatrixSymbol("A", 2, 2) * sp.tanh(1)),
    "a gradient": lambda: check(sp.tanh(u), u, sp.tanh(u)),
    "a gradient in a model": lambda: Model([sp.Eq(E, sp.tanh(u * v))]).check(E, u, sp.tanh(u * v)),
    "a line of a derivation": lambda: check_lines(sp.tanh(u), u, [sp.tanh(u)]).lines[0].verdict,
}


@pytest.mark.parametrize("name", DECIDED)
def test_the_second_enclosure_agrees(name: str) -> None:
    verdict = DECIDED[name]()
    assert verdict.status != "undecided", str(verdict)
    assert outcomes(verdict) == {"agrees"}, str(verdict)


def test_a_corner_that_is_undercut_is_no_minimum() -> None:
    """The first corner that is looked at is u = −1."""
    assert NoMinimum(1 - u, {u: ("-1", "1")}).verify().reason == "at u = 1 it is 0, and on the whole box it is no less"
    assert NoMinimum(-(u**2), {u: ("-1", "2")}).verify().reason.startswith("at u = 2 it is -4")
    assert NoMinimum(u**2, {u: ("-1", "1")}).verify().status == "undecided"


# -- planted errors -------------------------------------------------------------------------------
@pytest.mark.parametrize("name", DECIDED)
def test_where_the_intervals_are_wrong_nothing_is_decided(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tangent of hyperbolic kind, a thousandth too large."""
    right = INTERVAL["tanh"]
    monkeypatch.setitem(INTERVAL, "tanh", lambda a: right(a) * (1 + iv.mpf("0.001")))
    told = DECIDED[name]()
    sound = name in _NOT_BY_TANH or outcomes(told) == {"agrees"}  # where the slip moves no digit that is shown
    assert sound or (told.status == "undecided" and outcomes(told) == {"disagrees"}), str(told)
    if not sound:
        assert "the two enclosures disagree: by balls " in told.reason


_NOT_BY_TANH = ("a minimum",)


def test_a_wrong_interval_is_told_with_both_values(monkeypatch: pytest.MonkeyPatch) -> None:
    right = INTERVAL["tanh"]
    monkeypatch.setitem(INTERVAL, "tanh", lambda a: right(a) + iv.mpf("0.001"))
    verdict = Rounded(sp.tanh(1), "0.763").verify()
    assert verdict.status == "undecided"
    assert "by balls it is 0.7615941559557648" in verdict.reason
    assert "and not 0.7625941559557648" in verdict.reason
    assert verdict.witness is None
    bare = OnBox(strict(sp.Gt, sp.tanh(1), sp.Rational("0.762"))).verify()
    assert bare.reason.startswith(
        "the two enclosures disagree: by balls tanh(1) > 381/500 fails: larger minus smaller is -0.0004"
    )


@pytest.mark.parametrize(
    "name", ["a rounded number", "two sides that differ", "a gradient", "a slip", "no function", "two numbers"]
)
def test_where_the_balls_are_wrong_nothing_is_decided(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = BallField.apply
    monkeypatch.setattr(
        BallField, "apply", lambda self, f, a: right(self, f, a) * (self.number(9) / 10 if f == "tanh" else 1)
    )
    verdict = DECIDED[name]()
    assert verdict.status == "undecided"
    assert outcomes(verdict) == {"disagrees"}


def test_a_refutation_that_rests_on_a_wrong_derivation_is_none() -> None:
    """Twice the gradient is taken for it, so that the gradient itself seems to be wrong."""
    question = asked(sp.tanh(u), u)
    wrong = replace(question, result=2 * question.result)
    assert wrong.decided(question.result).status == "refuted"
    told = wrong.check(question.result)
    assert told.status == "undecided"
    assert "the two enclosures disagree: by balls it is" in told.reason
    assert question.check(question.result).status == "proved"


def test_an_assumption_that_a_point_does_not_meet_is_a_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine is made to take every assumption for met."""
    assert equal(u, sp.Abs(u), [sp.Gt(u, 0)]).status == "proved"
    monkeypatch.setattr("gradproof.proof.satisfied", lambda *_: True)
    monkeypatch.setattr("gradproof.points.satisfied", lambda *_: True)
    verdict = equal(u, sp.Abs(u), [sp.Lt(u**3, 0), sp.Gt(u**2, 30)])
    assert verdict.status == "undecided"
    assert "by balls the point does not meet u**" in verdict.reason


# -- what cannot be told --------------------------------------------------------------------------
def missing(found: Verdict) -> str:
    assert outcomes(found) == {"missing"}
    return says(found)


def test_without_python_flint_it_is_missing_and_all_else_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {name: decide() for name, decide in DECIDED.items()}
    monkeypatch.setitem(sys.modules, "flint", None)
    for name, decide in DECIDED.items():
        told = decide()
        assert missing(told) == "; ".join(["python-flint is not installed"] * says(told).count("flint"))
        assert (told.status, told.witness, told.reason) == (
            before[name].status,
            before[name].witness,
            before[name].reason,
        )
        others = (
            [e for e in verdict.evidence if e.kind not in (KIND, "second prover")] for verdict in (told, before[name])
        )
        assert next(others) == next(others)


def test_a_checker_that_fails_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("out of order")

    monkeypatch.setattr(Walk, "value", broken)
    assert missing(Rounded(sp.tanh(1), "0.7616").verify()) == "it failed: RuntimeError: out of order"


@pytest.mark.parametrize("ball", ["nan", "inf"])
def test_what_is_no_number_is_missing(ball: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with precision():
        bad = BallField(None).arb(ball)
    monkeypatch.setattr(BallField, "apply", lambda *_: bad)
    assert "is not enclosed" in missing(Rounded(sp.tanh(1), "0.7616").verify())
    assert missing(equal(sp.tanh(u), u))


def test_a_ball_that_is_too_wide_is_missing_and_not_a_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    right = BallField.apply
    monkeypatch.setattr(
        BallField, "apply", lambda self, f, a: right(self, f, a) * self.between(Fraction(1, 2), Fraction(2))
    )
    verdict = equal(sp.tanh(u), u)
    assert verdict.status == "refuted"
    assert "does not show the digits" in missing(verdict)


def test_more_bits_are_taken_where_the_sides_are_close() -> None:
    tiny = sp.Rational(1, 10**70)
    verdict = equal(sp.sin(tiny), tiny)
    assert verdict.status == "undecided"  # the intervals have 60 digits
    assert outcomes(Differs(sp.sin(u), u, {u: "1/1000000000000"}).verify()) == {"agrees"}


def test_what_the_walk_does_not_know_is_missing() -> None:
    """A tenth derivative of an undefined function has a value, and no polynomial that is not one is accepted."""
    f = sp.Function("f")
    given = Differs(f(u), sp.Integer(1), {u: 1, f: sp.Lambda(u, sp.exp(u))})
    assert "accepted are polynomials" in missing(given.verify())


# -- reading what is printed ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (sp.Rational(2, 3), "2/3"), (sp.pi, "3.14159…"), (-sp.pi, "-3.14159…"), (sp.exp(100), "2.6881…e+43"), (sp.sin(0), "0"),
        (sp.exp(-100), "3.72…e-44"), (sp.sin(sp.Rational(1, 10**50)), "0 to 45 digits"), (sp.pi, "between 3.14159 and 3.14160"),
        (sp.cos(1, evaluate=False) ** 2 + sp.sin(1, evaluate=False) ** 2, "1"), (-sp.exp(-100), "-3.72…e-44"),
        (sp.cos(1, evaluate=False) ** 2 + sp.sin(1, evaluate=False) ** 2, "1.0000000000000000…"),
    ],
)  # fmt: skip
def test_a_value_lies_where_its_digits_say(value: sp.Expr, text: str) -> None:
    with precision():
        ball = Walk(BallField(None), {}, {}).value(value, {})
        assert printed_as(ball, text) is ball
        for other in ("5", "3.15…", "-3.15…", "3.14…e+1", "between 6 and 7", "2/5"):
            with pytest.raises(DisagreementError, match="by balls it is"):
                printed_as(ball, other)


def test_rounding_is_told_only_where_the_ball_tells() -> None:
    with precision():
        field = BallField(None)
        wide = field.between(Fraction("0.24"), Fraction("0.26"))
        with pytest.raises(UnsureError, match="does not tell"):
            rounded(wide, "0.2")
        assert rounded(field.number(Fraction(1, 4)), "1/4")
        with pytest.raises(DisagreementError, match="does not round to 0"):
            rounded(wide, "0.4")
        with pytest.raises(DisagreementError, match="rounds to 0"):
            rounded(field.number(Fraction("0.29")), "0.3", right=False)


def test_the_double_next_to_a_value_is_told_by_its_ball() -> None:
    with precision():
        field = BallField(None)
        assert nearest(field.number(Fraction(1, 3)), 1 / 3).endswith("0.3333333333333333")
        with pytest.raises(DisagreementError, match="not seen to be 0"):
            nearest(field.number(Fraction(1, 3)), 0.25)
        with pytest.raises(UnsureError):
            nearest(field.between(Fraction(1), Fraction(2)), 1.0)


# -- points ---------------------------------------------------------------------------------------
def test_arrays_that_start_at_zero_are_read_alike_on_both_sides() -> None:
    """A side that does not mention the entry 0 has the same entries as one that does."""
    n = sp.Symbol("n", integer=True)
    left = sp.Sum(x[n] * sp.KroneckerDelta(n, 1), (n, 0, 2))
    verdict = Differs(left, x[1], {x: [5, 6, 7]}).verify()
    assert verdict.status == "undecided"
    assert "not told apart" in verdict.reason
    assert outcomes(Differs(left, x[0], {x: [5, 6, 7]}).verify()) == {"agrees"}


@pytest.mark.parametrize(
    ("loss", "wrt", "claim", "given"),
    [
        (sp.Sum(S[k, j] * x[k] * x[j], k, j), x[i], sp.Sum(S[i, j] * x[j], j), [sp.Eq(S[i, j], S[j, i])]),
        (sp.Sum(x[j] * y[j], j), x[i], x[i], [sp.Eq(y[i], 2 * x[i])]),
        (sp.Sum(sp.exp(x[j]), j), x[i], 1, [sp.Eq(sp.Sum(x[j], j), 1)]),
        (sp.Sum(x[i], i) * sp.Function("f")(u, v), u, sp.Function("f")(u, v), []),
        (sp.Max(0, u - v), u, sp.Heaviside(v - u, 0), [sp.Ne(u, 2 * v)]),
        (sp.Sum(x[i], i) * m, x[1], b, []),
        (sp.Sum(x[j], j) * m, x[i], 2 * m, []),
        (sp.Sum(sp.Abs(x[k] - x[j]), k, j), x[i], sp.Integer(0), []),
        (sp.sqrt(p) * q, p, q / sp.sqrt(p), []),
    ],
)
def test_the_point_of_a_user_is_taken_up(loss: Any, wrt: Any, claim: Any, given: list[Any]) -> None:
    verdict = check(loss, wrt, claim, given)
    assert verdict.status == "refuted", str(verdict)
    assert outcomes(verdict) == {"agrees"}, str(verdict)


def test_a_point_without_an_assumption_is_enclosed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    symmetric = sp.Eq(S[i, j], S[j, i])
    loss, claim = sp.Sum(S[k, j] * x[k] * x[j], k, j), 2 * sp.Sum(S[i, j] * x[j], j)
    assert [n.status for n in needed(loss, x[i], claim, [symmetric])] == ["needed"]
    right = BallField.leaf
    monkeypatch.setattr(BallField, "leaf", lambda self, *key: right(self, *key) + 1)
    assert [n.status for n in needed(loss, x[i], claim, [symmetric])] == ["undecided"]


def test_a_slip_is_named_only_where_the_claim_is_refuted_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    assert blame(sp.tanh(u), u, -(1 - sp.tanh(u) ** 2)) is not None
    right = BallField.apply
    monkeypatch.setattr(BallField, "apply", lambda self, f, a: right(self, f, a) + 1)
    assert blame(sp.tanh(u), u, -(1 - sp.tanh(u) ** 2)) is None


# -- what the site shows ----------------------------------------------------------------------------
def shown_by(verdict: Verdict) -> bool:
    """Whether a verdict shows a number that was enclosed, or a witness."""
    return verdict.witness is not None or any(e.kind in ("enclosure", "two points") for e in verdict.evidence)


def without(name: str, verdicts: Iterator[Verdict]) -> list[str]:
    return [f"{name}: {v}" for v in verdicts if shown_by(v) and outcomes(v) != {"agrees"}]


NUMBERS = (Rounded, OnBox, NoMinimum, NoFunction, Differs, Approximation, Inequality, Follows)


def test_every_number_and_witness_of_the_claims_is_enclosed_twice() -> None:
    found = []
    for name in CLAIMS if ALL else list(CLAIMS)[::4]:
        found += without(name, (slip.verify() for slip in CLAIMS[name].slips))
        found += without(name, (s.verify() for s in CLAIMS[name].statements if isinstance(s, NUMBERS)))
    assert not found


def test_every_slip_of_the_reference_is_refuted_twice() -> None:
    found = []
    for name in REFERENCE if ALL else list(REFERENCE)[::12]:
        entry = REFERENCE[name]
        found += without(name, (entry._refuted(g, wrong) for g in entry.gradients for wrong in g.wrong))
    assert not found


def test_a_claim_and_an_entry_pass_the_evidence_on() -> None:
    claim = CLAIMS["averages.sigmoid.means"].verify()
    assert outcomes(claim) == {"agrees"}
    assert outcomes(REFERENCE["softplus"].verify()) == {"agrees"}


# -- independence -----------------------------------------------------------------------------------
def test_it_shares_no_line_with_the_first_enclosure() -> None:
    """By what its files import: of arithmetic.py and values.py nothing, of intervals.py the names of errors."""
    folder = Path(second_enclosure.__file__).parent
    names = {"second_enclosure", "enclosure", "balls", "dual", "fields", "guard"}
    only = {
        "intervals": {"KinkError", "UndefinedError"}, "notation": {"NotationError"}, "lines": {"index_range"},
        "inverse": {"Determinant", "InverseBase"}, "given": {"starts"}, "verdict": {"Evidence", "Outcome", "Verdict", "Witness"},
    }  # fmt: skip
    for name in names:
        for node in ast.walk(ast.parse((folder / f"{name}.py").read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("gradproof"):
                part = node.module.removeprefix("gradproof.")
                assert part.removeprefix("checks.") in names or {a.name for a in node.names} <= only[part], (name, part)
            if isinstance(node, ast.Attribute):
                assert node.attr not in ("diff", "doit", "subs", "evalf", "simplify"), (name, node.attr)
