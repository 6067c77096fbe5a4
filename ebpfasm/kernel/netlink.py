"""rtnetlink: links, addresses and routes in any network namespace; and the only user of pyroute2.

pyroute2 is imported on first use: it costs more than all the rest. Each function is one conversation with the kernel,
held in a thread of its own, because pyroute2 runs an event loop to talk and cannot where one is running already, and
so that Ctrl-C cannot cut it short. Nothing stays open.

``index`` is an interface's index in ``netns``, which is anything that :class:`~ebpfasm.kernel.netns.NetNS` takes. All
functions raise :class:`~ebpfasm.errors.KernelError` with the kernel's own explanation where it gives one:
:class:`~ebpfasm.errors.PermissionDenied` without CAP_NET_ADMIN, ENODEV for an interface that is not there; and
:class:`~ebpfasm.errors.OperandError` for an argument that can mean nothing.
"""

from __future__ import annotations

import errno
import os

from ebpfasm.errors import AlreadyAttached, KernelError, KeyExists, NotSupported, OperandError, PermissionDenied
from ebpfasm.kernel.interfaces import ifindex, interfaces, listed
from ebpfasm.kernel.netns import NetNS, run_in
from ebpfasm.kernel.refusal import reason
from ebpfasm.kernel.threads import in_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from ebpfasm.kernel.netns import NetNSLike

    Answer = TypeVar("Answer")

__all__ = ["add_address", "add_route", "create_veth", "delete_link", "set_down", "set_up"]

RTM_NEWTFILTER = 44  # linux/rtnetlink.h
IFA_F_NODAD = 0x02  # linux/if_addr.h
IFNAMSIZ = 16  # linux/if.h, with the null byte
HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
MAX_INDEX = 0x7FFFFFFF  # ifindex is an int

# Refusals that mean the kernel lacks what was asked for: ENOENT is tc's answer to a kind that it has neither built
# in nor as a module (qdisc_create() in net/sched/sch_api.c, tcf_proto_lookup_ops() in net/sched/cls_api.c).
LACKING = {
    ("RTM_NEWQDISC", errno.ENOENT): "CONFIG_NET_SCH_INGRESS",
    ("RTM_NEWQDISC", errno.EOPNOTSUPP): "CONFIG_NET_SCH_INGRESS",
    ("RTM_NEWTFILTER", errno.ENOENT): "CONFIG_NET_CLS_BPF",
    ("RTM_NEWTFILTER", errno.EOPNOTSUPP): "CONFIG_NET_CLS_BPF",
    ("RTM_NEWLINK", errno.EOPNOTSUPP): "CONFIG_VETH",  # the only kind of link made here
}

EXISTING = {"RTM_NEWTFILTER": AlreadyAttached}


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

    Both ends are down. ``mtu`` is in bytes and for both. Raises :class:`~ebpfasm.errors.KeyExists` when a name is
    taken.
    """
    with NetNS(netns) as near, NetNS(peer_netns) as far:
        peer_end = _end(peer, far, mtu, peer_mac)
        near_end = _end(name, near, mtu, mac)
        doing = f"creating veth pair {name!r} and {peer!r} (in {far})"
        ask(near, "RTM_NEWLINK", doing, lambda route: route.link("add", kind="veth", peer=peer_end, **near_end))
        return ifindex(name, near), ifindex(peer, far)


def delete_link(index: int, netns: NetNSLike = None) -> None:
    """Delete an interface; the other end of a veth pair goes with it."""
    ask(
        netns, "RTM_DELLINK", f"deleting interface {checked_index(index)}", lambda route: route.link("del", index=index)
    )


def set_up(index: int, netns: NetNSLike = None) -> None:
    """Bring an interface up."""
    ask(
        netns,
        "RTM_SETLINK",
        f"bringing interface {checked_index(index)} up",
        lambda route: route.link("set", index=index, state="up"),
    )


def set_down(index: int, netns: NetNSLike = None) -> None:
    """Bring an interface down."""
    ask(
        netns,
        "RTM_SETLINK",
        f"bringing interface {checked_index(index)} down",
        lambda route: route.link("set", index=index, state="down"),
    )


def add_address(index: int, address: str, netns: NetNSLike = None) -> None:
    """Give an interface an IPv4 or IPv6 address with its prefix length, such as ``"10.0.0.1/24"``.

    An IPv6 address is usable at once: it is not probed for duplicates. Raises
    :class:`~ebpfasm.errors.KeyExists` when the interface has it.
    """
    import ipaddress

    parsed = _parsed(ipaddress.ip_interface, "address", address)
    flags = {"flags": IFA_F_NODAD} if parsed.version == 6 else {}
    ask(
        netns,
        "RTM_NEWADDR",
        f"adding address {address} to interface {checked_index(index)}",
        lambda route: route.addr(
            "add", index=index, address=str(parsed.ip), prefixlen=parsed.network.prefixlen, **flags
        ),
    )


def add_route(destination: str, *, via: str | None = None, index: int | None = None, netns: NetNSLike = None) -> None:
    """Add a route to a network such as ``"10.1.0.0/16"`` or ``"::/0"``, through a gateway, an interface or both.

    Raises :class:`~ebpfasm.errors.KeyExists` when there is one.
    """
    import ipaddress

    network = _parsed(ipaddress.ip_network, "destination", destination)
    spec: dict[str, object] = {"dst": str(network), "family": 2 if network.version == 4 else 10}  # AF_INET, AF_INET6
    words = f"adding route {destination}"
    if via is not None:
        spec["gateway"] = str(_parsed(ipaddress.ip_address, "via", via))
        words += f" via {via}"
    if index is not None:
        spec["oif"] = checked_index(index)
        words += f" by interface {index}"
    if via is None and index is None:
        raise OperandError(f"{words}: give via, index or both", field="via", value=via)
    ask(netns, "RTM_NEWROUTE", words, lambda route: route.route("add", **spec))


def ask(netns: NetNSLike, command: str, doing: str, request: Callable[[Any], Answer]) -> Answer:
    """Hold one conversation: ``request`` is given pyroute2's IPRoute; its errors become this library's."""
    from pyroute2 import IPRoute  # type: ignore[import-untyped]
    from pyroute2.netlink.exceptions import NetlinkError  # type: ignore[import-untyped]

    def conversation() -> Answer:
        with IPRoute(ext_ack=True) as route:
            return request(route)

    with NetNS(netns) as place:
        try:
            return in_thread(conversation) if place.is_current() else run_in(place, conversation)
        except NetlinkError as error:
            raise _refused(abs(error.code), str(error.args[1]), command, f"{doing} in {place}", place) from None
        except KernelError:
            raise
        except OSError as error:  # no socket to talk through, for one
            number = error.errno or errno.EIO
            raise KernelError(number, f"{doing} in {place}: {reason(number)}", command=command) from error


def _refused(number: int, explanation: str, command: str, doing: str, place: NetNS) -> KernelError:
    feature = LACKING.get((command, number))
    if feature is not None:
        message = f"{doing}: {explanation}; the kernel must have {feature}"
        return NotSupported(number, message, command=command, feature=feature)
    message = f"{doing}: {reason(number)}"
    if explanation != os.strerror(number):  # what pyroute2 puts where the kernel sent no extended acknowledgement
        message += f": {explanation}"
    if number in {errno.EPERM, errno.EACCES}:
        return PermissionDenied(number, f"{message}: it needs CAP_NET_ADMIN there", command=command)
    if number == errno.EEXIST:
        return EXISTING.get(command, KeyExists)(number, message, command=command)
    if number == errno.ENODEV:
        message += f"; there is {listed(interfaces(place))}"
    return KernelError(number, message, command=command)


def filter_messages() -> dict[int, Any]:
    """Return a class for pyroute2 to decode filters with: its own does not know a BPF filter's tag and program id.

    Not derived from pyroute2's: a class there inherits the attributes of its parent as soon as one of the parent's
    messages was decoded, whatever it declares itself.
    """
    from pyroute2.netlink import nla, nlmsg  # type: ignore[import-untyped]
    from pyroute2.netlink.rtnl.tcmsg import tcmsg  # type: ignore[import-untyped]

    def get_options(message: Any, **_: Any) -> Any:
        return bpf_options if message.get_attr("TCA_KIND") == "bpf" else nla.hex

    # linux/pkt_cls.h and linux/rtnetlink.h
    bpf_options = type(
        "bpf_options",
        (nla,),
        {
            "nla_map": (
                (7, "TCA_BPF_NAME", "asciiz"),
                (8, "TCA_BPF_FLAGS", "uint32"),
                (10, "TCA_BPF_TAG", "cdata"),
                (11, "TCA_BPF_ID", "uint32"),
            )
        },
    )
    members = {
        "prefix": tcmsg.prefix,
        "fields": tcmsg.fields,
        "nla_map": ((1, "TCA_KIND", "asciiz"), (2, "TCA_OPTIONS", "get_options")),
        "get_options": staticmethod(get_options),
    }
    return {RTM_NEWTFILTER: type("filter_message", (nlmsg,), members)}


def _end(name: str, place: NetNS, mtu: int | None, mac: str | None) -> dict[str, object]:
    """Return the attributes of one end of a veth pair."""
    size = len(os.fsencode(name))
    if not 1 <= size < IFNAMSIZ:  # the kernel would choose a name for an empty one
        raise OperandError(
            f"create_veth: an interface's name must have 1..{IFNAMSIZ - 1} bytes, not {size}: {name!r}",
            field="name",
            value=name,
            low=1,
            high=IFNAMSIZ - 1,
        )
    end: dict[str, object] = {"ifname": name, "net_ns_fd": place.fileno()}
    if mtu is not None:
        end["mtu"] = in_range("mtu", mtu, 1, 0x7FFFFFFF)
    if mac is not None:
        octets = mac.split(":")
        if len(octets) != 6 or not all(len(octet) == 2 and set(octet) <= HEX_DIGITS for octet in octets):
            raise OperandError(
                f"create_veth: mac must look like '02:00:00:00:00:01', not {mac!r}", field="mac", value=mac
            )
        end["address"] = mac
    return end


def in_range(field: str, value: int, low: int, high: int) -> int:
    """Return ``value``; raise :class:`~ebpfasm.errors.OperandError` unless it is an int from ``low`` to ``high``."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise OperandError(
            f"{field} must be in {low}..{high}, not {value!r}", field=field, value=value, low=low, high=high
        )
    return value


def checked_index(index: int) -> int:
    """Return ``index`` if it can be an interface's."""
    return in_range("index", index, 1, MAX_INDEX)


def _parsed(parse: Callable[[str], Answer], field: str, text: str) -> Answer:
    try:
        return parse(text)
    except ValueError as error:
        raise OperandError(f"{field} {text!r}: {error}", field=field, value=text) from None
