"""Messages of rtnetlink that pyroute2 lacks or knows half: classes for it to read and write them with.

None is derived from pyroute2's own: a class there inherits the attributes of its parent as soon as one of the parent's
messages was decoded, whatever it declares itself.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["filter_messages", "know_kinds", "link_settings"]

RTM_NEWTFILTER = 44  # linux/rtnetlink.h

# linux/if_link.h, each in its number's place: pyroute2 takes no other form for kinds of links
IPVLAN = (("IFLA_IPVLAN_UNSPEC", "none"), ("IFLA_IPVLAN_MODE", "uint16"), ("IFLA_IPVLAN_FLAGS", "uint16"))
NETKIT = (
    ("IFLA_NETKIT_UNSPEC", "none"),
    ("IFLA_NETKIT_PEER_INFO", "peer_info"),
    ("IFLA_NETKIT_PRIMARY", "uint8"),
    ("IFLA_NETKIT_POLICY", "int32"),
    ("IFLA_NETKIT_PEER_POLICY", "int32"),
    ("IFLA_NETKIT_MODE", "uint32"),
)

# linux/ip.h: IPV4_DEVCONF_*, of which net.ipv4.conf.<name>.* shows the values
IPV4_SETTINGS = ((1, "forwarding", "uint32"), (8, "rp_filter", "uint32"))

# What was made for which of pyroute2's classes, in case it is imported anew, as pytest's own tests of plugins have it.
_known: list[Any] = []
_classes: dict[
    Any, Any
] = {}  # making one, and what pyroute2 works out at its first message, takes longer than a request


def know_kinds() -> None:
    """Teach pyroute2 the attributes of ipvlan, of which it lacks the flags, and of netkit, which it does not know."""
    from pyroute2.netlink import nla  # type: ignore[import-untyped]
    from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg, ifinfveth  # type: ignore[import-untyped]

    if ifinfmsg in _known:
        return

    def peer_info(*_: Any, **__: Any) -> Any:
        return ifinfveth  # a struct ifinfomsg with attributes, as a veth's peer is

    kinds = {
        "ipvlan": type("ipvlan", (nla,), {"prefix": "IFLA_", "nla_map": IPVLAN}),
        "netkit": type("netkit", (nla,), {"prefix": "IFLA_", "nla_map": NETKIT, "peer_info": staticmethod(peer_info)}),
    }
    ifinfmsg.ifinfo.register_link_kind(module=kinds)
    _known.append(ifinfmsg)


def link_settings() -> Any:
    """Return an empty message that sets a link's settings, those of IPv4 included, which pyroute2 only reads."""
    from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

    if ifinfmsg not in _classes:
        _classes[ifinfmsg] = _link_settings_class(ifinfmsg)
    return _classes[ifinfmsg]()


def _link_settings_class(ifinfmsg: Any) -> Any:
    from pyroute2.netlink import nla, nlmsg

    # linux/if_link.h: IFLA_AF_SPEC holds attributes of each address family, AF_INET's hold IFLA_INET_CONF
    settings = type("settings", (nla,), {"nla_map": IPV4_SETTINGS})
    inet = type("inet", (nla,), {"nla_map": ((1, "IFLA_INET_CONF", "settings"),), "settings": settings})
    families = type("families", (nla,), {"nla_map": ((2, "AF_INET", "inet"),), "inet": inet})
    members = {
        "prefix": "IFLA_",
        "fields": ifinfmsg.fields,
        "nla_map": ((1, "IFLA_ADDRESS", "l2addr"), (4, "IFLA_MTU", "uint32"), (26, "IFLA_AF_SPEC", "families")),
        "families": families,
    }
    return type("link_settings", (nlmsg,), members)


def filter_messages() -> dict[int, Any]:
    """Return a class to decode filters with: pyroute2's own does not know a BPF filter's tag and program id."""
    from pyroute2.netlink import nla, nlmsg
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
