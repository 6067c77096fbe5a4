"""Making network devices: a pair of ends, or one on top of another, each straight in its namespace.

``netns`` and the errors are those of :mod:`ebpfasm.kernel.netlink`; besides, all functions raise
:class:`~ebpfasm.errors.KeyExists` when a name is taken in its namespace, and
:class:`~ebpfasm.errors.NotSupported` for a kind of device that the kernel lacks. Every device is down when made.
``mtu`` is in bytes; ``mac`` such as ``"02:00:00:00:00:01"``.
"""

from __future__ import annotations

import os

from ebpfasm.errors import EbpfError, KeyExists, NotSupported, OperandError
from ebpfasm.kernel.conversation import IFNAMSIZ, ask, checked_index, in_range, index_of
from ebpfasm.kernel.interfaces import interfaces
from ebpfasm.kernel.netns import NetNS
from ebpfasm.kernel.refusal import ENOTSUPP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ebpfasm.kernel.netns import NetNSLike

__all__ = [
    "IPVLAN_FLAGS",
    "IPVLAN_MODES",
    "NETKIT_MODES",
    "checked_mac",
    "checked_name",
    "chosen",
    "create_dummy",
    "create_ipvlan",
    "create_netkit",
    "create_veth",
    "create_vxlan",
]

HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
MAX_MTU = 0x7FFFFFFF
VXLAN_PORT = 4789  # RFC 7348 §5; the kernel's own default, 8472, is from before there was one

# linux/if_link.h; iproute2 uses the same words
IPVLAN_MODES = {"l2": 0, "l3": 1, "l3s": 2}  # enum ipvlan_mode
IPVLAN_FLAGS = {"bridge": 0, "private": 1, "vepa": 2}  # IPVLAN_F_PRIVATE, IPVLAN_F_VEPA; neither is called bridge
NETKIT_MODES = {"l2": 0, "l3": 1}  # enum netkit_mode
NETKIT_POLICIES = {"pass": 0, "drop": 2}  # enum netkit_action: what happens while no program is attached
NETKIT_SINCE = "6.7"  # commit 35dfaad7188c ("netkit, bpf: Add bpf programmable net device")


def create_veth(
    name: str,
    peer: str,
    *,
    netns: NetNSLike = None,
    peer_netns: NetNSLike = None,
    mtu: int | None = None,
    mac: str | None = None,
    peer_mac: str | None = None,
) -> tuple[int, int]:
    """Make a veth pair, each end straight in its namespace, and return the indexes of ``name`` and ``peer`` there.

    ``mtu`` is for both.
    """
    with NetNS(netns) as near, NetNS(peer_netns) as far:
        peer_end = _end("create_veth", peer, far, mtu, peer_mac)
        near_end = _end("create_veth", name, near, mtu, mac)
        _create(
            netns,
            f"creating veth pair {name!r} and {peer!r} (in {far})",
            lambda route: route.link("add", kind="veth", peer=peer_end, **near_end),
            ((name, near), (peer, far)),
            needs="CONFIG_VETH",
        )
    return _made(name, netns), _made(peer, peer_netns)


def create_ipvlan(
    name: str,
    master: int,
    *,
    mode: str = "l3",
    flags: str = "bridge",
    netns: NetNSLike = None,
    master_netns: NetNSLike = None,
    mtu: int | None = None,
) -> int:
    """Make an ipvlan slave of the interface ``master`` straight in the namespace ``netns``; return its index there.

    It has the master's hardware address. Mode and flags belong to the master: **all its slaves change to those given
    here**, without a word (ipvlan_link_new() in drivers/net/ipvlan/ipvlan_main.c). A slave for ``master`` is one of
    that slave's master instead.

    Args:
        name: of the slave.
        master: the index in ``master_netns`` of a device with Ethernet addresses.
        mode: ``"l2"``, ``"l3"`` or ``"l3s"``.
        flags: ``"bridge"``: slaves reach each other; ``"private"``: they do not; ``"vepa"``: only by way of the
            network outside.
        netns: the namespace the slave is made in.
        master_netns: the namespace the master is in.
        mtu: the master's unless given.

    Raises:
        KernelError: EBUSY: the master has macvlan devices, or belongs to a bridge or bond. ENODEV: there is no master.
        NotSupported: the kernel has no ipvlan (CONFIG_IPVLAN), or no mode l3s (CONFIG_IPVLAN_L3S).
    """
    data: list[tuple[str, object]] = [
        ("IFLA_IPVLAN_MODE", chosen("create_ipvlan", "mode", mode, IPVLAN_MODES)),
        ("IFLA_IPVLAN_FLAGS", chosen("create_ipvlan", "flags", flags, IPVLAN_FLAGS)),
    ]
    checked_index(master)
    with NetNS(netns) as place:
        end = _end("create_ipvlan", name, place, mtu, None)
        doing = f"creating ipvlan slave {name!r} (in {place}) of interface {master}"
        try:
            _create(
                master_netns,
                doing,
                lambda route: route.link("add", link=master, linkinfo=_kind("ipvlan", data), **end),
                ((name, place),),
                needs="CONFIG_IPVLAN",
            )
        except NotSupported as error:
            if error.errno != ENOTSUPP:
                raise
            # ipvlan_l3s_register() in drivers/net/ipvlan/ipvlan.h of a kernel without mode l3s
            raise NotSupported(
                ENOTSUPP,
                f"{doing}: the kernel must have CONFIG_IPVLAN_L3S",
                command="RTM_NEWLINK",
                feature="CONFIG_IPVLAN_L3S",
            ) from None
    return _made(name, netns)


def create_netkit(
    name: str,
    peer: str,
    *,
    netns: NetNSLike = None,
    peer_netns: NetNSLike = None,
    mode: str = "l3",
    policy: str = "pass",
    peer_policy: str = "pass",
    mtu: int | None = None,
) -> tuple[int, int]:
    """Make a netkit pair, each end straight in its namespace, and return the indexes of ``name`` and ``peer`` there.

    ``name`` is the primary, by which the programs of both are attached; ``peer`` is the pod's.

    Args:
        name, peer, netns, peer_netns: as of `create_veth`.
        mode: ``"l3"``: no hardware addresses, no ARP; ``"l2"``: with both.
        policy: what happens to packets that the primary sends while it has no program: ``"pass"`` or ``"drop"``.
        peer_policy: the same of the peer.
        mtu: of both.

    Raises:
        NotSupported: the kernel has no netkit (CONFIG_NETKIT, since Linux 6.7).
    """
    word = "create_netkit"
    with NetNS(netns) as near, NetNS(peer_netns) as far:
        peer_end = _end(word, peer, far, mtu, None)
        near_end = _end(word, name, near, mtu, None)
        attributes = [("IFLA_IFNAME", peer), ("IFLA_NET_NS_FD", peer_end["net_ns_fd"])]
        if mtu is not None:
            attributes.append(("IFLA_MTU", mtu))
        data: list[tuple[str, object]] = [
            ("IFLA_NETKIT_PEER_INFO", {"attrs": attributes}),
            ("IFLA_NETKIT_POLICY", chosen(word, "policy", policy, NETKIT_POLICIES)),
            ("IFLA_NETKIT_PEER_POLICY", chosen(word, "peer_policy", peer_policy, NETKIT_POLICIES)),
            ("IFLA_NETKIT_MODE", chosen(word, "mode", mode, NETKIT_MODES)),
        ]
        _create(
            netns,
            f"creating netkit pair {name!r} and {peer!r} (in {far})",
            lambda route: route.link("add", linkinfo=_kind("netkit", data), **near_end),
            ((name, near), (peer, far)),
            needs="CONFIG_NETKIT",
            since=NETKIT_SINCE,
        )
    return _made(name, netns), _made(peer, peer_netns)


def create_vxlan(
    name: str,
    *,
    port: int = VXLAN_PORT,
    mtu: int | None = None,
    mac: str | None = None,
    netns: NetNSLike = None,
) -> int:
    """Make a VXLAN device in metadata mode (``ip link add … type vxlan external``), and return its index.

    It has neither a VNI nor a remote of its own: each packet that is sent to it brings a tunnel key
    (``bpf_skb_set_tunnel_key``), and of each that it received the key can be read. Its tunnels lead through the
    namespace it is made in, wherever it is moved to.

    Args:
        name: of the device.
        port: the UDP port it listens at and sends to, 1..65535. It is taken when the device comes up.
        mtu: at least 68; 1500 unless given, whatever carries the tunnels.
        mac: one by chance unless given.
        netns: the namespace.

    Raises:
        KeyExists: besides a name that is taken: another device in metadata mode has that port.
        NotSupported: the kernel has no VXLAN (CONFIG_VXLAN).
    """
    with NetNS(netns) as place:
        end = _end("create_vxlan", name, place, mtu, mac)
        data: list[tuple[str, object]] = [
            ("IFLA_VXLAN_ID", 0),
            ("IFLA_VXLAN_COLLECT_METADATA", 1),
            ("IFLA_VXLAN_PORT", in_range("port", port, 1, 0xFFFF)),
        ]
        ask(
            netns,
            "RTM_NEWLINK",
            f"creating vxlan device {name!r} in metadata mode with UDP port {port}",
            lambda route: route.link("add", linkinfo=_kind("vxlan", data), **end),
            needs="CONFIG_VXLAN",
        )
    return index_of(name, netns)


def create_dummy(name: str, *, netns: NetNSLike = None, mtu: int | None = None, mac: str | None = None) -> int:
    """Make a device that throws away what it is sent, and return its index; Linux calls that a dummy."""
    with NetNS(netns) as place:
        end = _end("create_dummy", name, place, mtu, mac)
        ask(
            netns,
            "RTM_NEWLINK",
            f"creating dummy device {name!r}",
            lambda route: route.link("add", linkinfo=_kind("dummy", []), **end),
            needs="CONFIG_DUMMY",
        )
    return _made(name, netns)


def _create(
    netns: NetNSLike,
    doing: str,
    request: Callable[[Any], object],
    ends: tuple[tuple[str, NetNS], ...],
    *,
    needs: str,
    since: str = "",
) -> None:
    """Ask for a device; where a name is taken already, say which of them, and where."""
    try:
        ask(netns, "RTM_NEWLINK", doing, request, needs=needs, since=since)
    except KeyExists as error:
        taken = [f"{name!r} in {place}" for name, place in ends if name in interfaces(place)]
        if not taken:
            raise
        message = f"{error}: there is {' and '.join(taken)} already, which a process may have left that was killed"
        raise KeyExists(error.errno or 0, message, command=error.command) from None


def _made(name: str, netns: NetNSLike) -> int:
    """Return the index of a device that was just made; leave none behind if that fails."""
    try:
        return index_of(name, netns)
    except BaseException as error:
        try:
            ask(netns, "RTM_DELLINK", f"deleting {name!r} again", lambda route: route.link("del", ifname=name))
        except EbpfError as why:
            error.add_note(f"could not undo (made {name!r}): {why}")
        raise


def checked_name(word: str, name: str) -> str:
    """Return ``name`` if it can be an interface's; else raise OperandError on behalf of ``word``."""
    if not isinstance(name, str):
        raise OperandError(
            f"{word}: an interface's name must be a str, not {type(name).__name__}", field="name", value=name
        )
    size = len(os.fsencode(name))
    if not 1 <= size < IFNAMSIZ:  # the kernel would choose a name for an empty one
        raise OperandError(
            f"{word}: an interface's name must have 1..{IFNAMSIZ - 1} bytes, not {size}: {name!r}",
            field="name",
            value=name,
            low=1,
            high=IFNAMSIZ - 1,
        )
    # dev_valid_name() in net/core/dev.c; the kernel would put a number for a percent sign
    if name in {".", ".."} or any(character in "/:%\0" or character.isspace() for character in name):
        raise OperandError(
            f"{word}: an interface's name must not be '.' or '..' nor have '/', ':', '%' or white space: {name!r}",
            field="name",
            value=name,
        )
    return name


def checked_mac(word: str, mac: str) -> str:
    """Return ``mac`` if it looks like an Ethernet address; else raise OperandError on behalf of ``word``."""
    octets = mac.split(":")
    if len(octets) != 6 or not all(len(octet) == 2 and set(octet) <= HEX_DIGITS for octet in octets):
        raise OperandError(f"{word}: mac must look like '02:00:00:00:00:01', not {mac!r}", field="mac", value=mac)
    return mac


def chosen(word: str, field: str, value: str, choices: dict[str, int]) -> int:
    """Return the kernel's number for ``value``; raise OperandError on behalf of ``word`` unless it is a choice."""
    if not isinstance(value, str) or value not in choices:
        words = [*map(repr, choices)]
        raise OperandError(
            f"{word}: {field} must be {', '.join(words[:-1])} or {words[-1]}, not {value!r}", field=field, value=value
        )
    return choices[value]


def _end(word: str, name: str, place: NetNS, mtu: int | None, mac: str | None) -> dict[str, object]:
    """Return the attributes of one device."""
    end: dict[str, object] = {"ifname": checked_name(word, name), "net_ns_fd": place.fileno()}
    if mtu is not None:
        end["mtu"] = in_range("mtu", mtu, 1, MAX_MTU)
    if mac is not None:
        end["address"] = checked_mac(word, mac)
    return end


def _kind(kind: str, data: list[tuple[str, object]]) -> dict[str, object]:
    """Return what IFLA_LINKINFO holds: pyroute2 itself would leave out what it does not know."""
    attributes: list[tuple[str, object]] = [("IFLA_INFO_KIND", kind)]
    if data:
        attributes.append(("IFLA_INFO_DATA", {"attrs": data}))
    return {"attrs": attributes}
