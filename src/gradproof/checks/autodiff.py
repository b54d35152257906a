"""Automatic differentiation beside the derived gradient: the loss as array code, differentiated by JAX or PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from gradproof.checks.arrays import Library
from gradproof.checks.guard import guarded
from gradproof.checks.slopes import ArraySlopes, summarised
from gradproof.derivation import Derivation
from gradproof.verdict import Evidence, Outcome

__all__ = ["LIBRARIES", "autodiff_evidence"]


class Jax:
    """JAX on the CPU, with doubles."""

    name = "JAX"

    def __init__(self) -> None:
        self.jax = import_module("jax")
        self.jnp = import_module("jax.numpy")
        self.erf = {"erf": import_module("jax.scipy.special").erf, "erfc": import_module("jax.scipy.special").erfc}

    def number(self, value: Any) -> Any:
        return float(value)

    def real(self, u: Any) -> Any:
        return u

    def array(self, numbers: Any) -> Any:
        return self.jnp.asarray(numbers, dtype=float)

    def call(self, function: str, *args: Any) -> Any:
        if function == "sum":
            return self.jnp.sum(args[0], axis=-1)
        module, _, name = function.rpartition(".")
        return (self.erf.get(name) or getattr(self.jnp.linalg if module else self.jnp, name))(*args)

    def slope(self, loss: Callable[[Any], Any], at: Any) -> Any:
        with self.jax.enable_x64(True):
            return np.asarray(self.jax.grad(lambda u: self.jnp.reshape(loss(u), ()))(self.jnp.asarray(at, dtype=float)))


class Torch:
    """PyTorch on the CPU, with doubles."""

    name = "PyTorch"

    def __init__(self) -> None:
        self.torch = import_module("torch")

    def number(self, value: Any) -> Any:
        return float(value)

    def real(self, u: Any) -> Any:
        return u

    def array(self, numbers: Any) -> Any:
        return self.torch.as_tensor(numbers, dtype=self.torch.float64)

    def call(self, function: str, *args: Any) -> Any:
        if function == "sum":
            return args[0].sum(-1)
        module, _, name = function.rpartition(".")
        tensors = [a if self.torch.is_tensor(a) else self.torch.as_tensor(a) for a in args]
        doubles = [t if t.dtype == self.torch.bool else t.to(self.torch.float64) for t in tensors]
        return getattr(self.torch.linalg if module else self.torch, name)(*doubles)

    def slope(self, loss: Callable[[Any], Any], at: Any) -> Any:
        leaf = self.torch.tensor(at, dtype=self.torch.float64, requires_grad=True)
        loss(leaf).reshape(()).backward()
        return leaf.grad.numpy()


LIBRARIES: Mapping[str, type[Library]] = {"jax": Jax, "torch": Torch}


def autodiff_evidence(derivation: Derivation, library: str = "jax", gradient: Any = None) -> Evidence:
    """Whether a library's slopes agree with the derivation's result, or another `gradient`, as evidence."""
    rests = f"{LIBRARIES[library].name}'s automatic differentiation of array code, in doubles"

    def find() -> tuple[Outcome, str]:
        made = LIBRARIES[library]()
        return summarised(f"{made.name}'s gradient", ArraySlopes(derivation, made).compared(gradient))

    return guarded("autodiff", rests, find)
