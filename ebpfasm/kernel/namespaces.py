"""Every network namespace of the machine that can be reached: by a mount, a process or a descriptor of this one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from ebpfasm.errors import EbpfError, KernelError
from ebpfasm.kernel.netns import OWN, NetNS
from ebpfasm.kernel.netns_names import DIRECTORIES

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Reachable", "everywhere"]

MOUNTS = "/proc/self/mountinfo"
PROCESSES = "/proc"


class Reachable(NamedTuple):
    """A network namespace, and how it is reached."""

    device: int
    inode: int
    """With `device`, which namespace this is: `NetNS` has both."""
    path: str
    """What opens it; a process's ends with the process."""
    words: str
    """What to call it: ``"pod1"`` (a name of ip-netns(8)), a path, or whose it is: ``"process 17 (nginx)"``."""

    @property
    def named(self) -> bool:
        """Whether `words` are its name or path, and not whose it is."""
        return self.words in {self.path, os.path.basename(self.path)}

    def open(self) -> NetNS | None:
        """Open it; None if it is gone meanwhile, or may not be opened."""
        try:
            place = NetNS(self.path)
        except KernelError:
            return None
        if (place.device, place.inode) != (self.device, self.inode):  # the process entered another meanwhile
            place.close()
            return None
        return place


def everywhere() -> list[Reachable]:
    """Return each network namespace once: the calling thread's first, then those with a name, then the others.

    Found are those that a file system mounted in this mount namespace, a process of this PID namespace or a descriptor
    of this process leads to. Not found is one that nothing holds but a socket, or a descriptor or thread of another
    process.
    """
    found: dict[tuple[int, int], Reachable] = {}
    for path, words in (
        (OWN, "this process's"),
        *_mounted(),
        *((f"/proc/{pid}/ns/net", f"process {pid}{_command(pid)}") for pid in _numbers(PROCESSES)),
        *((f"/proc/self/fd/{number}", f"descriptor {number}") for number in _open_namespaces()),
    ):
        try:
            status = os.stat(path)
        except OSError:  # gone meanwhile, or a process of someone else
            continue
        identity = (status.st_dev, status.st_ino)
        if identity not in found:
            found[identity] = Reachable(*identity, path, words)
    return list(found.values())


def _mounted() -> list[tuple[str, str]]:
    """Return path and words of every mounted network namespace; those with a name first."""
    named, others = [], []
    try:
        with open(MOUNTS, encoding="utf-8", errors="surrogateescape") as lines:
            for line in lines:
                # proc(5): number, parent, device, root, mount point, …, "-", type, source, options
                before, _, after = line.partition(" - ")
                fields = before.split()
                if after.startswith("nsfs ") and fields[3].startswith("net:["):
                    path = _unescaped(fields[4])
                    directory, name = os.path.split(path)
                    if directory in DIRECTORIES:
                        named.append((path, name))
                    else:
                        others.append((path, path))
    except OSError:  # no /proc
        pass
    return sorted(named) + sorted(others)


def _unescaped(path: str) -> str:
    """Undo what the kernel does to white space and backslashes: mangle() in fs/seq_file.c."""
    for character in " \t\n\\":
        path = path.replace(f"\\{ord(character):03o}", character)
    return path


def _numbers(directory: str) -> Iterator[int]:
    try:
        yield from sorted(int(name) for name in os.listdir(directory) if name.isdigit())
    except OSError:
        return


def _command(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as comm:
            return f" ({comm.read().strip()})"
    except OSError:
        return ""


def _open_namespaces() -> Iterator[int]:
    """Give this process's descriptors of network namespaces."""
    for number in _numbers("/proc/self/fd"):
        try:
            if os.stat(number).st_dev == os.stat(OWN).st_dev:  # a namespace of some kind
                NetNS(number).close()
                yield number
        except (OSError, EbpfError):
            continue
