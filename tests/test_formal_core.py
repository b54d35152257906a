"""The core of formal proofs: its lemmas are true, false formulas get no certificate, and what is supposed is said."""

from __future__ import annotations

import re
from random import Random
from typing import TYPE_CHECKING, Any

import mpmath
import pytest
import sympy as sp

from certificates import needs_coq, objection
from gradproof.formal import runner
from gradproof.formal.certificate import Certificate
from gradproof.formal.gradient import proved
from gradproof.formal.identity import identity
from gradproof.formal.lemmas import Lemma, lemmas, library_text
from gradproof.formal.points import example
from gradproof.formal.terms import Term
from gradproof.formal.writing import NoCertificateError
from gradproof.rules import RULES, SUM_RULES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gradproof.rule import Rule


I, J, K, N = sp.symbols("I J K N", integer=True, positive=True)
i, j, k, n, m = (sp.Idx(name, (1, size)) for name, size in (("i", I), ("j", J), ("k", J), ("n", N), ("m", N)))
c, d = sp.Idx("c", (1, K)), sp.Idx("d", (1, K))
w, x, y, z, a = (sp.IndexedBase(name) for name in "wxyza")
q, r, E = sp.symbols("q r E")


# -- the table of rules and the library ---------------------------------------------------------------
@pytest.mark.parametrize("rule", [*RULES, *SUM_RULES], ids=str)
def test_a_rule_names_lemmas_that_there_are(rule: Rule) -> None:
    """A lemma for a derivative can be read as a pattern; one for sums is used by its name."""
    stated = set(re.findall(r"^Lemma (\w+) ", library_text(), re.MULTILINE))
    for name in rule.lemmas:
        if name == "unfold":  # what a definition says needs no lemma
            continue
        assert name in stated
        assert name in lemmas() or rule in SUM_RULES


# -- the lemmas against numbers -------------------------------------------------------------------------
class NotHereError(Exception):
    """A premise does not hold here."""


RELATIONS = {"<": lambda a, b: a < b, "<=": lambda a, b: a <= b, "=": lambda a, b: a == b, "<>": lambda a, b: a != b}
FUNCTIONS = {
    "ln": mpmath.log, "Rabs": abs, "sign": mpmath.sign, "arcsinh": mpmath.asinh, "Rmax": max, "Rmin": min,
    "Rpower": lambda b, e: b**e, "delta": lambda i, a: int(i == a), "Z.of_nat": lambda n: n, "S": lambda n: n + 1,
    "replace1": lambda v, a, t: lambda i: t if i == a else v(i),
    "replace2": lambda v, a, b, t: lambda i, j: t if (i, j) == (a, b) else v(i, j),
    "replace3": lambda v, a, b, c, t: lambda i, j, k: t if (i, j, k) == (a, b, c) else v(i, j, k),
}  # fmt: skip


def value(t: Term, env: Mapping[str, Any]) -> Any:
    """What a term of a lemma is, by mpmath."""
    match t.op:
        case "num":
            return mpmath.mpf(t.name)
        case "index" | "real":
            return value(t.args[0], env)
        case "sum":
            lo, hi = (int(value(b, env)) for b in t.args[:2])
            return mpmath.fsum(value(t.args[2], {**env, t.name: s}) for s in range(lo, hi + 1))
        case "if":
            a, b = (value(s, env) for s in t.args[:2])
            return value(t.args[2] if RELATIONS[t.name](a, b) else t.args[3], env)
        case "var" | "app":
            return called(t, env)
    p = [value(s, env) for s in t.args]
    match t.op:
        case "pow":
            n = t.name.removeprefix("S ")
            return p[0] ** ((env[n] if n in env else int(n)) + (n != t.name))
        case "neg":
            return -p[0]
        case "inv":
            return 1 / p[0]
        case "+":
            return p[0] + p[1]
        case "-":
            return p[0] - p[1]
        case "*":
            return p[0] * p[1]
        case "/":
            return p[0] / p[1]
    raise AssertionError(t.op)


def called(t: Term, env: Mapping[str, Any]) -> Any:
    """A name, applied to all that follows it: `replace1 v a t i` is an entry."""
    if t.name == "PI":
        return +mpmath.pi
    p = [value(s, env) for s in t.args]
    if t.name in env:
        return env[t.name](*p) if p else env[t.name]
    if t.name.startswith("replace"):
        first = int(t.name[-1]) + 2
        return FUNCTIONS[t.name](*p[:first])(*p[first:])
    return (FUNCTIONS.get(t.name) or getattr(mpmath, t.name))(*p)


def slope(says: Term, env: Mapping[str, Any]) -> mpmath.mpf:
    """The derivative by differences."""
    body, point = says.args[:2]
    return mpmath.diff(lambda t: value(body, {**env, says.name: t}), value(point, env))


def random_value(kind: str, random: Random) -> Any:
    """A number, a whole number, an array, or a smooth function, of a type."""
    if kind == "R":
        return mpmath.mpf(random.uniform(0.2, 0.9) + random.choice([0, 0, 1]))
    if kind in ("Z", "nat"):
        return random.randint(1, 3)
    p, s, o = (random.uniform(0.3, 1.7) for _ in range(3))
    return lambda *args: 1.2 + p * mpmath.sin(o + mpmath.fsum((n + s) * b for n, b in enumerate(args, 1)))


def suppose(premise: Term, env: dict[str, Any], random: Random) -> None:
    """Take a premise for granted: derivatives are what they are, conditions have to hold."""
    match premise.op:
        case "derive":
            env[premise.args[2].name] = slope(premise, env)
        case "forall":
            name, says = premise.name.split(" : ")[0], premise.args[0].args[1]
            if says.op == "derive":
                env[says.args[2].name] = lambda s: slope(says, {**env, name: s})
        case "->":
            a, b = (value(s, env) for s in premise.args[0].args)
            if RELATIONS[premise.args[0].name](a, b):
                suppose(premise.args[1], env, random)
        case "relation":
            sides = [value(s, env) for s in premise.args]
            if not RELATIONS[premise.name](*sides):
                raise NotHereError


def tried(lemma: Lemma, random: Random) -> bool:
    """Whether the lemma says what the derivative is at a random point; NotHereError where it says nothing there."""
    env = {name: random_value(kind, random) for name, kind in lemma.kinds.items()}
    for premise in lemma.premises:
        suppose(premise, env, random)
    return bool(abs(slope(lemma.conclusion, env) - value(lemma.conclusion.args[2], env)) < 1e-9)


DERIVATIVES = {name: lemma for name, lemma in lemmas().items() if lemma.conclusion.op == "derive"}


@pytest.mark.parametrize("name", DERIVATIVES)
def test_a_lemma_says_what_the_derivative_is(name: str) -> None:
    """Of random smooth functions, at random points that meet its premises, by differences of mpmath."""
    random, held = Random(name), 0
    with mpmath.workdps(30):
        for _ in range(60):
            try:
                assert tried(DERIVATIVES[name], random)
            except NotHereError:
                continue
            held += 1
            if held == 4:
                return
    assert held


def test_a_lemma_with_another_value_would_be_seen() -> None:
    """The comparison can fail: every derivative as that of the product."""
    lemma = DERIVATIVES["d_product"]
    wrong = Term("derive", lemma.conclusion.name, (*lemma.conclusion.args[:2], lemma.conclusion.args[2].args[0]))
    with mpmath.workdps(30):
        assert not tried(Lemma(lemma.name, lemma.kinds, lemma.premises, wrong), Random(1))


# -- right and wrong formulas ---------------------------------------------------------------------------
LAYER = sp.Eq(a[k, n], sp.Sum(w[k, i] * x[i, n], i))
SQUARES = sp.Eq(E, sp.Sum(sp.Sum((a[k, n] - y[k, n]) ** 2, k), n) / (2 * N))
RIGHT = sp.Sum((a[j, n] - y[j, n]) * x[i, n], n) / N
LOGITS = sp.Eq(E, sp.Sum(y[c] * (sp.log(sp.Sum(sp.exp(z[d]), d)) - z[c]), c))
SOFTMAX = sp.exp(z[c]) / sp.Sum(sp.exp(z[d]), d) - y[c]
ONE = sp.Eq(sp.Sum(y[c], c), 1)


def test_a_sum_over_the_letters_of_the_variable_catches_nothing() -> None:
    """∂/∂w_ji, where definitions sum over i and over j."""
    assert "replace2 w j i" in proved(E, w[j, i], RIGHT, (LAYER, SQUARES)).part.theorems[-1].statement
    assert proved(E, w[j, i], 2 * w[j, i], (sp.Eq(E, sp.Sum(sp.Sum(w[j, i] ** 2, i), j)),))


@pytest.mark.parametrize(
    "wrong",
    [
        -RIGHT,
        2 * RIGHT,
        RIGHT * N,
        RIGHT / N,
        RIGHT + 1,
        sp.Sum((a[j, n] - y[j, n]) * x[i, 1], n) / N,
        sp.Sum((a[j, n] + y[j, n]) * x[i, n], n) / N,
        sp.Sum((a[1, n] - y[j, n]) * x[i, n], n) / N,
        sp.Sum((a[j, n] - y[j, n]) * x[i, n], (n, 2, N)) / N,
        sp.Sum((a[j, n] - y[j, n]) ** 2 * x[i, n], n) / N,
    ],
    ids=["sign", "factor", "size", "squared size", "constant", "index", "term", "row", "range", "power"],
)
def test_a_false_formula_has_no_certificate(wrong: sp.Expr) -> None:
    """One mistake each."""
    with pytest.raises(NoCertificateError, match="the forms differ"):
        proved(E, w[j, i], wrong, (LAYER, SQUARES))


def test_an_assumption_is_used_where_it_is_needed_and_only_there() -> None:
    """Cross-entropy after softmax: the labels have to sum to one."""
    assert "given_1" in proved(E, z[c], SOFTMAX, (LOGITS,), (ONE,)).part.theorems[-1].proof
    with pytest.raises(NoCertificateError, match="the forms differ"):
        proved(E, z[c], SOFTMAX, (LOGITS,))
    with pytest.raises(NoCertificateError, match="the forms differ"):
        proved(E, z[c], SOFTMAX, (LOGITS,), (sp.Eq(sp.Sum(y[c], c), 2),))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (sp.Sum(sp.KroneckerDelta(n, m) * x[1, n], n), x[1, m]),
        (sp.Sum(sp.Sum(x[i, n] * y[1, n], n) * z[i], i), sp.Sum(sp.Sum(x[i, n] * z[i], i) * y[1, n], n)),
        (sp.Sum(sp.Integer(1), (n, 1, N)), N),
        (sp.Sum(3 * z[n] + 2, n), 3 * sp.Sum(z[n], n) + 2 * N),
    ],
    ids=["delta", "exchanged", "constant", "linear"],
)
def test_sums_are_equal_for_every_size(left: sp.Expr, right: sp.Expr) -> None:
    """And are not equal to twice the other side."""
    assert identity(left, right)
    with pytest.raises(NoCertificateError, match="the forms differ"):
        identity(left, 2 * right)


# -- what is supposed -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("loss", "slope_", "needed"),
    [
        (r / q, -r / q**2, ("q <> 0",)),
        (sp.log(q), 1 / q, ("0 < q",)),
        (sp.sqrt(q), 1 / (2 * sp.sqrt(q)), ("0 < q", "sqrt q <> 0")),
        (sp.atanh(q), 1 / (1 - q**2), ("0 < 1 - q ^ 2",)),
        (sp.tan(q), 1 + sp.tan(q) ** 2, ("cos q <> 0",)),
        (sp.log(1 + q**2), 2 * q / (1 + q**2), ()),
        (sp.exp(q) / (1 + sp.exp(q)), sp.exp(q) / (1 + sp.exp(q)) ** 2, ()),
    ],
    ids=str,
)
def test_what_is_needed_is_supposed_and_stated(loss: sp.Expr, slope_: sp.Expr, needed: tuple[str, ...]) -> None:
    """A condition that the form does not show is a hypothesis; the theorem `defined` has every condition."""
    general = proved(E, q, slope_, (sp.Eq(E, loss),))
    supposed = [str(h) for h in general.hypotheses.values()]
    assert tuple(supposed) == needed
    defined = next(t.statement for t in general.part.theorems if t.name == "defined")
    assert all(h in defined for h in needed)
    assert all(f": {h}." in general.part.opening for h in supposed)


def test_each_step_is_a_lemma_that_is_applied() -> None:
    """A proof that is said to have n steps applies n lemmas or opens definitions."""
    for theorem in (
        proved(E, w[j, i], RIGHT, (LAYER, SQUARES)).part.theorems[-1],
        proved(E, z[c], SOFTMAX, (LOGITS,), (ONE,)).part.theorems[-1],
    ):
        steps = int(re.search(r"in (\d+) steps", theorem.says)[1])
        derived = theorem.proof.partition("transitivity")[0]
        assert len(re.findall(r"apply \(?d_(?!equal)|unfold ", derived)) >= steps > 5


@needs_coq
@pytest.mark.usefixtures("coq")
def test_coq_accepts_them() -> None:
    """A layer, softmax, and sums that change places; nothing kept is asked."""
    left, right = (sp.Sum(sp.Sum(x[i, n] * y[1, n], n) * z[i], i), sp.Sum(sp.Sum(x[i, n] * z[i], i) * y[1, n], n))
    said = runner.check(
        [
            Certificate(name, (general.part, example(general)))
            for name, general in (
                ("layer", proved(E, w[j, i], RIGHT, (LAYER, SQUARES))),
                ("softmax", proved(E, z[c], SOFTMAX, (LOGITS,), (ONE,))),
                ("exchanged", identity(left, right)),
            )
        ]
    )
    assert {name: s.says for name, s in said.items() if not s.accepted} == {}


def test_a_delta_survives_only_in_a_sum_that_has_its_index() -> None:
    """For n in 1..N the sum to N - 1 need not hold the term k = n."""
    n, k = sp.Idx("n", (1, N)), sp.Idx("k", (1, N))
    v = sp.IndexedBase("v")
    term = sp.KroneckerDelta(k, n) * v[k]
    assert proved(sp.Sum(v[k] ** 2, k), v[n], 2 * sp.Sum(term, (k, 1, N))).part.theorems
    with pytest.raises(NoCertificateError, match="n need not lie between 1 and N - 1"):
        proved(sp.Sum(v[k] ** 2, k), v[n], 2 * sp.Sum(term, (k, 1, N - 1)))


# -- names ------------------------------------------------------------------------------------------------
@needs_coq
@pytest.mark.usefixtures("coq")
def test_a_letter_may_have_any_name(tmp_path: Path) -> None:
    """Names of Coq's language, of the library, of the certificate's own theorems, and of what its proofs suppose."""
    made = []
    names = "by fix cofix eq upto bigO2 Rlt_dec Rdiv holds defined here replace1 size_N defined_1 slope_1 bounded F1 Hi C C1 N1"
    for name in names.split():
        letter, array = sp.Symbol(name), sp.IndexedBase(name)
        kinks, slope = letter * sp.Sum(sp.Abs(w[n] - y[n]), n), letter * sp.sign(w[m] - y[m])
        fits, rise = sp.Sum((array[n] * q - y[n]) ** 2 / r, n), sp.Sum(2 * array[n] * (array[n] * q - y[n]) / r, n)
        for number, (loss, wrt, formula) in enumerate(((kinks, w[m], slope), (fits, q, rise))):
            general = proved(loss, wrt, formula)
            made.append(Certificate(f"{name}-{number}", (general.part, example(general))))
    assert objection(tmp_path, "names", made) == ""


@pytest.mark.parametrize("power", [q ** (10**20), q ** -(10**20), q ** (10**20 + r), (q + r) ** 501])
def test_a_power_that_is_too_large_is_told(power: sp.Expr) -> None:
    """The normal form multiplies: it would never end."""
    with pytest.raises(NoCertificateError, match="above 500"):
        proved(power, q, sp.diff(power, q))
