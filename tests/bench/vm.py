"""Figures of the vm: translated programs against the plain interpreter, on loops of a million instructions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ebpfasm import asm
from ebpfasm.asm import R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, RFP, Byte, DWord, Half, Instructions, Word
from ebpfasm.uapi import MapType
from ebpfasm.vm import Map
from ebpfasm.vm.interpreter import Interpreter
from ebpfasm.vm.linked import Linked
from ebpfasm.vm.running import Run
from ebpfasm.vm.translated import execute
from tests.bench.clock import Effort, Task, Times, in_turns
from tests.bench.table import Row, Target

__all__ = ["LOOPS", "rows", "speed_line"]

ALU = "alu"


def looped(rounds: int, before: list[asm.Instruction], body: list[asm.Instruction]) -> Instructions:
    """Return a program that runs ``body`` so many times; R9 counts them, R0 is the result."""
    first, *others = body
    return Instructions([
        *before,
        asm.Mov.Imm(R9, rounds),
        first.with_symbol("again"),
        *others,
        asm.Sub.Imm(R9, 1),
        asm.JNE.Imm(R9, 0, "again"),
        asm.Return(),
    ])  # fmt: skip


def alu(steps: int) -> Instructions:
    """Arithmetic in registers, 32 and 64 bit."""
    body = [
        asm.Add.Reg(R0, R1), asm.Xor.Reg(R1, R2), asm.LSh.Imm(R1, 3), asm.RSh.Imm32(R2, 1), asm.Add.Imm(R2, 77),
        asm.Mul.Imm32(R0, 31), asm.Or.Reg(R0, R2), asm.Sub.Reg(R1, R0), asm.And.Imm(R2, 0xFFFF), asm.ArSh.Imm(R1, 2),
    ]  # fmt: skip
    before = [asm.LoadImm(R1, 0x123456789ABCDEF1, DWord), asm.Mov.Imm(R2, 3), asm.Mov.Imm(R0, 0)]
    return looped(steps // (len(body) + 2), before, body)


def memory(steps: int) -> Instructions:
    """The stack, through R10 and through another pointer."""
    body = [
        asm.LoadMem(R1, RFP, -8, DWord), asm.Add.Imm(R1, 5), asm.StoreMem(RFP, -8, R1, DWord),
        asm.LoadMem(R2, RFP, -16, Word), asm.StoreMem(RFP, -12, R2, Word), asm.LoadMem(R4, R3, 0, DWord),
        asm.StoreMem(R3, 8, R4, Byte), asm.FetchAdd.Mem(R3, R4, DWord, 0),
    ]  # fmt: skip
    before = [
        asm.StoreImm(RFP, -8, 1, DWord), asm.StoreImm(RFP, -16, 0, DWord), asm.Mov.Reg(R3, RFP), asm.Add.Imm(R3, -16),
        asm.Mov.Imm(R0, 0),
    ]  # fmt: skip
    return looped(steps // (len(body) + 2), before, body)


def map_lookup(steps: int) -> Instructions:
    """A hash map's value looked up and counted up."""
    body = [
        asm.Mov.Reg(R1, R9), asm.And.Imm(R1, 63), asm.StoreMem(RFP, -4, R1, Word),
        asm.LoadMapPtr(R1, "counts"), asm.Mov.Reg(R2, RFP), asm.Add.Imm(R2, -4),
        asm.FnMapLookupElem.Call(), asm.JEq.Imm(R0, 0, 3), asm.LoadMem(R1, R0, 0, DWord), asm.Add.Imm(R1, 1),
        asm.StoreMem(R0, 0, R1, DWord),
    ]  # fmt: skip
    return looped(steps // (len(body) + 2), [asm.Mov.Imm(R0, 0)], body)


def packet_parse(steps: int) -> Instructions:
    """The fields of an Ethernet, IPv4 and TCP header, bounds checked and mixed into R0."""
    body = [
        asm.Mov.Reg(R4, R6), asm.Add.Imm(R4, 54), asm.JGT.Reg(R4, R7, 14), asm.LoadMem(R1, R6, 12, Half),
        asm.JNE.Imm(R1, 8, 12), asm.LoadMem(R2, R6, 14, Byte), asm.And.Imm(R2, 15), asm.LSh.Imm(R2, 2),
        asm.LoadMem(R3, R6, 26, Word), asm.HostTo(asm.BE, R3, Word), asm.Add.Reg(R0, R3), asm.Mov.Reg(R8, R6),
        asm.Add.Imm(R8, 14), asm.Add.Reg(R8, R2), asm.LoadMem(R5, R8, 2, Half), asm.HostTo(asm.BE, R5, Half),
        asm.Xor.Reg(R0, R5),
    ]  # fmt: skip
    before = [asm.Mov.Reg(R6, R1), asm.Mov.Reg(R7, R1), asm.Add.Reg(R7, R2), asm.Mov.Imm(R0, 0)]
    return looped(steps // (len(body) + 2), before, body)


LOOPS: dict[str, Callable[[int], Instructions]] = {
    ALU: alu, "memory": memory, "map lookup": map_lookup, "packet parse": packet_parse,
}  # fmt: skip
PACKET = bytes(12) + b"\x08\x00\x45" + bytes(25) + b"\x01\xbb" + bytes(20)


def linked(program: Instructions) -> Linked:
    """Return a program with the maps it names."""
    maps: dict[str, Any] = {}
    if any(instruction.reference == "counts" for instruction in program):
        counts = Map.create(MapType.HASH, key_size=4, value_size=8, max_entries=64, name="counts")
        for key in range(64):
            counts[key] = 0
        maps["counts"] = counts
    return Linked(program, maps)


def translated(program: Linked) -> int:
    """Run by the translator; returns the number of instructions."""
    ready = Run(PACKET, limit=10**9)
    execute(ready.machine, program, ready.arguments)
    return ready.machine.steps


def interpreted(program: Linked) -> int:
    """Run by the interpreter; returns the number of instructions."""
    ready = Run(PACKET, limit=10**9)
    interpreter = Interpreter(ready.machine)
    interpreter.begin(program, ready.arguments)
    interpreter.run()
    return ready.machine.steps


def rows(effort: Effort) -> list[Row]:
    """Measure each loop in both engines: seconds for an instruction."""
    found = []
    for name, loop in LOOPS.items():
        program = linked(loop(effort.steps))
        steps = translated(program)
        tasks = [
            Task(lambda _, program=program: translated(program), steps),  # type: ignore[misc]
            Task(lambda _, program=program: interpreted(program), steps),  # type: ignore[misc]
        ]
        fast, plain = in_turns(tasks, effort.runs)
        figure = f"vm, an instruction of the loop {name!r}"
        found.append(Row(figure, fast, "the plain interpreter", plain, Target(1 / 8)))
    return found


def speed_line(measured: list[Row]) -> str:
    """How many instructions a second the translated arithmetic makes."""
    times: Times | None = measured[0].value
    assert times is not None
    return f"vm: {1e-6 / times.median:.1f} million instructions a second of the loop {ALU!r} (target: at least 5)"
