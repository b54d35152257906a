"""A loss and its gradients as loops that numba compiles: index notation is a nest of loops.

For small sizes the calls of array code cost more than what it computes, and for large data its passes over memory do;
here all is computed in as few passes as the formulas allow.  Lines become statements without nested sums (flat.py),
which share loops (fusion.py) and are written as Python (loop_writer.py, scalar_code.py).

Sums may be added up in any order (the flags `reassoc`, `contract` and `nsz` of LLVM), which is what lets a processor
add several terms at a time; not-a-number and infinite values keep their meaning.  A pass that only adds up does so in
blocks, so that the rounding of 10⁷ terms stays near that of a few thousand.

A call is quick where numba counts no references (`_nrt=False`), so that the loops make no arrays: what is returned, and
what they note down between two passes, is made before.
"""

from __future__ import annotations

import ast
import numbers
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np
import sympy as sp

from gradproof.code.arguments import CHECK, Argument, arguments_of, full_check, size_lines
from gradproof.code.array_source import size_expression
from gradproof.code.assignments import Assignment, name_of
from gradproof.code.careful import BELL, SIGMOID, careful_functions
from gradproof.code.flat import flattened
from gradproof.code.fusion import nested
from gradproof.code.loop_writer import SCRATCH, LoopWriter
from gradproof.forms.python_nodes import safe_name
from gradproof.lines import head, publish, replaced

__all__ = ["compiled_loops", "numba_source"]

_ERRORS = "(AttributeError, TypeError, ValueError, numba.errors.TypingError)"
_COMPILED = '@numba.njit(error_model="numpy", fastmath={"reassoc", "contract", "nsz"}%s)'
_SMALL = [
    "",
    "# few numbers that the loops note down have one place for all calls, since they hold the interpreter's lock, if it has one",
    'SMALL = 0 if sysconfig.get_config_var("Py_GIL_DISABLED") else 256',
    "SHARED = empty(SMALL)",
]


def numba_source(lines: Sequence[Assignment], name: str = "loss_and_gradients") -> str:
    """Source for a function that returns the loss and each gradient, and for its loops, which numba compiles.

    Raises CodeError, naming the part, for what has no code.
    """
    arguments = arguments_of(lines)
    outputs = sorted((a for a in lines if a.kind in ("loss", "gradient")), key=lambda a: a.kind != "loss")
    taken = {"empty", SCRATCH, *(a.name for a in arguments)} | {s for a in arguments for s in a.size_names}
    nest = nested(flattened(lines, taken), [a.name for a in outputs])
    arrays, scalars = (
        [safe_name(a.name) for a in outputs if bool(a.indices) == is_array] for is_array in (True, False)
    )
    given = ", ".join(a.parameter for a in arguments)
    writer = LoopWriter(nest, arguments, [a.name for a in lines], arrays)
    inner = [*_sizes(arguments), *writer.lines()]
    room = [_sized(writer.room, arguments)] if writer.room != 0 else []
    call = f"_loops({', '.join([a.parameter for a in arguments] + arrays + [SCRATCH] * len(room))})"
    outer = [
        *_docstring(lines, arguments),
        "try:",
        *(f"    {safe_name(a.name)} = empty({_shape(a, arguments)})" for a in outputs if a.indices),
        *(f"    {SCRATCH} = SHARED if {size} <= SMALL else empty({size})" for size in room),
        f"    {', '.join(scalars)} = {call}" if scalars else f"    {call}",
        f"except {_ERRORS}:",
        f"    {CHECK}({', '.join(a.parameter for a in arguments if not a.is_size)})",
        "    raise",
        f"return {', '.join(safe_name(a.name) for a in outputs)}",
    ]
    if scalars:
        inner.append(f"return {', '.join(scalars)}")
    used = [helper for helper in (SIGMOID, BELL) if any(f"{helper}(" in line for line in inner)]
    options = "" if any("np.linalg." in line for line in inner) else ", _nrt=False"
    if any(a.whole and a.values is None for a in arguments):  # an index that is made of labels may lie outside
        options += ", boundscheck=True"
    text = [
        "import numba", "import numpy as np", *["from numpy import empty"] * bool(arrays or room), *_SMALL * len(room), "", "",
        f"def {name}({given}):", *_indented(outer), "", "",
        _COMPILED % options, f"def {call}:", *_indented(inner), *careful_functions(used, "loops"), "", "",
        *full_check(arguments, "numpy"), "",
    ]  # fmt: skip
    source = "\n".join(text)
    standard = [module for module in ("math", "sysconfig") if f"{module}." in source]
    return "".join(f"import {module}\n" for module in standard) + "\n" * bool(standard) + source


def _docstring(lines: Sequence[Assignment], arguments: Sequence[Argument]) -> list[str]:
    loss = next(a for a in lines if a.kind == "loss")
    gradients = [a for a in lines if a.kind == "gradient"]
    by = ", ".join(str(a.of) for a in gradients)
    found = [f'"""The loss and its gradient{"s" * (len(gradients) > 1)} by {by}.', ""]
    found += [f"    {a.parameter}: {a.meaning}" for a in arguments]
    found += ["", "Returned are", "", f"    {loss.target} = {publish(loss.body)}"]
    found += [f"    {a.target} = d{loss.name}/d{a.of}" for a in gradients]
    return [*found, '"""']


def _shape(a: Assignment, arguments: Sequence[Argument]) -> str:
    """The shape of what is returned, which often is that of an argument."""
    spans = tuple(a.spans[i] for i in a.indices)
    own = name_of(head(a.of)) if a.of is not None else ""
    same = sorted((b for b in arguments if b.spans == spans), key=lambda b: b.name != own)
    if same:
        return f"{same[0].parameter}.shape"
    return f"({', '.join(_sized(hi - lo + 1, arguments) for lo, hi in spans)},)"


def _sized(size: sp.Expr, arguments: Sequence[Argument]) -> str:
    """A number of entries, from the shapes of the arguments."""
    places: dict[sp.Symbol, sp.Expr] = {}
    shapes = sorted(
        ((axis, a.parameter, n) for a in arguments for axis, n in enumerate(a.shape)), key=lambda row: row[:2]
    )
    for axis, array, n in shapes:  # the length of an array is quicker to have than its shape
        for s in sorted(n.free_symbols - places.keys(), key=str):
            if sp.expand(n - s).is_Integer:
                place = f"{array}.shape[{axis}]" if axis else f"len({array})"
                places[s] = sp.Symbol(place, integer=True) + s - n
    return ast.unparse(ast.parse(str(replaced(sp.expand(size), places)), mode="eval"))


def _sizes(arguments: Sequence[Argument]) -> list[str]:
    """Lines that take the sizes from the shapes, and refuse what the loops would not stay within."""
    lines = size_lines(arguments)
    shapes = [
        (a.parameter, ast.unparse(ast.Tuple([size_expression(n) for n in a.shape], ast.Load())))
        for a in arguments
        if a.spans
    ]
    tests = [f"{array}.shape != {shape}" for array, shape in shapes if f"{shape} = {array}.shape" not in lines]
    if tests:
        lines += ["if (", *(f"    {'or ' if n else ''}{test}" for n, test in enumerate(tests)), "):"]
        lines.append('    raise ValueError("the shapes do not fit")')
    for a in arguments:
        if a.whole and a.values is not None:
            lo, hi = (ast.unparse(size_expression(e)) for e in a.values)
            lines += [f"for label in {a.parameter}.flat:", f"    if label < {lo} or label > {hi}:"]
            lines.append(f'        raise ValueError("{a.name} does not fit")')
    return lines


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" if line else "" for line in lines]


# -- the function ---------------------------------------------------------------------------------
def compiled_loops(source: str) -> Callable[..., Any]:
    """The function that a source of `numba_source` defines; it is compiled when it is first called.

    Arrays are float64 or float32, all of one type; sums are added up in float64.  Raises ImportError without numba.
    """
    try:
        import_module("numba")
    except ImportError as error:
        raise ImportError("numba is not installed; pip install 'gradproof[loops]'") from error
    space = _executed(ast.parse(source), {})
    tree = ast.parse(source)
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
    names = [a.arg for a in function.args.args]
    plain, loops, check = space[function.name], space["_loops"], space[CHECK]

    def slower(*given: Any) -> Any:
        """The same with what the loops refused, or were not compiled for: of another type, or not contiguous."""
        values = dict(zip(names, given, strict=True))
        checked = check.__code__.co_varnames[: check.__code__.co_argcount]
        check(*(values[n] for n in checked))
        ready = [_ready(n, v, n not in checked) for n, v in values.items()]
        types = [v.dtype for v in ready if isinstance(v, np.ndarray) and v.dtype.kind == "f"]
        loops.disable_compile(False)
        try:
            found = plain(*ready)
        finally:
            loops.disable_compile(bool(loops.signatures))  # all else comes here
        quick["_loops"] = loops
        found = found if isinstance(found, tuple) else (found,)
        return tuple(np.asarray(f, types[0])[()] for f in found) if types else found

    def not_compiled(*_: Any) -> Any:
        raise TypeError

    tried = next(node for node in function.body if isinstance(node, ast.Try))
    tried.handlers[0].body = list(ast.parse(f"return_ = _slower({', '.join(names)})").body)
    tried.handlers[0].body = [ast.Return(node.value) for node in tried.handlers[0].body if isinstance(node, ast.Assign)]
    quick = _executed(ast.Module([function], []), {**space, "_loops": not_compiled, "_slower": slower})
    made: Callable[..., Any] = quick[function.name]
    made.__dict__["source"] = source
    return made


def _executed(tree: ast.Module, space: dict[str, Any]) -> dict[str, Any]:
    """What our own source defines."""
    code = compile(ast.fix_missing_locations(tree), "<gradproof loops>", "exec", dont_inherit=True)
    exec(code, space)  # noqa: S102 # written by this package from a parsed formula
    return space


def _ready(name: str, value: Any, is_size: bool) -> Any:
    """An argument as the loops take it: contiguous, labels in 64 bits, numbers as Python's."""
    if isinstance(value, np.ndarray) and value.ndim:
        found = np.ascontiguousarray(value, np.int64 if value.dtype.kind in "iu" else None)
        return found if found.flags.writeable else found.copy()
    number: Any = value[()] if isinstance(value, np.ndarray) else value
    if not isinstance(number, numbers.Integral if is_size else numbers.Real):
        raise TypeError(f"{name} must be {'a whole number' if is_size else 'a number'}, not {type(value).__name__}")
    plain: Any = number
    return int(plain) if is_size else float(plain)
