"""Jumps made to reach: a conditional jump that is too long becomes the inverted one over a long jump."""

from __future__ import annotations

from ebpfasm.asm.flow import Step, steps
from ebpfasm.asm.instruction import Instruction
from ebpfasm.asm.program import Instructions
from ebpfasm.asm.table import JGE, JGT, JLE, JLT, JNE, JSGE, JSGT, JSLE, JSLT, Ja, JEq, LongJump
from ebpfasm.errors import OperandError, SymbolError

__all__ = ["relaxed"]

PAIRS = ((JEq, JNE), (JGT, JLE), (JGE, JLT), (JSGT, JSLE), (JSGE, JSLT))
JA = 0x05
NEAR = range(-0x8000, 0x8000)


def inverses() -> dict[int, int]:
    """Opcodes of conditional jumps and of those that jump when these do not; JSet and MayGoto have none."""
    found: dict[int, int] = {}
    for one, other in PAIRS:
        for form, inverse in zip(one.forms, other.forms, strict=True):
            found[form.opcode], found[inverse.opcode] = inverse.opcode, form.opcode
    return found


def relaxed(program: Instructions) -> Instructions:
    """The program with every jump reaching; see `Instructions.relaxed`."""
    places = list(steps(program))
    inverse = inverses()
    at_unit = {step.unit: index for index, step in enumerate(places)} | {program.units: len(places)}
    targets = [_target(step, at_unit) for step in places]
    longer: dict[int, int] = {}  # by the index of an instruction that does not reach, the units it needs in addition
    while True:
        units = [0]
        for index, step in enumerate(places):
            units.append(units[-1] + step.instruction.units + longer.get(index, 0))
        too_far = {
            index: 1 if step.instruction.opcode in inverse else 2
            for index, step in enumerate(places)
            if step.kind in ("taken", "may_goto")
            and index not in longer
            and units[targets[index]] - units[index] - 1 not in NEAR
        }
        if not too_far:
            break
        longer |= too_far  # each makes others longer, so look again; there are only so many jumps
    items: list[Instruction] = []
    for index, step in enumerate(places):
        instruction = step.instruction
        if step.kind is None:
            items.append(instruction)
            continue
        extra = longer.get(index, 0)
        distance = units[targets[index]] - units[index] - 1 - extra
        if extra:
            bare = instruction.with_reference(None)
            items.append(bare.replace(opcode=inverse.get(bare.opcode, bare.opcode), off=1))
            if extra == 2:
                items.append(Ja.Label(1))
            items.append(LongJump(distance if instruction.reference is None else instruction.reference))
        elif instruction.reference is not None:
            items.append(instruction)
        else:
            items.append(_aimed(instruction, distance))
    return Instructions._of(tuple(items), program.end_symbols)


def _target(step: Step, at_unit: dict[int, int]) -> int:
    """The index of the instruction that a step leads to; of a step that leads nowhere else its own place."""
    if step.kind is None:
        return 0
    if step.target is None:
        raise SymbolError(
            f"relaxed: label {step.instruction.reference!r} is not defined in this program",
            symbol=step.instruction.reference,
        )
    if step.target not in at_unit:
        raise OperandError(
            f"relaxed: {step.instruction!r} at unit {step.unit} leads to unit {step.target}, "
            f"where no instruction begins",
            field="off",
            value=step.target - step.unit - 1,
        )
    return at_unit[step.target]


def _aimed(instruction: Instruction, distance: int) -> Instruction:
    """An instruction with a number for a target, led to another one."""
    if instruction.opcode == 0x18:
        return instruction.replace(imm=distance & 0xFFFFFFFF)
    if instruction.opcode == JA and distance not in NEAR:
        long = LongJump(distance)
        return instruction.replace(opcode=long.opcode, off=0, imm=long.imm)
    in_imm = instruction.opcode in (0x06, 0x85)
    return instruction.replace(imm=distance) if in_imm else instruction.replace(off=distance)
