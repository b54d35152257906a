"""What a public formula is: where it stands, what it says, and how it is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gradproof import Model, Verdict, check

__all__ = ["Formula", "Source", "right", "wrong"]


@dataclass(frozen=True)
class Source:
    """A text or a program: its short name, its title, and where it can be read."""

    key: str
    title: str
    address: str


@dataclass(frozen=True)
class Formula:
    """One derivative formula of a source.

    place: its number, or where exactly it stands.  printed: the formula as it stands there, in LaTeX
    or in the program's own notation.  true: whether it is one.  definitions: named quantities that
    the loss uses, in the order of a Model.  seen: whether the place was looked up, not only remembered.
    note: for a wrong one, what is wrong, or what holds instead.
    """

    source: Source
    place: str
    printed: str
    true: bool
    loss: Any
    wrt: Any
    claimed: Any
    assumptions: Sequence[Any] = ()
    definitions: Sequence[Any] = ()
    seen: bool = True
    note: str = ""

    @property
    def id(self) -> str:
        return f"{self.source.key}: {self.place}"

    def decide(self) -> Verdict:
        """The verdict, as a user would ask for it."""
        if self.definitions:
            return Model(self.definitions).check(self.loss, self.wrt, self.claimed)
        return check(self.loss, self.wrt, self.claimed, self.assumptions)


def right(source: Source) -> Callable[..., Formula]:
    """Makes the true formulas of a source: place, printed, loss, wrt, claimed."""

    def made(place: str, printed: str, loss: Any, wrt: Any, claimed: Any, **more: Any) -> Formula:
        return Formula(source, place, printed, True, loss, wrt, claimed, **more)

    return made


def wrong(source: Source) -> Callable[..., Formula]:
    """Makes the false formulas of a source: place, printed, loss, wrt, claimed, note."""

    def made(place: str, printed: str, loss: Any, wrt: Any, claimed: Any, note: str, **more: Any) -> Formula:
        return Formula(source, place, printed, False, loss, wrt, claimed, note=note, **more)

    return made
