from sympy import Idx, IndexedBase, Sum, symbols

from gradproof import derive, program

N = symbols("N", integer=True, positive=True)
n, x, y = Idx("n", (1, N)), IndexedBase("x"), IndexedBase("y")
m, b = symbols("m b")

loss = Sum((y[n] - m * x[n] - b) ** 2, n) / N
print(program(derive(loss, m), derive(loss, b)).numba_source())
