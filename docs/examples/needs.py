from sympy import Eq, Idx, IndexedBase, Sum, exp, log, symbols

from gradproof import check

K = symbols("K", integer=True, positive=True)
k, l, c = (Idx(letter, (1, K)) for letter in "klc")
z, t = IndexedBase("z"), IndexedBase("t")

softmax = exp(z[k]) / Sum(exp(z[l]), l)
loss = -Sum(t[k] * log(softmax), k)
claimed = exp(z[c]) / Sum(exp(z[l]), l) - t[c]
print(check(loss, z[c], claimed, [Eq(Sum(t[k], k), 1)]))
