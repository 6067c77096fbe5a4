"""Formats: what the kernel prints, and what it refuses."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from ebpfasm import asm, vm
from ebpfasm.asm import R1, R2, R3, R4, R5, R6, R10, DWord, Instruction, Instructions
from ebpfasm.errors import VmError
from ebpfasm.uapi import ProgramType
from tests.vm.sides import argument_in, assert_same

MINUS_FIVE = -5 & 0xFFFFFFFFFFFFFFFF
TEXT = "s"
"""Stands for the address of "hello world"."""

# What Linux 6.18 wrote to its trace, and what it returned: -22 is EINVAL.
PRINTED = [
    ("abc", (), "abc", 3),
    ("", (), "", 0),
    ("é", (), "é", 2),
    ("\t\n", (), "\t\n", 2),
    ("%d", (5,), "5", 1),
    ("%i", (MINUS_FIVE,), "-5", 2),
    ("%ld", (MINUS_FIVE,), "-5", 2),
    ("%5d|", (MINUS_FIVE,), "   -5|", 6),
    ("%05d|", (MINUS_FIVE,), "-0005|", 6),
    ("%-5d|", (MINUS_FIVE,), "-5   |", 6),
    ("%--5d|", (3,), "3    |", 6),
    ("%0-5d|", (3,), "3    |", 6),
    ("%-05d|", (3,), "3    |", 6),
    ("%+-5d|", (3,), "+3   |", 6),
    ("%+05d|", (3,), "+0003|", 6),
    ("%+d|", (7,), "+7|", 3),
    ("% d|", (7,), " 7|", 3),
    ("% 5d|", (3,), "    3|", 6),
    ("%+x|", (3,), "3|", 2),
    ("%+u|", (3,), "3|", 2),
    ("% u|", (3,), "3|", 2),
    ("%lu", (MINUS_FIVE,), "18446744073709551611", 20),
    ("%llu", (MINUS_FIVE,), "18446744073709551611", 20),
    ("%u", (MINUS_FIVE,), "4294967291", 10),
    ("%x", (MINUS_FIVE,), "fffffffb", 8),
    ("%lx", (MINUS_FIVE,), "fffffffffffffffb", 16),
    ("%X", (MINUS_FIVE,), "FFFFFFFB", 8),
    ("%08x", (0xAB,), "000000ab", 8),
    ("%1d%2d%3d", (1, 2, 3), "1 2  3", 6),
    ("%1500d", (1,), " " * 1023, 1500),
    ("%c", (65,), "A", 1),
    ("%5c|", (65,), "    A|", 6),
    ("%05c|", (65,), "    A|", 6),
    ("%cx", (65,), "Ax", 2),
    ("%s", (TEXT,), "hello world", 11),
    ("%s|", (TEXT,), "hello world|", 12),
    ("%0s|", (TEXT,), "hello world|", 12),
    ("%+s|", (TEXT,), "hello world|", 12),
    ("%20s|", (TEXT,), "         hello world|", 21),
    ("%-20s|", (TEXT,), "hello world         |", 21),
    ("%s", (1,), "", 0),
    ("%pks", (TEXT,), "hello world", 11),
    ("%20pks|", (TEXT,), "hello world|", 12),
    ("%pus", (TEXT,), "", 0),
    ("%px", (0x1234,), "0000000000001234", 16),
    ("%pxy", (MINUS_FIVE,), "fffffffffffffffb", 16),
    ("%5px", (0x1234,), " 1234", 5),
    ("%20px|", (0x12,), "                  12|", 21),
    ("%-20px|", (0x12,), "12                  |", 21),
    ("%020px|", (0x12,), "00000000000000000012|", 21),
    ("%p ", (MINUS_FIVE,), "fffffffffffffffb ", 17),
    ("% p", (MINUS_FIVE,), "fffffffffffffffb", 16),
    ("%20p|", (MINUS_FIVE,), "    fffffffffffffffb|", 21),
    ("%pK", (MINUS_FIVE,), "fffffffffffffffb", 16),
    ("%ps", (0x1234,), "0x1234", 6),
    ("%pS", (0x1234,), "0x1234", 6),
    ("%pB", (0x1234,), "0x1234", 6),
    ("%20ps|", (0x1234,), "              0x1234|", 21),
    ("%20pB|", (0x1234,), "0x1234|", 7),
    ("%pI4", (TEXT,), "104.101.108.108", 15),
    ("%pi4", (TEXT,), "104.101.108.108", 15),
    ("%pI4y", (TEXT,), "104.101.108.108", 15),
    ("%20pI4|", (TEXT,), "104.101.108.108|", 16),
    ("%pI6", (TEXT,), "6865:6c6c:6f20:776f:726c:6400:0000:0000", 39),
    ("%pi6", (TEXT,), "68656c6c6f20776f726c640000000000", 32),
    ("%%", (), "%", 1),
]
REFUSED = [
    ("\x01", ()), ("%é", (1,)), ("%d %d %d %d", (1, 2, 3)), ("%hd", (1,)), ("%#x", (1,)), ("%.2d", (1,)),
    ("%sx", (TEXT,)), ("%pI5", (TEXT,)), ("%py", (1,)), ("%", (1,)), ("%5%", (1,)), ("100% sure", (1, 2, 3)),
    ("%l", (1,)), ("%lc", (1,)), ("%p%", (1,)), ("%s%", (TEXT,)),
]  # fmt: skip


def printing(format: str, arguments: tuple[object, ...], size: int | None = None) -> list[Instruction]:
    """Return a program that puts the format and the text onto the stack, and prints."""
    encoded = format.encode() + b"\0"
    size = len(encoded) if size is None else size
    stored = b"hello world".ljust(16, b"\0") + encoded + bytes(-len(encoded) % 8)
    program = []
    for place in range(0, len(stored), 8):
        value = int.from_bytes(stored[place : place + 8], sys.byteorder)
        program += [asm.LoadImm(R6, value, DWord), asm.StoreMem(R10, place - len(stored), R6, DWord)]
    program += [asm.Mov.Reg(R1, R10), asm.Add.Imm(R1, 16 - len(stored)), asm.Mov.Imm(R2, size)]
    for register, argument in zip((R3, R4, R5), arguments, strict=False):
        if isinstance(argument, int):
            program += argument_in(register, argument)
        else:
            program += [asm.Mov.Reg(register, R10), asm.Add.Imm(register, -len(stored))]
    return [*program, asm.FnTracePrintk.Call(), asm.Return()]


def padded(arguments: tuple[object, ...]) -> tuple[object, ...]:
    """Return three arguments: those the format does not use are 0."""
    return (*arguments, 0, 0, 0)[:3]


@pytest.mark.parametrize(("format", "arguments", "text", "length"), PRINTED, ids=[case[0] for case in PRINTED])
def test_it_prints_what_the_kernel_printed(format: str, arguments: tuple[object, ...], text: str, length: int) -> None:
    for run in (vm.run, vm.interpret):
        result = run(Instructions(printing(format, padded(arguments))))
        assert (result.printed, result.r0) == ((text,), length)


@pytest.mark.parametrize(("format", "arguments"), REFUSED, ids=[case[0] for case in REFUSED])
def test_what_the_kernel_refuses_is_not_printed(format: str, arguments: tuple[object, ...]) -> None:
    result = vm.run(Instructions(printing(format, padded(arguments))))
    assert (result.printed, result.r0) == ((), -22 & 0xFFFFFFFFFFFFFFFF)


@pytest.mark.needs_kernel
def test_the_kernel_answers_the_same() -> None:
    for format, arguments in [case[:2] for case in PRINTED] + REFUSED:
        if "%p" not in format or "x" in format:  # what else the kernel does with addresses depends on its settings
            assert_same(ProgramType.SCHED_CLS, printing(format, padded(arguments)), about=format)
    assert_same(ProgramType.SCHED_CLS, printing("abcd", (0, 0, 0), 4), about="no end")


@pytest.mark.needs_kernel
def test_trace_vprintk_answers_the_same() -> None:
    begin = []
    for place in range(-96, 0, 8):
        begin += [asm.Mov.Imm(R6, place + 100), asm.StoreMem(R10, place, R6, DWord)]
    for text in ("%d %d", "%d%d%d%d", "%d%d%d%d%d%d%d%d%d%d%d%d%d", "plain"):
        stored = text.encode().ljust(40, b"\0")
        program = list(begin)
        for place in range(0, 40, 8):
            value = int.from_bytes(stored[place : place + 8], sys.byteorder)
            program += [asm.LoadImm(R6, value, DWord), asm.StoreMem(R10, place - 136, R6, DWord)]
        for size in (0, 8, 16, 32, 96, 4):
            arguments = [asm.Mov.Reg(R3, R10), asm.Add.Imm(R3, -96)] if size else [asm.Mov.Imm(R3, 0)]
            call = [
                asm.Mov.Reg(R1, R10), asm.Add.Imm(R1, -136), asm.Mov.Imm(R2, 40), *arguments, asm.Mov.Imm(R4, size),
                asm.FnTraceVprintk.Call(), asm.Return(),
            ]  # fmt: skip
            assert_same(ProgramType.SCHED_CLS, [*program, *call], about=(text, size))


@pytest.mark.needs_kernel
@pytest.mark.parametrize("run", [vm.run, vm.interpret])
def test_arguments_that_are_not_printed_need_not_have_been_written(run: Any) -> None:
    assert run(Instructions(printing("%d", (1,)))).printed == ("1",)
    assert_same(ProgramType.SCHED_CLS, printing("%d", (1,)))


def test_an_argument_that_is_printed_must_have_been_written() -> None:
    with pytest.raises(VmError) as caught:
        vm.interpret(Instructions(printing("%d", ())))
    assert "r3" in caught.value.reason
