"""Packets are counted by their IPv4 destination in a hash map. Needs Linux and CAP_BPF, or root; no device.

The kernel is given packets of our own to run the program on (BPF_PROG_TEST_RUN).
"""

from __future__ import annotations

import socket
import struct

from ebpfasm import Map, MapType, Program, ProgramType, asm
from ebpfasm.asm import R0, R1, R2, R3, R4, R5, RFP, DWord, Word

DATA, DATA_END = 76, 80  # in struct __sk_buff of linux/bpf.h
HEADERS = 14 + 20  # Ethernet, IPv4
DESTINATION = 30  # the last field of the IPv4 header
NOEXIST = 1


def count_by_destination(counts: Map) -> asm.Instructions:
    """Add one to the count of the packet's destination, and let the packet pass."""
    find = [asm.LoadMapPtr(R1, counts), asm.Mov.Reg(R2, RFP), asm.Add.Imm(R2, -4)]
    return asm.Instructions(
        [
            asm.LoadMem(R2, R1, DATA, Word),
            asm.LoadMem(R3, R1, DATA_END, Word),
            asm.Mov.Reg(R4, R2),
            asm.Add.Imm(R4, HEADERS),
            asm.JGT.Reg(R4, R3, "pass"),  # without this comparison the verifier allows no look into the packet
            asm.LoadMem(R5, R2, DESTINATION, Word),
            asm.StoreMem(RFP, -4, R5, Word),  # the key, on the stack
            asm.StoreImm(RFP, -16, 0, DWord),  # the value of a new entry
            *find,
            asm.Mov.Reg(R3, RFP),
            asm.Add.Imm(R3, -16),
            asm.Mov.Imm(R4, NOEXIST),
            asm.FnMapUpdateElem.Call(),  # refused, and rightly, where there is an entry
            *find,
            asm.FnMapLookupElem.Call(),
            asm.JEq.Imm(R0, 0, "pass"),
            asm.Mov.Imm(R1, 1),
            asm.AddAtomic.Mem(R0, R1, DWord, 0),
            asm.Mov.Imm(R0, 0).with_symbol("pass"),
            asm.Return(),
        ]
    )


def packet(destination: str) -> bytes:
    """The headers of a packet, as far as the program looks."""
    ethernet = bytes(12) + b"\x08\x00"
    ipv4 = struct.pack("!B8xB2x4s4s", 0x45, 17, socket.inet_aton("10.0.0.2"), socket.inet_aton(destination))
    return ethernet + ipv4


def main() -> None:
    """Count a few packets."""
    with (
        Map.create(MapType.HASH, key_size=4, value_size=8, max_entries=64, name="counts", key=bytes) as counts,
        Program.load(ProgramType.SCHED_CLS, count_by_destination(counts), name="count") as program,
    ):
        for destination in ("10.0.1.2", "10.0.1.3", "10.0.1.2", "192.0.2.1", "10.0.1.2"):
            program.test_run(packet(destination))
        for key, count in sorted(counts.items()):
            print(f"{socket.inet_ntoa(key):12} {count}")


if __name__ == "__main__":
    main()
