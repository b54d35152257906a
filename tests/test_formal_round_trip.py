"""What a certificate states is read from its text and is what was meant; an error of the printer does not pass."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from gradproof.formal import gradient as gradient_module
from gradproof.formal import identity as identity_module
from gradproof.formal import terms as terms_module
from gradproof.formal.back import ReadBackError, expression, nameless
from gradproof.formal.gradient import Proved, closed, proved
from gradproof.formal.identity import identity
from gradproof.formal.orders import differs_when, inequality
from gradproof.formal.reading import read_term
from gradproof.formal.round_trip import confirmed, meant
from gradproof.formal.terms import Term, app, index, integer, num, op, show, sum_over, var
from gradproof.formal.writing import Names, NoCertificateError
from gradproof.lines import is_partial
from gradproof.reference import REFERENCE
from gradproof.sources import CLAIMS
from gradproof.statements import DiffersWhen, Equality, Inequality

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

I, J, N = sp.symbols("I J N", integer=True, positive=True)
i, j, k, n = sp.Idx("i", (1, I)), sp.Idx("j", (1, J)), sp.Idx("k", (1, J)), sp.Idx("n", (1, N))
m = sp.Idx("m", (1, N))
w, x, y, a, p = (sp.IndexedBase(name) for name in "wxyap")
E = sp.Symbol("E")
lam, q = sp.symbols("lambda q", real=True)

LAYER = sp.Eq(a[k, n], sp.Sum(w[k, i] * x[i, n], i))
LOSS = sp.Eq(E, sp.Sum(sp.Sum((a[k, n] - y[k, n]) ** 2, k), n) / (2 * N))
FORMULA = sp.Sum((a[j, n] - y[j, n]) * x[i, n], n) / N


def layer() -> Proved:
    """A linear layer: a definition in a definition, three arrays with two indices."""
    return proved(E, w[j, i], FORMULA, (LAYER, LOSS))


@pytest.fixture
def unproved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Statements are made, and nothing is proved of them."""
    monkeypatch.setattr(gradient_module, "equal", lambda *_: [])
    monkeypatch.setattr(identity_module, "equal", lambda *_: [])


# -- everything there is ----------------------------------------------------------------------------
def made(name: str) -> Iterator[Proved]:
    """What is proved for every size of an entry or a claim."""
    if name in REFERENCE:
        entry = REFERENCE[name]
        for g in entry.gradients:
            yield proved(entry.of(g), g.wrt, g.formula, entry.definitions, entry.assumptions)
        return
    for s in CLAIMS[name].statements:
        if not isinstance(s, Equality):
            continue
        if isinstance(s.left, sp.Derivative) and not is_partial(s.left):
            yield proved(s.left.expr, s.left.variables[0], s.right, s.definitions, s.assumptions)
        else:
            sides = [closed(e, s.definitions, s.assumptions) for e in (s.left, s.right)]
            yield identity(*sides, s.definitions, s.assumptions)


@pytest.mark.usefixtures("unproved")
@pytest.mark.parametrize("name", [*REFERENCE, *CLAIMS])
def test_what_is_stated_is_what_was_meant(name: str) -> None:
    """Of every entry and claim; what has no Coq term yet has no statement either."""
    try:
        for general in made(name):
            assert confirmed(general) is general
    except NoCertificateError as error:
        if "read back" in str(error):
            raise


# -- planted errors: of the text ----------------------------------------------------------------------
def corrupted(t: Term, wrong: Callable[[Term], Term]) -> Term:
    return wrong(replace(t, args=tuple(corrupted(part, wrong) for part in t.args)))


def turned(t: Term) -> Term:
    """X i n for x n i."""
    return replace(t, args=t.args[::-1]) if t.op == "app" and len(t.args) == 2 and t.args[0].op == "index" else t


def unsigned(t: Term) -> Term:
    return op("+", *t.args) if t.op == "-" else t


def shifted(t: Term) -> Term:
    return replace(t, args=(num(0), *t.args[1:])) if t.op == "sum" else t


def inverted(t: Term) -> Term:
    return op("*", *t.args) if t.op == "/" else t


def flattened(t: Term) -> Term:
    """X for x ^ 2."""
    return t.args[0] if t.op == "pow" else t


def caught(t: Term) -> Term:
    """A bound index has the name of a free one."""
    return sum_over("i", *t.args) if t.op == "sum" and t.name == "n" else t


@pytest.mark.usefixtures("unproved")
@pytest.mark.parametrize("wrong", [turned, unsigned, shifted, inverted, flattened, caught], ids=lambda f: f.__name__)
def test_a_wrong_text_is_no_certificate(wrong: Callable[[Term], Term], monkeypatch: pytest.MonkeyPatch) -> None:
    """The printer prints something else than the term."""
    layer()
    monkeypatch.setattr(gradient_module, "show", lambda t: show(corrupted(t, wrong)))
    with pytest.raises(NoCertificateError, match="not read back"):
        layer()


@pytest.mark.usefixtures("unproved")
@pytest.mark.parametrize("sign", ["*", "/"])
def test_lost_brackets_are_no_certificate(sign: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """(a - y) * x without its brackets is another term."""
    loss = sp.Eq(E, lam * (q + 1) * (q - (lam - 1)) / (q * (lam + 2)) - (q + lam))
    proved(E, q, q, (loss,))
    level, _, _ = terms_module._BINARY[sign]
    monkeypatch.setitem(terms_module._BINARY, sign, (level, 200, 200))
    with pytest.raises(NoCertificateError, match="not read back"):
        proved(E, q, q, (loss,))


def test_a_text_with_other_letters_is_no_certificate() -> None:
    """Swapped parameters of a definition, and one hypothesis less."""
    general = layer()
    opening = general.part.opening
    for wrong in (
        opening.replace("(k : Z) (n : Z)", "(n : Z) (k : Z)"),
        opening.replace("Hypothesis size_N", "Hypothesis size_M"),
        opening.replace("Hypothesis range_j : (1 <= j <= J)%Z", "Hypothesis range_j : (1 <= j <= I)%Z"),
    ):
        assert wrong != opening
        with pytest.raises(NoCertificateError, match="not read back"):
            confirmed(replace(general, part=replace(general.part, opening=wrong)))


# -- planted errors: of the term ----------------------------------------------------------------------
def entries_turned(self: Names, e: sp.Indexed, bound: Any) -> Term:
    return self._quantity(e.base, tuple(index(self.integer(z, bound)) for z in reversed(e.indices)))


def signs_dropped(self: Names, e: sp.Mul, bound: Any) -> Term:
    t = PRODUCT(self, e, bound)
    return t.args[0] if t.op == "neg" else t


def factors_dropped(self: Names, e: sp.Mul, bound: Any) -> Term:
    return self.term(e.args[-1], bound)


def roots_for_powers(self: Names, e: sp.Pow, bound: Any) -> Term:
    return app("sqrt", self.term(e.base, bound))


def first_term_only(self: Names, e: sp.Add, bound: Any) -> Term:
    return self.term(e.as_ordered_terms()[0], bound)


PRODUCT = Names._product


@pytest.mark.usefixtures("unproved")
@pytest.mark.parametrize(
    ("method", "wrong"),
    [
        ("_entry", entries_turned),
        ("_product", signs_dropped),
        ("_product", factors_dropped),
        ("_power", roots_for_powers),
        ("_sum_of_terms", first_term_only),
    ],
)
def test_a_wrong_term_is_no_certificate(method: str, wrong: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer makes another term of the expression, and prints that faithfully."""
    monkeypatch.setattr(Names, method, wrong)
    with pytest.raises(NoCertificateError, match="not read back"):
        layer()


@pytest.mark.usefixtures("unproved")
@pytest.mark.parametrize("slip", ["another entry", "not everywhere", "nowhere"])
def test_another_variable_is_no_certificate(slip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The function of the derivative replaces another entry, or leaves the variable in a place."""
    right = gradient_module.moved

    def wrong(t: Term, name: str, indices: list[Term], letter: str) -> Term:
        if slip == "another entry":
            return right(t, name, indices[::-1], letter)
        return op("+", t, op("-", right(t, name, indices, letter), t)) if slip == "not everywhere" else t

    monkeypatch.setattr(gradient_module, "moved", wrong)
    with pytest.raises(NoCertificateError):
        layer()


# -- back, by itself ------------------------------------------------------------------------------------
def names_of(*expressions: sp.Expr) -> tuple[Names, list[Term]]:
    names = Names({})
    return names, [names.term(e) for e in expressions]


@pytest.mark.parametrize(
    "e",
    [
        sp.sqrt(q) ** 3 / (lam * q),
        sp.Max(q, 0) - sp.Min(lam, q, 1),
        sp.exp(-(q**2) / 2) + sp.log(1 + sp.exp(q)),
        sp.sign(q) * sp.Abs(q - lam),
        sp.Piecewise((q, sp.Gt(q, lam)), (lam**2, True)),
        sp.Sum(sp.KroneckerDelta(n, m) * y[n], n) - sp.Sum(x[n, m], n),
        sp.Sum(sp.Sum(x[n, m] * p[m], m) ** 2, n) * sp.Sum(p[n], n),
        sp.pi * sp.E * N / 3 - sp.Rational(2, 7),
        sp.Function("f")(q * lam, n),
        q**lam,
        sp.Sum(n * y[n], (n, 2, N - 1)),
    ],
    ids=str,
)
def test_there_and_back(e: sp.Expr) -> None:
    """The expression is found again, whatever its bound indices are called."""
    names, (t,) = names_of(e)
    assert expression(t, names) == nameless(e)


@pytest.mark.parametrize(
    ("t", "reason"),
    [
        (var("z"), "nothing is called z"),
        (app("cosinus", var("q")), "nothing is called cosinus"),
        (Term("lambda", "t", (var("t"),)), "no real number"),
        (app("y", var("q")), "index that is none"),
    ],
    ids=["letter", "function", "lambda", "index"],
)
def test_what_means_nothing_is_refused(t: Term, reason: str) -> None:
    """A term that no expression has given."""
    names, _ = names_of(q, y[n])
    with pytest.raises(ReadBackError, match=reason):
        expression(t, names)


# -- any term ---------------------------------------------------------------------------------------------
TYPES = {"N": "Z", "n": "Z", "q": "R", "y": "Z -> R", "x": "Z -> Z -> R", "f": "R -> Z -> R", "K": "Z -> Z"}

indices_ = st.recursive(
    st.sampled_from([var("N"), var("n"), num(0), num(1), num(12)]),
    lambda z: st.one_of(
        st.tuples(st.sampled_from("+-*"), z, z).map(lambda t: op(*t)),
        z.map(lambda t: op("neg", t)),
        z.map(lambda t: app("K", index(t))),
    ),
    max_leaves=4,
)


def extended(r: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    return st.one_of(
        st.tuples(st.sampled_from("+-*/"), r, r).map(lambda t: op(*t)),
        st.tuples(st.sampled_from(["neg", "inv"]), r).map(lambda t: op(*t)),
        st.tuples(st.sampled_from(["2", "3", "17"]), r).map(lambda t: Term("pow", t[0], (t[1],))),
        st.tuples(st.sampled_from(["exp", "sqrt", "tanh", "Rabs"]), r).map(lambda t: app(*t)),
        st.tuples(r, r).map(lambda t: app("Rpower", *t)),
        st.tuples(r, indices_).map(lambda t: app("f", t[0], index(t[1]))),
        st.tuples(st.sampled_from("nmN"), indices_, indices_, r).map(lambda t: sum_over(*t)),
        st.tuples(st.sampled_from(["<", "<=", "="]), r, r, r, r).map(lambda t: Term("if", t[0], t[1:])),
    )


reals = st.recursive(
    st.one_of(
        st.sampled_from([var("q"), num(0), num(2), num(30)]),
        indices_.map(integer),
        indices_.map(lambda z: app("y", index(z))),
        st.tuples(indices_, indices_).map(lambda z: app("x", *map(index, z))),
        st.tuples(indices_, indices_).map(lambda z: app("delta", *map(index, z))),
    ),
    extended,
    max_leaves=12,
)


@given(reals)
@settings(max_examples=150, deadline=None)
def test_any_term_is_read_as_it_was(t: Term) -> None:
    """Brackets stand where they are needed."""
    assert read_term(show(t), TYPES) == t


@given(st.sampled_from(["<", "<=", "<>", "="]), reals, reals, indices_)
@settings(max_examples=50, deadline=None)
def test_any_proposition_is_read_as_it_was(sign: str, one: Term, other: Term, z: Term) -> None:
    """Relations, for every index in a range, in a case."""
    says = Term("relation", sign, (one, other))
    inside = Term("integers", "<= <=", (num(1), var("n"), z))
    for t in (
        says,
        Term("forall", "n : Z", (op("->", inside, says),)),
        op("/\\", says, op("->", says, says)),
        Term("derive", "t", (op("*", var("t"), one), other, one)),
        op("~", says),
    ):
        assert read_term(show(t), TYPES) == t


# -- relations ----------------------------------------------------------------------------------------
u, v, r = sp.symbols("u v r", real=True)
K = sp.Symbol("K", integer=True, positive=True)
APART = DiffersWhen(u * v, u * r, (sp.Ne(u, 0), sp.Ne(v, r)), sp.Integer(1))
LARGER = Inequality(sp.Ge(u**2 + 1, 2 * u, evaluate=False), ((u - 1) ** 2,), at={u: 2})


def flipped(t: Term) -> Term:
    """The first relation with another sign."""
    if t.op in ("relation", "integers"):
        return replace(t, name={"=": "<=", "<": "<=", "<=": "<", "<>": "="}[t.name])
    return replace(t, args=(flipped(t.args[0]), *t.args[1:]))


def halved(t: Term) -> Term:
    """Twice "only if", where "if" and "only if" are meant."""
    return replace(t, args=(t.args[0], t.args[0]))


def dropped(t: Term) -> Term:
    """The first of two conditions, twice."""
    differ, both = t.args[0].args
    other = replace(both, args=(both.args[0], both.args[0]))
    return op("/\\", op("->", differ, other), op("->", other, differ))


@pytest.mark.parametrize(
    ("make", "wrong"),
    [
        (lambda: differs_when(APART), flipped),
        (lambda: differs_when(APART), halved),
        (lambda: differs_when(APART), dropped),
        (lambda: inequality(LARGER), flipped),
        (lambda: identity(u + v, v + u), flipped),
    ],
    ids=["differs", "half of it", "a condition", "larger", "equal"],
)
def test_another_relation_is_not_what_was_meant(make: Callable[[], Proved], wrong: Callable[[Term], Term]) -> None:
    """Signs, both halves of "exactly when" and each condition are compared."""
    right = make()
    meant(right.setting, right.derived, right.problem)
    with pytest.raises(ReadBackError):
        meant(right.setting, wrong(right.derived), right.problem)


@pytest.mark.parametrize("assumption", [sp.Ge(K, 3), sp.Gt(u, 0), sp.Ne(u, v)])
def test_another_assumption_is_not_what_was_meant(assumption: Any) -> None:
    """Of reals and of integers, the sign and the sides."""
    right = identity(K * u + v, v + u * K, (), (assumption,))
    says = right.setting.hypotheses["given_1"]
    for wrong in (flipped(says), replace(says, args=(says.args[1], says.args[0]))):
        setting = replace(right.setting, hypotheses={"given_1": wrong})
        with pytest.raises(ReadBackError):
            meant(setting, right.derived, right.problem)
