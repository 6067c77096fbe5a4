"""Code that puts packets into tunnels and takes packets out, for programs of traffic control (SCHED_CLS).

The device is a VXLAN device in metadata mode: a packet sent to it brings its tunnel along, set by the program that
sends it there, and of a packet that came from it the program at its ingress can read the tunnel. So one device serves
any number of nodes.
"""

from __future__ import annotations

import sys

from ebpfasm.asm.helpers import (
    FnMapLookupElem,
    FnRedirect,
    FnSkbChangeType,
    FnSkbGetTunnelKey,
    FnSkbSetTunnelKey,
    FnSkbStoreBytes,
)
from ebpfasm.asm.program import Instructions, Label
from ebpfasm.asm.register import R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, RFP, Half, Word
from ebpfasm.asm.table import JLE, JNE, Add, Ja, JEq, LoadMapPtr, LoadMem, Mov, Return, StoreImm, Sub
from ebpfasm.datapath.counters import count_block
from ebpfasm.datapath.packet import KEY, destination, network_header
from ebpfasm.datapath.tunnels import FLAGS, TUNINFO_IPV6, TUNNEL_KEY, Count, checked_vni

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm.instruction import Instruction
    from ebpfasm.asm.wide import HasFileno

    MapLike = int | str | HasFileno

__all__ = ["encapsulate_block", "encapsulation", "reception_block"]

OK, SHOT = 0, 2
"""TC_ACT_OK and TC_ACT_SHOT of <linux/pkt_cls.h>."""
PACKET_HOST = 0  # linux/if_packet.h
SOURCE = 6
"""Where the source is in an Ethernet header."""
LEN, GSO_SIZE = 0, 176
"""Offsets in struct __sk_buff."""
GSO_BY_FRAGS = 0xFFFF
"""A gso_size that says nothing: SCTP's segments have sizes of their own (linux/skbuff.h)."""
LEAST_HEADERS = 28
"""Of a segment: IPv4's and UDP's. So no segment that fits is taken for too long, and those of a pod that thinks it has
the MTU of Ethernet are not lost without a trace."""

MAC = -8
"""Where on the stack the source is written from, once the destination's key is no longer needed there."""
RECEIVED = -32
"""Where on the stack the tunnel key of a received packet is read to; `reception_block` is done with it at its end."""


def encapsulate_block(
    tunnels: MapLike, ifindex: int, counts: MapLike, *, mtu: int, mac: bytes | None = None, prefix: str = "overlay_"
) -> Instructions:
    """Send the packet into the tunnel to where it goes; needs the context in R6, and goes on where there is none.

    It goes on, too, with what is not IP. Everything but R6 is lost, and the stack.

    Args:
        tunnels: the map of `create_tunnels`, or a name to bind later.
        ifindex: the VXLAN device's, 1..2³¹-1, in the namespace where the packet is when the program runs.
        counts: the map of `create_counts`.
        mtu: the most bytes of a packet, without link-layer header, that a tunnel carries. Longer ones are
            dropped, but for those that the device will cut to segments which are not longer.
        mac: the six bytes of the VXLAN device's hardware address, which packets get as their source; None leaves
            the source alone. What a device without addresses sends (netkit in mode l3) has zeros there, and
            newer kernels drop that where it comes out of a tunnel (vxlan_set_mac() in
            drivers/net/vxlan/vxlan_core.c).
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
            JEq.Imm(R1, 0, f"{prefix}whole"),
            JEq.Imm(R1, GSO_BY_FRAGS, fits),
            JLE.Imm(R1, mtu - LEAST_HEADERS, fits),
            Ja.Label(f"{prefix}too_long"),
            LoadMem(R1, R6, LEN, Word).with_symbol(f"{prefix}whole"),
            Sub.Reg(R1, R7),
            JLE.Imm(R1, mtu, fits),
            *_dropped(prefix, "too_long", Count.TOO_LONG),
            Label(fits),
            *([] if mac is None else _source(mac, f"{prefix}unsent")),
            Mov.Reg(R1, R6),
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


def encapsulation(
    tunnels: MapLike, ifindex: int, counts: MapLike, *, mtu: int, mac: bytes | None = None
) -> Instructions:
    """The whole program of a pod without an egress policy, of type SCHED_CLS: into a tunnel, or on its way.

    The arguments are those of `encapsulate_block`.
    """
    block = encapsulate_block(tunnels, ifindex, counts, mtu=mtu, mac=mac)
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


def _source(mac: bytes, failed: str) -> list[Instruction]:
    """Write the source of the packet's Ethernet header."""
    return [
        StoreImm(RFP, MAC, int.from_bytes(mac[:4], sys.byteorder), Word),
        StoreImm(RFP, MAC + 4, int.from_bytes(mac[4:], sys.byteorder), Half),
        Mov.Reg(R1, R6),
        Mov.Imm(R2, SOURCE),
        Mov.Reg(R3, RFP),
        Add.Imm(R3, MAC),
        Mov.Imm(R4, 6),
        Mov.Imm(R5, 0),
        FnSkbStoreBytes.Call(),
        JNE.Imm(R0, 0, failed),
    ]


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
