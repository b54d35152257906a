"""Derivatives of activation functions, as libraries of automatic differentiation and papers state them."""

from __future__ import annotations

import sympy as sp

from public.letters import alpha, beta, sigma
from public.record import Source, right

NNLIB = Source("NNlib", "NNlib.jl, src/activations.jl at f71b71c", "https://github.com/FluxML/NNlib.jl/blob/f71b71c/")
DIFFRULES = Source(
    "DiffRules", "DiffRules.jl, src/rules.jl at 8842177", "https://github.com/JuliaDiff/DiffRules.jl/blob/8842177/"
)
CHAINER = Source("Chainer", "Chainer, chainer/functions at a8e15cb", "https://github.com/chainer/chainer/tree/a8e15cb/")
DARKNET = Source(
    "darknet", "darknet, src/activations.h at f6afaab", "https://github.com/pjreddie/darknet/blob/f6afaab/"
)
MISH = Source("Mish", "D. Misra, Mish (README at ec1faeb)", "https://github.com/digantamisra98/Mish/tree/ec1faeb")
SWISH = Source(
    "Swish",
    "P. Ramachandran, B. Zoph, Q. Le, Searching for Activation Functions (2017)",
    "https://arxiv.org/abs/1710.05941",
)
NNABLA = Source("nnabla", "NNabla, include/nbla/function", "https://github.com/sony/nnabla/commit/3ad8d233")
_nnlib, _rules, _chainer, _darknet = right(NNLIB), right(DIFFRULES), right(CHAINER), right(DARKNET)

x, y, a, gy = sp.symbols("x y a g")
_one, _zero = sp.Integer(1), sp.Integer(0)


def _steps(*pieces: tuple[object, object]) -> sp.Piecewise:
    return sp.Piecewise(*pieces)


_soft = sp.log(1 + sp.exp(x))
_cube = sp.Rational(44715, 10**6)
_rate = sp.sqrt(2 / sp.pi)
_arg = _rate * (x + _cube * x**3)
_gelu = x / 2 * (1 + sp.tanh(_arg))
_gate = sigma(sp.sqrt(8 / sp.pi) * (x + _cube * x**3))
_phi = (1 + sp.erf(x / sp.sqrt(2))) / 2
_normal = sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)
_elu = _steps((x, x > 0), (alpha * (sp.exp(x) - 1), True))
_celu = _steps((x, x > 0), (alpha * (sp.exp(x / alpha) - 1), True))
_swish = x * sigma(beta * x)
_mish = x * sp.tanh(_soft)
_omega = 4 * (x + 1) + 4 * sp.exp(2 * x) + sp.exp(3 * x) + sp.exp(x) * (4 * x + 6)
_bar = 2 * sp.exp(x) + sp.exp(2 * x) + 2
_plse = _steps((sp.Rational(1, 100) * (x + 4), x < -4), (sp.Rational(1, 100) * (x - 4) + 1, x > 4),
               (x / 8 + sp.Rational(1, 2), True))  # fmt: skip
_plse_slope = _steps((sp.Rational(1, 100), sp.Or(_plse < 0, _plse > 1)), (sp.Rational(1, 8), True))
_sig = sigma(beta * x)

FORMULAS = (
    _nnlib("line 943, σ", r"\Omega(1-\Omega)", sigma(x), x, sigma(x) * (1 - sigma(x))),
    _nnlib("line 944, hardσ", r"\tfrac16\text{ for }0<\Omega<1,\text{ else }0",
           sp.Max(0, sp.Min(1, (x + 3) / 6)), x, _steps((sp.Rational(1, 6), sp.And(x > -3, x < 3)), (_zero, True))),
    _nnlib("line 945, logσ", r"\sigma(-x)", sp.log(sigma(x)), x, sigma(-x)),
    _nnlib("line 946, hardtanh", r"(\Omega>-1)\wedge(\Omega<1)", sp.Max(-1, sp.Min(1, x)), x,
           _steps((_one, sp.And(x > -1, x < 1)), (_zero, True))),
    _nnlib("line 947, relu", r"\Omega>0", sp.Max(0, x), x, _steps((_one, x > 0), (_zero, True))),
    _nnlib("line 948, leakyrelu", r"1\text{ or }\tfrac1{100}", sp.Max(x, x / 100), x,
           _steps((_one, x > 0), (sp.Rational(1, 100), True))),
    _nnlib("line 949, relu6", r"(\Omega>0)\wedge(\Omega<6)", sp.Min(sp.Max(x, 0), 6), x,
           _steps((_one, sp.And(x > 0, x < 6)), (_zero, True))),
    _nnlib("line 309, elu", r"1\text{ or }\Omega+\alpha", _elu, x, _steps((_one, x > 0), (_elu + alpha, True))),
    _nnlib("line 368, gelu_tanh", r"\frac{1+\Omega}2+x\lambda(1+\alpha_2x^2+\alpha x^2)\frac{1-\Omega^2}2", _gelu, x,
           (1 + sp.tanh(_arg)) / 2 + x * _rate * (1 + 3 * _cube * x**2) * (1 - sp.tanh(_arg) ** 2) / 2),
    _nnlib("line 396, gelu_sigmoid", r"\Omega+x\,\Omega(1-\Omega)\lambda(1+3\alpha x^2)", x * _gate, x,
           _gate + x * _gate * (1 - _gate) * sp.sqrt(8 / sp.pi) * (1 + 3 * _cube * x**2)),
    _nnlib("line 954, gelu_erf", r"\Phi(x)+x\varphi(x)", x * _phi, x, _phi + x * _normal),
    _nnlib("line 955, swish", r"\Omega+\sigma(x)(1-\Omega)", x * sigma(x), x,
           x * sigma(x) + sigma(x) * (1 - x * sigma(x))),
    _nnlib("line 485, hardswish", r"0,\ 1\text{ or }\tfrac x3+\tfrac12", x * sp.Min(sp.Max(x + 3, 0), 6) / 6, x,
           _steps((_zero, x < -3), (_one, x > 3), (x / 3 + sp.Rational(1, 2), True))),
    _nnlib("line 590, celu", r"1\text{ or }\Omega/\alpha+1", _celu, x,
           _steps((_one, x > 0), (_celu / alpha + 1, True))),
    _nnlib("line 658, softsign", r"1/(1+|x|)^2", x / (1 + sp.Abs(x)), x, 1 / (1 + sp.Abs(x)) ** 2),
    _nnlib("line 962, softplus", r"\sigma(x)", _soft, x, sigma(x)),
    _nnlib("line 966, tanhshrink", r"(x-\Omega)^2", x - sp.tanh(x), x, (x - (x - sp.tanh(x))) ** 2),
    _nnlib("line 967, softshrink", r"\Omega\ne0",
           _steps((x - alpha, x > alpha), (x + alpha, x < -alpha), (_zero, True)), x,
           _steps((_one, x > alpha), (_one, x < -alpha), (_zero, True))),
    _nnlib("line 969, tanh", r"1-\Omega^2", sp.tanh(x), x, 1 - sp.tanh(x) ** 2),
    _rules("line 293, xlogx", r"1+\log x", x * sp.log(x), x, 1 + sp.log(x), assumptions=[sp.Gt(x, 0)]),
    _rules("line 295, logit", r"\frac1{x(1-x)}", sp.log(x / (1 - x)), x, 1 / (x * (1 - x))),
    _rules("line 297, log1pexp", r"\operatorname{logistic}(x)", _soft, x, sp.exp(x) / (1 + sp.exp(x))),
    _rules("line 298, log1mexp", r"-e^{x-\mathrm{log1mexp}(x)}", sp.log(1 - sp.exp(x)), x,
           -sp.exp(x - sp.log(1 - sp.exp(x))), assumptions=[sp.Lt(x, 0)]),
    _rules("line 309, logaddexp", r"e^{x-\mathrm{logaddexp}(x,y)}", sp.log(sp.exp(x) + sp.exp(y)), x,
           sp.exp(x - sp.log(sp.exp(x) + sp.exp(y)))),
    _rules("line 86, hypot", r"x/\mathrm{hypot}(x,y)", sp.sqrt(x**2 + y**2), x, x / sp.sqrt(x**2 + y**2)),
    _rules("line 195, erf", r"-\tfrac{2}{\sqrt\pi}e^{-x^2}", sp.erf(y) - sp.erf(x), x,
           -2 / sp.sqrt(sp.pi) * sp.exp(-(x**2))),
    _chainer("activation/swish.py:96", r"g_y(\beta y+\sigma(1-\beta y))", gy * _swish, x,
             gy * (beta * _swish + _sig * (1 - beta * _swish))),
    _chainer("activation/swish.py:97", r"g_y\,y(x-y)", gy * x * sigma(a * x), a,
             gy * x * sigma(a * x) * (x - x * sigma(a * x))),
    _chainer("activation/swish.py:142", r"g_xg_y\beta(1-\sigma)(\beta y+2\sigma(1-\beta y))",
             gy * (beta * _swish + _sig * (1 - beta * _swish)), x,
             gy * beta * (1 - _sig) * (beta * _swish + 2 * _sig * (1 - beta * _swish))),
    _chainer("activation/softplus.py:68", r"(1-\tfrac1{1+e^{\beta x}})g_y", gy * sp.log(1 + sp.exp(beta * x)) / beta, x,
             (1 - 1 / (1 + sp.exp(beta * x))) * gy),
    _chainer("activation/softplus.py:84", r"g_y\beta e/(1+e)^2,\ e=e^{\beta x}", (1 - 1 / (1 + sp.exp(beta * x))) * gy,
             x,
             gy * beta * sp.exp(beta * x) / (1 + sp.exp(beta * x)) ** 2),
    _chainer("activation/clipped_relu.py:89", r"g_y(0<x)(x<z)", gy * sp.Min(sp.Max(0, x), alpha), x,
             gy * _steps((_one, sp.And(x > 0, x < alpha)), (_zero, True))),
    _darknet("loggy_gradient", r"2(1-y)y,\ y=(f+1)/2", 2 * sigma(x) - 1, x,
             2 * (1 - (2 * sigma(x) - 1 + 1) / 2) * (2 * sigma(x) - 1 + 1) / 2),
    _darknet("tanh_gradient", r"1-f^2", (sp.exp(2 * x) - 1) / (sp.exp(2 * x) + 1), x,
             1 - ((sp.exp(2 * x) - 1) / (sp.exp(2 * x) + 1)) ** 2),
    _darknet("plse_gradient", r"f<0\text{ or }f>1:\ .01,\text{ else }.125", _plse, x, _plse_slope),
    right(MISH)("README, first form", r"\operatorname{sech}^2(\mathrm{softplus}(x))\,x\,\sigma(x)+f(x)/x", _mish, x,
                sp.sech(_soft) ** 2 * x * sigma(x) + _mish / x),
    right(MISH)("README, second form", r"e^x\omega/\delta^2", _mish, x, sp.exp(x) * _omega / _bar**2),
    right(SWISH)("section 2, f'(x)", r"\beta f(x)+\sigma(\beta x)(1-\beta f(x))", _swish, x,
                 beta * _swish + _sig * (1 - beta * _swish), seen=False),
    right(NNABLA)("gelu.hpp:43-48", r"\tfrac12(1+\tanh u)+\tfrac12x(1-\tanh^2u)\sqrt{2/\pi}(1+0.134145x^2)",
                  gy * _gelu, x,
                  gy * (sp.Rational(1, 2) * (1 + sp.tanh(_arg)) + x / 2 * (1 - sp.tanh(_arg) ** 2) * _rate
                        * (1 + sp.Rational(134145, 10**6) * x**2))),
)  # fmt: skip
