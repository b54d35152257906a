"""What each command of the command line does, with its options and its examples, which are tests.

`derive`, `check` and `certify` read LaTeX, or SymPy notation; `list`, `show` and `verify` look at what gradproof has decided itself.
"""

from __future__ import annotations

import json
import os
import sys
from argparse import Action, ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from gradproof.problem import FIELDS, NOTATIONS, Problem, ProblemError, problems_of, read_problem

__all__ = ["COMMANDS", "INPUT", "Command", "print_json"]

INPUT = 2
#: The exit code of each result; of several, the first in this order counts.
EXIT = {"refuted": 1, "rejected": 1, "input": INPUT, "undecided": 3, "proved": 0}

LOSS = r"\frac{1}{N} \sum_{n=1}^{N} (w x_n + b - y_n)^2"


class Command(NamedTuple):
    """One command: in a few words, its options, what runs it and returns the exit code, examples."""

    does: str
    options: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]
    examples: tuple[str, ...]


def print_json(data: Any) -> None:
    """Print plain data."""
    print(json.dumps(data, ensure_ascii=False, indent=1))


def _worst(statuses: Iterable[str]) -> int:
    found = set(statuses)
    return next((code for status, code in EXIT.items() if status in found), 0)


# --- derive and check ---------------------------------------------------------------------
class _Once(Action):
    """An option that may be given once: a second would hide the first."""

    def __call__(self, parser: ArgumentParser, options: Namespace, value: Any, name: str | None = None) -> None:
        if getattr(options, self.dest) != self.default:
            parser.error(f"argument {name}: given twice; one gradient is decided at a time")
        setattr(options, self.dest, value)


def _formula_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--wrt",
        default="",
        metavar="W",
        action=_Once,
        help=r"the variable: a letter, or an entry of an array, such as 'w_{kj}'",
    )
    add("--where", action="append", default=[], metavar="EQUATION", help=r"define a quantity: 'z_j = \tanh(h_j)'")
    add("--assume", action="append", default=[], metavar="RELATION", help=r"assume a relation: '\sum_k y_k = 1'")
    add("--ranges", action="append", default=[], metavar="RANGE", help="what an index runs over: 'k = 1..K'")
    add("--functions", action="append", default=[], metavar="F", help="letters that are functions: f(x) is a call")
    add("--numbers", action="append", default=[], metavar="X", help="letters that are numbers, where that is unclear")
    add("--sizes", action="append", default=[], metavar="N", help="letters that are sizes of arrays")
    add("--labels", action="append", default=[], metavar="Y", help="arrays of whole numbers, such as class labels")
    add("--shapes", action="append", default=[], metavar="SHAPE", help="matrices and vectors: 'X = n x d, w = d'")
    add("--notation", default="", choices=NOTATIONS, action=_Once,
        help="of all formulas: sympy is 'Sum(x[i]**2, (i, 1, N))'; as a rule they tell it")  # fmt: skip


def _derive_options(parser: ArgumentParser) -> None:
    parser.add_argument("loss", metavar="LOSS", help=r"LaTeX, such as '\sum_{n=1}^{N} (w x_n - y_n)^2'")
    _formula_options(parser)
    parser.add_argument("--latex", action="store_true", help="print the derivation as LaTeX")
    parser.add_argument("--code", action="store_true", help="print the gradient as NumPy code, which is proved too")


def _check_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("loss", nargs="?", default="", metavar="LOSS", help=r"LaTeX, such as '\sum_{n=1}^{N} (w x_n - y_n)^2'")
    add(
        "claim",
        nargs="*",
        metavar="CLAIM",
        help="the gradient, or each line of its derivation; - is the standard input",
    )
    _formula_options(parser)
    add("--equation", default="", metavar="EQUATION", action=_Once,
        help=r"decide an equation instead: '\frac{d}{dx} \tanh x = 1 - \tanh^2 x'")  # fmt: skip
    add("--file", nargs="+", action="extend", default=[], metavar="FILE",
        help="check every gradproof block of a Markdown file, or the fields of one problem; - is the standard input")  # fmt: skip


def _problem(options: Namespace, gradient: str = "") -> Problem:
    several: dict[str, Any] = {name: tuple(getattr(options, name)) for name, many in FIELDS.items() if many}
    equation = getattr(options, "equation", "")
    return Problem(options.loss, options.wrt, gradient, **several, equation=equation, notation=options.notation)


def _derive(options: Namespace) -> int:
    problem = _problem(options)
    from gradproof import data, terminal
    from gradproof.answer import Answer

    answer = Answer(problem)
    if options.json:
        print_json(data.of_derived(answer))
    elif options.latex:
        print(terminal.latex(answer))
    elif options.code:
        print(terminal.code(answer))
    else:
        print(terminal.derived(answer))
    return EXIT[answer.status]


def _check(options: Namespace) -> int:
    from gradproof import data, terminal
    from gradproof.answer import Answer

    if options.file:
        return _check_files(options)
    lines = [sys.stdin.read() if line == "-" else line for line in options.claim]
    if not lines and not options.equation:
        raise ProblemError("there is nothing to check: give LOSS and CLAIM, --equation, or --file")
    answer = Answer(_problem(options, " = ".join(line.strip().removeprefix("=") for line in lines)))
    if options.json:
        print_json(data.of_checked(answer))
    else:
        print(terminal.checked(answer))
    return EXIT[answer.status]


def _check_files(options: Namespace) -> int:
    from gradproof import data, terminal
    from gradproof.answer import Answer

    found: list[dict[str, Any]] = []
    for name in options.file:
        for place, text, fault in problems_of(name):
            try:
                if fault:
                    raise ProblemError(fault)
                answer = Answer(read_problem(text))
                found.append({"place": place, **data.of_checked(answer)})
                shown = terminal.checked(answer)
            except ValueError as error:
                found.append({"place": place, "status": "input", "error": str(error)})
                shown = f"cannot be read: {error}"
            if not options.json:
                print(f"{place}: {shown}", flush=True)
    code = _worst(result["status"] for result in found)
    if options.json:
        print_json({"status": next(s for s in EXIT if EXIT[s] == code), "problems": found})
    return code


# --- list, show and verify ----------------------------------------------------------------
@contextmanager
def _results_kept() -> Iterator[None]:
    """Keep what is proved among the user's files, unless this directory has its own place for it."""
    if "GRADPROOF_CACHE" in os.environ or Path(".cache/gradproof").is_dir():
        yield
        return
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    os.environ["GRADPROOF_CACHE"] = str(home / "gradproof")
    try:
        yield
    finally:
        del os.environ["GRADPROOF_CACHE"]


def _list_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--group", metavar="NAME", help="one group only")
    add("--search", metavar="WORDS", help="those that mention all of these words")
    add("--verdict", metavar="WORD", help="those with this word in their verdict: holds, misprint, false")


@_results_kept()
def _list(options: Namespace) -> int:
    from gradproof import terminal

    rows = [row for row in _outlines() if _wanted(row, options)]
    if options.json:
        print_json(rows)
    else:
        print(terminal.table(rows))
    return EXIT["proved"]


def _outlines() -> Iterator[dict[str, Any]]:
    from gradproof import collection

    return map(collection.outline, collection.IDS)


def _wanted(row: dict[str, Any], options: Namespace) -> bool:
    words = (options.search or "").lower().split()
    text = " ".join(text for text in row.values() if isinstance(text, str)).lower()
    return (
        options.group in (None, row["group"])
        and (options.verdict or "").lower() in row["verdict"]
        and all(word in text for word in words)
    )


def _show_options(parser: ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="as `gradproof list` has it")


@_results_kept()
def _show(options: Namespace) -> int:
    from gradproof import collection, terminal

    (identity,) = _known([options.id])
    record = collection.record(identity)
    if options.json:
        from gradproof.formal import published

        print_json({**record, "certificate": published.data(identity)})
    else:
        print(terminal.shown(record))
    return EXIT[record["verdict"]["status"]]


def _verify_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("id", nargs="*", metavar="ID", help="ids or groups, as `gradproof list` has them; all unless given")
    add("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="so many at a time (default: %(default)s)")
    add("--progress", action="store_true", help="show progress even where standard error is no terminal")


@_results_kept()
def _verify(options: Namespace) -> int:
    from gradproof import collection, terminal

    wanted = _known(options.id) or list(collection.IDS)
    progress = terminal.Progress(len(wanted), options.progress)
    found: list[dict[str, Any]] = []
    progress.show(0)
    for record in collection.records(wanted, max(1, options.jobs)):
        progress.clear()
        found.append(record)
        if not options.json:
            print(terminal.verified(record), flush=True)
        progress.show(len(found))
    progress.clear()
    statuses = [record["verdict"]["status"] for record in found]
    if options.json:
        print_json([{key: record[key] for key in ("id", "kind", "verdict")} for record in found])
    else:
        print(terminal.counted([record["verdict"] for record in found]))
    return _worst(statuses)


def _known(names: list[str]) -> list[str]:
    """The ids that are named, each alone or with its group; raises ProblemError for an unknown one."""
    from gradproof import collection

    found: dict[str, None] = {}
    for name in names:
        members = [i for i in collection.IDS if i == name or collection.group(i) == name]
        if not members:
            near = get_close_matches(name, collection.IDS, 3, 0.5)
            hint = f"; near are {', '.join(near)}" if near else ""
            raise ProblemError(f"nothing has the id {name!r}{hint}. `gradproof list` shows every id")
        found |= dict.fromkeys(members)
    return list(found)


# --- certify ------------------------------------------------------------------------------
def _certify_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("loss", nargs="?", default="", metavar="LOSS", help=r"LaTeX, such as '\sum_{n=1}^{N} (w x_n - y_n)^2'")
    _formula_options(parser)
    add("--gradient", default="", metavar="FORMULA", action=_Once,
        help="certify this; if it is false, that it is; unless given, what is derived")  # fmt: skip
    add("--file", nargs="+", action="extend", default=[], metavar="FILE", help="every problem of a file, as in `check`")
    add("--claim", nargs="+", action="extend", default=[], metavar="ID", help="what `gradproof list` has by this id")
    add("--output", default=".", metavar="FOLDER",
        help="where the certificate is written, and our library (default: %(default)s); - prints it instead")  # fmt: skip


@_results_kept()
def _certify(options: Namespace) -> int:
    from gradproof import terminal
    from gradproof.formal.own import certified
    from gradproof.formal.runner import standalone

    folder = None if options.output == "-" else Path(options.output)
    asked = list(_certificates(options))
    if folder is None and not options.json:
        for one in asked:
            print(f"no certificate: {one.reason}" if one.certificate is None else standalone(one.certificate))
        return _worst(
            "undecided" if one.certificate is None else "refuted"
            for one in asked
            if one.certificate is None or one.refutes
        )
    found = list(certified(asked, folder))
    if options.json:
        print_json([one.data() for one in found] if options.file or options.claim else found[0].data())
    else:
        print("\n".join(map(terminal.certified, found)))
    return _worst(one.status for one in found)


def _certificates(options: Namespace) -> Iterator[Any]:
    from gradproof.answer import Answer
    from gradproof.formal.own import of_answer, of_decided

    for identity in _known(options.claim):
        yield from of_decided(identity)
    for name in options.file:
        for number, (place, text, fault) in enumerate(problems_of(name), 1):
            if fault:
                raise ProblemError(f"{place}: {fault}")
            problem = read_problem(text)
            yield of_answer(Answer(problem), problem.id or f"{Path(name).stem}.{number}")
    if not (options.loss or options.claim or options.file):
        raise ProblemError("there is nothing to certify: give LOSS, --file or --claim")
    if options.loss:
        yield of_answer(Answer(_problem(options, options.gradient)), "gradient")


COMMANDS = {
    "derive": Command(
        "Derive the gradient of a loss, step by step",
        _derive_options,
        _derive,
        (
            rf"gradproof derive '{LOSS}' --wrt w",
            r"gradproof derive '-\sum_{k=1}^{K} t_k \log p_k' --wrt p_a --assume 'p_k > 0' --latex",
            "gradproof derive 'log(Sum(exp(z[k]), (k, 1, K)))' --wrt 'z[j]'",
            r"gradproof derive '\|X w - y\|^2' --shapes 'X = n x d, w = d, y = n' --wrt w",
            r"gradproof derive '\frac{1}{2} \sum_{k=1}^{K} (y_k - t_k)^2' --where 'y_k = \sum_{j=1}^{J} w_{kj} z_j' --wrt w_{kj}",
        ),
    ),
    "check": Command(
        "Check a claimed gradient, or each line of its derivation",
        _check_options,
        _check,
        (
            rf"gradproof check '{LOSS}' --wrt w '\frac{{2}}{{N}} \sum_n x_n (w x_n + b - y_n)'",
            rf"gradproof check '{LOSS}' --wrt w '\frac{{2}}{{N}} \sum_n (w x_n + b - y_n)' --json",
            "gradproof check 'Sum((w*x[n] - y[n])**2, (n, 1, N))' --wrt w '2*Sum(x[n]*(w*x[n] - y[n]), (n, 1, N))'",
            r"gradproof check --equation '\frac{d}{dx} \tanh x = 1 - \tanh^2 x'",
            "gradproof check --file notes.md chapters/*.md",
        ),
    ),
    "certify": Command(
        "Write a formal proof for every size, and have Coq's kernel check it",
        _certify_options,
        _certify,
        (
            rf"gradproof certify '{LOSS}' --wrt w --output -",
            r"gradproof certify 'x^2' --wrt x --gradient '3 x' --output -",
            "gradproof certify --claim backprop.5.12 --output -",
        ),
    ),
    "list": Command(
        "List what gradproof has decided: the claims of its sources, and its reference of gradients",
        _list_options,
        _list,
        (
            "gradproof list --group backprop",
            "gradproof list --search 'cross entropy' --json",
            "gradproof list --verdict false",
        ),
    ),
    "show": Command(
        "Show one of them: statement, verdict, steps, slips and source",
        _show_options,
        _show,
        ("gradproof show backprop.5.12", "gradproof show softmax-cross-entropy --json"),
    ),
    "verify": Command(
        "Prove them, or see that the same code has proved them before",
        _verify_options,
        _verify,
        ("gradproof verify", "gradproof verify backprop.5.12 symmetry", "gradproof verify --jobs 4 --json"),
    ),
}
