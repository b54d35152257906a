"""Lines of a program written for one library: from assignments through the graph to Python."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sympy as sp

from gradproof.code.arguments import Argument
from gradproof.code.array_source import Library, Writer
from gradproof.code.array_walk import ArrayWalk
from gradproof.code.assignments import Assignment, name_of
from gradproof.code.careful import careful_functions
from gradproof.code.nodes import Node
from gradproof.code.numpy_source import NumpyWriter
from gradproof.forms.arrays import Axis, Known
from gradproof.forms.python_nodes import safe_name
from gradproof.inverse import arrays_in
from gradproof.lines import head

__all__ = ["Written", "imports", "indented", "walked"]

#: where libraries have the special functions that the standard lacks
_SPECIAL = {
    "jax": "from jax.scipy import special",
    "numpy": "from scipy import special",
    "torch": "from torch import special",
}
_SPECIAL_LINES = [
    "", "", "def special_functions(xp):",
    '    """The module of a library\'s special functions, which the standard does not have."""',
    *(line for name, line in _SPECIAL.items() for line in (f"    if is_{name}_namespace(xp):", f"        {line}", "        return special")),
    '    raise TypeError(f"erf and erfc are taken from NumPy (with SciPy), JAX and PyTorch; {xp.__name__} is not known to have them")',
]  # fmt: skip


class Written:
    """Some assignments as lines of Python.

    arguments: what they use that they do not assign.  returned: the names that are returned, by default those of the loss
    and the gradients.

    lines: the lines.  result: the line that returns.  needs: what is to be imported.
    """

    def __init__(
        self, lines: Sequence[Assignment], arguments: Sequence[Argument], library: Library, returned: Sequence[str] = ()
    ) -> None:
        kept: list[Assignment] = sorted(
            (a for a in lines if a.kind in ("loss", "gradient")), key=lambda a: a.kind != "loss"
        )
        names = list(returned) or [a.name for a in kept]
        nodes = walked(lines, arguments).nodes
        outputs = [nodes[name] for name in names]
        named: dict[Node, str] = {}
        for line in _soon(lines):
            named.setdefault(nodes[line.name], safe_name(line.name))
        taken = {safe_name(a.name) for a in lines} | {a.parameter for a in arguments}
        parts = [e for a in lines for e in (a.body, *(end for span in a.spans.values() for end in span))]
        taken |= {safe_name(str(s)) for e in (*parts, *(n for a in arguments for n in a.shape)) for s in e.free_symbols}
        writer = (NumpyWriter if library == "numpy" else Writer)(named, outputs, taken | {"np", "xp", "dtype", "math"})
        self.result = f"return {', '.join(writer.returned(outputs))}"
        self.needs = writer.needs
        self.imported = writer.imported if isinstance(writer, NumpyWriter) else set[str]()
        note = ["# f(a, a) writes into a, whose old values are not needed any more"] * ("out" in self.needs)
        self.lines = [*self._dtype(arguments, library), *note, *writer.lines]

    def _dtype(self, arguments: Sequence[Argument], library: Library) -> list[str]:
        """The type of new arrays: that of the real ones that are given, or of the numbers."""
        if "dtype" not in self.needs:
            return []
        real = next((a.parameter for a in arguments if a.spans and not a.whole), None)
        if real is not None:
            return [f"dtype = {real}.dtype"]
        if library == "numpy":
            return ["dtype = np.float64"]
        typed = any(not a.spans and not a.is_size for a in arguments)  # the numbers have this type already
        return [] if typed else ["dtype = xp.asarray(0.0).dtype"]


def _soon(lines: Sequence[Assignment]) -> list[Assignment]:
    """The lines with each gradient right after the last line that it reads, so that this is not needed for long."""
    found = [a for a in lines if a.kind != "gradient"]
    for a in lines:
        if a.kind == "gradient":
            read = {name_of(b) for b in (*a.body.free_symbols, *arrays_in(a.body))}
            last = max((n for n, other in enumerate(found) if other.name in read), default=len(found) - 1)
            found.insert(last + 1, a)
    return found


def walked(lines: Sequence[Assignment], arguments: Sequence[Argument]) -> ArrayWalk:
    """The nodes of some lines."""
    known = {a.name: Known(sp.IndexedBase(a.name), tuple(Axis(*s) for s in a.spans)) for a in arguments}
    known |= {a.name: Known(head(a.target), tuple(Axis(*a.spans[i]) for i in a.indices)) for a in lines}
    walk = ArrayWalk(lines, known)
    for a in lines:
        walk.assigned(a)
    return walk


def imports(library: Library, needs: set[str], names: Collection[str] = ()) -> list[str]:
    """The lines that import what a source needs, and the functions of NumPy that it calls by their own names."""
    known = ["array_namespace", "is_array_api_obj"]
    special = sorted(needs & {"erf", "erfc"})
    if library == "array":
        known += [f"is_{name}_namespace" for name in _SPECIAL] if special else []
        found = [f"from array_api_compat import {', '.join(sorted(known))}", *(_SPECIAL_LINES if special else [])]
    else:
        found = ["import numpy as np", *([f"from numpy import {', '.join(sorted(names))}"] if names else [])]
        found += [f"from scipy.special import {', '.join(special)}"] if special else []
    found += careful_functions(needs, library)
    return ["import math", "", *found] if "math" in needs else found


def indented(lines: Sequence[str]) -> list[str]:
    """The lines one level deeper."""
    return [f"    {line}" if line else "" for text in lines for line in text.split("\n")]
