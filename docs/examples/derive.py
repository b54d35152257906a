from sympy import Idx, IndexedBase, Sum, log, symbols

from gradproof import derive

K = symbols("K", integer=True, positive=True)
k, a = Idx("k", (1, K)), Idx("a", (1, K))
p, t = IndexedBase("p", positive=True), IndexedBase("t")

cross_entropy = -Sum(t[k] * log(p[k]), k)
derivation = derive(cross_entropy, wrt=p[a])
for step in derivation.steps:
    print(f"{step.rule.name:24} {step.after}")
