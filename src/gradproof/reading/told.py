"""What the reader says of a text, to someone who writes fields, in LaTeX or in SymPy notation."""

from __future__ import annotations

import re

from gradproof.reading.errors import LatexError

__all__ = ["declarations", "in_fields"]

#: How the reader says that a letter be declared, in Python, and how a field does it.
_DECLARED = (
    (r"ranges=\{\"(.+?)\": \"\.\.\"\}", r"ranges: \1 = 1..N"),
    (r"ranges=\{\"(.+?)\": \"(.+?)\"\}", r"ranges: \1 = 1..\2"),
    (r"ranges=\{\.+\}", "ranges: k = 1..K"),
    (r"functions=\[r?\"(.+?)\"\]", r"functions: \1"),
    (r"functions=\[\.\.\]", "functions: f"),
    (r"names=\[IndexedBase\('(.+?)', integer=True\)\]", r"labels: \1"),
    (r"names=\[Symbol\('(.+?)', integer=True, positive=True\)\]", r"sizes: \1"),
    (r"names=\[Symbol\('(.+?)'\)\]", r"numbers: \1"),
    (r"shapes=\{\"(\w+?)\": \"(.+?)\"\}", r"shapes: \1 = \2"),
    (r"shapes=\{\"(.+?)\": \(\"(.+?)\", \"(.+?)\"\)\}", r"shapes: \1 = \2 x \3"),
    (r"names=\[Symbol\(\.\.\.\)\]", "numbers: x"),
)

#: A declaration of one letter in the advice, as a field.
_OFFERED = re.compile(r"\b(ranges|functions|numbers|sizes|labels): ((\\?[\w^{}]+)(?: = 1\.\.\w+)?)")

#: How the reader says that something be written, in LaTeX, and how it is written in SymPy notation.
_WRITTEN = (
    (r"\\sum_\{(\w+)=1\}\^\{(\w+)\}(?: ([\w^]+))?", r"Sum(.., (\1, 1, \2))"),
    (r"\\sum_\{(\w+)=1\}\^\{\.\.\}", r"Sum(.., (\1, 1, ..))"),
    (r"\\sum_(\w+) \( \.\. \)", r"Sum(.., (\1, ..))"),
    (
        r"A sum takes the product at its right(?:; brackets make it take more)?\.",
        "A sum takes what stands in its bracket.",
    ),
    (r"\\(?:operatorname|mathrm|text)\{(\w+)\}", r"\1"),
    (r"\\frac\{\\partial L\}\{\\partial (\w+?)(?:_(\w))?\}", r"Derivative(L, \1)"),
    (r"\\mathbb\{1\}\[x > 0\]", "Piecewise((1, x > 0), (0, True))"),
    (r"\bw_\{jk\}", "w[j, k]"),
    (r"\\(max|min|log|det|exp|tanh)\b", r"\1"),
    (r" \\cdot ", "*"),
    (r"\\ne\b, <, \\le\b, >, \\ge\b", "!=, <, <=, >, >="),
)


def in_fields(error: LatexError, notation: str) -> str:
    """The error with declarations as fields; in SymPy notation without advice that only LaTeX can follow."""
    message = str(error)
    if notation == "sympy":
        shown = message.removeprefix(error.message).removesuffix(error.advice)
        message = "\n".join(filter(None, (_in_python(error.message) + shown.rstrip(), _advice(error.advice))))
    for python, field in _DECLARED:
        message = re.sub(python, field, message)
    return message


def declarations(message: str) -> dict[str, str]:
    """What such an error advises to declare, by field: of a letter that its first line names, as any other is an example.

    A first line that names ranges itself asks which of them is meant, and the advice does not know it.
    """
    first, _, rest = message.partition("\n")
    if ".." in first:
        return {}
    offered = (match.groups() for match in _OFFERED.finditer(rest))
    return {
        field: value for field, value, letter in offered if re.search(rf"(?<![\w\\]){re.escape(letter)}(?!\w)", first)
    }


def _in_python(text: str) -> str:
    for latex, python in _WRITTEN:
        text = re.sub(latex, python, text)
    return text


def _advice(text: str) -> str:
    """The sentences that hold no LaTeX, once what can be said in SymPy notation is."""
    sentences = re.split(r"(?<=[.;]) (?=[A-Z])", _in_python(text))
    return " ".join(s for s in sentences if "\\" not in s and "_{" not in s)
