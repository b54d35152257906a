"""A built site on localhost, as a host would serve it: below some path, and with its own page for what is not there."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

__all__ = ["PREFIX", "served"]

#: Where the site stands on its host. A page that links from the host's root, not from where it stands, is found out.
PREFIX = "/a/b/"


@contextmanager
def served(site: Path, prefix: str = PREFIX) -> Iterator[str]:
    """Serve a directory on a free port, and yield the address of its home page."""

    class Handler(SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(site))

        def translate_path(self, path: str) -> str:
            inside = path.startswith(prefix)
            return super().translate_path("/" + path.removeprefix(prefix)) if inside else str(site / "outside its path")

        def do_GET(self) -> None:
            if self.path == f"{prefix}sitemap.xml":
                self._answer(
                    HTTPStatus.OK, "application/xml", _moved((site / "sitemap.xml").read_text("utf-8"), home())
                )
            else:
                super().do_GET()

        def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
            page = site / "404.html"
            if code != HTTPStatus.NOT_FOUND or not page.is_file():
                super().send_error(code, message, explain)
                return
            self._answer(code, "text/html; charset=utf-8", page.read_bytes())

        def _answer(self, code: int, kind: str, body: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing: what fails is told by the page that asked."""

    def home() -> str:
        return f"http://127.0.0.1:{server.server_port}{prefix}"

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield home()
        finally:
            server.shutdown()


def _moved(sitemap: str, home: str) -> bytes:
    """The sitemap of a site that was built to stand here: instant navigation compares addresses with it."""
    built_for = min(re.findall(r"<loc>(.*?)</loc>", sitemap), key=len)
    return sitemap.replace(f"<loc>{built_for}", f"<loc>{home}").encode()
