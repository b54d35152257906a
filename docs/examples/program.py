import numpy as np
from sympy import Eq, Idx, IndexedBase, Sum, symbols, tanh

from gradproof import Model

P, D, M, K = symbols("P D M K", integer=True, positive=True)
p, i = Idx("p", (1, P)), Idx("i", (1, D))
j, k = Idx("j", (1, M)), Idx("k", (1, K))
x, w, h, z, v, y, t = map(IndexedBase, ("x", "w", "h", "z", "v", "y", "t"))
E = symbols("E")

network = Model(
    [
        Eq(h[p, j], Sum(w[j, i] * x[p, i], i)),
        Eq(z[p, j], tanh(h[p, j])),
        Eq(y[p, k], Sum(v[k, j] * z[p, j], j)),
        Eq(E, Sum((y[p, k] - t[p, k]) ** 2, p, k) / 2),
    ]
)
program = network.program(E, [w[j, i], v[k, j]])
print(program.numpy_source())
print("# the lines of arrays are", program.verify().status)

f = program.to_numpy()
points, targets = np.ones((5, 3)), np.zeros((5, 2))
first, second = np.full((4, 3), 0.1), np.ones((2, 4))
loss, grad_w, grad_v = f(x=points, t=targets, w=first, v=second)
print("#", loss, grad_w.shape, grad_v.shape)
