"""A formula as one line of text, for search results and for programs that read no LaTeX: ∂E/∂w_kj = (y_k − t_k) z_j.

The letters of an index stand together (w_kj), what is multiplied stands apart (w_k j); braces hold what else belongs
to an index or a power, and brackets are added where a fraction or a root needs them.

References: `mathml.py` reads the formula.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from unicodedata import lookup, name, normalize

from gradproof.mathml import Accent, Atom, Fence, Frac, Node, Root, Row, Script, Table, is_name, is_sign, parts, read
from gradproof.spoken_names import ACCENTS, BIG, LIMITED, RELATIONS

__all__ = ["from_mathml", "one_line"]

SIGNED = ("+", "−", "±", "∓")
BETWEEN = {*SIGNED, *RELATIONS, *"⋅×⊙⊘⊗⊕/∘∪∩∖∧∨"}
BEHIND = {*",;:!%."}
BEFORE = {*"∂∇¬"}
ABOVE = str.maketrans("0123456789+−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
COMBINING = {"^": "\u0302", "ˉ": "\u0304", "‾": "\u0305", "~": "\u0303", "˙": "\u0307", "¨": "\u0308", "⃗": "\u20d7"}
PLAIN = ("", "normal", "italic")


def one_line(latex: str) -> str:
    """Return a formula as one line of text; what is no LaTeX is returned as it stands.  Raises TypesetError."""
    from gradproof.pieces import aligned
    from gradproof.typeset import MATHML, typeset

    made = MATHML.search(typeset(aligned(latex))) if latex.isascii() else None
    return latex if made is None else from_mathml(made[0])


def from_mathml(mathml: str) -> str:
    """Return a formula as one line of text, from the MathML that KaTeX makes of it."""
    return " ".join(_row(read(mathml).items).split()).replace("′′", "″")


def _row(items: Sequence[Node]) -> str:
    """Write what stands side by side: with spaces round what stands between, and between what is multiplied."""
    text = ""
    before: Node | None = None
    tight = True  # whether nothing stands between the item before and this one
    for here in items:
        mark = _sign(here)
        text += ("" if tight or mark in BEHIND or _joined(before, here) else " ") + _text(here)
        opens = before is None or _sign(before) in {*BETWEEN, *",;:"}
        tight = mark in BEFORE or (mark in SIGNED and opens)
        before = here
    return text


def _sign(item: Node | None) -> str:
    base = item.base if isinstance(item, Script) else item
    return base.text if isinstance(base, Atom) and base.kind == "sign" else ""


def _joined(before: Node | None, here: Node) -> bool:
    """Whether a function is applied to a bracket, or a number goes on."""
    fence = here.base if isinstance(here, Script) else here
    if is_sign(here, "…"):
        return isinstance(before, Atom) and before.kind == "number"
    return is_name(before) and isinstance(fence, Fence) and fence.left in ("(", "[")


def _text(item: Node) -> str:
    match item:
        case Atom(text=text, variant=variant):
            return text if variant in PLAIN or item.kind == "text" else "".join(_styled(c, variant) for c in text)
        case Row(items):
            return _row(items)
        case Fence("{", (Table(rows),), ""):
            return "{" + "; ".join(" ".join(map(_text, row)) for row in rows) + "}"
        case Fence("(", (Frac(top, bottom, bar=False),), ")") | Frac(top, bottom, bar=False):
            return f"binomial({_text(top)}, {_text(bottom)})"
        case Fence(left, items, right):
            return f"{left}{_row(items)}{right}"
        case Script():
            return _script(item)
        case Accent(Atom() as base, mark, below=False) if mark in COMBINING:
            return normalize("NFC", _text(base) + COMBINING[mark])
        case Accent(base, mark, below) if mark in ACCENTS:
            return f"{'under' if below else ''}{ACCENTS[mark].replace(' ', '')}({_text(base)})"
        case Accent():
            raise ValueError(f"the accent {item.mark!r} cannot be written on a line; known are {' '.join(ACCENTS)}")
        case Frac(top, bottom):
            return f"{_operand(top)}/{_operand(bottom)}"
        case Root(body, order):
            return ("√" if order is None else f"√[{_text(order)}]") + _operand(body)
        case Table(rows, lines):
            cells = [" ".join(map(_text, row)) if lines else ", ".join(map(_text, row)) for row in rows]
            return "; ".join(cells)


@cache
def _styled(c: str, variant: str) -> str:
    """A letter in the style that Unicode has for mathematics."""
    title = name(c).replace("GREEK ", "").replace("LATIN ", "").replace(" LETTER", "")
    for style in (variant.upper().replace("-", " "), variant.upper(), variant.upper().partition("-")[0]):
        for prefix in ("MATHEMATICAL ", ""):
            try:
                return lookup(f"{prefix}{style} {title}")
            except KeyError:
                continue
    raise ValueError(f"the letter {c!r} cannot be written in the style {variant!r}")


def _script(item: Script) -> str:
    base, sub, sup = item.base, parts(item.sub), parts(item.sup)
    whole = isinstance(base, Atom | Fence | Accent) or (_simple(base) and not sub)
    text = _text(base) if whole else f"({_text(base)})"
    limits = isinstance(base, Atom) and (base.text in BIG or base.text in LIMITED)
    primes = 0
    while primes < len(sup) and is_sign(sup[primes], "′"):
        primes += 1
    text += "′" * primes
    if sub:
        text += _index(sub).replace(" = ", "=") if limits else _index(sub)
    above = _row(sup[primes:])
    if not above:
        return text
    if limits:
        return f"{text}^{above}" if len(sup) == 1 and _plain(sup[0]) else f"{text}^{{{above}}}"
    match sup[primes:]:
        case (Atom(text="⊤"),):
            return f"{text}ᵀ"
        case (Fence("(", (inner,), ")"),) if _plain(inner):
            return f"{text}^({_text(inner)})"
        case (Atom(kind="letter" | "sign"),):
            return f"{text}^{above}"
    raised = above.translate(ABOVE)
    return text + (raised if not set(above) - set(map(chr, ABOVE)) else f"^{{{above}}}")


def _index(sub: Sequence[Node]) -> str:
    """Letters and numbers stand together, with their primes; anything else within braces."""
    together = all(
        _plain(x) or (isinstance(x, Script) and x.sub is None and _plain(x.base) and _primed(x)) for x in sub
    )
    return "_" + "".join(map(_text, sub)) if together else f"_{{{_row(sub)}}}"


def _primed(item: Script) -> bool:
    return all(is_sign(x, "′") for x in parts(item.sup))


def _plain(item: Node) -> bool:
    return isinstance(item, Atom) and item.kind in ("letter", "number")


def _simple(item: Node) -> bool:
    """What needs no bracket in a fraction: a letter, a number, with scripts; its differential."""
    match item:
        case Atom() | Script(base=Atom() | Accent()) | Accent(base=Atom()):
            return True
        case Script(base=Fence("(" | "|" | "‖")):
            return True
        case Row(
            (
                Atom(text="∂" | "d") | Script(base=Atom(text="∂" | "d")),
                Atom() | Script(base=Atom() | Accent()) | Accent(),
            )
        ):
            return True
    return False


def _operand(item: Node) -> str:
    only = parts(item)[0] if len(parts(item)) == 1 else item
    bare = _simple(only) or (isinstance(only, Fence) and only.left in ("(", "|", "‖"))
    return _text(only) if bare else f"({_text(only)})"
