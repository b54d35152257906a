"""What the sources print, and what is quoted from them, are the same: `printed.toml` against the claims."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from gradproof import CLAIMS
from gradproof.sources import backprop
from gradproof.statements import Rounded

PRINTED = tomllib.loads((Path(__file__).parent / "printed.toml").read_text("utf-8"))


def read(latex: str) -> str:
    r"""The formula without its layout, which a page may change: spaces, alignment, apostrophes, \text for prose."""
    latex = re.sub(r"\\(begin|end)\{(?:align\*?|aligned)\}", r"\\\1{aligned}", latex.replace("’", "'"))
    latex = re.sub(r"\\\\\s*(?=\\end\{aligned\})", "", latex)
    return re.sub(r"\\text\{([^{}]*)\}|[\s&$]", lambda match: re.sub(r"\s", "", match[1] or ""), latex)


def test_the_layout_is_all_that_is_left_out() -> None:
    assert read("\\begin{align*} a &= f’ \\\\ &= 2 \\\\ \\end{align*}") == r"\begin{aligned}a=f'\\=2\end{aligned}"
    assert read(r"$a$ but $b$") == read(r"a \text{ but } b") == "abutb"
    assert read("2 x") != read("x 2")
    assert read("x_i") != read("x_{i}")


def test_every_claim_is_transcribed_and_nothing_else() -> None:
    assert list(PRINTED["claims"]) == list(CLAIMS)


@pytest.mark.parametrize("identity", CLAIMS)
def test_a_claim_quotes_what_its_source_prints(identity: str) -> None:
    claim, row = CLAIMS[identity], PRINTED["claims"][identity]
    slips: list[dict[str, Any]] = row.get("slips", [])
    assert read(claim.printed) == read(row["printed"])
    assert [(slip.place, read(slip.printed)) for slip in claim.slips] == [
        (s["place"], read(s["printed"])) for s in slips
    ]
    assert [s.printed for s in claim.statements if isinstance(s, Rounded)] == row.get("numbers", [])


def test_a_claim_without_a_formula_says_what_was_claimed() -> None:
    assert [name for name, claim in CLAIMS.items() if not claim.printed and not claim.claimed] == []


def test_the_equation_numbers_are_those_of_the_text() -> None:
    assert list(backprop.EQUATIONS) == PRINTED["equations"]


def test_every_numbered_equation_is_a_claim_or_a_definition() -> None:
    shown = {name.partition(".")[2] for name in CLAIMS if name.startswith("backprop.")} | set(backprop.DEFINITIONS)
    assert [number for number in PRINTED["equations"] if number not in shown] == []
