from sympy import Idx, IndexedBase, Sum, symbols

from gradproof import blame

N = symbols("N", integer=True, positive=True)
m, b = symbols("m b")
i = Idx("i", (1, N))
x, y = IndexedBase("x"), IndexedBase("y")

loss = Sum((y[i] - (m * x[i] + b)) ** 2, i) / N
print(blame(loss, m, -2 / N * Sum(y[i] - m * x[i] - b, i)))
print(blame(loss, m, -2 * Sum(x[i] * (y[i] - m * x[i] - b), i)))
