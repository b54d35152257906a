"""Functions of matrices: forms, traces, norms, inverse and determinant."""

from __future__ import annotations

import sympy as sp
from sympy import Eq, KroneckerDelta, Sum, log, sqrt

from gradproof.inverse import Determinant, InverseBase
from gradproof.lines import times
from gradproof.reference.entry import Entry, Gradient, Wrong
from gradproof.reference.letters import D, L, W, X, d, e, k, l, n

HALF = sp.Rational(1, 2)
A, B, R, S, a, b, mu, r, x, y = map(sp.IndexedBase, ["A", "B", "R", "S", "a", "b", "mu", "r", "x", "y"])
length, rho = sp.symbols("r rho")
INVERSE = InverseBase.matrix(A, sp.Integer(1), D)
DETERMINANT = Determinant(A, sp.Integer(1), D)
SYMMETRIC = Eq(A[d, e], A[e, d])


def quadratic_form() -> Entry:
    """∂L/∂x_d = Σ_e (A_de + A_ed) x_e."""
    return Entry(
        "quadratic-form",
        "Quadratic form",
        "$x^\\top A x$ for any square matrix $A$.",
        "quadratic form xtax matrix gradient",
        (Eq(L, Sum(x[d] * A[d, e] * x[e], d, e)),),
        (
            Gradient(
                x[d],
                Sum((A[d, e] + A[e, d]) * x[e], e),
                (
                    Wrong(2 * Sum(A[d, e] * x[e], e), "That is so for symmetric $A$ only."),
                    Wrong(Sum(A[d, e] * x[e], e), "$x$ stands on both sides, and each gives a term."),
                ),
            ),
            Gradient(A[d, e], x[d] * x[e]),
        ),
        "Safe.",
        see=("bilinear-form", "symmetric-quadratic-form", "trace-quadratic"),
    )


def symmetric_quadratic_form() -> Entry:
    """∂L/∂x_d = Σ_e A_de x_e + b_d."""
    return Entry(
        "symmetric-quadratic-form",
        "Quadratic function with a symmetric matrix",
        "$\\tfrac12 x^\\top A x + b^\\top x$, whose minimum solves a linear system.",
        "quadratic function symmetric matrix conjugate gradient linear system newton",
        (Eq(L, Sum(x[d] * A[d, e] * x[e], d, e) / 2 + Sum(b[d] * x[d], d)),),
        (
            Gradient(
                x[d],
                Sum(A[d, e] * x[e], e) + b[d],
                (Wrong(2 * Sum(A[d, e] * x[e], e) + b[d], "The ½ is forgotten."),),
            ),
        ),
        "Safe.",
        assumptions=(SYMMETRIC,),
    )


def bilinear_form() -> Entry:
    """∂L/∂A_dk = x_d y_k."""
    return Entry(
        "bilinear-form",
        "Bilinear form",
        "$x^\\top A y$: the score of a bilinear layer.",
        "bilinear form score outer product matrix gradient",
        (Eq(L, Sum(x[d] * A[d, k] * y[k], d, k)),),
        (
            Gradient(
                A[d, k], x[d] * y[k], (Wrong(Sum(x[d] * y[k], d, k), "One entry of $A$ stands in one term only."),)
            ),
            Gradient(x[d], Sum(A[d, k] * y[k], k)),
            Gradient(y[k], Sum(A[d, k] * x[d], d)),
        ),
        "Safe.",
    )


def rayleigh_quotient() -> Entry:
    """∂ρ/∂x_d = 2 (Σ_e A_de x_e − ρ x_d)/Σ x²."""
    square = Sum(x[e] ** 2, e)
    return Entry(
        "rayleigh-quotient",
        "Rayleigh quotient",
        "$x^\\top A x / x^\\top x$ for a symmetric matrix: stationary at eigenvectors.",
        "rayleigh quotient eigenvalue eigenvector symmetric power iteration",
        (Eq(rho, Sum(x[d] * A[d, e] * x[e], d, e) / Sum(x[d] ** 2, d)),),
        (
            Gradient(
                x[d],
                2 / square * (Sum(A[d, e] * x[e], e) - rho * x[d]),
                (Wrong(2 * Sum(A[d, e] * x[e], e) / square, "The denominator depends on $x$ too."),),
            ),
        ),
        "0/0 at the origin. It does not depend on the length of $x$: keep that at 1.",
        assumptions=(SYMMETRIC,),
        uses=("quadratic-form", "squared-norm"),
    )


def trace_product() -> Entry:
    """∂L/∂X_de = A_ed."""
    return Entry(
        "trace-product",
        "Trace of a product",
        "$\\operatorname{tr}(AX)$, linear in $X$.",
        "trace matrix derivative transpose inner product",
        (Eq(L, Sum(A[d, e] * X[e, d], d, e)),),
        (
            Gradient(
                X[d, e],
                A[e, d],
                (Wrong(A[d, e], "The transpose is forgotten: the entry $X_{de}$ is multiplied by $A_{ed}$."),),
            ),
        ),
        "Compute the sum of products of entries, $\\sum_{de} A_{de} X_{ed}$, rather than the product of the matrices.",
        see=("bilinear-form",),
    )


def trace_quadratic() -> Entry:
    """∂L/∂X_dk = Σ_e (A_de + A_ed) X_ek."""
    return Entry(
        "trace-quadratic",
        "Trace of a quadratic form",
        "$\\operatorname{tr}(X^\\top A X)$: the quadratic form of each column, summed; with a graph's Laplacian it measures smoothness.",
        "trace quadratic form matrix derivative laplacian smoothness pca",
        (Eq(L, Sum(X[d, k] * A[d, e] * X[e, k], d, e, k)),),
        (
            Gradient(
                X[d, k],
                Sum((A[d, e] + A[e, d]) * X[e, k], e),
                (Wrong(2 * Sum(A[e, d] * X[e, k], e), "That is so for symmetric $A$ only."),),
            ),
        ),
        "Safe.",
    )


def matrix_least_squares() -> Entry:
    """∂L/∂X_dk = 2 Σ_n A_nd (Σ_e A_ne X_ek − B_nk)."""
    return Entry(
        "matrix-least-squares",
        "Least squares with a matrix",
        "$\\lVert AX - B \\rVert_F^2$, the squared Frobenius norm of the residual $R$.",
        "frobenius norm least squares matrix regression procrustes residual",
        (Eq(R[n, k], Sum(A[n, d] * X[d, k], d) - B[n, k]), Eq(L, Sum(R[n, k] ** 2, n, k))),
        (
            Gradient(
                X[d, k],
                2 * Sum(A[n, d] * R[n, k], n),
                (Wrong(2 * Sum(A[n, d], n) * Sum(R[n, k], n), "The sum over the rows is of products."),),
            ),
            Gradient(A[n, d], 2 * Sum(R[n, k] * X[d, k], k)),
        ),
        "Multiply from the residual; forming $A^\\top A$ squares the condition number.",
        see=("linear-regression",),
    )


def frobenius_norm() -> Entry:
    """∂r/∂X_dk = X_dk/r."""
    return Entry(
        "frobenius-norm",
        "Frobenius norm",
        "The root of the sum of the squares of all entries.",
        "frobenius norm matrix norm gradient clipping",
        (Eq(length, sqrt(Sum(X[d, k] ** 2, d, k))),),
        (
            Gradient(
                X[d, k],
                X[d, k] / length,
                (Wrong(2 * X[d, k], "That is the gradient of the squared norm."),),
            ),
        ),
        "0/0 for the zero matrix, where it has no gradient.",
    )


def orthogonality_penalty() -> Entry:
    """∂L/∂W_dk = 4 Σ_l W_dl (S_lk), S = WᵀW − 1."""
    return Entry(
        "orthogonality-penalty",
        "Orthogonality penalty",
        "$\\lVert W^\\top W - 1 \\rVert_F^2$: zero when the columns of $W$ are orthonormal.",
        "orthogonal regularisation orthonormal columns gram matrix stiefel",
        (
            Eq(S[k, l], Sum(W[d, k] * W[d, l], d) - KroneckerDelta(k, l)),
            Eq(L, Sum(S[k, l] ** 2, k, l)),
        ),
        (
            Gradient(
                W[d, k],
                4 * Sum(W[d, l] * S[k, l], l),
                (
                    Wrong(
                        2 * Sum(W[d, l] * S[k, l], l),
                        "$W$ stands twice in the product: 2 from the square, 2 from the product.",
                    ),
                ),
            ),
        ),
        "Grows like the cube of $W$: start near orthonormal columns.",
        see=("frobenius-norm",),
    )


def mahalanobis() -> Entry:
    """∂L/∂x_d = 2 Σ_e A_de (x_e − μ_e)."""
    return Entry(
        "mahalanobis",
        "Mahalanobis distance, squared",
        "$(x - \\mu)^\\top A (x - \\mu)$ with a symmetric matrix, usually an inverse covariance.",
        "mahalanobis distance precision covariance gaussian quadratic",
        (Eq(r[d], x[d] - mu[d]), Eq(L, Sum(r[d] * A[d, e] * r[e], d, e))),
        (
            Gradient(
                x[d], 2 * Sum(A[d, e] * r[e], e), (Wrong(2 * Sum(A[d, e] * x[e], e), "The centre is forgotten."),)
            ),
            Gradient(mu[d], -2 * Sum(A[d, e] * r[e], e)),
        ),
        "Solve with a Cholesky factor rather than invert the covariance.",
        assumptions=(SYMMETRIC,),
        uses=("quadratic-form",),
        see=("inverse-form",),
    )


def log_determinant() -> Entry:
    """∂L/∂A_de = (A⁻¹)_ed."""
    return Entry(
        "log-determinant",
        "Log-determinant",
        "The logarithm of the determinant of $A$, where it is positive.",
        "logdet log determinant jacobi formula inverse transpose normalizing flow gaussian",
        (Eq(L, log(DETERMINANT)),),
        (
            Gradient(
                A[d, e],
                INVERSE[e, d],
                (
                    Wrong(INVERSE[d, e], "The transpose is forgotten; it makes no difference for symmetric $A$ only."),
                    Wrong(1 / A[d, e], "The derivative of the logarithm is taken entry by entry."),
                ),
            ),
        ),
        "The determinant itself overflows, or underflows, for matrices of a few hundred rows: sum the logarithms of a factorisation's diagonal.",
        uses=("determinant",),
    )


def determinant() -> Entry:
    """∂L/∂A_de = det A (A⁻¹)_ed."""
    return Entry(
        "determinant",
        "Determinant",
        "Jacobi's formula: the determinant's gradient is the matrix of cofactors.",
        "determinant jacobi formula adjugate cofactor",
        (Eq(L, DETERMINANT),),
        (
            Gradient(
                A[d, e],
                DETERMINANT * INVERSE[e, d],
                (Wrong(INVERSE[e, d], "That is the gradient of its logarithm."),),
            ),
        ),
        "Overflows, or underflows, soon: use the log-determinant.",
    )


def inverse_form() -> Entry:
    """∂L/∂A_de = −u_d v_e, u = A⁻ᵀ a, v = A⁻¹ b."""
    left, right = sp.IndexedBase("u"), sp.IndexedBase("v")
    return Entry(
        "inverse-form",
        "Form with an inverse",
        "$a^\\top A^{-1} b$, by the matrix: two solutions of linear systems, and their outer product.",
        "matrix inverse derivative linear solve adjoint implicit differentiation",
        (
            Eq(left[d], Sum(INVERSE[e, d] * a[e], e)),
            Eq(right[d], Sum(INVERSE[d, e] * b[e], e)),
            Eq(L, Sum(a[d] * right[d], d)),
        ),
        (
            Gradient(
                A[d, e],
                -left[d] * right[e],
                (
                    Wrong(-left[e] * right[d], "The transpose is forgotten."),
                    Wrong(left[d] * right[e], "The derivative of an inverse has a minus sign, as that of $1/x$."),
                ),
            ),
        ),
        "Solve two linear systems; do not form the inverse.",
    )


def gaussian_covariance() -> Entry:
    """∂L/∂A_de = ½((A⁻¹)_ed − v_d v_e), for a symmetric A whose entries are varied one by one."""
    solved = sp.IndexedBase("v")
    return Entry(
        "gaussian-covariance",
        "Gaussian likelihood by its covariance",
        "$\\tfrac12 \\log\\det A + \\tfrac12 r^\\top A^{-1} r$ for a covariance $A$ and a residual $r$, each entry by itself.",
        "multivariate gaussian normal negative log likelihood covariance precision gaussian process",
        (
            Eq(solved[d], Sum(INVERSE[d, e] * r[e], e)),
            Eq(L, log(DETERMINANT) / 2 + Sum(r[d] * solved[d], d) / 2),
        ),
        (
            Gradient(
                A[d, e],
                times(HALF, INVERSE[d, e] - solved[d] * solved[e]),
                (
                    Wrong(
                        times(HALF, INVERSE[d, e] + solved[d] * solved[e]),
                        "The derivative of an inverse has a minus sign.",
                    ),
                ),
            ),
        ),
        "Use a Cholesky factor, for the logarithm as for the solution.",
        assumptions=(SYMMETRIC,),
        uses=("log-determinant", "inverse-form"),
        see=("mahalanobis",),
    )
