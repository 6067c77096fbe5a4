"""Where each instruction of a program leads: the kind and target of its jump or call, and whether the next follows."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ebpfasm.asm.instruction import Instruction
    from ebpfasm.asm.program import Instructions

__all__ = ["JUMPS", "Step", "steps"]

KINDS = {0x05: "always", 0x06: "always", 0x18: "callback", 0x85: "call", 0xE5: "may_goto"}
"""How the forms with a target lead there, by opcode; all others are conditional jumps, which are ``taken``."""

JUMPS = frozenset({"always", "may_goto", "taken"})
"""The kinds after which the program goes on at the target, and does not come back by itself."""

LEAVING = frozenset({0x05, 0x06, 0x0D, 0x95})
"""Opcodes after which the next instruction does not follow: goto, gotol, gotox and exit (RFC 9669 §4.3)."""


class Step:
    """An instruction in its place.

    ``kind`` says how it leads elsewhere: ``taken`` (a conditional jump), ``always``, ``may_goto``, ``call``,
    ``callback`` (`LoadFunc`), or None. ``target`` is the unit it leads to, which need not be one of the program;
    None also for a label the program does not have. ``goes_on`` says whether the next instruction may follow.
    An encoding that is no form leads to the next instruction.
    """

    __slots__ = ("goes_on", "instruction", "kind", "target", "unit")

    def __init__(self, unit: int, instruction: Instruction, symbols: dict[str, int]) -> None:
        self.unit = unit
        self.instruction = instruction
        self.kind: str | None = None
        self.target: int | None = None
        opcode = instruction.opcode
        leads = opcode & 7 in (5, 6) or (opcode == 0x18 and instruction.src == 4)  # a jump, a call, `LoadFunc`
        form = instruction.form if leads else None
        self.goes_on = form is None or opcode not in LEAVING
        if form is not None and form.reference == "label":
            self.kind = KINDS.get(opcode, "taken")
            if instruction.reference is not None:
                self.target = symbols.get(instruction.reference)
            else:
                distance = next(operand for operand in form.operands if operand.kind == "label")
                self.target = unit + 1 + distance.of(instruction)


def steps(program: Instructions) -> Iterator[Step]:
    """The instructions of a program in their places."""
    symbols = program.symbols()
    unit = 0
    for instruction in program:
        yield Step(unit, instruction, symbols)
        unit += instruction.units
