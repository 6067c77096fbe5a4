"""The packet and the ``__sk_buff`` of a run, as programs and helpers change them."""

from __future__ import annotations

import sys

from ebpfasm.vm.memory import PACKET, SHIFT
from ebpfasm.vm.sk_buff_fields import SK_BUFF

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.vm.access import Access
    from ebpfasm.vm.tunnel import Tunnel

__all__ = ["ETH_HLEN", "Skb", "link_protocol", "network16"]

ETH_HLEN = 14
ETH_P_802_3, ETH_P_802_2 = 0x0001, 0x0004
ETH_P_802_3_MIN = 0x0600
NO_QUEUE_MAPPING = 0xFFFF
NET_SKB_PAD = 64
UNSET = 0xFFFF
"""A header's place in the buffer that says there is none."""


KEPT_BYTES = {
    "pkt_type": 1, "protocol": 2, "queue_mapping": 2, "tc_index": 2, "tc_classid": 2, "vlan_tci": 2, "vlan_proto": 2,
    "vlan_present": 4, "gso_segs": 2, "gso_size": 2,
}  # fmt: skip
"""Fields that have less than their four bytes in ``struct sk_buff``."""


class Skb:
    """The packet and the context of a run, as helpers see them.

    ``ctx`` are the context's bytes, ``packet`` the data from where the program sees it, ``mac`` and ``net`` where
    the link and the network header are, counted from there, ``pulled`` how many bytes before the data belong to the
    packet, kept in ``before``; ``csum_level`` is None while no checksum was checked (CHECKSUM_NONE). ``headroom`` is
    how much the kernel's buffer has before the data, and ``transport`` where in that buffer the transport header is.
    ``from_tunnel`` is the tunnel the packet came through, ``to_tunnel`` the one the program wants it to take.
    """

    __slots__ = (
        "access", "before", "csum_level", "ctx", "encapsulation", "from_tunnel", "headroom", "mac", "net", "packet",
        "pulled", "queue_mapping", "to_tunnel", "transport",
    )  # fmt: skip

    def __init__(self, access: Access, packet: bytearray, *, link_layer: bool) -> None:
        self.access = access
        self.packet = packet
        self.ctx = bytearray(SK_BUFF.size)
        self.pulled = 0 if link_layer else ETH_HLEN
        self.before = bytes(packet[: self.pulled])
        self.mac = -self.pulled
        self.net = ETH_HLEN - self.pulled
        self.headroom = NET_SKB_PAD + self.pulled
        self.transport = UNSET
        self.encapsulation = False
        self.csum_level: int | None = None
        self.queue_mapping = 0
        self.from_tunnel: Tunnel | None = None
        self.to_tunnel: Tunnel | None = None

    def get(self, name: str) -> int:
        """A field of the context."""
        start, size, _ = SK_BUFF.places[name]
        return int.from_bytes(self.ctx[start : start + size], sys.byteorder)

    def set(self, name: str, value: int) -> None:
        """Set a field of the context."""
        start, size, _ = SK_BUFF.places[name]
        self.ctx[start : start + size] = value.to_bytes(size, sys.byteorder)

    def put(self, name: str, value: bytes) -> None:
        """Set the bytes of a field of the context."""
        start = SK_BUFF.places[name][0]
        self.ctx[start : start + len(value)] = value

    def resized(self) -> None:
        """Tell the context of the packet's length."""
        self.set("len", len(self.packet))
        self.set("data", PACKET << SHIFT)
        self.set("data_meta", PACKET << SHIFT)
        self.set("data_end", (PACKET << SHIFT) + len(self.packet))

    def make_headroom(self, size: int) -> None:
        """Have the buffer begin so many bytes before the data (skb_cow)."""
        missing = size - self.headroom
        if missing > 0:
            more = -(-missing // NET_SKB_PAD) * NET_SKB_PAD
            self.headroom += more
            # skb_headers_offset_update() does so with no regard to UNSET, and from then on there is such a header.
            self.transport = (self.transport + more) & 0xFFFF

    @property
    def least(self) -> int:
        """The least length the packet can be cut to (__bpf_skb_min_len)."""
        transport = 0 if self.transport == UNSET else self.transport - self.headroom
        return transport if transport > 0 else max(self.net, 0)

    def at(self, offset: int, size: int) -> bytes | None:
        """Bytes of the packet, also of a header before the data; None where there are not so many."""
        if not -self.pulled <= offset <= len(self.packet) - size:
            return None
        if offset >= 0:
            return bytes(self.packet[offset : offset + size])
        return (self.before + self.packet[: max(0, size + offset)])[offset + self.pulled :][:size]

    def check(self, offset: int, size: int, writing: bool) -> None:
        """Raise `Fault` unless the program may read, or write, this part of the context."""
        self.access.check(offset, size, writing)

    def loaded(self, offset: int, size: int, value: int) -> int:
        """What a load of a part of a field gives.

        The kernel loads what the field has in its ``struct sk_buff``, and only where less was asked for does it shift
        and mask that (convert_ctx_accesses(), kernel/bpf/verifier.c).
        """
        name = SK_BUFF.field_at(offset)
        return self.get(name) if KEPT_BYTES.get(name, 4) <= size < 4 else value

    def wrote(self, offset: int, size: int, value: int) -> None:
        """Make of what the program wrote into the context what the kernel makes of it (bpf_convert_ctx_access()).

        ``value`` is a constant, signed, or all 64 bits of a register: so the kernel compares it.
        """
        name = SK_BUFF.field_at(offset)
        if name == "queue_mapping":
            if value < NO_QUEUE_MAPPING:
                self.queue_mapping = value & 0xFFFF
            self.set(name, self.queue_mapping)
        elif name in ("tc_index", "tc_classid"):
            self.set(name, self.get(name) & 0xFFFF)


def link_protocol(ethertype: int, after: bytes) -> int:
    """The protocol of an Ethernet type field, which may be a length instead, and the two bytes after it."""
    if ethertype >= ETH_P_802_3_MIN:
        return ethertype
    return ETH_P_802_3 if after == b"\xff\xff" else ETH_P_802_2


def network16(value: int) -> int:
    """A 16-bit number in the packet's byte order (htons)."""
    return int.from_bytes(value.to_bytes(2), sys.byteorder)
