"""LaTeX as a book would set it: ∂ for every derivative, w^{(1)}_{ji} for the array w1, 1/N before a sum."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy.printing.latex import LatexPrinter

from gradproof.lines import derivative, head

if TYPE_CHECKING:
    from gradproof.derivation import Derivation

__all__ = ["derivation_html", "derivation_latex", "to_latex"]


def _layer(base: sp.IndexedBase) -> tuple[str, str]:
    """An array's letter, and the digits after it, which name a layer."""
    name, layer = re.fullmatch(r"(.*?)(\d*)", str(base.label)).groups()  # type: ignore[union-attr]
    return name, layer


class _Printer(LatexPrinter):  # type: ignore[misc] # SymPy has no types
    """SymPy's printer with the conventions of index notation.

    small: symbols and arrays that are small steps; terms stand in the order of their powers.
    """

    def __init__(self, small: Sequence[sp.Basic] = ()) -> None:
        super().__init__()
        self.small = frozenset(small)

    def _print_Symbol(self, e: sp.Symbol, style: str = "plain") -> str:
        """Delta_x is Δx."""
        if e.name.startswith("Delta_"):
            return rf"\Delta {self._print(sp.Symbol(e.name.removeprefix('Delta_')))}"
        return str(super()._print_Symbol(e, style))

    def _print_Idx(self, e: sp.Idx) -> str:
        return str(self._print(e.label))

    def _print_Dummy(self, e: sp.Dummy) -> str:
        return str(self._print(sp.Symbol(e.name)))

    def _print_Indexed(self, e: sp.Indexed, exp: str | None = None) -> str:
        """w1[j, i] is w^{(1)}_{ji}: a digit after an array's name is a layer."""
        name, layer = _layer(e.base)
        indices = [str(self._print(i)) for i in e.indices]
        plain = all(len(i.replace("'", "")) == 1 for i in indices)
        below = ("" if plain else ", ").join(indices)
        text = f"{self._print(sp.Symbol(name))}{'^{(' + layer + ')}' if layer else ''}_{{{below}}}"
        if exp is not None:
            return f"{{{text}}}^{{{exp}}}" if layer else f"{text}^{{{exp}}}"
        return text

    def _print_IndexedBase(self, e: sp.IndexedBase) -> str:
        name, layer = _layer(e)
        return f"{self._print(sp.Symbol(name))}{'^{(' + layer + ')}' if layer else ''}"

    def _print_Pow(self, e: sp.Pow) -> str:
        if isinstance(e.base, sp.Indexed) and e.exp.is_Integer and e.exp > 0:
            return self._print_Indexed(e.base, str(e.exp))
        if isinstance(e.base, sp.core.function.AppliedUndef):
            return f"{self._print(e.base)}^{{{self._print(e.exp)}}}"
        return str(super()._print_Pow(e))

    def _print_Derivative(self, e: sp.Derivative) -> str:
        of = self._print(e.expr)
        by = r" \partial ".join(f"{self._print(v)}^{{{n}}}" if n > 1 else self._print(v) for v, n in e.variable_count)
        times = "" if e.derivative_count == 1 else f"^{{{e.derivative_count}}}"
        if isinstance(e.expr, (sp.Symbol, sp.Indexed, sp.core.function.AppliedUndef)):
            return rf"\frac{{\partial{times} {of}}}{{\partial {by}}}"
        if isinstance(e.expr, (sp.Add, sp.Mul, sp.Piecewise)):
            of = rf"\left({of}\right)"
        return rf"\frac{{\partial{times}}}{{\partial {by}}} {of}"

    def _print_Sum(self, e: sp.Sum) -> str:
        body = self._print(e.function)
        if isinstance(e.function, (sp.Add, sp.Piecewise)) or body.startswith("-"):
            body = rf"\left({body}\right)"
        signs = "".join(
            rf"\sum_{{{self._print(i)}={self._print(lo)}}}^{{{self._print(hi)}}}" for i, lo, hi in reversed(e.limits)
        )
        return f"{signs} {body}"

    def _print_Add(self, e: sp.Add, order: Any = None) -> str:
        """Terms with a plus sign first: y − f, not −f + y; small ones last."""
        ordered = sorted(self._as_ordered_terms(e, order=order), key=self._smallness)
        terms = [str(self._print(t)) for t in ordered]
        if not any(map(self._smallness, ordered)):
            terms.sort(key=lambda t: t.startswith("-"))
        return terms[0] + "".join(f" - {t[1:].lstrip()}" if t.startswith("-") else f" + {t}" for t in terms[1:])

    def _smallness(self, e: sp.Basic) -> int:
        """How many small factors a term has."""
        match e:
            case sp.Indexed() | sp.Symbol():
                return int(head(e) in self.small)
            case sp.Pow() if e.exp.is_Integer:
                return int(e.exp) * self._smallness(e.base)
            case sp.Mul():
                return sum(map(self._smallness, e.args))
            case sp.Sum():
                return self._smallness(e.function)
            case sp.Add():
                return min(map(self._smallness, e.args))
        return 0

    def _print_Mul(self, e: sp.Mul) -> str:
        """Numbers and fractions first, sums and derivatives last, outside any fraction."""
        factors = sp.Mul.make_args(e) if not e.args or len(e.args) > 1 else e.args
        last = [f for f in factors if isinstance(f, (sp.Derivative, sp.Sum))]
        if len(factors) == 2 and factors[0] == -1 and isinstance(factors[1], sp.Add):
            return rf"-\left({self._print(factors[1])}\right)"
        if not last:
            return str(super()._print_Mul(e))
        last.sort(key=lambda f: isinstance(f, sp.Sum))
        middle = [f for f in factors if isinstance(f, (sp.Add, sp.Piecewise))]
        front = [f for f in factors if f not in last and f not in middle]
        start = sp.Mul(*front)
        texts = [] if start == 1 else ["-"] if start == -1 else [self._print(start)]
        texts += [rf"\left({self._print(f)}\right)" for f in middle]
        for n, f in enumerate(last):
            text = self._print(f)
            open_end = isinstance(f, sp.Sum) or not isinstance(
                f.expr, (sp.Symbol, sp.Indexed, sp.core.function.AppliedUndef)
            )
            texts.append(rf"\left({text}\right)" if open_end and n < len(last) - 1 else text)
        return " ".join(map(str, texts))


def to_latex(e: Any, small: Sequence[sp.Basic] = ()) -> str:
    """LaTeX (for KaTeX and MathJax) of a SymPy object; terms with the more `small` factors stand later."""
    return str(_Printer(small).doprint(e))


def derivation_latex(derivation: Derivation) -> str:
    """All lines of a derivation, aligned, with the rules' names beside them."""
    start = derivation.steps[0].before if derivation.steps else derivative(derivation.loss, derivation.wrt)
    lines = [rf"&= {to_latex(e)} && \text{{{rule}}}" for e, rule in derivation.lines]
    body = r" \\ ".join(lines) or f"&= {to_latex(derivation.result)}"
    return rf"\begin{{aligned}} {to_latex(start)} {body} \end{{aligned}}"


def derivation_html(derivation: Derivation) -> str:
    """The gradient, with its steps folded; formulas between dollar signs, as notebooks set them."""
    left = derivative(derivation.loss if derivation.name is None else derivation.name, derivation.wrt)
    rows = "".join(
        f"<tr><td>$\\displaystyle = {escape(to_latex(e))}$</td><td>{escape(rule)}</td></tr>"
        for e, rule in derivation.lines
    )
    notes = "".join(f"<p>{escape(n)}</p>" for n in derivation.notes)
    return (
        f"<div>$\\displaystyle {escape(to_latex(left))} = {escape(to_latex(derivation.result))}$"
        f"<details><summary>{len(derivation.lines)} steps</summary><table>{rows}</table></details>{notes}</div>"
    )
