"""Commands on paths of a bpf file system: pin an object, open a pin, remove it."""

from __future__ import annotations

import os
from errno import EINVAL, ENOENT, EPERM

from ebpfasm.errors import KernelError
from ebpfasm.kernel import commands as c
from ebpfasm.kernel import refusal
from ebpfasm.kernel._ffi import ffi
from ebpfasm.kernel.attr import address
from ebpfasm.kernel.syscall import bpf

# Up to file_flags: path_fd came with Linux 6.5, and CHECK_ATTR of older kernels ends before it anyway.
_SIZE = ffi.offsetof("struct bpf_attr_obj", "path_fd")


def obj_pin(fd: int, path: str) -> None:
    """BPF_OBJ_PIN: keep the map, program or link ``fd`` alive under ``path``, which must be on a bpf file system.

    Raises ``KeyExists`` when there is something under that path, ``KernelError`` when it is not on a bpf file
    system (the message says how to mount one) or its name has a dot in it.
    """
    _with_path(c.BPF_OBJ_PIN, path, fd, 0)


def obj_get(path: str, file_flags: int = 0) -> int:
    """BPF_OBJ_GET: return a new fd of what is pinned under ``path``; ``info.kind`` tells what that is.

    ``file_flags`` may be BPF_F_RDONLY or BPF_F_WRONLY, for a map. Raises ``KernelError`` when nothing is pinned
    there or the path is not on a bpf file system.
    """
    return _with_path(c.BPF_OBJ_GET, path, 0, file_flags)


def unpin(path: str) -> None:
    """Remove the pin ``path``; raises ``KernelError`` when there is none, or it is no pin but a common file."""
    if not on_bpf_file_system(path):
        raise _not_bpf_file_system("unlink", EINVAL, path)
    try:
        os.unlink(path)
    except OSError as error:
        number = error.errno or 0
        raise KernelError(number, f"unlink {path}: {refusal.reason(number)}", command="unlink") from error


def on_bpf_file_system(path: str) -> bool:
    """Whether the directory of ``path`` is on a mounted bpf file system; False also where it is not there."""
    try:
        device = os.stat(os.path.dirname(os.path.abspath(path))).st_dev
        with open("/proc/self/mountinfo") as mounts:
            lines = mounts.read().splitlines()
    except OSError:
        return False
    # man 5 proc: the third field is major:minor of st_dev; the type follows a lone hyphen.
    wanted = f"{os.major(device)}:{os.minor(device)}"
    return any(line.split()[2] == wanted and line.partition(" - ")[2].startswith("bpf ") for line in lines)


def file_systems() -> list[str]:
    """Where bpf file systems are mounted, each once, however often it is mounted; none where /proc does not tell."""
    import re

    try:
        with open("/proc/self/mountinfo") as mounts:
            lines = mounts.read().splitlines()
    except OSError:
        return []
    found: dict[str, str] = {}
    for line in lines:
        before, _, after = line.partition(" - ")
        if after.startswith("bpf "):
            device, _, where = before.split()[2:5]
            # man 5 proc: blanks and backslashes of a path are written as three octal digits
            found.setdefault(device, re.sub(r"\\([0-7]{3})", lambda digits: chr(int(digits[1], 8)), where))
    return list(found.values())


def _with_path(command: int, path: str, fd: int, file_flags: int) -> int:
    attr = ffi.new("struct bpf_attr_obj *")
    pathname = ffi.new("char[]", os.fsencode(path))
    attr.pathname, attr.bpf_fd, attr.file_flags = address(pathname), fd, file_flags
    try:
        return bpf(command, attr, _SIZE, path)
    except KernelError as error:
        number = error.errno or 0
        name = c.NAMES[command]
        if not on_bpf_file_system(path):
            raise _not_bpf_file_system(name, number, path) from None
        if command == c.BPF_OBJ_GET and number == ENOENT:
            raise KernelError(number, f"{name} {path}: nothing is pinned there", command=name) from None
        if command == c.BPF_OBJ_PIN and number == EPERM and "." in os.path.basename(path):
            # bpf_lookup() in kernel/bpf/inode.c keeps such names for itself
            message = f"{name} {path}: the name of a pin cannot have a dot in it"
            raise KernelError(number, message, command=name) from None
        raise


def _not_bpf_file_system(command: str, number: int, path: str) -> KernelError:
    directory = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(directory):
        return KernelError(ENOENT, f"{command} {path}: there is no directory {directory}", command=command)
    message = (
        f"{command} {path}: {directory} is not on a bpf file system; "
        "mount one there, or under /sys/fs/bpf: mount -t bpf bpf /sys/fs/bpf"
    )
    return KernelError(number, message, command=command)
