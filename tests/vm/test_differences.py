"""What the comparison of programs made by chance has found, each with its cause; `differential` looks for more."""

from __future__ import annotations

import pytest

from ebpfasm.asm import R0, R1, R2, Byte, Half, Instruction, LoadMem, Mov, Return, StoreImm, StoreMem, Word
from ebpfasm.testing import assert_same_as_kernel
from ebpfasm.testing.programs.packets import READABLE, WRITABLE
from ebpfasm.vm import SkBuff
from ebpfasm.vm.sk_buff_fields import SK_BUFF

pytestmark = pytest.mark.needs_kernel

FRAME = bytes.fromhex("02000000000102000000000a88b5") + bytes(range(50))
GIVEN = SkBuff(
    mark=0x81828384, priority=0x91929394, cb=[0xA1A2A3A4, 0xB1B2B3B4], gso_segs=0x1234, gso_size=0x4321, wire_len=0x5678
)


def stored(start: int, value: int) -> list[Instruction]:
    """Write to a field of the context, as every kernel allows it."""
    return [Mov.Imm(R2, value), StoreMem(R1, start, R2, Word)]


def places(names: tuple[str, ...]) -> list[tuple[str, int]]:
    return [(name, SK_BUFF.places[name][0]) for name in names]


@pytest.mark.parametrize(("name", "start"), places(READABLE))
def test_a_part_of_a_field(name: str, start: int) -> None:
    """Found by seed 572: the byte at offset 2 of pkt_type is not 0.

    The kernel loads what the field has in struct sk_buff, and only where less was asked for does it shift and mask
    that (convert_ctx_accesses(), kernel/bpf/verifier.c). So of pkt_type, which has less than 8 bits, every byte and
    half is the whole, and of a 16-bit field either half.
    """
    stores: list[Instruction] = stored(start, 0x71727374) if name in WRITABLE else []
    for size in (Half, Byte):
        for at in range(start, start + 4, size.bytes):
            assert_same_as_kernel([*stores, LoadMem(R0, R1, at, size), Return()], FRAME, ctx=GIVEN)


CONSTANT = pytest.param("constant", marks=pytest.mark.needs_linux("6.4", "writing a constant to a context"))


@pytest.mark.parametrize("by", [CONSTANT, "register"])
@pytest.mark.parametrize(("name", "start"), places(WRITABLE))
def test_what_is_written_to_a_field_comes_back_as_the_kernel_keeps_it(name: str, start: int, by: str) -> None:
    """Found by seed 787: of tc_index, tc_classid and queue_mapping the kernel has 16 bits.

    What is 0xffff or more leaves queue_mapping as it was (bpf_convert_ctx_access(), net/core/filter.c).
    """
    for value in (0x71727374, -14, 5, 0xFFFF, 0xFFFE):
        stores = [StoreImm(R1, start, value, Word)] if by == "constant" else stored(start, value)
        for before in ([], stored(start, 9)):
            assert_same_as_kernel([*before, *stores, LoadMem(R0, R1, start, Word), Return()], FRAME, ctx=GIVEN)
