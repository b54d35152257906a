"""Factors side by side that can be read in two ways: each is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof.reading import tree
from gradproof.reading.binders import is_sum
from gradproof.reading.words import OF_ARRAYS, bare

if TYPE_CHECKING:
    from gradproof.reading.meaning import Meaning, Parts

__all__ = ["beside", "words_without_backslash"]


def beside(m: Meaning, parts: Parts, n: int) -> None:
    """Report 1/2x, and two numbers side by side."""
    node, before = parts[n][1], parts[n - 1][1]
    above = before.above if isinstance(before, tree.Scripted) else None
    if isinstance(above, tree.Lone) and above.sign in "+-" and m.text[above.at] in "+-" and above.end == node.at:
        shown, rest = m.shown(before), m.shown(node)
        raise m.unclear(
            f"{m.shown(before, node)}",
            before,
            (f"{shown[:-1]}{{{above.sign}{rest}}}", f"the name {shown} times {rest}"),
            f"Write ^{{{above.sign}{rest}}} with braces for a power; for a product write a \\cdot between them.",
        )
    slash = n - 1
    while slash and not parts[slash][0]:
        slash -= 1
    if parts[slash][0] == "/" and not is_sum(node):
        top, bottom = m.shown(*(p for _, p in parts[:slash])), m.shown(*(p for _, p in parts[slash:n]))
        rest = m.shown(node)
        raise m.unclear(
            f"{rest} stands behind {top}/{bottom}",
            node,
            (rf"\frac{{{top}}}{{{bottom}}} {rest}", rf"\frac{{{top}}}{{{bottom} {rest}}}"),
            r"Write it with \frac, or with brackets.",
        )
    behind = isinstance(node, tree.Number) or (
        isinstance(before, tree.Number) and isinstance(node, tree.Frac) and _of_digits(node)
    )
    if behind:
        raise m.unclear(
            f"the number {m.shown(node)} stands behind {m.shown(before)}",
            node,
            ("a factor", "a part of what stands before it"),
            r"Write \cdot for a product, ^ for a power, _ for an index.",
        )
    if isinstance(before, tree.Name) and before.name == "d" and before.end == node.at and "d" not in m.survey.known:
        raise m.unclear(
            f"{m.shown(before, node)}",
            before,
            ("a product with the number d", "a differential"),
            r"Write d \cdot .. for a product, \frac{\partial ..}{\partial ..} for a derivative, \text{..} for a name.",
        )


def words_without_backslash(m: Meaning, parts: Parts) -> None:
    """Report log(x), and MSE: letters in a row that look like a word."""
    run: list[tree.Name] = []
    for _, node in (*parts, ("", tree.Number(-1, -1, ""))):
        base = node.base if isinstance(node, tree.Scripted) else node
        if isinstance(base, tree.Name) and base.kind == "letter" and (not run or run[-1].end == base.at):
            run.append(base)
            if base is node:
                continue
        _run(m, run)
        run = [base] if isinstance(base, tree.Name) and base.kind == "letter" and base is node else []


def _run(m: Meaning, run: list[tree.Name]) -> None:
    word = "".join(n.name for n in run)
    array = next((word[k:] for k in range(len(word) - 1) if word[k:].lower() in OF_ARRAYS), None)
    if array is not None:
        raise m.unclear(
            f"{word} is a row of letters",
            run[0],
            (f"the product {' '.join(word)}", f"the function {array}"),
            rf"Write \operatorname{{{array}}}(z)" + ("_k for the entry k of it." if array == "softmax" else "."),
        )
    signs = {"sum": r"\sum_{i=1}^{N}", "sqrt": r"\sqrt{..}", "frac": r"\frac{..}{..}", "partial": r"\partial"}
    sign = next((s for s in signs if s in word), None)
    if sign is not None:
        raise m.unclear(
            f"{word} is a row of letters",
            run[0],
            (f"the product {' '.join(word)}", f"the sign {signs[sign]}"),
            f"Write {signs[sign]}.",
        )
    function = next((word[k:] for k in range(len(word) - 1) if bare(word[k:])), None)
    if function is not None:
        raise m.unclear(
            f"{word} is a row of letters",
            run[0],
            (f"the product {' '.join(word)}", f"the function {function}"),
            rf"Write \{function} or \operatorname{{{function}}}.",
        )
    if len(run) > 2 and not all(n.name in m.table.names or n.name in m.heads.letters for n in run):
        raise m.unclear(
            f"{word} is a row of letters",
            run[0],
            (f"the product {' '.join(word)}", f"one name, {word}"),
            rf"Write \text{{{word}}} for a name, or spaces and \cdot between factors: {' '.join(word)}.",
        )


def _of_digits(node: tree.Frac) -> bool:
    return isinstance(node.top, tree.Number) and isinstance(node.bottom, tree.Number)
