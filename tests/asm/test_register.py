"""Registers, sizes and byte orders: what they are, and what they cannot be."""

from __future__ import annotations

import copy
import pickle

import pytest

from ebpfasm import asm
from ebpfasm.errors import OperandError

SIZES = [(asm.Byte, 1, 8, 0x10), (asm.Half, 2, 16, 0x08), (asm.Word, 4, 32, 0x00), (asm.DWord, 8, 64, 0x18)]


def test_a_register_is_its_number() -> None:
    registers = [vars(asm)[f"R{number}"] for number in range(11)]
    assert registers == list(range(11))
    assert [repr(register) for register in registers] == [f"R{number}" for number in range(11)]
    assert f"{asm.R3}" == str(asm.R3) == "R3"
    assert asm.RFP is asm.R10


@pytest.mark.parametrize("number", [11, -1, 17, True, 1.0, None, "R1"])
def test_no_other_register_can_be_made(number: object) -> None:
    with pytest.raises(OperandError) as caught:
        asm.Register(number)  # type: ignore[arg-type]
    assert str(caught.value) == f"Register: register must be in 0..10, not {number!r}"
    assert (caught.value.field, caught.value.value, caught.value.low, caught.value.high) == ("register", number, 0, 10)


def test_a_register_comes_back_from_a_pickle() -> None:
    again = pickle.loads(pickle.dumps(asm.R7))
    assert (type(again), again) == (asm.Register, 7)


@pytest.mark.parametrize(("size", "width", "bits", "code"), SIZES, ids=repr)
def test_a_size_has_its_width_and_code(size: asm.Size, width: int, bits: int, code: int) -> None:
    assert (size.bytes, size.bits, size.code) == (width, bits, code)


@pytest.mark.parametrize("name", ["Byte", "Half", "Word", "DWord", "LE", "BE"])
def test_there_is_one_object_of_each_size_and_byte_order(name: str) -> None:
    thing = vars(asm)[name]
    assert repr(thing) == name
    assert pickle.loads(pickle.dumps(thing)) is thing
    assert copy.copy(thing) is thing
    assert copy.deepcopy(thing) is thing


def test_an_integer_passes_as_a_register() -> None:
    assert asm.Mov.Reg(1, 2) == asm.Mov.Reg(asm.R1, asm.R2)
    assert asm.LoadMem(0, 10, -8, asm.DWord) == asm.LoadMem(asm.R0, asm.RFP, -8, asm.DWord)


def test_there_are_four_sizes_and_no_other() -> None:
    assert asm.Size("Word") is asm.Word
    with pytest.raises(OperandError, match="Size: there is Byte, Half, Word and DWord, not 'Quad'"):
        asm.Size("Quad")
