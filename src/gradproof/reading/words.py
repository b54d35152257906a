r"""Functions by their names, as they are typed: \log, \operatorname{ReLU}, \text{sigmoid}."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from gradproof.reading import tree

__all__ = ["MANY", "OF_ARRAYS", "PREFIX", "WORDS", "WRITTEN_OUT", "WRITTEN_OUT_IN_PYTHON", "bare", "entry_word"]


def logistic(u: sp.Expr) -> sp.Expr:
    return 1 / (1 + sp.exp(-u))


def heaviside(u: sp.Expr) -> sp.Expr:
    return sp.Heaviside(u)


#: one argument
WORDS: dict[str, Callable[[sp.Expr], sp.Expr]] = {
    "exp": sp.exp, "log": sp.log, "ln": sp.log, "sin": sp.sin, "cos": sp.cos, "tan": sp.tan,
    "cot": lambda u: sp.cos(u) / sp.sin(u), "sec": lambda u: 1 / sp.cos(u), "csc": lambda u: 1 / sp.sin(u),
    "sinh": sp.sinh, "cosh": sp.cosh, "tanh": sp.tanh, "coth": sp.coth, "sech": sp.sech, "csch": sp.csch,
    "arcsin": sp.asin, "arccos": sp.acos, "arctan": sp.atan, "asin": sp.asin, "acos": sp.acos, "atan": sp.atan,
    "arcsinh": sp.asinh, "arccosh": sp.acosh, "arctanh": sp.atanh, "arsinh": sp.asinh, "arcosh": sp.acosh,
    "artanh": sp.atanh, "asinh": sp.asinh, "acosh": sp.acosh, "atanh": sp.atanh,
    "erf": sp.erf, "erfc": sp.erfc, "abs": sp.Abs, "sign": sp.sign, "sgn": sp.sign, "sqrt": sp.sqrt,
    "heaviside": heaviside, "relu": lambda u: sp.Max(u, 0), "sigmoid": logistic, "logistic": logistic,
    "softplus": lambda u: sp.log(1 + sp.exp(u)), "silu": lambda u: u * logistic(u), "swish": lambda u: u * logistic(u),
    "log1p": lambda u: sp.log(1 + u), "expm1": lambda u: sp.exp(u) - 1,
    "logit": lambda u: sp.log(u / (1 - u)),
}  # fmt: skip


def clip(u: sp.Expr, low: sp.Expr, high: sp.Expr) -> sp.Expr:
    return sp.Min(high, sp.Max(low, u))


#: two arguments or more
MANY: dict[str, Callable[..., sp.Expr]] = {"max": sp.Max, "min": sp.Min, "clip": clip, "clamp": clip}

#: of an array, which stands without its last index
OF_ARRAYS = {"softmax": "softmax", "logsumexp": "logsumexp", "lse": "logsumexp"}

#: what many will try, and how to write it
WRITTEN_OUT = {
    "gelu": r"Two functions have this name: write \frac{x}{2} (1 + \operatorname{erf}(x/\sqrt{2})), or the one with \tanh.",
    "mean": r"Write \frac{1}{N} \sum_{i=1}^{N} x_i.",
    "var": r"Write \frac{1}{N} \sum_{i=1}^{N} (x_i - \mu)^2, or what it stands for.",
    "kl": r"Write \sum_{k=1}^{K} p_k \log \frac{p_k}{q_k}.",
}

#: the same in SymPy notation
WRITTEN_OUT_IN_PYTHON = {
    "gelu": "Two functions have this name: write x/2*(1 + erf(x/sqrt(2))), or the one with tanh.",
    "mean": "Write Sum(x[i], (i, 1, N))/N.",
    "var": "Write Sum((x[i] - mu)**2, (i, 1, N))/N, or what it stands for.",
    "kl": "Write Sum(p[k]*log(p[k]/q[k]), (k, 1, K)).",
    "product": "Products over an index are not read: write the logarithm of it as a sum.",
    "prod": "Products over an index are not read: write the logarithm of it as a sum.",
    "sum": "Write Sum(x[i], (i, 1, N)).",
    "norm": "Write sqrt(Sum(x[i]**2, (i, 1, N))).",
}

#: written without brackets too: a power between the name and the argument is the value's
PREFIX = frozenset(
    [
        "exp",
        "log",
        "ln",
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "sinh",
        "cosh",
        "tanh",
        "coth",
        "sech",
        "csch",
        "arcsin",
        "arccos",
        "arctan",
    ]
)


def bare(word: str) -> str | None:
    """The name of a function, if a word is one however it is capitalised."""
    lower = word.lower()
    return lower if lower in WORDS or lower in MANY else None


def entry_word(node: tree.Node, behind: tree.Node) -> tuple[str | None, tree.Node | None]:
    r"""Softmax or logsumexp, where a part names one, and the index that stands below it or below its bracket."""
    base, below = (node.base, node.below) if isinstance(node, tree.Scripted) else (node, None)
    word = OF_ARRAYS.get(base.name.lower()) if isinstance(base, tree.Name) and base.kind == "word" else None
    if word is not None and below is None and isinstance(behind, tree.Scripted):
        below = behind.below
    return word, below
