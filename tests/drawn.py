"""A figure's HTML as data, for the tests of what is drawn and of what the script makes of it."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from typing import Any

from gradproof import figures


class Reader(HTMLParser):
    """The elements of a figure as a list: name, attributes, text, and the number of the parent."""

    VOID = ("path", "circle", "rect")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.nodes: list[dict[str, Any]] = []
        self.open: list[int] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.nodes.append({"tag": tag, "at": dict(attrs), "text": "", "in": self.open[-1] if self.open else -1})
        self.open.append(len(self.nodes) - 1)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open:
            self.nodes[self.open[-1]]["text"] += data


@cache
def read(name: str) -> list[dict[str, Any]]:
    return Reader(figures.figure(name)).nodes


def shown(name: str) -> dict[str, str]:
    """The numbers below a figure."""
    return {node["at"]["data-value"]: node["text"] for node in read(name) if "data-value" in node["at"]}


def part(name: str, which: str) -> dict[str, str]:
    return next(node["at"] for node in read(name) if node["at"].get("data-part") == which)


def points(d: str) -> list[tuple[float, float]]:
    """The corners of a path of straight lines, absolute."""
    found: list[tuple[float, float]] = []
    for letter, text in re.findall(r"([MLl])([^MLlZ]*)", d):
        numbers = [float(n) for n in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", text)]
        for x, y in zip(numbers[::2], numbers[1::2], strict=True):
            found.append((found[-1][0] + x, found[-1][1] + y) if letter == "l" else (x, y))
    return found
