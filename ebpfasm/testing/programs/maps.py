"""Statements about maps: look up and use what is found, update, delete, global data, and tail calls."""

from __future__ import annotations

from ebpfasm.asm import (
    JNE,
    And,
    DWord,
    FnMapDeleteElem,
    FnMapLookupElem,
    FnMapUpdateElem,
    FnTailCall,
    JEq,
    Label,
    LoadMapPtr,
    LoadMapValue,
    Mov,
    StoreImm,
    StoreMem,
    Word,
)  # fmt: skip
from ebpfasm.asm.register import RFP
from ebpfasm.testing.programs.frame import CONTEXT
from ebpfasm.testing.programs.numbers import fill
from ebpfasm.testing.programs.paths import jump

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.testing.programs.frame import Frame
    from ebpfasm.testing.specs import MapSpec

__all__ = ["ARRAYS", "LPM_TRIE", "PROG_ARRAY", "delete", "global_data", "look_up", "tail_call", "update"]

# enum bpf_map_type
PROG_ARRAY, LPM_TRIE = 3, 11
ARRAYS = frozenset({2, 6})


def _named(frame: Frame) -> tuple[str, MapSpec]:
    return frame.choices.pick(frame.author.tables)


def _key(frame: Frame, spec: MapSpec) -> int:
    """Put a key on the stack; returns its offset."""
    choices = frame.choices
    slot = frame.slot((spec.key_size + 7) // 8 * 8)
    fill(frame, slot + 8, (spec.key_size - 1) // 8 * 8)
    if spec.type == LPM_TRIE:
        frame.emit(StoreImm(RFP, slot, choices.pick((0, 8, 16, 24, 31, 32, 33)), Word))
        frame.emit(StoreImm(RFP, slot + 4, choices.pick((10, 0x0100000A, 0x0200000A, 0x0100010A, -1)), Word))
    elif frame.numbers() and choices.integer(0, 2) == 2:
        register = choices.pick([one for one in range(1, 6) if one not in frame.locked])
        number = frame.number()
        frame.put(Mov.Reg(register, number), register)
        frame.emit(And.Imm(register, 3), StoreMem(RFP, slot, register, DWord))
    else:
        frame.emit(StoreImm(RFP, slot, choices.integer(0, spec.max_entries + (choices.integer(0, 3) == 3)), DWord))
    frame.wrote(slot, 8)
    return slot


def _with_key(frame: Frame, name: str, slot: int) -> None:
    frame.address(2, slot)
    frame.forget(1)
    frame.emit(LoadMapPtr(1, name))


def look_up(frame: Frame) -> None:
    """Look something up, and do something with what is found."""
    choices = frame.choices
    name, spec = _named(frame)
    _with_key(frame, name, _key(frame, spec))
    frame.called(FnMapLookupElem.Call(), result=False)
    elsewhere = [register for register in frame.free() if register > 5]
    base = choices.pick((0, *elsewhere))
    if base:
        frame.forget(base)
        frame.emit(Mov.Reg(base, 0))
    if choices.integer(0, 2) < 2:
        missing = frame.label("missing")
        frame.emit(JEq.Imm(base, 0, missing))
        before = frame.state.copy()
        frame.point(base, "value", spec.value_size)
        frame.block(4)
        frame.emit(Label(missing))
    else:
        found, end = frame.label("found"), frame.label("end")
        frame.emit(JNE.Imm(base, 0, found))
        start = frame.state.copy()
        frame.block(2)
        before, frame.state = frame.state, start
        frame.emit(jump(frame, end), Label(found))
        frame.point(base, "value", spec.value_size)
        frame.block(4)
        frame.emit(Label(end))
    frame.state.meet(before)


def update(frame: Frame) -> None:
    """Write an entry."""
    name, spec = _named(frame)
    size = (spec.value_size + 7) // 8 * 8
    value = frame.slot(size)
    fill(frame, value, size)
    _with_key(frame, name, _key(frame, spec))
    frame.address(3, value)
    frame.emit(Mov.Imm(4, frame.choices.integer(0, 3)))
    frame.called(FnMapUpdateElem.Call())


def delete(frame: Frame) -> None:
    """Remove an entry."""
    name, spec = _named(frame)
    _with_key(frame, name, _key(frame, spec))
    frame.called(FnMapDeleteElem.Call())


def global_data(frame: Frame) -> None:
    """Have a register point into the only value of an array."""
    choices = frame.choices
    name, spec = choices.pick(frame.author.globals)
    register = choices.pick(frame.free())
    offset = 8 * choices.integer(0, spec.value_size // 8 - 1)
    frame.emit(LoadMapValue(register, name, offset))
    frame.point(register, "value", spec.value_size - offset)


def tail_call(frame: Frame) -> None:
    """Go on with another program, unless the slot is empty."""
    choices = frame.choices
    name, spec = choices.pick(frame.author.program_arrays)
    numbers = frame.numbers()
    if numbers and choices.integer(0, 1):
        frame.put(Mov.Reg(3, choices.pick(numbers)), 3)
        frame.emit(And.Imm(3, 3))
    else:
        frame.put(Mov.Imm(3, choices.integer(0, spec.max_entries)), 3)
    frame.forget(1)
    frame.forget(2)
    frame.emit(Mov.Reg(1, CONTEXT), LoadMapPtr(2, name))
    frame.called(FnTailCall.Call(), result=False)
