from sympy import Idx, IndexedBase, Sum, symbols

from gradproof import check

N = symbols("N", integer=True, positive=True)
m, b = symbols("m b")
i = Idx("i", (1, N))
x, y = IndexedBase("x"), IndexedBase("y")

loss = Sum((y[i] - (m * x[i] + b)) ** 2, i) / N
claimed = 2 / N * Sum(x[i] * (y[i] - m * x[i] - b), i)  # a sign is lost
print(check(loss, m, claimed))
