"""(5.12), derived and proved, against sympy.simplify(diff - claim) on the same input, in one run.

Run: python benchmarks/equation_5_12.py [--rounds 7]
The loss is the tanh network with nothing named, every width symbolic.  "cold" is the first
check after `import sympy`; each warm round uses a loss with other names, so that nothing
can be remembered.  simplify is run once: it takes seconds.
"""

from __future__ import annotations

import argparse
import statistics
from time import perf_counter

import sympy as sp

from gradproof import check


def network(tag: str) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """The loss, an entry of the first weights (in letters that no sum uses), and (5.12)."""
    size = sp.symbols(f"D{tag} M{tag} K{tag}", integer=True, positive=True)
    i, j, k = (sp.Idx(f"{letter}{tag}", (1, n)) for letter, n in zip("ijk", size, strict=True))
    a, b = sp.Idx(f"a{tag}", (1, size[1])), sp.Idx(f"b{tag}", (1, size[0]))
    x, t, v, w = (sp.IndexedBase(f"{letter}{tag}") for letter in "xtvw")

    def hidden(unit: sp.Idx) -> sp.Expr:
        return sp.tanh(sp.Sum(v[unit, i] * x[i], i))

    error = sp.Sum(w[k, j] * hidden(j), j) - t[k]
    return sp.Sum(error**2, k) / 2, v[a, b], (1 - hidden(a) ** 2) * x[b] * sp.Sum(error * w[k, a], k)


def timed(loss: sp.Expr, wrt: sp.Expr, claimed: sp.Expr) -> float:
    """Seconds for one check; the verdict must be "proved"."""
    start = perf_counter()
    status = check(loss, wrt, claimed).status
    if status != "proved":
        raise SystemExit(f"(5.12) is {status}")
    return perf_counter() - start


def main() -> None:
    """Print the cold time, the warm median, and simplify's time over both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    cold = timed(*network(""))
    warm = statistics.median(timed(*network(str(n))) for n in range(rounds))
    loss, wrt, claimed = network("s")
    start = perf_counter()
    sp.simplify(sp.diff(loss, wrt) - claimed)
    simplify = perf_counter() - start
    print(f"derive and prove, cold   {cold * 1e3:8.1f} ms   simplify takes {simplify / cold:6.0f} times as long")
    print(f"derive and prove, warm   {warm * 1e3:8.1f} ms   simplify takes {simplify / warm:6.0f} times as long")
    print(f"simplify(diff - claim)   {simplify * 1e3:8.1f} ms")


if __name__ == "__main__":
    main()
