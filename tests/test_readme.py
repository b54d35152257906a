"""The README tells the truth."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = (
    "python3 -m venv .venv && .venv/bin/pip install 'nox[uv]' && .venv/bin/nox -s docs",
    ".venv/bin/nox -s tests",
)


def test_the_example_prints_what_stands_below_it() -> None:
    marked = re.search(r"<!-- example.*?```python\n(.*?)```.*?```text\n(.*?)```\n<!-- /example -->", README, re.DOTALL)
    assert marked, "the README's example has lost its marks"
    run = subprocess.run([sys.executable, "-c", marked[1]], capture_output=True, text=True, check=True)
    assert run.stdout == marked[2]


def test_the_two_commands_are_the_same_wherever_they_stand() -> None:
    for command in COMMANDS:
        assert command in README
        assert command in (ROOT / "docs" / "index.md").read_text("utf-8")
    for hosted in (".github/workflows/pages.yml", ".readthedocs.yaml"):
        assert COMMANDS[0] in (ROOT / hosted).read_text("utf-8")


def test_the_locked_file_names_every_dependency_and_no_address() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    locked = (ROOT / "constraints.txt").read_text("utf-8")
    groups = project["dependency-groups"]
    assert all("==" in name or name in groups["tests"] for name in groups.pop("speed")), (
        "what speed compares is pinned there"
    )
    groups = [name for group in groups.values() for name in group if isinstance(name, str)]
    for requirement in [*project["project"]["dependencies"], *groups]:
        name = re.split(r"[<>=\[ ]", requirement)[0]
        assert re.search(rf"^{name}==", locked, re.MULTILINE), name
    assert "://" not in locked
