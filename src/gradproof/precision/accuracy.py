"""What a gradient's formula is worth in double precision, over the range of floats.

A formula can be true and useless: 1 − tanh(h)² keeps no digit at h = 20.  The formula is computed in IEEE doubles, one
operation after the other as it is written, and truly (sampling.py).  The error is the largest one of an entry over the
largest true entry.

Where half of the digits are lost, the formula is rewritten (stable.py), and the rewritten one, if it was proved equal,
is tried at the same points.  What error remains is compared with how much the true value itself moves when the numbers
that it is computed from are rounded: what no formula can mend is no fault of the formula.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import sympy as sp

from gradproof.checks.guard import guarded
from gradproof.derivation import Derivation
from gradproof.figures.numerals import power_of_ten
from gradproof.lines import is_partial
from gradproof.notation import NotationError
from gradproof.precision.machine import Balls
from gradproof.precision.sampling import LOST, SCALES, Tried, cases
from gradproof.precision.stable import Stabilised, stable_form
from gradproof.statements.equality import Equality
from gradproof.values import UndefinedError
from gradproof.verdict import Evidence, Outcome

__all__ = ["Accuracy", "Sample", "accuracy", "accuracy_evidence", "accuracy_of", "precise", "short"]

GONE = 0.5  # relative error from which no digit is left
_RESTS = "Python's floats and the mathematical functions beneath them, and Arb's balls (python-flint)"


@dataclass(frozen=True)
class Sample:
    """The relative errors at one size, the worst of the points: of the formula, and of the rewritten one.

    size: of the largest entry of what is moved, with the sign that was given to it.  lost: whether each form loses more
    than half of its digits, and more than the rounding of its inputs explains.  own: by how much that rounding moves
    the true value, looked for only where digits are lost.  far: whether a number on the way is no double.
    """

    size: float
    errors: tuple[float, ...]
    lost: tuple[bool, ...]
    own: float = 0.0
    far: bool = False


@dataclass(frozen=True)
class Accuracy:
    """How accurate a gradient's formula is in double precision.

    samples: by size, the most negative first; none if nothing could be certified, and `reason` says why.  moved: the
    letters that were given these sizes, one at a time.  rewritten: the form that was tried where digits are lost.
    left_out: how many points say nothing, by the reason.
    """

    formula: sp.Expr
    wrt: sp.Expr
    samples: tuple[Sample, ...] = ()
    moved: tuple[sp.Basic, ...] = ()
    rewritten: Stabilised | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""

    @property
    def forms(self) -> int:
        """How many forms were tried."""
        return 1 if self.rewritten is None else 2

    def lost(self, form: int = 0) -> tuple[Sample, ...]:
        """Where the formula (0), or the rewritten one (1), loses its digits."""
        return tuple(s for s in self.samples if s.lost[form])

    def worst(self, form: int = 0) -> float:
        """The largest error of a form; where the inputs explain it, it does not count.  nan without a sample."""
        return max((s.errors[form] for s in self.samples if s.lost[form] or s.errors[form] <= LOST), default=math.nan)

    @property
    def is_kept(self) -> bool:
        """Whether the last form that was tried keeps half of its digits everywhere."""
        return bool(self.samples) and not self.lost(self.forms - 1)

    @property
    def sensitive(self) -> tuple[Sample, ...]:
        """Where digits are lost, and rounding the inputs explains it."""
        return tuple(s for s in self.samples if s.errors[-1] > LOST and not s.lost[-1])

    def __str__(self) -> str:
        return self.told()

    def told(self, letter: Callable[[sp.Basic], str] = str) -> str:
        """What was found, in words; `letter` writes a name."""
        if not self.samples:
            return f"Nothing is known of the formula in double precision: {self.reason}."
        lost = self.lost()
        if not lost:
            says = f"The formula is {precise(self.worst())} {self._tried(letter)}."
        else:
            gone = [s for s in lost if s.errors[0] >= GONE]
            says = (
                f"The formula loses {'all' if gone else 'half of its'} digits where {self._where(gone or lost, letter)}"
            )
            says += f", and half of them where {self._where(lost, letter)}" if 0 < len(gone) < len(lost) else ""
            says += f". {self._mended(letter)}."
        if self.sensitive:
            where = self._where(self.sensitive, letter)
            says += f" Where {where}, digits are lost that rounding its inputs alone can cost."
        return says

    def _tried(self, letter: Callable[[sp.Basic], str]) -> str:
        sizes = sorted(abs(s.size) for s in self.samples)
        if not self.moved:
            return "for every value"
        name = " and of ".join(map(letter, self.moved))
        if sizes[0] == sizes[-1]:
            return f"at one size of {name}"
        return f"for sizes of {name} from {short(sizes[0])} to {short(sizes[-1])}"

    def _mended(self, letter: Callable[[sp.Basic], str]) -> str:
        """What the rewritten form does."""
        left = self.lost(self.forms - 1)
        why = ": a number on the way is too large or too small for a double" if all(s.far for s in left) else ""
        if self.rewritten is None:
            return f"No law of the table mends it{why}"
        if not left:
            return f"Rewritten, it is {precise(self.worst(1))}"
        return f"Rewritten, it still loses them where {self._where(left, letter)}{why}"

    def _where(self, samples: Sequence[Sample], letter: Callable[[sp.Basic], str]) -> str:
        """The sizes of some samples: runs of neighbours among those that were tried."""
        name = ("one of " if len(self.moved) > 1 else "") + ", ".join(map(letter, self.moved))
        tried = sorted({abs(s.size) for s in self.samples})
        here = {abs(s.size) for s in samples}
        texts = []
        for run in (list(run) for inside, run in groupby(tried, here.__contains__) if inside):
            if run[-1] == tried[-1] and len(tried) > 1:
                texts.append(f"{short(run[0])} or more")
            elif run[0] == SCALES[0]:
                texts.append(f"{short(run[-1])} or less")
            else:
                texts.append(f"{short(run[0])} to {short(run[-1])}" if len(run) > 1 else short(run[0]))
        signs, both = {s.size > 0 for s in samples}, len({s.size > 0 for s in self.samples}) == 2
        sign = "" if len(signs) == 2 or not both else "positive and " if True in signs else "negative and "
        return f"{name} is {sign}{' or '.join(texts)}" + (" in size" if both else "")


def precise(error: float) -> str:
    """What an error says of a formula."""
    return f"accurate to {short(error)}" if error else "exact"


def short(value: float) -> str:
    """A number with two digits: 0.056, 24, 3.2·10⁻¹⁶."""
    if 1e-3 <= abs(value) < 1e4 or not value or not math.isfinite(value):
        return f"{float(f'{value:.1e}'):g}"
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    factor = "" if mantissa == "1.0" else mantissa.removesuffix(".0") + "·"
    return factor + power_of_ten(int(exponent))


def accuracy(derivation: Derivation, formula: sp.Expr | None = None) -> Accuracy:
    """How accurate a derivation's result, or another `formula` of it, is in double precision.

    Needs python-flint; without it, or where no true value can be certified, the result has no samples and says why.
    """
    e = derivation.result if formula is None else formula
    try:
        balls = Balls()
        found = [case for case in cases(derivation, e) if case.size]
        tried = [t for case in found for t in case.tried(balls)]
    except ImportError:
        return Accuracy(e, derivation.wrt, reason="python-flint is not installed")
    except (UndefinedError, NotationError) as error:
        return Accuracy(e, derivation.wrt, reason=str(error))
    judged = [t for t in tried if not t.left_out]
    for t in judged:
        t.judge(t.case.program, t.case.steps)
    judged = [t for t in judged if not t.left_out]
    rewritten = None
    if any(t.is_lost(0) for t in judged):
        rewritten = stable_form(e, derivation.definitions, derivation.assumptions, derivation.wrt)
    if rewritten is not None and rewritten.verdict.status == "proved":
        for case in found:
            case.rewrite(rewritten)
        for t in judged:
            t.judge(t.case.other, t.case.other_steps)
        judged = [t for t in judged if not t.left_out]
    else:
        rewritten = None
    moved = tuple(dict.fromkeys(case.moved for case in found if case.moved is not None))
    left_out = Counter(t.left_out for t in tried if t.left_out)
    reason = "" if judged else "no point was found at which its value is certain"
    return Accuracy(e, derivation.wrt, _gathered(judged), moved, rewritten, dict(sorted(left_out.items())), reason)


def _gathered(judged: Sequence[Tried]) -> tuple[Sample, ...]:
    """The worst of all points for each size; an error that the inputs explain gives way to one that they do not."""
    by_size: dict[float, list[Tried]] = {}
    for t in judged:
        by_size.setdefault(t.size, []).append(t)
    found = []
    for size, group in sorted(by_size.items()):
        forms = range(len(group[0].errors))
        worst = [max(group, key=lambda t: (t.is_lost(n), t.errors[n])) for n in forms]
        last = worst[-1]
        errors, lost = zip(*((t.errors[n], t.is_lost(n)) for n, t in enumerate(worst)), strict=True)
        found.append(Sample(size, errors, lost, last.own, last.far))
    return tuple(found)


def accuracy_of(statement: Equality) -> Accuracy | None:
    """The accuracy of a gradient as it is stated, or of its derivation's result where it mentions derivatives of names."""
    derivation = statement.derivation
    if derivation is None:
        return None
    names = [d for d in statement.right.atoms(sp.Derivative) if not is_partial(d)]
    return accuracy(derivation, derivation.result if names else statement.right)


def accuracy_evidence(derivation: Derivation, formula: sp.Expr | None = None) -> Evidence:
    """Whether the formula, or its rewritten form, keeps half of its digits wherever it was tried.

    Never "disagrees": a true formula may be useless in double precision, and then this evidence is missing.
    """

    def find() -> tuple[Outcome, str]:
        found = accuracy(derivation, formula)
        return "agrees" if found.is_kept else "missing", str(found)

    return guarded("double precision", _RESTS, find)
