"""Wrong derivatives of functions and losses that were printed or programmed, each with what holds instead."""

from __future__ import annotations

import sympy as sp

from public.activations import NNABLA, NNLIB
from public.courses import CS231N, DIVE, PARR, _cost, _unit1
from public.letters import (
    N,
    X,
    alpha,
    c,
    c1,
    c2,
    d,
    d1,
    n,
    sigma,
    softmax,
    w,
    x,
    y,
    z,
)  # fmt: skip
from public.record import Source, wrong

_HUB = "https://github.com/"


def _issue(repository: str, what: str, path: str) -> Source:
    return Source(repository.rsplit("/", 1)[1], f"{repository}, {what}", f"{_HUB}{repository}/{path}")


GONN = _issue("sausheong/gonn", "issue 8", "issues/8")
SUDO = _issue("kyle8998/Sudo-Productivity", "issue 3", "issues/3")
ND4J = _issue("deeplearning4j/nd4j", "issue 2497", "issues/2497")
KSC = _issue("microsoft/knossos-ksc", "pull request 505", "pull/505")
VASILEV = _issue("ivan-vasilev/neuralnetworks", "commit 095d1dd", "commit/095d1ddfccf0c27906bf6c089e1794774483acf4")
QUESTIONS = _issue("scutan90/DeepLearning-500-questions", "issue 466", "issues/466")
TINY = _issue("NVlabs/tiny-cuda-nn", "pull request 130", "pull/130")
BROWSER = _issue("ai-on-browser/ai-on-browser.github.io", "issue 773", "issues/773")
STDLIB = _issue("stdlib-js/stdlib", "issue 13111", "issues/13111")
TFNET = _issue("SciSharp/TensorFlow.NET", "issue 787", "issues/787")
SQUARE = _issue("torch/nn", "Square.c before 88c391a", "commit/88c391a")
PAIRWISE = _issue("torch/nn", "PairwiseDistance.lua before 4be845e", "commit/4be845e")
ADG = _issue("ADGEfficiency/teaching-monolith", "issue 1", "issues/1")
LAMBDARANK = _issue("microsoft/LightGBM", "rank_objective.hpp before pull request 2322", "pull/2322")
TORCHKL = _issue("pytorch/pytorch", "issue 65466", "issues/65466")
CAFFE = _issue("BVLC/caffe", "contrastive_loss_layer.cpp", "blob/9b89154/src/caffe/layers/contrastive_loss_layer.cpp")
FORUM = Source(
    "fast.ai forum",
    "forums.fast.ai, thread 18970",
    "https://forums.fast.ai/t/gradients-for-softmax-are-tiny-solved/18970/10",
)
MALLYA = _issue("arunmallya/arunmallya.github.io", "backprop.html before e746b3b", "commit/e746b3b")
MML = _issue("mml-book/mml-book.github.io", "issues", "issues")

_a, _b = sp.symbols("x y")
theta, margin, g, s, label, bias = sp.symbols("theta m g s y b")
_zero = sp.Integer(0)
_elu = sp.Piecewise((_a, _a > 0), (alpha * (sp.exp(_a) - 1), True))
_cube, _half = sp.Rational(44715, 10**6), sp.Rational(1, 2)
_gelu = _a / 2 * (1 + sp.tanh(sp.sqrt(2 / sp.pi) * (_a + _cube * _a**3)))
_u = sp.Rational(797885, 10**6) * _a + sp.Rational(356774, 10**7) * _a**3
_gelu_slope = (
    _half + (sp.Rational(398942, 10**6) * _a + sp.Rational(535161, 10**7) * _a**3) * sp.sech(_u) ** 2 + sp.tanh(_u) / 2
)
_error = (theta * _a**2 - label) ** 2 / 2

_logit = sp.Sum(w[d] * x[d], d)
_logit1 = sp.Sum(w[d1] * x[d1], d1)
_modified = sp.Piecewise((-4 * label * _logit, label * _logit < -1), (sp.Max(0, 1 - label * _logit) ** 2, True))
_modified_slope = sp.Piecewise((-4 * label, label * _logit1 < -1), (-(label - label**2 * _logit1), True))
_fit = sp.Sum(w[d] * X[n, d], d) - y[n]
_gap = sp.Sum((x[d1] - y[d1]) ** 2, d1)
_bce = -sp.Sum(y[c] * sp.log(sigma(z[c])) + (1 - y[c]) * sp.log(1 - sigma(z[c])), c)
_attr = sp.IndexedBase("g")
_soft = softmax(z, c1, c2)

FORMULAS = (
    wrong(GONN)("README, the derivative of the sigmoid", r"\sigma(x)-(1-\sigma(x))", sigma(_a), _a,
                sigma(_a) - (1 - sigma(_a)), "a minus in the place of the product"),
    wrong(SUDO)("trainNN.py:17", r"x(1-x)", sigma(_a), _a, _a * (1 - _a), "holds of the output, not of the input"),
    wrong(ND4J)("testSigmoidDerivative", r"s(s-1)", sigma(_a), _a, sigma(_a) * (sigma(_a) - 1), "sign"),
    wrong(KSC)("prelude.ks, tanh", r"\tanh^2(x)", sp.tanh(_a), _a, sp.tanh(_a) ** 2, "1 - tanh(x)^2"),
    wrong(VASILEV)("BackPropagationTanh.java:54", r"e\cdot(-e)\,a\,a", g * sp.tanh(_a), _a, -(g**2) * sp.tanh(_a) ** 2,
                   "e (1 - a^2)"),
    wrong(QUESTIONS)("chapter 3, table 3.4.3, tanh", r"-(\tanh(x))^2", sp.tanh(_a), _a, -(sp.tanh(_a) ** 2),
                     "1 - tanh(x)^2"),
    wrong(TINY)("common_device.h:162, softplus", r"g\,\frac{e^{gK}}{e^{gK}+1}",
                g * sp.log(1 + sp.exp(alpha * _a)) / alpha, _a,
                g * sp.exp(g * alpha) / (sp.exp(g * alpha) + 1),
                "the exponential is of the input, not of the gradient"),
    wrong(BROWSER)("elu.js:24", r"\alpha e^{f(x)}\text{ for }x\le0", _elu, _a,
                   sp.Piecewise((1, _a > 0), (alpha * sp.exp(_elu), True)), "the exponential is of the input"),
    wrong(NNABLA)("gelu.hpp before 3ad8d23", r"\tfrac12+(0.398942x+0.0535161x^3)\operatorname{sech}^2u+\tfrac12\tanh u",
                  g * _gelu, _a, _gelu_slope, "the gradient that arrives is lost"),
    wrong(NNLIB)("hardσ before 49948ae", r"\tfrac16\text{ for }0<\Omega<1,\text{ else }1",
                 sp.Max(0, sp.Min(1, (_a + 3) / 6)), _a,
                 sp.Piecewise((sp.Rational(1, 6), sp.And(_a > -3, _a < 3)), (1, True)), "else 0"),
    wrong(STDLIB)("_modifiedHuberLoss", r"-(y-dy)x\text{ for }d\ge-1", _modified, w[d], _modified_slope * x[d],
                  "a factor 2, and 0 for d > 1", assumptions=[sp.Eq(label**2, 1)]),
    wrong(TFNET)("nn_grad, SquaredDifference", r"x", g * (_a - _b) ** 2, _a, _a, "2 g (x - y)"),
    wrong(SQUARE)("Square.c, updateGradInput", r"g\,x", g * _a**2, _a, g * _a, "a factor 2"),
    wrong(PAIRWISE)("PairwiseDistance.lua, updateGradInput", r"x_k-y_k\text{ for }p\ne1", sp.sqrt(_gap), x[d],
                    x[d] - y[d],
                    "divided by the distance, for p = 2"),
    wrong(ADG)("intro-to-backprop before e0a88b5", r"E'=x^2-y", _error, theta, _a**2 - label,
               "(theta x^2 - y) x^2: theta and the inner derivative are lost"),
    wrong(ADG)("intro-to-backprop after e0a88b5", r"E'=2(\theta x^2-y)x^2", _error, theta,
               2 * (theta * _a**2 - label) * _a**2,
               "the half of the error is lost"),
    wrong(LAMBDARANK)("GetGradientsForOneQuery", r"-\frac2{1+e^{2\sigma s}}", sp.log(1 + sp.exp(-2 * alpha * s)), s,
                      -2 / (1 + sp.exp(2 * alpha * s)), "the inner derivative sigma is lost"),
    wrong(TORCHKL)("kl_div, the target's second derivative", r"0", sp.log(s) + 1 - g, s, _zero, "1/t",
                   assumptions=[sp.Gt(s, 0)]),
    wrong(CAFFE)("line 95", r"-\alpha\frac{m-d}{d+10^{-4}}(a-b)", sp.Max(margin - sp.sqrt(_gap), 0) ** 2 / 2, x[d],
                 -sp.Max(margin - sp.sqrt(_gap), 0) / (sp.sqrt(_gap) + sp.Rational(1, 10**4)) * (x[d] - y[d]),
                 "a surrogate: the true one divides by d"),
    wrong(FORUM)("post 10", r"s-s^2", sp.Sum(_attr[c] * softmax(z, c, c2), c), z[c1], _attr[c1] * (_soft - _soft**2),
                 "the other outputs are lost"),
    wrong(MALLYA)("softmax, i = j", r"\frac{e^{x_i}(1-e^{x_i})}{(\sum_ke^{x_k})^2}", softmax(z, c1, c2), z[c1],
                  sp.exp(z[c1]) * (1 - sp.exp(z[c1])) / sp.Sum(sp.exp(z[c2]), c2) ** 2,
                  "1 stands where the sum belongs"),
    wrong(CS231N)("neural-networks-2.md before a982d7f", r"y_{ij}-\sigma(f_j)", _bce, z[c], y[c] - sigma(z[c]), "sign"),
    wrong(CS231N)("neural-networks-2.md:281, L2", r"\delta_{ij}\text{ for }\|f-y_i\|_2^2",
                  sp.Sum((z[c] - y[c]) ** 2, c), z[c],
                  z[c] - y[c], "a factor 2"),
    wrong(DIVE)("linear-regression.md before 00841d5", r"\frac1{|B|}\sum(w^Tx^{(i)}-y^{(i)})",
                sp.Sum((_fit + bias) ** 2, n) / (2 * N), bias, sp.Sum(_fit, n) / N, "the bias is lost"),
    wrong(PARR)("the weights, the last line",
                r"\frac2N\sum(w\cdot x_i+b-y_i)x_i^T\text{ for }w\cdot x_i+b>0,\text{ else }0", _cost, w[d],
                sp.Heaviside(_unit1.xreplace({n: 1})) * 2 / N * sp.Sum((_unit1 - y[n]) * X[n, d], n),
                "the case stands outside the sum over i; read for i = 1"),
    wrong(MML)("issue 226, (7.8)", r"\nabla f=\begin{bmatrix}2&1\\1&20\end{bmatrix}x-\begin{bmatrix}5\\3\end{bmatrix}",
               2 * x[1] ** 2 + 2 * x[1] * x[2] + 20 * x[2] ** 2 - 5 * x[1] - 3 * x[2], x[2], x[1] + 20 * x[2] - 3,
               "a factor 2 at the matrix"),
    wrong(MML)("issue 37, (5.117)", r"-\frac1{2\sqrt c}", sp.sqrt(s), s, -1 / (2 * sp.sqrt(s)), "sign",
               assumptions=[sp.Gt(s, 0)], seen=False),
)  # fmt: skip
