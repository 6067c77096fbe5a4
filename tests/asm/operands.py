"""Every form of the table with operands at the ends of their ranges."""

from __future__ import annotations

from collections.abc import Iterator

from ebpfasm.asm import Instruction
from ebpfasm.asm.form import Form, Operand
from ebpfasm.asm.table import FORMS

__all__ = ["boundaries", "instructions"]

NUMBERS = (0, 1, -1, 127, 128, 255, 32767, 32768, -32768, -32769, 65535, 65536, 0x7FFFFFFF, 0x80000000, 1 << 32)
USUAL = {"dst": 1, "src": 2}


def boundaries(operand: Operand) -> list[int]:
    """Return numbers an operand can be, those at the ends of its range and of narrower ones."""
    if operand.kind == "register":
        return [0, 9, 10]
    return sorted({operand.low, operand.high, *(value for value in NUMBERS if operand.low <= value <= operand.high)})


def made(form: Form, values: dict[Operand, int]) -> Instruction:
    """Return the instruction of a form with these operands."""
    fields = {"dst": 0, "src": 0, "off": 0, "imm": 0}
    for field in fields:
        fixed = getattr(form, field)
        if isinstance(fixed, int):
            fields[field] = fixed
    for operand, value in values.items():
        if operand.bits == 64:  # the whole field
            fields[operand.field] = value
        else:
            fields[operand.field] |= (value & (1 << operand.bits) - 1) << operand.shift
    if form.opcode != 0x18 and fields["imm"] > 0x7FFFFFFF:
        fields["imm"] -= 1 << 32
    return Instruction(form.opcode, **fields)


def instructions() -> Iterator[tuple[Form, Instruction]]:
    """Return each form with each operand in turn at its boundaries, and with all of them at the same end."""
    for form in FORMS:
        usual = {operand: USUAL.get(operand.name, 1) for operand in form.operands}
        choices = [usual | {operand: value} for operand in form.operands for value in boundaries(operand)]
        choices += [{operand: boundaries(operand)[end] for operand in form.operands} for end in (0, -1)]
        yield from dict.fromkeys((form, made(form, values)) for values in choices)
