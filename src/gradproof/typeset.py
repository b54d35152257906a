"""LaTeX as HTML, made by KaTeX while a page is built; the reader's browser runs no script for it.

KaTeX is a JavaScript program; QuickJS runs it inside this process, with no Node.  Its output
holds the formula twice: as HTML for the eye, as MathML for a screen reader.  The MathML is named
by the formula in words, for readers that know no MathML.  A formula that KaTeX does not accept
without any reservation, or that has no words, is an error.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from functools import cache
from html import escape
from pathlib import Path

from gradproof.cache import digest, remember
from gradproof.spoken import spoken

__all__ = ["TypesetError", "typeset"]

KATEX = Path(__file__).parent / "katex" / "katex.min.js"
RENDER = KATEX.with_name("render.js")
WORDS = [Path(__file__).with_name(f"{name}.py") for name in ("mathml", "spoken", "spoken_names")]
MATHML = re.compile(r"<math\b.*?</math>", re.DOTALL)
IN_BROWSER = sys.platform == "emscripten"  # the worker of the live page has loaded both, and keeps no results


class TypesetError(ValueError):
    """A formula that KaTeX rejects, or that has no words; the message holds the formula."""


def typeset(latex: str, display: bool = False) -> str:
    """Return the HTML of a formula, on a line of its own if `display`.

    It stands in one `gp-tex` element, which holds no other: who handles the page finds its ends
    without parsing the hundreds of elements between them.  The outcome depends on KaTeX, the
    words, this file and the formula alone, so it is kept on disk.
    """
    if IN_BROWSER:
        return _render(latex, display)
    key = digest(_katex_digest(), latex, str(display))
    return remember(key, lambda: _render(latex, display))


def _render(latex: str, display: bool) -> str:
    answer: dict[str, str] = json.loads(_katex()(latex, display))
    if "error" in answer:
        raise TypesetError(f"KaTeX rejects the formula {latex!r}: {answer['error']}")
    try:
        return f"<gp-tex>{MATHML.sub(_named, answer['html'])}</gp-tex>"
    except ValueError as error:
        raise TypesetError(f"the formula {latex!r} cannot be said in words: {error}") from error


def _named(math: re.Match[str]) -> str:
    return f'<math aria-label="{escape(spoken(math[0]))}"{math[0].removeprefix("<math")}'


@cache
def _katex_digest() -> str:
    return digest(*(path.read_text("utf-8") for path in (KATEX, RENDER, Path(__file__), *WORDS)))


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
