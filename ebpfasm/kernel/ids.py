"""Finding maps, programs and links by the ids the kernel gave them; all of it takes CAP_SYS_ADMIN."""

from __future__ import annotations

from errno import ENOENT

from ebpfasm.errors import KernelError
from ebpfasm.kernel import commands as c
from ebpfasm.kernel._ffi import ffi
from ebpfasm.kernel.attr import fill
from ebpfasm.kernel.syscall import bpf

_SIZE = ffi.sizeof("struct bpf_attr_id")


def map_fd_by_id(map_id: int, open_flags: int = 0) -> int:
    """BPF_MAP_GET_FD_BY_ID: return a new fd; ``open_flags`` may be BPF_F_RDONLY or BPF_F_WRONLY."""
    return _open(c.BPF_MAP_GET_FD_BY_ID, map_id, open_flags)


def prog_fd_by_id(prog_id: int) -> int:
    """BPF_PROG_GET_FD_BY_ID: return a new fd of the program."""
    return _open(c.BPF_PROG_GET_FD_BY_ID, prog_id, 0)


def link_fd_by_id(link_id: int) -> int:
    """BPF_LINK_GET_FD_BY_ID: return a new fd of the link."""
    return _open(c.BPF_LINK_GET_FD_BY_ID, link_id, 0)


def next_map_id(map_id: int = 0) -> int | None:
    """BPF_MAP_GET_NEXT_ID: return the lowest id above ``map_id``, or None."""
    return _next(c.BPF_MAP_GET_NEXT_ID, map_id)


def next_prog_id(prog_id: int = 0) -> int | None:
    """BPF_PROG_GET_NEXT_ID: return the lowest id above ``prog_id``, or None."""
    return _next(c.BPF_PROG_GET_NEXT_ID, prog_id)


def next_link_id(link_id: int = 0) -> int | None:
    """BPF_LINK_GET_NEXT_ID: return the lowest id above ``link_id``, or None."""
    return _next(c.BPF_LINK_GET_NEXT_ID, link_id)


def _open(command: int, identifier: int, open_flags: int) -> int:
    attr = ffi.new("struct bpf_attr_id *")
    fill(attr, {"start_id": identifier, "open_flags": open_flags}, c.NAMES[command])
    return bpf(command, attr, _SIZE, f"of id {identifier}")


def _next(command: int, identifier: int) -> int | None:
    attr = ffi.new("struct bpf_attr_id *")
    fill(attr, {"start_id": identifier}, c.NAMES[command])
    try:
        bpf(command, attr, _SIZE)
    except KernelError as error:
        if error.errno == ENOENT:
            return None
        raise
    return int(attr.next_id)
