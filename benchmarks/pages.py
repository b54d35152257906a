"""How fast the heaviest page shows its text and its first formula, beside the same page with formulas set in the browser.

Run after `nox -s docs`, with a python that has Playwright, with Chromium, and with MathJax unpacked by npm:
    npm install --prefix DIRECTORY mathjax@4
    .nox/browser/bin/python benchmarks/pages.py --mathjax DIRECTORY/node_modules [--site site] [--rounds 5]
The variants are made from the built page: each formula is replaced by its TeX, and the script that sets it is added.
All are loaded in turn, A B C D A B …, each with an empty cache, from this machine; the medians are printed, once
for a desktop and once for a phone that computes four times as slowly and has 10 Mbit/s with 40 ms of delay.

text: first contentful paint.  formula: the frame after the first formula has its boxes and its fonts.  shift: the
layout shift until the page is still, at the top and, in brackets, at the last claim, where a link may lead.
weight: all that is fetched until then, gzipped.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import statistics
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape, unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from playwright.sync_api import Browser, sync_playwright

KATEX = Path(__file__).parent.parent / "src/gradproof/katex/katex.min.js"
FORMULA = re.compile(
    r'<gp-tex[^>]*>(<span class="katex-display">)?.*?<annotation encoding="application/x-tex">(.*?)</annotation>.*?</gp-tex>',
    re.DOTALL,
)
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')

#: Scripts that set the formulas in the browser, after the page's own.
IN_BROWSER = {
    "MathJax 4": """<script>MathJax = {tex: {inlineMath: [["\\\\(", "\\\\)"]]},
        loader: {paths: {"mathjax-newcm": "BASE/mathjax/@mathjax/mathjax-newcm-font"}}}</script>
        <script async src="BASE/mathjax/mathjax/tex-chtml.js"></script>""",
    "KaTeX in the browser": """<script defer src="BASE/katex.min.js"></script><script>
        addEventListener("DOMContentLoaded", () => { for (const node of document.querySelectorAll(".gp-raw")) {
          const text = node.textContent.slice(2, -2), displayMode = node.textContent.startsWith("\\\\[");
          katex.render(text, node, {displayMode, throwOnError: false}); } })</script>""",
    "no formulas": "",
}

#: Where a formula is, once it is set, and what takes its time: looked at in each frame.
WATCH = """
  window.seen = {shift: 0};
  const observe = (type, hear) => new PerformanceObserver((list) => list.getEntries().forEach(hear)).observe({type, buffered: true});
  observe("paint", (entry) => { if (entry.name === "first-contentful-paint") seen.text = entry.startTime; });
  observe("layout-shift", (entry) => { if (!entry.hadRecentInput) seen.shift += entry.value; });
  const look = () => {
    const box = document.querySelector("article .katex-html, article mjx-container > mjx-math");
    const still = Array.from(document.fonts).every((face) => face.status !== "loading");
    if (box && box.getBoundingClientRect().height && still) requestAnimationFrame((now) => { seen.formula = now; });
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
"""


def variants(html: str, base: str) -> Iterator[tuple[str, str]]:
    """The page as it was built, and with its formulas as TeX and a script to set them."""
    yield "as built", html
    for name, script in IN_BROWSER.items():

        def raw(match: re.Match[str], name: str = name) -> str:
            start, end = ("\\[", "\\]") if match[1] else ("\\(", "\\)")
            tex = escape(unescape(match[2]))
            return f'<span class="gp-raw">{tex if name == "no formulas" else start + tex + end}</span>'

        page = FORMULA.sub(raw, POLICY.sub("", html))
        yield name, page.replace("</head>", script.replace("BASE/", base) + "</head>", 1)


@contextmanager
def served(site: Path, mathjax: Path, pages: dict[str, str]) -> Iterator[tuple[str, list[int]]]:
    """Serve the site, gzipped; a page in its variants, by the query.  Yields the address, and the sizes that were sent."""
    sent: list[int] = []
    files: dict[str, bytes] = {}

    def read(path: str, query: str) -> bytes | None:
        if variant := parse_qs(query).get("variant"):
            return pages[variant[0]].encode()
        if path == "katex.min.js":
            return KATEX.read_bytes()
        own, root = path.removeprefix("mathjax/"), mathjax if path.startswith("mathjax/") else site
        file = root / own / "index.html" if own.endswith("/") or not own else root / own
        return file.read_bytes() if file.is_file() else None

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            if self.path not in files:
                body = read(unquote(address.path).lstrip("/"), address.query)
                packed = address.path.endswith(".woff2") or body is None
                files[self.path] = b"" if body is None else body if packed else gzip.compress(body, 9)
            body = files[self.path]
            sent.append(len(body))
            self.send_response(200 if body else 404)
            kind = "text/html" if address.query or address.path.endswith("/") else guess_type(address.path)[0]
            self.send_header("Content-Type", f"{kind}; charset=utf-8" if kind == "text/html" else str(kind))
            self.send_header("Content-Length", str(len(body)))
            if body and not address.path.endswith(".woff2"):
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", sent
        server.shutdown()


def load(browser: Browser, address: str, phone: bool) -> dict[str, float]:
    """Load a page into a new context, and wait until nothing moves any more."""
    width, height = (390, 844) if phone else (1280, 900)
    context = browser.new_context(viewport={"width": width, "height": height}, has_touch=phone, is_mobile=phone)
    page = context.new_page()
    if phone:
        devtools = context.new_cdp_session(page)
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        slow = {"offline": False, "latency": 40, "downloadThroughput": 1.25e6, "uploadThroughput": 1.25e6}
        devtools.send("Network.enable")
        devtools.send("Network.emulateNetworkConditions", slow)
    page.add_init_script(WATCH)
    page.goto(address, timeout=180_000)
    if "no%20formulas" not in address:
        page.wait_for_function("window.seen.formula", timeout=180_000)
    page.wait_for_function(
        """() => { const { MathJax } = window; return !MathJax || MathJax.startup?.promise?.then(() => true); }""",
        timeout=180_000,
    )
    page.wait_for_timeout(500)
    seen: dict[str, float] = page.evaluate("seen")
    context.close()
    return seen


def heaviest(site: Path) -> Path:
    """The page that is largest when it is gzipped."""
    large = sorted(site.rglob("*.html"), key=lambda page: page.stat().st_size)[-8:]
    return max(large, key=lambda page: len(gzip.compress(page.read_bytes(), 6)))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", type=Path, default=Path("site"))
    parser.add_argument("--mathjax", type=Path, required=True, help="node_modules with mathjax 4 in it")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--page", help="the page's path, instead of the heaviest")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    version = json.loads((asked.mathjax / "mathjax/package.json").read_text())["version"]
    file = asked.site / asked.page / "index.html" if asked.page else heaviest(asked.site)
    path = file.parent.relative_to(asked.site).as_posix() + "/"
    html = file.read_text("utf-8")
    up = "../" * path.count("/") if path != "./" else ""
    pages = dict(variants(html, up))
    anchor = re.findall(
        r'<(?:section|div|article)[^>]*\bclass="gp-claim[^>]*\bid="([^"]+)"|id="([^"]+)"[^>]*class="gp-claim', html
    )
    last = next(filter(None, anchor[-1])) if anchor else ""
    print(
        f"{path}: {len(html) / 1e6:.2f} MB, {len(FORMULA.findall(html))} formulas, MathJax {version}; medians of {asked.rounds}"
    )
    with sync_playwright() as playwright, served(asked.site, asked.mathjax, pages) as (address, sent):
        chromium = playwright.chromium.launch(executable_path=asked.chromium, args=["--no-sandbox", "--disable-gpu"])
        for phone in (False, True):
            runs: dict[str, list[dict[str, float]]] = {name: [] for name in pages}
            for number in range(asked.rounds + 1):
                for name in pages:
                    sent.clear()
                    where = f"{address}{path}?variant={name.replace(' ', '%20')}"
                    seen = load(chromium, where, phone) | {"weight": sum(sent)}
                    seen["there"] = load(chromium, f"{where}#{last}", phone)["shift"]
                    if number:  # the first round warms up
                        runs[name].append(seen)
            table("phone" if phone else "desktop", runs)
        chromium.close()


def table(device: str, runs: dict[str, list[dict[str, float]]]) -> None:
    """Print the medians on one device."""
    print(f"\n{device:22}{'text':>9}{'formula':>10}{'after it':>10}{'shift':>16}{'weight':>10}")
    for name, seen in runs.items():
        middle = {
            key: statistics.median(run.get(key, 0) for run in seen)
            for key in ("text", "formula", "shift", "there", "weight")
        }
        text, formula = middle["text"] / 1e3, middle["formula"] / 1e3
        shown = f"{formula:8.2f} s{formula - text:8.2f} s" if formula else f"{'':>20}"
        print(
            f"{name:22}{text:7.2f} s{shown}{middle['shift']:8.3f} ({middle['there']:.3f}){middle['weight'] / 1e3:7.0f} KB"
        )


if __name__ == "__main__":
    main()
