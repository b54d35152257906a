"""Losses that the tests of generated code use, and those of the site, with their derivations."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from gradproof import CLAIMS, REFERENCE, Derivation, Model, Program, derive, program

ALL = os.environ.get("GRADPROOF_CODE") == "all"  # else some of the claims and entries
FEW = (
    "linear-regression", "softmax-regression", "sparse-cross-entropy", "huber", "two-layer-network", "batch-norm", "attention",
    "convolution", "gelu", "determinant", "log-sum-exp", "symmetric-quadratic-form", "backprop.5.12", "averages.nontrivial-g",
)  # fmt: skip
NO_CODE = ("backprop.4.1", "symmetry.general")  # they hold functions that are not defined

I, J, K, N, P = sp.symbols("I J K N P", integer=True, positive=True)
i, j, k, n, p = (sp.Idx(c, (1, size)) for c, size in zip("ijknp", (I, J, K, N, P), strict=True))
b, c, m, E = sp.symbols("b c m E")
h, q, t, v, w, x, y, z = map(sp.IndexedBase, "hqtvwxyz")
NETWORK = Model(
    [
        sp.Eq(h[p, j], sp.Sum(w[j, i] * x[p, i], i)),
        sp.Eq(z[p, j], sp.tanh(h[p, j])),
        sp.Eq(y[p, k], sp.Sum(v[k, j] * z[p, j], j)),
        sp.Eq(E, sp.Sum((y[p, k] - t[p, k]) ** 2, p, k) / 2),
    ]
)
LINE = sp.Sum((y[n] - m * x[n] - b) ** 2, n) / N


@cache
def network() -> Program:
    return program(NETWORK.gradient(E, w[j, i]), NETWORK.gradient(E, v[k, j]))


@cache
def line() -> Program:
    return program(derive(LINE, m), derive(LINE, b))


def drawn(*shape: int, dtype: Any = float) -> Any:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(dtype)


def identities(few: Sequence[str] = FEW) -> list[str]:
    """Entries and claims that have gradients, all if asked for."""
    claims = [name for name, claim in CLAIMS.items() if name not in NO_CODE and claim.derivations] if ALL else []
    return [*REFERENCE, *claims] if ALL else list(few)


def derived(identity: str) -> list[list[Derivation]]:
    """The derivations of an entry or a claim, those of one loss together."""
    if identity in CLAIMS:
        return [[d] for d in CLAIMS[identity].derivations]
    entry = REFERENCE[identity]
    groups: dict[sp.Expr, list[Derivation]] = {}
    for g in entry.gradients:
        groups.setdefault(entry.of(g), []).append(entry.derivation(g))
    return list(groups.values())
