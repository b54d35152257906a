from sympy import Abs, Idx, IndexedBase, Max, Min, Sum, cos, erf, exp, log, sin, sqrt, symbols, tanh

from gradproof import equal

N = symbols("N", integer=True, positive=True)
i, j, k = (Idx(letter, (1, N)) for letter in "ijk")
l = symbols("l", integer=True)
x, z, A = IndexedBase("x"), IndexedBase("z"), IndexedBase("A")
t, u = symbols("t u", real=True)
p = symbols("p", positive=True)
mean = Sum(x[i], i) / N

proved = {
    "sums, split and renamed": (Sum((x[i] - mean) ** 2, i), Sum(x[i] ** 2, i) - N * mean**2),
    "exponentials and their sums": (log(Sum(exp(z[k]), k)), z[1] + log(Sum(exp(z[k] - z[1]), k))),
    "hyperbolic functions through exp": ((1 + tanh(t / 2)) / 2, 1 / (1 + exp(-t))),
    "powers with a real exponent": ((1 - 1 / (1 + exp(-t))) ** p, (1 + exp(t)) ** -p),
    "branches, and branches within branches": (Max(-1, Min(1, t)), (Abs(t + 1) - Abs(t - 1)) / 2),
    "branches that cancel an overflow": (log(1 + exp(t)), Max(t, 0) + log(1 + exp(-Abs(t)))),
    "a triangular sum": (Sum(x[k], (l, 1, k), k), Sum(k * x[k], k)),
    "a sum over deltas": (Sum((A[i, j] - A[j, i]) * x[i] * x[j], i, j), 0),
    "erf": (Sum(erf(x[i]) + erf(-x[i]), i), 0),
}
undecided = {
    "a closed form of a sum of indices": (Sum(k, k), N * (N + 1) / 2),
    "a sum that runs backwards": (Sum(x[N + 1 - k], k), Sum(x[k], k)),
    "addition theorems of sin and cos": (sin(t + u), sin(t) * cos(u) + cos(t) * sin(u)),
    "the root of a square that was multiplied out": (sqrt(exp(2 * t) + 2 * exp(t) + 1), exp(t) + 1),
    "pairs counted once against all pairs": (
        Sum(x[k] * x[l], (l, 1, k), k),
        (Sum(x[k], k) ** 2 + Sum(x[k] ** 2, k)) / 2,
    ),
}
for rows in (proved, undecided):
    for what, (left, right) in rows.items():
        print(f"{equal(left, right).status:10} {what}")
