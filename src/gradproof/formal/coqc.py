"""Coq as a program: what is installed, our library compiled once, and one file compiled under limits of time and memory.

Nothing here installs anything.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from threading import Event

from gradproof.cache import digest, place

try:
    import resource
except ImportError:  # no Unix: there are no limits but that of time
    resource = None  # type: ignore[assignment]

__all__ = [
    "LIBRARY",
    "CoqMissingError",
    "Run",
    "checked_again",
    "compiled_library",
    "library_files",
    "library_text",
    "run",
    "tools",
]

LIBRARY = "Gradproof"  # the library's name, and that of its first file
_BATCH = "Certificates"  # as Coq calls the folder of a file of certificates
MEMORY = 6 << 30  # bytes of addresses for one process; the largest known takes a sixth
LONGEST = 1200  # seconds of computing for one process, if nobody is left to end it
HOW = (
    "Debian and Ubuntu: apt-get install --no-install-recommends coq libcoq-coquelicot libcoq-interval; "
    "with opam: opam install coq coq-coquelicot coq-interval"
)
_DONE = re.compile(
    rb"^Chars (\d+) - (\d+) \[.*\] ([\d.]+) secs", re.MULTILINE
)  # what `coqc -time` prints for a sentence


class CoqMissingError(RuntimeError):
    """Coq, or a library of it, is not installed here; the text says what is missing and how to get it."""


@cache
def tools() -> str:
    """The versions of what checks here: Coq's, and a name for the content of each of its libraries that are used.

    Raises CoqMissingError.
    """
    coqc = shutil.which("coqc")
    if coqc is None:
        raise CoqMissingError(f"coqc is not installed; it is needed with its libraries Coquelicot and Interval. {HOW}")
    version = _asked(coqc, "--print-version").split()[0]
    others = filter(None, os.environ.get("COQPATH", "").split(os.pathsep))
    roots = [Path(_asked(coqc, "-where"), "user-contrib"), *map(Path, others)]
    found = {name: next((r / name for r in roots if (r / name).is_dir()), None) for name in ("Coquelicot", "Interval")}
    missing = [name for name, folder in found.items() if folder is None]
    if missing:
        raise CoqMissingError(f"{' and '.join(missing)} not installed beside Coq {version}. {HOW}")
    return ", ".join([f"Coq {version}", *(f"{name} {_seal(folder)[:8]}" for name, folder in found.items() if folder)])


def _asked(*command: str) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        raise CoqMissingError(f"{' '.join(command)} gives no answer: {error}") from error


@cache
def library_files() -> dict[str, str]:
    """The files of our library by their names, each before those that need it: one lemma for each rule, and what numbers need."""
    folder = files("gradproof.formal").joinpath("library")
    found = {file.name: file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith(".v")}
    return {name: found[name] for name in sorted(found, key=lambda name: (name != f"{LIBRARY}.v", name))}


def library_text() -> str:
    """All of our library."""
    return "\n".join(library_files().values())


@cache
def compiled_library() -> Path:
    """The folder in which our library is compiled, once for its text and Coq's version; raises RuntimeError."""
    folder = place(digest("compiled library", library_text(), tools())).resolve()  # Coq runs in another
    seal = folder / "seal"
    if not (seal.is_file() and seal.read_text() == _seal(folder)):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as name:
            new = Path(name)
            for file, text in library_files().items():
                (new / file).write_text(text, "utf-8")
                done = run(new, file.removesuffix(".v"), new)
                if done.failed:
                    raise RuntimeError(f"our library's {file} does not compile: {done.failed}")
            (new / "seal").write_text(_seal(new))
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):  # another process was faster
                new.rename(folder)
            new.mkdir(exist_ok=True)
    return folder


def _seal(folder: Path) -> str:
    """Name what is compiled in a folder."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*.vo")):
        found.update(path.read_bytes())
    return found.hexdigest()


@dataclass(frozen=True)
class Run:
    """What Coq made of a file: `failed` says why it stopped ("" at its end), `stopped` that a limit stopped it.

    `done` are the sentences that it accepted: where each begins and ends in the file, and its seconds.
    `printed` is what the last of them printed.
    """

    failed: str
    stopped: bool
    done: tuple[tuple[int, int, float], ...]
    printed: str

    @property
    def reached(self) -> int:
        """Where the last sentence that was accepted ends."""
        return self.done[-1][1] if self.done else 0


def run(
    folder: Path,
    name: str,
    library: Path,
    part: Callable[[int], int] = lambda _: 0,
    seconds: Callable[[int], float] = lambda _: 300.0,
    stop: Event | None = None,
) -> Run:
    """Compile the file `name`.v of a folder.

    `part` says to which part a place in the file belongs, as a number, and `seconds` how long a part may take.
    """
    command = ("coqc", "-w", "none", "-q", "-time", *_places(folder, library), f"{name}.v")
    out, err = folder / "out", folder / "err"
    with out.open("wb") as to_out, err.open("wb") as to_err:
        process = subprocess.Popen(  # noqa: S603 # no shell, and what the file may say was read before
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=to_out, stderr=to_err, start_new_session=True
        )
        try:
            _limit(process.pid)
            late = _watch(process, out, part, seconds, stop)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    matches = list(_DONE.finditer(out.read_bytes()))
    done = tuple((int(first), int(last), float(took)) for first, last, took in (m.groups() for m in matches))
    last = out.read_bytes()[matches[-2].end() : matches[-1].start()] if len(matches) > 1 else b""
    printed = last.partition(b"\n")[2].decode(errors="replace")  # the line of the sentence before is left out
    if late:
        return Run(late, True, done, printed)
    if not process.returncode:
        return Run("", False, done, printed)
    failed = _reason(err.read_text("utf-8", errors="replace")) or f"coqc ended with {process.returncode}"
    return Run(failed, process.returncode < 0 or "ut of memory" in failed, done, printed)


def checked_again(folder: Path, name: str, library: Path, seconds: float) -> str:
    """Why coqchk, which reads the compiled file `name`.vo of a folder anew, does not accept it; "" where it does.

    What the file imports is taken as it is: with all of Coquelicot, coqchk does not end in ten minutes.
    """
    options = ("-silent", "-bytecode-compiler", "yes", *_places(folder, library), "-norec", f"{_BATCH}.{name}")
    try:
        subprocess.run(("coqchk", *options), cwd=folder, check=True, capture_output=True, text=True, timeout=seconds)  # noqa: S603, S607
    except subprocess.TimeoutExpired:
        return f"coqchk did not end in {seconds:g} s"
    except subprocess.CalledProcessError as failed:
        return f"coqchk: {_reason(failed.stderr or failed.stdout)}"
    return ""


def _places(folder: Path, library: Path) -> tuple[str, ...]:
    """Where Coq finds what it loads: our library, and the compiled file itself."""
    return ("-Q", str(library), LIBRARY, *(() if folder == library else ("-Q", str(folder), _BATCH)))


def _limit(process: int) -> None:
    """Give a process so much memory and no more, where the system can be told so."""
    if hasattr(resource, "prlimit"):
        with suppress(ProcessLookupError):
            resource.prlimit(process, resource.RLIMIT_AS, (MEMORY, MEMORY))
            resource.prlimit(process, resource.RLIMIT_CPU, (LONGEST, LONGEST))


def _watch(
    process: subprocess.Popen[bytes],
    out: Path,
    part: Callable[[int], int],
    seconds: Callable[[int], float],
    stop: Event | None,
) -> str:
    """Wait for the end of a process, or say why nobody waits for it any longer."""
    now, since = -2, time.monotonic()
    while True:
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            if stop is not None and stop.is_set():
                return "it was stopped"
            done = _DONE.findall(out.read_bytes())
            here = part(int(done[-1][1]) if done else 0)
            if here != now:
                now, since = here, time.monotonic()
            elif time.monotonic() - since > seconds(here):
                return f"it did not end in {seconds(here):g} s"
        else:
            return ""


def _reason(said: str) -> str:
    """Coq's message, without the place, on one line."""
    message = " ".join(said.rpartition("Error:")[2].split())
    return message if len(message) <= 400 else f"{message[:397]}..."
