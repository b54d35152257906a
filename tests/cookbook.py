"""Derivatives from Petersen & Pedersen, *The Matrix Cookbook* (15 November 2012), by their numbers.

Each row: number, function, variable, derivative as printed, assumptions.  Shapes are as general as the formula allows.
"""

from sympy import (
    Abs,
    Determinant,
    DotProduct,
    Expr,
    Identity,
    KroneckerDelta,
    MatrixExpr,
    MatrixSymbol,
    OneMatrix,
    Q,
    Sum,
    Symbol,
    Trace,
    log,
    sqrt,
    symbols,
)

n, m, p, q = (Symbol(s, integer=True, positive=True) for s in "nmpq")
i, j, k, l = symbols("i j k l")
X, B, C, D, E, W = (MatrixSymbol(s, n, n) for s in ("X", "B", "C", "D", "E", "W"))
a, b, c, d, s, x = (MatrixSymbol(t, n, 1) for t in "abcdsx")
Y, A, G = MatrixSymbol("Y", n, m), MatrixSymbol("A", p, n), MatrixSymbol("G", m, p)
M, R, u, v = MatrixSymbol("M", p, q), MatrixSymbol("R", p, p), MatrixSymbol("u", p, 1), MatrixSymbol("v", q, 1)
H, K, Z = MatrixSymbol("H", m, m), MatrixSymbol("K", q, q), MatrixSymbol("Z", m, q)
P, S = MatrixSymbol("P", p, q), MatrixSymbol("S", p, p)

Row = tuple[str, Expr | MatrixExpr, Expr | MatrixExpr, Expr | MatrixExpr, tuple]

ROWS: tuple[Row, ...] = (
    ("49", Determinant(X), X, Determinant(X) * X.I.T, ()),
    ("51", Determinant(B * X * C), X, Determinant(B * X * C) * X.I.T, ()),
    ("52", Determinant(X.T * B * X), X, 2 * Determinant(X.T * B * X) * X.I.T, ()),
    ("55", log(Determinant(M.T * M)), M, 2 * M * (M.T * M).I, ()),
    ("57", log(Abs(Determinant(X))), X, X.I.T, ()),
    ("58", Determinant(X**3), X, 3 * Determinant(X**3) * X.I.T, ()),
    ("60", X.I[k, l], X[i, j], -X.I[k, i] * X.I[j, l], ()),
    ("61", a.T * X.I * b, X, -X.I.T * a * b.T * X.I.T, ()),
    ("62", Determinant(X.I), X, -Determinant(X.I) * X.I.T, ()),
    ("63", Trace(B * X.I * C), X, -(X.I * C * B * X.I).T, ()),
    ("64", Trace((X + B).I), X, -((X + B).I * (X + B).I).T, ()),
    ("69", x.T * a, x, a, ()),
    ("70", u.T * M * v, M, u * v.T, ()),
    ("71", v.T * M.T * u, M, u * v.T, ()),
    ("72", a.T * X * a, X, a * a.T, ()),
    ("73", X[k, l], X[i, j], KroneckerDelta(i, k) * KroneckerDelta(j, l), ()),
    ("74", (X * B)[i, j], X[k, l], KroneckerDelta(i, k) * B[l, j], ()),
    ("75", (X.T * B)[i, j], X[k, l], KroneckerDelta(i, l) * B[k, j], ()),
    ("76", Sum(X[k, l], (k, 0, n - 1), (l, 0, n - 1)) ** 2, X, 2 * Sum(X[k, l], (k, 0, n - 1), (l, 0, n - 1)) * OneMatrix(n, n), ()),
    ("77", b.T * X.T * X * c, X, X * (b * c.T + c * b.T), ()),
    ("78", (B * x + b).T * C * (D * x + d), x, B.T * C * (D * x + d) + D.T * C.T * (B * x + b), ()),
    ("79", (X.T * B * X)[k, l], X[i, j], KroneckerDelta(l, j) * (X.T * B)[k, i] + KroneckerDelta(k, j) * (B * X)[i, l], ()),
    ("81", x.T * B * x, x, (B + B.T) * x, ()),
    ("82", b.T * X.T * D * X * c, X, D.T * X * b * c.T + D * X * c * b.T, ()),
    ("83", (X * b + c).T * D * (X * b + c), X, (D + D.T) * (X * b + c) * b.T, ()),
    ("84", (x - B * s).T * W * (x - B * s), s, -2 * B.T * W * (x - B * s), (Q.symmetric(W),)),
    ("85", (x - s).T * W * (x - s), x, 2 * W * (x - s), (Q.symmetric(W),)),
    ("86", (x - s).T * W * (x - s), s, -2 * W * (x - s), (Q.symmetric(W),)),
    ("87", (x - B * s).T * W * (x - B * s), x, 2 * W * (x - B * s), (Q.symmetric(W),)),
    ("88", (x - B * s).T * W * (x - B * s), B, -2 * W * (x - B * s) * s.T, (Q.symmetric(W),)),
    ("99", Trace(X), X, Identity(n), ()),
    ("100", Trace(Y * G * A), Y, (G * A).T, ()),
    ("101", Trace(A * Y * G), Y, A.T * G.T, ()),
    ("102", Trace(G.T * Y.T * A.T), Y, A.T * G.T, ()),
    ("103", Trace(Y.T * (G * A).T), Y, (G * A).T, ()),
    ("104", Trace((G * A).T * Y.T), Y, (G * A).T, ()),
    ("106", Trace(X**2), X, 2 * X.T, ()),
    ("107", Trace(X**2 * B), X, (X * B + B * X).T, ()),
    ("108", Trace(Y.T * B * Y), Y, B * Y + B.T * Y, ()),
    ("109", Trace(B * Y * Y.T), Y, B * Y + B.T * Y, ()),
    ("110", Trace(Y * Y.T * B), Y, B * Y + B.T * Y, ()),
    ("111", Trace(Y * H * Y.T), Y, Y * H.T + Y * H, ()),
    ("112", Trace(H * Y.T * Y), Y, Y * H.T + Y * H, ()),
    ("113", Trace(Y.T * Y * H), Y, Y * H.T + Y * H, ()),
    ("114", Trace(B * X * C * X), X, B.T * X.T * C.T + C.T * X.T * B.T, ()),
    ("115", Trace(Y.T * Y), Y, 2 * Y, ()),
    ("116", Trace(Z.T * Y.T * C * Y * Z), Y, C.T * Y * Z * Z.T + C * Y * Z * Z.T, ()),
    ("117", Trace(Y.T * B * Y * H), Y, B * Y * H + B.T * Y * H.T, ()),
    ("118", Trace(B * Y * H * Y.T * C), Y, B.T * C.T * Y * H.T + C * B * Y * H, ()),
    ("119", Trace((A * Y * Z + P) * (A * Y * Z + P).T), Y, 2 * A.T * (A * Y * Z + P) * Z.T, ()),
    ("121", Trace(X**3), X, 3 * (X**2).T, ()),
    ("122", Trace(B * X**3), X, (X**2 * B + X * B * X + B * X**2).T, ()),
    ("124", Trace(B * X.I * C), X, -X.I.T * B.T * C.T * X.I.T, ()),
    ("129", sqrt(DotProduct(x - a, x - a)), x, (x - a) / sqrt(DotProduct(x - a, x - a)), ()),
    ("131", x.T * x, x, 2 * x, ()),
)  # fmt: skip

#: rows that take the engine a second or more
LONG_ROWS: tuple[Row, ...] = (
    ("53", Determinant(M.T * R * M), M, 2 * Determinant(M.T * R * M) * R * M * (M.T * R * M).I, (Q.symmetric(R),)),
    ("54", Determinant(M.T * R * M), M,
     Determinant(M.T * R * M) * (R * M * (M.T * R * M).I + R.T * M * (M.T * R.T * M).I), ()),
    ("125", Trace((M.T * R * M).I * K), M, -(R * M * (M.T * R * M).I) * (K + K.T) * (M.T * R * M).I, (Q.symmetric(R),)),
    ("126", Trace((M.T * R * M).I * (M.T * S * M)), M,
     -2 * R * M * (M.T * R * M).I * M.T * S * M * (M.T * R * M).I + 2 * S * M * (M.T * R * M).I,
     (Q.symmetric(R), Q.symmetric(S))),
)  # fmt: skip
