"""Tunnels to other nodes: which prefixes lead into which, and what is counted of them."""

from __future__ import annotations

import sys
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address, ip_address

from ebpfasm.datapath.addresses import AddressKey
from ebpfasm.datapath.counters import create_counters
from ebpfasm.datapath.packet import KEY_SIZE
from ebpfasm.errors import OperandError
from ebpfasm.objects.maps import Map

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple

    class Tunnel(NamedTuple):
        """The way to another node: its address in the network that carries the overlay, and the VNI it listens to."""

        remote: IPv4Address | IPv6Address
        vni: int
else:
    from collections import namedtuple

    Tunnel = namedtuple("Tunnel", ("remote", "vni"))

__all__ = [
    "FLAGS", "MAX_VNI", "MOST_PREFIXES", "TUNINFO_IPV6", "TUNNEL_KEY", "Count", "Tunnel", "TunnelValue",
    "checked_remote", "checked_vni", "create_counts", "create_tunnels",
]  # fmt: skip

LPM_TRIE = 11  # MapType.LPM_TRIE
NO_PREALLOC = 1  # MapFlag.NO_PREALLOC
MOST_PREFIXES = 65536
MAX_VNI = (1 << 24) - 1
"""A VXLAN's network identifier has 24 bits (RFC 7348 §5)."""

TUNNEL_KEY = 28
"""The size of struct bpf_tunnel_key up to local_ipv4, which it has since Linux 6.0: tunnel_id at 0, remote at 4,
tunnel_tos, tunnel_ttl, tunnel_ext, tunnel_label. All kernels take this much of it (net/core/filter.c)."""
FLAGS = TUNNEL_KEY
"""Behind the key, where a value of the tunnels map has the flags to set it with."""
VALUE_SIZE = 32

# BPF_F_… of bpf_skb_set_tunnel_key. Over IPv4 the outer UDP checksum is left out, as RFC 7348 §5 has it, since the
# packet within has its own; over IPv6 there must be one. Outer packets are never fragmented (§4.3).
TUNINFO_IPV6, ZERO_CSUM_TX, DONT_FRAGMENT = 1, 2, 4
OUTER_IPV4, OUTER_IPV6 = ZERO_CSUM_TX | DONT_FRAGMENT, TUNINFO_IPV6


class Count(IntEnum):
    """What the overlay's programs count, and at which index."""

    SENT = 0
    """Put into a tunnel."""
    TOO_LONG = 1
    """Longer than a tunnel can carry; dropped."""
    UNSENT = 2
    """For a tunnel, but the kernel had no memory for it; dropped."""
    RECEIVED = 3
    """Taken out of a tunnel with the right VNI, and delivered."""
    UNKNOWN_VNI = 4
    """Out of a tunnel with another VNI; dropped."""
    NO_TUNNEL = 5
    """Came in through the device, but out of no tunnel; dropped."""
    MALFORMED = 6
    """To be sent, but it ends before the destination's address, or is not what its sender says; dropped."""


class TunnelValue:
    """A codec for the values of the tunnels map: a `Tunnel`, or remote and VNI, as ``struct bpf_tunnel_key`` and flags.

    So the program gives the value to the helper as it is.
    """

    __slots__ = ()

    def encode(self, value: tuple[str | IPv4Address | IPv6Address, int]) -> bytes:
        """The 32 bytes of a tunnel.

        Raises:
            OperandError: it is not an address and a VNI.
        """
        if not isinstance(value, tuple) or len(value) != 2:
            raise OperandError(f"tunnel: must be an address and a VNI, not {value!r}", field="tunnel", value=value)
        remote, vni = checked_remote(value[0]), checked_vni(value[1])
        if remote.version == 6:
            address, flags = remote.packed, OUTER_IPV6
        else:
            address, flags = int(remote).to_bytes(4, sys.byteorder).ljust(16, b"\0"), OUTER_IPV4
        return vni.to_bytes(4, sys.byteorder) + address + bytes(8) + flags.to_bytes(4, sys.byteorder)

    def decode(self, data: bytes) -> Tunnel:
        """The tunnel of these bytes."""
        if int.from_bytes(data[FLAGS : FLAGS + 4], sys.byteorder) & TUNINFO_IPV6:
            remote: IPv4Address | IPv6Address = IPv6Address(data[4:20])
        else:
            remote = IPv4Address(int.from_bytes(data[4:8], sys.byteorder))
        return Tunnel(remote, int.from_bytes(data[:4], sys.byteorder))


def checked_vni(vni: int) -> int:
    """Return ``vni``; raise OperandError unless it is in 0..`MAX_VNI`."""
    if isinstance(vni, bool) or not isinstance(vni, int) or not 0 <= vni <= MAX_VNI:
        raise OperandError(
            f"vni must be in 0..{MAX_VNI}, not {vni!r}", field="vni", value=vni, low=0, high=MAX_VNI
        )  # fmt: skip
    return vni


def checked_remote(remote: str | IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the address of a node; raise OperandError for what cannot be one."""
    try:
        address = ip_address(remote)
    except ValueError as error:
        raise OperandError(f"remote: {error}", field="remote", value=remote) from None
    scoped = address.version == 6 and (address.is_link_local or address.scope_id)
    if address.is_multicast or address.is_unspecified or address.is_loopback or scoped:
        raise OperandError(
            f"remote: must be the address of another node, that needs no scope, not {remote}",
            field="remote",
            value=remote,
        )
    return address


def create_tunnels(max_entries: int = MOST_PREFIXES, *, name: str = "tunnels") -> Map:
    """Make the map from address or prefix to the tunnel that leads there: ``tunnels["10.2.0.0/16"] = "192.0.2.2", 7``.

    Keys are what `AddressKey` takes; reading gives a `Tunnel`.

    Args:
        max_entries: the most addresses and prefixes; memory is taken as they come.

    Raises what `Map.create` raises.
    """
    return Map.create(
        LPM_TRIE, key_size=KEY_SIZE, value_size=VALUE_SIZE, max_entries=max_entries, flags=NO_PREALLOC, name=name,
        key=AddressKey(), value=TunnelValue(),
    )  # fmt: skip


def create_counts(name: str = "cnt_overlay") -> Map:
    """Make the counters of an overlay, indexed by `Count`; `ebpfasm.datapath.counters.read_counters` reads them."""
    return create_counters(name, len(Count))
