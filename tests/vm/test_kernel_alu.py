"""What the kernel's own code generator makes of operands, instruction by instruction: both engines must agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ebpfasm import asm
from ebpfasm.asm import R0, R1, R2, R7, R9, DWord, Instructions
from ebpfasm.vm.interpreter import Interpreter
from ebpfasm.vm.linked import Linked
from ebpfasm.vm.running import Run
from ebpfasm.vm.translated import execute
from tests.asm.vectors import load

VECTORS = load("kernel_alu")
PLACES = {"mem": 0, "dst": 8, "src": 16, "r0": 24, "taken": 32}
"""Where in the packet each operand is, before and after."""


def program_for(vector: dict[str, Any]) -> Linked:
    """Return a program that fetches the operands, runs the one instruction, and puts back what it left."""
    (tested,) = Instructions.decode(bytes.fromhex(vector["hex"]), "little")
    skipped = [asm.Mov.Imm(R7, 0)] if vector["kind"].startswith("jmp") else []
    return Linked(
        Instructions(
            [
                asm.Mov.Reg(R9, R1),
                asm.LoadMem(R1, R9, 8, DWord),
                asm.LoadMem(R2, R9, 16, DWord),
                asm.LoadMem(R0, R9, 24, DWord),
                asm.Mov.Imm(R7, 1),
                tested,
                *skipped,
                asm.StoreMem(R9, 8, R1, DWord),
                asm.StoreMem(R9, 16, R2, DWord),
                asm.StoreMem(R9, 24, R0, DWord),
                asm.StoreMem(R9, 32, R7, DWord),
                asm.Mov.Imm(R0, 0),
                asm.Return(),
            ]
        )
    )


def interpreted(ready: Run, program: Linked) -> None:
    """Run by the interpreter."""
    interpreter = Interpreter(ready.machine)
    interpreter.begin(program, ready.arguments)
    interpreter.run()


def translated(ready: Run, program: Linked) -> None:
    """Run by the translator."""
    execute(ready.machine, program, ready.arguments)


@pytest.mark.parametrize("engine", [interpreted, translated])
def test_every_row(engine: Callable[[Run, Linked], None]) -> None:
    wrong = []
    rows = 0
    for vector in VECTORS:
        program = program_for(vector)
        for case in vector["cases"]:
            operands = dict(zip(vector["columns"], (int(number, 16) for number in case), strict=True))
            given = dict.fromkeys(PLACES, 0) | {"mem": int(vector.get("mem_before", "0"), 16)}
            if vector["kind"] == "stx":  # whose source is R1
                operands["dst"] = operands.pop("src")
            expected = {}
            for name, number in operands.items():
                place, _, when = name.partition("_")
                if when == "after" or place == "taken":
                    expected[place] = number
                else:
                    given[place] = number
            ready = Run(b"".join(number.to_bytes(8, "little") for number in given.values()))
            engine(ready, program)
            left = bytes(ready.machine.packet or b"")
            found = {name: int.from_bytes(left[PLACES[name] : PLACES[name] + 8], "little") for name in expected}
            rows += 1
            if found != expected:
                wrong.append((str(program.at(5).instruction), operands, found))
    assert not wrong, wrong[:10]
    assert rows > 40_000
