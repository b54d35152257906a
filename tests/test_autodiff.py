"""The gradient beside slopes of array code: by complex steps, JAX and PyTorch; `nox -s oracles` tries all gradients."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec

import pytest
import sympy as sp

from gradproof import CLAIMS, REFERENCE, Derivation, derive
from gradproof.checks import autodiff
from gradproof.checks.autodiff import LIBRARIES, autodiff_evidence
from gradproof.checks.complex_step import ComplexStep, ManyDigits, complex_step_evidence
from gradproof.checks.slopes import ArraySlopes
from losses import LINE, N, a, b, f, m, n, u, x, y

ALL = os.environ.get("GRADPROOF_ORACLES") == "all"
FEW = ("averages.linreg.m", "backprop.5.12", "symmetry.general", "softmax-cross-entropy", "gelu", "log-determinant")
INSTALLED = [name for name in LIBRARIES if find_spec(name)]
WAYS = {name: LIBRARIES[name] for name in INSTALLED} | {"complex step": ComplexStep, "with many digits": ManyDigits}


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


@pytest.mark.parametrize(("identity", "number"), list(gradients()))
def test_every_gradient_agrees_with_complex_steps(identity: str, number: int) -> None:
    evidence = complex_step_evidence(derived(identity, number))
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


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", LOSSES)
def test_a_slip_is_seen(name: str, way: str) -> None:
    """Down to a relative slip of a tenth of a billionth."""
    derivation = derive(*LOSSES[name])
    slopes = ArraySlopes(derivation, WAYS[way]())
    found = slopes.compared()
    assert found
    assert all(c.agrees for c in found), found
    for slip in (2, -1, 1 + sp.Rational(1, 10**10)):
        assert not any(c.agrees for c in slopes.compared(slip * derivation.result, count=1))


def test_what_is_no_number_never_agrees() -> None:
    """At x < 0 the branch that is not taken has no slope."""
    derivation = derive(sp.Piecewise((sp.sqrt(u), u > 0), (u, True)), u)
    found = ArraySlopes(derivation, LIBRARIES["jax"]()).compared()
    assert not all(c.agrees for c in found)
    assert autodiff_evidence(derivation).outcome == "missing"


def test_where_doubles_keep_no_digit_more_are_taken() -> None:
    """The loss is exp(−u)."""
    derivation = derive(sp.exp(40) * (sp.cosh(40 + u) - sp.sinh(40 + u)), u)
    assert not all(c.agrees for c in ArraySlopes(derivation, ComplexStep()).compared())
    evidence = complex_step_evidence(derivation)
    assert (evidence.outcome, "with 150 digits agrees" in evidence.says) == ("agrees", True)
    assert complex_step_evidence(derivation, 2 * derivation.result).outcome == "disagrees"


def test_complex_steps_in_functions_that_numpy_has_not() -> None:
    """erf′(x) = 2/√π e^(−x²), to the last digits, near zero and far from it."""
    step = ComplexStep()
    for x0 in (1e-300, 1e-8, 0.3, -1.7, 4.0, -6.0):
        exact = 2 / math.sqrt(math.pi) * math.exp(-(x0**2))
        for name, sign in (("erf", 1), ("erfc", -1)):
            found = step.slope(lambda z, name=name: step.call(name, z), x0)
            assert found == pytest.approx(sign * exact, rel=1e-13)
            assert step.call(name, x0) == pytest.approx(getattr(math, name)(x0), rel=1e-14, abs=1e-15)


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
    assert "JAX's gradient differs by 5.0e-01" in evidence.says
