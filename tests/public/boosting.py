"""Gradients and Hessians of the objectives of boosting libraries."""

from __future__ import annotations

import sympy as sp

from public.letters import K, alpha, beta, delta, k, k1, k2, softmax, t, z
from public.record import Source, right, wrong

_LIGHT = "https://github.com/microsoft/LightGBM/blob/bae0b7ba9/src/objective/"
LIGHTGBM = Source("LightGBM", "LightGBM, src/objective at bae0b7ba9", _LIGHT)
XGBOOST = Source(
    "XGBoost", "XGBoost, src/objective at 379b29f08", "https://github.com/dmlc/xgboost/blob/379b29f08/src/objective/"
)
_true, _false, _xfalse = right(LIGHTGBM), wrong(LIGHTGBM), wrong(XGBOOST)

score, label, rho, w = sp.symbols("score label rho w")
r = score - label

_huber = sp.Piecewise((r**2 / 2, sp.Abs(r) <= alpha), (alpha * (sp.Abs(r) - alpha / 2), True))
_huber_slope = sp.Piecewise((r, sp.Abs(r) <= alpha), (sp.sign(r) * alpha, True))
_fair = beta**2 * (sp.Abs(r) / beta - sp.log(1 + sp.Abs(r) / beta))
_fair_slope = beta * r / (sp.Abs(r) + beta)
_poisson = sp.exp(score) - label * score
_quantile = sp.Piecewise(((1 - alpha) * r, r >= 0), (-alpha * r, True))
_quantile_slope = sp.Piecewise((1 - alpha, r >= 0), (-alpha, True))
_gamma = score + label * sp.exp(-score)
_gamma_slope = 1 - label * sp.exp(-score)
_tweedie = -label * sp.exp((1 - rho) * score) / (1 - rho) + sp.exp((2 - rho) * score) / (2 - rho)
_tweedie_slope = -label * sp.exp((1 - rho) * score) + sp.exp((2 - rho) * score)
_weight = 1 / sp.Max(1, sp.Abs(label))

_sign = sp.Symbol("y")  # the label ±1 of the binary objective
_margin = _sign * beta * score
_response = -_sign * beta / (1 + sp.exp(_margin))
_labels = [sp.Eq(_sign**2, 1)]

_sig = 1 / (1 + sp.exp(-score))
_cross = -label * sp.log(_sig) - (1 - label) * sp.log(1 - _sig)
_small = sp.exp(-score)
_zl = 1 - sp.exp(-w * sp.log(1 + sp.exp(score)))
_lambda_loss = -label * sp.log(_zl) - (1 - label) * sp.log(1 - _zl)
_lambda_slope = (1 - label / _zl) * w / (1 + sp.exp(-score))
_c = 1 / (1 - _zl)
_lambda_curve = (
    w * sp.exp(score) / (1 + sp.exp(score)) ** 2 * (1 + label * _c / (_c - 1) ** 2 * (1 + w * sp.exp(score) - _c))
)
_negative_log = -sp.Sum(t[k] * sp.log(softmax(z, k, k2)), k)
_simplex = [sp.Eq(sp.Sum(t[k], k), 1)]
_p = softmax(z, k1, k2)

FORMULAS = (
    _true("regression_objective.hpp:132", r"\mathrm{score}-\mathrm{label}", r**2 / 2, score, r),
    _true("regression_objective.hpp:133", r"h=1", r, score, sp.Integer(1)),
    _true("regression_objective.hpp:223", r"\operatorname{sign}(\mathrm{diff})", sp.Abs(r), score, sp.sign(r)),
    _true("regression_objective.hpp:319-322", r"\mathrm{diff}\text{ or }\operatorname{sign}(\mathrm{diff})\,\alpha",
          _huber, score, _huber_slope),
    _true("regression_objective.hpp:368", r"c\,x/(|x|+c)", _fair, score, _fair_slope),
    _true("regression_objective.hpp:369", r"c^2/(|x|+c)^2", _fair_slope, score, beta**2 / (sp.Abs(r) + beta) ** 2),
    _true("regression_objective.hpp:447", r"e^{s}-\mathrm{label}", _poisson, score, sp.exp(score) - label),
    _true("regression_objective.hpp:500-502", r"1-\alpha\text{ or }-\alpha", _quantile, score, _quantile_slope),
    _true("regression_objective.hpp:619", r"\operatorname{sign}(\mathrm{diff})/\max(1,|\mathrm{label}|)",
          sp.Abs(r) * _weight, score, sp.sign(r) * _weight),
    _true("regression_objective.hpp:696", r"1-\mathrm{label}\,e^{-s}", _gamma, score, _gamma_slope),
    _true("regression_objective.hpp:697", r"\mathrm{label}\,e^{-s}", _gamma_slope, score, label * sp.exp(-score)),
    _true("regression_objective.hpp:735", r"-\mathrm{label}\,e^{(1-\rho)s}+e^{(2-\rho)s}",
          _tweedie, score, _tweedie_slope),
    _true("regression_objective.hpp:736-737", r"-\mathrm{label}(1-\rho)e^{(1-\rho)s}+(2-\rho)e^{(2-\rho)s}",
          _tweedie_slope, score,
          -label * (1 - rho) * sp.exp((1 - rho) * score) + (2 - rho) * sp.exp((2 - rho) * score)),
    _true("binary_objective.hpp:117", r"-y\sigma/(1+e^{y\sigma s})", sp.log(1 + sp.exp(-_margin)), score, _response),
    _true("binary_objective.hpp:120", r"|r|(\sigma-|r|)", _response, score,
          sp.Abs(_response) * (beta - sp.Abs(_response)), assumptions=_labels),
    _true("xentropy_objective.hpp:105", r"\frac{(1-y)-y e^{-s}}{1+e^{-s}}", _cross, score,
          ((1 - label) - label * _small) / (1 + _small)),
    _true("xentropy_objective.hpp:106", r"\frac{e^{-s}}{(1+e^{-s})^2}", _sig - label, score,
          _small / (1 + _small) ** 2),
    _true("xentropy_objective.hpp:242", r"(1-y/z)\,w/(1+e^{-s})", _lambda_loss, score, _lambda_slope),
    _true("xentropy_objective.hpp:243-248", r"a(1+yb),\ a=\frac{we^s}{(1+e^s)^2},\ b=\frac{c(1+we^s-c)}{(c-1)^2}",
          _lambda_slope, score, _lambda_curve),
    _true("multiclass_objective.hpp:101-103", r"p-1\text{ for the label, else }p", _negative_log, z[k1], _p - t[k1],
          assumptions=_simplex),
    _false("regression_objective.hpp:324", r"h=1\text{ for Huber}", _huber_slope, score, sp.Integer(1),
           "a surrogate: beyond alpha the second derivative is 0"),
    _false("regression_objective.hpp:448", r"h=e^{s}e^{\delta}", sp.exp(score) - label, score, sp.exp(score + delta),
           "a surrogate: the second derivative is exp(s)"),
    _false("multiclass_objective.hpp:105", r"\frac{K}{K-1}p(1-p)", _p, z[k1], K / (K - 1) * _p * (1 - _p),
           "a surrogate: the second derivative is p (1 - p)"),
    _xfalse("multiclass_obj.cc:61", r"2p(1-p)", _p, z[k1], 2 * _p * (1 - _p),
            "a surrogate: the second derivative is p (1 - p)"),
    _xfalse("hinge.h:19", r"h=1\text{ for }\max(0,1-y s)", -_sign * sp.Heaviside(1 - _sign * score), score,
            sp.Heaviside(1 - _sign * score), "a surrogate: the second derivative is 0 (issue 7580)"),
)  # fmt: skip
