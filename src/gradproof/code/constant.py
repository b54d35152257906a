"""Source of a function of data that returns a function of parameters: see sums.py for what is taken out of it.

The data are gone through once, in blocks that stay in the cache.  Where the mean of the first thousand is far from
zero, it is taken off; within twice the spread it would save no more than a digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from gradproof.code.arguments import Argument, fast_check, full_check, listed, size_lines, types
from gradproof.code.assignments import Assignment, CodeError
from gradproof.code.careful import guards
from gradproof.code.sums import separated
from gradproof.code.written import Written, imports, indented
from gradproof.lines import array_name

__all__ = ["Constant"]

BLOCK = 32_768


#: names that the source gives
_OWN = frozenset({"BLOCK", "centre", "data_sums", "of_parameters", "part", "start", "totals", "without", "check_data"})


class Constant:
    """A program of which some arguments are constant data.

    data, others: the arguments of the outer function, and of the one that it returns.
    """

    def __init__(self, lines: Sequence[Assignment], arguments: Sequence[Argument], constant: Sequence[Any]) -> None:
        self.parts = separated(lines, constant, {a.name: a.spans for a in arguments})
        self.data = [a for a in arguments if a.name in self.parts.data]
        self.others = [a for a in arguments if a.name not in self.parts.data]
        for a in arguments:
            if a.name in _OWN:
                raise CodeError(
                    f"the source of sums over constant data uses the name {a.name} itself; give the argument another"
                )
        self.sums = self.parts.sums
        self.centres, self.centred = [], []
        for centre, (name, axis) in self.parts.centres.items():
            spans = next(a.spans for a in self.data if a.name == name)
            self.centres.append(Argument(centre, tuple(s for n, s in enumerate(spans) if n != axis)))
            self.centred.append(Argument(self.parts.left[name], spans))
        self.bare = [(a, axis) for a in self.data for axis in _axes_of(a.name, self.sums)]

    def source(self, name: str, docstring: Sequence[str]) -> str:
        """The source; `docstring` is that of the inner function."""
        known = [*self.centres, *(Argument(a.name, tuple(a.spans[i] for i in a.indices)) for a in self.sums)]
        given = [*self.centred, *(a for a, _ in self.bare)]
        sums = Written(self.sums, given, "numpy", [a.name for a in self.sums])
        rest = Written(self.parts.rest, [*known, *self.others], "numpy")
        sizes = {s for a in self.data for n in a.shape for s in n.free_symbols}
        inner = [
            *guards(rest.needs),
            f"def of_parameters({listed(self.others)}):",
            *indented([*docstring, *fast_check(self.others, "numpy", sizes), *rest.lines, rest.result]), "",
            *full_check(self.others, "numpy", sizes), "",
            "return of_parameters",
        ]  # fmt: skip
        what = f"The sums over {listed(self.data)}, and with them the loss and its gradients as a function of {listed(self.others)}."
        text = [
            *imports("numpy", sums.needs | rest.needs, sums.imported | rest.imported), *types([*self.data, *self.others], "numpy"),
            f"BLOCK = {BLOCK}  # so many are taken at once: they stay in the cache", "", "",
            f"def {name}({listed(self.data)}):",
            *indented([f'"""{what}"""', *fast_check(self.data, "numpy", check="check_data"), *self._pass(), "", *inner]), "", "",
            *guards(sums.needs),
            f"def data_sums({listed(given)}):",
            *indented(['"""The sums over a part of the data."""', *size_lines(given), *sums.lines, sums.result]), "", "",
            *_HELPERS, "", "",
            *full_check(self.data, "numpy", check="check_data"),
        ]  # fmt: skip
        return "\n".join(text) + "\n"

    def _pass(self) -> list[str]:
        """The lines that go through the data."""
        lo, hi = self.parts.span
        starts, parts = [], []
        for c, left in zip(self.centres, self.centred, strict=True):
            name, axis = self.parts.centres[c.name]
            starts.append(f"{c.name} = centre({name}[{_at(axis, ':1024')}], {axis})")
            shape = f"[{_at(axis, 'None')}]" if c.spans else ""
            parts.append(f"{left.name} = without({name}[{_at(axis, 'part')}], {c.name}{shape})")
        names = [a.name for a in self.sums]
        given = [*(a.name for a in self.centred), *(f"{a.parameter}[{_at(axis, 'part')}]" for a, axis in self.bare)]
        return [
            *starts, f"totals = [0.0] * {len(names)}",
            f"for start in range(0, {sp.expand(hi - lo + 1)}, BLOCK):",
            *indented(["part = slice(start, start + BLOCK)", *parts,
                       f"totals = [a + b for a, b in zip(totals, data_sums({', '.join(given)}), strict=True)]"]),
            f"{', '.join(names)}{',' * (len(names) == 1)} = totals",
            *(f"{a.name} = float({a.name})" for a in self.sums if not a.indices),
        ]  # fmt: skip


def _axes_of(name: str, sums: Sequence[Assignment]) -> list[int]:
    """The axis of the data index of an array that stands in sums as it is, under a function; none if it does not."""
    entries = [(e, a.body.limits[0][0]) for a in sums for e in a.body.atoms(sp.Indexed) if array_name(e) == name]
    return list(dict.fromkeys(list(e.indices).index(index) for e, index in entries))


_HELPERS = (
    "def centre(part, axis):",
    '    """The mean of a part of the data, or zero where it is near."""',
    "    mean = part.mean(axis=axis)",
    "    far = np.where(np.abs(mean) > 2 * part.std(axis=axis), mean, 0)",
    "    return far.astype(part.dtype) if far.ndim else float(far)",
    "",
    "",
    "def without(part, centre):",
    '    """A part of the data less its centre."""',
    "    return part - centre if np.any(centre) else part",
)


def _at(axis: int, part: str) -> str:
    return ", ".join([":"] * axis + [part])
