"""Archives that the kernel unpacks at its start: cpio "newc" (Documentation/driver-api/early-userspace)."""

from __future__ import annotations

import stat
from pathlib import PurePosixPath

__all__ = ["Archive"]

MAGIC = b"070701"
TRAILER = "TRAILER!!!"


class Archive:
    """An archive in the making: directories appear before what is in them, all belongs to root."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._names: set[str] = set()

    def add_file(self, path: str, content: bytes, *, executable: bool = False) -> None:
        """Add a regular file at ``path``, which is relative to the root."""
        self._add(path, stat.S_IFREG | (0o755 if executable else 0o644), content)

    def add_directory(self, path: str) -> None:
        """Add an empty directory."""
        self._add(path, stat.S_IFDIR | 0o755, b"")

    def add_link(self, path: str, target: str) -> None:
        """Add a symbolic link."""
        self._add(path, stat.S_IFLNK | 0o777, target.encode())

    def encode(self) -> bytes:
        """Return the archive."""
        return b"".join([*self._parts, _entry(0, 0, 1, TRAILER, b"")])

    def _add(self, path: str, mode: int, content: bytes) -> None:
        name = str(PurePosixPath(path))
        if name.startswith("/") or ".." in PurePosixPath(name).parts or name == ".":
            raise ValueError(f"a path in the archive must be below its root: {path!r}")
        parent = str(PurePosixPath(name).parent)
        if parent != "." and parent not in self._names:
            self.add_directory(parent)
        if name in self._names:
            raise ValueError(f"the archive has {name!r} already")
        self._names.add(name)
        self._parts.append(_entry(len(self._names), mode, 1, name, content))


def _entry(inode: int, mode: int, links: int, name: str, content: bytes) -> bytes:
    """Return one entry: 13 numbers of 8 hexadecimal digits, name and content, each padded to 4 bytes."""
    size_of_name = len(name.encode()) + 1
    numbers = (inode, mode, 0, 0, links, 0, len(content), 0, 0, 0, 0, size_of_name, 0)
    head = MAGIC + b"".join(b"%08X" % number for number in numbers) + name.encode() + b"\0"
    return _padded(head) + _padded(content)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
