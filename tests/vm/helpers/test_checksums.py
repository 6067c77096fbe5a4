"""Checksums against the kernel's."""

from __future__ import annotations

import itertools

import pytest

from ebpfasm import asm
from ebpfasm.asm import R7, R8, R10, DWord
from ebpfasm.uapi import ProgramType
from tests.vm.sides import PACKETS, Stack, assert_same, begin, call, call_plain, end

CLS = ProgramType.SCHED_CLS
CTX = bytes(192)
IPV4 = PACKETS["IPv4"]
CHANGES = [(0, 0), (0, 0x1234), (0, 0xFFFF), (0, 0xFFFFFFFF), (0xFFFF, 0), (0x1234, 0x5678), (0x123456789, 0x98765432)]
FLAGS = [0, 1, 2, 3, 4, 5, 8, 0x10, 0x12, 0x14, 0x20, 0x22, 0x24, 0x60, 0x62, 0x64, 0x80, 0x84, 0xF4, 0x100]


@pytest.mark.needs_kernel
@pytest.mark.parametrize("helper", [asm.FnL3CsumReplace, asm.FnL4CsumReplace])
@pytest.mark.parametrize("checksum", [b"\0\0", b"\xff\xff", b"\x12\x34"], ids=["0", "other 0", "some"])
def test_replace(helper: asm.jump.Helper, checksum: bytes) -> None:
    packet = IPV4[:24] + checksum + IPV4[26:]
    for old, new in CHANGES:
        for flags in FLAGS:
            assert_same(
                CLS, [*begin(), *call(helper, 24, old, new, flags), *end()], packet, CTX, (helper, old, new, flags)
            )


@pytest.mark.needs_kernel
@pytest.mark.parametrize("helper", [asm.FnL3CsumReplace, asm.FnL4CsumReplace])
def test_replace_where_there_is_nothing(helper: asm.jump.Helper) -> None:
    for offset in (0, 1, 52, 53, 54, 0x10000, 0xFFFFFFFF, 1 << 32):
        assert_same(CLS, [*begin(), *call(helper, offset, 1, 2, 2), *end()], ctx=CTX, about=offset)


@pytest.mark.needs_kernel
@pytest.mark.needs_linux("6.13", "a bpf_csum_diff() of 16 bits, folded,")
@pytest.mark.parametrize("fill", [None, 0, 0xFFFFFFFFFFFFFFFF, 0xFFFF0000FFFF0000])
def test_diff(fill: int | None) -> None:
    prepare = []
    if fill is not None:
        prepare = [asm.LoadImm(R8, fill, DWord), *(asm.StoreMem(R10, place, R8, DWord) for place in range(-64, 0, 8))]
    for old, new in itertools.product((0, 1, 2, 3, 4, 7, 8, 20, 33, 40), (0, 1, 4, 6, 8, 20)):
        for seed in (0, 1, 0xFFFF, 0xFFFFFFFF, 0xFFFF0000, 0x12345678):
            arguments = (Stack(-64) if old else 0, old, Stack(-60) if new else 0, new, seed)
            program = [*begin(), *prepare, *call_plain(asm.FnCsumDiff, *arguments), *end()]
            assert_same(CLS, program, ctx=CTX, about=(old, new, seed))


@pytest.mark.needs_kernel
def test_update_and_level() -> None:
    assert_same(CLS, [*begin(), *call(asm.FnCsumUpdate, 5), *end()], ctx=CTX)
    for levels in itertools.product(range(5), repeat=4):
        program = [*begin(), asm.Mov.Imm(R7, 0)]
        for level in levels:
            program += call(asm.FnCsumLevel, level)
        assert_same(CLS, [*program, *end()], ctx=CTX, about=levels)
