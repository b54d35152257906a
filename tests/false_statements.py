"""False statements, most of them true nearly everywhere: each with a point at which both sides have values, and differ.

They fail for one size, on a branch, at zero, for negative numbers, or where an assumption does not reach.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import (
    Abs,
    And,
    Eq,
    Ge,
    Gt,
    Heaviside,
    KroneckerDelta,
    Lt,
    Max,
    Min,
    Ne,
    Or,
    Piecewise,
    Sum,
    cosh,
    exp,
    log,
    sign,
    sin,
    sqrt,
)  # fmt: skip

N, M = sp.symbols("N M", integer=True, positive=True)
n, l, m = sp.Idx("n", (1, N)), sp.Idx("l", (1, N)), sp.Idx("m", (1, M))
p, q, e = sp.symbols("p q e", integer=True)
x, y, z, S = map(sp.IndexedBase, ["x", "y", "z", "S"])
a, b, c, u, v, g, h = sp.symbols("a b c u v g h")
s = sp.Symbol("s", positive=True)

short = Sum(x[p], (p, 1, N - 1))
one_of = Sum(y[n] ** 2, n)
at_zero = Piecewise((1, Eq(u, 0)), (0, True))
between = Sum(Piecewise((1, And(p > M, q > M)), (0, True)), (p, N, N), (q, N, N))

#: left, right, a point, assumptions
EQUALITIES: list[tuple[Any, Any, dict[str, Any], tuple[Any, ...]]] = [
    # a size
    (Sum(x[n], n) ** 2, Sum(x[n] ** 2, n), {"N": 2, "x": [1, 1]}, ()),
    (KroneckerDelta(N, 1) * u, u, {"N": 2, "u": 1}, ()),
    (Piecewise((1, N > 1), (0, True)), 1, {"N": 1}, ()),
    (Piecewise((u, Or(N > 2, Eq(N, 1))), (0, True)), u, {"N": 2, "u": 1}, ()),
    (Sum(x[n], n), x[1], {"N": 2, "x": [1, 1]}, ()),
    (KroneckerDelta(N, 2) * Sum(x[n], n), KroneckerDelta(N, 2) * x[1], {"N": 2, "x": [1, 1]}, ()),
    (Sum(x[p], (p, 1, N - 1)), Sum(x[n], n), {"N": 1, "x": [1]}, ()),
    (Sum(KroneckerDelta(n, 2) * x[n], n), x[2], {"N": 1, "x": [0, 1]}, ()),
    (Sum(KroneckerDelta(p, q) * x[p], (p, 1, N)), x[q], {"N": 1, "q": 2, "x": [0, 1]}, ()),
    (sign(Sum(exp(x[p]), (p, 1, N - 1))), 1, {"N": 1}, ()),
    (Max(0, Sum(exp(x[p]), (p, 2, N)) - u), Sum(exp(x[p]), (p, 2, N)) - u, {"N": 1, "u": 1}, ()),
    (N * (N - 1), Sum(Piecewise((1, n >= l), (0, True)), n, l) * 2 - N + KroneckerDelta(N, 3), {"N": 3}, ()),
    ((1 - KroneckerDelta(N, M)) * between, 1 - KroneckerDelta(N, M), {"N": 1, "M": 2}, ()),
    (Sum(Piecewise((1, n > M), (0, True)), n), N - M, {"N": 1, "M": 2}, ()),
    (Sum(KroneckerDelta(n, l + 2), n), 1 - KroneckerDelta(l, N), {"N": 2, "l": 1}, ()),
    # a branch, a kink
    (
        Sum(Piecewise((0, x[n] > 0), (1 / (u - 1), True)), n) + Piecewise((1, Eq(u, 1)), (0, True)),
        Sum(Piecewise((0, x[n] > 0), ((u + 1) / (u**2 - 1), True)), n), {"N": 1, "x": [1], "u": 1}, (),
    ),
    (sign(u) ** 2, 1, {"u": 0}, ()),
    (Heaviside(u) ** 2, Heaviside(u), {"u": 0}, ()),
    (Sum(sign(x[n]) ** 2, n), N, {"N": 1, "x": [0]}, ()),
    (Sum(Piecewise((1, x[n] > 0), (0, True)), n) + Sum(Piecewise((1, x[n] < 0), (0, True)), n), N, {"N": 2, "x": [0, 1]}, ()),
    (Sum(Heaviside(x[n] - x[l], 0), n, l), N**2 / 2, {"N": 1, "x": [1]}, ()),
    (Max(u, v) ** 2, Max(u**2, v**2), {"u": 1, "v": -2}, ()),
    (Max(u * v, 0), Max(u, 0) * Max(v, 0), {"u": -1, "v": -1}, ()),
    (Max(-1, Min(1, u)), Min(1, Max(-2, u)), {"u": -3}, ()),
    (Abs(u + v), Abs(u) + Abs(v), {"u": 1, "v": -1}, ()),
    (Sum(Max(x[n], 0), n), Max(Sum(x[n], n), 0), {"N": 2, "x": [1, -1]}, ()),
    (Sum(Abs(x[n] - x[l]), n, l), Sum(Max(x[n] - x[l], 0), n, l), {"N": 2, "x": [1, 2]}, ()),
    (Piecewise((1, And(u > 0, v > 0)), (0, True)), Piecewise((1, u * v > 0), (0, True)), {"u": -1, "v": -1}, ()),
    (Piecewise((u, u > 0), (v, u > -1), (1, True)), Piecewise((u, u > 0), (v, True)), {"u": -2, "v": 0}, ()),
    (Piecewise((5, Eq(u, 0)), (1, 1 / u > 0), (2, True)), Piecewise((7, Eq(u, 0)), (1, u > 0), (2, True)), {"u": 0}, ()),
    (Piecewise((u**2, Ne(u, 1)), (5, True)), u**2, {"u": 1}, ()),
    (Piecewise((log(u), u > 0), (0, True)), Piecewise((log(Abs(u)), Ne(u, 0)), (0, True)), {"u": -2}, ()),
    (Max(0, Max(u, 3) - 3), Max(0, u) - 3 * Heaviside(u - 3, 0), {"u": 1}, ()),
    (sin(u) * sign(sin(u)), sin(u) * sign(u), {"u": 4}, ()),
    # powers, roots, logarithms
    (sqrt(u**2), u, {"u": -1}, ()),
    (sqrt(u**2 * v), u * sqrt(v), {"u": -1, "v": 1}, ()),
    (sqrt(short**2), short, {"N": 2, "x": [-1, 0]}, ()),
    (sqrt((u - 1) ** 2), 1 - u, {"u": 2}, ()),
    (Abs(u**3), u**3, {"u": -1}, ()),
    (Abs(u) ** g * sign(u), Abs(u) ** g, {"u": -1, "g": 1}, ()),
    (sqrt(u ** (2 * e)), u**e, {"u": -1, "e": 1}, ()),
    (((u**e) ** 2) ** g, Abs(u) ** (2 * g), {"u": 2, "e": 2, "g": 1}, ()),
    (Abs(u**e), u**e, {"u": -1, "e": 1}, ()),
    (exp(e * log(u**2) / 2), u**e, {"u": -1, "e": 1}, ()),
    (v**e, v, {"v": -1, "e": 2}, (Eq(v**2, 1),)),
    ((1 - u) ** e * (u - 1) ** (-e), 1, {"u": 2, "e": 1}, ()),
    (exp(log(Abs(u)) + v), u * exp(v), {"u": -1, "v": 0}, ()),
    (log((u - 1) ** 2), log(u**2) - log(2), {"u": 3}, ()),
    (log(1 + exp(u)), u + log(1 + exp(u)), {"u": 1}, ()),
    (log(cosh(u)), u - log(2) + log(1 + exp(2 * u)), {"u": 1}, ()),
    (Abs(cosh(u) - 2), cosh(u) - 2, {"u": 0}, ()),
    (sqrt(1 - sin(u) ** 2), sp.cos(u), {"u": 2}, ()),
    (sqrt(Sum(x[n] ** 2, n) * Sum(y[n] ** 2, n)), Sum(x[n] * y[n], n), {"N": 1, "x": [1], "y": [-1]}, ()),
    # assumptions that do not reach
    (y[N + 1] ** 2, 1, {"N": 1, "y": [1, 2]}, (Eq(y[n] ** 2, 1),)),
    (y[q], 1, {"N": 1, "q": 1, "y": [-1]}, (Eq(y[n] ** 2, 1),)),
    (Abs(v), 1, {"v": 2}, (Eq(v**2, 4),)),
    (Sum(y[n] ** 4, n), 1, {"N": 2, "y": ["3/5", "4/5"]}, (Eq(one_of, 1),)),
    (Sum(y[p] ** 2, (p, 1, N - 1)), 1, {"N": 2, "y": ["3/5", "4/5"]}, (Eq(one_of, 1),)),
    (Sum(y[n], n), 1, {"N": 2, "y": ["3/5", "4/5"]}, (Eq(one_of, 1),)),
    (Max(a, b), a, {"a": 0, "b": 1}, (Ge(a, b - 1),)),
    (sign(a - b), 1, {"a": 1, "b": 1}, (Ge(a, b),)),
    (Max(a * u, b * u), a * u, {"a": 1, "b": 0, "u": -1}, (Gt(a, b),)),
    (Max(a**2, b**2), a**2, {"a": 1, "b": -2}, (Gt(a, b),)),
    (Abs(a * b - 1), 1 - a * b, {"a": -2, "b": -2}, (Lt(a, 1), Lt(b, 1))),
    (Max(u / v, 1), u / v, {"u": 1, "v": -1}, (Gt(u, v), Gt(u, 0))),
    (Max(x[N + 1], 0), x[N + 1], {"N": 1, "x": [1, -1]}, (Gt(x[n], 0),)),
    (Sum(S[n, l] * x[l], n), Sum(S[l, n] * x[l], n), {"N": 2, "l": 1, "x": [1, 1], "S": [[1, 2], [3, 4]]}, ()),
    (S[1, N + 1], S[N + 1, 1], {"N": 1, "S": [[1, 2], [3, 4]]}, (Eq(S[n, l], S[l, n]),)),
]  # fmt: skip

#: loss, wrt, a claimed gradient, a point off the kinks of the loss
GRADIENTS: list[tuple[Any, Any, Any, dict[str, Any]]] = [
    (u**2, u, 2 * u + 1 - sign(u) ** 2, {"u": 0}),
    (u**2, u, Piecewise((2 * u, Ne(u, 1)), (5, True)), {"u": 1}),
    (Abs(u), u, Piecewise((1, u > 0), (-1, u < -1), (0, True)), {"u": "-1/2"}),
    (Max(u, 0) ** 2, u, 2 * Abs(u), {"u": -1}),
    (Max(0, u, v), u, Heaviside(u - v), {"u": -1, "v": -2}),
    (Min(1, Max(0, u)), u, Heaviside(u), {"u": 2}),
    (Piecewise((u**2 / 2, Abs(u) <= s), (s * (Abs(u) - s / 2), True)), u, Max(-s, u), {"u": 2, "s": 1}),
    (sqrt(u**2), u, u / sqrt(u**2) * sign(u) ** 3, {"u": -1}),
    (Abs(u) ** g, u, g * Abs(u) ** (g - 1), {"u": -1, "g": 2}),
    (Sum(x[n], n) ** 2 / N, x[1], 2 * x[1] + KroneckerDelta(N, 1), {"N": 1, "x": [1]}),
    (Sum((x[p + 1] - x[p]) ** 2, (p, 1, N - 1)), x[2], 2 * (2 * x[2] - x[1] - x[3]), {"N": 2, "x": [0, 1, 0]}),
    (Sum(Max(0, x[n] - u), n), u, -Sum(Heaviside(x[n]), n), {"N": 1, "x": [1], "u": 2}),
    (log(Sum(exp(x[n]), n)), x[1], exp(x[1]) / (exp(x[1]) + exp(x[N])), {"N": 1, "x": [1]}),
    (Sum(Abs(x[n]), n), x[2], sign(x[2]) + KroneckerDelta(N, 3), {"N": 3, "x": [1, 1, 1]}),
]  # fmt: skip
