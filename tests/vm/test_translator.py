"""The translator against the interpreter, where its own ways could differ: loops, calls, nesting, limits, errors."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

import pytest

from ebpfasm import asm, vm
from ebpfasm.asm import R0, R1, R2, R3, R4, R5, R6, R7, R9, R10, Byte, DWord, Half, Instructions, Label, Word
from ebpfasm.errors import OperandError, VmError
from ebpfasm.uapi import MapType, ProgramType
from ebpfasm.vm.linked import Linked
from ebpfasm.vm.machine import Machine
from ebpfasm.vm.running import Result
from ebpfasm.vm.translated import source_of


def both(items: Any, data: bytes = b"", **options: Any) -> Result:
    """Run in both engines, see that they agree, and return the result."""
    program = Instructions(items)
    fast, plain = vm.run(program, data, **options), vm.interpret(program, data, **options)
    assert (fast.r0, fast.data, fast.ctx, fast.steps) == (plain.r0, plain.data, plain.ctx, plain.steps)
    return fast


def both_fail(items: Any, data: bytes = b"", **options: Any) -> VmError:
    """Run in both engines, see that they fail alike, and return the error."""
    program = Instructions(items)
    errors = []
    for run in (vm.run, vm.interpret):
        with pytest.raises(VmError) as caught:
            run(program, data, **options)
        errors.append(caught.value)
    assert str(errors[0]) == str(errors[1])
    assert errors[0].registers[:10] == errors[1].registers[:10] or errors[0].unit is None
    assert (errors[0].unit, errors[0].steps, errors[0].address, errors[0].region, errors[0].calls) == (
        errors[1].unit,
        errors[1].steps,
        errors[1].address,
        errors[1].region,
        errors[1].calls,
    )
    return errors[0]


def test_a_loop_within_a_loop() -> None:
    result = both(
        [
            asm.Mov.Imm(R0, 0),
            asm.Mov.Imm(R6, 7),
            asm.Mov.Imm(R7, 5).with_symbol("outer"),
            asm.Add.Reg(R0, R7).with_symbol("inner"),
            asm.Sub.Imm(R7, 1),
            asm.JNE.Imm(R7, 0, "inner"),
            asm.Sub.Imm(R6, 1),
            asm.JNE.Imm(R6, 0, "outer"),
            asm.Return(),
        ]
    )
    assert result.r0 == 7 * 15
    assert result.steps == 2 + 7 * (1 + 5 * 3 + 2) + 1


def test_a_loop_entered_in_the_middle() -> None:
    result = both(
        [
            asm.Mov.Imm(R0, 0),
            asm.Mov.Imm(R6, 4),
            asm.Ja.Label("middle"),
            asm.Add.Imm(R0, 100).with_symbol("top"),
            asm.Add.Imm(R0, 1).with_symbol("middle"),
            asm.Sub.Imm(R6, 1),
            asm.JSGT.Imm(R6, 0, "top"),
            asm.Return(),
        ]
    )
    assert result.r0 == 304


@pytest.mark.parametrize("depth", [1, 39, 40, 41, 150])
def test_branches_within_branches_beyond_what_python_can_indent(depth: int) -> None:
    items: list[Any] = [asm.Mov.Imm(R0, 0), asm.LoadMem(R3, R1, 0, DWord)]
    for level in range(depth):
        items += [asm.JGT.Imm(R3, level, f"deeper{level}"), asm.Mov.Imm(R0, level), asm.Return()]
        items += [asm.Add.Imm(R0, 1).with_symbol(f"deeper{level}")]
    items += [asm.Mov.Imm(R0, -1), asm.Return()]
    for number in (0, 1, depth - 1, depth, 1000):
        expected = number if number < depth else 0xFFFF_FFFF_FFFF_FFFF
        assert both(items, number.to_bytes(8, "little")).r0 == expected


def test_code_that_nothing_leads_to() -> None:
    result = both(
        [
            asm.Mov.Imm(R0, 3),
            asm.Return(),
            asm.Add.Imm(R0, 1).with_symbol("circle"),
            asm.Ja.Label("other"),
            asm.Add.Imm(R9, 1).with_symbol("other"),
            asm.Ja.Label("circle"),
        ]
    )
    assert result.r0 == 3


def test_functions_keep_their_callers_registers_and_lose_the_scratch_ones() -> None:
    program = [
        asm.Mov.Imm(R6, 5),
        asm.Mov.Imm(R1, 10),
        asm.Mov.Imm(R2, 20),
        asm.Call.Label("sum"),
        asm.Add.Reg(R0, R6),
        asm.Return(),
        asm.Mov.Imm(R6, 1000).with_symbol("sum"),
        asm.Mov.Reg(R0, R1),
        asm.Add.Reg(R0, R2),
        asm.Return(),
    ]
    assert both(program).r0 == 35
    program[4] = asm.Add.Reg(R0, R1)
    assert both_fail(program).reason.startswith("reads r1, which nothing was written to")


def test_a_function_finds_what_its_caller_did_not_write() -> None:
    error = both_fail(
        [
            asm.Call.Label("f"),
            asm.Return(),
            asm.Mov.Reg(R0, R3).with_symbol("f"),
            asm.Return(),
        ]
    )
    assert (error.unit, error.calls) == (2, (0,))


def test_recursion_ends_at_eight_frames() -> None:
    error = both_fail([asm.Call.Label("f"), asm.Return(), asm.Call.Label("f").with_symbol("f"), asm.Return()])
    assert "8" in error.reason
    assert error.calls == (0, 2, 2, 2, 2, 2, 2)


def test_a_pointer_into_the_callers_stack() -> None:
    result = both(
        [
            asm.StoreImm(R10, -8, 5, DWord),
            asm.Mov.Reg(R1, R10),
            asm.Add.Imm(R1, -8),
            asm.Call.Label("double"),
            asm.LoadMem(R0, R10, -8, DWord),
            asm.Return(),
            asm.LoadMem(R0, R1, 0, DWord).with_symbol("double"),
            asm.Add.Reg(R0, R0),
            asm.StoreMem(R1, 0, R0, DWord),
            asm.Return(),
        ]
    )
    assert result.r0 == 10


def test_a_stack_frame_is_new_at_each_call() -> None:
    error = both_fail(
        [
            asm.Call.Label("f"),
            asm.Call.Label("f"),
            asm.Return(),
            asm.JEq.Imm(R0, 1, "again").with_symbol("f"),
            asm.Return(),
            asm.LoadMem(R0, R10, -8, DWord).with_symbol("again"),
            asm.Return(),
        ]
    )
    assert error.reason == "reads r0, which nothing was written to"


def test_the_stack_of_all_callers_counts() -> None:
    def using(first: int, second: int) -> list[Any]:
        return [
            asm.StoreImm(R10, -first, 0, Byte),
            asm.Call.Label("f"),
            asm.Return(),
            asm.StoreImm(R10, -second, 0, Byte).with_symbol("f"),
            asm.Mov.Imm(R0, 0),
            asm.Return(),
        ]

    assert both(using(256, 256)).r0 == 0
    assert "528" in both_fail(using(257, 256)).reason


def test_a_call_by_address() -> None:
    result = both(
        [
            asm.LoadFunc(R3, "f"),
            asm.Mov.Imm(R1, 4),
            asm.CallReg(R3),
            asm.Return(),
            asm.Mov.Reg(R0, R1).with_symbol("f"),
            asm.LSh.Imm(R0, 4),
            asm.Return(),
        ]
    )
    assert result.r0 == 64
    assert "no function" in both_fail([asm.Mov.Imm(R3, 77), asm.CallReg(R3), asm.Return()]).reason


@pytest.mark.parametrize("limit", range(1, 24))
def test_the_limit_counts_every_instruction(limit: int) -> None:
    items = [
        asm.Mov.Imm(R0, 6),
        asm.Sub.Imm(R0, 1).with_symbol("loop"),
        asm.JNE.Imm(R0, 0, "loop"),
        asm.Call.Label("f"),
        asm.Return(),
        asm.Mov.Imm(R0, 1).with_symbol("f"),
        asm.Return(),
    ]
    if limit >= 17:
        assert both(items, limit=limit).steps == 17
    else:
        error = both_fail(items, limit=limit)
        assert error.steps == limit
        assert f"after {limit} instruction" in error.reason


def test_may_goto_goes_on_so_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ebpfasm.vm.machine.MAX_LOOPS", 10)
    result = both(
        [
            asm.Mov.Imm(R0, 0),
            asm.MayGoto.Label("end").with_symbol("loop"),
            asm.Add.Imm(R0, 1),
            asm.Ja.Label("loop"),
            asm.Return().with_symbol("end"),
        ]
    )
    assert result.r0 == 10


@pytest.mark.parametrize("size", [Byte, Half, Word])
def test_legacy_packet_access(size: asm.Size) -> None:
    items = [asm.Mov.Imm(R6, 0), asm.LoadAbs(1, size), asm.Return()]
    data = bytes([1, 2, 3, 4, 5])
    assert both(items, data).r0 == int.from_bytes(data[1 : 1 + size.bits // 8], "big")
    beyond = both([asm.LoadAbs(5, size), asm.Mov.Imm(R0, 7), asm.Return()], data)
    assert (beyond.r0, beyond.steps) == (0, 1)
    indirect = [asm.Mov.Imm(R2, 3), asm.LoadInd(R0, R2, -2, size), asm.Return()]
    assert both(indirect, data).r0 == int.from_bytes(data[1 : 1 + size.bits // 8], "big")
    scratch = [asm.Mov.Imm(R2, 3), asm.LoadAbs(0, size), asm.Mov.Reg(R0, R2), asm.Return()]
    assert both_fail(scratch, data).reason.startswith("reads r2, which nothing was written to")


ACCESSES = {
    "a null pointer": [asm.Mov.Imm(R2, 0), asm.LoadMem(R0, R2, 8, DWord)],
    "below null": [asm.Mov.Imm(R2, 0), asm.LoadMem(R0, R2, -8, DWord)],
    "a number": [asm.LoadImm(R2, 0x123456789ABCDEF0, DWord), asm.LoadMem(R0, R2, 0, DWord)],
    "behind the packet": [asm.LoadMem(R0, R1, 9, DWord)],
    "across its end": [asm.LoadMem(R0, R1, 14, DWord)],
    "before it": [asm.LoadMem(R0, R1, -1, Byte)],
    "writing behind it": [asm.StoreImm(R1, 16, 1, Byte)],
    "an atomic behind it": [asm.Mov.Imm(R2, 1), asm.AddAtomic.Mem(R1, R2, DWord, 16)],
    "an atomic not aligned": [asm.Mov.Imm(R2, 1), asm.AddAtomic.Mem(R1, R2, DWord, 4)],
    "stack, above": [asm.StoreImm(R10, 0, 1, Byte)],
    "stack, below": [asm.StoreImm(R10, -520, 1, DWord)],
    "stack, not written": [asm.LoadMem(R0, R10, -8, DWord)],
    "stack, half written": [asm.StoreImm(R10, -8, 1, Word), asm.LoadMem(R0, R10, -8, DWord)],
    "stack, not aligned": [asm.StoreImm(R10, -7, 1, Word)],
    "stack, through a pointer": [asm.Mov.Reg(R2, R10), asm.Sub.Imm(R2, 8), asm.LoadMem(R0, R2, 0, DWord)],
    "stack, written on one way only": [
        asm.JEq.Imm(R1, 0, 1), asm.StoreImm(R10, -8, 1, DWord), asm.LoadMem(R0, R10, -16, DWord),
    ],
    "a register": [asm.Mov.Reg(R0, R9)],
    "a register written on one way only": [asm.JNE.Imm(R1, 0, 1), asm.Mov.Imm(R9, 1), asm.Mov.Reg(R0, R9)],
    "the code": [asm.LoadFunc(R2, "f"), asm.LoadMem(R0, R2, 0, DWord)],
    "no result": [asm.Mov.Imm(R2, 0)],
    "no such helper": [asm.BuiltinFunc(9999).Call()],
    "what only a kernel has": [asm.LoadBTFID(R1, 5)],
}  # fmt: skip


@pytest.mark.parametrize("items", ACCESSES.values(), ids=ACCESSES)
@pytest.mark.parametrize("strict_alignment", [False, True])
def test_engines_refuse_alike(items: list[Any], strict_alignment: bool) -> None:
    whole = [*items, asm.Return(), asm.Mov.Imm(R0, 0).with_symbol("f"), asm.Return()]
    if not any(item.reference == "f" for item in items):
        del whole[-2:]
    error = both_fail(whole, bytes(16), strict_alignment=strict_alignment)
    assert error.instruction == whole[len(items) - 1] or error.instruction == asm.Return()


def test_strict_alignment_where_it_is_asked_for() -> None:
    items = [asm.LoadMem(R0, R1, 1, Half), asm.Return()]
    assert both(items, b"\1\2\3\4").r0 == int.from_bytes(b"\2\3", "little")
    assert "aligned" in both_fail(items, b"\1\2\3\4", strict_alignment=True).reason


def test_tail_calls_end_after_33() -> None:
    slots = vm.Map.create(MapType.PROG_ARRAY, key_size=4, value_size=4, max_entries=1)
    counts = vm.Map.create(MapType.ARRAY, key_size=4, value_size=8, max_entries=1)
    items = Instructions(
        [
            asm.Mov.Reg(R6, R1),
            asm.LoadMapValue(R1, counts, 0),
            asm.Mov.Imm(R2, 1),
            asm.AddAtomic.Mem(R1, R2, DWord, 0),
            asm.Mov.Reg(R1, R6),
            asm.LoadMapPtr(R2, slots),
            asm.Mov.Imm(R3, 0),
            asm.FnTailCall.Call(),
            asm.Mov.Imm(R0, 9),
            asm.Return(),
        ]
    )
    slots[0] = vm.Program.load(ProgramType.SCHED_CLS, items)
    result = vm.Program.load(ProgramType.SCHED_CLS, items).test_run(bytes(14))
    assert (result.retval, counts[0]) == (9, 34)
    assert result.steps == 34 * 8 + 2


def test_a_tail_call_from_a_function_returns_to_its_caller() -> None:
    slots = vm.Map.create(MapType.PROG_ARRAY, key_size=4, value_size=4, max_entries=1)
    other = vm.Program.load(ProgramType.SCHED_CLS, [asm.Mov.Imm(R0, 40), asm.Return()])
    slots[0] = other
    items = [
        asm.Mov.Imm(R7, 2),
        asm.Call.Label("f"),
        asm.Add.Reg(R0, R7),
        asm.Return(),
        asm.LoadMapPtr(R2, slots).with_symbol("f"),
        asm.Mov.Imm(R3, 0),
        asm.FnTailCall.Call(),
        asm.Mov.Imm(R0, 0),
        asm.Return(),
    ]
    assert vm.Program.load(ProgramType.SCHED_CLS, items).test_run(bytes(14)).retval == 42


def test_an_error_in_a_users_helper_is_the_users() -> None:
    def broken(machine: Machine, number: int) -> int:
        raise KeyError(number)

    items = Instructions([asm.Mov.Imm(R1, 5), asm.BuiltinFunc(5000).Call(), asm.Return()])
    for run in (vm.run, vm.interpret):
        with pytest.raises(KeyError, match="5"):
            run(items, helpers={5000: broken})


def test_a_helper_gets_as_many_registers_as_it_has_parameters() -> None:
    seen: list[tuple[int, ...]] = []

    def three(machine: Machine, first: int, second: int, third: int) -> int:
        seen.append((first, second, third))
        return -1

    items = [asm.Mov.Imm(R1, 5), asm.Mov.Imm(R3, -1), asm.BuiltinFunc(5000).Call(), asm.Return()]
    assert both(items, helpers={5000: three}).r0 == 0xFFFF_FFFF_FFFF_FFFF
    assert seen == [(5, 0, 0xFFFF_FFFF_FFFF_FFFF)] * 2
    assert "r3" in both_fail([items[0], *items[2:]], helpers={asm.BuiltinFunc(5000): three}).reason


def test_callbacks() -> None:
    def twice(machine: Machine, function: int, number: int) -> int:
        return machine.call(function, machine.call(function, number))

    result = both(
        [
            asm.LoadFunc(R1, "triple"),
            asm.Mov.Imm(R2, 5),
            asm.BuiltinFunc(5000).Call(),
            asm.Return(),
            asm.Mov.Reg(R0, R1).with_symbol("triple"),
            asm.Mul.Imm(R0, 3),
            asm.Return(),
        ],
        helpers={5000: twice},
    )
    assert (result.r0, result.steps) == (45, 4 + 6)


def test_the_python_of_a_program_can_be_read() -> None:
    program = Linked(Instructions([asm.Mov.Imm(R0, 5), asm.Add.Imm32(R0, -1), asm.Return()]))
    source = source_of(program, Machine({}, limit=10))
    assert " r0 = (r0 + 4294967295) & 0xffffffff\n" in source or " r0 = (r0 - 1) & 0xffffffff\n" in source


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        ([asm.Mov.Imm(R10, 1), asm.Return()], "read-only"),
        ([asm.Mov.Imm(R0, 1)], "does not end it"),
        ([asm.JEq.Imm(R0, 1, 0), asm.Mov.Imm(R0, 1)], "does not end it"),
        ([asm.Instruction(0xFF), asm.Return()], "no instruction"),
        ([asm.Call.Label("f"), asm.Ja.Label("f"), Label("f"), asm.Return()], "jumps out of its function"),
    ],
)
def test_programs_that_cannot_even_begin(items: list[Any], reason: str) -> None:
    for run in (vm.run, vm.interpret):
        with pytest.raises(VmError, match=reason):
            run(Instructions(items))


@pytest.mark.parametrize("run", [vm.run, vm.interpret])
def test_registers_at_the_start(run: Callable[..., Result]) -> None:
    assert run([asm.Mov.Reg(R0, R2), asm.Return()], bytes(77)).r0 == 77
    assert run([asm.Mov.Reg(R0, R10), asm.Sub.Reg(R0, R10), asm.Return()]).r0 == 0
    for register in (R0, R3, R4, R5, R6, R9):
        with pytest.raises(VmError, match=f"reads r{int(register)}, which nothing was written to"):
            run([asm.Add.Imm(register, 1), asm.Mov.Imm(R0, 0), asm.Return()])


def test_an_empty_slot_does_not_count_as_a_tail_call() -> None:
    slots = vm.Map.create(MapType.PROG_ARRAY, key_size=4, value_size=4, max_entries=2)
    slots[0] = vm.Program.load(ProgramType.SCHED_CLS, [asm.Mov.Imm(R0, 9), asm.Return()])
    items: list[Any] = [asm.Mov.Reg(R6, R1)]
    for index in [1] * 40 + [0]:
        items += [asm.Mov.Reg(R1, R6), asm.LoadMapPtr(R2, slots), asm.Mov.Imm(R3, index), asm.FnTailCall.Call()]
    program = vm.Program.load(ProgramType.SCHED_CLS, [*items, asm.Mov.Imm(R0, 1), asm.Return()])
    assert program.test_run(bytes(14)).retval == 9


def test_what_a_tail_call_leaves_for_has_all_of_the_stack() -> None:
    slots = vm.Map.create(MapType.PROG_ARRAY, key_size=4, value_size=4, max_entries=1)
    slots[0] = vm.Program.load(
        ProgramType.SCHED_CLS,
        [
            asm.StoreImm(R10, -240, 0, DWord),
            asm.Call.Label("f"),
            asm.Return(),
            asm.StoreImm(R10, -240, 0, DWord).with_symbol("f"),
            asm.Mov.Imm(R0, 5),
            asm.Return(),
        ],
    )
    items = [
        asm.StoreImm(R10, -200, 0, DWord),
        asm.Call.Label("leaving"),
        asm.Return(),
        asm.LoadMapPtr(R2, slots).with_symbol("leaving"),
        asm.Mov.Imm(R3, 0),
        asm.FnTailCall.Call(),
        asm.Mov.Imm(R0, 1),
        asm.Return(),
    ]
    assert both(items, ctx=bytes(8)).r0 == 5


def test_the_stack_is_measured_across_blocks() -> None:
    error = both_fail(
        [
            asm.StoreImm(R10, -300, 0, Word),
            asm.Mov.Imm(R0, 0),
            asm.Call.Label("f"),
            asm.Return(),
            asm.Mov.Reg(R2, R10).with_symbol("f"),
            asm.Mov.Imm(R3, 0),
            asm.JEq.Imm(R3, 0, "k"),
            asm.Mov.Imm(R3, 1),
            asm.Add.Imm(R2, -300).with_symbol("k"),
            asm.StoreImm(R2, 0, 1, Word),
            asm.Mov.Imm(R0, 0),
            asm.Return(),
        ]
    )
    assert "608 bytes of stack" in error.reason


def test_nothing_happens_beyond_the_limit() -> None:
    values = [vm.Map.create(MapType.ARRAY, key_size=4, value_size=8, max_entries=1) for _ in range(2)]
    for run, value in zip((vm.run, vm.interpret), values, strict=True):
        items = [asm.LoadMapValue(R1, value, 0), *(asm.StoreImm(R1, 0, each, DWord) for each in range(1, 6))]
        with pytest.raises(VmError) as caught:
            run([*items, asm.Mov.Imm(R0, 0), asm.Return()], limit=3)
        assert (caught.value.unit, caught.value.steps, value[0]) == (4, 3, 2)


def test_a_callback_may_delete_the_entry_that_comes_next() -> None:
    entries = vm.Map.create(MapType.HASH, key_size=4, value_size=8, max_entries=64)
    for key in range(20):
        entries[key] = 0
    items = [
        asm.LoadMapPtr(R1, entries),
        asm.LoadFunc(R2, "callback"),
        asm.Mov.Imm(R3, 0),
        asm.Mov.Imm(R4, 0),
        asm.FnForEachMapElem.Call(),
        asm.Return(),
        asm.LoadMem(R6, R2, 0, Word).with_symbol("callback"),
        asm.Add.Imm(R6, 1),
        asm.StoreMem(R10, -4, R6, Word),
        asm.Mov.Reg(R2, R10),
        asm.Add.Imm(R2, -4),
        asm.FnMapDeleteElem.Call(),
        asm.Mov.Imm(R0, 0),
        asm.Return(),
    ]
    assert vm.run(items).r0 == 10
    assert sorted(entries) == list(range(0, 20, 2))


def test_a_helper_that_forgets_its_result() -> None:
    calls: list[int] = []

    def forgetful(machine: Machine, number: int) -> None:
        calls.append(number)

    items = [asm.Mov.Imm(R1, 3), asm.BuiltinFunc(9999).Call(), asm.Return()]
    assert both_fail(items, helpers={9999: forgetful}).reason.endswith("whose function returned None, which is no int")
    assert calls == [3, 3]  # once in each engine


def test_parameters_of_helpers() -> None:
    seen: list[Any] = []

    def with_defaults(machine: Machine, a: int, b: int = 9, c: int = 8) -> int:
        seen.append((a, b, c))
        return 0

    def with_all(machine: Machine, *registers: int) -> int:
        seen.append(registers)
        return 0

    def with_a_keyword(machine: Machine, a: int, *, more: int = 1) -> int:
        seen.append((a, more))
        return 0

    items = [asm.Mov.Imm(R1, 3), asm.Mov.Imm(R2, 4), asm.BuiltinFunc(9999).Call(), asm.Return()]
    for helper in (with_defaults, with_all, with_a_keyword):
        both(items, helpers={9999: helper})
    assert seen == [(3, 4, 8)] * 2 + [(3, 4)] * 2 + [(3, 1)] * 2


@pytest.mark.parametrize("helpers", [{"x": abs}, {1: 5}, {1: lambda: 0}, {1: lambda m, a, b, c, d, e, f: 0}])
def test_helpers_that_are_none(helpers: Any) -> None:
    with pytest.raises(OperandError, match="helpers: "):
        vm.run([asm.Mov.Imm(R0, 0), asm.Return()], helpers=helpers)


@pytest.mark.parametrize("options", [{"ctx": {"mark": 5}}, {"ctx": 100}, {"limit": "5"}, {"limit": -1}, {"maps": [1]}])
def test_options_of_the_wrong_kind(options: Any) -> None:
    with pytest.raises(OperandError, match=rf"\b{next(iter(options))}\b"):
        vm.run([asm.Mov.Imm(R0, 0), asm.Return()], **options)


def test_maps_must_be_the_vms() -> None:
    with pytest.raises(OperandError, match=r"maps: 'x' must be a map of the vm"):
        vm.run([asm.LoadMapPtr(R1, "x"), asm.Mov.Imm(R0, 0), asm.Return()], maps={"x": 5})
    program = vm.Program.load(ProgramType.SCHED_CLS, [asm.Mov.Imm(R0, 0), asm.Return()])
    for ctx in ("x", 100):
        with pytest.raises(OperandError, match="ctx must be"):
            program.test_run(bytes(14), ctx=ctx)  # type: ignore[arg-type]


def test_data_of_larger_items_is_as_long_as_its_bytes() -> None:
    assert vm.run([asm.Mov.Reg(R0, R2), asm.Return()], memoryview(array("H", [1, 2, 300]))).r0 == 6
