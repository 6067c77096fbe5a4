"""Helpers that read and write a packet and what the kernel knows of it."""

from __future__ import annotations

from errno import EFAULT, EINVAL, ENOMEM

from ebpfasm.vm.helpers.arguments import check_size, skb_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.vm.machine import Machine

__all__ = [
    "set_hash",
    "set_hash_invalid",
    "skb_change_type",
    "skb_load_bytes",
    "skb_load_bytes_relative",
    "skb_pull_data",
    "skb_store_bytes",
]

INT_MAX = 0x7FFFFFFF
RECOMPUTE_CSUM, INVALIDATE_HASH = 1, 2
HDR_START_MAC, HDR_START_NET = 0, 1
PACKET_OTHERHOST = 3


def skb_load_bytes(machine: Machine, r1: int, r2: int, r3: int, r4: int) -> int:
    """``(skb, offset, to, size)``: copy bytes of the packet; where there are no such bytes, zeros and -EFAULT."""
    skb = skb_of(machine, r1)
    check_size("r4", r4)
    offset = r2 & 0xFFFFFFFF
    found = skb.at(offset, r4) if offset <= INT_MAX else None
    return _copied(machine, r3, r4, found)


def skb_load_bytes_relative(machine: Machine, r1: int, r2: int, r3: int, r4: int, r5: int) -> int:
    """``(skb, offset, to, size, header)``: the same, counted from the link (0) or the network header (1)."""
    skb = skb_of(machine, r1)
    check_size("r4", r4)
    offset = r2 & 0xFFFFFFFF
    start = {HDR_START_MAC: skb.mac, HDR_START_NET: skb.net}.get(r5 & 0xFFFFFFFF)
    found = None if start is None or offset > 0xFFFF else skb.at(start + offset, r4)
    return _copied(machine, r3, r4, found)


def _copied(machine: Machine, to: int, size: int, found: bytes | None) -> int:
    machine.memory.write(to, bytes(size) if found is None else found)
    return -EFAULT if found is None else 0


def skb_store_bytes(machine: Machine, r1: int, r2: int, r3: int, r4: int, r5: int) -> int:
    """``(skb, offset, from, size, flags)``: write bytes of the packet."""
    skb = skb_of(machine, r1)
    check_size("r4", r4)
    data = machine.memory.read(r3, r4)
    offset = r2 & 0xFFFFFFFF
    if r5 & ~(RECOMPUTE_CSUM | INVALIDATE_HASH):
        return -EINVAL
    if offset > INT_MAX or offset + r4 > len(skb.packet):
        return -EFAULT
    skb.packet[offset : offset + r4] = data
    if r5 & INVALIDATE_HASH:
        skb.set("hash", 0)
    return 0


def skb_pull_data(machine: Machine, r1: int, r2: int) -> int:
    """``(skb, size)``: make so many bytes accessible, 0 for all; here they always are."""
    return -ENOMEM if r2 & 0xFFFFFFFF > len(skb_of(machine, r1).packet) else 0


def skb_change_type(machine: Machine, r1: int, r2: int) -> int:
    """``(skb, type)``: set ``pkt_type``, to PACKET_HOST, BROADCAST, MULTICAST or OTHERHOST."""
    skb = skb_of(machine, r1)
    new = r2 & 0xFFFFFFFF
    if skb.get("pkt_type") > PACKET_OTHERHOST or new > PACKET_OTHERHOST:
        return -EINVAL
    skb.set("pkt_type", new)
    return 0


def set_hash(machine: Machine, r1: int, r2: int) -> int:
    """``(skb, hash)``: set ``hash``."""
    skb_of(machine, r1).set("hash", r2 & 0xFFFFFFFF)
    return 0


def set_hash_invalid(machine: Machine, r1: int) -> int:
    """``(skb)``: forget ``hash``."""
    skb_of(machine, r1).set("hash", 0)
    return 0
