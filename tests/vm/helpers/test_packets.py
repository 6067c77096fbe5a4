"""Helpers that read, write and resize packets, against the kernel's."""

from __future__ import annotations

import random

import pytest

from ebpfasm import asm
from ebpfasm.asm import R0, R6, R8, R9, R10, DWord, Word
from ebpfasm.uapi import ProgramType
from tests.vm.sides import IPV4, PACKETS, SKB_TYPES, Stack, assert_same, begin, call, end, ethernet, stack_taken_in
from tests.vm.sides import taken_in as r7_takes_in

CLS, XMIT = ProgramType.SCHED_CLS, ProgramType.LWT_XMIT
OFFSETS = [0, 1, 13, 14, 20, 53, 54, 60, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 32, (1 << 32) + 3]
SIZES = [1, 4, 14, 40, 64]
BUFFER = Stack(-64)
CTX = bytes(192)

MIXED = {
    **{name: PACKETS[name] for name in ("IPv4", "IPv6", "VLAN", "two VLAN tags", "a header alone", "broadcast")},
    "a VLAN tag of 3 bytes": ethernet(0x8100, b"\x20\x05\x08"),
    "a VLAN tag alone": ethernet(0x8100, b"\x20\x05\x00\x20"),
    "a VLAN tag around 802.3": ethernet(0x8100, b"\x20\x05\x00\x20\xff\xff" + bytes(9)),
    "IPv4 in IPv4": ethernet(0x0800, IPV4[:20] + IPV4),
}
FIELDS = (0, 4, 16, 20, 24, 28, 68)
"""len, pkt_type, protocol, vlan_present, vlan_tci, vlan_proto and hash."""


@pytest.mark.needs_kernel
@pytest.mark.parametrize("type", SKB_TYPES)
def test_load_bytes(type: int) -> None:
    relative = type in {ProgramType.SOCKET_FILTER, ProgramType.SCHED_CLS, ProgramType.CGROUP_SKB}
    for name in ("IPv4", "a header alone", "a header and a byte"):
        for offset in OFFSETS:
            for size in SIZES:
                calls = [call(asm.FnSkbLoadBytes, offset, BUFFER, size)]
                if relative:
                    calls += [call(asm.FnSkbLoadBytesRelative, offset, BUFFER, size, header) for header in (0, 1, 2)]
                program = begin()
                for each in calls:
                    program += [*each, *stack_taken_in()]
                assert_same(type, [*program, *end(type)], PACKETS[name], CTX, (name, offset, size))


@pytest.mark.needs_kernel
@pytest.mark.parametrize("type", [CLS, XMIT])
def test_store_bytes(type: int) -> None:
    for offset in OFFSETS:
        for size in SIZES:
            for flags in range(5):
                program = [*begin(), *call(asm.FnSkbStoreBytes, offset, BUFFER, size, flags), *end(type)]
                assert_same(type, program, ctx=CTX, about=(offset, size, flags))


@pytest.mark.needs_kernel
@pytest.mark.parametrize("type", [CLS, XMIT])
@pytest.mark.parametrize("name", ["IPv4", "a header alone", "VLAN"])
def test_change_tail_and_head(type: int, name: str) -> None:
    for size in (0, 1, 13, 14, 15, 40, 53, 54, 55, 100, 3000, 16063, 16064, 16065, 0x80000000, 0xFFFFFFFF):
        for helper in (asm.FnSkbChangeTail, asm.FnSkbChangeHead, asm.FnSkbPullData):
            for flags in (0, 1):
                program = [*begin(), *call(helper, size, flags), *end(type)]
                assert_same(type, program, PACKETS[name], CTX, (helper, size, flags))


@pytest.mark.needs_kernel
def test_the_packet_can_be_read_at_its_new_length() -> None:
    check = [
        asm.LoadMem(R9, R6, 76, Word),
        asm.LoadMem(R0, R6, 80, Word),
        asm.Mov.Reg(R8, R9),
        asm.Add.Imm(R9, 60),
        asm.JGT.Reg(R9, R0, "out"),
        asm.LoadMem(R0, R8, 52, DWord),
        *r7_takes_in(),
        *end()[:-2],
        asm.Mov.Imm(R0, 0).with_symbol("out"),
        asm.Return(),
    ]
    assert_same(CLS, [*begin(), *call(asm.FnSkbChangeTail, 60, 0), *check], ctx=CTX)
    assert_same(CLS, [*begin(), *call(asm.FnSkbChangeTail, 59, 0), *check], ctx=CTX)


class Calls:
    """Draws calls of helpers that change a packet."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def one(self) -> tuple[object, ...]:
        """Return a helper and arguments."""
        pick = self.random.choice
        room = (
            0, 0, 1 << 5, 2, 4, 6, 2 | 8, 4 | 16, 8 | 16 | 2, 2 | 14 << 56, 2 | 64 | 14 << 56, 2 | 64 | 13 << 56, 1,
            1 << 7, 1 << 8, 3 << 7, 1 << 9,
        )  # fmt: skip
        difference = pick([-4096, -60, -40, -21, -20, -8, 0, 4, 8, 20, 28, 50, 4095, 4096])
        return pick([
            (asm.FnSkbVlanPush, pick([0x81, 0xA888, 0x8, 0x10081]), pick([0, 5, 0x2005, 0xFFFF, 0x1FFFF])),
            (asm.FnSkbVlanPop,),
            (asm.FnSkbChangeProto, pick([0x8, 0xDD86, 0x81]), pick([0, 0, 0, 1])),
            (asm.FnSkbChangeTail, pick([0, 13, 34, 54, 60, 100]), 0),
            (asm.FnSkbChangeHead, pick([0, 4, 14, 20]), 0),
            (asm.FnSkbAdjustRoom, difference, pick([0, 1, 1, 2]), pick(room)),
            (asm.FnSetHash, pick([1, 0xFFFFFFFF, 1 << 33])),
            (asm.FnSetHashInvalid,),
            (asm.FnSkbStoreBytes, 14, BUFFER, 8, 2),
            (asm.FnCsumLevel, pick([0, 1, 2, 3, 4])),
            (asm.FnSkbChangeType, self.random.randrange(5)),
        ])  # fmt: skip


@pytest.mark.needs_kernel
@pytest.mark.needs_linux("6.12", "what bpf_skb_adjust_room() and bpf_skb_change_proto() leave")
@pytest.mark.parametrize("seed", range(8))
def test_calls_one_after_another_leave_what_they_leave_in_the_kernel(seed: int) -> None:
    """The packet, the fields that programs can see, and where the headers are, after each call.

    Cutting leaves at least the network header: where a packet ends within it, the kernel's helpers move what
    is in the buffer beyond the packet's end, of which the vm knows nothing.
    """
    calls = Calls(seed)
    for _ in range(60):
        name = calls.random.choice(list(MIXED))
        ctx = bytearray(192)
        if calls.random.random() < 0.1:
            ctx[164:168], ctx[176:180] = b"\2\0\0\0", b"\5\0\0\0"
        program, made = begin(), []
        for _ in range(calls.random.randrange(1, 6)):
            helper, *arguments = calls.one()
            made.append((helper, *arguments))
            program += call(helper, *arguments)  # type: ignore[arg-type]
            for place in FIELDS:
                program += [asm.LoadMem(R0, R6, place, Word), *r7_takes_in()]
            for header in (0, 1):
                program += call(asm.FnSkbLoadBytesRelative, 0, Stack(-16), 4, header)
                program += [asm.LoadMem(R0, R10, -16, Word), *r7_takes_in()]
        assert_same(CLS, [*program, *end()], MIXED[name], bytes(ctx), (name, made))
