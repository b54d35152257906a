"""What JAX and PyTorch say, which a build does not have: `python -m gradproof.trials.oracles FILE` writes it into a file.

Each library has its part of the file, with its version and the day; those that are not installed keep theirs.
`nox -s oracles -- --write` runs it.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gradproof import reference, sources
from gradproof.trials.gathering import derivations
from gradproof.workers import Missing, by_processes

__all__ = ["Oracle", "oracles", "written"]

BESIDE = ("numpy", "sympy", "mpmath")  # packages whose versions are named too

Data = dict[str, Any]


@dataclass(frozen=True)
class Oracle:
    """What one library said: of each gradient, by the digest of its formulas."""

    kind: str
    made: str
    versions: dict[str, str]
    trials: dict[str, Data]


def oracles(path: str | Path) -> list[Oracle]:
    """The parts of a file."""
    found = json.loads(Path(path).read_text("utf-8"))
    return [
        Oracle(part["kind"], part["made"], part["versions"], {t["digest"]: t for t in part["gradients"]})
        for part in found.values()
    ]


def written(path: Path, identities: Sequence[str] = (*sources.IDS, *reference.IDS), processes: int = 2) -> list[str]:
    """Write what the installed libraries say; returns their names."""
    from gradproof.checks.autodiff import LIBRARIES

    found = json.loads(path.read_text("utf-8")) if path.exists() else {}
    installed = [name for name in LIBRARIES if find_spec(name)]
    for name in installed:
        parts = list(by_processes(_Tried(name), identities, processes))
        failed = [f"{i}: {part.reason}" for i, part in zip(identities, parts, strict=True) if isinstance(part, Missing)]
        if failed:
            raise RuntimeError("; ".join(failed))
        found[name] = {
            "kind": f"autodiff by {LIBRARIES[name].name}",
            "made": dt.datetime.now(dt.UTC).date().isoformat(),
            "versions": {package: version(package) for package in (name, *BESIDE)},
            "gradients": [one for part in parts for one in part],
        }
    path.write_text(json.dumps(dict(sorted(found.items())), ensure_ascii=False, indent=0) + "\n", "utf-8")
    return installed


@dataclass(frozen=True)
class _Tried:
    """The trial of one library, by the id of a claim or an entry."""

    library: str

    def __call__(self, identity: str) -> list[Data]:
        from gradproof.trials.checkers import ORACLES
        from gradproof.trials.trial import tried

        found = [tried(d, [ORACLES[self.library]], f"{identity} {n}") for n, d in enumerate(derivations(identity))]
        return [{"id": identity, "digest": one["digest"], **one["kinds"].popitem()[1]} for one in found]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m gradproof.trials.oracles docs/data/oracles.json")
    print("written:", ", ".join(written(Path(sys.argv[1]))) or "nothing, neither JAX nor PyTorch is installed")
