"""Verdicts: what was decided, under which assumptions, and on what that rests.

A verdict is never a bare "verified".  It is *proved* (for every size and every value at
which both sides are defined, under the listed assumptions), *refuted* (with a witness that
a reader can check), or *undecided* (with the reason).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Evidence", "Need", "Status", "Verdict", "Witness"]

Status = Literal["proved", "refuted", "undecided"]


@dataclass(frozen=True)
class Evidence:
    """One independent reason to believe a verdict.

    `outcome` is "agrees", "disagrees" or "missing"; a check that could not run is missing,
    never agreeing.
    """

    kind: str
    outcome: Literal["agrees", "disagrees", "missing"]
    says: str
    rests_on: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.says} [rests on {self.rests_on}]"


@dataclass(frozen=True)
class Witness:
    """A point at which two formulas differ.

    `sizes` maps each size symbol to an int, `values` each symbol or array to a rational, or
    to a nested tuple of rationals (offset = index - lower bound), `functions` each undefined
    function to the polynomial that stands for it.  `left` and `right` are the two values
    there, as text: exact rationals, or the digits that are certain.
    """

    sizes: Mapping[str, int]
    values: Mapping[str, Any]
    left: str
    right: str
    functions: Mapping[str, str] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """The point in words."""
        point = [f"{name} = {_show(value)}" for name, value in {**self.sizes, **self.values}.items()]
        point += [f"{name} = {text}" for name, text in self.functions.items()]
        return ", ".join(point) or "everywhere"

    def __str__(self) -> str:
        return f"at {self.where}: {self.left} against {self.right}"


def _show(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_show(v) for v in value) + "]"
    return str(value)


@dataclass(frozen=True)
class Need:
    """An assumption of a claim that was proved, and what becomes of the claim without it.

    status: "needed" (`witness` is a point at which the claim fails), "not needed" (the claim is
    proved without it, beside any others), or "undecided".  declared: the assumption is how a
    letter was declared.
    """

    assumption: Any
    status: Literal["needed", "not needed", "undecided"]
    witness: Witness | None = None
    beside_others: bool = False
    declared: bool = False

    @classmethod
    def of(cls, assumption: Any, without: Verdict, beside_others: bool = False) -> Need:
        """What the verdict on the claim without an assumption says of it."""
        status: Any = {"refuted": "needed", "proved": "not needed"}.get(without.status, "undecided")
        return cls(assumption, status, without.witness, beside_others)

    def __str__(self) -> str:
        name = f"{self.assumption} (declared)" if self.declared else str(self.assumption)
        if self.status == "needed":
            return f"needs {name}: without it, {self.witness}"
        if self.status == "not needed":
            beside = " beside the others" if self.beside_others else ""
            return f"does not need {name}{beside}: without it, the claim holds wherever both sides are defined"
        return f"may need {name}: without it, neither a proof nor a counterexample was found"


@dataclass(frozen=True)
class Verdict:
    """The outcome of `equal`, `check`, or `verify`.

    `assumptions` are the relations (SymPy) under which "proved" holds, and `needs` says of each
    that was given to `check` whether it is needed; `reason` says why nothing was decided,
    which step is the first wrong one, or in which layout a matrix was proved.
    """

    status: Status
    assumptions: tuple[Any, ...] = ()
    witness: Witness | None = None
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""
    needs: tuple[Need, ...] = ()

    def _repr_html_(self) -> str:
        from gradproof.display import verdict

        return verdict(self)

    def shown(self) -> str:
        """What a reader can check by hand: the witness, or what was found in its place."""
        if self.witness is not None:
            return str(self.witness)
        return self.reason or "; ".join(e.says for e in self.evidence)

    def __str__(self) -> str:
        lines = [self.status if not self.reason else f"{self.status}: {self.reason}"]
        if self.assumptions:
            lines.append("assuming " + ", ".join(str(a) for a in self.assumptions))
        lines += [str(n) for n in self.needs]
        if self.witness is not None:
            lines.append(str(self.witness))
        lines += [str(e) for e in self.evidence]
        return "\n  ".join(lines)
