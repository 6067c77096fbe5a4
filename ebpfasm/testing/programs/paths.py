"""Statements about what runs next: branches, bounded loops, calls of the program's own functions, early ends."""

from __future__ import annotations

from ebpfasm.asm import (
    JLT,
    JNE,
    JSGT,
    Add,
    Call,
    DWord,
    Ja,
    Label,
    LoadMem,
    LongJump,
    MayGoto,
    Mov,
    Mul,
    Return,
    RSh,
    Sub,
    Xor,
)
from ebpfasm.asm.register import RFP
from ebpfasm.testing.programs.choices import number
from ebpfasm.testing.programs.frame import CONTEXT
from ebpfasm.testing.programs.numbers import copy, fill, immediate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm import Instruction
    from ebpfasm.testing.programs.frame import Frame

__all__ = ["branch", "call", "finish", "leave", "loop"]

TRIPS = 5
"""A loop runs at most so often: the verifier walks through each."""


def condition(frame: Frame, target: str) -> Instruction:
    """A jump to a label if something is true of numbers."""
    template = frame.choices.pick(frame.author.pools.branches)
    dst = frame.number()
    src = frame.number() if template.uses_src else 0
    imm = immediate(frame, template) if template.uses_imm else None
    return template.made(dst, src, imm=imm, label=target)


def jump(frame: Frame, target: str) -> Instruction:
    """A jump to a label in any case."""
    far = "LongJump" in frame.author.pools.has and frame.choices.integer(0, 3) == 3
    return LongJump(target) if far else Ja.Label(target)


def branch(frame: Frame) -> None:
    """Do something if something is true, and perhaps something else if it is not."""
    end = frame.label("end")
    if frame.choices.integer(0, 2) < 2:
        frame.emit(condition(frame, end))
        before = frame.state.copy()
        frame.block(3)
    else:
        yes = frame.label("then")
        frame.emit(condition(frame, yes))
        before = frame.state.copy()
        frame.block(2)
        otherwise, frame.state = frame.state, before
        frame.emit(jump(frame, end), Label(yes))
        frame.block(2)
        before = otherwise
    frame.emit(Label(end))
    frame.state.meet(before)


def loop(frame: Frame) -> None:
    """Do something a few times, counting down or up."""
    choices = frame.choices
    counter = choices.pick([register for register in frame.free() if register >= 6] or [9])
    if counter in frame.locked:
        return
    trips = choices.integer(1, TRIPS)
    up = choices.integer(0, 1)
    frame.put(Mov.Imm(counter, 0 if up else trips), counter)
    frame.locked.add(counter)
    frame.state.pointers.clear()  # the second time round there may be others
    before = frame.state.copy()
    top, end = frame.label("loop"), ""
    frame.emit(Label(top))
    if "MayGoto.Label" in frame.author.pools.has and choices.integer(0, 3) == 3:
        end = frame.label("enough")
        frame.emit(MayGoto.Label(end))
    outer, frame.in_loop = frame.in_loop, True
    frame.block(3)
    frame.in_loop = outer
    for register in sorted(before.scalars - frame.state.scalars):
        frame.put(Mov.Imm(register, number(choices, 32)), register)
    if up:
        frame.emit(Add.Imm(counter, 1), JLT.Imm(counter, trips, top))
    elif choices.integer(0, 1):
        frame.emit(Sub.Imm(counter, 1), JSGT.Imm(counter, 0, top))
    else:
        frame.emit(Add.Imm(counter, -1), JNE.Imm(counter, 0, top))
    frame.locked.discard(counter)
    frame.state.pointers.clear()
    if end:
        frame.emit(Label(end))
        frame.state.meet(before)


def call(frame: Frame) -> None:
    """Call a function of the program, which may be one that is only written for it."""
    choices, author = frame.choices, frame.author
    known = [function for function in author.functions if function.rank > frame.rank]
    known = [function for function in known if frame.context or "context" not in function.takes]
    if known and choices.integer(0, 2):
        function = choices.pick(known)
    elif len(author.functions) < author.MOST_FUNCTIONS:
        function = author.new_function(frame)
    else:
        return
    for register, kind in enumerate(function.takes, 1):
        if kind == "context":
            frame.forget(register)
            frame.emit(Mov.Reg(register, CONTEXT))
        elif kind == "frame":
            offset = frame.slot(8)
            fill(frame, offset, 8)
            frame.address(register, offset)
            frame.point(register, "frame", 8)
        else:
            copy(frame, register)
    if "context" in function.takes:
        frame.drop("packet")  # the function may move it
    frame.called(Call.Label(function.name))


def leave(frame: Frame) -> None:
    """End the function here if something is true."""
    on = frame.label("on")
    frame.emit(condition(frame, on))
    before = frame.state.copy()
    finish(frame)
    frame.emit(Label(on))
    frame.state = before


def finish(frame: Frame) -> None:
    """End the function with a result that depends on every number it holds, in registers and on the stack."""
    if not frame.numbers() and not frame.state.stack:
        frame.emit(Mov.Imm(0, 0), Return())
        return
    others = [register for register in frame.numbers() if register]
    slots = frame.slots(8)
    if 0 not in frame.state.scalars:
        if others:
            frame.emit(Mov.Reg(0, others.pop(0)))
        elif slots:
            frame.emit(LoadMem(0, RFP, slots.pop(0), DWord))
        else:
            frame.emit(Mov.Imm(0, 0))
    for register in others:
        frame.emit(Mul.Imm(0, 31), Add.Reg(0, register))
    for offset in slots:
        frame.emit(LoadMem(1, RFP, offset, DWord), Mul.Imm(0, 31), Add.Reg(0, 1))
    if frame.main:  # its 32 low bits are what the kernel tells
        frame.emit(Mov.Reg(1, 0), RSh.Imm(1, 32), Xor.Reg(0, 1))
    frame.emit(Return())
