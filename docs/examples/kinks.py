from sympy import Idx, IndexedBase, Max, Sum, symbols

from gradproof import derive

N, D = symbols("N D", integer=True, positive=True)
n, d, e = Idx("n", (1, N)), Idx("d", (1, D)), Idx("e", (1, D))
X, w, y = IndexedBase("X"), IndexedBase("w"), IndexedBase("y")

hinge = Sum(Max(0, 1 - y[n] * Sum(X[n, d] * w[d], d)), n)
for kink in derive(hinge, w[e]).kinks:
    print(kink)
for kink in derive(hinge.replace(Max, lambda zero, u: Max(zero, u) ** 2), w[e]).kinks:
    print(kink)
