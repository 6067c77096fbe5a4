"""Where the lab keeps what it has downloaded: outside the tree, so that every checkout shares it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["cache", "locked"]


def cache() -> Path:
    """Return the directory, made if need be: ``$XDG_CACHE_HOME/ebpfasm/lab``."""
    path = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "ebpfasm", "lab")
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def locked() -> Iterator[Path]:
    """Give the directory to one process at a time: those that want the same kernel find it, or wait for it."""
    path = cache()
    with open(path / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield path
