"""What goes wrong on a page while it is used: errors in its scripts, requests that fail or leave the site."""

from __future__ import annotations

from playwright.sync_api import ConsoleMessage, Error, Page, Request, Response

__all__ = ["Watch"]

OWN = ("data:", "blob:", "about:")


class Watch:
    """Listens to a page from its start on; `problems` holds what it heard, each once."""

    def __init__(self, page: Page, address: str) -> None:
        self.address = address
        self.problems: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", self._error)
        page.on("request", self._request)
        page.on("requestfailed", self._failed)
        page.on("response", self._response)

    def _say(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._say(f"console error: {message.text}")

    def _error(self, error: Error) -> None:
        self._say(f"a script raised: {error}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.address, *OWN)):
            self._say(f"a request off the site: {request.url}")

    def _failed(self, request: Request) -> None:
        # What a reader leaves behind by going on is given up by the browser, not missing.
        if request.failure != "net::ERR_ABORTED":
            self._say(f"a request failed: {request.url} ({request.failure})")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self._say(f"status {response.status}: {response.url}")
