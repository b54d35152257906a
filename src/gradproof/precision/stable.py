"""Formulas rewritten so that double precision keeps them accurate.

`LAWS` is a table of equations, each with a formula that loses digits on its left and one that does not on its right.
`stable_form` applies them wherever they fit in an expression, through the definitions of named quantities too, and
proves that what it made is equal to what it came from.

Most laws are patterns (rewriting.py).  Some move a largest value out of exponentials or squares: they hold for any
value of a letter, and the choice of it is what keeps the digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy as sp
from sympy import Abs, Eq, KroneckerDelta, Max, Sum, cosh, erf, erfc, exp, log, sech, sign, sqrt, tanh
from sympy.codegen.cfunctions import expm1, log1p

from gradproof.checks.steps import LineChecker
from gradproof.elementary import SPELLED_OUT, spelled_out
from gradproof.lines import head, publish, publish_names, rebuilt, renamed
from gradproof.notation import read
from gradproof.precision.fractions import absolute, fraction
from gradproof.precision.largest import complement, log_ratio, log_softmax, log_sum_exp, mean, root, softmax
from gradproof.precision.rewriting import Scope, by_pattern, u, v
from gradproof.verdict import Verdict

__all__ = ["LAWS", "Law", "Stabilised", "plain", "rewritten", "stable_form"]

Rewrite = Callable[[sp.Expr, Scope], sp.Expr | None]


@dataclass(frozen=True)
class Law:
    """left = right, of which the right side keeps its digits in double precision.

    why: what goes wrong on the left.  rewrite: applies the law to a node, or returns None; by default the left side
    is a pattern.  assumptions: under which the law holds.  first: it is tried before the parts of a node are rewritten.
    dear: the right side has a sum or a largest value more than the left.
    """

    name: str
    law: sp.Eq
    why: str
    rewrite: Rewrite | None = field(default=None, compare=False)
    assumptions: tuple[Any, ...] = ()
    first: bool = False
    dear: bool = False

    def verify(self) -> Verdict:
        """The verdict on the law, for all its letters."""
        return LineChecker((), self.assumptions).equal(plain(self.law.lhs), plain(self.law.rhs))

    def applied(self, e: sp.Expr, scope: Scope) -> sp.Expr | None:
        """A node rewritten, or None where the law does not fit."""
        new = by_pattern(self.law, e, scope) if self.rewrite is None else self.rewrite(e, scope)
        return None if new == e else new


def plain(e: sp.Expr) -> sp.Expr:
    """`e` with log1p(u) and expm1(u) as log(1 + u) and exp(u) − 1, which is what they are."""
    if not e.args or isinstance(e, (sp.Indexed, sp.Idx)):
        return e
    args = [plain(x) for x in e.args]
    if type(e) in SPELLED_OUT:
        return spelled_out(e, args[0])
    return e if all(x is y for x, y in zip(args, e.args, strict=True)) else rebuilt(e, args)


# -- the table --------------------------------------------------------------------------------
_K = sp.Symbol("K", integer=True, positive=True)
k, l, o = (sp.Idx(letter, (1, _K)) for letter in "klo")
a, b, p = map(sp.IndexedBase, "abp")
M, c, m = sp.Symbol("M"), sp.Symbol("c"), sp.Symbol("m", positive=True)
_SOFT = exp(a[k]) / Sum(exp(a[l]), l)
_OVERFLOW, _CANCEL = "The exponentials overflow.", "Most digits cancel."
_ONE = (Eq(Sum(p[k], k), 1),)


def _laws() -> tuple[Law, ...]:
    """The rows, the first that fits being used first."""
    below = sp.Expr.__new__(erfc, -u)  # SymPy turns it into 2 − erfc(u)
    return (
        Law("complement of a squared tanh", Eq(1 - tanh(u) ** 2, sech(u) ** 2), "tanh is rounded to 1 or −1."),
        Law("complement of a sigmoid", Eq(1 - 1 / (1 + exp(u)), 1 / (1 + exp(-u))), "The sigmoid is rounded to 1."),
        Law(
            "complement of one of two",
            Eq(1 - exp(u) / (exp(u) + exp(v)), 1 / (1 + exp(u - v))),
            "The quotient is rounded to 1.",
        ),
        Law("one of two", Eq(exp(u) / (exp(u) + exp(v)), 1 / (1 + exp(v - u))), _OVERFLOW),
        Law("quotient of exponentials", Eq(exp(u) / (1 + exp(u)), 1 / (1 + exp(-u))), _OVERFLOW),
        Law("slope of a sigmoid", Eq(exp(u) / (1 + exp(u)) ** 2, 1 / ((1 + exp(u)) * (1 + exp(-u)))), _OVERFLOW),
        Law("complement of erf", Eq(1 - erf(u), erfc(u)), "erf is rounded to 1."),
        Law("erf and one", Eq(1 + erf(u), below, evaluate=False), "erf is rounded to −1."),
        Law("tanh and one", Eq(1 + tanh(u), 2 / (1 + exp(-2 * u))), "tanh is rounded to −1."),
        Law("complement of tanh", Eq(1 - tanh(u), 2 / (1 + exp(2 * u))), "tanh is rounded to 1."),
        Law(
            "logarithm of a softmax",
            Eq(log(_SOFT), a[k] - M - log(Sum(exp(a[l] - M), l))),
            "The softmax underflows, and its logarithm is infinite.",
            log_softmax,
        ),
        Law(
            "logarithm of a sigmoid",
            Eq(log(1 / (1 + exp(u))), -Max(u, 0) - log1p(exp(-Abs(u)))),
            "The sigmoid underflows, and its logarithm is infinite.",
        ),
        Law("logarithm of an exponential", Eq(log(exp(u)), u, evaluate=False), "The exponential over- or underflows."),
        Law("quotient that is a tanh", Eq((exp(u) - exp(-u)) / (exp(u) + exp(-u)), tanh(u)), _OVERFLOW),
        Law("softplus", Eq(log(1 + exp(u)), Max(u, 0) + log1p(exp(-Abs(u)))), _OVERFLOW),
        Law("logarithm of cosh", Eq(log(cosh(u)), Abs(u) + log1p(exp(-2 * Abs(u))) - log(2)), "cosh overflows."),
        Law("logarithm near one", Eq(log(1 + u), log1p(u)), "Added to 1, a small number is lost."),
        Law("exponential near one", Eq(exp(u) - 1, expm1(u)), _CANCEL),
        Law("root near one", Eq(sqrt(1 + u) - 1, u / (1 + sqrt(1 + u))), _CANCEL, first=True),
        Law("complement of a fraction", Eq(1 / (1 + u) - u / (1 + u) ** 2, 1 / (1 + u) ** 2), _CANCEL, fraction),
        Law("number times its sign", Eq(u * sign(u), Abs(u), evaluate=False), "Terms that are equal are rounded apart.", absolute),
        Law("difference of squares", Eq(u**2 - v**2, (u - v) * (u + v)), _CANCEL),
        Law("softmax", Eq(_SOFT, exp(a[k] - M) / Sum(exp(a[l] - M), l)), _OVERFLOW, softmax),
        Law("log-sum-exp", Eq(log(Sum(exp(a[k]), k)), M + log(Sum(exp(a[k] - M), k))), _OVERFLOW, log_sum_exp),
        Law(
            "distance from a mean", Eq(c - Sum(p[k] * b[k], k), Sum(p[k] * (c - b[k]), k)),
            "One of the weights is rounded to 1.", mean, _ONE, first=True, dear=True,
        ),
        Law(
            "logarithm of a ratio of softmaxes",
            Eq(log(_SOFT) - log(_SOFT.xreplace({k: o})), a[k] - a[o]),
            "The softmaxes are rounded to 1, or underflow.", log_ratio, first=True,
        ),
        Law(
            "complement of a softmax",
            Eq(KroneckerDelta(l, o) - p[o], Sum(p[k] * (KroneckerDelta(l, o) - KroneckerDelta(k, o)), k)),
            "The softmax is rounded to 1.", complement, _ONE, first=True, dear=True,
        ),
        Law(
            "root of squares",
            Eq(sqrt(Sum(a[k] ** 2, k)), m * sqrt(Sum(sp.Pow(a[k] / m, 2, evaluate=False), k))),
            "The squares over- or underflow.", root, dear=True,
        ),
    )  # fmt: skip


LAWS = _laws()


# -- applying them ----------------------------------------------------------------------------
@dataclass(frozen=True)
class Stabilised:
    """A formula rewritten, with the definitions that it uses.

    chosen: the letters that may have any value, each with the one that is best.  laws: those that were used.
    verdict: whether the formula and each definition are equal to what they came from.
    """

    form: sp.Expr
    definitions: tuple[sp.Eq, ...]
    chosen: tuple[sp.Eq, ...]
    laws: tuple[Law, ...]
    verdict: Verdict


def stable_form(
    e: sp.Expr, definitions: Sequence[sp.Eq] = (), assumptions: Sequence[Any] = (), wrt: sp.Expr | None = None
) -> Stabilised | None:
    """The expression rewritten, or None where no law fits.

    definitions: of the named quantities in it, which are rewritten too where it uses them.  wrt: the definition of
    what it is a gradient by is not opened.
    """
    cut = None if wrt is None else head(wrt)
    start = read(e)
    known = {head(d.lhs): sp.Eq(d.lhs, read(d.rhs), evaluate=False) for d in definitions if head(d.lhs) != cut}
    scope, used = Scope(start, [*known.values()]), dict[str, Law]()
    form = _rewritten(start, scope, used, LAWS)
    pairs, kept, todo = [(start, form)], list[sp.Eq](), [form]
    while todo:  # the definitions that the new form uses, and what was chosen
        body = todo.pop(0)
        for name in sorted({head(s) for s in body.free_symbols} & known.keys(), key=str):
            d, count = known.pop(name), len(scope.chosen)
            new = _rewritten(d.rhs, scope, used, LAWS)
            pairs.append((d.rhs, new))
            kept.append(sp.Eq(d.lhs, publish(new), evaluate=False))
            todo += [new, *(x.rhs for x in [*scope.chosen.values()][count:])]
    if not used or all(old == new for old, new in pairs):
        return None
    checker = LineChecker(definitions, assumptions)
    verdicts = (checker.equal(publish(old), publish(plain(new)), wrt) for old, new in pairs if old != new)
    verdict = next((found for found in verdicts if found.status != "proved"), Verdict("proved"))
    chosen = tuple(sp.Eq(d.lhs, publish_names(d.rhs), evaluate=False) for d in scope.chosen.values())
    return Stabilised(publish(form), tuple(kept), chosen, tuple(used.values()), verdict)


def rewritten(e: sp.Expr, scope: Scope) -> tuple[sp.Expr, tuple[str, ...]]:
    """An expression that was read, rewritten by all laws but the dear ones, and their names; equal, but not yet proved."""
    used: dict[str, Law] = {}
    return _rewritten(e, scope, used, [law for law in LAWS if not law.dear]), tuple(used)


def _rewritten(e: Any, scope: Scope, used: dict[str, Law], laws: Sequence[Law]) -> Any:
    """The laws applied from the inside out, but those that come first."""
    if not e.args or isinstance(e, (sp.Indexed, sp.Idx, sp.Derivative, sp.Subs)):
        return e
    e = _by_laws(e, scope, used, laws, first=True)
    e = _inside(e, scope, used, laws)
    before = scope.opens
    new = _by_laws(e, scope, used, laws)
    return new if new is e or scope.opens == before else _inside(new, scope, used, laws)  # with what was in a name


def _inside(e: Any, scope: Scope, used: dict[str, Law], laws: Sequence[Law]) -> Any:
    """The laws applied to the parts of a node."""
    if not e.args or isinstance(e, (sp.Indexed, sp.Idx, sp.Derivative, sp.Subs)):
        return e
    inner = e.args[:1] if isinstance(e, Sum) else e.args
    args = [*(_rewritten(x, scope, used, laws) for x in inner), *e.args[len(inner) :]]
    return e if all(x is y for x, y in zip(args, e.args, strict=True)) else renamed(e, args)


def _by_laws(e: Any, scope: Scope, used: dict[str, Law], laws: Sequence[Law], first: bool = False) -> Any:
    for law in laws if isinstance(e, sp.Expr) else ():
        new = law.applied(e, scope) if law.first == first else None
        if new is not None:
            used[law.name], e = law, new
    return e
