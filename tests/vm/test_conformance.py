"""The tests of bpf_conformance and ubpf: what the vm makes of them, and the kernel."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from ebpfasm import Map, Program, asm, vm
from ebpfasm.asm import R0, R1, R2, DWord, Instructions
from ebpfasm.errors import VmError
from ebpfasm.uapi import MapType, ProgramType
from tests.asm.vectors import load

NOT_EBPF = {"ubpf/extensions/call_unwind": "its helper 5 leaves the program from within, which is ubpf's own idea"}
VECTORS = [vector for vector in load("conformance_runs") if vector["name"] not in NOT_EBPF]

UBPF_HELPERS = {
    "call_unwind_fail",
    "ubpf/stack2",
    "ubpf/string-stack",
    "ubpf/helpers/call-memfrob",
    "ubpf/helpers/call-save",
}
"""The tests that call functions of ubpf's test program, whose numbers are other helpers' in the kernel."""
FAILING = {"ubpf/errors/err-address-underflow", "ubpf/errors/err-stack-oob"}
"""Their result, -1, is ubpf's way to say that the program was stopped."""


def program_of(vector: dict[str, Any]) -> Instructions:
    """Return the program of a vector."""
    return Instructions.decode(bytes.fromhex(vector["hex"]), "little")


def gather_bytes(machine: vm.Machine, a: int, b: int, c: int, d: int, e: int) -> int:
    """As ubpf's tests have it: five bytes as one number."""
    return a << 32 | b << 24 | c << 16 | d << 8 | e


def memfrob(machine: vm.Machine, address: int, size: int) -> int:
    """As ubpf's tests have it: every byte changed by 42."""
    machine.memory.write(address, bytes(byte ^ 42 for byte in machine.memory.read(address, size)))
    return 0


def trash_registers(machine: vm.Machine) -> int:
    """As ubpf's tests have it: what it may change is gone after any call."""
    return 0


def strcmp(machine: vm.Machine, first: int, second: int) -> int:
    """As ubpf's tests have it."""
    memory = machine.memory
    for at in range(512):
        one, other = memory.load(first + at, 1), memory.load(second + at, 1)
        if one != other or not one:
            return one - other
    return -1


def unwind(machine: vm.Machine, value: int) -> int:
    """As ubpf's tests have it where the program goes on."""
    return value


HELPERS = {0: gather_bytes, 1: memfrob, 2: trash_registers, 3: trash_registers, 4: strcmp, 5: unwind}


@pytest.mark.parametrize("run", [vm.run, vm.interpret])
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_result(vector: dict[str, Any], run: Any) -> None:
    data = bytes.fromhex(vector.get("mem", ""))
    helpers = HELPERS if vector["name"] in UBPF_HELPERS else None
    if vector["name"] in FAILING:
        with pytest.raises(VmError):
            run(program_of(vector), data)
        return
    assert run(program_of(vector), data, helpers=helpers).r0 == int(vector["result"], 16)


def since(vector: dict[str, Any]) -> Any:
    """Return a vector as a parameter, for kernels that have its instructions."""
    needed = program_of(vector).requirements().kernel
    marks = [pytest.mark.needs_linux(needed, "an instruction of it")] if needed else []
    return pytest.param(vector, id=vector["name"], marks=marks)


def called(vector: dict[str, Any], memory: Any, result: Any) -> Instructions:
    """Return a program that calls that of the vector with memory of a map, and leaves all of its R0 in another."""
    first, *rest = program_of(vector)
    return Instructions([
        asm.LoadMapValue(R1, memory, 0),
        asm.Mov.Imm(R2, len(vector.get("mem", "")) // 2),
        asm.Call.Label("tested"),
        asm.LoadMapValue(R1, result, 0),
        asm.StoreMem(R1, 0, R0, DWord),
        asm.Mov.Imm(R0, 0),
        asm.Return(),
        first.with_symbol("tested"),
        *rest,
    ])  # fmt: skip


@pytest.mark.needs_kernel
@pytest.mark.skipif(sys.byteorder != "little", reason="the vectors are those of a little-endian machine")
@pytest.mark.parametrize("vector", [since(vector) for vector in VECTORS if vector.get("kernel") == "agrees"])
def test_the_kernel_gives_the_same(vector: dict[str, Any]) -> None:
    mem = bytes.fromhex(vector.get("mem", ""))
    left = []
    for kind, program_kind in ((Map, Program), (vm.Map, vm.Program)):
        size = max(len(mem), 1)
        with (
            kind.create(MapType.ARRAY, key_size=4, value_size=size, max_entries=1, value=bytes) as memory,
            kind.create(MapType.ARRAY, key_size=4, value_size=8, max_entries=1) as result,
        ):
            if mem:
                memory[0] = mem
            with program_kind.load(ProgramType.SCHED_CLS, called(vector, memory, result)) as program:
                program.test_run(bytes(64))
            left.append((result[0], memory[0]))
    assert left[0] == left[1]
    assert left[0][0] == int(vector["result"], 16)
