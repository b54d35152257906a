"""Everything that the pages of the site will show, proved on all cores before they are made, and kept; certificates as well.

A page is made by one process, block after block; the proofs take nearly all of its time.  What is kept already costs
nothing here, and what fails is told by the page that shows it.
"""

from __future__ import annotations

import os
from types import ModuleType

from gradproof import page, reference, reference_page, sources
from gradproof.cache import is_kept
from gradproof.collection import IDS
from gradproof.formal.emission import emitted_by
from gradproof.workers import by_processes

__all__ = ["prove"]


def prove(jobs: int = os.cpu_count() or 1) -> None:
    """Prove and render every claim of the sources and every entry of the reference, by so many processes."""
    names = [name for name in (*reference.IDS, *sources.IDS) if not is_kept(_shown(name).key(name))]
    if len(names) > 1 and jobs > 1:
        for _ in by_processes(_made, names, min(jobs, len(names))):
            pass
    for _ in emitted_by(IDS, jobs):
        pass


def _made(identity: str) -> None:
    """Make what the pages ask for; the result stays on disk, and none travels between processes."""
    _shown(identity).record(identity)


def _shown(identity: str) -> ModuleType:
    return reference_page if identity in reference.IDS else page
