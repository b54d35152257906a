"""Sums in sums have one order in certificates, and squares come out of roots; where they must not, there is none."""

from __future__ import annotations

import shutil
from random import Random

import pytest
import sympy as sp

from gradproof.formal import coqc, runner
from gradproof.formal.certificate import Certificate
from gradproof.formal.facts import times
from gradproof.formal.identity import identity
from gradproof.formal.normal import Normal
from gradproof.formal.points import example
from gradproof.formal.terms import Term, app, fresh_name, index, num, op, put, sum_over, var
from gradproof.formal.writing import NoCertificateError

needs_coq = pytest.mark.skipif(
    shutil.which("coqc") is None, reason="coqc is not installed here; CONTRIBUTING.md says how"
)

H, M, N = sp.symbols("H M N", integer=True, positive=True)
h, i, j, k = (sp.Idx(name, (1, H)) for name in "hijk")
m, n = sp.Idx("m", (1, M)), sp.Idx("n", (1, N))
u, v, w, x, s = (sp.IndexedBase(name) for name in "uvwxs")
c = sp.Symbol("c")


# -- random nests ---------------------------------------------------------------------------------------
def entry(array: str, *names: str) -> Term:
    """An entry of an array."""
    return app(array, *(index(var(name)) for name in names))


def network(random: Random, size: int) -> dict[str, Term | list[Term]]:
    """Arrays that hang together by their indices, with the last value of each index."""
    names = [f"z{n}" for n in range(size)]
    found = [entry(random.choice("UVW"), name, random.choice(names[:n])) for n, name in enumerate(names) if n]
    found += [entry(random.choice("fg"), name) for name in names if random.random() < 0.5]
    found += [entry(random.choice("UVW"), *random.sample([name, "d"], 2)) for name in names if random.random() < 0.4]
    if size > 2 and random.random() < 0.5:
        found.append(entry("U", *random.sample(names, 2)))
    return {"factors": found, **{name: var(random.choice("AAB")) for name in names}}


def nest(arrays: dict[str, Term | list[Term]], random: Random) -> Term:
    """All of them, summed over all indices: in some order, with some names, each sum as far inside as it likes."""
    factors: list[Term] = list(arrays["factors"])  # type: ignore[arg-type]
    names = [name for name in arrays if name != "factors"]
    for name in random.sample(names, len(names)):
        inside = [f for f in factors if name in f.names or random.random() < 0.2]
        factors = [f for f in factors if not any(f is g for g in inside)]
        body = times(random.sample(inside, len(inside)) or [num(1)])
        called = fresh_name(random.choice("abcnxy"), body.all_names)
        factors.append(sum_over(called, num(1), arrays[name], put(body, {name: var(called)})))  # type: ignore[arg-type]
    return times(factors)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_a_nest_has_one_form(size: int) -> None:
    """Whatever the order of its sums and the names of its indices, and it is its own form."""
    random = Random(size)
    for _ in range(20):
        arrays = network(random, size)
        normal = Normal()
        one, other = (normal.poly(nest(arrays, random), (), []) for _ in range(2))
        assert one == other
        assert normal.poly(normal.term(one), (), []) == one


def test_another_nest_has_another_form() -> None:
    """One array with its indices the other way round."""
    normal = Normal()
    sides = [("U", "a", "b"), ("U", "b", "a")]
    rest = [entry("V", "b", "e"), entry("f", "e"), entry("g", "a")]
    forms = []
    for side in sides:
        total = times([entry(*side), *rest])
        for name in "abe":
            total = sum_over(name, num(1), var("A"), total)
        forms.append(normal.poly(total, (), []))
    assert forms[0] != forms[1]


def test_a_sum_over_a_range_with_the_outer_index_stays_inside() -> None:
    """Σ_a Σ_{b ≤ a} is not Σ_b Σ_a."""
    inner = sum_over("b", num(1), var("a"), op("*", entry("U", "a", "b"), entry("f", "b")))
    normal = Normal()
    form = normal.term(normal.poly(sum_over("a", num(1), var("A"), op("*", entry("g", "a"), inner)), (), []))
    assert form.args[1] == var("A")


# -- certificates -----------------------------------------------------------------------------------------
SCORES = sp.Sum(sp.exp(x[k, j]), j)
FROM_THE_FRONT = sp.Sum(w[i] * sp.Sum(u[i, j] * sp.Sum(u[j, k] * v[k], k), j), i)
FROM_THE_BACK = sp.Sum(v[k] * sp.Sum(u[j, k] * sp.Sum(w[i] * u[i, j], i), j), k)
DIVIDED = sp.Sum(sp.Sum(w[k] * u[k, m] * sp.Sum(v[j, m] * sp.exp(x[k, j]), j) / SCORES, k), m)
DIVIDED_LATER = sp.Sum(w[k] / SCORES * sp.Sum(sp.Sum(u[k, m] * v[j, m], m) * sp.exp(x[k, j]), j), k)
TIED = (sp.Sum(u[i, h] * u[h, i], i), sp.Sum(u[j, h] * u[h, j], j))
NESTS = {
    "chain": (FROM_THE_FRONT, FROM_THE_BACK),
    "divided": (DIVIDED, DIVIDED_LATER),
    "both ways round": TIED,
}
WRONG = {
    "turned": (FROM_THE_FRONT, sp.Sum(v[k] * sp.Sum(u[k, j] * sp.Sum(w[i] * u[i, j], i), j), k)),
    "not divided": (DIVIDED, sp.Sum(w[k] * sp.Sum(sp.Sum(u[k, m] * v[j, m], m) * sp.exp(x[k, j]), j), k)),
    "other range": (sp.Sum(w[m] * sp.Sum(u[m, n] * v[n], n), m), sp.Sum(v[n] * sp.Sum(w[i] * u[i, n], i), n)),
}


@pytest.mark.parametrize("sides", NESTS.values(), ids=NESTS)
def test_nests_in_two_orders_have_a_certificate(sides: tuple[sp.Expr, sp.Expr]) -> None:
    """Twice the other side has none."""
    assert identity(*sides)
    with pytest.raises(NoCertificateError, match="the forms differ"):
        identity(sides[0], 2 * sides[1])


@pytest.mark.parametrize("sides", WRONG.values(), ids=WRONG)
def test_other_nests_have_none(sides: tuple[sp.Expr, sp.Expr]) -> None:
    """An index, a denominator, a range."""
    with pytest.raises(NoCertificateError, match="the forms differ"):
        identity(*sides)


SQUARES = sp.sqrt(sp.Sum((c * x[i]) ** 2, i))
LENGTH = sp.sqrt(sp.Sum(x[i] ** 2, i))
ROOTS = {
    "letter": (SQUARES, c * LENGTH, [c > 0]),
    "not negative": (SQUARES, c * LENGTH, [c >= 0]),
    "divided": (x[k] / sp.sqrt(sp.Sum((x[i] / c) ** 2, i)), c * x[k] / LENGTH, [c > 0]),
    "entry": (sp.sqrt(sp.Sum((s[k] * x[i]) ** 2, i)), s[k] * LENGTH, [s[j] > 0]),
    "under a sum": (
        sp.Sum(w[k] * sp.sqrt(sp.Sum((s[k] * x[i]) ** 2, i)), k),
        sp.Sum(w[k] * s[k], k) * LENGTH,
        [s[j] > 0],
    ),
    "sum of squares": (sp.sqrt(sp.Sum(x[i] ** 2, i) ** 2 * x[k]), LENGTH**2 * sp.sqrt(x[k]), []),
    "size": (sp.sqrt(sp.Sum((H * x[i]) ** 2, i)), H * LENGTH, []),
    "exp": (sp.sqrt(sp.Sum((sp.exp(c) * x[i]) ** 2, i)), sp.exp(c) * LENGTH, []),
    "fourth power": (sp.sqrt(sp.Sum(c**5 * x[i] ** 2, i)), c**2 * sp.sqrt(sp.Sum(c * x[i] ** 2, i)), [c > 0]),
}
NO_ROOTS = {
    "any sign": (SQUARES, c * LENGTH, []),
    "negative": (SQUARES, c * LENGTH, [c < 0]),
    "not zero": (SQUARES, c * LENGTH, [sp.Ne(c, 0)]),
    "another is positive": (SQUARES, c * LENGTH, [sp.Symbol("b") > 0]),
    "square": (SQUARES, c**2 * LENGTH, [c > 0]),
    "entry of another range": (sp.sqrt(sp.Sum((s[n] * x[i]) ** 2, i)), s[n] * LENGTH, [s[j] > 0]),
    "one of the terms": (sp.sqrt(c**2 * x[k] ** 2 + 1), c * sp.sqrt(x[k] ** 2 + 1), [c > 0]),
}


@pytest.mark.parametrize("case", ROOTS.values(), ids=ROOTS)
def test_the_square_of_what_is_not_negative_comes_out_of_a_root(case: tuple[sp.Expr, sp.Expr, list[sp.Rel]]) -> None:
    """By a hypothesis, or by its form."""
    left, right, given = case
    assert "root_out" in identity(left, right, (), given).part.theorems[-1].proof


@pytest.mark.parametrize("case", NO_ROOTS.values(), ids=NO_ROOTS)
def test_no_other_square_comes_out(case: tuple[sp.Expr, sp.Expr, list[sp.Rel]]) -> None:
    """The root of a square is an absolute value."""
    left, right, given = case
    with pytest.raises(NoCertificateError, match="the forms differ"):
        identity(left, right, (), given)


@needs_coq
def test_coq_accepts_them(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nests and the roots; nothing kept is asked."""
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path_factory.mktemp("kept")))
    coqc.compiled_library.cache_clear()
    found = {name: identity(*sides) for name, sides in NESTS.items()}
    found |= {f"root {name}": identity(left, right, (), given) for name, (left, right, given) in ROOTS.items()}
    said = runner.check(
        [
            Certificate(name.replace(" ", "-"), (p.part, *((example(p),) if p.hypotheses else ())))
            for name, p in found.items()
        ]
    )
    coqc.compiled_library.cache_clear()
    assert {name: s.says for name, s in said.items() if not s.accepted} == {}
