"""A figure as a whole: panels side by side, the numbers below them, the caption."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from gradproof.figures.numerals import write
from gradproof.typeset import typeset

__all__ = ["Reading", "frame"]


SAMPLES = {
    "line": '<path d="M1,5H23"/>',
    "arrow": '<path d="M1,5H22M15,1.5L22,5L15,8.5"/>',
    "dot": '<circle cx="12" cy="5" r="4.5"/>',
    "square": '<rect x="8" y="1" width="8" height="8"/>',
}


@dataclass(frozen=True)
class Reading:
    """One number below a figure: its words, its name for the script, its value and format.

    key: what the number belongs to, a shape of SAMPLES and its class; a sample stands before the words.
    """

    words: str
    name: str
    value: float
    kind: str
    key: str = ""
    after: str = ""

    def html(self) -> str:
        """The number with its words."""
        sample = ""
        if self.key:
            shape, _, kind = self.key.partition(" ")
            sample = f'<svg class="gp-key {kind}" viewBox="0 0 24 10" aria-hidden="true">{SAMPLES[shape]}</svg>'
        number = f'<b data-value="{self.name}" data-format="{self.kind}">{write(self.value, self.kind)}</b>'
        space = "" if not self.words or self.words.endswith("(") else " "
        return f"{sample}{_prose(self.words)}{space}{number}{_prose(self.after)}"


def frame(
    name: str,
    title: str,
    panels: Sequence[str],
    readings: Sequence[Sequence[Reading]],
    caption: str,
    hint: str,
    state: Mapping[str, Any],
) -> str:
    """Return a figure; formulas in title, caption and readings stand between dollar signs.

    readings: the numbers, in groups that are not torn apart.  hint: how to move it, which is shown
    where the script runs.  state: what the script starts from.
    """
    numbers = " ".join(f"<span>{' '.join(reading.html() for reading in group)}</span>" for group in readings)
    return (
        f'<figure class="gp-figure" data-figure="{name}" id="figure-{name}"'
        f' data-state="{escape(json.dumps(state, separators=(",", ":")))}">'
        f'<div class="gp-panels gp-panels-{len(panels)}" data-search-exclude>{"".join(panels)}</div>'
        f'<output class="gp-readings" aria-live="off" data-search-exclude>{numbers}</output>'
        f"<figcaption><strong>{_prose(title)}</strong> {_prose(caption)}"
        f' <span class="gp-hint">{_prose(hint)}</span>'
        "</figcaption></figure>\n"
    )


def _prose(text: str) -> str:
    parts = text.split("$")
    return "".join(typeset(part) if n % 2 else escape(part) for n, part in enumerate(parts))
