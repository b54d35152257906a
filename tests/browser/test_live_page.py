"""The live page: gradproof itself, in the browser, asked as a reader would ask it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from watching import Watch

LINE = r"\frac{1}{N} \sum_{n=1}^{N} (w x_n + b - y_n)^2"
RIGHT = r"\frac{2}{N} \sum_{n=1}^{N} x_n (w x_n + b - y_n)"
SIGN = r"-\frac{2}{N} \sum_{n=1}^{N} x_n (w x_n + b - y_n)"
LIMIT = 12e6  # bytes, to the first answer
PATIENCE = 120_000  # milliseconds: how fast it answers is measured elsewhere, by benchmarks/live.py


class Live:
    """The page as a reader uses it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.answer = page.locator("#check-answer")

    def field(self, name: str) -> str:
        return self.page.locator(f"#check-{name}").input_value()

    def ask(self, **fields: str) -> str:
        """Type the fields, and return the first word of what is said of them."""
        self.page.locator("#check-clear").click()
        for name, value in fields.items():
            self.page.locator(f"#check-{name}").fill(value)
        return self.press()

    def press(self) -> str:
        self.page.locator("#check-ask").click()
        return self.said()

    def said(self) -> str:
        """What is said when the program has answered."""
        status = self.page.locator("#check-status")
        expect(status).to_have_text(re.compile(r", in [\d.]+ s[.;]|^Stopped|ended|failed|could not"), timeout=PATIENCE)
        expect(self.page.locator("#check-progress")).to_be_hidden(timeout=PATIENCE)
        return status.inner_text().partition(",")[0]


@pytest.fixture(scope="module")
def live(browser: Browser, address: str) -> Iterator[Live]:
    """The page with the program loaded, for the tests that need no new one; nothing may go wrong in any of them."""
    context = browser.new_context()
    page = context.new_page()
    watch = Watch(page, address)
    page.goto(f"{address}check/")
    yield Live(page)
    context.close()
    assert not watch.problems, "\n".join(watch.problems)


def test_a_true_gradient_is_proved_with_its_steps(live: Live) -> None:
    assert live.ask(loss=LINE, wrt="w", gradient=RIGHT) == "Proved"
    expect(live.answer).to_contain_text("chain rule")
    assert live.answer.locator(".katex").count() > 3


def test_a_false_one_is_refuted_with_the_slip(live: Live) -> None:
    """At a point, with both values; the suspected slip is the sign."""
    assert live.ask(loss=LINE, wrt="w", gradient=SIGN) == "Refuted"
    expect(live.answer).to_contain_text(re.compile("sign", re.IGNORECASE))
    expect(live.answer).to_contain_text(re.compile(r"\d"))


def test_what_cannot_be_read_is_said_and_shown(live: Live) -> None:
    assert live.ask(loss=r"\frac{1}{N", wrt="w", gradient="w") == "Not understood"
    live.page.get_by_text("Go to the place").click()
    assert live.page.evaluate("document.activeElement.id") == "check-loss"


def test_what_an_error_advises_is_declared_by_one_click(live: Live) -> None:
    """Beside what was declared before; and the question is asked again."""
    assert live.ask(loss=r"\sum_n (w x_n - y_n)^2 + \sum_k b_k", wrt="w") == "Not understood"
    live.page.get_by_role("button", name="Declare ranges: n = 1..N").click()
    live.page.get_by_role("button", name="Declare ranges: k = 1..K").click()
    assert live.said() in {"Derived", "Proved"}
    assert live.field("ranges") == "n = 1..N\nk = 1..K"


def test_nothing_typed_becomes_part_of_the_page(live: Live) -> None:
    live.ask(loss="<img src=x onerror=alert(1)>", wrt="w", gradient=r"\text{<b>w</b>}")
    assert live.answer.locator("img, b").count() == 0


def test_without_a_gradient_it_is_derived(live: Live) -> None:
    assert live.ask(loss=LINE, wrt="b") in {"Derived", "Proved"}
    expect(live.answer).to_contain_text(re.compile("factor rule", re.IGNORECASE))


def test_a_link_restores_the_question(live: Live, visit: Callable[..., Page]) -> None:
    live.ask(loss=LINE, wrt="w", gradient=RIGHT)
    fragment = live.page.url.partition("#")[2]
    again = Live(visit(f"check/#{fragment}"))
    assert [again.field(name) for name in ("loss", "wrt", "gradient")] == [LINE, "w", RIGHT]


def test_an_example_is_one_click_away(live: Live) -> None:
    live.page.locator(".gp-examples a").first.click()
    assert live.said() == "Refuted"


def test_the_address_of_a_claim_proves_the_claim(live: Live) -> None:
    live.page.evaluate("location.hash = 'claim=backprop.5.12'")
    assert live.said() == "Proved"


def test_by_keyboard_alone(live: Live) -> None:
    """Tab through the form, Enter with Control asks; the answer has the focus, for those who hear the page."""
    live.page.locator("#check-clear").focus()
    live.page.keyboard.press("Enter")
    for text in (LINE, "w", RIGHT):
        live.page.keyboard.type(text)
        live.page.keyboard.press("Tab")
    live.page.keyboard.press("Shift+Tab")
    live.page.keyboard.press("Control+Enter")
    assert live.said() == "Proved"
    assert live.page.evaluate("document.getElementById('check-answer').contains(document.activeElement)")


def test_a_runaway_question_is_stopped(live: Live) -> None:
    """And the next question is answered."""
    sums = "".join(rf"\sum_{{{letter}=1}}^{{N}}" for letter in "ijklmnopq")
    live.page.locator("#check-clear").click()
    live.page.locator("#check-loss").fill(rf"\left({sums} \tanh(w_i x_j + \exp(w_k w_l w_m))\right)^{{9}}")
    live.page.locator("#check-wrt").fill("w_a")
    live.page.locator("#check-gradient").fill(rf"\left({sums} (w_i x_j + w_k w_l)\right)^{{7}}")
    live.page.locator("#check-ask").click()
    live.page.locator("#check-stop").click()
    assert live.said().startswith("Stopped")
    assert live.ask(loss=LINE, wrt="w", gradient=RIGHT) == "Proved"


def test_it_works_offline_once_it_was_loaded(browser: Browser, address: str) -> None:
    """Also after a reload, with questions that were never asked; only the search and the map of the site are missing."""
    context = browser.new_context()
    page = context.new_page()
    watch = Watch(page, address)
    page.goto(f"{address}check/")
    live = Live(page)
    assert live.ask(loss=LINE, wrt="w", gradient=RIGHT) == "Proved"
    context.set_offline(True)
    assert live.ask(loss=r"\sum_{n=1}^{N} \log(w x_n)", wrt="w", gradient=r"\frac{N}{w}") == "Proved"
    page.reload()
    assert live.ask(loss=r"\sum_{n=1}^{N} e^{w x_n}", wrt="w", gradient=r"\sum_{n=1}^{N} e^{w x_n}") == "Refuted"
    lost = [problem for problem in watch.problems if problem.startswith("a request failed")]
    assert not [problem for problem in lost if "sitemap.xml" not in problem and "search_index" not in problem], lost
    context.close()


def test_the_first_answer_needs_few_bytes(visit: Callable[..., Page]) -> None:
    """Nothing is loaded before the question; then no more than the limit."""
    page = visit(f"check/#{urlencode({'loss': LINE, 'wrt': 'w', 'gradient': RIGHT})}")
    fetched: list[int] = []

    def count(response: Response) -> None:
        if not response.from_service_worker:  # what the worker hands on, it has fetched itself
            fetched.append(int(response.headers.get("content-length", 0)))

    page.context.on("response", count)
    page.wait_for_load_state("networkidle")
    assert sum(fetched) < 1e5
    assert Live(page).press() == "Proved"
    assert 1e6 < sum(fetched) < LIMIT


def test_a_claims_page_opens_it_there(visit: Callable[..., Page]) -> None:
    """Ready to be edited."""
    page = visit("backprop/")
    page.locator("[id='backprop.5.12']").get_by_role("link", name="Try it").click()
    page.wait_for_url("**/check/#*")
    assert Live(page).field("loss")
    assert Live(page).field("gradient")
