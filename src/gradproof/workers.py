"""Many results by several workers, in order, over any executor; what goes wrong with one is told and loses no other.

A worker that raises, hangs or is killed gives no result but the reason why there is none.
"""

from __future__ import annotations

import faulthandler
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
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
    waiting = deque(names)
    while waiting:
        yield from _until_one_dies(work, waiting, jobs, seconds)
        for name in [waiting.popleft() for _ in range(min(jobs, len(waiting)))]:  # those that were being worked at
            reason = f"its process ended, twice, before it answered (at most {seconds:g} s are given)"
            yield next(_until_one_dies(work, deque([name]), 1, seconds), Missing(reason))


def _until_one_dies(work: Work, waiting: deque[str], jobs: int, seconds: float) -> Iterator[Any]:
    """The results of a pool; each is taken from `waiting`, and what is left there has none."""
    running: deque[Future[Any]] = deque()
    with _pool(jobs) as pool:
        todo = deque(waiting)
        while todo or running:
            while todo and len(running) < jobs:
                running.append(pool.submit(_limited, work, todo.popleft(), seconds))
            future = running.popleft()
            result = _result(future)
            if isinstance(future.exception(), BrokenExecutor):
                return
            waiting.popleft()
            yield result


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
