"""LaTeX as a book would set it: ∂ for every derivative, w^{(1)}_{ji} for the array w1, 1/N before a sum.

What is printed reads back: `read_latex(to_latex(e), like=e)` is an expression equal to `e`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy.printing.conventions import split_super_sub
from sympy.printing.latex import LatexPrinter, translate

from gradproof.inverse import Determinant, InverseBase
from gradproof.lines import derivative, head, index_name
from gradproof.notation import has_matrices

if TYPE_CHECKING:
    from gradproof.derivation import Derivation

__all__ = ["IndexPrinter", "derivation_latex", "to_latex"]


def _parts(name: str) -> tuple[str, list[str], list[str]]:
    """A name's letter, what stands above it, and what below: all as LaTeX; words are set upright."""
    letter, above, below = split_super_sub(name)
    word = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}")
    below = [rf"\mathrm{{{b}}}" if len(b) > 2 and b.isalpha() and translate(b) == b else translate(b) for b in below]
    return word.sub(lambda found: rf"\mathrm{{{found[0]}}}", translate(letter)), above, below


def _raised(above: Sequence[str]) -> str:
    """What stands above a name, in brackets, since it is no power; a sign needs none."""
    return "".join(f"^{{{a}}}" if a in ("*", "+", "-") else f"^{{({a})}}" for a in above)


def _free(e: sp.Basic) -> set[str]:
    """The letters of the indices that no sum of the expression binds."""
    if isinstance(e, sp.Idx):
        return {index_name(e)}
    if isinstance(e, sp.Indexed):
        return {index_name(s) for i in e.indices for s in i.free_symbols if not isinstance(s, sp.Indexed)}
    found = {letter for a in e.args for letter in _free(a)}
    return found - {index_name(limit[0]) for limit in e.limits} if isinstance(e, sp.Sum) else found


def _open(e: sp.Basic) -> set[str]:
    """The letters that sums bind which are not in brackets when a term is printed."""
    sums = [f for f in sp.Mul.make_args(e) if isinstance(f, sp.Sum)]
    return {index_name(limit[0]) for s in sums for limit in s.limits} | {a for s in sums for a in _open(s.function)}


class IndexPrinter(LatexPrinter):  # type: ignore[misc] # SymPy has no types
    """SymPy's printer with the conventions of index notation.

    small: symbols and arrays that are small steps; terms stand in the order of their powers.
    """

    def __init__(self, small: Sequence[sp.Basic] = ()) -> None:
        super().__init__()
        self.small = frozenset(small)
        self._e_is_a_name = False

    def doprint(self, expr: Any) -> str:
        self._e_is_a_name = isinstance(expr, sp.Basic) and any(s.name == "e" for s in expr.atoms(sp.Symbol))
        return str(super().doprint(expr))

    def _print_ExpBase(self, expr: sp.exp, exp: str | None = None) -> str:
        """e^x, or exp(x) where e is a name."""
        if not self._e_is_a_name:
            return str(super()._print_ExpBase(expr, exp))
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"\exp{power}{{\left({self._print(expr.args[0])} \right)}}"

    def _print_Symbol(self, e: sp.Symbol, style: str = "plain") -> str:
        """Delta_x is Δx."""
        if e.name.startswith("Delta_"):
            return rf"\Delta {self._print(sp.Symbol(e.name.removeprefix('Delta_')))}"
        return self._named(e.name) if style == "plain" else str(super()._print_Symbol(e, style))

    def _print_Idx(self, e: sp.Idx) -> str:
        return str(self._print(e.label))

    def _print_Dummy(self, e: sp.Dummy) -> str:
        return str(self._print(sp.Symbol(e.name)))

    def _named(self, name: str) -> str:
        """E_train is E with an upright label, w__1 is w^{(1)}: what stands above a name is no power."""
        stem = name.rstrip("'")
        if "{" in name or "\\" in name:
            return name
        letter, above, below = _parts(stem)
        return letter + name[len(stem) :] + _raised(above) + (f"_{{{' '.join(below)}}}" if below else "")

    def _hprint_Function(self, func: str) -> str:
        if func in ("expm1", "log1p"):  # a digit is no index here
            return rf"\operatorname{{{func}}}"
        name = str(super()._hprint_Function(func))
        return self._named(func) if "^" in name else name

    def _array(self, base: sp.IndexedBase, indices: str = "") -> tuple[str, bool]:
        """w1 is w^{(1)}, digits after an array's name being a layer; and whether anything stands above."""
        name = str(base.label)
        if "{" in name or "\\" in name:
            return name + (f"_{{{indices}}}" if indices else ""), "^" in name
        letter, above, below = _parts(name)
        if below and below[-1].isdigit():
            above, below = [*above, below[-1]], below[:-1]
        labels = ",".join(rf"\mathrm{{{b}}}" if len(b) == 1 and indices else b for b in below)
        inside = ", ".join(filter(None, (labels, indices)))
        return letter + _raised(above) + (f"_{{{inside}}}" if inside else ""), bool(above)

    def _print_Determinant(self, e: Determinant) -> str:
        return rf"\det{{\left({self._print(e.of)} \right)}}"

    def _print_Indexed(self, e: sp.Indexed, exp: str | None = None) -> str:
        indices = [str(self._print(i)) for i in e.indices]
        plain = all(len(i.replace("'", "")) == 1 for i in indices)
        below = ("" if plain else ", ").join(indices)
        if isinstance(e.base, InverseBase):
            text, raised = rf"\left({self._print(e.base)}\right)_{{{below}}}", False
        else:
            text, raised = self._array(e.base, below)
        if exp is not None:
            return f"{{{text}}}^{{{exp}}}" if raised else f"{text}^{{{exp}}}"
        return text

    def _print_InverseBase(self, e: InverseBase) -> str:
        text, raised = self._array(e.of)
        return f"{{{text}}}^{{-1}}" if raised else f"{text}^{{-1}}"

    def _print_IndexedBase(self, e: sp.IndexedBase) -> str:
        return self._array(e)[0]

    def _print_log(self, e: sp.log, exp: str | None = None) -> str:
        """A power stands at the name, as it does for other functions: behind the bracket it would be the argument's."""
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"\log{power}{{\left({self._print(e.args[0])} \right)}}"

    def _print_Heaviside(self, e: sp.Heaviside, exp: str | None = None) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"\operatorname{{Heaviside}}{power}{{\left({self._print(e.args[0])} \right)}}"

    def _print_ITE(self, e: sp.ITE) -> str:
        return str(self._print(e.to_nnf()))

    def _print_Subs(self, e: sp.Subs) -> str:
        points = r",\; ".join(f"{self._print(v)}={self._print(p)}" for v, p in zip(e.variables, e.point, strict=True))
        return rf"\left. {self._print(e.expr)} \right|_{{{points}}}"

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
        if isinstance(e.expr, (sp.Add, sp.Mul, sp.Piecewise)) or of.startswith("-"):
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
        texts = {t: str(self._print(t)) for t in ordered}
        if not any(map(self._smallness, ordered)):
            ordered.sort(key=lambda t: texts[t].startswith("-"))
        terms = [
            rf"\left({texts[t]}\right)" if _open(t) & _free(sp.Tuple(*ordered[n + 1 :])) else texts[t]
            for n, t in enumerate(ordered)
        ]
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
    if has_matrices(e):
        from gradproof.forms.matrix_latex import matrix_latex

        return matrix_latex(e)
    return IndexPrinter(small).doprint(e)


def derivation_latex(derivation: Derivation) -> str:
    """All lines of a derivation, aligned, with the rules' names beside them."""
    start = derivation.steps[0].before if derivation.steps else derivative(derivation.loss, derivation.wrt)
    lines = [rf"&= {to_latex(e)} && \text{{{rule}}}" for e, rule in derivation.lines]
    body = r" \\ ".join(lines) or f"&= {to_latex(derivation.result)}"
    return rf"\begin{{aligned}} {to_latex(start)} {body} \end{{aligned}}"
