"""The command line: `gradproof derive`, `check`, `certify`, `list`, `show` and `verify`; see commands.py for each.

Nothing here imports SymPy before a command needs it, so that `--help` and `--version` answer at once.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from html import escape
from io import StringIO
from pathlib import Path

from gradproof import __version__
from gradproof.cache import FORMAL, digest, engine_digest, group_digest, remember, sources_digest
from gradproof.commands import COMMANDS, INPUT, print_json
from gradproof.reference import GROUPS

__all__ = ["main", "session"]

STOPPED, UNREAD = 130, 141  # as a shell has it for Ctrl-C, and for a pipe that nobody reads

CODES = """\
exit codes:
  0  proved, or there was nothing to decide
  1  refuted: there is a point at which it fails
  2  the command, a file or a formula could not be read
  3  undecided: neither a proof nor a counterexample was found
Of several results the first in the order 1, 2, 3, 0 counts.  130: stopped by Ctrl-C.
"""
_OPTION = re.compile(r"-|-h|--[a-z-]*(=.*)?", re.DOTALL)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; `arguments` are those of the process unless given."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # where a terminal has no ∂, it shows \u2202
    try:
        try:
            code = _run(sys.argv[1:] if arguments is None else arguments)
        except SystemExit as ended:  # argparse has printed help, or what is wrong with an option
            code = int(ended.code or 0)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains at its end
        return UNREAD
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return STOPPED
    return code


def session(*commands: str) -> str:
    """Commands as they are typed, each with what it prints, as HTML for the site."""
    files = [Path(part) for command in commands for part in shlex.split(command)]
    shown = [file.read_text("utf-8") for file in files if file.is_file()]
    rests_on = [engine_digest(), sources_digest(), *map(group_digest, GROUPS)]
    rests_on += [_formal()] * any("gradproof certify " in command for command in commands)
    return remember(digest("session", *rests_on, *commands, *shown), lambda: _session(commands))


def _formal() -> str:
    """Name what a certificate depends on, and the Coq that is here."""
    from gradproof.formal.coqc import CoqMissingError, library_text, tools

    code = (path.read_text("utf-8") for path in sorted(FORMAL.glob("*.py")))
    try:
        return digest(*code, library_text(), tools())
    except CoqMissingError as missing:
        return digest(*code, library_text(), str(missing))


def _session(commands: Sequence[str]) -> str:
    lines = []
    columns, os.environ["COLUMNS"] = os.environ.get("COLUMNS"), "110"
    for command in commands:
        with redirect_stdout(StringIO()) as printed, redirect_stderr(printed):
            code = main(shlex.split(command)[1:])
        lines += [f"$ {command}", printed.getvalue().rstrip(), *([f"(exit code {code})"] if code else []), ""]
    del os.environ["COLUMNS"]
    if columns is not None:
        os.environ["COLUMNS"] = columns
    text = escape("\n".join(lines).rstrip())
    return f'<pre class="gp-output"><code>{text}</code></pre>'


def _run(given: Sequence[str]) -> int:
    if not given or given[0] not in COMMANDS:
        return _overview(given)
    name, *rest = given
    command = COMMANDS[name]
    parser = _parser(f"gradproof {name}", command.does)
    parser.epilog = "\n".join(["examples:", *(f"  {example}" for example in command.examples), "", CODES])
    command.options(parser)
    parser.add_argument("--json", action="store_true", help="print plain data")
    options = parser.parse_intermixed_args(list(map(_no_option, rest)))
    try:
        return command.run(options)
    except BrokenPipeError:
        raise
    except (ValueError, OSError) as error:
        if options.json:
            print_json({"status": "input", "error": str(error)})
        print(f"gradproof {name}: {error}", file=sys.stderr)
        return INPUT


def _overview(given: Sequence[str]) -> int:
    """`gradproof --help`, `--version`, and what is no command."""
    parser = _parser("gradproof", "Gradients in index notation: derived step by step, proved for every size")
    parser.usage = "gradproof COMMAND ...\n       gradproof COMMAND --help"
    width = max(map(len, COMMANDS))
    listed = [f"  {name:{width}}  {command.does}" for name, command in COMMANDS.items()]
    parser.epilog = "\n".join(["commands:", *listed, "", CODES])
    parser.add_argument("--version", action="version", version=f"gradproof {__version__}")
    if given and not given[0].startswith("-"):
        parser.error(f"there is no command {given[0]!r}; the commands are {', '.join(COMMANDS)}")
    parser.parse_args(given)
    parser.print_help(sys.stderr)
    return INPUT


def _parser(name: str, does: str) -> ArgumentParser:
    return ArgumentParser(name, description=f"{does}.", formatter_class=RawDescriptionHelpFormatter, allow_abbrev=False)


def _no_option(argument: str) -> str:
    """A formula may begin with a minus sign; with a space before it, it is not taken for an option."""
    return f" {argument}" if argument.startswith("-") and not _OPTION.fullmatch(argument) else argument
