"""LaTeX as HTML, made by KaTeX while a page is built; the reader's browser runs no script for it.

KaTeX is a JavaScript program; QuickJS runs it inside this process, with no Node.  Its output
holds the formula twice: as HTML for the eye, as MathML for a screen reader.  A formula that
KaTeX does not accept without any reservation is an error.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

from gradproof.cache import digest, remember

__all__ = ["TypesetError", "typeset"]

KATEX = Path(__file__).parent / "katex" / "katex.min.js"
# The result travels as JSON: QuickJS hands a long concatenated string to Python only in flat form.
RENDER = """
function render(latex, display) {
  const options = {displayMode: display, throwOnError: true, strict: "error", output: "htmlAndMathml",
    macros: {"\\\\mbox": "\\\\text{#1}"}};
  try { return JSON.stringify({html: katex.renderToString(latex, options)}); }
  catch (error) { return JSON.stringify({error: error.message}); }
}
"""


class TypesetError(ValueError):
    """A formula that KaTeX rejects; the message holds the formula."""


def typeset(latex: str, display: bool = False) -> str:
    """Return the HTML of a formula, on a line of its own if `display`.

    It stands in one `gp-tex` element, which holds no other: who handles the page finds its ends
    without parsing the hundreds of elements between them.  The outcome depends on KaTeX, this
    file and the formula alone, so it is kept on disk.
    """
    key = digest(_katex_digest(), latex, str(display))
    return remember(key, lambda: _render(latex, display))


def _render(latex: str, display: bool) -> str:
    answer: dict[str, str] = json.loads(_katex()(latex, display))
    if "error" in answer:
        raise TypesetError(f"KaTeX rejects the formula {latex!r}: {answer['error']}")
    return f"<gp-tex>{answer['html']}</gp-tex>"


@cache
def _katex_digest() -> str:
    return digest(KATEX.read_text("utf-8"), Path(__file__).read_text("utf-8"))


@cache
def _katex() -> Callable[[str, bool], str]:
    import quickjs

    context = quickjs.Context()
    context.eval(KATEX.read_text("utf-8") + RENDER + "; undefined")
    render: Callable[[str, bool], str] = context.get("render")
    return render
