"""Reading NumPy: source becomes a symbolic array, entry by entry, and so index notation.

The source is parsed, never run.  Accepted are assignments and a last expression (or a last
assignment, or `return`), made of Python's operators and of the functions in numpy_functions.py;
anything else is refused by name.  Shapes follow NumPy's broadcasting, for every size.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sympy as sp

from gradproof.forms.arrays import Array, Axis, einsum, elementwise, scalar
from gradproof.forms.inverses import Inverses
from gradproof.forms.numpy_functions import NUMPY, SPECIAL, Function, entrywise, matmul, numeric, square
from gradproof.notation import NotationError

__all__ = ["NumpyReader"]

_ZERO, _ONE = sp.Integer(0), sp.Integer(1)
_OPERATORS: dict[type[ast.operator], Callable[..., sp.Expr]] = {
    ast.Add: sp.Add, ast.Sub: lambda u, v: u - v, ast.Mult: sp.Mul, ast.Div: lambda u, v: u / v, ast.Pow: sp.Pow,
}  # fmt: skip
_RELATIONS: dict[type[ast.cmpop], Callable[..., sp.Basic]] = {
    ast.Gt: sp.Gt, ast.GtE: sp.Ge, ast.Lt: sp.Lt, ast.LtE: sp.Le, ast.Eq: sp.Eq, ast.NotEq: sp.Ne,
}  # fmt: skip
_METHODS = ("sum", "mean", "dot", "trace", "transpose", "diagonal")
_NEW = ("eye", "identity", "ones", "zeros", "full", "arange")


class NumpyReader:
    """Reads source whose names stand for given arrays.

    arrays: name -> symbolic array (sizes are arrays without axes).
    named: what a name stands for once it is assigned, and whether what is assigned is that.
    Raises NotationError, with the line and what was met there.
    """

    def __init__(
        self,
        arrays: Mapping[str, Array],
        inverses: Inverses | None = None,
        named: Mapping[str, tuple[Array, Callable[[Array], bool]]] | None = None,
    ) -> None:
        self.values: dict[str, Any] = dict(arrays)
        self.inverses, self.named = inverses or Inverses(), named or {}

    def read(self, source: str | Callable[..., Any]) -> Array:
        """The array that the source computes."""
        text = source if isinstance(source, str) else inspect.getsource(source)
        try:
            lines = ast.parse(textwrap.dedent(text)).body
        except SyntaxError as error:
            raise NotationError(f"the source is no Python: {error.msg} in line {error.lineno}") from None
        if len(lines) == 1 and isinstance(lines[0], ast.FunctionDef):
            lines = lines[0].body
        result: Any = None
        for line in lines:
            try:
                result = self._statement(line)
            except NotationError as error:
                raise NotationError(f"in line {line.lineno}, {ast.unparse(line)}: {error}") from None
            if isinstance(line, ast.Return):
                break
        if not isinstance(result, Array):
            raise NotationError("the source does not end with an array: an expression, an assignment or a return")
        return numeric(result)

    def _statement(self, line: ast.stmt) -> Any:
        match line:
            case ast.Expr(value=ast.Constant(value=str())):
                return None
            case ast.Expr() | ast.Return() if line.value is not None:
                return self.value(line.value)
            case ast.Assign(targets=[ast.Name() as target]):
                self.values[target.id] = self._defined(target.id, self.value(line.value))
                return self.values[target.id]
            case ast.Assign(targets=[ast.Tuple() as target]):
                parts = self.value(line.value)
                if not isinstance(parts, tuple) or len(parts) != len(target.elts):
                    raise NotationError(f"the right side is not {len(target.elts)} values")
                for name, part in zip(target.elts, parts, strict=True):
                    if not isinstance(name, ast.Name):
                        raise NotationError(f"{ast.unparse(name)} is not a name that a value can be given")
                    self.values[name.id] = part
                return None
        raise NotationError("accepted are assignments to names, an expression and return")

    def _defined(self, name: str, value: Any) -> Any:
        """The value of an assignment; a named quantity must be what its definition says, and keeps its name."""
        if name not in self.named:
            return value
        known, agrees = self.named[name]
        if not isinstance(value, Array) or not agrees(numeric(value)):
            raise NotationError(f"{name} is not what its definition says")
        return known

    # -- expressions ------------------------------------------------------------------------
    def value(self, node: ast.expr) -> Any:
        """An array, or a tuple of them (a shape)."""
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return scalar(sp.Integer(value) if isinstance(value, int) else sp.Rational(repr(value)))
            case ast.Name(id=name):
                if name not in self.values:
                    raise NotationError(f"the name {name} is not known; known are {', '.join(sorted(self.values))}")
                return self.values[name]
            case ast.Tuple() | ast.List():
                return tuple(self.value(e) for e in node.elts)
            case ast.UnaryOp(op=ast.USub()):
                return entrywise(lambda u: -u)(self.array(node.operand))
            case ast.UnaryOp(op=ast.UAdd()):
                return self.array(node.operand)
            case ast.BinOp(op=ast.MatMult()):
                return matmul(numeric(self.array(node.left)), numeric(self.array(node.right)))
            case ast.BinOp() if type(node.op) in _OPERATORS:
                return entrywise(_OPERATORS[type(node.op)])(self.array(node.left), self.array(node.right))
            case ast.Compare(ops=[op], comparators=[right]) if type(op) in _RELATIONS:
                sides = (numeric(self.array(side)) for side in (node.left, right))
                return elementwise(_RELATIONS[type(op)], *sides)
            case ast.Subscript():
                return self._subscript(node)
            case ast.Attribute():
                return self._attribute(node)
            case ast.Call():
                return self._call(node)
        raise NotationError(f"{ast.unparse(node)} ({type(node).__name__}) is not accepted")

    def array(self, node: ast.expr) -> Array:
        """The value, which must be an array."""
        value = self.value(node)
        if not isinstance(value, Array):
            raise NotationError(f"{ast.unparse(node)} is not an array")
        return value

    def _attribute(self, node: ast.Attribute) -> Any:
        path = _dotted(node)
        if path in ("np.pi", "np.e"):
            return scalar(sp.pi if path == "np.pi" else sp.E)
        value = self.array(node.value)
        match node.attr:
            case "T":
                return NUMPY["transpose"][1](value)
            case "shape":
                return tuple(map(scalar, value.shape))
            case "size":
                return scalar(sp.Mul(*value.shape))
            case "ndim":
                return scalar(sp.Integer(len(value.axes)))
        raise NotationError(f"the attribute .{node.attr} is not accepted; .T, .shape, .size and .ndim are")

    # -- indices ------------------------------------------------------------------------------
    def _subscript(self, node: ast.Subscript) -> Any:
        value = self.value(node.value)
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if isinstance(value, tuple):
            place = self._whole(parts[0])
            if len(parts) != 1 or not -len(value) <= place < len(value):
                raise NotationError(f"{ast.unparse(node)} is out of range")
            return value[place]
        taken = [p for p in parts if not (_is_none(p) or _is_dots(p))]
        if len(taken) > len(value.axes):
            raise NotationError(f"{ast.unparse(node)} has more indices than {ast.unparse(node.value)} has axes")
        rest: list[ast.expr] = [ast.Slice() for _ in range(len(value.axes) - len(taken))]
        place = next((n for n, p in enumerate(parts) if _is_dots(p)), len(parts))
        return self._indexed(value, [*parts[:place], *rest, *parts[place + 1 :]])

    def _indexed(self, value: Array, parts: Sequence[ast.expr]) -> Array:
        """x[i], x[1:], x[:, None]: each part takes one place of an axis, keeps an axis or adds one."""
        axes: list[Axis] = []
        plan: list[int | sp.Expr] = []  # for each axis of the value: an axis of the result, or a place
        left = iter(value.axes)
        for part in parts:
            if _is_none(part):
                axes.append(Axis(_ONE, _ONE))
                continue
            axis = next(left)
            if isinstance(part, ast.Slice):
                plan.append(len(axes))
                axes.append(self._slice(part, axis))
            else:
                plan.append(self._place(part, axis))

        def entry(*indices: sp.Expr) -> sp.Expr:
            return value.entry(*(indices[p] if isinstance(p, int) else p for p in plan))

        return Array(tuple(axes), entry)

    def _place(self, part: ast.expr, axis: Axis) -> sp.Expr:
        place = sp.Integer(self._whole(part))
        if axis.size.is_Integer and not -axis.size <= place < axis.size:
            raise NotationError(f"the index {place} is out of range for an axis of {axis.size}")
        return axis.lo + place if place >= 0 else axis.hi + 1 + place

    def _slice(self, part: ast.Slice, axis: Axis) -> Axis:
        if part.step is not None:
            raise NotationError("a slice with a step is not accepted")
        start = self._place(part.lower, axis) if part.lower is not None else axis.lo
        stop = self._place(part.upper, axis) - 1 if part.upper is not None else axis.hi
        return Axis(start, stop)

    def _whole(self, node: ast.expr) -> int:
        value = self.array(node)
        if value.axes or not value.entry().is_Integer:
            raise NotationError(f"{ast.unparse(node)} is not a whole number, as an index or an axis must be")
        return int(value.entry())

    # -- calls ------------------------------------------------------------------------------
    def _call(self, node: ast.Call) -> Any:
        path, args = _dotted(node.func) or "", list(node.args)
        keywords = {str(k.arg): k.value for k in node.keywords}
        module, _, name = path.rpartition(".")
        if path == "len" and len(args) == 1 and self.array(args[0]).axes:
            return scalar(self.array(args[0]).shape[0])
        if module in ("scipy.special", "special") and name in SPECIAL:
            return self._applied(name, SPECIAL[name], args, keywords)
        if module == "np.linalg":
            return self._linalg(name, args, keywords)
        if module != "np" and isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
            name, args = node.func.attr, [node.func.value, *args]
        elif module != "np":
            raise NotationError(f"the function {ast.unparse(node.func)} is not accepted; those of np are")
        if name in ("sum", "mean"):
            return self._sum(name, args, keywords)
        if name == "einsum":
            return self._einsum(args)
        if name in _NEW:
            return self._new(name, [self.value(a) for a in args])
        if name in NUMPY:
            return self._applied(name, NUMPY[name], args, keywords)
        raise NotationError(f"the function np.{name} is not accepted")

    def _applied(
        self, name: str, function: Function, args: Sequence[ast.expr], keywords: Mapping[str, ast.expr]
    ) -> Array:
        count, compute = function
        if keywords or len(args) != count:
            given = [*map(ast.unparse, args), *(f"{k}=" for k in keywords)]
            raise NotationError(f"{name} is accepted with {count} arguments, not ({', '.join(given)})")
        values = [self.array(a) for a in args]
        return compute(*(values if name == "where" else map(numeric, values)))

    def _linalg(self, name: str, args: list[ast.expr], keywords: Mapping[str, ast.expr]) -> Any:
        if name == "norm":
            return self._sum(name, args, keywords)
        values = [numeric(self.array(a)) for a in args]
        match name, len(values):
            case "inv", 1:
                return self.inverses.inverse(square(values[0]))
            case "solve", 2:
                return matmul(self.inverses.inverse(square(values[0])), values[1])
            case "det", 1:
                return scalar(self.inverses.determinant(square(values[0])))
            case "slogdet", 1:
                determinant = self.inverses.determinant(square(values[0]))
                return scalar(sp.sign(determinant)), scalar(sp.log(sp.Abs(determinant)))
        raise NotationError(f"np.linalg.{name} of {len(args)} is not accepted; inv, solve, det, slogdet and norm are")

    def _sum(self, name: str, args: list[ast.expr], keywords: Mapping[str, ast.expr]) -> Array:
        """Sum, mean and norm, over all axes or some."""
        options = {**dict(zip(("axis",), args[1:], strict=False)), **keywords}
        if not 1 <= len(args) <= 2 or not options.keys() <= {"axis", "keepdims"}:
            raise NotationError(f"{name} is accepted with an array, axis and keepdims")
        value = numeric(self.array(args[0]))
        labels = range(len(value.axes))
        chosen = self._axes(options.get("axis"), len(labels))
        total = einsum(
            [labels],
            [n for n in labels if n not in chosen],
            elementwise(lambda u: u**2, value) if name == "norm" else value,
        )
        if name == "norm":
            total = elementwise(sp.sqrt, total)
        if name == "mean":
            count = sp.Mul(*(value.axes[n].size for n in chosen))
            total = elementwise(lambda u: u / count, total)
        keep = options.get("keepdims")
        if not (isinstance(keep, ast.Constant) and keep.value is True):
            return total
        axes = tuple(Axis(_ONE, _ONE) if n in chosen else value.axes[n] for n in labels)
        return Array(axes, lambda *i: total.entry(*(x for n, x in enumerate(i) if n not in chosen)))

    def _axes(self, node: ast.expr | None, count: int) -> list[int]:
        if node is None or _is_none(node):
            return list(range(count))
        places = [self._whole(n) for n in (node.elts if isinstance(node, ast.Tuple) else [node])]
        if not all(-count <= p < count for p in places):
            raise NotationError(f"there is no axis {ast.unparse(node)} in an array with {count}")
        return [p % count for p in places]

    def _einsum(self, args: list[ast.expr]) -> Array:
        if not args or not (isinstance(args[0], ast.Constant) and isinstance(args[0].value, str)):
            raise NotationError("np.einsum is accepted with its subscripts as text first")
        inputs, arrow, output = args[0].value.replace(" ", "").partition("->")
        labels = inputs.split(",")
        if len(labels) != len(args) - 1 or not all(c.isalpha() for c in inputs.replace(",", "") + output):
            raise NotationError(f"the subscripts {args[0].value} do not name {len(args) - 1} arrays by letters")
        if not arrow:
            output = "".join(sorted(c for c in set(inputs) - {","} if inputs.count(c) == 1))
        return einsum(labels, output, *(numeric(self.array(a)) for a in args[1:]))

    @staticmethod
    def _new(name: str, values: list[Any]) -> Array:
        """New arrays: eye, ones, zeros, full, arange."""
        if not values or any(v.axes for v in (values[0] if isinstance(values[0], tuple) else (values[0],))):
            raise NotationError(f"np.{name} takes sizes")
        if name == "arange":
            ends = [v.entry() for v in values]
            return Array((Axis(_ZERO if len(ends) == 1 else ends[0], ends[len(ends) > 1] - 1),), lambda i: i)
        sizes = values[0] if isinstance(values[0], tuple) else (values[0],)
        axes = tuple(Axis(_ONE, s.entry()) for s in sizes)
        if name in ("eye", "identity"):
            return Array((axes[0],) * 2, sp.KroneckerDelta)
        if name == "full" and len(values) == 2:
            return elementwise(lambda _, v: v, Array(axes, lambda *_: _ONE), values[1])
        value = _ONE if name == "ones" else _ZERO
        return Array(axes, lambda *_: value)


def _is_none(node: ast.expr) -> bool:
    return (isinstance(node, ast.Constant) and node.value is None) or _dotted(node) == "np.newaxis"


def _is_dots(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _dotted(node: ast.expr) -> str | None:
    """The text a.b.c."""
    if isinstance(node, ast.Name):
        return node.id
    inner = _dotted(node.value) if isinstance(node, ast.Attribute) else None
    return f"{inner}.{node.attr}" if inner is not None and isinstance(node, ast.Attribute) else None
