"""Figures of single calls into the kernel, each against the same system call made bare, with everything prepared."""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import repeat
from typing import Any

from ebpfasm import Map, MapType, Program, ProgramArray, ProgramType, write_slots
from ebpfasm.asm import R0, Mov, Return
from ebpfasm.datapath import entry_stub
from ebpfasm.kernel import machine
from ebpfasm.kernel._ffi import ffi
from ebpfasm.kernel.commands import BPF_MAP_LOOKUP_ELEM, BPF_MAP_UPDATE_ELEM, BPF_PROG_TEST_RUN
from tests.bench.clock import Effort, Task, in_turns
from tests.bench.table import Row, Target

__all__ = ["rows"]

BARE = "bare bpf()"

# fmt: off
FIGURES = (
    ("slot write, array no program uses",    Target(3)),
    ("slot write, under a program's jump",   None),
    ("slot write, of many in one array",     Target(1.5)),
    ("slot write, of one in many arrays",    Target(1.5)),
    ("slot write, of many under jumps",      None),
    ("hash map lookup",                      None),
    ("hash map update",                      None),
    ("test_run, 64 bytes",                   None),
)
# fmt: on

PACKET = bytes(64)
ROOM = len(PACKET) + 258  # for what the program leaves of the packet
KEY, VALUE = 7, 1234


def rows(effort: Effort, why_no_kernel: str) -> list[Row]:
    """Measure; where there is a reason not to, the rows carry it."""
    if why_no_kernel:
        return [Row(figure, None, BARE, None, target, why_no_kernel) for figure, target in FIGURES]
    with ExitStack() as stack:

        def array(size: int = 1) -> ProgramArray:
            made = Map.create(MapType.PROG_ARRAY, key_size=4, value_size=4, max_entries=size)
            assert isinstance(made, ProgramArray)
            return stack.enter_context(made)

        unused, used, large = array(), array(), array(effort.slots)
        # Not the same ones for both: who comes second would find the kernel's memory in the processor's cache.
        pods, bare_pods = ([array() for _ in range(effort.slots)] for _ in range(2))
        jumped = [array() for _ in range(effort.slow_calls)]
        table = stack.enter_context(Map.create(MapType.HASH, key_size=4, value_size=8, max_entries=1024))
        one, other = (
            stack.enter_context(Program.load(ProgramType.SCHED_CLS, [Mov.Imm(R0, verdict), Return()]))
            for verdict in range(2)
        )
        # A jump through a constant index is a direct one in machine code, which each write of the slot patches.
        for slots in (used, *jumped):
            stack.enter_context(Program.load(ProgramType.SCHED_CLS, entry_stub(slots)))
        table[KEY] = VALUE

        # Each pair of tasks does the same: first through ebpfasm, then bare.
        pairs = (
            (_swaps(unused, one, other, effort.calls), _bare(_slot_writes(unused, one, other), effort.calls)),
            (_swaps(used, one, other, effort.slow_calls), _bare(_slot_writes(used, one, other), effort.slow_calls)),
            (_fill(large, one), _bare_fill([(large, index) for index in range(effort.slots)], other)),
            (_fill_all(pods, one), _bare_fill([(slots, 0) for slots in bare_pods], other)),
            (_fill_all(jumped, one), _bare_fill([(slots, 0) for slots in jumped], other)),
            (_lookups(table, effort.calls), _bare([_element(BPF_MAP_LOOKUP_ELEM, table)], effort.calls)),
            (_updates(table, effort.calls), _bare([_element(BPF_MAP_UPDATE_ELEM, table)], effort.calls)),
            (_runs(one, effort.calls), _bare([_test_run(one)], effort.calls)),
        )
        times = in_turns([task for pair in pairs for task in pair], effort.repetitions)
    return [
        Row(figure, value, BARE, reference, target)
        for (figure, target), value, reference in zip(FIGURES, times[::2], times[1::2], strict=True)
    ]


def _swaps(slots: Map, one: Program, other: Program, calls: int) -> Task:
    """Write the two programs in turn: for a write that changes nothing the kernel patches nothing."""

    def run(_: object) -> None:
        for _ in repeat(None, calls // 2):
            slots[0] = one
            slots[0] = other

    return Task(run, calls // 2 * 2)


def _fill(slots: ProgramArray, program: Program) -> Task:
    """Write every slot of an array."""
    wanted = dict.fromkeys(range(slots.max_entries), program)
    return Task(lambda _: slots.update_batch(wanted.items()), slots.max_entries)


def _fill_all(arrays: Sequence[ProgramArray], program: Program) -> Task:
    """Write the first slot of every array."""
    writes = [(slots, 0, program) for slots in arrays]
    return Task(lambda _: write_slots(writes), len(arrays))


def _bare_fill(slots: Sequence[tuple[Map, int]], program: Program) -> Task:
    """Write each of the slots, with an attr prepared for each; another program, so that every write is a change."""
    calls = [_slot_write(*slot, program) for slot in slots]
    attrs, size = [call.attr for call in calls], calls[0].size
    syscall, number = _bare_syscall()

    def run(_: object) -> int:
        result = 0
        for attr in attrs:
            result |= syscall(number, BPF_MAP_UPDATE_ELEM, attr, size)
        return result

    def finish(result: int) -> None:
        assert len(calls) == len(attrs)  # what the attrs point to lives until here
        _expect_success(result)

    return Task(run, len(slots), finish=finish)


def _lookups(table: Map, calls: int) -> Task:
    def run(_: object) -> None:
        for _ in repeat(None, calls):
            table[KEY]

    return Task(run, calls)


def _updates(table: Map, calls: int) -> Task:
    def run(_: object) -> None:
        for _ in repeat(None, calls):
            table[KEY] = VALUE

    return Task(run, calls)


def _runs(program: Program, calls: int) -> Task:
    def run(_: object) -> None:
        for _ in repeat(None, calls):
            program.test_run(PACKET)

    return Task(run, calls)


class _Call:
    """A bpf(2) command and its attr, filled in; pointers are given as cdata, which it keeps alive."""

    def __init__(self, command: int, kind: str, **members: Any) -> None:
        self.command = command
        self.size = ffi.sizeof(kind)
        self.members = members
        numbers = {
            name: value if isinstance(value, int) else int(ffi.cast("uintptr_t", value))
            for name, value in members.items()
        }
        self.attr = ffi.new(f"{kind} *", numbers)


def _slot_writes(slots: Map, *programs: Program) -> list[_Call]:
    return [_slot_write(slots, 0, program) for program in programs]


def _slot_write(slots: Map, index: int, program: Program) -> _Call:
    return _Call(
        BPF_MAP_UPDATE_ELEM,
        "struct bpf_attr_elem",
        map_fd=slots.fileno(),
        key=ffi.new("uint32_t *", index),
        value=ffi.new("uint32_t *", program.fileno()),
    )


def _element(command: int, table: Map) -> _Call:
    return _Call(
        command,
        "struct bpf_attr_elem",
        map_fd=table.fileno(),
        key=ffi.new("uint32_t *", KEY),
        value=ffi.new("uint64_t *", VALUE),
    )


def _test_run(program: Program) -> _Call:
    return _Call(
        BPF_PROG_TEST_RUN,
        "struct bpf_attr_test",
        prog_fd=program.fileno(),
        data_in=ffi.new("char[]", PACKET),
        data_size_in=len(PACKET),
        data_out=ffi.new("char[]", ROOM),
        data_size_out=ROOM,
    )


def _bare(prepared: Sequence[_Call], calls: int) -> Task:
    """Make the prepared calls in turn, through the C library's ``syscall`` as cffi gives it."""
    syscall, number = _bare_syscall()
    rounds = calls // len(prepared)

    def one(_: object) -> int:
        command, attr, size, result = prepared[0].command, prepared[0].attr, prepared[0].size, 0
        for _ in repeat(None, rounds):
            result |= syscall(number, command, attr, size)
        return result

    def two(_: object) -> int:
        command, attr, size, result = prepared[0].command, prepared[0].attr, prepared[0].size, 0
        other = prepared[1].attr
        for _ in repeat(None, rounds):
            result |= syscall(number, command, attr, size)
            result |= syscall(number, command, other, size)
        return result

    return Task(one if len(prepared) == 1 else two, rounds * len(prepared), finish=_expect_success)


def _bare_syscall() -> tuple[Any, int]:
    return ffi.dlopen(None).syscall, machine.SYSCALL_NUMBERS[os.uname().machine, struct.calcsize("P") * 8]


def _expect_success(result: int) -> None:
    if result != 0:
        raise OSError(ffi.errno, os.strerror(ffi.errno))
