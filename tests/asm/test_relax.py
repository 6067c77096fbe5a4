"""Jumps that do not reach, made to reach: the same instructions follow each other as before."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ebpfasm import asm
from ebpfasm.asm import R0, R1, R2, Instruction, Instructions, Label
from ebpfasm.errors import OperandError, SymbolError

ROWS = (asm.JEq, asm.JNE, asm.JGT, asm.JGE, asm.JLT, asm.JLE, asm.JSet, asm.JSGT, asm.JSGE, asm.JSLT, asm.JSLE)
CONDITIONAL = [
    *(row.Imm(R1, number, "far") for number, row in enumerate(ROWS)),
    asm.JEq.Reg(R1, R2, "far"),
    asm.JSLT.Imm32(R1, -1, "far"),
    asm.JGE.Reg32(R1, R2, "far"),
    asm.MayGoto.Label("far"),
]

HOLDS = {
    "JEq": lambda a, b: a == b, "JNE": lambda a, b: a != b, "JGT": lambda a, b: a > b, "JGE": lambda a, b: a >= b,
    "JLT": lambda a, b: a < b, "JLE": lambda a, b: a <= b, "JSet": lambda a, b: a & b != 0, "JSGT": lambda a, b: a > b,
    "JSGE": lambda a, b: a >= b, "JSLT": lambda a, b: a < b, "JSLE": lambda a, b: a <= b,
}  # fmt: skip


def filler(units: int) -> list[Instruction]:
    """Return that many units of instructions that do nothing of interest."""
    return [asm.Mov.Imm(R0, 0)] * units


def walk(program: Instructions, r1: int) -> list[int]:
    """Return the values that Mov.Imm(R0, n) with n > 0 would give on the way, for small numbers in R1 and R2 = 3."""
    at = 0
    units: dict[int, Instruction] = {}
    for item in program.resolved():
        units[at] = item
        at += item.units
    here, seen = 0, []
    for _ in range(200_000):
        if here not in units:
            return seen
        item = units[here]
        assert item.form is not None
        word = item.form.name
        name = word.split(".")[0]
        here += item.units
        if word == "Return":
            return seen
        if word == "Mov.Imm" and item.imm:
            seen.append(item.imm)
        elif word == "LongJump":
            here += item.imm
        elif name == "Ja" or (name in HOLDS and HOLDS[name](r1, 3 if "Reg" in word else item.imm)):
            here += item.off
    raise AssertionError("the program does not end")


@pytest.mark.parametrize("jump", CONDITIONAL, ids=str)
@pytest.mark.parametrize("distance", [32767, 32768])
def test_forward(jump: Instruction, distance: int) -> None:
    program = Instructions(
        [jump.with_symbol("here"), *filler(distance - 1), asm.Mov.Imm(R0, 7), Label("far"), asm.Return()]
    )
    if distance == 32767:
        assert program.relaxed() == program
        return
    with pytest.raises(OperandError, match=r"Instructions.relaxed\(\)"):
        program.encode()
    relaxed = program.relaxed()
    relaxed.encode()
    assert relaxed.symbols()["here"] == 0
    assert relaxed.relaxed() == relaxed
    if jump.form is not None and not jump.form.name.startswith("MayGoto"):
        small = Instructions([jump, asm.Mov.Imm(R0, 7), Label("far"), asm.Return()])
        for r1 in (0, 5):
            assert walk(relaxed, r1) == walk(small, r1)


@pytest.mark.parametrize("distance", [32766, 32767, 32768])
def test_backward(distance: int) -> None:
    program = Instructions([Label("far"), *filler(distance), asm.JEq.Imm(R1, 5, "far"), asm.Return()])
    relaxed = program.relaxed()
    relaxed.encode()
    assert (relaxed == program) == (distance < 32768)


def test_jumps_by_number_lead_to_the_same_instructions() -> None:
    program = Instructions(
        [
            asm.JEq.Imm(R1, 0, 2),
            asm.Call.Label(33_000 + 3),
            asm.JNE.Imm(R1, 9, "far"),
            asm.Mov.Imm(R0, 5),
            asm.JEq.Imm(R1, 2, -3),
            *filler(33_000),
            asm.Return().with_symbol("far"),
        ]
    )
    relaxed = program.relaxed().resolved()
    assert [item.off for item in relaxed[:2]] == [3, 0]  # one further: the jump over was made longer by one
    assert relaxed[1].imm == 33_000 + 4
    assert walk(program_without_calls(relaxed), 0)[:1] == [5]


def program_without_calls(program: Instructions) -> Instructions:
    """Return the program with something harmless in place of its calls."""
    return Instructions([asm.Mov.Imm(R0, 0) if item.opcode == 0x85 else item for item in program])


def test_one_that_grows_pushes_another_out_of_reach() -> None:
    program = Instructions(
        [
            asm.JEq.Imm(R1, 1, "near"),
            asm.JEq.Imm(R1, 2, "far"),
            *filler(32_765),
            asm.Mov.Imm(R0, 7),
            asm.Mov.Imm(R0, 8).with_symbol("near"),
            *filler(40_000),
            asm.Return().with_symbol("far"),
        ]
    )
    relaxed = program.relaxed()
    relaxed.encode()
    assert sum(item.opcode == 0x06 for item in relaxed) == 2
    assert [walk(relaxed, r1) for r1 in (0, 1, 2)] == [[7, 8], [8], []]


def test_mistakes() -> None:
    with pytest.raises(SymbolError, match="label 'x' is not defined"):
        Instructions([asm.JEq.Imm(R1, 0, "x")]).relaxed()
    with pytest.raises(OperandError, match="leads to unit 6, where no instruction begins"):
        Instructions([asm.JEq.Imm(R1, 0, 5), asm.Return()]).relaxed()


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 7), st.sampled_from((0, 1, 12_000))), max_size=8))
def test_the_same_way_is_taken(parts: list[tuple[int, int, int]]) -> None:
    """Blocks with a marker each, jumping forward by condition, with fillers of all lengths between them."""

    def program(scale: int) -> Instructions:
        items: list[Instruction | Label] = []
        for number, (row, skipped, length) in enumerate(parts):
            items += [Label(f"l{number}"), asm.Mov.Imm(R0, number + 1)]
            items += [ROWS[row].Imm(R1, 3, f"l{min(number + 1 + skipped, len(parts))}"), *filler(length // scale)]
        return Instructions([*items, Label(f"l{len(parts)}"), asm.Return()])

    relaxed, small = program(1).relaxed(), program(1000)
    relaxed.encode()
    for r1 in (0, 3):
        assert walk(relaxed, r1) == walk(small, r1)
