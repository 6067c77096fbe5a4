"""Reading text: labels, comments, directives, spellings, and what is said of mistakes."""

from __future__ import annotations

from typing import Any

import pytest

from ebpfasm import asm
from ebpfasm.asm import R0, R1, R2, R3, RFP, Instructions, Label
from ebpfasm.errors import AssemblySyntaxError, OperandError


def one(text: str, dialect: str = "llvm") -> asm.Instruction:
    """Read exactly one instruction."""
    (instruction,) = Instructions.parse(text, dialect)
    return instruction


def mistakes(text: str, dialect: str = "llvm") -> list[tuple[int, int, str]]:
    """Return line, column and reason of each mistake."""
    with pytest.raises(AssemblySyntaxError) as caught:
        Instructions.parse(text, dialect)
    return [(error.line, error.column, error.reason) for error in caught.value.errors]


# labels

ODD_NAMES = ["my label", "r1", "exit", "if", "a:b", 'say "hi"', "back\\slash", "line\nend", "Größe", "#1"]


def test_labels_stand_before_what_follows_also_on_its_line_and_at_the_end() -> None:
    assert Instructions.parse("a:\nb: c: exit\nd: r0 = 0\nend:") == Instructions(
        [Label("a"), Label("b"), Label("c"), asm.Return(), Label("d"), asm.Mov.Imm(R0, 0), Label("end")]
    )


@pytest.mark.parametrize(
    "name", ["my label", "r1", "exit", "if", "a:b", 'say "hi"', "back\\slash", "line\nend", "Größe", "#1"]
)
def test_a_name_that_is_no_plain_word_stands_in_quotes(name: str) -> None:
    program = Instructions([asm.Ja.Label(name), Label(name)])
    assert '"' in str(program)
    assert Instructions.parse(str(program)) == program


@pytest.mark.parametrize("name", [".L1", "$x", "LBB0_3", "_", "done.2"])
def test_a_plain_word_needs_no_quotes(name: str) -> None:
    program = Instructions([asm.JEq.Imm(R1, 5, name), Label(name)])
    assert str(program) == f"\tif r1 == 5 goto {name}\n{name}:"
    assert Instructions.parse(str(program)) == program


def test_a_label_defined_twice_says_where() -> None:
    assert mistakes("x: exit\nx: exit") == [(2, 1, "label 'x' is defined already, on line 1")]


def test_a_64_bit_load_of_a_name_is_of_a_function_where_the_name_is_a_label() -> None:
    program = Instructions.parse("r1 = f ll\nr2 = slots ll\nf: exit")
    assert list(program)[:2] == [asm.LoadFunc(R1, "f"), asm.LoadMapPtr(R2, "slots")]
    unusual = Instructions([asm.LoadMapPtr(R1, "f"), asm.LoadFunc(R2, "g"), asm.Return().with_symbol("f")])
    assert Instructions.parse(str(unusual)) == unusual


# comments, separators and directives


def test_comments_and_separators() -> None:
    text = 'r0 = 0 # one; exit\n// r1 = 1\n/* r2 = 2\nr3 = 3 */ r1 = 5; r2 = r1 ; exit // three\ngoto "a # b"\n"a # b":'
    assert Instructions.parse(text) == Instructions(
        [
            asm.Mov.Imm(R0, 0),
            asm.Mov.Imm(R1, 5),
            asm.Mov.Reg(R2, R1),
            asm.Return(),
            asm.Ja.Label("a # b"),
            Label("a # b"),
        ]
    )


def test_lines_and_columns_are_those_of_the_text_with_its_comments() -> None:
    assert mistakes("/* one\ntwo */ exti\n  exit; exti")[0][:2] == (2, 8)
    assert mistakes("/* one\ntwo */ exti\n  exit; exti")[1][:2] == (3, 9)


def test_directives_of_object_files_are_left_out() -> None:
    assert Instructions.parse('.text\n.globl f\n.p2align 3\n.type f,@function\n.section ".x", "ax"\nf:\nexit') == (
        Instructions([asm.Return().with_symbol("f")])
    )


@pytest.mark.parametrize(
    "text",
    [
        ".byte 0xb7, 1, 0, 0, 5, 0, 0, 0",
        ".byte 0xb7\n.byte 0x01\n.2byte 0\n.4byte 5",
        ".short 0x1b7, 0, 5, 0",
        ".long 0x1b7, 5",
        ".quad 0x5000001b7",
    ],
)
def test_raw_bytes_are_those_of_a_little_endian_program(text: str) -> None:
    assert one(text) == asm.Mov.Imm(R1, 5)
    assert Instructions.parse(text).encode("big").hex() == "b710000000000005"


LEFT_OVER = (
    "these bytes are no whole instructions: 1 bytes are no whole number of units of 8: 1 are left over at byte 0"
)


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        (".byt 1", 1, "'.byt' is no directive; did you mean '.byte'?"),
        (".byte 256", 1, ".byte: 256 does not fit 1 byte"),
        (".byte 1, x", 1, ".byte: 'x' is no number"),
        (".byte 1", 1, LEFT_OVER),
    ],
)  # fmt: skip
def test_mistakes_in_directives(text: str, column: int, reason: str) -> None:
    assert (1, column, reason) in mistakes(text)


# numbers and spellings


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5), ("-5", -5), ("- 5", -5), ("+5", 5), ("0x10", 16), ("0X10", 16), ("0b101", 5), ("010", 8), ("'a'", 97),
        ("1 + 2", 3),
        ("5 * 6", 30),
        ("7 - 9", -2),
        ("-5 + 3", -2),
        ("1 << 4", 16),
        ("0xffffffff", -1),
        ("-2147483648", -(1 << 31)),
    ],
)  # fmt: skip
def test_numbers(text: str, value: int) -> None:
    assert one(f"r1 = {text}") == asm.Mov.Imm(R1, value)


@pytest.mark.parametrize(
    ("text", "instruction"),
    [
        ("r1=r2", asm.Mov.Reg(R1, R2)),
        ("\tr1\t=  r2 ", asm.Mov.Reg(R1, R2)),
        ("r1 = w2", asm.Mov.Reg32(R1, R2)),
        ("r1=-r1", asm.Neg.Reg(R1)),
        ("*(u8*)(r2+1)=r1", asm.StoreMem(R2, 1, R1, asm.Byte)),
        ("r1 = * (u8*) (r2 - 1)", asm.LoadMem(R1, R2, -1, asm.Byte)),
        ("w1 = *(u8 *)(r2 + 0x7f)", asm.LoadMem(R1, R2, 127, asm.Byte)),
        ("lock *(u32 *)(r1 + 0) += r2", asm.AddAtomic.Mem(R1, R2, asm.Word, 0)),
        ("lock *(u32 *)(r1 + 0) += w2", asm.AddAtomic.Mem(R1, R2, asm.Word, 0)),
        ("r2=atomic_fetch_add((u64*)(r1+8),r2)", asm.FetchAdd.Mem(R1, R2, asm.DWord, 8)),
        ("w0 = cmpxchg32_32(r10 - 4, w0, w3)", asm.CmpXchg.Mem(RFP, R3, asm.Word, -4)),
        ("if r1 s>-1 goto +1", asm.JSGT.Imm(R1, -1, 1)),
        ("gotol 70000", asm.LongJump(70000)),
        ("call 12", asm.FnTailCall.Call()),
        ("call f", asm.Call.Label("f")),
        ("call pc-2", asm.Call.Label(-2)),
        ("r1 = 0xffffffffffffffff ll", asm.LoadImm(R1, -1, asm.DWord)),
        ("ld_pseudo r1, 0x1, 0x3e8", asm.LoadMapPtr(R1, 1000)),
        ("ld_pseudo r1, 2, 5, 8", asm.LoadMapValue(R1, 5, 8)),
    ],
)
def test_spellings(text: str, instruction: asm.Instruction) -> None:
    assert one(text) == instruction


# the other dialects


def test_a_verifier_log() -> None:
    log = (
        "func#0 @0\n0: R1=ctx() R10=fp0\n; int x = 5;\n"
        "0: (b7) r0 = 5                        ; R0_w=5\n1: (95) exit\nprocessed 2 insns"
    )
    assert Instructions.parse(log, "kernel") == Instructions([asm.Mov.Imm(R0, 5), asm.Return()])


def test_the_kernel_tells_a_64_bit_load_by_its_radix() -> None:
    assert one("r1 = 0x5", "kernel") == asm.LoadImm(R1, 5, asm.DWord)
    assert one("r1 = 5", "kernel") == asm.Mov.Imm(R1, 5)
    assert one("if r1 == 0xfffffffe goto pc-1", "kernel") == asm.JEq.Imm(R1, -2, -1)
    assert one("call bpf_tail_call#12", "kernel") == asm.FnTailCall.Call()


def test_the_first_exit_is_a_label_of_ubpf() -> None:
    program = Instructions.parse("jeq %r1, 0, exit\nmov %r0, 1\nexit\nexit", "ubpf")
    assert program.symbols() == {"exit": 2}
    assert one("ldxb %r0, [%r1+0xfff0]", "ubpf") == asm.LoadMem(R0, R1, -16, asm.Byte)


# mistakes


def test_ten_mistakes_are_ten() -> None:
    text = "\n".join(f"r1 = {1 << 33 + number}" for number in range(10))
    assert [(line, column) for line, column, _ in mistakes(text)] == [(number, 6) for number in range(1, 11)]


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("r11 = 5", 2, "register must be 0..10, not 11"),
        ("w15 += w1", 2, "register must be 0..10, not 15"),
        ("r01 = 5", 2, "register must be 0..10, not 01"),
        ("r1 = 4294967296", 6, "immediate must be in -2147483648..4294967295, not 4294967296"),
        ("goto +70000", 7, "distance must be in -32768..32767, not 70000"),
        ("r1 = *(u64 *)(r1 + 32768)", 20, "offset must be in -32768..32767, not 32768"),
        (f"r1 = {1 << 64} ll", 6, f"immediate must be in {-(1 << 63)}..{(1 << 64) - 1}, not {1 << 64}"),
        ("exti", 1, "'exti' is no instruction; did you mean 'exit'?"),
        ("r1 = *(u24 *)(r2 + 1)", 8, "'u24' is no continuation of this instruction; did you mean 'u64'?"),
        ('goto "open', 6, '" opens something that is not closed on this line'),
    ],
)  # fmt: skip
def test_what_is_said_and_where(text: str, column: int, reason: str) -> None:
    assert mistakes(text) == [(1, column, reason)]


def test_the_message_has_the_line_and_a_caret() -> None:
    with pytest.raises(AssemblySyntaxError) as caught:
        Instructions.parse("exit\n\tr1 += r12\n")
    error = caught.value
    assert (error.line, error.column, error.source) == (2, 9, "\tr1 += r12")
    assert str(error) == "line 2, column 9: register must be 0..10, not 12\n     r1 += r12\n            ^"


def test_the_message_of_a_very_long_line_stays_short() -> None:
    with pytest.raises(AssemblySyntaxError) as caught:
        Instructions.parse("r1 = 5 " * 100_000)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("dialect", ["gnu", "LLVM", None, 5])
def test_a_dialect_there_is_not(dialect: Any) -> None:
    with pytest.raises(OperandError, match="dialect must be one of llvm, kernel, ubpf, not"):
        Instructions.parse("exit", dialect)
    with pytest.raises(OperandError, match="dialect must be one of llvm, kernel, ubpf, not"):
        Instructions([asm.Return()]).format(dialect)


@pytest.mark.parametrize("text", [b"exit", None, ["exit"]])
def test_no_text(text: Any) -> None:
    with pytest.raises(OperandError, match="text must be a str, not"):
        Instructions.parse(text)


def test_lines_of_other_systems() -> None:
    assert Instructions.parse("r0 = 0\r\nx: exit\r\n") == Instructions(
        [asm.Mov.Imm(R0, 0), asm.Return().with_symbol("x")]
    )
    assert len(Instructions.parse("")) == len(Instructions.parse("\n \t\n# nothing")) == 0
