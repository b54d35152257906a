"""The search for a slip: what is tried, at which points, and what is proved of it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

import sympy as sp

from gradproof.checking import Question, free_indices, no_stray_index
from gradproof.elementary import BRANCHING
from gradproof.lines import publish, publish_names, rebuilt
from gradproof.notation import NotationError
from gradproof.points import Point, points, satisfied
from gradproof.repair.change import Change
from gradproof.repair.grids import Grid, Place, close, places
from gradproof.repair.slips import Slip
from gradproof.repair.vocabulary import Span, Vocabulary, ranges
from gradproof.values import UndefinedError, evaluate

__all__ = ["OFFERED", "Found", "agreeing", "agrees", "grids_of", "is_gradient", "proved", "stray_index"]

GRIDS = 4  # points at which a change must agree before it is proved
MAX_CHANGES = 60_000  # that are tried in floats
MAX_PROOFS = 8  # of changes that agree
OFFERED = 3
_ATTEMPTS = 40  # at points
_FEW = 8  # of them, for an assumption
_SEED = 1000
_DEEPER = 0.05  # by how much a change is less likely for each node above it
#: none large, since exp(100) hides all else
_VALUES = tuple(
    map(Fraction, ["2/3", "-5/7", "7/9", "1/5", "-3/8", "11/13", "6/5", "-4/9", "3/11", "-8/7", "5/6", "-1/3"])
)


class Found(NamedTuple):
    """A change at a place of the claim, and how unlikely it is; once proved, the claim with it."""

    cost: float
    slip: Slip
    change: Change
    place: Place
    mended: sp.Expr | None = None

    def words(self) -> str:
        """What went wrong."""
        change, place = self.change, self.place
        part = change.part if change.told is None else change.told
        return change.words.format(old=_shown(place.node), new=_shown(change.made(place)), part=_shown(part))

    def parts(self) -> tuple[sp.Basic | None, sp.Basic | None]:
        """The part as it was written and as it was meant, where that is not the whole claim."""
        if not self.place.above:
            return None, None
        return _shown(self.place.node), _shown(self.change.made(self.place))


def _shown(e: sp.Basic) -> sp.Basic:
    """A part as the user wrote it."""
    return publish(publish_names(e))


# -- points -----------------------------------------------------------------------------------
def grids_of(question: Question, claim: sp.Expr) -> list[Grid]:
    """Points of several sizes at which the gradient has a value; some where the claim has another.

    What branches has one value at most points, so that more of the latter are looked for.
    """
    branching = _branches(question, claim)
    alike: list[Grid] = []
    apart: list[Grid] = []
    for grid in _defined(question, claim):
        differs = not close(grid.value(claim), grid.value(question.result))
        (apart if differs else alike).append(grid)
        if len(alike) + len(apart) >= GRIDS and apart and (not branching or len(apart) >= GRIDS):
            break
    return [*apart[:GRIDS], *alike[:GRIDS]]


def _branches(question: Question, claim: sp.Expr) -> bool:
    return bool(question.result.has(*BRANCHING) or claim.has(*BRANCHING))


def _more_grids(question: Question, claim: sp.Expr) -> list[tuple[Grid, float]]:
    """Further points with the gradient's value there: what branches agrees at a few by chance."""
    candidates = _points(question, claim, range(_ATTEMPTS, 2 * _ATTEMPTS))
    return [(grid, grid.value(question.result)) for grid in _usable(question, claim, candidates)]


def agrees(question: Question, claim: sp.Expr) -> bool:
    """Whether the claim has the gradient's value at the first few points, of which few are tried."""
    count = 0
    for grid in itertools.islice(_defined(question, claim, _FEW), GRIDS):
        if not close(grid.value(claim), grid.value(question.result)):
            return False
        count += 1
    return count > 0


def _defined(question: Question, claim: sp.Expr, attempts: int = _ATTEMPTS) -> Iterator[Grid]:
    """Points at which the gradient has a value; the prover's only where there are no better ones."""
    none = True
    for grid in _usable(question, claim, _points(question, claim, range(attempts))):
        none = False
        yield grid
    if none:
        own = points([question.result, claim], question.relations, question.definitions, question.bounds)
        yield from _usable(question, claim, itertools.islice(own, attempts))


def _usable(question: Question, claim: sp.Expr, candidates: Iterable[Point]) -> Iterator[Grid]:
    for point in candidates:
        grid = Grid(point, question.resolve)
        try:
            grid.value(claim)
            if math.isfinite(grid.value(question.result)) and all(satisfied(r, point) for r in question.relations):
                yield grid
        except UndefinedError:
            continue


def _points(question: Question, claim: sp.Expr, attempts: range) -> Iterator[Point]:
    """Points with values that agree by chance in nothing, by turns of both signs and positive.

    Sizes are 2 and 3; free indices of one range are at some points the same, at most not.
    """
    given = (*question.relations, *question.definitions)
    sides = [question.result, claim, *(side for r in given for side in r.args)]
    sizes = _sizes([*sides, *(bound for span in question.bounds.values() for bound in span)])
    free = _free(question, claim)
    for attempt in attempts:
        chosen = {s: 2 + (attempt >> n % 3) % 2 for n, s in enumerate(sizes)}
        point = Point(chosen, _SEED + attempt, given, question.bounds)
        point.pool = [abs(v) for v in _VALUES] if attempt // 2 % 2 else [*_VALUES]
        for n, (index, span) in enumerate(free.items()):
            low, high = (int(evaluate(bound, point)) for bound in span)
            if low <= high:
                point.symbols[index] = Fraction(low + (attempt + n * (attempt % 3)) % (high - low + 1))
        yield point


def _free(question: Question, claim: sp.Expr) -> dict[sp.Basic, Span]:
    """The indices that the gradient and the claim leave free, with their ranges."""
    free = {i for e in (question.result, claim, question.wrt) for i in free_indices(e)}
    return ranges(sorted(free, key=str), question.bounds)


def _sizes(expressions: Sequence[sp.Basic]) -> list[sp.Symbol]:
    symbols = {s for e in expressions for s in e.free_symbols if s.is_integer and s.is_nonnegative}
    return sorted((s for s in symbols if not isinstance(s, (sp.Idx, sp.Dummy))), key=str)


# -- changes ------------------------------------------------------------------------------------
def agreeing(question: Question, claim: sp.Expr, grids: Sequence[Grid], slips: Sequence[Slip]) -> list[Found]:
    """The changes with which the claim has the gradient's value at every point, the likeliest first."""
    if not grids:
        return []
    known = Vocabulary([claim, question.result, question.loss], _free(question, claim), grids)
    truths = [(grid, grid.value(question.result)) for grid in grids]
    proposals = (
        (slip, change, place) for place in places(claim) for slip in slips for change in slip.changes(place, known)
    )
    found = [
        Found(slip.cost + change.extra + _DEEPER * len(place.above), slip, change, place)
        for slip, change, place in itertools.islice(proposals, MAX_CHANGES)
        if _fits(place, change, truths)
    ]
    more = _more_grids(question, claim) if _branches(question, claim) and found else []
    return sorted((one for one in found if _fits(one.place, one.change, more)), key=lambda f: f.cost)


def _fits(place: Place, change: Change, truths: Sequence[tuple[Grid, float]]) -> bool:
    for grid, truth in truths:
        try:
            here = grid.lifted(place, change.table(grid, place))
        except (UndefinedError, OverflowError):
            return False
        if not close(here, truth):
            return False
    return True


# -- proofs -------------------------------------------------------------------------------------
def proved(question: Question, found: Sequence[Found]) -> Iterator[Found]:
    """The first few changes that are proved to give the gradient, each with the claim mended by it."""
    seen: set[sp.Expr] = set()
    offered = 0
    for one in found:
        try:
            mended = publish(_put(one.place, one.change.made(one.place)))
        except TypeError:  # SymPy found a comparison of what is not real
            continue
        if mended in seen:
            continue
        seen.add(mended)
        if is_gradient(question, mended):
            offered += 1
            yield one._replace(mended=mended)
        if offered == OFFERED or len(seen) == MAX_PROOFS:
            return


def _put(place: Place, new: sp.Basic) -> sp.Expr:
    """The whole claim with something else at a place."""
    for node, n, _ in place.above:
        new = rebuilt(node, [*node.args[:n], new, *node.args[n + 1 :]])
    return new


def is_gradient(question: Question, mended: sp.Expr) -> bool:
    """Whether what is to be offered, read afresh, is proved to be the gradient."""
    try:
        claim = question.read(mended)
        if stray_index(question, claim) is not None:
            return False
        return question.decided(question.resolve(claim)).status == "proved"
    except NotationError:
        return False


def stray_index(question: Question, claim: sp.Expr) -> NotationError | None:
    """What is wrong with the claim's free indices, if anything is."""
    try:
        no_stray_index(claim, question.wrt, question.loss)
    except NotationError as error:
        return error
    return None
