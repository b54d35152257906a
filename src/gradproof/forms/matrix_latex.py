"""LaTeX of matrices: bold letters, and functions entry by entry as they are written of numbers.

X^⊤(e^{Xw} ⊙ y): a product of entries is ⊙, a quotient ⊘, a column of ones a bold 1; a 1x1 product stands as
the scalar that it is.
"""

from __future__ import annotations

import re
from typing import Any

import sympy as sp
from sympy.matrices import expressions as mx
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.matexpr import MatrixElement

from gradproof.latex import IndexPrinter

__all__ = ["matrix_latex"]

_SLOT = sp.Symbol("gradproofslot")  # stands for the matrix while the body of a function is printed
_LOOSE = (sp.MatAdd, mx.HadamardProduct)  # what needs brackets in a product


def matrix_latex(matrix: Any) -> str:
    """LaTeX (for KaTeX and MathJax) of a SymPy matrix, or of a scalar made of matrices."""
    return _without_idle_brackets(str(_MatrixPrinter().doprint(matrix)))


class _MatrixPrinter(IndexPrinter):
    """The printer of index notation, with matrices."""

    def _print_MatrixSymbol(self, e: sp.MatrixSymbol) -> str:
        letter, layer = re.fullmatch(r"(.*?)(\d*)", e.name).groups()  # type: ignore[union-attr]
        shown, *below = str(self._print(sp.Symbol(letter or e.name))).split("_", 1)
        bold = rf"\boldsymbol{{{shown}}}" if shown.startswith("\\") else rf"\mathbf{{{shown}}}"
        return bold + "".join(f"_{b}" for b in below) + (f"^{{({layer})}}" if layer and letter else "")

    def _bracketed(self, e: sp.Basic, loose: tuple[type, ...] = _LOOSE) -> str:
        text = str(self._print(e))
        return (
            rf"\left({text}\right)" if isinstance(e, loose) or (self._is_sum(e) and not isinstance(e, loose)) else text
        )

    @staticmethod
    def _is_sum(e: sp.Basic) -> bool:
        """Whether a function of entries is written as a sum or with a sign in front."""
        if not isinstance(e, ElementwiseApplyFunction):
            return False
        body = e.function.expr
        return isinstance(body, (sp.Add, sp.Piecewise)) or body.could_extract_minus_sign()

    def _tight(self, e: sp.Basic) -> str:
        """With brackets where an exponent follows."""
        text = str(self._print(e))
        return text if isinstance(e, sp.MatrixSymbol) and "^" not in text else rf"\left({text}\right)"

    def _print_Transpose(self, e: sp.Transpose) -> str:
        if isinstance(e.arg, sp.Inverse):
            return rf"{self._tight(e.arg.arg)}^{{-\top}}"
        return rf"{self._tight(e.arg)}^{{\top}}"

    def _print_Inverse(self, e: sp.Inverse) -> str:
        return f"{self._tight(e.arg)}^{{-1}}"

    def _print_MatPow(self, e: sp.MatPow) -> str:
        return f"{self._tight(e.base)}^{{{self._print(e.exp)}}}"

    def _print_HadamardPower(self, e: mx.HadamardPower) -> str:
        return rf"{self._tight(e.base)}^{{\odot {self._print(e.exp)}}}"

    def _print_HadamardProduct(self, e: mx.HadamardProduct) -> str:
        below = [f.base for f in e.args if isinstance(f, mx.HadamardPower) and f.exp == -1]
        above = [f for f in e.args if not (isinstance(f, mx.HadamardPower) and f.exp == -1)]
        text = r" \odot ".join(self._bracketed(f) for f in above) or r"\mathbf{1}"
        return text + "".join(rf" \oslash {self._bracketed(f)}" for f in below)

    def _print_ElementwiseApplyFunction(self, e: ElementwiseApplyFunction) -> str:
        """The function's body, with the matrix where its variable stands."""
        (variable,), body = e.function.variables, e.function.expr
        unit = self._print(e.expr)
        if not isinstance(e.expr, (sp.MatrixSymbol, sp.Transpose)):
            unit = rf"\left({unit}\right)"
        shown = str(self._print(body.replace(lambda x: x == variable, lambda _: _SLOT)))
        return shown.replace(
            str(self._print(_SLOT)), f"{{{unit}}}" if "^" in unit and not unit.startswith(r"\left") else unit
        )

    def _print_Mul(self, e: sp.Mul) -> str:
        """Side by side the entries of two vectors would be a product of matrices: they are joined by a sign."""
        entries = [f for f in sp.Mul.make_args(e) if f.has(_SLOT)]
        if sum(not (f.is_Pow and f.exp.is_negative) for f in entries) < 2:
            return str(super()._print_Mul(e))
        number = sp.Mul(*(f for f in sp.Mul.make_args(e) if not f.has(_SLOT)))
        start = "" if number == 1 else "-" if number == -1 else f"{self._factor(number)} "
        return start + r" \odot ".join(self._factor(f) for f in entries)

    def _print_MatAdd(self, e: sp.MatAdd) -> str:
        terms = sorted((str(self._print(a)) for a in e.args), key=lambda t: t.startswith("-"))
        return terms[0] + "".join(f" - {t[1:].lstrip()}" if t.startswith("-") else f" + {t}" for t in terms[1:])

    def _print_MatMul(self, e: sp.MatMul) -> str:
        number, matrices = e.as_coeff_matrices()
        product = r" ".join(self._bracketed(m) for m in matrices)
        above, below = number.as_numer_denom()
        sign = "-" if above.could_extract_minus_sign() else ""
        above = -above if sign else above
        if below.has(sp.MatrixExpr):  # the denominator is long: the product stands above it
            start = "" if above == 1 else f"{self._factor(above)} "
            return rf"{sign}\frac{{{start}{product}}}{{{self._print(below)}}}"
        start = self._print(above / below) if below != 1 else "" if above == 1 else self._factor(above)
        return f"{sign}{start} {product}" if start else sign + product

    def _factor(self, e: sp.Expr) -> str:
        return rf"\left({self._print(e)}\right)" if isinstance(e, sp.Add) else str(self._print(e))

    def _print_MatrixElement(self, e: MatrixElement) -> str:
        if e.args[0].shape == (1, 1):
            return rf"\left({self._print(e.args[0])}\right)"
        return str(super()._print_MatrixElement(e))

    def _print_Trace(self, e: sp.Trace) -> str:
        return rf"\operatorname{{tr}}\left({self._print(e.arg)}\right)"

    def _print_Determinant(self, e: Any, exp: str | None = None) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"\det{power}\left({self._print(e.args[0])}\right)"

    def _print_DiagMatrix(self, e: mx.DiagMatrix) -> str:
        (vector,) = e.args
        inverted = isinstance(vector, mx.HadamardPower) and vector.exp == -1
        inner = self._print(vector.base if inverted else vector)
        return rf"\operatorname{{diag}}\left({inner}\right)" + ("^{-1}" if inverted else "")

    def _print_DiagonalOf(self, e: mx.DiagonalOf) -> str:
        return rf"\operatorname{{diag}}\left({self._print(e.arg)}\right)"

    def _print_OneMatrix(self, e: sp.OneMatrix) -> str:
        rows, columns = e.shape
        return r"\mathbf{1}" if columns == 1 else r"\mathbf{1}^{\top}" if rows == 1 else r"\mathbf{1} \mathbf{1}^{\top}"

    def _print_Identity(self, _e: sp.Identity) -> str:
        return r"\mathbf{I}"

    def _print_ZeroMatrix(self, _e: sp.ZeroMatrix) -> str:
        return r"\mathbf{0}"


_OPEN, _CLOSE = r"\left(", r"\right)"


def _without_idle_brackets(text: str) -> str:
    r"""``{\left(A\right)}`` and ``\left(\left(A\right)\right)`` with one pair less; an exponent keeps its brackets."""
    place = 0
    while (start := text.find(_OPEN, place)) >= 0:
        end = _closing(text, start)
        before, after = text[:start].rstrip(), text[end + len(_CLOSE) :]
        braced = before.endswith("{") and _is_group(before[:-1].rstrip()) and re.match(r"\s*}(?![\^_])", after)
        idle = braced or (before.endswith(_OPEN) and re.match(r"\s*\\right\)", after))
        if idle:
            text = before + text[start + len(_OPEN) : end].strip() + after.lstrip()
            place = len(before)
        else:
            place = start + len(_OPEN)
    return text


def _is_group(before: str) -> bool:
    """Whether a brace here holds an exponent, a root or a side of a fraction, rather than a function's argument."""
    if before.endswith("}"):
        depth, place = 0, len(before)
        while place and (depth or place == len(before)):
            place -= 1
            depth += (before[place] == "}") - (before[place] == "{")
        return before[:place].endswith(r"\frac")
    return before.endswith(("^", "_", r"\sqrt", r"\frac"))


def _closing(text: str, start: int) -> int:
    """Where the bracket that opens at `start` closes."""
    depth, place = 0, start
    for found in re.finditer(r"\\left\(|\\right\)", text[start:]):
        depth += 1 if found.group() == _OPEN else -1
        place = start + found.start()
        if depth == 0:
            break
    return place
