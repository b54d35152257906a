"""The claims of the sources: every row proved, every misprint refuted and mended."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sympy as sp

from gradproof import Derivation
from gradproof.claim import Claim, Figure
from gradproof.sources import averages, backprop, claim, ids, locate

IDS = ids()


def test_the_first_rows_of_the_ledger_are_there() -> None:
    assert {i for i in IDS if i.startswith("averages.")} == {
        "averages.linreg.m", "averages.linreg.b", "averages.linearity", "averages.sigmoid", "averages.sigmoid.means",
    }  # fmt: skip
    assert [i.removeprefix("backprop.") for i in IDS if i.startswith("backprop.")] == [
        "5.2", "5.6", "5.7", "5.9", "5.10", "5.11", "5.12",
    ]  # fmt: skip


@pytest.mark.parametrize("identity", IDS)
def test_every_claim_is_proved(identity: str) -> None:
    found = claim(identity)
    verdict = found.verify()
    assert found.id == identity
    assert verdict.status == "proved", str(verdict)
    assert all(e.outcome == "agrees" for e in verdict.evidence)
    if found.derivation is not None:
        assert {"each step", "whole", "remainder"} <= {e.kind for e in verdict.evidence}


@pytest.mark.parametrize("identity", IDS)
def test_an_id_names_its_function(identity: str) -> None:
    """What is a gradient is a Derivation, anything else a Claim."""
    module, function = locate(identity)
    made = getattr({"averages": averages, "backprop": backprop}[module], function)()
    assert isinstance(made, Derivation if claim(identity).derive else Claim)


@pytest.mark.parametrize("identity", ["averages.linreg.m", "averages.linreg.b"])
def test_lines_three_and_four_lack_their_brackets(identity: str) -> None:
    """The literal reading is refuted with a witness, the corrected line is proved."""
    misprints = claim(identity).misprints
    assert [m.place.split(",")[0] for m in misprints] == ["line 3", "line 4"]
    for misprint in misprints:
        assert misprint.verdict.status == "refuted"
        assert misprint.verdict.witness is not None
        assert misprint.mended.status == "proved"


def test_the_lines_are_the_sources_own() -> None:
    """Rule names as printed in the question, one for each of its six lines."""
    lines = averages.linreg_m().lines
    assert [rule for _, rule in lines] == ["factor rule", "sum rule", "chain rule", "definition f", "", "comm., distr."]
    f, x, y, i, n = averages.f, averages.x, averages.y, averages.i, averages.N
    assert lines[-1][0] == sp.Mul(-2, 1 / n, sp.Sum(x[i] * (y[i] - f[i]), i))


def test_the_printed_numbers_of_the_sigmoid_are_enclosed() -> None:
    means = averages.sigmoid_means()
    assert [f.printed for f in means.figures] == ["0.2233", "0.235"]
    assert [f.evidence().says.split(" = ")[1][:12] for f in means.figures] == ["0.2233059666", "0.2350037122"]


# -- planted errors: each is found, and named -------------------------------------------------
def test_a_false_statement_is_refuted() -> None:
    right = claim("backprop.5.12")
    wrong = replace(right, statement=sp.Eq(right.statement.lhs, -right.statement.rhs, evaluate=False))
    verdict = wrong.verify()
    assert verdict.status == "refuted"
    assert "the statement" in verdict.reason
    assert verdict.witness is not None


def test_a_false_line_is_named() -> None:
    right = claim("averages.linreg.m")
    lines = (*right.lines[:2], (2 * right.lines[2][0], "chain rule"), *right.lines[3:])
    verdict = replace(right, lines=lines).verify()
    assert verdict.status == "refuted"
    assert verdict.reason.startswith("line 3 (chain rule)")


def test_a_false_correction_is_named() -> None:
    right = claim("averages.linreg.m")
    worse = replace(right.misprints[0], corrected=right.misprints[0].reading)
    verdict = replace(right, misprints=(worse,)).verify()
    assert verdict.status == "refuted"
    assert verdict.reason.startswith("the correction of line 3")


@pytest.mark.parametrize(("printed", "status"), [("0.2234", "refuted"), ("0.22330", "refuted"), ("0.22331", "proved")])
def test_a_rounded_number_is_held_to_its_last_digit(printed: str, status: str) -> None:
    right = claim("averages.sigmoid.means")
    figure = Figure(right.figures[0].expression, printed)
    assert replace(right, figures=(figure,)).verify().status == status


def test_numbers_that_do_not_differ_are_not_said_to() -> None:
    right = claim("averages.sigmoid.means")
    same = sp.Ne(right.statement.lhs, right.statement.lhs, evaluate=False)
    assert replace(right, statement=same).verify().status != "proved"


def test_an_unknown_id_lists_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"backprop\.5\.13.*known are .*backprop\.5\.12"):
        claim("backprop.5.13")
