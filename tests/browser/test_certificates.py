"""Certificates as a reader meets them: folded, with the proof script fetched only when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

PLACE = "backprop/"


def test_a_proof_is_shown_in_place_by_keyboard(visit: Callable[..., Page], site: Path) -> None:
    """It is the file that is offered beside it, to the last letter, and it scrolls."""
    page = visit(PLACE)
    fold = page.locator("details.gp-certificate").first
    fold.locator("summary").first.focus()
    page.keyboard.press("Enter")
    proof = fold.locator(".gp-script").first
    expect(proof.locator("pre")).to_have_count(0)
    proof.locator("summary").focus()
    page.keyboard.press("Enter")
    shown, link = proof.locator("pre"), proof.locator("a")
    expect(shown).to_contain_text("Qed.")
    assert shown.text_content() == (site / "certificates" / link.inner_text()).read_text("utf-8")
    expect(shown).to_have_attribute("tabindex", "0")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(shown).to_have_count(1)


def test_a_file_that_cannot_be_had_leaves_its_link(visit: Callable[..., Page]) -> None:
    page = visit(PLACE)
    page.evaluate("void (window.fetch = () => Promise.reject(new Error('no network')))")
    fold = page.locator("details.gp-certificate").first
    fold.locator("summary").first.click()
    proof = fold.locator(".gp-script").first
    proof.locator("summary").click()
    expect(proof.locator("a")).to_be_visible()
    expect(proof.locator("pre")).to_have_count(0)


def test_without_a_script_the_statement_and_the_files_are_there(visit: Callable[..., Page]) -> None:
    page = visit(PLACE, java_script_enabled=False)
    fold = page.locator("details.gp-certificate").first
    fold.locator("summary").first.click()
    expect(fold.locator("pre").first).to_be_visible()
    expect(fold.locator("a[download]").last).to_be_visible()
