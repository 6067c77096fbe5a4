"""The programs of the demo, made of builder words."""

from __future__ import annotations

import sys

from ebpfasm import asm
from ebpfasm.asm import R0, R1, R2, R3, R4, R5, RFP, DWord, Word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm.instruction import Instruction
    from ebpfasm.asm.program import Instructions
    from ebpfasm.asm.wide import HasFileno

__all__ = ["built", "count_by_destination", "counting", "passing"]

TC_ACT_OK, TC_ACT_SHOT = 0, 2  # linux/pkt_cls.h; tcx has the same numbers for pass and drop
BPF_NOEXIST = 1

# Offsets in struct __sk_buff, linux/bpf.h. ``protocol`` is in network byte order.
PROTOCOL, DATA, DATA_END = 16, 76, 80
IPV4 = int.from_bytes(b"\x08\x00", sys.byteorder)

# A packet at a tc hook begins with its Ethernet header: 14 bytes, then 20 of IPv4, the destination last.
HEADERS = 14 + 20
DESTINATION = HEADERS - 4


def passing() -> Instructions:
    """Let every packet pass."""
    return asm.Instructions([asm.Mov.Imm(R0, TC_ACT_OK), asm.Return()])


def counting(counter: HasFileno | str, verdict: int = TC_ACT_OK) -> Instructions:
    """Count each IPv4 packet in entry 0 of an array and give it ``verdict``; let everything else pass.

    Everything else is ARP and IPv6's own talk: without ARP no packet would find its way.
    """
    return asm.Instructions(
        [
            *_only_ipv4(),
            asm.LoadMapValue(R2, counter, 0).with_comment("the address of the counter"),
            asm.Mov.Imm(R3, 1),
            asm.AddAtomic.Mem(R2, R3, DWord, 0).with_comment("CPUs may count at once"),
            asm.Mov.Imm(R0, verdict),
            asm.Return(),
            asm.Mov.Imm(R0, TC_ACT_OK).with_symbol("pass"),
            asm.Return(),
        ]
    )


def count_by_destination(counts: HasFileno | str) -> Instructions:
    """Count IPv4 packets in a hash map, by their destination as it stands in the packet; let all pass."""
    return asm.Instructions(
        [
            *_only_ipv4(),
            asm.LoadMem(R2, R1, DATA, Word),
            asm.LoadMem(R3, R1, DATA_END, Word),
            asm.Mov.Reg(R4, R2),
            asm.Add.Imm(R4, HEADERS),
            asm.JGT.Reg(R4, R3, "pass").with_comment("shorter than its headers"),
            asm.LoadMem(R5, R2, DESTINATION, Word),
            asm.StoreMem(RFP, -4, R5, Word).with_comment("the key"),
            *_find(counts),
            asm.JNE.Imm(R0, 0, "count"),
            # The first packet there. Another CPU may have its first too: neither may overwrite the other's.
            asm.StoreImm(RFP, -16, 0, DWord),
            asm.LoadMapPtr(R1, counts),
            asm.Mov.Reg(R2, RFP),
            asm.Add.Imm(R2, -4),
            asm.Mov.Reg(R3, RFP),
            asm.Add.Imm(R3, -16),
            asm.Mov.Imm(R4, BPF_NOEXIST),
            asm.FnMapUpdateElem.Call(),
            *_find(counts),
            asm.JEq.Imm(R0, 0, "pass").with_comment("the map is full"),
            asm.Mov.Imm(R1, 1).with_symbol("count"),
            asm.AddAtomic.Mem(R0, R1, DWord, 0),
            asm.Mov.Imm(R0, TC_ACT_OK).with_symbol("pass"),
            asm.Return(),
        ]
    )


def built() -> dict[str, Instructions]:
    """The programs for slot 0 by their names, with maps that are only named yet.

    They are the same for the kernel and for the vm, which give each its maps. ``blue`` and ``green`` are one program.
    """
    counts_all = counting("counter")
    return {
        "pass_count": counts_all,
        "drop": counting("counter", TC_ACT_SHOT),
        "by_destination": count_by_destination("counts"),
        "pass": passing(),
        "blue": counts_all,
        "green": counts_all,
    }


def _only_ipv4() -> list[Instruction]:
    return [asm.LoadMem(R2, R1, PROTOCOL, Word), asm.JNE.Imm(R2, IPV4, "pass").with_comment("not IPv4")]


def _find(counts: HasFileno | str) -> list[Instruction]:
    """R0 = the address of the value under the key at RFP - 4, or 0."""
    return [asm.LoadMapPtr(R1, counts), asm.Mov.Reg(R2, RFP), asm.Add.Imm(R2, -4), asm.FnMapLookupElem.Call()]
