"""The five losses of the benchmark as models in index notation; the batch is an index like any other.

Each has its hand-written function of the same name in by_hand.py, with the arrays in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from gradproof import Model

__all__ = ["MODELS", "Problem"]

A, B, C, D, I, J, K, N, P = sp.symbols("A B C D I J K N P", integer=True, positive=True)
a, b, c, d, i, j, k, n, p = (
    sp.Idx(letter, (1, size)) for letter, size in zip("abcdijknp", (A, B, C, D, I, J, K, N, P), strict=True)
)
other_b, other_i = sp.Idx("e", (1, B)), sp.Idx("l", (1, I))


def arrays(names: str) -> list[sp.IndexedBase]:
    """Arrays by their names, between spaces."""
    return [sp.IndexedBase(name) for name in names.split()]


@dataclass(frozen=True)
class Problem:
    """A model, its loss, what it is differentiated by, in the order of the gradients, and what is given of it."""

    model: Model
    loss: sp.Expr
    wrt: Sequence[sp.Expr]
    assumptions: Sequence[Any] = ()

    def program(self) -> Any:
        """The loss and all gradients as one program."""
        return self.model.program(self.loss, list(self.wrt), assumptions=self.assumptions)


def network() -> Problem:
    """Two layers with tanh between them: t[p, k], v[k, j], w[j, i], x[p, i]."""
    h, t, v, w, x, y, z = arrays("h t v w x y z")
    model = Model(
        [
            sp.Eq(h[p, j], sp.Sum(w[j, i] * x[p, i], i)),
            sp.Eq(z[p, j], sp.tanh(h[p, j])),
            sp.Eq(y[p, k], sp.Sum(v[k, j] * z[p, j], j)),
        ]
    )
    return Problem(model, sp.Sum((y[p, k] - t[p, k]) ** 2, k, p) / 2, (w[j, i], v[k, j]))


def line() -> Problem:
    """Linear regression, the mean of the squares: b and m numbers, x[n], y[n]."""
    x, y = arrays("x y")
    slope, shift = sp.symbols("m b", real=True)
    return Problem(Model([]), sp.Sum((y[n] - slope * x[n] - shift) ** 2, n) / N, (slope, shift))


def softmax() -> Problem:
    """Softmax regression, the cross-entropy with one-hot targets: b[c], t[p, c], w[c, i], x[p, i]."""
    s, shift, t, w, x = arrays("s b t w x")
    model = Model([sp.Eq(s[p, c], sp.Sum(w[c, i] * x[p, i], i) + shift[c])])
    loss = sp.Sum(sp.log(sp.Sum(sp.exp(s[p, c]), c)) - sp.Sum(t[p, c] * s[p, c], c), p)
    return Problem(model, loss, (w[c, i], shift[c]))


def layer_norm() -> Problem:
    """Layer normalisation, and half the squares of its errors: b[i], eps, g[i], t[p, i], x[p, i]."""
    shift, gain, r, t, u, x, y, z = arrays("b g r t u x y z")
    eps = sp.Symbol("eps", positive=True)
    model = Model(
        [
            sp.Eq(u[p, i], x[p, i] - sp.Sum(x[p, other_i], other_i) / I),
            sp.Eq(r[p], 1 / sp.sqrt(sp.Sum(u[p, i] ** 2, i) / I + eps)),
            sp.Eq(z[p, i], u[p, i] * r[p]),
            sp.Eq(y[p, i], gain[i] * z[p, i] + shift[i]),
        ]
    )
    return Problem(model, sp.Sum((y[p, i] - t[p, i]) ** 2, i, p) / 2, (x[p, i], gain[i], shift[i]))


def attention() -> Problem:
    """One head of attention, and half the squares of its errors: k[b, d], q[a, d], t[a, j], v[b, j]."""
    s, weights, y, keys, q, t, v = arrays("s o y k q t v")
    model = Model(
        [
            sp.Eq(s[a, b], sp.Sum(q[a, d] * keys[b, d], d) / sp.sqrt(D)),
            sp.Eq(weights[a, b], sp.exp(s[a, b]) / sp.Sum(sp.exp(s[a, other_b]), other_b)),
            sp.Eq(y[a, j], sp.Sum(weights[a, b] * v[b, j], b)),
        ]
    )
    return Problem(model, sp.Sum((y[a, j] - t[a, j]) ** 2, j, a) / 2, (q[a, d], keys[b, d], v[b, j]))


MODELS = {"network": network, "line": line, "softmax": softmax, "layer_norm": layer_norm, "attention": attention}
