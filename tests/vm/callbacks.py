"""A program whose function a helper calls, for tests of what follows a run."""

from __future__ import annotations

from ebpfasm import asm
from ebpfasm.asm import R0, R1, R2, R3, R4, Instructions


def looping(times: int) -> Instructions:
    """Return a program that has ``bpf_loop`` call its function so many times; the function returns 0."""
    return Instructions([
        asm.Mov.Imm(R1, times),
        asm.LoadFunc(R2, "body"),
        asm.Mov.Imm(R3, 0),
        asm.Mov.Imm(R4, 0),
        asm.FnLoop.Call(),
        asm.Return(),
        asm.Mov.Imm(R0, 0).with_symbol("body"),
        asm.Return(),
    ])  # fmt: skip
