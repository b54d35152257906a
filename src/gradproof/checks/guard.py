"""What stands round every check: one that fails, hangs or is not installed is missing, and never agrees."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gradproof.verdict import Evidence, Outcome

__all__ = ["guarded"]

SECONDS = 120.0  # for one check of one gradient; the slowest known takes 2


_PACKAGES = {"flint": "python-flint", "jax": "JAX", "numpy": "NumPy", "torch": "PyTorch"}  # by their modules


class _OutOfTimeError(BaseException):
    """Raised inside a check from without; no `except Exception` on the way catches it."""


def guarded(
    kind: str, rests_on: str, find: Callable[[], tuple[Outcome, str]], seconds: float | None = None
) -> Evidence:
    """What a check finds, as evidence of a kind; where it finds nothing, why."""
    limit = SECONDS if seconds is None else seconds
    try:
        with _within(limit):
            outcome, says = find()
    except _OutOfTimeError:
        outcome, says = "missing", f"it did not answer in {limit:g} s"
    except ImportError as error:
        outcome, says = "missing", f"{_PACKAGES.get(error.name or '', error.name or error)} is not installed"
    except Exception as error:  # noqa: BLE001 # a check that fails says nothing
        outcome, says = "missing", f"it failed: {type(error).__name__}: {error}"
    return Evidence(kind, outcome, says, rests_on)


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Raise in this thread when the time is over: at the next bytecode, so a call into C is waited for.

    Where no thread can be started (a browser) there is no limit.
    """
    thread, lock = threading.get_ident(), threading.Lock()
    ended = fired = arrived = False

    def fire() -> None:
        nonlocal fired
        with lock:
            if not ended:
                fired = True
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(_OutOfTimeError))

    timer = threading.Timer(seconds, fire)
    timer.daemon = True
    try:
        timer.start()
    except RuntimeError:
        yield
        return
    try:
        yield
    except _OutOfTimeError:
        arrived = True
        raise
    finally:
        with lock:
            ended = True
        timer.cancel()
        while fired and not arrived:  # it is on its way: let it arrive here, and not in what comes after
            time.sleep(0.001)
