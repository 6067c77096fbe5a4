"""Any program whose jumps lead to its instructions, for the tests of its views."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ebpfasm import asm
from ebpfasm.asm import R0, R1, R2, Instructions, Label

__all__ = ["closed_programs"]

PLAIN = [
    asm.Mov.Imm(R0, 0),
    asm.Add.Reg(R1, R2),
    asm.LoadImm(R1, 1 << 40, asm.DWord),
    asm.LoadMapPtr(R1, 5),
    asm.LoadMapPtr(R1, "slots"),
    asm.FnTailCall.Call(),
    asm.Return(),
    asm.JumpTable(R1),
    asm.CallReg(R2),
    asm.Instruction(0xFF, 1, 2, 3, 4),
    asm.Instruction(0x05, 3, 0, 30000, 0),  # a goto with a reserved field set
    asm.Mov.Imm(R0, 0).with_comment("a note"),
]

LEADING = [
    lambda to: asm.JEq.Imm(R0, 7, to),
    lambda to: asm.JSLT.Reg32(R0, R1, to),
    asm.Ja.Label,
    asm.LongJump,
    asm.MayGoto.Label,
    asm.Call.Label,
    lambda to: asm.LoadFunc(R2, to),
]


@st.composite
def closed_programs(draw: st.DrawFn, max_size: int = 14) -> Instructions:
    """Return a program whose jumps and calls lead to its own instructions, by labels or by numbers."""
    chosen = draw(st.lists(st.sampled_from([*PLAIN, *LEADING]), max_size=max_size))
    drafts = [item if isinstance(item, asm.Instruction) else item(0) for item in chosen]
    starts = [0]
    for draft in drafts:
        starts.append(starts[-1] + draft.units)
    items: list[Any] = []
    labelled: set[int] = set()
    for number, item in enumerate(chosen):
        if isinstance(item, asm.Instruction):
            items.append(item)
            continue
        target = draw(st.integers(0, len(chosen) - 1))
        if draw(st.booleans()):
            labelled.add(target)
            items.append(item(f"l{target}"))
        else:
            items.append(item(starts[target] - starts[number] - 1))
    named = [[Label(f"l{number}"), item] if number in labelled else [item] for number, item in enumerate(items)]
    return Instructions([each for pair in named for each in pair])
