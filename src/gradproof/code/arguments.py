"""What a generated function takes: names, shapes and types, and the lines that check them."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from gradproof.code.array_source import Library, size_expression
from gradproof.code.assignments import Assignment, CodeError, Spans, name_of
from gradproof.forms.arrays import Known
from gradproof.forms.python_nodes import safe_name
from gradproof.forms.side_by_side import known_arrays
from gradproof.inverse import arrays_in, matrix_of
from gradproof.lines import index_range
from gradproof.precision.rewriting import Largest

__all__ = ["Argument", "arguments_of", "checks"]


@dataclass(frozen=True)
class Argument:
    """One argument: an array with the range of each axis, a number (no axes), or a size.

    whole: its entries are whole numbers: labels, which stand as an index or beside one.  values: their range.
    """

    name: str
    spans: tuple[tuple[sp.Expr, sp.Expr], ...] = ()
    whole: bool = False
    is_size: bool = False
    values: tuple[sp.Expr, sp.Expr] | None = None

    @property
    def shape(self) -> tuple[sp.Expr, ...]:
        return tuple(sp.expand(hi - lo + 1) for lo, hi in self.spans)

    @property
    def shape_text(self) -> str:
        sizes = [str(s) for s in self.shape]
        return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"

    @property
    def size_names(self) -> set[str]:
        return {safe_name(s.name) for size in self.shape for s in size.free_symbols}

    @property
    def parameter(self) -> str:
        return safe_name(self.name)

    @property
    def meaning(self) -> str:
        if self.is_size:
            return "a size, a whole number"
        if not self.spans:
            return "a number"
        if self.whole:
            within = "" if self.values is None else f" from {self.values[0]} to {self.values[1]}"
            return f"whole numbers{within}, of shape {self.shape_text}"
        return f"real numbers, of shape {self.shape_text}"


def arguments_of(lines: Sequence[Assignment]) -> tuple[Argument, ...]:
    """The arguments in their order: by name, sizes that no array has last.

    Raises CodeError, naming the array, where the range of an index is not known.
    """
    defined = {a.name for a in lines}
    bodies = sp.Tuple(*(a.body for a in lines))
    every = known_arrays([bodies], {i: s for a in lines for i, s in a.spans.items()})
    labels = _labels(bodies, {i: s for a in lines for i, s in a.spans.items()}, every)
    found = []
    for name in sorted({name_of(matrix_of(b)) for b in arrays_in(bodies)} - defined):
        if name not in every:
            raise CodeError(f"the ranges of the indices of {name} are not known; give them by Idx('i', (1, n))")
        axes = tuple((axis.lo, axis.hi) for axis in every[name].axes)
        found.append(Argument(name, axes, whole=name in labels, values=labels.get(name)))
    numbers = {s.name for s in bodies.free_symbols if type(s) is sp.Symbol and not s.is_integer}
    found += [Argument(n) for n in numbers - defined - {a.name for a in found}]  # an array's name is a symbol, too
    found.sort(key=lambda a: a.name)
    return (*found, *_sizes_left(lines, found))


def _labels(body: sp.Basic, spans: Spans, every: Mapping[str, Known]) -> dict[str, Any]:
    """The arrays whose entries stand as an index, or beside one, with the range of that index."""
    found: dict[str, Any] = {}

    def visit(e: sp.Basic, spans: Spans) -> None:
        if isinstance(e, (sp.Sum, Largest)):
            index, lo, hi = e.limits[0] if isinstance(e, sp.Sum) else e.args[1:]
            spans = {**spans, index: (lo, hi)}
        if isinstance(e, sp.Indexed):
            for n, i in enumerate(e.indices):
                known = every.get(name_of(e.base))
                for label in i.atoms(sp.Indexed):
                    found[name_of(label.base)] = (known.axes[n].lo, known.axes[n].hi) if known and i == label else None
        elif isinstance(e, (sp.KroneckerDelta, sp.core.relational.Relational)):
            for one, other in (e.args[:2], e.args[1::-1]):
                if isinstance(one, sp.Indexed) and (other in spans or index_range(other) is not None):
                    found.setdefault(name_of(one.base), spans.get(other) or index_range(other))
        for a in e.args:
            visit(a, spans)

    visit(body, spans)
    return found


def _sizes_left(lines: Sequence[Assignment], arrays: Sequence[Argument]) -> list[Argument]:
    """Sizes that are used, and that no array has."""
    used = {
        s
        for a in lines
        for s in a.body.free_symbols
        if isinstance(s, sp.Symbol) and s.is_integer and type(s) is sp.Symbol
    }
    used |= {s for a in lines for ends in a.spans.values() for e in ends for s in e.free_symbols}
    from_shapes = {s for a in arrays for size in a.shape for s in size.free_symbols if _solved(size, s) is not None}
    return [Argument(s.name, is_size=True) for s in sorted(used - from_shapes, key=str)]


def _solved(size: sp.Expr, s: sp.Symbol) -> sp.Expr | None:
    """How much smaller a symbol is than a size, if that is a number."""
    gap = sp.expand(size - s)
    return gap if gap.is_Integer else None


# -- lines that check ---------------------------------------------------------------------------
def checks(arguments: Sequence[Argument], library: Library, dtype: bool) -> list[str]:
    """Lines that take the sizes from the shapes, and refuse what does not fit by its name."""
    arrays = [a for a in arguments if a.spans]
    numbers = [a for a in arguments if not a.spans and not a.is_size]
    lines = (
        _shapes(arrays, library)
        if arrays
        else [f"xp = array_namespace({', '.join(a.name for a in numbers)})"][library == "numpy" :]
    )
    lines += _dtypes([a.parameter for a in arrays if not a.whole], library)
    lines += [line for a in arrays if a.whole for line in _labels_fit(a, library)]
    lines += [line for a in numbers for line in _number(a, library)]
    if dtype:
        real = next((a.parameter for a in arrays if not a.whole), None)
        lines.append(f"dtype = {_NAMESPACE[library]}.float64" if real is None else f"dtype = {real}.dtype")
    return lines


def _shapes(arrays: Sequence[Argument], library: Library) -> list[str]:
    """Lines that take the sizes from the shapes, and compare the others with them."""
    names = [a.parameter for a in arrays]
    lines = [f"xp = array_namespace({', '.join(names)})"] if library == "array" else []
    known: set[sp.Symbol] = set()
    for a in _definers(arrays):
        lines += _taken(a, known)
    lines += [line for a in arrays if a not in _definers(arrays) for line in _compared(a)]
    kind = "NumPy arrays" if library == "numpy" else "arrays of one library"
    lines = ["try:", *(f"    {line}" for line in lines), "except (AttributeError, TypeError):"]
    lines.append(f'    raise TypeError(f"{_listed(names)} must be {kind}, not {_types(names)}") from None')
    return lines


_NAMESPACE = {"numpy": "np", "array": "xp"}


def _definers(arrays: Sequence[Argument]) -> list[Argument]:
    """The arrays that the sizes are taken from, those with most sizes first."""
    found: list[Argument] = []
    known: set[sp.Symbol] = set()
    while any(_sizes_of(a) - known for a in arrays):
        found.append(max(arrays, key=lambda a: len(_sizes_of(a) - known)))
        known |= _sizes_of(found[-1])
    return found


def _sizes_of(a: Argument) -> set[sp.Symbol]:
    """The size symbols that a shape tells."""
    return {s for n in a.shape for s in n.free_symbols if _solved(n, s) is not None}


def _taken(a: Argument, known: set[sp.Symbol]) -> list[str]:
    """Lines that take sizes from a shape: P, I = x.shape."""
    plain = all(isinstance(n, sp.Symbol) and n not in known for n in a.shape) and len(set(a.shape)) == len(a.shape)
    shown, name = a.shape_text, a.parameter
    lines = [
        f"if {name}.ndim != {len(a.spans)}:",
        f'    raise ValueError(f"{name} has the shape {{{name}.shape}}, not {shown}")',
    ]
    if plain:
        known |= set(a.shape)
        return [
            *lines,
            f"{', '.join(safe_name(n.name) for n in a.shape)}{',' if len(a.shape) == 1 else ''} = {name}.shape",
        ]
    for axis, n in enumerate(a.shape):
        for s in sorted(n.free_symbols - known, key=str):
            gap = _solved(n, s)
            if gap is not None:
                more = f" - {gap}" if gap > 0 else f" + {-gap}" if gap < 0 else ""
                lines.append(f"{safe_name(s.name)} = {name}.shape[{axis}]{more}")
                known.add(s)
    return [*lines, *_compared(a)]


def _compared(a: Argument) -> list[str]:
    name, expected = a.parameter, ast.unparse(ast.Tuple([size_expression(n) for n in a.shape], ast.Load()))
    equal = "" if expected == a.shape_text and not _sizes_of(a) else f" = {{{expected}}}"
    text = f'    raise ValueError(f"{name} has the shape {{{name}.shape}}, not {a.shape_text}{equal}")'
    return [f"if {name}.shape != {expected}:", text]


def _dtypes(names: Sequence[str], library: Library) -> list[str]:
    """Real arrays have one type, float64 or float32."""
    if not names:
        return []
    given = ", ".join(f"{n}: {{{n}.dtype}}" for n in names)
    if library == "numpy":
        chars = " + ".join(f"{n}.dtype.char" for n in names)
        test = f"{chars} not in {('d' * len(names), 'f' * len(names))}"
    else:
        one = " == ".join(f"{n}.dtype" for n in names)
        test = f"not xp.isdtype({names[0]}.dtype, 'real floating')" + (f" or not {one}" if len(names) > 1 else "")
    return [
        f"if {test}:",
        f'    raise TypeError(f"accepted are float64 and float32, the same for all real arrays, not {given}")',
    ]


def _labels_fit(a: Argument, library: Library) -> list[str]:
    """Labels are whole numbers in their range."""
    name = a.parameter
    whole = f"{name}.dtype.kind not in 'iu'" if library == "numpy" else f"not xp.isdtype({name}.dtype, 'integral')"
    lines = [f"if {whole}:", f'    raise TypeError(f"{name} must hold whole numbers, not {{{name}.dtype}}")']
    if a.values is not None and library == "numpy":  # a traced array has no values to look at
        lo, hi = (ast.unparse(size_expression(e)) for e in a.values)
        lines += [f"if {name}.size and not ({lo} <= {name}.min() and {name}.max() <= {hi}):"]
        lines += [
            f'    raise ValueError(f"{name} has values from {{{name}.min()}} to {{{name}.max()}}, outside {lo}..{hi} = {lo}..{{{hi}}}")'
        ]
    return lines


def _number(a: Argument, library: Library) -> list[str]:
    name = a.parameter
    numpy = library == "numpy"
    test = f"not isinstance({name}, float) and np.ndim({name})" if numpy else f"getattr({name}, 'ndim', 0)"
    return [f"if {test}:", f'    raise ValueError(f"{name} is a number, not an array of shape {{{name}.shape}}")']


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _types(names: Sequence[str]) -> str:
    return ", ".join(f"{{type({n}).__name__}}" for n in names)
