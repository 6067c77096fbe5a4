"""What holds for any bytes and any program: nothing is lost, nothing changes, labels lead where a simpler rule says."""

from __future__ import annotations

import pickle
import struct
from typing import Any, Literal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ebpfasm import asm
from ebpfasm.asm.form import Form
from ebpfasm.asm.table import FORMS
from ebpfasm.errors import DecodeError
from tests.asm.places import word

Endian = Literal["little", "big"]
examples = settings(deadline=None, max_examples=100)
endians = st.sampled_from(["little", "big"])

LABELS = ("a", "b", "c", "end")
OPCODES = sorted({form.opcode for form in FORMS})


# any bytes


def units(opcodes: st.SearchStrategy[int]) -> st.SearchStrategy[bytes]:
    """Return units of eight bytes, with every register byte, offset and immediate there is."""
    rest = st.one_of(st.binary(min_size=7, max_size=7), st.just(bytes(7)))
    return st.builds(lambda opcode, more: bytes([opcode]) + more, opcodes, rest)


second_units = st.builds(lambda imm: bytes(4) + imm, st.binary(min_size=4, max_size=4))
wide_units = st.builds(
    lambda first, second: first + second, units(st.just(0x18)), st.one_of(second_units, units(st.just(0)))
)
known_units = units(st.sampled_from(OPCODES))
any_bytes = st.builds(
    lambda parts, tail: b"".join(parts) + tail,
    st.lists(st.one_of(units(st.integers(0, 255)), known_units, wide_units), max_size=12),
    st.one_of(st.just(b""), st.binary(max_size=9)),
)


def first_fault(data: bytes) -> int | None:
    """Return where the bytes stop to be instructions, found by walking over them one unit after the other."""
    at = 0
    while at + 8 <= len(data) // 8 * 8:
        if data[at] == 0x18:
            second = data[at + 8 : at + 16] if at + 16 <= len(data) else b""
            if not second:
                return at
            if any(second[:4]):
                return at + 8
            at += 8
        at += 8
    return None


@examples
@given(any_bytes, endians)
def test_bytes_come_back_from_the_instructions_or_are_refused(data: bytes, byteorder: Endian) -> None:
    odd = len(data) % 8
    fault = len(data) - odd if odd else first_fault(data)
    if fault is not None:
        with pytest.raises(DecodeError) as caught:
            asm.Instructions.decode(data, byteorder)
        assert caught.value.offset == fault
        return
    program = asm.Instructions.decode(data, byteorder)
    assert program.encode(byteorder) == data
    assert asm.Instructions(list(program)).encode(byteorder) == data
    assert program.units * 8 == len(data)
    assert len(program) == len(list(program))


@examples
@given(any_bytes)
def test_the_other_byte_order_is_the_same_program(data: bytes) -> None:
    try:
        program = asm.Instructions.decode(data, "little")
    except DecodeError:
        return
    assert asm.Instructions.decode(program.encode("big"), "big") == program


@examples
@given(st.one_of(known_units, wide_units, units(st.integers(0, 255))))
def test_repr_of_any_decoded_instruction_evaluates_to_it(data: bytes) -> None:
    try:
        (instruction,) = asm.Instructions.decode(data, "little")
    except (DecodeError, ValueError):
        return
    assert eval(repr(instruction), {}, vars(asm)) == instruction
    assert str(instruction)


# any program


def argument(param: Any) -> st.SearchStrategy[Any]:
    """Return what a parameter of a form can be given."""
    if isinstance(param, str):
        return st.just(vars(asm)[param])
    numbers = st.one_of(st.sampled_from([param.low, param.high, 0]), st.integers(param.low, param.high))
    if param.kind == "register":
        return st.builds(asm.Register, numbers)
    if param.kind == "label":
        # Half of the targets are labels of the program; the numbers lead anywhere, which is not checked.
        return st.one_of(st.sampled_from(LABELS), numbers)
    return numbers


def called(form: Form, arguments: tuple[Any, ...]) -> asm.Instruction:
    """Call the builder word of a form."""
    made = word(form.name)(*arguments)
    return made if isinstance(made, asm.Instruction) else made.Call()


def instruction_of(form: Form) -> st.SearchStrategy[asm.Instruction]:
    """Return what the builder word of a form makes."""
    return st.builds(called, st.just(form), st.tuples(*(argument(param) for param in form.params)))


instructions = st.sampled_from(FORMS).flatmap(instruction_of)


@st.composite
def programs(draw: st.DrawFn) -> asm.Instructions:
    """Return a program in which each label stands once, anywhere."""
    items: list[Any] = draw(st.lists(instructions, max_size=12))
    for name in draw(st.permutations(LABELS)):
        items.insert(draw(st.integers(0, len(items))), asm.Label(name))
    return asm.Instructions(items)


@pytest.mark.parametrize("form", FORMS, ids=repr)
def test_every_form_is_what_its_word_makes(form: Form) -> None:
    @settings(deadline=None, max_examples=5)
    @given(instruction_of(form))
    def check(instruction: asm.Instruction) -> None:
        assert instruction.form is form
        assert eval(repr(instruction), {}, vars(asm)) == instruction

    check()


@examples
@given(programs(), endians)
def test_a_program_encodes_the_same_twice(program: asm.Instructions, byteorder: Endian) -> None:
    first = program.encode(byteorder)
    assert program.encode(byteorder) == first
    assert program.resolved().encode(byteorder) == first
    assert asm.Instructions(list(program) + [asm.Label(name) for name in program.end_symbols]).encode(
        byteorder
    ) == first  # fmt: skip
    assert asm.Instructions.decode(first, byteorder).units == program.units


def naive_symbols(program: asm.Instructions) -> dict[str, int]:
    """Return the unit of each label, by counting the bytes of everything before it."""
    found = {}
    before = 0
    for instruction in program:
        found |= dict.fromkeys(instruction.symbols, before // 8)
        before += 16 if instruction.opcode == 0x18 else 8
    return found | dict.fromkeys(program.end_symbols, before // 8)


IN_IMM = {"LongJump", "Call.Label", "LoadFunc"}


@examples
@given(programs(), endians)
def test_labels_resolve_to_what_a_naive_resolver_finds(program: asm.Instructions, byteorder: Endian) -> None:
    symbols = naive_symbols(program)
    assert program.symbols() == symbols
    assert set(symbols) == set(LABELS)
    encoded = list(struct.iter_unpack("<BBhi" if byteorder == "little" else ">BBhi", program.encode(byteorder)))
    unit = 0
    for instruction in program:
        if isinstance(instruction.reference, str):
            _, _, off, imm = encoded[unit]
            assert instruction.form is not None
            distance = imm if instruction.form.name in IN_IMM else off
            assert unit + 1 + distance == symbols[instruction.reference]
        unit += instruction.units


@examples
@given(programs())
def test_a_program_comes_back_from_a_pickle(program: asm.Instructions) -> None:
    again = pickle.loads(pickle.dumps(program))
    assert again == program
    assert hash(again) == hash(program)
    assert again.encode("little") == program.encode("little")


@examples
@given(programs())
def test_repr_of_a_program_evaluates_to_it(program: asm.Instructions) -> None:
    assert eval(repr(program), {}, vars(asm)) == program


@examples
@given(programs(), st.data())
def test_two_parts_of_a_program_are_the_program(program: asm.Instructions, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(program)))
    assume(len(program))  # of no instructions, either part has all labels
    assert program[:at] + program[at:] == program


@examples
@given(programs(), endians)
def test_a_listing_has_a_line_for_every_instruction_and_label(program: asm.Instructions, byteorder: Endian) -> None:
    lines = program.listing(byteorder, arrows=False).splitlines()
    assert len(lines) == len(program.listing(byteorder).splitlines()) == program.units + len(LABELS)
    shown = [line.partition(":")[2] for line in lines if line[:1] == " " and ":" in line]
    assert [text[26:].partition("  ; ")[0] for text in shown] == [str(instruction) for instruction in program]
