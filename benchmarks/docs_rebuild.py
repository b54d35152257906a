"""A rebuild of the site without a change, against the same pages with their blocks taken out.

Run after `nox -s docs`, with its python: .nox/docs/bin/python benchmarks/docs_rebuild.py [--rounds 7]
Both are built in turn, A B A B …; the medians and their ratio are printed (wall clock and CPU).
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

BLOCK = re.compile(r"^```python exec=.*?^```$", re.MULTILINE | re.DOTALL)
ANCHORED = re.compile(r"\]\(([\w.]*)#[^)]*\)")  # a link to what a block makes


def build(folder: Path, site: Path) -> tuple[float, float]:
    """Wall and CPU seconds of one build."""
    used, start = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)]
    subprocess.run(
        command, cwd=folder, check=True, stderr=subprocess.DEVNULL, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    )
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    return perf_counter() - start, now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime


def main() -> None:
    """Print both medians and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        plain = Path(name) / "plain"
        kept = shutil.ignore_patterns("site", ".git", ".nox", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache")
        shutil.copytree(".", plain, ignore=kept)
        for page in plain.glob("docs/**/*.md"):
            text = BLOCK.sub("", page.read_text("utf-8"))
            page.write_text(ANCHORED.sub(r"](\g<1>)", text).replace("]()", f"]({page.name})"), "utf-8")
        build(Path(), Path(name) / "a")  # fills the cache
        full, bare = zip(
            *((build(Path(), Path(name) / "a"), build(plain, Path(name) / "b")) for _ in range(rounds)), strict=True
        )
    for kind, which in (("wall", 0), ("CPU", 1)):
        one, other = (statistics.median(run[which] for run in runs) for runs in (full, bare))
        print(f"{kind:4}  with blocks {one:.2f} s, without {other:.2f} s, ratio {one / other:.2f}")


if __name__ == "__main__":
    main()
