"""Results are kept by the content of what made them: no more is made anew than has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gradproof import cache

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CLAIMS = '''
"""Two claims that share a loss."""
from sympy import Symbol
from gradproof.sources.shared import SOURCE

x, y = Symbol("x"), Symbol("y")
LOSS = x**2  # a comment

def helper(e): return e.diff(x)
def first(): return helper(LOSS)
def second(): return SOURCE, y
CLAIMS = (first, second)
'''
SHARED = 'SOURCE = "a book"\nOTHER = "a paper"\n'
ENGINE = {"rules.py": "RULES = ()\n", "page.py": "", "checks/steps.py": ""}

Digests = tuple[str, str]


def forget() -> None:
    for known in (cache.engine_digest, cache.sources_digest, cache._statements):
        known.cache_clear()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Digests]:
    """A small package; called with files to change, it returns the two claims' digests."""
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "PACKAGE", tmp_path)
    monkeypatch.setattr(cache, "SOURCES", tmp_path / "sources")
    (tmp_path / "sources").mkdir()
    (tmp_path / "checks").mkdir()

    def digests(**changed: str) -> Digests:
        files = ENGINE | {"sources/claims.py": CLAIMS, "sources/shared.py": SHARED} | changed
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        forget()
        return cache.claim_digest("claims", "first"), cache.claim_digest("claims", "second")

    yield digests
    forget()


def edited(old: str, new: str) -> dict[str, str]:
    assert old in CLAIMS
    return {"sources/claims.py": CLAIMS.replace(old, new)}


@pytest.mark.parametrize("file", ENGINE)
def test_a_change_of_the_engine_reaches_every_claim(package: Callable[..., Digests], file: str) -> None:
    before, after = package(), package(**{file: "RULES = (1,)\n"})
    assert before[0] != after[0]
    assert before[1] != after[1]


@pytest.mark.parametrize(
    ("old", "new"),
    [("return helper(LOSS)", "return helper(-LOSS)"), ("x**2", "x**3"), ("e.diff(x)", "e.diff(x, x)")],
    ids=["its own function", "a statement it names", "a helper of its own"],
)
def test_a_change_of_one_claim_reaches_that_claim_only(package: Callable[..., Digests], old: str, new: str) -> None:
    before, after = package(), package(**edited(old, new))
    assert before[0] != after[0]
    assert before[1] == after[1]


def test_what_two_claims_share_reaches_both(package: Callable[..., Digests]) -> None:
    before, after = package(), package(**edited('Symbol("x"), Symbol("y")', 'Symbol("x"), Symbol("z")'))
    assert before[0] != after[0]
    assert before[1] != after[1]


def test_a_name_from_another_source_reaches_who_uses_it(package: Callable[..., Digests]) -> None:
    before, after = package(), package(**{"sources/shared.py": SHARED.replace("a book", "a blog")})
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_a_name_from_another_source_that_nobody_uses_reaches_nobody(package: Callable[..., Digests]) -> None:
    assert package() == package(**{"sources/shared.py": SHARED.replace("a paper", "a talk")})


def test_comments_and_another_claim_more_change_nothing(package: Callable[..., Digests]) -> None:
    more = "  # another comment\ndef third(): return x"
    assert package() == package(**edited("  # a comment", more))


def test_a_statement_without_a_name_reaches_every_claim(package: Callable[..., Digests]) -> None:
    before, after = package(), package(**edited("CLAIMS =", "x.assumptions0.clear()\nCLAIMS ="))
    assert before[0] != after[0]
    assert before[1] != after[1]


@pytest.mark.parametrize(
    "statement",
    [
        "from .shared import OTHER",
        "from gradproof.sources.shared import OTHER",
        "from gradproof.sources import shared",
        "from . import shared",
        "import gradproof.sources.shared",
    ],
)
def test_a_module_that_a_function_imports_is_followed(package: Callable[..., Digests], statement: str) -> None:
    inside = edited("return helper(LOSS)", f"{statement}; return 0")
    before, after = package(**inside), package(**inside, **{"sources/shared.py": SHARED.replace("a paper", "a talk")})
    assert before[0] != after[0]
    assert before[1] == after[1]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path))
    cache.remember("ab12", lambda: "first ∂")
    return tmp_path / "ab" / "12"


def test_what_is_kept_is_not_made_again(kept: Path) -> None:
    assert kept.exists()
    assert cache.remember("ab12", lambda: pytest.fail("made again")) == "first ∂"


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[:-3],
        lambda whole: whole.replace(b"first", b"worst"),
        lambda _: b"",
        lambda _: b"\xff\xfe",
    ],
    ids=["cut off", "altered", "empty", "not text"],
)
def test_a_damaged_entry_is_noticed_and_made_again(
    kept: Path, damage: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    assert caplog.messages == []
    kept.write_bytes(damage(kept.read_bytes()))
    assert cache.remember("ab12", lambda: "second") == "second"
    assert caplog.messages == [f"a kept result was damaged, and is made again: {kept}"]
    assert cache.remember("ab12", lambda: pytest.fail("made again")) == "second"


def test_a_failure_is_not_kept(kept: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        cache.remember("cd34", lambda: str(1 / 0))
    assert cache.remember("cd34", lambda: "mended") == "mended"
    assert [p.name for p in kept.parent.parent.rglob("*") if p.is_file()].count("34") == 1
