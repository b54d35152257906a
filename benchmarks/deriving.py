"""Deriving and proving: time and memory against depth, width and number of terms, beside SymPy's diff and CasADi.

Run: python benchmarks/deriving.py [--only depth] [--limit 20] [--write]; `nox -s speed` has CasADi, which is left out elsewhere.

Each point is measured in a process of its own, on formulas with fresh letters in each round (SymPy remembers what it has
seen), after a small one of its kind: the median time of its rounds, then, in one more round, the peak of what Python
allocates (CasADi allocates in C++, which is not traced).  A contestant whose point takes longer than the limit is not asked for larger ones.
What is counted and not timed, the operations of all gradients with the loss over those of the loss, is the same in every run.
With `--write`, the figures go to docs/data/deriving.json, which the site shows.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import json
import math
import statistics
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

DATA = Path(__file__).parents[1] / "docs/data/deriving.json"
ROUNDS = 5
UNITS = 3  # of a layer, where sizes are numbers
LEAST_FITTED = 4  # an exponent is fitted from here on: below, what does not grow hides it

#: what grows -> its values
SIZES = {
    "depth": (1, 2, 4, 8, 16, 32, 64),
    "width": (2, 4, 8, 16, 32, 64, 256, 1024),
    "terms": (1, 4, 16, 64, 256),
    "depth, proof": (1, 2, 4, 8, 16),
    "terms, proof": (1, 4, 16, 64),
}

Work = Callable[[], Any]


# -- the formulas ---------------------------------------------------------------------------------
def network(depth: int, tag: str, width: int | None = None, batch: int | None = None) -> tuple[Any, Any, list[Any]]:
    """Definitions of a tanh network in index notation, its loss and an entry of each layer's weights.

    width: of every layer, or each has a size symbol of its own; batch: so many rows, summed over.
    """
    import sympy as sp

    sizes = [width or sp.Symbol(f"D{tag}{n}", integer=True, positive=True) for n in range(depth + 1)]
    index = [sp.Idx(f"i{tag}{n}", (1, size)) for n, size in enumerate(sizes)]
    rows = (sp.Idx(f"p{tag}", (1, batch)),) if batch else ()
    before, target = sp.IndexedBase(f"x{tag}"), sp.IndexedBase(f"t{tag}")
    definitions, weights = [], []
    for n in range(1, depth + 1):
        w, h, z = (sp.IndexedBase(f"{letter}{tag}{n}") for letter in "whz")
        here, there = (*rows, index[n]), (*rows, index[n - 1])
        definitions.append(sp.Eq(h[here], sp.Sum(w[index[n], index[n - 1]] * before[there], index[n - 1])))
        definitions.append(sp.Eq(z[here], sp.tanh(h[here])))
        weights.append(w[sp.Idx(f"a{tag}", (1, sizes[n])), sp.Idx(f"b{tag}", (1, sizes[n - 1]))])
        before = z
    last = (*rows, index[-1])
    return definitions, sp.Sum((before[last] - target[last]) ** 2, *last[::-1]) / 2, weights


def expanded(depth: int, tag: str, width: int, symbol: Callable[[str], Any], tanh: Any) -> tuple[Any, list[Any]]:
    """The same network written out, each number with a letter of its own: the loss, and all weights."""
    before = [symbol(f"x{tag}_{i}") for i in range(width)]
    weights = []
    for n in range(depth):
        rows = [[symbol(f"w{tag}_{n}_{j}_{i}") for i in range(width)] for j in range(width)]
        weights += [w for row in rows for w in row]
        before = [tanh(sum(w * z for w, z in zip(row, before, strict=True))) for row in rows]
    return sum((z - symbol(f"t{tag}_{j}")) ** 2 for j, z in enumerate(before)) / 2, weights


def terms(count: int, tag: str, symbol: Callable[[str], Any], tanh: Any) -> tuple[Any, Any]:
    """A loss of so many terms, a_k·tanh(b_k·θ), and θ."""
    theta = symbol(f"theta{tag}")
    return sum(symbol(f"a{tag}_{k}") * tanh(symbol(f"b{tag}_{k}") * theta) for k in range(count)), theta


# -- the contestants: what is to be timed, prepared ----------------------------------------------------
def ours(what: str, n: int, tag: str) -> Work:
    """All gradients of the network by all layers' weights, every step of them; the proof of the first layer's."""
    import sympy as sp

    from gradproof import Model, derive

    if what.startswith("terms"):
        loss, theta = terms(n, tag, sp.Symbol, sp.tanh)
        derivation = derive(loss, theta) if what == "terms, proof" else None
        return lambda: derive(loss, theta) if derivation is None else _proved(derivation)
    definitions, loss, weights = network(2 if what == "width" else n, tag, n if what == "width" else None)
    if what == "depth, proof":
        derivation = Model(definitions).gradient(loss, weights[0])
        return lambda: _proved(derivation)
    return lambda: Model(definitions).gradients(loss, weights)


def _proved(derivation: Any) -> None:
    status = derivation.verify().status
    if status != "proved":
        raise SystemExit(f"the gradient by {derivation.wrt} is {status}")


def sympy(what: str, n: int, tag: str) -> Work:
    """SymPy's diff of the network written out, by every weight."""
    import sympy as sp

    if what == "terms":
        loss, theta = terms(n, tag, sp.Symbol, sp.tanh)
        return lambda: loss.diff(theta)
    depth, width = (2, n) if what == "width" else (n, UNITS)
    loss, weights = expanded(depth, tag, width, sp.Symbol, sp.tanh)
    return lambda: [loss.diff(w) for w in weights]


def casadi(what: str, n: int, tag: str) -> Work:
    """CasADi's reverse mode on the network written out, whose graph is built from SX symbols."""
    import casadi as ca

    if what == "terms":
        return lambda: ca.gradient(*terms(n, tag, ca.SX.sym, ca.tanh))
    depth, width = (2, n) if what == "width" else (n, UNITS)

    def gradient() -> Any:
        loss, weights = expanded(depth, tag, width, ca.SX.sym, ca.tanh)
        return ca.gradient(loss, ca.vertcat(*weights))

    return gradient


CONTESTANTS = {"gradproof": ours, "sympy": sympy, "casadi": casadi}


# -- one point, in a process of its own -----------------------------------------------------------------
def measured(name: str, what: str, n: int) -> dict[str, float]:
    """Seconds (the median, the least and the most) and mebibytes of one contestant at one size."""
    contestant = CONTESTANTS[name]
    contestant(what, 2, "warm")()
    times: list[float] = []
    while len(times) < ROUNDS and sum(times) < 10:
        work = contestant(what, n, f"r{len(times)}")
        gc.collect()
        gc.disable()
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
        gc.enable()
    found = {"seconds": statistics.median(times), "low": min(times), "high": max(times)}
    work = contestant(what, n, "last")
    if name != "casadi" and sum(times) < 30:  # tracing doubles the time
        tracemalloc.start()
        work()
        found["mebibytes"] = tracemalloc.get_traced_memory()[1] / 2**20
    return found


def series(name: str, what: str, limit: float) -> dict[str, Any]:
    """The points of one contestant, as far as they take less than the limit, and the exponent with which they grow."""
    points: list[dict[str, float]] = []
    why = ""
    for n in SIZES[what]:
        command = [sys.executable, __file__, "--measure", name, what, str(n)]
        try:
            run = subprocess.run(command, capture_output=True, text=True, timeout=4 * limit + 20, check=False)
        except subprocess.TimeoutExpired:
            why = f"at {n} it takes longer than {limit:g} s"
            break
        if run.returncode:
            why = f"at {n} it fails: {(run.stderr.strip().splitlines() or ['no word'])[-1][:120]}"
            break
        points.append({"n": n, **json.loads(run.stdout)})
        if points[-1]["seconds"] > limit:
            why = f"more than {n} would take longer than {limit:g} s"
            break
    return {"what": what, "who": name, "points": points, "exponent": exponent(points, "seconds"),
            "exponent_of_memory": exponent(points, "mebibytes"), "stopped": why}  # fmt: skip


def exponent(points: Sequence[dict[str, float]], figure: str) -> float | None:
    """The slope of log(figure) against log(n), by least squares from `LEAST_FITTED` on; None for fewer than three points."""
    logs = [(math.log(p["n"]), math.log(p[figure])) for p in points if p["n"] >= LEAST_FITTED and p.get(figure)]
    if len(logs) < 3:
        return None
    x, y = (statistics.fmean(side) for side in zip(*logs, strict=True))
    return sum((a - x) * (b - y) for a, b in logs) / sum((a - x) ** 2 for a, _ in logs)


# -- operations --------------------------------------------------------------------------------------------
def operations() -> Iterator[dict[str, Any]]:
    """Operations of the loss with all gradients over operations of the loss, each named quantity and adjoint computed once.

    A multiplication, an addition, a division and a call of a function count one each, in the derived lines themselves.
    """
    for batch in (1, 64):
        for width in (3, 10, 100):
            for depth in SIZES["depth"]:
                yield {
                    "batch": batch,
                    "width": width,
                    "depth": depth,
                    "ratio": ratio_of_operations(depth, width, batch),
                }


def ratio_of_operations(depth: int, width: int, batch: int) -> float:
    """See `operations`."""
    from gradproof import Model
    from gradproof.lines import head, index_range
    from gradproof.statements.counting import operations as counted

    def cost(entry: Any, line: Any) -> int:
        spans = [index_range(i) for i in getattr(entry, "indices", ())]
        return int(counted(line)) * math.prod(int(hi - lo + 1) for lo, hi in spans)

    definitions, loss, weights = network(depth, "", width, batch if batch > 1 else None)
    gradients = Model(definitions).gradients(loss, weights)
    forward = sum(cost(d.lhs, d.rhs) for d in definitions) + cost(None, gradients[0].loss)
    adjoints = {head(part.wrt): part for g in gradients for part in g.adjoints}
    backward = sum(cost(part.wrt, part.result) for part in (*adjoints.values(), *gradients))
    return (forward + backward) / forward


# -- all of it ---------------------------------------------------------------------------------------------
def told(found: dict[str, Any]) -> str:
    """A series as a line of text."""
    points = "  ".join(f"{p['n']:g}: {p['seconds']:.3g}" for p in found["points"])
    grows = "" if found["exponent"] is None else f"  exponent {found['exponent']:.2f}"
    memory = [p["mebibytes"] for p in found["points"] if "mebibytes" in p]
    shown = f"  memory up to {memory[-1]:.3g} MiB" if memory else ""
    if found["exponent_of_memory"] is not None:
        shown += f" (exponent {found['exponent_of_memory']:.2f})"
    return f"  {found['who']:9} {points} s{grows}{shown}" + (f"  [{found['stopped']}]" if found["stopped"] else "")


def main() -> None:
    """Measure, print, and write with `--write`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=[*SIZES, "operations", "first"], help="one part of it")
    parser.add_argument("--limit", type=float, default=20, help="seconds that one point may take")
    parser.add_argument("--write", action="store_true", help=f"write {DATA.name} for the site")
    parser.add_argument("--measure", nargs=3, metavar=("WHO", "WHAT", "N"), help="one point, for the benchmark itself")
    asked = parser.parse_args()
    if asked.measure:
        name, what, n = asked.measure
        print(json.dumps(measured(name, what, int(n))))
        return
    from answers import first_derivations
    from speed import machine, versions

    content: dict[str, Any] = {"made": dt.datetime.now(dt.UTC).date().isoformat(), "machine": machine()}
    content |= {"versions": versions(), "series": [], "operations": [], "first": []}
    for what in SIZES:
        if asked.only in (None, what):
            print(f"{what}:")
            for name in CONTESTANTS:
                if (name == "gradproof" or "proof" not in what) and find_spec(
                    "casadi" if name == "casadi" else "sympy"
                ):
                    content["series"].append(series(name, what, asked.limit))
                    print(told(content["series"][-1]), flush=True)
    if asked.only in (None, "operations"):
        content["operations"] = list(operations())
        for batch in (1, 64):
            most = max(o["ratio"] for o in content["operations"] if o["batch"] == batch)
            print(f"operations of the loss and all gradients over those of the loss, batch {batch}: at most {most:.2f}")
    if asked.only in (None, "first"):
        content["first"] = list(first_derivations())
        for first in content["first"]:
            print(
                f"import and first derive over SymPy's, {first['loss']}: {first['median']:.2f} ({first['low']:.2f} to {first['high']:.2f})"
            )
    if asked.write:
        DATA.write_text(json.dumps(content, ensure_ascii=False, indent=0) + "\n", "utf-8")


if __name__ == "__main__":
    main()
