"""Claims speak of the loss by its name: at any index, with its arguments, with a prime, by its square; and definitions come in any order."""

from __future__ import annotations

from typing import Any

import pytest
import sympy as sp

from gradproof import LatexError, Model, Reader, check

K, N = (sp.Symbol(s, integer=True, positive=True) for s in "KN")
x, z = sp.IndexedBase("x"), sp.IndexedBase("z")
k = sp.Idx("k", (1, K))

SOFTMAX = r"p_i = \frac{e^{z_i}}{\sum_{k=1}^K e^{z_k}}"


@pytest.mark.parametrize(
    ("loss", "claim", "status"),
    [
        (SOFTMAX, r"\frac{\partial p_i}{\partial z_j} = p_i (\delta_{ij} - p_j)", "proved"),
        (SOFTMAX, r"\frac{\partial p_i}{\partial z_j} = p_j (\delta_{ij} - p_j)", "refuted"),
        (SOFTMAX, r"\frac{\partial p_k}{\partial z_i} = p_k (\delta_{ki} - p_i)", "proved"),  # other letters
        (SOFTMAX, r"\frac{\partial p_j}{\partial z_i} = p_i (\delta_{ij} - p_i)", "refuted"),
        (SOFTMAX, r"\frac{\partial p_i}{\partial z_i} = p_i (1 - p_i)", "proved"),
        (SOFTMAX, r"\frac{\partial p_i}{\partial z_j} = p_i \delta_{ij} - p_i p_j \sum_{l=1}^K p_l", "proved"),
        ("f(x) = \\tanh x", "f'(x) = 1 - f(x)^2", "proved"),
        ("f(x) = \\tanh x", "f'(x) = 1 - f^2", "proved"),
        ("f(x) = \\tanh x", "f'(x) = 1 + f(-x) f(x)", "proved"),
        ("f(x) = \\tanh x", "f'(x) = 1 - f(x)", "refuted"),
        ("f(x) = x^3", "f(x)' = 3x^2", "input"),
        (r"g(z) = \frac{1}{1 + e^{-z}}", r"\frac{d}{dz} g(z) = g(1 - g)", "proved"),
        (r"\sigma(x) = \frac{1}{1 + e^{-x}}", r"\sigma'(x) = \sigma(x)(1 - \sigma(x))", "proved"),
        ("y = e^{-x^2/2}", r"\frac{dy}{dx} = -x y", "proved"),
        ("y = e^{-x^2/2}", r"\partial_x y = x y", "refuted"),
        (r"\ell(\mu, \sigma^2) = -n \log\sigma - \frac{a}{2\sigma^2}", r"\frac{\partial \ell}{\partial \sigma^2} = -\frac{n}{2\sigma^2} + \frac{a}{2\sigma^4}", "proved"),
        (r"\ell(\mu, \sigma^2) = -n \log\sigma - \frac{a}{2\sigma^2}", r"\frac{\partial \ell}{\partial \sigma^2} = -\frac{n}{\sigma} + \frac{a}{\sigma^3}", "refuted"),
        (r"R^2 = 1 - \sum_{i=1}^N (x_i - c)^2", r"\frac{\partial R^2}{\partial x_i} = -2 (x_i - c)", "proved"),
        (r"D_{\mathrm{KL}}(p \,\|\, q) = \sum_{i=1}^N p_i \log \frac{p_i}{q_i}", r"\frac{\partial D_{\mathrm{KL}}}{\partial q_i} = -\frac{p_i}{q_i}", "proved"),
        (r"\log p(x | \mu) = -\frac{(x - \mu)^2}{2}", r"\frac{\partial \log p(x | \mu)}{\partial \mu} = x - \mu", "proved"),
        (r"FL(p) = -(1 - p)^\gamma \log p", r"\frac{dFL}{dp} = \gamma (1-p)^{\gamma-1} \log p - \frac{(1-p)^\gamma}{p}", "proved"),
    ],
)  # fmt: skip
def test_a_claim_speaks_of_the_loss_by_its_name(loss: str, claim: str, status: str) -> None:
    reader = Reader()
    value = reader.loss(loss)
    if status == "input":
        with pytest.raises(LatexError):
            reader.claim(claim)
        return
    wrt, claimed = reader.claim(claim)
    assert wrt is not None
    assert check(value, wrt, claimed).status == status


def test_the_name_of_a_loss_with_an_index_is_an_entry() -> None:
    reader = Reader()
    reader.loss(SOFTMAX)
    assert reader.loss_name == sp.IndexedBase("p")[sp.Idx("i", (1, K))]


#: definitions from the loss down, as papers print them
DOWN = [r"y_k = \sigma(a_k)", r"a_k = \sum_{j=1}^J w_{kj} h_j"]
LOSS = r"E = \frac12 \sum_{k=1}^K (y_k - t_k)^2"


def test_definitions_are_put_in_order_and_read_with_the_loss() -> None:
    reader = Reader()
    loss = reader.loss(LOSS, DOWN)
    assert [str(d.lhs) for d in reader.defined] == ["a[k]", "y[k]"]
    wrt, claimed = reader.claim(r"\frac{\partial E}{\partial w_{kj}} = (y_k - t_k) y_k (1 - y_k) h_j")
    assert wrt is not None
    assert Model(reader.defined).check(loss, wrt, claimed).status == "proved"


def test_a_function_that_is_defined_is_put_where_it_is_called() -> None:
    reader = Reader()
    loss = reader.loss(r"L = \sum_{i=1}^N \rho(x_i - c)", [r"\rho(u) = \log\cosh(u)"])
    assert reader.defined == ()
    wrt, claimed = reader.claim(r"\frac{\partial L}{\partial c} = -\sum_i \tanh(x_i - c)")
    assert wrt is not None
    assert check(loss, wrt, claimed).status == "proved"


def test_a_square_may_be_defined_and_its_root_used() -> None:
    reader = Reader()
    loss = reader.loss(r"s = \frac{a}{\sigma}", [r"\sigma^2 = \sum_{i=1}^N x_i^2"])
    wrt, claimed = reader.claim(r"\frac{\partial s}{\partial x_i} = -\frac{a x_i}{\sigma^3}")
    assert wrt is not None
    assert Model(reader.defined).check(loss, wrt, claimed).status == "proved"
    assert any("root" in note for note in reader.notes)


@pytest.mark.parametrize(
    ("text", "relations"),
    [
        ("0 < a < 1", [sp.Lt(0, sp.Symbol("a")), sp.Lt(sp.Symbol("a"), 1)]),
        (r"y_i \in \{-1, 1\}", [sp.Eq(sp.IndexedBase("y")[sp.Idx("i", (1, N))] ** 2, 1)]),
        (r"y_i \in \{0, 1\}", [sp.Eq(sp.IndexedBase("y")[sp.Idx("i", (1, N))] ** 2, sp.IndexedBase("y")[sp.Idx("i", (1, N))])]),
    ],
)  # fmt: skip
def test_an_assumption_may_be_a_chain_or_two_values(text: str, relations: list[Any]) -> None:
    assert Reader(ranges={"i": "N"}).relations(text) == relations


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (r"\|x\|_2^2", sp.Sum(x[k] ** 2, k)),
        (r"\|x - z\|_1", sp.Sum(abs(x[k] - z[k]), k)),
        (r"\|2 x\|", sp.sqrt(sp.Sum((2 * x[k]) ** 2, k))),
        (r"x^\top z", sp.Sum(x[k] * z[k], k)),
        (r"\langle x, z \rangle", sp.Sum(x[k] * z[k], k)),
        (r"\operatorname{softmax}(z)_k", sp.exp(z[k]) / sp.Sum(sp.exp(z[k]), k)),
        (r"\operatorname{softmax}_k(z / a)", sp.exp(z[k] / sp.Symbol("a")) / sp.Sum(sp.exp(z[k] / sp.Symbol("a")), k)),
        (r"\operatorname{logsumexp}(z)", sp.log(sp.Sum(sp.exp(z[k]), k))),
        (r"\operatorname{clip}(z_k, 0, 1)", sp.Min(1, sp.Max(0, z[k]))),
    ],
)  # fmt: skip
def test_an_array_may_lack_its_index_where_that_is_clear(text: str, meant: sp.Expr) -> None:
    reader = Reader(like=x[k] + z[k])
    found = reader.expression(text)
    assert found.has(x) or found.has(z)
    from gradproof import equal

    assert found == meant or equal(found, meant).status == "proved"


def term_by_term(e: sp.Expr) -> sp.Expr:
    """A sum, with numbers for its ends, written out."""
    if not isinstance(e, sp.Sum):
        return e
    index, low, high = e.limits[0]
    return sp.Add(*(term_by_term(e.function.xreplace({index: sp.Integer(n)})) for n in range(int(low), int(high) + 1)))


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        (r"\sum_{1 \le i < j \le 3} x_i x_j", [(1, 2), (1, 3), (2, 3)]),
        (r"\sum_{1 \le i \le j < 3} x_i x_j", [(1, 1), (1, 2), (2, 2)]),
        (r"\sum_{0 < i < j < 4} x_i x_j", [(1, 2), (1, 3), (2, 3)]),
        (r"\sum_{i=1}^3 \sum_{j<i} x_i x_j", [(2, 1), (3, 1), (3, 2)]),
        (r"\sum_i^3 x_i x_i", [(1, 1), (2, 2), (3, 3)]),
    ],
)
def test_a_sum_over_pairs_has_the_terms_that_it_says(text: str, terms: list[tuple[int, int]]) -> None:
    found = term_by_term(Reader().expression(text))
    assert sp.expand(found - sum(x[i] * x[j] for i, j in terms)) == 0


def test_a_name_with_a_letter_below_is_one_where_no_text_makes_it_an_index() -> None:
    loss, claim = r"L = -\log \sigma(r_w - r_l)", r"\frac{\partial L}{\partial r_w} = -\sigma(r_l - r_w)"
    reader = Reader()
    with pytest.raises(LatexError, match="w is no known index"):
        reader.loss(loss)
    reader.glance([loss], [claim])
    value = reader.loss(loss)
    assert value.free_symbols == {sp.Symbol("r_w"), sp.Symbol("r_l")}
    reader = Reader()
    reader.glance([loss], [r"\frac{\partial L}{\partial r_k} = 0"])  # by another letter: r is an array
    with pytest.raises(LatexError, match="has no range"):
        reader.loss(loss)
