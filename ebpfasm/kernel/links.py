"""Commands on links: attach a program, exchange it, detach it, and list what is attached."""

from __future__ import annotations

from errno import EINVAL, ENODEV, ENOSPC

from ebpfasm.errors import KernelError, NotSupported
from ebpfasm.kernel import commands as c
from ebpfasm.kernel._ffi import ffi
from ebpfasm.kernel.attr import address, fill
from ebpfasm.kernel.syscall import bpf

_CREATE = ffi.sizeof("struct bpf_attr_link_create")
_UPDATE = ffi.sizeof("struct bpf_attr_link_update")
_DETACH = ffi.sizeof("struct bpf_attr_link_detach")
_QUERY = ffi.sizeof("struct bpf_attr_query")

_BPF_F_REPLACE = 1 << 2
_TCX = (46, 47)  # BPF_TCX_INGRESS, BPF_TCX_EGRESS
_NETKIT = (54, 55)  # BPF_NETKIT_PRIMARY, BPF_NETKIT_PEER
_SINCE = {
    **dict.fromkeys(_TCX, ("tcx", "6.6")),  # commit e420bed02507 ("bpf: Add fd-based tcx multi-prog infra …")
    **dict.fromkeys(_NETKIT, ("netkit", "6.7")),  # commit 35dfaad7188c ("netkit, bpf: Add bpf programmable net device")
}

_QUERY_FIRST = 64  # BPF_MPROG_MAX: all that one tcx hook can hold
_QUERY_ATTEMPTS = 8


def link_create(
    prog_fd: int, target: int, attach_type: int, flags: int = 0, relative: int = 0, expected_revision: int = 0
) -> int:
    """BPF_LINK_CREATE: attach a program and return the link's fd; closing the last one detaches.

    ``target`` is an ifindex of the calling thread's network namespace (tcx, netkit, xdp) or an fd (cgroup,
    network namespace). For tcx and netkit, ``flags`` (``ebpfasm.uapi.AttachFlag``) place the program before or
    after ``relative``: the fd of a program or, with LINK, of a link, or with ID the id of one; and
    ``expected_revision``, unless 0, is what :func:`prog_query` told.

    Raises ``AlreadyAttached`` where the program is attached already, ``NotSupported`` on a kernel without
    tcx, ``KernelError`` for a missing interface and other refusals.
    """
    attr = ffi.new("struct bpf_attr_link_create *")
    members = {"prog_fd": prog_fd, "target_fd": target, "attach_type": attach_type, "flags": flags}
    fill(attr, members, "BPF_LINK_CREATE")
    fill(attr.tcx, {"relative_fd": relative, "expected_revision": expected_revision}, "BPF_LINK_CREATE")
    try:
        return bpf(c.BPF_LINK_CREATE, attr, _CREATE, f"(attach type {attach_type}, target {target})")
    except KernelError as error:
        if error.errno == EINVAL and attach_type in _SINCE and not _has(attach_type):
            raise _lacking("BPF_LINK_CREATE", attach_type) from error
        raise


def link_update(link_fd: int, new_prog_fd: int, old_prog_fd: int | None = None) -> None:
    """BPF_LINK_UPDATE: put another program, of the same type, in the place of the link's; atomic.

    With ``old_prog_fd`` only if that is the program now; else raises ``KernelError`` (EPERM). Raises
    ``KernelError`` (ENOLINK) when the device is gone.
    """
    attr = ffi.new("struct bpf_attr_link_update *")
    members = {"link_fd": link_fd, "new_prog_fd": new_prog_fd}
    if old_prog_fd is not None:
        members |= {"old_prog_fd": old_prog_fd, "flags": _BPF_F_REPLACE}
    fill(attr, members, "BPF_LINK_UPDATE")
    bpf(c.BPF_LINK_UPDATE, attr, _UPDATE)


def link_detach(link_fd: int) -> None:
    """BPF_LINK_DETACH: detach the program for good; the link stays, attached to nothing."""
    attr = ffi.new("struct bpf_attr_link_detach *")
    fill(attr, {"link_fd": link_fd}, "BPF_LINK_DETACH")
    bpf(c.BPF_LINK_DETACH, attr, _DETACH)


class Attached:
    """What is attached to a hook, in the order it runs.

    ``prog_ids`` and ``link_ids`` go together; a link id is 0 for a program attached without a link. ``revision``
    changes with everything attached and detached.
    """

    __slots__ = ("link_ids", "prog_ids", "revision")

    def __init__(self, prog_ids: tuple[int, ...], link_ids: tuple[int, ...], revision: int) -> None:
        """Hold what one command answered."""
        self.prog_ids = prog_ids
        self.link_ids = link_ids
        self.revision = revision


def prog_query(target: int, attach_type: int) -> Attached:
    """BPF_PROG_QUERY: return what is attached to a tcx or netkit hook of the interface ``target``.

    ``target`` is an ifindex of the calling thread's network namespace. Raises ``NotSupported`` on a kernel
    without tcx, ``KernelError`` for a missing interface.
    """
    count = _QUERY_FIRST
    for attempt in range(_QUERY_ATTEMPTS):
        attr = ffi.new("struct bpf_attr_query *")
        programs, links = ffi.new("uint32_t[]", count), ffi.new("uint32_t[]", count)
        fill(attr, {"target_ifindex": target, "attach_type": attach_type, "count": count}, "BPF_PROG_QUERY")
        attr.prog_ids, attr.link_ids = address(programs), address(links)
        try:
            bpf(c.BPF_PROG_QUERY, attr, _QUERY, f"(attach type {attach_type}, target {target})")
            break
        except KernelError as error:
            if error.errno == EINVAL and attach_type in _SINCE:
                raise _lacking("BPF_PROG_QUERY", attach_type) from error
            if error.errno != ENOSPC or attempt == _QUERY_ATTEMPTS - 1:
                raise
        count = max(count * 2, attr.count)
    found = range(attr.count)
    return Attached(tuple(programs[at] for at in found), tuple(links[at] for at in found), attr.revision)


def has_tcx() -> bool:
    """Whether this kernel has tcx."""
    return _has(_TCX[0])


def _has(attach_type: int) -> bool:
    """Whether this kernel has such hooks: it then looks for the interface first, and there never is a number 0."""
    try:
        prog_query(0, attach_type)
    except KernelError as error:
        return error.errno == ENODEV
    return True


def _lacking(command: str, attach_type: int) -> NotSupported:
    feature, since = _SINCE[attach_type]
    message = f"{command}: this kernel has no {feature}; Linux {since} or later is needed"
    return NotSupported(EINVAL, message, command=command, feature=feature, since=since)
