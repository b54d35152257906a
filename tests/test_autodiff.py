"""The gradient beside JAX's and PyTorch's; `nox -s oracles` compares every gradient with both."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec

import pytest
import sympy as sp

from gradproof import CLAIMS, REFERENCE, Derivation, derive
from gradproof.checks import autodiff
from gradproof.checks.autodiff import LIBRARIES, autodiff_evidence, compared
from losses import LINE, N, a, b, f, m, n, u, x, y

ALL = os.environ.get("GRADPROOF_ORACLES") == "all"
FEW = ("averages.linreg.m", "backprop.5.12", "symmetry.general", "softmax-cross-entropy", "gelu", "log-determinant")
INSTALLED = [name for name in LIBRARIES if find_spec(name)]


def gradients() -> Iterator[tuple[str, int]]:
    """Each gradient's claim or entry, and which of its gradients it is."""
    for identity, claim in CLAIMS.items():
        if ALL or identity in FEW:
            yield from ((identity, number) for number in range(len(claim.derivations)))
    for identity, entry in REFERENCE.items():
        if ALL or identity in FEW:
            yield from ((identity, number) for number in range(len(entry.gradients)))


def derived(identity: str, number: int) -> Derivation:
    if identity in CLAIMS:
        return CLAIMS[identity].derivations[number]
    entry = REFERENCE[identity]
    return entry.derivation(entry.gradients[number])


@pytest.mark.parametrize("library", INSTALLED)
@pytest.mark.parametrize(("identity", "number"), list(gradients()))
def test_every_gradient_agrees(identity: str, number: int, library: str) -> None:
    evidence = autodiff_evidence(derived(identity, number), library)
    assert evidence.outcome == "agrees", evidence


LOSSES = {
    "a line": (LINE, m),
    "an undefined function": (sp.Sum(f(x[n] * u), n), u),
    "a branch": (sp.Sum(sp.Max(0, x[n] - b) + sp.Abs(x[n]) * sp.sign(b), n), x[a]),
    "a triangle": (sp.Sum(sp.Sum(x[n] * x[a], (a, 1, n)), n), x[sp.Idx("c", (1, N))]),
    "a real power": (sp.Sum(sp.Abs(x[n]) ** sp.Rational(3, 2), n), x[a]),
    "a delta": (sp.Sum(sp.KroneckerDelta(n, a) * sp.exp(x[n]), n), x[a]),
    "special functions": (sp.Sum(sp.erf(x[n]) + sp.sech(x[n]) * sp.atan(y[n]), n), x[a]),
}


@pytest.mark.parametrize("library", INSTALLED)
@pytest.mark.parametrize("name", LOSSES)
def test_a_slip_is_seen(name: str, library: str) -> None:
    """Down to a relative slip of a tenth of a billionth."""
    derivation = derive(*LOSSES[name])
    made = LIBRARIES[library]()
    found = compared(derivation, made)
    assert found
    assert all(c.agrees for c in found), found
    for slip in (2, -1, 1 + sp.Rational(1, 10**10)):
        assert not any(c.agrees for c in compared(derivation, made, slip * derivation.result, count=1))


def test_what_is_no_number_never_agrees() -> None:
    """At x < 0 the branch that is not taken has no slope."""
    loss = sp.Piecewise((sp.sqrt(u), u > 0), (u, True))
    found = compared(derive(loss, u), LIBRARIES["jax"]())
    assert not all(c.agrees for c in found)
    assert autodiff_evidence(derive(loss, u)).outcome == "missing"


def test_a_library_that_is_not_installed_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_: str) -> None:
        raise ImportError

    monkeypatch.setattr(autodiff, "import_module", absent)
    for name in LIBRARIES:
        assert autodiff_evidence(derive(u**2, u), name).outcome == "missing"


def test_a_wrong_result_disagrees() -> None:
    derivation = derive(sp.Sum(x[n] ** 2, n), x[a])
    wrong = replace(derivation, result=x[a])
    evidence = autodiff_evidence(wrong)
    assert evidence.outcome == "disagrees"
    assert "JAX differs by" in evidence.says
