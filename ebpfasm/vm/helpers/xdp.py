"""Helpers of XDP programs."""

from __future__ import annotations

from errno import EACCES, EFAULT, EINVAL

from ebpfasm.vm.helpers.arguments import check_size, signed32, xdp_of
from ebpfasm.vm.skb import ETH_HLEN
from ebpfasm.vm.xdp_md import FRAME, OCCUPIED, TAILROOM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.vm.machine import Machine
    from ebpfasm.vm.xdp_md import Xdp

__all__ = [
    "xdp_adjust_head",
    "xdp_adjust_meta",
    "xdp_adjust_tail",
    "xdp_get_buff_len",
    "xdp_load_bytes",
    "xdp_store_bytes",
]


def xdp_get_buff_len(machine: Machine, r1: int) -> int:
    """``(xdp)``: the length of the packet, fragments and all."""
    return xdp_of(machine, r1).size


def xdp_adjust_head(machine: Machine, r1: int, r2: int) -> int:
    """``(xdp, offset)``: let the packet begin so many bytes later, or, below 0, earlier; metadata moves along."""
    xdp, offset = xdp_of(machine, r1), signed32(r2)
    if offset > len(xdp.packet) - xdp.metadata - ETH_HLEN:
        return -EINVAL
    metadata = bytes(xdp.packet[: xdp.metadata])
    return 0 if xdp.move_head(len(xdp.headroom) + offset, xdp.metadata, metadata) else -EINVAL


def xdp_adjust_meta(machine: Machine, r1: int, r2: int) -> int:
    """``(xdp, offset)``: let the metadata begin so many bytes later, or, below 0, earlier."""
    xdp, offset = xdp_of(machine, r1), signed32(r2)
    metadata = xdp.metadata - offset
    if metadata < 0 or len(xdp.headroom) + offset < OCCUPIED:
        return -EINVAL
    if metadata % 4:
        return -EACCES
    xdp.move_head(len(xdp.headroom) + offset, metadata, b"")
    return 0


def xdp_adjust_tail(machine: Machine, r1: int, r2: int) -> int:
    """``(xdp, offset)``: lengthen the packet by so many zeros, or, below 0, cut it."""
    xdp, offset = xdp_of(machine, r1), signed32(r2)
    if xdp.fragments:
        return _adjust_fragments(xdp, offset)
    end = len(xdp.packet) + offset
    if len(xdp.headroom) + end > FRAME - TAILROOM or end < xdp.metadata + ETH_HLEN:
        return -EINVAL
    _cut_or_extend(xdp.packet, offset)
    xdp.resized()
    return 0


def _adjust_fragments(xdp: Xdp, offset: int) -> int:
    if offset >= 0:
        if offset > FRAME - len(xdp.fragments[-1]):
            return -EINVAL
        _cut_or_extend(xdp.fragments[-1], offset)
        return 0
    less = -offset
    if less > xdp.size - ETH_HLEN:
        return -EINVAL
    while less and xdp.fragments:
        part = min(less, len(xdp.fragments[-1]))
        _cut_or_extend(xdp.fragments[-1], -part)
        if not xdp.fragments[-1]:
            xdp.fragments.pop()
        less -= part
    _cut_or_extend(xdp.packet, -less)
    xdp.resized()
    return 0


def _cut_or_extend(part: bytearray, offset: int) -> None:
    if offset < 0:
        del part[offset:]
    part.extend(bytes(max(offset, 0)))


def xdp_load_bytes(machine: Machine, r1: int, r2: int, r3: int, r4: int) -> int:
    """``(xdp, offset, to, size)``: copy bytes of the packet, fragments and all."""
    xdp, offset = xdp_of(machine, r1), r2 & 0xFFFFFFFF
    check_size("r4", r4)
    refusal = _refusal(xdp, offset, r4)
    if not refusal:
        whole = xdp.packet[xdp.metadata :] + b"".join(xdp.fragments)
        machine.memory.write(r3, bytes(whole[offset : offset + r4]))
    return refusal


def xdp_store_bytes(machine: Machine, r1: int, r2: int, r3: int, r4: int) -> int:
    """``(xdp, offset, from, size)``: write bytes of the packet, fragments and all."""
    xdp, offset = xdp_of(machine, r1), r2 & 0xFFFFFFFF
    check_size("r4", r4)
    data = machine.memory.read(r3, r4)
    refusal = _refusal(xdp, offset, r4)
    if refusal:
        return refusal
    at = xdp.metadata + offset
    for part in (xdp.packet, *xdp.fragments):
        piece = data[: max(0, len(part) - at)]
        part[at : at + len(piece)] = piece
        data = data[len(piece) :]
        at = max(0, at - len(part))
    return 0


def _refusal(xdp: Xdp, offset: int, size: int) -> int:
    """What bpf_xdp_pointer() says to a range that is not in the packet."""
    if offset > 0xFFFF or size > 0xFFFF:
        return -EFAULT
    return -EINVAL if offset + size > xdp.size else 0
