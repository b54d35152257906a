"""A formula in words, as a good reader would say it, so that each formula of the site can be heard.

The words follow MathSpeak and ClearSpeak where these are short, and one rule throughout: two formulas
that differ in a sign, a bracket or an index never have the same words.  So what is simple is said in
one breath ("x sub i over capital N"), and whatever is not opens and closes with words of its own
("the fraction with numerator ... and denominator ..., end fraction").  The commas are pauses;
no meaning hangs on them.

Speech Rule Engine does the same with many more rules, but it needs Node; this runs wherever the
typesetter does, in the browser too.

References: MathSpeak's grammar rules (gh-mathspeak.com); ClearSpeak's preferences, by ETS;
`mathml.py` reads the formula, `spoken_names.py` names its signs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from gradproof.mathml import Accent, Atom, Fence, Frac, Node, Root, Row, Script, Table, is_name, is_sign, parts, read
from gradproof.spoken_names import (
    ACCENTS,
    BARS,
    BIG,
    FENCES,
    INTERVALS,
    LIMITED,
    NAMES,
    OPERANDS,
    POWERS,
    PRIMES,
    RANKS,
    RELATIONS,
    SIGNS,
    character,
    styled,
)

__all__ = ["spoken"]


@dataclass(frozen=True, slots=True)
class Said:
    """Words, and what may stand beside them without a word between.

    A `letter` and a `number` are bare; what is `scripted` ends with its scripts; a `group` is in brackets; a `phrase`
    is any other operand; a `sign` stands between operands; what `opens` is followed by what it is applied to.
    A letter with a power begins as a letter and ends like a group: `ends`, where it is no shape of its own.
    """

    words: str
    shape: str
    ends: str = ""


def spoken(mathml: str) -> str:
    """Return a formula in words, from the MathML that KaTeX makes of it; what has no words is an error."""
    words = " ".join(_row(read(mathml).items).split())
    return re.sub(r"[\s,]*,", ",", words).strip(" ,") or "blank"


def _row(items: Sequence[Node]) -> str:
    """Say what stands side by side."""
    said: list[Said] = []
    n = 0
    while n < len(items):
        here, used = _item(items, n)
        said.append(here)
        n += used
    words = [said[0].words] if said else []
    for before, here in pairwise(said):
        words += [_between(before, here), here.words]
    return " ".join(words)


def _between(before: Said, here: Said) -> str:
    """A product without a sign is heard as a product wherever its parts could be taken for something else."""
    shape = before.ends or before.shape
    if shape in ("sign", "opens") or here.shape == "sign":
        return ""
    if shape in ("letter", "number") and here.shape in ("letter", "number", "scripted"):
        return ""
    return "" if shape in ("letter", "scripted") and here.shape == "group" else "times"


def _item(items: Sequence[Node], n: int) -> tuple[Said, int]:
    """Say the item at n with what it is applied to; return how many items that were."""
    item, after = items[n], items[n + 1] if n + 1 < len(items) else None
    if n and is_sign(items[n - 1], "∈") and (interval := _interval(item)):
        return Said(interval, "phrase"), 1
    here = _said(item)
    if after is None:
        return here, 1
    if is_sign(item, "∇") and _said(after).shape != "sign":
        return Said("the gradient of", "opens"), 1
    if is_sign(item, "⋅") and n and _number(items[n - 1]) and _number(after):
        return Said("times", "sign"), 1  # "2 dot 3" would be heard as a decimal
    fence = after.base if isinstance(after, Script) else after
    if not (is_name(item) and isinstance(fence, Fence) and fence.left in ("(", "[")):
        return here, 1
    bare = fence is after and fence.left + fence.right == "()" and len(fence.items) == 1 and _simple(fence.items[0])
    return Said(f"{here.words} of {_words(fence.items[0] if bare else after)}", "phrase"), 2


def _number(item: Node) -> bool:
    base = item.base if isinstance(item, Script) else item
    return isinstance(base, Atom) and base.kind == "number" and not base.variant


def _interval(item: Node) -> str:
    """What two numbers in brackets mean behind "is in"."""
    commas = [n for n, x in enumerate(item.items) if is_sign(x, ",")] if isinstance(item, Fence) else []
    if not (isinstance(item, Fence) and len(commas) == 1 and item.left + item.right in INTERVALS):
        return ""
    ends = _row(item.items[: commas[0]]), _row(item.items[commas[0] + 1 :])
    return f"the {INTERVALS[item.left + item.right]} interval from {ends[0]} to {ends[1]}, end interval,"


def _said(item: Node) -> Said:
    match item:
        case Atom():
            return _atom(item)
        case Row():
            return Said(_row(item.items), "phrase")
        case Fence():
            return _fence(item)
        case Script():
            return _script(item)
        case Accent():
            return _accent(item)
        case Frac():
            return _fraction(item)
        case Root():
            return Said(_root(item), "phrase")
        case Table():
            return Said(_table(item), "phrase")


def _words(item: Node) -> str:
    return _said(item).words


# Letters and signs


def _atom(atom: Atom) -> Said:
    text = atom.text
    if atom.kind == "text":
        words = text.replace("’", "'")
        return Said(", " + "".join(c if c.isalnum() or c in " ().,'-" else f" {character(c)} " for c in words), "sign")
    if atom.kind == "number":
        return Said(styled(text, atom.variant), "letter" if atom.variant else "number")
    if atom.kind == "name" and len(text) > 1:
        return Said(NAMES.get(text, text), "sign" if text == "mod" else "opens")
    if atom.kind in ("letter", "name"):
        return Said(styled(character(text), atom.variant), "opens" if atom.kind == "name" else "letter")
    if text in RELATIONS:
        return Said(f", {RELATIONS[text]}", "sign")
    if text in OPERANDS:
        return Said(OPERANDS[text], "letter")
    if text in BIG:
        return Said(f"the {BIG[text]} of", "opens")
    return Said(SIGNS.get(text) or FENCES.get(text) or " ".join(map(character, text)), "sign")


# Scripts


def _simple(item: Node | None) -> bool:
    """A letter or a number, with an accent, an index, a prime, a mark in brackets: what needs no word at its end."""
    match item:
        case Atom(kind="letter" | "number") | Accent(base=Atom(kind="letter" | "number")):
            return True
        case Atom(kind="sign"):
            return item.text in OPERANDS
        case Script(base=base, sub=sub, sup=sup):
            return not isinstance(base, Script) and _simple(base) and _index(sub) and (sup is None or bool(_mark(sup)))
    return False


def _index(sub: Node | None) -> bool:
    """Letters and numbers side by side, or one simple item."""
    items = parts(sub)
    if len(items) < 2:
        return not items or _simple(items[0]) or any(is_sign(items[0], sign) for sign in "+−∗")
    return all(_simple(x) and not (isinstance(x, Script) and x.sub is not None) for x in items)


def _mark(sup: Node | None) -> str:
    """Primes, and one letter or number in brackets: they belong to the name, and are said before its index."""
    items = parts(sup)
    if items and all(is_sign(x, "′") for x in items):
        return PRIMES.get(len(items), "")
    match items:
        case (Fence("(", (Atom(kind="letter" | "number") as inner,), ")"),):
            return f"superscript {_words(inner)}"
    return ""


def _script(item: Script) -> Said:
    base, sub, sup = item.base, item.sub, item.sup
    if isinstance(base, Atom):
        if base.text in BIG or (base.text in LIMITED and sub is not None and sup is None):
            return _limits(base, sub, sup)
        if is_sign(base, "∇") and sup is None and _simple(sub):
            return Said(f"the gradient with respect to {_row(parts(sub))} of", "opens")
        if base.kind == "sign" and _atom(base).shape == "sign" and base.text not in FENCES and base.text != "∂":
            above, below = (
                f"with {_row(parts(x))} {where}," if x else "" for x, where in ((sup, "above"), (sub, "below"))
            )
            return Said(f"{_words(base)} {above} {below}", "sign")
    if isinstance(base, Fence) and (base.left, base.right, sup) == ("", "|", None):
        return Said(f"the value of {_row(base.items)} at {_row(parts(sub))}, end value,", "phrase")
    mark, sup = _split(sup)
    words = [_base(base, sub), mark, _sub(sub) if sub else "", _power(sup) if sup else ""]
    said = " ".join(filter(None, words))
    if is_name(base):
        return Said(said, "opens")
    shape = "scripted" if isinstance(base, Atom) or _simple(base) else _said(base).shape
    return Said(said, shape, "group" if sup else shape)


def _split(sup: Node | None) -> tuple[str, Node | None]:
    """What is said before the index, and what behind it: of a letter with a prime and a power, both."""
    items = parts(sup)
    primes = len(list(takewhile(lambda x: is_sign(x, "′"), items)))
    if 0 < primes < len(items):
        return PRIMES[primes], Row(items[primes:])
    return (mark, None) if (mark := _mark(sup)) else ("", sup)


def _base(base: Node, sub: Node | None) -> str:
    if isinstance(base, Fence):
        return _fence(base, ends=True).words
    marked = isinstance(base, Script) and sub is None and _mark(base.sup).startswith("superscript")
    if isinstance(base, Atom) or (_simple(base) and (marked or isinstance(base, Accent))):
        return _words(base)
    return f"the quantity {_words(base)}, end quantity," if parts(base) else "an empty base"


def _sub(sub: Node) -> str:
    if _index(sub):
        return "sub " + " ".join(map(_words, parts(sub)))
    return f"subscript {_row(parts(sub))}, end subscript,"


def _power(sup: Node) -> str:
    items = parts(sup)
    if all(isinstance(x, Atom) and not x.variant for x in items):
        text = "".join(x.text for x in items if isinstance(x, Atom))
        if text in POWERS:
            return POWERS[text]
    match items:
        case (Atom(text="T", variant="normal" | "sans-serif"),):
            return "transpose"
        case (Fence("(", inner, ")"),):
            return f"bracketed superscript {_row(inner)}, end superscript,"
        case (only,) if _simple(only):
            return f"to the power {_words(only)}"
        case (Atom(kind="sign", text="−"), only) if _simple(only):
            return f"to the power minus {_words(only)}"
        case (Atom(kind="sign", text="⊙"), only) if _simple(only):
            return f"to the elementwise power {_words(only)}"
    return f"to the exponent {_row(items)}, end exponent,"


def _limits(base: Atom, sub: Node | None, sup: Node | None) -> Said:
    """A sum over an index from here to there, a maximum over an index, or whatever stands below and above."""
    big = f"the {BIG.get(base.text) or NAMES.get(base.text, base.text)}"
    match parts(sub), parts(sup):
        case (over,), () if _simple(over):
            limits = f"over {_words(over)}"
        case (over, Atom(kind="sign", text="="), low), (high,) if _simple(over) and _simple(low) and _simple(high):
            limits = f"over {_words(over)} from {_words(low)} to {_words(high)}"
        case (low,), (high,) if base.text == "∫" and _simple(low) and _simple(high):
            limits = f"from {_words(low)} to {_words(high)}"
        case (over, Atom(kind="sign", text="→"), end), () if _simple(over) and _simple(end):
            limits = f"as {_words(over)} goes to {_words(end)}"
        case below, above:
            limits = (f"with {_row(below)} below," if below else "") + (f" with {_row(above)} above," if above else "")
    return Said(f"{big} {limits} of", "opens")


def _accent(item: Accent) -> Said:
    if item.mark not in ACCENTS:
        raise ValueError(f"the accent {item.mark!r} has no spoken form; known are {' '.join(ACCENTS)}")
    mark = ("under " if item.below else "") + ACCENTS[item.mark]
    if isinstance(item.base, Atom) and (_simple(item.base) or is_name(item.base)):
        return Said(f"{_words(item.base)} {mark}", "opens" if is_name(item.base) else "scripted")
    return Said(f"{mark} over {_words(item.base)}, end {mark},", "phrase")


# Brackets, fractions, roots, tables


def _fence(item: Fence, ends: bool = False) -> Said:
    """Say what stands in brackets, or between bars; it `ends` with a word where something is added to it."""
    match item:
        case Fence("|" | "‖", (only,), _) if item.left == item.right and _simple(only) and not ends:
            return Said(f"the {BARS[item.left]} of {_words(only)}", "phrase")
        case Fence("|" | "‖", items, _) if item.left == item.right:
            what = BARS[item.left]
            return Said(f"the {what} of the expression {_row(items)}, end {what},", "phrase")
        case Fence("{", (Table() as table,), ""):
            return Said(_cases(table), "phrase")
        case Fence("(", (Frac(bar=False) as choice,), ")"):
            return _fraction(choice)
        case Fence("{", items, "}"):
            return Said(f"the set {_row(items)}, end set,", "group")
    for side in (item.left, item.right):
        if side not in FENCES:
            raise ValueError(f"the bracket {side!r} has no spoken form; known are {' '.join(FENCES)}")
    close = FENCES[item.right] if item.right else "end of what has no closing bracket"
    return Said(f"{FENCES[item.left]} {_row(item.items)} {close}", "group")


def _fraction(item: Frac) -> Said:
    if derivative := _derivative(item):
        return derivative
    top, bottom = _words(item.top), _words(item.bottom)
    if not item.bar:
        return Said(f"the binomial {top} choose {bottom}, end binomial,", "phrase")
    if _tidy(item.top) and _tidy(item.bottom):
        return Said(f"{top} over {bottom}", "phrase")
    return Said(f"the fraction with numerator {top}, and denominator {bottom}, end fraction,", "phrase")


def _tidy(item: Node) -> bool:
    """Simple, or simple to a power that is one word: in a fraction it cannot be misheard."""
    if not isinstance(item, Script) or item.sup is None or _simple(item):
        return _simple(item)
    return _simple(Script(item.base, item.sub, None)) and " " not in _power(item.sup)


def _derivative(item: Frac) -> Said | None:
    """A fraction that is a derivative: of something, or an operator that is applied to what follows."""
    top, bottom = parts(item.top), parts(item.bottom)
    if not (top and bottom and item.bar):
        return None
    first, order = _order(top[0])
    if not (isinstance(first, Atom) and first.text in ("∂", "d") and first.variant in ("", "normal")):
        return None
    by: list[str] = []
    for d, power in zip(bottom[::2], bottom[1::2], strict=False):
        variable, times = _order(power)
        if d != first or not _simple(variable):
            return None
        by += [_words(variable)] * times
    if len(bottom) % 2 or len(by) != order or order not in RANKS:
        return None
    rank = f"{RANKS[order]} {'partial' if first.text == '∂' else ''} derivative"
    variables = by[0] if len(set(by)) == 1 else " and ".join(by)
    if len(top) == 1:
        return Said(f"the {rank} with respect to {variables} of", "opens")
    return Said(f"the {rank} of {_row(top[1:])} with respect to {variables}", "phrase")


def _order(item: Node) -> tuple[Node, int]:
    """What is derived by, and how often: of a number as its power."""
    match item:
        case Script(base, sub, Atom(kind="number", text=text, variant="")) if text.isdigit():
            return (base if sub is None else Script(base, sub, None)), int(text)
    return item, 1


def _root(item: Root) -> str:
    order = "" if item.order is None else _words(item.order)
    kind = "the square root" if not order else "the cube root" if order == "3" else f"the root of order {order},"
    body = parts(item.body)
    if len(body) == 1 and _simple(body[0]):
        return f"{kind} of {_words(body[0])}"
    return f"{kind} of the expression {_row(body)}, end root,"


def _table(item: Table) -> str:
    if item.lines:
        lines = [f"line {n}, {_row([x for cell in row for x in parts(cell)])}," for n, row in enumerate(item.rows, 1)]
        return f"{len(lines)} lines, {' '.join(lines)} end of lines,"
    cells = [
        f"row {n} column {k}, {_words(cell)}," for n, row in enumerate(item.rows, 1) for k, cell in enumerate(row, 1)
    ]
    width = max(len(row) for row in item.rows)
    return f"the {len(item.rows)} by {width} matrix, {' '.join(cells)} end matrix,"


def _cases(table: Table) -> str:
    """Cases, each with its condition: "for" and "otherwise" are words of the formula, "when" is not."""
    words = []
    for n, row in enumerate(table.rows, 1):
        value, *conditions = [cell for cell in row if parts(cell)]
        said = [_words(value)]
        for cell in conditions:
            first = parts(cell)[0]
            said.append(("" if isinstance(first, Atom) and first.kind == "text" else "when ") + _words(cell))
        words.append(f"case {n}, {', '.join(said)},")
    return f"{len(words)} case{'s' if len(words) > 1 else ''}, {' '.join(words)} end cases,"
