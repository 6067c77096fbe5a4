"""Entry stubs are known by their code, and by nothing else."""

from __future__ import annotations

import pytest

from ebpfasm import asm
from ebpfasm.asm import R0, R1, R2, R3
from ebpfasm.datapath import entry_stub
from ebpfasm.datapath.survey import Entry
from ebpfasm.datapath.survey.stubs import entry_of


@pytest.mark.parametrize(
    ("index", "miss", "entry"),
    [(0, 0, Entry(7, 0, 0)), (3, 2, Entry(7, 3, 2)), (-1, -1, Entry(7, 0xFFFFFFFF, 0xFFFFFFFF))],
)
def test_a_stub(index: int, miss: int, entry: Entry) -> None:
    assert entry_of(entry_stub(7, index, miss=miss)) == entry


@pytest.mark.parametrize("mask", [asm.And.Imm32(R3, 0), asm.And.Imm(R3, 0)], ids=["32 bits", "64 bits"])
def test_a_stub_with_the_kernels_bounds_check(mask: asm.Instruction) -> None:
    load, index, *rest = entry_stub(7)
    assert entry_of([load, index, asm.JGE.Imm(R3, 1, 2), mask, *rest]) == Entry(7, 0, 0)


@pytest.mark.parametrize("number", range(5))
def test_another_instruction_anywhere_makes_it_something_else(number: int) -> None:
    code = list(entry_stub(7))
    for other in (asm.Mov.Imm(R1, 0), asm.FnKtimeGetNs.Call(), asm.Return()):
        changed = [*code[:number], other, *code[number + 1 :]]
        assert changed == code or entry_of(changed) is None


def test_what_is_no_stub() -> None:
    code = list(entry_stub(7))
    for other in (
        [],
        code[:-1],
        [*code, asm.Return()],
        [asm.LoadImm(R2, 7, asm.DWord), *code[1:]],
        [asm.LoadMapValue(R2, 7, 0), *code[1:]],
        [*code[:3], asm.Mov.Imm(R0, 0), asm.Mov.Imm(R0, 0)],
        [asm.Mov.Imm(R0, 0)] * 100,
    ):
        assert entry_of(other) is None
