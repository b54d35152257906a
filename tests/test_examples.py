"""The page on what can be decided says what is so."""

from __future__ import annotations

import runpy
from pathlib import Path

from gradproof import equal

EXAMPLE = Path(__file__).parent.parent / "docs" / "examples" / "decided.py"


def test_what_is_said_to_be_proved_is_and_what_is_said_to_stay_undecided_does() -> None:
    names = runpy.run_path(str(EXAMPLE))
    for expected in ("proved", "undecided"):
        assert {what: equal(*sides).status for what, sides in names[expected].items()} == dict.fromkeys(
            names[expected], expected
        )
