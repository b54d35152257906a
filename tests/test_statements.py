"""Every kind of statement: what is true is proved, and planted errors are not; what is refuted says why, or where."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sympy as sp
from sympy import Eq, Ge, Gt, Le, Lt, Ne, Rational, cosh, exp, log, sin, sqrt, tanh

from gradproof import NotationError
from gradproof.lines import derivative
from gradproof.sources.finite_step import deep_network
from gradproof.statements import (
    Approximation,
    Counts,
    Differs,
    DiffersWhen,
    Equality,
    Follows,
    GradientCost,
    Induction,
    Inequality,
    NoFunction,
    NoMinimum,
    OnBox,
    Rounded,
    Statement,
    Substitutes,
)
from losses import LINE, LINE_BY_M, NAMED, NAMED_GRADIENTS, E, N, a, f, m, n, w1
from losses import i as row
from losses import j as unit

x, y, z, u, v, d, e, q, r, s, J, t0, t1, x0, x1, rate = sp.symbols("x y z u v d e q r s J t0 t1 x0 x1 rate")
X, Y, A, B = (sp.IndexedBase(name) for name in ("X", "Y", "A", "B"))
zero, one = sp.Integer(0), sp.Integer(1)
MEAN = sp.Sum(X[n], n) / N
SQUARES = sp.Sum((X[n] - MEAN) ** 2, n)
SQUARE, LINEAR = Eq(J, x**2), Eq(J, t0 * x0 + t1 * x1)
BOTH = (Eq(t0, 0), Eq(t1, 0))
SAME = (Eq(t0, s), Eq(t1, s))
STATED = {"1": Eq(x, y * z), "2": Eq(y, u + 1), "3": Eq(x, (u + 1) * z), "4": Eq(v, z)}
HIDDEN = NAMED_GRADIENTS[w1[unit, row]]


def strict(kind: Any, left: Any, right: Any) -> Any:
    """A relation that SymPy does not decide at once."""
    return kind(left, right, evaluate=False)


def gradient(right: sp.Expr, **more: Any) -> Equality:
    return Equality(derivative(E, w1[unit, row]), right, wrt=w1[unit, row], definitions=NAMED.definitions, **more)


STEPPED = [t - rate * derivative(J, t) for t in (t0, t1)]
PLANE = f(x0, x1) + derivative(f(x0, x1), x0) * u + derivative(f(x0, x1), x1) * v
CAUCHY = {
    "constraints": ((Eq(sp.Sum(X[n] ** 2, n), 1), -r / 2), (Eq(sp.Sum(Y[n] ** 2, n), r**2), -1 / (2 * r))),
    "positive": (Gt(r, 0),),
    "at": {N: 2, X: [1, 0], Y: [3, 4], r: 5},
}
PROJECTED, REST = sp.Sum(X[n] * Y[n], n), (r / 2 * sp.Sum((X[n] - Y[n] / r) ** 2, n),)

TRUE: dict[str, Statement] = {
    "an equality": Equality(LINE_BY_M, derivative(LINE, m), wrt=m),
    "a gradient": gradient(HIDDEN, derive=lambda: NAMED.gradient(E, w1[unit, row])),
    "a gradient with its lines": gradient(HIDDEN, lines=((HIDDEN, "chain rule"),)),
    "an equality of what is assumed positive": Equality(sqrt(x**2), x, assumptions=(Gt(x, 0),)),
    "two that differ": Differs(sin(x), x, {x: 1}, ("0.8415", "1")),
    "two that differ somewhere": Differs(x**2, x),
    "two slopes that differ": Differs(derivative(J, x), J, {x: 1}, ("2", "1"), definitions=(SQUARE,)),
    "differs exactly when": DiffersWhen(x * y, x * z, (Ne(x, 0), Ne(y, z)), one),
    "differs exactly when, for named quantities": DiffersWhen(*STEPPED, (Ne(rate, 0), Ne(x0, x1)), -one, (LINEAR,), SAME),
    "an order": Approximation(sin(d), d, (d,), 2),
    "an order of any function": Approximation(f(x0 + u, x1 + v), PLANE, (u, v), 1),
    "an order for every size": Approximation(sp.Sum((X[n] + A[n]) ** 2, n), sp.Sum(X[n] ** 2, n), (A,), 0),
    "an order under an assumption": Approximation(sin(x + d), d, (d,), 2, assumptions=(Eq(x, 0),)),
    "an inequality": Inequality(strict(Ge, x**2 + y**2, 2 * x * y), ((x - y) ** 2,)),
    "a strict inequality": Inequality(strict(Gt, exp(x) + x**2, 0), (exp(x), x**2)),
    "a strict inequality of what is positive": Inequality(strict(Lt, x, 2 * x), (x,), positive=(Gt(x, 0),), at={x: 1}),
    "Cauchy and Schwarz": Inequality(strict(Le, PROJECTED, r), REST, **CAUCHY),
    "an inequality for every size": Inequality(strict(Ge, sp.Sum(X[n] ** 2, n), N * MEAN**2), (SQUARES,)),
    "an inequality on a box": OnBox(strict(Gt, x * (2 - x), -Rational(1, 100)), {x: ("0", "2")}),
    "an inequality that is touched": OnBox(strict(Ge, x, 0), {x: ("0", "1")}),
    "an inequality in two letters": OnBox(strict(Lt, x * y, 7), {x: ("0", "2"), y: ("-1", "3")}),
    "an inequality of numbers": OnBox(strict(Lt, exp(1), 3)),
    "an inequality of a named quantity": OnBox(strict(Lt, J, 5), {x: ("-2", "2")}, definitions=(SQUARE,)),
    "a rounded number": Rounded(sqrt(2), "1.414"),
    "a rounded number that is exact": Rounded(Rational(1, 8), "0.125"),
    "a rounded number at a point": Rounded(x**2, "2.0", {x: "1.41"}),
    "no function": NoFunction(J, derivative(J, x), {x: 1}, {x: -1}, definitions=(SQUARE,)),
    "no function with the data fixed": NoFunction(x**2, x * y, {x: 1, y: 2}, {x: -1, y: 2}, fixed=(y,)),
    "an induction to a number": Induction(J, (Eq(J, sp.Sum(X[n] ** 2, n)),), (Eq(X[n], 0),), (Eq(X[n], 0),), rate),
    "an induction to equals": Induction(J, (LINEAR,), SAME, BOTH, rate, (Eq(x0, x1),)),
    "a cost": GradientCost((deep_network(1),), 3),
    "equations put in": Substitutes(("2",), "1", "3", STATED),
    "what follows": Follows((Eq(x, y + 1), Eq(y, z)), Eq(x, z + 1), {x: 3, y: 2, z: 2}),
}  # fmt: skip


@pytest.mark.parametrize("name", TRUE)
def test_what_is_true_is_proved(name: str) -> None:
    statement = TRUE[name]
    verdict = statement.verify()
    assert verdict.status == "proved", str(verdict)
    assert verdict.evidence
    assert {item.outcome for item in verdict.evidence} == {"agrees"}
    assert statement.latex()
    assert str(statement)


def test_every_kind_of_statement_is_among_the_true_ones() -> None:
    from gradproof import statements

    kinds = {name for name in statements.__all__ if name not in ("Counts", "Statement", "NoMinimum")}
    assert {type(statement).__name__ for statement in TRUE.values()} == kinds


#: What is planted, and what is said of it: of something refuted its witness or its reason.
REFUTED: dict[str, tuple[Statement, str]] = {
    "a sign": (gradient(-HIDDEN), "the statement .*at D = 1, "),
    "a line": (gradient(HIDDEN, lines=((HIDDEN, "a"), (2 * HIDDEN, "b"))), r"line 2 \(b\): 2\*.*at D = 1, "),
    "an equality without its assumption": (Equality(sqrt(x**2), x), "at x = -"),
    "a derivation of something else": (
        gradient(HIDDEN, derive=lambda: NAMED.gradient(E, NAMED.definitions[1].lhs)),
        "the derivation's result",
    ),
    "two that never differ": (Differs(x + x, 2 * x), "the two sides are always equal"),
    "a value that is not that of the point": (Differs(sin(x), x, {x: 1}, ("0.8414", "1")), "sin.x. is 0.8414709.* at the point, not 0.8414"),
    "the other value": (Differs(sin(x), x, {x: 1}, ("0.8415", "2")), "x is 1 at the point, not 2"),
    "a condition that is missing": (DiffersWhen(x * y, x * z, (Ne(y, z),), one), "the difference is not"),
    "a condition too many": (DiffersWhen(x, z, (Ne(x, z), Ne(y, 0)), one), "the difference is not"),
    "an order one too high": (Approximation(sin(d), d, (d,), 3), "the terms of order 3 differ.*: -?[0-9/]+ against 0"),
    "an order of any function one too high": (Approximation(f(x0 + u, x1 + v), PLANE, (u, v), 2), "the terms of order 2 differ"),
    "an order one too low": (Approximation(sin(d), d, (d,), 1), "order 1 is not sharp"),
    "the wrong slope": (Approximation(f(x + d), f(x) - derivative(f(x), x) * d, (d,), 1), "the terms of order 1 differ"),
    "half of a second derivative": (Approximation(exp(d), 1 + d + d**2, (d,), 2), "the terms of order 2 differ"),
    "a box on which it fails at one end": (OnBox(strict(Lt, x, 1), {x: ("0", "1.001")}), "at x = "),
    "a box on which it fails inside": (OnBox(strict(Ge, x**2, Rational(1, 100)), {x: ("-1", "1")}), "at x = 0: -1/100 against 0"),
    "a strict inequality that is touched": (OnBox(strict(Gt, x, 0), {x: ("0", "0")}), "at x = 0: 0 against 0"),
    "numbers the wrong way round": (OnBox(strict(Gt, exp(1), 3)), "everywhere: -0.2817"),
    "a named quantity": (OnBox(strict(Lt, J, 4), {x: ("-2", "3")}, definitions=(SQUARE,)), "at x = "),
    "a last digit too high": (Rounded(sqrt(2), "1.415"), r"sqrt\(2\) = 1.41421356.*, printed as 1.415"),
    "digits that were cut off": (Rounded(Rational(2, 3), "0.66"), "2/3 = 2/3, printed as 0.66"),
    "a sign of a rounded number": (Rounded(-sqrt(2), "1.414"), "printed as 1.414"),
    "a minimum at a corner": (NoMinimum(1 - x, {x: ("-1", "1")}), "at x = 1"),
    "an induction whose step fails": (Induction(J, (LINEAR,), SAME, BOTH, rate), r"the step: t0 = t1 is not kept"),
    "an induction whose base fails": (
        Induction(J, (LINEAR,), SAME, (Eq(t0, 0), Eq(t1, 1)), rate, (Eq(x0, x1),)),
        "the base: t0 = t1 at the start",
    ),
    "a bound on the cost that is too low": (GradientCost((deep_network(1),), 2), "with 1 hidden layers 2 times the function"),
    "a bound on the cost that is not the least": (GradientCost((deep_network(1),), 4), "3 times the function bounds"),
    "a number that no equation has": (Substitutes(("5",), "1", "3", STATED), "the text states no equation 5"),
    "an equation that is not put in": (Substitutes(("4",), "1", "3", STATED), r"the left side of \(4\) does not stand in \(1\)"),
    "an equation about another thing": (Substitutes(("2",), "1", "4", STATED), "are about two things"),
    "what does not follow": (Follows((Eq(x, y),), Eq(x, z), {x: 1, y: 1, z: 2}), "at x = 1, y = 1, z = 2: 1 against 2"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUTED)
def test_a_planted_error_is_refuted(name: str) -> None:
    statement, says = REFUTED[name]
    verdict = statement.verify()
    assert verdict.status == "refuted", str(verdict)
    assert re.search(says, f"{verdict.reason} {verdict.shown()} {verdict.witness}", re.DOTALL)


#: Errors that a certificate or a witness does not show; nothing is said to be proved by them.
UNDECIDED: dict[str, tuple[Statement, str]] = {
    "the wrong direction": (Inequality(strict(Le, x**2 + y**2, 2 * x * y), ((x - y) ** 2,)), "the difference is not the sum"),
    "the wrong sign": (Inequality(strict(Ge, x**2, x), (x * (x - 1),)), "the term .* is not seen to be non-negative"),
    "a term too few": (Inequality(strict(Ge, x**2 + y**2, 0), (x**2,)), "the difference is not the sum of its terms"),
    "strict where only at least holds": (Inequality(strict(Gt, x**2, 0), (x**2,)), "not seen to be strict"),
    "Cauchy and Schwarz, strictly": (Inequality(strict(Lt, PROJECTED, r), REST, **CAUCHY), "not seen to be strict"),
    "an odd power": (Inequality(strict(Ge, x**3, 0), (x**3,)), r"the term x\*\*3 is not seen to be non-negative"),
    "conditions that contradict each other": (
        Inequality(strict(Ge, -x, 0), (-x,), positive=(Gt(x, 0), Gt(-x, 0)), at={x: 1}),
        "the point given does not meet",
    ),
    "a constraint against an assumption": (
        Inequality(strict(Ge, y, y + 1), (), ((Eq(x, 0), -one),), assumptions=(Eq(x, 1),), at={x: 0}),
        r"the point given does not meet Eq\(x, 1\)",
    ),
    "conditions without an example": (Inequality(strict(Ge, x, 0), (x,), positive=(Gt(x, 0),)), "no point is given that meets the conditions"),
    "an example that is none": (Inequality(strict(Ge, x, 0), (x,), positive=(Gt(x, 0),), at={x: -1}), "the point given does not meet x > 0"),
    "a multiplier with its pole on the constraint": (
        Inequality(strict(Ge, x, 1), (), ((Eq(x, 0), (x - 1) / x),), at={x: 0}),
        "1/x may be undefined",
    ),
    "a positive entry among others": (
        Inequality(strict(Ge, N * MEAN, 0), (sp.Sum(X[n], n),), positive=(strict(Gt, X[1], 0),), at={N: 2, X: [1, -5]}),
        "is not seen to be non-negative",
    ),
    "an empty box": (OnBox(strict(Gt, x, 5), {x: ("1", "0")}), "the box .* is empty"),
    "a pole in the box": (OnBox(strict(Ge, 1 / x**2, Rational(1, 2)), {x: ("-1", "1")}), "was not settled on 4002 parts"),
    "a root of what may be negative": (OnBox(strict(Ge, sqrt(x), -1), {x: ("-1", "1")}), "was not settled"),
    "a cost without a minimum at a corner": (NoMinimum(x**2, {x: ("-1", "1")}), "no corner of the box"),
    "two points where the source differs": (NoFunction(x, x**2, {x: 1}, {x: 2}), "x is not the same exact number at both points"),
    "two points where the target is the same": (NoFunction(x**2, x**4, {x: 1}, {x: -1}), "x\\*\\*4 does not differ"),
    "data that is not held fixed": (NoFunction(x, y, {x: 1, y: 1}, {x: 1, y: 2}, fixed=(y,)), "y is to be held fixed"),
    "a source that is only enclosed": (NoFunction(exp(x**2), x, {x: 1}, {x: -1}), "is not the same exact number"),
    "a point that tells nothing": (Differs(x**2, x, {x: 1}), "are not told apart"),
    "a point against an assumption": (Differs(x, zero, {x: 1}, ("1", "0"), assumptions=(Eq(x, 0),)), "does not meet the assumption"),
    "a factor that is zero": (DiffersWhen(x, x, (Ne(x, 0),), zero), "the factor 0 is not"),
    "a factor that is a letter": (DiffersWhen(x * y, x, (Ne(y, 1),), x), "the factor x is not"),
    "no condition": (DiffersWhen(x + 1, x, (), one), "the conditions must be of the form a ≠ b"),
    "a condition that is an equation": (DiffersWhen(x, y, (Eq(x, y),), one), "must be of the form a ≠ b"),
    "a conclusion that is an inequality": (Follows((Eq(x, y),), strict(Gt, x, y), {x: 1, y: 1}), "must be equations"),
    "an equation cited that is not used": (Follows((Eq(x, y),), Eq(y, x), {x: 1, y: 1}, ("2",), STATED), r"\(2\) is none of the equations"),
    "a constraint that is an inequality": (
        Inequality(strict(Ge, x, y), (), ((strict(Ge, y, x), -one),), at={x: 1, y: 1}),
        "accepted are",
    ),
    "sides that have no value at a step of zero": (
        Approximation(d**2 + d**3 / (d**2 + q), zero, (d,), 1, assumptions=(Eq(q, 0),)),
        "no point was found at which",
    ),
    "an order of a function with a kink": (Approximation(sp.Abs(d) + d**2, zero, (d,), 1), "a side has kinks"),
    "an order of a root": (Approximation(sqrt(d**2) + d**2, zero, (d,), 1), "may have no derivative"),
    "an order of a logarithm": (Approximation(d**2 * log(d), zero, (d,), 1), "argument is not seen to be positive"),
    "steps that do not occur": (Approximation(x, x, (d,), 1), "the steps do not occur"),
    "an assumption on a step": (Approximation(u, zero, (u, v), 0, assumptions=(Eq(u, v**2),)), "speaks of a step"),
    "premises that the point does not meet": (Follows((Eq(x, y),), Eq(x, z), {x: 1, y: 2, z: 1}), r"the point given does not meet Eq\(x, y\)"),
    "what follows nowhere and fails nowhere seen": (Follows((Eq(x, y),), Eq(z, y), {x: 1, y: 1, z: 1}), "neither proved nor refuted"),
    "an equation that is to give itself": (Substitutes(("2",), "1", "1", STATED), r"\(1\) is to be shown"),
    "an exponent": (GradientCost((deep_network(1),), 3, (2, 2)), r"3\*n0\*n1 .* is not seen to grow as n\^2"),
    "the other exponent": (GradientCost((deep_network(1),), 3, (1, 1)), r"n0\*\*2.* is not seen to grow as n\^1"),
    "assumptions that contradict each other": (Equality(x, x + 1, assumptions=(Eq(x, 1), Eq(x, 2))), "the statement x = x . 1"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNDECIDED)
def test_what_shows_nothing_proves_nothing(name: str) -> None:
    statement, says = UNDECIDED[name]
    verdict = statement.verify()
    assert verdict.status == "undecided", str(verdict)
    assert re.search(says, verdict.reason), verdict.reason


def _letter(**more: Any) -> Induction:
    values: dict[str, Any] = {"form": SAME, "start": BOTH, "assumptions": (Eq(x0, x1),)} | more
    return Induction(J, (LINEAR,), values["form"], values["start"], rate, values["assumptions"])


REFUSED: dict[str, tuple[Any, str]] = {
    "a letter that the definitions use": (_letter(form=(Eq(t0, x0), Eq(t1, x0)), assumptions=()), "a letter that nothing else is called"),
    "a letter that an assumption restricts": (_letter(assumptions=(Eq(x0, s),)), "the assumptions restrict s"),
    "a parameter that an assumption restricts": (_letter(assumptions=(Eq(t0, 0),)), "the assumptions restrict t0"),
    "a letter with indices of its own": (
        Induction(J, (Eq(J, sp.Sum(X[n], n)),), (Eq(X[n], A[n + 1]),), (), rate),
        "with indices of the left side",
    ),
    "a form that is no letter": (_letter(form=(Eq(t0, 2 * s), Eq(t1, 2 * s))), "a number, or a letter"),
    "one letter with two indices": (
        Induction(J, (Eq(J, sp.Sum(X[n] + Y[n], n)),), (Eq(X[n], A[n]), Eq(Y[a], A[a])), (), rate),
        "one letter with different indices",
    ),
    "a form that says nothing": (_letter(form=(Eq(t0, s), Eq(t1, q))), "the form says nothing"),
    "a point that defines a named quantity anew": (
        Differs(J, x**2, {x: 1, J: 5}, definitions=(SQUARE,)),
        "J is defined, and given a value too",
    ),
    "a box over a named quantity": (OnBox(strict(Gt, x, 1), {x: ("2", "3")}, (Eq(x, 0),)), "x is defined, and given a value too"),
    "a point without a value": (Differs(x, y, {x: 1}), "no value is given for y"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_meaning_is_refused(name: str) -> None:
    statement, says = REFUSED[name]
    with pytest.raises(NotationError, match=says):
        statement.verify()


def test_a_gradient_shows_its_derivation() -> None:
    statement = gradient(HIDDEN, derive=lambda: NAMED.gradient(E, w1[unit, row]))
    assert statement.derivation is not None
    kinds = {"canonical form", "each step", "whole", "remainder", "second prover", "complex step"}
    assert {item.kind for item in statement.verify().evidence} == kinds
    assert gradient(HIDDEN).derivation is None


def test_two_points_are_shown_with_what_moved() -> None:
    verdict = TRUE["no function"].verify()
    assert verdict.evidence[0].says.startswith("with x = 1 or -1: J is 1 at both points,")


def test_a_box_is_settled_part_by_part() -> None:
    """σ′ ≥ 0.19 for |x| ≤ 1, where one enclosure of the whole box is too wide."""
    slope = exp(-x) / (1 + exp(-x)) ** 2
    says = OnBox(strict(Ge, slope, Rational(19, 100)), {x: ("-1", "1")}).verify().evidence[0].says
    assert says.startswith("exp(-x)")
    assert int(says.rpartition("in ")[2].split()[0]) > 1


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_the_remainder_is_measured_too(order: int) -> None:
    terms = (one, d, d**2 / 2, d**3 / 6)
    verdict = Approximation(exp(d), sp.Add(*terms[: order + 1]), (d,), order).verify()
    assert verdict.status == "proved"
    assert f"slope {order + 1}.00" in {item.kind: item.says for item in verdict.evidence}["remainder"]


def test_an_average_of_cosines_is_even() -> None:
    """What is odd in δ drops out, so that the next order is the fourth."""
    mean = (cosh(x + d) + cosh(x - d)) / 2
    assert Approximation(mean, cosh(x) * (1 + d**2 / 2), (d,), 3).verify().status == "proved"
    assert Approximation(mean, cosh(x) * (1 + d**2 / 2), (d,), 2).verify().status == "refuted"


def test_a_cost_counts_what_is_shown() -> None:
    """Σ w x over n inputs takes n products and n − 1 sums, ½y² two more, and then each slope by w one product.

    One at a time the function is needed once more for each w, and a difference and a quotient after it.
    """
    definitions = (Eq(y, sp.Sum(A[n] * X[n], n)), Eq(z, y**2 / 2))
    counts = Counts.of(definitions, z, (A[n],))
    assert (counts.parameters, counts.function) == (N, 2 * N + 1)
    assert counts.gradient == 3 * N + 1
    assert counts.one_at_a_time == sp.expand((N + 1) * (2 * N + 1) + 2 * N)


def test_tanh_is_no_even_function() -> None:
    assert Equality(tanh(x), tanh(-x)).verify().status == "refuted"
    assert Equality(tanh(x), -tanh(-x)).verify().status == "proved"
    assert Equality(B[n], B[n]).verify().status == "proved"
    assert Equality(e, e + 0).verify().status == "proved"
