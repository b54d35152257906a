from sympy import Idx, IndexedBase, Sum, symbols

from gradproof import derive

N = symbols("N", integer=True, positive=True)
m, b = symbols("m b")
i = Idx("i", (1, N))
x, y = IndexedBase("x"), IndexedBase("y")

derive(Sum((y[i] - (m * x[i] + b)) ** 2, i) / N, wrt=m)
