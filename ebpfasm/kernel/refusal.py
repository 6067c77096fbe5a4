"""What a refusing kernel means: errno to exception class and message."""

from __future__ import annotations

import errno
import os

from ebpfasm.errors import AlreadyAttached, KernelError, KeyExists, KeyNotFound, NotSupported, PermissionDenied
from ebpfasm.kernel import commands as c
from ebpfasm.kernel import machine

ENOTSUPP = 524  # include/linux/errno.h: for the kernel's own use, yet bpf(2) returns it

# An entry of a (command, errno) wins over one of the errno alone; what is in neither is a KernelError.
EXCEPTIONS: dict[int | tuple[int, int], type[KernelError]] = {
    errno.EPERM: PermissionDenied,
    errno.EACCES: PermissionDenied,
    errno.ENOSYS: NotSupported,
    errno.EOPNOTSUPP: NotSupported,
    ENOTSUPP: NotSupported,
    errno.EEXIST: KeyExists,
    (c.BPF_MAP_LOOKUP_ELEM, errno.ENOENT): KeyNotFound,
    (c.BPF_MAP_UPDATE_ELEM, errno.ENOENT): KeyNotFound,
    (c.BPF_MAP_DELETE_ELEM, errno.ENOENT): KeyNotFound,
    (c.BPF_MAP_DELETE_ELEM, errno.E2BIG): KeyNotFound,
    (c.BPF_MAP_GET_NEXT_KEY, errno.ENOENT): KeyNotFound,
    (c.BPF_MAP_LOOKUP_AND_DELETE_ELEM, errno.ENOENT): KeyNotFound,
    (c.BPF_MAP_DELETE_BATCH, errno.ENOENT): KeyNotFound,
    (c.BPF_LINK_CREATE, errno.EEXIST): AlreadyAttached,
    # Not a missing privilege: bpf_link_update() of most links, tcx_link_update() among them, when the
    # program to be replaced is another one.
    (c.BPF_LINK_UPDATE, errno.EPERM): KernelError,
}

_NOT_OPEN = "the number is no open file descriptor"
_FROZEN = "the map is frozen, or its file descriptor is not open for this"

# What the kernel most likely means, where the errno alone does not say it.
HINTS = {
    (c.BPF_MAP_CREATE, errno.EINVAL): (
        "the map type does not go with these sizes, number of entries or flags, or this kernel does not know them "
        "(a program array wants 4-byte keys and values; an array wants 4-byte keys)"
    ),
    (c.BPF_MAP_CREATE, errno.E2BIG): "the map would be too large, or this kernel does not know one of the fields given",
    (c.BPF_MAP_CREATE, errno.ENOMEM): "no memory for a map of this size",
    (c.BPF_MAP_LOOKUP_ELEM, errno.EINVAL): "the file descriptor is not a map, or this map type cannot do it so",
    (c.BPF_MAP_UPDATE_ELEM, errno.EINVAL): (
        "the file descriptor is not a map, the flags do not fit its type, or the value is not what the map holds "
        "(a program array takes programs of the type and expected attach type of its first user)"
    ),
    (c.BPF_MAP_UPDATE_ELEM, errno.E2BIG): "the index is beyond the map's last entry, or the map is full",
    (c.BPF_MAP_UPDATE_ELEM, errno.EBADF): (
        "the map's number, or the value where the map holds programs or maps, is no open file descriptor of that kind"
    ),
    (c.BPF_MAP_UPDATE_ELEM, errno.EEXIST): "the map has an entry under that key",
    (c.BPF_MAP_UPDATE_ELEM, errno.ENOENT): "the map has no entry under that key",
    (c.BPF_MAP_LOOKUP_ELEM, errno.ENOENT): "the map has no entry under that key",
    (c.BPF_MAP_DELETE_ELEM, errno.ENOENT): "the map has no entry under that key",
    (c.BPF_MAP_DELETE_ELEM, errno.E2BIG): "the index is beyond the map's last entry",
    (c.BPF_MAP_DELETE_ELEM, errno.EINVAL): (
        "the file descriptor is not a map, or entries of this map type cannot be deleted (those of an array cannot)"
    ),
    (c.BPF_MAP_LOOKUP_AND_DELETE_ELEM, errno.ENOENT): "the map has no entry under that key",
    (c.BPF_MAP_DELETE_BATCH, errno.ENOENT): "the map has no entry under one of the keys",
    (c.BPF_MAP_FREEZE, errno.EBUSY): "the map is frozen already, or mapped writable into memory",
    (c.BPF_PROG_LOAD, errno.EINVAL): (
        "the program type does not go with this attach type or these flags, or this kernel does not know them"
    ),
    (c.BPF_PROG_LOAD, errno.E2BIG): (
        "the program has no or too many instructions, or this kernel does not know one of the fields given"
    ),
    (c.BPF_PROG_TEST_RUN, errno.EINVAL): (
        "the data is too short for this program type (a packet needs at least an Ethernet header of 14 bytes), "
        "or the context has a field set that cannot be given"
    ),
    (c.BPF_PROG_TEST_RUN, errno.E2BIG): "the context is longer than that of this program type",
    (c.BPF_PROG_TEST_RUN, ENOTSUPP): "programs of this type cannot be run by hand",
    (c.BPF_OBJ_GET_INFO_BY_FD, errno.EINVAL): "the file descriptor is not a map, program or link",
    (c.BPF_MAP_GET_FD_BY_ID, errno.ENOENT): "there is no map with that id",
    (c.BPF_PROG_GET_FD_BY_ID, errno.ENOENT): "there is no program with that id",
    (c.BPF_LINK_GET_FD_BY_ID, errno.ENOENT): "there is no link with that id",
    (c.BPF_LINK_CREATE, errno.ENODEV): "there is no such interface in the calling thread's network namespace",
    (c.BPF_LINK_CREATE, errno.EEXIST): "this program is attached there already",
    (c.BPF_LINK_CREATE, errno.EINVAL): (
        "the program type does not go with this attach type, the flags contradict each other, "
        "or this kernel does not know the attach type"
    ),
    (c.BPF_LINK_CREATE, errno.ESTALE): "what is attached has changed since the expected revision",
    (c.BPF_LINK_CREATE, errno.ENOENT): "the program or link to attach before or after is not attached there",
    (c.BPF_LINK_CREATE, errno.ERANGE): "no more programs can be attached there",
    (c.BPF_LINK_UPDATE, errno.ENOLINK): "what the link was attached to is gone",
    (c.BPF_LINK_UPDATE, errno.EPERM): "the link runs another program than the one to be replaced",
    (c.BPF_LINK_UPDATE, errno.EINVAL): "the file descriptor is not a link, or the program is not of the link's type",
    (c.BPF_PROG_QUERY, errno.ENODEV): "there is no such interface in the calling thread's network namespace",
    (c.BPF_PROG_QUERY, errno.EINVAL): "this kernel cannot list programs of that attach type",
    (c.BPF_LINK_DETACH, errno.EOPNOTSUPP): "links of this kind can only be closed",
    (c.BPF_OBJ_PIN, errno.EEXIST): (
        "there is something under that path; if it is the pin of a process that has ended, remove it with rm"
    ),
    errno.EBADF: _NOT_OPEN,
    errno.EBADFD: _NOT_OPEN,
    errno.ENOSYS: "the kernel was built without CONFIG_BPF_SYSCALL, or a seccomp filter hides bpf(2)",
    (c.BPF_MAP_LOOKUP_ELEM, errno.EPERM): _FROZEN,
    (c.BPF_MAP_UPDATE_ELEM, errno.EPERM): _FROZEN,
    (c.BPF_MAP_DELETE_ELEM, errno.EPERM): _FROZEN,
    (c.BPF_MAP_GET_NEXT_KEY, errno.EPERM): _FROZEN,
    (c.BPF_MAP_LOOKUP_AND_DELETE_ELEM, errno.EPERM): _FROZEN,
    (c.BPF_MAP_LOOKUP_BATCH, errno.EPERM): _FROZEN,
    (c.BPF_MAP_LOOKUP_AND_DELETE_BATCH, errno.EPERM): _FROZEN,
    (c.BPF_MAP_UPDATE_BATCH, errno.EPERM): _FROZEN,
    (c.BPF_MAP_DELETE_BATCH, errno.EPERM): _FROZEN,
    (c.BPF_MAP_FREEZE, errno.EPERM): _FROZEN,
}

# kernel/bpf/syscall.c: the checks at the head of each command. PROG_LOAD's depend on the program type and
# are given by the caller.
NEEDS = {
    c.BPF_MAP_CREATE: ("CAP_BPF",),
    c.BPF_PROG_LOAD: ("CAP_BPF",),
    c.BPF_PROG_TEST_RUN: ("CAP_BPF",),
    c.BPF_PROG_QUERY: ("CAP_NET_ADMIN",),
    c.BPF_LINK_CREATE: ("CAP_NET_ADMIN",),
    c.BPF_MAP_GET_NEXT_ID: ("CAP_SYS_ADMIN",),
    c.BPF_PROG_GET_NEXT_ID: ("CAP_SYS_ADMIN",),
    c.BPF_LINK_GET_NEXT_ID: ("CAP_SYS_ADMIN",),
    c.BPF_MAP_GET_FD_BY_ID: ("CAP_SYS_ADMIN",),
    c.BPF_PROG_GET_FD_BY_ID: ("CAP_SYS_ADMIN",),
    c.BPF_LINK_GET_FD_BY_ID: ("CAP_SYS_ADMIN",),
}


def error(command: int, number: int, about: str = "", needs: tuple[str, ...] = ()) -> KernelError:
    """Return the exception for errno ``number`` of the bpf(2) command ``command``.

    ``about`` names what the command was to work on; ``needs`` the capabilities it takes, where that depends
    on more than the command.
    """
    name = c.NAMES[command]
    start = f"{name} {about}: " if about else f"{name}: "
    since = c.SINCE.get(command, (0, 0))
    if number == errno.EINVAL and (0, 0) < machine.release() < since:
        version = f"{since[0]}.{since[1]}"
        message = f"{start}this kernel does not know the command; Linux {version} or later is needed"
        return NotSupported(number, message, command=name, feature=name, since=version)
    kind = EXCEPTIONS.get((command, number)) or EXCEPTIONS.get(number, KernelError)
    hint = HINTS.get((command, number)) or HINTS.get(number, "")
    if kind is PermissionDenied and not hint:
        hint = _missing_privilege(needs or NEEDS.get(command, ()))
    message = start + (f"{symbol(number)}: {hint}" if hint else reason(number))
    if kind is NotSupported:
        return NotSupported(number, message, command=name, feature=name)
    return kind(number, message, command=name)


def reason(number: int) -> str:
    """Return an errno as words and name, such as ``Invalid argument (EINVAL)``."""
    words = "Operation not supported" if number == ENOTSUPP else os.strerror(number)
    return f"{words} ({symbol(number)})"


def symbol(number: int) -> str:
    """Return an errno's name, such as ``EINVAL``."""
    return "ENOTSUPP" if number == ENOTSUPP else errno.errorcode.get(number, str(number))


def _missing_privilege(needs: tuple[str, ...]) -> str:
    """Return which capability is needed, and whether this process lacks it or something else is in the way."""
    if not needs:
        return "a file permission, an LSM or a seccomp filter stands in the way"
    lacking = machine.lacking(needs)
    if machine.release() < (5, 8) and lacking:
        needs = lacking = ("CAP_SYS_ADMIN",)  # CAP_BPF and CAP_PERFMON came with Linux 5.8
    if lacking:
        rest = f"this process lacks {' and '.join(lacking)}"
    else:
        rest = "this process has it, so a seccomp filter, an LSM or its user namespace stands in the way"
    return f"needs {' and '.join(needs)}; {rest}; {machine.unprivileged_bpf()}"
