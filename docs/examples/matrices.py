from sympy import MatrixSymbol, symbols

from gradproof import check, derive
from gradproof.forms import forms

n, d = symbols("n d", integer=True, positive=True)
X, w, y = MatrixSymbol("X", n, d), MatrixSymbol("w", d, 1), MatrixSymbol("y", n, 1)

loss = (X * w - y).T * (X * w - y) / n
gradient = forms(derive(loss, w))
print(gradient.index)
print(gradient.matrix)
print(gradient.code)
print(gradient.verify().status)
print(check(loss, w, (2 * X.T * (X * w - y) / n).T))
