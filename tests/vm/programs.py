"""Programs that the tests of debugger, trace and coverage watch."""

from __future__ import annotations

from ebpfasm import asm, vm
from ebpfasm.asm import R0, R1, R2, R3, R6, RFP, DWord, Instructions, Word
from ebpfasm.datapath import entry_stub
from ebpfasm.uapi import MapType, ProgramType

__all__ = ["SEARCH", "tail_calling"]

SEARCH = Instructions(
    [
        asm.Mov.Imm(R6, 0),
        asm.Add.Imm(R6, 1).with_symbol("next"),
        asm.Mov.Reg(R1, R6),
        asm.Call.Label("square"),
        asm.JGT.Imm(R0, 20, "found"),
        asm.JLT.Imm(R6, 100, "next"),
        asm.Mov.Imm(R6, 0),
        asm.StoreMem(RFP, -8, R6, DWord).with_symbol("found"),
        asm.Mov.Reg(R0, R6),
        asm.Return(),
        asm.Mov.Reg(R0, R1).with_symbol("square"),
        asm.Mul.Reg(R0, R1),
        asm.Return(),
    ]
)
"""Finds the first number whose square is above 20, which is 5; unit 6 never runs."""


def tail_calling() -> tuple[vm.Program, vm.Program]:
    """Return the entry stub, and the program in its slot, which returns the first word of the packet."""
    slots = vm.Map.create(MapType.PROG_ARRAY, key_size=4, value_size=4, max_entries=1, name="slots")
    entry = vm.Program.load(ProgramType.SCHED_CLS, entry_stub(slots), name="entry")
    first = Instructions(
        [
            asm.LoadMem(R2, R1, 76, Word).with_symbol("start"),
            asm.LoadMem(R3, R1, 80, Word),
            asm.Mov.Reg(R1, R2),
            asm.Add.Imm(R1, 4),
            asm.Mov.Imm(R0, 2),
            asm.JGT.Reg(R1, R3, "short"),
            asm.LoadMem(R0, R2, 0, Word),
            asm.Return().with_symbol("short"),
        ]
    )
    target = vm.Program.load(ProgramType.SCHED_CLS, first, name="first_word")
    slots[0] = target
    return entry, target
