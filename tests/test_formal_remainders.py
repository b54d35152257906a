"""Orders of remainders: Coq accepts those that hold, and no higher ones; what is not seen to hold has no certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sympy as sp

from certificates import changed, needs_coq, objection
from gradproof.formal import remainders
from gradproof.formal.certificate import Certificate
from gradproof.formal.claims import certificates
from gradproof.formal.coqc import library_text
from gradproof.formal.reading import read_term
from gradproof.formal.remainders import order, order_too_high
from gradproof.formal.terms import op, show
from gradproof.formal.vernacular import refusal
from gradproof.formal.writing import NoCertificateError
from gradproof.lines import derivative
from gradproof.sources import CLAIMS
from gradproof.statements import Approximation

if TYPE_CHECKING:
    from pathlib import Path

u, v, d, e, eta, H = sp.symbols("u v Delta epsilon eta H")
n = sp.Symbol("n", integer=True, positive=True)
i = sp.Idx("i", (1, n))
w, g = sp.IndexedBase("w"), sp.IndexedBase("g")
f, F = sp.Function("f"), sp.Function("F")


def second_order(factor: int = 1, by: int = 2) -> Approximation:
    """Taylor's model of a function of one variable."""
    model = f(u) + derivative(f(u), u) * d + sp.Derivative(f(u), (u, 2)) * factor * d**2 / 2
    return Approximation(f(u + d), model, (d,), by)


def tangent_plane(factor: int = 1, by: int = 1) -> Approximation:
    """Taylor's model of a function of two variables."""
    model = F(u, v) + derivative(F(u, v), u) * d + factor * derivative(F(u, v), v) * e
    return Approximation(F(u + d, v + e), model, (d, e), by)


def descent(factor: int = 2) -> Approximation:
    """A step of gradient descent on a sum of squares, of every size; H is a name that proofs use."""
    loss = sp.Sum(w[i] ** 2, i)
    moved = H * sp.Sum((w[i] - eta * g[i]) ** 2, i)
    return Approximation(moved, H * (loss - factor * eta * sp.Sum(g[i] * w[i], i)), (eta,), 1)


TRUE = {
    "second order": second_order(),
    "order zero": Approximation(sp.exp(u + d), sp.exp(u), (d,), 0),
    "tangent plane": tangent_plane(),
    "two steps, a polynomial": Approximation((u + d) ** 2 * (v + e), u**2 * v + 2 * u * v * d + u**2 * e, (d, e), 1),
    "a function's name is x": Approximation(sp.Function("x")(u + d), sp.Function("x")(u), (d,), 0),
    "exponential": Approximation(sp.exp(u * d + d**2), 1 + u * d, (d,), 1),
    "descent": descent(),
    "hyperbolic": Approximation(sp.tanh(d), d, (d,), 2),
    "names": Approximation(sp.sin(a := sp.Symbol("a")), d, (d,), 2, definitions=(sp.Eq(a, d),)),
}
FALSE = {
    "half lost": second_order(2),
    "slope lost": tangent_plane(0),
    "factor lost": descent(1),
    "too high": second_order(by=3),
    "too high for two": tangent_plane(by=2),
    "another constant": Approximation(sp.exp(d), 2 + d, (d,), 1),
}


def made(name: str, statement: Approximation) -> Certificate:
    return Certificate(name.replace(" ", "-").replace(",", ""), order(statement))


@needs_coq
@pytest.mark.usefixtures("coq")
def test_coq_accepts_orders_that_hold_and_no_others(tmp_path: Path) -> None:
    """Each is accepted with the point at which it is no smaller; none where a number in the statement is another."""
    good = [made(name, statement) for name, statement in TRUE.items()]
    good.append(Certificate("printed", order_too_high(second_order(2))))
    assert objection(tmp_path, "good", good) == ""
    general, point = order(second_order())
    higher = changed(general, "bigO 3", "bigO 4")
    whole = changed(general, "/ 2", "/ 3")
    low = changed(point, "bigO 4", "bigO 3")
    for number, parts in enumerate(((higher,), (whole,), (general, low))):
        assert objection(tmp_path, f"bad{number}", [Certificate("bad", parts)]) != "", number


@pytest.mark.parametrize("name", TRUE)
def test_it_states_the_order_and_that_it_is_no_smaller(name: str) -> None:
    """One order more than what agrees, for every size; at a point, not the next."""
    statement = TRUE[name]
    general, point = order(statement)
    function = "bigO2" if len(statement.steps) == 2 else "bigO"
    assert [part.general for part in (general, point)] == [True, False]
    assert general.theorems[-1].statement.startswith(f"{function} {statement.order + 1} (fun x")
    assert point.theorems[-1].statement.startswith(f"~ {function} {statement.order + 2} (fun x")
    assert refusal(made(name, statement), library_text()) == ""


@pytest.mark.parametrize("name", FALSE)
def test_what_does_not_hold_has_no_certificate(name: str) -> None:
    """Emission needs Python's own proof that the derivatives are zero."""
    assert FALSE[name].verify().status == "refuted"
    with pytest.raises(NoCertificateError, match="the forms differ"):
        order(FALSE[name])


@pytest.mark.parametrize("name", ["half lost", "factor lost", "too high"])
def test_an_order_that_is_too_high_is_refuted(name: str) -> None:
    """What holds, and at a point what does not."""
    stated = FALSE[name].order + 1
    general, point = order_too_high(FALSE[name])
    assert [part.theorems[-1].kind for part in (general, point)] == ["holds", "refuted"]
    assert f"bigO {stated} " not in general.theorems[-1].statement
    assert point.theorems[-1].statement.startswith(f"~ bigO {stated} ")


@pytest.mark.parametrize("name", ["second order", "descent", "hyperbolic"])
def test_what_holds_is_not_refuted(name: str) -> None:
    """The last derivative below the order is zero everywhere."""
    with pytest.raises(NoCertificateError):
        order_too_high(TRUE[name])


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (Approximation(1 / (1 - d), 1 + d, (d,), 1), "1 - Delta <> 0 need not hold for every step"),
        (Approximation(sp.Sum((w[i] + g[i]) ** 2, i), sp.Sum(w[i] ** 2 + 2 * w[i] * g[i], i), (g,), 1), "many steps"),
        (Approximation(u * v * d, u * v * d, (u, v, d), 2), "many steps"),
        (Approximation(F(u + d, v + d), F(u, v), (d,), 0), "several arguments of F change"),
        (Approximation(sp.exp(d + e), 1 + d + e, (d, e), 1), "no lemma that this is bounded"),
        (Approximation(F(u + d, v + e) * sp.exp(d), F(u, v), (d, e), 0), "no lemma that this is bounded"),
        (Approximation(sp.cos(d), sp.Integer(1), (d,), -1), "no statement of an order"),
        (Approximation(sp.exp(2 * d), 1 + 2 * d, (d, d), 1), "no statement of an order"),
        (Approximation(sp.exp(2 * d), 1 + 2 * d, (d, e), 1), "the step epsilon does not occur"),
        (Approximation(sp.exp(d), 1 + d, (d,), 1, definitions=(sp.Eq(d, u**2),)), "the step Delta is defined"),
        (Approximation(sp.exp(d), 1 + d, (d,), 1, assumptions=(sp.Gt(d, 0),)), "speaks of the step Delta"),
        (Approximation(f(u + d) + sp.cos(u) ** 2 * d, f(u), (d,), 0, assumptions=(sp.Eq(u, d),)), "speaks of the step"),
    ],
)
def test_what_has_no_certificate_is_told(statement: Approximation, reason: str) -> None:
    with pytest.raises(NoCertificateError, match=reason):
        order(statement)


def test_the_orders_of_the_sources_have_certificates() -> None:
    """Taylor's formulas, with one variable and with two, the ½ that was left out, and what averages of slopes leave."""
    names = {"finite-step.taylor1/1", "finite-step.taylor2/1", "finite-step.taylor2/3", "finite-step.taylor2/4"}
    names |= {"backprop.2.1/1", "backprop.6.1/1", "backprop.6.2/1", "backprop.6.3/1", "averages.sigmoid.when/2"}
    names |= {"finite-step.limit/2", "finite-step.limit/3", "finite-step.taylor2/slip-1"}
    claims = {name.partition("/")[0] for name in names}
    assert names <= {one.id for claim in claims for one in certificates(claim) if isinstance(one, Certificate)}
    assert CLAIMS["finite-step.taylor2"].slips


@pytest.mark.parametrize("text", ["bigO 3 (fun t => f t - u)", "~ bigO2 2 (fun x y => F x y - x * y)"])
def test_an_order_is_read_as_it_is_written(text: str) -> None:
    term = read_term(text, {"f": "R -> R", "F": "R -> R -> R", "u": "R"})
    assert show(term) == text
    assert read_term(text.replace(" 3 ", " 2 ").replace("2 2", "2 1"), {"f": "R -> R", "F": "R -> R -> R"}) != term


def test_a_remainder_that_is_written_otherwise_is_no_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    """The statement is read back, and must mean exact - model: here the model is added."""
    monkeypatch.setattr(remainders, "op", lambda sign, *args: op({"-": "+"}.get(sign, sign), *args))
    with pytest.raises(NoCertificateError, match="the remainder as"):
        order(Approximation(sp.sin(d), -sp.sin(d) + d**2, (d,), 1))
