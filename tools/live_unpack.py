"""The live page's archives into Pyodide's file system.  A module of the standard library that the page ships."""

from __future__ import annotations

import io
import site
import sys
import zipfile
from pathlib import Path
from typing import Any, Protocol

__all__ = ["unpack"]


class _Bytes(Protocol):
    """A Uint8Array of JavaScript, as Pyodide hands it over."""

    def to_py(self) -> Any: ...


def unpack(libraries: _Bytes, engine: _Bytes) -> None:
    """Make both importable: the libraries as one archive, the engine as files, since it reads some of its own."""
    from compression import zstd

    home = Path(site.getsitepackages()[0])
    (home / "libraries.zip").write_bytes(zstd.decompress(libraries.to_py()))
    sys.path.append(str(home / "libraries.zip"))
    with zipfile.ZipFile(io.BytesIO(zstd.decompress(engine.to_py()))) as files:
        files.extractall(home)
