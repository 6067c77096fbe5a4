"""Entry stubs, recognised by their code alone: five instructions that tail-call one slot."""

from __future__ import annotations

from ebpfasm.asm.helpers import FnTailCall
from ebpfasm.asm.register import R0, R2, R3
from ebpfasm.asm.table import JGE, And, LoadMapPtr, Mov, Return
from ebpfasm.datapath.survey.model import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ebpfasm.asm.instruction import Instruction

__all__ = ["LONGEST", "entry_of"]

LONGEST = 9
"""Units of the longest stub as the kernel shows it: five instructions, one of two units, and three that it may add."""
AND_32, AND_64 = And.Imm32(R3, 0).opcode, And.Imm(R3, 0).opcode


def entry_of(code: Iterable[Instruction]) -> Entry | None:
    """What an entry stub does, or None if the program is none.

    ``code`` is the program as the kernel shows it, in which a map load has the map's id.
    """
    wanted = list(code)
    if len(wanted) > LONGEST:
        return None
    wanted = _without_bounds_check(wanted)
    if len(wanted) != 5:
        return None
    load, index, _, miss, _ = wanted
    expected = [
        LoadMapPtr(R2, load.imm) if 0 <= load.imm < 1 << 31 else None,
        Mov.Imm(R3, index.imm) if _fits(index.imm) else None,
        FnTailCall.Call(),
        Mov.Imm(R0, miss.imm) if _fits(miss.imm) else None,
        Return(),
    ]
    if wanted != expected:
        return None
    return Entry(load.imm, index.imm & 0xFFFFFFFF, miss.imm & 0xFFFFFFFF)


def _without_bounds_check(code: list[Instruction]) -> list[Instruction]:
    """The code without what the kernel may put before a tail call: do_misc_fixups() in kernel/bpf/verifier.c."""
    if len(code) < 7:
        return code
    check, mask = code[2:4]
    if check.opcode == JGE.Imm(R3, 0, 2).opcode and check.dst == R3 and mask.opcode in {AND_32, AND_64}:
        return code[:2] + code[4:]
    return code


def _fits(number: int) -> bool:
    return -(1 << 31) <= number < 1 << 31
