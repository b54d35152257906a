"""Matrix formulas, typed as matrices: the Matrix Cookbook, and what others say of traces, inverses and determinants."""

from __future__ import annotations

import sympy as sp
from sympy import MatrixSymbol, Symbol, Trace

from public.courses import DIVE, TAKADA
from public.losses import AUTOGRAD
from public.record import Source, right, wrong

COOKBOOK = Source(
    "Matrix Cookbook",
    "K. B. Petersen, M. S. Pedersen, The Matrix Cookbook (2012)",
    "https://www2.imm.dtu.dk/pubdb/pubs/3274-full.html",
)
SYMPY = Source("SymPy", "SymPy, issues of MatrixExpr.diff", "https://github.com/sympy/sympy/issues")
DL4J = Source(
    "Deeplearning4j", "Deeplearning4j, MatrixDeterminant.java", "https://github.com/deeplearning4j/deeplearning4j"
)
EXCHANGE = Source("Mathematics SE", "Mathematics Stack Exchange", "https://math.stackexchange.com/questions/2860061")
RASMUSSEN = Source(
    "Rasmussen & Williams", "C. Rasmussen, C. Williams, Gaussian Processes (2006)", "http://gaussianprocess.org/gpml/"
)
_true, _auto = right(COOKBOOK), right(AUTOGRAD)

n, m, p, q = (Symbol(name, integer=True, positive=True) for name in "nmpq")
s, nu, theta = sp.symbols("s nu theta")
x, y, d = MatrixSymbol("x", m, 1), MatrixSymbol("y", n, 1), MatrixSymbol("d", n, 1)
a, b, c = MatrixSymbol("a", n, 1), MatrixSymbol("b", m, 1), MatrixSymbol("c", m, 1)
f = MatrixSymbol("f", n, 1)
X, A, B, C = MatrixSymbol("X", n, m), MatrixSymbol("A", p, n), MatrixSymbol("B", m, q), MatrixSymbol("C", p, q)
M, F, G = MatrixSymbol("M", m, n), MatrixSymbol("F", n, n), MatrixSymbol("G", m, m)
Z, P, Q = (MatrixSymbol(name, n, n) for name in "ZPQ")
H = MatrixSymbol("H", n, m)
Zi, F_sym, P_sym = Z.I, sp.Eq(F, F.T), sp.Eq(P, P.T)
_inner = (X.T * F * X).I
_sum = (G + X.T * F * X).I
_res = X * x - y
_mean = MatrixSymbol("mu", n, 1)
_r = y - _mean
_X3, _A3 = MatrixSymbol("X", 3, 3), MatrixSymbol("A", 3, 3)

FORMULAS = (
    _true("(61)", r"\frac{\partial a^TX^{-1}b}{\partial X}=-X^{-T}ab^TX^{-T}", a.T * Zi * f, Z, -Zi.T * a * f.T * Zi.T),
    _true("(63)", r"\partial\operatorname{Tr}(AX^{-1}B)=-(X^{-1}BAX^{-1})^T", Trace(P * Zi * Q), Z,
          -(Zi * Q * P * Zi).T),
    _true("(64)", r"\partial\operatorname{Tr}((X+A)^{-1})=-((X+A)^{-1}(X+A)^{-1})^T", Trace((Z + P).I), Z,
          -((Z + P).I * (Z + P).I).T),
    _true("(69)", r"\frac{\partial x^Ta}{\partial x}=a", x.T * b, x, b),
    _true("(70)", r"\frac{\partial a^TXb}{\partial X}=ab^T", a.T * X * b, X, a * b.T),
    _true("(71)", r"\frac{\partial a^TX^Tb}{\partial X}=ba^T", b.T * X.T * a, X, a * b.T),
    _true("(77)", r"\frac{\partial b^TX^TXc}{\partial X}=X(bc^T+cb^T)", b.T * X.T * X * c, X, X * (b * c.T + c * b.T)),
    _true("(78)", r"B^TC(Dx+d)+D^TC^T(Bx+b)", (H * x + d).T * F * (X * x + y), x,
          H.T * F * (X * x + y) + X.T * F.T * (H * x + d)),
    _true("(81)", r"\frac{\partial x^TBx}{\partial x}=(B+B^T)x", x.T * G * x, x, (G + G.T) * x),
    _true("(82)", r"D^TXbc^T+DXcb^T", b.T * X.T * F * X * c, X, F.T * X * b * c.T + F * X * c * b.T),
    _true("(83)", r"(D+D^T)(Xb+c)b^T", (X * b + d).T * F * (X * b + d), X, (F + F.T) * (X * b + d) * b.T),
    _true("(84)", r"-2A^TW(x-As)", (y - X * x).T * F * (y - X * x), x, -2 * X.T * F * (y - X * x), assumptions=[F_sym],
          seen=False),
    _true("(87)", r"2W(x-As)", (y - X * x).T * F * (y - X * x), y, 2 * F * (y - X * x), assumptions=[F_sym]),
    _true("(88)", r"-2W(x-As)s^T", (y - X * x).T * F * (y - X * x), X, -2 * F * (y - X * x) * x.T, assumptions=[F_sym],
          seen=False),
    _true("(99)", r"\partial\operatorname{Tr}(X)=I", Trace(Z), Z, sp.Identity(n)),
    _true("(100)", r"\partial\operatorname{Tr}(XA)=A^T", Trace(X * M), X, M.T),
    _true("(101)", r"\partial\operatorname{Tr}(AXB)=A^TB^T", Trace(P * Z * Q), Z, P.T * Q.T),
    _true("(102)", r"\partial\operatorname{Tr}(AX^TB)=BA", Trace(G * X.T * H), X, H * G),
    _true("(106)", r"\partial\operatorname{Tr}(X^2)=2X^T", Trace(Z * Z), Z, 2 * Z.T),
    _true("(107)", r"\partial\operatorname{Tr}(X^2B)=(XB+BX)^T", Trace(Z * Z * P), Z, (Z * P + P * Z).T),
    _true("(108)", r"\partial\operatorname{Tr}(X^TBX)=BX+B^TX", Trace(X.T * F * X), X, F * X + F.T * X),
    _true("(111)", r"\partial\operatorname{Tr}(XBX^T)=XB^T+XB", Trace(X * G * X.T), X, X * G.T + X * G),
    _true("(114)", r"\partial\operatorname{Tr}(AXBX)=A^TX^TB^T+B^TX^TA^T", Trace(P * Z * Q * Z), Z,
          P.T * Z.T * Q.T + Q.T * Z.T * P.T),
    _true("(115)", r"\partial\operatorname{Tr}(X^TX)=2X", Trace(X.T * X), X, 2 * X),
    _true("(116)", r"C^TXBB^T+CXBB^T", Trace(B.T * X.T * F * X * B), X, F.T * X * B * B.T + F * X * B * B.T),
    _true("(117)", r"BXC+B^TXC^T", Trace(X.T * F * X * G), X, F * X * G + F.T * X * G.T),
    _true("(118)", r"A^TC^TXB^T+CAXB", Trace(P * X * G * X.T * Q), X, P.T * Q.T * X * G.T + Q * P * X * G),
    _true("(119)", r"2A^T(AXB+C)B^T", Trace((A * X * B + C) * (A * X * B + C).T), X, 2 * A.T * (A * X * B + C) * B.T),
    _true("(121), k = 4", r"k(X^{k-1})^T", Trace(Z**4), Z, 4 * (Z**3).T),
    _true("(123)", r"CXX^TCXBB^T+C^TXBB^TX^TC^TX+CXBB^TX^TCX+C^TXX^TC^TXBB^T",
          Trace(B.T * X.T * F * X * X.T * F * X * B), X,
          F * X * X.T * F * X * B * B.T + F.T * X * B * B.T * X.T * F.T * X + F * X * B * B.T * X.T * F * X
          + F.T * X * X.T * F.T * X * B * B.T),
    _true("(124)", r"-X^{-T}A^TB^TX^{-T}", Trace(P * Zi * Q), Z, -Zi.T * P.T * Q.T * Zi.T),
    _true("(125)", r"-(CX(X^TCX)^{-1})(A+A^T)(X^TCX)^{-1}", Trace(_inner * G), X,
          -(F * X * _inner) * (G + G.T) * _inner,
          assumptions=[F_sym]),
    _true("(126)", r"-2CX(X^TCX)^{-1}X^TBX(X^TCX)^{-1}+2BX(X^TCX)^{-1}", Trace(_inner * (X.T * P * X)), X,
          -2 * F * X * _inner * X.T * P * X * _inner + 2 * P * X * _inner, assumptions=[F_sym, P_sym]),
    _true("(127)", r"-2CX(A+X^TCX)^{-1}X^TBX(A+X^TCX)^{-1}+2BX(A+X^TCX)^{-1}", Trace(_sum * (X.T * P * X)), X,
          -2 * F * X * _sum * X.T * P * X * _sum + 2 * P * X * _sum, assumptions=[F_sym, P_sym, sp.Eq(G, G.T)]),
    _true("(49)", r"\partial\det(X)=\det(X)X^{-T}", sp.Determinant(Z), Z, sp.Determinant(Z) * Zi.T),
    _true("(57)", r"\partial\ln|\det X|=X^{-T}", sp.log(sp.Determinant(Z)), Z, Zi.T),
    _true("(51)", r"\partial\det(AXB)=\det(AXB)X^{-T}", sp.Determinant(P * Z * Q), Z, sp.Determinant(P * Z * Q) * Zi.T),
    _true("(131)", r"\partial\|x\|_2^2=2x", x.T * x, x, 2 * x),
    right(DIVE)("linear-regression.md:257", r"2X^T(Xw-y)", _res.T * _res, x, 2 * X.T * _res),
    right(DIVE)("calculus.md:341", r"\nabla_X\|X\|_F^2=2X", Trace(X * X.T), X, 2 * X),
    right(TAKADA)("page 142, sum of squares", r"\nabla E_D=-\Phi^T(t-\Phi w)", (y - X * x).T * (y - X * x) / 2, x,
                  -X.T * (y - X * x)),
    right(TAKADA)("Wishart, the gradient by W", r"-\frac\nu2W^{-T}+\frac12W^{-T}\Lambda^TW^{-T}",
                  -nu / 2 * sp.log(sp.Determinant(Z)) - Trace(Zi * P) / 2, Z, -nu / 2 * Zi.T + Zi.T * P.T * Zi.T / 2),
    right(RASMUSSEN)("(5.9)",
                     r"\tfrac12\operatorname{tr}((\alpha\alpha^T-K^{-1})\frac{\partial K}{\partial\theta})",
                     -Trace(y * y.T * (P + theta * Q).I) / 2 - sp.log(sp.Determinant(P + theta * Q)) / 2, theta,
                     Trace(((P + theta * Q).I * y * y.T * (P + theta * Q).I.T - (P + theta * Q).I) * Q) / 2,
                     assumptions=[P_sym, sp.Eq(Q, Q.T)], seen=False),
    _auto("numpy/linalg.py:62, inv", r"-A^{-T}gA^{-T}", Trace(P.T * Zi), Z, -Zi.T * P * Zi.T),
    _auto("multivariate_normal.py:48, mean", r"\Sigma^{-1}(x-\mu)", -(_r.T * P.I * _r) / 2, _mean, P.I * _r,
          assumptions=[P_sym]),
    wrong(SYMPY)("issue 15136", r"\partial\operatorname{Tr}(X^2B)=(I+X^T)B^T(I+X^T)", Trace(Z * Z * P), Z,
                 (sp.Identity(n) + Z.T) * P.T * (sp.Identity(n) + Z.T), "(XB + BX)^T"),
    wrong(SYMPY)("issue 15614, Tr(XA)", r"3A^T", Trace(_X3 * _A3), _X3, 3 * _A3.T, "A^T"),
    wrong(SYMPY)("issue 15614, Tr(X^T A X)", r"6A^TX+12AX", Trace(_X3.T * _A3 * _X3), _X3,
                 6 * _A3.T * _X3 + 12 * _A3 * _X3,
                 "A^T X + A X"),
    wrong(SYMPY)("1.14, log(Determinant(A)).diff(A)", r"0", sp.log(sp.Determinant(Z)), Z, sp.ZeroMatrix(n, n), "A^-T"),
    wrong(DL4J)("doDiff", r"\frac{\partial z}{\partial x}=z\operatorname{tr}(X^{-1})", sp.Determinant(Z), Z,
                sp.Determinant(Z) * Trace(Zi) * sp.OneMatrix(n, n), "z X^-T"),
    wrong(EXCHANGE)("answer to 2860061", r"\sum_{ij}(X^{-1})_{ij}X'_{ij}", sp.log(sp.Determinant(P + s * Q)), s,
                    Trace((P + s * Q).I * Q.T), "the inverse is to be transposed"),
    wrong(AUTOGRAD)("multivariate_normal.py before fec14ad", r"-\tfrac12(\Sigma^{-1}rr^T\Sigma^{-1}-\Sigma^{-1})",
                    -Trace(_r * _r.T * Zi) / 2 - sp.log(sp.Determinant(Z)) / 2, Z, -(Zi * _r * _r.T * Zi - Zi) / 2,
                    "sign",
                    assumptions=[sp.Eq(Z, Z.T)]),
)  # fmt: skip
