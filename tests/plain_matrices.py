"""Matrices of numbers, by NumPy and nothing of gradproof: what SymPy's matrices are worth at a point."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp
from sympy.matrices import expressions as mx
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.matexpr import MatrixElement


def worth(e: Any, at: Mapping[str, Any]) -> Any:
    """The value of a matrix (an array with two axes) or a scalar; sizes, symbols and arrays by name."""
    match e:
        case sp.MatrixSymbol():
            return np.asarray(at[e.name], float).reshape([int(worth(s, at)) for s in e.shape])
        case sp.Identity():
            return np.eye(int(worth(e.shape[0], at)))
        case sp.OneMatrix() | sp.ZeroMatrix():
            return np.full([int(worth(s, at)) for s in e.shape], float(isinstance(e, sp.OneMatrix)))
        case sp.Transpose():
            return worth(e.arg, at).T
        case sp.Trace():
            return np.trace(worth(e.arg, at))
        case sp.Determinant():
            return np.linalg.det(worth(e.arg, at))
        case sp.MatMul():
            result = 1.0
            for part in (worth(a, at) for a in e.args):
                scalar = np.ndim(part) == 0 or np.ndim(result) == 0
                result = result * part if scalar else result @ part
            return result
        case mx.HadamardProduct():
            return math.prod((worth(a, at) for a in e.args), start=1.0)
        case sp.MatAdd() | sp.Add():
            return sum(worth(a, at) for a in e.args)
        case mx.HadamardPower():
            return worth(e.base, at) ** worth(e.exp, at)
        case sp.MatPow():
            return np.linalg.matrix_power(worth(e.base, at), int(e.exp))
        case ElementwiseApplyFunction():
            return np.vectorize(lambda u: worth(e.function(sp.Float(u)), at))(worth(e.expr, at))
        case mx.DiagMatrix():
            return np.diag(worth(e.args[0], at).ravel())
        case mx.DiagonalOf():
            return np.diag(worth(e.arg, at))[:, None]
        case MatrixElement():
            return worth(e.args[0], at)[tuple(int(worth(i, at)) for i in e.args[1:])]
        case sp.Symbol():
            return at[e.name]
        case sp.Mul():
            return math.prod(worth(a, at) for a in e.args)
        case sp.Pow():
            return float(worth(e.base, at)) ** float(worth(e.exp, at))
        case sp.Number() | sp.NumberSymbol():
            return float(e)
    return float(e.func(*(sp.Float(worth(a, at)) for a in e.args)))
