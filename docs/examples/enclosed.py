import math

from sympy import Derivative, Idx, IndexedBase, Sum, exp, log, symbols, tanh

from gradproof import enclosed

h, K = symbols("h"), symbols("K", integer=True, positive=True)
k, z = Idx("k", (1, K)), IndexedBase("z")

print(1 - math.tanh(20) ** 2, "in double precision")
print(enclosed(1 - tanh(h) ** 2, {h: 20}), "for certain")

loss = log(Sum(exp(z[k]), k))
found = enclosed(Derivative(loss, z[2]), {K: 3, z: [1, "5/2", -1]})
print(found, f"is the slope; what is left open is {float(found.high - found.low):.0e}")
