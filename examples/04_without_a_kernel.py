"""The datapath's composition without a kernel and without privileges: stub, slots, and the policy call array.

Each pod has the entry stub, and a program in its slot 0. That program looks up which endpoint a packet is for, and
tail-calls what the policy call array has under that endpoint's id: the receiver's ingress program decides. Loaded with
`ebpfasm.Program` and `ebpfasm.Map` in place of the vm's, the same instructions run in Linux.
"""

from __future__ import annotations

import socket
import struct

from ebpfasm import MapType, ProgramType, asm, vm
from ebpfasm.asm import R0, R1, R2, R3, R4, R5, R6, RFP, Byte, Half, Word
from ebpfasm.datapath import entry_stub

TC_ACT_OK, TC_ACT_SHOT = 0, 2
DATA, DATA_END = 76, 80  # in struct __sk_buff of linux/bpf.h
PROTOCOL, DESTINATION, PORT = 14 + 9, 14 + 16, 14 + 20 + 2  # after the Ethernet header: in IPv4, and in UDP
HEADERS = 14 + 20 + 8

# The headers of the packet, or the label "drop": R2 is where it begins.
CHECKED = [
    asm.LoadMem(R2, R1, DATA, Word),
    asm.LoadMem(R3, R1, DATA_END, Word),
    asm.Mov.Reg(R4, R2),
    asm.Add.Imm(R4, HEADERS),
    asm.JGT.Reg(R4, R3, "drop"),
]
DROP = [asm.Mov.Imm(R0, TC_ACT_SHOT).with_symbol("drop"), asm.Return()]


def to_endpoint() -> asm.Instructions:
    """Leave for the ingress program of the endpoint that has the packet's destination; drop where there is none."""
    return asm.Instructions([
        asm.Mov.Reg(R6, R1),
        *CHECKED,
        asm.LoadMem(R5, R2, DESTINATION, Word),
        asm.StoreMem(RFP, -4, R5, Word),
        asm.LoadMapPtr(R1, "endpoints"),
        asm.Mov.Reg(R2, RFP),
        asm.Add.Imm(R2, -4),
        asm.FnMapLookupElem.Call(),
        asm.JEq.Imm(R0, 0, "drop"),
        asm.LoadMem(R3, R0, 0, Word),
        asm.Mov.Reg(R1, R6),
        asm.LoadMapPtr(R2, "policy"),
        asm.FnTailCall.Call(),
        *DROP,
    ])  # fmt: skip


def only_port(port: int) -> asm.Instructions:
    """An ingress program: let UDP packets to one port pass."""
    return asm.Instructions([
        *CHECKED,
        asm.LoadMem(R4, R2, PROTOCOL, Byte),
        asm.JNE.Imm(R4, socket.IPPROTO_UDP, "drop"),
        asm.LoadMem(R4, R2, PORT, Half),
        asm.HostTo(asm.BE, R4, Half),
        asm.JNE.Imm(R4, port, "drop"),
        asm.Mov.Imm(R0, TC_ACT_OK),
        asm.Return(),
        *DROP,
    ])  # fmt: skip


def packet(destination: str, port: int) -> bytes:
    """A UDP packet, from its Ethernet header on."""
    ipv4 = struct.pack("!BxH5xB2x", 0x45, 28, socket.IPPROTO_UDP) + socket.inet_aton("10.0.0.2")
    return bytes(12) + b"\x08\x00" + ipv4 + socket.inet_aton(destination) + struct.pack("!4H", 5300, port, 8, 0)


def program(instructions: asm.Instructions, name: str, **maps: vm.Map) -> vm.Program:
    """A program of the vm."""
    return vm.Program.load(ProgramType.SCHED_CLS, instructions, name=name, maps=maps)


def main() -> None:
    """Send packets to three addresses, and follow one of them."""
    slots = vm.Map.create(MapType.PROG_ARRAY, key_size=4, value_size=4, max_entries=1, name="pod0")
    policy = vm.Map.create(MapType.PROG_ARRAY, key_size=4, value_size=4, max_entries=256, name="policy")
    endpoints = vm.Map.create(MapType.HASH, key_size=4, value_size=4, max_entries=64, name="endpoints", key=bytes)

    entry = program(entry_stub("slots"), "entry", slots=slots)
    egress = program(to_endpoint(), "egress", endpoints=endpoints, policy=policy)
    for endpoint, (address, port) in {7: ("10.0.1.2", 80), 8: ("10.0.1.3", 53)}.items():
        endpoints[socket.inet_aton(address)] = endpoint
        policy[endpoint] = program(only_port(port), f"ingress{endpoint}")

    attempts = [("10.0.1.2", 80), ("10.0.1.2", 53), ("10.0.1.3", 53), ("10.0.1.4", 80)]
    print("slot 0 empty:", *[verdict(entry, *attempt) for attempt in attempts])
    slots[0] = egress
    for attempt in attempts:
        print(f"to {attempt[0]} port {attempt[1]}: {verdict(entry, *attempt)}")

    print("\nthe programs that a packet to 10.0.1.3 goes through, and how many instructions of each:")
    steps: dict[str, int] = {}
    for each in vm.trace(entry, packet("10.0.1.3", 53)):
        steps[each.place.program] = steps.get(each.place.program, 0) + 1
    for name, count in steps.items():
        print(f"  {name:9}{count:3}")


def verdict(entry: vm.Program, destination: str, port: int) -> str:
    """What becomes of a packet."""
    return {TC_ACT_OK: "passes", TC_ACT_SHOT: "is dropped"}[entry.test_run(packet(destination, port)).retval]


if __name__ == "__main__":
    main()
