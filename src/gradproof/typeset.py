"""LaTeX as HTML, made by KaTeX while a page is built; the reader's browser runs no script for it.

KaTeX is a JavaScript program; QuickJS runs it inside this process, with no Node.  Its output
holds the formula twice: as HTML for the eye, as MathML for a screen reader.  A formula that
KaTeX does not accept without any reservation is an error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from gradproof.cache import digest, remember

__all__ = ["TypesetError", "typeset"]

KATEX = Path(__file__).parent / "katex" / "katex.min.js"
RENDER = KATEX.with_name("render.js")
IN_BROWSER = sys.platform == "emscripten"  # the worker of the live page has loaded both, and keeps no results


class TypesetError(ValueError):
    """A formula that KaTeX rejects; the message holds the formula."""


def typeset(latex: str, display: bool = False) -> str:
    """Return the HTML of a formula, on a line of its own if `display`.

    It stands in one `gp-tex` element, which holds no other: who handles the page finds its ends
    without parsing the hundreds of elements between them.  The outcome depends on KaTeX, this
    file and the formula alone, so it is kept on disk.
    """
    if IN_BROWSER:
        return _render(latex, display)
    key = digest(_katex_digest(), latex, str(display))
    return remember(key, lambda: _render(latex, display))


def _render(latex: str, display: bool) -> str:
    answer: dict[str, str] = json.loads(_katex()(latex, display))
    if "error" in answer:
        raise TypesetError(f"KaTeX rejects the formula {latex!r}: {answer['error']}")
    return f"<gp-tex>{answer['html']}</gp-tex>"


@cache
def _katex_digest() -> str:
    return digest(*(path.read_text("utf-8") for path in (KATEX, RENDER, Path(__file__))))


@cache
def _katex() -> Callable[[str, bool], str]:
    render: Callable[[str, bool], str]
    if IN_BROWSER:
        import js

        render = js.gradproofTypeset
    else:
        import quickjs

        context = quickjs.Context()
        context.eval(f"{KATEX.read_text('utf-8')};{RENDER.read_text('utf-8')}; undefined")
        render = context.get("gradproofTypeset")
    return render
