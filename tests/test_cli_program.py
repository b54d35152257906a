"""The command line as a program: its examples, its help, how it ends, and what terminals it copes with."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gradproof import collection
from gradproof.cli import main
from gradproof.commands import COMMANDS

ROOT = Path(__file__).parent.parent
PAGE = "# Notes\n\n```gradproof\nloss: x^2\nwrt: x\ngradient: 2 x\n```\n"
PROVED, REFUTED = 0, 1
pytestmark = pytest.mark.usefixtures("elsewhere")


EXAMPLES = [(name, example) for name, command in COMMANDS.items() for example in command.examples]


FALSE = [example for _, example in EXAMPLES if r"\sum_n (w" in example or "--gradient '3 x'" in example]
CHOSEN = ("backprop.5.12", "symmetry.linear", "softmax-cross-entropy")


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[example for _, example in EXAMPLES])
def test_every_example_of_the_help_runs(
    name: str, example: str,  tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    (tmp_path / "notes.md").write_text(PAGE)
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "one.md").write_text(PAGE)
    monkeypatch.setattr(collection, "IDS", CHOSEN)
    command, *arguments = shlex.split(example)
    assert (command, arguments[0]) == ("gradproof", name)
    arguments = ["chapters/one.md" if argument == "chapters/*.md" else argument for argument in arguments]
    assert main(arguments) == (REFUTED if example in FALSE else PROVED)
    assert capsys.readouterr().out
    main([name, "--help"])
    assert example in capsys.readouterr().out


def test_help_and_version_do_not_load_sympy() -> None:
    code = """
import sys
import time
from gradproof.cli import main
asked = [["--help"], ["--version"], *([name, "--help"] for name in ("derive", "check", "certify", "list", "show", "verify"))]
print([main(arguments) for arguments in asked], "sympy" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[0, 0, 0, 0, 0, 0, 0, 0] False\n")


def test_check_needs_none_of_the_extras() -> None:
    code = """
import sys
for name in ("numpy", "flint", "mkdocs", "markdown", "IPython", "quickjs", "pygments"):
    sys.modules[name] = None
from gradproof.cli import main
print(main(["check", "x^2", "--wrt", "x", "2 x"]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\n0\n")


def test_the_command_of_the_readme_does_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    """It refutes with a point, names the factor that is missing, and exits with 1."""
    typed = re.search(r"^```\n(gradproof .*?)```$", (ROOT / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert typed
    assert main(shlex.split(typed[1].replace("\\\n", ""))[1:]) == REFUTED
    assert re.search(r"\n  at N = .*\n(.*\n)*  slip: the factor x\[n\] is missing", capsys.readouterr().out)


def test_nobody_reading_is_no_error() -> None:
    """`gradproof --help | true`."""
    command = [sys.executable, "-m", "gradproof", "--help"]
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=buffered)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr as errors:
        assert errors.read() == b""
    assert process.wait() == 141


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent to process groups")
def test_ctrl_c_ends_all_processes_without_a_traceback() -> None:
    """Two workers are at it, and none is left."""
    command = [sys.executable, "-m", "gradproof", "verify", "averages", "--jobs", "2", "--progress"]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background inherit none
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    signal.signal(signal.SIGINT, before)
    assert process.stderr is not None
    assert process.stderr.readline() == "0 of 18 are done\n"
    assert process.stderr.readline() == "1 of 18 are done\n"  # all is loaded: an import may pass over a signal
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err.splitlines()[-1]) == (130, "stopped")
    assert "Traceback" not in err
    until = time.monotonic() + 20  # the workers' server takes a moment to notice
    while _alive(process.pid) and time.monotonic() < until:
        time.sleep(0.1)
    assert not _alive(process.pid)


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found as Linux has them")
def test_a_worker_that_is_killed_loses_no_result(tmp_path: Path) -> None:
    """Whatever it was at is done again, and the answer is the same, byte for byte."""
    environment = {**os.environ, "GRADPROOF_CACHE": str(tmp_path)}
    command = [sys.executable, "-m", "gradproof", "verify", "symmetry", "--json", "--progress", "--jobs", "2"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("2 of"):
            break
    os.kill(_youngest(process.pid), signal.SIGKILL)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, "Traceback" in err) == (PROVED, False)
    alone = subprocess.run([*command[:-1], "1"], capture_output=True, text=True, check=True)
    assert out == alone.stdout


def _youngest(group: int) -> int:
    """The process of a group that was started last."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                found.append((int(fields[19]), int(folder.name)))
    return max(found)[1]


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_workers_start_beside_threads() -> None:
    """A fork of a process with threads can hang, and Python 3.12 and JAX warn of it."""
    code = (
        "import os; os.register_at_fork(before=lambda: print('forked')); from gradproof.collection import records\n"
        "print([r['id'] for r in records(('backprop.5.12', 'symmetry.general'), 2)])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert answer.stdout == "['backprop.5.12', 'symmetry.general']\n"


class Terminal(io.TextIOWrapper):
    """A terminal that knows one encoding."""

    def __init__(self, encoding: str) -> None:
        super().__init__(io.BytesIO(), encoding=encoding)

    def isatty(self) -> bool:
        return True

    def shown(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode(self.encoding)  # type: ignore[attr-defined]


def on_terminal(monkeypatch: pytest.MonkeyPatch, encoding: str, *arguments: str) -> str:
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal(encoding)
    monkeypatch.setattr("sys.stdout", terminal)
    main(arguments)
    return terminal.shown()


def test_a_terminal_without_greek_shows_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collection, "IDS", ("averages.sigmoid",))
    assert r"\u03c3\u2032 = \u03c3(1 \u2212 \u03c3)" in on_terminal(monkeypatch, "ascii", "list")


def test_verdicts_are_coloured_on_a_terminal_unless_it_is_asked_not_to(monkeypatch: pytest.MonkeyPatch) -> None:
    check = ("check", "x^2", "--wrt", "x", "2 x")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert on_terminal(monkeypatch, "utf-8", *check).startswith("\033[32mproved")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search("\033", on_terminal(monkeypatch, "utf-8", *check))
