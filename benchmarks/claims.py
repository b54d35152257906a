"""How long all claims take to be derived, proved and checked: afresh on all cores, and from the cache.

Run with the docs session's python: .nox/docs/bin/python benchmarks/claims.py
The first figure holds the start of the workers and the import of SymPy.  Each claim's own seconds are
printed too, the slowest first, with each kind of statement's share.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from time import perf_counter

CACHED = "from gradproof import page, sources; [page.record(name) for name in sources.IDS]"


def verified(identity: str) -> tuple[str, str, float, dict[str, float]]:
    """A claim's id, its status, its seconds, and those of each kind of statement."""
    from gradproof import CLAIMS

    start = perf_counter()
    claim = CLAIMS[identity]
    by_kind: Counter[str] = Counter({"made": perf_counter() - start})
    for statement in claim.statements:
        begun = perf_counter()
        statement.verify()
        by_kind[type(statement).__name__] += perf_counter() - begun
    start = perf_counter()
    status = claim.verify().status
    return identity, status, perf_counter() - start, by_kind


def cold(workers: int) -> float:
    """Seconds to verify every claim, workers started and SymPy imported."""
    from gradproof.sources import IDS

    start = perf_counter()
    with ProcessPoolExecutor(workers) as pool:
        statuses = list(pool.map(status, IDS))
    seconds = perf_counter() - start
    print(f"{Counter(statuses)}")
    return seconds


def status(identity: str) -> str:
    """The status of one claim."""
    from gradproof import CLAIMS

    return CLAIMS[identity].verify().status


def cached() -> float:
    """Seconds of a process that reads every claim's result, once the cache holds them."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "GRADPROOF_CACHE": folder}
        subprocess.run([sys.executable, "-c", CACHED], check=True, env=environment)
        start = perf_counter()
        subprocess.run([sys.executable, "-c", CACHED], check=True, env=environment)
        return perf_counter() - start


def main() -> None:
    """Print the figures."""
    workers = os.cpu_count() or 1
    print(f"all claims, {workers} processes, no cache: {cold(workers):.1f} s")
    print(f"all claims from the cache, one process: {cached():.2f} s")
    from gradproof.sources import IDS

    results = sorted(map(verified, IDS), key=lambda result: -result[2])
    total: Counter[str] = Counter()
    for *_, by_kind in results:
        total.update(by_kind)
    print("one after the other:", f"{sum(seconds for _, _, seconds, _ in results):.1f} s")
    for identity, _, seconds, _ in results[:8]:
        print(f"  {seconds:6.2f} s  {identity}")
    print("by kind:", ", ".join(f"{kind} {seconds:.2f} s" for kind, seconds in total.most_common()))


if __name__ == "__main__":
    main()
