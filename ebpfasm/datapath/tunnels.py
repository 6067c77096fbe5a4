"""Tunnels to other nodes: the map that knows them, and the code that puts packets into them and takes packets out.

The device is a VXLAN device in metadata mode: a packet sent to it brings its tunnel along, set by the program that
sends it there, and of a packet that came from it the program at its ingress can read the tunnel. So one device serves
any number of nodes.
"""

from __future__ import annotations

import sys
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address, ip_address

from ebpfasm.asm.helpers import (
    FnMapLookupElem,
    FnRedirect,
    FnSkbChangeType,
    FnSkbGetTunnelKey,
    FnSkbSetTunnelKey,
)
from ebpfasm.asm.program import Instructions, Label
from ebpfasm.asm.register import R0, R1, R2, R3, R4, R6, R7, R8, R9, RFP, Word
from ebpfasm.asm.table import JLE, JNE, Add, Ja, JEq, LoadMapPtr, LoadMem, Mov, Return, Sub
from ebpfasm.datapath.addresses import AddressKey
from ebpfasm.datapath.counters import count_block, create_counters
from ebpfasm.datapath.packet import KEY, KEY_SIZE, destination, network_header
from ebpfasm.errors import OperandError
from ebpfasm.objects.maps import Map

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple

    from ebpfasm.asm.instruction import Instruction
    from ebpfasm.asm.wide import HasFileno

    MapLike = int | str | HasFileno

    class Tunnel(NamedTuple):
        """The way to another node: its address in the network that carries the overlay, and the VNI it listens to."""

        remote: IPv4Address | IPv6Address
        vni: int
else:
    from collections import namedtuple

    Tunnel = namedtuple("Tunnel", ("remote", "vni"))

__all__ = [
    "MAX_VNI",
    "Count",
    "Tunnel",
    "checked_vni",
    "create_counts",
    "create_tunnels",
    "encapsulate_block",
    "encapsulation",
    "reception_block",
]

LPM_TRIE = 11  # MapType.LPM_TRIE
NO_PREALLOC = 1  # MapFlag.NO_PREALLOC
MOST_PREFIXES = 65536
MAX_VNI = (1 << 24) - 1
"""A VXLAN's network identifier has 24 bits (RFC 7348 §5)."""

OK, SHOT = 0, 2
"""TC_ACT_OK and TC_ACT_SHOT of <linux/pkt_cls.h>."""
PACKET_HOST = 0  # linux/if_packet.h
LEN, GSO_SIZE = 0, 176
"""Offsets in struct __sk_buff."""

# struct bpf_tunnel_key up to local_ipv4, which it has since Linux 6.0: tunnel_id at 0, remote at 4, tunnel_tos,
# tunnel_ttl, tunnel_ext, tunnel_label. All kernels take this much of it (net/core/filter.c).
TUNNEL_KEY = 28
FLAGS = TUNNEL_KEY
"""Behind the key, where a value of the tunnels map has the flags to set it with."""
VALUE_SIZE = 32
RECEIVED = -32
"""Where on the stack the tunnel key of a received packet is read to; `reception_block` is done with it at its end."""

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
    """For a tunnel whose key the kernel would not take; dropped."""
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
    if address.is_multicast or address.is_unspecified or (address.version == 6 and address.scope_id):
        raise OperandError(
            f"remote: must be the address of one node, without a scope, not {remote}", field="remote", value=remote
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


def encapsulate_block(
    tunnels: MapLike, ifindex: int, counts: MapLike, *, mtu: int, prefix: str = "overlay_"
) -> Instructions:
    """Send the packet into the tunnel to where it goes; needs the context in R6, and goes on where there is none.

    It goes on, too, with what is not IP. Everything but R6 is lost, and the stack.

    Args:
        tunnels: the map of `create_tunnels`, or a name to bind later.
        ifindex: the VXLAN device's, 1..2³¹-1, in the namespace where the packet is when the program runs.
        counts: the map of `create_counts`.
        mtu: the most bytes of a packet, without link-layer header, that a tunnel carries. Longer ones are
            dropped, but for those that the device will cut to segments.
        prefix: of the block's labels.
    """
    malformed, onward, fits = f"{prefix}malformed", f"{prefix}no_tunnel", f"{prefix}fits"
    return Instructions(
        [
            network_header(prefix, not_ip=onward, malformed=malformed),
            destination(prefix, truncated=malformed),
            LoadMapPtr(R1, tunnels),
            Mov.Reg(R2, RFP),
            Add.Imm(R2, KEY),
            FnMapLookupElem.Call(),
            JEq.Imm(R0, 0, onward),
            Mov.Reg(R9, R0).with_comment("the tunnel"),
            LoadMem(R1, R6, GSO_SIZE, Word),
            JNE.Imm(R1, 0, fits),
            LoadMem(R1, R6, LEN, Word),
            Sub.Reg(R1, R7),
            JLE.Imm(R1, mtu, fits),
            *_dropped(prefix, "too_long", Count.TOO_LONG),
            Mov.Reg(R1, R6).with_symbol(fits),
            Mov.Reg(R2, R9),
            Mov.Imm(R3, TUNNEL_KEY),
            LoadMem(R4, R9, FLAGS, Word),
            FnSkbSetTunnelKey.Call(),
            JNE.Imm(R0, 0, f"{prefix}unsent"),
            Mov.Imm(R8, Count.SENT),
            count_block(f"{prefix}sent_", counts, R8),
            Mov.Imm(R1, ifindex),
            Mov.Imm(R2, 0),
            FnRedirect.Call(),
            Return(),
            *_dropped(prefix, "unsent", Count.UNSENT),
            *_dropped(prefix, "malformed", Count.MALFORMED),
            *_drop(prefix, counts),
            Label(onward),
        ]
    )


def encapsulation(tunnels: MapLike, ifindex: int, counts: MapLike, *, mtu: int) -> Instructions:
    """The whole program of a pod without an egress policy, of type SCHED_CLS: into a tunnel, or on its way.

    The arguments are those of `encapsulate_block`.
    """
    block = encapsulate_block(tunnels, ifindex, counts, mtu=mtu)
    return Instructions([Mov.Reg(R6, R1), block, Mov.Imm(R0, OK), Return()])


def reception_block(vni: int, counts: MapLike, *, prefix: str = "overlay_") -> Instructions:
    """Drop a packet unless it came out of a tunnel with this VNI; needs the context in R6, and goes on with the others.

    The packet's hardware address is that of the gateway its sender saw, so the kernel takes it for somebody else's;
    it is made the host's own, for the stack to forward. Everything but R6 is lost, and the stack.

    Args:
        vni: the VNI that packets for this node carry.
        counts: the map of `create_counts`.
        prefix: of the block's labels.

    Raises:
        OperandError: ``vni`` does not fit.
    """
    known = f"{prefix}tunnel"

    def read_key(flags: int) -> list[Instruction]:
        return [
            Mov.Reg(R1, R6),
            Mov.Reg(R2, RFP),
            Add.Imm(R2, RECEIVED),
            Mov.Imm(R3, TUNNEL_KEY),
            Mov.Imm(R4, flags),
            FnSkbGetTunnelKey.Call(),
        ]

    return Instructions(
        [
            *read_key(0),
            JEq.Imm(R0, 0, known),
            *read_key(TUNINFO_IPV6),
            JEq.Imm(R0, 0, known),
            *_dropped(prefix, "untunneled", Count.NO_TUNNEL),
            LoadMem(R1, RFP, RECEIVED, Word).with_symbol(known),
            JEq.Imm(R1, checked_vni(vni), f"{prefix}accepted"),
            *_dropped(prefix, "unknown_vni", Count.UNKNOWN_VNI),
            *_drop(prefix, counts),
            Mov.Reg(R1, R6).with_symbol(f"{prefix}accepted"),
            Mov.Imm(R2, PACKET_HOST),
            FnSkbChangeType.Call(),
            Mov.Imm(R8, Count.RECEIVED),
            count_block(f"{prefix}received_", counts, R8),
        ]
    )


def _dropped(prefix: str, label: str, count: Count) -> list[Instruction]:
    """Go to where packets are dropped, and say for what reason."""
    words = count.name.lower().replace("_", " ")
    return [
        Mov.Imm(R8, count).with_symbol(f"{prefix}{label}").with_comment(words),
        Ja.Label(f"{prefix}drop"),
    ]


def _drop(prefix: str, counts: MapLike) -> list[Instruction | Instructions | Label]:
    """Count what `_dropped` said, and end the program."""
    return [
        Label(f"{prefix}drop"),
        count_block(f"{prefix}dropped_", counts, R8),
        Mov.Imm(R0, SHOT),
        Return(),
    ]
