"""What the kernel tells of links: their kind, what they are on top of, whether they are up.

``netns`` and the errors are those of :mod:`ebpfasm.kernel.netlink`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ebpfasm.kernel.conversation import ask, checked_index

if TYPE_CHECKING:
    from typing import Any

    from ebpfasm.kernel.netns import NetNSLike

__all__ = ["LinkInfo", "link", "link_named", "links"]

IFF_UP, IFF_LOOPBACK, IFF_LOWER_UP = 0x1, 0x8, 0x10000  # linux/if.h
ARPHRD_ETHER = 1  # linux/if_arp.h
RTEXT_FILTER_SKIP_STATS = 8  # linux/rtnetlink.h: counting up what each CPU has sent is most of the kernel's work


class LinkInfo(NamedTuple):
    """A link as it is now."""

    ifindex: int
    name: str
    kind: str
    """``"veth"``, ``"ipvlan"`` …; empty for hardware and for lo."""
    up: bool
    """Whether it was brought up."""
    carrier: bool
    """Whether it is up and so is what is below it or at the other end."""
    mtu: int
    """In bytes."""
    mac: str
    """The hardware address; empty where it has none."""
    ethernet: bool
    """Whether it has Ethernet addresses and is not lo."""
    lower: int | None = None
    """The index of the other end, or of the device it is on top of, in the namespace `lower_netns_id`."""
    lower_netns_id: int | None = None
    """The number of the namespace `lower` is in, as the link's own namespace counts; None for that one itself."""
    master: int | None = None
    """The index of the bridge, bond or other device that it belongs to."""
    mode: int | None = None
    """Of ipvlan and netkit: one of `ebpfasm.kernel.devices.IPVLAN_MODES` or NETKIT_MODES."""
    flags: int | None = None
    """Of ipvlan: one of `ebpfasm.kernel.devices.IPVLAN_FLAGS`."""
    primary: bool | None = None
    """Of netkit: whether it is the primary, by which programs are attached."""
    metadata: bool = False
    """Of vxlan: whether tunnels are chosen packet by packet (``external``)."""
    port: int | None = None
    """Of vxlan: the UDP port it listens at."""


def link(index: int, netns: NetNSLike = None) -> LinkInfo:
    """Return what the link with this index is; raise KernelError (ENODEV) if there is none."""
    messages = ask(
        netns,
        "RTM_GETLINK",
        f"looking at interface {checked_index(index)}",
        lambda route: route.link("get", index=index, ext_mask=RTEXT_FILTER_SKIP_STATS),
    )
    return _info(messages[0])


def link_named(name: str, netns: NetNSLike = None) -> LinkInfo:
    """Return what the link with this name is; raise KernelError (ENODEV) if there is none."""
    messages = ask(
        netns,
        "RTM_GETLINK",
        f"looking at interface {name!r}",
        lambda route: route.link("get", ifname=name, ext_mask=RTEXT_FILTER_SKIP_STATS),
    )
    return _info(messages[0])


def links(netns: NetNSLike = None, kind: str = "") -> list[LinkInfo]:
    """Return all links of a namespace, or all of a kind; by their indexes."""
    filters = {"kind": kind} if kind else {}
    messages = ask(
        netns,
        "RTM_GETLINK",
        "listing the interfaces",
        lambda route: list(route.link("dump", ext_mask=RTEXT_FILTER_SKIP_STATS, **filters)),
    )
    found = [_info(message) for message in messages]
    return sorted(info for info in found if not kind or info.kind == kind)


def _info(message: Any) -> LinkInfo:
    kind, data = "", None
    about = message.get_attr("IFLA_LINKINFO")
    if about is not None:
        kind = about.get_attr("IFLA_INFO_KIND") or ""
        data = about.get_attr("IFLA_INFO_DATA")
    special: dict[str, Any] = {}
    if kind == "ipvlan" and data is not None:
        special = {"mode": data.get_attr("IFLA_IPVLAN_MODE"), "flags": data.get_attr("IFLA_IPVLAN_FLAGS")}
    elif kind == "netkit" and data is not None:
        special = {"mode": data.get_attr("IFLA_NETKIT_MODE"), "primary": bool(data.get_attr("IFLA_NETKIT_PRIMARY"))}
    elif kind == "vxlan" and data is not None:
        special = {
            "metadata": bool(data.get_attr("IFLA_VXLAN_COLLECT_METADATA")),
            "port": data.get_attr("IFLA_VXLAN_PORT"),
        }
    flags = message["flags"]
    return LinkInfo(
        message["index"],
        message.get_attr("IFLA_IFNAME"),
        kind,
        up=bool(flags & IFF_UP),
        carrier=bool(flags & IFF_LOWER_UP),
        mtu=message.get_attr("IFLA_MTU") or 0,
        mac=message.get_attr("IFLA_ADDRESS") or "",
        ethernet=message["ifi_type"] == ARPHRD_ETHER and not flags & IFF_LOOPBACK,
        lower=message.get_attr("IFLA_LINK") or None,
        lower_netns_id=message.get_attr("IFLA_LINK_NETNSID"),
        master=message.get_attr("IFLA_MASTER"),
        **special,
    )
