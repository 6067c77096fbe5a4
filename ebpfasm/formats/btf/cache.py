"""The index of a kernel's BTF on disk, so that the next process does not have to make it.

A file is used only if it says it is for that very kernel, its checksum is right, and it belongs to this user and nobody
else may write it; any other is made anew. Nothing fails for want of a cache.
"""

from __future__ import annotations

import os
import sys
from zlib import crc32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.formats.btf.header import Words

__all__ = ["directory", "key_of", "load", "store"]

FORMAT = b"ebpfasm BTF index 1\n"


def directory() -> str:
    """Return where caches of this library are: below ``$XDG_CACHE_HOME`` or ``~/.cache``."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(home):  # the XDG base directory specification has relative ones ignored
        home = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(home, "ebpfasm")


def key_of(path: str, size: int) -> bytes:
    """Return what tells the BTF at ``path`` from any other kernel's: the notes, with the build id, and the version."""
    system = os.uname()
    notes = b""
    name = os.path.basename(path)
    for file in ("/sys/kernel/notes", f"/sys/module/{name}/notes/.note.gnu.build-id"):
        try:
            with open(file, "rb") as opened:
                notes += opened.read(1 << 16)
        except OSError:
            pass  # the version has the time it was built
    text = f"{path} {size} {system.release} {system.version} {system.machine} {sys.byteorder} {notes.hex()}\n"
    return text.encode("utf-8", "surrogateescape")


def load(key: bytes, name: str) -> tuple[memoryview, memoryview] | None:
    """Return positions and names of an index, or None if there is none to be used."""
    try:
        with open(_path(key, name), "rb") as opened:
            status = os.fstat(opened.fileno())
            if status.st_uid != os.geteuid() or status.st_mode & 0o022:
                return None
            head = FORMAT + key
            if opened.read(len(head)) != head:
                return None
            checksum = opened.read(4)
            content = opened.read()
    except OSError:
        return None
    if len(content) % 8 or crc32(content).to_bytes(4, sys.byteorder) != checksum:
        return None
    columns = memoryview(content).cast("I")
    half = len(columns) // 2
    return columns[:half], columns[half:]


def store(key: bytes, name: str, positions: Words, names: Words) -> None:
    """Write an index for `load`; others see it whole or not at all. What stands in the way is no error."""
    path = _path(key, name)
    temporary = f"{path}.{os.getpid()}"
    content = positions.tobytes() + names.tobytes()
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError:
        return
    try:
        with open(descriptor, "wb") as opened:
            opened.write(FORMAT + key + crc32(content).to_bytes(4, sys.byteorder))
            opened.write(content)
        os.replace(temporary, path)
    except OSError:
        try:
            os.unlink(temporary)
        except OSError:
            pass


def _path(key: bytes, name: str) -> str:
    return os.path.join(directory(), f"btf-{name}-{crc32(key):08x}")
