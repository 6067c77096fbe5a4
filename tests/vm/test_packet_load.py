"""LD_ABS and LD_IND against the kernel."""

from __future__ import annotations

import pytest

from ebpfasm import asm, vm
from ebpfasm.asm import R0, R1, R6, R7, DWord, Instructions, Word
from ebpfasm.uapi import ProgramType
from tests.vm.sides import PACKETS, SIZES, assert_same

NET, LINK, ANCILLARY = -0x100000, -0x200000, -0x1000
OFFSETS = [
    0, 1, 13, 14, 20, 39, 40, 41, 53, 54, 0x7FFFFFFF, -1, -2, NET, NET + 1, NET + 19, NET + 39, NET + 40, NET - 1,
    LINK, LINK + 1, LINK + 13, LINK + 14, LINK + 53, LINK + 54, LINK - 1, ANCILLARY, ANCILLARY + 4, -0x80000000,
]  # fmt: skip


@pytest.mark.needs_kernel
@pytest.mark.parametrize("name", ["IPv4", "a header alone", "a header and a byte"])
@pytest.mark.parametrize("type", [ProgramType.SOCKET_FILTER, ProgramType.SCHED_CLS, ProgramType.LWT_XMIT])
def test_it_loads_what_the_kernel_loads(type: int, name: str) -> None:
    packet = PACKETS[name]
    for offset in OFFSETS:
        for size in (1, 2, 4):
            begin = [asm.Mov.Reg(R6, R1), asm.LoadImm(R7, offset - 5, DWord)]
            assert_same(type, [*begin, asm.LoadAbs(offset, SIZES[size]), asm.Return()], packet, about=offset)
            assert_same(type, [*begin, asm.LoadInd(R0, R7, 5, SIZES[size]), asm.Return()], packet, about=offset)


@pytest.mark.needs_kernel
def test_only_the_low_half_of_the_index_counts() -> None:
    begin = [asm.Mov.Reg(R6, R1), asm.LoadImm(R7, 14 | 3 << 32, DWord)]
    ran = assert_same(ProgramType.SCHED_CLS, [*begin, asm.LoadInd(R0, R7, 0, Word), asm.Return()])
    assert ran[1] == 0x45000028


def test_without_a_context_the_packet_is_the_data() -> None:
    def load(offset: int) -> int:
        program = Instructions([asm.Mov.Reg(R6, R1), asm.LoadAbs(offset, Word), asm.Return()])
        return vm.run(program, bytes(range(1, 9))).r0

    assert [load(offset) for offset in (0, 4, 5, -4, NET)] == [0x01020304, 0x05060708, 0, 0, 0]
