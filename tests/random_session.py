"""The long run over random losses: `nox -s random`, or `python tests/random_session.py 5000`.

Losses are drawn in lots, one seed each, until so many different ones have been examined; what a lot found is kept
in .cache/random/, so that a run that was stopped goes on, and other processes may share it (`--part 1 2` takes every
second seed).  What was found under other sources is not counted.  The exit code is 1 if there is a fault.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from gradproof import NotationError
from random_checks import Examination, Report
from random_losses import Problem, problems

HOME = Path(__file__).resolve().parents[1]
LOT = 80  # losses drawn with one seed
SECONDS = 30  # of computing, for one loss
MEMORY = 6 << 30


class OutOfTimeError(BaseException):
    """One loss took too long."""


def sources() -> str:
    """A digest of what the results depend on."""
    import gradproof

    files = [*Path(gradproof.__file__).parent.rglob("*.py"), *Path(__file__).parent.glob("random_*.py")]
    return hashlib.sha256(b"".join(f.read_bytes() for f in sorted(files))).hexdigest()[:12]


def examined(number: int, known: set[str], until: float) -> tuple[Report, list[str]]:
    """What one lot finds, leaving out losses that are known; and their names."""
    report, names = Report(), []

    @seed(number)
    @settings(
        max_examples=LOT, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
    )
    @given(problems())
    def lot(problem: Problem) -> None:
        name = hashlib.sha256(f"{problem.loss} {problem.wrt} {problem.definitions}".encode()).hexdigest()[:12]
        if name in known or time.time() > until:
            return
        known.add(name)
        names.append(name)
        signal.setitimer(signal.ITIMER_PROF, SECONDS, 1)  # again, if it falls where it is lost
        try:
            Examination(problem, report).run()
        except OutOfTimeError:
            report.counts["out of time"] += 1
            report.slowest.append((SECONDS, str(problem)))
        except NotationError:
            report.counts["drawn with what is not read"] += 1
        except Exception:  # noqa: BLE001 # a fault of these tests, which ends no run
            report.fault("the tests fail", problem, traceback.format_exc())
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)

    lot()
    return report, names


def seeds(part: tuple[int, int], done: set[int]) -> Iterator[int]:
    number, of = part
    return (n for n in range(number, 10**6, of) if n not in done)


def main() -> int:
    """Examine losses until there are enough; print progress, and the counts at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("losses", nargs="?", type=int, default=5000)
    parser.add_argument("--part", nargs=2, type=int, default=(0, 1), metavar=("NUMBER", "OF"))
    parser.add_argument("--minutes", type=float, default=10**6, help="stop after so long; the next run goes on")
    asked = parser.parse_args()
    until = time.time() + 60 * asked.minutes
    folder = HOME / ".cache" / "random" / sources()
    folder.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGPROF, _out_of_time)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    total, known, done = kept(folder)
    for number in seeds(tuple(asked.part), done):
        if total.counts["drawn"] >= asked.losses or time.time() > until:
            break
        start = time.time()
        report, names = examined(number, known, until)
        report.counts["seconds"] += round(time.time() - start)
        line = {"counts": report.counts, "faults": report.faults, "slowest": report.slowest, "names": names}
        (folder / f"{number}.json").write_text(json.dumps(line))
        total, known, _ = kept(folder)
        faults = len(total.faults)
        print(f"{total.counts['drawn']:6} losses, {faults} faults, {total.counts['seconds']} s", flush=True)
        for text in report.faults:
            print(text, flush=True)
    show(total)
    return 1 if total.faults else 0


def kept(folder: Path) -> tuple[Report, set[str], set[int]]:
    """What all lots so far found."""
    total, known, done = Report(), set(), set()
    for file in folder.glob("*.json"):
        lot: dict[str, Any] = json.loads(file.read_text())
        total.counts.update(lot["counts"])
        total.faults += lot["faults"]
        total.slowest += [tuple(at) for at in lot["slowest"]]
        known.update(lot["names"])
        done.add(int(file.stem))
    return total, known, done


def show(total: Report) -> None:
    """Print the counts."""
    for name, count in sorted(total.counts.items()):
        print(f"{count:9} {name}")


def _out_of_time(*_: object) -> None:
    raise OutOfTimeError


if __name__ == "__main__":
    sys.exit(main())
