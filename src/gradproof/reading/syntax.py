"""From the tokens of a row to the tree of its parts, by Lark's LALR parser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedToken, VisitError

from gradproof.reading import tree
from gradproof.reading.errors import LatexError
from gradproof.reading.tokens import CLOSING, OPENING, parser, rows

__all__ = ["Line", "continued", "parsed"]

RELATIONS = {
    ":=": "=", r"\coloneqq": "=", r"\triangleq": "=", r"\equiv": "=", r"\lt": "<", r"\gt": ">",
    r"\le": "≤", r"\leq": "≤", r"\leqslant": "≤", r"\ge": "≥", r"\geq": "≥", r"\geqslant": "≥",
    r"\ne": "≠", r"\neq": "≠", r"\in": "∈",
}  # fmt: skip
ACCENTS = {"widehat": "hat", "overline": "bar", "widetilde": "tilde"}
FONTS = {"mathbf": "bold", "boldsymbol": "bold", "bm": "bold", "bf": "bold", "mathcal": "cal", "mathscr": "scr"}
FONTS |= {"mathfrak": "frak"}
WORDS_FOR = {
    "RPAR": ")", "RBRACK": "]", "RCURLY": r"\}", "RBRACE": "}", "CLOSEBAR": "a closing bar", "CLOSENORM": "a closing norm",
    "$END": "the end", "RELATION": "= or another relation", "SIGN": "+ or -", "COMMA": "a comma", "AMP": "&",
}  # fmt: skip
BRACKETS = {"LPAR": "(", "LBRACK": "[", "LCURLY": "{", "LANGLE": "<"}
OPERAND = {"LETTER", "NUMBER"}  # where all of these are accepted, an operand is missing


@dataclass(frozen=True)
class Line:
    """One row of a display: what it says, whether it starts with its relation, and the words beside it."""

    node: tree.Node
    headless: bool
    remark: str


def parsed(text: str) -> list[Line]:
    """Every row of a text.  A row that starts with an operator, or follows one, and has no relation goes on with the last."""
    return [_line(row.tokens, row.remark, text) for row in continued(rows(text, _lark()))]


def continued(found: list[Any]) -> list[Any]:
    """The rows, with those that only go on joined to the one before."""
    joined: list[Any] = []
    for row in found:
        if joined and _goes_on(joined[-1].tokens[-1], row.tokens[0]) and not _relates(row.tokens):
            before = joined.pop()
            row = type(row)(before.tokens + row.tokens, row.remark or before.remark)
        joined.append(row)
    return joined


def _goes_on(last: Token, first: Token) -> bool:
    operators = ("SIGN", "TIMES", "ODOT", "OSLASH", "SLASH")
    return first.type in operators or last.type in (*operators, "RELATION")


def _relates(tokens: tuple[Token, ...]) -> bool:
    depth = 0
    for token in tokens:
        depth += (token.type in OPENING) - (token.type in CLOSING)
        if token.type == "RELATION" and depth == 0:
            return True
    return False


@cache
def _lark() -> Lark:
    return parser(_Builder())


def _line(tokens: tuple[Token, ...], remark: str, text: str) -> Line:
    headless = tokens[0].type == "RELATION"
    state = _lark().parse_interactive("")
    token: Token | None = None
    try:
        for token in tokens[headless:]:
            state.feed_token(token)
        return Line(state.feed_eof(token), headless, remark)  # type: ignore[no-untyped-call] # Lark's
    except UnexpectedToken as error:
        raise _unexpected(error, text) from None
    except VisitError as error:
        if isinstance(error.orig_exc, _RefusedError):
            raise LatexError(error.orig_exc.message, text, error.orig_exc.at, error.orig_exc.advice) from None
        raise
    except _RefusedError as error:
        raise LatexError(error.message, text, error.at, error.advice) from None


def _unexpected(error: UnexpectedToken, text: str) -> LatexError:
    token = error.token
    expected = set(error.accepts or error.expected)
    place = len(text.rstrip()) if token.type == "$END" else token.start_pos or 0
    found = "the formula ends" if token.type == "$END" else f"{str(token).strip()} stands"
    if expected >= OPERAND:
        braces = token.type in ("LPAR", "LBRACK") and token.type not in expected
        advice = r"Put it in braces, as in \sqrt{..}, \frac{..}{..}, ^{(2)}." if braces else ""
        advice = "Write ^ for a power." if str(token) == "*" else advice
        return LatexError(f"{found} where a number, a letter or a bracket is missing", text, place, advice)
    if token.type in ("BELOW", "ABOVE", "PRIME"):
        return LatexError(f"{found} where there is nothing that it could belong to", text, place)
    words = [WORDS_FOR[e] for e in sorted(expected & WORDS_FOR.keys())]
    return LatexError(
        f"{found} where it is not understood", text, place, f"Accepted there: {', '.join(words)}." if words else ""
    )


class _RefusedError(Exception):
    """A part that the grammar allows and that has no meaning."""

    def __init__(self, message: str, at: int, advice: str = "") -> None:
        self.message, self.at, self.advice = message, at, advice
        super().__init__(message)


def _span(*parts: Any) -> tuple[int, int]:
    starts = [(p.start_pos or 0) if isinstance(p, Token) else p.at for p in parts]
    ends = [(p.end_pos or 0) if isinstance(p, Token) else p.end for p in parts]
    return min(starts), max(ends)


class _Builder(Transformer[Token, Any]):
    """Makes each part of the tree as soon as the parser has seen all of it: no recursion."""

    def start(self, parts: list[tree.Node]) -> tree.Node:
        return parts[0]

    def sides(self, parts: list[Any]) -> tree.Node:
        if len(parts) == 1:
            return cast(tree.Node, parts[0])
        relations = tuple(RELATIONS.get(str(t), str(t)) for t in parts[1::2])
        return tree.Sides(*_span(*parts), tuple(parts[::2]), relations)

    def terms(self, parts: list[Any]) -> tree.Node:
        found: list[tuple[int, tree.Node]] = []
        sign = 1
        for part in parts:
            if isinstance(part, Token):
                sign = -sign if part == "-" else sign
            else:
                found.append((sign, part))
                sign = 1
        if len(found) == 1 and found[0][0] == 1:
            return found[0][1]
        return tree.Terms(*_span(*parts), tuple(found))

    def product(self, parts: list[Any]) -> tree.Node:
        if len(parts) == 1:
            return cast(tree.Node, parts[0])
        return tree.Product(*_span(parts[0], parts[-1][1]), (("", parts[0]), *parts[1:]))

    def beside(self, parts: list[Any]) -> tuple[str, tree.Node]:
        return "", parts[0]

    def times(self, parts: list[Any]) -> tuple[str, tree.Node]:
        return "*", _signed(parts)

    def over(self, parts: list[Any]) -> tuple[str, tree.Node]:
        return "/", _signed(parts)

    def entries(self, parts: list[Any]) -> tuple[str, tree.Node]:
        return ("⊘" if parts[0].type == "OSLASH" else "⊙"), _signed(parts)

    def item(self, parts: list[Any]) -> tree.Node:
        base, *scripts = parts
        if not scripts:
            return cast(tree.Node, base)
        base = _plain(base) if isinstance(_plain(base), tree.Name) else base  # {\hat y}_i
        below = [n for kind, n, _ in scripts if kind == "below"]
        above = [n for kind, n, _ in scripts if kind == "above"]
        primes = [n for kind, n, _ in scripts if kind == "prime"]
        if above and isinstance(above[0], tree.Command) and above[0].name == "prime":
            primes, above = [*primes, above[0]], above[1:]
        if len(below) > 1 or len(above) > 1:
            raise _RefusedError(
                "a second script of the same kind", (below if len(below) > 1 else above)[1].at, "Use braces."
            )
        if above and primes and scripts[-1][0] == "prime":
            raise _RefusedError(
                "a prime after a superscript", primes[-1].start_pos, "Write the prime first, or use braces."
            )
        at, end = _span(base, *(n for _, _, n in scripts))
        return tree.Scripted(at, end, base, below[0] if below else None, above[0] if above else None, len(primes))

    def below(self, parts: list[Any]) -> tuple[str, Any, Any]:
        return "below", _plain(parts[1]), parts[1]

    def above(self, parts: list[Any]) -> tuple[str, Any, Any]:
        return "above", _plain(parts[1]), parts[1]

    def primed(self, parts: list[Any]) -> tuple[str, Any, Any]:
        return "prime", parts[0], parts[0]

    def lone(self, parts: list[Token]) -> tree.Lone:
        signs = {r"\dagger": "dagger", r"\star": "*", r"\ast": "*", r"\odot": "odot", r"\circ": "odot"}
        return tree.Lone(*_span(*parts), "".join(signs.get(str(t), str(t)) for t in parts if t not in ("{", "}")))

    def number(self, parts: list[Token]) -> tree.Number:
        return tree.Number(*_span(*parts), str(parts[0]))

    def letter(self, parts: list[Token]) -> tree.Name:
        return tree.Name(*_span(*parts), str(parts[0]), "letter")

    def greek(self, parts: list[Token]) -> tree.Name:
        return tree.Name(*_span(*parts), str(parts[0])[1:], "greek")

    def word(self, parts: list[Token]) -> tree.Name:
        word = re.sub(r"^\\[a-z]+\*?\s*\{?\s*|\s*\}$", "", str(parts[0]))
        return tree.Name(*_span(*parts), word, "word")

    def styled(self, parts: list[Token]) -> tree.Node:
        r"""A letter in another font is another letter; \mathbb{1} and \mathbf{1} are the indicator."""
        found = re.fullmatch(r"\\([a-z]+)\s*\{?\s*(\\?)([A-Za-z0-9]+)\s*\}?", str(parts[0]))
        font, slash, letter = found.groups() if found else ("", "", "")
        span = _span(*parts)
        if letter == "1" or (letter == "I" and font.startswith(("mathbb", "mathds"))):
            return tree.Command(*span, "one")
        if font.startswith("mathbb") and letter in ("R", "N", "Z"):
            advice = 'Shapes are declared: shapes={"X": ("n", "d")}, shapes={"w": "d"}; whole numbers as labels.'
            raise _RefusedError(f"{parts[0]} is not read: all letters are real numbers", span[0], advice)
        if font.startswith("mathbb") and letter == "E":
            raise _RefusedError("expectations are not read", span[0], r"Write the mean, \frac{1}{N} \sum_{n=1}^{N}.")
        if font not in FONTS or letter.isdigit() or (slash and not _is_greek(letter)):
            raise _RefusedError(f"{parts[0]} is not read", span[0], r"Fonts are read on one letter, as in \mathbf{w}.")
        return tree.Name(*span, letter + FONTS[font], "marked")

    def command(self, parts: list[Token]) -> tree.Command:
        return tree.Command(*_span(*parts), str(parts[0])[1:])

    def accented(self, parts: list[Any]) -> tree.Node:
        r"""\hat{y_i} is \hat{y}_i: the accent is the letter's."""
        name, (at, end) = str(parts[0])[1:], _span(*parts)
        accent = ACCENTS.get(name, name)
        inner = parts[1]
        while isinstance(inner, tree.Group) and inner.kind == "" and len(inner.items) == 1:
            inner = inner.items[0]
        base = inner.base if isinstance(inner, tree.Scripted) else inner
        if not isinstance(base, tree.Name):
            raise _RefusedError(f"{parts[0]} stands over more than a name", at)
        marked = tree.Name(at, base.end, base.name + accent, "marked")
        if isinstance(inner, tree.Scripted):
            return tree.Scripted(at, end, marked, inner.below, inner.above, inner.primes)
        return tree.Name(at, end, marked.name, "marked")

    def braced(self, parts: list[Any]) -> tree.Group:
        left, (items, joins), right = parts
        return tree.Group(*_span(left, right), "", items, joins=joins)

    def bracketed(self, parts: list[Any]) -> tree.Group:
        left, (items, joins), right = parts
        return tree.Group(*_span(left, right), BRACKETS[left.type], items, str(left).startswith(r"\,"), joins)

    def listed(self, parts: list[Any]) -> tuple[tuple[tree.Node, ...], tuple[str, ...]]:
        joins = {"AND": "and", "OR": "or", "GIVEN": "|"}
        return tuple(parts[::2]), tuple(joins.get(t.type, ",") for t in parts[1::2])

    def bars(self, parts: list[Any]) -> tree.Bars:
        return tree.Bars(*_span(*parts), parts[1], parts[0].type == "OPENNORM")

    def frac(self, parts: list[Any]) -> tree.Frac:
        return tree.Frac(*_span(*parts), _plain(parts[1]), _plain(parts[2]))

    def root(self, parts: list[Any]) -> tree.Root:
        degree = parts[2] if len(parts) > 2 else None
        return tree.Root(*_span(*parts), _plain(parts[-1]), degree)

    def evaluated(self, parts: list[Any]) -> tree.Evaluated:
        return tree.Evaluated(*_span(*parts), parts[1], _plain(parts[-1]))

    def cases(self, parts: list[Any]) -> tree.Cases:
        return tree.Cases(*_span(parts[0], parts[-1]), tuple(p for p in parts if isinstance(p, tuple)))

    def row(self, parts: list[Any]) -> tuple[tree.Node, tuple[tuple[tree.Node, ...], ...]]:
        return parts[0], parts[-1]

    def condition(self, parts: list[Any]) -> tuple[tuple[tree.Node, ...], ...]:
        """Joined by "and" within the groups that "or" joins."""
        groups: list[list[tree.Node]] = [[]]
        for part in parts:
            if isinstance(part, tree.Node):
                groups[-1].append(part)
            elif part.type == "OR":
                groups.append([])
        return tuple(map(tuple, groups)) if groups[0] else ()


def _plain(node: tree.Node) -> tree.Node:
    """What stands in TeX's braces, where they hold one thing only."""
    while isinstance(node, tree.Group) and node.kind == "" and len(node.items) == 1:
        node = node.items[0]
    return node


def _signed(parts: list[Any]) -> tree.Node:
    """A factor behind an operator, with the signs before it."""
    minus = sum(1 for p in parts[1:-1] if p == "-") % 2
    return tree.Terms(*_span(*parts[1:]), ((-1, parts[-1]),)) if minus else parts[-1]


def _is_greek(letter: str) -> bool:
    return letter == "ell" or letter.removeprefix("var").lower() in GREEK


GREEK = frozenset(
    [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "zeta",
        "eta",
        "theta",
        "iota",
        "kappa",
        "lambda",
        "mu",
        "nu",
        "xi",
        "pi",
        "rho",
        "sigma",
        "tau",
        "upsilon",
        "phi",
        "chi",
        "psi",
        "omega",
    ]
)
