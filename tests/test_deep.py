"""Many layers: gradients by all parameters share one back-propagation, whose work grows linearly with depth."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest
import sympy as sp

from gradproof import Derivation, Model, NotationError, backward, equal, values
from gradproof.notation import read
from gradproof.points import Point
from gradproof.rules import SUBSTITUTION
from gradproof.values import evaluate

x, t, w = map(sp.IndexedBase, "xtw")
D = sp.Symbol("D", integer=True, positive=True)


def network(depth: int, sizes: Sequence[sp.Expr] = (), residual: bool = False) -> tuple[Model, sp.Expr, list[sp.Expr]]:
    """A tanh network, its loss and an entry of each layer's weights; with `residual`, each layer adds to the one before."""
    sizes = sizes or [D if residual else sp.Symbol(f"D{n}", integer=True, positive=True) for n in range(depth + 1)]
    index = [sp.Idx(f"i{n}", (1, size)) for n, size in enumerate(sizes)]
    definitions, weights, before = [], [], x
    for n in range(1, depth + 1):
        here, there = index[n], index[n - 1]
        own, h, z = (sp.IndexedBase(f"{letter}{n}") for letter in "whz")
        definitions.append(sp.Eq(h[here], sp.Sum(own[here, there] * before[there], there)))
        definitions.append(sp.Eq(z[here], sp.tanh(h[here]) + (before[here] if residual else 0)))
        weights.append(own[sp.Idx("j", (1, sizes[n])), sp.Idx("k", (1, sizes[n - 1]))])
        before = z
    return Model(definitions), sp.Sum((before[index[-1]] - t[index[-1]]) ** 2, index[-1]) / 2, weights


def steps(derivations: Sequence[Derivation]) -> int:
    """The applications of rules in all derivations, each adjoint's counted once."""
    parts = {id(part): part for d in derivations for part in (*d.adjoints, d)}
    return sum(len(part.steps) for part in parts.values())


@pytest.mark.parametrize("residual", [False, True])
def test_gradients_are_those_that_are_taken_one_by_one_but_for_the_names_of_the_adjoints(residual: bool) -> None:
    model, loss, weights = network(4, residual=residual)
    for found, weight in zip(model.gradients(loss, weights), weights, strict=True):
        alone = model.gradient(loss, weight)
        own = alone.steps[:-1] if alone.steps[-1].rule is SUBSTITUTION else alone.steps
        assert (found.steps, found.result) == (own, own[-1].after)
        assert (found.adjoints, found.loss, found.name, found.notes) == (
            alone.adjoints,
            alone.loss,
            alone.name,
            alone.notes,
        )


def test_gradients_are_proved() -> None:
    model, loss, weights = network(2)
    assert [d.verify().status for d in model.gradients(loss, weights)] == ["proved", "proved"]


def test_an_adjoint_is_one_object_for_all_gradients() -> None:
    model, loss, weights = network(5)
    found = model.gradients(loss, weights)
    assert [len(d.adjoints) for d in found] == [10, 8, 6, 4, 2]
    for d in found:
        assert all(one is other for one, other in zip(d.adjoints, found[0].adjoints, strict=False))


def test_a_gradient_of_64_layers_takes_64_times_the_steps_of_one_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    derived = []
    rewrite = backward.rewrite
    monkeypatch.setattr(backward, "rewrite", lambda line, scope: derived.append(scope.wrt) or rewrite(line, scope))
    counts = {}
    for depth in (8, 16, 64):
        derived.clear()
        model, loss, weights = network(depth)
        counts[depth] = steps(model.gradients(loss, weights))
        assert len(derived) == len(set(derived)) == 3 * depth  # two names and one weight a layer, each derived once
    assert counts[64] - counts[16] == 6 * (counts[16] - counts[8])


def test_the_steps_do_not_depend_on_width() -> None:
    narrow, wide, symbolic = (network(2, sizes) for sizes in ([2, 3, 2], [784, 256, 10], ()))
    lengths = [
        [len(d.steps) for d in model.gradients(loss, weights)] for model, loss, weights in (narrow, wide, symbolic)
    ]
    assert lengths[0] == lengths[1] == lengths[2]


def test_a_closed_gradient_grows_linearly_with_depth() -> None:
    nodes = []
    for depth in (4, 8, 16):
        model, loss, weights = network(depth)
        result = model.gradient(loss, weights[0]).result
        assert not result.atoms(sp.Derivative)
        nodes.append(sum(1 for _ in sp.preorder_traversal(result)))
    assert nodes[2] - nodes[1] == 2 * (nodes[1] - nodes[0])


def test_a_gradient_of_eight_layers_is_proved_by_steps_and_as_a_whole() -> None:
    """Multiplied out it has 512 terms, each a sum over nine indices; it is compared as it stands."""
    model, loss, weights = network(8)
    verdict = model.gradient(loss, weights[0]).verify()
    assert verdict.status == "proved"
    assert {"canonical form", "each step", "whole"} <= {e.kind for e in verdict.evidence if e.outcome == "agrees"}


def test_a_long_product_is_compared_as_it_stands_and_a_slip_in_one_factor_is_found() -> None:
    """Six factors of two terms, each with its sign turned: the same product.  Five turned, or one letter exchanged, is another."""
    i = sp.Idx("i", (1, D))
    pairs = [(sp.IndexedBase(f"a{n}")[i], sp.IndexedBase(f"b{n}")[i]) for n in range(6)]

    def product(*pairs: tuple[sp.Expr, sp.Expr]) -> sp.Expr:
        return sp.Sum(sp.Mul(*(one - other for one, other in pairs)), i)

    turned = [(other, one) for one, other in pairs]
    assert equal(product(*pairs), product(*turned)).status == "proved"
    assert equal(product(*pairs), product(pairs[0], *turned[1:])).status == "refuted"
    assert equal(product(*pairs), product((x[i], pairs[0][1]), *pairs[1:])).status == "refuted"
    assert equal(sp.expand(product(*pairs)), product(*pairs)).status == "proved"  # where they stand otherwise


@pytest.mark.parametrize("step", range(5))
def test_a_slip_in_the_step_of_an_adjoint_is_found(step: int) -> None:
    """A lost sign in any step of ∂E/∂h1 of three layers, the chain rule's and the naming of tanh too."""
    model, loss, weights = network(3)
    derivation = model.gradient(loss, weights[0])
    part = derivation.adjoints[-1]
    wrong = [replace(s, after=-s.after) if n == step else s for n, s in enumerate(part.steps)]
    lines = replace(derivation, adjoints=(*derivation.adjoints[:-1], replace(part, steps=tuple(wrong))))
    verdict = lines.verify()
    assert verdict.status == "refuted"
    assert f"step {step + 1} " in verdict.reason


def test_a_path_that_the_chain_rule_forgets_is_found() -> None:
    """In a residual network each z reaches the loss by two paths."""
    model, loss, weights = network(2, residual=True)
    derivation = model.gradient(loss, weights[0])
    n, part = next((n, a) for n, a in enumerate(derivation.adjoints) if isinstance(a.steps[0].after, sp.Add))
    first = replace(part.steps[0], after=part.steps[0].after.args[0])
    forgotten = replace(part, steps=(first, *part.steps[1:]))
    adjoints = tuple(forgotten if k == n else a for k, a in enumerate(derivation.adjoints))
    verdict = replace(derivation, adjoints=adjoints).verify()
    assert verdict.status == "refuted"
    assert "chain rule through the definitions" in verdict.reason


def test_another_adjoint_than_the_one_that_was_proved_is_not_put_in() -> None:
    model, loss, weights = network(3)
    derivation = model.gradient(loss, weights[0])
    last = derivation.steps[-1]
    assert last.rule is SUBSTITUTION
    for wrong in (last.after.xreplace({sp.IndexedBase("w3"): sp.IndexedBase("w2")}), 2 * last.after):
        slipped = replace(derivation, steps=(*derivation.steps[:-1], replace(last, after=wrong)), result=wrong)
        assert slipped.verify().status == "refuted"


def test_a_value_takes_time_that_grows_with_depth_and_not_with_all_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums in sums are added up once for each value of their indices: 3 units a layer have 3**depth paths."""
    sums: list[sp.Basic] = []
    total = values._Evaluator._total
    monkeypatch.setattr(values._Evaluator, "_total", lambda self, e, env: sums.append(e) or total(self, e, env))
    counts = []
    for depth in (4, 8):
        model, loss, weights = network(depth, [sp.Integer(3)] * (depth + 1))
        result = read(model.gradient(loss, weights[0]).result)
        point = Point({}, 1, [sp.Eq(d.lhs, read(d.rhs), evaluate=False) for d in model.definitions])
        sums.clear()
        evaluate(result, point, env=dict.fromkeys(weights[0].indices, 1))
        counts.append(len(sums))
    assert counts[1] < 4 * counts[0]


def test_a_parameter_that_every_layer_shares_is_a_sum_over_the_layers() -> None:
    """As in a recurrent network: s_n = tanh(Σ w s_(n−1)), with one w."""
    i, j, a, b = (sp.Idx(letter, (1, D)) for letter in "ijab")
    states = [sp.IndexedBase(f"s{n}") for n in range(4)]
    definitions = [sp.Eq(s[j], sp.tanh(sp.Sum(w[j, i] * r[i], i))) for r, s in itertools.pairwise(states)]
    loss = sp.Sum(states[-1][j] * t[j], j)
    (found,) = Model(definitions).gradients(loss, [w[a, b]])
    assert len(found.adjoints) == 3
    assert len(sp.Add.make_args(found.result)) == 3
    assert found.verify().status == "proved"


def test_a_name_and_a_parameter_before_it_are_differentiated_by_in_one_go() -> None:
    """∂E/∂z cuts z's own definition; ∂E/∂w goes through it."""
    model, loss, weights = network(2)
    z1, h1 = sp.IndexedBase("z1"), sp.IndexedBase("h1")
    here = sp.Idx("j", (1, sp.Symbol("D1", integer=True, positive=True)))
    by_z, by_w, by_h = model.gradients(loss, [z1[here], weights[0], h1[here]])
    assert [d.wrt for d in by_z.adjoints] == [d.wrt for d in by_w.adjoints[:2]]
    assert len(by_w.adjoints) == 4
    assert len(by_h.adjoints) == 3
    assert by_z.steps == model.gradient(loss, z1[here]).steps[:-1]


def test_gradients_by_matrices_are_those_by_their_entries() -> None:
    rows, columns = sp.symbols("R C", integer=True, positive=True)
    v, y = sp.MatrixSymbol("V", rows, columns), sp.MatrixSymbol("Y", rows, 1)
    p, hidden = sp.MatrixSymbol("P", columns, 1), sp.MatrixSymbol("H", rows, 1)
    model = Model([sp.Eq(hidden, v * p)])
    loss = (hidden - y).T * (hidden - y)
    found = model.gradients(loss, [v, p])
    assert found[1].adjoints[0] is found[0].adjoints[0]
    assert [d.verify().status for d in found] == ["proved", "proved"]


def test_what_does_not_reach_the_loss_has_the_gradient_zero_and_is_told() -> None:
    model, loss, weights = network(1)
    used, unused = model.gradients(loss, [weights[0], sp.Symbol("c")])
    assert not used.notes
    assert unused.result == 0
    assert unused.notes == ("c does not occur in the loss, so the gradient is zero",)
    assert model.gradients(loss, []) == ()


def test_what_is_not_a_list_of_parameters_is_refused_by_name() -> None:
    model, loss, weights = network(1)
    with pytest.raises(TypeError, match=r"wrts is w1\[j, k\] \(Indexed\); accepted is a list"):
        model.gradients(loss, weights[0])
    with pytest.raises(NotationError, match="wrt is the whole array w1"):
        model.gradients(loss, [weights[0].base])
