"""For authors: their own pages and notebooks state a loss and its gradient, and cannot be built while it is false.

- fence.py is an extension of Python-Markdown: blocks that are fenced as `gradproof`;
- mkdocs.py is a plugin of MkDocs, which adds that extension and fails the build with file and line;
- jupyter.py is the cell magic `%%gradproof`.

The fields of a block are those of `gradproof.problem.Problem`.  MkDocs, Python-Markdown and IPython are
imported by the module that serves them, and by no other.
"""

from __future__ import annotations

import json
from typing import TypedDict

from gradproof.cache import digest, engine_digest, remember

__all__ = ["FalseGradientError", "Outcome", "outcome", "proved"]


class FalseGradientError(Exception):
    """What an author states is refuted, undecided or cannot be read; the message says which, and why."""


class Outcome(TypedDict):
    """A block as HTML, and what is wrong with it: "" if it is proved."""

    html: str
    wrong: str


def proved(text: str) -> str:
    """The lines of a block as HTML; raises FalseGradientError unless all of it is proved."""
    found = outcome(text)
    if found["wrong"]:
        raise FalseGradientError(found["wrong"])
    return found["html"]


def outcome(text: str) -> Outcome:
    """Decide a block, or read from the cache how the same code decided it before."""
    found: Outcome = json.loads(remember(digest("block", engine_digest(), text), lambda: json.dumps(_decided(text))))
    return found


def _decided(text: str) -> Outcome:
    from gradproof import display, terminal
    from gradproof.answer import Answer
    from gradproof.problem import read_problem

    try:
        answer = Answer(read_problem(text), thorough=True)
        html = display.answer(answer, display.mathml)
        wrong = "" if answer.status == "proved" else terminal.checked(answer)
    except ValueError as error:
        return {"html": display.unread(text, str(error)), "wrong": f"cannot be read: {error}"}
    return {"html": html, "wrong": wrong}
