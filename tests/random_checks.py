"""What must be true of a random loss: its gradient, what is proved of it, and what is refuted.

`Examination` derives one loss, compares the gradient with automatic differentiation, and puts claims to the
engine: right ones in another form, and slips.  What it finds wrong is a fault.  Where doubles disagree,
150 digits decide.
"""

from __future__ import annotations

import itertools
import math
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy as sp
from mpmath import mp

from gradproof import Model, NotationError, UndefinedError, Verdict, check, derive, equal
from random_losses import Problem
from random_points import Key, Scene
from random_rewrites import assumed, mistaken, rewritten
from random_slopes import Truth, difference, gradients, gradients_twice, places, smooth
from random_values import DIGITS, Digits, Values, heading, precisely
from random_witness import NamedScene, at_witness, given_values, number, shown

SIZES = ((1, 2), (2, 1), (3, 2))
MORE_SIZES = ((1, 1), (2, 2), (2, 3), (4, 1))
NEAR = 1e-7
VERIFIED = 0.25  # of the derivations, in every one of their steps


@dataclass
class Report:
    """Counts of what was seen, and the faults in words."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest: list[tuple[float, str]] = field(default_factory=list)

    def fault(self, kind: str, problem: Problem, *more: object) -> None:
        self.counts[f"fault: {kind}"] += 1
        self.faults.append("\n    ".join(map(str, (f"{kind}: {problem}", *more))))


class Examination:
    """One problem, at points of several sizes.

    share: of the questions that are put about it, and of the sizes at which its gradient is compared.
    """

    def __init__(self, problem: Problem, report: Report, share: float = 1) -> None:
        self.problem, self.report, self.share = problem, report, share
        self.choice = random.Random(problem.seed)
        self.definitions = [d for d in problem.definitions if heading(d.lhs) != heading(problem.wrt)]
        self.scenes, self.more = (
            [Scene({"N": one, "M": other}, problem.seed, problem.given) for one, other in sizes]
            for sizes in (self.choice.sample(SIZES, math.ceil(3 * share)), MORE_SIZES)
        )
        self.free = [Scene({"N": one, "M": other}, problem.seed) for one, other in MORE_SIZES]
        self.engine: Any = Model(problem.definitions) if problem.definitions else None

    def run(self) -> None:
        p = self.problem
        self.report.counts["drawn"] += 1
        derivation = self.asked("derive", lambda: self._derived(p.loss, p.wrt))
        if derivation is None:
            return
        self.report.counts["derived"] += 1
        verdict = self.judged("verify", derivation.verify) if self._put(VERIFIED) else None
        if verdict is not None and verdict.status == "refuted":
            self.report.fault("a derivation is refuted", p, derivation.result, verdict)
        truths = [gradients(p.loss, p.wrt, scene, self.definitions) for scene in self.scenes]
        self.compare(derivation.result, truths)
        self.exact(derivation)
        if p.again is not None and self._put():
            self.again(derivation.result)
        self.claims(derivation.result)
        self.equalities(p.loss if self.engine is None else derivation.result)

    def _derived(self, loss: sp.Expr, wrt: sp.Expr) -> Any:
        given = self.problem.assumptions
        return derive(loss, wrt, given) if self.engine is None else self.engine.gradient(loss, wrt, given)

    def _put(self, often: float = 1) -> bool:
        """Whether a question is put."""
        return self.choice.random() < often * self.share

    # -- what is asked of the engine ----------------------------------------------------------
    def asked(self, what: str, question: Callable[[], Any], *about: object) -> Any:
        """The answer; None for input that is refused, and where the engine fails, which is a fault."""
        start = time.perf_counter()
        try:
            return question()
        except (NotationError, UndefinedError) as error:
            self.report.counts[f"{what}: refused, {type(error).__name__}"] += 1
            if what in ("derive", "derive again", "at"):
                self.report.slowest.append((0, f"REFUSED {what} {error} {self.problem}"))
            self.report.counts[f"  {re.sub(r'[^a-z ]+', ' ', str(error))[:90]}"] += 1
        except Exception as error:  # noqa: BLE001 # the engine raises nothing else: that is what is tested
            self.report.fault("exception", self.problem, what, *about, f"{type(error).__name__}: {error}")
        finally:
            seconds = time.perf_counter() - start
            self.report.counts[f"ms {what}"] += round(1000 * seconds)
            if seconds > 5:
                self.report.slowest.append((seconds, " ".join(map(str, (what, self.problem, *about)))))
        return None

    def judged(self, what: str, question: Callable[[], Verdict], *about: object) -> Verdict | None:
        verdict: Verdict | None = self.asked(what, question, *about)
        if verdict is not None:
            self.report.counts[f"{what}: {verdict.status}"] += 1
            if "disagree" in verdict.reason:
                self.report.fault("the engine disagrees with itself", self.problem, what, *about, verdict)
        return verdict

    # -- the gradient -------------------------------------------------------------------------
    def compare(self, result: sp.Expr, truths: Sequence[Truth]) -> None:
        """The gradient against automatic differentiation, for each entry, at points of several sizes."""
        for scene, truth in zip(self.scenes, truths, strict=True):
            for env, key in places(self.problem.wrt, scene):
                right = truth.slopes.get(key, np.zeros(len(scene.manners)))
                mine = self.values(result, scene, env)
                if mine is None:
                    return
                sure = truth.sure & np.isfinite(right) & np.isfinite(mine)
                self.report.counts["points"] += int(sure.sum())
                for at in np.flatnonzero(sure & differ(right, mine)):
                    point = scene.point(int(at))
                    if self.slope_differs(key, self.digits(result, point, env), point, env):
                        self.report.fault("disagreement", self.problem, result, env, shown(point), right[at], mine[at])
                        return

    def exact(self, derivation: Any) -> None:
        """`Derivation.at` at one point, against differences with 150 digits."""
        p, scene = self.problem, self.choice.choice(self.scenes)
        sure, used = smooth(p.loss, p.wrt, scene, self.definitions)
        if not sure.any():
            return
        at = int(self.choice.choice(list(np.flatnonzero(sure))))
        values = self.asked("at", lambda: derivation.at(given_values(scene, at, used)), scene.sizes, at)
        if values is None:
            return
        point = scene.point(at)
        for env, key in places(p.wrt, scene):
            value = values
            for letter in dict.fromkeys(getattr(p.wrt, "indices", ())):
                if not letter.is_number:
                    value = value[env[letter] - int(letter.lower)]
            if self.slope_differs(key, number(value), point, env):
                self.report.fault("disagreement of at", p, env, shown(point), value)
                return

    def slope_differs(self, key: Key, mine: Any, point: Scene, env: Mapping[Any, int]) -> bool:
        slope = difference(self.problem.loss, key, point, self.definitions, env)
        return slope is not None and mine is not None and apart(slope, mine, 20)

    def again(self, result: sp.Expr) -> None:
        """The gradient of a gradient's entry against automatic differentiation, done twice."""
        p = self.problem
        assert p.again is not None
        twice = self.asked("derive again", lambda: derive(result, p.again, p.assumptions), result)
        if twice is None:
            return
        verdict = self.judged("verify again", twice.verify, result) if self._put(VERIFIED / 2) else None
        if verdict is not None and verdict.status == "refuted":
            self.report.fault("a second derivation is refuted", p, twice.result, verdict)
        scene = self.scenes[0]
        for env, key in list(places(p.wrt, scene))[:2]:
            truth = gradients_twice(p.loss, p.wrt, key, p.again, scene)
            for other, second in list(places(p.again, scene)) if truth is not None else ():
                if any(env[letter] != n for letter, n in other.items() if letter in env):
                    continue  # one letter in both
                mine = self.values(twice.result, scene, {**env, **other})
                if mine is None or truth is None:
                    return
                right = truth.slopes.get(second, np.zeros(len(scene.manners)))
                sure = truth.sure & np.isfinite(right) & np.isfinite(mine)
                self.report.counts["points of second derivatives"] += int(sure.sum())
                for at in np.flatnonzero(sure & differ(right, mine, 1e-6)):
                    point = scene.point(int(at))
                    slope = difference(result, second, point, (), env)
                    exact = self.digits(twice.result, point, {**env, **other})
                    if slope is not None and exact is not None and apart(slope, exact, 20):
                        self.report.fault(
                            "disagreement of a second derivative", p, twice.result, env, other, shown(point)
                        )
                        return

    # -- claims -------------------------------------------------------------------------------
    def claims(self, result: sp.Expr) -> None:
        """Claimed gradients: in another form, with a slip, and with an assumption used that is then dropped."""
        p, choice = self.problem, self.choice
        letters = self._letters(getattr(p.wrt, "indices", ()))
        right = rewritten(result, choice, 2)
        asked = [
            ("form", right, True),
            ("slip", mistaken(result, letters, choice), True),
            ("slip", mistaken(right, letters, choice), True),
        ]
        for given in p.given:
            form = assumed(result, given, choice)
            asked += [("form", form, True), ("form without its assumption", form, False)]
        for kind, claim, with_given in asked:
            if self._put() and not self._stray(claim, p.wrt):
                self._claimed(kind, result, claim, with_given)

    def _claimed(self, kind: str, result: sp.Expr, claim: sp.Expr, with_given: bool) -> None:
        p = self.problem
        assumptions = p.assumptions if with_given else []
        ask = check if self.engine is None else self.engine.check
        verdict = self.judged(f"check a {kind}", lambda: ask(p.loss, p.wrt, claim, assumptions), claim)
        if verdict is not None and verdict.status == "proved":
            self.proved(result, claim, verdict, with_given, off=p.loss)
        if verdict is not None and verdict.status == "refuted":
            self.refuted(None, claim, verdict, with_given)

    def equalities(self, e: sp.Expr) -> None:
        """Pairs of formulas: one in another form, one with a slip."""
        p, choice = self.problem, self.choice
        letters = self._letters([at for at in e.free_symbols if isinstance(at, sp.Idx)])
        asked = [("form", rewritten(e, choice, 3)), ("slip", mistaken(rewritten(e, choice, 1), letters, choice))]
        for kind, other in asked if self.engine is None else ():
            if other == e or self._stray(other, e) or not self._put():
                continue
            verdict = self.judged(f"equal to a {kind}", lambda other=other: equal(e, other, p.assumptions), e, other)
            if verdict is not None and verdict.status == "proved":
                self.proved(e, other, verdict, True)
            if verdict is not None and verdict.status == "refuted":
                self.refuted(e, other, verdict, True)

    def proved(
        self, one: sp.Expr, other: sp.Expr, verdict: Verdict, with_given: bool, off: sp.Expr | None = None
    ) -> None:
        """What is proved holds at every point at which both sides have values, off the branches of the loss."""
        for scene in (*self.more, *self.scenes) if with_given else self.free:
            if not sized(verdict.assumptions, scene):
                continue
            sure = True if off is None else smooth(off, self.problem.wrt, scene, self.definitions)[0]
            for env, _ in places(self.problem.wrt, scene):
                values = [self.values(e, scene, env, cut=False) for e in (one, other)]
                if any(v is None for v in values):
                    return
                defined = sure & np.isfinite(values[0]) & np.isfinite(values[1])
                self.report.counts["points of proofs"] += int(defined.sum())
                for at in np.flatnonzero(defined & differ(*values)):
                    point = scene.point(int(at))
                    exact = [self.digits(e, point, env, cut=False) for e in (one, other)]
                    if None not in exact and apart(*exact, 30):
                        self.report.fault(
                            "UNSOUND",
                            self.problem,
                            one,
                            other,
                            verdict.assumptions,
                            env,
                            shown(point),
                            *map(str, exact),
                        )
                        return

    def refuted(self, one: sp.Expr | None, other: sp.Expr, verdict: Verdict, with_given: bool) -> None:
        """A witness is a point that meets what is assumed, off the branches of the loss, at which the sides differ."""
        p, witness = self.problem, verdict.witness
        assert witness is not None
        for seed, digits in itertools.product(range(3), (DIGITS, 8 * DIGITS)):  # what it does not tell is drawn
            point = at_witness(witness, p.given if with_given else (), {"N": 3, "M": 2}, seed)
            env = {at: int(point.numbers(str(at))[0]) for at in self._free_letters(one, other)}
            env |= {at.label: n for at, n in env.items() if isinstance(at, sp.Idx)}
            left = self.digits(one, point, env, cut=False) if one is not None else self._slope_at(point, env, digits)
            right = self.digits(other, point, env, cut=False)
            if left is None or right is None:
                continue
            tiny = 0 < abs(left - right) < mp.mpf(10) ** (-8 * DIGITS)  # less than a difference leaves of equal values
            if apart(left, right, digits // 3) or (tiny and digits > DIGITS):
                if with_given and not all(self._meets(relation, point) for relation in p.assumptions):
                    self.report.fault("a witness against the assumptions", p, one, other, witness)
                return
        sides = (p.loss if one is None else one, other)
        if (left is None or right is None) and all(self._has_value(side, point, env) for side in sides):
            self.report.counts["a witness out of reach"] += 1  # numbers of more digits than these tests carry
        else:
            self.report.fault("a witness that is none", p, one, other, witness, left, right)

    def _has_value(self, e: sp.Expr, point: Scene, env: Mapping[Any, int]) -> bool:
        with mp.workdps(DIGITS):
            return bool(mp.isfinite(Digits(point, self.problem.definitions).value(e, env)))

    def _free_letters(self, one: sp.Expr | None, other: sp.Expr) -> set[sp.Basic]:
        free = other.free_symbols | (self.problem.wrt if one is None else one).free_symbols
        return {at for at in free if isinstance(at, sp.Idx)}

    def _slope_at(self, point: Scene, env: Mapping[Any, int], digits: int) -> Any:
        """The slope at a point at which a named quantity has the value of its definition."""
        p = self.problem
        key = (heading(p.wrt), tuple(Values(point).integer(at, env) for at in getattr(p.wrt, "indices", ())))
        if len(self.definitions) < len(p.definitions):
            point = NamedScene(point, key[0], p.definitions)
        return difference(p.loss, key, point, self.definitions, env, digits)

    def _meets(self, relation: sp.Basic, point: Scene) -> bool:
        free = sorted((at for at in relation.free_symbols if isinstance(at, sp.Idx)), key=str)
        spans = [range(1, point.sizes.get(str(at.upper), 1) + 1) for at in free]
        for chosen in np.ndindex(*map(len, spans)):
            env: dict[sp.Basic, int] = dict(zip(free, (n + 1 for n in chosen), strict=True))
            env |= {at.label: n for at, n in env.items()}
            with mp.workdps(DIGITS):
                gap = Digits(point).value(relation.lhs - relation.rhs, env)
            holds = {sp.Eq: abs(gap) < 1e-30, sp.Gt: gap > 0, sp.Ge: gap >= 0, sp.Lt: gap < 0, sp.Le: gap <= 0}[
                type(relation)
            ]
            if not holds:
                return False
        return True

    # -- numbers ------------------------------------------------------------------------------
    def values(self, e: sp.Expr, scene: Scene, env: Mapping[Any, int], cut: bool = True) -> Any:
        try:
            with np.errstate(all="ignore"):
                value = Values(scene, self.definitions if cut else self.problem.definitions).value(e, env)
        except NotImplementedError:
            self.report.counts["formulas without values of ours"] += 1
            return None
        return np.broadcast_to(np.asarray(value, dtype=float), (len(scene.manners),))

    def digits(self, e: sp.Expr, point: Scene, env: Mapping[Any, int], cut: bool = True) -> Any:
        return precisely(e, point, self.definitions if cut else self.problem.definitions, env)

    def _letters(self, indices: Sequence[sp.Basic]) -> list[sp.Basic]:
        return [sp.Integer(1), *(at for at in indices if isinstance(at, sp.Idx))]

    @staticmethod
    def _stray(e: sp.Basic, home: sp.Basic) -> bool:
        """Whether a letter stands free that is none of the home's: a slip may do that."""
        arrays = {base.label for base in e.atoms(sp.IndexedBase)}
        letters = {at for at in e.free_symbols - arrays if (at.is_integer and at.is_Symbol) or isinstance(at, sp.Idx)}
        return any(not at.is_positive for at in letters - home.free_symbols)


def sized(assumptions: Sequence[sp.Basic], scene: Scene) -> bool:
    """Whether the sizes are among those that a verdict speaks of, such as N ≥ 2 for a loss and its x[2]."""
    of_sizes = [r for r in assumptions if all(s.is_integer and s.is_positive for s in r.free_symbols)]
    return all(r.subs({s: scene.sizes.get(str(s), 1) for s in r.free_symbols}) != sp.false for r in of_sizes)


def differ(one: Any, other: Any, near: float = NEAR) -> Any:
    """Where two values are too far apart for rounding."""
    with np.errstate(all="ignore"):
        return abs(one - other) > near * np.maximum(1, np.maximum(abs(one), abs(other)))


def apart(one: Any, other: Any, digits: int) -> bool:
    """Whether two values differ in their first so many digits; twice as many behind the point count as 0."""
    return bool(abs(one - other) > mp.mpf(10) ** -digits * max(abs(one), abs(other), mp.mpf(10) ** -digits))
