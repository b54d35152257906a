"""A loss and its gradients as one function: source that can be read, and the function that it defines."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy as sp

from gradproof.code.arguments import Argument, arguments_of, checks
from gradproof.code.array_source import Library, Writer
from gradproof.code.array_walk import ArrayWalk
from gradproof.code.assignments import Assignment, CodeError, assignments
from gradproof.code.nodes import Node
from gradproof.code.numpy_source import NumpyWriter
from gradproof.derivation import Derivation
from gradproof.forms.arrays import Axis, Known
from gradproof.forms.python_nodes import safe_name
from gradproof.lines import head, publish

__all__ = ["Program", "program"]


def program(*derivations: Derivation) -> Program:
    """The program of one loss and of its gradients, one for each derivation.

    Raises CodeError (a NotationError) for derivations of different losses.
    """
    if not derivations:
        raise CodeError("a program needs a derivation")
    return Program(derivations)


@dataclass(frozen=True)
class Program:
    """A loss with its gradients as code.

    The function takes the arrays and numbers of the formulas in the alphabetical order of their names, by position or
    by name, then sizes that no array has.  It returns the loss, then one gradient for each derivation.
    """

    derivations: tuple[Derivation, ...]

    @cached_property
    def assignments(self) -> tuple[Assignment, ...]:
        """The lines in index notation, in forms that keep their digits."""
        return assignments(self.derivations)

    @cached_property
    def name(self) -> str:
        return "loss_and_gradient" if len(self.derivations) == 1 else "loss_and_gradients"

    @cached_property
    def arguments(self) -> tuple[Argument, ...]:
        """What the function takes."""
        return arguments_of(self.assignments)

    # -- arrays ---------------------------------------------------------------------------------
    def numpy_source(self) -> str:
        """Source for NumPy: a function that stands alone."""
        return self._source("numpy")

    def array_source(self) -> str:
        """Source for any library of the Python array API: NumPy, JAX (under `jit`, too), PyTorch and others."""
        return self._source("array")

    def to_numpy(self) -> Callable[..., Any]:
        """The function that `numpy_source` defines."""
        return compiled(self.numpy_source(), self.name)

    def to_arrays(self) -> Callable[..., Any]:
        """The function that `array_source` defines."""
        return compiled(self.array_source(), self.name)

    def _source(self, library: Library) -> str:
        lines = self.assignments
        given = {a.name: Known(sp.IndexedBase(a.name), tuple(Axis(*s) for s in a.spans)) for a in self.arguments}
        walk = ArrayWalk(lines, given | _defined(lines))
        nodes = [(a, walk.assigned(a)) for a in lines]
        named: dict[Node, str] = {}
        for a, n in nodes:
            named.setdefault(n, safe_name(a.name))
        outputs = [
            n for a, n in sorted(nodes, key=lambda pair: pair[0].kind != "loss") if a.kind in ("loss", "gradient")
        ]
        taken = {safe_name(a.name) for a in (*lines, *self.arguments)} | {
            s for a in self.arguments for s in a.size_names
        }
        writer = (NumpyWriter if library == "numpy" else Writer)(named, outputs, taken | {"np", "xp", "dtype"})
        body = [*checks(self.arguments, library, "dtype" in writer.needs), *writer.lines]
        body.append(f"return {', '.join(map(writer.returned, outputs))}")
        text = [
            *_imports(library, writer.needs), "", "",
            f"def {self.name}({', '.join(a.parameter for a in self.arguments)}):",
            *_indented([*self._docstring(), *body]),
        ]  # fmt: skip
        return "\n".join(text) + "\n"

    def _docstring(self) -> list[str]:
        """What the function computes, its arguments and what it returns."""
        gradients = ", ".join(str(d.wrt) for d in self.derivations)
        loss = next(a for a in self.assignments if a.kind == "loss")
        plural = "s" * (len(self.derivations) > 1)
        found = [f'"""The loss and its gradient{plural} by {gradients}.', ""]
        found += [f"    {safe_name(a.name)}: {a.meaning}" for a in self.arguments]
        found += ["", "Returned are", "", f"    {loss.target} = {publish(loss.body)}"]
        found += [
            f"    {a.target} = d{loss.name}/d{a.of}, of shape {_shape_text(a)}"
            for a in self.assignments
            if a.kind == "gradient"
        ]
        return [*found, '"""']


def _shape_text(a: Assignment) -> str:
    sizes = [str(sp.expand(hi - lo + 1)) for lo, hi in (a.spans[i] for i in a.indices)]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def _defined(lines: Sequence[Assignment]) -> dict[str, Known]:
    return {a.name: Known(head(a.target), tuple(Axis(*a.spans[i]) for i in a.indices)) for a in lines}


def _imports(library: Library, needs: set[str]) -> list[str]:
    found = ["import numpy as np"] if library == "numpy" else ["from array_api_compat import array_namespace"]
    found = ["import math", "", *found] if "math" in needs else found
    special = sorted(needs & {"erf", "erfc"})
    return found + ([f"from scipy.special import {', '.join(special)}"] if special else [])


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" if line else "" for text in lines for line in text.split("\n")]


def compiled(source: str, name: str) -> Callable[..., Any]:
    """The function of our own source."""
    space: dict[str, Any] = {"__name__": f"gradproof.{name}"}
    exec(compile(ast.parse(source), f"<{name}>", "exec"), space)  # noqa: S102 - written by this package from a parsed formula
    found: Callable[..., Any] = space[name]
    found.__dict__["source"] = source
    return found
