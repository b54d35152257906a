"""The same losses and gradients by other libraries, each as one of its users would write them for speed.

A peer takes the name of a loss and its arrays, and returns a function without arguments that gives the loss and the gradients,
in the order of `BY`; its arrays are made the library's own beforehand, which is not timed.  It raises `LeftOutError` for what it
cannot do, or not at this size.  Double precision.
"""

from __future__ import annotations

import timeit
from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["BY", "PEERS", "LeftOutError", "Peer", "installed"]

Arrays = Mapping[str, NDArray[Any]]
Call = Callable[[], Any]
Peer = Callable[[str, Arrays], Call]

#: what each loss is differentiated by, in the order of the gradients
BY = {"network": "wv", "line": "mb", "softmax": "wb", "layer_norm": "xgb", "attention": "qkv"}


SCALARS = 1_500  # numbers in all arrays up to which CasADi is tried with scalars, too
EXPANDED = 60  # entries of a row and its parameters up to which SymPy expands a loss
LOOPS = 10_000  # terms up to which SymPy's sums are run


class LeftOutError(Exception):
    """Why a peer is not timed on a loss."""


# -- automatic differentiation: one text of the losses for all ----------------------------------------
def losses(xp: Any, logsumexp: Any, softmax: Any) -> dict[str, Callable[..., Any]]:
    """The losses in the functions of one library; arguments in the alphabetical order of their names."""

    def half_squares(e: Any) -> Any:
        return 0.5 * xp.sum(e * e)

    def line(b: Any, m: Any, x: Any, y: Any) -> Any:
        r = y - m * x - b
        return xp.mean(r * r)

    def cross_entropy(b: Any, t: Any, w: Any, x: Any) -> Any:
        s = x @ w.T + b
        return xp.sum(logsumexp(s)) - xp.sum(t * s)

    def layer_norm(b: Any, eps: Any, g: Any, t: Any, x: Any) -> Any:
        u = x - xp.mean(x, axis=1, keepdims=True)
        z = u / xp.sqrt(xp.mean(u * u, axis=1, keepdims=True) + eps)
        return half_squares(g * z + b - t)

    return {
        "network": lambda t, v, w, x: half_squares(xp.tanh(x @ w.T) @ v.T - t),
        "line": line,
        "softmax": cross_entropy,
        "layer_norm": layer_norm,
        "attention": lambda k, q, t, v: half_squares(softmax(q @ k.T / q.shape[1] ** 0.5) @ v - t),
    }


def positions(loss: str, data: Arrays) -> tuple[int, ...]:
    """Where the arguments stand by which a loss is differentiated."""
    return tuple(list(data).index(name) for name in BY[loss])


def autograd(loss: str, data: Arrays) -> Call:
    """HIPS autograd."""
    import autograd.numpy as xp
    from autograd import value_and_grad
    from autograd.scipy.special import logsumexp

    def softmax(s: Any) -> Any:
        o = xp.exp(s - xp.max(s, axis=1, keepdims=True))
        return o / xp.sum(o, axis=1, keepdims=True)

    f = losses(xp, lambda s: logsumexp(s, axis=1), softmax)[loss]
    both = value_and_grad(f, positions(loss, data))
    arguments = tuple(data.values())

    def call() -> Any:
        value, gradients = both(*arguments)
        return value, *gradients

    return call


def jax(loss: str, data: Arrays) -> Call:
    """JAX under jit, until the result is there."""
    import jax as library
    import jax.numpy as xp

    library.config.update("jax_enable_x64", True)
    special = library.nn
    f = losses(xp, lambda s: special.logsumexp(s, axis=1), lambda s: special.softmax(s, axis=1))[loss]
    both = library.jit(library.value_and_grad(f, positions(loss, data)))
    arguments = tuple(map(xp.asarray, data.values()))

    def call() -> Any:
        value, gradients = library.block_until_ready(both(*arguments))
        return value, *gradients

    return call


def _torch(loss: str) -> tuple[Any, Callable[..., Any]]:
    """PyTorch and a loss in it, by its fused functions where it has them."""
    import torch

    torch.set_num_threads(1)
    inner = torch.nn.functional
    by_torch = losses(torch, lambda s: torch.logsumexp(s, 1), lambda s: torch.softmax(s, 1))

    def layer_norm(b: Any, eps: Any, g: Any, t: Any, x: Any) -> Any:
        e = inner.layer_norm(x, x.shape[1:], g, b, float(eps)) - t
        return 0.5 * torch.sum(e * e)

    return torch, {**by_torch, "layer_norm": layer_norm}[loss]


def _tensors(torch: Any, data: Arrays) -> list[Any]:
    return [float(value) if name == "eps" else torch.as_tensor(value) for name, value in data.items()]


def torch_eager(loss: str, data: Arrays) -> Call:
    """PyTorch, eager."""
    torch, f = _torch(loss)
    arguments = _tensors(torch, data)
    wanted = [arguments[n].requires_grad_() for n in positions(loss, data)]

    def call() -> Any:
        value = f(*arguments)
        return value.detach(), *torch.autograd.grad(value, wanted)

    return call


def torch_compiled(loss: str, data: Arrays) -> Call:
    """PyTorch, loss and gradient in one compiled function: quicker than to compile the loss and go back through that."""
    torch, f = _torch(loss)
    torch._dynamo.reset()  # each size is compiled for itself, without the limit on recompilations
    both = torch.compile(torch.func.grad_and_value(f, argnums=positions(loss, data)), dynamic=False)
    arguments = _tensors(torch, data)

    def call() -> Any:
        gradients, value = both(*arguments)
        return value, *gradients

    return call


def tensorgrad(loss: str, data: Arrays) -> Call:
    """Tensorgrad's own compiler, which writes PyTorch code."""
    import tensorgrad as library
    import torch
    from sympy import symbols
    from tensorgrad import functions
    from tensorgrad.compiler import compile_to_callable

    torch.set_num_threads(1)
    shapes = {
        "network": {"t": "pk", "v": "kj", "w": "ji", "x": "pi"},
        "line": {"b": "", "m": "", "x": "n", "y": "n"},
        "softmax": {"b": "c", "t": "pc", "w": "ci", "x": "pi"},
        "layer_norm": {"b": "i", "g": "i", "t": "pi", "x": "pi"},
        "attention": {"k": "bd", "q": "ad", "t": "aj", "v": "bj"},
    }[loss]
    size = {letter: symbols(letter.upper()) for shape in shapes.values() for letter in shape}
    v = {name: library.Variable(name, **{i: size[i] for i in shape}) for name, shape in shapes.items()}

    def half_squares(e: Any) -> Any:
        return functions.frobenius2(e) / 2

    if loss == "network":
        value = half_squares(functions.tanh(v["x"] @ v["w"]) @ v["v"] - v["t"])
    elif loss == "line":
        value = functions.mean(functions.pow(v["y"] - v["m"] * v["x"] - v["b"], 2))
    elif loss == "softmax":
        value = functions.sum(functions.cross_entropy(v["x"] @ v["w"] + v["b"], v["t"], "c"))
    elif loss == "layer_norm":
        scaled = functions.layer_norm(v["x"], dim="i", weight=v["g"], bias=v["b"], eps=float(data["eps"]))
        value = half_squares(scaled - v["t"])
    else:
        scale = data["q"].shape[1] ** -0.5
        value = half_squares(functions.softmax(v["q"] @ v["k"] * scale, "b") @ v["v"] - v["t"])
    wanted = [v[name] for name in BY[loss]]
    program = compile_to_callable(value, *(value.grad(one, {i: i + "_" for i in one.edges}) for one in wanted))
    sizes = {size[i]: n for name, shape in shapes.items() for i, n in zip(shape, data[name].shape, strict=True)}
    # the code that it writes, without the wrapper round it, which needs the named tensors that PyTorch has no longer
    f = program.codegen.specialize(sizes, dtype=torch.float64)
    given = [
        torch.as_tensor(data[one.name]).permute([shapes[one.name].index(i) for i in one.edges]) for one in program.vars
    ]
    orders = [
        [edges.index(i + "_") for i in shapes[name]]
        for name, (_, edges) in zip(BY[loss], program.outputs[1:], strict=True)
    ]

    def call() -> Any:
        with torch.no_grad():
            first, *rest = f(*given)
        return first, *(one.permute(order) for one, order in zip(rest, orders, strict=True))

    return call


# -- symbolic ------------------------------------------------------------------------------------------
def casadi(loss: str, data: Arrays) -> Call:
    """CasADi, written into arrays that are kept: of matrices or, where they are small and that is quicker, of scalars.

    The maximum is not taken out of its softmax, which saves it work.
    """
    import casadi as library

    small = sum(value.size for value in data.values()) <= SCALARS
    calls = [_casadi(library, kind, loss, data) for kind in (library.MX, *([library.SX] * small))]
    return min(calls, key=lambda call: min(timeit.repeat(call, number=20)) if small else 0)


def _casadi(library: Any, kind: Any, loss: str, data: Arrays) -> Call:
    symbols = {name: kind.sym(name, *value.shape) for name, value in data.items()}
    value = _of_matrices(library, loss, symbols)
    results = [value, *(library.gradient(value, symbols[name]) for name in BY[loss])]
    buffer, run = library.Function(loss, list(symbols.values()), results).buffer()
    given = [value.ravel(order="F") for value in data.values()]
    found = [np.empty(1), *(np.empty(data[name].size) for name in BY[loss])]
    for n, array in enumerate(given):
        buffer.set_arg(n, memoryview(array))
    for n, array in enumerate(found):
        buffer.set_res(n, memoryview(array))
    shapes = [(), *(data[name].shape for name in BY[loss])]
    shaped = [array.reshape(shape, order="F") for array, shape in zip(found, shapes, strict=True)]
    return partial(_ran, run, shaped, buffer, given)


def _ran(run: Call, results: Any, *_alive: Any) -> Any:
    """The results after a run of a buffer, which must live, and so must its arguments."""
    run()
    return results


def _of_matrices(library: Any, loss: str, given: Mapping[str, Any]) -> Any:
    """A loss in CasADi's matrices, in which nothing is broadcast."""
    product, rows, repeated = library.mtimes, library.sum2, library.repmat

    def softmax(s: Any) -> Any:
        o = library.exp(s)
        return o / repeated(rows(o), 1, s.shape[1])

    def under(vector: Any, matrix: Any) -> Any:
        return repeated(vector.T, matrix.shape[0], 1)

    def network(t: Any, v: Any, w: Any, x: Any) -> Any:
        return library.sumsqr(product(library.tanh(product(x, w.T)), v.T) - t) / 2

    def line(b: Any, m: Any, x: Any, y: Any) -> Any:
        return library.sumsqr(y - m * x - b) / x.shape[0]

    def cross_entropy(b: Any, t: Any, w: Any, x: Any) -> Any:
        s = product(x, w.T) + under(b, x)
        return library.sum1(library.log(rows(library.exp(s)))) - library.dot(t, s)

    def layer_norm(b: Any, eps: Any, g: Any, t: Any, x: Any) -> Any:
        size = x.shape[1]
        u = x - repeated(rows(x) / size, 1, size)
        z = u / repeated(library.sqrt(rows(u * u) / size + eps), 1, size)
        return library.sumsqr(z * under(g, x) + under(b, x) - t) / 2

    def attention(k: Any, q: Any, t: Any, v: Any) -> Any:
        return library.sumsqr(product(softmax(product(q, k.T) / q.shape[1] ** 0.5), v) - t) / 2

    known = {"network": network, "line": line, "softmax": cross_entropy, "layer_norm": layer_norm}
    return known.get(loss, attention)(**given)


def sympy_plain(loss: str, data: Arrays) -> Call:
    """SymPy's derivatives of the expanded loss, by lambdify."""
    return _lambdified(loss, data, cse=False)


def sympy_cse(loss: str, data: Arrays) -> Call:
    """The same with common subexpressions taken out."""
    return _lambdified(loss, data, cse=True)


def _lambdified(loss: str, data: Arrays, cse: bool) -> Call:
    """The entries of one row of the batch as symbols, to which columns of the batch are given.

    Attention has no batch: all its entries are symbols.  The sum of linear regression stays a sum.
    """
    import sympy as sp

    if loss == "line":
        return _line_lambdified(data, cse)
    batched = {"network": "tx", "softmax": "tx", "layer_norm": "tx", "attention": ""}[loss]
    shapes = {name: value.shape[name in batched :] for name, value in data.items()}
    if sum(map(np.prod, shapes.values())) > EXPANDED:
        raise LeftOutError("the gradients of all entries, expanded, are too long to be written and compiled")
    given = {
        name: np.array(sp.symbols(f"{name}:{int(np.prod(shape))}")).reshape(shape) for name, shape in shapes.items()
    }
    given |= {name: entries.item() for name, entries in given.items() if not entries.shape}
    value = _of_entries(loss, given)
    gradients = [sp.diff(value, entry) for name in BY[loss] for entry in np.ravel(given[name])]
    f = sp.lambdify([s for array in given.values() for s in np.ravel(array)], [value, *gradients], cse=cse)
    ones = np.ones(data["x"].shape[0]) if batched else None

    def call() -> Any:
        columns = [c for name in data for c in (data[name].T if name in batched else np.ravel(data[name]))]
        first, *rest = f(*columns)
        found, start = [np.sum(first)], 0
        for name in BY[loss]:
            size = int(np.prod(shapes[name]))
            part = rest[start : start + size]
            start += size
            if name in batched:
                found.append(np.stack(part, axis=1))
            else:
                found.append(np.array([one.dot(ones) for one in part] if batched else part).reshape(shapes[name]))
        return found

    return call


def _line_lambdified(data: Arrays, cse: bool) -> Call:
    import sympy as sp

    size = data["x"].size
    if cse:
        raise LeftOutError("cse takes the terms out of the sum, and their index is then unknown")
    if size > LOOPS:
        raise LeftOutError("its sum is a loop in Python")
    b, m, n = *sp.symbols("b m"), sp.symbols("N", integer=True)
    i, x, y = sp.Symbol("i", integer=True), sp.IndexedBase("x"), sp.IndexedBase("y")
    value = sp.Sum((y[i] - m * x[i] - b) ** 2, (i, 0, n - 1)) / n
    f = sp.lambdify([b, m, x, y, n], [value, sp.diff(value, m), sp.diff(value, b)])
    return lambda: f(*data.values(), size)


def _of_entries(loss: str, given: Mapping[str, Any]) -> Any:
    """A loss in arrays of symbols: of one row of the batch, but for attention."""
    import sympy as sp

    exp = np.vectorize(sp.exp, otypes=[object])
    if loss == "network":
        z = np.vectorize(sp.tanh, otypes=[object])(given["w"].dot(given["x"]))
        return sum((given["v"].dot(z) - given["t"]) ** 2) / 2
    if loss == "softmax":
        s = given["w"].dot(given["x"]) + given["b"]
        return sp.log(sum(exp(s))) - given["t"].dot(s)
    if loss == "layer_norm":
        x = given["x"]
        u = x - sum(x) / len(x)
        z = u / sp.sqrt(sum(u * u) / len(x) + given["eps"])
        return sum((given["g"] * z + given["b"] - given["t"]) ** 2) / 2
    o = exp(given["q"].dot(given["k"].T) / sp.sqrt(given["q"].shape[1]))
    o = o / o.sum(axis=1)[:, None]
    return ((o.dot(given["v"]) - given["t"]) ** 2).sum() / 2


#: by their name in the data: the package, and the peer
PEERS: dict[str, tuple[str, Peer]] = {
    "autograd": ("autograd", autograd),
    "jax": ("jax", jax),
    "torch": ("torch", torch_eager),
    "torch_compiled": ("torch", torch_compiled),
    "tensorgrad": ("tensorgrad", tensorgrad),
    "casadi": ("casadi", casadi),
    "sympy": ("sympy", sympy_plain),
    "sympy_cse": ("sympy", sympy_cse),
}


def installed() -> dict[str, Peer]:
    """The peers whose package is there."""
    return {name: peer for name, (package, peer) in PEERS.items() if find_spec(package)}
