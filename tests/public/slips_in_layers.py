"""Wrong backward passes of layers and models that were printed or programmed."""

from __future__ import annotations

import sympy as sp

from public.layers import DLIB, MALLYA, _corr, _gates, _plain, _rstd
from public.letters import (
    D,
    E,
    N,
    X,
    Y,
    c,
    c1,
    c2,
    d,
    d1,
    d2,
    k,
    k1,
    k2,
    n,
    n1,
    softmax,
    x,
    z,
)  # fmt: skip
from public.record import Source, wrong

MOBULA = Source("mobula", "wkcn/mobula, Softmax.py before 4eec938", "https://github.com/wkcn/mobula/issues/3")
SCIML = Source("SciMLBook", "C. Rackauckas, SciML Book, issue 164", "https://github.com/SciML/SciMLBook/issues/164")
MLPACK = Source(
    "mlpack BN", "mlpack, batch_norm_impl.hpp in pull request 1327", "https://github.com/mlpack/mlpack/pull/1327"
)
YOLO = Source("dlib YOLO", "dlib, loss.h before 79e2d13", "https://github.com/davisking/dlib/pull/3088")
NEON = Source("neon", "NervanaSystems/neon, issue 169", "https://github.com/NervanaSystems/neon/issues/169")
_by, _delta = sp.Derivative, sp.KroneckerDelta

g, phi = sp.IndexedBase("g"), sp.Function("phi")
ah, ga, gf, ct, c0 = (sp.IndexedBase(name) for name in ("ahat", "a", "f", "c", "c0"))
r1, v1, r2, v2, w1, w2 = (sp.IndexedBase(name) for name in ("r1", "v1", "r2", "v2", "w1", "w2"))
_scimodel = (
    sp.Eq(r1[k], sp.Sum(w1[k, d] * x[d], d)),
    sp.Eq(v1[k], phi(r1[k])),
    sp.Eq(r2[c], sp.Sum(w2[c, k] * v1[k], k)),
    sp.Eq(v2[c], phi(r2[c])),
    sp.Eq(E, sp.Sum(g[c] * v2[c], c)),
)
_mu1, _mu2 = sp.Sum(x[d1], d1) / D, sp.Sum(x[d2], d2) / D
_plus = sp.Sum(g[d1] * (x[d1] - _mu2), d1) * _rstd**3 / 2
scale, out, target = sp.symbols("scale out t")
_off = 1 - _delta(k, k2)
_twins = sp.Sum((_corr * (1 - _delta(k1, k2))) ** 2, k1, k2)
_swapped = sp.Sum(X[n1, k2] * Y[n1, k], n1) / N

FORMULAS = (
    wrong(MOBULA)("backward", r"dX=dY\,(Y-Y^2)", sp.Sum(g[c] * softmax(z, c, c2), c), z[c1],
                  g[c1] * (softmax(z, c1, c2) - softmax(z, c1, c2) ** 2), "the other outputs are lost"),
    wrong(SCIML)("(47)", r"\bar v_{i-1}=W_i^T\bar v_i", E, v1[k], sp.Sum(w2[c, k] * _by(E, v2[c]), c),
                 "W^T times the adjoint of W v, not of its activation", definitions=_scimodel),
    wrong(MLPACK)("Backward", r"g=\hat g s+x_\mu\frac{2v}n+\sum-\hat gs,\ v=\tfrac12s^3\sum\hat gx_\mu", _plain, x[d],
                  g[d] * _rstd + (x[d] - _mu1) * 2 * _plus / D - sp.Sum(g[d1], d1) * _rstd,
                  "the sign of v, and the mean in the place of the sum"),
    wrong(YOLO)("lines 3830-3831", r"\lambda(2o-\tfrac12-t)", scale * (2 * out - sp.Rational(1, 2) - target) ** 2 / 2,
                out,
                scale * (2 * out - sp.Rational(1, 2) - target), "the inner derivative 2 is lost"),
    wrong(NEON)("Autodiff of dot(x, x.T)", r"1\cdot x", sp.Sum(x[d1] ** 2, d1), x[d], x[d],
                "a factor 2: the second path is lost"),
    wrong(DLIB)("loss.h before 50b78da", r"B(C\circ D)", _twins, X[n, k], sp.Sum(Y[n, k2] * _swapped * _off, k2),
                "2/N, and the correlation is to be transposed"),
    wrong(DLIB)("loss.h before bdb1089", r"2B(C\circ D)", _twins, X[n, k], 2 * sp.Sum(Y[n, k2] * _swapped * _off, k2),
                "1/N, and the correlation is to be transposed"),
    wrong(DLIB)("loss.h before bdb1089, the other batch", r"2A(C\circ D)", _twins, Y[n, k2],
                2 * sp.Sum(X[n, k1] * sp.Sum(X[n1, k1] * Y[n1, k2], n1) / N * (1 - _delta(k1, k2)), k1), "1/N"),
    wrong(MALLYA)("before 757a397", r"\delta\hat a^t=\delta a^t\odot(1-\tanh^2(a^t))", E, ah[d],
                  _by(E, ga[d]) * (1 - sp.tanh(ga[d]) ** 2), "tanh of the gate's input, not of its value",
                  definitions=_gates),
    wrong(MALLYA)("before 61bea9e", r"\delta f^t=\delta c^t\odot f^t", E, gf[d], _by(E, ct[d]) * gf[d],
                  "the factor is the cell's earlier value", definitions=_gates),
)  # fmt: skip
