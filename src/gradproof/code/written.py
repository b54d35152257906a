"""Lines of a program written for one library: from assignments through the graph to Python."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from gradproof.code.arguments import Argument
from gradproof.code.array_source import Library, Writer
from gradproof.code.array_walk import ArrayWalk
from gradproof.code.assignments import Assignment
from gradproof.code.nodes import Node
from gradproof.code.numpy_source import NumpyWriter
from gradproof.forms.arrays import Axis, Known
from gradproof.forms.python_nodes import safe_name
from gradproof.lines import head

__all__ = ["Written", "imports", "indented"]


class Written:
    """Some assignments as lines of Python.

    arguments: what they use that they do not assign.  returned: the names that are returned, by default those of the loss
    and the gradients.

    lines: the lines.  result: the line that returns.  needs: what is to be imported.
    """

    def __init__(
        self, lines: Sequence[Assignment], arguments: Sequence[Argument], library: Library, returned: Sequence[str] = ()
    ) -> None:
        kept = sorted((a for a in lines if a.kind in ("loss", "gradient")), key=lambda a: a.kind != "loss")
        names = list(returned) or [a.name for a in kept]
        nodes = self._nodes(lines, arguments)
        outputs = [nodes[name] for name in names]
        named: dict[Node, str] = {}
        for a in lines:
            named.setdefault(nodes[a.name], safe_name(a.name))
        taken = {safe_name(a.name) for a in (*lines, *arguments)} | {s for a in arguments for s in a.size_names}
        writer = (NumpyWriter if library == "numpy" else Writer)(named, outputs, taken | {"np", "xp", "dtype", "math"})
        self.result = f"return {', '.join(map(writer.returned, outputs))}"
        self.needs = writer.needs
        self.lines = [*self._dtype(arguments, library), *writer.lines]

    @staticmethod
    def _nodes(lines: Sequence[Assignment], arguments: Sequence[Argument]) -> dict[str, Node]:
        known = {a.name: Known(sp.IndexedBase(a.name), tuple(Axis(*s) for s in a.spans)) for a in arguments}
        known |= {a.name: Known(head(a.target), tuple(Axis(*a.spans[i]) for i in a.indices)) for a in lines}
        walk = ArrayWalk(lines, known)
        return {a.name: walk.assigned(a) for a in lines}

    def _dtype(self, arguments: Sequence[Argument], library: Library) -> list[str]:
        """The type of new arrays: that of the real ones that are given."""
        if "dtype" not in self.needs:
            return []
        real = next((a.parameter for a in arguments if a.spans and not a.whole), None)
        return [
            f"dtype = {real}.dtype" if real is not None else f"dtype = {'np' if library == 'numpy' else 'xp'}.float64"
        ]


def imports(library: Library, needs: set[str]) -> list[str]:
    """The lines that import what a source needs."""
    found = ["import numpy as np"] if library == "numpy" else ["from array_api_compat import array_namespace"]
    found = ["import math", "", *found] if "math" in needs else found
    special = sorted(needs & {"erf", "erfc"})
    return found + ([f"from scipy.special import {', '.join(special)}"] if special else [])


def indented(lines: Sequence[str]) -> list[str]:
    """The lines one level deeper."""
    return [f"    {line}" if line else "" for text in lines for line in text.split("\n")]
