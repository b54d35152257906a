"""The five gradients in NumPy as written by hand, the fastest plain forms that were found: what generated code is held against.

The formulas are those that gradproof derives, in their stable forms: sech² h = (1/cosh h)², and a softmax with its maximum
taken out.  What made a difference (NumPy 2.4, OpenBLAS, one thread), and is done here therefore:

- `a.dot(b)` in place of `a @ b`, which takes up to twice as long for a single row;
- arrays are changed in place where their old value has served: from 256 KB on, a fresh one costs more than the arithmetic;
- sums of products are matrix products, `np.vecdot` or `np.vdot`, without an array of the products;
- an axis that is short and reduced goes first; reductions are `np.add.reduce`, without the Python code of `np.sum`.

Arguments are in the alphabetical order of their names; the loss comes first, then the gradients, each in the shape of its argument.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["attention", "layer_norm", "line", "line_in_blocks", "network", "read_once", "softmax"]

Array = NDArray[Any]
Number = float | np.floating[Any]
BLOCK = 32_768  # numbers of a block that stays in a core's cache


def network(t: Array, v: Array, w: Array, x: Array) -> tuple[Number, Array, Array]:
    """Two layers, h = W x, z = tanh h, y = V z: ½ΣΣ(y − t)² and its gradients by w and v.

    t: (P, K), v: (K, J), w: (J, I), x: (P, I), P being the batch.
    """
    h = x.dot(w.T)
    z = np.tanh(h)
    e = z.dot(v.T)
    e -= t
    d = e.dot(v)
    np.cosh(h, out=h)
    d /= h
    d /= h
    return 0.5 * np.vdot(e, e), d.T.dot(x), e.T.dot(z)


def line(b: Number, m: Number, x: Array, y: Array) -> tuple[Number, Number, Number]:
    """Linear regression: Σ(y − m x − b)²/N and its derivatives by m and b.

    x, y: (N,).
    """
    r = m * x
    r += b
    r -= y
    scale = 2 / x.shape[0]
    return r.dot(r) / x.shape[0], scale * r.dot(x), scale * np.add.reduce(r)


def line_in_blocks(b: Number, m: Number, x: Array, y: Array) -> tuple[Number, Number, Number]:
    """The same as `line`, block by block, with one array of the size of a block in place of one of N numbers."""
    size = x.shape[0]
    buffer = np.empty_like(x, shape=(min(BLOCK, size),))
    loss = by_m = by_b = 0.0
    for start in range(0, size, BLOCK):
        part = x[start : start + BLOCK]
        r = np.multiply(part, m, out=buffer[: part.shape[0]])
        r += b
        r -= y[start : start + BLOCK]
        loss += r.dot(r)
        by_m += r.dot(part)
        by_b += np.add.reduce(r)
    return loss / size, 2 / size * by_m, 2 / size * by_b


def read_once(x: Array, y: Array) -> Number:
    """What every gradient from the data must do at least: read both arrays once.  x, y: (N,)."""
    return x.dot(y)


def softmax(b: Array, t: Array, w: Array, x: Array) -> tuple[Number, Array, Array]:
    """Softmax regression, s = W x + b: Σ(log Σ exp s − Σ t s) and its gradients by w and b.

    b: (C,), t: (P, C), w: (C, I), x: (P, I), P being the batch.
    """
    s = w.dot(x.T)
    s += b[:, None]
    targets = t.T.copy()
    top = np.maximum.reduce(s, axis=0)
    o = s - top
    np.exp(o, out=o)
    total = np.add.reduce(o, axis=0)
    top += np.log(total)
    loss = np.add.reduce(top) - np.vdot(targets, s)
    o /= total
    o -= targets
    return loss, o.dot(x), np.add.reduce(o, axis=1)


def layer_norm(b: Array, eps: float, g: Array, t: Array, x: Array) -> tuple[Number, Array, Array, Array]:
    """Layer normalisation, y = g (x − mean)/√(variance + eps) + b: ½ΣΣ(y − t)² and its gradients by x, g and b.

    b, g: (I,), t, x: (P, I), P being the batch.
    """
    size = x.shape[1]
    z = x - x.dot(np.full((size, 1), 1 / size, x.dtype))
    r = np.reciprocal(np.sqrt(np.vecdot(z, z) / size + eps))[:, None]
    z *= r
    e = z * g
    e += b
    e -= t
    products = e * z
    weights = (g / size)[:, None]
    mean, slope = e.dot(weights), products.dot(weights)
    loss, by_g, by_b = 0.5 * np.vdot(e, e), np.add.reduce(products, axis=0), np.add.reduce(e, axis=0)
    z *= slope
    e *= g
    e -= z
    e -= mean
    e *= r
    return loss, e, by_g, by_b


def attention(k: Array, q: Array, t: Array, v: Array) -> tuple[Number, Array, Array, Array]:
    """One head, y = softmax(q kᵀ/√D) v: ½ΣΣ(y − t)² and its gradients by q, k and v.

    k: (B, D), q: (A, D), t: (A, J), v: (B, J).
    """
    scale = 1 / q.shape[1] ** 0.5
    scaled = q * scale
    o = scaled.dot(k.T)
    o -= np.maximum.reduce(o, axis=1, keepdims=True)
    np.exp(o, out=o)
    o /= np.add.reduce(o, axis=1, keepdims=True)
    e = o.dot(v)
    e -= t
    d = e.dot(v.T)
    d -= np.vecdot(d, o)[:, None]
    d *= o
    by_q = d.dot(k)
    by_q *= scale
    return 0.5 * np.vdot(e, e), by_q, d.T.dot(scaled), o.T.dot(e)
