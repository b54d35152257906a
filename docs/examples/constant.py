import numpy as np
from sympy import Idx, IndexedBase, Sum, symbols

from gradproof import derive, program

N = symbols("N", integer=True, positive=True)
n, x, y = Idx("n", (1, N)), IndexedBase("x"), IndexedBase("y")
m, b = symbols("m b")

loss = Sum((y[n] - m * x[n] - b) ** 2, n) / N
line = program(derive(loss, m), derive(loss, b))

data = np.linspace(0, 1, 100_001)
gradients = line.to_numpy(constant=[x, y])(data, 3 * data + 2)  # one pass over the data
m_now, b_now = 0.0, 0.0
for _ in range(400):
    error, by_m, by_b = gradients(b_now, m_now)  # none here
    m_now, b_now = m_now - 0.7 * by_m, b_now - 0.7 * by_b
print(round(m_now, 3), round(b_now, 3))
