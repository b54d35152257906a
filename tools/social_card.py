"""Draw docs/assets/social.png, the picture that other sites show beside a link to this one.

Run it by hand, where Playwright and a Chromium are: `python tools/social_card.py [path of the browser]`.  The formula is
the library's own, proved; the picture carries the digest of the page that it was made of, and a test compares it.
"""

from __future__ import annotations

import struct
import sys
import tempfile
import zlib
from hashlib import sha256
from html import escape
from pathlib import Path

from gradproof.page import record
from gradproof.pieces import sign
from gradproof.typeset import KATEX, typeset

__all__ = ["card", "digest", "digest_in"]

ASSETS = Path(__file__).parent.parent / "docs" / "assets"
PICTURE = ASSETS / "social.png"
SIZE = {"width": 1200, "height": 630}
CLAIM = "backprop.5.12"
KEY = b"Digest"
STYLE = """
@font-face { font-family: Text; src: url(text/STIXTwoText-Regular.woff2) }
@font-face { font-family: Text; font-weight: 600; src: url(text/STIXTwoText-SemiBold.woff2) }
body { box-sizing: border-box; width: 1200px; height: 630px; margin: 0; padding: 60px 72px; background: #fff; color: #1b1e23;
  font: 34px/1.3 Text; display: flex; flex-direction: column; border-left: 18px solid #17693a }
h1 { margin: 0; font-size: 58px; font-weight: 600; line-height: 1.15 }
main { flex: 1; display: flex; flex-direction: column; justify-content: center; gap: 38px }
.katex { font-size: 64px }
.katex-display { margin: 0 }
.katex-display > .katex { text-align: left }
p { margin: 0; color: #545b66; font-size: 32px }
strong { margin-right: 10px; padding: 5px 18px 3px 14px; border: 2px solid; border-radius: 8px; color: #17693a; background: #eef5f0 }
footer { display: flex; justify-content: space-between; color: #545b66; font-size: 30px }
"""


def card(engraved: bool = True) -> str:
    """Return the page that is pictured; with its formula as LaTeX unless it is to be engraved."""
    claim = record(CLAIM)
    stated = claim["statements"][0]
    formula = typeset(stated["latex"], display=True) if engraved else stated["latex"]
    return (
        f'<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="katex/katex.min.css"><style>{STYLE}</style>'
        f"<h1>Is this gradient right, and why?</h1><main>{formula}"
        f"<p>{sign(stated['status'])} {escape(stated['scope'])}</p></main>"
        f"<footer><span>{escape(claim['source'])}, {escape(claim['place'])}</span><span>gradproof</span></footer>"
    )


def digest() -> str:
    """Name what decides the picture: the page, and KaTeX, which engraves the formula."""
    engraver = (path.read_text("utf-8") for path in (KATEX, ASSETS / "katex" / "katex.min.css"))
    return sha256("\0".join((card(engraved=False), *engraver)).encode()).hexdigest()


def digest_in(picture: bytes) -> str:
    """Return the digest that a picture carries; raises ValueError if there is none."""
    for kind, body in _chunks(picture):
        if kind == b"tEXt" and body.startswith(KEY + b"\0"):
            return body.removeprefix(KEY + b"\0").decode("latin-1")
    raise ValueError("the picture does not say what it was made of; run tools/social_card.py")


def _chunks(picture: bytes) -> list[tuple[bytes, bytes]]:
    """Return the parts of a PNG, each with its kind."""
    found, at = [], 8
    while at < len(picture):
        (length,) = struct.unpack(">I", picture[at : at + 4])
        found.append((picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]))
        at += length + 12
    return found


def _png(chunks: list[tuple[bytes, bytes]]) -> bytes:
    parts = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _draw(browser: str) -> None:
    """Picture the page, and write into the picture what it was made of."""
    from playwright.sync_api import sync_playwright  # type: ignore[import-not-found,unused-ignore]

    html = card().replace('charset="utf-8">', f'charset="utf-8"><base href="{ASSETS.as_uri()}/">', 1)
    with (
        tempfile.NamedTemporaryFile("w", suffix=".html", dir=ASSETS, encoding="utf-8") as file,
        sync_playwright() as run,
    ):
        file.write(html)
        file.flush()
        window = run.chromium.launch(executable_path=browser or None)
        page = window.new_page(viewport=SIZE)
        page.goto(Path(file.name).as_uri())
        page.evaluate("document.fonts.ready")
        taken = page.screenshot()
        window.close()
    first, *others = _chunks(taken)
    PICTURE.write_bytes(_png([first, (b"tEXt", KEY + b"\0" + digest().encode()), *others]))


if __name__ == "__main__":
    _draw(sys.argv[1] if len(sys.argv) > 1 else "")
