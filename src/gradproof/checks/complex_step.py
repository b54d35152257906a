"""The complex step: a slope without a difference, from the loss as array code on NumPy's complex numbers.

For a loss that is analytic at x, f(x + ih) = f(x) + ih f′(x) + O(h²), so that Im f(x + ih) / h is f′(x) to the last
digit when h is tiny: nothing is subtracted.  (Squire and Trapp, SIAM Review 40, 1998.)  What branches is taken on the
branch of the real part.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from importlib import import_module
from typing import Any

from mpmath import mp

from gradproof.checks.guard import guarded
from gradproof.derivation import Derivation
from gradproof.verdict import Evidence, Outcome

__all__ = ["ComplexStep", "ManyDigits", "complex_step_evidence"]

_STEP = 1e-50
_MANY = 150
_RESTS = "NumPy's complex doubles on array code, beside mpmath's value of the claim; no rule, no normal form"


def complex_step_evidence(derivation: Derivation, gradient: Any = None) -> Evidence:
    """Whether slopes by complex steps agree with the derivation's result, or another `gradient`, as evidence.

    Where doubles do not agree they may have kept too few digits: the same is done with many.
    """

    def find() -> tuple[Outcome, str]:
        from gradproof.checks.slopes import ArraySlopes, summarised  # needs NumPy

        for arithmetic in (ComplexStep, ManyDigits):
            found = ArraySlopes(derivation, arithmetic()).compared(gradient)
            outcome, says = summarised(f"the slope by complex steps{arithmetic.which}", found)
            if outcome == "agrees":
                break
        return outcome, says

    return guarded("complex step", _RESTS, find)


class ComplexStep:
    """NumPy's complex doubles, with slopes by a complex step in each entry."""

    name, which = "NumPy", ""

    def __init__(self) -> None:
        self.np = import_module("numpy")
        #: what NumPy has not for complex numbers, or takes otherwise there
        self.own: Mapping[str, Callable[..., Any]] = {
            "sum": lambda u: self.np.sum(u, axis=-1),
            "abs": lambda u: self._sign(u) * u,
            "sign": self._sign,
            "maximum": lambda u, v: self.np.where(self.real(u) >= self.real(v), u, v),
            "minimum": lambda u, v: self.np.where(self.real(u) <= self.real(v), u, v),
            **self._functions(),
        }

    def _functions(self) -> dict[str, Callable[..., Any]]:
        return {"erf": self._erf, "erfc": lambda u: 1 - self._erf(u)}

    def number(self, value: Any) -> Any:
        return float(value)

    def array(self, numbers: Any) -> Any:
        numbers = self.np.asarray(numbers)
        return numbers if numbers.dtype == complex else numbers.astype(float)

    def real(self, u: Any) -> Any:
        return self.np.real(u)

    def call(self, function: str, *args: Any) -> Any:
        module, _, name = function.rpartition(".")
        return (self.own.get(name) or getattr(self.np.linalg if module else self.np, name))(*args)

    def slope(self, loss: Callable[[Any], Any], at: Any) -> Any:
        slopes = self.np.empty(self.np.shape(at))
        for place in self.np.ndindex(slopes.shape):
            moved = self._complex(at)
            moved[place] += 1j * _STEP
            with self.np.errstate(all="ignore"):  # of a branch that is not taken
                slopes[place] = self._slope(self.np.asarray(loss(moved)).item())
        return slopes

    def _complex(self, at: Any) -> Any:
        return self.np.array(at, dtype=complex)

    def _slope(self, value: Any) -> float:
        return float(self.np.imag(value) / _STEP)

    def _sign(self, u: Any) -> Any:
        return self.np.sign(self.real(u))

    def _erf(self, u: Any) -> Any:
        """Erf u = 2/√π e^(−u²) Σ 2ⁿu^(2n+1) / (1·3···(2n+1)), whose terms have one sign on the real line (DLMF 7.6.2)."""
        term = total = u = self.np.asarray(u)
        for n in range(1, int(3 * self.np.max(self.np.abs(u), initial=0.0) ** 2) + 40):
            term = term * 2 * u * u / (2 * n + 1)
            total = total + term
        return 2 / math.sqrt(math.pi) * self.np.exp(-u * u) * total


class ManyDigits(ComplexStep):
    """The same on arrays of mpmath's numbers.

    Their imaginary part is known as well as their real part is, and no better: it needs digits beyond the step's.
    """

    which = f" with {_MANY} digits"

    def slope(self, loss: Callable[[Any], Any], at: Any) -> Any:
        with mp.workdps(_MANY):
            return super().slope(loss, at)

    def _functions(self) -> dict[str, Callable[..., Any]]:
        named = {name: self.np.frompyfunc(getattr(mp, name), 1, 1) for name in _FUNCTIONS}
        return {**named, "inv": self._inverse, "det": lambda a: mp.det(mp.matrix(a.tolist()))}

    def number(self, value: Any) -> Any:
        return mp.mpf(value.numerator) / value.denominator if isinstance(value, Fraction) else mp.mpf(value)

    def array(self, numbers: Any) -> Any:
        numbers = self.np.asarray(numbers)
        return numbers if numbers.dtype == object else self.np.frompyfunc(lambda n: mp.mpf(float(n)), 1, 1)(numbers)

    def real(self, u: Any) -> Any:
        return self.np.frompyfunc(mp.re, 1, 1)(u)

    def _sign(self, u: Any) -> Any:
        return self.np.frompyfunc(mp.sign, 1, 1)(self.real(u))

    def _complex(self, at: Any) -> Any:
        return self.np.array(at, dtype=object)

    def _slope(self, value: Any) -> float:
        return float(mp.im(value) / _STEP)

    def _inverse(self, a: Any) -> Any:
        return self.np.array((mp.matrix(a.tolist()) ** -1).tolist(), dtype=object)


_FUNCTIONS = (
    *("exp", "log", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"),
    *("asinh", "acosh", "atanh", "erf", "erfc"),
)
