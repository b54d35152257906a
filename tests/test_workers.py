"""Results by many workers: in order, none lost, and whatever goes wrong is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from gradproof import collection
from gradproof.workers import Missing, by_executor, by_processes

NAMES = ("backprop.5.2", "symmetry.general", "sigmoid", "backprop.5.12", "backprop.4.1")


def work(name: str) -> str:
    """What its name says."""
    kind, _, path = name.partition(" ")
    if kind == "raises":
        raise ValueError("no such thing")
    if kind == "hangs":
        time.sleep(3600)
    if kind == "dies" or (kind == "dies-once" and not Path(path).exists()):
        Path(path or os.devnull).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return name.upper()


def shown(results: Iterator[object]) -> list[str]:
    return [f"missing: {r.reason}" if isinstance(r, Missing) else str(r) for r in results]


def test_a_process_that_dies_loses_no_result() -> None:
    found = shown(by_processes(work, ["a", "b", "dies", "c", "d", "e"], 2))
    told = "missing: its process ended, twice, before it answered (at most 600 s are given)"
    assert found == ["A", "B", told, "C", "D", "E"]


def test_what_was_killed_by_accident_is_done_again(tmp_path: Path) -> None:
    name = f"dies-once {tmp_path / 'was here'}"
    assert shown(by_processes(work, ["a", name, "b"], 2)) == ["A", name.upper(), "B"]


def test_what_hangs_is_ended() -> None:
    start = time.monotonic()
    found = shown(by_processes(work, ["a", "hangs", "b"], 2, seconds=2))
    assert found == ["A", "missing: its process ended, twice, before it answered (at most 2 s are given)", "B"]
    assert time.monotonic() - start < 60


def test_what_raises_is_told() -> None:
    told = "missing: ValueError: no such thing"
    assert shown(by_processes(work, ["raises", "a"], 2)) == [told, "A"]
    with ThreadPoolExecutor(2) as threads:
        assert shown(by_executor(work, ["raises", "a"], threads)) == [told, "A"]


def test_an_executor_that_breaks_loses_no_result() -> None:
    with ProcessPoolExecutor(1, get_context("spawn")) as processes:  # beside threads of other tests no fork is safe
        found = shown(by_executor(work, ["a", "dies", "b"], processes))
    assert found[0] == "A"
    assert all(text.startswith("missing: its worker ended before it answered") for text in found[1:])


def test_an_executor_that_was_ended_is_told() -> None:
    threads = ThreadPoolExecutor(1)
    threads.shutdown()
    assert shown(by_executor(work, ["a"], threads)) == [
        "missing: the executor takes no more work: cannot schedule new futures after shutdown"
    ]


def test_any_number_of_workers_gives_the_same() -> None:
    """Byte for byte: alone, by two processes, by threads."""
    with ThreadPoolExecutor(2) as threads:
        found = [
            json.dumps(list(records))
            for records in (
                collection.records(NAMES),
                collection.records(NAMES, 2),
                collection.records(NAMES, executor=threads),
            )
        ]
    assert len(set(found)) == 1


def test_the_ledger_is_the_same_in_every_run(tmp_path: Path) -> None:
    """Byte for byte, whatever the order of sets, and whether or not anything was kept."""
    code = (
        "from gradproof import ledger, sources\n"
        "few = ('backprop.5.12', 'averages.linreg.m', 'averages.sigmoid', 'symmetry.linear')\n"
        "sources.IDS = {name: sources.IDS[name] for name in few}\n"
        "print(ledger.ledger(), ledger.errata())"
    )
    found = set()
    for seed, kept in (("1", "a"), ("2", "b"), ("3", "a")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "GRADPROOF_CACHE": str(tmp_path / kept)}
        found.add(subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True).stdout)
    assert len(found) == 1


def test_a_result_that_is_missing_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(_: str) -> None:
        raise MemoryError("too large")

    monkeypatch.setattr(collection, "record", lost)
    with ThreadPoolExecutor(1) as threads:
        (record,) = collection.records(["backprop.5.2"], executor=threads)
    assert record["verdict"]["status"] == "undecided"
    assert record["verdict"]["reason"] == "MemoryError: too large"
