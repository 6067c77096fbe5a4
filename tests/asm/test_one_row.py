"""One row is enough: an instruction that does not exist, added to the table, works everywhere at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ebpfasm import asm, vm
from ebpfasm.asm import alu, jump, table
from ebpfasm.asm.instruction import Instruction
from ebpfasm.errors import OperandError

NAND = alu.Alu("Nand", 0xE0, "~&=", "nand", "~(d & s)")
"""An operation with a code that the ISA has not given away (RFC 9669 section 4.1 ends at 0xd0)."""


@pytest.fixture
def nand_in_the_table(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the row into the table, which is read when the first form is looked up."""
    before = dict(table._whole_table)
    monkeypatch.setattr(table, "ROWS", (*table.ROWS, NAND))
    table._whole_table.clear()
    yield
    table._whole_table.clear()
    table._whole_table.update(before)


ENCODINGS = [
    (NAND.Imm(asm.R1, 5), "e701000005000000", "Nand.Imm(R1, 5)", "r1 ~&= 5"),
    (NAND.Reg(asm.R1, asm.R2), "ef21000000000000", "Nand.Reg(R1, R2)", "r1 ~&= r2"),
    (NAND.Imm32(asm.R1, -1), "e4010000ffffffff", "Nand.Imm32(R1, -1)", "w1 ~&= -1"),
    (NAND.Reg32(asm.R1, asm.R2), "ec21000000000000", "Nand.Reg32(R1, R2)", "w1 ~&= w2"),
]

with_encodings = pytest.mark.parametrize(
    ("instruction", "encoding", "builder", "text"), ENCODINGS, ids=[builder for _, _, builder, _ in ENCODINGS]
)


@with_encodings
def test_without_the_row_it_is_nothing(instruction: Instruction, encoding: str, builder: str, text: str) -> None:
    assert asm.Instructions([instruction]).encode("little").hex() == encoding
    assert instruction.form is None
    assert str(instruction).startswith(".byte ")


@pytest.mark.usefixtures("nand_in_the_table")
@with_encodings
def test_with_the_row_it_is_an_instruction(instruction: Instruction, encoding: str, builder: str, text: str) -> None:
    assert asm.Instructions([instruction]).encode("little").hex() == encoding
    (decoded,) = asm.Instructions.decode(bytes.fromhex(encoding), "little")
    assert decoded == instruction
    assert decoded.form in NAND.forms
    assert repr(decoded) == builder
    assert eval(builder, {"Nand": NAND, "R1": asm.R1, "R2": asm.R2}) == instruction
    assert str(decoded) == text
    assert text in asm.Instructions([instruction]).listing()


@pytest.mark.usefixtures("nand_in_the_table")
@pytest.mark.parametrize("run", [vm.run, vm.interpret])
def test_with_the_row_it_runs(run: Callable[..., vm.Result]) -> None:
    results = []
    for instruction, *_ in ENCODINGS:
        before = [asm.Mov.Imm(asm.R1, 7), asm.Mov.Imm(asm.R2, 2)]
        results.append(run([*before, instruction, asm.Mov.Reg(asm.R0, asm.R1), asm.Return()]).r0)
    assert results == [~5 % (1 << 64), ~2 % (1 << 64), 0xFFFFFFF8, 0xFFFFFFFD]


def test_the_row_checks_its_operands() -> None:
    with pytest.raises(OperandError, match=r"^Nand.Imm: register must be in 0..10, not 11$"):
        NAND.Imm(11, 0)
    with pytest.raises(
        OperandError, match=r"^Nand.Imm32: immediate must be in -2147483648..4294967295, not 4294967296$"
    ):
        NAND.Imm32(asm.R1, 1 << 32)
    with pytest.raises(OperandError, match=r"not the register R2 \(that is Nand.Reg\)$"):
        NAND.Imm(asm.R1, asm.R2)


def test_an_index_of_the_one_row_finds_it() -> None:
    index = table.by_opcode([NAND])
    assert sorted(index) == [0xE4, 0xE7, 0xEC, 0xEF]
    for instruction, _, builder, _ in ENCODINGS:
        (form,) = index[instruction.opcode]
        assert form.matches(instruction)
        assert form.builder(instruction) == builder
    (form,) = index[0xE7]
    assert not form.matches(NAND.Imm(asm.R1, 0).replace(off=1)), "reserved fields stay reserved"


def test_a_jump_of_one_row_takes_labels_too() -> None:
    odd = jump.Jump("JOdd", 0xF0, "odd", "jodd", "d ^ s & 1")
    program = asm.Instructions([odd.Imm(asm.R1, 3, "end"), asm.Mov.Imm(asm.R0, 1), asm.Label("end")])
    assert program.encode("little").hex() == "f501010003000000" + "b700000001000000"


def test_the_row_disturbs_no_other(nand_in_the_table: None) -> None:
    assert {asm.Mov.Imm(asm.R1, 0).form, asm.Return().form} <= set(table.FORMS)


def test_an_unknown_name_of_the_table() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'FORMES'"):
        table.FORMES  # noqa: B018
