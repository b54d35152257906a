"""LaTeX as a book would set it: ∂ for every derivative, w^{(1)}_{ji} for the array w1, 1/N before a sum."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy.printing.latex import LatexPrinter

if TYPE_CHECKING:
    from gradproof.derivation import Derivation

__all__ = ["derivation_html", "derivation_latex", "to_latex"]


class _Printer(LatexPrinter):  # type: ignore[misc] # SymPy has no types
    """SymPy's printer with the conventions of index notation."""

    def _print_Idx(self, e: sp.Idx) -> str:
        return str(self._print(e.label))

    def _print_Dummy(self, e: sp.Dummy) -> str:
        return str(self._print(sp.Symbol(e.name)))

    def _print_Indexed(self, e: sp.Indexed, exp: str | None = None) -> str:
        """w1[j, i] is w^{(1)}_{ji}: a digit after an array's name is a layer."""
        name, layer = re.fullmatch(r"(.*?)(\d*)", str(e.base.label)).groups()  # type: ignore[union-attr]
        indices = [str(self._print(i)) for i in e.indices]
        plain = all(len(i.replace("'", "")) == 1 for i in indices)
        below = ("" if plain else ", ").join(indices)
        text = f"{self._print(sp.Symbol(name))}{'^{(' + layer + ')}' if layer else ''}_{{{below}}}"
        if exp is not None:
            return f"{{{text}}}^{{{exp}}}" if layer else f"{text}^{{{exp}}}"
        return text

    def _print_Pow(self, e: sp.Pow) -> str:
        if isinstance(e.base, sp.Indexed) and e.exp.is_Integer and e.exp > 0:
            return self._print_Indexed(e.base, str(e.exp))
        if isinstance(e.base, sp.core.function.AppliedUndef):
            return f"{self._print(e.base)}^{{{self._print(e.exp)}}}"
        return str(super()._print_Pow(e))

    def _print_Derivative(self, e: sp.Derivative) -> str:
        by = self._print(e.variables[0])
        of = self._print(e.expr)
        if isinstance(e.expr, (sp.Symbol, sp.Indexed, sp.core.function.AppliedUndef)):
            return rf"\frac{{\partial {of}}}{{\partial {by}}}"
        if isinstance(e.expr, (sp.Add, sp.Mul, sp.Piecewise)):
            of = rf"\left({of}\right)"
        return rf"\frac{{\partial}}{{\partial {by}}} {of}"

    def _print_Sum(self, e: sp.Sum) -> str:
        body = self._print(e.function)
        if isinstance(e.function, (sp.Add, sp.Piecewise)) or body.startswith("-"):
            body = rf"\left({body}\right)"
        signs = "".join(
            rf"\sum_{{{self._print(i)}={self._print(lo)}}}^{{{self._print(hi)}}}" for i, lo, hi in reversed(e.limits)
        )
        return f"{signs} {body}"

    def _print_Add(self, e: sp.Add, order: Any = None) -> str:
        """Terms with a plus sign first: y − f, not −f + y."""
        terms = [str(self._print(t)) for t in self._as_ordered_terms(e, order=order)]
        terms.sort(key=lambda t: t.startswith("-"))
        return terms[0] + "".join(f" - {t[1:].lstrip()}" if t.startswith("-") else f" + {t}" for t in terms[1:])

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


def to_latex(e: Any) -> str:
    """LaTeX (for KaTeX and MathJax) of a SymPy object."""
    return str(_Printer().doprint(e))


def derivation_latex(derivation: Derivation) -> str:
    """All lines of a derivation, aligned, with the rules' names beside them."""
    from gradproof.lines import derivative

    start = derivation.steps[0].before if derivation.steps else derivative(derivation.loss, derivation.wrt)
    lines = [rf"&= {to_latex(e)} && \text{{{rule}}}" for e, rule in derivation.lines]
    body = r" \\ ".join(lines) or f"&= {to_latex(derivation.result)}"
    return rf"\begin{{aligned}} {to_latex(start)} {body} \end{{aligned}}"


def derivation_html(derivation: Derivation) -> str:
    """The gradient, with its steps folded; formulas between dollar signs, as notebooks set them."""
    from gradproof.lines import derivative

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
