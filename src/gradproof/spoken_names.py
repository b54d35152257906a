"""How each sign is said: the words of `spoken.py`, one table for each kind of sign.

A sign that stands in no table is said by its name in Unicode.
"""

from __future__ import annotations

import re
from unicodedata import category, name

RELATIONS = {
    "=": "equals",
    "≠": "does not equal",
    "<": "is less than",
    ">": "is greater than",
    "≤": "is at most",
    "≥": "is at least",
    "≪": "is much less than",
    "≫": "is much greater than",
    "≈": "is approximately",
    "≡": "is identical to",
    "≢": "is not identical to",
    "∼": "is distributed as",
    "∝": "is proportional to",
    "∈": "is in",
    "∉": "is not in",
    "⊂": "is a proper subset of",
    "⊆": "is a subset of",
    "→": "goes to",
    "↦": "maps to",
    "←": "becomes",
    "⟹": "implies",
    "⇒": "implies",
    "⟺": "if and only if",
    "⇔": "if and only if",
    ":=": "is defined as",
    "⟶": "goes to",
    "≮": "is not less than",
    "≯": "is not greater than",
}
SIGNS = {
    "+": "plus",
    "−": "minus",
    "±": "plus or minus",
    "∓": "minus or plus",
    "⋅": "dot",
    "×": "multiplied by",
    "/": "divided by",
    "∗": "star",
    "*": "asterisk",
    "∘": "composed with",
    "⊙": "elementwise times",
    "⊘": "elementwise divided by",
    "⊗": "tensor",
    "⊕": "circled plus",
    ",": "comma",
    ";": "semicolon",
    ":": "colon",
    ".": "period",
    "!": "factorial",
    "?": "question mark",
    "%": "percent",
    "“": "quote",
    "”": "end quote",
    "…": "dot dot dot",
    "⋯": "dot dot dot",
    "⋮": "vertical dots",
    "⋱": "diagonal dots",
    "∪": "union",
    "∩": "intersection",
    "∖": "without",
    "∧": "and",
    "∨": "or",
    "¬": "not",
    "∀": "for all",
    "∃": "there is",
    "∄": "there is no",
    "∂": "partial",
    "∇": "nabla",
    "′": "prime",
    "|": "vertical bar",
    "‖": "double vertical bar",
}
OPERANDS = {"∞": "infinity", "∅": "the empty set", "⊤": "top", "⊥": "bottom", "ℓ": "ell", "ℏ": "h bar"}
LETTERS = {
    "ϵ": "epsilon",
    "ε": "curly epsilon",
    "ϕ": "straight phi",
    "ϖ": "curly pi",
    "ϱ": "curly rho",
    "ς": "final sigma",
}
BIG = {
    "∑": "sum",
    "∏": "product",
    "∫": "integral",
    "∬": "double integral",
    "∮": "contour integral",
    "⋃": "union",
    "⋂": "intersection",
}
NAMES = {
    "max": "maximum",
    "min": "minimum",
    "sup": "supremum",
    "inf": "infimum",
    "lim": "limit",
    "argmax": "arg max",
    "argmin": "arg min",
    "det": "determinant",
    "tr": "trace",
    "sin": "sine",
    "cos": "cosine",
    "tan": "tangent",
    "ln": "natural log",
    "mod": "modulo",
}
LIMITED = {"max", "min", "sup", "inf", "lim", "argmax", "argmin", "arg max", "arg min"}
FENCES = {
    "(": "open bracket",
    ")": "close bracket",
    "[": "open square bracket",
    "]": "close square bracket",
    "{": "open brace",
    "}": "close brace",
    "⟨": "open angle bracket",
    "⟩": "close angle bracket",
    "⌊": "open floor",
    "⌋": "close floor",
    "⌈": "open ceiling",
    "⌉": "close ceiling",
    "|": "vertical bar",
    "‖": "double vertical bar",
    "": "no bracket",
}
ACCENTS = {
    "^": "hat",
    "ˉ": "bar",
    "‾": "overline",
    "~": "tilde",
    "˙": "dot",
    "¨": "double dot",
    "⃗": "arrow",
    "→": "arrow",
    "⏞": "brace",
    "⏟": "brace",
    "ˇ": "check",
    "˘": "breve",
}
VARIANTS = {
    "": "",
    "normal": "",
    "italic": "",
    "bold": "bold",
    "bold-italic": "bold italic",
    "double-struck": "double-struck",
    "script": "script",
    "fraktur": "fraktur",
    "bold-fraktur": "bold fraktur",
    "sans-serif": "sans-serif",
    "bold-sans-serif": "bold sans-serif",
    "monospace": "monospace",
}
POWERS = {
    "2": "squared",
    "3": "cubed",
    "⊤": "transpose",
    "−1": "inverse",
    "−⊤": "inverse transpose",
    "∗": "star",
    "†": "dagger",
    "+": "superscript plus",
    "−": "superscript minus",
}
PRIMES = {1: "prime", 2: "double prime", 3: "triple prime"}
INTERVALS = {"[]": "closed", "()": "open", "[)": "left-closed", "(]": "right-closed"}
BARS = {"|": "absolute value", "‖": "norm"}
RANKS = {1: "", 2: "second", 3: "third", 4: "fourth"}


def character(c: str) -> str:
    """Name one character: by Unicode's name, where our tables have none."""
    if c.isascii() and c.isalnum():
        return f"capital {c}" if c.isupper() else c
    for table in (LETTERS, OPERANDS, SIGNS, RELATIONS, FENCES):
        if c in table:
            return table[c]
    title = name(c, "").lower()
    if not title or category(c)[0] == "C":
        raise ValueError(f"the character {c!r} (U+{ord(c):04X}) has no spoken form")
    title = re.sub(r"^(?:greek|latin|cyrillic|hebrew) (?:small letter |letter )?", "", title.replace("lamda", "lambda"))
    title = title.replace("capital letter ", "capital ")
    return f"curly {title.removesuffix(' symbol')}" if title.endswith(" symbol") else title


def styled(word: str, variant: str) -> str:
    """Put the style of a letter before it; of Greek letters TeX has no other bold than the slanted one."""
    if variant not in VARIANTS:
        raise ValueError(f"the style {variant!r} has no spoken form; known are {', '.join(filter(None, VARIANTS))}")
    latin = len(word.removeprefix("capital ")) == 1
    return f"{'bold' if variant == 'bold-italic' and not latin else VARIANTS[variant]} {word}".strip()
