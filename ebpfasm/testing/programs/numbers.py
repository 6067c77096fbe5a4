"""Statements about numbers: arithmetic of all kinds, constants, and the stack."""

from __future__ import annotations

from ebpfasm.asm import DWord, LoadImm, Mov, StoreImm, StoreMem
from ebpfasm.asm.register import RFP
from ebpfasm.testing.programs.choices import number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.testing.programs.forms import Template
    from ebpfasm.testing.programs.frame import Frame

__all__ = ["access", "arithmetic", "atomic", "compute", "constant", "copy", "fill", "immediate", "move", "stack"]

SIZES = (8, 4, 2, 1)


def immediate(frame: Frame, template: Template) -> int:
    """An immediate that the form takes."""
    if template.low >= 0:
        return frame.choices.integer(template.low, template.high)
    value = number(frame.choices, 32)
    return value or 1 if template.nonzero else value


def compute(frame: Frame, template: Template, dst: int) -> None:
    """An arithmetic instruction of a form, on a register whose number it may change."""
    src = frame.number() if template.uses_src else 0
    if template.reads and dst not in frame.state.scalars:
        frame.put(Mov.Imm(dst, number(frame.choices, 32)), dst)
    imm = immediate(frame, template) if template.uses_imm else None
    frame.put(template.made(dst, src, imm=imm), dst)


def arithmetic(frame: Frame) -> None:
    """Change a number."""
    template = frame.choices.pick(frame.author.pools.arithmetic)
    compute(frame, template, frame.changeable())


def move(frame: Frame) -> None:
    """Copy a number, with or without its sign, or put a new one."""
    template = frame.choices.pick(frame.author.pools.moves)
    compute(frame, template, frame.choices.pick(frame.free()))


def constant(frame: Frame) -> None:
    """Put a number of 64 bits."""
    register = frame.choices.pick(frame.free())
    frame.put(LoadImm(register, number(frame.choices, 64), DWord), register)


def stack(frame: Frame) -> None:
    """Write to the stack or read what was written, straight from the frame pointer or through a copy of it."""
    size = frame.choices.pick(SIZES)
    what = frame.choices.integer(0, 5)
    slots = frame.slots(size) if what >= 2 else []
    if slots:
        offset = frame.choices.pick(slots)
    else:
        offset, what = frame.slot(size), what & 1
    base, origin = int(RFP), 0
    if frame.choices.integer(0, 3) == 3:
        origin = frame.slot(8)
        base = frame.spare(*_kept(frame))
        frame.address(base, origin)
    access(frame, base, offset - origin, size, what)
    if what < 2:
        frame.wrote(offset, size)


def _kept(frame: Frame) -> list[int]:
    """A register with a number, which making a pointer must not take away."""
    return frame.numbers()[:1]


def access(frame: Frame, base: int, offset: int, size: int, what: int, *, atomics: bool = True) -> None:
    """An access of ``size`` bytes at a register plus an offset.

    ``what`` is 0 or 1 for a write, else what was there is read or changed; ``atomics`` says whether an atomic may.
    """
    choices, pools = frame.choices, frame.author.pools
    if what == 0:
        template = choices.pick(pools.constants[size])
        frame.emit(template.made(base, off=offset, imm=number(choices, 32)))
    elif what == 1:
        ordered = pools.ordered_stores[size] if atomics else ()
        template = choices.pick(pools.stores[size] + ordered)
        frame.emit(template.made(base, _number_besides(frame, base), off=offset))
    elif what >= 4 and atomics and size >= 4:
        atomic(frame, base, offset, size)
    else:
        ordered = pools.ordered_loads[size] if atomics else ()
        template = choices.pick(pools.loads[size] + ordered)
        dst = choices.pick(frame.free())
        frame.put(template.made(dst, base, off=offset), dst)


def _number_besides(frame: Frame, base: int) -> int:
    """A register with a number, without spoiling that with the address."""
    found = frame.numbers()
    if found:
        return frame.choices.pick(found)
    register = frame.choices.pick([one for one in frame.free() if one != base])
    frame.put(Mov.Imm(register, number(frame.choices, 32)), register)
    return register


def atomic(frame: Frame, base: int, offset: int, size: int) -> None:
    """An atomic change of 4 or 8 bytes that were written; what it fetches goes to its source, or to r0."""
    template = frame.choices.pick(frame.author.pools.atomics[size])
    compares = template.form.name.startswith("CmpXchg")
    if compares and 0 not in frame.state.scalars:
        if base == 0 or 0 in frame.locked:
            return
        frame.put(Mov.Imm(0, number(frame.choices, 32)), 0)
    sources = [one for one in frame.numbers() if one not in frame.locked]
    if sources:
        src = frame.choices.pick(sources)
    else:
        src = frame.choices.pick([one for one in frame.free() if one != base])
        frame.put(Mov.Imm(src, number(frame.choices, 32)), src)
    frame.put(template.made(base, src, off=offset), src)


def copy(frame: Frame, register: int) -> None:
    """Put some number into a register."""
    if frame.numbers() and frame.choices.integer(0, 2):
        source = frame.number()
        if source != register:
            frame.put(Mov.Reg(register, source), register)
            return
    frame.put(Mov.Imm(register, number(frame.choices, 32)), register)


def fill(frame: Frame, offset: int, size: int) -> None:
    """Make sure that ``size`` bytes of the stack, a multiple of 8, have been written."""
    for at in range(offset, offset + size, 8):
        if frame.written(at, 8):
            continue
        if frame.numbers() and frame.choices.integer(0, 1):
            frame.emit(StoreMem(RFP, at, frame.number(), DWord))
        else:
            frame.emit(StoreImm(RFP, at, number(frame.choices, 32), DWord))
        frame.wrote(at, 8)
