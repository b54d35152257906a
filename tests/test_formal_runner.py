"""Coq is believed only where its kernel accepts what was asked, on assumptions that are on a list, and nothing bad spreads."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from certificates import certificate, needs_coq
from gradproof import formal
from gradproof.cache import keep
from gradproof.formal import coqc, emission, runner
from gradproof.formal.axioms import INTEGERS, REAL_ANALYSIS, assumptions, not_allowed
from gradproof.formal.certificate import Missing
from gradproof.formal.emission import emitted, emitted_by
from gradproof.formal.report import table, write
from gradproof.formal.runner import Checked, CoqMissingError, check, kept
from gradproof.formal.vernacular import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

EXTENSIONALITY = "FunctionalExtensionality.functional_extensionality_dep"


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is kept yet, in the place where it is kept by default."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRADPROOF_CACHE", raising=False)
    for known in (coqc.tools, coqc.compiled_library):
        known.cache_clear()
    yield
    for known in (coqc.tools, coqc.compiled_library):
        known.cache_clear()


@pytest.fixture(scope="module")
def kept_here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def coq(fresh: None, kept_here: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 # it comes first
    """Coq itself; our library is compiled once for all tests."""
    monkeypatch.setenv("GRADPROOF_CACHE", str(kept_here))


# --- what Coq prints of assumptions ---------------------------------------------------------
PRINTED = """\
Axioms:
ClassicalDedekindReals.sig_forall_dec
  : forall P : nat -> Prop,
    (forall n : nat, {P n} + {~ P n}) ->
    {n : nat | ~ P n} + {forall n : nat, P n}
Classical_Prop.classic : forall P : Prop, P \\/ ~ P
"""


def test_assumptions_are_compared_by_their_whole_names() -> None:
    assert assumptions("Closed under the global context\n") == ()
    found = assumptions(PRINTED)
    assert found == ("ClassicalDedekindReals.sig_forall_dec", "Classical_Prop.classic")
    assert set(found) < set(REAL_ANALYSIS)
    assert not_allowed(found, uses_interval=False) == ()
    for line, name in {
        "cheat : False": "cheat",
        "claim_a.Classical_Prop.classic : forall P : Prop, P": "claim_a.Classical_Prop.classic",
        "loop is assumed to be guarded.": "loop is assumed to be guarded.",
        "PrimFloat.add : PrimFloat.float -> PrimFloat.float": "PrimFloat.add",
    }.items():
        assert not_allowed(assumptions(f"{PRINTED}{line}\n"), uses_interval=True) == (name,)
    assert not_allowed(assumptions(f"Theory:\n  Set is impredicative\n{PRINTED}"), True) == ("Theory:",)


def test_integers_of_the_machine_are_for_intervals_and_floats_for_nobody() -> None:
    assert not_allowed(INTEGERS, uses_interval=True) == ()
    assert not_allowed(INTEGERS, uses_interval=False) == INTEGERS
    assert not [name for name in INTEGERS if "Float" in name]


def test_what_is_no_list_of_assumptions_is_an_error() -> None:
    with pytest.raises(ValueError, match="did not print the assumptions, but ''"):
        assumptions("")


# --- certificates are made once -------------------------------------------------------------
@pytest.mark.usefixtures("fresh")
def test_a_certificate_is_made_once_and_comes_back_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    made = (certificate("softmax/1", uses_interval=True), Missing("softmax/2", "“power” has no lemma"))
    asked: list[str] = []
    monkeypatch.setattr(formal, "certificates", lambda i: asked.append(i) or made, raising=False)
    assert emitted("softmax") == made == emitted("softmax")
    assert asked == ["softmax"]
    assert dict(emitted_by(["softmax", "entropy"], 1)) == {"softmax": made, "entropy": made}
    with pytest.raises(KeyError, match="softmox"):
        emission._key("softmox")


@pytest.mark.usefixtures("fresh")
def test_one_that_cannot_be_made_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formal, "certificates", lambda _: 1 / 0, raising=False)
    assert emitted("softmax") == (Missing("softmax", "to make it failed: ZeroDivisionError: division by zero"),)


# --- batches, with a program in Coq's place -------------------------------------------------
COQC = """\
#!{python}
import re, sys, time
if sys.argv[1] == "--print-version":
    print("9.9.9 4.13.1")
elif sys.argv[1] == "-where":
    print({where!r})
else:
    open({calls!r}, "a").write(sys.argv[-1] + "\\n")
    text = open(sys.argv[-1]).read()
    open(sys.argv[-1] + "o", "w").write("compiled")
    for sentence in re.finditer(r"\\S.*?\\.(?=\\s)", text, re.DOTALL):
        if "SLOW" in sentence[0]:
            time.sleep(60)
        if "BAD" in sentence[0] or "HEAVY" in sentence[0]:
            reason = "Out of memory." if "HEAVY" in sentence[0] else "No such\\n  lemma."
            sys.exit("File ./batch.v, line 1, characters 0-1:\\nError:\\n" + reason)
        if sentence[0].startswith("Print Assumptions"):
            cheats = "cheat : False\\n" if "CHEAT" in text else ""
            print("Axioms:\\nClassical_Prop.classic : forall P : Prop, P \\\\/ ~ P\\n" + cheats, end="")
        print("Chars %d - %d [x] 0.5 secs (0.5u,0.s)" % sentence.span(), flush=True)
"""


@pytest.fixture
def calls(fresh: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: ARG001 # it comes first
    """A program in Coq's place, which fails where a text says so; the file in which it writes each of its calls."""
    for name in ("Coquelicot", "Interval"):
        (tmp_path / "coq/user-contrib" / name).mkdir(parents=True)
    program, written = tmp_path / "bin/coqc", tmp_path / "calls"
    program.parent.mkdir()
    program.write_text(COQC.format(python=sys.executable, where=str(tmp_path / "coq"), calls=str(written)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return written


def test_one_bad_certificate_condemns_no_other(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is named, with its theorem and Coq's reason; those beside it are accepted."""
    monkeypatch.setattr(runner, "SECONDS", 1.0)
    plants = {"bad": "apply BAD.", "slow": "apply SLOW.", "heavy": "apply HEAVY.", "cheat": "apply CHEAT."}
    good = [certificate(f"good.{n}") for n in range(7)]
    planted = [certificate(name, proof=proof) for name, proof in plants.items()]
    told: list[str] = []
    found = check([*good[:3], *planted, *good[3:]], 1, lambda c, _: told.append(c.id))
    assert [name for name, one in found.items() if not one.accepted] == list(plants)
    assert sorted(told) == sorted(found)
    assert found["bad"].says == "holds, at “apply BAD.”: No such lemma."
    assert found["slow"].says == "holds, at “apply SLOW.”: it did not end in 1 s"
    assert found["heavy"].says == "holds, at “apply HEAVY.”: Out of memory."
    assert found["cheat"].says == "it rests on what is on no list: cheat"
    assert {one.assumptions for one in found.values() if one.accepted} == {("Classical_Prop.classic",)}
    assert found["good.1"].seconds == 0.5 * len(list(sentences(good[1].text())))
    assert found["good.1"].versions == "Coq 9.9.9, Coquelicot e3b0c442, Interval e3b0c442"
    asked = len(calls.read_text().split())
    again = check([*good, *planted], 1)
    assert (again["bad"], again["cheat"], again["good.1"]) == (found["bad"], found["cheat"], found["good.1"])
    assert kept(planted[0]) == found["bad"]
    assert kept(planted[1]) is None, "another day it may be faster"
    assert len(calls.read_text().split()) == asked + 2, "the two that were stopped by a limit"


def test_a_command_that_only_coq_sees_is_found(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    """Should a text be read otherwise than by Coq, then how Coq reads it counts."""
    monkeypatch.setattr(runner, "refusal", lambda *_: "")
    found = check([certificate("a"), certificate("b", proof="ring.\nAdmitted."), certificate("c")], 1)
    assert [one.accepted for one in found.values()] == [True, False, True]
    assert found["b"].says == "Coq read a command that no certificate needs: Admitted."


def test_what_was_said_is_not_asked_again(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the text, the library or a version is another."""
    made = certificate("a")
    first = check([made, certificate("b")], 2)
    assert calls.read_text().split() == [*coqc.library_files(), "batch.v", "batch.v"]
    assert check([made], 2) == {"a": first["a"]}
    assert kept(made) == first["a"]
    assert calls.read_text().count("batch") == 2
    check([certificate("a", proof="field.")])
    assert calls.read_text().count("batch") == 3
    with monkeypatch.context() as other:
        other.setattr(coqc, "library_files", lambda: {"Gradproof.v": "(* another *)"})
        coqc.compiled_library.cache_clear()
        assert kept(made) is None
        check([made])
        assert calls.read_text().count("batch") == 4
    coqc.compiled_library.cache_clear()
    with monkeypatch.context() as other:
        other.setattr(runner, "tools", lambda: "Coq 10")
        assert kept(made) == first["a"]
        assert check([made])["a"].versions == "Coq 10"
        assert calls.read_text().count("batch") == 5


@pytest.mark.usefixtures("calls")
def test_imports_that_fail_are_nobody_s_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "header", lambda _: "Require BAD.\n")
    with pytest.raises(RuntimeError, match="the imports of a file of certificates fail: No such lemma"):
        check([certificate("a")])
    assert kept(certificate("a")) is None
    monkeypatch.setattr(coqc, "library_files", lambda: {"Gradproof.v": "Lemma BAD.\n"})
    coqc.compiled_library.cache_clear()
    with pytest.raises(RuntimeError, match=r"our library's Gradproof\.v does not compile: No such lemma"):
        coqc.compiled_library()


def test_a_damaged_library_is_compiled_again(calls: Path) -> None:
    folder = coqc.compiled_library()
    (folder / "Gradproof.vo").write_text("damaged")
    coqc.compiled_library.cache_clear()
    assert coqc.compiled_library() == folder
    assert (folder / "Gradproof.vo").read_text() == "compiled"
    assert calls.read_text().split() == [*coqc.library_files()] * 2
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_two_certificates_have_two_names() -> None:
    """softmax/1 and softmax-1 would be one module."""
    with pytest.raises(ValueError, match="softmax/1 and softmax-1 have one name in Coq: claim_softmax_1"):
        runner._named_apart([certificate("softmax/1"), certificate("softmax-1")])
    with pytest.raises(ValueError, match="a and a have one name"):
        runner._named_apart([certificate("a"), certificate("a", "1 = 1")])


def test_batches_are_of_one_size_and_keep_every_worker_busy() -> None:
    some = [certificate(f"c{n}", proof="ring. " * (n % 7)) for n in range(53)]
    batches = runner._batches(some, 25, 2)
    assert len(batches) == 4
    assert sorted(c.id for batch in batches for c in batch) == sorted(c.id for c in some)
    sizes = [sum(len(c.text()) for c in batch) for batch in batches]
    assert max(sizes) - min(sizes) < max(len(c.text()) for c in some)
    assert [len(batch) for batch in runner._batches(some[:1], 25, 2)] == [1]
    assert runner._batches([], 25, 2) == []


@pytest.mark.usefixtures("fresh")
def test_without_coq_it_is_said_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was kept is known all the same."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        CoqMissingError, match=r"coqc is not installed.*apt-get install .* libcoq-coquelicot libcoq-interval"
    ):
        check([certificate("a")])
    said = Checked(True, 1.0, "1 theorem accepted", REAL_ANALYSIS, "Coq 8")
    keep(runner._key(certificate("a")), runner.json.dumps(runner.asdict(said)))
    assert kept(certificate("a")) == said


@pytest.mark.usefixtures("calls")
def test_a_library_of_coq_that_is_missing_is_named(tmp_path: Path) -> None:
    assert coqc.tools() == "Coq 9.9.9, Coquelicot e3b0c442, Interval e3b0c442"
    coqc.tools.cache_clear()
    shutil.rmtree(tmp_path / "coq/user-contrib/Interval")
    with pytest.raises(CoqMissingError, match=r"Interval not installed beside Coq 9\.9\.9.*coq-interval"):
        coqc.tools()
    (tmp_path / "bin/coqc").write_text("no program")
    with pytest.raises(CoqMissingError, match="coqc --print-version gives no answer"):
        coqc.tools()


def test_the_table_tells_of_each_and_counts() -> None:
    made = [
        certificate("backprop.5.12"),
        certificate("softmax/1"),
        Missing("softmax/2", "the rule “power” has no lemma"),
    ]
    answers = {
        "backprop.5.12": Checked(True, 0.25, "1 theorem accepted", (EXTENSIONALITY,), "Coq"),
        "softmax/1": Checked(False, 0.0, "holds: No such lemma.", (), "Coq"),
    }
    assert table({"backprop.5.12": made[:1], "softmax": made[1:]}, answers).splitlines() == [
        "id             theorems  seconds",
        "backprop.5.12         1     0.25  accepted",
        "softmax/1             1     0.00  rejected: holds: No such lemma.",
        "softmax/2                         no certificate: the rule “power” has no lemma",
        "",
        "sources: 1 of 1 certificates (100 %) accepted (theorems: 1, seconds: 0.2); 0 rejected, 0 without a certificate",
        "reference: 0 of 2 certificates (0 %) accepted (theorems: 0, seconds: 0.0); 1 rejected, 1 without a certificate",
        f"what was accepted rests on {EXTENSIONALITY}",
    ]


# --- Coq itself ----------------------------------------------------------------------------
@needs_coq
@pytest.mark.usefixtures("coq")
def test_coq_accepts_what_is_true_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SECONDS", 2.0)
    square = "forall w : R, is_derive (fun t : R => t ^ 2) w ({} * w)"
    proof = "  intro w. auto_derive; [exact I | ring]."
    given = [
        certificate("true", square.format(2), proof),
        certificate("false", square.format(3), proof),
        certificate("given up", "1 = 2", "admit."),
        certificate("endless", proof="do 1000000000 pose proof I. ring."),
    ]
    found = check(given, 2)
    assert [name for name, one in found.items() if one.accepted] == ["true"], found
    assert set(found["true"].assumptions) <= set(REAL_ANALYSIS)
    assert "not a valid ring equation" in found["false"].says
    assert "given up" in found["given up"].says
    assert found["endless"].says == "holds, at “do 1000000000 pose proof I.”: it did not end in 2 s"


@needs_coq
def test_a_reader_checks_one_certificate_by_two_commands(tmp_path: Path) -> None:
    """And sees what it rests on."""
    made = certificate("softmax/1", proof="lra.")
    write(tmp_path, [made])
    for file in ("Gradproof.v", "claim_softmax_1.v"):
        command = ["coqc", "-q", "-w", "none", "-Q", ".", "Gradproof", file]
        ran = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert assumptions(ran.stdout)
    assert not not_allowed(assumptions(ran.stdout), uses_interval=False)


CHEATS = """\
From Coq Require Import Reals.
Open Scope R_scope.
Axiom cheat : 1 = 2.
Lemma admitted : 1 = 3. Admitted.
Unset Guard Checking.
Fixpoint loop (n : nat) : 1 = 4 := loop n.
Definition Sum := 0.
"""


@needs_coq
@pytest.mark.usefixtures("coq")
def test_what_a_library_takes_for_granted_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """An axiom, a lemma without a proof, and a proof that goes in a circle."""
    monkeypatch.setattr(coqc, "library_files", lambda: {"Gradproof.v": CHEATS})
    statements = {"cheat": "1 = 2", "admitted": "1 = 3", "loop 0": "1 = 4"}
    found = check([certificate(name, s, f"exact ({name}).") for name, s in statements.items()], 2)
    assert [one.accepted for one in found.values()] == [False] * 3
    assert found["cheat"].says == "it rests on what is on no list: cheat"
    assert found["admitted"].says == "it rests on what is on no list: admitted"
    assert "loop is assumed to be guarded" in found["loop 0"].says


@needs_coq
@pytest.mark.usefixtures("coq")
def test_a_proof_by_floats_of_the_machine_is_not_believed() -> None:
    """`interval with (i_prec 60)` uses none."""
    given = certificate("floats", "2.718 <= exp 1 <= 2.719", "interval.", uses_interval=True)
    found = check([given])["floats"]
    assert not found.accepted
    assert found.says.startswith("it rests on what is on no list: FloatAxioms.")
