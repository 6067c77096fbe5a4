"""The instruction object: five checked fields, what may be attached to it, and that nothing changes it."""

from __future__ import annotations

import copy
import pickle
import re
from typing import Any

import pytest

from ebpfasm import asm
from ebpfasm.asm import R0, R1, R2, R3, Instruction
from ebpfasm.asm.jump import Jump
from ebpfasm.asm.table import ROWS
from ebpfasm.errors import OperandError, SymbolError
from tests.asm.test_golden import LINES, built
from tests.generate import golden

golden_lines = pytest.mark.parametrize("line", LINES, ids=lambda line: line.builder)


class Slots:
    """What stands for a map."""

    name = "pod0"

    def fileno(self) -> int:
        return 7


# fields


@pytest.mark.parametrize(
    ("field", "noun", "low", "high"),
    [
        ("opcode", "opcode", 0, 255),
        ("dst", "destination register", 0, 15),
        ("src", "source register", 0, 15),
        ("off", "offset", -32768, 32767),
        ("imm", "immediate", -2147483648, 2147483647),
    ],
)
def test_each_field_has_a_range(field: str, noun: str, low: int, high: int) -> None:
    given = {"opcode": 0xB7}
    for value in (low, high):
        assert getattr(Instruction(**(given | {field: value})), field) == value
    for value in (low - 1, high + 1):
        with pytest.raises(OperandError) as caught:
            Instruction(**(given | {field: value}))
        assert str(caught.value) == f"Instruction: {noun} must be in {low}..{high}, not {value}"
        assert (caught.value.field, caught.value.value) == (field, value)
        assert (caught.value.low, caught.value.high) == (low, high)
    for wrong in (None, True, 1.0, "1"):
        with pytest.raises(OperandError) as caught:
            Instruction(**(given | {field: wrong}))
        assert str(caught.value) == f"Instruction: {noun} must be an integer, not {wrong!r}"


def test_the_immediate_of_a_64_bit_load_has_64_bits() -> None:
    assert Instruction(0x18, imm=(1 << 64) - 1).imm == -1
    assert Instruction(0x18, imm=-(1 << 63)).imm == -(1 << 63)
    for value in (1 << 64, -(1 << 63) - 1):
        with pytest.raises(OperandError, match=r"immediate must be in -9223372036854775808..18446744073709551615"):
            Instruction(0x18, imm=value)


def test_a_register_where_a_register_belongs_and_nowhere_else() -> None:
    assert Instruction(0xBF, R1, R2) == asm.Mov.Reg(R1, R2)
    for field in ("opcode", "off", "imm"):
        with pytest.raises(OperandError, match="must be a number, not the register R2"):
            Instruction(**({"opcode": 0xB7} | {field: R2}))


def test_units() -> None:
    assert asm.Return().units == 1
    assert asm.LoadImm(R1, 0, asm.DWord).units == asm.LoadMapPtr(R1, "slots").units == 2


# no change


@pytest.mark.parametrize("name", ["opcode", "dst", "src", "off", "imm", "symbol", "reference", "comment", "new"])
@pytest.mark.parametrize("instruction", [asm.Mov.Imm(R1, 5).with_symbol("start"), Instruction(0xB7, 1, 0, 0, 5)])
def test_nothing_can_be_assigned(instruction: Instruction, name: str) -> None:
    before = repr(instruction)
    with pytest.raises(AttributeError, match=f"{name}' of 'Instruction' object has no|no attribute '{name}'"):
        setattr(instruction, name, 1)
    with pytest.raises(AttributeError):
        delattr(instruction, name)
    assert repr(instruction) == before


def test_all_instructions_are_of_the_class_they_say() -> None:
    for instruction in (asm.Mov.Imm(R1, 5), Instruction(0xB7, 1, 0, 0, 5)):
        assert isinstance(instruction, Instruction)
        assert type(instruction).__name__ == "Instruction"
    match asm.Mov.Imm(R1, 5):
        case Instruction(opcode=0xB7, imm=imm):
            assert imm == 5
        case _:
            pytest.fail("no match")


def test_there_is_no_dict_to_write_into() -> None:
    assert not hasattr(asm.Return(), "__dict__")


def test_every_change_is_a_new_instruction() -> None:
    instruction = asm.Ja.Label("end")
    fields = repr(instruction)
    for changed in (
        instruction.with_symbol("start"),
        instruction.with_reference("there"),
        instruction.with_comment("why"),
        instruction.replace(off=1),
    ):
        assert changed is not instruction
    assert repr(instruction) == fields
    assert (instruction.symbols, instruction.reference, instruction.comment) == ((), "end", None)


def test_words_that_share_one_object_do_not_share_labels() -> None:
    asm.Return().with_symbol("end")
    asm.FnTailCall.Call().with_comment("away")
    assert asm.Return().symbols == ()
    assert asm.FnTailCall.Call().comment is None


# equality, copies


def test_equal_are_those_with_the_same_fields_labels_and_reference() -> None:
    instruction = asm.Ja.Label("end").with_symbol("start")
    assert instruction == asm.Ja.Label("end").with_symbol("start")
    assert instruction == instruction.with_comment("a comment does not count")
    assert hash(instruction) == hash(instruction.with_comment("nor for the hash"))
    for other in (
        asm.Ja.Label("end"),
        asm.Ja.Label("fin").with_symbol("start"),
        asm.Ja.Label("end").with_symbol("begin"),
        instruction.with_symbol("too"),
        "Ja.Label('end').with_symbol('start')",
    ):
        assert instruction != other


@pytest.mark.parametrize("field", ["opcode", "dst", "src", "off", "imm"])
def test_each_field_counts(field: str) -> None:
    instruction = Instruction(0xB7, 1, 2, 3, 4)
    assert instruction != instruction.replace(**{field: 9})


def test_equal_ones_hash_equal_and_sort_into_sets() -> None:
    made = {asm.Mov.Imm(R1, 5), Instruction(0xB7, 1, 0, 0, 5), asm.Mov.Imm(1, 5), asm.Mov.Imm(R1, 6)}
    assert len(made) == 2


def test_a_reference_that_cannot_be_hashed_is_no_obstacle() -> None:
    class Unhashable(Slots):
        __hash__ = None  # type: ignore[assignment]

    one, two = Unhashable(), Unhashable()
    assert hash(asm.LoadMapPtr(R2, one)) == hash(asm.LoadMapPtr(R2, one))
    assert asm.LoadMapPtr(R2, one) == asm.LoadMapPtr(R2, one)
    assert asm.LoadMapPtr(R2, one) != asm.LoadMapPtr(R2, two)


def test_a_copy_is_the_instruction_itself_and_keeps_its_map() -> None:
    instruction = asm.LoadMapPtr(R2, Slots()).with_symbol("start")
    assert copy.copy(instruction) is instruction
    assert copy.deepcopy(instruction) is instruction


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_brings_all_of_it_back(protocol: int) -> None:
    for instruction in (
        asm.JEq.Imm(R0, -1, "miss").with_symbol("a").with_symbol("b").with_comment("why"),
        asm.LoadImm(R1, -2, asm.DWord),
        asm.LoadMapValue(R1, "glob", 8),
        Instruction(0xFF, 15, 14, -1, -1),
    ):
        again = pickle.loads(pickle.dumps(instruction, protocol))
        assert again == instruction
        assert again.comment == instruction.comment
        assert isinstance(again, Instruction)


# replace


def test_replace_changes_what_it_is_told() -> None:
    instruction = asm.Mov.Imm(R1, 5).with_symbol("start").with_comment("why")
    changed = instruction.replace(dst=R2, imm=-1)
    assert changed == asm.Mov.Imm(R2, -1).with_symbol("start")
    assert changed.comment == "why"
    assert instruction.replace() == instruction
    assert instruction.replace(opcode=0x07, dst=0, src=0, off=0, imm=0) == asm.Add.Imm(R0, 0).with_symbol("start")


def test_replace_checks_the_fields() -> None:
    with pytest.raises(OperandError, match=r"Instruction: offset must be in -32768..32767, not 32768"):
        asm.Ja.Label(0).replace(off=32768)
    with pytest.raises(OperandError, match=r"source register must be in 0..15, not 16"):
        asm.Return().replace(src=16)


def test_replace_keeps_a_reference_only_where_there_is_a_field_for_it() -> None:
    jump = asm.JEq.Imm(R0, 0, "miss")
    assert jump.replace(imm=1) == asm.JEq.Imm(R0, 1, "miss")
    with pytest.raises(SymbolError, match=r"Mov.Imm: takes no reference, so none to 'miss'"):
        jump.replace(opcode=0xB7)


def test_a_64_bit_load_that_becomes_narrow_must_fit() -> None:
    with pytest.raises(OperandError, match=r"immediate must be in -2147483648..2147483647, not 4294967296"):
        asm.LoadImm(R1, 1 << 32, asm.DWord).replace(opcode=0xB7)


# labels


def test_labels_stand_in_the_order_they_were_given() -> None:
    instruction = asm.Return().with_symbol("miss").with_symbol("end")
    assert instruction.symbols == ("miss", "end")
    assert instruction.symbol == "miss"
    assert instruction.without_symbols() == asm.Return()
    assert asm.Return().symbol is None


def test_taking_the_labels_away_leaves_the_rest() -> None:
    instruction = asm.Ja.Label("end").with_symbol("start").with_comment("why").without_symbols()
    assert (instruction.reference, instruction.comment, instruction.symbols) == ("end", "why", ())


def test_a_label_twice_at_one_instruction() -> None:
    with pytest.raises(SymbolError, match="label 'end' stands at this instruction already") as caught:
        asm.Return().with_symbol("end").with_symbol("end")
    assert caught.value.symbol == "end"


@pytest.mark.parametrize("label", ["", None, 5, b"end", True], ids=repr)
def test_what_is_no_label(label: Any) -> None:
    for instruction in (asm.Return(), asm.Return().with_symbol("end")):
        with pytest.raises(SymbolError) as caught:
            instruction.with_symbol(label)
        assert str(caught.value) == f"a label is a non-empty str, not {label!r}"
        assert caught.value.symbol is label


# references


@pytest.mark.parametrize(
    ("instruction", "word"),
    [
        (asm.Mov.Imm(R1, 5), "Mov.Imm"),
        (asm.Return(), "Return"),
        (asm.FnTailCall.Call(), "BuiltinFunc"),
        (asm.LoadImm(R1, 5, asm.DWord), "LoadImm"),
        (asm.LoadMapIndex(R1, 5), "LoadMapIndex"),
        (asm.CallKfunc(5), "CallKfunc"),
        (Instruction(0xFF), "opcode 0xff"),
    ],
    ids=str,
)
@pytest.mark.parametrize("reference", ["end", Slots()], ids=["label", "map"])
def test_an_instruction_that_takes_no_reference(instruction: Instruction, word: str, reference: object) -> None:
    with pytest.raises(SymbolError) as caught:
        instruction.with_reference(reference)
    assert str(caught.value) == f"{word}: takes no reference, so none to {reference!r}"
    assert caught.value.symbol is reference


@pytest.mark.parametrize("reference", [5, Slots(), b"end", True, ("end",)], ids=lambda value: type(value).__name__)
@pytest.mark.parametrize(
    ("instruction", "word"),
    [(asm.Ja.Label("x"), "Ja.Label"), (asm.JSLE.Reg32(R1, R2, 0), "JSLE.Reg32"), (asm.Call.Label(0), "Call.Label"),
     (asm.LongJump(0), "LongJump"), (asm.LoadFunc(R1, 0), "LoadFunc")],
    ids=str,
)  # fmt: skip
def test_a_jump_refers_to_labels_only(instruction: Instruction, word: str, reference: object) -> None:
    with pytest.raises(SymbolError) as caught:
        instruction.with_reference(reference)
    assert str(caught.value) == f"{word}: refers to a label (a str), not to {reference!r}"


@pytest.mark.parametrize("reference", [5, b"slots", True, ("slots",)], ids=repr)
@pytest.mark.parametrize(
    ("instruction", "word"), [(asm.LoadMapPtr(R2, 5), "LoadMapPtr"), (asm.LoadMapValue(R2, 5, 8), "LoadMapValue")]
)
def test_a_map_load_refers_to_maps_only(instruction: Instruction, word: str, reference: object) -> None:
    with pytest.raises(SymbolError) as caught:
        instruction.with_reference(reference)
    assert str(caught.value) == f"{word}: refers to a map: its name, or an object with fileno(), not {reference!r}"


def test_an_empty_reference() -> None:
    for instruction in (asm.Ja.Label("x"), asm.LoadMapPtr(R2, "x")):
        with pytest.raises(SymbolError, match="non-empty str, not ''"):
            instruction.with_reference("")


def test_a_reference_comes_and_goes() -> None:
    slots = Slots()
    assert asm.LoadMapPtr(R2, "slots").with_reference(slots) == asm.LoadMapPtr(R2, slots)
    assert asm.LoadMapPtr(R2, "slots").with_reference(None) == asm.LoadMapPtr(R2, 0)
    assert asm.Return().with_reference(None) == asm.Return()


@pytest.mark.parametrize(
    ("with_number", "with_name"),
    [
        (asm.Ja.Label(5), asm.Ja.Label("there")),
        (asm.JEq.Imm(R1, 7, -5), asm.JEq.Imm(R1, 7, "there")),
        (asm.LongJump(5), asm.LongJump("there")),
        (asm.Call.Label(-5), asm.Call.Label("there")),
        (asm.LoadFunc(R1, -5), asm.LoadFunc(R1, "there")),
        (asm.LoadMapPtr(R1, 5), asm.LoadMapPtr(R1, "there")),
        (asm.LoadMapValue(R1, 5, 8), asm.LoadMapValue(R1, "there", 8)),
        (asm.LoadMapValue(R1, 5, 0xFFFFFFFF), asm.LoadMapValue(R1, "there", 0xFFFFFFFF)),
    ],
    ids=str,
)
def test_a_reference_takes_the_place_of_the_number(with_number: Instruction, with_name: Instruction) -> None:
    assert with_number.with_reference("there") == with_name
    assert with_name.with_reference("there") == with_name


def test_a_number_where_a_reference_is_does_not_stay() -> None:
    assert asm.Ja.Label("there").replace(off=5) == asm.Ja.Label("there")
    assert asm.LoadMapValue(R1, "there", 8).replace(imm=16 << 32 | 5) == asm.LoadMapValue(R1, "there", 16)


def test_labels_reference_and_comment_do_not_disturb_each_other() -> None:
    instruction = asm.Ja.Label("end").with_comment("why").with_symbol("start").with_reference("fin")
    assert (instruction.symbols, instruction.reference, instruction.comment) == (("start",), "fin", "why")
    assert instruction.with_comment(None).comment is None
    assert instruction.with_comment(None).symbols == ("start",)


# repr and str


@golden_lines
def test_repr_is_the_builder_call(line: golden.Line) -> None:
    instruction = built(line.builder)
    assert built(repr(instruction)) == instruction


CILIUM_SPELLINGS = {
    "JCOND.Label": ("MayGoto.Label",),
    "Neg.Imm": ("Neg.Reg",),
    "Neg.Imm32": ("Neg.Reg32",),
    "StoreXAdd": ("AddAtomic.Mem",),
    "Swap.Imm": ("BSwap",),
    "Swap.Imm32": ("HostTo",),
} | {f"{row.name}.Label": (f"{row.name}.Imm",) for row in ROWS if isinstance(row, Jump)}
"""cilium/ebpf's words that have no row of their own, and the form they make."""


@golden_lines
def test_every_golden_line_has_a_form_of_that_name(line: golden.Line) -> None:
    instruction = built(line.builder)
    assert instruction.form is not None
    word = line.builder.partition("(")[0]
    if word.startswith("Fn"):
        word = "BuiltinFunc"
    if word in CILIUM_SPELLINGS:
        assert instruction.form.name in CILIUM_SPELLINGS[word]
    else:
        assert instruction.form.name == word


def test_repr_of_labels_and_references() -> None:
    assert repr(asm.JEq.Imm(R0, 0, "miss").with_symbol("a").with_symbol("b")) == (
        "JEq.Imm(R0, 0, 'miss').with_symbol('a').with_symbol('b')"
    )
    assert repr(asm.LoadMapPtr(R2, "slots")) == "LoadMapPtr(R2, 'slots')"
    assert repr(asm.FnTailCall.Call()) == "FnTailCall.Call()"
    assert repr(asm.BuiltinFunc(-1).Call()) == "BuiltinFunc(-1).Call()"
    assert repr(asm.LoadInd(R0, R3, 4, asm.Half)) == "LoadInd(R0, R3, 4, Half)"


def test_repr_of_what_nobody_has_defined() -> None:
    instruction = Instruction(0xFF, 15, 11, -1, -2)
    assert instruction.form is None
    assert repr(instruction) == "Instruction(0xff, dst=15, src=11, off=-1, imm=-2)"
    assert built(repr(instruction)) == instruction


def test_reserved_fields_make_it_another_instruction() -> None:
    for changed in (
        asm.Mov.Imm(R1, 5).replace(src=1),
        asm.Mov.Imm(R1, 5).replace(off=3),
        asm.Mov.Imm(R1, 5).replace(dst=11),
        asm.Return().replace(imm=1),
        asm.LoadMapPtr(R1, 5).replace(imm=1 << 32),
        asm.LoadImm(R1, 5, asm.DWord).replace(off=1),
    ):
        assert changed.form is None
        assert str(changed).startswith(".byte ")


def comparable(assembly: str) -> str:
    """Return llvm-mc's way to write an operand in ours: signed decimals, and 32-bit registers where 32 bits move."""

    def decimal(match: re.Match[str]) -> str:
        bits = 64 if assembly.endswith(" ll") else 32
        value = int(match[0], 16)
        return str(value - (1 << bits) if value >> (bits - 1) else value)

    text = re.sub(r"0x[0-9a-f]+", decimal, assembly)
    text = re.sub(r"^r(\d+ = \*\(u(?:8|16|32) \*\)\()", r"w\1", text)
    return re.sub(r"^(\*\(u(?:8|16|32) \*\)\(.* = )r", r"\1w", text)


OWN_SPELLING = ("ld_pseudo",)
"""What llvm-mc reads for 64-bit loads that clang has no notation for."""


@pytest.mark.parametrize(
    "line",
    [line for line in LINES if line.from_llvm and not line.assembly.startswith(OWN_SPELLING)],
    ids=lambda line: line.builder,
)
def test_str_is_what_llvm_mc_was_given(line: golden.Line) -> None:
    assert str(built(line.builder)) == comparable(line.assembly)


@pytest.mark.parametrize(
    ("instruction", "text"),
    [
        (asm.LoadMapPtr(R2, "slots"), "r2 = slots ll"),
        (asm.LoadMapPtr(R2, Slots()), "r2 = pod0 ll"),
        (asm.LoadMapPtr(R2, 5), "ld_pseudo r2, 1, 5"),
        (asm.LoadMapValue(R1, "glob", 8), "r1 = glob[0] + 8 ll"),
        (asm.LoadFunc(R1, "f"), "r1 = f ll"),
        (asm.LoadFunc(R1, -9), "ld_pseudo r1, 4, -9"),
        (asm.LoadBTFID(R1, 77, 6), "ld_pseudo r1, 3, 77, 6"),
        (asm.LoadMapIndexValue(R1, 5, 8), "ld_pseudo r1, 6, 5, 8"),
        (asm.Call.Label("f"), "call f"),
        (asm.Call.Label(-2), "call pc-2"),
        (asm.CallKfunc(77, 3), "call kfunc 77, 3"),
        (asm.JSGE.Reg32(R1, R2, "end"), "if w1 s>= w2 goto end"),
        (asm.LoadAcquire(R1, R2, asm.Half, -4), "w1 = load_acquire((u16 *)(r2 - 4))"),
        (asm.StoreRelease(R1, R2, asm.DWord, 4), "store_release((u64 *)(r1 + 4), r2)"),
        (Instruction(0xFF, 1, 2, 3, 4), ".byte 0xff, 0x21, 0x03, 0x00, 0x04, 0x00, 0x00, 0x00"),
        (asm.LoadImm(R1, 5, asm.DWord).replace(src=9), ".byte 0x18, 0x91, 0x00, 0x00, 0x05" + ", 0x00" * 11),
    ],
    ids=repr,
)
def test_str_of_what_llvm_mc_does_not_write(instruction: Instruction, text: str) -> None:
    assert str(instruction) == text


def test_a_map_object_without_a_name_shows_as_its_type() -> None:
    class File:
        def fileno(self) -> int:
            return 7

    assert str(asm.LoadMapPtr(R2, File())) == "r2 = File ll"
