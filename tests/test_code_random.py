"""Random losses and random products of arrays as NumPy code, beside array code of another make and np.einsum.

`HYPOTHESIS_PROFILE=search nox -s tests -- tests/test_code_random.py` looks for new ones.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

import random_losses
from code_oracle import Oracle, apart
from gradproof import CodeError, Model, NotationError, derive, program
from gradproof.checks.arrays import UnsupportedError
from gradproof.code.contraction import Contraction, Value
from gradproof.code.nodes import Graph, Node
from gradproof.code.numpy_source import NumpyWriter
from gradproof.code.programs import compiled
from gradproof.derivation import NoRuleAppliesError

COUNT = 400 if os.environ.get("GRADPROOF_CODE") == "all" else 20
RELAXED = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=COUNT, **RELAXED)
@given(random_losses.problems())
def test_random_losses(problem: random_losses.Problem) -> None:
    """What is well defined at a point has the same value in code; where a formula is no number nothing is compared."""
    try:
        if problem.definitions:
            derivation = Model(list(problem.definitions)).gradient(problem.loss, problem.wrt, problem.assumptions)
        else:
            derivation = derive(problem.loss, problem.wrt, problem.assumptions)
        made = program(derivation)
        function = made.to_numpy()
    except CodeError as error:
        assume(not any(text in str(error) for text in ("f(", "h(", "diagonal", "ranges of the indices")))
        raise
    except (NotationError, NoRuleAppliesError):
        reject()
    try:
        found = Oracle(made).cases(3)
    except UnsupportedError:
        reject()
    for given_, wanted in found:
        if any(np.size(v) and np.max(np.abs(v)) > 1e6 for v in wanted):
            continue
        arguments = {name: a.copy() if isinstance(a, np.ndarray) else a for name, a in given_.items()}
        with np.errstate(all="ignore"):
            got = function(**arguments)
        assert max(map(apart, got, wanted)) < 1e-7, (made.numpy_source(), given_, got, wanted)
        assert all(np.array_equal(given_[name], a) for name, a in arguments.items())


LETTERS = sp.symbols("a b c d e f", integer=True)


@st.composite
def products(draw: Any) -> tuple[list[str], str]:
    """Subscripts as einsum has them: two to five arrays, with indices that they share, and which are left."""
    letters = "abcdef"[: draw(st.integers(1, 5))]
    operand = st.lists(st.sampled_from(letters), min_size=1, max_size=3, unique=True).map("".join)
    operands = draw(st.lists(operand, min_size=2, max_size=5))
    used = sorted(set("".join(operands)))
    left = draw(st.permutations(used).flatmap(lambda order: st.integers(0, len(order)).map(lambda n: order[:n])))
    return operands, "".join(left)


def contracted(operands: list[str], left: str, sizes: dict[str, int], arrays: list[Any]) -> Any:
    """The product by the lines that are written for it, with its axes in the order of `left`."""
    symbols = {str(s): sp.Symbol(f"size_{s}", integer=True, positive=True) for s in LETTERS}
    of = {str(s): s for s in LETTERS}
    graph = Graph()
    contraction = Contraction(graph, LETTERS.index, lambda i: symbols[str(i)])
    values = [
        Value(
            tuple(of[c] for c in letters),
            graph.node("array", (), f"x{n}", tuple(symbols[c] for c in letters)),
        )
        for n, letters in enumerate(operands)
    ]
    bound = [of[c] for c in sorted(set("".join(operands)) - set(left))]
    value = contraction.contracted(values, bound)
    node: Node = contraction.ordered(value, tuple(of[c] for c in left))
    writer = NumpyWriter({}, [node], {f"x{n}" for n in range(len(operands))})
    lines = ["import numpy as np", *(f"from numpy import {name}" for name in writer.imported)]
    lines += [
        f"def product({', '.join([*(f'x{n}' for n in range(len(operands))), *map(str, symbols.values()), 'dtype'])}):"
    ]
    lines += [f"    {line}" for line in (*writer.lines, f"return {writer.returned([node])[0]}")]
    given_ = [sizes[c] for c in symbols]
    return compiled("\n".join(lines), "product")(*arrays, *given_, np.dtype(float))


@settings(max_examples=5 * COUNT, **RELAXED)
@given(products(), st.integers(0, 10**6), st.lists(st.integers(1, 4), min_size=6, max_size=6))
def test_random_contractions(product: tuple[list[str], str], seed: int, counts: list[int]) -> None:
    operands, left = product
    sizes = dict(zip("abcdef", counts, strict=True))
    random = np.random.default_rng(seed)
    arrays = [random.normal(size=[sizes[c] for c in letters]) for letters in operands]
    got = contracted(operands, left, sizes, [a.copy() for a in arrays])
    wanted = np.einsum(f"{','.join(operands)}->{left}", *arrays)
    assert np.shape(got) == wanted.shape
    np.testing.assert_allclose(got, wanted, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("method", ["multiply", "permute", "expand"])
def test_a_slip_in_an_operation_is_seen(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = getattr(Graph, method)
    wrong = {
        "multiply": lambda self, a, b: right(
            self, a, self.number(2 * b.data) if b.op == "number" else self.node("add", [a, b])
        ),
        "permute": lambda self, a, axes: right(self, a, axes[::-1]),
        "expand": lambda self, a, places: right(
            self, a, (1 - places[0],) if a.rank == 1 and len(places) == 1 else places
        ),
    }
    monkeypatch.setattr(Graph, method, wrong[method])
    gaps = []
    for operands, left in ((["ab", "ac", "abc"], "ab"), (["ab", "cb", "ab"], "ac"), (["ab", "b", "a"], "ba")):
        arrays = [np.random.default_rng(n).normal(size=[3] * len(o)) for n, o in enumerate(operands)]
        got = contracted(operands, left, dict.fromkeys("abcdef", 3), arrays)
        gaps.append(apart(got, np.einsum(f"{','.join(operands)}->{left}", *arrays)))
    assert max(gaps) > 0.01
