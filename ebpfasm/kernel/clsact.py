"""tc's clsact qdisc and the BPF filters on its two hooks, in any network namespace.

For kernels without tcx, and for who wants what the older tools see. ``index`` and ``netns`` and the errors are those
of :mod:`ebpfasm.kernel.netlink`.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, NamedTuple

from ebpfasm.errors import KernelError, KeyExists, OperandError
from ebpfasm.kernel.conversation import ask, checked_index, in_range
from ebpfasm.kernel.messages import filter_messages
from ebpfasm.kernel.netns import NetNS

if TYPE_CHECKING:
    from typing import Any

    from ebpfasm.kernel.netns import NetNSLike

__all__ = [
    "EGRESS",
    "ETH_P_ALL",
    "INGRESS",
    "Filter",
    "add_clsact",
    "add_filter",
    "count_filters",
    "delete_clsact",
    "delete_filter",
    "devices",
    "has_clsact",
    "list_filters",
    "replace_filter",
]

# The hooks, as parents of filters: TC_H_CLSACT's major number and TC_H_MIN_INGRESS or TC_H_MIN_EGRESS of
# linux/pkt_sched.h.
INGRESS = 0xFFFFFFF2
EGRESS = 0xFFFFFFF3
HOOKS = {INGRESS: "ingress", EGRESS: "egress"}

CLSACT = "clsact"
BPF = "bpf"
ETH_P_ALL = 0x0003  # linux/if_ether.h
TCA_BPF_FLAG_ACT_DIRECT = 1  # linux/pkt_cls.h


class Filter(NamedTuple):
    """A filter on a hook; what only BPF filters have is empty for others."""

    priority: int
    handle: int
    protocol: int
    """The EtherType it looks at, such as :data:`ETH_P_ALL`."""
    kind: str
    """``"bpf"``, ``"flower"`` …"""
    name: str = ""
    program_id: int | None = None
    """None for classic BPF, and before Linux 4.13."""
    tag: bytes = b""
    """The program's tag, 8 bytes."""
    direct_action: bool = False
    """Whether the program's return value is the verdict."""


def has_clsact(index: int, netns: NetNSLike = None) -> bool:
    """Return whether the interface has a clsact qdisc; False also when there is no such interface."""
    return CLSACT in ask(
        netns,
        "RTM_GETQDISC",
        f"listing the qdiscs of interface {checked_index(index)}",
        lambda route: [qdisc.get_attr("TCA_KIND") for qdisc in route.get_qdiscs() if qdisc["index"] == index],
    )


def devices(netns: NetNSLike = None) -> set[int]:
    """Return the indexes of the interfaces of a namespace that have a clsact qdisc."""
    return ask(
        netns,
        "RTM_GETQDISC",
        "listing the qdiscs",
        lambda route: {qdisc["index"] for qdisc in route.get_qdiscs() if qdisc.get_attr("TCA_KIND") == CLSACT},
    )


def add_clsact(index: int, netns: NetNSLike = None) -> bool:
    """Give an interface a clsact qdisc; return True if this call made it, False if it was there.

    Raises :class:`~ebpfasm.errors.KeyExists` where an ingress qdisc stands in its place, and
    :class:`~ebpfasm.errors.NotSupported` where the kernel has no clsact.
    """
    with NetNS(netns) as place:
        doing = f"adding clsact to interface {checked_index(index)}"
        try:
            ask(netns, "RTM_NEWQDISC", doing, lambda route: route.tc("add", CLSACT, index))
        except KeyExists as error:
            if has_clsact(index, netns):
                return False
            raise KeyExists(
                errno.EEXIST,
                f"{doing} in {place}: it has an ingress qdisc, which takes the same place and must go first",
                command="RTM_NEWQDISC",
            ) from error
        return True


def delete_clsact(index: int, netns: NetNSLike = None) -> None:
    """Take the clsact qdisc off an interface, with all filters on it: look at :func:`count_filters` first.

    Raises :class:`~ebpfasm.errors.KernelError` (ENOENT) when it has none.
    """
    doing = f"deleting clsact of interface {checked_index(index)}"
    with NetNS(netns) as place:
        try:
            ask(netns, "RTM_DELQDISC", doing, lambda route: route.tc("del", CLSACT, index))
        except KernelError as error:
            # Where there was one before, tc_get_qdisc() finds an empty place instead of none, and calls that EINVAL.
            if error.errno not in {errno.ENOENT, errno.EINVAL} or has_clsact(index, netns):
                raise
            raise KernelError(errno.ENOENT, f"{doing} in {place}: it has none", command="RTM_DELQDISC") from None


def add_filter(
    index: int,
    hook: int,
    program_fd: int,
    *,
    priority: int,
    handle: int,
    name: str,
    netns: NetNSLike = None,
) -> None:
    """Run a SCHED_CLS program for all packets at :data:`INGRESS` or :data:`EGRESS` of an interface's clsact.

    In direct-action mode: what the program returns is the verdict. The filter keeps the program alive.
    ``priority`` is 1..65535, lower runs first; ``handle`` 1..2**32-1, ``name`` any text, such as ``"polEntry"``.

    Raises :class:`~ebpfasm.errors.AlreadyAttached` when there is a filter with this priority and handle, and
    :class:`~ebpfasm.errors.NotSupported` where the kernel has no BPF filters.
    """
    _set_filter("add", index, hook, program_fd, priority, handle, name, netns)


def replace_filter(
    index: int,
    hook: int,
    program_fd: int,
    *,
    priority: int,
    handle: int,
    name: str,
    netns: NetNSLike = None,
) -> None:
    """Put another program into a filter, between two packets, or add the filter; otherwise as :func:`add_filter`."""
    _set_filter("replace", index, hook, program_fd, priority, handle, name, netns)


def delete_filter(
    index: int,
    hook: int,
    *,
    priority: int,
    handle: int,
    protocol: int = ETH_P_ALL,
    netns: NetNSLike = None,
) -> None:
    """Delete this one BPF filter. Raises :class:`~ebpfasm.errors.KernelError` (ENOENT) when it is not there."""
    where = _where(index, hook, priority, handle)
    in_range("protocol", protocol, 1, 0xFFFF)
    with NetNS(netns) as place:
        try:
            ask(
                netns,
                "RTM_DELTFILTER",
                f"deleting {where}",
                lambda route: route.tc(
                    "del-filter",
                    BPF,
                    index,
                    handle,
                    parent=hook,
                    prio=priority,
                    protocol=protocol,
                ),
            )
        except KernelError as error:
            # Where the whole qdisc is gone, __tcf_qdisc_find() of net/sched/cls_api.c calls it EINVAL.
            if error.errno != errno.EINVAL or has_clsact(index, netns):
                raise
            message = f"deleting {where} in {place}: it has no clsact"
            raise KernelError(errno.ENOENT, message, command="RTM_DELTFILTER") from None


def list_filters(index: int, hook: int, netns: NetNSLike = None) -> list[Filter]:
    """Return the filters of every kind on a hook, in the order they run; none where there is no clsact.

    By priority, and within one priority the newest first.
    """

    def request(route: Any) -> list[Any]:
        route.register_policy(filter_messages())
        return list(route.get_filters(index=index, parent=hook))

    words = f"listing the {_hook(hook)} filters of interface {checked_index(index)}"
    messages = ask(netns, "RTM_GETTFILTER", words, request)
    # A dump begins each priority with a message about itself, which has no options: tcf_chain_dump(), cls_api.c.
    return [_filter(message) for message in messages if message.get_attr("TCA_OPTIONS") is not None]


def count_filters(index: int, netns: NetNSLike = None) -> int:
    """Return how many filters, of every kind, stand on both hooks of an interface; u32's tables count as filters."""
    with NetNS(netns) as place:
        return sum(len(list_filters(index, hook, place)) for hook in HOOKS)


def _set_filter(
    command: str, index: int, hook: int, program_fd: int, priority: int, handle: int, name: str, netns: NetNSLike
) -> None:
    where = _where(index, hook, priority, handle)
    in_range("program_fd", program_fd, 0, 0x7FFFFFFF)
    ask(
        netns,
        "RTM_NEWTFILTER",
        f"{command.rstrip('e')}ing {where}",
        lambda route: route.tc(
            f"{command}-filter",
            BPF,
            index,
            handle,
            parent=hook,
            prio=priority,
            protocol=ETH_P_ALL,
            fd=program_fd,
            name=name,
            direct_action=True,
        ),
    )


def _filter(message: Any) -> Filter:
    import socket

    # tcm_info is the priority and, in network byte order, the protocol: TC_H_MAKE() in tcf_fill_node(), cls_api.c
    place = (message["info"] >> 16, message["handle"], socket.ntohs(message["info"] & 0xFFFF))
    kind = message.get_attr("TCA_KIND")
    if kind != BPF:
        return Filter(*place, kind)
    options = message.get_attr("TCA_OPTIONS")
    return Filter(
        *place,
        kind,
        name=options.get_attr("TCA_BPF_NAME") or "",
        program_id=options.get_attr("TCA_BPF_ID"),
        tag=options.get_attr("TCA_BPF_TAG") or b"",
        direct_action=bool((options.get_attr("TCA_BPF_FLAGS") or 0) & TCA_BPF_FLAG_ACT_DIRECT),
    )


def _where(index: int, hook: int, priority: int, handle: int) -> str:
    """Return words for a filter; refuse zeros, with which tc means every priority or every handle."""
    return (
        f"{_hook(hook)} filter {in_range('handle', handle, 1, 0xFFFFFFFF)}"
        f" of priority {in_range('priority', priority, 1, 0xFFFF)} on interface {checked_index(index)}"
    )


def _hook(hook: int) -> str:
    if hook not in HOOKS:
        raise OperandError(f"hook must be INGRESS or EGRESS, not {hook!r}", field="hook", value=hook)
    return HOOKS[hook]
