"""A certificate states and proves: what else it might tell Coq is refused before Coq sees it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from certificates import OPENING, certificate
from gradproof.formal.certificate import Certificate, Part, Theorem
from gradproof.formal.vernacular import is_usual, refusal, sentences


def test_what_certificates_are_made_of_is_allowed() -> None:
    proof = "  intros H. (* a remark *)\n  - rewrite <- (Rplus_0_r 1) by lra.\n  { split; [lra|]. }\n  1,2: ring.\n  all: { ring. }"
    numbers = Part(
        "example",
        "Definition N : Z := 3.\nDefinition y : R := 1 / 2.",
        (Theorem("possible", "possible", "(1 <= N)%Z", "lia.", "N"),),
        False,
    )
    made = certificate("a", "forall t : R,\n  twice 1 = 2 * x 1", proof)
    assert refusal(made) == ""
    assert refusal(replace(made, parts=(*made.parts, numbers))) == ""


@pytest.mark.parametrize(
    ("proof", "named"),
    [
        ("exact I.\nQed.\nAxiom cheat : False.\nTheorem b : True.\nProof.\nexact I.", "Axiom cheat : False."),
        ("Admitted.\nTheorem b : True.\nProof. exact I.", "Admitted."),
        ("Unset Guard Checking. exact I.", "Unset Guard Checking."),
        ("{ Redirect a. }", "Redirect a."),
        ("- Fail ring.", "Fail ring."),
        ("#[bypass_check(guard)] exact I.", "#["),
        ("native_compute. reflexivity.", "native"),
        ("interval with (i_native_compute).", "native"),
        ("(* (* *) Axiom cheat : False. *) ring.", "it is no tactic: (* Axiom cheat"),
        ('idtac "(*". Axiom cheat : False. idtac "*)".', "quotation mark"),
        ("ring", "it is no tactic: End for_every_size."),
        ("ring.\u00a0Axiom cheat : False.", "a character that"),
        ("exact I.\nQed.\nEnd for_every_size.\nHypothesis cheat : False.\nSection b.\nProof.", "an axiom: Hypothesis cheat"),
        ("exact I.\nQed.\nEnd for_every_size.\nEnd claim_a.\nDefinition R := nat.\nModule c.\nSection d.", "outside the"),
        ("exact I.\nQed.\nEnd claim_a.", "it ends what was not opened last: End claim_a."),
        ("exact I.\nQed.\nModule c.", "this command: Qed."),
    ],
)  # fmt: skip
def test_a_proof_holds_tactics_only(proof: str, named: str) -> None:
    assert named in refusal(certificate("a", proof=proof))


@pytest.mark.parametrize(
    ("opening", "named"),
    [
        ("Parameter cheat : False.", "Parameter cheat"),
        ("Local Axiom a : False.", "Local Axiom"),
        ("Load other.", "Load other."),
        ("Declare ML Module a.", "Declare ML"),
        ("Require Import Other.", "Require Import"),
        ("Notation a := 1.", "Notation"),
        ("Local Definition a := 1.", "Local Definition"),
        ("Ltac ring := idtac.", "Ltac"),
        ("Definition a : False.", "Definition a : False."),
        ("Definition a := ltac:(exact I).", "a tactic in a statement"),
        ("Definition exp (x : R) : R := x.", "another meaning to exp"),
        ("Variables (a : R) (R : Z).", "another meaning to R"),
        ("Variable Sum : Z.", "another meaning to Sum"),
        ("Variables\nSum : Z.", "another meaning to Sum"),
        ("Variables (supposed : 0 = 1).", "this command: Variables (supposed"),
        ("Variables (a : R) (supposed : False).", "this command: Variables (a"),
        ("Definition a : R := ltac : (exact 0).", "a tactic in a statement"),
        ("Definition exp@{} (x : R) : R := x.", "this command: Definition exp@"),
        ("Definition Rle_dec (a b : R) : bool := true.", "another meaning to Rle_dec"),
        ("Definition sign (a : R) : R := 0.", "another meaning to sign"),
        ("Module Z.\nDefinition eqb (a b : Z) : bool := true.\nEnd Z.", "another meaning to Z"),
        ("Module Nat.\nEnd Nat.", "another meaning to Nat"),
        ("Module Type a.", "Module Type a."),
        ("Module a := b.", "Module a := b."),
        ("Drop.", "Drop."),
        ("Extraction Language OCaml.", "Extraction"),
        ("Set Bullet Behavior None.", "Set Bullet"),
        ('Set Default Proof Using "N".', "quotation mark"),
        ("Check 1", "does not end"),
    ],
)  # fmt: skip
def test_an_opening_declares_only(opening: str, named: str) -> None:
    text = "Definition Sum (lo hi : Z) (f : Z -> R) : R := 0."
    found = refusal(certificate("a", opening=opening), text)
    assert named in found or "no certificate needs this command" in found


def test_the_text_states_what_the_certificate_states() -> None:
    class Other(Certificate):
        def text(self) -> str:
            return super().text().replace("1 + 1 = 2", "True")

    made = certificate("a")
    assert "does not state the theorem claim_a.holds" in refusal(Other(made.id, made.parts))
    assert "states no theorem" in refusal(Certificate("a", (Part("p", OPENING, ()),)))
    assert "no certificate needs this command: Axiom b : False." in refusal(certificate("a", "True. Axiom b : False"))


def test_hypotheses_must_be_possible() -> None:
    supposed = certificate("a", opening=f"{OPENING}\nHypothesis size : (1 <= N)%Z.")
    met = Part("example", "Definition N : Z := 3.", (Theorem("size", "possible", "(1 <= N)%Z", "lia.", "N"),), False)
    assert "no theorem that they are possible" in refusal(supposed)
    assert refusal(replace(supposed, parts=(*supposed.parts, met))) == ""
    for old, new in (("size", "other"), ("(1 <= N)%Z", "(1 <= 1)%Z"), ("possible", "holds")):
        theorem = Theorem(*(new if v == old else v for v in ("size", "possible", "(1 <= N)%Z", "lia.", "N")))  # type: ignore[arg-type]
        missed = replace(met, theorems=(theorem,))
        assert "no theorem that they are possible" in refusal(replace(supposed, parts=(*supposed.parts, missed)))


def test_sentences_are_looked_at_again_as_coq_found_them() -> None:
    made = certificate("a", proof="-\n  { intros; ring. }\n  1: exact I.")
    assert all(map(is_usual, sentences(made.text())))
    assert all(map(is_usual, ("-", "{", "}", "1: {", "Proof.", "Qed.", "(split; ring).")))
    for sentence in (
        "Axiom a : False.",
        "- Admitted.",
        "Local Axiom a : False.",
        "Modules.",
        "#[local] Set A.",
        "1: Abort.",
    ):
        assert not is_usual(sentence)
