from sympy import Idx, IndexedBase, Sum, symbols

from gradproof import check_lines

N = symbols("N", integer=True, positive=True)
m, b = symbols("m b")
i = Idx("i", (1, N))
x, y = IndexedBase("x"), IndexedBase("y")

loss = Sum((y[i] - m * x[i] - b) ** 2, i) / N
lines = [
    Sum(2 * (y[i] - m * x[i] - b) * -x[i], i) / N,
    -2 / N * Sum(y[i] - m * x[i] - b, i),
    -2 / N * Sum(x[i] * y[i] - m * x[i] ** 2 - b * x[i], i),
]
print(check_lines(loss, m, lines))
