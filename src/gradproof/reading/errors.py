"""What is said of a text that cannot be read, or that can be read in two ways: where, why, and how to write it."""

from __future__ import annotations

from collections.abc import Sequence

from gradproof.notation import NotationError

__all__ = ["AmbiguityError", "LatexError"]

WIDTH = 90  # characters of the line that is shown


class LatexError(NotationError):
    """LaTeX that is not read: what is wrong, the line with a caret below the place, and what is accepted.

    text: the whole text.  column: the place in it, counted from 0.  message: the first line of the error.
    """

    def __init__(self, message: str, text: str = "", column: int = 0, advice: str = "") -> None:
        self.message, self.text, self.column, self.advice = message, text, column, advice
        super().__init__("\n".join(filter(None, (message, *_pointed(text, column), advice))))


class AmbiguityError(LatexError):
    """A place that can be read in two ways; nothing is guessed.

    readings: what it can mean.  The advice says how to write it, or what to declare, so that it is clear.
    """

    def __init__(self, message: str, text: str, column: int, readings: Sequence[str], advice: str) -> None:
        self.readings = tuple(readings)
        super().__init__(f"{message}: {' or '.join(readings)}?", text, column, advice)


def _pointed(text: str, column: int) -> list[str]:
    """The line of the text that holds the place, cut to a readable width, and a caret below the place."""
    if not text.strip():
        return []
    start = text.rfind("\n", 0, column) + 1
    end = text.find("\n", column)
    line, place = text[start : end if end >= 0 else len(text)], column - start
    left = max(0, min(place - WIDTH // 2, len(line) - WIDTH))
    shown = line[left : left + WIDTH]
    dots = "…" if left else ""
    return [f"  {dots}{shown}{'…' if left + WIDTH < len(line) else ''}", "  " + " " * (len(dots) + place - left) + "^"]
