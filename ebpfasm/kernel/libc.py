"""The calls of libc that put threads into namespaces and mounts into directories.

By their names in libc, like bpf(2) itself: the standard library has ``setns`` and ``unshare`` from Python 3.12 only
and the mounts not at all.
"""

from __future__ import annotations

import os

from ebpfasm.kernel._ffi import ffi

CLONE_NEWNET = 0x40000000  # linux/sched.h
MS_BIND, MS_REC, MS_SHARED = 0x1000, 0x4000, 0x100000  # linux/mount.h
MNT_DETACH = 2  # linux/fs.h


def setns(fd: int, kind: int) -> None:
    """Move the calling thread, for good, into the namespace behind ``fd``; raises OSError, as all here."""
    _call("setns", fd, kind)


def unshare(kind: int) -> None:
    """Move the calling thread, for good, into a new namespace."""
    _call("unshare", kind)


def mount(source: str, target: str, flags: int) -> None:
    """Bind ``source`` at ``target``, or change the propagation of the mount there."""
    _call("mount", os.fsencode(source), os.fsencode(target), b"none", flags, ffi.NULL)


def unmount(target: str) -> None:
    """Take the topmost mount off ``target``, also while it is in use."""
    _call("umount2", os.fsencode(target), MNT_DETACH)


def _call(function: str, *args: object) -> None:
    if getattr(ffi.dlopen(None), function)(*args) != 0:
        number = ffi.errno
        raise OSError(number, os.strerror(number))
