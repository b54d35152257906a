"""At a point, Coq is told only what is so there: hypotheses are met, wrong formulas are wrong, numbers round as printed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import sympy as sp

from certificates import changed, needs_coq, objection
from gradproof import sources
from gradproof.formal import coqc, points
from gradproof.formal.certificate import Certificate, Missing, Part
from gradproof.formal.claims import certificates
from gradproof.formal.gradient import Proved, proved
from gradproof.formal.identity import following_part, identity
from gradproof.formal.numbers import number_parts
from gradproof.formal.orders import differs_when, inequality
from gradproof.formal.points import differing_part, example, not_following, refutation
from gradproof.formal.terms import num, op
from gradproof.formal.vernacular import refusal
from gradproof.formal.writing import Names, NoCertificateError
from gradproof.reference import REFERENCE
from gradproof.sources import CLAIMS
from gradproof.statements import Differs, DiffersWhen, Follows, Inequality, OnBox, Rounded
from gradproof.verdict import Witness

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

N = sp.Symbol("N", integer=True, positive=True)
n, m = sp.Idx("n", (1, N)), sp.Idx("m", (1, N))
x, y, p = (sp.IndexedBase(name) for name in ("x", "y", "p"))
a, b, u, v = sp.symbols("a b u v")
L = sp.Symbol("L")


def square() -> Proved:
    """The mean of squares: its derivative by x_n is 2 (x_n - y_n) / N."""
    loss = sp.Sum((x[m] - y[m]) ** 2, m) / N
    return proved(L, x[n], 2 * (x[n] - y[n]) / N, (sp.Eq(L, loss),))


def logarithm() -> Proved:
    """Under p > 0: the derivative of the entropy."""
    loss = -sp.Sum(p[m] * sp.log(p[m]), m)
    return proved(L, p[n], -sp.log(p[n]) - 1, (sp.Eq(L, loss),), (sp.Gt(p[n], 0),))


def certificate(name: str, *parts: Part) -> Certificate:
    return Certificate(name, parts)


def of_entry(name: str) -> Certificate:
    """The first gradient of an entry, a point that meets its hypotheses, and its slips."""
    entry = REFERENCE[name]
    gradient = entry.gradients[0]
    general = proved(entry.of(gradient), gradient.wrt, gradient.formula, entry.definitions, entry.assumptions)
    slips = [refutation(f"wrong_{k}", general, w.formula, w.at) for k, w in enumerate(gradient.wrong, 1)]
    return certificate(name, general.part, example(general), *slips)


def made() -> list[Certificate]:
    """True certificates, as they are emitted."""
    gap = differing_part("gap", sp.exp(u), 1 + u, {u: sp.Rational(1, 2)})
    kink = differing_part("kink", sp.Abs(u), u, {u: -1})
    errors = differing_part("errors", sp.erf(u), sp.erf(u) + sp.exp(-(u**2)) / 100, {u: 1})
    hinge = proved(sp.Max(0, 1 - u), u, None)
    follows = Follows((sp.Eq(a, b + 1), sp.Eq(b, 2 * u)), sp.Eq(a, 2 * u + 1), {u: 1, b: 2, a: 3})
    half = Follows((sp.Eq(a, b + 1),), sp.Eq(b, 0), {a: 3, b: 2})
    tanh = sp.Sum(sp.tanh(x[n]), n), sp.Sum(1 - 2 / (sp.exp(2 * x[n]) + 1), n)
    mean = Inequality(
        sp.Ge(a + b, 2, evaluate=False),
        ((a - b) ** 2 / (a + b + 2),),
        ((sp.Eq(a * b, 1), 4 / (a + b + 2)),),
        (sp.Gt(a, 0), sp.Gt(b, 0)),
        at={a: 2, b: sp.Rational(1, 2)},
    )
    apart = DiffersWhen(
        sp.cosh(u + v) - sp.cosh(u - v), sp.Integer(0), (sp.Ne(sp.sinh(u), 0), sp.Ne(sp.sinh(v), 0)), sp.Integer(2)
    )
    rounded = Rounded(sp.exp(1), "2.72"), Rounded(sp.pi, "3.14159"), Rounded(sp.sqrt(u), "1.414", {u: 2})
    boxes = (
        OnBox(sp.Ge(sp.exp(u), 1 + u, evaluate=False), {u: ("1/10", "2")}),
        OnBox(sp.Gt(a, 1), {u: ("1", "2")}, (sp.Eq(a, u + sp.tanh(u)),)),
    )
    return [
        certificate("squares", square().part, example(square()), refutation("wrong", square(), 2 * (x[n] - y[n]))),
        certificate("entropy", logarithm().part, example(logarithm()), refutation("wrong", logarithm(), -sp.log(p[n]))),
        of_entry("two-layer-network"),
        certificate("gap", gap),
        certificate("kink", kink),
        certificate("errors", errors),
        certificate("hinge", hinge.part, example(hinge), refutation("wrong", hinge, sp.Integer(1), {u: 3})),
        certificate("follows", following_part(follows), not_following("half", half)),
        certificate("tanh", identity(*tanh).part, example(identity(*tanh))),
        certificate("mean", inequality(mean).part, example(inequality(mean), mean.at)),
        certificate("apart", differs_when(apart).part, example(differs_when(apart))),
        *(certificate(f"rounded{k}", *number_parts(r)) for k, r in enumerate(rounded)),
        *(certificate(f"box{k}", *number_parts(r)) for k, r in enumerate(boxes)),
        *(certificate(f"sigmoid{k}", *number_parts(s)) for k, s in enumerate(CLAIMS["averages.sigmoid.means"].statements) if isinstance(s, (Rounded, OnBox, Differs))),
    ]  # fmt: skip


def tampered() -> Iterator[Certificate]:
    """False ones, which nothing here would emit."""
    (number,) = number_parts(Rounded(sp.exp(1), "2.72"))
    yield certificate("tampered-number", changed(number, "68 / 25", "67 / 25"))
    gap = differing_part("gap", sp.exp(u), 1 + u, {u: sp.Rational(1, 2)})
    yield certificate("tampered-point", replace(gap, opening=gap.opening.replace("1 / 2", "0")))
    wrong = refutation("wrong", square(), 2 * (x[n] - y[n]))
    yield certificate(
        "tampered-formula", square().part, changed(wrong, "(2 * x n - 2 * y n)", "((2 * x n - 2 * y n) / IZR N)")
    )
    met = example(logarithm())
    yield certificate(
        "tampered-hypothesis", logarithm().part, replace(met, opening=met.opening.replace("then 3", "then - 3"))
    )


@needs_coq
@pytest.mark.usefixtures("coq")
def test_coq_accepts_what_is_true_and_nothing_that_was_tampered_with(tmp_path: Path) -> None:
    """Coq's kernel accepts every certificate as it is made, and none with another number, point or formula."""
    assert objection(tmp_path, "good", made()) == ""
    for number, certificate in enumerate(tampered()):
        assert objection(tmp_path, f"bad{number}", [certificate]) != "", certificate.id


def test_certificates_are_read_before_coq_sees_them() -> None:
    """No certificate has a command that could change what "proved" means, or encloses with the machine's floats."""
    for c in made():
        assert refusal(c, coqc.library_text()) == ""
        assert not re.search(r"interval(?! with \(i_prec \d)", c.text())


def test_rational_points_need_no_enclosure() -> None:
    """Only what has a function that leaves the rationals is enclosed."""
    assert not refutation("wrong", square(), 2 * (x[n] - y[n])).uses_interval
    assert refutation("wrong", logarithm(), -sp.log(p[n])).uses_interval


def test_an_example_meets_the_hypotheses() -> None:
    """The entropy needs p > 0 in the whole range; the example has a size of two, so that sums are sums."""
    part = example(logarithm())
    assert {"size_N", "range_n", "given_1", "here"} <= {t.name for t in part.theorems}
    assert "Definition N : Z := 2%Z." in part.opening
    assert all(t.kind == "possible" and t.says for t in part.theorems)


def test_hypotheses_that_contradict_each_other_have_no_example() -> None:
    """A theorem under u > 1 and u < 0 says nothing."""
    general = proved(u**2, u, 2 * u, (), (sp.Gt(u, 1), sp.Lt(u, 0)))
    with pytest.raises(NoCertificateError, match="no point was found that meets all hypotheses"):
        example(general)


@pytest.mark.parametrize("same", [2 * x[n] / N - 2 * y[n] / N, (x[n] - y[n]) * 4 / (2 * N)])
def test_a_right_formula_is_not_refuted(same: sp.Expr) -> None:
    """However it is written: at every point it has the derivative's value."""
    with pytest.raises(NoCertificateError, match=r"no point was found at which .* is wrong: .*one value"):
        refutation("wrong", square(), same)


def test_a_witness_at_which_both_agree_is_left_for_another() -> None:
    """For one summand, 2 (x - y) is right; for two it is not."""
    agree = Witness({"N": 1}, {}, "2", "2", numbers={"n": {(): 1}, "x": {(1,): 1}, "y": {(1,): 0}})
    part = refutation("wrong", square(), 2 * (x[n] - y[n]), agree)
    assert "Definition N : Z := 1%Z." not in part.opening
    with pytest.raises(NoCertificateError, match="at this point both sides have one value"):
        differing_part("gap", u**2, u, {u: 1})


def test_a_witness_outside_the_hypotheses_is_left_for_another() -> None:
    """At p = -1 the entropy is not defined."""
    outside = {N: 1, n: 1, p: [-1]}
    assert "then - 1 " not in refutation("wrong", logarithm(), -sp.log(p[n]), outside).opening
    with pytest.raises(NoCertificateError, match="the point does not meet given_1"):
        differing_part("gap", u, sp.Integer(0), {u: -1}, assumptions=(sp.Gt(u, 0),))


def test_numbers_that_are_false_have_no_certificate() -> None:
    """A number that rounds to other digits, and an inequality that fails somewhere on its box."""
    with pytest.raises(NoCertificateError, match=r"does not round to 2\.71"):
        number_parts(Rounded(sp.exp(1), "2.71"))
    with pytest.raises(NoCertificateError, match="is not proved"):
        number_parts(OnBox(sp.Gt(u**2, u), {u: ("1/2", "2")}))


def test_what_follows_is_not_refuted() -> None:
    """At every point that meets the premises the conclusion holds; where they fail, nothing is said."""
    right = Follows((sp.Eq(a, b + 1),), sp.Eq(b, a - 1), {a: 3, b: 2})
    with pytest.raises(NoCertificateError, match="both sides have one value"):
        not_following("half", right)
    with pytest.raises(NoCertificateError, match="does not meet the premises"):
        not_following("half", replace(right, at={a: 3, b: 3}))
    with pytest.raises(NoCertificateError, match="need each other"):
        following_part(Follows((sp.Eq(a, b), sp.Eq(b, a)), sp.Eq(a, b), {a: 1, b: 1}))


def test_what_is_refuted_is_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A formula, two sides or a premise that are written otherwise than they are meant have no refutation."""
    right, write = points.derivative_of, Names.term
    with monkeypatch.context() as patch:
        patch.setattr(points, "derivative_of", lambda *args: right(*args[:3], 3 * args[3]))
        with pytest.raises(NoCertificateError, match="not read back as it was meant: the formula"):
            refutation("wrong", square(), 3 * (x[n] - y[n]) / N)
    monkeypatch.setattr(Names, "term", lambda self, e, bound=None: op("+", write(self, e, bound), num(1)))
    with pytest.raises(NoCertificateError, match="not read back as it was meant: a side"):
        differing_part("gap", sp.exp(u), 1 + u, {u: 1})
    with pytest.raises(NoCertificateError, match="not read back as it was meant: a side"):
        not_following("half", Follows((sp.Eq(a, b + 1),), sp.Eq(b, 0), {a: 3, b: 2}))


def test_equations_that_are_not_put_in_have_no_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    """The theorem is that two right sides are equal; that the equations cited lead from one to the other is not in it."""
    claim = CLAIMS["backprop.5.12.refs"]
    cited, *_ = claim.statements
    wrong = replace(claim, statements=(replace(cited, numbers=("5.7", "5.9")),), slips=())
    monkeypatch.setattr(sources, "CLAIMS", {claim.id: wrong})
    (found,) = certificates(claim.id)
    assert isinstance(found, Missing)
    assert "it is not proved that (5.7), (5.9) put into (5.10)" in found.reason


def test_sides_that_differ_are_no_identity() -> None:
    """cosh² + sinh² is not 1, and cosh² − sinh² is."""
    identity(sp.cosh(u) ** 2 - sp.sinh(u) ** 2, sp.Integer(1))
    with pytest.raises(NoCertificateError):
        identity(sp.cosh(u) ** 2 + sp.sinh(u) ** 2, sp.Integer(1))


def test_an_inequality_needs_its_identity() -> None:
    """The terms must add up to the difference, and a strict one needs a term that is positive."""
    with pytest.raises(NoCertificateError, match="the forms differ"):
        inequality(Inequality(sp.Ge(a**2 + b**2, 2 * a * b, evaluate=False), ((a + b) ** 2,)))
    with pytest.raises(NoCertificateError, match="no term is seen to be positive"):
        inequality(Inequality(sp.Gt(a**2 + b**2, 2 * a * b, evaluate=False), ((a - b) ** 2,)))
    with pytest.raises(NoCertificateError, match="the forms differ"):
        differs_when(DiffersWhen(a**2, b**2, (sp.Ne(a, b),), sp.Integer(1)))
