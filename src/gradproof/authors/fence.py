"""Blocks of Markdown that are fenced as `gradproof`: an extension of Python-Markdown.

It needs no other extension, and comes before those that make code of a fenced block.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

from gradproof.authors import FalseGradientError
from gradproof.problem import Block, blocks

__all__ = ["GradproofExtension", "makeExtension"]

_AFTER_WHITESPACE = 29  # Python-Markdown cleans lines at 30, and reads fences and HTML from 25 down

Failed = Callable[[Block, str], None]


def _raise(block: Block, wrong: str) -> None:
    begin = block.text.strip().partition("\n")[0]
    raise FalseGradientError(f"the gradproof block in line {block.first + 1} ({begin}): {wrong}")


class GradproofExtension(Extension):  # type: ignore[misc] # Python-Markdown publishes no types
    """Blocks that are proved while the page is made.

    failed: is called with a block that is not proved, and why; unless given, FalseGradientError is raised.
    """

    def __init__(self, failed: Failed = _raise, **configuration: Any) -> None:
        super().__init__(**configuration)
        self.failed = failed

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 -- Python-Markdown calls it so
        md.preprocessors.register(_Blocks(md, self.failed), "gradproof", _AFTER_WHITESPACE)


class _Blocks(Preprocessor):  # type: ignore[misc]
    """Put the HTML of each block in its place."""

    def __init__(self, md: Markdown, failed: Failed) -> None:
        super().__init__(md)
        self.failed = failed

    def run(self, lines: list[str]) -> list[str]:
        from gradproof.authors import (
            Outcome,
            outcome,
        )  # here, so that a server which reloads gradproof sees what is new

        made, done = list[str](), 0
        for block in blocks(lines):
            found: Outcome = {"html": "", "wrong": block.fault} if block.fault else outcome(block.text)
            if found["wrong"]:
                self.failed(block, found["wrong"])
            placed = block.indent + self.md.htmlStash.store(found["html"])
            made += [*lines[done : block.first], "", placed, ""]
            done = block.last + 1
        return made + lines[done:]


def makeExtension(**configuration: Any) -> GradproofExtension:  # noqa: N802 -- Python-Markdown looks for this name
    """Return the extension, for `markdown_extensions: [gradproof.authors.fence]`."""
    return GradproofExtension(**configuration)
