"""Verdicts: what was decided, under which assumptions, and on what that rests.

A verdict is never a bare "verified".  It is *proved* (for every size and every value at
which both sides are defined, under the listed assumptions), *refuted* (with a witness that
a reader can check), or *undecided* (with the reason).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Evidence", "Fault", "Need", "Outcome", "Status", "Verdict", "Witness"]

Status = Literal["proved", "refuted", "undecided"]
Outcome = Literal["agrees", "disagrees", "missing"]


@dataclass(frozen=True)
class Evidence:
    """One independent reason to believe a verdict.

    `outcome` is "agrees", "disagrees" or "missing"; a check that could not run is missing,
    never agreeing.  The enclosure that refutes a claim disagrees with it; a second one agrees with the first.
    """

    kind: str
    outcome: Outcome
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
    there, as text: exact rationals, or the digits that are certain.  `numbers` are the same values by
    name and index (() for a symbol), `polynomials` the coefficients of those functions by powers.
    """

    sizes: Mapping[str, int]
    values: Mapping[str, Any]
    left: str
    right: str
    functions: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, Mapping[tuple[int, ...], Any]] = field(default_factory=dict, compare=False, repr=False)
    polynomials: Mapping[str, Mapping[tuple[int, ...], Any]] = field(default_factory=dict, compare=False, repr=False)

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
class Fault:
    """Where a claim fails: two lines that ought to be equal, and the rule that is said to lead from one to the other.

    suspect: finds the likeliest slip in the second line, in words; "" where none is found.
    """

    rule: str
    before: Any
    after: Any
    suspect: Callable[[], str] = field(repr=False, compare=False)

    def told(self) -> list[str]:
        """All of it, line by line."""
        slip = self.suspect()
        rule = [f"rule: {self.rule}"] if self.rule else []
        lines = [*rule, f"before: {self.before}", f"after: {self.after}"]
        return [*lines, f"suspected slip: {slip}"] if slip else lines


@dataclass(frozen=True)
class Verdict:
    """The outcome of `equal`, `check`, or `verify`.

    `assumptions` are the relations (SymPy) under which "proved" holds, and `needs` says of each
    that was given to `check` whether it is needed; `reason` says why nothing was decided,
    which step is the first wrong one, or in which layout a matrix was proved; `fault` is that step.
    """

    status: Status
    assumptions: tuple[Any, ...] = ()
    witness: Witness | None = None
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""
    needs: tuple[Need, ...] = ()
    fault: Fault | None = None

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
