"""LaTeX as HTML, made by KaTeX while a page is built; the reader's browser runs no script for it.

KaTeX is a JavaScript program; QuickJS runs it inside this process, with no Node.  Its output
holds the formula twice: as HTML for the eye, as MathML for a screen reader.  The MathML is named
by the formula in words, for readers that know no MathML.  A formula that KaTeX does not accept
without any reservation, or that has no words, is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from html import escape
from pathlib import Path

from gradproof.cache import digest, remember
from gradproof.spoken import spoken

__all__ = ["TypesetError", "typeset"]

KATEX = Path(__file__).parent / "katex" / "katex.min.js"
WORDS = [Path(__file__).with_name(f"{name}.py") for name in ("mathml", "spoken", "spoken_names")]
MATHML = re.compile(r"<math\b.*?</math>", re.DOTALL)
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
    """A formula that KaTeX rejects, or that has no words; the message holds the formula."""


def typeset(latex: str, display: bool = False) -> str:
    """Return the HTML of a formula, on a line of its own if `display`.

    It stands in one `gp-tex` element, which holds no other: who handles the page finds its ends
    without parsing the hundreds of elements between them.  The outcome depends on KaTeX, the
    words, this file and the formula alone, so it is kept on disk.
    """
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
    return digest(KATEX.read_text("utf-8"), *(path.read_text("utf-8") for path in (Path(__file__), *WORDS)))


@cache
def _katex() -> Callable[[str, bool], str]:
    import quickjs

    context = quickjs.Context()
    context.eval(KATEX.read_text("utf-8") + RENDER + "; undefined")
    render: Callable[[str, bool], str] = context.get("render")
    return render
