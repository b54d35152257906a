"""The cell magic `%%gradproof`: the lines of a block, in a notebook.

`%load_ext gradproof` registers it.  A cell that is not proved shows why, and raises, so that nbconvert,
Jupyter Book and whatever else runs notebooks fail at it.
"""

from __future__ import annotations

from typing import Any

from IPython.display import display

from gradproof.answer import Answer
from gradproof.authors import FalseGradientError
from gradproof.display import answer as as_html
from gradproof.problem import read_problem
from gradproof.terminal import checked

__all__ = ["load_ipython_extension"]


class CellError(FalseGradientError):
    """A cell that is not proved; the notebook shows the message without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return str(self).split("\n")


def load_ipython_extension(shell: Any) -> None:
    """Register the magic; `%load_ext gradproof` calls this."""
    shell.register_magic_function(_cell, "cell", "gradproof")


def _cell(line: str, cell: str) -> None:
    """Show the derivation of the gradient that the cell states, or why it is not one."""
    if line.strip():
        raise CellError(f"nothing may stand behind %%gradproof, but the fields below it: {line.strip()}")
    try:
        answer = Answer(read_problem(cell), thorough=True)
        html = as_html(answer)
    except ValueError as error:
        raise CellError(f"cannot be read: {error}") from None
    display({"text/html": html, "text/plain": checked(answer)}, raw=True)  # type: ignore[no-untyped-call]
    if answer.status != "proved":
        raise CellError(checked(answer))
