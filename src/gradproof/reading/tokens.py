"""From a text to tokens in rows: wrappers taken off, bars told apart, what TeX would split is split or reported."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lark import Lark, Token

from gradproof.reading.bars import CLOSING, OPENING, place, told_apart
from gradproof.reading.errors import AmbiguityError, LatexError

__all__ = ["CLOSING", "MAX_DEPTH", "OPENING", "Row", "parser", "rows"]

MAX_LENGTH = 20_000  # characters of one text
MAX_DEPTH = 40  # brackets, braces and environments within each other
MAX_DIGITS = 60

UNICODE = {
    "−": "-", "·": r"\cdot", "×": r"\times", "∑": r"\sum", "Σ": r"\Sigma", "∂": r"\partial", "∇": r"\nabla", "√": r"\sqrt{..}",
    "²": "^2", "³": "^3", "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "α": r"\alpha", "β": r"\beta", "δ": r"\delta",
    "η": r"\eta", "θ": r"\theta", "λ": r"\lambda", "μ": r"\mu", "π": r"\pi", "σ": r"\sigma", "φ": r"\varphi", "ŷ": r"\hat y",
    "′": "'", "’": "'", "‖": r"\|", "∞": r"\infty", "∈": r"\in", "…": r"\ldots",
}  # fmt: skip
#: what may stand round a formula
FRAME = frozenset(("BEGIN", "END", "DOLLAR", "STOP", "COLON", "COMMA", "SEMICOLON", "THIN"))
#: commands that many will try, and what is to be done instead
INSTEAD = {
    r"\approx": "an approximation cannot be proved to be equal; write the exact terms",
    r"\propto": "a proportion is no equation; write the factor",
    r"\pm": "write the two formulas; to assume that y is 1 or -1, write y^2 = 1",
    r"\mp": "write the two formulas",
    r"\succ": "write what is used of it: A = A^\\top; that A has an inverse is assumed where A^{-1} stands",
    r"\succeq": "write what is used of it: A = A^\\top",
    r"\int": "integrals are not read",
    r"\lim": "limits are not read",
    r"\binom": "binomials are not read",
    r"\mathbb": "accepted are \\mathbb{1} and \\mathbb{I}, the indicator of a condition",
    r"\over": r"write \frac{a}{b}",
    r"\argmax": r"\arg is not read",
    r"\arg": r"a formula with \arg has no value to derive",
    r"\left": "a \\left needs a bracket behind it",
    r"\right": "a \\right needs a bracket behind it",
}


@dataclass(frozen=True)
class Row:
    """One line of a display: its tokens, and the words that stand at its end."""

    tokens: tuple[Token, ...]
    remark: str


class _KeepAll:
    """Keeps the tokens that no rule of the grammar uses, so that they can be refused with words."""

    always_accept = ("AMP", "BAR", "NORM", "BEGIN", "END", "COMMENT", "DOLLAR", "ROW", "STOP", "THIN", "UNKNOWN")

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        return stream


@cache
def parser(transformer: Any) -> Lark:
    """The parser; `transformer` makes the tree while it parses."""
    grammar = (Path(__file__).parent / "grammar.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", lexer="basic", postlex=_KeepAll(), transformer=transformer)


def rows(text: str, lexer: Lark) -> list[Row]:
    """The rows of a text, without its wrappers.  Raises LatexError or AmbiguityError, and TypeError for no str."""
    if not isinstance(text, str):
        raise TypeError(f"LaTeX is read from a str, not from {text!r} ({type(text).__name__})")
    if not text.strip():
        raise LatexError("there is no formula: the text is empty")
    if len(text) > MAX_LENGTH:
        raise LatexError(f"the text has {len(text):,} characters; at most {MAX_LENGTH:,} are read at once")
    tokens = [_known(t, text) for t in lexer.lex(text)]
    tokens = _unwrapped(tokens, text)
    tokens = _unpunctuated(_bare(tokens))
    _nested(tokens, text)
    found = [_row(part, text) for part in _split(tokens)]
    found = [row for row in found if row.tokens]
    if not found:
        raise LatexError("there is no formula in the text", text, 0)
    return found


def _known(token: Token, text: str) -> Token:
    """The token, if it is read at all."""
    if token.type == "NUMBER" and len(token) > MAX_DIGITS:
        raise LatexError(f"a number of {len(token)} digits; at most {MAX_DIGITS} are read", text, place(token))
    if token.type != "UNKNOWN":
        return token
    word = str(token)
    if word in INSTEAD:
        raise LatexError(f"{word} is not read", text, place(token), INSTEAD[word])
    if not word.startswith("\\"):
        hint = f"; write {UNICODE[word]}" if word in UNICODE else ""
        raise LatexError(f"the character {word!r} (U+{ord(word):04X}) is not read{hint}", text, place(token))
    if word[1:] in _commands():
        raise LatexError(
            f"{word} is not read like this: what belongs to it is missing, or is no name", text, place(token)
        )
    near = [f"\\{m}" for m in difflib.get_close_matches(word[1:], _commands(), 2, 0.7)]
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    advice = r"For a name or a function of several letters write \operatorname{name} or \text{name}."
    raise LatexError(f"the command {word} is not read{hint}", text, place(token), advice)


@cache
def _commands() -> tuple[str, ...]:
    """Every command that the grammar names."""
    grammar = (Path(__file__).parent / "grammar.lark").read_text("utf-8")
    return tuple(
        sorted({w for w in re.findall(r"[A-Za-z]+", grammar.split("// -- tokens")[1]) if w.islower() and len(w) > 1})
    )


def _unwrapped(tokens: list[Token], text: str) -> list[Token]:
    """Without dollars, displays, and empty braces that only hold a place."""
    kept: list[Token] = []
    opened: list[Token] = []
    last = max((n for n, t in enumerate(tokens) if t.type not in FRAME), default=0)
    for n, token in enumerate(tokens):
        if token.type == "BEGIN":
            opened.append(token)
        elif token.type == "END":
            if not opened or _environment(opened.pop()) != _environment(token):
                raise LatexError(f"{token} closes nothing that is open", text, place(token))
        elif token.type == "DOLLAR":
            if kept and n < last:
                raise LatexError(f"{token} within a formula; give one formula at a time", text, place(token))
        else:
            kept.append(token)
    if opened:
        raise LatexError(f"{opened[-1]} is never closed", text, place(opened[-1]))
    return _without_empty(kept)


def _environment(token: Token) -> str:
    return token[token.index("{") : token.index("}")]


def _without_empty(tokens: list[Token]) -> list[Token]:
    """`{}` is dropped where it is no argument: people write it to hold a place."""
    kept: list[Token] = []
    for token in tokens:
        if token.type == "RBRACE" and kept and kept[-1].type == "LBRACE":
            before = kept[-2].type if len(kept) > 1 else ""
            if before not in ("BELOW", "ABOVE", "FRAC", "ROOT", "ACCENT", "RBRACE"):
                kept.pop()
                continue
        kept.append(token)
    return kept


def _bare(tokens: list[Token]) -> list[Token]:
    """Without spaces; a bracket that a thin space precedes remembers it."""
    kept: list[Token] = []
    spaced = False
    for token in tokens:
        if token.type == "THIN":
            spaced = True
            continue
        if spaced and token.type in OPENING:
            token = Token.new_borrow_pos(token.type, r"\,", token)
        spaced = False
        kept.append(token)
    return kept


def _unpunctuated(tokens: list[Token]) -> list[Token]:
    """Without the commas and stops that end the lines of cases."""
    kept: list[Token] = []
    for token in tokens:
        while token.type in ("ROW", "ENDCASES") and kept and kept[-1].type in ("COMMA", "STOP", "SEMICOLON"):
            kept.pop()
        kept.append(token)
    return kept


def _nested(tokens: list[Token], text: str) -> None:
    """Raise LatexError where a bracket is not closed, is closed by another, or is nested too deeply."""
    opened: list[Token] = []
    for token in tokens:
        if token.type in OPENING:
            opened.append(token)
            if len(opened) > MAX_DEPTH:
                raise LatexError(f"nested too deeply: more than {MAX_DEPTH} brackets are open", text, place(token))
        elif token.type in CLOSING:
            if not opened:
                raise LatexError(f"{_shown(token)} closes nothing that is open", text, place(token))
            if not _fits(opened.pop(), token):
                raise LatexError(
                    f"{_shown(token)} closes a bracket of another kind, or one that is not open", text, place(token)
                )
    if opened:
        raise LatexError(f"{_shown(opened[-1])} is never closed", text, place(opened[-1]))


def _fits(one: Token, other: Token) -> bool:
    return OPENING[one.type] == other.type or (one.type == "OPENBAR" and other.type == "RIGHTBAR")


def _shown(token: Token) -> str:
    return repr(re.sub(r"\s+", "", str(token))) if str(token) != r"\," else "this bracket"


def _split(tokens: list[Token]) -> Iterator[list[Token]]:
    """The rows between line breaks; those within cases stay."""
    row: list[Token] = []
    depth = 0
    for token in tokens:
        depth += (token.type in OPENING) - (token.type in CLOSING)
        if token.type == "ROW" and depth == 0:
            yield row
            row = []
        else:
            row.append(token)
    yield row


def _row(tokens: list[Token], text: str) -> Row:
    """A row without alignment signs and punctuation; the words at its end are a remark."""
    body, remark = _without_remark(tokens, text)
    depth, kept = 0, []
    for token in body:
        depth += (token.type in OPENING) - (token.type in CLOSING)
        if token.type == "AMP" and depth == 0:
            continue
        if token.type in ("COMMENT", "STOP"):
            raise LatexError(f"{token} within a formula is not read", text, place(token))
        kept.append(token)
    return Row(tuple(told_apart(_digits(kept, text), text)), remark)


def _without_remark(tokens: list[Token], text: str) -> tuple[list[Token], str]:
    """What follows `&&`, or ends the row as words, is a remark and no mathematics."""
    body, words = list(tokens), []
    for n in range(len(tokens) - 2):
        if tokens[n].type == tokens[n + 1].type == "AMP" and tokens[n + 2].type != "AMP":
            body, words = list(tokens[:n]), list(tokens[n + 2 :])
            if words[0].type not in ("COMMENT", "WORD"):
                raise LatexError(
                    "a second column is not read", text, place(words[0]), r"Words go there as && \text{...}."
                )
            break
    while body and body[-1].type in ("COMMENT", "STOP", "COLON", "COMMA", "SEMICOLON", "AMP"):
        last = body.pop()
        words = [last, *words] if last.type == "COMMENT" else words
    return body, " ".join(re.sub(r"^\\[a-z]+\*?\s*\{\s*|\s*\}$", "", str(t)) for t in words).strip()


def _digits(tokens: list[Token], text: str) -> list[Token]:
    r"""TeX gives \frac, \sqrt, ^ and _ one digit only: \frac12 is a half; x^12 is reported."""
    kept: list[Token] = []
    waiting: list[tuple[int, int, Token]] = []  # the depth, the arguments still to come, and for what
    depth = 0
    for token in tokens:
        depth -= token.type in CLOSING
        if waiting and waiting[-1][0] == depth and token.type not in CLOSING and token.type != "LBRACK":
            _, needed, command = waiting.pop()
            if token.type == "NUMBER":
                if len(token) > needed or not token.isdigit():
                    _two_digits(token, text, str(command))
                kept += [Token.new_borrow_pos("NUMBER", digit, token) for digit in token]
                if needed > len(token):
                    waiting.append((depth, needed - len(token), command))
                continue
            if needed > 1:
                waiting.append((depth, needed - 1, command))
        if token.type in ("FRAC", "ROOT", "BELOW", "ABOVE"):
            waiting.append((depth, 2 if token.type == "FRAC" else 1, token))
        depth += token.type in OPENING
        kept.append(token)
    return kept


def _two_digits(token: Token, text: str, command: str) -> None:
    raise AmbiguityError(
        f"{command} takes one digit only, if there are no braces",
        text,
        place(token),
        (f"{command}{{{token}}}", f"{command}{{{token[0]}}} {token[1:]}"),
        f"Write {command}{{...}} with braces.",
    )
