"""Settings for all tests: random examples are the same in every run unless asked otherwise.

`HYPOTHESIS_PROFILE=search nox -s tests -- tests/test_properties.py` looks for new ones.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("stable", derandomize=True, database=None)
settings.register_profile("search", derandomize=False, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "stable"))


@pytest.fixture
def coq(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Coq is asked, with our library as it is now: nothing that was kept answers."""
    from gradproof.formal import coqc

    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path_factory.mktemp("kept")))
    coqc.compiled_library.cache_clear()
    yield
    coqc.compiled_library.cache_clear()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for what is kept, one for all tests of a file."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def elsewhere(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty directory; what is proved or compiled is kept for all tests of the file."""
    monkeypatch.setenv("GRADPROOF_CACHE", str(cache))
    monkeypatch.chdir(tmp_path)
