"""The picture that other sites show beside a link is of what the library prints today."""

from __future__ import annotations

import importlib.util
import struct
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location("social_card", Path(__file__).parent.parent / "tools" / "social_card.py")
assert _SPEC is not None
social_card = importlib.util.module_from_spec(_SPEC)
assert _SPEC.loader is not None
_SPEC.loader.exec_module(social_card)


def test_the_picture_is_of_the_formula_as_it_is_printed_now() -> None:
    """Where it is not, run tools/social_card.py."""
    assert social_card.digest_in(social_card.PICTURE.read_bytes()) == social_card.digest()


def test_another_formula_would_be_another_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    before = social_card.digest()
    monkeypatch.setattr(social_card, "CLAIM", "backprop.5.7")
    assert social_card.digest() != before


def test_the_picture_has_the_size_that_the_pages_tell_and_is_light() -> None:
    picture = social_card.PICTURE.read_bytes()
    assert len(picture) < 100_000
    assert struct.unpack(">II", picture[16:24]) == tuple(social_card.SIZE.values())


def test_a_picture_that_does_not_say_what_it_was_made_of_is_refused() -> None:
    plain = social_card._png(
        [chunk for chunk in social_card._chunks(social_card.PICTURE.read_bytes()) if chunk[0] != b"tEXt"]
    )
    with pytest.raises(ValueError, match=r"run tools/social_card\.py"):
        social_card.digest_in(plain)
