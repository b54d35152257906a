"""What a generated function takes: names, shapes and types, and the lines that check them."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from gradproof.code.array_source import Library, size_expression
from gradproof.code.assignments import Assignment, CodeError, Spans, name_of
from gradproof.forms.arrays import Known
from gradproof.forms.python_nodes import safe_name
from gradproof.forms.side_by_side import known_arrays
from gradproof.inverse import arrays_in, matrix_of
from gradproof.lines import index_range, rebuilt
from gradproof.precision.rewriting import Largest

__all__ = ["Argument", "arguments_of", "fast_check", "full_check", "listed", "size_lines", "types"]


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
    every = _ranges(lines)
    labels = _labels(bodies, {i: s for a in lines for i, s in a.spans.items()}, every)
    found, arrays = list[Argument](), arrays_in(bodies)
    for name in sorted({name_of(matrix_of(b)) for b in arrays} - defined):
        if name not in every:
            raise CodeError(f"the ranges of the indices of {name} are not known; give them by Idx('i', (1, n))")
        axes = tuple((axis.lo, axis.hi) for axis in every[name].axes)
        found.append(Argument(name, axes, whole=name in labels, values=labels.get(name)))
    numbers = {s.name for s in bodies.free_symbols if type(s) is sp.Symbol and not s.is_integer}
    found += [Argument(n) for n in numbers - defined - set(map(name_of, arrays))]  # an array's name is a symbol, too
    found.sort(key=lambda a: a.name)
    return (*found, *_sizes_left(lines, found))


def _ranges(lines: Sequence[Assignment]) -> dict[str, Known]:
    """The range of each axis: as the loss and what is defined run over it, not what an adjoint leaves out at its ends."""
    spans = {i: s for a in lines for i, s in a.spans.items()}
    forward = [a.body for a in lines if a.kind in ("definition", "loss")]
    forward += [a.of for a in lines if a.kind == "gradient" and a.of is not None]
    known = known_arrays([sp.Tuple(*(a.body for a in lines))], spans)
    known |= known_arrays([sp.Tuple(*forward)], spans)
    return known | known_arrays([sp.Tuple(*map(_without_ends, forward))], spans)


def _without_ends(e: Any) -> Any:
    """`e` without the branches that conditions on indices alone choose, as at the ends of a range."""
    if isinstance(e, sp.Piecewise) and all(_is_of_indices(c) for _, c in e.args):
        return _without_ends(e.args[-1][0])
    if not e.args or isinstance(e, sp.Indexed):
        return e
    return sp.Basic.__new__(sp.Tuple, *map(_without_ends, e.args)) if not isinstance(e, sp.Sum) else rebuilt(e, [
        _without_ends(e.args[0]), *e.args[1:]])  # fmt: skip


def _is_of_indices(c: sp.Basic) -> bool:
    """Whether a condition is made of indices and sizes alone."""
    return not c.atoms(sp.Indexed) and all(s.is_integer for s in c.free_symbols)


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
    given = {a.name for a in arrays}  # the name of an array of whole numbers is a whole symbol, too
    return [Argument(s.name, is_size=True) for s in sorted(used - from_shapes, key=str) if s.name not in given]


def _solved(size: sp.Expr, s: sp.Symbol) -> sp.Expr | None:
    """How much smaller a symbol is than a size, if that is a number."""
    gap = sp.expand(size - s)
    return gap if gap.is_Integer else None


# -- lines that check ---------------------------------------------------------------------------
CHECK = "check_arguments"


def size_lines(arguments: Sequence[Argument], known: Collection[sp.Basic] = ()) -> list[str]:
    """Lines that take the sizes that are not known from the shapes."""
    lines: list[str] = []
    have = set(known)
    for a in _definers(_kinds(arguments)[0], known):
        if _is_plain(a, have):
            lines.append(f"{_tuple(a)} = {a.parameter}.shape")
            have |= set(a.shape)
        else:
            lines += _single(a, have)
    return lines


def fast_check(
    arguments: Sequence[Argument], library: Library, known: Collection[sp.Basic] = (), check: str = CHECK
) -> list[str]:
    """Lines that take the sizes from the shapes and see whether all arguments fit; what does not is told by `full_check`.

    known: sizes that have values already.
    """
    arrays, numbers = _kinds(arguments)
    have, tests = set(known), list[str]()
    definers = _definers(arrays, known)
    for a in definers:
        if not _is_plain(a, have):
            tests.append(f"{a.parameter}.shape == {_tuple(a)}")
        have |= _sizes_of(a)
    tests += [f"{a.parameter}.shape == {_tuple(a)}" for a in arrays if a not in definers]
    tests += _types([a.parameter for a in arrays if not a.whole], library)
    tests += [test for a in arrays if a.whole for test in _label_tests(a, library)]
    tests += [_number_test(a.parameter, library) for a in numbers]
    tests += [f"isinstance({a.parameter}, int)" for a in arguments if a.is_size]
    failed = f"{check}({listed(arguments)})"
    tested = [f"if not ({' and '.join(tests)}):", f"    {failed}"] if tests else []
    after = _numbers_of_type(arguments, library)
    if not arrays and library == "numpy":
        return [*tested, *after]
    space = [f"xp = array_namespace({listed(arrays or numbers)})"] if library == "array" else []
    errors = "(AttributeError, TypeError, ValueError, IndexError)"
    inside = [f"    {line}" for line in (*space, *size_lines(arguments, known), *tested)]
    return ["try:", *inside, f"except {errors}:", f"    {failed}", "    raise", *after]


def _numbers_of_type(arguments: Sequence[Argument], library: Library) -> list[str]:
    """Lines that give numbers the type of the real arrays, so that float32 stays float32."""
    arrays, numbers = _kinds(arguments)
    if library == "numpy":  # Python's numbers take any type
        return [f"{a.parameter} = float({a.parameter})" for a in numbers]
    real = next((a.parameter for a in arrays if not a.whole), None)
    typed = f"[v for v in ({listed(numbers)},) if hasattr(v, 'dtype')] or [xp.asarray(0.0)]"
    lines = [f"dtype = xp.result_type(*({typed}))"] if numbers and real is None else []
    dtype = "dtype" if real is None else f"{real}.dtype"
    return [*lines, *(f"{a.parameter} = xp.asarray({a.parameter}, dtype={dtype})" for a in numbers)]


def full_check(
    arguments: Sequence[Argument], library: Library, known: Collection[sp.Basic] = (), check: str = CHECK
) -> list[str]:
    """A function that raises an error for the first argument that does not fit, naming it, and does nothing if all do."""
    arrays, numbers = _kinds(arguments)
    lines = [line for a in arrays for line in _array_lines(a, library)]
    if library == "array" and len(arrays) > 1:
        lines += _same_library([a.parameter for a in arrays])
    have, definers = set(known), _definers(arrays, known)
    for a in (*definers, *(a for a in arrays if a not in definers)):
        lines += _shape_lines(a, have)
    lines += _type_lines([a.parameter for a in arrays if not a.whole])
    lines += [line for a in arrays if a.whole for line in _label_lines(a, library)]
    lines += [line for a in numbers for line in _number_lines(a.parameter)]
    lines += [line for a in arguments if a.is_size for line in _size_argument_lines(a.parameter)]
    if library == "array" and not arrays:
        lines += _some_library([a.parameter for a in numbers])
    head = [f"def {check}({listed(arguments)}):", '    """Say which argument does not fit, if one does not."""']
    return [*head, *(f"    {line}" for line in lines)]


def types(arguments: Sequence[Argument], library: Library) -> list[str]:
    """The lines of the types that real arrays and numbers may have."""
    if library == "array":
        return []
    arrays, numbers = _kinds(arguments)
    lines = ["FLOATS = np.dtype(np.float64), np.dtype(np.float32)"] if any(not a.whole for a in arrays) else []
    lines += ["NUMBERS = float, np.floating"] if numbers else []
    return ["", *lines] if lines else []


def listed(arguments: Sequence[Argument]) -> str:
    """The names of arguments as Python lists them."""
    return ", ".join(a.parameter for a in arguments)


def _array_lines(a: Argument, library: Library) -> list[str]:
    name, kind = a.parameter, "a NumPy array" if library == "numpy" else "an array"
    test = f"not isinstance({name}, np.ndarray)" if library == "numpy" else f"not is_array_api_obj({name})"
    return [f"if {test}:", f'    raise TypeError(f"{name} is not {kind}, but {{type({name}).__name__}}")']


def _type_lines(real: Sequence[str]) -> list[str]:
    if not real:
        return []
    given = ", ".join(f"{n}: {{{n}.dtype}}" for n in real)
    equal = [f"{a}.dtype != {b}.dtype" for a, b in itertools.pairwise(real)]
    test = " or ".join([f"str({real[0]}.dtype).rpartition('.')[2] not in ('float64', 'float32')", *equal])
    return [
        f"if {test}:",
        f'    raise TypeError(f"accepted is float64, or float32, for all real arrays alike, not {given}")',
    ]


def _kinds(arguments: Sequence[Argument]) -> tuple[list[Argument], list[Argument]]:
    """The arrays and the numbers."""
    return [a for a in arguments if a.spans], [a for a in arguments if not a.spans and not a.is_size]


def _definers(arrays: Sequence[Argument], known: Collection[sp.Basic] = ()) -> list[Argument]:
    """The arrays that the sizes are taken from, those with most new sizes first."""
    found: list[Argument] = []
    have = set(known)
    while any(_sizes_of(a) - have for a in arrays):
        found.append(max(arrays, key=lambda a: len(_sizes_of(a) - have)))
        have |= _sizes_of(found[-1])
    return found


def _is_plain(a: Argument, known: Collection[sp.Basic]) -> bool:
    """Whether a shape is made of sizes that are all new and distinct."""
    new = {n for n in a.shape if isinstance(n, sp.Symbol) and n not in known}
    return len(new) == len(a.shape)


def _sizes_of(a: Argument) -> set[sp.Symbol]:
    """The size symbols that a shape tells."""
    return {s for n in a.shape for s in n.free_symbols if _solved(n, s) is not None}


def _tuple(a: Argument) -> str:
    """The shape as Python writes it."""
    return ast.unparse(ast.Tuple([size_expression(n) for n in a.shape], ast.Load()))


def _single(a: Argument, known: set[sp.Symbol]) -> list[str]:
    """Lines that take single sizes from a shape: N = x.shape[0] - 1."""
    lines = []
    for axis, n in enumerate(a.shape):
        for s in sorted(n.free_symbols - known, key=str):
            gap = _solved(n, s)
            if gap is not None:
                more = f" - {gap}" if gap > 0 else f" + {-gap}" if gap < 0 else ""
                lines.append(f"{safe_name(s.name)} = {a.parameter}.shape[{axis}]{more}")
                known.add(s)
    return lines


def _shape_lines(a: Argument, known: set[sp.Symbol]) -> list[str]:
    """Lines that refuse a shape that does not fit those before it."""
    name, before = a.parameter, {s for n in a.shape for s in n.free_symbols} & known
    wrong = f'    raise ValueError(f"{name} has the shape {{{name}.shape}}, not {a.shape_text}'
    lines = [f"if {name}.ndim != {len(a.spans)}:", f'{wrong}")', *_single(a, known)]
    if before or not _sizes_of(a) or len(_sizes_of(a)) < len(a.shape):
        lines += [f"if {name}.shape != {_tuple(a)}:", f'{wrong} = {{{_tuple(a)}}}")']
    return lines


def _types(names: Sequence[str], library: Library) -> list[str]:
    """Whether all real arrays have one type, float64 or float32."""
    if not names:
        return []
    if library == "array":
        return [" == ".join(f"{n}.dtype" for n in names)] * (len(names) > 1) + [
            f"xp.isdtype({names[0]}.dtype, 'real floating')"
        ]
    return [" is ".join(f"{n}.dtype" for n in names) + " in FLOATS"]  # a chain: x.dtype is y.dtype in FLOATS


def _label_tests(a: Argument, library: Library) -> list[str]:
    """Whether labels are whole numbers in their range; a traced array has no values to look at."""
    name = a.parameter
    if library == "array":
        return [f"xp.isdtype({name}.dtype, 'integral')"]
    tests = [f"{name}.dtype.kind in 'iu'"]
    if a.values is not None:
        lo, hi = (ast.unparse(size_expression(e)) for e in a.values)
        tests.append(f"(not {name}.size or {lo} <= {name}.min() and {name}.max() <= {hi})")
    return tests


def _label_lines(a: Argument, library: Library) -> list[str]:
    name = a.parameter
    whole = f"{name}.dtype.kind not in 'iu'" if library == "numpy" else f"'int' not in str({name}.dtype)"
    lines = [f"if {whole}:", f'    raise TypeError(f"{name} must hold whole numbers, not {{{name}.dtype}}")']
    if a.values is not None and library == "numpy":
        lo, hi = (ast.unparse(size_expression(e)) for e in a.values)
        range_text = f"{lo}..{hi}" + (f" = {lo}..{{{hi}}}" if a.values[1].free_symbols else "")
        found = f"{name} has values from {{{name}.min()}} to {{{name}.max()}}, outside {range_text}"
        lines += [
            f"if {name}.size and not ({lo} <= {name}.min() and {name}.max() <= {hi}):",
            f'    raise ValueError(f"{found}")',
        ]
    return lines


def _number_test(name: str, library: Library) -> str:
    if library == "numpy":
        return f"isinstance({name}, NUMBERS)"
    return f"(isinstance({name}, (float, int)) or {name}.ndim == 0 and xp.isdtype({name}.dtype, 'real floating'))"


def _number_lines(name: str) -> list[str]:
    """Lines that refuse what is no number."""
    kind = f"str(getattr({name}, 'dtype', type({name}).__name__)).rpartition('.')[2].rstrip('0123456789')"
    return [
        f"if getattr({name}, 'ndim', 0):",
        f'    raise ValueError(f"{name} is a number, not an array of shape {{{name}.shape}}")',
        f"if {kind} not in ('float', 'int'):",
        f'    raise TypeError(f"{name} is a number, not {{type({name}).__name__}}")',
    ]


def _size_argument_lines(name: str) -> list[str]:
    return [
        f"if not hasattr({name}, '__index__'):",
        f'    raise TypeError(f"{name} is a whole number, not {{type({name}).__name__}}")',
    ]


def _same_library(arrays: Sequence[str]) -> list[str]:
    """Lines that refuse arrays of several libraries."""
    given = ", ".join(f"{n}: {{array_namespace({n}).__name__}}" for n in arrays)
    return [
        f"if len({{array_namespace(a) for a in ({', '.join(arrays)})}}) > 1:",
        f'    raise TypeError(f"accepted are arrays of one library, not {given}")',
    ]


def _some_library(numbers: Sequence[str]) -> list[str]:
    """Lines that refuse numbers of which none says which library is meant."""
    test = " or ".join(f"is_array_api_obj({n})" for n in numbers)
    text = f"give one of {', '.join(numbers)} as an array without axes: it says which library is meant"
    return [f"if not ({test}):", f'    raise TypeError("{text}")']
