"""What importing costs and needs."""

from __future__ import annotations

import subprocess
import sys

import gradproof


def run(code: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def test_importing_the_package_imports_nothing_else() -> None:
    """A cached page must not load SymPy."""
    assert run("import sys, gradproof; print([m for m in ('sympy', 'mpmath', 'numpy') if m in sys.modules])") == "[]\n"


def test_derive_check_and_equal_need_sympy_and_mpmath_only() -> None:
    code = """
import sys
for name in ("numpy", "flint", "mkdocs", "quickjs", "pygments", "markdown_exec"):
    sys.modules[name] = None
from sympy import symbols
from gradproof import check, derive, equal
x = symbols("x")
print(derive(x**3, x).verify().status, check(x**3, x, 3 * x**2).status, equal(x + x, 2 * x).status)
"""
    assert run(code) == "proved proved proved\n"


def test_every_public_name_can_be_loaded() -> None:
    for name in gradproof.__all__:
        assert getattr(gradproof, name) is not None
    assert set(gradproof.__all__) <= set(dir(gradproof))


def test_a_claim_is_reached_from_the_package() -> None:
    code = "import gradproof; print(gradproof.sources.backprop.eq_5_12().lines[0][1])"
    assert run(code) == "(5.7) and (5.11) into (5.10)\n"
