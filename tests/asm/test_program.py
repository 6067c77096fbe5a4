"""Programs: a sequence with labels and references, its bytes, and its listing."""

from __future__ import annotations

import copy
import hashlib
import pickle
import struct
from pathlib import Path
from typing import Any

import pytest

from ebpfasm import asm
from ebpfasm.asm import R0, R1, R2, R3, Instructions, Label
from ebpfasm.datapath import entry_stub
from ebpfasm.errors import ClosedError, DecodeError, OperandError, SymbolError

ENTRY = "18120000ddccbbaa0000000000000000b703000000000000850000000c000000b7000000000000009500000000000000"
"""The first function of the project, in little endian with the map 0xaabbccdd; llvm-mc makes the same bytes."""
ENTRY_BIG = "18210000aabbccdd0000000000000000b730000000000000850000000000000cb7000000000000009500000000000000"

ONE = asm.Mov.Imm(R0, 1)
TWO = asm.Mov.Imm(R0, 2)
END = asm.Return()


def entry_prog(fd: Any) -> Instructions:
    """Return the program as the public API promises to take it."""
    return asm.Instructions(
        [
            asm.LoadMapPtr(asm.R2, fd),
            asm.Mov.Imm(asm.R3, 0),
            asm.FnTailCall.Call(),
            asm.Mov.Imm(asm.R0, 0),
            asm.Return(),
        ]
    )


class Slots:
    """What stands for a map: counts how often it is asked for its file descriptor."""

    def __init__(self, number: Any = 7) -> None:
        self.number = number
        self.asked = 0

    def fileno(self) -> int:
        self.asked += 1
        if isinstance(self.number, Exception):
            raise self.number
        return self.number  # type: ignore[no-any-return]


# the first function


def test_the_entry_program_byte_for_byte() -> None:
    assert entry_prog(0xAABBCCDD).encode("little").hex() == ENTRY
    assert entry_prog(0xAABBCCDD).encode("big").hex() == ENTRY_BIG
    assert entry_stub(0xAABBCCDD) == entry_prog(0xAABBCCDD)


def test_the_entry_program_decodes_to_itself() -> None:
    assert Instructions.decode(bytes.fromhex(ENTRY), "little") == entry_prog(0xAABBCCDD)
    assert Instructions.decode(bytes.fromhex(ENTRY_BIG), "big") == entry_prog(0xAABBCCDD)


def test_the_entry_stub_takes_an_index_and_a_verdict() -> None:
    stub = entry_stub("slots", 3, miss=2)
    assert stub[1] == asm.Mov.Imm(R3, 3)
    assert stub[3] == asm.Mov.Imm(R0, 2)
    assert (len(stub), stub.units) == (5, 6)


# a sequence


def test_a_program_is_a_sequence() -> None:
    program = Instructions([ONE, TWO, END])
    assert len(program) == 3
    assert program[0] is ONE
    assert program[-1] is END
    assert list(program) == [ONE, TWO, END]
    assert list(reversed(program)) == [END, TWO, ONE]
    assert TWO in program
    assert asm.Mov.Imm(R0, 3) not in program
    assert program.index(TWO) == 1
    assert program.count(ONE) == 1
    with pytest.raises(IndexError):
        program[3]


def test_an_empty_program() -> None:
    program = Instructions()
    assert (len(program), program.units, program.encode(), program.symbols()) == (0, 0, b"", {})
    assert Instructions.decode(b"") == program
    assert str(program) == program.listing() == ""
    assert not program


def test_a_program_of_any_iterable() -> None:
    assert Instructions(iter([ONE, END])) == Instructions((ONE, END)) == Instructions([ONE, END])


def test_programs_are_equal_by_their_contents() -> None:
    program = Instructions([ONE, END, Label("end")])
    assert program == Instructions([ONE, END, Label("end")])
    assert hash(program) == hash(Instructions([ONE, END, Label("end")]))
    for other in (Instructions([ONE, END]), Instructions([ONE, END, Label("fin")]), Instructions([END, ONE])):
        assert program != other
    assert program != [ONE, END]


def test_a_program_cannot_be_changed() -> None:
    program = Instructions([ONE, END])
    with pytest.raises(TypeError):
        program[0] = TWO  # type: ignore[index]
    with pytest.raises(TypeError):
        del program[0]  # type: ignore[attr-defined]
    for name in ("end_symbols", "units", "new"):
        with pytest.raises(AttributeError):
            setattr(program, name, ("end",))
    items = [ONE]
    program = Instructions(items)
    items.append(END)
    assert list(program) == [ONE]


def test_copies_and_pickles_are_equal() -> None:
    program = Instructions([Label("start"), asm.Ja.Label("start"), asm.LoadMapPtr(R2, "slots"), Label("end")])
    for again in (copy.copy(program), copy.deepcopy(program), pickle.loads(pickle.dumps(program))):
        assert again == program
        assert again.end_symbols == ("end",)


# joining and cutting


def test_plus_joins_programs_and_lists_from_both_sides() -> None:
    program = Instructions([ONE])
    assert program + Instructions([END]) == Instructions([ONE, END])
    assert program + [TWO, END] == Instructions([ONE, TWO, END])  # noqa: RUF005 - the sum is what is tested
    assert [TWO, END] + program == Instructions([TWO, END, ONE])  # noqa: RUF005
    assert (END,) + program == Instructions([END, ONE])  # noqa: RUF005
    assert list(program) == [ONE]


def test_a_label_at_the_end_of_one_part_stands_at_the_start_of_the_next() -> None:
    program = Instructions([asm.Ja.Label("there"), TWO, Label("there")]) + Instructions([Label("too"), END])
    assert program.symbols() == {"there": 2, "too": 2}
    assert program[2].symbols == ("there", "too")
    assert program.end_symbols == ()


def test_programs_nest_with_their_labels() -> None:
    inner = Instructions([ONE.with_symbol("inner"), Label("after")])
    program = Instructions([asm.Ja.Label("after"), Instructions([inner, inner[:0]]), Label("more"), END, Label("end")])
    assert program.symbols() == {"inner": 1, "after": 2, "more": 2, "end": 3}
    assert program[2].symbols == ("after", "more")
    assert inner.end_symbols == ("after",)


def test_a_nested_program_with_labels_only() -> None:
    program = Instructions(
        [Instructions([Label("a")]), Instructions([Instructions([Label("b")]), ONE.with_symbol("c")])]
    )
    assert program[0].symbols == ("a", "b", "c")


def test_slices_are_programs() -> None:
    program = Instructions([ONE, TWO.with_symbol("two"), END, Label("end")])
    assert isinstance(program[1:], Instructions)
    assert program[1:] == Instructions([TWO.with_symbol("two"), END, Label("end")])
    assert program[:2] == Instructions([ONE, TWO.with_symbol("two")])
    assert program[:] == program
    assert program[-1:].symbols() == {"end": 1}
    assert program[3:] == Instructions()
    assert program[::2] == Instructions([ONE, END])
    assert program[::-1] == Instructions([END, TWO.with_symbol("two"), ONE])


@pytest.mark.parametrize("at", range(4))
def test_two_slices_make_the_whole(at: int) -> None:
    program = Instructions([ONE, TWO.with_symbol("two"), END, Label("end")])
    assert program[:at] + program[at:] == program


def test_a_part_may_refer_to_a_label_of_the_whole() -> None:
    part = Instructions([asm.Ja.Label("end")])
    with pytest.raises(SymbolError):
        part.encode()
    assert Instructions([part, Label("end")]).encode("little").hex() == "0500000000000000"


@pytest.mark.parametrize("item", [5, None, "exit", b"\x95", [END]], ids=repr)
def test_what_is_no_instruction(item: Any) -> None:
    with pytest.raises(OperandError, match=r"^Instructions: item 2 is .*, not an Instruction, Label or Instructions$"):
        Instructions([ONE, Label("here"), TWO, item])


# labels


def test_labels_count_units_not_instructions() -> None:
    program = Instructions([asm.LoadImm(R1, 1, asm.DWord), Label("a"), ONE, asm.LoadImm(R1, 1, asm.DWord), Label("b")])
    assert program.symbols() == {"a": 2, "b": 5}
    assert (len(program), program.units) == (3, 5)


def test_a_label_after_the_last_instruction_can_be_jumped_to() -> None:
    program = Instructions([asm.Ja.Label("end"), ONE, Label("end"), Label("fin")])
    assert program.symbols() == {"end": 2, "fin": 2}
    assert program.end_symbols == ("end", "fin")
    assert program.encode("little").hex() == "0500010000000000" + "b700000001000000"


def test_two_labels_at_one_instruction() -> None:
    program = Instructions([asm.Ja.Label("b"), asm.Ja.Label("a"), Label("a"), Label("b"), END.with_symbol("c")])
    assert program[2].symbols == ("a", "b", "c")
    assert program.encode("little").hex() == "0500010000000000" + "0500000000000000" + "9500000000000000"


@pytest.mark.parametrize(
    ("items", "places"),
    [
        ([ONE.with_symbol("x"), TWO, END.with_symbol("x")], "0 and 2"),
        ([Label("x"), ONE, Label("x"), END], "0 and 1"),
        ([ONE, Label("x"), END, Label("x")], "1 and the end"),
        ([ONE, Label("x"), Label("x")], "the end and the end"),
        ([Instructions([ONE, Label("x")]), END, Instructions([ONE.with_symbol("x")])], "1 and 2"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_a_label_defined_twice(items: list[Any], places: str) -> None:
    with pytest.raises(SymbolError) as caught:
        Instructions(items)
    assert str(caught.value) == f"label 'x' is defined twice: at instructions {places}"
    assert caught.value.symbol == "x"


def test_the_same_label_twice_at_one_instruction() -> None:
    with pytest.raises(SymbolError, match="label 'x'"):
        Instructions([Label("x"), Label("x"), END])
    with pytest.raises(SymbolError, match="label 'x'"):
        Instructions([Label("x"), END.with_symbol("x")])


def test_joining_programs_that_both_define_a_label() -> None:
    part = Instructions([ONE.with_symbol("x")])
    with pytest.raises(SymbolError, match="label 'x' is defined twice: at instructions 0 and 1"):
        part + part


@pytest.mark.parametrize("name", ["", None, 5], ids=repr)
def test_what_is_no_label(name: Any) -> None:
    with pytest.raises(SymbolError, match="a label is a non-empty str, not"):
        Label(name)


@pytest.mark.parametrize("ask", [Instructions.encode, Instructions.resolved, Instructions.listing, Instructions.tag])
def test_an_unknown_label_with_a_suggestion(ask: Any) -> None:
    program = Instructions([ONE, asm.JEq.Imm(R0, 0, "mis"), ONE.with_symbol("miss"), END.with_symbol("hit")])
    with pytest.raises(SymbolError) as caught:
        ask(program)
    assert str(caught.value) == (
        "label 'mis', which unit 1 (JEq.Imm(R0, 0, 'mis')) refers to, is not defined in this program; "
        "did you mean 'miss'?"
    )
    assert caught.value.symbol == "mis"


@pytest.mark.parametrize(
    "instruction",
    [asm.Ja.Label("z"), asm.LongJump("z"), asm.Call.Label("z"), asm.LoadFunc(R1, "z"), asm.MayGoto.Label("z")],
    ids=repr,
)
def test_an_unknown_label_of_every_kind(instruction: asm.Instruction) -> None:
    for ask in (Instructions.encode, Instructions.resolved):
        with pytest.raises(SymbolError, match=r"label 'z', which unit 0 .* is not defined in this program$"):
            ask(Instructions([instruction, ONE.with_symbol("a")]))


# distances


def filled(count: int) -> list[asm.Instruction]:
    """Return as many instructions of one unit."""
    return [ONE] * count


def unit_of(data: bytes, unit: int, byteorder: str = "<") -> tuple[int, ...]:
    """Return opcode, registers, off and imm of one unit."""
    return struct.unpack_from(f"{byteorder}BBhi", data, unit * 8)


def test_calls_and_function_addresses_count_from_the_next_unit() -> None:
    program = Instructions(
        [
            asm.LoadFunc(R2, "f"),
            asm.Call.Label("f"),
            asm.LoadImm(R1, 0, asm.DWord),
            END,
            ONE.with_symbol("f"),
            asm.LoadFunc(R3, "f"),
            asm.Call.Label("f"),
            END,
        ]
    )
    data = program.encode("little")
    assert program.symbols() == {"f": 6}
    assert unit_of(data, 0) == (0x18, 0x42, 0, 5)
    assert unit_of(data, 1) == (0, 0, 0, 0)
    assert unit_of(data, 2) == (0x85, 0x10, 0, 3)
    assert unit_of(data, 7) == (0x18, 0x43, 0, -2)
    assert unit_of(data, 8) == (0, 0, 0, 0)
    assert unit_of(data, 9) == (0x85, 0x10, 0, -4)
    assert program.resolved()[0] == asm.LoadFunc(R2, 5)
    assert program.resolved()[5] == asm.LoadFunc(R3, -2)


def test_distances_in_big_endian() -> None:
    program = Instructions(
        [asm.JNE.Reg(R1, R2, "end"), asm.Call.Label("end"), asm.LoadFunc(R3, "end"), END, Label("end")]
    )
    data = program.encode("big")
    assert unit_of(data, 0, ">") == (0x5D, 0x12, 4, 0)
    assert unit_of(data, 1, ">") == (0x85, 0x01, 0, 3)
    assert unit_of(data, 2, ">") == (0x18, 0x34, 0, 2)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(0, 32767, (0x05, 0, 32767, 0), id="forward-at-the-border"),
        pytest.param(0, 32768, (0x06, 0, 0, 32768), id="forward-one-past"),
        pytest.param(32767, 0, (0x05, 0, -32768, 0), id="backward-at-the-border"),
        pytest.param(32768, 0, (0x06, 0, 0, -32769), id="backward-one-past"),
    ],
)
def test_a_jump_beyond_16_bits_becomes_the_long_jump(before: int, after: int, expected: tuple[int, ...]) -> None:
    target = "start" if before else "end"
    program = Instructions([Label("start"), *filled(before), asm.Ja.Label(target), *filled(after), Label("end")])
    data = program.encode("little")
    assert unit_of(data, before) == expected
    assert program.resolved().encode("little") == data
    assert program[before].without_symbols() == asm.Ja.Label(target), "the program itself is as it was"
    assert unit_of(program.encode("big"), before, ">") == expected


@pytest.mark.parametrize(
    ("jump", "word"),
    [
        (asm.JEq.Imm(R0, 0, "far"), "JEq.Imm"),
        (asm.JSLT.Reg32(R0, R1, "far"), "JSLT.Reg32"),
        (asm.MayGoto.Label("far"), "MayGoto.Label"),
    ],
    ids=str,
)
@pytest.mark.parametrize(("before", "after", "distance"), [(0, 32768, 32768), (32768, 0, -32769)])
def test_a_conditional_jump_beyond_16_bits(
    jump: asm.Instruction, word: str, before: int, after: int, distance: int
) -> None:
    label = [Label("far")]
    program = Instructions(
        [*(label if before else []), *filled(before), jump, *filled(after), *(label if after else [])]
    )
    for ask in (program.encode, program.resolved):
        with pytest.raises(OperandError) as caught:
            ask()
        assert str(caught.value) == (
            f"{word} at unit {before}: label 'far' is {distance} units away, a conditional jump reaches -32768..32767; "
            f"Instructions.relaxed() puts the inverted condition over a LongJump there"
        )
        error = caught.value
        assert (error.field, error.value, error.low, error.high) == ("off", distance, -32768, 32767)


@pytest.mark.parametrize(("before", "after", "distance"), [(0, 32767, 32767), (32767, 0, -32768)])
def test_a_conditional_jump_at_the_border(before: int, after: int, distance: int) -> None:
    label = [Label("far")]
    jump = asm.JEq.Imm(R0, 7, "far")
    program = Instructions(
        [*(label if before else []), *filled(before), jump, *filled(after), *(label if after else [])]
    )
    assert unit_of(program.encode("little"), before) == (0x15, 0, distance, 7)
    assert program.resolved()[before].off == distance


# encoding


def test_encoding_twice_gives_the_same_bytes() -> None:
    program = Instructions([entry_prog(5), asm.Ja.Label("end"), Label("end")])
    assert program.encode() == program.encode()
    assert program.encode("big") == program.encode("big")


@pytest.mark.parametrize("byteorder", ["LITTLE", "", None, 1, "native"], ids=repr)
def test_a_byte_order_there_is_not(byteorder: Any) -> None:
    for ask in (entry_prog(5).encode, entry_prog(5).listing, lambda order: Instructions.decode(b"", order)):
        with pytest.raises(OperandError) as caught:
            ask(byteorder)
        assert str(caught.value) == f"byteorder must be 'little' or 'big', not {byteorder!r}"
        assert (caught.value.field, caught.value.value) == ("byteorder", byteorder)


def test_a_map_is_asked_for_its_number_when_the_program_is_encoded() -> None:
    slots = Slots(0x11223344)
    program = entry_prog(slots)
    program.resolved()
    program.symbols()
    program.listing()
    program.tag()
    str(program)
    repr(program)
    assert slots.asked == 0
    assert program.encode("little")[:16].hex() == "18120000443322110000000000000000"
    assert program.encode("big")[:16].hex() == "18210000112233440000000000000000"
    assert slots.asked == 2
    slots.number = 9
    assert program.encode("little")[4] == 9


def test_a_map_twice_in_a_program_and_within_its_value() -> None:
    slots = Slots(3)
    program = Instructions([asm.LoadMapPtr(R1, slots), asm.LoadMapValue(R2, slots, 0x80000008)])
    assert program.encode("little").hex() == (
        "18110000030000000000000000000000" + "18220000030000000000000008000080"
    )  # fmt: skip


def test_a_file_will_do_for_a_map(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        assert entry_prog(file).encode() == entry_prog(file.fileno()).encode()


@pytest.mark.parametrize("number", [-1, 1 << 31, True, None, "7", 7.0], ids=repr)
def test_a_file_descriptor_that_is_none(number: object) -> None:
    program = Instructions([asm.LoadMapPtr(R2, Slots(number))])
    with pytest.raises(OperandError) as caught:
        program.encode()
    assert str(caught.value).endswith(f": fileno() must give a file descriptor, 0..2147483647, not {number!r}")
    assert (caught.value.field, caught.value.value) == ("imm", number)
    assert (caught.value.low, caught.value.high) == (0, 0x7FFFFFFF)


def test_a_closed_map_says_so() -> None:
    program = entry_prog(Slots(ClosedError("map 'pod0' is closed")))
    with pytest.raises(ClosedError, match="map 'pod0' is closed"):
        program.encode()


def test_a_map_that_was_not_bound() -> None:
    with pytest.raises(SymbolError) as caught:
        entry_prog("slots").encode()
    assert str(caught.value) == (
        "map 'slots', which LoadMapPtr(R2, 'slots') refers to, is not bound: program.bind(slots=a_map)"
    )
    assert caught.value.symbol == "slots"


# binding


def test_a_map_is_bound_by_name() -> None:
    again = asm.LoadMapPtr(R1, "slots").with_symbol("x")
    program = Instructions([entry_prog("slots"), asm.LoadMapValue(R1, "glob", 8), again])
    slots, glob = Slots(7), Slots(8)
    bound = program.bind(slots=slots, glob=glob)
    assert [item.reference for item in bound if item.units == 2] == [slots, glob, slots]
    assert bound[6].symbols == ("x",)
    assert bound.encode("little")[:8].hex() == "1812000007000000"
    assert program[0].reference == "slots", "the program bound from is as it was"


def test_binding_some_maps_leaves_the_others() -> None:
    program = Instructions([asm.LoadMapPtr(R1, "one"), asm.LoadMapPtr(R2, "two")]).bind(two=Slots())
    assert program[0].reference == "one"
    with pytest.raises(SymbolError, match="map 'one'"):
        program.encode()


def test_a_label_is_no_map() -> None:
    program = Instructions([asm.Ja.Label("slots"), END.with_symbol("slots"), Label("end")])
    with pytest.raises(SymbolError) as caught:
        program.bind(slots=Slots())
    assert str(caught.value) == "no instruction refers to a map named 'slots'"
    assert caught.value.symbol == "slots"


def test_binding_keeps_the_labels_at_the_end() -> None:
    program = Instructions([asm.LoadMapPtr(R2, "slots"), Label("end")]).bind(slots=Slots())
    assert program.symbols() == {"end": 2}


@pytest.mark.parametrize("thing", [5, b"map"], ids=repr)
def test_what_cannot_be_bound(thing: object) -> None:
    with pytest.raises(SymbolError, match=r"^LoadMapPtr: refers to a map: its name, or an object with fileno\(\), not"):
        entry_prog("slots").bind(slots=thing)


def test_none_cannot_be_bound() -> None:
    # It would take the reference away, and leave a program that loads whatever map has the descriptor 0.
    with pytest.raises(SymbolError, match=r"^map 'slots' cannot be bound to None$") as caught:
        entry_prog("slots").bind(slots=None)
    assert caught.value.symbol == "slots"


# resolved


def test_resolved_has_numbers_for_labels_and_keeps_maps() -> None:
    slots = Slots()
    program = Instructions([asm.LoadMapPtr(R2, slots), Label("again"), ONE, asm.JNE.Imm(R0, 0, "again"), Label("end")])
    resolved = program.resolved()
    assert resolved[0].reference is slots
    assert resolved[2] == asm.JNE.Imm(R0, 0, -2)
    assert resolved.symbols() == program.symbols() == {"again": 2, "end": 4}
    assert resolved.resolved() == resolved
    assert resolved.encode() == program.encode()


def test_resolved_keeps_labels_and_comments_of_the_jumps() -> None:
    program = Instructions([asm.Ja.Label("here").with_symbol("here").with_comment("forever")])
    (jump,) = program.resolved()
    assert (jump.off, jump.symbols, jump.comment) == (-1, ("here",), "forever")


# decoding


@pytest.mark.parametrize("length", [1, 7, 9, 15, 17])
def test_bytes_that_are_no_whole_units(length: int) -> None:
    with pytest.raises(DecodeError) as caught:
        Instructions.decode(bytes(length))
    whole = length // 8 * 8
    assert str(caught.value) == (
        f"{length} bytes are no whole number of units of 8: {length - whole} are left over at byte {whole}"
    )
    assert caught.value.offset == whole


def test_a_64_bit_load_that_is_cut_off() -> None:
    data = ONE_BYTES + bytes.fromhex(ENTRY)[:8]
    with pytest.raises(DecodeError) as caught:
        Instructions.decode(data, "little")
    assert str(caught.value) == "the 64-bit load at byte 8 has no second unit: the bytes end there"
    assert caught.value.offset == 8


ONE_BYTES = bytes.fromhex("b700000001000000")


@pytest.mark.parametrize("byteorder", ["little", "big"])
@pytest.mark.parametrize("at", range(4))
def test_a_64_bit_load_with_more_than_its_immediate(at: int, byteorder: str) -> None:
    data = bytearray(ONE_BYTES + bytes.fromhex(ENTRY)[:16] + ONE_BYTES)
    data[16 + at] = 0x18
    with pytest.raises(DecodeError) as caught:
        Instructions.decode(bytes(data), byteorder)
    dirty = bytes(data[16:20]).hex(" ")
    assert str(caught.value) == (
        f"the second unit of the 64-bit load at byte 8 must hold nothing but its immediate, but begins {dirty}"
    )
    assert caught.value.offset == 16
    assert isinstance(caught.value, ValueError)


def test_the_immediate_of_a_second_unit_is_no_load() -> None:
    data = bytes.fromhex("1801000018181818" + "0000000018181818" + "9500000000000000")
    program = Instructions.decode(data, "little")
    assert list(program) == [asm.LoadImm(R1, 0x1818181818181818, asm.DWord), END]


def test_errors_come_from_decode_and_not_later(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr("ebpfasm.asm.program.decode_units", lambda *args: made.append(args))
    data = bytes.fromhex(ENTRY)
    with pytest.raises(DecodeError):
        Instructions.decode(data[:8], "little")
    program = Instructions.decode(data, "little")
    assert (len(program), program.units, program.encode("little")) == (5, 6, data)
    assert made == [], "no instruction object is needed for any of this"


@pytest.mark.parametrize("data", [16, "95" * 8, None], ids=repr)
def test_what_is_no_bytes(data: Any) -> None:
    with pytest.raises(OperandError) as caught:
        Instructions.decode(data)
    assert str(caught.value) == f"Instructions.decode: data must be bytes, not {data!r}"
    assert (caught.value.field, caught.value.value) == ("data", data)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview], ids=lambda kind: kind.__name__)
def test_any_kind_of_bytes(kind: Any) -> None:
    assert Instructions.decode(kind(bytes.fromhex(ENTRY)), "little") == entry_prog(0xAABBCCDD)


def test_a_decoded_program_does_not_follow_its_buffer() -> None:
    data = bytearray(bytes.fromhex(ENTRY))
    program = Instructions.decode(data, "little")
    data[:] = bytes(len(data))
    assert program.encode("little").hex() == ENTRY
    assert program[0] == asm.LoadMapPtr(R2, 0xAABBCCDD)


def test_a_decoded_program_encodes_in_the_other_byte_order() -> None:
    assert Instructions.decode(bytes.fromhex(ENTRY), "little").encode("big").hex() == ENTRY_BIG


# tags


def kernels_tag(data: bytes, algorithm: str) -> str:
    """Return what bpf_prog_calc_tag() does with a program whose map loads are zeroed already."""
    return hashlib.new(algorithm, data).hexdigest()[:16]


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
@pytest.mark.parametrize("byteorder", ["little", "big"])
def test_a_tag_is_the_hash_with_the_maps_taken_out(algorithm: Any, byteorder: str) -> None:
    data = bytearray(bytes.fromhex(ENTRY if byteorder == "little" else ENTRY_BIG))
    data[4:8] = bytes(4)
    for slots in (0xAABBCCDD, "slots", Slots()):
        assert entry_prog(slots).tag(algorithm, byteorder) == kernels_tag(bytes(data), algorithm)


def test_a_tag_takes_out_the_offset_within_a_map_too_and_nothing_else() -> None:
    loads = [asm.LoadMapValue(R1, 5, 8), asm.LoadMapIndex(R1, 5), asm.LoadImm(R1, 5, asm.DWord), asm.LoadBTFID(R1, 5)]
    data = bytearray(Instructions(loads).encode())
    data[4:8] = data[12:16] = bytes(4)
    assert Instructions(loads).tag() == kernels_tag(bytes(data), "sha256")


def test_a_tag_counts_the_distances_of_labels() -> None:
    with_label = Instructions([asm.Ja.Label("end"), ONE, END.with_symbol("end")])
    assert (
        with_label.tag()
        == Instructions([asm.Ja.Label(1), ONE, END]).tag()
        == kernels_tag(with_label.encode(), "sha256")
    )


def test_an_algorithm_the_kernel_has_not() -> None:
    with pytest.raises(OperandError, match=r"^tag: algorithm must be 'sha256' or 'sha1', not 'md5'$") as caught:
        entry_prog(5).tag("md5")  # type: ignore[arg-type]
    assert caught.value.field == "algorithm"


# for people


def test_the_listing_of_the_entry_stub() -> None:
    assert entry_stub("slots", miss=2).listing("little") == (
        "    0: 18 12 00 00 .. .. .. ..  r2 = slots ll\n"
        "       00 00 00 00 00 00 00 00\n"
        "    2: b7 03 00 00 00 00 00 00  r3 = 0\n"
        "    3: 85 00 00 00 0c 00 00 00  call 12  ; bpf_tail_call\n"
        "    4: b7 00 00 00 02 00 00 00  r0 = 2\n"
        "    5: 95 00 00 00 00 00 00 00  exit"
    )


def test_the_listing_of_the_entry_stub_in_big_endian() -> None:
    assert entry_stub(7).listing("big") == (
        "    0: 18 21 00 00 00 00 00 07  ld_pseudo r2, 1, 7  ; map fd 7\n"
        "       00 00 00 00 00 00 00 00\n"
        "    2: b7 30 00 00 00 00 00 00  r3 = 0\n"
        "    3: 85 00 00 00 00 00 00 0c  call 12  ; bpf_tail_call\n"
        "    4: b7 00 00 00 00 00 00 00  r0 = 0\n"
        "    5: 95 00 00 00 00 00 00 00  exit"
    )


LABELLED = Instructions(
    [
        asm.Mov.Imm(R0, 0).with_comment("the sum"),
        Label("again"),
        Label("loop"),
        asm.Add.Imm(R0, 1),
        asm.LoadImm(R1, -2, asm.DWord),
        asm.JLT.Imm(R0, 10, "again"),
        asm.Call.Label("f"),
        asm.Ja.Label("end"),
        asm.Instruction(0xFF, 1, 2, 3, 4),
        asm.LoadMapValue(R2, "glob", 8),
        asm.BuiltinFunc(99999).Call(),
        asm.FnTailCall.Call().with_comment("away"),
        asm.Return().with_symbol("f"),
        Label("end"),
    ]
)


def test_the_listing_of_a_program_with_labels() -> None:
    assert LABELLED.listing("little") == (
        "    0: b7 00 00 00 00 00 00 00      r0 = 0  ; the sum\n"
        "again:\n"
        "loop:\n"
        "    1: 07 00 00 00 01 00 00 00  ┌─► r0 += 1\n"
        "    2: 18 01 00 00 fe ff ff ff  │   r1 = -2 ll\n"
        "       00 00 00 00 ff ff ff ff  │\n"
        "    4: a5 00 fc ff 0a 00 00 00  └── if r0 < 10 goto again\n"
        "    5: 85 10 00 00 06 00 00 00      call f  ; function at 12\n"
        "    6: 05 00 06 00 00 00 00 00  ┌── goto end\n"
        "    7: ff 21 03 00 04 00 00 00  │   .byte 0xff, 0x21, 0x03, 0x00, 0x04, 0x00, 0x00, 0x00\n"
        "    8: 18 22 00 00 .. .. .. ..  │   r2 = glob[0] + 8 ll\n"
        "       00 00 00 00 08 00 00 00  │\n"
        "   10: 85 00 00 00 9f 86 01 00  │   call 99999\n"
        "   11: 85 00 00 00 0c 00 00 00  │   call 12  ; away\n"
        "f:                              │\n"
        "   12: 95 00 00 00 00 00 00 00  │   exit\n"
        "end:                            └─►"
    )


def test_str_is_the_text_with_its_labels() -> None:
    assert str(LABELLED) == (
        "\tr0 = 0\nagain:\nloop:\n\tr0 += 1\n\tr1 = -2 ll\n\tif r0 < 10 goto again\n\tcall f\n\tgoto end\n"
        "\t.byte 0xff, 0x21, 0x03, 0x00, 0x04, 0x00, 0x00, 0x00\n"
        "\tr2 = glob[0] + 8 ll\n\tcall 99999\n\tcall 12\nf:\n\texit\nend:"
    )


def test_repr_evaluates_back() -> None:
    assert eval(repr(LABELLED), {}, vars(asm)) == LABELLED
    assert repr(Instructions([END.with_symbol("f"), Label("end")])) == (
        "Instructions([Return().with_symbol('f'), Label('end')])"
    )


def test_a_long_jump_is_listed_with_the_bytes_it_gets() -> None:
    program = Instructions([asm.Ja.Label("end"), *filled(32768), Label("end")])
    assert program.listing("little").splitlines()[0] == "    0: 06 00 00 00 00 80 00 00  ┌── goto end"


def test_one_instruction_is_no_list() -> None:
    with pytest.raises(OperandError, match=r"items must be a list, \[Return\(\)\], not one instruction"):
        asm.Instructions(asm.Return())  # type: ignore[arg-type]


@pytest.mark.parametrize("word", [asm.Mov, asm.LoadMem, asm.FnTailCall, asm.Return])
def test_a_word_that_was_not_called(word: object) -> None:
    with pytest.raises(OperandError, match="was it meant to be called"):
        asm.Instructions([word])  # type: ignore[list-item]
