"""rtnetlink: state of links, addresses, routes and neighbours, in any network namespace.

Each function is a request in a thread of its own that leaves nothing open; several are quicker in one
:class:`~ebpfasm.kernel.conversation.Conversation`.

``index`` is an interface's index in ``netns``, which is anything that :class:`~ebpfasm.kernel.netns.NetNS` takes, or
a conversation. All functions raise :class:`~ebpfasm.errors.KernelError` with the kernel's own explanation where it
gives one: :class:`~ebpfasm.errors.PermissionDenied` without CAP_NET_ADMIN, ENODEV for an interface that is not there;
and :class:`~ebpfasm.errors.OperandError` for an argument that can mean nothing. Addresses and networks are text or
objects of :mod:`ipaddress`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ebpfasm.errors import OperandError
from ebpfasm.kernel.conversation import Conversation, ask, checked_index, conversation, in_range, parsed
from ebpfasm.kernel.devices import MAX_MTU, checked_mac, create_veth
from ebpfasm.kernel.messages import link_settings

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
    from typing import Any

    from ebpfasm.kernel.netns import NetNSLike

    AnyAddress = str | IPv4Address | IPv6Address
    AnyInterface = str | IPv4Interface | IPv6Interface
    AnyNetwork = str | IPv4Network | IPv6Network

__all__ = [
    "Conversation",
    "Route",
    "add_address",
    "add_neighbour",
    "add_route",
    "addresses",
    "ask",
    "conversation",
    "create_veth",
    "delete_link",
    "delete_neighbour",
    "delete_route",
    "netns_id",
    "remove_address",
    "routes",
    "set_down",
    "set_link",
    "set_mtu",
    "set_up",
]

RTM_SETLINK = 19  # linux/rtnetlink.h
NLM_F_REQUEST_ACK = 0x5  # linux/netlink.h
IFF_UP = 0x1  # linux/if.h
IFA_F_NODAD, IFA_F_NOPREFIXROUTE = 0x02, 0x200  # linux/if_addr.h
RT_SCOPE_LINK, RT_SCOPE_NOWHERE = 253, 255  # linux/rtnetlink.h
RTNH_F_ONLINK = 4  # linux/rtnetlink.h
RT_TABLE_MAIN = 254
RTN_UNICAST = 1
FAMILIES = {4: 2, 6: 10}  # AF_INET, AF_INET6


class Route(NamedTuple):
    """A route to one network by one interface."""

    destination: IPv4Network | IPv6Network
    via: IPv4Address | IPv6Address | None
    """The gateway; None for what is reached directly."""
    ifindex: int | None
    """The interface's index; None for a route by several, or by none, such as one that refuses."""
    metric: int
    """Lower is preferred."""


def delete_link(index: int, netns: NetNSLike = None) -> None:
    """Delete an interface; the other end of a pair goes with it, and what is on top of it."""
    ask(
        netns, "RTM_DELLINK", f"deleting interface {checked_index(index)}", lambda route: route.link("del", index=index)
    )


def set_up(index: int, netns: NetNSLike = None) -> None:
    """Bring an interface up."""
    set_link(index, netns, up=True)


def set_down(index: int, netns: NetNSLike = None) -> None:
    """Bring an interface down."""
    set_link(index, netns, up=False)


def set_mtu(index: int, mtu: int, netns: NetNSLike = None) -> None:
    """Let an interface's packets have at most ``mtu`` bytes."""
    set_link(index, netns, mtu=mtu)


def set_link(
    index: int,
    netns: NetNSLike = None,
    *,
    up: bool | None = None,
    mtu: int | None = None,
    mac: str | None = None,
    rp_filter: int | None = None,
    forwarding: bool | None = None,
) -> None:
    """Set several things of an interface in one request; None leaves them as they are.

    Args:
        index, netns: the interface.
        up: whether it is up.
        mtu: in bytes.
        mac: its hardware address.
        rp_filter: net.ipv4.conf.<name>.rp_filter: 0, 1 (strict) or 2 (loose). The kernel takes the greater of this
            and the value for all interfaces.
        forwarding: net.ipv4.conf.<name>.forwarding: whether IPv4 packets that come in here may be forwarded.

    Raises:
        KernelError: EINVAL for an mtu that the device does not take.
    """
    attributes: list[tuple[str, object]] = []
    words = []
    if mac is not None:
        attributes.append(("IFLA_ADDRESS", checked_mac("set_link", mac)))
        words.append(f"giving {{}} the hardware address {mac}")
    if mtu is not None:
        attributes.append(("IFLA_MTU", in_range("mtu", mtu, 1, MAX_MTU)))
        words.append(f"setting the mtu of {{}} to {mtu}")
    settings = []
    if rp_filter is not None:
        settings.append(("rp_filter", in_range("rp_filter", rp_filter, 0, 2)))
        words.append(f"setting rp_filter of {{}} to {rp_filter}")
    if forwarding is not None:
        settings.append(("forwarding", int(forwarding)))
        words.append(f"turning forwarding of {{}} {'on' if forwarding else 'off'}")
    if settings:
        inet = {"attrs": [("IFLA_INET_CONF", {"attrs": settings})]}
        attributes.append(("IFLA_AF_SPEC", {"attrs": [("AF_INET", inet)]}))
    if up is not None:
        words.append(f"bringing {{}} {'up' if up else 'down'}")

    def request(route: Any) -> None:
        message = link_settings()
        message["index"] = index
        message["flags"], message["change"] = (IFF_UP * up, IFF_UP) if up is not None else (0, 0)
        message["attrs"] = attributes
        message["header"]["type"], message["header"]["flags"] = RTM_SETLINK, NLM_F_REQUEST_ACK
        route.nlm_request_batch([message])

    doing = " and ".join(words).format(f"interface {checked_index(index)}", *["it"] * len(words))
    ask(netns, "RTM_SETLINK", doing, request)


def add_address(index: int, address: AnyInterface, netns: NetNSLike = None, *, prefix_route: bool = True) -> None:
    """Give an interface an IPv4 or IPv6 address with its prefix length, such as ``"10.0.0.1/24"``.

    An IPv6 address is not probed for duplicates, so it is usable as soon as the kernel has added its local route, which
    it does in a work of its own, a moment later. The kernel adds a route to the address's
    network unless ``prefix_route`` is False. Raises :class:`~ebpfasm.errors.KeyExists` when the interface has it.
    """
    spec, text = _address(index, address)
    flags = (IFA_F_NODAD if spec["family"] == FAMILIES[6] else 0) | (0 if prefix_route else IFA_F_NOPREFIXROUTE)
    if flags:
        spec["flags"] = flags
    ask(netns, "RTM_NEWADDR", f"adding address {text} to interface {index}", lambda route: route.addr("add", **spec))


def remove_address(index: int, address: AnyInterface, netns: NetNSLike = None) -> None:
    """Take an address with this prefix length off an interface; raise KernelError (EADDRNOTAVAIL) if it has it not."""
    spec, text = _address(index, address)
    ask(
        netns, "RTM_DELADDR", f"removing address {text} from interface {index}", lambda route: route.addr("del", **spec)
    )


def addresses(index: int | None = None, netns: NetNSLike = None) -> list[tuple[int, IPv4Interface | IPv6Interface]]:
    """Return the addresses in a namespace, of one interface or of all, each with its interface's index."""
    import ipaddress

    messages = ask(netns, "RTM_GETADDR", "listing the addresses", lambda route: list(route.addr("dump")))
    found = []
    for message in messages:
        if index is None or message["index"] == index:
            # With a peer IFA_ADDRESS is the peer's: linux/if_addr.h
            text = message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS")
            found.append((int(message["index"]), ipaddress.ip_interface(f"{text}/{message['prefixlen']}")))
    return found


def add_route(
    destination: AnyNetwork,
    *,
    via: AnyAddress | None = None,
    index: int | None = None,
    source: AnyAddress | None = None,
    onlink: bool = False,
    netns: NetNSLike = None,
) -> None:
    """Add a route to a network such as ``"10.1.0.0/16"`` or ``"::/0"``, through a gateway, an interface or both.

    Args:
        destination: the network.
        via: the gateway.
        index: the interface.
        source: the address that packets sent from here along it have; the kernel chooses unless given.
        onlink: take the gateway for reachable by the interface, also where no route says so.
        netns: the namespace.

    Raises:
        KeyExists: there is one.
    """
    spec, words = _route(destination, via, index)
    if via is None and index is None:
        raise OperandError(f"adding {words}: give via, index or both", field="via", value=via)
    if source is not None:
        import ipaddress

        spec["prefsrc"] = str(parsed(ipaddress.ip_address, "source", source))
    if onlink:
        spec["flags"] = RTNH_F_ONLINK
    if via is None and spec["family"] == FAMILIES[4]:
        spec["scope"] = RT_SCOPE_LINK  # else no gateway could be reached by it: fib_check_nh() in fib_semantics.c
    ask(netns, "RTM_NEWROUTE", f"adding {words}", lambda route: route.route("add", **spec))


def delete_route(
    destination: AnyNetwork, *, via: AnyAddress | None = None, index: int | None = None, netns: NetNSLike = None
) -> None:
    """Delete the route to a network, if it goes through the gateway and the interface given.

    Raises KernelError (ESRCH) when there is none.
    """
    spec, words = _route(destination, via, index)
    spec["scope"] = RT_SCOPE_NOWHERE  # whatever it is: fib_table_delete() in fib_trie.c
    ask(netns, "RTM_DELROUTE", f"deleting {words}", lambda route: route.route("del", **spec))


def routes(netns: NetNSLike = None) -> list[Route]:
    """Return the unicast routes of a namespace's main table, by both families' prefix, as the kernel lists them."""
    import ipaddress

    found = []
    for message in ask(netns, "RTM_GETROUTE", "listing the routes", lambda route: list(route.route("dump"))):
        table = message.get_attr("RTA_TABLE", message["table"])
        if message["type"] != RTN_UNICAST or table != RT_TABLE_MAIN or message["family"] not in FAMILIES.values():
            continue
        anywhere = "0.0.0.0" if message["family"] == FAMILIES[4] else "::"
        to = ipaddress.ip_network(f"{message.get_attr('RTA_DST') or anywhere}/{message['dst_len']}")
        via = message.get_attr("RTA_GATEWAY")
        gateway = None if via is None else ipaddress.ip_address(via)
        found.append(Route(to, gateway, message.get_attr("RTA_OIF"), message.get_attr("RTA_PRIORITY") or 0))
    return found


def add_neighbour(index: int, address: AnyAddress, mac: str, netns: NetNSLike = None) -> None:
    """Tell an interface for good which hardware address ``address`` has; what it knew of it is replaced."""
    spec, words = _neighbour(index, address)
    spec |= {"lladdr": checked_mac("add_neighbour", mac), "state": "permanent"}
    ask(netns, "RTM_NEWNEIGH", f"adding {words}", lambda route: route.neigh("replace", **spec))


def delete_neighbour(index: int, address: AnyAddress, netns: NetNSLike = None) -> None:
    """Have an interface forget the hardware address of ``address``; raise KernelError (ENOENT) if it knows none."""
    spec, words = _neighbour(index, address)
    ask(netns, "RTM_DELNEIGH", f"deleting {words}", lambda route: route.neigh("del", **spec))


def netns_id(other: int, netns: NetNSLike = None) -> int | None:
    """Return the number by which a namespace calls another, of which ``other`` is a descriptor.

    Links have it beside the index of the device they are on top of. None where it has not been given a number yet.
    """
    found = ask(netns, "RTM_GETNSID", "asking for a namespace's number", lambda route: route.get_netnsid(fd=other))
    number = (found or {}).get("nsid")
    return None if number is None or number >= 1 << 31 else int(number)  # NETNSA_NSID_NOT_ASSIGNED is -1


def _address(index: int, address: AnyInterface) -> tuple[dict[str, Any], str]:
    """Return what a request says of an address, and its text."""
    import ipaddress

    it = parsed(ipaddress.ip_interface, "address", address)
    spec = {
        "index": checked_index(index),
        "family": FAMILIES[it.version],
        "address": str(it.ip),
        "prefixlen": it.network.prefixlen,
    }
    return spec, str(it)


def _route(destination: AnyNetwork, via: AnyAddress | None, index: int | None) -> tuple[dict[str, Any], str]:
    """Return what a request says of a route, and its words."""
    import ipaddress

    network = parsed(ipaddress.ip_network, "destination", destination)
    spec: dict[str, Any] = {"dst": str(network), "family": FAMILIES[network.version]}
    words = f"route {network}"
    if via is not None:
        gateway = parsed(ipaddress.ip_address, "via", via)
        spec["gateway"] = str(gateway)
        words += f" via {gateway}"
    if index is not None:
        spec["oif"] = checked_index(index)
        words += f" by interface {index}"
    return spec, words


def _neighbour(index: int, address: AnyAddress) -> tuple[dict[str, Any], str]:
    """Return what a request says of a neighbour, and its words."""
    import ipaddress

    it = parsed(ipaddress.ip_address, "address", address)
    spec = {"ifindex": checked_index(index), "dst": str(it), "family": FAMILIES[it.version]}
    return spec, f"neighbour {it} of interface {index}"
