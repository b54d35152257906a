"""What the trial found, as tables of a page; the page cannot be built if a checker failed.

Every number is counted from what the build itself tried and proved, save those of JAX and PyTorch, which come from a file and say so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from gradproof import page, reference, reference_page
from gradproof.page import PageError
from gradproof.pieces import table
from gradproof.related import address
from gradproof.trials.gathering import all_trials
from gradproof.trials.oracles import oracles

__all__ = ["FILE", "Kind", "bars", "by_gradient", "by_kind", "kinds", "summary"]

FILE = "docs/data/oracles.json"
EXACT = ("canonical form", "each step", "whole", "second prover")
LEAST_MUTANTS, LEAST_REWRITINGS, LEAST_KINDS = 2000, 500, 4
HALF = 0.5  # of the trial's points: a numeric kind must see what differs at so many

#: kinds of evidence that share code, under the name of what they rest on
BASES: Mapping[str, tuple[str, ...]] = {
    "SymPy and the normal form": ("canonical form", "each step", "whole"),
    "mpmath": ("remainder",),
    "python-flint": ("second prover",),
    "NumPy": ("complex step",),
    "Coq’s kernel": ("kernel",),
}
LIBRARIES = "JAX and PyTorch"

Data = dict[str, Any]


@dataclass
class Kind:
    """What one kind of evidence made of all gradients.

    slips: by the kind of slip, the answers to mutants.  limits: the k of the smallest relative slip 10**-k that was seen, for each gradient.
    """

    name: str
    exact: bool
    slips: dict[str, Counter[str]] = field(default_factory=dict)
    equal: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    limits: list[int | None] = field(default_factory=list)
    missed: list[Data] = field(default_factory=list)
    unsure: list[Data] = field(default_factory=list)
    agreed_to: int | None = None  # the least k such that a slip of 10**-k was agreed with

    def add(self, identity: str, found: Data) -> None:
        """Count what was found of one gradient."""
        for slip, outcome in zip(found["slips"], found["mutants"], strict=True):
            self.slips.setdefault(slip, Counter())[outcome] += 1
        self.equal.update(found["rewritings"])
        self.right[found["right"]] += 1
        self.limits.append(found["limit"])
        self.missed += [{"id": identity, **one} for one in found["missed"]]
        self.unsure += [{"id": identity, **one} for one in found["unsure"]]
        if found["unseen"] == "agrees":
            first = 0 if found["limit"] is None else found["limit"] + 1
            self.agreed_to = first if self.agreed_to is None else min(self.agreed_to, first)

    @property
    def total(self) -> Counter[str]:
        """The answers to all mutants."""
        return sum(self.slips.values(), Counter())

    @property
    def worst(self) -> int | None:
        """The k of the smallest slip 10**-k that was seen for every gradient for which any was."""
        return min((k for k in self.limits if k is not None), default=None)


def kinds(trials: Mapping[str, Sequence[Data]]) -> list[Kind]:
    """What each kind made of all gradients: those of the build, then those of the file, of gradients that are still the same."""
    found: dict[str, Kind] = {}
    for identity, gradients in trials.items():
        for gradient in gradients:
            for name, one in gradient["kinds"].items():
                found.setdefault(name, Kind(name, name in EXACT)).add(identity, one)
    for oracle in oracles(FILE):
        kind = found.setdefault(oracle.kind, Kind(oracle.kind, exact=False))
        for identity, gradients in trials.items():
            for gradient in gradients:
                if gradient["digest"] in oracle.trials:
                    kind.add(identity, oracle.trials[gradient["digest"]])
    return list(found.values())


def bars(found: Iterable[Kind]) -> list[str]:
    """What a checker did that it must not do, in words."""
    faults = []
    for kind in found:
        wrong = [m for m in kind.missed if m["outcome"] == "agrees" and (kind.exact or m["share"] >= HALF)]
        faults += [
            f"{kind.name} agrees with a false gradient of {m['id']} ({m['slip']}): {m['formula']}" for m in wrong
        ]
        if kind.exact and kind.agreed_to is not None:
            faults.append(f"{kind.name} agrees with a slip of 10^-{kind.agreed_to}")
        faults += [
            f"{kind.name} rejects a right gradient of {u['id']}, written otherwise: {u['formula']}"
            for u in kind.unsure
            if u["outcome"] == "disagrees"
        ]
        if kind.right["disagrees"]:
            faults.append(f"{kind.name} rejects {kind.right['disagrees']} right gradients")
    return faults


def _all() -> list[Kind]:
    """The kinds, or `PageError` if one failed, or too little was tried."""
    found = kinds(all_trials())
    faults = bars(found)
    most = max(kind.total.total() for kind in found)
    if most < LEAST_MUTANTS:
        faults.append(f"there are {most} false gradients only")
    for kind in found:
        if (equal := kind.equal.total()) < LEAST_REWRITINGS:
            faults.append(f"{kind.name} was asked about {equal} equal gradients only")
    if faults:
        raise PageError("the checkers failed their trial:\n  " + "\n  ".join(faults))
    return found


# --- tables -------------------------------------------------------------------------------------
def summary() -> str:
    """Return one row for each kind of evidence: caught and missed, the smallest slip, and equal rewritings."""
    return table(
        ("Kind of evidence", "False ones caught", "Missed", "Smallest slip seen", "Equal ones rejected"),
        [_summary_row(kind) for kind in _all()],
        cards=True,
    )


def _summary_row(kind: Kind) -> tuple[str, ...]:
    total = kind.total
    caught = total.total() - total["agrees"]
    return (
        escape(kind.name),
        f"{caught:,} of {total.total():,}",
        str(total["agrees"]),
        _limit(kind),
        f"{kind.equal['disagrees']} of {kind.equal.total():,}",
    )


def by_kind(name: str) -> str:
    """Return one kind's own table, folded, with its limit, what it made of equal gradients, and what it missed and why."""
    shown = [_details(kind) for kind in _all() if kind.name == name or kind.name.startswith(f"{name} by ")]
    if not shown:
        raise PageError(f"no kind of evidence on trial is called {name}")
    return "".join(shown) + "".join(_provenance(name))


def _details(kind: Kind) -> str:
    total = kind.total
    rows = [_row(slip, count) for slip, count in sorted(kind.slips.items())]
    head = ("Slip", "Tried", "Refuted", "Undecided", "Missed")
    refuted = f"{total['disagrees']:,} of {total.total():,} false gradients refuted"
    title = (
        f"On trial{' (' + escape(kind.name) + ')' if ' by ' in kind.name else ''}: {refuted}, {total['agrees']} missed"
    )
    body = [
        table(head, [*rows, _row("all", total)]),
        f"<p>{_limits(kind)} {_equals(kind)}</p>",
        _listed("Missed, or left undecided, and why", [_why_missed(m) for m in kind.missed]),
        _unrecognised(kind),
    ]
    return f'<details class="gp-fold gp-trial"><summary>{title}</summary>{"".join(body)}</details>'


def _row(title: str, count: Mapping[str, int]) -> tuple[str, ...]:
    tried = sum(count.values())
    return (escape(title), *(f"{n:,}" for n in (tried, *(count.get(o, 0) for o in ("disagrees", "missing", "agrees")))))


def _limit(kind: Kind) -> str:
    """The smallest relative slip that is seen for every gradient."""
    if kind.worst is None:
        return "none"
    unlimited = kind.exact and kind.agreed_to is None
    return f"any, down to 10<sup>−{kind.worst}</sup>" if unlimited else f"10<sup>−{kind.worst}</sup>"


def _limits(kind: Kind) -> str:
    """The distribution of the limits, in a sentence."""
    seen = Counter(k for k in kind.limits if k is not None)
    none = f"; for {kind.limits.count(None)} none was" if None in kind.limits else ""
    parts = ", ".join(f"10<sup>−{k}</sup> for {n}" for k, n in sorted(seen.items()))
    return f"The smallest slip of the whole gradient that was seen, relative to it, is {parts or 'none'}{none} (10<sup>−40</sup> was the smallest tried)."


def _equals(kind: Kind) -> str:
    count = kind.equal
    return (
        f"Of {count.total():,} equal rewritings it accepts {count['agrees']:,}, leaves {count['missing']} undecided,"
        f" and rejects {count['disagrees']}; of {kind.right.total()} right gradients it accepts {kind.right['agrees']}."
    )


def _listed(title: str, items: Sequence[str]) -> str:
    return f"<p>{title}:</p><ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>" if items else ""


def _why_missed(m: Data) -> str:
    """One false gradient that was not refuted."""
    where = f"; it differs at {m['share']:.0%} of the trial's points" if m["outcome"] == "agrees" else ""
    return f"{_link(m['id'])}, {escape(m['slip'])}: <code>{escape(m['formula'])}</code> ({escape(m['why'])}{where})"


def _unrecognised(kind: Kind) -> str:
    """How equal gradients were written that were neither accepted nor rejected."""
    laws = Counter(law for u in kind.unsure for law in u["laws"])
    shown = ", ".join(f"{escape(law)} ({count})" for law, count in laws.most_common())
    return f"<p>Not recognised as equal, by the laws that were used: {shown}.</p>" if laws else ""


def _provenance(name: str) -> Iterable[str]:
    """What the file says of itself."""
    for oracle in oracles(FILE):
        if oracle.kind.startswith(f"{name} by "):
            packages = ", ".join(f"{package} {number}" for package, number in oracle.versions.items())
            yield f"<p>{escape(oracle.kind)}: not made by this build, but on {oracle.made} with {escape(packages)}.</p>"


# --- by gradient ------------------------------------------------------------------------------------
def by_gradient() -> str:
    """Return how many kinds of evidence from different code each gradient has; `PageError` if one has too few."""
    trials = all_trials()
    rows, count, least = [], Counter[int](), Counter[str]()
    for identity, gradients in trials.items():
        if not gradients:
            continue
        agreeing = _agreeing(identity, gradients)
        count[len(agreeing)] += len(gradients)
        least.update(dict.fromkeys(agreeing, len(gradients)))
        if len(agreeing) < LEAST_KINDS:
            raise PageError(f"{identity} has evidence from {len(agreeing)} kinds of code only: {', '.join(agreeing)}")
        rows.append((_link(identity), str(len(gradients)), str(len(agreeing)), escape(", ".join(agreeing))))
    total = count.total()
    enough = sum(n for kinds, n in count.items() if kinds >= LEAST_KINDS)
    shares = ", ".join(f"{escape(base)} for {n}" for base, n in least.items())
    said = f"{enough} of {total} gradients have at least {LEAST_KINDS} kinds of evidence from different code: {shares}."
    shown = table(("Gradient of", "Gradients", "Kinds", "Resting on"), rows, cards=True, sortable=True)
    return f'<p class="gp-summary">{said}</p><details class="gp-fold gp-trial"><summary>All of them ({len(rows)} claims and entries)</summary>{shown}</details>'


def _agreeing(identity: str, gradients: Sequence[Data]) -> list[str]:
    """What the evidence of all gradients of a claim or entry rests on, none of which is missing: from the records of the build, and the file."""
    record = reference_page.record(identity) if identity in reference.IDS else page.record(identity)
    outcomes: dict[str, set[str]] = {}
    for evidence in record["evidence"]:
        outcomes.setdefault(evidence["kind"], set()).add(evidence["outcome"])
    found = [base for base, names in BASES.items() if all(outcomes.get(name) == {"agrees"} for name in names)]
    told = [o.trials.get(g["digest"], {}).get("right") for o in oracles(FILE) for g in gradients]
    return [*found, *([LIBRARIES] if told and set(told) == {"agrees"} else [])]


def _link(identity: str) -> str:
    return f'<a href="site:{address(identity)}">{escape(identity)}</a>'
