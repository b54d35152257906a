from sympy import Idx, IndexedBase, Sum, exp, log, symbols, tanh

from gradproof import accuracy, derive, stable_form

h = symbols("h")
found = accuracy(derive(tanh(h), h))
print(found)
print(found.formula, "=", found.rewritten.form)

K = symbols("K", integer=True, positive=True)
k, z = Idx("k", (1, K)), IndexedBase("z")
shifted = stable_form(log(Sum(exp(z[k]), k)))
print(shifted.form, shifted.chosen, shifted.verdict.status)
