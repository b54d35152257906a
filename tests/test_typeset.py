"""KaTeX, run while the site is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gradproof.typeset import TypesetError, typeset

if TYPE_CHECKING:
    from pathlib import Path

FORMULA = r"\frac{\partial E}{\partial w^{(1)}_{ji}} = (1-z_j^2)\, x_i \sum_{k=1}^{K} (y_k-\hat y_k)\, w^{(2)}_{kj}"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path))
    return tmp_path


def test_a_formula_is_html_for_the_eye_and_mathml_for_the_ear() -> None:
    html = typeset(FORMULA, display=True)
    assert 'class="katex-display"' in html
    assert "<math " in html
    assert 'class="katex-html" aria-hidden="true"' in html
    assert "<script" not in html


def test_an_inline_formula_is_no_display() -> None:
    assert "katex-display" not in typeset(FORMULA)


@pytest.mark.parametrize("latex", [r"\frca{1}{2}", "x^2_", "é", "a % b"])
def test_what_katex_rejects_or_doubts_is_an_error_that_names_the_formula(latex: str) -> None:
    with pytest.raises(TypesetError) as error:
        typeset(latex, display=True)
    assert repr(latex) in str(error.value)


def test_a_formula_is_rendered_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time it is read from disk, and KaTeX is not even loaded."""
    first = typeset(FORMULA)
    assert len([path for path in cache.rglob("*") if path.is_file()]) == 1
    monkeypatch.setattr("gradproof.typeset._katex", None)
    assert typeset(FORMULA) == first


def test_a_long_formula_survives_the_way_from_javascript() -> None:
    """QuickJS keeps a long concatenated string as a tree, which it cannot hand over."""
    assert len(typeset(" + ".join(f"x_{{{n}}}" for n in range(200)))) > 20_000
