"""Many results by several workers, in order, over any executor; what goes wrong with one is told and loses no other.

A worker that raises, hangs or is killed gives no result but the reason why there is none.
"""

from __future__ import annotations

import faulthandler
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing import active_children, get_all_start_methods, get_context
from pathlib import Path
from signal import SIG_IGN, SIGINT, signal
from typing import Any

__all__ = ["Missing", "by_executor", "by_processes"]

SECONDS = 600.0  # for one result, after which its process is ended

Work = Callable[[str], Any]


class Missing:
    """There is no result, and why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


def by_executor(work: Work, names: Sequence[str], executor: Executor) -> Iterator[Any]:
    """work(name) for each name, in order, by an executor that the caller has made and will end."""
    for future in [_submitted(executor, work, name) for name in names]:
        yield future if isinstance(future, Missing) else _result(future)


def by_processes(work: Work, names: Sequence[str], jobs: int, seconds: float = SECONDS) -> Iterator[Any]:
    """work(name) for each name, in order, by so many processes of our own.

    A process that ends before it answers, or does not answer in so many seconds, takes down those beside it; each
    of their names is tried once more, alone.
    """
    found: dict[int, Any] = {}
    given = 0
    while given < len(names):
        todo = [n for n in range(given, len(names)) if n not in found]
        for n, result in _until_one_dies(work, {n: names[n] for n in todo}, jobs, seconds):
            found[n] = _alone(work, names[n], seconds) if result is _LOST else result
            while given in found:
                yield found.pop(given)
                given += 1


_LOST = object()  # in the place of a result: its process ended


def _alone(work: Work, name: str, seconds: float) -> Any:
    ((_, result),) = _until_one_dies(work, {0: name}, 1, seconds)
    reason = f"its process ended, twice, before it answered (at most {seconds:g} s are given)"
    return Missing(reason) if result is _LOST else result


def _until_one_dies(work: Work, names: Mapping[int, str], jobs: int, seconds: float) -> Iterator[tuple[int, Any]]:
    """The results of a pool, as they come; where a process dies, _LOST for what was worked at, and no more."""
    running: dict[Future[Any], int] = {}
    lost: list[int] = []
    with _pool(jobs) as pool:
        todo = deque(names)
        while (todo or running) and not lost:
            while todo and len(running) < jobs:
                n = todo.popleft()
                running[pool.submit(_limited, work, names[n], seconds)] = n
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                if isinstance(future.exception(), BrokenExecutor):
                    lost = list(running.values())  # all of them fail now, or soon
                    break
                yield running.pop(future), _result(future)
    yield from ((n, _LOST) for n in lost)


@contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that are ended at once where the caller stops, by Ctrl-C or by asking for no more."""
    # never a plain fork: the caller may have threads (JAX has), and a fork of those can hang
    start = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
    others = set(active_children())
    pool = ProcessPoolExecutor(jobs, get_context(start), signal, (SIGINT, SIG_IGN))
    try:
        yield pool
        pool.shutdown()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in set(active_children()) - others:
            child.terminate()
        raise


def _limited(work: Work, name: str, seconds: float) -> Any:
    """The result, or the end of this process: it is ended from C, whatever it is at."""
    with Path(os.devnull).open("w") as nowhere:
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        try:
            return work(name)
        finally:
            faulthandler.cancel_dump_traceback_later()


def _submitted(executor: Executor, work: Work, name: str) -> Future[Any] | Missing:
    try:
        return executor.submit(work, name)
    except RuntimeError as error:  # it is broken, or was ended
        return Missing(f"the executor takes no more work: {error}")


def _result(future: Future[Any]) -> Any:
    try:
        return future.result()
    except BrokenExecutor as error:
        return Missing(f"its worker ended before it answered: {error}")
    except Exception as error:  # noqa: BLE001 # of the work, whatever it is
        return Missing(f"{type(error).__name__}: {error}")
