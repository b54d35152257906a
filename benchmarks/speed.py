"""Generated code against hand-written NumPy and other libraries, side by side in one run, as ratios.

Run: python benchmarks/speed.py [--only network] [--seconds 4] [--write]; `nox -s speed` has the libraries.

Everything runs on one thread of one core.  In every round each contestant is timed once, in another order; its ratio is its time over that of
hand-written NumPy (by_hand.py) in the same round, and what is shown is the median of the ratios with their quartiles.  Before
anything is timed, every result is compared with the hand-written one, and a wrong one ends the run.  With `--write`, the
figures go to docs/data/speed.json, which the site shows; with `--only`, other cases keep theirs.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import json
import math
import os
import platform
import random
import statistics
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from time import process_time
from typing import Any

DATA = Path(__file__).parents[1] / "docs/data/speed.json"
ONE_THREAD = {
    **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"),
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "TORCHINDUCTOR_COMPILE_THREADS": "1",
}
PACKAGES = "numpy", "autograd", "casadi", "jax", "numba", "sympy", "tensorgrad", "torch"
LEAST = 0.002  # seconds that one timing takes at least
ROUNDS = 7, 61  # at least and at most
TOLERANCE = {"float64": 1e-9, "float32": 2e-3}  # of a result's largest entry

Call = Callable[[], Any]


@dataclass(frozen=True)
class Case:
    """A loss at one size: its sizes by their letters, the batch among them, and what the sizes are called."""

    loss: str
    size: str
    sizes: Mapping[str, int]
    dtype: str = "float64"

    def __str__(self) -> str:
        batch = f", batch {self.sizes['P']}" if "P" in self.sizes else ""
        return f"{self.loss} {self.size}{batch} {self.dtype}"


def cases() -> Iterator[Case]:
    """All sizes, in double precision and then in single."""
    for dtype in ("float64", "float32"):
        for i, j, k in ((2, 3, 2), (10, 20, 5), (64, 128, 32), (784, 256, 10)):
            for batch in (1, 64, 256):
                yield Case("network", f"{i}×{j}×{k}", {"I": i, "J": j, "K": k, "P": batch}, dtype)
        for n in (100, 10_000, 1_000_000, 10_000_000):
            yield Case("line", f"{n:,}", {"N": n}, dtype)
        for i, c in ((4, 3), (64, 10), (784, 10), (256, 1000)):
            for batch in (1, 64, 256):
                yield Case("softmax", f"{i}×{c}", {"C": c, "I": i, "P": batch}, dtype)
        for i in (4, 64, 768):
            for batch in (1, 64, 256):
                yield Case("layer_norm", f"{i}", {"I": i, "P": batch}, dtype)
        for a, d in ((3, 2), (16, 8), (64, 16), (256, 64)):
            yield Case("attention", f"{a}×{d}", {"A": a, "B": a, "D": d, "J": d}, dtype)


def data_of(case: Case) -> dict[str, Any]:
    """The arrays of a case, by their names in alphabetical order."""
    import numpy as np

    normal = np.random.default_rng(6).standard_normal
    shapes = {
        "network": {"t": "PK", "v": "KJ", "w": "JI", "x": "PI"},
        "line": {"b": "", "m": "", "x": "N", "y": "N"},
        "softmax": {"b": "C", "t": "PC", "w": "CI", "x": "PI"},
        "layer_norm": {"b": "I", "eps": "", "g": "I", "t": "PI", "x": "PI"},
        "attention": {"k": "BD", "q": "AD", "t": "AJ", "v": "BJ"},
    }[case.loss]
    found = {name: np.asarray(normal([case.sizes[size] for size in shape])) for name, shape in shapes.items()}
    for name in {"v", "w"} & set(found) if case.loss != "attention" else ():
        found[name] /= math.sqrt(found[name].shape[1])
    if case.loss == "line":
        found["y"] += 2 * found["x"] + 1
    if case.loss == "softmax":
        found["t"] = np.eye(case.sizes["C"])[found["t"].argmax(axis=1)]
    if case.loss == "layer_norm":
        found["eps"] = np.asarray(1e-5)
    return {name: value.astype(case.dtype)[() if value.ndim == 0 else ...] for name, value in found.items()}


@cache
def program_of(loss: str) -> Any:
    """The program that gradproof makes of a loss."""
    from models import MODELS

    return MODELS[loss]().program()


@cache
def functions_of(loss: str) -> dict[str, Callable[..., Any]]:
    """What gradproof writes for a loss: for NumPy, for any library of arrays, and as loops."""
    program = program_of(loss)
    return {"numpy": program.to_numpy(), "arrays": program.to_arrays(), "loops": program.to_numba()}


def ours(case: Case, data: Mapping[str, Any]) -> dict[str, Call]:
    """Our own contestants: generated code, and for linear regression what shows its limits."""
    arguments = tuple(data.values())
    written = functions_of(case.loss)
    found: dict[str, Call] = {name: partial(written[name], *arguments) for name in ("numpy", "loops")}
    if case.dtype == "float32":
        return found
    found |= {"arrays_jax": _on_jax(written["arrays"], data), "arrays_torch": _on_torch(written["arrays"], data)}
    if case.loss == "line":
        import by_hand

        b, m, x, y = arguments
        once = program_of("line").to_numpy(constant=["x", "y"])
        found["constant_gradient"] = partial(once(x, y), b, m)
        found["in_blocks"] = partial(by_hand.line_in_blocks, *arguments)
    return found


def unchecked(case: Case, data: Mapping[str, Any]) -> dict[str, Call]:
    """What is timed beside the contestants and has another result."""
    if case.loss != "line" or case.dtype == "float32":
        return {}
    import by_hand

    x, y = data["x"], data["y"]
    once = program_of("line").to_numpy(constant=["x", "y"])
    return {"read": partial(by_hand.read_once, x, y), "constant_pass": partial(once, x, y)}


def _on_jax(f: Callable[..., Any], data: Mapping[str, Any]) -> Call:
    import jax

    jax.config.update("jax_enable_x64", True)
    compiled = jax.jit(f)
    arguments = tuple(map(jax.numpy.asarray, data.values()))
    return lambda: jax.block_until_ready(compiled(*arguments))


def _on_torch(f: Callable[..., Any], data: Mapping[str, Any]) -> Call:
    import torch

    torch.set_num_threads(1)
    arguments = tuple(map(torch.as_tensor, data.values()))
    return partial(f, *arguments)


# -- one case --------------------------------------------------------------------------------------
def contestants(case: Case, data: Mapping[str, Any]) -> tuple[dict[str, Call], dict[str, str]]:
    """All contestants of a case by name, each compared with the hand-written one, and why others are left out."""
    import by_hand
    from peers import PEERS, LeftOutError, installed

    hand = getattr(by_hand, case.loss)
    arguments = tuple(data.values())
    found: dict[str, Call] = {"hand": partial(hand, *arguments), **ours(case, data)}
    left_out: dict[str, str] = {}
    peers = installed() if case.dtype == "float64" else {}
    if case.dtype == "float64":
        left_out = {name: "not installed" for name in PEERS if name not in peers}
    for name, peer in peers.items():
        try:
            found[name] = peer(case.loss, data)
        except LeftOutError as reason:
            left_out[name] = str(reason)
    wanted = found["hand"]()
    for name, call in found.items():
        compare(f"{name} on {case}", call(), wanted, TOLERANCE[case.dtype])
    return found | unchecked(case, data), left_out


def compare(name: str, found: Any, wanted: Any, tolerance: float) -> None:
    """End the run unless all results are equal in shape and, up to a share of the largest entry, in value."""
    import numpy as np

    if len(found) != len(wanted):
        raise SystemExit(f"{name} gives {len(found)} results in place of {len(wanted)}")
    for n, (one, other) in enumerate(zip(found, wanted, strict=True)):
        one, other = np.asarray(one), np.asarray(other)
        if one.shape != other.shape:
            raise SystemExit(f"{name}: result {n} has the shape {one.shape} in place of {other.shape}")
        error = float(np.max(np.abs(one - other)) / np.max(np.abs(other)))
        if not error <= tolerance:
            raise SystemExit(f"{name}: result {n} differs by {error:.1e} of its largest entry")


def timed(call: Call, repeats: int) -> float:
    """Seconds of the processor for one call, which other processes do not change; on one core nothing waits."""
    start = process_time()
    for _ in range(repeats):
        call()
    return (process_time() - start) / repeats


def repeats_of(call: Call) -> int:
    """How many calls take the least time of one timing, once the call is warm."""
    found = 1
    while found * timed(call, found) < LEAST:
        found *= 2
    return found


def race(calls: Mapping[str, Call], seconds: float) -> tuple[float, dict[str, dict[str, float]]]:
    """The median time of the hand-written one, and the ratios of all over it: median and quartiles."""
    repeats = {name: repeats_of(call) for name, call in calls.items()}
    a_round = sum(n * timed(calls[name], n) for name, n in repeats.items())
    times: dict[str, list[float]] = {name: [] for name in calls}
    order, shuffle = list(calls), random.Random(6).shuffle
    gc.collect()
    gc.disable()
    for _ in range(max(ROUNDS[0], min(ROUNDS[1], round(seconds / a_round)))):
        shuffle(order)
        for name in order:
            if repeats[name] > 1:
                calls[name]()  # what others left in the caches is not this one's
            times[name].append(timed(calls[name], repeats[name]))
    gc.enable()
    ratios = {name: [t / hand for t, hand in zip(found, times["hand"], strict=True)] for name, found in times.items()}
    return statistics.median(times["hand"]), {name: _spread(r) for name, r in ratios.items() if name != "hand"}


def _spread(ratios: list[float]) -> dict[str, float]:
    low, median, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return {name: float(f"{x:.4g}") for name, x in (("median", median), ("low", low), ("high", high))}


# -- the run -----------------------------------------------------------------------------------------
def machine() -> dict[str, Any]:
    """What the run was made on: the processor and its cores, the system and Python."""
    info = Path("/proc/cpuinfo")
    models = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def versions() -> dict[str, str]:
    """The versions of the libraries that are installed."""
    from importlib.util import find_spec

    return {package: version(package) for package in PACKAGES if find_spec(package)}


def told(case: Case, hand: float, ratios: Mapping[str, Mapping[str, float]], left_out: Mapping[str, str]) -> None:
    """Print one case."""
    print(f"\n{case}: hand-written NumPy takes {hand * 1e6:,.1f} µs")
    for name, r in ratios.items():
        print(f"  {name:18} {r['median']:10.3g}   ({r['low']:.3g} to {r['high']:.3g})")
    for name, reason in left_out.items():
        print(f"  {name:18}          –   {reason}")
    sys.stdout.flush()


def main() -> None:
    """Time all cases, print them, and write them if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="cases whose name contains this, such as 'network 2×3×2'")
    parser.add_argument("--seconds", type=float, default=4.0, help="for each case")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    # on one core: otherwise JAX gives its work to a second thread, and takes up to twice as long
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ONE_THREAD)  # noqa: S606 - itself, on one thread
    warnings.simplefilter("ignore")  # those of the libraries
    found = []
    for case in cases():
        if asked.only not in str(case):
            continue
        calls, left_out = contestants(case, data_of(case))
        hand, ratios = race(calls, asked.seconds)
        told(case, hand, ratios, left_out)
        found.append(
            {"loss": case.loss, "size": case.size, "batch": case.sizes.get("P"), "dtype": case.dtype, "hand": hand}
            | {"ratios": ratios, "left_out": left_out}
        )
    if asked.write:
        write(found, anew=not asked.only)


def write(found: list[dict[str, Any]], anew: bool) -> None:
    """Write what was measured; unless it is `anew`, other cases keep their figures, of the same machine and versions."""
    content = {"made": dt.datetime.now(dt.UTC).date().isoformat(), "machine": machine(), "versions": versions()}
    kept = content | {"cases": []} if anew else json.loads(DATA.read_text("utf-8"))
    if any(kept[name] != content[name] for name in ("machine", "versions")):
        raise SystemExit(f"{DATA.name} is of another machine or other versions: measure all cases")
    content["cases"] = list({_key(case): case for case in (*kept["cases"], *found)}.values())
    DATA.write_text(json.dumps(content, ensure_ascii=False, indent=0) + "\n", "utf-8")


def _key(case: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(case[name] for name in ("loss", "size", "batch", "dtype"))


if __name__ == "__main__":
    main()
