"""Losses: distances, margins, entropies, contrastive and preference losses, densities."""

from __future__ import annotations

import sympy as sp

from public.activations import CHAINER
from public.letters import (
    N,
    U,
    V,
    X,
    alpha,
    beta,
    c,
    c1,
    c2,
    d,
    d1,
    d2,
    delta,
    gamma,
    k,
    k1,
    k2,
    k3,
    n,
    n1,
    n2,
    q,
    s,
    sigma,
    softmax,
    t,
    tau,
    u,
    v,
    w,
    x,
    y,
    z,
)  # fmt: skip
from public.record import Source, right

AUTOGRAD = Source(
    "Autograd", "HIPS Autograd, autograd at bff107b", "https://github.com/HIPS/autograd/tree/bff107b/autograd"
)
DISTILL = Source(
    "Hinton 2015", "G. Hinton, O. Vinyals, J. Dean, Distilling the Knowledge (2015)", "https://arxiv.org/abs/1503.02531"
)
DPO = Source("DPO", "R. Rafailov et al., Direct Preference Optimization (2023)", "https://arxiv.org/abs/2305.18290")
FOCAL = Source(
    "focal loss", "T.-Y. Lin et al., Focal Loss for Dense Object Detection (2017)", "https://arxiv.org/abs/1708.02002"
)
HALFORD = Source(
    "Halford", "M. Halford, Focal loss for LightGBM", "https://maxhalford.github.io/blog/lightgbm-focal-loss/"
)
SIMCLR = Source(
    "SimCLR", "T. Chen et al., A Simple Framework for Contrastive Learning (2020)", "https://arxiv.org/abs/2002.05709"
)
CONTRAST = Source(
    "Wang & Liu",
    "F. Wang, H. Liu, Understanding the Behaviour of Contrastive Loss (2021)",
    "https://arxiv.org/abs/2012.09740",
)
LI = Source(
    "Li word2vec",
    "J. Li, A Simplest word2vec Model (2015)",
    "https://jli05.github.io/2015/06/01/Simplest-word2vec.html",
)
ROGERS = Source(
    "Rogers & Girolami",
    "S. Rogers, M. Girolami, A First Course in Machine Learning, 2nd ed.",
    "https://fliphtml5.com/izjpz/cutv",
)
SUTTON = Source(
    "Sutton & Barto",
    "R. Sutton, A. Barto, Reinforcement Learning, 2nd ed.",
    "http://incompleteideas.net/book/the-book-2nd.html",
)
MLPACK = Source("mlpack", "mlpack, dice_loss_impl.hpp, pull request 1674", "https://github.com/mlpack/mlpack/pull/1674")
_chainer, _auto, _list = right(CHAINER), right(AUTOGRAD), right(LI)

score, label, margin, mean, scale, g = sp.symbols("s y m mu sigma g")
_delta = sp.KroneckerDelta
r = score - label
_huber = sp.Piecewise((r**2 / 2, sp.Abs(r) <= delta), (delta * (sp.Abs(r) - delta / 2), True))

_a, _p, _n = sp.IndexedBase("a"), sp.IndexedBase("p"), sp.IndexedBase("n")
_hinged = sp.Sum((_a[d1] - _p[d1]) ** 2 - (_a[d1] - _n[d1]) ** 2, d1) + margin
_triplet = sp.Max(sp.Sum((_a[d] - _p[d]) ** 2 - (_a[d] - _n[d]) ** 2, d) + margin, 0)
_on = sp.Heaviside(_hinged)

_sq = sp.Sum((x[d1] - y[d1]) ** 2, d1)
_dist = sp.sqrt(_sq)
_pair = (label * _sq + (1 - label) * sp.Max(margin - _dist, 0) ** 2) / 2

_soft = softmax(z, c, c2)
_back = sp.IndexedBase("g")
_lse = sp.log(sp.Sum(sp.exp(x[d1]), d1))


def _warm(e: sp.IndexedBase, at: sp.Idx, over: sp.Idx) -> sp.Expr:
    """Softmax at the temperature tau."""
    return sp.exp(e[at] / tau) / sp.Sum(sp.exp(e[over] / tau), over)


_student = -sp.Sum(_warm(v, c, c1) * sp.log(_warm(z, c, c2)), c)

_win, _lose = sp.Function("pi_w"), sp.Function("pi_l")
_th = sp.Symbol("theta")
_rw, _rl = (beta * (sp.log(f(_th)) - sp.log(f0)) for f, f0 in ((_win, sp.Symbol("ref_w")), (_lose, sp.Symbol("ref_l"))))
_dpo = -sp.log(sigma(_rw - _rl))
_by_log = sp.Derivative(_win(_th), _th) / _win(_th) - sp.Derivative(_lose(_th), _th) / _lose(_th)

_pt = sigma(label * score)
_focal = -alpha * (1 - _pt) ** gamma * sp.log(_pt)
_fv = gamma * _pt * sp.log(_pt) + _pt - 1
_fu = alpha * label * (1 - _pt) ** gamma
_focal_slope = _fu * _fv
_focal_curve = (-gamma * alpha * label * (1 - _pt) ** (gamma - 1) * _fv + _fu * (gamma * sp.log(_pt) + gamma + 1)) * (
    label * _pt * (1 - _pt)
)

#: SimCLR: u against one positive v and K negatives V[k]
_pos, _neg = sp.Sum(u[d1] * v[d1], d1) / tau, sp.Sum(u[d1] * V[k1, d1], d1) / tau
_z = sp.exp(_pos) + sp.Sum(sp.exp(_neg), k1)
_negk = sp.Sum(u[d2] * V[k, d2], d2) / tau
_one = sp.Sum(u[d1] * q[d1], d1) / tau

#: InfoNCE over a row of similarities, the positive is entry 1
_nce = -sp.log(sp.exp(s[1] / tau) / sp.Sum(sp.exp(s[n] / tau), n))
_pn = _warm(s, n1, n2)

#: word2vec: scores of the words j, the target is t
_scores = -sp.Sum(t[c] * z[c], c) + sp.log(sp.Sum(sp.exp(z[c]), c))
_negative = -sp.log(sigma(z[1])) - sp.Sum(sp.log(sigma(-x[k])), k)

_logit = sp.Sum(w[d] * X[n, d], d)
_logit1 = _logit.xreplace({d: d1})
_rogers = -sp.Sum(w[d] ** 2, d) / (2 * scale**2) + sp.Sum(
    t[n] * sp.log(sigma(_logit)) + (1 - t[n]) * sp.log(1 - sigma(_logit)), n
)
_rogers_slope = -w[d] / scale**2 + sp.Sum(X[n, d] * (t[n] - sigma(_logit1)), n)
_pref = sp.Sum(U[k, d] * w[d], d)
_policy = sp.log(sp.exp(_pref) / sp.Sum(sp.exp(_pref.xreplace({k: k1})), k1))
_policy2 = sp.exp(_pref.xreplace({k: k2, d: d1})) / sp.Sum(sp.exp(_pref.xreplace({k: k3, d: d2})), k3)
_tt, _xx, _tx = sp.Sum(t[d1] ** 2, d1), sp.Sum(x[d1] ** 2, d1), sp.Sum(t[d1] * x[d1], d1)
_var = sp.Sum((x[n] - sp.Sum(x[n1], n1) / N) ** 2, n) / N
_normal = -((score - mean) ** 2) / (2 * scale**2) - sp.log(scale * sp.sqrt(2 * sp.pi))

FORMULAS = (
    _chainer("loss/squared_error.py:27", r"2g(x_0-x_1)", g * r**2, score, 2 * g * r),
    _chainer("loss/huber_loss.py:56", r"\operatorname{clip}(x-t,-\delta,\delta)", _huber, score,
             sp.Max(-delta, sp.Min(delta, r))),
    _chainer("loss/triplet.py:72", r"2[\ldots>0](n-p)", _triplet, _a[d], 2 * _on * (_n[d] - _p[d])),
    _chainer("loss/triplet.py:74", r"2[\ldots>0](p-a)", _triplet, _p[d], 2 * _on * (_p[d] - _a[d])),
    _chainer("loss/triplet.py:76", r"2[\ldots>0](a-n)", _triplet, _n[d], 2 * _on * (_a[d] - _n[d])),
    _chainer("loss/contrastive.py:79-84", r"y\,\mathrm{diff}-(1-y)\max(m-d,0)\,\mathrm{diff}/d", _pair, x[d],
             label * (x[d] - y[d]) - (1 - label) * sp.Max(margin - _dist, 0) * (x[d] - y[d]) / _dist),
    _chainer("activation/softmax.py:59-61", r"y\,g-y\sum y\,g", sp.Sum(_back[c] * _soft, c), z[c],
             _soft * _back[c] - _soft * sp.Sum(softmax(z, c1, c2) * _back[c1], c1)),
    _chainer("activation/softmax.py:72-75", r"g_ag-g_g\sum yg,\ g_a=g_g-\sum g_gy",
             sp.Sum(q[c] * (y[c] * _back[c] - y[c] * sp.Sum(y[c1] * _back[c1], c1)), c), y[c],
             (q[c] - sp.Sum(q[c1] * y[c1], c1)) * _back[c] - q[c] * sp.Sum(y[c1] * _back[c1], c1)),
    _chainer("activation/log_softmax.py:84", r"g-e^{y}\sum g", sp.Sum(_back[c] * sp.log(_soft), c), z[c],
             _back[c] - _soft * sp.Sum(_back[c1], c1)),
    _chainer("math/logsumexp.py:74", r"g\,e^{x-y}", g * _lse, x[d], g * sp.exp(x[d] - _lse)),
    _auto("numpy/numpy_vjps.py:485, var", r"2g(x-\bar x)/N", g * _var, x[n],
          2 * g * (x[n] - sp.Sum(x[n1], n1) / N) / N),
    _auto("numpy/numpy_vjps.py:507, std", r"\tfrac{g}{\mathrm{std}}(x-\bar x)/N", g * sp.sqrt(_var), x[n],
          g / sp.sqrt(_var) * (x[n] - sp.Sum(x[n1], n1) / N) / N),
    _auto("numpy/linalg.py:128, norm", r"\tfrac g{\|x\|}x", g * sp.sqrt(sp.Sum(x[d1] ** 2, d1)), x[d],
          g / sp.sqrt(sp.Sum(x[d1] ** 2, d1)) * x[d]),
    _auto("scipy/stats/norm.py:36, logpdf", r"-g(x-\mu)/\sigma^2", g * _normal, score, -g * (score - mean) / scale**2,
          assumptions=[sp.Gt(scale, 0)]),
    _auto("scipy/stats/norm.py:39, logpdf", r"g(-\tfrac1\sigma+\tfrac{(x-\mu)^2}{\sigma^3})", g * _normal, scale,
          g * (-1 / scale + (score - mean) ** 2 / scale**3), assumptions=[sp.Gt(scale, 0)]),
    right(DISTILL)("(2)", r"\frac{\partial C}{\partial z_i}=\frac1T(q_i-p_i)", _student, z[c],
                   (_warm(z, c, c1) - _warm(v, c, c1)) / tau, seen=False),
    right(DPO)("section 4, the gradient", r"-\beta\,\sigma(\hat r_l-\hat r_w)[\nabla\log\pi(y_w)-\nabla\log\pi(y_l)]",
               _dpo, _th,
               -beta * sigma(_rl - _rw) * _by_log, seen=False),
    right(FOCAL)("appendix B, dCE/dx", r"y(p_t-1)", -sp.log(_pt), score, label * (_pt - 1), seen=False),
    right(FOCAL)("appendix B, dFL/dx", r"y(1-p_t)^\gamma(\gamma p_t\log p_t+p_t-1)", _focal / alpha, score,
                 _focal_slope / alpha),
    right(HALFORD)("second order derivative",
                   r"(\tfrac{\partial u}{\partial p_t}v+u\tfrac{\partial v}{\partial p_t})\,y\,p(1-p)",
                   _focal_slope, score, _focal_curve),
    right(SIMCLR)("table 2, NT-Xent",
                  r"(1-\tfrac{e^{u^Tv^+/\tau}}{Z})\tfrac{v^+}\tau-\sum\tfrac{e^{u^Tv^-/\tau}}{Z}\tfrac{v^-}\tau",
                  _pos - sp.log(_z), u[d],
                  (1 - sp.exp(_pos) / _z) / tau * v[d] - sp.Sum(sp.exp(_negk) / _z * V[k, d] / tau, k), seen=False),
    right(SIMCLR)("table 2, NT-Logistic", r"\sigma(-u^Tv^+/\tau)\tfrac{v^+}\tau-\sigma(u^Tv^-/\tau)\tfrac{v^-}\tau",
                  sp.log(sigma(_pos)) + sp.log(sigma(-_one)), u[d],
                  sigma(-_pos) / tau * v[d] - sigma(_one) / tau * q[d], seen=False),
    right(SIMCLR)("table 2, margin triplet", r"v^+-v^-\text{ if }u^Tv^+-u^Tv^-<m",
                  -sp.Max(sp.Sum(u[d1] * (q[d1] - v[d1]), d1) + margin, 0), u[d],
                  sp.Heaviside(sp.Sum(u[d1] * (q[d1] - v[d1]), d1) + margin) * (v[d] - q[d]), seen=False),
    right(CONTRAST)("(4)",
                    r"\frac{\partial L}{\partial s_{i,j}}=\frac1\tau P_{i,j},"
                    r"\ \frac{\partial L}{\partial s_{i,i}}=-\frac1\tau\sum_{k\ne i}P_{i,k}",
                    _nce, s[n1], (_pn - _delta(n1, 1)) / tau, seen=False),
    _list("∂E/∂u", r"y_j-t_j", _scores, z[c], softmax(z, c, c1) - t[c]),
    _list("∂E/∂u, negative sampling, the target", r"\sigma(u_j)-1", _negative, z[1], sigma(z[1]) - 1),
    _list("∂E/∂u, negative sampling, the others", r"\sigma(u_j)", _negative, x[k], sigma(x[k])),
    right(ROGERS)("(4.8)", r"\frac{\partial P_n}{\partial w}=P_n(1-P_n)x_n", sigma(sp.Sum(w[d1] * x[d1], d1)), w[d],
                  sigma(sp.Sum(w[d1] * x[d1], d1)) * (1 - sigma(sp.Sum(w[d1] * x[d1], d1))) * x[d]),
    right(ROGERS)("(4.9)", r"-\frac1{\sigma^2}w+\sum_nx_n(t_n-P_n)", _rogers, w[d], _rogers_slope),
    right(ROGERS)("(4.10)", r"-\frac1{\sigma^2}I-\sum_nx_nx_n^TP_n(1-P_n)", _rogers_slope, w[d2],
                  -_delta(d, d2) / scale**2
                  - sp.Sum(X[n, d] * X[n, d2] * sigma(_logit1) * (1 - sigma(_logit1)), n)),
    right(SUTTON)("exercise 13.3", r"\nabla\ln\pi(a|s)=x(s,a)-\sum_b\pi(b|s)x(s,b)", _policy, w[d],
                  U[k, d] - sp.Sum(_policy2 * U[k2, d], k2), seen=False),
    right(MLPACK)("Backward", r"-2\frac{t(x\cdot x+t\cdot t)-2x(t\cdot x)}{(t\cdot t+x\cdot x)^2}",
                  1 - 2 * _tx / (_tt + _xx), x[d],
                  -2 * (t[d] * (_xx + _tt) - 2 * x[d] * _tx) / (_tt + _xx) ** 2),
)  # fmt: skip
