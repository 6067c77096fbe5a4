"""Which objects are pinned, and where: every bpf file system this process sees, walked."""

from __future__ import annotations

import os

from ebpfasm.errors import KernelError
from ebpfasm.kernel import info, pins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["pinned"]

INFOS: dict[str, Callable[[int], Any]] = {"map": info.map_info, "program": info.prog_info, "link": info.link_info}


def pinned() -> dict[tuple[str, int], tuple[str, ...]]:
    """The paths of pins by kind and id of what is pinned there: ``("map", 12): ("/sys/fs/bpf/pod0",)``.

    A kind is ``"map"``, ``"program"`` or ``"link"``. Bpf file systems of other mount namespaces are not seen, such as
    those that ``ip netns exec`` mounts. What may not be opened, or vanishes meanwhile, is left out.
    """
    found: dict[tuple[str, int], list[str]] = {}
    for root in pins.file_systems():
        for directory, _, names in os.walk(root):
            for name in sorted(names):
                path = os.path.join(directory, name)
                what = _what(path)
                if what is not None:
                    found.setdefault(what, []).append(path)
    return {what: tuple(sorted(paths)) for what, paths in sorted(found.items())}


def _what(path: str) -> tuple[str, int] | None:
    """Kind and id of what is pinned under a path, or None if that cannot be told."""
    if os.path.islink(path):  # another name of a pin, or a way out of the file system
        return None
    try:
        fd = pins.obj_get(path)
    except KernelError:  # it may not be opened, or was removed since it was listed
        return None
    try:
        kind = info.kind(fd)
        return (kind, INFOS[kind](fd).id) if kind in INFOS else None
    finally:
        os.close(fd)
