"""Python's expressions as `ast` nodes: building them, and what they are made of."""

from __future__ import annotations

import ast
import builtins
import functools
import keyword
import re
from collections.abc import Sequence

import sympy as sp

__all__ = [
    "addends",
    "call",
    "chain",
    "fraction",
    "is_call",
    "joined",
    "matrix_product",
    "method",
    "name",
    "negative",
    "number",
    "product",
    "safe_name",
    "signed",
    "subscripts",
    "sum_axis",
]


#: what sources call their modules and results, and Python its functions
_TAKEN = frozenset({"np", "xp", "math", "scipy", "gradient", "dtype", *dir(builtins)})


def safe_name(name: str) -> str:
    """A name that Python accepts and that sources leave free: lambda becomes lambda_."""
    name = re.sub(r"\W", "_", name)
    return f"{name}_" if keyword.iskeyword(name) or name in _TAKEN or name[:1].isdigit() else name


def name(text: str) -> ast.expr:
    """A variable."""
    return ast.Name(safe_name(text), ast.Load())


def call(function: str, *args: ast.expr, **keywords: ast.expr) -> ast.expr:
    """np.function(...); a function with dots in its name stands for itself."""
    path = function.split(".") if "scipy" in function else ["np", *function.split(".")]
    node: ast.expr = ast.Name(path[0], ast.Load())
    for part in path[1:]:
        node = ast.Attribute(node, part, ast.Load())
    return ast.Call(node, list(args), [ast.keyword(k, v) for k, v in keywords.items()])


def is_call(node: ast.expr, function: str) -> bool:
    """Whether an expression calls a function, such as np.eye."""
    return isinstance(node, ast.Call) and ast.unparse(node.func) == function


def method(value: ast.expr, of: str, *args: ast.expr, **keywords: ast.expr) -> ast.expr:
    """value.of(...)."""
    return ast.Call(ast.Attribute(value, of, ast.Load()), list(args), [ast.keyword(k, v) for k, v in keywords.items()])


def number(value: int) -> ast.expr:
    """A whole number."""
    return ast.Constant(value) if value >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-value))


def joined(op: ast.operator, a: ast.expr, b: ast.expr) -> ast.expr:
    """A sum, a product, a quotient or a power of two."""
    return ast.BinOp(a, op, b)


def chain(node: ast.expr) -> list[ast.expr]:
    """The factors of a product of matrices."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        return [*chain(node.left), *chain(node.right)]
    return [node]


def matrix_product(factors: Sequence[ast.expr], vector_last: bool) -> ast.expr:
    """A @ B @ C; with a vector at the end A @ (B @ v), which costs less."""
    if vector_last:
        return functools.reduce(lambda v, m: joined(ast.MatMult(), m, v), reversed(factors))
    return functools.reduce(lambda a, b: joined(ast.MatMult(), a, b), factors)


def subscripts(inputs: Sequence[Sequence[sp.Basic]], output: Sequence[sp.Basic]) -> str:
    """The subscripts of np.einsum: ij,jk->ik."""
    letters = dict(zip(dict.fromkeys(i for labels in inputs for i in labels), "ijklmnpqrstuvw", strict=False))
    return (
        ",".join("".join(letters[i] for i in labels) for labels in inputs) + "->" + "".join(letters[i] for i in output)
    )


def sum_axis(node: ast.expr) -> tuple[ast.expr, int] | None:
    """(array, axis) of array.sum(axis=axis)."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "sum":
        values = {k.arg: k.value for k in node.keywords}
        axis = values.get("axis")
        if set(values) == {"axis"} and isinstance(axis, ast.Constant) and isinstance(axis.value, int):
            return node.func.value, axis.value
    return None


def signed(node: ast.expr) -> tuple[int, ast.expr]:
    """1 or -1, and what it stands before."""
    return (-1, node.operand) if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else (1, node)


def addends(node: ast.expr) -> list[tuple[int, ast.expr]]:
    """The terms of a sum, each with its sign."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        flip = 1 if isinstance(node.op, ast.Add) else -1
        return [*addends(node.left), *((flip * sign, part) for sign, part in addends(node.right))]
    return [signed(node)]


def negative(node: ast.expr) -> ast.expr:
    """The expression with a minus sign."""
    return ast.UnaryOp(ast.USub(), node)


def fraction(node: ast.expr) -> tuple[ast.expr, ast.expr | None]:
    """What stands above and below in a quotient; None below anything else."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return node.left, node.right
    return node, None


def product(nodes: Sequence[ast.expr]) -> ast.expr:
    """The product, entry by entry."""
    return functools.reduce(lambda a, b: joined(ast.Mult(), a, b), nodes)
