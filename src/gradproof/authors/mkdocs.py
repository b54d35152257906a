"""A plugin of MkDocs: a site with a gradient that is not proved is not built.

All pages are read first, so that one build names every fault, with its file and line.  `mkdocs serve`
shows the page, with what is wrong in its place, and goes on.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal

from mkdocs.config.base import Config
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, get_plugin_logger

from gradproof.authors.fence import GradproofExtension
from gradproof.problem import Block, blocks

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

__all__ = ["GradproofPlugin"]

log = get_plugin_logger("gradproof")


class Settings(Config):  # type: ignore[no-untyped-call] # how MkDocs makes its classes has no types
    """The plugin has none."""


class GradproofPlugin(BasePlugin[Settings]):  # type: ignore[no-untyped-call]
    """`plugins: [gradproof]` in mkdocs.yml is all that a site needs."""

    def __init__(self) -> None:
        self.serving = False
        self.page: Page | None = None
        self.failures: dict[str, None] = {}

    def on_startup(self, *, command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:  # noqa: ARG002
        """Remember whether the site is built once, or again at each change."""
        self.serving = command == "serve"

    def on_config(self, config: MkDocsConfig) -> None:
        """Let Markdown read the blocks."""
        self.failures.clear()
        config.markdown_extensions.append(GradproofExtension(self._failed))

    def on_page_markdown(self, markdown: str, *, page: Page, **_: Any) -> None:  # noqa: ARG002
        """Remember which page is read."""
        self.page = page

    def on_env(self, env: Any, **_: Any) -> None:  # noqa: ARG002
        """Every page has been read: fail the build, unless someone is writing it."""
        if self.failures and not self.serving:
            many = len(self.failures)
            says = "1 gradient is" if many == 1 else f"{many} gradients are"
            raise PluginError(f"gradproof: {says} not proved: {', '.join(self.failures)}")

    def _failed(self, block: Block, wrong: str) -> None:
        place = self._place(block)
        self.failures[place] = None
        log.error("%s: %s", place, wrong)

    def _place(self, block: Block) -> str:
        """The file, and the line of it: the front matter and what other plugins changed moved the block."""
        if self.page is None:
            return f"line {block.first + 1}"
        path = self.page.file.abs_src_path
        name = os.path.relpath(path) if path else self.page.file.src_uri
        written = self.page.file.content_string.splitlines()
        lines = [f"{name}:{b.first + 1}" for b in blocks(written) if b.text == block.text]
        return next((line for line in lines if line not in self.failures), name)
