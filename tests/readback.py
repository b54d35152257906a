"""Does a printed formula read back?  It is printed, read with the names of the expression, and compared.

Structural equality, or a proof.  The derivative of a named quantity is a function of its name and its
variable here, so that it cannot vanish, and a law is compared with its letters as they stand.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sympy as sp
from sympy.codegen.cfunctions import expm1, log1p
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

from gradproof import NotationError, equal, read_latex
from gradproof.checks.steps import LineChecker
from gradproof.latex import IndexPrinter
from gradproof.lines import derivative, renamed, replaced

matrices = importlib.import_module("gradproof.forms.matrix_latex")

Printed = dict[str, Any]


@contextlib.contextmanager
def recorded() -> Iterator[Printed]:
    """Every object that is printed as LaTeX while this is open, by what was printed."""
    seen: Printed = {}
    printer = IndexPrinter.doprint

    def doprint(self: IndexPrinter, e: Any) -> str:
        text = printer(self, e)
        seen.setdefault(text if type(self) is IndexPrinter else matrices._without_idle_brackets(text), e)
        return text

    IndexPrinter.doprint = doprint  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        IndexPrinter.doprint = printer  # type: ignore[method-assign]


def is_formula(e: Any) -> bool:
    """An expression or an equation: the bare name of an array is none, and neither is a truth value."""
    return isinstance(e, (sp.Expr, Relational)) and not isinstance(e, sp.IndexedBase)


def trouble(text: str, e: sp.Basic) -> str:
    """Why a printed formula does not read back; "" if it does."""
    try:
        found = read_latex(text, like=e)
    except ValueError as error:
        return f"unread: {error}"
    return compared(e, found)


def compared(a: Any, b: Any) -> str:
    if a == b:
        return ""
    if isinstance(a, sp.MatrixExpr) or a.has(sp.MatrixExpr):
        verdict = equal(a, b)
        return "" if verdict.status == "proved" else f"{a} was read as {b}: {verdict}"
    if isinstance(a, Relational) or isinstance(b, Relational):
        if type(a) is not type(b):
            return f"{a} is no {type(b).__name__}"
        return "; ".join(filter(None, (compared(x, y) for x, y in zip(a.args, b.args, strict=True))))
    one, other = opaque(a), opaque(b)
    try:
        verdict = LineChecker(()).equal(one, other) if one.has(sp.Derivative) else equal(one, other)
    except NotationError as error:  # the engine refuses some that SymPy can build
        return f"{a} was read as {b}, undecided: {error}"
    return "" if verdict.status == "proved" else f"{a} was read as {b}: {verdict}"


def opaque(e: Any) -> Any:
    """Derivatives of names and of undefined functions, and values at a point, as undefined functions."""
    if isinstance(e, sp.Derivative):
        body, variables = e.expr, [v for v, n in e.variable_count for _ in range(n)]
        while isinstance(body, sp.Derivative):
            variables += [v for v, n in body.variable_count for _ in range(n)]
            body = body.expr
        if isinstance(body, (sp.Symbol, sp.Indexed)) or (isinstance(body, AppliedUndef) and len(variables) > 1):
            return sp.Function("partial")(body, *sorted(variables, key=str))
        body = opaque(body)
        for v in sorted(variables, key=str):
            body = derivative(body, v)
        return body
    if isinstance(e, sp.Subs):
        (variable,), (point,) = e.variables, e.point
        return sp.Function("at")(replaced(opaque(e.expr), {variable: sp.Symbol("mark")}), opaque(point))
    if isinstance(e, (expm1, log1p)):
        return opaque(e.rewrite(sp.exp if isinstance(e, expm1) else sp.log))
    if not e.args or isinstance(e, sp.Indexed):
        return e
    return renamed(e, [opaque(part) for part in e.args])


def run_page(path: Path) -> None:
    """Run the blocks of a page of the site, as its build does."""
    for block in re.findall(r"^```python exec=[^\n]*\n(.*?)^```", path.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(block, str(path), "exec"), {"__name__": "__main__"})  # noqa: S102 -- our own pages
