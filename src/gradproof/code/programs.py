"""A loss and its gradients as one function: source that can be read, and the function that it defines."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import sympy as sp

from gradproof.assumptions import read_assumptions
from gradproof.code.arguments import Argument, arguments_of, fast_check, full_check, listed, types
from gradproof.code.array_source import Library
from gradproof.code.assignments import Assignment, CodeError, assignments, name_of
from gradproof.code.careful import guards
from gradproof.code.constant import Constant
from gradproof.code.meaning import Meaning
from gradproof.code.written import Written, imports, indented, walked
from gradproof.derivation import Derivation
from gradproof.forms.python_nodes import safe_name
from gradproof.lines import head
from gradproof.verdict import Evidence, Verdict

__all__ = ["Program", "program"]


def program(*derivations: Derivation) -> Program:
    """The program of one loss and of its gradients, one for each derivation.

    Raises CodeError (a NotationError) for derivations of different losses.
    """
    if not derivations:
        raise CodeError("a program needs a derivation")
    for d in derivations:
        if not isinstance(d, Derivation):
            raise TypeError(f"{d!r} ({type(d).__name__}) is no derivation, as derive and Model.gradient return it")
    made = Program(derivations)
    made.assignments  # noqa: B018 # what has no code is said here
    return made


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
    def numpy_source(self, constant: Sequence[Any] = ()) -> str:
        """Source for NumPy: a function that stands alone.

        constant: arrays of data, as symbols or names.  Then it is a function of these, which takes the sums over the data
        that no parameter enters, in one pass, and returns a function of the other arguments, which returns the loss and
        the gradients without looking at the data again.  Raises CodeError where `verify` refutes a line.
        """
        if isinstance(constant, (str, sp.Basic)):
            raise TypeError(f"constant is {constant}; accepted is a list of arrays, such as [x, y]")
        self._not_refuted()
        if constant:
            return self._with_constants(constant)
        return self._source("numpy")

    def array_source(self) -> str:
        """Source for any library of the Python array API: NumPy, JAX (under `jit`, too), PyTorch and others."""
        self._not_refuted()
        return self._source("array")

    def to_numpy(self, constant: Sequence[Any] = ()) -> Callable[..., Any]:
        """The function that `numpy_source` defines."""
        return compiled(self.numpy_source(constant), self.name)

    def to_arrays(self) -> Callable[..., Any]:
        """The function that `array_source` defines; it needs the package array-api-compat."""
        return compiled(self.array_source(), self.name)

    # -- loops ----------------------------------------------------------------------------------
    def numba_source(self) -> str:
        """Source as loops, for numba."""
        from gradproof.code.loops import numba_source

        return numba_source(self.assignments, self.name)

    def to_numba(self) -> Callable[..., Any]:
        """The function that `numba_source` defines, compiled when it is first called.  Raises ImportError without numba."""
        from gradproof.code.loops import compiled_loops

        return compiled_loops(self.numba_source())

    # -- proof ------------------------------------------------------------------------------------
    def verify(self) -> Verdict:
        """The verdict on this program, which is found once."""
        return self.verdict

    @cached_property
    def verdict(self) -> Verdict:
        """Proved if each line of arrays, read back into index notation, is equal to its formula for every size.

        The forms for double precision were proved equal to the gradient's formula where they were made.  `reason` names the
        first line that could not be read back or decided.
        """
        walk = walked(self.assignments, self.arguments)
        relations = read_assumptions([r for d in self.derivations for r in d.assumptions])
        meaning = Meaning(walk.known, [a.body for a in self.assignments])
        for a in self.assignments:
            if a.kind != "largest":  # any value of these letters gives the same
                verdict = meaning.verdict(a, walk.nodes[a.name], walk.labels[a.name], relations)
                if verdict.status != "proved":
                    reason = f"the line of {a.name}" + (f": {verdict.reason}" if verdict.reason else "")
                    return replace(verdict, reason=reason)
            meaning.name(walk.nodes[a.name], a, walk.labels[a.name])
        count = len(self.assignments)
        says = f"each line of arrays ({count} in all), read back, equals its formula for every size"
        return Verdict(
            "proved", evidence=(Evidence("array code", "agrees", says, "the reader of NumPy, and the normal form"),)
        )

    def _not_refuted(self) -> None:
        """Raise CodeError for a line of arrays that is false, which would be a fault of this package."""
        verdict = self.verdict
        if verdict.status == "refuted":
            raise CodeError(
                f"this code would be false, which is a fault of gradproof: {verdict.reason}; {verdict.witness}"
            )

    # -- writing --------------------------------------------------------------------------------
    def _source(self, library: Library) -> str:
        lines = self.assignments
        written = Written(lines, self.arguments, library)
        text = [
            *imports(library, written.needs, written.imported), *types(self.arguments, library), "", "",
            *(guards(written.needs) if library == "numpy" else []),
            f"def {self.name}({listed(self.arguments)}):",
            *indented([*self._docstring(self.arguments), *fast_check(self.arguments, library), *written.lines, written.result]),
            "", "", *full_check(self.arguments, library),
        ]  # fmt: skip
        return "\n".join(text) + "\n"

    def _with_constants(self, constant: Sequence[Any]) -> str:
        parts = Constant(self.assignments, self.arguments, constant)
        return parts.source(self.name, self._docstring(parts.others))

    def _docstring(self, arguments: Sequence[Argument]) -> list[str]:
        """What the function computes, where that comes from, its arguments and what it returns."""
        first = self.derivations[0]
        gradients = [a for a in self.assignments if a.kind == "gradient"]
        loss = next(a for a in self.assignments if a.kind == "loss")
        plural = "s" * (len(gradients) > 1)
        defined = [
            f"    {d.lhs} = {d.rhs}"
            for d in first.definitions
            if name_of(head(d.lhs)) in {a.name for a in self.assignments}
        ]
        shown = [] if loss.target in {d.lhs for d in first.definitions} else [f"    {loss.target} = {first.loss}"]
        claims = [d.claim for d in self.derivations if d.claim is not None]
        text = [
            f"The loss and its gradient{plural} by {', '.join(str(d.wrt) for d in self.derivations)}, of", "",
            *defined, *shown, "",
            *(f"From {c.id}: {c.source.title}, {c.place}." for c in claims), *[""] * bool(claims),
            *(f"{a.parameter}: {a.meaning}" for a in arguments), "",
            f"Returns {', '.join(safe_name(a.name) for a in (loss, *gradients))}:",
            *(f"    {a.target} = d{loss.name}/d{a.of}, of shape {_shape_text(a)}" for a in gradients),
        ]  # fmt: skip
        text = [line.replace("\\", "\\\\").replace('"', "'") for line in text]
        return [f'"""{text[0]}', *text[1:], '"""']


def _shape_text(a: Assignment) -> str:
    sizes = [str(sp.expand(hi - lo + 1)) for lo, hi in (a.spans[i] for i in a.indices)]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def compiled(source: str, name: str) -> Callable[..., Any]:
    """The function of our own source."""
    space: dict[str, Any] = {"__name__": f"gradproof.{name}"}
    exec(compile(ast.parse(source), f"<{name}>", "exec"), space)  # noqa: S102 - written by this package from a parsed formula
    found: Callable[..., Any] = space[name]
    found.__dict__["source"] = source
    return found
