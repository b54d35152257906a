"""The live page as a reader meets it: bytes fetched, and seconds from the click to the answer.

Run after `nox -s docs`, with a Python that has Playwright: python benchmarks/live.py [--rounds 5] [--site site]
Each round is a browser with nothing kept, and a server that compresses nothing and says how many bytes it sent.  It
opens the page with a question, clicks, asks again, stops a question, asks again, comes back, and comes back with the
server gone.  The medians are printed; what else runs on the machine counts, so its load is printed too.
"""

from __future__ import annotations

import argparse
import os
import statistics
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, sync_playwright

MEAN = {"loss": r"\frac{1}{N} \sum_{n=1}^{N} (w x_n + b - y_n)^2", "wrt": "w"}
ENTROPY = {
    "loss": r"-\sum_{k=1}^{K} t_k \log p_k",
    "where": r"p_k = \frac{e^{z_k}}{\sum_{j=1}^{K} e^{z_j}}",
    "wrt": "z_i",
}
NETWORK = [
    ("loss", r"\frac12 \sum_{k=1}^{K} (y_k - t_k)^2"),
    ("where", r"h_j = \sum_{i=1}^{D} v_{ji} x_i"),
    ("where", r"z_j = \tanh(h_j)"),
    ("where", r"y_k = \sum_{j=1}^{M} w_{kj} z_j"),
    ("wrt", "v_{ji}"),
]
QUESTIONS = {
    "regression, true": {**MEAN, "gradient": r"\frac{2}{N} \sum_n x_n (w x_n + b - y_n)"},
    "regression, false": {**MEAN, "gradient": r"\frac{2}{N} \sum_n (w x_n + b - y_n)"},
    "cross-entropy, true": {**ENTROPY, "gradient": r"p_i \sum_k t_k - t_i"},
    "cross-entropy, false": {**ENTROPY, "gradient": r"p_i \sum_k t_k + t_i"},
    "(5.12), true": [*NETWORK, ("gradient", r"(1 - z_j^2) x_i \sum_k w_{kj} (y_k - t_k)")],
    "(5.12), false": [*NETWORK, ("gradient", r"(1 + z_j^2) x_i \sum_k w_{kj} (y_k - t_k)")],
}
RUNAWAY = {**MEAN, "loss": "".join(["\\tanh("] * 20) + "w" + ")" * 20, "gradient": "1"}

Times = dict[str, float]


class Plain(SimpleHTTPRequestHandler):
    """What `python3 -m http.server` serves, silently, counting what goes over the wire."""

    sent = 0

    def copyfile(self, source: Any, outputfile: Any) -> None:
        content = source.read()
        type(self).sent += len(content)
        outputfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """The address of a site."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Plain, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def answered(page: Page, question: Any, warm: bool = False) -> float:
    """Seconds from the click on "Check" to the title of its answer, which names its status."""
    page.evaluate("gradproofEngine.ask({ fields: {} }).catch(() => {})" if warm else "0")  # the last one's rest is done
    page.evaluate("q => { location.hash = q }", urlencode(question))
    page.evaluate("document.querySelector('#answer-title')?.removeAttribute('id')")  # the last answer's
    start = perf_counter()
    page.evaluate("document.querySelector('#check-ask').click()")
    page.wait_for_selector("#answer-title", timeout=120_000)
    return perf_counter() - start


def visit(browser: Browser, site: Path) -> Times:
    """One reader, from the first click to a visit without a network."""
    times: Times = {}
    context = browser.new_context()
    page = context.new_page()
    Plain.sent = 0
    with served(site) as address:
        page.goto(f"{address}check/", wait_until="networkidle")
        times["MB of the page"] = Plain.sent / 1e6
        first, *_ = QUESTIONS.values()
        times["s to the first answer"] = answered(page, first)
        page.wait_for_timeout(500)  # the service worker keeps the page
        times["MB in all"] = Plain.sent / 1e6
        for name, question in QUESTIONS.items():
            times[f"s: {name}"] = answered(page, question, warm=True)
        start = perf_counter()
        said = page.evaluate(
            """async (fields) => {
                const asked = gradproofEngine.ask({ fields });
                setTimeout(() => gradproofEngine.stop(), 1000);
                try { return JSON.stringify(await asked) } catch (error) { return error.name }
            }""",
            RUNAWAY,
        )
        if said != "Stopped":
            raise SystemExit(f"the runaway was not stopped: {said[:200]}")
        times["s to a stop asked after 1 s"] = perf_counter() - start
        times["s to an answer after a stop"] = answered(page, first)
        Plain.sent = 0
        page.reload(wait_until="networkidle")
        times["s to an answer when back"] = answered(page, first)
        times["MB when back"] = Plain.sent / 1e6
    page.goto("about:blank")
    page.goto(f"{address}check/")
    times["s to an answer offline"] = answered(page, first)
    context.close()
    return times


def main() -> None:
    """Print the files and the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--site", type=Path, default=Path("site"))
    parser.add_argument("--browser", default="/usr/bin/chromium")
    asked = parser.parse_args()
    for path in sorted((asked.site / "live").rglob("*")):
        if path.is_file():
            print(f"{path.stat().st_size / 1e6:8.3f} MB  {path.relative_to(asked.site)}")
    rounds: list[Times] = []
    for _ in range(asked.rounds):
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=asked.browser, args=["--no-sandbox"])
            rounds.append(visit(browser, asked.site))
            browser.close()
        print(f"load {os.getloadavg()[0]:.1f}: first answer after {rounds[-1]['s to the first answer']:.1f} s")
    for name in rounds[0]:
        values = [times[name] for times in rounds]
        print(f"{statistics.median(values):8.2f} {name}  ({min(values):.2f} to {max(values):.2f})")


if __name__ == "__main__":
    main()
