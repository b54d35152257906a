"""Notebooks: what results look like, and the cell that fails when its gradient is false."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from sympy import Idx, IndexedBase, Sum, symbols
from traitlets.config import Config

from gradproof import blame, check, derive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

N, w, b = symbols("N", integer=True, positive=True), *symbols("w b")
n, x, y = Idx("n", (1, N)), IndexedBase("x"), IndexedBase("y")
LOSS = Sum((w * x[n] - y[n]) ** 2, n)
CELL = """%%gradproof
loss: \\sum_{n=1}^{N} (w x_n - y_n)^2
wrt: w
gradient: """
TRUE, FALSE = r"2 \sum_n x_n (w x_n - y_n)", r"2 \sum_n (w x_n - y_n)"


def test_a_derivation_shows_the_gradient_and_folds_the_steps() -> None:
    shown = derive(LOSS, w)._repr_html_()
    before, folded = shown.split("<details>")
    assert before.count("$") == 2
    assert r"2 \sum_{n=1}^{N}" in before
    assert "chain rule" in folded
    assert "chain rule" not in before
    assert shown.count("$") % 2 == 0


def test_a_verdict_folds_what_it_rests_on() -> None:
    proved = check(LOSS, w, 2 * Sum(x[n] * (w * x[n] - y[n]), n))._repr_html_()
    assert proved.startswith("<div><p><strong>✓ Proved</strong>")
    assert "<details><summary>Rests on 1 check</summary>" in proved
    refuted = check(LOSS, w, 2 * Sum(w * x[n] - y[n], n))._repr_html_()
    assert "<strong>✗ Refuted</strong>" in refuted
    assert "<p>at N = 1, " in refuted


def test_a_slip_is_shown_with_the_gradient() -> None:
    found = blame(LOSS, w, -2 * Sum(x[n] * (w * x[n] - y[n]), n))
    assert found is not None
    assert "the sign is wrong" in found._repr_html_()
    assert re.search(r"\\sum_\{n=1\}\^\{N\}", found._repr_html_())


def test_what_a_person_wrote_is_escaped() -> None:
    reason = check(LOSS, w, 2 * Sum(x[n] * (w * x[n] - y[n]), n), [w < 9])._repr_html_()
    assert "w &lt; 9" in reason


# --- the cell -----------------------------------------------------------------------------
@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    made = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    made.run_line_magic("load_ext", "gradproof")
    yield made
    InteractiveShell.clear_instance()


def run(shell: InteractiveShell, cell: str) -> tuple[Any, list[Any]]:
    """The error of a cell, and what it displayed."""
    with capture_output() as shown:
        result = shell.run_cell(cell)
    return result.error_in_exec, shown.outputs


def test_a_true_cell_shows_its_derivation(shell: InteractiveShell) -> None:
    error, (shown,) = run(shell, CELL + TRUE)
    assert error is None
    assert "gradproof-proved" in shown.data["text/html"]
    assert shown.data["text/plain"].startswith("proved for every size")


def test_a_false_cell_shows_why_and_fails(shell: InteractiveShell) -> None:
    error, (shown,) = run(shell, CELL + FALSE)
    assert "gradproof-refuted" in shown.data["text/html"]
    assert str(error).startswith("refuted\n  at N = ")
    assert error._render_traceback_() == str(error).split("\n")  # the message, and no lines of our code


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("%%gradproof\nlost: x", "cannot be read: line 1: there is no field 'lost'"),
        ("%%gradproof\nloss: \\frac{1}{2\nwrt: x", "cannot be read: '{' is never closed"),
        ("%%gradproof loss: x\nwrt: x", "nothing may stand behind %%gradproof"),
    ],
)
def test_a_cell_that_cannot_be_read_fails(cell: str, says: str, shell: InteractiveShell) -> None:
    error, shown = run(shell, cell)
    assert str(error).startswith(says)
    assert shown == []


def test_a_notebook_with_a_false_gradient_does_not_run_to_its_end() -> None:
    """As `jupyter nbconvert --execute` and Jupyter Book run it: in a kernel of its own."""
    cells = ["%load_ext gradproof", CELL + TRUE, CELL + FALSE, "print('not reached')"]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    with pytest.raises(CellExecutionError, match="refuted\n  at N = "):
        NotebookClient(book, timeout=60).execute()
    assert "gradproof-proved" in book.cells[1].outputs[0].data["text/html"]
    assert book.cells[3].outputs == []
