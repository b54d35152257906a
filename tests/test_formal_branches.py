"""Functions that branch, and those that Coq's library has not, have lemmas that say what the engine's table says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from certificates import needs_coq
from gradproof.elementary import ELEMENTARY, F, U, branched
from gradproof.formal import runner
from gradproof.formal.certificate import Certificate
from gradproof.formal.gradient import proved
from gradproof.formal.lemmas import lemmas
from gradproof.formal.points import example
from gradproof.formal.reading import read_term
from gradproof.formal.terms import Term, show
from gradproof.formal.writing import FUNCTIONS, Names, NoCertificateError
from gradproof.reference import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

N = sp.Symbol("N", integer=True, positive=True)
n, m = sp.Idx("n", (1, N)), sp.Idx("m", (1, N))
v = sp.IndexedBase("v")
x, y, c = sp.symbols("x y c")
L = sp.Symbol("L")


#: the functions that a lemma's text may have
VALUES = {name: f for f, name in FUNCTIONS.items()} | {"sqrt": sp.sqrt, "Rmax": sp.Max, "Rmin": sp.Min}
RELATIONS = {"<": sp.StrictLessThan, "<=": sp.LessThan, "=": sp.Eq, "<>": sp.Ne}


def value(t: Term, letters: Mapping[str, sp.Expr]) -> sp.Expr:
    """What a term without sums is."""
    a = [value(part, letters) for part in t.args]
    match t.op:
        case "num":
            return sp.Integer(t.name)
        case "var":
            return sp.pi if t.name == "PI" else letters[t.name]
        case "app":
            return sp.pi if t.name == "PI" else VALUES[t.name](*a)
        case "if":
            return a[2] if RELATIONS[t.name](a[0], a[1]) else a[3]
        case "pow":
            return a[0] ** int(t.name)
        case "neg":
            return -a[0]
        case "inv":
            return 1 / a[0]
        case "+":
            return a[0] + a[1]
        case "-":
            return a[0] - a[1]
    return a[0] * a[1] if t.op == "*" else a[0] / a[1]


# -- what the lemmas say --------------------------------------------------------------------
@pytest.mark.parametrize("function", sorted(ELEMENTARY, key=str))
def test_the_lemma_of_an_elementary_function_says_what_the_table_says(function: type[sp.Function]) -> None:
    """At a point inside of the function's domain, to 20 digits; and the lemma's conditions hold there."""
    lemma = lemmas()[f"d_{FUNCTIONS[function]}"]
    at = sp.Rational(3, 2) if function is sp.acosh else sp.Rational(2, 5)
    law = ELEMENTARY[function].subs(F, function(U)).subs(U, at)
    assert abs((value(lemma.conclusion.args[2], {"x": at}) - law).evalf(30)) < sp.Float("1e-20")
    for premise in lemma.premises:
        assert RELATIONS[premise.name](*(value(side, {"x": at}) for side in premise.args))


@pytest.mark.parametrize(
    ("name", "function"),
    [("d_max_smooth", sp.Max), ("d_min_smooth", sp.Min), ("d_max", sp.Max), ("d_min", sp.Min)],
)
@given(u=st.integers(-9, 9), w=st.integers(-9, 9))
def test_the_larger_of_two_has_the_slope_of_the_larger(name: str, function: type[sp.Expr], u: int, w: int) -> None:
    slopes = {"u'": sp.Integer(2), "w'": sp.Integer(5)}
    t = lemmas()[name].conclusion.args[2]
    sides = {"u": sp.Integer(u), "w": sp.Integer(w)}
    found = value(Term("if", t.name, (*(Term("var", a.name) for a in t.args[:2]), *t.args[2:])), {**sides, **slopes})
    if u != w:
        assert found == slopes["u'" if function(u, w) == u else "w'"]


# -- terms ------------------------------------------------------------------------------------
def written(e: sp.Expr) -> tuple[Term, dict[str, str]]:
    names = Names({})
    return names.term(e), names.types


@pytest.mark.parametrize(
    "e",
    [
        sp.Max(x, y, c),
        sp.Min(0, x) * sp.Abs(x - y) / (1 + sp.Abs(x)),
        sp.Piecewise((x, sp.And(x > 0, y >= c)), (y, sp.Or(x < -1, sp.Eq(y, 0))), (c, True)),
        sp.Piecewise((x, sp.Ne(x, 2)), (sp.Piecewise((1, x < y), (0, True)), True)) ** 2,
        sp.Sum(sp.Max(0, 1 - v[n]) + sp.sign(v[n]), n),
        sp.Heaviside(x, sp.Rational(1, 2)),
        sp.erf(x / sp.sqrt(2)) - sp.erfc(x) + sp.asinh(x) * sp.acosh(y) / sp.coth(x) + sp.sec(x),
    ],
)  # fmt: skip
def test_what_branches_is_read_back(e: sp.Expr) -> None:
    t, types = written(e)
    assert read_term(show(t), types) == t


@given(a=st.integers(-3, 3), b=st.integers(-3, 3), d=st.integers(-3, 3))
def test_a_condition_of_several_is_a_test_of_each(a: int, b: int, d: int) -> None:
    """At every point the term has the value that SymPy gives."""
    e = sp.Piecewise(
        (1, sp.And(x > 0, y >= c)), (2, sp.Or(x < y, sp.Eq(y, 0), c > 2)), (3, sp.Not(sp.Ne(x, c))), (4, True)
    )
    t, _ = written(e)
    letters = {"x": sp.Integer(a), "y": sp.Integer(b), "c": sp.Integer(d)}
    assert value(t, letters) == e.subs({x: a, y: b, c: d})


@pytest.mark.parametrize("e", [sp.Abs(x), sp.sign(x), sp.Heaviside(x, 3), sp.Max(x, 1), sp.Min(x, 1)])
def test_what_branches_means_what_the_engine_means(e: sp.Expr) -> None:
    t, _ = written(e)
    for at in (-2, -1, 0, 1, 2):
        assert value(t, {"x": sp.Integer(at)}) == branched(e).subs(x, at)


def test_a_piecewise_with_a_gap_has_no_term() -> None:
    with pytest.raises(NoCertificateError, match="without a branch for every case"):
        written(sp.Piecewise((x, x > 0)))


# -- gradients -----------------------------------------------------------------------------------
#: a loss, its variable, its gradient, what the theorem supposes
RIGHT = {
    "relu": (sp.Max(x, 0), x, sp.Piecewise((1, x > 0), (0, True)), ["0 <> x"]),
    "abs": (sp.Abs(x), x, sp.sign(x), ["x <> 0"]),
    "squared": (sp.Max(x, 0) ** 2, x, 2 * sp.Max(x, 0), []),
    "product": (x * sp.Abs(x), x, 2 * sp.Abs(x), ["x <> 0"]),
    "one entry": (sp.Sum(sp.Abs(v[m]), m), v[n], sp.sign(v[n]), ["v n <> 0"]),
    "several": (sp.Sum(sp.Max(0, 1 - x * v[m]), m), x, -sp.Sum(sp.Piecewise((v[m], x * v[m] < 1), (0, True)), m),
                ["forall i : Z, (1 <= i <= N)%Z -> 0 <> 1 - x * v i"]),
    "domain": (sp.Piecewise((sp.log(x), x > 0), (y * x, True)), x, sp.Piecewise((1 / x, x > 0), (y, True)), ["0 <> x"]),
    "even": (sp.Piecewise((x**2, x < y), (2 * x * y - y**2, True)), x, 2 * sp.Min(x, y), []),
    "jump": (sp.Piecewise((x**2, x < y), (2 * x * y, True)), x, sp.Piecewise((2 * x, x < y), (2 * y, True)), ["x <> y"]),
    "inside": (sp.exp(-sp.Abs(x)), x, -sp.sign(x) * sp.exp(-sp.Abs(x)), ["x <> 0"]),
    "nested": (sp.Max(-1, sp.Min(1, x)), x, sp.Piecewise((1, sp.And(x > -1, x < 1)), (0, True)),
               ["- 1 <> Rmin 1 x", "- 1 < Rmin 1 x -> 1 <> x"]),
    "in a function": (sp.tanh(x + sp.Max(x, y)) * sp.exp(2 * sp.Abs(x) - y), y,
                      sp.exp(2 * sp.Abs(x) - y) * sp.Piecewise((1 - sp.tanh(x + y)**2 - sp.tanh(x + y), y > x), (-sp.tanh(2 * x), True)), ["x <> y"]),
    "erf": (sp.erf(2 * x), x, 4 * sp.exp(-4 * x**2) / sp.sqrt(sp.pi), []),
    "atanh": (sp.atanh(x), x, 1 / (1 - x**2), ["0 < 1 - x ^ 2"]),
    "fixed": (sp.Piecewise((x**2, y > 0), (3 * x, True)), x, sp.Piecewise((2 * x, y > 0), (3, True)), []),
}  # fmt: skip

WRONG = {
    "relu": sp.Piecewise((0, x > 0), (1, True)),
    "abs": -sp.sign(x),
    "squared": sp.Max(x, 0),
    "product": 2 * x,
    "one entry": sp.Sum(sp.sign(v[m]), m),
    "several": -sp.Sum(sp.Piecewise((v[m], x * v[m] < 0), (0, True)), m),
    "nested": sp.Piecewise((1, x < 1), (0, True)),
    "inside": sp.exp(-sp.Abs(x)),
    "erf": 2 * sp.exp(-4 * x**2) / sp.sqrt(sp.pi),
    "fixed": sp.Piecewise((2 * x, y >= 0), (3, True)),
}


@pytest.mark.parametrize("name", sorted(RIGHT))
def test_only_the_kinks_are_excluded(name: str) -> None:
    """Where the slopes of two branches, or of the entry that moves, are the same, nothing is supposed."""
    loss, wrt, formula, supposed = RIGHT[name]
    found = proved(L, wrt, formula, (sp.Eq(L, loss),))
    assert [show(h) for k, h in found.extra.items() if k.startswith("defined")] == supposed


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_wrong_branch_has_no_proof(name: str) -> None:
    loss, wrt, *_ = RIGHT[name]
    with pytest.raises(NoCertificateError, match="forms differ"):
        proved(L, wrt, WRONG[name], (sp.Eq(L, loss),))


ENTRIES = (
    "elastic-net",
    "huber",
    "hinge",
    "epsilon-insensitive",
    "ppo",
    "hard-swish",
    "leaky-relu",
    "gelu",
    "softsign",
)


def made() -> Iterator[Certificate]:
    for name, (loss, wrt, formula, _) in RIGHT.items():
        general = proved(L, wrt, formula, (sp.Eq(L, loss),))
        yield Certificate(name, (general.part, example(general)))
    for name in ENTRIES:
        for k, s in enumerate(REFERENCE[name].statements):
            general = proved(s.left.expr, s.wrt, s.right, s.definitions, s.assumptions)
            yield Certificate(f"{name}/{k}", (general.part, example(general)))


@needs_coq
@pytest.mark.usefixtures("coq")
def test_coq_accepts_them() -> None:
    """The functions here, and entries of the reference."""
    said = runner.check(made())
    assert {name: c.says for name, c in said.items() if not c.accepted} == {}
