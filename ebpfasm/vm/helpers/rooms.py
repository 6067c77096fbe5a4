"""Helpers that make a packet longer or shorter, and change its headers."""

from __future__ import annotations

from errno import EALREADY, EFAULT, EINVAL, ENOMEM

from ebpfasm.vm.helpers.arguments import signed32, skb_of
from ebpfasm.vm.helpers.checksums import ENOTSUPP, reset_csum_level
from ebpfasm.vm.skb import ETH_HLEN, link_protocol, network16

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.vm.machine import Machine
    from ebpfasm.vm.skb import Skb

__all__ = [
    "skb_adjust_room",
    "skb_change_head",
    "skb_change_proto",
    "skb_change_tail",
    "skb_vlan_pop",
    "skb_vlan_push",
]

BPF_SKB_MAX_LEN = 4 * 4096 - 320
"""SKB_MAX_ALLOC: four pages less struct skb_shared_info."""
ETH_P_IP, ETH_P_IPV6, ETH_P_8021Q, ETH_P_8021AD = map(network16, (0x0800, 0x86DD, 0x8100, 0x88A8))
HEADER = {ETH_P_IP: 20, ETH_P_IPV6: 40}
VLANS = (ETH_P_8021Q, ETH_P_8021AD)
VLAN_HLEN = 4

ROOM_NET, ROOM_MAC = 0, 1
FIXED_GSO, NO_CSUM_RESET, ENCAP_L2_ETH = 1 << 0, 1 << 5, 1 << 6
ENCAP_IPV4, ENCAP_IPV6, ENCAP_GRE, ENCAP_UDP = 1 << 1, 1 << 2, 1 << 3, 1 << 4
DECAP_IPV4, DECAP_IPV6 = 1 << 7, 1 << 8
ENCAP_L2_SHIFT = 56
ROOM_FLAGS = (
    FIXED_GSO | NO_CSUM_RESET | ENCAP_L2_ETH | ENCAP_IPV4 | ENCAP_IPV6 | ENCAP_GRE | ENCAP_UDP
    | DECAP_IPV4 | DECAP_IPV6 | 0xFF << ENCAP_L2_SHIFT
)  # fmt: skip


def skb_change_tail(machine: Machine, r1: int, r2: int, r3: int) -> int:
    """``(skb, size, flags)``: cut the packet, or lengthen it with zeros."""
    skb = skb_of(machine, r1)
    size = r2 & 0xFFFFFFFF
    if r3 or size > BPF_SKB_MAX_LEN or size < skb.least:
        return -EINVAL
    if skb.encapsulation:
        return -ENOTSUPP
    del skb.packet[size:]
    skb.packet.extend(bytes(size - len(skb.packet)))
    if skb.get("gso_size"):
        skb.set("gso_size", 0)
        skb.set("gso_segs", 0)
    skb.resized()
    return 0


def skb_change_head(machine: Machine, r1: int, r2: int, r3: int) -> int:
    """``(skb, size, flags)``: so many zeros before the packet, which its link header begins with."""
    skb = skb_of(machine, r1)
    size = r2 & 0xFFFFFFFF
    new = (len(skb.packet) + size) & 0xFFFFFFFF
    too_long = not skb.get("gso_size") and new > BPF_SKB_MAX_LEN
    if r3 or size > 0x7FFFFFFF or too_long or new < len(skb.packet):
        return -EINVAL
    _insert(skb, 0, size)
    skb.pulled, skb.before = 0, b""
    skb.mac = 0
    skb.net += size
    skb.resized()
    return 0


def skb_vlan_push(machine: Machine, r1: int, r2: int, r3: int) -> int:
    """``(skb, protocol, tci)``: add a VLAN tag, beside the packet; the one that was there goes into it."""
    skb = skb_of(machine, r1)
    protocol = r2 & 0xFFFF
    if skb.get("vlan_present"):
        tag = skb.get("vlan_proto"), skb.get("vlan_tci")
        _insert(skb, 12, VLAN_HLEN)
        skb.packet[12:16] = network16(tag[0]).to_bytes(2) + tag[1].to_bytes(2)
        skb.set("protocol", tag[0])
        skb.resized()
    _set_tag(skb, protocol if protocol in VLANS else ETH_P_8021Q, r3 & 0xFFFF)
    return 0


def skb_vlan_pop(machine: Machine, r1: int) -> int:
    """``(skb)``: take away the outer VLAN tag; the next one comes out of the packet."""
    skb = skb_of(machine, r1)
    if skb.get("vlan_present"):
        for name in ("vlan_present", "vlan_tci", "vlan_proto"):
            skb.set(name, 0)
    elif skb.get("protocol") not in VLANS:
        return 0
    elif _taken_out(skb) is None:
        return -ENOMEM
    protocol = skb.get("protocol")
    if protocol not in VLANS:
        return 0
    tci = _taken_out(skb)
    if tci is None:
        return -ENOMEM
    _set_tag(skb, protocol, tci)
    return 0


def _taken_out(skb: Skb) -> int | None:
    """Take a tag out of the packet (__skb_vlan_pop); None if it is too short."""
    packet = skb.packet
    if len(packet) < ETH_HLEN + VLAN_HLEN:
        return None
    tci = int.from_bytes(packet[14:16])
    skb.set("protocol", network16(link_protocol(int.from_bytes(packet[16:18]), bytes(packet[18:20]))))
    _remove(skb, 12, VLAN_HLEN)
    skb.net = max(skb.net - VLAN_HLEN, ETH_HLEN)
    skb.resized()
    return tci


def _set_tag(skb: Skb, protocol: int, tci: int) -> None:
    skb.set("vlan_present", 1)
    skb.set("vlan_proto", protocol)
    skb.set("vlan_tci", tci)


def _insert(skb: Skb, at: int, size: int) -> None:
    """Put zeros into the packet, to which the buffer grows at its beginning."""
    skb.make_headroom(size)
    skb.headroom -= size
    skb.packet[at:at] = bytes(size)


def _remove(skb: Skb, at: int, size: int) -> None:
    """Take bytes out of the packet, at whose beginning the buffer gets room."""
    skb.headroom += size
    del skb.packet[at : at + size]


def skb_change_proto(machine: Machine, r1: int, r2: int, r3: int) -> int:
    """``(skb, protocol, flags)``: make room for an IPv6 header instead of an IPv4 one, or the other way round."""
    skb = skb_of(machine, r1)
    if r3:
        return -EINVAL
    change = skb.get("protocol"), r2 & 0xFFFF
    at, difference = skb.net - skb.mac, HEADER[ETH_P_IPV6] - HEADER[ETH_P_IP]
    if change == (ETH_P_IP, ETH_P_IPV6):
        _insert(skb, at, difference)
    elif change == (ETH_P_IPV6, ETH_P_IP):
        if at + difference > len(skb.packet):
            return -ENOMEM
        _remove(skb, at, difference)
    else:
        return -ENOTSUPP
    skb.set("protocol", change[1])
    skb.set("hash", 0)
    skb.resized()
    return 0


def skb_adjust_room(machine: Machine, r1: int, r2: int, r3: int, r4: int) -> int:
    """``(skb, difference, mode, flags)``: make room after the network (0) or link header (1), or take it away."""
    skb = skb_of(machine, r1)
    difference, mode, flags = signed32(r2), r3 & 0xFFFFFFFF, r4
    protocol = skb.get("protocol")
    if flags & ~ROOM_FLAGS:
        return -EINVAL
    if abs(difference) > 0xFFF:
        return -EFAULT
    if protocol not in HEADER or mode not in (ROOM_NET, ROOM_MAC):
        return -ENOTSUPP
    decap = flags & (DECAP_IPV4 | DECAP_IPV6)
    if decap and (difference >= 0 or decap == DECAP_IPV4 | DECAP_IPV6):
        return -EINVAL
    least = HEADER[{DECAP_IPV4: ETH_P_IP, DECAP_IPV6: ETH_P_IPV6}.get(decap, protocol)]
    left = len(skb.packet) - skb.net + difference
    too_long = len(skb.packet) + difference > BPF_SKB_MAX_LEN and not skb.get("gso_size")
    change = _shrink if difference < 0 else _grow
    at = skb.net - skb.mac + (HEADER[protocol] if mode == ROOM_NET else 0)
    refusal = -ENOTSUPP if (left < least if difference < 0 else too_long) else change(skb, at, abs(difference), flags)
    if not refusal and not flags & NO_CSUM_RESET:
        reset_csum_level(skb)
    skb.resized()
    return refusal


def _shrink(skb: Skb, at: int, size: int, flags: int) -> int:
    if flags & ~(FIXED_GSO | DECAP_IPV4 | DECAP_IPV6 | NO_CSUM_RESET):
        return -EINVAL
    if skb.get("gso_size"):  # of no type that is known, as in test runs
        return -ENOTSUPP
    if at + size > len(skb.packet):
        return -ENOMEM
    _remove(skb, at, size)
    if flags & DECAP_IPV6:
        skb.set("protocol", ETH_P_IPV6)
    elif flags & DECAP_IPV4:
        skb.set("protocol", ETH_P_IP)
    return 0


def _grow(skb: Skb, at: int, size: int, flags: int) -> int:
    link = flags >> ENCAP_L2_SHIFT
    encap = flags & (ENCAP_IPV4 | ENCAP_IPV6)
    if skb.get("gso_size"):
        return -ENOTSUPP
    skb.make_headroom(size)
    if encap:
        if encap == ENCAP_IPV4 | ENCAP_IPV6 or (flags & ENCAP_GRE and flags & ENCAP_UDP):
            return -EINVAL
        if flags & ENCAP_L2_ETH and link < ETH_HLEN:
            return -EINVAL
        if skb.encapsulation:
            return -EALREADY
        if link > size:
            return -EINVAL
    _insert(skb, at, size)
    if encap:
        skb.encapsulation = True
        if flags & (ENCAP_GRE | ENCAP_UDP):
            header = HEADER[ETH_P_IPV6 if encap == ENCAP_IPV6 else ETH_P_IP]
            skb.transport = skb.headroom + skb.net - skb.mac + header
        skb.set("protocol", ETH_P_IPV6 if encap == ENCAP_IPV6 else ETH_P_IP)
    return 0
