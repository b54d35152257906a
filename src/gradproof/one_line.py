"""LaTeX of our own as one line of text: ∂J/∂m = −(2/N) Σ(i=1..N) (y_i − f_i) x_i.

For lists, for search and for programs that read no LaTeX.  The vocabulary is that of `gradproof.latex` and of the
statements; another macro keeps its name.  Nothing here imports the engine.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

__all__ = ["one_line"]

_TOKEN = re.compile(r"\\begin\{cases\}|\\end\{cases\}|\\[A-Za-z]+|\\.|\s+|.", re.DOTALL)
_GREEK = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega"
_LETTERS = {
    name: unicodedata.lookup(f"GREEK SMALL LETTER {name.replace('lambda', 'lamda')}") for name in _GREEK.split()
}
_LETTERS |= {name.title(): letter.upper() for name, letter in _LETTERS.items()} | {"varphi": "φ", "varepsilon": "ε"}
_SIGNS = {
    **_LETTERS, "partial": "∂", "nabla": "∇", "neq": "≠", "ne": "≠", "leq": "≤", "geq": "≥", "equiv": "≡", "in": "∈", "iff": "⇔",
    "Longrightarrow": "⇒", "implies": "⇒", "nexists": "∄ ", "infty": "∞", "ldots": "…", "cdot": "·", "lVert": "‖", "rVert": "‖",
    "quad": " ", "qquad": " ", ";": " ", ",": " ", ":": " ", " ": " ", "!": "", "left": "", "right": "", "displaystyle": "",
    "\\": "; ", "{": "{", "}": "}", "odot": "⊙", "oslash": "⊘", "top": "ᵀ",
    "begin{cases}": "{", "end{cases}": "}",
}  # fmt: skip
_MARKS = {"bar": "\u0304", "hat": "\u0302", "tilde": "\u0303"}
_UPRIGHT = ("text", "operatorname", "mathrm", "mathbf", "texttt")
_RAISED = dict(zip("0123456789+-=()niT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵀ", strict=True))
_SIMPLE = re.compile(r"[^\W_][\u0300-\u036f]?(?:_\w+)?|\d+(?:\.\d+)?|[^\W_]+(?:_\w+)?")
_CALL = re.compile(r"[^\W\d](?:_\w+)?\([^()]*\)")
_DERIVED = re.compile(r"(∂[⁰¹²³⁴⁵⁶⁷⁸⁹]*) *(.*)")
_ENDS = (
    {""}
    | set("+-=<>,;&)}]|")
    | {rf"\{name}" for name in ("right", "neq", "ne", "leq", "geq", "equiv", "not", "iff", "text")}
)
_ENDS |= {rf"\{name}" for name in ("quad", "qquad", "\\", ";", "overset", "Longrightarrow", "end{cases}", "in")}


def one_line(latex: str) -> str:
    """Return a formula of ours as one line of Unicode text."""
    text = _Reader(latex).until("")
    text = re.sub(r"‖ (.*?) ‖", r"‖\1‖", re.sub(r"([Δ∇]) (?=\w)", r"\1", re.sub(r"\s+", " ", text)))
    text = text.replace("( ", "(").replace(" )", ")").replace(" ,", ",").replace(" ;", ";").strip()
    text = re.sub(r"(^|[(\[=<>≤≥≠≡≢,{:|] ?)− ", r"\1−", text)  # a sign stands close to what it changes
    return unicodedata.normalize("NFC", text)


class _Reader:
    """The tokens of a formula, and how far they are read."""

    def __init__(self, latex: str) -> None:
        self.tokens = [match[0] for match in _TOKEN.finditer(latex)]
        self.at = 0

    def next(self) -> str:
        """The next token that is no space, which stays where it is; "" at the end."""
        return next((t for t in self.tokens[self.at :] if not t.isspace()), "")

    def take(self) -> str:
        """Read a token, after spaces."""
        while self.at < len(self.tokens) and self.tokens[self.at].isspace():
            self.at += 1
        self.at += 1
        return self.tokens[self.at - 1] if self.at <= len(self.tokens) else ""

    def group(self) -> str:
        """Read the argument of a macro."""
        first = self.take()
        return self.until("}") if first == "{" else self.read(first, "")

    def until(self, end: str) -> str:
        """Read to a closing token, or to the end of all."""
        text = ""
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            if token == end:
                break
            text += " " if token.isspace() else self.read(token, text)
        return text.strip()

    def read(self, token: str, before: str) -> str:
        """One token with its arguments, as text."""
        name = token.removeprefix("\\")
        if name == "{" != token:
            return "{"
        if name == "{":
            return self.until("}")
        if name in ("^", "_"):
            return _raised(self.group()) if name == "^" else _lowered(self.group())
        if name == token:
            return {"-": "−", "&": " ", "'": "′"}.get(token, token)
        if name == "frac":
            return self.fraction(before)
        if name == "sum":
            return self.sum()
        if name == "sqrt":
            return f"√{_bracketed(self.group())}"
        if name == "not":
            return "≢" if self.take() == "\\equiv" else "not "
        if name == "overset":
            above, relation = self.group(), self.group()
            return f"{relation} [by {above}]"
        if name in _MARKS:
            return self.group() + _MARKS[name]
        if name in _UPRIGHT:
            return self.words()
        return _SIGNS.get(name, name)

    def words(self) -> str:
        """Upright words, in which spaces count."""
        first = self.take()
        start = self.at
        while first == "{" and self.tokens[self.at] != "}":
            self.at += 1
        self.at += first == "{"
        return "".join(self.tokens[start : self.at - 1]) if first == "{" else first

    def fraction(self, before: str) -> str:
        """a/b, in brackets where another factor stands beside it; a derivative needs none."""
        above, below = self.group(), self.group()
        derived = _DERIVED.fullmatch(above)
        if derived and below.startswith("∂"):
            operand = derived[2] if not derived[2] or _CALL.fullmatch(derived[2]) else _bracketed(derived[2])
            return f"{derived[1]}{operand}/{below.replace(' ', '')}"
        text = f"{_bracketed(above) if re.search('[+−;]', above) else above}/{_bracketed(below)}"
        alone = self.next() in _ENDS and (before.rstrip()[-1:] or "(") in "+−=<>(,[{≤≥≠≡≢;"
        return text if alone else f"({text})"

    def sum(self) -> str:
        """Σ(i=1..N), and a space before what is summed."""
        low = high = ""
        while self.next() in ("_", "^"):
            if self.take() == "_":
                low = self.group()
            else:
                high = self.group()
        return f"Σ({low}{f'..{high}' if high else ''}) "


def _bracketed(text: str) -> str:
    """In brackets, unless it is one letter, name or number."""
    whole = _SIMPLE.fullmatch(text) or (text.startswith("(") and next(_closings(text), 0) == len(text) - 1)
    return text if whole else f"({text})"


def _closings(text: str) -> Iterator[int]:
    """Where each bracket of the outermost level is closed."""
    depth = 0
    for n, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == ")" and depth == 0:
            yield n


def _raised(text: str) -> str:
    plain = text.replace("−", "-").replace(" ", "")
    if all(c in _RAISED for c in plain):
        return "".join(_RAISED[c] for c in plain)
    return f"^({text})" if "_" in text else f"^{_bracketed(text)}"


def _lowered(text: str) -> str:
    close = text.replace(" ", "") if re.fullmatch(r"[\w′, ]+", text) else text
    return f"_{close}" if re.fullmatch(r"[\w′,]+", close) else f"_({text})"
