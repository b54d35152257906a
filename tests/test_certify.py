"""`gradproof certify` and `Derivation.certificate`: a user's gradient as a proof for Coq, and nothing claimed that it did not accept."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sympy as sp

from certificates import needs_coq
from gradproof import Model, derive
from gradproof.cli import main
from gradproof.formal import coqc, own, runner
from gradproof.formal.certificate import Certificate
from gradproof.formal.coqc import CoqMissingError
from gradproof.formal.runner import Checked
from gradproof.formal.vernacular import refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradproof.answer import Answer

LOSS = r"\frac{1}{N} \sum_{n=1}^{N} (w x_n + b - y_n)^2"
TRUE = r"\frac{2}{N} \sum_n x_n (w x_n + b - y_n)"
FALSE = r"\frac{2}{N} \sum_n (w x_n + b - y_n)"
PROVED, REFUTED, INPUT, UNDECIDED = 0, 1, 2, 3
FIELDS = "loss: {}\nwrt: w\ngradient: {}\n"
pytestmark = pytest.mark.usefixtures("elsewhere")  # our library is compiled once for all tests of this file


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """The exit code, and what was printed on both streams."""
    code = main(["certify", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Certificate]:
    """Whatever is given to Coq, which here accepts all."""
    given: list[Certificate] = []

    def accepts(certificates: Sequence[Certificate], workers: int) -> dict[str, Checked]:  # noqa: ARG001
        given.extend(certificates)
        return {one.id: Checked(True, 0.1, "accepted", ("Classical_Prop.classic",), "Coq 0") for one in certificates}

    monkeypatch.setattr(own, "check", accepts)
    return given


# --- in Python ----------------------------------------------------------------------------
def test_a_derivation_has_a_certificate() -> None:
    """The statement is a derivative at a point, with a theorem for every value, and an example that meets its hypotheses."""
    x, a = sp.symbols("x a")
    made = derive((a * x - 1) ** 2, x).certificate()
    assert [theorem.kind for _, theorem in made.theorems] == ["holds", "possible"]
    assert "is_derive" in made.parts[0].theorems[0].statement
    assert refusal(made, coqc.library_text()) == ""


def test_a_derivation_through_definitions_has_one_too() -> None:
    k = sp.Idx("k", (1, sp.Symbol("K", integer=True, positive=True)))
    y, t = sp.IndexedBase("y"), sp.IndexedBase("t")
    w, x = sp.symbols("w x")
    model = Model([sp.Eq(y[k], sp.tanh(w * t[k]))])
    made = model.gradient(sp.Sum((y[k] - x) ** 2, k), w).certificate()
    assert "Definition y" in made.parts[0].opening


def test_what_has_no_lemma_is_named() -> None:
    """It is a ValueError, which says what stands in the way."""
    x = sp.Symbol("x")
    with pytest.raises(ValueError, match="zeta"):
        derive(x * sp.zeta(sp.Symbol("s")), x).certificate()


# --- what is given to Coq -----------------------------------------------------------------
def test_without_a_claim_what_is_derived_is_certified(
    asked: list[Certificate], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, LOSS, "--wrt", "w")
    assert (code, err) == (PROVED, "")
    assert out.startswith("gradient: proved, accepted by Coq's kernel: 4 theorems, axioms: classic\n")
    assert "supposes: (1 <= N)%Z" in out
    assert {path.name for path in tmp_path.iterdir()} == {"claim_gradient.v", *coqc.library_files()}
    assert (tmp_path / "claim_gradient.v").read_text("utf-8") == runner.standalone(asked[0])


def test_a_true_claim_is_what_is_stated(asked: list[Certificate], capsys: pytest.CaptureFixture[str]) -> None:
    """The formula in the theorem is the user's own, not the one that was derived."""
    assert run(capsys, "x^2 + x", "--wrt", "x", "--gradient", "x + x + 7 - 6")[0] == PROVED
    (made,) = asked
    assert all(theorem.kind != "refuted" for _, theorem in made.theorems)
    assert run(capsys, "2 a x", "--wrt", "x", "--gradient", r"2 a \frac{b^2 - 1}{(b - 1) (b + 1)}")[0] == PROVED
    assert "<> 0" in asked[1].parts[0].opening


def test_a_false_claim_is_refuted_and_never_proved(
    asked: list[Certificate], capsys: pytest.CaptureFixture[str]
) -> None:
    """Even a Coq that accepts everything makes no false formula a true one: the theorem says that it is false."""
    code, out, _ = run(capsys, LOSS, "--wrt", "w", "--gradient", FALSE)
    assert code == REFUTED
    assert "refuted, by a proof that Coq's kernel accepts: " in out
    assert "is not the derivative by w" in out
    (theorem,) = [theorem for _, theorem in asked[0].theorems if theorem.kind == "refuted"]
    assert theorem.statement.startswith("~ is_derive")


def test_claims_in_matrices_and_by_name_are_written_by_entries(
    asked: list[Certificate], capsys: pytest.CaptureFixture[str]
) -> None:
    shapes = ("--shapes", "X = n x d, w = d, y = n")
    assert run(capsys, r"\|X w - y\|^2", "--wrt", "w", "--gradient", r"2 X^\top (X w - y)", *shapes)[0] == PROVED
    assert run(capsys, r"\|X w - y\|^2", "--wrt", "w", "--gradient", r"X^\top (X w - y)", *shapes)[0] == REFUTED
    softmax = r"p_i = \frac{e^{z_i}}{\sum_{k=1}^{K} e^{z_k}}"
    claim = r"\frac{\partial p_i}{\partial z_j} = p_i (\delta_{ij} - p_j)"
    assert run(capsys, softmax, "--gradient", claim)[0] == PROVED
    assert [len(one.parts) for one in asked] == [2, 3, 2]


def test_what_has_no_certificate_is_undecided_and_leaves_no_file(
    asked: list[Certificate], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, r"\log \det X", "--wrt", "X", "--shapes", "X = n x n")
    assert (code, out) == (
        UNDECIDED,
        "gradient: undecided, no certificate: Determinant has no Coq term yet: det(X)\n",
    )
    code, out, _ = run(capsys, "x^2", "--wrt", "x", "--assume", "x > 0", "--assume", "x < 0")
    assert code == UNDECIDED
    assert "no point was found that meets all hypotheses" in out
    assert not asked
    assert not any(tmp_path.iterdir())


def test_every_problem_of_a_file_and_every_part_of_a_claim(
    asked: list[Certificate], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fence = "```"
    blocks = [f"{fence}gradproof\n{FIELDS.format(LOSS, claim)}{fence}\n" for claim in (TRUE, FALSE)]
    (tmp_path / "notes.md").write_text("\n".join([*blocks, f"{fence}gradproof\nequation: x = x\n{fence}\n"]))
    code, out, _ = run(capsys, "--file", "notes.md", "--claim", "averages.linreg.m", "--output", "proofs", "--json")
    data = json.loads(out)
    assert code == REFUTED
    assert [one["status"] for one in data] == ["proved"] * 3 + ["proved", "refuted", "undecided"]
    assert [one["id"] for one in data][3:] == ["notes.1", "notes.2", "notes.3"]
    assert data[-1]["says"] == "no certificate: it is made for gradients, and this is an equation"
    assert {Path(one["file"]).name for one in data[:-1]} | {*coqc.library_files()} == {
        path.name for path in (tmp_path / "proofs").iterdir()
    }
    assert [one.id for one in asked] == [one["id"] for one in data[:-1]]


# --- what Coq says ------------------------------------------------------------------------
@needs_coq
def test_coq_accepts_what_is_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, LOSS, "--wrt", "w", "--gradient", TRUE)
    assert (code, err) == (PROVED, "")
    assert "accepted by Coq's kernel: 4 theorems, axioms: " in out
    code, out, _ = run(capsys, r"x e^x", "--wrt", "x", "--gradient", "e^x", "--json")
    data = json.loads(out)
    assert (code, data["status"], data["file"]) == (REFUTED, "refuted", "claim_gradient.v")
    assert data["checked_by"].startswith("Coq ")
    assert (tmp_path / data["file"]).is_file()


@needs_coq
def test_a_certificate_that_says_something_false_is_rejected(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Planted: the engine takes the false claim for true, and the proof of the right one stands below it."""
    right = own._made

    def planted(answer: Answer, identity: str, refutes: bool) -> Certificate:
        (part, *_) = right(answer, identity, refutes).parts
        theorem = replace(part.theorems[-1], statement=part.theorems[-1].statement.replace("2 * x", "3 * x"))
        assert theorem != part.theorems[-1]
        return Certificate(identity, (replace(part, theorems=(theorem,)),))

    monkeypatch.setattr(own, "_made", planted)
    code, out, _ = run(capsys, "x^2", "--wrt", "x", "--gradient", "2 x")
    assert code == REFUTED
    assert out.startswith("gradient: rejected, rejected by Coq's kernel, and nothing is claimed: ")


@pytest.mark.parametrize("gradient", [(), ("--gradient", TRUE), ("--gradient", FALSE)])
def test_without_coq_the_file_is_written_and_nothing_is_claimed(
    gradient: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    coqc.tools.cache_clear()
    monkeypatch.setattr(shutil, "which", lambda _: None)
    code, out, _ = run(capsys, LOSS, "--wrt", "w", *gradient)
    coqc.tools.cache_clear()
    assert code == UNDECIDED
    assert out.startswith("gradient: undecided, not checked, and nothing is claimed: coqc is not installed; ")
    assert "apt-get install --no-install-recommends coq libcoq-coquelicot libcoq-interval" in out
    assert "accepted" not in out
    assert (tmp_path / "claim_gradient.v").is_file()


def test_a_library_that_does_not_compile_is_no_acceptance(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object, **__: object) -> dict[str, Checked]:
        raise CoqMissingError("Coquelicot not installed beside Coq 0.")

    monkeypatch.setattr(own, "check", fails)
    code, out, _ = run(capsys, "x", "--wrt", "x")
    assert (code, "nothing is claimed: Coquelicot not installed" in out) == (UNDECIDED, True)


# --- files, and bad input -----------------------------------------------------------------
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(
    asked: list[Certificate], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    code, out, err = run(capsys, "x", "--wrt", "x", "--output", "closed")
    assert (code, out) == (INPUT, "")
    assert err == "gradproof certify: the certificate cannot be written into closed: Permission denied\n"
    assert not asked


def test_what_is_no_folder_is_named(asked: list[Certificate], capsys: pytest.CaptureFixture[str]) -> None:
    Path("taken").write_text("a file")
    code, out, err = run(capsys, "x", "--wrt", "x", "--output", "taken")
    assert (code, out, asked) == (INPUT, "", [])
    assert err == "gradproof certify: the certificate cannot be written into taken: File exists\n"


def test_a_file_is_whole_or_as_it_was(
    asked: list[Certificate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The disk is full in the middle of the second certificate."""
    assert run(capsys, "x", "--wrt", "x")[0] == PROVED
    before = {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}
    write = Path.write_text

    def full(path: Path, text: str, encoding: str) -> int:
        if path.name == "claim_gradient.v":
            write(path, text[:100], encoding)
            raise OSError(28, "No space left on device")
        return write(path, text, encoding)

    monkeypatch.setattr(Path, "write_text", full)
    code, _, err = run(capsys, "x^2", "--wrt", "x")
    assert (code, len(asked)) == (INPUT, 1)
    assert err.endswith("cannot be written into .: No space left on device\n")
    assert {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()} == before


def test_the_file_is_printed_instead(
    asked: list[Certificate], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "x^2", "--wrt", "x", "--output", "-")
    assert (code, asked) == (PROVED, [])
    assert out.startswith("From Coq Require Import")
    assert "Theorem holds :" in out
    assert not any(tmp_path.iterdir())
    code, out, _ = run(capsys, "x^2", "--wrt", "x", "--gradient", "3 x", "--output", "-")
    assert (code, asked) == (REFUTED, [])
    assert "Theorem refuted :" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "there is nothing to certify: give LOSS, --file or --claim"),
        (("x^2",), "wrt is missing"),
        ((r"\frac{1}{2", "--wrt", "x"), "is never closed"),
        ((r"\sum_{n=1}^N w x_n", "--wrt", "w", "--gradient", "x_n"), "the claim has the free index n"),
        (("x^2", "--wrt", "x", "--gradient", "x + x = 2 x"), "one formula here, not a derivation of 2 lines"),
        (("--claim", "backprop.5.13"), "nothing has the id 'backprop.5.13'; near are backprop.5."),
        (("--file", "nowhere.md"), "nowhere.md"),
        (("x^2", "--wrt", "x", "--gradient", "x", "--gradient", "2x"), "argument --gradient: given twice"),
    ],
)
def test_what_cannot_be_read_is_code_2_and_says_why(
    arguments: tuple[str, ...], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (INPUT, "")
    assert says in err
    assert not any(tmp_path.iterdir())


def test_two_certificates_of_one_file_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(FIELDS.format("w^2", "2 w") + "id: same\n")
    code, out, err = run(capsys, "--file", "a.txt", "b.txt")
    assert (code, out) == (INPUT, "")
    assert err == "gradproof certify: two of the certificates would have one file; give each problem another id\n"
