from sympy import Eq, Idx, IndexedBase, Sum, symbols, tanh

from gradproof import Model

I, J, K = symbols("I J K", integer=True, positive=True)
i, j, k = Idx("i", (1, I)), Idx("j", (1, J)), Idx("k", (1, K))
x, z, y, target = (IndexedBase(name) for name in ("x", "z", "y", "t"))
v, w = IndexedBase("v"), IndexedBase("w")

hidden = Eq(z[j], tanh(Sum(v[j, i] * x[i], i)))
output = Eq(y[k], Sum(w[k, j] * z[j], j))
network = Model([hidden, output])
print(network.gradient(Sum((y[k] - target[k]) ** 2, k) / 2, wrt=v[j, i]).result)
