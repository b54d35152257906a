"""Where gradients do not exist: the exact set, and what JAX and PyTorch return there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sympy as sp
from sympy import Abs, Eq, KroneckerDelta, Max, Min, Piecewise, Sum, exp, sign

from gradproof import Model, derive
from gradproof.kinks import Kink

t, s = sp.symbols("t s", real=True)
alpha, delta = sp.symbols("alpha delta", positive=True)
N, D = sp.symbols("N D", integer=True, positive=True)
n, m = (sp.Idx(name, (1, N)) for name in "nm")
d, e = (sp.Idx(name, (1, D)) for name in "de")
x, y, w, X = map(sp.IndexedBase, "xywX")
score = Sum(X[n, d] * w[d], d)


def only(loss: sp.Expr, wrt: sp.Expr) -> Kink:
    (kink,) = derive(loss, wrt).kinks
    return kink


def huber(r: sp.Expr) -> sp.Expr:
    return Piecewise((r**2 / 2, Abs(r) <= delta), (delta * (Abs(r) - delta / 2), True))


JUMPS = [
    (Abs(t), t, t, 2),
    (Max(0, t), t, t, 1),
    (Min(0, t), t, t, -1),
    (Max(t, alpha * t), t, t - alpha * t, 1 - alpha),
    (Piecewise((t, t > 0), (alpha * (exp(t) - 1), True)), t, t, 1 - alpha * exp(t)),
    (Sum(Abs(x[n]), n), x[m], x[m], 2),
    (Sum(Abs(x[n]), n), x[n], x[n], 2),
    (Sum(s * Max(0, x[n] - 1), n), x[m], x[m] - 1, s),
    (Sum(Max(0, 1 - y[n] * score), n), w[e], y[n] * score - 1, y[n] * X[n, e]),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "wrt", "gap", "jump"), JUMPS, ids=str)
def test_the_gradient_jumps_at_a_kink(loss: sp.Expr, wrt: sp.Expr, gap: sp.Expr, jump: Any) -> None:
    kink = only(loss, wrt)
    assert kink.kind == "kink"
    assert kink.where.lhs - kink.where.rhs == gap
    assert sp.expand(kink.jump - jump) == 0


@pytest.mark.parametrize(
    ("loss", "wrt"),
    [
        (Max(0, t) ** 2, t),
        (t * Abs(t), t),
        (t / (1 + Abs(t)), t),
        (huber(t), t),
        (Sum(huber(score - y[n]), n), w[e]),
        (Sum(Max(0, 1 - y[n] * score) ** 2, n), w[e]),
        (Piecewise((t, t > 0), (exp(t) - 1, True)) ** 2, t),
        (Piecewise((exp(t) - 1 - t, t > 0), (t**2 / 2, True)), t),
    ],
    ids=str,
)
def test_a_border_where_both_sides_agree_is_no_kink(loss: sp.Expr, wrt: sp.Expr) -> None:
    kinks = derive(loss, wrt).kinks
    assert kinks
    assert {k.kind for k in kinks} == {"smooth"}


def test_a_condition_on_something_else_makes_no_kink() -> None:
    assert derive(Piecewise((t, s > 0), (-t, True)), t).kinks == ()
    assert derive(Sum(Piecewise((x[n], n < m), (0, True)), n), x[m]).kinks == ()


def test_a_loss_that_jumps_is_told() -> None:
    assert only(s * sign(t), t).kind == "step"
    assert only(Piecewise((t, t > 1), (0, True)), t).kind == "step"
    assert "the loss itself may jump" in str(only(sign(t), t))


def test_the_kinks_of_a_model_are_those_of_its_definitions() -> None:
    h, loss = sp.IndexedBase("h"), sp.Symbol("L")
    k = sp.Idx("k", (1, N))
    model = Model([Eq(h[k], Max(0, Sum(X[k, d] * x[d], d))), Eq(loss, Sum(s * h[k], k))])
    (kink,) = model.gradient(loss, X[m, e]).kinks
    assert kink.where == Eq(Sum(X[m, d] * x[d], d), 0, evaluate=False)
    assert sp.expand(kink.jump - s * x[e]) == 0


def test_the_jump_is_the_difference_of_the_gradients_on_both_sides() -> None:
    loss = Max(t, 1 - t) * t + Abs(t - sp.Rational(1, 2)) * s
    derivation = derive(loss, t)
    near, half = sp.Rational(1, 10**6), sp.Rational(1, 2)
    sides = [derivation.at({"t": half + side * near, "s": 3}) for side in (1, -1)]
    jumps = sum(k.jump.subs({t: half, s: 3}) * (1 if k.where.lhs.diff(t) > 0 else -1) for k in derivation.kinks)
    assert abs(float(sides[0] - sides[1]) - float(jumps)) < 1e-4


def returned(kink: Kink, wrt: sp.Expr) -> dict[str, Any]:
    """What each spelling returns at its border, as a share of the branch that its convention names."""
    sides = [branch.diff(wrt) for branch in (kink.above, kink.below)]
    return {
        c.spelling: sum(sides) / 2 if c.share != 1 else c.of.diff(wrt) if isinstance(c.of, sp.Expr) else 0
        for c in kink.returned
    }


SPELLINGS: list[tuple[sp.Expr, sp.Expr, str, str]] = [
    (Abs(t), sp.Integer(0), "abs(t)", "{}.abs"),
    (Max(0, t), sp.Integer(0), "maximum(t, zero)", "maximum"),
    (Min(0, t), sp.Integer(0), "minimum(t, zero)", "minimum"),
    (Max(0, t), sp.Integer(0), "relu(t)", "relu"),
    (Max(0, t), sp.Integer(0), "clamp(t, min=0.0)", "torch.clamp"),
    (Min(1, t), sp.Integer(1), "clamp(t, max=1.0)", "torch.clamp"),
    (Piecewise((2 * t, t > 0), (3 * t, True)), sp.Integer(0), "where(t > 0, 2*t, 3*t)", "where"),
    (Piecewise((2 * t, t >= 0), (3 * t, True)), sp.Integer(0), "where(t >= 0, 2*t, 3*t)", "where"),
    (Piecewise((2 * t, t < 0), (3 * t, True)), sp.Integer(0), "where(t < 0, 2*t, 3*t)", "where"),
]  # fmt: skip


def told(loss: sp.Expr, spelling: str) -> float:
    """The value that our convention gives for a spelling."""
    values = returned(only(loss, t), t)
    return float(next(v for name, v in values.items() if spelling in name))


@pytest.mark.parametrize(("loss", "at", "code", "spelling"), SPELLINGS, ids=str)
def test_jax_returns_what_we_say(loss: sp.Expr, at: sp.Expr, code: str, spelling: str) -> None:
    if "clamp" in code:
        pytest.skip("JAX has no clamp of that meaning; PyTorch's is told")
    jax = pytest.importorskip("jax")
    jnp = jax.numpy
    calls: dict[str, Callable[[Any], Any]] = {
        "abs(t)": jnp.abs,
        "maximum(t, zero)": lambda u: jnp.maximum(u, 0.0),
        "minimum(t, zero)": lambda u: jnp.minimum(u, 0.0),
        "relu(t)": jax.nn.relu,
        "where(t > 0, 2*t, 3*t)": lambda u: jnp.where(u > 0, 2 * u, 3 * u),
        "where(t >= 0, 2*t, 3*t)": lambda u: jnp.where(u >= 0, 2 * u, 3 * u),
        "where(t < 0, 2*t, 3*t)": lambda u: jnp.where(u < 0, 2 * u, 3 * u),
    }
    assert float(jax.grad(calls[code])(float(at))) == told(loss, spelling.format("jnp"))


@pytest.mark.parametrize(("loss", "at", "code", "spelling"), SPELLINGS, ids=str)
def test_pytorch_returns_what_we_say(loss: sp.Expr, at: sp.Expr, code: str, spelling: str) -> None:
    torch = pytest.importorskip("torch")
    calls: dict[str, Callable[[Any], Any]] = {
        "abs(t)": torch.abs,
        "maximum(t, zero)": lambda u: torch.maximum(u, torch.tensor(0.0)),
        "minimum(t, zero)": lambda u: torch.minimum(u, torch.tensor(0.0)),
        "relu(t)": torch.relu,
        "clamp(t, min=0.0)": lambda u: torch.clamp(u, min=0.0),
        "clamp(t, max=1.0)": lambda u: torch.clamp(u, max=1.0),
        "where(t > 0, 2*t, 3*t)": lambda u: torch.where(u > 0, 2 * u, 3 * u),
        "where(t >= 0, 2*t, 3*t)": lambda u: torch.where(u >= 0, 2 * u, 3 * u),
        "where(t < 0, 2*t, 3*t)": lambda u: torch.where(u < 0, 2 * u, 3 * u),
    }
    u = torch.tensor(float(at), requires_grad=True)
    calls[code](u).backward()
    assert float(u.grad) == told(loss, spelling.format("torch"))


def test_a_jump_with_a_delta_of_two_free_indices_is_kept() -> None:
    c = sp.Idx("c", (1, N))
    (kink,) = derive(Sum(Max(0, 1 + x[n] - x[c]) * (1 - KroneckerDelta(n, c)), n), x[m]).kinks
    assert kink.kind == "kink"
    assert kink.jump.has(KroneckerDelta)
