"""Executed blocks: which a page's author wrote, which of them ran, and what each of them raised.

markdown-exec shows a fence with a misspelt option as plain code, and a block that ends the program ends the build with
success; here both are told.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from textwrap import dedent
from typing import Any

__all__ = ["TRACEBACK", "Blocks"]

TRACEBACK = "Traceback (most recent call last)"
FENCE = re.compile(r"^\s*(?P<marks>`{3,}|~{3,})(?P<info>[^`]*)$")
IDENTITY = re.compile(r"""\bid=["']?([^"'\s}]+)""")


class Blocks:
    """The blocks of the page at hand.  report: is called with each problem."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self.report = report
        self.written: Counter[str] = Counter()
        self.ran: Counter[str] = Counter()

    def of(self, markdown: str) -> None:
        """Take down which blocks of a page are to run."""
        self.ran = Counter()
        self.written = Counter(self._executed(markdown))

    def compare(self) -> None:
        """Report the blocks that did not run."""
        for name in self.written - self.ran:
            self.report(f"the block {name} did not run; look for a misspelt option or a fence left open")

    def watched(self, run: Callable[..., str]) -> Callable[..., str]:
        """What runs a block, wrapped: it notes that the block ran, and lets none end the build with `sys.exit`."""

        def watched(source: str, language: str, css_class: str, options: dict[str, Any], md: Any, **kwargs: Any) -> str:
            name = str(options.get("id") or "without id=")
            try:
                with _heard() as warnings:
                    html = run(source, language, css_class, options, md, **kwargs)
            except SystemExit as error:
                self.report(f"the block {name} called sys.exit({error.code!r})")
                return ""
            self.ran[name] += 1
            for warning in warnings:
                self.report(f"the block {name} raised {_end(warning)}")
            return html

        return watched

    def _executed(self, markdown: str) -> Iterator[str]:
        """Yield the id of each fence that has options: none but executed blocks have any."""
        closing = ""
        for line in markdown.splitlines():
            fence = FENCE.match(line)
            if closing:
                if fence and not fence["info"].strip() and fence["marks"].startswith(closing):
                    closing = ""
            elif fence:
                closing = fence["marks"]
                if "=" in fence["info"]:
                    name = IDENTITY.search(fence["info"])
                    yield name[1] if name else "without id="
        if closing:
            self.report("a fence is left open at the end of the page")


@contextmanager
def _heard() -> Iterator[list[str]]:
    """Collect the warnings of plugins: markdown-exec turns a block's error into one that names no page."""
    heard: list[str] = []
    listener = logging.Handler(logging.WARNING)
    listener.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
    plugins = logging.getLogger("mkdocs.plugins")
    plugins.addHandler(listener)
    try:
        yield heard
    finally:
        plugins.removeHandler(listener)


def _end(trace: str) -> str:
    """Return the end of an indented traceback: the line that names the error, and what follows it."""
    lines = dedent(trace.partition(TRACEBACK)[2].partition("\n")[2]).strip("\n").splitlines()
    start = max((i for i, line in enumerate(lines) if line[:1].strip()), default=0)
    return "\n".join(lines[start:])
