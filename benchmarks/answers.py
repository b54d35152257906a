"""How long a first answer takes: `derive` and `check` of each gradient of the reference, in a process of its own.

Run with the docs session's python: .nox/docs/bin/python benchmarks/answers.py [--profile]
The first `derive` of two losses is set beside SymPy's own diff of them, whole process against whole process in turn.
A process begins with nothing imported, and its time holds the import of SymPy.  Bytecode is kept in a folder of
its own, as it is after a library's first use (where Python may not write it, importing SymPy takes five times as
long).  Between any two answers `import sympy` alone is timed, so that the ratio holds on a busy machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

TIMED = """
import time; start = time.process_time()
import sympy; known = time.process_time()
import sys, json
from gradproof import REFERENCE, Model
entry = REFERENCE[sys.argv[1]]; made = time.process_time()
gradient = entry.gradients[0]
entry.derivation(gradient); derived = time.process_time()
verdict = Model(entry.definitions).check(entry.of(gradient), gradient.wrt, gradient.formula, entry.assumptions)
seconds = time.process_time() - start
print(json.dumps([verdict.status, known - start, made - known, derived - made, start + seconds - derived, seconds]))
"""

#: losses in index notation and the letter, or the entry, by which they are differentiated
FIRST = {
    "linear regression": """
from sympy import Idx, IndexedBase, Sum, symbols
N, m, b = symbols("N", integer=True, positive=True), *symbols("m b")
i, x, y = Idx("i", (1, N)), IndexedBase("x"), IndexedBase("y")
loss, wrt = Sum((y[i] - m * x[i] - b) ** 2, i) / N, m
""",
    "tanh network": """
from sympy import Idx, IndexedBase, Sum, symbols, tanh
D, M, K = symbols("D M K", integer=True, positive=True)
i, j, k, a, b = (Idx(letter, (1, size)) for letter, size in zip("ijkab", (D, M, K, M, D)))
x, t, v, w = map(IndexedBase, "xtvw")
loss, wrt = Sum((Sum(w[k, j] * tanh(Sum(v[j, i] * x[i], i)), j) - t[k]) ** 2, k) / 2, v[a, b]
""",
}
PAIRS = 9  # of processes, one of each kind

PROFILED = """
import cProfile, pstats, sys
from gradproof import REFERENCE, Model
entry = REFERENCE[sys.argv[1]]; gradient = entry.gradients[0]
with cProfile.Profile() as profile:
    Model(entry.definitions).check(entry.of(gradient), gradient.wrt, gradient.formula, entry.assumptions)
pstats.Stats(profile).sort_stats("cumulative").print_stats("gradproof", 25)
"""


def run(code: str, *arguments: str) -> str:
    """What a fresh process prints."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def seconds(code: str) -> float:
    """The processor time of a fresh process, from its start to its end."""
    process = subprocess.Popen([sys.executable, "-c", code])
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"a process failed: {code}")
    return used.ru_utime + used.ru_stime


def first_derivations() -> Iterator[dict[str, Any]]:
    """For each loss: `import gradproof` and a first `derive` over `import sympy` and the same diff, whole processes in turn."""
    with kept_bytecode():
        for loss, code in FIRST.items():
            mine, theirs = code + "import gradproof; gradproof.derive(loss, wrt)", code + "loss.diff(wrt)"
            for warm in (mine, theirs):
                seconds(warm)
            ratios = sorted(seconds(mine) / seconds(theirs) for _ in range(PAIRS))
            low, high = ratios[PAIRS // 4], ratios[-1 - PAIRS // 4]
            yield {"loss": loss, "median": statistics.median(ratios), "low": low, "high": high}


@contextmanager
def kept_bytecode() -> Iterator[None]:
    """Bytecode in a folder of its own, as it is after a library's first use."""
    before = dict(os.environ)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PYTHONPYCACHEPREFIX"] = folder
        yield
    os.environ.clear()
    os.environ.update(before)


def main() -> None:
    """Print the median, the slowest and what its time is spent on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", action="store_true", help="profile the slowest `check`")
    asked = parser.parse_args()
    with kept_bytecode():
        from gradproof.reference import IDS

        for identity in ("attention", "determinant"):  # what is imported is compiled before the first is timed
            run(TIMED, identity)
        rows = [(identity, *json.loads(run(TIMED, identity))) for identity in IDS]
    if any(status != "proved" for _, status, *_ in rows):
        sys.exit("a gradient of the reference was not proved")
    columns = list(zip(*(row[2:] for row in rows), strict=True))
    imports = statistics.median(columns[0])
    print(f"{len(rows)} gradients, seconds of computing (median, largest):")
    for name, column in zip(("import sympy", "state it", "derive", "check", "all of it"), columns, strict=True):
        print(f"  {name:12} {statistics.median(column):6.3f} {max(column):6.3f}")
    print(f"all of it over `import sympy` alone: {statistics.median(columns[-1]) / imports:.2f} in the median")
    print(f"under a second: {sum(seconds < 1 for seconds in columns[-1])} of {len(rows)}; the slowest:")
    slowest = sorted(rows, key=lambda row: -row[-1])[:5]
    for identity, _, _, state, derive, check, seconds in slowest:
        print(f"  {seconds:.2f} s  {identity}: state {state:.2f}, derive {derive:.2f}, check {check:.2f}")
    for first in first_derivations():
        spread = f"{first['low']:.2f} to {first['high']:.2f}"
        print(f"import and first derive over SymPy's, {first['loss']}: {first['median']:.2f} ({spread})")
    if asked.profile:
        print(run(PROFILED, slowest[0][0]))


if __name__ == "__main__":
    main()
