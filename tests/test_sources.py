"""The claims of the sources: what they show beyond a verdict, and planted errors in them, which are found and named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sympy as sp

from gradproof import CLAIMS, Claim, Derivation, sources
from gradproof.sources import averages, locate
from gradproof.statements import Differs, Equality, Rounded


def mended(claim: Claim, statement: int = 0, **changed: Any) -> Claim:
    """The claim with one statement changed."""
    statements = list(claim.statements)
    statements[statement] = replace(statements[statement], **changed)  # type: ignore[type-var]
    return replace(claim, statements=tuple(statements))


@pytest.mark.parametrize("identity", sources.IDS)
def test_an_id_names_its_function(identity: str) -> None:
    """It makes the claim, or the derivation of a gradient, which knows its claim."""
    module, function = locate(identity)
    made = getattr(getattr(sources, module), function)()
    claim = CLAIMS[identity]
    assert isinstance(made, (Claim, Derivation))
    if isinstance(made, Derivation):
        assert claim.gradient().result == made.result
        made = made.claim
    assert made.id == claim.id == identity


def test_a_claim_that_is_no_gradient_says_so() -> None:
    with pytest.raises(ValueError, match=r"backprop\.5\.6 is no gradient"):
        CLAIMS["backprop.5.6"].gradient()


def test_the_table_of_claims_is_a_mapping_in_the_order_of_the_sources() -> None:
    assert list(CLAIMS) == list(sources.IDS)
    assert len(CLAIMS) == len(set(CLAIMS)) == 53
    assert list(dict.fromkeys(sources.IDS.values())) == list(sources.MODULES)


def test_every_module_lists_its_functions() -> None:
    """What the table names is public in its module."""
    for identity in CLAIMS:
        module, function = locate(identity)
        assert function in getattr(sources, module).__all__


def test_a_module_that_is_none_lists_the_known_ones() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'avarages'; its modules are .*averages"):
        sources.avarages  # noqa: B018


def test_an_unknown_id_lists_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"backprop\.5\.13.*known are .*backprop\.5\.12"):
        CLAIMS["backprop.5.13"]


@pytest.mark.parametrize("identity", ["averages.linreg.m", "averages.linreg.b"])
def test_lines_three_and_four_lack_their_brackets(identity: str) -> None:
    """The literal reading is refuted at a point that can be checked by hand, the corrected line is proved."""
    slips = CLAIMS[identity].slips
    assert [slip.place.split(",")[0] for slip in slips] == ["line 3", "line 4"]
    for slip in slips:
        verdict = slip.verify()
        assert (verdict.status, slip.mended().status, slip.kind) == ("refuted", "proved", "misprint")
        assert verdict.witness is not None
        assert str(verdict.witness) == "at N = 1, m = 0, b = 1, x = [1], y = [1]: 0 against -1"


def test_the_lines_are_the_sources_own() -> None:
    """Rule names as printed in the question, one for each of its six lines."""
    lines = CLAIMS["averages.linreg.m"].lines
    assert [rule for _, rule in lines] == ["factor rule", "sum rule", "chain rule", "definition f", "", "comm., distr."]
    f, x, y, i, n = averages.f, averages.x, averages.y, averages.i, averages.N
    assert lines[-1][0] == sp.Mul(-2, 1 / n, sp.Sum(x[i] * (y[i] - f[i]), i))


def test_the_printed_numbers_of_the_sigmoid_are_enclosed() -> None:
    rounded = [s for s in CLAIMS["averages.sigmoid.means"].statements if isinstance(s, Rounded)]
    assert [s.printed for s in rounded] == ["0.2233", "0.235"]
    assert [s.verify().evidence[0].says.split(" = ")[1][:12] for s in rounded] == ["0.2233059666", "0.2350037122"]


def test_a_claim_is_shown_by_its_first_statement() -> None:
    claim = CLAIMS["backprop.5.7"]
    assert str(claim) == (
        "backprop.5.7 (equation (5.7) of 'Going Deeper into Back-propagation'): Derivative(tanh(h), h) = 1 - tanh(h)**2"
    )
    assert claim._repr_latex_() == f"$\\displaystyle {claim.statements[0].latex()}$"


# -- planted errors: each is found, and named -------------------------------------------------
def test_a_false_statement_is_refuted() -> None:
    right = CLAIMS["backprop.5.12"]
    first = right.statements[0]
    assert isinstance(first, Equality)
    verdict = mended(right, right=-first.right).verify()
    assert verdict.status == "refuted"
    assert verdict.reason.startswith("the statement Derivative(E, w1[j, i]) = -")
    assert verdict.witness is not None


def test_a_false_line_is_named() -> None:
    right = CLAIMS["averages.linreg.m"]
    lines = (*right.lines[:2], (2 * right.lines[2][0], "chain rule"), *right.lines[3:])
    verdict = mended(right, lines=lines).verify()
    assert verdict.status == "refuted"
    assert verdict.reason.startswith("line 3 (chain rule)")


def test_a_derivation_of_something_else_is_named() -> None:
    """∂J/∂b does not prove what is stated of ∂J/∂m."""
    verdict = mended(CLAIMS["averages.linreg.m"], lines=(), derive=averages.linreg_b).verify()
    assert verdict.status == "refuted"
    assert verdict.reason.startswith("the derivation's result -2*Sum(")


def test_a_false_correction_is_named() -> None:
    right = CLAIMS["averages.linreg.m"]
    worse = replace(right.slips[0], corrected=right.slips[0].reading)
    verdict = replace(right, slips=(worse,)).verify()
    assert verdict.status == "refuted"
    assert verdict.reason.startswith("the correction of line 3")


def test_a_slip_without_a_place_is_the_whole_statement() -> None:
    right = CLAIMS["backprop.5.12.refs"]
    harmless = replace(right.slips[0], reading=right.statements[0])
    verdict = replace(right, slips=(harmless,)).verify()
    assert (verdict.status, verdict.reason) == ("undecided", "the statement as printed is proved, not refuted")


def test_a_point_that_does_not_tell_the_sides_apart_refutes_nothing() -> None:
    right = CLAIMS["symmetry.general"]
    at = {**(right.slips[0].at or {}), averages.theta: 1}  # there the model is 1, and both sides are 0
    verdict = replace(right, slips=(replace(right.slips[0], at=at, values=None),)).verify()
    assert verdict.status == "undecided"
    assert verdict.reason == (
        "the statement as printed is undecided, not refuted (at the given point the two sides are not told apart)"
    )


@pytest.mark.parametrize("values", [("-2", "3"), ("2", "2"), ("-2.1", "2")])
def test_a_slips_values_are_checked(values: tuple[str, str]) -> None:
    right = CLAIMS["symmetry.general"]
    verdict = replace(right, slips=(replace(right.slips[0], values=values),)).verify()
    assert verdict.status == "undecided"
    assert "at the point given, not" in verdict.reason


@pytest.mark.parametrize(("printed", "status"), [("0.2234", "refuted"), ("0.22330", "refuted"), ("0.22331", "proved")])
def test_a_rounded_number_is_held_to_its_last_digit(printed: str, status: str) -> None:
    assert mended(CLAIMS["averages.sigmoid.means"], 1, printed=printed).verify().status == status


def test_numbers_that_do_not_differ_are_not_said_to() -> None:
    right = CLAIMS["averages.sigmoid.means"]
    first = right.statements[0]
    assert isinstance(first, Differs)
    verdict = mended(right, right=first.left).verify()
    assert (verdict.status, verdict.reason) == ("undecided", "at the given point the two sides are not told apart")
