"""Flags for attaching a program among others; written by hand, for the kernel has them as macros, not in BTF."""

from __future__ import annotations

from enum import IntFlag


class AttachFlag(IntFlag):
    """Where to attach among other programs: ``BPF_F_*`` of ``<linux/bpf.h>``, Linux 6.6 (tcx, netkit).

    BEFORE and AFTER alone mean first and last; with a relative program or link, next to that. ID says that the
    relative is an id and not a file descriptor, LINK that it is a link and not a program.
    """

    REPLACE = 1 << 2
    BEFORE = 1 << 3
    AFTER = 1 << 4
    ID = 1 << 5
    LINK = 1 << 13
