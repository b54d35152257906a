"""The command line: what it prints, what its exit codes say, how it ends."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gradproof import CLAIMS, collection, sources
from gradproof.cli import main

ROOT = Path(__file__).parent.parent
LOSS = r"\frac{1}{N} \sum_{n=1}^{N} (w x_n + b - y_n)^2"
TRUE = r"\frac{2}{N} \sum_n x_n (w x_n + b - y_n)"
FALSE = r"\frac{2}{N} \sum_n (w x_n + b - y_n)"
PROVED, REFUTED, INPUT, UNDECIDED = 0, 1, 2, 3
PAGE = "# Notes\n\n```gradproof\nloss: {}\nwrt: w\ngradient: {}\n```\n"
pytestmark = pytest.mark.usefixtures("elsewhere")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """The exit code, and what was printed on both streams."""
    code = main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict]:
    code, out, _ = run(capsys, *arguments, "--json")
    return code, json.loads(out)


# --- exit codes ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "code", "first"),
    [
        ((LOSS, "--wrt", "w", TRUE), PROVED, "proved for every size and every value"),
        ((LOSS, "--wrt", "w", FALSE), REFUTED, "refuted"),
        ((r"x \sqrt{5 + 2 \sqrt{6}}", "--wrt", "x", r"\sqrt{2} + \sqrt{3}"), UNDECIDED, "undecided"),
        (("x^2", "2 x", "--wrt", "x"), PROVED, "proved"),
        (("x^2", "--wrt=x", "-2x"), REFUTED, "refuted"),
        (("-x", r"\frac{\partial L}{\partial x} = -1"), PROVED, "proved"),
    ],
)
def test_the_exit_code_of_check_is_the_verdict(
    arguments: tuple[str, ...], code: int, first: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found, out, err = run(capsys, "check", *arguments)
    assert (found, err) == (code, "")
    assert out.startswith(first)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("check", r"\frac{1}{2", "--wrt", "x", "x"), "is never closed"),
        (("check", "x^2", "2x"), "wrt is missing"),
        (("check", "x^2", "--wrt", "x"), "there is nothing to check: give LOSS and CLAIM, --equation, or --file"),
        (
            ("check", "x^2", "--wrt", "x", r"\frac{\partial L}{\partial y} = 2x"),
            "wrt is x, and the gradient is stated by y",
        ),
        (("check", "--file", "nowhere.md"), "there is no file nowhere.md"),
        (("check", "--file", "."), ". is a directory; name a file in it"),
        (("derive", "x^2"), "wrt is missing"),
        (("derive", "x_k", "--wrt", "x_1", "--ranges", "k"), "the range 'k' is not of the form k = 1..K"),
        (("check", "x^2 + y^2", "--wrt", "x", "2x", "--wrt", "y", "2y"), "argument --wrt: given twice"),
        (("check", "x^2", "--wrt", "x", "2x", "--shapes", "X = n by d"), "the shape 'X = n by d' is not of the form"),
        (("check", r"x^\top x", "--wrt", "x", "2x"), "Declare it, shapes: x = n for a vector"),
        (("derive", "x", "--wrt", "x", "--nonsense"), "unrecognized arguments: --nonsense"),
        (("show", "backprop.5.13"), "nothing has the id 'backprop.5.13'; near are backprop.5."),
        (("verify", "nothing"), "nothing has the id 'nothing'"),
        (("prove",), "there is no command 'prove'; the commands are derive, check, certify, list, show, verify"),
        ((), "usage: gradproof COMMAND"),
    ],
)
def test_what_cannot_be_read_is_code_2_and_says_why(
    arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (INPUT, "")
    assert says in err


@pytest.mark.parametrize(
    ("loss", "advice", "options"),
    [
        (r"\sum_k y_k x", "or declare it: ranges: k = 1..K.", ("--ranges", "k = 1..K")),
        ("f(x)", "for a call declare it: functions: f.", ("--functions", "f")),
        (r"\sum_{n=1}^{N} [y_n = 1] x", "a label as such: labels: y.", ("--labels", "y")),
    ],
)
def test_what_has_two_readings_is_refused_with_the_field_that_decides(
    loss: str, advice: str, options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, "derive", loss, "--wrt", "x")
    assert (code, err.splitlines()[-1].endswith(advice)) == (INPUT, True), err
    assert run(capsys, "derive", loss, "--wrt", "x", *options)[0] == PROVED


def test_numbers_and_sizes_are_declared() -> None:
    assert main(["check", "e T x", "e T", "--wrt", "x", "--numbers", "e, T"]) == PROVED
    assert main(["check", r"M x", "M", "--wrt", "x", "--sizes", "M"]) == PROVED


def test_an_error_is_data_too(capsys: pytest.CaptureFixture[str]) -> None:
    code, data = as_json(capsys, "check", r"\frac{1}{2", "--wrt", "x", "x")
    assert (code, data["status"]) == (INPUT, "input")
    assert "is never closed" in data["error"]


# --- derive and check ---------------------------------------------------------------------
def test_derive_names_the_rule_of_each_step_and_the_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "derive", LOSS, "--wrt", "w")
    assert code == PROVED
    assert out.startswith("Derivative(Sum((b + w*x[n] - y[n])**2, (n, 1, N))/N, w)\n  = ")
    assert "  = 2*Sum((b + w*x[n] - y[n])*x[n], (n, 1, N))/N    [distributivity]\n\nproved for every size" in out


def test_derive_as_data_has_steps_forms_and_kinks(capsys: pytest.CaptureFixture[str]) -> None:
    code, data = as_json(capsys, "derive", r"\sum_{n=1}^{N} |w x_n - y_n|", "--wrt", "w")
    assert (code, data["status"]) == (PROVED, "proved")
    assert data["steps"][0]["rule"] == "sum rule over an index"
    assert data["steps"][-1]["sympy"] == data["gradient"]["sympy"]
    assert data["steps"][-1]["latex"] == data["gradient"]["latex"]
    assert data["code"].startswith("gradient = ")
    assert "w*x[n]" in data["kinks"][0]["where"]["sympy"]


def test_derive_as_latex_and_as_code(capsys: pytest.CaptureFixture[str]) -> None:
    _, latex, _ = run(capsys, "derive", LOSS, "--wrt", "w", "--latex")
    assert latex.startswith(r"\begin{aligned} \frac{\partial}{\partial w}")
    _, code, _ = run(capsys, "derive", r"\sum_{n=1}^{N} (w x_n - y_n)^2", "--wrt", "w", "--code")
    names = {"np": __import__("numpy"), "w": 2.0, "x": [1.0, 2.0], "y": [3.0, 5.0]}
    names |= {name: names["np"].array(names[name]) for name in "xy"}
    exec(code, names)  # noqa: S102 -- our own
    assert names["gradient"] == 2 * (1 * (2 - 3) + 2 * (4 - 5))


def test_a_claim_may_hold_derivatives_that_are_still_to_be_taken(capsys: pytest.CaptureFixture[str]) -> None:
    claim = r"\sum_n 2 (w x_n - y_n) \frac{\partial}{\partial w} (w x_n - y_n)"
    assert main(["check", r"\sum_{n=1}^{N} (w x_n - y_n)^2", "--wrt", "w", claim]) == PROVED, capsys.readouterr()


def test_the_chain_rule_goes_through_what_is_defined(capsys: pytest.CaptureFixture[str]) -> None:
    where = (r"y_k = \sum_{j=1}^{J} w_{kj} z_j", r"z_j = \tanh(h_j)")[::-1]
    options = [part for text in where for part in ("--where", text)]
    loss = r"\frac{1}{2} \sum_{k=1}^{K} (y_k - t_k)^2"
    claim = r"(1 - z_j^2) \sum_k (y_k - t_k) w_{kj}"
    code, out, err = run(capsys, "check", loss, "--wrt", "h_j", claim, *options)
    assert (code, err) == (PROVED, ""), out


def test_a_false_gradient_is_refuted_at_a_point_and_the_slip_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    code, data = as_json(capsys, "check", LOSS, "--wrt", "w", FALSE)
    assert code == REFUTED
    assert data["slip"]["says"] == "the factor x[n] is missing"
    assert data["slip"]["mended"]["sympy"] == data["gradient"]["sympy"]
    witness = data["verdict"]["witness"]
    n, w, b, x, y = witness["sizes"]["N"], *(witness["values"][name] for name in "wbxy")
    rest = [float(w) * float(x[i]) + float(b) - float(y[i]) for i in range(n)]
    assert float(witness["left"]) == 2 / n * sum(r * float(x[i]) for i, r in enumerate(rest))
    assert float(witness["right"]) == 2 / n * sum(rest)


def test_an_assumption_that_is_needed_is_said_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    loss = r"-\sum_{k=1}^{K} t_k \log \frac{e^{z_k}}{\sum_{j=1}^{K} e^{z_j}}"
    claim = r"\frac{e^{z_a}}{\sum_{j=1}^{K} e^{z_j}} - t_a"
    assume = ("--assume", r"\sum_{k=1}^{K} t_k = 1")
    code, data = as_json(capsys, "check", loss, "--wrt", "z_a", claim, *assume)
    assert code == PROVED
    assert [need["status"] for need in data["verdict"]["needs"]] == ["needed"]
    assert main(["check", loss, "--wrt", "z_a", claim]) == REFUTED
    assert "slip: an assumption is missing: Eq(Sum(t[k], (k, 1, K)), 1)" in capsys.readouterr().out


LINES = (r"\sum_n 2 (w x_n - y_n) x_n", r"2 w \sum_n x_n^2 - \sum_n x_n y_n", r"2 w \sum_n x_n^2 - 2 \sum_n x_n y_n")


def test_the_first_wrong_line_of_a_derivation_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("check", r"\sum_{n=1}^{N} (w x_n - y_n)^2", "--wrt", "w", *LINES)
    code, data = as_json(capsys, *arguments)
    assert (code, data["status"]) == (REFUTED, "refuted")
    assert [line["status"] for line in data["lines"]] == ["proved", "refuted", "proved"]
    _, out, _ = run(capsys, *arguments)
    assert out.startswith("refuted: line 2 is the first wrong one\n")


def test_lines_are_read_from_the_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{LINES[0]}\n= {LINES[2]}\n"))
    code, out, err = run(capsys, "check", r"\sum_{n=1}^{N} (w x_n - y_n)^2", "--wrt", "w", "-")
    assert (code, err) == (PROVED, ""), out


def test_every_block_of_a_file_is_checked_and_placed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = PAGE.format(LOSS, TRUE) + PAGE.format(LOSS, FALSE) + PAGE.format("(", "1")
    (tmp_path / "notes.md").write_text(page)
    code, out, _ = run(capsys, "check", "--file", "notes.md")
    assert code == REFUTED
    assert [line.partition(" for")[0] for line in out.splitlines() if line.startswith("notes.md")] == [
        "notes.md:3: proved", "notes.md:10: refuted", "notes.md:17: cannot be read: '(' is never closed",
    ]  # fmt: skip
    code, data = as_json(capsys, "check", "--file", "notes.md")
    assert [problem["status"] for problem in data["problems"]] == ["proved", "refuted", "input"]
    assert (code, data["status"]) == (REFUTED, "refuted")


def test_a_file_that_is_no_text_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "binary.md").write_bytes(b"x\xff")
    code, _, err = run(capsys, "check", "--file", "binary.md")
    assert (code, err) == (INPUT, "gradproof check: binary.md is not a text in UTF-8: invalid start byte at byte 1\n")


def test_a_file_may_hold_the_fields_of_one_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "problem.txt").write_text("loss: x^2\nwrt: x\ngradient: 2 x\n")
    assert run(capsys, "check", "--file", "problem.txt")[:2][0] == PROVED
    (tmp_path / "empty.md").write_text("# Nothing\n")
    code, _, err = run(capsys, "check", "--file", "empty.md")
    assert (code, err) == (INPUT, "gradproof check: empty.md has no block that is fenced as gradproof\n")


# --- list, show and verify ----------------------------------------------------------------
@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """So few claims that all of them are proved in a moment."""
    chosen = ("backprop.5.2", "backprop.5.12.refs", "symmetry.linear", "mean-squared-error")
    monkeypatch.setattr(collection, "IDS", chosen)
    return chosen


def test_list_knows_every_claim_and_every_entry() -> None:
    from gradproof.reference import REFERENCE

    assert [*CLAIMS, *REFERENCE] == list(collection.IDS)
    assert len(set(collection.IDS)) == len(collection.IDS)


def test_list_finds_by_group_words_and_verdict(few: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    def listed(*options: str) -> list[str]:
        _, out, _ = run(capsys, "list", *options, "--json")
        return [row["id"] for row in json.loads(out)]

    assert listed() == list(few)
    assert listed("--group", "backprop") == ["backprop.5.2", "backprop.5.12.refs"]
    assert listed("--group", "regression") == ["mean-squared-error"]
    assert listed("--search", "SQUARED quadratic") == ["mean-squared-error"]
    assert listed("--verdict", "misprint") == ["backprop.5.12.refs"]
    assert run(capsys, "list", "--group", "nothing")[:2] == (PROVED, "0 in all\n")


def test_show_has_the_statement_the_steps_the_slip_and_the_source(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "show", "backprop.5.12.refs")
    assert "https://" in out
    assert "\nmisprint, " in out
    assert "\n  fails: " in out
    code, data = as_json(capsys, "show", "mean-squared-error")
    assert (code, data["verdict"]["status"]) == (PROVED, "proved")
    assert data["derivations"][0]["steps"][0]["rule"]
    assert {slip["kind"] for slip in data["slips"]} == {"false"}
    assert all(slip["witness"] for slip in data["slips"])


@pytest.mark.usefixtures("few")
def test_verify_counts_what_it_proved(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "verify", "--jobs", "1")
    assert (code, err) == (PROVED, "")  # no terminal, no progress
    assert out.splitlines()[-1] == "4 in all: 4 proved"
    assert "proved backprop.5.12.refs (misprint: refuted, and what holds instead proved)" in out
    code, out, err = run(capsys, "verify", "symmetry", "backprop.5.2", "--jobs", "1", "--progress")
    assert err == "0 of 2 are done\n1 of 2 are done\n2 of 2 are done\n"
    assert out.splitlines()[-1] == "2 in all: 2 proved"


@pytest.mark.usefixtures("few")
def test_verify_reports_what_is_not_proved(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    true = collection.record

    def planted(identity: str) -> dict:
        record = true(identity)
        if identity == "symmetry.linear":
            record["verdict"] |= {"status": "undecided", "reason": "a reason"}
        return record

    monkeypatch.setattr(collection, "record", planted)
    code, out, _ = run(capsys, "verify", "--jobs", "1")
    assert code == UNDECIDED
    assert "undecided symmetry.linear (holds), a reason" in out
    assert out.splitlines()[-1] == "4 in all: 3 proved, 1 undecided"


@pytest.mark.usefixtures("few")
def test_verify_tells_which_check_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "flint", None)
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path))
    code, out, _ = run(capsys, "verify", "symmetry.linear", "--jobs", "1")
    assert code == PROVED
    assert "missing: second prover, of 1 (python-flint is not installed)" in out


def test_verify_tells_all_of_a_claim_that_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The formula, the rule, before, after, the point, both values and the slip."""
    claim = CLAIMS["averages.linreg.m"]
    lines = tuple((-line if n == 2 else line, rule) for n, (line, rule) in enumerate(claim.lines))
    false = replace(claim, statements=(replace(claim.statements[0], lines=lines),))
    monkeypatch.setattr(collection, "IDS", (claim.id,))
    monkeypatch.setattr(sources, "CLAIMS", {claim.id: false})
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path))
    code, out, _ = run(capsys, "verify", claim.id, "--jobs", "1")
    assert code == REFUTED
    first, *rest = out.splitlines()
    assert first.startswith("refuted averages.linreg.m (holds), line 3 (ch")
    assert rest[:3] == ["  rule: chain rule", f"  before: {claim.statements[0].left}", f"  after: {lines[2][0]}"]
    assert re.fullmatch(r"  at N = 1, b = 3, .*: -2 against 2", rest[3])
    assert rest[4].startswith("  suspected slip: the sign is wrong; the gradient is ")


def test_what_is_proved_is_kept_among_the_users_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the directory has a cache of its own."""
    monkeypatch.delenv("GRADPROOF_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(collection, "IDS", ("symmetry.linear",))
    assert main(["list"]) == PROVED
    assert (tmp_path / "home" / "gradproof").is_dir()
    assert "GRADPROOF_CACHE" not in os.environ
    assert not (tmp_path / ".cache").exists()
    (tmp_path / ".cache" / "gradproof").mkdir(parents=True)
    assert main(["list"]) == PROVED
    assert list((tmp_path / ".cache" / "gradproof").iterdir())


SQUARES = ("check", r"\|X w - y\|^2", "--wrt", "w", "--shapes", "X = n x d, w = d, y = n")


def test_matrices_are_declared_by_their_shapes(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, *SQUARES, r"2 X^T (X w - y)")
    assert (code, out.split("\n")[0]) == (0, "proved for every size and every value at which both sides are defined")
    assert run(capsys, *SQUARES, r"X^T (X w - y)")[0] == 1
    defined = ("check", r"r^\top r", "--wrt", "w", "--where", "r = X w - y", *SQUARES[4:])
    assert run(capsys, *defined, r"2 X^\top r")[0] == 0
    assert run(capsys, *defined, r"2 X^\top r + w")[0] == 1


def test_definitions_stand_in_any_order(capsys: pytest.CaptureFixture[str]) -> None:
    code, *_ = run(
        capsys,
        *("check", r"L = \frac12 (\hat y - y)^2", "--where", r"\hat y = \sigma(z)", "--where", "z = w x + b"),
        r"\frac{\partial L}{\partial w} = (\hat y - y) \hat y (1 - \hat y) x",
    )
    assert code == 0
