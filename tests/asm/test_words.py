"""Builder words: each operand one past its end, of the wrong kind, or at its very end."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

import pytest

from ebpfasm import asm
from ebpfasm.asm.form import Operand
from ebpfasm.asm.table import FORMS
from ebpfasm.errors import EbpfError, EncodeError, OperandError, SymbolError
from tests.asm import places
from tests.asm.places import Call, Number, Sized

number_places = pytest.mark.parametrize("place", places.NUMBERS, ids=lambda place: f"{place.word}-{place.noun}")
register_places = pytest.mark.parametrize(
    ("word", "field", "call"), places.REGISTERS, ids=[f"{word}-{field}" for word, field, _ in places.REGISTERS]
)
size_places = pytest.mark.parametrize("place", places.SIZES, ids=lambda place: place.word)
target_places = pytest.mark.parametrize(("word", "call"), places.TARGETS, ids=[word for word, _ in places.TARGETS])
map_places = pytest.mark.parametrize(("word", "call"), places.MAPS, ids=[word for word, _ in places.MAPS])


def refusal(call: Callable[[Any], object], value: object) -> OperandError:
    """Return the error of a call with a bad operand, having seen that it is about that operand."""
    with pytest.raises(OperandError) as caught:
        call(value)
    assert caught.value.value is value
    return caught.value


def test_every_word_with_an_operand_has_its_places_here() -> None:
    # A word that is not in the lists below would go untested in silence.
    wanted: set[tuple[str, str]] = set()
    for form in FORMS:
        for operand in form.operands:
            wanted.add((form.name, "register" if operand.kind == "register" else "number"))
        if any(isinstance(param, str) and param in {"Byte", "Half", "Word", "DWord"} for param in form.params):
            wanted.add((form.name, "size"))
    listed = {(word, "register") for word, _, _ in places.REGISTERS}
    listed |= {(place.word, "number") for place in places.NUMBERS} | {(word, "number") for word, _ in places.MAPS}
    listed |= {(place.word, "size") for place in places.SIZES}
    assert listed == wanted
    labelled = {form.name for form in FORMS if form.reference == "label"}
    assert {word for word, _ in places.TARGETS} == labelled


# registers


@register_places
@pytest.mark.parametrize("value", [11, -1, 17, 255])
def test_a_register_there_is_not(word: str, field: str, call: Call, value: int) -> None:
    error = refusal(call, value)
    assert str(error) == f"{word}: register must be in 0..10, not {value}"
    assert (error.field, error.low, error.high) == (field, 0, 10)


@register_places
@pytest.mark.parametrize("value", [True, False, 1.0, None, "R1", asm.Word], ids=repr)
def test_what_is_no_register(word: str, field: str, call: Call, value: object) -> None:
    error = refusal(call, value)
    assert str(error) == f"{word}: {field} must be a register, not {value!r}"
    assert error.field == field


@register_places
def test_a_register_as_its_number(word: str, field: str, call: Call) -> None:
    last = 0 if (word, field) == ("LoadInd", "dst") else 10
    for number in (0, last):
        instruction = call(number)
        assert instruction == call(asm.Register(number))
        assert getattr(instruction, field) == number


def test_load_ind_has_its_result_in_r0_only() -> None:
    error = refusal(lambda dst: asm.LoadInd(dst, asm.R1, 0, asm.Byte), asm.R1)
    assert str(error) == "LoadInd: the result is always in R0, so dst must be R0, not R1"
    assert (error.field, error.low, error.high) == ("dst", 0, 0)


# numbers


@number_places
def test_a_number_one_below_its_range(place: Number) -> None:
    value = place.range[0] - 1
    error = refusal(place.call, value)
    assert str(error) == f"{place.word}: {place.noun} must be in {place.limits}, not {value}"
    assert (error.field, error.low, error.high) == (place.field, *place.range)


@number_places
def test_a_number_one_above_its_range(place: Number) -> None:
    value = place.range[1] + 1
    error = refusal(place.call, value)
    assert str(error) == f"{place.word}: {place.noun} must be in {place.limits}, not {value}"
    assert (error.field, error.low, error.high) == (place.field, *place.range)


@number_places
def test_numbers_at_the_ends_of_the_range(place: Number) -> None:
    for value in (*place.range, 0, 1):
        assert place.found(place.call(value)) == value & (1 << place.bits) - 1


@number_places
def test_a_register_for_a_number(place: Number) -> None:
    error = refusal(place.call, asm.R2)
    assert str(error) == f"{place.word}: {place.noun} must be a number, not the register R2{place.hint}"
    assert (error.field, error.low, error.high) == (place.field, *place.range)


@number_places
@pytest.mark.parametrize("value", [True, False, 1.0, None, b"\1"], ids=repr)
def test_what_is_no_number(place: Number, value: object) -> None:
    error = refusal(place.call, value)
    assert str(error) == f"{place.word}: {place.noun} must be an integer, not {value!r}"
    assert error.field == place.field


class Answer(enum.IntEnum):
    YES = 42


@number_places
def test_a_number_of_an_enum_and_anything_with_an_index(place: Number) -> None:
    class Index:
        def __index__(self) -> int:
            return 42

    for value in (Answer.YES, Index()):
        instruction = place.call(value)
        assert place.found(instruction) == 42
        assert type(getattr(instruction, place.field)) is int


def test_immediates_of_32_bits_are_kept_signed() -> None:
    assert asm.Mov.Imm32(asm.R1, 0xC0A80001).imm == 0xC0A80001 - (1 << 32)
    assert asm.JEq.Imm32(asm.R1, 0xFFFFFFFF, 0).imm == -1
    assert asm.StoreImm(asm.RFP, -4, 0x80000000, asm.Word).imm == -0x80000000


def test_immediates_of_64_bits_are_kept_signed() -> None:
    assert asm.LoadImm(asm.R1, 0xFFFF_FFFF_FFFF_FFFF, asm.DWord) == asm.LoadImm(asm.R1, -1, asm.DWord)
    assert asm.LoadImm(asm.R1, 1 << 63, asm.DWord).imm == -(1 << 63)
    assert asm.LoadImm(asm.R1, (1 << 63) - 1, asm.DWord).imm == (1 << 63) - 1


def test_the_message_of_the_tone_to_keep() -> None:
    error = refusal(lambda value: asm.Mov.Imm(asm.R1, value), 1 << 40)
    assert str(error) == "Mov.Imm: immediate must be in -2147483648..2147483647, not 1099511627776"
    assert isinstance(error, (EncodeError, EbpfError, ValueError))


def test_a_long_value_is_shown_short() -> None:
    error = refusal(lambda value: asm.Mov.Imm(asm.R1, value), "a" * 1000)
    assert str(error) == f"Mov.Imm: immediate must be an integer, not '{'a' * 56}…"


# sizes and byte orders


@size_places
def test_the_sizes_a_word_takes(place: Sized) -> None:
    made = [place.call(size) for size in place.sizes]
    assert len({(instruction.opcode, instruction.imm) for instruction in made}) == len(place.sizes)


@size_places
@pytest.mark.parametrize("value", [asm.Byte, asm.Half, asm.Word, asm.DWord, 8, None, True, "Word", asm.LE], ids=repr)
def test_a_size_a_word_does_not_take(place: Sized, value: object) -> None:
    if value in place.sizes:
        value = value.name  # type: ignore[attr-defined] - its name is not the size
    error = refusal(place.call, value)
    assert error.field == "size"
    shown = f"{value!r}" if isinstance(value, (asm.Size, int, str, type(None))) else f"{value!r} (ByteOrder)"
    allowed = " or ".join(size.name for size in place.sizes)
    assert str(error) == f"{place.word}: size must be {allowed}, not {shown}"
    assert (error.low, error.high) == (None, None)


@pytest.mark.parametrize("value", ["BE", "big", None, 0, asm.Word], ids=repr)
def test_a_byte_order_there_is_not(value: object) -> None:
    error = refusal(lambda order: asm.HostTo(order, asm.R1, asm.Word), value)
    assert str(error) == f"HostTo: byte order must be LE or BE, not {value!r}"
    assert error.field == "order"


# labels and maps


@target_places
def test_a_label_for_a_target(word: str, call: Call) -> None:
    instruction = call("end")
    assert instruction.reference == "end"
    assert instruction.form is not None
    assert instruction.form.name == word


@target_places
def test_an_empty_label(word: str, call: Call) -> None:
    with pytest.raises(SymbolError, match="is a non-empty str, not ''") as caught:
        call("")
    assert caught.value.symbol == ""


class Slots:
    """What stands for a map: an object with a file descriptor."""

    def fileno(self) -> int:
        raise AssertionError("a builder word has no need of the file descriptor")


@map_places
def test_a_map_by_number_name_and_object(word: str, call: Call) -> None:
    for number in (0, 1, 4294967295):
        assert call(number).imm & 0xFFFFFFFF == number
        assert call(number).reference is None
    slots = Slots()
    assert call(slots).reference is slots
    assert call("slots").reference == "slots"


@map_places
@pytest.mark.parametrize("value", [-1, 4294967296])
def test_a_map_number_out_of_range(word: str, call: Call, value: int) -> None:
    error = refusal(call, value)
    assert str(error) == f"{word}: map fd must be in 0..4294967295, not {value}"
    assert (error.field, error.low, error.high) == ("imm", 0, 4294967295)


@map_places
@pytest.mark.parametrize("value", [True, None, 1.0, asm.R2, b"slots"], ids=repr)
def test_what_is_no_map(word: str, call: Call, value: object) -> None:
    error = refusal(call, value)
    assert str(error) == f"{word}: a map is an fd, a name or an object with fileno(), not {value!r}"
    assert error.field == "imm"


@map_places
def test_a_map_without_a_name(word: str, call: Call) -> None:
    with pytest.raises(SymbolError, match="the name of a map is a non-empty str, not ''"):
        call("")


# words and helpers


@pytest.mark.parametrize("item", [asm.Return, asm.FnTailCall, asm.LoadMem, asm.Mov.Imm], ids=repr)
def test_a_word_that_was_not_called(item: Any) -> None:
    with pytest.raises(OperandError, match=r"^Instructions: item 1 is .*; was it meant to be called\?$") as caught:
        asm.Instructions([asm.Mov.Imm(asm.R0, 0), item])
    assert (caught.value.field, caught.value.value) == ("items", item)


def test_the_message_about_return_without_its_parentheses() -> None:
    with pytest.raises(OperandError) as caught:
        asm.Instructions([asm.Return])  # type: ignore[list-item]
    assert str(caught.value) == (
        "Instructions: item 0 is Return (Exit), not an Instruction, Label or Instructions; was it meant to be called?"
    )


def test_a_helper_by_name_and_by_number() -> None:
    assert asm.FnTailCall.Call() == asm.BuiltinFunc(12).Call()
    assert repr(asm.FnTailCall) == "FnTailCall"
    assert asm.FnTailCall.kernel_name == "bpf_tail_call"
    assert repr(asm.BuiltinFunc(99999)) == "BuiltinFunc(99999)"


def test_ciliums_name_of_may_goto() -> None:
    assert asm.JCOND is asm.MayGoto


def test_ciliums_other_spellings() -> None:
    assert asm.Neg.Imm(asm.R1, 0) == asm.Neg.Imm(asm.R1) == asm.Neg.Reg(asm.R1)
    assert asm.Neg.Imm32(asm.R1, 0) == asm.Neg.Reg32(asm.R1)
    assert asm.StoreXAdd(asm.R1, asm.R2, asm.Word) == asm.AddAtomic.Mem(asm.R1, asm.R2, asm.Word, 0)
    assert asm.Swap.Imm(asm.R1, 32) == asm.BSwap(asm.R1, asm.Word)
    assert asm.Swap.Imm32(asm.R1, 64) == asm.HostTo(asm.LE, asm.R1, asm.DWord)
    assert asm.JNE.Label("end") == asm.JNE.Imm(asm.R0, 0, "end")
    assert asm.JNE.Label(-3) == asm.JNE.Imm(asm.R0, 0, -3)
    assert [repr(word) for word in (asm.Swap, asm.StoreXAdd)] == ["Swap", "StoreXAdd"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: asm.Neg.Imm(asm.R1, 1), "Neg.Imm: the reserved immediate must be in 0..0, not 1"),
        (lambda: asm.Neg.Imm32(asm.R1, -1), "Neg.Imm32: the reserved immediate must be in 0..0, not -1"),
        (lambda: asm.Neg.Imm(11), "Neg.Imm: register must be in 0..10, not 11"),
        (lambda: asm.StoreXAdd(asm.R1, asm.R2, asm.Byte), "StoreXAdd: size must be Word or DWord, not Byte"),
        (lambda: asm.StoreXAdd(asm.R1, 11, asm.Word), "StoreXAdd: register must be in 0..10, not 11"),
        (lambda: asm.Swap.Imm(asm.R1, 8), "Swap.Imm: number of bits must be in 16..64, not 8"),
        (lambda: asm.Swap.Imm32(asm.R1, 33), "Swap.Imm32: number of bits must be 16, 32 or 64, not 33"),
        (lambda: asm.Swap.Imm(11, 16), "Swap.Imm: register must be in 0..10, not 11"),
        (lambda: asm.JEq.Label(32768), "JEq.Label: target must be in -32768..32767, not 32768"),
    ],
)
def test_ciliums_other_spellings_check_their_operands(call: Callable[[], asm.Instruction], message: str) -> None:
    with pytest.raises(OperandError) as caught:
        call()
    assert str(caught.value) == message


def test_words_show_as_they_are_typed() -> None:
    assert [repr(word) for word in (asm.Mov, asm.LoadMapPtr, asm.Return)] == ["Mov", "LoadMapPtr", "Return"]


def test_forms_and_operands_show_what_they_are() -> None:
    (form,) = asm.LoadFunc.forms
    assert repr(form) == "<Form LoadFunc 0x18: r{dst} = {@target} ll>"
    assert [repr(param) for param in form.params if isinstance(param, Operand)] == [
        "Operand('dst', 'dst', 0, 10)",
        "Operand('target', 'imm', -2147483648, 2147483647)",
    ]
