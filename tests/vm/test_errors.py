"""What a person reads when a program does what it must not: the same from both engines."""

from __future__ import annotations

from typing import Any

import pytest

from ebpfasm import asm, vm
from ebpfasm.asm import R0, R1, R2, R6, R7, R10, RFP, DWord, Half, Instructions, Word
from ebpfasm.errors import EbpfError, OperandError, SymbolError, VmError
from ebpfasm.uapi import MapFlag, MapType, ProgramType

END = asm.Return()
PACKET = bytes(range(10))


def told(program: Any, **options: Any) -> EbpfError:
    """Return the error of a program, which both engines raise with the same message and the same particulars."""
    errors = []
    for run in (vm.run, vm.interpret):
        with pytest.raises(EbpfError) as caught:
            run(program, PACKET, **options)
        errors.append(caught.value)
    one, other = errors
    assert (type(one), str(one)) == (type(other), str(other))
    if isinstance(one, VmError):
        assert vars(one) == vars(other)
    return one


def call_deeper(times: int, *body: asm.Instruction) -> Instructions:
    """Return a program whose functions f1 to fN call each other, each with ``body`` before."""
    items: list[asm.Instruction] = [asm.Call.Label("f1"), END]
    for number in range(1, times + 1):
        function = [*body, asm.Call.Label(f"f{number + 1}"), END]
        items += [function[0].with_symbol(f"f{number}"), *function[1:]]
    return Instructions([*items, asm.Mov.Imm(R0, 0).with_symbol(f"f{times + 1}"), END])


BIG_FRAME = [asm.StoreImm(RFP, -300, 0, Word)]

WRONG: dict[str, tuple[Any, str]] = {
    "a null pointer": (
        [asm.Mov.Imm(R1, 0), asm.LoadMem(R0, R1, 8, DWord), END],
        "unit 1, r0 = *(u64 *)(r1 + 8): reads 8 bytes at 0x8, through a null pointer\n    r1 = 0",
    ),
    "beyond the packet": (
        [asm.LoadMem(R0, R1, 8, Word), END],
        "unit 0, w0 = *(u32 *)(r1 + 8): reads 4 bytes of packet at 8, which has 10 bytes\n"
        "    r1 = 0xa0000000 (packet at 0)",
    ),
    "before the packet": (
        [asm.LoadMem(R0, R1, -1, asm.Byte), END],
        "unit 0, w0 = *(u8 *)(r1 - 1): reads 1 byte of packet at -1, before it begins\n"
        "    r1 = 0xa0000000 (packet at 0)",
    ),
    "from nowhere": (
        [asm.LoadImm(R1, 0x1234_5678_9ABC_DEF0, DWord), asm.LoadMem(R0, R1, 0, Half), END],
        "unit 2, w0 = *(u16 *)(r1 + 0): reads 2 bytes at 0x123456789abcdef0, where nothing is\n"
        "    r1 = 0x123456789abcdef0",
    ),
    "stack that was never written": (
        [asm.StoreImm(RFP, -8, 0, Word), asm.LoadMem(R0, RFP, -8, DWord), END],
        "unit 1, r0 = *(u64 *)(r10 - 8): reads 8 bytes of stack at r10-8, of which byte 4 was never written\n"
        "    r10 = 0x10000200 (stack at r10)",
    ),
    "a register that was never written": (
        [asm.Mov.Reg(R0, R7), END],
        "unit 0, r0 = r7: reads r7, which nothing was written to",
    ),
    "a register that a call has lost": (
        [asm.Call.Label("f"), asm.Mov.Reg(R0, R1), END, asm.Mov.Imm(R0, 0).with_symbol("f"), END],
        "unit 1, r0 = r1: reads r1, which nothing was written to, or not since a call",
    ),
    "no result": ([END], "unit 0, exit: reads r0, which nothing was written to"),
    "stack that is not aligned": (
        [asm.StoreImm(RFP, -7, 0, Word), END],
        "unit 0, *(u32 *)(r10 - 7) = 0: writes 4 bytes of stack at r10-7, which is not aligned to 4 bytes\n"
        "    r10 = 0x10000200 (stack at r10)",
    ),
    "an atomic that is not aligned": (
        [asm.Mov.Imm(R2, 1), asm.AddAtomic.Mem(R1, R2, Word, 2), END],
        "unit 1, lock *(u32 *)(r1 + 2) += w2: 0xa0000002 is not aligned to 4 bytes, as an atomic must be\n"
        "    r1 = 0xa0000000 (packet at 0)\n    r2 = 1",
    ),
    "above the stack": (
        [asm.StoreImm(RFP, 0, 0, Word), END],
        "unit 0, *(u32 *)(r10 + 0) = 0: writes 4 bytes of stack at r10, which goes from r10-512 to r10-1\n"
        "    r10 = 0x10000200 (stack at r10)",
    ),
    "below the stack": (
        [asm.StoreImm(RFP, -516, 0, Word), END],
        "unit 0, *(u32 *)(r10 - 516) = 0: writes 4 bytes of stack at r10-516, which goes from r10-512 to r10-1\n"
        "    r10 = 0x10000200 (stack at r10)",
    ),
    "calls too deep": (
        call_deeper(8),
        "unit 14, call f8: is a call within 8 others, which is as deep as they go\n    in f7\n"
        + "".join(f"    called at unit {2 * number} of f{number}\n" for number in range(6, 0, -1))
        + "    called at unit 0 of main",
    ),
    "a stack too big": (
        call_deeper(2, *BIG_FRAME),
        "unit 3, call f2: calls f2, and together they use 608 bytes of stack; there are 512\n    in f1\n"
        "    called at unit 0 of main",
    ),
    "a helper that nobody has": (
        [asm.BuiltinFunc(9999).Call(), END],
        "unit 0, call 9999: calls helper 9999, which the vm does not know; "
        "give it a function: helpers={9999: function}",
    ),
    "a function of the kernel": (
        [asm.CallKfunc(7), END],
        "unit 0, call kfunc 7: needs functions of the kernel, which the vm does not have",
    ),
    "what is no instruction": (
        bytes([0xFF]) + bytes(7) + Instructions([END]).encode(),
        "unit 0, .byte 0xff, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00: is no instruction: opcode 0xff with such fields",
    ),
    "writing R10": ([asm.Mov.Imm(R10, 0), END], "unit 0, r10 = 0: writes R10, which is read-only"),
    "no end": ([asm.Mov.Imm(R0, 0)], "unit 0, r0 = 0: is the last of its function, and does not end it"),
    "a jump into another function": (
        [
            asm.Call.Label("f"),
            END.with_symbol("out"),
            asm.Mov.Imm(R0, 1).with_symbol("f"),
            asm.Ja.Label("out"),
            END,
        ],
        "unit 3, goto out: jumps out of its function",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_the_message_says(what: str) -> None:
    program, message = WRONG[what]
    error = told(program)
    assert isinstance(error, VmError)
    assert str(error) == message
    assert error.reason in message


def test_an_endless_loop_ends_at_the_limit() -> None:
    error = told([asm.Mov.Imm(R0, 0), asm.Ja.Label("again").with_symbol("again"), END], limit=1000)
    assert isinstance(error, VmError)
    assert str(error) == "unit 1, goto again: is next after 1000 instructions, which is the limit of this run"
    assert error.steps == 1000


def test_a_jump_out_of_the_program() -> None:
    error = told([asm.Mov.Imm(R0, 0), asm.Ja.Label(5), END])
    assert isinstance(error, OperandError)
    assert str(error) == "Ja.Label at unit 1: its target, unit 7, is outside of the program, which has units 0..2"


@pytest.mark.parametrize(("name", "called"), [("counts", "'counts'"), (5, "file descriptor 5")])
def test_a_map_that_is_missing(name: str | int, called: str) -> None:
    error = told([asm.LoadMapPtr(R1, name), END])
    assert isinstance(error, SymbolError)
    assert str(error) == f"LoadMapPtr at unit 0: the vm has no map for {called}; give it one: maps={{{name!r}: …}}"


def test_writing_what_is_read_only() -> None:
    with vm.Map.create(
        MapType.ARRAY, key_size=4, value_size=8, max_entries=1, name="constants", flags=MapFlag.RDONLY_PROG
    ) as constants:
        error = told([asm.LoadMapValue(R2, constants, 0), asm.StoreImm(R2, 4, 1, Word), asm.Mov.Imm(R0, 0), END])
    assert isinstance(error, VmError)
    assert "writes to" in error.reason
    assert "constants" in error.reason
    assert error.reason.endswith("which is read-only")
    assert error.unit == 2


def test_its_particulars() -> None:
    error = told([asm.Mov.Imm(R6, 3), asm.LoadMem(R0, R1, 100, Word), END])
    assert isinstance(error, VmError)
    assert (error.unit, str(error.instruction), error.region) == (1, "w0 = *(u32 *)(r1 + 100)", "packet")
    assert error.address == 0xA0000000 + 100
    assert (error.registers[0], error.registers[6]) == (None, 3)
    assert (error.calls, error.origin, error.steps) == ((), None, 2)


def test_in_a_function_it_says_from_where_it_was_called() -> None:
    program = Instructions(
        [
            asm.Mov.Imm(R1, 0),
            asm.Call.Label("f"),
            END,
            asm.Call.Label("g").with_symbol("f"),
            END,
            asm.LoadMem(R0, R1, 0, Word).with_symbol("g"),
            END,
        ]
    )
    error = told(program)
    assert isinstance(error, VmError)
    assert error.calls == (1, 3)
    assert str(error).splitlines()[2:] == ["    in g", "    called at unit 3 of f", "    called at unit 1 of main"]


def test_after_a_tail_call_it_names_the_program() -> None:
    slots = vm.Map.create(MapType.PROG_ARRAY, key_size=4, value_size=4, max_entries=1)
    wrong = vm.Program.load(ProgramType.SCHED_CLS, [asm.LoadMem(R0, R1, 4096, Word), END], name="wrong")
    slots[0] = wrong
    entry = [asm.LoadMapPtr(R2, "slots"), asm.Mov.Imm(asm.R3, 0), asm.FnTailCall.Call(), asm.Mov.Imm(R0, 0), END]
    error = told(entry, maps={"slots": slots})
    assert str(error).splitlines()[-1] == "    in main of program 'wrong', reached by a tail call"


def test_the_line_that_built_it() -> None:
    with asm.remember_origins():
        program = Instructions([asm.Mov.Imm(R1, 0), asm.LoadMem(R0, R1, 0, Word), END])
    error = told(program)
    assert isinstance(error, VmError)
    assert error.origin is not None
    assert error.origin.startswith(f"{__file__}:")
    assert error.origin.endswith(", in test_the_line_that_built_it")
    assert str(error).endswith(f"\n    built at {error.origin}")


def test_the_line_that_built_what_is_refused_before_it_runs() -> None:
    with asm.remember_origins():
        program = Instructions([asm.Mov.Imm(R10, 0), END])
    error = told(program)
    assert isinstance(error, VmError)
    assert f"built at {__file__}:" in str(error)
    assert error.origin is not None
