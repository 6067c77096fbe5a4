"""What the kernel tells about a map, a program or a link, by its file descriptor."""

from __future__ import annotations

import os
from errno import EINVAL

from ebpfasm.errors import KernelError
from ebpfasm.kernel import commands as c
from ebpfasm.kernel._ffi import ffi
from ebpfasm.kernel.attr import address
from ebpfasm.kernel.syscall import bpf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SIZE = ffi.sizeof("struct bpf_attr_info")
_ATTEMPTS = 4  # maps can be bound to a program while we ask which it has

# What /proc/self/fd shows for each (anon_inode_getfd() in kernel/bpf/syscall.c). The command itself answers
# for any of the three, in whatever struct that kind has.
_KINDS = {
    "anon_inode:bpf-map": "map",
    "anon_inode:bpf-prog": "program",
    "anon_inode:bpf-link": "link",
    "anon_inode:bpf_link": "link",  # as some versions spell it
}


class _Info:
    """Members of a kernel struct by the kernel's names; those this kernel does not know are 0 or empty."""

    __slots__: tuple[str, ...] = ()

    def __init__(self, members: dict[str, Any]) -> None:
        for name in self.__slots__:
            setattr(self, name, members[name])

    def __repr__(self) -> str:
        """Return all members as keyword arguments."""
        members = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"{type(self).__name__}({members})"


class MapInfo(_Info):
    """Members of ``struct bpf_map_info``; sizes in bytes."""

    __slots__ = (
        "btf_id",
        "id",
        "ifindex",
        "key_size",
        "map_extra",
        "map_flags",
        "max_entries",
        "name",
        "type",
        "value_size",
    )

    type: int
    id: int
    key_size: int
    value_size: int
    max_entries: int
    map_flags: int
    name: str
    ifindex: int
    btf_id: int
    map_extra: int


class ProgramInfo(_Info):
    """Members of ``struct bpf_prog_info``; lengths in bytes, ``load_time`` in ns since boot, ``tag`` of 8 bytes."""

    __slots__ = (
        "btf_id",
        "created_by_uid",
        "gpl_compatible",
        "id",
        "ifindex",
        "jited_prog_len",
        "load_time",
        "map_ids",
        "name",
        "run_cnt",
        "run_time_ns",
        "tag",
        "type",
        "verified_insns",
        "xlated_prog_len",
    )

    type: int
    id: int
    tag: bytes
    jited_prog_len: int
    xlated_prog_len: int
    load_time: int
    created_by_uid: int
    map_ids: tuple[int, ...]
    name: str
    ifindex: int
    gpl_compatible: int
    btf_id: int
    run_time_ns: int
    run_cnt: int
    verified_insns: int


class LinkInfo(_Info):
    """Members of ``struct bpf_link_info``; of its union, those that the link's type has.

    ``ifindex`` (tcx, netkit, xdp) is an interface of the network namespace it is in, and 0 once it is gone;
    ``netns_ino`` is for links on a network namespace, ``cgroup_id`` for those on a cgroup.
    """

    __slots__ = ("attach_type", "cgroup_id", "id", "ifindex", "netns_ino", "prog_id", "type")

    type: int
    id: int
    prog_id: int
    ifindex: int
    attach_type: int
    netns_ino: int
    cgroup_id: int


# enum bpf_link_type: member of the union, and its members
_LINK_MEMBERS = {
    3: ("cgroup", ("cgroup_id", "attach_type")),
    5: ("netns", ("netns_ino", "attach_type")),
    6: ("xdp", ("ifindex",)),
    11: ("tcx", ("ifindex", "attach_type")),
    13: ("netkit", ("ifindex", "attach_type")),
}


def map_info(map_fd: int) -> MapInfo:
    """BPF_OBJ_GET_INFO_BY_FD of a map; raises ``KernelError`` if the fd is something else."""
    info = ffi.new("struct bpf_map_info *")
    _ask(map_fd, "map", info)
    return MapInfo(_members(info, MapInfo.__slots__))


def prog_info(prog_fd: int) -> ProgramInfo:
    """BPF_OBJ_GET_INFO_BY_FD of a program, with the ids of its maps; raises ``KernelError`` for another fd."""
    count = 0
    for _ in range(_ATTEMPTS):
        info = ffi.new("struct bpf_prog_info *")
        ids = ffi.new("uint32_t[]", max(count, 1))
        info.nr_map_ids, info.map_ids = count, address(ids) if count else 0
        _ask(prog_fd, "program", info)
        if info.nr_map_ids <= count:
            break
        count = info.nr_map_ids
    names = [name for name in ProgramInfo.__slots__ if name != "map_ids"]
    members = _members(info, names)
    members["map_ids"] = tuple(ids[at] for at in range(min(count, info.nr_map_ids)))
    return ProgramInfo(members)


def prog_xlated(prog_fd: int) -> bytes:
    """Return the program's instructions as the kernel rewrote them, empty where it does not show them.

    It shows them with CAP_BPF and, where JIT hardening blinds constants, only to those who may see
    kernel addresses.
    """
    info = ffi.new("struct bpf_prog_info *")
    _ask(prog_fd, "program", info)
    length = info.xlated_prog_len
    insns = ffi.new("char[]", max(length, 1))
    info = ffi.new("struct bpf_prog_info *")
    info.xlated_prog_len, info.xlated_prog_insns = length, address(insns)
    _ask(prog_fd, "program", info)
    return bytes(ffi.buffer(insns, min(length, info.xlated_prog_len))) if info.xlated_prog_insns else b""


def link_info(link_fd: int) -> LinkInfo:
    """BPF_OBJ_GET_INFO_BY_FD of a link; raises ``KernelError`` if the fd is something else."""
    info = ffi.new("struct bpf_link_info *")
    _ask(link_fd, "link", info)
    members = dict.fromkeys(LinkInfo.__slots__, 0)
    members |= _members(info, ("type", "id", "prog_id"))
    if info.type in _LINK_MEMBERS:
        member, names = _LINK_MEMBERS[info.type]
        members |= _members(getattr(info, member), names)
    return LinkInfo(members)


def kind(fd: int) -> str:
    """Return ``"map"``, ``"program"`` or ``"link"``, or what else ``fd`` is; empty where /proc does not tell."""
    try:
        target = os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        return ""
    return _KINDS.get(target, target)


def _ask(fd: int, wanted: str, info: Any) -> None:
    """Fill ``info`` from ``fd``, which must be a ``wanted``."""
    found = kind(fd)
    if found not in {"", wanted}:
        message = f"BPF_OBJ_GET_INFO_BY_FD: file descriptor {fd} is not a {wanted} but {found}"
        raise KernelError(EINVAL, message, command="BPF_OBJ_GET_INFO_BY_FD")
    attr = ffi.new("struct bpf_attr_info *")
    attr.bpf_fd, attr.info_len, attr.info = fd, ffi.sizeof(info[0]), address(info)
    bpf(c.BPF_OBJ_GET_INFO_BY_FD, attr, _SIZE, f"of file descriptor {fd}")


def _members(struct: Any, names: list[str] | tuple[str, ...]) -> dict[str, Any]:
    """Return members of a struct as Python values: numbers, text for names, bytes for tags."""
    members: dict[str, Any] = {}
    for name in names:
        value = getattr(struct, name)
        if name == "name":
            value = ffi.string(value).decode(errors="replace")
        elif name == "tag":
            value = bytes(value)
        members[name] = value
    return members
