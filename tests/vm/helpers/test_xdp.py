"""Helpers of XDP programs against the kernel's."""

from __future__ import annotations

import random
import struct

import pytest

from ebpfasm import asm
from ebpfasm.asm import R0, R2, R6, R8, R9, Instruction, Word
from ebpfasm.uapi import ProgramType
from tests.vm.sides import Stack, assert_same, begin, call, end, stack_taken_in
from tests.vm.sides import taken_in as r7_takes_in

XDP = ProgramType.XDP
SHORT, LONG = bytes(range(60)), bytes(place * 7 & 0xFF for place in range(5000))


def context(data: int = 0, data_end: int = 60, *rest: int) -> bytes:
    """Return an ``xdp_md``."""
    return struct.pack("=6I", data, data_end, *(rest or (0, 0, 0, 0)))


def sizes() -> list[Instruction]:
    """Take in the length of the packet and of its metadata."""
    return [
        asm.LoadMem(R0, R6, 4, Word),
        asm.LoadMem(R2, R6, 0, Word),
        asm.LoadMem(R8, R6, 8, Word),
        asm.Sub.Reg(R0, R2),
        *r7_takes_in(),
        asm.Sub.Reg(R2, R8),
        *r7_takes_in(R2),
    ]


@pytest.mark.needs_kernel
@pytest.mark.needs_linux("6.12", "XDP metadata of up to 252 bytes")
@pytest.mark.parametrize("packet", [SHORT, LONG, bytes(14)], ids=["60 bytes", "5000 bytes", "14 bytes"])
def test_a_context_of_bytes_means_what_it_means_to_the_kernel(packet: bytes) -> None:
    whole = len(packet)
    contexts = [
        None, b"", bytes(8), context(0, whole), context(4, whole), context(2, whole), context(216, whole),
        context(220, whole), context(0, whole + 1), context(0, 13), context(8, 4), context(44), context(48),
        context(0, whole, 1, 0, 0, 0), context(0, whole, 0, 1, 0, 0), context(0, whole, 0, 1, 1, 0),
        context(0, whole, 0, 0, 1, 0), context(0, whole, 0, 0, 0, 1), context() + bytes(10), context() + b"\1",
    ]  # fmt: skip
    program = [*begin(), *sizes(), *call(asm.FnXdpGetBuffLen)]
    for place in (12, 16):
        program += [asm.LoadMem(R9, R6, place, Word), *r7_takes_in(R9)]
    for ctx in contexts:
        assert_same(XDP, [*program, *end(XDP)], packet, ctx, ctx)


@pytest.mark.needs_kernel
@pytest.mark.needs_linux("6.12", "XDP metadata of up to 252 bytes")
@pytest.mark.parametrize("seed", range(8))
def test_calls_one_after_another_leave_what_they_leave_in_the_kernel(seed: int) -> None:
    chance = random.Random(seed)
    moves = {
        asm.FnXdpAdjustHead: [-300, -217, -216, -100, -4, -1, 0, 1, 4, 14, 40, 46, 47, 100, 3506, 3507],
        asm.FnXdpAdjustTail: [-4990, -4986, -1480, -1481, -100, -47, -46, 0, 1, 100, 2616, 2617, 3460, 3461, 4096],
        asm.FnXdpAdjustMeta: [-216, -217, -212, -100, -32, -8, -4, -3, 0, 1, 4, 8, 32],
    }
    for _ in range(60):
        packet = chance.choice([SHORT, LONG, bytes(14), bytes(3520), bytes(3521)])
        metadata = chance.choice([0, 0, 4, 32]) if len(packet) > 46 else 0
        ctx = chance.choice([None, context(metadata, chance.choice([len(packet), len(packet) - 3, len(packet) // 2]))])
        program = begin()
        made: list[tuple[object, ...]] = []
        for _ in range(chance.randrange(1, 5)):
            helper = chance.choice(list(moves))
            offset = chance.choice(moves[helper])
            made.append((helper, offset))
            program += [*call(helper, offset), *sizes()]
        program += call(asm.FnXdpGetBuffLen)
        for helper in chance.choices([asm.FnXdpLoadBytes, asm.FnXdpStoreBytes], k=2):
            offset, size = chance.choice([0, 10, 3500, 3519, 4990, 0xFFFF, 0x10000]), chance.choice([1, 8, 33, 64])
            made.append((helper, offset, size))
            program += [*call(helper, offset, Stack(-64), size), *stack_taken_in()]
        assert_same(XDP, [*program, *end(XDP)], packet, ctx, (made, len(packet), ctx))
