"""Certificates on pages: what Coq said is shown, and "accepts" is written only where it said so of this very text."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import asdict, replace
from html import unescape
from itertools import product
from pathlib import Path

import pytest

from gradproof import collection, formal, page, related, rule_page
from gradproof.cache import keep
from gradproof.formal import emission, published, runner, shown
from gradproof.formal.axioms import REAL_ANALYSIS, assumptions, not_allowed
from gradproof.formal.certificate import HEADER, NUMBERS, Certificate, Missing, Part, Theorem
from gradproof.formal.claims import certificates
from gradproof.formal.coqc import library_files, library_text
from gradproof.formal.runner import Checked
from gradproof.verdict import Evidence

ID = "backprop.5.7"
FEW = (ID, "softmax")
ACCEPTED = Checked(True, 0.5, "2 theorems accepted", (), "Coq 8.16.1, Coquelicot 4e63d15d, Interval cbbbedc7")
REJECTED = Checked(False, 0.0, "holds: No such lemma.", (), ACCEPTED.versions)
OPENING = "Variables (a N : Z).\nVariables (x : Z -> R).\nHypothesis size_N : (1 <= N)%Z.\n"
CANONICAL = Evidence("canonical form", "agrees", "both sides have one form", "SymPy")


def certificate(name: str = ID, opening: str = OPENING, general: bool = True) -> Certificate:
    theorems = (
        Theorem("defined", "defined", "2 <> 0", "  side.", "no denominator is 0"),
        Theorem("holds", "holds", "is_derive (fun t => t) (x a) 1", "  apply d_identity.", "the slope is 1 & no less"),
    )
    size = Theorem("size_N", "possible", "(1 <= 2)%Z", "  lia.", "the hypothesis size_N at this point")
    here = Theorem("here", "holds", "is_derive (fun t => t) 3 1", "  apply d_identity.", "the theorem at this point")
    lines = "  intro H. generalize (one_derivative _ _ _ _ here H). lra."
    refuted = Theorem("refuted", "refuted", "~ is_derive (fun t => t) 3 2", lines, "the slope is not 2")
    point = "Definition a : Z := 7.\n"
    parts = (
        Part("for_every_size", opening, theorems, general),
        Part("example", point, (size,), general=False),
        Part("wrong_1", point, (size, here, refuted), general=False),
    )
    return Certificate(name, parts)


def plain(html: str) -> str:
    return unescape(re.sub("<.*?>", "", html))


Plant = Callable[..., None]


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plant:
    """Certificates of every claim, and what Coq is said to have said of them; nothing else is kept."""
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path))
    monkeypatch.setattr(collection, "rests_on", str)

    def planted(*pairs: tuple[Certificate | Missing, Checked | None]) -> None:
        monkeypatch.setattr(formal, "certificates", lambda _: tuple(one for one, _ in pairs), raising=False)
        for one, answer in pairs:
            if isinstance(one, Certificate) and answer is not None:
                keep(runner._key(one), json.dumps(asdict(answer)))

    return planted


# --- beside a claim -------------------------------------------------------------------------
def headline(html: str) -> str:
    found = re.search(r"<details class=\"gp-fold gp-certificate\"><summary>(.*?)</summary>", html)
    return found[1] if found else ""


def test_a_certificate_that_coq_accepts_is_shown_with_all_that_it_states(plant: Plant) -> None:
    plant((certificate(), ACCEPTED))
    html = shown.rests_on(ID, [asdict(CANONICAL)])
    assert headline(html) == "Formal certificate: Coq’s kernel accepts it, for every size; 1 slip refuted"
    assert "Rests on 2 checks: canonical form, kernel</summary>" in html
    text = unescape(html)
    for part in ("Hypothesis size_N : (1 <= N)%Z.", "Theorem holds :\n  is_derive (fun t => t) (x a) 1."):
        assert f"{part}</code></pre>" in text
    assert "<strong>Well defined:</strong> no denominator is 0</p>" in text
    assert "<strong>Holds:</strong> the slope is 1 & no less</p>" in text
    assert "apply d_identity" not in html, "the proof is in the file"
    assert "<strong>Can be met:</strong>" in text
    assert "<strong>Refuted:</strong> the slope is not 2</p>" in text
    assert "Definition a : Z := 7.</code></pre>" in text
    assert not any(f"Theorem {name} " in text for name in ("here", "size_N"))
    assert 'href="site:certificates/claim_backprop_5_7.v" download' in html


STATES = ("accepted", "rejected", "unknown", "missing")


@pytest.mark.parametrize("states", [s for n in (1, 2, 3) for s in product(STATES, repeat=n)], ids="-".join)
def test_what_is_said_is_what_is_known(states: tuple[str, ...], plant: Plant) -> None:
    """Whatever Coq said of each of several certificates."""
    answers = {"accepted": ACCEPTED, "rejected": REJECTED, "unknown": None, "missing": None}
    plant(
        *(
            (
                Missing(f"{ID}/{n}", "no lemma for log") if state == "missing" else certificate(f"{ID}/{n}"),
                answers[state],
            )
            for n, state in enumerate(states)
        )
    )
    html, known = shown.rests_on(ID, [asdict(CANONICAL)]), published.known(ID)
    all_accepted, asked = set(states) == {"accepted"}, "unknown" not in states
    assert ("kernel accepts it" in html) == all_accepted == (known.status == "accepted")
    assert ("accepts" in html) == (asked and "accepted" in states)
    assert ("checks: canonical form, kernel" in html) == all_accepted
    assert ("not checked in this build" in html) == (not asked)
    assert ("no lemma for log" in html) == ("missing" in states)
    assert ("Coq does not accept what was made: holds: No such lemma." in html) == ("rejected" in states)
    shown_ones = [n for n, state in enumerate(states) if state in ("accepted", "unknown")]
    assert [n for n in range(len(states)) if f"claim_backprop_5_7_{n}." in published.text(known)] == shown_ones
    assert ("coqc -Q . Gradproof claim_backprop_5_7.v" in html) == bool(shown_ones)
    plain = published.data(ID)
    assert [theorem["accepted"] for theorem in plain["theorems"]] == [
        state == "accepted" for state in states if state in ("accepted", "unknown") for _ in range(6)
    ]
    assert (plain["status"] == "accepted") == all_accepted
    assert ("</span> Accepted</strong>" in shown._row(ID)) == all_accepted


def test_a_text_that_is_refused_before_coq_sees_it_is_not_offered(plant: Plant) -> None:
    """It is not as if it had only not been asked."""
    made = certificate()
    cheat = replace(made.parts[0].theorems[1], proof="Admitted.\nTheorem b : True.\nProof.\n  exact I.")
    part = replace(made.parts[0], theorems=(cheat,))
    plant((replace(made, parts=(part, *made.parts[1:])), None))
    known = published.known(ID)
    assert (known.status, known.shown) == ("rejected", ())
    assert "No formal certificate: Coq does not accept what was made: refused before Coq saw it" in shown.fold(known)
    assert [*dict(published.files([ID]))] == [f"certificates/{name}" for name in library_files()]


def test_what_is_proved_twice_in_turn_is_shown_once(plant: Plant) -> None:
    """A slip's certificate begins with the theorem that it contradicts; two slips may fail at one point."""
    first, second = certificate(f"{ID}/1"), certificate(f"{ID}/slip-1")
    plant(
        (first, ACCEPTED), (replace(second, parts=(*second.parts, replace(second.parts[2], name="wrong_2"))), ACCEPTED)
    )
    text = unescape(shown.rests_on(ID, []))
    assert text.count("Theorem holds :") == text.count("Given and proved as above.") == 1
    assert text.count("Definition a : Z := 7.") == 2, "once for each certificate"
    assert text.count("Theorem refuted :") == 3


def test_what_is_supposed_stands_above_each_theorem_that_supposes_it(plant: Plant) -> None:
    """Nothing of another certificate is left to be remembered: not even a line that both have."""
    first, second = certificate(f"{ID}/1"), certificate(f"{ID}/2", OPENING.replace("1 <= N", "2 <= N"))
    third = certificate(f"{ID}/3")
    plant((first, ACCEPTED), (second, ACCEPTED), (third, ACCEPTED))
    text = unescape(shown.rests_on(ID, []))
    assert text.count(OPENING.strip()) == 2
    assert text.count("Variables (a N : Z).\nVariables (x : Z -> R).\n") == text.count("Theorem holds :") == 3


def test_nothing_is_shown_where_nothing_could_have_one(plant: Plant) -> None:
    plant()
    assert shown.fold(published.known(ID)) == ""
    assert shown.evidence(ID) == ()
    assert published.data(ID)["file"] is None


CHANGES = {
    "the proof": lambda t: replace(t, proof="  apply d_constant."),
    "the statement": lambda t: replace(t, statement="is_derive (fun t => t) (x a) 2"),
    "the words": lambda t: replace(t, says="the slope is 2"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_answer_to_another_text_counts_for_nothing(change: str, plant: Plant) -> None:
    plant((certificate(), ACCEPTED))
    assert shown.accepted() != ""
    part = certificate().parts[0]
    other = replace(
        certificate(), parts=(replace(part, theorems=(*part.theorems[:1], CHANGES[change](part.theorems[1]))),)
    )
    assert runner.kept(certificate()) == ACCEPTED
    known = published.Known(ID, ((other, runner.kept(other)),), ())
    assert known.status == "unchecked"
    assert "accepts" not in shown.fold(known)


def test_nor_does_one_that_was_given_with_another_library(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant((certificate(), ACCEPTED))
    monkeypatch.setattr(
        runner, "library_text", lambda: library_text() + "Lemma one : 1 = 1. Proof. reflexivity. Qed.\n"
    )
    assert "accepts" not in shown.rests_on(ID, [])
    assert shown.accepted() == ""


@pytest.mark.parametrize(
    ("opening", "general", "scope"),
    [(OPENING, True, ", for every size"), (OPENING, False, ""), ("Variables (x : R).\n", True, ""), ("", False, "")],
)
def test_for_what_it_holds_is_read_from_its_letters(opening: str, general: bool, scope: str, plant: Plant) -> None:
    plant((certificate(opening=opening, general=general), ACCEPTED))
    assert (
        headline(shown.fold(published.known(ID)))
        == f"Formal certificate: Coq’s kernel accepts it{scope}; 1 slip refuted"
    )


def test_coqs_answer_is_read_each_time_a_claim_is_shown(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may come after the claim was proved, and its page kept."""
    found = {"verdict": {"evidence": [asdict(CANONICAL)]}}
    made = {"html": f"<p>{page.RESTS_ON}</p>", "evidence": [], "data": found, "kind": "holds"}
    monkeypatch.setattr(page, "_made", lambda _: made)
    monkeypatch.setattr(page, "related", lambda _: "")
    plant((certificate(), None))
    assert "accepts" not in page.claim(ID)
    assert [e["outcome"] for e in page.record(ID)["evidence"]] == ["missing"]
    plant((certificate(), ACCEPTED))
    assert "accepts it" in page.claim(ID)
    assert [e["kind"] for e in page.record(ID)["evidence"] if e["outcome"] == "agrees"] == ["kernel"]
    assert page.data(ID)["certificate"]["status"] == "accepted"


# --- all of them ----------------------------------------------------------------------------
def test_the_table_tells_of_every_claim_and_entry(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collection, "IDS", FEW)
    plant((Missing(ID, "no lemma for <log>"), None))
    table = shown.every()
    assert table.count("<tr data-kind") == len(FEW)
    assert all(f'href="site:{related.address(identity)}"' in table for identity in FEW)
    assert table.count("no lemma for &lt;log&gt;") == len(FEW)
    assert shown.summary() == ""


def test_what_is_accepted_is_counted_and_what_is_not_known_is_said(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collection, "IDS", FEW)
    plant((certificate(), ACCEPTED))
    counted = "Of 2 claims and entries, 2 have a formal certificate that Coq’s kernel accepts: 12 theorems."
    assert plain(shown.summary()) == counted
    monkeypatch.setattr(published, "kept", lambda _: None)
    assert shown.accepted() == ""
    assert "Coq’s answer to the certificates of 2 claims and entries was not known" in shown.summary()


# --- files ----------------------------------------------------------------------------------
def test_the_file_holds_what_was_checked_below_the_imports_with_which_it_was(plant: Plant) -> None:
    numbers = replace(certificate(f"{ID}/1"), parts=tuple(replace(p, uses_interval=True) for p in certificate().parts))
    plant((numbers, ACCEPTED), (certificate(f"{ID}/2"), REJECTED), (certificate(f"{ID}/3"), None))
    *library, (place, text) = published.files([ID])
    assert dict(library) == {f"certificates/{name}": content for name, content in library_files().items()}
    assert place == published.data(ID)["file"]
    before, numbers_too = text.split(NUMBERS)
    assert before == f"{HEADER}\n{certificate(f'{ID}/3').text()}\n"
    assert numbers_too.startswith(f"\n{numbers.text()}\nDefinition every_theorem")
    assert "claim_backprop_5_7_2" not in text


def test_a_file_has_a_name_that_coq_accepts_and_no_other_has() -> None:
    names = [published.file_name(published.Known(identity, (), ())) for identity in collection.IDS]
    assert all(re.fullmatch(r"[A-Za-z]\w*\.v", name, re.ASCII) for name in names)
    assert len(set(names)) == len(names)


@pytest.mark.skipif(shutil.which("coqc") is None, reason="coqc is not installed here; CONTRIBUTING.md says how")
def test_the_command_on_the_page_checks_the_files_beside_it(plant: Plant, tmp_path: Path) -> None:
    """In a folder with nothing else, by a reader who copies what stands there."""
    plant((certificate(f"{ID}/1"), None), (certificate(f"{ID}/2"), None))
    folder = tmp_path / "of a reader"
    folder.mkdir()
    for place, text in published.files([ID]):
        (folder / Path(place).name).write_text(text)
    command = unescape(re.findall(r"<pre><code>(coqc.*?)</code></pre>", shown.fold(published.known(ID)))[0])
    ran = subprocess.run(command, shell=True, cwd=folder, check=True, capture_output=True, text=True)  # noqa: S602
    assert not not_allowed(assumptions(ran.stdout), uses_interval=False)
    wrong = (folder / "claim_backprop_5_7.v").read_text().replace("(x a) 1", "(x a) 2")
    (folder / "claim_backprop_5_7.v").write_text(wrong)
    ran = subprocess.run(command, shell=True, cwd=folder, check=False, capture_output=True, text=True)  # noqa: S602
    assert ran.returncode != 0


# --- the library on pages ---------------------------------------------------------------------
def test_all_definitions_of_the_library_are_among_those_that_a_reader_is_told_to_trust() -> None:
    defined = re.findall(
        r"^(?:Definition|Fixpoint|Inductive|Record|Notation|Class|Instance)\b.*", library_text(), re.MULTILINE
    )
    trusted = plain(shown.trusted())
    assert len(defined) > 3
    assert [line.split()[1] for line in defined if line not in trusted] == ["leads"]
    assert "Lemma" not in trusted


def test_what_only_lemmas_are_about_stands_in_no_statement() -> None:
    shown_as = [
        t.statement
        for one in certificates("finite-step.taylor2")
        if isinstance(one, Certificate)
        for _, t in one.theorems
    ]
    assert any("bigO" in statement for statement in shown_as)
    assert not any("leads" in statement for statement in shown_as)


def test_every_axiom_that_coq_may_name_is_explained() -> None:
    assert all(name in shown.axioms() for name in REAL_ANALYSIS)


@pytest.mark.parametrize("name", rule_page.laws())
def test_each_rule_shows_its_lemmas_as_the_library_states_them(name: str) -> None:
    """Or says that it has none; `unfold` is a tactic of Coq's."""
    html, lemmas = plain(rule_page.in_coq(name)), rule_page._rule(name).lemmas
    for lemma in lemmas:
        assert (f"Lemma {lemma} " in html and f"\n{shown.lemma(lemma)}" in library_text()) != (lemma == "unfold")
    assert ("It has no lemma of its own." in html) == (not lemmas)
    assert "Proof" not in html


def test_certificates_are_made_once(plant: Plant) -> None:
    plant((certificate(), ACCEPTED))
    assert emission.emitted(ID) == (certificate(),)
    plant((Missing(ID, "gone"), None))
    assert emission.emitted(ID) == (certificate(),)
