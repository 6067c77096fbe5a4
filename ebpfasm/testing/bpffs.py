"""A BPF file system for one test."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["mounted"]


@contextmanager
def mounted(path: Path) -> Iterator[tuple[Path, str]]:
    """Mount one at a new directory; give its path, and why it could not be done, or ""; unmounted at the end."""
    path.mkdir()
    try:
        done = subprocess.run(["mount", "-t", "bpf", "bpf", path], capture_output=True, text=True, check=False)
        why_not = f"a BPF file system cannot be mounted: {done.stderr.strip()}" if done.returncode else ""
    except FileNotFoundError:
        why_not = "a BPF file system cannot be mounted: there is no command mount"
    try:
        yield path, why_not
    finally:
        if not why_not:
            subprocess.run(["umount", "-l", path], check=True)
