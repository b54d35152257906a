"""Bars: which of them open and which close, norms, and the bar between two things."""

from __future__ import annotations

from collections.abc import Iterator

from lark import Token

from gradproof.reading.errors import AmbiguityError, LatexError

__all__ = ["CLOSING", "OPENING", "place", "told_apart"]

MAX_BARS = 12  # bars without a direction at one level
OPENING = {"LPAR": "RPAR", "LBRACK": "RBRACK", "LCURLY": "RCURLY", "LANGLE": "RANGLE", "LBRACE": "RBRACE"}
OPENING |= {"OPENBAR": "CLOSEBAR", "OPENNORM": "CLOSENORM", "CASES": "ENDCASES", "LEFTDOT": "RIGHTBAR"}
CLOSING = frozenset(OPENING.values())
#: after these an operand is still to come, so that a bar opens
WAITING = frozenset(
    [
        "RELATION",
        "SIGN",
        "TIMES",
        "SLASH",
        "COMMA",
        "SEMICOLON",
        "COLON",
        "AMP",
        "ROW",
        "IF",
        "AND",
        "OR",
        "BELOW",
        "ABOVE",
        "FRAC",
        "ROOT",
        "ACCENT",
    ]
)
WAITING |= frozenset(OPENING)
#: before these a bar can only close
ENDING = CLOSING | {
    "RELATION",
    "TIMES",
    "ODOT",
    "OSLASH",
    "SLASH",
    "COMMA",
    "SEMICOLON",
    "AMP",
    "ROW",
    "BELOW",
    "ABOVE",
    "PRIME",
}


def place(token: Token) -> int:
    """Where a token stands in the text."""
    return token.start_pos or 0


def told_apart(tokens: list[Token], text: str) -> list[Token]:
    """Each bar without a direction as an opening or a closing one, where only one reading pairs them all."""
    if not any(t.type in ("BAR", "NORM") for t in tokens):
        return tokens
    try:
        return _paired_all(tokens, text)
    except AmbiguityError:
        raise
    except LatexError:
        doubled = _doubled(tokens)
        if len(doubled) == len(tokens):
            raise
    return _paired_all(doubled, text)


def _doubled(tokens: list[Token]) -> list[Token]:
    """Two bars side by side as one norm, as in ||w||."""
    kept: list[Token] = []
    for token in tokens:
        if token.type == "BAR" and kept and kept[-1].type == "BAR" and kept[-1].end_pos == token.start_pos:
            kept[-1] = Token.new_borrow_pos("NORM", "||", kept[-1])
        else:
            kept.append(token)
    return kept


def _paired_all(tokens: list[Token], text: str) -> list[Token]:
    levels: list[list[int]] = [[]]
    done: list[list[int]] = []
    for n, token in enumerate(tokens):
        if token.type in ("BAR", "NORM"):
            levels[-1].append(n)
        elif token.type in OPENING:
            levels.append([])
        elif token.type in CLOSING or token.type in ("AMP", "ROW"):
            done.append(levels.pop())
            if not (token.type in CLOSING and levels):
                levels.append([])
    kept = list(tokens)
    for level in (*done, *levels):
        if len(level) == 1 and _divides(level[0], tokens):
            kept[level[0]] = Token.new_borrow_pos("GIVEN", str(tokens[level[0]]), tokens[level[0]])
            continue
        for n, opens in zip(level, _paired(level, tokens, text), strict=True):
            kind = "NORM" if tokens[n].type == "NORM" else "BAR"
            kept[n] = Token.new_borrow_pos(("OPEN" if opens else "CLOSE") + kind, str(tokens[n]), tokens[n])
    return kept


def _divides(n: int, tokens: list[Token]) -> bool:
    r"""Whether a bar that is alone in its bracket stands between two things, as in p(x | z) and KL(p \\| q)."""
    before, depth = n - 1, 0
    while before >= 0 and depth >= 0 and not (depth == 0 and tokens[before].type in OPENING):
        depth += (tokens[before].type in CLOSING) - (tokens[before].type in OPENING)
        before -= 1
    inside = before >= 0 and tokens[before].type in ("LPAR", "LBRACK")
    ends = n + 1 >= len(tokens) or tokens[n + 1].type in ENDING
    return inside and before < n - 1 and not ends


def _paired(level: list[int], tokens: list[Token], text: str) -> tuple[bool, ...]:
    """Which bars of one level open."""
    if not level:
        return ()
    first = place(tokens[level[0]])
    advice = r"Write \lvert x \rvert for an absolute value, \lVert x \rVert for a norm."
    if len(level) > MAX_BARS:
        raise LatexError(f"{len(level)} bars side by side cannot be told apart", text, first, advice)
    found = list(_pairings(level, tokens, (), ()))
    if not found:
        raise LatexError("the bars do not pair; a bar is read as an absolute value or a norm only", text, first, advice)
    if len(found) > 1:
        shown = ["".join("⟨" if opens else "⟩" for opens in way) for way in found[:2]]
        readings = [f"bars that open and close as {way}" for way in shown]
        raise AmbiguityError("the bars pair in more than one way", text, first, readings, advice)
    return found[0]


def _pairings(
    level: list[int], tokens: list[Token], way: tuple[bool, ...], stack: tuple[int, ...]
) -> Iterator[tuple[bool, ...]]:
    """Every way to pair the bars; `|| x ||` for the absolute value of an absolute value is none."""
    k = len(way)
    if k == len(level):
        if not stack:
            yield way
        return
    n = level[k]
    before = tokens[n - 1].type if n else "SIGN"
    after = tokens[n + 1].type if n + 1 < len(tokens) else "RELATION"
    follows_bar = k > 0 and level[k - 1] == n - 1
    takes = before == "COMMAND" and tokens[n - 2].type != "ABOVE"  # a function, and not the \top of a transpose
    waiting = way[k - 1] if follows_bar else before in WAITING or takes
    if stack and not waiting and tokens[stack[-1]].type == tokens[n].type:
        doubled = follows_bar and k > 1 and stack[-1] + 1 in level and way[level.index(stack[-1] + 1)]
        if not (doubled and _closer(level, way, stack[-1] + 1) == n - 1):
            yield from _pairings(level, tokens, (*way, False), stack[:-1])
    if after not in ENDING and len(stack) < len(level) - k:
        yield from _pairings(level, tokens, (*way, True), (*stack, n))


def _closer(level: list[int], way: tuple[bool, ...], opener: int) -> int:
    """The bar that closes the one that opens at `opener`."""
    depth = 0
    for n, opens in zip(level, way, strict=False):
        if n >= opener:
            depth += 1 if opens else -1
            if depth == 0:
                return n
    return -1
