"""That no function gives one quantity from another: Coq accepts it at two points, and only at such."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sympy as sp

from certificates import changed, needs_coq, objection
from gradproof.formal.certificate import Certificate, Part
from gradproof.formal.claims import certificates
from gradproof.formal.existence import no_function
from gradproof.formal.writing import NoCertificateError
from gradproof.lines import derivative
from gradproof.sources import CLAIMS
from gradproof.statements import NoFunction

if TYPE_CHECKING:
    from pathlib import Path

u, v, H = sp.symbols("u v H")
L = sp.Symbol("L")
SQUARE = (sp.Eq(L, H * u**2),)
SLOPE = NoFunction(L, derivative(L, u), {u: 1, H: 3}, {u: -1, H: 3}, fixed=(H,), definitions=SQUARE)


def half(part: Part) -> Part:
    """The same proof for a function that there is: of u itself."""
    return changed(part, "= g (H * u ^ 2)", "= g u")


@needs_coq
@pytest.mark.usefixtures("coq")
def test_coq_accepts_it_at_two_points(tmp_path: Path) -> None:
    """Of squares, of the two claims, and of two quantities that change at once; not of a quantity that does give the other."""
    both = NoFunction(u * v, u + sp.tanh(v), {u: 1, v: 2}, {u: 2, v: 1})
    found = [SLOPE, CLAIMS["averages.no-g"].statements[0], CLAIMS["averages.no-layer-g"].statements[0], both]
    made = [Certificate(f"c{n}", (no_function(s),)) for n, s in enumerate(found)]
    assert objection(tmp_path, "good", made) == ""
    assert objection(tmp_path, "bad", [Certificate("bad", (half(no_function(SLOPE)),))]) != ""


def test_it_states_that_there_is_no_function() -> None:
    """What is held fixed has its value; what differs may be any number."""
    part = no_function(SLOPE)
    (theorem,) = part.theorems
    assert theorem.statement == "~ (exists g : R -> R, forall u : R, 2 * H * u = g (H * u ^ 2))"
    assert part.opening == "Definition H : R := 3.\n"


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (NoFunction(u, u**2, {u: 1}, {u: 2}), "1 and 2 are not the same number"),
        (NoFunction(sp.tanh(u), u**2, {u: 1}, {u: 2}), "the forms differ"),
        (NoFunction(u**2, u**4, {u: 1}, {u: -1}), "both sides have one value"),
        (
            NoFunction(sp.IndexedBase("x")[1], u, {u: 1, sp.IndexedBase("x"): [1]}, {u: 1, sp.IndexedBase("x"): [2]}),
            "more than real",
        ),
    ],
)
def test_other_points_give_no_certificate(statement: NoFunction, reason: str) -> None:
    with pytest.raises(NoCertificateError, match=reason):
        no_function(statement)


def test_the_derivatives_in_it_are_theorems_too() -> None:
    """And so is the first derivative below a second one."""
    names = {one.id for claim in ("averages.no-g", "backprop.1.1") for one in certificates(claim)}
    assert {"averages.no-g/1/derivative-1", "backprop.1.1/4/derivative-1"} <= names
