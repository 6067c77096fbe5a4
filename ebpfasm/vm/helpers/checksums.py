"""Helpers that keep Internet checksums right."""

from __future__ import annotations

import sys
from errno import EACCES, EFAULT, EINVAL

from ebpfasm.vm.helpers.arguments import check_size, skb_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ebpfasm.vm.machine import Machine
    from ebpfasm.vm.skb import Skb

__all__ = ["csum_diff", "csum_level", "csum_update", "l3_csum_replace", "l4_csum_replace", "reset_csum_level"]

ENOTSUPP = 524
HDR_FIELD_MASK, PSEUDO_HDR, MARK_MANGLED_0, MARK_ENFORCE, IPV6 = 0xF, 1 << 4, 1 << 5, 1 << 6, 1 << 7
CSUM_MANGLED_0 = 0xFFFF
INC, DEC, RESET, QUERY = 1, 2, 3, 0
SKB_MAX_CSUM_LEVEL = 3

# The arithmetic of include/net/checksum.h, on numbers in the machine's byte order: one's complement sums.


def csum_add(sum_: int, addend: int) -> int:
    """The sum of two 32-bit sums."""
    total = sum_ + addend
    return (total & 0xFFFFFFFF) + (total >> 32)


def csum_sub(sum_: int, subtrahend: int) -> int:
    """The difference of two 32-bit sums."""
    return csum_add(sum_, subtrahend ^ 0xFFFFFFFF)


def csum16_add(sum_: int, addend: int) -> int:
    """The sum of two 16-bit sums."""
    total = sum_ + addend
    return (total & 0xFFFF) + (total >> 16)


def csum_fold(sum_: int) -> int:
    """The checksum of a 32-bit sum."""
    sum_ = (sum_ & 0xFFFF) + (sum_ >> 16)
    return (sum_ & 0xFFFF) + (sum_ >> 16) ^ 0xFFFF


def csum_partial(data: bytes, sum_: int) -> int:
    """The 32-bit sum of bytes, added to another."""
    # 2³² counts as 1, so the sum of the 32-bit words is the number they make modulo 2³²-1; only nothing sums to 0.
    number = int.from_bytes(data + bytes(-len(data) % 4), sys.byteorder) + sum_
    return number % 0xFFFFFFFF or (0xFFFFFFFF if number else 0)


def replaced16(checksum: int, old: int, new: int) -> int:
    """A checksum after 16 bits changed (csum_replace2)."""
    return csum16_add(csum16_add(checksum ^ 0xFFFF, old & 0xFFFF ^ 0xFFFF), new & 0xFFFF) ^ 0xFFFF


def replaced32(checksum: int, old: int, new: int) -> int:
    """A checksum after 32 bits changed (csum_replace4)."""
    return csum_fold(csum_add(csum_sub(checksum ^ 0xFFFFFFFF, old & 0xFFFFFFFF), new & 0xFFFFFFFF))


def replaced_by(checksum: int, nothing: int, difference: int) -> int:
    """A checksum after a change by a difference (csum_replace_by_diff)."""
    return csum_fold(csum_add(difference & 0xFFFFFFFF, checksum ^ 0xFFFFFFFF))


def replaced16_in_32(checksum: int, old: int, new: int) -> int:
    """A checksum after 16 bits changed, reckoned in 32 (inet_proto_csum_replace2); the other zero may come of it."""
    return replaced32(checksum, old & 0xFFFF, new & 0xFFFF)


L3 = {0: replaced_by, 2: replaced16, 4: replaced32}
L4 = {0: replaced_by, 2: replaced16_in_32, 4: replaced32}


def l3_csum_replace(machine: Machine, r1: int, r2: int, r3: int, r4: int, r5: int) -> int:
    """``(skb, offset, from, to, size)``: adjust the checksum of a network header."""
    return _replace(skb_of(machine, r1), r2, r3, r4, r5 if not r5 & ~HDR_FIELD_MASK else None, L3)


def l4_csum_replace(machine: Machine, r1: int, r2: int, r3: int, r4: int, r5: int) -> int:
    """``(skb, offset, from, to, flags)``: adjust the checksum of a transport header."""
    known = HDR_FIELD_MASK | PSEUDO_HDR | MARK_MANGLED_0 | MARK_ENFORCE | IPV6
    return _replace(skb_of(machine, r1), r2, r3, r4, r5 if not r5 & ~known else None, L4)


def _replace(
    skb: Skb, offset: int, old: int, new: int, flags: int | None, ways: Mapping[int, Callable[[int, int, int], int]]
) -> int:
    offset &= 0xFFFFFFFF
    if flags is None:
        return -EINVAL
    if offset > 0xFFFF or offset & 1 or offset + 2 > len(skb.packet):
        return -EFAULT
    checksum = int.from_bytes(skb.packet[offset : offset + 2], sys.byteorder)
    if flags & MARK_MANGLED_0 and not flags & MARK_ENFORCE and not checksum:
        return 0
    size = flags & HDR_FIELD_MASK
    if size not in ways or (size == 0 and old):
        return -EINVAL
    checksum = ways[size](checksum, old, new)
    if flags & MARK_MANGLED_0 and not checksum:
        checksum = CSUM_MANGLED_0
    skb.packet[offset : offset + 2] = checksum.to_bytes(2, sys.byteorder)
    return 0


def csum_diff(machine: Machine, r1: int, r2: int, r3: int, r4: int, r5: int) -> int:
    """``(from, from_size, to, to_size, seed)``: what a checksum changes by, as 16 bits."""
    check_size("r2", r2, zero=True)
    check_size("r4", r4, zero=True)
    old, new = machine.memory.read(r1, r2), machine.memory.read(r3, r4)
    sum_ = r5 & 0xFFFFFFFF
    if old and new:
        sum_ = csum_sub(csum_partial(new, sum_), csum_partial(old, 0))
    elif new:
        sum_ = csum_partial(new, sum_)
    elif old:
        sum_ = csum_partial(old, sum_ ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
    # csum_from32to16()
    return (sum_ + (sum_ >> 16 | sum_ << 16 & 0xFFFFFFFF) & 0xFFFFFFFF) >> 16


def csum_update(machine: Machine, r1: int, r2: int) -> int:
    """``(skb, csum)``: -ENOTSUPP, as no device checked the sum of such a packet."""
    skb_of(machine, r1)
    return -ENOTSUPP


def csum_level(machine: Machine, r1: int, r2: int) -> int:
    """``(skb, level)``: change, reset or ask for how many checksums were found right."""
    skb = skb_of(machine, r1)
    level = skb.csum_level
    if r2 == QUERY:
        return -EACCES if level is None else level
    if r2 == INC:
        skb.csum_level = 0 if level is None else min(level + 1, SKB_MAX_CSUM_LEVEL)
    elif r2 == DEC:
        skb.csum_level = None if not level else level - 1
    elif r2 == RESET:
        reset_csum_level(skb)
    else:
        return -EINVAL
    return 0


def reset_csum_level(skb: Skb) -> None:
    """Say that no checksum was checked (__skb_reset_checksum_unnecessary)."""
    skb.csum_level = None
